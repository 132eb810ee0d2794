"""Compiles the TypeScript package and its tests in ``build/typescript``, where the Makefile has installed its tools.

Not in place, because the linters of this repository would read the Python files of the packages from npm.
``python -m typescript.build`` is a part of ``make package``. It also makes the package for npm, and the sources of
those for Java, .NET and Go.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from docs.tools.pages import ROOT, blocks

BUILD: Final = ROOT / "build" / "typescript"
"""The package's folder, with what was made from it."""
PACKAGES: Final = BUILD / "dist"
"""The packages that ``make_packages`` makes, in a folder for each language."""
EXAMPLE: Final = BUILD / "build" / "example.js"
"""The app of ``docs/without-python.md``, compiled. It writes its cloud assembly to ``cdk.out``."""

_SOURCE: Final = ROOT / "typescript"
_DONE: Final = BUILD / ".built"
_NPM: Final = Path("..") / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def compiled() -> Path:
    """Return the package's folder after it was compiled with its tests and the example, unless it already was.

    Raises
    ------
    RuntimeError
        If its tools are not installed, or if it does not compile. The text is the compiler's.
    """
    if not (BUILD / "node_modules" / ".bin" / "jsii").exists():
        raise RuntimeError("The tools of the TypeScript package are not installed; run: make set-up")
    # Several test processes may want it at the same time.
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = _state()
        if not _DONE.exists() or _DONE.read_text() != state:
            _copy()
            run("build")
            run("compile-tests")
            make_packages()
            _DONE.write_text(state)
    return BUILD


def make_packages() -> None:
    """Make the package for npm, and the sources of those for Java, .NET and Go."""
    shutil.rmtree(PACKAGES, ignore_errors=True)
    run("package")


def run(script: str) -> str:
    """Run a script of ``package.json`` and return its output.

    Raises
    ------
    RuntimeError
        If it fails. The text is its output.
    """
    node = Path(sys.executable).parent / "node"
    npm = node.resolve().parent / _NPM
    done = subprocess.run(  # noqa: S603 - the package's own scripts
        [node, npm, "run", "--silent", script],
        cwd=BUILD,
        env={**os.environ, "PATH": f"{node.parent}:{os.environ.get('PATH', '')}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"npm run {script}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _copy() -> None:
    for name in ("src", "test", "lib", "build", "tsconfig.json"):
        path = BUILD / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for name in ("src", "test"):
        shutil.copytree(_SOURCE / name, BUILD / name)
    for path in (_SOURCE / "package.json", _SOURCE / "README.md", ROOT / "LICENSE"):
        shutil.copy2(path, BUILD)
    (BUILD / "test" / "example.ts").write_text(_example())


def _example() -> str:
    (example,) = blocks("typescript")
    return example.text


def _state() -> str:
    paths = sorted(path for path in _SOURCE.rglob("*") if path.is_file() and path.suffix in (".ts", ".json", ".md"))
    content = b"".join(path.read_bytes() for path in paths)
    return hashlib.sha256(content + _example().encode()).hexdigest()


if __name__ == "__main__":
    try:
        compiled()
    except RuntimeError as error:
        sys.exit(str(error))
