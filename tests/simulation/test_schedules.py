"""Each encounter in the orders with one interruption; ``make verify`` goes through many more."""

import pytest

from .encounters import encounters
from .exploring import Bounds, explore, replay, seed_of
from .runner import Result, Script

_QUICK = Bounds(kills=1, standstills=0, preemptions=1)


@pytest.mark.parametrize("script", tuple(encounters()), ids=lambda script: script.name)
def test_no_order_of_calls_breaks_an_invariant(script: Script) -> None:
    exploration = explore(script, _QUICK, limit=150)
    assert exploration.schedules > 1
    for seed, violations in exploration.failures[:1]:
        raise AssertionError(f"seed {seed}: {violations}\n{replay(script, seed).trace()}")


def test_a_seed_plays_the_same_order_again() -> None:
    script = next(iter(encounters()))
    results: list[Result] = [replay(script, "1-0-1:0.0.1") for _ in range(2)]
    lines = [[call.line() for call in result.calls] for result in results]
    assert lines[0] == lines[1]
    assert lines[0] != [call.line() for call in replay(script, "1-0-1:0").calls]


def test_a_seed_has_no_idle_end() -> None:
    assert seed_of(_QUICK, [0, 2, 1, 0, 0]) == "1-0-1:0.2.1"
    assert seed_of(Bounds(kills=0, standstills=2), [0, 0]) == "0-2-any:0"
