"""A copy of a ledger in memory, on which a rehearsal writes."""

from collections.abc import Iterable, Sequence
from copy import deepcopy

from .. import contract
from ..ledger.dynamodb import MAX_TRANSACTION_ITEMS
from ..ledger.store import Change, Conflict, IndexPage, InvalidChange, Item, Key, ScanPage, Store, Write
from ..ledger.update import Update


class SnapshotStore:
    """A store in memory with the items of another one.

    Parameters
    ----------
    items
        The items, as a scan returns them.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items = {_key(item): deepcopy(item) for item in items}

    @classmethod
    def of(cls, store: Store) -> "SnapshotStore":
        """Return a copy of a whole store. It is read page by page, so it may show no single moment."""
        items: list[Item] = []
        position: object = None
        while True:
            page = store.scan(position)
            items += page.items
            position = page.next_position
            if position is None:
                return cls(items)

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        return deepcopy(self._items.get(key))

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return several items."""
        return [self.get(key) for key in keys]

    def having(self, name: str, value: object) -> list[Item]:
        """Return the items that have an attribute with this value. No others are copied."""
        return [deepcopy(item) for item in self._items.values() if item.get(name) == value]

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        """Return all keys of items with this ``due``, the oldest first, on one page."""
        del after
        found = [
            (item.get(contract.DUE_AT, 0), key)
            for key, item in self._items.items()
            if item.get(contract.DUE) == due and (until is None or item.get(contract.DUE_AT, 0) <= until)
        ]
        return IndexPage([key for _, key in sorted(found)])

    def scan(self, after: object = None) -> ScanPage:
        """Return all items on one page."""
        del after
        return ScanPage([deepcopy(self._items[key]) for key in sorted(self._items)])

    def write(self, writes: Sequence[Write | Change]) -> None:
        """Perform all writes, or perform none and raise ``Conflict``.

        Raises
        ------
        ValueError
            DynamoDB would refuse the writes as invalid.
        """
        if not 1 <= len(writes) <= MAX_TRANSACTION_ITEMS or len({write.key for write in writes}) < len(writes):
            raise ValueError(f"a transaction takes 1 to {MAX_TRANSACTION_ITEMS} writes of different items")
        if not all(self._is_met(write) for write in writes):
            raise Conflict
        for key, item in [(write.key, self._written(write)) for write in writes]:
            if item is None:
                self._items.pop(key, None)
            else:
                self._items[key] = item

    def update(self, key: Key, update: Update) -> Item | None:
        """Change an item in place and return it; return ``None`` where the update's condition does not hold."""
        if update.condition is not None and not update.condition.holds_for(self._items.get(key, {})):
            return None
        self._items[key] = self._changed(key, update)
        return self.get(key)

    def _is_met(self, write: Write | Change) -> bool:
        item = self._items.get(write.key, {})
        if isinstance(write, Change):
            try:
                return write.update.condition is None or write.update.condition.holds_for(item)
            except TypeError:
                # A comparison of a text with a number does not hold.
                return False
        if item.get("version", 0) != write.expected_version:
            return False
        return not write.expected_claim_id or item.get("claim_id") == write.expected_claim_id

    def _written(self, write: Write | Change) -> Item | None:
        if not isinstance(write, Change):
            return deepcopy(write.item)
        try:
            return self._changed(write.key, write.update)
        except TypeError as error:
            raise InvalidChange from error

    def _changed(self, key: Key, update: Update) -> Item:
        own = {contract.PARTITION_KEY: key[0], contract.SORT_KEY: key[1]}
        return {"version": 0, **update.applied_to(self._items.get(key, {})), **own}


def _key(item: Item) -> Key:
    return item[contract.PARTITION_KEY], item[contract.SORT_KEY]
