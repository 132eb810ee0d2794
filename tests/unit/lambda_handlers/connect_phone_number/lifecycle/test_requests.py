"""S1 to S9: create and delete."""

from typing import Any

import pytest

from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.ledger.items import number_key
from tests.unit.lambda_handlers.connect_phone_number.world import (
    ACCOUNT,
    OTHER_STACK,
    PROVIDER,
    REGION,
    STACK,
    Died,
    World,
    die,
    tag_list,
)

from .decisions import INVENTED, unheard

UNKNOWN = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/11111111-2222-3333-4444-555555555555"


def test_s1_create(world: World) -> None:
    created = world.create(Description="Support", Tags=tag_list(team="support"), Prefix="+1206")
    assert created.succeeded, created.reason
    number = world.number(created.physical_id)
    assert dict(created.data) == {
        "PhoneNumber": number.phone_number,
        "PhoneNumberArn": number.arn,
        "PhoneNumberId": number.id,
        "CountryCode": "US",
        "Type": "DID",
        "TargetArn": world.instance,
    }
    assert number.status == "CLAIMED"
    assert number.phone_number.startswith("+1206")
    assert number.description == "Support"
    assert number.tags == {
        "team": "support",
        contract.PROVIDER_TAG: PROVIDER,
        contract.CLAIM_TAG: world.claim().id,
        contract.STACK_TAG: STACK,
        contract.RESOURCE_TAG: "Number",
    }


def test_s1_delete(world: World) -> None:
    arn = world.created()
    deleted = world.delete(arn)
    assert (deleted.status, deleted.physical_id) == ("SUCCESS", arn)
    assert world.held() == []
    (release,) = world.calls("ReleasePhoneNumber")
    assert release.client_token == tokens.release_token(arn)
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.RELEASED)


def test_s1_success_is_said_only_when_connect_says_claimed(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_delay", seconds=90)
    began = world.clock()
    created = world.create()
    assert created.succeeded
    assert world.clock() - began >= 90
    assert world.number(created.physical_id).status == "CLAIMED"


def test_s2_the_same_create_twice_gets_the_same_response_and_one_number(world: World) -> None:
    event = world.event("Create")
    first, second = world.send(event), world.send(event)
    assert first.fields == second.fields
    assert world.effects("ClaimPhoneNumber") == 1


def test_s2_the_same_create_at_the_same_time_gets_the_same_response_and_one_number(world: World) -> None:
    event = world.event("Create")
    world.client.after["claim_phone_number"] = lambda _: world.handle(event)
    world.handle(event)
    one, other = world.responses
    assert one.succeeded
    assert one.fields == other.fields
    assert world.effects("ClaimPhoneNumber") == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["search_available_phone_numbers", "claim_phone_number", "describe_phone_number"])
def test_s3_a_create_whose_function_dies_is_finished_by_its_redelivery(world: World, moment: str, method: str) -> None:
    event = world.event("Create")
    world.hooks(moment)[method] = die
    with pytest.raises(Died):
        world.handle(event)
    created = world.send(event)
    assert created.succeeded, created.reason
    assert world.held() == [created.data["PhoneNumber"]]
    assert world.effects("ClaimPhoneNumber") == 1


def test_s4_a_create_canceled_before_it_starts_claims_nothing(world: World) -> None:
    create = world.event("Create")
    assert world.delete(INVENTED).succeeded
    late = world.send(create)
    assert (late.status, late.reason) == (
        "FAILED",
        "CloudFormation has sent a later request for this resource, so this one is void. Nothing was done.",
    )
    assert world.calls("ClaimPhoneNumber") == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["search_available_phone_numbers", "claim_phone_number", "describe_phone_number"])
def test_s4_a_create_canceled_while_it_runs_leaves_nothing(world: World, moment: str, method: str) -> None:
    create = world.event("Create")
    delete = world.event("Delete", INVENTED)
    world.hooks(moment)[method] = lambda _: world.handle(delete)
    world.handle(create)
    for _ in range(3):
        world.clock.pause(3600)
        world.sweep()
    by_url = {response.url: response for response in world.responses}
    assert by_url[delete["ResponseURL"]].succeeded
    assert not by_url[create["ResponseURL"]].succeeded
    assert world.held() == []
    assert world.claim().state is ClaimState.CLOSED
    assert list(world.invocation().ledger.unfinished_or_live()) == []


def test_s4_a_create_canceled_after_it_has_finished_leaves_nothing(world: World) -> None:
    arn = unheard(world)
    deleted = world.delete(INVENTED)
    assert (deleted.status, deleted.physical_id) == ("SUCCESS", INVENTED)
    assert world.number(arn).status == "RELEASED"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        (
            {"CountryCode": "US", "Type": "UIFN"},
            (
                "Amazon Connect has no UIFN number of US to claim. Try another Type; some countries' numbers must be "
                "ordered through AWS Support."
            ),
        ),
        (
            {"Prefix": "+1999"},
            (
                "Amazon Connect has no DID number of US that begins with +1999 to claim. Try another Prefix or Type; "
                "some countries' numbers must be ordered through AWS Support."
            ),
        ),
    ],
)
def test_s5_no_numbers(world: World, properties: dict[str, Any], reason: str) -> None:
    failed = world.create(**properties)
    assert (failed.status, failed.reason) == ("FAILED", reason)
    assert world.delete(failed.physical_id).succeeded
    assert world.claim().outcome is Outcome.NEVER_CLAIMED


def test_s5_the_target_is_full(world: World) -> None:
    full = world.emulator.add_instance(REGION, limit=0)
    failed = world.create(TargetArn=full)
    assert failed.status == "FAILED"
    assert failed.reason.startswith("Amazon Connect could not provide +1")
    assert "has reached its limit of total claimed numbers: 0" in failed.reason
    assert failed.reason.endswith(
        "If the target has reached its limit, release numbers that are not needed or ask for a higher quota, then "
        "deploy again."
    )
    assert world.delete(failed.physical_id, TargetArn=full).succeeded
    # Connect takes back what it could not provide; a release would only cost allowance.
    assert world.calls("ReleasePhoneNumber") == []
    world.clock.pause(27 * 3600)
    world.sweep()
    assert world.held() == []
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.RETURNED_TO_INVENTORY)


def test_s5_bad_input(world: World) -> None:
    failed = world.create(Type="MOBILE")
    assert failed.status == "FAILED"
    assert failed.reason.startswith("Type must be one of ")
    assert world.emulator.audit == []
    assert world.delete(failed.physical_id).succeeded


def test_s5_an_unknown_target(world: World) -> None:
    target = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/11111111-2222-3333-4444-555555555555"
    failed = world.create(TargetArn=target)
    assert failed.status == "FAILED"
    assert f"SearchAvailablePhoneNumbers for TargetArn {target}: ResourceNotFoundException" in failed.reason
    assert "Check that it exists in this account and Region." in failed.reason


def test_a_failed_create_names_an_id_of_its_own(world: World) -> None:
    one, other = world.create(Type="MOBILE"), world.create(Type="MOBILE")
    for failed in (one, other):
        prefix, digits = failed.physical_id[:12], failed.physical_id[12:]
        assert (prefix, len(digits)) == ("not-claimed-", 32)
        assert set(digits) <= set("0123456789abcdef")
    assert one.physical_id != other.physical_id


def test_s6_the_same_delete_twice_releases_once(world: World) -> None:
    event = world.event("Delete", world.created())
    assert world.send(event).fields == world.send(event).fields
    assert world.effects("ReleasePhoneNumber") == 1


def test_s6_the_same_delete_at_the_same_time_releases_once(world: World) -> None:
    arn = world.created()
    event = world.event("Delete", arn)
    world.client.before["release_phone_number"] = lambda _: world.handle(event)
    world.handle(event)
    one, other = world.responses[-2:]
    assert one.succeeded
    assert one.fields == other.fields
    assert world.effects("ReleasePhoneNumber") == 1
    assert {call.client_token for call in world.calls("ReleasePhoneNumber")} == {tokens.release_token(arn)}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["describe_phone_number", "release_phone_number"])
def test_s7_a_delete_whose_function_dies_is_finished_by_its_redelivery(world: World, moment: str, method: str) -> None:
    arn = world.created()
    world.clock.pause(3600)
    event = world.event("Delete", arn)
    world.hooks(moment)[method] = die
    with pytest.raises(Died):
        world.handle(event)
    assert world.send(event).succeeded
    assert world.held() == []
    assert world.effects("ReleasePhoneNumber") == 1


def test_s8_a_second_destroy_succeeds_with_the_same_token(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    failed = world.delete(arn)
    assert (failed.status, failed.physical_id) == ("FAILED", arn)
    world.emulator.faults.clear()
    world.clock.pause(86_400 * 3)
    assert world.delete(arn).succeeded
    assert world.held() == []
    assert {call.client_token for call in world.calls("ReleasePhoneNumber")} == {tokens.release_token(arn)}
    assert world.effects("ReleasePhoneNumber") == 1


def test_s9_a_number_that_is_already_gone(world: World) -> None:
    arn = world.created()
    world.clock.pause(3600)
    world.released_by_hand(arn)
    assert world.delete(arn).succeeded
    assert world.claim().outcome is Outcome.ALREADY_GONE
    assert world.effects("ReleasePhoneNumber") == 1


def test_s9_a_number_that_was_moved_by_hand_is_released(world: World) -> None:
    arn = world.created()
    other = world.emulator.add_instance(REGION)
    world.client.update_phone_number(PhoneNumberId=arn, TargetArn=other)
    world.clock.pause(3600)
    assert world.delete(arn).succeeded
    assert world.held() == []


def test_s9_a_number_whose_tags_say_that_somebody_else_owns_it_is_left_alone(world: World) -> None:
    arn = world.created()
    number = world.claim().phone_number
    world.client.tag_resource(resourceArn=arn, tags={contract.CLAIM_TAG: "another", contract.PROVIDER_TAG: "another"})
    deleted = world.delete(arn)
    assert (deleted.status, deleted.reason) == (
        "SUCCESS",
        f"{number} belongs to somebody else now and was left alone.",
    )
    assert world.held() == [number]
    assert world.claim().outcome is Outcome.NOT_OURS


def test_s9_a_number_whose_tags_were_taken_off_is_released(world: World) -> None:
    # The ARN in the ledger is proof enough: nobody else can have a number under the same ARN.
    arn = world.created()
    world.client.untag_resource(resourceArn=arn, tagKeys=list(contract.OWNERSHIP_TAGS))
    assert world.delete(arn).succeeded
    assert world.held() == []


def test_s9_a_number_of_somebody_else_is_left_alone(world: World) -> None:
    arn = world.claimed_by_hand("+12065550100")
    deleted = world.delete(arn)
    assert (deleted.status, deleted.reason) == (
        "SUCCESS",
        "+12065550100 was not claimed by this provider and was left alone.",
    )
    assert world.held() == ["+12065550100"]


def test_s9_a_number_that_nobody_knows(world: World) -> None:
    assert world.delete(UNKNOWN).succeeded


@pytest.mark.parametrize(
    "arn", [UNKNOWN.replace(REGION, "us-east-1"), UNKNOWN.replace(ACCOUNT, "999999999999")], ids=["Region", "account"]
)
def test_s9_a_number_of_another_place_is_left_alone_and_not_taken_for_gone(world: World, arn: str) -> None:
    deleted = world.delete(arn)
    assert (deleted.status, deleted.reason) == (
        "SUCCESS",
        f"{arn} is not of this account and Region and was left alone.",
    )
    assert world.emulator.audit == []


def test_s9_a_number_of_another_resource_is_left_alone(world: World) -> None:
    arn = world.created(stack=OTHER_STACK, resource="Sales")
    number = world.claim(OTHER_STACK, "Sales").phone_number
    deleted = world.delete(arn)
    assert (deleted.status, deleted.reason) == (
        "SUCCESS",
        f"{number} belongs to Sales of {OTHER_STACK} now and was left alone.",
    )
    assert world.held() == [number]


def test_s9_a_number_of_another_resource_is_known_also_without_its_tags(world: World) -> None:
    arn = world.created(stack=OTHER_STACK, resource="Sales")
    world.client.untag_resource(resourceArn=arn, tagKeys=list(contract.OWNERSHIP_TAGS))
    deleted = world.delete(arn)
    assert deleted.succeeded
    assert f"belongs to Sales of {OTHER_STACK} now" in deleted.reason


def test_s9_a_number_of_another_resource_is_known_also_without_its_reservation(world: World) -> None:
    arn = world.created(stack=OTHER_STACK, resource="Sales")
    number = world.claim(OTHER_STACK, "Sales").phone_number
    world.store.remove(number_key(number))
    deleted = world.delete(arn)
    assert deleted.succeeded
    assert f"belongs to Sales of {OTHER_STACK} now" in deleted.reason
    assert world.held() == [number]


@pytest.mark.parametrize("looks", [0, 1])
def test_s9_one_not_found_does_not_make_a_number_unknown(world: World, looks: int) -> None:
    arn = world.created(stack=OTHER_STACK, resource="Sales")

    def lose(_: object) -> None:
        world.emulator.faults.add("DescribePhoneNumber", "error", code="ResourceNotFoundException", calls=1)

    if looks:
        world.client.after["describe_phone_number"] = lose
    else:
        lose(None)
    deleted = world.delete(arn)
    assert deleted.succeeded
    assert f"belongs to Sales of {OTHER_STACK} now" in deleted.reason


def test_s9_a_number_that_is_to_be_released_for_another_resource_is_released(world: World) -> None:
    arn = world.created(stack=OTHER_STACK, resource="Sales")
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn, stack=OTHER_STACK, resource="Sales").succeeded
    failed = world.delete(arn)
    assert failed.status == "FAILED"
    assert "connect:ReleasePhoneNumber " in failed.reason
    world.emulator.faults.clear()
    assert world.delete(arn).succeeded
    assert world.held() == []
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.RELEASED


def test_s9_a_number_of_another_resource_stays_where_cloudformation_does_not_tell_whose_it_is(world: World) -> None:
    arn = world.created(stack=OTHER_STACK, resource="Sales")
    number = world.claim(OTHER_STACK, "Sales").phone_number
    world.stacks.is_silent = True
    failed = world.delete(arn)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{number} is recorded for Sales of {OTHER_STACK}, and CloudFormation did not tell which resource has it "
            "now. Nothing was changed. Check that the provider's role may call cloudformation:DescribeStackResource, "
            "then try again."
        ),
    )
    assert world.held() == [number]


def test_s9_a_number_that_the_ledger_has_lost_is_not_released_and_a_person_is_asked(world: World) -> None:
    tags = {contract.PROVIDER_TAG: PROVIDER, contract.CLAIM_TAG: "lost"}
    arn = world.claimed_by_hand("+12065550100", tags)
    failed = world.delete(arn)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            "+12065550100 carries this provider's tag, but its ledger has no record of it, so it is not released. "
            f"Restore the ledger table to a point in time before the record was lost, or release {arn} yourself if it "
            "is not needed, then delete again."
        ),
    )
