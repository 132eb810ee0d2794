"""From a claimed number to one that has the target, description, tags and flow that the latest request wants.

What is wanted is read from the ledger, not from the request at hand, and read again at the end: when two invocations
change one number at the same time, whoever comes last finishes what is wanted last.
"""

from collections.abc import Callable
from dataclasses import replace

from .. import rules, tokens
from ..claim import Claim, Settings
from ..connect.errors import ConnectError, ErrorKind
from ..connect.gateway import PhoneNumberState
from ..ledger.items import NumberReservation
from ..ledger.store import Conflict
from .claiming import wait_until_claimed
from .context import Failed, Invocation, Superseded


def converge(invocation: Invocation, claim: Claim) -> tuple[Claim, PhoneNumberState]:
    """Make the number as it is wanted; return the claim and what Connect says of the number.

    Raises
    ------
    Superseded
        The claim was canceled meanwhile.
    Failed
        Connect refuses a change; the message says which, and why.
    """
    turn = 0
    while True:
        turn += 1
        claim = invocation.reread(claim)
        if not claim.is_open:
            raise Superseded
        state = _wait_until_provided(invocation, claim)
        desired = claim.desired
        try:
            claim = _write_down(invocation, claim, state)
            state = _put_ownership_tags(invocation, claim, state)
            state = _move(invocation, claim, state, desired, turn)
            claim = invocation.reread(claim)
            _update_description(invocation, claim, state, desired, turn)
            claim = _update_tags(invocation, claim, state, desired)
            claim = _associate_flow(invocation, claim, state, desired)
        except Conflict:
            continue
        claim = invocation.reread(claim)
        if claim.desired == desired and claim.is_open:
            return claim, state


def restore(invocation: Invocation, claim: Claim, state: PhoneNumberState, before: Settings) -> Claim:
    """Set an adopted number's target, description, tags and flow back to what they were before."""
    state = _move(invocation, claim, state, before, 0)
    claim = invocation.reread(claim)
    if state.description != before.description:
        _set_description(invocation, claim, before.description, 0)
    claim = _update_tags(invocation, claim, state, before)
    # Unless a change that concerns the flow was begun, it is what it was.
    return _associate_flow(invocation, claim, state, before) if claim.is_flow_before_known else claim


def _wait_until_provided(invocation: Invocation, claim: Claim) -> PhoneNumberState:
    if not claim.provisioned:
        return wait_until_claimed(invocation, claim)
    state = invocation.connect.describe(claim.arn)
    if state is None:
        raise Failed(
            f"Amazon Connect knows no number {claim.phone_number} ({claim.arn}) any more: it was released outside "
            "CloudFormation. Add a resource with another logical id to claim a new one, and remove this one."
        )
    return state


def _write_down(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> Claim:
    if claim.provisioned and claim.country_code and claim.phone_number == state.phone_number:
        return claim
    written = replace(
        claim,
        provisioned=True,
        phone_number=state.phone_number,
        country_code=state.country_code,
        type=state.type,
        applied_tags=tuple(claim.applied_tags or claim.opening.tags),
    )
    owner = invocation.ledger.number(state.phone_number)
    if owner is not None:
        return invocation.ledger.save(written)
    # Which number an import brings is known only now.
    return invocation.ledger.save(written, NumberReservation.of(state.phone_number, claim.own_key))


def _put_ownership_tags(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> PhoneNumberState:
    """Put the ownership tags on a number that lacks them: the role may change only numbers that carry them."""
    tags = invocation.ownership_tags(claim)
    missing = {key: value for key, value in tags.items() if state.tags.get(key) != value}
    if missing:
        _change(lambda: invocation.tag(claim.arn, missing), f"the ownership tags of {claim.phone_number}")
    return replace(state, tags={**state.tags, **missing})


def _move(
    invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings, turn: int
) -> PhoneNumberState:
    if _is_at(state, desired):
        return state
    if state.target_arn != desired.target_arn:
        # A move drops the flow's association, so this is written down before: whoever goes on puts it back.
        claim = _with_flow_before(invocation, claim, state, desired.contact_flow_arn)
        invocation.ledger.save(replace(claim, flow_may_differ=True))
        token = tokens.change_token(claim.arn, invocation.worker, turn, desired.target_arn)
        _change(
            lambda: invocation.connect.move(claim.arn, desired.target_arn, token),
            f"{claim.phone_number} to TargetArn {desired.target_arn}",
        )
    polls = 0
    while True:
        moved = invocation.connect.describe(claim.arn)
        if moved is not None and _is_at(moved, desired):
            return moved
        if moved is not None and moved.status == "FAILED":
            raise Failed(
                f"Amazon Connect could not move {claim.phone_number} to TargetArn {desired.target_arn}: "
                f"{moved.message.rstrip('.') or 'no reason given'}. If the target has reached its limit, release "
                "numbers there or ask for a higher quota, then deploy again."
            )
        invocation.timing.backoff(polls, f"{claim.phone_number} is being moved to {desired.target_arn}", 5.0)
        polls += 1


def _is_at(state: PhoneNumberState, desired: Settings) -> bool:
    # FAILED is said of a number whose last move failed, too. It is still claimed, where it was before.
    return state.target_arn == desired.target_arn and state.status != "IN_PROGRESS"


def _update_description(
    invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings, turn: int
) -> None:
    is_left_alone = claim.specification.adopt and not desired.description
    if state.description == desired.description or is_left_alone:
        return
    _set_description(invocation, claim, desired.description, turn)


def _set_description(invocation: Invocation, claim: Claim, description: str, turn: int) -> None:
    token = tokens.change_token(claim.arn, invocation.worker, turn, description)
    _change(
        lambda: invocation.connect.describe_as(claim.arn, description, token),
        f"the Description of {claim.phone_number}",
    )


def _update_tags(invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings) -> Claim:
    tags = desired.tags
    missing = {key: value for key, value in tags.items() if state.tags.get(key) != value}
    # Only what an earlier deployment set is removed: tags that people put on the number by hand stay.
    keys_to_remove = [key for key in claim.applied_tags if key not in tags and key in state.tags]
    total = len(set(state.tags) - set(keys_to_remove) | set(tags))
    if total > rules.MAX_TAGS:
        raise Failed(
            f"Tags: {claim.phone_number} would have {total} tags with those that were put on it outside "
            f"CloudFormation, but {rules.MAX_TAGS} are allowed. Remove {total - rules.MAX_TAGS}."
        )
    if set(desired.tags) - set(claim.applied_tags):
        # Written down before the call, so that a tag that is set is one that a later deployment may remove.
        keys = dict.fromkeys((*claim.applied_tags, *desired.tags))
        claim = invocation.ledger.save(replace(claim, applied_tags=tuple(keys)))
    subject = f"the Tags of {claim.phone_number}"
    if keys_to_remove:
        _change(lambda: invocation.connect.untag(claim.arn, keys_to_remove), subject)
    if missing:
        _change(lambda: invocation.tag(claim.arn, missing), subject)
    if set(claim.applied_tags) != set(desired.tags):
        claim = invocation.ledger.save(replace(claim, applied_tags=tuple(desired.tags)))
    return claim


def _associate_flow(invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings) -> Claim:
    if claim.applied_flow_arn == desired.contact_flow_arn and not claim.flow_may_differ:
        return claim
    # The flow is written down before the call: should this invocation die, a rollback knows what to take away.
    claim = _with_flow_before(invocation, claim, state, desired.contact_flow_arn)
    flow_arn = desired.contact_flow_arn or claim.applied_flow_arn
    if not claim.flow_may_differ or claim.applied_flow_arn != flow_arn:
        claim = invocation.ledger.save(replace(claim, applied_flow_arn=flow_arn, flow_may_differ=True))
    subject = f"{claim.phone_number} with ContactFlowArn {flow_arn}"
    if desired.contact_flow_arn:
        _change(lambda: invocation.connect.associate(claim.arn, flow_arn), subject)
    elif flow_arn and _may_have(flow_arn, state):
        _change(lambda: _disassociate(invocation, claim), subject)
    return invocation.ledger.save(replace(claim, applied_flow_arn=desired.contact_flow_arn, flow_may_differ=False))


def _with_flow_before(invocation: Invocation, claim: Claim, state: PhoneNumberState, flow_arn: str) -> Claim:
    """Return the claim of an adopted number with the flow that the number has, read before the first change of it."""
    before = claim.settings_before_adoption
    if before is None or claim.is_flow_before_known:
        return claim
    # A number of a group has a flow in each of the group's instances. Only that of our own instance is changed.
    instance_arn = state.target_arn if rules.instance_id_of(state.target_arn) else rules.instance_arn_of(flow_arn)
    found = invocation.connect.flow_of(claim.arn, instance_arn) if instance_arn else ""
    before = replace(before, contact_flow_arn=found)
    return replace(claim, settings_before_adoption=before, is_flow_before_known=True)


def _may_have(flow_arn: str, state: PhoneNumberState) -> bool:
    # A move to another instance has taken the flow away, and Connect refuses to take it away again.
    instance = rules.instance_id_of(state.target_arn)
    return instance is None or instance == rules.contact_flow_ids(flow_arn)[0]


def _disassociate(invocation: Invocation, claim: Claim) -> None:
    try:
        invocation.connect.disassociate(claim.arn, claim.applied_flow_arn)
    except ConnectError as error:
        # A move has taken it away already, or the flow is deleted.
        if error.kind is not ErrorKind.NOT_FOUND:
            raise


def _change(call: Callable[[], None], subject: str) -> None:
    try:
        call()
    except ConnectError as error:
        raise Failed(error.remediation(subject)) from error
