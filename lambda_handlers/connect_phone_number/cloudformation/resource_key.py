"""The key of a CloudFormation resource."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceKey:
    """Identifies one resource of one stack."""

    stack_id: str
    logical_resource_id: str
