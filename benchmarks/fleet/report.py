"""The fleets side by side: this function, handlers written the usual way, and the bound that the throttle sets."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Final

from benchmarks.peers.compare import PEERS
from benchmarks.peers.world import PeerWorld
from docs.tools.pages import ROOT
from docs.tools.sections import write_section
from verification.simulator.world import Options, World

from .measure import RATE, Fleet, measure

PAGE: Final = ROOT / "docs" / "performance.md"
CHART: Final = ROOT / "docs" / "fleets.svg"
OURS: Final = "this function"
DEFAULT: Final = "default"
SHARED: Final = "half used by others"
COUNTS: Final = (1, 10, 100, 300)
PEER_COUNTS: Final = (1, 10, 100, 300)
_MAX_RATIOS: Final[Mapping[str, float]] = {DEFAULT: 1.15, SHARED: 1.3}
"""How many times the bound a large fleet may take, by situation."""
_MAX_CALLS: Final[Mapping[str, float]] = {"Create": 2.3, "Delete": 2.1}
_LARGE: Final = 100
_COLUMNS: Final = (
    "Throttle",
    "Handler",
    "Operation",
    "Numbers",
    "Bound, s",
    "Time, s",
    "Time / bound",
    "Connect calls each",
    "DynamoDB requests each",
    "Failed",
)
_COLORS: Final = ("#888888", "#0b6e4f", "#c0392b", "#b35900", "#5b3a9e")
_LEFT: Final = 60
_TOP: Final = 20
_WIDTH: Final = 540
_HEIGHT: Final = 260
_SITUATIONS: Final[Mapping[str, tuple[float, float]]] = {
    DEFAULT: (RATE, 0.0),
    SHARED: (RATE, RATE / 2),
    "raised to 10 a second": (10.0, 0.0),
}
"""What Connect admits a second, and what others take of it."""


@dataclass(frozen=True)
class Row:
    """One measurement with its situation and its handler."""

    situation: str
    handler: str
    fleet: Fleet

    def line(self) -> str:
        """Return a row of the table."""
        fleet = self.fleet
        ratio = f"{fleet.ratio:.2f}" if fleet.bound and not fleet.failed else "-"
        return (
            f"| {self.situation} | {self.handler} | {fleet.operation} | {fleet.count} | {fleet.bound:.1f} "
            f"| {fleet.seconds:.1f} | {ratio} | {fleet.calls_each:.2f} | {fleet.ledger_each:.1f} | {fleet.failed} |"
        )

    def problem(self) -> str:
        """Return in what this function misses its goal, or an empty text."""
        fleet = self.fleet
        if self.handler != OURS:
            return ""
        if fleet.failed:
            return f"{fleet.failed} failed"
        if fleet.count < _LARGE:
            return ""
        if fleet.ratio > _MAX_RATIOS.get(self.situation, inf):
            return f"{fleet.ratio:.2f} times the bound"
        if self.situation == DEFAULT and fleet.calls_each > _MAX_CALLS[fleet.operation]:
            return f"{fleet.calls_each:.2f} calls each"
        return ""


def rows(counts: Iterable[int] = COUNTS, peer_counts: Iterable[int] = PEER_COUNTS) -> list[Row]:
    """Measure everything."""
    found: list[Row] = []
    for situation, (rate, others) in _SITUATIONS.items():
        for count in counts:
            found += [Row(situation, OURS, fleet) for fleet in measure(count, rate=rate, others=others)]
    for name, make in PEERS.items():
        make_world: Callable[[Options], World] = partial(PeerWorld, make, injector=None)
        for count in peer_counts:
            fleets = measure(count, make_world=make_world)
            found += [Row(DEFAULT, name, fleet) for fleet in fleets]
    return found


def table(found: Iterable[Row]) -> str:
    """Return the measurements as Markdown."""
    header = " | ".join(_COLUMNS)
    return "\n".join([f"| {header} |", "|---|---|---" + "|---:" * 7 + "|", *(row.line() for row in found)])


def chart(found: Iterable[Row]) -> str:
    """Return a chart of the creations at the default throttle as SVG: numbers against seconds."""
    created = [row for row in found if row.fleet.operation == "Create" and row.situation == DEFAULT]
    lines = {"bound": [(row.fleet.count, row.fleet.bound) for row in created if row.handler == OURS]}
    names = {"bound": "bound"}
    for row in created:
        points = lines.setdefault(row.handler, [])
        names.setdefault(row.handler, row.handler)
        if row.fleet.failed:
            names[row.handler] = f"{row.handler}: {row.fleet.failed} of {row.fleet.count} fail"
        else:
            points.append((row.fleet.count, row.fleet.seconds))
    most, longest = max(row.fleet.count for row in created), max(row.fleet.seconds for row in created)

    def x(count: float) -> str:
        return f"{_LEFT + _WIDTH * count / most:.0f}"

    def y(seconds: float) -> str:
        return f"{_TOP + _HEIGHT * (1 - seconds / longest):.0f}"

    drawn: list[str] = []
    for index, (name, points) in enumerate(lines.items()):
        path = " ".join(f"{x(count)},{y(seconds)}" for count, seconds in points)
        dashes = "6 4" if name == "bound" else "none"
        style = f'fill="none" stroke="{_COLORS[index]}" stroke-width="2" stroke-dasharray="{dashes}"'
        drawn.append(f'<polyline points="{path}" {style}/>')
        drawn.append(
            f'<text x="{_LEFT + 20}" y="{_TOP + 20 + 18 * index}" fill="{_COLORS[index]}">{names[name]}</text>'
        )
    drawn += [
        f'<text x="{x(count)}" y="{_TOP + _HEIGHT + 20}" text-anchor="middle">{count}</text>'
        for count in sorted({row.fleet.count for row in created})
    ]
    drawn += [
        f'<text x="{_LEFT - 8}" y="{y(seconds)}" text-anchor="end">{seconds:.0f} s</text>'
        for seconds in (0.0, longest / 2, longest)
    ]
    axes = f'<path d="M{_LEFT},{_TOP} V{_TOP + _HEIGHT} H{_LEFT + _WIDTH}" fill="none" stroke="#444444"/>'
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 330" font-family="sans-serif" font-size="13">',
            "<title>Seconds until all numbers of one deployment are claimed, by how many there are</title>",
            '<rect width="640" height="330" fill="#ffffff"/>',
            axes,
            *drawn,
            "</svg>\n",
        ]
    )


def report(*, writes: bool) -> bool:
    """Measure, print, and write to the documents if asked; return whether this function meets its goals."""
    found = rows()
    text = table(found)
    problems = [f"Goal missed: {row.line()} {problem}\n" for row in found if (problem := row.problem())]
    sys.stdout.write(f"{text}\n{''.join(problems)}\n")
    if writes:
        picture = "![Numbers against time](fleets.svg)"
        write_section(PAGE, "Fleets", f"`make bench`, in virtual time.\n\n{picture}\n\n{text}")
        CHART.write_text(chart(found))
    return not problems
