"""Where a plan gets the new templates from: a cloud assembly, a change set, or files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .function_code import deployed, json_types, planner, template
from .places import Place
from .problems import Problem, explain
from .template_text import parse_template

_STACK: Final = "aws:cloudformation:stack"
_ASSEMBLY: Final = "aws:cdk:cloud-assembly"
_TEMPLATE_PATH: Final = "aws:asset:path"
_UNKNOWN: Final = "unknown-"
_UNFINISHED: Final = ("CREATE_PENDING", "CREATE_IN_PROGRESS")


@dataclass(frozen=True)
class AssemblyStack:
    """A stack of a cloud assembly.

    Parameters
    ----------
    id
        Its name in the CDK app, which the CDK CLI takes.
    name
        Its name in CloudFormation.
    account, region
        Its environment. Empty if the app does not say.
    """

    id: str
    name: str
    account: str
    region: str
    folder: Path
    file: str
    parameters: Mapping[str, str]
    dependencies: tuple[str, ...]

    def is_in(self, place: Place) -> bool:
        """Return whether the stack is deployed to a place, or to any."""
        return self.account in ("", place.account) and self.region in ("", place.region)

    def deployment(self, *, is_deleted: bool) -> planner.StackDeployment:
        """Return the deployment of the stack, or its deletion."""
        body = None if is_deleted else read_template(self.folder / self.file)

        def nested(declared: template.Declared) -> Mapping[str, Any] | None:
            path = declared.metadata.get(_TEMPLATE_PATH)
            return read_template(self.folder / str(path)) if path else None

        return planner.StackDeployment(self.name, body, self.parameters, nested)


def assembly_stacks(folder: Path, patterns: Sequence[str]) -> list[AssemblyStack]:
    """Return the stacks of a cloud assembly, in the order in which they are deployed.

    Parameters
    ----------
    patterns
        The stacks that are meant, by their names in the app or in CloudFormation, with ``*``. Empty means all.

    Raises
    ------
    Problem
        There is no assembly, or no such stack.
    """
    found = {stack.id: stack for stack in _stacks_in(folder)}
    for pattern in patterns:
        if not any(_is_meant(stack, pattern) for stack in found.values()):
            raise Problem(f"{folder} has no stack {pattern}. It has: {', '.join(sorted(found)) or 'none'}.")
    meant = [stack for stack in found.values() if not patterns or any(_is_meant(stack, each) for each in patterns)]
    ordered: dict[str, AssemblyStack] = {}
    for stack in meant:
        _put_after_dependencies(stack, {each.id: each for each in meant}, ordered)
    return list(ordered.values())


def account_of(place: Place) -> deployed.AwsAccount:
    """Return a place as a plan sees it."""
    partition = place.session.get_partition_for_region(place.region)
    return deployed.AwsAccount(place.client, partition, place.region, place.account, place.clock, parse=parse_template)


def change_set_deployment(place: Place, name: str, stack_name: str) -> planner.StackDeployment:
    """Return the deployment that a change set describes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html

    Parameters
    ----------
    name
        The name of the change set, or its ARN.
    stack_name
        The stack, if only the name of the change set is given.

    Raises
    ------
    Problem
        There is no such change set, or it is not complete.
    """
    client = place.client("cloudformation")
    at_stack = {"StackName": stack_name} if stack_name else {}
    try:
        described = client.describe_change_set(ChangeSetName=name, **at_stack)
        if described["Status"] in _UNFINISHED:
            raise Problem(f"The change set {name} is {described['Status']}. Plan when it is CREATE_COMPLETE.")
        body = client.get_template(ChangeSetName=name, TemplateStage="Processed", **at_stack)["TemplateBody"]
        changes = described["Changes"]
        while described.get("NextToken"):
            described = client.describe_change_set(ChangeSetName=name, NextToken=described["NextToken"], **at_stack)
            changes += described["Changes"]
    except (ClientError, BotoCoreError) as error:
        raise Problem(f"The change set {name} cannot be read: {explain('cloudformation', error)}") from error
    nested_ids = {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]["ChangeSetId"]
        for change in changes
        if "ChangeSetId" in change.get("ResourceChange", {})
    }

    def nested(declared: template.Declared) -> Mapping[str, Any] | None:
        if declared.logical_id not in nested_ids:
            return None
        return change_set_deployment(place, nested_ids[declared.logical_id], "").body

    parameters = {
        each["ParameterKey"]: each["ParameterValue"]
        for each in described.get("Parameters", [])
        if not each.get("UsePreviousValue")
    }
    return planner.StackDeployment(described["StackName"], _parsed(body, name), parameters, nested)


def read_template(path: Path) -> Mapping[str, Any]:
    """Return the template in a file.

    Raises
    ------
    Problem
        There is no such file, or it is no template.
    """
    try:
        return _parsed(path.read_text(), str(path))
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error


def _parsed(body: object, name: str) -> Mapping[str, Any]:
    try:
        return deployed.parsed_template(body, parse_template)
    except deployed.NotReadable as problem:
        raise Problem(f"{name}: {problem}") from problem


def _stacks_in(folder: Path) -> Iterator[AssemblyStack]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        raise Problem(
            f"{folder} is no cloud assembly: it has no manifest.json. Run cdk synth first, or name its output folder "
            "with --app."
        ) from error
    artifacts = json_types.as_mapping(manifest.get("artifacts")) or {}
    for artifact_id, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact.get("type") == _ASSEMBLY:
            yield from _stacks_in(folder / properties["directoryName"])
        if artifact.get("type") != _STACK:
            continue
        account, region = artifact.get("environment", "aws:///").removeprefix("aws://").split("/")
        yield AssemblyStack(
            id=artifact.get("displayName", artifact_id),
            name=properties.get("stackName", artifact_id),
            account="" if account.startswith(_UNKNOWN) else account,
            region="" if region.startswith(_UNKNOWN) else region,
            folder=folder,
            file=properties["templateFile"],
            parameters=properties.get("parameters", {}),
            dependencies=tuple(artifact.get("dependencies", ())),
        )


def _is_meant(stack: AssemblyStack, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (stack.id, stack.name))


def _put_after_dependencies(
    stack: AssemblyStack, known: Mapping[str, AssemblyStack], ordered: dict[str, AssemblyStack]
) -> None:
    for each in stack.dependencies:
        if each in known and each not in ordered:
            _put_after_dependencies(known[each], known, ordered)
    ordered.setdefault(stack.id, stack)
