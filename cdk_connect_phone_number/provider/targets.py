"""The instances, traffic distribution groups and stacks that a provider serves if it does not serve all of them.

A target that is a token can be either one, so it is included in both.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import Stack, Token
from constructs import IConstruct

from ..function_code import rules
from ..properties import known, refuse, text

_STACK_NAME_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
"""The beginning of a stack's name.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""


@dataclass(frozen=True, kw_only=True)
class ServedTargets:
    """The targets to which the provider's permissions are narrowed."""

    instances: Sequence[str]
    groups: Sequence[str]

    @property
    def all(self) -> Sequence[str]:
        """The instances and groups, each once."""
        return list(dict.fromkeys([*self.instances, *self.groups]))

    @property
    def contact_flows(self) -> Sequence[str]:
        """The flows of the instances."""
        return [f"{arn}/contact-flow/*" for arn in self.instances]


def served_targets(target_arns: Sequence[str]) -> ServedTargets:
    """Sort targets that ``check_target_arns`` accepts into instances and groups."""
    return ServedTargets(
        instances=[arn for arn in target_arns if known(arn) is None or rules.instance_id_of(arn) is not None],
        groups=[arn for arn in target_arns if known(arn) is None or rules.instance_id_of(arn) is None],
    )


def check_target_arns(scope: IConstruct, target_arns: Sequence[str]) -> None:
    """Refuse targets that no number can have, as far as synth knows their values.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if Token.is_unresolved(list(target_arns)):
        refuse(
            scope,
            "target_arns is a list that only CloudFormation knows. Give a list of ARNs: each of them may be a token.",
        )
    if not target_arns:
        refuse(
            scope,
            "target_arns is empty, so the provider could claim nothing. Name the instances and traffic distribution "
            "groups that it is to serve, or leave target_arns out: then it serves all of its account and Region.",
        )
    region = known(Stack.of(scope).region)
    for index, target_arn in enumerate(target_arns):
        name = f"target_arns[{index}]"
        literal = known(text(scope, name, target_arn))
        if literal is not None and (problem := rules.check_target_arn(literal, region)):
            refuse(scope, f"{name} {problem}")


def check_stack_name_prefix(scope: IConstruct, prefix: str) -> None:
    """Refuse a prefix with which no stack's name can begin, or that would be a pattern in a policy.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if known(prefix) is None:
        refuse(scope, "stack_name_prefix must be known at synth, but is a token. Give the text itself.")
    if not _STACK_NAME_PREFIX.fullmatch(prefix):
        refuse(
            scope,
            f"stack_name_prefix must be the beginning of a stack's name, but is {prefix!r}: a letter, and then "
            "letters, digits and hyphens, at most 128 in all.",
        )
