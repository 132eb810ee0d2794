"""Every order in which the calls of two or three invocations can follow each other, with one death anywhere.

The exploration runs a scenario again and again. Each run makes different choices at the points where more than one
thing can happen: which invocation makes its next call, whether an invocation dies there, and whether time passes
although an invocation could continue (because it is slow).

The exploration does not continue from a state that another order of independent calls has already reached. The world's
future depends only on its state: what Connect and the ledger hold, what each invocation has seen, what CloudFormation
knows, and the time. That keeps the exploration both exhaustive and short.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from verification.simulator.runner import Result, Scenario, judge, prepare
from verification.simulator.timeline import Act, Choice, Task
from verification.simulator.world import World

_ANY: Final = "any"
_SLOW_SECONDS: Final = 120.0
"""The longest time that can pass while an invocation could continue."""


class Known(Exception):
    """An earlier run has already reached this state."""


@dataclass(frozen=True)
class Bounds:
    """How far the exploration goes.

    Parameters
    ----------
    kills
        How many invocations can die.
    standstills
        How often time can pass although an invocation could continue.
    preemptions
        How often an invocation can be interrupted although it could continue; ``None`` for no limit.
    """

    kills: int = 1
    standstills: int = 1
    preemptions: int | None = None

    def __str__(self) -> str:
        interruptions = "any number of" if self.preemptions is None else f"at most {self.preemptions}"
        return f"{interruptions} interruptions, {self.kills} deaths, {self.standstills} standstills"


@dataclass
class Exploration:
    """The results of an exploration.

    Parameters
    ----------
    schedules
        How many orders were played to their end.
    states
        How many different states were seen where there was a choice.
    cut
        How many orders ended in a known state.
    failures
        Seed and violations of each order that broke an invariant.
    """

    scenario: Scenario
    bounds: Bounds
    schedules: int = 0
    states: int = 0
    cut: int = 0
    is_complete: bool = True
    failures: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])


class Choices:
    """Makes the given choices, then always the first one possible, and notes the alternatives.

    Parameters
    ----------
    told
        Indices of the choices to make first.
    known
        States that earlier runs reached; ``None`` to continue from any state.
    """

    def __init__(self, bounds: Bounds, told: tuple[int, ...], known: set[int] | None) -> None:
        self.made: list[int] = []
        self.alternatives: list[tuple[int, ...]] = []
        self.world: World | None = None
        self._bounds = bounds
        self._told = told
        self._known = known
        self._kills = 0
        self._standstills = 0
        self._preemptions = 0
        self._last: Task | None = None

    def choose(self, ready: list[Task], next_event_at: float | None) -> Choice:
        """Return what happens next."""
        world = self.world
        assert world is not None
        if not world.is_explored:
            return Choice(Act.GO, ready[0])
        options = self._options(world, ready, next_event_at)
        index = 0
        if len(options) > 1:
            position = len(self.made)
            if position < len(self._told):
                index = self._told[position]
            elif self._known is not None:
                state = hash((world.fingerprint(), self._kills, self._standstills, self._preemptions, self._lasting()))
                if state in self._known:
                    raise Known
                self._known.add(state)
                self.alternatives += [(*self.made, other) for other in range(1, len(options))]
            self.made.append(index)
        choice = options[index]
        self._count(choice, ready)
        return choice

    def _options(self, world: World, ready: list[Task], next_event_at: float | None) -> list[Choice]:
        # The invocation that ran last comes first, so the first choice everywhere is the order without interruption.
        ready = sorted(ready, key=lambda task: task is not self._last)
        bounds = self._bounds
        if bounds.preemptions is not None and self._preemptions >= bounds.preemptions and self._last in ready:
            runnable = ready[:1]
        else:
            runnable = ready
        options = [Choice(Act.GO, task) for task in runnable]
        if self._kills < bounds.kills:
            options += [Choice(Act.KILL, task) for task in runnable if task.calls > 0]
        is_soon = next_event_at is not None and next_event_at <= world.timeline.now + _SLOW_SECONDS
        if self._standstills < bounds.standstills and is_soon:
            options.append(Choice(Act.TIME))
        return options

    def _count(self, choice: Choice, ready: list[Task]) -> None:
        if choice.act is Act.KILL:
            self._kills += 1
        elif choice.act is Act.TIME:
            self._standstills += 1
        else:
            if self._last in ready and choice.task is not self._last:
                self._preemptions += 1
            self._last = choice.task

    def _lasting(self) -> str:
        # Which invocation ran last matters only with a bound on interruptions.
        return self._last.name if self._bounds.preemptions is not None and self._last is not None else ""


class Priorities:
    """Chooses as probabilistic concurrency testing does: the invocation with the highest priority continues.

    Each invocation gets a random priority when it is first seen. At ``depth`` - 1 calls, chosen at random among
    ``length`` calls, the invocation that would continue gets the lowest priority. A run finds an error that needs
    ``depth`` constraints on the order of calls with a probability of at least 1 / (n · length^(depth - 1)), where n is
    the number of invocations (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding
    Bugs", ASPLOS 2010).

    Parameters
    ----------
    seed
        The same seed makes the same choices.
    """

    def __init__(self, seed: int, depth: int, length: int) -> None:
        self.world: World | None = None
        self.invocations = 0
        """How many invocations there were to choose from."""
        self.calls = 0
        """How many choices were made."""
        self._random = Random(seed)  # noqa: S311 - must be the same each time
        self._changes = set(self._random.sample(range(length), depth - 1))
        self._priorities: dict[str, float] = {}

    def choose(self, ready: list[Task], next_event_at: float | None) -> Choice:  # noqa: ARG002 - a Chooser's signature
        """Return what happens next."""
        world = self.world
        assert world is not None
        if not world.is_explored:
            return Choice(Act.GO, ready[0])
        for task in ready:
            self._priorities.setdefault(task.name, 1 + self._random.random())
        self.invocations = len(self._priorities)
        first = self._highest(ready)
        if self.calls in self._changes:
            self._priorities[first.name] = -float(self.calls)
            first = self._highest(ready)
        self.calls += 1
        return Choice(Act.GO, first)

    def _highest(self, ready: list[Task]) -> Task:
        return max(ready, key=lambda task: self._priorities[task.name])


def play_by_priorities(scenario: Scenario, seed: int, depth: int, length: int) -> tuple[Result, Priorities]:
    """Play a scenario once with random priorities."""
    chooser = Priorities(seed, depth, length)
    world = chooser.world = prepare(scenario, chooser=chooser)
    try:
        return judge(scenario, world), chooser
    finally:
        for task in world.lambda_service.running:
            task.abandon()


def explore(scenario: Scenario, bounds: Bounds, limit: int | None = None) -> Exploration:
    """Play a scenario in every order within the bounds.

    Parameters
    ----------
    limit
        After how many runs to stop; ``None`` for no limit.
    """
    exploration = Exploration(scenario, bounds)
    known: set[int] = set()
    todo: list[tuple[int, ...]] = [()]
    order = Random(0)  # noqa: S311 - must be the same each time
    while todo:
        if limit is not None and exploration.schedules + exploration.cut >= limit:
            exploration.is_complete = False
            break
        # In a random order, so that an exploration that stops early has still covered every area.
        position = order.randrange(len(todo))
        todo[position], todo[-1] = todo[-1], todo[position]
        choices = Choices(bounds, todo.pop(), known)
        result = _played(scenario, choices)
        todo += choices.alternatives
        if result is None:
            exploration.cut += 1
            continue
        exploration.schedules += 1
        if result.violations:
            exploration.failures.append((seed_of(bounds, choices.made), result.violations))
    exploration.states = len(known)
    return exploration


def replay(scenario: Scenario, seed: str) -> Result:
    """Play one order again.

    Raises
    ------
    ValueError
        The seed does not come from ``seed_of``.
    """
    limits, _, choices = seed.partition(":")
    kills, standstills, preemptions = limits.split("-")
    bounds = Bounds(int(kills), int(standstills), None if preemptions == _ANY else int(preemptions))
    result = _played(scenario, Choices(bounds, tuple(int(choice) for choice in choices.split(".")), None))
    assert result is not None
    return result


def seed_of(bounds: Bounds, choices: list[int]) -> str:
    """Return a text from which ``replay`` makes the same choices within the same bounds."""
    while choices and choices[-1] == 0:
        choices = choices[:-1]
    preemptions = _ANY if bounds.preemptions is None else bounds.preemptions
    return f"{bounds.kills}-{bounds.standstills}-{preemptions}:{'.'.join(map(str, choices)) or '0'}"


def _played(scenario: Scenario, choices: Choices) -> Result | None:
    world = choices.world = prepare(scenario, chooser=choices)
    try:
        return judge(scenario, world)
    except Known:
        return None
    finally:
        for task in world.lambda_service.running:
            task.abandon()
