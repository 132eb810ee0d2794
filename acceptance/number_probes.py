"""Probes of Connect with the one number. None of them claims or releases another number.

A repeated claim names a number that the account already holds, so there is nothing to claim. A repeated release names a
number that is gone.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from .asking import Asker, Members, Reply
from .assumptions import in_words
from .number import Number
from .probes import Context, Finding, Probe, Stage

REPEATED_CLAIMS: Final = 4
"""The number of ClaimPhoneNumber calls that may be refused, and may then count toward the 200 %."""

_TOKEN_MEMORY: Final = in_words("Connect remembers a client token")
_SHOWN_IN_TIME: Final = in_words("A claimed number shows in ListPhoneNumbersV2 and DescribePhoneNumber")
_NOT_AVAILABLE: Final = in_words("A refusal that is a lost race names the number")
_BY_ID_AND_ARN: Final = "DescribePhoneNumber knows a number by its id and by its ARN alike."
_GROUP_NUMBERS: Final = (
    "ListPhoneNumbersV2 lists a number of a traffic distribution group only where the group is named."
)
_TOKEN_PARAMETERS: Final = "A client token that comes again with other parameters is an IdempotencyException."
_RELEASE_REPEATED: Final = "A release that is repeated does no harm, be it with the same token or with another one."

_GONE_PATIENCE_SECONDS: Final = 300
_PAUSE_SECONDS: Final = 10.0


def shown_after_claim(context: Context) -> Finding:
    """Return when Connect first showed the number."""
    number = context.number
    listed = context.sightings.listed(number.arn)
    described = context.sightings.described(number.arn)
    if listed is None or described is None:
        return Finding(False, "The number was not seen while its stack was being deployed.")
    context.asker.replies += [listed, described]
    if number.claimed_at is None:
        return Finding(False, "The moment of the claim is not known: the ledger could not be read.")
    seconds = [max(reply.at - number.claimed_at, 0.0) for reply in (listed, described)]
    return Finding(
        True,
        f"Listed {seconds[0]:.0f} seconds after the claim, described {seconds[1]:.0f} seconds after it, at the latest: "
        "it was looked every few seconds.",
    )


def described_by_id_and_arn(context: Context) -> Finding:
    """Ask for the number by its id and by its ARN."""
    by_arn = context.asker.ask("by ARN", "DescribePhoneNumber", PhoneNumberId=context.number.arn)
    by_id = context.asker.ask("by id", "DescribePhoneNumber", PhoneNumberId=context.number.id)
    same = " alike" if by_arn.response == by_id.response else ""
    return Finding(True, f"By ARN: {by_arn.outcome}{same}. By id: {by_id.outcome}{same}.")


def group_number_without_target(context: Context) -> Finding:
    """List the number with and without its target."""
    if context.number.instance_id is not None:
        return Finding(False, "The number belongs to an instance, not to a traffic distribution group.")
    named = _list(context, "with the group", TargetArn=context.number.target_arn)
    unnamed = _list(context, "without a target")
    if not _has_number(named):
        return Finding(False, "The number is not listed where its group is named either.")
    return Finding(True, f"Listed without its target: {'yes' if _has_number(unnamed) else 'no'}.")


def claim_repeated_at_once(context: Context) -> Finding:
    """Repeat the claim with its token, right after it."""
    return _claim_repeated(context, "the same call, right after it")


def claim_repeated_late(context: Context) -> Finding:
    """Repeat the claim with its token when only the release is left to do."""
    return _claim_repeated(context, "the same call, much later")


def claim_with_other_description(context: Context) -> Finding:
    """Repeat the claim with its token and another description."""
    if not context.may_repeat_claims:
        return _no_room()
    parameters: dict[str, Any] = {
        **context.number.claim_parameters,
        "PhoneNumberDescription": "Acceptance, with another description",
    }
    reply = context.asker.ask("the same token, another description", "ClaimPhoneNumber", **parameters)
    is_refused = reply.error_code == "IdempotencyException"
    is_replayed = _is_number(context.number, reply)
    return Finding(is_refused or is_replayed, _what_came(context.number, reply))


def claim_of_number_that_is_taken(context: Context) -> Finding:
    """Claim the number that the account already holds, to see the text with which Connect refuses it."""
    if not context.may_repeat_claims:
        return _no_room()
    parameters: dict[str, Any] = {**context.number.claim_parameters, "ClientToken": str(uuid4())}
    reply = context.asker.ask("the number once more, with another token", "ClaimPhoneNumber", **parameters)
    is_invalid = reply.error_code == "InvalidParameterException"
    is_named = context.number.phone_number in reply.error_message
    names = "" if reply.response is not None else f" The message {'names' if is_named else 'DOES NOT NAME'} the number."
    return Finding(is_invalid, _what_came(context.number, reply) + names)


def release_repeated(context: Context) -> Finding:
    """Release the number, which is already gone, two more times."""
    number, asker = context.number, context.asker
    if not _is_gone(number, asker):
        return Finding(False, f"DescribePhoneNumber still knew the number after {_GONE_PATIENCE_SECONDS} seconds.")
    same = asker.ask("the same token", "ReleasePhoneNumber", PhoneNumberId=number.id, ClientToken=number.release_token)
    other = asker.ask("another token", "ReleasePhoneNumber", PhoneNumberId=number.id, ClientToken=str(uuid4()))
    return Finding(True, f"The same token came again: {same.outcome}. Another one: {other.outcome}.")


def _claim_repeated(context: Context, label: str) -> Finding:
    if not context.may_repeat_claims:
        return _no_room()
    reply = context.asker.ask(label, "ClaimPhoneNumber", **context.number.claim_parameters)
    is_replayed = _is_number(context.number, reply)
    # A refusal can also mean that a token is valid only for the caller who used it first: here, the function.
    return Finding(is_replayed, _what_came(context.number, reply))


def _no_room() -> Finding:
    return Finding(False, "Refused claims may count toward the 200 % rule, and there is no room for them.")


def _what_came(number: Number, reply: Reply) -> str:
    if reply.response is not None:
        return f"Answered with {'the same ARN' if _is_number(number, reply) else 'ANOTHER ARN'}."
    return f"{reply.error_code}: {reply.error_message}"


def _is_number(number: Number, reply: Reply) -> bool:
    return reply.response is not None and reply.response.get("PhoneNumberArn") == number.arn


def _is_gone(number: Number, asker: Asker) -> bool:
    waited = 0.0
    while asker.ask("after its release", "DescribePhoneNumber", PhoneNumberId=number.arn).response is not None:
        if waited >= _GONE_PATIENCE_SECONDS:
            return False
        asker.sleep(_PAUSE_SECONDS)
        waited += _PAUSE_SECONDS
    return True


def _list(context: Context, label: str, **parameters: Any) -> Reply:
    return context.asker.ask(
        label,
        "ListPhoneNumbersV2",
        keep=_alone(context.number),
        PhoneNumberPrefix=context.number.phone_number[:12],
        **parameters,
    )


def _has_number(reply: Reply) -> bool:
    return bool(reply.response and reply.response["ListPhoneNumbersSummaryList"])


def _alone(number: Number) -> Callable[[Members], Members]:
    def keep(response: Members) -> Members:
        found = response.get("ListPhoneNumbersSummaryList", [])
        return {"ListPhoneNumbersSummaryList": [one for one in found if one.get("PhoneNumberArn") == number.arn]}

    return keep


PROBES: Final = (
    Probe(
        "shown-after-claim",
        _SHOWN_IN_TIME,
        Stage.CLAIMED,
        ("connect:ListPhoneNumbersV2", "connect:DescribePhoneNumber"),
        shown_after_claim,
    ),
    # Early, because the time since the claim matters.
    Probe(
        "claim-repeated-at-once",
        _TOKEN_MEMORY,
        Stage.CLAIMED,
        ("connect:ClaimPhoneNumber",),
        claim_repeated_at_once,
    ),
    Probe(
        "described-by-id-and-arn",
        _BY_ID_AND_ARN,
        Stage.CLAIMED,
        ("connect:DescribePhoneNumber",),
        described_by_id_and_arn,
    ),
    Probe(
        "group-number-without-target",
        _GROUP_NUMBERS,
        Stage.CLAIMED,
        ("connect:ListPhoneNumbersV2",),
        group_number_without_target,
    ),
    Probe(
        "claim-with-other-description",
        _TOKEN_PARAMETERS,
        Stage.REPLACEMENT_REFUSED,
        ("connect:ClaimPhoneNumber",),
        claim_with_other_description,
    ),
    Probe(
        "claim-of-number-that-is-taken",
        _NOT_AVAILABLE,
        Stage.REPLACEMENT_REFUSED,
        ("connect:ClaimPhoneNumber",),
        claim_of_number_that_is_taken,
    ),
    Probe(
        "claim-repeated-late",
        _TOKEN_MEMORY,
        Stage.BEFORE_RELEASE,
        ("connect:ClaimPhoneNumber",),
        claim_repeated_late,
    ),
    Probe(
        "release-repeated",
        _RELEASE_REPEATED,
        Stage.RELEASED,
        ("connect:DescribePhoneNumber", "connect:ReleasePhoneNumber"),
        release_repeated,
    ),
)
