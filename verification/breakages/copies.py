"""Copies of the handler package that can be broken without harm, and Python processes that use them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .breakage import HANDLERS, REPOSITORY, Breakage


@contextmanager
def broken_copy(breakage: Breakage | None) -> Generator[Path]:
    """Return a folder with a copy of the handlers, broken unless ``breakage`` is ``None``; it is removed afterwards.

    Raises
    ------
    PatchDoesNotFit
        The code has changed since the breakage was written.
    """
    with TemporaryDirectory(prefix="breakage-") as name:
        root = Path(name)
        # With the compiled files: those of patched files alone do not fit their sources and are not used. What some
        # process is about to compile has a longer name and may be gone in a moment.
        shutil.copytree(REPOSITORY / HANDLERS, root / HANDLERS, ignore=shutil.ignore_patterns("*.pyc.*"))
        for patch in breakage.patches if breakage is not None else ():
            patch.apply(root)
        yield root


def python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the copy in ``root`` before everything else on its path, and return what came of it."""
    return subprocess.run(
        # -P: else the folder that it is started in would come first, and with it the handlers that are not broken.
        [sys.executable, "-P", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{REPOSITORY}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
