"""Every bad value that synth can see is refused there, in words that say where, what and what to do."""

from typing import Any

import aws_cdk as cdk
import pytest
from constructs import Construct

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber, PhoneNumberProvider

UUID = "11111111-2222-3333-4444-555555555555"
OTHER_UUID = "99999999-8888-7777-6666-555555555555"
INSTANCE = f"arn:aws:connect:us-east-1:000000000000:instance/{UUID}"
GROUP = f"arn:aws:connect:us-east-1:000000000000:traffic-distribution-group/{UUID}"
FLOW = f"{INSTANCE}/contact-flow/{UUID}"
SOURCE = "arn:aws:sms-voice:us-east-1:000000000000:phone-number/phone-1"

TARGET_FORM = (
    "Use arn:aws:connect:<region>:<account>:instance/<id> or "
    "arn:aws:connect:<region>:<account>:traffic-distribution-group/<id>."
)
FLOW_FORM = "Use arn:aws:connect:<region>:<account>:instance/<id>/contact-flow/<id>."
SOURCE_FORM = "Use arn:aws:sms-voice:<region>:<account>:phone-number/<id>."
TYPES = "DID, SHARED, SHORT_CODE, THIRD_PARTY_DID, THIRD_PARTY_TF, TOLL_FREE, UIFN"
PREFIX_HINT = "Begin with '+' and the country's calling code, for example '+1206'."
NUMBER_HINT = "Write '+', the calling code and the number, digits only, for example '+12065550100'."
IMPORT_ALONE = (
    "source_phone_number_arn names the number to import, so country_code, type, prefix, phone_number and adopt "
    "do not go with it. Remove them."
)
NO_COUNTRY = (
    "country_code is missing. Say where to search, for example 'US', or give source_phone_number_arn, or "
    "phone_number with adopt."
)
NO_TARGET = (
    "target_arn is missing. Give the ARN of the Amazon Connect instance or traffic distribution group that the "
    "number is for, or the instance or group itself as target."
)


def bad_target(value: str) -> tuple[dict[str, Any], str]:
    return (
        {"target_arn": value},
        (
            "target_arn must be the ARN of an Amazon Connect instance or traffic distribution group, but is "
            f"{value!r}. {TARGET_FORM}"
        ),
    )


def elsewhere(name: str, value: str, region: str) -> str:
    return (
        f"{name} is in Region {region}, but this stack is in us-east-1 ({value!r}). A phone number is claimed and "
        f"released only in the Region of its target: deploy the stack to {region}, or use a target in us-east-1."
    )


def bad_country(value: str, hint: str = "Use for example 'US', 'GB' or 'DE'.") -> tuple[dict[str, Any], str]:
    return (
        {"country_code": value},
        f"country_code must be a two-letter country code that Amazon Connect knows, but is {value!r}. {hint}",
    )


def bad_type(value: str, hint: str = "") -> tuple[dict[str, Any], str]:
    return {"type": value}, f"type must be one of {TYPES}, but is {value!r}.{hint}"


def bad_prefix(value: str) -> tuple[dict[str, Any], str]:
    return {"prefix": value}, f"prefix must be '+' and 1 to 11 digits, but is {value!r}. {PREFIX_HINT}"


def wrong_country(name: str, value: str, country: str, code: str) -> tuple[dict[str, Any], str]:
    return (
        {"country_code": country, name: value},
        (
            f"{name} must begin with '+{code}', the calling code of {country}, but is {value!r}. "
            f"Use a value that begins with '+{code}', or another country."
        ),
    )


def bad_number(value: str) -> tuple[dict[str, Any], str]:
    return {"phone_number": value}, f"phone_number must be a number in E.164 form, but is {value!r}. {NUMBER_HINT}"


def bad_flow(value: str) -> tuple[dict[str, Any], str]:
    return {"contact_flow_arn": value}, f"contact_flow_arn must be the ARN of a flow, but is {value!r}. {FLOW_FORM}"


def bad_source(value: str) -> tuple[dict[str, Any], str]:
    return (
        {"country_code": None, "source_phone_number_arn": value},
        (
            "source_phone_number_arn must be the ARN of a phone number of AWS End User Messaging, but is "
            f"{value!r}. {SOURCE_FORM}"
        ),
    )


def bad_timeout(seconds: float, shown: str) -> tuple[dict[str, Any], str]:
    return (
        {"timeout": cdk.Duration.millis(seconds * 1000)},
        (
            f"timeout must be from 60 to 3600 seconds, but is {shown} seconds. A claim usually takes less than a "
            "minute; CloudFormation waits at most an hour."
        ),
    )


def broken_delay(milliseconds: int, shown: str) -> tuple[dict[str, Any], str]:
    return (
        {"release_delay": cdk.Duration.millis(milliseconds)},
        f"release_delay must be a whole number of seconds, but is {shown} seconds. Round it.",
    )


def long_delay(delay: cdk.Duration, shown: str) -> tuple[dict[str, Any], str]:
    return (
        {"release_delay": delay},
        (
            f"release_delay must be a whole number of seconds from 0 to 31536000 (365 days), but is {shown!r}. Seven "
            "days are 604800 seconds; 0 releases the number with its resource."
        ),
    )


def own_provider(path: str, seconds: int) -> str:
    return (
        f"Stack/Number: release_delay is {seconds} seconds, but the number's own stack has its provider {path}, which "
        "could not be destroyed before that time is up. Give the number a provider of another stack, or leave "
        "release_delay out."
    )


def other_region(arn: str) -> str:
    return arn.replace("us-east-1", "eu-west-2")


CASES: list[tuple[dict[str, Any], str]] = [
    # target
    ({"target_arn": None}, NO_TARGET),
    bad_target(""),
    bad_target(UUID),
    bad_target("my-instance"),
    bad_target(f"arn:aws:connect:us-east-1:000000000000:instance/{UUID}/"),
    bad_target("arn:aws:connect:us-east-1:000000000000:instance/alias"),
    bad_target(f"arn:aws:connect:us-east-1:12345:instance/{UUID}"),
    bad_target(f"arn:aws:connect::000000000000:instance/{UUID}"),
    bad_target(f"arn:aws:connect:us-east-1:000000000000:phone-number/{UUID}"),
    bad_target(f"arn:aws:lex:us-east-1:000000000000:instance/{UUID}"),
    bad_target(f"arn:gcp:connect:us-east-1:000000000000:instance/{UUID}"),
    bad_target(f" {INSTANCE}"),
    bad_target(FLOW),
    ({"target_arn": other_region(INSTANCE)}, elsewhere("target_arn", other_region(INSTANCE), "eu-west-2")),
    ({"target_arn": other_region(GROUP)}, elsewhere("target_arn", other_region(GROUP), "eu-west-2")),
    # country
    ({"country_code": None}, NO_COUNTRY),
    ({"country_code": None, "type": "DID"}, NO_COUNTRY),
    ({"country_code": None, "prefix": "+1"}, NO_COUNTRY),
    ({"country_code": None, "phone_number": "+12065550100"}, NO_COUNTRY),
    bad_country(""),
    bad_country("us", "Did you mean 'US'?"),
    bad_country("gB", "Did you mean 'GB'?"),
    bad_country("USA", "Did you mean 'US'?"),
    bad_country("UK", "Did you mean 'GB'?"),
    bad_country("XX"),
    bad_country("+1"),
    bad_country("United States"),
    # type
    bad_type(""),
    bad_type("did", " Did you mean 'DID'?"),
    bad_type("TOLLFREE", " Did you mean 'TOLL_FREE'?"),
    bad_type("TOLL-FREE", " Did you mean 'TOLL_FREE'?"),
    bad_type("MOBILE"),
    # prefix
    bad_prefix(""),
    bad_prefix("1206"),
    bad_prefix("+"),
    bad_prefix("+1-206"),
    bad_prefix("+1 206"),
    bad_prefix("001206"),
    bad_prefix("+123456789012"),
    wrong_country("prefix", "+44", "US", "1"),
    wrong_country("prefix", "+1206", "GB", "44"),
    wrong_country("prefix", "+4", "DE", "49"),
    wrong_country("prefix", "+35", "PT", "351"),
    # phone number
    bad_number(""),
    bad_number("2065550100"),
    bad_number("+0206555010"),
    bad_number("+1 (206) 555-0100"),
    bad_number("+1234567890123456"),
    bad_number("tel:+12065550100"),
    wrong_country("phone_number", "+442079460000", "US", "1"),
    wrong_country("phone_number", "+12065550100", "GB", "44"),
    # flow
    bad_flow(""),
    bad_flow(UUID),
    bad_flow(INSTANCE),
    bad_flow(f"arn:aws:connect:us-east-1:000000000000:contact-flow/{UUID}"),
    (
        {"contact_flow_arn": FLOW.replace(UUID, OTHER_UUID, 1)},
        (
            f"contact_flow_arn belongs to instance {OTHER_UUID}, but the target is instance {UUID} "
            f"({FLOW.replace(UUID, OTHER_UUID, 1)!r}). Use a flow of the target's own instance."
        ),
    ),
    (
        {"contact_flow_arn": other_region(FLOW)},
        elsewhere("contact_flow_arn", other_region(FLOW), "eu-west-2"),
    ),
    # import
    bad_source(""),
    bad_source("phone-1"),
    bad_source("arn:aws:sms-voice:us-east-1:000000000000:pool/pool-1"),
    bad_source(f"arn:aws:connect:us-east-1:000000000000:phone-number/{UUID}"),
    (
        {"country_code": None, "source_phone_number_arn": other_region(SOURCE)},
        elsewhere("source_phone_number_arn", other_region(SOURCE), "eu-west-2"),
    ),
    (
        {"country_code": None, "source_phone_number_arn": SOURCE, "target_arn": GROUP},
        (
            f"target_arn must be an instance where a number is imported, but is {GROUP!r}. Connect imports into "
            "instances only: import the number into one first, then move it by changing the target."
        ),
    ),
    # combinations
    ({"source_phone_number_arn": SOURCE}, IMPORT_ALONE),
    ({"country_code": None, "type": "DID", "source_phone_number_arn": SOURCE}, IMPORT_ALONE),
    ({"country_code": None, "prefix": "+1", "source_phone_number_arn": SOURCE}, IMPORT_ALONE),
    ({"country_code": None, "phone_number": "+12065550100", "source_phone_number_arn": SOURCE}, IMPORT_ALONE),
    ({"country_code": None, "adopt": True, "source_phone_number_arn": SOURCE}, IMPORT_ALONE),
    ({"adopt": True}, "adopt needs phone_number: say which number of the account is to be adopted."),
    (
        {"adopt": True, "prefix": "+1"},
        "adopt needs phone_number: say which number of the account is to be adopted.",
    ),
    (
        {"phone_number": "+12065550100", "prefix": "+1"},
        "phone_number names the one number to take, so prefix does not go with it. Remove one of them.",
    ),
    # the rest
    (
        {"description": "x" * 501},
        f"description may have at most 500 characters, but has 501 ({'x' * 40!r}…). Shorten it.",
    ),
    bad_timeout(0, "0"),
    bad_timeout(59, "59"),
    bad_timeout(59.9, "59"),
    bad_timeout(3601, "3601"),
    bad_timeout(86400, "86400"),
    broken_delay(1, "0.001"),
    broken_delay(1500, "1.5"),
    long_delay(cdk.Duration.seconds(31536001), "31536001"),
    long_delay(cdk.Duration.days(366), "31622400"),
    (
        {"removal_policy": cdk.RemovalPolicy.SNAPSHOT},
        "removal_policy must be 'destroy' or 'retain', but is 'snapshot'. A phone number has no snapshot.",
    ),
]


@pytest.mark.parametrize(("properties", "message"), CASES)
def test_is_refused_with_path_property_value_and_what_to_do(
    stack: cdk.Stack, provider: IPhoneNumberProvider, properties: dict[str, Any], message: str
) -> None:
    given: dict[str, Any] = {"target_arn": INSTANCE, "country_code": "US", **properties}

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber(stack, "Number", provider=provider, **given)

    assert str(refused.value) == f"Stack/Number: {message}"


def test_the_table_is_as_long_as_promised_and_says_nothing_twice() -> None:
    assert len(CASES) >= 60
    assert len({str(properties) for properties, _ in CASES}) == len(CASES)


@pytest.mark.parametrize("name", ["target_arn", "country_code", "type", "prefix", "phone_number", "description"])
def test_what_only_cloudformation_knows_is_left_to_the_function(
    stack: cdk.Stack, provider: IPhoneNumberProvider, name: str
) -> None:
    given: dict[str, Any] = {"target_arn": INSTANCE, "country_code": "US"}
    given[name] = cdk.CfnParameter(stack, "Parameter").value_as_string

    PhoneNumber(stack, "Number", provider=provider, **given)


def test_another_region_is_left_to_the_function_where_the_stack_has_none() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")

    PhoneNumber(stack, "Number", target_arn=other_region(INSTANCE), country_code="US")


def test_a_delay_that_the_stacks_own_provider_does_not_outlive_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", release_delay=cdk.Duration.days(7))

    assert str(refused.value) == own_provider("Stack/PhoneNumberProvider", 604800)


def test_a_delay_that_a_given_provider_of_the_same_stack_does_not_outlive_is_refused(stack: cdk.Stack) -> None:
    platform = PhoneNumberProvider(Construct(stack, "Platform"), "Provider")
    given: dict[str, Any] = {"target_arn": INSTANCE, "country_code": "US", "release_delay": cdk.Duration.seconds(1)}

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber(stack, "Number", provider=platform, **given)

    assert str(refused.value) == own_provider("Stack/Platform/Provider", 1)
