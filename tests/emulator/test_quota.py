"""The 200 % rule."""

from typing import TYPE_CHECKING

from local_aws.connect_emulator import ConnectEmulator

from .conftest import DAY, OTHER_REGION, REGION, Service, claim, error_of

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient


def claim_many(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str, count: int) -> list[str]:
    claimed = [claim(connect, target_arn) for _ in range(count)]
    emulator.advance(2)
    return claimed


def release_all(connect: "ConnectClient", numbers: list[str]) -> None:
    for number in numbers:
        connect.release_phone_number(PhoneNumberId=number)


def test_example_of_the_documentation(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    """Quota 99, 99 claimed long ago; release 99, claim 99, release 99, and claims are blocked."""
    emulator.set_quota(REGION, 99)
    old = claim_many(connect, emulator, target_arn, 99)
    emulator.advance(200 * DAY)
    first_release = emulator.now()
    release_all(connect, old)
    emulator.advance(DAY)
    new = claim_many(connect, emulator, target_arn, 99)
    assert emulator.allowance(REGION) == (198, 198)
    emulator.advance(DAY)
    release_all(connect, new)

    code, message, http_status = error_of(lambda: claim(connect, target_arn))
    assert (code, http_status) == ("InvalidParameterException", 400)
    assert "blocked from claiming any more numbers until 180 days past" in message

    emulator.advance(first_release + 180 * DAY - 1 - emulator.now())
    assert error_of(lambda: claim(connect, target_arn))[0] == "InvalidParameterException"
    emulator.advance(1)
    assert claim(connect, target_arn)


def test_ten_numbers_lock_an_account_with_a_quota_of_five(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    emulator.configure(quota=5)
    for _ in range(5):
        release_all(connect, claim_many(connect, emulator, target_arn, 1))
    assert emulator.allowance(REGION) == (10, 10)
    last = claim_many(connect, emulator, target_arn, 1)
    assert error_of(lambda: claim(connect, target_arn))[0] == "InvalidParameterException"
    release_all(connect, last)


def test_search_still_works_when_blocked(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(quota=0)
    claim(connect, target_arn)
    assert error_of(lambda: claim(connect, target_arn))[0] == "InvalidParameterException"


def test_imports_count_and_moves_do_not(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    source = emulator.add_source_number(REGION, "+12065550999", "US", "DID")
    instance = target_arn.rpartition("/")[2]
    arn = connect.import_phone_number(InstanceId=instance, SourcePhoneNumberArn=source)["PhoneNumberArn"]
    emulator.advance(2)
    assert emulator.allowance(REGION)[0] == 1
    connect.update_phone_number(PhoneNumberId=arn, TargetArn=emulator.add_instance(REGION))
    assert emulator.allowance(REGION)[0] == 1


def test_account_and_region_have_their_own_allowance(service: Service) -> None:
    emulator = service.emulator
    claim(service.client(), emulator.add_instance(REGION))
    claim(service.client(account="123456789012"), emulator.add_instance(REGION, account="123456789012"))
    emulator.set_quota(REGION, 7, account="123456789012")
    assert emulator.allowance(REGION) == (1, 200)
    assert emulator.allowance(REGION, "123456789012") == (1, 14)
    assert emulator.allowance(OTHER_REGION) == (0, 200)
