"""A number that was made elsewhere: only its ARN is known, and nothing of it is changed."""

from aws_cdk import Fn, Token
from constructs import Construct

from .lambda_handlers.connect_phone_number import rules
from .number_properties import known, refuse
from .phone_number_base import PhoneNumberBase


class ImportedPhoneNumber(PhoneNumberBase):
    """A phone number known by its ARN; see ``PhoneNumber.from_phone_number_arn``."""

    def __init__(self, scope: Construct, id: str, *, phone_number_arn: str, phone_number: str | None = None) -> None:
        literal = known(phone_number_arn)
        problem = rules.check_phone_number_arn(literal) if literal is not None else None
        super().__init__(scope, id, environment_from_arn=None if problem else phone_number_arn)
        if problem:
            refuse(self, f"phone_number_arn {problem}")
        self._arn = phone_number_arn
        self._number = phone_number

    @property
    def phone_number(self) -> str:
        """The number in E.164 form, where it was given."""
        if self._number is None:
            refuse(
                self,
                "phone_number is not known, as an ARN does not contain it. Give phone_number to from_phone_number_arn.",
            )
        return self._number

    @property
    def phone_number_id(self) -> str:
        """The last part of the ARN."""
        if Token.is_unresolved(self._arn):
            return Fn.select(1, Fn.split("/", self._arn))
        return self._arn.split("/")[1]

    @property
    def phone_number_arn(self) -> str:
        """The ARN as it was given."""
        return self._arn
