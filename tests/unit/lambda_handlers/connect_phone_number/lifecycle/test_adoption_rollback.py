"""An adoption that comes to nothing."""

from typing import Any

import pytest

from lambda_handlers.connect_phone_number import contract, rules
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.ledger.items import key_of
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    REGION,
    STACK,
    Died,
    Event,
    World,
    die,
    tag_list,
    user_tags,
)

from .adoptions import (
    INVENTED,
    NUMBER,
    SALES,
    adopt,
    adopt_for_good,
    adopt_unheard,
    adopt_within_the_stack,
    adoption,
    claimed_with_flow,
    delete,
    flows,
    retained,
)
from .decisions import RESOURCE, decided


def _rolled_back(world: World, arn: str) -> Event:
    """Return the Delete that takes the adoption back."""
    world.stacks.status = "ROLLBACK_IN_PROGRESS"
    return world.event("Delete", arn, stack=OTHER_STACK, resource="Sales")


def test_s19_the_adoption_from_a_stack_that_is_rolled_back_is_rolled_back_to_the_first(world: World) -> None:
    arn = retained(world)
    adopt(world)
    deleted = world.send(_rolled_back(world, arn))
    assert (deleted.status, deleted.reason) == (
        "SUCCESS",
        (
            f"{NUMBER} was not released: its adoption was undone, or not seen complete, so it was restored as it was "
            "found."
        ),
    )
    assert world.held() == [NUMBER]
    owner = world.claim()
    assert owner.state is ClaimState.LIVE
    assert world.number(arn).tags[contract.CLAIM_TAG] == owner.id
    number = world.invocation().ledger.number(NUMBER)
    assert number is not None
    assert (number.stack_id, number.logical_resource_id, number.claim_id) == (
        RESOURCE.stack_id,
        RESOURCE.logical_resource_id,
        owner.id,
    )
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.ADOPTION_ROLLED_BACK
    world.stacks.status = "UPDATE_COMPLETE"
    assert adopt(world).succeeded, "it can be adopted again"


def test_the_note_names_a_number_that_was_never_found(world: World) -> None:
    world.handle(adoption(world))
    assert not world.responses[-1].succeeded
    deleted = world.send(world.event("Delete", world.responses[-1].physical_id, stack=OTHER_STACK, resource="Sales"))
    assert deleted.succeeded
    assert deleted.reason.startswith(f"{NUMBER} was not released: its adoption was undone")


def test_s19_the_adoption_under_another_name_is_rolled_back_to_the_old_one(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).succeeded
    world.stacks.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert world.delete(arn, resource="Renamed").succeeded
    assert world.number(arn).tags[contract.RESOURCE_TAG] == "Number"
    world.stacks.status = "UPDATE_ROLLBACK_COMPLETE"
    assert world.update(arn, PhoneNumber=NUMBER, Description="x").succeeded, "the old resource has it as before"
    assert world.delete(arn, PhoneNumber=NUMBER).succeeded
    assert world.held() == []


def test_a_number_whose_previous_owner_the_ledger_has_lost_is_rolled_back_to_nobody(world: World) -> None:
    arn = retained(world)
    adopt(world)
    world.store.remove(key_of(world.claim()))
    assert world.send(_rolled_back(world, arn)).succeeded
    assert world.number(arn).tags == {}
    assert world.held() == [NUMBER]
    assert world.invocation().ledger.number(NUMBER) is None


def test_a_number_is_its_first_resources_again_also_after_requests_that_left_it_alone(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).succeeded
    # Deletes that find it in other hands.
    for _ in range(2):
        assert world.delete(arn, PhoneNumber=NUMBER).succeeded
    world.stacks.hold(RESOURCE, arn)
    assert world.delete(arn, resource="Renamed").succeeded
    assert world.held() == [NUMBER]
    assert world.delete(arn, PhoneNumber=NUMBER).succeeded
    assert world.held() == []


# A rename that was stopped with rollback disabled; then the stack is deleted, the old resource first.


def _old_deleted_first(world: World) -> str:
    arn = world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).succeeded
    old = world.delete(arn, PhoneNumber=NUMBER)
    assert (old.status, old.reason) == ("SUCCESS", f"{NUMBER} belongs to Renamed of {STACK} now and was left alone.")
    return arn


def test_a_number_that_is_rolled_back_to_a_deleted_resource_is_released(world: World) -> None:
    arn = _old_deleted_first(world)
    assert world.delete(arn, resource="Renamed").succeeded
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED


def test_it_is_released_also_where_the_request_has_died_in_between(world: World) -> None:
    arn = _old_deleted_first(world)
    event = world.event("Delete", arn, resource="Renamed")
    world.client.before["release_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    assert world.held() == [NUMBER]
    assert world.send(event).succeeded
    assert world.held() == []


@pytest.mark.parametrize("status", ["DELETE_SKIPPED", "DELETE_FAILED", "UPDATE_COMPLETE"])
def test_it_is_kept_where_cloudformation_has_not_taken_note_of_the_deletion(world: World, status: str) -> None:
    arn = _old_deleted_first(world)
    world.stacks.hold(RESOURCE, arn, status)
    deleted = world.delete(arn, resource="Renamed")
    assert deleted.succeeded
    assert "so it was restored as it was found" in deleted.reason
    assert (world.held(), world.claim().state) == ([NUMBER], ClaimState.LIVE)


def test_it_is_released_where_cloudformation_shows_the_deletion_only_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = _old_deleted_first(world)
    began = world.clock()

    def late(resource: ResourceKey) -> HeldResource:
        is_shown = resource != RESOURCE or world.clock() >= began + 20
        return HeldResource() if is_shown else HeldResource(arn, "UPDATE_COMPLETE")

    monkeypatch.setattr(world.stacks, "resource", late)
    assert world.delete(arn, resource="Renamed").succeeded
    assert world.held() == []


def test_it_is_kept_where_the_deleted_resource_was_protected(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER, ReleaseProtection="true")
    assert adopt_within_the_stack(world).succeeded
    world.delete(arn, PhoneNumber=NUMBER)
    assert world.delete(arn, resource="Renamed").succeeded
    assert (world.held(), world.claim().state) == ([NUMBER], ClaimState.LIVE)


def test_where_cloudformation_does_not_tell_it_is_neither_rolled_back_nor_released(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = _old_deleted_first(world)
    decided(world, event := world.event("Delete", arn, resource="Renamed"))

    def silent(_: ResourceKey) -> None:
        return None

    monkeypatch.setattr(world.stacks, "resource", silent)
    failed = world.send(event)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"The adoption of {NUMBER} is not rolled back yet: CloudFormation did not tell what has "
            f"become of Number of {STACK}."
        ),
    )
    assert world.held() == [NUMBER]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["list_phone_numbers_v2", "describe_phone_number", "tag_resource"])
def test_a_canceled_adoption_is_rolled_back_and_not_released(world: World, moment: str, method: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    create = adoption(world)
    delete = world.event("Delete", INVENTED, stack=OTHER_STACK, resource="Sales")
    world.hooks(moment)[method] = lambda _: world.handle(delete)
    world.handle(create)
    for _ in range(3):
        world.clock.pause(3600)
        world.sweep()
    by_url = {response.url: response for response in world.responses}
    assert by_url[delete["ResponseURL"]].succeeded
    assert not by_url[create["ResponseURL"]].succeeded
    assert world.held() == [NUMBER]
    assert world.calls("ReleasePhoneNumber") == []
    assert world.number(arn).tags == {}
    assert world.invocation().ledger.number(NUMBER) is None


def test_an_adoption_whose_response_never_arrived_is_rolled_back_when_it_is_canceled(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER, {"by-hand": "yes"})
    adopt_unheard(world, Tags=tag_list(team="sales"))
    assert delete(world, INVENTED).succeeded
    assert world.held() == [NUMBER]
    assert set(world.number(arn).tags) & set(contract.OWNERSHIP_TAGS) == set()
    assert user_tags(world.number(arn)) == {"by-hand": "yes"}


def test_an_adoption_of_which_cloudformation_never_took_note_is_rolled_back_by_the_sweeper(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopt_unheard(world, Description="Sales")
    for _ in range(2):
        world.clock.pause(400.0)
        world.sweep()
    claim = world.claim(OTHER_STACK, "Sales")
    assert (claim.outcome, claim.close_reason) == (
        Outcome.ADOPTION_ROLLED_BACK,
        "CloudFormation never took note of its response",
    )
    assert (world.number(arn).tags, world.number(arn).description) == ({}, "By hand")
    assert world.held() == [NUMBER]


def test_an_adoption_that_failed_is_rolled_back_by_the_sweeper_though_no_delete_comes(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    world.emulator.faults.add("UpdatePhoneNumberMetadata", "error", code="InvalidParameterException")
    assert adopt(world, Description="Sales").status == "FAILED"
    world.clock.pause(1200.0)
    world.sweep()
    assert world.number(arn).tags == {}
    assert world.held() == [NUMBER]
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.ADOPTION_ROLLED_BACK


def test_an_adoption_that_is_rolled_back_is_as_it_was_found(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    world.client.tag_resource(resourceArn=arn, tags={"by-hand": "yes", "team": "support"})
    other = world.emulator.add_instance(REGION)
    there = world.emulator.add_contact_flow(other)
    changes: dict[str, Any] = {"TargetArn": other, "ContactFlowArn": there, "Description": "Sales"}
    assert adopt(world, Tags=tag_list(team="sales", cost="42"), **changes).succeeded
    assert (world.number(arn).target_arn, flows(world, arn)) == (other, [there])
    assert world.send(_rolled_back(world, arn)).succeeded
    number = world.number(arn)
    assert (number.description, number.target_arn) == ("By hand", world.instance)
    assert number.tags == {"by-hand": "yes", "team": "support"}
    assert flows(world, arn) == [flow]
    assert world.invocation().ledger.number(NUMBER) is None


def test_the_flow_that_the_number_had_is_rolled_back(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    assert adopt(world, ContactFlowArn=world.emulator.add_contact_flow(world.instance)).succeeded
    assert world.send(_rolled_back(world, arn)).succeeded
    assert flows(world, arn) == [flow]


def test_the_flow_that_a_move_has_dropped_is_rolled_back(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    assert adopt(world, TargetArn=world.emulator.add_instance(REGION)).succeeded
    assert flows(world, arn) == []
    assert world.send(_rolled_back(world, arn)).succeeded
    assert (world.number(arn).target_arn, flows(world, arn)) == (world.instance, [flow])


def test_a_number_that_had_no_flow_has_none_again(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world, ContactFlowArn=world.emulator.add_contact_flow(world.instance)).succeeded
    assert world.send(_rolled_back(world, arn)).succeeded
    assert flows(world, arn) == []


def test_a_flow_that_the_adoption_never_touched_is_left_alone(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    assert adopt(world, Description="Sales").succeeded
    assert world.send(_rolled_back(world, arn)).succeeded
    assert flows(world, arn) == [flow]
    assert world.calls("DisassociatePhoneNumberContactFlow") == world.calls("BatchGetFlowAssociation") == []
    assert len(world.calls("AssociatePhoneNumberContactFlow")) == 1


def test_the_flow_of_a_numbers_group_is_rolled_back_in_its_own_instance(world: World) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    arn, flow = claimed_with_flow(world)
    world.client.update_phone_number(PhoneNumberId=arn, TargetArn=group)
    world.clock.pause(200.0)
    instance, flow_id = rules.contact_flow_ids(flow)
    world.client.associate_phone_number_contact_flow(PhoneNumberId=arn, InstanceId=instance, ContactFlowId=flow_id)
    before = flows(world, arn)
    assert flow in before
    changed = world.emulator.add_contact_flow(world.instance)
    assert adopt(world, TargetArn=group, ContactFlowArn=changed).succeeded
    assert changed in flows(world, arn)
    assert world.send(_rolled_back(world, arn)).succeeded
    assert flows(world, arn) == before


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    "method",
    [
        "update_phone_number",
        "update_phone_number_metadata",
        "tag_resource",
        "untag_resource",
        "associate_phone_number_contact_flow",
    ],
)
def test_an_adoption_rollback_whose_function_dies_is_finished_by_its_redelivery(
    world: World, moment: str, method: str
) -> None:
    arn, flow = claimed_with_flow(world)
    other = world.emulator.add_instance(REGION)
    there = world.emulator.add_contact_flow(other)
    changes: dict[str, Any] = {"TargetArn": other, "ContactFlowArn": there, "Description": "Sales"}
    assert adopt(world, Tags=tag_list(team="sales"), **changes).succeeded
    delete = _rolled_back(world, arn)
    world.hooks(moment)[method] = die
    try:
        world.handle(delete)
    except Died:
        world.clock.pause(60)
        world.handle(delete)
    world.hooks(moment).clear()
    number = world.number(arn)
    assert (number.description, number.tags, number.target_arn) == ("By hand", {}, world.instance)
    assert flows(world, arn) == [flow]
    assert world.responses[-1].succeeded
    assert world.calls("ReleasePhoneNumber") == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterException"])
def test_an_adoption_rollback_that_is_refused_fails_and_is_finished_by_the_sweeper(world: World, code: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world).succeeded
    world.emulator.faults.add("UntagResource", "error", code=code, calls=None)
    failed = world.send(_rolled_back(world, arn))
    assert failed.status == "FAILED"
    assert "UntagResource" in failed.reason
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.number(arn).tags == {}
    assert world.held() == [NUMBER]
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.ADOPTION_ROLLED_BACK


@pytest.mark.parametrize("completed", [False, True])
def test_that_an_adoption_is_undone_stands_whatever_a_later_delete_is_sent_for(world: World, completed: bool) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world).succeeded
    world.emulator.faults.add("UntagResource", "error", code="AccessDeniedException", calls=None)
    assert world.send(_rolled_back(world, arn)).status == "FAILED"
    world.emulator.faults.clear()
    world.stacks.completed = completed
    assert delete(world, arn).succeeded
    assert world.held() == [NUMBER]
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.ADOPTION_ROLLED_BACK


def test_one_not_found_does_not_keep_a_number_from_being_rolled_back(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world, Description="Sales").succeeded
    world.emulator.faults.add("DescribePhoneNumber", "error", code="ResourceNotFoundException", calls=1)
    assert world.send(_rolled_back(world, arn)).succeeded
    assert (world.number(arn).tags, world.number(arn).description) == ({}, "By hand")


def test_a_number_that_somebody_else_has_taken_over_by_its_tags_is_left_as_it_is(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world, Description="Sales").succeeded
    theirs = {contract.PROVIDER_TAG: "theirs", contract.CLAIM_TAG: "their-claim"}
    world.client.tag_resource(resourceArn=arn, tags=theirs)
    before = dict(world.number(arn).tags)
    assert world.send(_rolled_back(world, arn)).succeeded
    assert (world.number(arn).tags, world.number(arn).description) == (before, "Sales")
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.ADOPTION_ROLLED_BACK


@pytest.mark.parametrize("by", ["Delete", "cancellation"])
def test_an_adoption_of_a_number_that_was_released_by_hand_meanwhile_is_over(world: World, by: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    if by == "Delete":
        adopt(world)
    else:
        adopt_unheard(world)
    world.released_by_hand(arn)
    world.clock.pause(301)
    assert delete(world, arn if by == "Delete" else INVENTED).succeeded
    assert world.claim(OTHER_STACK, "Sales").state is ClaimState.CLOSED


def test_a_number_that_connect_does_not_show_yet_is_not_taken_for_gone(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopt(world)
    world.client.release_phone_number(PhoneNumberId=arn)
    refused = delete(world, arn)
    assert not refused.succeeded
    assert f"Amazon Connect does not show {NUMBER} yet, so its adoption cannot be rolled back now." in refused.reason
    assert world.claim(OTHER_STACK, "Sales").state is ClaimState.CLOSING


def test_a_number_that_was_adopted_for_good_is_rolled_back_where_its_previous_owner_has_it_again(world: World) -> None:
    # A resource is imported into its old stack, or its retention was undone by a rollback.
    arn = retained(world)
    adopt_for_good(world)
    world.stacks.hold(RESOURCE, arn)
    assert delete(world, arn).succeeded
    assert world.held() == [NUMBER]
    assert world.claim().state is ClaimState.LIVE
    assert world.number(arn).tags[contract.STACK_TAG] == RESOURCE.stack_id


def test_every_tag_that_is_put_on_carries_the_providers_own(world: World) -> None:
    arn = retained(world)
    assert adopt(world, Tags=tag_list(team="sales")).succeeded
    assert world.send(_rolled_back(world, arn)).succeeded
    tagged = [call.parameters["tags"].get(contract.PROVIDER_TAG) for call in world.calls("TagResource")]
    assert tagged == [world.provider_id] * len(tagged)
    assert len(tagged) == 3, "ownership, the template's tags, and the previous owner's"
    assert (SALES, arn) in world.stacks.named


def test_an_adoption_whose_tags_are_not_shown_yet_is_rolled_back(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    world.emulator.configure(change_lag_seconds=600.0)
    assert adopt(world, Description="Sales").succeeded
    delete = _rolled_back(world, arn)
    world.handle(delete)
    number = world.number(arn)
    assert (number.description, number.tags) == ("By hand", {})
    assert world.responses[-1].succeeded


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterException"])
def test_an_adoption_that_could_not_even_begin_leaves_nothing_to_roll_back(world: World, code: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    world.emulator.faults.add("TagResource", "error", code=code, calls=None)
    refused = adopt(world, Description="Sales")
    assert not refused.succeeded
    deleted = world.delete(refused.physical_id)
    assert deleted.succeeded, deleted.reason
    assert (world.number(arn).description, world.number(arn).tags) == ("By hand", {})
