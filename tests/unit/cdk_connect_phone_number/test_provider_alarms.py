from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumberProvider


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
    ("metric", "comparison", "threshold", "period", "missing"),
    [
        ("ReleaseFailures", "GreaterThanOrEqualToThreshold", 3, 3600, "notBreaching"),
        ("ClaimsStuck", "GreaterThanOrEqualToThreshold", 1, 900, "notBreaching"),
        ("OldestDueSeconds", "GreaterThanOrEqualToThreshold", 3600, 900, "notBreaching"),
        ("SweepRuns", "LessThanThreshold", 1, 900, "breaching"),
        ("NumberOfMessagesSent", "GreaterThanOrEqualToThreshold", 1, 300, "notBreaching"),
    ],
)
def test_goes_off_when_a_person_must_know(
    alarms: dict[str, dict[str, Any]], metric: str, comparison: str, threshold: int, period: int, missing: str
) -> None:
    alarm = alarms[metric]

    assert alarm["ComparisonOperator"] == comparison
    assert alarm["Threshold"] == threshold
    assert alarm["Period"] == period
    assert alarm["TreatMissingData"] == missing
    assert alarm["AlarmDescription"]


def test_tells_the_topic_of_the_beginning_and_of_the_end(alarms: dict[str, dict[str, Any]]) -> None:
    assert len(alarms) == 5
    for alarm in alarms.values():
        assert len(alarm["AlarmActions"]) == 1
        assert alarm["AlarmActions"] == alarm["OKActions"]


def test_alarms_outlive_a_refused_deletion_of_the_provider(template: Template) -> None:
    (guard,) = template.find_resources("Custom::ConnectPhoneNumberProvider").values()

    assert set(template.find_resources("AWS::CloudWatch::Alarm")) <= set(guard["DependsOn"])
