"""Scenarios about numbers whose release is delayed: S35."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lambda_handlers.connect_phone_number import contract
from verification.simulator.invariants import Needed
from verification.simulator.requests import RequestState
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import PROVIDER_ID, World

from .helpers import Play, adoption, beginning_with, canceled_at, number_of, phone_number_of

_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_DAY: Final = 86_400
_DELAY: Final = 2 * _DAY
_CANCEL_STEPS: Final = 16
_PARKS: Final = (2, 3, 4, 5, 6, 7, 8)
"""The steps of a deletion in which it parks its number."""


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S35 deleted, released when its time is up", _released_later, _ONE)
    yield Scenario("S35 destroyed, and deployed again", _deployed_again(_DAY), _ONE)
    yield Scenario("S35 destroyed, and deployed again at once", _deployed_again(5), _ONE)
    yield Scenario("S35 destroyed, and deployed again too late", _deployed_again(3 * _DAY), _TWO)
    yield Scenario("S35 destroyed, and deployed again for another kind", _deployed_otherwise, _TWO)
    yield Scenario("S35 destroyed, upgraded, and deployed again", _upgraded, _ONE)
    yield Scenario("S35 removed, and added again under the same id", _added_again, _ONE)
    yield Scenario("S35 removed, and its number asked for by another stack", _asked_for(is_adopted=False), _ONE)
    yield Scenario("S35 removed, and its number adopted by another stack", _asked_for(is_adopted=True), _ONE)
    yield Scenario("S35 replaced, and changed back", _replaced_and_back, _TWO)
    yield Scenario("S35 creation rolled back, and tried again", _rolled_back, _ONE)
    yield Scenario("S35 deleted twice, one after the other", _deleted_twice, _ONE)
    yield Scenario("S35 delay removed in the end", _delay_removed, _ONE)
    yield Scenario("S35 asked for by two stacks at once", _asked_for_by_two, _ONE)
    yield Scenario("S35 asked for while the sweeper releases it", _asked_while_released, _TWO)
    yield Scenario("S35 provider destroyed while a number is parked", _provider_destroyed, _ONE)
    yield Scenario("S35 parked number released by hand", _released_by_hand, _ONE)
    for seconds in (5, 600):
        for name, is_beside in (("added again", False), ("asked for beside it", True)):
            late = _heard_late(seconds, is_beside=is_beside)
            yield Scenario(f"S35 {name} {seconds} s later, canceled after its response", late, _ONE)
        yield Scenario(f"S35 changed back {seconds} s later, canceled after its response", _changed_back(seconds), _TWO)
    yield Scenario("S35 ledger restored to when a number was parked", _restored, _ONE)
    yield Scenario("S35 parked number imported by another resource", _imported_elsewhere(takes=False), _ONE)
    yield Scenario("S35 parked number imported by another resource, asked for", _imported_elsewhere(takes=True), _TWO)
    yield Scenario("S35 retained after its deletion had no response", _retained_unheard, _ONE)
    yield Scenario("S35 released when its time is up, and its deletion had no response", _released_unheard, _ONE)
    for step in range(1, _CANCEL_STEPS):
        yield Scenario(f"S35 deployed again, canceled at step {step}", _canceled(step), _ONE)
    for step in _PARKS:
        yield Scenario(f"S35 deletion redelivered at step {step} while another takes it", _taken_early(step), _ONE)


def _number(world: World, **properties: Any) -> dict[str, Any]:
    flow = world.emulator.add_contact_flow(world.instance_arn)
    usual = {"ReleaseDelay": _DELAY, "ContactFlowArn": flow, "Description": "Support"}
    tags = [{"Key": "team", "Value": "support"}]
    return world.number(**{**usual, "Tags": tags, **properties})


def _created(world: World, **properties: Any) -> tuple[Stack, str] | None:
    stack = world.stack()
    if not stack.create("Number", _number(world, **properties)):
        return None
    return stack, stack.resources["Number"].physical_id


def _with_number(**properties: Any) -> Callable[[Play], Callable[[World], None]]:
    return beginning_with(lambda world: _created(world, **properties))


def _is_the_same(world: World, stack: Stack, arn: str) -> None:
    world.expect(stack.resources["Number"].physical_id == arn, "the resource has its number back")


@_with_number()
def _released_later(world: World, old: Stack, arn: str) -> None:
    old.destroy_until_gone()
    world.sleep(_DAY)
    number = number_of(world, arn)
    world.expect(number.is_held, "the number is still there after half of the time")


def _deployed_again(seconds: float) -> Callable[[World], None]:
    @_with_number()
    def play(world: World, old: Stack, arn: str) -> None:
        old.destroy_until_gone()
        world.sleep(seconds)
        new = world.stack()
        if new.create("Number", _number(world, Description="Again")):
            if seconds < _DELAY:
                _is_the_same(world, new, arn)
            world.sleep(3600)
            new.destroy_until_gone()

    return play


@_with_number()
def _upgraded(world: World, old: Stack, arn: str) -> None:
    old.destroy_until_gone()
    world.upgrade()
    new = world.stack()
    if new.create("Number", _number(world)):
        _is_the_same(world, new, arn)
        world.upgrade()
        world.sleep(3600)
        new.destroy_until_gone()


@_with_number()
def _deployed_otherwise(world: World, old: Stack, _: str) -> None:
    old.destroy_until_gone()
    new = world.stack()
    if new.create("Number", _number(world, CountryCode="GB")):
        new.destroy_until_gone()


@_with_number()
def _added_again(world: World, stack: Stack, arn: str) -> None:
    if not stack.remove("Number"):
        return
    world.sleep(_DAY)
    if stack.create("Number", _number(world)):
        _is_the_same(world, stack, arn)
        world.sleep(_DAY)
        stack.destroy_until_gone()


def _asked_for(*, is_adopted: bool) -> Callable[[World], None]:
    @_with_number()
    def play(world: World, old: Stack, arn: str) -> None:
        old.destroy_until_gone()
        phone_number = phone_number_of(world, arn)
        other = world.stack("other")
        properties = adoption(world, phone_number) if is_adopted else world.number(PhoneNumber=phone_number)
        if other.create("Number", properties):
            _is_the_same(world, other, arn)
            other.update("Number", {**properties, "Description": "Mine"})
            other.destroy_until_gone()

    return play


@_with_number(AllowReplacement=True)
def _replaced_and_back(world: World, stack: Stack, arn: str) -> None:
    if stack.update("Number", _number(world, AllowReplacement=True, CountryCode="GB")):
        world.sleep(_DAY)
        if stack.update("Number", _number(world, AllowReplacement=True)):
            _is_the_same(world, stack, arn)
    stack.destroy_until_gone()


def _rolled_back(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", _number(world), completes=False):
        return
    arn = stack.resources["Number"].physical_id
    if not stack.undo_create("Number"):
        stack.destroy_until_gone()
    again = world.stack()
    if again.create("Number", _number(world)):
        _is_the_same(world, again, arn)
        again.destroy_until_gone()


@_with_number()
def _deleted_twice(world: World, stack: Stack, _: str) -> None:
    deletion = stack.begin_delete("Number")
    world.wait(deletion)
    world.sleep(_DAY)
    # CloudFormation may send another Delete for a number that it has deleted.
    again = stack.begin_delete("Number")
    world.wait(again)
    world.expect_unless_hit(again.succeeded, "a number that is parked counts as deleted")
    if not stack.finish_delete(again):
        stack.destroy_until_gone()


@_with_number()
def _delay_removed(world: World, old: Stack, arn: str) -> None:
    old.destroy_until_gone()
    new = world.stack()
    if new.create("Number", _number(world)):
        _is_the_same(world, new, arn)
        if new.update("Number", _number(world, ReleaseDelay=0)):
            new.destroy_until_gone()
            number = number_of(world, arn)
            world.expect_unless_hit(not number.is_held, "the number is released at once")
        else:
            new.destroy_until_gone()


@_with_number()
def _asked_for_by_two(world: World, old: Stack, arn: str) -> None:
    old.destroy_until_gone()
    properties = world.number(PhoneNumber=phone_number_of(world, arn))
    stacks = [world.stack("one"), world.stack("two")]
    creations = [stack.begin_create("Number", properties) for stack in stacks]
    world.wait(*creations)
    made = [stack for stack, creation in zip(stacks, creations, strict=True) if stack.finish_create(creation)]
    world.expect_unless_hit(len(made) == 1, f"one of them gets it, and not {len(made)}")
    for stack in made:
        stack.destroy_until_gone()


@_with_number()
def _asked_while_released(world: World, old: Stack, _: str) -> None:
    old.destroy_until_gone()
    world.sleep(_DELAY - 60)
    world.is_schedule_stopped = True
    world.sleep(120)
    sweep = world.sweep(hold_at=4)
    world.sleep(1)
    new = world.stack()
    creation = new.begin_create("Number", _number(world))
    world.sleep(1)
    for task in sweep.invocations:
        world.timeline.release(task)
    world.is_schedule_stopped = False
    world.wait(creation)
    if new.finish_create(creation):
        new.destroy_until_gone()


def _heard_late(seconds: float, *, is_beside: bool) -> Callable[[World], None]:
    """Cancel a creation after the function has responded. CloudFormation has not recorded the response."""

    @_with_number()
    def play(world: World, stack: Stack, arn: str) -> None:
        stack.remove("Number")
        world.sleep(seconds)
        if is_beside:
            creation = stack.begin_create("Second", world.number(PhoneNumber=phone_number_of(world, arn)))
        else:
            creation = stack.begin_create("Number", _number(world))
        world.wait(creation)
        deletion = stack.begin_cancel_create(creation)
        world.wait(deletion)
        stack.finish_cancel_create(deletion)

    return play


def _changed_back(seconds: float) -> Callable[[World], None]:
    @_with_number(AllowReplacement=True)
    def play(world: World, stack: Stack, _: str) -> None:
        if stack.update("Number", _number(world, AllowReplacement=True, CountryCode="GB")):
            world.sleep(seconds)
            update = stack.begin_update("Number", _number(world, AllowReplacement=True))
            world.wait(update)
            stack.roll_back(update)
        stack.destroy_until_gone()

    return play


@_with_number()
def _restored(world: World, old: Stack, _: str) -> None:
    if not old.destroy_until_gone():
        return
    earlier = world.store.dump()
    new = world.stack()
    if not new.create("Number", _number(world)):
        return
    world.sleep(_DAY)
    world.is_ledger_damaged = True
    world.store.restore(earlier)


def _imported_elsewhere(*, takes: bool) -> Callable[[World], None]:
    @_with_number()
    def play(world: World, old: Stack, arn: str) -> None:
        if not old.destroy_until_gone():
            return
        world.sleep(3600)
        world.taken_over.add(arn)
        world.stack("other").hold("Native", arn, {})
        if takes:
            new = world.stack()
            creation = new.begin_create("Number", _number(world))
            world.wait(creation)
            world.expect(not creation.succeeded, "a number that has an owner is not taken")
            new.finish_create(creation)
            again = world.stack()
            if again.create("Number", _number(world)):
                again.destroy_until_gone()

    return play


def _delete_unheard(world: World, stack: Stack) -> None:
    """Send a Delete to which CloudFormation never gets the response, so that the resource is DELETE_FAILED."""
    deletion = stack.begin_delete("Number")
    deletion.state = RequestState.CANCELED
    world.sleep(60)
    stack.finish_delete(deletion)


@_with_number()
def _retained_unheard(world: World, stack: Stack, arn: str) -> None:
    _delete_unheard(world, stack)
    stack.let_go("Number", ends=True)
    world.sleep(3600)
    number = number_of(world, arn)
    world.expect(number.is_held, "a number that was retained stays")


@_with_number()
def _released_unheard(world: World, stack: Stack, arn: str) -> None:
    _delete_unheard(world, stack)
    world.sleep(_DELAY + 3600)
    number = number_of(world, arn)
    world.expect_unless_hit(not number.is_held, "the number is released, because a Delete was sent and its time is up")
    stack.destroy_until_gone()


def _provider_destroyed(world: World) -> None:
    provider = world.stack("provider")
    if not provider.create("Provider", {"ProviderId": PROVIDER_ID, "ServiceTimeout": 3600}):
        return
    created = _created(world)
    if created is None:
        return
    created[0].destroy_until_gone()
    guard = provider.begin_delete("Provider")
    world.wait(guard)
    world.expect(not guard.succeeded, "the provider stays while a number is parked")
    provider.finish_delete(guard)
    world.sleep(_DELAY + 3600)
    for _ in range(20):
        if provider.destroy():
            world.destroy_provider()
            return
        world.sleep(3600)
    world.expect(False, "the provider can be destroyed in the end")


@_with_number()
def _released_by_hand(world: World, old: Stack, arn: str) -> None:
    old.destroy_until_gone()
    world.sleep(3600)
    world.release_by_hand(arn)


def _canceled(step: int) -> Callable[[World], None]:
    @_with_number()
    def play(world: World, old: Stack, arn: str) -> None:
        old.destroy_until_gone()
        new = world.stack()
        if not canceled_at(world, new, _number(world, ReleaseDelay=0), step):
            new.destroy_until_gone()
            return
        number = number_of(world, arn)
        world.expect(number.is_held, "the number is put back")
        world.sleep(3600)
        world.expect(not number.contact_flows, "the number that was put back has no flow")
        world.expect(contract.PARKED_TAG in number.tags, "the number that was put back says until when it is parked")
        third = world.stack()
        if third.create("Number", _number(world)):
            _is_the_same(world, third, arn)
            third.destroy_until_gone()

    return play


def _taken_early(step: int) -> Callable[[World], None]:
    """Hold a deletion while it parks. Its second delivery parks the number, and another stack takes it then."""

    @_with_number()
    def play(world: World, old: Stack, arn: str) -> None:
        deletion = old.begin_delete("Number", hold_at=step)
        world.wait_until_held(deletion)
        world.cloudformation.redeliver(deletion)
        world.wait(deletion)
        if not old.finish_delete(deletion):
            world.let_go(deletion)
            old.destroy_until_gone()
            return
        new = world.stack()
        properties = _number(world, Description="New")
        if new.create("Number", properties):
            _is_the_same(world, new, arn)
            world.let_go(deletion)
            number = number_of(world, arn)
            world.sleep(3600)
            flow = properties["ContactFlowArn"].rsplit("/", 1)[-1]
            world.expect(flow in number.contact_flows.values(), "a late call of the deletion is mended: the flow")
            world.expect(number.tags.get("team") == "support", "a late call of the deletion is mended: the tags")
            new.destroy_until_gone()
        else:
            world.let_go(deletion)

    return play
