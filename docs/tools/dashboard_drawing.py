"""The parts of a picture of a dashboard, as SVG that reads well at 800 pixels, in the light and in the dark."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import ceil
from typing import Final

WIDTH: Final = 800
"""Pixels of the whole picture."""
_COLUMNS: Final = 24
"""The columns of CloudWatch's grid."""
_ROW: Final = 36
"""Pixels of a row of that grid."""
_MARGIN: Final = 8
_GAP: Final = 6
_SMALL: Final = 11
_LINE: Final = 15
_LETTER: Final = 0.5
"""The width of a letter, of the size of the font. Sans-serif fonts differ little in that."""
_AXIS: Final = 34
_TICKS: Final = 4
STYLE: Final = """
text { font-family: Helvetica, Arial, sans-serif; fill: #16191f; }
.page { fill: #f2f3f3; } .widget { fill: #ffffff; stroke: #c6cbd1; } .soft { fill: #545b64; }
.strong { font-weight: bold; }
.rule { stroke: #dfe3e7; } .axis { stroke: #879596; fill: none; } .tile { fill: none; stroke: #879596; }
@media (prefers-color-scheme: dark) {
text { fill: #e9ebed; }
.page { fill: #0f141a; } .widget { fill: #161d26; stroke: #414d5c; } .soft { fill: #b4bdc7; }
.rule { stroke: #333d4b; } .axis { stroke: #8d99a8; } .tile { stroke: #8d99a8; }
}
"""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of_grid(cls, widget: Mapping[str, int]) -> "Box":
        """Return the box of a widget, which has its place in CloudWatch's grid."""
        column = (WIDTH - 2 * _MARGIN) / _COLUMNS
        return cls(
            _MARGIN + widget["x"] * column + _GAP / 2,
            _MARGIN + widget["y"] * _ROW + _GAP / 2,
            widget["width"] * column - _GAP,
            widget["height"] * _ROW - _GAP,
        )

    @property
    def bottom(self) -> float:
        """Where the box ends."""
        return self.y + self.height


@dataclass(frozen=True)
class Series:
    """A line of a graph: its label, its color, and its values by time in seconds since the epoch."""

    label: str
    color: str
    values: Mapping[float, float]

    @property
    def shown_label(self) -> str:
        """The label, with an asterisk if there is no value."""
        return self.label if self.values else f"{self.label} *"


def text(x: float, y: float, words: str, *, kind: str = "", size: float = _SMALL, anchor: str = "start") -> str:
    """Return a line of text."""
    more = f' class="{kind}"' if kind else ""
    more += "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{more}>{escape(words, quote=False)}</text>'


def frame(box: Box) -> str:
    """Return the frame of a widget."""
    return (
        f'<rect class="widget" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
        'rx="4"/>'
    )


def title(box: Box, words: str) -> str:
    """Return the title of a widget."""
    return text(box.x + 8, box.y + 17, words, kind="strong", size=12)


def values(box: Box, lines: Sequence[Series]) -> Iterator[str]:
    """Draw the latest value of each line."""
    width = (box.width - 16) / len(lines)
    for index, line in enumerate(lines):
        x = box.x + 8 + index * width
        latest = f"{line.values[max(line.values)]:g}" if line.values else "-"
        yield text(x, box.y + 60, latest, size=28)
        yield from _swatch(x, box.y + 84, line.color)
        yield text(x + 16, box.y + 88, line.shown_label)


def graph(
    box: Box, lines: Sequence[Series], begin: float, end: float, limits: Sequence[tuple[float, str, str]]
) -> Iterator[str]:
    """Draw lines between two times, and horizontal limits: each a value, a label and a color."""
    legend = list(_wrapped_legend(lines, box.width - 16))
    plot = Box(box.x + 8 + _AXIS, box.y + 30, box.width - 24 - _AXIS, box.height - 56 - _LINE * len(legend))
    highest = max([1.0, *(value for value, _, _ in limits), *(top for line in lines for top in line.values.values())])
    step = _nice(highest / 2)
    top = step * ceil(highest / step)

    def x(time: float) -> float:
        return plot.x + plot.width * (time - begin) / (end - begin)

    def y(value: float) -> float:
        return plot.bottom - plot.height * value / top

    for tick in range(ceil(top / step) + 1):
        at = y(tick * step)
        yield f'<path class="rule" d="M{plot.x:.1f},{at:.1f}H{plot.x + plot.width:.1f}"/>'
        yield text(plot.x - 5, at + 4, f"{tick * step:g}", kind="soft", anchor="end")
    yield f'<path class="axis" d="M{plot.x:.1f},{plot.bottom:.1f}H{plot.x + plot.width:.1f}"/>'
    for index in range(_TICKS):
        time = begin + (end - begin) * index / _TICKS
        day = datetime.fromtimestamp(time, UTC)
        yield text(x(time), plot.bottom + 15, f"{day:%b} {day.day}", kind="soft")
    for value, label, color in limits:
        yield (
            f'<path d="M{plot.x:.1f},{y(value):.1f}H{plot.x + plot.width:.1f}" stroke="{color}" stroke-width="1.5" '
            'stroke-dasharray="5 4" fill="none"/>'
        )
        yield text(plot.x + plot.width, y(value) - 4, label, anchor="end")
    for line in lines:
        if line.values:
            path = " ".join(f"{x(time):.1f},{y(value):.1f}" for time, value in sorted(line.values.items()))
            yield f'<polyline points="{path}" stroke="{line.color}" stroke-width="1.8" fill="none"/>'
    for row, entries in enumerate(legend):
        at = plot.bottom + 32 + _LINE * row
        for offset, line in entries:
            yield from _swatch(box.x + 8 + offset, at - 4, line.color)
            yield text(box.x + 24 + offset, at, line.shown_label)


def tiles(box: Box, names: Sequence[str]) -> Iterator[str]:
    """Draw a tile for each alarm. Which state an alarm has, only CloudWatch knows."""
    width = (box.width - 16) / len(names)
    for index, name in enumerate(names):
        x = box.x + 8 + index * width
        yield f'<rect class="tile" x="{x:.1f}" y="{box.y + 30:.1f}" width="{width - 6:.1f}" height="44" rx="4"/>'
        words = re.findall(r"[A-Z][a-z]+", name)
        half = ceil(len(words) / 2)
        yield text(x + (width - 6) / 2, box.y + 49, " ".join(words[:half]), anchor="middle")
        yield text(x + (width - 6) / 2, box.y + 64, " ".join(words[half:]).lower(), anchor="middle")


def markdown(box: Box, source: str) -> Iterator[str]:
    """Draw the Markdown of a text widget: headings, paragraphs, and tables.

    Raises
    ------
    ValueError
        If the text does not fit into the widget.
    """
    y = box.y + 6
    rows = [line for line in source.splitlines() if line and not line.startswith("|---")]
    cells = [_cells(row) for row in rows if row.startswith("|")]
    shares = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    for row in rows:
        if row.startswith("#"):
            size = 15 if row.startswith("# ") else 13
            y += size + 5
            yield text(box.x + 8, y, row.lstrip("# "), kind="strong", size=size)
        elif row.startswith("|"):
            widths = [(box.width - 16) * share / sum(shares) for share in shares]
            wrapped = [_wrapped(cell, width - 8) for cell, width in zip(_cells(row), widths, strict=True)]
            kind = "strong" if _cells(row) == cells[0] else ""
            for column, lines in enumerate(wrapped):
                for index, line in enumerate(lines):
                    yield text(box.x + 8 + sum(widths[:column]), y + _LINE * (index + 1) + 2, line, kind=kind)
            y += _LINE * max(map(len, wrapped)) + 6
            yield f'<path class="rule" d="M{box.x + 8:.1f},{y:.1f}H{box.x + box.width - 8:.1f}"/>'
        else:
            for line in _wrapped(_plain(row), box.width - 16):
                y += _LINE + 2
                yield text(box.x + 8, y, line)
            y += 4
    if y > box.bottom:
        raise ValueError(f"The text needs {y - box.y:.0f} pixels of {box.height:.0f}: make the widget higher.")


def _swatch(x: float, y: float, color: str) -> Iterator[str]:
    yield f'<path d="M{x:.1f},{y:.1f}h11" stroke="{color}" stroke-width="3"/>'


def _nice(value: float) -> float:
    """Return the smallest of 1, 2 and 5, times a power of ten, that is not below the value; at least 1."""
    return next(float(digit * 10**power) for power in range(9) for digit in (1, 2, 5) if digit * 10**power >= value)


def _wrapped_legend(lines: Sequence[Series], width: float) -> Iterator[list[tuple[float, Series]]]:
    row: list[tuple[float, Series]] = []
    x = 0.0
    for line in lines:
        needed = 16 + len(line.shown_label) * _SMALL * _LETTER
        if row and x + needed > width:
            yield row
            row, x = [], 0.0
        row.append((x, line))
        x += needed + 8
    yield row


def _cells(row: str) -> list[str]:
    return [_plain(cell.strip()) for cell in row.strip("|").split("|")]


def _plain(words: str) -> str:
    return re.sub(r"[`*]", "", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", words))


def _wrapped(words: str, width: float) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) * _SMALL * _LETTER > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
