"""Measures the CPU time of whole processes, alternating, so that a busy machine bends neither of the two."""

import io
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from docs.tools.pages import ROOT
from docs.tools.sections import write_section

PAGE: Final = ROOT / "docs" / "performance.md"
NUMBERS: Final = 200
_FUNCTION: Final = ROOT / "lambda_handlers"
_APP: Final = Path(__file__).with_name("synth_app.py")
_CLIENTS: Final = ("connect", "dynamodb")
"""The clients that a Create and a Delete need. A sweep without due work needs only DynamoDB's."""
_OWN_START: Final = (
    "from connect_phone_number import handler; world = handler._dependencies();"
    "world.connect.meta; world.store._client.meta"
)
_PLAIN_START: Final = f"import boto3; clients = [boto3.client(name) for name in {_CLIENTS!r}]"


@dataclass(frozen=True)
class Comparison:
    """The least CPU time of two processes, each run several times.

    Parameters
    ----------
    what
        What was compared.
    own
        CPU seconds of the process with this project's code.
    other
        CPU seconds of the process with which it is compared.
    goal
        How many times the other's CPU time the own may be.
    """

    what: str
    own: float
    other: float
    goal: float

    @property
    def ratio(self) -> float:
        """The own CPU time as a multiple of the other's."""
        return self.own / self.other

    def line(self) -> str:
        """Return a row of the table."""
        return f"| {self.what} | {self.own:.2f} | {self.other:.2f} | {self.ratio:.2f} | {self.goal:.2f} |"


def start(runs: int) -> Comparison:
    """Compare the function's start with that of a program that imports boto3 and makes the same clients."""
    what = f"the function's start, against boto3 with the clients {' and '.join(_CLIENTS)}"
    own, other = _least(runs, ["-c", _OWN_START], ["-c", _PLAIN_START])
    return Comparison(what, own, other, goal=1.05)


def synth(runs: int, count: int = NUMBERS) -> Comparison:
    """Compare the synth of many numbers and their provider with that of as many L1 constructs."""
    with tempfile.TemporaryDirectory() as folder:
        own, other = _least(runs, *([str(_APP), kind, str(count), folder] for kind in ("own", "native")))
        what = f"synth of {count} `PhoneNumber` and their provider, against {count} `CfnPhoneNumber`"
        return Comparison(what, own, other, goal=1.25)


def asset_bytes() -> int:
    """Return the size of the function's code as a ZIP file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(_FUNCTION.rglob("*.py")):
            archive.write(path, path.relative_to(_FUNCTION))
    return packed.tell()


def report(*, writes: bool, runs: int = 5) -> bool:
    """Print the comparisons, and write them to the documents if asked. Return whether the start meets its goal.

    The synth does not meet its goal yet; the documents say why.
    """
    compared = [start(runs), synth(runs)]
    text = "\n".join(
        [
            "| Compared | CPU, s | other, s | ratio | goal |",
            "|---|---:|---:|---:|---:|",
            *(comparison.line() for comparison in compared),
        ]
    )
    text += f"\n\nThe function's code has {asset_bytes() / 1024:.0f} KiB as a ZIP file."
    sys.stdout.write(f"{text}\n\n")
    if writes:
        write_section(PAGE, "Start, synth, and package", f"`make bench`: the least CPU time of {runs} runs.\n\n{text}")
    return compared[0].ratio <= compared[0].goal


def _least(runs: int, *programs: Sequence[str]) -> list[float]:
    times: list[list[float]] = [[] for _ in programs]
    for _ in range(runs):
        for program, found in zip(programs, times, strict=True):
            found.append(_cpu_seconds(program))
    return [min(found) for found in times]


def _cpu_seconds(program: Sequence[str]) -> float:
    """Return the CPU time of a Python program and the processes that it has started and awaited."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(_FUNCTION))),
        "AWS_DEFAULT_REGION": "us-east-1",
        "LEDGER_TABLE_NAME": "table",
        "PROVIDER_ID": "provider",
    }
    subprocess.run([sys.executable, *program], env=environment, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
