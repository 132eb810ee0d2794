from pathlib import Path
from typing import Final

import pytest

from verification.breakages.breakage import PACKAGE, REPOSITORY, Breakage, Hunt, Patch, PatchDoesNotFit
from verification.breakages.copies import broken_copy
from verification.breakages.report import BREAKAGES, hunt

_SHARE: Final = 3
"""Every how many-th breakage is played; ``python -m verification.breakages`` and ``make verify`` play all."""


@pytest.mark.parametrize("breakage", BREAKAGES[::_SHARE], ids=lambda breakage: breakage.name)
def test_it_is_caught(breakage: Breakage) -> None:
    assert hunt(breakage, breakage.hunts).is_caught


def test_each_breakage_fits_the_code(tmp_path: Path) -> None:
    for breakage in BREAKAGES:
        for patch in breakage.patches:
            copy = tmp_path / PACKAGE / patch.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text((REPOSITORY / PACKAGE / patch.path).read_text())
        for patch in breakage.patches:
            patch.apply(tmp_path)
            compile((tmp_path / PACKAGE / patch.path).read_text(), patch.path, "exec")


def test_without_a_breakage_nothing_is_caught() -> None:
    # That no scenario breaks an invariant without a breakage is tested with the scenarios.
    hunts = {one for breakage in BREAKAGES for one in breakage.hunts if one.must_succeed and not one.call}
    assert hunts
    finding = hunt(None, (*hunts, Hunt("S1 create, delete", must_succeed=True)))
    assert finding.played > 0
    assert finding.violations == {}


def test_without_a_breakage_the_unit_tests_that_catch_one_pass() -> None:
    # All pass with the code itself, or the other tests would say so. Two calls show that a copy is no different.
    arguments = [breakage.unit_tests for breakage in BREAKAGES if breakage.unit_tests]
    whole = next(paths for paths in arguments if len(paths) == 1)
    chosen = next(paths for paths in arguments if len(paths) > 1)
    for unit_tests in (whole, chosen):
        assert hunt(Breakage("nothing", (), unit_tests=unit_tests), ()).violations == {}


def test_a_change_that_does_not_fit_is_no_breakage() -> None:
    patch = Patch("tokens.py", "there is no such line", "")
    with pytest.raises(PatchDoesNotFit), broken_copy(Breakage("", (patch,))):
        pass
