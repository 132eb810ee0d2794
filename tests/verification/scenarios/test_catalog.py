"""The scenarios without further faults, and whether the simulator itself does what it says."""

from itertools import islice

import pytest

from verification.scenarios.catalog import all_scenarios, by_name, group, in_other_worlds
from verification.scenarios.creation import STEPS_OF_A_CREATE
from verification.scenarios.deletion import STEPS_OF_A_DELETE
from verification.scenarios.update import STEPS_OF_A_REPLACEMENT
from verification.simulator.runner import Scenario, run


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.name)
def test_scenario_breaks_no_invariant(scenario: Scenario) -> None:
    result = run(scenario)
    assert not result.violations, result.trace()


def test_scenarios_break_no_invariant_in_other_worlds() -> None:
    for scenario in islice(in_other_worlds(), 0, None, 11):
        result = run(scenario)
        assert not result.violations, result.trace()


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
