"""Rolling back an adoption: the number is left as it was found.

The target, description, tags, flow and owner are set back to what they were.
"""

from dataclasses import replace

from .. import contract
from ..claim import Claim, ClaimState, InFlightCall, Outcome
from ..connect.errors import ErrorKind
from ..connect.gateway import PhoneNumberState
from ..ledger.store import Conflict
from .claiming import LAG_SECONDS
from .context import Failed, Invocation
from .converging import is_surely_refused, restore


def roll_back_adoption(invocation: Invocation, claim: Claim) -> Claim:
    """End a claim whose adoption is rolled back.

    While another invocation may still be running that puts this claim's tags on the number, the claim stays due and the
    rollback is repeated.
    """
    if claim.arn:
        claim = _undo_changes(invocation, claim)
    if claim.state is not ClaimState.CLOSING:
        # Another invocation has already ended this claim.
        return claim
    now = invocation.timing.now()
    calls = tuple(call for call in calls_after_rollback(invocation, claim) if call.until > now)
    next_check_at = max((call.until for call in calls), default=now)
    ended = replace(claim, in_flight_calls=calls, next_check_at=next_check_at, due_since=next_check_at)
    if not calls:
        ended = ended.end(Outcome.ADOPTION_ROLLED_BACK, now)
    owner = invocation.ledger.number(claim.specification.phone_number)
    previous = previous_of(invocation, claim)
    if owner is None or owner.claim_id != claim.id:
        return invocation.ledger.save(ended)
    if previous is None:
        return invocation.ledger.save(ended, remove=(owner,))
    return invocation.ledger.save(
        ended, _restore_previous(invocation, claim, previous), owner.owned_by(previous.own_key)
    )


def calls_after_rollback(invocation: Invocation, claim: Claim) -> tuple[InFlightCall, ...]:
    """Return the in-flight calls after this invocation has tried to roll the claim's adoption back.

    A change without a clear response may take effect later. Then the number is looked at once more.
    """
    if not (claim.is_undone and invocation.connect.was_uncertain):
        return claim.in_flight_calls
    until = invocation.timing.now() + LAG_SECONDS
    return claim.calls_with(InFlightCall(claim.phone_number, invocation.worker, until))


def _undo_changes(invocation: Invocation, claim: Claim) -> Claim:
    """Set the number back to what it was, and return the claim as it is then."""
    # One "not found" proves nothing.
    state = invocation.connect.describe(claim.arn) or invocation.connect.describe(claim.arn)
    if state is None and invocation.timing.now() - claim.claimed_at < LAG_SECONDS:
        raise Failed(
            f"Amazon Connect does not show {claim.phone_number} yet, so its adoption cannot be rolled back now."
        )
    if state is not None and _has_adopted(invocation, claim, state):
        # The number is restored while it carries the provider's tag, because the role may not change it without the
        # tag.
        if claim.settings_before_adoption is not None:
            claim = restore(invocation, claim, state, claim.settings_before_adoption)
        previous = previous_of(invocation, claim)
        if previous is None:
            invocation.connect.untag(claim.arn, list(contract.OWNERSHIP_TAGS))
        else:
            invocation.tag(claim.arn, invocation.ownership_tags(previous))
    elif state is not None and _has_late_tag(invocation, claim, state):
        invocation.connect.untag(claim.arn, [contract.PROVIDER_TAG])
    return claim


def _has_adopted(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> bool:
    """Return whether a number has this claim's tags. Put them on again if Connect may only not show them yet."""
    owner = invocation.ledger.number(state.phone_number)
    if state.tags.get(contract.CLAIM_TAG) == claim.id:
        previous = previous_of(invocation, claim)
        if previous is None or owner is None or owner.claim_id != previous.id:
            return True
        if previous.sent_at is None or not 0 < claim.deletion_sent_at < previous.sent_at:
            return True
        # The number was given back before, and its owner has changed it since. A late call may have put on these tags.
        invocation.tag(claim.arn, invocation.ownership_tags(previous))
        return False
    provider = state.tags.get(contract.PROVIDER_TAG, invocation.scope.provider_id)
    if owner is None or owner.claim_id != claim.id or provider != invocation.scope.provider_id:
        return False
    # The adoption began with the same call. If that is refused, and was not before, it has changed nothing either.
    refusals = () if claim.is_applied else (ErrorKind.DENIED, ErrorKind.INVALID)
    return not is_surely_refused(
        invocation,
        lambda: invocation.tag(claim.arn, invocation.ownership_tags(claim)),
        refusals,
        f"the tags of {claim.phone_number} are refused",
    )


def _has_late_tag(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> bool:
    """Return whether a restored number has the provider's tag again, and no claim: a late change has put it on."""
    is_ours = state.tags.get(contract.PROVIDER_TAG) == invocation.scope.provider_id
    return is_ours and contract.CLAIM_TAG not in state.tags and previous_of(invocation, claim) is None


def _restore_previous(invocation: Invocation, claim: Claim, previous: Claim) -> Claim:
    """Return the claim that gets its number back: live as before, or closing if its own resource is gone."""
    if previous.state is not ClaimState.CLOSED:
        # Another invocation has already handed the number back, and this one has not seen that yet.
        raise Conflict
    live = previous.take_back()
    if previous.resource == claim.resource:
        # The resource had given up the number before it adopted the number again, so there is nothing more to ask.
        return replace(live, follow_up=False)
    if not previous.is_deleted or previous.protected:
        return live
    held = invocation.stacks.resource(previous.resource)
    if held is None:
        raise Failed(
            f"The adoption of {previous.phone_number} is not rolled back yet: CloudFormation did not "
            f"tell what has become of {previous.logical_resource_id} of {previous.stack_id}."
        )
    if held.physical_id == previous.arn and not held.is_in_progress and held.status != "DELETE_COMPLETE":
        # CloudFormation has not received the response to the Delete and will send another one, or it has retained the
        # number.
        return live
    closing = live.close("CloudFormation deleted the resource", invocation.timing.now())
    return replace(closing, is_undone=previous.is_adopted and not previous.established)


def previous_of(invocation: Invocation, claim: Claim) -> Claim | None:
    """Return the claim that owned the number before, or ``None`` if no claim did or the ledger has lost it."""
    return None if claim.previous_claim_key is None else invocation.ledger.find_claim(claim.previous_claim_key)
