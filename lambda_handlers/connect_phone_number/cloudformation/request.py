"""Requests from CloudFormation for a custom resource.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from time import strptime
from typing import Final
from urllib.parse import parse_qs, urlsplit

from ..json_types import as_mapping
from .resource_key import ResourceKey

_FAILED_CREATION: Final = "not-claimed-"

_PRESIGNED_LIFETIME_SECONDS: Final = 7200


class RequestType(StrEnum):
    """What CloudFormation asks for."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class MalformedRequest(Exception):
    """The event is not a valid request. The message says why."""


@dataclass(frozen=True)
class Request:
    """One request from CloudFormation. A redelivery of the request is equal to it."""

    type: RequestType
    stack_id: str
    logical_resource_id: str
    request_id: str
    resource_type: str
    response_url: str = field(repr=False)
    """Where to PUT the response. This is a secret: anyone who has it can respond in place of this function."""
    physical_resource_id: str
    """Empty for a Create."""
    properties: Mapping[str, object]
    old_properties: Mapping[str, object]

    @property
    def resource(self) -> ResourceKey:
        """The resource that the request is about."""
        return ResourceKey(self.stack_id, self.logical_resource_id)

    @property
    def failure_id(self) -> str:
        """The physical id for a FAILED response: the resource's id, or that of a failed creation."""
        return self.physical_resource_id or failed_creation_id(self.key)

    @cached_property
    def key(self) -> str:
        """A name for this request that is the same in a redelivery and different in a retried deployment.

        ``RequestId`` is not suitable, because a retried deployment sends the same one. CloudFormation creates a new
        presigned URL for each request, so the URL's digest tells requests apart. The URL cannot be derived from the
        digest.
        """
        return sha256(self.response_url.encode()).hexdigest()[:32]

    @cached_property
    def sent_at(self) -> int | None:
        """When CloudFormation signed this request (epoch seconds), or ``None`` if the URL does not contain the time.

        Lambda's queue does not keep requests in order. The signing time distinguishes a late request from a new one.
        """
        try:
            query = parse_qs(urlsplit(self.response_url).query)
            if "X-Amz-Date" in query:
                return timegm(strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ"))
            if "Expires" in query:
                return int(query["Expires"][0]) - _PRESIGNED_LIFETIME_SECONDS
        except ValueError:
            return None
        return None


def failed_creation_id(request_key: str) -> str:
    """Return the physical id for a failed Create. CloudFormation names this id in the Delete that follows."""
    return _FAILED_CREATION + request_key


def is_failed_creation_id(physical_resource_id: str) -> bool:
    """Return whether this id was made by ``failed_creation_id``."""
    return physical_resource_id.startswith(_FAILED_CREATION)


def parse_request(event: Mapping[str, object]) -> Request:
    """Return the request in ``event``.

    Raises
    ------
    MalformedRequest
        A field is missing or is not what CloudFormation sends.
    """
    request_type = _text(event, "RequestType")
    if request_type not in tuple(RequestType):
        raise MalformedRequest(f"RequestType must be Create, Update or Delete, but is {request_type[:40]!r}.")
    kind = RequestType(request_type)
    return Request(
        type=kind,
        stack_id=_text(event, "StackId"),
        logical_resource_id=_text(event, "LogicalResourceId"),
        request_id=_text(event, "RequestId"),
        resource_type=_text(event, "ResourceType"),
        response_url=_text(event, "ResponseURL"),
        physical_resource_id="" if kind is RequestType.CREATE else _text(event, "PhysicalResourceId"),
        properties=_mapping(event, "ResourceProperties"),
        old_properties=_mapping(event, "OldResourceProperties") if kind is RequestType.UPDATE else {},
    )


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRequest(f"The event has no {name}.")
    return value


def _mapping(event: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = as_mapping(event.get(name))
    if value is None:
        raise MalformedRequest(f"The event has no {name}.")
    return value
