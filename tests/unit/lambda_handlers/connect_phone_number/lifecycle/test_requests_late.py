"""Invocations that go on when others have settled what they were about."""

import pytest

from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.lifecycle.claiming import LAG_SECONDS
from tests.unit.lambda_handlers.connect_phone_number.world import Died, World, die


def test_a_number_that_comes_after_its_claim_was_closed_is_released(world: World) -> None:
    states: list[ClaimState] = []

    def meanwhile(_: object) -> None:
        assert world.delete("support-Number-1A2B3C").succeeded
        world.clock.now = max(call.until for call in world.claim().in_flight_calls) + LAG_SECONDS + 1.0
        world.sweep()
        states.append(world.claim().state)

    event = world.event("Create")
    world.client.before["claim_phone_number"] = meanwhile
    world.handle(event)
    assert states == [ClaimState.CLOSED]
    assert world.responses[-1].status == "FAILED"
    claim = world.claim()
    (phone_number,) = world.held()
    assert (claim.state, claim.phone_number) == (ClaimState.CLOSING, phone_number)
    assert claim.next_check_at <= world.clock.now
    world.clock.pause(300.0)
    world.sweep()
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED


def test_an_update_that_a_later_one_has_overtaken_leaves_the_number_as_the_later_one_wants_it(world: World) -> None:
    arn = world.created()
    first = world.event("Update", arn, Description="First")
    world.client.before["update_phone_number_metadata"] = die
    with pytest.raises(Died):
        world.handle(first)
    assert world.update(arn, Description="Second").succeeded
    # What a call of the first invocation does that was on its way all the time.
    world.client.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="First")
    overtaken = world.send(first)
    assert overtaken.status == "FAILED"
    assert overtaken.reason == "CloudFormation has canceled this request, or sent a later one."
    assert world.number(arn).description == "Second"


def test_a_number_that_connect_refuses_to_show_fails_a_create_with_its_name(world: World) -> None:
    world.emulator.faults.add("DescribePhoneNumber", "error", code="InvalidParameterException", calls=None)
    failed = world.create(PhoneNumber="+12065550150")
    assert failed.status == "FAILED"
    assert failed.physical_id.startswith("not-claimed-")
    assert "Amazon Connect refused DescribePhoneNumber for +12065550150: " in failed.reason
    assert world.claim().state is ClaimState.CLOSING
