"""Scenarios about numbers that stacks retain, and resources whose names change without an event: S24, S29."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import World

from .helpers import cancel, silent_cloudformation

_ONE: Final = Needed(1, 1)
_A_WHILE: Final = 3 * 3600.0


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    for name, seconds in (("at once", 0.0), ("hours later", _A_WHILE)):
        yield Scenario(f"S24 retained, logical id used again {name}", _used_again(seconds, "US"), Needed(2, 1))
        yield Scenario(f"S24 retained, logical id used otherwise {name}", _used_again(seconds, "GB"), Needed(2, 1))
        yield Scenario(f"S24 retained, new creation canceled {name}", _used_again_and_canceled(seconds), Needed(2, 1))
        yield Scenario(f"S24 retained, new creation rolled back {name}", _used_again_and_undone(seconds), Needed(2, 1))
        yield Scenario(f"S24 replaced and retained, then updates {name}", _replaced_then_updated(seconds), Needed(2, 2))
    yield Scenario("S24 replaced and retained, then replaced back and rolled back", _replaced_back_undone, Needed(3, 2))
    yield Scenario("S24 retained by the end of its stack", _retained_by_the_end, _ONE)
    for name, steps in _WITHOUT_EVENT.items():
        yield Scenario(f"S29 {name}", steps, _ONE)
    yield Scenario(
        "S29 moved without an event, deleted; CloudFormation silent",
        _moved_and_deleted,
        _ONE,
        scripted=silent_cloudformation(),
    )
    yield Scenario(
        "S29 moved without an event, not found twice, deleted", partial(_moved_and_deleted, not_found=2), _ONE
    )
    yield Scenario("S29 renamed without an event, the old name used again", _renamed_and_used_again, Needed(2, 2))


def _created(world: World) -> Stack | None:
    stack = world.stack()
    return stack if stack.create("Number", world.number(AllowReplacement=True)) else None


# --- S24 ---


def _used_again(seconds: float, country: str) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        stack.let_go("Number")
        world.sleep(seconds)
        if stack.create("Number", world.number(CountryCode=country)):
            world.sleep(_A_WHILE)
            stack.destroy_until_gone()

    return play


def _used_again_and_canceled(seconds: float) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        stack.let_go("Number")
        world.sleep(seconds)
        creation = stack.begin_create("Number", world.number(), hold_at=12)
        world.wait_until_held(creation)
        cancel(world, stack, creation)

    return play


def _used_again_and_undone(seconds: float) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        stack.let_go("Number")
        world.sleep(seconds)
        if stack.create("Number", world.number(), completes=False):
            stack.undo_create("Number", "UPDATE_ROLLBACK_IN_PROGRESS")

    return play


def _replaced_then_updated(seconds: float) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        british = world.number(CountryCode="GB", AllowReplacement=True)
        update = stack.begin_update("Number", british)
        world.wait(update)
        if not stack.finish_update(update):
            stack.roll_back(update)
            stack.destroy_until_gone()
            return
        stack.clean_up("Number", retains=True)
        world.sleep(seconds)
        for text in ("One", "Two"):
            stack.update("Number", {**british, "Description": text})
        stack.destroy_until_gone()

    return play


def _replaced_back_undone(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    update = stack.begin_update("Number", world.number(CountryCode="GB", AllowReplacement=True))
    world.wait(update)
    if not stack.finish_update(update):
        stack.roll_back(update)
        stack.destroy_until_gone()
        return
    stack.clean_up("Number", retains=True)
    # The template asks for the retained number again, but that number no longer belongs to the resource.
    again = stack.begin_update("Number", world.number(AllowReplacement=True))
    world.wait(again)
    if stack.finish_update(again):
        stack.roll_back_without_update(again)
    else:
        stack.roll_back(again)
    stack.destroy_until_gone()


def _retained_by_the_end(world: World) -> None:
    stack = _created(world)
    if stack is not None:
        stack.let_go("Number", ends=True)
        world.sleep(_A_WHILE)


# --- S29 ---


def _renamed(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    stack.hand_over("Number", stack, "Renamed")
    stack.update("Renamed", world.number(Description="Renamed"))
    stack.destroy_until_gone()


def _renamed_and_deleted(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    stack.hand_over("Number", stack, "Renamed")
    stack.destroy_until_gone()


def _moved(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    other = world.stack("other")
    stack.hand_over("Number", other, "Moved")
    other.update("Moved", world.number(Description="Moved"))
    other.destroy_until_gone()


def _moved_and_deleted(world: World, not_found: int = 0) -> None:
    stack = _created(world)
    if stack is None:
        return
    other = world.stack("other")
    stack.hand_over("Number", other, "Number")
    if not_found:
        world.emulator.faults.add("DescribePhoneNumber", "error", code="ResourceNotFoundException", calls=not_found)
    other.destroy_until_gone()


def _moved_and_back(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    other = world.stack("other")
    stack.hand_over("Number", other, "Moved")
    other.update("Moved", world.number(Description="Moved"))
    other.hand_over("Moved", stack, "Number")
    stack.update("Number", world.number(Description="Back"))
    stack.destroy_until_gone()


_WITHOUT_EVENT: Final = {
    "renamed without an event, updated, deleted": _renamed,
    "renamed without an event, deleted": _renamed_and_deleted,
    "moved without an event, updated, deleted": _moved,
    "moved without an event, deleted": _moved_and_deleted,
    "moved without an event and back": _moved_and_back,
}


def _renamed_and_used_again(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    stack.hand_over("Number", stack, "Renamed")
    if stack.create("Number", world.number()):
        stack.update("Renamed", world.number(Description="Renamed"))
    stack.destroy_until_gone()
