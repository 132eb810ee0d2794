"""The one place through which every call of the handler to the world outside goes.

Here calls are counted, written down, hit by faults, and are the points at which a task gives way to others.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

from botocore.exceptions import ClientError

from verification.exploration.reached import current

from .timeline import START, Killed, Timeline

_R = TypeVar("_R")

LATE_SECONDS: Final = 15.0
LASTING_SECONDS: Final = 60.0
DONE_LATER_SECONDS: Final = 60.0
_MOST_CALLS: Final = 10_000
"""An invocation that makes more calls will never end."""


class Runaway(AssertionError):
    """An invocation makes one call after the other."""


class Surface(StrEnum):
    """Whom a call is to."""

    CONNECT = "connect"
    LEDGER = "ledger"
    STACKS = "stacks"
    RESPONSE = "answer"


@dataclass(slots=True)
class Call:
    """One call to the world outside, as the handler made it.

    Attributes
    ----------
    index
        Which call of the whole run it is, from 0.
    number
        Which call of its task it is, from 0.
    result
        What it returned, where it did.
    """

    index: int
    time: float
    task: str
    number: int
    surface: Surface
    operation: str
    parameters: Any
    outcome: str = "…"
    result: Any = None
    fault: str = ""

    @property
    def name(self) -> str:
        """Whom it is to, and what for."""
        return f"{self.surface}.{self.operation}"

    def line(self) -> str:
        """Return one line of a trace."""
        fault = f"  <= {self.fault}" if self.fault else ""
        return (
            f"{self.time - START:9.1f}s #{self.index:<3} {self.task:<28} {self.number:>3} {self.name} "
            f"{_brief(self.parameters)} -> {self.outcome}{fault}"
        )


class FaultKind(StrEnum):
    """When a fault hits, and with what."""

    ERROR = "error"
    """Instead of the call."""
    ERROR_AFTER = "error after"
    """The call is done all the same."""
    ERROR_BEFORE = "error before"
    """The call is done all the same, but only a minute later, when nobody waits for it any more."""
    LASTING = "lasting error"
    """Instead of this call and of each like it within a minute."""
    LATE = "late"
    """The call is done a quarter of a minute later."""
    DEATH = "death"
    """The process ends before the call."""
    DEATH_AFTER = "death after"
    """The process ends when the call is done."""
    NONE = "none"
    """Nothing but what happens to the world besides."""


@dataclass(frozen=True)
class Fault:
    """What can happen to a call.

    Parameters
    ----------
    name
        What a trace and a table call it.
    error
        Makes what the handler gets, where the fault is an error.
    besides
        What happens to the world right before the call.
    afterwards
        What happens to the world right after it.
    """

    name: str
    kind: FaultKind
    error: Callable[[str], Exception] | None = None
    besides: Callable[[Any, Call], None] | None = None
    afterwards: Callable[[Any, Call], None] | None = None


class Injector(Protocol):
    """Decides which call is hit."""

    def fault_for(self, call: Call) -> Fault | None:
        """Return the fault that hits a call, or ``None``."""
        ...


class Wire:
    """Takes every call.

    Parameters
    ----------
    injector
        Decides which calls are hit; ``None`` for none.
    world
        What a fault may change besides the call.
    """

    def __init__(self, timeline: Timeline, injector: Injector | None, world: object) -> None:
        self.calls: list[Call] = []
        self.is_closed = False
        """Whether faults are over: the run is at its end, where all that lasts for a while has passed."""
        self.keeps_history = False
        """Whether tasks keep in mind what they have seen, so that states can be compared."""
        self._timeline = timeline
        self._injector = injector
        self._world = world
        self._lasting: dict[str, tuple[float, Fault]] = {}

    def call(self, surface: Surface, operation: str, parameters: Any, perform: Callable[[], _R]) -> _R:
        """Make one call."""
        timeline = self._timeline
        task = timeline.current
        assert task is not None
        number = task.calls
        if number >= _MOST_CALLS:
            raise Runaway(f"{task.name} has made {number} calls")
        timeline.give_way()
        call = Call(len(self.calls), timeline.now, task.name, number, surface, operation, parameters)
        self.calls.append(call)
        reached = current()
        if reached is not None:
            reached.saw_call(is_hit=False)
        try:
            call.result = result = self._performed(call, perform)
        except BaseException as error:
            call.outcome = _outcome(error)
            if self.keeps_history:
                task.history = hash((task.history, timeline.now, call.name, call.outcome))
            raise
        call.outcome = "ok"
        if self.keeps_history:
            task.history = hash((task.history, timeline.now, call.name, repr(result)))
        return result

    def _performed(self, call: Call, perform: Callable[[], _R]) -> _R:
        fault = self._fault(call)
        if fault is None:
            return perform()
        call.fault = fault.name
        reached = current()
        if reached is not None:
            reached.saw_call(is_hit=True)
        if fault.besides is not None:
            fault.besides(self._world, call)
        self._before(fault, call, perform)
        result = perform()
        if fault.afterwards is not None:
            fault.afterwards(self._world, call)
        if fault.kind is FaultKind.DEATH_AFTER:
            raise Killed
        if fault.kind is FaultKind.ERROR_AFTER:
            raise _made(fault, call)
        return result

    def _before(self, fault: Fault, call: Call, perform: Callable[[], object]) -> None:
        """Let a fault do what it does before the call, or instead of it."""
        match fault.kind:
            case FaultKind.DEATH:
                raise Killed
            case FaultKind.ERROR | FaultKind.LASTING:
                raise _made(fault, call)
            case FaultKind.ERROR_BEFORE:
                self._timeline.after(DONE_LATER_SECONDS, lambda: _done_unheard(perform))
                raise _made(fault, call)
            case FaultKind.LATE:
                self._timeline.pause(LATE_SECONDS)
            case _:
                pass

    def _fault(self, call: Call) -> Fault | None:
        if self._injector is None or self.is_closed:
            return None
        until, lasting = self._lasting.get(call.name, (0.0, None))
        if lasting is not None and call.time < until:
            return lasting
        fault = self._injector.fault_for(call)
        if fault is not None and fault.kind is FaultKind.LASTING:
            self._lasting[call.name] = (call.time + LASTING_SECONDS, fault)
        return fault


def _made(fault: Fault, call: Call) -> Exception:
    assert fault.error is not None
    return fault.error(call.operation)


def _done_unheard(perform: Callable[[], object]) -> None:
    # Whether it still fits then is nobody's to know.
    with suppress(Exception):
        perform()


def _outcome(error: BaseException) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code"))
    return type(error).__name__


_LONG_NAMES: Final = re.compile(
    r"arn:aws:connect:[a-z0-9-]+:\d{12}:|arn:aws:cloudformation:[a-z0-9-]+:\d{12}:stack/|(?<=[a-z0-9])/[0-9a-f-]{36}(?=#)"
)
"""What is the same in every trace, or says nothing to a reader."""


def _brief(parameters: Any) -> str:
    text = _LONG_NAMES.sub("", str(parameters))
    return text if len(text) <= 300 else text[:300] + "…"
