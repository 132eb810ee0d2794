"""The inventory of a place: each number that the account holds in a Region, and who owns it.

Connect has the numbers, the ledgers have the owners, and CloudFormation has the last word on whether a stack still has
its number. The ledgers are read after Connect was asked for its numbers, so that a number that was claimed in between
is in a ledger.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from .connect_reads import MAX_FLOW_IDS, ConnectReads, ListedNumber, NotRead
from .function_code import claim, contract, ledger, resource_key, rules
from .ledgers import LedgerContents, read_ledger
from .places import Place
from .prices import usd_per_month
from .problems import Finding
from .progress import Watch
from .providers import Providers, discover
from .stack_reads import Holding, StackReads

Claim = claim.Claim
ClaimState = claim.ClaimState


class OwnerKind(StrEnum):
    """Who owns a number."""

    STACK = "stack"
    """A resource of a stack, for which the number was claimed."""
    ADOPTED = "adopted"
    """A resource of a stack, which has adopted a number that the account held before."""
    PARKED = "parked"
    """Nobody at present. A provider keeps it for a time, for its own resource or in a pool."""
    LISTED = "listed"
    """A pool, by its list of numbers. It is never released."""
    RETAINED = "retained"
    """Nobody: it was removed from its stack on purpose, and stays."""
    ORPHAN = "orphan"
    """Nobody: it has the tags of a provider, but no ledger knows it."""
    SOMEBODY_ELSE = "somebody-else"
    """It has no tags of a provider: a person or another program has claimed it."""
    UNKNOWN = "unknown"
    """It cannot be found out, because something could not be read."""


@dataclass(frozen=True)
class NumberRecord:
    """A number that the account holds.

    Parameters
    ----------
    target_arn
        The instance or traffic distribution group.
    flow_arn
        The flow that answers calls, or empty. Of a group's number, the flow of one of the group's instances.
    tags
        The tags, or ``None`` if they were not read. The command reads only the tags that it needs.
    owner
        Who owns the number.
    stack_id, stack_name, logical_id
        The resource that has the number, or had it last. Empty if none is known.
    pool
        The pool, as stack name and logical id if the ledger knows them. Empty without a pool.
    parked_until
        Until when it is parked, in seconds since the epoch. 0 if it is not parked, or if it is on a pool's list.
    provider_id
        The provider's name in the tags. Empty for numbers of somebody else.
    is_protected
        Whether the resource protects the number from deletion and replacement.
    claim_state
        The state of the claim. Empty without a claim.
    status
        What Connect says of the number, for example ``CLAIMED``. Empty if it was not asked, because a ledger knows the
        number.
    note
        What else a person should know. Usually empty.
    """

    account: str
    region: str
    phone_number: str
    arn: str
    country_code: str
    type: str
    target_arn: str
    description: str
    owner: OwnerKind
    flow_arn: str = ""
    tags: Mapping[str, str] | None = None
    stack_id: str = ""
    stack_name: str = ""
    logical_id: str = ""
    pool: str = ""
    parked_until: int = 0
    provider_id: str = ""
    is_protected: bool = False
    claim_state: str = ""
    status: str = ""
    note: str = ""

    @property
    def usd_per_month(self) -> Decimal | None:
        """An estimate of what the number costs per month in US dollars, or ``None`` without a known price."""
        return usd_per_month(self.region, self.country_code, self.type)


@dataclass(frozen=True)
class Inventory:
    """What a place has.

    Parameters
    ----------
    numbers
        The numbers, in the order of their digits.
    missing
        Claims whose number Connect has not listed, with the contents of their ledger.
    providers
        The providers of the place.
    ledgers
        The ledgers that could be read.
    flows
        What Connect has told about flows, for further questions.
    stacks
        What CloudFormation has told about stacks, for further questions.
    """

    place: Place
    numbers: tuple[NumberRecord, ...]
    missing: tuple[tuple[LedgerContents, Claim], ...]
    providers: Providers
    ledgers: tuple[LedgerContents, ...]
    flows: "FlowReads"
    stacks: StackReads


def read_ledgers(
    place: Place, names: Sequence[str], findings: list[Finding], watch: Watch
) -> tuple[Providers, tuple[LedgerContents, ...]]:
    """Return the providers of a place, and the ledgers that can be read. See ``discover`` for the parameters."""
    with watch.reading(f"{place}: providers"):
        providers = discover(place, names, findings)
    found: list[LedgerContents] = []
    for provider in watch.over(providers.selected, f"{place}: ledgers"):
        contents = read_ledger(place, provider, findings)
        if contents is not None:
            found.append(contents)
            findings += [_unreadable(place, contents, item) for item in contents.unreadable]
    return providers, tuple(found)


def take_inventory(
    place: Place,
    names: Sequence[str],
    findings: list[Finding],
    watch: Watch,
    is_wanted: Callable[[ListedNumber], bool] = lambda _: True,
) -> Inventory:
    """Return what a place has.

    Parameters
    ----------
    names
        The providers that are meant, by name, ARN or id. Then only their numbers are returned. Empty means all
        providers, and all numbers of the account and Region.
    findings
        What could not be read, or what a person must know, is added here.
    is_wanted
        Which numbers are returned. Connect is asked for the details of these only. Default: all.

    Raises
    ------
    Problem
        No call can succeed.
    """
    connect = ConnectReads(place.client("connect"), place.pacer)
    listing = _Listing(place, connect, findings)
    with watch.reading(f"{place}: phone numbers"):
        listing.list_all()
    providers, ledgers = read_ledgers(place, names, findings, watch)
    for group_arn in sorted(_groups_of(ledgers)):
        listing.list_group(group_arn)
    owners = _Owners(place, ledgers, findings)
    stacks = StackReads(place, findings)
    numbers: list[NumberRecord] = []
    unowned: list[ListedNumber] = []
    for listed in filter(is_wanted, listing.numbers.values()):
        owner = owners.of(listed)
        if owner is None:
            unowned.append(listed)
        else:
            numbers.append(_owned(place, listed, *owner, stacks))
    for listed in watch.over(unowned, f"{place}: numbers without a claim"):
        record = _unowned(place, listed, connect, providers, ledgers, findings)
        if record is not None and (not names or record.provider_id in {one.id for one in providers.selected}):
            numbers.append(record)
    flow_reads = FlowReads(place, connect, findings, watch)
    flows, _ = flow_reads.read(_flow_questions(place, listing, owners, numbers))
    numbers = [replace(record, flow_arn=flows.get(record.arn, "")) for record in numbers]
    numbers.sort(key=lambda record: record.phone_number)
    missing = owners.missing(listing.numbers.keys()) if listing.is_complete else ()
    findings += [
        Finding(place.account, place.region, _MISSING.format(number=one.phone_number, name=_name(one)), is_unread=False)
        for _, one in missing
    ]
    return Inventory(place, tuple(numbers), missing, providers, ledgers, flow_reads, stacks)


def list_numbers(place: Place, findings: list[Finding]) -> tuple[ListedNumber, ...]:
    """Return the numbers of all instances of a place, and those of the groups that Connect lists.

    Parameters
    ----------
    findings
        What could not be read is added here.

    Raises
    ------
    Problem
        No call can succeed.
    """
    listing = _Listing(place, ConnectReads(place.client("connect"), place.pacer), findings)
    listing.list_all()
    return tuple(listing.numbers.values())


class _Listing:
    """The numbers that Connect lists, each once."""

    def __init__(self, place: Place, connect: ConnectReads, findings: list[Finding]) -> None:
        self._place = place
        self._connect = connect
        self._findings = findings
        self._listed_groups: set[str] = set()
        self.numbers: dict[str, ListedNumber] = {}
        self.instances_of_groups: dict[str, str] = {}
        self.is_complete = True

    def list_all(self) -> None:
        """List the numbers of all instances, and those of the groups that Connect lists."""
        self._add("")
        try:
            groups = self._connect.groups()
        except NotRead as problem:
            self._report(
                f"The traffic distribution groups cannot be listed, so their numbers may be missing: {problem}"
            )
            return
        self.instances_of_groups = {group.arn: group.instance_arn for group in groups}
        for group in groups:
            self.list_group(group.arn)

    def list_group(self, group_arn: str) -> None:
        """List the numbers of a group that was created in this Region, as only those were claimed here."""
        if group_arn not in self._listed_groups and _region_of(group_arn) == self._place.region:
            self._listed_groups.add(group_arn)
            self._add(group_arn)

    def _add(self, target_arn: str) -> None:
        try:
            self.numbers.update((number.arn, number) for number in self._connect.numbers(target_arn))
        except NotRead as problem:
            self._report(f"The phone numbers {f'of {target_arn} ' if target_arn else ''}cannot be listed: {problem}")

    def _report(self, text: str) -> None:
        self.is_complete = False
        self._findings.append(Finding(self._place.account, self._place.region, text))


class _Owners:
    """The claims of all ledgers of a place, by the numbers that they have."""

    def __init__(self, place: Place, ledgers: Iterable[LedgerContents], findings: list[Finding]) -> None:
        self._by_arn: dict[str, tuple[LedgerContents, Claim]] = {}
        self._by_number: dict[str, tuple[LedgerContents, Claim]] = {}
        for contents in ledgers:
            for one in contents.claims:
                for arn in one.held_arns.union(one.duplicate_arns):
                    self._add(place, arn, contents, one, findings)
                # A call that may have succeeded has no ARN yet.
                for number in _numbers_in_flight(one):
                    self._by_number[number] = (contents, one)

    def of(self, listed: ListedNumber) -> tuple[LedgerContents, Claim] | None:
        """Return the claim that has a number, or that may be claiming it."""
        return self._by_arn.get(listed.arn) or self._by_number.get(listed.phone_number)

    def missing(self, listed: Iterable[str]) -> tuple[tuple[LedgerContents, Claim], ...]:
        """Return the live and the parked claims whose numbers are not among those that Connect has listed."""
        known = set(listed)
        return tuple(
            (contents, one)
            for arn, (contents, one) in self._by_arn.items()
            if arn not in known and one.state in (ClaimState.LIVE, ClaimState.PARKED) and arn == one.arn
        )

    def _add(self, place: Place, arn: str, contents: LedgerContents, one: Claim, findings: list[Finding]) -> None:
        first = self._by_arn.setdefault(arn, (contents, one))
        if first[1] is not one:
            text = (
                f"{one.phone_number or arn} has two claims: of {_name(first[1])} (provider {first[0].provider.name}) "
                f"and of {_name(one)} (provider {contents.provider.name}). The deletion of either releases it. Set the "
                "removal policy of one of them to retain, then remove that one."
            )
            findings.append(Finding(place.account, place.region, text, is_unread=False))


def _record(place: Place, listed: ListedNumber) -> NumberRecord:
    """Return a number as Connect lists it. Whose it is is not known yet."""
    return NumberRecord(
        account=place.account,
        region=place.region,
        phone_number=listed.phone_number,
        arn=listed.arn,
        country_code=listed.country_code,
        type=listed.type,
        target_arn=listed.target_arn,
        description=listed.description,
        owner=OwnerKind.UNKNOWN,
    )


def _owned(
    place: Place, listed: ListedNumber, contents: LedgerContents, one: Claim, stacks: StackReads
) -> NumberRecord:
    owner, note = _owner_of(listed, one, stacks)
    return replace(
        _record(place, listed),
        owner=owner,
        stack_id=one.stack_id,
        stack_name=one.resource.stack_name,
        logical_id=one.logical_resource_id,
        pool=contents.pool_name(one.listed_in or one.desired.pool),
        parked_until=one.parked_until if owner is OwnerKind.PARKED else 0,
        provider_id=contents.provider.id,
        is_protected=one.protected,
        claim_state=one.state.value,
        note=note,
    )


def _owner_of(listed: ListedNumber, one: Claim, stacks: StackReads) -> tuple[OwnerKind, str]:
    if listed.arn in one.duplicate_arns:
        return OwnerKind.STACK, "claimed twice; the provider releases this one"
    if one.state is ClaimState.PARKED:
        return (OwnerKind.LISTED if one.listed_in else OwnerKind.PARKED), ""
    kind = OwnerKind.ADOPTED if one.is_adopted else OwnerKind.STACK
    if one.state is not ClaimState.LIVE:
        return kind, IN_PROGRESS.get(one.state, "")
    # Before CloudFormation has confirmed the number, the provider itself follows up what became of it.
    if one.acknowledged and stacks.holding(one.resource, one.arn) is Holding.NOT_HELD:
        return OwnerKind.RETAINED, ""
    return kind, ""


_MISSING: Final = (
    "{number} of {name} is in the ledger, but Connect does not list it. If drift says that it is gone, it was released "
    "outside CloudFormation."
)
IN_PROGRESS: Final = {
    ClaimState.OPENING: "being claimed",
    ClaimState.CLOSING: "being released, restored or parked",
    ClaimState.CLOSED: "a call has come late; the provider looks after it",
}
"""What happens to a number whose claim is in one of these states."""


def _unowned(
    place: Place,
    listed: ListedNumber,
    connect: ConnectReads,
    providers: Providers,
    ledgers: Sequence[LedgerContents],
    findings: list[Finding],
) -> NumberRecord | None:
    """Return a number that no ledger knows, or ``None`` if it is gone meanwhile."""
    record = _record(place, listed)
    try:
        state = connect.describe(listed.arn)
    except NotRead as problem:
        text = f"The tags of {listed.phone_number} cannot be read, so its owner is not known: {problem}"
        findings.append(Finding(place.account, place.region, text))
        return replace(record, note="its tags cannot be read")
    if state is None:
        return None
    provider_id = state.tags.get(contract.PROVIDER_TAG, "")
    resource = resource_key.ResourceKey(
        state.tags.get(contract.STACK_TAG, ""), state.tags.get(contract.RESOURCE_TAG, "")
    )
    record = replace(
        record,
        tags=dict(state.tags),
        status=state.status,
        provider_id=provider_id,
        stack_id=resource.stack_id,
        stack_name=resource.stack_name,
        logical_id=resource.logical_resource_id,
    )
    if not provider_id:
        return replace(record, owner=OwnerKind.SOMEBODY_ELSE)
    if _is_being_claimed(state.tags.get(contract.CLAIM_TAG, ""), ledgers):
        return replace(record, owner=OwnerKind.STACK, claim_state=ClaimState.OPENING.value, note="being claimed")
    known = {one.id for one in providers.selected} | providers.others
    if provider_id in {contents.provider.id for contents in ledgers}:
        is_certain = not any(contents.unreadable for contents in ledgers if contents.provider.id == provider_id)
        return replace(record, owner=OwnerKind.ORPHAN) if is_certain else replace(record, note=_UNREAD)
    if provider_id in known or not providers.is_complete:
        return replace(record, note=_UNREAD)
    return replace(record, owner=OwnerKind.ORPHAN, note=f"there is no provider {provider_id} here any more")


_UNREAD: Final = "its provider's ledger was not read, or not all of it"


def _is_being_claimed(claim_id: str, ledgers: Iterable[LedgerContents]) -> bool:
    return any(
        one.id == claim_id and one.state is ClaimState.OPENING for contents in ledgers for one in contents.claims
    )


def _flow_questions(
    place: Place, listing: _Listing, owners: _Owners, numbers: Iterable[NumberRecord]
) -> dict[str, list[str]]:
    """Return the ARNs of the numbers, by the ARN of the instance that is asked for their flows."""
    by_instance: dict[str, list[str]] = {}
    for record in numbers:
        instance_arn = record.target_arn
        if rules.instance_id_of(instance_arn) is None:
            # Each instance of a group has a flow of its own. The claim says which one the provider sets.
            owner = owners.of(listing.numbers[record.arn])
            flow_arn = "" if owner is None else owner[1].desired.contact_flow_arn
            instance_arn = rules.instance_arn_of(flow_arn) or listing.instances_of_groups.get(record.target_arn, "")
        if _region_of(instance_arn) == place.region:
            by_instance.setdefault(instance_arn, []).append(record.arn)
    return by_instance


class FlowReads:
    """Asks each instance for the flow of each number once."""

    def __init__(self, place: Place, connect: ConnectReads, findings: list[Finding], watch: Watch) -> None:
        self._place = place
        self._connect = connect
        self._findings = findings
        self._watch = watch
        self._known: dict[tuple[str, str], str] = {}
        self._refused: set[str] = set()

    def read(self, by_instance: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], set[str]]:
        """Return the flows of numbers, by the numbers' ARNs, and the ARNs of those whose flows could not be read.

        Parameters
        ----------
        by_instance
            The ARNs of the numbers, by the ARN of the instance that is asked for their flows.
        """
        self._ask(by_instance)
        asked = [(instance_arn, arn) for instance_arn, arns in by_instance.items() for arn in arns]
        flows = {
            arn: self._known[instance_arn, arn] for instance_arn, arn in asked if self._known.get((instance_arn, arn))
        }
        return flows, {arn for instance_arn, arn in asked if (instance_arn, arn) not in self._known}

    def _ask(self, by_instance: Mapping[str, Sequence[str]]) -> None:
        batches: list[tuple[str, list[str]]] = []
        for instance_arn, arns in sorted(by_instance.items()):
            new = [arn for arn in arns if (instance_arn, arn) not in self._known]
            batches += [(instance_arn, new[at : at + MAX_FLOW_IDS]) for at in range(0, len(new), MAX_FLOW_IDS)]
        for instance_arn, arns in self._watch.over(batches, f"{self._place}: flows"):
            if instance_arn in self._refused:
                continue
            try:
                flows = self._connect.flows(instance_arn, arns)
            except NotRead as problem:
                self._refused.add(instance_arn)
                text = f"The flows of the numbers of {instance_arn} cannot be read: {problem}"
                self._findings.append(Finding(self._place.account, self._place.region, text))
                continue
            self._known.update(((instance_arn, arn), flows.get(arn, "")) for arn in arns)


def _numbers_in_flight(one: Claim) -> set[str]:
    numbers = {call.phone_number for call in one.in_flight_calls}
    if one.state is ClaimState.OPENING and not one.arn:
        numbers.add(one.candidate)
    return numbers - {""}


def _groups_of(ledgers: Iterable[LedgerContents]) -> set[str]:
    claims = [one for contents in ledgers for one in contents.claims if one.state is not ClaimState.CLOSED]
    targets = {one.desired.target_arn for one in claims}
    return {arn for arn in targets if arn and rules.instance_id_of(arn) is None}


def _region_of(arn: str) -> str:
    return arn.split(":")[3] if arn.count(":") >= 5 else ""


def _name(one: Claim) -> str:
    return f"{one.resource.stack_name}/{one.logical_resource_id}"


def _unreadable(place: Place, contents: LedgerContents, item: ledger.UnreadableItem) -> Finding:
    text = (
        f"The ledger of {contents.provider.name} has an item that this version cannot read ({item.key}: "
        f"{item.problem}). Install the version of this command that belongs to the provider."
    )
    return Finding(place.account, place.region, text)
