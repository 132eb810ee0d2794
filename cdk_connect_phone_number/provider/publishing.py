"""Deploys a provider before the stacks of its app that find it by its SSM parameter.

CloudFormation reads a stack's parameters before it does anything else, so the first deployment of such a stack fails as
long as there is no provider. A reference to the provider itself makes the CDK deploy the stacks in the right order. A
parameter's name does not, because it usually belongs to another app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import Annotations, Stack, Stage
from constructs import IConstruct

from ..function_code import contract
from ..properties import root_of, stack_of


@dataclass(frozen=True)
class _Use:
    """A provider that publishes its service token, or a scope that reads it."""

    scope: IConstruct
    parameter_name: str


# Kept until the process ends: see ``defaults``.
_PUBLISHED: Final[dict[IConstruct, list[_Use]]] = {}
_READ: Final[dict[IConstruct, list[_Use]]] = {}


def publish(provider: IConstruct, parameter_name: str) -> None:
    """Deploy a provider's stack before the stacks of its app that read the parameter, whichever was defined first."""
    _add(_Use(provider, parameter_name), _PUBLISHED)
    for reader in _of_same_app(provider, parameter_name, _READ):
        _order(reader, provider, parameter_name)


def read(scope: IConstruct, parameter_name: str) -> None:
    """Deploy the stack of a scope after the provider of its app that publishes the parameter, if there is one."""
    _add(_Use(scope, parameter_name), _READ)
    for provider in _of_same_app(scope, parameter_name, _PUBLISHED):
        _order(scope, provider, parameter_name)


def _add(use: _Use, uses: dict[IConstruct, list[_Use]]) -> None:
    uses.setdefault(use.scope.node.root, []).append(use)


def _of_same_app(scope: IConstruct, parameter_name: str, uses: dict[IConstruct, list[_Use]]) -> list[IConstruct]:
    return [use.scope for use in uses.get(scope.node.root, []) if use.parameter_name == parameter_name]


def _order(scope: IConstruct, provider: IConstruct, parameter_name: str) -> None:
    reading, publishing = root_of(stack_of(scope)), root_of(stack_of(provider))
    if reading is publishing:
        Annotations.of(scope).add_warning_v2(
            contract.TAG_PREFIX + "own-parameter",
            f"the provider {provider.node.path} of this same stack publishes the parameter {parameter_name}. "
            "CloudFormation reads parameters before it creates anything, so the first deployment fails. Give the "
            "numbers the provider itself, not from_ssm_parameter.",
        )
    # Another account or Region has a parameter of its own. A pipeline orders its stages itself.
    elif reading.environment == publishing.environment and _stage_of(reading) == _stage_of(publishing):
        reading.add_dependency(publishing, f"reads the parameter {parameter_name}")


def _stage_of(stack: Stack) -> str:
    stage = Stage.of(stack)
    return "" if stage is None else stage.node.path
