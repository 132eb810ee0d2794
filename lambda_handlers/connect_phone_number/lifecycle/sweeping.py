"""The sweep: finishing what CloudFormation has abandoned and what an invocation could not make certain.

A sweep is safe at any time and in parallel with any event. It does what a Delete does, with the same tokens and the
same conditional writes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from .. import contract, rules
from ..claim import LISTED_SECONDS, SETTLED_AFTER_SECONDS, Claim, ClaimState
from ..connect.errors import ConnectError
from ..ledger.ledger import UnreadableItem
from ..ledger.store import Conflict
from ..timing import NotFinished
from .acknowledging import ask_about_parked, ask_what_became_of, ensure_not_retained
from .budgeting import allowance_for_release, care_for_budget, postponed_to, releases_left
from .closing import close, expire, put_off, without_lost_number
from .context import Failed, Invocation, Superseded
from .converging import converge
from .parking import put_aside
from .pooling import is_in_pool, limit_pools

_STUCK_AFTER_SECONDS: Final = 86_400
"""After this time, a claim that is neither finished nor given up needs a person."""
_SETTLED_WITHIN_SECONDS: Final = 86_400
"""How long the sweeper retries the check of a number that was parked for late changes."""
_ASKED_AGAIN_SECONDS: Final = 86_400
"""The interval at which CloudFormation is asked about a parked number that a stack still has: its Delete has failed."""
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
    _without_stopping(invocation, limit_pools)
    for claim in [*invocation.ledger.due(now), *invocation.ledger.parked(now)]:
        if isinstance(claim, Claim) and _is_up_to_its_pool(invocation, claim, now):
            continue
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
    _without_stopping(invocation, care_for_budget)
    return result


def _without_stopping(invocation: Invocation, step: Callable[[Invocation], None]) -> None:
    """Do something on which no release depends. If it fails, the next sweep comes in a few minutes."""
    try:
        step(invocation)
    except Exception as error:
        invocation.log.error(
            "part of the sweep failed", part=step.__name__, error=type(error).__name__, problem=str(error)
        )


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
    try:
        claim = _begun(invocation, claim)
    except (Conflict, Superseded):
        # A request has changed the claim in the meantime, and goes on with it.
        return ""
    except Failed as problem:
        return str(problem)
    if claim.state is not ClaimState.CLOSING and not claim.has_calls_in_flight:
        return ""
    return close(invocation, claim, partial(ensure_not_retained, invocation), waits=False).problem


def _begun(invocation: Invocation, claim: Claim) -> Claim:
    """Return the claim after what there is to do before it is closed."""
    now = invocation.timing.now()
    if claim.state is ClaimState.OPENING:
        # No invocation will respond to its request: CloudFormation's timeout and the last invocation are long over.
        return invocation.ledger.save(claim.close("its creation was never finished", now))
    if _is_follow_up(claim):
        if claim.settles_at:
            claim = _settled(invocation, claim)
        return ask_what_became_of(invocation, claim) if claim.follow_up else claim
    # The list is minutes old by now, and most claims are closed by their own Deletes.
    claim = invocation.reread(claim)
    is_time_up = claim.state is ClaimState.PARKED and claim.parked_until <= now
    if is_time_up and claim.listed_in:
        stays = is_in_pool(invocation, claim)
        return invocation.ledger.save(claim.postpone(now + LISTED_SECONDS)) if stays else expire(invocation, claim)
    if is_time_up and not is_in_pool(invocation, claim):
        if claim.desired.pool and releases_left(invocation) == 0:
            # Its pool is gone.
            return claim
        if later := postponed_to(allowance_for_release(invocation)):
            return invocation.ledger.save(claim.postpone(later))
        return expire(invocation, claim)
    if _is_unsettled(claim, now):
        claim = _asked_about(invocation, claim)
        return _parked_again(invocation, claim) if _is_due(claim.settles_at, now) else claim
    return claim


def _is_up_to_its_pool(invocation: Invocation, claim: Claim, now: int) -> bool:
    """Return whether there is nothing to do for a claim but what ``limit_pools`` decides."""
    is_parked = claim.state is ClaimState.PARKED and not claim.listed_in
    if not is_parked or claim.has_calls_in_flight or _is_unsettled(claim, now):
        return False
    return is_in_pool(invocation, claim)


def _is_unsettled(claim: Claim, now: int) -> bool:
    """Return whether the number of a parked claim is to be checked for late changes, or to be asked about, now."""
    return claim.state is ClaimState.PARKED and (_is_due(claim.settles_at, now) or _is_due(claim.asks_at, now))


def _is_due(at: int, now: int) -> bool:
    return 0 < at <= now


def _asked_about(invocation: Invocation, claim: Claim) -> Claim:
    """Ask CloudFormation about a parked number. If its stack still has it, that is to be done again later."""
    asked = ask_about_parked(invocation, claim)
    if asked.state is not ClaimState.PARKED:
        # It was retained.
        return asked
    # The stack may be deleted without the number at any time. It is not forgotten sooner than 90 days after that.
    asks_at = 0 if asked.was_let_go else invocation.timing.now() + _ASKED_AGAIN_SECONDS
    return invocation.ledger.save(replace(asked, asks_at=asks_at))


def _parked_again(invocation: Invocation, claim: Claim) -> Claim:
    """Put a parked number aside once more: a late call for its claim may have changed it."""
    try:
        state = invocation.connect.describe(claim.arn)
        if state is not None:
            claim = without_lost_number(invocation, claim, state)
            if claim.state is not ClaimState.PARKED:
                return claim
        # Written first, because these calls may come late, too, after another claim has taken the number.
        claim = invocation.ledger.save(replace(claim, settles_at=invocation.timing.now() + SETTLED_AFTER_SECONDS))
        put = put_aside(invocation, claim, state, partial(ensure_not_retained, invocation))
    except (ConnectError, Failed) as error:
        invocation.log.warning("parked number cannot be checked", number=claim.phone_number, problem=str(error))
        return claim
    return invocation.ledger.save(replace(put or claim, settles_at=0))


def _settled(invocation: Invocation, claim: Claim) -> Claim:
    """Return the claim of a number that was parked, converged once more: a late call may have changed the number."""
    now = invocation.timing.now()
    if now < claim.settles_at:
        return claim if claim.follow_up else invocation.ledger.save(replace(claim, next_check_at=claim.settles_at))
    try:
        claim, _ = converge(invocation, _with_its_flow(invocation, claim))
    except (ConnectError, Failed) as error:
        if now < claim.settles_at + _SETTLED_WITHIN_SECONDS:
            return put_off(invocation, claim, str(error))
        invocation.log.warning("number cannot be checked", number=claim.phone_number, problem=str(error))
    return invocation.ledger.save(replace(claim, settles_at=0))


def _with_its_flow(invocation: Invocation, claim: Claim) -> Claim:
    """Return the claim with the flow that its number has now, and with the tag that it may have of its parking."""
    desired = claim.desired
    target = desired.target_arn
    instance_arn = target if rules.instance_id_of(target) else rules.instance_arn_of(desired.contact_flow_arn)
    found = invocation.connect.flow_of(claim.arn, instance_arn) if instance_arn else desired.contact_flow_arn
    # A flow that people have set meanwhile is neither removed nor replaced.
    is_late = found != desired.contact_flow_arn and found in ("", claim.earlier_flow_arn)
    return invocation.ledger.save(
        replace(
            claim,
            applied_flow_arn=found if is_late else claim.applied_flow_arn,
            flow_may_differ=is_late,
            applied_tags=(*claim.applied_tags, contract.PARKED_TAG),
        )
    )


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
