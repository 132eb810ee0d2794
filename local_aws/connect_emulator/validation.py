"""Checks and copies parameters by their shape in the service model.

Each shape is compiled once into plain functions, because a simulation checks millions of calls with them. The messages
have the form in which AWS reports a failed constraint.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard

Value = Any
"""A JSON value. The type of a caller's value is unknown until it has been checked."""

Check = Callable[[Value, str, list[str]], None]
"""Takes a value and its path, and appends its problems to the list."""

Copy = Callable[[Value], Value]
"""Copies a value, leaving out members that its shape does not have."""

_SEPARATORS: Final = r"\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNICODE_CLASSES: Final = {r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": _SEPARATORS}


def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern of the service model for use with ``fullmatch``.

    Two things are corrected:

    - Several patterns of Amazon Connect have doubled backslashes (``\\+?[0-9]{1,11}``), escaped once too often in the
      model's source. Read literally, they require a backslash, which no phone number has. Each pair becomes one.
    - ``re`` does not support Unicode property classes. The model uses letters, numbers, and separators, always within a
      class that also has ``_``, so ``\w`` (letters, numbers, and ``_``) stands exactly for the first two.

    The patterns apply to the whole value, although some lack ``^`` and ``$``.
    """
    pattern = pattern.replace("\\\\", "\\")
    for unicode_class, python_class in _UNICODE_CLASSES.items():
        pattern = pattern.replace(unicode_class, python_class)
    return re.compile(pattern)


class ShapeCompiler:
    """Compiles the shapes of one service model into checks and copies.

    Parameters
    ----------
    shapes : Mapping[str, Any]
        The ``shapes`` of a botocore service model.
    """

    def __init__(self, shapes: Mapping[str, Any]) -> None:
        self._shapes = shapes
        self._checks: dict[str, Check] = {}
        self._copies: dict[str, Copy] = {}

    def check(self, name: str) -> Check:
        """Return the function that checks the shape ``name``."""
        if name not in self._checks:
            shape = self._shapes[name]
            self._checks[name] = _CHECKS[shape["type"]](self, shape)
        return self._checks[name]

    def copy(self, name: str) -> Copy:
        """Return the function that copies the shape ``name``."""
        if name not in self._copies:
            shape = self._shapes[name]
            self._copies[name] = self._compile_copy(shape)
        return self._copies[name]

    def _compile_copy(self, shape: Mapping[str, Any]) -> Copy:
        if shape["type"] == "structure":
            members = {key: self.copy(ref["shape"]) for key, ref in shape["members"].items()}

            def copy_structure(value: Value) -> Value:
                return {key: copy(value[key]) for key, copy in members.items() if value.get(key) is not None}

            return copy_structure
        if shape["type"] == "list":
            copy_member = self.copy(shape["member"]["shape"])
            return lambda value: [copy_member(member) for member in value]
        if shape["type"] == "map":
            return lambda value: dict(value)
        return lambda value: value


def _is_mapping(value: Value) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_list(value: Value) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, list | tuple)


def _fails(value: Value, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _check_structure(compiler: ShapeCompiler, shape: Mapping[str, Any]) -> Check:
    required = tuple(shape.get("required", ()))
    members = {key: (compiler.check(ref["shape"]), key[0].lower() + key[1:]) for key, ref in shape["members"].items()}

    def check(value: Value, path: str, problems: list[str]) -> None:
        if not _is_mapping(value):
            problems.append(_fails(value, path, "be a structure"))
            return
        prefix = f"{path}." if path else ""
        problems.extend(
            _fails("null", prefix + members[key][1], "not be null") for key in required if value.get(key) is None
        )
        for key, member in value.items():
            if key in members and member is not None:
                check_member, name = members[key]
                check_member(member, prefix + name, problems)

    return check


def _size_check(shape: Mapping[str, Any], noun: str) -> Check:
    least, most = shape.get("min"), shape.get("max")

    def check(size: Value, path: str, problems: list[str]) -> None:
        if least is not None and size < least:
            problems.append(_fails(size, path, f"have {noun} greater than or equal to {least}"))
        if most is not None and size > most:
            problems.append(_fails(size, path, f"have {noun} less than or equal to {most}"))

    return check


def _check_list(compiler: ShapeCompiler, shape: Mapping[str, Any]) -> Check:
    check_size = _size_check(shape, "length")
    check_member = compiler.check(shape["member"]["shape"])

    def check(value: Value, path: str, problems: list[str]) -> None:
        if not _is_list(value):
            problems.append(_fails(value, path, "be a list"))
            return
        check_size(len(value), path, problems)
        for number, member in enumerate(value, start=1):
            check_member(member, f"{path}.{number}.member", problems)

    return check


def _check_map(compiler: ShapeCompiler, shape: Mapping[str, Any]) -> Check:
    check_size = _size_check(shape, "length")
    check_key = compiler.check(shape["key"]["shape"])
    check_value = compiler.check(shape["value"]["shape"])

    def check(value: Value, path: str, problems: list[str]) -> None:
        if not _is_mapping(value):
            problems.append(_fails(value, path, "be a map"))
            return
        check_size(len(value), path, problems)
        for key, member in value.items():
            check_key(key, f"{path}.key", problems)
            check_value(member, f"{path}.{key}.member", problems)

    return check


def _check_string(_: ShapeCompiler, shape: Mapping[str, Any]) -> Check:
    check_size = _size_check(shape, "length")
    allowed = tuple(shape.get("enum", ()))
    enum = frozenset(allowed)
    pattern = compile_pattern(shape["pattern"]) if "pattern" in shape else None

    def check(value: Value, path: str, problems: list[str]) -> None:
        if not isinstance(value, str):
            problems.append(_fails(value, path, "be a string"))
            return
        check_size(len(value), path, problems)
        if enum and value not in enum:
            problems.append(_fails(value, path, f"satisfy enum value set: [{', '.join(allowed)}]"))
        if pattern is not None and not pattern.fullmatch(value):
            problems.append(_fails(value, path, f"satisfy regular expression pattern: {shape['pattern']}"))

    return check


def _check_integer(_: ShapeCompiler, shape: Mapping[str, Any]) -> Check:
    check_size = _size_check(shape, "value")

    def check(value: Value, path: str, problems: list[str]) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(_fails(value, path, "be an integer"))
            return
        check_size(value, path, problems)

    return check


_CHECKS: Final[Mapping[str, Callable[[ShapeCompiler, Mapping[str, Any]], Check]]] = {
    "structure": _check_structure,
    "list": _check_list,
    "map": _check_map,
    "string": _check_string,
    "integer": _check_integer,
}
"""The types of shapes that the phone-number operations use."""
