"""The demo's messages while it runs."""

import time
from collections.abc import Callable
from typing import TextIO


class DemoFailedError(Exception):
    """A check failed. The text says what was expected and what was found."""


class Narrator:
    """Writes steps and findings, with the time since the start.

    Parameters
    ----------
    output : TextIO
        The stream to write to.
    clock : Callable[[], float]
        Returns the time in seconds. Default ``time.monotonic``.
    """

    def __init__(self, output: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._output = output
        self._clock = clock
        self._start = clock()

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return self._clock() - self._start

    def step(self, index: int, count: int, title: str) -> None:
        """Begin a step."""
        self._write(f"\n[{index:>2}/{count}] {self.elapsed():5.1f} s  {title}")

    def say(self, text: str) -> None:
        """Write a message that needs no check."""
        self._write(f"          {text}")

    def check(self, holds: bool, finding: str, otherwise: str) -> None:
        """Write a finding if it holds.

        Parameters
        ----------
        holds : bool
            Whether the finding holds.
        finding : str
            The message to write if it holds.
        otherwise : str
            What was found instead.

        Raises
        ------
        DemoFailedError
            With ``otherwise``, if the finding does not hold.
        """
        if not holds:
            raise DemoFailedError(otherwise)
        self.confirm(finding)

    def confirm(self, finding: str) -> None:
        """Write a finding that has already been checked."""
        self._write(f"        ✓ {finding}")

    def end(self, text: str) -> None:
        """Write how the demo ended."""
        self._write(f"\n        {self.elapsed():5.1f} s  {text}")

    def _write(self, line: str) -> None:
        # The CLI writes to the same terminal. Flush, so that its lines do not come before these.
        print(line, file=self._output, flush=True)
