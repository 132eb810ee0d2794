"""The protections of numbers that a deployment switches off."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from .. import contract
from .plan import Weakening
from .template import Declared
from .values import Unknown

_PROTECTED: Final = (contract.RESOURCE_TYPE, contract.POOL_RESOURCE_TYPE)
_ON: Final = "true"


def weakenings(stack: str, before: Mapping[str, Declared], after: Mapping[str, Declared]) -> Iterator[Weakening]:
    """Return the protections of a stack's resources that stay, and that have fewer of them afterwards."""
    for logical_id, old in before.items():
        new = after.get(logical_id)
        if new is None or old.type not in _PROTECTED or new.type != old.type:
            continue
        for name, value, next_value, is_weaker in _protections(old, new):
            if is_weaker:
                yield Weakening(stack, logical_id, new.path, name, value, next_value)


def _protections(before: Declared, after: Declared) -> Iterator[tuple[str, str, str, bool]]:
    for name in ("ReleaseProtection", "RetainParked"):
        old, new = _flag(before, name), _flag(after, name)
        yield name, old, new, old == _ON and new != _ON
    old, new = _flag(before, "AllowReplacement"), _flag(after, "AllowReplacement")
    yield "AllowReplacement", old, new, new == _ON and old != _ON
    for name in ("ReleaseDelay", "MaxParked"):
        old, new = _text(before, name) or "0", _text(after, name) or "0"
        yield name, old, new, _may_be_less(old, new)
    for name, kept, keeps in (
        ("DeletionPolicy", before.retains_on_deletion, after.retains_on_deletion),
        ("UpdateReplacePolicy", before.retains_on_replacement, after.retains_on_replacement),
    ):
        yield name, "Retain" if kept else "Delete", "Retain" if keeps else "Delete", kept and not keeps


def _flag(declared: Declared, name: str) -> str:
    return _text(declared, name) or "false"


def _text(declared: Declared, name: str) -> str:
    value = declared.properties.get(name, "")
    if isinstance(value, Unknown):
        return value.expression
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _may_be_less(old: str, new: str) -> bool:
    if old.isdecimal() and new.isdecimal():
        return int(new) < int(old)
    # One of them is only known at the deployment.
    return old not in ("0", new)
