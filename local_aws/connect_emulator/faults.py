"""Faults on demand: what a network and a service do to a caller on a bad day."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .errors import ServiceError
from .model import connect_model

ANY_OPERATION: Final = "*"


class FaultKind(StrEnum):
    """What happens to a call."""

    ERROR = "error"
    """It is answered with an error, and does nothing unless ``after_effect`` is set."""
    DELAY = "delay"
    """It is done, and answered ``seconds`` later."""
    NO_RESPONSE = "no_response"
    """It is done, but the connection closes without a response."""
    LOST_REQUEST = "lost_request"
    """It is not done, and the connection closes without a response."""
    WORKFLOW_FAILURE = "workflow_failure"
    """It is accepted, and the claim, import or move ends FAILED with ``message``."""
    WORKFLOW_DELAY = "workflow_delay"
    """It is accepted, and the claim, import or move stays IN_PROGRESS for ``seconds``."""


UNANSWERED: Final = (FaultKind.NO_RESPONSE, FaultKind.LOST_REQUEST)
"""The faults after which the caller gets nothing."""


@dataclass
class Fault:
    """A fault that waits for calls; ``Faults.add`` says what the attributes mean."""

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
        """Return the error that the fault answers with."""
        return ServiceError(self.code, self.message, self.status)


class Faults:
    """The faults that are set, in the order in which they were set.

    Parameters
    ----------
    now : Callable[[], float]
        Returns the emulator's time.
    operations : Container[str]
        The operations that the emulator has.
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
            The operation whose calls it hits, ``*`` for every one.
        kind : str
            What happens to them: a value of ``FaultKind``.
        calls : int or None
            How many calls it hits, ``None`` for any number. Default 1.
        skip : int
            How many calls it lets pass first. Default 0.
        for_seconds : float or None
            After how many seconds of the emulator's clock it ends. Default ``None``: not by time.
        code : str
            Error code of an ``error``. Default ``InternalServiceException``.
        message : str
            Text of an ``error``, or of the failure of a ``workflow_failure``.
        status : int or None
            HTTP status code of an ``error``. Default: what the service model gives the code, else 400.
        after_effect : bool
            Whether a call is done before its ``error`` is answered. Default ``False``.
        seconds : float
            Length of a ``delay`` or a ``workflow_delay``. Default 0.

        Raises
        ------
        ValueError
            Where there is no such operation or kind.
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
        """Take all faults away."""
        self._faults.clear()

    def pending(self) -> list[Fault]:
        """Return the faults that are set."""
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
