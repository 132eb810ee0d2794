"""The report's contents: each thing is read once, and what is due is what the ledger says."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdk_connect_phone_number.cli.progress import Watch
from cdk_connect_phone_number.cli.report import DueKind, Report, oldest, take_report
from cdk_connect_phone_number.cli.run import Run
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import Policy
from tests.unit.lambda_handlers.connect_phone_number.world import PROVIDER, STACK, World

from .aws import TABLE, Aws
from .crowd import Crowd, crowd

DAY = 86_400


@pytest.fixture(scope="module")
def many() -> Crowd:
    return crowd()


def taken(aws: Aws, *, with_drift: bool = True) -> Report:
    return take_report(Run(aws.surroundings(), [aws.place()], (), Watch()), with_drift=with_drift)


def read(aws: Aws, *arguments: str) -> Counter[tuple[str, str]]:
    """Return how often each call is made, with its parameters."""
    aws.calls.clear()
    aws.run(*arguments)
    return Counter((call.action, repr(sorted(call.parameters.items()))) for call in aws.calls)


def test_no_call_is_made_twice(many: Crowd, tmp_path: Path) -> None:
    calls = read(many.aws, "report", "--html", str(tmp_path / "report.html"))
    assert [call for call, count in calls.items() if count > 1] == []


def test_it_reads_what_list_budget_and_drift_read_together(many: Crowd, tmp_path: Path) -> None:
    calls = set(read(many.aws, "report", "--html", str(tmp_path / "report.html")))
    asked = set(read(many.aws, "list")) | set(read(many.aws, "budget")) | set(read(many.aws, "drift"))
    # The questions about flows are the same, but in other batches.
    flows = "connect:BatchGetFlowAssociation"
    assert {call for call in calls if call[0] != flows} == {call for call in asked if call[0] != flows}


def test_without_drift_no_number_of_a_ledger_is_described(many: Crowd, tmp_path: Path) -> None:
    calls = read(many.aws, "report", "--html", str(tmp_path / "report.html"), "--no-drift")
    described = [parameters for action, parameters in calls if action == "connect:DescribePhoneNumber"]
    # The two orphans, and the number of somebody else.
    assert len(described) == 3
    assert taken(many.aws, with_drift=False).compared is None


def test_due_is_what_the_ledger_has_not_finished(many: Crowd) -> None:
    report = taken(many.aws)
    unfinished, parked = report.due
    assert (unfinished.kind, unfinished.claim.phone_number) == (DueKind.UNFINISHED, many.number(many.unfinished))
    assert unfinished.overdue_seconds(report.generated_at) == pytest.approx(2.5 * 3600, abs=120)
    assert oldest(report.due, report.generated_at) is unfinished
    assert (parked.kind, parked.claim.phone_number) == (DueKind.PARKED, many.number(many.parked))
    assert parked.overdue_seconds(report.generated_at + 30 * DAY) == 0


def test_work_that_is_due_later_is_not_overdue(world: World, aws: Aws) -> None:
    world.created()
    assert oldest(taken(aws).due, world.clock.now) is None


def test_release_that_the_budget_postpones() -> None:
    world = World(budget=Policy(quota=3, postpone_releases_below=4))
    for index in range(2):
        arn = world.created(resource=f"Line{index}")
        world.clock.pause(float(DAY))
        world.sweep()
        assert world.delete(arn, resource=f"Line{index}").succeeded
    aws = Aws(world)
    policy = {contract.BUDGET: '{"quota": 3, "postpone_releases_below": 4}'}
    aws.functions.clear()
    aws.add_provider("provider", PROVIDER, TABLE, world.store, **policy)
    (work,) = taken(aws).due
    assert work.kind is DueKind.POSTPONED
    # To a day on which earlier claims and releases count no longer.
    assert datetime.fromtimestamp(work.at, UTC).date() in dict(taken(aws).budgets[0].returns())
    assert work.claim == world.claim(STACK, "Line1")


def test_parked_number_of_a_pool_names_the_pool(world: World, aws: Aws) -> None:
    pool = world.event("Create", resource="Pool", resource_type="Custom::ConnectPhoneNumberPool")
    pool["ResourceProperties"] = {"ServiceToken": pool["ServiceToken"], "MaxParked": "2", "ReleaseAfter": str(7 * DAY)}
    pool_id = world.send(pool).physical_id
    arn = world.created(Pool=pool_id, ReleaseDelay=str(7 * DAY))
    world.delete(arn, Pool=pool_id, ReleaseDelay=str(7 * DAY))
    (work,) = taken(aws).due
    assert (work.kind, work.pool) == (DueKind.PARKED, "support/Pool")


def test_report_of_what_list_lists(many: Crowd) -> None:
    listed = many.aws.document("list")
    report = taken(many.aws)
    assert [record.phone_number for record in report.numbers] == [one["phone_number"] for one in listed["numbers"]]
    assert report.compared is not None
    statuses = Counter(one.status.value for _, one in report.compared)
    assert statuses == {key: count for key, count in many.aws.document("drift")["totals"].items() if count}
