from typing import Any

import pytest

from lambda_handlers.connect_phone_number.hints.hint import Hints
from lambda_handlers.connect_phone_number.hints.pacing import FIRST_INTERVAL_MS, Pacing
from lambda_handlers.connect_phone_number.ledger.store import StoreUnavailable
from lambda_handlers.connect_phone_number.timing import Timing
from tests.unit.lambda_handlers.connect_phone_number.world import VirtualClock
from verification.simulator.memory_store import MemoryStore

CLAIM, RELEASE, DESCRIBE = "ClaimPhoneNumber", "ReleasePhoneNumber", "DescribePhoneNumber"
ITEM = (f"PACE#{CLAIM}", "PACE")


class Bench:
    """Invocations that share a table and a clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.began = self.clock.now
        self.store = MemoryStore(self.clock)
        self.warnings: list[str] = []

    def pacing(self, seconds: float = 900.0, request_deadline: float | None = None) -> Pacing:
        timing = Timing(self.clock, self.clock.pause, self.clock.now + seconds, lambda: 0.5, request_deadline)
        return Pacing(Hints(self.store, timing, self.warnings.append))

    def waited(self, pacing: Pacing, operation: str = CLAIM) -> float:
        before = self.clock.now
        pacing.wait_for_turn(operation)
        return self.clock.now - before

    def item(self) -> dict[str, Any]:
        item = self.store.get(ITEM)
        assert item is not None
        return item


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_after_a_pause_a_few_turns_come_at_once_and_then_one_every_half_second(bench: Bench) -> None:
    # The clock goes on with each wait, so each invocation waits only for what is left.
    assert [bench.waited(bench.pacing()) for _ in range(7)] == pytest.approx([0, 0, 0, 0, 0.5, 0.5, 0.5], abs=0.002)


def test_a_turn_is_for_one_call(bench: Bench) -> None:
    pacing = bench.pacing()
    for _ in range(4):
        bench.pacing().wait_for_turn(CLAIM)
    assert bench.waited(pacing) > 0
    assert bench.waited(pacing) == 0

    pacing.used(CLAIM)

    assert bench.waited(pacing) > 0


def test_operations_take_turns_apart_and_others_none(bench: Bench) -> None:
    for _ in range(4):
        bench.pacing().wait_for_turn(CLAIM)

    assert bench.waited(bench.pacing(), RELEASE) == 0
    assert [bench.waited(bench.pacing(), DESCRIBE) for _ in range(9)] == [0] * 9


def test_a_look_before_a_release_has_its_turn(bench: Bench) -> None:
    for _ in range(4):
        bench.pacing().wait_for_turn(RELEASE)
    pacing = bench.pacing()

    with pacing.leading(RELEASE, follower=DESCRIBE):
        assert bench.waited(pacing, DESCRIBE) > 0
        assert bench.waited(pacing, RELEASE) == 0
        pacing.used(RELEASE)
    assert bench.waited(pacing, DESCRIBE) == 0


def test_a_throttled_call_makes_the_interval_longer_once_for_all_that_had_the_old_one(bench: Bench) -> None:
    throttled = [bench.pacing() for _ in range(3)]
    for pacing in throttled:
        pacing.wait_for_turn(CLAIM)
    bench.clock.pause(0.01)

    assert all(pacing.after_error(CLAIM, is_throttled=True) for pacing in throttled)

    assert bench.item()["interval_ms"] == FIRST_INTERVAL_MS * 11 // 10
    assert bench.waited(throttled[0]) > FIRST_INTERVAL_MS / 1000


def test_another_error_changes_nothing(bench: Bench) -> None:
    pacing = bench.pacing()
    pacing.wait_for_turn(CLAIM)

    assert not pacing.after_error(CLAIM, is_throttled=False)
    assert bench.item()["interval_ms"] == FIRST_INTERVAL_MS


def test_the_interval_becomes_shorter_while_nothing_is_throttled(bench: Bench) -> None:
    for _ in range(12):
        pacing = bench.pacing()
        pacing.wait_for_turn(CLAIM)
        pacing.used(CLAIM)

    assert bench.item()["interval_ms"] < FIRST_INTERVAL_MS


def test_a_turn_is_waited_for_once_and_not_for_all_of_the_time(bench: Bench) -> None:
    now = int(bench.clock.now * 1000)
    backlog = {"tickets": 600, "base_ticket": 0, "base_at": now, "interval_ms": 500, "busy_until": now + 300_000}
    bench.store.replace({"pk": ITEM[0], "sk": ITEM[1], "version": 0, **backlog})

    pacing = bench.pacing(request_deadline=bench.clock.now + 60)

    assert bench.waited(pacing) == pytest.approx(45)
    assert bench.waited(pacing) == 0

    pacing.after_error(CLAIM, is_throttled=True)
    assert bench.waited(pacing) > 0


@pytest.mark.parametrize("wrong", [{"interval_ms": 3_600_000}, {"base_at": 36_000_000}])
def test_a_schedule_that_cannot_be_right_is_replaced(bench: Bench, wrong: dict[str, int]) -> None:
    now = int(bench.clock.now * 1000)
    item = {"tickets": 80, "base_ticket": 0, "base_at": now, "interval_ms": 500, "busy_until": now + 40_000}
    item |= {name: now + value if name == "base_at" else value for name, value in wrong.items()}
    bench.store.replace({"pk": ITEM[0], "sk": ITEM[1], "version": 0, **item})

    bench.pacing().wait_for_turn(CLAIM)

    assert bench.clock.now - bench.began < 100
    assert bench.item()["interval_ms"] == FIRST_INTERVAL_MS


@pytest.mark.parametrize("interval", ["soon", []])
def test_an_item_that_is_no_schedule_ends_the_hints_of_this_invocation(bench: Bench, interval: object) -> None:
    bench.pacing().wait_for_turn(CLAIM)
    bench.store.replace({**bench.item(), "interval_ms": interval})
    pacing = bench.pacing()

    assert bench.waited(pacing) == 0
    assert not pacing.after_error(CLAIM, is_throttled=True)
    assert len(bench.warnings) == 1


def test_without_the_table_nothing_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("ThrottlingException")

    monkeypatch.setattr(bench.store, "update", fail)
    pacing = bench.pacing()

    assert [bench.waited(pacing) for _ in range(3)] == [0, 0, 0]
    assert pacing.providing_seconds() is None
    assert bench.warnings == ["StoreUnavailable"]


def test_how_long_connect_takes_is_told_to_the_next(bench: Bench) -> None:
    first = bench.pacing()
    first.wait_for_turn(CLAIM)
    assert first.is_first
    assert first.providing_seconds() is None
    first.provided_after(2.1, is_exact=True)

    second = bench.pacing()
    second.wait_for_turn(CLAIM)

    assert not second.is_first
    assert second.providing_seconds() == pytest.approx(2.1)
    second.provided_after(900, is_exact=True)
    third = bench.pacing()
    third.wait_for_turn(CLAIM)
    assert third.providing_seconds() == 10


def test_a_look_that_came_too_late_is_not_taken_for_the_time_that_connect_takes(bench: Bench) -> None:
    for known in (None, 2.1):
        if known is not None:
            bench.pacing().provided_after(known, is_exact=True)
        pacing = bench.pacing()
        pacing.wait_for_turn(CLAIM)
        pacing.provided_after(50, is_exact=False)
        assert bench.item().get("providing_ms") == (None if known is None else 2100)


def test_after_a_pause_the_first_invocation_looks_earlier_and_tells_if_that_was_enough(bench: Bench) -> None:
    bench.pacing().provided_after(9, is_exact=True)
    bench.clock.pause(60)
    first, second = bench.pacing(), bench.pacing()
    first.wait_for_turn(CLAIM)
    second.wait_for_turn(CLAIM)

    assert first.providing_seconds() == pytest.approx(6.3)
    assert second.providing_seconds() == 9
    first.provided_after(6.3, is_exact=False)
    second.provided_after(9, is_exact=False)
    assert bench.item()["providing_ms"] == 6300
