"""What CloudFormation makes of a template with conditions, as far as the provider's template needs it."""

from collections.abc import Mapping
from typing import Any

from provider_template.merging import is_list, is_object

_NO_VALUE = {"Ref": "AWS::NoValue"}


class Deployment:
    """A template with values for its parameters.

    Parameters
    ----------
    template
        The template.
    values
        The parameters' values, as the CLI takes them. By default, a parameter has its default.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        parameters = template["Parameters"]
        unknown = set(values) - set(parameters)
        assert not unknown, unknown
        self._values: dict[str, Any] = {}
        for name, parameter in parameters.items():
            value = values.get(name, parameter.get("Default"))
            if parameter["Type"] == "CommaDelimitedList":
                value = [part.strip() for part in str(value).split(",")] if value else []
            self._values[name] = value
        self._conditions = {name: self._condition(expression) for name, expression in template["Conditions"].items()}
        self.resources = {
            name: self._resolved({key: value for key, value in resource.items() if key != "Condition"})
            for name, resource in template["Resources"].items()
            if self._conditions.get(resource.get("Condition"), True)
        }

    def _condition(self, expression: Any) -> bool:
        match expression:
            case {"Fn::Not": [inner]}:
                return not self._condition(inner)
            case {"Fn::Equals": [left, right]}:
                return bool(self._resolved(left) == right)
            case _:
                raise AssertionError(expression)

    def _resolved(self, value: Any) -> Any:
        match value:
            case {"Fn::If": [condition, on, off]}:
                return self._resolved(on if self._conditions[condition] else off)
            case {"Ref": name} if name in self._values:
                return self._values[name]
            case {"Fn::Sub": text}:
                for name, given in self._values.items():
                    text = text.replace(f"${{{name}}}", str(given))
                return text
            case {"Fn::Split": [separator, text]} if text != {"Ref": "AWS::StackId"}:
                return self._split(str(separator), self._resolved(text))
            case {"Fn::Join": [separator, parts]}:
                return joined(str(separator), self._resolved(parts))
            case _ if is_object(value):
                resolved = {name: self._resolved(each) for name, each in value.items()}
                return {name: each for name, each in resolved.items() if each != _NO_VALUE}
            case _ if is_list(value):
                return [each for each in map(self._resolved, value) if each != _NO_VALUE]
            case _:
                return value

    def _split(self, separator: str, text: Any) -> list[Any]:
        """Split a text. Where references are in it, CloudFormation splits it when it knows them."""
        if isinstance(text, str):
            return text.split(separator)
        found: list[list[Any]] = [[]]
        for part in text["Fn::Join"][1]:
            first, *rest = part.split(separator) if isinstance(part, str) else [part]
            found[-1].append(first)
            found += [[each] for each in rest]
        return [joined("", [part for part in parts if part != ""]) for parts in found]


def joined(separator: str, parts: list[Any]) -> Any:
    """Return a text, or ``Fn::Join`` where references are in it, always in the same form."""
    flat: list[Any] = []
    for index, part in enumerate(parts):
        pieces = part["Fn::Join"][1] if is_object(part) and part.get("Fn::Join", ("x",))[0] == "" else [part]
        for piece in [*([separator] if index else []), *pieces]:
            if flat and isinstance(flat[-1], str) and isinstance(piece, str):
                flat[-1] += piece
            else:
                flat.append(piece)
    flat = [piece for piece in flat if piece != ""]
    return flat[0] if len(flat) == 1 and isinstance(flat[0], str) else {"Fn::Join": ["", flat]} if flat else ""


def normalized(value: Any) -> Any:
    """Return a part of a template with its joins in the form of ``joined``, and without substitutions of nothing."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return joined(str(separator), normalized(parts))
        case {"Fn::Sub": text} if "${" not in text:
            return text
        case _ if is_object(value):
            return {name: normalized(each) for name, each in value.items()}
        case _ if is_list(value):
            return [normalized(each) for each in value]
        case _:
            return value
