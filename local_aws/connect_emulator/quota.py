"""The 200 % rule: how many claims and releases an account may make in 180 days.

https://docs.aws.amazon.com/connect/latest/APIReference/API_ReleasePhoneNumber.html states the rule: claims and
releases within a rolling 180 days that *exceed* 200 % of the quota block further claims until 180 days after the
oldest release. The emulator counts both in a sliding window. It refuses a claim while the count is above twice the
quota, but never refuses a release. A claim counts when it is accepted, even if it ends FAILED later. A refused claim
counts only if ``Settings.refused_claims_count`` is set.
"""

from collections import deque
from dataclasses import dataclass, field

from .settings import Settings
from .state import Scope


@dataclass
class _Account:
    quota: int | None = None
    events: deque[float] = field(default_factory=deque[float])


class Quotas:
    """The quota of each account and Region, and how much of its 200 % is used."""

    def __init__(self) -> None:
        self._accounts: dict[Scope, _Account] = {}

    def set(self, scope: Scope, quota: int) -> None:
        """Set a quota for one account and Region, which replaces ``Settings.quota``."""
        self._account(scope).quota = quota

    def quota(self, scope: Scope, settings: Settings) -> int:
        """Return how many numbers the account may hold in the Region."""
        own = self._account(scope).quota
        return settings.quota if own is None else own

    def record(self, scope: Scope, now: float) -> None:
        """Count one claim or one release."""
        self._account(scope).events.append(now)

    def used(self, scope: Scope, now: float, settings: Settings) -> int:
        """Return the count of claims and releases in the rolling period."""
        events = self._account(scope).events
        while events and events[0] <= now - settings.rolling_seconds:
            events.popleft()
        return len(events)

    def is_blocked(self, scope: Scope, now: float, settings: Settings) -> bool:
        """Return whether claims are refused."""
        return self.used(scope, now, settings) > 2 * self.quota(scope, settings)

    def _account(self, scope: Scope) -> _Account:
        return self._accounts.setdefault(scope, _Account())
