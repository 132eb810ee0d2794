"""The sweep: finishing what CloudFormation has abandoned and what an invocation could not make certain.

A sweep is safe at any time and in parallel with any event. It does what a Delete does, with the same tokens and the
same conditional writes.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from ..claim import Claim, ClaimState
from ..ledger.ledger import UnreadableItem
from ..ledger.store import Conflict
from ..timing import NotFinished
from .acknowledging import ask_what_became_of, was_retained_since
from .budgeting import care_for_budget
from .closing import close, put_off
from .context import Failed, Invocation

_STUCK_AFTER_SECONDS: Final = 86_400
"""After this time, a claim that is neither finished nor given up needs a person."""
_SECONDS_FOR_ONE_CLAIM: Final = 120
"""The limit for one claim, so that a number for which Connect does not respond does not delay other releases."""


@dataclass
class Sweep:
    """What a sweep found.

    Parameters
    ----------
    due
        Claims that were due.
    oldest_due_seconds
        How long ago the oldest unfinished work became due, however often it has been postponed since.
    releases_failing
        Numbers whose release has failed and must still be retried, now or later.
    stuck
        Claims that were neither finished nor given up within a day.
    errors
        Claims that could not be handled because of an unexpected error.
    """

    due: int = 0
    oldest_due_seconds: int = 0
    releases_failing: int = 0
    stuck: int = 0
    errors: int = 0


def sweep(invocation: Invocation) -> Sweep:
    """Continue with every due claim, for as long as the invocation's time allows."""
    now = invocation.timing.now()
    result = Sweep()
    follow_ups: list[Claim] = []
    for claim in list(invocation.ledger.due(now)):
        result.due += 1
        if isinstance(claim, UnreadableItem):
            result.errors += 1
            invocation.log.error("item cannot be read", key=claim.key, problem=claim.problem)
        elif _is_follow_up(claim):
            follow_ups.append(claim)
        else:
            _handle(invocation, claim, result)
    # What must be released comes first. Queries to CloudFormation can wait.
    for claim in follow_ups:
        _handle(invocation, claim, result)
    _measure(invocation, result, now)
    invocation.log.findings(
        invocation.scope.provider_id,
        DueWork=result.due,
        OldestDueSeconds=result.oldest_due_seconds,
        ReleasesFailing=result.releases_failing,
        ClaimsStuck=result.stuck,
        SweepErrors=result.errors,
    )
    invocation.log.info("sweep ended", due=result.due, errors=result.errors)
    try:
        care_for_budget(invocation)
    except Exception as error:
        # Releases do not depend on it, and the next sweep comes in a few minutes.
        invocation.log.error("the budget cannot be cared for", error=type(error).__name__, problem=str(error))
    return result


def _handle(invocation: Invocation, claim: Claim, result: Sweep) -> None:
    """Continue with one claim. Whatever happens to it, the other claims still get their turn."""
    if invocation.timing.remaining() < _SECONDS_FOR_ONE_CLAIM:
        return
    try:
        with invocation.timing.limited(_SECONDS_FOR_ONE_CLAIM):
            problem = _go_on(invocation, claim)
    except NotFinished as error:
        problem = str(error)
        put_off(invocation, claim, problem)
    except Exception as error:
        # An unexpected error affects this claim alone. Its own metric distinguishes it from the rest.
        result.errors += 1
        invocation.log.error("claim cannot be handled", claim=claim.id, error=type(error).__name__, problem=str(error))
        return
    if problem:
        invocation.log.warning("release is still due", claim=claim.id, number=claim.phone_number, problem=problem)


def _go_on(invocation: Invocation, claim: Claim) -> str:
    if claim.state is ClaimState.OPENING:
        # No invocation will respond to its request: CloudFormation's timeout and the last invocation are long over.
        try:
            claim = invocation.ledger.save(claim.close("its creation was never finished", invocation.timing.now()))
        except Conflict:
            return ""
    elif _is_follow_up(claim):
        claim = ask_what_became_of(invocation, claim)
        if claim.state is not ClaimState.CLOSING:
            return ""
    else:
        # The list is minutes old by now, and most claims are closed by their own Deletes.
        claim = invocation.reread(claim)
    return close(invocation, claim, partial(_permit, invocation), waits=False).problem


def _permit(invocation: Invocation, claim: Claim) -> None:
    """Permit a release, unless the number was retained after its Delete failed."""
    is_kept = was_retained_since(invocation, claim)
    if is_kept is None:
        raise Failed("CloudFormation has not told yet whether the number is retained")
    if is_kept:
        raise Conflict


def _is_follow_up(claim: Claim) -> bool:
    return claim.state is ClaimState.LIVE and not claim.has_calls_in_flight


def _measure(invocation: Invocation, result: Sweep, now: int) -> None:
    # Claims that were postponed by hours are included, because postponing a claim solves nothing.
    for claim in invocation.ledger.due(None):
        if isinstance(claim, UnreadableItem):
            continue
        waiting = max(now - claim.due_since, 0)
        if not _is_follow_up(claim):
            result.oldest_due_seconds = max(result.oldest_due_seconds, waiting)
            result.releases_failing += claim.failures > 0
        is_release = claim.state is ClaimState.CLOSING and claim.failures > 0
        if waiting > _STUCK_AFTER_SECONDS and not is_release and not claim.acknowledged:
            result.stuck += 1
            invocation.log.warning(
                "claim is stuck",
                claim=claim.id,
                number=claim.phone_number,
                state=claim.state.value,
                claim_of_stack=claim.stack_id,
                claim_of_resource=claim.logical_resource_id,
            )
