"""The requests that CloudFormation sent to the function behind the custom resources, and the responses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Response:
    """A response that a function has put to a response URL.

    Attributes
    ----------
    body : Mapping[str, Any]
        Status, Reason, PhysicalResourceId, Data, and so on.
    counted : bool
        Whether CloudFormation was still waiting for it. At most one response counts.
    """

    body: Mapping[str, Any]
    counted: bool


@dataclass(frozen=True)
class CustomResourceRequest:
    """One request as it was sent, with its responses in the order of their arrival.

    Attributes
    ----------
    event : Mapping[str, Any]
        The event for the function, including its response URL.
    responses : tuple[Response, ...]
        The responses; empty while the function is still working on the request.
    """

    event: Mapping[str, Any]
    responses: tuple[Response, ...]


class CustomResourceRecord:
    """The file that ``ministack_server`` writes.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def requests(self) -> list[CustomResourceRequest]:
        """Return the requests that CloudFormation has sent, the oldest first."""
        return [
            CustomResourceRequest(event, self.responses(event["ResponseURL"]))
            for entry in self._entries()
            if (event := entry.get("request"))
        ]

    def responses(self, url: str) -> tuple[Response, ...]:
        """Return the responses put to a response URL, the oldest first. CloudFormation need not know the URL."""
        token = urlsplit(url).path.rpartition("/")[2]
        return tuple(
            Response(entry["response"], entry["counted"]) for entry in self._entries() if entry.get("token") == token
        )

    def _entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._path.read_text().splitlines()]
