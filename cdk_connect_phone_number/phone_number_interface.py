"""What a phone number offers, whether this app claims it or it was made elsewhere."""

from typing import Protocol, runtime_checkable

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Node


@runtime_checkable
class IPhoneNumber(Protocol):
    """A phone number of Amazon Connect, claimed here or made elsewhere."""

    @property
    def node(self) -> Node:
        """The construct tree's node."""
        ...

    @property
    def stack(self) -> Stack:
        """The stack in which the number is defined."""
        ...

    @property
    def phone_number(self) -> str:
        """The number in E.164 form, for example ``+12065550100``."""
        ...

    @property
    def phone_number_id(self) -> str:
        """The number's id, a UUID: the last part of its ARN."""
        ...

    @property
    def phone_number_arn(self) -> str:
        """The number's ARN, ``arn:aws:connect:<region>:<account>:phone-number/<id>``."""
        ...

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Allow ``grantee`` to perform ``actions`` on this number."""
        ...
