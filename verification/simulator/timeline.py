"""Virtual time, and tasks that take turns in it.

Each run of the handler is a task: ordinary code in a greenlet of its own, which gives way at its calls to the world
outside. Nothing runs at the same time as anything else and nothing waits for real, so a run is a pure function of its
choices, and time passes only when every task is asleep.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from typing import Final, Protocol

from greenlet import GreenletExit, greenlet

START: Final = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""


class Killed(BaseException):
    """The process of a task has ended. Not an ``Exception``: no code of the handler gets to see it."""


class Act(StrEnum):
    """What can happen next."""

    GO = "go"
    """A task goes on."""
    KILL = "kill"
    """A task ends where it is."""
    TIME = "time"
    """Time passes until the next event, although there are tasks that could go on: they are slow."""


@dataclass(frozen=True)
class Choice:
    """Something that can happen next."""

    act: Act
    task: "Task | None" = None


class Chooser(Protocol):
    """Decides what happens next, where several things can."""

    def choose(self, ready: "list[Task]", next_event_at: float | None) -> Choice:
        """Return what happens next.

        Parameters
        ----------
        ready
            The tasks that can go on, by name; at least one.
        next_event_at
            When the next event is, if there is one.
        """
        ...


class Task:
    """A run of some code.

    Parameters
    ----------
    name
        What a trace calls it.
    body
        The code.
    on_end
        Called when it has ended: with ``None``, what it has raised, or ``Killed``.
    """

    def __init__(self, name: str, body: Callable[[], None], on_end: "Callable[[BaseException | None], None]") -> None:
        self.name = name
        self.is_over = False
        self.calls = 0
        """How many calls to the world outside it has made."""
        self.hold_at: int | None = None
        """Before which of its calls it stands still until it is told to go on; counted from 0."""
        self.is_held = False
        self.wakes_at = 0.0
        """When it wakes, if it sleeps."""
        self.ended_at = 0.0
        self.is_begun = False
        self.history = 0
        """A number for what it has done and seen so far: with the same history it will do the same."""
        self._body = body
        self._on_end = on_end
        self._greenlet: greenlet | None = None

    def switch(self, hub: greenlet) -> None:
        """Let it go on until it gives way to ``hub``."""
        if self._greenlet is None:
            self.is_begun = True
            self._greenlet = greenlet(self._run, hub)
        self._greenlet.switch()

    def kill(self) -> None:
        """End it where it is."""
        if self._greenlet is not None and not self.is_over:
            self._greenlet.throw(Killed())
        elif not self.is_over:
            self._end(Killed())

    def abandon(self) -> None:
        """Leave it for good without a trace: the run is given up."""
        if self._greenlet is not None and not self.is_over:
            self._greenlet.throw(GreenletExit())

    def _run(self) -> None:
        problem: BaseException | None = None
        try:
            self._body()
        except (Exception, Killed) as raised:
            problem = raised
        self._end(problem)

    def _end(self, problem: BaseException | None) -> None:
        self.is_over = True
        self._on_end(problem)


class Timeline:
    """The clock, what is to happen when, and the tasks that can go on now.

    Parameters
    ----------
    chooser
        Decides at each call of each task. Default ``None``: a task goes on until it sleeps, and the one that was
        ready first comes next.
    """

    def __init__(self, chooser: Chooser | None = None) -> None:
        self.now = START
        self.current: Task | None = None
        self.ready: deque[Task] = deque()
        self._chooser = chooser
        self._hub = greenlet.getcurrent()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def clock(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.now

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Do something at a time."""
        self._count += 1
        heappush(self._events, (max(time, self.now), self._count, action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later."""
        self.at(self.now + seconds, action)

    def start(self, task: Task) -> None:
        """Let a task begin."""
        self.ready.append(task)

    def give_way(self) -> None:
        """At a call of the current task: stand still if it is told to; let others go on if there is a chooser."""
        task = self.current
        assert task is not None
        if task.hold_at == task.calls:
            task.is_held = True
            self._hub.switch()
        elif self._chooser is not None:
            self.ready.append(task)
            self._hub.switch()
        task.calls += 1

    def release(self, task: Task) -> None:
        """Let a task go on that stands still, or not stand still any more."""
        task.hold_at = None
        if task.is_held:
            task.is_held = False
            self.ready.append(task)

    def pause(self, seconds: float) -> None:
        """Let the current task sleep."""
        task = self.current
        assert task is not None

        task.wakes_at = self.now + seconds

        def wake() -> None:
            if not task.is_over:
                self.ready.append(task)

        self.after(seconds, wake)
        self._hub.switch()

    def next_event_at(self) -> float | None:
        """Return when the next thing happens, or ``None`` where nothing is to come."""
        return self._events[0][0] if self._events else None

    def go_on(self) -> None:
        """Let one task go on, or time pass until the next event, which there must be."""
        if self.ready and self._chooser is None:
            self._switch_to(self.ready.popleft())
            return
        if self.ready and self._chooser is not None:
            choice = self._chooser.choose(sorted(self.ready, key=lambda task: task.name), self.next_event_at())
            if choice.task is not None:
                self.ready.remove(choice.task)
                if choice.act is Act.KILL:
                    self.kill(choice.task)
                else:
                    self._switch_to(choice.task)
                return
        time, _, action = heappop(self._events)
        self.now = time
        action()

    def kill(self, task: Task) -> None:
        """End a task."""
        previous, self.current = self.current, task
        if task in self.ready:
            self.ready.remove(task)
        task.kill()
        task.ended_at = self.now
        self.current = previous

    def _switch_to(self, task: Task) -> None:
        if task.is_over:
            return
        self.current = task
        task.switch(self._hub)
        if task.is_over:
            task.ended_at = self.now
        self.current = None
