"""The response to a request: one PUT to the presigned URL.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import http.client
import json
from bisect import bisect_right
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

MAX_BODY_BYTES: Final = 4096
_MAX_ID_LENGTH: Final = 512
"""Longer than any id that CloudFormation sends. A malformed event may contain longer ones."""
_TRIES: Final = 7
_LONGEST_PAUSE_SECONDS: Final = 20.0
_VOID: Final = (403, 404, 410)
"""The HTTP statuses that are considered permanent if the last retry still returns one of them."""
_TIMEOUT_SECONDS: Final = 10.0

Put = Callable[[str, bytes], int]
"""Sends a body to a URL and returns the HTTP status. Raises ``OSError`` if there is no HTTP response."""


class Status(StrEnum):
    """The two statuses that CloudFormation understands."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class ResponseNotDelivered(Exception):
    """The response could not be delivered to CloudFormation. The message does not contain the URL.

    Parameters
    ----------
    message
        What went wrong in the last try.
    is_void
        Whether the URL was refused in the way in which an expired URL is refused.
    """

    def __init__(self, message: str, is_void: bool) -> None:
        super().__init__(message)
        self.is_void = is_void


VOID: Final = "CloudFormation has sent a later request for this resource, so this one is void. Nothing was done."
"""Why a request failed that is older than one that is known."""


@dataclass(frozen=True)
class Response:
    """The content of a response to CloudFormation."""

    status: Status
    physical_resource_id: str
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict[str, str])


def encode(response: Response, event: Mapping[str, object]) -> bytes:
    """Return the body of the response to ``event``, at most ``MAX_BODY_BYTES`` long.

    CloudFormation requires the ids of the event. They are copied even from an event that is otherwise malformed.
    """
    fields: dict[str, object] = {
        "Status": response.status.value,
        "PhysicalResourceId": response.physical_resource_id[:_MAX_ID_LENGTH],
        "Data": dict(response.data),
    }
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        fields[name] = str(event.get(name, ""))[:_MAX_ID_LENGTH]

    def body(reason: str) -> bytes:
        return json.dumps({**fields, "Reason": reason}).encode()

    whole = body(response.reason)
    if len(whole) <= MAX_BODY_BYTES:
        return whole
    # A character takes one to twelve bytes, so a search finds the longest text that fits.
    cuts = [response.reason[:length] + "…" for length in range(min(len(response.reason), MAX_BODY_BYTES))]
    fitting = bisect_right(cuts, MAX_BODY_BYTES, key=lambda cut: len(body(cut)))
    return body(cuts[max(fitting - 1, 0)])


def deliver(url: str, body: bytes, put: Put, sleep: Callable[[float], None]) -> None:
    """Send a response.

    Every refusal is retried for a while, because Amazon S3 also returns 400 for a request that arrived too slowly.
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

    Raises
    ------
    ResponseNotDelivered
        No try succeeded.
    """
    problem, status = "", 0
    for retry in range(_TRIES):
        if retry:
            sleep(min(2.0**retry, _LONGEST_PAUSE_SECONDS))
        try:
            status = put(url, body)
        except (OSError, http.client.HTTPException) as error:
            problem, status = type(error).__name__, 0
            continue
        if 200 <= status < 300:
            return
        problem = f"HTTP status {status}"
    raise ResponseNotDelivered(f"CloudFormation could not be answered in {_TRIES} tries: {problem}", status in _VOID)


def http_put(url: str, body: bytes) -> int:
    """PUT ``body`` with an empty ``Content-Type``, because the URL is signed for that. Return the HTTP status."""
    with _response("PUT", url, body, {"Content-Type": ""}) as response:
        return response.status


def http_get(url: str) -> tuple[int, bytes]:
    """GET a presigned URL. Return the HTTP status and the body. Raises ``OSError`` if there is no HTTP response."""
    with _response("GET", url, None, {}) as response:
        return response.status, response.read()


@contextmanager
def _response(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str]
) -> Generator[http.client.HTTPResponse]:
    """Send a request, and give the response, of which nothing but the status and the headers were read."""
    parts = urlsplit(url)
    connection_class = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connection_class(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        path = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(method, path, body, headers)
        yield connection.getresponse()
    finally:
        connection.close()
