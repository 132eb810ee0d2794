"""A ledger store in memory that behaves as DynamoDB does, many times faster.

``test_stores.py`` runs the same tests against this one and against ``DynamoDBStore``.
"""

import marshal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from lambda_handlers.connect_phone_number.ledger.store import Conflict, IndexPage, Item, Key, ScanPage, Write

_MAX_WRITES: Final = 100
_PAGE: Final = 50
_WITHOUT_REFERENCES: Final = 2
"""The version of marshal's format in which equal items are equal bytes."""


@dataclass(frozen=True)
class _Stored:
    body: bytes
    version: int
    due: str | None
    due_at: int
    expires_at: int | None


class MemoryStore:
    """Items by key, kept as bytes: what is handed out is a copy, and equal contents can be told by a hash.

    Parameters
    ----------
    now
        Returns the time in seconds.
    index_lag_seconds
        For how long the index does not know of a write, in seconds: twice as long for one item as for another, so that
        it never shows one moment of the table. Default 0.
    expires
        Whether items are gone once their ``expires_at`` has passed; DynamoDB takes days at times. Default ``True``.
    """

    def __init__(self, now: Callable[[], float], index_lag_seconds: float = 0.0, *, expires: bool = True) -> None:
        self._now = now
        self._index_lag_seconds = index_lag_seconds
        self._expires = expires
        self._items: dict[Key, _Stored] = {}
        self._index: dict[Key, tuple[str, int]] = {}
        self._not_indexed_yet: list[tuple[float, Key, tuple[str, int] | None]] = []

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        stored = self._items.get(key)
        if stored is not None and stored.expires_at is not None and self._expires and stored.expires_at <= self._now():
            # By its own doing: an item that has expired leaves the index, too.
            del self._items[key]
            stored = None
        return None if stored is None else marshal.loads(stored.body)  # noqa: S302 - its own bytes

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return several items as they are at this moment."""
        return [self.get(key) for key in keys]

    def scan_unfinished(self, after: object = None) -> ScanPage:
        """Return a page of all items that have ``due``, in the order of their keys."""
        keys = [key for key, stored in sorted(self._items.items()) if stored.due is not None]
        page, position = _page(keys, after)
        return ScanPage([marshal.loads(self._items[key].body) for key in page], position)  # noqa: S302

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        """Return a page of the keys of the items that are due, oldest first."""
        self._bring_index_up_to_date()
        found = [
            (due_at, key)
            for key, (name, due_at) in self._index.items()
            if name == due and (until is None or due_at <= until)
        ]
        return IndexPage(*_page([key for _, key in sorted(found)], after))

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
            self.get(write.key)
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
            lag = self._index_lag_seconds * (1 + sum(key[1].encode()) % 2)
            self._not_indexed_yet.append((self._now() + lag, key, entry))

    def remove(self, key: Key) -> None:
        """Lose an item, as by somebody's mistake."""
        self._items.pop(key, None)
        self._index.pop(key, None)

    def replace(self, item: Item) -> None:
        """Change an item behind everybody's back."""
        key = (item["pk"], item["sk"])
        self._items[key] = _stored(key, item)

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
    return _Stored(marshal.dumps(item, _WITHOUT_REFERENCES), item["version"], due, due_at, item.get("expires_at"))


def _page(keys: list[Key], after: object) -> tuple[list[Key], object]:
    """Return one page of keys and where the next one begins."""
    start = after if isinstance(after, int) else 0
    end = start + _PAGE
    return keys[start:end], end if end < len(keys) else None


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
