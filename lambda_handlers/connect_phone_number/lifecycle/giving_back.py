"""Leaving an adopted number as it was found, where its adoption is undone.

Target, description, tags, flow and owner go back to what they were.
"""

from dataclasses import replace

from .. import rules
from ..ledger.items import Claim, ClaimState, Origin, Outcome
from .claiming import LAG_SECONDS
from .context import Attempt, Failed
from .converging import restore
from .decision import closing


def give_back(attempt: Attempt, claim: Claim) -> Claim:
    """End a claim whose adoption is undone.

    While an attempt may still be running that puts this claim's tags on, the claim stays due, and this is done again.
    """
    if claim.arn:
        # One "not found" proves nothing.
        state = attempt.connect.describe(claim.arn) or attempt.connect.describe(claim.arn)
        if state is None and attempt.timing.now() - claim.claimed_at < LAG_SECONDS:
            raise Failed(f"Amazon Connect does not show {claim.phone_number} yet, so it cannot be given back now.")
        if state is not None and state.tags.get(rules.CLAIM_TAG) == claim.id:
            # While the number carries the provider's tag: without it the role may not change it.
            if claim.settings_before_adoption is not None:
                claim = restore(attempt, claim, state, claim.settings_before_adoption)
            previous = previous_of(attempt, claim)
            if previous is None:
                attempt.connect.untag(claim.arn, list(rules.OWNERSHIP_TAGS))
            else:
                attempt.tag(claim.arn, attempt.ownership_tags(previous))
    now = attempt.timing.now()
    doubts = {doubt: until for doubt, until in claim.doubts.items() if until > now}
    check_at = max(doubts.values(), default=now)
    ended = replace(claim, doubts=doubts, check_at=check_at, due_since=check_at)
    if not doubts:
        ended = replace(ended, state=ClaimState.CLOSED, outcome=Outcome.GIVEN_BACK, closed_at=now)
    owner = attempt.ledger.number(claim.specification.phone_number)
    previous = previous_of(attempt, claim)
    if owner is None or owner.claim_id != claim.id:
        return attempt.ledger.save_claim(ended)
    if previous is None:
        attempt.ledger.save(ended, remove=(owner,))
    else:
        restored = _restored(attempt, previous)
        back = replace(
            owner,
            stack_id=previous.stack_id,
            logical_resource_id=previous.logical_resource_id,
            claim_id=previous.id,
        )
        attempt.ledger.save(ended, restored, back)
    return replace(ended, version=ended.version + 1)


def _restored(attempt: Attempt, previous: Claim) -> Claim:
    """Return the claim that gets its number back: as it was, or to be closed where its own resource is gone."""
    live = replace(previous, state=ClaimState.LIVE, outcome=None, closed_at=0, close_reason="")
    if not previous.is_deleted or previous.protected:
        return live
    held = attempt.stacks.resource(previous.resource)
    if held is None:
        raise Failed(
            f"{previous.phone_number} is not given back yet: CloudFormation did not tell what has become of "
            f"{previous.logical_resource_id} of {previous.stack_id}."
        )
    if held.physical_id == previous.arn and not held.is_in_progress and held.status != "DELETE_COMPLETE":
        # CloudFormation has not heard that it was deleted, and sends another Delete, or has retained it.
        return live
    is_adopted = previous.specification.origin is Origin.ADOPTED
    return replace(
        closing(live, "CloudFormation deleted the resource", attempt.timing.now()),
        is_undone=is_adopted and not previous.established,
    )


def previous_of(attempt: Attempt, claim: Claim) -> Claim | None:
    """Return the claim that owned the number before, ``None`` where nobody did or the ledger has lost it."""
    if claim.previous_owner is None:
        return None
    return attempt.ledger.find_claim(claim.previous_owner, claim.previous_claim.rsplit(" ", 1)[1])
