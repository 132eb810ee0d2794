"""The stack of the provider, which a platform team deploys once per account and Region."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from cdk_connect_phone_number import PhoneNumberProvider

PARAMETER_NAME = "/connect-phone-number/service-token"


class PhoneNumberProviderStack(Stack):
    """A provider for every stack of the account and Region, published as an SSM parameter."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(
            scope,
            id,
            description="Claims and releases Amazon Connect phone numbers for other stacks",
        )
        self.provider = PhoneNumberProvider(self, "Provider", service_token_parameter_name=PARAMETER_NAME)
        CfnOutput(
            self,
            "ServiceToken",
            value=self.provider.service_token,
            description="ServiceToken of Custom::ConnectPhoneNumber resources",
        )
