"""Progress on standard error, while the command waits for Amazon Connect's throttle."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

_T = TypeVar("_T")


class Watch:
    """Shows what is being read, and how much of it is done."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress

    def over(self, items: Sequence[_T], text: str) -> Iterator[_T]:
        """Yield the items, and show how many are done."""
        if self._progress is None or not items:
            yield from items
            return
        task = self._progress.add_task(text, total=len(items))
        for item in items:
            yield item
            self._progress.advance(task)
        self._progress.remove_task(task)

    @contextmanager
    def reading(self, text: str) -> Generator[None]:
        """Show that something is being read for as long as it takes."""
        if self._progress is None:
            yield
            return
        task = self._progress.add_task(text, total=None)
        try:
            yield
        finally:
            self._progress.remove_task(task)


@contextmanager
def watch() -> Generator[Watch]:
    """Return a watch that shows its progress if standard error is a terminal, and nothing otherwise."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Watch()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Watch(progress)
