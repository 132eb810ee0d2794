"""Which provider is the default of which part of an app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Stack
from constructs import IConstruct

from ..properties import refuse, root_of

if TYPE_CHECKING:
    from ..phone_number_provider import IPhoneNumberProvider

# Kept until the process ends, as jsii keeps every construct. If Python dropped a scope that is a key, jsii would make
# another object for it later, and its default would not be found.
_DEFAULTS: Final[dict[IConstruct, IPhoneNumberProvider]] = {}


def set_default(scope: IConstruct, provider: IPhoneNumberProvider) -> None:
    """Make a provider the default of a scope.

    Raises
    ------
    ValueError
        If the scope has another default already.
    """
    earlier = _DEFAULTS.setdefault(scope, provider)
    if earlier is not provider:
        refuse(
            scope,
            f"the default provider is {earlier.node.path} already, so it cannot be {provider.node.path}. "
            "Set it once, or give the numbers a provider.",
        )


def nearest_default(scope: IConstruct) -> IPhoneNumberProvider | None:
    """Return the default provider of a scope or of its nearest ancestor that has one."""
    # Each look at the tree is a call to another process.
    scopes = reversed(scope.node.scopes) if _DEFAULTS else ()
    return next((_DEFAULTS[each] for each in scopes if each in _DEFAULTS), None)


def outermost_stack(scope: IConstruct) -> Stack | None:
    """Return the stack that contains a scope and is not nested in another one; ``None`` if there is none."""
    stack = next((each for each in reversed(scope.node.scopes) if isinstance(each, Stack)), None)
    return None if stack is None else root_of(stack)
