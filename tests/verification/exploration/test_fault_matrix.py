"""A share of the fault matrix; ``make verify`` plays all of it, and the pairs of faults."""

from itertools import islice, pairwise
from typing import Final

import pytest

from verification.exploration.fault_matrix import Case, first_of_pairs, pairs, single_faults, worth_hitting
from verification.scenarios.catalog import all_scenarios, by_name, group
from verification.simulator.faults import DEATH, DEATH_AFTER, faults_of, is_same_death
from verification.simulator.runner import run

_SHARE: Final = 150
"""Every how many-th case is played."""
_SHARE_OF_SCENARIOS: Final = 3
"""The cases of every how many-th scenario of a group are among them."""


@pytest.mark.parametrize("name", sorted({group(scenario) for scenario in all_scenarios()}))
def test_scenarios_under_single_faults(name: str) -> None:
    scenarios = [scenario for scenario in all_scenarios() if group(scenario) == name]
    _play(list(single_faults(scenarios[::_SHARE_OF_SCENARIOS]))[::_SHARE])


@pytest.mark.parametrize("name", ["S1 create, delete", "S4 canceled at step 8, both at once"])
def test_scenarios_under_pairs_of_faults(name: str) -> None:
    firsts = list(first_of_pairs(by_name(name)))[::_SHARE]
    _play([case for first in firsts for case in islice(pairs(first), 0, None, _SHARE)])


@pytest.mark.parametrize("family", ["S12 canceled at step", "S36 creation from the pool canceled at step"])
def test_variants_share_all_faults(family: str) -> None:
    variants = [scenario for scenario in all_scenarios() if scenario.name.startswith(family)]
    played = {(call, fault) for case in single_faults(variants) for call, fault in _hit(case)}
    for scenario in variants[:: len(variants) // 3]:
        calls = worth_hitting(run(scenario).calls)
        # What comes after the canceled step differs from variant to variant.
        for call in calls[:10]:
            missing = {(call.index, fault.name) for fault in faults_of(call) if fault is not DEATH} - played
            assert not missing, (scenario.name, missing)


def _hit(case: Case) -> list[tuple[int, str]]:
    return [(index, fault.name) for index, fault in case.faults.items()]


def test_each_case_is_hit_even_after_the_scenarios_end() -> None:
    scenario = by_name("S35 deleted, released when its time is up")
    for case in islice(single_faults([scenario]), 0, None, 5):
        ((index, fault),) = case.faults.items()
        assert case.run().calls[index].fault == fault.name, case.name


@pytest.mark.parametrize(
    "name", ["S1 create, delete", "S12 canceled at step 10, both at once", "S36 environments come and go"]
)
def test_a_death_that_is_left_out_leaves_the_same_behind_as_the_one_before_it(name: str) -> None:
    scenario = by_name(name)
    calls = worth_hitting(run(scenario).calls)
    left_out = [(call, previous) for previous, call in pairwise(calls) if is_same_death(call, previous)]
    assert left_out
    played = {(index, fault.name) for case in single_faults([scenario]) for index, fault in case.faults.items()}
    for call, previous in left_out[::4]:
        assert (call.index, DEATH.name) not in played
        before = DEATH_AFTER if DEATH_AFTER in faults_of(previous) else DEATH
        assert _afterwards(Case(scenario, {call.index: DEATH})) == _afterwards(Case(scenario, {previous.index: before}))


def _afterwards(case: Case) -> list[tuple[object, ...]]:
    """Return what happens after a death: the calls, with their time, parameters and outcome."""
    ((index, _),) = case.faults.items()
    calls = case.run().calls
    return [
        (call.time, call.task, call.number, call.name, str(call.parameters), call.outcome)
        for call in calls[index + 1 :]
    ]


def _play(cases: list[Case]) -> None:
    assert cases
    for case in cases:
        result = case.run()
        assert not result.violations, f"{case.name}\n{result.trace()}"
