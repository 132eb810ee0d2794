"""Calls AWS and keeps each response or error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

Members = Mapping[str, Any]
Keep = Callable[[Members], Members]
"""Returns the part of a response to keep. Data about other resources of the account is not kept."""

_METADATA: Final = "ResponseMetadata"


@dataclass(frozen=True)
class Reply:
    """The result of one call.

    Attributes
    ----------
    label : str
        The purpose of the call, unique in its probe except for repetitions.
    operation : str
        Its name in the API reference.
    parameters : Members
        The parameters of the call.
    at : float
        When the response came, in seconds since the epoch: by AWS's clock, if the response shows it.
    response : Members or None
        ``None`` if the call failed.
    error_code, error_message : str
        Empty if the call succeeded. If there was no response, the code is the name of botocore's exception.
    http_status : int
        0 if there was no response.
    """

    label: str
    operation: str
    parameters: Members
    at: float
    response: Members | None = None
    error_code: str = ""
    error_message: str = ""
    http_status: int = 0

    @property
    def outcome(self) -> str:
        """The code of the error, or ``answered``."""
        return self.error_code or "answered"


@dataclass
class Asker:
    """Calls operations for one probe.

    Attributes
    ----------
    client_of : Callable[[str], Any]
        Returns the client of a service.
    clock : Callable[[], float]
        Returns the time in seconds since the epoch.
    sleep : Callable[[float], object]
        Waits.
    replies : list[Reply]
        The results of the calls, the oldest first.
    """

    client_of: Callable[[str], Any]
    clock: Callable[[], float]
    sleep: Callable[[float], object]
    replies: list[Reply] = field(default_factory=list[Reply])

    def ask(
        self,
        label: str,
        operation: str,
        *,
        service: str = "connect",
        client: Any = None,
        keep: Keep = dict,
        **parameters: Any,
    ) -> Reply:
        """Call an operation and keep the result. An error does not raise an exception.

        Parameters
        ----------
        label : str
            The purpose of the call.
        operation : str
            Its name in the API reference.
        service : str
            The name of the service's client. Default ``connect``.
        client : Any
            The client to use instead of the client of ``service``. Default ``None``.
        keep : Keep
            Reduces the response to the part to keep. Default: all of it.
        **parameters
            The parameters of the operation.
        """
        method = getattr(client or self.client_of(service), xform_name(operation))
        try:
            response = method(**parameters)
        except ClientError as error:
            problem: Members = error.response.get("Error", {})
            metadata: Members = error.response.get(_METADATA, {})
            reply = Reply(
                label,
                operation,
                parameters,
                self._time(metadata),
                error_code=str(problem.get("Code", "")) or type(error).__name__,
                error_message=str(problem.get("Message", "")),
                http_status=int(metadata.get("HTTPStatusCode", 0)),
            )
        except BotoCoreError as error:
            reply = Reply(label, operation, parameters, self.clock(), error_code=type(error).__name__)
        else:
            metadata = response.get(_METADATA, {})
            reply = Reply(
                label,
                operation,
                parameters,
                self._time(metadata),
                response=keep({name: value for name, value in response.items() if name != _METADATA}),
                http_status=int(metadata.get("HTTPStatusCode", 0)),
            )
        self.replies.append(reply)
        return reply

    def _time(self, metadata: Members) -> float:
        date = metadata.get("HTTPHeaders", {}).get("date", "")
        try:
            return parsedate_to_datetime(date).timestamp()
        except ValueError:
            return self.clock()
