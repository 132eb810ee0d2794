"""The common base of claimed and imported phone numbers: the interface, and the methods that follow from it."""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from aws_cdk import Resource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.interfaces import ResourceEnvironment
from constructs import Node

from .properties import refuse


@runtime_checkable
class IPhoneNumber(Protocol):
    """An Amazon Connect phone number, claimed here or created elsewhere."""

    @property
    def node(self) -> Node:
        """The node in the construct tree."""
        ...

    @property
    def stack(self) -> Stack:
        """The stack in which the number is defined."""
        ...

    @property
    def env(self) -> ResourceEnvironment:
        """The account and Region of the number."""
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


class UnknownAttribute(AttributeError, ValueError):
    """An attribute of an imported number cannot be known. ``hasattr`` is false for it, and ``getattr`` has its default.

    Like every other problem that synth sees, it is a ``ValueError``.
    """


class PhoneNumberBase(Resource):
    """A phone number whose attributes a subclass provides."""

    @property
    @abstractmethod
    def phone_number(self) -> str:
        """The number in E.164 form, for example ``+12065550100``."""

    @property
    @abstractmethod
    def phone_number_id(self) -> str:
        """The number's id, a UUID: the last part of its ARN."""

    @property
    @abstractmethod
    def phone_number_arn(self) -> str:
        """The number's ARN, ``arn:aws:connect:<region>:<account>:phone-number/<id>``."""

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Allow ``grantee`` to perform ``actions`` on this number.

        Parameters
        ----------
        grantee : aws_cdk.aws_iam.IGrantable
            A role, a user, a function, or any other construct that has a principal.
        *actions : str
            Amazon Connect actions, for example ``"connect:DescribePhoneNumber"``:
            https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html

        Returns
        -------
        aws_cdk.aws_iam.Grant
            The grant, on which other constructs can depend.

        Raises
        ------
        ValueError
            If no action is named, or if an action does not belong to Amazon Connect.
        """
        if not actions:
            refuse(self, "grant needs an action, for example 'connect:DescribePhoneNumber'.")
        for action in actions:
            if not action.startswith("connect:"):
                refuse(
                    self,
                    f"grant takes actions of Amazon Connect, but got {action!r}. "
                    "Begin with 'connect:', for example 'connect:DescribePhoneNumber'.",
                )
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(actions),
            resource_arns=[self.phone_number_arn],
            scope=self,
        )
