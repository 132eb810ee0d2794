"""Which provider is the default of which part of an app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack
from constructs import IConstruct

from ..properties import check_provider, refuse, root_of

if TYPE_CHECKING:
    from ..phone_number_provider import IPhoneNumberProvider


@dataclass(frozen=True)
class _Answer:
    """The default provider of a scope, which its numbers may have already."""

    scopes: Sequence[IConstruct]
    """The scope and its ancestors, the nearest first."""
    provider: IPhoneNumberProvider


# Kept until the process ends, as jsii keeps every construct. If Python dropped a scope that is a key, jsii would make
# another object for it later, and its default would not be found.
_DEFAULTS: Final[dict[IConstruct, IPhoneNumberProvider]] = {}
_ANSWERS: Final[dict[IConstruct, _Answer]] = {}
"""What was answered once, since each look at the tree is a call to another process."""


def set_default(scope: IConstruct, provider: IPhoneNumberProvider) -> None:
    """Make a provider the default of a scope.

    Raises
    ------
    ValueError
        If it is no provider, or if the scope, or a part of it without its own default, has another default already.
    """
    check_provider(scope, provider)
    earlier = _DEFAULTS.get(scope, provider)
    if earlier is not provider:
        refuse(
            scope,
            f"the default provider is {earlier.node.path} already, so it cannot be {provider.node.path}. "
            "Set it once, or give the numbers a provider.",
        )
    for answer in _ANSWERS.values():
        nearest = next((each for each in answer.scopes if each is scope or each in _DEFAULTS), None)
        if nearest is scope and answer.provider is not provider:
            refuse(
                scope,
                f"numbers in {answer.scopes[0].node.path} have the default provider {answer.provider.node.path} "
                f"already, so it cannot be {provider.node.path}. Set the default before the first number is created, "
                "or give the numbers a provider.",
            )
    _DEFAULTS[scope] = provider


def find_default(scope: IConstruct) -> IPhoneNumberProvider | None:
    """Return the default provider of a scope or of its nearest ancestor that has one, or else its earlier answer."""
    if scope in _ANSWERS:
        return _ANSWERS[scope].provider
    scopes = _outwards(scope)
    found = next((_DEFAULTS[each] for each in scopes if each in _DEFAULTS), None)
    if found is not None:
        _ANSWERS[scope] = _Answer(scopes, found)
    return found


def remember(scope: IConstruct, provider: IPhoneNumberProvider) -> None:
    """Answer with this provider for a scope that has no default, from now on."""
    _ANSWERS[scope] = _Answer(_outwards(scope), provider)


def outermost_stack(scope: IConstruct) -> Stack | None:
    """Return the stack that contains a scope and is not nested in another one; ``None`` if there is none."""
    stack = next((each for each in _outwards(scope) if isinstance(each, Stack)), None)
    return None if stack is None else root_of(stack)


def _outwards(scope: IConstruct) -> Sequence[IConstruct]:
    return scope.node.scopes[::-1]
