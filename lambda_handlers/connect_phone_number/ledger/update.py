"""Changes of one item in place: for hints, which many invocations count together without reading first.

A write of the ledger depends on the version that was read, so of a hundred invocations that change one item at once
ninety-nine have to read again. An update is a calculation that the database does by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .store import Item


@dataclass(frozen=True)
class Attribute:
    """The number that an attribute has before the update, or ``default`` where it is absent."""

    name: str
    default: int = 0


Operand = Attribute | int


@dataclass(frozen=True)
class Sum:
    """The sum of two numbers."""

    left: Operand
    right: Operand


class Comparison(StrEnum):
    """How an attribute has to compare with a value."""

    EQUAL = "="
    LESS = "<"
    NOT_LESS = ">="


@dataclass(frozen=True)
class Condition:
    """What has to be true of an item before the update.

    Parameters
    ----------
    holds_if_absent
        Whether the condition holds where the item does not have the attribute.
    """

    name: str
    comparison: Comparison
    value: int
    holds_if_absent: bool = False

    def holds_for(self, item: Item) -> bool:
        """Return whether the condition holds for an item; an empty one stands for an item that does not exist."""
        stored = item.get(self.name)
        if stored is None:
            return self.holds_if_absent
        match self.comparison:
            case Comparison.EQUAL:
                return bool(stored == self.value)
            case Comparison.LESS:
                return bool(stored < self.value)
            case Comparison.NOT_LESS:
                return bool(stored >= self.value)


@dataclass(frozen=True)
class Update:
    """New values of some attributes, if a condition holds. An item that does not exist is created."""

    values: Mapping[str, Operand | Sum]
    condition: Condition | None = None

    def applied_to(self, item: Item) -> Item:
        """Return an item as it is after the update."""
        return {**item, **{name: _value(value, item) for name, value in self.values.items()}}


def _value(value: Operand | Sum, item: Item) -> int:
    match value:
        case Sum(left, right):
            return _value(left, item) + _value(right, item)
        case Attribute(name, default):
            stored = item.get(name, default)
            if not isinstance(stored, int):
                raise TypeError(f"{name} is no number")
            return stored
        case int():
            return value
