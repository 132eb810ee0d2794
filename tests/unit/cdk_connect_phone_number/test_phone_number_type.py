from cdk_connect_phone_number import PhoneNumberType
from cdk_connect_phone_number.lambda_handlers.connect_phone_number import rules


def test_has_the_types_that_the_function_takes() -> None:
    assert sorted(PhoneNumberType) == sorted(rules.PHONE_NUMBER_TYPES)
