"""The one place through which all calls of the handler to the outside world go.

Here calls are counted, recorded, and hit by faults. A task gives way to other tasks only at its calls.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

from botocore.exceptions import ClientError

from .reached import current
from .timeline import START, Killed, Timeline

_R = TypeVar("_R")

LATE_SECONDS: Final = 15.0
LASTING_SECONDS: Final = 60.0
DONE_LATER_SECONDS: Final = 60.0
_MOST_CALLS: Final = 3_000
"""An invocation that makes more calls will never end."""


class Runaway(AssertionError):
    """An invocation makes calls without end."""


class Surface(StrEnum):
    """The service that a call goes to."""

    CONNECT = "connect"
    LEDGER = "ledger"
    STACKS = "stacks"
    QUOTAS = "quotas"
    RESPONSE = "response"


@dataclass(slots=True)
class Call:
    """One call to the outside world, as the handler made it.

    Attributes
    ----------
    index
        The call's position in the whole run, counted from 0.
    number
        The call's position in its task, counted from 0.
    result
        The call's return value, if it returned.
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
        """The service and the operation of the call."""
        return f"{self.surface}.{self.operation}"

    def line(self) -> str:
        """Return the call as one line of a trace."""
        fault = f"  <= {self.fault}" if self.fault else ""
        return (
            f"{self.time - START:9.1f}s #{self.index:<3} {self.task:<28} {self.number:>3} {self.name} "
            f"{_brief(self.parameters)} -> {self.outcome}{fault}"
        )


class FaultKind(StrEnum):
    """When a fault hits a call, and its effect."""

    ERROR = "error"
    """An error replaces the call."""
    ERROR_AFTER = "error after"
    """The call is performed, but an error replaces its result."""
    ERROR_BEFORE = "error before"
    """The caller gets an error at once. The call is performed minutes later, when no caller waits for it any more."""
    LASTING = "lasting error"
    """An error replaces this call, and each call of the same operation within a minute."""
    LATE = "late"
    """The call is performed a quarter of a minute later."""
    DEATH = "death"
    """The process ends before the call."""
    DEATH_AFTER = "death after"
    """The process ends right after the call is performed."""
    NONE = "none"
    """The call is performed normally. The fault affects only the world."""


@dataclass(frozen=True)
class Fault:
    """What can happen to a call.

    Parameters
    ----------
    name
        The fault's name in traces and tables.
    error
        Makes the error that the handler gets, if the fault is an error.
    besides
        Changes the world right before the call.
    afterwards
        Changes the world right after the call.
    later_seconds
        For ``ERROR_BEFORE``: how much later the call is performed, in seconds. Default 60.
    """

    name: str
    kind: FaultKind
    error: Callable[[str], Exception] | None = None
    besides: Callable[[Any, Call], None] | None = None
    afterwards: Callable[[Any, Call], None] | None = None
    later_seconds: float = DONE_LATER_SECONDS


class Injector(Protocol):
    """Decides which calls are hit by faults."""

    def fault_for(self, call: Call) -> Fault | None:
        """Return the fault that hits a call, or ``None``."""
        ...


class Wire:
    """Performs all calls of the handler.

    Parameters
    ----------
    injector
        Decides which calls are hit; ``None`` for none.
    world
        The world that a fault may change.
    """

    def __init__(self, timeline: Timeline, injector: Injector | None, world: object) -> None:
        self.calls: list[Call] = []
        self.faults: Mapping[int, Fault] = {}
        """The fault that hits each call, by the call's index in the run, up to its very end."""
        self.is_closed = False
        """Whether the injector's faults are over, because the scenario is. What it leaves behind goes on after that."""
        self.keeps_history = False
        """Whether tasks keep a history of what they have seen, so that states can be compared."""
        self._timeline = timeline
        self._injector = injector
        self._world = world
        self._lasting: dict[str, tuple[float, Fault]] = {}

    def call(self, surface: Surface, operation: str, parameters: Any, perform: Callable[[], _R]) -> _R:
        """Perform one call."""
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
        """Apply the part of a fault that comes before the call, or replaces it."""
        match fault.kind:
            case FaultKind.DEATH:
                raise Killed
            case FaultKind.ERROR | FaultKind.LASTING:
                raise _made(fault, call)
            case FaultKind.ERROR_BEFORE:
                self._timeline.after(fault.later_seconds, lambda: _done_unheard(perform))
                raise _made(fault, call)
            case FaultKind.LATE:
                self._timeline.pause(LATE_SECONDS)
            case _:
                pass

    def _fault(self, call: Call) -> Fault | None:
        until, lasting = self._lasting.get(call.name, (0.0, None))
        if lasting is not None and call.time < until:
            return lasting
        injector = None if self.is_closed else self._injector
        fault = (injector.fault_for(call) if injector is not None else None) or self.faults.get(call.index)
        if fault is not None and fault.kind is FaultKind.LASTING:
            self._lasting[call.name] = (call.time + LASTING_SECONDS, fault)
        return fault


def _made(fault: Fault, call: Call) -> Exception:
    assert fault.error is not None
    return fault.error(call.operation)


def _done_unheard(perform: Callable[[], object]) -> None:
    # The late call may no longer be valid. The caller never gets its result.
    with suppress(Exception):
        perform()


def _outcome(error: BaseException) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code"))
    return type(error).__name__


_LONG_NAMES: Final = re.compile(
    r"arn:aws:connect:[a-z0-9-]+:\d{12}:|arn:aws:cloudformation:[a-z0-9-]+:\d{12}:stack/|(?<=[a-z0-9])/[0-9a-f-]{36}(?=#)"
)
"""The parts that are the same in every trace, or tell the reader nothing."""


def _brief(parameters: Any) -> str:
    text = _LONG_NAMES.sub("", str(parameters))
    return text if len(text) <= 300 else text[:300] + "…"
