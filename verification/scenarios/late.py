"""Scenarios about requests that arrive late, and stacks that end while a release is still being retried: S4, S8."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import PROVIDER_ID, World

from .helpers import adoption, phone_number_of, refuse_releases

_ONE: Final = Needed(1, 1)
_AN_HOUR: Final = 3600.0


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S4 create and its cancellation, both delivered after the timeout", _create_late, Needed(0, 0))
    for name, step, timeout in (("delivered", 0, 300), ("goes on", 4, 150)):
        steps = _delete_late(step, timeout)
        yield Scenario(f"S8 delete {name} after its timeout, the stack deleted without the number", steps, _ONE)
    yield Scenario("S8 release throttled, the stack deleted without the number between two tries", _throttled, _ONE)
    yield Scenario("S8 delete denied, swept while the stack is deleted without the number", _swept_meanwhile, _ONE)
    yield Scenario("S8 delete denied in a nested stack, its root deleted without the nested stack", _left_by_root, _ONE)
    for first, second in (("Old", "New"), ("New", "Old")):
        for name, at_once in (("in turn", False), ("at once", True)):
            yield Scenario(
                f"S19 renamed, stopped with rollback off, deleted: {first} and {second} {name}",
                _renamed_and_deleted((first, second), at_once=at_once),
                _ONE,
            )
    yield Scenario("S19 renamed, stopped with rollback off, the old one retained, deleted", _renamed_retained, _ONE)
    yield Scenario("S19 renamed twice in one stack", _renamed_twice, _ONE)
    yield Scenario("S19 changed, then renamed at once with the settings of before", _changed_and_renamed, _ONE)
    yield Scenario("S29 renamed without an event, adopted elsewhere", _renamed_then_adopted, _ONE)
    yield Scenario("S29 renamed without an event, the provider destroyed", _renamed_then_no_provider, _ONE)


def _created(world: World, timeout: int = 3600) -> tuple[Stack, str] | None:
    """Return a stack with a number and its ARN."""
    stack = world.stack()
    if not stack.create("Number", world.number(ServiceTimeout=timeout)):
        return None
    return stack, stack.resources["Number"].physical_id


# --- Late ---


def _create_late(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(ServiceTimeout=300), hold_at=0)
    creation.undeliverable = True
    world.wait(creation)
    # Lambda's queue is behind, and delays the Delete too.
    deletion = stack.begin_cancel_create(creation, hold_at=0)
    world.wait_until_held(deletion)
    world.let_go(creation)
    world.sleep(60)
    world.let_go(deletion)
    world.wait(deletion)
    stack.finish_cancel_create(deletion)


def _delete_late(step: int, timeout: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        created = _created(world, timeout)
        if created is None:
            return
        stack, _ = created
        deletion = stack.begin_delete("Number", hold_at=step)
        deletion.undeliverable = True
        world.wait(deletion)
        if not stack.finish_delete(deletion):
            stack.let_go("Number", ends=True)
        world.sleep(30)
        world.let_go(deletion)
        world.sleep(60)

    return play


# --- Releases that are retried ---


def _throttled(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    stack, _ = created
    refuse_releases(world, 100)
    if stack.destroy():
        return
    world.sleep(120)
    refuse_releases(world, 500, "ThrottlingException")
    before = _releases(world)
    until = world.timeline.now + _AN_HOUR
    world.run_until(lambda: _releases(world) > before or world.timeline.now >= until)
    world.sleep(5)
    if any(call.operation == "ReleasePhoneNumber" and "later" in call.fault for call in world.wire.calls):
        # A release that Connect is about to perform cannot be undone.
        stack.destroy_until_gone()
        return
    stack.let_go("Number", ends=True)
    world.sleep(600)


def _releases(world: World) -> int:
    return sum(entry.operation == "ReleasePhoneNumber" for entry in world.emulator.audit)


def _swept_meanwhile(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    stack, arn = created
    refuse_releases(world, 700)
    if stack.destroy():
        return
    world.sleep(690)
    # The number is among the resources to retain. CloudFormation deletes another resource first.
    stack.status = "DELETE_IN_PROGRESS"
    world.cloudformation.retained.add(arn)
    world.sleep(1800)
    stack.let_go("Number", ends=True)


def _left_by_root(world: World) -> None:
    root = world.stack("root")
    nested = world.stack("nested", root)
    if not nested.create("Number", world.number()):
        return
    root.status = "CREATE_COMPLETE"
    world.sleep(_AN_HOUR)
    arn = nested.resources["Number"].physical_id
    refuse_releases(world, 700)
    root.status = "DELETE_IN_PROGRESS"
    if nested.destroy():
        return
    root.status = "DELETE_FAILED"
    world.sleep(60)
    root.status = "DELETE_COMPLETE"
    world.cloudformation.retained.add(arn)
    world.sleep(_AN_HOUR)


# --- Renamed by adoption ---


def _renamed_and_deleted(order: tuple[str, str], *, at_once: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _renamed_and_stopped(world)
        if stack is None:
            return
        if at_once:
            requests = [(name, stack.begin_delete(name)) for name in order]
            for _, request in requests:
                world.wait(request)
                stack.finish_delete(request)
        else:
            for name in order:
                request = stack.begin_delete(name)
                world.wait(request)
                stack.finish_delete(request)
        if stack.resources:
            stack.destroy_until_gone()

    return play


def _renamed_retained(world: World) -> None:
    stack = _renamed_and_stopped(world)
    if stack is None:
        return
    request = stack.begin_delete("New")
    world.wait(request)
    if stack.finish_delete(request):
        world.sleep(60)
        stack.let_go("Old", ends=True)


def _renamed_and_stopped(world: World) -> Stack | None:
    """Return a stack whose failed deployment was left as it is, with one number that two resources have."""
    stack = world.stack()
    if not stack.create("Old", world.number()):
        return None
    arn = stack.resources["Old"].physical_id
    world.sleep(_AN_HOUR)
    if not stack.create("New", adoption(world, phone_number_of(world, arn)), completes=False):
        return None
    stack.status = "UPDATE_FAILED"
    world.sleep(1800)
    return stack


def _renamed_twice(world: World) -> None:
    stack = world.stack()
    if not stack.create("A", world.number()):
        return
    arn = stack.resources["A"].physical_id
    for name in ("B", "C"):
        world.sleep(_AN_HOUR)
        # The third adoption is refused, because the first resource still has the number.
        stack.create(name, adoption(world, phone_number_of(world, arn)))
    for name in ("B", "C"):
        world.sleep(_AN_HOUR)
        if name in stack.resources:
            stack.remove(name)
    world.sleep(_AN_HOUR)
    stack.destroy_until_gone()


def _changed_and_renamed(world: World) -> None:
    stack = world.stack()
    before: dict[str, Any] = {"Description": "Before", "Tags": [{"Key": "team", "Value": "support"}]}
    if not stack.create("Old", world.number(**before)):
        return
    arn = stack.resources["Old"].physical_id
    world.sleep(_AN_HOUR)
    stack.update("Old", world.number(Description="Changed", Tags=[{"Key": "team", "Value": "sales"}]))
    if stack.create("New", adoption(world, phone_number_of(world, arn), **before)):
        stack.remove("Old")
    world.sleep(_AN_HOUR)
    stack.destroy_until_gone()


# --- Renamed without an event ---


def _renamed_then_adopted(world: World) -> None:
    created = _created(world)
    if created is None:
        return
    stack, arn = created
    world.sleep(_AN_HOUR)
    stack.hand_over("Number", stack, "Renamed")
    adopter = world.stack("adopter")
    if adopter.create("Adopted", adoption(world, phone_number_of(world, arn))):
        world.sleep(_AN_HOUR)
        adopter.destroy_until_gone()
    world.sleep(_AN_HOUR)
    stack.destroy_until_gone()


def _renamed_then_no_provider(world: World) -> None:
    provider = world.stack("provider")
    if not provider.create("Provider", {"ProviderId": PROVIDER_ID, "ServiceTimeout": 3600}):
        return
    created = _created(world)
    if created is None:
        return
    stack, _ = created
    world.sleep(_AN_HOUR)
    stack.hand_over("Number", stack, "Renamed")
    deletion = provider.begin_delete("Provider")
    world.wait(deletion)
    # Wait until the Delete's last invocation is over. This scenario does not depend on its result.
    world.sleep(900)
    if provider.finish_delete(deletion):
        world.destroy_provider()
    stack.destroy_until_gone()
