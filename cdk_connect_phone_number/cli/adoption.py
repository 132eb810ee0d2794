"""Which numbers can be adopted, by which provider, and why not the others: with the rules of the function's adoption.

The function refuses at deployment what is refused here. Here it is known before a stack fails.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .connect_reads import ConnectReads, NotRead
from .function_code import contract, gateway, rules, stacks
from .inventory import Inventory, NumberRecord, OwnerKind, list_numbers
from .places import Place
from .problems import Finding, Problem
from .progress import Watch
from .providers import Provider

POLL_SECONDS: Final = 60.0
"""How often it is checked whether a number is there that is waited for."""
MAX_BATCH: Final = 499
"""CloudFormation's limit of 500 resources of a stack, less the one that the CDK adds for its own metadata.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
AVAILABLE: Final = (OwnerKind.ORPHAN, OwnerKind.RETAINED, OwnerKind.SOMEBODY_ELSE)
"""Numbers that no stack has."""
_TAKEN: Final = {
    OwnerKind.STACK: "{resource} has it. Remove it there with DeletionPolicy Retain first.",
    OwnerKind.ADOPTED: "{resource} has adopted it already.",
    OwnerKind.PARKED: (
        "it is parked. Create a resource that asks for it by phone_number, without adopt, and the resource gets it."
    ),
    OwnerKind.LISTED: "it is on the list of pool {pool}. Remove it from the list first.",
    OwnerKind.UNKNOWN: "its owner cannot be found out{note}.",
}


@dataclass(frozen=True)
class AdoptableNumber:
    """A number that can be adopted, as it is now.

    Parameters
    ----------
    provider
        The provider that can adopt it.
    tags
        The tags that people have put on it.
    """

    record: NumberRecord
    provider: Provider
    tags: dict[str, str]

    @property
    def construct_id(self) -> str:
        """An id that depends only on the number, so that a later run gives the number the same resource."""
        return f"Number{self.record.phone_number.removeprefix('+')}"


@dataclass(frozen=True)
class Batch:
    """Numbers that are deployed as one stack.

    Parameters
    ----------
    stack_name
        Named for the first number, so that the numbers of a later run never get the name of a stack that exists.
    """

    stack_name: str
    place: Place
    provider: Provider
    numbers: tuple[AdoptableNumber, ...]


def wait_for(
    places: Sequence[Place], phone_numbers: Iterable[str], seconds: float, sleep: Callable[[float], object]
) -> None:
    """Wait until Connect lists all of these numbers in one of the places, or until the time is up.

    Raises
    ------
    Problem
        No call can succeed.
    """
    missing = set(phone_numbers)
    until = places[0].clock() + seconds
    while True:
        for place in places:
            missing -= {number.phone_number for number in list_numbers(place, [])}
        left = until - places[0].clock()
        if not missing or left <= 0:
            return
        sleep(min(POLL_SECONDS, left))


class Adoption:
    """Sorts the numbers of one place into those that can be adopted, and those that are refused.

    Parameters
    ----------
    inventory
        What the place has, with the ledgers of all providers.
    names
        The providers that may adopt, by name, ARN or id. Empty: all.
    findings
        Why a number is refused is added here.

    Raises
    ------
    Problem
        There is no provider.
    """

    def __init__(self, inventory: Inventory, names: Sequence[str], findings: list[Finding]) -> None:
        self._place = inventory.place
        self._findings = findings
        self._connect = ConnectReads(self._place.client("connect"), self._place.pacer)
        self._stacks = stacks.CloudFormationStacks(self._place.client("cloudformation"))
        self.refused = 0
        known = inventory.providers.selected
        self._providers = [one for one in known if not names or any(one.is_meant_by(name) for name in names)]
        if not self._providers:
            raise Problem(f"There is no provider in {self._place} that could adopt numbers. Deploy one first.")

    def sort(self, records: Sequence[NumberRecord], watch: Watch) -> list[AdoptableNumber]:
        """Return the numbers that can be adopted, sorted by provider, target and flow."""
        found: list[AdoptableNumber] = []
        for record in watch.over(records, f"{self._place}: numbers to adopt"):
            try:
                found.append(self._adoptable(record))
            except _Refused as reason:
                self._refuse(record.phone_number, str(reason))
        return sorted(
            found,
            key=lambda one: (one.provider.name, one.record.target_arn, one.record.flow_arn, one.record.phone_number),
        )

    def _refuse(self, phone_number: str, reason: str) -> None:
        self.refused += 1
        text = f"{phone_number} is not adopted: {reason}"
        self._findings.append(Finding(self._place.account, self._place.region, text, is_unread=False))

    def _adoptable(self, record: NumberRecord) -> AdoptableNumber:
        if record.owner not in AVAILABLE:
            note = f": {record.note}" if record.note else ""
            resource = f"{record.stack_name}/{record.logical_id}"
            raise _Refused(_TAKEN[record.owner].format(resource=resource, pool=record.pool, note=note))
        provider = self._provider(record)
        told = provider.configuration
        if not told.allow_adoption:
            raise _Refused(f"the provider {provider.name} has allow_adoption=False. Use a provider that adopts.")
        if told.target_arns and record.target_arn not in told.target_arns:
            raise _Refused(
                f"it belongs to {record.target_arn}, which the provider {provider.name} does not serve. Add that "
                "target to its target_arns, or move the number first."
            )
        tags, status = self._details(record)
        if status != "CLAIMED":
            raise _Refused(f"Amazon Connect says {status} of it. Adopt it when its status is CLAIMED.")
        self._refuse_held_by_stack(record)
        own = {key: value for key, value in sorted(tags.items()) if not key.startswith((contract.TAG_PREFIX, "aws:"))}
        if problem := rules.check_tags(own):
            raise _Refused(f"its tags {problem}")
        return AdoptableNumber(record, provider, own)

    def _provider(self, record: NumberRecord) -> Provider:
        if record.provider_id:
            for provider in self._providers:
                if provider.id == record.provider_id:
                    return provider
            raise _Refused(
                f"it belongs to another provider of phone numbers ({record.provider_id}). Retain it there, "
                "if that provider still exists. Then remove its tags that begin with "
                f"{contract.TAG_PREFIX!r} (aws connect untag-resource), and run the command again."
            )
        if len(self._providers) > 1:
            names = ", ".join(provider.name for provider in self._providers)
            raise _Refused(f"there are several providers ({names}). Name the one that is to adopt it with --provider.")
        return self._providers[0]

    def _details(self, record: NumberRecord) -> tuple[dict[str, str], str]:
        """Return the tags and the status of a number. Of one that a ledger knows, they were not read yet."""
        if record.tags is not None:
            return dict(record.tags), record.status
        try:
            state: gateway.PhoneNumberState | None = self._connect.describe(record.arn)
        except NotRead as problem:
            raise _Refused(str(problem)) from problem
        if state is None:
            raise _Refused("Amazon Connect does not know it any more.")
        return dict(state.tags), state.status

    def _refuse_held_by_stack(self, record: NumberRecord) -> None:
        """Refuse a number that a resource of any type and any stack has, for example AWS::Connect::PhoneNumber."""
        holders = self._stacks.holders(record.arn)
        if holders is None:
            raise _Refused(
                "CloudFormation did not tell whether a stack has it. Allow cloudformation:DescribeStackResources to "
                "the caller, then run the command again."
            )
        if holders:
            name = f"{holders[0].stack_name}/{holders[0].logical_resource_id}"
            raise _Refused(f"CloudFormation has it as {name}. Remove it there with DeletionPolicy Retain first.")


class _Refused(Exception):
    """A number cannot be adopted. The message says why, and what to do."""


def batches(place: Place, numbers: Sequence[AdoptableNumber], size: int, prefix: str) -> list[Batch]:
    """Return numbers, which are sorted by provider, in stacks of at most ``size``.

    Parameters
    ----------
    prefix
        What the names of the stacks begin with.

    Raises
    ------
    Problem
        The provider does not serve a stack with such a name.
    """
    found: list[Batch] = []
    for provider in dict.fromkeys(one.provider.arn for one in numbers):
        own = [one for one in numbers if one.provider.arn == provider]
        required = own[0].provider.configuration.stack_name_prefix
        if not prefix.startswith(required):
            raise Problem(
                f"The provider {own[0].provider.name} serves only stacks whose names begin with {required!r}. Name "
                f"them with --stack-name, for example --stack-name {required}{prefix}"
            )
        for start in range(0, len(own), size):
            part = tuple(own[start : start + size])
            digits = part[0].record.phone_number.removeprefix("+")
            found.append(Batch(f"{prefix}{digits}", place, part[0].provider, part))
    return found
