"""Filling: the numbers that a pool gets itself, new ones up to its minimum and those of its list.

Each has a claim of the pool's resource, which is opened in the write that decides on the pool's request. As soon as the
claim has its number, it is closed like the claim of a resource that was deleted, and that parks the number.

The claims of a number of the list name the pool (``listed_in``), whichever resource has the number. Such a number is
never released: when it leaves the pool, its claim ends, and the account keeps the number.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from .. import tokens
from ..budget import Limit
from ..claim import Claim, ClaimKey, ClaimState, Outcome, Settings, Specification
from ..cloudformation.request import Request, RequestType
from ..ledger.items import PoolEntry
from ..ledger.store import Conflict
from ..properties import PoolProperties
from ..timing import date_of
from .budgeting import allowance_for_claim, problem_of_claim
from .claiming import acquire
from .closing import close
from .context import Failed, Invocation, Superseded
from .converging import as_provided
from .decision import GRACE_AFTER_DEADLINE_SECONDS
from .parking import parked_keys
from .requests import awaited


@dataclass(frozen=True)
class Filling:
    """The claims that a deployment of a pool opens, and what the budget's sums may be at most before that."""

    claims: list[Claim] = field(default_factory=list[Claim])
    limit: Limit | None = None


def plan(
    invocation: Invocation, request: Request, pool: PoolEntry, properties: PoolProperties, deadline: int
) -> Filling:
    """Return what is to be done so that the pool has its minimum and the numbers of its list.

    Raises
    ------
    Failed
        It cannot be done. The message says why.
    """
    if not (properties.min_parked or properties.phone_numbers) or _is_rolling_back(invocation, request):
        return Filling()
    adoptions = [
        Specification(phone_number=number, adopt=True) for number in _missing_of_list(invocation, pool, properties)
    ]
    missing = max(properties.min_parked - _parked_in(invocation, pool, properties), 0) if properties.min_parked else 0
    limit = None
    if missing:
        allowance = allowance_for_claim(invocation, properties.parking_target_arn, missing)
        if problem := problem_of_claim(invocation, allowance):
            raise Failed(problem)
        limit = allowance.limit
    settings = Settings(
        properties.parking_target_arn,
        release_delay=properties.release_after,
        pool=pool.pool_id,
        parking_target_arn=properties.parking_target_arn,
    )
    claims = [
        Claim.open(
            ClaimKey(
                request.stack_id,
                request.logical_resource_id,
                tokens.filling_id(pool.pool_id, request.key, index),
            ),
            specification,
            settings,
            request_key=request.key,
            sent_at=request.sent_at,
            now=invocation.timing.now(),
            next_check_at=deadline + GRACE_AFTER_DEADLINE_SECONDS,
        )
        for index, specification in enumerate([*adoptions, *[properties.specification] * missing])
    ]
    return Filling([replace(claim, listed_in=pool.pool_id if claim.is_adopted else "") for claim in claims], limit)


def fill(invocation: Invocation, request: Request, key: ClaimKey) -> None:
    """Get the number of one of these claims, and park it.

    Raises
    ------
    Superseded
        A later request has canceled the claim.
    Failed
        No number can be obtained, or it cannot be parked. The message says why.
    """
    claim = invocation.ledger.known_claim(key)
    while claim.state is ClaimState.OPENING:
        try:
            claim = replace(as_provided(invocation, acquire(invocation, claim)), acknowledged=True)
            claim = invocation.ledger.save(claim.close("it is for its pool", invocation.timing.now()))
        except Conflict:
            claim = invocation.reread(claim)
        except Superseded:
            # Another invocation may have got the number for the same request.
            claim = invocation.reread(claim)
            if claim.state is ClaimState.OPENING:
                raise
        else:
            if not claim.is_adopted:
                invocation.log.metrics(invocation.scope.provider_id, Claims=1)
    if not claim.acknowledged:
        raise Superseded
    closed = close(invocation, claim, awaited(invocation, request), waits=False)
    if closed.claim.in_flight_calls and not invocation.connect.was_uncertain:
        calls = closed.claim.calls_without(claim.phone_number, invocation.worker)
        with suppress(Conflict):
            invocation.ledger.save(replace(closed.claim, in_flight_calls=calls))
    if closed.claim.state is not ClaimState.PARKED and closed.claim.outcome is not Outcome.TAKEN:
        raise Failed(closed.problem or f"{claim.phone_number} is not parked, but {closed.claim.outcome}. Deploy again.")


def open_claims(invocation: Invocation, pool: PoolEntry) -> Iterator[Claim]:
    """Return the claims of the pool's latest deployment that have no number yet."""
    for key in pool.filling:
        claim = invocation.ledger.readable_claim(key)
        if claim is not None and claim.state is ClaimState.OPENING:
            yield claim


def _is_rolling_back(invocation: Invocation, request: Request) -> bool:
    """Return whether an Update undoes another one. It gets no numbers, because a rollback should not fail for these."""
    if request.type is not RequestType.UPDATE:
        return False
    state = invocation.stacks.state(request.stack_id)
    return state is not None and state.is_rolling_back


def _missing_of_list(invocation: Invocation, pool: PoolEntry, properties: PoolProperties) -> Iterator[str]:
    """Return the numbers of the list that no pool has yet.

    Raises
    ------
    Failed
        A number is parked and is not of the list.
    """
    for phone_number in properties.phone_numbers:
        reservation = invocation.ledger.number(phone_number)
        claim = None if reservation is None else invocation.ledger.readable_claim(reservation.owner)
        is_had = claim is not None and claim.state not in (ClaimState.OPENING, ClaimState.CLOSED)
        listed_in = claim.listed_in if claim is not None and is_had else ""
        if listed_in == pool.pool_id:
            # It is parked, or a resource has it.
            continue
        if claim is not None and claim.state is ClaimState.PARKED and not listed_in:
            raise Failed(
                f"PhoneNumbers: {phone_number} is parked, and is released at {date_of(claim.parked_until)} or taken "
                f"before (it was {claim.logical_resource_id}'s of {claim.stack_id}). To keep it, create a resource "
                "that asks for it, and remove that with DeletionPolicy Retain. Then it can be on the list."
            )
        # Adoption refuses the number of another pool.
        yield phone_number


def _parked_in(invocation: Invocation, pool: PoolEntry, properties: PoolProperties) -> int:
    """Return how many numbers of the desired kind are parked in a pool or about to be, without those of its list.

    Raises
    ------
    Failed
        The ledger's index does not know yet. Otherwise numbers would be claimed that are not needed.
    """
    keys = parked_keys(invocation)
    if len(keys) < invocation.ledger.budget().parked:
        raise Failed("DynamoDB does not list all parked numbers yet. Nothing was claimed. Deploy again in a minute.")
    parked = [invocation.ledger.readable_claim(key) for key in keys]
    closing = [claim for claim in invocation.ledger.due(None) if isinstance(claim, Claim) and claim.provisioned]
    return sum(
        claim is not None
        and (claim.state is ClaimState.PARKED or (claim.state is ClaimState.CLOSING and claim.parked_until > 0))
        and claim.desired.pool == pool.pool_id
        and not claim.listed_in
        and claim.satisfies(properties.specification)
        for claim in [*parked, *closing]
    )
