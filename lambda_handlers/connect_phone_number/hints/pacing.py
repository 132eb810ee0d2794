"""When the next call of a throttled operation is due, for all invocations together.

Amazon Connect admits two calls a second of an operation, and five at once. Invocations that back off each on its own
make most of their calls in vain. So each takes a ticket from an item that all share, and its call is due when the
tickets before it have had their turn. The interval between two turns is learned: shorter while no call is throttled,
longer when one is.

All of this is a hint. A ticket that is lost, an item that is wrong, or a clock that differs by a minute makes an
invocation call too early or too late, which Connect or time corrects. Nothing else depends on it.
https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html#connect-api-quotas
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ..ledger.store import Item, Key
from ..ledger.update import Attribute, Comparison, Condition, Sum, Update
from .hint import Hints

PACED: Final = frozenset({"ClaimPhoneNumber", "ReleasePhoneNumber"})
"""The operations that take turns. Others follow on these, or are rare."""
FIRST_INTERVAL_MS: Final = 500
_SHORTEST_INTERVAL_MS: Final = 40
_LONGEST_INTERVAL_MS: Final = 10_000
_BURST: Final = 5
"""How many calls Connect admits at once after a pause."""
_CREDIT: Final = _BURST - 2
"""How many turns come early after a pause, besides the first one: one call is left to others."""
_FIRST_PROBE: Final = 5
"""After so many turns without a throttled call the interval is shortened."""
_LATER_PROBE: Final = 40
"""After so many, where Connect has shown how much it admits."""
_SHORT_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 600.0
"""An item that says more than this is wrong."""
_LONGEST_PART: Final = 0.75
"""Nor is a turn waited for longer than this part of the time that is left."""
_PROVIDING: Final = "ClaimPhoneNumber"
"""The item of this operation also says how long Connect takes to provide a number."""
_LONGEST_PROVIDING_MS: Final = 10_000
_PROVIDING_TOLERANCE_SECONDS: Final = 0.1
_EARLIER: Final = 0.7
"""The part of the usual time after which the first invocation looks."""


@dataclass(frozen=True)
class _Schedule:
    """What the item of an operation says.

    Parameters
    ----------
    tickets
        How many were taken.
    base_ticket, base_at
        The turn of ticket ``base_ticket + 1`` is at ``base_at``, in milliseconds since the epoch.
    credit
        How many more tickets have their turn at ``base_at``.
    interval
        Milliseconds between two turns.
    mark_ticket, mark_at
        When Connect last had no call left to admit, and which ticket had its turn then. After a pause it admits some at
        once, so the mark is that many tickets ahead.
    probe
        How many turns without a throttled call it takes until a shorter interval is tried.
    """

    tickets: int
    base_ticket: int
    base_at: int
    credit: int
    interval: int
    mark_ticket: int
    mark_at: int
    probe: int

    @classmethod
    def of(cls, item: Item) -> "_Schedule":
        interval = int(item.get("interval_ms", FIRST_INTERVAL_MS))
        interval = min(_LONGEST_INTERVAL_MS, max(_SHORTEST_INTERVAL_MS, interval))
        return cls(
            tickets=int(item.get("tickets", 0)),
            base_ticket=int(item.get("base_ticket", 0)),
            base_at=int(item.get("base_at", 0)),
            credit=int(item.get("credit", 0)),
            interval=interval,
            mark_ticket=int(item.get("mark_ticket", 0)),
            mark_at=int(item.get("mark_at", 0)),
            probe=int(item.get("probe", _FIRST_PROBE)),
        )

    def due(self, ticket: int) -> int:
        """Return when a ticket's turn is, in milliseconds since the epoch."""
        return self.base_at + max(0, ticket - self.base_ticket - 1 - self.credit) * self.interval

    def served(self, now: int) -> int:
        """Return the latest ticket whose turn has come."""
        turns = 1 + self.credit + (now - self.base_at) // self.interval if now >= self.base_at else 0
        return min(self.tickets, self.base_ticket + turns)


class Pacing:
    """The turns of one invocation."""

    def __init__(self, hints: Hints) -> None:
        self._timing = hints.timing
        self._hints = hints
        self._held: dict[str, tuple[int, _Schedule]] = {}
        self._leads: dict[str, str] = {}
        self._given_up: set[str] = set()
        self._providing_ms: int | None = None
        self.is_first = False
        """Whether no other invocation claims at present, as far as that is known."""

    @property
    def is_available(self) -> bool:
        """Whether hints can be read and written."""
        return self._hints.is_available

    def wait_for_turn(self, operation: str) -> None:
        """Wait until the next call of the operation is due.

        That is at once where its turn is held already, where nothing is known about it, and where the wait for it was
        given up.
        """
        operation = self._leads.get(operation, operation)
        if operation not in PACED or operation in self._held or operation in self._given_up:
            return
        taken = self._take(operation)
        if taken is None:
            return
        ticket, schedule = taken
        now = self._timing.clock()
        latest = now + min(_LONGEST_WAIT_SECONDS, self._timing.left() * _LONGEST_PART)
        if schedule.due(ticket) / 1000 > now + _LONGEST_WAIT_SECONDS:
            # Wrong, or the tickets of many invocations that are gone.
            self._change(operation, schedule, FIRST_INTERVAL_MS, _LATER_PROBE, is_empty=True)
            schedule = self._read(operation) or schedule
        while True:
            now = self._timing.clock()
            wait = schedule.due(ticket) / 1000 - now
            if wait <= 0:
                self._held[operation] = ticket, schedule
                return
            if now >= latest:
                self._given_up.add(operation)
                return
            # A turn that is far off may come sooner meanwhile, but not in a third of the time.
            pause = wait if wait <= _SHORT_WAIT_SECONDS else max(_SHORT_WAIT_SECONDS, wait / 3)
            self._timing.sleep(min(pause, latest - now), f"waiting for the turn to call {operation}")
            schedule = self._read(operation) or schedule

    @contextmanager
    def leading(self, operation: str, follower: str) -> Generator[None]:
        """Let calls of ``follower`` have the turns of ``operation``, with which they are made together."""
        self._leads[follower] = operation
        try:
            yield
        finally:
            del self._leads[follower]

    def used(self, operation: str) -> None:
        """Take note that the call was made and not throttled; try a shorter interval where none was for a while."""
        self._given_up.discard(operation)
        held = self._held.pop(operation, None)
        if held is None or held[0] % _FIRST_PROBE:
            return
        schedule = self._read(operation)
        if schedule is None or held[0] - schedule.base_ticket < schedule.probe:
            return
        shorter = max(_SHORTEST_INTERVAL_MS, schedule.interval * 7 // 10)
        if shorter < schedule.interval:
            self._change(operation, schedule, shorter, schedule.probe, is_empty=False)

    def after_error(self, operation: str, *, is_throttled: bool) -> bool:
        """Take note that the call has failed; return whether its next turn is to be waited for, and nothing else."""
        if operation in self._leads and not is_throttled:
            # The turn is still that of the operation that leads.
            return False
        operation = self._leads.get(operation, operation)
        self._given_up.discard(operation)
        held = self._held.pop(operation, None)
        if held is None or not is_throttled:
            return False
        schedule = self._read(operation)
        if schedule is None:
            return False
        if schedule.base_at == held[1].base_at:
            now = int(self._timing.clock() * 1000)
            # What Connect admitted since it had nothing left is what it admits.
            # Part of the next call may have been admitted, too.
            admitted = 2 * (now - schedule.mark_at) // max(1, 2 * (held[0] - schedule.mark_ticket) - 1)
            longer = min(max(admitted, schedule.interval * 11 // 10), schedule.interval * 2, _LONGEST_INTERVAL_MS)
            self._change(operation, schedule, longer, _LATER_PROBE, is_empty=True)
        # Else it was the schedule before this one that was too fast.
        return True

    def providing_seconds(self) -> float | None:
        """Return when to look at a number first, in seconds after its claim; ``None`` where that is not known.

        The first invocation after a pause looks earlier than the others: Connect may have become faster, and there are
        calls left for looks that come too early.
        """
        if self._providing_ms is None and not self.is_first:
            self._read(_PROVIDING)
        if self._providing_ms is None:
            return None
        return self._providing_ms / 1000 * (_EARLIER if self.is_first else 1)

    def provided_after(self, seconds: float, *, is_exact: bool) -> None:
        """Take note of how long Connect took to provide a number, as far as that is news.

        Parameters
        ----------
        is_exact
            Whether an earlier look came too early. Else Connect may have been faster, or the look was late.
        """
        known = None if self._providing_ms is None else self._providing_ms / 1000
        if not is_exact and (known is None or seconds > known):
            return
        if known is None or abs(known - seconds) > _PROVIDING_TOLERANCE_SECONDS:
            update = Update({"providing_ms": int(seconds * 1000)})
            self._hints.update(_key(_PROVIDING), update, _ignore)

    def _take(self, operation: str) -> tuple[int, _Schedule] | None:
        now = int(self._timing.clock() * 1000)
        interval, tickets = Attribute("interval_ms", FIRST_INTERVAL_MS), Attribute("tickets")
        after_pause = Update(
            {
                "tickets": Sum(tickets, 1),
                "base_ticket": tickets,
                "base_at": now,
                "credit": _CREDIT,
                "mark_ticket": Sum(tickets, _BURST),
                "mark_at": now,
                "probe": _FIRST_PROBE,
                "interval_ms": interval,
                "busy_until": Sum(interval, now),
            },
            Condition("busy_until", Comparison.LESS, now, holds_if_absent=True),
        )
        in_line = Update(
            {"tickets": Sum(tickets, 1), "busy_until": Sum(Attribute("busy_until"), interval)},
            Condition("busy_until", Comparison.NOT_LESS, now),
        )
        # Whichever does not hold now may hold in a moment: somebody else takes a ticket, or time passes.
        for update in (after_pause, in_line, after_pause):
            schedule = self._hints.update(_key(operation), update, lambda item: self._seen(operation, item))
            if schedule is not None:
                self.is_first = update is after_pause
                return schedule.tickets, schedule
        return None

    def _read(self, operation: str) -> _Schedule | None:
        return self._hints.get(_key(operation), lambda item: self._seen(operation, item))

    def _seen(self, operation: str, item: Item) -> _Schedule:
        if operation == _PROVIDING:
            providing = item.get("providing_ms")
            self._providing_ms = None if providing is None else min(int(providing), _LONGEST_PROVIDING_MS)
        return _Schedule.of(item)

    def _change(self, operation: str, old: _Schedule, interval: int, probe: int, *, is_empty: bool) -> None:
        """Start a new schedule for the tickets whose turn has not come, unless another invocation has done so."""
        now = int(self._timing.clock() * 1000)
        served = old.served(now)
        # After a throttled call a little more than one turn, so that Connect is a call ahead.
        base_at = now + (interval * 2 if is_empty else interval)
        update = Update(
            {
                "base_ticket": served,
                "base_at": base_at,
                "credit": 0,
                "interval_ms": interval,
                "mark_ticket": served if is_empty else old.mark_ticket,
                "mark_at": now if is_empty else old.mark_at,
                "probe": probe,
                "busy_until": base_at + (old.tickets - served) * interval,
            },
            Condition("base_at", Comparison.EQUAL, old.base_at),
        )
        self._hints.update(_key(operation), update, _ignore)


def _ignore(_: Item) -> None:
    pass


def _key(operation: str) -> Key:
    return f"PACE#{operation}", "PACE"
