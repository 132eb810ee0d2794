"""Breakages of the numbers that a pool gets itself, and of releases that the budget postpones."""

from typing import Final

from .breakage import UNIT_TESTS, Breakage, Hunt, Patch

_BUDGET: Final = "budget.py"
_CLAIM: Final = "claim.py"
_CLOSING: Final = "lifecycle/closing.py"
_DECISION: Final = "lifecycle/decision.py"
_FILLING: Final = "lifecycle/filling.py"
_POOLING: Final = "lifecycle/pooling.py"
_SWEEPING: Final = "lifecycle/sweeping.py"
_TESTS: Final = (f"{UNIT_TESTS}/lifecycle/test_filling.py",)
_BUDGET_TESTS: Final = (f"{UNIT_TESTS}/lifecycle/test_budgeting.py",)

FILLING: Final = (
    Breakage(
        "what a pool was to get is not closed when its creation is canceled",
        (
            Patch(
                _POOLING,
                '[claim.close("its pool was deleted", now) for claim in open_claims(invocation, pool)]',
                "list[Claim]()",
            ),
        ),
        (Hunt("S37 filling canceled *"),),
    ),
    Breakage(
        "a pool's minimum is released when its time is up",
        (Patch(_POOLING, "        due = due[: max(len(unlisted) - pool.min_parked, 0)]\n", ""),),
        (Hunt("S37 filled, kept *"),),
    ),
    Breakage(
        "what takes a number of a list forgets the list",
        (Patch(_CLAIM, "            listed_in=parked.listed_in,\n", ""),),
        (Hunt("S37 a number of the list, used and given back"),),
    ),
    Breakage(
        "a pool is filled without regard to the budget",
        (
            Patch(
                _FILLING,
                "        if problem := problem_of_claim(invocation, allowance):\n",
                '        if problem := "":\n',
            ),
            Patch(_FILLING, "        limit = allowance.limit\n", ""),
        ),
        (Hunt("S37 too small a budget to fill it"),),
    ),
    Breakage(
        "the budget is asked for one number of many",
        (Patch(_FILLING, "properties.parking_target_arn, missing)", "properties.parking_target_arn)"),),
        (Hunt("S37 too small a budget to fill it"),),
    ),
    Breakage(
        "a sweep releases what its pool keeps",
        (
            Patch(_SWEEPING, " and not is_in_pool(invocation, claim):", ":"),
            Patch(_SWEEPING, "    return is_in_pool(invocation, claim)\n", "    return False\n"),
        ),
        (Hunt("S37 filled, kept *"),),
    ),
    Breakage(
        "no release is postponed",
        (Patch(_BUDGET, "        if not self.postpones or self.releases_left > 0:\n", "        if True:\n"),),
        (Hunt("S34 * releases at once, postponed *"),),
    ),
    Breakage(
        "releases at the same time each see the same budget",
        (Patch(_DECISION, "            self.limit = allowance.release_limit\n", ""),),
        unit_tests=_BUDGET_TESTS,
    ),
    Breakage(
        "a release that is under way is not counted",
        (Patch(_DECISION, "            closing = replace(closing, counts_release=True)\n", ""),),
        unit_tests=_BUDGET_TESTS,
    ),
    Breakage(
        "a postponed release is never made up for",
        (
            Patch(
                _SWEEPING,
                "        if later := postponed_to(allowance_for_release(invocation)):\n",
                "        if later := claim.parked_until + 86_400:\n",
            ),
        ),
        (Hunt("S34 * releases at once, postponed *"),),
    ),
    Breakage(
        "a pool claims its minimum anew with every deployment",
        (
            Patch(
                _FILLING,
                "max(properties.min_parked - _parked_in(invocation, pool, properties), 0)",
                "properties.min_parked",
            ),
        ),
        (Hunt("S37 filled up by an update"),),
    ),
    Breakage(
        "what a canceled creation of a pool has claimed stays parked",
        (Patch(_POOLING, "own = tuple(key.claim_id for key in pool.filling)", "own = ()"),),
        (Hunt("S37 too few numbers to fill it"),),
    ),
    Breakage(
        "a number of a pool's list is released like any other",
        (Patch(_FILLING, 'listed_in=pool.pool_id if claim.is_adopted else ""', 'listed_in=""'),),
        (Hunt("S37 a number of the list*"),),
    ),
    Breakage(
        "a number of a list is released when it leaves its pool",
        (Patch(_CLOSING, "    if claim.arn and claim.listed_in:\n", "    if False:\n"),),
        (Hunt("S37 a number of the list*"),),
    ),
    Breakage(
        "a number that is no longer listed stays in its pool",
        (Patch(_POOLING, "for claim in leaving + due[", "for claim in due["),),
        (Hunt("S37 a number of the list, removed from it while parked"),),
    ),
    Breakage(
        "a number of a list is not looked at again after it was let go",
        (Patch(_CLOSING, "    if until > invocation.timing.now():\n", "    if False:\n"),),
        (Hunt("S37 a number of the list*", "connect.TagResource", "no response, but done later"),),
    ),
    Breakage(
        "a number that reaches somebody is put into a pool",
        (Patch("lifecycle/adopting.py", "        _refuse_in_use(invocation, claim, state)\n", "        pass\n"),),
        (Hunt("S37 a list with a number that has a flow"),),
    ),
    Breakage(
        "a pool adopts the number of a resource of its own stack",
        (Patch("lifecycle/adopting.py", " and not claim.listed_in:\n            return", ":\n            return"),),
        (Hunt("S37 a list with a number of a resource *"),),
    ),
    Breakage(
        "a resource that adopts a number of a list forgets that",
        (Patch("lifecycle/adopting.py", "claim.listed_in or previous.listed_in", "claim.listed_in"),),
        unit_tests=_TESTS,
    ),
    Breakage(
        "a rollback of a pool gets numbers",
        (Patch(_FILLING, "return state is not None and state.is_rolling_back", "return False"),),
        unit_tests=_TESTS,
    ),
    Breakage(
        "a deletion of a pool that stood still goes on after its response",
        (
            Patch(_POOLING, "        permit(claim)\n        try:", "        try:"),
            Patch(_POOLING, "        permit(claim)\n        ensure_not_retained", "        ensure_not_retained"),
        ),
        unit_tests=_TESTS,
    ),
    Breakage(
        "the cleanup of a failed creation ends the pool that was created after it",
        (Patch(_POOLING, "return physical_id != failed_creation_id(pool.request_key)", "return False"),),
        unit_tests=_TESTS,
    ),
    Breakage(
        "the cleanup of a canceled creation ends the pool that was created after it",
        (Patch(_POOLING, "return held.has(pool.pool_id)", "return False"),),
        (Hunt("S37 filled, then the Delete of its canceled creation"),),
    ),
    Breakage(
        "a pool whose creation is undone keeps its numbers",
        (Patch(_POOLING, " and not _is_undone(invocation, request)", ""),),
        (Hunt("S37 filled by a creation that is undone, to be retained"),),
    ),
    Breakage(
        "a pool that CloudFormation has given up keeps numbers",
        (Patch(_POOLING, "    if pool.is_deleted or not may_be_given_up or", "    if pool or"),),
        (Hunt("S37 filled, removed while in use, given up by CloudFormation"),),
    ),
)
