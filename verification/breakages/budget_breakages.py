"""Breakages of the budget: what is counted, what is given back, what stops a claim, and what brings the sums right."""

from typing import Final

from .breakage import UNIT_TESTS, Breakage, Hunt, Patch

_BUDGET: Final = "budget.py"
_BUDGETING: Final = "lifecycle/budgeting.py"
_DECISION: Final = "lifecycle/decision.py"
_RECOUNT: Final = "counted = before.recounted(claims, invocation.timing.now())"

BUDGET: Final = (
    Breakage(
        "claims are not counted",
        (Patch(_BUDGET, "        days[opened] += max(len(numbers), 1)\n", ""),),
        (Hunt("S24 *"),),
    ),
    Breakage(
        "releases are not counted",
        (Patch(_BUDGET, "        days[day_of(claim.closed_at)] += claim.outcome in _WITH_RELEASE\n", ""),),
        (Hunt("S1 create, delete"),),
    ),
    Breakage(
        "what was not claimed is not given back",
        (
            Patch(
                _BUDGET,
                "days[opened] += is_claiming and claim.outcome not in _WITHOUT_CLAIM",
                "days[opened] += is_claiming",
            ),
        ),
        (Hunt("S5 no numbers"), Hunt("S34 enough for one, canceled at step *")),
    ),
    Breakage(
        "no release is kept for a number that is held",
        (Patch(_BUDGET, "        held += max(len(numbers), 1)\n", ""),),
        (Hunt("S34 *"),),
    ),
    Breakage(
        "duplicates are not counted",
        (Patch(_BUDGET, "len(claim.duplicate_arns) + len(claim.duplicates_released_at)", "0"),),
        unit_tests=(f"{UNIT_TESTS}/test_budget.py",),
    ),
    Breakage(
        "a number that was moved is counted twice",
        (Patch(_BUDGET, " and not claim.is_inherited", ""),),
        (Hunt("S29 *"),),
    ),
    Breakage(
        "claims that overlap overspend together",
        (Patch(_DECISION, "save(entry, *entries, limit=decision.limit)", "save(entry, *entries)"),),
        (Hunt("S34 enough for one, three creations at once"),),
    ),
    Breakage(
        "nobody looks at the budget before a claim",
        (
            Patch(_BUDGETING, "    if allowance.permits_claim:\n", "    if allowance:\n"),
            Patch(_BUDGET, "        if self.is_estimate or not self.policy.refuses:\n", "        if self:\n"),
        ),
        (Hunt("S34 a reserve of ten"),),
    ),
    Breakage(
        "what an operator has entered does not count",
        (
            Patch(
                _BUDGET,
                "return {day: count for day, count in by_day.items() if day + WINDOW_DAYS > self.today}",
                "return {}",
            ),
        ),
        (Hunt("S34 used up by others"),),
    ),
    Breakage(
        "an event counts for ever",
        (Patch(_BUDGET, "WINDOW_DAYS: Final = 181", "WINDOW_DAYS: Final = 18_100"),),
        (Hunt("S34 used up, and free again after 180 days"),),
    ),
    Breakage(
        "an event counts for a month",
        (Patch(_BUDGET, "WINDOW_DAYS: Final = 181", "WINDOW_DAYS: Final = 31"),),
        unit_tests=(f"{UNIT_TESTS}/test_budget.py",),
    ),
    Breakage(
        "what the version before has claimed is not counted",
        (
            Patch(_BUDGETING, _RECOUNT, "counted = before"),
            Patch(_BUDGETING, "if claim.counted != footprint(claim)]", "if not claim and footprint]"),
        ),
        (Hunt("S34 a ledger that did not count"),),
    ),
    Breakage(
        "what the version before has claimed is counted only by the next sweep",
        (Patch(_BUDGETING, "    if budget.day == 0 and _allowance", "    if budget.day < 0 and _allowance"),),
        (Hunt("S34 a ledger that did not count, before any sweep"),),
    ),
    Breakage(
        "sums that were lost stay lost",
        (Patch(_BUDGETING, _RECOUNT, "counted = before"),),
        (Hunt("S34 the sums are lost"),),
    ),
    Breakage(
        "what another version has dropped is counted twice",
        (Patch(_BUDGETING, _RECOUNT, "counted = before"),),
        (Hunt("S34 an old version writes in between"),),
    ),
    Breakage(
        "sums that were spoiled stop a deletion",
        (Patch("ledger/ledger.py", "except InvalidChange:", "except ZeroDivisionError:"),),
        (Hunt("S34 the sums are spoiled, then a deletion"),),
    ),
    Breakage(
        "sums that were spoiled stop a creation",
        (Patch(_BUDGETING, "    if not budget.is_spoiled:\n", "    if budget:\n"),),
        (Hunt("S34 the sums are spoiled, then a creation"),),
    ),
    Breakage(
        "a quota that is not told any more is forgotten",
        (
            Patch(
                _BUDGET,
                'told = {} if quota is None else {f"{_QUOTA_OF}{instance_arn}": quota}',
                'told = {f"{_QUOTA_OF}{instance_arn}": quota or 0}',
            ),
        ),
        (Hunt("S34 the quota is asked for", "quotas.phone_numbers", "not told"),),
    ),
    Breakage(
        "a claim is refused because of an estimate",
        (Patch(_BUDGET, "        if self.is_estimate or not", "        if not"),),
        unit_tests=(f"{UNIT_TESTS}/test_budget.py",),
    ),
    Breakage(
        "a quota that nobody has told is taken for the default",
        (Patch("connect/quotas.py", "            return None\n", "            return DEFAULT_QUOTA\n"),),
        unit_tests=(f"{UNIT_TESTS}/connect/test_quotas.py",),
    ),
)
