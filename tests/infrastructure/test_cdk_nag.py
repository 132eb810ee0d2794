"""cdk-nag's AwsSolutions finds nothing that is not acknowledged, and every acknowledgment has its reason."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_connect as connect

from cdk_connect_phone_number import PhoneNumberProvider

from .conftest import GROUP_ARN, TARGET_ARN, example_app


def report_of(app: cdk.App) -> dict[str, Any]:
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    app.synth()
    return dict(json.loads(Path(app.outdir, "validation-report.json").read_text()))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return report_of(example_app(str(tmp_path_factory.mktemp("cdk-nag"))))


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


def instance(scope: cdk.Stack) -> connect.CfnInstance:
    return connect.CfnInstance(
        scope,
        "Instance",
        attributes=connect.CfnInstance.AttributesProperty(inbound_calls=True, outbound_calls=True),
        identity_management_type="CONNECT_MANAGED",
    )


def test_the_flows_of_each_served_instance_are_acknowledged_however_the_instance_is_named(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    stack, other = cdk.Stack(app, "Stack"), cdk.Stack(app, "Other")
    parameter = cdk.CfnParameter(stack, "Parameter").value_as_string
    served = {
        TARGET_ARN: TARGET_ARN,
        instance(stack).attr_arn: "<Instance.Arn>",
        instance(other).attr_arn: "Other:ExportsOutputFnGetAttInstanceArn528840A0",
        parameter: "<Parameter>",
        cdk.Fn.import_value("Exported"): "Exported",
        cdk.Fn.select(0, cdk.Fn.split(",", parameter)): ('{"Fn::Select":[0,{"Fn::Split":[",",{"Ref":"Parameter"}]}]}'),
    }
    PhoneNumberProvider(stack, "Provider", target_arns=[GROUP_ARN, *served])

    (nag,) = report_of(app)["pluginReports"]

    assert nag["violations"] == []
    flows = {found["ruleName"] for found in nag["suppressedViolations"] if "/contact-flow/*" in found["ruleName"]}
    assert flows == {f"AwsSolutions-IAM5[Resource::{shown}/contact-flow/*]" for shown in served.values()}
