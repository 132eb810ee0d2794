"""One template of several: what options change is under their conditions, and what two of them change is refused."""

from typing import Any

import pytest

from provider_template.merging import MergeError, with_option

_BASE: dict[str, Any] = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Delay": 1, "Names": ["a"]}}}
_NO_VALUE = {"Ref": "AWS::NoValue"}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Delay": 1, "Names": ["a"], **properties}}}


def test_a_change_an_addition_and_a_removal() -> None:
    option: dict[str, Any] = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Delay": 2, "Key": "k"}}}

    assert with_option(_BASE, _BASE, option, "On")["Queue"]["Properties"] == {
        "Delay": {"Fn::If": ["On", 2, 1]},
        "Names": {"Fn::If": ["On", _NO_VALUE, ["a"]]},
        "Key": {"Fn::If": ["On", "k", _NO_VALUE]},
    }


def test_a_resource_more_is_under_the_condition_and_a_dependency_on_it_too() -> None:
    base = {"Guard": {"Type": "Guard", "DependsOn": ["Queue"]}, **_BASE}
    option = {"Guard": {"Type": "Guard", "DependsOn": ["Alarm", "Queue"]}, "Alarm": {"Type": "Alarm"}, **_BASE}

    merged = with_option(base, base, option, "On")

    assert merged["Alarm"] == {"Type": "Alarm", "Condition": "On"}
    assert merged["Guard"]["DependsOn"] == ["Queue"]
    assert merged["Guard"]["Metadata"] == {"DependsOn": [{"Fn::If": ["On", {"Ref": "Alarm"}, _NO_VALUE]}]}
    assert "Metadata" not in base["Guard"]


def test_a_dependency_in_the_metadata_leaves_what_else_is_there() -> None:
    base = {"Guard": {"Type": "Guard", "Metadata": {"linter": "off"}}}
    option = {"Guard": {**base["Guard"], "DependsOn": ["Alarm"]}, "Alarm": {"Type": "Alarm"}}

    merged = with_option(base, base, option, "On")

    assert merged["Guard"]["Metadata"] == {
        "linter": "off",
        "DependsOn": [{"Fn::If": ["On", {"Ref": "Alarm"}, _NO_VALUE]}],
    }


def test_statements_are_compared_by_their_names() -> None:
    def role(*statements: dict[str, Any]) -> dict[str, Any]:
        return {"Role": {"Properties": {"Policies": [{"Document": list(statements)}]}}}

    base = role({"Sid": "A", "Action": "a"}, {"Sid": "B", "Action": "b"})
    option = role({"Sid": "C", "Action": "c"}, {"Sid": "B", "Action": "bb"})

    assert with_option(base, base, option, "On") == role(
        {"Fn::If": ["On", _NO_VALUE, {"Sid": "A", "Action": "a"}]},
        {"Sid": "B", "Action": {"Fn::If": ["On", "bb", "b"]}},
        {"Fn::If": ["On", {"Sid": "C", "Action": "c"}, _NO_VALUE]},
    )


def test_two_options_change_different_values() -> None:
    first = with_option(_BASE, _BASE, queue(Delay=2), "First")

    assert with_option(first, _BASE, queue(Key="k"), "Second")["Queue"]["Properties"] == {
        "Delay": {"Fn::If": ["First", 2, 1]},
        "Names": ["a"],
        "Key": {"Fn::If": ["Second", "k", _NO_VALUE]},
    }


def test_two_options_that_change_the_same_value_are_refused() -> None:
    first = with_option(_BASE, _BASE, queue(Delay=2), "First")

    with pytest.raises(MergeError, match="Second changes Queue/Properties/Delay, which another option changes"):
        with_option(first, _BASE, queue(Delay=3), "Second")


def test_an_option_that_removes_a_resource_is_refused() -> None:
    with pytest.raises(MergeError, match="On removes Queue"):
        with_option(_BASE, _BASE, {}, "On")
