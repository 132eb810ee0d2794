"""Shapes of the service model, and its patterns, which are not quite Python's."""

import sys
import unicodedata
from typing import Any

import pytest

from local_aws.connect_emulator.validation import ShapeCompiler, compile_pattern

TAG_KEY = "^(?!aws:)[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$"


@pytest.mark.parametrize("pattern", [r"\\+?[0-9]{1,11}", r"\+?[0-9]{1,11}"])
def test_doubled_backslashes_mean_one(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    assert compiled.fullmatch("+1206")
    assert compiled.fullmatch("1206")
    assert not compiled.fullmatch("\\+1206")


def test_unicode_classes_are_exact() -> None:
    compiled = compile_pattern(TAG_KEY)
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        allowed = unicodedata.category(character)[0] in "LNZ" or character in "_.:/=+-@"
        assert bool(compiled.fullmatch(character)) is allowed, hex(code)


def test_tag_key_of_aws() -> None:
    assert not compile_pattern(TAG_KEY).fullmatch("aws:cloudformation:stack-name")


def test_structure_within_a_structure() -> None:
    shapes = {
        "Outer": {"type": "structure", "members": {"Inner": {"shape": "Inner"}}},
        "Inner": {"type": "structure", "required": ["Size"], "members": {"Size": {"shape": "Size"}}},
        "Size": {"type": "integer", "min": 1},
    }
    check = ShapeCompiler(shapes).check("Outer")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"Inner": "x"}, "Value 'x' at 'inner' failed to satisfy constraint: Member must be a structure"),
        ({"Inner": {}}, "Value 'null' at 'inner.size' failed to satisfy constraint: Member must not be null"),
        (
            {"Inner": {"Size": 0}},
            "Value '0' at 'inner.size' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
    ]
    for value, problem in cases:
        problems: list[str] = []
        check(value, "", problems)
        assert problems == [problem]
