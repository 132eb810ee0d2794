"""What a provider is told to serve narrows its role, and a number for anything else is refused at synth."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_connect as connect
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider

UUID = "11111111-2222-3333-4444-555555555555"
OTHER_UUID = "99999999-8888-7777-6666-555555555555"
INSTANCE = f"arn:aws:connect:us-east-1:000000000000:instance/{UUID}"
OTHER_INSTANCE = INSTANCE.replace(UUID, OTHER_UUID)
GROUP = f"arn:aws:connect:us-east-1:000000000000:traffic-distribution-group/{UUID}"
TARGET_ACTIONS = (
    "connect:ClaimPhoneNumber",
    "connect:ImportPhoneNumber",
    "connect:UpdatePhoneNumber",
    "connect:DescribeTrafficDistributionGroup",
    "connect:AssociatePhoneNumberContactFlow",
)


def texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def targets(stack: cdk.Stack, target_arns: Sequence[str] | None) -> dict[str, list[Any]]:
    """Return the resources, besides numbers, that the role allows to each action that names a target or a flow."""
    PhoneNumberProvider(stack, "Provider", target_arns=target_arns)
    (role,) = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    found: dict[str, list[Any]] = {}
    for statement in role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in {*texts(statement["Action"])} & {*TARGET_ACTIONS}:
            found.setdefault(action, []).extend(
                resource for resource in resources if ":phone-number/" not in str(resource)
            )
    return found


def test_an_instance_and_a_group_are_each_where_they_belong(stack: cdk.Stack) -> None:
    assert targets(stack, [INSTANCE, GROUP]) == {
        "connect:ClaimPhoneNumber": [INSTANCE, GROUP],
        "connect:ImportPhoneNumber": [INSTANCE],
        "connect:UpdatePhoneNumber": [INSTANCE, GROUP],
        "connect:DescribeTrafficDistributionGroup": [GROUP],
        "connect:AssociatePhoneNumberContactFlow": [f"{INSTANCE}/contact-flow/*"],
    }


def test_a_provider_of_instances_asks_for_no_groups(stack: cdk.Stack) -> None:
    assert "connect:DescribeTrafficDistributionGroup" not in targets(stack, [INSTANCE, OTHER_INSTANCE])


def test_a_provider_of_groups_neither_imports_nor_has_flows(stack: cdk.Stack) -> None:
    assert targets(stack, [GROUP]) == {
        "connect:ClaimPhoneNumber": [GROUP],
        "connect:UpdatePhoneNumber": [GROUP],
        "connect:DescribeTrafficDistributionGroup": [GROUP],
        "connect:AssociatePhoneNumberContactFlow": [],
    }


def test_a_token_may_be_an_instance_or_a_group(stack: cdk.Stack) -> None:
    group = connect.CfnTrafficDistributionGroup(stack, "Group", instance_arn=INSTANCE, name="group")
    token = group.attr_traffic_distribution_group_arn
    expected = {"Fn::GetAtt": ["Group", "TrafficDistributionGroupArn"]}
    flows = {"Fn::Join": ["", [expected, "/contact-flow/*"]]}

    assert targets(stack, [token]) == {
        action: [flows if action == "connect:AssociatePhoneNumberContactFlow" else expected]
        for action in TARGET_ACTIONS
    }


def test_without_targets_a_provider_serves_all(stack: cdk.Stack) -> None:
    found = targets(stack, None)

    assert set(found) == set(TARGET_ACTIONS)
    assert all(str(resource).endswith("*']]}") for resources in found.values() for resource in resources)


@pytest.mark.parametrize(
    ("target_arns", "message"),
    [
        (
            [],
            (
                "target_arns is empty, so the provider could claim nothing. Name the instances and traffic "
                "distribution groups that it is to serve, or leave target_arns out: then it serves all of its account "
                "and Region."
            ),
        ),
        (
            [INSTANCE, UUID],
            (
                "target_arns[1] must be the ARN of an Amazon Connect instance or traffic distribution group, but is "
                f"{UUID!r}. Use arn:aws:connect:<region>:<account>:instance/<id> or "
                "arn:aws:connect:<region>:<account>:traffic-distribution-group/<id>."
            ),
        ),
        (
            ["arn:aws:connect:us-east-1:000000000000:instance/*"],
            (
                "target_arns[0] must be the ARN of an Amazon Connect instance or traffic distribution group, but is "
                "'arn:aws:connect:us-east-1:000000000000:instance/*'. "
                "Use arn:aws:connect:<region>:<account>:instance/<id> or "
                "arn:aws:connect:<region>:<account>:traffic-distribution-group/<id>."
            ),
        ),
        (
            [GROUP.replace("us-east-1", "eu-west-2")],
            (
                "target_arns[0] is in Region eu-west-2, but this stack is in us-east-1 "
                f"({GROUP.replace('us-east-1', 'eu-west-2')!r}). A phone number is claimed and released only in the "
                "Region of its target: deploy the stack to eu-west-2, or use a target in us-east-1."
            ),
        ),
    ],
)
def test_targets_that_no_number_could_have_are_refused(stack: cdk.Stack, target_arns: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider(stack, "Provider", target_arns=target_arns)

    assert str(refused.value) == f"Stack/Provider: {message}"


def test_a_list_that_only_cloudformation_knows_is_refused(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "Targets", type="CommaDelimitedList")

    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider(stack, "Provider", target_arns=parameter.value_as_list)

    assert str(refused.value) == (
        "Stack/Provider: target_arns is a list that only CloudFormation knows. "
        "Give a list of ARNs: each of them may be a token."
    )


@pytest.mark.parametrize("target_arn", [INSTANCE, GROUP])
def test_a_number_for_a_served_target_is_taken(stack: cdk.Stack, target_arn: str) -> None:
    provider = PhoneNumberProvider(stack, "Provider", target_arns=[INSTANCE, GROUP])

    PhoneNumber(
        stack,
        "Number",
        target_arn=target_arn,
        country_code="US",
        contact_flow_arn=f"{INSTANCE}/contact-flow/{UUID}",
        provider=provider,
    )


def test_a_number_for_any_other_target_is_refused(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider", target_arns=[INSTANCE, GROUP])

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber(stack, "Number", target_arn=OTHER_INSTANCE, country_code="US", provider=provider)

    assert str(refused.value) == (
        f"Stack/Number: target_arn is {OTHER_INSTANCE!r}, which the provider Stack/Provider does not serve. "
        f"Its target_arns are {INSTANCE}, {GROUP}: use one of these, or add the target to them."
    )


def test_a_flow_of_an_instance_that_is_not_served_is_refused(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider", target_arns=[GROUP])
    flow = f"{INSTANCE}/contact-flow/{UUID}"

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber(stack, "Number", target_arn=GROUP, country_code="US", contact_flow_arn=flow, provider=provider)

    assert str(refused.value) == (
        f"Stack/Number: contact_flow_arn is {flow!r}, of an instance that the provider Stack/Provider does not serve. "
        f"Its target_arns are {GROUP}: use a flow of one of these, or add the flow's instance to them."
    )


def test_the_stacks_own_provider_is_asked_too(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "PhoneNumberProvider", target_arns=[INSTANCE])

    with pytest.raises(ValueError, match=r"^Stack/Number: target_arn is .*, which the provider Stack/PhoneNumberProv"):
        PhoneNumber(stack, "Number", target_arn=GROUP, country_code="US")


def test_what_only_cloudformation_knows_is_left_to_the_deployment(stack: cdk.Stack) -> None:
    token = cdk.CfnParameter(stack, "Target").value_as_string
    literal = PhoneNumberProvider(stack, "Literal", target_arns=[INSTANCE])
    with_token = PhoneNumberProvider(stack, "WithToken", target_arns=[INSTANCE, token])

    PhoneNumber(stack, "One", target_arn=token, country_code="US", provider=literal)
    PhoneNumber(stack, "Two", target_arn=OTHER_INSTANCE, country_code="US", provider=with_token)


def test_of_a_provider_that_was_deployed_elsewhere_the_targets_are_not_known(stack: cdk.Stack) -> None:
    function = "arn:aws:lambda:us-east-1:000000000000:function:provider"
    provider = PhoneNumberProvider.from_service_token(stack, "Provider", function)

    assert provider.target_arns is None
    PhoneNumber(stack, "Number", target_arn=OTHER_INSTANCE, country_code="US", provider=provider)


def test_a_provider_keeps_the_targets_that_it_was_made_with(stack: cdk.Stack) -> None:
    given = [INSTANCE]
    provider = PhoneNumberProvider(stack, "Provider", target_arns=given)
    given.append(GROUP)

    assert provider.target_arns == (INSTANCE,)
