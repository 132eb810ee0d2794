import ast
import inspect
from pathlib import Path

import aws_cdk as cdk
import pytest

from cdk_connect_phone_number import PhoneNumberProvider, ProviderMetrics

HANDLERS = Path(__file__).parents[3] / "lambda_handlers"
# What a sweep finds, and publishes each time anew: a sum would count the same finding again and again.
GAUGES = {"ReleasesFailing", "ClaimsStuck", "DueWork", "OldestDueSeconds"}
METHODS = [name for name, _ in inspect.getmembers(ProviderMetrics, inspect.isfunction) if name.startswith("metric_")]


def metric_name(method: str) -> str:
    return "".join(word.capitalize() for word in method.removeprefix("metric_").split("_"))


@pytest.fixture(scope="module")
def provider() -> PhoneNumberProvider:
    return PhoneNumberProvider(cdk.Stack(cdk.App(), "Stack"), "Provider")


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_named_after_its_metric_of_this_provider(provider: PhoneNumberProvider, method: str) -> None:
    metric = getattr(provider, method)()

    assert metric.namespace == "ConnectPhoneNumber"
    assert metric.metric_name == metric_name(method)
    assert metric.dimensions == {"Provider": provider.provider_id}
    assert metric.statistic == ("Maximum" if metric.metric_name in GAUGES else "Sum")
    assert metric.period.to_seconds() == 300


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
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "metrics"
    )
    published = {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}

    assert {metric_name(method) for method in METHODS} == published
