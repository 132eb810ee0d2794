from dataclasses import replace
from typing import Any, Literal

import pytest

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.claim import ClaimState, InFlightCall, Outcome
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.ledger.items import index_of
from lambda_handlers.connect_phone_number.lifecycle import adopting
from lambda_handlers.connect_phone_number.lifecycle.context import Failed
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    REGION,
    STACK,
    Died,
    World,
    die,
    tag_list,
)

from .adoptions import (
    NUMBER,
    SALES,
    adopt,
    adopt_for_good,
    adopt_within_the_stack,
    adoption,
    claimed_with_flow,
    delete,
    flows,
    retained,
)
from .decisions import RESOURCE, decided, let_go

_SALES = (SALES.stack_id, SALES.logical_resource_id)


def _changed(world: World, arn: str, **properties: Any) -> bool:
    """Change the other stack's resource; return whether it has the same number then."""
    adopt: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": NUMBER, "Adopt": "true"}
    updated = world.update(arn, stack=OTHER_STACK, resource="Sales", **{**adopt, **properties})
    assert updated.succeeded, updated.reason
    return updated.physical_id == arn


def test_an_untagged_number_is_adopted(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopted = adopt(world, Tags=tag_list(team="sales"))
    assert (adopted.status, adopted.physical_id) == ("SUCCESS", arn)
    assert dict(adopted.data) == {
        "PhoneNumber": NUMBER,
        "PhoneNumberArn": arn,
        "PhoneNumberId": world.number(arn).id,
        "CountryCode": "US",
        "Type": "DID",
        "TargetArn": world.instance,
    }
    assert world.number(arn).tags == {
        "team": "sales",
        contract.PROVIDER_TAG: "shared",
        contract.CLAIM_TAG: world.claim(OTHER_STACK, "Sales").id,
        contract.STACK_TAG: OTHER_STACK,
        contract.RESOURCE_TAG: "Sales",
    }
    assert world.number(arn).description == "By hand", "a description that the template does not set stays"
    assert world.effects("ClaimPhoneNumber") == 1


def test_an_adopted_number_gets_what_the_template_says(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    other = world.emulator.add_instance(REGION)
    flow = world.emulator.add_contact_flow(other)
    assert adopt(world, TargetArn=other, ContactFlowArn=flow, Description="Sales").succeeded
    number = world.number(arn)
    assert (number.target_arn, number.description) == (other, "Sales")
    assert flows(world, arn) == [flow]


def test_a_number_of_a_traffic_distribution_group_is_adopted(world: World) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    arn = world.claimed_by_hand(NUMBER)
    world.client.update_phone_number(PhoneNumberId=arn, TargetArn=group)
    world.clock.pause(200.0)
    adopted = adopt(world, TargetArn=group)
    assert (adopted.status, adopted.physical_id) == ("SUCCESS", arn)
    assert {call.parameters.get("TargetArn") for call in world.calls("ListPhoneNumbersV2")} == {group}


def test_how_the_number_was_before_its_adoption_is_written_down(world: World) -> None:
    arn, _ = claimed_with_flow(world)
    world.client.tag_resource(resourceArn=arn, tags={"by-hand": "yes"})
    assert adopt(world, Description="Sales", Tags=tag_list(team="sales")).succeeded
    claim = world.claim(*_SALES)
    before = claim.settings_before_adoption
    assert before is not None
    assert (before.target_arn, before.description) == (world.instance, "By hand")
    assert dict(before.tags) == {"by-hand": "yes"}
    # Nothing has changed that concerns the flow, so nobody has asked for it.
    assert (before.contact_flow_arn, claim.is_flow_before_known) == ("", False)
    assert world.calls("BatchGetFlowAssociation") == []


def test_the_flow_is_read_and_written_down_before_the_first_change_of_it(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    known: list[tuple[bool, str, list[str]]] = []

    def look(_: object) -> None:
        claim = world.claim(*_SALES)
        assert claim.settings_before_adoption is not None
        before = claim.settings_before_adoption
        known.append((claim.is_flow_before_known, before.contact_flow_arn, flows(world, arn)))

    world.client.before["associate_phone_number_contact_flow"] = look
    other = world.emulator.add_contact_flow(world.instance)
    assert adopt(world, ContactFlowArn=other).succeeded
    assert known == [(True, flow, [flow])]
    assert flows(world, arn) == [other]


def test_the_flow_is_read_and_written_down_before_a_move(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    known: list[tuple[bool, str, list[str]]] = []

    def look(_: object) -> None:
        claim = world.claim(*_SALES)
        assert claim.settings_before_adoption is not None
        before = claim.settings_before_adoption
        known.append((claim.is_flow_before_known, before.contact_flow_arn, flows(world, arn)))

    world.client.before["update_phone_number"] = look
    assert adopt(world, TargetArn=world.emulator.add_instance(REGION)).succeeded
    assert known == [(True, flow, [flow])]


def test_the_flow_is_read_once(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    one, two = (world.emulator.add_contact_flow(world.instance) for _ in range(2))
    assert adopt(world, ContactFlowArn=one).succeeded
    assert _changed(world, arn, ContactFlowArn=two)
    assert len(world.calls("BatchGetFlowAssociation")) == 1
    before = world.claim(*_SALES).settings_before_adoption
    assert before is not None
    assert before.contact_flow_arn == flow


def test_where_the_flow_cannot_be_read_it_is_not_changed(world: World) -> None:
    arn, flow = claimed_with_flow(world)
    world.emulator.faults.add("BatchGetFlowAssociation", "error", code="AccessDeniedException", calls=None)
    failed = adopt(world, ContactFlowArn=world.emulator.add_contact_flow(world.instance))
    assert failed.status == "FAILED"
    assert "connect:BatchGetFlowAssociation " in failed.reason
    assert flows(world, arn) == [flow]
    assert world.calls("AssociatePhoneNumberContactFlow")[1:] == []


def test_an_adopted_number_follows_its_stack_from_then_on(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    arn = adopt_for_good(world)
    world.stacks.status = "DELETE_IN_PROGRESS"
    assert delete(world, arn).succeeded
    assert world.held() == []
    assert world.claim(*_SALES).outcome is Outcome.RELEASED


def test_an_adopted_number_that_the_next_deployment_removes_at_once_is_released(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world).succeeded
    world.stacks.completed = True
    assert delete(world, arn).succeeded
    assert world.held() == []


def test_a_deployment_that_goes_on_for_hours_is_seen_to_be_complete_when_it_is(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    world.stacks.root_status = "UPDATE_IN_PROGRESS"
    assert adopt(world).succeeded
    for _ in range(3):
        world.clock.pause(3600)
        world.sweep()
    claim = world.claim(*_SALES)
    assert (claim.acknowledged, claim.established, index_of(claim)["due"]) == (True, False, "DUE")
    world.stacks.root_status = ""
    world.clock.pause(6 * 3600)
    world.sweep()
    claim = world.claim(*_SALES)
    assert (claim.established, index_of(claim)["due"]) == (True, "LIVE")


def test_an_adopted_number_is_changed_in_place(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopt(world)
    assert _changed(world, arn, Description="Sales")
    assert world.number(arn).description == "Sales"


def test_an_update_does_not_establish_an_adoption(world: World) -> None:
    # A deployment that failed with rollback off may be changed, tried again, and rolled back then.
    arn = world.claimed_by_hand(NUMBER)
    adopt(world)
    assert _changed(world, arn, Description="Sales")
    claim = world.claim(*_SALES)
    assert (claim.acknowledged, claim.established, index_of(claim)["due"]) == (True, False, "DUE")


def test_a_number_that_the_account_does_not_hold(world: World) -> None:
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} cannot be adopted: this account holds no such number in {REGION}. Check the number and the "
            "Region. A number of a traffic distribution group is found only where TargetArn is that group. To claim a "
            "free number, leave Adopt out."
        ),
    )
    assert delete(world, failed.physical_id).succeeded


def test_a_number_that_is_listed_and_not_described_is_not_adopted(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    world.emulator.faults.add("DescribePhoneNumber", "error", code="ResourceNotFoundException", calls=1)
    failed = adopt(world)
    assert failed.status == "FAILED"
    assert "this account holds no such number" in failed.reason


@pytest.mark.parametrize(("fault", "status"), [("workflow_delay", "IN_PROGRESS"), ("workflow_failure", "FAILED")])
def test_a_number_that_connect_has_not_finished_providing_is_not_adopted(
    world: World, fault: Literal["workflow_delay", "workflow_failure"], status: str
) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", fault, seconds=3600, message="Carrier said so.")
    arn = world.claimed_by_hand(NUMBER)
    assert world.number(arn).status == status
    failed = adopt(world)
    assert failed.status == "FAILED"
    assert f"{NUMBER} cannot be adopted now: Amazon Connect says {status} of it (" in failed.reason
    assert failed.reason.endswith("Adopt it when its status is CLAIMED.")
    assert world.invocation().ledger.number(NUMBER) is None
    assert world.number(arn).tags == {}


def test_ownership_is_written_down_at_once_with_all_that_is_known_of_the_number(world: World) -> None:
    arn = retained(world)
    world.clock.pause(500.0)
    decided(world, adoption(world))
    invocation = world.invocation()
    adopting.adopt(invocation, world.claim(*_SALES))
    claim = world.claim(*_SALES)
    assert (claim.arn, claim.phone_number, claim.candidate) == (arn, NUMBER, NUMBER)
    assert (claim.country_code, claim.type, claim.provisioned) == ("US", "DID", True)
    assert claim.claimed_at == int(world.clock.now)
    assert claim.in_flight_calls == (
        InFlightCall(NUMBER, invocation.worker, int(invocation.timing.invocation_deadline)),
    )
    owner = world.invocation().ledger.number(NUMBER)
    assert owner is not None
    assert owner.claim_id == claim.id
    assert world.claim().state is ClaimState.CLOSED
    assert world.calls("TagResource") == [], "the tags follow"


def test_a_number_of_another_provider_is_refused(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER, {contract.PROVIDER_TAG: "theirs", contract.CLAIM_TAG: "their-claim"})
    before = dict(world.number(arn).tags)
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} cannot be adopted: it belongs to another provider of phone numbers (theirs). Retain it there, "
            "if that provider still exists. Then remove its tags that begin with 'cdk-connect-phone-number:' (aws "
            "connect untag-resource), and deploy again."
        ),
    )
    assert delete(world, failed.physical_id).succeeded
    assert world.number(arn).tags == before
    assert world.held() == [NUMBER]


@pytest.mark.parametrize("is_silent", [False, True])
def test_a_number_of_another_resource_is_refused(world: World, is_silent: bool) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    world.stacks.is_silent = is_silent
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} cannot be adopted: it belongs to resource Number of stack {STACK}. Remove it there with "
            "DeletionPolicy Retain first, then deploy again."
        ),
    )
    assert delete(world, failed.physical_id).succeeded
    assert world.held() == [NUMBER]
    owner = world.invocation().ledger.number(NUMBER)
    assert owner is not None
    assert owner.claim_id == world.claim().id
    assert world.update(arn, PhoneNumber=NUMBER, Description="x").succeeded, "the owner still owns it"


def test_a_number_is_not_adopted_while_cloudformation_does_not_tell_who_has_it(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    world.stacks.is_silent = True
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} is not adopted: CloudFormation did not tell whether another stack has it. Check that the "
            "provider's role may call cloudformation:DescribeStackResources, then deploy again."
        ),
    )


@pytest.mark.parametrize("stack", [STACK, OTHER_STACK])
def test_a_number_that_a_resource_has_of_which_the_ledger_does_not_know_is_refused(world: World, stack: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    world.stacks.resources[ResourceKey(stack, "Native")] = HeldResource(arn, "CREATE_COMPLETE")
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} cannot be adopted: CloudFormation has it as resource Native of stack {stack}. Remove it there "
            "with DeletionPolicy Retain first, in a deployment of its own, then deploy again."
        ),
    )
    assert world.held() == [NUMBER]


def test_a_number_that_two_resources_of_a_stack_have_is_not_adopted_by_a_third(world: World) -> None:
    world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).succeeded
    third = world.create(resource="Third", CountryCode=None, Type=None, PhoneNumber=NUMBER, Adopt="true")
    assert third.status == "FAILED"
    assert f"CloudFormation has it as resource Number of stack {STACK}" in third.reason


def test_an_imported_number_of_another_resource_is_refused(world: World) -> None:
    source = world.emulator.add_source_number(REGION, "+12065559999", "US", "DID")
    arn = world.created(CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    failed = adopt(world, "+12065559999")
    assert failed.status == "FAILED"
    assert f"it belongs to resource Number of stack {STACK}" in failed.reason
    assert world.number(arn).tags[contract.RESOURCE_TAG] == "Number"


def test_a_number_that_was_just_answered_and_not_yet_recorded_is_refused(world: World) -> None:
    world.handle(world.event("Create", PhoneNumber=NUMBER))
    world.stacks.resources[RESOURCE] = HeldResource("", "CREATE_IN_PROGRESS")
    failed = adopt(world)
    assert failed.status == "FAILED"
    assert f"it belongs to resource Number of stack {STACK}" in failed.reason


@pytest.mark.parametrize("stack", [OTHER_STACK, STACK])
def test_a_number_that_is_being_released_is_refused(world: World, stack: str) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn).succeeded
    let_go(world, arn)
    assert not world.send({**adoption(world), "StackId": stack}).succeeded
    assert world.claim().state is ClaimState.CLOSING


def test_s19_a_number_that_was_kept_is_adopted_by_another_stack(world: World) -> None:
    arn = retained(world)
    adopted = adopt_for_good(world)
    assert adopted == arn
    assert world.number(arn).tags[contract.STACK_TAG] == OTHER_STACK
    previous = world.claim()
    assert (previous.state, previous.outcome, previous.close_reason) == (
        ClaimState.CLOSED,
        Outcome.TRANSFERRED,
        f"adopted by Sales of {OTHER_STACK}",
    )
    assert world.claim(*_SALES).previous_owner == RESOURCE
    # What was the first stack's is not any more.
    late = world.delete(arn)
    assert late.succeeded
    assert late.reason == f"{NUMBER} belongs to Sales of {OTHER_STACK} now and was left alone."
    assert world.held() == [NUMBER]
    assert delete(world, arn).succeeded
    assert world.held() == []


def test_s19_a_number_that_its_stack_has_replaced_and_retained_is_adopted(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    assert world.update(arn, CountryCode="GB", AllowReplacement="true").physical_id != arn
    assert adopt(world).physical_id == arn


def test_s19_a_number_of_a_stack_that_is_gone_is_adopted(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    del world.stacks.resources[RESOURCE]
    assert adopt(world).physical_id == arn


def test_s19_a_number_is_adopted_under_another_name_in_its_own_stack(world: World) -> None:
    # CloudFormation makes the new resource before it lets the old one go, and deletes the old one then.
    arn = world.created(PhoneNumber=NUMBER)
    renamed = adopt_within_the_stack(world)
    assert (renamed.status, renamed.physical_id) == ("SUCCESS", arn)
    deleted = world.delete(arn)
    assert (deleted.status, deleted.reason) == (
        "SUCCESS",
        f"{NUMBER} belongs to Renamed of {STACK} now and was left alone.",
    )
    assert world.number(arn).tags[contract.RESOURCE_TAG] == "Renamed"
    assert world.held() == [NUMBER]


def test_s19_a_number_adopted_within_its_stack_is_deleted_with_its_new_name(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).succeeded
    assert world.delete(arn).succeeded
    world.stacks.completed = True
    assert world.delete(arn, resource="Renamed").succeeded
    assert world.held() == []


def test_an_adoption_whose_function_dies_is_finished_by_its_redelivery(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    event = adoption(world)
    world.client.before["tag_resource"] = die
    with pytest.raises(Died):
        world.handle(event)
    adopted = world.send(event)
    assert (adopted.status, adopted.physical_id) == ("SUCCESS", arn)
    assert world.number(arn).tags[contract.RESOURCE_TAG] == "Sales"


def test_a_number_of_a_target_that_the_provider_does_not_serve_is_refused(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    served = world.emulator.add_instance(REGION)
    decided(world, adoption(world, TargetArn=served))
    invocation = world.invocation()
    invocation = replace(invocation, scope=replace(invocation.scope, target_arns=(served,)))
    with pytest.raises(Failed) as failed:
        adopting.adopt(invocation, world.claim(*_SALES))
    assert str(failed.value) == (
        f"{NUMBER} cannot be adopted: it belongs to {world.instance}, which this provider does not serve. Add that "
        "target to the provider's target_arns, or move the number first."
    )
    invocation = replace(invocation, scope=replace(invocation.scope, target_arns=(served, world.instance)))
    assert adopting.adopt(invocation, world.claim(*_SALES)).arn == arn


def test_two_adoptions_of_one_number_at_the_same_time(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    rival = world.event("Create", resource="Rival", CountryCode=None, Type=None, PhoneNumber=NUMBER, Adopt="true")
    world.client.after["describe_phone_number"] = lambda _: world.send(rival)
    world.handle(adoption(world))
    assert sorted(response.succeeded for response in world.responses) == [False, True]
    assert world.held() == [NUMBER]


def test_an_adoption_that_is_denied_names_the_permission(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    world.emulator.faults.add("TagResource", "error", code="AccessDeniedException", calls=None)
    failed = adopt(world)
    assert failed.status == "FAILED"
    assert "connect:TagResource " in failed.reason
    assert delete(world, failed.physical_id).succeeded
    assert world.held() == [NUMBER]
