"""Leaving an adopted number as it was found, where the creation that adopted it comes to nothing.

Target, description, tags and owner go back to what they were. The association with a flow does not: Connect does not
tell which flow a number had.
"""

from dataclasses import replace

from .. import rules
from ..ledger.items import Claim, ClaimState, Outcome, ResourceKey
from .context import Attempt
from .converging import restore


def give_back(attempt: Attempt, claim: Claim) -> Claim:
    """End a claim whose adoption was cancelled.

    While an attempt may still be running that puts this claim's tags on, the claim stays due, and this is done again.
    """
    if claim.arn:
        state = attempt.connect.describe(claim.arn)
        if state is not None and state.tags.get(rules.CLAIM_TAG) == claim.id:
            # While the number carries the provider's tag: without it the role may not change it.
            if claim.found is not None:
                claim = restore(attempt, claim, state, claim.found)
            previous = _previous(attempt, claim)
            if previous is None:
                attempt.connect.untag(claim.arn, list(rules.OWNERSHIP_TAGS))
            else:
                attempt.connect.tag(claim.arn, attempt.ownership_tags(previous))
    now = attempt.timing.now()
    doubts = {doubt: until for doubt, until in claim.doubts.items() if until > now}
    ended = replace(claim, doubts=doubts, check_at=max(doubts.values(), default=now))
    if not doubts:
        ended = replace(ended, state=ClaimState.CLOSED, outcome=Outcome.GIVEN_BACK, closed_at=now)
    owner = attempt.ledger.number(claim.specification.phone_number)
    previous = _previous(attempt, claim)
    if owner is None or owner.claim_id != claim.id:
        return attempt.ledger.save_claim(ended)
    if previous is None:
        attempt.ledger.save(ended, remove=(owner,))
    else:
        restored = replace(previous, state=ClaimState.LIVE, outcome=None, closed_at=0, close_reason="")
        back = replace(
            owner,
            stack_id=previous.stack_id,
            logical_resource_id=previous.logical_resource_id,
            claim_id=previous.id,
        )
        attempt.ledger.save(ended, restored, back)
    return replace(ended, version=ended.version + 1)


def _previous(attempt: Attempt, claim: Claim) -> Claim | None:
    if not claim.previous_claim:
        return None
    partition, claim_id = claim.previous_claim.rsplit(" ", 1)
    stack_id, logical_resource_id = partition.split("#", 2)[1:]
    return attempt.ledger.claim(ResourceKey(stack_id, logical_resource_id), claim_id)
