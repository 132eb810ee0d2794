"""Converging: a claimed number gets the target, description, tags and flow that are desired.

The desired settings are those of the latest request. They are read from the ledger, not from the request at hand, and
are read again at the end. When two invocations change one number at the same time, the one that ends last therefore
applies the latest desired settings.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from .. import contract, rules, tokens
from ..claim import SETTLED_AFTER_SECONDS, Claim, ClaimState, Settings
from ..connect.errors import ConnectError, ErrorKind
from ..connect.gateway import PhoneNumberState
from ..ledger.items import NumberReservation
from ..ledger.store import Conflict
from .claiming import wait_until_claimed
from .context import Failed, Invocation, Superseded

_SURELY_REFUSED: Final = 2
"""How many times in a row Connect must refuse a call before this is believed."""


def converge(invocation: Invocation, claim: Claim) -> tuple[Claim, PhoneNumberState]:
    """Converge the number to the desired settings. Return the claim and the state of the number in Connect.

    Raises
    ------
    Superseded
        The claim was canceled in the meantime. Or a later request asks for other settings, while none were set yet.
    Failed
        Connect refuses a change. The message says which change, and why.
    """
    turn = 0
    while True:
        turn += 1
        if not claim.is_open:
            raise Superseded
        state = _wait_until_provided(invocation, claim)
        _refuse_other_provider(invocation, claim, state)
        desired = claim.desired
        seen = _as_seen(claim, state)
        if claim.phone_number == state.phone_number and _is_as_desired(invocation, seen, state):
            return seen, state
        try:
            claim = _write_down(invocation, claim, seen)
            with invocation.connect.checked(partial(_ensure_desired, invocation, claim, desired)):
                state = _put_ownership_tags(invocation, claim, state)
                must_move = _must_move(invocation, claim, state, desired)
                state = _move(invocation, claim, state, desired, turn)
                claim = _still_open(invocation, claim)
                if claim.desired != desired:
                    # A later request has asked for something else while this one waited for Connect.
                    if turn == 1 and not must_move:
                        raise Superseded
                    continue
                claim = _update_tags(invocation, claim, state, desired, _tags_of_desired(claim, state, desired))
                claim = _associate_flow(invocation, claim, state, desired)
                _update_description(invocation, claim, state, desired, turn)
        except Conflict:
            claim = invocation.reread(claim)
            continue
        claim = invocation.reread(claim)
        if claim.desired == desired and claim.is_open:
            return claim, state


def as_provided(invocation: Invocation, claim: Claim) -> Claim:
    """Wait until Connect has provided the number, and return the claim with what Connect says of it.

    Raises
    ------
    Superseded
        The claim was canceled in the meantime.
    Failed
        Connect cannot provide the number, or does not know it.
    """
    return _as_seen(claim, _wait_until_provided(invocation, claim))


def _ensure_desired(invocation: Invocation, claim: Claim, desired: Settings) -> None:
    """Raise ``Conflict`` if a later request has asked for other settings, or has closed the claim."""
    claim = invocation.reread(claim)
    if claim.desired != desired or not claim.is_open:
        raise Conflict


def _still_open(invocation: Invocation, claim: Claim) -> Claim:
    """Return the claim as it is now. A number that is parked by now must not be changed any more."""
    claim = invocation.reread(claim)
    if not claim.is_open:
        raise Superseded
    return claim


def restore(invocation: Invocation, claim: Claim, state: PhoneNumberState, before: Settings) -> Claim:
    """Set an adopted number's target, description, tags and flow back to what they were before."""
    state = _move(invocation, claim, state, before, 0)
    claim = invocation.reread(claim)
    asked = claim.asked_so_far
    claim = _update_tags(invocation, claim, state, before, _tags_to_put(state, before, asked))
    if claim.is_flow_before_known:
        # Otherwise no change that affects the flow was begun, so the flow is still what it was.
        claim = _associate_flow(invocation, claim, state, before)
    # The last one, because a number can be IN_PROGRESS after it, which need not be waited for.
    if state.description != before.description or any(one.description not in ("", before.description) for one in asked):
        _set_description(invocation, claim, before.description, 0)
    return claim


def _wait_until_provided(invocation: Invocation, claim: Claim) -> PhoneNumberState:
    if not claim.provisioned:
        return wait_until_claimed(invocation, claim)
    # One "not found" proves nothing.
    state = invocation.connect.describe(claim.arn) or invocation.connect.describe(claim.arn)
    if state is None and claim.is_taken and claim.state is ClaimState.OPENING:
        raise Failed(
            f"Amazon Connect knows no number {claim.phone_number} ({claim.arn}) any more: it was released outside "
            "CloudFormation while it was parked. Deploy again, and another number is claimed."
        )
    if state is None:
        raise Failed(
            f"Amazon Connect knows no number {claim.phone_number} ({claim.arn}) any more: it was released outside "
            "CloudFormation. Add a resource with another logical id to claim a new one, and remove this one."
        )
    return state


def _refuse_other_provider(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> None:
    """Refuse a number that was parked and that another provider has by now. A person may have given it that number."""
    provider = state.tags.get(contract.PROVIDER_TAG, invocation.scope.provider_id)
    if claim.is_taken and claim.state is ClaimState.OPENING and provider != invocation.scope.provider_id:
        raise Failed(
            f"{claim.phone_number} was parked, but another provider of phone numbers ({provider}) has it now. Deploy "
            "again, and another number is taken or claimed."
        )


def _as_seen(claim: Claim, state: PhoneNumberState) -> Claim:
    """Return the claim with what Connect says of its number."""
    if claim.provisioned and claim.country_code and claim.phone_number == state.phone_number:
        return claim
    return replace(
        claim,
        provisioned=True,
        phone_number=state.phone_number,
        country_code=state.country_code,
        type=state.type,
        applied_tags=tuple(claim.applied_tags or claim.opening.tags),
    )


def _is_as_desired(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> bool:
    """Return whether nothing has to be changed, as with a number that was claimed with its settings."""
    desired = claim.desired
    ownership_tags = invocation.ownership_tags(claim)
    return (
        _is_at(state, desired)
        and not _must_move(invocation, claim, state, desired)
        and has_description(claim, state, desired)
        and all(state.tags.get(key) == value for key, value in ownership_tags.items())
        and not _tags_of_desired(claim, state, desired)
        and set(claim.applied_tags) == set(desired.tags)
        and claim.applied_flow_arn == desired.contact_flow_arn
        and not claim.flow_may_differ
    )


def _write_down(invocation: Invocation, claim: Claim, seen: Claim) -> Claim:
    if seen is claim:
        return claim
    owner = invocation.ledger.number(seen.phone_number)
    if owner is not None:
        return invocation.ledger.save(seen)
    # The phone number of an import is known only now.
    return invocation.ledger.save(seen, NumberReservation.of(seen.phone_number, claim.own_key))


def _put_ownership_tags(invocation: Invocation, claim: Claim, state: PhoneNumberState) -> PhoneNumberState:
    """Put the ownership tags on a number that lacks them. The role may change only numbers that carry them."""
    tags = invocation.ownership_tags(claim)
    if any(state.tags.get(key) != value for key, value in tags.items()):
        # All of them, because some may be shown that are there no longer.
        _change(lambda: invocation.tag(claim.arn, tags), f"the ownership tags of {claim.phone_number}")
    return replace(state, tags={**state.tags, **tags})


def _move(
    invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings, turn: int
) -> PhoneNumberState:
    has_called = _must_move(invocation, claim, state, desired)
    if has_called:
        # A move drops the flow's association. This is recorded before the move, so that any invocation that continues
        # restores the association.
        claim = _with_flow_before(invocation, claim, state, desired.contact_flow_arn)
        targets = claim.targets
        others = tuple(target for target in targets if target != desired.target_arn)
        claim = invocation.ledger.save(
            replace(
                claim,
                flow_may_differ=True,
                targets=(*others, desired.target_arn),
                moved_at=0,
            )
        )
        token = tokens.change_token(claim.arn, invocation.worker, turn, desired.target_arn)
        # Connect may refuse to move a number to where it is.
        refusals = (ErrorKind.INVALID,) if _is_at(state, desired) else ()
        try:
            is_surely_refused(
                invocation,
                lambda: invocation.connect.move(claim.arn, desired.target_arn, token),
                refusals,
                f"the move of {claim.phone_number} is refused",
            )
        except ConnectError as error:
            if error.kind is not ErrorKind.UNCERTAIN:
                invocation.ledger.save(replace(claim, targets=targets))
            raise Failed(error.remediation(f"{claim.phone_number} to TargetArn {desired.target_arn}")) from error
        with suppress(Conflict):
            # If it is not written down, the number is moved once more, and stays where it is.
            invocation.ledger.save(replace(claim, moved_at=invocation.timing.now()))
    elif _is_at(state, desired):
        return state
    polls = 0
    while True:
        moved = invocation.connect.describe(claim.arn)
        if moved is not None and _is_at(moved, desired):
            return moved
        if moved is not None and not has_called and _must_move(invocation, claim, moved, desired):
            # What was waited for was something else.
            return _move(invocation, claim, moved, desired, turn)
        if moved is not None and moved.status == "FAILED":
            raise Failed(
                f"Amazon Connect could not move {claim.phone_number} to TargetArn {desired.target_arn}: "
                f"{moved.message.rstrip('.') or 'no reason given'}. If the target has reached its limit, release "
                "numbers there or ask for a higher quota, then deploy again."
            )
        invocation.timing.backoff(polls, f"{claim.phone_number} is being moved to {desired.target_arn}", 5.0)
        polls += 1


def _must_move(invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings) -> bool:
    """Return whether a number is to be moved, because it may be elsewhere and is not on its way."""
    is_elsewhere = state.target_arn != desired.target_arn
    if claim.targets[-1:] != (desired.target_arn,):
        return is_elsewhere or bool(claim.targets)
    if claim.moved_at and state.status == "IN_PROGRESS":
        return False
    # By then, Connect shows the last move, and no call takes effect any more that was made before it.
    is_settled = claim.moved_at and invocation.timing.now() > claim.moved_at + SETTLED_AFTER_SECONDS
    return is_elsewhere or (len(claim.targets) > 1 and not is_settled)


def is_surely_refused(
    invocation: Invocation, call: Callable[[], None], refusals: Collection[ErrorKind], problem: str
) -> bool:
    """Make a call, again if it is refused, and return whether each time it was.

    Parameters
    ----------
    refusals
        The refusals that count. Any other error is raised.
    problem
        What is waited for between the calls, for the person who deploys.
    """
    for attempt in range(_SURELY_REFUSED):
        try:
            call()
        except ConnectError as error:
            if error.kind not in refusals:
                raise
            invocation.timing.backoff(attempt, problem, 5.0)
        else:
            return False
    return True


def _is_at(state: PhoneNumberState, desired: Settings) -> bool:
    # A number whose last move failed also has the status FAILED. It is still claimed, at its previous target.
    return state.target_arn == desired.target_arn and state.status != "IN_PROGRESS"


def _gets_everything(claim: Claim) -> bool:
    """Return whether all that is desired is set, whatever Connect shows: nobody knows what others have just changed."""
    return claim.is_adopted and not claim.is_applied


def _update_description(
    invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings, turn: int
) -> None:
    if has_description(claim, state, desired):
        return
    _set_description(invocation, claim, desired.description, turn)
    polls = 0
    while (changed := invocation.connect.describe(claim.arn)) is None or changed.status == "IN_PROGRESS":
        # Connect documents this status for UpdatePhoneNumberMetadata, too. And one "not found" proves nothing.
        invocation.timing.backoff(polls, f"the Description of {claim.phone_number} is being changed", 5.0)
        polls += 1


def has_description(claim: Claim, state: PhoneNumberState, desired: Settings) -> bool:
    """Return whether a number has the description that is desired. That of an adopted number may be left alone."""
    if desired.leaves_description(claim.specification):
        return True
    descriptions = {state.description, *(asked.description for asked in claim.asked_before)}
    return descriptions == {desired.description} and not _gets_everything(claim)


def _set_description(invocation: Invocation, claim: Claim, description: str, turn: int) -> None:
    token = tokens.change_token(claim.arn, invocation.worker, turn, description)
    _change(
        lambda: invocation.connect.describe_as(claim.arn, description, token),
        f"the Description of {claim.phone_number}",
    )


def _tags_of_desired(claim: Claim, state: PhoneNumberState, desired: Settings) -> dict[str, str]:
    """Return the desired tags that are still to be put on a number."""
    return dict(desired.tags) if _gets_everything(claim) else _tags_to_put(state, desired, claim.asked_before)


def _tags_to_put(state: PhoneNumberState, desired: Settings, asked: tuple[Settings, ...]) -> dict[str, str]:
    """Return the desired tags that a number does not have, or was not to have before."""
    return {
        key: value
        for key, value in desired.tags.items()
        if any(tags.get(key) != value for tags in (state.tags, *(one.tags for one in asked)))
    }


def _update_tags(
    invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings, missing: Mapping[str, str]
) -> Claim:
    tags = desired.tags
    # Only tags that an earlier deployment set are removed. Tags that people put on the number by hand stay.
    keys_to_remove = [key for key in claim.applied_tags if key not in tags]
    if set(desired.tags) - set(claim.applied_tags):
        # The keys are recorded before the call, so that a later deployment may remove every tag that was set.
        keys = dict.fromkeys((*claim.applied_tags, *desired.tags))
        claim = invocation.ledger.save(replace(claim, applied_tags=tuple(keys)))
    subject = f"the Tags of {claim.phone_number}"
    if keys_to_remove:
        _change(lambda: invocation.connect.untag(claim.arn, keys_to_remove), subject)
    if missing:
        try:
            _change(lambda: invocation.tag(claim.arn, missing), subject)
        except Failed as problem:
            # Only Connect can tell: some of the tags that it shows may be gone.
            total = len(set(state.tags) - set(keys_to_remove) | set(tags))
            if total <= rules.MAX_TAGS:
                raise
            raise Failed(
                f"Tags: {claim.phone_number} would have {total} tags with those that were put on it outside "
                f"CloudFormation, but {rules.MAX_TAGS} are allowed. Remove {total - rules.MAX_TAGS}."
            ) from problem
    if set(claim.applied_tags) != set(desired.tags):
        claim = invocation.ledger.save(replace(claim, applied_tags=tuple(desired.tags)))
    return claim


def _associate_flow(invocation: Invocation, claim: Claim, state: PhoneNumberState, desired: Settings) -> Claim:
    if claim.applied_flow_arn == desired.contact_flow_arn and not claim.flow_may_differ:
        return claim
    # The flow is recorded before the call. If this invocation dies, a rollback knows which flow to remove.
    claim = _with_flow_before(invocation, claim, state, desired.contact_flow_arn)
    flow_arn = desired.contact_flow_arn or claim.applied_flow_arn
    if not claim.flow_may_differ or claim.applied_flow_arn != flow_arn:
        claim = invocation.ledger.save(replace(claim, applied_flow_arn=flow_arn, flow_may_differ=True))
    subject = f"{claim.phone_number} with ContactFlowArn {flow_arn}"
    try:
        if desired.contact_flow_arn:
            _change(lambda: invocation.connect.associate(claim.arn, flow_arn), subject)
        elif flow_arn and may_have(flow_arn, state):
            _change(lambda: disassociate(invocation, claim), subject)
        return invocation.ledger.save(replace(claim, applied_flow_arn=desired.contact_flow_arn, flow_may_differ=False))
    except Conflict:
        # A later request may have set its flow before this call took effect.
        _set_again(invocation, claim, flow_arn)
        raise


def _set_again(invocation: Invocation, claim: Claim, flow_arn: str) -> None:
    """Record on a claim that was changed meanwhile that its number may have another flow than was written down."""
    while (present := invocation.reread(claim)).is_open:
        with suppress(Conflict):
            invocation.ledger.save(
                replace(present, applied_flow_arn=present.applied_flow_arn or flow_arn, flow_may_differ=True)
            )
            return


def _with_flow_before(invocation: Invocation, claim: Claim, state: PhoneNumberState, flow_arn: str) -> Claim:
    """Return an adopted number's claim with the flow that the number has, read before the flow is first changed."""
    before = claim.settings_before_adoption
    if before is None or claim.is_flow_before_known:
        return claim
    # A number of a traffic distribution group has a flow in each of the group's instances. Only the flow of one
    # instance is changed: the instance that ``flow_arn`` belongs to.
    instance_arn = state.target_arn if rules.instance_id_of(state.target_arn) else rules.instance_arn_of(flow_arn)
    found = invocation.connect.flow_of(claim.arn, instance_arn) if instance_arn else ""
    before = replace(before, contact_flow_arn=found)
    return replace(claim, settings_before_adoption=before, is_flow_before_known=True)


def may_have(flow_arn: str, state: PhoneNumberState) -> bool:
    """Return whether a number may have a flow, as far as its target tells."""
    # A move to another instance has removed the flow, and Connect refuses to remove it again.
    instance = rules.instance_id_of(state.target_arn)
    return instance is None or instance == rules.contact_flow_ids(flow_arn)[0]


def disassociate(invocation: Invocation, claim: Claim, is_needed: Callable[[], bool] = lambda: True) -> None:
    """Remove the flow that was set on a number, if it is still there. ``is_needed`` is called before each try."""
    try:
        invocation.connect.disassociate(claim.arn, claim.applied_flow_arn, is_needed)
    except ConnectError as error:
        # A move has already removed the association, or the flow was deleted.
        if error.kind is not ErrorKind.NOT_FOUND:
            raise


def _change(call: Callable[[], None], subject: str) -> None:
    try:
        call()
    except ConnectError as error:
        raise Failed(error.remediation(subject)) from error
