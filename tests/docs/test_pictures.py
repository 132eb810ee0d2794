from xml.etree import ElementTree

import pytest

from docs.tools.pages import ROOT
from docs.tools.pictures import PICTURES, SCARCITY, with_arithmetic

_WRITE = "run: python -m docs.tools.pictures --write"
_SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == PICTURES[name](), _WRITE


def test_the_table_is_that_of_the_picture() -> None:
    page = SCARCITY.read_text()

    assert with_arithmetic(page) == page, _WRITE


def test_a_table_that_is_out_of_date_is_replaced() -> None:
    page = "before\n\n| | used | kept | left |\n|---|---:|---:|---:|\n| old | 1 | 2 | 3 |\n\nafter\n"

    changed = with_arithmetic(page)

    assert "| old |" not in changed
    assert "| three claims | 3 | 3 | 4 |\n" in changed
    assert changed.startswith("before\n\n")
    assert changed.endswith("|\n\nafter\n")


@pytest.mark.parametrize("name", PICTURES)
def test_a_screen_reader_is_told_what_the_picture_shows(name: str) -> None:
    picture = ElementTree.fromstring(PICTURES[name]())  # noqa: S314 - our own text

    named = {
        element.get("id"): element.text or "" for element in picture if element.tag in (f"{_SVG}title", f"{_SVG}desc")
    }
    assert picture.get("role") == "img"
    assert (picture.get("aria-labelledby") or "").split() == list(named)
    assert len(named["description"]) > 100


def test_the_picture_is_as_narrow_as_a_phone() -> None:
    assert {ElementTree.fromstring(draw()).get("width") for draw in PICTURES.values()} == {"380"}  # noqa: S314


def test_the_allowance_is_what_the_function_would_allow() -> None:
    description = ElementTree.fromstring(PICTURES["allowance.svg"]()).findtext(f"{_SVG}desc")  # noqa: S314

    assert description == (
        "nothing yet: 0 used, 0 kept, 10 left; three claims: 3 used, 3 kept, 4 left; one release: 4 used, 2 kept, "
        "4 left; two more claims: 6 used, 4 kept, 0 left: the next claim is refused."
    )
