from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import tokens
from lambda_handlers.connect_phone_number.claim import (
    Claim,
    ClaimKey,
    ClaimState,
    InFlightCall,
    Settings,
    Specification,
)
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.ledger.items import (
    DUE,
    LIVE,
    NumberReservation,
    RequestEntry,
    ResourceEntry,
    index_of,
    key_of,
    resource_partition,
)
from lambda_handlers.connect_phone_number.ledger.ledger import Ledger, Resource, UnreadableItem
from lambda_handlers.connect_phone_number.ledger.store import (
    Conflict,
    IndexPage,
    Item,
    Key,
    ScanPage,
    StoreUnavailable,
    Write,
)
from lambda_handlers.connect_phone_number.timing import NotFinished, Timing
from tests.unit.lambda_handlers.connect_phone_number.world import NOW, VirtualClock
from verification.simulator.memory_store import MemoryStore

KEY = ResourceKey("arn:stack", "Number")
RESOURCE_ENTRY = ResourceEntry("arn:stack", "Number", generation=1, claims=("claim-1", "claim-2"))
REQUEST = RequestEntry("arn:stack", "Number", "a" * 32, "Create", int(NOW), int(NOW) + 3600, claims=("claim-1",))
NUMBER = NumberReservation("+12065550100", "arn:stack", "Number", "claim-1")
_FIRST: Final = tokens.claim_id("arn:stack", "Number", 1)


def _claim(claim_id: str, state: ClaimState, **changes: Any) -> Claim:
    claim = Claim(
        stack_id="arn:stack",
        logical_resource_id="Number",
        id=claim_id,
        state=state,
        specification=Specification("US", "DID"),
        opening=Settings("arn:target"),
        desired=Settings("arn:target"),
        request_key="a" * 32,
        opened_at=100,
    )
    return replace(claim, **changes)


def _ledger(store: MemoryStore, clock: VirtualClock) -> Ledger:
    return Ledger(store, Timing(clock, clock.pause, clock.now + 900, lambda: 1.0))


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def ledger(clock: VirtualClock) -> Ledger:
    return _ledger(MemoryStore(clock), clock)


def _ids(found: Iterable[Claim | UnreadableItem]) -> list[str]:
    claims = list(found)
    assert all(isinstance(claim, Claim) for claim in claims), claims
    return [claim.id for claim in claims if isinstance(claim, Claim)]


def test_a_resource_that_is_not_known(ledger: Ledger) -> None:
    assert ledger.resource(KEY, "x") == Resource(ResourceEntry("arn:stack", "Number"))


def test_what_a_new_request_needs_of_its_resource(ledger: Ledger) -> None:
    one, other = _claim("claim-1", ClaimState.LIVE), _claim("claim-2", ClaimState.OPENING)
    ledger.save(RESOURCE_ENTRY, REQUEST, one, other, _claim("claim-0", ClaimState.CLOSED), NUMBER)
    ledger.save(ResourceEntry("arn:stack", "Number2", claims=("claim-3",)))
    assert ledger.resource(KEY, "new") == Resource(
        replace(RESOURCE_ENTRY, version=1),
        None,
        {"claim-1": replace(one, version=1), "claim-2": replace(other, version=1)},
    )


def test_a_request_that_is_known_is_found_and_needs_no_claims(ledger: Ledger) -> None:
    ledger.save(RESOURCE_ENTRY, REQUEST, _claim("claim-1", ClaimState.LIVE))
    assert ledger.resource(KEY, REQUEST.request_key) == Resource(
        replace(RESOURCE_ENTRY, version=1), replace(REQUEST, version=1)
    )


def test_a_claim_that_the_head_names_and_that_has_expired_is_left_out(ledger: Ledger) -> None:
    two = _claim("claim-2", ClaimState.LIVE)
    ledger.save(RESOURCE_ENTRY, two)
    assert ledger.resource(KEY, "new").claims == {"claim-2": replace(two, version=1)}


class _Counting(MemoryStore):
    """Notes which items are read at one moment."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.reads: list[list[Key]] = []

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        self.reads.append(list(keys))
        return super().get_all(keys)


_FIRST_READ: Final = [
    (resource_partition(KEY), "RESOURCE"),
    (resource_partition(KEY), "REQUEST#new"),
    (resource_partition(KEY), f"CLAIM#{_FIRST}"),
]


def test_a_resource_is_read_in_snapshots(clock: VirtualClock) -> None:
    store = _Counting(clock)
    ledger = _ledger(store, clock)
    ledger.save(RESOURCE_ENTRY, _claim("claim-1", ClaimState.LIVE), _claim("claim-2", ClaimState.LIVE))
    assert set(ledger.resource(KEY, "new").claims) == {"claim-1", "claim-2"}
    assert store.reads == [
        _FIRST_READ,
        [(resource_partition(KEY), "CLAIM#claim-1"), (resource_partition(KEY), "CLAIM#claim-2")],
    ]


@pytest.mark.parametrize("claims", [(), (_FIRST,)])
def test_a_resource_with_its_first_claim_or_none_is_read_at_once(clock: VirtualClock, claims: tuple[str, ...]) -> None:
    store = _Counting(clock)
    ledger = _ledger(store, clock)
    ledger.save(replace(RESOURCE_ENTRY, claims=claims), _claim(_FIRST, ClaimState.LIVE))
    assert tuple(ledger.resource(KEY, "new").claims) == claims
    assert store.reads == [_FIRST_READ]


def test_the_first_claim_is_read_beside_a_later_one(clock: VirtualClock) -> None:
    store = _Counting(clock)
    ledger = _ledger(store, clock)
    first, later = _claim(_FIRST, ClaimState.LIVE), _claim("claim-2", ClaimState.LIVE)
    ledger.save(replace(RESOURCE_ENTRY, claims=(_FIRST, "claim-2")), first, later)
    assert set(ledger.resource(KEY, "new").claims) == {_FIRST, "claim-2"}


class _Meanwhile(MemoryStore):
    """Somebody else decides between the two reads of a resource."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.meanwhile: Callable[[], object] = lambda: None

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        items = super().get_all(keys)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return items


def test_whoever_has_not_seen_a_claim_cannot_decide(clock: VirtualClock) -> None:
    store = _Meanwhile(clock)
    ledger = _ledger(store, clock)
    ledger.save(ResourceEntry("arn:stack", "Number"))
    opened = _claim("claim-1", ClaimState.OPENING)
    store.meanwhile = lambda: ledger.save(ResourceEntry("arn:stack", "Number", claims=("claim-1",), version=1), opened)
    seen = ledger.resource(KEY, "new")
    assert seen.claims == {}
    with pytest.raises(Conflict):
        ledger.save(seen.resource_entry)


def test_single_entries(ledger: Ledger) -> None:
    claim = _claim("claim-1", ClaimState.LIVE)
    ledger.save(REQUEST, claim, NUMBER)
    assert ledger.claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-1")) == replace(claim, version=1)
    assert ledger.find_claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-1")) == replace(claim, version=1)
    assert ledger.request(KEY, REQUEST.request_key) == replace(REQUEST, version=1)
    assert ledger.number(NUMBER.phone_number) == replace(NUMBER, version=1)


def test_what_is_not_there(ledger: Ledger) -> None:
    assert ledger.request(KEY, "x") is None
    assert ledger.number("+1") is None
    assert ledger.find_claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-9")) is None
    with pytest.raises(LookupError, match="The ledger has lost claim claim-9 of ResourceKey"):
        ledger.claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-9"))


def test_a_saved_claim_can_be_saved_again(ledger: Ledger) -> None:
    claim = ledger.save(_claim("claim-1", ClaimState.OPENING))
    assert claim.version == 1
    assert ledger.save(replace(claim, state=ClaimState.LIVE)).version == 2
    assert ledger.claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-1")).state is ClaimState.LIVE


def test_what_somebody_else_has_changed_is_not_overwritten(ledger: Ledger) -> None:
    mine = ledger.save(_claim("claim-1", ClaimState.OPENING))
    ledger.save(replace(mine, state=ClaimState.CLOSING))
    with pytest.raises(Conflict):
        ledger.save(replace(mine, state=ClaimState.LIVE))
    assert ledger.claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-1")).state is ClaimState.CLOSING


def test_entries_are_saved_and_removed_together_or_not_at_all(ledger: Ledger) -> None:
    ledger.save(NUMBER)
    stale = replace(NUMBER, version=7)
    with pytest.raises(Conflict):
        ledger.save(RESOURCE_ENTRY, remove=(stale,))
    assert ledger.resource(KEY, "x").resource_entry.version == 0
    ledger.save(RESOURCE_ENTRY, remove=(replace(NUMBER, version=1),))
    assert ledger.resource(KEY, "x").resource_entry.version == 1
    assert ledger.number(NUMBER.phone_number) is None


def test_what_is_due_and_what_is_live(ledger: Ledger) -> None:
    ledger.save(
        _claim("later", ClaimState.CLOSING, next_check_at=300),
        _claim("now", ClaimState.OPENING, next_check_at=100),
        _claim("live", ClaimState.LIVE, next_check_at=50, claimed_at=10),
        _claim("older", ClaimState.LIVE, next_check_at=50, claimed_at=9),
        _claim("in-flight", ClaimState.LIVE, next_check_at=200, in_flight_calls=(InFlightCall("+1", "w", 1),)),
        _claim("asked", ClaimState.LIVE, next_check_at=201, follow_up=True),
        _claim("closed", ClaimState.CLOSED, next_check_at=50),
    )
    ledger.save(RESOURCE_ENTRY, REQUEST, NUMBER)
    assert _ids(ledger.due(200)) == ["now", "in-flight"]
    assert _ids(ledger.due(None)) == ["now", "in-flight", "asked", "later"]
    assert _ids(ledger.live()) == ["older", "live"]
    assert sorted(_ids(ledger.unfinished_or_live())) == ["asked", "in-flight", "later", "live", "now", "older"]


def test_each_list_is_read_to_its_end(ledger: Ledger) -> None:
    # The store hands out pages of 50.
    for index in range(120):
        ledger.save(
            _claim(f"due-{index:03}", ClaimState.CLOSING, next_check_at=index),
            _claim(f"live-{index:03}", ClaimState.LIVE, claimed_at=index),
        )
    due, live = ([f"{kind}-{index:03}" for index in range(120)] for kind in ("due", "live"))
    assert _ids(ledger.due(None)) == due
    assert _ids(ledger.live()) == live
    assert sorted(_ids(ledger.unfinished_or_live())) == [*due, *live]


def test_a_list_is_read_no_further_than_it_is_used(clock: VirtualClock) -> None:
    store = _Unavailable(clock, 0)
    ledger = _ledger(store, clock)
    for index in range(120):
        ledger.save(_claim(f"live-{index:03}", ClaimState.LIVE, claimed_at=index))
    store.calls.clear()
    assert isinstance(next(iter(ledger.live())), Claim)
    assert store.calls == ["index", "get"]


def test_an_index_that_lags_behind_is_not_believed(clock: VirtualClock) -> None:
    ledger = _ledger(MemoryStore(clock, index_lag_seconds=1000), clock)
    claim = ledger.save(_claim("claim-1", ClaimState.CLOSING, next_check_at=100))
    clock.pause(1500)
    ledger.save(replace(claim, state=ClaimState.CLOSED))
    clock.pause(900)
    assert index_of(claim)["due"] == DUE
    assert _ids(ledger.due(None)) == []


def test_a_claim_that_the_index_still_has_as_due_is_not_due_where_it_was_postponed(clock: VirtualClock) -> None:
    ledger = _ledger(MemoryStore(clock, index_lag_seconds=1000), clock)
    claim = ledger.save(_claim("claim-1", ClaimState.CLOSING, next_check_at=100))
    clock.pause(2000)
    ledger.save(replace(claim, next_check_at=5000))
    assert _ids(ledger.due(4999)) == []
    assert _ids(ledger.due(5000)) == ["claim-1"]
    assert _ids(ledger.due(None)) == ["claim-1"]


def test_a_claim_that_the_index_still_has_as_live_counts_also_where_it_is_due_by_now(clock: VirtualClock) -> None:
    store = MemoryStore(clock, index_lag_seconds=1000)
    ledger = _ledger(store, clock)
    claim = ledger.save(_claim("claim-1", ClaimState.LIVE, next_check_at=100))
    clock.pause(2000)
    ledger.save(replace(claim, state=ClaimState.CLOSING))
    assert _ids(ledger.due(None)) == []
    assert _ids(ledger.live()) == ["claim-1"]


def test_a_claim_that_the_index_still_has_as_due_is_not_due_where_it_is_live_by_now(clock: VirtualClock) -> None:
    ledger = _ledger(MemoryStore(clock, index_lag_seconds=1000), clock)
    claim = ledger.save(_claim("claim-1", ClaimState.LIVE, next_check_at=100, follow_up=True))
    clock.pause(2000)
    live = ledger.save(replace(claim, follow_up=False))
    assert index_of(live)["due"] == LIVE
    assert _ids(ledger.due(None)) == []


def test_the_table_itself_shows_what_the_index_does_not_have_yet(clock: VirtualClock) -> None:
    ledger = _ledger(MemoryStore(clock, index_lag_seconds=1000), clock)
    ledger.save(_claim("claim-1", ClaimState.LIVE))
    assert _ids(ledger.live()) == []
    assert _ids(ledger.unfinished_or_live()) == ["claim-1"]


_LISTS: dict[str, Callable[[Ledger], Iterable[Claim | UnreadableItem]]] = {
    "due": lambda ledger: ledger.due(None),
    "live": Ledger.live,
    "unfinished_or_live": Ledger.unfinished_or_live,
}


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ({"state": "BURNT"}, "ValueError: 'BURNT' is not a valid ClaimState"),
        ({"specification": "US"}, "AttributeError: "),
        ({"opening": {}}, "TypeError: "),
        ({"id": None}, "TypeError: "),
    ],
    ids=["an unknown state", "text for a structure", "a structure with gaps", "a missing attribute"],
)
@pytest.mark.parametrize("name", _LISTS)
def test_an_item_that_cannot_be_read_does_not_hide_the_others(
    clock: VirtualClock, name: str, damage: dict[str, Any], problem: str
) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    state = ClaimState.LIVE if name == "live" else ClaimState.CLOSING
    one, other = (_claim(claim_id, state, next_check_at=1) for claim_id in ("claim-1", "claim-2"))
    ledger.save(one, other)
    item = store.get(key_of(one))
    assert item is not None
    damaged = {name: value for name, value in {**item, **damage}.items() if value is not None}
    store.replace(damaged)
    unreadable, readable = sorted(_LISTS[name](ledger), key=lambda found: isinstance(found, Claim))
    assert readable == replace(other, version=1)
    assert isinstance(unreadable, UnreadableItem)
    assert unreadable.key == key_of(one)
    assert unreadable.problem.startswith(problem)


class _Unavailable(MemoryStore):
    """Fails some times before each kind of call works, or after a write has worked."""

    def __init__(self, clock: VirtualClock, times: int, *, writes_work: bool = False) -> None:
        super().__init__(clock)
        self._times = times
        self._writes_work = writes_work
        self._is_inside = False
        self.calls: list[str] = []

    def _fail(self, call: str) -> None:
        self.calls.append(call)
        if self._times:
            self._times -= 1
            raise StoreUnavailable("ThrottlingException")

    def get(self, key: Key) -> Item | None:
        # What the store itself does to read and write several items is no call.
        if not self._is_inside:
            self._fail("get")
        return super().get(key)

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        self._fail("get_all")
        with self._inside():
            return super().get_all(keys)

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        self._fail("index")
        return super().index(due, until, after)

    def scan_unfinished(self, after: object = None) -> ScanPage:
        self._fail("scan_unfinished")
        return super().scan_unfinished(after)

    def write(self, writes: Sequence[Write]) -> None:
        with self._inside():
            if self._writes_work and self._times:
                super().write(writes)
            self._fail("write")
            super().write(writes)

    @contextmanager
    def _inside(self) -> Generator[None]:
        self._is_inside = True
        try:
            yield
        finally:
            self._is_inside = False


_CALLS: dict[str, Callable[[Ledger], object]] = {
    "resource": lambda ledger: ledger.resource(KEY, "x"),
    "claim": lambda ledger: ledger.find_claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-1")),
    "number": lambda ledger: ledger.number("+1"),
    "request": lambda ledger: ledger.request(KEY, "x"),
    "due": lambda ledger: list(ledger.due(None)),
    "live": lambda ledger: list(ledger.live()),
    "unfinished_or_live": lambda ledger: list(ledger.unfinished_or_live()),
    "save": lambda ledger: ledger.save(RESOURCE_ENTRY),
}


@pytest.mark.parametrize("name", _CALLS)
def test_a_store_that_is_throttled_is_waited_for(clock: VirtualClock, name: str) -> None:
    began = clock.now
    _CALLS[name](_ledger(_Unavailable(clock, 3), clock))
    assert clock.now - began == 1 + 2 + 4


def test_a_store_that_stays_away_ends_the_invocation(clock: VirtualClock) -> None:
    with pytest.raises(NotFinished, match="the ledger is unavailable"):
        _ledger(_Unavailable(clock, 10_000), clock).resource(KEY, "x")


def test_a_write_that_worked_unheard_is_a_conflict(clock: VirtualClock) -> None:
    # Read again, decide again: nothing is written twice on the strength of what was true before.
    ledger = _ledger(_Unavailable(clock, 1, writes_work=True), clock)
    with pytest.raises(Conflict):
        ledger.save(RESOURCE_ENTRY)
    assert ledger.resource(KEY, "x").resource_entry.version == 1
