"""The permissions of the provider's function: a second line of defense behind the function's own checks.

Each call that releases, moves, or changes a number is bound to this provider's ownership tag. Either
the number must carry the tag (``ResourceTag``), or the call must add it (``RequestTag``). A defect in
the function alone therefore could not release a number of another provider, or one that was claimed
by hand. The instances, groups, and flows are those that the provider is configured to serve. By
default, it serves every stack of the account and Region, so they are matched by wildcard.

The reference lists ``aws:ResourceTag`` for TagResource and UntagResource only for the resource type,
not for the action, and it is not verified that Connect supplies the key there. Therefore, these two
calls do not require the key: a condition on it applies only if the key is present (``IfExists``).

A provider that does not allow adoption needs less. Its numbers have the tags from their claim on. Therefore,
TagResource requires the key, so the role can tag no number that is not the provider's, whether Connect supplies the key
or not. And UntagResource takes no ownership tags, because these are removed only from numbers that were adopted.

The resource types and condition keys that each action supports:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html
"""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import jsii
from aws_cdk import Acknowledgment, ArnFormat, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct, DependencyGroup, IValidation

from ..function_code import contract
from .acknowledgments import acknowledge
from .network import ProviderNetwork
from .targets import ServedTargets, served_targets

_RESOURCE_TAG = f"aws:ResourceTag/{contract.PROVIDER_TAG}"
_REQUEST_TAG = f"aws:RequestTag/{contract.PROVIDER_TAG}"


@dataclass(frozen=True, kw_only=True)
class ProviderResources:
    """The resources that the function works with."""

    provider_id: str
    target_arns: Sequence[str] | None
    ledger: dynamodb.ITable
    log_group: logs.ILogGroup
    failures: sqs.IQueue
    encryption_key: kms.IKey | None
    tracing: bool
    asks_for_quota: bool
    allow_adoption: bool
    stack_name_prefix: str
    environment_encryption: kms.IKey | None
    network: ProviderNetwork | None


@jsii.implements(IValidation)
class ProviderRole(iam.Role):
    """The role of the provider's function, with the permissions of ``policy_document``.

    What an app adds to the role, or grants to the function, is added in a policy of its own.
    """

    _is_closed = False

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        resources: ProviderResources,
        permissions_boundary: iam.IManagedPolicy | None,
    ) -> None:
        stack = Stack.of(scope)
        super().__init__(
            scope,
            id,
            description="Lets the phone number provider work on its own numbers, and on no others",
            assumed_by=cast(iam.IPrincipal, iam.ServicePrincipal("lambda.amazonaws.com")),
            permissions_boundary=permissions_boundary,
            # Inline, so that the permissions last as long as the role does.
            inline_policies={"PhoneNumbers": policy_document(stack, resources)},
        )
        self._resources = resources
        self.node.add_validation(self)
        # All of the policy on this resource is the provider's own. What an app adds is in another resource.
        acknowledge(
            self,
            cdk_nag_2={
                "AwsSolutions-IAM5": "Connect and CloudFormation make the ids of numbers, stacks, flows and log "
                "streams only at deployment. Each call that changes a number is bound to the provider by a tag."
            },
        )

    @contextmanager
    def closed_to_additions(self) -> Generator[None, None, None]:
        """Add nothing to the policy in the meantime, because what the CDK adds for the function is in it already."""
        self._is_closed = True
        try:
            yield
        finally:
            self._is_closed = False

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the role's permissions, in a policy of its own."""
        if self._is_closed:
            return iam.AddToPrincipalPolicyResult(statement_added=True, policy_dependable=DependencyGroup())
        return super().add_to_principal_policy(statement)

    def validate(self) -> list[str]:
        """Acknowledge the wildcards. Only now do references to other stacks look as they do in the template."""
        Validations.of(self).acknowledge(*_acknowledgments(Stack.of(self), self._resources))
        return []


def policy_document(stack: Stack, resources: ProviderResources) -> iam.PolicyDocument:
    """Return all permissions of the function's role."""
    arns = _Arns(stack, resources)
    return iam.PolicyDocument(
        statements=[
            *_phone_number_statements(arns, resources.provider_id, allow_adoption=resources.allow_adoption),
            *_infrastructure_statements(stack, arns, resources),
        ]
    )


def wildcards(stack: Stack, resources: ProviderResources) -> Mapping[str, str]:
    """Return every resource with a wildcard in the policy, with the reason why it cannot be narrower."""
    arns = _Arns(stack, resources)
    reasons = {
        arns.phone_numbers: "Connect makes a number's id when it claims it. Each call that changes "
        "a number is bound to the provider by a tag.",
        arns.stacks: "One provider serves all stacks of the account and Region. The calls read and change nothing.",
        arns.log_streams: "Lambda names the streams of the function's own log group.",
    }
    if resources.target_arns is None:
        for arn in arns.targets.all:
            reasons[arn] = (
                "One provider serves all stacks of the account and Region, whichever instance they name. "
                "The number in the same call is bound to the provider by its tag."
            )
    if arns.targets.instances:
        reasons[arns.source_numbers] = (
            "Which number is to be imported is known only at deployment. The call reads and changes nothing."
        )
    for arn in arns.targets.contact_flows:
        reasons[arn] = (
            "Which flow takes a number's calls is known only at deployment. "
            "The number in the same call is bound to the provider by its tag."
        )
    if resources.stack_name_prefix:
        reasons[arns.own_stacks] = "Which stacks will have numbers is not known. The calls read and change nothing."
    everything: list[str] = []
    if resources.tracing:
        everything.append("X-Ray's actions know no narrower resource.")
    if resources.network is not None:
        for arn in (arns.network_interfaces, *arns.subnets, *arns.security_groups):
            reasons[arn] = (
                "Lambda names the network interfaces of the function, and a shared VPC belongs to another account. "
                "The function's code itself cannot make the calls."
            )
        everything.append("EC2's actions that describe know no narrower resource.")
    if everything:
        reasons["*"] = " ".join(everything)
    return reasons


class _Arns:
    """ARNs of the policy's resources in the stack's account and Region."""

    def __init__(self, stack: Stack, resources: ProviderResources) -> None:
        def all_of(service: str, resource: str, name: str = "*") -> str:
            return stack.format_arn(service=service, resource=resource, resource_name=name)

        self.phone_numbers = all_of("connect", "phone-number")
        self.targets = (
            ServedTargets(
                instances=[all_of("connect", "instance")],
                groups=[all_of("connect", "traffic-distribution-group")],
            )
            if resources.target_arns is None
            else served_targets(resources.target_arns)
        )
        self.source_numbers = all_of("sms-voice", "phone-number")
        self.quota = all_of("servicequotas", contract.QUOTA_SERVICE, contract.PHONE_NUMBERS_QUOTA)
        self.stacks = all_of("cloudformation", "stack", "*/*")
        self.own_stacks = all_of("cloudformation", "stack", f"{resources.stack_name_prefix}*/*")
        self.network_interfaces = all_of("ec2", "network-interface")
        network = resources.network
        subnet_ids = () if network is None else network.subnet_ids
        security_group_ids = () if network is None else network.security_group_ids
        self.subnets = [_of_any_account(stack, "subnet", id) for id in subnet_ids]
        self.security_groups = [_of_any_account(stack, "security-group", id) for id in security_group_ids]
        self.log_streams = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{resources.log_group.log_group_name}:log-stream:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


def _of_any_account(stack: Stack, resource: str, id: str) -> str:
    """Return the ARN of a part of a VPC, which may be shared by another account. Its id is unique in AWS."""
    return stack.format_arn(service="ec2", account="*", resource=resource, resource_name=id)


def _phone_number_statements(arns: _Arns, provider_id: str, *, allow_adoption: bool) -> Iterator[iam.PolicyStatement]:
    owned = {"StringEquals": {_RESOURCE_TAG: provider_id}}
    becomes_owned = {"StringEquals": {_REQUEST_TAG: provider_id}}
    not_of_another = {"StringEqualsIfExists": {_RESOURCE_TAG: provider_id}}

    yield _allow(
        "FindNumbers",
        ["connect:SearchAvailablePhoneNumbers", "connect:ListPhoneNumbersV2"],
        [arns.phone_numbers],
    )
    # No condition, so that the function can see that a number is not its own.
    yield _allow(
        "ReadNumbers",
        ["connect:DescribePhoneNumber", "connect:BatchGetFlowAssociation"],
        [arns.phone_numbers],
    )
    yield _allow(
        "ClaimNumbers",
        ["connect:ClaimPhoneNumber"],
        [arns.phone_numbers, *arns.targets.all],
        becomes_owned,
    )
    if arns.targets.groups:
        yield _allow("ReadGroups", ["connect:DescribeTrafficDistributionGroup"], arns.targets.groups)
    if arns.targets.instances:
        yield _allow(
            "ImportNumbers",
            ["connect:ImportPhoneNumber"],
            [arns.phone_numbers, *arns.targets.instances],
            becomes_owned,
        )
        yield _allow("ReadImportedNumbers", ["sms-voice:DescribePhoneNumbers"], [arns.source_numbers])
        # The call has two resources. The statement below binds the number by its tag.
        yield _allow(
            "ConnectOwnNumbersToFlows", ["connect:AssociatePhoneNumberContactFlow"], arns.targets.contact_flows
        )
    # As above, the number is bound by its tag below.
    yield _allow("MoveOwnNumbers", ["connect:UpdatePhoneNumber"], arns.targets.all)
    yield _allow(
        "ChangeOwnNumbers",
        [
            "connect:ReleasePhoneNumber",
            "connect:UpdatePhoneNumber",
            "connect:UpdatePhoneNumberMetadata",
            "connect:AssociatePhoneNumberContactFlow",
            "connect:DisassociatePhoneNumberContactFlow",
        ],
        [arns.phone_numbers],
        owned,
    )
    if allow_adoption:
        # The tags must name this provider, so a number cannot be transferred to another one. The check that no
        # other provider's tag is on the number applies only if Connect supplies the number's tags to IAM.
        yield _allow("TagNumbers", ["connect:TagResource"], [arns.phone_numbers], {**becomes_owned, **not_of_another})
        yield _allow("UntagNumbers", ["connect:UntagResource"], [arns.phone_numbers], not_of_another)
        return
    stays_owned = {"StringEquals": {_REQUEST_TAG: provider_id, _RESOURCE_TAG: provider_id}}
    yield _allow("TagOwnNumbers", ["connect:TagResource"], [arns.phone_numbers], stays_owned)
    # ForAllValues alone would also allow a call without keys.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    not_the_ownership = {
        "ForAllValues:StringNotEquals": {"aws:TagKeys": list(contract.OWNERSHIP_TAGS)},
        "Null": {"aws:TagKeys": "false"},
    }
    yield _allow(
        "UntagNumbers", ["connect:UntagResource"], [arns.phone_numbers], {**not_of_another, **not_the_ownership}
    )


def _infrastructure_statements(
    stack: Stack, arns: _Arns, resources: ProviderResources
) -> Iterator[iam.PolicyStatement]:
    yield _allow(
        "KeepLedger",
        [
            "dynamodb:GetItem",
            "dynamodb:Scan",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        ],
        [resources.ledger.table_arn],
    )
    yield _allow("FindDueWork", ["dynamodb:Query"], [f"{resources.ledger.table_arn}/index/{contract.DUE_INDEX}"])
    yield from _stack_statements(arns, resources)
    yield _allow(
        "WriteLogs",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [arns.log_streams],
    )
    yield _allow(
        "HandleFailures",
        [
            "sqs:SendMessage",
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        ],
        [resources.failures.queue_arn],
    )
    if resources.asks_for_quota:
        yield _allow("ReadQuota", ["servicequotas:GetServiceQuota"], [arns.quota])
    if resources.encryption_key is not None:
        services = [f"{name}.{stack.region}.{stack.url_suffix}" for name in ("dynamodb", "sqs")]
        yield _allow(
            "UseKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            [resources.encryption_key.key_arn],
            {"StringEquals": {"kms:ViaService": services}},
        )
    if resources.environment_encryption is not None:
        yield _allow(
            "ReadEnvironment",
            ["kms:Decrypt"],
            [resources.environment_encryption.key_arn],
            {"StringEquals": {"kms:ViaService": f"lambda.{stack.region}.{stack.url_suffix}"}},
        )
    if resources.tracing:
        yield _allow("Trace", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"])
    if resources.network is not None:
        yield from _network_statements(arns)


def _stack_statements(arns: _Arns, resources: ProviderResources) -> Iterator[iam.PolicyStatement]:
    asked_by_name = [
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStackResource",
        "cloudformation:DescribeStacks",
    ]
    # The second one is for a stack with more resources than the first one describes.
    asked_by_number = ["cloudformation:DescribeStackResources", "cloudformation:ListStackResources"]
    if not resources.stack_name_prefix:
        yield _allow("AskAboutStacks", sorted([*asked_by_name, *asked_by_number]), [arns.stacks])
        return
    yield _allow("AskAboutStacks", asked_by_name, [arns.own_stacks])
    # The call names a number and no stack: it asks whether any stack of the account has the number.
    yield _allow("AskWhoHasANumber", asked_by_number, [arns.stacks])


def _network_statements(arns: _Arns) -> Iterator[iam.PolicyStatement]:
    """Let Lambda, and not the function's code, connect the function to its VPC.

    The actions are those of the AWS managed policy AWSLambdaVPCAccessExecutionRole:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    # Calls of the function's code have this key, and those of Lambda itself do not.
    # https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    not_by_the_code = {"Null": {"lambda:SourceFunctionArn": "true"}}
    yield _allow("SeeNetwork", ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], ["*"], not_by_the_code)
    yield _allow(
        "ConnectToNetwork",
        ["ec2:CreateNetworkInterface"],
        [arns.network_interfaces, *arns.subnets, *arns.security_groups],
        not_by_the_code,
    )
    yield _allow(
        "DisconnectFromNetwork",
        ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"],
        [arns.network_interfaces],
        not_by_the_code,
    )


def _allow(
    sid: str,
    actions: Sequence[str],
    arns: Sequence[str],
    conditions: Mapping[str, object] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=actions, resources=arns, conditions=conditions)


def _acknowledgments(stack: Stack, resources: ProviderResources) -> Iterator[Acknowledgment]:
    for arn, reason in wildcards(stack, resources).items():
        finding = f"AwsSolutions::AwsSolutions-IAM5[Resource::{as_cdk_nag_shows(stack, arn)}]"
        yield Acknowledgment(id=finding, reason=reason)


def as_cdk_nag_shows(stack: Stack, arn: str) -> str:
    """Return ``arn`` with ``<name>`` for each reference, as in the ids of cdk-nag's findings."""
    return _flat(stack.resolve(arn))


def _flat(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": exported}:
            return _flat(exported)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
