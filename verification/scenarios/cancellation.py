"""Scenarios about creations that are canceled, retried, or delivered late: S4, S14, S15."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from verification.simulator.invariants import Needed
from verification.simulator.requests import SentRequest
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import Options, World

from .creation import STEPS_OF_A_CREATE
from .helpers import silent_cloudformation

_ONE: Final = Needed(1, 1)
_WITHOUT_TIME: Final = Options(signs_time=False)


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    for step in range(STEPS_OF_A_CREATE):
        for name, play in _CANCELLATIONS.items():
            # A creation that has not begun when its Delete is done claims nothing.
            needed = Needed(0, 0) if step == 0 and name != "both at once" else _ONE
            yield Scenario(f"S4 canceled at step {step}, {name}", _canceled(step, play), needed)
    yield Scenario(
        "S4 canceled after it has ended, CloudFormation silent",
        _canceled_when_answered,
        _ONE,
        scripted=silent_cloudformation(),
    )
    # A fault may fail the first creation for good. The second one then claims a new number.
    yield Scenario(
        "S14 retried, CloudFormation silent", _retried_silently, Needed(2, 2), scripted=silent_cloudformation()
    )
    for name, play in _CANCELLATIONS.items():
        yield Scenario(
            f"S4 canceled before it starts, {name}; URLs without time", _canceled(0, play), _ONE, _WITHOUT_TIME
        )
        yield Scenario(f"S4 canceled at step 8, {name}; URLs without time", _canceled(8, play), _ONE, _WITHOUT_TIME)
    for how in ("delete first", "both at once"):
        yield Scenario(
            f"S32 canceled at step 8, {how}, clocks a minute apart",
            _canceled(8, _CANCELLATIONS[how]),
            _ONE,
            Options(clock_difference_seconds=60.0),
        )
    yield Scenario("S14 retried after a failure, same RequestId", _retried_after_failure, Needed(1, 1))
    yield Scenario("S14 retried after a failure and its Delete, same RequestId", _retried_after_undoing, Needed(1, 1))
    yield Scenario("S14 retried after a cancellation, same RequestId", _retried_after_cancellation, Needed(2, 2))
    yield Scenario("S14 retried while the first still runs, same RequestId", _retried_beside, Needed(2, 2))
    for minutes in (3, 50):
        yield Scenario(f"S15 create again {minutes} minutes after its delete", _late_redelivery(60.0 * minutes), _ONE)
        yield Scenario(
            f"S15 create again {minutes} minutes after its delete; URLs without time",
            _late_redelivery(60.0 * minutes),
            _ONE,
            _WITHOUT_TIME,
        )
    yield Scenario("S14 late duplicate of the undoing after the retry", _late_undoing, Needed(2, 2))
    yield Scenario("S14 undoing that begins after the retry", _undoing_overtaken, Needed(2, 2))
    yield Scenario("S15 both again after the resource was made anew", _made_anew, Needed(2, 2))


# --- S4 ---


def _delete_first(world: World, stack: Stack, creation: SentRequest) -> None:
    stack.cancel_create(creation)
    world.let_go(creation)


def _goes_on_after(seconds: float, world: World, stack: Stack, creation: SentRequest) -> None:
    deletion = stack.begin_cancel_create(creation)
    world.sleep(seconds)
    world.let_go(creation)
    world.wait(deletion)
    stack.finish_cancel_create(deletion)


def _delete_first_creation_dies(world: World, stack: Stack, creation: SentRequest) -> None:
    stack.cancel_create(creation)
    # Lambda ends the held invocation. The next one begins after the Delete.
    world.sleep(1500)


_CANCELLATIONS: Final[Mapping[str, Callable[[World, Stack, SentRequest], None]]] = {
    "delete first": _delete_first,
    "both at once": partial(_goes_on_after, 3),
    "create goes on much later": partial(_goes_on_after, 400),
    "create dies, is delivered again later": _delete_first_creation_dies,
}


def _canceled(step: int, how: Callable[[World, Stack, SentRequest], None]) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        creation = stack.begin_create("Number", world.number(), hold_at=step)
        world.wait_until_held(creation)
        if creation.is_settled:
            if stack.finish_create(creation):
                stack.destroy()
            return
        how(world, stack, creation)

    return play


def _canceled_when_answered(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(), hold_at=STEPS_OF_A_CREATE - 1)
    # The response is recorded, but lost on its way to CloudFormation.
    world.wait_until_held(creation)
    for _ in range(3):
        # If the Delete fails, the stack is deleted again.
        if stack.cancel_create(creation):
            break
        world.sleep(600)
    world.let_go(creation)


# --- S14, S15 ---


def _retried_silently(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(ServiceTimeout=120), hold_at=STEPS_OF_A_CREATE - 1)
    world.wait_until_held(creation)
    creation.undeliverable = True
    stack.stop_create_without_roll_back(creation)
    for _ in range(3):
        if stack.create("Number", world.number(), rolls_back=False):
            break
        world.sleep(600)
    world.let_go(creation)
    stack.destroy_until_gone()


def _retried_after_failure(world: World) -> None:
    stack = world.stack()
    stack.create("Number", world.number(CountryCode="AD"), rolls_back=False, request_id="same")
    if stack.create("Number", world.number(), request_id="same"):
        stack.destroy()


def _retried_after_undoing(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number(CountryCode="AD"), request_id="same")
    world.wait(request)
    failed_id = request.response.physical_id if request.response else ""
    world.wait(stack.begin_cancel_create(request, failed_id, request_id="same"))
    if stack.create("Number", world.number(), request_id="same"):
        stack.destroy()


def _retried_after_cancellation(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number(), request_id="same", hold_at=14)
    world.wait_until_held(request)
    deletion = stack.begin_cancel_create(request, request_id="same")
    world.sleep(2)
    world.let_go(request)
    world.wait(deletion)
    if stack.create("Number", world.number(), request_id="same"):
        stack.destroy()


def _retried_beside(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number(ServiceTimeout=120), request_id="same", hold_at=10)
    world.wait(request)
    # The process is held for longer than CloudFormation waits.
    request.undeliverable = True
    again = stack.begin_create("Number", world.number(), request_id="same")
    world.sleep(1)
    world.let_go(request)
    world.wait(again)
    if stack.finish_create(again):
        stack.destroy()


def _late_undoing(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number(), hold_at=9)
    world.wait_until_held(request)
    deletion = stack.begin_cancel_create(request)
    world.sleep(2)
    world.let_go(request)
    world.wait(deletion)
    again = stack.begin_create("Number", world.number())
    world.cloudformation.redeliver(deletion)
    world.wait(again)
    if stack.finish_create(again):
        world.cloudformation.redeliver(deletion)
        world.cloudformation.redeliver(request)
        world.sleep(200)
        stack.destroy()


def _undoing_overtaken(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number(ServiceTimeout=120), hold_at=9)
    world.wait_until_held(request)
    deletion = stack.begin_cancel_create(request, hold_at=0)
    world.wait(deletion)
    # The processes are held for longer than CloudFormation waits.
    request.undeliverable = deletion.undeliverable = True
    again = stack.begin_create("Number", world.number())
    world.let_go(request)
    world.let_go(deletion)
    world.wait(again)
    if stack.finish_create(again):
        stack.destroy()


def _late_redelivery(seconds: float) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        request = stack.begin_create("Number", world.number())
        world.wait(request)
        if not stack.finish_create(request):
            return
        stack.destroy()
        world.sleep(seconds)
        world.cloudformation.redeliver(request)
        world.sleep(60)

    return play


def _made_anew(world: World) -> None:
    stack = world.stack()
    first = stack.begin_create("Number", world.number())
    world.wait(first)
    if not stack.finish_create(first):
        return
    deletion = stack.begin_delete("Number")
    world.wait(deletion)
    if not stack.finish_delete(deletion):
        return
    second = stack.begin_create("Number", world.number())
    world.cloudformation.redeliver(first)
    world.cloudformation.redeliver(deletion)
    world.wait(second)
    if stack.finish_create(second):
        world.cloudformation.redeliver(first)
        world.cloudformation.redeliver(deletion)
        world.sleep(60)
        stack.destroy()
