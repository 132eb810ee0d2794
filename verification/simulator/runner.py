"""Plays one scenario in its own world, and judges the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .invariants import Needed, check, watch
from .timeline import Chooser
from .wire import Call, Fault, Injector
from .world import Endless, Options, World


@dataclass(frozen=True)
class Scenario:
    """A named scenario.

    Parameters
    ----------
    name
        The scenario's name in the lifecycle contract, with the variant: ``S4 at 7, delete first``.
    play
        What happens in the world.
    needed
        The most claims and releases that it needs when nothing goes wrong.
    options
        The options of the world.
    scripted
        Makes the faults that belong to the scenario, for each run.
    is_short
        Whether the scenario is short enough to be played under every fault. Default ``True``.
    """

    name: str
    play: Callable[[World], None]
    needed: Needed
    options: Options = field(default_factory=Options)
    scripted: Callable[[], Injector] | None = None
    is_short: bool = True


@dataclass(frozen=True)
class Result:
    """The results of a run.

    Parameters
    ----------
    calls
        All calls of the handler to the outside world.
    """

    scenario: Scenario
    violations: list[str]
    calls: list[Call]
    world: World

    def trace(self) -> str:
        """Return the whole run as text for people: each call, each response, and each violation."""
        requests = [
            f"  {request.name()} ({request.state}): "
            + ", ".join(
                f"{response.status} {response.physical_id} ({response.reason})" for response in request.responses
            )
            for request in self.world.cloudformation.requests.values()
        ]
        numbers = [
            f"  {number.phone_number} {number.arn[-36:]} {number.status}" for number in self.world.emulator.numbers()
        ]
        return "\n".join(
            (
                self.scenario.name,
                *(call.line() for call in self.calls),
                "requests:",
                *requests,
                "numbers:",
                *numbers,
                "violations:",
                *(f"  {violation}" for violation in self.violations),
            )
        )


@dataclass
class Matching:
    """Hits the first calls that match a condition.

    Parameters
    ----------
    matches
        Returns whether a call matches.
    count
        How many calls to hit; ``None`` for all.
    """

    matches: Callable[[Call], bool]
    fault: Fault
    count: int | None = None

    def fault_for(self, call: Call) -> Fault | None:
        """Return the fault that hits a call, or ``None``."""
        if self.count == 0 or not self.matches(call):
            return None
        if self.count is not None:
            self.count -= 1
        return self.fault


def hitting(matches: Callable[[Call], bool], fault: Fault, count: int | None = None) -> Callable[[], Injector]:
    """Return a function that makes the faults of a scenario; see ``Matching``."""
    return lambda: Matching(matches, fault, count)


def run(
    scenario: Scenario,
    faults: Mapping[int, Fault] | None = None,
    options: Options | None = None,
    chooser: Chooser | None = None,
) -> Result:
    """Play a scenario to its end and check all invariants.

    Parameters
    ----------
    faults
        The fault that hits each call, by the call's index in the run.
    options
        The options of the world. Default: those of the scenario.
    chooser
        Decides which invocation continues when several run at the same time.
    """
    return judge(scenario, prepare(scenario, faults, options, chooser))


def prepare(
    scenario: Scenario,
    faults: Mapping[int, Fault] | None = None,
    options: Options | None = None,
    chooser: Chooser | None = None,
) -> World:
    """Return the world for a scenario; see ``run``."""
    injector = scenario.scripted() if scenario.scripted is not None else None
    world = World(options or scenario.options, injector, chooser)
    world.wire.faults = faults or {}
    watch(world)
    return world


def judge(scenario: Scenario, world: World) -> Result:
    """Play a scenario in a world, and check all invariants."""
    try:
        scenario.play(world)
    except Endless as problem:
        world.violations.append(f"Endless: {problem}")
    world.is_explored = False
    world.run_until_quiet()
    return Result(scenario, check(world, scenario.needed), world.wire.calls, world)
