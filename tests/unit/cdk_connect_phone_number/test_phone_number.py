from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_connect as connect
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Match, Template

from cdk_connect_phone_number import (
    IPhoneNumber,
    IPhoneNumberProvider,
    PhoneNumber,
    PhoneNumberProvider,
    PhoneNumberType,
)
from cdk_connect_phone_number import PhoneNumberType as Type
from lambda_handlers.connect_phone_number import rules

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
FLOW = f"{INSTANCE}/contact-flow/11111111-2222-3333-4444-555555555555"
SERVICE_TOKEN = "arn:aws:lambda:us-east-1:000000000000:function:provider"
RESOURCE_TYPE = "Custom::ConnectPhoneNumber"
UUID = "11111111-2222-3333-4444-555555555555"
ARN = f"arn:aws:connect:us-east-1:000000000000:phone-number/{UUID}"


def number(stack: cdk.Stack, provider: IPhoneNumberProvider, **given: Any) -> PhoneNumber:
    if "target" not in given:
        given = {"target_arn": INSTANCE, **given}
    return PhoneNumber(stack, "Number", provider=provider, **given)


def the_resource(stack: cdk.Stack) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources(RESOURCE_TYPE).values()
    return dict(resource)


def properties(stack: cdk.Stack) -> dict[str, Any]:
    return dict(the_resource(stack)["Properties"])


def test_says_no_more_than_it_was_told(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    number(stack, provider, country_code="US")

    assert the_resource(stack) == {
        "Type": RESOURCE_TYPE,
        "Properties": {
            "ServiceToken": SERVICE_TOKEN,
            "ServiceTimeout": 3600,
            "TargetArn": INSTANCE,
            "CountryCode": "US",
            "Type": "DID",
            "Adopt": False,
            "ReleaseProtection": False,
            "AllowReplacement": False,
        },
    }


def test_says_all_that_it_was_told(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    number(
        stack,
        provider,
        country_code="GB",
        type=Type.TOLL_FREE,
        prefix="+44800",
        contact_flow_arn=FLOW,
        description="Support",
        release_protection=True,
        release_delay=cdk.Duration.days(7),
        allow_replacement=True,
        timeout=cdk.Duration.minutes(5),
    )

    assert properties(stack) == {
        "ServiceToken": SERVICE_TOKEN,
        "ServiceTimeout": 300,
        "TargetArn": INSTANCE,
        "CountryCode": "GB",
        "Type": "TOLL_FREE",
        "Prefix": "+44800",
        "Adopt": False,
        "ContactFlowArn": FLOW,
        "Description": "Support",
        "ReleaseProtection": True,
        "ReleaseDelay": "604800",
        "AllowReplacement": True,
    }


@pytest.mark.parametrize(
    "given",
    [
        {"phone_number": "+12065550100", "adopt": True},
        {"source_phone_number_arn": "arn:aws:sms-voice:us-east-1:000000000000:phone-number/phone-1"},
    ],
)
def test_an_adopted_or_imported_number_brings_its_own_type(
    stack: cdk.Stack, provider: IPhoneNumberProvider, given: dict[str, Any]
) -> None:
    number(stack, provider, **given)

    assert "Type" not in properties(stack)


def test_takes_an_instance_and_a_flow_as_constructs(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    instance = connect.CfnInstance(
        stack,
        "Instance",
        attributes=connect.CfnInstance.AttributesProperty(inbound_calls=True, outbound_calls=True),
        identity_management_type="CONNECT_MANAGED",
    )
    flow = connect.CfnContactFlow(
        stack, "Flow", content="{}", instance_arn=instance.attr_arn, name="flow", type="CONTACT_FLOW"
    )

    number(stack, provider, country_code="US", target=instance, contact_flow=flow)

    given = properties(stack)
    assert given["TargetArn"] == {"Fn::GetAtt": ["Instance", "Arn"]}
    assert given["ContactFlowArn"] == {"Fn::GetAtt": ["Flow", "ContactFlowArn"]}


def test_takes_a_traffic_distribution_group_as_a_construct(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    group = connect.CfnTrafficDistributionGroup(stack, "Group", instance_arn=INSTANCE, name="group")

    number(stack, provider, country_code="US", target=group)

    assert properties(stack)["TargetArn"] == {"Fn::GetAtt": ["Group", "TrafficDistributionGroupArn"]}


def test_refuses_a_target_that_is_said_twice(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    group = connect.CfnTrafficDistributionGroup(stack, "Group", instance_arn=INSTANCE, name="group")

    with pytest.raises(ValueError, match=r"^Stack/Number: target_arn and target are both given, but say the same"):
        number(stack, provider, country_code="US", target=group, target_arn=INSTANCE)


def test_refuses_a_flow_that_is_said_twice(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    flow = connect.CfnContactFlow(stack, "Flow", content="{}", instance_arn=INSTANCE, name="flow", type="CONTACT_FLOW")

    with pytest.raises(ValueError, match=r"^Stack/Number: contact_flow_arn and contact_flow are both given"):
        number(stack, provider, country_code="US", contact_flow=flow, contact_flow_arn=FLOW)


def test_takes_a_time_out_that_is_a_token(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    parameter = cdk.CfnParameter(stack, "Seconds", type="Number")

    number(stack, provider, country_code="US", timeout=cdk.Duration.seconds(parameter.value_as_number))

    assert properties(stack)["ServiceTimeout"] == {"Ref": "Seconds"}


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (cdk.Duration.days(0), "0"),
        (cdk.Duration.millis(2000), "2"),
        (cdk.Duration.hours(36), "129600"),
        (cdk.Duration.days(365), "31536000"),
    ],
)
def test_says_a_release_delay_in_seconds(
    stack: cdk.Stack, provider: IPhoneNumberProvider, delay: cdk.Duration, seconds: str
) -> None:
    number(stack, provider, country_code="US", release_delay=delay)

    assert properties(stack)["ReleaseDelay"] == seconds


def test_takes_a_release_delay_that_is_a_token(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    parameter = cdk.CfnParameter(stack, "Seconds", type="Number")

    number(stack, provider, country_code="US", release_delay=cdk.Duration.seconds(parameter.value_as_number))

    assert properties(stack)["ReleaseDelay"] == {"Ref": "Seconds"}


def test_its_attributes_are_those_of_the_resource(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    made = number(stack, provider, country_code="US")

    resource = stack.get_logical_id(made.node.default_child)  # type: ignore[arg-type]
    assert stack.resolve(made.phone_number_arn) == {"Ref": resource}
    for value, attribute in (
        (made.phone_number, "PhoneNumber"),
        (made.phone_number_id, "PhoneNumberId"),
        (made.country_code, "CountryCode"),
        (made.type, "Type"),
        (made.target_arn, "TargetArn"),
    ):
        assert stack.resolve(value) == {"Fn::GetAtt": [resource, attribute]}


def test_is_an_iphonenumber(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    made: IPhoneNumber = number(stack, provider, country_code="US")

    assert isinstance(made, IPhoneNumber)


def test_grant_allows_the_actions_on_this_number_alone(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    made = number(stack, provider, country_code="US")
    user = iam.User(stack, "User")

    made.grant(user, "connect:DescribePhoneNumber", "connect:StartOutboundVoiceContact")

    Template.from_stack(stack).has_resource_properties(
        "AWS::IAM::Policy",
        {
            "PolicyDocument": Match.object_like(
                {
                    "Statement": [
                        {
                            "Action": ["connect:DescribePhoneNumber", "connect:StartOutboundVoiceContact"],
                            "Effect": "Allow",
                            "Resource": stack.resolve(made.phone_number_arn),
                        }
                    ]
                }
            )
        },
    )


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ((), "grant needs an action, for example 'connect:DescribePhoneNumber'."),
        (
            ("DescribePhoneNumber",),
            (
                "grant takes actions of Amazon Connect, but got 'DescribePhoneNumber'. "
                "Begin with 'connect:', for example 'connect:DescribePhoneNumber'."
            ),
        ),
    ],
)
def test_grant_refuses_what_is_no_action_of_connect(
    stack: cdk.Stack, provider: IPhoneNumberProvider, actions: tuple[str, ...], message: str
) -> None:
    made = number(stack, provider, country_code="US")

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        made.grant(iam.User(stack, "User"), *actions)

    assert str(refused.value) == f"Stack/Number: {message}"


def test_without_a_provider_all_numbers_of_a_stack_share_one() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    for name in ("One", "Two"):
        PhoneNumber(stack, name, target_arn=INSTANCE, country_code="US")

    template = Template.from_stack(stack)

    template.resource_count_is("AWS::Lambda::Function", 1)
    tokens = [found["Properties"]["ServiceToken"] for found in template.find_resources(RESOURCE_TYPE).values()]
    assert tokens[0] == tokens[1]
    assert len(tokens) == 2


def test_each_stack_has_a_provider_of_its_own_where_none_is_given() -> None:
    app = cdk.App()
    stacks = [cdk.Stack(app, name) for name in ("One", "Two")]
    for stack in stacks:
        PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US")

    for stack in stacks:
        Template.from_stack(stack).resource_count_is("AWS::Lambda::Function", 1)


def test_s21_the_provider_outlives_its_numbers_in_the_same_stack() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US")

    template = Template.from_stack(stack)

    guards = template.find_resources("Custom::ConnectPhoneNumberProvider")
    assert list(the_resource(stack)["DependsOn"]) == list(guards)
    (guard,) = guards.values()
    others = set(template.to_json()["Resources"]) - set(guards) - set(template.find_resources(RESOURCE_TYPE))
    assert set(guard["DependsOn"]) == others


def test_s21_the_stack_of_a_number_depends_on_the_stack_of_its_provider() -> None:
    app = cdk.App()
    platform, team = cdk.Stack(app, "Platform"), cdk.Stack(app, "Team")
    provider = PhoneNumberProvider(platform, "Provider")

    PhoneNumber(team, "Number", target_arn=INSTANCE, country_code="US", provider=provider)

    app.synth()
    assert platform in team.dependencies


def test_a_provider_of_another_stack_releases_its_numbers_later() -> None:
    app = cdk.App()
    platform, team = cdk.Stack(app, "Platform"), cdk.Stack(app, "Team")
    provider = PhoneNumberProvider(platform, "Provider")

    number(team, provider, country_code="US", release_delay=cdk.Duration.days(7))

    assert properties(team)["ReleaseDelay"] == "604800"


def test_a_provider_of_the_same_stack_releases_its_numbers_at_once() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")

    PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", release_delay=cdk.Duration.days(0))

    assert properties(stack)["ReleaseDelay"] == "0"


def test_works_within_a_stage_and_is_known_to_the_stages_other_stacks() -> None:
    stage = cdk.Stage(cdk.App(), "Production")
    platform, team, other = (cdk.Stack(stage, name) for name in ("Platform", "Team", "Other"))
    provider = PhoneNumberProvider(platform, "Provider")
    made = PhoneNumber(team, "Number", target_arn=INSTANCE, country_code="US", provider=provider)
    cdk.CfnOutput(other, "Output", value=made.phone_number)

    stage.synth()

    assert "Fn::ImportValue" in Template.from_stack(other).to_json()["Outputs"]["Output"]["Value"]


def test_knows_what_its_arn_says_and_claims_nothing(stack: cdk.Stack) -> None:
    number = PhoneNumber.from_phone_number_arn(stack, "Number", ARN, phone_number="+12065550100")

    assert isinstance(number, IPhoneNumber)
    assert number.phone_number_arn == ARN
    assert number.phone_number_id == UUID
    assert number.phone_number == "+12065550100"
    assert Template.from_stack(stack).find_resources("*") == {}


def test_takes_an_arn_that_is_a_token(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "Arn")

    number = PhoneNumber.from_phone_number_arn(stack, "Number", parameter.value_as_string)

    assert stack.resolve(number.phone_number_arn) == {"Ref": "Arn"}
    assert stack.resolve(number.phone_number_id) == {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Arn"}]}]}


def test_does_not_invent_the_number(stack: cdk.Stack) -> None:
    number = PhoneNumber.from_phone_number_arn(stack, "Number", ARN)

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        _ = number.phone_number

    assert str(refused.value) == (
        "Stack/Number: phone_number is not known, as an ARN does not contain it. "
        "Give phone_number to from_phone_number_arn."
    )


@pytest.mark.parametrize("arn", ["", UUID, ARN.replace("phone-number", "instance"), ARN + "/"])
def test_refuses_the_arn_of_anything_else(stack: cdk.Stack, arn: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber.from_phone_number_arn(stack, "Number", arn)

    assert str(refused.value) == (
        f"Stack/Number: phone_number_arn must be the ARN of a phone number, but is {arn!r}. "
        "Use arn:aws:connect:<region>:<account>:phone-number/<id>."
    )


def test_can_be_granted(stack: cdk.Stack) -> None:
    number = PhoneNumber.from_phone_number_arn(stack, "Number", ARN)

    number.grant(iam.User(stack, "User"), "connect:DescribePhoneNumber")

    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {"Action": "connect:DescribePhoneNumber", "Effect": "Allow", "Resource": ARN}
    ]


def test_has_the_types_that_the_function_takes() -> None:
    assert sorted(PhoneNumberType) == sorted(rules.PHONE_NUMBER_TYPES)
