"""Measures fleets in virtual time: a busy CPU bends neither the clock nor the throttle.

CloudFormation sends all requests of a deployment at once. The emulator throttles each operation as Connect does by
default, 2 calls a second with a burst of 5, so claiming ``n`` numbers takes at least ``(n - 5) / 2`` seconds.
https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from local_aws.connect_emulator import Settings
from verification.simulator.requests import SentRequest
from verification.simulator.wire import Surface
from verification.simulator.world import Options, World

RATE: Final = 2.0
BURST: Final = 5
PROVIDING_SECONDS: Final = 2.0
"""How long the emulator takes to provide a number."""


@dataclass(frozen=True)
class Fleet:
    """What many requests at once came to.

    Parameters
    ----------
    operation
        ``Create`` or ``Delete``.
    count
        How many requests there were.
    seconds
        From the first request to the last response.
    calls
        Calls of Amazon Connect, by operation, throttled ones included.
    ledger
        Requests to DynamoDB, by method of the store.
    failed
        How many requests were not answered with SUCCESS.
    bound
        The least number of seconds that the throttle allows.
    """

    operation: str
    count: int
    seconds: float
    calls: Counter[str]
    ledger: Counter[str]
    failed: int
    bound: float

    @property
    def ratio(self) -> float:
        """How many times the bound it took; 1 where the throttle sets no bound."""
        return self.seconds / self.bound if self.bound else 1.0

    @property
    def calls_each(self) -> float:
        """Calls of Amazon Connect for each number."""
        return sum(self.calls.values()) / self.count

    @property
    def ledger_each(self) -> float:
        """Requests to DynamoDB for each number."""
        return sum(self.ledger.values()) / self.count


def measure(
    count: int,
    *,
    rate: float = RATE,
    others: float = 0.0,
    make_world: Callable[[Options], World] | None = None,
) -> tuple[Fleet, Fleet]:
    """Create and then delete ``count`` numbers of one stack, all at once.

    Parameters
    ----------
    rate
        Calls a second that Connect admits of each operation.
    others
        Calls a second of each operation that another user of the account takes from that.
    make_world
        Returns the world with the handler that is measured. Default: this project's function.
    """
    settings = Settings(
        quota=2 * count + 10,
        target_limit=2 * count + 10,
        throttling=True,
        throttle_rate=rate - others,
        throttle_burst=BURST,
        claim_seconds=PROVIDING_SECONDS,
    )
    options = Options(emulator=settings)
    world = _our_world(options) if make_world is None else make_world(options)
    stack = world.stack()

    def bound(calls: int) -> float:
        return max(calls - BURST, 0) / (rate - others)

    requests = [stack.begin_create(f"Number{index}", world.number(), hold_at=0) for index in range(count)]
    created = _wait(world, "Create", requests, bound(count) + PROVIDING_SECONDS)
    for request in requests:
        stack.finish_create(request)
    # The throttle's bucket fills again, and CloudFormation is asked about each number.
    world.sleep(600)
    requests = [stack.begin_delete(request.logical_id, hold_at=0) for request in requests if request.succeeded]
    deleted = _wait(world, "Delete", requests, bound(len(requests)))
    return created, deleted


def _our_world(options: Options) -> World:
    return World(options, jitter=Random(1).random)  # noqa: S311 - to be the same each time


def _wait(world: World, operation: str, requests: list[SentRequest], bound: float) -> Fleet:
    began, first = world.timeline.now, len(world.wire.calls)
    for request in requests:
        world.let_go(request)
    world.wait(*requests)
    calls = [call for call in world.wire.calls[first:] if not call.task.startswith("sweep")]
    return Fleet(
        operation,
        len(requests),
        world.timeline.now - began,
        Counter(call.operation for call in calls if call.surface is Surface.CONNECT),
        Counter(call.operation for call in calls if call.surface is Surface.LEDGER),
        sum(not request.succeeded for request in requests),
        bound,
    )
