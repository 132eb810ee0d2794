"""Claiming: from an opened claim to a number that Connect reports as CLAIMED.

Before each call of ClaimPhoneNumber, the ledger records the call as in flight: the number, the worker, and the time
until which the call may still succeed. Closing a claim includes a check of these calls, so the ledger always leads to
every number that Connect may have given out. Only a clear response removes the record.
"""

from dataclasses import replace
from hashlib import sha256
from itertools import count
from typing import Final

from .. import contract, tokens
from ..claim import Claim, ClaimState, InFlightCall
from ..connect.errors import ConnectError, ErrorKind
from ..connect.gateway import PhoneNumberState
from ..ledger.items import NumberReservation
from ..ledger.store import Conflict
from .adopting import adopt
from .context import Failed, Invocation, Superseded
from .owners import ensure_free

MAX_CANDIDATES: Final = 30
"""How many candidates a claim may lose. Connect may count refused claims toward the account's allowance."""
MAX_UNEXPLAINED_REFUSALS: Final = 2
"""Maximum number of refusals that do not name the number as taken. A second one is not a coincidence."""
LAG_SECONDS: Final = 300
"""How long Connect may take to show a number that it has given out: "several minutes" in some cases.

https://docs.aws.amazon.com/connect/latest/devguide/eventual-consistency.html
"""
_OTHERS_SECONDS: Final = 45
"""How long to wait for another invocation's call for the same number."""
_LOOKS: Final = 4
"""Maximum number of DescribePhoneNumber calls for a number that is listed but not yet describable."""
_SHORT_PAUSE_SECONDS: Final = 0.3
_ASK_SECONDS: Final = 1.0
_OTHERS_PROVIDING_SECONDS: Final = 5.0
"""How long an invocation waits to be told how long Connect takes to provide a number."""
_ANNOUNCED_SECONDS: Final = 1.0
"""For so long after the write that announced a call, the claim is as it was then."""
_SHORT_LOOKS: Final = 10
"""So many looks at a claimed number follow on each other quickly: Connect admits a few calls at once."""
_MAX_PAGES: Final = 100
_SHARED_CANDIDATES: Final = 20
"""How many candidates of the shared stock are tried before a claim searches by itself."""


def acquire(invocation: Invocation, claim: Claim) -> Claim:
    """Return the claim with a number that Connect has agreed to claim for it.

    Raises
    ------
    Superseded
        The claim was canceled in the meantime.
    Failed
        No number can be obtained. The message says why.
    """
    while True:
        if not claim.is_open:
            raise Superseded
        if claim.arn:
            if claim.is_taken and claim.state is ClaimState.OPENING:
                ensure_free(invocation, claim)
            return claim
        try:
            if claim.is_adopted:
                return adopt(invocation, claim)
            if not claim.specification.source_phone_number_arn:
                # Before the candidate is chosen: it should not grow old while others have their turns.
                invocation.connect.pacing.wait_for_turn("ClaimPhoneNumber")
            claim = _announce(invocation, claim)
        except Conflict:
            claim = invocation.reread(claim)
            continue
        # An earlier invocation may have got the number without receiving the response, and Connect may have forgotten
        # the token.
        has_other_calls = bool(_other_calls(invocation, claim))
        own = find_own(invocation, claim, claim.candidate) if has_other_calls else None
        if own is None:
            claim = _call_claim(invocation, claim, is_announced=not has_other_calls)
        else:
            claim = record_number(invocation, claim, claim.candidate, own)


def wait_until_claimed(invocation: Invocation, claim: Claim) -> PhoneNumberState:
    """Wait until Connect reports CLAIMED, and return the state of the number.

    Raises
    ------
    Superseded
        The claim was canceled in the meantime.
    Failed
        Connect cannot provide the number, or does not know it.
    """
    began = invocation.connect.claimed_at
    pacing = invocation.connect.pacing
    _wait_for_providing(invocation)
    unfinished_at: float | None = None
    """The latest look that came too early: how much later the number was ready is not known, as looks may be late."""
    polls = 0
    while True:
        state = invocation.connect.describe(claim.arn)
        if state is not None and state.status == "CLAIMED":
            if began is not None:
                looked_at = invocation.timing.clock() if unfinished_at is None else unfinished_at + _SHORT_PAUSE_SECONDS
                pacing.provided_after(looked_at - began, is_exact=unfinished_at is not None)
            return state
        if state is not None and state.status == "FAILED":
            raise Failed(
                f"Amazon Connect could not provide {state.phone_number} for {claim.opening.target_arn}: "
                f"{state.message.rstrip('.') or 'no reason given'}. If the target has reached its limit, release "
                "numbers that are not needed or ask for a higher quota, then deploy again."
            )
        if state is None and not invocation.reread(claim).is_open:
            # The invocation that canceled the claim has already released the number.
            raise Superseded
        since = invocation.timing.now() - claim.claimed_at
        if state is None and since > LAG_SECONDS:
            raise Failed(
                f"Amazon Connect accepted the claim of {claim.phone_number}, but {since} seconds later knows no number "
                f"{claim.arn}. Deploy again; if this goes on, contact AWS Support with this ARN."
            )
        unfinished_at = invocation.timing.clock()
        unfinished = f"{claim.phone_number} is claimed, but Connect has not finished providing it"
        if polls < _SHORT_LOOKS:
            invocation.timing.sleep(_SHORT_PAUSE_SECONDS, unfinished)
        else:
            invocation.timing.backoff(polls - _SHORT_LOOKS, unfinished, 5.0)
        polls += 1


def _wait_for_providing(invocation: Invocation) -> None:
    """Wait for as long as Connect took to provide numbers of late: an earlier look would be in vain."""
    began = invocation.connect.claimed_at
    if began is None:
        return
    pacing, timing = invocation.connect.pacing, invocation.timing
    longest = min(_OTHERS_PROVIDING_SECONDS, timing.left() / 4)
    usual = pacing.providing_seconds()
    # Where it is not known, the invocation that was first finds out for all.
    while usual is None and not pacing.is_first and pacing.is_available and timing.clock() - began < longest:
        timing.sleep(_ASK_SECONDS, "waiting until Connect has provided the number")
        usual = pacing.providing_seconds()
    left = began + (_SHORT_PAUSE_SECONDS if usual is None else min(usual, timing.left() / 4)) - timing.clock()
    if left > 0:
        timing.sleep(left, "waiting until Connect has provided the number")


def record_number(invocation: Invocation, claim: Claim, phone_number: str, arn: str) -> Claim:
    """Record that Connect gave ``arn`` to this claim, whatever has happened to the claim in the meantime.

    Raises
    ------
    Superseded
        The claim was canceled. The number is recorded so that it will be released.
    """
    while True:
        changed = replace(claim, in_flight_calls=claim.calls_without(phone_number, invocation.worker))
        if claim.arn in ("", arn):
            changed = replace(
                changed,
                arn=arn,
                phone_number=phone_number,
                candidate=phone_number,
                claimed_at=claim.claimed_at or invocation.timing.now(),
            )
        elif arn not in claim.duplicate_arns:
            now = invocation.timing.now()
            changed = replace(changed, duplicate_arns=(*claim.duplicate_arns, arn))
            if claim.state is not ClaimState.OPENING:
                changed = replace(changed, next_check_at=now, due_since=now)
        if claim.state is ClaimState.CLOSED and changed.arn == arn and claim.arn != arn:
            changed = changed.reopen(invocation.timing.now())
        try:
            claim = invocation.ledger.save(changed)
        except Conflict:
            claim = invocation.reread(claim)
            continue
        if not claim.is_open:
            raise Superseded
        return claim


def find_own(invocation: Invocation, claim: Claim, phone_number: str) -> str | None:
    """Return the ARN of ``phone_number`` if Connect holds it for this very claim, else ``None``."""
    source = claim.specification.source_phone_number_arn
    if source:
        arn = invocation.connect.find_imported(source)
    else:
        arn = invocation.connect.find(phone_number, claim.opening.target_arn)
    if arn is None:
        return None
    for look in range(_LOOKS):
        state = invocation.connect.describe(arn)
        if state is not None:
            return arn if state.tags.get(contract.CLAIM_TAG) == claim.id else None
        invocation.timing.backoff(look, f"Connect lists {phone_number} and does not describe it")
    return None


def _announce(invocation: Invocation, claim: Claim) -> Claim:
    """Choose a candidate if there is none, and record the call as in flight."""
    desired = claim.specification
    phone_number = (
        claim.candidate or desired.source_phone_number_arn or desired.phone_number or _choose(invocation, claim)
    )
    call = InFlightCall(phone_number, invocation.worker, int(invocation.timing.invocation_deadline))
    announced = replace(claim, candidate=phone_number, in_flight_calls=claim.calls_with(call))
    if claim.candidate:
        return invocation.ledger.save(announced)
    reservation = NumberReservation.of(phone_number, claim.own_key)
    try:
        return invocation.ledger.save(announced, reservation)
    except Conflict:
        # Either the claim has changed, or the number is reserved: for another claim, or by this claim's earlier write.
        owner = invocation.ledger.number(phone_number)
        if owner is None:
            raise
        if owner.claim_id == claim.id:
            return invocation.ledger.save(announced)
        if _names_the_number(claim):
            raise Failed(_taken(owner, claim)) from None
        raise


def _choose(invocation: Invocation, claim: Claim) -> str:
    """Return a candidate that is free as far as Connect and the ledger know."""
    if len(claim.rejected_candidates) >= MAX_CANDIDATES:
        raise Failed(
            f"{len(claim.rejected_candidates)} numbers in a row went to somebody else between search and claim. "
            "Deploy again."
        )
    target_arn = claim.opening.target_arn
    for _ in range(_SHARED_CANDIDATES):
        shared = invocation.stock.take(claim.specification, target_arn, lambda token: _page(invocation, claim, token))
        if shared is None:
            break
        if shared not in claim.rejected_candidates:
            return shared
    token = ""
    for _ in range(_MAX_PAGES):
        candidates, token = _page(invocation, claim, token)
        for phone_number in candidates:
            if _is_free(invocation, claim, phone_number):
                return phone_number
        if not token:
            break
    desired = claim.specification
    prefix = f" that begins with {desired.prefix}" if desired.prefix else ""
    raise Failed(
        f"Amazon Connect has no {desired.type} number of {desired.country_code}{prefix} to claim. Try another "
        f"{'Prefix or Type' if prefix else 'Type'}; some countries' numbers must be ordered through AWS Support."
    )


def _page(invocation: Invocation, claim: Claim, token: str) -> tuple[tuple[str, ...], str]:
    """Return a page of numbers in the order in which this claim tries them, and the next page's token.

    Every search gets the same first page. An order of its own makes it rare that claims that do not share this ledger
    are after the same number.
    """
    try:
        page = invocation.connect.search(claim.specification, claim.opening.target_arn, token)
    except ConnectError as error:
        raise Failed(error.remediation(f"TargetArn {claim.opening.target_arn}")) from error
    ordered = sorted(page.phone_numbers, key=lambda number: sha256((claim.id + number).encode()).digest())
    return tuple(ordered), page.next_token


def _is_free(invocation: Invocation, claim: Claim, phone_number: str) -> bool:
    if phone_number in claim.rejected_candidates:
        return False
    owner = invocation.ledger.number(phone_number)
    return owner is None or owner.claim_id == claim.id


def _call_claim(invocation: Invocation, claim: Claim, *, is_announced: bool) -> Claim:
    """Call ClaimPhoneNumber for the candidate, and record the result.

    Parameters
    ----------
    is_announced
        Whether the call was recorded as in flight just now, and nothing was done since.
    """
    candidate = claim.candidate
    source = claim.specification.source_phone_number_arn
    token = tokens.claim_token(claim.id, candidate)
    tags = {**claim.opening.tags, **invocation.ownership_tags(claim)}

    announced_at = invocation.timing.clock() if is_announced else 0.0
    looks = count()

    def is_needed() -> bool:
        if next(looks) == 0 and invocation.timing.clock() - announced_at < _ANNOUNCED_SECONDS:
            # The write that announced the call was conditional on the claim, and came right before this.
            return True
        now = invocation.reread(claim)
        return now.is_open and not now.arn and now.candidate == candidate

    try:
        if source:
            arn = invocation.connect.import_number(source, claim.opening, tags, token, is_needed)
        else:
            arn = invocation.connect.claim(candidate, claim.opening, tags, token, is_needed)
    except ConnectError as error:
        return _handle_refusal(invocation, claim, candidate, error)
    return record_number(invocation, claim, candidate, arn)


def _handle_refusal(invocation: Invocation, claim: Claim, candidate: str, error: ConnectError) -> Claim:
    # An earlier invocation may have got the number, and Connect may have forgotten the token. Then this refusal is
    # about a number that this claim already has.
    if error.kind in (ErrorKind.CHANGED_PARAMETERS, ErrorKind.INVALID):
        own = _find_own_with_retries(invocation, claim, candidate, error.was_uncertain)
        if own is not None:
            return record_number(invocation, claim, candidate, own)
    is_lost_race = error.kind is ErrorKind.INVALID and error.is_about_availability_of(candidate)
    if error.kind is ErrorKind.INVALID:
        # Whether Connect counts these is not documented, so they are no part of the budget's sums.
        invocation.log.metrics(invocation.scope.provider_id, ClaimsRefused=1)
    claim = _record_clear_response(invocation, claim, candidate, error, is_lost_race=is_lost_race)
    if error.kind is ErrorKind.CALLED_OFF:
        return claim
    if error.kind is not ErrorKind.INVALID:
        raise Failed(error.remediation(f"{candidate} ({claim.opening.target_arn})"))
    if _names_the_number(claim) and is_lost_race:
        raise Failed(
            f"{candidate} cannot be claimed: {error.service_message.rstrip('.')}. It was claimed by somebody else, or "
            "was released less than 180 days ago. If this account holds it, set Adopt to true (adopt=True in the CDK)."
        )
    if _names_the_number(claim) or claim.unexplained_refusals >= MAX_UNEXPLAINED_REFUSALS:
        raise Failed(error.remediation(f"{candidate} ({claim.opening.target_arn})"))
    return claim


def _find_own_with_retries(invocation: Invocation, claim: Claim, candidate: str, was_uncertain: bool) -> str | None:
    """Look for the candidate among this account's numbers as long as it may still turn out to be this claim's own."""
    began = invocation.timing.now()
    for polls in count():
        own = find_own(invocation, claim, candidate)
        if own is not None:
            return own
        claim = invocation.reread(claim)
        now = invocation.timing.now()
        is_on_its_way = any(call.until > now for call in _other_calls(invocation, claim))
        patience = LAG_SECONDS if was_uncertain else _OTHERS_SECONDS if is_on_its_way else 0
        if claim.arn or not claim.is_open or claim.candidate != candidate or now - began >= patience:
            break
        invocation.timing.backoff(polls, f"waiting whether an earlier call has claimed {candidate}", 10.0)
    return None


def _other_calls(invocation: Invocation, claim: Claim) -> list[InFlightCall]:
    """Return other invocations' in-flight calls for the candidate."""
    return [
        call
        for call in claim.in_flight_calls
        if call.phone_number == claim.candidate and call.worker != invocation.worker
    ]


def _record_clear_response(
    invocation: Invocation, claim: Claim, candidate: str, error: ConnectError, *, is_lost_race: bool
) -> Claim:
    """Remove a call that was refused or not made from the in-flight calls, and drop a refused candidate."""
    while True:
        claim = invocation.reread(claim)
        calls = claim.calls_without(candidate, invocation.worker)
        if error.was_uncertain:
            # The refusal may only mean that an earlier try of this call got the number.
            calls = (*calls, InFlightCall(candidate, invocation.worker, invocation.timing.now() + LAG_SECONDS))
        changed = replace(claim, in_flight_calls=calls)
        remove: tuple[NumberReservation, ...] = ()
        gave_up = error.kind is ErrorKind.INVALID and claim.candidate == candidate
        if gave_up and not is_lost_race:
            changed = replace(changed, unexplained_refusals=claim.unexplained_refusals + 1)
        if gave_up and not claim.arn and not _names_the_number(claim):
            changed = replace(changed, candidate="", rejected_candidates=(*claim.rejected_candidates, candidate))
            owner = invocation.ledger.number(candidate)
            if owner is not None and owner.claim_id == claim.id:
                remove = (owner,)
        try:
            return invocation.ledger.save(changed, remove=remove)
        except Conflict:
            continue


def _names_the_number(claim: Claim) -> bool:
    desired = claim.specification
    return bool(desired.phone_number or desired.source_phone_number_arn)


def _taken(owner: NumberReservation, claim: Claim) -> str:
    if owner.stack_id == claim.stack_id:
        return (
            f"{owner.phone_number} is already the number of {owner.logical_resource_id} in this stack, and each number "
            f"has one resource. Remove {claim.logical_resource_id}, or let it ask for another number."
        )
    return (
        f"{owner.phone_number} belongs to resource {owner.logical_resource_id} of stack {owner.stack_id}. To have it "
        "here, first remove it from that stack with DeletionPolicy Retain (RemovalPolicy.RETAIN in the CDK), then "
        "adopt it (Adopt and PhoneNumber). Or ask for another number."
    )
