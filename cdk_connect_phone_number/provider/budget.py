"""What a provider is told about the account's budget of claims and releases."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from constructs import IConstruct

from ..properties import refuse


@dataclass(frozen=True, kw_only=True)
class PhoneNumberBudget:
    """The budget of claims and releases, of which Amazon Connect allows 200 % of the quota in 180 days.

    Above that, an account cannot claim any number until 180 days after the oldest of these releases. The
    provider counts its own claims and releases, and refuses a claim that would not leave enough. It never
    refuses a release, but it can postpone it.
    https://docs.aws.amazon.com/connect/latest/APIReference/API_ReleasePhoneNumber.html

    Parameters
    ----------
    quota : int, optional
        How many phone numbers the account may hold in the Region. By default, the provider asks Service
        Quotas for each instance for which it claims a number, once a day, and adds the quotas up. As long
        as Service Quotas does not tell, or tells less than is held, the provider only warns.
    baseline : Mapping[datetime.date, int], optional
        Claims and releases that the provider does not know, for example from before it was deployed: how
        many there were on each date. They count for 180 days.
    reserve : int, optional
        How many claims and releases a claim must leave. By default, as many as are needed to release all
        numbers that the provider holds, the new one included.
    refuses : bool, default True
        Refuse a claim that would leave less than the reserve. With ``False``, there is only a warning in
        the function's log.
    postpone_releases_below : int, optional
        Postpone a release that would leave fewer claims and releases than this. The deletion succeeds, and the
        number is parked until enough are free again; if its resource is created again until then, it gets the
        number back. By default, and as long as the quota is not certain, no release is postponed.
    """

    quota: int | None = None
    baseline: Mapping[date, int] = field(default_factory=dict[date, int])
    reserve: int | None = None
    refuses: bool = True
    postpone_releases_below: int | None = None

    def to_environment(self, scope: IConstruct) -> str:
        """Return the value of the function's environment variable.

        Raises
        ------
        ValueError
            If a value cannot be right. The message contains the construct's path, the property, and what to do.
        """
        if self.quota is not None and self.quota < 1:
            refuse(scope, f"budget: quota must be at least 1, but is {self.quota}. Leave it out to ask Service Quotas.")
        if self.reserve is not None and self.reserve < 0:
            refuse(scope, f"budget: reserve must not be negative, but is {self.reserve}.")
        below = self.postpone_releases_below
        if below is not None and below < 1:
            refuse(scope, f"budget: postpone_releases_below must be at least 1, but is {below}. Or leave it out.")
        if below is not None and self.quota is not None and below >= 2 * self.quota:
            refuse(
                scope,
                f"budget: postpone_releases_below must be less than {2 * self.quota}, which is all that a quota of "
                f"{self.quota} allows, but is {below}.",
            )
        for day, count in self.baseline.items():
            if count < 0:
                refuse(scope, f"budget: baseline must not be negative, but is {count} for {day}.")
        policy = {
            "quota": self.quota,
            "baseline": {day.isoformat(): count for day, count in sorted(self.baseline.items())},
            "reserve": self.reserve,
            "refuses": self.refuses,
            **({} if below is None else {"postpone_releases_below": below}),
        }
        return json.dumps(policy, sort_keys=True)
