"""The key of a CloudFormation resource."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceKey:
    """Identifies one resource of one stack."""

    stack_id: str
    logical_resource_id: str

    @property
    def stack_name(self) -> str:
        """The stack's name, which a stack that is created again has, too."""
        return self.stack_id.split("/")[1] if "/" in self.stack_id else self.stack_id
