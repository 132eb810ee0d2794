"""What a request means for the claims of its resource: decided once, in one write, before anything is done.

The rules, for a request that is seen for the first time (``docs/lifecycle.md`` derives them):

* What was sent before a request that is known already is stale: CloudFormation has given it up.
* One open claim for each resource and specification. Create and Update resume the open claim that was made for
  what they want, else keep the present number where that satisfies them, else open a claim. Thus a retried
  deployment, a rollback and a first creation are the same thing.
* CloudFormation knows of two numbers at the most: the one that it names in the request and the one that it is
  answered. Every other open claim of the resource is closed, except numbers that were kept on purpose.
* A Delete closes the claim that it names. If it names none, because the creation never got to answer, it closes
  each claim that CloudFormation cannot know.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from .. import rules, tokens
from ..ledger.items import (
    Claim,
    ClaimState,
    Entry,
    Head,
    RequestEntry,
    Specification,
)
from ..ledger.ledger import Ledger, Resource
from ..ledger.store import Conflict
from ..protocol.answer import Answer, Status
from ..protocol.request import Request, RequestType
from .items_of_request import failed_creation_id, is_failed_creation_id, resource_key
from .properties import InvalidProperty, Wanted, parse_properties, timeout_seconds
from .satisfying import satisfies
from .stacks import Stacks

_DEADLINE_MARGIN_SECONDS: Final = 20
_LATE_CREATION_SECONDS: Final = 2 * 3600
"""How long Lambda may still deliver a Create: the maximum event age, and three attempts with their pauses."""
_GRACE_AFTER_DEADLINE_SECONDS: Final = 20 * 60
"""An attempt that began before the deadline is certainly over by then."""


@dataclass(frozen=True)
class Place:
    """Where this function works."""

    region: str
    account: str
    provider_id: str


def decide(
    request: Request,
    ledger: Ledger,
    stacks: Stacks,
    place: Place,
    now: Callable[[], int],
) -> RequestEntry:
    """Return the ledger's entry of the request, made now or found: its answer, or the claims it is about."""
    while True:
        resource = ledger.resource(resource_key(request))
        known = resource.requests.get(request.attempt)
        if known is not None:
            return known
        decision = _Decision(request, resource, stacks, place, now())
        entry, entries = decision.make()
        try:
            ledger.save(entry, *entries)
        except Conflict:
            continue
        return replace(entry, version=1)


@dataclass
class _Decision:
    request: Request
    resource: Resource
    stacks: Stacks
    place: Place
    now: int
    changed: dict[str, Claim] = field(default_factory=dict[str, Claim])

    def make(self) -> tuple[RequestEntry, list[Entry]]:
        """Return the request's entry and the other entries that the decision changes."""
        head = self.resource.head
        if self.request.type is not RequestType.DELETE and self._is_stale():
            entry = self._answered(
                Status.FAILED,
                "CloudFormation has sent a later request for this resource, so this one is void. Nothing was done.",
            )
            return entry, []
        match self.request.type:
            case RequestType.CREATE:
                entry, head = self._create(head)
            case RequestType.UPDATE:
                entry, head = self._update(head)
            case RequestType.DELETE:
                entry, head = self._delete(head)
        sent_at = self.request.sent_at
        if sent_at is not None:
            head = replace(head, watermark=max(sent_at, head.watermark or 0))
        return entry, [head, *self.changed.values()]

    # --- Create and Update ---

    def _create(self, head: Head) -> tuple[RequestEntry, Head]:
        wanted = self._wanted()
        if isinstance(wanted, str):
            return self._answered(Status.FAILED, wanted), head
        for claim in self._open():
            if claim.state is ClaimState.LIVE and claim.retain:
                # CloudFormation asks for a resource that exists: it was removed from the stack and kept.
                self._change(replace(claim, confirmed=True))
        found = self._exact(wanted.specification, prefer="")
        claim, head = self._opened(wanted, head) if found is None else (self._resumed(found, wanted), head)
        self._close_others({claim.id})
        return self._entry(claims=(claim.id,)), head

    def _update(self, head: Head) -> tuple[RequestEntry, Head]:
        named = self._named()
        if named is None or not named.is_open:
            return self._answered(Status.FAILED, self._unknown_number(named)), head
        named = self._change(replace(named, confirmed=True))
        wanted = self._wanted()
        if isinstance(wanted, str):
            return self._answered(Status.FAILED, wanted), head
        found = self._exact(wanted.specification, prefer=named.id)
        if found is None and satisfies(named, wanted.specification):
            found = named
        if found is None and (refusal := _replacement_refusal(named, wanted)):
            return self._answered(Status.FAILED, refusal), head
        claim, head = self._opened(wanted, head) if found is None else (self._resumed(found, wanted), head)
        self._close_others({named.id, claim.id})
        return self._entry(claims=(claim.id,)), head

    def _wanted(self) -> Wanted | str:
        try:
            return parse_properties(self.request.properties, self.place.region)
        except InvalidProperty as problem:
            return str(problem)

    def _exact(self, specification: Specification, prefer: str) -> Claim | None:
        # Only a claim made for this very specification: on the way back from a replacement the new number may satisfy
        # the old specification too, and yet it is the old number that must be returned to.
        matching = [c for c in self._open() if specification.digest in c.satisfies]
        matching.sort(key=lambda claim: (claim.id == prefer, claim.opened_at))
        return matching[-1] if matching else None

    def _opened(self, wanted: Wanted, head: Head) -> tuple[Claim, Head]:
        head = replace(head, generation=head.generation + 1)
        key = resource_key(self.request)
        claim = Claim(
            stack_id=key.stack_id,
            logical_resource_id=key.logical_resource_id,
            id=tokens.claim_id(key.stack_id, key.logical_resource_id, head.generation),
            state=ClaimState.OPENING,
            specification=wanted.specification,
            satisfies=(wanted.specification.digest,),
            opening=wanted.settings,
            desired=wanted.settings,
            attempt=self.request.attempt,
            sent_at=self.request.sent_at,
            opened_at=self.now,
            retain=wanted.retain,
            check_at=self._deadline() + _GRACE_AFTER_DEADLINE_SECONDS,
        )
        return self._change(claim), head

    def _resumed(self, claim: Claim, wanted: Wanted) -> Claim:
        digests = dict.fromkeys((*claim.satisfies, wanted.specification.digest))
        check_at = claim.check_at
        if claim.state is ClaimState.OPENING:
            check_at = max(check_at, self._deadline() + _GRACE_AFTER_DEADLINE_SECONDS)
        return self._change(
            replace(
                claim,
                satisfies=tuple(digests),
                desired=wanted.settings,
                attempt=self.request.attempt,
                sent_at=self.request.sent_at,
                retain=wanted.retain,
                check_at=check_at,
            )
        )

    def _close_others(self, known: set[str]) -> None:
        for claim in self._open():
            if claim.id not in known and not (claim.retain and claim.confirmed):
                self._close(claim, "CloudFormation knows nothing of this claim any more")

    # --- Delete ---

    def _delete(self, head: Head) -> tuple[RequestEntry, Head]:
        physical_id = self.request.physical_resource_id
        if rules.parse_phone_number_arn(physical_id) is not None:
            return self._delete_number(head)
        cancelled = [claim for claim in self._claims().values() if self._is_cancelled_by_this(claim)]
        for claim in cancelled:
            if claim.is_open:
                self._close(claim, "its creation was cancelled")
        if self.request.sent_at is None and not self._creation_was_seen():
            head = replace(head, refuse_creations_until=self.now + _LATE_CREATION_SECONDS)
        return self._entry(claims=tuple(claim.id for claim in cancelled)), head

    def _creation_was_seen(self) -> bool:
        requests = sorted(self.resource.requests.values(), key=lambda known: known.received_at)
        return bool(requests) and requests[-1].type == RequestType.CREATE

    def _is_cancelled_by_this(self, claim: Claim) -> bool:
        if claim.state is ClaimState.CLOSED or claim.confirmed:
            return False
        physical_id = self.request.physical_resource_id
        if is_failed_creation_id(physical_id):
            return physical_id == failed_creation_id(claim.attempt)
        return not self._is_older_than(claim)

    def _is_older_than(self, claim: Claim) -> bool:
        sent_at = self.request.sent_at
        return sent_at is not None and claim.sent_at is not None and sent_at < claim.sent_at

    def _delete_number(self, head: Head) -> tuple[RequestEntry, Head]:
        named = self._named()
        if named is None or named.state is ClaimState.CLOSED:
            # Never ours, released already, or handed over: not ours to touch either way.
            return self._entry(claims=()), head
        if self._is_older_than(named):
            return self._answered(
                Status.FAILED,
                f"CloudFormation has taken {named.phone_number} into use again since, so it is kept.",
            ), head
        is_current = head.current_arn in (named.arn, "")
        asks = named.is_open and (named.protected or named.retain or named.specification.adopt)
        rolls_back = self.stacks.is_rolling_back(named.stack_id) if asks else False
        # An adopted number whose creation is undone goes back to how it was found; in doubt, too.
        is_given_back = named.specification.adopt and not named.confirmed and rolls_back is not False
        if not is_given_back:
            named = self._change(replace(named, confirmed=True))
        if named.is_open:
            if named.protected and is_current and not rolls_back:
                return self._answered(Status.FAILED, _protection_refusal(named)), head
            if named.retain and not rolls_back:
                return self._answered(Status.SUCCESS, "Kept: the removal policy is 'retain'."), head
            self._close(named, "CloudFormation deleted the resource")
        if is_current:
            self._close_others({named.id})
        return self._entry(claims=(named.id,)), head

    # --- Parts ---

    def _is_stale(self) -> bool:
        head, sent_at = self.resource.head, self.request.sent_at
        if sent_at is None:
            is_creation = self.request.type is RequestType.CREATE
            return is_creation and self.now < head.refuse_creations_until
        if head.watermark is None or sent_at > head.watermark:
            return False
        if sent_at < head.watermark:
            return True
        # Signed in the same second as a request that is known. A Create cannot follow a Delete that fast, since
        # CloudFormation waits for the Delete's answer and the stack's next deployment.
        return self.request.type is RequestType.CREATE and any(
            known.type == RequestType.DELETE for known in self.resource.requests.values()
        )

    def _claims(self) -> Mapping[str, Claim]:
        return {**self.resource.claims, **self.changed}

    def _open(self) -> list[Claim]:
        return [claim for claim in self._claims().values() if claim.is_open]

    def _named(self) -> Claim | None:
        arn = self.request.physical_resource_id
        return next((claim for claim in self._claims().values() if claim.arn == arn), None)

    def _change(self, claim: Claim) -> Claim:
        self.changed[claim.id] = claim
        return claim

    def _close(self, claim: Claim, reason: str) -> None:
        self._change(closing(claim, reason, self.now))

    def _deadline(self) -> int:
        began = self.now
        sent_at = self.request.sent_at
        if sent_at is not None and 0 <= began - sent_at <= rules.MAX_TIMEOUT_SECONDS:
            # CloudFormation has been waiting since it sent the request, not since Lambda delivered it.
            began = sent_at
        return began + timeout_seconds(self.request.properties) - _DEADLINE_MARGIN_SECONDS

    def _entry(self, claims: tuple[str, ...], answer: Answer | None = None) -> RequestEntry:
        key = resource_key(self.request)
        return RequestEntry(
            stack_id=key.stack_id,
            logical_resource_id=key.logical_resource_id,
            attempt=self.request.attempt,
            type=self.request.type.value,
            received_at=self.now,
            deadline=self._deadline(),
            claims=claims,
            answer=answer,
        )

    def _answered(self, status: Status, reason: str) -> RequestEntry:
        physical_id = self.request.physical_resource_id or failed_creation_id(self.request.attempt)
        return self._entry((), Answer(status, physical_id, reason))

    def _unknown_number(self, named: Claim | None) -> str:
        arn = self.request.physical_resource_id
        if named is None:
            return (
                f"The ledger of this provider knows nothing of {arn}, so it is not changed. If the number is yours, "
                "remove the resource from the template with a retaining removal policy and add it again under "
                "another name, with Adopt and PhoneNumber."
            )
        return (
            f"{named.phone_number} ({arn}) is no longer this resource's ({named.close_reason or named.outcome}). "
            "Add a resource with another logical id to claim a new number."
        )


def closing(claim: Claim, reason: str, now: int) -> Claim:
    """Return the claim as one that is to be closed: the intent to release, written before the release."""
    return replace(claim, state=ClaimState.CLOSING, close_reason=reason, closing_at=now, check_at=now)


def _replacement_refusal(named: Claim, wanted: Wanted) -> str:
    change = (
        f"{named.phone_number} is not what the changed properties ask for, so this update would release it and claim "
        "another number."
    )
    if named.protected:
        return (
            f"{change} Its ReleaseProtection is on: switch that off in a deployment of its own first, or take back "
            "the change of CountryCode, Type, Prefix or PhoneNumber."
        )
    if not wanted.allow_replacement:
        return (
            f"{change} A released number cannot be had again for up to 180 days. Set AllowReplacement to true if that "
            "is what you want, or take back the change of CountryCode, Type, Prefix or PhoneNumber."
        )
    return ""


def _protection_refusal(named: Claim) -> str:
    return (
        f"{named.phone_number} is not released: its ReleaseProtection is on. That must be switched off in a deployment "
        "of its own, before the number is deleted. A stack that is DELETE_FAILED by now can only be deleted: do that "
        f"with 'aws cloudformation delete-stack --stack-name {named.stack_id} --retain-resources "
        f"{named.logical_resource_id}', which keeps the number in the account. A number that is out of its stack can "
        "be taken into a stack again with Adopt and PhoneNumber."
    )
