import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number.budget import (
    COMMITTED,
    DEFAULT_QUOTA,
    USED,
    WINDOW_DAYS,
    Allowance,
    Budget,
    Limit,
    Policy,
    day_of,
    footprint,
    told_attributes,
)
from lambda_handlers.connect_phone_number.claim import (
    Claim,
    ClaimKey,
    ClaimState,
    InFlightCall,
    Outcome,
    Settings,
    Specification,
)

TODAY: Final = 20_455
"""2026-01-02."""
_DAY_SECONDS: Final = 86_400
OPENED, CLOSED, RELEASED_1, RELEASED_2 = TODAY - 9, TODAY - 3, TODAY - 5, TODAY - 4
INSTANCE: Final = "arn:aws:connect:eu-west-1:123456789012:instance/11111111-2222-3333-4444-555555555555"
OTHER_INSTANCE: Final = "arn:aws:connect:eu-west-1:123456789012:instance/66666666-2222-3333-4444-555555555555"
SUPPORT: Final = "arn:aws:cloudformation:eu-west-1:123456789012:stack/support/0a1b2c3d"

CLAIMED: Final = Specification("US", "DID")
IMPORTED: Final = Specification(source_phone_number_arn="arn:aws:sms-voice:eu-west-1:123456789012:phone-number/p-1")
ADOPTED: Final = Specification(phone_number="+12065550100", adopt=True)


def _claim(state: ClaimState = ClaimState.OPENING, **changes: Any) -> Claim:
    claim = Claim(
        stack_id=SUPPORT,
        logical_resource_id="Number",
        id="claim-1",
        state=state,
        specification=CLAIMED,
        opening=Settings(INSTANCE),
        desired=Settings(INSTANCE),
        request_key="a" * 32,
        opened_at=OPENED * _DAY_SECONDS + 86_399,
    )
    return replace(claim, **changes)


def _closed(outcome: Outcome, **changes: Any) -> Claim:
    return _claim(ClaimState.CLOSED, outcome=outcome, closed_at=CLOSED * _DAY_SECONDS, **changes)


def _sums(held: int, by_day: Mapping[int, int]) -> dict[str, int]:
    """Return what these events and these numbers that are held add to the sums."""
    used = sum(by_day.values())
    sums = {COMMITTED: used + held, USED: used, **{f"d{day}": count for day, count in by_day.items()}}
    return {name: value for name, value in sums.items() if value}


def _call(phone_number: str, worker: str = "w") -> InFlightCall:
    return InFlightCall(phone_number, worker, 1)


# --- Footprints ---


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert [day_of(seconds) for seconds in (0, 86_399.9, 86_400, 86_401.5)] == [0, 0, 1, 1]
    assert day_of(1_767_312_000) == TODAY


@pytest.mark.parametrize("specification", [CLAIMED, IMPORTED])
@pytest.mark.parametrize("state", [ClaimState.OPENING, ClaimState.LIVE, ClaimState.CLOSING])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"candidate": "+1"},
        {"in_flight_calls": (_call("+1"),)},
        {"candidate": "+1", "in_flight_calls": (_call("+1", "a"), _call("+1", "b"))},
        {"candidate": "+1", "phone_number": "+1", "arn": "arn"},
    ],
    ids=["opened", "with a candidate", "with a call", "with two calls for one number", "with a number"],
)
def test_a_claim_takes_a_claim_and_a_release_from_its_opening_on(
    specification: Specification, state: ClaimState, changes: dict[str, Any]
) -> None:
    claim = _claim(state, specification=specification, **changes)
    assert footprint(claim) == _sums(held=1, by_day={OPENED: 1})


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"candidate": "+2", "in_flight_calls": (_call("+1"),)}, 2),
        ({"in_flight_calls": (_call("+1", "a"), _call("+2", "b"))}, 2),
        ({"candidate": "+3", "in_flight_calls": (_call("+1"), _call("+2"), _call("+3"))}, 3),
        ({"candidate": "+1", "phone_number": "+1", "arn": "arn", "in_flight_calls": (_call("+2"),)}, 2),
    ],
)
def test_every_number_that_a_call_may_still_obtain_takes_a_claim_and_a_release(
    changes: dict[str, Any], numbers: int
) -> None:
    assert footprint(_claim(**changes)) == _sums(held=numbers, by_day={OPENED: numbers})


@pytest.mark.parametrize("state", [ClaimState.OPENING, ClaimState.LIVE, ClaimState.CLOSING])
@pytest.mark.parametrize("changes", [{"specification": ADOPTED}, {"is_inherited": True}])
def test_a_number_that_was_not_claimed_for_this_claim_takes_only_its_release(
    state: ClaimState, changes: dict[str, Any]
) -> None:
    claim = _claim(state, arn="arn", candidate="+1", **changes)
    assert footprint(claim) == _sums(held=1, by_day={})


@pytest.mark.parametrize("changes", [{}, {"candidate": "+1"}, {"in_flight_calls": (_call("+1"),)}])
def test_an_adoption_takes_nothing_before_it_has_a_number(changes: dict[str, Any]) -> None:
    assert footprint(_claim(specification=ADOPTED, **changes)) == {}


@pytest.mark.parametrize(
    ("outcome", "claims", "releases"),
    [
        (Outcome.NEVER_CLAIMED, 0, 0),
        (Outcome.RELEASED, 1, 1),
        # Somebody released it, and nobody knows when.
        (Outcome.ALREADY_GONE, 1, 1),
        (Outcome.RETURNED_TO_INVENTORY, 1, 0),
        (Outcome.NOT_OURS, 1, 0),
        (Outcome.TRANSFERRED, 1, 0),
    ],
)
@pytest.mark.parametrize("specification", [CLAIMED, IMPORTED])
def test_a_closed_claim_took_a_claim_when_it_was_opened_and_a_release_when_it_was_closed(
    outcome: Outcome, claims: int, releases: int, specification: Specification
) -> None:
    claim = _closed(outcome, specification=specification, arn="arn", candidate="+1")
    assert footprint(claim) == _sums(held=0, by_day={OPENED: claims, CLOSED: releases})


@pytest.mark.parametrize(
    ("outcome", "releases"),
    [
        (Outcome.NEVER_CLAIMED, 0),
        (Outcome.RELEASED, 1),
        (Outcome.ALREADY_GONE, 1),
        (Outcome.NOT_OURS, 0),
        (Outcome.TRANSFERRED, 0),
        (Outcome.ADOPTION_ROLLED_BACK, 0),
    ],
)
@pytest.mark.parametrize("changes", [{"specification": ADOPTED}, {"is_inherited": True}])
def test_a_closed_claim_whose_number_was_claimed_elsewhere_took_its_release_at_most(
    outcome: Outcome, releases: int, changes: dict[str, Any]
) -> None:
    if changes.get("is_inherited") and outcome is Outcome.ADOPTION_ROLLED_BACK:
        changes = {**changes, "specification": ADOPTED}
    assert footprint(_closed(outcome, arn="arn", **changes)) == _sums(held=0, by_day={CLOSED: releases})


def test_what_happens_on_one_day_is_summed_up() -> None:
    claim = _closed(Outcome.RELEASED, opened_at=CLOSED * _DAY_SECONDS)
    assert footprint(claim) == {COMMITTED: 2, USED: 2, f"d{CLOSED}": 2}


def test_each_duplicate_that_is_held_takes_a_claim_and_a_release() -> None:
    claim = _claim(ClaimState.LIVE, arn="arn", duplicate_arns=("two", "three"))
    assert footprint(claim) == _sums(held=3, by_day={OPENED: 3})


def test_each_duplicate_that_is_gone_took_a_claim_and_a_release_on_its_day() -> None:
    released_at = (RELEASED_1 * _DAY_SECONDS, RELEASED_2 * _DAY_SECONDS + 5)
    claim = _claim(ClaimState.LIVE, arn="arn", duplicate_arns=("four",), duplicates_released_at=released_at)
    assert footprint(claim) == _sums(held=2, by_day={OPENED: 4, RELEASED_1: 1, RELEASED_2: 1})


@pytest.mark.parametrize("outcome", [Outcome.NEVER_CLAIMED, Outcome.RELEASED])
def test_the_duplicates_of_a_closed_claim_count_whatever_its_outcome(outcome: Outcome) -> None:
    without = footprint(_closed(outcome))
    claim = _closed(outcome, duplicate_arns=("two",), duplicates_released_at=(RELEASED_1 * _DAY_SECONDS,))
    assert footprint(claim) == {
        **without,
        COMMITTED: without.get(COMMITTED, 0) + 4,
        USED: without.get(USED, 0) + 3,
        f"d{OPENED}": without.get(f"d{OPENED}", 0) + 2,
        f"d{RELEASED_1}": 1,
    }


@pytest.mark.parametrize(
    "changes", [{}, {"specification": IMPORTED}, {"specification": ADOPTED}, {"is_inherited": True}]
)
@pytest.mark.parametrize("outcome", [Outcome.RELEASED, Outcome.ALREADY_GONE])
def test_a_release_takes_no_more_than_was_committed_for_it(changes: dict[str, Any], outcome: Outcome) -> None:
    held = _claim(ClaimState.CLOSING, arn="arn", candidate="+1", **changes)
    released = replace(held, state=ClaimState.CLOSED, outcome=outcome, closed_at=CLOSED * _DAY_SECONDS)
    assert footprint(released)[COMMITTED] == footprint(held)[COMMITTED]


def test_a_number_that_goes_to_another_resource_takes_as_much_as_before() -> None:
    held = _claim(
        ClaimState.LIVE, arn="arn", duplicate_arns=("two",), duplicates_released_at=(RELEASED_1 * _DAY_SECONDS,)
    )
    heir, ended = held.for_other_resource(ClaimKey("s", "New", "claim-2")), held.hand_over("moved", CLOSED)
    names = {*footprint(heir), *footprint(ended)}
    assert {name: footprint(heir).get(name, 0) + footprint(ended).get(name, 0) for name in names} == footprint(held)


# --- What the provider was told ---


@pytest.mark.parametrize("text", ["", "{}"])
def test_a_provider_that_was_told_nothing_asks_and_refuses(text: str) -> None:
    assert Policy.parse(text) == Policy(quota=None, baseline={}, reserve=None, refuses=True)


def test_a_policy_is_read_from_json() -> None:
    told = {"quota": 10, "baseline": {"2026-01-01": 3}, "reserve": 0, "refuses": False}
    assert Policy.parse(json.dumps(told)) == Policy(10, {"2026-01-01": 3}, 0, False)


def test_a_part_of_a_policy_leaves_the_rest_as_it_is() -> None:
    assert Policy.parse('{"reserve": 4}') == Policy(reserve=4)


def test_a_policy_with_an_unknown_name_is_refused() -> None:
    with pytest.raises(TypeError, match="quotas"):
        Policy.parse('{"quotas": 4}')


# --- The ledger's sums ---

BUDGET: Final = Budget(
    committed=9,
    used=6,
    by_day={TODAY - 200: 1, TODAY - 10: 3, TODAY: 2},
    parked=2,
    postponed=1,
    quotas={INSTANCE: 7},
    asked_at={INSTANCE: 1_767_312_000, OTHER_INSTANCE: 1_767_312_001},
    day=TODAY - 1,
    version=4,
)


@pytest.mark.parametrize("item", [None, {}, {"pk": "BUDGET", "sk": "BUDGET"}])
def test_without_an_item_nothing_is_used(item: Mapping[str, Any] | None) -> None:
    assert Budget.of(item) == Budget()
    assert not Budget.of(item).is_spoiled


@pytest.mark.parametrize("budget", [BUDGET, Budget()])
def test_a_budget_comes_back_from_its_item(budget: Budget) -> None:
    item = {"pk": "BUDGET", "sk": "BUDGET", **budget.as_item(), "version": budget.version}
    assert Budget.of(item) == budget


def test_the_items_names_are_the_ones_that_the_ledger_adds_to() -> None:
    assert BUDGET.as_item() == {
        "committed": 9,
        "used": 6,
        "parked": 2,
        "postponed": 1,
        "day": TODAY - 1,
        f"d{TODAY - 200}": 1,
        f"d{TODAY - 10}": 3,
        f"d{TODAY}": 2,
        f"quota:{INSTANCE}": 7,
        f"asked:{INSTANCE}": 1_767_312_000,
        f"asked:{OTHER_INSTANCE}": 1_767_312_001,
    }
    claim = _closed(Outcome.RELEASED)
    assert Budget.of(footprint(claim)) == Budget(committed=2, used=2, by_day={OPENED: 1, CLOSED: 1})


@pytest.mark.parametrize(
    ("quota", "attributes"),
    [(7, {f"quota:{INSTANCE}": 7, f"asked:{INSTANCE}": 5}), (None, {f"asked:{INSTANCE}": 5})],
)
def test_it_is_noted_that_service_quotas_was_asked_whether_it_told_or_not(
    quota: int | None, attributes: dict[str, int]
) -> None:
    assert told_attributes(INSTANCE, quota, 5) == attributes


@pytest.mark.parametrize(
    "spoiled",
    [
        {"used": "many"},
        {"committed": None},
        {f"d{TODAY}": "2"},
        {f"quota:{INSTANCE}": [5]},
        {"version": "4"},
    ],
    ids=lambda spoiled: str(next(iter(spoiled))),
)
def test_what_is_no_number_counts_as_absent_and_is_noticed(spoiled: dict[str, Any]) -> None:
    item: dict[str, Any] = {"pk": "BUDGET", "sk": "BUDGET", **BUDGET.as_item(), "version": 4}
    rest = {name: value for name, value in item.items() if name not in spoiled}
    assert Budget.of({**item, **spoiled}) == replace(Budget.of(rest), is_spoiled=True)


def test_a_number_that_this_version_does_not_know_is_ignored() -> None:
    # A later version may have added it, or added a day in another way.
    item = {**BUDGET.as_item(), "version": 4, "later": 1, "dx": 2, "d": 3, "d-5": 4, "note": "by hand"}
    assert Budget.of(item) == BUDGET


@pytest.mark.parametrize(("committed", "used", "held"), [(9, 6, 3), (6, 6, 0), (5, 6, 0)])
def test_what_is_committed_and_not_used_is_held(committed: int, used: int, held: int) -> None:
    assert Budget(committed=committed, used=used).held == held


def test_an_event_no_longer_counts_after_the_window() -> None:
    day = TODAY - 10
    budget = Budget(committed=5, used=4, by_day={day: 3, TODAY: 1}, quotas={INSTANCE: 7}, day=TODAY, version=4)
    assert budget.without_past(day + WINDOW_DAYS - 1) == budget
    assert budget.without_past(day + WINDOW_DAYS) == replace(budget, committed=2, used=1, by_day={TODAY: 1})
    assert budget.without_past(TODAY + WINDOW_DAYS) == replace(budget, committed=1, used=0, by_day={})


def test_the_window_is_not_shorter_than_connects() -> None:
    assert WINDOW_DAYS > 180, "an event may be in the last second of its day"


def test_a_day_without_events_is_forgotten() -> None:
    assert Budget(by_day={TODAY: 0, TODAY - 1: 0}).without_past(TODAY).by_day == {}


def test_what_is_removed_of_the_past_is_only_the_past() -> None:
    assert BUDGET.without_past(TODAY) == replace(BUDGET, committed=8, used=5, by_day={TODAY - 10: 3, TODAY: 2}), (
        "numbers that are held, quotas and times stay"
    )


_LATER: Final = (TODAY + 1) * _DAY_SECONDS - 1
"""The end of this day: more than an hour after any instance was asked about."""


def test_an_instance_that_was_just_asked_about_is_kept_for_its_first_claim() -> None:
    asked = Budget(quotas={INSTANCE: 7}, asked_at={INSTANCE: _LATER - 3599})
    assert asked.recounted([], _LATER).quotas == {INSTANCE: 7}
    assert asked.recounted([], _LATER + 1).quotas == {}


def test_a_recount_has_the_sums_of_all_claims_and_nothing_else() -> None:
    old = (TODAY - 300) * _DAY_SECONDS
    claims = [
        _claim(id="opening"),
        _claim(ClaimState.LIVE, id="old", arn="arn", opened_at=old),
        _closed(Outcome.RELEASED, id="closed"),
        _closed(Outcome.NEVER_CLAIMED, id="never"),
    ]
    assert BUDGET.recounted(claims, _LATER) == Budget(
        committed=5,
        used=3,
        by_day={OPENED: 2, CLOSED: 1},
        quotas={INSTANCE: 7},
        asked_at={INSTANCE: 1_767_312_000},
        day=TODAY,
        version=4,
    )


def test_a_recount_makes_good_what_was_spoiled() -> None:
    spoiled = Budget.of({**BUDGET.as_item(), "used": "many", "version": 4})
    assert spoiled.is_spoiled
    assert spoiled.recounted([_claim()], _LATER) == BUDGET.recounted([_claim()], _LATER)


def test_the_recount_of_no_claims_is_empty() -> None:
    assert BUDGET.recounted([], _LATER) == Budget(day=TODAY, version=4)


def test_an_instance_is_known_as_long_as_a_claim_was_opened_for_it_or_is_desired_there() -> None:
    asked = Budget(quotas={INSTANCE: 7, OTHER_INSTANCE: 8}, asked_at={INSTANCE: 1, OTHER_INSTANCE: 2})
    moved = _claim(opening=Settings(INSTANCE), desired=Settings(OTHER_INSTANCE))
    recounted = asked.recounted([moved], TODAY)
    assert (recounted.quotas, recounted.asked_at) == (asked.quotas, asked.asked_at)
    recounted = asked.recounted([replace(moved, opening=Settings(OTHER_INSTANCE))], TODAY)
    assert (recounted.quotas, recounted.asked_at) == ({OTHER_INSTANCE: 8}, {OTHER_INSTANCE: 2})


# --- What is allowed ---


def _allowance(budget: Budget | None = None, **policy: Any) -> Allowance:
    return Allowance(budget or Budget(), Policy(**policy), TODAY)


def _used(used: int, held: int = 0, **changes: Any) -> Budget:
    """Return a budget of which something was used today."""
    by_day = {TODAY: used} if used else {}
    return replace(Budget(committed=used + held, used=used, by_day=by_day), **changes)


ONE: Final = Budget(quotas={INSTANCE: 7}, asked_at={INSTANCE: 1})
TWO: Final = Budget(quotas={INSTANCE: 7, OTHER_INSTANCE: 4}, asked_at={INSTANCE: 1, OTHER_INSTANCE: 1})
ONE_OF_TWO: Final = replace(ONE, asked_at={INSTANCE: 1, OTHER_INSTANCE: 1})
NONE_OF_ONE: Final = Budget(asked_at={INSTANCE: 1})


@pytest.mark.parametrize(
    ("budget", "told", "quota", "is_estimate"),
    [
        (Budget(), None, DEFAULT_QUOTA, True),
        (NONE_OF_ONE, None, DEFAULT_QUOTA, True),
        (ONE, None, 7, False),
        (TWO, None, 11, False),
        (ONE_OF_TWO, None, 7, True),
        (Budget(), 3, 3, False),
        (Budget(), 0, 0, False),
        (ONE_OF_TWO, 3, 3, False),
    ],
)
def test_the_quota_is_what_the_provider_was_told_or_what_service_quotas_tells(
    budget: Budget, told: int | None, quota: int, is_estimate: bool
) -> None:
    allowance = _allowance(budget, quota=told)
    assert (allowance.quota, allowance.is_estimate) == (quota, is_estimate)
    assert allowance.allowed == 2 * quota


def test_the_baseline_is_in_use_until_its_window_is_over() -> None:
    baseline = {"2026-01-02": 2, "2025-07-06": 4, "2025-07-05": 8}
    allowance = _allowance(_used(1), baseline=baseline)
    assert date(2026, 1, 2).toordinal() - date(2025, 7, 5).toordinal() == WINDOW_DAYS
    assert allowance.baseline == {TODAY: 2, TODAY - 180: 4}
    assert allowance.used == 1 + 2 + 4


@pytest.mark.parametrize(("used", "left"), [(0, 10), (7, 3), (10, 0), (12, 0)])
def test_what_is_left_is_what_is_allowed_and_not_used(used: int, left: int) -> None:
    assert _allowance(_used(used, held=2), quota=5).left == left
    assert _allowance(_used(used), quota=6, baseline={"2026-01-01": 2}).left == left


@pytest.mark.parametrize(
    ("told", "reserve"), [(None, 4), (0, 0), (9, 9)], ids=["every number can be released", "none", "nine"]
)
def test_the_reserve_is_the_releases_of_all_numbers_with_the_new_one_or_what_was_told(
    told: int | None, reserve: int
) -> None:
    assert _allowance(_used(5, held=3), reserve=told).reserve == reserve


@pytest.mark.parametrize(
    ("used", "held", "reserve", "permits"),
    [
        (0, 0, None, True),
        # One more claim, and then the releases of five numbers: ten.
        (4, 4, None, True),
        (5, 4, None, False),
        (4, 5, None, False),
        (8, 0, None, True),
        (9, 0, None, False),
        (9, 9, 0, True),
        (10, 0, 0, False),
        (6, 9, 3, True),
        (7, 9, 3, False),
    ],
)
def test_one_more_claim_is_permitted_as_long_as_it_leaves_the_reserve(
    used: int, held: int, reserve: int | None, permits: bool
) -> None:
    assert _allowance(_used(used, held), quota=5, reserve=reserve).permits_claim is permits
    with_baseline = _allowance(_used(used, held), quota=7, reserve=reserve, baseline={"2026-01-01": 4})
    assert with_baseline.permits_claim is permits
    # The write of the claim depends on the same.
    sums = {COMMITTED: used + held, USED: used}
    for allowance in (_allowance(_used(used, held), quota=5, reserve=reserve), with_baseline):
        assert allowance.limit is not None
        assert (sums[allowance.limit.name] <= allowance.limit.value) is permits


def test_the_limit_for_the_ledger_is_of_what_is_committed_or_with_a_reserve_of_what_is_used() -> None:
    assert _allowance(_used(3, held=2), quota=5).limit == Limit(COMMITTED, 8)
    assert _allowance(_used(3, held=2), quota=5, reserve=3).limit == Limit(USED, 6)
    assert _allowance(quota=5, baseline={"2026-01-01": 4, "2020-01-01": 9}).limit == Limit(COMMITTED, 4)
    assert _allowance(quota=0).limit == Limit(COMMITTED, -2)


@pytest.mark.parametrize(
    ("budget", "policy"),
    [(NONE_OF_ONE, {}), (ONE_OF_TWO, {}), (TWO, {"refuses": False}), (Budget(), {"quota": 1, "refuses": False})],
)
def test_nothing_is_limited_by_an_estimate_or_where_the_provider_only_warns(
    budget: Budget, policy: dict[str, Any]
) -> None:
    assert _allowance(replace(budget, committed=99, used=99), **policy).limit is None


def test_what_service_quotas_tells_is_a_limit() -> None:
    assert _allowance(ONE).limit == Limit(COMMITTED, 12)


def test_what_is_used_returns_after_the_window_the_earliest_first() -> None:
    allowance = _allowance(
        Budget(committed=9, used=6, by_day={TODAY: 2, TODAY - 1: 1, TODAY - 100: 3, TODAY - 50: 0, TODAY - 51: -1}),
        baseline={"2026-01-01": 4, "2025-12-25": 1},
    )
    assert allowance.returns() == [
        (date(2026, 3, 24), 3),
        (date(2026, 6, 24), 1),
        (date(2026, 7, 1), 5),
        (date(2026, 7, 2), 2),
    ]
    assert (date(2026, 7, 2) - date(2026, 1, 2)).days == WINDOW_DAYS
    assert allowance.days_until_more == WINDOW_DAYS - 100


def test_where_nothing_is_used_nothing_returns() -> None:
    allowance = _allowance(Budget(committed=2), baseline={"2020-01-01": 1})
    assert allowance.returns() == []
    assert allowance.days_until_more == 0


# --- Why a claim is refused ---


def _refusal(allowance: Allowance, *claims: Claim) -> str:
    return allowance.refusal("eu-west-1", claims)


def test_a_refusal_says_what_is_allowed_and_what_would_exceed_that() -> None:
    refusal = _refusal(_allowance(_used(8, held=1), quota=5))
    assert refusal.startswith(
        "No number is claimed, so that the account is not blocked from claiming numbers in eu-west-1: "
    )
    assert (
        "allows 10 claims and releases in 180 days (200 % of the quota of 5 phone numbers, as the provider" in refusal
    )
    assert "8 are used" in refusal
    assert "One more, and 2 releases, of this number and of those that are held," in refusal
    assert "ask for a higher quota" in refusal


def test_a_refusal_says_that_service_quotas_told_the_quota() -> None:
    assert "200 % of the quota of 7 phone numbers, according to Service Quotas)" in _refusal(_allowance(ONE))


def test_a_refusal_names_the_reserve_that_was_told() -> None:
    refusal = _refusal(_allowance(_used(8, held=1), quota=5, reserve=4))
    assert "One more, and a reserve of 4, would exceed that." in refusal


def _of_stack(name: str, **changes: Any) -> Claim:
    return _claim(ClaimState.LIVE, arn="arn", stack_id=f"arn:aws:cloudformation:r:1:stack/{name}/1", **changes)


def test_a_refusal_says_which_stacks_have_used_most() -> None:
    claims = [_of_stack(name) for name in ("a", "b", "b", "c", "c", "c", "d", "d", "d", "d")]
    refusal = _refusal(_allowance(_used(12), quota=5), *claims)
    assert "12 are used (4 by stack d, 3 by stack c, 2 by stack b, 3 by others)." in refusal


def test_a_refusal_counts_claims_and_releases_of_a_stack() -> None:
    gone = _closed(Outcome.RELEASED)
    assert "3 are used (3 by stack support)." in _refusal(_allowance(_used(3), quota=1), gone, _claim())


def test_a_refusal_says_what_others_have_used() -> None:
    allowance = _allowance(_used(1), quota=1, baseline={"2026-01-01": 4})
    assert "5 are used (1 by stack support, 4 by others)." in _refusal(allowance, _claim())
    assert "5 are used (5 by others)." in _refusal(allowance)


def test_a_refusal_names_no_stack_that_has_used_nothing_within_the_window() -> None:
    old = (TODAY - WINDOW_DAYS) * _DAY_SECONDS
    claims = [
        _of_stack("old", opened_at=old),
        _of_stack("adopted", specification=ADOPTED),
        _claim(ClaimState.CLOSED, outcome=Outcome.NEVER_CLAIMED),
        _of_stack("recent", opened_at=old + _DAY_SECONDS),
    ]
    refusal = _refusal(_allowance(_used(1), quota=1), *claims)
    assert "1 are used (1 by stack recent)." in refusal


def test_a_refusal_counts_of_a_stack_what_was_within_the_window() -> None:
    old = (TODAY - WINDOW_DAYS) * _DAY_SECONDS
    allowance = _allowance(Budget(committed=1, used=1, by_day={CLOSED: 1}), quota=0)
    refusal = _refusal(allowance, _closed(Outcome.RELEASED, opened_at=old))
    assert "1 are used (1 by stack support)." in refusal


def test_a_refusal_does_not_look_through_more_claims_than_there_is_time_for() -> None:
    read: list[int] = []

    def claims() -> Any:
        for index in range(1_000_000):
            read.append(index)
            yield _claim()

    refusal = _allowance(_used(9000), quota=1).refusal("eu-west-1", claims())
    assert f"{len(read)} by stack support, {9000 - len(read)} by others" in refusal
    assert 1000 <= len(read) <= 5000


def test_a_refusal_says_when_the_next_are_free_again() -> None:
    by_day = {TODAY - 100: 3, TODAY - 50: 1, TODAY - 20: 1, TODAY: 7}
    refusal = _refusal(_allowance(Budget(committed=12, used=12, by_day=by_day), quota=5))
    assert "Deploy again when more are free: 3 on 2026-03-24, 1 on 2026-05-13, 1 on 2026-06-12." in refusal


def test_a_refusal_where_nothing_is_used_says_that_the_quota_is_too_small() -> None:
    refusal = _refusal(_allowance(quota=0))
    assert "0 are used. One more" in refusal
    assert "To wait does not help: none is used." in refusal
    assert "Free again" not in refusal
