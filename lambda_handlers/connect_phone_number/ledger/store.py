"""What the ledger needs of a database: all-or-nothing writes, each conditional on the version that was read.

That is the whole concurrency control of this function: whoever decides on the strength of an item that has changed
meanwhile gets ``Conflict``, reads again and decides again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Key = tuple[str, str]
"""Partition key and sort key."""

Item = dict[str, Any]
"""Attributes of an item: strings, integers, booleans, and lists and maps of them."""


class Conflict(Exception):
    """An item is no longer what it was when it was read. Nothing was written."""


class StoreUnavailable(Exception):
    """The database did not answer, or is throttled. A write may have happened all the same."""


@dataclass(frozen=True)
class Write:
    """Put ``item`` (or delete, where it is ``None``) if the stored version is ``expected_version`` (0: no item)."""

    key: Key
    item: Item | None
    expected_version: int


class Store(Protocol):
    """The database behind the ledger."""

    def get(self, key: Key) -> Item | None:
        """Return an item, strongly consistent."""
        ...

    def query(self, partition: str) -> list[Item]:
        """Return all items of a partition, strongly consistent."""
        ...

    def index(self, due: str, until: int | None) -> list[Key]:
        """Return the keys of the items whose ``due`` is this and whose ``due_at`` is not after ``until``.

        Oldest first; eventually consistent: read the item itself before acting on it.
        """
        ...

    def write(self, writes: Sequence[Write]) -> None:
        """Do all writes, or none and raise ``Conflict``."""
        ...
