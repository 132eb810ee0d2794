"""The demo's last screen: what became of each number, and what to try next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table

_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Journey:
    """What Connect has seen of one number.

    Attributes
    ----------
    phone_number : str
        The number in E.164 format.
    claims : int
        How often it was claimed.
    release_tokens : tuple of str
        The client token of each release.
    released_at, cooldown_until : float
        When it was released, and until when it can be neither found nor claimed, in seconds since 1970.
    """

    phone_number: str
    claims: int
    release_tokens: tuple[str, ...]
    released_at: float
    cooldown_until: float


def summary(journeys: Sequence[Journey]) -> RenderableType:
    """Return a table of what became of the numbers."""
    # No padding: a token has 36 letters, and a terminal 80 columns.
    table = Table(box=SIMPLE_HEAD, padding=0)
    table.add_column("Number")
    table.add_column("Claimed", justify="right")
    table.add_column("Released", justify="right")
    table.add_column("Client token of the release")
    table.add_column("Cools until")
    for one in journeys:
        until = f"{datetime.fromtimestamp(one.cooldown_until, UTC):%Y-%m-%d}"
        tokens = "\n".join(one.release_tokens)
        table.add_row(one.phone_number, str(one.claims), str(len(one.release_tokens)), tokens, until)
    table.caption = (
        f"{_counted(sum(one.claims for one in journeys), 'claim')}, "
        f"{_counted(sum(len(one.release_tokens) for one in journeys), 'release')}, no number left. "
        f"Cool-down: {', '.join(sorted(_cooldowns(journeys)))} days."
    )
    table.caption_justify = "left"
    return table


def what_next() -> RenderableType:
    """Return the commands and pages to go on with."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for what, why in _NEXT:
        table.add_row(what, why)
    return table


_NEXT: Final = (
    ("make local-aws", "keep such a local AWS running, for a stack of your own"),
    ("docs/getting-started.md", "a number in your own app, step by step"),
    ("docs/lifecycle.md", "what the function promises, and what it assumes"),
    ("docs/scarcity.md", "the budget, the release delay and the pool"),
)


def _cooldowns(journeys: Iterable[Journey]) -> set[str]:
    return {str(round((one.cooldown_until - one.released_at) / _DAY_SECONDS)) for one in journeys}


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
