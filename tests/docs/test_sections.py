import re
from pathlib import Path
from typing import Final

import pytest

from docs.tools.pages import ROOT
from docs.tools.sections import LIFECYCLE, VERIFICATION, write_section

PAGE = "# Title\n\nIntro.\n\n## One\n\nold\n\nmore\n\n## Two\n\nstays\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_a_section_is_replaced_and_the_rest_stays(page: Path) -> None:
    write_section(page, "One", "| new |\n")
    assert page.read_text() == "# Title\n\nIntro.\n\n## One\n\n| new |\n\n## Two\n\nstays\n"


def test_the_last_section_too(page: Path) -> None:
    write_section(page, "Two", r"new \1")
    assert page.read_text() == "# Title\n\nIntro.\n\n## One\n\nold\n\nmore\n\n## Two\n\nnew \\1\n"


@pytest.mark.parametrize("heading", ["Three", "T.o"])
def test_a_heading_that_is_not_there_is_an_error(page: Path, heading: str) -> None:
    with pytest.raises(ValueError, match="has 0 headings"):
        write_section(page, heading, "new")
    assert page.read_text() == PAGE


_CALL: Final = re.compile(r'write_section\((\w+), "([^"]+)"')
_PAGES: Final = {"LIFECYCLE": LIFECYCLE, "VERIFICATION": VERIFICATION, "PAGE": ROOT / "docs" / "performance.md"}


def test_each_command_finds_its_section() -> None:
    programs = [*(ROOT / "verification").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    calls = [found for program in programs for found in _CALL.findall(program.read_text())]
    assert len(calls) >= 7
    for page, heading in calls:
        headings = [line.lstrip("# ") for line in _PAGES[page].read_text().splitlines() if line.startswith("#")]
        assert headings.count(heading) == 1, f"{page} has no section {heading!r}"
