"""How requests and the ledger's items name each other."""

from typing import Final

from ..claim import ResourceKey
from ..protocol.request import Request

_FAILED_CREATION: Final = "not-claimed-"


def resource_key(request: Request) -> ResourceKey:
    """Return the resource that a request is about."""
    return ResourceKey(request.stack_id, request.logical_resource_id)


def failed_creation_id(request_key: str) -> str:
    """Return the physical id with which a Create fails: CloudFormation names it in the Delete that follows."""
    return _FAILED_CREATION + request_key


def is_failed_creation_id(physical_resource_id: str) -> bool:
    """Return whether this is an id of ``failed_creation_id``."""
    return physical_resource_id.startswith(_FAILED_CREATION)
