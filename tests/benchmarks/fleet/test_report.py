from dataclasses import replace
from xml.etree import ElementTree

import pytest

from benchmarks.fleet.measure import Fleet, measure
from benchmarks.fleet.report import DEFAULT, OURS, SHARED, Row, chart, rows, table
from benchmarks.peers.compare import PEERS


@pytest.fixture(scope="module")
def found() -> list[Row]:
    return rows(counts=(1, 100), peer_counts=(10,))


def test_every_goal_is_met(found: list[Row]) -> None:
    assert [row.problem() for row in found if row.problem()] == []
    assert all(row.fleet.failed == 0 for row in found)


def test_one_number_takes_few_requests(found: list[Row]) -> None:
    created, deleted = (row.fleet for row in found if row.fleet.count == 1 and row.situation == DEFAULT)

    # One of them is the look at the budget.
    assert created.ledger_each <= 10
    assert created.seconds <= created.bound + 0.3
    assert deleted.ledger_each <= 6


def test_a_raised_throttle_is_used_without_being_told() -> None:
    (default, _), (raised, _) = measure(100), measure(100, rate=10.0)

    assert raised.seconds < default.seconds / 2


def test_a_missed_goal_is_named(found: list[Row]) -> None:
    fleet: Fleet = next(row.fleet for row in found if row.fleet.count == 100)

    assert Row(DEFAULT, OURS, replace(fleet, seconds=fleet.bound * 1.2)).problem() == "1.20 times the bound"
    assert Row(SHARED, OURS, replace(fleet, seconds=fleet.bound * 1.2)).problem() == ""
    assert Row(SHARED, OURS, replace(fleet, seconds=fleet.bound * 1.4)).problem() == "1.40 times the bound"
    assert Row(DEFAULT, OURS, replace(fleet, failed=1)).problem() == "1 failed"
    assert Row(DEFAULT, OURS, replace(fleet, calls=fleet.calls + fleet.calls)).problem().endswith("calls each")
    assert Row(DEFAULT, "plain boto3", replace(fleet, failed=1)).problem() == ""


def test_table_and_chart_show_every_handler(found: list[Row]) -> None:
    drawn = chart(found)

    ElementTree.fromstring(drawn)  # noqa: S314 - our own
    for name in (OURS, *PEERS):
        assert f">{name}</text>" in drawn
        assert f"| {name} |" in table(found)


def test_a_handler_that_fails_has_no_time_to_show(found: list[Row]) -> None:
    last = next(row for row in found if row.handler == "plain boto3" and row.fleet.operation == "Create")
    failing = Row(DEFAULT, "plain boto3", replace(last.fleet, failed=3))

    assert ">plain boto3: 3 of 10 fail</text>" in chart([*found, failing])
    assert "| - |" in failing.line()
