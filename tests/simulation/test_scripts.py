"""The scripts without further faults, and whether the simulator itself does what it says."""

from itertools import islice

import pytest

from .runner import Script, run
from .scripts import all_scripts, by_name, group, in_other_worlds
from .scripts_creation import STEPS_OF_A_CREATE
from .scripts_deletion import STEPS_OF_A_DELETE
from .scripts_update import STEPS_OF_A_REPLACEMENT


@pytest.mark.parametrize("script", all_scripts(), ids=lambda script: script.name)
def test_script_breaks_no_invariant(script: Script) -> None:
    result = run(script)
    assert not result.violations, result.trace()


def test_scripts_break_no_invariant_in_other_worlds() -> None:
    for script in islice(in_other_worlds(), 0, None, 4):
        result = run(script)
        assert not result.violations, result.trace()


def test_all_scripts_of_the_contract_are_there() -> None:
    assert {group(script) for script in all_scripts()} == {f"S{number}" for number in range(1, 33)}


def test_names_are_unique() -> None:
    names = [script.name for script in all_scripts()]
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
    script = by_name("S4 cancelled at step 8, both at once")
    first, second = run(script), run(script)
    assert [call.line() for call in first.calls] == [call.line() for call in second.calls]
