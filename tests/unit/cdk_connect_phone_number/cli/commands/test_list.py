"""``list``: formats, filters, totals and exit codes."""

import csv
import io

import pytest

from cdk_connect_phone_number.cli.commands.list import FIELDS
from lambda_handlers.connect_phone_number import contract
from tests.unit.lambda_handlers.connect_phone_number.world import OTHER_STACK, PROVIDER, REGION, World

from ..aws import Aws

ORPHAN = "+12065550151"
BY_HAND = "+442079460000"


@pytest.fixture
def arns(world: World) -> list[str]:
    """Make a number of each of two stacks, an orphan, and one that a person has claimed."""
    return [
        world.created(Description="[Support] line"),
        world.created(stack=OTHER_STACK, Type="TOLL_FREE"),
        world.claimed_by_hand(ORPHAN, {contract.PROVIDER_TAG: PROVIDER, "team": "Billing"}),
        world.claimed_by_hand(BY_HAND),
    ]


def listed(aws: Aws, arns: list[str], *arguments: str) -> list[int]:
    """Return which of the numbers are listed."""
    return sorted(arns.index(number["arn"]) for number in aws.document("list", *arguments)["numbers"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), [0, 1, 2, 3]),
        (("--owner", "orphan"), [2]),
        (("--owner", "orphan", "--owner", "somebody-else"), [2, 3]),
        (("--country", "gb"), [3]),
        (("--type", "toll_free"), [1]),
        (("--type", "DID", "--country", "US"), [0, 2]),
        (("--stack", "support"), [0]),
        (("--stack", OTHER_STACK), [1]),
        (("--text", "support] LINE"), [0]),
        (("--text", "billing"), [2]),
        (("--text", "+1206"), [0, 2]),
        (("--target", "no-such-instance"), []),
        (("--target", "instance/"), [0, 1, 2, 3]),
    ],
)
def test_filters(aws: Aws, arns: list[str], arguments: tuple[str, ...], expected: list[int]) -> None:
    assert listed(aws, arns, *arguments) == expected


def test_totals(aws: Aws, arns: list[str]) -> None:
    assert arns
    totals = aws.document("list")["totals"]
    owners = {name: count for name, count in totals["by_owner"].items() if count}
    assert owners == {"stack": 2, "orphan": 1, "somebody-else": 1}
    assert (totals["numbers"], totals["without_price"], totals["usd_per_month_estimate"]) == (4, 4, "0")
    assert totals["price_page"] == "https://aws.amazon.com/connect/pricing/"


def test_prices_are_added_up(aws: Aws) -> None:
    # Prices are known for Regions of the United States only, where this world has no provider.
    world, region = aws.world, "us-east-1"
    instance = world.emulator.add_instance(region)
    for number in ("+12065550150", "+12065550151", "+18005550100"):
        world.emulator.call(region, "ClaimPhoneNumber", {"TargetArn": instance, "PhoneNumber": number})
    document = aws.document("list", "--region", region)
    assert [number["usd_per_month_estimate"] for number in document["numbers"]] == ["0.91", "0.91", "1.83"]
    assert document["totals"]["usd_per_month_estimate"] == "3.65"
    line = aws.run("list", "--region", region).stdout.splitlines()[-1]
    assert line == "3 numbers, estimate 3.65 USD a month, 0 orphans"


def test_csv_has_a_line_for_each_number(aws: Aws, arns: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(aws.run("list", "--output", "csv").stdout)))
    assert [tuple(row) for row in rows] == [FIELDS] * 4
    assert {row["arn"] for row in rows} == set(arns)
    (orphan,) = [row for row in rows if row["owner"] == "orphan"]
    assert orphan["tags"] == '{"cdk-connect-phone-number:provider": "shared", "team": "Billing"}'
    assert (orphan["is_protected"], orphan["usd_per_month_estimate"]) == ("false", "")


def test_table_fits_80_columns_and_loses_nothing(aws: Aws, arns: list[str]) -> None:
    assert arns
    long = "A description that is much longer than a line of a terminal is, to be folded."
    aws.world.created(resource="AResourceWithALongNameThatIsFoldedAsWell", Description=long)
    text = aws.run("list").stdout
    assert max(map(len, text.splitlines())) <= 80
    header = next(line for line in text.splitlines() if "Owner, description" in line)
    column = slice(header.index("Owner, description"), header.index("month"))
    squeezed = "".join("".join(line[column] for line in text.splitlines()).split())
    for part in (
        "AResourceWithALongNameThatIsFoldedAsWell",
        long,
        "[Support] line",
        "orphan",
        "somebody else",
    ):
        assert "".join(part.split()) in squeezed
    assert text.splitlines()[-1] == "5 numbers, estimate 0 USD a month (5 without a known price), 1 orphan"


def test_exit_code_2_if_what_is_to_fail_on_is_listed(aws: Aws, arns: list[str]) -> None:
    assert arns
    assert aws.run("list").exit_code == 0
    assert aws.run("list", "--fail-on", "orphan").exit_code == 2
    assert aws.run("list", "--fail-on", "retained").exit_code == 0
    assert aws.run("list", "--fail-on", "orphan", "--country", "GB").exit_code == 0
    aws.denied.add("connect:BatchGetFlowAssociation")
    assert aws.run("list").exit_code == 3
    assert aws.run("list", "--fail-on", "orphan").exit_code == 2


def test_what_could_not_be_read_is_said_beside_the_result(aws: Aws, arns: list[str]) -> None:
    aws.denied.add("connect:BatchGetFlowAssociation")
    result = aws.run("list", "--output", "json")
    assert all(arn in result.stdout for arn in arns)
    assert f"! 123456789012 {REGION}: The flows of the numbers of" in result.stderr


def test_without_any_number(aws: Aws) -> None:
    result = aws.run("list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "0 numbers, estimate 0 USD a month, 0 orphans\n"


def test_option_that_does_not_exist(aws: Aws) -> None:
    result = aws.run("list", "--owner", "nobody")
    assert result.exit_code == 1
    assert "'nobody' is not one of" in result.stderr


def test_a_country_that_connect_does_not_know_is_refused(aws: Aws) -> None:
    refused = aws.run("list", "--country", "UK")

    assert refused.exit_code == 1
    assert "Did you mean 'GB'?" in refused.stderr
