from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from lambda_handlers.connect_phone_number.ledger.items import (
    DUE,
    Claim,
    ClaimState,
    Head,
    NumberEntry,
    RequestEntry,
    ResourceKey,
    Settings,
    Specification,
)
from lambda_handlers.connect_phone_number.ledger.ledger import Ledger, Resource
from lambda_handlers.connect_phone_number.ledger.store import Conflict, Item, Key, StoreUnavailable, Write
from lambda_handlers.connect_phone_number.timing import NotFinished, Timing
from tests.simulation.memory_store import MemoryStore
from tests.unit.lambda_handlers.connect_phone_number.world import VirtualClock

KEY = ResourceKey("arn:stack", "Number")
HEAD = Head("arn:stack", "Number", generation=1)
REQUEST = RequestEntry("arn:stack", "Number", "a" * 32, "Create", 100, 200, claims=("claim-1",))
NUMBER = NumberEntry("+12065550100", "arn:stack", "Number", "claim-1")


def _claim(claim_id: str, state: ClaimState, **changes: Any) -> Claim:
    claim = Claim(
        stack_id="arn:stack",
        logical_resource_id="Number",
        id=claim_id,
        state=state,
        specification=Specification("US", "DID"),
        opening=Settings("arn:target"),
        desired=Settings("arn:target"),
        attempt="a" * 32,
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


def test_a_resource_that_is_not_known(ledger: Ledger) -> None:
    assert ledger.resource(KEY) == Resource(Head("arn:stack", "Number"))


def test_all_of_a_resource(ledger: Ledger) -> None:
    one, other = _claim("claim-1", ClaimState.LIVE), _claim("claim-2", ClaimState.OPENING)
    ledger.save(HEAD, REQUEST, one, other, NUMBER)
    ledger.save(Head("arn:stack", "Number2"))
    assert ledger.resource(KEY) == Resource(
        replace(HEAD, version=1),
        {REQUEST.attempt: replace(REQUEST, version=1)},
        {"claim-1": replace(one, version=1), "claim-2": replace(other, version=1)},
    )


def test_single_entries(ledger: Ledger) -> None:
    claim = _claim("claim-1", ClaimState.LIVE)
    ledger.save(REQUEST, claim, NUMBER)
    assert ledger.claim(KEY, "claim-1") == replace(claim, version=1)
    assert ledger.request(KEY, REQUEST.attempt) == replace(REQUEST, version=1)
    assert ledger.number(NUMBER.phone_number) == replace(NUMBER, version=1)


def test_what_is_not_there(ledger: Ledger) -> None:
    assert ledger.request(KEY, "x") is None
    assert ledger.number("+1") is None
    with pytest.raises(LookupError, match="The ledger has lost claim claim-9 of ResourceKey"):
        ledger.claim(KEY, "claim-9")


def test_a_saved_claim_can_be_saved_again(ledger: Ledger) -> None:
    claim = ledger.save_claim(_claim("claim-1", ClaimState.OPENING))
    assert claim.version == 1
    assert ledger.save_claim(replace(claim, state=ClaimState.LIVE)).version == 2
    assert ledger.claim(KEY, "claim-1").state is ClaimState.LIVE


def test_what_somebody_else_has_changed_is_not_overwritten(ledger: Ledger) -> None:
    mine = ledger.save_claim(_claim("claim-1", ClaimState.OPENING))
    ledger.save_claim(replace(mine, state=ClaimState.CLOSING))
    with pytest.raises(Conflict):
        ledger.save_claim(replace(mine, state=ClaimState.LIVE))
    assert ledger.claim(KEY, "claim-1").state is ClaimState.CLOSING


def test_entries_are_saved_and_removed_together_or_not_at_all(ledger: Ledger) -> None:
    ledger.save(NUMBER)
    stale = replace(NUMBER, version=7)
    with pytest.raises(Conflict):
        ledger.save(HEAD, remove=(stale,))
    assert ledger.resource(KEY).head.version == 0
    ledger.save(HEAD, remove=(replace(NUMBER, version=1),))
    assert ledger.resource(KEY).head.version == 1
    assert ledger.number(NUMBER.phone_number) is None


def test_what_is_due_and_what_is_live(ledger: Ledger) -> None:
    ledger.save(
        _claim("later", ClaimState.CLOSING, check_at=300),
        _claim("now", ClaimState.OPENING, check_at=100),
        _claim("live", ClaimState.LIVE, check_at=50, claimed_at=10),
        _claim("doubt", ClaimState.LIVE, check_at=200, doubts={"+1/w": 1}),
        _claim("closed", ClaimState.CLOSED, check_at=50),
    )
    assert [claim.id for claim in ledger.due(200)] == ["now", "doubt"]
    assert [claim.id for claim in ledger.due(None)] == ["now", "doubt", "later"]
    assert [claim.id for claim in ledger.unfinished_or_live()] == ["now", "doubt", "later", "live"]


def test_an_index_that_lags_behind_is_not_believed(clock: VirtualClock) -> None:
    ledger = _ledger(MemoryStore(clock, index_lag_seconds=1000), clock)
    claim = ledger.save_claim(_claim("claim-1", ClaimState.CLOSING, check_at=100))
    clock.pause(500)
    ledger.save_claim(replace(claim, state=ClaimState.CLOSED))
    clock.pause(600)
    assert claim.index()["due"] == DUE
    assert ledger.due(None) == []


class _Unavailable(MemoryStore):
    """Fails some times before each kind of call works, or after a write has worked."""

    def __init__(self, clock: VirtualClock, times: int, *, writes_work: bool = False) -> None:
        super().__init__(clock)
        self._times = times
        self._writes_work = writes_work

    def _fail(self) -> None:
        if self._times:
            self._times -= 1
            raise StoreUnavailable("ThrottlingException")

    def get(self, key: Key) -> Item | None:
        self._fail()
        return super().get(key)

    def query(self, partition: str) -> list[Item]:
        self._fail()
        return super().query(partition)

    def index(self, due: str, until: int | None) -> list[Key]:
        self._fail()
        return super().index(due, until)

    def write(self, writes: Sequence[Write]) -> None:
        if self._writes_work and self._times:
            super().write(writes)
        self._fail()
        super().write(writes)


_CALLS: dict[str, Callable[[Ledger], object]] = {
    "resource": lambda ledger: ledger.resource(KEY),
    "number": lambda ledger: ledger.number("+1"),
    "request": lambda ledger: ledger.request(KEY, "x"),
    "due": lambda ledger: ledger.due(None),
    "live": lambda ledger: ledger.unfinished_or_live(),
    "save": lambda ledger: ledger.save(HEAD),
}


@pytest.mark.parametrize("name", _CALLS)
def test_a_store_that_is_throttled_is_waited_for(clock: VirtualClock, name: str) -> None:
    began = clock.now
    _CALLS[name](_ledger(_Unavailable(clock, 3), clock))
    assert clock.now - began == 1 + 2 + 4


def test_a_store_that_stays_away_ends_the_attempt(clock: VirtualClock) -> None:
    with pytest.raises(NotFinished, match="the ledger is unavailable"):
        _ledger(_Unavailable(clock, 10_000), clock).resource(KEY)


def test_a_write_that_worked_unheard_is_a_conflict(clock: VirtualClock) -> None:
    # Read again, decide again: nothing is written twice on the strength of what was true before.
    ledger = _ledger(_Unavailable(clock, 1, writes_work=True), clock)
    with pytest.raises(Conflict):
        ledger.save(HEAD)
    assert ledger.resource(KEY).head.version == 1
