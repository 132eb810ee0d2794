"""Scenarios about numbers that several requests want, and claims that Connect does not fulfill: S16 to S18."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.wire import Call, Fault, FaultKind
from verification.simulator.world import Options, World

from .helpers import create_and_delete, create_chosen

_ONE: Final = Needed(1, 1)
_MOST_UNEXPLAINED: Final = 4
"""Two refusals of different numbers, and their repetition by a redelivery."""


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    for times in (1, 10):
        yield Scenario(
            f"S16 number lost {times} times",
            create_and_delete,
            Needed(1, 1),
            scripted=hitting(_is_claim, _LOST, times),
        )
    yield Scenario("S16 chosen number lost", create_chosen, Needed(0, 0), scripted=hitting(_is_claim, _LOST, 1))
    yield Scenario("S31 every claim refused for another reason", _refused_for_another_reason, Needed(0, 0))
    yield Scenario("S31 one claim refused for another reason", _refused_once, _ONE)
    yield Scenario("S31 lost races in other words", _lost_in_other_words, _ONE)
    yield Scenario("S17 claim accepted, then FAILED", _accepted_then_failed, Needed(2, 1))
    yield Scenario("S17 claim IN_PROGRESS past the timeout", _in_progress_for_long, Needed(1, 1))
    yield Scenario("S18 two stacks at the same time", _many_stacks(2), Needed(2, 2))
    yield Scenario("S18 six stacks at the same time", _many_stacks(6), Needed(6, 6))
    yield Scenario(
        "S18 a hundred creations of one stack under Connect's throttle",
        _many_resources(100),
        Needed(100, 100),
        Options(emulator=EmulatorSettings(quota=200, target_limit=200)),
        is_short=False,
    )
    yield Scenario("S18 two stacks want the same chosen number", _two_stacks_one_number, Needed(1, 1))


def _refused_for_another_reason(world: World) -> None:
    message = "Phone numbers of type DID are not available for this instance."
    world.emulator.faults.add(
        "ClaimPhoneNumber", "error", code="InvalidParameterException", message=message, calls=None
    )
    creation = world.stack().begin_create("Number", world.number())
    world.wait(creation)
    asked = sum(call.operation == "ClaimPhoneNumber" and not call.fault for call in world.wire.calls)
    world.expect(asked <= _MOST_UNEXPLAINED, f"a refusal that repeats is believed, but {asked} claims were tried")
    reason = creation.response.reason if creation.response is not None else ""
    world.expect(
        # A fault may have hit the claim that was believed.
        message.rstrip(".") in reason or "Fault set by the simulator" in reason or not creation.responses,
        f"the reason says what Connect said: {reason}",
    )


def _refused_once(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "error", code="InvalidParameterException", message="Try again.")
    create_and_delete(world)


def _lost_in_other_words(world: World) -> None:
    world.emulator.configure(not_available_message="{number} has just been claimed by another customer.")
    create_and_delete(world)


def _accepted_then_failed(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="The instance has reached its limit.")
    stack = world.stack()
    stack.create("Number", world.number())
    again = world.stack("again")
    if again.create("Number", world.number()):
        again.destroy()


def _in_progress_for_long(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_delay", seconds=5000)
    world.stack().create("Number", world.number())


def _many_stacks(count: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stacks = [world.stack(f"app{index}") for index in range(count)]
        # All requests are sent in the same second, so they begin at the same time.
        requests = [stack.begin_create("Number", world.number(), hold_at=0) for stack in stacks]
        for request in requests:
            world.wait_until_held(request)
        for request in requests:
            world.let_go(request)
        world.wait(*requests)
        for stack, request in zip(stacks, requests, strict=True):
            if stack.finish_create(request):
                stack.destroy()

    return play


def _many_resources(count: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        requests = [stack.begin_create(f"Number{index}", world.number(), hold_at=0) for index in range(count)]
        for request in requests:
            world.let_go(request)
        world.wait(*requests)
        created = [stack.finish_create(request) for request in requests]
        world.expect(all(created), "all numbers are created")
        deletions = [stack.begin_delete(logical_id) for logical_id in list(stack.resources)]
        world.wait(*deletions)
        deleted = [stack.finish_delete(deletion) for deletion in deletions]
        world.expect(all(deleted), "all numbers are deleted")

    return play


def _two_stacks_one_number(world: World) -> None:
    stacks = [world.stack("first"), world.stack("second")]
    requests = [stack.begin_create("Number", world.number(PhoneNumber="+13125550123"), hold_at=0) for stack in stacks]
    for request in requests:
        world.let_go(request)
    world.wait(*requests)
    for stack, request in zip(stacks, requests, strict=True):
        stack.finish_create(request)
    for stack in stacks:
        stack.destroy()


def _is_claim(call: Call) -> bool:
    return call.operation == "ClaimPhoneNumber"


def _taken_by_a_stranger(world: World, call: Call) -> None:
    with suppress(ValueError):
        world.emulator.take(call.parameters["PhoneNumber"])


_LOST: Final = Fault("a stranger is faster", FaultKind.NONE, besides=_taken_by_a_stranger)
