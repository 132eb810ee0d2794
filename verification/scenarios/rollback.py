"""Scenarios about updates that are undone, or left unfinished because rollback is disabled: S22 and S25."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from verification.simulator.invariants import Needed
from verification.simulator.requests import SentRequest
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import World

from .helpers import american, british, silent_cloudformation
from .update import STEPS_OF_A_REPLACEMENT

_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_THREE: Final = Needed(3, 3)
_A_WHILE: Final = 3 * 3600.0


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    for name, undo in _ROLL_BACKS.items():
        yield Scenario(f"S22 replaced, {name}", _replaced_and_undone(undo), _TWO)
    for name, seconds in (("hours", 3 * 3600.0), ("days", 3 * 86_400.0)):
        yield Scenario(f"S22 replaced, Delete of the new number alone, {name} later", _undone_later(seconds), _TWO)
    yield Scenario("S22 replaced, then refused: the new number stays, the stack is deleted", _refused_after, _TWO)
    yield Scenario(
        "S22 replaced, the Update, then the Delete; CloudFormation silent",
        _replaced_and_undone(_update_then_delete),
        _TWO,
        scripted=silent_cloudformation(),
    )
    yield Scenario("S22 replacement answered, but not heard; nothing is sent", _unheard_and_nothing, _TWO)
    yield Scenario("S22 replacement failed, nothing is sent", _failed_and_nothing, _ONE)
    yield Scenario("S22 replaced, the rollback fails, the stack is deleted", _roll_back_fails, _TWO)
    for step in range(0, STEPS_OF_A_REPLACEMENT, 3):
        for name, then in _AFTER_A_STOP.items():
            # Not played under faults: if a fault fails an operation for good, running it again needs one more claim.
            yield Scenario(
                f"S25 update stopped at step {step}, {name}",
                _stopped(step, then),
                _AT_MOST.get(name, _TWO),
                is_short=not name.startswith("then tried again"),
            )
    yield Scenario("S25 creation stopped, created otherwise", _creation_stopped(cleans_up=False), _TWO)
    yield Scenario("S25 creation stopped, created otherwise, cleaned up", _creation_stopped(cleans_up=True), _TWO)


def _created(world: World) -> Stack | None:
    stack = world.stack()
    return stack if stack.create("Number", american(world)) else None


# --- S22 ---


def _delete_alone(_: World, stack: Stack, update: SentRequest) -> None:
    stack.roll_back_without_update(update)


def _delete_then_update(world: World, stack: Stack, update: SentRequest) -> None:
    replaced_by = stack.resources["Number"].physical_id
    stack.roll_back_without_update(update)
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    _send_back(world, stack, replaced_by)


def _delete_then_update_of_the_old(world: World, stack: Stack, update: SentRequest) -> None:
    stack.roll_back_without_update(update)
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    _send_back(world, stack, stack.resources["Number"].physical_id)


def _update_then_delete(_: World, stack: Stack, update: SentRequest) -> None:
    stack.roll_back(update)


def _send_back(world: World, stack: Stack, physical_id: str) -> None:
    """Send the Update with swapped properties that names ``physical_id``, although its Delete was already sent."""
    resource = stack.resources["Number"]
    for _ in range(3):
        # If it fails, a person continues the rollback.
        back = world.cloudformation.send(
            stack, "Update", "Number", resource.properties, physical_id=physical_id, old_properties=british(world)
        )
        world.wait(back)
        if back.response is not None and back.succeeded:
            world.expect(back.response.physical_id == resource.physical_id, "it goes back to the old number")
            break
        world.sleep(600)
    else:
        world.expect(False, "the Update that goes back succeeds")
    stack.status = "UPDATE_ROLLBACK_COMPLETE"


_ROLL_BACKS: Final[Mapping[str, Callable[[World, Stack, SentRequest], None]]] = {
    "Delete of the new number alone": _delete_alone,
    "Delete of the new number, then the Update that names it": _delete_then_update,
    "Delete of the new number, then the Update that names the old one": _delete_then_update_of_the_old,
    "the Update, then the Delete": _update_then_delete,
}


def _replaced_and_undone(undo: Callable[[World, Stack, SentRequest], None]) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        update = stack.begin_update("Number", british(world))
        world.wait(update)
        if stack.finish_update(update):
            undo(world, stack, update)
        else:
            stack.roll_back(update)
        # The old number is in use, and remains in use.
        world.sleep(_A_WHILE)
        stack.update("Number", american(world, Description="After"))
        stack.destroy()

    return play


def _undone_later(seconds: float) -> Callable[[World], None]:
    # An alarm or a stuck nested stack can cause a rollback of the deployment long after this resource's success.
    def undo(world: World, stack: Stack, update: SentRequest) -> None:
        world.sleep(seconds)
        stack.roll_back_without_update(update)

    return _replaced_and_undone(undo)


def _refused_after(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    update = stack.begin_update("Number", british(world))
    world.wait(update)
    if stack.finish_update(update):
        # Rollback is disabled, which rules out replacements. CloudFormation says so only after it took the response.
        stack.record("Number", stack.resources["Number"].physical_id, "UPDATE_FAILED")
        stack.status = "UPDATE_FAILED"
        world.sleep(_A_WHILE)
    stack.destroy_until_gone()


def _unheard_and_nothing(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    # Another resource has failed. This Update is canceled while it runs, and CloudFormation sends no other Update.
    update = stack.begin_update("Number", british(world), hold_at=8)
    world.wait_until_held(update)
    stack.roll_back_without_update(update)
    world.let_go(update)
    world.sleep(_A_WHILE)
    _expect_one_number(world)
    stack.update("Number", american(world, Description="After"))
    stack.destroy()


def _failed_and_nothing(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    update = stack.begin_update("Number", world.number(CountryCode="AD", AllowReplacement=True))
    world.wait(update)
    stack.finish_update(update)
    stack.roll_back_without_update(update)
    world.sleep(_A_WHILE)
    stack.destroy()


def _roll_back_fails(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    update = stack.begin_update("Number", british(world))
    world.wait(update)
    if stack.finish_update(update):
        # Continue-update-rollback skips the resource, or the rollback is given up. The new number stays.
        stack.status = "UPDATE_ROLLBACK_FAILED"
        world.sleep(_A_WHILE)
    stack.destroy()


# --- S25 ---


def _then_deleted(_: World, stack: Stack) -> None:
    stack.destroy()


def _then_changed(world: World, stack: Stack) -> None:
    stack.update("Number", american(world, Description="Instead"))
    world.sleep(_A_WHILE)
    _expect_one_number(world)
    stack.destroy()


def _then_tried_again(world: World, stack: Stack) -> None:
    stack.update("Number", british(world))
    stack.destroy()


def _then_tried_again_later(world: World, stack: Stack) -> None:
    world.sleep(_A_WHILE)
    _then_tried_again(world, stack)


def _then_replaced_otherwise(world: World, stack: Stack) -> None:
    stack.update("Number", world.number(CountryCode="CA", AllowReplacement=True))
    world.sleep(_A_WHILE)
    _expect_one_number(world)
    stack.destroy()


def _then_retained(world: World, stack: Stack) -> None:
    stack.let_go("Number")
    world.sleep(_A_WHILE)


def _then_retained_by_the_end(world: World, stack: Stack) -> None:
    stack.let_go("Number", ends=True)
    world.sleep(_A_WHILE)


_AFTER_A_STOP: Final[Mapping[str, Callable[[World, Stack], None]]] = {
    "then the stack is deleted": _then_deleted,
    "then changed": _then_changed,
    "then tried again": _then_tried_again,
    "then tried again hours later": _then_tried_again_later,
    "then replaced otherwise": _then_replaced_otherwise,
    "then the old number is retained": _then_retained,
    "then the stack is deleted and the old number retained": _then_retained_by_the_end,
}
_AT_MOST: Final = {"then replaced otherwise": _THREE}


def _stopped(step: int, then: Callable[[World, Stack], None]) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        update = stack.begin_update("Number", british(world), hold_at=step)
        world.wait_until_held(update)
        if update.is_settled and stack.finish_update(update):
            # The update was answered before it could be stopped.
            stack.clean_up("Number")
            stack.destroy()
            return
        stack.stop_without_roll_back(update)
        world.let_go(update)
        world.sleep(200)
        then(world, stack)

    return play


def _creation_stopped(*, cleans_up: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        creation = stack.begin_create("Number", world.number(), hold_at=15)
        world.wait_until_held(creation)
        if creation.is_settled:
            if stack.finish_create(creation):
                stack.destroy()
            return
        creation.undeliverable = True
        stack.stop_create_without_roll_back(creation)
        world.let_go(creation)
        world.sleep(60)
        if stack.create("Number", world.number(CountryCode="GB")):
            if cleans_up:
                stack.clean_up_stopped_create("Number")
            world.sleep(_A_WHILE)
            _expect_one_number(world)
            stack.destroy()

    return play


def _expect_one_number(world: World) -> None:
    held = [number.phone_number for number in world.emulator.numbers() if number.is_held]
    world.expect(len(held) == 1, f"one number is held, and not {', '.join(held) or 'none'}")
