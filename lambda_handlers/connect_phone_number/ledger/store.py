"""What the ledger needs from a database: all-or-nothing writes, each conditional on the version that was read.

This is the only concurrency control of the function. An invocation that bases a decision on an item that has changed in
the meantime gets ``Conflict``, reads again and decides again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .update import Update

Key = tuple[str, str]
"""Partition key and sort key."""

Item = dict[str, Any]
"""Attributes of an item: strings, integers, booleans, and lists and maps of them."""


class Conflict(Exception):
    """An item has changed since it was read. Nothing was written."""


class StoreUnavailable(Exception):
    """The database did not respond, or is throttled. A write may have taken effect nevertheless."""


class StoreBusy(StoreUnavailable):
    """Another transaction has an item at this moment. Nothing was written."""


class InvalidChange(Exception):
    """An item that was to be changed in place is not what it should be. Nothing was written."""


@dataclass(frozen=True)
class Write:
    """Put ``item``, or delete it if ``None``, provided that the stored version is ``expected_version`` (0: no item).

    If ``expected_claim_id`` is given, the stored item must have this ``claim_id``, too.
    """

    key: Key
    item: Item | None
    expected_version: int
    expected_claim_id: str = ""


@dataclass(frozen=True)
class Change:
    """Change an item in place, provided that the update's condition holds."""

    key: Key
    update: "Update"


@dataclass(frozen=True)
class IndexPage:
    """Some keys of an index, and where the next page begins (``None`` after the last page)."""

    keys: list[Key]
    next_position: object = None


@dataclass(frozen=True)
class ScanPage:
    """Some items of the table, and where the next page begins (``None`` after the last page)."""

    items: list[Item]
    next_position: object = None


class Store(Protocol):
    """The database behind the ledger."""

    def get(self, key: Key) -> Item | None:
        """Return an item with a strongly consistent read."""
        ...

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return several items as they were at one moment, with no write in between.

        A query does not promise that. It may return some items from before a transaction and others from after it.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
        """
        ...

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        """Return keys of items with this ``due`` and with a ``due_at`` that is not later than ``until``.

        The oldest come first. The index is eventually consistent, so read the item itself before acting on it.
        ``after`` is the ``next_position`` of the previous page.
        """
        ...

    def scan(self, after: object = None) -> ScanPage:
        """Return all items in the table, with a strongly consistent read.

        This is slow, but no index can lag behind.
        """
        ...

    def write(self, writes: Sequence[Write | Change]) -> None:
        """Perform all writes, or perform none and raise ``Conflict`` or ``InvalidChange``."""
        ...

    def update(self, key: Key, update: "Update") -> Item | None:
        """Change an item in place and return it; return ``None`` where the update's condition does not hold."""
        ...
