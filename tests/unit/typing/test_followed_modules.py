"""Whether mypy reads enough of aws-cdk-lib and moto: what it does not read would have every attribute."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).resolve().parents[3] / "pyproject.toml"
_IMPORT: Final = re.compile(r"^ *import (aws_cdk[\w.]*) as (\w+)$", re.MULTILINE)
_PACKAGES: Final = {"aws_cdk": "aws-cdk-lib", "moto": "moto"}
_BASES: Final = re.compile(r"^class \w+\(\s*(.*?)\):$", re.MULTILINE | re.DOTALL)


def test_no_class_inherits_from_a_module_that_mypy_does_not_read() -> None:
    read = {name for name in _read_modules() if name.startswith("aws_cdk")}
    assert "aws_cdk.aws_lambda" in read
    for module in read:
        assert set(_inherited_modules(module)) <= read, module


def test_all_that_is_imported_here_is_read() -> None:
    excluded = tuple(map(re.compile, tomllib.loads(_PROJECT.read_text())["tool"]["mypy"]["exclude"]))
    imported = {
        module
        for folder in sorted(_PROJECT.parent.iterdir())
        if folder.is_dir() and not any(pattern.match(f"{folder.name}/") for pattern in excluded)
        for file in folder.rglob("*.py")
        for module in _imported_modules(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert "aws_cdk.aws_lambda" in imported
    assert imported <= set(_read_modules())


def _read_modules() -> Iterator[str]:
    for override in tomllib.loads(_PROJECT.read_text())["tool"]["mypy"]["overrides"]:
        if override.get("follow_imports") == "normal":
            yield from override["module"]


def _imported_modules(tree: ast.Module) -> Iterator[str]:
    """Return the modules of aws-cdk-lib and moto that a file imports."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            # What is imported from a package may be a module of it.
            found = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [str(node.module), *(name for name in found if _is_module(name))]
        yield from (name for name in names if name.partition(".")[0] in _PACKAGES)


def _is_module(name: str) -> bool:
    # By its file, because to ask Python would import the package.
    package = _PACKAGES.get(name.partition(".")[0])
    path = "" if package is None else str(distribution(package).locate_file(name.replace(".", "/")))
    return bool(path) and (Path(path).is_dir() or Path(f"{path}.py").is_file())


def _inherited_modules(module: str) -> Iterator[str]:
    source = distribution("aws-cdk-lib").locate_file(f"{module.replace('.', '/')}/__init__.py")
    text = Path(str(source)).read_text(encoding="utf-8")
    modules = {name: imported for imported, name in _IMPORT.findall(text)}
    for bases in _BASES.findall(text):
        for name in re.findall(r"\b(\w+)\.", bases):
            if name in modules:
                yield modules[name]
