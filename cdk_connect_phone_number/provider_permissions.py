"""What the provider's function may do: a second wall behind the function's own checks.

Each call that changes a number is bound to this provider's ownership tag: the number must carry it
(``ResourceTag``), or the call must put it on (``RequestTag``). So not even a fault in the function
could touch a number of another provider, or one claimed by hand. Instances, groups and flows are
matched by wildcard within the account and Region, as one provider serves every stack there.

Which action honours which resource type and condition key:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from .lambda_handlers.connect_phone_number import rules
from .ledger import DUE_INDEX

_RESOURCE_TAG = f"aws:ResourceTag/{rules.PROVIDER_TAG}"
_REQUEST_TAG = f"aws:RequestTag/{rules.PROVIDER_TAG}"


@dataclass(frozen=True, kw_only=True)
class ProviderResources:
    """What the function works with."""

    provider_id: str
    ledger: dynamodb.ITable
    log_group: logs.ILogGroup
    failures: sqs.IQueue
    encryption_key: kms.IKey | None
    tracing: bool


def policy_document(stack: Stack, resources: ProviderResources) -> iam.PolicyDocument:
    """Return all that the function's role allows."""
    arns = _Arns(stack, resources)
    return iam.PolicyDocument(
        statements=[
            *_phone_number_statements(arns, resources.provider_id),
            *_infrastructure_statements(stack, arns, resources),
        ]
    )


def wildcards(stack: Stack, resources: ProviderResources) -> Mapping[str, str]:
    """Return every resource with a wildcard in the policy, and why it cannot be narrower."""
    arns = _Arns(stack, resources)
    one_provider_for_all = (
        "One provider serves all stacks of the account and Region, whichever instance they name. "
        "The number in the same call is bound to the provider by its tag."
    )
    reasons = {
        arns.phone_numbers: "Connect makes a number's id when it claims it. Each call that changes "
        "a number is bound to the provider by a tag.",
        arns.instances: one_provider_for_all,
        arns.groups: one_provider_for_all,
        arns.contact_flows: one_provider_for_all,
        arns.source_numbers: "Which number is to be imported is known only at deployment. "
        "The call reads and changes nothing.",
        arns.stacks: "One provider serves all stacks of the account and Region. The calls read and change nothing.",
        arns.log_streams: "Lambda names the streams of the function's own log group.",
    }
    if resources.tracing:
        reasons["*"] = "X-Ray's actions know no narrower resource."
    return reasons


class _Arns:
    """ARNs of the policy's resources in the stack's account and Region."""

    def __init__(self, stack: Stack, resources: ProviderResources) -> None:
        def all_of(service: str, resource: str, name: str = "*") -> str:
            return stack.format_arn(service=service, resource=resource, resource_name=name)

        self.phone_numbers = all_of("connect", "phone-number")
        self.instances = all_of("connect", "instance")
        self.groups = all_of("connect", "traffic-distribution-group")
        self.contact_flows = all_of("connect", "instance", "*/contact-flow/*")
        self.source_numbers = all_of("sms-voice", "phone-number")
        self.stacks = all_of("cloudformation", "stack", "*/*")
        self.log_streams = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{resources.log_group.log_group_name}:log-stream:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


def _phone_number_statements(arns: _Arns, provider_id: str) -> Iterator[iam.PolicyStatement]:
    owned = {"StringEquals": {_RESOURCE_TAG: provider_id}}
    becomes_owned = {"StringEquals": {_REQUEST_TAG: provider_id}}

    yield _allow(
        "FindNumbers",
        ["connect:SearchAvailablePhoneNumbers", "connect:ListPhoneNumbersV2"],
        [arns.phone_numbers],
    )
    # Without a condition, so that the function sees that a number is not its own.
    yield _allow(
        "ReadNumbers",
        ["connect:DescribePhoneNumber"],
        [arns.phone_numbers],
    )
    yield _allow(
        "ClaimNumbers",
        ["connect:ClaimPhoneNumber"],
        [arns.phone_numbers, arns.instances, arns.groups],
        becomes_owned,
    )
    yield _allow(
        "ImportNumbers",
        ["connect:ImportPhoneNumber"],
        [arns.phone_numbers, arns.instances],
        becomes_owned,
    )
    yield _allow("ReadImportedNumbers", ["sms-voice:DescribePhoneNumbers"], [arns.source_numbers])
    yield _allow(
        "ChangeOwnNumbers",
        [
            "connect:ReleasePhoneNumber",
            "connect:UpdatePhoneNumber",
            "connect:UpdatePhoneNumberMetadata",
            "connect:AssociatePhoneNumberContactFlow",
            "connect:DisassociatePhoneNumberContactFlow",
            "connect:UntagResource",
        ],
        [arns.phone_numbers],
        owned,
    )
    # The new tags may name no other provider: a number cannot be given away.
    yield _allow(
        "TagOwnNumbers",
        ["connect:TagResource"],
        [arns.phone_numbers],
        {**owned, "StringEqualsIfExists": {_REQUEST_TAG: provider_id}},
    )
    # A number that nobody has tagged can be adopted; one of another provider cannot be taken away.
    yield _allow(
        "TagUnownedNumbers",
        ["connect:TagResource"],
        [arns.phone_numbers],
        {**becomes_owned, "Null": {_RESOURCE_TAG: "true"}},
    )
    # These calls name two resources; the number among them is bound by its tag above.
    yield _allow("MoveOwnNumbers", ["connect:UpdatePhoneNumber"], [arns.instances, arns.groups])
    yield _allow(
        "ConnectOwnNumbersToFlows",
        ["connect:AssociatePhoneNumberContactFlow"],
        [arns.contact_flows],
    )


def _infrastructure_statements(
    stack: Stack, arns: _Arns, resources: ProviderResources
) -> Iterator[iam.PolicyStatement]:
    yield _allow(
        "KeepLedger",
        [
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
        ],
        [resources.ledger.table_arn],
    )
    yield _allow("FindDueWork", ["dynamodb:Query"], [f"{resources.ledger.table_arn}/index/{DUE_INDEX}"])
    yield _allow(
        "AskAboutStacks",
        ["cloudformation:DescribeStackResource", "cloudformation:DescribeStacks"],
        [arns.stacks],
    )
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
    if resources.encryption_key is not None:
        services = [f"{name}.{stack.region}.{stack.url_suffix}" for name in ("dynamodb", "sqs")]
        yield _allow(
            "UseKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            [resources.encryption_key.key_arn],
            {"StringEquals": {"kms:ViaService": services}},
        )
    if resources.tracing:
        yield _allow("Trace", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"])


def _allow(
    sid: str,
    actions: Sequence[str],
    arns: Sequence[str],
    conditions: Mapping[str, object] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=actions, resources=arns, conditions=conditions)
