"""The demo's messages while it runs."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.console import RenderableType
from rich.text import Text

from .progress import INDENT, Progress


class DemoFailedError(Exception):
    """A check failed. The text says what was expected and what was found."""


class Narrator:
    """Writes steps and findings, with the time since the start.

    Parameters
    ----------
    progress : Progress
        Shows what is awaited, and holds the console to write to.
    clock : Callable[[], float]
        Returns the time in seconds. Default ``time.monotonic``.
    """

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress = progress
        self._clock = clock
        self._start = clock()

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return self._clock() - self._start

    def step(self, index: int, count: int, title: str) -> None:
        """Begin a step."""
        self._progress.begin_step(index, count, title)
        self._write(Text())
        header = Text.assemble(
            (f"[{index:>2}/{count}]", "bold cyan"), (f" {self.elapsed():5.1f} s  ", "dim"), (title, "bold")
        )
        self._write(header)

    def awaiting(self, what: str) -> AbstractContextManager[None]:
        """Show what is awaited, a noun, within a ``with`` statement."""
        return self._progress.awaiting(what)

    def program_line(self, text: str) -> None:
        """Show a line that a program writes."""
        self._progress.line(text)

    def end_program(self, name: str, *, succeeded: bool) -> None:
        """Say that a program has ended. What it has written folds if it has succeeded."""
        self._progress.end_program(name, succeeded=succeeded)

    def say(self, text: str) -> None:
        """Write a message that needs no check."""
        self._write_indented("", text)

    def show(self, what: str | RenderableType) -> None:
        """Write a table, or what a program has written, as it is."""
        self._write(Text())
        self._write(Text(what.rstrip()) if isinstance(what, str) else what)
        self._write(Text())

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
        self._write_indented("✓", finding, "bold green")

    def end(self, text: str, *, succeeded: bool) -> None:
        """Write how the demo ended, and how long it took."""
        self._write(Text())
        mark, style = ("✓", "bold green") if succeeded else ("✗", "bold red")
        self._write_indented(mark, f"{text} ({self.elapsed():.0f} s)", style)

    def _write_indented(self, mark: str, text: str, style: str = "") -> None:
        console = self._progress.console
        rows = Text(text, overflow="fold").wrap(console, max(console.width - INDENT, 1))
        for index, row in enumerate(rows):
            row.rstrip()
            first = Text(f"{mark:>{INDENT - 1}} " if index == 0 else " " * INDENT, style=style)
            self._write(Text.assemble(first, row))

    def _write(self, what: RenderableType) -> None:
        self._progress.console.print(what, soft_wrap=isinstance(what, Text))
        self._progress.wrote()
