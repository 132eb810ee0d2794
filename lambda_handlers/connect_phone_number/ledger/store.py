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


@dataclass(frozen=True)
class IndexPage:
    """Some keys of an index, and where the next page begins; ``None`` after the last page."""

    keys: list[Key]
    next_position: object = None


@dataclass(frozen=True)
class ScanPage:
    """Some items of the table, and where the next page begins; ``None`` after the last page."""

    items: list[Item]
    next_position: object = None


class Store(Protocol):
    """The database behind the ledger."""

    def get(self, key: Key) -> Item | None:
        """Return an item, strongly consistent."""
        ...

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return several items as they were at one moment: no write comes in between.

        A query does not promise that: it may return some items from before a transaction and others from after it.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
        """
        ...

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        """Return keys of items whose ``due`` is this and whose ``due_at`` is not later than ``until``.

        Oldest first; eventually consistent: read the item itself before acting on it. ``after`` is the
        ``next_position`` of the page before.
        """
        ...

    def scan_unfinished(self, after: object = None) -> ScanPage:
        """Return the items of the whole table that have ``due``, strongly consistent: slow, but no index lags here."""
        ...

    def write(self, writes: Sequence[Write]) -> None:
        """Do all writes, or none and raise ``Conflict``."""
        ...
