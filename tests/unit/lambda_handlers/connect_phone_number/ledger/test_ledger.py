from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import tokens
from lambda_handlers.connect_phone_number.budget import COMMITTED, USED, Budget, Limit, day_of, footprint
from lambda_handlers.connect_phone_number.claim import (
    Claim,
    ClaimKey,
    ClaimState,
    InFlightCall,
    Outcome,
    Settings,
    Specification,
)
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.ledger.items import (
    BUDGET_KEY,
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
    Change,
    Conflict,
    IndexPage,
    Item,
    Key,
    ScanPage,
    StoreBusy,
    StoreUnavailable,
    Write,
)
from lambda_handlers.connect_phone_number.ledger.update import Update
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


def _stored(claim: Claim) -> Claim:
    """Return a claim as the ledger has it after its first write."""
    return replace(claim, version=1, counted=footprint(claim))


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
        {"claim-1": _stored(one), "claim-2": _stored(other)},
    )


def test_a_request_that_is_known_is_found_and_needs_no_claims(ledger: Ledger) -> None:
    ledger.save(RESOURCE_ENTRY, REQUEST, _claim("claim-1", ClaimState.LIVE))
    assert ledger.resource(KEY, REQUEST.request_key) == Resource(
        replace(RESOURCE_ENTRY, version=1), replace(REQUEST, version=1)
    )


def test_a_claim_that_the_head_names_and_that_has_expired_is_left_out(ledger: Ledger) -> None:
    two = _claim("claim-2", ClaimState.LIVE)
    ledger.save(RESOURCE_ENTRY, two)
    assert ledger.resource(KEY, "new").claims == {"claim-2": _stored(two)}


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
    assert ledger.claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-1")) == _stored(claim)
    assert ledger.find_claim(ClaimKey(KEY.stack_id, KEY.logical_resource_id, "claim-1")) == _stored(claim)
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


def test_all_claims_are_read_also_those_that_are_closed(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    states = {"opening": ClaimState.OPENING, "live": ClaimState.LIVE, "closing": ClaimState.CLOSING}
    claims = [_claim(claim_id, state) for claim_id, state in states.items()]
    closed = _claim("closed", ClaimState.CLOSED, closed_at=int(NOW), outcome=Outcome.RELEASED)
    ledger.save(RESOURCE_ENTRY, REQUEST, NUMBER, closed, *claims)
    assert store.get(BUDGET_KEY) is not None
    stored = {claim.id: _stored(claim) for claim in (*claims, closed)}
    assert {claim.id: claim for claim in ledger.all_claims()} == stored


def test_all_claims_are_read_to_their_end(ledger: Ledger) -> None:
    # The store hands out pages of 50.
    names = [f"claim-{index:03}" for index in range(120)]
    for name in names:
        ledger.save(_claim(name, ClaimState.CLOSED, closed_at=int(NOW), outcome=Outcome.NEVER_CLAIMED))
    assert sorted(claim.id for claim in ledger.all_claims()) == names


def test_a_claim_that_cannot_be_read_is_none_of_all_claims(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    one, other = _claim("claim-1", ClaimState.LIVE), _claim("claim-2", ClaimState.LIVE)
    ledger.save(one, other)
    item = store.get(key_of(one))
    assert item is not None
    store.replace({**item, "state": "BURNT"})
    assert [claim.id for claim in ledger.all_claims()] == ["claim-2"]


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
    assert readable == _stored(other)
    assert isinstance(unreadable, UnreadableItem)
    assert unreadable.key == key_of(one)
    assert unreadable.problem.startswith(problem)


class _Unavailable(MemoryStore):
    """Fails some times before each kind of call works, or after a write has worked."""

    def __init__(
        self,
        clock: VirtualClock,
        times: int,
        *,
        writes_work: bool = False,
        error: type[StoreUnavailable] = StoreUnavailable,
    ) -> None:
        super().__init__(clock)
        self._times = times
        self._error = error
        self._writes_work = writes_work
        self._is_inside = False
        self.calls: list[str] = []

    def _fail(self, call: str) -> None:
        self.calls.append(call)
        if self._times:
            self._times -= 1
            raise self._error("ThrottlingException")

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

    def scan(self, after: object = None) -> ScanPage:
        self._fail("scan")
        return super().scan(after)

    def write(self, writes: Sequence[Write | Change]) -> None:
        with self._inside():
            if self._writes_work and self._times:
                super().write(writes)
            self._fail("write")
            super().write(writes)

    def update(self, key: Key, update: Update) -> Item | None:
        self._fail("update")
        with self._inside():
            return super().update(key, update)

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
    "all_claims": lambda ledger: list(ledger.all_claims()),
    "budget": Ledger.budget,
    "save_budget": lambda ledger: ledger.save_budget(Budget()),
    "save_quota": lambda ledger: ledger.save_quota("arn:target", 5),
    "save": lambda ledger: ledger.save(RESOURCE_ENTRY),
}


@pytest.mark.parametrize("name", _CALLS)
def test_a_store_that_is_throttled_is_waited_for(clock: VirtualClock, name: str) -> None:
    began = clock.now
    _CALLS[name](_ledger(_Unavailable(clock, 3), clock))
    assert clock.now - began == 1 + 2 + 4


@pytest.mark.parametrize(("times", "seconds"), [(1, 1 / 16), (4, 1 / 16 + 1 / 8 + 1 / 4 + 1 / 2), (5, 15 / 16 + 1)])
def test_another_transaction_is_waited_for_only_shortly(clock: VirtualClock, times: int, seconds: float) -> None:
    began = clock.now
    ledger = _ledger(_Unavailable(clock, times, error=StoreBusy), clock)
    ledger.save(RESOURCE_ENTRY)
    assert clock.now - began == pytest.approx(seconds)
    assert ledger.resource(KEY, "x").resource_entry.version == 1, "it is the same write, and no conflict"


def test_a_store_that_stays_away_ends_the_invocation(clock: VirtualClock) -> None:
    with pytest.raises(NotFinished, match="the ledger is unavailable"):
        _ledger(_Unavailable(clock, 10_000), clock).resource(KEY, "x")


def test_a_write_that_worked_unheard_is_a_conflict(clock: VirtualClock) -> None:
    # Read again, decide again: nothing is written twice on the strength of what was true before.
    ledger = _ledger(_Unavailable(clock, 1, writes_work=True), clock)
    with pytest.raises(Conflict):
        ledger.save(RESOURCE_ENTRY)
    assert ledger.resource(KEY, "x").resource_entry.version == 1


# --- The budget's sums ---

_NOW: Final = int(NOW)
_DAY: Final = day_of(NOW)
_LATER: Final = _DAY + 400


def _held(claim_id: str, **changes: Any) -> Claim:
    """Return a claim whose number is held: a claim that was made, and a release to come."""
    return replace(_claim(claim_id, ClaimState.LIVE, arn=f"arn:{claim_id}", opened_at=_at(_DAY)), **changes)


def _released(claim: Claim, day: int) -> Claim:
    return replace(claim, state=ClaimState.CLOSED, closed_at=_at(day), outcome=Outcome.RELEASED)


def _at(day: int) -> int:
    """Return a time of a day."""
    return day * 86_400


def test_there_is_a_budget_before_anything_was_counted(ledger: Ledger) -> None:
    assert ledger.budget() == Budget()


def test_what_a_claim_takes_is_counted_with_its_write(ledger: Ledger) -> None:
    ledger.save(_held("claim-1"), RESOURCE_ENTRY, NUMBER, _held("claim-2"))
    assert ledger.budget() == Budget(committed=4, used=2, by_day={_DAY: 2}, version=1)


def test_a_claim_that_is_written_beside_another_entry_is_counted(ledger: Ledger) -> None:
    ledger.save(REQUEST, RESOURCE_ENTRY, _held("claim-1"))
    assert ledger.budget() == Budget(committed=2, used=1, by_day={_DAY: 1}, version=1)


def test_only_the_difference_to_what_was_counted_is_counted(ledger: Ledger) -> None:
    claim = ledger.save(_held("claim-1"))
    claim = ledger.save(replace(claim, protected=True))
    assert ledger.budget() == Budget(committed=2, used=1, by_day={_DAY: 1}, version=1), "nothing has changed"
    ledger.save(_released(claim, _DAY + 3))
    # What was to come has come.
    assert ledger.budget() == Budget(committed=2, used=2, by_day={_DAY: 1, _DAY + 3: 1}, version=2)


def test_what_was_not_claimed_after_all_is_given_back(ledger: Ledger) -> None:
    opened = ledger.save(_claim("claim-1", ClaimState.OPENING, opened_at=_at(_DAY)))
    assert (ledger.budget().committed, ledger.budget().used) == (2, 1)
    ledger.save(replace(opened, state=ClaimState.CLOSED, outcome=Outcome.NEVER_CLAIMED, closed_at=_at(_DAY + 1)))
    assert ledger.budget() == Budget(by_day={_DAY: 0}, version=2)


def test_a_saved_claim_says_what_was_counted_of_it(ledger: Ledger) -> None:
    counted = {COMMITTED: 2, USED: 1, f"d{_DAY}": 1}
    claim = ledger.save(_held("claim-1"))
    assert claim.counted == counted
    assert ledger.claim(claim.own_key).counted == counted
    assert ledger.known_claim(claim.own_key).counted == counted


def test_a_number_that_goes_to_another_claim_is_counted_once(ledger: Ledger) -> None:
    claim = ledger.save(_held("claim-1"))
    heir = ledger.save(
        claim.for_other_resource(ClaimKey("arn:other", "Sales", "claim-2")), claim.hand_over("moved", _at(_DAY + 3))
    )
    assert (ledger.budget().committed, ledger.budget().used) == (2, 1)
    assert ledger.claim(claim.own_key).counted == {COMMITTED: 1, USED: 1, f"d{_DAY}": 1}
    assert heir.counted == {COMMITTED: 1}, "the sums stay, but whose part is which has changed"
    ledger.save(_released(heir, _DAY + 4))
    budget = ledger.budget()
    assert (budget.committed, budget.used, budget.by_day) == (2, 2, {_DAY: 1, _DAY + 4: 1})


def test_what_an_older_version_has_not_counted_is_counted_with_the_next_write(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    claim = ledger.save(_held("claim-1"))
    item = store.get(key_of(claim))
    assert item is not None
    store.replace({name: value for name, value in item.items() if name != "counted"})
    store.remove(BUDGET_KEY)
    ledger.save(ledger.claim(claim.own_key))
    assert ledger.budget() == Budget(committed=2, used=1, by_day={_DAY: 1}, version=1)


class _Noting(MemoryStore):
    """Notes what is written."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.writes: list[Write | Change] = []

    def write(self, writes: Sequence[Write | Change]) -> None:
        self.writes += writes
        super().write(writes)


def test_a_write_without_effect_on_the_sums_does_not_touch_them(clock: VirtualClock) -> None:
    store = _Noting(clock)
    ledger = _ledger(store, clock)
    claim = ledger.save(_held("claim-1"))
    store.writes.clear()
    ledger.save(RESOURCE_ENTRY, REQUEST, NUMBER)
    ledger.save(replace(claim, protected=True))
    assert [type(write) for write in store.writes] == [Write] * 4, "invocations do not get in each other's way"


def test_a_claim_that_has_changed_since_it_was_read_is_not_counted(ledger: Ledger) -> None:
    claim = ledger.save(_held("claim-1"))
    ledger.save(replace(claim, protected=True))
    before = ledger.budget()
    with pytest.raises(Conflict):
        ledger.save(_released(claim, _DAY + 3))
    assert ledger.budget() == before


def test_claims_that_are_written_after_one_another_without_reading_are_all_counted(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    for index in range(5):
        _ledger(store, clock).save(_held(f"claim-{index}"))
    assert _ledger(store, clock).budget() == Budget(committed=10, used=5, by_day={_DAY: 5}, version=5)


@pytest.mark.parametrize(
    ("limit", "is_written"),
    [
        (Limit(COMMITTED, 1), False),
        (Limit(COMMITTED, 2), True),
        (Limit(USED, 0), False),
        (Limit(USED, 1), True),
        (None, True),
    ],
)
def test_a_claim_is_written_up_to_the_limit(ledger: Ledger, limit: Limit | None, is_written: bool) -> None:
    ledger.save(_held("claim-1"))
    before = ledger.budget()
    new = _held("claim-2")
    if is_written:
        ledger.save(REQUEST, new, NUMBER, limit=limit)
        assert ledger.budget() == Budget(committed=4, used=2, by_day={_DAY: 2}, version=2)
        return
    with pytest.raises(Conflict):
        ledger.save(REQUEST, new, NUMBER, limit=limit)
    assert ledger.budget() == before
    assert ledger.find_claim(new.own_key) is None
    assert ledger.request(KEY, REQUEST.request_key) is None
    assert ledger.number(NUMBER.phone_number) is None, "all entries are written, or none"


@pytest.mark.parametrize(("value", "is_written"), [(0, True), (-1, False)])
def test_the_first_claim_is_written_unless_nothing_at_all_is_allowed(
    ledger: Ledger, value: int, is_written: bool
) -> None:
    new = _held("claim-1")
    if is_written:
        ledger.save(new, limit=Limit(COMMITTED, value))
    else:
        with pytest.raises(Conflict):
            ledger.save(new, limit=Limit(COMMITTED, value))
    assert (ledger.find_claim(new.own_key) is not None) is is_written


def test_the_limit_is_that_of_the_moment_of_the_write(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    mine = _ledger(store, clock)
    assert mine.budget() == Budget()
    _ledger(store, clock).save(_held("claim-1"))
    with pytest.raises(Conflict):
        mine.save(_held("claim-2"), limit=Limit(COMMITTED, 0))


def test_a_write_that_adds_nothing_to_what_is_used_has_no_limit(ledger: Ledger) -> None:
    none = Limit(COMMITTED, -1)
    claim = ledger.save(_held("claim-1"))
    ledger.save(replace(claim, protected=True), limit=none)
    adopted = _claim("claim-2", ClaimState.LIVE, arn="arn:2", specification=Specification(adopt=True))
    ledger.save(adopted, limit=none)
    opened = ledger.save(_claim("claim-3", ClaimState.OPENING))
    ledger.save(replace(opened, state=ClaimState.CLOSED, outcome=Outcome.NEVER_CLAIMED), limit=none)
    assert (ledger.budget().committed, ledger.budget().used) == (3, 1)


def test_a_release_without_a_limit_is_written_however_much_is_used(ledger: Ledger) -> None:
    claim = ledger.save(_held("claim-1"), *(_held(f"more-{index}") for index in range(20)))
    ledger.save(_released(claim, _DAY))
    assert ledger.budget().used == 22


def test_a_claim_whose_write_worked_unheard_is_counted_once(clock: VirtualClock) -> None:
    ledger = _ledger(_Unavailable(clock, 1, writes_work=True), clock)
    with pytest.raises(Conflict):
        ledger.save(_held("claim-1"))
    assert ledger.budget() == Budget(committed=2, used=1, by_day={_DAY: 1}, version=1)


def _spoil(store: MemoryStore, **values: str) -> None:
    item = store.get(BUDGET_KEY)
    assert item is not None
    store.replace({**item, **values})


def test_sums_that_somebody_has_spoiled_do_not_stop_a_write(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    claim = ledger.save(_held("claim-1"))
    _spoil(store, used="many")
    released = ledger.save(_released(claim, _DAY + 3), RESOURCE_ENTRY, remove=())
    assert released.version == 2
    assert ledger.resource(KEY, "x").resource_entry.version == 1
    stored = ledger.claim(claim.own_key)
    assert stored == released
    assert stored.state is ClaimState.CLOSED
    assert stored.counted == footprint(claim), "so it is seen that this was not counted"
    assert ledger.budget().is_spoiled


def test_sums_that_somebody_has_spoiled_do_not_let_a_limited_claim_pass(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    ledger.save(_held("claim-1"))
    _spoil(store, committed="many")
    with pytest.raises(Conflict):
        ledger.save(_held("claim-2"), limit=Limit(COMMITTED, 100))


def test_spoiled_sums_are_replaced_by_others(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    ledger.save(_held("claim-1"))
    _spoil(store, used="many", note="by hand")
    ledger.save_budget(ledger.budget().recounted(ledger.all_claims(), int(NOW)))
    assert ledger.budget() == Budget(committed=2, used=1, by_day={_DAY: 1}, day=_DAY, version=2)
    item = store.get(BUDGET_KEY)
    assert item is not None
    assert "note" not in item


def test_a_budget_is_saved_instead_of_the_one_that_was_read(ledger: Ledger) -> None:
    ledger.save(_held("claim-1"))
    ledger.save_quota("arn:target", 7)
    read = ledger.budget()
    later = replace(read.without_past(_LATER), day=_LATER)
    ledger.save_budget(later)
    assert ledger.budget() == replace(later, version=read.version + 1)
    assert ledger.budget() == Budget(
        committed=1, quotas={"arn:target": 7}, asked_at={"arn:target": _NOW}, day=_LATER, version=3
    )


def test_the_days_that_are_past_leave_the_item(clock: VirtualClock) -> None:
    store = MemoryStore(clock)
    ledger = _ledger(store, clock)
    ledger.save(_held("claim-1"))
    ledger.save_budget(ledger.budget().without_past(_LATER))
    assert store.get(BUDGET_KEY) == {
        "pk": "BUDGET",
        "sk": "BUDGET",
        "committed": 1,
        "used": 0,
        "parked": 0,
        "postponed": 0,
        "day": 0,
        "version": 2,
    }


def test_a_budget_is_saved_before_anything_was_counted(ledger: Ledger) -> None:
    ledger.save_budget(replace(ledger.budget(), day=_LATER))
    assert ledger.budget() == Budget(day=_LATER, version=1)


def test_a_budget_that_has_changed_since_it_was_read_is_not_saved(ledger: Ledger) -> None:
    ledger.save(_held("claim-1"))
    read = ledger.budget()
    ledger.save(_held("claim-2"))
    now = ledger.budget()
    with pytest.raises(Conflict):
        ledger.save_budget(read.without_past(_LATER))
    assert ledger.budget() == now
    ledger.save_quota("arn:target", 7)
    with pytest.raises(Conflict):
        ledger.save_budget(now.without_past(_LATER))


def test_a_quota_is_saved_beside_the_sums_with_the_time(ledger: Ledger, clock: VirtualClock) -> None:
    ledger.save_quota("arn:target", 7)
    assert ledger.budget() == Budget(quotas={"arn:target": 7}, asked_at={"arn:target": _NOW}, version=1)
    ledger.save(_held("claim-1"))
    ledger.save_quota("arn:other", 5)
    clock.pause(60)
    ledger.save_quota("arn:target", 8)
    assert ledger.budget() == Budget(
        committed=2,
        used=1,
        by_day={_DAY: 1},
        quotas={"arn:target": 8, "arn:other": 5},
        asked_at={"arn:target": _NOW + 60, "arn:other": _NOW},
        version=4,
    )


def test_where_no_quota_was_told_the_one_that_was_told_before_remains(ledger: Ledger, clock: VirtualClock) -> None:
    ledger.save_quota("arn:target", 7)
    clock.pause(60)
    ledger.save_quota("arn:target", None)
    ledger.save_quota("arn:other", None)
    budget = ledger.budget()
    assert budget.quotas == {"arn:target": 7}
    assert budget.asked_at == {"arn:target": _NOW + 60, "arn:other": _NOW + 60}
