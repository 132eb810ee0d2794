"""What the ledger, the log and the metrics say when a request is done."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lambda_handlers.connect_phone_number.claim import ClaimState
from lambda_handlers.connect_phone_number.ledger.items import REQUEST_PREFIX, RequestEntry, decode, index_of
from lambda_handlers.connect_phone_number.lifecycle.claiming import LAG_SECONDS
from tests.unit.lambda_handlers.connect_phone_number.world import OTHER_STACK, PROVIDER, REGION, Died, World, die

from .adoptions import NUMBER, adopt, adopt_for_good


def _responses(world: World) -> set[tuple[str, str, str]]:
    items = [item for item in world.store.dump() if str(item["sk"]).startswith(REQUEST_PREFIX)]
    requests = [decode(RequestEntry, item) for item in items]
    assert all(request.response is not None for request in requests)
    return {(r.response.status, r.response.physical_resource_id, r.response.reason) for r in requests if r.response}


def _lines(world: World, message: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, world.lines) if line.get("message") == message]


def _metric(world: World, name: str) -> list[object]:
    lines = [line for line in map(json.loads, world.lines) if "_aws" in line]
    assert {line["Provider"] for line in lines} <= {PROVIDER}
    return [line[name] for line in lines if name in line]


def test_each_response_is_in_the_ledger(world: World) -> None:
    created = world.create()
    deleted = world.delete(created.physical_id)
    assert _responses(world) == {(a.status, a.physical_id, a.reason) for a in (created, deleted)}


def test_a_creation_that_failed_fails_in_the_same_words_when_it_is_delivered_again(world: World) -> None:
    event = world.event("Create", TargetArn=world.emulator.add_instance(REGION, limit=0))
    first = world.send(event)
    assert first.status == "FAILED"
    calls = len(world.emulator.audit)
    again = world.send(event)
    assert (again.physical_id, again.reason) == (first.physical_id, first.reason)
    assert len(world.emulator.audit) == calls
    assert _responses(world) == {("FAILED", first.physical_id, first.reason)}


def test_a_number_that_satisfies_what_an_update_wants_is_known_to_do_so(world: World) -> None:
    arn = world.created()
    prefix = world.number(arn).phone_number[:5]
    assert world.update(arn, Prefix=prefix).physical_id == arn
    assert len(world.claim().satisfied) == 2


def test_a_protection_that_an_update_brings_counts(world: World) -> None:
    arn = world.created()
    assert world.update(arn, ReleaseProtection="true").succeeded
    assert world.claim().protected
    assert world.delete(arn, ReleaseProtection="true").status == "FAILED"
    assert world.number(arn).is_held


def test_a_protection_that_an_update_was_to_switch_off_counts_until_that_has_succeeded(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    world.emulator.faults.add("UpdatePhoneNumberMetadata", "error", code="InvalidParameterException")
    assert world.update(arn, Description="x").status == "FAILED"
    assert world.claim().protected
    assert world.update(arn, Description="x").succeeded
    assert not world.claim().protected


# --- What is asked later ---


def test_a_number_that_was_answered_is_asked_about_in_five_minutes(world: World) -> None:
    world.created()
    claim = world.claim()
    assert (claim.state, claim.follow_up, claim.acknowledged) == (ClaimState.LIVE, True, False)
    assert claim.next_check_at == claim.due_since == int(world.clock.now) + 300
    assert index_of(claim) == {"due": "DUE", "due_at": claim.next_check_at}


def test_a_number_that_a_request_has_named_is_not_asked_about(world: World) -> None:
    arn = world.created()
    assert world.update(arn, Description="x").succeeded
    claim = world.claim()
    assert (claim.follow_up, claim.acknowledged) == (False, True)
    assert index_of(claim) == {"due": "LIVE", "due_at": claim.claimed_at}


def test_a_number_that_cloudformation_has_is_asked_about_once(world: World) -> None:
    world.created()
    for _ in range(3):
        world.clock.pause(400.0)
        world.sweep()
    claim = world.claim()
    assert (claim.state, claim.follow_up, claim.acknowledged) == (ClaimState.LIVE, False, True)
    assert len(world.stacks.asked) == 1


@pytest.mark.parametrize("established", [False, True])
def test_an_adopted_number_is_asked_about_until_its_adoption_is_established(world: World, established: bool) -> None:
    world.claimed_by_hand(NUMBER)
    arn = adopt_for_good(world) if established else adopt(world).physical_id
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": NUMBER, "Adopt": "true"}
    assert world.update(arn, stack=OTHER_STACK, resource="Sales", **desired, Description="x").succeeded
    claim = world.claim(OTHER_STACK, "Sales")
    assert (claim.acknowledged, claim.established, claim.follow_up) == (True, established, not established)
    assert claim.next_check_at >= int(world.clock.now) + 300


def test_a_number_that_is_in_flight_beside_is_looked_at_when_that_can_be_certain(world: World) -> None:
    event = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    (call,) = world.claim().in_flight_calls
    until = call.until
    assert world.send(event).succeeded
    claim = world.claim()
    assert claim.in_flight_calls == (call,)
    assert claim.next_check_at == claim.due_since == until + LAG_SECONDS


# --- Log and metrics ---


def test_a_claim_and_a_release_are_counted_and_logged(world: World) -> None:
    response = world.create()
    claim = world.claim()
    assert _metric(world, "Claims") == [1]
    assert _metric(world, "Releases") == []
    (line,) = _lines(world, "number is live")
    assert (line["number"], line["arn"], line["claim"]) == (
        response.data["PhoneNumber"],
        response.physical_id,
        claim.id,
    )
    world.delete(response.physical_id)
    assert (_metric(world, "Claims"), _metric(world, "Releases")) == ([1], [1])
    (line,) = _lines(world, "claim closed")
    assert (line["number"], line["outcome"], line["claim"]) == (response.data["PhoneNumber"], "RELEASED", claim.id)


def test_an_update_is_no_claim_and_an_adopted_number_neither(world: World) -> None:
    world.claimed_by_hand("+12065550150")
    arn = world.created(PhoneNumber="+12065550150", Adopt="true", CountryCode=None, Type=None)
    assert world.update(arn, PhoneNumber="+12065550150", Adopt="true", Description="New").succeeded
    assert _metric(world, "Claims") == []
    claimed = world.created(resource="Claimed")
    assert world.update(claimed, resource="Claimed", Description="New").succeeded
    assert _metric(world, "Claims") == [1]


def test_what_has_failed_before_is_forgotten_with_success(world: World) -> None:
    arn = world.created()
    world.invocation().ledger.save(replace(world.claim(), failures=2, last_error="Said so."))
    assert world.update(arn, Description="x").succeeded
    assert (world.claim().failures, world.claim().last_error) == (0, "")


def test_a_claim_that_came_to_nothing_is_no_release(world: World) -> None:
    failed = world.create(CountryCode="AD")
    world.delete(failed.physical_id, CountryCode="AD")
    assert _metric(world, "Releases") == []
    (line,) = _lines(world, "claim closed")
    assert line["outcome"] == "NEVER_CLAIMED"


def test_a_number_of_somebody_else_is_named_in_a_warning(world: World) -> None:
    arn = world.claimed_by_hand("+12065550150")
    world.delete(arn)
    (line,) = _lines(world, "number of somebody else is left alone")
    assert (line["level"], line["arn"]) == ("WARNING", arn)
