"""Candidates of one search for all invocations that want the same kind of number.

Each invocation that searches by itself gets the same first page as all others, and has to walk past what they have
reserved. Here each takes the next candidate of a page that one of them has fetched: the one whose candidate is the
page's first. Pages are shared for a minute, as Connect gives numbers to other accounts meanwhile.

All of this is a hint: a candidate that is taken twice or that is gone is refused by the ledger or by Connect, and an
invocation that gets none searches by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from .. import contract
from ..claim import Specification
from ..ledger.store import Item, Key, Write
from ..ledger.update import Attribute, Sum, Update
from ..timing import NotFinished, TimedOut
from .hint import Hints

PAGE_SIZE: Final = 10
"""https://docs.aws.amazon.com/connect/latest/APIReference/API_SearchAvailablePhoneNumbers.html"""
_SHARED_SECONDS: Final = 60
_KEPT_SECONDS: Final = 3600
_LOOKS: Final = 12
_PAUSE_SECONDS: Final = 0.5

Fetch = Callable[[str], tuple[tuple[str, ...], str]]
"""Returns the candidates of the page that a token names, in the order to take them in, and the next page's token."""


@dataclass(frozen=True)
class _Page:
    candidates: tuple[str, ...]
    next_token: str


class Stock:
    """The shared candidates, as one invocation sees them."""

    def __init__(self, hints: Hints) -> None:
        self._timing = hints.timing
        self._hints = hints

    def take(self, specification: Specification, target_arn: str, fetch: Fetch) -> str | None:
        """Return a candidate that no other invocation is told, or ``None`` where the invocation is to search itself.

        Raises
        ------
        Exception
            Whatever ``fetch`` raises for the first page.
        """
        minute = self._timing.now() // _SHARED_SECONDS
        kind = sha256(f"{specification.digest} {target_arn}".encode()).hexdigest()[:32]
        name = f"STOCK#{kind}#{minute}"
        expires_at = self._timing.now() + _KEPT_SECONDS
        count = Update({"taken": Sum(Attribute("taken"), 1), contract.EXPIRES_AT: expires_at})
        taken = self._hints.update((name, "STOCK"), count, lambda item: int(item["taken"]))
        if taken is None:
            return None
        number, index = divmod(taken - 1, PAGE_SIZE)
        if index:
            page = self._wait_for((name, f"PAGE#{number}"))
        else:
            before = self._wait_for((name, f"PAGE#{number - 1}")) if number else _Page((), "")
            if before is None or (number and not before.next_token):
                return None
            try:
                page = _Page(*fetch(before.next_token))
            except (NotFinished, TimedOut):
                raise
            except Exception:
                if not before.next_token:
                    raise
                # Another invocation's search cannot be continued here.
                return None
            self._put((name, f"PAGE#{number}"), page, expires_at)
        return page.candidates[index] if page is not None and index < len(page.candidates) else None

    def _wait_for(self, key: Key) -> _Page | None:
        for look in range(_LOOKS):
            if look:
                self._timing.sleep(_PAUSE_SECONDS, "waiting for a search that another invocation makes")
            page = self._hints.get(key, lambda item: _Page(tuple(item["candidates"]), str(item["next_token"])))
            if page is not None:
                return page
            if not self._hints.is_available:
                return None
        return None

    def _put(self, key: Key, page: _Page, expires_at: int) -> None:
        item: Item = {
            contract.PARTITION_KEY: key[0],
            contract.SORT_KEY: key[1],
            "version": 1,
            "candidates": list(page.candidates),
            "next_token": page.next_token,
            contract.EXPIRES_AT: expires_at,
        }
        self._hints.write([Write(key, item, 0)])
