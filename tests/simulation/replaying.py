"""One run once more, by the name under which its violation was reported."""

import re
from typing import Final

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from .encounters import encounters
from .exploring import play_by_priorities, replay
from .faults import faults_of
from .runner import Script, run
from .scripts import all_scripts, in_other_worlds
from .walks import Life, walking
from .wire import Fault

_NAME: Final = re.compile(r"(?P<script>.+?)(?: \[(?P<faults>#\d+ .+)\]| \[seed (?P<seed>[^\]]+)\])?")
_FAULT: Final = re.compile(r"#(\d+) (.+?)(?=, #\d|$)")
_PRIORITIES: Final = re.compile(r"(?P<script>.+?) \[priorities (?P<seed>\d+)\]")
_WALK: Final = re.compile(r"walk (\d+)")

PRIORITY_DEPTH: Final = 3
"""How many constraints on the order of calls an error may need to be found with a known probability."""
PRIORITY_LENGTH: Final = 80
"""Among how many calls the changes of priority are chosen: more than the attempts of any encounter make."""
EXAMPLES_OF_A_WALK: Final = 500
STEPS_OF_A_WALK: Final = 30


def name_of_schedule(script: Script, seed: str) -> str:
    """Return the name of one order of an encounter's calls."""
    return f"{script.name} [seed {seed}]"


def name_of_priorities(script: Script, seed: int) -> str:
    """Return the name of one run of an encounter with random priorities."""
    return f"{script.name} [priorities {seed}]"


def trace_of(name: str) -> str:
    """Play a run again and return its trace.

    Parameters
    ----------
    name
        The name of a script, with its faults or the seed of its schedule, or the name of a random walk.

    Raises
    ------
    LookupError
        There is no such run.
    """
    if match := _WALK.fullmatch(name):
        return walk(int(match[1])) or "no violations\n"
    if match := _PRIORITIES.fullmatch(name):
        script = next(script for script in encounters() if script.name == match["script"])
        return play_by_priorities(script, int(match["seed"]), PRIORITY_DEPTH, PRIORITY_LENGTH)[0].trace()
    match = _NAME.fullmatch(name)
    scripts = {script.name: script for script in (*all_scripts(), *in_other_worlds(), *encounters())}
    if match is None or match["script"] not in scripts:
        raise LookupError(f"there is no run with the name {name!r}")
    script = scripts[match["script"]]
    if match["seed"]:
        return replay(script, match["seed"]).trace()
    faults: dict[int, Fault] = {}
    for index, fault in _FAULT.findall(match["faults"] or ""):
        # Which faults can hit a call depends on the call, and which call it is depends on the faults before.
        call = run(script, faults).calls[int(index)]
        faults[call.index] = {known.name: known for known in faults_of(call)}[fault]
    return run(script, faults).trace()


def walk(number: int) -> str:
    """Walk at random, the same way for the same number; return what went wrong, with its trace, or nothing."""
    try:
        run_state_machine_as_test(seed(number)(Life), settings=walking(EXAMPLES_OF_A_WALK, STEPS_OF_A_WALK))
    except AssertionError as error:
        return str(error)
    return ""
