from dataclasses import replace

import pytest

from lambda_handlers.connect_phone_number.ledger.items import Claim, ClaimState, Settings, Specification
from lambda_handlers.connect_phone_number.lifecycle.satisfying import satisfies

OPENED_FOR = Specification("US", "DID", "+1206")
SOURCE = "arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1"
CLAIM = Claim(
    stack_id="s",
    logical_resource_id="Number",
    id="claim-1",
    state=ClaimState.LIVE,
    specification=OPENED_FOR,
    opening=Settings("arn:target"),
    desired=Settings("arn:target"),
    attempt="a",
    sent_at=1,
    opened_at=1,
    satisfies=(OPENED_FOR.digest,),
    phone_number="+12065550100",
    arn="arn:number",
    country_code="US",
    type="DID",
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (OPENED_FOR, True),
        (Specification("US", "DID"), True),
        (Specification("US", "DID", "+1"), True),
        (Specification("US", "DID", "+12065550100"), True),
        (Specification("US", "DID", "+1312"), False),
        (Specification("US", "TOLL_FREE"), False),
        (Specification("CA", "DID"), False),
        (Specification("US", "DID", phone_number="+12065550100"), True),
        (Specification("US", "DID", phone_number="+12065550101"), False),
        (Specification(phone_number="+12065550100", adopt=True), True),
        (Specification(phone_number="+12065550101", adopt=True), False),
        (Specification(source_phone_number_arn=SOURCE), False),
    ],
)
def test_a_number_that_is_held(wanted: Specification, expected: bool) -> None:
    assert satisfies(CLAIM, wanted) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (OPENED_FOR, True),
        (Specification("US", "DID"), False),
        (Specification("US", "DID", phone_number="+12065550100"), False),
    ],
)
def test_a_claim_without_a_number_satisfies_only_what_it_was_opened_for(wanted: Specification, expected: bool) -> None:
    # Its candidate may still be lost to somebody else.
    claim = replace(CLAIM, arn="", phone_number="", candidate="+12065550100")
    assert satisfies(claim, wanted) is expected


def test_an_imported_number() -> None:
    imported = Specification(source_phone_number_arn=SOURCE)
    claim = replace(CLAIM, specification=imported, satisfies=(imported.digest,))
    assert satisfies(claim, imported)
    assert not satisfies(claim, Specification(source_phone_number_arn=SOURCE + "2"))
    assert satisfies(claim, Specification("US", "DID"))


def test_what_it_was_found_to_satisfy_once_it_satisfies_for_ever() -> None:
    # Connect may come to name another type for the same number; an update that changes nothing replaces nothing.
    also = Specification("US", "TOLL_FREE")
    assert satisfies(replace(CLAIM, satisfies=(OPENED_FOR.digest, also.digest)), also)
