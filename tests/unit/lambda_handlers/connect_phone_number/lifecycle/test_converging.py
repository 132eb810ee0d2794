"""S10: what is changed on a number in place."""

from typing import Any

import pytest

from lambda_handlers.connect_phone_number import contract
from tests.unit.lambda_handlers.connect_phone_number.world import (
    REGION,
    Died,
    World,
    die,
    tag_list,
    user_tags,
)

FLOW_OPERATIONS = ("AssociatePhoneNumberContactFlow", "DisassociatePhoneNumberContactFlow")


def _flows(world: World, arn: str) -> list[str]:
    return [
        f"{world.number(arn).scope.arn('instance')}/{instance}/contact-flow/{flow}"
        for instance, flow in world.number(arn).contact_flows.items()
    ]


def _writes(world: World) -> int:
    return sum(entry.took_effect for entry in world.emulator.audit)


def test_nothing_is_called_where_nothing_is_to_change(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    properties: dict[str, Any] = {"Description": "Support", "Tags": tag_list(team="support"), "ContactFlowArn": flow}
    arn = world.created(**properties)
    before = _writes(world)
    assert world.update(arn, **properties).succeeded
    assert _writes(world) == before
    assert world.calls("UpdatePhoneNumber") == world.calls("UpdatePhoneNumberMetadata") == []


# --- Description ---


@pytest.mark.parametrize(("old", "new"), [("one", "two"), ("one", None), (None, "two"), ("one", "x" * 500)])
def test_description(world: World, old: str | None, new: str | None) -> None:
    arn = world.created(Description=old)
    assert (world.number(arn).description or "") == (old or "")
    updated = world.update(arn, Description=new)
    assert (updated.status, updated.physical_id) == ("SUCCESS", arn)
    assert (world.number(arn).description or "") == (new or "")
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_description_that_takes_a_while(world: World) -> None:
    arn = world.created()
    world.emulator.configure(description_seconds=40.0)
    began = world.clock()
    flow = world.emulator.add_contact_flow(world.instance)
    assert world.update(arn, Description="Sales", ContactFlowArn=flow).succeeded
    assert world.clock() - began >= 40
    assert world.number(arn).status == "CLAIMED"


def test_a_description_changed_there_and_back_again(world: World) -> None:
    # A token that is derived from the value alone would make Connect answer the third change from memory.
    arn = world.created(Description="one")
    for description in ("two", "one", "two"):
        assert world.update(arn, Description=description).succeeded
        assert world.number(arn).description == description


def test_a_description_that_is_refused(world: World) -> None:
    arn = world.created(Description="one")
    number = world.number(arn).phone_number
    world.emulator.faults.add("UpdatePhoneNumberMetadata", "error", code="AccessDeniedException", calls=None)
    failed = world.update(arn, Description="two")
    assert (failed.status, failed.physical_id) == ("FAILED", arn)
    assert failed.reason.startswith(
        f"Amazon Connect refused UpdatePhoneNumberMetadata for the Description of {number}: AccessDeniedException"
    )
    assert "connect:UpdatePhoneNumberMetadata " in failed.reason
    assert world.number(arn).is_held


# --- Tags ---


def test_tags_are_added_changed_and_removed(world: World) -> None:
    arn = world.created(Tags=tag_list(team="support", stage="test"))
    assert world.update(arn, Tags=tag_list(stage="live", cost="42")).succeeded
    assert user_tags(world.number(arn)) == {"stage": "live", "cost": "42"}
    assert set(contract.OWNERSHIP_TAGS) <= set(world.number(arn).tags)
    assert world.update(arn).succeeded
    assert user_tags(world.number(arn)) == {}


def test_tags_that_people_have_put_on_the_number_stay(world: World) -> None:
    arn = world.created(Tags=tag_list(team="support"))
    world.client.tag_resource(resourceArn=arn, tags={"by-hand": "yes"})
    assert world.update(arn, Tags=tag_list(stage="live")).succeeded
    assert user_tags(world.number(arn)) == {"by-hand": "yes", "stage": "live"}


@pytest.mark.parametrize("key", contract.OWNERSHIP_TAGS)
def test_an_ownership_tag_that_was_taken_off_is_put_back(world: World, key: str) -> None:
    arn = world.created()
    before = dict(world.number(arn).tags)
    world.client.untag_resource(resourceArn=arn, tagKeys=[key])
    assert world.update(arn, Description="x").succeeded
    assert world.number(arn).tags == before


def test_every_call_that_puts_tags_on_carries_the_providers_own(world: World) -> None:
    # The role may tag only with it.
    arn = world.created()
    world.client.untag_resource(resourceArn=arn, tagKeys=[contract.RESOURCE_TAG])
    assert world.update(arn, Tags=tag_list(team="support")).succeeded
    ownership, given = (call.parameters["tags"] for call in world.calls("TagResource"))
    assert set(ownership) == set(contract.OWNERSHIP_TAGS)
    assert (ownership[contract.RESOURCE_TAG], ownership[contract.PROVIDER_TAG]) == ("Number", world.provider_id)
    assert given == {"team": "support", contract.PROVIDER_TAG: world.provider_id}


def test_more_tags_than_the_number_takes(world: World) -> None:
    arn = world.created()
    world.client.tag_resource(resourceArn=arn, tags={f"by-hand-{index}": "" for index in range(5)})
    number = world.number(arn).phone_number
    failed = world.update(arn, Tags=tag_list(**{f"key{index}": "" for index in range(43)}))
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"Tags: {number} would have 52 tags with those that were put on it outside CloudFormation, but 50 are "
            "allowed. Remove 2."
        ),
    )


@pytest.mark.parametrize("method", ["tag_resource", "untag_resource"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_tags_of_an_update_that_died_and_was_rolled_back_are_taken_off(world: World, method: str, moment: str) -> None:
    arn = world.created(Tags=tag_list(team="support"))
    world.hooks(moment)[method] = die
    with pytest.raises(Died):
        world.handle(world.event("Update", arn, Tags=tag_list(stage="live")))
    assert world.update(arn, Tags=tag_list(team="support")).succeeded
    assert user_tags(world.number(arn)) == {"team": "support"}


# --- Flow ---


def test_a_flow_is_associated_after_the_claim(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    assert _flows(world, arn) == [flow]


def test_a_flow_is_changed_and_removed(world: World) -> None:
    one, two = (world.emulator.add_contact_flow(world.instance) for _ in range(2))
    arn = world.created(ContactFlowArn=one)
    assert world.update(arn, ContactFlowArn=two).succeeded
    assert _flows(world, arn) == [two]
    assert world.update(arn).succeeded
    assert _flows(world, arn) == []


def test_a_flow_is_not_touched_where_none_was_ever_set(world: World) -> None:
    arn = world.created()
    assert world.update(arn, Description="x").succeeded
    assert [world.calls(operation) for operation in FLOW_OPERATIONS] == [[], []]


def test_a_flow_that_does_not_exist(world: World) -> None:
    world.emulator.configure(accept_unknown_flows=False)
    flow = f"{world.instance}/contact-flow/11111111-2222-3333-4444-555555555555"
    failed = world.create(ContactFlowArn=flow)
    assert failed.status == "FAILED"
    assert "AssociatePhoneNumberContactFlow for +1" in failed.reason
    assert f"with ContactFlowArn {flow}: ResourceNotFoundException" in failed.reason
    assert world.delete(failed.physical_id).succeeded
    assert world.held() == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_flow_of_an_update_that_died_and_was_rolled_back_is_taken_away(world: World, moment: str) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created()
    world.hooks(moment)["associate_phone_number_contact_flow"] = die
    with pytest.raises(Died):
        world.handle(world.event("Update", arn, ContactFlowArn=flow))
    assert world.update(arn).succeeded
    assert _flows(world, arn) == []


def test_a_flow_that_was_taken_away_by_hand_is_no_trouble_when_the_property_goes(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    world.emulator.faults.add("DisassociatePhoneNumberContactFlow", "error", code="ResourceNotFoundException")
    assert world.update(arn).succeeded


# --- Target ---


def test_a_move_puts_the_flow_of_the_new_instance_on_it(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    here, there = world.emulator.add_contact_flow(world.instance), world.emulator.add_contact_flow(other)
    arn = world.created(ContactFlowArn=here)
    moved = world.update(arn, TargetArn=other, ContactFlowArn=there)
    assert (moved.status, moved.physical_id, moved.data["TargetArn"]) == ("SUCCESS", arn, other)
    assert world.number(arn).target_arn == other
    assert world.number(arn).status == "CLAIMED"
    assert _flows(world, arn) == [there]
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_move_to_a_group_puts_the_same_flow_back(world: World) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    assert world.update(arn, TargetArn=group, ContactFlowArn=flow).succeeded
    assert world.number(arn).target_arn == group
    assert _flows(world, arn) == [flow]


def test_a_move_that_takes_the_flow_away(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    arn = world.created(ContactFlowArn=world.emulator.add_contact_flow(world.instance))
    moved = world.update(arn, TargetArn=other)
    assert moved.succeeded, moved.reason
    assert _flows(world, arn) == []


def test_a_move_there_and_back_again(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    for _ in range(2):
        assert world.update(arn, TargetArn=other).succeeded
        assert world.number(arn).target_arn == other
        assert world.update(arn, ContactFlowArn=flow).succeeded
        assert world.number(arn).target_arn == world.instance
        assert _flows(world, arn) == [flow]


def test_a_move_waits_until_it_is_over(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    arn = world.created()
    world.emulator.faults.add("UpdatePhoneNumber", "workflow_delay", seconds=100)
    began = world.clock()
    assert world.update(arn, TargetArn=other).succeeded
    assert world.clock() - began >= 100


def test_a_move_whose_function_dies_is_finished_with_the_flow_by_its_redelivery(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    arn = world.created(ContactFlowArn=world.emulator.add_contact_flow(world.instance))
    there = world.emulator.add_contact_flow(other)
    event = world.event("Update", arn, TargetArn=other, ContactFlowArn=there)
    world.client.after["update_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.clock.pause(60)
    assert world.send(event).succeeded
    assert _flows(world, arn) == [there]


def test_a_move_to_a_target_that_is_full(world: World) -> None:
    full = world.emulator.add_instance(REGION, limit=0)
    arn = world.created()
    number = world.number(arn).phone_number
    failed = world.update(arn, TargetArn=full)
    assert (failed.status, failed.physical_id) == ("FAILED", arn)
    assert failed.reason.startswith(f"Amazon Connect could not move {number} to TargetArn {full}: ")
    assert failed.reason.endswith(
        "If the target has reached its limit, release numbers there or ask for a higher quota, then deploy again."
    )
    assert world.update(arn).succeeded
    assert world.number(arn).target_arn == world.instance


def test_a_move_to_a_target_that_does_not_exist(world: World) -> None:
    nowhere = world.instance[:-12] + "000000000000"
    arn = world.created()
    failed = world.update(arn, TargetArn=nowhere)
    assert failed.status == "FAILED"
    assert f"to TargetArn {nowhere}: ResourceNotFoundException" in failed.reason


# --- All together ---


def test_a_number_that_was_released_by_hand(world: World) -> None:
    arn = world.created()
    number = world.number(arn).phone_number
    world.clock.pause(3600)
    world.released_by_hand(arn)
    failed = world.update(arn, Description="x")
    assert (failed.status, failed.physical_id, failed.reason) == (
        "FAILED",
        arn,
        (
            f"Amazon Connect knows no number {number} ({arn}) any more: it was released outside CloudFormation. Add a "
            "resource with another logical id to claim a new one, and remove this one."
        ),
    )


def test_a_later_update_that_runs_at_the_same_time_has_the_last_word(world: World) -> None:
    arn = world.created(Description="one")
    first = world.event("Update", arn, Description="two", Tags=tag_list(stage="two"))
    second = world.event("Update", arn, Description="three", Tags=tag_list(stage="three"))
    world.client.before["update_phone_number_metadata"] = lambda _: world.handle(second)
    world.handle(first)
    by_url = {response.url: response for response in world.responses}
    assert not by_url[first["ResponseURL"]].succeeded
    assert by_url[second["ResponseURL"]].succeeded
    assert world.number(arn).description == "three"
    assert user_tags(world.number(arn)) == {"stage": "three"}


def test_what_an_earlier_update_sets_too_late_is_set_again(world: World) -> None:
    # Nothing but the description changes, so no write to the ledger tells the earlier invocation that it is late.
    arn = world.created(Description="one")
    first, second = (world.event("Update", arn, Description=description) for description in ("two", "three"))
    world.client.before["update_phone_number_metadata"] = lambda _: world.handle(second)
    world.handle(first)
    assert world.number(arn).description == "three"


def test_a_rolled_back_update_puts_everything_back(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    one, two = world.emulator.add_contact_flow(world.instance), world.emulator.add_contact_flow(other)
    old: dict[str, Any] = {"Description": "one", "Tags": tag_list(stage="one"), "ContactFlowArn": one}
    arn = world.created(**old)
    before = world.number(arn)
    snapshot = (before.description, dict(before.tags), before.target_arn, dict(before.contact_flows))
    assert world.update(
        arn, Description="two", Tags=tag_list(other="two"), TargetArn=other, ContactFlowArn=two
    ).succeeded
    assert world.update(arn, **old).succeeded
    after = world.number(arn)
    assert (after.description, after.tags, after.target_arn, after.contact_flows) == snapshot


# --- Shown late ---


def test_what_was_changed_a_moment_ago_is_changed_back_although_connect_still_shows_it(world: World) -> None:
    old: dict[str, Any] = {"Description": "Old", "Tags": tag_list(team="support", stage="test")}
    arn = world.created(**old)
    world.emulator.configure(change_lag_seconds=600.0)
    assert world.update(arn, Description="New", Tags=tag_list(team="sales")).succeeded
    assert world.client.describe_phone_number(PhoneNumberId=arn)["ClaimedPhoneNumberSummary"][
        "PhoneNumberDescription"
    ] == ("Old")

    assert world.update(arn, **old).succeeded

    assert world.number(arn).description == "Old"
    assert user_tags(world.number(arn)) == {"team": "support", "stage": "test"}


def test_a_change_that_is_asked_for_again_is_made_again(world: World) -> None:
    arn = world.created(Description="Old")
    world.emulator.configure(change_lag_seconds=600.0)
    assert world.update(arn, Description="New").succeeded
    # The rollback dies before its call, and CloudFormation sends another one.
    world.hooks("before")["update_phone_number_metadata"] = die
    with pytest.raises(Died):
        world.update(arn, Description="Old")

    assert world.update(arn, Description="Old").succeeded
    assert world.number(arn).description == "Old"


def test_tags_that_are_gone_and_still_shown_do_not_count(world: World) -> None:
    arn = world.created(Tags=tag_list(**{f"a{index}": "" for index in range(26)}))
    world.emulator.configure(change_lag_seconds=600.0)
    tags = tag_list(**{f"b{index}": "" for index in range(26)})
    assert world.update(arn, Tags=tags).succeeded
    assert world.update(arn, Tags=tags, Description="Sales").succeeded
    assert len(user_tags(world.number(arn))) == 26


def test_more_tags_are_removed_than_one_call_takes(world: World) -> None:
    arn = world.created(Tags=tag_list(**{f"a{index}": "" for index in range(26)}))
    world.emulator.faults.add("TagResource", "error", code="InvalidParameterException", calls=1)
    assert not world.update(arn, Tags=tag_list(**{f"b{index}": "" for index in range(26)})).succeeded
    assert world.update(arn).succeeded
    assert user_tags(world.number(arn)) == {}
    assert [len(call.parameters["tagKeys"]) for call in world.calls("UntagResource")][-2:] == [50, 2]
