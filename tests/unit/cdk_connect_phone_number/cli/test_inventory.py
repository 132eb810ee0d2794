"""The inventory: whose each number is, according to Connect, the ledgers and CloudFormation together."""

from dataclasses import replace
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.claim import InFlightCall
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.ledger.items import encode
from tests.unit.lambda_handlers.connect_phone_number.world import (
    ACCOUNT,
    OTHER_STACK,
    PROVIDER,
    REGION,
    STACK,
    World,
)
from verification.simulator.memory_store import MemoryStore

from .aws import Aws, numbers_of

DAY: Final = 86_400
BY_HAND: Final = "+12065550150"
PLATFORM: Final = STACK.replace("support/0a1b2c3d", "platform/7a8b9c0d")
POOL: Final = tokens.pool_id(PLATFORM, "Pool")


def ownership_tags(provider: str = PROVIDER, claim: str = "some-claim") -> dict[str, str]:
    return {
        contract.PROVIDER_TAG: provider,
        contract.CLAIM_TAG: claim,
        contract.STACK_TAG: STACK,
        contract.RESOURCE_TAG: "Number",
    }


def make_pool(world: World, **properties: Any) -> None:
    event = world.event("Create", stack=PLATFORM, resource="Pool", resource_type=contract.POOL_RESOURCE_TYPE)
    usual = {"MaxParked": "5", "ReleaseAfter": str(DAY), "ParkingTargetArn": world.instance}
    event["ResourceProperties"] = {"ServiceToken": event["ServiceToken"], **usual, **properties}
    assert world.send(event).succeeded


def acknowledge(world: World) -> None:
    """Let the sweeper ask CloudFormation whether it knows the number."""
    world.clock.pause(400.0)
    world.sweep()
    assert world.claim().acknowledged


def only(aws: Aws) -> dict[str, Any]:
    (number,) = aws.document("list")["numbers"]
    found: dict[str, Any] = number
    return found


def test_number_of_a_stack(world: World, aws: Aws) -> None:
    flow = f"{world.instance}/contact-flow/99999999-8888-7777-6666-555555555555"
    arn = world.created(Description="Support", ContactFlowArn=flow, ReleaseProtection="true")
    acknowledge(world)
    assert only(aws) == {
        "account": ACCOUNT,
        "region": REGION,
        "phone_number": world.number(arn).phone_number,
        "arn": arn,
        "country_code": "US",
        "type": "DID",
        "target_arn": world.instance,
        "flow_arn": flow,
        "description": "Support",
        "tags": None,
        "owner": "stack",
        "stack_id": STACK,
        "stack_name": "support",
        "logical_id": "Number",
        "pool": "",
        "parked_until": "",
        "provider_id": PROVIDER,
        "is_protected": True,
        "claim_state": "LIVE",
        "usd_per_day_estimate": None,
        "usd_per_month_estimate": None,
        "note": "",
    }


def test_adopted_number(world: World, aws: Aws) -> None:
    world.claimed_by_hand(BY_HAND)
    world.created(PhoneNumber=BY_HAND, Adopt="true", CountryCode=None, Type=None)
    found = only(aws)
    assert (found["owner"], found["stack_name"], found["logical_id"]) == ("adopted", "support", "Number")


def test_number_that_is_parked_for_its_own_resource(world: World, aws: Aws) -> None:
    arn = world.created(ReleaseDelay=str(DAY))
    acknowledge(world)
    assert world.delete(arn, ReleaseDelay=str(DAY)).succeeded
    found = only(aws)
    assert (found["owner"], found["claim_state"], found["pool"]) == ("parked", "PARKED", "")
    assert found["parked_until"].startswith("2026-01-03T")


def test_number_that_is_parked_in_a_pool(world: World, aws: Aws) -> None:
    make_pool(world, MinParked="1", CountryCode="US")
    found = only(aws)
    assert (found["owner"], found["pool"], found["logical_id"]) == ("parked", "platform/Pool", "Pool")


def test_number_of_a_pools_list(world: World, aws: Aws) -> None:
    world.claimed_by_hand(BY_HAND)
    make_pool(world, PhoneNumbers=[BY_HAND])
    found = only(aws)
    assert (found["owner"], found["pool"], found["parked_until"]) == ("listed", "platform/Pool", "")


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "DELETE_SKIPPED", ""])
def test_number_whose_resource_is_gone_was_retained(world: World, aws: Aws, status: str) -> None:
    arn = world.created()
    acknowledge(world)
    key = ResourceKey(STACK, "Number")
    world.stacks.resources[key] = HeldResource(arn, status)
    world.stacks.resources[ResourceKey(STACK, "Other")] = HeldResource("other", "CREATE_COMPLETE")
    if not status:
        del world.stacks.resources[key]
    assert only(aws)["owner"] == "retained"


def test_number_whose_resource_has_another_one_was_retained(world: World, aws: Aws) -> None:
    world.created()
    acknowledge(world)
    world.stacks.resources[ResourceKey(STACK, "Number")] = HeldResource("another", "UPDATE_COMPLETE")
    assert only(aws)["owner"] == "retained"


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", ""])
def test_number_of_a_deleted_or_forgotten_stack_was_retained(world: World, aws: Aws, status: str) -> None:
    world.created()
    acknowledge(world)
    aws.stack_statuses[STACK] = status
    assert only(aws)["owner"] == "retained"


def test_number_of_a_stack_that_is_being_changed_is_not_called_retained(world: World, aws: Aws) -> None:
    world.created()
    acknowledge(world)
    del world.stacks.resources[ResourceKey(STACK, "Number")]
    world.stacks.hold(ResourceKey(STACK, "Other"), "other")
    aws.stack_statuses[STACK] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert only(aws)["owner"] == "stack"


def test_number_that_cloudformation_has_not_confirmed_is_not_called_retained(world: World, aws: Aws) -> None:
    world.created()
    world.stacks.resources.clear()
    assert only(aws)["owner"] == "stack"
    assert "cloudformation:DescribeStacks" not in aws.actions()


def test_without_cloudformation_a_number_is_not_called_retained(world: World, aws: Aws) -> None:
    world.created()
    acknowledge(world)
    world.stacks.resources[ResourceKey(STACK, "Number")] = HeldResource("another", "UPDATE_COMPLETE")
    aws.denied.add("cloudformation:ListStackResources")
    document = aws.document("list")
    assert [number["owner"] for number in document["numbers"]] == ["stack"]
    assert "Whether stack support still has its numbers is not known" in document["findings"][0]["text"]


def test_orphan(world: World, aws: Aws) -> None:
    world.created()
    orphan = world.claimed_by_hand(BY_HAND, ownership_tags())
    found = numbers_of(aws.document("list"))[BY_HAND]
    assert (found["owner"], found["stack_name"], found["logical_id"]) == ("orphan", "support", "Number")
    assert (found["arn"], found["tags"], found["provider_id"]) == (orphan, ownership_tags(), PROVIDER)


def test_number_of_a_claim_that_is_closed_is_an_orphan(world: World, aws: Aws) -> None:
    arn = world.created()
    assert world.delete(arn).succeeded
    # What must never be: the ledger says that it is released, and Connect still has it.
    world.claimed_by_hand(BY_HAND, ownership_tags(claim=world.claim().id))
    assert only(aws)["owner"] == "orphan"


def test_number_of_a_provider_that_is_gone_is_an_orphan(world: World, aws: Aws) -> None:
    world.claimed_by_hand(BY_HAND, ownership_tags("gone"))
    found = only(aws)
    assert (found["owner"], found["note"]) == ("orphan", "there is no provider gone here any more")


def test_number_that_somebody_else_has_claimed(world: World, aws: Aws) -> None:
    world.claimed_by_hand(BY_HAND, {"team": "billing"})
    found = only(aws)
    assert (found["owner"], found["tags"], found["stack_name"]) == ("somebody-else", {"team": "billing"}, "")


def test_number_of_a_ledger_that_cannot_be_read_is_no_orphan(world: World, aws: Aws) -> None:
    world.created()
    world.claimed_by_hand(BY_HAND, ownership_tags())
    del aws.tables["ledger"]
    result = aws.run("list")
    assert result.exit_code == 3
    document = aws.document("list")
    assert {number["owner"] for number in document["numbers"]} == {"unknown"}
    assert document["findings"][0]["text"].startswith(
        "The ledger of provider cannot be read: there is no table ledger. Restore it"
    )


def test_number_of_a_ledger_with_an_unreadable_claim_is_no_orphan(world: World, aws: Aws) -> None:
    world.created()
    world.claimed_by_hand(BY_HAND, ownership_tags())
    spoiled = {**encode(world.claim()), "state": "OF A LATER VERSION"}
    world.store.replace({**spoiled, "sk": spoiled["sk"] + "-other"})
    document = aws.document("list")
    assert numbers_of(document)[BY_HAND]["owner"] == "unknown"
    assert "has an item that this version cannot read" in document["findings"][0]["text"]


def test_without_the_list_of_functions_no_number_is_an_orphan(world: World, aws: Aws) -> None:
    world.claimed_by_hand(BY_HAND, ownership_tags())
    world.claimed_by_hand("+12065550151")
    aws.denied.add("lambda:ListFunctions")
    found = numbers_of(aws.document("list"))
    assert [found[number]["owner"] for number in (BY_HAND, "+12065550151")] == ["unknown", "somebody-else"]


def test_number_that_is_being_claimed_is_no_orphan(world: World, aws: Aws) -> None:
    world.created()
    claim = world.claim()
    call = InFlightCall(BY_HAND, "worker", int(world.clock.now) + 60)
    # The call's response was lost, so the ledger has no ARN.
    opening = replace(claim, state=type(claim.state).OPENING, arn="", candidate=BY_HAND, in_flight_calls=(call,))
    world.store.replace(encode(opening))
    world.claimed_by_hand(BY_HAND, ownership_tags(claim=claim.id))
    found = numbers_of(aws.document("list"))[BY_HAND]
    assert (found["owner"], found["claim_state"], found["note"]) == ("stack", "OPENING", "being claimed")


def test_number_that_was_claimed_after_the_ledger_was_read_is_no_orphan(world: World, aws: Aws) -> None:
    world.created()
    claim = world.claim()
    opening = replace(claim, state=type(claim.state).OPENING, arn="", candidate="+12065550199")
    world.store.replace(encode(opening))
    world.claimed_by_hand(BY_HAND, ownership_tags(claim=claim.id))
    assert numbers_of(aws.document("list"))[BY_HAND]["owner"] == "stack"


def test_number_that_is_claimed_while_numbers_are_listed_is_no_orphan(world: World, aws: Aws) -> None:
    world.client.before["list_phone_numbers_v2"] = lambda _: world.created()
    assert only(aws)["owner"] == "stack"


def test_duplicate_belongs_to_its_claim(world: World, aws: Aws) -> None:
    world.created()
    duplicate = world.claimed_by_hand(BY_HAND, ownership_tags())
    world.store.replace(encode(replace(world.claim(), duplicate_arns=(duplicate,))))
    found = numbers_of(aws.document("list"))[BY_HAND]
    assert (found["owner"], found["note"]) == ("stack", "claimed twice; the provider releases this one")


def test_number_with_two_claims_is_reported(world: World, aws: Aws) -> None:
    world.created()
    other = MemoryStore(world.clock)
    copy = replace(world.claim(), stack_id=OTHER_STACK)
    other.replace(encode(copy))
    aws.add_provider("second", "second", "second-ledger", other)
    document = aws.document("list")
    (finding,) = document["findings"]
    assert "has two claims: of support/Number (provider provider) and of sales/Number" in finding["text"]
    assert not finding["is_unread"]
    assert aws.run("list").exit_code == 0


def test_number_that_connect_does_not_have_is_reported(world: World, aws: Aws) -> None:
    arn = world.created()
    world.released_by_hand(arn)
    document = aws.document("list")
    assert document["numbers"] == []
    assert "of support/Number is in the ledger, but Connect does not list it" in document["findings"][0]["text"]


def test_number_that_is_released_meanwhile_is_left_out(world: World, aws: Aws) -> None:
    arn = world.claimed_by_hand(BY_HAND)
    world.client.before["describe_phone_number"] = lambda _: world.released_by_hand(arn)
    document = aws.document("list")
    assert (document["numbers"], document["findings"]) == ([], [])


def test_numbers_of_groups_are_listed_with_the_flow_of_their_claims_instance(world: World, aws: Aws) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    flow = f"{world.instance}/contact-flow/99999999-8888-7777-6666-555555555555"
    arn = world.created(TargetArn=group, ContactFlowArn=flow)
    found = only(aws)
    assert (found["arn"], found["target_arn"], found["flow_arn"]) == (arn, group, flow)


def test_groups_that_only_the_ledger_knows_are_listed_too(world: World, aws: Aws) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    world.created(TargetArn=group)
    aws.denied.add("connect:ListTrafficDistributionGroups")
    document = aws.document("list")
    assert [number["target_arn"] for number in document["numbers"]] == [group]
    assert "groups cannot be listed" in document["findings"][0]["text"]
    assert "Allow connect:ListTrafficDistributionGroups to the caller" in document["findings"][0]["text"]


def test_groups_of_another_region_are_not_listed_here(world: World, aws: Aws) -> None:
    world.emulator.add_traffic_distribution_group("us-east-1", REGION)
    assert aws.document("list")["numbers"] == []
    assert aws.actions().count("connect:ListPhoneNumbersV2") == 1


def test_only_the_numbers_of_a_provider_that_is_named(world: World, aws: Aws) -> None:
    arn = world.created()
    world.claimed_by_hand(BY_HAND, ownership_tags())
    world.claimed_by_hand("+12065550151")
    aws.add_provider("second", "second", "second-ledger", MemoryStore(world.clock))
    world.claimed_by_hand("+12065550152", ownership_tags("second"))
    for name in ("provider", PROVIDER, aws.functions[1]["FunctionArn"]):
        found = numbers_of(aws.document("list", "--provider", name))
        assert {number["owner"] for number in found.values()} == {"stack", "orphan"}
        assert {number["arn"] for number in found.values()} >= {arn}
    (orphan,) = aws.document("list", "--provider", "second")["numbers"]
    assert (orphan["phone_number"], orphan["owner"]) == ("+12065550152", "orphan")


def test_no_call_is_made_twice(world: World, aws: Aws) -> None:
    for index in range(3):
        world.created(resource=f"Number{index}")
    world.created(stack=OTHER_STACK)
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    world.created(resource="OfGroup", TargetArn=group)
    world.claimed_by_hand(BY_HAND, ownership_tags())
    world.clock.pause(400.0)
    world.sweep()
    aws.document("list")
    made = [(call.action, repr(call.parameters)) for call in aws.calls]
    assert len(set(made)) == len(made)
    assert {action for action, _ in made} >= {"cloudformation:ListStackResources", "connect:BatchGetFlowAssociation"}


def test_nothing_is_written(world: World, aws: Aws) -> None:
    world.created()
    world.claimed_by_hand(BY_HAND)
    before = world.store.fingerprint()
    for command in ("list", "budget", "drift"):
        aws.run(command)
    assert world.store.fingerprint() == before
    assert not any(entry.took_effect for entry in world.emulator.audit[-20:] if "Claim" not in entry.operation)
    assert {action.partition(":")[2][:4] for action in aws.actions()} <= {"GetC", "List", "Desc", "Scan", "Batc"}
