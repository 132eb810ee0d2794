"""The interleavings of the lifecycle contract, which are explored in every order of their calls."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lambda_handlers.connect_phone_number.budget import Policy
from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.lambda_service import LambdaEvent
from verification.simulator.requests import SentRequest
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import Options, World

_ONE: Final = Needed(1, 1)
_DELAY: Final = 86_400
_POOL: Final = {"MaxParked": 5, "ReleaseAfter": _DELAY, "ServiceTimeout": 3600}
_POSTPONING: Final = Options(
    emulator=EmulatorSettings(throttling=False, quota=2), budget=Policy(quota=2, postpone_releases_below=1)
)
_SCARCE: Final = Options(emulator=EmulatorSettings(throttling=False, inventory_limit=3))


def interleavings() -> Iterator[Scenario]:
    """Return all interleavings."""
    for scenario in _all():
        # Invocations that waited for CloudFormation would hardly meet. They meet where one of them has already waited.
        yield replace(scenario, options=replace(scenario.options, settling_seconds=0.0))


def _all() -> Iterator[Scenario]:
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
    yield Scenario("delete that parks, create that takes the number", _parks_and_takes, _ONE)
    yield Scenario("create, create with one parked number", _one_parked, Needed(2, 2))
    yield Scenario("create that takes a parked number, sweep that releases it", _takes_and_sweep, Needed(2, 2))
    yield Scenario("create that takes from a pool, delete of the pool", _takes_and_pool_deleted, Needed(2, 2))
    yield Scenario("filling of a pool, delete with invented id", _filling_and_cancel, _ONE)
    yield Scenario("delete, delete with a budget for one release", _two_releases, Needed(2, 2), _POSTPONING)


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


def _parks_and_takes(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(ReleaseDelay=_DELAY)):
        return
    deletion = stack.begin_delete("Number", hold_at=0)
    phone_number = world.emulator.numbers()[-1].phone_number
    other = world.stack("other")
    creation = other.begin_create("Number", world.number(PhoneNumber=phone_number), hold_at=0)
    _go(world, deletion, creation)
    world.wait(deletion, creation)
    world.is_explored = False
    stack.finish_delete(deletion)
    if other.finish_create(creation):
        other.destroy_until_gone()


def _pool_with_a_number(world: World) -> tuple[Stack, dict[str, Any]] | None:
    """Return the stack of a pool in which a number is parked, and the properties of a number of the pool."""
    pools = world.stack("pools")
    if not pools.create("Pool", _POOL):
        return None
    properties = world.number(Pool=pools.resources["Pool"].physical_id, ReleaseDelay=_DELAY)
    first = world.stack("first")
    if first.create("Number", properties):
        first.destroy_until_gone()
    return pools, properties


def _one_parked(world: World) -> None:
    created = _pool_with_a_number(world)
    if created is None:
        return
    pools, properties = created
    stacks = [world.stack("second"), world.stack("third")]
    creations = [stack.begin_create("Number", properties, hold_at=0) for stack in stacks]
    _go(world, *creations)
    world.wait(*creations)
    world.is_explored = False
    for stack, creation in zip(stacks, creations, strict=True):
        if stack.finish_create(creation):
            stack.destroy_until_gone()
    pools.destroy_until_gone()


def _takes_and_sweep(world: World) -> None:
    stack = world.stack()
    properties = world.number(ReleaseDelay=_DELAY)
    if not stack.create("Number", properties) or not stack.destroy_until_gone():
        return
    world.sleep(_DELAY)
    again = world.stack()
    creation = again.begin_create("Number", properties, hold_at=0)
    sweep = world.sweep(hold_at=0)
    _go(world, creation, sweep)
    world.wait(creation)
    world.is_explored = False
    if again.finish_create(creation):
        again.destroy_until_gone()


def _takes_and_pool_deleted(world: World) -> None:
    created = _pool_with_a_number(world)
    if created is None:
        return
    pools, properties = created
    second = world.stack("second")
    creation = second.begin_create("Number", properties, hold_at=0)
    deletion = pools.begin_delete("Pool", hold_at=0)
    _go(world, creation, deletion)
    world.wait(creation, deletion)
    world.is_explored = False
    if second.finish_create(creation):
        second.destroy_until_gone()
    if not pools.finish_delete(deletion):
        pools.destroy_until_gone()


def _filling_and_cancel(world: World) -> None:
    pools = world.stack("pools")
    filled = {**_POOL, "MinParked": 1, "CountryCode": "US", "ParkingTargetArn": world.instance_arn}
    creation = pools.begin_create("Pool", filled, hold_at=0)
    deletion = pools.begin_cancel_create(creation, hold_at=0)
    _go(world, creation, deletion)
    world.wait(deletion)
    world.is_explored = False
    pools.finish_cancel_create(deletion)


def _two_releases(world: World) -> None:
    stack = world.stack()
    names = ("One", "Two")
    made = [stack.create(name, world.number()) for name in names]
    if not all(made):
        stack.destroy_until_gone()
        return
    deletions = [stack.begin_delete(name, hold_at=0) for name in names]
    _go(world, *deletions)
    world.wait(*deletions)
    world.is_explored = False
    for deletion in deletions:
        stack.finish_delete(deletion)
    held = [number for number in world.emulator.numbers() if number.is_held]
    world.expect_unless_hit(len(held) == 1, "one of two releases is postponed")
    # The budget forgets claims and releases after 181 days, and the judge after 180.
    world.sleep(185 * _DELAY)
    stack.destroy_until_gone()
    world.sleep(185 * _DELAY)
