"""The report in a real browser, headless: it renders, sorts and filters, on a phone and in the dark, and is accessible.

``CHROMIUM`` names the browser. Without it, ``chromium`` or ``google-chrome`` on the path is taken. ``REPORT_PICTURES``
names a folder for pictures of the page.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from docs.tools.pages import ROOT
from tests.unit.cdk_connect_phone_number.cli.crowd import ORPHANS, TAG, Crowd, crowd
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT

# The browser is started once.
pytestmark = pytest.mark.xdist_group("browser")

_SCRIPT: Final = Path(__file__).with_name("report.mjs")
_NAMES: Final = ("chromium", "google-chrome", "chromium-browser")
_SMALLEST_LETTERS: Final = 11.0
_LOOKS: Final = ("420 light", "420 dark", "1280 light", "1280 dark")
_RULES: Final = {"color-contrast", "label", "button-name", "region", "heading-order", "aria-required-children", "list"}
"""Some of the rules of axe that must have found something to check."""


def browser() -> str | None:
    """Return the browser to take, if there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="module")
def many() -> Crowd:
    return crowd()


@pytest.fixture(scope="module")
def seen(many: Crowd, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a browser shows of the report."""
    chromium = browser()
    if chromium is None:
        pytest.skip(f"there is no browser: set CHROMIUM, or install {' or '.join(_NAMES[:2])}")
    file = tmp_path_factory.mktemp("report") / "report.html"
    assert many.aws.run("report", "--html", str(file)).exit_code == 0
    folder = [os.environ["REPORT_PICTURES"]] if "REPORT_PICTURES" in os.environ else []
    command = [str(ROOT / ".venv" / "bin" / "node"), str(_SCRIPT), chromium, str(file), *folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def listed(many: Crowd) -> dict[str, dict[str, Any]]:
    """Return the numbers, in the order of the page."""
    numbers = many.aws.document("list")["numbers"]
    return {number["phone_number"]: number for number in numbers}


@pytest.mark.parametrize("look", _LOOKS)
def test_accessible(seen: dict[str, Any], look: str) -> None:
    assert seen["looks"][look]["violations"] == []
    assert set(seen["looks"][look]["passes"]) >= _RULES


@pytest.mark.parametrize("look", _LOOKS)
def test_fits_the_screen_with_letters_that_can_be_read(seen: dict[str, Any], look: str) -> None:
    assert seen["looks"][look]["overflow"] <= 0
    assert seen["looks"][look]["smallestLetters"] >= _SMALLEST_LETTERS


def test_dark_in_the_dark(seen: dict[str, Any]) -> None:
    for look in _LOOKS:
        expected = "rgb(19, 23, 32)" if look.endswith("dark") else "rgb(255, 255, 255)"
        assert seen["looks"][look]["background"] == expected


@pytest.mark.parametrize("look", _LOOKS)
def test_still_a_table_for_screen_readers(seen: dict[str, Any], listed: dict[str, Any], look: str) -> None:
    assert seen["looks"][look]["roles"] == ["rowheader"] * len(listed)


def test_loads_nothing_and_reports_nothing(seen: dict[str, Any]) -> None:
    views = [*seen["looks"].values(), *(seen[name] for name in ("sorted", "filtered", "withoutScript", "printed"))]
    assert [view["requests"] for view in views] == [[]] * len(views)
    assert [view["messages"] for view in views] == [[]] * len(views)


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("Number", "phone_number"),
        ("State", "owner"),
        ("Until", "parked_until"),
        ("USD a month", "usd_per_month_estimate"),
    ],
)
@pytest.mark.parametrize("direction", ["ascending", "descending"])
def test_sorted_by_keyboard(
    seen: dict[str, Any], listed: dict[str, Any], head: str, field: str, direction: str
) -> None:
    order = seen["sorted"]["orders"][f"{head} {direction}"]
    assert sorted(order) == sorted(listed)
    values = [listed[number][field] for number in order]
    known = [value for value in values if value]
    assert known == sorted(known, reverse=direction == "descending")
    # What is not known comes last.
    assert values[: len(known)] == known


def test_only_the_sorted_column_is_marked(seen: dict[str, Any]) -> None:
    assert seen["sorted"]["marked"] == 1
    heads = {name.rsplit(" ", 1)[0] for name in seen["sorted"]["orders"]}
    assert len(heads) == 8


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("", "account", {ACCOUNT}),
        ("line3", "logical_id", {"Line3"}),
        ("=".join(TAG).upper(), "phone_number", set(ORPHANS)),
        ("support LINE0", "logical_id", {"Line0"}),
        ("no such number", "account", set[str]()),
        ("State: orphan", "owner", {"orphan"}),
    ],
)
def test_filtered(
    seen: dict[str, Any], listed: dict[str, dict[str, Any]], text: str, field: str, values: set[str]
) -> None:
    expected = [phone for phone, number in listed.items() if number[field] in values]
    status = f"{len(expected)} of {len(listed)} shown"
    assert seen["filtered"]["results"][text] == [expected, status]


def test_complete_without_a_script(seen: dict[str, Any], listed: dict[str, Any]) -> None:
    assert seen["withoutScript"]["numbers"] == list(listed)
    assert seen["withoutScript"]["controls"] == 0


def test_printed_complete_and_without_controls(seen: dict[str, Any], listed: dict[str, Any]) -> None:
    assert seen["printed"]["numbers"] == list(listed)
    assert (seen["printed"]["controls"], seen["printed"]["hiddenDates"]) == (0, 0)


def test_nothing_that_gets_in_can_run_or_load(seen: dict[str, Any]) -> None:
    assert seen["injected"]["hasRun"] is False
    assert sorted(seen["injected"]["refused"]) == ["img-src", "script-src-attr", "script-src-elem"]
