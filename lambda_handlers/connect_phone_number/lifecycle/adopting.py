"""Taking over a number that the account holds already.

Ownership changes in the ledger, in one write; the tags on the number follow.
"""

from dataclasses import replace

from .. import rules
from ..ledger.items import (
    Claim,
    ClaimState,
    NumberEntry,
    Outcome,
    ResourceKey,
    Settings,
)
from .context import Attempt, Failed


def adopt(attempt: Attempt, claim: Claim) -> Claim:
    """Return the claim as owner of the number that it is to adopt.

    Raises
    ------
    Failed
        The account does not hold the number, or somebody else owns it.
    Conflict
        Something has changed meanwhile.
    """
    wanted = claim.specification.phone_number
    arn = attempt.connect.find(wanted)
    state = attempt.connect.describe(arn) if arn is not None else None
    if arn is None or state is None:
        raise Failed(
            f"{wanted} cannot be adopted: this account holds no such number in {attempt.place.region}. Check the "
            "number and the Region, or leave Adopt out to claim it."
        )
    provider = state.tags.get(rules.PROVIDER_TAG, attempt.place.provider_id)
    if provider != attempt.place.provider_id:
        raise Failed(
            f"{wanted} cannot be adopted: it belongs to another provider of phone numbers ({provider}). Retain it "
            f"there, remove its tags that begin with {rules.TAG_PREFIX!r}, then deploy again."
        )
    changed = replace(
        claim,
        arn=arn,
        phone_number=wanted,
        candidate=wanted,
        country_code=state.country_code,
        type=state.type,
        provisioned=True,
        claimed_at=attempt.timing.now(),
        found=Settings(
            target_arn=state.target_arn,
            description=state.description,
            tags={key: value for key, value in state.tags.items() if key not in rules.OWNERSHIP_TAGS},
        ),
        # Until then this attempt may put the claim's tags on the number, even if the claim is cancelled meanwhile.
        doubts={**claim.doubts, f"{wanted}/{attempt.worker}": int(attempt.timing.attempt_deadline)},
    )
    owner = attempt.ledger.number(wanted)
    entry = NumberEntry(
        wanted,
        claim.stack_id,
        claim.logical_resource_id,
        claim.id,
        version=owner.version if owner else 0,
    )
    if owner is None or owner.claim_id == claim.id:
        attempt.ledger.save(changed, entry)
        return replace(changed, version=changed.version + 1)
    previous = attempt.ledger.claim(ResourceKey(owner.stack_id, owner.logical_resource_id), owner.claim_id)
    _refuse_live(attempt, claim, previous, arn)
    changed = replace(changed, previous_claim=f"{previous.resource.partition} {previous.id}")
    ended = replace(
        previous,
        state=ClaimState.CLOSED,
        outcome=Outcome.TRANSFERRED,
        closed_at=attempt.timing.now(),
        close_reason=f"adopted by {claim.logical_resource_id} of {claim.stack_id}",
    )
    attempt.ledger.save(changed, ended, entry)
    return replace(changed, version=changed.version + 1)


def _refuse_live(attempt: Attempt, claim: Claim, previous: Claim, arn: str) -> None:
    """Refuse a number whose owner CloudFormation still has, except one that is kept and renamed within a stack.

    When a resource is renamed, its stack creates the new one before it lets the old one go.
    """
    if previous.state is ClaimState.LIVE:
        is_renamed = previous.stack_id == claim.stack_id and previous.retain
        if is_renamed or attempt.stacks.holds(previous.resource, arn) is False:
            return
    raise Failed(
        f"{previous.phone_number} cannot be adopted: it belongs to resource {previous.logical_resource_id} of stack "
        f"{previous.stack_id}. Remove it there with a retaining removal policy first, then deploy again."
    )
