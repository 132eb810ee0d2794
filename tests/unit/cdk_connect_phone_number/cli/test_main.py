"""The entry point: what it needs, what it imports, and what it says without the extra."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cdk_connect_phone_number.cli import main as entry
from cdk_connect_phone_number.cli.application import application
from cdk_connect_phone_number.cli.exit_codes import ExitCode
from docs.tools.pages import ROOT


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_does_not_import_the_cdk() -> None:
    program = (
        "import json, sys\n"
        "import cdk_connect_phone_number.cli.application\n"
        "before = sorted({'aws_cdk', 'jsii', 'constructs'} & sys.modules.keys())\n"
        "import cdk_connect_phone_number as library\n"
        "listed = set(library.__all__) <= set(dir(library))\n"
        "names = [getattr(library, name).__name__ for name in library.__all__]\n"
        "from cdk_connect_phone_number import PhoneNumber\n"
        "print(json.dumps([before, listed, names == library.__all__, 'aws_cdk' in sys.modules]))\n"
    )
    done = python("-c", program)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], True, True, True]


def test_name_that_does_not_exist() -> None:
    import cdk_connect_phone_number as library

    with pytest.raises(AttributeError, match="module 'cdk_connect_phone_number' has no attribute 'Nothing'"):
        library.Nothing  # type: ignore[attr-defined]  # noqa: B018


def test_as_a_module() -> None:
    done = python("-m", "cdk_connect_phone_number", "--help")
    assert done.returncode == 0
    assert "Usage: connect-phone-numbers" in done.stdout
    assert all(name in done.stdout for name in application.commands)


@pytest.mark.parametrize("command", sorted(application.commands))
def test_every_subcommand_has_help(command: str) -> None:
    result = CliRunner().invoke(application, [command, "--help"])
    assert result.exit_code == 0
    assert application.commands[command].help


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(entry, "_EXTRA", {"click": "click", "no_such_module": "no-such-package"})
    with pytest.raises(SystemExit) as caught:
        entry.main()
    assert caught.value.code == ExitCode.PROBLEM
    assert capsys.readouterr().err == (
        "Error: connect-phone-numbers needs no-such-package. Install the package with its extra: "
        "pip install 'cdk-connect-phone-number[cli]'\n"
    )
