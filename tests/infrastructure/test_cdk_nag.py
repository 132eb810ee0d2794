"""cdk-nag's AwsSolutions finds nothing that is not acknowledged, and every acknowledgment has its reason.

What the other rule packs find has an answer in docs/composing.md.
"""

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_connect as connect

from cdk_connect_phone_number import PhoneNumber, PhoneNumberPool, PhoneNumberProvider
from docs.tools.pages import ROOT, blocks

from .conftest import GROUP_ARN, TARGET_ARN, Synthesized, example_app


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


PACKS: Final[Mapping[str, Callable[[], Any]]] = {
    "AwsSolutions": cdk_nag.AwsSolutionsChecks,
    "HIPAA.Security": cdk_nag.HIPAASecurityChecks,
    "NIST.800.53.R5": cdk_nag.NIST80053R5Checks,
    "PCI.DSS.321": cdk_nag.PCIDSS321Checks,
    "Serverless": cdk_nag.ServerlessChecks,
}
# As docs/composing.md calls them.
SHORT: Final = {"HIPAA.Security": "HIPAA", "NIST.800.53.R5": "NIST", "PCI.DSS.321": "PCI", "Serverless": "Serverless"}


def findings(app: cdk.App) -> dict[str, set[str]]:
    """Return what each pack finds, without the pack's name."""
    cdk.Validations.of(app).add_plugins(*(pack() for pack in PACKS.values()))
    # Synth stops if anything is found, after it has written the report.
    with contextlib.suppress(RuntimeError):
        app.synth()
    report = json.loads(Path(app.outdir, "validation-report.json").read_text())
    found = {each["pluginName"]: each["violations"] for each in report["pluginReports"]}
    return {pack: {each["ruleName"].removeprefix(f"{pack}-").split("[")[0] for each in found[pack]} for pack in PACKS}


def documented() -> dict[str, set[str]]:
    """Return what docs/composing.md says that each pack finds."""
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", (ROOT / "docs" / "composing.md").read_text(), re.MULTILINE)
    return {
        "AwsSolutions": set(),
        **{pack: {rule for rule, packs in rows if short in packs.split(", ")} for pack, short in SHORT.items()},
    }


def app_with_numbers(outdir: Path, **given: Any) -> cdk.App:
    app = cdk.App(outdir=str(outdir))
    stack = cdk.Stack(app, "Stack")
    provider = PhoneNumberProvider(stack, "Provider", **given)
    pool = PhoneNumberPool(stack, "Pool", provider=provider)
    PhoneNumber(stack, "Number", target_arn=TARGET_ARN, country_code="US", pool=pool)
    return app


def test_the_packs_find_what_the_documents_answer_and_nothing_else(tmp_path: Path) -> None:
    plain = findings(app_with_numbers(tmp_path / "plain"))
    traced = findings(app_with_numbers(tmp_path / "traced", tracing=True))

    assert {pack: plain[pack] | traced[pack] for pack in PACKS} == documented()


def test_the_packs_find_nothing_after_the_documents_acknowledgments(tmp_path: Path) -> None:
    (snippet,) = (each for each in blocks("python") if each.page.name == "composing.md" and "REASONS" in each.text)
    app = cdk.App(outdir=str(tmp_path))
    names: dict[str, Any] = {"app": app, "stack": cdk.Stack(app, "Stack")}
    exec(compile(snippet.text, str(snippet), "exec"), names)  # noqa: S102 - that is what this test is for

    assert findings(app) == {pack: set() for pack in PACKS}


def acknowledged_in_metadata(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return what a resource's metadata acknowledges for cdk-nag 2 and checkov, with the reasons."""
    metadata = resource.get("Metadata", {})
    return {
        **{each["id"]: each["reason"] for each in metadata.get("cdk_nag", {}).get("rules_to_suppress", ())},
        **{each["id"]: each["comment"] for each in metadata.get("checkov", {}).get("skip", ())},
    }


def test_what_is_acknowledged_for_cdk_nag_3_is_acknowledged_for_cdk_nag_2_too(
    report: dict[str, Any], synthesized: Synthesized
) -> None:
    (nag,) = report["pluginReports"]
    # cdk-nag 2 and 3 cannot be installed together. Version 2 reads the metadata of the resource.
    dialect_3 = {
        (found["acknowledgedAt"].partition("/")[0], found["ruleName"].split("[")[0])
        for found in nag["suppressedViolations"]
    }
    dialect_2 = {
        (stack, rule)
        for stack, template in synthesized.templates.items()
        for resource in template["Resources"].values()
        for rule in acknowledged_in_metadata(resource)
        if rule.startswith("AwsSolutions")
    }

    assert dialect_2 == dialect_3
    assert len(dialect_2) >= 8


@pytest.mark.parametrize(
    ("resource_type", "expected"),
    [
        ("AWS::IAM::Role", {"AwsSolutions-IAM5"}),
        ("AWS::SQS::Queue", {"AwsSolutions-SQS3", "CKV_AWS_27"}),
        ("AWS::Lambda::Function", {"CKV_AWS_116"}),
        ("AWS::DynamoDB::Table", set[str]()),
        ("AWS::Logs::LogGroup", set[str]()),
    ],
)
def test_each_acknowledgment_in_the_metadata_has_its_reason(
    synthesized: Synthesized, resource_type: str, expected: set[str]
) -> None:
    found = acknowledged_in_metadata(synthesized.resource("ConnectPhoneNumberProvider", resource_type))

    assert set(found) == expected
    assert all(len(reason) > 40 for reason in found.values())
