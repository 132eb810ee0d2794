"""What synth tells of the numbers of a stack together. ``test_compositions`` has what it warns of."""

from typing import cast

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber, PhoneNumberPool

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
ID = "cdk-connect-phone-number:claims"


def information(stack: cdk.Stack) -> list[str]:
    """Return the lines of information about a stack, without what the CDK adds."""
    found = Annotations.from_stack(stack).find_info("*", Match.any_value())
    return [str(each.entry.data).removesuffix(f" [ack: {ID}]") for each in found]


def number(stack: cdk.Stack, provider: IPhoneNumberProvider, name: str) -> PhoneNumber:
    return PhoneNumber(stack, name, target_arn=INSTANCE, country_code="US", provider=provider)


def adopted(stack: cdk.Stack, provider: IPhoneNumberProvider) -> PhoneNumber:
    return PhoneNumber(
        stack, "Adopted", target_arn=INSTANCE, phone_number="+12065550100", adopt=True, provider=provider
    )


def pool(stack: cdk.Stack, provider: IPhoneNumberProvider, min_parked: int, name: str = "Pool") -> PhoneNumberPool:
    return PhoneNumberPool(
        stack, name, provider=provider, min_parked=min_parked, country_code="US", parking_target_arn=INSTANCE
    )


def test_one_line_says_how_many_numbers_a_stack_claims(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    number(stack, provider, "One")
    number(stack, provider, "Two")
    adopted(stack, provider)
    pool(stack, provider, 3)
    PhoneNumberPool(stack, "Empty", provider=provider)

    assert information(stack) == ["claims up to 5 phone numbers"]


def test_one_number(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    number(stack, provider, "One")

    assert information(stack) == ["claims up to 1 phone number"]


def test_a_stack_that_only_adopts_has_no_line(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    adopted(stack, provider)

    assert information(stack) == []


@pytest.mark.parametrize(
    ("has_number", "line"),
    [
        (True, "claims up to 1 phone number and what the min_parked of its pools says at the deployment"),
        (False, "claims up to what the min_parked of its pools says at the deployment"),
    ],
)
def test_what_only_the_deployment_tells(
    stack: cdk.Stack, provider: IPhoneNumberProvider, has_number: bool, line: str
) -> None:
    if has_number:
        number(stack, provider, "One")
    # A token is a number that is no whole one, which only type checkers object to.
    least = cast(int, cdk.CfnParameter(stack, "Least", type="Number").value_as_number)
    pool(stack, provider, least)

    assert information(stack) == [line]


def test_each_stack_has_a_line_of_its_own(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    nested = cdk.NestedStack(stack, "Nested")
    number(stack, provider, "One")
    number(nested, provider, "Two")
    number(nested, provider, "Three")
    app = stack.node.root
    assert isinstance(app, cdk.App)

    messages = [
        (message.id, str(message.entry.data).split(" [")[0])
        for made in app.synth(force=True).stacks
        for message in made.messages
    ]

    assert sorted(messages) == [
        ("/Stack", "claims up to 1 phone number"),
        ("/Stack/Nested", "claims up to 2 phone numbers"),
    ]


def test_the_line_can_be_acknowledged(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    cdk.Annotations.of(stack).acknowledge_info(ID)
    number(stack, provider, "One")

    assert information(stack) == []
