from pathlib import Path

import pytest

from verification.breakages.forks import python


@pytest.fixture
def root(tmp_path: Path) -> Path:
    package = tmp_path / "lambda_handlers"
    package.mkdir()
    (package / "__init__.py").write_text("NAME = 'the copy'\n")
    return tmp_path


def _program(root: Path, text: str) -> str:
    (root / "program_of_test.py").write_text(text)
    return "program_of_test"


def test_the_copy_comes_before_the_handlers(root: Path) -> None:
    done = python(root, _program(root, "import lambda_handlers, sys\nprint(lambda_handlers.NAME, *sys.argv[1:])"), "a")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the copy a\n", "")


def test_a_run_leaves_nothing_to_the_next(root: Path) -> None:
    program = _program(root, "import sys\nprint(hasattr(sys, 'left'))\nsys.left = True")
    assert [python(root, program).stdout for _ in range(2)] == ["False\n", "False\n"]


@pytest.mark.parametrize(
    ("end", "code", "error"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('said')", 1, "said"),
        ("raise KeyboardInterrupt", 1, "KeyboardInterrupt"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
    ],
)
def test_how_it_ended_is_told(root: Path, end: str, code: int, error: str) -> None:
    done = python(root, _program(root, end))
    assert done.returncode == code
    assert error in done.stderr
