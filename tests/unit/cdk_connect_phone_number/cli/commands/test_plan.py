"""``plan``: the command, with two templates and without an account. End-to-end tests read a local AWS."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from cdk_connect_phone_number.cli.commands.plan import plan_command

TARGET: Final = "arn:aws:connect:us-east-1:111122223333:instance/11111111-2222-3333-4444-555555555555"
TOKEN: Final = "arn:aws:lambda:us-east-1:111122223333:function:provider"
OFFLINE: Final = ("--before", "before.json", "--region", "us-east-1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a template with a number, and one without, to the current folder."""
    monkeypatch.chdir(tmp_path)
    properties = {"ServiceToken": TOKEN, "TargetArn": TARGET, "CountryCode": "US"}
    number = {"Type": "Custom::ConnectPhoneNumber", "Properties": properties}
    for name, resources in (("before", {"Line": number}), ("after", {})):
        Path(f"{name}.json").write_text(json.dumps({"Resources": resources}))


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(plan_command, arguments)


@pytest.mark.parametrize("what", [("--template", "after.json"), ("--destroy",)])
def test_a_plan_without_an_account(what: tuple[str, ...]) -> None:
    result = ran(*OFFLINE, *what, "--output", "json")

    document: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [(change["stack"], change["logical_id"], change["effect"]) for change in document["changes"]] == [
        ("before", "Line", "release")
    ]


@pytest.mark.parametrize(
    ("concerns", "exit_code"), [("release", 2), ("replace, release", 2), ("replace,budget", 0), ("", 0)]
)
def test_a_plan_fails_on_what_it_is_told(concerns: str, exit_code: int) -> None:
    assert ran(*OFFLINE, "--template", "after.json", "--fail-on", concerns).exit_code == exit_code


def test_a_concern_that_there_is_not_is_refused() -> None:
    result = ran(*OFFLINE, "--template", "after.json", "--fail-on", "releases")

    assert result.exit_code == 2
    assert "releases is not one of release, replace," in result.stderr


def test_csv_and_markdown() -> None:
    csv = ran(*OFFLINE, "--template", "after.json", "--output", "csv").stdout.splitlines()
    text = ran(*OFFLINE, "--template", "after.json", "--output", "markdown").stdout

    assert csv[1].startswith(",us-east-1,before,Line,,release,,")
    assert text.startswith("### Phone numbers: deployment of after.json\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--before", "before.json", "--template", "after.json"), "Name the stack's Region with --region"),
        (OFFLINE, "--before needs the template to compare with"),
        ((*OFFLINE, "--template", "missing.json"), "missing.json cannot be read"),
    ],
)
def test_what_is_missing_is_said(arguments: tuple[str, ...], message: str) -> None:
    result = ran(*arguments)

    assert result.exit_code == 1
    assert message in result.stderr
