"""What the ledger, the log and the metrics say when a request is done."""

import json
from typing import Any

from lambda_handlers.connect_phone_number.ledger.items import ResourceKey
from tests.unit.lambda_handlers.connect_phone_number.world import PROVIDER, REGION, STACK, World


def _answers(world: World) -> set[tuple[str, str, str]]:
    requests = world.attempt().ledger.resource(ResourceKey(STACK, "Number")).requests.values()
    assert all(request.answer is not None for request in requests)
    return {(r.answer.status, r.answer.physical_resource_id, r.answer.reason) for r in requests if r.answer}


def _lines(world: World, message: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, world.lines) if line.get("message") == message]


def _metric(world: World, name: str) -> list[object]:
    lines = [line for line in map(json.loads, world.lines) if "_aws" in line]
    assert {line["Provider"] for line in lines} <= {PROVIDER}
    return [line[name] for line in lines if name in line]


def test_each_answer_is_in_the_ledger(world: World) -> None:
    created = world.create()
    deleted = world.delete(created.physical_id)
    assert _answers(world) == {(a.status, a.physical_id, a.reason) for a in (created, deleted)}


def test_a_creation_that_failed_fails_in_the_same_words_when_it_is_delivered_again(world: World) -> None:
    event = world.event("Create", TargetArn=world.emulator.add_instance(REGION, limit=0))
    first = world.send(event)
    assert first.status == "FAILED"
    calls = len(world.emulator.audit)
    again = world.send(event)
    assert (again.physical_id, again.reason) == (first.physical_id, first.reason)
    assert len(world.emulator.audit) == calls
    assert _answers(world) == {("FAILED", first.physical_id, first.reason)}


def test_a_removal_policy_that_an_update_brings_counts(world: World) -> None:
    arn = world.created()
    assert world.update(arn, RemovalPolicy="retain").succeeded
    assert world.delete(arn, RemovalPolicy="retain").succeeded
    assert world.number(arn).is_held


def test_a_number_that_satisfies_what_an_update_wants_is_known_to_do_so(world: World) -> None:
    arn = world.created()
    prefix = world.number(arn).phone_number[:5]
    assert world.update(arn, Prefix=prefix).physical_id == arn
    assert len(world.claim().satisfies) == 2


def test_a_claim_and_a_release_are_counted_and_logged(world: World) -> None:
    answer = world.create()
    claim = world.claim()
    assert _metric(world, "Claims") == [1]
    assert _metric(world, "Releases") == []
    (line,) = _lines(world, "number is live")
    assert (line["number"], line["arn"], line["claim"]) == (answer.data["PhoneNumber"], answer.physical_id, claim.id)
    world.delete(answer.physical_id)
    assert (_metric(world, "Claims"), _metric(world, "Releases")) == ([1], [1])
    (line,) = _lines(world, "claim closed")
    assert (line["number"], line["outcome"], line["claim"]) == (answer.data["PhoneNumber"], "RELEASED", claim.id)


def test_an_update_is_no_claim_and_an_adopted_number_neither(world: World) -> None:
    world.claimed_by_hand("+12065550150")
    arn = world.created(PhoneNumber="+12065550150", Adopt="true", CountryCode=None, Type=None)
    assert world.update(arn, PhoneNumber="+12065550150", Adopt="true", Description="New").succeeded
    assert _metric(world, "Claims") == []


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
