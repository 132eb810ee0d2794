"""``drift``: each way in which a number can differ, and what is no drift."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from cdk_connect_phone_number.cli.commands.drift import FIELDS
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.ledger.items import encode
from tests.unit.lambda_handlers.connect_phone_number.world import REGION, STACK, World

from ..aws import Aws

BY_HAND: Final = "+12065550150"


def flow(world: World, digit: int) -> str:
    return f"{world.instance}/contact-flow/99999999-8888-7777-6666-55555555555{digit}"


@pytest.fixture
def arn(world: World) -> str:
    """Make a number with all settings, which its stack has."""
    arn = world.created(
        Description="Support", ContactFlowArn=flow(world, 1), Tags=[{"Key": "team", "Value": "support"}]
    )
    world.clock.pause(400.0)
    world.sweep()
    return arn


def differences(aws: Aws) -> list[tuple[str, str, str, str]]:
    rows = aws.document("drift")["differences"]
    return [(row["status"], row["aspect"], row["wanted"], row["found"]) for row in rows]


def move(world: World, arn: str) -> None:
    world.client.update_phone_number(PhoneNumberId=arn, TargetArn=world.emulator.add_instance(REGION))
    world.clock.pause(60.0)


def associate(world: World, arn: str) -> None:
    instance, flow_id = flow(world, 2).split("/contact-flow/")
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn, InstanceId=instance.rpartition("/")[2], ContactFlowId=flow_id
    )


def describe(world: World, arn: str) -> None:
    world.client.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="By hand")


def test_number_that_is_as_its_stack_wants_it(aws: Aws, arn: str) -> None:
    assert arn
    result = aws.run("drift")
    assert (result.exit_code, result.stdout) == (0, "1 compared: 0 drifted, 1 in sync\n")
    assert differences(aws) == []
    # Only numbers that differ are a question for CloudFormation.
    assert not any("cloudformation" in action for action in aws.actions())


def test_number_that_was_released(world: World, aws: Aws, arn: str) -> None:
    number = world.number(arn).phone_number
    world.released_by_hand(arn)
    assert differences(aws) == [("drifted", "gone", number, "")]


def test_number_that_was_moved_has_lost_its_flow(world: World, aws: Aws, arn: str) -> None:
    move(world, arn)
    assert differences(aws) == [
        ("drifted", "target", world.instance, world.number(arn).target_arn),
        ("drifted", "flow", flow(world, 1), ""),
    ]


def test_number_with_another_flow(world: World, aws: Aws, arn: str) -> None:
    associate(world, arn)
    assert differences(aws) == [("drifted", "flow", flow(world, 1), flow(world, 2))]


def test_number_with_another_description(world: World, aws: Aws, arn: str) -> None:
    describe(world, arn)
    assert differences(aws) == [("drifted", "description", "Support", "By hand")]


def test_number_with_other_tags(world: World, aws: Aws, arn: str) -> None:
    world.client.tag_resource(resourceArn=arn, tags={"team": "sales", "by-hand": "yes"})
    world.client.untag_resource(resourceArn=arn, tagKeys=[contract.CLAIM_TAG])
    claim_tag = f"{contract.CLAIM_TAG}={world.claim().id}"
    assert differences(aws) == [("drifted", "tags", f"{claim_tag}, team=support", "team=sales")]


@pytest.mark.parametrize("change", [move, associate, describe])
def test_drift_is_exit_code_2_and_in_the_table(
    world: World, aws: Aws, arn: str, change: Callable[[World, str], None]
) -> None:
    change(world, arn)
    result = aws.run("drift")
    assert result.exit_code == 2
    assert world.number(arn).phone_number in result.stdout
    assert result.stdout.splitlines()[-1] == "1 compared: 1 drifted, 0 in sync"
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_what_the_stack_does_not_say_may_be_anything(world: World, aws: Aws) -> None:
    arn = world.created()
    associate(world, arn)
    world.client.tag_resource(resourceArn=arn, tags={"by-hand": "yes"})
    assert aws.run("drift").exit_code == 0


def test_description_of_an_adopted_number_may_be_left_alone(world: World, aws: Aws) -> None:
    world.claimed_by_hand(BY_HAND)
    world.created(PhoneNumber=BY_HAND, Adopt="true", CountryCode=None, Type=None)
    assert aws.run("drift").exit_code == 0


def test_number_that_was_retained_may_be_anything(world: World, aws: Aws, arn: str) -> None:
    describe(world, arn)
    del world.stacks.resources[ResourceKey(STACK, "Number")]
    result = aws.run("drift")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "1 compared: 0 drifted, 0 in sync, 1 retained"
    assert differences(aws) == [("retained", "description", "Support", "By hand")]


def test_number_of_a_stack_that_is_being_changed_is_in_progress(world: World, aws: Aws, arn: str) -> None:
    describe(world, arn)
    aws.stack_statuses[STACK] = "UPDATE_IN_PROGRESS"
    assert differences(aws) == [("in-progress", "description", "Support", "By hand")]
    assert aws.run("drift").exit_code == 0


def test_claim_that_is_not_settled_is_in_progress(world: World, aws: Aws, arn: str) -> None:
    assert arn
    claim = world.claim()
    world.store.replace(encode(replace(claim, state=type(claim.state).CLOSING)))
    assert differences(aws) == [("in-progress", "", "", "")]
    assert "in progress" in aws.run("drift").stdout
    assert "connect:DescribePhoneNumber" not in aws.actions()


def test_move_that_goes_on_is_in_progress(world: World, aws: Aws, arn: str) -> None:
    world.emulator.configure(claim_seconds=600.0)
    world.client.update_phone_number(PhoneNumberId=arn, TargetArn=world.emulator.add_instance(REGION))
    assert differences(aws) == [("in-progress", "", "", "")]


def test_parked_number_is_only_looked_for(world: World, aws: Aws) -> None:
    arn = world.created(ReleaseDelay="86400", Description="Support")
    assert world.delete(arn, ReleaseDelay="86400").succeeded
    describe(world, arn)
    assert aws.run("drift").exit_code == 0
    world.released_by_hand(arn)
    assert [row[:2] for row in differences(aws)] == [("drifted", "gone")]


def test_number_that_cannot_be_read(world: World, aws: Aws, arn: str) -> None:
    describe(world, arn)
    aws.denied.add("connect:DescribePhoneNumber")
    result = aws.run("drift")
    assert result.exit_code == 3
    assert "cannot be compared: connect:DescribePhoneNumber is denied" in result.stderr
    assert result.stdout.splitlines()[-1] == "1 compared: 0 drifted, 0 in sync, 1 unknown"


def test_flows_that_cannot_be_read_are_no_drift(aws: Aws, arn: str) -> None:
    assert arn
    aws.denied.add("connect:BatchGetFlowAssociation")
    result = aws.run("drift")
    assert result.exit_code == 3
    assert "The flows of the numbers of" in result.stderr
    assert result.stdout.splitlines()[-1] == "1 compared: 0 drifted, 0 in sync, 1 unknown"


def test_group_numbers_flow_is_that_of_the_instance_that_the_stack_names(world: World, aws: Aws) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    arn = world.created(TargetArn=group, ContactFlowArn=flow(world, 1))
    assert aws.run("drift").exit_code == 0
    associate(world, arn)
    assert differences(aws) == [("drifted", "flow", flow(world, 1), flow(world, 2))]


def test_csv(world: World, aws: Aws, arn: str) -> None:
    describe(world, arn)
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(aws.run("drift", "--output", "csv").stdout)))
    assert [tuple(row) for row in rows] == [FIELDS]
    assert (rows[0]["stack_name"], rows[0]["logical_id"], rows[0]["found"]) == ("support", "Number", "By hand")
