"""ClaimPhoneNumber, ImportPhoneNumber, UpdatePhoneNumber and ReleasePhoneNumber."""

from typing import TYPE_CHECKING, Any

import pytest

from local_aws.connect_emulator import ConnectEmulator

from .conftest import DAY, OTHER_REGION, REGION, Service, claim, describe, error_of, instance_id, search, status

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def test_claim_is_asynchronous(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(claim_seconds=30)
    arn = claim(connect, target_arn)
    emulator.advance(29)
    assert status(connect, arn) == "IN_PROGRESS"
    emulator.advance(1)
    assert status(connect, arn) == "CLAIMED"


def test_target_may_be_named_by_instance_id(connect: "ConnectClient", target_arn: str) -> None:
    response = connect.claim_phone_number(InstanceId=instance_id(target_arn), PhoneNumber="+12065550100")
    assert describe(connect, response["PhoneNumberId"])["TargetArn"] == target_arn


@pytest.mark.parametrize("both", [True, False])
def test_exactly_one_of_target_and_instance(connect: "ConnectClient", target_arn: str, both: bool) -> None:
    target: dict[str, Any] = {"TargetArn": target_arn, "InstanceId": instance_id(target_arn)} if both else {}
    code, message, _ = error_of(lambda: connect.claim_phone_number(PhoneNumber="+12065550100", **target))
    assert (code, message) == ("InvalidParameterException", "Provide either TargetArn or InstanceId.")


@pytest.mark.parametrize(
    ("target_arn", "code"),
    [
        (f"arn:aws:connect:{REGION}:000000000000:instance/{UNKNOWN_ID}", "ResourceNotFoundException"),
        (f"arn:aws:connect:{OTHER_REGION}:000000000000:instance/{UNKNOWN_ID}", "ResourceNotFoundException"),
        (f"arn:aws:connect:{REGION}:000000000000:queue/{UNKNOWN_ID}", "InvalidParameterException"),
        ("instance", "InvalidParameterException"),
    ],
)
def test_target_that_does_not_exist(connect: "ConnectClient", target_arn: str, code: str) -> None:
    assert error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065550100"))[0] == code


def test_targets_may_be_taken_for_granted(connect: "ConnectClient", emulator: ConnectEmulator) -> None:
    emulator.configure(accept_unknown_targets=True)
    arn = f"arn:aws:connect:{REGION}:000000000000:traffic-distribution-group/{UNKNOWN_ID}"
    assert describe(connect, claim(connect, arn))["TargetArn"] == arn


def test_lost_race(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    wanted = search(connect, target_arn)[0]
    claim(connect, target_arn, PhoneNumber=wanted)
    response = error_of(lambda: claim(connect, target_arn, PhoneNumber=wanted))
    assert response == ("InvalidParameterException", f"Phone number not available: {wanted}", 400)
    assert wanted not in search(connect, target_arn)
    assert not emulator.audit[-2].took_effect


def test_number_that_a_stranger_took(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    wanted = search(connect, target_arn)[0]
    emulator.take(wanted)
    assert error_of(lambda: claim(connect, target_arn, PhoneNumber=wanted))[1].startswith("Phone number not available")
    assert wanted not in search(connect, target_arn)
    with pytest.raises(ValueError, match="is not free"):
        emulator.take(wanted)
    with pytest.raises(ValueError, match="not in the inventory"):
        emulator.take("+10000000000")


def test_number_that_is_not_available_may_be_refused_in_other_words(
    service: Service, connect: "ConnectClient", target_arn: str
) -> None:
    service.emulator.configure(not_available_message="The number {number} was taken ({number}).")
    taken, unknown = search(connect, target_arn)[0], "+12065559999"
    service.emulator.take(taken)
    for number in (taken, unknown):
        response = error_of(lambda number=number: claim(connect, target_arn, PhoneNumber=number))  # type: ignore[misc]
        assert response == ("InvalidParameterException", f"The number {number} was taken ({number}).", 400)


def test_number_that_another_account_has(service: Service, target_arn: str) -> None:
    claim(service.client(), target_arn, PhoneNumber="+12065550100")
    other = service.emulator.add_instance(OTHER_REGION, account="123456789012")
    connect = service.client(OTHER_REGION, "123456789012")
    assert error_of(lambda: claim(connect, other, PhoneNumber="+12065550100"))[0] == "InvalidParameterException"


def test_number_that_does_not_exist(connect: "ConnectClient", target_arn: str) -> None:
    code, message, _ = error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065559999"))
    assert (code, message) == ("InvalidParameterException", "Phone number not available: +12065559999")


@pytest.mark.parametrize("token", ["A0000000-0000-4000-8000-000000000000", "x", "0" * 32])
def test_client_token_of_a_claim_is_a_lower_case_uuid(connect: "ConnectClient", target_arn: str, token: str) -> None:
    code, message, _ = error_of(lambda: claim(connect, target_arn, ClientToken=token))
    assert code == "InvalidParameterException"
    assert "'clientToken'" in message


def test_full_target(connect: "ConnectClient", emulator: ConnectEmulator) -> None:
    target_arn = emulator.add_instance(REGION, limit=1)
    claim(connect, target_arn)
    arn = claim(connect, target_arn, PhoneNumber="+12065550101")
    assert status(connect, arn) == "IN_PROGRESS"
    emulator.advance(2)
    described = describe(connect, arn)["PhoneNumberStatus"]
    assert described["Status"] == "FAILED"
    assert described["Message"] == f"{target_arn} has reached its limit of total claimed numbers: 1"


def test_full_account(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(quota=1)
    claim(connect, target_arn)
    arn = claim(connect, target_arn)
    emulator.advance(2)
    assert describe(connect, arn)["PhoneNumberStatus"]["Message"] == (
        "The account has reached its limit of total claimed numbers: 1"
    )


def test_failed_claim_keeps_the_number_for_a_day(
    service: Service, connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="no luck")
    arn = claim(connect, target_arn, PhoneNumber="+12065550100")
    emulator.advance(2)
    assert describe(connect, arn)["PhoneNumberStatus"] == {"Status": "FAILED", "Message": "no luck"}
    other_arn = emulator.add_instance(REGION, account="123456789012")
    other = service.client(account="123456789012")
    emulator.advance(DAY - 1)
    assert error_of(lambda: claim(other, other_arn, PhoneNumber="+12065550100"))[0] == "InvalidParameterException"
    assert "+12065550100" not in search(connect, target_arn)
    emulator.advance(1)
    assert error_of(lambda: describe(connect, arn))[0] == "ResourceNotFoundException"
    assert claim(other, other_arn, PhoneNumber="+12065550100")


def test_failed_claim_can_be_tried_again(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "workflow_failure")
    first = claim(connect, target_arn, PhoneNumber="+12065550100")
    emulator.advance(2)
    second = claim(connect, target_arn, PhoneNumber="+12065550100")
    emulator.advance(2)
    assert first != second
    assert status(connect, second) == "CLAIMED"
    assert error_of(lambda: describe(connect, first))[0] == "ResourceNotFoundException"


def test_failed_claims_do_not_fill_the_target(connect: "ConnectClient", emulator: ConnectEmulator) -> None:
    target_arn = emulator.add_instance(REGION, limit=1)
    emulator.faults.add("ClaimPhoneNumber", "workflow_failure")
    claim(connect, target_arn)
    arn = claim(connect, target_arn)
    emulator.advance(2)
    assert status(connect, arn) == "CLAIMED"


def test_claim_may_hang(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "workflow_delay", seconds=3600)
    arn = claim(connect, target_arn)
    emulator.advance(3599)
    assert status(connect, arn) == "IN_PROGRESS"


def test_release_in_progress_is_refused(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    arn = claim(connect, target_arn)
    assert error_of(lambda: connect.release_phone_number(PhoneNumberId=arn))[::2] == ("ResourceInUseException", 409)
    emulator.configure(refuse_release_in_progress=False)
    connect.release_phone_number(PhoneNumberId=arn)
    assert emulator.numbers()[0].cooldown_until == emulator.now() + 180 * DAY


def test_released_number_cools_down(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    arn = claim(connect, target_arn, PhoneNumber="+12065550100")
    emulator.advance(2)
    connect.release_phone_number(PhoneNumberId=arn)
    assert error_of(lambda: describe(connect, arn))[::2] == ("ResourceNotFoundException", 404)
    emulator.advance(180 * DAY - 1)
    assert "+12065550100" not in search(connect, target_arn)
    assert error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065550100"))[0] == "InvalidParameterException"
    emulator.advance(1)
    assert search(connect, target_arn)[0] == "+12065550100"
    assert claim(connect, target_arn, PhoneNumber="+12065550100") != arn


def test_release_of_a_failed_claim_needs_no_cooling_down(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    emulator.faults.add("ClaimPhoneNumber", "workflow_failure")
    arn = claim(connect, target_arn, PhoneNumber="+12065550100")
    emulator.advance(2)
    connect.release_phone_number(PhoneNumberId=arn)
    assert search(connect, target_arn)[0] == "+12065550100"


def test_second_release_does_not_find_the_number(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    arn = claim(connect, target_arn)
    emulator.advance(2)
    connect.release_phone_number(PhoneNumberId=arn)
    assert error_of(lambda: connect.release_phone_number(PhoneNumberId=arn))[0] == "ResourceNotFoundException"


def test_move(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    new_arn = emulator.add_instance(REGION)
    arn = claim(connect, target_arn, PhoneNumberDescription="Sales", Tags={"a": "b"})
    assert (
        error_of(lambda: connect.update_phone_number(PhoneNumberId=arn, TargetArn=new_arn))[0]
        == "ResourceInUseException"
    )
    emulator.advance(2)
    connect.associate_phone_number_contact_flow(
        PhoneNumberId=arn, InstanceId=instance_id(target_arn), ContactFlowId="flow"
    )
    connect.update_phone_number(PhoneNumberId=arn, TargetArn=new_arn)
    assert (status(connect, arn), describe(connect, arn)["TargetArn"]) == ("IN_PROGRESS", target_arn)
    emulator.advance(2)
    described = describe(connect, arn)
    assert (described["PhoneNumberStatus"]["Status"], described["TargetArn"]) == ("CLAIMED", new_arn)
    assert (described["PhoneNumberDescription"], described["Tags"]) == ("Sales", {"a": "b"})
    assert emulator.numbers()[0].contact_flows == {}


def test_move_to_a_full_target(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    full = emulator.add_instance(REGION, limit=0)
    arn = claim(connect, target_arn)
    emulator.advance(2)
    connect.update_phone_number(PhoneNumberId=arn, TargetArn=full)
    emulator.advance(DAY + 2)
    assert (status(connect, arn), describe(connect, arn)["TargetArn"]) == ("FAILED", target_arn)
    connect.update_phone_number(PhoneNumberId=arn, TargetArn=emulator.add_instance(REGION))
    emulator.advance(2)
    assert describe(connect, arn)["PhoneNumberStatus"] == {"Status": "CLAIMED"}


def test_move_of_a_failed_claim(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "workflow_failure")
    arn = claim(connect, target_arn)
    emulator.advance(2)
    assert (
        error_of(lambda: connect.update_phone_number(PhoneNumberId=arn, TargetArn=target_arn))[0]
        == "InvalidParameterException"
    )


def test_import(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    source = emulator.add_source_number(REGION, "+4930999999", "DE", "DID")
    parameters: dict[str, Any] = {"InstanceId": instance_id(target_arn), "SourcePhoneNumberArn": source}
    arn = connect.import_phone_number(**parameters, Tags={"a": "b"})["PhoneNumberArn"]
    emulator.advance(2)
    described = describe(connect, arn)
    assert (described["PhoneNumber"], described["PhoneNumberCountryCode"]) == ("+4930999999", "DE")
    assert (described["SourcePhoneNumberArn"], described["TargetArn"]) == (source, target_arn)
    assert error_of(lambda: connect.import_phone_number(**parameters))[1] == "Phone number not available: +4930999999"
    parameters["SourcePhoneNumberArn"] = f"{source}x"
    assert error_of(lambda: connect.import_phone_number(**parameters))[0] == "ResourceNotFoundException"
