"""Time, as the function has it: a clock, a way to wait, and two limits.

The first limit is the invocation's: Lambda ends it. Near it the function stops in order, and Lambda's redelivery goes
on from there. The second is the request's: after it CloudFormation no longer listens.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

INVOCATION_MARGIN_SECONDS: Final = 20
"""What is kept of an invocation's time to write down and answer."""


class NotFinished(Exception):
    """The invocation's time is used up. Lambda delivers the event again, and the work goes on."""


class TimedOut(Exception):
    """CloudFormation's time-out is about to end: the request must be answered now."""


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
        When CloudFormation stops listening, or ``None`` where nobody listens.
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

    @contextmanager
    def limited(self, seconds: float) -> Generator[None]:
        """Give what is done in this context at most so many seconds of the invocation."""
        whole = self.invocation_deadline
        self.invocation_deadline = min(whole, self.clock() + seconds + INVOCATION_MARGIN_SECONDS)
        try:
            yield
        finally:
            self.invocation_deadline = whole

    def sleep(self, seconds: float, problem: str = "") -> None:
        """Wait, unless a limit would pass meanwhile.

        Raises
        ------
        NotFinished
            The invocation would end first.
        TimedOut
            CloudFormation would stop listening first; the message is ``trouble``.
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
