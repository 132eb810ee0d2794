"""The record of a run is written after each probe, redacted, and replaces no record of AWS."""

import json
from pathlib import Path
from typing import Any

import pytest

from acceptance.asking import Reply
from acceptance.record import Entry, LeakError, Record, header_of, problem_with
from acceptance.redaction import Redactor

from .numbers import ACCOUNT, ARN, NOW, NUMBER, TARGET

HEADER = header_of(
    endpoint_url="https://connect.eu-west-2.amazonaws.com",
    target_arn=TARGET,
    country_code="GB",
    type="DID",
    day="2026-01-01",
    versions={"boto3": "1.44.5"},
)
ANSWERED = Reply(
    "by ARN", "DescribePhoneNumber", {"PhoneNumberId": ARN}, NOW + 3, response={"Arn": ARN}, http_status=200
)
REFUSED = Reply("by id", "DescribePhoneNumber", {}, NOW + 4, error_code="X", error_message=f"no {ARN}", http_status=404)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    record = Record(tmp_path / "record.json", HEADER, ("the secret key",))
    record.know(NUMBER)
    return record


def _as_it_is(_: Redactor, text: str) -> str:
    return text


def read(record: Record) -> dict[str, Any]:
    record.save()
    return dict(json.loads(record.path.read_text(encoding="utf-8")))


def test_what_was_asked_and_answered_is_written_redacted(record: Record) -> None:
    record.add(Entry("some-probe", "Something holds.", ("connect:Describe",), True, f"It is {ARN}.", [ANSWERED], NOW))
    record.add(Entry("other-probe", "Something else.", (), False, "Nothing came.", [REFUSED], NOW))
    record.outcome = f"A surprise with {NUMBER.phone_number}."
    content = read(record)

    redacted = "arn:aws:connect:eu-west-2:<account>:phone-number/<number-id>"
    assert content["outcome"] == "A surprise with <phone-number>."
    assert content["probes"] == [
        {
            "probe": "some-probe",
            "assumption": "Something holds.",
            "calls": ["connect:Describe"],
            "settled": True,
            "says": f"It is {redacted}.",
            "responses": [
                {
                    "label": "by ARN",
                    "operation": "DescribePhoneNumber",
                    "parameters": {"PhoneNumberId": redacted},
                    "seconds_after_claim": 3.0,
                    "response": {"Arn": redacted},
                }
            ],
        },
        {
            "probe": "other-probe",
            "assumption": "Something else.",
            "calls": [],
            "settled": False,
            "says": "Nothing came.",
            "responses": [
                {
                    "label": "by id",
                    "operation": "DescribePhoneNumber",
                    "parameters": {},
                    "seconds_after_claim": 4.0,
                    "error": {"code": "X", "message": f"no {redacted}", "http_status": 404},
                }
            ],
        },
    ]


def test_header_says_what_kind_of_account_it_is_about_and_not_which(record: Record) -> None:
    content = read(record)
    del content["about"], content["probes"], content["outcome"]
    assert content == {
        "format": 1,
        "is_of_aws": True,
        "day": "2026-01-01",
        "partition": "aws",
        "region": "eu-west-2",
        "target": "instance",
        "country_code": "GB",
        "type": "DID",
        "versions": {"boto3": "1.44.5"},
    }
    assert ACCOUNT not in record.path.read_text()


@pytest.mark.parametrize(
    ("url", "is_of_aws"),
    [
        ("https://connect.us-east-1.amazonaws.com", True),
        ("https://connect.cn-north-1.amazonaws.com.cn/", True),
        ("http://127.0.0.1:4566", False),
        ("https://amazonaws.com.example", False),
        ("http://localhost/connect.us-east-1.amazonaws.com", False),
    ],
)
def test_record_of_the_emulator_does_not_pass_for_one_of_aws(url: str, is_of_aws: bool) -> None:
    header = header_of(endpoint_url=url, target_arn=TARGET, country_code="US", type="DID", day="", versions={})
    assert header["is_of_aws"] == is_of_aws


def test_tokens_and_tags_have_names_of_their_own(record: Record) -> None:
    parameters = {**NUMBER.claim_parameters, "Token": NUMBER.release_token}
    record.add(Entry("p", "a", (), True, "", [Reply("x", "ClaimPhoneNumber", parameters, NOW, response={})], NOW))
    written = read(record)["probes"][0]["responses"][0]["parameters"]
    assert (written["ClientToken"], written["Token"]) == ("<claim-token>", "<release-token>")
    assert set(written["Tags"].values()) == {"<claim-id>", "<provider-id>"}


def test_what_is_known_later_is_redacted_in_what_came_before(tmp_path: Path) -> None:
    record = Record(tmp_path / "record.json", HEADER)
    record.add(Entry("p", "a", (), True, NUMBER.phone_number))
    assert read(record)["probes"][0]["says"] == "<number-1>"
    record.know(NUMBER)
    assert read(record)["probes"][0]["says"] == "<phone-number>"


def test_entry_with_a_leak_is_left_out_and_the_others_stay(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    record.add(Entry("leaky", "a", ("x",), True, "the secret key", [ANSWERED], NOW))
    record.add(Entry("tight", "b", ("x",), True, "nothing", [], NOW))
    monkeypatch.setattr(Redactor, "_text", _as_it_is)
    leaky, tight = read(record)["probes"]
    assert (leaky["settled"], leaky["responses"]) == (False, [])
    assert leaky["says"] == "Left out: the redaction has missed something."
    assert (tight["settled"], tight["says"]) == (True, "nothing")


def test_nothing_is_written_where_all_of_it_would_leak(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    record.outcome = "the secret key"
    monkeypatch.setattr(Redactor, "_text", _as_it_is)
    with pytest.raises(LeakError):
        record.save()
    assert not record.path.exists()


def test_record_that_can_be_written(tmp_path: Path, record: Record) -> None:
    assert problem_with(record.path) is None
    local = Record(tmp_path / "local.json", {**HEADER, "is_of_aws": False})
    local.save()
    assert problem_with(local.path) is None


def test_record_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path: Path, record: Record) -> None:
    record.save()
    assert "is the record of an earlier run" in (problem_with(record.path) or "")
    assert "does not exist" in (problem_with(tmp_path / "nowhere" / "record.json") or "")
    for text in ("", "[]", '{"a": 1}', "no JSON"):
        other = tmp_path / "other.json"
        other.write_text(text)
        assert "is no record that could be replaced" in (problem_with(other) or "")
    assert "is no record that could be replaced" in (problem_with(tmp_path) or "")
