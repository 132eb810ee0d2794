"""The provider's own resource: it keeps the provider from being deleted while its ledger still has work to do.

Without the function and the ledger nobody could release what is due, or release what other stacks delete later.
"""

from ..ledger.items import DUE, Claim, ClaimState
from ..protocol.answer import Answer, Status
from ..protocol.request import Request, RequestType
from .context import Attempt
from .sweeping import sweep

RESOURCE_TYPE = "Custom::ConnectPhoneNumberProvider"
_NAMED_AT_MOST = 5
_QUIET_LOOKS = 2
"""So often must nothing be found, as the index may lag behind what happened a moment ago."""
_INDEX_LAG_SECONDS = 5


def guard(attempt: Attempt, request: Request) -> Answer:
    """Return the answer to a request for the provider's own resource.

    Raises
    ------
    NotFinished
        Work is left that only time settles; another attempt goes on.
    """
    physical_id = request.physical_resource_id or f"provider-{attempt.place.provider_id}"
    if request.type is not RequestType.DELETE:
        return Answer(Status.SUCCESS, physical_id)
    polls = quiet = 0
    while quiet < _QUIET_LOOKS:
        if quiet:
            attempt.timing.sleep(_INDEX_LAG_SECONDS)
        sweep(attempt)
        unfinished = attempt.ledger.unfinished_or_live()
        used = [claim for claim in unfinished if claim.is_open and _is_needed(attempt, claim)]
        if used:
            return Answer(Status.FAILED, physical_id, _still_used(used))
        left = [claim for claim in unfinished if claim.index().get("due") == DUE and not claim.lapsing]
        failing = [claim for claim in left if claim.last_error]
        if failing:
            return Answer(Status.FAILED, physical_id, _still_due(failing))
        if left:
            attempt.timing.backoff(polls, _still_due(left), 30.0)
            polls += 1
        quiet = 0 if left else quiet + 1
    return Answer(Status.SUCCESS, physical_id)


def _is_needed(attempt: Attempt, claim: Claim) -> bool:
    # A stack can let a number go without a word: by its DeletionPolicy, or deleted with resources retained.
    return not claim.retain and attempt.stacks.holds(claim.resource, claim.arn) is not False


def _still_used(claims: list[Claim]) -> str:
    owners = ", ".join(
        f"{claim.phone_number} ({claim.logical_resource_id} of {claim.stack_id})" for claim in claims[:_NAMED_AT_MOST]
    )
    return (
        f"The provider is not deleted: {len(claims)} phone numbers still need it, for example {owners}. Delete their "
        "resources first, or retain them."
    )


def _still_due(claims: list[Claim]) -> str:
    reasons = " ".join(
        f"{claim.phone_number or claim.candidate or claim.id}: {claim.last_error or _state(claim)}"
        for claim in claims[:_NAMED_AT_MOST]
    )
    return (
        f"The provider is not deleted: {len(claims)} phone numbers are still to be released. {reasons} Delete again "
        "later: the provider goes on trying meanwhile."
    )


def _state(claim: Claim) -> str:
    return (
        "its creation is not over yet."
        if claim.state is ClaimState.OPENING
        else "it is not certain yet that nothing was claimed."
    )
