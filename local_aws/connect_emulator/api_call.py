"""One call while the emulator handles it, until it becomes an entry of the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .audit import OK, AuditEntry
from .call import Call
from .errors import ServiceError
from .faults import UNANSWERED, Fault
from .state import Scope


@dataclass(slots=True)
class ApiCall:
    """A call and its results so far.

    Attributes
    ----------
    fault : Fault or None
        The fault that hits the call.
    call : Call or None
        ``None`` until the operation itself begins.
    response : Mapping[str, Any] or None
        The output.
    error : ServiceError or None
        The error to respond with.
    refused : bool
        Whether the call is a claim or an import that was refused with InvalidParameterException after its parameters
        had passed the checks of the service model.
    client_token : str or None
        The client token.
    replayed : bool
        Whether the client token was already known.
    replayed_arn : str or None
        The number that the earlier call with the token concerned.
    """

    scope: Scope
    now: float
    operation: str
    parameters: Mapping[str, Any]
    fault: Fault | None = None
    call: Call | None = None
    response: Mapping[str, Any] | None = None
    error: ServiceError | None = None
    refused: bool = False
    client_token: str | None = None
    replayed: bool = False
    replayed_arn: str | None = None

    @property
    def phone_number_arn(self) -> str | None:
        """The number that the call concerns, if one was found."""
        if self.call is not None and self.call.number is not None:
            return self.call.number.arn
        return self.replayed_arn

    def audit_entry(self) -> AuditEntry:
        """Return the entry for the audit log."""
        kind = self.fault.kind if self.fault is not None else None
        answered = self.error.code if self.error is not None else OK
        return AuditEntry(
            time=self.now,
            account=self.scope.account,
            region=self.scope.region,
            operation=self.operation,
            parameters=self.parameters,
            client_token=self.client_token,
            outcome=str(kind) if kind in UNANSWERED else answered,
            message=self.error.message if self.error is not None else None,
            phone_number_arn=self.phone_number_arn,
            took_effect=self.call is not None and self.call.changed,
            refused=self.refused,
            replayed=self.replayed,
            fault=str(kind) if kind is not None else None,
        )
