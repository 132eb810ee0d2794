"""Pools: which resources name them, how many numbers may be parked in them, and what happens to these at their end.

A number is parked in a pool because its own properties say so. The pool's resource takes no part in that. It only
limits how many numbers are parked, and ends with them.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from .. import rules, tokens
from ..claim import Claim, ClaimState
from ..cloudformation.request import Request, RequestType, failed_creation_id, is_failed_creation_id
from ..cloudformation.response import VOID, Response, Status
from ..cloudformation.stacks import SHOWN_AFTER_SECONDS, Stacks
from ..connect.errors import ConnectError
from ..ledger.items import PoolEntry, RequestEntry
from ..ledger.ledger import UnreadableItem
from ..ledger.store import Conflict
from ..properties import InvalidProperty, parse_pool, timeout_seconds
from ..timing import TimedOut
from .acknowledging import ensure_not_retained, is_needed
from .budgeting import allowance_for_release, postponed_to, releases_left
from .closing import Permit, close, expire
from .context import Failed, Invocation, Superseded
from .decision import LATE_CREATION_SECONDS, deadline_of, new_entry
from .filling import fill, open_claims, plan
from .requests import SUPERSEDED, awaited, ensure_awaited, failed_in_time

_MOST_NAMED: Final = 5


def handle_pool(invocation: Invocation, request: Request, entry: RequestEntry) -> Response:
    """Do what a request for a pool's resource asks for, and return its response, which is then in the ledger.

    Raises
    ------
    NotFinished
        This invocation's time is used up. Another invocation continues.
    """
    if entry.response is not None:
        return entry.response
    try:
        ensure_awaited(invocation, entry)
        return _recorded(invocation, request, _done(invocation, request, entry))
    except Superseded:
        return fail_pool(invocation, request, SUPERSEDED)
    except Failed as problem:
        return fail_pool(invocation, request, str(problem))
    except ConnectError as error:
        return fail_pool(invocation, request, error.remediation("a number for the pool"))
    except TimedOut as problem:
        return failed_in_time(problem, partial(fail_pool, invocation, request))


def fail_pool(invocation: Invocation, request: Request, reason: str) -> Response:
    """Respond with FAILED to a request for a pool, unless it has a response, and close what has no number yet."""
    return _recorded(invocation, request, Response(Status.FAILED, request.failure_id, reason))


def limit_pools(invocation: Invocation) -> None:
    """Let the time be up for what a pool has too much or for too long, the oldest first, as far as the budget allows.

    Numbers that a pool no longer lists leave it, too.
    """
    pools = [_unless_given_up(invocation, pool) for pool in invocation.ledger.pools()]
    pools = [pool for pool in pools if not pool.is_deleted]
    parked = [claim for claim in invocation.ledger.parked() if isinstance(claim, Claim)] if pools else []
    for pool in pools:
        members = sorted(_members(parked, pool.pool_id), key=lambda claim: claim.closing_at)
        unlisted = [claim for claim in members if not claim.listed_in]
        too_many = len(unlisted) - pool.max_parked
        now = invocation.timing.now()
        due = [claim for place, claim in enumerate(unlisted) if place < too_many or claim.parked_until <= now]
        due = due[: max(len(unlisted) - pool.min_parked, 0)]
        leaving = [claim for claim in members if claim.listed_in and claim.phone_number not in pool.phone_numbers]
        if not (due or leaving) or not _is_settled(invocation, pool):
            continue
        left = releases_left(invocation) if due else None
        for claim in leaving + due[: len(due) if left is None else left]:
            # The sweep then releases it in its turn.
            with suppress(Conflict, Failed):
                expire(invocation, claim)


def is_in_pool(invocation: Invocation, claim: Claim) -> bool:
    """Return whether a claim's number is of a pool that decides when it is released."""
    pool = invocation.ledger.pool(claim.desired.pool) if claim.desired.pool else None
    return pool is not None and not pool.is_deleted


def is_in_stack(stacks: Stacks, pool: PoolEntry) -> bool | None:
    """Return whether a stack has a pool's resource, or ``None`` if CloudFormation does not tell."""
    held = stacks.resource(pool.resource)
    state = None if held is None else stacks.state(pool.stack_id)
    if held is None or state is None:
        return None
    is_here = held.physical_id == pool.pool_id and not held.is_gone
    # An update gives up what it could not delete, and so does a deletion that is forced.
    is_given_up = held.status == "DELETE_FAILED" and (state.is_complete or state.status in ("", "DELETE_COMPLETE"))
    if is_here and not is_given_up:
        return True
    # The resource may have been renamed or moved without a request.
    holders = stacks.holders(pool.pool_id)
    return None if holders is None else any(holder != pool.resource for holder in holders)


def _unless_given_up(invocation: Invocation, pool: PoolEntry) -> PoolEntry:
    """Return a pool, as deleted if CloudFormation has given it up after its deletion had been refused."""
    now = invocation.timing.now()
    may_be_given_up = pool.end_refused_at and now >= pool.end_refused_at + SHOWN_AFTER_SECONDS
    if pool.is_deleted or not may_be_given_up or is_in_stack(invocation.stacks.at_once, pool) is not False:
        return pool
    invocation.log.warning("pool is deleted: its stack has given it up", pool=pool.pool_id, stack=pool.stack_id)
    with suppress(Conflict):
        return invocation.ledger.save(replace(pool, is_deleted=True, deleted_at=now))
    return pool


def _is_settled(invocation: Invocation, pool: PoolEntry) -> bool:
    """Return whether the pool's limit is not one that CloudFormation may be rolling back."""
    state = invocation.stacks.at_once.state(pool.stack_id)
    return state is not None and not state.is_in_progress


def decide_pool(invocation: Invocation, request: Request) -> RequestEntry:
    """Return the request's entry in the ledger, made now or found: its response, or what it is about."""
    while True:
        found = invocation.ledger.request(request.resource, request.key)
        if found is not None:
            return found
        pool_id = _pool_id(request)
        pool = invocation.ledger.pool(pool_id) or _unknown_pool(request, pool_id)
        try:
            if _is_stale(pool, request, invocation.timing.now()):
                raise Failed(VOID)
            if request.type is RequestType.DELETE:
                return _decide_deletion(invocation, request, pool)
            return _decide_deployment(invocation, request, pool)
        except (Failed, InvalidProperty) as problem:
            try:
                response = _failure(request, str(problem))
                return invocation.ledger.save(new_entry(request, invocation.timing.now(), response=response))
            except Conflict:
                continue
        except Conflict:
            continue


def _decide_deployment(invocation: Invocation, request: Request, pool: PoolEntry) -> RequestEntry:
    scope = invocation.scope
    if not pool.request_key and (problem := scope.problem_of_stack(request.stack_id)):
        raise Failed(problem)
    properties = parse_pool(request.properties, scope.region, scope.target_arns)
    now = invocation.timing.now()
    filling = plan(invocation, request, pool, properties, deadline_of(request, now))
    canceled = [claim.close("CloudFormation has sent a later request", now) for claim in open_claims(invocation, pool)]
    changed = replace(
        pool,
        request_key=request.key,
        # CloudFormation may have renamed or moved the resource.
        stack_id=request.stack_id,
        logical_resource_id=request.logical_resource_id,
        max_parked=properties.max_parked,
        retains_parked=properties.retains_parked,
        min_parked=properties.min_parked,
        phone_numbers=properties.phone_numbers,
        filling=tuple(claim.own_key for claim in filling.claims),
        is_deleted=False,
        end_refused_at=0,
        watermark=request.sent_at or pool.watermark,
    )
    entry = new_entry(request, now, tuple(claim.id for claim in filling.claims))
    return invocation.ledger.save(entry, changed, *canceled, *filling.claims, limit=filling.limit)


def _decide_deletion(invocation: Invocation, request: Request, pool: PoolEntry) -> RequestEntry:
    now = invocation.timing.now()
    physical_id = request.physical_resource_id
    changed = replace(pool, watermark=request.sent_at or pool.watermark)
    own: tuple[str, ...] = ()
    if physical_id == pool.pool_id:
        if refusal := _refusal_of_end(invocation, request, pool):
            refused = new_entry(request, now, response=_failure(request, refusal))
            return invocation.ledger.save(refused, replace(pool, end_refused_at=now))
        retains_parked = pool.retains_parked and not _is_undone(invocation, request)
        changed = replace(changed, is_deleted=True, deleted_at=now, retains_parked=retains_parked)
    elif _is_of_earlier_creation(invocation, physical_id, pool):
        due = [claim for claim in invocation.ledger.due(None) if isinstance(claim, Claim)]
        closing = [claim.id for claim in due if claim.resource == pool.resource and claim.state is ClaimState.CLOSING]
        return invocation.ledger.save(new_entry(request, now, tuple(closing)), changed)
    else:
        # A creation that has failed or was canceled. What it got goes, and what else is parked stays.
        changed = replace(changed, is_deleted=True, deleted_at=now, retains_parked=False)
        if request.sent_at is None and not pool.request_key:
            changed = replace(changed, refuse_creations_until=now + LATE_CREATION_SECONDS)
        own = tuple(key.claim_id for key in pool.filling)
    canceled = [claim.close("its pool was deleted", now) for claim in open_claims(invocation, pool)]
    return invocation.ledger.save(new_entry(request, now, own), changed, *canceled)


def _is_of_earlier_creation(invocation: Invocation, physical_id: str, pool: PoolEntry) -> bool:
    """Return whether a deployment has succeeded since the creation that this id is of, or the creation was refused."""
    if is_failed_creation_id(physical_id):
        return physical_id != failed_creation_id(pool.request_key)
    # CloudFormation has invented this id for a creation that it has canceled.
    held = invocation.stacks.resource(pool.resource)
    if held is None:
        raise Failed(
            f"CloudFormation did not tell whether the stack has {pool.pool_id} by now, so nothing was done. Check that "
            "the provider's role may call cloudformation:DescribeStackResource, then delete again."
        )
    return held.has(pool.pool_id)


def _is_undone(invocation: Invocation, request: Request) -> bool:
    """Return whether this Delete undoes the deployment that has created the pool."""
    state = invocation.stacks.state(request.stack_id)
    return state is not None and state.is_undoing


def _done(invocation: Invocation, request: Request, entry: RequestEntry) -> Response:
    """Do what was decided, and return the response."""
    pool_id = _pool_id(request)
    if request.type is not RequestType.DELETE:
        for key in entry.claim_keys:
            fill(invocation, request, key)
        release_after = parse_pool(request.properties, invocation.scope.region).release_after
        return Response(Status.SUCCESS, pool_id, data={"ReleaseAfter": str(release_after)})
    if request.physical_resource_id == pool_id:
        members = _members(invocation.ledger.unfinished_or_live(), pool_id)
    else:
        found = [invocation.ledger.readable_claim(key) for key in entry.claim_keys]
        members = [claim for claim in found if claim is not None]
    return _end(invocation, request, members)


def _is_stale(pool: PoolEntry, request: Request, now: int) -> bool:
    if request.sent_at is None:
        return request.type is RequestType.CREATE and now < pool.refuse_creations_until
    if pool.watermark is None or request.sent_at > pool.watermark:
        return False
    # A Create cannot follow a Delete within a second.
    is_late_creation = pool.is_deleted and request.type is RequestType.CREATE
    return request.sent_at < pool.watermark or is_late_creation


def _refusal_of_end(invocation: Invocation, request: Request, pool: PoolEntry) -> str:
    """Return why a pool is not deleted, or an empty text."""
    deadline = None if request.sent_at is None else request.sent_at + timeout_seconds(request.properties)
    if deadline is not None and invocation.timing.now() >= deadline:
        return "The request came after CloudFormation had stopped waiting for it. Nothing was done. Delete again."
    return _used(invocation, pool)


def _pool_id(request: Request) -> str:
    """Return the name of a request's pool, which stays the same if CloudFormation renames or moves the resource."""
    named = request.physical_resource_id
    if rules.check_pool(named, None) is None:
        return named
    return tokens.pool_id(request.stack_id, request.logical_resource_id)


def _unknown_pool(request: Request, pool_id: str) -> PoolEntry:
    """Return the entry of a pool that the ledger does not have: not created yet, or lost."""
    retains = str(request.properties.get("RetainParked", "")) == "true"
    pool = PoolEntry(pool_id, request.stack_id, request.logical_resource_id, max_parked=0, retains_parked=retains)
    return replace(pool, is_deleted=request.physical_resource_id != pool_id)


def _failure(request: Request, reason: str) -> Response:
    return Response(Status.FAILED, request.failure_id, reason)


def _recorded(invocation: Invocation, request: Request, response: Response) -> Response:
    """Record the response to a request, and return it, or the one that another invocation has recorded.

    With a FAILED, the claims that the request has opened and that have no number yet are closed.
    """
    while True:
        found = invocation.ledger.request(request.resource, request.key) or new_entry(request, invocation.timing.now())
        if found.response is not None:
            return found.response
        closed: list[Claim] = []
        if response.status is Status.FAILED:
            claims = [invocation.ledger.claim(key) for key in found.claim_keys]
            now = invocation.timing.now()
            closed = [claim.close("its creation failed", now) for claim in claims if claim.state is ClaimState.OPENING]
        try:
            invocation.ledger.save(replace(found, response=response), *closed)
        except Conflict:
            continue
        return response


def _used(invocation: Invocation, pool: PoolEntry) -> str:
    """Return which resources have numbers of the pool. Empty if none have."""
    claims = list(invocation.ledger.unfinished_or_live())
    unreadable = [claim.key for claim in claims if isinstance(claim, UnreadableItem)]
    if unreadable:
        return f"The pool is not deleted: the ledger has an item that cannot be read ({unreadable[0]})."
    found = [
        claim
        for claim in _members(claims, pool.pool_id)
        if (claim.state is ClaimState.OPENING and claim.own_key not in pool.filling)
        or (claim.state is ClaimState.LIVE and is_needed(invocation, claim))
    ]
    if not found:
        return ""
    named = ", ".join(
        f"{claim.phone_number or 'a number'} ({claim.logical_resource_id} of {claim.stack_id})"
        for claim in found[:_MOST_NAMED]
    )
    return (
        f"The pool is not deleted. Phone numbers that use it: {len(found)}, for example {named}. Delete their "
        "resources first, or deploy them without this Pool."
    )


def _end(invocation: Invocation, request: Request, members: list[Claim]) -> Response:
    """Release, retain or let go what is parked in a pool that is deleted."""
    permit = awaited(invocation, request)
    if any(claim.state is ClaimState.PARKED for claim in members):
        # A resource that has just parked its number would seem to have it still.
        invocation.stacks.settle()
    problems = [_release(invocation, claim, permit) for claim in members]
    problem = " ".join(filter(None, problems))
    if problem:
        return _failure(request, f"{problem} Delete the pool again.")
    return Response(Status.SUCCESS, request.physical_resource_id)


def _release(invocation: Invocation, claim: Claim, permit: Permit) -> str:
    """End a parked number as its pool says, and return why that did not succeed.

    Parameters
    ----------
    permit
        Raises an exception if the pool's Delete is over. The pool may have been created again by then.
    """

    def is_permitted(claim: Claim) -> None:
        permit(claim)
        ensure_not_retained(invocation, claim)

    while claim.state in (ClaimState.PARKED, ClaimState.CLOSING):
        permit(claim)
        try:
            if claim.state is ClaimState.CLOSING:
                closed = close(invocation, claim, is_permitted)
                # Its own Delete may have parked it in the meantime.
                if closed.problem or closed.claim.state is not ClaimState.PARKED:
                    return closed.problem
                claim = closed.claim
            elif later := end_of_parked(invocation, claim).postponed_to:
                invocation.ledger.save(claim.postpone(later))
                return ""
            else:
                claim = expire(invocation, claim)
        except Conflict:
            claim = invocation.reread(claim)
        except Failed as problem:
            return str(problem)
    return ""


@dataclass(frozen=True)
class EndOfParked:
    """What becomes of a parked number whose pool is deleted.

    Parameters
    ----------
    is_kept
        Whether the account keeps it.
    postponed_to
        The time to which its release is postponed, or 0 if it is not.
    """

    is_kept: bool
    postponed_to: int = 0


def end_of_parked(invocation: Invocation, claim: Claim) -> EndOfParked:
    """Return what becomes of a parked number whose pool is deleted."""
    pool = invocation.ledger.pool(claim.desired.pool)
    if claim.listed_in or (pool is not None and pool.retains_parked):
        return EndOfParked(is_kept=True)
    return EndOfParked(is_kept=False, postponed_to=postponed_to(allowance_for_release(invocation)))


def _members(claims: Iterable[Claim | UnreadableItem], pool_id: str) -> list[Claim]:
    return [claim for claim in claims if isinstance(claim, Claim) and claim.desired.pool == pool_id]
