from dataclasses import fields, replace
from typing import Any

import pytest

from lambda_handlers.connect_phone_number.budget import WINDOW_DAYS
from lambda_handlers.connect_phone_number.claim import (
    Claim,
    ClaimKey,
    ClaimState,
    InFlightCall,
    Outcome,
    Settings,
    Specification,
)
from lambda_handlers.connect_phone_number.cloudformation.response import Response, Status
from lambda_handlers.connect_phone_number.ledger.items import (
    BUDGET_KEY,
    CLAIM_KEPT_SECONDS,
    DUE,
    LIVE,
    PARKED,
    REQUEST_KEPT_SECONDS,
    Entry,
    NumberReservation,
    RequestEntry,
    ResourceEntry,
    decode,
    encode,
    index_of,
    key_of,
    number_key,
)

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1"
ARN = "arn:aws:connect:eu-west-1:123456789012:phone-number/11111111-2222-3333-4444-555555555555"
TARGET = "arn:aws:connect:eu-west-1:123456789012:instance/11111111-2222-3333-4444-555555555555"

RESOURCE_ENTRY = ResourceEntry(
    STACK,
    "Number",
    watermark=5,
    generation=2,
    claims=("claim-1", "claim-2"),
    latest_type="Update",
    refuse_creations_until=9,
    version=3,
)
NUMBER = NumberReservation("+12065550100", STACK, "Number", "claim-1", version=1)
REQUEST = RequestEntry(
    stack_id=STACK,
    logical_resource_id="Number",
    request_key="a" * 32,
    type="Create",
    received_at=100,
    deadline=3680,
    claims=("claim-1", "claim-2"),
    response=Response(Status.SUCCESS, ARN, "why", {"PhoneNumber": "+12065550100"}),
    version=4,
)
CLAIM = Claim(
    stack_id=STACK,
    logical_resource_id="Number",
    id="claim-1",
    state=ClaimState.CLOSING,
    specification=Specification("US", "DID", "+1206", "+12065550100", "arn:source", adopt=True),
    opening=Settings(TARGET, "Support", {"team": "support"}, "arn:flow"),
    desired=Settings(TARGET, "Sales", {"team": "sales", "empty": ""}, ""),
    request_key="a" * 32,
    sent_at=99,
    opened_at=100,
    asked_before=(Settings(TARGET, "Support", {"team": "service"}, "arn:flow", 60), Settings(TARGET)),
    is_applied=True,
    targets=(TARGET,),
    satisfied=("d1", "d2"),
    acknowledged=True,
    established=True,
    follow_up=True,
    is_deleted=True,
    is_undone=True,
    moved_at=1_767_290_000,
    was_let_go=True,
    asks_at=8,
    disowned_at=1_767_300_000,
    protected=True,
    candidate="+12065550100",
    in_flight_calls=(InFlightCall("+12065550100", "w", 1000),),
    rejected_candidates=("+12065550101",),
    unexplained_refusals=1,
    phone_number="+12065550100",
    arn=ARN,
    country_code="US",
    type="DID",
    provisioned=True,
    duplicate_arns=("arn:other",),
    duplicates_released_at=(102, 103),
    is_inherited=True,
    parked_until=90_000,
    is_taken=True,
    taken_until=80_000,
    earlier_life_until=95,
    earlier_flow_arn="arn:earlier",
    is_postponed=True,
    counts_release=True,
    listed_in="pool-1",
    settles_at=1300,
    counted={"committed": 4, "used": 3, "d0": 3},
    applied_flow_arn="arn:flow",
    applied_tags=("team",),
    flow_may_differ=True,
    settings_before_adoption=Settings(TARGET, "By hand", {"by-hand": "yes"}),
    is_flow_before_known=True,
    previous_claim_key=ClaimKey("s", "n", "claim-0"),
    claimed_at=101,
    closing_at=102,
    deletion_sent_at=101,
    closed_at=103,
    close_reason="deleted",
    outcome=Outcome.RELEASED,
    is_returning_to_inventory=True,
    failures=2,
    last_error="denied",
    next_check_at=104,
    due_since=90,
    version=7,
)


def _small_claim(state: ClaimState, **changes: Any) -> Claim:
    claim = Claim(
        stack_id=STACK,
        logical_resource_id="Number",
        id="claim-1",
        state=state,
        specification=Specification("US", "DID"),
        opening=Settings(TARGET),
        desired=Settings(TARGET),
        request_key="a" * 32,
        sent_at=None,
        opened_at=100,
        claimed_at=101,
        closed_at=103,
        next_check_at=104,
    )
    return replace(claim, **changes)


@pytest.mark.parametrize(
    "entry",
    [
        RESOURCE_ENTRY,
        ResourceEntry(STACK, "Number"),
        NUMBER,
        REQUEST,
        replace(REQUEST, response=None, claims=()),
        replace(REQUEST, response=Response(Status.FAILED, "")),
        CLAIM,
        _small_claim(ClaimState.OPENING),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_an_entry_comes_back_as_it_was_with_the_next_version(entry: Entry) -> None:
    assert decode(type(entry), encode(entry)) == replace(entry, version=entry.version + 1)


def test_the_head_above_sets_every_attribute() -> None:
    default = ResourceEntry(STACK, "Number")
    same = {
        field.name
        for field in fields(ResourceEntry)
        if getattr(RESOURCE_ENTRY, field.name) == getattr(default, field.name)
    }
    assert same == {"stack_id", "logical_resource_id"}


def test_the_claim_above_sets_every_attribute() -> None:
    # So that the round trip shows each of them, also those that are added later.
    default = _small_claim(ClaimState.OPENING)
    same = {field.name for field in fields(Claim) if getattr(CLAIM, field.name) == getattr(default, field.name)}
    assert same == {
        "stack_id",
        "logical_resource_id",
        "id",
        "request_key",
        "opened_at",
        "claimed_at",
        "closed_at",
        "next_check_at",
    }


def test_a_decoded_entry_has_the_right_types() -> None:
    claim = decode(Claim, encode(CLAIM))
    assert isinstance(claim.state, ClaimState)
    assert isinstance(claim.outcome, Outcome)
    assert isinstance(claim.specification, Specification)
    assert isinstance(claim.settings_before_adoption, Settings)
    assert isinstance(claim.rejected_candidates, tuple)
    assert isinstance(claim.duplicates_released_at, tuple)
    assert isinstance(decode(ResourceEntry, encode(RESOURCE_ENTRY)).claims, tuple)
    request = decode(RequestEntry, encode(REQUEST))
    assert request.response is not None
    assert isinstance(request.response.status, Status)


def test_an_attribute_that_a_later_version_adds_is_ignored() -> None:
    # An older version of the function runs beside the new one for a while.
    assert decode(ResourceEntry, {**encode(RESOURCE_ENTRY), "new": "x"}) == replace(RESOURCE_ENTRY, version=4)


def test_an_attribute_that_an_older_version_did_not_have_gets_its_default() -> None:
    item = encode(RESOURCE_ENTRY)
    del item["refuse_creations_until"], item["claims"]
    assert (decode(ResourceEntry, item).refuse_creations_until, decode(ResourceEntry, item).claims) == (0, ())


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (RESOURCE_ENTRY, (f"RESOURCE#{STACK}#Number", "RESOURCE")),
        (REQUEST, (f"RESOURCE#{STACK}#Number", "REQUEST#" + "a" * 32)),
        (CLAIM, (f"RESOURCE#{STACK}#Number", "CLAIM#claim-1")),
        (NUMBER, ("NUMBER#+12065550100", "NUMBER")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_keys(entry: Entry, key: tuple[str, str]) -> None:
    assert key_of(entry) == key
    assert (encode(entry)["pk"], encode(entry)["sk"]) == key


def test_number_key() -> None:
    assert number_key("+12065550100") == key_of(NUMBER)


def test_the_budgets_sums_are_in_one_item_beside_all_entries() -> None:
    assert BUDGET_KEY == ("BUDGET", "BUDGET")


@pytest.mark.parametrize(
    ("entry", "index"),
    [
        (RESOURCE_ENTRY, {}),
        (NUMBER, {}),
        (REQUEST, {"expires_at": 100 + REQUEST_KEPT_SECONDS}),
        (_small_claim(ClaimState.OPENING), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.LIVE), {"due": LIVE, "due_at": 101}),
        (_small_claim(ClaimState.LIVE, follow_up=True), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.LIVE, in_flight_calls=(InFlightCall("n", "w", 1),)), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.LIVE, duplicate_arns=("arn",)), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.CLOSING), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.CLOSED), {"expires_at": 103 + CLAIM_KEPT_SECONDS}),
        # What CloudFormation has made of its response no longer matters.
        (_small_claim(ClaimState.CLOSED, follow_up=True), {"expires_at": 103 + CLAIM_KEPT_SECONDS}),
        (_small_claim(ClaimState.CLOSED, in_flight_calls=(InFlightCall("n", "w", 1),)), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.CLOSED, duplicate_arns=("arn",)), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.LIVE, settles_at=1300), {"due": DUE, "due_at": 104}),
        (_small_claim(ClaimState.PARKED, parked_until=90_000), {"due": PARKED, "due_at": 90_000}),
        (_small_claim(ClaimState.PARKED, parked_until=90_000, settles_at=1300), {"due": PARKED, "due_at": 1300}),
        (
            _small_claim(
                ClaimState.PARKED, parked_until=90_000, settles_at=1300, in_flight_calls=(InFlightCall("n", "w", 1),)
            ),
            {"due": PARKED, "due_at": 104},
        ),
    ],
)
def test_index_attributes(entry: Entry, index: dict[str, object]) -> None:
    item = encode(entry)
    assert {name: item[name] for name in ("due", "due_at", "expires_at") if name in item} == index


def test_what_has_work_left_never_expires() -> None:
    for state in ClaimState:
        for calls in ((), (InFlightCall("n", "w", 1),)):
            index = index_of(_small_claim(state, in_flight_calls=calls, parked_until=90_000))
            assert ("expires_at" in index) == (state is ClaimState.CLOSED and not calls)


def test_closed_claims_outlive_the_180_days_of_the_200_percent_rule() -> None:
    assert CLAIM_KEPT_SECONDS > 180 * 86_400
    assert CLAIM_KEPT_SECONDS > WINDOW_DAYS * 86_400, "the budget says who has used it"
