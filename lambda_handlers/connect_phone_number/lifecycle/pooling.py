"""Pools: which resources name them, how many numbers may be parked in them, and what happens to these at their end.

A number is parked in a pool because its own properties say so. The pool's resource takes no part in that. It only
limits how many numbers are parked, and ends with them.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from .. import rules, tokens
from ..claim import Claim, ClaimState
from ..cloudformation.request import Request, RequestType
from ..cloudformation.response import VOID, Response, Status
from ..ledger.items import PoolEntry, RequestEntry
from ..ledger.ledger import UnreadableItem
from ..ledger.store import Conflict
from ..properties import InvalidProperty, parse_pool, timeout_seconds
from .acknowledging import ensure_not_retained, is_needed
from .budgeting import releases_left
from .closing import close, expire
from .context import Failed, Invocation

_MOST_NAMED: Final = 5


def handle_pool(invocation: Invocation, request: Request) -> Response:
    """Do what a request for a pool's resource asks for, and return its response, which is then in the ledger.

    Raises
    ------
    NotFinished
        This invocation's time is used up. Another invocation continues.
    """
    while True:
        found = invocation.ledger.request(request.resource, request.key)
        if found is not None and found.response is not None:
            return found.response
        pool_id = _pool_id(request)
        pool = invocation.ledger.pool(pool_id) or _unknown_pool(request, pool_id)
        changed, response = _decide(invocation, request, pool)
        try:
            if changed is not pool:
                changed = invocation.ledger.save(changed)
            if request.type is RequestType.DELETE and response is None:
                response = _end(invocation, request, changed)
            return _recorded(invocation, request, response or Response(Status.SUCCESS, pool_id))
        except Conflict:
            continue


def fail_pool(invocation: Invocation, request: Request, reason: str) -> Response:
    """Respond with FAILED to a request for a pool for which all invocations have failed, unless it has a response."""
    return _recorded(invocation, request, Response(Status.FAILED, request.failure_id, reason))


def limit_pools(invocation: Invocation) -> None:
    """Let the time be up for what is parked above each pool's limit, the oldest first, as far as the budget allows."""
    pools = [pool for pool in invocation.ledger.pools() if not pool.is_deleted]
    parked = [claim for claim in invocation.ledger.parked() if isinstance(claim, Claim)] if pools else []
    for pool in pools:
        members = sorted(_members(parked, pool), key=lambda claim: claim.closing_at)
        excess = members[: max(len(members) - pool.max_parked, 0)]
        if not excess or not _is_settled(invocation, pool):
            continue
        left = releases_left(invocation)
        for claim in excess[: len(excess) if left is None else left]:
            # The sweep then releases it in its turn.
            with suppress(Conflict, Failed):
                expire(invocation, claim)


def _is_settled(invocation: Invocation, pool: PoolEntry) -> bool:
    """Return whether the pool's limit is not one that CloudFormation may be rolling back."""
    state = invocation.stacks.at_once.state(pool.stack_id)
    return state is not None and not state.is_in_progress


def _decide(invocation: Invocation, request: Request, pool: PoolEntry) -> tuple[PoolEntry, Response | None]:
    """Return the pool after a request, and the response if it is certain already."""
    if _is_stale(pool, request):
        return pool, Response(Status.FAILED, request.failure_id, VOID)
    watermark = request.sent_at or pool.watermark
    if request.type is RequestType.DELETE:
        if request.physical_resource_id != pool.pool_id:
            # A creation that has failed or was canceled. What is parked belongs to an earlier life of the pool.
            return replace(pool, is_deleted=True, watermark=watermark), Response(
                Status.SUCCESS, request.physical_resource_id
            )
        if refusal := _refusal_of_end(invocation, request, pool):
            return pool, Response(Status.FAILED, request.failure_id, refusal)
        return replace(pool, is_deleted=True, watermark=watermark), None
    try:
        properties = parse_pool(request.properties)
    except InvalidProperty as problem:
        return pool, Response(Status.FAILED, request.failure_id, str(problem))
    changed = replace(
        pool,
        # CloudFormation may have renamed or moved the resource.
        stack_id=request.stack_id,
        logical_resource_id=request.logical_resource_id,
        max_parked=properties.max_parked,
        retains_parked=properties.retains_parked,
        is_deleted=False,
        watermark=watermark,
    )
    data = {"ReleaseAfter": str(properties.release_after)}
    return changed, Response(Status.SUCCESS, pool.pool_id, data=data)


def _is_stale(pool: PoolEntry, request: Request) -> bool:
    if request.sent_at is None or pool.watermark is None or request.sent_at > pool.watermark:
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


def _recorded(invocation: Invocation, request: Request, response: Response) -> Response:
    """Record the response to a request, and return it, or the one that another invocation has recorded."""
    now = invocation.timing.now()
    entry = RequestEntry(
        stack_id=request.stack_id,
        logical_resource_id=request.logical_resource_id,
        request_key=request.key,
        type=request.type.value,
        received_at=now,
        deadline=now + timeout_seconds(request.properties),
        response=response,
    )
    while True:
        found = invocation.ledger.request(request.resource, request.key)
        if found is not None and found.response is not None:
            return found.response
        try:
            invocation.ledger.save(entry)
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
        for claim in _members(claims, pool)
        if claim.state is ClaimState.OPENING or (claim.state is ClaimState.LIVE and is_needed(invocation, claim))
    ]
    if not found:
        return ""
    named = ", ".join(
        f"{claim.phone_number or 'a number'} ({claim.logical_resource_id} of {claim.stack_id})"
        for claim in found[:_MOST_NAMED]
    )
    return (
        f"The pool is not deleted: {len(found)} phone numbers use it, for example {named}. Delete their resources "
        "first, or deploy them without this Pool."
    )


def _end(invocation: Invocation, request: Request, pool: PoolEntry) -> Response:
    """Release or retain what is parked in a pool that is deleted."""
    members = _members(list(invocation.ledger.unfinished_or_live()), pool)
    ending = (ClaimState.PARKED, ClaimState.CLOSING)
    problems = [_release(invocation, claim) for claim in members if claim.state in ending]
    problem = " ".join(filter(None, problems))
    if problem:
        return Response(Status.FAILED, request.failure_id, f"{problem} Delete the pool again.")
    return Response(Status.SUCCESS, request.physical_resource_id)


def _release(invocation: Invocation, claim: Claim) -> str:
    """End a parked number as its pool says, and return why that did not succeed."""
    while claim.state is ClaimState.PARKED:
        try:
            claim = expire(invocation, claim)
        except Conflict:
            claim = invocation.reread(claim)
        except Failed as problem:
            return str(problem)
    if claim.state is not ClaimState.CLOSING:
        # Somebody has just asked for the number.
        return ""
    return close(invocation, claim, partial(ensure_not_retained, invocation), waits=False).problem


def _members(claims: Iterable[Claim | UnreadableItem], pool: PoolEntry) -> list[Claim]:
    return [claim for claim in claims if isinstance(claim, Claim) and claim.desired.pool == pool.pool_id]
