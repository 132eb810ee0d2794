import pytest

from verification.breakages.breakage import Breakage, Hunt, Patch, PatchDoesNotFit
from verification.breakages.copies import broken_copy
from verification.breakages.report import BREAKAGES, hunt


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_it_is_caught(breakage: Breakage) -> None:
    assert hunt(breakage, breakage.hunts).is_caught


def test_without_a_breakage_nothing_is_caught() -> None:
    hunts = {one for breakage in BREAKAGES for one in breakage.hunts if not one.call}
    finding = hunt(None, (*hunts, Hunt("S1 create, delete", must_succeed=True)), plays_all=True)
    assert finding.played > 0
    assert finding.violations == {}


def test_without_a_breakage_the_unit_tests_that_catch_one_pass() -> None:
    arguments = {breakage.unit_tests for breakage in BREAKAGES if breakage.unit_tests}
    whole = {path for path, *options in arguments if not options}
    # All that are chosen by a keyword are run at once.
    paths = {path for path, *options in arguments if options}
    keywords = " or ".join(f"({keyword})" for _, *options in arguments if options for keyword in options[1:])
    assert whole
    assert paths
    for chosen in (tuple(sorted(whole)), (*sorted(paths), "-k", keywords)):
        assert hunt(Breakage("nothing", (), unit_tests=chosen), ()).violations == {}


def test_a_change_that_does_not_fit_is_no_breakage() -> None:
    patch = Patch("tokens.py", "there is no such line", "")
    with pytest.raises(PatchDoesNotFit), broken_copy(Breakage("", (patch,))):
        pass
