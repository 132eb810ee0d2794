"""What the budget makes of a request for a number, and how its sums and quotas are kept right."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import (
    COMMITTED,
    DEFAULT_QUOTA,
    WINDOW_DAYS,
    Allowance,
    Budget,
    Limit,
    Policy,
    day_of,
    footprint,
)
from lambda_handlers.connect_phone_number.claim import ClaimState
from lambda_handlers.connect_phone_number.ledger.items import BUDGET_KEY, CLAIM_PREFIX
from lambda_handlers.connect_phone_number.ledger.store import Change, Conflict, Item, ScanPage, Write
from lambda_handlers.connect_phone_number.lifecycle.budgeting import (
    allowance_for_claim,
    care_for_budget,
    problem_of_claim,
)
from lambda_handlers.connect_phone_number.timing import date_of
from tests.unit.lambda_handlers.connect_phone_number.world import (
    NOW,
    OTHER_STACK,
    PROVIDER,
    REGION,
    Answered,
    Died,
    World,
    die,
)
from verification.simulator.memory_store import MemoryStore

TODAY: Final = day_of(NOW)
DAY: Final = 86_400
GROUP: Final = f"arn:aws:connect:{REGION}:123456789012:traffic-distribution-group/11111111-2222-3333-4444-555555555555"
OTHER_INSTANCE: Final = f"arn:aws:connect:{REGION}:123456789012:instance/99999999-2222-3333-4444-555555555555"


class _Quotas:
    """Service Quotas, which tells what the test says, and notes what it was asked about."""

    def __init__(self, **told: int) -> None:
        self.told: dict[str, int] = dict(told)
        self.asked: list[str] = []

    def phone_numbers(self, instance_arn: str) -> int | None:
        self.asked.append(instance_arn)
        return self.told.get(instance_arn)


class _Store(MemoryStore):
    """A ledger that counts the reads of the whole table, and lets something happen before writes.

    Attributes
    ----------
    before_sums
        What happens before the next write of the sums as a whole. It may raise what the caller gets.
    before_opening
        What happens before the next write of a claim that was not there before.
    before_claim
        What happens before the next write of any claim.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.scans = 0
        self.before_sums: Callable[[], object] | None = None
        self.before_opening: Callable[[], object] | None = None
        self.before_claim: Callable[[], object] | None = None

    def scan(self, after: object = None) -> ScanPage:
        self.scans += 1
        return super().scan(after)

    def write(self, writes: Sequence[Write | Change]) -> None:
        whole = [write for write in writes if isinstance(write, Write)]
        if self.before_sums is not None and any(write.key == BUDGET_KEY for write in whole):
            then, self.before_sums = self.before_sums, None
            then()
        if self.before_opening is not None and any(
            write.key[1].startswith(CLAIM_PREFIX) and not write.expected_version for write in whole
        ):
            then, self.before_opening = self.before_opening, None
            then()
        if self.before_claim is not None and any(write.key[1].startswith(CLAIM_PREFIX) for write in whole):
            then, self.before_claim = self.before_claim, None
            then()
        super().write(writes)


def _conflict() -> None:
    raise Conflict


def _world(quotas: _Quotas | None = None, **policy: Any) -> World:
    return World(Policy(**policy), quotas)


def _noting(world: World) -> _Store:
    """Give the world a new ledger."""
    store = _Store(world)
    world.store = store
    return store


def _told(world: World, quota: int | None) -> _Quotas:
    """Let Service Quotas tell a quota of the world's instance, in a ledger that is not quite new."""
    care_for_budget(world.invocation())
    quotas = _Quotas() if quota is None else _Quotas(**{world.instance: quota})
    world.quotas = quotas
    return quotas


def _allowance(world: World, target_arn: str = "") -> Allowance:
    return allowance_for_claim(world.invocation(), target_arn or world.instance)


def _budget(world: World) -> Budget:
    return world.invocation().ledger.budget()


def _save_sums(world: World, **changes: Any) -> None:
    """Write other sums than the claims lead to."""
    ledger = world.invocation().ledger
    ledger.save_budget(replace(ledger.budget(), **changes))


def _care(world: World) -> list[dict[str, Any]]:
    """Care for the budget, and return the metrics that this publishes."""
    world.lines.clear()
    care_for_budget(world.invocation())
    return _metrics(world)


def _metrics(world: World) -> list[dict[str, Any]]:
    """Return the metrics of the budget."""
    lines = [line for line in world.messages() if "_aws" in line and any(name.startswith("Budget") for name in line)]
    return [{name: value for name, value in line.items() if name != "_aws"} for line in lines]


def _forget_what_was_counted(world: World) -> None:
    """Leave the ledger as a version of the function has written it that did not count."""
    for item in world.store.dump():
        world.store.replace({name: value for name, value in item.items() if name != "counted"})
    world.store.remove(BUDGET_KEY)


def _spoil(world: World, **values: object) -> None:
    item: Item | None = world.store.get(BUDGET_KEY)
    assert item is not None
    world.store.replace({**item, **values})


def _recounted(world: World) -> Budget:
    """Return what the sums have to be."""
    ledger = world.invocation().ledger
    return ledger.budget().recounted(ledger.all_claims(), day_of(world.clock.now))


# --- The look before a claim ---


def test_where_nobody_tells_the_quota_it_is_the_default_and_limits_nothing(world: World) -> None:
    allowance = _allowance(world)
    assert allowance == Allowance(Budget(), Policy(), TODAY)
    assert (allowance.quota, allowance.is_estimate, allowance.limit) == (DEFAULT_QUOTA, True, None)
    assert world.store.get(BUDGET_KEY) is None


def test_what_was_used_is_in_the_allowance() -> None:
    world = _world(quota=5)
    world.created()
    assert _allowance(world).used == 1
    assert _allowance(world).limit == Limit(COMMITTED, 8)
    assert _allowance(world).policy == Policy(quota=5)


def test_service_quotas_is_asked_once_about_an_instance(world: World) -> None:
    quotas = _told(world, 7)
    allowance = _allowance(world)
    assert (allowance.quota, allowance.is_estimate) == (7, False)
    assert _budget(world).quotas == {world.instance: 7}
    assert _budget(world).asked_at == {world.instance: int(NOW)}
    world.clock.pause(3600)
    assert _allowance(world).quota == 7
    assert quotas.asked == [world.instance]


def test_the_first_claim_of_all_depends_on_what_service_quotas_tells(world: World) -> None:
    world.quotas = quotas = _Quotas(**{world.instance: 7})
    assert _allowance(world).limit == Limit(COMMITTED, 12)
    assert _budget(world).quotas == {world.instance: 7}
    _allowance(world)
    assert quotas.asked == [world.instance]


def test_each_instance_is_asked_about(world: World) -> None:
    quotas = _told(world, 7)
    quotas.told[OTHER_INSTANCE] = 3
    assert _allowance(world).quota == 7
    assert _allowance(world, OTHER_INSTANCE).quota == 7 + 3
    assert quotas.asked == [world.instance, OTHER_INSTANCE]


def test_service_quotas_is_not_asked_what_the_provider_was_told() -> None:
    world = _world(quota=3)
    quotas = _told(world, 7)
    assert _allowance(world).quota == 3
    assert quotas.asked == []


def test_a_traffic_distribution_group_has_no_quota_to_ask_for(world: World) -> None:
    quotas = _told(world, 7)
    assert _allowance(world, GROUP).is_estimate
    assert quotas.asked == []


@pytest.mark.parametrize(("seconds", "times"), [(299, 1), (300, 2)])
def test_service_quotas_is_asked_again_after_a_while_if_it_did_not_tell(world: World, seconds: int, times: int) -> None:
    quotas = _told(world, None)
    assert _allowance(world).is_estimate
    world.clock.pause(seconds)
    assert _allowance(world).is_estimate
    assert quotas.asked == [world.instance] * times


def test_what_service_quotas_tells_later_is_no_estimate(world: World) -> None:
    quotas = _told(world, None)
    assert _allowance(world).limit is None
    world.clock.pause(300)
    quotas.told[world.instance] = 7
    assert _allowance(world).limit == Limit(COMMITTED, 12)


def test_what_was_never_counted_is_counted_before_the_first_claim_that_is_limited(world: World) -> None:
    world.created()
    _forget_what_was_counted(world)
    store = _noting_as_it_is(world)
    world.budget = Policy(quota=5)
    assert (_allowance(world).used, _allowance(world).budget.held) == (1, 1)
    assert store.scans == 2, "once before what was not counted is counted, and once after that"
    assert _budget(world).day == TODAY
    assert all(claim.counted == footprint(claim) for claim in world.claims())
    _allowance(world)
    assert store.scans == 2


def _noting_as_it_is(world: World) -> _Store:
    """Give the world a ledger with the same items."""
    items = world.store.dump()
    store = _noting(world)
    for item in items:
        store.replace(item)
    return store


@pytest.mark.parametrize("policy", [{}, {"quota": 5, "refuses": False}])
def test_the_table_is_not_read_where_nothing_is_limited(policy: dict[str, Any]) -> None:
    world = _world(**policy)
    store = _noting(world)
    world.created()
    _allowance(world)
    assert store.scans == 0


@pytest.mark.parametrize("policy", [{}, {"quota": 5}])
def test_sums_that_were_spoiled_are_counted_anew(policy: dict[str, Any]) -> None:
    world = _world(**policy)
    world.created()
    _spoil(world, used="many")
    allowance = _allowance(world)
    assert (allowance.used, allowance.budget.held, allowance.budget.is_spoiled) == (1, 1, False)
    assert (_budget(world).used, _budget(world).is_spoiled) == (1, False)


def test_sums_that_change_while_they_are_counted_anew_are_taken_as_they_are() -> None:
    world = _world(quota=5)
    store = _noting(world)
    world.created()
    _spoil(world, used="many")
    store.before_sums = _conflict
    assert not _allowance(world).budget.is_spoiled
    assert not _budget(world).is_spoiled
    world.clock.pause(DAY)
    care_for_budget(world.invocation())
    assert _allowance(world).used == 1, "the next care counts"


def test_what_no_longer_counts_is_removed_before_a_claim_depends_on_it() -> None:
    world = _world(quota=5)
    arn = world.created()
    world.clock.pause(WINDOW_DAYS * DAY)
    allowance = _allowance(world)
    assert (allowance.used, allowance.budget.held) == (0, 1)
    assert _budget(world) == allowance.budget
    assert _budget(world).by_day == {}
    world.delete(arn)
    assert (_budget(world).committed, _budget(world).used) == (1, 1), "the release is one of today"


def test_what_counts_still_is_not_removed() -> None:
    world = _world(quota=5)
    world.created()
    before = _budget(world)
    world.clock.pause((WINDOW_DAYS - 1) * DAY)
    assert _allowance(world).used == 1
    assert _budget(world) == before, "nothing is written"


def test_removing_the_past_does_not_stand_for_the_daily_care() -> None:
    world = _world(quota=5)
    world.created()
    day = _budget(world).day
    world.clock.pause(WINDOW_DAYS * DAY)
    _allowance(world)
    assert _budget(world).day == day


def test_what_others_count_while_the_past_is_removed_is_not_lost() -> None:
    world = _world(quota=5)
    store = _noting(world)
    world.created()
    world.clock.pause(WINDOW_DAYS * DAY)
    ledger = world.invocation().ledger

    def claim_another() -> None:
        ledger.save(replace(world.claim(), id="other", version=0, counted={}, opened_at=int(world.clock.now)))

    store.before_sums = claim_another
    allowance = _allowance(world)
    assert (allowance.used, allowance.budget.held) == (1, 2)
    assert _budget(world) == allowance.budget


# --- Whether a number may be claimed ---


def _problem(world: World, budget: Budget, **policy: Any) -> str:
    return problem_of_claim(world.invocation(), Allowance(budget, Policy(**policy), TODAY))


def test_nothing_is_wrong_with_a_claim_that_leaves_enough(world: World) -> None:
    assert _problem(world, Budget(committed=8, used=4), quota=5) == ""
    assert world.lines == []


def test_a_claim_that_does_not_leave_enough_is_refused_with_the_reason(world: World) -> None:
    world.created()
    budget = Budget(committed=9, used=5, by_day={TODAY: 5})
    problem = _problem(world, budget, quota=5)
    assert problem == Allowance(budget, Policy(quota=5), TODAY).refusal(REGION, world.claims())
    assert "5 are used (1 by stack support, 4 by others)" in problem


@pytest.mark.parametrize(("policy", "is_estimate"), [({}, True), ({"quota": 5, "refuses": False}, False)])
def test_a_claim_is_only_warned_of_where_the_quota_is_an_estimate_or_the_provider_shall_only_warn(
    world: World, policy: dict[str, Any], is_estimate: bool
) -> None:
    assert _problem(world, Budget(committed=9, used=5), **policy) == ""
    (line,) = world.messages()
    assert line == {
        "level": "WARNING",
        "message": "claim exceeds the budget",
        "used": 5,
        "allowed": 10,
        "quota_is_an_estimate": is_estimate,
    }


def _refused(response: Answered) -> str:
    assert response.status == "FAILED"
    assert response.reason.startswith("No number is claimed, so that the account is not blocked"), response.reason
    return response.reason


def test_a_creation_that_would_leave_too_little_is_refused() -> None:
    world = _world(quota=1)
    world.created()
    reason = _refused(world.create(stack=OTHER_STACK, resource="Sales"))
    assert "allows 2 claims and releases" in reason
    assert "1 are used (1 by stack support)." in reason
    assert world.effects("ClaimPhoneNumber") == 1
    assert world.claims(OTHER_STACK, "Sales") == [], "nothing is left to release"


def test_a_refused_creation_gets_the_same_response_again() -> None:
    world = _world(quota=0)
    event = world.event("Create")
    reason = _refused(world.send(event))
    world.budget = Policy(quota=5)
    assert _refused(world.send(event)) == reason


def test_what_was_released_is_used_until_the_window_is_over() -> None:
    world = _world(quota=1)
    world.delete(world.created())
    day = day_of(world.clock.now)
    assert _budget(world) == Budget(committed=2, used=2, by_day={day: 2}, day=day, version=_budget(world).version)
    assert "Deploy again when more are free: 2 on 2026-07-02." in _refused(world.create(resource="Second"))
    world.clock.pause((WINDOW_DAYS - 1) * DAY)
    _refused(world.create(resource="Third"))
    world.clock.pause(DAY)
    assert world.create(resource="Fourth").succeeded


def test_a_creation_without_a_number_takes_nothing_in_the_end() -> None:
    world = _world(quota=1)
    assert "has no DID number of AD" in world.create(CountryCode="AD").reason
    world.clock.pause(3600)
    world.sweep()
    assert (_budget(world).committed, _budget(world).used) == (0, 0)
    assert world.create(resource="Second").succeeded


def test_of_two_creations_at_once_only_one_may_claim_the_last_number() -> None:
    world = _world(quota=1)
    store = _noting(world)
    other: list[Answered] = []
    store.before_opening = lambda: other.append(world.create(stack=OTHER_STACK, resource="Sales"))
    event = world.event("Create")
    world.handle(event)
    assert [response.succeeded for response in other] == [True]
    assert [response.status for response in world.responses] == ["SUCCESS", "FAILED"]
    assert "1 are used (1 by stack sales)" in world.responses[-1].reason
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_replacement_that_would_leave_too_little_leaves_the_number() -> None:
    world = _world(quota=1)
    arn = world.created(AllowReplacement="true")
    _refused(world.update(arn, CountryCode="GB", AllowReplacement="true"))
    assert world.number(arn).is_held
    assert [claim.state for claim in world.claims()] == [ClaimState.LIVE]


def test_a_change_of_settings_needs_no_budget() -> None:
    world = _world(quota=1)
    arn = world.created()
    world.budget = Policy(quota=0)
    assert world.update(arn, Description="New").physical_id == arn


def test_an_adoption_needs_no_budget() -> None:
    world = _world(quota=0)
    arn = world.claimed_by_hand("+12065550150")
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550150", "Adopt": "true"}
    assert world.created(**desired) == arn
    assert (_budget(world).committed, _budget(world).used) == (1, 0), "and its release is committed"


def test_a_release_needs_no_budget() -> None:
    world = _world(quota=1)
    arn = world.created()
    world.budget = Policy(quota=0)
    assert world.delete(arn).succeeded
    assert world.held() == []
    assert (_budget(world).committed, _budget(world).used) == (2, 2)


def test_a_provider_that_shall_only_warn_claims_what_exceeds_the_budget() -> None:
    world = _world(quota=0, refuses=False)
    world.created()
    assert "claim exceeds the budget" in [line.get("message") for line in world.messages()]


def test_a_reserve_that_was_told_is_left() -> None:
    world = _world(quota=5, reserve=8)
    world.created()
    world.created(resource="Second")
    assert "One more, and a reserve of 8, would exceed that." in _refused(world.create(resource="Third"))


def test_what_others_have_used_is_not_there_for_claims() -> None:
    world = _world(quota=2, baseline={"2026-01-01": 3})
    assert "3 are used (3 by others)" in _refused(world.create())
    # The day of the baseline is the one before the first.
    world.clock.pause((WINDOW_DAYS - 1) * DAY)
    assert world.create(resource="Second").succeeded


def test_the_quota_that_service_quotas_tells_is_the_limit(world: World) -> None:
    quotas = _told(world, 1)
    world.created()
    assert "according to Service Quotas" in _refused(world.create(resource="Second"))
    assert quotas.asked == [world.instance]


def test_sums_that_were_spoiled_stop_neither_a_deletion_nor_a_creation() -> None:
    world = _world(quota=5)
    arn = world.created()
    _spoil(world, used="many", committed="more")
    assert world.delete(arn).succeeded
    assert world.held() == []
    assert world.create(resource="Second").succeeded
    assert not _budget(world).is_spoiled
    assert (_budget(world).committed, _budget(world).used) == (4, 3)


# --- The daily care ---


def test_the_sums_of_an_idle_provider_are_cared_for_without_metrics(world: World) -> None:
    assert _care(world) == []
    assert _budget(world) == Budget(day=TODAY, version=1)


def test_it_is_cared_for_once_a_day() -> None:
    world = _world(quota=5)
    store = _noting(world)
    world.created()
    world.clock.pause(DAY)
    assert _care(world) != []
    scans, version = store.scans, _budget(world).version
    world.clock.pause(3600)
    assert _care(world) == []
    assert (store.scans, _budget(world).version) == (scans, version)
    world.clock.pause(DAY)
    assert _care(world) != []
    assert _budget(world).day == day_of(world.clock.now)


def test_the_metrics_are_what_is_used_and_what_is_left_and_when_there_is_more() -> None:
    world = _world(quota=5, baseline={"2025-12-30": 2})
    world.created()
    world.clock.pause(DAY)
    assert _care(world) == [
        {"Provider": PROVIDER, "NumbersHeld": 1, "BudgetUsed": 3, "BudgetDaysUntilMore": WINDOW_DAYS - 4},
        {"Provider": PROVIDER, "BudgetLeft": 7, "BudgetUsedPercent": 30},
    ]


def test_nothing_is_published_of_a_quota_that_is_an_estimate(world: World) -> None:
    world.created()
    world.clock.pause(DAY)
    assert _care(world) == [
        {"Provider": PROVIDER, "NumbersHeld": 1, "BudgetUsed": 1, "BudgetDaysUntilMore": WINDOW_DAYS - 1}
    ]


@pytest.mark.parametrize(("quota", "left", "percent"), [(1, 0, 100), (2, 2, 50), (0, 0, 200)])
def test_that_nothing_is_left_is_published(quota: int, left: int, percent: int) -> None:
    world = _world(quota=5)
    world.delete(world.created())
    world.budget = Policy(quota=quota)
    world.clock.pause(DAY)
    assert _care(world)[-1] == {"Provider": PROVIDER, "BudgetLeft": left, "BudgetUsedPercent": percent}


def test_what_is_held_but_no_longer_used_has_no_metrics_of_the_budget() -> None:
    world = _world(quota=5)
    world.created()
    world.clock.pause(WINDOW_DAYS * DAY)
    assert _care(world) == []
    assert (_budget(world).committed, _budget(world).used, _budget(world).by_day) == (1, 0, {})


def test_sums_that_are_wrong_are_brought_right() -> None:
    world = _world(quota=5)
    world.delete(world.created())
    world.created(resource="Second")
    _save_sums(world, committed=99, used=77, by_day={TODAY: 70, TODAY - 1: 7})
    world.clock.pause(DAY)
    _care(world)
    assert (_budget(world).committed, _budget(world).used, _budget(world).by_day) == (4, 3, {TODAY: 3})


def test_what_was_never_counted_is_counted(world: World) -> None:
    world.created()
    world.delete(world.created(resource="Second"), resource="Second")
    _forget_what_was_counted(world)
    _care(world)
    assert (_budget(world).committed, _budget(world).used) == (4, 3)
    for resource in ("Number", "Second"):
        assert world.claim(resource=resource).counted == footprint(world.claim(resource=resource))
    world.delete(world.claim().arn)
    assert (_budget(world).committed, _budget(world).used) == (4, 4), "nothing is counted twice"


def test_sums_that_were_spoiled_are_brought_right_on_the_same_day() -> None:
    world = _world(quota=5)
    world.created()
    _care(world)
    _spoil(world, used="many")
    _care(world)
    assert (_budget(world).used, _budget(world).is_spoiled) == (1, False)


def test_what_changed_while_the_sums_were_spoiled_is_not_counted_twice() -> None:
    world = _world(quota=5)
    world.created()
    _spoil(world, used="many")
    ledger = world.invocation().ledger
    ledger.save(replace(world.claim(), duplicate_arns=("arn:duplicate",)))
    _care(world)
    assert (_budget(world).committed, _budget(world).used) == (4, 2)
    ledger.save(replace(world.claim(), duplicate_arns=(), duplicates_released_at=(int(world.clock.now),)))
    assert (_budget(world).committed, _budget(world).used) == (4, 3)


def test_sums_whose_version_was_spoiled_are_brought_right() -> None:
    world = _world(quota=5)
    world.created()
    _spoil(world, version="many")
    _care(world)
    assert (_budget(world).used, _budget(world).is_spoiled) == (1, False)


def test_all_quotas_are_asked_for_again_every_day(world: World) -> None:
    quotas = _told(world, 7)
    world.created()
    world.clock.pause(DAY)
    quotas.asked.clear()
    quotas.told[world.instance] = 9
    care_for_budget(world.invocation())
    assert quotas.asked == [world.instance]
    assert _budget(world).quotas == {world.instance: 9}
    assert _budget(world).asked_at == {world.instance: int(world.clock.now)}


def test_a_quota_that_is_no_longer_told_stays_as_it_was(world: World) -> None:
    quotas = _told(world, 7)
    world.created()
    world.clock.pause(DAY)
    quotas.told.clear()
    care_for_budget(world.invocation())
    assert _budget(world).quotas == {world.instance: 7}


def test_an_instance_for_which_there_is_no_claim_is_asked_about_no_longer(world: World) -> None:
    quotas = _told(world, 7)
    quotas.told[OTHER_INSTANCE] = 5
    world.created()
    _allowance(world, OTHER_INSTANCE)
    for _ in range(2):
        world.clock.pause(DAY)
        quotas.asked.clear()
        care_for_budget(world.invocation())
    assert quotas.asked == [world.instance]
    assert _budget(world).quotas == {world.instance: 7}


def test_where_a_claim_changes_meanwhile_all_are_counted_once_more() -> None:
    world = _world(quota=5)
    store = _noting(world)
    world.created()
    world.clock.pause(DAY)
    store.before_sums = lambda: world.created(resource="Second")
    assert _care(world)[0]["BudgetUsed"] == 2
    assert (_budget(world).committed, _budget(world).used) == (4, 2), "what has changed is not overwritten"
    assert _budget(world).day == TODAY + 1


def test_where_claims_change_all_the_time_the_next_sweep_cares() -> None:
    world = _world(quota=5)
    store = _noting(world)
    world.created()
    world.clock.pause(DAY)
    before = _budget(world)

    def conflict_again() -> None:
        store.before_sums = conflict_again
        _conflict()

    store.before_sums = conflict_again
    assert _care(world) == []
    assert _budget(world) == before
    store.before_sums = None
    assert _care(world)[0]["BudgetUsed"] == 1


def test_a_number_that_goes_to_another_resource_is_counted_once(world: World) -> None:
    arn = world.created(PhoneNumber="+12065550150")
    world.stacks.hold(world.claim().resource, arn, "DELETE_SKIPPED")
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550150", "Adopt": "true"}
    assert world.created(stack=OTHER_STACK, resource="Sales", **desired) == arn
    assert (_budget(world).committed, _budget(world).used) == (2, 1)
    world.clock.pause(400)
    world.sweep()
    world.delete(arn, stack=OTHER_STACK, resource="Sales")
    assert world.held() == []
    assert (_budget(world).committed, _budget(world).used) == (2, 2)


def test_a_number_that_cloudformation_has_moved_is_counted_once(world: World) -> None:
    arn = world.created()
    world.clock.pause(600)
    old = world.claim().resource
    world.stacks.resources.pop(old)
    world.stacks.hold(replace(old, logical_resource_id="Renamed"), arn)
    assert world.update(arn, resource="Renamed", Description="Moved").physical_id == arn
    assert world.claim(resource="Renamed").is_inherited
    assert (_budget(world).committed, _budget(world).used) == (2, 1)
    world.delete(arn, resource="Renamed")
    assert world.held() == []
    assert (_budget(world).committed, _budget(world).used) == (2, 2)


def _sweep_later(world: World) -> None:
    world.clock.pause(7200)
    world.sweep()


def test_the_sums_are_right_after_every_step_of_a_resource() -> None:
    world = _world(quota=50)
    steps: list[Callable[[], object]] = [
        lambda: world.created(AllowReplacement="true"),
        lambda: world.update(world.claim().arn, CountryCode="GB", AllowReplacement="true"),
        lambda: world.delete(world.claims()[0].arn),
        lambda: world.create(resource="Failing", CountryCode="AD"),
        lambda: world.delete(world.claim().arn),
        lambda: _sweep_later(world),
    ]
    seen: list[tuple[int, int]] = []
    for step in steps:
        step()
        budget, right = _budget(world), _recounted(world)
        assert (budget.committed, budget.used) == (right.committed, right.used)
        seen.append((budget.committed, budget.used))
    assert seen[0] == (2, 1)
    assert seen[-1] == (4, 4)


# --- The sweep ---


def test_a_sweep_cares_for_the_budget() -> None:
    world = _world(quota=5)
    world.created()
    world.clock.pause(DAY)
    world.lines.clear()
    world.sweep()
    assert _metrics(world)[0]["BudgetUsed"] == 1
    assert _budget(world).day == TODAY + 1


def test_what_is_wrong_with_the_budget_does_not_stop_a_sweep(world: World) -> None:
    class Broken(_Quotas):
        def phone_numbers(self, instance_arn: str) -> int | None:
            raise ZeroDivisionError(instance_arn)

    _told(world, 7)
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn).succeeded
    world.emulator.faults.clear()
    world.clock.pause(DAY)
    world.quotas = Broken()
    world.sweep()
    assert world.held() == []
    (line,) = (line for line in world.messages() if line.get("part") == "care_for_budget")
    assert (line["level"], line["error"], line["problem"]) == ("ERROR", "ZeroDivisionError", world.instance)


# --- Releases that are postponed ---


def _postponing(below: int, quota: int = 2) -> World:
    return World(budget=Policy(quota=quota, postpone_releases_below=below))


def test_a_release_that_would_leave_too_little_is_postponed_to_the_date_on_which_more_is_free() -> None:
    world = _postponing(2)
    arns = [world.created(resource=name) for name in ("One", "Two")]
    response = world.delete(arns[0], resource="One")
    number = world.number(arns[0])
    assert (response.status, number.is_held) == ("SUCCESS", True)
    date = date_of((TODAY + WINDOW_DAYS) * DAY)
    assert response.reason == (
        f"{number.phone_number} is released on {date}: before, that would cost the account its last claims. Until "
        "then, the resource gets it back if it is created again."
    )
    claim = world.claim(resource="One")
    assert (claim.state, claim.is_postponed, claim.counts_release) == (ClaimState.PARKED, True, False)
    assert number.tags[contract.PARKED_TAG] == date
    assert world.invocation().ledger.budget().postponed == 1


def test_a_release_that_leaves_enough_is_not_postponed() -> None:
    world = _postponing(1)
    arns = [world.created(resource=name) for name in ("One", "Two")]
    assert world.delete(arns[0], resource="One").reason == ""
    assert not world.number(arns[0]).is_held
    assert world.delete(arns[1], resource="Two").succeeded
    assert world.number(arns[1]).is_held


def test_releases_at_the_same_time_do_not_spend_more_than_one_after_another() -> None:
    world = _postponing(1)
    world.store = store = _Store(world)
    arns = [world.created(resource=name) for name in ("One", "Two")]
    other = world.event("Delete", arns[1], resource="Two")
    store.before_claim = lambda: world.send(other)
    world.handle(world.event("Delete", arns[0], resource="One"))
    assert [response.status for response in world.responses] == ["SUCCESS"] * 4
    assert [world.number(arn).is_held for arn in arns] == [True, False]


def test_a_postponed_release_happens_when_more_is_free() -> None:
    world = _postponing(2)
    arns = [world.created(resource=name) for name in ("One", "Two")]
    world.delete(arns[0], resource="One")
    world.clock.now = float((TODAY + WINDOW_DAYS) * DAY)
    world.sweep()
    assert [world.number(arn).is_held for arn in arns] == [False, True]


def test_a_release_is_postponed_again_if_nothing_has_become_free() -> None:
    world = _postponing(2)
    arns = [world.created(resource=name) for name in ("One", "Two")]
    world.delete(arns[0], resource="One")
    world.clock.now = float((TODAY + WINDOW_DAYS) * DAY)
    world.budget = Policy(quota=2, postpone_releases_below=2, baseline={_date(TODAY + 100): 3})
    world.sweep()
    assert world.number(arns[0]).is_held
    assert world.claim(resource="One").parked_until == (TODAY + 100 + WINDOW_DAYS) * DAY


def test_each_postponed_release_is_listed_once_a_day() -> None:
    world = _postponing(2)
    arns = [world.created(resource=name) for name in ("One", "Two")]
    world.delete(arns[0], resource="One")
    world.clock.pause(DAY)
    world.sweep()
    (line,) = (line for line in world.messages() if line.get("message") == "release is postponed")
    assert line["number"] == world.number(arns[0]).phone_number
    assert line["until"] == date_of((TODAY + WINDOW_DAYS) * DAY)


def test_a_resource_that_comes_back_gets_the_number_whose_release_is_postponed() -> None:
    world = _postponing(2)
    arns = [world.created(resource=name) for name in ("One", "Two")]
    world.delete(arns[0], resource="One")
    world.clock.pause(60)
    assert world.created(resource="One") == arns[0]
    assert world.invocation().ledger.budget().postponed == 0


@pytest.mark.parametrize("policy", [Policy(postpone_releases_below=9), Policy(quota=1, postpone_releases_below=2)])
def test_a_release_is_not_postponed_if_the_quota_is_not_known_or_so_much_is_never_free(policy: Policy) -> None:
    world = World(budget=policy)
    arn = world.created()
    assert world.delete(arn).succeeded
    assert not world.number(arn).is_held


def test_a_release_that_is_counted_ahead_is_counted_once() -> None:
    world = _postponing(1, quota=5)
    arn = world.created()
    world.client.before["release_phone_number"] = die
    with pytest.raises(Died):
        world.delete(arn)
    budget = world.invocation().ledger.budget()
    assert (budget.used, budget.committed) == (2, 2)
    world.client.before.clear()
    world.clock.pause(7200)
    world.sweep()
    budget = world.invocation().ledger.budget()
    assert (budget.used, budget.committed, world.number(arn).is_held) == (2, 2, False)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()


def test_what_each_instance_holds_and_has_used_is_logged_once_a_day() -> None:
    world = _world(quota=9)
    other = world.emulator.add_instance(REGION)
    world.created(resource="One")
    arn = world.created(resource="Two", TargetArn=other)
    world.delete(arn, resource="Two", TargetArn=other)
    world.clock.pause(DAY)
    world.sweep()
    lines = [line for line in world.messages() if line.get("message") == "budget of an instance"]
    assert {line["target"]: (line["held"], line["used"]) for line in lines} == {world.instance: (1, 1), other: (0, 2)}


def test_refused_claims_are_counted_separately() -> None:
    world = _world(quota=9)
    world.created(resource="One", PhoneNumber="+12065550177")
    world.emulator.faults.add("ClaimPhoneNumber", "error", code="InvalidParameterException", calls=None)
    assert world.create(resource="Two", PhoneNumber="+12065550178").status == "FAILED"
    assert [line["ClaimsRefused"] for line in world.messages() if "ClaimsRefused" in line] == [1]
    assert world.invocation().ledger.budget().used == 2, "what is not known to be counted is not in the sums"


def test_the_numbers_that_are_held_are_counted_once_a_day() -> None:
    world = _world(quota=9)
    world.created(resource="Kept")
    world.delete(world.created(resource="Parked", ReleaseDelay=str(7 * DAY)), resource="Parked")
    world.delete(world.created(resource="Released"), resource="Released")
    for _ in range(2):
        world.clock.pause(DAY)
        world.sweep()
        world.sweep()
    lines = [line for line in world.messages() if "NumbersHeld" in line]
    assert [(line["NumbersHeld"], line["ParkedNumbers"]) for line in lines] == [(2, 1), (2, 1)]


def test_a_provider_that_holds_nothing_publishes_no_number_of_what_it_holds() -> None:
    world = _world(quota=9)
    world.delete(world.created(resource="One"), resource="One")
    world.clock.pause(DAY)
    world.sweep()
    assert [line["BudgetUsed"] for line in world.messages() if "BudgetUsed" in line] == [2]
    assert not [line for line in world.messages() if "NumbersHeld" in line]


def test_a_number_that_is_just_being_adopted_from_another_resource_is_held_once() -> None:
    world = _world(quota=9)
    arn = world.created(resource="One")
    adopting = replace(world.claim(resource="One"), logical_resource_id="Two", id="two", state=ClaimState.OPENING)
    world.invocation().ledger.save(replace(adopting, version=0, counted={}))
    world.clock.pause(DAY)
    care_for_budget(world.invocation())
    assert world.number(arn).is_held
    assert [line["NumbersHeld"] for line in world.messages() if "NumbersHeld" in line] == [1]
