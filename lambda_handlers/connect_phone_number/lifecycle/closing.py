"""Closing: from a claim that must end to a claim with nothing left in Connect, or with a parked number.

Delete and the sweeper both use this module, and other invocations may run at the same time. Every release of a number
carries the same token, and what is not certain stays recorded as due.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Final

from .. import contract, tokens
from ..claim import SETTLED_AFTER_SECONDS, Claim, ClaimState, InFlightCall, Outcome
from ..cloudformation.stacks import CLOCK_DIFFERENCE_SECONDS
from ..connect.errors import ConnectError, ErrorKind
from ..connect.gateway import PhoneNumberState
from ..ledger.items import NumberReservation, PoolEntry
from ..ledger.store import Conflict
from ..timing import date_of
from .acknowledging import remove_parked_tag
from .adoption_rollback import calls_after_rollback, roll_back_adoption
from .budgeting import allowance_for_release
from .claiming import LAG_SECONDS, find_own
from .context import Failed, Invocation
from .owners import other_owners, present_owners
from .parking import put_aside

_RETURN_TO_INVENTORY_SECONDS: Final = 26 * 3600
"""Connect holds a number that it could not provide, for a day. After this time the number is checked again."""
_WAIT_FOR_WORKER_SECONDS: Final = 60
"""How long to wait for a creation in another invocation, which notices its cancellation at its next step."""
_WAIT_FOR_PROVIDING_SECONDS: Final = 60
_SURELY_UNSEEN: Final = 2
"""How many times in a row Connect must report that it does not know a number before this is believed."""
_MAY_BE_GONE: Final = (ErrorKind.NOT_FOUND, ErrorKind.CHANGED_PARAMETERS)
_RECHECK_SECONDS: Final = 300
_LONGEST_PAUSE_SECONDS: Final = 6 * 3600

Permit = Callable[[Claim], None]
"""Called right before a number is let go. Raises an exception to forbid that: ``Conflict`` if the claim has changed."""


@dataclass(frozen=True)
class Closed:
    """What has become of a claim that had to be closed.

    Parameters
    ----------
    claim
        The claim as it is now.
    problem
        Why the number is not gone yet, for the person who deploys. Empty if nothing is known to be left.
    """

    claim: Claim
    problem: str = ""


def close(invocation: Invocation, claim: Claim, permit: Permit, waits: bool = True) -> Closed:
    """Release what was claimed. A repeated or parallel run of this changes nothing more.

    Parameters
    ----------
    permit
        Called each time before the number is released or restored.
    waits
        Whether to wait for a creation that is still running in another invocation. The sweeper does not wait, because
        it comes again.
    """
    began = invocation.timing.now()
    polls = 0
    while True:
        if claim.state is not ClaimState.CLOSING and not claim.has_calls_in_flight:
            return Closed(claim)
        try:
            closed = _step(invocation, claim, permit)
        except Conflict:
            claim = invocation.reread(claim)
            continue
        except (ConnectError, Failed) as error:
            name = claim.phone_number or claim.candidate or claim.id
            problem = error.remediation(name) if isinstance(error, ConnectError) else str(error)
            return Closed(put_off(invocation, claim, problem), problem)
        if closed is not None:
            return closed
        has_waited = polls > 0 and invocation.timing.now() - began >= _WAIT_FOR_WORKER_SECONDS
        if not waits or has_waited:
            # As far as can be seen now, nothing was claimed. The sweeper checks again when that is certain.
            return Closed(invocation.reread(claim))
        invocation.timing.backoff(polls, f"waiting for the creation of {claim.id} to end", 5.0)
        claim = invocation.reread(claim)
        polls += 1


def _step(invocation: Invocation, claim: Claim, permit: Permit) -> Closed | None:
    """Do what can be done now. ``None`` means that only time can tell whether a number was claimed."""
    if claim.state is ClaimState.CLOSING and claim.is_undone:
        permit(claim)
        with invocation.connect.checked(partial(_ensure_closing, invocation, claim)):
            return Closed(roll_back_adoption(invocation, claim))
    if claim.outcome is Outcome.LET_GO:
        _remove_tags(invocation, claim)
    claim = _settle_in_flight_calls(invocation, claim)
    claim, problem = _release_duplicates(invocation, claim, permit)
    if problem or claim.state is not ClaimState.CLOSING:
        return Closed(claim, problem)
    if claim.arn and claim.listed_in:
        return Closed(_park_or_let_go(invocation, claim, permit))
    if claim.arn:
        # A number that Connect has not provided is of no use to anybody. What cannot be parked in time is released.
        if claim.parked_until > invocation.timing.now() and claim.provisioned:
            return _park_or_close(invocation, claim, permit)
        return _close_with_number(invocation, claim, permit)
    if not claim.in_flight_calls:
        return Closed(_end(invocation, claim, Outcome.NEVER_CLAIMED))
    return None


def _ensure_closing(invocation: Invocation, claim: Claim) -> None:
    """Raise ``Conflict`` if another invocation has ended the claim in the meantime."""
    if invocation.reread(claim).state is not ClaimState.CLOSING:
        raise Conflict


def _settle_in_flight_calls(invocation: Invocation, claim: Claim) -> Claim:
    """Look in Connect for every number that an in-flight call may have claimed."""
    numbers = dict.fromkeys(call.phone_number for call in claim.in_flight_calls)
    for phone_number in numbers:
        arn = find_own(invocation, claim, phone_number)
        if arn is None:
            continue
        if not claim.arn:
            claim = invocation.ledger.save(
                replace(
                    claim,
                    arn=arn,
                    phone_number=phone_number,
                    claimed_at=invocation.timing.now(),
                )
            )
        elif arn not in (claim.arn, *claim.duplicate_arns):
            claim = invocation.ledger.save(replace(claim, duplicate_arns=(*claim.duplicate_arns, arn)))
    # A call is settled only when Connect can no longer show a number for it at a later time.
    now = invocation.timing.now()
    left = tuple(call for call in claim.in_flight_calls if call.until + LAG_SECONDS > now)
    if left == claim.in_flight_calls:
        return claim
    next_check_at = max((call.until for call in left), default=claim.next_check_at)
    due_since = max(next_check_at, claim.due_since) if left else claim.due_since
    return invocation.ledger.save(
        replace(claim, in_flight_calls=left, next_check_at=next_check_at, due_since=due_since)
    )


def _release_duplicates(invocation: Invocation, claim: Claim, permit: Permit) -> tuple[Claim, str]:
    for arn in claim.duplicate_arns:
        outcome, problem = _release_number(invocation, claim, arn, permit)
        if outcome is None:
            return _postponed(invocation, claim, invocation.timing.now() + _RECHECK_SECONDS), problem
        left = tuple(other for other in claim.duplicate_arns if other != arn)
        released_at = (*claim.duplicates_released_at, invocation.timing.now())
        claim = invocation.ledger.save(replace(claim, duplicate_arns=left, duplicates_released_at=released_at))
    return claim, ""


def expire(invocation: Invocation, claim: Claim) -> Claim:
    """Return a parked claim after its time is up: to be released, unless its number has another owner by now.

    Raises
    ------
    Failed
        CloudFormation does not tell.
    Conflict
        Somebody has just asked for the number.
    """
    pool = invocation.ledger.pool(claim.desired.pool) if claim.desired.pool else None
    if pool is not None and _is_retained_by(pool, claim) and not claim.listed_in:
        retained = invocation.ledger.save(claim.retain())
        remove_parked_tag(invocation, retained)
        return retained
    closing = claim.expire(invocation.timing.now())
    # The ledger may be an earlier one that was restored, or a person may have given the number to another resource.
    holders = present_owners(invocation, claim)
    if holders is None:
        raise Failed(f"CloudFormation did not tell whether a resource has {claim.phone_number}, so it is not released.")
    if holders:
        invocation.log.warning("parked number has an owner", number=claim.phone_number, owners=holders)
        return _end(invocation, closing, Outcome.NOT_OURS)
    allowance = allowance_for_release(invocation)
    if allowance is None or closing.listed_in:
        return invocation.ledger.save(closing)
    return invocation.ledger.save(replace(closing, counts_release=True), limit=allowance.release_limit)


def without_lost_number(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> Claim:
    """Return a parked claim, or a closed one if somebody else has its number by now."""
    now = invocation.timing.now()
    ended = _ends_without_release(invocation, claim, state, now)
    return claim if ended is None else _end(invocation, claim.expire(now), ended)


def _is_retained_by(pool: PoolEntry, claim: Claim) -> bool:
    """Return whether a pool was deleted that retains its numbers, and the number was there by then."""
    # Another process has measured the one time than the other. In doubt, the number stays.
    was_there = claim.claimed_at <= pool.deleted_at + CLOCK_DIFFERENCE_SECONDS
    return pool.is_deleted and pool.retains_parked and was_there


def _park_or_close(invocation: Invocation, claim: Claim, permit: Permit) -> Closed:
    """Park a number, or do with it what its pool says that was deleted meanwhile."""
    pool = invocation.ledger.pool(claim.desired.pool) if claim.desired.pool else None
    if pool is not None and _is_retained_by(pool, claim):
        kept = invocation.ledger.save(replace(claim.keep(), acknowledged=True))
        remove_parked_tag(invocation, kept)
        return Closed(kept)
    if pool is not None and pool.is_deleted and not pool.retains_parked:
        return _close_with_number(invocation, claim, permit)
    return Closed(_park(invocation, claim, permit))


def _park_or_let_go(invocation: Invocation, claim: Claim, permit: Permit) -> Claim:
    """Park a number of a pool's list, or end its claim without a release if it has left the pool."""
    pool = invocation.ledger.pool(claim.listed_in)
    if claim.parked_until and pool is not None and not pool.is_deleted:
        # If it is no longer on the list, the sweeper finds it there without its flow.
        return _park(invocation, claim, permit)
    permit(claim)
    _remove_tags(invocation, claim)
    until = max(claim.settles_at, claim.closing_at + SETTLED_AFTER_SECONDS)
    if until > invocation.timing.now():
        # A call that comes late may put tags on the number again.
        late = InFlightCall(claim.phone_number, invocation.worker, until)
        claim = replace(claim, in_flight_calls=claim.calls_with(late), next_check_at=until, due_since=until)
    return _end(invocation, claim, Outcome.LET_GO)


def _remove_tags(invocation: Invocation, claim: Claim) -> None:
    """Remove the ownership tags from a number that is the account's own again."""
    # One "not found" proves nothing.
    state = invocation.connect.describe(claim.arn) or invocation.connect.describe(claim.arn)
    owner = invocation.ledger.number(claim.phone_number)
    # A late call may have put on the tags of an earlier claim.
    is_nobodys = owner is None or owner.claim_id == claim.id
    if state is not None and is_nobodys and state.tags.get(contract.PROVIDER_TAG) == invocation.scope.provider_id:
        remove_parked_tag(invocation, claim)
        invocation.connect.untag(claim.arn, list(contract.OWNERSHIP_TAGS))


def _park(invocation: Invocation, claim: Claim, permit: Permit) -> Claim:
    if not invocation.is_in_scope(claim.arn):
        raise Failed(_elsewhere(invocation, claim.arn))
    # One "not found" proves nothing.
    state = invocation.connect.describe(claim.arn) or invocation.connect.describe(claim.arn)
    ended = None if state is None else _ends_without_release(invocation, claim, state, invocation.timing.now())
    if ended is None and claim.is_taken and not claim.acknowledged and other_owners(invocation, claim):
        ended = Outcome.NOT_OURS
    if ended is not None:
        return _end(invocation, claim, ended)
    put = put_aside(invocation, claim, state, permit)
    if put is None:
        if invocation.timing.now() - claim.claimed_at <= LAG_SECONDS:
            raise Failed(f"Amazon Connect does not show {claim.phone_number} yet, so it cannot be parked now.")
        return _end(invocation, claim, Outcome.ALREADY_GONE)
    parked = invocation.ledger.save(put.park(invocation.timing.now()))
    invocation.log.info(
        "number is parked", number=claim.phone_number, claim=claim.id, until=date_of(claim.parked_until)
    )
    return parked


def _close_with_number(invocation: Invocation, claim: Claim, permit: Permit) -> Closed:
    outcome, problem = _release_number(invocation, claim, claim.arn, permit)
    if outcome is None:
        return Closed(put_off(invocation, claim, problem), problem)
    if outcome is Outcome.RETURNED_TO_INVENTORY:
        if not claim.is_returning_to_inventory:
            next_check_at = invocation.timing.now() + _RETURN_TO_INVENTORY_SECONDS
            claim = invocation.ledger.save(
                replace(claim, is_returning_to_inventory=True, next_check_at=next_check_at, due_since=next_check_at)
            )
        return Closed(claim)
    if outcome is Outcome.ALREADY_GONE and claim.is_returning_to_inventory:
        outcome = Outcome.RETURNED_TO_INVENTORY
    return Closed(_end(invocation, claim, outcome))


def _release_number(invocation: Invocation, claim: Claim, arn: str, permit: Permit) -> tuple[Outcome | None, str]:
    """Release one number of the claim. Return its outcome, or ``None`` and the problem."""
    if not invocation.is_in_scope(arn):
        return None, _elsewhere(invocation, arn)
    # Of many deletions at once, each makes its two calls when it is its turn.
    with invocation.connect.pacing.leading("ReleasePhoneNumber", follower="DescribePhoneNumber"):
        return _look_and_release(invocation, claim, arn, permit)


def _elsewhere(invocation: Invocation, arn: str) -> str:
    return (
        f"{arn} is not of account {invocation.scope.account} and Region {invocation.scope.region}, where this "
        "provider works. Release it with the provider of that place."
    )


def _look_and_release(invocation: Invocation, claim: Claim, arn: str, permit: Permit) -> tuple[Outcome | None, str]:
    began: int | None = None
    unseen = 0
    for polls in count():
        state = invocation.connect.describe(arn)
        now = invocation.timing.now()
        began = now if began is None else began
        unseen = 0 if state is not None else unseen + 1
        ended = None if state is None else _ends_without_release(invocation, claim, state, now)
        if ended is not None:
            return ended, ""
        if claim.is_returning_to_inventory and unseen >= _SURELY_UNSEEN:
            return Outcome.ALREADY_GONE, ""
        is_provided = state is not None and state.status != "IN_PROGRESS"
        if is_provided or unseen >= _SURELY_UNSEEN or now - began >= _WAIT_FOR_PROVIDING_SECONDS:
            try:
                _call_release(invocation, claim, arn, state, permit)
            except ConnectError as error:
                if _is_gone(claim, error, unseen, now):
                    return Outcome.ALREADY_GONE, ""
                is_final = state is not None and polls >= _SURELY_UNSEEN
                if error.kind not in _MAY_BE_GONE or (is_final and error.kind is not ErrorKind.NOT_FOUND):
                    return None, error.remediation(f"{claim.phone_number} ({arn})")
            else:
                return Outcome.RELEASED, ""
        invocation.timing.backoff(polls, f"waiting until Connect has provided {arn}", 10.0)
    raise AssertionError("unreachable")


def _call_release(
    invocation: Invocation, claim: Claim, arn: str, state: PhoneNumberState | None, permit: Permit
) -> None:
    if state is not None and contract.PROVIDER_TAG not in state.tags:
        # A person has removed the tag. The role may release only numbers that carry it.
        invocation.tag(arn, invocation.ownership_tags(claim))
    invocation.connect.release(arn, tokens.release_token(arn), partial(permit, claim))


def _is_gone(claim: Claim, error: ConnectError, unseen: int, now: int) -> bool:
    """Return whether a number is gone. One "not found" is no proof, but two calls that agree are.

    A number does not count as gone soon after the claim, because Connect may be slow to show a number that it has just
    given out.
    """
    return error.kind in _MAY_BE_GONE and unseen >= _SURELY_UNSEEN and now - claim.claimed_at > LAG_SECONDS


def _ends_without_release(invocation: Invocation, claim: Claim, state: PhoneNumberState, now: int) -> Outcome | None:
    # Tags that a person has removed make no difference, nor do the tags of an adoption that failed. If the ledger names
    # this claim as the number's owner, that is proof enough.
    if state.tags.get(contract.CLAIM_TAG, claim.id) != claim.id:
        owner = invocation.ledger.number(state.phone_number)
        is_other_providers = state.tags.get(contract.PROVIDER_TAG) != invocation.scope.provider_id
        if is_other_providers or owner is None or owner.claim_id != claim.id:
            return Outcome.NOT_OURS
    is_taken_back_by_now = claim.is_returning_to_inventory and now >= claim.next_check_at
    if state.status == "FAILED" and not claim.provisioned and not is_taken_back_by_now:
        return Outcome.RETURNED_TO_INVENTORY
    return None


def _end(invocation: Invocation, claim: Claim, outcome: Outcome) -> Claim:
    ended = claim.end(outcome, invocation.timing.now())
    numbers = sorted({name for name in (claim.phone_number, claim.candidate) if name})
    try:
        # Nearly always, the reservations are still as the claim made them.
        remove = tuple(NumberReservation.of(number, claim.own_key, version=1) for number in numbers)
        ended = invocation.ledger.save(ended, remove=remove)
    except Conflict:
        owners = [owner for number in numbers if (owner := invocation.ledger.number(number)) is not None]
        remove = tuple(owner for owner in owners if owner.claim_id == claim.id)
        ended = invocation.ledger.save(ended, remove=remove)
    if outcome is Outcome.RELEASED:
        invocation.log.metrics(invocation.scope.provider_id, Releases=1)
    invocation.log.info("claim closed", claim=claim.id, outcome=outcome.value, number=claim.phone_number)
    return ended


def put_off(invocation: Invocation, claim: Claim, problem: str) -> Claim:
    """Record that a release did not succeed, and when the sweeper retries it. The pauses become longer and longer."""
    while True:
        pause = min(_RECHECK_SECONDS * 2 ** min(claim.failures, 10), _LONGEST_PAUSE_SECONDS)
        changed = replace(
            claim,
            in_flight_calls=calls_after_rollback(invocation, claim),
            failures=claim.failures + 1,
            last_error=problem,
            next_check_at=invocation.timing.now() + pause,
        )
        try:
            return invocation.ledger.save(changed)
        except Conflict:
            claim = invocation.reread(claim)
            if claim.state is ClaimState.CLOSED:
                return claim


def _postponed(invocation: Invocation, claim: Claim, next_check_at: int) -> Claim:
    try:
        return invocation.ledger.save(replace(claim, next_check_at=next_check_at))
    except Conflict:
        # Another invocation continues with this claim and sets the time for it.
        return invocation.reread(claim)
