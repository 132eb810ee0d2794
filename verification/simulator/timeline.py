"""Virtual time, and tasks that take turns in it.

Each run of the handler is a task: ordinary code in its own greenlet, which gives way at its calls to the outside world.
Tasks never run in parallel and never wait in real time. A run is therefore a pure function of its choices, and time
passes only when every task is asleep.
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
    """The process of a task has ended. It is not an ``Exception``, so the handler's code cannot catch it."""


class Act(StrEnum):
    """A kind of step that can come next."""

    GO = "go"
    """A task continues."""
    KILL = "kill"
    """A task ends where it currently is."""
    TIME = "time"
    """Time passes until the next event, although some tasks could continue: they are slow."""


@dataclass(frozen=True)
class Choice:
    """A step that can come next."""

    act: Act
    task: "Task | None" = None


class Chooser(Protocol):
    """Decides which step comes next when several are possible."""

    def choose(self, ready: "list[Task]", next_event_at: float | None) -> Choice:
        """Return the next step.

        Parameters
        ----------
        ready
            The tasks that can continue, sorted by name; at least one.
        next_event_at
            The time of the next event, or ``None`` if there is none.
        """
        ...


class Task:
    """A run of some code.

    Parameters
    ----------
    name
        The task's name in a trace.
    body
        The code to run.
    on_end
        Called when the task has ended, with ``None``, the raised exception, or ``Killed``.
    """

    def __init__(self, name: str, body: Callable[[], None], on_end: "Callable[[BaseException | None], None]") -> None:
        self.name = name
        self.is_over = False
        self.calls = 0
        """How many calls to the outside world the task has made."""
        self.hold_at: int | None = None
        """The call before which the task is held until it is told to continue; counted from 0."""
        self.is_held = False
        self.wakes_at = 0.0
        """The time when the task wakes, if it sleeps."""
        self.ended_at = 0.0
        self.is_begun = False
        self.history = 0
        """A hash of what the task has done and seen so far. Tasks with the same history do the same next."""
        self._body = body
        self._on_end = on_end
        self._greenlet: greenlet | None = None

    def switch(self, hub: greenlet) -> None:
        """Let the task continue until it gives way to ``hub``."""
        if self._greenlet is None:
            self.is_begun = True
            self._greenlet = greenlet(self._run, hub)
        self._greenlet.switch()

    def kill(self) -> None:
        """End the task where it currently is."""
        if self._greenlet is not None and not self.is_over:
            self._greenlet.throw(Killed())
        elif not self.is_over:
            self._end(Killed())

    def abandon(self) -> None:
        """Drop the task for good without calling ``on_end``, because the run is given up."""
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
    """The clock, the future events, and the tasks that can continue now.

    Parameters
    ----------
    chooser
        Decides at each call of each task which task continues. Default ``None``: a task continues until it sleeps, and
        the task that became ready first comes next.
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
        """Schedule an action for a given time."""
        self._count += 1
        heappush(self._events, (max(time, self.now), self._count, action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Schedule an action for some seconds from now."""
        self.at(self.now + seconds, action)

    def start(self, task: Task) -> None:
        """Let a task begin."""
        self.ready.append(task)

    def give_way(self) -> None:
        """At a call of the current task: hold the task if it was told to stop there, or let the chooser decide."""
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
        """Let a held task continue. If the task is not held yet, do not hold it at all."""
        task.hold_at = None
        if task.is_held:
            task.is_held = False
            self.ready.append(task)

    def pause(self, seconds: float) -> None:
        """Put the current task to sleep."""
        task = self.current
        assert task is not None

        task.wakes_at = self.now + seconds

        def wake() -> None:
            if not task.is_over:
                self.ready.append(task)

        self.after(seconds, wake)
        self._hub.switch()

    def next_event_at(self) -> float | None:
        """Return the time of the next event, or ``None`` if there is none."""
        return self._events[0][0] if self._events else None

    def go_on(self) -> None:
        """Let one task continue, or let time pass until the next event, which must exist."""
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
