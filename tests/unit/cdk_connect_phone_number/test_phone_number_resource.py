from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk.assertions import Template
from constructs import IConstruct

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber
from lambda_handlers.connect_phone_number.claim import Settings
from lambda_handlers.connect_phone_number.properties import parse_properties

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
KEPT = ("RetainExceptOnCreate", "Retain")
RELEASED = ("Delete", "Delete")


@pytest.fixture
def number(stack: cdk.Stack, provider: IPhoneNumberProvider) -> PhoneNumber:
    return PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", provider=provider)


def the_resource(stack: cdk.Stack) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumber").values()
    return dict(resource)


def policies(stack: cdk.Stack) -> tuple[str, str]:
    resource = the_resource(stack)
    # CloudFormation deletes what has no policy.
    return resource.get("DeletionPolicy", "Delete"), resource.get("UpdateReplacePolicy", "Delete")


def cfn_resource(number: PhoneNumber) -> cdk.CfnResource:
    resource = number.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    return resource


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
@pytest.mark.parametrize(
    "taken", [{"country_code": "US"}, {"phone_number": "+12065550100", "adopt": True}], ids=["claimed", "adopted"]
)
def test_a_retained_number_is_still_released_where_its_creation_is_rolled_back(
    stack: cdk.Stack,
    provider: IPhoneNumberProvider,
    taken: dict[str, Any],
    policy: cdk.RemovalPolicy,
    expected: tuple[str, str],
) -> None:
    PhoneNumber(stack, "Number", target_arn=INSTANCE, provider=provider, removal_policy=policy, **taken)

    assert policies(stack) == expected


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({"country_code": "US"}, RELEASED),
        ({"country_code": "US", "phone_number": "+12065550100"}, RELEASED),
        ({"source_phone_number_arn": "arn:aws:sms-voice:us-east-1:000000000000:phone-number/phone-1"}, RELEASED),
        ({"phone_number": "+12065550100", "adopt": True}, KEPT),
    ],
    ids=["searched", "named", "imported", "adopted"],
)
def test_by_default_an_adopted_number_is_kept_and_any_other_is_released(
    stack: cdk.Stack, provider: IPhoneNumberProvider, taken: dict[str, Any], expected: tuple[str, str]
) -> None:
    PhoneNumber(stack, "Number", target_arn=INSTANCE, provider=provider, **taken)

    assert policies(stack) == expected


def test_cloudformation_alone_is_told_whether_the_number_is_kept(stack: cdk.Stack, number: PhoneNumber) -> None:
    number.apply_removal_policy(cdk.RemovalPolicy.RETAIN)

    assert "RemovalPolicy" not in the_resource(stack)["Properties"]


def test_the_policy_can_be_applied_later(stack: cdk.Stack, number: PhoneNumber) -> None:
    number.apply_removal_policy(cdk.RemovalPolicy.RETAIN)

    assert policies(stack) == KEPT


def test_the_policy_can_be_taken_back_later(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    adopted = PhoneNumber(
        stack, "Number", target_arn=INSTANCE, phone_number="+12065550100", adopt=True, provider=provider
    )
    adopted.apply_removal_policy(cdk.RemovalPolicy.DESTROY)

    assert policies(stack) == RELEASED


def test_a_resource_without_a_word_on_its_policy_is_released(stack: cdk.Stack, number: PhoneNumber) -> None:
    cfn_resource(number).apply_removal_policy()

    assert policies(stack) == RELEASED


@pytest.mark.usefixtures("number")
def test_the_policy_can_be_applied_to_a_whole_stack(stack: cdk.Stack) -> None:
    cdk.RemovalPolicies.of(stack).retain()

    assert policies(stack) == KEPT


@pytest.mark.usefixtures("number")
def test_the_policy_can_be_applied_by_an_aspect(stack: cdk.Stack) -> None:
    @jsii.implements(cdk.IAspect)
    class Keep:
        def visit(self, node: IConstruct) -> None:
            if isinstance(node, cdk.CfnResource):
                node.apply_removal_policy(cdk.RemovalPolicy.RETAIN)

    cdk.Aspects.of(stack).add(Keep())

    assert policies(stack) == KEPT


def test_the_policy_can_leave_replacements_out(stack: cdk.Stack, number: PhoneNumber) -> None:
    cfn_resource(number).apply_removal_policy(cdk.RemovalPolicy.RETAIN, apply_to_update_replace_policy=False)

    assert policies(stack) == ("RetainExceptOnCreate", "Delete")


def test_a_replaced_number_alone_can_be_kept(stack: cdk.Stack, number: PhoneNumber) -> None:
    cfn_resource(number).cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN

    assert policies(stack) == ("Delete", "Retain")


def test_the_deletion_policy_can_be_overridden(stack: cdk.Stack, number: PhoneNumber) -> None:
    cfn_resource(number).cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN

    assert policies(stack) == ("Retain", "Delete")


def test_an_override_of_the_template_has_the_last_word(stack: cdk.Stack, number: PhoneNumber) -> None:
    cfn_resource(number).add_override("DeletionPolicy", "Retain")
    cdk.RemovalPolicies.of(stack).destroy()

    assert policies(stack) == ("Retain", "Delete")


def test_a_snapshot_is_refused_later_too(number: PhoneNumber) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Number: removal_policy .* A phone number has no snapshot"):
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

    desired = parse_properties(the_resource(stack)["Properties"], "us-east-1")

    assert desired.settings == Settings(INSTANCE, "Sales", {"team": "support"})


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
        "Stack/Number: tags are limited to 46, but 47 were given: a phone number takes 50 tags, and 4 of them say who "
        "owns it. Remove 1." in str(refused.value)
    )
