"""Runs the demo: ``python -m local_aws.demo``. The exit code is 0 if every check holds."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from rich.console import Console

from local_aws.process_guard import end_with

from .play import play
from .progress import progress_for


def main() -> int:
    """Play all steps. Whatever happens, end every program that was started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    if parent := os.environ.get("LOCAL_AWS_PARENT"):
        end_with(int(parent))
    return play(progress_for(Console(highlight=False)))


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    # Raise an exception, so that the finally clauses end everything in order.
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
