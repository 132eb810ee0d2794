"""BatchGetFlowAssociation and ListFlowAssociations."""

from typing import TYPE_CHECKING, Any

import pytest

from local_aws.connect_emulator import ConnectEmulator

from .conftest import OTHER_REGION, REGION, Service, claim, error_of, instance_id

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
OTHER_TYPES = ["WHATSAPP_MESSAGING_PHONE_NUMBER", "INBOUND_EMAIL", "OUTBOUND_EMAIL", "ANALYTICS_CONNECTOR"]


@pytest.fixture
def numbers(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> list[str]:
    """Return three numbers of an instance, of which the last two have flows."""
    arns = [claim(connect, target_arn) for _ in range(3)]
    emulator.advance(2)
    associate(connect, target_arn, arns[1], "first")
    associate(connect, target_arn, arns[2], "second")
    return arns


def associate(connect: "ConnectClient", target_arn: str, number: str, flow_id: str) -> None:
    connect.associate_phone_number_contact_flow(
        PhoneNumberId=number, InstanceId=instance_id(target_arn), ContactFlowId=flow_id
    )


def association(target_arn: str, number: str, flow_id: str) -> dict[str, str]:
    """Return how the responses name a number and its flow by default."""
    return {
        "ResourceId": number,
        "FlowId": f"{target_arn}/contact-flow/{flow_id}",
        "ResourceType": "VOICE_PHONE_NUMBER",
    }


def batch(connect: "ConnectClient", target_arn: str, numbers: list[str], **parameters: Any) -> Any:
    query: dict[str, Any] = {"InstanceId": instance_id(target_arn), "ResourceType": "VOICE_PHONE_NUMBER"}
    response: Any = connect.batch_get_flow_association(ResourceIds=numbers, **{**query, **parameters})
    return response["FlowAssociationSummaryList"]


def page(connect: "ConnectClient", target_arn: str, **parameters: Any) -> Any:
    query: dict[str, Any] = {"InstanceId": instance_id(target_arn), "ResourceType": "VOICE_PHONE_NUMBER"}
    return connect.list_flow_associations(**{**query, **parameters})


def listed(connect: "ConnectClient", target_arn: str, **parameters: Any) -> Any:
    return page(connect, target_arn, **parameters)["FlowAssociationSummaryList"]


def test_batch_leaves_out_what_has_no_flow(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str, numbers: list[str]
) -> None:
    unknown = f"arn:aws:connect:{REGION}:000000000000:phone-number/{UNKNOWN_ID}"
    assert batch(connect, target_arn, [numbers[2], unknown, UNKNOWN_ID, "x", numbers[1], numbers[0]]) == [
        association(target_arn, numbers[2], "second"),
        association(target_arn, numbers[1], "first"),
    ]
    assert not emulator.audit[-1].took_effect
    assert batch(connect, target_arn, [numbers[0]]) == []


def test_batch_takes_ids_and_arns(connect: "ConnectClient", target_arn: str, numbers: list[str]) -> None:
    by_id, by_arn = numbers[1].rpartition("/")[2], numbers[2]
    assert batch(connect, target_arn, [by_id, by_arn]) == [
        association(target_arn, numbers[1], "first"),
        association(target_arn, numbers[2], "second"),
    ]


def test_list_has_every_number_with_a_flow(connect: "ConnectClient", target_arn: str, numbers: list[str]) -> None:
    assert listed(connect, target_arn) == [
        association(target_arn, numbers[1], "first"),
        association(target_arn, numbers[2], "second"),
    ]


def test_list_has_pages(connect: "ConnectClient", target_arn: str, numbers: list[str]) -> None:
    first = page(connect, target_arn, MaxResults=1)
    assert first["FlowAssociationSummaryList"] == [association(target_arn, numbers[1], "first")]
    second = page(connect, target_arn, MaxResults=1, NextToken=first["NextToken"])
    assert second["FlowAssociationSummaryList"] == [association(target_arn, numbers[2], "second")]
    assert "NextToken" not in second
    other_query = {"MaxResults": 1, "NextToken": first["NextToken"], "ResourceType": "INBOUND_EMAIL"}
    assert error_of(lambda: page(connect, target_arn, **other_query))[1] == "Invalid NextToken"


@pytest.mark.parametrize(("resource_id", "flow_id"), [("arn", "id"), ("id", "arn"), ("id", "id")])
def test_responses_may_name_number_and_flow_by_id(
    connect: "ConnectClient",
    emulator: ConnectEmulator,
    target_arn: str,
    numbers: list[str],
    resource_id: str,
    flow_id: str,
) -> None:
    emulator.configure(flow_association_resource_id=resource_id, flow_association_flow_id=flow_id)
    by_arn = association(target_arn, numbers[1], "first")
    expected = {
        **by_arn,
        "ResourceId": by_arn["ResourceId"] if resource_id == "arn" else numbers[1].rpartition("/")[2],
        "FlowId": by_arn["FlowId"] if flow_id == "arn" else "first",
    }
    assert batch(connect, target_arn, [numbers[1]]) == [expected]
    assert listed(connect, target_arn)[0] == expected


@pytest.mark.parametrize("type", OTHER_TYPES)
def test_other_resources_have_no_flows(
    connect: "ConnectClient", target_arn: str, numbers: list[str], type: str
) -> None:
    assert batch(connect, target_arn, numbers, ResourceType=type) == []
    assert listed(connect, target_arn, ResourceType=type) == []


def test_type_may_be_left_out(connect: "ConnectClient", target_arn: str, numbers: list[str]) -> None:
    assert batch(connect, target_arn, numbers, ResourceType=None) == batch(connect, target_arn, numbers)
    assert listed(connect, target_arn, ResourceType=None) == listed(connect, target_arn)


def test_flow_that_is_taken_away_or_replaced(connect: "ConnectClient", target_arn: str, numbers: list[str]) -> None:
    connect.disassociate_phone_number_contact_flow(PhoneNumberId=numbers[1], InstanceId=instance_id(target_arn))
    associate(connect, target_arn, numbers[2], "third")
    expected = [association(target_arn, numbers[2], "third")]
    assert batch(connect, target_arn, numbers) == listed(connect, target_arn) == expected


def test_number_that_moved_or_was_released_has_no_flow(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str, numbers: list[str]
) -> None:
    other = emulator.add_instance(REGION)
    connect.update_phone_number(PhoneNumberId=numbers[1], TargetArn=other)
    connect.release_phone_number(PhoneNumberId=numbers[2])
    emulator.advance(2)
    for instance in (target_arn, other):
        assert batch(connect, instance, numbers) == listed(connect, instance) == []


def test_another_instance_has_no_part_in_it(
    connect: "ConnectClient", emulator: ConnectEmulator, numbers: list[str]
) -> None:
    other = emulator.add_instance(REGION)
    assert batch(connect, other, numbers) == listed(connect, other) == []


@pytest.mark.parametrize(
    ("region", "account", "instance"),
    [(REGION, "test", UNKNOWN_ID), (OTHER_REGION, "test", ""), (REGION, "1" * 12, "")],
)
def test_instance_that_does_not_exist(
    service: Service, target_arn: str, numbers: list[str], region: str, account: str, instance: str
) -> None:
    stranger = service.client(region, account)
    named = instance or target_arn
    assert error_of(lambda: batch(stranger, named, numbers))[::2] == ("ResourceNotFoundException", 404)
    assert error_of(lambda: page(stranger, named))[::2] == ("ResourceNotFoundException", 404)


def test_each_region_of_a_group_has_its_own_flow(service: Service) -> None:
    emulator, connect, elsewhere = service.emulator, service.client(), service.client(OTHER_REGION)
    number = claim(connect, emulator.add_traffic_distribution_group(REGION, OTHER_REGION))
    emulator.advance(2)
    here, there = emulator.add_instance(REGION), emulator.add_instance(OTHER_REGION)
    associate(connect, here, number, "first")
    associate(elsewhere, there, number, "second")
    for client, instance, flow_id in ((connect, here, "first"), (elsewhere, there, "second")):
        assert listed(client, instance) == [association(instance, number, flow_id)]
        assert batch(client, instance, [number]) == [association(instance, number, flow_id)]
    number_id = number.rpartition("/")[2]
    assert batch(connect, here, [number_id]) == [association(here, number, "first")]
    assert batch(elsewhere, there, [number_id]) == []


def test_a_flow_is_shown_late(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str, numbers: list[str]
) -> None:
    emulator.advance(10)
    emulator.configure(change_lag_seconds=5)
    associate(connect, target_arn, numbers[0], "third")
    connect.disassociate_phone_number_contact_flow(PhoneNumberId=numbers[1], InstanceId=instance_id(target_arn))
    emulator.advance(4)
    old = [association(target_arn, numbers[1], "first"), association(target_arn, numbers[2], "second")]
    assert batch(connect, target_arn, numbers) == old
    assert page(connect, target_arn)["FlowAssociationSummaryList"] == old
    emulator.advance(1)
    new = [association(target_arn, numbers[0], "third"), association(target_arn, numbers[2], "second")]
    assert batch(connect, target_arn, numbers) == new
    assert page(connect, target_arn)["FlowAssociationSummaryList"] == new
