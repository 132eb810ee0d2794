"""Scripts about creating: S1 to S5, S14 to S18, S20."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from .cloudformation import SentRequest, Stack
from .faults import DEATH, DEATH_AFTER
from .invariants import Needed
from .runner import Script, hitting
from .wire import Call, Fault, FaultKind, Surface
from .world import HttpStatus, Options, World

STEPS_OF_A_CREATE: Final = 22
"""How many calls an undisturbed Create makes; ``test_scripts`` checks it."""

_ONE: Final = Needed(1, 1)
_WITHOUT_TIME: Final = Options(signs_time=False)


def scripts() -> Iterator[Script]:
    """Return the scripts."""
    yield Script("S1 create, delete", _create_and_delete, _ONE)
    yield Script("S1 create, delete; URLs without time", _create_and_delete, _ONE, _WITHOUT_TIME)
    yield Script("S1 an old number", _create_and_delete_later, _ONE)
    yield Script("S1 create with everything, delete", _create_with_everything, _ONE)
    yield Script("S1 a chosen number", _create_chosen, _ONE)
    yield Script("S1 an imported number", _create_imported, _ONE)
    yield Script("S2 create twice, one after the other", _create_twice_in_turn, _ONE)
    yield Script("S2 create twice, at the same time", _create_twice_at_once, _ONE)
    for step in range(STEPS_OF_A_CREATE):
        for fault in (DEATH, DEATH_AFTER):
            yield Script(
                f"S3 create dies, {fault.name.removeprefix('death ')} step {step}",
                _create_and_delete,
                _ONE,
                scripted=hitting(_at_step(step, first_only=True), fault),
            )
        yield Script(
            f"S3 create dies at every attempt before step {step}",
            _create_and_delete,
            _ONE,
            scripted=hitting(_at_step(step, first_only=False), DEATH),
        )
    for step in range(STEPS_OF_A_CREATE):
        for name, play in _CANCELLATIONS.items():
            yield Script(f"S4 cancelled at step {step}, {name}", _cancelled(step, play), _ONE)
    for name, play in _CANCELLATIONS.items():
        yield Script(
            f"S4 cancelled before it starts, {name}; URLs without time", _cancelled(0, play), _ONE, _WITHOUT_TIME
        )
        yield Script(f"S4 cancelled at step 8, {name}; URLs without time", _cancelled(8, play), _ONE, _WITHOUT_TIME)
    yield Script("S5 no numbers", _failing(CountryCode="AD"), Needed(0, 0))
    yield Script("S5 target full", _failing_on_full_target, Needed(1, 0))
    yield Script("S5 bad input", _failing(Type="MOBILE"), Needed(0, 0))
    yield Script("S5 target missing", _failing(TargetArn=_NO_INSTANCE), Needed(0, 0))
    yield Script("S14 retried after a failure, same RequestId", _retried_after_failure, Needed(1, 1))
    yield Script("S14 retried after a failure and its Delete, same RequestId", _retried_after_undoing, Needed(1, 1))
    yield Script("S14 retried after a cancellation, same RequestId", _retried_after_cancellation, Needed(2, 2))
    yield Script("S14 retried while the first still runs, same RequestId", _retried_beside, Needed(2, 2))
    for minutes in (3, 50):
        yield Script(f"S15 create again {minutes} minutes after its delete", _late_redelivery(60.0 * minutes), _ONE)
        yield Script(
            f"S15 create again {minutes} minutes after its delete; URLs without time",
            _late_redelivery(60.0 * minutes),
            _ONE,
            _WITHOUT_TIME,
        )
    for times in (1, 10):
        yield Script(
            f"S16 number lost {times} times",
            _create_and_delete,
            _ONE,
            scripted=hitting(_is_claim, _LOST, times),
        )
    yield Script("S16 chosen number lost", _create_chosen, Needed(0, 0), scripted=hitting(_is_claim, _LOST, 1))
    yield Script("S17 claim accepted, then FAILED", _accepted_then_failed, Needed(2, 1))
    yield Script("S17 claim IN_PROGRESS past the time-out", _in_progress_for_long, Needed(1, 1))
    yield Script("S18 two stacks at the same time", _two_stacks, Needed(2, 2))
    yield Script("S18 six stacks at the same time", _many_stacks(6), Needed(6, 6))
    yield Script("S18 two stacks want the same chosen number", _two_stacks_one_number, Needed(1, 1))
    for name, error, count in (
        ("500 once", lambda: HttpStatus(500), 1),
        ("500 for a whole attempt", lambda: HttpStatus(500), 5),
        ("time-out once", TimeoutError, 1),
        ("time-out for a whole attempt", TimeoutError, 5),
        ("403", lambda: HttpStatus(403), 1),
    ):
        fault = Fault(f"answer {name}", FaultKind.ERROR, _always(error))
        yield Script(f"S20 answer {name}", _create_and_delete_slowly, _ONE, scripted=hitting(_is_answer, fault, count))


_NO_INSTANCE: Final = "arn:aws:connect:us-east-1:000000000000:instance/00000000-0000-0000-0000-000000000000"


def _create_and_delete(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        stack.destroy()


def _create_and_delete_later(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        world.sleep(3600)
        stack.destroy()


def _create_and_delete_slowly(world: World) -> None:
    # With a time-out of its own, as CloudFormation waits in vain for an answer that is lost for good.
    stack = world.stack()
    if stack.create("Number", world.number(ServiceTimeout=600)):
        stack.destroy()


def _create_with_everything(world: World) -> None:
    stack = world.stack()
    flow_arn = world.emulator.add_contact_flow(world.instance_arn)
    tags = [{"Key": "team", "Value": "support"}, {"Key": "stage", "Value": "test"}]
    properties = world.number(Prefix="+1312", Description="Support", Tags=tags, ContactFlowArn=flow_arn)
    if stack.create("Number", properties):
        stack.destroy()


def _create_chosen(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number(PhoneNumber="+13125550123")):
        stack.destroy()


def _create_imported(world: World) -> None:
    stack = world.stack()
    source_arn = world.emulator.add_source_number("us-east-1", "+12065559999", "US", "DID")
    properties = {
        "TargetArn": world.instance_arn,
        "SourcePhoneNumberArn": source_arn,
        "ServiceTimeout": 3600,
    }
    if stack.create("Number", properties):
        stack.destroy()


def _create_twice_in_turn(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number())
    world.wait(request)
    if not stack.finish_create(request):
        return
    world.cloudformation.redeliver(request)
    world.sleep(30)
    stack.destroy()


def _create_twice_at_once(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number())
    world.cloudformation.redeliver(request)
    world.wait(request)
    if stack.finish_create(request):
        stack.destroy()


# --- S4 ---


def _delete_first(world: World, stack: Stack, creation: SentRequest) -> None:
    stack.cancel_create(creation)
    world.let_go(creation)


def _together(world: World, stack: Stack, creation: SentRequest) -> None:
    deletion = stack.begin_cancel_create(creation)
    world.sleep(3)
    world.let_go(creation)
    world.wait(deletion)
    stack.status = "ROLLBACK_COMPLETE"


def _after_long_standstill(world: World, stack: Stack, creation: SentRequest) -> None:
    deletion = stack.begin_cancel_create(creation)
    world.sleep(400)
    world.let_go(creation)
    world.wait(deletion)
    stack.status = "ROLLBACK_COMPLETE"


def _delete_first_creation_dies(world: World, stack: Stack, creation: SentRequest) -> None:
    stack.cancel_create(creation)
    # The attempt stands still until Lambda ends it, and the next one begins after the Delete.
    world.sleep(1500)


_CANCELLATIONS: Final = {
    "delete first": _delete_first,
    "both at once": _together,
    "create goes on much later": _after_long_standstill,
    "create dies, is delivered again later": _delete_first_creation_dies,
}


def _cancelled(step: int, how: Callable[[World, Stack, SentRequest], None]) -> Callable[[World], None]:
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


# --- S5 ---


def _failing(**properties: Any) -> Callable[[World], None]:
    def play(world: World) -> None:
        world.stack().create("Number", world.number(**properties))

    return play


def _failing_on_full_target(world: World) -> None:
    full = world.emulator.add_instance("us-east-1", limit=0)
    world.stack().create("Number", world.number(TargetArn=full))


# --- S14, S15 ---


def _retried_after_failure(world: World) -> None:
    stack = world.stack()
    stack.create("Number", world.number(CountryCode="AD"), rolls_back=False, request_id="same")
    if stack.create("Number", world.number(), request_id="same"):
        stack.destroy()


def _retried_after_undoing(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number(CountryCode="AD"), request_id="same")
    world.wait(request)
    failed_id = request.answer.physical_id if request.answer else ""
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
    # The process stands still for longer than CloudFormation waits.
    request.undeliverable = True
    again = stack.begin_create("Number", world.number(), request_id="same")
    world.sleep(1)
    world.let_go(request)
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


# --- S17, S18 ---


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


def _two_stacks(world: World) -> None:
    _many_stacks(2)(world)


def _many_stacks(count: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stacks = [world.stack(f"app{index}") for index in range(count)]
        # Of one second, so that they begin at the same time.
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


# --- Faults that belong to the script ---


def _at_step(step: int, *, first_only: bool) -> Callable[[Call], bool]:
    def hits(call: Call) -> bool:
        is_creation = call.task.startswith("Create")
        return is_creation and call.number == step and (call.task.endswith("/1") or not first_only)

    return hits


def _is_claim(call: Call) -> bool:
    return call.operation == "ClaimPhoneNumber"


def _is_answer(call: Call) -> bool:
    return call.surface is Surface.ANSWER


def _taken_by_a_stranger(world: World, call: Call) -> None:
    with suppress(ValueError):
        world.emulator.take(call.parameters["PhoneNumber"])


_LOST: Final = Fault("a stranger is faster", FaultKind.NONE, besides=_taken_by_a_stranger)


def _always(error: Callable[[], Exception]) -> Callable[[str], Exception]:
    return lambda _: error()
