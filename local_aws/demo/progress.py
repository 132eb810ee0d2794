"""What the demo shows while it waits: on a terminal, in a file, and in a recording.

On a terminal, the lines of the CDK CLI scroll in a few rows below the current step, and the last row says what the demo
waits for. When the CLI is done, its lines fold to one. In a file, every line stays, nothing moves the cursor, and a
line says what the demo waits for whenever nothing else was written for a while.
"""

import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

INDENT: Final = 10
"""The width of the column that holds the number of a step and the mark of a finding."""

_ALL_LINES: Final = "make demo | cat shows them"
_FIRST_BEAT_SECONDS: Final = 2.0
_BEAT_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5
_PANE_ROWS: Final = 8
_OTHER_ROWS: Final = 6
_FRAMES_PER_SECOND: Final = 8
_EVENT_FIELDS: Final = 6
_LOGICAL_ID: Final = re.compile(r" \(\w+\)")


@dataclass(frozen=True)
class _Wait:
    what: str
    since: float


class Progress:
    """What is awaited, and the lines of the program that runs. A ``with`` statement shows it.

    This class itself shows nothing but that a program has ended. It is the progress of a recording.

    Parameters
    ----------
    console : Console
        Where it is shown.
    clock : Callable[[], float]
        Returns the time in seconds. Default ``time.monotonic``.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self._clock = clock
        self._wait: _Wait | None = None
        self._lines: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Show nothing any more."""

    @contextmanager
    def awaiting(self, what: str) -> Generator[None]:
        """Show what the demo waits for, and for how long already.

        Parameters
        ----------
        what : str
            A noun, which follows "waiting for".
        """
        outer = self._wait
        self._wait = _Wait(what, self._clock())
        try:
            yield
        finally:
            self._wait = outer

    def begin_step(self, index: int, count: int, title: str) -> None:
        """Take note of the current step."""

    def wrote(self) -> None:
        """Take note that something was written."""

    def line(self, text: str) -> None:
        """Show a line of the program that runs."""
        self._lines.append(text)

    def end_program(self, name: str, *, succeeded: bool) -> None:
        """Fold the program's lines to one if it has succeeded, and write all of them otherwise."""
        lines, self._lines = self._lines, []
        if succeeded:
            self.console.print(Text(f"{'':{INDENT}}{name}: {len(lines)} lines, folded ({_ALL_LINES})", style="dim"))
            return
        for line in lines:
            self.console.print(Text(line), soft_wrap=True)


class PlainProgress(Progress):
    """Progress for a file or a pipe: lines, and no control characters."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._quiet_since = clock()
        self._told = ""
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()

    def wrote(self) -> None:
        """Take note that something was written, so that the next beat is two seconds away."""
        self._quiet_since = self._clock()
        self._told = ""

    def line(self, text: str) -> None:
        """Write a line of the program as it is. A file has room for long lines."""
        self.console.print(Text(text), soft_wrap=True)
        self.wrote()

    def end_program(self, name: str, *, succeeded: bool) -> None:
        """Say nothing: all lines are there."""

    def beat(self) -> None:
        """Write what is awaited if nothing was written for two seconds, or for five if that was the last line."""
        wait, now = self._wait, self._clock()
        if wait is None:
            return
        if now - self._quiet_since < (_BEAT_SECONDS if self._told == wait.what else _FIRST_BEAT_SECONDS):
            return
        self.console.print(
            Text(f"{'…':>{INDENT - 1}} waiting for {wait.what}, {now - wait.since:.0f} s", style="dim"), soft_wrap=True
        )
        self._quiet_since = now
        self._told = wait.what

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            self.beat()


class TerminalProgress(Progress):
    """Progress for a terminal: the latest lines, and below them what is awaited."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._step: tuple[str, _Wait] | None = None
        self._spinner = Spinner("dots")
        # Another thread calls ``screen``, whenever it is time for the next frame.
        self._live = Live(
            get_renderable=self.screen, console=console, transient=True, refresh_per_second=_FRAMES_PER_SECOND
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._step = self._wait = None
        self._lines = []
        self._live.stop()

    def begin_step(self, index: int, count: int, title: str) -> None:
        """Take note of the current step, which the last row names."""
        self._step = f"step {index} of {count}", _Wait(title, self._clock())

    def screen(self) -> RenderableType:
        """Return what is below the findings at this moment."""
        if self._step is None:
            return Text()
        label, step = self._step
        wait, now = self._wait, self._clock()
        doing = f"waiting for {wait.what}" if wait else step.what
        status = Text.assemble(
            " " * (INDENT - 2),
            str(self._spinner.render(now)),
            (f" {now - (wait or step).since:.0f} s", "bold"),
            (f"  {label}: {doing}", "dim"),
        )
        rows = max(1, min(_PANE_ROWS, self.console.height - _OTHER_ROWS))
        shown = [_pane_row(line) for line in list(self._lines) if line.strip()][-rows:]
        # Cut, not wrapped: a pane that changes its height with each line cannot be read.
        status.no_wrap, status.overflow = True, "ellipsis"
        return Group(*shown, status)


def progress_for(console: Console) -> Progress:
    """Return the progress that fits where the console writes to.

    ``FORCE_COLOR`` and ``NO_COLOR`` are about color only. Whether the cursor may move depends on the terminal.
    """
    if console.file.isatty() and not console.is_dumb_terminal:
        return TerminalProgress(console)
    return PlainProgress(console)


def _pane_row(line: str) -> Text:
    """Return a line of the CLI for the pane. An event loses its stack, time, type and logical ID, to fit 80 columns."""
    fields = [field.strip() for field in line.split(" | ", _EVENT_FIELDS - 1)]
    if len(fields) < _EVENT_FIELDS:
        text = Text(f"{'':{INDENT}}{line}", style="dim")
    else:
        _, count, _, status, _, resource = fields
        style = "red" if "FAILED" in status else "green" if status.endswith("COMPLETE") else "cyan"
        text = Text.assemble(
            f"{'':{INDENT}}", (f"{count:>5} ", "dim"), (f" {status:<18}  ", style), _LOGICAL_ID.sub("", resource)
        )
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
