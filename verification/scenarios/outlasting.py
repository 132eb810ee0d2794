"""Scenarios in which a change outlasts the request that has asked for it: S12, S23."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from local_aws.connect_emulator import Settings as EmulatorSettings
from local_aws.connect_emulator.state import ClaimedNumber
from verification.simulator.faults import DONE_LATER
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.stack import Stack
from verification.simulator.wire import Call, Fault, FaultKind
from verification.simulator.world import REGION, Options, World

from .helpers import adoption, american, number_of

_NONE: Final = Needed(0, 0)
_ONE: Final = Needed(1, 1)
_TIMES: Final = 6
"""How often a call is throttled: until the request after it has had its response."""
_CALLS_FOR_FLOW: Final = 5
"""The step at which an update of the flow calls Connect."""
_SLOW_MOVES: Final = Options(emulator=EmulatorSettings(throttling=False, claim_seconds=150.0))
_THROTTLED: Final = Fault(
    "throttled",
    FaultKind.ERROR,
    lambda operation: ClientError({"Error": {"Code": "ThrottlingException", "Message": "Slow down."}}, operation),
)
_OUTAGE: Final = Fault(
    "outage",
    FaultKind.ERROR,
    lambda operation: ClientError({"Error": {"Code": "InternalServiceException", "Message": "Failed."}}, operation),
)
_Properties = Callable[[World], Mapping[str, Any]]


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    changes: tuple[tuple[str, str, _Properties, _Properties], ...] = (
        ("a flow", "AssociatePhoneNumberContactFlow", _nothing, _flow),
        ("the removal of a flow", "DisassociatePhoneNumberContactFlow", _flow, _nothing),
        ("a tag", "TagResource", _tag("old"), _tag("new")),
        ("the removal of a tag", "UntagResource", _tag("old"), _nothing),
        ("a description", "UpdatePhoneNumberMetadata", _description("old"), _description("new")),
        ("a move", "UpdatePhoneNumber", _nothing, _elsewhere),
    )
    for name, operation, old, new in changes:
        yield Scenario(
            f"S12 rolled back while {name} is throttled",
            _rolled_back(old, new),
            _ONE,
            scripted=hitting(_of_first_update(operation), _THROTTLED, _TIMES),
        )
        yield Scenario(
            f"S12 rolled back while {name} fails",
            _rolled_back(old, new),
            _ONE,
            scripted=hitting(_of_first_update(operation), _OUTAGE, _TIMES),
            # After a try without a clear response, other calls are not abandoned, and may be done too late.
            is_short="ContactFlow" in operation,
        )
    for name, old, new in (("a flow", _nothing, _flow), ("the removal of a flow", _flow, _nothing)):
        yield Scenario(
            f"S12 rolled back while the call for {name} stands still",
            _rolled_back(old, new, stands_still_at=_CALLS_FOR_FLOW),
            _ONE,
            # Not played under faults: the process may die when its call is done.
            is_short=False,
        )
    yield Scenario(
        "S12 rolled back while a move has no response",
        _rolled_back(_nothing, _elsewhere),
        _ONE,
        scripted=lambda: _InTurn(_of_first_update("UpdatePhoneNumber"), [DONE_LATER, *[_THROTTLED] * _TIMES]),
        # Not played under further faults: a call that is also refused is given up, and takes effect after that.
        is_short=False,
    )
    yield Scenario("S19 rename rolled back in part, then its owner updated", _updated_unrestored, _ONE)
    yield Scenario(
        "S19 rename rolled back in part, then its owner updated, tagged by hand",
        _updated_by_hand,
        _ONE,
        # Not played under faults: a flow that is set late, after the rollback has removed it, stays.
        is_short=False,
    )
    yield Scenario(
        "S19 rename rolled back while its description is throttled, its owner updated",
        _updated_while_restored,
        _ONE,
        scripted=hitting(_sweep_describes, _THROTTLED, _TIMES),
    )
    yield Scenario("S23 adopted by a move of minutes, rolled back", _adopted_slowly, _NONE, _SLOW_MOVES)


@dataclass
class _InTurn:
    """Hits the first calls that match a condition, each with the next fault."""

    matches: Callable[[Call], bool]
    faults: list[Fault]

    def fault_for(self, call: Call) -> Fault | None:
        """Return the fault that hits a call, or ``None``."""
        return self.faults.pop(0) if self.faults and self.matches(call) else None


def _of_first_update(operation: str) -> Callable[[Call], bool]:
    """Return a condition: whether a call of an operation is made for the second request of a run."""
    return lambda call: call.operation == operation and call.task.startswith("Update app.Number 1/")


def _nothing(_world: World) -> Mapping[str, Any]:
    return {}


def _flow(world: World) -> Mapping[str, Any]:
    return {"ContactFlowArn": world.emulator.add_contact_flow(world.instance_arn)}


def _tag(value: str) -> _Properties:
    return lambda _: {"Tags": [{"Key": "team", "Value": value}]}


def _description(text: str) -> _Properties:
    return lambda _: {"Description": text}


def _elsewhere(world: World) -> Mapping[str, Any]:
    return {"TargetArn": world.emulator.add_instance(REGION)}


def _rolled_back(old: _Properties, new: _Properties, *, stands_still_at: int | None = None) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Number", american(world, **old(world))):
            return
        arn = stack.resources["Number"].physical_id
        before = _settings(number_of(world, arn))
        update = stack.begin_update("Number", american(world, **new(world)), hold_at=stands_still_at)
        if stands_still_at is None:
            world.sleep(3)
        else:
            world.wait_until_held(update)
        is_rolled_back = stack.roll_back(update)
        world.let_go(update)
        if is_rolled_back:
            world.sleep(3600)
            world.expect(_settings(number_of(world, arn)) == before, "the number is as it was before the update")
        stack.destroy_until_gone()

    return play


def _settings(number: ClaimedNumber) -> tuple[object, ...]:
    return number.target_arn, number.description or "", dict(number.tags), dict(number.contact_flows)


def _adopted_slowly(world: World) -> None:
    arn, phone_number = world.claim_by_hand()
    elsewhere = world.emulator.add_instance(REGION)
    stack = world.stack()
    creation = stack.begin_create("Number", adoption(world, phone_number, TargetArn=elsewhere, ServiceTimeout=300))
    world.sleep(45)
    stack.cancel_create(creation)
    world.expect_at_the_end(
        lambda: number_of(world, arn).target_arn == world.instance_arn, "the number is where it was before"
    )


def _sweep_describes(call: Call) -> bool:
    return call.task.startswith("sweep") and call.operation == "UpdatePhoneNumberMetadata"


def _roll_back_in_part(
    world: World,
    stack: Stack,
    new: Mapping[str, Any],
    denied: tuple[str, ...] = ("AssociatePhoneNumberContactFlow", "UpdatePhoneNumberMetadata", "UntagResource"),
) -> bool:
    """Adopt the number of a resource with another one, and let the rollback of that be denied and abandoned.

    Return whether it was adopted.
    """
    phone_number = number_of(world, stack.resources["Old"].physical_id).phone_number
    if not stack.create("New", adoption(world, phone_number, **new), completes=False):
        return False
    for operation in denied:
        world.emulator.faults.add(operation, "error", code="AccessDeniedException", calls=None, for_seconds=240)
    stack.undo_create("New", "UPDATE_ROLLBACK_IN_PROGRESS")
    stack.resources.pop("New", None)
    stack.status = "UPDATE_ROLLBACK_COMPLETE"
    return True


def _updated_unrestored(world: World) -> None:
    stack = world.stack()
    old = {**_flow(world), **_tag("old")(world)}
    if not stack.create("Old", world.number(**old)):
        return
    world.sleep(3600)
    arn = stack.resources["Old"].physical_id
    new = {**_flow(world), "Tags": [{"Key": "other", "Value": "new"}], "Description": "New"}
    _roll_back_in_part(world, stack, new)
    world.sleep(240)
    # The invariants compare the description, the flow and the tags with those that this update asks for.
    if stack.update("Old", world.number(**old, ServiceTimeout=3000)):
        world.expect("other" not in number_of(world, arn).tags, "no tag of the adoption is left")
    stack.destroy_until_gone()


def _updated_by_hand(world: World) -> None:
    stack = world.stack()
    if not stack.create("Old", world.number()):
        return
    arn = stack.resources["Old"].physical_id
    world.client.tag_resource(resourceArn=arn, tags={"cost-center": "42"})
    world.sleep(3600)
    new = {**_flow(world), "Tags": [{"Key": "cost-center", "Value": "43"}], "Description": "New"}
    # The tags are restored before that.
    _roll_back_in_part(world, stack, new, denied=("UpdatePhoneNumberMetadata",))
    world.sleep(240)
    update = stack.begin_update("Old", world.number(ServiceTimeout=2999))
    world.wait(update)
    if stack.finish_update(update) and not world.was_hit:
        world.expect(number_of(world, arn).tags.get("cost-center") == "42", "a tag that people have put on it stays")
    stack.destroy_until_gone()


def _updated_while_restored(world: World) -> None:
    stack = world.stack()
    if not stack.create("Old", world.number(Description="First")):
        return
    world.sleep(3600)
    arn = stack.resources["Old"].physical_id
    if _roll_back_in_part(world, stack, {"Description": "New"}):
        latest = world.timeline.now + 3600
        world.timeline.at(latest, lambda: None)
        world.run_until(lambda: world.timeline.now >= latest or any(map(_sweep_describes, world.wire.calls)))
    if stack.update("Old", world.number(Description="Second")):
        world.sleep(3600)
        world.expect(number_of(world, arn).description == "Second", "the number has the description of its update")
    stack.destroy_until_gone()
