"""Refuses arguments of a provider that are of another kind than their names say.

Without that, Python takes every text for true, and what the CDK says of a wrong kind names neither the construct nor
the argument.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import IConstruct

from ..properties import check_flag, refuse, refuse_kind
from .budget import PhoneNumberBudget

_FLAGS: Final = ("allow_adoption", "ledger_deletion_protection", "tracing")
_POLICIES: Final = ("ledger_removal_policy", "log_removal_policy")


@dataclass(frozen=True)
class _Kind:
    """A kind of value: instances of a class, or what has an attribute."""

    expected: type[object] | str
    remedy: str


_KEY: Final = _Kind("key_arn", remedy="Use a Key, or Key.from_key_arn.")
_POLICY: Final = _Kind(RemovalPolicy, remedy="Use for example RemovalPolicy.RETAIN.")
_KINDS: Final[Mapping[str, _Kind]] = {
    "budget": _Kind(PhoneNumberBudget, remedy="Use a PhoneNumberBudget."),
    "ledger_removal_policy": _POLICY,
    "log_removal_policy": _POLICY,
    "log_retention": _Kind(logs.RetentionDays, remedy="Use for example RetentionDays.SIX_MONTHS."),
    "encryption_key": _KEY,
    "environment_encryption": _KEY,
    "permissions_boundary": _Kind(
        "managed_policy_arn", remedy="Use a ManagedPolicy, or ManagedPolicy.from_managed_policy_arn."
    ),
    "vpc": _Kind("vpc_id", remedy="Use a Vpc, or Vpc.from_lookup."),
    "vpc_subnets": _Kind(ec2.SubnetSelection, remedy="Use a SubnetSelection."),
    "runtime": _Kind(lambda_.Runtime, remedy="Use for example Runtime.PYTHON_3_14."),
    "architecture": _Kind(lambda_.Architecture, remedy="Use for example Architecture.ARM_64."),
    "alarm_topic": _Kind("topic_arn", remedy="Use a Topic, or Topic.from_topic_arn."),
    "stack_name_prefix": _Kind(str, remedy="Use a string, for example 'support-'."),
    "service_token_parameter_name": _Kind(
        str, remedy="Use a string, for example '/connect-phone-number/service-token'."
    ),
}
"""An interface of the CDK has no class in Python, but an attribute that no other kind of construct has."""
_LISTS: Final = ("target_arns", "security_groups")
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {"memory_size": (128, 10_240)}
"""The least and the greatest that Lambda takes.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""


def check_kinds(scope: IConstruct, given: Mapping[str, object]) -> None:
    """Refuse arguments of the wrong kind. ``None`` stands for an argument that is not given.

    Raises
    ------
    ValueError
        With the construct's path, the argument, its value, and what to do.
    """
    for name, value in given.items():
        if name in _FLAGS:
            check_flag(scope, name, value, takes_token=False)
        if value is None:
            continue
        if name in _KINDS and not _is(value, _KINDS[name].expected):
            refuse_kind(scope, name, value, _KINDS[name].remedy)
        if name in _LISTS and isinstance(value, str):
            refuse(scope, f"{name} must be a list, but is {value!r}. Put it in brackets.")
        if name in _POLICIES and value is RemovalPolicy.SNAPSHOT:
            refuse(
                scope,
                f"{name} must be 'destroy' or 'retain', but is 'snapshot', which neither a DynamoDB table nor a log "
                "group has.",
            )
        if name in _NUMBERS:
            _check_number(scope, name, value, *_NUMBERS[name])


def check_whole_number(scope: IConstruct, name: str, value: object) -> None:
    """Refuse anything but a whole number or a token.

    Raises
    ------
    ValueError
        With the construct's path, the argument, its value, and what to do.
    """
    if Token.is_unresolved(value) or (isinstance(value, int) and not isinstance(value, bool)):
        return
    refuse_kind(scope, name, value, remedy="Use a whole number, without quotes.")


def _is(value: object, expected: type[object] | str) -> bool:
    if isinstance(expected, str):
        return not isinstance(value, type) and hasattr(value, expected)
    return isinstance(value, expected)


def _check_number(scope: IConstruct, name: str, value: object, least: int, greatest: int) -> None:
    check_whole_number(scope, name, value)
    if isinstance(value, int) and not Token.is_unresolved(value) and not least <= value <= greatest:
        refuse(scope, f"{name} must be from {least} to {greatest}, but is {value}.")
