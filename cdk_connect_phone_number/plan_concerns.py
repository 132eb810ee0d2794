"""The concerns of a plan that a hook or a validation stops for, as the user names them."""

from collections.abc import Sequence
from typing import Final

from constructs import IConstruct

from .function_code import plan

DEFAULT_CONCERNS: Final = ("release", "replace", "budget", "refuse")


def concerns_named(names: Sequence[str]) -> tuple[plan.Concern, ...]:
    """Return the concerns with these names.

    Raises
    ------
    ValueError
        If there is no such concern, or none at all. The message says which there are.
    """
    if isinstance(names, str) or not names:
        raise ValueError(f"fail_on must be a list of {_all()}, but is {names!r}. Use for example ['release'].")
    unknown = [name for name in names if name not in tuple(plan.Concern)]
    if unknown:
        raise ValueError(f"fail_on has {unknown[0]!r}, which is not one of {_all()}.")
    return tuple(plan.Concern(name) for name in dict.fromkeys(names))


def check_concerns(scope: IConstruct, names: Sequence[str]) -> tuple[plan.Concern, ...]:
    """Return the concerns with these names, or stop with the path of the construct that they are for.

    Raises
    ------
    ValueError
        If there is no such concern, or none at all.
    """
    try:
        return concerns_named(names)
    except ValueError as problem:
        raise ValueError(f"{scope.node.path}: {problem}") from None


def _all() -> str:
    return ", ".join(plan.Concern)
