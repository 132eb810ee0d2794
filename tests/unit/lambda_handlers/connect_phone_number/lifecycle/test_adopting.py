import pytest

from lambda_handlers.connect_phone_number import rules
from lambda_handlers.connect_phone_number.ledger.items import ClaimState, Outcome
from tests.unit.lambda_handlers.connect_phone_number.lifecycle.adoptions import (
    NUMBER,
    adopt,
    adoption,
    delete,
    retained,
)
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    REGION,
    STACK,
    Died,
    World,
    die,
    tag_list,
)


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
        rules.PROVIDER_TAG: "shared",
        rules.CLAIM_TAG: world.claim(OTHER_STACK, "Sales").id,
        rules.STACK_TAG: OTHER_STACK,
        rules.RESOURCE_TAG: "Sales",
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
    assert list(number.contact_flows.values()) == [flow.rsplit("/", 1)[1]]


def test_an_adopted_number_follows_its_stack_from_then_on(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopt(world)
    assert delete(world, arn).succeeded
    assert world.held() == []


def test_an_adopted_number_is_changed_in_place(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopt(world)
    updated = world.update(
        arn,
        stack=OTHER_STACK,
        resource="Sales",
        CountryCode=None,
        Type=None,
        PhoneNumber=NUMBER,
        Adopt="true",
        Description="Sales",
    )
    assert (updated.status, updated.physical_id) == ("SUCCESS", arn)
    assert world.number(arn).description == "Sales"


def test_a_number_that_the_account_does_not_hold(world: World) -> None:
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} cannot be adopted: this account holds no such number in {REGION}. Check the number and the "
            "Region, or leave Adopt out to claim it."
        ),
    )
    assert delete(world, failed.physical_id).succeeded


def test_a_number_of_another_provider_is_refused(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER, {rules.PROVIDER_TAG: "theirs", rules.CLAIM_TAG: "their-claim"})
    before = dict(world.number(arn).tags)
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} cannot be adopted: it belongs to another provider of phone numbers (theirs). Retain it there, "
            "remove its tags that begin with 'cdk-connect-phone-number:', then deploy again."
        ),
    )
    assert delete(world, failed.physical_id).succeeded
    assert world.number(arn).tags == before
    assert world.held() == [NUMBER]


@pytest.mark.parametrize("held", [True, None])
def test_a_number_of_another_resource_is_refused(world: World, held: bool | None) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    world.stacks.held = held
    failed = adopt(world)
    assert (failed.status, failed.reason) == (
        "FAILED",
        (
            f"{NUMBER} cannot be adopted: it belongs to resource Number of stack {STACK}. Remove it there with a "
            "retaining removal policy first, then deploy again."
        ),
    )
    assert delete(world, failed.physical_id).succeeded
    assert world.held() == [NUMBER]
    assert world.update(arn, PhoneNumber=NUMBER, Description="x").succeeded, "the owner still owns it"


def test_an_imported_number_of_another_resource_is_refused(world: World) -> None:
    source = world.emulator.add_source_number(REGION, "+12065559999", "US", "DID")
    arn = world.created(CountryCode=None, Type=None, SourcePhoneNumberArn=source)
    failed = adopt(world, "+12065559999")
    assert failed.status == "FAILED"
    assert f"it belongs to resource Number of stack {STACK}" in failed.reason
    assert world.number(arn).tags[rules.RESOURCE_TAG] == "Number"


def test_a_number_that_is_being_released_is_refused(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn).succeeded
    world.stacks.held = False
    assert not adopt(world).succeeded


def test_s19_a_number_that_was_kept_is_adopted_by_another_stack(world: World) -> None:
    arn = retained(world)
    adopted = adopt(world)
    assert (adopted.status, adopted.physical_id) == ("SUCCESS", arn)
    assert world.number(arn).tags[rules.STACK_TAG] == OTHER_STACK
    previous = world.claim()
    assert (previous.state, previous.outcome, previous.close_reason) == (
        ClaimState.CLOSED,
        Outcome.TRANSFERRED,
        f"adopted by Sales of {OTHER_STACK}",
    )
    # What was the first stack's is not any more.
    late = world.delete(arn)
    assert late.succeeded
    assert late.reason == f"{NUMBER} belongs to Sales of {OTHER_STACK} now and was left alone."
    assert world.held() == [NUMBER]
    assert delete(world, arn).succeeded
    assert world.held() == []


def test_s19_a_number_is_adopted_under_another_name_in_its_own_stack(world: World) -> None:
    # CloudFormation makes the new resource before it lets the old one go.
    arn = world.created(PhoneNumber=NUMBER, RemovalPolicy="retain")
    renamed = world.create(
        resource="Renamed", CountryCode=None, Type=None, PhoneNumber=NUMBER, Adopt="true", RemovalPolicy="retain"
    )
    assert (renamed.status, renamed.physical_id) == ("SUCCESS", arn)
    assert world.delete(arn, RemovalPolicy="retain").succeeded
    assert world.number(arn).tags[rules.RESOURCE_TAG] == "Renamed"


def test_s19_a_number_that_is_not_kept_is_not_adopted_under_another_name(world: World) -> None:
    world.created(PhoneNumber=NUMBER)
    assert not world.create(resource="Renamed", CountryCode=None, Type=None, PhoneNumber=NUMBER, Adopt="true").succeeded


def test_an_adoption_whose_function_dies_is_finished_by_its_redelivery(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    event = adoption(world)
    world.client.before["tag_resource"] = die
    with pytest.raises(Died):
        world.handle(event)
    adopted = world.send(event)
    assert (adopted.status, adopted.physical_id) == ("SUCCESS", arn)
    assert world.number(arn).tags[rules.RESOURCE_TAG] == "Sales"


def test_two_adoptions_of_one_number_at_the_same_time(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    rival = world.event("Create", resource="Rival", CountryCode=None, Type=None, PhoneNumber=NUMBER, Adopt="true")
    world.client.after["describe_phone_number"] = lambda _: world.handle(rival)
    world.handle(adoption(world))
    assert sorted(answer.succeeded for answer in world.answers) == [False, True]
    assert world.held() == [NUMBER]


def test_an_adoption_that_is_denied_names_the_permission(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    world.emulator.faults.add("TagResource", "error", code="AccessDeniedException", calls=None)
    failed = adopt(world)
    assert failed.status == "FAILED"
    assert "connect:TagResource " in failed.reason
    assert delete(world, failed.physical_id).succeeded
    assert world.held() == [NUMBER]
