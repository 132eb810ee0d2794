import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from cdk_connect_phone_number import IPhoneNumber, PhoneNumber

UUID = "11111111-2222-3333-4444-555555555555"
ARN = f"arn:aws:connect:us-east-1:000000000000:phone-number/{UUID}"


def test_knows_what_its_arn_says_and_claims_nothing(stack: cdk.Stack) -> None:
    number = PhoneNumber.from_phone_number_arn(stack, "Number", ARN, phone_number="+12065550100")

    assert isinstance(number, IPhoneNumber)
    assert number.phone_number_arn == ARN
    assert number.phone_number_id == UUID
    assert number.phone_number == "+12065550100"
    assert Template.from_stack(stack).find_resources("*") == {}


def test_takes_an_arn_that_is_a_token(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "Arn")

    number = PhoneNumber.from_phone_number_arn(stack, "Number", parameter.value_as_string)

    assert stack.resolve(number.phone_number_arn) == {"Ref": "Arn"}
    assert stack.resolve(number.phone_number_id) == {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Arn"}]}]}


def test_does_not_invent_the_number(stack: cdk.Stack) -> None:
    number = PhoneNumber.from_phone_number_arn(stack, "Number", ARN)

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        _ = number.phone_number

    assert str(refused.value) == (
        "Stack/Number: phone_number is not known, as an ARN does not contain it. "
        "Give phone_number to from_phone_number_arn."
    )


@pytest.mark.parametrize("arn", ["", UUID, ARN.replace("phone-number", "instance"), ARN + "/"])
def test_refuses_the_arn_of_anything_else(stack: cdk.Stack, arn: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber.from_phone_number_arn(stack, "Number", arn)

    assert str(refused.value) == (
        f"Stack/Number: phone_number_arn must be the ARN of a phone number, but is {arn!r}. "
        "Use arn:aws:connect:<region>:<account>:phone-number/<id>."
    )


def test_can_be_granted(stack: cdk.Stack) -> None:
    number = PhoneNumber.from_phone_number_arn(stack, "Number", ARN)

    number.grant(iam.User(stack, "User"), "connect:DescribePhoneNumber")

    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {"Action": "connect:DescribePhoneNumber", "Effect": "Allow", "Resource": ARN}
    ]
