"""The ledgers: read once, never written, and what is said if one cannot be read."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cdk_connect_phone_number.cli.ledgers import LedgerContents, ReadOnlyStore, read_ledger
from cdk_connect_phone_number.cli.problems import Finding, Problem
from cdk_connect_phone_number.cli.providers import discover
from lambda_handlers.connect_phone_number.budget import footprint
from lambda_handlers.connect_phone_number.ledger.items import BUDGET_KEY
from lambda_handlers.connect_phone_number.ledger.store import Write
from lambda_handlers.connect_phone_number.ledger.update import Update
from tests.unit.lambda_handlers.connect_phone_number.world import World

from .aws import Aws


def read(aws: Aws) -> tuple[LedgerContents | None, list[Finding]]:
    place, findings = aws.place(), list[Finding]()
    (provider,) = discover(place, (), findings).selected
    return read_ledger(place, provider, findings), findings


def test_all_claims_and_the_sums(world: World, aws: Aws) -> None:
    arn = world.created()
    world.delete(arn)
    for index in range(20):
        world.created(resource=f"Number{index}")
    contents, findings = read(aws)
    assert contents is not None
    assert len(contents.claims) == 21
    assert contents.budget == world.invocation().ledger.budget()
    assert findings == []
    # Several pages, each of them once.
    positions = [repr(call.parameters.get("ExclusiveStartKey")) for call in aws.calls if call.service == "dynamodb"]
    assert len(positions) > 1
    assert len(set(positions)) == len(positions)


@pytest.mark.parametrize("spoiled", [{"used": "many"}, None])
def test_sums_that_are_no_numbers_or_were_never_counted_are_counted_anew(
    world: World, aws: Aws, spoiled: dict[str, Any] | None
) -> None:
    world.created()
    item = world.store.get(BUDGET_KEY)
    assert item is not None
    if spoiled is None:
        world.store.remove(BUDGET_KEY)
    else:
        world.store.replace({**item, **spoiled})
    contents, _ = read(aws)
    assert contents is not None
    allowance = contents.allowance(world.clock.now)
    assert (allowance.used, allowance.budget.held) == (1, 1)
    assert footprint(world.claim())["used"] == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "AccessDeniedException",
            "of provider cannot be read: dynamodb:Scan is denied (no). Allow dynamodb:Scan",
        ),
        ("ThrottlingException", "DynamoDB does not return the items of ledger ("),
        ("ResourceNotFoundException", "there is no table ledger. Restore it from a backup"),
    ],
)
def test_ledger_that_cannot_be_read(aws: Aws, code: str, message: str) -> None:
    class Store:
        def scan(self, after: object) -> Any:
            del after
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Scan")

    aws.tables["ledger"] = Store()
    contents, (finding,) = read(aws)
    assert contents is None
    assert message in finding.text


def test_credentials_that_have_expired_end_the_command(aws: Aws) -> None:
    class Store:
        def scan(self, after: object) -> Any:
            del after
            raise ClientError({"Error": {"Code": "UnrecognizedClientException", "Message": "no"}}, "Scan")

    aws.tables["ledger"] = Store()
    with pytest.raises(Problem, match="AWS does not accept the credentials"):
        read(aws)


def test_a_ledger_is_not_written(world: World) -> None:
    store = ReadOnlyStore(world.store)
    with pytest.raises(AssertionError, match="must not be written"):
        store.write([Write(BUDGET_KEY, None, 0)])
    with pytest.raises(AssertionError, match="must not be changed"):
        store.update(BUDGET_KEY, Update({}))
    assert (store.get(BUDGET_KEY), store.get_all([BUDGET_KEY])) == (None, [None])
    assert store.index("DUE", None).keys == []
