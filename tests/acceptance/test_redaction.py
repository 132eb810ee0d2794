"""A record contains nothing that identifies the account, however the response spells it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import pytest

from acceptance.redaction import Redactor
from lambda_handlers.connect_phone_number import contract

ACCOUNT: Final = "123456789012"
NUMBER_ID: Final = "99999999-2222-4333-8444-aaaaaaaaaaaa"
INSTANCE_ID: Final = "11111111-2222-4333-8444-bbbbbbbbbbbb"
OTHER_ID: Final = "77777777-2222-4333-8444-cccccccccccc"
PHONE_NUMBER: Final = "+442079460123"
ARN: Final = f"arn:aws:connect:eu-west-2:{ACCOUNT}:phone-number/{NUMBER_ID}"
SECRET_KEY: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SESSION_TOKEN: Final = "FwoGZXIvYXdzEBYaD!with#signs,and(more)"
URL: Final = (
    "https://cloudformation-custom-resource-response-euwest2.s3.eu-west-2.amazonaws.com/arn%3Aaws%3Acloudformation"
    f"%3Aeu-west-2%3A{ACCOUNT}%3Astack/Line/x%7CLine%7C{OTHER_ID}?X-Amz-Signature=0f3c&X-Amz-Expires=7200"
)
KNOWN: Final = {
    ACCOUNT: "account",
    NUMBER_ID: "number-id",
    INSTANCE_ID: "instance-id",
    PHONE_NUMBER: "phone-number",
    "PhoneNumberAcceptance-ab12-Number": "number-stack",
}
PRIVATE: Final = (
    ACCOUNT,
    NUMBER_ID,
    INSTANCE_ID,
    OTHER_ID,
    "442079460123",
    "7946",
    "9460123",
    SECRET_KEY,
    SESSION_TOKEN,
    "AKIAIOSFODNN7EXAMPLE",
    "john",
    "Administrator",
    "example.com",
    "0f3c",
    "Bob",
    "10.20.30.40",
    "fe80",
)


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(KNOWN, (SECRET_KEY, SESSION_TOKEN))


HOSTILE: Final = [
    f"User: arn:aws:sts::{ACCOUNT}:assumed-role/Administrator/john.doe@example.com is not authorized to perform: x",
    f"User: arn:aws:iam::{ACCOUNT}:user/division/john is not authorized on resource: {ARN}.",
    quote(f"arn:aws:sts::{ACCOUNT}:assumed-role/Administrator/john", safe=""),
    quote(quote(f"{ARN}?{PHONE_NUMBER}", safe=""), safe=""),
    f"AROAIOSFODNN7EXAMPLE:john@{ACCOUNT}",
    f"AKIAIOSFODNN7EXAMPLE {SECRET_KEY} token={SESSION_TOKEN}",
    f"see {URL}",
    f"not available: {PHONE_NUMBER}",
    "not available: +44 (20) 7946-0123, tel:442079460123, 0044.20.7946.0123, 44 20 7946 0123",
    "wide \uff0b\uff14\uff14\uff12\uff10\uff17\uff19\uff14\uff16\uff10\uff11\uff12\uff13",
    "hidden +44\u200b20\u200d7946\u00ad0123",
    f"x{ACCOUNT}y/{NUMBER_ID.upper()}z{OTHER_ID}",
    "call john@example.com from 10.20.30.40 or fe80::1ff:fe23:4567:890a",
    "at /home/john/.aws/credentials, C:\\Users\\john\\x and /tmp/john",
    "Signature: 0f3c, X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-2",
    "eyJraWQiOiJhYmMxMjMiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqb2huIn0.c2lnbmF0dXJlMTIzNDU2Nzg5MA",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("wrap", ["value", "key", "nested"])
def test_nothing_private_is_left_of_hostile_text(redactor: Redactor, text: str, wrap: str) -> None:
    response: Any = {"value": {"Message": text}, "key": {text: 1}, "nested": [[{"a": (text, {"b": [text]})}]]}[wrap]
    cleaned = json.dumps(redactor.clean(response), ensure_ascii=False)
    assert [private for private in PRIVATE if private.lower() in cleaned.lower()] == []
    assert "eyJ" not in cleaned
    assert not redactor.has_leak(cleaned)


def test_nothing_private_is_left_of_hostile_members(redactor: Redactor) -> None:
    response = {
        "SecretAccessKey": "short",
        "Credentials": {"AnyThing": ["short"]},
        "Name": "Bob",
        "FlowName": "Bob",
        "UserName": "Bob",
        "Email": "Bob",
        "Tags": {"owner": "Bob", "Bob": "x", "step": PHONE_NUMBER, contract.STACK_TAG: ARN},
        "tagKeys": ["owner", "Bob", "step", 5],
        "At": datetime(2026, 1, 1, tzinfo=UTC),
        "Account": int(ACCOUNT),
        "Other": [442079460123, 442079460123.0, Decimal(ACCOUNT), float("nan"), -442079460123],
        "Body": b"Bob",
        "Stream": object(),
    }
    cleaned = redactor.clean(response)
    text = json.dumps(cleaned)
    assert [private for private in (*PRIVATE, "short", "2026", "owner") if private in text] == []
    assert cleaned["Tags"] == {
        "<tag-key-1>": "<tag-value-1>",
        "<tag-key-2>": "<tag-value-2>",
        "step": "<phone-number>",
        contract.STACK_TAG: "arn:aws:connect:eu-west-2:<account>:phone-number/<number-id>",
    }
    assert cleaned["tagKeys"] == ["<tag-key-1>", "<tag-key-2>", "step", 5]
    assert cleaned["Account"] == "<account>"
    assert cleaned["Body"] == "<bytes>"


def test_kinds_of_names_stay(redactor: Redactor) -> None:
    target = f"arn:aws:connect:eu-west-2:{ACCOUNT}:instance/{INSTANCE_ID}"
    assert redactor.clean([ARN, NUMBER_ID, f"{target}/contact-flow/{OTHER_ID}", OTHER_ID, PHONE_NUMBER]) == [
        "arn:aws:connect:eu-west-2:<account>:phone-number/<number-id>",
        "<number-id>",
        "arn:aws:connect:eu-west-2:<account>:instance/<instance-id>/contact-flow/<id-1>",
        "<id-1>",
        "<phone-number>",
    ]


def test_same_value_has_the_same_placeholder_however_it_is_written(redactor: Redactor) -> None:
    assert redactor.clean(["+12065550100", "+1 (206) 555-0100", 12065550100, "+12065550101"]) == [
        "<number-1>",
        "<number-1>",
        "<number-1>",
        "<number-2>",
    ]
    assert redactor.clean([OTHER_ID, OTHER_ID.upper(), "210987654321"]) == ["<id-1>", "<id-1>", "<account-1>"]


@pytest.mark.parametrize(
    "text",
    [
        "CLAIMED",
        "InvalidParameterException",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "AssociatePhoneNumberContactFlow",
        "WHATSAPP_MESSAGING_PHONE_NUMBER",
        "cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com",
        "X-Amz-Security-Token",
        "Phone number not available",
        "Listed 3 seconds after the claim, described 12 seconds after it",
        "Custom::ConnectPhoneNumber",
        "2026-01-01",
        "",
    ],
)
def test_what_says_nothing_of_anybody_stays(redactor: Redactor, text: str) -> None:
    assert redactor.clean(text) == text


def test_numbers_truth_values_and_nothing_stay(redactor: Redactor) -> None:
    assert redactor.clean([None, True, 0, 404, -3, 12.34567, Decimal("1.5")]) == [None, True, 0, 404, -3, 12.346, 1.5]


def test_long_text_is_cut(redactor: Redactor) -> None:
    cleaned = redactor.clean("so it goes. " * 1000)
    assert len(cleaned) == 601
    assert cleaned.endswith("…")


def test_known_names_are_found_within_other_text(redactor: Redactor) -> None:
    assert redactor.clean("PhoneNumberAcceptance-ab12-Number-Line-X1") == "<number-stack>-Line-X1"


@pytest.mark.parametrize("text", [f"… {ACCOUNT} …", NUMBER_ID.upper(), f"a{SECRET_KEY}b", SESSION_TOKEN])
def test_leak_is_noticed(redactor: Redactor, text: str) -> None:
    assert redactor.has_leak(text)


def test_without_anything_known_there_is_nothing_to_leak() -> None:
    redactor = Redactor({"": "nothing"}, ("", "short"))
    assert redactor.clean("short") == "short"
    assert not redactor.has_leak("short and anything")
