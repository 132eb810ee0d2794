"""What the demo says while it runs."""

import time
from collections.abc import Callable
from typing import TextIO


class DemoFailedError(Exception):
    """A check did not hold; the text says what was expected and what was found."""


class Narrator:
    """Writes steps and findings, with the time since the beginning.

    Parameters
    ----------
    output : TextIO
        Where to.
    clock : Callable[[], float]
        Returns seconds. Default ``time.monotonic``.
    """

    def __init__(self, output: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._output = output
        self._clock = clock
        self._start = clock()

    def elapsed(self) -> float:
        """Return the seconds since the beginning."""
        return self._clock() - self._start

    def step(self, index: int, count: int, title: str) -> None:
        """Begin a step."""
        self._write(f"\n[{index:>2}/{count}] {self.elapsed():5.1f} s  {title}")

    def say(self, text: str) -> None:
        """Tell something that needs no check."""
        self._write(f"          {text}")

    def check(self, holds: bool, finding: str, otherwise: str) -> None:
        """Tell a finding that holds.

        Parameters
        ----------
        holds : bool
            Whether it does.
        finding : str
            What is then told.
        otherwise : str
            What was found instead.

        Raises
        ------
        DemoFailedError
            With ``otherwise``, where it does not hold.
        """
        if not holds:
            raise DemoFailedError(otherwise)
        self.confirm(finding)

    def confirm(self, finding: str) -> None:
        """Tell a finding that has been checked."""
        self._write(f"        ✓ {finding}")

    def end(self, text: str) -> None:
        """Tell how the demo ended."""
        self._write(f"\n        {self.elapsed():5.1f} s  {text}")

    def _write(self, line: str) -> None:
        # The CLI's own lines go to the same terminal: they must not overtake these.
        print(line, file=self._output, flush=True)
