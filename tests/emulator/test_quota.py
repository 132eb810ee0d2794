"""The 200 % rule."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ConnectionClosedError

from local_aws.connect_emulator import ConnectEmulator

from .conftest import DAY, OTHER_REGION, REGION, Service, claim, error_of, instance_id, search

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


# What becomes of a claim in vain, by why it is in vain.
REFUSALS: dict[str, Callable[["ConnectClient", str], object]] = {
    "not available": lambda connect, target_arn: claim(connect, target_arn, PhoneNumber="+12065559999"),
    "no target's ARN": lambda connect, _: claim(connect, "queue", PhoneNumber="+12065550100"),
    "neither target nor instance": lambda connect, _: connect.claim_phone_number(PhoneNumber="+12065550100"),
}


def allowance_used(emulator: ConnectEmulator) -> int:
    return emulator.allowance(REGION)[0]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_refused_claims_may_count(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str, refusal: str, counts: bool
) -> None:
    emulator.configure(refused_claims_count=counts)
    assert error_of(lambda: REFUSALS[refusal](connect, target_arn))[0] == "InvalidParameterException"
    assert allowance_used(emulator) == int(counts)
    logged = emulator.audit[-1]
    assert (logged.outcome, logged.refused, logged.took_effect) == ("InvalidParameterException", True, False)


def test_refused_claims_do_not_count_by_default(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065559999"))
    assert allowance_used(emulator) == 0


def test_refused_import_counts_as_a_claim_does(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    emulator.configure(refused_claims_count=True)
    source = emulator.add_source_number(REGION, "+12065550999", "US", "DID")
    instance = instance_id(target_arn)
    connect.import_phone_number(InstanceId=instance, SourcePhoneNumberArn=source)
    assert not emulator.audit[-1].refused
    again = error_of(lambda: connect.import_phone_number(InstanceId=instance, SourcePhoneNumberArn=source))
    assert again[0] == "InvalidParameterException"
    assert emulator.audit[-1].refused
    assert allowance_used(emulator) == 2


def test_refused_claims_lock_an_account(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(quota=1, refused_claims_count=True)
    for _ in range(3):
        error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065559999"))
    free = search(connect, target_arn)[0]
    assert "blocked from claiming" in error_of(lambda: claim(connect, target_arn, PhoneNumber=free))[1]
    assert allowance_used(emulator) == 4
    assert sum(entry.refused for entry in emulator.audit) == 4
    emulator.advance(180 * DAY)
    assert claim(connect, target_arn, PhoneNumber=free)


def test_refusal_that_nobody_heard_of_counts(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    emulator.configure(refused_claims_count=True)
    emulator.faults.add("ClaimPhoneNumber", "no_response")
    with pytest.raises(ConnectionClosedError):
        claim(connect, target_arn, PhoneNumber="+12065559999")
    emulator.faults.add("ClaimPhoneNumber", "error", after_effect=True)
    assert error_of(lambda: claim(connect, target_arn, PhoneNumber="+12065559999"))[0] == "InternalServiceException"
    assert [entry.refused for entry in emulator.audit] == [True, True]
    assert allowance_used(emulator) == 2


@pytest.mark.parametrize(
    ("code", "after_effect", "used", "refused"),
    [
        ("InvalidParameterException", False, 1, True),
        # It was accepted, whatever the caller was told.
        ("InvalidParameterException", True, 1, False),
        ("InternalServiceException", False, 0, False),
        ("ResourceNotFoundException", False, 0, False),
    ],
)
def test_refusal_by_a_fault_counts(
    connect: "ConnectClient",
    emulator: ConnectEmulator,
    target_arn: str,
    code: str,
    after_effect: bool,
    used: int,
    refused: bool,
) -> None:
    emulator.configure(refused_claims_count=True)
    emulator.faults.add("ClaimPhoneNumber", "error", code=code, after_effect=after_effect)
    assert error_of(lambda: claim(connect, target_arn))[0] == code
    assert (allowance_used(emulator), emulator.audit[-1].refused) == (used, refused)


def test_what_is_no_refused_claim(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(refused_claims_count=True)
    unknown = f"{target_arn}0"
    error_of(lambda: claim(connect, target_arn, PhoneNumber="12065550100"))
    error_of(lambda: claim(connect, target_arn, ClientToken="x"))
    error_of(lambda: claim(connect, unknown, PhoneNumber="+12065550100"))
    error_of(lambda: search(connect, target_arn, PhoneNumberPrefix="+44"))
    assert allowance_used(emulator) == 0
    assert not any(entry.refused for entry in emulator.audit)
