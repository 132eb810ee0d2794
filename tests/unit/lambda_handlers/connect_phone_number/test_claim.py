from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest

from lambda_handlers.connect_phone_number.claim import (
    TRANSITIONS,
    Claim,
    ClaimKey,
    ClaimState,
    IllegalTransition,
    InFlightCall,
    Origin,
    Outcome,
    Settings,
    Specification,
)
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey

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
    request_key="a",
    sent_at=1,
    opened_at=1,
    satisfied=(OPENED_FOR.digest,),
    phone_number="+12065550100",
    arn="arn:number",
    country_code="US",
    type="DID",
)


@pytest.mark.parametrize(
    ("desired", "expected"),
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
def test_a_number_that_is_held(desired: Specification, expected: bool) -> None:
    assert CLAIM.satisfies(desired) is expected


@pytest.mark.parametrize(
    ("desired", "expected"),
    [
        (OPENED_FOR, True),
        (Specification("US", "DID"), False),
        (Specification("US", "DID", phone_number="+12065550100"), False),
    ],
)
def test_a_claim_without_a_number_satisfies_only_what_it_was_opened_for(desired: Specification, expected: bool) -> None:
    # Its candidate may still be lost to somebody else.
    claim = replace(CLAIM, arn="", phone_number="", candidate="+12065550100")
    assert claim.satisfies(desired) is expected


def test_an_imported_number() -> None:
    imported = Specification(source_phone_number_arn=SOURCE)
    claim = replace(CLAIM, specification=imported, satisfied=(imported.digest,))
    assert claim.satisfies(imported)
    assert not claim.satisfies(Specification(source_phone_number_arn=SOURCE + "2"))
    assert claim.satisfies(Specification("US", "DID"))


def test_what_it_was_found_to_satisfy_once_it_satisfies_for_ever() -> None:
    # Connect may come to name another type for the same number; an update that changes nothing replaces nothing.
    also = Specification("US", "TOLL_FREE")
    assert replace(CLAIM, satisfied=(OPENED_FOR.digest, also.digest)).satisfies(also)


# --- Transitions ---


_TIME = 1000
_PARKED = replace(
    CLAIM,
    state=ClaimState.PARKED,
    country_code="US",
    type="DID",
    parked_until=90_000,
    settles_at=2200,
    claimed_at=7,
    applied_flow_arn="arn:flow",
    applied_tags=("team",),
    flow_may_differ=True,
)
_METHODS: dict[str, Callable[[Claim], Claim]] = {
    "resume": lambda claim: claim.resume(
        Specification("GB", "DID"), Settings("arn:other"), request_key="b", sent_at=2, next_check_at=_TIME
    ),
    "succeed": lambda claim: claim.succeed(
        in_flight_calls=(InFlightCall("+1", "w", 1),), protected=True, next_check_at=_TIME
    ),
    "close": lambda claim: claim.close("deleted", _TIME),
    "keep": lambda claim: claim.keep(),
    "end": lambda claim: claim.end(Outcome.RELEASED, _TIME),
    "hand_over": lambda claim: claim.hand_over("adopted", _TIME),
    "park": lambda claim: claim.park(_TIME),
    "take": lambda claim: claim.take(_PARKED),
    "give": lambda claim: claim.give(ClaimKey("s2", "Other", "claim-2"), _TIME),
    "retain": lambda claim: claim.retain(),
    "postpone": lambda claim: claim.postpone(_TIME),
    "expire": lambda claim: claim.expire(_TIME),
    "take_back": lambda claim: claim.take_back(),
    "reopen": lambda claim: claim.reopen(_TIME),
}


@pytest.mark.parametrize(
    ("applied", "left"), [("arn:flow-of-adopter", "arn:flow-of-adopter"), ("arn:flow-by-hand", ""), ("", "")]
)
def test_a_flow_of_the_account_is_not_left_by_the_adopter(applied: str, left: str) -> None:
    owner = replace(CLAIM, state=ClaimState.CLOSED, applied_flow_arn="")
    adopter = replace(
        CLAIM, desired=Settings("arn:target", contact_flow_arn="arn:flow-of-adopter"), applied_flow_arn=applied
    )
    heir = owner.take_back_unrestored(adopter)
    assert (heir.applied_flow_arn, heir.flow_may_differ) == (left, True)


def test_the_table_names_the_methods() -> None:
    assert {*_METHODS, "open"} == set(TRANSITIONS)


@pytest.mark.parametrize("state", ClaimState)
@pytest.mark.parametrize("name", _METHODS)
def test_what_the_table_allows_happens_and_the_rest_is_refused(name: str, state: ClaimState) -> None:
    claim = replace(CLAIM, state=state)
    transition = TRANSITIONS[name]
    if state in transition.sources:
        assert _METHODS[name](claim).state is (transition.target or state)
    else:
        with pytest.raises(IllegalTransition, match=f"claim claim-1 is {state}, which does not allow '{name}'"):
            _METHODS[name](claim)


def test_a_claim_is_opened_for_what_is_wanted() -> None:
    claim = Claim.open(
        ClaimKey("s", "Number", "claim-1"),
        OPENED_FOR,
        Settings("arn:target"),
        request_key="a",
        sent_at=1,
        now=5,
        next_check_at=_TIME,
    )
    assert claim == Claim(
        stack_id="s",
        logical_resource_id="Number",
        id="claim-1",
        state=ClaimState.OPENING,
        specification=OPENED_FOR,
        opening=Settings("arn:target"),
        desired=Settings("arn:target"),
        request_key="a",
        sent_at=1,
        opened_at=5,
        satisfied=(OPENED_FOR.digest,),
        next_check_at=_TIME,
        due_since=_TIME,
    )


@pytest.mark.parametrize(
    ("state", "next_check_at", "expected"),
    [(ClaimState.OPENING, 900, 1000), (ClaimState.OPENING, 1100, 1100), (ClaimState.LIVE, 900, 900)],
)
def test_a_claim_that_is_resumed_is_looked_at_when_both_requests_are_over(
    state: ClaimState, next_check_at: int, expected: int
) -> None:
    resumed = _METHODS["resume"](replace(CLAIM, state=state, next_check_at=next_check_at, disowned_at=3))
    assert (resumed.next_check_at, resumed.due_since, resumed.disowned_at) == (expected, expected, 0)
    assert resumed.satisfied == (OPENED_FOR.digest, Specification("GB", "DID").digest)
    assert (resumed.request_key, resumed.sent_at, resumed.desired) == ("b", 2, Settings("arn:other"))
    assert resumed.opening == CLAIM.opening, "a token stands for one set of parameters"


ADOPTED = replace(CLAIM, specification=Specification(phone_number="+12065550100", adopt=True))


@pytest.mark.parametrize(
    ("claim", "follow_up"),
    [
        (CLAIM, True),
        (replace(CLAIM, acknowledged=True), False),
        (replace(ADOPTED, acknowledged=True), True),
        (replace(ADOPTED, acknowledged=True, established=True), False),
    ],
)
def test_cloudformation_is_asked_about_what_it_has_not_shown_to_know(claim: Claim, follow_up: bool) -> None:
    assert _METHODS["succeed"](claim).follow_up is follow_up


@pytest.mark.parametrize(
    ("claim", "is_undone"),
    [
        (CLAIM, False),
        (ADOPTED, True),
        (replace(ADOPTED, acknowledged=True), False),
        (replace(ADOPTED, acknowledged=True, is_undone=True), True),
    ],
)
def test_an_adoption_that_cloudformation_never_knew_is_undone(claim: Claim, is_undone: bool) -> None:
    closing = claim.close("canceled", _TIME)
    assert closing.is_undone is is_undone
    assert (closing.close_reason, closing.closing_at, closing.next_check_at, closing.due_since) == (
        "canceled",
        _TIME,
        _TIME,
        _TIME,
    )


def test_a_claim_for_the_resource_that_has_the_number_now() -> None:
    claim = replace(ADOPTED, version=7, previous_claim_key=ClaimKey("s", "Old", "claim-0"), counted={"committed": 1})
    assert claim.for_other_resource(ClaimKey("t", "New", "claim-2")) == replace(
        claim,
        version=0,
        id="claim-2",
        stack_id="t",
        logical_resource_id="New",
        acknowledged=True,
        previous_claim_key=None,
        # Who claimed the number is known, and the budget's sums have nothing of the copy yet.
        is_inherited=True,
        counted={},
    )


# --- Calls in flight ---


def test_a_call_takes_the_place_of_the_same_workers_for_the_same_number() -> None:
    mine, others, elsewhere = InFlightCall("+1", "me", 1), InFlightCall("+1", "other", 2), InFlightCall("+2", "me", 3)
    claim = replace(CLAIM, in_flight_calls=(mine, others, elsewhere))
    again = InFlightCall("+1", "me", 9)
    assert claim.calls_with(again) == (others, elsewhere, again)
    assert claim.calls_without("+1", "me") == (others, elsewhere)
    assert claim.calls_without("+1", "nobody") == claim.in_flight_calls


# --- What it says of itself ---


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        (ClaimState.OPENING, True),
        (ClaimState.LIVE, True),
        (ClaimState.CLOSING, False),
        (ClaimState.CLOSED, False),
    ],
)
def test_is_open(state: ClaimState, is_open: bool) -> None:
    assert replace(CLAIM, state=state).is_open is is_open


def test_specifications_that_differ_have_digests_that_differ() -> None:
    one = Specification("US", "DID", "+1206", "", "", adopt=False)
    others = [
        replace(one, country_code="CA"),
        replace(one, type="TOLL_FREE"),
        replace(one, prefix=""),
        replace(one, phone_number="+12065550100"),
        replace(one, source_phone_number_arn="arn"),
        replace(one, adopt=True),
        replace(one, prefix="", phone_number="+1206"),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 8
    assert replace(one).digest == one.digest


@pytest.mark.parametrize(
    ("specification", "digest"),
    [
        (Specification(), "44136fa355b3678a1146ad16f7e8649e"),
        (Specification("US", "DID", "+1206"), "6ba34cb48354be9e72cc754d92d66e38"),
        (Specification(phone_number="+12065550100", adopt=True), "1f946dfea43cafbafc9ec477b849a474"),
        (
            Specification(
                source_phone_number_arn="arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1",
            ),
            "39dda4fed7bece968a4fd4a162b326ea",
        ),
    ],
)
def test_a_digest_never_changes(specification: Specification, digest: str) -> None:
    # It is in the ledger: after a change of it, no open claim would be found again that was made for this.
    assert specification.digest == digest


def test_a_digest_is_made_of_an_explicit_text() -> None:
    text = b'{"CountryCode": "US", "Prefix": "+1206", "Type": "DID"}'
    assert Specification("US", "DID", "+1206").digest == sha256(text).hexdigest()[:32]


@dataclass(frozen=True)
class _LaterSpecification(Specification):
    """As a later version of the code may have it."""

    new: str = ""


def test_a_property_that_a_later_version_adds_changes_no_digest() -> None:
    assert _LaterSpecification("US", "DID", "+1206").digest == Specification("US", "DID", "+1206").digest


@pytest.mark.parametrize(
    ("specification", "origin"),
    [
        (Specification("US", "DID"), Origin.CLAIMED),
        (Specification("US", phone_number="+12065550100"), Origin.CLAIMED),
        (Specification(phone_number="+12065550100", adopt=True), Origin.ADOPTED),
        (Specification(source_phone_number_arn="arn"), Origin.IMPORTED),
    ],
)
def test_origin(specification: Specification, origin: Origin) -> None:
    assert specification.origin is origin


def test_previous_owner() -> None:
    assert CLAIM.previous_owner is None
    previous = ResourceKey("s", "Old")
    claim = replace(CLAIM, previous_claim_key=ClaimKey("s", "Old", "claim-0"))
    assert claim.previous_owner == previous


def test_a_claim_holds_its_number_and_its_duplicates_until_it_is_closed() -> None:
    closing = replace(CLAIM, duplicate_arns=("arn:duplicate",), state=ClaimState.CLOSING)

    assert closing.held_arns == {"arn:number", "arn:duplicate"}
    assert replace(closing, state=ClaimState.CLOSED).held_arns == frozenset()
    assert replace(CLAIM, state=ClaimState.OPENING, arn="").held_arns == frozenset()


def test_resource_key() -> None:
    assert CLAIM.resource == ResourceKey("s", "Number")
