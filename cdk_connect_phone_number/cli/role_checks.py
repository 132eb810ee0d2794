"""What the role of a provider's function must be allowed, and what it must not: asked of IAM's policy simulator.

A test compares each case with the policy that ``PhoneNumberProvider`` writes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .checks import NotRead, Result, ask, ok, problem
from .function_code import contract, rules
from .places import Place
from .providers import Provider

RESOURCE_TAG: Final = f"aws:ResourceTag/{contract.PROVIDER_TAG}"
REQUEST_TAG: Final = f"aws:RequestTag/{contract.PROVIDER_TAG}"
TAG_KEYS: Final = "aws:TagKeys"
_ID: Final = "00000000-0000-4000-8000-000000000000"
"""Of a number, a target or a stack that does not exist. The simulator compares only the text."""
_ANOTHER: Final = "another-provider"
_SHOWN: Final = 3

_CHANGES: Final = (
    "connect:AssociatePhoneNumberContactFlow",
    "connect:DisassociatePhoneNumberContactFlow",
    "connect:ReleasePhoneNumber",
    "connect:UpdatePhoneNumber",
    "connect:UpdatePhoneNumberMetadata",
)
_TABLE: Final = ("DeleteItem", "GetItem", "PutItem", "Scan", "UpdateItem")
_QUEUE: Final = ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage", "SendMessage")
_STACKS: Final = (
    "DescribeStackEvents",
    "DescribeStackResource",
    "DescribeStackResources",
    "DescribeStacks",
    "ListStackResources",
)


@dataclass(frozen=True)
class Case:
    """Calls that the role must be allowed, or must not.

    Parameters
    ----------
    what
        The resource, for a person: what the calls are about.
    context
        The values of condition keys.
    """

    is_allowed: bool
    what: str
    actions: Sequence[str]
    resource: str
    context: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


def check_role(place: Place, provider: Provider, role_arn: str, queue_arn: str, log_group_name: str) -> Result:
    """Simulate the role's permissions.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    _ensure_conditions_count(place, provider)
    wrong: list[str] = []
    count = 0
    for case in cases(provider, role_arn, queue_arn, log_group_name):
        decisions = _simulate(place, role_arn, case)
        count += len(decisions)
        refused = sorted(action for action, decision in decisions.items() if (decision == "allowed") != case.is_allowed)
        if refused:
            wrong.append(f"{'not ' if case.is_allowed else ''}allowed {', '.join(refused)} on {case.what}")
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        return problem(
            f"The role is {'; '.join(wrong[:_SHOWN])}{more}. Look for policies that were added to {role_arn}, for a "
            "permissions boundary and for service control policies, or deploy the provider again."
        )
    return ok(f"The role may do what it must, and nothing else that was tried: {count} calls simulated.")


def cases(provider: Provider, role_arn: str, queue_arn: str, log_group_name: str) -> Iterator[Case]:
    """Return what the role of a provider must be allowed, and what it must not.

    Parameters
    ----------
    queue_arn
        The ARN of its on-failure queue. Empty if it has none.
    """
    arns = _Arns(provider, log_group_name)
    own, other = [provider.id], [_ANOTHER]
    told = provider.configuration
    yield Case(True, "a number of the provider", _CHANGES, arns.number, {RESOURCE_TAG: own})
    yield Case(False, "a number without the provider's tag", _CHANGES, arns.number)
    yield Case(False, "a number of another provider", _CHANGES, arns.number, {RESOURCE_TAG: other})
    found = ("BatchGetFlowAssociation", "DescribePhoneNumber", "ListPhoneNumbersV2", "SearchAvailablePhoneNumbers")
    yield Case(True, "any number", [f"connect:{name}" for name in found], arns.number)
    claim = ["connect:ClaimPhoneNumber"]
    for resource in (arns.number, arns.target):
        yield Case(True, "a number that gets the provider's tag", claim, resource, {REQUEST_TAG: own})
        yield Case(False, "a number that gets no tag", claim, resource)
        yield Case(False, "a number that gets another provider's tag", claim, resource, {REQUEST_TAG: other})
    if arns.instance:
        imports = ["connect:ImportPhoneNumber"]
        yield Case(True, "a number that gets the provider's tag", imports, arns.instance, {REQUEST_TAG: own})
        yield Case(False, "a number that gets no tag", imports, arns.instance)
    yield from _tagging(arns.number, own, other, allow_adoption=told.allow_adoption)
    yield Case(True, "the ledger", [f"dynamodb:{name}" for name in _TABLE], arns.table)
    yield Case(True, "the ledger's index", ["dynamodb:Query"], f"{arns.table}/index/{contract.DUE_INDEX}")
    yield Case(False, "the ledger", ["dynamodb:DeleteTable", "dynamodb:UpdateTable"], arns.table)
    yield Case(True, "a stack", [f"cloudformation:{name}" for name in _STACKS], arns.stack)
    yield Case(False, "a stack", ["cloudformation:DeleteStack", "cloudformation:UpdateStack"], arns.stack)
    yield Case(True, "its log", ["logs:CreateLogStream", "logs:PutLogEvents"], arns.log_stream)
    if queue_arn:
        yield Case(True, "its queue", [f"sqs:{name}" for name in _QUEUE], queue_arn)
    if told.budget.quota is None:
        yield Case(True, "the quota", ["servicequotas:GetServiceQuota"], arns.quota)
    yield Case(False, "its own role", ["iam:AttachRolePolicy", "iam:PassRole", "iam:PutRolePolicy"], role_arn)
    yield Case(False, "its own function", ["lambda:InvokeFunction", "lambda:UpdateFunctionCode"], provider.arn)


def _tagging(number: str, own: Sequence[str], other: Sequence[str], *, allow_adoption: bool) -> Iterator[Case]:
    tag, untag = ["connect:TagResource"], ["connect:UntagResource"]
    both = {REQUEST_TAG: own, RESOURCE_TAG: own}
    yield Case(True, "a number of the provider", tag, number, both)
    yield Case(False, "a number, without the provider's tag", tag, number)
    yield Case(False, "a number of another provider", tag, number, {REQUEST_TAG: own, RESOURCE_TAG: other})
    yield Case(False, "a number, with another provider's tag", tag, number, {REQUEST_TAG: other})
    yield Case(allow_adoption, "a number that nobody has", tag, number, {REQUEST_TAG: own})
    yield Case(True, "a number of the provider", untag, number, {RESOURCE_TAG: own, TAG_KEYS: ["team"]})
    yield Case(False, "a number of another provider", untag, number, {RESOURCE_TAG: other, TAG_KEYS: ["team"]})
    ownership = {RESOURCE_TAG: own, TAG_KEYS: list(contract.OWNERSHIP_TAGS)}
    yield Case(allow_adoption, "a number of the provider, for the tags that say so", untag, number, ownership)


class _Arns:
    """ARNs of what a provider works with."""

    def __init__(self, provider: Provider, log_group_name: str) -> None:
        _, partition, _, region, account, *_ = provider.arn.split(":")
        told = provider.configuration

        def arn(service: str, resource: str) -> str:
            return f"arn:{partition}:{service}:{region}:{account}:{resource}"

        targets = told.target_arns or (arn("connect", f"instance/{_ID}"),)
        self.target = targets[0]
        self.instance = next((target for target in targets if rules.instance_id_of(target)), "")
        self.number = arn("connect", f"phone-number/{_ID}")
        self.table = arn("dynamodb", f"table/{told.ledger_table_name}")
        self.stack = arn("cloudformation", f"stack/{told.stack_name_prefix or 'any'}/{_ID}")
        self.log_stream = arn("logs", f"log-group:{log_group_name}:log-stream:any")
        self.quota = arn("servicequotas", f"{contract.QUOTA_SERVICE}/{contract.PHONE_NUMBERS_QUOTA}")


def _ensure_conditions_count(place: Place, provider: Provider) -> None:
    """Ensure that the simulator minds conditions. That of a local AWS may not.

    Raises
    ------
    NotRead
        It does not, so what it says of the role means nothing.
    """
    number = _Arns(provider, "").number
    statement = {
        "Effect": "Allow",
        "Action": "connect:ReleasePhoneNumber",
        "Resource": "*",
        "Condition": {"StringEquals": {RESOURCE_TAG: provider.id}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for tag, expected in ((provider.id, True), (_ANOTHER, False)):
        simulated = ask(
            place,
            "iam",
            "simulate_custom_policy",
            PolicyInputList=[policy],
            ActionNames=["connect:ReleasePhoneNumber"],
            ResourceArns=[number],
            ContextEntries=_entries({RESOURCE_TAG: [tag]}),
        )["EvaluationResults"]
        if any((result["EvalDecision"] == "allowed") != expected for result in simulated):
            raise NotRead("IAM's policy simulator does not mind conditions here, as in a local AWS.")


def _simulate(place: Place, role_arn: str, case: Case) -> dict[str, str]:
    """Return the decision about each action of a case."""
    simulated = ask(
        place,
        "iam",
        "simulate_principal_policy",
        PolicySourceArn=role_arn,
        ActionNames=list(case.actions),
        ResourceArns=[case.resource],
        ContextEntries=_entries(case.context),
    )["EvaluationResults"]
    return {result["EvalActionName"]: result["EvalDecision"] for result in simulated}


def _entries(context: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [
        {
            "ContextKeyName": key,
            "ContextKeyValues": list(values),
            "ContextKeyType": "stringList" if key == TAG_KEYS else "string",
        }
        for key, values in context.items()
    ]
