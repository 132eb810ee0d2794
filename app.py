"""The example app: one provider and a stack of numbers, with settings of cdk.json or -c."""

import sys

import aws_cdk as cdk

from stacks.context import ContextError, account_quota, support_numbers_settings
from stacks.phone_number_provider_stack import PhoneNumberProviderStack
from stacks.support_numbers_stack import SupportNumbersStack

app = cdk.App()
try:
    settings = support_numbers_settings(app.node)
    quota = account_quota(app.node)
except ContextError as error:
    sys.exit(str(error))

platform = PhoneNumberProviderStack(app, "ConnectPhoneNumberProvider", quota=quota)
SupportNumbersStack(app, "ConnectSupportNumbers", provider=platform.provider, settings=settings)
app.synth()
