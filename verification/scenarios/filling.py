"""Scenarios about pools that get numbers themselves, in advance and by a list: S37."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import Policy
from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import Options, World

from .helpers import Play, beginning_with, cancel, canceled_at, number_of
from .pooling import RELEASE_AFTER, a_number, a_pool

_NONE: Final = Needed(0, 0)
_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_DAY: Final = 86_400
_CANCEL_STEPS: Final = 30
_CANCEL_STEPS_OF_LIST: Final = 30


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S37 filled, then taken by two", _taken_by_two, _TWO)
    yield Scenario("S37 filled, kept beyond the time, the rest released", _kept, Needed(3, 3))
    yield Scenario("S37 filled, kept beyond the time, taken by a creation that fails", _kept_and_put_back(0), _ONE)
    for step in (8, 14):
        yield Scenario(
            f"S37 filled, kept beyond the time, taken by a creation that is canceled at step {step}",
            _kept_and_put_back(step),
            _ONE,
        )
    yield Scenario("S37 filled up by an update", _filled_up, _TWO)
    yield Scenario("S37 filled up by an update that is rolled back", _update_rolled_back, _TWO)
    yield Scenario("S37 filled by a creation that is undone", _undone(retains=False), _TWO)
    yield Scenario("S37 filled by a creation that is undone, to be retained", _undone(retains=True), _TWO)
    yield Scenario("S37 filled, removed while in use, given up by CloudFormation", _given_up, _ONE)
    yield Scenario("S37 filled, then the Delete of its canceled creation", _first_creation_canceled, _TWO)
    yield Scenario(
        "S37 too few numbers to fill it",
        _too_few,
        _ONE,
        Options(emulator=EmulatorSettings(throttling=False, inventory_limit=1)),
    )
    yield Scenario(
        "S37 too small a budget to fill it",
        _too_few,
        _NONE,
        Options(emulator=EmulatorSettings(throttling=False, quota=1), budget=Policy(quota=1)),
    )
    yield Scenario("S37 a number of the list, used and given back", _listed(is_used=True), _NONE)
    yield Scenario("S37 a number of the list that nobody took", _listed(is_used=False), _NONE)
    yield Scenario("S37 a number of the list, put back by a failed creation", _listed_put_back, _NONE)
    yield Scenario("S37 a number of the list, removed from it while parked", _unlisted(is_used=False), _NONE)
    yield Scenario("S37 a number of the list, removed from it while in use", _unlisted(is_used=True), _NONE)
    yield Scenario("S37 a list with a number that has a flow", _in_use, _NONE)
    yield Scenario("S37 a list with a number of a resource that is removed", _still_held, _ONE)
    yield Scenario("S37 a list with a number that is not there", _not_there, _NONE)
    yield Scenario("S37 a number of the list whose resource leaves the pool", _leaves_the_pool, _NONE)
    for step in range(1, _CANCEL_STEPS):
        yield Scenario(f"S37 filling canceled at step {step}", _canceled(step), _ONE)
    for step in range(1, _CANCEL_STEPS_OF_LIST):
        yield Scenario(f"S37 adopting the list canceled at step {step}", _list_canceled(step), _NONE)


def _filled_pool(world: World, **properties: Any) -> tuple[Stack, str] | None:
    usual = {"CountryCode": "US", "ParkingTargetArn": world.instance_arn, "ReleaseAfter": RELEASE_AFTER}
    return a_pool(world, **{**usual, **properties})


def _with_filled_pool(**properties: Any) -> Callable[[Play], Callable[[World], None]]:
    return beginning_with(lambda world: _filled_pool(world, **properties))


def _listing_pool(world: World, *phone_numbers: str, **properties: Any) -> tuple[Stack, str] | None:
    return a_pool(world, PhoneNumbers=list(phone_numbers), ParkingTargetArn=world.instance_arn, **properties)


def _held(world: World) -> set[str]:
    return {number.arn for number in world.emulator.numbers() if number.is_held}


@_with_filled_pool(MinParked=2)
def _taken_by_two(world: World, pools: Stack, pool: str) -> None:
    held = _held(world)
    world.expect(len(held) == 2, "two numbers are there in advance")
    stacks = [world.stack("one"), world.stack("two")]
    creations = [stack.begin_create("Number", a_number(world, pool)) for stack in stacks]
    world.wait(*creations)
    for stack, creation in zip(stacks, creations, strict=True):
        if stack.finish_create(creation):
            stack.destroy_until_gone()
    pools.destroy_until_gone()


@_with_filled_pool(MinParked=2)
def _kept(world: World, pools: Stack, pool: str) -> None:
    stacks = [world.stack(name) for name in ("one", "two", "three")]
    made = [stack.create("Number", a_number(world, pool)) for stack in stacks]
    if all(made):
        for stack in stacks:
            stack.destroy_until_gone()
        world.sleep(RELEASE_AFTER + 3600)
        world.expect_unless_hit(len(_held(world)) == 2, "two stay, however old they are")
    else:
        for stack in stacks:
            stack.destroy_until_gone()
    pools.destroy_until_gone()


def _kept_and_put_back(step: int) -> Callable[[World], None]:
    """Return a scenario in which a creation takes a number that only MinParked keeps, and fails or is canceled."""

    @_with_filled_pool(MinParked=1)
    def play(world: World, pools: Stack, pool: str) -> None:
        arns = _held(world)
        world.sleep(RELEASE_AFTER + 600)
        stack = world.stack("environment")
        if step:
            if not canceled_at(world, stack, a_number(world, pool), step):
                stack.destroy_until_gone()
                pools.destroy_until_gone()
                return
        else:
            world.emulator.faults.add(
                "AssociatePhoneNumberContactFlow",
                "error",
                code="InvalidParameterException",
                calls=None,
                for_seconds=_DAY,
            )
            world.expect(not stack.create("Number", a_number(world, pool)), "the creation fails")
        world.sleep(2 * 3600)
        world.expect_unless_hit(_held(world) == arns, "the number is put back, and stays")
        pools.destroy_until_gone()

    return play


@_with_filled_pool(MinParked=1)
def _filled_up(world: World, pools: Stack, _: str) -> None:
    if pools.update("Pool", _properties(world, MinParked=2)):
        world.expect_unless_hit(len(_held(world)) == 2, "one more is there")
    pools.destroy_until_gone()


@_with_filled_pool(MinParked=1)
def _update_rolled_back(world: World, pools: Stack, _: str) -> None:
    update = pools.begin_update("Pool", _properties(world, MinParked=2), hold_at=8)
    world.wait_until_held(update)
    back = pools.begin_roll_back(update)
    world.sleep(2)
    world.let_go(update)
    world.wait(back)
    pools.finish_roll_back(back)
    pools.destroy_until_gone()


def _undone(*, retains: bool) -> Callable[[World], None]:
    @_with_filled_pool(MinParked=2, RetainParked=retains)
    def play(_world: World, pools: Stack, _: str) -> None:
        if not pools.undo_create("Pool"):
            pools.destroy_until_gone()

    return play


@_with_filled_pool(MinParked=1)
def _given_up(world: World, pools: Stack, pool: str) -> None:
    stack = world.stack("one")
    if not stack.create("Number", a_number(world, pool)):
        pools.destroy_until_gone()
        return
    world.expect(not pools.remove("Pool"), "a pool whose numbers are in use is not deleted")
    stack.destroy_until_gone()
    world.sleep(RELEASE_AFTER + _DAY)
    world.expect(not _held(world), "a pool that no stack has keeps no numbers")


def _first_creation_canceled(world: World) -> None:
    pools = world.stack("pools")
    creation = pools.begin_create("Pool", _properties(world, MinParked=1), hold_at=2)
    world.wait_until_held(creation)
    pools.stop_create_without_roll_back(creation)
    world.let_go(creation)
    if not pools.create("Pool", _properties(world, MinParked=1)):
        return
    world.sleep(1800)
    held = _held(world)
    # CloudFormation still knows the id that it has invented for the first creation.
    world.expect_unless_hit(pools.clean_up_stopped_create("Pool"), "there is nothing to do for the first creation")
    world.expect_unless_hit(_held(world) == held, "the pool keeps what its second creation has got")
    pools.destroy_until_gone()


def _too_few(world: World) -> None:
    created = _filled_pool(world, MinParked=2)
    world.expect(created is None, "what cannot be filled is refused")


def _properties(world: World, **properties: Any) -> dict[str, Any]:
    usual = {"MaxParked": 5, "ReleaseAfter": RELEASE_AFTER, "ServiceTimeout": 3600}
    return {**usual, "CountryCode": "US", "ParkingTargetArn": world.instance_arn, **properties}


def _by_hand(world: World) -> tuple[str, str]:
    """Claim a number by hand, with a description and a tag, and return its ARN and the number."""
    arn, phone_number = world.claim_by_hand()
    world.client.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="Hotline")
    world.client.tag_resource(resourceArn=arn, tags={"owner": "sales"})
    world.sleep_until_shown()

    def is_let_go() -> bool:
        number = number_of(world, arn)
        is_ours = any(key.startswith(contract.TAG_PREFIX) for key in number.tags)
        # A flow that comes late stays, like everything else that is on the number then.
        has_flow = bool(number.contact_flows) and not world.was_hit
        return number.is_held and number.tags["owner"] == "sales" and not is_ours and not has_flow

    world.expect_at_the_end(is_let_go, "a number of a list is never released, and is the account's own in the end")
    return arn, phone_number


def _listed(*, is_used: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        arn, phone_number = _by_hand(world)
        created = _listing_pool(world, phone_number, ReleaseAfter=_DAY)
        if created is None:
            return
        pools, pool = created
        if is_used:
            stack = world.stack("one")
            if stack.create("Number", a_number(world, pool, ReleaseDelay=_DAY)):
                world.expect_unless_hit(stack.resources["Number"].physical_id == arn, "it gets the number of the list")
                stack.destroy_until_gone()
        world.sleep(3 * _DAY)
        world.expect(number_of(world, arn).is_held, "its time is never up")
        pools.destroy_until_gone()

    return play


def _listed_put_back(world: World) -> None:
    arn, phone_number = _by_hand(world)
    created = _listing_pool(world, phone_number)
    if created is None:
        return
    pools, pool = created
    stack = world.stack("one")
    creation = stack.begin_create("Number", a_number(world, pool), hold_at=12)
    world.wait_until_held(creation)
    if creation.is_settled:
        stack.finish_create(creation)
        stack.destroy_until_gone()
    else:
        cancel(world, stack, creation)
    world.sleep(3600)
    again = world.stack("two")
    if again.create("Number", a_number(world, pool)):
        world.expect_unless_hit(again.resources["Number"].physical_id == arn, "the next one gets it")
        again.destroy_until_gone()
    pools.destroy_until_gone()


def _unlisted(*, is_used: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        arn, phone_number = _by_hand(world)
        created = _listing_pool(world, phone_number)
        if created is None:
            return
        pools, pool = created
        stack = world.stack("one")
        if is_used and not stack.create("Number", a_number(world, pool)):
            pools.destroy_until_gone()
            return
        if pools.update("Pool", {"MaxParked": 5, "ReleaseAfter": RELEASE_AFTER, "ServiceTimeout": 3600}):
            world.sleep(2400)
            if not is_used:
                tags = number_of(world, arn).tags
                world.expect_unless_hit(tags == {"owner": "sales"}, "a number that leaves its pool is let go")
        stack.destroy_until_gone()
        pools.destroy_until_gone()

    return play


def _in_use(world: World) -> None:
    arn, phone_number = _by_hand(world)
    flow = world.emulator.add_contact_flow(world.instance_arn)
    instance_id = world.instance_arn.rsplit("/", 1)[-1]
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn, InstanceId=instance_id, ContactFlowId=flow.rsplit("/", 1)[-1]
    )
    world.sleep_until_shown()
    created = _listing_pool(world, phone_number)
    world.expect(created is None, "a number that is in use is an error")
    world.expect(bool(number_of(world, arn).contact_flows), "a number that is in use keeps its flow")
    world.client.disassociate_phone_number_contact_flow(PhoneNumberId=arn, InstanceId=instance_id)


def _still_held(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    arn = stack.resources["Number"].physical_id
    properties = _properties(world, PhoneNumbers=[number_of(world, arn).phone_number], CountryCode="")
    world.expect(not stack.create("Pool", properties), "a number that a resource has is an error")
    stack.destroy_until_gone()


def _not_there(world: World) -> None:
    _, phone_number = _by_hand(world)
    created = _listing_pool(world, phone_number, "+13125550123")
    world.expect(created is None, "a number that is not there is an error")


def _leaves_the_pool(world: World) -> None:
    _, phone_number = _by_hand(world)
    created = _listing_pool(world, phone_number)
    if created is None:
        return
    pools, pool = created
    stack = world.stack("one")
    if stack.create("Number", a_number(world, pool)):
        properties = a_number(world, pool)
        del properties["Pool"], properties["ReleaseDelay"]
        stack.update("Number", properties)
        stack.destroy_until_gone()
    pools.destroy_until_gone()


def _canceled(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        pools = world.stack("pools")
        creation = pools.begin_create("Pool", _properties(world, MinParked=1), hold_at=step)
        world.wait_until_held(creation)
        if creation.is_settled:
            pools.finish_create(creation)
            pools.destroy_until_gone()
            return
        cancel(world, pools, creation)

    return play


def _list_canceled(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        _, phone_number = _by_hand(world)
        pools = world.stack("pools")
        properties = _properties(world, PhoneNumbers=[phone_number], CountryCode="")
        creation = pools.begin_create("Pool", properties, hold_at=step)
        world.wait_until_held(creation)
        if creation.is_settled:
            pools.finish_create(creation)
            pools.destroy_until_gone()
            return
        cancel(world, pools, creation)

    return play
