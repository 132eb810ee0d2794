"""The resources of templates: their parameters, conditions and policies, and what only CloudFormation can process."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.planning.template import (
    Declared,
    Place,
    World,
    declared_resources,
    unprocessed,
)
from lambda_handlers.connect_phone_number.planning.values import Unknown

STACK_ID: Final = "arn:aws:cloudformation:eu-west-1:123456789012:stack/support/0a1b"
PLACE: Final = Place("aws", "eu-west-1", "123456789012", "support", STACK_ID)
NUMBER_ARN: Final = "arn:aws:connect:eu-west-1:123456789012:phone-number/3a1b2c3d-0000-0000-0000-000000000000"


def resources(
    body: Mapping[str, Any],
    parameters: Mapping[str, object] | None = None,
    physical_ids: Mapping[str, str] | None = None,
    world: World | None = None,
) -> dict[str, Declared]:
    return declared_resources(body, PLACE, parameters or {}, physical_ids or {}, world or World())


def resource(value: object = None, **attributes: object) -> dict[str, Any]:
    return {"Type": contract.RESOURCE_TYPE, "Properties": {"Value": value}, **attributes}


def value_of(
    value: object,
    parameters: Mapping[str, object] | None = None,
    physical_ids: Mapping[str, str] | None = None,
    world: World | None = None,
    **sections: object,
) -> object:
    """Return the value of a property of a template's number."""
    others: Any = sections.pop("Resources", {})
    body = {**sections, "Resources": {**others, "Number": resource(value)}}
    return resources(body, parameters, physical_ids, world)["Number"].properties.get("Value")


PSEUDO: Final = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "support",
    "AWS::StackId": STACK_ID,
    "AWS::URLSuffix": "amazonaws.com",
}


@pytest.mark.parametrize("name", PSEUDO)
def test_pseudo_parameters(name: str) -> None:
    assert value_of({"Ref": name}) == PSEUDO[name]


def test_the_url_suffix_of_china() -> None:
    china = Place("aws-cn", "cn-north-1", "123456789012", "support", STACK_ID)
    assert china.pseudo_parameters["AWS::URLSuffix"] == "amazonaws.com.cn"


FROM_STORE: Final = "AWS::SSM::Parameter::Value<String>"
LIST_FROM_STORE: Final = "AWS::SSM::Parameter::Value<List<String>>"
STORED: Final = World(stored={"/country": "GB", "/countries": "GB, US"}.get)

PARAMETERS: Final[dict[str, tuple[dict[str, Any], object, object]]] = {
    "a default": ({"Type": "String", "Default": "GB"}, None, "GB"),
    "a default that is a number": ({"Type": "Number", "Default": 5}, None, "5"),
    "a default that is a boolean": ({"Type": "String", "Default": True}, None, "true"),
    "an empty default": ({"Type": "String", "Default": ""}, None, ""),
    "a value": ({"Type": "String", "Default": "GB"}, "US", "US"),
    "an empty value": ({"Type": "String", "Default": "GB"}, "", ""),
    "a number": ({"Type": "Number"}, 5, "5"),
    "a list": ({"Type": "CommaDelimitedList"}, "GB,US", ["GB", "US"]),
    "a list with spaces": ({"Type": "CommaDelimitedList"}, "GB, US ", ["GB", "US"]),
    "a default list": ({"Type": "CommaDelimitedList", "Default": "GB,US"}, None, ["GB", "US"]),
    "a list that is given as one": ({"Type": "CommaDelimitedList"}, ["GB", 1], ["GB", "1"]),
    "numbers": ({"Type": "List<Number>"}, "80,20", ["80", "20"]),
    "a type of AWS": ({"Type": "List<AWS::EC2::Subnet::Id>"}, "a,b", ["a", "b"]),
    "from Parameter Store": ({"Type": FROM_STORE, "Default": "/country"}, None, "GB"),
    "another one of Parameter Store": ({"Type": FROM_STORE, "Default": "/gone"}, "/country", "GB"),
    "a list from Parameter Store": ({"Type": LIST_FROM_STORE, "Default": "/countries"}, None, ["GB", "US"]),
    "one that Parameter Store does not have": ({"Type": FROM_STORE, "Default": "/gone"}, None, Unknown("parameter P")),
    "no value": ({"Type": "String"}, None, Unknown("parameter P")),
    "what is only known later": ({"Type": "String", "Default": "GB"}, Unknown("later"), Unknown("later")),
    "one later from Parameter Store": ({"Type": FROM_STORE}, Unknown("later"), Unknown("later")),
    "a list of which one is only known later": (
        {"Type": "CommaDelimitedList"},
        ["a", Unknown("later")],
        Unknown("parameter P"),
    ),
    "a hidden value": ({"Type": "String", "NoEcho": True}, "****", Unknown("parameter P")),
    "a hidden value as a text": ({"Type": "String", "NoEcho": "true"}, "****", Unknown("parameter P")),
    "a new value for a hidden one": ({"Type": "String", "NoEcho": True}, "GB", "GB"),
    "a value that only looks hidden": ({"Type": "String"}, "****", "****"),
    "an object": ({"Type": "String", "Default": {}}, None, Unknown("parameter P")),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    declared, given, expected = PARAMETERS[name]
    parameters = {} if given is None else {"P": given}

    assert value_of({"Ref": "P"}, parameters, world=STORED, Parameters={"P": declared}) == expected


def test_a_parameter_that_the_template_does_not_declare_has_no_value() -> None:
    assert isinstance(value_of({"Ref": "P"}, {"P": "GB"}), Unknown)


POLICIES: Final[dict[str, tuple[object, bool, bool]]] = {
    "Retain": ("Retain", True, True),
    "RetainExceptOnCreate": ("RetainExceptOnCreate", True, False),
    "Delete": ("Delete", False, False),
    "Snapshot": ("Snapshot", False, False),
    "another case": ("retain", False, False),
    "If that holds": ({"Fn::If": ["Holds", "Retain", "Delete"]}, True, True),
    "If that does not hold": ({"Fn::If": ["Fails", "Retain", "Delete"]}, False, False),
    "If that is not known": ({"Fn::If": ["Gone", "Retain", "Delete"]}, False, False),
    "If without a value": ({"Fn::If": ["Holds", {"Ref": "AWS::NoValue"}, "Retain"]}, False, False),
    "Ref": ({"Ref": "Policy"}, True, True),
    "a list": (["Retain"], False, False),
    "null": (None, False, False),
}


@pytest.mark.parametrize("name", POLICIES)
def test_policies(name: str) -> None:
    policy, on_deletion, on_replacement = POLICIES[name]
    sections = {
        "Parameters": {"Policy": {"Type": "String", "Default": "Retain"}},
        "Conditions": {"Holds": {"Fn::Equals": [1, 1]}, "Fails": {"Fn::Equals": [1, 2]}},
    }

    deleted = resources({**sections, "Resources": {"Number": resource(DeletionPolicy=policy)}})["Number"]
    replaced = resources({**sections, "Resources": {"Number": resource(UpdateReplacePolicy=policy)}})["Number"]

    assert (deleted.retains_on_deletion, deleted.retains_on_replacement) == (on_deletion, False)
    assert (replaced.retains_on_deletion, replaced.retains_on_replacement) == (False, on_replacement)


def test_without_a_policy_nothing_is_retained() -> None:
    declared = resources({"Resources": {"Number": resource()}})["Number"]
    assert (declared.retains_on_deletion, declared.retains_on_replacement) == (False, False)


CONDITIONS: Final = {
    "Holds": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
    "Fails": {"Fn::Not": [{"Condition": "Holds"}]},
    "Open": {"Fn::Equals": [{"Ref": "Secret"}, "x"]},
}


def under(condition: object) -> Declared | None:
    body = {
        "Parameters": {"Stage": {"Type": "String", "Default": "prod"}, "Secret": {"Type": "String"}},
        "Conditions": CONDITIONS,
        "Resources": {"Number": resource(Condition=condition)},
    }
    return resources(body).get("Number")


def test_a_resource_whose_condition_holds_is_there() -> None:
    declared = under("Holds")
    assert declared is not None
    assert declared.condition is None


def test_a_resource_whose_condition_does_not_hold_is_not_there() -> None:
    assert under("Fails") is None


@pytest.mark.parametrize("condition", ["Open", "Gone", ["Holds"], None])
def test_a_resource_whose_condition_is_not_known_may_be_there(condition: object) -> None:
    declared = under(condition)
    assert declared is not None
    assert isinstance(declared.condition, Unknown)


def test_a_resource_has_its_type_and_the_path_of_its_construct() -> None:
    metadata = {"aws:cdk:path": "support/Line/Resource", "aws:asset:path": "child.json"}

    declared = resources({"Resources": {"Number": resource(Metadata=metadata)}})["Number"]

    assert (declared.logical_id, declared.type, declared.path) == ("Number", contract.RESOURCE_TYPE, "support/Line")
    assert declared.metadata == metadata


def test_a_property_without_a_value_is_missing() -> None:
    assert resources({"Resources": {"Number": resource({"Ref": "AWS::NoValue"})}})["Number"].properties == {}


POOL: Final = {"Type": contract.POOL_RESOURCE_TYPE, "Properties": {"ReleaseAfter": 60}}
FUNCTION: Final[dict[str, Any]] = {"Type": "AWS::Lambda::Function", "Properties": {}}
FUNCTION_ARN: Final = "arn:aws:lambda:eu-west-1:123456789012:function:provider"

REFERENCES: Final[dict[str, tuple[object, object, dict[str, str], object]]] = {
    "a new pool": ({"Ref": "X"}, POOL, {}, tokens.pool_id(STACK_ID, "X")),
    "a pool": ({"Ref": "X"}, POOL, {"X": "pool-1"}, "pool-1"),
    "a pool's time": ({"Fn::GetAtt": ["X", "ReleaseAfter"]}, POOL, {}, "60"),
    "a function": ({"Ref": "X"}, FUNCTION, {"X": "provider"}, "provider"),
    "a function's ARN": ({"Fn::GetAtt": "X.Arn"}, FUNCTION, {"X": "provider"}, FUNCTION_ARN),
    "an alias": ({"Ref": "X"}, {"Type": "AWS::Lambda::Alias"}, {"X": f"{FUNCTION_ARN}:live"}, f"{FUNCTION_ARN}:live"),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_references_that_are_known(name: str) -> None:
    reference, target, physical_ids, expected = REFERENCES[name]
    assert value_of(reference, physical_ids=physical_ids, Resources={"X": target}) == expected


OPEN_REFERENCES: Final[list[tuple[object, dict[str, Any], str]]] = [
    ({"Fn::GetAtt": ["X", "Arn"]}, FUNCTION, ""),
    ({"Fn::GetAtt": ["X", "SnapStartResponse"]}, FUNCTION, "provider"),
    ({"Fn::GetAtt": ["X", "ReleaseAfter"]}, {"Type": contract.POOL_RESOURCE_TYPE}, ""),
    ({"Ref": "X"}, {"Type": "AWS::Lambda::Version"}, f"{FUNCTION_ARN}:1"),
    # Its number may be replaced by the deployment.
    ({"Ref": "X"}, resource(), NUMBER_ARN),
    ({"Ref": "X"}, {}, "x"),
]


@pytest.mark.parametrize(("reference", "target", "physical_id"), OPEN_REFERENCES)
def test_references_that_are_not_known(reference: object, target: object, physical_id: str) -> None:
    physical_ids = {"X": physical_id} if physical_id else {}
    assert isinstance(value_of(reference, physical_ids=physical_ids, Resources={"X": target}), Unknown)


def referred(properties: Mapping[str, object], **others: object) -> object:
    target = {"Type": "AWS::Connect::Instance", "Properties": properties}
    return value_of({"Fn::GetAtt": ["X", "Arn"]}, Resources={"X": target, **others})


def test_what_is_not_known_depends_on_the_resource_that_it_refers_to() -> None:
    other = {"Type": "AWS::KMS::Key", "Properties": {"Enabled": True}}
    through: dict[str, Any] = {"Key": {"Ref": "Key"}}

    assert referred({"A": 1}) == referred({"A": "1"})
    assert referred({"A": 1}) != referred({"A": 2})
    assert referred(through, Key=other) == referred(through, Key=other)
    assert referred(through, Key=other) != referred(through, Key={**other, "Properties": {"Enabled": False}})


def test_what_is_not_known_does_not_depend_on_metadata() -> None:
    target: dict[str, Any] = {"Type": "AWS::Connect::Instance", "Properties": {}}
    reference = {"Ref": "X"}

    plain = value_of(reference, Resources={"X": target})
    noted = value_of(reference, Resources={"X": {**target, "Metadata": {"aws:cdk:path": "x"}}})

    assert plain == noted


def test_resources_that_refer_to_each_other_are_no_endless_loop() -> None:
    circle = {
        "X": {"Type": "A", "Properties": {"Y": {"Ref": "Y"}}},
        "Y": {"Type": "B", "Properties": {"X": {"Ref": "X"}}},
    }
    assert isinstance(value_of({"Ref": "X"}, Resources=circle), Unknown)


def test_a_custom_resource_of_another_type_with_a_number_is_a_number() -> None:
    other: dict[str, Any] = {"Type": "AWS::CloudFormation::CustomResource", "Properties": {}}
    named: dict[str, Any] = {"Type": "Custom::SupportLine", "Properties": {}}
    body = {"Resources": {"Number": other, "Named": named, "Other": named, "Key": {"Type": "AWS::KMS::Key"}}}

    found = resources(body, physical_ids={"Number": NUMBER_ARN, "Named": NUMBER_ARN, "Other": "x", "Key": NUMBER_ARN})

    assert {logical_id: each.type for logical_id, each in found.items()} == {
        "Number": contract.RESOURCE_TYPE,
        "Named": contract.RESOURCE_TYPE,
        "Other": "Custom::SupportLine",
        "Key": "AWS::KMS::Key",
    }


MALFORMED: Final[list[dict[str, Any]]] = [
    {},
    {"Resources": None},
    {"Resources": []},
    {"Resources": {"Number": None}},
    {"Resources": {"Number": []}},
    {"Resources": {"Number": {}}},
    {"Resources": {"Number": {"Type": ["a"], "Properties": [], "Metadata": "x", "DeletionPolicy": {}}}},
    {"Resources": {"Number": {"Properties": {"A": {"Fn::Join": "x"}}}}, "Parameters": [], "Conditions": "x"},
    {"Resources": {"Number": resource()}, "Parameters": {"P": None}, "Mappings": 1, "Conditions": {"C": None}},
    {"Resources": {"Number": {**resource(), "Condition": "C"}}, "Conditions": {"C": {"Fn::Equals": 1}}},
]


@pytest.mark.parametrize("body", MALFORMED, ids=str)
def test_a_malformed_template_has_no_properties_that_are_known(body: dict[str, Any]) -> None:
    for declared in resources(body).values():
        assert all(isinstance(value, Unknown) for value in declared.properties.values())


UNPROCESSED: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    "nothing": ({"Resources": {"Number": resource()}}, []),
    "a transform": ({"Transform": "AWS::LanguageExtensions"}, ["AWS::LanguageExtensions"]),
    "transforms": ({"Transform": ["B", "A"]}, ["A", "B"]),
    "a transform with parameters": ({"Transform": {"Name": "AWS::Include", "Parameters": {}}}, ["AWS::Include"]),
    "one of a list with parameters": ({"Transform": [{"Name": "AWS::Include"}]}, ["AWS::Include"]),
    "no transforms": ({"Transform": []}, []),
    "a loop": ({"Resources": {"Fn::ForEach::Numbers": ["X", ["a"], {}]}}, ["Fn::ForEach::Numbers"]),
    "a loop in a property": ({"Resources": {"N": resource({"Fn::ForEach::T": "x"})}}, ["Fn::ForEach::T"]),
    "a macro in a resource": ({"Resources": {"N": {"Fn::Transform": {"Name": "X"}}}}, ["Fn::Transform"]),
    "a module": ({"Resources": {"N": {"Type": "A::B::C::MODULE"}}}, ["A::B::C::MODULE"]),
}


@pytest.mark.parametrize("name", UNPROCESSED)
def test_what_only_cloudformation_can_process(name: str) -> None:
    body, names = UNPROCESSED[name]
    assert unprocessed(body) == names
