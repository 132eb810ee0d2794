"""What ``doctor`` checks, as lines for a person: what was found, and what to do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .places import Place
from .problems import Problem, code_of, explain, is_about_credentials


class Status(StrEnum):
    """How a check has ended."""

    OK = "ok"
    WARNING = "warning"
    """It works, but a person should know, or decide."""
    PROBLEM = "problem"
    """Numbers can be lost, left behind or refused."""
    NOT_CHECKED = "not-checked"
    """It cannot be read."""


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Parameters
    ----------
    subject
        The provider's name. Empty for what concerns the account and Region.
    name
        What was checked.
    text
        What was found, and what to do.
    """

    place: Place
    subject: str
    name: str
    status: Status
    text: str


class NotRead(Exception):
    """A check needs something that cannot be read. The message says what, and what to do."""


Result = tuple[Status, str]
"""What a check returns: its status, and its text."""


def ok(text: str) -> Result:
    """Return the result of a check that found nothing wrong."""
    return Status.OK, text


def warning(text: str) -> Result:
    """Return the result of a check that found what a person should know."""
    return Status.WARNING, text


def problem(text: str) -> Result:
    """Return the result of a check that found a problem."""
    return Status.PROBLEM, text


def checked(place: Place, subject: str, checks: Iterable[tuple[str, Callable[[], Result]]]) -> Iterator[Check]:
    """Perform checks, given by their names."""
    for name, check in checks:
        try:
            status, text = check()
        except NotRead as reason:
            status, text = Status.NOT_CHECKED, str(reason)
        yield Check(place, subject, name, status, text)


def ask(place: Place, service: str, operation: str, *, unknown: tuple[str, ...] = (), **parameters: Any) -> Any:
    """Return the response of a service.

    Parameters
    ----------
    service
        boto3's name of the service, which is also the prefix of its actions in IAM.
    operation
        The method of the client, for example ``get_queue_attributes``.
    unknown
        Codes of errors that say that there is no such thing. Then ``None`` is returned.

    Raises
    ------
    NotRead
        The service does not tell.
    Problem
        No call can succeed.
    """
    client = place.client(service)
    try:
        if client.can_paginate(operation):
            return client.get_paginator(operation).paginate(**parameters).build_full_result()
        return getattr(client, operation)(**parameters)
    except (ClientError, BotoCoreError) as error:
        if is_about_credentials(error):
            raise Problem(explain(service, error)) from error
        if isinstance(error, ClientError) and code_of(error) in unknown:
            return None
        raise NotRead(explain(service, error)) from error
