"""The budget in use: the look before a claim, and the daily care for the ledger's sums."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final

from .. import rules
from ..budget import Allowance, Budget, day_of, footprint
from ..claim import Claim, ClaimState
from ..ledger.store import Conflict
from ..timing import date_of
from .context import Invocation

_ASKED_AGAIN_SECONDS: Final = 300
"""How soon Service Quotas is asked again if it did not tell."""
_RECOUNTS: Final = 3
"""How many times all claims are counted anew if some of them change meanwhile."""


def allowance_for_claim(invocation: Invocation, target_arn: str, claims: int = 1) -> Allowance:
    """Return the allowance on which new claims for a target depend."""
    today = day_of(invocation.timing.now())
    budget = _readable(invocation)
    if _is_to_be_asked(invocation, budget, target_arn):
        _ask_for_quota(invocation, target_arn)
        budget = invocation.ledger.budget()
    if budget.day == 0 and _allowance(invocation, budget, today).limit is not None:
        # The claims were never counted, as those of a version of the function that did not count.
        counted = _recount(invocation)
        budget = budget if counted is None else counted[0]
    return replace(_up_to_date(invocation, budget), claims=claims)


def allowance_for_release(invocation: Invocation) -> Allowance | None:
    """Return the allowance on which a release depends, or ``None`` if the provider was not told to postpone any."""
    if invocation.budget.postpone_releases_below is None:
        return None
    return _up_to_date(invocation, _readable(invocation))


def postponed_to(allowance: Allowance | None) -> int:
    """Return the time to which a release is postponed, or 0 if it is not."""
    date = None if allowance is None else allowance.release_postponed_to
    return 0 if date is None else int(datetime.combine(date, time(), UTC).timestamp())


def _up_to_date(invocation: Invocation, budget: Budget) -> Allowance:
    """Return the allowance, after the sums of the ledger have been brought up to date."""
    today = day_of(invocation.timing.now())
    while (current := budget.without_past(today)).used != budget.used:
        with suppress(Conflict):
            invocation.ledger.save_budget(current)
        budget = invocation.ledger.budget()
    return _allowance(invocation, budget, today)


def problem_of_claim(invocation: Invocation, allowance: Allowance) -> str:
    """Return why the numbers must not be claimed now, or an empty text."""
    if allowance.permits_claim:
        return ""
    if allowance.limit is None:
        invocation.log.warning(
            "claim exceeds the budget",
            used=allowance.used,
            allowed=allowance.allowed,
            quota_is_an_estimate=allowance.is_estimate,
        )
        return ""
    return allowance.refusal(invocation.scope.region, invocation.ledger.all_claims())


def releases_left(invocation: Invocation) -> int | None:
    """Return how many releases that nobody waits for the budget allows, or ``None`` if that is not known."""
    today = day_of(invocation.timing.now())
    allowance = _allowance(invocation, _readable(invocation).without_past(today), today)
    return None if allowance.is_estimate else allowance.releases_left


def care_for_budget(invocation: Invocation) -> None:
    """Once a day, count all claims anew, ask for the quotas, and publish the metrics."""
    today = day_of(invocation.timing.now())
    budget = _readable(invocation)
    if budget.day >= today:
        return
    recounted = _recount(invocation)
    if recounted is None:
        return
    counted, claims = recounted
    if invocation.budget.quota is None and counted.asked_at:
        for instance_arn in counted.asked_at:
            _ask_for_quota(invocation, instance_arn)
        counted = invocation.ledger.budget()
    allowance = _allowance(invocation, counted, today)
    for claim in claims:
        if claim.state is ClaimState.PARKED and claim.is_postponed:
            invocation.log.info("release is postponed", number=claim.phone_number, until=date_of(claim.parked_until))
    _log_by_target(invocation, claims, today)
    provider_id = invocation.scope.provider_id
    invocation.log.findings(
        provider_id,
        # The claim that adopts another resource's number has the same ARN for a moment.
        NumbersHeld=len({arn for claim in claims for arn in claim.held_arns}),
        ParkedNumbers=allowance.budget.parked,
        ReleasesPostponed=allowance.budget.postponed,
        BudgetUsed=allowance.used,
        BudgetDaysUntilMore=allowance.days_until_more,
    )
    if allowance.used and not allowance.is_estimate:
        percent = 100 * allowance.used // max(allowance.allowed, 1)
        invocation.log.metrics(provider_id, BudgetLeft=allowance.left, BudgetUsedPercent=percent)


def _log_by_target(invocation: Invocation, claims: Iterable[Claim], today: int) -> None:
    """Log what each instance and traffic distribution group holds and has used."""
    budgets: dict[str, Budget] = {}
    for claim in claims:
        target_arn = claim.opening.target_arn
        before = budgets.get(target_arn, Budget())
        own = Budget.of(footprint(claim)).without_past(today)
        budgets[target_arn] = Budget(committed=before.committed + own.committed, used=before.used + own.used)
    for target_arn, budget in sorted(budgets.items()):
        invocation.log.info("budget of an instance", target=target_arn, held=budget.held, used=budget.used)


def _readable(invocation: Invocation) -> Budget:
    """Return the sums. If somebody has changed them to what are no numbers, all claims are counted anew first."""
    budget = invocation.ledger.budget()
    if not budget.is_spoiled:
        return budget
    invocation.log.warning("the sums of the budget are spoiled, so the claims are counted anew")
    cleared = invocation.ledger.clear_budget()
    counted = _recount(invocation)
    return cleared if counted is None else counted[0]


def _recount(invocation: Invocation) -> tuple[Budget, list[Claim]] | None:
    """Bring the sums right whatever has happened to them, and return them with the claims that they are the sums of.

    ``None`` means that claims have changed meanwhile.

    Every change of a claim's footprint changes the sums, and so their version. What is written on the condition of that
    version is therefore the sum of all claims.
    """
    for _ in range(_RECOUNTS):
        before = invocation.ledger.budget()
        claims = list(invocation.ledger.all_claims())
        try:
            stale = [claim for claim in claims if claim.counted != footprint(claim)]
            for claim in stale:
                # Written by a version of the function that does not count, or restored.
                invocation.ledger.save(claim)
            if stale:
                before = invocation.ledger.budget()
                claims = list(invocation.ledger.all_claims())
            counted = before.recounted(claims, invocation.timing.now())
            invocation.ledger.save_budget(counted)
        except Conflict:
            continue
        return counted, claims
    return None


def _allowance(invocation: Invocation, budget: Budget, today: int) -> Allowance:
    return Allowance(budget, invocation.budget, today)


def _is_to_be_asked(invocation: Invocation, budget: Budget, target_arn: str) -> bool:
    if invocation.quotas is None or invocation.budget.quota is not None or target_arn in budget.quotas:
        return False
    if rules.instance_id_of(target_arn) is None:
        return False
    return invocation.timing.now() - budget.asked_at.get(target_arn, 0) >= _ASKED_AGAIN_SECONDS


def _ask_for_quota(invocation: Invocation, instance_arn: str) -> None:
    if invocation.quotas is not None:
        invocation.ledger.save_quota(instance_arn, invocation.quotas.phone_numbers(instance_arn))
