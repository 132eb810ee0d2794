"""Asking AWS, and keeping what it said, be it a response or an error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

Members = Mapping[str, Any]
Keep = Callable[[Members], Members]
"""Returns the part of a response that is kept: what others own in the account is nobody's business."""

_METADATA: Final = "ResponseMetadata"


@dataclass(frozen=True)
class Reply:
    """What came of one call.

    Attributes
    ----------
    label : str
        What the call is there for, unique in its probe but for repetitions.
    operation : str
        Its name in the API reference.
    parameters : Members
        What it was called with.
    at : float
        When the response came, in seconds since the epoch: by the clock of AWS, where that is in the response.
    answer : Members or None
        ``None`` where the call failed.
    error_code, error_message : str
        Empty where it did not fail. The code of a call that got no response is the name of botocore's exception.
    http_status : int
        0 where no response came.
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
        What came of the calls, oldest first.
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
        """Call an operation and keep what came of it; an error is no exception here.

        Parameters
        ----------
        label : str
            What the call is there for.
        operation : str
            Its name in the API reference.
        service : str
            Name of its client. Default ``connect``.
        client : Any
            What to call it with instead of the client of ``service``. Default ``None``.
        keep : Keep
            Reduces the response to what is kept. Default: all of it.
        **parameters
            Of the operation.
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
