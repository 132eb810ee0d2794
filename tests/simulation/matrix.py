"""The fault matrix: every script, every call made in it, every fault that can hit that call.

Enumerated, not sampled. One reduction is made: an attempt that waits for long repeats the same few calls, and so do
sweeps that cannot finish. Of such an attempt the first and the last calls are hit, of such sweeps the first and
the last.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from .faults import faults_of, grave_faults_of
from .runner import Result, Script, run
from .scripts import all_scripts, by_name
from .wire import Call, Fault

_PAIRED: Final = (
    "S1 create, delete",
    "S1 an old number",
    "S4 cancelled at step 9, both at once",
    "S4 cancelled at step 9, create dies, is delivered again later",
    "S4 cancelled at step 16, both at once",
    "S7 delete dies, before step 2",
    "S7 delete dies, after step 5",
    "S12 rolled back after it has succeeded",
    "S12 cancelled at step 10, both at once",
)
"""Random walks play more faults at once, in more scripts."""
_FIRST_CALLS: Final = 30
_LAST_CALLS: Final = 6
_FIRST_SWEEPS: Final = 3


@dataclass(frozen=True)
class Case:
    """One run of the matrix.

    Parameters
    ----------
    faults
        What hits which call, by the call's index.
    """

    script: Script
    faults: Mapping[int, Fault]

    @property
    def name(self) -> str:
        """A text that says what is done."""
        faults = ", ".join(f"#{index} {fault.name}" for index, fault in self.faults.items())
        return f"{self.script.name} [{faults}]" if faults else self.script.name

    def run(self) -> Result:
        """Play it."""
        return run(self.script, self.faults)


def single_faults(scripts: Iterable[Script] | None = None) -> Iterator[Case]:
    """Return every script under every single fault."""
    for script in all_scripts() if scripts is None else scripts:
        if script.is_short:
            for call in worth_hitting(run(script).calls):
                for fault in faults_of(call):
                    yield Case(script, {call.index: fault})


def pairs(first: Case) -> Iterator[Case]:
    """Return every case in which one more grave fault follows on the one of ``first``."""
    last = max(first.faults)
    for call in worth_hitting(first.run().calls):
        if call.index > last:
            for fault in grave_faults_of(call):
                yield replace(first, faults={**first.faults, call.index: fault})


def first_of_pairs(script: Script) -> Iterator[Case]:
    """Return a script under every single grave fault."""
    for call in worth_hitting(run(script).calls):
        for fault in grave_faults_of(call):
            yield Case(script, {call.index: fault})


def paired_scripts() -> list[Script]:
    """Return the scripts that are played under pairs of faults."""
    return [by_name(name) for name in _PAIRED]


def worth_hitting(calls: Iterable[Call]) -> list[Call]:
    """Return the calls to hit: all but those in the middle of a long wait, and in the middle of many sweeps."""
    by_task: dict[str, list[Call]] = {}
    for call in calls:
        by_task.setdefault(call.task, []).append(call)
    sweeps = [task for task in by_task if task.startswith("sweep")]
    skipped = set(sweeps[_FIRST_SWEEPS:-1])
    chosen = [
        call
        for task, made in by_task.items()
        if task not in skipped
        for call in (made if len(made) <= _FIRST_CALLS + _LAST_CALLS else [*made[:_FIRST_CALLS], *made[-_LAST_CALLS:]])
    ]
    return sorted(chosen, key=lambda call: call.index)
