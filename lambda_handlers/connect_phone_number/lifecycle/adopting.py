"""Adoption: taking over a number that the account already holds.

The owner changes in the ledger, in one write. The tags on the number follow.
"""

from dataclasses import replace
from typing import Final

from .. import contract, rules
from ..claim import Claim, ClaimState, InFlightCall, Settings
from ..cloudformation.resource_key import ResourceKey
from ..connect.gateway import PhoneNumberState
from ..ledger.items import NumberReservation
from .context import Failed, Invocation

_UPDATED_RECENTLY_SECONDS: Final = 3600
"""A request is answered within an hour."""


def adopt(invocation: Invocation, claim: Claim) -> Claim:
    """Return the claim as the owner of the number that it adopts.

    Raises
    ------
    Failed
        The provider adopts no numbers, the account does not hold the number, or the number has another owner.
    Conflict
        An entry in the ledger has changed in the meantime.
    """
    desired = claim.specification.phone_number
    if not invocation.scope.allow_adoption:
        raise Failed(
            f"{desired} is not adopted: this provider has allow_adoption=False, so neither Adopt nor the PhoneNumbers "
            "of a pool work with it. Use a provider that allows adoption, or claim a number instead."
        )
    arn = invocation.connect.find(desired, claim.desired.target_arn)
    state = invocation.connect.describe(arn) if arn is not None else None
    if arn is None or state is None:
        raise Failed(
            f"{desired} cannot be adopted: this account holds no such number in {invocation.scope.region}. Check the "
            "number and the Region. A number of a traffic distribution group is found only where TargetArn is that "
            "group. To claim a free number, leave Adopt out."
        )
    provider = state.tags.get(contract.PROVIDER_TAG, invocation.scope.provider_id)
    if provider != invocation.scope.provider_id:
        raise Failed(
            f"{desired} cannot be adopted: it belongs to another provider of phone numbers ({provider}). Retain it "
            f"there, if that provider still exists. Then remove its tags that begin with {contract.TAG_PREFIX!r} (aws "
            "connect untag-resource), and deploy again."
        )
    served = invocation.scope.target_arns
    if served and state.target_arn not in served:
        # If the adoption were rolled back, the number could not be restored to that target either.
        raise Failed(
            f"{desired} cannot be adopted: it belongs to {state.target_arn}, which this provider does not serve. Add "
            "that target to the provider's target_arns, or move the number first."
        )
    if state.status != "CLAIMED":
        # Connect takes back a failed number within a day. In other cases a claim or a move may still be in progress.
        raise Failed(
            f"{desired} cannot be adopted now: Amazon Connect says {state.status} of it "
            f"({state.message.rstrip('.') or 'no reason given'}). Adopt it when its status is CLAIMED."
        )
    if claim.listed_in:
        _refuse_in_use(invocation, claim, state)
    changed = replace(
        claim,
        arn=arn,
        phone_number=desired,
        candidate=desired,
        country_code=state.country_code,
        type=state.type,
        provisioned=True,
        claimed_at=invocation.timing.now(),
        settings_before_adoption=Settings(
            target_arn=state.target_arn,
            description=state.description,
            tags={key: value for key, value in state.tags.items() if key not in contract.OWNERSHIP_TAGS},
        ),
        # Until its deadline this invocation may put the claim's tags on the number, even if the claim is canceled in
        # the meantime.
        in_flight_calls=claim.calls_with(
            InFlightCall(desired, invocation.worker, int(invocation.timing.invocation_deadline))
        ),
    )
    owner = invocation.ledger.number(desired)
    entry = NumberReservation.of(desired, claim.own_key) if owner is None else owner.owned_by(claim.own_key)
    if owner is None or owner.claim_id == claim.id:
        _refuse_held_elsewhere(invocation, claim, arn)
        return invocation.ledger.save(changed, entry)
    previous = invocation.ledger.claim(owner.owner)
    _refuse_held(invocation, claim, previous, arn)
    _refuse_held_elsewhere(invocation, claim, arn, previous.resource)
    listed_in = claim.listed_in or previous.listed_in
    changed = replace(
        _with_settings_of(invocation, changed, previous),
        previous_claim_key=previous.own_key,
        listed_in=listed_in,
        targets=previous.targets,
        moved_at=previous.moved_at,
    )
    ended = previous.hand_over(f"adopted by {claim.logical_resource_id} of {claim.stack_id}", invocation.timing.now())
    return invocation.ledger.save(changed, ended, entry)


def _with_settings_of(invocation: Invocation, claim: Claim, previous: Claim) -> Claim:
    """Return the claim with what its number is to be set back to if the adoption is rolled back.

    If the previous owner has just been updated, Connect may still show the settings of before that.
    """
    before = claim.settings_before_adoption
    now = invocation.timing.now()
    is_recent = previous.sent_at is not None and now - previous.sent_at < _UPDATED_RECENTLY_SECONDS
    if before is None or not previous.is_applied or not is_recent:
        return claim
    desired = previous.desired
    is_described = not desired.leaves_description(previous.specification)
    own_keys = {*previous.applied_tags, *(key for asked in previous.asked_before for key in asked.tags)}
    tags = {key: value for key, value in before.tags.items() if key not in own_keys}
    is_flow_known = bool(previous.applied_flow_arn) and not previous.flow_may_differ
    return replace(
        claim,
        settings_before_adoption=Settings(
            target_arn=previous.targets[-1] if previous.targets else before.target_arn,
            description=desired.description if is_described else before.description,
            tags={**tags, **desired.tags},
            contact_flow_arn=previous.applied_flow_arn if is_flow_known else "",
        ),
        is_flow_before_known=is_flow_known,
    )


def _refuse_in_use(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> None:
    """Refuse a number that is to be parked in a pool and that callers reach somebody with."""
    if rules.instance_id_of(state.target_arn) is None:
        # A number of a group may have a flow in each of its instances. Parking leaves them alone.
        return
    if flow_arn := invocation.connect.flow_of(state.arn, state.target_arn):
        raise Failed(
            f"PhoneNumbers: {claim.specification.phone_number} has the flow {flow_arn}, so it is in use. Remove the "
            "flow from the number first, or remove the number from the list."
        )


def _refuse_held_elsewhere(invocation: Invocation, claim: Claim, arn: str, *known: ResourceKey) -> None:
    """Refuse a number that belongs to a resource that the ledger does not know.

    That resource may be an ``AWS::Connect::PhoneNumber``, or a resource that CloudFormation has renamed or moved
    without a request. Its own Delete would release the number, or leave it behind.
    """
    holders = invocation.stacks.holders(arn)
    desired = claim.specification.phone_number
    if holders is None:
        raise Failed(
            f"{desired} is not adopted: CloudFormation did not tell whether another stack has it. Check that the "
            "provider's role may call cloudformation:DescribeStackResources, then deploy again."
        )
    for holder in holders:
        if holder not in (claim.resource, *known):
            raise Failed(
                f"{desired} cannot be adopted: CloudFormation has it as resource {holder.logical_resource_id} of stack "
                f"{holder.stack_id}. Remove it there with DeletionPolicy Retain first, in a deployment of its own, "
                "then deploy again."
            )


def _refuse_held(invocation: Invocation, claim: Claim, previous: Claim, arn: str) -> None:
    """Refuse a number that another stack holds.

    When a resource is renamed, its own stack creates the new resource before it removes the old one. If it does not
    remove the old one, the number stays with the old resource when the new one is deleted.
    """
    if previous.state is ClaimState.LIVE:
        if previous.stack_id == claim.stack_id and not claim.listed_in:
            return
        held = invocation.stacks.resource(previous.resource)
        if held is not None and (held.is_gone or (held.physical_id != arn and not held.is_in_progress)):
            return
    raise Failed(
        f"{previous.phone_number} cannot be adopted: it belongs to resource {previous.logical_resource_id} of stack "
        f"{previous.stack_id}. Remove it there with DeletionPolicy Retain first, then deploy again."
    )
