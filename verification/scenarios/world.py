"""Scenarios about retention, adoption, protection, and the provider itself: S19 and S21."""

from collections.abc import Callable, Iterator
from typing import Final

from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import PROVIDER_ID, Options, World

from .helpers import adoption, cancel, phone_number_of

_ONE: Final = Needed(1, 1)
_LONG_LAG_SECONDS: Final = 600.0
_ASKED_SECONDS: Final = 1500
"""By this time, the function has asked CloudFormation whether it accepted a response."""


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S19 renamed in its stack", _renamed, _ONE)
    yield Scenario("S19 renamed in its stack, retained there", _renamed_retained, _ONE)
    yield Scenario("S19 adopted in its stack, which keeps the old resource", _adopted_beside, _ONE)
    yield Scenario("S19 moved to another stack", _moved_to_another_stack, _ONE)
    yield Scenario("S19 moved while the old stack still has it", _adopted_too_early, _ONE)
    yield Scenario("S19 adoption rolled back", _adoption_rolled_back, _ONE)
    for step in (2, 6, 9, 12):
        yield Scenario(f"S19 adoption canceled at step {step}", _adoption_canceled(step), _ONE)
    yield Scenario("S19 claimed by hand, adopted", _adopted_from_hand, Needed(0, 1))
    yield Scenario("S19 claimed by hand, adopted, deleted at once", _adopted_and_deleted_at_once, Needed(0, 1))
    yield Scenario("S19 claimed by hand, adoption rolled back", _adopted_from_hand_and_back, Needed(0, 0))
    yield Scenario("S19 creation rolled back", _creation_rolled_back, _ONE)
    yield Scenario("S19 protected, then not", _protected, _ONE)
    yield Scenario("S19 protected, its creation rolled back", _protected_undone, _ONE)
    yield Scenario("S19 protected, deleted right after a rollback of something else", _protected_after, _ONE)
    yield Scenario("S19 protected in a nested stack, the rollback of its root undoes it", _protected_by_root, _ONE)
    yield Scenario("S19 protected in a nested stack whose root's rollback has failed", _protected_nested, _ONE)
    yield Scenario("S21 provider destroyed with its number", _provider_destroyed, _ONE)
    yield Scenario("S21 provider destroyed beside its number", _provider_destroyed_beside, _ONE)
    yield Scenario("S21 provider destroyed after a canceled creation", _provider_destroyed_after_cancellation, _ONE)
    yield Scenario("S21 provider destroyed although a number needs it", _provider_destroyed_too_early, _ONE)
    yield Scenario(
        "S21 provider destroyed at once after a creation elsewhere",
        _provider_destroyed_at_once,
        _ONE,
        Options(index_lag_seconds=_LONG_LAG_SECONDS),
    )


def _number_of(world: World, stack: Stack) -> str:
    return phone_number_of(world, stack.resources["Number"].physical_id)


def _created(world: World) -> tuple[Stack, str] | None:
    stack = world.stack()
    return (stack, _number_of(world, stack)) if stack.create("Number", world.number()) else None


def _renamed(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    stack, phone_number = created
    # The new resource is created before the old one is deleted.
    if not stack.create("Renamed", adoption(world, phone_number), completes=False):
        stack.destroy()
        return
    stack.remove("Number")
    world.sleep(_ASKED_SECONDS)
    stack.destroy()


def _renamed_retained(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    stack, phone_number = created
    if not stack.create("Renamed", adoption(world, phone_number), completes=False):
        stack.destroy()
        return
    stack.let_go("Number")
    world.forget_retained()
    world.sleep(_ASKED_SECONDS)
    stack.destroy()


def _adopted_beside(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    stack, phone_number = created
    if stack.create("Second", adoption(world, phone_number)):
        world.sleep(_ASKED_SECONDS)
        stack.remove("Second")
    stack.destroy()


def _moved_to_another_stack(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    old, phone_number = created
    old.let_go("Number")
    new = world.stack("new")
    if new.create("Number", adoption(world, phone_number)):
        world.forget_retained()
        world.sleep(_ASKED_SECONDS)
        new.destroy()


def _adopted_too_early(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    old, phone_number = created
    new = world.stack("new")
    new.create("Number", adoption(world, phone_number))
    old.destroy()


def _adoption_rolled_back(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    stack, phone_number = created
    if stack.create("Renamed", adoption(world, phone_number), completes=False):
        stack.undo_create("Renamed", "UPDATE_ROLLBACK_IN_PROGRESS")
    stack.destroy()


def _adoption_canceled(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        created = _created(world)
        if created is None:
            return
        stack, phone_number = created
        creation = stack.begin_create("Renamed", adoption(world, phone_number), hold_at=step)
        world.wait_until_held(creation)
        cancel(world, stack, creation)
        stack.destroy()

    return play


def _adopted_from_hand(world: World) -> None:
    _, phone_number = world.claim_by_hand()
    stack = world.stack()
    if stack.create("Number", adoption(world, phone_number)):
        world.sleep(_ASKED_SECONDS)
        stack.destroy()


def _adopted_and_deleted_at_once(world: World) -> None:
    _, phone_number = world.claim_by_hand()
    stack = world.stack()
    if stack.create("Number", adoption(world, phone_number)):
        stack.destroy()


def _adopted_from_hand_and_back(world: World) -> None:
    _, phone_number = world.claim_by_hand()
    stack = world.stack()
    if stack.create("Number", adoption(world, phone_number), completes=False):
        stack.undo_create("Number")


def _creation_rolled_back(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number(), completes=False):
        stack.undo_create("Number")


def _protected_after(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number(ReleaseProtection=True)):
        world.sleep(3600)
        stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        world.sleep(30)
        stack.status = "UPDATE_ROLLBACK_COMPLETE"
        world.sleep(1)
        world.expect(not stack.destroy(), "a protected number is not released")


def _protected_by_root(world: World) -> None:
    root = world.stack("root")
    nested = world.stack("nested", root)
    if nested.create("Number", world.number(ReleaseProtection=True), completes=False):
        root.status = "ROLLBACK_IN_PROGRESS"
        world.expect_unless_hit(
            nested.undo_create("Number", "DELETE_IN_PROGRESS"), "a rollback deletes a protected number that is new"
        )
        root.status = "ROLLBACK_COMPLETE"


def _protected_undone(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number(ReleaseProtection=True), completes=False):
        world.expect_unless_hit(stack.undo_create("Number"), "a rollback deletes a protected number that is new")


def _protected(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number(ReleaseProtection=True)) and not stack.destroy():
        stack.update("Number", world.number())
        stack.destroy()


def _protected_nested(world: World) -> None:
    root = world.stack("root")
    nested = world.stack("nested", root)
    if not nested.create("Number", world.number(ReleaseProtection=True)):
        return
    root.status = "CREATE_COMPLETE"
    root.status = "UPDATE_ROLLBACK_FAILED"
    # A user updates the nested stack directly, and removes the number.
    deletion = nested.begin_delete("Number")
    world.wait(deletion)
    world.expect_unless_hit(not deletion.succeeded, "a protected number is refused")
    if not nested.finish_delete(deletion):
        root.status = "UPDATE_COMPLETE"
        nested.update("Number", world.number())
        nested.destroy()


# --- S21 ---


def _with_provider(world: World) -> Stack | None:
    stack = world.stack()
    if not stack.create("Provider", {"ProviderId": PROVIDER_ID, "ServiceTimeout": 3600}):
        return None
    return stack if stack.create("Number", world.number()) else None


def _destroy_until_gone(world: World, stack: Stack) -> None:
    for _ in range(20):
        if stack.destroy():
            world.destroy_provider()
            return
        world.sleep(3600)
    world.expect(False, "the stack can be destroyed in the end")


def _provider_destroyed(world: World) -> None:
    stack = _with_provider(world)
    if stack is not None:
        _destroy_until_gone(world, stack)


def _provider_destroyed_beside(world: World) -> None:
    stack = _with_provider(world)
    if stack is None:
        return
    deletion = stack.begin_delete("Number", hold_at=4)
    world.wait_until_held(deletion)
    guard = stack.begin_delete("Provider")
    world.sleep(5)
    world.let_go(deletion)
    world.wait(deletion, guard)
    stack.finish_delete(deletion)
    if stack.finish_delete(guard):
        world.destroy_provider()
    else:
        _destroy_until_gone(world, stack)


def _provider_destroyed_after_cancellation(world: World) -> None:
    stack = world.stack()
    if not stack.create("Provider", {"ProviderId": PROVIDER_ID, "ServiceTimeout": 3600}):
        return
    creation = stack.begin_create("Number", world.number(), hold_at=8)
    world.wait_until_held(creation)
    deletion = stack.begin_cancel_create(creation)
    world.sleep(100)
    world.wait(deletion)
    _destroy_until_gone(world, stack)


def _provider_destroyed_too_early(world: World) -> None:
    stack = _with_provider(world)
    if stack is None:
        return
    guard = stack.begin_delete("Provider")
    world.wait(guard)
    world.expect(not guard.succeeded, "the provider is not deleted while a number needs it")
    _destroy_until_gone(world, stack)


def _provider_destroyed_at_once(world: World) -> None:
    provider = world.stack("provider")
    if not provider.create("Provider", {"ProviderId": PROVIDER_ID, "ServiceTimeout": 3600}):
        return
    stack = world.stack()
    if stack.create("Number", world.number()):
        guard = provider.begin_delete("Provider")
        world.wait(guard)
        world.expect(not guard.succeeded, "the provider is not deleted while a number of another stack needs it")
        stack.destroy()
    _destroy_until_gone(world, provider)
