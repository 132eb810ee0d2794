"""The ledger's items: where each entry is stored, how it is found, and how it is encoded and decoded."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache, partial
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from .. import contract
from ..claim import Claim, ClaimKey, ClaimState, Outcome
from ..cloudformation.resource_key import ResourceKey
from ..cloudformation.response import Response
from ..json_types import as_mapping, is_tuple
from .store import Item, Key

_DAY: Final = 86_400
CLAIM_KEPT_SECONDS: Final = 200 * _DAY
"""A closed claim is kept for longer than the 180 days over which Connect counts claims and releases."""
DELETED_POOL_KEPT_SECONDS: Final = 400 * _DAY
"""A pool that was deleted is kept for longer than a number can be parked in it."""
REQUEST_KEPT_SECONDS: Final = 14 * _DAY
"""A request is kept for much longer than Lambda can redeliver it."""

REQUEST_PREFIX: Final = "REQUEST#"
CLAIM_PREFIX: Final = "CLAIM#"
DUE: Final = "DUE"
LIVE: Final = "LIVE"
PARKED: Final = "PARKED"
POOL: Final = "POOL"


@dataclass(frozen=True)
class ResourceEntry:
    """One item for each resource. Each decision writes it, so decisions on one resource are made one after another."""

    stack_id: str
    logical_resource_id: str
    watermark: int | None = None
    """When the latest known request was sent. An older request that arrives for the first time is stale."""
    generation: int = 0
    """How many claims have been opened so far."""
    claims: tuple[str, ...] = ()
    """Ids of the claims that were not closed when the last decision was made."""
    latest_type: str = ""
    """The type of the request that was decided last."""
    refuse_creations_until: int = 0
    """Until when a Create is refused, because it was canceled before it began. Only for URLs without a time."""

    version: int = field(default=0, kw_only=True)

    @property
    def claim_keys(self) -> tuple[ClaimKey, ...]:
        """The keys of these claims."""
        return _claim_keys(self)


@dataclass(frozen=True)
class RequestEntry:
    """One item for each request from CloudFormation."""

    stack_id: str
    logical_resource_id: str
    request_key: str
    type: str
    received_at: int
    deadline: int
    """When CloudFormation stops waiting for the response, less a margin."""
    claims: tuple[str, ...] = ()
    """Create and Update: the one claim to fulfill. Delete: the claims to close."""
    response: Response | None = None
    """Kept so that a redelivered request gets the same response."""

    version: int = field(default=0, kw_only=True)

    @property
    def claim_keys(self) -> tuple[ClaimKey, ...]:
        """The keys of these claims."""
        return _claim_keys(self)


@dataclass(frozen=True)
class NumberReservation:
    """One item for each number that is a claim's candidate or belongs to a claim.

    It ensures that no two claims of this provider pursue the same number.
    """

    phone_number: str
    stack_id: str
    logical_resource_id: str
    claim_id: str
    version: int = field(default=0, kw_only=True)

    @classmethod
    def of(cls, phone_number: str, owner: ClaimKey, version: int = 0) -> "NumberReservation":
        """Return a reservation of a number: a new one, or with version 1 as the ledger has it after its first write."""
        return cls(phone_number, owner.stack_id, owner.logical_resource_id, owner.claim_id, version=version)

    @property
    def owner(self) -> ClaimKey:
        """The claim that has reserved the number or owns it."""
        return ClaimKey(self.stack_id, self.logical_resource_id, self.claim_id)

    def owned_by(self, owner: ClaimKey) -> "NumberReservation":
        """Return the reservation with another claim as the owner."""
        return replace(
            self, stack_id=owner.stack_id, logical_resource_id=owner.logical_resource_id, claim_id=owner.claim_id
        )


@dataclass(frozen=True)
class PoolEntry:
    """One item for each pool. Its parked numbers name it in their claims."""

    pool_id: str
    stack_id: str
    logical_resource_id: str
    max_parked: int
    """How many numbers may be parked in the pool. The oldest above that are released."""
    retains_parked: bool = False
    """Whether its numbers stay in the account when the pool is deleted."""
    watermark: int | None = None
    """When the latest known request was sent."""
    is_deleted: bool = False
    """Whether the pool was deleted, so that a Create that comes late is known to be void."""
    deleted_at: int = 0
    """When the pool was deleted last. It does not retain a number that was claimed later."""
    end_refused_at: int = 0
    """When its deletion was refused, unless it was deployed since. CloudFormation may have given it up."""
    min_parked: int = 0
    """How many numbers stay parked, however old they are."""
    phone_numbers: tuple[str, ...] = ()
    """The numbers of the account that it has by its list. They are never released."""
    request_key: str = ""
    """The latest Create or Update."""
    filling: tuple[ClaimKey, ...] = ()
    """The claims that it has opened for the pool itself."""
    refuse_creations_until: int = 0
    """Until when a Create is refused, because it was canceled before it began. Only for URLs without a time."""
    version: int = field(default=0, kw_only=True)

    @property
    def resource(self) -> ResourceKey:
        """The pool's resource."""
        return ResourceKey(self.stack_id, self.logical_resource_id)


def _claim_keys(entry: ResourceEntry | RequestEntry) -> tuple[ClaimKey, ...]:
    return tuple(ClaimKey(entry.stack_id, entry.logical_resource_id, claim_id) for claim_id in entry.claims)


Entry = ResourceEntry | RequestEntry | NumberReservation | PoolEntry | Claim
"""The entries for which the ledger has items."""


def resource_partition(key: ResourceKey) -> str:
    """Return the partition key of everything that belongs to a resource."""
    return f"RESOURCE#{key.stack_id}#{key.logical_resource_id}"


def resource_entry_key(key: ResourceKey) -> Key:
    """Return the key of a resource's entry."""
    return resource_partition(key), "RESOURCE"


def request_entry_key(key: ResourceKey, request_key: str) -> Key:
    """Return the key of the entry of a request for a resource."""
    return resource_partition(key), REQUEST_PREFIX + request_key


def claim_key(key: ClaimKey) -> Key:
    """Return the key of a claim."""
    return resource_partition(key.resource), CLAIM_PREFIX + key.claim_id


def claim_key_of(key: Key) -> ClaimKey:
    """Return the claim whose item has a key."""
    _, stack_id, logical_resource_id = key[0].split("#")
    return ClaimKey(stack_id, logical_resource_id, key[1].removeprefix(CLAIM_PREFIX))


def number_key(phone_number: str) -> Key:
    """Return the key of a number's reservation."""
    return f"NUMBER#{phone_number}", "NUMBER"


def pool_key(pool_id: str) -> Key:
    """Return the key of a pool's entry."""
    return f"POOL#{pool_id}", "POOL"


BUDGET_KEY: Final[Key] = ("BUDGET", "BUDGET")
"""The key of the budget's sums."""


def key_of(entry: Entry) -> Key:
    """Return the key of an entry."""
    match entry:
        case NumberReservation():
            return number_key(entry.phone_number)
        case Claim():
            return claim_key(entry.own_key)
        case PoolEntry():
            return pool_key(entry.pool_id)
        case RequestEntry():
            return request_entry_key(ResourceKey(entry.stack_id, entry.logical_resource_id), entry.request_key)
        case ResourceEntry():
            return resource_entry_key(ResourceKey(entry.stack_id, entry.logical_resource_id))


def index_of(entry: Entry) -> Item:
    """Return the attributes that the sweeper and the table's expiry use to find an entry.

    Unfinished claims are due. Live and parked claims can be listed. Closed claims expire.
    """
    if isinstance(entry, RequestEntry):
        return {contract.EXPIRES_AT: entry.received_at + REQUEST_KEPT_SECONDS}
    if isinstance(entry, PoolEntry):
        if entry.is_deleted:
            return {contract.EXPIRES_AT: (entry.watermark or 0) + DELETED_POOL_KEPT_SECONDS}
        return {contract.DUE: POOL, contract.DUE_AT: 0}
    if not isinstance(entry, Claim):
        return {}
    if entry.state is ClaimState.PARKED:
        times = (
            entry.parked_until,
            entry.settles_at,
            entry.asks_at,
            entry.next_check_at if entry.has_calls_in_flight else 0,
        )
        return {contract.DUE: PARKED, contract.DUE_AT: min(time for time in times if time)}
    is_unfinished = entry.state in (ClaimState.OPENING, ClaimState.CLOSING) or entry.has_calls_in_flight
    if is_unfinished or (entry.state is ClaimState.LIVE and (entry.follow_up or entry.settles_at)):
        return {contract.DUE: DUE, contract.DUE_AT: entry.next_check_at}
    if entry.state is ClaimState.LIVE:
        return {contract.DUE: LIVE, contract.DUE_AT: entry.claimed_at}
    if entry.outcome is Outcome.TRANSFERRED:
        # The adoption that has taken its number may be rolled back, however long a deployment stands still.
        return {}
    return {contract.EXPIRES_AT: entry.closed_at + CLAIM_KEPT_SECONDS}


_E = TypeVar("_E")

_PLAIN: Final = frozenset({str, int, bool})
"""The types of most values. They are stored as they are."""


def encode(entry: Entry) -> Item:
    """Return the item to store for an entry, with the version that the entry has after the write."""
    partition, sort = key_of(entry)
    attributes = {
        name: _encode(value)
        for name in _names(type(entry))
        if name != "version" and (value := getattr(entry, name)) is not None
    }
    return {
        **attributes,
        **index_of(entry),
        contract.PARTITION_KEY: partition,
        contract.SORT_KEY: sort,
        "version": entry.version + 1,
    }


def decode(entry_type: Callable[..., _E], item: Item) -> _E:
    """Return the entry of a stored item."""
    decoders = _decoders(entry_type)
    return entry_type(
        **{
            name: value if (decoder := decoders[name]) is None else decoder(value)
            for name, value in item.items()
            if name in decoders
        }
    )


def _encode(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str | int):
        return value
    if is_tuple(value):
        return [_encode(element) for element in value]
    if (members := as_mapping(value)) is not None:
        return dict(members)
    return {name: _encode(getattr(value, name)) for name in _names(type(value))}


def _names_of(entry_type: Any) -> tuple[str, ...]:
    return tuple(attribute.name for attribute in fields(entry_type))


_names: Final[Callable[[Any], tuple[str, ...]]] = cache(_names_of)


@cache
def _decoders(entry_type: Any) -> dict[str, Callable[[Any], Any] | None]:
    hints = get_type_hints(entry_type)
    return {attribute.name: _decoder(hints[attribute.name]) for attribute in fields(entry_type)}


def _decoder(hint: Any) -> Callable[[Any], Any] | None:
    """Return what decodes values of a type, or ``None`` if they are stored as they are."""
    if get_origin(hint) is tuple:
        element = _decoder(get_args(hint)[0])
        return tuple if element is None else lambda values: tuple(map(element, values))
    # For ``X | None``, an absent value is not stored, so a stored value is an X.
    for option in (hint, *get_args(hint)):
        if isinstance(option, type) and is_dataclass(option):
            return partial(decode, option)
        if isinstance(option, type) and issubclass(option, StrEnum):
            return option
    return None
