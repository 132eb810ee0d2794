"""One template with conditions, made of several templates without.

An option of the construct changes some values of the template, and adds or removes others. ``Merge`` finds them by
comparison, so that nobody has to write down, and keep up to date, what an option does.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final, TypeGuard

Json = Any
"""A part of a template: a dict, a list, or a value."""

_ABSENT: Final = object()
_NO_VALUE: Final = {"Ref": "AWS::NoValue"}


def is_object(value: Json) -> TypeGuard[dict[str, Json]]:
    """Return whether a part of a template is a dict."""
    return isinstance(value, dict)


def is_list(value: Json) -> TypeGuard[list[Json]]:
    """Return whether a part of a template is a list."""
    return isinstance(value, list)


class MergeError(Exception):
    """Two options change the same value, so that one condition cannot say which."""


def with_option(
    merged: Mapping[str, Json], base: Mapping[str, Json], option: Mapping[str, Json], condition: str
) -> Json:
    """Return the resources with what an option changes under a condition.

    Parameters
    ----------
    merged
        The resources with the options that were merged before.
    base
        The resources without any option.
    option
        The resources with this option alone.
    condition
        The name of the condition under which the option is on.

    Raises
    ------
    MergeError
        If an option before has changed the same value.
    """
    missing = sorted(set(base) - set(option))
    if missing:
        raise MergeError(f"{condition} removes {', '.join(missing)}")
    resources = {
        name: _merge_resource(name, (resource, base[name], option[name]), condition) if name in base else resource
        for name, resource in merged.items()
    }
    for name in (name for name in option if name not in base):
        resources[name] = {**deepcopy(option[name]), "Condition": condition}
    return resources


def _merge_resource(name: str, values: Sequence[Mapping[str, Json]], condition: str) -> Json:
    """Merge a resource, with its dependencies on resources under the condition in its metadata.

    ``DependsOn`` takes no conditions. A reference is a dependency, and may be anywhere.
    """
    merged, base, option = values
    added = sorted(set(option.get("DependsOn", ())) - set(base.get("DependsOn", ())))
    without = {key: value for key, value in option.items() if key != "DependsOn"}
    kept = {"DependsOn": base["DependsOn"]} if "DependsOn" in base else {}
    resource = _merge(name, merged, base, without | kept, condition)
    if not added:
        return resource
    references = [_if(condition, {"Ref": each}, _ABSENT) for each in added]
    metadata = resource.get("Metadata", {})
    return {**resource, "Metadata": {**metadata, "DependsOn": [*metadata.get("DependsOn", ()), *references]}}


def _merge(path: str, merged: Json, base: Json, option: Json, condition: str) -> Json:
    if base == option:
        return merged
    if all(_is_plain_dict(each) for each in (merged, base, option)):
        names = [*merged, *(name for name in option if name not in merged)]
        return {name: _merge_key(path, name, (merged, base, option), condition) for name in names}
    if all(_is_statements(each) for each in (merged, base, option)):
        return _merge_statements(path, merged, base, option, condition)
    if all(_is_one(each) for each in (merged, base, option)):
        return [_merge(path, merged[0], base[0], option[0], condition)]
    if merged != base:
        raise MergeError(f"{condition} changes {path}, which another option changes")
    return _if(condition, option, base)


def _merge_key(path: str, name: str, values: Sequence[Mapping[str, Json]], condition: str) -> Json:
    merged, base, option = (each.get(name, _ABSENT) for each in values)
    return _merge(f"{path}/{name}", merged, base, option, condition)


def _merge_statements(
    path: str, merged: Sequence[Json], base: Sequence[Json], option: Sequence[Json], condition: str
) -> list[Json]:
    before, after = _by_sid(base), _by_sid(option)
    result: list[Json] = []
    for statement in merged:
        sid = _sid(statement)
        if sid not in before or before[sid] == after.get(sid):
            result.append(statement)
        elif sid in after:
            result.append(_merge(f"{path}/{sid}", statement, before[sid], after[sid], condition))
        elif statement == before[sid]:
            result.append(_if(condition, _ABSENT, statement))
        else:
            raise MergeError(f"{condition} removes {path}/{sid}, which another option changes")
    result += [_if(condition, after[sid], _ABSENT) for sid in after if sid not in before]
    return result


def _if(condition: str, on: Json, off: Json) -> Json:
    return {"Fn::If": [condition, *(_NO_VALUE if each is _ABSENT else deepcopy(each) for each in (on, off))]}


def _is_plain_dict(value: Json) -> bool:
    return is_object(value) and not any(name == "Ref" or name.startswith("Fn::") for name in value)


def _is_statements(value: Json) -> bool:
    return is_list(value) and all(_sid(each) for each in value)


def _is_one(value: Json) -> bool:
    return is_list(value) and len(value) == 1 and _is_plain_dict(value[0])


def _by_sid(statements: Sequence[Json]) -> dict[str, Json]:
    return {_sid(each): each for each in statements}


def _sid(statement: Json) -> str:
    """Return the statement's name, also if it is under a condition; empty if it is none."""
    match statement:
        case {"Sid": sid}:
            return str(sid)
        case {"Fn::If": [_, {"Sid": sid}, _] | [_, _, {"Sid": sid}]}:
            return str(sid)
        case _:
            return ""
