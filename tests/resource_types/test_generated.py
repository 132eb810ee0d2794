"""What is generated from the table of properties is what the table says, and the schemas agree with the function."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from cfnlint.jsonschema import StandardValidator  # type: ignore[import-untyped]

import resource_types.__main__ as program
from lambda_handlers.connect_phone_number.contract import POOL_RESOURCE_TYPE, RESOURCE_TYPE
from lambda_handlers.connect_phone_number.properties import (
    POOL_PROPERTIES,
    PROPERTIES,
    RESOURCE_TYPES,
    Given,
    InvalidProperty,
    Kind,
    Property,
    parse_pool,
    parse_properties,
)
from resource_types.reference import with_tables
from resource_types.schema import SCHEMAS

_ALL = [pytest.param(each, id=f"{name}-{each.name}") for name, rows in RESOURCE_TYPES.items() for each in rows]
_CHECKED = [pytest.param(each, id=each.name) for each in (*PROPERTIES, *POOL_PROPERTIES)]
_GIVEN = Given(known={}, names=frozenset({"Pool", "ReleaseDelay"}), region=None, adopt=False)


def schema(resource_type: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(SCHEMAS[resource_type].read_text())
    return loaded


def test_files_are_what_the_table_says() -> None:
    assert program.stale() == []


def test_the_program_finds_a_file_that_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["resource_types", "--check"])
    assert program.main() == 0

    monkeypatch.setattr(program, "properties_module", lambda: "export {};\n")

    assert program.main() == 1
    assert "typescript/src/properties.ts is not what the table says" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("resource_type", "parse"), [(RESOURCE_TYPE, parse_properties), (POOL_RESOURCE_TYPE, parse_pool)]
)
def test_the_schema_has_the_properties_that_the_function_takes(resource_type: str, parse: Any) -> None:
    with pytest.raises(InvalidProperty, match="the properties are") as refused:
        parse({"Nonsense": ""}, "us-east-1")

    taken = str(refused.value).split("the properties are ")[1].rstrip(".").split(", ")
    assert sorted(schema(resource_type)["properties"]) == taken


@pytest.mark.parametrize("each", _CHECKED)
def test_the_example_is_accepted(each: Property) -> None:
    if each.kind is not Kind.FLAG:
        assert each.example
        assert each.check(each.example, _GIVEN) is None


@pytest.mark.parametrize("each", _CHECKED)
def test_the_limits_are_those_of_the_check(each: Property) -> None:
    if each.kind in (Kind.COUNT, Kind.SECONDS):
        assert each.least is not None
        assert each.most is not None
        assert [each.check(str(value), _GIVEN) is None for value in (each.least - 1, each.least)] == [False, True]
        assert [each.check(str(value), _GIVEN) is None for value in (each.most, each.most + 1)] == [True, False]
    elif each.most is not None:
        assert [each.check("x" * length, _GIVEN) is None for length in (each.most, each.most + 1)] == [True, False]
    if each.allowed:
        assert [each.check(value, _GIVEN) for value in each.allowed] == [None] * len(each.allowed)
        assert each.check("OTHER", _GIVEN)


@pytest.mark.parametrize("each", _ALL)
def test_the_reference_says_the_limits(each: Property) -> None:
    if each.most is not None and each.kind not in (Kind.TEXT, Kind.TAGS):
        assert str(each.most) in each.values
    assert all(f"`{value}`" in each.values for value in each.allowed) or each.name == "Type"


def problems(resource_type: str, properties: Mapping[str, Any]) -> list[str]:
    validator = StandardValidator({}).evolve(schema=schema(resource_type))
    return [error.message for error in validator.iter_errors(properties)]


def test_the_examples_of_the_properties_are_valid() -> None:
    for resource_type in RESOURCE_TYPES:
        examples = {
            name: each["examples"][0]
            for name, each in schema(resource_type)["properties"].items()
            if "examples" in each
        }
        assert problems(resource_type, examples) == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Country", "US", "'Country' was unexpected"),
        ("Type", "LOCAL", "'LOCAL' is not one of"),
        ("ServiceTimeout", 3601, "3601 is greater than the maximum of 3600"),
        ("ReleaseDelay", "soon", "'soon' is not of type 'integer'"),
        ("Adopt", "maybe", "'maybe' is not of type 'boolean'"),
        ("Description", "x" * 501, "expected maximum length: 500, found: 501"),
        ("Tags", [{"Key": "team", "Value": "a", "More": "b"}], "'More' was unexpected"),
        ("Tags", [{"Key": str(n), "Value": ""} for n in range(47)], "expected maximum item count: 46, found: 47"),
    ],
)
def test_the_schema_finds_a_mistake(name: str, value: object, message: str) -> None:
    right = {"ServiceToken": "arn", "TargetArn": "arn"}

    assert problems(RESOURCE_TYPE, right) == []
    assert any(message in problem for problem in problems(RESOURCE_TYPE, {**right, name: value}))


def test_the_schema_knows_what_is_required() -> None:
    assert problems(RESOURCE_TYPE, {"ServiceToken": "arn"}) == ["'TargetArn' is a required property"]
    assert len(problems(POOL_RESOURCE_TYPE, {"ServiceToken": "arn"})) == 2


def test_a_page_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="under 'Properties' there are 0 tables"):
        with_tables("# Page\n\n## Properties\n\nNothing.\n", {RESOURCE_TYPE: "Properties"})
