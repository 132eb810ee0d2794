"""S11 to S18: requests that follow others, and what takes too long."""

import pytest

from lambda_handlers.connect_phone_number import tokens
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.timing import NotFinished
from tests.unit.lambda_handlers.connect_phone_number.world import OTHER_STACK, World

from .decisions import (
    ROLLING_BACK,
    claim_of,
    let_go,
    replaced,
    unheard,
)


def _settle(world: World) -> None:
    """Let the sweeper come until it has asked all that it has to ask."""
    for _ in range(4):
        world.clock.pause(3600)
        world.sweep()


def test_s11_replacement_then_clean_up(world: World) -> None:
    old = world.created()
    replaced = world.update(old, CountryCode="GB", AllowReplacement="true")
    assert replaced.succeeded
    assert replaced.physical_id != old
    assert world.number(old).is_held, "the old number is kept until the update has succeeded"
    assert world.delete(old).succeeded
    assert world.held() == [replaced.data["PhoneNumber"]]
    assert replaced.data["PhoneNumber"].startswith("+44")


def test_s12_replacement_then_rollback(world: World) -> None:
    old, new = replaced(world)
    world.stacks.status = ROLLING_BACK
    back = world.update(new)
    assert (back.status, back.physical_id) == ("SUCCESS", old)
    assert world.delete(new, CountryCode="GB").succeeded
    assert world.held() == [back.data["PhoneNumber"]]
    assert world.effects("ClaimPhoneNumber") == 2


def test_s12_replacement_then_rollback_by_the_delete_alone(world: World) -> None:
    old, new = replaced(world)
    world.stacks.status = ROLLING_BACK
    assert world.delete(new, CountryCode="GB").succeeded
    world.stacks.hold(claim_of(world, old).resource, old, "UPDATE_COMPLETE")
    world.stacks.status = "UPDATE_ROLLBACK_COMPLETE"
    _settle(world)
    assert world.held() == [claim_of(world, old).phone_number]
    after = world.update(old, Description="After")
    assert (after.status, after.physical_id) == ("SUCCESS", old)
    assert world.delete(old).succeeded
    assert world.held() == []


@pytest.mark.parametrize("named", ["new", "old"])
def test_s12_replacement_then_rollback_by_the_delete_and_then_the_update(world: World, named: str) -> None:
    old, new = replaced(world)
    world.stacks.status = ROLLING_BACK
    assert world.delete(new, CountryCode="GB").succeeded
    back = world.update({"new": new, "old": old}[named])
    assert (back.status, back.physical_id) == ("SUCCESS", old)
    assert world.held() == [back.data["PhoneNumber"]]
    assert world.effects("ClaimPhoneNumber") == 2


def test_s12_a_replacement_that_fails_keeps_the_old_id(world: World) -> None:
    old = world.created()
    failed = world.update(old, Prefix="+1999", AllowReplacement="true")
    assert (failed.status, failed.physical_id) == ("FAILED", old)
    assert world.update(old).physical_id == old
    assert world.number(old).is_held


def test_s11_a_replacement_that_is_refused_keeps_the_old_id(world: World) -> None:
    arn = world.created()
    refused = world.update(arn, CountryCode="GB")
    assert (refused.status, refused.physical_id) == ("FAILED", arn)


def test_s11_a_delete_that_is_refused_keeps_the_id(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    refused = world.delete(arn, ReleaseProtection="true")
    assert (refused.status, refused.physical_id) == ("FAILED", arn)
    assert world.number(arn).is_held


def test_s13_an_abandoned_clean_up_is_finished_by_the_sweeper(world: World) -> None:
    old = world.created()
    new = world.update(old, CountryCode="GB", AllowReplacement="true")
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(old).succeeded
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == [new.data["PhoneNumber"]]
    assert {call.client_token for call in world.calls("ReleasePhoneNumber")} == {tokens.release_token(old)}


def test_s13_an_abandoned_clean_up_stays_for_the_stacks_own_delete(world: World) -> None:
    # Its Delete never got through to the function. CloudFormation has the old number on record, and will not say more.
    old, new = replaced(world)
    _settle(world)
    assert world.update(new, CountryCode="GB", Description="x").succeeded
    assert world.delete(new, CountryCode="GB").succeeded
    assert world.held() == [claim_of(world, old).phone_number]
    assert world.delete(old).succeeded
    assert world.held() == []


def test_s24_a_retained_number_outlives_whatever_its_logical_id_is_used_for_next(world: World) -> None:
    arn = world.created()
    let_go(world, arn)
    again = world.created()
    assert again != arn
    assert world.update(again, Description="x").succeeded
    assert world.delete(again).succeeded
    _settle(world)
    assert world.held() == [claim_of(world, arn).phone_number]
    assert claim_of(world, arn).state is ClaimState.LIVE


def test_s25_the_number_of_an_update_that_was_stopped_is_released_by_the_sweeper(world: World) -> None:
    arn = world.created()
    world.handle(world.event("Update", arn, CountryCode="GB", AllowReplacement="true"))
    lost = world.responses[-1].physical_id
    world.stacks.status = "UPDATE_ROLLBACK_COMPLETE"
    _settle(world)
    assert world.held() == [claim_of(world, arn).phone_number]
    assert claim_of(world, lost).outcome is Outcome.RELEASED


def test_s25_an_update_tried_again_takes_up_the_number_of_the_one_that_was_stopped(world: World) -> None:
    arn = world.created()
    world.handle(world.event("Update", arn, CountryCode="GB", AllowReplacement="true"))
    lost = world.responses[-1].physical_id
    world.stacks.status = "UPDATE_FAILED"
    _settle(world)
    again = world.update(arn, CountryCode="GB", AllowReplacement="true")
    assert (again.status, again.physical_id) == ("SUCCESS", lost)
    assert world.effects("ClaimPhoneNumber") == 2


def test_s25_a_create_that_wants_another_number_leaves_the_unheard_one_to_the_sweeper(world: World) -> None:
    lost = unheard(world)
    created = world.create(CountryCode="GB")
    assert created.succeeded
    _settle(world)
    assert world.held() == [created.data["PhoneNumber"]]
    claim = claim_of(world, lost)
    assert (claim.outcome, claim.close_reason) == (
        Outcome.RELEASED,
        "CloudFormation never took note of its response",
    )


def test_s14_a_deployment_retried_with_the_same_request_id(world: World) -> None:
    first = world.event("Create", Type="UIFN")
    failed = world.send(first)
    assert not failed.succeeded
    assert world.delete(failed.physical_id).succeeded
    again = {**world.event("Create"), "RequestId": first["RequestId"]}
    created = world.send(again)
    assert created.succeeded, created.reason
    assert world.held() == [created.data["PhoneNumber"]]


def test_s15_a_late_redelivery_of_a_create_after_its_delete(world: World) -> None:
    create = world.event("Create")
    created = world.send(create)
    world.delete(created.physical_id)
    assert world.send(create).fields == created.fields
    assert world.held() == []
    assert world.effects("ClaimPhoneNumber") == 1


def test_s17_a_claim_that_fails(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="Carrier said no.")
    failed = world.create()
    assert failed.status == "FAILED"
    assert ": Carrier said no. If the target has reached its limit" in failed.reason


def test_s17_a_claim_that_stays_in_progress_past_the_time_out(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_delay", seconds=3000)
    event = world.event("Create", ServiceTimeout="300")
    failed = world.send(event)
    (number,) = world.held()
    assert world.clock() - world.emulator.audit[0].time < 300
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"Not done within the timeout. Last: {number} is claimed, but Connect has not finished providing it. "
            "What was begun is undone or finished in the background. Try again; for a longer wait raise "
            "ServiceTimeout (at most 3600 seconds)."
        ),
    )
    for _ in range(4):
        world.clock.pause(3600)
        world.sweep()
    assert world.held() == []


def test_s18_two_stacks_with_the_same_ids_at_the_same_time_get_a_number_each(world: World) -> None:
    other = world.event("Create", stack=OTHER_STACK)
    world.client.after["search_available_phone_numbers"] = lambda _: world.handle(other)
    world.handle(world.event("Create"))
    assert [response.succeeded for response in world.responses] == [True, True]
    assert len(set(world.held())) == 2
    assert world.claim().id != world.claim(OTHER_STACK).id


def test_near_lambdas_limit_it_stops_and_goes_on_in_the_next_invocation(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_delay", seconds=100)
    event = world.event("Create")
    with pytest.raises(NotFinished):
        world.handle(event, seconds=60)
    assert world.responses == []
    assert world.send(event, seconds=120).succeeded
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_delete_that_times_out_is_finished_by_the_sweeper(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add(
        "ReleasePhoneNumber", "error", code="InternalServiceException", for_seconds=2000, calls=None
    )
    failed = world.delete(arn, ServiceTimeout="300")
    assert failed.status == "FAILED"
    assert failed.reason.startswith("Not done within the timeout. Last: ReleasePhoneNumber: InternalServiceException")
    world.clock.pause(3000)
    world.sweep()
    assert world.held() == []
    assert world.claim().state is ClaimState.CLOSED


@pytest.mark.parametrize("what", ["Create", "Delete"])
def test_without_times_in_the_urls_it_works_too(world: World, what: str) -> None:
    create = world.event("Create")
    create["ResponseURL"] = "http://localhost:4566/answer/1"
    created = world.send(create)
    assert created.succeeded
    if what == "Delete":
        delete = world.event("Delete", created.physical_id)
        delete["ResponseURL"] = "http://localhost:4566/answer/2"
        assert world.send(delete).succeeded
        assert world.held() == []
