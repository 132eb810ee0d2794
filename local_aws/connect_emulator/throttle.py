"""Limits the requests per second to each operation, per account and Region."""

from .settings import Settings
from .state import Scope


class Throttle:
    """A token bucket for each operation in each account and Region."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[Scope, str], tuple[float, float]] = {}

    def admits(self, scope: Scope, operation: str, now: float, settings: Settings) -> bool:
        """Count a request, and return whether it may pass."""
        burst = float(settings.throttle_burst)
        tokens, since = self._buckets.get((scope, operation), (burst, now))
        tokens = min(burst, tokens + (now - since) * settings.throttle_rate)
        admitted = tokens >= 1
        self._buckets[scope, operation] = (tokens - 1 if admitted else tokens, now)
        return admitted
