"""Parking: the provider keeps the number of a deleted resource for a set time before it releases the number.

Until then, the number belongs to no resource. Its claim is PARKED and names the time. A creation takes the number, in
the write of its decision, if it is for the same resource, asks for this very number, or is of the same pool.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Final

from .. import contract, rules
from ..claim import Claim, ClaimKey, ClaimState, Settings
from ..cloudformation.resource_key import ResourceKey
from ..connect.errors import ConnectError, ErrorKind
from ..connect.gateway import PhoneNumberState
from ..ledger.items import NumberReservation
from ..ledger.store import Conflict
from ..properties import DesiredNumber
from ..timing import date_of
from .context import Failed, Invocation
from .converging import disassociate, may_have, restore

_LOOKS: Final = 4
"""How many times the index is asked if it does not list all parked numbers yet."""
_PAUSE_SECONDS: Final = 2.0


def put_aside(
    invocation: Invocation, claim: Claim, state: PhoneNumberState | None, permit: Callable[[Claim], None]
) -> Claim | None:
    """Take a number out of use: tag it with the time of its release, and remove its flow.

    Return the claim as it is then, or ``None`` if Connect does not know the number.

    Parameters
    ----------
    permit
        Called before each change. Raises an exception to forbid it.
    """
    tags = {**invocation.ownership_tags(claim), contract.PARKED_TAG: date_of(claim.parked_until)}
    present = list[str]() if state is None else list(state.tags)
    if claim.listed_in or len({*present, *tags}) > rules.MAX_TAGS:
        # The time is for people. The ledger has it, too. A number of a list has none.
        del tags[contract.PARKED_TAG]
    try:
        # The tags come first, because the role may change only numbers that carry them.
        invocation.tag(claim.arn, tags, lambda: _may_change(invocation, claim, permit))
    except ConnectError as error:
        if error.kind is ErrorKind.NOT_FOUND and state is None:
            return None
        raise
    # Before the number is moved, as that makes Connect refuse to remove the flow.
    _remove_flow(invocation, claim, state, permit)
    if claim.desired.pool and state is not None:
        reset = _reset(invocation, claim, state, permit)
        if reset.state is not claim.state:
            # Another invocation has parked the number while this one waited for its move.
            raise Conflict
        return reset
    return claim


def _remove_flow(
    invocation: Invocation, claim: Claim, state: PhoneNumberState | None, permit: Callable[[Claim], None]
) -> None:
    """Remove the flow that a deployment has set. For a number of a pool, remove any flow.

    A number without a pool keeps a flow that a person has set, because its resource may get the number back.
    """
    try:
        flow_arn = claim.applied_flow_arn
        is_at_instance = state is not None and rules.instance_id_of(state.target_arn) is not None
        if not flow_arn and claim.desired.pool and state is not None and is_at_instance:
            flow_arn = invocation.connect.flow_of(claim.arn, state.target_arn)
        if flow_arn and (state is None or may_have(flow_arn, state)):
            with_flow = replace(claim, applied_flow_arn=flow_arn)
            disassociate(invocation, with_flow, lambda: _may_change(invocation, claim, permit))
    except ConnectError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        # The instance is gone, and the flow with it.
        invocation.log.warning("flow cannot be removed", number=claim.phone_number, problem=str(error))


def _reset(invocation: Invocation, claim: Claim, state: PhoneNumberState, permit: Callable[[Claim], None]) -> Claim:
    """Remove what a number of a pool has of its last resource, and move it to the target for parked numbers."""
    bare = Settings(claim.desired.parking_target_arn or state.target_arn)
    _may_change(invocation, claim, permit)
    with invocation.connect.checked(partial(permit, claim)):
        try:
            return restore(invocation, claim, state, bare)
        except Failed as problem:
            if bare.target_arn == state.target_arn:
                raise
            state = invocation.connect.describe(claim.arn) or state
            if state.target_arn != bare.target_arn:
                # A target that takes no more numbers is no reason to let a deletion fail.
                invocation.log.warning(
                    "number is not parked at its parking target", number=claim.phone_number, problem=str(problem)
                )
        # The problem may be that the change is permitted no longer.
        permit(claim)
        # What was refused after the move is tried once more.
        return restore(invocation, invocation.reread(claim), state, replace(bare, target_arn=state.target_arn))


def _may_change(invocation: Invocation, claim: Claim, permit: Callable[[Claim], None]) -> bool:
    """Ensure that a change of the number is permitted, and that nobody else has parked the number in the meantime.

    Called before each try of a call, as throttling may outlast the need for it.

    Raises
    ------
    Conflict
        Somebody has.
    """
    permit(claim)
    if invocation.reread(claim).version != claim.version:
        raise Conflict
    return True


def find_parked(
    invocation: Invocation, resource: ResourceKey, desired: DesiredNumber, *, has_any: bool
) -> tuple[Claim, NumberReservation] | str | None:
    """Return the claim whose parked number a resource gets, and the number's reservation, or ``None``.

    A text says why the resource cannot have the number that it asks for.

    Parameters
    ----------
    has_any
        Whether any numbers are parked, according to the ledger.
    """
    specification, pool = desired.specification, desired.settings.pool
    if specification.phone_number:
        number = invocation.ledger.number(specification.phone_number)
        found = None if number is None else _if_parked(invocation, number.owner, number)
        return _of_another_pool(found[0]) if found and found[0].desired.pool not in ("", pool) else found
    keys = parked_keys(invocation) if has_any else []
    named = [key for key in keys if _has_name_of(key.resource, resource)]
    own = [parked for key in named if (parked := _if_parked(invocation, key)) is not None]
    fitting = [pair for pair in own if pair[0].desired.pool in ("", pool) and pair[0].satisfies(specification)]
    if fitting or not pool:
        # Of several, the one that was deleted last.
        return max(fitting, key=lambda pair: pair[0].closing_at, default=None)
    put_back: tuple[Claim, NumberReservation] | None = None
    # An order of its own makes it rare that creations that overlap are after the same number.
    for key in sorted(keys, key=lambda key: sha256((key.claim_id + str(resource)).encode()).digest()):
        parked = _if_parked(invocation, key)
        if parked is None or parked[0].desired.pool != pool or not parked[0].satisfies(specification):
            continue
        if not parked[0].is_taken or parked[0].acknowledged:
            return parked
        # The last creation that took it has failed, perhaps because of this number.
        put_back = parked
    return put_back


def _of_another_pool(claim: Claim) -> str:
    return (
        f"{claim.phone_number} is parked in {claim.desired.pool}, so only a resource with this Pool can have it. Set "
        "that, or ask for another number."
    )


def parked_keys(invocation: Invocation) -> list[ClaimKey]:
    """Return the keys of the parked claims. The index may lag behind the ledger, which knows how many there are."""
    for _ in range(_LOOKS - 1):
        keys = invocation.ledger.parked_keys()
        if len(keys) >= invocation.ledger.budget().parked:
            return keys
        invocation.timing.sleep(_PAUSE_SECONDS, "looking for parked numbers")
    return invocation.ledger.parked_keys()


def _if_parked(
    invocation: Invocation, key: ClaimKey, number: NumberReservation | None = None
) -> tuple[Claim, NumberReservation] | None:
    claim = invocation.ledger.readable_claim(key)
    if claim is None or claim.state is not ClaimState.PARKED:
        return None
    number = number or invocation.ledger.number(claim.phone_number)
    return (claim, number) if number is not None and number.owner == key else None


def _has_name_of(one: ResourceKey, other: ResourceKey) -> bool:
    """Return whether two resources have one name. A stack that is created again has another id, but the same name."""
    return one.logical_resource_id == other.logical_resource_id and one.stack_name == other.stack_name
