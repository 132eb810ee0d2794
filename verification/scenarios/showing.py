"""Scenarios in which Connect shows changes of a number minutes late: S10, S19, S23."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.faults import DEATH, DEATH_AFTER
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.stack import Stack
from verification.simulator.world import Options, World

from .adoption import found_by_hand, settings_of
from .helpers import Play, adoption, beginning_with, number_of, phone_number_of

_LATE: Final = Options(emulator=EmulatorSettings(throttling=False, change_lag_seconds=240.0))
_NONE: Final = Needed(0, 0)
_ONE: Final = Needed(1, 1)
_AN_HOUR: Final = 3600.0
_ROLLING_BACK: Final = "UPDATE_ROLLBACK_IN_PROGRESS"
_BEFORE_THE_MOVE_IS_SHOWN: Final = 120


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    late = partial(Scenario, options=_LATE)
    yield late("S10 target that is not shown in time, rolled back", _moved_unseen, _ONE)
    yield late("S10 settings of before asked for again, after one that failed", _asked_for_again, _ONE)
    yield late("S10 target of before asked for again, after one that failed", _moved_again, _ONE)
    yield Scenario(
        "S10 move of minutes rolled back, which dies before its call",
        _move_rolled_back,
        _ONE,
        Options(emulator=EmulatorSettings(throttling=False, change_lag_seconds=240.0, claim_seconds=120.0)),
        scripted=hitting(
            lambda call: call.task.startswith("Update app.Number 2/") and call.operation == "UpdatePhoneNumber",
            DEATH,
            1,
        ),
        # Not played under faults: the invocation of the update may make the rollback's move once more.
        is_short=False,
    )
    yield late("S19 updated, renamed at once, rolled back", _renamed_at_once, _ONE)
    yield late(
        "S19 rename rolled back, its owner updated before the last look",
        _updated_since,
        _ONE,
        scripted=hitting(
            lambda call: call.task.startswith("Create app.New") and call.operation == "UpdatePhoneNumberMetadata",
            DEATH_AFTER,
            1,
        ),
    )
    yield late("S23 adopted to an instance that is not shown in time, rolled back", _adopted_unseen, _NONE)
    yield late("S23 adopted, tagging denied when it is rolled back", _tagging_denied, _NONE)


def _named(world: World, name: str, **properties: Any) -> dict[str, Any]:
    return world.number(Description=name, Tags=[{"Key": "name", "Value": name}], **properties)


def _undo(stack: Stack, logical_id: str) -> None:
    if not stack.undo_create(logical_id, _ROLLING_BACK):
        stack.destroy_until_gone()


def _with_old(
    logical_id: str, properties: Callable[[World], dict[str, Any]]
) -> Callable[[Play], Callable[[World], None]]:
    """Return a decorator with which a scenario begins with a resource that is an hour old."""

    def created(world: World) -> tuple[Stack, str] | None:
        stack = world.stack()
        if not stack.create(logical_id, properties(world)):
            return None
        world.sleep(_AN_HOUR)
        return stack, stack.resources[logical_id].physical_id

    return beginning_with(created)


@_with_old("Number", lambda world: world.number(ServiceTimeout=_BEFORE_THE_MOVE_IS_SHOWN))
def _moved_unseen(world: World, stack: Stack, arn: str) -> None:
    other = world.emulator.add_instance("us-east-1")
    if not stack.update("Number", world.number(TargetArn=other, ServiceTimeout=_BEFORE_THE_MOVE_IS_SHOWN)):
        world.sleep(_AN_HOUR)
        world.expect_unless_hit(number_of(world, arn).target_arn == world.instance_arn, "the number is where it was")
    stack.destroy_until_gone()


@_with_old("Number", lambda world: world.number())
def _moved_again(world: World, stack: Stack, _: str) -> None:
    began = world.timeline.now
    other = world.emulator.add_instance("us-east-1")
    stack.update("Number", world.number(TargetArn=other, ServiceTimeout=_BEFORE_THE_MOVE_IS_SHOWN))
    # Connect shows the move, and not yet that it was rolled back.
    world.sleep(began + 250 - world.timeline.now)
    # The invariants compare the number with what this response is to.
    stack.update("Number", world.number(TargetArn=other))
    stack.destroy_until_gone()


@_with_old("Number", lambda world: world.number())
def _move_rolled_back(world: World, stack: Stack, arn: str) -> None:
    other = world.emulator.add_instance("us-east-1")
    update = stack.begin_update("Number", world.number(TargetArn=other))
    world.sleep(10)
    if stack.roll_back(update):
        world.sleep(_AN_HOUR)
        world.expect(number_of(world, arn).target_arn == world.instance_arn, "the number is where it was")
    stack.destroy_until_gone()


@_with_old("Number", lambda world: _named(world, "One"))
def _asked_for_again(world: World, stack: Stack, _: str) -> None:
    stack.update("Number", _named(world, "Two"))
    nowhere = f"{world.instance_arn[:-12]}{'9' * 12}"
    failing = stack.begin_update("Number", _named(world, "One", TargetArn=nowhere))
    world.wait(failing)
    stack.stop_without_roll_back(failing)
    # The invariants compare the number with what this response is to.
    stack.update("Number", _named(world, "One"))
    stack.destroy_until_gone()


def _with_flow(world: World, name: str) -> dict[str, Any]:
    return _named(world, name, ContactFlowArn=world.emulator.add_contact_flow(world.instance_arn))


@_with_old("Old", lambda world: _with_flow(world, "First"))
def _renamed_at_once(world: World, stack: Stack, arn: str) -> None:
    stack.update("Old", _with_flow(world, "Second"))
    before = settings_of(world, arn)
    new = {**_with_flow(world, "Third"), **adoption(world, phone_number_of(world, arn))}
    if stack.create("New", new, completes=False):
        _undo(stack, "New")
        world.sleep(_AN_HOUR)
        world.expect_unless_hit(settings_of(world, arn) == before, "the number is as it was before the rename")
    stack.destroy_until_gone()


@_with_old("Old", lambda world: _named(world, "First"))
def _updated_since(world: World, stack: Stack, arn: str) -> None:
    began = world.timeline.now
    new = {**_named(world, "Third"), **adoption(world, phone_number_of(world, arn))}
    # Its first process dies, so that the sweeper looks once more when that cannot do anything any longer.
    if stack.create("New", new, completes=False):
        world.sleep(began + 700 - world.timeline.now)
        _undo(stack, "New")
        if "Old" in stack.resources and stack.update("Old", _named(world, "Second")):
            world.sleep(_AN_HOUR)
            description = number_of(world, arn).description
            world.expect(description == "Second", f"the number is as updated, and not {description!r}")
    stack.destroy_until_gone()


def _adopted_unseen(world: World) -> None:
    _, phone_number = found_by_hand(world, has_flow=False)
    other = world.emulator.add_instance("us-east-1")
    stack = world.stack()
    properties = adoption(world, phone_number, TargetArn=other, ServiceTimeout=_BEFORE_THE_MOVE_IS_SHOWN)
    if stack.create("Number", properties, completes=False):
        _undo(stack, "Number")


def _tagging_denied(world: World) -> None:
    _, phone_number = found_by_hand(world)
    stack = world.stack()
    properties = {**_named(world, "Support"), **adoption(world, phone_number)}
    if stack.create("Number", properties, completes=False):
        world.emulator.faults.add("TagResource", "error", code="AccessDeniedException", calls=None, for_seconds=600)
        world.sleep(20)
        _undo(stack, "Number")
