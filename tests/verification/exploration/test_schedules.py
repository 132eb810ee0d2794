"""Each interleaving in the orders with one interruption; ``make verify`` goes through many more."""

import pytest

from verification.exploration.interleavings import interleavings
from verification.exploration.replaying import PRIORITY_DEPTH, PRIORITY_LENGTH
from verification.exploration.schedules import Bounds, explore, play_by_priorities, replay, seed_of
from verification.simulator.runner import Result, Scenario

_QUICK = Bounds(kills=1, standstills=0, preemptions=1)


@pytest.mark.parametrize("scenario", tuple(interleavings()), ids=lambda scenario: scenario.name)
def test_no_order_of_calls_breaks_an_invariant(scenario: Scenario) -> None:
    exploration = explore(scenario, _QUICK, limit=50)
    assert exploration.schedules > 1
    for seed, violations in exploration.failures[:1]:
        raise AssertionError(f"seed {seed}: {violations}\n{replay(scenario, seed).trace()}")


@pytest.mark.parametrize("scenario", tuple(interleavings()), ids=lambda scenario: scenario.name)
def test_no_order_by_random_priorities_breaks_an_invariant(scenario: Scenario) -> None:
    for seed in range(8):
        result, priorities = play_by_priorities(scenario, seed, PRIORITY_DEPTH, PRIORITY_LENGTH)
        assert not result.violations, f"priorities {seed}\n{result.trace()}"
        assert priorities.invocations > 1
        assert priorities.calls <= PRIORITY_LENGTH, "raise the length: the stated probability rests on it"


def test_the_same_priorities_play_the_same_order_again() -> None:
    scenario = next(iter(interleavings()))

    def played(seed: int) -> tuple[str, ...]:
        result, _ = play_by_priorities(scenario, seed, PRIORITY_DEPTH, PRIORITY_LENGTH)
        return tuple(call.line() for call in result.calls)

    assert played(7) == played(7)
    assert len({played(seed) for seed in range(12)}) > 3


def test_a_seed_plays_the_same_order_again() -> None:
    scenario = next(iter(interleavings()))
    results: list[Result] = [replay(scenario, "1-0-1:0.0.1") for _ in range(2)]
    lines = [[call.line() for call in result.calls] for result in results]
    assert lines[0] == lines[1]
    assert lines[0] != [call.line() for call in replay(scenario, "1-0-1:0").calls]


def test_a_seed_has_no_idle_end() -> None:
    assert seed_of(_QUICK, [0, 2, 1, 0, 0]) == "1-0-1:0.2.1"
    assert seed_of(Bounds(kills=0, standstills=2), [0, 0]) == "0-2-any:0"
