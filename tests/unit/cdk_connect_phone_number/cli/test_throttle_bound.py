"""At 2,000 numbers, a command takes hardly longer than Connect's throttle requires."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from cdk_connect_phone_number.cli.pacing import BURST, RATE
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.ledger.items import encode
from local_aws.connect_emulator import inventory
from tests.unit.lambda_handlers.connect_phone_number.world import PROVIDER, STACK, World

from .aws import Aws

ORPHANS: Final = 200
SOMEBODY_ELSES: Final = 300
OF_STACKS: Final = 1500
MOST: Final = 1.1
# In one worker, which makes the 2,000 numbers once.
pytestmark = pytest.mark.xdist_group("throttle_bound")


@pytest.fixture(scope="module")
def crowded() -> World:
    """Return a world with 2,000 numbers, of which a ledger knows 1,500."""
    world = World()
    world.emulator.configure(quota=5000, target_limit=5000)
    template: Any = None
    kinds = [PROVIDER] * OF_STACKS + ["orphan"] * ORPHANS + [""] * SOMEBODY_ELSES
    for index, (number, owner) in enumerate(zip(inventory.numbers("GB", "DID"), kinds, strict=True)):
        tags = {contract.PROVIDER_TAG: PROVIDER} if owner else {"team": "billing"}
        claimed = world.client.claim_phone_number(TargetArn=world.instance, PhoneNumber=number, Tags=tags)
        if owner != PROVIDER:
            continue
        if template is None:
            world.created(resource="First")
            template = world.claim(resource="First")
        stack = STACK.replace("support", f"stack-{index % 50}")
        claim = replace(
            template,
            stack_id=stack,
            logical_resource_id=f"Number{index}",
            id=f"claim-{index}",
            arn=claimed["PhoneNumberArn"],
            phone_number=number,
            acknowledged=True,
        )
        world.store.replace(encode(claim))
        world.stacks.hold(claim.resource, claim.arn)
    world.clock.pause(10.0)
    world.emulator.configure(throttling=True)
    return world


def bound(calls: Counter[str]) -> float:
    """Return how many seconds Connect's throttle requires for some calls: operations are throttled separately."""
    return max((count - BURST) / RATE for count in calls.values())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        # Two pages of a thousand, and the third with the first number of the world; flows by the hundred; only the
        # numbers that no ledger knows are described.
        (
            "list",
            {
                "ListPhoneNumbersV2": 3,
                "ListTrafficDistributionGroups": 1,
                "BatchGetFlowAssociation": 21,
                "DescribePhoneNumber": ORPHANS + SOMEBODY_ELSES,
            },
        ),
        ("drift", {"DescribePhoneNumber": OF_STACKS + 1}),
    ],
)
def test_time_is_near_the_bound(crowded: World, command: str, expected: dict[str, int]) -> None:
    aws = Aws(crowded)
    crowded.emulator.audit.clear()
    before = crowded.clock.now
    result = aws.run(command, "--output", "json")
    took = crowded.clock.now - before

    assert result.exit_code in (0, 2), result.stderr
    assert {entry.outcome for entry in crowded.emulator.audit} == {"ok"}
    calls = Counter(entry.operation for entry in crowded.emulator.audit)
    assert calls == expected
    assert took <= MOST * bound(calls)
    # CloudFormation is asked about each stack once.
    assert aws.actions().count("cloudformation:DescribeStacks") <= 51


def test_time_of_the_report_is_that_of_drift_and_a_few_calls(crowded: World, tmp_path: Path) -> None:
    aws = Aws(crowded)
    # Connect has forgotten the calls of the commands before.
    crowded.clock.pause(10.0)
    crowded.emulator.audit.clear()
    before = crowded.clock.now
    assert aws.run("report", "--html", str(tmp_path / "report.html")).exit_code == 0
    took = crowded.clock.now - before

    calls = Counter(entry.operation for entry in crowded.emulator.audit)
    assert calls["DescribePhoneNumber"] == OF_STACKS + 1 + ORPHANS + SOMEBODY_ELSES
    assert took <= MOST * bound(calls)
