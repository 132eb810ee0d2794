"""The function that looks at response URLs tells nothing of them by which anybody could answer in its place."""

import json
import time
from pathlib import Path
from typing import Any, Final

import pytest

from acceptance import probe_stack, recorder_function

SIGNED: Final = 1_700_000_000
SIGNATURE: Final = "0f3c5a7be1d2"
PATH: Final = "/arn%3Aaws%3Acloudformation%3Aeu-west-2%3A123456789012%3Astack/Secret"
QUERY: Final = f"X-Amz-Date=20231114T221320Z&X-Amz-Expires=7200&X-Amz-Security-Token=&X-Amz-Signature={SIGNATURE}"
HOST: Final = "cloudformation-custom-resource-response-euwest2.s3.eu-west-2.amazonaws.com"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, dict[str, str]]]:
    """Keep what is sent instead of a response."""
    kept: list[tuple[str, str, str, dict[str, str]]] = []

    def put(scheme: str, host: str, path: str, body: str) -> None:
        kept.append((scheme, host, path, json.loads(body)))

    monkeypatch.setattr(recorder_function, "put", put)
    monkeypatch.setattr(time, "time", lambda: SIGNED + 10.0)
    return kept


def event(url: str = f"https://{HOST}{PATH}?{QUERY}", **changes: Any) -> dict[str, Any]:
    return {
        "RequestType": "Create",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Kept",
        "ResponseURL": url,
        "ResourceProperties": {"FailsForSeconds": "0"},
        **changes,
    }


def test_names_lifetime_and_host_are_told_and_nothing_else(
    sent: list[tuple[str, str, str, dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    recorder_function.handler(event(), None)
    line = capsys.readouterr().out
    seen = json.loads(line)["response_url"]
    assert len(seen.pop("url")) == len(seen.pop("request")) == 64
    assert seen == {
        "resource": "Kept",
        "type": "Create",
        "scheme": "https",
        "host": HOST,
        "parameters": ["X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token", "X-Amz-Signature"],
        "X-Amz-Expires": "7200",
        "signed_at": SIGNED,
    }
    for private in (SIGNATURE, "Secret", "123456789012", "arn"):
        assert private not in line
    assert sent == [
        (
            "https",
            HOST,
            f"{PATH}?{QUERY}",
            {
                "StackId": "stack",
                "RequestId": "request",
                "LogicalResourceId": "Kept",
                "Status": "SUCCESS",
                "PhysicalResourceId": "acceptance-Kept",
            },
        )
    ]


def test_physical_id_stays(sent: list[tuple[str, str, str, dict[str, str]]]) -> None:
    recorder_function.handler(event(RequestType="Delete", PhysicalResourceId="given"), None)
    assert sent[0][3]["PhysicalResourceId"] == "given"


@pytest.mark.parametrize(("seconds", "responses"), [("45", 0), ("10", 1)])
def test_first_delivery_fails_on_purpose(
    sent: list[tuple[str, str, str, dict[str, str]]], seconds: str, responses: int
) -> None:
    request = event(ResourceProperties={"FailsForSeconds": seconds})
    if responses:
        recorder_function.handler(request, None)
    else:
        with pytest.raises(RuntimeError, match="fails on purpose") as caught:
            recorder_function.handler(request, None)
        assert SIGNATURE not in str(caught.value)
    assert len(sent) == responses


@pytest.mark.parametrize("query", ["", "?Expires=1&Signature=x", "?X-Amz-Date=yesterday"])
def test_url_without_a_date_is_answered_at_once(
    sent: list[tuple[str, str, str, dict[str, str]]], capsys: pytest.CaptureFixture[str], query: str
) -> None:
    request = event(f"https://{HOST}/x{query}", ResourceProperties={"FailsForSeconds": "45"})
    recorder_function.handler(request, None)
    assert json.loads(capsys.readouterr().out)["response_url"]["signed_at"] is None
    assert sent[0][2] == f"/x{query}"


def test_trouble_does_not_tell_the_url() -> None:
    with pytest.raises(RuntimeError) as caught:
        recorder_function.put("http", "127.0.0.1:1", f"{PATH}?{QUERY}", "{}")
    assert str(caught.value) == "ConnectionRefusedError"
    assert caught.value.__suppress_context__


def test_function_is_short_enough_to_be_in_a_template() -> None:
    code = (Path(probe_stack.__file__).parent / "recorder_function.py").read_text()
    assert len(code) <= 4096
    assert "import tests" not in code
