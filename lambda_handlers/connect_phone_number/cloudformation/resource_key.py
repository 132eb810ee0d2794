"""A resource of CloudFormation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceKey:
    """Which resource of which stack."""

    stack_id: str
    logical_resource_id: str
