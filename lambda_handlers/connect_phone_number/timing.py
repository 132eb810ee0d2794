"""The time of an invocation: a clock, a way to wait, and two limits.

The first limit is that of the invocation, when Lambda ends it. Shortly before this limit the function stops in an
orderly way, and Lambda's redelivery continues the work. The second limit is that of the request, when CloudFormation
stops waiting for the response.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

INVOCATION_MARGIN_SECONDS: Final = 20
"""The part of an invocation's time that is reserved for writing to the ledger and responding."""


def date_of(seconds: float) -> str:
    """Return a time for people and tags, for example ``2026-12-03T10:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class NotFinished(Exception):
    """The invocation's time is used up. Lambda delivers the event again, and the work continues."""


class TimedOut(Exception):
    """CloudFormation's timeout is about to expire. The function must respond to the request now."""


@dataclass
class Timing:
    """The time of one invocation.

    Parameters
    ----------
    clock
        Returns the time in seconds since the epoch.
    pause
        Waits for a number of seconds.
    invocation_deadline
        When Lambda ends this invocation, in seconds since the epoch.
    request_deadline
        When CloudFormation stops waiting for the response, or ``None`` if there is no such limit.
    jitter
        Returns a number from 0 to 1, so that parallel invocations do not wait in step.
    """

    clock: Callable[[], float]
    pause: Callable[[float], None]
    invocation_deadline: float
    jitter: Callable[[], float]
    request_deadline: float | None = None

    def now(self) -> int:
        """Return the time in whole seconds since the epoch."""
        return int(self.clock())

    def remaining(self) -> float:
        """Return how many seconds this invocation may still work."""
        return self.invocation_deadline - INVOCATION_MARGIN_SECONDS - self.clock()

    def left(self) -> float:
        """Return how many seconds are left of this invocation, or of the request where that ends first."""
        if self.request_deadline is None:
            return self.remaining()
        return min(self.remaining(), self.request_deadline - self.clock())

    @contextmanager
    def limited(self, seconds: float) -> Generator[None]:
        """Limit the code in this context to ``seconds`` of the invocation's time."""
        whole = self.invocation_deadline
        self.invocation_deadline = min(whole, self.clock() + seconds + INVOCATION_MARGIN_SECONDS)
        try:
            yield
        finally:
            self.invocation_deadline = whole

    def sleep(self, seconds: float, problem: str = "") -> None:
        """Wait, unless a limit would be reached in the meantime.

        Raises
        ------
        NotFinished
            The invocation would end first.
        TimedOut
            CloudFormation would stop waiting first. The message is ``problem``.
        """
        wakes_at = self.clock() + seconds
        if self.request_deadline is not None and wakes_at >= self.request_deadline:
            raise TimedOut(problem)
        if wakes_at >= self.invocation_deadline - INVOCATION_MARGIN_SECONDS:
            raise NotFinished(problem or "out of time")
        self.pause(seconds)

    def backoff(self, retry: int, problem: str, longest: float = 20.0) -> None:
        """Wait before the next retry: twice as long each time, with jitter."""
        longest_now = min(longest, 2.0 ** min(retry, 10))
        self.sleep(longest_now * (0.5 + 0.5 * self.jitter()), problem)
