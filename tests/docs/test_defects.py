"""The page of defects: each names a run that exists."""

import re
from pathlib import Path

import pytest

from verification.scenarios.catalog import all_scenarios

_ROOT = Path(__file__).resolve().parents[2]
_COLUMNS = 6
_RUN = re.compile(r"(?P<scenario>S\d+ .+?)(?: \[#.+\])?")


def _runs() -> list[str]:
    lines = (_ROOT / "docs" / "defects.md").read_text().splitlines()
    # The table of what is not mended yet has two columns, and no runs.
    rows = [cells for line in lines if line.startswith("|") and len(cells := line.split("|")) > _COLUMNS]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row[4])]


@pytest.mark.parametrize("name", _runs())
def test_the_run_that_shows_it_exists(name: str) -> None:
    match = _RUN.fullmatch(name)
    if match:
        assert match["scenario"] in {scenario.name for scenario in all_scenarios()}
    elif name.startswith("tests/"):
        assert (_ROOT / name).exists()
    else:
        found = [path for path in (_ROOT / "tests").rglob("test_*.py") if f"def {name}(" in path.read_text()]
        assert found


def test_there_are_runs() -> None:
    assert len(_runs()) > 20
