"""Runs stacks while their function is being killed, round after round, and reports the results."""

import argparse
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import Final

from greenlet import greenlet

from verification.simulator.invariants import Needed, check, watch

from .workloads import WORKLOADS
from .world import KillingWorld

_SPEED: Final = 60.0
_WORKLOADS_AT_ONCE: Final = 6
_KILLS_IN_A_ROUND: Final = 25


@dataclass(frozen=True)
class Round:
    """The results of one world.

    Parameters
    ----------
    workloads
        How many workloads ran in the world.
    invocations
        How many processes were started.
    kills
        How many of these processes were killed while they ran.
    """

    seed: int
    workloads: int
    invocations: int
    kills: int
    violations: list[str]


def play_round(seed: int, kills: int) -> Round:
    """Start stacks until ``kills`` processes were killed, let all stacks end, and judge the world."""
    with KillingWorld(seed, _SPEED) as world:
        watch(world)
        claims = releases = started = 0
        living: list[greenlet] = []
        while living or world.processes.kills < kills:
            if len(living) < _WORKLOADS_AT_ONCE and world.processes.kills < kills:
                workload, needed = world.random.choice(WORKLOADS)
                stack = world.stack(f"{workload.__name__.replace('_', '-')}-{started}")
                living.append(greenlet(partial(workload, world, stack, world.random)))
                started += 1
                claims, releases = claims + needed.claims, releases + needed.releases
            for one in living:
                one.switch()
            living = [one for one in living if not one.dead]
            world.pump()
        world.run_until_quiet()
        violations = check(world, Needed(claims, releases))
        return Round(seed, started, world.processes.started, world.processes.kills, violations)


def main() -> int:
    """Play rounds until enough processes were killed. Return 1 if there is any violation."""
    parser = argparse.ArgumentParser(
        prog="python -m verification.crash_tests", description="Kill the handler's processes."
    )
    parser.add_argument("--kills", type=int, default=300, help="how many processes to kill (default: 300)")
    parser.add_argument("--seed", type=int, default=None, help="of the first round (default: a new one)")
    arguments = parser.parse_args()
    first = arguments.seed if arguments.seed is not None else time.time_ns() % 1_000_000
    began = time.monotonic()
    rounds: list[Round] = []
    while (done := sum(one.kills for one in rounds)) < arguments.kills:
        one = play_round(first + len(rounds), min(_KILLS_IN_A_ROUND, arguments.kills - done))
        rounds.append(one)
        sys.stdout.write(
            f"seed {one.seed}: {one.workloads} stacks, {one.invocations} processes, {one.kills} killed, "
            f"{len(one.violations)} violations\n"
        )
        for violation in one.violations:
            sys.stdout.write(f"  {violation}\n")
        sys.stdout.flush()
    violations = sum(len(one.violations) for one in rounds)
    sys.stdout.write(
        f"{sum(one.kills for one in rounds)} of {sum(one.invocations for one in rounds)} processes were killed in the "
        f"lives of {sum(one.workloads for one in rounds)} stacks: {violations} violations, "
        f"{time.monotonic() - began:.0f} s.\n"
    )
    return 1 if violations else 0
