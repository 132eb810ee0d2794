from typing import Any

import pytest

from lambda_handlers.connect_phone_number.claim import Origin, Settings, Specification
from lambda_handlers.connect_phone_number.properties import (
    DesiredNumber,
    InvalidProperty,
    parse_properties,
    timeout_seconds,
)

from .bad_properties import (
    BAD,
    FLOW,
    GROUP,
    INSTANCE,
    NUMBER,
    OTHER_INSTANCE,
    REGION,
    SOURCE,
    tag_list,
)


def _given(**changes: object) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:provider",
        "ServiceTimeout": "600",
        "TargetArn": INSTANCE,
        "CountryCode": "US",
    }
    return {name: value for name, value in {**properties, **changes}.items() if value is not None}


def test_the_least_that_is_needed() -> None:
    assert parse_properties(_given(), REGION) == DesiredNumber(
        specification=Specification(country_code="US", type="DID"),
        settings=Settings(target_arn=INSTANCE),
        release_protection=False,
        allow_replacement=False,
    )


def test_all_that_can_be_given_with_a_search() -> None:
    desired = parse_properties(
        _given(
            Type="TOLL_FREE",
            Prefix="+1800",
            Adopt="false",
            Description="Support",
            ContactFlowArn=FLOW,
            Tags=tag_list(team="support", empty=""),
            ReleaseProtection="true",
            AllowReplacement="true",
        ),
        REGION,
    )
    assert desired == DesiredNumber(
        specification=Specification(country_code="US", type="TOLL_FREE", prefix="+1800"),
        settings=Settings(INSTANCE, "Support", {"team": "support", "empty": ""}, FLOW),
        release_protection=True,
        allow_replacement=True,
    )


def test_a_chosen_number() -> None:
    desired = parse_properties(_given(PhoneNumber=NUMBER), REGION)
    assert desired.specification == Specification("US", "DID", phone_number=NUMBER)
    assert desired.specification.origin is Origin.CLAIMED


def test_adoption_needs_no_country_and_no_type() -> None:
    desired = parse_properties(_given(CountryCode=None, PhoneNumber=NUMBER, Adopt="true"), REGION)
    assert desired.specification == Specification(phone_number=NUMBER, adopt=True)
    assert desired.specification.origin is Origin.ADOPTED


def test_import() -> None:
    desired = parse_properties(_given(CountryCode=None, SourcePhoneNumberArn=SOURCE), REGION)
    assert desired.specification == Specification(source_phone_number_arn=SOURCE)
    assert desired.specification.origin is Origin.IMPORTED


def test_a_traffic_distribution_group_with_a_flow() -> None:
    desired = parse_properties(_given(TargetArn=GROUP, ContactFlowArn=FLOW), REGION)
    assert (desired.settings.target_arn, desired.settings.contact_flow_arn) == (GROUP, FLOW)


@pytest.mark.parametrize("value", ["true", True])
def test_booleans_arrive_as_text_or_not(value: object) -> None:
    assert parse_properties(_given(ReleaseProtection=value), REGION).release_protection


@pytest.mark.parametrize("value", ["", "false", False])
def test_what_is_empty_is_off(value: object) -> None:
    assert not parse_properties(_given(ReleaseProtection=value), REGION).release_protection


@pytest.mark.parametrize("value", [None, "", []])
def test_notag_list(value: object) -> None:
    assert parse_properties(_given(Tags=value), REGION).settings.tags == {}


@pytest.mark.parametrize("name", ["Type", "Prefix", "PhoneNumber", "SourcePhoneNumberArn", "Description"])
def test_an_empty_property_is_like_a_missing_one(name: str) -> None:
    # Fn::If with a parameter that is empty by default gives these.
    assert parse_properties(_given(**{name: ""}), REGION) == parse_properties(_given(), REGION)


@pytest.mark.parametrize("target_arns", [(), (INSTANCE,), (GROUP, INSTANCE)])
def test_a_target_that_is_served(target_arns: tuple[str, ...]) -> None:
    assert parse_properties(_given(), REGION, target_arns).settings.target_arn == INSTANCE


def test_a_target_that_is_not_served() -> None:
    with pytest.raises(InvalidProperty) as problem:
        parse_properties(_given(), REGION, (GROUP, OTHER_INSTANCE))
    assert str(problem.value) == (
        f"TargetArn {INSTANCE} is not among the targets that this provider serves: {GROUP}, {OTHER_INSTANCE}. Use one "
        "of these, or add the target to the provider's target_arns."
    )


def test_a_target_that_is_none_is_told_as_such_whatever_is_served() -> None:
    with pytest.raises(InvalidProperty, match=r"^TargetArn must be the ARN of an Amazon Connect instance"):
        parse_properties(_given(TargetArn="arn:none"), REGION, (GROUP,))


def test_there_are_at_least_60_bad_combinations() -> None:
    assert len(BAD) >= 60
    assert len({name for name, _, _ in BAD}) == len(BAD)


@pytest.mark.parametrize(("changes", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidProperty) as problem:
        parse_properties(_given(**changes), REGION)
    assert str(problem.value) == message


def test_null_is_no_string() -> None:
    with pytest.raises(InvalidProperty, match=r"^Type must be a string, but is null\. Give one value\.$"):
        parse_properties({**_given(), "Type": None}, REGION)


def test_of_several_bad_properties_the_same_one_is_named_in_each_process() -> None:
    # The order of a set of strings differs from process to process.
    with pytest.raises(InvalidProperty, match=r"^Adopt must be a string"):
        parse_properties(_given(Adopt=[], Description=[], Prefix=[], TargetArn=[], Type=[], PhoneNumber=[]), REGION)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("600", 600), (60, 60), ("3600", 3600), ("7200", 3600), (None, 3600), ("", 3600), ("soon", 3600), ("²", 3600)],
)
def test_timeout_seconds(value: object, seconds: int) -> None:
    assert timeout_seconds(_given(ServiceTimeout=value)) == seconds
