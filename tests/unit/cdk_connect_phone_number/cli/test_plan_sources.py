"""Where a plan gets the new templates from."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import pytest
from botocore.exceptions import ClientError

from cdk_connect_phone_number.cli.function_code import template
from cdk_connect_phone_number.cli.places import Place
from cdk_connect_phone_number.cli.plan_sources import assembly_stacks, change_set_deployment, read_template
from cdk_connect_phone_number.cli.problems import Problem

ACCOUNT: Final = "111122223333"
REGION: Final = "us-east-1"
HERE: Final = f"aws://{ACCOUNT}/{REGION}"


class FakePlace:
    """A place whose CloudFormation answers what it is told."""

    account = ACCOUNT
    region = REGION

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def client(self, service: str) -> Any:
        assert service == "cloudformation"
        return self

    def __getattr__(self, method: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.asked.append((method, parameters))
            answer = self._answers[method]
            if isinstance(answer, Exception):
                raise answer
            return answer(parameters) if callable(answer) else answer

        return call

    def as_place(self) -> Place:
        return cast(Place, self)


def stack(name: str, environment: str = HERE, dependencies: Sequence[str] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "displayName": name,
        "dependencies": list(dependencies),
        "properties": {"templateFile": f"{name}.template.json", "stackName": f"{name}Name", **properties},
    }


def assembly(folder: Path, **artifacts: Mapping[str, Any]) -> Path:
    """Write a cloud assembly. Each template's description is its stack's name."""
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    for name, artifact in artifacts.items():
        if artifact["type"] == "aws:cloudformation:stack":
            (folder / artifact["properties"]["templateFile"]).write_text(json.dumps({"Description": name}))
    return folder


def declared(**metadata: str) -> template.Declared:
    return template.Declared("Child", template.NESTED_STACK, "", {}, False, False, metadata)


def test_the_stacks_of_an_assembly_come_after_their_dependencies(tmp_path: Path) -> None:
    folder = assembly(tmp_path, A=stack("A", dependencies=["B", "Assets"]), B=stack("B"), Tree={"type": "cdk:tree"})

    assert [each.id for each in assembly_stacks(folder, [])] == ["B", "A"]


def test_stacks_are_selected_by_their_names_in_the_app_or_in_cloudformation(tmp_path: Path) -> None:
    folder = assembly(tmp_path, One=stack("One"), Two=stack("Two"), Three=stack("Three"))

    assert [each.id for each in assembly_stacks(folder, ["On*", "TwoName"])] == ["One", "Two"]


def test_a_stack_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    folder = assembly(tmp_path, One=stack("One"))

    with pytest.raises(Problem, match=r"has no stack Other. It has: One\."):
        assembly_stacks(folder, ["Other"])


def test_the_stacks_of_stages_are_found(tmp_path: Path) -> None:
    assembly(tmp_path / "assembly-Prod", Prod=stack("Prod"))
    nested = {"type": "aws:cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    folder = assembly(tmp_path, Stage=nested)

    (found,) = assembly_stacks(folder, [])

    assert found.deployment(is_deleted=False).body == {"Description": "Prod"}


def test_a_deployment_has_the_template_and_the_parameters(tmp_path: Path) -> None:
    (found,) = assembly_stacks(assembly(tmp_path, One=stack("One", parameters={"Key": "value"})), [])

    deployment = found.deployment(is_deleted=False)

    assert (deployment.name, deployment.body, deployment.parameters) == (
        "OneName",
        {"Description": "One"},
        {"Key": "value"},
    )


def test_a_deletion_has_no_template(tmp_path: Path) -> None:
    (found,) = assembly_stacks(assembly(tmp_path, One=stack("One")), [])

    assert found.deployment(is_deleted=True).body is None


def test_the_template_of_a_nested_stack_is_the_asset(tmp_path: Path) -> None:
    (tmp_path / "child.json").write_text('{"Description": "child"}')
    (found,) = assembly_stacks(assembly(tmp_path, One=stack("One")), [])
    deployment = found.deployment(is_deleted=False)

    assert deployment.nested(declared(**{"aws:asset:path": "child.json"})) == {"Description": "child"}
    assert deployment.nested(declared()) is None


@pytest.mark.parametrize(
    ("environment", "is_here"),
    [
        (HERE, True),
        ("aws://unknown-account/unknown-region", True),
        (f"aws://{ACCOUNT}/eu-west-1", False),
        (f"aws://999999999999/{REGION}", False),
    ],
)
def test_a_stack_is_planned_where_it_is_deployed(tmp_path: Path, environment: str, is_here: bool) -> None:
    (found,) = assembly_stacks(assembly(tmp_path, One=stack("One", environment)), [])

    assert found.is_in(FakePlace().as_place()) is is_here


def test_a_folder_without_an_assembly_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"is no cloud assembly.* Run cdk synth first"):
        assembly_stacks(tmp_path, [])


def test_a_template_may_be_yaml(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources:\n  A:\n    Type: !Sub x\n")

    assert read_template(path) == {"Resources": {"A": {"Type": {"Fn::Sub": "x"}}}}


def test_a_file_that_is_no_template_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text("[]")

    with pytest.raises(Problem, match=r"template\.json: The template cannot be read"):
        read_template(path)
    with pytest.raises(Problem, match="No such file"):
        read_template(tmp_path / "missing.json")


def change_set(**changes: Any) -> dict[str, Any]:
    return {"Status": "CREATE_COMPLETE", "StackName": "support", "Changes": [], **changes}


def test_a_change_set_has_the_template_and_the_parameters_that_are_given() -> None:
    parameters = [
        {"ParameterKey": "New", "ParameterValue": "value"},
        {"ParameterKey": "Old", "ParameterValue": "", "UsePreviousValue": True},
    ]
    place = FakePlace(
        describe_change_set=change_set(Parameters=parameters), get_template={"TemplateBody": {"Resources": {}}}
    )

    deployment = change_set_deployment(place.as_place(), "next", "support")

    assert (deployment.name, deployment.body, deployment.parameters) == (
        "support",
        {"Resources": {}},
        {"New": "value"},
    )
    assert place.asked[1] == (
        "get_template",
        {"ChangeSetName": "next", "StackName": "support", "TemplateStage": "Processed"},
    )


def test_the_change_set_of_a_nested_stack_has_its_template() -> None:
    child = "arn:aws:cloudformation:us-east-1:111122223333:changeSet/child/1"
    change = {"ResourceChange": {"LogicalResourceId": "Child", "ChangeSetId": child}}

    def described(given: dict[str, str]) -> dict[str, Any]:
        if given["ChangeSetName"] == "next" and "NextToken" not in given:
            return change_set(Changes=[{"Type": "Hook"}], NextToken="more")
        return change_set(Changes=[change])

    def template_of(given: dict[str, str]) -> dict[str, Any]:
        return {"TemplateBody": {"Description": given["ChangeSetName"]}}

    place = FakePlace(describe_change_set=described, get_template=template_of)

    deployment = change_set_deployment(place.as_place(), "next", "support")

    assert deployment.nested(declared()) == {"Description": child}
    assert deployment.nested(template.Declared("Other", "", "", {}, False, False)) is None


@pytest.mark.parametrize("status", ["CREATE_PENDING", "CREATE_IN_PROGRESS"])
def test_a_change_set_that_is_not_complete_is_a_problem(status: str) -> None:
    place = FakePlace(describe_change_set=change_set(Status=status))

    with pytest.raises(Problem, match=f"The change set next is {status}"):
        change_set_deployment(place.as_place(), "next", "support")


def test_a_change_set_that_is_not_there_is_a_problem() -> None:
    error = ClientError(
        {"Error": {"Code": "ChangeSetNotFound", "Message": "ChangeSet [next] does not exist"}}, "DescribeChangeSet"
    )

    with pytest.raises(Problem, match="The change set next cannot be read: cloudformation:DescribeChangeSet failed"):
        change_set_deployment(FakePlace(describe_change_set=error).as_place(), "next", "support")
