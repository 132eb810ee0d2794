"""The pictures of the operators' command are what the command shows now, and need nothing but themselves."""

import re
from typing import Final
from xml.etree import ElementTree

import pytest

from docs.tools.operators import COLUMNS, PICTURES, draw
from docs.tools.pages import ROOT

_SVG: Final = "{http://www.w3.org/2000/svg}"
_COLUMN: Final = 12.2
"""The width of a letter."""


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == draw(name), "run: python -m docs.tools.operators --write"


def texts(name: str) -> list[str]:
    """Return the texts of a picture. Its spaces are those of a terminal."""
    root = ElementTree.parse(ROOT / "docs" / name).getroot()  # noqa: S314 - our own file
    return [(element.text or "").replace("\xa0", " ") for element in root.iter(f"{_SVG}text")]


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_loads_nothing_and_has_a_font_everywhere(name: str) -> None:
    source = (ROOT / "docs" / name).read_text()
    assert set(re.findall(r"url\((.)", source)) == {"#"}
    assert not re.search(r"href=|src=|@import", source)
    assert "@font-face" not in source
    assert re.search(r"font-family: [^;]*monospace", source)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("operators-list.svg", ("orphan", "2 orphans", "somebody else", "sales/TollFree")),
        ("operators-budget.svg", ("Claims possible", "Comes back on")),
        ("operators-plan.svg", ("release", "replace", "park", "claim")),
    ],
)
def test_the_picture_shows_what_the_documents_say(name: str, shown: tuple[str, ...]) -> None:
    whole = "\n".join(texts(name))
    assert all(text in whole for text in shown)


@pytest.mark.parametrize("name", PICTURES)
def test_the_text_fits_a_terminal_of_80_columns(name: str) -> None:
    root = ElementTree.parse(ROOT / "docs" / name).getroot()  # noqa: S314 - our own file
    letters = [one for one in root.iter(f"{_SVG}text") if (one.text or "").strip() and one.get("textLength")]
    assert letters
    ends = [float(one.get("x", 0)) + float(one.get("textLength", 0)) for one in letters]
    assert max(ends) <= _COLUMN * COLUMNS + 0.1
