"""The ledger: typed reads and writes, patient with a database that is late or throttled."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..timing import Timing
from .items import (
    DUE,
    LIVE,
    Claim,
    Entry,
    Head,
    NumberEntry,
    RequestEntry,
    ResourceKey,
    decode,
    encode,
    number_key,
)
from .store import Store, StoreUnavailable, Write

_R = TypeVar("_R")


@dataclass
class Resource:
    """All that the ledger holds of one resource, read at one moment."""

    head: Head
    requests: dict[str, RequestEntry] = field(default_factory=dict[str, RequestEntry])
    claims: dict[str, Claim] = field(default_factory=dict[str, Claim])


class Ledger:
    """Reads and writes entries; every write is conditional on the version that was read.

    Each method waits and tries again while the store is unavailable. A write that did happen although nobody heard
    then ends in ``Conflict``, like one that somebody else has forestalled: read again, and decide again.
    """

    def __init__(self, store: Store, timing: Timing) -> None:
        self._store = store
        self._timing = timing

    def resource(self, key: ResourceKey) -> Resource:
        """Return all that is known of a resource."""
        head = Head(key.stack_id, key.logical_resource_id)
        resource = Resource(head)
        for item in self._patiently(lambda: self._store.query(key.partition)):
            sort_key = str(item["sk"])
            if sort_key == Head.SORT_KEY:
                resource.head = decode(Head, item)
            elif sort_key.startswith(RequestEntry.SORT_PREFIX):
                request = decode(RequestEntry, item)
                resource.requests[request.attempt] = request
            elif sort_key.startswith(Claim.SORT_PREFIX):
                claim = decode(Claim, item)
                resource.claims[claim.id] = claim
        return resource

    def claim(self, resource: ResourceKey, claim_id: str) -> Claim:
        """Return one claim, which must exist."""
        key = (resource.partition, Claim.SORT_PREFIX + claim_id)
        item = self._patiently(lambda: self._store.get(key))
        if item is None:
            raise LookupError(f"The ledger has lost claim {claim_id} of {resource}.")
        return decode(Claim, item)

    def request(self, resource: ResourceKey, attempt: str) -> RequestEntry | None:
        """Return one request, or ``None`` where it was not seen yet."""
        key = (resource.partition, RequestEntry.SORT_PREFIX + attempt)
        item = self._patiently(lambda: self._store.get(key))
        return None if item is None else decode(RequestEntry, item)

    def number(self, phone_number: str) -> NumberEntry | None:
        """Return which claim is after a number, or owns it."""
        item = self._patiently(lambda: self._store.get(number_key(phone_number)))
        return None if item is None else decode(NumberEntry, item)

    def due(self, until: int | None) -> list[Claim]:
        """Return the unfinished claims that the sweeper is to look at, oldest first."""
        return [claim for claim in self._indexed(DUE, until) if claim.index().get("due") == DUE]

    def unfinished_or_live(self) -> list[Claim]:
        """Return all claims that are not closed for good.

        A claim that moves from one part of the index to the other meanwhile is not missed: what counts is the item.
        """
        claims = {claim.id: claim for claim in (*self._indexed(DUE, None), *self._indexed(LIVE, None))}
        return [claim for claim in claims.values() if "due" in claim.index()]

    def save(self, *entries: Entry, remove: tuple[Entry, ...] = ()) -> None:
        """Write all entries and remove others, or do nothing and raise ``Conflict``."""
        writes = [Write(entry.key, encode(entry), entry.version) for entry in entries]
        writes += [Write(entry.key, None, entry.version) for entry in remove]
        self._patiently(lambda: self._store.write(writes))

    def save_claim(self, claim: Claim) -> Claim:
        """Write one claim and return it as it is stored now."""
        self.save(claim)
        return replace(claim, version=claim.version + 1)

    def _indexed(self, due: str, until: int | None) -> list[Claim]:
        # The index may lag behind: what counts is the item itself.
        keys = self._patiently(lambda: self._store.index(due, until))
        items = [self._patiently(lambda key=key: self._store.get(key)) for key in keys]  # type: ignore[misc]
        return [decode(Claim, item) for item in items if item is not None]

    def _patiently(self, call: Callable[[], _R]) -> _R:
        attempt = 0
        while True:
            try:
                return call()
            except StoreUnavailable as error:
                attempt += 1
                self._timing.backoff(attempt - 1, f"the ledger is unavailable ({error})")
