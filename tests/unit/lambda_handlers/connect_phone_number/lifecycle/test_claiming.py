"""Which number is taken, and that none is taken twice or lost."""

from collections.abc import Mapping
from typing import Any

import pytest

from lambda_handlers.connect_phone_number import tokens
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.ledger.items import NumberReservation
from lambda_handlers.connect_phone_number.ledger.store import Item, Key, Write
from lambda_handlers.connect_phone_number.lifecycle.claiming import acquire
from lambda_handlers.connect_phone_number.lifecycle.context import Superseded
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    REGION,
    STACK,
    Died,
    World,
    die,
)
from verification.simulator.memory_store import MemoryStore

from .decisions import INVENTED, decided

CHOSEN = "+12065550100"


def _quiet(world: World) -> None:
    """Let the sweeper come until nothing can be left to do."""
    for _ in range(4):
        world.clock.pause(3600)
        world.sweep()


# --- Intent before act ---


def test_the_claim_is_in_the_ledger_before_connect_is_called(world: World) -> None:
    seen: list[tuple[str, str, list[str]]] = []

    def look(parameters: Mapping[str, Any]) -> None:
        claim = world.claim()
        number = str(parameters["PhoneNumber"])
        seen.append((number, claim.candidate, [call.phone_number for call in claim.in_flight_calls]))
        assert parameters["ClientToken"] == tokens.claim_token(claim.id, number)
        owner = world.invocation().ledger.number(number)
        assert owner is not None
        assert owner.claim_id == claim.id

    world.client.before["claim_phone_number"] = look
    number = world.create().data["PhoneNumber"]
    assert seen == [(number, number, [number])]
    assert world.claim().in_flight_calls == ()


def test_a_call_in_flight_is_kept_until_no_call_can_work_any_more(world: World) -> None:
    event = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    (call,) = world.claim().in_flight_calls
    until = call.until
    assert until == int(world.clock() + 900)


# --- Candidates ---


def test_a_chosen_number_is_claimed_without_a_search(world: World) -> None:
    assert world.create(PhoneNumber=CHOSEN).data["PhoneNumber"] == CHOSEN
    assert world.calls("SearchAvailablePhoneNumbers") == []


def test_a_number_that_another_claim_is_after_is_not_tried(world: World) -> None:
    reserved = world.create(stack=OTHER_STACK).data["PhoneNumber"]
    invocation = world.invocation()
    for number in world.client.search_available_phone_numbers(
        TargetArn=world.instance, PhoneNumberCountryCode="US", PhoneNumberType="DID"
    )["AvailableNumbersList"][:-1]:
        invocation.ledger.save(NumberReservation(number["PhoneNumber"], OTHER_STACK, "Other", "their-claim"))
    created = world.create()
    assert created.succeeded
    assert created.data["PhoneNumber"] != reserved
    assert len(world.calls("ClaimPhoneNumber")) == 2


def test_where_all_of_a_page_is_taken_the_next_page_is_searched(world: World) -> None:
    invocation = world.invocation()
    for index in range(10):
        invocation.ledger.save(NumberReservation(f"+120655501{index:02}", OTHER_STACK, "Other", "their-claim"))
    created = world.create(Prefix="+1206")
    assert created.succeeded
    assert len(world.calls("SearchAvailablePhoneNumbers")) == 2


def test_a_chosen_number_that_another_resource_has(world: World) -> None:
    world.created(stack=OTHER_STACK, PhoneNumber=CHOSEN)
    failed = world.create(PhoneNumber=CHOSEN)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{CHOSEN} belongs to resource Number of stack {OTHER_STACK}. To have it here, first remove it from that "
            "stack with DeletionPolicy Retain (RemovalPolicy.RETAIN in the CDK), then adopt it (Adopt and "
            "PhoneNumber). Or ask for another number."
        ),
    )
    assert len(world.calls("ClaimPhoneNumber")) == 1


def test_a_chosen_number_that_another_resource_of_the_stack_has(world: World) -> None:
    world.created(resource="First", PhoneNumber=CHOSEN)
    failed = world.create(PhoneNumber=CHOSEN)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{CHOSEN} is already the number of First in this stack, and each number has one resource. Remove Number, "
            "or let it ask for another number."
        ),
    )
    assert len(world.calls("ClaimPhoneNumber")) == 1


def test_claims_go_through_the_same_page_in_orders_of_their_own() -> None:
    # So that those who do not share a ledger are rarely after the same number.
    first = set[str]()
    for index in range(8):
        world = World()
        first.add(world.create(resource=f"Number{index}").data["PhoneNumber"])
    assert len(first) > 3


def test_six_stacks_at_once(world: World) -> None:
    events = [world.event("Create", resource=f"Number{index}") for index in range(6)]

    def start_the_next(_: object) -> None:
        if events:
            event = events.pop()
            world.client.after["search_available_phone_numbers"] = start_the_next
            world.handle(event)

    start_the_next(None)
    assert [response.succeeded for response in world.responses] == [True] * 6
    assert len(set(world.held())) == 6
    assert world.effects("ClaimPhoneNumber") == 6


class _Raced(MemoryStore):
    """Somebody else reserves each number between the first look at it and the second."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.raced: list[str] = []

    def get(self, key: Key) -> Item | None:
        item = super().get(key)
        if key[0].startswith("NUMBER#") and item is None and not self.raced:
            number = key[0].removeprefix("NUMBER#")
            self.raced.append(number)
            entry = NumberReservation(number, OTHER_STACK, "Other", "their-claim")
            self.write([Write(key, {"pk": key[0], "sk": key[1], "version": 1, **_attributes(entry)}, 0)])
        return item


def _attributes(entry: NumberReservation) -> dict[str, str]:
    return {
        "phone_number": entry.phone_number,
        "stack_id": entry.stack_id,
        "logical_resource_id": entry.logical_resource_id,
        "claim_id": entry.claim_id,
    }


def test_a_number_that_another_claim_reserves_at_the_same_moment_is_left_to_it(world: World) -> None:
    store = _Raced(world)
    world.store = store
    created = world.create()
    assert created.succeeded, created.reason
    assert created.data["PhoneNumber"] not in store.raced
    owner = world.invocation().ledger.number(created.data["PhoneNumber"])
    assert owner is not None
    assert owner.claim_id == world.claim().id


# --- What is not certain ---


@pytest.mark.parametrize("kind", ["no_response", "lost_request"])
def test_a_claim_without_a_response_is_one_claim(world: World, kind: str) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", kind)
    created = world.create()
    assert created.succeeded
    assert world.held() == [created.data["PhoneNumber"]]
    assert {call.client_token for call in world.calls("ClaimPhoneNumber")} == {
        tokens.claim_token(world.claim().id, created.data["PhoneNumber"])
    }


def test_a_token_that_connect_has_forgotten_is_one_claim(world: World) -> None:
    event = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.emulator.forget_client_tokens()
    created = world.send(event)
    assert created.succeeded, created.reason
    assert world.held() == [created.data["PhoneNumber"]]
    assert world.effects("ClaimPhoneNumber") == 1


@pytest.mark.parametrize("end", ["redelivered", "canceled"])
def test_a_number_of_a_group_whose_token_connect_has_forgotten_is_found(world: World, end: str) -> None:
    # Connect lists the numbers of a traffic distribution group only to those who name it.
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    event = world.event("Create", TargetArn=group)
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.emulator.forget_client_tokens()
    if end == "redelivered":
        created = world.send(event)
        assert created.succeeded, created.reason
        assert world.held() == [created.data["PhoneNumber"]]
    else:
        assert world.delete(INVENTED, TargetArn=group).succeeded
        assert world.held() == []
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_forgotten_token_of_a_claim_that_ended_failed_is_no_second_claim(world: World) -> None:
    # Connect holds such a number for another invocation, so a second call would be accepted, and counted.
    event = world.event("Create")
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="No.")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.clock.pause(60)
    world.emulator.forget_client_tokens()
    failed = world.send(event)
    assert failed.status == "FAILED"
    assert ": No. If the target has reached its limit" in failed.reason
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_number_that_connect_does_not_show_at_once(world: World) -> None:
    world.emulator.configure(describe_lag_seconds=60.0)
    created = world.create()
    assert created.succeeded, created.reason
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_claim_that_was_accepted_and_never_provided(world: World) -> None:
    world.emulator.configure(describe_lag_seconds=1e9)
    failed = world.create()
    assert failed.status == "FAILED"
    assert "Amazon Connect accepted the claim of +1" in failed.reason
    assert "seconds later knows no number arn:aws:connect:" in failed.reason


def test_a_throttled_claim(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "error", code="ThrottlingException", for_seconds=60, calls=None)
    assert world.create().succeeded
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_denied_claim_names_the_permission(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "error", code="AccessDeniedException", calls=None)
    failed = world.create()
    assert failed.status == "FAILED"
    assert "Allow the provider's role connect:ClaimPhoneNumber on this resource" in failed.reason
    assert world.calls("ListPhoneNumbersV2") == [], "nothing can have been claimed"
    (call,) = {call.parameters["PhoneNumber"] for call in world.calls("ClaimPhoneNumber")}
    claim = world.claim()
    assert (claim.candidate, claim.rejected_candidates, claim.unexplained_refusals) == (call, (), 0)
    assert world.delete(failed.physical_id).succeeded
    assert world.claim().outcome is Outcome.NEVER_CLAIMED


def test_a_search_that_is_denied_names_the_permission(world: World) -> None:
    world.emulator.faults.add("SearchAvailablePhoneNumbers", "error", code="AccessDeniedException", calls=None)
    assert "connect:SearchAvailablePhoneNumbers " in world.create().reason


def test_a_claim_that_died_and_was_canceled_is_released_when_it_shows(world: World) -> None:
    world.emulator.configure(describe_lag_seconds=100.0)
    create = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(create)
    assert world.delete(INVENTED).succeeded
    _quiet(world)
    assert world.held() == []
    assert world.claim().state is ClaimState.CLOSED


def test_acquire_stops_where_the_claim_is_canceled(world: World) -> None:
    decided(world, world.event("Create"))
    invocation = world.invocation()
    claim = invocation.ledger.save(world.claim().close("test", invocation.timing.now()))
    with pytest.raises(Superseded):
        acquire(invocation, claim)
    assert world.emulator.audit == []


def test_acquire_of_a_claim_that_has_a_number_calls_nobody(world: World) -> None:
    world.created()
    calls = len(world.emulator.audit)
    claim = world.claim()
    assert acquire(world.invocation(), claim) == claim
    assert len(world.emulator.audit) == calls


# --- Import ---


def _source(world: World, number: str = "+12065559999") -> str:
    return world.emulator.add_source_number(REGION, number, "US", "DID")


def test_import(world: World) -> None:
    source = _source(world)
    created = world.create(CountryCode=None, Type=None, SourcePhoneNumberArn=source, Description="Ported")
    assert created.succeeded, created.reason
    assert (created.data["PhoneNumber"], created.data["CountryCode"], created.data["Type"]) == (
        "+12065559999",
        "US",
        "DID",
    )
    number = world.number(created.physical_id)
    assert (number.source_arn, number.description) == (source, "Ported")
    assert number.tags["cdk-connect-phone-number:stack"] == STACK


def test_an_imported_number_is_deleted_and_nothing_is_left_reserved(world: World) -> None:
    source = _source(world)
    arn = world.created(CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    assert world.delete(arn, CountryCode=None, Type=None, SourcePhoneNumberArn=source).succeeded
    ledger = world.invocation().ledger
    assert ledger.number(source) is None
    assert ledger.number("+12065559999") is None


def test_a_source_is_imported_again_after_it_was_rolled_back(world: World) -> None:
    world.emulator.configure(cooldown_seconds=0.0)
    source = _source(world)
    arn = world.created(CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    assert world.delete(arn).succeeded
    again = world.create(stack=OTHER_STACK, CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    assert again.succeeded, again.reason


def test_a_source_that_another_resource_has_imported(world: World) -> None:
    source = _source(world)
    world.created(CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    failed = world.create(stack=OTHER_STACK, CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    assert failed.status == "FAILED"
    assert f"belongs to resource Number of stack {STACK}" in failed.reason


def test_a_source_that_does_not_exist(world: World) -> None:
    source = f"arn:aws:sms-voice:{REGION}:123456789012:phone-number/phone-0"
    failed = world.create(CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    assert failed.status == "FAILED"
    assert "ImportPhoneNumber for " in failed.reason
    assert "ResourceNotFoundException" in failed.reason
    assert world.delete(failed.physical_id).succeeded


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_import_whose_function_dies_is_finished_by_its_redelivery(world: World, moment: str) -> None:
    source = _source(world)
    event = world.event("Create", CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    world.hooks(moment)["import_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.emulator.forget_client_tokens()
    created = world.send(event)
    assert created.succeeded, created.reason
    assert world.held() == ["+12065559999"]
    assert world.effects("ImportPhoneNumber") == 1
