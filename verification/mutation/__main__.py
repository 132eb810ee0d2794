"""``python -m verification.mutation``: needs mutmut, which the everyday development setup does not include."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from .survivors import read, table

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_COPIED: Final = ("lambda_handlers", "local_aws", "tests/unit/lambda_handlers", "verification")


def main() -> int:
    """Copy the needed files, run mutmut on the copy, and print the surviving changes."""
    parser = argparse.ArgumentParser(prog="python -m verification.mutation", description=__doc__)
    parser.add_argument("--processes", type=int, default=2, help="how many mutants to try at once (default: 2)")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="mutation-") as name:
        folder = Path(name)
        for part in _COPIED:
            shutil.copytree(_REPOSITORY / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(Path(__file__).parent / "pyproject.toml", folder)
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(arguments.processes)]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
        modules = read(folder / "mutants")
    for module in modules:
        for mutant, change in module.survivors.items():
            sys.stdout.write(f"{module.name} {mutant}\n{change}\n")
    sys.stdout.write(f"\n{table(modules)}\n")
    return done.returncode or int(any(module.unfinished for module in modules))


if __name__ == "__main__":
    sys.exit(main())
