"""The scenarios without further faults, and whether the simulator itself does what it says."""

from collections.abc import Iterator
from typing import Final

import pytest

from verification.scenarios.catalog import all_scenarios, by_name, group, in_other_worlds
from verification.scenarios.creation import STEPS_OF_A_CREATE
from verification.scenarios.deletion import STEPS_OF_A_DELETE
from verification.scenarios.update import STEPS_OF_A_REPLACEMENT
from verification.simulator.reached import EXPECTED, Reached, counting
from verification.simulator.runner import Scenario, run

# In one worker, so that the last of the tests that count need not play again what the others have played.
counted = pytest.mark.xdist_group("scenarios")


@pytest.fixture(scope="module")
def played() -> set[str]:
    """Hold the names of the scenarios that were played while their results were counted."""
    return set()


@pytest.fixture(scope="module")
def total() -> Reached:
    return Reached()


@pytest.fixture
def reached(total: Reached) -> Iterator[None]:
    with counting() as counts:
        yield
    total.add(counts)


@counted
@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.name)
def test_scenario_breaks_no_invariant(scenario: Scenario, played: set[str]) -> None:
    result = run(scenario)
    played.add(scenario.name)
    assert not result.violations, result.trace()


@counted
def test_the_scenarios_reach_every_rule_outcome_and_transition(total: Reached, played: set[str]) -> None:
    # "make verify" also looks at the places of the calls.
    with counting() as counts:
        for scenario in all_scenarios():
            if scenario.name not in played:
                run(scenario)
    total.add(counts)
    assert total.missing(dict.fromkeys(EXPECTED, 1), sites=False) == []


_SHARE: Final = 3
"""Every how many-th scenario is played in another world; "make verify" plays each one in all its worlds."""


def _in_one_other_world() -> list[Scenario]:
    """Return each short scenario in one of its other worlds.

    The next scenario, which is often a variant, is in the next world.
    """
    worlds: dict[str, list[Scenario]] = {}
    for scenario in in_other_worlds():
        worlds.setdefault(scenario.name.rpartition(" (")[0], []).append(scenario)
    return [own[place % len(own)] for place, own in enumerate(worlds.values())]


def test_scenarios_break_no_invariant_in_other_worlds() -> None:
    chosen = _in_one_other_world()
    assert len(chosen) == sum(scenario.is_short for scenario in all_scenarios())
    for scenario in chosen[::_SHARE]:
        result = run(scenario)
        assert not result.violations, result.trace()


def test_variants_share_all_worlds() -> None:
    variants = ("S8 ThrottlingException for 2000 s, abandoned", "S8 ThrottlingException for 2000 s, destroyed again")
    first, second = (_worlds_of(name) for name in variants)
    assert first | second == _worlds_of("S1 create, delete")
    assert not first & second


def _worlds_of(name: str) -> set[str]:
    return {scenario.name.removeprefix(name) for scenario in in_other_worlds() if scenario.name.startswith(f"{name} (")}


def test_all_scenarios_of_the_contract_are_there() -> None:
    assert {group(scenario) for scenario in all_scenarios()} == {f"S{number}" for number in range(1, 38)}


def test_names_are_unique() -> None:
    names = [scenario.name for scenario in all_scenarios()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "task", "steps"),
    [
        ("S1 create, delete", "Create", STEPS_OF_A_CREATE),
        ("S1 create, delete", "Delete", STEPS_OF_A_DELETE),
        ("S11 replacement", "Update", STEPS_OF_A_REPLACEMENT),
    ],
)
def test_every_step_has_its_variants(name: str, task: str, steps: int) -> None:
    made = [call for call in run(by_name(name)).calls if call.task.startswith(task)]
    assert len(made) <= steps, f"{task} makes {len(made)} calls now: raise the number of steps"


def test_a_run_is_repeatable() -> None:
    scenario = by_name("S4 canceled at step 8, both at once")
    first, second = run(scenario), run(scenario)
    assert [call.line() for call in first.calls] == [call.line() for call in second.calls]
