"""Numbers that Connect gave out while nobody heard of it: found again, or released, and never taken for others'."""

from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import tokens
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, REGION, Died, World, die

CHOSEN: Final = "+12065550150"


def _forget_before_the_next_claim(world: World) -> None:
    def next_time(_: object) -> None:
        world.client.before["claim_phone_number"] = lambda _: world.emulator.forget_client_tokens()

    world.client.before["claim_phone_number"] = next_time


def _dies_after_its_claim(world: World, **properties: Any) -> dict[str, Any]:
    event = world.event("Create", **properties)
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    return event


def _with_a_second_number(world: World) -> str:
    """Let Connect forget a token and hide a number for so long that a second one is claimed; return that one's ARN."""
    world.emulator.configure(describe_lag_seconds=600.0)
    event = _dies_after_its_claim(world)
    world.emulator.configure(describe_lag_seconds=0.0)
    world.emulator.forget_client_tokens()
    response = world.send(event)
    assert response.succeeded
    assert world.effects("ClaimPhoneNumber") == 2
    return response.physical_id


@pytest.mark.parametrize("properties", [{}, {"PhoneNumber": CHOSEN}], ids=["any", "chosen"])
def test_a_number_that_a_forgotten_token_hides_is_found(world: World, properties: dict[str, Any]) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "no_response")
    _forget_before_the_next_claim(world)
    response = world.create(**properties)
    assert response.succeeded
    assert len(world.calls("ClaimPhoneNumber")) == 2
    assert world.effects("ClaimPhoneNumber") == 1
    assert world.held() == [response.data["PhoneNumber"]]


def test_a_number_that_connect_shows_late_is_waited_for(world: World) -> None:
    world.emulator.configure(describe_lag_seconds=20.0)
    event = _dies_after_its_claim(world)
    world.emulator.forget_client_tokens()
    response = world.send(event)
    assert response.succeeded
    assert world.effects("ClaimPhoneNumber") == 1
    assert world.held() == [response.data["PhoneNumber"]]


def test_a_throttled_creation_that_is_canceled_does_not_ask_again(world: World) -> None:
    def cancel(_: object) -> None:
        assert world.delete("support-Number-1A2B3C").succeeded

    world.emulator.faults.add("ClaimPhoneNumber", "error", code="ThrottlingException")
    world.client.before["claim_phone_number"] = cancel
    world.handle(world.event("Create"))
    assert [response.status for response in world.responses] == ["SUCCESS", "FAILED"]
    assert len(world.calls("ClaimPhoneNumber")) == 1
    # The refusal was clear, so nothing is left to wait for.
    assert (world.claim().state, world.claim().in_flight_calls) == (ClaimState.CLOSING, ())
    assert world.held() == []


def test_a_throttled_invocation_does_not_ask_again_for_what_another_one_has_got(world: World) -> None:
    event = world.event("Create")

    def another_invocation(_: object) -> None:
        world.handle(event)
        world.emulator.faults.add("ClaimPhoneNumber", "error", code="ThrottlingException")

    world.client.before["claim_phone_number"] = another_invocation
    world.handle(event)
    one, other = world.responses
    assert one.succeeded
    assert one.fields == other.fields
    assert [call.outcome for call in world.calls("ClaimPhoneNumber")][1:] == ["ThrottlingException"]


def test_a_number_of_this_account_that_is_not_the_claims_is_not_taken_for_its_own(world: World) -> None:
    arn = world.claimed_by_hand(CHOSEN)
    failed = world.create(PhoneNumber=CHOSEN)
    assert failed.status == "FAILED"
    assert f"{CHOSEN} cannot be claimed: " in failed.reason
    assert ".. It was" not in failed.reason
    assert world.claim().arn == ""
    world.delete(failed.physical_id, PhoneNumber=CHOSEN)
    world.clock.pause(3600.0)
    world.sweep()
    assert world.number(arn).is_held
    assert "cdk-connect-phone-number:claim" not in world.number(arn).tags


def test_a_second_number_is_released_by_the_sweeper_and_the_first_stays(world: World) -> None:
    arn = _with_a_second_number(world)
    world.clock.pause(1200.0)
    world.sweep()
    assert world.held() == [world.number(arn).phone_number]
    claim = world.claim()
    assert (claim.state, claim.duplicate_arns, claim.in_flight_calls) == (ClaimState.LIVE, (), ())


def test_a_second_number_that_cannot_be_released_yet_is_tried_again_in_five_minutes(world: World) -> None:
    arn = _with_a_second_number(world)
    world.clock.pause(1200.0)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="InvalidParameterException", calls=1)
    world.sweep()
    claim = world.claim()
    assert (claim.state, len(claim.duplicate_arns), claim.arn) == (ClaimState.LIVE, 1, arn)
    assert 290 <= claim.next_check_at - world.clock.now <= 300
    world.clock.pause(300.0)
    world.sweep()
    assert world.held() == [world.number(arn).phone_number]


def test_a_delete_that_cannot_release_the_second_number_says_so(world: World) -> None:
    arn = _with_a_second_number(world)
    world.clock.pause(1200.0)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="InvalidParameterException", calls=1)
    failed = world.delete(arn)
    assert failed.status == "FAILED"
    assert "Amazon Connect refused ReleasePhoneNumber for " in failed.reason
    assert world.delete(arn).succeeded
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED


def test_an_imported_number_of_a_creation_that_died_and_was_canceled_is_released(world: World) -> None:
    source = world.emulator.add_source_number(REGION, "+12065559999", "US", "DID", ACCOUNT)
    properties: dict[str, Any] = {"SourcePhoneNumberArn": source, "CountryCode": None, "Type": None}
    event = world.event("Create", **properties)
    world.client.after["import_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    assert world.held() != []
    assert world.delete("support-Number-1A2B3C", **properties).succeeded
    assert world.held() == []
    assert world.effects("ReleasePhoneNumber") == 1


def test_an_import_carries_the_token_of_its_claim_and_source(world: World) -> None:
    source = world.emulator.add_source_number(REGION, "+12065559999", "US", "DID", ACCOUNT)
    world.emulator.faults.add("ImportPhoneNumber", "no_response")
    world.created(SourcePhoneNumberArn=source, CountryCode=None, Type=None)
    sent = [call.client_token for call in world.calls("ImportPhoneNumber")]
    assert sent == [tokens.claim_token(world.claim().id, source)] * 2
