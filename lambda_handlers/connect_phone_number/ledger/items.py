"""The ledger's items: where each entry is stored, what finds it, and how it becomes attributes and comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache, partial
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from ..claim import Claim, ClaimKey, ClaimState
from ..cloudformation.resource_key import ResourceKey
from ..cloudformation.response import Response
from ..json_types import as_mapping, is_tuple
from .store import Item, Key

_DAY: Final = 86_400
CLAIM_KEPT_SECONDS: Final = 200 * _DAY
"""A closed claim stays for longer than the 180 days over which Connect counts claims and releases."""
REQUEST_KEPT_SECONDS: Final = 14 * _DAY
"""A request stays for much longer than Lambda can deliver it again."""

REQUEST_PREFIX: Final = "REQUEST#"
CLAIM_PREFIX: Final = "CLAIM#"
DUE: Final = "DUE"
LIVE: Final = "LIVE"


@dataclass(frozen=True)
class ResourceEntry:
    """One item for each resource. Each decision writes it, so decisions on one resource come one after another."""

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
    """Only for URLs without a time: a creation was canceled before it began."""

    version: int = field(default=0, kw_only=True)

    @property
    def claim_keys(self) -> tuple[ClaimKey, ...]:
        """Which claims these are."""
        return _claim_keys(self)


@dataclass(frozen=True)
class RequestEntry:
    """One item for each request of CloudFormation."""

    stack_id: str
    logical_resource_id: str
    request_key: str
    type: str
    received_at: int
    deadline: int
    """When CloudFormation stops listening, less a margin."""
    claims: tuple[str, ...] = ()
    """Create and Update: the one claim that is to be made good. Delete: the claims to close."""
    response: Response | None = None
    """Kept so that a redelivery is answered alike."""

    version: int = field(default=0, kw_only=True)

    @property
    def claim_keys(self) -> tuple[ClaimKey, ...]:
        """Which claims these are."""
        return _claim_keys(self)


@dataclass(frozen=True)
class NumberReservation:
    """One item for each number that a claim is after or owns: no two claims of this provider want the same one."""

    phone_number: str
    stack_id: str
    logical_resource_id: str
    claim_id: str
    version: int = field(default=0, kw_only=True)

    @classmethod
    def of(cls, phone_number: str, owner: ClaimKey) -> "NumberReservation":
        """Return a new reservation of a number."""
        return cls(phone_number, owner.stack_id, owner.logical_resource_id, owner.claim_id)

    @property
    def owner(self) -> ClaimKey:
        """The claim that wants or owns the number."""
        return ClaimKey(self.stack_id, self.logical_resource_id, self.claim_id)

    def owned_by(self, owner: ClaimKey) -> "NumberReservation":
        """Return the reservation as another claim's."""
        return replace(
            self, stack_id=owner.stack_id, logical_resource_id=owner.logical_resource_id, claim_id=owner.claim_id
        )


def _claim_keys(entry: ResourceEntry | RequestEntry) -> tuple[ClaimKey, ...]:
    return tuple(ClaimKey(entry.stack_id, entry.logical_resource_id, claim_id) for claim_id in entry.claims)


Entry = ResourceEntry | RequestEntry | NumberReservation | Claim
"""What the ledger has items for."""


def resource_partition(key: ResourceKey) -> str:
    """Return the partition key of all that belongs to a resource."""
    return f"RESOURCE#{key.stack_id}#{key.logical_resource_id}"


def resource_entry_key(key: ResourceKey) -> Key:
    """Return where the one item of a resource is stored."""
    return resource_partition(key), "RESOURCE"


def request_entry_key(key: ResourceKey, request_key: str) -> Key:
    """Return where a request for a resource is stored."""
    return resource_partition(key), REQUEST_PREFIX + request_key


def claim_key(key: ClaimKey) -> Key:
    """Return where a claim is stored."""
    return resource_partition(key.resource), CLAIM_PREFIX + key.claim_id


def number_key(phone_number: str) -> Key:
    """Return where it is stored who wants or owns a number."""
    return f"NUMBER#{phone_number}", "NUMBER"


def key_of(entry: Entry) -> Key:
    """Return where an entry is stored."""
    match entry:
        case NumberReservation():
            return number_key(entry.phone_number)
        case Claim():
            return claim_key(entry.own_key)
        case RequestEntry():
            return request_entry_key(ResourceKey(entry.stack_id, entry.logical_resource_id), entry.request_key)
        case ResourceEntry():
            return resource_entry_key(ResourceKey(entry.stack_id, entry.logical_resource_id))


def index_of(entry: Entry) -> Item:
    """Return the attributes by which the sweeper and the table's expiry find an entry.

    Unfinished claims are due, live ones can be listed, closed ones expire.
    """
    if isinstance(entry, RequestEntry):
        return {"expires_at": entry.received_at + REQUEST_KEPT_SECONDS}
    if not isinstance(entry, Claim):
        return {}
    is_unfinished = entry.state in (ClaimState.OPENING, ClaimState.CLOSING) or entry.has_calls_in_flight
    if is_unfinished or (entry.state is ClaimState.LIVE and entry.follow_up):
        return {"due": DUE, "due_at": entry.next_check_at}
    if entry.state is ClaimState.LIVE:
        return {"due": LIVE, "due_at": entry.claimed_at}
    return {"expires_at": entry.closed_at + CLAIM_KEPT_SECONDS}


_E = TypeVar("_E")


def encode(entry: Entry) -> Item:
    """Return an entry as a stored item, with the version that it gets by being written."""
    partition, sort = key_of(entry)
    attributes = {
        attribute.name: _encode(getattr(entry, attribute.name))
        for attribute in fields(entry)
        if attribute.name != "version" and getattr(entry, attribute.name) is not None
    }
    return {
        **attributes,
        **index_of(entry),
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
        return [_encode(element) for element in value]
    if (members := as_mapping(value)) is not None:
        return dict(members)
    return {attribute.name: _encode(getattr(value, attribute.name)) for attribute in fields(value)}


@cache
def _decoders(entry_type: Any) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(entry_type)
    return {attribute.name: _decoder(hints[attribute.name]) for attribute in fields(entry_type)}


def _decoder(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) is tuple:
        element = _decoder(get_args(hint)[0])
        return lambda values: tuple(map(element, values))
    # Of ``X | None`` an absent value is not stored, so a stored one is an X.
    for option in (hint, *get_args(hint)):
        if isinstance(option, type) and is_dataclass(option):
            return partial(decode, option)
        if isinstance(option, type) and issubclass(option, StrEnum):
            return option
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
