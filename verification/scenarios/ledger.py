"""Scenarios about faults of the ledger's database, and about changes of the provider's own code: S26, S28, S30."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lambda_handlers.connect_phone_number.ledger.store import Write
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario
from verification.simulator.world import World

from .helpers import number_of, refuse_releases

_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_STEPS_OF_A_DECISION: Final = 5


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    for step in range(_STEPS_OF_A_DECISION):
        yield Scenario(f"S26 delete reads while the create writes, at step {step}", _torn_cancellation(step), _ONE)
        yield Scenario(f"S26 delete reads while an update replaces, at step {step}", _torn_deletion(step), _TWO)
    yield Scenario("S28 an item that nobody can read, beside due work", _unreadable, _ONE)
    yield Scenario("S28 an adoption whose predecessor is lost, beside due work", _lost_predecessor, Needed(1, 1))
    for step in range(0, 24, 2):
        yield Scenario(f"S30 provider upgraded at step {step} of a create", _upgraded_in_create(step), _ONE)
        yield Scenario(f"S30 provider upgraded at step {step} of a replacement", _upgraded_in_update(step), _TWO)
    for step in range(0, 10, 2):
        yield Scenario(f"S30 provider upgraded at step {step} of a delete", _upgraded_in_delete(step), _ONE)


# --- S26 ---


def _torn_cancellation(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        creation = stack.begin_create("Number", world.number(), hold_at=0)
        deletion = stack.begin_cancel_create(creation, hold_at=step)
        world.wait_until_held(deletion)
        # The Create was sent before the Delete, and is delivered while the Delete's invocation reads.
        world.let_go(creation)
        world.run_until(lambda: bool(creation.responses))
        world.let_go(deletion)
        world.wait(deletion)
        stack.finish_cancel_create(deletion)

    return play


def _torn_deletion(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Number", world.number(AllowReplacement=True)):
            return
        # Rollback is disabled. The stack is deleted while the Update is still running.
        update = stack.begin_update("Number", world.number(CountryCode="GB", AllowReplacement=True), hold_at=0)
        stack.stop_without_roll_back(update)
        deletion = stack.begin_delete("Number", hold_at=step)
        world.wait_until_held(deletion)
        world.let_go(update)
        world.run_until(lambda: bool(update.responses))
        world.let_go(deletion)
        world.wait(deletion)
        stack.finish_delete(deletion)
        stack.status = "DELETE_COMPLETE"

    return play


# --- S28 ---


def _with_release_to_come(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        refuse_releases(world, 3600)
        stack.remove("Number")


def _insert(world: World, key: str, **attributes: Any) -> None:
    item: dict[str, Any] = {
        "pk": "RESOURCE#stack#Broken",
        "sk": f"CLAIM#{key}",
        "version": 1,
        "due": "DUE",
        "due_at": 0,
        **attributes,
    }
    world.store.write([Write((item["pk"], item["sk"]), item, 0)])


def _unreadable(world: World) -> None:
    _insert(world, "0", state="A_LATER_STATE")
    _with_release_to_come(world)
    world.sleep(6 * 3600)
    held = [number for number in world.emulator.numbers() if number.is_held]
    world.expect(not held, "what is due is released although another item cannot be read")
    world.expect(any('"SweepErrors": 1' in line for line in world.log), "the sweep says that an item cannot be read")
    world.store.remove(("RESOURCE#stack#Broken", "CLAIM#0"))


def _lost_predecessor(world: World) -> None:
    old = world.stack("old")
    if not old.create("Number", world.number()):
        return
    arn = old.resources["Number"].physical_id
    number = number_of(world, arn)
    previous = number.tags["cdk-connect-phone-number:claim"]
    old.let_go("Number")
    new = world.stack("new")
    adoption = {"TargetArn": world.instance_arn, "PhoneNumber": number.phone_number, "Adopt": True}
    if new.create("Number", adoption, completes=False):
        world.store.remove((f"RESOURCE#{old.id}#Number", f"CLAIM#{previous}"))
        new.undo_create("Number")
    world.is_ledger_damaged = True
    # The number now has no owner, but is still held, as it was before.
    world.forget_retained()
    world.by_hand.add(arn)
    world.expect_at_the_end(lambda: number.is_held, "the number is restored although its owner's claim is lost")
    _with_release_to_come(world)


# --- S30 ---


def _upgraded_in_create(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        creation = stack.begin_create("Number", world.number(), hold_at=step)
        world.wait_until_held(creation)
        world.upgrade()
        # The invocation of the old code ends with that code. The event is delivered again to the new code.
        world.let_go(creation)
        world.cloudformation.redeliver(creation)
        world.wait(creation)
        if stack.finish_create(creation):
            world.upgrade()
            stack.update("Number", world.number(Description="After"))
            stack.destroy()

    return play


def _upgraded_in_update(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Number", world.number(AllowReplacement=True)):
            return
        update = stack.begin_update("Number", world.number(CountryCode="GB", AllowReplacement=True), hold_at=step)
        world.wait_until_held(update)
        world.upgrade()
        world.let_go(update)
        world.wait(update)
        stack.finish_update(update)
        stack.roll_back(update)
        stack.destroy()

    return play


def _upgraded_in_delete(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Number", world.number()):
            return
        deletion = stack.begin_delete("Number", hold_at=step)
        world.wait_until_held(deletion)
        world.upgrade()
        world.let_go(deletion)
        world.cloudformation.redeliver(deletion)
        world.wait(deletion)
        stack.finish_delete(deletion)

    return play
