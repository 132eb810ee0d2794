"""The status of traffic distribution groups."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from local_aws.connect_emulator import ConnectEmulator

from .conftest import OTHER_REGION, REGION, Service, claim, describe_group, error_of, instance_id, search, status

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

CREATION_SECONDS = 30.0
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def group_arn(emulator: ConnectEmulator) -> str:
    """Return a group that is not ACTIVE yet."""
    return emulator.add_traffic_distribution_group(REGION, OTHER_REGION, creation_seconds=CREATION_SECONDS)


def test_group_becomes_active(connect: "ConnectClient", emulator: ConnectEmulator, group_arn: str) -> None:
    described = {
        "Id": instance_id(group_arn),
        "Arn": group_arn,
        "Name": instance_id(group_arn),
        "Status": "CREATION_IN_PROGRESS",
        "IsDefault": False,
    }
    emulator.advance(CREATION_SECONDS - 1)
    assert describe_group(connect, group_arn) == described
    emulator.advance(1)
    assert describe_group(connect, group_arn) == {**described, "Status": "ACTIVE"}
    assert not emulator.audit[-1].took_effect


def test_group_is_active_at_once_by_default(connect: "ConnectClient", emulator: ConnectEmulator) -> None:
    group_arn = emulator.add_traffic_distribution_group(REGION, OTHER_REGION)
    assert describe_group(connect, group_arn)["Status"] == "ACTIVE"
    assert claim(connect, group_arn)


def test_group_is_known_by_its_id_where_it_was_created_and_by_its_arn_in_both_regions(
    service: Service, connect: "ConnectClient", group_arn: str
) -> None:
    elsewhere = service.client(OTHER_REGION)
    by_arn = describe_group(connect, group_arn)
    assert describe_group(connect, instance_id(group_arn)) == describe_group(elsewhere, group_arn) == by_arn
    assert error_of(lambda: describe_group(elsewhere, instance_id(group_arn)))[::2] == (
        "ResourceNotFoundException",
        404,
    )


@pytest.mark.parametrize(
    "group", [UNKNOWN_ID, f"arn:aws:connect:{REGION}:000000000000:traffic-distribution-group/{UNKNOWN_ID}"]
)
def test_group_that_does_not_exist(connect: "ConnectClient", group: str) -> None:
    assert error_of(lambda: describe_group(connect, group))[::2] == ("ResourceNotFoundException", 404)


def test_group_of_another_account_or_region_is_unknown(service: Service, group_arn: str) -> None:
    for stranger in (service.client(account="123456789012"), service.client("eu-west-2")):
        assert error_of(lambda client=stranger: describe_group(client, group_arn))[0] == "ResourceNotFoundException"  # type: ignore[misc]


def test_group_may_be_taken_for_granted(connect: "ConnectClient", emulator: ConnectEmulator) -> None:
    emulator.configure(accept_unknown_targets=True)
    assert describe_group(connect, UNKNOWN_ID)["Status"] == "ACTIVE"


@pytest.mark.parametrize("group", ["unknown", f"arn:aws:connect:{REGION}:000000000000:instance/{UNKNOWN_ID}"])
def test_what_is_no_groups_id_is_refused_with_the_code_that_the_model_has(connect: "ConnectClient", group: str) -> None:
    code, message, http_status = error_of(lambda: describe_group(connect, group))
    assert (code, http_status) == ("InvalidRequestException", 400)
    assert "at 'trafficDistributionGroupId'" in message


def test_group_that_is_not_active_is_no_target(
    service: Service, connect: "ConnectClient", emulator: ConnectEmulator, group_arn: str, target_arn: str
) -> None:
    elsewhere = service.client(OTHER_REGION)
    number = claim(connect, target_arn)
    emulator.advance(CREATION_SECONDS - 1)
    calls: dict[str, Callable[[], object]] = {
        "SearchAvailablePhoneNumbers": lambda: search(connect, group_arn),
        "ListPhoneNumbersV2": lambda: connect.list_phone_numbers_v2(TargetArn=group_arn),
        "ListPhoneNumbersV2 in the other Region": lambda: elsewhere.list_phone_numbers_v2(TargetArn=group_arn),
        "ClaimPhoneNumber": lambda: claim(connect, group_arn, PhoneNumber="+12065550150"),
        "UpdatePhoneNumber": lambda: connect.update_phone_number(PhoneNumberId=number, TargetArn=group_arn),
    }
    for name, call in calls.items():
        response = error_of(call)
        assert response == (
            "ResourceNotFoundException",
            f"Instance or traffic distribution group not found: {group_arn}",
            404,
        ), name
    assert status(connect, number) == "CLAIMED"
    emulator.advance(1)
    for call in calls.values():
        call()


def test_groups_are_listed_in_both_regions_page_by_page(service: Service, emulator: ConnectEmulator) -> None:
    groups = [emulator.add_traffic_distribution_group(REGION, OTHER_REGION) for _ in range(11)]
    late = emulator.add_traffic_distribution_group(OTHER_REGION, REGION, creation_seconds=CREATION_SECONDS)
    emulator.add_traffic_distribution_group(OTHER_REGION, "eu-west-1")
    emulator.add_traffic_distribution_group(REGION, OTHER_REGION, account="1" * 12)
    emulator.add_instance(REGION)
    for region in (REGION, OTHER_REGION):
        connect = service.client(region)
        first: Any = connect.list_traffic_distribution_groups()
        assert [group["Arn"] for group in first["TrafficDistributionGroupSummaryList"]] == groups[:10]
        second: Any = connect.list_traffic_distribution_groups(NextToken=first["NextToken"])
        rest = [(group["Arn"], group["Status"]) for group in second["TrafficDistributionGroupSummaryList"]]
        assert rest[:2] == [(groups[10], "ACTIVE"), (late, "CREATION_IN_PROGRESS")]
        assert "NextToken" not in second
    assert len(rest) == 3


def test_groups_are_of_no_instance(connect: "ConnectClient", group_arn: str, target_arn: str) -> None:
    assert group_arn
    listed = connect.list_traffic_distribution_groups(InstanceId=instance_id(target_arn))
    assert listed["TrafficDistributionGroupSummaryList"] == []


def test_creation_takes_no_negative_time(emulator: ConnectEmulator) -> None:
    with pytest.raises(ValueError, match="creation_seconds must not be negative, but is -1"):
        emulator.add_traffic_distribution_group(REGION, OTHER_REGION, creation_seconds=-1)
