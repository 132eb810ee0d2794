"""Finishing what CloudFormation has abandoned and what an attempt could not make certain.

Safe at any time and beside any event: it does what a Delete does, with the same tokens and the same conditional writes.
"""

from dataclasses import dataclass
from typing import Final

from ..ledger.items import Claim, ClaimState
from ..ledger.store import Conflict
from ..timing import NotFinished
from .closing import close, put_off
from .context import Attempt
from .decision import closing

_STUCK_AFTER_FAILURES: Final = 3
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
        How long the oldest of them had been waiting.
    failing
        Claims whose release has failed and is still to be tried again, now or later.
    stuck
        Of these, claims that have failed several times.
    """

    due: int = 0
    oldest_due_seconds: int = 0
    failing: int = 0
    stuck: int = 0


def sweep(attempt: Attempt) -> Sweep:
    """Go on with every claim that is due, for as long as the attempt's time allows."""
    now = attempt.timing.now()
    due = attempt.ledger.due(now)
    for claim in due:
        if attempt.timing.remaining() < _SECONDS_FOR_ONE_CLAIM:
            break
        try:
            with attempt.timing.limited(_SECONDS_FOR_ONE_CLAIM):
                problem = _go_on(attempt, claim)
        except NotFinished as trouble:
            problem = str(trouble)
            put_off(attempt, claim, problem)
        if problem:
            attempt.log.warning("release is still due", claim=claim.id, number=claim.phone_number, problem=problem)
    # Also those whose next attempt is hours away: nothing is solved by not having been tried just now.
    failing = [claim for claim in attempt.ledger.due(None) if claim.failures]
    result = Sweep(
        due=len(due),
        oldest_due_seconds=max((now - claim.check_at for claim in due), default=0),
        failing=len(failing),
        stuck=sum(claim.failures >= _STUCK_AFTER_FAILURES for claim in failing),
    )
    attempt.log.metrics(
        attempt.place.provider_id,
        SweepRuns=1,
        DueWork=result.due,
        OldestDueSeconds=result.oldest_due_seconds,
        ReleaseFailures=result.failing,
        ClaimsStuck=result.stuck,
    )
    return result


def _go_on(attempt: Attempt, claim: Claim) -> str:
    if claim.state is ClaimState.OPENING:
        # Nobody answers its request any more: CloudFormation's time-out and the last attempt are long over.
        try:
            claim = attempt.ledger.save_claim(closing(claim, "its creation was never finished", attempt.timing.now()))
        except Conflict:
            return ""
    return close(attempt, claim, is_patient=False).problem
