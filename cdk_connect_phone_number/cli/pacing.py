"""The pace of the calls to Amazon Connect, which throttles each operation per account and Region.

By default, it accepts 2 requests per second and a burst of 5.
https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html
"""

from collections.abc import Callable
from typing import Final

RATE: Final = 2.0
"""Requests per second to one operation."""
BURST: Final = 5
"""Requests to one operation that are accepted at once."""
_MARGIN_SECONDS: Final = 0.001
"""Added to each pause, because two clocks never agree to the last digit."""
_LONGEST_PAUSE_SECONDS: Final = 20.0


class Pacer:
    """Delays calls so that Connect does not throttle them. One for each account and Region.

    Parameters
    ----------
    clock
        Returns the time in seconds.
    sleep
        Waits for a number of seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        rate: float = RATE,
        burst: int = BURST,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._rate = rate
        self._burst = float(burst)
        self._buckets: dict[str, tuple[float, float]] = {}
        """How many requests each operation accepts, and since when."""

    def wait(self, operation: str) -> None:
        """Wait until Connect accepts another request to an operation, and count the request."""
        while (tokens := self._tokens(operation)) < 1:
            self._sleep((1 - tokens) / self._rate + _MARGIN_SECONDS)
        self._buckets[operation] = (tokens - 1, self._clock())

    def back_off(self, operation: str, retry: int) -> None:
        """Wait after Connect has throttled a request: somebody else uses the operation, too.

        Parameters
        ----------
        retry
            How often the request was throttled before. Each pause is twice as long as the one before.
        """
        self._sleep(min(2.0**retry, _LONGEST_PAUSE_SECONDS))
        self._buckets[operation] = (1.0, self._clock())

    def _tokens(self, operation: str) -> float:
        tokens, since = self._buckets.get(operation, (self._burst, self._clock()))
        return min(self._burst, tokens + (self._clock() - since) * self._rate)
