"""What CloudFormation sent to the function behind the custom resources, and what it was answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What a function has put to an answer URL.

    Attributes
    ----------
    body : Mapping[str, Any]
        Status, Reason, PhysicalResourceId, Data and so on.
    counted : bool
        Whether CloudFormation was still waiting for it: at most one answer counts.
    """

    body: Mapping[str, Any]
    counted: bool


@dataclass(frozen=True)
class CustomResourceRequest:
    """One request, as it was sent, with its answers in the order in which they came.

    Attributes
    ----------
    event : Mapping[str, Any]
        The event for the function, with its answer URL.
    answers : tuple[Answer, ...]
        None while it is being worked on.
    """

    event: Mapping[str, Any]
    answers: tuple[Answer, ...]


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
        """Return the requests that CloudFormation has sent, oldest first."""
        return [
            CustomResourceRequest(event, self.answers(event["ResponseURL"]))
            for entry in self._entries()
            if (event := entry.get("request"))
        ]

    def answers(self, url: str) -> tuple[Answer, ...]:
        """Return what was put to an answer URL, oldest first; CloudFormation need not know the URL."""
        token = urlsplit(url).path.rpartition("/")[2]
        return tuple(
            Answer(entry["answer"], entry["counted"]) for entry in self._entries() if entry.get("token") == token
        )

    def _entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._path.read_text().splitlines()]
