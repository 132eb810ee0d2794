"""The values of a template's expressions, as far as they are known before the deployment.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html

What has not the documented shape is not known, because CloudFormation refuses it or a transform changes it first.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..json_types import as_list, as_mapping

_NO_VALUE: Final = "AWS::NoValue"
_REFERENCE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
_DYNAMIC: Final = "{{resolve:"
_STORED: Final = re.compile(r"\{\{resolve:ssm:([^{}]+)\}\}")
_SHAPES: Final = {
    "Fn::Join": 2,
    "Fn::Split": 2,
    "Fn::Select": 2,
    "Fn::FindInMap": 3,
}
"""How many arguments a function takes in a list."""


@dataclass(frozen=True)
class Unknown:
    """A value that only the deployment makes known.

    Parameters
    ----------
    expression
        What stands for the value in the template, with the parts that are known filled in.
    depends_on
        The definitions of the resources that it refers to. Where two equal expressions depend on the same definitions,
        they are taken for equal values. Where they do not, the value may change together with a resource.
    """

    expression: str
    depends_on: frozenset[str] = frozenset()

    @property
    def is_dynamic(self) -> bool:
        """Whether the value is stored elsewhere, so that it may change although the template does not."""
        return _DYNAMIC in self.expression


class _Absent:
    """Stands for ``AWS::NoValue``: what has this value is left out."""


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Context:
    """What the expressions of one template refer to.

    Parameters
    ----------
    parameters
        The values of the template's parameters and of the pseudo parameters. Those that are not known are missing.
    mappings
        The template's ``Mappings``.
    conditions
        The template's ``Conditions``.
    reference
        Returns the value of ``Ref`` to a resource, or ``None`` if it is not known.
    attribute
        Returns the value of ``Fn::GetAtt``, or ``None`` if it is not known.
    definition
        Returns a text that is the same for resources that are defined the same.
    imported
        Returns the value of an export of another stack, or ``None`` if there is none.
    stored
        Returns the value of a parameter in Parameter Store, or ``None`` if there is none.
    """

    parameters: Mapping[str, object]
    mappings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conditions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    reference: Callable[[str], object] = lambda _: None
    attribute: Callable[[str, str], object] = lambda _name, _attribute: None
    definition: Callable[[str], str] = lambda name: name
    imported: Callable[[str], str | None] = lambda _: None
    stored: Callable[[str], str | None] = lambda _: None

    def resolve(self, value: object) -> object:
        """Return a value as CloudFormation sends it: texts, lists and objects, ``Unknown`` or ``ABSENT``.

        A custom resource gets numbers and booleans as texts.
        """
        if isinstance(value, Unknown):
            return value
        if (scalar := text_of(value)) is not None:
            return self._with_stored(scalar)
        if (elements := as_list(value)) is not None:
            return [each for each in map(self.resolve, elements) if each is not ABSENT]
        members = as_mapping(value)
        if members is None:
            return unknown(value)
        if len(members) == 1:
            (name, argument), *_ = members.items()
            if name == "Ref" or name.startswith("Fn::"):
                found = self._called(name, argument)
                return self._with_stored(found) if isinstance(found, str) else found
        resolved = {name: self.resolve(member) for name, member in members.items()}
        return {name: member for name, member in resolved.items() if member is not ABSENT}

    def holds(self, condition: object) -> bool | Unknown:
        """Return whether a condition of the template holds.

        Parameters
        ----------
        condition
            Its name, or an expression as ``Conditions`` have it.
        """
        return self._held(condition, frozenset())

    # --- Functions ---

    def _called(self, name: str, argument: Any) -> object:
        match name:
            case "Ref":
                return self._reference(argument)
            case "Fn::GetAtt":
                return self._attribute(argument)
            case "Fn::Sub":
                return self._substituted(argument)
            case "Fn::If":
                return self._chosen(argument)
            case _:
                resolved = self.resolve(argument)
                found = self._of_known(name, resolved)
                return unknown({name: resolved}, self._mapping_of(name, resolved)) if found is None else found

    def _of_known(self, name: str, argument: object) -> object:
        """Return what a function makes of its resolved argument, or ``None`` if that is not known."""
        if name == "Fn::ImportValue":
            return self.imported(argument) if isinstance(argument, str) else None
        arguments = as_list(argument) or []
        if len(arguments) != _SHAPES.get(name):
            return None
        match name:
            case "Fn::Join":
                delimiter, parts = arguments[0], _texts(arguments[1])
                return delimiter.join(parts) if isinstance(delimiter, str) and parts is not None else None
            case "Fn::Split":
                delimiter, text = arguments
                is_known = isinstance(delimiter, str) and isinstance(text, str) and delimiter != ""
                return text.split(delimiter) if is_known else None
            case "Fn::Select":
                return _selected(*arguments)
            case _:
                return self._found_in_map(arguments)

    def _attribute(self, argument: Any) -> object:
        parts = argument.split(".", 1) if isinstance(argument, str) else as_list(argument) or []
        names = _texts(parts)
        if names is None or len(names) != 2:
            return unknown({"Fn::GetAtt": argument})
        resource, name = names
        found = self.attribute(resource, name)
        return unknown({"Fn::GetAtt": [resource, name]}, self.definition(resource)) if found is None else found

    def _chosen(self, argument: Any) -> object:
        arguments = as_list(argument) or []
        if len(arguments) != 3:
            return unknown({"Fn::If": argument})
        condition, *values = arguments
        is_true = self.holds(condition)
        if not isinstance(is_true, Unknown):
            return self.resolve(values[0 if is_true else 1])
        either = ["AWS::NoValue" if each is ABSENT else each for each in map(self.resolve, values)]
        return unknown({"Fn::If": [is_true, *either]})

    def _found_in_map(self, keys: Sequence[object]) -> object:
        found: Any = self.mappings
        for key in keys:
            found = (as_mapping(found) or {}).get(key) if isinstance(key, str) else None
        return None if found is None else self.resolve(found)

    def _mapping_of(self, name: str, argument: object) -> str:
        """Return what a value depends on that is looked up in ``Mappings`` with a key that is not known."""
        return _json(self.mappings) if name == "Fn::FindInMap" and is_unknown(argument) else ""

    def _reference(self, name: object) -> object:
        if name == _NO_VALUE:
            return ABSENT
        if not isinstance(name, str):
            return unknown({"Ref": name})
        if name in self.parameters:
            return self.parameters[name]
        found = self.reference(name)
        depends_on = "" if name.startswith("AWS::") else self.definition(name)
        return unknown({"Ref": name}, depends_on) if found is None else found

    def _substituted(self, argument: Any) -> object:
        template: object = argument
        given: Mapping[str, object] | None = {}
        if (arguments := as_list(argument)) is not None and len(arguments) == 2:
            template, given = arguments[0], as_mapping(arguments[1])
        if not isinstance(template, str) or given is None:
            return unknown({"Fn::Sub": argument})
        parts: list[object] = []
        position = 0
        for match in _REFERENCE.finditer(template):
            is_literal, name = match.groups()
            value = "${" + name + "}" if is_literal else self._substitute(name.strip(), given)
            parts += [template[position : match.start()], value]
            position = match.end()
        parts.append(template[position:])
        texts = _texts(parts)
        return unknown({"Fn::Join": ["", [each for each in parts if each != ""]]}) if texts is None else "".join(texts)

    def _substitute(self, name: str, given: Mapping[str, object]) -> object:
        if name in given:
            return self.resolve(given[name])
        return self.resolve({"Fn::GetAtt" if "." in name else "Ref": name})

    def _with_stored(self, text: str) -> str | Unknown:
        """Return a text with the values of the dynamic references in it.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        """
        if _DYNAMIC not in text:
            return text
        values = {name: self.stored(name.strip()) for name in _STORED.findall(text)}
        replaced = _STORED.sub(lambda match: values[match[1]] or match[0], text)
        return Unknown(text) if _DYNAMIC in replaced else replaced

    # --- Conditions ---

    def _held(self, condition: object, asked: frozenset[str]) -> bool | Unknown:
        members = as_mapping(condition)
        if members is None:
            name = str(condition)
            if name in asked or name not in self.conditions:
                return unknown({"Condition": name})
            return self._held(as_mapping(self.conditions[name]) or {}, asked | {name})
        if len(members) != 1:
            return unknown(condition)
        (name, argument), *_ = members.items()
        if name == "Condition":
            return self._held(str(argument), asked)
        arguments = as_list(argument) or []
        match name, len(arguments):
            case "Fn::Equals", 2:
                left, right = (self.resolve(each) for each in arguments)
                return unknown({name: [left, right]}) if is_unknown([left, right]) else left == right
            case "Fn::Not", 1:
                inner = self._held(arguments[0], asked)
                return unknown({name: [inner]}) if isinstance(inner, Unknown) else not inner
            case (("Fn::And" | "Fn::Or"), count) if count > 0:
                parts = [self._held(each, asked) for each in arguments]
                decisive = name == "Fn::Or"
                left_open = [part for part in parts if isinstance(part, Unknown)]
                if decisive in [part for part in parts if not isinstance(part, Unknown)]:
                    return decisive
                return unknown({name: left_open}) if left_open else not decisive
            case _:
                return unknown(condition)


def unknown(value: object, depends_on: str = "") -> Unknown:
    """Return the unknown value of an expression whose arguments are resolved."""
    own = frozenset({depends_on}) if depends_on else frozenset[str]()
    return Unknown(_json(value), own.union(*(each.depends_on for each in _unknowns(value))))


def is_unknown(value: object) -> bool:
    """Return whether a resolved value, or a part of it, is not known."""
    return any(True for _ in _unknowns(value))


def is_dynamic(value: object) -> bool:
    """Return whether a resolved value, or a part of it, may change although the template does not."""
    return any(each.is_dynamic for each in _unknowns(value))


def without_dependencies(value: object) -> object:
    """Return a resolved value without what its unknown parts depend on, so that only the expressions count."""
    if isinstance(value, Unknown):
        return replace(value, depends_on=frozenset[str]())
    if (elements := as_list(value)) is not None:
        return [without_dependencies(each) for each in elements]
    members = as_mapping(value)
    return value if members is None else {name: without_dependencies(member) for name, member in members.items()}


def text_of(value: object) -> str | None:
    """Return a text, number or boolean as the text that CloudFormation sends, or ``None`` if it is something else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _unknowns(value: object) -> Iterator[Unknown]:
    if isinstance(value, Unknown):
        yield value
    members = as_mapping(value)
    for each in as_list(value) or (members.values() if members is not None else ()):
        yield from _unknowns(each)


def _selected(index: object, elements: object) -> object:
    found = as_list(elements) or []
    if not isinstance(index, str) or not index.isdecimal() or int(index) >= len(found):
        return None
    return found[int(index)]


def _texts(parts: object) -> list[str] | None:
    """Return the texts of a list, or ``None`` if it is no list of texts that are known."""
    elements = as_list(parts)
    if elements is None or not all(isinstance(element, str) for element in elements):
        return None
    return [str(element) for element in elements]


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=_shown)


def _shown(value: object) -> object:
    """Return what stands for a value that JSON does not have."""
    if not isinstance(value, Unknown):
        return str(value)
    try:
        return json.loads(value.expression)
    except ValueError:
        return value.expression
