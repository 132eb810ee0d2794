"""The result on standard output: as a table, as JSON or as CSV. All else goes to standard error."""

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from .function_code import timing
from .problems import Finding

FORMAT_VERSION: Final = 1
"""The version of the JSON documents. It changes if a field is removed or gets another meaning."""
_SHORT_ID: Final = 8
_SVG_WIDTH: Final = 88
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def write_json(document: Mapping[str, Any], now: float, findings: Iterable[Finding]) -> None:
    """Write a document, with the time at which it was true and what could not be read."""
    whole = {
        "version": FORMAT_VERSION,
        "generated_at": timing.date_of(now),
        **document,
        "findings": [
            {"account": one.account, "region": one.region, "text": one.text, "is_unread": one.is_unread}
            for one in findings
        ],
    }
    sys.stdout.write(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


def write_csv(fields: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows, with the names of the fields in the first line. A field that is not known is empty."""
    writer = csv.DictWriter(sys.stdout, fields, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(row[name]) for name in fields})


def console() -> Console:
    """Return the console for tables on standard output."""
    return Console(highlight=False)


def new_table(title: str = "") -> Table:
    """Return an empty table in the command's style, which leaves room for text on 80 columns."""
    return Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)


def drawn(shown: RenderableType, title: str, width: int = _SVG_WIDTH) -> str:
    """Return what a terminal would show as an SVG, which loads nothing from the network.

    Parameters
    ----------
    title
        What stands on the window's frame.
    width
        The terminal's width in columns. Default 88.
    """
    drawing = Console(record=True, width=width, file=StringIO(), highlight=False, force_terminal=True)
    drawing.print(shown)
    # Without the fonts, which a viewer would have to load.
    return _FONT_FACE.sub("", drawing.export_svg(title=title))


def plain(text: str) -> str:
    """Return text as a terminal shows it literally: it is no markup, and has no control characters.

    Descriptions in Connect are anybody's text. Escape sequences in them could clear the screen or forge a line.
    """
    return escape("".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text))


def write_findings(findings: Iterable[Finding]) -> None:
    """Write what a person must know besides the result to standard error."""
    errors = Console(stderr=True, highlight=False)
    for one in findings:
        errors.print(f"[bold yellow]![/] {plain(f'{one.account} {one.region}: {one.text}')}", soft_wrap=True)


def short_arn(arn: str) -> str:
    """Return what a table shows of an ARN: the kind of resource and the begin of its id."""
    kind, _, name = arn.rpartition(":")[2].rpartition("/")
    return f"{kind.rpartition('/')[2]} {name[:_SHORT_ID]}" if name else arn


def day(seconds: float) -> str:
    """Return the day of a time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, for example ``1 number`` or ``2 numbers``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def amount(price: Decimal | None) -> str | None:
    """Return an amount of money as text, because a JSON number would not keep its digits."""
    return None if price is None else str(price)


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value
