from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber
from lambda_handlers.connect_phone_number.ledger.items import Settings
from lambda_handlers.connect_phone_number.lifecycle.properties import parse_properties

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
KEPT = ("RetainExceptOnCreate", "Retain", "retain")
RELEASED = ("Delete", "Delete", "destroy")


@pytest.fixture
def number(stack: cdk.Stack, provider: IPhoneNumberProvider) -> PhoneNumber:
    return PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", provider=provider)


def the_resource(stack: cdk.Stack) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumber").values()
    return dict(resource)


def policies(stack: cdk.Stack) -> tuple[str, str, str]:
    resource = the_resource(stack)
    return resource["DeletionPolicy"], resource["UpdateReplacePolicy"], resource["Properties"]["RemovalPolicy"]


def tags(stack: cdk.Stack) -> list[dict[str, Any]]:
    return list(the_resource(stack)["Properties"]["Tags"])


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (cdk.RemovalPolicy.DESTROY, RELEASED),
        (cdk.RemovalPolicy.RETAIN, KEPT),
        (cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, KEPT),
    ],
)
def test_a_retained_number_is_still_released_where_its_creation_is_rolled_back(
    stack: cdk.Stack, provider: IPhoneNumberProvider, policy: cdk.RemovalPolicy, expected: tuple[str, str, str]
) -> None:
    PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", provider=provider, removal_policy=policy)

    assert policies(stack) == expected


def test_the_policy_can_be_applied_later(stack: cdk.Stack, number: PhoneNumber) -> None:
    number.apply_removal_policy(cdk.RemovalPolicy.RETAIN)

    assert policies(stack) == KEPT


def test_the_policy_can_be_applied_to_a_whole_stack(stack: cdk.Stack, number: PhoneNumber) -> None:
    cdk.RemovalPolicies.of(number).retain()

    assert policies(stack) == KEPT


def test_the_policy_can_leave_replacements_out(stack: cdk.Stack, number: PhoneNumber) -> None:
    resource = number.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN, apply_to_update_replace_policy=False)

    assert the_resource(stack)["UpdateReplacePolicy"] == "Delete"
    assert the_resource(stack)["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_snapshot_is_refused_later_too(number: PhoneNumber) -> None:
    with pytest.raises(RuntimeError, match=r"Stack/Number: removal_policy .* A phone number has no snapshot"):
        number.apply_removal_policy(cdk.RemovalPolicy.SNAPSHOT)


def test_tags_of_its_scope_reach_it_as_they_reach_native_resources(stack: cdk.Stack, number: PhoneNumber) -> None:
    cdk.Tags.of(stack).add("team", "support")
    cdk.Tags.of(stack).add("stage", "test")
    cdk.Tags.of(number).add("stage", "production")

    assert tags(stack) == [{"Key": "stage", "Value": "production"}, {"Key": "team", "Value": "support"}]


def test_the_function_understands_every_property_of_a_tagged_number(
    stack: cdk.Stack, provider: IPhoneNumberProvider
) -> None:
    PhoneNumber(
        stack, "Number", target_arn=INSTANCE, country_code="US", prefix="+1206", description="Sales", provider=provider
    )
    cdk.Tags.of(stack).add("team", "support")

    wanted = parse_properties(the_resource(stack)["Properties"], "us-east-1")

    assert wanted.settings == Settings(INSTANCE, "Sales", {"team": "support"})


def test_tags_can_be_removed_and_kept_off(stack: cdk.Stack, number: PhoneNumber) -> None:
    cdk.Tags.of(stack).add("team", "support")
    cdk.Tags.of(stack).add("cost", "1", exclude_resource_types=["Custom::ConnectPhoneNumber"])
    cdk.Tags.of(stack).add("line", "1", include_resource_types=["Custom::ConnectPhoneNumber"])
    cdk.Tags.of(number).remove("team")

    assert tags(stack) == [{"Key": "line", "Value": "1"}]


@pytest.mark.usefixtures("number")
def test_a_tag_may_have_a_token_for_value(stack: cdk.Stack) -> None:
    cdk.Tags.of(stack).add("stack", stack.stack_id)

    assert tags(stack) == [{"Key": "stack", "Value": {"Ref": "AWS::StackId"}}]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "cdk-connect-phone-number:provider",
            "mine",
            (
                "tags may not have the key 'cdk-connect-phone-number:provider': keys that begin so are reserved. "
                "Use another key."
            ),
        ),
        ("AWS:team", "x", "tags may not have the key 'AWS:team': keys that begin so are reserved. Use another key."),
        (
            "team!",
            "x",
            (
                "tags have the key 'team!', but a key has 1 to 128 letters, digits, spaces and characters of "
                ". : / = + - @ _. Use another key."
            ),
        ),
        ("team", "x" * 257, "tags have a value of 257 characters for 'team', but 256 are allowed. Shorten it."),
    ],
)
@pytest.mark.usefixtures("number")
def test_a_bad_tag_stops_synth(stack: cdk.Stack, key: str, value: str, message: str) -> None:
    cdk.Tags.of(stack).add(key, value)

    with pytest.raises(RuntimeError, match="Validation failed") as refused:
        Template.from_stack(stack)

    assert f"Stack/Number: {message}" in str(refused.value)


@pytest.mark.usefixtures("number")
def test_so_do_more_tags_than_a_number_takes(stack: cdk.Stack) -> None:
    for index in range(47):
        cdk.Tags.of(stack).add(f"tag-{index}", "x")

    with pytest.raises(RuntimeError, match="Validation failed") as refused:
        Template.from_stack(stack)

    assert (
        "Stack/Number: tags may be 46 at the most, but are 47: a phone number takes 50 tags, and 4 of them say who "
        "owns it. Remove 1." in str(refused.value)
    )
