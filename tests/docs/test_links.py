"""Links between the documents lead somewhere, and nothing in them belongs to one machine."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs.tools.pages import PAGES, ROOT, prose

_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_belongs_to_one_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users)/", page.read_text())


def test_the_index_has_every_page() -> None:
    linked = set(_LINK.findall((ROOT / "docs" / "index.md").read_text()))

    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} <= linked


def test_the_picture_is_well_formed() -> None:
    picture = ElementTree.parse(ROOT / "docs" / "overview.svg").getroot()  # noqa: S314 - our own file

    assert picture.tag.endswith("svg")
