"""The pictures of the guides: the life of one number, a pool, and the allowance of claims and releases.

``python -m docs.tools.pictures --write`` writes them to ``docs``. What they count and how long it counts comes from
the function's own arithmetic. They are narrow, so that a phone shows them at full size, and dark if the reader's screen
is.
"""

import argparse
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Final

from lambda_handlers.connect_phone_number.budget import (
    DEFAULT_QUOTA,
    WINDOW_DAYS,
    Allowance,
    Budget,
    Policy,
    footprint,
)
from lambda_handlers.connect_phone_number.claim import Claim, ClaimState, Outcome, Settings, Specification

from .pages import ROOT, write_or_compare

SCARCITY: Final = ROOT / "docs" / "scarcity.md"
_TABLE: Final = re.compile(r"^\| \| used \| kept \| left \|\n(?:\|.*\n)+", re.MULTILINE)
_HELD: Final = Claim(
    stack_id="",
    logical_resource_id="",
    id="",
    state=ClaimState.LIVE,
    specification=Specification("US", "DID"),
    opening=Settings(""),
    desired=Settings(""),
    request_key="",
    opened_at=0,
)
_RELEASED: Final = replace(_HELD, state=ClaimState.CLOSED, outcome=Outcome.RELEASED)
_WIDTH: Final = 380
_DESTROYED: Final = 60
_DELAY: Final = 7
_COOL_DOWN: Final = 180
"""The most that a released number cools down, in days.

https://docs.aws.amazon.com/connect/latest/APIReference/API_ReleasePhoneNumber.html
"""
_STYLE: Final = """
    text { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #1d2733; }
    .strong { font-weight: 600; }
    .quiet { fill: #4b5966; font-size: 13px; }
    .page { fill: #ffffff; }
    .line { stroke: #4b5966; fill: none; stroke-width: 1.5; }
    .used { fill: #2f6fb3; stroke: #2f6fb3; }
    .kept { fill: #f2c36b; stroke: #a86500; }
    .left { fill: none; stroke: #4b5966; stroke-dasharray: 3 2; }
    .live { fill: #3a7d44; stroke: none; }
    .parked { fill: #c77700; stroke: none; }
    .cooling { fill: #8a97a4; stroke: none; }
    .box { fill: #eef4fb; stroke: #2f6fb3; stroke-width: 1.5; }
    .store { fill: #fff6e8; stroke: #c77700; stroke-width: 1.5; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet { fill: #adb9c5; }
      .page { fill: #131720; }
      .line, .left { stroke: #adb9c5; }
      .used { fill: #5b9fe6; stroke: #5b9fe6; }
      .kept { fill: #7a5410; stroke: #f2c36b; }
      .live { fill: #6bbf78; }
      .parked { fill: #f0a63c; }
      .box { fill: #16263a; stroke: #5b9fe6; }
      .store { fill: #33270f; stroke: #f0a63c; }
    }
"""


@dataclass
class _Drawing:
    """An SVG that grows downward."""

    title: str
    description: str
    shapes: list[str] = field(default_factory=list[str])

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        self.shapes.append(f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, kind: str, radius: float = 3) -> None:
        self.shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" class="{kind}"/>'
        )

    def line(self, *points: tuple[float, float]) -> None:
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.shapes.append(f'<polyline points="{path}" class="line"/>')

    def arrow(self, *points: tuple[float, float]) -> None:
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.shapes.append(f'<polyline points="{path}" class="line" marker-end="url(#head)"/>')

    def svg(self, height: float) -> str:
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}"',
                f'  width="{_WIDTH}" height="{height:g}" role="img" aria-labelledby="title description">',
                f'  <title id="title">{escape(self.title)}</title>',
                f'  <desc id="description">{escape(self.description)}</desc>',
                f"  <style>{_STYLE}  </style>",
                '  <marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"',
                '    orient="auto">',
                '    <path d="M0 1 L7 4 L0 7" class="line"/>',
                "  </marker>",
                f'  <rect width="{_WIDTH}" height="{height:g}" class="page"/>',
                *(f"  {shape}" for shape in self.shapes),
                "</svg>\n",
            ]
        )


def number() -> str:
    """Return the time-line of one number, from its claim until it can be claimed again."""
    released = _DESTROYED + _DELAY
    free_again = released + _COOL_DOWN
    drawing = _Drawing(
        "The life of one number, in days",
        f"Day 0: cdk deploy claims the number. Day {_DESTROYED}: cdk destroy; the number is parked for {_DELAY} days, "
        f"and cdk deploy brings it back. Day {released}: it is released, and cools down for up to {_COOL_DOWN} days. "
        f"Day {WINDOW_DAYS}: its claim no longer counts. Day {free_again}: anybody can claim the number again. "
        f"Day {released + WINDOW_DAYS}: its release no longer counts.",
    )
    # One entry for each event, at equal distances: to scale, the seven days would be a hairline.
    events = (
        (0, "cdk deploy", "The number is claimed, and takes calls."),
        (_DESTROYED, "cdk destroy", f"release_delay: parked for {_DELAY} days, billed."),
        (released, "time is up", "Released. Nobody can have it for a while."),
        (WINDOW_DAYS, "", "Its claim no longer counts."),
        (free_again, "", "Anybody can claim it, at the latest."),
        (released + WINDOW_DAYS, "", "Its release no longer counts."),
    )
    top, step = 56, 58
    y_of = {day: top + step * index for index, (day, _, _) in enumerate(events)}
    drawing.text(12, 24, "day", "quiet")
    drawing.text(52, 24, "the number", "quiet")
    drawing.text(_WIDTH - 12, 24, "what counts (200 % rule)", "quiet", "end")
    drawing.line((12, 34), (_WIDTH - 12, 34))
    for start, end, kind in (
        (0, _DESTROYED, "live"),
        (_DESTROYED, released, "parked"),
        (released, free_again, "cooling"),
    ):
        drawing.box(58, y_of[start], 10, y_of[end] - y_of[start] - 2, kind)
    for x, label, start, end in (
        (_WIDTH - 40, "claim", 0, WINDOW_DAYS),
        (_WIDTH - 20, "release", released, released + WINDOW_DAYS),
    ):
        drawing.box(x, y_of[start], 10, y_of[end] - y_of[start] - 2, "used")
        drawing.shapes.append(
            f'<text transform="translate({x - 4} {(y_of[start] + y_of[end]) / 2:g}) rotate(-90)" class="quiet" '
            f'text-anchor="middle">{label}</text>'
        )
    for day, command, text in events:
        y = y_of[day]
        drawing.text(40, y + 11, str(day), "strong", "end")
        lines = [command] if command else []
        for index, line in enumerate([*lines, *textwrap.wrap(text, 27)]):
            drawing.text(80, y + 11 + 18 * index, line, "strong" if line == command else "quiet")
    # The way back, beside what is parked.
    back = y_of[_DESTROYED]
    drawing.arrow((58, back + 40), (50, back + 40), (50, back - 20), (57, back - 20))
    return drawing.svg(y_of[released + WINDOW_DAYS] + 44)


def pool() -> str:
    """Return where the numbers of a pool come from and go to."""
    drawing = _Drawing(
        "A pool of numbers",
        "A destroyed environment parks its number in the pool. The next environment takes it from there, and claims "
        "one from Amazon Connect only if none fits. Released is what is above max_parked, or parked for longer than "
        "release_after.",
    )
    for y, kind, name, detail in (
        (10, "box", "Branch42", "an environment"),
        (108, "store", "pool", "at most max_parked"),
        (206, "box", "Branch43", "the next environment"),
    ):
        drawing.box(14, y, 150, 50, kind, 6)
        drawing.text(89, y + 21, name, "strong", "middle")
        drawing.text(89, y + 39, detail, "quiet", "middle")
    drawing.box(226, 157, 140, 50, "box", 6)
    drawing.text(296, 178, "Amazon Connect", "strong", "middle")
    drawing.text(296, 196, "all free numbers", "quiet", "middle")
    drawing.arrow((89, 60), (89, 106))
    drawing.text(98, 88, "destroyed: its number is parked", "quiet")
    drawing.arrow((89, 158), (89, 204))
    drawing.text(98, 186, "taken, if one fits", "quiet")
    drawing.arrow((296, 207), (296, 231), (166, 231))
    drawing.text(174, 248, "claimed, if none fits", "quiet")
    drawing.arrow((164, 133), (296, 133), (296, 155))
    drawing.text(174, 124, "released: above max_parked,", "quiet")
    drawing.text(174, 149, "or too old", "quiet")
    return drawing.svg(268)


def allowance() -> str:
    """Return bars of what is used, kept and left of the claims and releases that the default quota allows."""
    steps = _arithmetic()
    allowed = steps["nothing yet"].allowed
    drawing = _Drawing(
        f"What a quota of {DEFAULT_QUOTA} allows: {allowed} claims and releases in 180 days",
        "; ".join(f"{name}: {_counts(step)}" for name, step in steps.items()) + ".",
    )
    cell = (_WIDTH - 24) / allowed
    for index, (name, step) in enumerate(steps.items()):
        y = 12 + 72 * index
        drawing.text(12, y + 13, name, "strong")
        kinds = ["used"] * step.used + ["kept"] * step.budget.held + ["left"] * _left(step)
        for position, kind in enumerate(kinds):
            drawing.box(12 + cell * position, y + 20, cell - 4, 18, kind)
        drawing.text(12, y + 55, _counts(step), "quiet")
    return drawing.svg(12 + 72 * len(steps))


def with_arithmetic(page: str) -> str:
    """Return the page with the table of the same steps."""
    rows = [f"| {name} | {step.used} | {step.budget.held} | {_left(step)} |" for name, step in _arithmetic().items()]
    table = "\n".join(["| | used | kept | left |", "|---|---:|---:|---:|", *rows])
    return _TABLE.sub(lambda _: f"{table}\n", page, count=1)


PICTURES: Final = {"number.svg": number, "pool.svg": pool, "allowance.svg": allowance}


def _arithmetic() -> Mapping[str, Allowance]:
    steps: dict[str, list[Claim]] = {
        "nothing yet": [],
        "three claims": [_HELD] * 3,
        "one release": [_HELD] * 2 + [_RELEASED],
        "two more claims": [_HELD] * 4 + [_RELEASED],
    }
    policy = Policy(quota=DEFAULT_QUOTA)
    return {name: Allowance(_budget(claims), policy, today=0) for name, claims in steps.items()}


def _budget(claims: Iterable[Claim]) -> Budget:
    sums: Counter[str] = Counter()
    for claim in claims:
        sums.update(footprint(claim))
    return Budget.of(sums)


def _left(step: Allowance) -> int:
    return step.left - step.budget.held


def _counts(step: Allowance) -> str:
    refused = "" if step.permits_claim else ": the next claim is refused"
    return f"{step.used} used, {step.budget.held} kept, {_left(step)} left{refused}"


def main() -> int:
    """Write the pictures and the table, or print the names of those that are out of date."""
    parser = argparse.ArgumentParser(prog="python -m docs.tools.pictures", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write them to docs")
    files = {ROOT / "docs" / name: draw() for name, draw in PICTURES.items()}
    files[SCARCITY] = with_arithmetic(SCARCITY.read_text())
    return write_or_compare(files, write=parser.parse_args().write)


if __name__ == "__main__":
    sys.exit(main())
