"""Faults on demand: network and service failures that a caller must handle."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .errors import ServiceError
from .model import connect_model

ANY_OPERATION: Final = "*"


class FaultKind(StrEnum):
    """The effect of a fault on a call."""

    ERROR = "error"
    """The call gets an error and has no effect, unless ``after_effect`` is set."""
    DELAY = "delay"
    """The call is performed, and its response comes ``seconds`` later."""
    NO_RESPONSE = "no_response"
    """The call is performed, but the connection closes without a response."""
    LOST_REQUEST = "lost_request"
    """The call is not performed, and the connection closes without a response."""
    WORKFLOW_FAILURE = "workflow_failure"
    """The call is accepted, but the claim, import, or move ends FAILED with ``message``."""
    WORKFLOW_DELAY = "workflow_delay"
    """The call is accepted, but the claim, import, or move stays IN_PROGRESS for ``seconds``."""


UNANSWERED: Final = (FaultKind.NO_RESPONSE, FaultKind.LOST_REQUEST)
"""The faults after which the caller gets no response."""


@dataclass
class Fault:
    """A fault that waits for calls. ``Faults.add`` describes the attributes."""

    operation: str
    kind: FaultKind
    calls: int | None
    skip: int
    until: float | None
    code: str
    message: str
    status: int
    after_effect: bool
    seconds: float

    def error(self) -> ServiceError:
        """Return the error with which the fault responds."""
        return ServiceError(self.code, self.message, self.status)


class Faults:
    """The active faults, in the order in which they were set.

    Parameters
    ----------
    now : Callable[[], float]
        Returns the emulator's time.
    operations : Container[str]
        The operations of the emulator.
    """

    def __init__(self, now: Callable[[], float], operations: Container[str]) -> None:
        self._now = now
        self._operations = operations
        self._faults: list[Fault] = []

    def add(
        self,
        operation: str,
        kind: str,
        *,
        calls: int | None = 1,
        skip: int = 0,
        for_seconds: float | None = None,
        code: str = "InternalServiceException",
        message: str = "Fault set by the test.",
        status: int | None = None,
        after_effect: bool = False,
        seconds: float = 0.0,
    ) -> None:
        """Set a fault.

        Parameters
        ----------
        operation : str
            The operation whose calls the fault hits; ``*`` for every operation.
        kind : str
            The effect on the calls: a value of ``FaultKind``.
        calls : int or None
            How many calls the fault hits; ``None`` for no limit. Default 1.
        skip : int
            How many calls pass before the fault hits one. Default 0.
        for_seconds : float or None
            After how many seconds of the emulator's clock the fault ends. Default ``None``: no time limit.
        code : str
            Error code of an ``error``. Default ``InternalServiceException``.
        message : str
            Text of an ``error``, or of the failure of a ``workflow_failure``.
        status : int or None
            HTTP status code of an ``error``. Default: the one that the service model has for the code, otherwise 400.
        after_effect : bool
            Whether a call takes effect before its ``error`` response. Default ``False``.
        seconds : float
            Length of a ``delay`` or a ``workflow_delay``. Default 0.

        Raises
        ------
        ValueError
            If there is no such operation or kind.
        """
        if operation != ANY_OPERATION and operation not in self._operations:
            raise ValueError(f"the emulator has no operation {operation!r}")
        self._faults.append(
            Fault(
                operation=operation,
                kind=FaultKind(kind),
                calls=calls,
                skip=skip,
                until=None if for_seconds is None else self._now() + for_seconds,
                code=code,
                message=message,
                status=connect_model().error_status(code) if status is None else status,
                after_effect=after_effect,
                seconds=seconds,
            )
        )

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def pending(self) -> list[Fault]:
        """Return the active faults."""
        return list(self._faults)

    def next_for(self, operation: str, now: float) -> Fault | None:
        """Return the fault that hits a call to ``operation``, and count the call."""
        if not self._faults:
            return None
        self._faults = [fault for fault in self._faults if fault.until is None or now < fault.until]
        for fault in self._faults:
            if fault.operation not in (operation, ANY_OPERATION):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.calls is not None:
                fault.calls -= 1
                if fault.calls <= 0:
                    self._faults.remove(fault)
            return fault
        return None
