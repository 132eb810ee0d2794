"""Templates as text: JSON, or YAML with CloudFormation's short forms of functions."""

import json
from collections.abc import Callable
from typing import Any, Final

import yaml

_SHORT_FORMS: Final = ("Ref", "Condition")
"""The functions whose full names do not begin with ``Fn::``."""


class _Loader(yaml.SafeLoader):
    """A loader that knows the short forms, and takes dates for what they are in a template: texts."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in _SHORT_FORMS else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if name == "Fn::GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


def _text(loader: _Loader, node: yaml.ScalarNode) -> object:
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def parse_template(text: str) -> object:
    """Return what the text of a template describes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html

    Raises
    ------
    ValueError
        It is neither JSON nor YAML.
    """
    for parse in _PARSERS:
        try:
            return parse(text)
        except (ValueError, yaml.YAMLError):
            continue
    raise ValueError("the text is neither JSON nor YAML")


_PARSERS: Final[tuple[Callable[[str], object], ...]] = (
    json.loads,
    lambda text: yaml.load(text, _Loader),  # noqa: S506 - a loader that is as safe as SafeLoader
)
