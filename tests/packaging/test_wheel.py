"""What ``pip install .`` gives to somebody who has no clone: built, installed and used outside the repository."""

import email.message
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest
from aws_cdk.cx_api import CloudAssembly

from cdk_connect_phone_number.cli.installed_from import requirement_of
from docs.tools.pages import ROOT, blocks

_SOURCES = (
    "cdk_connect_phone_number",
    "lambda_handlers",
    "local_aws",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
)
_HANDLER = ROOT / "lambda_handlers"
_LOCAL_AWS = ROOT / "local_aws"


@dataclass(frozen=True)
class Distribution:
    """The two archives that are published."""

    source: Path
    wheel: Path

    def names(self) -> set[str]:
        with zipfile.ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def metadata(self) -> email.message.Message:
        with zipfile.ZipFile(self.wheel) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            return Parser().parsestr(archive.read(name).decode())


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """Build the sdist from the sources, and the wheel from the sdist, as a package index and pip do."""
    folder = tmp_path_factory.mktemp("distribution")
    sources = folder / "sources"
    sources.mkdir()
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, sources / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache")
            )
        else:
            shutil.copy2(ROOT / name, sources / name)
    source = _build("sdist", sources, folder)
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    return Distribution(source, _build("wheel", folder / source.name.removesuffix(".tar.gz"), folder))


@pytest.fixture(scope="module")
def python(distribution: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has the wheel, and what it needs, and nothing of the repository."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    python = folder / "bin" / "python"
    site_packages = Path(_run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).strip())
    # What the wheel depends on is not installed a second time.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-index",
        "--no-deps",
        "--quiet",
    ]
    _run([*pip, distribution.wheel], folder)
    return python


def test_the_function_is_in_the_wheel_as_files(distribution: Distribution) -> None:
    package = "cdk_connect_phone_number"
    expected = {f"{package}/{path}" for path in _python_files(ROOT / package)}
    expected |= {f"{package}/lambda_handlers/{path}" for path in _python_files(_HANDLER)}
    expected |= {f"{package}/py.typed", f"{package}/cli/report.css", f"{package}/cli/report.js"}
    expected |= {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.template")}
    local = {path for path in _python_files(_LOCAL_AWS) if not path.startswith("demo/")}
    local |= {path.relative_to(_LOCAL_AWS).as_posix() for path in _LOCAL_AWS.glob("upstream/*.patch")}
    expected |= {f"{package}/local_aws/{path}" for path in local}

    assert {name for name in distribution.names() if ".dist-info/" not in name} == expected
    with tarfile.open(distribution.source) as archive:
        links = [member.name for member in archive.getmembers() if member.issym() or member.islnk()]
    assert links == []


def test_metadata(distribution: Distribution) -> None:
    metadata = distribution.metadata()
    description = str(metadata.get_payload())

    assert metadata["Name"] == "cdk-connect-phone-number"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in distribution.names())
    required = metadata.get_all("Requires-Dist", [])
    of_extra = {name: [one for one in required if one.endswith(f'; extra == "{name}"')] for name in ("cli", "local")}
    assert sorted(_name(line) for line in required if "extra ==" not in line) == ["aws-cdk-lib", "constructs"]
    assert sorted(map(_name, of_extra["cli"])) == ["MarkupSafe", "PyYAML", "boto3", "click", "rich"]
    # The patches for MiniStack fit only the version with which the clone's own local AWS runs.
    assert [line.split(";")[0] for line in of_extra["local"]] == [
        "cdk-connect-phone-number[cli]",
        *re.findall(r"^ministack==.*", (_LOCAL_AWS / "requirements.txt").read_text(), re.MULTILINE),
    ]
    assert metadata["Author"] == "The cdk-connect-phone-number contributors"
    assert f"## {metadata['Version']}" in description
    assert (ROOT / "CHANGELOG.md").read_text().strip() in description


def test_the_readmes_example_synthesizes_outside_the_repository(python: Path, tmp_path: Path) -> None:
    example = next(block for block in blocks("python") if block.page.name == "README.md")
    program = tmp_path / "my_number.py"
    program.write_text(example.text)

    _run([python, program], tmp_path)

    assembly = CloudAssembly(str(tmp_path / "cdk.out"))
    (stack,) = assembly.stacks
    types = [resource["Type"] for resource in stack.template["Resources"].values()]
    assert types.count("Custom::ConnectPhoneNumber") == 1
    (asset,) = [path for path in (tmp_path / "cdk.out").glob("asset.*") if path.is_dir()]
    # Only the hook's function has what plans.
    assert _python_files(asset) == {path for path in _python_files(_HANDLER) if "/planning/" not in path}
    assert all((asset / path).read_bytes() == (_HANDLER / path).read_bytes() for path in _python_files(asset))


def test_the_repository_is_not_in_that_environment(python: Path, tmp_path: Path) -> None:
    program = "import cdk_connect_phone_number as p, sys; print(p.__file__); print(*sys.path, sep='\\n')"

    location, *search_path = _run([python, "-c", program], tmp_path).splitlines()

    assert Path(location).is_relative_to(python.parent.parent)
    assert str(ROOT) not in search_path


def test_the_operators_command_runs_outside_the_repository(python: Path, tmp_path: Path) -> None:
    command = python.parent / "connect-phone-numbers"

    assert "Usage: connect-phone-numbers" in _run([command, "--help"], tmp_path)
    assert "--fail-on" in _run([command, "list", "--help"], tmp_path)
    program = "from cdk_connect_phone_number.cli import function_code; print(function_code.claim.__name__)"
    inside = "cdk_connect_phone_number.lambda_handlers.connect_phone_number.claim"
    assert _run([python, "-c", program], tmp_path).strip() == inside


def test_the_line_for_a_git_repository_installs_the_package(
    distribution: Distribution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = distribution.source.parent / "sources"
    git: list[str | Path] = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "-C", sources]
    _run([*git, "init", "--quiet"], tmp_path)
    _run([*git, "add", "--all"], tmp_path)
    _run([*git, "commit", "--quiet", "--message=All"], tmp_path)
    commit = _run([*git, "rev-parse", "HEAD"], tmp_path).strip()
    page = (ROOT / "docs" / "getting-started.md").read_text()
    line = re.search(r"`(cdk-connect-phone-number @ git\+(https://\S+)@)[0-9a-f]{40}`", page)
    assert line is not None
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"{line[1]}{commit}\n")
    # Git reads the sources instead of the address in the page.
    instead = {"COUNT": "1", "KEY_0": f"url.{sources.as_uri()}.insteadOf", "VALUE_0": line[2]}
    for name, value in instead.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)

    pip: list[str | Path] = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    _run([*pip, "--no-build-isolation", "--target", tmp_path / "installed", "-r", requirements], tmp_path)

    (record,) = (tmp_path / "installed").glob("*.dist-info/direct_url.json")
    written = requirement_of("0.1.0", json.loads(record.read_text())).line("wheels")
    assert written == requirements.read_text().strip()


def _name(requirement: str) -> str:
    return requirement.split(">")[0].split("<")[0]


def _build(kind: str, sources: Path, folder: Path) -> Path:
    # The build backend itself, in this environment: pip would fetch one from the network.
    program = f"import setuptools.build_meta as backend; print(backend.build_{kind}({str(folder)!r}))"
    return folder / _run([sys.executable, "-c", program], sources).splitlines()[-1]


def _run(command: Sequence[str | Path], folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "CDK_"))}
    # Node, for aws-cdk-lib, is beside this Python.
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment.get('PATH', '')}"
    environment["CDK_OUTDIR"] = str(folder / "cdk.out")
    environment["CDK_VALIDATION"] = "false"  # as in all tests
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _python_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
