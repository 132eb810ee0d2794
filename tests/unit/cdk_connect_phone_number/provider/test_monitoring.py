import ast
import inspect
import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumberProvider, ProviderMetrics


@pytest.fixture(scope="module")
def template() -> Template:
    stack = cdk.Stack(cdk.App(), "Stack")
    PhoneNumberProvider(stack, "Provider", alarm_topic=sns.Topic(stack, "Topic"))
    return Template.from_stack(stack)


@pytest.fixture(scope="module")
def alarms(template: Template) -> dict[str, dict[str, Any]]:
    found = template.find_resources("AWS::CloudWatch::Alarm")
    return {str(alarm["Properties"]["MetricName"]): dict(alarm["Properties"]) for alarm in found.values()}


@pytest.mark.parametrize(
    ("metric", "statistic", "comparison", "threshold", "period", "periods", "missing"),
    [
        ("ReleasesFailing", "Maximum", "GreaterThanOrEqualToThreshold", 1, 900, 4, "notBreaching"),
        ("ClaimsStuck", "Maximum", "GreaterThanOrEqualToThreshold", 1, 900, 1, "notBreaching"),
        ("OldestDueSeconds", "Maximum", "GreaterThanOrEqualToThreshold", 3600, 900, 1, "notBreaching"),
        ("Invocations", "Sum", "LessThanThreshold", 1, 900, 1, "breaching"),
        ("SweepErrors", "Sum", "GreaterThanOrEqualToThreshold", 1, 900, 1, "notBreaching"),
        ("BudgetUsedPercent", "Maximum", "GreaterThanOrEqualToThreshold", 80, 86400, 1, "notBreaching"),
        ("NumberOfMessagesSent", "Sum", "GreaterThanOrEqualToThreshold", 1, 300, 1, "notBreaching"),
    ],
)
def test_goes_off_when_a_person_must_know(
    alarms: dict[str, dict[str, Any]],
    metric: str,
    statistic: str,
    comparison: str,
    threshold: int,
    period: int,
    periods: int,
    missing: str,
) -> None:
    alarm = alarms[metric]

    assert alarm["Statistic"] == statistic
    assert alarm["ComparisonOperator"] == comparison
    assert alarm["Threshold"] == threshold
    assert alarm["Period"] == period
    assert alarm["EvaluationPeriods"] == periods
    # Each of the periods counts, not some of them.
    assert alarm.get("DatapointsToAlarm", periods) == periods
    assert alarm["TreatMissingData"] == missing
    assert alarm["AlarmDescription"]


def test_tells_the_topic_of_the_beginning_and_of_the_end(alarms: dict[str, dict[str, Any]]) -> None:
    assert len(alarms) == 7
    for alarm in alarms.values():
        assert len(alarm["AlarmActions"]) == 1
        assert alarm["AlarmActions"] == alarm["OKActions"]


def test_alarms_outlive_a_refused_deletion_of_the_provider(template: Template) -> None:
    (guard,) = template.find_resources("Custom::ConnectPhoneNumberProvider").values()

    assert set(template.find_resources("AWS::CloudWatch::Alarm")) <= set(guard["DependsOn"])


def test_a_metric_names_its_own_provider_in_the_dashboard_of_another_stack() -> None:
    app = cdk.App()
    stack, other = cdk.Stack(app, "Stack"), cdk.Stack(app, "Other")
    metric: Any = PhoneNumberProvider(stack, "Provider").metric_claims()
    cloudwatch.Dashboard(other, "Dashboard", widgets=[[cloudwatch.GraphWidget(left=[metric])]])
    assembly = app.synth()

    body = json.dumps(assembly.get_stack_by_name("Other").template["Resources"])
    (export,) = assembly.get_stack_by_name("Stack").template["Outputs"].values()
    assert export["Value"] == {"Ref": "AWS::StackId"}
    assert json.dumps({"Fn::ImportValue": export["Export"]["Name"]}) in body
    assert "AWS::StackId" not in body


HANDLERS = Path(__file__).parents[4] / "lambda_handlers"
# What a sweep finds, and publishes each time anew: a sum would count the same finding again and again.
GAUGES = {"ReleasesFailing", "ClaimsStuck", "DueWork", "OldestDueSeconds"}
DAILY = {
    "NumbersHeld",
    "ParkedNumbers",
    "ReleasesPostponed",
    "BudgetUsed",
    "BudgetLeft",
    "BudgetUsedPercent",
    "BudgetDaysUntilMore",
}
METHODS = [name for name, _ in inspect.getmembers(ProviderMetrics, inspect.isfunction) if name.startswith("metric_")]
OWN_METHODS = [name for name in METHODS if name != "metric_sweep_runs"]


def metric_name(method: str) -> str:
    return "".join(word.capitalize() for word in method.removeprefix("metric_").split("_"))


@pytest.fixture(scope="module")
def provider() -> PhoneNumberProvider:
    return PhoneNumberProvider(cdk.Stack(cdk.App(), "Stack"), "Provider")


@pytest.mark.parametrize("method", OWN_METHODS)
def test_each_method_is_named_after_its_metric_of_this_provider(provider: PhoneNumberProvider, method: str) -> None:
    metric = getattr(provider, method)()

    assert metric.namespace == "ConnectPhoneNumber"
    assert metric.metric_name == metric_name(method)
    assert metric.dimensions == {"Provider": provider.provider_id}
    least = "Minimum" if metric.metric_name == "BudgetLeft" else "Maximum"
    assert metric.statistic == (least if metric.metric_name in GAUGES | DAILY else "Sum")
    assert metric.period.to_seconds() == (86400 if metric.metric_name in DAILY else 300)


def test_eventbridge_counts_the_sweeps(template: Template, alarms: dict[str, dict[str, Any]]) -> None:
    (rule,) = template.find_resources("AWS::Events::Rule")

    assert alarms["Invocations"]["Namespace"] == "AWS/Events"
    assert alarms["Invocations"]["Dimensions"] == [{"Name": "RuleName", "Value": {"Ref": rule}}]


@pytest.mark.parametrize("method", METHODS)
def test_statistic_and_period_can_be_chosen(provider: PhoneNumberProvider, method: str) -> None:
    metric = getattr(provider, method)(statistic="p99", period=cdk.Duration.hours(1))

    assert metric.statistic == "p99"
    assert metric.period.to_seconds() == 3600


def test_there_is_a_method_for_each_metric_that_the_function_publishes() -> None:
    calls = (
        node
        for path in HANDLERS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("metrics", "findings")
    )
    published = {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}

    assert {metric_name(method) for method in OWN_METHODS} == published
