"""The metrics of a run of the function: two weeks of stacks that come and go, in virtual time.

The dashboard's daily metrics need days, so the run is played in the simulator of ``verification``: the function's own
code, the emulated Connect of ``make local-aws``, and a clock that does not wait. It is the same in every run.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import Policy
from local_aws.connect_emulator import Settings
from verification.simulator.stack import Stack
from verification.simulator.timeline import START
from verification.simulator.world import Options, World

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_QUOTA: Final = 20
_LEAST_LEFT: Final = 8
_LINES: Final = 6
DAYS: Final = 14
END: Final = START + DAYS * _DAY


@dataclass(frozen=True)
class Point:
    """A value of a metric, as the function has logged it: its name, its time in seconds since the epoch, its value."""

    metric: str
    time: float
    value: float


def run() -> list[Point]:
    """Play the two weeks, and return what the function has published.

    Raises
    ------
    RuntimeError
        If something else happens than the documents say of the picture.
    """
    world = World(
        Options(
            emulator=Settings(throttling=False, quota=_QUOTA),
            budget=Policy(quota=_QUOTA, postpone_releases_below=_LEAST_LEFT),
            sweeps_always=True,
        )
    )
    production = _deploy(world, "production", _LINES, ReleaseDelay=int(7 * _DAY))
    for day in (1, 2, 3):
        _come_and_go(world, day)
    _sleep_until(world, 4)
    environment = _deploy(world, "refused", 2)
    world.emulator.faults.add(
        "ReleasePhoneNumber", "error", calls=None, for_seconds=6 * _HOUR, code="ResourceInUseException"
    )
    world.expect(not environment.destroy(), "Connect refuses the releases")
    _sleep_until(world, 6)
    # By mistake: the numbers are parked, and come back a day later.
    world.expect(production.destroy(), "production is destroyed")
    _sleep_until(world, 7)
    _deploy(world, production.name, _LINES, ReleaseDelay=int(7 * _DAY))
    _come_and_go(world, 8)
    _sleep_until(world, 9)
    world.emulator.faults.add("ClaimPhoneNumber", "error", calls=1, code="InvalidParameterException")
    # Connect refuses one claim, and gives another number instead.
    world.expect(_deploy(world, "rivaled", 2).destroy(), "the environment goes")
    # The budget postpones the release of its numbers.
    _come_and_go(world, 11)
    _sleep_until(world, DAYS)
    if world.violations:
        raise RuntimeError(f"The run is not as it is described: {'; '.join(world.violations)}")
    return points(world.log)


def points(log: Iterable[str]) -> list[Point]:
    """Return the values in CloudWatch's embedded metric format among the lines of a log."""
    entries = [entry for line in log if "_aws" in (entry := json.loads(line))]
    return [
        Point(metric["Name"], entry["_aws"]["Timestamp"] / 1000, entry[metric["Name"]])
        for entry in entries
        for definition in entry["_aws"]["CloudWatchMetrics"]
        if definition["Namespace"] == contract.METRIC_NAMESPACE
        for metric in definition["Metrics"]
    ]


def _deploy(world: World, name: str, count: int, **properties: int) -> Stack:
    stack = world.stack(name)
    for index in range(count):
        world.expect(stack.create(f"Line{index}", world.number(**properties)), f"{name} is deployed")
    return stack


def _come_and_go(world: World, day: float) -> None:
    """Create an environment of two numbers on that day, and destroy it some hours later."""
    _sleep_until(world, day)
    environment = _deploy(world, f"environment{day}", 2)
    world.sleep(8 * _HOUR)
    world.expect(environment.destroy(), f"the environment of day {day} is destroyed")


def _sleep_until(world: World, day: float) -> None:
    world.sleep(START + day * _DAY - world.timeline.now)
