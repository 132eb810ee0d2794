"""The budget: how many claims and releases Amazon Connect still allows, and what the provider's own claims take of it.

Claims and releases within a rolling 180 days may not exceed 200 % of the quota of phone numbers. Otherwise the account
cannot claim any number until 180 days after the oldest of these releases.
https://docs.aws.amazon.com/connect/latest/APIReference/API_ReleasePhoneNumber.html

Every claim has a footprint: the events that Connect has counted for it, or may count at any moment, and the release
that a number that is held will cost one day. The ledger writes the sum of all footprints in the same transaction as the
claims, so the sum is exact whatever happens to an invocation, and concurrent claims cannot overspend together.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final, Self

from .claim import Claim, ClaimState, Origin, Outcome

WINDOW_DAYS: Final = 181
"""180 days, and one because a claim is counted for the day on which it was opened."""
DEFAULT_QUOTA: Final = 5
"""The documented default of phone numbers per instance.

https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html
"""
_ALLOWED_PERCENT: Final = 200
_DAY_SECONDS: Final = 86_400
COMMITTED: Final = "committed"
"""The events in the window, and a release for each number that is held."""
USED: Final = "used"
"""The events in the window."""
PARKED: Final = "parked"
"""The numbers that are parked. They take no part in the arithmetic."""
POSTPONED: Final = "postponed"
"""The parked numbers whose release the budget has postponed."""
_EVENTS_OF: Final = "d"
"""Begins the name of the attribute with the events of one day."""
_QUOTA_OF: Final = "quota:"
"""Begins the name of the attribute with the quota of one instance."""
_ASKED_OF: Final = "asked:"
"""Begins the name of the attribute with the time at which Service Quotas was asked about an instance."""
_WITHOUT_CLAIM: Final = (Outcome.NEVER_CLAIMED, Outcome.ADOPTION_ROLLED_BACK)
_WITH_RELEASE: Final = (Outcome.RELEASED, Outcome.ALREADY_GONE)
_FIRST_CLAIM_SECONDS: Final = 3600
"""For so long, an instance that Service Quotas was asked about may be without a claim."""
_LOOKED_THROUGH: Final = 2000
"""In how many claims a message looks for those that have used the budget."""
_SHOWN: Final = 3
"""How many users and dates a message lists."""


def day_of(seconds: float) -> int:
    """Return the day of a time, counted from 1970-01-01 in UTC."""
    return int(seconds) // _DAY_SECONDS


def footprint(claim: Claim) -> dict[str, int]:
    """Return what a claim takes of the budget, as the values that it adds to the ledger's sums."""
    days: Counter[int] = Counter()
    held = len(claim.duplicate_arns)
    opened = day_of(claim.opened_at)
    # Each duplicate was claimed, and released or is held.
    days[opened] += len(claim.duplicate_arns) + len(claim.duplicates_released_at)
    days.update(day_of(at) for at in claim.duplicates_released_at)
    is_claiming = claim.specification.origin is not Origin.ADOPTED and not claim.is_inherited
    if claim.state is ClaimState.CLOSED:
        days[opened] += is_claiming and claim.outcome not in _WITHOUT_CLAIM
        days[day_of(claim.closed_at)] += claim.outcome in _WITH_RELEASE
    elif is_claiming:
        # From its opening on, so that a deployment that needs too much is refused before much of it is claimed. Several
        # calls may still succeed, each with a number of its own.
        numbers = {claim.candidate, *(call.phone_number for call in claim.in_flight_calls)} - {""}
        days[opened] += max(len(numbers), 1)
        held += max(len(numbers), 1)
    else:
        # A number of a pool's list is never released.
        held += bool(claim.arn) and not claim.listed_in
    if claim.state is ClaimState.CLOSING and claim.counts_release:
        held -= 1
        days[day_of(claim.due_since)] += 1
    used = days.total()
    sums = {
        COMMITTED: used + held,
        USED: used,
        PARKED: int(claim.state is ClaimState.PARKED),
        POSTPONED: int(claim.state is ClaimState.PARKED and claim.is_postponed),
        **{f"{_EVENTS_OF}{day}": count for day, count in days.items()},
    }
    return {name: value for name, value in sums.items() if value}


@dataclass(frozen=True)
class Policy:
    """What the provider was told about the budget.

    Parameters
    ----------
    quota
        How many numbers the account may hold in the Region. Default: Service Quotas is asked for each instance.
    baseline
        Claims and releases that the ledger does not know, by the date on which they were made.
    reserve
        How many claims and releases a claim must leave. Default: as many as the numbers that are held, and the new one,
        need to be released.
    refuses
        Whether a claim that would leave less is refused. Otherwise there is only a warning. Default ``True``.
    postpone_releases_below
        A release that would leave fewer claims and releases than this is postponed. Default: none is.
    """

    quota: int | None = None
    baseline: Mapping[str, int] = field(default_factory=dict[str, int])
    reserve: int | None = None
    refuses: bool = True
    postpone_releases_below: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the policy that a text of JSON describes. An empty text describes the default."""
        return cls(**json.loads(text)) if text else cls()


@dataclass(frozen=True)
class Budget:
    """The ledger's sums at one moment.

    Parameters
    ----------
    committed
        Claims and releases in the window, and a release for each number that is held.
    used
        Claims and releases in the window.
    by_day
        The same, by day.
    parked
        How many numbers are parked.
    postponed
        How many of them are parked because the budget has postponed their release.
    quotas
        The quotas of phone numbers that Service Quotas has told, by the ARN of the instance.
    asked_at
        When Service Quotas was last asked about an instance, by its ARN.
    day
        The day on which the sums were last brought up to date.
    """

    committed: int = 0
    used: int = 0
    by_day: Mapping[int, int] = field(default_factory=dict[int, int])
    parked: int = 0
    postponed: int = 0
    quotas: Mapping[str, int] = field(default_factory=dict[str, int])
    asked_at: Mapping[str, int] = field(default_factory=dict[str, int])
    day: int = 0
    version: int = 0
    is_spoiled: bool = False
    """Whether the item has something else where numbers should be."""

    @classmethod
    def of(cls, item: Mapping[str, Any] | None) -> Self:
        """Return the budget of the ledger's item. What is no number there counts as absent."""
        known = {name: value for name, value in (item or {}).items() if _is_known(name)}
        numbers = {name: value for name, value in known.items() if isinstance(value, int)}
        days = {name[len(_EVENTS_OF) :]: value for name, value in numbers.items() if name.startswith(_EVENTS_OF)}
        return cls(
            committed=numbers.get(COMMITTED, 0),
            used=numbers.get(USED, 0),
            by_day={int(day): value for day, value in days.items() if day.isdigit()},
            parked=numbers.get(PARKED, 0),
            postponed=numbers.get(POSTPONED, 0),
            quotas=_by_arn(numbers, _QUOTA_OF),
            asked_at=_by_arn(numbers, _ASKED_OF),
            day=numbers.get("day", 0),
            version=numbers.get("version", 0),
            is_spoiled=numbers.keys() != known.keys(),
        )

    @property
    def held(self) -> int:
        """How many numbers are held, or may be held at any moment."""
        return max(self.committed - self.used, 0)

    def without_past(self, today: int) -> Self:
        """Return the budget without the events that no longer count."""
        past = sum(count for day, count in self.by_day.items() if day + WINDOW_DAYS <= today)
        by_day = {day: count for day, count in self.by_day.items() if count and day + WINDOW_DAYS > today}
        return replace(self, committed=self.committed - past, used=self.used - past, by_day=by_day)

    def recounted(self, claims: Iterable[Claim], now: int) -> Self:
        """Return the budget with the sums of these claims, which are all, whatever has happened to the sums before.

        Instances for which there is no claim are forgotten, except those that are about to get their first one.
        """
        sums: Counter[str] = Counter()
        targets: set[str] = set()
        for claim in claims:
            sums.update(footprint(claim))
            targets |= {claim.opening.target_arn, claim.desired.target_arn}
        counted = type(self).of(sums)
        targets |= {arn for arn, time in self.asked_at.items() if time > now - _FIRST_CLAIM_SECONDS}
        quotas = {arn: quota for arn, quota in self.quotas.items() if arn in targets}
        asked_at = {arn: time for arn, time in self.asked_at.items() if arn in targets}
        kept = replace(counted, quotas=quotas, asked_at=asked_at, day=day_of(now), version=self.version)
        return kept.without_past(day_of(now))

    def as_item(self) -> dict[str, int]:
        """Return the attributes of the ledger's item."""
        return {
            COMMITTED: self.committed,
            USED: self.used,
            PARKED: self.parked,
            POSTPONED: self.postponed,
            "day": self.day,
            **{f"{_EVENTS_OF}{day}": count for day, count in self.by_day.items()},
            **{f"{_QUOTA_OF}{instance_arn}": quota for instance_arn, quota in self.quotas.items()},
            **{f"{_ASKED_OF}{instance_arn}": time for instance_arn, time in self.asked_at.items()},
        }


def told_attributes(instance_arn: str, quota: int | None, now: int) -> dict[str, int]:
    """Return the attributes after Service Quotas was asked about an instance: it told a quota, or none."""
    told = {} if quota is None else {f"{_QUOTA_OF}{instance_arn}": quota}
    return {**told, f"{_ASKED_OF}{instance_arn}": now}


def _is_known(name: str) -> bool:
    """Return whether this version knows an attribute. Another version may have added one."""
    is_event = name.startswith(_EVENTS_OF) and name[len(_EVENTS_OF) :].isdigit()
    is_sum = name in (COMMITTED, USED, PARKED, POSTPONED)
    return is_event or is_sum or name in ("day", "version") or name.startswith((_QUOTA_OF, _ASKED_OF))


def _by_arn(numbers: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): value for name, value in numbers.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class Limit:
    """A condition that a claim's write must meet: one of the ledger's sums may not be above a value before it."""

    name: str
    value: int


@dataclass(frozen=True)
class Allowance:
    """The budget, seen with the provider's policy on one day.

    Parameters
    ----------
    claims
        How many numbers are to be claimed.
    """

    budget: Budget
    policy: Policy
    today: int
    claims: int = 1

    @property
    def quota(self) -> int:
        """The quota of phone numbers. Of several instances, the sum."""
        if self.policy.quota is not None:
            return self.policy.quota
        return sum(self.budget.quotas.values()) or DEFAULT_QUOTA

    @property
    def is_estimate(self) -> bool:
        """Whether the quota, or that of an instance, was not told, or cannot be right: more numbers are held."""
        is_told = bool(self.budget.quotas) and self.budget.quotas.keys() >= self.budget.asked_at.keys()
        return self.policy.quota is None and not (is_told and self.budget.held <= self.quota)

    @property
    def allowed(self) -> int:
        """How many claims and releases Connect allows within 180 days."""
        return self.quota * _ALLOWED_PERCENT // 100

    @property
    def baseline(self) -> dict[int, int]:
        """The events that an operator has entered, by day."""
        by_day = {day_of(_midnight(day)): count for day, count in self.policy.baseline.items()}
        return {day: count for day, count in by_day.items() if day + WINDOW_DAYS > self.today}

    @property
    def used(self) -> int:
        """Claims and releases within 180 days."""
        return self.budget.used + sum(self.baseline.values())

    @property
    def left(self) -> int:
        """How many more claims and releases Connect allows today."""
        return max(self.allowed - self.used, 0)

    @property
    def reserve(self) -> int:
        """How many claims and releases the next claims must leave."""
        return self.budget.held + self.claims if self.policy.reserve is None else self.policy.reserve

    @property
    def permits_claim(self) -> bool:
        """Whether the claims leave enough."""
        return self.used + self.claims + self.reserve <= self.allowed

    @property
    def limit(self) -> Limit | None:
        """The condition for the write of the claims, or ``None`` if claims are not limited."""
        if self.is_estimate or not self.policy.refuses:
            return None
        most = self.allowed - sum(self.baseline.values()) - self.claims
        if self.policy.reserve is None:
            return Limit(COMMITTED, most - self.claims)
        return Limit(USED, most - self.policy.reserve)

    @property
    def release_limit(self) -> Limit | None:
        """The condition for the write of one more release, or ``None`` if there is none."""
        if not self.postpones or self.releases_left == 0:
            return None
        return Limit(USED, self.allowed - sum(self.baseline.values()) - self.least_left - 1)

    @property
    def releases_left(self) -> int:
        """How many releases are not postponed."""
        return max(self.left - self.least_left, 0)

    @property
    def least_left(self) -> int:
        """How many claims and releases a release must leave, or it is postponed."""
        below = self.policy.postpone_releases_below or 0
        # What can never be free is not waited for.
        return below if below < self.allowed else 0

    @property
    def postpones(self) -> bool:
        """Whether releases are postponed: the provider was told so, and the quota is no estimate."""
        return self.policy.postpone_releases_below is not None and not self.is_estimate

    @property
    def release_postponed_to(self) -> date | None:
        """The date to which one more release is postponed, or ``None`` if it is not."""
        if not self.postpones or self.releases_left > 0:
            return None
        missing = self.used + 1 + self.least_left - self.allowed
        for day, count in self.returns():
            missing -= count
            if missing <= 0:
                return day
        return None

    def returns(self) -> list[tuple[date, int]]:
        """Return on which dates how many claims and releases are free again, the earliest first."""
        by_day = Counter(self.budget.by_day) + Counter(self.baseline)
        return [(_date_of(day + WINDOW_DAYS), count) for day, count in sorted(by_day.items()) if count > 0]

    @property
    def days_until_more(self) -> int:
        """In how many days the first claims and releases are free again, or 0 if none are used."""
        returns = self.returns()
        return (returns[0][0] - _date_of(self.today)).days if returns else 0

    def refusal(self, region: str, claims: Iterable[Claim]) -> str:
        """Return why no number is claimed, for the person who deploys."""
        source = "as the provider was told" if self.policy.quota is not None else "according to Service Quotas"
        reserved = f"a reserve of {self.reserve}"
        if self.policy.reserve is None:
            new = "this number" if self.claims == 1 else "these numbers"
            reserved = f"{self.reserve} releases, of {new} and of those that are held"
        more = "One more" if self.claims == 1 else f"{self.claims} more"
        return (
            f"No number is claimed, so that the account is not blocked from claiming numbers in {region}: Amazon "
            f"Connect allows {self.allowed} claims and releases in 180 days (200 % of the quota of {self.quota} phone "
            f"numbers, {source}). {self.used} are used{self._by_whom(claims)}. {more}, and {reserved}, would exceed "
            f"that. {self._when_free()} Or ask for a higher quota, or let the provider's budget only warn."
        )

    def _by_whom(self, claims: Iterable[Claim]) -> str:
        users: Counter[str] = Counter()
        for claim in islice(claims, _LOOKED_THROUGH):
            events = Budget.of(footprint(claim)).without_past(self.today)
            users[claim.resource.stack_name] += max(events.used, 0)
        users = +users
        listed = [f"{count} by stack {name}" for name, count in users.most_common(_SHOWN)]
        others = self.used - sum(count for _, count in users.most_common(_SHOWN))
        if others > 0:
            listed.append(f"{others} by others")
        return f" ({', '.join(listed)})" if listed else ""

    def _when_free(self) -> str:
        listed = [f"{count} on {day}" for day, count in self.returns()[:_SHOWN]]
        return (
            f"Deploy again when more are free: {', '.join(listed)}."
            if listed
            else "To wait does not help: none is used."
        )


def _midnight(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _date_of(day: int) -> date:
    return datetime.fromtimestamp(day * _DAY_SECONDS, UTC).date()
