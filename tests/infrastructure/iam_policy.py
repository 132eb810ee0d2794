"""A policy of a template as IAM would read it: which calls it allows, and on what.

Only what the provider's policy uses is known here: Allow statements and four condition operators.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

PSEUDO_PARAMETERS = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "000000000000",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/Stack/uuid",
}
ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:000000000000:table/",
    "AWS::KMS::Key": "arn:aws:kms:us-east-1:000000000000:key/",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:000000000000:",
}


@dataclass(frozen=True)
class Call:
    """A call to an AWS service: one of its resources, and what conditions can ask for.

    Parameters
    ----------
    by_function
        Whether the function's code makes the call, and not Lambda itself with the function's role.
    """

    action: str
    resource: str
    request_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    resource_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    tag_keys: Sequence[str] = ()
    by_function: bool = True

    def values_of(self, condition_key: str) -> Sequence[str]:
        """Return the values of a key in the call: none if the call comes without the key."""
        if condition_key == "aws:TagKeys":
            return [*self.request_tags, *self.tag_keys]
        if condition_key == "lambda:SourceFunctionArn":
            return ["the function"] if self.by_function else []
        kind, _, tag = condition_key.partition("/")
        value = {"aws:RequestTag": self.request_tags, "aws:ResourceTag": self.resource_tags}[kind].get(tag)
        return [] if value is None else [value]


@dataclass(frozen=True)
class Statement:
    """One Allow statement with all intrinsic functions resolved."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, Sequence[str]]]

    def allows(self, call: Call) -> bool:
        return (
            call.action in self.actions
            and any(fnmatchcase(call.resource, pattern) for pattern in self.resources)
            and all(
                _holds(operator, call.values_of(key), value)
                for operator, keys in self.conditions.items()
                for key, value in keys.items()
            )
        )

    def condition_keys(self) -> set[tuple[str, str]]:
        """Return each condition's operator and key."""
        return {(operator, key) for operator, keys in self.conditions.items() for key in keys}


def statements_of(template: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of the template's only role."""
    (role,) = (found for found in template["Resources"].values() if found["Type"] == "AWS::IAM::Role")
    (policy,) = role["Properties"]["Policies"]
    assert "ManagedPolicyArns" not in role["Properties"]
    return [
        Statement(
            sid=statement["Sid"],
            actions=_list(statement["Action"]),
            resources=[resolve(resource, template) for resource in _list(statement["Resource"])],
            conditions={
                operator: {key: [resolve(part, template) for part in _list(value)] for key, value in keys.items()}
                for operator, keys in statement.get("Condition", {}).items()
            },
        )
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def resolve(value: Any, template: Mapping[str, Any]) -> str:
    """Return the text that an intrinsic function stands for, with the logical id as every resource's name."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return PSEUDO_PARAMETERS.get(str(argument), str(argument))
    if function == "Fn::GetAtt":
        return ARNS[template["Resources"][argument[0]]["Type"]] + str(argument[0])
    if function == "Fn::Join":
        return str(argument[0]).join(resolve(part, template) for part in argument[1])
    if function == "Fn::Select":
        index, split = argument
        separator, text = split["Fn::Split"]
        return resolve(text, template).split(str(separator))[int(index)]
    raise NotImplementedError(function)


def covers(pattern: str, arn_format: str) -> bool:
    """Return whether a resource of a policy is one of the form that the service authorization reference gives."""
    parts = re.split(r"\$\{\w+\}", arn_format)
    return re.fullmatch("[^:]+".join(re.escape(part) for part in parts), pattern) is not None


def _holds(operator: str, actual: Sequence[str], expected: Sequence[str]) -> bool:
    match operator:
        case "StringEquals":
            return bool(actual) and set(actual) <= set(expected)
        case "StringEqualsIfExists":
            return set(actual) <= set(expected)
        case "ForAllValues:StringNotEquals":
            return not set(actual) & set(expected)
        case "Null":
            return (not actual) == (expected == ["true"])
        case _:
            pass
    raise NotImplementedError(operator)


def _list(value: str | dict[str, Any] | list[Any]) -> list[Any]:
    return value if isinstance(value, list) else [value]
