"""What follows from the order of three requests, or from which of several claims is meant."""

from dataclasses import replace
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number.claim import Claim, ClaimState
from lambda_handlers.connect_phone_number.cloudformation.stacks import StackState
from lambda_handlers.connect_phone_number.lifecycle.claiming import record_number
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, REGION, STACK, Died, FakeStacks, World, die

from .decisions import (
    INVENTED,
    RESOURCE,
    ROLLING_BACK,
    claim_of,
    decided,
    let_go,
    only_claim,
    reason,
    replaced,
    without_time,
)

SECOND = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/99999999-2222-3333-4444-555555555555"


BRITISH: Final[dict[str, Any]] = {"CountryCode": "GB", "AllowReplacement": "true"}


def _both_for_the_same(world: World, *, acknowledged: bool) -> tuple[Claim, Claim]:
    """Return two live claims with the same specification, the older one first."""
    old = world.created()
    world.update(old, **BRITISH)
    first, second = world.claims()
    both = tuple(dict.fromkeys((*first.satisfied, *second.satisfied)))
    ledger = world.invocation().ledger
    for claim in (first, second):
        ledger.save(replace(claim, satisfied=both, acknowledged=acknowledged))
    if not acknowledged:
        world.stacks.named.clear()
    return first, second


class _Behind(FakeStacks):
    """CloudFormation says what has become of a stack only after a while."""

    def __init__(self, world: World, until: float, then: str) -> None:
        super().__init__(
            status="UPDATE_IN_PROGRESS", resources=dict(world.stacks.resources), named=set(world.stacks.named)
        )
        self._clock = world.clock
        self._until = until
        self._then = then

    def state(self, stack_id: str) -> StackState | None:
        if self._clock() >= self._until:
            self.status = self._then
        return super().state(stack_id)


def _states(world: World) -> list[ClaimState]:
    return [claim.state for claim in world.claims()]


# --- Which of several ---


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("named", [0, 1])
def test_an_update_stays_with_the_number_that_it_names(world: World, named: int, acknowledged: bool) -> None:
    claim = _both_for_the_same(world, acknowledged=acknowledged)[named]
    world.stacks.status = ROLLING_BACK
    assert only_claim(decided(world, world.event("Update", claim.arn))) == claim.id


def test_a_create_resumes_the_latest_claim(world: World) -> None:
    _, latest = _both_for_the_same(world, acknowledged=False)
    assert only_claim(decided(world, world.event("Create"))) == latest.id


def test_a_create_resumes_the_latest_claim_that_cloudformation_never_named(world: World) -> None:
    first, latest = _both_for_the_same(world, acknowledged=False)
    world.stacks.hold(RESOURCE, latest.arn)
    assert only_claim(decided(world, world.event("Create"))) == first.id
    assert claim_of(world, latest.arn).acknowledged


def test_an_update_takes_up_what_cloudformation_never_named_before_what_it_has(world: World) -> None:
    first, latest = _both_for_the_same(world, acknowledged=True)
    ledger = world.invocation().ledger
    ledger.save(replace(ledger.claim(first.own_key), acknowledged=False))
    world.stacks.named.discard((RESOURCE, first.arn))
    third = world.update(latest.arn, CountryCode="CA", AllowReplacement="true").physical_id
    assert only_claim(decided(world, world.event("Update", third, AllowReplacement="true"))) == first.id


# --- The way back from a replacement ---


@pytest.mark.parametrize(
    ("status", "root_status"),
    [
        (ROLLING_BACK, ""),
        ("UPDATE_ROLLBACK_FAILED", ""),
        ("UPDATE_IN_PROGRESS", ROLLING_BACK),
    ],
)
def test_the_rollback_of_a_replacement_goes_back_to_the_old_number(world: World, status: str, root_status: str) -> None:
    old, new = replaced(world)
    world.stacks.status, world.stacks.root_status = status, root_status
    assert only_claim(decided(world, world.event("Update", new))) == claim_of(world, old).id
    assert _states(world) == [ClaimState.LIVE, ClaimState.LIVE]
    assert claim_of(world, new).acknowledged, "its Delete is to come"
    assert world.stacks.asked == [("state", STACK)]


def test_what_cloudformation_said_of_the_old_number_is_not_lost_on_the_way_back(world: World) -> None:
    old, new = replaced(world)
    ledger = world.invocation().ledger
    ledger.save(replace(claim_of(world, old), acknowledged=False))
    world.stacks.status = ROLLING_BACK
    assert only_claim(decided(world, world.event("Update", new))) == claim_of(world, old).id
    assert claim_of(world, old).acknowledged


@pytest.mark.parametrize("rolls_back", [False, True])
def test_cloudformation_is_asked_whether_it_rolls_back_when_it_shows_that(world: World, rolls_back: bool) -> None:
    # Right after a rollback has begun, CloudFormation may still tell of the deployment before.
    old, new = replaced(world)
    began = world.clock()
    world.stacks = _Behind(world, until=began + 20.0, then=ROLLING_BACK if rolls_back else "UPDATE_IN_PROGRESS")
    updated = world.update(new, AllowReplacement="true")
    assert (updated.physical_id == old) is rolls_back
    assert world.stacks.asked[0] == ("state", STACK)


def test_it_goes_back_also_where_the_new_number_would_do(world: World) -> None:
    old, new = replaced(world, CountryCode="US", Prefix="+1312")
    world.stacks.status = ROLLING_BACK
    assert only_claim(decided(world, world.event("Update", new))) == claim_of(world, old).id


def test_outside_a_rollback_the_new_number_stays_where_it_would_do(world: World) -> None:
    old, new = replaced(world, CountryCode="US", Prefix="+1312")
    assert only_claim(decided(world, world.event("Update", new))) == claim_of(world, new).id
    assert claim_of(world, old).request_key != claim_of(world, new).request_key


def test_outside_a_rollback_an_update_asks_for_a_new_number_and_not_for_the_one_from_before(world: World) -> None:
    # That one was retained, or is about to be deleted.
    old, new = replaced(world)
    opened = only_claim(decided(world, world.event("Update", new, AllowReplacement="true")))
    assert opened not in (claim_of(world, old).id, claim_of(world, new).id)
    assert _states(world) == [ClaimState.LIVE, ClaimState.LIVE, ClaimState.OPENING]


def test_outside_a_rollback_going_back_is_a_replacement_that_must_be_allowed(world: World) -> None:
    _, new = replaced(world)
    assert reason(decided(world, world.event("Update", new))).endswith(
        "To replace it, set AllowReplacement to true (allow_replacement=True in the CDK)."
    )


def test_an_update_fails_where_cloudformation_does_not_tell_whether_it_rolls_back(world: World) -> None:
    old, new = replaced(world)
    before = [replace(claim, version=0, acknowledged=True) for claim in world.claims()]
    world.stacks.is_silent = True
    assert reason(decided(world, world.event("Update", new, AllowReplacement="true"))) == (
        "CloudFormation did not tell whether it is rolling the stack back, so it is not certain which number is "
        "wanted. Nothing was changed. Check that the provider's role may call cloudformation:DescribeStacks, then try "
        "again."
    )
    assert [replace(claim, version=0) for claim in world.claims()] == before
    world.stacks.is_silent = False
    world.stacks.status = ROLLING_BACK
    assert only_claim(decided(world, world.event("Update", new))) == claim_of(world, old).id


@pytest.mark.parametrize("is_released", [False, True])
def test_the_rollback_goes_back_also_where_the_new_number_was_deleted_before(world: World, is_released: bool) -> None:
    old, new = replaced(world)
    world.stacks.status = ROLLING_BACK
    delete = world.event("Delete", new, CountryCode="GB")
    if is_released:
        assert world.send(delete).succeeded
    else:
        decided(world, delete)
    assert only_claim(decided(world, world.event("Update", new))) == claim_of(world, old).id
    assert (claim_of(world, old).state, claim_of(world, new).is_open) == (ClaimState.LIVE, False)


@pytest.mark.parametrize("is_released", [False, True])
def test_outside_a_rollback_an_update_of_a_deleted_number_is_refused(world: World, is_released: bool) -> None:
    old, new = replaced(world)
    before = claim_of(world, old)
    delete = world.event("Delete", new, CountryCode="GB")
    if is_released:
        assert world.send(delete).succeeded
    else:
        decided(world, delete)
    refusal = reason(decided(world, world.event("Update", new, AllowReplacement="true")))
    assert refusal.endswith(
        f"({new}) is no longer this resource's (CloudFormation deleted the resource). Add a resource with another "
        "logical id to claim a new number."
    )
    assert claim_of(world, old) == before


def test_an_update_that_wants_what_nobody_has_does_not_ask_cloudformation(world: World) -> None:
    _, new = replaced(world)
    assert only_claim(decided(world, world.event("Update", new, CountryCode="CA", AllowReplacement="true")))
    assert world.stacks.asked == []


# --- Numbers that were retained ---


def test_a_retained_number_stays_where_its_resource_is_created_anew_as_another(world: World) -> None:
    arn = world.created()
    let_go(world, arn)
    decided(world, world.event("Create", CountryCode="GB"))
    assert _states(world) == [ClaimState.LIVE, ClaimState.OPENING]


def test_an_update_takes_up_a_live_number_only_where_cloudformation_never_named_it(world: World) -> None:
    # Retained, and its logical id used again, before the sweeper has come to ask about it.
    arn = world.created()
    let_go(world, arn)
    other = world.created(**BRITISH)
    taken = only_claim(decided(world, world.event("Update", other, AllowReplacement="true")))
    assert taken != claim_of(world, arn).id


# --- Requests without a time ---


def test_without_times_the_last_request_says_whether_the_creation_was_seen(world: World) -> None:
    decided(world, without_time(world.event("Create")))
    late = without_time(world.event("Create"))
    decided(world, without_time(world.event("Delete", INVENTED)))
    world.clock.pause(10.0)
    decided(world, without_time(world.event("Delete", INVENTED)))
    assert reason(decided(world, late))


def test_without_times_a_delete_that_spares_a_number_refuses_no_update_of_it(world: World) -> None:
    arn = world.send(without_time(world.event("Create"))).physical_id
    assert world.send(without_time(world.event("Update", arn, Description="x"))).succeeded
    decided(world, without_time(world.event("Delete", INVENTED)))
    assert only_claim(decided(world, without_time(world.event("Update", arn)))) == world.claim().id


@pytest.mark.parametrize("timeless", ["Create", "Delete"])
def test_a_request_with_a_time_and_one_without_go_together(world: World, timeless: str) -> None:
    create = world.event("Create")
    decided(world, without_time(create) if timeless == "Create" else create)
    delete = world.event("Delete", INVENTED)
    decided(world, without_time(delete) if timeless == "Delete" else delete)
    assert world.claim().state is ClaimState.CLOSING


# --- Which number ---


def test_nobody_looks_for_a_number_that_only_this_invocation_has_asked_for(world: World) -> None:
    world.created()
    assert world.calls("ListPhoneNumbersV2") == []


def test_nobody_looks_for_a_number_because_an_earlier_candidate_is_in_flight(world: World) -> None:
    event = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    (claim,) = world.claims()
    world.invocation().ledger.save(replace(claim, candidate="", rejected_candidates=(claim.candidate,)))
    assert world.send(event).succeeded
    assert world.calls("ListPhoneNumbersV2") == []


def test_a_second_number_of_a_claim_that_is_still_being_made_waits_for_its_end(world: World) -> None:
    decided(world, world.event("Create"))
    invocation = world.invocation()
    before = record_number(invocation, world.claim(), "+12065558888", SECOND.replace("9999", "8888"))
    recorded = record_number(invocation, before, "+12065559999", SECOND)
    assert (recorded.state, recorded.duplicate_arns) == (ClaimState.OPENING, (SECOND,))
    assert (recorded.next_check_at, recorded.due_since) == (before.next_check_at, before.due_since)


def test_a_second_number_of_a_claim_is_due_at_once_and_changes_nothing_else(world: World) -> None:
    arn = world.created()
    world.clock.pause(500.0)
    recorded = record_number(world.invocation(), world.claim(), "+12065559999", SECOND)
    assert (recorded.arn, recorded.duplicate_arns, recorded.next_check_at) == (arn, (SECOND,), int(world.clock.now))
    assert world.claim().duplicate_arns == (SECOND,)
    # Heard of again, it is not written down twice.
    assert record_number(world.invocation(), world.claim(), "+12065559999", SECOND).duplicate_arns == (SECOND,)
