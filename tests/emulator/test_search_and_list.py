"""SearchAvailablePhoneNumbers, DescribePhoneNumber and ListPhoneNumbersV2."""

from typing import TYPE_CHECKING, Any

import pytest

from local_aws.connect_emulator import ConnectEmulator

from .conftest import REGION, claim, describe, error_of, instance_id, numbers_of, search

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient


def test_everybody_gets_the_same_first_page_of_ten(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    first = search(connect, target_arn)
    assert len(first) == 10
    assert search(connect, emulator.add_instance(REGION)) == first


def test_pages_lead_through_the_whole_inventory_once(connect: "ConnectClient", target_arn: str) -> None:
    parameters: dict[str, Any] = {
        "TargetArn": target_arn,
        "PhoneNumberCountryCode": "US",
        "PhoneNumberType": "DID",
        "PhoneNumberPrefix": "+1206",
    }
    found: list[str] = []
    while True:
        page: Any = connect.search_available_phone_numbers(**parameters)
        found += [number["PhoneNumber"] for number in page["AvailableNumbersList"]]
        if "NextToken" not in page:
            break
        parameters["NextToken"] = page["NextToken"]
    assert len(found) == len(set(found)) == 100
    assert all(number.startswith("+1206") for number in found)


def test_page_may_be_smaller(connect: "ConnectClient", target_arn: str) -> None:
    assert search(connect, target_arn, MaxResults=3) == search(connect, target_arn)[:3]


@pytest.mark.parametrize("token", ["nonsense", "WzEwLCB7fV0=", "é"])
def test_token_of_another_query_is_refused(connect: "ConnectClient", target_arn: str, token: str) -> None:
    response = error_of(lambda: search(connect, target_arn, NextToken=token))
    assert response == ("InvalidParameterException", "Invalid NextToken", 400)


@pytest.mark.parametrize("country", ["US", "CA", "GB", "DE", "FR", "AU", "JP", "BR"])
@pytest.mark.parametrize("type", ["DID", "TOLL_FREE"])
def test_inventory(connect: "ConnectClient", target_arn: str, country: str, type: str) -> None:
    found = search(connect, target_arn, PhoneNumberCountryCode=country, PhoneNumberType=type)
    assert len(found) == 10
    claim(connect, target_arn, PhoneNumber=found[0])
    described = describe(connect, claim(connect, target_arn, PhoneNumber=found[1]))
    assert (described["PhoneNumberCountryCode"], described["PhoneNumberType"]) == (country, type)


def test_country_without_numbers(connect: "ConnectClient", target_arn: str) -> None:
    assert search(connect, target_arn, PhoneNumberCountryCode="AQ") == []


@pytest.mark.parametrize("prefix", ["1206", "+44", "+2", "44"])
def test_prefix_must_begin_with_plus_and_calling_code(connect: "ConnectClient", target_arn: str, prefix: str) -> None:
    code, message, _ = error_of(lambda: search(connect, target_arn, PhoneNumberPrefix=prefix))
    assert code == "InvalidParameterException"
    assert prefix in message


def test_inventory_may_be_small(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(inventory_limit=2)
    assert len(search(connect, target_arn)) == 2
    code, message, _ = error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065550102"))
    assert (code, message) == ("InvalidParameterException", "Phone number not available: +12065550102")


def test_description_has_everything(connect: "ConnectClient", target_arn: str) -> None:
    arn = claim(connect, target_arn, PhoneNumberDescription="Sales", Tags={"team": "sales"})
    assert describe(connect, arn) == {
        "PhoneNumberId": arn.rpartition("/")[2],
        "PhoneNumberArn": arn,
        "PhoneNumber": "+12065550100",
        "PhoneNumberCountryCode": "US",
        "PhoneNumberType": "DID",
        "PhoneNumberDescription": "Sales",
        "TargetArn": target_arn,
        "InstanceId": instance_id(target_arn),
        "Tags": {"team": "sales"},
        "PhoneNumberStatus": {"Status": "IN_PROGRESS"},
    }
    assert describe(connect, arn) == describe(connect, arn.rpartition("/")[2])


def test_description_of_what_is_no_id(connect: "ConnectClient") -> None:
    assert error_of(lambda: describe(connect, "+12065550100"))[0] == "InvalidParameterException"


def test_description_lags_behind_the_claim(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    emulator.configure(describe_lag_seconds=5)
    arn = claim(connect, target_arn)
    emulator.advance(4)
    assert error_of(lambda: describe(connect, arn))[::2] == ("ResourceNotFoundException", 404)
    assert connect.list_phone_numbers_v2()["ListPhoneNumbersSummaryList"] == []
    emulator.advance(1)
    assert describe(connect, arn)["PhoneNumberStatus"]["Status"] == "CLAIMED"
    assert len(connect.list_phone_numbers_v2()["ListPhoneNumbersSummaryList"]) == 1


def test_released_number_is_still_shown(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(release_lag_seconds=5)
    arn = claim(connect, target_arn)
    emulator.advance(3)
    before = describe(connect, arn)
    connect.release_phone_number(PhoneNumberId=arn)
    emulator.advance(4)
    assert describe(connect, arn) == before
    assert len(connect.list_phone_numbers_v2()["ListPhoneNumbersSummaryList"]) == 1
    for change in (
        lambda: connect.release_phone_number(PhoneNumberId=arn),
        lambda: connect.tag_resource(resourceArn=arn, tags={"a": "1"}),
    ):
        assert error_of(change)[0] == "ResourceNotFoundException"
    emulator.advance(1)
    assert error_of(lambda: describe(connect, arn))[0] == "ResourceNotFoundException"
    assert connect.list_phone_numbers_v2()["ListPhoneNumbersSummaryList"] == []


def test_list_has_neither_status_nor_tags(connect: "ConnectClient", target_arn: str) -> None:
    arn = claim(connect, target_arn, PhoneNumberDescription="Sales", Tags={"team": "sales"})
    assert connect.list_phone_numbers_v2()["ListPhoneNumbersSummaryList"] == [
        {
            "PhoneNumberId": arn.rpartition("/")[2],
            "PhoneNumberArn": arn,
            "PhoneNumber": "+12065550100",
            "PhoneNumberCountryCode": "US",
            "PhoneNumberType": "DID",
            "PhoneNumberDescription": "Sales",
            "TargetArn": target_arn,
            "InstanceId": instance_id(target_arn),
        }
    ]


def test_list_filters(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    other_arn = emulator.add_instance(REGION)
    did = claim(connect, target_arn, PhoneNumber="+12065550100")
    toll_free = claim(connect, target_arn, PhoneNumber="+18005550100")
    british = claim(connect, other_arn, PhoneNumber="+442079460000")

    def listed(**parameters: Any) -> list[str]:
        return numbers_of(connect.list_phone_numbers_v2(**parameters))

    assert listed() == [did, toll_free, british]
    assert listed(TargetArn=target_arn) == [did, toll_free]
    assert listed(InstanceId=instance_id(other_arn)) == [british]
    assert listed(PhoneNumberCountryCodes=["GB", "FR"]) == [british]
    assert listed(PhoneNumberTypes=["TOLL_FREE"]) == [toll_free]
    assert listed(PhoneNumberPrefix="+12065550100") == [did]
    assert listed(PhoneNumberPrefix="+1") == [did, toll_free]
    assert error_of(lambda: listed(PhoneNumberPrefix="1"))[0] == "InvalidParameterException"
    assert error_of(lambda: listed(TargetArn=f"{target_arn}0"))[0] == "ResourceNotFoundException"
    emulator.advance(2)
    connect.release_phone_number(PhoneNumberId=did)
    assert listed(TargetArn=target_arn) == [toll_free]


def test_list_has_pages(connect: "ConnectClient", target_arn: str) -> None:
    claimed = [claim(connect, target_arn) for _ in range(5)]
    first: Any = connect.list_phone_numbers_v2(MaxResults=3)
    second = connect.list_phone_numbers_v2(MaxResults=3, NextToken=first["NextToken"])
    assert numbers_of(first) + numbers_of(second) == claimed
    assert "NextToken" not in second
