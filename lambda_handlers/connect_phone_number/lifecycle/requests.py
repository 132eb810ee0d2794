"""From a CloudFormation request to its response. The work can safely be begun again at any point."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from .. import contract, rules
from ..claim import Claim, ClaimKey, ClaimState, Outcome
from ..cloudformation.request import Request, RequestType
from ..cloudformation.response import Response, Status
from ..connect.errors import ConnectError
from ..connect.gateway import PhoneNumberState
from ..ledger.items import RequestEntry
from ..ledger.store import Conflict
from ..properties import wants_release_protection
from ..timing import NotFinished, TimedOut, date_of
from .adoption_rollback import previous_of
from .claiming import LAG_SECONDS, acquire
from .closing import Permit, close
from .context import Failed, Invocation, Superseded
from .converging import converge
from .moving import find_owner, has_moved_here

SUPERSEDED: Final = "CloudFormation has canceled this request, or sent a later one."
ACKNOWLEDGED_WITHIN_SECONDS: Final = 300
"""By the end of this time CloudFormation has recorded a response, or it never does."""


def handle_request(invocation: Invocation, request: Request, entry: RequestEntry) -> Response:
    """Do what the request asks for, and return its response, which is then in the ledger.

    Raises
    ------
    NotFinished
        This invocation's time is used up. Another invocation continues.
    """
    if entry.response is not None:
        return entry.response
    try:
        ensure_awaited(invocation, entry)
        if request.type is RequestType.DELETE:
            return _respond_to_delete(invocation, request, entry)
        return _respond_to_claim(invocation, request, entry)
    except TimedOut as problem:
        return failed_in_time(problem, partial(fail, invocation, request))


def fail(invocation: Invocation, request: Request, reason: str) -> Response:
    """Respond with FAILED and close what the request has claimed, in one write.

    Return the final response of the request, because another invocation may have responded already.
    """
    while True:
        entry = invocation.ledger.request(request.resource, request.key)
        response = Response(Status.FAILED, request.failure_id, reason)
        if entry is None:
            return response
        if entry.response is not None:
            return entry.response
        changed: list[Claim] = []
        if request.type is not RequestType.DELETE:
            claim = invocation.ledger.claim(entry.claim_keys[0])
            if claim.state is ClaimState.OPENING and claim.request_key == request.key:
                changed.append(claim.close("its creation failed", invocation.timing.now()))
        try:
            invocation.ledger.save(replace(entry, response=response), *changed)
        except Conflict:
            continue
        return response


def _respond_to_claim(invocation: Invocation, request: Request, entry: RequestEntry) -> Response:
    claim = invocation.ledger.known_claim(entry.claim_keys[0])
    while True:
        try:
            if claim.request_key != request.key:
                if claim.state is ClaimState.LIVE:
                    # This invocation may have set a value too late. The value is set again to what the later request
                    # asks for.
                    converge(invocation, claim)
                raise Superseded
            claim = acquire(invocation, claim)
            claim, state = converge(invocation, claim)
            return _succeed(invocation, request, entry, claim, state)
        except Conflict:
            entry = _reread(invocation, request)
            if entry.response is not None:
                return entry.response
            claim = invocation.reread(claim)
        except Superseded:
            # If this claim obtained a number, the invocation that canceled the claim or the sweeper releases it.
            return fail(invocation, request, SUPERSEDED)
        except Failed as problem:
            return fail(invocation, request, str(problem))
        except ConnectError as error:
            return fail(invocation, request, error.remediation(claim.phone_number or claim.candidate))


def _reread(invocation: Invocation, request: Request) -> RequestEntry:
    entry = invocation.ledger.request(request.resource, request.key)
    if entry is None:
        raise LookupError(f"The ledger has lost request {request.key} of {request.resource}.")
    return entry


def _succeed(
    invocation: Invocation, request: Request, entry: RequestEntry, claim: Claim, state: PhoneNumberState
) -> Response:
    if not claim.is_open or claim.request_key != request.key:
        raise Superseded
    parsed = rules.parse_phone_number_arn(claim.arn)
    response = Response(
        Status.SUCCESS,
        claim.arn,
        data={
            "PhoneNumber": claim.phone_number,
            "PhoneNumberArn": claim.arn,
            "PhoneNumberId": parsed.id if parsed else claim.arn,
            "CountryCode": claim.country_code,
            "Type": claim.type,
            "TargetArn": state.target_arn,
        },
    )
    calls = claim.in_flight_calls
    if not (claim.is_adopted and invocation.connect.was_uncertain):
        # Otherwise the call stays in flight: a change without a clear response may still take effect, and must be
        # undone if the adoption is rolled back.
        calls = claim.calls_without(claim.phone_number, invocation.worker)
    next_check_at = max(
        invocation.timing.now() + ACKNOWLEDGED_WITHIN_SECONDS,
        max((call.until for call in calls), default=0) + LAG_SECONDS,
    )
    live = claim.succeed(
        in_flight_calls=calls,
        protected=wants_release_protection(request.properties),
        next_check_at=next_check_at,
    )
    invocation.ledger.save(replace(entry, response=response), live)
    if claim.state is ClaimState.OPENING and not claim.is_adopted and not claim.is_inherited:
        invocation.log.metrics(invocation.scope.provider_id, Claims=1)
    invocation.log.info("number is live", number=claim.phone_number, arn=claim.arn, claim=claim.id)
    return response


def _respond_to_delete(invocation: Invocation, request: Request, entry: RequestEntry) -> Response:
    try:
        findings = [_close_claim(invocation, request, key) for key in entry.claim_keys]
        if not entry.claims:
            findings.append(_about_unknown_number(invocation, request))
    except Superseded:
        return fail(invocation, request, SUPERSEDED)
    problems = [finding.problem for finding in findings if finding.problem]
    if problems:
        return fail(invocation, request, " ".join(problems))
    notes = " ".join(finding.note for finding in findings if finding.note)
    response = Response(Status.SUCCESS, request.physical_resource_id, notes)
    while True:
        try:
            invocation.ledger.save(replace(entry, response=response))
        except Conflict:
            stored = invocation.ledger.request(request.resource, request.key)
            if stored is not None and stored.response is not None:
                return stored.response
            entry = stored or entry
        else:
            return response


@dataclass(frozen=True)
class _Finding:
    """What a Delete found out about one number: a problem that makes the Delete fail, or a note for its SUCCESS."""

    problem: str = ""
    note: str = ""


def ensure_awaited(invocation: Invocation, entry: RequestEntry) -> None:
    """Raise ``TimedOut`` if CloudFormation no longer waits for the response.

    Lambda may deliver a request late, or an invocation may stall. CloudFormation has then moved on.
    """
    if invocation.timing.now() >= entry.deadline:
        raise TimedOut("the request came too late, or its invocation stood still")


def awaited(invocation: Invocation, request: Request) -> Permit:
    """Return a function that permits a release as long as CloudFormation waits for the request's response.

    After a Delete has failed or timed out, the number may be retained at any time.
    """

    def permit(_claim: Claim) -> None:
        entry = invocation.ledger.request(request.resource, request.key)
        if entry is None or entry.response is not None:
            raise Superseded
        ensure_awaited(invocation, entry)

    return permit


def _close_claim(invocation: Invocation, request: Request, key: ClaimKey) -> _Finding:
    claim = invocation.ledger.known_claim(key)
    closed = close(invocation, claim, awaited(invocation, request))
    if closed.claim.outcome is Outcome.NOT_OURS:
        return _Finding(note=f"{closed.claim.phone_number} belongs to somebody else now and was left alone.")
    if closed.claim.outcome is Outcome.ADOPTION_ROLLED_BACK:
        owner = previous_of(invocation, closed.claim)
        if owner is not None and owner.state is not ClaimState.LIVE:
            # The previous owner's resource was deleted, too.
            return _Finding(close(invocation, owner, awaited(invocation, request)).problem)
        return _Finding(
            note=f"{closed.claim.specification.phone_number} was not released: its adoption was undone, or not seen "
            "complete, so it was restored as it was found."
        )
    if closed.claim.state is ClaimState.PARKED and closed.claim.is_postponed:
        return _Finding(
            note=f"{closed.claim.phone_number} is released on {date_of(closed.claim.parked_until)}: before, that would "
            "cost the account its last claims. Until then, the resource gets it back if it is created again."
        )
    return _Finding(closed.problem)


def _about_unknown_number(invocation: Invocation, request: Request) -> _Finding:
    """Return the finding for a Delete that names a number for which its resource has no claim to close."""
    physical_id = request.physical_resource_id
    if rules.parse_phone_number_arn(physical_id) is None:
        return _Finding()
    if not invocation.is_in_scope(physical_id):
        return _Finding(note=f"{physical_id} is not of this account and Region and was left alone.")
    try:
        # One "not found" proves nothing.
        state = invocation.connect.describe(physical_id) or invocation.connect.describe(physical_id)
    except ConnectError as error:
        return _Finding(error.remediation(physical_id))
    if state is None:
        return _Finding()
    owner = find_owner(invocation, state)
    if owner is None:
        if state.tags.get(contract.PROVIDER_TAG) != invocation.scope.provider_id:
            invocation.log.warning("number of somebody else is left alone", arn=physical_id)
            return _Finding(note=f"{state.phone_number} was not claimed by this provider and was left alone.")
        return _Finding(
            f"{state.phone_number} carries this provider's tag, but its ledger has no record of it, so it is not "
            "released. Restore the ledger table to a point in time before the record was lost, or release "
            f"{physical_id} yourself if it is not needed, then delete again."
        )
    if owner.state is ClaimState.LIVE:
        # Connect may not have shown the number when the decision on this request was made.
        has_moved = has_moved_here(invocation, request, owner)
        if has_moved:
            return _Finding(
                has_moved
                if isinstance(has_moved, str)
                else f"Amazon Connect did not show {state.phone_number} at first, so nothing was done. Delete again."
            )
        return _Finding(
            note=f"{state.phone_number} belongs to {owner.logical_resource_id} of {owner.stack_id} now and "
            "was left alone."
        )
    return _Finding(close(invocation, owner, awaited(invocation, request)).problem)


def failed_in_time(problem: TimedOut, fail_with: Callable[[str], Response]) -> Response:
    """Return the response to a request that was not done in time.

    Parameters
    ----------
    fail_with
        Records FAILED with a reason, and returns the final response.

    Raises
    ------
    NotFinished
        The ledger does not take the response now.
    """
    try:
        return fail_with(_timed_out(problem))
    except TimedOut as unavailable:
        raise NotFinished(str(unavailable)) from problem


def _timed_out(problem: TimedOut) -> str:
    last = f" Last: {problem}." if str(problem) else ""
    return (
        f"Not done within the timeout.{last} What was begun is undone or finished in the background. Try again; "
        "for a longer wait raise ServiceTimeout (at most 3600 seconds)."
    )
