"""A hint is not worth a failure: whatever goes wrong with one, the invocation goes on without hints."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..ledger.store import Item, Key, Store, Write
from ..ledger.update import Update
from ..timing import Timing

_R = TypeVar("_R")


class Hints:
    """The hints in the table, as one invocation reads and writes them until the first error.

    Parameters
    ----------
    warn
        Called with the name of that error.
    """

    def __init__(self, store: Store, timing: Timing, warn: Callable[[str], object]) -> None:
        self.timing = timing
        self.is_available = True
        self._store = store
        self._warn = warn

    def get(self, key: Key, parse: Callable[[Item], _R]) -> _R | None:
        """Return what ``parse`` makes of an item, or ``None`` where there is no item."""

        def read() -> _R | None:
            item = self._store.get(key)
            return None if item is None else parse(item)

        return self._try(read)

    def update(self, key: Key, update: Update, parse: Callable[[Item], _R]) -> _R | None:
        """Change an item in place and return what ``parse`` makes of it.

        Returns ``None`` where the update's condition does not hold.
        """

        def change() -> _R | None:
            item = self._store.update(key, update)
            return None if item is None else parse(item)

        return self._try(change)

    def write(self, writes: Sequence[Write]) -> None:
        """Write items, unless other invocations have written them meanwhile."""
        self._try(lambda: self._store.write(writes))

    def _try(self, call: Callable[[], _R]) -> _R | None:
        if not self.is_available:
            return None
        try:
            return call()
        except Exception as error:
            self.is_available = False
            self._warn(type(error).__name__)
            return None
