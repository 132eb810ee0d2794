"""Plays everything: ``python -m verification``. ``make verify`` runs this.

It plays the scenarios, the whole fault matrix, pairs of faults, the schedules, many random walks, and real kills, on as
many processes as requested. It then prints a table of what was played and which violations it found.
"""

import argparse
import gc
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final

from docs.tools.sections import LIFECYCLE, VERIFICATION, write_section
from verification.crash_tests.driver import play_round
from verification.exploration.fault_matrix import Case, first_of_pairs, paired_scenarios, pairs, single_faults
from verification.exploration.interleavings import interleavings
from verification.exploration.replaying import (
    EXAMPLES_OF_A_WALK,
    PRIORITY_DEPTH,
    PRIORITY_LENGTH,
    name_of_priorities,
    name_of_schedule,
    trace_of,
    walk,
)
from verification.exploration.schedules import Bounds, explore, play_by_priorities
from verification.quick_entries import make_claims_quickly
from verification.scenarios.catalog import all_scenarios, by_name, in_other_worlds
from verification.simulator.reached import EXPECTED, Reached, counting

SCENARIOS: Final = "Scenarios"
WORLDS: Final = "Scenarios in other worlds"
SINGLE: Final = "Scenarios under one fault"
PAIRS: Final = "Scenarios under two faults"
SCHEDULES: Final = "Schedules"
PRIORITIES: Final = "Random priorities"
WALKS: Final = "Random walks"
KILLS: Final = "Processes killed"
PARTS: Final = (SCENARIOS, WORLDS, SINGLE, PAIRS, SCHEDULES, PRIORITIES, WALKS, KILLS)

_BOUNDS: Final = (
    Bounds(kills=0, standstills=0),
    Bounds(kills=1, standstills=0, preemptions=3),
    Bounds(kills=0, standstills=2, preemptions=2),
    Bounds(kills=1, standstills=1, preemptions=1),
)
"""How far each interleaving is explored: all orders; then with a death, with slow invocations, and with both."""
_SCHEDULES_AT_MOST: Final = 2_000
"""The most schedules of one interleaving within one bound."""
_PRIORITY_RUNS: Final = 1_000
"""The number of runs of each interleaving with random priorities."""
_WALKS: Final = 20
_KILLING_ROUNDS: Final = 10
_KILLS_IN_A_ROUND: Final = 25


@dataclass
class Tally:
    """The results of one part of the verification.

    Parameters
    ----------
    runs
        How many runs were played to their end.
    notes
        Rows of a table that shows how complete the part is.
    violations
        The name of each run that had violations, and the violations.
    reached
        What the runs reached, if that is counted.
    """

    part: str
    runs: int = 0
    notes: list[str] = field(default_factory=list[str])
    violations: list[str] = field(default_factory=list[str])
    reached: Reached = field(default_factory=Reached)

    def add(self, other: "Tally") -> None:
        """Add the results of another process."""
        self.runs += other.runs
        self.notes += other.notes
        self.violations += other.violations
        self.reached.add(other.reached)


def play_scenarios() -> Tally:
    """Play every scenario without additional faults."""
    return _played(SCENARIOS, (Case(scenario, {}) for scenario in all_scenarios()))


def play_in_other_worlds(start: int, step: int) -> Tally:
    """Play every ``step``-th scenario in the other worlds."""
    return _played(WORLDS, (Case(scenario, {}) for scenario in islice(in_other_worlds(), start, None, step)))


def play_single_faults(name: str) -> Tally:
    """Play a scenario under every single fault, and count what the runs reach."""
    with counting() as reached:
        tally = _played(SINGLE, single_faults([by_name(name)]))
    tally.reached = reached
    return tally


def play_pairs(name: str, start: int, step: int) -> Tally:
    """Play a scenario under pairs of faults: every ``step``-th first fault with its second faults."""
    firsts = list(first_of_pairs(by_name(name)))[start::step]
    return _played(PAIRS, (case for first in firsts for case in pairs(first)))


def play_schedules(name: str, bounds: Bounds) -> Tally:
    """Explore an interleaving."""
    scenario = next(scenario for scenario in interleavings() if scenario.name == name)
    exploration = explore(scenario, bounds, _SCHEDULES_AT_MOST)
    failures = [f"{name_of_schedule(scenario, seed)}: {violations[0]}" for seed, violations in exploration.failures]
    is_whole = "all" if exploration.is_complete else f"stopped at {_SCHEDULES_AT_MOST:,}"
    note = f"| {name} | {bounds} | {exploration.schedules:,} | {exploration.cut:,} | {is_whole} |"
    return Tally(SCHEDULES, exploration.schedules, [note], failures)


def play_priorities(name: str, start: int, step: int) -> Tally:
    """Play an interleaving with random priorities: every ``step``-th seed."""
    scenario = next(scenario for scenario in interleavings() if scenario.name == name)
    tally = Tally(PRIORITIES)
    for seed in range(start, _PRIORITY_RUNS, step):
        result, _ = play_by_priorities(scenario, seed, PRIORITY_DEPTH, PRIORITY_LENGTH)
        tally.runs += 1
        run_name = name_of_priorities(scenario, seed)
        tally.violations += [f"{run_name}: {violation}" for violation in result.violations]
    return tally


def play_walks(number: int) -> Tally:
    """Take one random walk."""
    problem = walk(number)
    violations = [f"walk {number}: {problem.splitlines()[-1]}"] if problem else []
    return Tally(WALKS, EXAMPLES_OF_A_WALK, violations=violations)


def play_kills(number: int) -> Tally:
    """Kill real processes of the handler."""
    played = play_round(number, _KILLS_IN_A_ROUND)
    violations = [f"round {number}: {violation}" for violation in played.violations]
    return Tally(KILLS, played.kills, violations=violations)


def verify(jobs: int, parts: tuple[str, ...]) -> list[Tally]:
    """Play all cases of some parts on some processes, and report the progress."""
    tallies = {part: Tally(part) for part in parts}
    began = time.monotonic()
    work = [(part, task) for part, task in _work() if part in parts]
    for done, tally in enumerate(_played_on(jobs, work), start=1):
        tallies[tally.part].add(tally)
        for violation in tally.violations:
            # Print it at once, so that no violation is lost when a person stops the rest.
            sys.stderr.write(f"\r{tally.part}: {violation}\n")
        elapsed = time.monotonic() - began
        total = sum(one.runs for one in tallies.values())
        wrong = sum(len(one.violations) for one in tallies.values())
        sys.stderr.write(
            f"\r{done} of {len(work)} pieces, {total} runs, {wrong} violations, {elapsed / 60:.1f} minutes"
        )
        sys.stderr.flush()
    sys.stderr.write("\n")
    if SINGLE in tallies:
        missing = tallies[SINGLE].reached.missing()
        tallies[SINGLE].violations += [f"not reached: {what}" for what in missing]
        sys.stderr.writelines(f"not reached: {what}\n" for what in missing)
    return list(tallies.values())


def _played_on(jobs: int, work: list[tuple[str, partial[Tally]]]) -> Iterator[Tally]:
    """Return the result of each piece of work, first those of the kills.

    Nothing runs beside the kills, because they take place in real time: a machine that is busy would make the function
    slower than any process lives.
    """
    kills = [task for part, task in work if part == KILLS]
    others = [task for part, task in work if part != KILLS]
    with ProcessPoolExecutor(1) as pool:
        yield from (future.result() for future in as_completed([pool.submit(task) for task in kills]))
    with ProcessPoolExecutor(jobs, initializer=_prepare) as pool:
        yield from (future.result() for future in as_completed([pool.submit(task) for task in others]))


def table(tallies: list[Tally]) -> str:
    """Return the results as Markdown."""
    lines = ["| What | Runs | Violations |", "| --- | ---: | ---: |"]
    lines += [f"| {tally.part} | {tally.runs:,} | {len(tally.violations)} |" for tally in tallies]
    runs, wrong = sum(tally.runs for tally in tallies), sum(len(tally.violations) for tally in tallies)
    return "\n".join([*lines, f"| In all | {runs:,} | {wrong} |"])


def schedules_table(tallies: list[Tally]) -> str:
    """Return how completely each interleaving was explored, as Markdown."""
    rows = [note for tally in tallies for note in sorted(tally.notes)]
    if not rows:
        return ""
    header = (
        "| Interleaving | Bounds | Schedules | Cut | Of all within the bounds |",
        "| --- | --- | ---: | ---: | --- |",
    )
    explanation = "A schedule is cut when it reaches a state that an earlier schedule has already explored."
    return "\n".join([*header, *rows, "", explanation])


def reached_table(tallies: list[Tally]) -> str:
    """Return how often the runs under single faults reached each required result, as Markdown."""
    reached = next((tally.reached for tally in tallies if tally.part == SINGLE), None)
    if reached is None:
        return ""
    rows = [f"| {name} | {least} | {reached.counts[name]:,} |" for name, least in EXPECTED.items()]
    sites = (
        f"The function's lifecycle made calls from {len(reached.sites)} places in its code. Faults hit calls from "
        f"{len(reached.sites & reached.sites_hit)} of them."
    )
    return "\n".join(["| What | At least | Times |", "| --- | ---: | ---: |", *rows, "", sites])


def main() -> int:
    """Play everything. Return 1 if there is any violation."""
    parser = argparse.ArgumentParser(prog="python -m verification", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="processes for all but the kills; default 2")
    parser.add_argument("--write", action="store_true", help="write the table to the documents")
    parser.add_argument("--part", action="append", choices=PARTS, help="play this part only; may be repeated")
    parser.add_argument("--replay", metavar="NAME", help="play one run again, as a violation names it, and show it")
    arguments = parser.parse_args()
    if arguments.replay:
        sys.stdout.write(trace_of(arguments.replay))
        return 0
    if arguments.write and arguments.part:
        parser.error("--write is for the whole: the documents are not to show a part as if it were all")
    began = time.monotonic()
    tallies = verify(arguments.jobs, tuple(arguments.part or PARTS))
    taken = f"Played in {(time.monotonic() - began) / 60:.0f} minutes by {arguments.jobs} processes."
    counts, schedules, reached = table(tallies), schedules_table(tallies), reached_table(tallies)
    sys.stdout.write(f"{counts}\n\n{taken}\n\n{schedules}\n\n{reached}\n")
    if arguments.write:
        write_section(LIFECYCLE, "The last run", f"`make verify`:\n\n{counts}\n\n{taken}")
        write_section(VERIFICATION, "Runs", f"`make verify`. {taken}\n\n{counts}\n\n{schedules}")
        write_section(VERIFICATION, "Reached", f"`make verify`.\n\n{reached}")
    return 1 if any(tally.violations for tally in tallies) else 0


def _work() -> Iterator[tuple[str, partial[Tally]]]:
    # The longest work comes first, and work of equal length comes last, so that no process is left alone at the end.
    for scenario in interleavings():
        for bounds in _BOUNDS:
            yield SCHEDULES, partial(play_schedules, scenario.name, bounds)
    for scenario in paired_scenarios():
        for start in range(4):
            yield PAIRS, partial(play_pairs, scenario.name, start, 4)
    for start in range(8):
        yield WORLDS, partial(play_in_other_worlds, start, 8)
    for scenario in interleavings():
        yield PRIORITIES, partial(play_priorities, scenario.name, 0, 1)
    yield SCENARIOS, partial(play_scenarios)
    for scenario in all_scenarios():
        yield SINGLE, partial(play_single_faults, scenario.name)
    for number in range(_WALKS):
        yield WALKS, partial(play_walks, number)
    for number in range(_KILLING_ROUNDS):
        yield KILLS, partial(play_kills, number)


def _prepare() -> None:
    # Frozen, the modules are not searched for garbage again and again, which takes a fifth of the time.
    gc.freeze()
    make_claims_quickly()


def _played(part: str, cases: Iterator[Case]) -> Tally:
    tally = Tally(part)
    for case in cases:
        tally.runs += 1
        tally.violations += [f"{case.name}: {violation}" for violation in case.run().violations]
    return tally


if __name__ == "__main__":
    sys.exit(main())
