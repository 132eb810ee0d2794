"""Traffic distribution groups, which live in two Regions, and numbers, which live in one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from local_aws.connect_emulator import ConnectEmulator

from .conftest import OTHER_REGION, REGION, Service, claim, describe, error_of, instance_id, numbers_of, search

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient


@pytest.fixture
def group_arn(emulator: ConnectEmulator) -> str:
    return emulator.add_traffic_distribution_group(REGION, OTHER_REGION)


@pytest.fixture
def elsewhere(service: Service) -> "ConnectClient":
    return service.client(OTHER_REGION)


@pytest.fixture
def arn(connect: "ConnectClient", emulator: ConnectEmulator, group_arn: str) -> str:
    number = claim(connect, group_arn, Tags={"a": "b"})
    emulator.advance(2)
    return number


def test_number_of_a_group_has_no_instance(connect: "ConnectClient", group_arn: str, arn: str) -> None:
    described = describe(connect, arn)
    assert described["TargetArn"] == group_arn
    assert "InstanceId" not in described


def test_search_in_both_regions_and_claim_in_one(elsewhere: "ConnectClient", group_arn: str) -> None:
    found = search(elsewhere, group_arn)
    assert found
    code = error_of(lambda: claim(elsewhere, group_arn, PhoneNumber=found[0]))[0]
    assert code == "ResourceNotFoundException"


def test_other_region_knows_the_number_by_its_arn_alone(
    elsewhere: "ConnectClient", emulator: ConnectEmulator, arn: str
) -> None:
    instance = instance_id(emulator.add_instance(OTHER_REGION))
    number_id = arn.rpartition("/")[2]
    calls: list[Callable[[str], object]] = [
        lambda number: elsewhere.describe_phone_number(PhoneNumberId=number),
        lambda number: elsewhere.associate_phone_number_contact_flow(
            PhoneNumberId=number, InstanceId=instance, ContactFlowId="flow"
        ),
        lambda number: elsewhere.disassociate_phone_number_contact_flow(PhoneNumberId=number, InstanceId=instance),
    ]
    for call in calls:
        assert error_of(lambda call=call: call(number_id))[::2] == ("ResourceNotFoundException", 404)  # type: ignore[misc]
        call(arn)
    assert elsewhere.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}


def test_each_region_has_its_own_flow(
    connect: "ConnectClient", elsewhere: "ConnectClient", emulator: ConnectEmulator, arn: str
) -> None:
    here, there = (instance_id(emulator.add_instance(region)) for region in (REGION, OTHER_REGION))
    connect.associate_phone_number_contact_flow(PhoneNumberId=arn, InstanceId=here, ContactFlowId="first")
    elsewhere.associate_phone_number_contact_flow(PhoneNumberId=arn, InstanceId=there, ContactFlowId="second")
    assert emulator.numbers()[0].contact_flows == {here: "first", there: "second"}


def test_release_only_where_the_number_was_claimed(
    connect: "ConnectClient", elsewhere: "ConnectClient", arn: str
) -> None:
    number_id = arn.rpartition("/")[2]
    assert error_of(lambda: elsewhere.release_phone_number(PhoneNumberId=number_id))[0] == "ResourceNotFoundException"
    code, message, _ = error_of(lambda: elsewhere.release_phone_number(PhoneNumberId=arn))
    assert code == "InvalidParameterException"
    assert f"was claimed in {REGION}" in message
    connect.release_phone_number(PhoneNumberId=number_id)


def test_move_only_where_the_number_was_claimed(
    connect: "ConnectClient", elsewhere: "ConnectClient", emulator: ConnectEmulator, arn: str
) -> None:
    there = emulator.add_instance(OTHER_REGION)
    code = error_of(lambda: elsewhere.update_phone_number(PhoneNumberId=arn, TargetArn=there))[0]
    assert code == "InvalidParameterException"
    code = error_of(lambda: connect.update_phone_number(PhoneNumberId=arn, TargetArn=there))[0]
    assert code == "ResourceNotFoundException"


def test_group_lists_its_numbers_in_both_regions(elsewhere: "ConnectClient", group_arn: str, arn: str) -> None:
    assert numbers_of(elsewhere.list_phone_numbers_v2(TargetArn=group_arn)) == [arn]
    assert numbers_of(elsewhere.list_phone_numbers_v2()) == []


def test_numbers_of_a_group_are_listed_only_where_the_group_is_named(
    connect: "ConnectClient", group_arn: str, target_arn: str, arn: str
) -> None:
    of_instance = claim(connect, target_arn)
    assert numbers_of(connect.list_phone_numbers_v2()) == [of_instance]
    assert numbers_of(connect.list_phone_numbers_v2(TargetArn=target_arn)) == [of_instance]
    assert numbers_of(connect.list_phone_numbers_v2(TargetArn=group_arn)) == [arn]


def test_numbers_of_a_group_may_be_listed_without_it(
    connect: "ConnectClient", elsewhere: "ConnectClient", emulator: ConnectEmulator, target_arn: str, arn: str
) -> None:
    emulator.configure(list_group_numbers_without_target=True)
    of_instance = claim(connect, target_arn)
    assert numbers_of(connect.list_phone_numbers_v2()) == [arn, of_instance]
    assert numbers_of(connect.list_phone_numbers_v2(TargetArn=target_arn)) == [of_instance]
    assert numbers_of(elsewhere.list_phone_numbers_v2()) == []


def test_number_that_moves_is_listed_by_the_target_that_it_has(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str, arn: str
) -> None:
    connect.update_phone_number(PhoneNumberId=arn, TargetArn=target_arn)
    assert numbers_of(connect.list_phone_numbers_v2()) == []
    emulator.advance(2)
    assert numbers_of(connect.list_phone_numbers_v2()) == [arn]


def test_number_of_an_instance_is_known_in_its_region_alone(
    connect: "ConnectClient", elsewhere: "ConnectClient", target_arn: str
) -> None:
    arn = claim(connect, target_arn)
    assert error_of(lambda: describe(elsewhere, arn))[0] == "ResourceNotFoundException"


def test_number_of_another_account_is_unknown(service: Service, arn: str) -> None:
    stranger = service.client(account="123456789012")
    assert error_of(lambda: describe(stranger, arn))[0] == "ResourceNotFoundException"
