"""Asking CloudFormation what became of a response that named a number.

A claim whose number CloudFormation was told about is closed in only two cases. Either CloudFormation sends its Delete
(``decision``), or CloudFormation itself says that it never recorded the number. This module finds that out and is the
only place that gives up such a number without a Delete. If CloudFormation gives no information, the claim stays as it
is and CloudFormation is asked again later.
"""

from dataclasses import replace
from typing import Final

from .. import contract
from ..claim import Claim, ClaimState
from ..cloudformation.stacks import CLOCK_DIFFERENCE_SECONDS, HeldResource, Stacks
from ..connect.errors import ConnectError
from ..ledger.store import Conflict
from .context import Failed, Invocation

_SOONEST_SECONDS: Final = 300
_LATEST_SECONDS: Final = 6 * 3600
_REMEMBERED_SECONDS: Final = 80 * 86_400
"""A stack is not forgotten sooner than 90 days after its deletion. What is unknown before that is not shown yet."""
_FORGOTTEN: Final = "number is kept and billed: CloudFormation has forgotten its stack"


def was_named(stacks: Stacks, claim: Claim) -> bool | None:
    """Return whether CloudFormation has ever recorded the claim's number as the resource's, or ``None`` if unknown."""
    # What CloudFormation recorded of a number before it was parked says nothing of the claim that has taken it.
    since = max(claim.opened_at - CLOCK_DIFFERENCE_SECONDS, claim.earlier_life_until)
    # A claimed number has an ARN of its own. An adopted number may have belonged to another resource before.
    return stacks.has_named(claim.resource, claim.arn, since, by_any_name=not claim.is_adopted)


def ask_what_became_of(invocation: Invocation, claim: Claim) -> Claim:
    """Ask CloudFormation about a live claim, and return the claim as it is afterwards.

    The claim may be closing then, or a request may have changed it in the meantime.
    """
    held = invocation.stacks.at_once.resource(claim.resource)
    if held is None:
        changed = _later(invocation, claim)
    elif claim.acknowledged or held.physical_id == claim.arn:
        changed = _acknowledged(invocation, claim, held)
    else:
        changed = _not_held(invocation, claim, held)
    if changed.state is ClaimState.LIVE and not changed.follow_up and not changed.acknowledged:
        # Before the write, after which nothing looks at the claim again. If that write fails, it is reported once more.
        _report_kept(invocation, claim, _FORGOTTEN)
    try:
        return invocation.ledger.save(changed)
    except Conflict:
        # A request has changed the claim in the meantime and has later information.
        return invocation.reread(claim)


def was_retained_since(invocation: Invocation, claim: Claim) -> bool | None:
    """Return whether the number was retained, or got another resource, since its Delete failed. If so, it is kept.

    ``None`` means that CloudFormation does not tell, or has not decided yet, so the number must not be released now.
    ``Conflict`` means that a request has changed the claim in the meantime.

    A stack that is DELETE_FAILED can be deleted with a list of resources to retain, which may be nested stacks.
    CloudFormation sends no requests for these.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    """
    if claim.state is not ClaimState.CLOSING or not claim.arn:
        return False
    # No stack ever had the number of a canceled creation, so none has retained it.
    held = invocation.stacks.at_once.resource(claim.resource) if claim.acknowledged else HeldResource()
    holders = invocation.stacks.at_once.holders(claim.arn)
    if held is None or holders is None:
        return None
    # The resource that has parked a number may still be being deleted when a creation that took the number fails.
    own = claim.resource, None if claim.acknowledged else claim.previous_owner
    # A number whose adoption is rolled back goes to the resource that has had it before.
    others = () if claim.is_undone else tuple(holder for holder in holders if holder not in own)
    is_kept = bool(others) or (claim.acknowledged and _is_retained(invocation, claim, held))
    if not is_kept:
        return is_kept
    if others:
        message = "number is kept and billed: another resource has it"
    elif held.status:
        message = "number is kept and billed: its stack was deleted without it after its release had failed"
    else:
        message = _FORGOTTEN
    # Before the write, after which nothing looks at the claim again. If that write fails, it is reported once more.
    _report_kept(invocation, claim, message)
    invocation.ledger.save(replace(claim.keep(), acknowledged=True))
    if claim.parked_until:
        remove_parked_tag(invocation, claim)
    return True


def _report_kept(invocation: Invocation, claim: Claim, message: str) -> None:
    invocation.log.warning(
        message,
        number=claim.phone_number,
        arn=claim.arn,
        claim=claim.id,
        claim_of_stack=claim.stack_id,
        claim_of_resource=claim.logical_resource_id,
    )
    invocation.log.metrics(invocation.scope.provider_id, NumbersKept=1)


def _is_retained(invocation: Invocation, claim: Claim, held: HeldResource) -> bool | None:
    """Return whether a stack was deleted without the number, or may have been, or ``None`` if that is not known yet."""
    if not held.status and not (claim.was_let_go or claim.is_undone or claim.listed_in):
        # Of a forgotten stack, nobody can tell any more whether it has retained the number.
        return _is_forgotten(invocation, claim)
    if _is_let_go(claim, held):
        return False
    if held.status == "DELETE_SKIPPED":
        return True
    state = invocation.stacks.at_once.state(claim.stack_id)
    if state is None or state.is_being_deleted:
        return None
    return state.is_left_by_its_root


def _is_let_go(claim: Claim, held: HeldResource) -> bool:
    """Return whether the resource no longer has the number, and has not retained it."""
    return held.physical_id != claim.arn or held.status == "DELETE_COMPLETE"


def ask_about_parked(invocation: Invocation, claim: Claim) -> Claim:
    """Ask CloudFormation about a parked number, and return the claim with what it has said, which is to be saved.

    The claim is live, and saved, if its number was retained: the Delete has failed, or its response was lost, and the
    sweeper has parked the number since.
    """
    if claim.was_let_go:
        return claim
    if not claim.acknowledged or claim.listed_in:
        # No stack ever had the number of a canceled creation, and a number of a pool's list is never released.
        return replace(claim, was_let_go=True)
    held = invocation.stacks.at_once.resource(claim.resource)
    is_retained = None if held is None else _is_retained(invocation, claim, held)
    if held is None or is_retained is None:
        return claim
    if is_retained:
        if not held.status:
            _report_kept(invocation, claim, _FORGOTTEN)
        claim = invocation.ledger.save(claim.retain())
        remove_parked_tag(invocation, claim)
        return claim
    return replace(claim, was_let_go=_is_let_go(claim, held))


def is_needed(invocation: Invocation, claim: Claim) -> bool:
    """Return whether a resource has a live claim's number, as far as CloudFormation tells."""
    # A stack can give up a number without a request: by its DeletionPolicy, or when it is deleted with resources
    # retained.
    held = invocation.stacks.resource(claim.resource)
    if held is None or (held.physical_id == claim.arn and not held.is_gone):
        return True
    # The resource may have been renamed or moved without a request.
    return invocation.stacks.holders(claim.arn) != ()


def ensure_not_retained(invocation: Invocation, claim: Claim) -> None:
    """Permit a release that no request waits for, unless the number was retained after its Delete failed.

    Raises
    ------
    Failed
        CloudFormation does not tell.
    Conflict
        The number was retained, so its claim has changed.
    """
    is_kept = was_retained_since(invocation, claim)
    if is_kept is None:
        raise Failed("CloudFormation has not told yet whether the number is retained")
    if is_kept:
        raise Conflict


def remove_parked_tag(invocation: Invocation, claim: Claim) -> None:
    """Remove the time of its release from a number that stays in the account."""
    try:
        invocation.connect.untag(claim.arn, [contract.PARKED_TAG])
    except ConnectError as error:
        # The tag is for people. Nothing depends on it.
        invocation.log.warning("tag cannot be removed", number=claim.phone_number, problem=str(error))


def _not_held(invocation: Invocation, claim: Claim, held: HeldResource) -> Claim:
    """Return the changed claim of a number that its resource does not have now."""
    has_named = was_named(invocation.stacks.at_once, claim)
    if has_named:
        return _acknowledged(invocation, claim, held)
    is_forgotten = has_named is None and _is_forgotten(invocation, claim)
    if not is_forgotten and (has_named is None or _may_still_be_named(invocation, claim, held)):
        return _later(invocation, claim)
    # CloudFormation's API may lag behind, so it has to say this twice, some time apart.
    now = invocation.timing.now()
    since = claim.disowned_at or now
    if now < since + _SOONEST_SECONDS:
        return replace(claim, disowned_at=since, next_check_at=since + _SOONEST_SECONDS)
    if is_forgotten:
        # Nobody can tell any more whether a stack has retained the number. Keeping it can be corrected, releasing it
        # cannot.
        return replace(claim, follow_up=False)
    return claim.close("CloudFormation never took note of its response", now)


def _is_forgotten(invocation: Invocation, claim: Claim) -> bool | None:
    """Return whether CloudFormation no longer knows the claim's stack, or ``None`` if it does not tell."""
    if invocation.timing.now() < claim.opened_at + _REMEMBERED_SECONDS:
        return False
    state = invocation.stacks.at_once.state(claim.stack_id)
    return None if state is None else not state.status


def _may_still_be_named(invocation: Invocation, claim: Claim, held: HeldResource) -> bool:
    """Return whether the deployment is in progress, or may still continue and record the number."""
    if held.is_in_progress:
        return True
    if held.is_gone:
        return False
    state = invocation.stacks.at_once.state(claim.stack_id)
    return state is None or state.is_in_progress or state.may_be_retried


def _acknowledged(invocation: Invocation, claim: Claim, held: HeldResource) -> Claim:
    """Return the changed claim of a number that CloudFormation knows as the resource's."""
    claim = replace(claim, acknowledged=True, disowned_at=0)
    if not claim.is_adopted or claim.established or held.is_gone:
        # A resource that its stack no longer has was retained, so no Delete will follow.
        return replace(claim, follow_up=False)
    state = invocation.stacks.at_once.state(claim.stack_id)
    is_in_place = held.physical_id == claim.arn and held.is_complete
    if state is not None and state.is_complete and is_in_place:
        return replace(claim, established=True, follow_up=False)
    return _later(invocation, claim)


def _later(invocation: Invocation, claim: Claim) -> Claim:
    """Return the claim with the time of the next query. The longer the wait so far, the later the next query."""
    now = invocation.timing.now()
    pause = min(max(now - claim.due_since, _SOONEST_SECONDS), _LATEST_SECONDS)
    return replace(claim, next_check_at=now + pause, disowned_at=0)
