"""The requests that CloudFormation sends to the function, and their responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .lambda_service import LambdaEvent

if TYPE_CHECKING:
    from .stack import Stack

Properties = Mapping[str, Any]


class RequestState(StrEnum):
    """The state of a request from CloudFormation's point of view."""

    WAITING = "waiting"
    ANSWERED = "answered"
    TIMED_OUT = "timed out"
    CANCELED = "canceled"


@dataclass(frozen=True)
class ReceivedResponse:
    """A response that reached the presigned URL."""

    time: float
    status: str
    physical_id: str
    reason: str
    data: Mapping[str, str]
    counts: bool
    """Whether CloudFormation was still waiting for a response."""
    by: str
    """The name of the invocation that sent it; empty if that is not known."""


@dataclass
class SentRequest:
    """A request that CloudFormation has sent."""

    type: str
    stack: "Stack"
    logical_id: str
    physical_id: str
    properties: Properties
    old_properties: Properties
    request_id: str
    url: str
    sent_at: float
    event: Mapping[str, Any]
    lambda_event: LambdaEvent
    state: RequestState = RequestState.WAITING
    responses: list[ReceivedResponse] = field(default_factory=list[ReceivedResponse])
    was_rolling_back: bool = False
    """Whether the stack was rolling back when the request was sent."""
    undoes_creation: bool = False
    """Whether the request undoes the resource's creation, even if the stack's status does not show that."""
    established_at: float | None = None
    """When the deployment that created the resource was complete; ``None`` if it was not when the request was sent."""
    was_held_elsewhere: bool = False
    """Whether another resource had the same number when the request was sent."""
    undeliverable: bool = False
    """Whether no response can arrive: the URL is closed for good, or the function never gets the request."""

    @property
    def response(self) -> ReceivedResponse | None:
        """The response that CloudFormation accepted."""
        return next((response for response in self.responses if response.counts), None)

    @property
    def succeeded(self) -> bool:
        """Whether the request was answered SUCCESS in time."""
        return self.response is not None and self.response.status == "SUCCESS"

    @property
    def is_settled(self) -> bool:
        """Whether CloudFormation no longer waits for a response."""
        return self.state is not RequestState.WAITING

    def name(self) -> str:
        """Return the request's name in a trace."""
        return f"{self.type} {self.stack.name}.{self.logical_id}"
