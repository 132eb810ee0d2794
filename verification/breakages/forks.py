"""Runs modules in forks of a process that has already imported what does not depend on the handlers.

A hunt often plays one scenario only. Its process would spend most of its time on importing the same libraries as every
other one.
"""

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import get_ident
from typing import Final, NoReturn

from .breakage import HANDLERS, REPOSITORY

_PRELOADED: Final = ("boto3", "botocore.config", "greenlet", "local_aws.connect_emulator", "pytest")
_ENVIRONMENT: Final = {
    "PYTHONPATH": str(REPOSITORY),
    "PYTHONDONTWRITEBYTECODE": "1",
    # None of the plugins is needed, and they take half of a short run.
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
_STDOUT: Final = "stdout"
_STDERR: Final = "stderr"


class Forks:
    """The process that forks. It ends when this one ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            # -P: otherwise the working folder would come first on the path, and with it the unbroken handlers.
            [sys.executable, "-P", "-m", __name__],
            cwd=REPOSITORY,
            env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._end)

    def run(self, root: Path, module: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a module with the copy of the handlers in ``root`` first on the path, and return how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with TemporaryDirectory(prefix="fork-") as output:
            job = {"root": str(root), "module": module, "arguments": arguments, "output": output}
            self._process.stdin.write(f"{json.dumps(job)}\n")
            self._process.stdin.flush()
            code = self._process.stdout.readline()
            if not code:
                raise RuntimeError("the process that forks has ended")
            stdout, stderr = ((Path(output) / name).read_text() for name in (_STDOUT, _STDERR))
        return subprocess.CompletedProcess([module, *arguments], int(code), stdout, stderr)

    def _end(self) -> None:
        self._process.communicate()


def python(root: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module with the copy of the handlers in ``root`` first on the path, and return how it ended."""
    return _forks_of(get_ident()).run(root, module, arguments)


@cache
def _forks_of(thread: int) -> Forks:  # noqa: ARG001 - each thread has one of its own, so that two can hunt at once
    return Forks()


def main() -> None:
    """Run what the lines of the standard input tell, one after the other, and print the exit code of each."""
    for name in _PRELOADED:
        import_module(name)
    if HANDLERS in sys.modules:
        raise SystemExit("the handlers themselves are already imported, so a copy of them would be ignored")
    gc.freeze()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _run(**json.loads(line))
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(root: str, module: str, arguments: list[str], output: str) -> NoReturn:
    """Run a module in this process, which is a fork, and end."""
    for descriptor, name in ((1, _STDOUT), (2, _STDERR)):
        os.dup2(os.open(f"{output}/{name}", os.O_WRONLY | os.O_CREAT), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.path.insert(0, root)
    sys.argv[1:] = arguments
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(end.code)
    except BaseException:
        # Whatever it was, this process must not go on as if it were the one that forks.
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
