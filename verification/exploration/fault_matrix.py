"""The fault matrix: every scenario, every call in it, and every fault that can hit that call.

The matrix is enumerated, not sampled, with four reductions. An invocation that waits for a long time repeats the same
few calls, and so do sweeps that cannot finish. Faults hit only the first and the last calls of such an invocation, and
only the first and the last of such sweeps. A death before a call is left out if it leaves the same behind as a death at
the call before it. And the variants of a scenario share the faults: each is played under a part of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from verification.scenarios.catalog import all_scenarios, by_name, share_of
from verification.simulator.faults import DEATH, faults_of, grave_faults_of, is_same_death
from verification.simulator.runner import Result, Scenario, run
from verification.simulator.wire import Call, Fault

_PAIRED: Final[Mapping[str, int]] = {
    "S1 create, delete": 1,
    "S1 an old number": 1,
    "S4 canceled at step 9, both at once": 2,
    "S4 canceled at step 9, create dies, is delivered again later": 1,
    "S4 canceled at step 16, both at once": 2,
    "S7 delete dies, before step 2": 1,
    "S7 delete dies, after step 5": 1,
    "S12 rolled back after it has succeeded": 6,
    "S12 canceled at step 10, both at once": 3,
}
"""By scenario: only every n-th second fault is played with each first fault, where there are far more pairs.

Random walks play more faults at once, in more scenarios.
"""
_FIRST_CALLS: Final = 30
_LAST_CALLS: Final = 6
_FIRST_SWEEPS: Final = 3


@dataclass(frozen=True)
class Case:
    """One run of the matrix.

    Parameters
    ----------
    faults
        The fault that hits each call, by the call's index.
    """

    scenario: Scenario
    faults: Mapping[int, Fault]

    @property
    def name(self) -> str:
        """The name of the case: its scenario, calls, and faults."""
        faults = ", ".join(f"#{index} {fault.name}" for index, fault in self.faults.items())
        return f"{self.scenario.name} [{faults}]" if faults else self.scenario.name

    def run(self) -> Result:
        """Play the case."""
        return run(self.scenario, self.faults)


def single_faults(scenarios: Iterable[Scenario] | None = None) -> Iterator[Case]:
    """Return every scenario under every single fault, and the variants of one under their shares of the faults."""
    for scenario in all_scenarios() if scenarios is None else scenarios:
        if scenario.is_short:
            share, offset = share_of(scenario)
            hits = _hits(worth_hitting(run(scenario).calls), faults_of)
            for index, fault in islice(hits, offset, None, share):
                yield Case(scenario, {index: fault})


def pairs(first: Case) -> Iterator[Case]:
    """Return the cases in which a second grave fault follows the fault of ``first``."""
    last = max(first.faults)
    share = _PAIRED.get(first.scenario.name, 1)
    # Each first fault starts at a different offset, so that together they cover every second fault.
    return islice(_all_pairs(first, last), last % share, None, share)


def _all_pairs(first: Case, last: int) -> Iterator[Case]:
    calls = [call for call in worth_hitting(first.run().calls) if call.index > last]
    for index, fault in _hits(calls, grave_faults_of):
        yield replace(first, faults={**first.faults, index: fault})


def first_of_pairs(scenario: Scenario) -> Iterator[Case]:
    """Return a scenario under every single grave fault."""
    for index, fault in _hits(worth_hitting(run(scenario).calls), grave_faults_of):
        yield Case(scenario, {index: fault})


def _hits(calls: list[Call], faults: Callable[[Call], tuple[Fault, ...]]) -> Iterator[tuple[int, Fault]]:
    """Return the index of each call with each fault, without the deaths that would leave the same behind."""
    previous: Call | None = None
    for call in calls:
        is_same = previous is not None and is_same_death(call, previous)
        yield from ((call.index, fault) for fault in faults(call) if not (is_same and fault is DEATH))
        previous = call


def paired_scenarios() -> list[Scenario]:
    """Return the scenarios that are played under pairs of faults."""
    return [by_name(name) for name in _PAIRED]


def worth_hitting(calls: Iterable[Call]) -> list[Call]:
    """Return the calls to hit: all except those in the middle of a long wait or of many sweeps."""
    by_task: dict[str, list[Call]] = {}
    for call in calls:
        by_task.setdefault(call.task, []).append(call)
    sweeps = [task for task in by_task if task.startswith("sweep")]
    skipped = set(sweeps[_FIRST_SWEEPS:-1])
    chosen = [
        call
        for task, made in by_task.items()
        if task not in skipped
        for call in (made if len(made) <= _FIRST_CALLS + _LAST_CALLS else [*made[:_FIRST_CALLS], *made[-_LAST_CALLS:]])
    ]
    return sorted(chosen, key=lambda call: call.index)
