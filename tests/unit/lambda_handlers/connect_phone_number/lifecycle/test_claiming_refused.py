"""Numbers that Connect refuses to claim: lost races, and refusals that are no coincidence."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_handlers.connect_phone_number.claim import Outcome
from lambda_handlers.connect_phone_number.lifecycle.claiming import MAX_CANDIDATES
from tests.unit.lambda_handlers.connect_phone_number.world import Died, World, die

from .decisions import decided

CHOSEN = "+12065550100"


def _refuse(world: World, *, calls: int | None) -> None:
    world.emulator.faults.add(
        "ClaimPhoneNumber", "error", code="InvalidParameterException", message="Bad thing.", calls=calls
    )


def _invalid(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "InvalidParameterException", "Message": message}}, "ClaimPhoneNumber")


# --- Lost races (S16) ---


def test_s16_a_number_lost_between_search_and_claim(world: World) -> None:
    world.client.before["claim_phone_number"] = lambda call: world.emulator.take(call["PhoneNumber"])
    created = world.create()
    assert created.succeeded, created.reason
    lost, won = (call.parameters["PhoneNumber"] for call in world.calls("ClaimPhoneNumber"))
    assert won == created.data["PhoneNumber"]
    assert world.invocation().ledger.number(lost) is None
    assert world.claim().rejected_candidates == (lost,)


def test_s16_a_refusal_that_names_the_number_is_a_lost_race_however_it_is_worded(world: World) -> None:
    written: list[str] = []

    def refuse(call: Mapping[str, Any]) -> None:
        number = str(call["PhoneNumber"])
        if len(written) < 3:
            written.append(f"+{number[1]} ({number[2:5]}) {number[5:8]}-{number[8:]}")
            world.client.before["claim_phone_number"] = refuse
            raise _invalid(f"You cannot have {written[-1]}.")

    world.client.before["claim_phone_number"] = refuse
    created = world.create()
    assert created.succeeded, created.reason
    claim = world.claim()
    assert (len(claim.rejected_candidates), claim.unexplained_refusals, claim.in_flight_calls) == (3, 0, ())


def test_s16_ten_lost_races_in_a_row(world: World) -> None:
    lost: list[str] = []

    def take(call: Mapping[str, Any]) -> None:
        if len(lost) < 10:
            lost.append(call["PhoneNumber"])
            world.emulator.take(call["PhoneNumber"])
            world.client.before["claim_phone_number"] = take

    world.client.before["claim_phone_number"] = take
    created = world.create()
    assert created.succeeded, created.reason
    assert len(set(lost)) == 10
    assert created.data["PhoneNumber"] not in lost
    assert world.effects("ClaimPhoneNumber") == 1


def test_s16_a_chosen_number_lost(world: World) -> None:
    world.emulator.take(CHOSEN)
    failed = world.create(PhoneNumber=CHOSEN)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{CHOSEN} cannot be claimed: Phone number not available: {CHOSEN}. It was claimed by somebody else, or "
            "was released less than 180 days ago. If this account holds it, set Adopt to true (adopt=True in the CDK)."
        ),
    )
    assert world.delete(failed.physical_id).succeeded
    assert world.invocation().ledger.number(CHOSEN) is None


@pytest.mark.parametrize(("lost", "succeeds"), [(29, True), (30, False)])
def test_after_30_lost_races_something_else_is_wrong(world: World, lost: int, succeeds: bool) -> None:
    event = world.event("Create")
    decided(world, event)
    rejected = tuple(f"+1{index}" for index in range(lost))
    world.invocation().ledger.save(replace(world.claim(), rejected_candidates=rejected))
    response = world.send(event)
    assert response.succeeded is succeeds
    if not succeeds:
        assert response.reason == "30 numbers in a row went to somebody else between search and claim. Deploy again."
        assert world.calls("ClaimPhoneNumber") == []


def test_no_more_numbers_are_asked_for_than_that_however_many_are_lost(world: World) -> None:
    lost: list[str] = []

    def take(call: Mapping[str, Any]) -> None:
        lost.append(call["PhoneNumber"])
        world.emulator.take(call["PhoneNumber"])
        world.client.before["claim_phone_number"] = take

    world.client.before["claim_phone_number"] = take
    assert world.create().status == "FAILED"
    assert len(set(lost)) == len(lost) == MAX_CANDIDATES


# --- Refusals that do not name the number ---


def test_a_refusal_for_another_reason_is_not_believed_at_once(world: World) -> None:
    _refuse(world, calls=1)
    created = world.create()
    assert created.succeeded, created.reason
    refused, won = (call.parameters["PhoneNumber"] for call in world.calls("ClaimPhoneNumber"))
    assert won == created.data["PhoneNumber"] != refused
    claim = world.claim()
    assert (claim.rejected_candidates, claim.unexplained_refusals) == ((refused,), 1)
    assert world.invocation().ledger.number(refused) is None


def test_a_refusal_for_another_reason_is_believed_at_its_second_occurrence(world: World) -> None:
    _refuse(world, calls=None)
    failed = world.create()
    assert failed.status == "FAILED"
    assert "InvalidParameterException: Bad thing. If that names a limit: the quota of phone numbers" in failed.reason
    tried = [call.parameters["PhoneNumber"] for call in world.calls("ClaimPhoneNumber")]
    assert len(set(tried)) == len(tried) == 2
    assert world.claim().unexplained_refusals == 2
    assert world.delete(failed.physical_id).succeeded
    assert world.claim().outcome is Outcome.NEVER_CLAIMED


def test_a_message_about_all_numbers_is_no_lost_race(world: World) -> None:
    message = "Phone numbers of this type are not available for this instance."
    world.emulator.faults.add(
        "ClaimPhoneNumber", "error", code="InvalidParameterException", message=message, calls=None
    )
    assert message in world.create().reason
    assert len(world.calls("ClaimPhoneNumber")) == 2


def test_lost_races_between_two_such_refusals_do_not_hide_them(world: World) -> None:
    def refuse_again(_: object) -> None:
        raise _invalid("Bad thing.")

    def lose(call: Mapping[str, Any]) -> None:
        world.client.before["claim_phone_number"] = refuse_again
        world.emulator.take(call["PhoneNumber"])

    def refuse(_: object) -> None:
        world.client.before["claim_phone_number"] = lose
        raise _invalid("Bad thing.")

    world.client.before["claim_phone_number"] = refuse
    failed = world.create()
    assert failed.status == "FAILED"
    assert "Bad thing." in failed.reason
    assert (world.claim().unexplained_refusals, len(world.claim().rejected_candidates)) == (2, 3)


def test_such_a_refusal_counts_for_the_next_invocation_too(world: World) -> None:
    event = world.event("Create")

    def then_die(_: object) -> None:
        world.client.before["claim_phone_number"] = die
        raise _invalid("Bad thing.")

    world.client.before["claim_phone_number"] = then_die
    with pytest.raises(Died):
        world.handle(event)
    _refuse(world, calls=None)
    assert world.send(event).status == "FAILED"
    assert len(world.calls("ClaimPhoneNumber")) == 1


def test_such_a_refusal_of_a_chosen_number_is_believed_at_once(world: World) -> None:
    _refuse(world, calls=None)
    failed = world.create(PhoneNumber=CHOSEN)
    assert failed.status == "FAILED"
    assert f"ClaimPhoneNumber for {CHOSEN} ({world.instance}): InvalidParameterException: Bad thing." in failed.reason
    assert "set Adopt" not in failed.reason
    assert (world.claim().candidate, world.claim().rejected_candidates) == (CHOSEN, ())
    assert world.invocation().ledger.number(CHOSEN) is not None, "it is this claim's until that is closed"
    assert len(world.calls("ClaimPhoneNumber")) == 1
