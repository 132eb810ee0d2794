"""What follows from the order of three requests, or from which of several claims is meant."""

from dataclasses import replace

import pytest

from lambda_handlers.connect_phone_number.ledger.items import Claim, ClaimState
from lambda_handlers.connect_phone_number.lifecycle.claiming import record_number
from tests.unit.lambda_handlers.connect_phone_number.lifecycle.decisions import (
    INVENTED,
    decided,
    only_claim,
    reason,
    without_time,
)
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, REGION, Died, World, die

SECOND = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/99999999-2222-3333-4444-555555555555"


def _both_for_the_same(world: World) -> tuple[Claim, Claim]:
    """Return two open claims of which each was made for what the other was made for, the older one first."""
    old = world.created()
    world.update(old, CountryCode="GB", AllowReplacement="true")
    first, second = world.claims()
    both = tuple(dict.fromkeys((*first.satisfies, *second.satisfies)))
    ledger = world.attempt().ledger
    for claim in (first, second):
        ledger.save_claim(replace(claim, satisfies=both))
    return first, second


@pytest.mark.parametrize("named", [0, 1])
def test_an_update_stays_with_the_number_that_it_names(world: World, named: int) -> None:
    claim = _both_for_the_same(world)[named]
    assert only_claim(decided(world, world.event("Update", claim.arn))) == claim.id


def test_a_create_resumes_the_latest_claim(world: World) -> None:
    _, latest = _both_for_the_same(world)
    assert only_claim(decided(world, world.event("Create"))) == latest.id


def test_a_kept_number_stays_where_its_resource_is_created_anew_as_another(world: World) -> None:
    world.created(RemovalPolicy="retain")
    decided(world, world.event("Create", CountryCode="GB"))
    kept, opened = world.claims()
    assert (kept.state, kept.confirmed) == (ClaimState.LIVE, True)
    assert opened.state is ClaimState.OPENING


def test_a_number_that_is_not_to_be_kept_does_not(world: World) -> None:
    world.created()
    decided(world, world.event("Create", CountryCode="GB"))
    released, _ = world.claims()
    assert (released.state, released.confirmed) == (ClaimState.CLOSING, False)


@pytest.mark.parametrize("times", range(6))
def test_without_times_the_last_request_says_whether_the_creation_was_seen(world: World, times: int) -> None:
    # Each time with other names of attempts, as the ledger sorts by these.
    for _ in range(times):
        world.event("Create")
    decided(world, without_time(world.event("Create")))
    late = without_time(world.event("Create"))
    decided(world, without_time(world.event("Delete", INVENTED)))
    world.clock.pause(10.0)
    decided(world, without_time(world.event("Delete", INVENTED)))
    assert reason(decided(world, late))


def test_nobody_looks_for_a_number_that_only_this_attempt_has_asked_for(world: World) -> None:
    world.created()
    assert world.calls("ListPhoneNumbersV2") == []


def test_nobody_looks_for_a_number_because_an_earlier_candidate_is_in_doubt(world: World) -> None:
    event = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    (claim,) = world.claims()
    world.attempt().ledger.save_claim(replace(claim, candidate="", given_up=(claim.candidate,)))
    assert world.send(event).succeeded
    assert world.calls("ListPhoneNumbersV2") == []


def test_a_second_number_of_a_claim_is_due_at_once_and_changes_nothing_else(world: World) -> None:
    arn = world.created()
    world.clock.pause(500.0)
    recorded = record_number(world.attempt(), world.claim(), "+12065559999", SECOND)
    assert (recorded.arn, recorded.surplus, recorded.check_at) == (arn, (SECOND,), int(world.clock.now))
    assert world.claim().surplus == (SECOND,)
    # Heard of again, it is not written down twice.
    assert record_number(world.attempt(), world.claim(), "+12065559999", SECOND).surplus == (SECOND,)
