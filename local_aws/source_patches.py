"""Runs a Python program in which some modules are imported as patch files change them.

The patches in ``local_aws/upstream`` are written for MiniStack's maintainers. Until a release has them, the launcher
runs MiniStack with the very same files, so that what is sent upstream is what our tests have run, and nothing is
written twice. Nothing is changed on disk.

The program runs in MiniStack's own environment, so this module imports nothing else of the project:

    python local_aws/source_patches.py PATCHES PROGRAM [ARGUMENT ...]

A patch that does not fit exactly, because MiniStack has changed, stops the program before it starts.
"""

import re
import runpy
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

_FILE: Final = re.compile(r"^diff --git a/(?P<path>\S+) b/\S+\n", re.MULTILINE)
_HUNK: Final = re.compile(r"^@@ .*\n", re.MULTILINE)


class PatchError(Exception):
    """A patch does not fit the source."""


class Hunk:
    """One place that a patch changes.

    Parameters
    ----------
    text : str
        The hunk's lines after the one that begins with ``@@``.
    """

    def __init__(self, text: str) -> None:
        lines = [line for line in text.splitlines(keepends=True) if line[0] in " -+"]
        self._before = "".join(line[1:] for line in lines if line[0] != "+")
        self._after = "".join(line[1:] for line in lines if line[0] != "-")

    def applied_to(self, source: str) -> str:
        """Return the changed source.

        Raises
        ------
        PatchError
            If the source has the hunk's old lines not exactly once.
        """
        if source.count(self._before) != 1:
            raise PatchError(f"these lines occur {source.count(self._before)} times instead of once:\n{self._before}")
        return source.replace(self._before, self._after)


def hunks_of(patches: Sequence[str]) -> dict[str, list[Hunk]]:
    """Return what patches change, by the name of the module. The patches' tests are left out.

    Parameters
    ----------
    patches : Sequence[str]
        Texts of patch files as ``git diff`` writes them, in the order in which they apply.
    """
    hunks: dict[str, list[Hunk]] = {}
    for patch in patches:
        _, *files = _FILE.split(patch)
        for path, changes in zip(files[::2], files[1::2], strict=True):
            if not path.startswith("tests/"):
                module = path.removesuffix(".py").replace("/", ".")
                hunks.setdefault(module, []).extend(Hunk(text) for text in _HUNK.split(changes)[1:])
    return hunks


class PatchingFinder(MetaPathFinder):
    """Finds the modules that patches change.

    Parameters
    ----------
    hunks : Mapping[str, Sequence[Hunk]]
        The changes, by the name of the module.
    """

    def __init__(self, hunks: Mapping[str, Sequence[Hunk]]) -> None:
        self._hunks = hunks

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a module, if a patch changes it."""
        hunks = self._hunks.get(fullname)
        spec = None if hunks is None else PathFinder.find_spec(fullname, path, target)
        if hunks is None or spec is None or spec.origin is None:
            return None
        spec.loader = _PatchingLoader(fullname, spec.origin, hunks)
        return spec


class _PatchingLoader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, hunks: Sequence[Hunk]) -> None:
        super().__init__(fullname, path)
        self._hunks = hunks

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - a loader's method
        # Not the inherited method, which would load and store the compiled file of the unchanged source.
        source = Path(self.path).read_text(encoding="utf-8")
        for hunk in self._hunks:
            source = hunk.applied_to(source)
        return compile(source, self.path, "exec", dont_inherit=True)


def main() -> None:
    """Run the program that the command line names."""
    _, folder, *sys.argv = sys.argv
    patches = sorted(Path(folder).glob("*.patch"))
    finder = PatchingFinder(hunks_of([patch.read_text(encoding="utf-8") for patch in patches]))
    sys.meta_path.insert(0, finder)
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except PatchError as error:
        sys.exit(f"a patch of {folder} does not fit: {error}")


if __name__ == "__main__":
    main()
