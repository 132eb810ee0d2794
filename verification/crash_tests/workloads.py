"""Workloads: what stacks do while the function is being killed. Each covers the life of one number in a stack."""

from collections.abc import Callable
from random import Random
from typing import Any

from verification.simulator.invariants import Needed
from verification.simulator.requests import SentRequest
from verification.simulator.stack import Stack

from .world import KillingWorld

Workload = Callable[[KillingWorld, Stack, Random], None]


def create_and_delete(world: KillingWorld, stack: Stack, choice: Random) -> None:
    """Create and delete a number. Each request may be delivered twice."""
    if _create(world, stack, choice):
        _destroy(world, stack, choice)


def canceled_creation(world: KillingWorld, stack: Stack, choice: Random) -> None:
    """Cancel a creation before it starts, while it runs, or after it has ended."""
    creation = stack.begin_create("Number", _number(world))
    world.sleep(choice.uniform(0.0, 90.0))
    _again(world, creation, choice)
    if creation.is_settled:
        if stack.finish_create(creation):
            stack.destroy()
        return
    stack.cancel_create(creation)


def changed(world: KillingWorld, stack: Stack, choice: Random) -> None:
    """Change a number's description and tags in place, and delete the number."""
    if not _create(world, stack, choice):
        return
    tags = [{"Key": "turn", "Value": str(choice.randrange(1000))}]
    stack.update("Number", {**_number(world), "Description": f"Line {choice.randrange(1000)}", "Tags": tags})
    _destroy(world, stack, choice)


def replaced(world: KillingWorld, stack: Stack, choice: Random) -> None:
    """Replace a number with one of another country, clean up, and delete it."""
    if not _create(world, stack, choice):
        return
    stack.update("Number", _replacement(world))
    _destroy(world, stack, choice)


def rolled_back(world: KillingWorld, stack: Stack, choice: Random) -> None:
    """Roll back a replacement that is done, in progress, or not yet begun."""
    if not _create(world, stack, choice):
        return
    request = stack.begin_update("Number", _replacement(world))
    world.sleep(choice.uniform(0.0, 120.0))
    if request.is_settled:
        stack.finish_update(request)
    stack.roll_back(request)
    _destroy(world, stack, choice)


def parked(world: KillingWorld, stack: Stack, choice: Random) -> None:
    """Delete a number that is parked then, and create its resource again, which takes the number back."""
    properties = {**_number(world), "ReleaseDelay": 86_400}
    for _ in range(2):
        creation = stack.begin_create("Number", properties)
        _again(world, creation, choice)
        world.wait(creation)
        if not stack.finish_create(creation):
            return
        _destroy(world, stack, choice)


WORKLOADS: tuple[tuple[Workload, Needed], ...] = (
    (create_and_delete, Needed(1, 1)),
    (canceled_creation, Needed(1, 1)),
    (changed, Needed(1, 1)),
    (replaced, Needed(2, 2)),
    (rolled_back, Needed(2, 2)),
    (parked, Needed(2, 2)),
)
"""Each workload with the most claims and releases that it needs."""


def _number(world: KillingWorld) -> dict[str, Any]:
    return world.number(AllowReplacement=True)


def _replacement(world: KillingWorld) -> dict[str, Any]:
    return world.number(CountryCode="GB", AllowReplacement=True)


def _create(world: KillingWorld, stack: Stack, choice: Random) -> bool:
    creation = stack.begin_create("Number", _number(world))
    _again(world, creation, choice)
    world.wait(creation)
    return stack.finish_create(creation)


def _destroy(world: KillingWorld, stack: Stack, choice: Random) -> None:
    for _ in range(3):
        stack.delete_replaced("Number")
        deletion = stack.begin_delete("Number")
        _again(world, deletion, choice)
        world.wait(deletion)
        if stack.finish_delete(deletion):
            return


def _again(world: KillingWorld, request: SentRequest, choice: Random) -> None:
    """Let Lambda sometimes deliver a request a second time."""
    if choice.random() < 0.3:
        world.cloudformation.redeliver(request)
