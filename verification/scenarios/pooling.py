"""Scenarios about pools of parked numbers: S36."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lambda_handlers.connect_phone_number.budget import Policy
from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.faults import DEATH
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.stack import Stack
from verification.simulator.world import Options, World

from .helpers import Play, at_step, beginning_with, canceled_at, number_of, phone_number_of

_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_DAY: Final = 86_400
RELEASE_AFTER: Final = 2 * _DAY
_CANCEL_STEPS: Final = 19
_AFTER_ITS_DECISION: Final = 5
_ROUNDS: Final = 4


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S36 environments come and go", _come_and_go, _ONE)
    yield Scenario(
        "S36 environments come and go with a budget for one",
        _come_and_go,
        _ONE,
        Options(emulator=EmulatorSettings(throttling=False, quota=1), budget=Policy(quota=1)),
    )
    yield Scenario("S36 two stacks and one parked number", _two_and_one, _TWO)
    yield Scenario("S36 of another kind", _of_another_kind, _TWO)
    yield Scenario("S36 of another pool", _of_another_pool, _TWO)
    yield Scenario("S36 asked for by its number", _asked_for(has_pool=True), _ONE)
    yield Scenario("S36 asked for by its number without the pool", _asked_for(has_pool=False), _ONE)
    yield Scenario("S36 parked at another instance", _parked_elsewhere(), _ONE)
    yield Scenario("S36 parked at another instance that takes no numbers", _parked_elsewhere(is_full=True), _ONE)
    yield Scenario(
        "S36 parked by the sweeper, its move throttled, retained meanwhile", _retained_while_moved, _ONE, is_short=False
    )
    yield Scenario("S36 more than may be parked", _too_many, Needed(3, 3))
    yield Scenario("S36 pool deleted with what is parked", _pool_deleted(retains=False), _ONE)
    yield Scenario("S36 pool deleted, its numbers retained", _pool_deleted(retains=True), _ONE)
    yield Scenario(
        "S36 pool deleted, its numbers retained, each invocation dies",
        _pool_deleted_in_vain,
        _ONE,
        scripted=hitting(at_step("Delete pools.Pool", _AFTER_ITS_DECISION, first_only=False), DEATH, 3),
    )
    yield Scenario("S36 pool deleted, its numbers retained, then created for it", _created_for_deleted, _ONE)
    yield Scenario("S36 pool deleted, its numbers retained, creations for it fail", _fails_for_deleted, Needed(3, 3))
    yield Scenario("S36 pool deleted, its numbers retained, and a number deleted at once", _both_deleted, _ONE)
    yield Scenario(
        "S36 pool deleted, its numbers retained, while one is taken by a creation that is canceled",
        _taken_while_deleted,
        # If the pool's Delete is faster, there is nothing to take any more.
        _TWO,
    )
    yield Scenario("S36 pool deleted while a number is in use", _pool_in_use, _ONE)
    yield Scenario("S36 pool deleted while its number is taken", _pool_deleted_under_load, _TWO)
    yield Scenario("S36 pool's creation canceled", _pool_canceled, Needed(0, 0))
    yield Scenario("S36 taken out of the pool by an update", _taken_out, _ONE)
    for step in range(1, _CANCEL_STEPS):
        yield Scenario(f"S36 creation from the pool canceled at step {step}", _canceled(step), _ONE)


def a_pool(world: World, **properties: Any) -> tuple[Stack, str] | None:
    """Create a pool in a stack of its own, and return the stack and the pool's name, or ``None`` if that fails."""
    stack = world.stack("pools")
    usual = {"MaxParked": 5, "ReleaseAfter": RELEASE_AFTER, "ServiceTimeout": 3600}
    if not stack.create("Pool", {**usual, **properties}):
        return None
    return stack, stack.resources["Pool"].physical_id


def _with_pool(**properties: Any) -> Callable[[Play], Callable[[World], None]]:
    return beginning_with(lambda world: a_pool(world, **properties))


def a_number(world: World, pool: str, **properties: Any) -> dict[str, Any]:
    """Return the properties of a number of a pool, with a flow, a description and a tag."""
    flow = world.emulator.add_contact_flow(world.instance_arn)
    usual = {"Pool": pool, "ReleaseDelay": RELEASE_AFTER, "ContactFlowArn": flow, "Description": "Support"}
    return world.number(**{**usual, "Tags": [{"Key": "team", "Value": "support"}], **properties})


def _end(pools: Stack) -> None:
    pools.destroy_until_gone()


def _parked(world: World, pool: str, name: str = "one", **properties: Any) -> str | None:
    """Create and destroy a stack with a number of the pool, and return the number's ARN."""
    stack = world.stack(name)
    if not stack.create("Number", a_number(world, pool, **properties)):
        return None
    arn = stack.resources["Number"].physical_id
    return arn if stack.destroy_until_gone() else None


@_with_pool()
def _come_and_go(world: World, pools: Stack, pool: str) -> None:
    for turn in range(_ROUNDS):
        if _parked(world, pool, f"environment-{turn}", Description=f"Turn {turn}") is None:
            break
        world.sleep(1300 if turn == 1 else 60)
    _end(pools)


@_with_pool()
def _two_and_one(world: World, pools: Stack, pool: str) -> None:
    arn = _parked(world, pool)
    if arn is None:
        _end(pools)
        return
    stacks = [world.stack("two"), world.stack("three")]
    creations = [stack.begin_create("Number", a_number(world, pool)) for stack in stacks]
    world.wait(*creations)
    made = [stack for stack, creation in zip(stacks, creations, strict=True) if stack.finish_create(creation)]
    got = [stack.resources["Number"].physical_id for stack in made]
    world.expect_unless_hit(got.count(arn) == 1, "one of them gets the parked number")
    for stack in made:
        stack.destroy_until_gone()
    _end(pools)


@_with_pool()
def _of_another_kind(world: World, pools: Stack, pool: str) -> None:
    if _parked(world, pool) is None:
        _end(pools)
        return
    other = world.stack("other")
    if other.create("Number", a_number(world, pool, CountryCode="GB")):
        other.destroy_until_gone()
    _end(pools)


@_with_pool()
def _of_another_pool(world: World, pools: Stack, pool: str) -> None:
    arn = _parked(world, pool)
    if arn is not None and pools.create("Second", {"MaxParked": 1, "ReleaseAfter": _DAY, "ServiceTimeout": 3600}):
        second = pools.resources["Second"].physical_id
        world.expect(_parked(world, second, "other", ReleaseDelay=_DAY) != arn, "it gets a number of its own")
    _end(pools)


def _asked_for(*, has_pool: bool) -> Callable[[World], None]:
    @_with_pool()
    def play(world: World, pools: Stack, pool: str) -> None:
        arn = _parked(world, pool)
        if arn is not None:
            other = world.stack("other")
            properties = a_number(world, pool, PhoneNumber=phone_number_of(world, arn))
            if not has_pool:
                del properties["Pool"], properties["ReleaseDelay"]
            creation = other.begin_create("Number", properties)
            world.wait(creation)
            world.expect_unless_hit(creation.succeeded == has_pool, "only a resource of the pool gets it")
            if other.finish_create(creation):
                world.expect(other.resources["Number"].physical_id == arn, "it gets the very number")
                other.destroy_until_gone()
        _end(pools)

    return play


def _parked_elsewhere(*, is_full: bool = False) -> Callable[[World], None]:
    @_with_pool()
    def play(world: World, pools: Stack, pool: str) -> None:
        parking = world.emulator.add_instance("us-east-1", limit=0 if is_full else None)
        if is_full:
            world.full_targets.add(parking)
        for turn in range(2):
            stack = world.stack(f"environment-{turn}")
            if not stack.create("Number", a_number(world, pool, ParkingTargetArn=parking)):
                break
            world.expect_unless_hit(stack.destroy(), "the deletion succeeds at once")
            if not stack.destroy_until_gone():
                break
            world.sleep(600)
        _end(pools)

    return play


@_with_pool()
def _retained_while_moved(world: World, pools: Stack, pool: str) -> None:
    parking = world.emulator.add_instance("us-east-1")
    stack = world.stack()
    if not stack.create("Number", a_number(world, pool, ParkingTargetArn=parking)):
        _end(pools)
        return
    arn = stack.resources["Number"].physical_id
    add_fault = world.emulator.faults.add
    add_fault("TagResource", "error", code="AccessDeniedException", calls=None, for_seconds=120)
    world.expect(not stack.destroy(), "a deletion fails that Connect denies")
    add_fault("UpdatePhoneNumber", "error", code="ThrottlingException", calls=None, for_seconds=_DAY)
    world.run_until(lambda: any(entry.operation == "UpdatePhoneNumber" for entry in world.emulator.audit))
    before = number_of(world, arn).target_arn, number_of(world, arn).description
    stack.let_go("Number", ends=True)
    world.emulator.faults.clear()
    world.sleep(7200)
    number = number_of(world, arn)
    world.expect((number.target_arn, number.description) == before, "nothing of a retained number is changed")
    _end(pools)


@_with_pool(MaxParked=1)
def _too_many(world: World, pools: Stack, pool: str) -> None:
    stack = world.stack()
    names = [name for name in ("One", "Two", "Three") if stack.create(name, a_number(world, pool))]
    if len(names) < 3:
        stack.destroy_until_gone()
        _end(pools)
        return
    arns = {name: stack.resources[name].physical_id for name in names}
    for name in names:
        if not stack.remove(name):
            return
        world.sleep(10)
    world.sleep(2400)
    held = {number.arn for number in world.emulator.numbers() if number.is_held}
    world.expect_unless_hit(held == {arns["Three"]}, "the oldest are released")
    _end(pools)


def _pool_deleted(*, retains: bool) -> Callable[[World], None]:
    @_with_pool(RetainParked=retains)
    def play(world: World, pools: Stack, pool: str) -> None:
        arn = _parked(world, pool)
        if arn is None:
            return
        if retains:
            world.cloudformation.retained.add(arn)
        if not pools.destroy_until_gone():
            return
        number = number_of(world, arn)
        world.expect(number.is_held == retains, "the number stays or goes as the pool says")

    return play


@_with_pool(RetainParked=True)
def _pool_deleted_in_vain(world: World, pools: Stack, pool: str) -> None:
    arn = _parked(world, pool)
    if arn is None:
        return
    world.cloudformation.retained.add(arn)
    if not pools.destroy():
        pools.let_go("Pool", ends=True)
    world.sleep(RELEASE_AFTER + _DAY)
    world.expect(number_of(world, arn).is_held, "the number stays, as its pool said")


@_with_pool(RetainParked=True)
def _created_for_deleted(world: World, pools: Stack, pool: str) -> None:
    if not pools.destroy_until_gone():
        return
    world.sleep(600)
    stack = world.stack()
    if stack.create("Number", a_number(world, pool)):
        stack.destroy_until_gone()


@_with_pool(RetainParked=True)
def _fails_for_deleted(world: World, pools: Stack, pool: str) -> None:
    if not pools.destroy_until_gone():
        return
    world.sleep(600)
    stack = world.stack()
    world.emulator.faults.add(
        "AssociatePhoneNumberContactFlow", "error", code="InvalidParameterException", calls=None, for_seconds=_DAY
    )
    for _ in range(3):
        world.expect(not stack.create("Number", a_number(world, pool)), "the creation fails")
        world.sleep(60)


@_with_pool(RetainParked=True)
def _both_deleted(world: World, pools: Stack, pool: str) -> None:
    stack = world.stack()
    if not stack.create("Number", a_number(world, pool)):
        return
    world.cloudformation.retained.add(stack.resources["Number"].physical_id)
    deletion = pools.begin_delete("Pool")
    world.sleep(3)
    stack.destroy_until_gone()
    world.wait(deletion)
    if not pools.finish_delete(deletion):
        pools.destroy_until_gone()


@_with_pool(RetainParked=True)
def _taken_while_deleted(world: World, pools: Stack, pool: str) -> None:
    arn = _parked(world, pool)
    if arn is None:
        return
    world.cloudformation.retained.add(arn)
    deletion = pools.begin_delete("Pool")
    world.sleep(3)
    stack = world.stack("two")
    creation = stack.begin_create("Number", a_number(world, pool))
    world.sleep(1)
    cancellation = stack.begin_cancel_create(creation)
    world.wait(cancellation, deletion)
    stack.finish_cancel_create(cancellation)
    if not pools.finish_delete(deletion):
        pools.destroy_until_gone()
    world.sleep(RELEASE_AFTER + _DAY)


@_with_pool()
def _pool_in_use(world: World, pools: Stack, pool: str) -> None:
    stack = world.stack()
    if not stack.create("Number", a_number(world, pool)):
        _end(pools)
        return
    deletion = pools.begin_delete("Pool")
    world.wait(deletion)
    world.expect(not deletion.succeeded, "a pool whose numbers are in use is not deleted")
    pools.finish_delete(deletion)
    stack.destroy_until_gone()
    _end(pools)


@_with_pool()
def _pool_deleted_under_load(world: World, pools: Stack, pool: str) -> None:
    if _parked(world, pool) is None:
        _end(pools)
        return
    stack = world.stack("two")
    creation = stack.begin_create("Number", a_number(world, pool))
    deletion = pools.begin_delete("Pool")
    world.wait(creation, deletion)
    if stack.finish_create(creation):
        stack.destroy_until_gone()
    if not pools.finish_delete(deletion):
        _end(pools)


def _pool_canceled(world: World) -> None:
    stack = world.stack("pools")
    properties = {"MaxParked": 5, "ReleaseAfter": RELEASE_AFTER, "ServiceTimeout": 3600}
    creation = stack.begin_create("Pool", properties, hold_at=1)
    world.wait_until_held(creation)
    deletion = stack.begin_cancel_create(creation)
    world.wait(deletion)
    stack.finish_cancel_create(deletion)
    world.let_go(creation)
    world.sleep(60)
    world.expect(not world.pools(), "a pool whose creation was canceled is not there")


@_with_pool()
def _taken_out(world: World, pools: Stack, pool: str) -> None:
    stack = world.stack()
    if not stack.create("Number", a_number(world, pool)):
        _end(pools)
        return
    properties = a_number(world, pool)
    del properties["Pool"], properties["ReleaseDelay"]
    stack.update("Number", properties)
    stack.destroy_until_gone()
    _end(pools)


def _canceled(step: int) -> Callable[[World], None]:
    @_with_pool()
    def play(world: World, pools: Stack, pool: str) -> None:
        arn = _parked(world, pool)
        if arn is None:
            _end(pools)
            return
        new = world.stack("two")
        if not canceled_at(world, new, a_number(world, pool), step):
            new.destroy_until_gone()
            _end(pools)
            return
        world.sleep(3600)
        number = number_of(world, arn)
        world.expect(number.is_held, "the number is put back")
        world.expect(not number.contact_flows, "the number that was put back has no flow")
        third = world.stack("three")
        if third.create("Number", a_number(world, pool)):
            world.expect_unless_hit(third.resources["Number"].physical_id == arn, "the next creation gets it")
            third.destroy_until_gone()
        _end(pools)

    return play
