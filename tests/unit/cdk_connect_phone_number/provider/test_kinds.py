from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from cdk_connect_phone_number import PhoneNumberBudget, PhoneNumberProvider
from cdk_connect_phone_number.provider.kinds import check_kinds

TARGET = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
KIND = "has a value of the wrong kind: "
WRONG: list[tuple[str, Any, str]] = [
    ("target_arns", TARGET, f"must be a list, but is {TARGET!r}. Put it in brackets."),
    ("target_arns", [5], "[0] must be a string, but is 5 (int). Give one value, in quotes."),
    *(
        (
            flag,
            "false",
            "must be True or False, but is 'false' (str). Convert a text first, for example: value == 'true'.",
        )
        for flag in ("allow_adoption", "ledger_deletion_protection", "tracing")
    ),
    ("stack_name_prefix", 5, f"{KIND}5 (int). Use a string, for example 'support-'."),
    ("budget", 5, f"{KIND}5 (int). Use a PhoneNumberBudget."),
    *(
        (name, "retain", f"{KIND}'retain' (str). Use for example RemovalPolicy.RETAIN.")
        for name in ("ledger_removal_policy", "log_removal_policy")
    ),
    *(
        (
            name,
            cdk.RemovalPolicy.SNAPSHOT,
            "must be 'destroy' or 'retain', but is 'snapshot', which neither a DynamoDB table nor a log group has.",
        )
        for name in ("ledger_removal_policy", "log_removal_policy")
    ),
    ("log_retention", 7, f"{KIND}7 (int). Use for example RetentionDays.SIX_MONTHS."),
    *(
        (name, "arn", f"{KIND}'arn' (str). Use a Key, or Key.from_key_arn.")
        for name in ("encryption_key", "environment_encryption")
    ),
    (
        "permissions_boundary",
        "arn",
        f"{KIND}'arn' (str). Use a ManagedPolicy, or ManagedPolicy.from_managed_policy_arn.",
    ),
    ("vpc", "vpc-1", f"{KIND}'vpc-1' (str). Use a Vpc, or Vpc.from_lookup."),
    ("vpc_subnets", "subnet-1", f"{KIND}'subnet-1' (str). Use a SubnetSelection."),
    ("security_groups", "sg-1", "must be a list, but is 'sg-1'. Put it in brackets."),
    ("reserved_concurrent_executions", "7", f"{KIND}'7' (str). Use a whole number, without quotes."),
    ("reserved_concurrent_executions", 7.5, f"{KIND}7.5 (float). Use a whole number, without quotes."),
    ("runtime", "python3.12", f"{KIND}'python3.12' (str). Use for example Runtime.PYTHON_3_14."),
    ("architecture", "arm64", f"{KIND}'arm64' (str). Use for example Architecture.ARM_64."),
    ("memory_size", "256", f"{KIND}'256' (str). Use a whole number, without quotes."),
    ("memory_size", True, f"{KIND}True (bool). Use a whole number, without quotes."),
    ("memory_size", 64, "must be from 128 to 10240, but is 64."),
    ("alarm_topic", "arn", f"{KIND}'arn' (str). Use a Topic, or Topic.from_topic_arn."),
    (
        "service_token_parameter_name",
        5,
        f"{KIND}5 (int). Use a string, for example '/connect-phone-number/service-token'.",
    ),
]


@pytest.mark.parametrize(("name", "value", "problem"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG])
def test_refuses_a_value_of_another_kind(stack: cdk.Stack, name: str, value: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider(stack, "Provider", **{name: value})

    separator = "" if problem.startswith("[") else " "
    assert str(refused.value) == f"Stack/Provider: {name}{separator}{problem}"


def test_takes_every_kind_that_the_arguments_have(stack: cdk.Stack) -> None:
    key: Any = kms.Key(stack, "Key")
    imported: Any = kms.Key.from_key_arn(stack, "Imported", "arn:aws:kms:us-east-1:000000000000:key/1")
    parameter = cdk.CfnParameter(stack, "Size", type="Number").value_as_number

    check_kinds(
        stack,
        {
            "target_arns": (TARGET,),
            "allow_adoption": False,
            "stack_name_prefix": "support-",
            "budget": PhoneNumberBudget(quota=5),
            "ledger_removal_policy": cdk.RemovalPolicy.DESTROY,
            "ledger_deletion_protection": True,
            "log_retention": logs.RetentionDays.ONE_DAY,
            "log_removal_policy": cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            "encryption_key": key,
            "environment_encryption": imported,
            "permissions_boundary": iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess"),
            "vpc": ec2.Vpc(stack, "Vpc"),
            "vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            "security_groups": [],
            "runtime": lambda_.Runtime.PYTHON_3_12,
            "architecture": lambda_.Architecture.X86_64,
            "tracing": True,
            "memory_size": parameter,
            "alarm_topic": sns.Topic.from_topic_arn(stack, "Topic", "arn:aws:sns:us-east-1:000000000000:topic"),
            "service_token_parameter_name": "/token",
        },
    )
