"""The values of templates' expressions: what is known, what is not, and when two that are not known are the same."""

from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number.planning.values import (
    ABSENT,
    Context,
    Unknown,
    is_dynamic,
    is_unknown,
    unknown,
    without_dependencies,
)

UNKNOWN_PARAMETER: Final = Unknown("parameter Secret")


def attribute(resource: str, name: str) -> str | None:
    return {("Function", "Arn"): "arn:function"}.get((resource, name))


def context(**changes: Any) -> Context:
    known: dict[str, Any] = {
        "parameters": {
            "AWS::Region": "eu-west-1",
            "Country": "GB",
            "Countries": ["GB", "US"],
            "Secret": UNKNOWN_PARAMETER,
        },
        "mappings": {"Numbers": {"eu-west-1": {"Type": "DID", "Count": 5, "All": ["a", "b"]}}},
        "conditions": {
            "IsBritish": {"Fn::Equals": [{"Ref": "Country"}, "GB"]},
            "IsAmerican": {"Fn::Equals": [{"Ref": "Country"}, "US"]},
            "IsSecret": {"Fn::Equals": [{"Ref": "Secret"}, "x"]},
            "Circle": {"Condition": "Circle"},
        },
        "reference": {"Pool": "pool-1"}.get,
        "attribute": attribute,
        "imported": {"Token": "arn:imported"}.get,
        "stored": {"/country": "GB", "/country:2": "US"}.get,
    }
    return Context(**{**known, **changes})


KNOWN: Final[dict[str, tuple[object, object]]] = {
    "a text": ("DID", "DID"),
    "true": (True, "true"),
    "false": (False, "false"),
    "a whole number": (604800, "604800"),
    "a fraction": (0.5, "0.5"),
    "an object": ({"Key": "a", "Value": 1}, {"Key": "a", "Value": "1"}),
    "a list": ([1, {"Ref": "Country"}], ["1", "GB"]),
    "an object with one member that is no function": ({"Key": {"Ref": "Country"}}, {"Key": "GB"}),
    "Ref to a parameter": ({"Ref": "Country"}, "GB"),
    "Ref to a list": ({"Ref": "Countries"}, ["GB", "US"]),
    "Ref to a pseudo parameter": ({"Ref": "AWS::Region"}, "eu-west-1"),
    "Ref to a resource": ({"Ref": "Pool"}, "pool-1"),
    "no value": ({"Ref": "AWS::NoValue"}, ABSENT),
    "a property without a value": ({"A": {"Ref": "AWS::NoValue"}, "B": "b"}, {"B": "b"}),
    "an element without a value": (["a", {"Ref": "AWS::NoValue"}], ["a"]),
    "GetAtt as a list": ({"Fn::GetAtt": ["Function", "Arn"]}, "arn:function"),
    "GetAtt as a text": ({"Fn::GetAtt": "Function.Arn"}, "arn:function"),
    "Sub": ({"Fn::Sub": "${Country}-${AWS::Region}-${Pool}-${Function.Arn}"}, "GB-eu-west-1-pool-1-arn:function"),
    "Sub with spaces": ({"Fn::Sub": "${ Country }"}, "GB"),
    "Sub without anything to fill in": ({"Fn::Sub": "plain"}, "plain"),
    "Sub with a literal": ({"Fn::Sub": "${!Country} ${Country}"}, "${Country} GB"),
    "Sub with a map": ({"Fn::Sub": ["${A}${Country}", {"A": {"Ref": "AWS::Region"}}]}, "eu-west-1GB"),
    "Sub with a map that hides a parameter": ({"Fn::Sub": ["${Country}", {"Country": "FR"}]}, "FR"),
    "Sub with a name with a dot in its map": ({"Fn::Sub": ["${A.B}", {"A.B": 1}]}, "1"),
    "Join": ({"Fn::Join": ["-", ["a", {"Ref": "Country"}, 1]]}, "a-GB-1"),
    "Join of a list": ({"Fn::Join": [",", {"Ref": "Countries"}]}, "GB,US"),
    "Join of nothing": ({"Fn::Join": [",", []]}, ""),
    "Join leaves out what has no value": ({"Fn::Join": ["", ["a", {"Ref": "AWS::NoValue"}]]}, "a"),
    "Split": ({"Fn::Split": ["|", "a|b"]}, ["a", "b"]),
    "Split of what does not contain it": ({"Fn::Split": ["|", "ab"]}, ["ab"]),
    "Select": ({"Fn::Select": [1, ["a", "b"]]}, "b"),
    "Select with a text": ({"Fn::Select": ["0", {"Fn::Split": ["-", "a-b"]}]}, "a"),
    "Select of a list": ({"Fn::Select": [1, {"Ref": "Countries"}]}, "US"),
    "Select beside what is not known": ({"Fn::Select": [1, [{"Ref": "Secret"}, "b"]]}, "b"),
    "If that holds": ({"Fn::If": ["IsBritish", "yes", {"Ref": "Secret"}]}, "yes"),
    "If that does not hold": ({"Fn::If": ["IsAmerican", {"Ref": "Secret"}, 1]}, "1"),
    "If without a value": ({"A": {"Fn::If": ["IsAmerican", "a", {"Ref": "AWS::NoValue"}]}}, {}),
    "FindInMap": ({"Fn::FindInMap": ["Numbers", {"Ref": "AWS::Region"}, "Type"]}, "DID"),
    "FindInMap of a number": ({"Fn::FindInMap": ["Numbers", "eu-west-1", "Count"]}, "5"),
    "FindInMap of a list": ({"Fn::FindInMap": ["Numbers", "eu-west-1", "All"]}, ["a", "b"]),
    "ImportValue": ({"Fn::ImportValue": {"Fn::Sub": "Token"}}, "arn:imported"),
    "a parameter of Parameter Store": ("{{resolve:ssm:/country}}", "GB"),
    "a version of it": ("{{resolve:ssm:/country:2}}", "US"),
    "two in one text": ("{{resolve:ssm:/country}}-{{resolve:ssm:/country:2}}", "GB-US"),
    "one that Sub makes": ({"Fn::Sub": ["{{resolve:ssm:/${A}}}", {"A": "country"}]}, "GB"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_is_resolved(name: str) -> None:
    expression, value = KNOWN[name]
    assert context().resolve(expression) == value


NOT_KNOWN: Final[dict[str, object]] = {
    "Ref to a parameter": {"Ref": "Secret"},
    "Ref to a resource": {"Ref": "Instance"},
    "Ref to a pseudo parameter": {"Ref": "AWS::NotificationARNs"},
    "GetAtt": {"Fn::GetAtt": ["Instance", "Arn"]},
    "Sub": {"Fn::Sub": "a${Secret}"},
    "Sub with GetAtt": {"Fn::Sub": "a${Instance.Arn}"},
    "Sub with a map": {"Fn::Sub": ["${A}", {"A": {"Ref": "Secret"}}]},
    "Sub of a list": {"Fn::Sub": "${Countries}"},
    "Sub of no value": {"Fn::Sub": "${AWS::NoValue}"},
    "Join": {"Fn::Join": ["", ["a", {"Ref": "Secret"}]]},
    "Join deep inside": {"Fn::Join": ["", ["a", {"Fn::Sub": "${Secret}"}]]},
    "Split": {"Fn::Split": [",", {"Ref": "Secret"}]},
    "Select by what is not known": {"Fn::Select": [{"Ref": "Secret"}, ["a"]]},
    "Select of what is not known": {"Fn::Select": [0, [{"Ref": "Secret"}]]},
    "Select outside": {"Fn::Select": [2, ["a", "b"]]},
    "Select before": {"Fn::Select": [-1, ["a", "b"]]},
    "Select with a superscript": {"Fn::Select": ["\u00b2", ["a", "b", "c"]]},
    "If": {"Fn::If": ["IsSecret", "a", "b"]},
    "If without its condition": {"Fn::If": ["Gone", "a", "b"]},
    "FindInMap": {"Fn::FindInMap": ["Numbers", {"Ref": "Secret"}, "Type"]},
    "FindInMap outside": {"Fn::FindInMap": ["Numbers", "us-east-1", "Type"]},
    "ImportValue of what there is not": {"Fn::ImportValue": "Gone"},
    "ImportValue of what is not known": {"Fn::ImportValue": {"Ref": "Secret"}},
    "a function that is not played": {"Fn::Base64": "a"},
    "a secret": "{{resolve:secretsmanager:numbers:SecretString:country}}",
    "a secure string": "{{resolve:ssm-secure:/country:1}}",
    "a parameter that there is not": "{{resolve:ssm:/gone}}",
    "one of two": "{{resolve:ssm:/country}}{{resolve:ssm:/gone}}",
    "an element": ["a", {"Ref": "Secret"}],
    "a member": {"A": "a", "B": {"Ref": "Secret"}},
    "null": None,
}


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_what_is_not_known_is_said_not_to_be(name: str) -> None:
    assert is_unknown(context().resolve(NOT_KNOWN[name]))


MALFORMED: Final[list[object]] = [
    {"Ref": ["Country"]},
    {"Ref": {}},
    {"Fn::GetAtt": "Function"},
    {"Fn::GetAtt": ["Function"]},
    {"Fn::GetAtt": ["Function", "Arn", "more"]},
    {"Fn::GetAtt": ["Function", {"Ref": "Country"}]},
    {"Fn::GetAtt": {}},
    {"Fn::Sub": 5},
    {"Fn::Sub": []},
    {"Fn::Sub": ["${A}"]},
    {"Fn::Sub": ["${A}", "a"]},
    {"Fn::Sub": [5, {}]},
    {"Fn::Join": "a"},
    {"Fn::Join": []},
    {"Fn::Join": ["-"]},
    {"Fn::Join": ["-", "a"]},
    {"Fn::Join": [["-"], ["a"]]},
    {"Fn::Join": ["-", [["a"]]]},
    {"Fn::Join": ["-", ["a"], "b"]},
    {"Fn::Split": ["", "a"]},
    {"Fn::Split": [["-"], "a"]},
    {"Fn::Split": "a"},
    {"Fn::Select": []},
    {"Fn::Select": [0]},
    {"Fn::Select": [0, "a"]},
    {"Fn::Select": [None, ["a"]]},
    {"Fn::If": "IsBritish"},
    {"Fn::If": ["IsBritish"]},
    {"Fn::If": ["IsBritish", "a"]},
    {"Fn::If": [["IsBritish"], "a", "b"]},
    {"Fn::FindInMap": ["Numbers"]},
    {"Fn::FindInMap": "Numbers"},
    {"Fn::FindInMap": [["Numbers"], "eu-west-1", "Type"]},
    {"Fn::FindInMap": ["Numbers", "eu-west-1", "Type", "more"]},
    {"Fn::ImportValue": ["Token"]},
    {"Fn::ImportValue": None},
    {"Fn::": None},
]


@pytest.mark.parametrize("expression", MALFORMED, ids=str)
def test_what_has_not_the_documented_shape_is_not_known(expression: object) -> None:
    assert isinstance(context().resolve(expression), Unknown)


CONDITIONS: Final[dict[str, tuple[object, bool | None]]] = {
    "by name": ("IsBritish", True),
    "Equals": ({"Fn::Equals": [{"Ref": "Country"}, "US"]}, False),
    "Equals of numbers and texts": ({"Fn::Equals": [1, "1"]}, True),
    "Equals of lists": ({"Fn::Equals": [{"Ref": "Countries"}, ["GB", "US"]]}, True),
    "Equals of what is not known": ({"Fn::Equals": [{"Ref": "Secret"}, {"Ref": "Secret"}]}, None),
    "Not": ({"Fn::Not": [{"Condition": "IsAmerican"}]}, True),
    "Not of what is not known": ({"Fn::Not": [{"Condition": "IsSecret"}]}, None),
    "And": ({"Fn::And": [{"Condition": "IsBritish"}, {"Fn::Not": [{"Condition": "IsAmerican"}]}]}, True),
    "And that one decides": ({"Fn::And": [{"Condition": "IsSecret"}, {"Condition": "IsAmerican"}]}, False),
    "And that is open": ({"Fn::And": [{"Condition": "IsBritish"}, {"Condition": "IsSecret"}]}, None),
    "Or": ({"Fn::Or": [{"Condition": "IsAmerican"}, {"Condition": "IsAmerican"}]}, False),
    "Or that one decides": ({"Fn::Or": [{"Condition": "IsSecret"}, {"Condition": "IsBritish"}]}, True),
    "Or that is open": ({"Fn::Or": [{"Condition": "IsAmerican"}, {"Condition": "IsSecret"}]}, None),
    "one that there is not": ("Gone", None),
    "one that refers to itself": ("Circle", None),
    "no condition": ({}, None),
    "two conditions": ({"Fn::Not": [], "Fn::Or": []}, None),
    "an unknown function": ({"Fn::Contains": [["a"], "a"]}, None),
    "Equals of one": ({"Fn::Equals": ["a"]}, None),
    "Equals of a text": ({"Fn::Equals": "a"}, None),
    "Not of nothing": ({"Fn::Not": []}, None),
    "And of nothing": ({"Fn::And": []}, None),
    "And of a text": ({"Fn::And": "IsBritish"}, None),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions(name: str) -> None:
    condition, holds = CONDITIONS[name]

    found = context().holds(condition)

    assert (None if isinstance(found, Unknown) else found) is holds


def test_an_unknown_value_shows_what_is_known_of_it() -> None:
    expression = {"Fn::Sub": "${Country}-${Instance.Arn}"}

    found = context().resolve(expression)

    assert isinstance(found, Unknown)
    assert found.expression == '{"Fn::Join": ["", ["GB", "-", {"Fn::GetAtt": ["Instance", "Arn"]}]]}'


INSTANCE: Final = {"Fn::GetAtt": ["Instance", "Arn"]}
WITH_COUNTRY: Final[list[object]] = [
    {"Fn::Sub": "${Country}-${Instance}"},
    {"Fn::Sub": ["${A}", {"A": {"Fn::Join": ["", [{"Ref": "Country"}, INSTANCE]]}}]},
    {"Fn::Join": [{"Ref": "Country"}, [INSTANCE, "a"]]},
    {"Fn::Split": [{"Ref": "Country"}, INSTANCE]},
    {"Fn::Select": [INSTANCE, [{"Ref": "Country"}]]},
    {"Fn::Base64": {"Ref": "Country"}},
    {"Fn::If": ["IsSecret", {"Ref": "Country"}, "b"]},
    {"Fn::FindInMap": [{"Ref": "Country"}, INSTANCE, "Type"]},
    {"Fn::ImportValue": {"Fn::Sub": "${Country}"}},
    {"Fn::If": [{"Fn::Equals": [{"Ref": "Country"}, INSTANCE]}, "a", "b"]},
    {"Fn::Cidr": [{"Fn::Join": ["", [{"Ref": "Country"}]]}, 1]},
    [{"Fn::Sub": "{{resolve:secretsmanager:${Country}}}"}],
]


@pytest.mark.parametrize("expression", WITH_COUNTRY, ids=str)
def test_an_unknown_value_changes_with_the_parameters_in_it(expression: object) -> None:
    other = {**context().parameters, "Country": "FR"}

    assert context().resolve(expression) == context().resolve(expression)
    assert context().resolve(expression) != context(parameters=other).resolve(expression)


def test_an_unknown_value_changes_with_the_condition_in_it() -> None:
    expression = {"Fn::If": ["IsSecret", "a", "b"]}
    other = {**context().conditions, "IsSecret": {"Fn::Equals": [{"Ref": "Secret"}, "y"]}}

    assert context().resolve(expression) != context(conditions=other).resolve(expression)


def test_an_unknown_value_changes_with_the_mapping_in_which_it_is_looked_up() -> None:
    expression = {"Fn::FindInMap": ["Numbers", {"Ref": "Secret"}, "Type"]}
    other = {"Numbers": {"eu-west-1": {"Type": "TOLL_FREE"}}}

    assert context().resolve(expression) != context(mappings=other).resolve(expression)


@pytest.mark.parametrize(
    "expression",
    [
        INSTANCE,
        {"Ref": "Instance"},
        {"Fn::Sub": "a${Instance}"},
        {"Fn::Sub": "a${Instance.Arn}"},
        {"Fn::Join": ["", ["a", INSTANCE]]},
        {"A": [{"Fn::Base64": INSTANCE}]},
    ],
    ids=str,
)
def test_an_unknown_value_changes_with_the_resource_in_it(expression: object) -> None:
    old = context(definition="{} 1".format).resolve(expression)
    new = context(definition="{} 2".format).resolve(expression)

    assert old != new
    assert without_dependencies(old) == without_dependencies(new)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{{resolve:secretsmanager:x}}", True),
        ({"Fn::Join": ["", ["a", "{{resolve:ssm:/gone}}"]]}, True),
        ([{"A": "{{resolve:ssm:/gone}}"}], True),
        ({"Ref": "Secret"}, False),
        ("{{resolve:ssm:/country}}", False),
    ],
)
def test_a_dynamic_reference_may_change_although_the_template_does_not(expression: object, expected: bool) -> None:
    assert is_dynamic(context().resolve(expression)) is expected


def test_what_is_resolved_is_left_as_it_is() -> None:
    assert context().resolve([UNKNOWN_PARAMETER]) == [UNKNOWN_PARAMETER]
    assert unknown(["a"]).depends_on == frozenset()
