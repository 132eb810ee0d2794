"""A ledger store in memory that behaves as DynamoDB does, but is many times faster.

``test_memory_store.py`` runs the same tests against this store and ``DynamoDBStore``.
"""

import marshal
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, cast

from lambda_handlers.connect_phone_number.ledger.store import (
    Change,
    Conflict,
    IndexPage,
    InvalidChange,
    Item,
    Key,
    ScanPage,
    Write,
)
from lambda_handlers.connect_phone_number.ledger.update import Update

_MAX_WRITES: Final = 100
_PAGE: Final = 50
_PLAIN: Final = frozenset({str, int, bool})
"""The types of single values."""
_WITHOUT_REFERENCES: Final = 2
"""The version of marshal's format that turns equal items into equal bytes."""


class _Stored(NamedTuple):
    body: bytes
    version: int
    due: str | None
    due_at: int
    expires_at: int | None
    state: str | None


class MemoryStore:
    """Items by key, stored as bytes, so that callers get copies and a hash identifies equal contents.

    Parameters
    ----------
    now
        Returns the time in seconds.
    index_lag_seconds
        How long the index does not show a write, in seconds. The lag of some items is twice that of others, so the
        index never shows the table at one single moment. Default 0.
    expires
        Whether items disappear once ``expires_at`` has passed. DynamoDB sometimes takes days. Default ``True``.
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
        stored = self._present(key)
        return None if stored is None else marshal.loads(stored.body)  # noqa: S302 - the store's own bytes

    def state_of(self, key: Key) -> str | None:
        """Return the attribute ``state`` of an item, ``None`` where there is none, faster than with the whole item."""
        stored = self._present(key)
        return None if stored is None else stored.state

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return several items, all as they are at this moment."""
        return [self.get(key) for key in keys]

    def scan(self, after: object = None) -> ScanPage:
        """Return a page of the items, in the order of their keys."""
        page, position = _page([key for key in sorted(self._items) if self._present(key) is not None], after)
        return ScanPage([marshal.loads(self._items[key].body) for key in page], position)  # noqa: S302

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        """Return a page of the keys of due items, the oldest first."""
        self._bring_index_up_to_date()
        found = [
            (due_at, key)
            for key, (name, due_at) in self._index.items()
            if name == due and (until is None or due_at <= until)
        ]
        return IndexPage(*_page([key for _, key in sorted(found)], after))

    def write(self, writes: Sequence[Write | Change]) -> None:
        """Perform all writes, or perform none and raise ``Conflict``.

        Raises
        ------
        ValueError
            DynamoDB would refuse the writes as invalid.
        """
        if not 1 <= len(writes) <= _MAX_WRITES or len({write.key for write in writes}) < len(writes):
            raise ValueError(f"a transaction takes 1 to {_MAX_WRITES} writes of different items")
        for write in writes:
            if isinstance(write, Change):
                _check_change(write.update, self.get(write.key) or {})
                continue
            stored = self._present(write.key)
            if (stored.version if stored is not None else 0) != write.expected_version:
                raise Conflict
            if write.expected_claim_id and (self.get(write.key) or {}).get("claim_id") != write.expected_claim_id:
                raise Conflict
        prepared = [(write.key, self._prepared(write)) for write in writes]
        for key, item in prepared:
            entry = None
            if item is None:
                self._items.pop(key, None)
            else:
                self._items[key] = item
                entry = None if item.due is None else (item.due, item.due_at)
            lag = self._index_lag_seconds * (1 + sum(key[1].encode()) % 2)
            self._not_indexed_yet.append((self._now() + lag, key, entry))

    def update(self, key: Key, update: Update) -> Item | None:
        """Change an item in place and return it; return ``None`` where the update's condition does not hold."""
        if update.condition is not None and not update.condition.holds_for(self.get(key) or {}):
            return None
        self._items[key] = _stored(key, self._changed(key, update))
        return self.get(key)

    def _present(self, key: Key) -> _Stored | None:
        stored = self._items.get(key)
        if stored is not None and stored.expires_at is not None and self._expires and stored.expires_at <= self._now():
            # The store removes an expired item itself; the item leaves the index, too.
            del self._items[key]
            return None
        return stored

    def _changed(self, key: Key, update: Update) -> Item:
        return {"version": 0, **update.applied_to(self.get(key) or {}), "pk": key[0], "sk": key[1]}

    def _prepared(self, write: Write | Change) -> _Stored | None:
        item = self._changed(write.key, write.update) if isinstance(write, Change) else write.item
        return None if item is None else _stored(write.key, item)

    def remove(self, key: Key) -> None:
        """Lose an item, as if by an operator's mistake."""
        self._items.pop(key, None)
        self._index.pop(key, None)

    def restore(self, items: Sequence[Item]) -> None:
        """Replace all items, as a restored table does."""
        self._items.clear()
        self._index.clear()
        self._not_indexed_yet.clear()
        for item in items:
            self.replace(item)
            if "due" in item:
                self._index[item["pk"], item["sk"]] = (item["due"], item["due_at"])

    def replace(self, item: Item) -> None:
        """Change an item without a regular write."""
        key = (item["pk"], item["sk"])
        self._items[key] = _stored(key, item)

    def next_due_at(self, due: str) -> int | None:
        """Return when the first item is due, or ``None`` if no item is."""
        times = [stored.due_at for stored in self._items.values() if stored.due == due]
        return min(times, default=None)

    def fingerprint(self) -> int:
        """Return a number that is the same for equal contents within this process."""
        return hash(frozenset((key, stored.body) for key, stored in self._items.items()))

    def dump(self) -> list[Item]:
        """Return all items, for debugging."""
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


def _check_change(update: Update, item: Item) -> None:
    try:
        is_met = update.condition is None or update.condition.holds_for(item)
    except TypeError:
        # A comparison of a text with a number does not hold.
        is_met = False
    if not is_met:
        raise Conflict
    try:
        update.applied_to(item)
    except TypeError as error:
        raise InvalidChange from error


def _stored(key: Key, item: Item) -> _Stored:
    _check(item)
    if (item.get("pk"), item.get("sk")) != key or not all(key):
        raise ValueError(f"the item does not have its own key {key}")
    due, due_at = item.get("due"), item.get("due_at", 0)
    if "due" in item and not (isinstance(due, str) and due and type(due_at) is int):
        raise ValueError(f"an index key of {key} has the wrong type")
    body = marshal.dumps(item, _WITHOUT_REFERENCES)
    return _Stored(body, item["version"], due, due_at, item.get("expires_at"), item.get("state"))


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
            if type(member) not in _PLAIN:
                _check(member)
    elif kind is list:
        for member in cast(list[object], value):
            _check(member)
    elif kind not in _PLAIN:
        raise ValueError(f"DynamoDB has no such type in the ledger: {value!r}")
