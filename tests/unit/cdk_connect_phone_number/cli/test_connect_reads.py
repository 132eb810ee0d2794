"""The reads from Connect: pages, batches, and what happens when Connect does not answer."""

from typing import Any, Final

import pytest

from cdk_connect_phone_number.cli.connect_reads import ConnectReads, NotRead
from cdk_connect_phone_number.cli.pacing import Pacer
from tests.unit.lambda_handlers.connect_phone_number.world import REGION, World

NUMBERS: Final = [f"+120655501{index:02}" for index in range(20, 50)]


@pytest.fixture
def reads(world: World) -> ConnectReads:
    client: Any = world.client
    return ConnectReads(client, Pacer(world.clock, world.clock.pause))


def test_all_pages_of_numbers(world: World, reads: ConnectReads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdk_connect_phone_number.cli.connect_reads._LIST_PAGE", 7)
    for number in NUMBERS:
        world.claimed_by_hand(number)
    assert [listed.phone_number for listed in reads.numbers()] == NUMBERS
    assert len(world.calls("ListPhoneNumbersV2")) == 5


def test_all_pages_of_groups(world: World, reads: ConnectReads) -> None:
    arns = [world.emulator.add_traffic_distribution_group(REGION, "us-east-1") for _ in range(23)]
    assert [group.arn for group in reads.groups()] == arns
    assert len(world.calls("ListTrafficDistributionGroups")) == 3


def test_group_that_does_not_exist_has_no_numbers(world: World, reads: ConnectReads) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "us-east-1", creation_seconds=60)
    assert reads.numbers(group) == []


def test_flows_of_several_numbers(world: World, reads: ConnectReads) -> None:
    flow = f"{world.instance}/contact-flow/99999999-8888-7777-6666-555555555555"
    with_flow = world.created(ContactFlowArn=flow)
    without = world.created(resource="Other")
    assert reads.flows(world.instance, [with_flow, without]) == {with_flow: flow}


def test_throttled_call_is_repeated_after_pauses(world: World, reads: ConnectReads) -> None:
    world.emulator.faults.add("ListPhoneNumbersV2", "error", code="ThrottlingException", calls=3)
    before = world.clock.now
    assert reads.numbers() == []
    assert world.clock.now - before == 1 + 2 + 4


def test_call_without_a_response_is_repeated(world: World, reads: ConnectReads) -> None:
    world.emulator.faults.add("ListPhoneNumbersV2", "no_response")
    assert reads.numbers() == []
    assert len(world.calls("ListPhoneNumbersV2")) == 2


def test_call_that_is_always_throttled_is_given_up(world: World, reads: ConnectReads) -> None:
    world.emulator.faults.add("ListPhoneNumbersV2", "error", code="ThrottlingException", calls=100)
    with pytest.raises(NotRead, match="connect:ListPhoneNumbersV2 failed: ThrottlingException"):
        reads.numbers()
    assert len(world.calls("ListPhoneNumbersV2")) == 9


def test_call_that_is_denied_is_not_repeated(world: World, reads: ConnectReads) -> None:
    world.emulator.faults.add("DescribePhoneNumber", "error", code="AccessDeniedException", calls=100)
    with pytest.raises(NotRead, match="Allow connect:DescribePhoneNumber to the caller, as "):
        reads.describe(world.claimed_by_hand(NUMBERS[0]))
    assert len(world.calls("DescribePhoneNumber")) == 1


def test_number_that_is_gone(world: World, reads: ConnectReads) -> None:
    arn = world.claimed_by_hand(NUMBERS[0])
    found = reads.describe(arn)
    assert found is not None
    assert (found.phone_number, found.description) == (NUMBERS[0], "By hand")
    world.released_by_hand(arn)
    assert reads.describe(arn) is None
