"""Plays one run again, by the name under which its violation was reported."""

import re
from typing import Final

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from verification.scenarios.catalog import all_scenarios, in_other_worlds
from verification.simulator.faults import faults_of
from verification.simulator.runner import Scenario, run
from verification.simulator.wire import Fault

from .interleavings import interleavings
from .random_walks import Life, walking
from .schedules import play_by_priorities, replay

_NAME: Final = re.compile(r"(?P<scenario>.+?)(?: \[(?P<faults>#\d+ .+)\]| \[seed (?P<seed>[^\]]+)\])?")
_FAULT: Final = re.compile(r"#(\d+) (.+?)(?=, #\d|$)")
_PRIORITIES: Final = re.compile(r"(?P<scenario>.+?) \[priorities (?P<seed>\d+)\]")
_WALK: Final = re.compile(r"walk (\d+)")

PRIORITY_DEPTH: Final = 3
"""The largest number of constraints on the order of calls with which an error is found with a known probability."""
PRIORITY_LENGTH: Final = 80
"""The number of calls among which the changes of priority are chosen. No interleaving makes more calls."""
EXAMPLES_OF_A_WALK: Final = 500
STEPS_OF_A_WALK: Final = 30


def name_of_schedule(scenario: Scenario, seed: str) -> str:
    """Return the name of one order of an interleaving's calls."""
    return f"{scenario.name} [seed {seed}]"


def name_of_priorities(scenario: Scenario, seed: int) -> str:
    """Return the name of one run of an interleaving with random priorities."""
    return f"{scenario.name} [priorities {seed}]"


def trace_of(name: str) -> str:
    """Play a run again and return its trace.

    Parameters
    ----------
    name
        The name of a scenario with its faults or the seed of its schedule, or the name of a random walk.

    Raises
    ------
    LookupError
        There is no such run.
    """
    if match := _WALK.fullmatch(name):
        return walk(int(match[1])) or "no violations\n"
    if match := _PRIORITIES.fullmatch(name):
        scenario = next(scenario for scenario in interleavings() if scenario.name == match["scenario"])
        return play_by_priorities(scenario, int(match["seed"]), PRIORITY_DEPTH, PRIORITY_LENGTH)[0].trace()
    match = _NAME.fullmatch(name)
    scenarios = {scenario.name: scenario for scenario in (*all_scenarios(), *in_other_worlds(), *interleavings())}
    if match is None or match["scenario"] not in scenarios:
        raise LookupError(f"there is no run with the name {name!r}")
    scenario = scenarios[match["scenario"]]
    if match["seed"]:
        return replay(scenario, match["seed"]).trace()
    faults: dict[int, Fault] = {}
    for index, fault in _FAULT.findall(match["faults"] or ""):
        # The faults that can hit a call depend on the call, which in turn depends on the earlier faults.
        call = run(scenario, faults).calls[int(index)]
        faults[call.index] = {known.name: known for known in faults_of(call)}[fault]
    return run(scenario, faults).trace()


def walk(number: int) -> str:
    """Take the random walk with this number. Return its violations and trace, or an empty text if it has none."""
    try:
        run_state_machine_as_test(seed(number)(Life), settings=walking(EXAMPLES_OF_A_WALK, STEPS_OF_A_WALK))
    except AssertionError as error:
        return str(error)
    return ""
