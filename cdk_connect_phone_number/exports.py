"""The exports of a stack, and the resources whose attributes they pass on, also through nested stacks.

CloudFormation cannot change an export that is in use, and neither can the resource that the CDK makes for references
across Regions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from aws_cdk import CfnElement, CfnOutput, CfnResource, CfnStack, Stack
from constructs import IConstruct

_CROSS_REGION_EXPORTS: Final = "Custom::CrossRegionExportWriter"
_OUTPUTS: Final = "Outputs."


@dataclass(frozen=True)
class Export:
    """A value that other stacks may import."""

    name: str
    resources: frozenset[tuple[str, str]]
    """The resources that it comes from: the path of the stack, and the logical id."""


def exports_of(root: Stack) -> Sequence[Export]:
    """Return the exports of a stack and of all stacks that are nested in it, after all references are resolved."""
    constructs = root.node.find_all()
    tree = _Tree(constructs)
    found: list[Export] = []
    for each in constructs:
        if isinstance(each, CfnOutput) and each.export_name is not None:
            stack = each.stack
            name = str(stack.resolve(each.export_name))
            found.append(Export(name, tree.resources(stack, stack.resolve(each.value))))
        elif isinstance(each, CfnResource) and each.cfn_resource_type == _CROSS_REGION_EXPORTS:
            stack = each.stack
            # No public property has the properties of a resource that is only known as CfnResource.
            properties = stack.resolve(each._cfn_properties)  # pyright: ignore[reportPrivateUsage]
            exported = properties["WriterProps"]["exports"]
            found += [Export(name, tree.resources(stack, value)) for name, value in exported.items()]
    return found


class _Tree:
    """Follows values from stack to stack, as CloudFormation passes them on."""

    def __init__(self, constructs: Sequence[IConstruct]) -> None:
        self._outputs = {_key(each): each for each in constructs if isinstance(each, CfnOutput)}
        self._nested = {
            _key(resource): each
            for each in constructs
            if isinstance(each, Stack) and (resource := each.nested_stack_resource) is not None
        }

    def resources(self, stack: Stack, value: Any) -> frozenset[tuple[str, str]]:
        """Return the resources whose attributes a resolved value of a stack has."""
        return frozenset(self._resources(stack, value))

    def _resources(self, stack: Stack, value: Any) -> Iterator[tuple[str, str]]:
        match value:
            case {"Fn::GetAtt": [str(name), str(attribute)]} if (key := (stack.node.path, name)) in self._nested:
                nested = self._nested[key]
                output = self._outputs.get((nested.node.path, attribute.removeprefix(_OUTPUTS)))
                if output is not None:
                    yield from self._resources(nested, nested.resolve(output.value))
            case {"Fn::GetAtt": [str(name), *_]}:
                yield (stack.node.path, name)
            case {"Ref": str(name)}:
                parent, parameters = _passed_to(stack)
                if parent is not None and name in parameters:
                    yield from self._resources(parent, parameters[name])
                else:
                    yield (stack.node.path, name)
            case dict() | list():
                yield from self._of_parts(stack, cast(Mapping[str, Any] | Sequence[Any], value))
            case _:
                pass

    def _of_parts(self, stack: Stack, value: Mapping[str, Any] | Sequence[Any]) -> Iterator[tuple[str, str]]:
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from self._resources(stack, part)


def _key(element: CfnElement) -> tuple[str, str]:
    return element.stack.node.path, str(element.stack.resolve(element.logical_id))


def _passed_to(stack: Stack) -> tuple[Stack | None, Mapping[str, Any]]:
    """Return the stack in which a stack is nested, and the values of its parameters there."""
    parent, resource = stack.nested_stack_parent, stack.nested_stack_resource
    if parent is None or not isinstance(resource, CfnStack):
        return None, {}
    return parent, parent.resolve(resource.parameters) or {}
