"""A share of the fault matrix; ``make verify`` plays all of it, and the pairs of faults."""

from itertools import islice
from typing import Final

import pytest

from .matrix import Case, first_of_pairs, pairs, single_faults
from .scripts import all_scripts, by_name, group

_SHARE: Final = 40
"""Every how many-th case is played."""


@pytest.mark.parametrize("name", sorted({group(script) for script in all_scripts()}))
def test_scripts_under_single_faults(name: str) -> None:
    scripts = [script for script in all_scripts() if group(script) == name]
    _play(list(single_faults(scripts))[::_SHARE])


@pytest.mark.parametrize("name", ["S1 create, delete", "S4 cancelled at step 8, both at once"])
def test_scripts_under_pairs_of_faults(name: str) -> None:
    firsts = list(first_of_pairs(by_name(name)))[::_SHARE]
    _play([case for first in firsts for case in islice(pairs(first), 0, None, _SHARE)])


def _play(cases: list[Case]) -> None:
    assert cases
    for case in cases:
        result = case.run()
        assert not result.violations, f"{case.name}\n{result.trace()}"
