from collections.abc import Callable

import pytest

from lambda_handlers.connect_phone_number import rules

REGION = "eu-west-1"
INSTANCE_ID = "11111111-2222-3333-4444-555555555555"
OTHER_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
CONNECT = f"arn:aws:connect:{REGION}:123456789012"
INSTANCE = f"{CONNECT}:instance/{INSTANCE_ID}"
GROUP = f"{CONNECT}:traffic-distribution-group/{OTHER_ID}"
FLOW = f"{INSTANCE}/contact-flow/{OTHER_ID}"
NUMBER = f"{CONNECT}:phone-number/{OTHER_ID}"
SOURCE = f"arn:aws:sms-voice:{REGION}:123456789012:phone-number/phone-0123abc"

Check = Callable[..., str | None]


@pytest.mark.parametrize(
    ("check", "arguments"),
    [
        (rules.check_target_arn, (INSTANCE,)),
        (rules.check_target_arn, (INSTANCE, REGION)),
        (rules.check_target_arn, (GROUP, REGION)),
        (rules.check_target_arn, (INSTANCE.replace("arn:aws:", "arn:aws-us-gov:"),)),
        (rules.check_country_code, ("US",)),
        (rules.check_type, ("TOLL_FREE",)),
        (rules.check_prefix, ("+1",)),
        (rules.check_prefix, ("+1206", "US")),
        (rules.check_prefix, ("+12065550100", "US")),
        (rules.check_phone_number, ("+12065550100",)),
        (rules.check_phone_number, ("+442079460000", "GB")),
        (rules.check_phone_number, ("+123456789012345",)),
        (rules.check_description, ("",)),
        (rules.check_description, ("x" * 500,)),
        (rules.check_import_target, (INSTANCE,)),
        (rules.check_contact_flow_arn, (FLOW,)),
        (rules.check_contact_flow_arn, (FLOW, REGION, INSTANCE)),
        (rules.check_contact_flow_arn, (FLOW, REGION, GROUP)),
        (rules.check_source_phone_number_arn, (SOURCE, REGION)),
        (rules.check_phone_number_arn, (NUMBER, REGION)),
        (rules.check_timeout_seconds, (60,)),
        (rules.check_timeout_seconds, (3600,)),
        (rules.check_tags, (dict[str, str](),)),
        (rules.check_tags, ({f"key{index}": "" for index in range(46)},)),
        (rules.check_tags, ({"k" * 128: "v" * 256, "Größe 1_+-=.:/@": "ä"},)),
    ],
)
def test_what_is_allowed(check: Check, arguments: tuple[object, ...]) -> None:
    assert check(*arguments) is None


@pytest.mark.parametrize(
    ("check", "arguments", "problem"),
    [
        (
            rules.check_target_arn,
            ("nonsense",),
            (
                "must be the ARN of an Amazon Connect instance or traffic distribution group, but is 'nonsense'. "
                "Use arn:aws:connect:<region>:<account>:instance/<id> or "
                "arn:aws:connect:<region>:<account>:traffic-distribution-group/<id>."
            ),
        ),
        (
            rules.check_target_arn,
            (INSTANCE, "us-east-1"),
            (
                f"is in Region eu-west-1, but this stack is in us-east-1 ('{INSTANCE}'). A phone number is claimed and "
                "released only in the Region of its target: deploy the stack to eu-west-1, or use a target in "
                "us-east-1."
            ),
        ),
        (
            rules.check_country_code,
            ("us",),
            "must be a two-letter country code that Amazon Connect knows, but is 'us'. Did you mean 'US'?",
        ),
        (
            rules.check_country_code,
            ("XX",),
            (
                "must be a two-letter country code that Amazon Connect knows, but is 'XX'. "
                "Use for example 'US', 'GB' or 'DE'."
            ),
        ),
        (
            rules.check_type,
            ("did",),
            (
                "must be one of DID, SHARED, SHORT_CODE, THIRD_PARTY_DID, THIRD_PARTY_TF, TOLL_FREE, UIFN, "
                "but is 'did'. Did you mean 'DID'?"
            ),
        ),
        (
            rules.check_prefix,
            ("1206",),
            (
                "must be '+' and 1 to 11 digits, but is '1206'. "
                "Begin with '+' and the country's calling code, for example '+1206'."
            ),
        ),
        (
            rules.check_prefix,
            ("+",),
            (
                "must be '+' and 1 to 11 digits, but is '+'. "
                "Begin with '+' and the country's calling code, for example '+1206'."
            ),
        ),
        (
            rules.check_prefix,
            ("+4420", "US"),
            (
                "must begin with '+1', the calling code of US, but is '+4420'. "
                "Use a value that begins with '+1', or another country."
            ),
        ),
        (
            rules.check_phone_number,
            ("+0123",),
            (
                "must be a number in E.164 form, but is '+0123'. "
                "Write '+', the calling code and the number, digits only, for example '+12065550100'."
            ),
        ),
        (
            rules.check_phone_number,
            ("+1234567890123456",),
            (
                "must be a number in E.164 form, but is '+1234567890123456'. "
                "Write '+', the calling code and the number, digits only, for example '+12065550100'."
            ),
        ),
        (
            rules.check_description,
            ("x" * 501,),
            f"may have at most 500 characters, but has 501 ('{'x' * 40}'…). Shorten it.",
        ),
        (
            rules.check_import_target,
            (GROUP,),
            (
                f"must be an instance where a number is imported, but is '{GROUP}'. Connect imports into instances "
                "only: import the number into one first, then move it by changing the target."
            ),
        ),
        (
            rules.check_contact_flow_arn,
            (INSTANCE,),
            (
                f"must be the ARN of a flow, but is '{INSTANCE}'. "
                "Use arn:aws:connect:<region>:<account>:instance/<id>/contact-flow/<id>."
            ),
        ),
        (
            rules.check_contact_flow_arn,
            (FLOW, REGION, f"{CONNECT}:instance/{OTHER_ID}"),
            (
                f"belongs to instance {INSTANCE_ID}, but the target is instance {OTHER_ID} ('{FLOW}'). "
                "Use a flow of the target's own instance."
            ),
        ),
        (
            rules.check_source_phone_number_arn,
            (NUMBER,),
            (
                f"must be the ARN of a phone number of AWS End User Messaging, but is '{NUMBER}'. "
                "Use arn:aws:sms-voice:<region>:<account>:phone-number/<id>."
            ),
        ),
        (
            rules.check_phone_number_arn,
            (SOURCE,),
            (
                f"must be the ARN of a phone number, but is '{SOURCE}'. "
                "Use arn:aws:connect:<region>:<account>:phone-number/<id>."
            ),
        ),
        (
            rules.check_timeout_seconds,
            (59,),
            (
                "must be from 60 to 3600 seconds, but is 59 seconds. "
                "A claim usually takes less than a minute; CloudFormation waits at most an hour."
            ),
        ),
        (
            rules.check_timeout_seconds,
            (3601,),
            (
                "must be from 60 to 3600 seconds, but is 3601 seconds. "
                "A claim usually takes less than a minute; CloudFormation waits at most an hour."
            ),
        ),
        (
            rules.check_tags,
            ({f"key{index}": "" for index in range(48)},),
            (
                "are limited to 46, but 48 were given: a phone number takes 50 tags, and 4 of them say who owns it. "
                "Remove 2."
            ),
        ),
        (
            rules.check_tags,
            ({"cdk-connect-phone-number:provider": "mine"},),
            (
                "may not have the key 'cdk-connect-phone-number:provider': keys that begin so are reserved. "
                "Use another key."
            ),
        ),
        (
            rules.check_tags,
            ({"AWS:cloudformation": "x"},),
            "may not have the key 'AWS:cloudformation': keys that begin so are reserved. Use another key.",
        ),
        (
            rules.check_tags,
            ({"": "x"},),
            (
                "have the key '', but a key has 1 to 128 letters, digits, spaces and characters of . : / = + - @ _. "
                "Use another key."
            ),
        ),
        (
            rules.check_tags,
            ({"team": "v" * 257},),
            "have a value of 257 characters for 'team', but 256 are allowed. Shorten it.",
        ),
    ],
)
def test_what_is_refused(check: Check, arguments: tuple[object, ...], problem: str) -> None:
    assert check(*arguments) == problem


def test_a_line_break_at_the_end_is_no_part_of_an_arn() -> None:
    # "$" would let it pass, and the call to Connect would then fail after the number is reserved.
    for check, value in (
        (rules.check_target_arn, INSTANCE),
        (rules.check_contact_flow_arn, FLOW),
        (rules.check_source_phone_number_arn, SOURCE),
        (rules.check_phone_number_arn, NUMBER),
        (rules.check_phone_number, "+12065550100"),
        (rules.check_prefix, "+1206"),
    ):
        assert check(value + "\n") is not None


def test_digits_of_other_scripts_are_no_phone_number() -> None:
    assert rules.check_phone_number("+1\N{ARABIC-INDIC DIGIT TWO}065550100") is not None
    assert rules.check_target_arn(INSTANCE.replace("1", "\N{ARABIC-INDIC DIGIT ONE}")) is not None


def test_parse_phone_number_arn() -> None:
    assert rules.parse_phone_number_arn(NUMBER) == rules.ConnectArn("aws", REGION, "123456789012", OTHER_ID)


@pytest.mark.parametrize("value", ["", "stack-Number-1ABC", INSTANCE, f"{NUMBER}/x", "not-claimed-" + "0" * 32])
def test_parse_phone_number_arn_of_anything_else(value: str) -> None:
    assert rules.parse_phone_number_arn(value) is None


def test_instance_id_of() -> None:
    assert rules.instance_id_of(INSTANCE) == INSTANCE_ID
    assert rules.instance_id_of(GROUP) is None


def test_contact_flow_ids() -> None:
    assert rules.contact_flow_ids(FLOW) == (INSTANCE_ID, OTHER_ID)
    with pytest.raises(ValueError, match="is not the ARN of a flow"):
        rules.contact_flow_ids(INSTANCE)


@pytest.mark.parametrize(
    ("arn", "instance"), [(FLOW, INSTANCE), (INSTANCE, ""), (f"{FLOW}/contact-flow/1", ""), ("", "")]
)
def test_instance_arn_of(arn: str, instance: str) -> None:
    assert rules.instance_arn_of(arn) == instance


_NOTHING = {
    "country_code": False,
    "type": False,
    "prefix": False,
    "phone_number": False,
    "adopt": False,
    "source_phone_number_arn": False,
}
_IMPORT_ALONE = (
    "SourcePhoneNumberArn names the number to import, so CountryCode, Type, Prefix, PhoneNumber and "
    "Adopt do not go with it. Remove them."
)


@pytest.mark.parametrize(
    "given",
    [
        {"country_code"},
        {"country_code", "type", "prefix"},
        {"country_code", "type", "phone_number"},
        {"adopt", "phone_number"},
        {"adopt", "phone_number", "country_code", "type"},
        {"source_phone_number_arn"},
    ],
)
def test_combinations_that_make_sense(given: set[str]) -> None:
    assert rules.check_combination(**{**_NOTHING, **dict.fromkeys(given, True)}) is None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            set[str](),
            (
                "CountryCode is missing. Say where to search, for example 'US', or give SourcePhoneNumberArn, or "
                "PhoneNumber with Adopt."
            ),
        ),
        ({"source_phone_number_arn", "country_code"}, _IMPORT_ALONE),
        ({"source_phone_number_arn", "type"}, _IMPORT_ALONE),
        ({"source_phone_number_arn", "prefix"}, _IMPORT_ALONE),
        ({"source_phone_number_arn", "phone_number"}, _IMPORT_ALONE),
        ({"source_phone_number_arn", "adopt"}, _IMPORT_ALONE),
        ({"adopt"}, "Adopt needs PhoneNumber: say which number of the account is to be adopted."),
        (
            {"country_code", "phone_number", "prefix"},
            "PhoneNumber names the one number to take, so Prefix does not go with it. Remove one of them.",
        ),
    ],
)
def test_combinations_that_make_no_sense(given: set[str], problem: str) -> None:
    assert rules.check_combination(**{**_NOTHING, **dict.fromkeys(given, True)}) == problem
