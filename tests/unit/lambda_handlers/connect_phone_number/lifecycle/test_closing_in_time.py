"""How long the end of a claim waits, for what, and when it is looked at again."""

from dataclasses import replace

import pytest

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.claim import ClaimState, InFlightCall, Outcome
from lambda_handlers.connect_phone_number.lifecycle.claiming import LAG_SECONDS
from tests.unit.lambda_handlers.connect_phone_number.world import REGION, Died, World, die

_DAY = 86_400.0


def _canceled_while_a_call_is_in_flight(world: World) -> None:
    event = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)


def test_a_delete_waits_a_minute_for_a_creation_that_may_still_run(world: World) -> None:
    _canceled_while_a_call_is_in_flight(world)
    began = world.clock.now
    assert world.delete("support-Number-1A2B3C").succeeded
    assert 60 <= world.clock.now - began <= 70
    assert world.claim().state is ClaimState.CLOSING


def test_a_sweep_does_not_wait_for_it(world: World) -> None:
    _canceled_while_a_call_is_in_flight(world)
    world.delete("support-Number-1A2B3C")
    began = world.clock.now
    world.clock.pause(300.0)
    world.sweep()
    assert world.clock.now - began == 300.0
    assert world.claim().state is ClaimState.CLOSING


def test_what_is_in_flight_is_not_overdue_before_it_can_be_certain(world: World) -> None:
    _canceled_while_a_call_is_in_flight(world)
    world.delete("support-Number-1A2B3C")
    closing_at = world.claim().closing_at
    (call,) = world.claim().in_flight_calls
    until = call.until
    # Another invocation's call is settled by now, and this one's is not.
    settled = InFlightCall("+12065550199", "worker-0", closing_at - LAG_SECONDS - 1)
    world.invocation().ledger.save(replace(world.claim(), in_flight_calls=(settled, call)))
    world.clock.pause(300.0)
    world.sweep()
    claim = world.claim()
    assert claim.in_flight_calls == (call,)
    assert claim.next_check_at == claim.due_since == until


def test_a_failure_does_not_make_a_release_any_less_overdue(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="InvalidParameterException", calls=None)
    world.delete(arn)
    due_since = world.claim().due_since
    assert due_since == world.claim().closing_at
    world.clock.pause(3600.0)
    world.sweep()
    claim = world.claim()
    assert (claim.failures, claim.due_since) == (2, due_since)
    assert claim.next_check_at > due_since


def test_a_claim_of_which_nothing_came_ends_when_that_is_certain(world: World) -> None:
    _canceled_while_a_call_is_in_flight(world)
    world.delete("support-Number-1A2B3C")
    # The invocation's fifteen minutes, and what Connect may need to show a number.
    until = max(call.until for call in world.claim().in_flight_calls)
    world.clock.now = until + LAG_SECONDS - 1.0
    world.sweep()
    assert world.claim().state is ClaimState.CLOSING
    world.clock.now = until + LAG_SECONDS + 1.0
    world.sweep()
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.NEVER_CLAIMED)
    assert world.claim().closed_at == int(world.clock.now)


def test_a_number_whose_claim_tag_was_changed_is_released_where_the_ledger_says_that_it_is_ours(world: World) -> None:
    arn = world.created()
    world.clock.pause(200.0)
    world.client.tag_resource(resourceArn=arn, tags={"cdk-connect-phone-number:claim": "another"})
    assert world.delete(arn).succeeded
    assert world.claim().outcome is Outcome.RELEASED
    assert world.held() == []


def test_a_number_whose_tags_were_taken_off_gets_them_back_before_it_is_released(world: World) -> None:
    arn = world.created()
    world.client.untag_resource(resourceArn=arn, tagKeys=list(contract.OWNERSHIP_TAGS))
    tagged: list[bool] = []
    world.client.before["release_phone_number"] = lambda _: tagged.append(
        world.number(arn).tags.get(contract.PROVIDER_TAG) == world.provider_id
    )
    assert world.delete(arn).succeeded
    assert tagged == [True]
    assert world.held() == []


def test_a_failed_claim_that_connect_does_not_take_back_is_released_after_a_day(world: World) -> None:
    world.emulator.configure(failed_hold_seconds=30 * _DAY)
    full = world.emulator.add_instance(REGION, limit=0)
    failed = world.create(TargetArn=full)
    world.delete(failed.physical_id, TargetArn=full)
    claim = world.claim()
    assert claim.is_returning_to_inventory
    # It is Connect's turn until then, so nothing is overdue before.
    assert claim.due_since == claim.next_check_at
    assert _DAY < claim.next_check_at - world.clock.now <= 26 * 3600
    world.clock.now = claim.next_check_at - 1.0
    world.sweep()
    assert world.calls("ReleasePhoneNumber") == []
    world.clock.now = float(claim.next_check_at)
    world.sweep()
    assert world.effects("ReleasePhoneNumber") == 1
    assert world.held() == []


def test_a_number_found_by_its_call_in_flight_is_written_down_with_all_that_is_known_of_it(world: World) -> None:
    event = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    (phone_number,) = world.held()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="InvalidParameterException", calls=1)
    failed = world.delete("support-Number-1A2B3C")
    assert f"refused ReleasePhoneNumber for {phone_number} (" in failed.reason
    assert world.claim().phone_number == phone_number
    assert world.clock.now - 30 <= world.claim().claimed_at <= world.clock.now


def test_every_number_of_a_call_in_flight_is_looked_for(world: World) -> None:
    def then_a_stranger(first: object) -> None:
        def take(_: object) -> None:
            assert isinstance(first, dict)
            world.emulator.take(str(first["PhoneNumber"]))
            world.client.before["claim_phone_number"] = lambda _: world.client.after.update(claim_phone_number=die)

        world.client.before["claim_phone_number"] = take

    event = world.event("Create")
    world.emulator.faults.add("ClaimPhoneNumber", "lost_request")
    world.client.before["claim_phone_number"] = then_a_stranger
    with pytest.raises(Died):
        world.handle(event)
    assert len(world.claim().in_flight_calls) == 2
    assert world.delete("support-Number-1A2B3C").succeeded
    assert world.held() == []


def test_a_number_that_is_being_provided_is_not_asked_to_go_before(world: World) -> None:
    world.emulator.configure(claim_seconds=30.0)
    event = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    assert world.delete("support-Number-1A2B3C").succeeded
    assert len(world.calls("ReleasePhoneNumber")) == 1
    assert world.held() == []


def test_a_number_that_is_gone_is_believed_to_be_so_in_some_seconds(world: World) -> None:
    arn = world.created()
    world.clock.pause(200.0)
    world.released_by_hand(arn)
    began = world.clock.now
    assert world.delete(arn).succeeded
    assert world.clock.now - began < 20
    assert world.claim().outcome is Outcome.ALREADY_GONE


def test_a_number_that_cannot_be_looked_at_is_named_to_the_person_and_in_the_ledger(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("DescribePhoneNumber", "error", code="InvalidParameterException", calls=1)
    failed = world.delete(arn)
    assert f"Amazon Connect refused DescribePhoneNumber for {world.number(arn).phone_number}: " in failed.reason
    assert world.claim().last_error == failed.reason
    assert world.claim().failures == 1
    assert world.claim().closing_at == int(world.clock.now)
