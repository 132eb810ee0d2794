"""What Connect's errors mean for a phone number's lifecycle.

One table replaces a decision at each call. The lifecycle uses the meaning and never an error code.
"""

import re
from enum import StrEnum
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError


class ErrorKind(StrEnum):
    """What an error means for the caller."""

    UNCERTAIN = "UNCERTAIN"
    """No response, or a failure inside Connect. The call may have taken effect. Retry it."""
    THROTTLED = "THROTTLED"
    """Too many calls. The call had no effect. Retry it later."""
    NOT_READY = "NOT_READY"
    """The traffic distribution group is still being created. Retry later."""
    NOT_FOUND = "NOT_FOUND"
    DENIED = "DENIED"
    """The function's role lacks the permission. A new role may need some seconds."""
    IN_USE = "IN_USE"
    CHANGED_PARAMETERS = "CHANGED_PARAMETERS"
    """The client token was used before, with other parameters."""
    CALLED_OFF = "CALLED_OFF"
    """Connect was not called, or not called again, because the caller no longer needs the call."""
    INVALID = "INVALID"
    """Connect refuses what the call asks for."""


_MEANING: Final = {
    "ThrottlingException": ErrorKind.THROTTLED,
    "TooManyRequestsException": ErrorKind.THROTTLED,
    "InternalServiceException": ErrorKind.UNCERTAIN,
    "ServiceUnavailableException": ErrorKind.UNCERTAIN,
    "RequestTimeoutException": ErrorKind.UNCERTAIN,
    "ResourceNotFoundException": ErrorKind.NOT_FOUND,
    "AccessDeniedException": ErrorKind.DENIED,
    "ResourceInUseException": ErrorKind.IN_USE,
    "ResourceConflictException": ErrorKind.IN_USE,
    "IdempotencyException": ErrorKind.CHANGED_PARAMETERS,
}

_CLAIMING: Final = ("ClaimPhoneNumber", "ImportPhoneNumber")
_NO_DIGITS: Final = re.compile(r"[^0-9]")


class ConnectError(Exception):
    """A call to Connect failed for good.

    Attributes
    ----------
    operation
        Name of the API operation.
    kind
        What the error means.
    was_uncertain
        An earlier try of the same call ended without a clear response and may have taken effect.
    """

    def __init__(self, operation: str, kind: ErrorKind, code: str, message: str, was_uncertain: bool = False) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.kind = kind
        self.code = code
        self.service_message = message
        self.was_uncertain = was_uncertain

    def is_about_availability_of(self, phone_number: str) -> bool:
        """Return whether the refusal names this number: another party has it, but another number may be available.

        Connect uses one error code for this case and for invalid input. The wording may change, and a message such as
        "numbers of this type are not available for this instance" is about every number. Matching digits refer to this
        number only.
        """
        return _NO_DIGITS.sub("", phone_number) in _NO_DIGITS.sub("", self.service_message)

    def remediation(self, subject: str) -> str:
        """Return a message for the person who deploys: what Connect refused, for what, and what to do."""
        said = f"Amazon Connect refused {self.operation} for {subject}: {self.code}: {self.service_message}"
        match self.kind:
            case ErrorKind.DENIED:
                do = (
                    f"Allow the provider's role connect:{self.operation} on this resource, look for a service "
                    "control policy or a permissions boundary that denies it, then deploy or destroy again."
                )
            case ErrorKind.NOT_FOUND:
                do = "Check that it exists in this account and Region."
            case ErrorKind.IN_USE:
                do = "Something in Connect still uses it: end that (for example calls in progress), then try again."
            case ErrorKind.CHANGED_PARAMETERS:
                do = (
                    "The client token is known to Connect with other parameters. Wait a day, until it is forgotten, "
                    "then try again."
                )
            case _ if self.operation in _CLAIMING:
                do = (
                    "If that names a limit: the quota of phone numbers is reached, or claims and releases have reached "
                    "200 % of it, which takes time or a higher quota ('connect-phone-numbers budget' shows when more "
                    "are free). Otherwise correct what it names, then deploy again."
                )
            case _:
                do = "Correct what the message names, then try again."
        return f"{said.rstrip('. ')}. {do}"


def classify_error(operation: str, error: ClientError | BotoCoreError) -> ConnectError:
    """Return the ``ConnectError`` for an error of botocore."""
    if isinstance(error, ParamValidationError):
        return ConnectError(operation, ErrorKind.INVALID, type(error).__name__, str(error))
    if not isinstance(error, ClientError):
        # Timeouts and broken connections: it is unknown whether the call took effect.
        return ConnectError(operation, ErrorKind.UNCERTAIN, type(error).__name__, "no response")
    details = error.response.get("Error", {})
    code, message = details.get("Code", "Unknown"), details.get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = _MEANING.get(code)
    if kind is None:
        kind = ErrorKind.UNCERTAIN if status >= 500 else ErrorKind.THROTTLED if status == 429 else ErrorKind.INVALID
    return ConnectError(operation, kind, code, message)
