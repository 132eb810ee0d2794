"""The recording of the demo has the demo's steps, and needs nothing but itself. The demo is not played here."""

import re
from xml.etree import ElementTree

from rich.text import Text

from docs.tools.demo import COLUMNS, PICTURE, ROWS, draw, rows, screens, steps
from docs.tools.pages import ROOT
from local_aws.demo.steps import STEPS

_MOST_BYTES = 200_000


def test_the_recording_has_the_steps_of_the_demo() -> None:
    assert steps(PICTURE.read_text()) == [step.title for step in STEPS], "run: python -m docs.tools.demo --write"


def test_the_recording_ends_with_what_became_of_each_number() -> None:
    last = rows(PICTURE.read_text())[-ROWS:]
    numbers = [row for row in last if re.match(r" \+1\d{10} +1 +1 +[0-9a-f-]{36} +\d{4}-\d\d-\d\d", row)]
    count = next(int(row.split()[0]) for row in last if " claims, " in row)

    assert any("every check held" in row for row in last)
    assert len(numbers) == count > 0
    assert any(row.startswith("make local-aws ") for row in last)


def test_the_recording_fits_80_columns_and_is_small() -> None:
    assert max(len(row.rstrip()) for row in rows(PICTURE.read_text())) <= COLUMNS
    assert PICTURE.stat().st_size < _MOST_BYTES


def test_the_recording_loads_nothing_and_has_a_font_everywhere() -> None:
    source = PICTURE.read_text()

    assert set(re.findall(r"url\((.)", source)) == {"#"}
    assert not re.search(r"href=|src=|@import|@font-face", source)
    assert re.search(r"font: [^;]*monospace", source)
    assert "prefers-reduced-motion" in source


def test_the_readme_shows_the_recording() -> None:
    assert "](docs/demo.svg)" in (ROOT / "README.md").read_text()


def _step(number: int, more: int) -> list[Text]:
    lines = [
        f"[{number:>2}/18]   {number}.0 s  Step {number}",
        *[f"          line {index}" for index in range(more)],
        "",
    ]
    return [Text(line) for line in lines]


def test_no_step_is_divided_that_fits_a_screen() -> None:
    pages = screens([*_step(1, 15), *_step(2, 10), *_step(3, 2 * ROWS), *_step(4, 3)])

    assert all(len(page) <= ROWS for page in pages)
    assert [[line.plain.rpartition("  ")[2] for line in page if line.plain.startswith("[")] for page in pages] == [
        ["Step 1"],
        ["Step 2"],
        ["Step 3"],
        [],
        ["Step 4"],
    ]


def test_a_picture_has_what_was_written_whatever_it_is() -> None:
    page = [Text("[ 1/18]   0.0 s  A <b> & {c}", style="bold"), Text(" indented")]
    picture = draw([page, [Text("the last")]])

    ElementTree.fromstring(picture)  # noqa: S314 - our own
    assert steps(picture) == ["A <b> & {c}"]
    assert [row.rstrip() for row in rows(picture) if row.strip()] == [page[0].plain, " indented", "the last"]
