"""Type narrowing for data from outside, whose content a type checker does not know."""

from collections.abc import Mapping
from typing import Any, TypeGuard


def as_mapping(value: object) -> Mapping[str, Any] | None:
    """Return ``value`` if it is an object in the JSON sense, else ``None``."""
    return value if _is_mapping(value) else None


def as_list(value: object) -> list[Any] | None:
    """Return ``value`` if it is an array in the JSON sense, else ``None``."""
    return value if _is_list(value) else None


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Return whether ``value`` is a tuple."""
    return isinstance(value, tuple)


def _is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
