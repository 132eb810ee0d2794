import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber, PhoneNumberProvider

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:provider"


@pytest.mark.parametrize("token", [FUNCTION, f"{FUNCTION}:live", f"{FUNCTION}:$LATEST"])
def test_knows_its_service_token_and_makes_nothing(stack: cdk.Stack, token: str) -> None:
    provider = PhoneNumberProvider.from_service_token(stack, "Provider", token)

    assert isinstance(provider, IPhoneNumberProvider)
    assert provider.service_token == token
    assert provider.ready is None
    assert Template.from_stack(stack).find_resources("*") == {}


@pytest.mark.parametrize("token", ["", "provider", "arn:aws:sns:us-east-1:000000000000:topic", f"{FUNCTION}:"])
def test_refuses_what_is_no_function(stack: cdk.Stack, token: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider.from_service_token(stack, "Provider", token)

    assert str(refused.value) == (
        f"Stack/Provider: service_token must be the ARN of a provider's function, but is {token!r}. "
        "Use the provider's service_token, or from_ssm_parameter with the name under which it is published."
    )


def test_is_found_through_the_ssm_parameter_that_publishes_it(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider.from_ssm_parameter(stack, "Provider", "/phone-numbers/service-token")
    PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", provider=provider)

    template = Template.from_stack(stack).to_json()

    (number,) = template["Resources"].values()
    parameter = template["Parameters"][number["Properties"]["ServiceToken"]["Ref"]]
    assert parameter == {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/phone-numbers/service-token"}
