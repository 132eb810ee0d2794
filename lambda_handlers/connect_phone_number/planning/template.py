"""The resources of a template that matter for phone numbers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from .. import contract, rules, tokens
from ..json_types import as_list, as_mapping
from .values import Context, Unknown, is_unknown, text_of

NESTED_STACK: Final = "AWS::CloudFormation::Stack"
STACK_SET: Final = "AWS::CloudFormation::StackSet"
_FUNCTION: Final = "AWS::Lambda::Function"
_WITH_KNOWN_ID: Final = (contract.POOL_RESOURCE_TYPE, _FUNCTION, "AWS::Lambda::Alias")
"""The types whose physical id stays when their properties change, as far as a ``ServiceToken`` may change at all."""
_CUSTOM: Final = "AWS::CloudFormation::CustomResource"
_CUSTOM_PREFIX: Final = "Custom::"
_MODULE: Final = "::MODULE"
_RETAINED_ON_DELETION: Final = ("Retain", "RetainExceptOnCreate")
_RETAINED_ON_REPLACEMENT: Final = ("Retain",)
_HIDDEN: Final = "****"
"""What CloudFormation shows of a parameter with ``NoEcho``."""
_LISTS: Final = ("CommaDelimitedList", "List<")
_FROM_PARAMETER_STORE: Final = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True)
class Declared:
    """One resource of a template.

    Parameters
    ----------
    path
        The path of its construct, if a CDK app made the template. Else empty.
    properties
        Its properties, as far as they are known. A property without a value is missing.
    retains_on_deletion
        Whether CloudFormation leaves it alone instead of deleting it.
    retains_on_replacement
        Whether CloudFormation leaves alone what it replaces.
    """

    logical_id: str
    type: str
    path: str
    properties: Mapping[str, object]
    retains_on_deletion: bool
    retains_on_replacement: bool
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    condition: Unknown | None = None
    """Its condition, if it is not known whether that holds."""


@dataclass(frozen=True)
class Place:
    """Where a stack is.

    Parameters
    ----------
    stack_id
        The ARN of the stack. Of one that does not exist yet, an ARN that no stack has.
    """

    partition: str
    region: str
    account: str
    stack_name: str
    stack_id: str

    @property
    def pseudo_parameters(self) -> dict[str, object]:
        """The pseudo parameters that are known.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
        """
        return {
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::StackName": self.stack_name,
            "AWS::StackId": self.stack_id,
            "AWS::URLSuffix": "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com",
        }


@dataclass(frozen=True)
class World:
    """What templates get from outside.

    Parameters
    ----------
    imported
        Returns the value of an export of another stack, or ``None`` if there is none.
    stored
        Returns the value of a parameter in Parameter Store, or ``None`` if there is none.
    is_current
        Whether the templates get what there is now. What a dynamic reference has got before is not known.
    """

    imported: Callable[[str], str | None] = lambda _: None
    stored: Callable[[str], str | None] = lambda _: None
    is_current: bool = True


def declared_resources(
    body: Mapping[str, Any],
    place: Place,
    parameters: Mapping[str, object],
    physical_ids: Mapping[str, str],
    world: World,
) -> dict[str, Declared]:
    """Return the resources of a template by logical id, without those whose condition does not hold.

    Parameters
    ----------
    parameters
        The values that the template's parameters are given. Without one, the default holds.
    physical_ids
        The physical ids of the stack's resources that exist, by logical id.
    """
    resources = _mapping(body, "Resources")
    context = Context(
        parameters={**place.pseudo_parameters, **_parameters(_mapping(body, "Parameters"), parameters, world)},
        mappings=_mapping(body, "Mappings"),
        conditions=_mapping(body, "Conditions"),
        imported=world.imported,
        stored=world.stored if world.is_current else lambda _: None,
    )
    definitions: dict[str, str] = {}

    def reference(logical_id: str) -> object:
        resource = _mapping(resources, logical_id)
        if resource.get("Type") == contract.POOL_RESOURCE_TYPE and logical_id not in physical_ids:
            return tokens.pool_id(place.stack_id, logical_id)
        return physical_ids.get(logical_id) if resource.get("Type") in _WITH_KNOWN_ID else None

    def attribute(logical_id: str, name: str) -> object:
        resource = _mapping(resources, logical_id)
        match resource.get("Type"), name:
            case contract.POOL_RESOURCE_TYPE, "ReleaseAfter" if name in _mapping(resource, "Properties"):
                return known.resolve(_mapping(resource, "Properties")[name])
            case str(type_), "Arn" if type_ == _FUNCTION and logical_id in physical_ids:
                function = physical_ids[logical_id]
                return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{function}"
            case _:
                return None

    def definition(logical_id: str) -> str:
        if logical_id not in definitions:
            # A resource that refers to itself is refused by CloudFormation.
            definitions[logical_id] = logical_id
            definitions[logical_id] = f"{logical_id} {_digest(known, _mapping(resources, logical_id))}"
        return definitions[logical_id]

    known = replace(context, reference=reference, attribute=attribute, definition=definition)
    declared = {
        logical_id: _declared(logical_id, _mapping(resources, logical_id), physical_ids.get(logical_id, ""), known)
        for logical_id in resources
    }
    return {logical_id: each for logical_id, each in declared.items() if each is not None}


def unprocessed(body: Mapping[str, Any]) -> list[str]:
    """Return what only CloudFormation can turn into resources: the names of transforms, loops and modules.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
    """
    transform: Any = body.get("Transform")
    transforms: list[Any] = as_list(transform) or ([transform] if transform else [])
    names = [str((as_mapping(each) or {"Name": each}).get("Name")) for each in transforms]
    resources = _mapping(body, "Resources")
    names += [name for name in _names_in(body) if name == "Fn::Transform" or name.startswith("Fn::ForEach")]
    types = [str(_mapping(resources, logical_id).get("Type")) for logical_id in resources]
    return sorted({*names, *(type_ for type_ in types if type_.endswith(_MODULE))})


def _names_in(value: object) -> Iterator[str]:
    members = as_mapping(value) or {}
    yield from members
    for each in (*members.values(), *(as_list(value) or ())):
        yield from _names_in(each)


def _declared(logical_id: str, resource: Mapping[str, Any], physical_id: str, context: Context) -> Declared | None:
    holds = context.holds(str(resource["Condition"])) if "Condition" in resource else True
    if holds is False:
        return None
    metadata = _mapping(resource, "Metadata")
    properties = as_mapping(context.resolve(_mapping(resource, "Properties"))) or {}
    return Declared(
        logical_id=logical_id,
        type=_type(resource, physical_id),
        path=str(metadata.get("aws:cdk:path", "")).removesuffix("/Resource"),
        properties=properties,
        retains_on_deletion=context.resolve(resource.get("DeletionPolicy")) in _RETAINED_ON_DELETION,
        retains_on_replacement=context.resolve(resource.get("UpdateReplacePolicy")) in _RETAINED_ON_REPLACEMENT,
        metadata=metadata,
        condition=holds if isinstance(holds, Unknown) else None,
    )


def _type(resource: Mapping[str, Any], physical_id: str) -> str:
    """Return the type of a resource. The provider takes each other custom resource for a number."""
    type_ = str(resource.get("Type", ""))
    is_custom = type_ == _CUSTOM or type_.startswith(_CUSTOM_PREFIX)
    is_number = is_custom and rules.parse_phone_number_arn(physical_id) is not None
    return contract.RESOURCE_TYPE if is_number else type_


def _digest(context: Context, resource: Mapping[str, Any]) -> str:
    """Return a text that is the same for resources that are defined the same."""
    defined = {name: context.resolve(resource[name]) for name in ("Type", "Properties") if name in resource}
    return sha256(json.dumps(defined, sort_keys=True, default=_with_dependencies).encode()).hexdigest()


def _with_dependencies(value: object) -> object:
    return [value.expression, *sorted(value.depends_on)] if isinstance(value, Unknown) else str(value)


def _parameters(declared: Mapping[str, Any], given: Mapping[str, object], world: World) -> dict[str, object]:
    """Return the values of a template's parameters, as far as they are known."""
    return {name: _parameter(name, _mapping(declared, name), given.get(name), world) for name in declared}


def _parameter(name: str, parameter: Mapping[str, Any], given: object, world: World) -> object:
    """Return the value of a parameter.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    not_known = Unknown(f"parameter {name}")
    type_ = str(parameter.get("Type", "String"))
    value = parameter.get("Default") if given is None else given
    if isinstance(value, Unknown):
        return value
    if (elements := as_list(value)) is not None:
        texts = [text_of(element) for element in elements]
        return not_known if is_unknown(elements) or None in texts else texts
    text: str | None = text_of(value)
    if text is not None and type_.startswith(_FROM_PARAMETER_STORE):
        text = world.stored(text)
        type_ = type_.removeprefix(_FROM_PARAMETER_STORE)
    if text is None or (text == _HIDDEN and text_of(parameter.get("NoEcho")) == "true"):
        return not_known
    return [element.strip() for element in text.split(",")] if type_.startswith(_LISTS) else text


def _mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return as_mapping(parent.get(name)) or {}
