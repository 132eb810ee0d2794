"""The ledger: typed reads and writes, with retries while the database is slow or throttled."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final, TypeVar

from .. import contract, tokens
from ..budget import USED, Budget, Limit, footprint, told_attributes
from ..claim import Claim, ClaimKey
from ..cloudformation.resource_key import ResourceKey
from ..timing import TimedOut, Timing
from .items import (
    BUDGET_KEY,
    CLAIM_PREFIX,
    DUE,
    LIVE,
    PARKED,
    POOL,
    Entry,
    NumberReservation,
    PoolEntry,
    RequestEntry,
    ResourceEntry,
    claim_key,
    claim_key_of,
    decode,
    encode,
    key_of,
    number_key,
    pool_key,
    request_entry_key,
    resource_entry_key,
)
from .store import Change, Conflict, InvalidChange, Item, Key, Store, StoreBusy, StoreUnavailable, Write
from .update import Attribute, Comparison, Condition, Sum, Update

_SHORTER_FIRST: Final = 4
"""How many times the first pause is halved where only another transaction is in the way."""
_R = TypeVar("_R")
_E = TypeVar("_E", ResourceEntry, RequestEntry, NumberReservation, PoolEntry, Claim)


@dataclass(frozen=True)
class UnreadableItem:
    """An item that this code cannot read as a claim, and the reason."""

    key: Key
    problem: str


@dataclass
class Resource:
    """What the ledger holds for one resource. The claims are those that were not closed at the last decision."""

    resource_entry: ResourceEntry
    request: RequestEntry | None = None
    """The entry of the request in question."""
    claims: dict[str, Claim] = field(default_factory=dict[str, Claim])


class LedgerUnavailable(TimedOut):
    """The request's time was used up while waiting for the database."""


class Ledger:
    """Reads and writes entries. Every write is conditional on the version that was read.

    Each method waits and retries while the store is unavailable. A write that took effect although its response was
    lost ends in ``Conflict``. So does a write that another invocation has preceded. In both cases the caller must read
    again and decide again.
    """

    def __init__(self, store: Store, timing: Timing) -> None:
        self._store = store
        self._timing = timing
        self._written: dict[ClaimKey, Claim] = {}

    def resource(self, key: ResourceKey, request_key: str) -> Resource:
        """Return what a decision on a request needs: the resource's entry, the request's entry, and the claims.

        The resource's entry names the claims, and every decision that opens a claim writes this entry. A decision is
        written only on the condition that the entry has not changed since it was read. The decision has therefore seen
        every claim.
        """
        self._written.clear()
        resource_entry = ResourceEntry(key.stack_id, key.logical_resource_id)
        # Most resources have had one claim only, which is therefore read in the same request.
        first_id = tokens.claim_id(key.stack_id, key.logical_resource_id, 1)
        first = ClaimKey(key.stack_id, key.logical_resource_id, first_id)
        keys = [resource_entry_key(key), request_entry_key(key, request_key), claim_key(first)]
        resource_item, request_item, first_item = self._with_retries(lambda: self._store.get_all(keys))
        if resource_item is not None:
            resource_entry = decode(ResourceEntry, resource_item)
        if request_item is not None:
            return Resource(resource_entry, decode(RequestEntry, request_item))
        if resource_entry.claim_keys == (first,):
            return Resource(resource_entry, None, _by_id([first_item]))
        claim_keys = [claim_key(key) for key in resource_entry.claim_keys]
        items = self._with_retries(lambda: self._store.get_all(claim_keys)) if claim_keys else []
        return Resource(resource_entry, None, _by_id(items))

    def claim(self, key: ClaimKey) -> Claim:
        """Return one claim, which must exist."""
        claim = self.find_claim(key)
        if claim is None:
            raise LookupError(f"The ledger has lost claim {key.claim_id} of {key.resource}.")
        return claim

    def known_claim(self, key: ClaimKey) -> Claim:
        """Return a claim as the latest ``save`` has written it, or as it is now.

        For a caller that goes on right after that write, or whose next write shows whether this is still so.
        """
        return self._written.get(key) or self.claim(key)

    def find_claim(self, key: ClaimKey) -> Claim | None:
        """Return one claim, or ``None`` if there is none."""
        item = self._with_retries(lambda: self._store.get(claim_key(key)))
        return None if item is None else decode(Claim, item)

    def readable_claim(self, key: ClaimKey) -> Claim | None:
        """Return one claim, or ``None`` if there is none or this code cannot read it."""
        item = self._with_retries(lambda: self._store.get(claim_key(key)))
        claim = None if item is None else _claim_or_problem(item)
        return claim if isinstance(claim, Claim) else None

    def request(self, resource: ResourceKey, request_key: str) -> RequestEntry | None:
        """Return one request, or ``None`` if it was not seen yet."""
        item = self._with_retries(lambda: self._store.get(request_entry_key(resource, request_key)))
        return None if item is None else decode(RequestEntry, item)

    def number(self, phone_number: str) -> NumberReservation | None:
        """Return the reservation of a number, or ``None`` if no claim has reserved the number or owns it."""
        item = self._with_retries(lambda: self._store.get(number_key(phone_number)))
        return None if item is None else decode(NumberReservation, item)

    def pool(self, pool_id: str) -> PoolEntry | None:
        """Return a pool's entry, or ``None`` if there is no such pool."""
        item = self._with_retries(lambda: self._store.get(pool_key(pool_id)))
        return None if item is None else decode(PoolEntry, item)

    def pools(self) -> list[PoolEntry]:
        """Return all pools, as the index knows them."""
        found = [self.pool(key[0].partition("#")[2]) for keys in self._index_pages(POOL, None) for key in keys]
        return [pool for pool in found if pool is not None]

    def due(self, until: int | None) -> Iterator[Claim | UnreadableItem]:
        """Return the unfinished claims that the sweeper must look at, oldest first."""
        return self._indexed(DUE, until, (DUE,))

    def live(self) -> Iterator[Claim | UnreadableItem]:
        """Return the claims whose numbers CloudFormation holds or has retained, oldest first.

        A claim that has just become due is included, because the item decides for a caller that reads both lists.
        """
        return self._indexed(LIVE, None, (LIVE, DUE))

    def parked(self, until: int | None = None) -> Iterator[Claim | UnreadableItem]:
        """Return the claims whose numbers are parked, at most until a time if one is given, the earliest first."""
        return self._indexed(PARKED, until, (PARKED,))

    def parked_keys(self) -> list[ClaimKey]:
        """Return the keys of all claims whose numbers are parked, as the index knows them, the earliest first."""
        return [claim_key_of(key) for page in self._index_pages(PARKED, None) for key in page]

    def budget(self) -> Budget:
        """Return the budget's sums."""
        return Budget.of(self._with_retries(lambda: self._store.get(BUDGET_KEY)))

    def save_budget(self, budget: Budget) -> None:
        """Write the budget's sums, or raise ``Conflict`` if they have changed since they were read."""
        item = {contract.PARTITION_KEY: BUDGET_KEY[0], contract.SORT_KEY: BUDGET_KEY[1], **budget.as_item()}
        write = Write(BUDGET_KEY, {**item, "version": budget.version + 1}, budget.version)
        self._with_retries(lambda: self._store.write([write]))

    def clear_budget(self) -> Budget:
        """Replace sums that somebody has spoiled by none, and return them. They are to be counted anew."""
        version = self._timing.now()
        # Without a condition, as there may be no version to depend on.
        self._with_retries(lambda: self._store.update(BUDGET_KEY, Update({"version": version})))
        with suppress(Conflict):
            self.save_budget(Budget(version=version))
        return self.budget()

    def save_quota(self, instance_arn: str, quota: int | None) -> None:
        """Write what Service Quotas has told about an instance. If it did not tell, what it told before remains."""
        told = told_attributes(instance_arn, quota, self._timing.now())
        update = Update({**told, "version": Sum(Attribute("version"), 1)})
        self._with_retries(lambda: self._store.update(BUDGET_KEY, update))

    def save(
        self, entry: _E, *others: Entry, remove: tuple[NumberReservation, ...] = (), limit: Limit | None = None
    ) -> _E:
        """Write all entries and remove the reservations, or change nothing and raise ``Conflict``.

        The budget's sums change with the claims. Return the first entry as it is stored now.

        Parameters
        ----------
        limit
            What the sums may be at most before a write that adds a claim or a release to them.
        """
        counted: list[Any] = [_counted(one) for one in (entry, *others)]
        change = _budget_change(zip((entry, *others), counted, strict=True), limit)
        try:
            stored: _E = self._write(*counted, remove=remove, change=change)
        except InvalidChange:
            # Somebody has spoiled the sums. The claims matter more, and the next recount brings the sums right.
            return self._write(entry, *others, remove=remove)
        return stored

    def _write(
        self, entry: _E, *others: Entry, remove: tuple[NumberReservation, ...] = (), change: Change | None = None
    ) -> _E:
        writes: list[Write | Change] = [Write(key_of(one), encode(one), one.version) for one in (entry, *others)]
        writes += [] if change is None else [change]
        writes += [Write(key_of(one), None, one.version, one.claim_id) for one in remove]
        # Until this write is certain, nothing is known.
        self._written.clear()
        self._with_retries(lambda: self._store.write(writes))
        stored = replace(entry, version=entry.version + 1)
        if isinstance(stored, Claim):
            self._written[stored.own_key] = stored
        for one in others:
            if isinstance(one, Claim):
                self._written[one.own_key] = replace(one, version=one.version + 1)
        return stored

    def unfinished_or_live(self) -> Iterator[Claim | UnreadableItem]:
        """Return all claims that are not closed for good, from the table itself. This is slow but certain."""
        return self._scanned(lambda item: contract.DUE in item and item[contract.DUE] != POOL)

    def all_claims(self) -> Iterator[Claim]:
        """Return all claims, those that are closed included, from the table itself. This is slow but certain."""
        found = self._scanned(lambda item: str(item[contract.SORT_KEY]).startswith(CLAIM_PREFIX))
        return (claim for claim in found if isinstance(claim, Claim))

    def _scanned(self, condition: Callable[[Item], bool]) -> Iterator[Claim | UnreadableItem]:
        position: object = None
        while True:
            page = self._with_retries(lambda at=position: self._store.scan(at))  # type: ignore[misc]
            yield from (_claim_or_problem(item) for item in page.items if condition(item))
            position = page.next_position
            if position is None:
                return

    def _indexed(self, due: str, until: int | None, desired: tuple[str, ...]) -> Iterator[Claim | UnreadableItem]:
        for keys in self._index_pages(due, until):
            for key in keys:
                item = self._with_retries(lambda key=key: self._store.get(key))  # type: ignore[misc]
                # The index may lag behind, so the item itself decides.
                if item is None or item.get(contract.DUE) not in desired:
                    continue
                if until is None or item.get(contract.DUE_AT, 0) <= until:
                    yield _claim_or_problem(item)

    def _index_pages(self, due: str, until: int | None) -> Iterator[list[Key]]:
        position: object = None
        while True:
            page = self._with_retries(lambda at=position: self._store.index(due, until, at))  # type: ignore[misc]
            yield page.keys
            position = page.next_position
            if position is None:
                return

    def _with_retries(self, call: Callable[[], _R]) -> _R:
        for retry in count():
            try:
                return call()
            except StoreUnavailable as error:
                try:
                    # What another transaction has, it has for some milliseconds.
                    first = retry - _SHORTER_FIRST if isinstance(error, StoreBusy) else retry
                    self._timing.backoff(first, f"the ledger is unavailable ({error})")
                except TimedOut as limit:
                    raise LedgerUnavailable(str(limit)) from error
        raise AssertionError("unreachable")


def _counted(entry: Any) -> Any:
    """Return an entry as it is to be stored: a claim with what the budget's sums contain of it then."""
    if not isinstance(entry, Claim):
        return entry
    counted = footprint(entry)
    return entry if counted == entry.counted else replace(entry, counted=counted)


def _budget_change(entries: Iterable[tuple[Entry, Entry]], limit: Limit | None) -> Change | None:
    """Return the change of the budget's sums, or ``None`` if no claim's part changes.

    Parameters
    ----------
    entries
        The entries as they are, and as they are to be stored.
    """
    changes: Counter[str] = Counter()
    is_changed = False
    for before, after in entries:
        if isinstance(before, Claim) and isinstance(after, Claim):
            changes.update(after.counted)
            changes.subtract(before.counted)
            is_changed = is_changed or before.counted != after.counted
    if not is_changed:
        return None
    # Also if the sums stay the same, as when one claim takes over another's number, they get a new version: a recount
    # that has seen only one of the two must not be written.
    values = {name: Sum(Attribute(name), change) for name, change in sorted(changes.items()) if change}
    condition = None
    if limit is not None and changes[USED] > 0:
        condition = Condition(limit.name, Comparison.LESS, limit.value + 1, holds_if_absent=limit.value >= 0)
    return Change(BUDGET_KEY, Update({**values, "version": Sum(Attribute("version"), 1)}, condition))


def _by_id(items: Iterable[Item | None]) -> dict[str, Claim]:
    claims = [decode(Claim, item) for item in items if item is not None]
    return {claim.id: claim for claim in claims}


def _claim_or_problem(item: Item) -> Claim | UnreadableItem:
    try:
        return decode(Claim, item)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        return UnreadableItem(
            (str(item.get(contract.PARTITION_KEY)), str(item.get(contract.SORT_KEY))),
            f"{type(error).__name__}: {error}",
        )
