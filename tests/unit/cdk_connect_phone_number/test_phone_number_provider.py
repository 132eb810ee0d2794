from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template
from constructs import Construct

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber, PhoneNumberProvider
from cdk_connect_phone_number.provider.function import FUNCTION_TIMEOUT, SWEEP_INTERVAL

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:provider"

ACCOUNT: Any = iam.AccountRootPrincipal()
"""Any: the CDK's own types of principals do not fit each other."""


def test_everything_can_be_removed_with_the_provider(stack: cdk.Stack) -> None:
    PhoneNumberProvider(
        stack,
        "Provider",
        ledger_removal_policy=cdk.RemovalPolicy.DESTROY,
        log_removal_policy=cdk.RemovalPolicy.DESTROY,
    )

    resources = Template.from_stack(stack).to_json()["Resources"].values()

    assert {resource.get("DeletionPolicy", "Delete") for resource in resources} == {"Delete"}


def test_the_ledger_can_be_protected_from_deletion(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider", ledger_deletion_protection=True)

    Template.from_stack(stack).has_resource_properties("AWS::DynamoDB::Table", {"DeletionProtectionEnabled": True})


def test_logs_and_memory_can_be_chosen(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider", log_retention=logs.RetentionDays.ONE_WEEK, memory_size=512, tracing=True)

    template = Template.from_stack(stack)

    template.has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 7})
    template.has_resource_properties("AWS::Lambda::Function", {"MemorySize": 512, "TracingConfig": {"Mode": "Active"}})


def test_a_key_encrypts_table_queue_and_logs(stack: cdk.Stack) -> None:
    key = kms.Key(stack, "Key")

    PhoneNumberProvider(stack, "Provider", encryption_key=key)

    template = Template.from_stack(stack)
    arn = stack.resolve(key.key_arn)
    template.has_resource_properties("AWS::DynamoDB::Table", {"SSESpecification": {"KMSMasterKeyId": arn}})
    template.has_resource_properties("AWS::SQS::Queue", {"KmsMasterKeyId": arn})
    template.has_resource_properties("AWS::Logs::LogGroup", {"KmsKeyId": arn})
    template.has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Principal": {"Service": "logs.amazonaws.com"},
                                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": Match.any_value()}},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_a_permissions_boundary_is_taken_as_property_and_from_an_aspect(stack: cdk.Stack) -> None:
    boundary = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "boundary")
    PhoneNumberProvider(stack, "One", permissions_boundary=boundary)
    iam.PermissionsBoundary.of(PhoneNumberProvider(stack, "Two")).apply(boundary)

    template = Template.from_stack(stack)

    template.all_resources_properties(
        "AWS::IAM::Role", {"PermissionsBoundary": stack.resolve(boundary.managed_policy_arn)}
    )


def test_two_providers_of_one_stack_have_different_ids(stack: cdk.Stack) -> None:
    ids = [str(stack.resolve(PhoneNumberProvider(stack, name).provider_id)) for name in ("One", "Two")]

    assert ids[0] != ids[1]


def test_the_id_does_not_hang_on_the_stage_that_the_stack_is_in() -> None:
    def provider_id(scope: Construct) -> object:
        stack = cdk.Stack(scope, "Stack")
        return stack.resolve(PhoneNumberProvider(stack, "Provider").provider_id)

    app = cdk.App()

    assert provider_id(app) == provider_id(cdk.Stage(app, "Stage"))


def test_a_number_without_a_provider_is_refused_where_the_id_is_taken(stack: cdk.Stack) -> None:
    Construct(stack, "PhoneNumberProvider")

    with pytest.raises(ValueError, match=r"^Stack: ") as refused:
        PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US")

    assert str(refused.value) == (
        "Stack: the stack's provider needs the id 'PhoneNumberProvider', but Stack/PhoneNumberProvider has it. "
        "Rename that construct, or give the stack's numbers a provider."
    )


@pytest.mark.parametrize("token", [FUNCTION, f"{FUNCTION}:live", f"{FUNCTION}:$LATEST"])
def test_knows_its_service_token_and_makes_nothing(stack: cdk.Stack, token: str) -> None:
    provider = PhoneNumberProvider.from_service_token(stack, "Provider", token)

    assert isinstance(provider, IPhoneNumberProvider)
    assert provider.service_token == token
    assert Template.from_stack(stack).find_resources("*") == {}


@pytest.mark.parametrize("token", ["", "provider", "arn:aws:sns:us-east-1:000000000000:topic", f"{FUNCTION}:"])
def test_refuses_what_is_no_function(stack: cdk.Stack, token: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider.from_service_token(stack, "Provider", token)

    assert str(refused.value) == (
        f"Stack/Provider: service_token must be the ARN of a provider's function, but is {token!r}. "
        "Use the provider's service_token, or from_ssm_parameter with the name under which it is published."
    )


def test_is_found_through_the_ssm_parameter_that_publishes_it(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider.from_ssm_parameter(stack, "Provider", "/phone-numbers/service-token")
    PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", provider=provider)

    template = Template.from_stack(stack).to_json()

    (number,) = template["Resources"].values()
    parameter = template["Parameters"][number["Properties"]["ServiceToken"]["Ref"]]
    assert parameter == {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/phone-numbers/service-token"}


# --- What the provider shows of itself ---


def test_shows_its_parts(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider")

    template = Template.from_stack(stack)

    def id_of(type: str) -> str:
        (found,) = template.find_resources(type)
        return found

    assert stack.resolve(provider.function.function_arn) == {"Fn::GetAtt": [id_of("AWS::Lambda::Function"), "Arn"]}
    assert stack.resolve(provider.role.role_arn) == {"Fn::GetAtt": [id_of("AWS::IAM::Role"), "Arn"]}
    assert stack.resolve(provider.ledger.table_name) == {"Ref": id_of("AWS::DynamoDB::Table")}
    assert stack.resolve(provider.log_group.log_group_name) == {"Ref": id_of("AWS::Logs::LogGroup")}
    assert provider.allow_adoption is True


def test_is_a_resource_with_a_stack_and_an_environment(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider")

    assert cdk.Resource.is_resource(provider)
    assert provider.stack is stack
    assert (provider.env.account, provider.env.region) == ("000000000000", "us-east-1")


def test_a_pipeline_may_be_allowed_to_invoke_the_function(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider")
    pipeline = iam.Role(stack, "Pipeline", assumed_by=ACCOUNT)

    granted = provider.grant_invoke(pipeline)

    assert granted.success
    arn = stack.resolve(provider.service_token)
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {
            "Action": "lambda:InvokeFunction",
            "Effect": "Allow",
            "Resource": [arn, {"Fn::Join": ["", [arn, ":*"]]}],
        }
    ]


@pytest.mark.parametrize("to", ["role", "grant to the role", "function", "grant to the function"])
def test_what_an_app_adds_to_the_role_is_not_dropped(stack: cdk.Stack, to: str) -> None:
    provider = PhoneNumberProvider(stack, "Provider", tracing=True)
    statement = iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"])
    match to:
        case "role":
            provider.role.add_to_principal_policy(statement)
        case "function":
            provider.function.add_to_role_policy(statement)
        case _:
            grantee = provider.role if to == "grant to the role" else provider.function
            granted = iam.Grant.add_to_principal(
                grantee=grantee, actions=list(statement.actions), resource_arns=list(statement.resources)
            )
            assert granted.success

    template = Template.from_stack(stack)
    (policy,) = template.find_resources("AWS::IAM::Policy").values()
    (role,) = template.find_resources("AWS::IAM::Role")
    assert policy["Properties"]["Roles"] == [{"Ref": role}]
    # Nothing else is in it: what the CDK itself would add for the queue and for X-Ray is in the role's own policy.
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {"Action": "s3:GetObject", "Effect": "Allow", "Resource": "arn:aws:s3:::bucket/*"}
    ]


def test_additions_last_as_long_as_the_provider(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider")
    provider.role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"]))

    template = Template.from_stack(stack)

    (policy,) = template.find_resources("AWS::IAM::Policy")
    (guard,) = template.find_resources("Custom::ConnectPhoneNumberProvider").values()
    assert policy in guard["DependsOn"]


def test_nothing_is_added_to_the_role_where_no_app_adds_anything(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider", tracing=True, encryption_key=kms.Key(stack, "Key"))

    assert Template.from_stack(stack).find_resources("AWS::IAM::Policy") == {}


# --- Where and how the function runs ---


def function_of(stack: cdk.Stack) -> dict[str, Any]:
    (function,) = Template.from_stack(stack).find_resources("AWS::Lambda::Function").values()
    return dict(function["Properties"])


def statements(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    """Return the statements of the role's own policy by their names."""
    (role,) = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    (policy,) = role["Properties"]["Policies"]
    assert "ManagedPolicyArns" not in role["Properties"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize(
    ("runtime", "name"),
    [(lambda_.Runtime.PYTHON_3_11, "python3.11"), (lambda_.Runtime.PYTHON_3_13, "python3.13")],
)
def test_runtime_and_architecture_can_be_chosen(stack: cdk.Stack, runtime: lambda_.Runtime, name: str) -> None:
    PhoneNumberProvider(stack, "Provider", runtime=runtime, architecture=lambda_.Architecture.X86_64)

    function = function_of(stack)

    assert (function["Runtime"], function["Architectures"]) == (name, ["x86_64"])


@pytest.mark.parametrize("runtime", [lambda_.Runtime.PYTHON_3_10, lambda_.Runtime.NODEJS_22_X])
def test_a_runtime_in_which_the_function_does_not_run_is_refused(stack: cdk.Stack, runtime: lambda_.Runtime) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider(stack, "Provider", runtime=runtime)

    assert str(refused.value) == (
        f"Stack/Provider: runtime must be python3.11 or newer, but is {runtime.name}. Use for example "
        "Runtime.PYTHON_3_14, or leave it out."
    )


def test_concurrency_can_be_reserved_and_failed_events_take_their_share_only(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider", reserved_concurrent_executions=7)

    assert function_of(stack)["ReservedConcurrentExecutions"] == 7
    Template.from_stack(stack).has_resource_properties(
        "AWS::Lambda::EventSourceMapping", {"ScalingConfig": {"MaximumConcurrency": 2}}
    )


def test_reserved_concurrency_that_is_too_little_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider(stack, "Provider", reserved_concurrent_executions=6)

    assert str(refused.value) == (
        "Stack/Provider: reserved_concurrent_executions must be at least 7, but is 6: 3 for sweeps that overlap, 2 for "
        "failed events, and 2 for a Create and the Delete that cancels it."
    )


def test_reserved_concurrency_has_room_for_all_sweeps_that_overlap() -> None:
    # A sweep may run as long as the function's timeout. The last of them begins before the first one ends.
    assert 3 * SWEEP_INTERVAL.to_minutes() >= FUNCTION_TIMEOUT.to_minutes() > 2 * SWEEP_INTERVAL.to_minutes()


def test_reserved_concurrency_may_be_a_token(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "Executions", type="Number")

    PhoneNumberProvider(stack, "Provider", reserved_concurrent_executions=parameter.value_as_number)  # type: ignore[arg-type]

    assert function_of(stack)["ReservedConcurrentExecutions"] == {"Ref": "Executions"}


def test_a_key_encrypts_the_environment(stack: cdk.Stack) -> None:
    key = kms.Key(stack, "Key")

    PhoneNumberProvider(stack, "Provider", environment_encryption=key)

    arn = stack.resolve(key.key_arn)
    assert function_of(stack)["KmsKeyArn"] == arn
    assert statements(stack)["ReadEnvironment"] == {
        "Sid": "ReadEnvironment",
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": arn,
        "Condition": {
            "StringEquals": {"kms:ViaService": {"Fn::Join": ["", ["lambda.us-east-1.", {"Ref": "AWS::URLSuffix"}]]}}
        },
    }


@pytest.fixture
def vpc(stack: cdk.Stack) -> ec2.IVpc:
    return ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["us-east-1a", "us-east-1b"],
        private_subnet_ids=["subnet-1", "subnet-2"],
        isolated_subnet_ids=["subnet-3", "subnet-4"],
    )


def test_the_function_works_in_a_vpc_with_a_security_group_that_allows_https_only(
    stack: cdk.Stack, vpc: ec2.IVpc
) -> None:
    PhoneNumberProvider(stack, "Provider", vpc=vpc)

    ((id, group),) = Template.from_stack(stack).find_resources("AWS::EC2::SecurityGroup").items()
    assert function_of(stack)["VpcConfig"] == {
        "SecurityGroupIds": [{"Fn::GetAtt": [id, "GroupId"]}],
        "SubnetIds": ["subnet-1", "subnet-2"],
    }
    assert group["Properties"]["SecurityGroupEgress"] == [
        {
            "CidrIp": "0.0.0.0/0",
            "Description": "The endpoints of AWS",
            "FromPort": 443,
            "IpProtocol": "tcp",
            "ToPort": 443,
        }
    ]
    (guard,) = Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumberProvider").values()
    assert id in guard["DependsOn"]


def test_subnets_and_security_groups_can_be_chosen(stack: cdk.Stack, vpc: ec2.IVpc) -> None:
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1")

    PhoneNumberProvider(
        stack,
        "Provider",
        vpc=vpc,
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        security_groups=[group],
    )

    assert function_of(stack)["VpcConfig"] == {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-3", "subnet-4"]}
    assert Template.from_stack(stack).find_resources("AWS::EC2::SecurityGroup") == {}
    assert statements(stack)["ConnectToNetwork"]["Resource"] == [
        {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":ec2:us-east-1:{rest}"]]}
        for rest in (
            "000000000000:network-interface/*",
            "*:subnet/subnet-3",
            "*:subnet/subnet-4",
            "*:security-group/sg-1",
        )
    ]


def test_in_a_vpc_lambda_and_not_the_functions_code_gets_the_actions_of_awss_managed_policy(
    stack: cdk.Stack, vpc: ec2.IVpc
) -> None:
    PhoneNumberProvider(stack, "Provider", vpc=vpc)

    network = [each for sid, each in statements(stack).items() if "Network" in sid]

    actions = {action for each in network for action in _list(each["Action"])}
    assert actions == {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    }
    assert [each["Condition"] for each in network] == [{"Null": {"lambda:SourceFunctionArn": "true"}}] * 3


def test_outside_of_a_vpc_the_role_has_no_permission_for_networks(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider")

    assert "VpcConfig" not in function_of(stack)
    assert not any(action.startswith("ec2:") for each in statements(stack).values() for action in _list(each["Action"]))


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)}, "vpc_subnets"),
        ({"security_groups": []}, "security_groups"),
    ],
)
def test_parts_of_a_vpc_without_the_vpc_are_refused(stack: cdk.Stack, given: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider(stack, "Provider", **given)

    assert str(refused.value) == (
        f"Stack/Provider: {name} needs vpc, the VPC that it belongs to. Give vpc too, or leave {name} out."
    )


def test_an_empty_list_of_security_groups_is_refused(stack: cdk.Stack, vpc: ec2.IVpc) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: security_groups is empty, and a function in a VPC has at"):
        PhoneNumberProvider(stack, "Provider", vpc=vpc, security_groups=[])


# --- Adoption ---


def adopt(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    PhoneNumber(stack, "Number", target_arn=INSTANCE, phone_number="+12065550100", adopt=True, provider=provider)


def test_a_provider_without_adoption_tells_the_function(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider", allow_adoption=False)

    assert provider.allow_adoption is False
    assert function_of(stack)["Environment"]["Variables"]["ALLOW_ADOPTION"] == "false"


def test_a_provider_without_adoption_refuses_an_adoption_at_synth(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider", allow_adoption=False)

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        adopt(stack, provider)

    assert str(refused.value) == (
        "Stack/Number: adopt is True, but the provider Stack/Provider has allow_adoption=False. Use a provider that "
        "allows adoption, or claim a number: leave adopt out."
    )


def test_a_provider_without_adoption_has_numbers_of_its_own(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider", allow_adoption=False)

    PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", provider=provider)

    assert len(Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumber")) == 1


# --- Stacks ---


def test_the_stacks_that_are_served_can_be_narrowed(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider", stack_name_prefix="support-")

    assert function_of(stack)["Environment"]["Variables"]["STACK_NAME_PREFIX"] == "support-"
    assert statements(stack)["AskAboutStacks"]["Resource"] == {
        "Fn::Join": [
            "",
            ["arn:", {"Ref": "AWS::Partition"}, ":cloudformation:us-east-1:000000000000:stack/support-*/*"],
        ]
    }


@pytest.mark.parametrize("prefix", ["", "*", "support*", "1support", "a/b", "a" * 129])
def test_a_prefix_with_which_no_stacks_name_begins_is_refused(stack: cdk.Stack, prefix: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider(stack, "Provider", stack_name_prefix=prefix)

    assert str(refused.value) == (
        f"Stack/Provider: stack_name_prefix must be the beginning of a stack's name, but is {prefix!r}: a letter, and "
        "then letters, digits and hyphens, at most 128 in all."
    )


def test_a_prefix_that_is_a_token_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: stack_name_prefix must be known at synth, but is a token"):
        PhoneNumberProvider(stack, "Provider", stack_name_prefix=cdk.Aws.STACK_NAME)


# --- References ---


def imported(stack: cdk.Stack, **known: Any) -> IPhoneNumberProvider:
    return PhoneNumberProvider.from_provider_attributes(stack, "Provider", service_token=FUNCTION, **known)


def test_a_reference_shows_what_is_known_of_the_provider(stack: cdk.Stack) -> None:
    role = "arn:aws:iam::000000000000:role/provider"

    provider = imported(stack, role_arn=role, target_arns=[INSTANCE], allow_adoption=True)

    assert isinstance(provider, IPhoneNumberProvider)
    assert provider.service_token == FUNCTION
    assert provider.function.function_arn == FUNCTION
    assert provider.role is not None
    assert provider.role.role_arn == role
    assert provider.target_arns == (INSTANCE,)
    assert provider.allow_adoption is True
    assert Template.from_stack(stack).find_resources("*") == {}


def test_a_reference_shows_nothing_that_is_not_known(stack: cdk.Stack) -> None:
    provider = imported(stack)

    assert (provider.role, provider.target_arns, provider.allow_adoption) == (None, None, None)


def test_the_environment_of_a_reference_is_that_of_the_function(stack: cdk.Stack) -> None:
    elsewhere = FUNCTION.replace("us-east-1", "eu-west-1").replace("000000000000", "111111111111")

    provider = PhoneNumberProvider.from_service_token(stack, "Provider", elsewhere)

    assert provider.stack is stack
    assert (provider.env.account, provider.env.region) == ("111111111111", "eu-west-1")


def test_a_reference_refuses_at_synth_what_its_provider_would_refuse(stack: cdk.Stack) -> None:
    other = INSTANCE.replace("11111111", "99999999")

    with pytest.raises(ValueError, match=r"adopt is True, but the provider Stack/Provider has allow_adoption=False"):
        adopt(stack, imported(stack, allow_adoption=False))
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(ValueError, match=r"which the provider Stack/Provider does not serve"):
        adopt(stack, imported(stack, target_arns=[other]))


def test_a_reference_with_targets_that_are_none_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: target_arns is empty"):
        imported(stack, target_arns=[])


def test_a_pipeline_may_be_allowed_to_invoke_the_function_of_a_reference(stack: cdk.Stack) -> None:
    pipeline = iam.Role(stack, "Pipeline", assumed_by=ACCOUNT)

    assert imported(stack).grant_invoke(pipeline).success

    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("lambda:InvokeFunction", [FUNCTION, f"{FUNCTION}:*"])


@pytest.mark.parametrize("is_known", [True, False])
def test_a_pipeline_may_be_allowed_to_invoke_where_synth_does_not_know_the_account(is_known: bool) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    provider = imported(stack) if is_known else PhoneNumberProvider.from_ssm_parameter(stack, "Provider", "/token")

    assert provider.grant_invoke(iam.Role(stack, "Pipeline", assumed_by=ACCOUNT)).success

    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"][0] == stack.resolve(provider.service_token)


@pytest.mark.parametrize("grantee", [ACCOUNT, iam.ServicePrincipal("events.amazonaws.com")])
def test_a_grant_of_a_reference_is_not_dropped_in_silence(stack: cdk.Stack, grantee: Any) -> None:
    with pytest.raises(ValueError, match=r"^Stack/\w+: grant_invoke can add permissions only to a role, a user or a "):
        imported(stack).grant_invoke(grantee)


def test_the_queue_and_the_alarms_are_shown(stack: cdk.Stack) -> None:
    quiet = PhoneNumberProvider(stack, "Quiet")
    loud = PhoneNumberProvider(stack, "Loud", alarm_topic=sns.Topic(stack, "Topic"))

    template = Template.from_stack(stack)
    alarms = template.find_resources("AWS::CloudWatch::Alarm")
    shown = [stack.resolve(alarm.alarm_arn)["Fn::GetAtt"][0] for alarm in loud.alarms]
    assert quiet.alarms == ()
    assert sorted(shown) == sorted(alarms)
    assert len(shown) == 7
    assert stack.resolve(loud.failure_queue.queue_arn)["Fn::GetAtt"][0] in template.find_resources("AWS::SQS::Queue")
