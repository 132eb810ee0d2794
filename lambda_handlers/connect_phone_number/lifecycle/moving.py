"""Numbers whose resource CloudFormation has renamed or moved without a request, for example by stack refactoring.

A later request then names a number that belongs to a claim of another resource. CloudFormation is asked which resource
has the number now.
"""

from dataclasses import dataclass

from .. import contract
from ..claim import Claim, ClaimKey, ClaimState
from ..cloudformation.request import Request
from ..cloudformation.stacks import SHOWN_AFTER_SECONDS
from ..connect.errors import ConnectError
from ..connect.gateway import PhoneNumberState
from ..ledger.items import NumberReservation
from .context import Invocation


@dataclass(frozen=True)
class Moved:
    """A number that CloudFormation has given to another resource without a request.

    Parameters
    ----------
    claim
        The claim of the resource that had the number: live, or closing while its adoption is rolled back.
    number
        The reservation of the number.
    """

    claim: Claim
    number: NumberReservation


def find_owner(invocation: Invocation, state: PhoneNumberState) -> Claim | None:
    """Return the claim that owns a number: the claim that reserved it, or else the claim that its tags name."""
    number = invocation.ledger.number(state.phone_number)
    if number is not None:
        return _claim_of(invocation, number, state.arn)
    tags = state.tags
    key = ClaimKey(
        tags.get(contract.STACK_TAG, ""), tags.get(contract.RESOURCE_TAG, ""), tags.get(contract.CLAIM_TAG, "")
    )
    claim = invocation.ledger.find_claim(key)
    return claim if claim is not None and state.arn in (claim.arn, *claim.duplicate_arns) else None


def _claim_of(invocation: Invocation, number: NumberReservation, arn: str) -> Claim | None:
    claim = invocation.ledger.find_claim(number.owner)
    return claim if claim is not None and claim.arn == arn else None


def find_moved(invocation: Invocation, request: Request) -> Moved | str | None:
    """Return the number that has moved to the request's resource, if any.

    A text says why that cannot be found out.
    """
    arn = request.physical_resource_id
    if not invocation.is_in_scope(arn):
        return None
    try:
        # One "not found" proves nothing.
        state = invocation.connect.describe(arn) or invocation.connect.describe(arn)
    except ConnectError as error:
        return error.remediation(arn)
    number = None if state is None else invocation.ledger.number(state.phone_number)
    owner = None if number is None else _claim_of(invocation, number, arn)
    if number is None or owner is None:
        return None
    if owner.state is ClaimState.CLOSING and owner.is_undone and owner.previous_owner == request.resource:
        return Moved(owner, number)
    if owner.state is not ClaimState.LIVE:
        return None
    has_moved = has_moved_here(invocation, request, owner)
    if isinstance(has_moved, str):
        return has_moved
    return Moved(owner, number) if has_moved else None


def has_moved_here(invocation: Invocation, request: Request, owner: Claim) -> bool | str:
    """Return whether CloudFormation has given the owner's number to the request's resource.

    A text says why that cannot be found out.
    """
    arn = request.physical_resource_id
    there = invocation.stacks.resource(owner.resource)
    here = invocation.stacks.resource(request.resource)
    recorded = f"{owner.phone_number} is recorded for {owner.logical_resource_id} of {owner.stack_id}"
    # The resource that has just got the number may only not be shown yet.
    is_new = not owner.acknowledged and invocation.timing.now() < owner.opened_at + SHOWN_AFTER_SECONDS
    is_unknown = there is not None and not there.status and is_new
    if there is None or here is None or is_unknown:
        return (
            f"{recorded}, and CloudFormation did not tell which resource has it now. Nothing was changed. Check that "
            "the provider's role may call cloudformation:DescribeStackResource, then try again."
        )
    if there.is_in_progress and there.physical_id != arn:
        # The response that names the number may still be on its way to CloudFormation.
        return (
            f"{recorded}, which is being deployed, so it is not certain which resource has it. Nothing was changed. "
            "Try again when that deployment is over."
        )
    is_held_there = there.physical_id == arn and not there.is_gone
    return here.physical_id == arn and not is_held_there
