"""What is done when the ledger has moved on meanwhile, and what a later request changes in a claim that goes on."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from lambda_handlers.connect_phone_number.claim import ClaimState
from lambda_handlers.connect_phone_number.cloudformation.request import parse_request
from lambda_handlers.connect_phone_number.ledger.items import REQUEST_PREFIX
from lambda_handlers.connect_phone_number.ledger.store import Change, Conflict, Item, Write
from lambda_handlers.connect_phone_number.lifecycle.claiming import LAG_SECONDS
from tests.unit.lambda_handlers.connect_phone_number.world import REGION, STACK, Died, World, die
from verification.simulator.memory_store import MemoryStore

from .decisions import INVENTED, decided


class ContradictingStore(MemoryStore):
    """A ledger in which somebody else is faster, once."""

    def __init__(self, world: World, is_meant: Callable[[Item], bool]) -> None:
        super().__init__(world.clock)
        self._is_meant = is_meant
        self.contradicted = 0

    def write(self, writes: Sequence[Write | Change]) -> None:
        items = [write.item for write in writes if isinstance(write, Write) and write.item is not None]
        if not self.contradicted and any(map(self._is_meant, items)):
            self.contradicted += 1
            raise Conflict
        super().write(writes)


def _contradicting(world: World, is_meant: Callable[[Item], bool]) -> ContradictingStore:
    """Give the world a new ledger."""
    store = ContradictingStore(world, is_meant)
    world.store = store
    return store


def test_a_release_that_failed_is_counted_once_though_the_first_write_of_it_conflicts(world: World) -> None:
    store = _contradicting(world, lambda item: item.get("failures") == 1)
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="InvalidParameterException", calls=1)
    assert world.delete(arn).status == "FAILED"
    assert store.contradicted == 1
    assert (world.claim().state, world.claim().failures) == (ClaimState.CLOSING, 1)


def test_a_number_that_somebody_else_got_is_given_up_though_the_first_write_of_it_conflicts(world: World) -> None:
    lost: list[str] = []

    def stranger(parameters: object) -> None:
        assert isinstance(parameters, dict)
        lost.append(str(parameters["PhoneNumber"]))
        world.emulator.take(lost[0])

    world.client.before["claim_phone_number"] = stranger
    store = _contradicting(world, lambda item: bool(item.get("rejected_candidates")))
    response = world.create()
    assert response.succeeded
    assert store.contradicted == 1
    assert list(world.claim().rejected_candidates) == lost
    assert world.invocation().ledger.number(lost[0]) is None


def test_a_response_of_a_failure_is_written_though_the_first_write_of_it_conflicts(world: World) -> None:
    store = _contradicting(world, lambda item: isinstance(item.get("response"), dict))
    failed = world.create(CountryCode="AD")
    assert store.contradicted == 1
    assert failed.reason.startswith("Amazon Connect has no DID number of AD to claim.")
    assert world.claim().state is ClaimState.CLOSING


def test_a_refusal_after_no_response_leaves_the_call_in_flight_until_connect_would_show_it(
    world: World,
) -> None:
    taken: list[str] = []

    def then_a_stranger(parameters: object) -> None:
        assert isinstance(parameters, dict)
        taken.append(str(parameters["PhoneNumber"]))
        world.client.before["claim_phone_number"] = lambda _: world.emulator.take(taken[0])

    world.emulator.faults.add("ClaimPhoneNumber", "lost_request")
    world.client.before["claim_phone_number"] = then_a_stranger
    assert world.create().succeeded
    (call,) = world.claim().in_flight_calls
    until = call.until
    assert call.phone_number == taken[0]
    assert LAG_SECONDS - 20 < until - world.clock.now <= LAG_SECONDS


def test_a_retried_create_gives_its_claim_new_time(world: World) -> None:
    event = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    before = world.claim().next_check_at
    world.clock.pause(600.0)
    again = world.event("Create")
    world.client.before["describe_phone_number"] = die
    with pytest.raises(Died):
        world.handle(again)
    assert 600 <= world.claim().next_check_at - before <= 610


def test_cloudformation_is_asked_about_the_very_stack(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    assert not world.delete(arn).succeeded
    assert world.stacks.asked == [("state", STACK)]


def test_a_delete_that_cannot_look_at_an_unknown_number_names_it(world: World) -> None:
    arn = world.claimed_by_hand("+12065550150")
    world.emulator.faults.add("DescribePhoneNumber", "error", code="InvalidParameterException", calls=1)
    failed = world.delete(arn)
    assert failed.status == "FAILED"
    assert arn in failed.reason
    assert world.number(arn).is_held


def test_a_refused_claim_names_number_and_target(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "error", code="AccessDeniedException", calls=None)
    failed = world.create(PhoneNumber="+12065550150")
    assert f"+12065550150 ({world.instance})" in failed.reason
    assert REGION in failed.reason


def test_the_response_to_a_delete_is_written_though_the_first_write_of_it_conflicts(world: World) -> None:
    store = _contradicting(world, lambda item: item.get("type") == "Delete" and isinstance(item.get("response"), dict))
    event = world.event("Delete", world.created())
    assert world.send(event).succeeded
    assert store.contradicted == 1
    request = world.invocation().ledger.request(world.claim().resource, parse_request(event).key)
    assert request is not None
    assert request.response is not None
    assert request.response.status == "SUCCESS"


def test_an_adoption_that_was_forestalled_looks_again_whose_the_number_is(world: World) -> None:
    store = _contradicting(world, lambda item: bool(item.get("settings_before_adoption")))
    arn = world.claimed_by_hand("+12065550150")
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550150", "Adopt": "true"}
    assert world.create(**desired).physical_id == arn
    assert store.contradicted == 1


def test_a_creation_that_is_canceled_just_before_its_response_is_written_is_not_answered_with_success(
    world: World,
) -> None:
    create, delete = world.event("Create"), world.event("Delete", INVENTED)

    class Canceling(MemoryStore):
        is_next = False

        def write(self, writes: Sequence[Write | Change]) -> None:
            if self.is_next and any(write.key[1].startswith(REQUEST_PREFIX) for write in writes):
                self.is_next = False
                decided(world, delete)
            super().write(writes)

    store = Canceling(world.clock)
    world.store = store
    world.client.after["describe_phone_number"] = lambda _: setattr(store, "is_next", True)
    world.handle(create)
    assert [response.status for response in world.responses] == ["FAILED"]
    assert world.claim().state is ClaimState.CLOSING
    assert world.send(delete).succeeded
    assert world.held() == []


def test_an_adoption_rollback_whose_last_write_conflicts_is_made_again(world: World) -> None:
    store = _contradicting(world, lambda item: item.get("outcome") == "ADOPTION_ROLLED_BACK")
    arn = world.claimed_by_hand("+12065550150")
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550150", "Adopt": "true"}
    assert world.created(**desired) == arn
    world.stacks.status = "ROLLBACK_IN_PROGRESS"
    assert world.delete(arn, **desired).succeeded
    assert store.contradicted == 1
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, "ADOPTION_ROLLED_BACK")
    assert world.number(arn).tags == {}
