"""What is called with what, and what is written down, where the outcome alone does not show it."""

import re
from typing import Any

import pytest

from lambda_handlers.connect_phone_number import contract, rules
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.lifecycle.sweeping import sweep
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    REGION,
    Answered,
    Died,
    World,
    die,
    tag_list,
)

from .adoptions import (
    INVENTED,
    NUMBER,
    adopt,
    adopt_within_the_stack,
    adoption,
    claimed_with_flow,
    delete,
    retained,
)
from .decisions import RESOURCE, unheard

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHANGES = ("UpdatePhoneNumber", "UpdatePhoneNumberMetadata")
_FLOW_CALLS = ("AssociatePhoneNumberContactFlow", "DisassociatePhoneNumberContactFlow")


def _tokens(world: World) -> list[str | None]:
    return [entry.client_token for operation in _CHANGES for entry in world.calls(operation)]


def _delete_provider(world: World) -> Answered:
    return world.send(
        world.event("Delete", "provider-shared", resource="Provider", resource_type=contract.PROVIDER_RESOURCE_TYPE)
    )


# --- CloudFormation is asked about the very resource ---


def test_an_adoption_asks_whether_the_owner_still_has_the_number(world: World) -> None:
    world.created()
    assert not adopt(world, world.claim().phone_number).succeeded
    assert world.stacks.asked == [("resource", RESOURCE)]


def test_an_adoption_within_one_stack_asks_who_has_the_number(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).succeeded
    assert world.stacks.asked == [("holders", arn)]


def test_the_provider_asks_whether_a_stack_still_has_its_number(world: World) -> None:
    world.created()
    assert not _delete_provider(world).succeeded
    assert set(world.stacks.asked) == {("resource", RESOURCE)}


def test_the_sweeper_asks_whether_a_stack_has_the_number_and_whether_it_ever_had_it(world: World) -> None:
    arn = unheard(world)
    opened_at = world.claim().opened_at
    world.clock.pause(400.0)
    world.sweep()
    assert world.stacks.asked == [("resource", RESOURCE), ("has_named", RESOURCE, arn, opened_at - 120, True)]


# --- Tokens of changes ---


def test_every_change_has_a_token_of_its_own(world: World) -> None:
    arn = world.created(Description="one")
    other = world.emulator.add_instance(REGION)
    world.update(arn, Description="two", TargetArn=other)
    world.update(arn, Description="one", TargetArn=world.instance)
    tokens = _tokens(world)
    assert len(tokens) == len(set(tokens)) == 4
    assert all(token is not None and _UUID.fullmatch(token) for token in tokens)


def test_a_value_that_is_wanted_again_within_one_invocation_is_set_again(world: World) -> None:
    arn = world.created(Description="one")

    def change(description: str) -> None:
        # Later requests, decided while the first one's invocation is at work.
        world.handle(world.event("Update", arn, Description=description), seconds=21.0)

    def then_back(_: object) -> None:
        world.client.after["update_phone_number_metadata"] = lambda _: change("two")
        change("three")

    world.client.after["update_phone_number_metadata"] = then_back
    world.handle(world.event("Update", arn, Description="two"))
    assert world.number(arn).description == world.claim().desired.description == "two"
    assert len(set(_tokens(world))) == len(_tokens(world))


# --- Tags and flow ---


def test_tags_that_are_as_wanted_are_not_set_again(world: World) -> None:
    arn = world.created(Description="one", Tags=tag_list(team="support"))
    assert world.update(arn, Description="two", Tags=tag_list(team="support")).succeeded
    assert world.calls("TagResource") == world.calls("UntagResource") == []


def test_a_number_may_have_as_many_tags_as_connect_takes(world: World) -> None:
    arn = world.created()
    by_hand = {f"by-hand-{index}": "x" for index in range(6)}
    world.client.tag_resource(resourceArn=arn, tags=by_hand)
    tags = tag_list(**{f"tag{index}": "x" for index in range(40)})
    assert world.update(arn, Tags=tags).succeeded
    assert len(world.number(arn).tags) == 50


def test_a_tag_that_left_the_template_and_was_put_on_by_hand_stays(world: World) -> None:
    arn = world.created(Tags=tag_list(team="support"))
    assert world.update(arn).succeeded
    assert world.claim().applied_tags == ()
    world.client.tag_resource(resourceArn=arn, tags={"team": "by hand"})
    assert world.update(arn, Description="x").succeeded
    assert world.number(arn).tags["team"] == "by hand"


def test_a_flow_is_written_down_before_the_call_and_settled_after_it(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created()
    seen: list[tuple[str, bool]] = []

    def look(_: object) -> None:
        seen.append((world.claim().applied_flow_arn, world.claim().flow_may_differ))

    world.client.before["associate_phone_number_contact_flow"] = look
    assert world.update(arn, ContactFlowArn=flow).succeeded
    assert seen == [(flow, True)]
    assert (world.claim().applied_flow_arn, world.claim().flow_may_differ) == (flow, False)
    calls = [len(world.calls(operation)) for operation in _FLOW_CALLS]
    assert world.update(arn, ContactFlowArn=flow, Description="x").succeeded
    assert [len(world.calls(operation)) for operation in _FLOW_CALLS] == calls == [1, 0]


def test_a_flow_is_written_down_before_the_call_also_where_a_move_has_dropped_the_one_before(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    there = world.emulator.add_contact_flow(other)
    arn = world.created(ContactFlowArn=world.emulator.add_contact_flow(world.instance))
    seen: list[tuple[str, bool]] = []

    def look(_: object) -> None:
        seen.append((world.claim().applied_flow_arn, world.claim().flow_may_differ))

    world.client.before["associate_phone_number_contact_flow"] = look
    assert world.update(arn, TargetArn=other, ContactFlowArn=there).succeeded
    assert seen == [(there, True)]


def test_that_a_flow_is_taken_away_is_written_down_before_the_call(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    seen: list[tuple[str, bool]] = []

    def look(_: object) -> None:
        seen.append((world.claim().applied_flow_arn, world.claim().flow_may_differ))

    world.client.before["disassociate_phone_number_contact_flow"] = look
    assert world.update(arn).succeeded
    assert seen == [(flow, True)]


def test_a_flow_that_was_taken_away_is_forgotten(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    assert world.update(arn).succeeded
    assert (world.claim().applied_flow_arn, world.claim().flow_may_differ) == ("", False)


def test_a_flow_that_is_wanted_once_more_is_not_associated_once_more(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    before = world.claim().version
    assert world.update(arn, ContactFlowArn=flow).succeeded
    assert len(world.calls("AssociatePhoneNumberContactFlow")) == 1
    # The decision and the response are written, and nothing else.
    assert world.claim().version == before + 2


def test_the_flow_of_a_number_that_was_claimed_is_not_read(world: World) -> None:
    one, two = (world.emulator.add_contact_flow(world.instance) for _ in range(2))
    arn = world.created(ContactFlowArn=one)
    assert world.update(arn, ContactFlowArn=two).succeeded
    assert world.update(arn, TargetArn=world.emulator.add_instance(REGION)).succeeded
    assert world.calls("BatchGetFlowAssociation") == []


def test_the_flow_of_an_adopted_number_is_read_in_the_instance_that_has_it(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    other = world.emulator.add_instance(REGION)
    assert adopt(world, TargetArn=other, ContactFlowArn=world.emulator.add_contact_flow(other)).succeeded
    (read,) = world.calls("BatchGetFlowAssociation")
    assert read.parameters == {
        "InstanceId": rules.instance_id_of(world.instance),
        "ResourceIds": [arn],
        "ResourceType": "VOICE_PHONE_NUMBER",
    }
    before = world.claim(OTHER_STACK, "Sales").settings_before_adoption
    assert before is not None
    assert before.contact_flow_arn == flow


def test_no_flow_of_a_group_is_read_where_it_is_not_said_in_which_instance(world: World) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    arn = world.claimed_by_hand(NUMBER)
    world.client.update_phone_number(PhoneNumberId=arn, TargetArn=group)
    world.clock.pause(200.0)
    assert adopt(world, TargetArn=group).succeeded
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": NUMBER, "Adopt": "true"}
    assert world.update(arn, stack=OTHER_STACK, resource="Sales", **desired).data["TargetArn"] == world.instance
    assert world.calls("BatchGetFlowAssociation") == []
    assert world.claim(OTHER_STACK, "Sales").is_flow_before_known


# --- Adoption rollback, sweeping, guarding ---


def test_a_number_that_is_rolled_back_is_live_as_if_nothing_had_been(world: World) -> None:
    arn = retained(world)
    before = world.claim()
    adopt(world)
    assert world.claim().outcome is Outcome.TRANSFERRED
    assert world.claim().closed_at == int(world.clock.now)
    world.stacks.status = "ROLLBACK_IN_PROGRESS"
    world.clock.pause(100.0)
    assert delete(world, arn).succeeded
    owner = world.claim()
    assert (owner.state, owner.outcome, owner.closed_at, owner.close_reason) == (ClaimState.LIVE, None, 0, "")
    assert owner.id == before.id
    rolled_back = world.claim(OTHER_STACK, "Sales")
    assert (rolled_back.in_flight_calls, rolled_back.closed_at) == ((), int(world.clock.now))


def test_a_number_that_is_rolled_back_to_nobody_loses_the_ownership_tags_in_one_call(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world).succeeded
    world.stacks.status = "ROLLBACK_IN_PROGRESS"
    assert delete(world, arn).succeeded
    assert [world.calls(operation) for operation in _CHANGES] == [[], []], "nothing else was to be changed back"
    (call,) = world.calls("UntagResource")
    assert call.parameters == {"resourceArn": arn, "tagKeys": list(contract.OWNERSHIP_TAGS)}


def test_what_an_invocation_that_may_still_run_would_tag_stays_due_until_it_is_over(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    world.client.before["tag_resource"] = die
    with pytest.raises(Died):
        world.handle(adoption(world))
    (call,) = world.claim(OTHER_STACK, "Sales").in_flight_calls
    until = call.until
    assert delete(world, INVENTED).succeeded
    claim = world.claim(OTHER_STACK, "Sales")
    assert (claim.state, claim.next_check_at, claim.due_since) == (ClaimState.CLOSING, until, until)
    world.clock.now = float(until)
    world.sweep()
    claim = world.claim(OTHER_STACK, "Sales")
    assert (claim.state, claim.outcome, claim.has_calls_in_flight) == (
        ClaimState.CLOSED,
        Outcome.ADOPTION_ROLLED_BACK,
        False,
    )


def test_a_sweep_without_time_says_what_it_has_left(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    world.delete(arn)
    world.clock.pause(3600.0)
    swept = sweep(world.invocation(seconds=60.0))
    assert (swept.due, swept.releases_failing) == (1, 1)
    assert any(message.get("DueWork") == 1 for message in world.messages())


def test_the_provider_is_let_go_after_one_sweep_and_without_a_pause(world: World) -> None:
    world.delete(world.created())
    began = world.clock.now
    assert _delete_provider(world).succeeded
    # The request itself is sent a second after the one before.
    assert world.clock.now - began == 1.0
    assert sum(message.get("message") == "sweep ended" for message in world.messages()) == 1


def test_a_provider_with_releases_that_are_refused_says_which_and_why(world: World) -> None:
    arn = world.created()
    number = world.number(arn).phone_number
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    error = world.delete(arn).reason
    refused = _delete_provider(world)
    assert refused.reason == (
        f"The provider is not deleted. Phone numbers that are still to be released: 1. {number}: {error} Delete again "
        "later: the provider goes on trying meanwhile."
    )
