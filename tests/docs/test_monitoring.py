"""The recipes list every alarm and every metric, and no other."""

import inspect
import re

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns

from cdk_connect_phone_number import PhoneNumberProvider, ProviderMetrics
from docs.tools.pages import ROOT

_SECTION = (ROOT / "docs" / "recipes.md").read_text().split("\n## Alarms and metrics\n")[1]


def listed(heading: str) -> set[str]:
    """Return the names in the first column of the table with this heading."""
    rows = _SECTION.split(f"\n| {heading} |")[1].split("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_every_alarm_is_listed() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    provider = PhoneNumberProvider(stack, "Provider", alarm_topic=sns.Topic(stack, "Topic"))
    alarms = {found.node.id for found in provider.node.find_all() if isinstance(found, cloudwatch.Alarm)}

    assert listed("Alarm") == alarms


def test_every_metric_is_listed() -> None:
    methods = [name for name, _ in inspect.getmembers(ProviderMetrics, inspect.isfunction)]
    own = [name for name in methods if name not in ("metric", "metric_sweep_runs")]
    metrics = {name.removeprefix("metric_").title().replace("_", "") for name in own}

    assert listed("Metric") == metrics
