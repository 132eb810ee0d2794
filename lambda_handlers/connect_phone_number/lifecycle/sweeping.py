"""Finishing what CloudFormation has abandoned and what an attempt could not make certain.

Safe at any time and beside any event: it does what a Delete does, with the same tokens and the same conditional writes.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from ..claim import Claim, ClaimState
from ..ledger.ledger import UnreadableItem
from ..ledger.store import Conflict
from ..timing import NotFinished
from .acknowledging import ask_what_became_of, was_retained_since
from .closing import close, put_off
from .context import Attempt, Failed

_STUCK_AFTER_SECONDS: Final = 86_400
"""After this time a claim that is neither finished nor given up needs a person."""
_SECONDS_FOR_ONE_CLAIM: Final = 120
"""So that one number on which Connect does not answer does not keep others from their release."""


@dataclass
class Sweep:
    """What a sweep found.

    Parameters
    ----------
    due
        Claims that were due.
    oldest_due_seconds
        How long ago the oldest unfinished work became due, however often it was postponed since.
    releases_failing
        Numbers whose release has failed and is still to be tried again, now or later.
    stuck
        Claims that nobody has finished or given up within a day.
    errors
        Claims that could not be handled because of an error that nobody foresaw.
    """

    due: int = 0
    oldest_due_seconds: int = 0
    releases_failing: int = 0
    stuck: int = 0
    errors: int = 0


def sweep(attempt: Attempt) -> Sweep:
    """Go on with every claim that is due, for as long as the attempt's time allows."""
    now = attempt.timing.now()
    result = Sweep()
    follow_ups: list[Claim] = []
    for claim in list(attempt.ledger.due(now)):
        result.due += 1
        if isinstance(claim, UnreadableItem):
            result.errors += 1
            attempt.log.error("item cannot be read", key=claim.key, problem=claim.problem)
        elif _is_follow_up(claim):
            follow_ups.append(claim)
        else:
            _handle(attempt, claim, result)
    # What is to be released comes first: a question to CloudFormation can wait.
    for claim in follow_ups:
        _handle(attempt, claim, result)
    _measure(attempt, result, now)
    attempt.log.metrics(
        attempt.scope.provider_id,
        SweepRuns=1,
        DueWork=result.due,
        OldestDueSeconds=result.oldest_due_seconds,
        ReleasesFailing=result.releases_failing,
        ClaimsStuck=result.stuck,
        SweepErrors=result.errors,
    )
    return result


def _handle(attempt: Attempt, claim: Claim, result: Sweep) -> None:
    """Go on with one claim. Whatever happens to it, the others are not kept from their turn."""
    if attempt.timing.remaining() < _SECONDS_FOR_ONE_CLAIM:
        return
    try:
        with attempt.timing.limited(_SECONDS_FOR_ONE_CLAIM):
            problem = _go_on(attempt, claim)
    except NotFinished as trouble:
        problem = str(trouble)
        put_off(attempt, claim, problem)
    except Exception as error:
        # An error that nobody foresaw, about this claim alone. It is told apart from the rest by its own metric.
        result.errors += 1
        attempt.log.error("claim cannot be handled", claim=claim.id, error=type(error).__name__, problem=str(error))
        return
    if problem:
        attempt.log.warning("release is still due", claim=claim.id, number=claim.phone_number, problem=problem)


def _go_on(attempt: Attempt, claim: Claim) -> str:
    if claim.state is ClaimState.OPENING:
        # Nobody answers its request any more: CloudFormation's time-out and the last attempt are long over.
        try:
            claim = attempt.ledger.save(claim.close("its creation was never finished", attempt.timing.now()))
        except Conflict:
            return ""
    elif _is_follow_up(claim):
        claim = ask_what_became_of(attempt, claim)
        if claim.state is not ClaimState.CLOSING:
            return ""
    return close(attempt, claim, partial(_permit, attempt), is_patient=False).problem


def _permit(attempt: Attempt, claim: Claim) -> None:
    """Permit a release, unless the number was retained since its Delete failed."""
    is_kept = was_retained_since(attempt, claim)
    if is_kept is None:
        raise Failed("CloudFormation has not told yet whether the number is retained")
    if is_kept:
        raise Conflict


def _is_follow_up(claim: Claim) -> bool:
    return claim.state is ClaimState.LIVE and not claim.in_doubt


def _measure(attempt: Attempt, result: Sweep, now: int) -> None:
    # Also what was postponed by hours: nothing is solved by not having been tried just now.
    for claim in attempt.ledger.due(None):
        if isinstance(claim, UnreadableItem):
            continue
        waiting = max(now - claim.due_since, 0)
        if not _is_follow_up(claim):
            result.oldest_due_seconds = max(result.oldest_due_seconds, waiting)
            result.releases_failing += claim.failures > 0
        is_release = claim.state is ClaimState.CLOSING and claim.failures > 0
        if waiting > _STUCK_AFTER_SECONDS and not is_release and not claim.acknowledged:
            result.stuck += 1
            attempt.log.warning(
                "claim is stuck",
                claim=claim.id,
                number=claim.phone_number,
                state=claim.state.value,
                claim_of_stack=claim.stack_id,
                claim_of_resource=claim.logical_resource_id,
            )
