"""cdk-nag's AwsSolutions finds nothing that is not acknowledged, and every acknowledgment has its reason."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest

from .conftest import example_app


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("cdk-nag")
    app = example_app(str(folder))
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    app.synth()
    return dict(json.loads(Path(folder, "validation-report.json").read_text()))


def test_finds_nothing_that_is_not_acknowledged(report: dict[str, Any]) -> None:
    (nag,) = report["pluginReports"]

    assert nag["pluginName"] == "AwsSolutions"
    assert nag["conclusion"] == "success"
    assert nag["violations"] == []


def test_every_acknowledgment_has_a_reason_and_is_beside_its_resource(report: dict[str, Any]) -> None:
    (nag,) = report["pluginReports"]

    assert nag["suppressedViolations"]
    for finding in nag["suppressedViolations"]:
        assert len(finding["reason"]) > 40
        for construct in finding["violatingConstructs"]:
            assert construct["constructPath"] == finding["acknowledgedAt"] + "/Resource"


def test_nothing_but_wildcards_and_the_queue_of_failures_is_acknowledged(report: dict[str, Any]) -> None:
    (nag,) = report["pluginReports"]
    rules = {finding["ruleName"].split("[")[0] for finding in nag["suppressedViolations"]}

    assert rules == {"AwsSolutions-IAM5", "AwsSolutions-SQS3"}
