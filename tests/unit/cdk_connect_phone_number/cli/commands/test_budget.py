"""``budget``: the provider's own sums, as a table, a picture and data."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cdk_connect_phone_number.cli.commands.budget import FIELDS
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import WINDOW_DAYS, Policy
from tests.unit.lambda_handlers.connect_phone_number.world import World
from verification.simulator.memory_store import MemoryStore

from ..aws import Aws

POLICY = {"quota": 20, "baseline": {"2026-01-01": 4}}


@pytest.fixture
def told(aws: Aws) -> Aws:
    """Return an account whose provider was told of its quota and of four claims by hand, and has made two itself."""
    aws.functions[1]["Environment"]["Variables"][contract.BUDGET] = json.dumps(POLICY)
    aws.world.budget = Policy.parse(json.dumps(POLICY))
    arn = aws.world.created()
    aws.world.created(resource="Second")
    aws.world.clock.pause(3 * 86_400)
    assert aws.world.delete(arn).succeeded
    return aws


def returns_on(*days: str) -> list[str]:
    return [(date.fromisoformat(day) + timedelta(WINDOW_DAYS)).isoformat() for day in days]


def test_sums_are_those_of_the_function(told: Aws) -> None:
    (budget,) = told.document("budget")["budgets"]
    first, second, third = returns_on("2026-01-01", "2026-01-02", "2026-01-05")
    assert budget == {
        "account": "123456789012",
        "region": "eu-west-1",
        "provider": "provider",
        "provider_id": "shared",
        "quota": 20,
        "is_quota_estimate": False,
        "allowed": 40,
        "used": 4 + 3,
        "held": 1,
        "left": 33,
        "reserve": 2,
        # Each takes a claim and the release that is kept for it.
        "claims_possible": 16,
        "refuses": True,
        "parked": 0,
        "postponed": 0,
        "returns": [{"date": first, "count": 4}, {"date": second, "count": 2}, {"date": third, "count": 1}],
    }


def test_table_says_when_how_much_comes_back(told: Aws) -> None:
    result = told.run("budget")
    lines = [line.split() for line in result.stdout.splitlines()]
    first, second, third = returns_on("2026-01-01", "2026-01-02", "2026-01-05")
    assert ["20", "40", "7", "1", "33", "2", "16"] in lines
    assert [line[:3] for line in lines if line and line[0].startswith("2026-")] == [
        [first, "4", "37"],
        [second, "2", "39"],
        [third, "1", "40"],
    ]
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "is an estimate" not in result.stdout


def test_bar_has_the_proportions_of_the_budget(told: Aws) -> None:
    bar = next(line for line in told.run("budget").stdout.splitlines() if line.startswith("█") and "░" in line)
    assert (bar.count("█"), bar.count("▒"), bar.count("░")) == (round(48 * 7 / 40), 1, 48 - 8 - 1)


def test_what_has_come_back_is_not_used(told: Aws) -> None:
    told.world.clock.pause((WINDOW_DAYS - 1) * 86_400)
    (budget,) = told.document("budget")["budgets"]
    (last,) = returns_on("2026-01-05")
    assert (budget["used"], budget["left"], budget["returns"]) == (1, 39, [{"date": last, "count": 1}])


def test_quota_that_is_not_known_is_marked(world: World, aws: Aws) -> None:
    world.created()
    result = aws.run("budget")
    assert "5?" in result.stdout
    assert "A quota with ? is an estimate" in result.stdout
    (budget,) = aws.document("budget")["budgets"]
    assert (budget["is_quota_estimate"], budget["refuses"]) == (True, False)


def test_providers_of_one_place_share_the_rule(told: Aws) -> None:
    second = World()
    second.created()
    told.add_provider("second", "second", "second-ledger", second.store)
    result = told.run("budget")
    text = " ".join(result.stdout.split())
    assert "2 providers share what Amazon Connect allows." in text
    assert "Together they have used 8 and hold 2." in text
    assert len(told.document("budget")["budgets"]) == 2


def test_provider_whose_ledger_cannot_be_read_leaves_the_others(told: Aws) -> None:
    told.add_provider("broken", "broken", "no-such-table", None)
    result = told.run("budget")
    assert result.exit_code == 3
    assert "The ledger of broken cannot be read" in result.stderr
    assert ["20", "40", "7", "1", "33", "2", "16"] in [line.split() for line in result.stdout.splitlines()]


def test_csv(told: Aws) -> None:
    (row,) = csv.DictReader(io.StringIO(told.run("budget", "--output", "csv").stdout))
    assert tuple(row) == FIELDS
    first, second, third = returns_on("2026-01-01", "2026-01-02", "2026-01-05")
    assert row["returns"] == f"{first}:4 {second}:2 {third}:1"


def test_picture_is_one_svg_without_the_network(told: Aws, tmp_path: Path) -> None:
    file = tmp_path / "budget.svg"
    assert told.run("budget", "--svg", str(file)).exit_code == 0
    svg = file.read_text(encoding="utf-8")
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own file
    assert "█" in svg
    assert "Claims&#160;possible" in svg
    assert svg.replace("http://www.w3.org/2000/svg", "").count("http") == svg.count("https://www.textualize.io")


def test_picture_that_cannot_be_written(told: Aws, tmp_path: Path) -> None:
    result = told.run("budget", "--svg", str(tmp_path / "no-folder" / "budget.svg"))
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory. Name another file with --svg." in result.stderr


@pytest.mark.parametrize(("least", "code"), [("16", 0), ("17", 2)])
def test_exit_code_2_if_fewer_claims_are_possible(told: Aws, least: str, code: int) -> None:
    assert told.run("budget", "--fail-below", least).exit_code == code


def test_nothing_was_ever_claimed(aws: Aws) -> None:
    aws.tables["ledger"] = MemoryStore(aws.world.clock)
    text = aws.run("budget").stdout
    assert "Nothing is used, so nothing comes back." in text


def test_without_a_provider(aws: Aws) -> None:
    del aws.functions[1]
    result = aws.run("budget")
    assert (result.exit_code, result.stdout) == (0, "No provider has a ledger that can be read here.\n")
