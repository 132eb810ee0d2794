"""The provider's own resource: it prevents the provider's deletion while the ledger still has work to do.

Without the function and the ledger, due numbers could not be released. Neither could numbers whose resources other
stacks delete later.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from .. import contract
from ..claim import Claim, ClaimState, Outcome
from ..cloudformation.request import Request, RequestType
from ..cloudformation.response import Response, Status
from ..ledger.items import DUE, index_of
from ..ledger.ledger import UnreadableItem
from ..timing import date_of
from .acknowledging import ask_what_became_of, is_needed
from .context import Invocation
from .pooling import is_in_stack
from .sweeping import sweep

_MOST_NAMED: Final = 5


def guard(invocation: Invocation, request: Request) -> Response:
    """Return the response to a request for the provider's own resource.

    Raises
    ------
    NotFinished
        Some work can only be settled later. Another invocation continues.
    """
    physical_id = request.physical_resource_id or f"provider-{invocation.scope.provider_id}"
    if request.type is not RequestType.DELETE:
        return Response(Status.SUCCESS, physical_id)
    used = refusal_of_deletion(invocation)
    polls = 0
    while not used:
        sweep(invocation)
        left = list(invocation.ledger.unfinished_or_live())
        used = _used(invocation, left) or _still_parked(left)
        waiting = [claim for claim in left if isinstance(claim, Claim) and _is_waiting(claim)]
        failing = [claim for claim in waiting if claim.last_error]
        if failing and not used:
            return Response(Status.FAILED, physical_id, _still_failing(failing))
        if not waiting and not used:
            return Response(Status.SUCCESS, physical_id)
        if not used:
            invocation.timing.backoff(polls, _still_due(waiting), 30.0)
            polls += 1
    return Response(Status.FAILED, physical_id, used)


def refusal_of_deletion(invocation: Invocation) -> str:
    """Return why the provider is not deleted now, or an empty text if that depends on what is still to be done.

    If numbers are in use, the index shows that at once, however many there are. Otherwise the table itself decides.
    """
    ledger = invocation.ledger
    return (
        _used(invocation, chain(ledger.live(), ledger.due(None)))
        or _pools(invocation)
        or _still_parked(ledger.parked())
    )


def _used(invocation: Invocation, claims: Iterable[Claim | UnreadableItem]) -> str:
    """Return which stacks still have numbers, as soon as enough of them are known. Empty if no stack has any."""
    used: list[Claim] = []
    for claim in claims:
        if isinstance(claim, UnreadableItem):
            return f"The provider is not deleted: its ledger has an item that cannot be read ({claim.key})."
        if claim.state is not ClaimState.LIVE:
            continue
        if is_needed(invocation, claim):
            used.append(claim)
        elif claim.follow_up:
            ask_what_became_of(invocation, claim)
        if len(used) >= _MOST_NAMED:
            break
    return _still_used(used) if used else ""


def _pools(invocation: Invocation) -> str:
    """Return which stacks still have pools. Empty if none have."""
    needed = [pool for pool in invocation.ledger.pools() if is_in_stack(invocation.stacks, pool) is not False]
    if not needed:
        return ""
    named = ", ".join(f"{pool.logical_resource_id} of {pool.stack_id}" for pool in needed[:_MOST_NAMED])
    return (
        f"The provider is not deleted. Pools that still need it: {len(needed)}, for example {named}. Delete them first."
    )


def _still_parked(claims: Iterable[Claim | UnreadableItem]) -> str:
    """Return which numbers are parked. Empty if none are."""
    parked = [claim for claim in claims if isinstance(claim, Claim) and claim.state is ClaimState.PARKED]
    if not parked:
        return ""
    named = ", ".join(f"{claim.phone_number} until {date_of(claim.parked_until)}" for claim in parked[:_MOST_NAMED])
    return (
        f"The provider is not deleted. Parked numbers that it still has to release: {len(parked)}, for example "
        f"{named}. Delete again after that. To release one sooner, delete its pool, or deploy its resource again with "
        "ReleaseDelay 0 and delete it. If the budget has postponed its release, first deploy the provider without "
        "postpone_releases_below."
    )


def _is_waiting(claim: Claim) -> bool:
    """Return whether something must be done for a claim before the provider goes.

    A number that Connect takes back on its own, and one of a pool's list, need nothing more.
    """
    is_waiting = index_of(claim).get(contract.DUE) == DUE and not claim.is_returning_to_inventory
    return is_waiting and claim.outcome is not Outcome.LET_GO


def _still_used(claims: list[Claim]) -> str:
    owners = ", ".join(f"{claim.phone_number} ({claim.logical_resource_id} of {claim.stack_id})" for claim in claims)
    count = f"at least {len(claims)}" if len(claims) >= _MOST_NAMED else str(len(claims))
    return (
        f"The provider is not deleted. Phone numbers that still need it: {count}, for example {owners}. Delete their "
        "resources first, or retain them."
    )


def _still_failing(claims: list[Claim]) -> str:
    return _not_released(claims, "Delete again later: the provider goes on trying meanwhile.")


def _still_due(claims: list[Claim]) -> str:
    return _not_released(claims, "Delete again later.")


def _not_released(claims: list[Claim], advice: str) -> str:
    reasons = " ".join(
        f"{claim.phone_number or claim.candidate or claim.id}: {claim.last_error or _state(claim)}"
        for claim in claims[:_MOST_NAMED]
    )
    return (
        f"The provider is not deleted. Phone numbers that are still to be released: {len(claims)}. {reasons} {advice}"
    )


def _state(claim: Claim) -> str:
    match claim.state:
        case ClaimState.OPENING:
            return "its creation is not over yet."
        case ClaimState.LIVE:
            return "CloudFormation has not told yet whether it knows the number."
        case _:
            return "it is not certain yet that nothing was claimed."
