"""The validation plugin where the account cannot be read. End-to-end tests have the rest."""

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import aws_cdk as cdk
import boto3
import pytest

from cdk_connect_phone_number import PhoneNumber, PhoneNumberPlanValidation, PhoneNumberProvider
from cdk_connect_phone_number.cli.function_code import deployed, planner
from lambda_handlers.connect_phone_number.planning.plan import BudgetChange, Effect, NumberChange, Plan

from .conftest import SERVICE_TOKEN

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
RELEASE = NumberChange("Stack", "Gone", "", Effect.RELEASE, "+12065550100", "for good")


class FakeSts:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "000000000000"}


class FakeSession:
    """A session with credentials for the account of the tests, with which nothing else is called."""

    region_name = "us-east-1"

    def client(self, service: str, **_: object) -> object:
        return FakeSts() if service == "sts" else MagicMock()

    def get_partition_for_region(self, _: str) -> str:
        return "aws"


def signed_in(monkeypatch: pytest.MonkeyPatch, made: Plan | Exception) -> None:
    """Let there be credentials, and a plan."""

    def plan(*_: object) -> Plan:
        if isinstance(made, Exception):
            raise made
        return made

    def session(**_: object) -> FakeSession:
        return FakeSession()

    monkeypatch.setattr(boto3, "Session", session)
    monkeypatch.setattr(planner, "plan", plan)


def app_with(folder: Path, account: str = "000000000000") -> cdk.App:
    app = cdk.App(outdir=str(folder))
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account=account, region="us-east-1"))
    token = SERVICE_TOKEN.replace("000000000000", account)
    provider = PhoneNumberProvider.from_service_token(stack, "Provider", token)
    PhoneNumber(
        stack, "Line", target_arn=INSTANCE.replace("000000000000", account), country_code="US", provider=provider
    )
    return app


def validated(app: cdk.App, **given: Any) -> tuple[bool, list[dict[str, Any]]]:
    """Return whether synth succeeds, and the violations."""
    cdk.Validations.of(app).add_plugins(PhoneNumberPlanValidation(**given))
    try:
        app.synth()
        succeeds = True
    except RuntimeError:
        succeeds = False
    report = json.loads(Path(app.outdir, "validation-report.json").read_text())
    reports = [each["violations"] for each in report["pluginReports"] if each["pluginName"] == "PhoneNumberPlan"]
    return succeeds, reports[0] if reports else []


def test_without_credentials_synth_warns_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    succeeds, (violation,) = validated(app_with(tmp_path / "out"))

    assert succeeds
    assert (violation["ruleName"], violation["severity"]) == ("not-planned", "warning")
    assert "There are no AWS credentials" in violation["description"]


def test_without_the_extra_synth_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cdk_connect_phone_number.cli.places", None)

    succeeds, (violation,) = validated(app_with(tmp_path))

    assert succeeds
    assert "pip install 'cdk-connect-phone-number[cli]'" in violation["description"]


def test_what_cannot_be_read_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, deployed.NotReadable("Allow cloudformation:DescribeStacks."))

    succeeds, (violation,) = validated(app_with(tmp_path))

    assert succeeds
    assert violation["description"].endswith("could not be found out. Allow cloudformation:DescribeStacks.")


def test_a_stack_of_another_account_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, Plan())

    succeeds, (violation,) = validated(app_with(tmp_path, account="111122223333"))

    assert succeeds
    assert "in another account could not be found out" in violation["description"]
    assert violation["violatingConstructs"][0]["constructPath"] == "Stack"


def test_a_number_that_is_released_stops_synth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, Plan((RELEASE,)))

    succeeds, (violation,) = validated(app_with(tmp_path))

    assert not succeeds
    assert (violation["ruleName"], violation["severity"]) == ("release", "error")
    assert violation["description"] == "Stack/Gone: +12065550100 would be released (for good)."
    assert violation["violatingConstructs"][0]["cloudFormationResource"] == {
        "templatePath": "Stack.template.json",
        "logicalId": "Gone",
    }


def test_a_resource_that_stays_has_its_construct_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_with(tmp_path)
    stack = app.node.find_child("Stack")
    resource = stack.node.find_child("Line").node.default_child
    assert isinstance(stack, cdk.Stack)
    assert isinstance(resource, cdk.CfnResource)
    logical_id = str(stack.resolve(resource.logical_id))
    signed_in(monkeypatch, Plan((NumberChange("Stack", logical_id, "", Effect.REPLACE),)))

    _, (violation,) = validated(app)

    assert violation["violatingConstructs"][0]["constructPath"] == "Stack/Line/Resource"


def test_the_budget_is_about_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, Plan(budgets=(BudgetChange("provider", 3, 0, 9, 10, False, True),)))

    succeeds, (violation,) = validated(app_with(tmp_path))

    assert not succeeds
    assert violation["violatingConstructs"][0]["constructPath"] == "Stack"
    assert "9 of 10 claims and releases are used" in violation["description"]


def test_what_is_not_to_fail_is_no_violation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, Plan((RELEASE,)))

    assert validated(app_with(tmp_path), fail_on=["budget"]) == (True, [])


def test_a_finding_can_be_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, Plan(budgets=(BudgetChange("provider", 3, 0, 9, 10, False, True),)))
    app = app_with(tmp_path)
    reason = cdk.Acknowledgment(id="PhoneNumberPlan::budget", reason="The numbers of last spring come back tomorrow.")
    cdk.Validations.of(app.node.find_child("Stack")).acknowledge(reason)

    assert validated(app)[0]


def test_another_concern_is_refused() -> None:
    with pytest.raises(ValueError, match="fail_on has 'releases'"):
        PhoneNumberPlanValidation(fail_on=["releases"])
