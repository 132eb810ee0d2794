"""What concerns the numbers of a stack together, checked once per stack when everything else is known.

* Tags of the stack itself, which CloudFormation passes on to its own resource types but not to custom resources.
* Exports of numbers that may be replaced: CloudFormation cannot change an export that is in use.
* Numbers under another logical id than in the deployed template: CloudFormation would release them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import jsii
from aws_cdk import Annotations, CfnOutput, Stack, Tags
from constructs import IValidation

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

    def validate(self) -> list[str]:
        """Warn of what would cost a number, after all references are resolved."""
        self._warn_of_exports()
        folder = self.stack.node.try_get_context(DEPLOYED)
        if folder is None:
            return []
        if not isinstance(folder, str) or not Path(folder).is_dir():
            problem = (
                f"{self.stack.node.path}: the context value {DEPLOYED!r} must be the folder of the deployed templates, "
                f"but is {folder!r}. Give a folder with {self.stack.template_file}, or leave it out."
            )
            return [problem]
        for file in sorted(Path(folder).rglob(self.stack.template_file)):
            try:
                template = json.loads(file.read_text())
            except json.JSONDecodeError as error:
                return [f"{self.stack.node.path}: {file} is not a template in JSON: {error}. Write it in JSON."]
            self._warn_of_renames(template.get("Resources", {}))
        return []

    def _warn_of_exports(self) -> None:
        replaceable = [each.resource for each in self.numbers if each.properties.allow_replacement]
        if not replaceable:
            return
        exports = {
            str(self.stack.resolve(output.export_name)): json.dumps(self.stack.resolve(output.value))
            for output in self.stack.node.find_all()
            if isinstance(output, CfnOutput) and output.export_name is not None
        }
        for resource in replaceable:
            logical_id = self._logical_id(resource)
            found = [name for name, value in exports.items() if f'"{logical_id}"' in value]
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
    found = _CHECKED.get(stack)
    if found is None:
        found = _CHECKED[stack] = _NumbersOfStack(stack)
        stack.node.add_validation(found)
        _pass_tags_on(stack)
    found.numbers.append(_Number(resource, properties))


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
