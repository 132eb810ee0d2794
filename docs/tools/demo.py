"""The recording of the demo: what ``make demo`` shows in a terminal, as an animated picture.

``python -m docs.tools.demo --write`` plays the demo, which takes more than a minute, and writes its screens to
``docs/demo.svg``. Without ``--write``, nothing is played: the command says whether the picture has the steps that the
demo has now.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import accumulate
from typing import Final
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

from local_aws.demo.play import play
from local_aws.demo.progress import Progress
from local_aws.demo.steps import STEPS

from .pages import ROOT

PICTURE: Final = ROOT / "docs" / "demo.svg"
COLUMNS: Final = 80
ROWS: Final = 26
_PAGE_SECONDS: Final = 6
_LAST_PAGE_SECONDS: Final = 14
_LETTER: Final = 12.2
_ROW: Final = 24.4
"""Width of a letter and height of a row, as rich draws them."""
_PADDING: Final = 12
_BAR: Final = 36
_STEP: Final = re.compile(r"\[ ?\d+/\d+\] +[\d.]+ s  (.*?) *$")
_END: Final = re.compile(r" +[✓✗] The demo ")

_STYLE: Final = """
.demo-matrix { font: 20px Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
.bar { font: bold 16px Arial, sans-serif; fill: #c5c8c6; text-anchor: middle }
.pages { transform: translateY(%(last)gpx); animation: %(seconds)ds step-end infinite pages }
@keyframes pages { %(moments)s }
@media (prefers-reduced-motion: reduce) { .pages { animation: none } }
"""
_FRAME: Final = """\
<svg viewBox="0 0 %(width)g %(height)g" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title">
<title id="title">make demo: its steps, and what became of each number</title>
<style>%(style)s{styles}</style>
<rect width="%(width)g" height="%(height)g" rx="8" fill="#292929"/>
<text class="bar" x="%(middle)g" y="24">make demo</text>
<svg x="%(padding)d" y="%(bar)d" width="%(inner_width)g" height="%(inner_height)g">
<defs>{lines}</defs>
<g class="pages">{backgrounds}<g class="demo-matrix">{matrix}</g></g>
</svg>
</svg>
"""


def record() -> list[Text]:
    """Play the demo, and return the lines that it has written.

    Raises
    ------
    RuntimeError
        If a check of the demo fails.
    """
    console = Console(record=True, width=COLUMNS, force_terminal=True, highlight=False)
    if play(Progress(console)) != 0:
        raise RuntimeError("The demo has failed: there is no recording.")
    return [Text.from_ansi(line) for line in console.export_text(styles=True).splitlines()]


def screens(lines: Iterable[Text]) -> list[list[Text]]:
    """Divide lines into screens. No step is divided if it fits one screen."""
    parts: list[list[Text]] = [[]]
    for line in lines:
        if _STEP.match(line.plain) or _END.match(line.plain):
            parts.append([])
        parts[-1].append(line)
    found: list[list[Text]] = [[]]
    for part in parts:
        # The empty line at the end of a part is for the next one.
        if len(found[-1]) + len(part) - 1 > ROWS and found[-1]:
            found.append([])
        for line in part:
            if len(found[-1]) == ROWS and line.plain:
                found.append([])
            if len(found[-1]) < ROWS and (line.plain or found[-1]):
                found[-1].append(line)
    return found


def draw(pages: Sequence[Sequence[Text]]) -> str:
    """Return screens as an SVG that shows one after another. Where nothing may move, it shows the last one."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, highlight=False)
    for page in pages:
        for line in [*page, *[Text()] * (ROWS - len(page))]:
            console.print(line, no_wrap=True, overflow="ellipsis")
    inner_width, inner_height = COLUMNS * _LETTER, ROWS * _ROW
    width = inner_width + 2 * _PADDING
    starts = list(accumulate([0, *[_PAGE_SECONDS] * (len(pages) - 1)]))
    seconds = starts[-1] + _LAST_PAGE_SECONDS
    moments = " ".join(
        f"{100 * start / seconds:.3f}% {{ transform: translateY({-index * inner_height:g}px) }}"
        for index, start in enumerate(starts)
    )
    style = _STYLE % {"last": -(len(pages) - 1) * inner_height, "seconds": seconds, "moments": moments}
    frame = _FRAME % {
        # rich fills in what is in braces.
        "style": style.replace("{", "{{").replace("}", "}}"),
        "width": width,
        "height": inner_height + _BAR + _PADDING,
        "middle": width / 2,
        "padding": _PADDING,
        "bar": _BAR,
        "inner_width": inner_width,
        "inner_height": inner_height,
    }
    return console.export_svg(code_format=frame, unique_id="demo")


def rows(picture: str) -> list[str]:
    """Return the rows of text of a picture, from all its screens."""
    found: dict[float, str] = {}
    for element in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):  # noqa: S314 - our own
        if element.get("textLength"):
            row = float(element.get("y", 0))
            column = round(float(element.get("x", 0)) / _LETTER)
            text = (element.text or "").replace("\N{NO-BREAK SPACE}", " ")
            found[row] = found.get(row, "").ljust(column) + text
    return [found[row] for row in sorted(found)]


def steps(picture: str) -> list[str]:
    """Return the titles of the steps that a picture shows, in order."""
    return [match[1] for row in rows(picture) if (match := _STEP.match(row))]


def main() -> int:
    """Write the picture, or say whether it is out of date."""
    parser = argparse.ArgumentParser(prog="python -m docs.tools.demo", description=__doc__)
    parser.add_argument("--write", action="store_true", help="play the demo, and write the picture to docs")
    if parser.parse_args().write:
        PICTURE.write_text(draw(screens(record())))
        return 0
    if steps(PICTURE.read_text()) == [step.title for step in STEPS]:
        return 0
    sys.stdout.write(f"out of date: {PICTURE.relative_to(ROOT)}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
