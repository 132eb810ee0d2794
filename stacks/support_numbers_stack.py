"""The example of an application team's stack: phone numbers that live as long as the stack does."""

from dataclasses import dataclass

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber


@dataclass(frozen=True, kw_only=True)
class SupportNumbersSettings:
    """What differs from one deployment to the next."""

    target_arn: str
    country_code: str
    type: str
    description: str
    prefix: str | None = None


class SupportNumbersStack(Stack):
    """The support line's phone number, with the number itself as an output."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: IPhoneNumberProvider,
        settings: SupportNumbersSettings,
    ) -> None:
        super().__init__(scope, id, description="Phone numbers of the support line")
        number = PhoneNumber(
            self,
            "SupportLine",
            target_arn=settings.target_arn,
            country_code=settings.country_code,
            type=settings.type,
            prefix=settings.prefix,
            description=settings.description,
            provider=provider,
        )
        CfnOutput(self, "PhoneNumber", value=number.phone_number)
        CfnOutput(self, "PhoneNumberArn", value=number.phone_number_arn)
