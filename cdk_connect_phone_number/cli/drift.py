"""Drift: where a number is not as its stack wants it, because somebody has changed it in Amazon Connect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .connect_reads import ConnectReads, NotRead
from .function_code import claim, context, converging, gateway, rules
from .inventory import FlowReads, Inventory
from .ledgers import LedgerContents
from .places import Place
from .problems import Finding
from .progress import Watch
from .stack_reads import Holding, StackReads


class Status(StrEnum):
    """How a number compares with what the ledger wants."""

    IN_SYNC = "in-sync"
    DRIFTED = "drifted"
    IN_PROGRESS = "in-progress"
    """It is being claimed, changed, released or parked."""
    RETAINED = "retained"
    """It differs, but was removed from its stack on purpose, so nobody wants anything of it."""
    UNKNOWN = "unknown"
    """Connect does not tell."""


class Aspect(StrEnum):
    """What of a number differs."""

    GONE = "gone"
    """Connect does not know the number any more."""
    TARGET = "target"
    FLOW = "flow"
    DESCRIPTION = "description"
    TAGS = "tags"


@dataclass(frozen=True)
class Difference:
    """One aspect of a number that is not as it should be.

    Parameters
    ----------
    wanted
        What the ledger wants. Of tags, only those that differ.
    found
        What Connect has. Empty if nothing.
    """

    aspect: Aspect
    wanted: str
    found: str


@dataclass(frozen=True)
class Compared:
    """A number, compared with what the ledger wants."""

    ledger: LedgerContents
    claim: claim.Claim
    status: Status
    differences: tuple[Difference, ...] = ()


def compare(
    place: Place,
    ledgers: Sequence[LedgerContents],
    findings: list[Finding],
    watch: Watch,
    inventory: Inventory | None = None,
) -> list[Compared]:
    """Compare each number of the ledgers of a place with Connect.

    CloudFormation is asked only about the stacks of numbers that differ.

    Parameters
    ----------
    inventory
        The inventory of the place, if it was taken. What was read for it is not read again.

    Raises
    ------
    Problem
        No call can succeed.
    """
    connect = ConnectReads(place.client("connect"), place.pacer)
    stacks = inventory.stacks if inventory else StackReads(place, findings)
    flow_reads = inventory.flows if inventory else FlowReads(place, connect, findings, watch)
    open_claims = [
        (contents, one) for contents in ledgers for one in contents.claims if one.state is not claim.ClaimState.CLOSED
    ]
    settled = [(contents, one) for contents, one in open_claims if _is_settled(one)]
    states: dict[str, gateway.PhoneNumberState | None] = {}
    unread: set[str] = set()
    for _, one in watch.over(settled, f"{place}: phone numbers"):
        if one.arn in states or one.arn in unread:
            continue
        try:
            states[one.arn] = connect.describe(one.arn)
        except NotRead as problem:
            unread.add(one.arn)
            text = f"{one.phone_number} cannot be compared: {problem}"
            findings.append(Finding(place.account, place.region, text))
    flows, without_flow = flow_reads.read(_wanted_flows(settled, states))
    compared = [Compared(contents, one, Status.IN_PROGRESS) for contents, one in open_claims if not _is_settled(one)]
    for contents, one in settled:
        if one.arn in unread:
            compared.append(Compared(contents, one, Status.UNKNOWN))
            continue
        state = states[one.arn]
        if state is not None and state.status == "IN_PROGRESS":
            compared.append(Compared(contents, one, Status.IN_PROGRESS))
            continue
        differences = tuple(differences_of(one, state, flows, contents.provider.id))
        if one.arn in without_flow:
            differences = tuple(each for each in differences if each.aspect is not Aspect.FLOW)
        is_unknown = one.arn in without_flow and not differences
        status = Status.UNKNOWN if is_unknown else _status(one, differences, stacks)
        compared.append(Compared(contents, one, status, differences))
    return sorted(compared, key=lambda one: (one.claim.phone_number, one.claim.opened_at))


def differences_of(
    one: claim.Claim, state: gateway.PhoneNumberState | None, flows: Mapping[str, str], provider_id: str
) -> list[Difference]:
    """Return where a number is not as its claim wants it.

    Parameters
    ----------
    state
        What Connect says of the number, or ``None`` if it does not know the number.
    flows
        The flows of the numbers whose claims want one, by the numbers' ARNs.
    """
    desired = one.desired
    if state is None:
        return [Difference(Aspect.GONE, one.phone_number, "")]
    if one.state is not claim.ClaimState.LIVE:
        # Nobody has the number, so only that it is there matters.
        return []
    found: list[Difference] = []
    if state.target_arn != desired.target_arn:
        found.append(Difference(Aspect.TARGET, desired.target_arn, state.target_arn))
    # Without a flow in the stack, a person may set one, and none was asked for.
    if flows.get(one.arn, "") != desired.contact_flow_arn:
        found.append(Difference(Aspect.FLOW, desired.contact_flow_arn, flows.get(one.arn, "")))
    if not converging.has_description(one, state, desired):
        found.append(Difference(Aspect.DESCRIPTION, desired.description, state.description))
    # Tags that people have added stay.
    tags = {**desired.tags, **context.ownership_tags(one, provider_id)}
    wrong = {key: value for key, value in tags.items() if state.tags.get(key) != value}
    if wrong:
        present = {key: state.tags[key] for key in wrong if key in state.tags}
        found.append(Difference(Aspect.TAGS, _text_of(wrong), _text_of(present)))
    return found


def _is_settled(one: claim.Claim) -> bool:
    """Return whether a claim has its number, and nothing is under way with it."""
    return one.state in (claim.ClaimState.LIVE, claim.ClaimState.PARKED) and bool(one.arn)


def _wanted_flows(
    settled: Sequence[tuple[LedgerContents, claim.Claim]], states: Mapping[str, gateway.PhoneNumberState | None]
) -> dict[str, list[str]]:
    """Return the numbers that are to have a flow, by the instances of the flows."""
    wanted: dict[str, list[str]] = {}
    for _, one in settled:
        instance_arn = rules.instance_arn_of(one.desired.contact_flow_arn)
        if one.state is claim.ClaimState.LIVE and instance_arn and states.get(one.arn) is not None:
            wanted.setdefault(instance_arn, []).append(one.arn)
    return wanted


def _status(one: claim.Claim, differences: Sequence[Difference], stacks: StackReads) -> Status:
    if not differences:
        return Status.IN_SYNC
    if one.state is not claim.ClaimState.LIVE:
        return Status.DRIFTED
    match stacks.holding(one.resource, one.arn):
        case Holding.CHANGING:
            return Status.IN_PROGRESS
        case Holding.NOT_HELD if one.acknowledged:
            return Status.RETAINED
        case _:
            return Status.DRIFTED


def _text_of(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
