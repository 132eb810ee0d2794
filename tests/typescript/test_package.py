"""The TypeScript package: compiled, tested with the CDK's own assertions, and complete for each language."""

import json
import re
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from docs.tools.pages import ROOT
from lambda_handlers.connect_phone_number.properties import RESOURCE_TYPES
from resource_types.typescript import camel_case
from typescript.build import PACKAGES, compiled, run
from typescript.carried import with_carried

# The end-to-end tests need the package as well. The first test that needs it compiles it.
pytestmark = pytest.mark.xdist_group("typescript")

_MADE_BY_CONSTRUCT: Final = {"ServiceToken"}
_GETTERS: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "java": ("{}Props.java", lambda name: rf" get{name}\(\)"),
    "dotnet": ("{}Props.cs", lambda name: rf" {name}\n"),
    "go": ("{}Props.go", lambda name: rf"^\t{name} "),
}


@pytest.fixture(scope="module")
def package() -> Path:
    return compiled()


def test_its_own_tests_pass(package: Path) -> None:
    output = run("test")

    written = (package / "test" / "phone-number.test.ts").read_text().count("\ntest(")
    assert f"pass {written}\n" in output
    assert "fail 0\n" in output


@pytest.mark.parametrize("language", _GETTERS)
@pytest.mark.parametrize("resource_type", RESOURCE_TYPES)
def test_every_property_is_typed(language: str, resource_type: str, package: Path) -> None:
    del package
    file_name, pattern = _GETTERS[language]
    (source,) = (PACKAGES / language).rglob(file_name.format(resource_type.removeprefix("Custom::")))
    text = source.read_text()

    names = {each.name for each in RESOURCE_TYPES[resource_type]} - _MADE_BY_CONSTRUCT
    assert {name for name in names if not re.search(pattern(name), text, re.MULTILINE)} == set()


def test_the_archive_for_npm_is_whole(package: Path) -> None:
    (path,) = (PACKAGES / "js").glob("*.tgz")
    with tarfile.open(path) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}

    expected = {f"lib/{each.stem}{end}" for each in (package / "src").iterdir() for end in (".js", ".d.ts")}
    assert names == expected | {".jsii", "package.json", "README.md", "LICENSE"}


def test_the_version_is_that_of_the_library() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert json.loads((ROOT / "typescript" / "package.json").read_text())["version"] == version


def test_the_attributes_are_those_of_the_reference() -> None:
    section = (ROOT / "docs" / "cloudformation.md").read_text().split("## Return values\n")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    source = (ROOT / "typescript" / "src" / "phone-number.ts").read_text()

    # The ARN is what Ref returns.
    assert set(re.findall(r"getAtt\('(\w+)'\)", source)) | {"PhoneNumberArn"} == documented


def test_the_generated_properties_are_in_camel_case() -> None:
    source = (ROOT / "typescript" / "src" / "properties.ts").read_text()
    declared = set(re.findall(r"readonly (\w+)\??:", source))

    names = {each.name for rows in RESOURCE_TYPES.values() for each in rows} - _MADE_BY_CONSTRUCT
    assert declared == {camel_case(name) for name in names}


def test_the_tools_are_pinned() -> None:
    tools = json.loads((ROOT / "typescript" / "package.json").read_text())["devDependencies"]
    lock = json.loads((ROOT / "typescript" / "package-lock.json").read_text())["packages"]

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in tools.values())
    assert lock[""]["devDependencies"] == tools
    assert [name for name, each in lock.items() if name and "integrity" not in each and not each.get("inBundle")] == []


def test_the_cdk_comes_with_its_python_package() -> None:
    lock = (ROOT / "typescript" / "package-lock.json").read_text()

    packages = json.loads(with_carried(lock))["packages"]

    # If this fails after an update of the CDK for Python, update it in typescript/package.json as well.
    resolved = {name: each["resolved"] for name, each in packages.items() if "resolved" in each}
    assert set(resolved) == {"node_modules/aws-cdk-lib", "node_modules/constructs"}
    assert all(Path(path.removeprefix("file:")).is_file() for path in resolved.values())


def test_what_is_compiled_is_compiled_again_only_after_a_change(package: Path) -> None:
    written = (package / "lib" / "index.js").stat().st_mtime_ns

    compiled()

    assert (package / "lib" / "index.js").stat().st_mtime_ns == written
