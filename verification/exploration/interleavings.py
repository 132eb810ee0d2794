"""The interleavings of the lifecycle contract, which are explored in every order of their calls."""

from collections.abc import Iterator
from typing import Any, Final

from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.lambda_service import LambdaEvent
from verification.simulator.requests import SentRequest
from verification.simulator.runner import Scenario
from verification.simulator.world import Options, World

_ONE: Final = Needed(1, 1)
_SCARCE: Final = Options(emulator=EmulatorSettings(throttling=False, inventory_limit=3))


def interleavings() -> Iterator[Scenario]:
    """Return all interleavings."""
    yield Scenario("create, same create", _create_twice, _ONE)
    yield Scenario("create, delete with invented id", _create_and_cancel, _ONE)
    yield Scenario("create, delete, late same create", _create_cancel_and_late_create, _ONE)
    yield Scenario("delete, same delete", _delete_twice, _ONE)
    yield Scenario("delete, delete of a second destroy", _two_destroys, _ONE)
    yield Scenario("replacement, rollback", _replacement_and_roll_back, Needed(2, 2))
    yield Scenario("delete, sweep", _delete_and_sweep, _ONE)
    yield Scenario("delete of a canceled creation, sweep", _canceled_and_sweep, _ONE)
    yield Scenario("stopped update, delete of the stack", _stopped_update_and_delete, Needed(2, 2))
    yield Scenario("adoption, delete that undoes it", _adoption_and_undoing, Needed(0, 0))
    yield Scenario("update that is tried again, sweep that asks about the first", _retry_and_sweep, Needed(3, 3))
    yield Scenario("create, create wanting the same number", _same_number, _ONE)
    yield Scenario("create, create with three numbers left", _scarce, Needed(2, 2), _SCARCE)


def _go(world: World, *started: SentRequest | LambdaEvent) -> None:
    """Let the invocations that are held at their first call continue, in any order."""
    invocations = [(one if isinstance(one, LambdaEvent) else one.lambda_event).invocations[0] for one in started]
    world.run_until(lambda: all(invocation.is_begun for invocation in invocations))
    world.is_explored = True
    for invocation in invocations:
        world.timeline.release(invocation)


def _create_twice(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(), hold_at=0)
    again = world.cloudformation.redeliver(creation, hold_at=0)
    _go(world, creation, again)
    world.wait(creation)
    world.run_until(lambda: world.lambda_service.is_idle)
    world.is_explored = False
    if stack.finish_create(creation):
        stack.destroy()


def _create_and_cancel(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(), hold_at=0)
    deletion = stack.begin_cancel_create(creation, hold_at=0)
    _go(world, creation, deletion)
    world.wait(deletion)


def _create_cancel_and_late_create(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(), hold_at=0)
    again = world.cloudformation.redeliver(creation, hold_at=0)
    deletion = stack.begin_cancel_create(creation, hold_at=0)
    _go(world, creation, again, deletion)
    world.wait(deletion)


def _delete_twice(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    deletion = stack.begin_delete("Number", hold_at=0)
    again = world.cloudformation.redeliver(deletion, hold_at=0)
    _go(world, deletion, again)
    world.wait(deletion)
    stack.finish_delete(deletion)


def _two_destroys(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(ServiceTimeout=600)):
        return
    first = stack.begin_delete("Number", hold_at=0)
    world.wait(first)
    first.undeliverable = True
    second = stack.begin_delete("Number", hold_at=0)
    _go(world, first, second)
    world.wait(second)
    stack.finish_delete(second)


def _replacement_and_roll_back(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(AllowReplacement=True)):
        return
    update = stack.begin_update("Number", world.number(CountryCode="GB", AllowReplacement=True), hold_at=0)
    back = stack.begin_roll_back(update, hold_at=0)
    _go(world, update, back)
    world.wait(back)
    world.is_explored = False
    if not stack.finish_roll_back(back):
        stack.roll_back(update)
    stack.destroy()


def _delete_and_sweep(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    # The first invocation records that a release is due, and dies.
    deletion = stack.begin_delete("Number", hold_at=2)
    world.wait_until_held(deletion)
    sweep = world.sweep(hold_at=0)
    _go(world, deletion, sweep)
    world.wait(deletion)
    stack.finish_delete(deletion)


def _canceled_and_sweep(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(), hold_at=9)
    world.wait_until_held(creation)
    deletion = stack.begin_cancel_create(creation, hold_at=2)
    world.wait_until_held(deletion)
    world.timeline.kill(creation.lambda_event.invocations[0])
    sweep = world.sweep(hold_at=0)
    _go(world, deletion, sweep)
    world.wait(deletion)


def _stopped_update_and_delete(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(AllowReplacement=True)):
        return
    update = stack.begin_update("Number", world.number(CountryCode="GB", AllowReplacement=True), hold_at=0)
    stack.stop_without_roll_back(update)
    deletion = stack.begin_delete("Number", hold_at=0)
    _go(world, update, deletion)
    world.wait(deletion)
    world.is_explored = False
    if not stack.finish_delete(deletion):
        stack.destroy_until_gone()
    stack.status = "DELETE_COMPLETE"


def _adoption_and_undoing(world: World) -> None:
    _, phone_number = world.claim_by_hand()
    stack = world.stack()
    adoption = {"TargetArn": world.instance_arn, "PhoneNumber": phone_number, "Adopt": True, "Description": "Adopted"}
    creation = stack.begin_create("Number", adoption, hold_at=0)
    deletion = stack.begin_cancel_create(creation, hold_at=0)
    _go(world, creation, deletion)
    world.wait(deletion)
    world.is_explored = False
    stack.finish_cancel_create(deletion)


def _retry_and_sweep(world: World) -> None:
    stack = world.stack()
    british = world.number(CountryCode="GB", AllowReplacement=True)
    if not stack.create("Number", world.number(AllowReplacement=True)):
        return
    # The update is canceled while it runs. CloudFormation goes back without sending another request.
    first = stack.begin_update("Number", british, hold_at=14)
    world.wait_until_held(first)
    stack.roll_back_without_update(first)
    world.let_go(first)
    world.sleep(400)
    second = stack.begin_update("Number", british, hold_at=0)
    sweep = world.sweep(hold_at=0)
    _go(world, second, sweep)
    world.wait(second)
    world.is_explored = False
    if stack.finish_update(second):
        stack.clean_up("Number")
    else:
        stack.roll_back(second)
    stack.destroy_until_gone()


def _rivals(world: World, **properties: Any) -> None:
    stacks = [world.stack("first"), world.stack("second")]
    creations = [stack.begin_create("Number", world.number(**properties), hold_at=0) for stack in stacks]
    _go(world, *creations)
    world.wait(*creations)
    world.is_explored = False
    for stack, creation in zip(stacks, creations, strict=True):
        stack.finish_create(creation)
    for stack in stacks:
        stack.destroy()


def _same_number(world: World) -> None:
    _rivals(world, PhoneNumber="+13125550123")


def _scarce(world: World) -> None:
    _rivals(world)
