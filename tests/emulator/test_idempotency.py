"""Client tokens."""

from typing import TYPE_CHECKING, Any

import pytest

from local_aws.connect_emulator import ConnectEmulator

from .conftest import DAY, OTHER_REGION, REGION, Service, claim, error_of

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

TOKEN = "00000000-0000-4000-8000-000000000000"


def test_repeated_claim_gets_the_same_response(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    parameters = {"PhoneNumber": "+12065550100", "Tags": {"a": "b"}, "ClientToken": TOKEN}
    first = claim(connect, target_arn, **parameters)
    assert claim(connect, target_arn, **parameters) == first
    assert len(emulator.numbers()) == 1
    assert emulator.allowance(REGION)[0] == 1
    original, repetition = emulator.audit
    assert (original.took_effect, original.replayed) == (True, False)
    assert (repetition.took_effect, repetition.replayed) == (False, True)
    assert repetition.phone_number_arn == original.phone_number_arn == first


@pytest.mark.parametrize("change", [{"PhoneNumber": "+12065550101"}, {"Tags": {"a": "c"}}, {"Tags": {}}])
def test_token_with_other_parameters(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str, change: dict[str, Any]
) -> None:
    parameters = {"PhoneNumber": "+12065550100", "Tags": {"a": "b"}, "ClientToken": TOKEN}
    claim(connect, target_arn, **parameters)
    changed = {name: value for name, value in {**parameters, **change}.items() if value}
    assert error_of(lambda: claim(connect, target_arn, **changed))[::2] == ("IdempotencyException", 409)
    assert not emulator.audit[-1].replayed


def test_token_of_a_failed_call_is_not_remembered(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    emulator.faults.add("ClaimPhoneNumber", "error")
    assert error_of(lambda: claim(connect, target_arn, ClientToken=TOKEN))[0] == "InternalServiceException"
    assert claim(connect, target_arn, PhoneNumber="+12065550101", ClientToken=TOKEN)


def test_token_belongs_to_operation_account_and_region(service: Service, target_arn: str) -> None:
    connect, emulator = service.client(), service.emulator
    arn = claim(connect, target_arn, ClientToken=TOKEN)
    emulator.advance(2)
    connect.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="x", ClientToken=TOKEN)
    elsewhere = claim(service.client(OTHER_REGION), emulator.add_instance(OTHER_REGION), ClientToken=TOKEN)
    other_target = emulator.add_instance(REGION, account="123456789012")
    other = claim(service.client(account="123456789012"), other_target, ClientToken=TOKEN)
    assert len({arn, elsewhere, other}) == 3


def test_repeated_release_succeeds_while_its_token_is_remembered(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    arn = claim(connect, target_arn)
    emulator.advance(2)
    connect.release_phone_number(PhoneNumberId=arn, ClientToken=TOKEN)
    emulator.advance(DAY - 1)
    connect.release_phone_number(PhoneNumberId=arn, ClientToken=TOKEN)
    assert emulator.audit[-1].replayed
    assert emulator.allowance(REGION)[0] == 2
    emulator.advance(1)
    response = error_of(lambda: connect.release_phone_number(PhoneNumberId=arn, ClientToken=TOKEN))
    assert response[0] == "ResourceNotFoundException"


def test_tokens_may_be_forgotten_at_once(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    first = claim(connect, target_arn, PhoneNumber="+12065550100", ClientToken=TOKEN)
    emulator.forget_client_tokens()
    response = error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065550100", ClientToken=TOKEN))
    assert response[1] == "Phone number not available: +12065550100"
    assert first


def test_every_operation_with_a_token_is_idempotent(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    new_arn = emulator.add_instance(REGION)
    source = emulator.add_source_number(REGION, "+12065550999", "US", "DID")
    instance = target_arn.rpartition("/")[2]
    for _ in range(2):
        arn = connect.import_phone_number(InstanceId=instance, SourcePhoneNumberArn=source, ClientToken=TOKEN)
        emulator.advance(2)
        number = arn["PhoneNumberArn"]
        connect.update_phone_number(PhoneNumberId=number, TargetArn=new_arn, ClientToken=TOKEN)
        emulator.advance(2)
        connect.update_phone_number_metadata(PhoneNumberId=number, PhoneNumberDescription="x", ClientToken=TOKEN)
        connect.release_phone_number(PhoneNumberId=number, ClientToken=TOKEN)
    assert [entry.replayed for entry in emulator.audit] == [False] * 4 + [True] * 4
