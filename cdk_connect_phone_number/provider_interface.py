"""What a ``PhoneNumber`` needs of its provider, whether this app makes it or somebody else did."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from constructs import IConstruct, Node


@runtime_checkable
class IPhoneNumberProvider(Protocol):
    """The function that claims and releases phone numbers on behalf of CloudFormation."""

    @property
    def node(self) -> Node:
        """The construct tree's node."""
        ...

    @property
    def service_token(self) -> str:
        """The function's ARN, the ``ServiceToken`` of ``Custom::ConnectPhoneNumber`` resources."""
        ...

    @property
    def ready(self) -> IConstruct | None:
        """What a number must depend on so that the whole provider outlives it, if it is known."""
        ...

    @property
    def target_arns(self) -> Sequence[str] | None:
        """The targets that the provider serves; ``None`` where it serves all, or that is not known."""
        ...
