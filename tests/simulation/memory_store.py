"""A ledger store in memory that behaves as DynamoDB does, many times faster.

``test_stores.py`` runs the same tests against this one and against ``DynamoDBStore``.
"""

import marshal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from lambda_handlers.connect_phone_number.ledger.store import Conflict, Item, Key, Write

_MAX_WRITES: Final = 100
_WITHOUT_REFERENCES: Final = 2
"""The version of marshal's format in which equal items are equal bytes."""


@dataclass(frozen=True)
class _Stored:
    body: bytes
    version: int
    due: str | None
    due_at: int


class MemoryStore:
    """Items by key, kept as bytes: what is handed out is a copy, and equal contents can be told by a hash.

    Parameters
    ----------
    now
        Returns the time in seconds.
    index_lag_seconds
        For how long the index does not know of a write, in seconds. Default 0.
    """

    def __init__(self, now: Callable[[], float], index_lag_seconds: float = 0.0) -> None:
        self._now = now
        self._index_lag_seconds = index_lag_seconds
        self._items: dict[Key, _Stored] = {}
        self._index: dict[Key, tuple[str, int]] = {}
        self._not_indexed_yet: list[tuple[float, Key, tuple[str, int] | None]] = []

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        stored = self._items.get(key)
        return None if stored is None else marshal.loads(stored.body)  # noqa: S302 - its own bytes

    def query(self, partition: str) -> list[Item]:
        """Return all items of a partition, in the order of their sort keys."""
        keys = sorted(key for key in self._items if key[0] == partition)
        return [marshal.loads(self._items[key].body) for key in keys]  # noqa: S302

    def index(self, due: str, until: int | None) -> list[Key]:
        """Return the keys of the items that are due, oldest first."""
        self._bring_index_up_to_date()
        found = [
            (due_at, key)
            for key, (name, due_at) in self._index.items()
            if name == due and (until is None or due_at <= until)
        ]
        return [key for _, key in sorted(found)]

    def write(self, writes: Sequence[Write]) -> None:
        """Do all writes, or none and raise ``Conflict``.

        Raises
        ------
        ValueError
            DynamoDB would refuse this as invalid.
        """
        if not 1 <= len(writes) <= _MAX_WRITES or len({write.key for write in writes}) < len(writes):
            raise ValueError(f"a transaction takes 1 to {_MAX_WRITES} writes of different items")
        for write in writes:
            stored = self._items.get(write.key)
            if (stored.version if stored is not None else 0) != write.expected_version:
                raise Conflict
        prepared = [(write.key, None if write.item is None else _stored(write.key, write.item)) for write in writes]
        for key, item in prepared:
            entry = None
            if item is None:
                self._items.pop(key, None)
            else:
                self._items[key] = item
                entry = None if item.due is None else (item.due, item.due_at)
            self._not_indexed_yet.append((self._now() + self._index_lag_seconds, key, entry))

    def next_due_at(self, due: str) -> int | None:
        """Return when the first item is due, or ``None`` where none is."""
        times = [stored.due_at for stored in self._items.values() if stored.due == due]
        return min(times, default=None)

    def fingerprint(self) -> int:
        """Return a number that is the same for the same contents, within this process."""
        return hash(frozenset((key, stored.body) for key, stored in self._items.items()))

    def dump(self) -> list[Item]:
        """Return all items, for a person who looks for a mistake."""
        return [marshal.loads(self._items[key].body) for key in sorted(self._items)]  # noqa: S302

    def _bring_index_up_to_date(self) -> None:
        now = self._now()
        waiting: list[tuple[float, Key, tuple[str, int] | None]] = []
        for known_at, key, entry in self._not_indexed_yet:
            if known_at > now:
                waiting.append((known_at, key, entry))
            elif entry is None:
                self._index.pop(key, None)
            else:
                self._index[key] = entry
        self._not_indexed_yet = waiting


def _stored(key: Key, item: Item) -> _Stored:
    _check(item)
    if (item.get("pk"), item.get("sk")) != key or not all(key):
        raise ValueError(f"the item does not have its own key {key}")
    due, due_at = item.get("due"), item.get("due_at", 0)
    if "due" in item and not (isinstance(due, str) and due and type(due_at) is int):
        raise ValueError(f"an index key of {key} has the wrong type")
    return _Stored(marshal.dumps(item, _WITHOUT_REFERENCES), item["version"], due, due_at)


def _check(value: object) -> None:
    kind = type(value)
    if kind is dict:
        for name, member in cast(dict[object, object], value).items():
            if type(name) is not str:
                raise ValueError(f"the name {name!r} is no string")
            if type(member) not in (str, int, bool):
                _check(member)
    elif kind is list:
        for member in cast(list[object], value):
            _check(member)
    elif kind not in (str, int, bool):
        raise ValueError(f"DynamoDB has no such type in the ledger: {value!r}")
