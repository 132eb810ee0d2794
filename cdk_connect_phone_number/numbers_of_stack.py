"""What concerns the numbers of a stack together, checked once per stack when everything else is known.

* Tags of the stack itself, which CloudFormation passes on to its own resource types but not to custom resources.
* Exports of numbers that may be replaced: CloudFormation cannot change an export that is in use.
* Numbers under another logical id than in the deployed template: CloudFormation would release them.
* How many numbers the stack claims at most, for the person who reads the output of synth.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import jsii
from aws_cdk import Annotations, Stack, Tags, Token
from constructs import IValidation

from .exports import exports_of
from .function_code import contract
from .phone_number_resource import PhoneNumberResource
from .properties import NumberProperties, cloudformation_name, root_of

DEPLOYED: Final = contract.TAG_PREFIX + "deployed"
"""The context value with the folder of the templates that are deployed now."""
_STACK_TAG_PRIORITY: Final = 50
"""Below that of ``Tags.of``, which is 100, so that a tag of the number itself has the last word.

https://docs.aws.amazon.com/cdk/v2/guide/tagging.html
"""
_SPECIFICATION: Final = ("country_code", "type", "prefix", "phone_number", "source_phone_number_arn")
_WHICH_NUMBER: Final = tuple(cloudformation_name(name) for name in _SPECIFICATION)


@dataclass(frozen=True)
class _Number:
    resource: PhoneNumberResource
    properties: NumberProperties


@jsii.implements(IValidation)
class _NumbersOfStack:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.numbers: list[_Number] = []
        self.least_parked: list[int] = []
        """How many numbers each pool gets itself."""

    def validate(self) -> list[str]:
        """Return what is wrong, and warn of what would cost a number, after all references are resolved."""
        problems = [problem for each in self.numbers for problem in each.resource.problems()]
        self._tell_claims()
        self._warn_of_exports()
        folder = self.stack.node.try_get_context(DEPLOYED)
        if folder is None:
            return problems
        if not isinstance(folder, str) or not Path(folder).is_dir():
            problem = (
                f"{self.stack.node.path}: the context value {DEPLOYED!r} must be the folder of the deployed templates, "
                f"but is {folder!r}. Give a folder with {self.stack.template_file}, or leave it out."
            )
            return [*problems, problem]
        for file in sorted(Path(folder).rglob(self.stack.template_file)):
            try:
                template = json.loads(file.read_text())
            except json.JSONDecodeError as error:
                return [
                    *problems,
                    f"{self.stack.node.path}: {file} is not a template in JSON: {error}. Write it in JSON.",
                ]
            self._warn_of_renames(template.get("Resources", {}))
        return problems

    def _tell_claims(self) -> None:
        parked = [least for least in self.least_parked if not Token.is_unresolved(least)]
        claims = sum(not each.properties.adopt for each in self.numbers) + sum(parked)
        later = len(self.least_parked) - len(parked)
        counted = [f"{claims} phone number{'' if claims == 1 else 's'}"] if claims else []
        counted += ["what the min_parked of its pools says at the deployment"] if later else []
        if counted:
            Annotations.of(self.stack).add_info_v2(
                contract.TAG_PREFIX + "claims", f"claims up to {' and '.join(counted)}"
            )

    def _warn_of_exports(self) -> None:
        replaceable = [each.resource for each in self.numbers if each.properties.allow_replacement]
        if not replaceable:
            return
        exports = exports_of(root_of(self.stack))
        path = self.stack.node.path
        for resource in replaceable:
            number = (path, self._logical_id(resource))
            found = [export.name for export in exports if number in export.resources]
            if found:
                Annotations.of(resource).add_warning_v2(
                    contract.TAG_PREFIX + "export",
                    f"allow_replacement is on, but other stacks may import the number from the export {found[0]}. "
                    "CloudFormation cannot change an export that is in use: a replacement would claim another number, "
                    "fail, and release that number, which costs a claim and a release. Pass the number on in an SSM "
                    "parameter, or remove what imports it before the number is replaced.",
                )

    def _warn_of_renames(self, deployed: Mapping[str, Any]) -> None:
        present = {self._logical_id(each.resource): each for each in self.numbers}
        going = {name: found for name, found in _numbers_in(deployed) if name not in present}
        for logical_id in sorted(set(present) - set(deployed)):
            number = present[logical_id]
            wanted = _which_number(self.stack.resolve(number.properties.to_cloudformation()))
            same = [name for name, found in going.items() if _which_number(found["Properties"]) == wanted]
            if same and not number.properties.adopt:
                Annotations.of(number.resource).add_warning_v2(
                    contract.TAG_PREFIX + "renamed",
                    f"the deployed template has the same specification as {same[0]}, which this app no longer has: "
                    f"{_end_of(going[same[0]])}, and another number is claimed for {logical_id}. To keep the number, "
                    f"call number.node.default_child.override_logical_id({same[0]!r}), or adopt it: phone_number and "
                    "adopt=True.",
                )

    def _logical_id(self, resource: PhoneNumberResource) -> str:
        return str(self.stack.resolve(resource.logical_id))


_CHECKED: Final[WeakKeyDictionary[Stack, _NumbersOfStack]] = WeakKeyDictionary()


def check_with_its_stack(stack: Stack, resource: PhoneNumberResource, properties: NumberProperties) -> None:
    """Have a number checked together with the others of its stack at synth.

    The first number of a stack also makes the stack's own tags the tags of its numbers.
    """
    found = _numbers_of(stack)
    if not found.numbers:
        _pass_tags_on(stack)
    found.numbers.append(_Number(resource, properties))


def count_with_its_stack(stack: Stack, least_parked: int) -> None:
    """Have the numbers that a pool gets itself counted with those of its stack at synth."""
    _numbers_of(stack).least_parked.append(least_parked)


def _numbers_of(stack: Stack) -> _NumbersOfStack:
    found = _CHECKED.get(stack)
    if found is None:
        found = _CHECKED[stack] = _NumbersOfStack(stack)
        stack.node.add_validation(found)
    return found


def _pass_tags_on(stack: Stack) -> None:
    root = root_of(stack)
    for key, value in root.tags.tag_values().items():
        Tags.of(root).add(key, value, include_resource_types=[contract.RESOURCE_TYPE], priority=_STACK_TAG_PRIORITY)


def _numbers_in(resources: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, found) for name, found in resources.items() if found["Type"] == contract.RESOURCE_TYPE)


def _which_number(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: properties.get(name) for name in _WHICH_NUMBER}


def _end_of(resource: Mapping[str, Any]) -> str:
    """Return what becomes of the number of a deployed resource that is deleted."""
    if str(resource.get("DeletionPolicy", "")).startswith("Retain"):
        return "its number stays in the account without a resource"
    if resource["Properties"].get("ReleaseDelay", "0") != "0":
        return "its number is parked"
    return "its number is released for good"
