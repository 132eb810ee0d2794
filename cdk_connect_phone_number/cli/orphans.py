"""Orphans: numbers with the tags of a provider that nobody has. How one is found beyond doubt, and released.

No ledger knows the number, so none is written. Otherwise this follows ``lifecycle/closing.py`` of the function: it
checks right before each try whether the number may be released, and it sends the client token that every release of
this ARN has.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from .connect_reads import ConnectReads
from .function_code import (
    budget,
    contract,
    errors,
    gateway,
    hint,
    pacing,
    rules,
    snapshot,
    stacks,
    timing,
    tokens,
)
from .inventory import NumberRecord, OwnerKind, take_inventory
from .ledgers import LedgerContents
from .places import Place
from .problems import Finding, Problem
from .progress import Watch

COOL_DOWN_DAYS: Final = 180
"""For up to so many days, a number that was released cannot be claimed again.

https://docs.aws.amazon.com/connect/latest/APIReference/API_ReleasePhoneNumber.html
"""
RELEASE_POLICY: Final = "docs/operators-release-policy.json"
"""The statement that allows the release."""
_RELEASE_SECONDS: Final = 300
"""For so long, a release is tried that Connect throttles, or that has no clear response."""
_OTHERS: Final = {
    OwnerKind.STACK: "{resource} has it. Remove it from that stack, and its provider releases it.",
    OwnerKind.ADOPTED: "{resource} has adopted it. Remove it from that stack, with DeletionPolicy Delete.",
    OwnerKind.PARKED: "a provider keeps it until {parked_until}, and then releases it.",
    OwnerKind.LISTED: "it is on the list of pool {pool}. Remove it from the list first.",
    OwnerKind.RETAINED: (
        "it was removed from {resource} on purpose, and was to stay. Adopt it again with the removal policy DESTROY, "
        "then remove that resource."
    ),
    OwnerKind.SOMEBODY_ELSE: (
        "it has no tags of a provider, so a person or another program has claimed it. Ask them, and release it where "
        "it was claimed."
    ),
    OwnerKind.UNKNOWN: "its owner cannot be found out.",
}


class NotHeld(Problem):
    """The account does not hold the number."""


class _Released(Exception):
    """A try that had no clear response has released the number."""


@dataclass(frozen=True)
class Orphan:
    """An orphan, beyond doubt at the time at which it was looked at.

    Parameters
    ----------
    ledgers
        The ledgers of the place, none of which has an open claim of the number.
    closed_at
        When the claim was closed that the number's tags name, in seconds since the epoch. 0 if no ledger has it.
    """

    record: NumberRecord
    ledgers: tuple[LedgerContents, ...]
    closed_at: int

    def allowances(self, now: float) -> list[tuple[LedgerContents, budget.Allowance, budget.Allowance]]:
        """Return what each provider's budget leaves now and after the release, once it is told of the release."""
        found: list[tuple[LedgerContents, budget.Allowance, budget.Allowance]] = []
        for contents in self.ledgers:
            before = contents.allowance(now)
            sums = replace(before.budget, committed=before.budget.committed + 1, used=before.budget.used + 1)
            found.append((contents, before, replace(before, budget=sums)))
        return found


def find_orphan(place: Place, phone_number: str, watch: Watch) -> Orphan:
    """Return an orphan.

    Raises
    ------
    NotHeld
        The account does not hold the number.
    Problem
        The number is none, or that is not certain.
    """
    findings: list[Finding] = []
    inventory = take_inventory(place, (), findings, watch, lambda listed: listed.phone_number == phone_number)
    doubts = [one.text for one in findings if one.is_unread]
    if doubts:
        raise _refusal(phone_number, f"it is not certain that it is an orphan. {doubts[0]}")
    if not inventory.numbers:
        raise NotHeld(
            f"{phone_number} is not released: {place} has no such number. Check the number, the account and the Region."
        )
    (record,) = inventory.numbers
    if record.owner is not OwnerKind.ORPHAN:
        raise _refusal(phone_number, _whose(record))
    _check_place(place, record)
    _check_stacks(place, record)
    if record.status != "CLAIMED":
        raise _refusal(
            phone_number,
            f"Amazon Connect says {record.status} of it. It may be being moved. If Connect could not provide it, it "
            "takes it back itself within a day. Try again when its status is CLAIMED.",
        )
    claim_id = (record.tags or {}).get(contract.CLAIM_TAG, "")
    closed = [one.closed_at for contents in inventory.ledgers for one in contents.claims if one.id == claim_id]
    return Orphan(record, inventory.ledgers, max(closed, default=0))


def release(place: Place, orphan: Orphan, sleep: Callable[[float], object], watch: Watch) -> None:
    """Release an orphan.

    Raises
    ------
    Problem
        It is none any more, or Connect refuses to release it.
    """
    arn, phone_number = orphan.record.arn, orphan.record.phone_number
    reads = ConnectReads(place.client("connect"), place.pacer)
    tries = count()

    def permit() -> None:
        is_first = next(tries) == 0
        try:
            found = find_orphan(place, phone_number, watch)
        except NotHeld:
            if is_first or not _is_gone(reads, arn):
                raise
            raise _Released from None
        if found.record.arn != arn:
            raise _refusal(phone_number, "it was released and claimed again meanwhile. Run the command again.")

    def pause(seconds: float) -> None:
        sleep(seconds)

    clock = timing.Timing(
        place.clock, pause, place.clock() + _RELEASE_SECONDS + timing.INVOCATION_MARGIN_SECONDS, lambda: 0.5
    )
    # The functions' turns are in the ledger, of which nothing is written here.
    turns = pacing.Pacing(hint.Hints(snapshot.SnapshotStore(), clock, lambda _: None))
    connect = gateway.Connect(place.releasing_client(), clock, turns)
    try:
        connect.release(arn, tokens.release_token(arn), permit)
    except _Released:
        return
    except errors.ConnectError as error:
        if error.kind in (errors.ErrorKind.NOT_FOUND, errors.ErrorKind.CHANGED_PARAMETERS) and _is_gone(reads, arn):
            return
        raise Problem(_of_connect(phone_number, error)) from error
    except timing.NotFinished as error:
        raise Problem(
            f"{phone_number} is perhaps not released: Amazon Connect has throttled the call, or has not responded, for "
            f"{_RELEASE_SECONDS // 60} minutes. Run the command again: Connect recognizes the call."
        ) from error


def _is_gone(reads: ConnectReads, arn: str) -> bool:
    # One "not found" proves nothing.
    return reads.describe(arn) is None and reads.describe(arn) is None


def _refusal(phone_number: str, reason: str) -> Problem:
    return Problem(f"{phone_number} is not released: {reason}")


def _whose(record: NumberRecord) -> str:
    values: dict[str, Any] = {
        "resource": f"{record.stack_name}/{record.logical_id}",
        "pool": record.pool,
        "parked_until": timing.date_of(record.parked_until),
    }
    note = f" ({record.note})" if record.note else ""
    return _OTHERS[record.owner].format(**values) + note


def _check_place(place: Place, record: NumberRecord) -> None:
    """Refuse a number of another place. Connect knows a number by its id only where it was claimed."""
    arn = rules.parse_phone_number_arn(record.arn)
    if arn is None or (arn.account, arn.region) != (place.account, place.region):
        raise _refusal(record.phone_number, f"{record.arn} is not of {place}. Name the Region where it was claimed.")


def _check_stacks(place: Place, record: NumberRecord) -> None:
    """Refuse a number that a resource of any type and any stack has."""
    holders = stacks.CloudFormationStacks(place.client("cloudformation")).holders(record.arn)
    if holders is None:
        raise _refusal(
            record.phone_number,
            "CloudFormation did not tell whether a stack has it. Allow cloudformation:DescribeStackResources to the "
            "caller, then try again.",
        )
    if holders:
        holder = holders[0]
        name = f"{holder.stack_name}/{holder.logical_resource_id}"
        raise _refusal(record.phone_number, f"CloudFormation has it as {name}. Remove it there first.")


def _of_connect(phone_number: str, error: errors.ConnectError) -> str:
    if error.kind is errors.ErrorKind.DENIED:
        return (
            f"{phone_number} is not released: connect:ReleasePhoneNumber is denied "
            f"({error.service_message.rstrip('. ')}). Allow it to the caller, as {RELEASE_POLICY} does."
        )
    return error.remediation(phone_number)
