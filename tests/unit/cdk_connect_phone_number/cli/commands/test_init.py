"""The app that ``init`` makes. tests/end_to_end/test_own_app.py deploys it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cdk_connect_phone_number.cli.application import application
from cdk_connect_phone_number.cli.commands import init
from cdk_connect_phone_number.cli.exit_codes import ExitCode
from cdk_connect_phone_number.cli.installed_from import Requirement
from docs.tools.pages import ROOT
from local_aws.launcher import INSTANCE_ARN


@pytest.fixture(autouse=True)
def requirement(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Requirement:
    wheel = tmp_path / "numbers-0.1.0-py3-none-any.whl"
    wheel.write_text("a wheel")
    found = Requirement(wheel=wheel)
    monkeypatch.setattr(init, "installed_from", lambda: found)
    return found


def make(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(application, ["init", str(folder), *options])


def test_all_files_are_made_and_the_wheel_is_copied(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "my-app"

    result = make(folder)

    assert result.exit_code == ExitCode.OK, result.output
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        ".gitignore",
        "README.md",
        "app.py",
        "cdk.json",
        "number_stack.py",
        "package.json",
        "requirements-dev.txt",
        "requirements.txt",
        "tests/test_number_stack.py",
        "wheels/numbers-0.1.0-py3-none-any.whl",
    ]
    assert (folder / "requirements.txt").read_text() == "./wheels/numbers-0.1.0-py3-none-any.whl\n"
    assert "./wheels/numbers-0.1.0-py3-none-any.whl[local]\n" in (folder / "requirements-dev.txt").read_text()
    assert 'NumberStack(app, "my-app")' in (folder / "app.py").read_text()
    assert f"cd {folder}\n" in result.output


def test_nothing_is_copied_if_the_package_came_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init, "installed_from", lambda: Requirement("==0.1.0"))

    make(tmp_path / "my-app")

    assert (tmp_path / "my-app" / "requirements.txt").read_text() == "cdk-connect-phone-number==0.1.0\n"
    assert not (tmp_path / "my-app" / "wheels").exists()


def test_the_target_is_the_local_instance_or_what_is_given(tmp_path: Path) -> None:
    make(tmp_path / "local")
    make(tmp_path / "other", "--target-arn", "arn:of:another")

    def target(name: str) -> str:
        return str(json.loads((tmp_path / name / "cdk.json").read_text())["context"]["target_arn"])

    assert (target("local"), target("other")) == (INSTANCE_ARN, "arn:of:another")


def test_the_cdk_cli_is_the_one_of_this_repository(tmp_path: Path) -> None:
    make(tmp_path / "my-app")

    made = json.loads((tmp_path / "my-app" / "package.json").read_text())
    assert made["devDependencies"] == {
        "aws-cdk": json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    }


def test_the_code_has_the_style_of_this_repository(tmp_path: Path) -> None:
    folder = tmp_path / "my-app"
    make(folder)
    rules = ["--isolated", "--line-length", "120"]

    for arguments in (["format", "--check", *rules], ["check", "--select", "B,E,F,I,UP", *rules]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "."],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["1app", "my_app", "app.1"])
def test_a_folder_whose_name_no_stack_can_have(tmp_path: Path, name: str) -> None:
    result = make(tmp_path / name)

    assert result.exit_code == ExitCode.PROBLEM
    assert result.stderr == (
        f"Error: {name!r} cannot be the name of a stack: a letter, and then letters, digits and hyphens. "
        "Name another folder, for example my-numbers.\n"
    )
    assert not (tmp_path / name).exists()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "my-app"
    folder.mkdir()
    (folder / "app.py").write_text("mine")

    result = make(folder)

    assert result.exit_code == ExitCode.PROBLEM
    assert result.stderr == f"Error: {folder} is not empty. Name another folder, for example {folder}-2.\n"
    assert [path.name for path in folder.iterdir()] == ["app.py"]
    assert (folder / "app.py").read_text() == "mine"


def test_local_aws_in_a_clone_is_make_local_aws() -> None:
    result = CliRunner().invoke(application, ["local-aws"])

    assert result.exit_code == ExitCode.PROBLEM
    assert result.stderr == "Error: this is a clone of the repository. Run here: make local-aws\n"
