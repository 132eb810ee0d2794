"""The types of the ledger's items, and how they become attributes and come back.

``docs/lifecycle.md`` shows the states of a claim and what moves it from one to the next.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from functools import cache, partial
from hashlib import sha256
from typing import Any, ClassVar, Final, TypeVar, get_args, get_origin, get_type_hints

from ..protocol.answer import Answer
from ..untyped import as_mapping, is_tuple
from .store import Item, Key

_DAY: Final = 86_400
CLAIM_KEPT_SECONDS: Final = 200 * _DAY
"""A closed claim stays for longer than the 180 days over which Connect counts claims and releases."""
REQUEST_KEPT_SECONDS: Final = 14 * _DAY
"""A request stays for much longer than Lambda can deliver it again."""

DUE: Final = "DUE"
LIVE: Final = "LIVE"


class ClaimState(StrEnum):
    """Where a claim stands; only ever moves forward in this order, but for CLOSED to CLOSING.

    A closed claim is opened for closing again if it turns out that Connect did claim a number for it.
    """

    OPENING = "OPENING"
    """Intended; a number may be claimed any moment."""
    LIVE = "LIVE"
    """CloudFormation was told of the number."""
    CLOSING = "CLOSING"
    """Cancelled or deleted: whatever was claimed must go."""
    CLOSED = "CLOSED"
    """Nothing is left to do."""


class Origin(StrEnum):
    """How the number came to its claim."""

    CLAIMED = "CLAIMED"
    IMPORTED = "IMPORTED"
    ADOPTED = "ADOPTED"


class Outcome(StrEnum):
    """How a closed claim ended."""

    NEVER_CLAIMED = "NEVER_CLAIMED"
    RELEASED = "RELEASED"
    ALREADY_GONE = "ALREADY_GONE"
    LAPSED = "LAPSED"
    """Connect could not provide the number and took it back."""
    NOT_OURS = "NOT_OURS"
    """Somebody else has taken the number over."""
    TRANSFERRED = "TRANSFERRED"
    """Another resource of this provider has adopted the number."""
    GIVEN_BACK = "GIVEN_BACK"
    """Adopted by a creation that was cancelled: left as it was found."""


@dataclass(frozen=True)
class ResourceKey:
    """A resource of CloudFormation."""

    stack_id: str
    logical_resource_id: str

    @property
    def partition(self) -> str:
        """Partition key of all that belongs to the resource."""
        return f"RESOURCE#{self.stack_id}#{self.logical_resource_id}"


@dataclass(frozen=True)
class Specification:
    """Which number is wanted. A change of it is a replacement, unless the present number satisfies it."""

    country_code: str = ""
    type: str = ""
    prefix: str = ""
    phone_number: str = ""
    source_phone_number_arn: str = ""
    adopt: bool = False

    @property
    def digest(self) -> str:
        """A name for this specification, the same in every version of this code.

        Made of an explicit text and not of the class: a property that a later version adds changes nothing as long as
        it has its default.
        """
        given = {name: value for name, value in self._canonical().items() if value}
        return sha256(json.dumps(given, sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:32]

    def _canonical(self) -> dict[str, str]:
        """Return the names and values that stand for this specification in the ledger: never to be renamed."""
        return {
            "CountryCode": self.country_code,
            "Type": self.type,
            "Prefix": self.prefix,
            "PhoneNumber": self.phone_number,
            "SourcePhoneNumberArn": self.source_phone_number_arn,
            "Adopt": "true" if self.adopt else "",
        }

    @property
    def origin(self) -> Origin:
        """How a number is obtained for this specification."""
        if self.source_phone_number_arn:
            return Origin.IMPORTED
        return Origin.ADOPTED if self.adopt else Origin.CLAIMED


@dataclass(frozen=True)
class Settings:
    """What can be changed on a number in place."""

    target_arn: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    contact_flow_arn: str = ""


@dataclass(frozen=True)
class Entry:
    """What all items have in common."""

    version: int = field(default=0, kw_only=True)
    """0: not stored yet."""

    @property
    def key(self) -> Key:
        """Where the item is stored."""
        raise NotImplementedError

    def index(self) -> Item:
        """Return the attributes by which the sweeper and the table's expiry find the item."""
        return {}


@dataclass(frozen=True)
class Head(Entry):
    """One item for each resource. Each decision writes it, so decisions on one resource come one after another."""

    SORT_KEY: ClassVar[str] = "RESOURCE"

    stack_id: str
    logical_resource_id: str
    watermark: int | None = None
    """When the latest request that was seen was sent. What is older and arrives for the first time is stale."""
    generation: int = 0
    """How many claims were opened so far."""
    claims: tuple[str, ...] = ()
    """Ids of the claims that were not closed when the last decision was made."""
    latest_type: str = ""
    """The type of the request that was decided last."""
    refuse_creations_until: int = 0
    """Only for URLs without a time: a creation was cancelled before it began."""

    @property
    def key(self) -> Key:
        """Where the item is stored."""
        return ResourceKey(self.stack_id, self.logical_resource_id).partition, self.SORT_KEY


@dataclass(frozen=True)
class RequestEntry(Entry):
    """One item for each request of CloudFormation."""

    SORT_PREFIX: ClassVar[str] = "REQUEST#"

    stack_id: str
    logical_resource_id: str
    attempt: str
    type: str
    received_at: int
    deadline: int
    """When CloudFormation stops listening, less a margin."""
    claims: tuple[str, ...] = ()
    """Create and Update: the one claim that is to be made good. Delete: the claims to close."""
    answer: Answer | None = None
    """Kept so that a redelivery is answered alike."""

    @property
    def key(self) -> Key:
        """Where the item is stored."""
        partition = ResourceKey(self.stack_id, self.logical_resource_id).partition
        return partition, self.SORT_PREFIX + self.attempt

    def index(self) -> Item:
        """Return when the request expires."""
        return {"expires_at": self.received_at + REQUEST_KEPT_SECONDS}


@dataclass(frozen=True)
class Claim(Entry):
    """One item for each taking of one number for one resource."""

    SORT_PREFIX: ClassVar[str] = "CLAIM#"

    stack_id: str
    logical_resource_id: str
    id: str
    state: ClaimState
    specification: Specification
    opening: Settings
    """What ClaimPhoneNumber is called with. Never changed, since a token stands for one set of parameters."""
    desired: Settings
    """What the latest request wants."""
    attempt: str
    """The request that opened or last resumed this claim."""
    opened_at: int
    sent_at: int | None = None
    """When that request was sent, if its URL tells."""
    satisfies: tuple[str, ...] = ()
    """Digests of the specifications that the number was found to satisfy."""
    acknowledged: bool = False
    """CloudFormation has shown that it knows this number as the resource's: in a request, or when it was asked."""
    established: bool = False
    """Adopted: the deployment that adopted the number, and that of its root stack, were seen complete."""
    follow_up: bool = False
    """Live: CloudFormation is still to be asked what it has made of the answer."""
    disowned_at: int = 0
    """Live: when CloudFormation first said that it never took note of the number."""
    is_deleted: bool = False
    """Handed over to another resource: CloudFormation has deleted this claim's own resource since."""
    is_undone: bool = False
    """Closing: the adoption was rolled back, so the number is given back and never released."""
    protected: bool = False
    candidate: str = ""
    """The number for which ClaimPhoneNumber is called, or was."""
    doubts: Mapping[str, int] = field(default_factory=dict[str, int])
    """``<number>/<worker>``: until when a call of ClaimPhoneNumber may turn out to have worked."""
    given_up: tuple[str, ...] = ()
    """Candidates that somebody else got."""
    unexplained_refusals: int = 0
    """How often Connect refused to claim a candidate without saying that somebody else has it."""
    phone_number: str = ""
    arn: str = ""
    country_code: str = ""
    type: str = ""
    provisioned: bool = False
    """Connect has said CLAIMED once."""
    surplus: tuple[str, ...] = ()
    """ARNs of further numbers that a forgotten token made us claim; to be released."""
    applied_flow_arn: str = ""
    applied_tags: tuple[str, ...] = ()
    flow_may_differ: bool = False
    """An association was begun and not confirmed, or the number was moved, so it must be made again."""
    settings_before_adoption: Settings | None = None
    """Adopted: how the number was before. The flow is read before the first change that concerns it."""
    is_flow_before_known: bool = False
    """Whether ``settings_before_adoption`` has the flow that the number had."""
    previous_claim: str = ""
    """Adopted from another resource: ``<partition> <claim id>`` of the claim that owned the number."""
    claimed_at: int = 0
    closing_at: int = 0
    closed_at: int = 0
    close_reason: str = ""
    outcome: Outcome | None = None
    lapsing: bool = False
    """Connect failed to provide the number and will take it back by itself."""
    failures: int = 0
    last_error: str = ""
    check_at: int = 0
    """When the sweeper is to look, where something is left to do."""
    due_since: int = 0
    """Since when that has been due: not moved by an attempt that fails."""

    @property
    def key(self) -> Key:
        """Where the item is stored."""
        return self.resource.partition, self.SORT_PREFIX + self.id

    @property
    def resource(self) -> ResourceKey:
        """The resource that the number is for."""
        return ResourceKey(self.stack_id, self.logical_resource_id)

    @property
    def previous_owner(self) -> ResourceKey | None:
        """Adopted from another resource: that resource."""
        if not self.previous_claim:
            return None
        stack_id, logical_resource_id = self.previous_claim.rsplit(" ", 1)[0].split("#", 2)[1:]
        return ResourceKey(stack_id, logical_resource_id)

    @property
    def is_open(self) -> bool:
        """Whether the claim can be resumed."""
        return self.state in (ClaimState.OPENING, ClaimState.LIVE)

    @property
    def in_doubt(self) -> bool:
        """Whether there may be numbers that the claim does not name."""
        return bool(self.doubts or self.surplus)

    def index(self) -> Item:
        """Unfinished claims are due, live ones can be listed, closed ones expire."""
        is_unfinished = self.state in (ClaimState.OPENING, ClaimState.CLOSING) or self.in_doubt
        if is_unfinished or (self.state is ClaimState.LIVE and self.follow_up):
            return {"due": DUE, "due_at": self.check_at}
        if self.state is ClaimState.LIVE:
            return {"due": LIVE, "due_at": self.claimed_at}
        return {"expires_at": self.closed_at + CLAIM_KEPT_SECONDS}


@dataclass(frozen=True)
class NumberEntry(Entry):
    """One item for each number that a claim is after or owns: no two claims of this provider want the same one."""

    SORT_KEY: ClassVar[str] = "NUMBER"

    phone_number: str
    stack_id: str
    logical_resource_id: str
    claim_id: str

    @property
    def key(self) -> Key:
        """Where the item is stored."""
        return number_key(self.phone_number)


def number_key(phone_number: str) -> Key:
    """Return where the owner of a number is stored."""
    return f"NUMBER#{phone_number}", NumberEntry.SORT_KEY


_E = TypeVar("_E")


def encode(entry: Entry) -> Item:
    """Return an entry as a stored item, with the version that it gets by being written."""
    partition, sort = entry.key
    attributes = {
        attribute.name: _encode(getattr(entry, attribute.name))
        for attribute in fields(entry)
        if attribute.name != "version" and getattr(entry, attribute.name) is not None
    }
    return {
        **attributes,
        **entry.index(),
        "pk": partition,
        "sk": sort,
        "version": entry.version + 1,
    }


def decode(entry_type: Callable[..., _E], item: Item) -> _E:
    """Return a stored item as an entry."""
    decoders = _decoders(entry_type)
    return entry_type(**{name: decoders[name](value) for name, value in item.items() if name in decoders})


def _encode(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str | int):
        return value
    if is_tuple(value):
        return list(value)
    if (members := as_mapping(value)) is not None:
        return dict(members)
    return {attribute.name: _encode(getattr(value, attribute.name)) for attribute in fields(value)}


@cache
def _decoders(entry_type: Any) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(entry_type)
    return {attribute.name: _decoder(hints[attribute.name]) for attribute in fields(entry_type)}


def _decoder(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) is tuple:
        return tuple
    # Of ``X | None`` an absent value is not stored, so a stored one is an X.
    for option in (hint, *get_args(hint)):
        if isinstance(option, type) and is_dataclass(option):
            return partial(decode, option)
        if isinstance(option, type) and issubclass(option, StrEnum):
            return option
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
