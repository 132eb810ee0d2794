"""A share of the fault matrix; ``make verify`` plays all of it, and the pairs of faults."""

from itertools import islice
from typing import Final

import pytest

from verification.exploration.fault_matrix import Case, first_of_pairs, pairs, single_faults
from verification.scenarios.catalog import all_scenarios, by_name, group

_SHARE: Final = 90
"""Every how many-th case is played."""


@pytest.mark.parametrize("name", sorted({group(scenario) for scenario in all_scenarios()}))
def test_scenarios_under_single_faults(name: str) -> None:
    scenarios = [scenario for scenario in all_scenarios() if group(scenario) == name]
    _play(list(single_faults(scenarios))[::_SHARE])


@pytest.mark.parametrize("name", ["S1 create, delete", "S4 canceled at step 8, both at once"])
def test_scenarios_under_pairs_of_faults(name: str) -> None:
    firsts = list(first_of_pairs(by_name(name)))[::_SHARE]
    _play([case for first in firsts for case in islice(pairs(first), 0, None, _SHARE)])


def _play(cases: list[Case]) -> None:
    assert cases
    for case in cases:
        result = case.run()
        assert not result.violations, f"{case.name}\n{result.trace()}"
