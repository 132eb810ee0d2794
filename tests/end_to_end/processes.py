"""The processes that a program has started, wherever they have gone."""

import contextlib
import os
import select
from pathlib import Path

MARK = "PROCESSES_OF_TEST"
"""Environment variable that marks a program and, as it is inherited, all that it starts."""


def marked_processes(mark: str) -> dict[int, str]:
    """Return the command lines of the living processes with a mark, by process id."""
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        # A process that ends meanwhile has no files any more.
        with contextlib.suppress(OSError):
            if folder.name.isdecimal() and f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(folder.name)] = command
    return found


def processes_after(mark: str, seconds: float) -> list[str]:
    """Return the command lines of the processes with a mark that are not gone within a time.

    Processes that start only while this waits count as well.
    """
    while left := marked_processes(mark):
        pid = min(left)
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            try:
                if not select.select([descriptor], [], [], seconds)[0]:
                    return list(left.values())
            finally:
                os.close(descriptor)
    return []
