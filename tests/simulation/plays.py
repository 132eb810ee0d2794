"""Plays and faults that several scripts share."""

from collections.abc import Callable

from .wire import Call
from .world import World


def create_and_delete(world: World) -> None:
    """Create a number, and delete it if that succeeds."""
    stack = world.stack()
    if stack.create("Number", world.number()):
        stack.destroy()


def create_chosen(world: World) -> None:
    """Create a resource with one number that is wanted, and delete it if that succeeds."""
    stack = world.stack()
    if stack.create("Number", world.number(PhoneNumber="+13125550123")):
        stack.destroy()


def at_step(request_type: str, step: int, *, first_only: bool) -> Callable[[Call], bool]:
    """Return whether a call is a certain step of the attempts at a request, or of the first attempt only."""

    def hits(call: Call) -> bool:
        return (
            call.task.startswith(request_type) and call.number == step and (call.task.endswith("/1") or not first_only)
        )

    return hits
