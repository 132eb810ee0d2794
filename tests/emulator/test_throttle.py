"""Two requests a second and five at once, per operation, account and Region."""

from collections.abc import Callable

import pytest

from local_aws.connect_emulator import ConnectEmulator

from .conftest import OTHER_REGION, REGION, Service, error_of


@pytest.fixture
def list_numbers(service: Service) -> Callable[[], object]:
    service.emulator.configure(throttling=True)
    return service.client().list_phone_numbers_v2


def test_burst_and_rate(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    for _ in range(5):
        list_numbers()
    assert error_of(list_numbers) == ("ThrottlingException", "Rate exceeded", 429)
    assert emulator.audit[-1].outcome == "ThrottlingException"
    emulator.advance(1)
    list_numbers()
    list_numbers()
    assert error_of(list_numbers)[0] == "ThrottlingException"
    emulator.advance(60)
    for _ in range(5):
        list_numbers()
    assert error_of(list_numbers)[0] == "ThrottlingException"


def test_operations_regions_and_accounts_do_not_share(service: Service, list_numbers: Callable[[], object]) -> None:
    for _ in range(5):
        list_numbers()
    service.client(OTHER_REGION).list_phone_numbers_v2()
    service.client(account="123456789012").list_phone_numbers_v2()
    target_arn = service.emulator.add_instance(REGION)
    service.client().search_available_phone_numbers(
        TargetArn=target_arn, PhoneNumberCountryCode="US", PhoneNumberType="DID"
    )


def test_rate_can_be_changed_and_turned_off(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.configure(throttle_burst=1, throttle_rate=0.5)
    list_numbers()
    emulator.advance(1)
    assert error_of(list_numbers)[0] == "ThrottlingException"
    emulator.advance(1)
    list_numbers()
    emulator.configure(throttling=False)
    for _ in range(10):
        list_numbers()


def test_refused_call_meets_no_fault(list_numbers: Callable[[], object], emulator: ConnectEmulator) -> None:
    emulator.configure(throttle_burst=0)
    emulator.faults.add("ListPhoneNumbersV2", "error")
    assert error_of(list_numbers)[0] == "ThrottlingException"
    assert len(emulator.faults.pending()) == 1
