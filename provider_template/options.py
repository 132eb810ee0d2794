"""The parameters of the template: each with the arguments of ``PhoneNumberProvider`` that it stands for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from cdk_connect_phone_number import PhoneNumberBudget
from cdk_connect_phone_number.phone_number_provider import DEFAULT_MEMORY_SIZE
from cdk_connect_phone_number.provider.function import MIN_RESERVED_CONCURRENCY

Arguments = Callable[[Stack], Mapping[str, Any]]

_NUMBER_OR_NOTHING: Final = "([1-9][0-9]*)?"
_ARN_OR_NOTHING: Final = "(arn:aws[a-z-]*:%s:.+)?"
_DAY: Final = ' *"[0-9]{4}-[0-9]{2}-[0-9]{2}" *: *(0|[1-9][0-9]*) *'
# fmt: off
_LOG_RETENTION: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)
# fmt: on
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
MARKS: Final[Mapping[str, str]] = {
    "StackNamePrefix": "Xx-StackNamePrefix-xX",
    "ServiceTokenParameterName": "/Xx/name/xX",
}
"""What stands for parameters whose construct takes no token."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of the template.

    Parameters
    ----------
    options
        The arguments of ``PhoneNumberProvider`` that it stands for.
    arguments
        Returns these arguments as they are if the parameter has a value; ``None`` if the template has the value itself
        in one place.
    place
        The type of the resource and the property that have the value itself.
    is_on
        The value with which the arguments apply. By default, any but the empty text.
    """

    name: str
    options: Sequence[str]
    description: str
    type: str = "String"
    default: str | int = ""
    allowed: Sequence[str | int] = ()
    pattern: str | None = None
    arguments: Arguments | None = None
    place: tuple[str, str] | None = None
    is_on: str | None = None

    @property
    def condition(self) -> str:
        """The name of the condition under which the arguments apply."""
        return f"Has{self.name}" if self.is_on is None else f"{self.name}Is{self.is_on.title()}"

    @property
    def is_list(self) -> bool:
        """Whether it has several values."""
        return self.type == "CommaDelimitedList"

    def declaration(self) -> dict[str, Any]:
        """Return the parameter as the template has it."""
        declared: dict[str, Any] = {"Type": self.type, "Description": self.description, "Default": self.default}
        if self.allowed:
            declared["AllowedValues"] = list(self.allowed)
        if self.pattern is not None:
            declared["AllowedPattern"] = self.pattern
        return declared

    def condition_expression(self) -> dict[str, Any]:
        """Return the condition under which the arguments apply."""
        if self.is_on is not None:
            return {"Fn::Equals": [{"Ref": self.name}, self.is_on]}
        value = {"Fn::Join": ["", {"Ref": self.name}]} if self.is_list else {"Ref": self.name}
        return {"Fn::Not": [{"Fn::Equals": [value, ""]}]}


def _value(stack: Stack, name: str) -> str:
    return CfnParameter(stack, name).value_as_string


def _key(stack: Stack, name: str) -> kms.IKey:
    return kms.Key.from_key_arn(stack, f"Of{name}", _value(stack, name))


def _network(stack: Stack) -> Mapping[str, Any]:
    # Of the VPC, the template has only the subnets and security groups.
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-unused",
        availability_zones=["unused"],
        private_subnet_ids=[_value(stack, "SubnetIds")],
    )
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", _value(stack, "SecurityGroupIds"), mutable=False)
    return {"vpc": vpc, "security_groups": [group]}


PARAMETERS: Final = (
    Parameter(
        name="TargetArns",
        options=["target_arns"],
        type="CommaDelimitedList",
        description="ARNs of the instances and traffic distribution groups that the provider serves. Empty: all.",
        arguments=lambda stack: {"target_arns": [_value(stack, "TargetArns")]},
    ),
    Parameter(
        name="AllowAdoption",
        options=["allow_adoption"],
        description="false: the provider adopts no numbers that the account already holds.",
        default="true",
        allowed=["true", "false"],
        arguments=lambda _: {"allow_adoption": False},
        is_on="false",
    ),
    Parameter(
        name="StackNamePrefix",
        options=["stack_name_prefix"],
        description="What the names of the stacks begin with that the provider serves. Empty: all stacks.",
        pattern="([A-Za-z][A-Za-z0-9-]{0,127})?",
        arguments=lambda _: {"stack_name_prefix": MARKS["StackNamePrefix"]},
    ),
    Parameter(
        name="BudgetQuota",
        options=["budget"],
        description="How many phone numbers the account may hold in the Region. Empty: Service Quotas is asked.",
        pattern=_NUMBER_OR_NOTHING,
        arguments=lambda _: {"budget": PhoneNumberBudget(quota=1)},
    ),
    Parameter(
        name="BudgetBaseline",
        options=["budget"],
        description='Claims and releases that the provider does not know, by date, as JSON: {"2026-11-01": 12}',
        default="{}",
        pattern=rf"\{{({_DAY}(,{_DAY})*)?\}}",
    ),
    Parameter(
        name="BudgetReserve",
        options=["budget"],
        description="How many claims and releases a claim must leave. Empty: as many as releasing all numbers needs.",
        pattern="(0|[1-9][0-9]*)?",
    ),
    Parameter(
        name="BudgetRefuses",
        options=["budget"],
        description="false: a claim that would leave less than the reserve is not refused; there is only a warning.",
        default="true",
        allowed=["true", "false"],
    ),
    Parameter(
        name="BudgetPostponeReleasesBelow",
        options=["budget"],
        description="Postpone a release that would leave fewer claims and releases than this. Empty: none.",
        pattern=_NUMBER_OR_NOTHING,
    ),
    Parameter(
        name="LedgerDeletionProtection",
        options=["ledger_deletion_protection"],
        description="true: DynamoDB refuses every deletion of the table.",
        default="false",
        allowed=["true", "false"],
        place=("AWS::DynamoDB::Table", "DeletionProtectionEnabled"),
    ),
    Parameter(
        name="LogRetentionDays",
        options=["log_retention"],
        type="Number",
        description="How many days logs are kept.",
        default=180,
        allowed=_LOG_RETENTION,
        place=("AWS::Logs::LogGroup", "RetentionInDays"),
    ),
    Parameter(
        name="EncryptionKeyArn",
        options=["encryption_key"],
        description="ARN of the KMS key of table, queue and logs. Its policy must allow CloudWatch Logs to use it.",
        pattern=_ARN_OR_NOTHING % "kms",
        arguments=lambda stack: {"encryption_key": _key(stack, "EncryptionKeyArn")},
    ),
    Parameter(
        name="EnvironmentEncryptionKeyArn",
        options=["environment_encryption"],
        description="ARN of the KMS key of the function's environment variables. Empty: Lambda's own key.",
        pattern=_ARN_OR_NOTHING % "kms",
        arguments=lambda stack: {"environment_encryption": _key(stack, "EnvironmentEncryptionKeyArn")},
    ),
    Parameter(
        name="PermissionsBoundaryArn",
        options=["permissions_boundary"],
        description="ARN of the permissions boundary of the function's role.",
        pattern=_ARN_OR_NOTHING % "iam",
        arguments=lambda stack: {
            "permissions_boundary": iam.ManagedPolicy.from_managed_policy_arn(
                stack, "Boundary", _value(stack, "PermissionsBoundaryArn")
            )
        },
    ),
    Parameter(
        name="SubnetIds",
        options=["vpc", "vpc_subnets"],
        type="CommaDelimitedList",
        description="IDs of the subnets in which the function works. Empty: in no VPC. Needs SecurityGroupIds.",
        arguments=_network,
    ),
    Parameter(
        name="SecurityGroupIds",
        options=["security_groups"],
        type="CommaDelimitedList",
        description="IDs of the function's security groups, with SubnetIds. They must allow HTTPS to the outside.",
    ),
    Parameter(
        name="ReservedConcurrentExecutions",
        options=["reserved_concurrent_executions"],
        description=f"How many invocations may run at once, at least {MIN_RESERVED_CONCURRENCY}. Empty: no limit.",
        pattern=rf"([{MIN_RESERVED_CONCURRENCY}-9]|[1-9][0-9]+)?",
        arguments=lambda stack: {
            "reserved_concurrent_executions": CfnParameter(
                stack, "ReservedConcurrentExecutions", type="Number"
            ).value_as_number
        },
    ),
    Parameter(
        name="Runtime",
        options=["runtime"],
        description="The function's runtime.",
        default="python3.14",
        allowed=["python3.11", "python3.12", "python3.13", "python3.14"],
        place=("AWS::Lambda::Function", "Runtime"),
    ),
    Parameter(
        name="Architecture",
        options=["architecture"],
        description="The function's instruction set.",
        default="arm64",
        allowed=["arm64", "x86_64"],
        place=("AWS::Lambda::Function", "Architectures"),
    ),
    Parameter(
        name="Tracing",
        options=["tracing"],
        description="true: trace the function with AWS X-Ray.",
        default="false",
        allowed=["true", "false"],
        arguments=lambda _: {"tracing": True},
        is_on="true",
    ),
    Parameter(
        name="MemorySize",
        options=["memory_size"],
        type="Number",
        description="The function's memory in MiB.",
        default=DEFAULT_MEMORY_SIZE,
        place=("AWS::Lambda::Function", "MemorySize"),
    ),
    Parameter(
        name="AlarmTopicArn",
        options=["alarm_topic"],
        description="ARN of the SNS topic that the alarms notify. Empty: there are no alarms.",
        pattern=_ARN_OR_NOTHING % "sns",
        arguments=lambda stack: {
            "alarm_topic": sns.Topic.from_topic_arn(stack, "Topic", _value(stack, "AlarmTopicArn"))
        },
    ),
    Parameter(
        name="ServiceTokenParameterName",
        options=["service_token_parameter_name"],
        description="Name of the SSM parameter that publishes the service token. Empty: none.",
        default="/connect-phone-number/service-token",
        arguments=lambda _: {"service_token_parameter_name": MARKS["ServiceTokenParameterName"]},
    ),
)
"""All parameters but those that say where the code is."""

NOT_OFFERED: Final = ("ledger_removal_policy", "log_removal_policy")
"""CloudFormation takes no parameter for a ``DeletionPolicy``: the table and the logs are retained."""
