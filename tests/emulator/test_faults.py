"""Faults on demand, and what the audit log says of the calls that they hit."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ConnectionClosedError

from local_aws.connect_emulator import ConnectEmulator

from .conftest import Service, claim, error_of, search

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

TOKEN = "00000000-0000-4000-8000-000000000000"
OPERATION = "ListPhoneNumbersV2"


@pytest.fixture
def list_numbers(connect: "ConnectClient") -> Callable[[], object]:
    return connect.list_phone_numbers_v2


def test_error(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add(OPERATION, "error", code="InternalServiceException", message="on purpose", calls=2)
    for _ in range(2):
        assert error_of(list_numbers) == ("InternalServiceException", "on purpose", 500)
    list_numbers()
    assert [(entry.outcome, entry.fault) for entry in emulator.audit] == [
        ("InternalServiceException", "error"),
        ("InternalServiceException", "error"),
        ("ok", None),
    ]


def test_error_that_the_model_does_not_have(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add(OPERATION, "error", code="ServiceUnavailable", status=503)
    assert error_of(list_numbers)[::2] == ("ServiceUnavailable", 503)


def test_error_before_the_effect(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "error")
    error_of(lambda: claim(connect, target_arn))
    assert not emulator.audit[-1].took_effect
    assert emulator.numbers() == []


def test_error_after_the_effect(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "error", after_effect=True)
    error_of(lambda: claim(connect, target_arn))
    logged = emulator.audit[-1]
    assert logged.took_effect
    assert logged.outcome == "InternalServiceException"
    assert logged.phone_number_arn == emulator.numbers()[0].arn


def test_refusal_of_a_claim_that_is_no_lost_race(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    message = "TOLL_FREE numbers cannot be claimed to a traffic distribution group."
    emulator.faults.add("ClaimPhoneNumber", "error", code="InvalidParameterException", message=message, calls=2)
    wanted = search(connect, target_arn)[0]
    for _ in range(2):
        response = error_of(lambda: claim(connect, target_arn, PhoneNumber=wanted))
        assert response == ("InvalidParameterException", message, 400)
        assert search(connect, target_arn)[0] == wanted
    assert emulator.numbers() == []
    assert claim(connect, target_arn, PhoneNumber=wanted)


def test_delay(service: Service, list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add(OPERATION, "delay", seconds=20)
    list_numbers()
    list_numbers()
    assert service.slept == [20]


def test_no_response(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "no_response")
    with pytest.raises(ConnectionClosedError):
        claim(connect, target_arn)
    assert len(emulator.numbers()) == 1
    logged = emulator.audit[-1]
    assert (logged.outcome, logged.took_effect, logged.fault) == ("no_response", True, "no_response")


def test_no_response_hides_an_error(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "no_response")
    with pytest.raises(ConnectionClosedError):
        claim(connect, target_arn, PhoneNumber="+12065559999")
    logged = emulator.audit[-1]
    assert (logged.outcome, logged.took_effect) == ("no_response", False)
    assert logged.message == "Phone number not available: +12065559999"


def test_lost_request(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.faults.add("ClaimPhoneNumber", "lost_request")
    with pytest.raises(ConnectionClosedError):
        claim(connect, target_arn, ClientToken=TOKEN)
    assert emulator.numbers() == []
    logged = emulator.audit[-1]
    assert (logged.outcome, logged.took_effect, logged.client_token) == ("lost_request", False, TOKEN)


def test_retry_of_an_sdk_after_no_response_is_a_repetition(service: Service, target_arn: str) -> None:
    service.emulator.faults.add("ClaimPhoneNumber", "no_response")
    arn = claim(service.client(retries=True), target_arn)
    first, second = service.emulator.audit[-2:]
    assert (first.outcome, second.outcome, second.replayed) == ("no_response", "ok", True)
    assert [number.arn for number in service.emulator.numbers()] == [arn]


def test_some_calls_are_let_through_first(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add(OPERATION, "error", skip=2)
    list_numbers()
    list_numbers()
    error_of(list_numbers)
    list_numbers()


def test_fault_for_a_time(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add(OPERATION, "error", code="ThrottlingException", calls=None, for_seconds=60)
    for _ in range(10):
        assert error_of(list_numbers)[2] == 429
    emulator.advance(60)
    list_numbers()
    assert emulator.faults.pending() == []


def test_fault_of_every_operation(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add("*", "error")
    error_of(list_numbers)


def test_fault_of_another_operation(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add("ClaimPhoneNumber", "error")
    list_numbers()
    assert len(emulator.faults.pending()) == 1
    emulator.faults.clear()
    assert emulator.faults.pending() == []


def test_faults_come_one_after_the_other(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.faults.add(OPERATION, "error", code="AccessDeniedException")
    emulator.faults.add(OPERATION, "error", code="InternalServiceException")
    assert error_of(list_numbers)[0] == "AccessDeniedException"
    assert error_of(list_numbers)[0] == "InternalServiceException"


@pytest.mark.parametrize(("operation", "kind"), [("DeleteEverything", "error"), (OPERATION, "explosion")])
def test_fault_that_there_is_not(emulator: ConnectEmulator, operation: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r"DeleteEverything|explosion"):
        emulator.faults.add(operation, kind)
