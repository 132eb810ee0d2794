"""The stack of the provider, which a platform team deploys once per account and Region."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from cdk_connect_phone_number import PhoneNumberBudget, PhoneNumberProvider

PARAMETER_NAME = "/connect-phone-number/service-token"


class PhoneNumberProviderStack(Stack):
    """A provider for every stack of the account and Region, published as an SSM parameter.

    Parameters
    ----------
    scope : constructs.Construct
        The app.
    id : str
        The stack's name.
    quota : int, optional
        How many phone numbers the account may hold in the Region. By default, the provider asks Service Quotas.
    """

    def __init__(self, scope: Construct, id: str, *, quota: int | None = None) -> None:
        super().__init__(
            scope,
            id,
            description="Claims and releases Amazon Connect phone numbers for other stacks",
        )
        self.provider = PhoneNumberProvider(
            self,
            "Provider",
            budget=None if quota is None else PhoneNumberBudget(quota=quota),
            service_token_parameter_name=PARAMETER_NAME,
        )
        CfnOutput(
            self,
            "ServiceToken",
            value=self.provider.service_token,
            description="ServiceToken of Custom::ConnectPhoneNumber resources",
        )
