"""A stack, and a provider that somebody else deployed, so that each test synthesizes as little as it can."""

import aws_cdk as cdk
import pytest

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumberProvider

SERVICE_TOKEN = "arn:aws:lambda:us-east-1:000000000000:function:provider"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account="000000000000", region="us-east-1"))


@pytest.fixture
def provider(stack: cdk.Stack) -> IPhoneNumberProvider:
    return PhoneNumberProvider.from_service_token(stack, "ImportedProvider", SERVICE_TOKEN)
