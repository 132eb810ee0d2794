"""Actions and faults that several scenarios share."""

from collections.abc import Callable
from typing import Any, Final

from local_aws.connect_emulator.state import ClaimedNumber
from verification.simulator.clients import Unknown
from verification.simulator.requests import SentRequest
from verification.simulator.runner import hitting
from verification.simulator.stack import Stack
from verification.simulator.wire import Call, Fault, FaultKind, Injector, Surface
from verification.simulator.world import World

Play = Callable[[World, Stack, str], None]
"""A scenario that is given a stack and the physical id of its resource."""
SILENCE: Final = Fault("CloudFormation is silent", FaultKind.ERROR, lambda _: Unknown())
_QUESTIONS: Final = 9
"""How often the function asks CloudFormation before it accepts that there is no response."""


def beginning_with(make: Callable[[World], tuple[Stack, str] | None]) -> Callable[[Play], Callable[[World], None]]:
    """Return a decorator with which a scenario begins with a stack and the physical id of its resource.

    Parameters
    ----------
    make
        Creates the stack. If it returns ``None``, the creation has failed, and the scenario is over.
    """

    def decorate(play: Play) -> Callable[[World], None]:
        def whole(world: World) -> None:
            made = make(world)
            if made is not None:
                play(world, *made)

        return whole

    return decorate


def _created(world: World) -> tuple[Stack, str] | None:
    stack = world.stack()
    if not stack.create("Number", american(world)):
        return None
    return stack, stack.resources["Number"].physical_id


with_american_number: Final = beginning_with(_created)
"""Decorate a scenario that begins with a stack, and the ARN of its number, which ``replaced`` can replace."""


def replaced(world: World, stack: Stack) -> bool:
    """Replace the number, without the cleanup. If that fails, delete the stack."""
    update = stack.begin_update("Number", british(world))
    world.wait(update)
    if stack.finish_update(update):
        return True
    stack.roll_back(update)
    stack.destroy_until_gone()
    return False


def create_and_delete(world: World) -> None:
    """Create a number, and delete it if the creation succeeds."""
    stack = world.stack()
    if stack.create("Number", world.number()):
        stack.destroy()


def create_chosen(world: World) -> None:
    """Create a resource that asks for one specific number, and delete it if the creation succeeds."""
    stack = world.stack()
    if stack.create("Number", world.number(PhoneNumber="+13125550123")):
        stack.destroy()


def american(world: World, **properties: Any) -> dict[str, Any]:
    """Return the properties of a number in the United States that may be replaced."""
    return world.number(AllowReplacement=True, **properties)


def british(world: World, **properties: Any) -> dict[str, Any]:
    """Return the properties of a number in the United Kingdom, by which ``american`` is replaced, and the reverse."""
    return american(world, CountryCode="GB", **properties)


def answer_by_hand(world: World, request: SentRequest, physical_id: str) -> None:
    """Answer a request with SUCCESS, as a person does who has found its ResponseURL."""
    data: dict[str, str] = {}
    world.cloudformation.put(
        request.url, {"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Reason": "", "Data": data}
    )
    request.undeliverable = True


def create_by_hand(world: World, stack: Stack, creation: SentRequest) -> None:
    """Let CloudFormation believe a person who answers a Create with a physical id of their own."""
    answer_by_hand(world, creation, "by-hand")
    creation.responses.clear()
    stack.record("Number", "by-hand", "CREATE_COMPLETE")
    stack.hold("Number", "by-hand", world.number())
    stack.status = "CREATE_COMPLETE"


def adoption(world: World, phone_number: str, **properties: Any) -> dict[str, Any]:
    """Return the properties of a resource that adopts a number."""
    usual = {"TargetArn": world.instance_arn, "PhoneNumber": phone_number, "Adopt": True, "ServiceTimeout": 3600}
    return {**usual, **properties}


def number_of(world: World, arn: str) -> ClaimedNumber:
    """Return the number that has this ARN, as it is in Connect."""
    return next(number for number in world.emulator.numbers() if number.arn == arn)


def phone_number_of(world: World, arn: str) -> str:
    """Return the phone number that has this ARN."""
    return number_of(world, arn).phone_number


def refuse_releases(world: World, seconds: float, code: str = "AccessDeniedException") -> None:
    """Let Connect refuse every release for a period of time."""
    world.emulator.faults.add("ReleasePhoneNumber", "error", code=code, calls=None, for_seconds=seconds)


def cancel(world: World, stack: Stack, creation: SentRequest) -> None:
    """Cancel a creation that is held at a step, and let its invocation go on beside the Delete."""
    deletion = stack.begin_cancel_create(creation)
    world.sleep(2)
    world.let_go(creation)
    world.wait(deletion)
    stack.finish_cancel_create(deletion)


def canceled_at(world: World, stack: Stack, properties: dict[str, Any], step: int) -> bool:
    """Begin to create a number, and cancel that at a step. If it has ended by then, finish it, and return ``False``."""
    creation = stack.begin_create("Number", properties, hold_at=step)
    world.wait_until_held(creation)
    if creation.is_settled:
        stack.finish_create(creation)
        return False
    cancel(world, stack, creation)
    return True


def at_step(request_type: str, step: int, *, first_only: bool) -> Callable[[Call], bool]:
    """Return a condition: whether a call has this step in any, or only the first, invocation for a type of request."""

    def hits(call: Call) -> bool:
        return (
            call.task.startswith(request_type) and call.number == step and (call.task.endswith("/1") or not first_only)
        )

    return hits


def silent_cloudformation(kind: str = "") -> Callable[[], Injector]:
    """Return a function that makes a fault: CloudFormation's API answers no question of one kind of request."""
    return hitting(lambda call: call.surface is Surface.STACKS and call.task.startswith(kind), SILENCE, _QUESTIONS)
