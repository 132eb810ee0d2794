"""Copies of the handler package that can be broken safely."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .breakage import HANDLERS, REPOSITORY, Breakage


@contextmanager
def broken_copy(breakage: Breakage | None) -> Generator[Path]:
    """Yield a folder with a copy of the handlers, broken unless ``breakage`` is ``None``. Remove the folder afterwards.

    Raises
    ------
    PatchDoesNotFit
        The code has changed since the breakage was written.
    """
    with TemporaryDirectory(prefix="breakage-") as name:
        root = Path(name)
        # Copy the compiled files too: Python ignores only those of patched files, which no longer fit their sources.
        # A process that is compiling writes files with longer names, which can disappear at any moment: leave them out.
        shutil.copytree(REPOSITORY / HANDLERS, root / HANDLERS, ignore=shutil.ignore_patterns("*.pyc.*"))
        for patch in breakage.patches if breakage is not None else ():
            patch.apply(root)
        yield root
