"""The rehearsal of one provider: its function's decisions, made on a copy of its ledger."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from time import gmtime, strftime
from typing import Any, Final, cast

from .. import contract, rules
from ..budget import Allowance, day_of
from ..claim import Claim, ClaimState, Origin, Specification
from ..claim import Outcome as ClaimOutcome
from ..cloudformation.request import Request, RequestType
from ..cloudformation.resource_key import ResourceKey
from ..cloudformation.response import Status
from ..cloudformation.stacks import HeldResource, RetryingStacks, Stacks, StackState
from ..configuration import Configuration
from ..connect.gateway import Connect
from ..connect.quotas import Quotas
from ..hints.hint import Hints
from ..hints.pacing import Pacing
from ..hints.stock import Stock
from ..ledger.items import NumberReservation, PoolEntry, RequestEntry, decode
from ..ledger.ledger import Ledger, UnreadableItem
from ..lifecycle.adopting import adopt
from ..lifecycle.budgeting import allowance_for_claim, problem_of_claim
from ..lifecycle.context import Failed, Invocation, Scope
from ..lifecycle.decision import decide
from ..lifecycle.pooling import decide_pool, end_of_parked, limit_pools
from ..lifecycle.provider_resource import refusal_of_deletion
from ..logs import Log
from ..properties import parse_properties
from ..timing import Timing
from .plan import Effect
from .snapshot import SnapshotStore

_ENDLESS_SECONDS: Final = 10.0**9
READING: Final = (
    "list_phone_numbers_v2",
    "describe_phone_number",
    "batch_get_flow_association",
    "describe_traffic_distribution_group",
)
"""The methods of the client for Amazon Connect that change nothing."""
_PLANNED: Final = "planned-"
"""Marks a number that stands for one that is not known yet."""


@dataclass(frozen=True)
class Outcome:
    """What one request does to one number."""

    effect: Effect
    phone_number: str = ""
    detail: str = ""
    until: int = 0


@dataclass
class Rehearsal:
    """Plays requests to a provider.

    Parameters
    ----------
    configuration
        What the provider was told.
    store
        A copy of its ledger. It is written to.
    stacks
        The queries to CloudFormation.
    connect
        A client for Amazon Connect, with which nothing is changed. Without one, every number can be adopted.
    clock
        Returns the time in seconds since the epoch.
    """

    configuration: Configuration
    store: SnapshotStore
    stacks: Stacks
    connect: Any
    partition: str
    region: str
    account: str
    clock: Callable[[], float]
    quotas: Quotas | None = None
    claims: int = 0
    """How many numbers were claimed or imported."""
    releases: int = 0
    """How many numbers were released at once."""
    is_refused_for_budget: bool = False
    used_before: int = field(init=False)
    """How many claims and releases were used before the rehearsal."""
    held: dict[ResourceKey, HeldResource] = field(default_factory=dict[ResourceKey, HeldResource])
    """The resources as CloudFormation describes them after the requests so far, where that has changed."""
    _indices: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.used_before = self.allowance().used

    def start_over(self) -> None:
        """Take what was played so far for what is deployed."""
        self.claims = self.releases = 0
        self.is_refused_for_budget = False
        self.used_before = self.allowance().used

    # --- Requests for numbers ---

    def create(self, key: ResourceKey, properties: Mapping[str, object]) -> list[Outcome]:
        """Return what a Create does."""
        request = self._request(RequestType.CREATE, key, contract.RESOURCE_TYPE, "", properties)
        entry = self._decided(request, properties)
        if isinstance(entry, Outcome):
            return [entry]
        return [self._opened(entry, request)]

    def update(
        self,
        key: ResourceKey,
        physical_id: str,
        properties: Mapping[str, object],
        old_properties: Mapping[str, object],
    ) -> list[Outcome]:
        """Return what an Update does. If it replaces the number, the first outcome says so."""
        before = self.claim_of(physical_id)
        sent = self._request(RequestType.UPDATE, key, contract.RESOURCE_TYPE, physical_id, properties)
        request = replace(sent, old_properties=old_properties)
        entry = self._decided(request, properties)
        if isinstance(entry, Outcome):
            return [entry]
        claim = self._claim(entry)
        if claim.arn == physical_id and before is not None:
            protects = parse_properties(properties, self.region).release_protection
            self._ledger().save(replace(claim, protected=protects))
            return _changed(before, claim, protects=protects)
        replaced = Outcome(Effect.REPLACE, before.phone_number if before else "", "the changed properties ask for it")
        return [replaced, self._opened(entry, request)]

    def delete(self, key: ResourceKey, physical_id: str, properties: Mapping[str, object]) -> list[Outcome]:
        """Return what a Delete does."""
        claim = self.claim_of(physical_id)
        request = self._request(RequestType.DELETE, key, contract.RESOURCE_TYPE, physical_id, properties)
        entry = self._decided(request, properties)
        if isinstance(entry, Outcome):
            return [entry]
        if not entry.claim_keys and claim is None and rules.parse_phone_number_arn(physical_id) is not None:
            return [Outcome(Effect.RETAIN, detail=f"{physical_id}: the provider does not know it, so it keeps it")]
        # If it closes nothing, another resource has the number, and nothing is done.
        if self._known(key).has(physical_id):
            self.held[key] = HeldResource(physical_id, "DELETE_COMPLETE")
        return [self._closed(self._ledger().claim(key)) for key in entry.claim_keys]

    def retain(self, key: ResourceKey, physical_id: str) -> list[Outcome]:
        """Return what it means that CloudFormation leaves a resource alone: it sends no request."""
        held = [other for other, each in self.held.items() if each.physical_id == physical_id and not each.is_gone]
        if rules.parse_phone_number_arn(physical_id) is None or set(held) - {key}:
            # It has no number, or another resource has adopted it.
            return []
        claim = self.claim_of(physical_id)
        if claim is None:
            return [Outcome(Effect.RETAIN, detail=f"{physical_id}: it stays in the account, and is billed")]
        self.held[key] = HeldResource()
        return [Outcome(Effect.RETAIN, shown(claim.phone_number), "it stays in the account, and is billed")]

    def unreadable(self) -> list[UnreadableItem]:
        """Return the items of the ledger that are about numbers and cannot be read."""
        return [found for found in self._ledger().unfinished_or_live() if isinstance(found, UnreadableItem)]

    def claim_of(self, physical_id: str) -> Claim | None:
        """Return the claim with the number that a resource has, or ``None`` if the ledger knows none."""
        # Not by a scan: this is asked several times for each number, and a ledger may have thousands.
        found = self.store.having("arn", physical_id) if physical_id else []
        claims = [decode(Claim, item) for item in found if contract.DUE in item]
        return max(claims, key=lambda claim: claim.opened_at, default=None)

    def pool(self, physical_id: str) -> PoolEntry | None:
        """Return what the ledger has of a pool, or ``None`` if it knows none with this physical id."""
        return self._ledger().pool(physical_id) if physical_id else None

    # --- Requests for pools and for the provider itself ---

    def deploy_pool(self, key: ResourceKey, physical_id: str, properties: Mapping[str, object]) -> list[Outcome]:
        """Return what the Create of a pool does, or its Update if it has a physical id."""
        kind = RequestType.UPDATE if physical_id else RequestType.CREATE
        request = self._request(kind, key, contract.POOL_RESOURCE_TYPE, physical_id, properties)
        entry = decide_pool(self._invocation(), request)
        if entry.response is not None and entry.response.status is Status.FAILED:
            return [self._refused(entry.response.reason, _filled_target(properties))]
        return [self._filled(self._ledger().claim(key)) for key in entry.claim_keys]

    def delete_pool(self, key: ResourceKey, physical_id: str, properties: Mapping[str, object]) -> list[Outcome]:
        """Return what the Delete of a pool does."""
        request = self._request(RequestType.DELETE, key, contract.POOL_RESOURCE_TYPE, physical_id, properties)
        entry = decide_pool(self._invocation(), request)
        if entry.response is not None and entry.response.status is Status.FAILED:
            return [Outcome(Effect.REFUSE, detail=entry.response.reason)]
        parked = [claim for claim in self._ledger().parked() if isinstance(claim, Claim)]
        return [self._ended(claim) for claim in parked if claim.desired.pool == physical_id]

    def limit_pools(self) -> list[tuple[Claim, Outcome]]:
        """Return the parked numbers that pools have too many of afterwards, with what happens to them."""
        before = {claim.id: claim for claim in self._ledger().parked() if isinstance(claim, Claim)}
        limit_pools(self._invocation())
        after = [self._ledger().claim(claim.own_key) for claim in before.values()]
        return [(claim, self._closed(claim)) for claim in after if claim.state is ClaimState.CLOSING]

    def delete_provider(self) -> list[Outcome]:
        """Return what the Delete of the provider does."""
        refusal = refusal_of_deletion(self._invocation())
        return [Outcome(Effect.REFUSE, detail=refusal)] if refusal else []

    # --- The budget ---

    def allowance(self) -> Allowance:
        """Return the allowance as it is in the rehearsal now."""
        today = day_of(self.clock())
        budget = self._ledger().budget().without_past(today)
        return Allowance(budget, self.configuration.budget, today, claims=0)

    # --- Parts ---

    def _known(self, key: ResourceKey) -> HeldResource:
        return _LaterStacks(self.stacks, self.held).resource(key) or HeldResource()

    def _decided(self, request: Request, properties: Mapping[str, object]) -> RequestEntry | Outcome:
        entry = decide(self._invocation(), request)
        if entry.response is not None and entry.response.status is Status.FAILED:
            target = str(properties.get("TargetArn", "")) if request.type is not RequestType.DELETE else ""
            named = self.claim_of(request.physical_resource_id)
            refused = self._refused(entry.response.reason, target)
            return replace(refused, phone_number=named.phone_number if named else "")
        return entry

    def _refused(self, reason: str, target_arn: str) -> Outcome:
        if target_arn:
            invocation = self._invocation()
            problem = problem_of_claim(invocation, allowance_for_claim(invocation, target_arn))
            self.is_refused_for_budget = self.is_refused_for_budget or bool(problem and problem == reason)
        return Outcome(Effect.REFUSE, detail=reason)

    def _opened(self, entry: RequestEntry, request: Request) -> Outcome:
        """Return what becomes of the claim that a request has opened or resumed, and let it get its number."""
        claim = self._claim(entry)
        protects = parse_properties(request.properties, self.region).release_protection
        outcome, claim = self._acquired(claim)
        if claim.state is ClaimState.OPENING and outcome.effect is not Effect.REFUSE:
            live = self._with_number(claim).succeed(in_flight_calls=(), protected=protects, next_check_at=0)
            self._save(replace(live, follow_up=False))
            self.held[claim.resource] = HeldResource(live.arn, "UPDATE_COMPLETE")
        return outcome

    def _with_number(self, claim: Claim) -> Claim:
        """Return a claim with a number that stands for the one that it will get."""
        if claim.arn:
            return replace(claim, acknowledged=True)
        specification, index = claim.specification, next(self._indices)
        return replace(
            claim,
            arn=f"arn:aws:connect:{self.region}:{self.account}:phone-number/00000000-0000-0000-0000-{index:012x}",
            phone_number=specification.phone_number or f"{specification.prefix}{_PLANNED}{index}",
            country_code=specification.country_code,
            type=specification.type,
            provisioned=True,
            acknowledged=True,
        )

    def _save(self, claim: Claim) -> None:
        """Save a claim, with the reservation of its number."""
        ledger = self._ledger()
        found = ledger.number(claim.phone_number)
        owned = (
            NumberReservation.of(claim.phone_number, claim.own_key) if found is None else found.owned_by(claim.own_key)
        )
        ledger.save(claim, owned)

    def _acquired(self, claim: Claim) -> tuple[Outcome, Claim]:
        """Return how a claim gets its number, and the claim as it is then."""
        specification = claim.specification
        if claim.arn:
            if claim.is_taken and claim.state is ClaimState.OPENING:
                return Outcome(Effect.TAKE, shown(claim.phone_number), "it is parked now"), claim
            return Outcome(Effect.CHANGE, shown(claim.phone_number), "the resource had it before"), claim
        match specification.origin:
            case Origin.ADOPTED:
                return self._adopted(claim)
            case Origin.IMPORTED:
                self.claims += 1
                return Outcome(Effect.IMPORT, detail=specification.source_phone_number_arn), claim
            case Origin.CLAIMED:
                self.claims += 1
                return Outcome(Effect.CLAIM, specification.phone_number, describe(specification)), claim

    def _adopted(self, claim: Claim) -> tuple[Outcome, Claim]:
        phone_number = claim.specification.phone_number
        if self.connect is None:
            return Outcome(Effect.ADOPT, phone_number), claim
        try:
            adopted = adopt(self._invocation(), claim)
        except Failed as problem:
            return Outcome(Effect.REFUSE, phone_number, str(problem)), claim
        previous = adopted.previous_owner
        owner = f"from {previous.logical_resource_id} of {previous.stack_name}" if previous is not None else ""
        return Outcome(Effect.ADOPT, phone_number, owner), replace(adopted, in_flight_calls=())

    def _filled(self, claim: Claim) -> Outcome:
        """Return how a pool gets a number itself, and park that number."""
        outcome, claim = self._acquired(claim)
        if outcome.effect is not Effect.REFUSE:
            now = self._timing().now()
            self._save(self._with_number(claim).close("it is for its pool", now).park(now))
        return replace(outcome, detail=f"for the pool, {outcome.detail}" if outcome.detail else "for the pool")

    def _closed(self, claim: Claim) -> Outcome:
        """Return how a closing claim ends, and let it end."""
        now, number = self._timing().now(), shown(claim.phone_number)
        if claim.is_undone:
            self._ledger().save(claim.end(ClaimOutcome.ADOPTION_ROLLED_BACK, now))
            return Outcome(Effect.RESTORE, number, "its adoption is undone")
        if claim.parked_until:
            self._ledger().save(claim.park(now))
            if claim.listed_in:
                return Outcome(Effect.PARK, number, "its pool has it by its list, and never releases it")
            pool = f"in {claim.desired.pool}" if claim.desired.pool else "for its own resource"
            return Outcome(Effect.POSTPONE if claim.is_postponed else Effect.PARK, number, pool, claim.parked_until)
        if claim.listed_in:
            self._ledger().save(claim.end(ClaimOutcome.LET_GO, now))
            return Outcome(Effect.RETAIN, number, "its pool no longer lists it, so the account keeps it")
        if not claim.arn:
            self._ledger().save(claim.end(ClaimOutcome.NEVER_CLAIMED, now))
            return Outcome(Effect.CHANGE, detail="a creation that has not ended is canceled")
        self.releases += 1
        self._ledger().save(claim.end(ClaimOutcome.RELEASED, now))
        return Outcome(Effect.RELEASE, number, "it cannot be claimed again for up to 180 days")

    def _ended(self, claim: Claim) -> Outcome:
        """Return what becomes of a parked number whose pool is deleted."""
        ledger, now = self._ledger(), self._timing().now()
        end = end_of_parked(self._invocation(), claim)
        if end.is_kept:
            ledger.save(claim.retain())
            return Outcome(Effect.RETAIN, shown(claim.phone_number), "its pool is deleted, and keeps its numbers")
        if end.postponed_to:
            ledger.save(claim.postpone(end.postponed_to))
            return Outcome(Effect.POSTPONE, shown(claim.phone_number), "its pool is deleted", end.postponed_to)
        self.releases += 1
        closing = ledger.save(replace(claim.expire(now), counts_release=True))
        ledger.save(closing.end(ClaimOutcome.RELEASED, now))
        return Outcome(Effect.RELEASE, shown(claim.phone_number), "its pool is deleted")

    def _claim(self, entry: RequestEntry) -> Claim:
        return self._ledger().claim(entry.claim_keys[0])

    def _request(
        self,
        kind: RequestType,
        key: ResourceKey,
        resource_type: str,
        physical_id: str,
        properties: Mapping[str, object],
    ) -> Request:
        index = next(self._indices)
        signed = strftime("%Y%m%dT%H%M%SZ", gmtime(self.clock() + index))
        return Request(
            type=kind,
            stack_id=key.stack_id,
            logical_resource_id=key.logical_resource_id,
            request_id=f"plan-{index}",
            resource_type=resource_type,
            response_url=f"plan:?X-Amz-Date={signed}&index={index}",
            physical_resource_id=physical_id,
            properties={name: value for name, value in properties.items() if name != "ServiceTimeout"},
            old_properties={},
        )

    def _timing(self) -> Timing:
        # There is nothing to wait for: what a decision asks CloudFormation again, it has told for good.
        return Timing(
            clock=self.clock,
            pause=lambda _: None,
            invocation_deadline=self.clock() + _ENDLESS_SECONDS,
            jitter=lambda: 0.0,
        )

    def _ledger(self) -> Ledger:
        return Ledger(self.store, self._timing())

    def _invocation(self) -> Invocation:
        timing = self._timing()
        hints = Hints(self.store, timing, lambda _: None)
        told = self.configuration
        return Invocation(
            connect=Connect(cast(Any, ReadingConnect(self.connect)), timing, Pacing(hints)),
            ledger=Ledger(self.store, timing),
            stacks=RetryingStacks(_LaterStacks(self.stacks, self.held), timing),
            timing=timing,
            scope=Scope(
                self.region,
                self.account,
                told.provider_id,
                told.target_arns,
                allow_adoption=told.allow_adoption,
                stack_name_prefix=told.stack_name_prefix,
            ),
            log=Log(lambda _: None, self.clock),
            worker="plan",
            stock=Stock(hints),
            budget=told.budget,
            quotas=self.quotas,
        )


def shown(phone_number: str) -> str:
    """Return a number, or an empty text if it stands for one that is not known yet."""
    return "" if _PLANNED in phone_number else phone_number


def describe(specification: Specification) -> str:
    """Return which numbers a specification asks for, for people."""
    if specification.phone_number:
        return specification.phone_number
    prefix = f" that begins with {specification.prefix}" if specification.prefix else ""
    return f"a {specification.type} number of {specification.country_code}{prefix}"


def _changed(before: Claim, after: Claim, *, protects: bool) -> list[Outcome]:
    """Return which settings of a number an Update changes."""
    old, new = before.desired, after.desired
    names = {
        "description": "Description",
        "tags": "Tags",
        "contact_flow_arn": "ContactFlowArn",
        "release_delay": "ReleaseDelay",
        "pool": "Pool",
        "parking_target_arn": "ParkingTargetArn",
    }
    changed = [name for attribute, name in names.items() if getattr(old, attribute) != getattr(new, attribute)]
    changed += ["ReleaseProtection"] if before.protected != protects else []
    outcomes = [Outcome(Effect.CHANGE, after.phone_number, ", ".join(changed))] if changed else []
    if old.target_arn != new.target_arn:
        outcomes.insert(0, Outcome(Effect.MOVE, after.phone_number, f"from {old.target_arn} to {new.target_arn}"))
    return outcomes


def _filled_target(properties: Mapping[str, object]) -> str:
    return str(properties.get("ParkingTargetArn", ""))


class _LaterStacks:
    """The stacks as CloudFormation describes them after some requests."""

    def __init__(self, stacks: Stacks, held: Mapping[ResourceKey, HeldResource]) -> None:
        self._stacks = stacks
        self._held = held

    def state(self, stack_id: str) -> StackState | None:
        return self._stacks.state(stack_id)

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        return self._held[resource] if resource in self._held else self._stacks.resource(resource)

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        found = self._stacks.holders(physical_id)
        if found is None:
            return None
        own = [key for key, held in self._held.items() if held.physical_id == physical_id and not held.is_gone]
        return (*own, *(key for key in found if key not in self._held))

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        held = self._held.get(resource)
        if held is not None and held.physical_id == physical_id:
            return True
        return self._stacks.has_named(resource, physical_id, since, by_any_name=by_any_name)

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        return self._stacks.has_completed(resource, physical_id, since)


class ReadingConnect:
    """Amazon Connect, without the calls that change anything."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, method: str) -> Any:
        if method not in READING:
            raise AssertionError(f"a plan must not call {method}")
        return getattr(self._client, method)
