"""What ``pip install .`` gives to somebody who has no clone: built, installed and used outside the repository."""

import email.message
import os
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

from docs.tools.pages import ROOT, blocks

_SOURCES = ("cdk_connect_phone_number", "lambda_handlers", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
_HANDLER = ROOT / "lambda_handlers"


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
    expected.add(f"{package}/py.typed")

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
    assert sorted(line.split(">")[0].split("<")[0] for line in metadata.get_all("Requires-Dist", [])) == [
        "aws-cdk-lib",
        "constructs",
    ]
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
    assert _python_files(asset) == _python_files(_HANDLER)
    assert all((asset / path).read_bytes() == (_HANDLER / path).read_bytes() for path in _python_files(asset))


def test_the_repository_is_not_in_that_environment(python: Path, tmp_path: Path) -> None:
    program = "import cdk_connect_phone_number as p, sys; print(p.__file__); print(*sys.path, sep='\\n')"

    location, *search_path = _run([python, "-c", program], tmp_path).splitlines()

    assert Path(location).is_relative_to(python.parent.parent)
    assert str(ROOT) not in search_path


def _build(kind: str, sources: Path, folder: Path) -> Path:
    # The build backend itself, in this environment: pip would fetch one from the network.
    program = f"import setuptools.build_meta as backend; print(backend.build_{kind}({str(folder)!r}))"
    return folder / _run([sys.executable, "-c", program], sources).splitlines()[-1]


def _run(command: Sequence[str | Path], folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "CDK_"))}
    # Node, for aws-cdk-lib, is beside this Python.
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment.get('PATH', '')}"
    environment["CDK_OUTDIR"] = str(folder / "cdk.out")
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _python_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
