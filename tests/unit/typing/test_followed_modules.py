"""Whether mypy reads enough of aws-cdk-lib: a class that inherits from something unread would have every attribute."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).resolve().parents[3] / "pyproject.toml"
_IMPORT: Final = re.compile(r"^ *import (aws_cdk[\w.]*) as (\w+)$", re.MULTILINE)
_BASES: Final = re.compile(r"^class \w+\(\s*(.*?)\):$", re.MULTILINE | re.DOTALL)


def test_no_class_inherits_from_a_module_that_mypy_does_not_read() -> None:
    read = set(_read_modules())
    assert "aws_cdk.aws_lambda" in read
    for module in read:
        assert set(_inherited_modules(module)) <= read, module


def _read_modules() -> Iterator[str]:
    for override in tomllib.loads(_PROJECT.read_text())["tool"]["mypy"]["overrides"]:
        if override.get("follow_imports") == "normal":
            yield from (name for name in override["module"] if name.startswith("aws_cdk"))


def _inherited_modules(module: str) -> Iterator[str]:
    source = distribution("aws-cdk-lib").locate_file(f"{module.replace('.', '/')}/__init__.py")
    text = Path(str(source)).read_text(encoding="utf-8")
    modules = {name: imported for imported, name in _IMPORT.findall(text)}
    for bases in _BASES.findall(text):
        for name in re.findall(r"\b(\w+)\.", bases):
            if name in modules:
                yield modules[name]
