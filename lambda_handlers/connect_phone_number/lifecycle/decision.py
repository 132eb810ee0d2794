"""What a request means for the claims of its resource: decided once, in one write, before anything is done.

The rules for a request that is seen for the first time (``docs/lifecycle.md`` derives them):

1. A request that was sent before an already known request is stale: CloudFormation has given it up.
2. There is one open claim for each resource and specification. Create and Update resume the open claim that was made
   for their specification. Otherwise they keep the current number if it satisfies the specification. Otherwise they
   open a claim. A retried deployment, a rollback and a first creation are therefore the same thing. A number that
   CloudFormation has named is used again only by an Update that CloudFormation sends while it rolls back.
3. A claim that never got a SUCCESS response is closed by any later request that does not resume it, because
   CloudFormation cannot know it.
4. A Delete closes the claim whose number it names. If it names none, because no response to the creation was sent, it
   also closes those claims whose numbers CloudFormation never named, according to CloudFormation itself.

If CloudFormation was told about a number, the number's claim is closed by its own Delete, or because CloudFormation
says, when asked, that it never recorded the number (``_is_disowned``). The claim is never closed because a request
does not mention the number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from .. import rules, tokens
from ..budget import Allowance, Limit
from ..claim import Claim, ClaimKey, ClaimState, Origin, Outcome, Specification
from ..cloudformation.request import Request, RequestType, failed_creation_id, is_failed_creation_id
from ..cloudformation.response import VOID, Response, Status
from ..cloudformation.stacks import still_has
from ..ledger.items import Entry, NumberReservation, RequestEntry, ResourceEntry
from ..ledger.ledger import Resource
from ..ledger.store import Conflict
from ..properties import (
    SPECIFICATION_PROPERTIES,
    DesiredNumber,
    InvalidProperty,
    parse_properties,
    timeout_seconds,
)
from .acknowledging import was_named
from .budgeting import allowance_for_claim, allowance_for_release, postponed_to, problem_of_claim
from .context import Invocation
from .moving import find_moved
from .parking import find_parked

_DEADLINE_MARGIN_SECONDS: Final = 20
LATE_CREATION_SECONDS: Final = 2 * 3600
"""How long Lambda may still deliver a Create: the maximum event age, plus three invocations with their pauses."""
GRACE_AFTER_DEADLINE_SECONDS: Final = 20 * 60
"""An invocation that began before the deadline is certainly over after this additional time."""


def decide(invocation: Invocation, request: Request) -> RequestEntry:
    """Return the request's entry in the ledger, made now or found: its response, or the claims that it is about."""
    while True:
        resource = invocation.ledger.resource(request.resource, request.key)
        if resource.request is not None:
            return resource.request
        decision = _Decision(invocation, request, resource, invocation.timing.now())
        entry, entries = decision.make()
        try:
            return invocation.ledger.save(entry, *entries, limit=decision.limit)
        except Conflict:
            continue


def deadline_of(request: Request, now: int) -> int:
    """Return when CloudFormation stops waiting for the response to a request that is seen now, less a margin."""
    began = now
    if request.sent_at is not None and 0 <= began - request.sent_at <= rules.MAX_TIMEOUT_SECONDS:
        # CloudFormation has been waiting since it sent the request, not since Lambda delivered it.
        began = request.sent_at
    return began + timeout_seconds(request.properties) - _DEADLINE_MARGIN_SECONDS


def new_entry(
    request: Request, now: int, claims: tuple[str, ...] = (), response: Response | None = None
) -> RequestEntry:
    """Return the entry of a request that is seen now."""
    return RequestEntry(
        stack_id=request.stack_id,
        logical_resource_id=request.logical_resource_id,
        request_key=request.key,
        type=request.type.value,
        received_at=now,
        deadline=deadline_of(request, now),
        claims=claims,
        response=response,
    )


@dataclass
class _Decision:
    invocation: Invocation
    request: Request
    resource: Resource
    now: int
    changed: dict[str, Claim] = field(default_factory=dict[str, Claim])
    moved: list[Entry] = field(default_factory=list[Entry])
    """The changed entries of another claim's number that becomes this resource's."""
    limit: Limit | None = None
    """What the budget's sums may be at most, if the decision opens a claim or releases a number."""

    def make(self) -> tuple[RequestEntry, list[Entry]]:
        """Return the request's entry and the other entries that the decision changes."""
        resource_entry = self.resource.resource_entry
        if self.request.type is not RequestType.DELETE and self._is_stale():
            return self._decided_response(Status.FAILED, VOID), []
        match self.request.type:
            case RequestType.CREATE:
                entry, resource_entry = self._create(resource_entry)
            case RequestType.UPDATE:
                entry, resource_entry = self._update(resource_entry)
            case RequestType.DELETE:
                entry, resource_entry = self._delete(resource_entry)
        sent_at = self.request.sent_at
        if sent_at is not None:
            resource_entry = replace(resource_entry, watermark=max(sent_at, resource_entry.watermark or 0))
        left = [claim.id for claim in self._claims().values() if _may_matter(claim)]
        resource_entry = replace(resource_entry, claims=tuple(left), latest_type=self.request.type.value)
        return entry, [resource_entry, *self.changed.values(), *self.moved]

    # --- Create and Update ---

    def _create(self, resource_entry: ResourceEntry) -> tuple[RequestEntry, ResourceEntry]:
        desired = self._desired()
        if isinstance(desired, str):
            return self._decided_response(Status.FAILED, desired), resource_entry
        # A number that CloudFormation has named was removed from the stack and retained. It no longer belongs to this
        # resource.
        found = self._disowned_among(self._exact(desired.specification))
        if isinstance(found, str):
            return self._decided_response(Status.FAILED, found), resource_entry
        return self._open_or_resume(found, desired, resource_entry)

    def _update(self, resource_entry: ResourceEntry) -> tuple[RequestEntry, ResourceEntry]:
        named, resource_entry = self._named_or_moved(resource_entry)
        if isinstance(named, str):
            return self._decided_response(Status.FAILED, named), resource_entry
        is_open = named is not None and named.is_open
        if named is not None and is_open:
            named = self._change(replace(named, acknowledged=True))
        desired = self._desired()
        if isinstance(desired, str):
            return self._decided_response(Status.FAILED, desired), resource_entry
        found = self._found_for_update(named if is_open else None, desired)
        if isinstance(found, str):
            return self._decided_response(Status.FAILED, found), resource_entry
        if found is None:
            if named is None or not is_open:
                return self._decided_response(Status.FAILED, self._unknown_number(named)), resource_entry
            if refusal := _replacement_refusal(named, desired, self.request):
                return self._decided_response(Status.FAILED, refusal), resource_entry
        return self._open_or_resume(found, desired, resource_entry)

    def _found_for_update(self, named: Claim | None, desired: DesiredNumber) -> Claim | str | None:
        """Return the open claim that an Update must resume, a text that says why it is unknown, or ``None``."""
        matching = self._exact(desired.specification)
        if named in matching:
            return named
        unnamed = self._disowned_among(matching)
        if unnamed is not None:
            return unnamed
        if matching:
            # This is the number from before a replacement. Outside a rollback it is being removed, or was retained.
            state = self.invocation.stacks.state(self.request.stack_id)
            if state is None:
                return (
                    "CloudFormation did not tell whether it is rolling the stack back, so it is not certain which "
                    "number is wanted. Nothing was changed. Check that the provider's role may call "
                    "cloudformation:DescribeStacks, then try again."
                )
            if state.is_rolling_back:
                # The claims are looked up again, because what CloudFormation said about them may have been recorded
                # since.
                return self._latest(self._exact(desired.specification))
        return named if named is not None and named.satisfies(desired.specification) else None

    def _disowned_among(self, claims: list[Claim]) -> Claim | str | None:
        """Return the latest claim that CloudFormation cannot know, a text that says why it is unknown, or ``None``."""
        asked = [(claim, self._is_disowned(claim)) for claim in claims]
        for claim, is_disowned in asked:
            if is_disowned is None:
                return _not_told(claim)
        return self._latest(claim for claim, is_disowned in asked if is_disowned)

    def _desired(self) -> DesiredNumber | str:
        try:
            return parse_properties(
                self.request.properties, self.invocation.scope.region, self.invocation.scope.target_arns
            )
        except InvalidProperty as problem:
            return str(problem)

    def _exact(self, specification: Specification) -> list[Claim]:
        # Only claims for exactly this specification count. During the rollback of a replacement, the new number may
        # satisfy the old specification too, but the resource must return to the old number.
        return [claim for claim in self._open() if specification.digest in claim.satisfied]

    def _latest(self, claims: Iterable[Claim]) -> Claim | None:
        return max(claims, key=lambda claim: (claim.opened_at, claim.id), default=None)

    def _open_or_resume(
        self, found: Claim | None, desired: DesiredNumber, resource_entry: ResourceEntry
    ) -> tuple[RequestEntry, ResourceEntry]:
        if found is None:
            if problem := self.invocation.scope.problem_of_stack(self.request.stack_id):
                return self._decided_response(Status.FAILED, problem), resource_entry
            allowance = self._allowance(desired)
            parked = self._parked(desired, allowance)
            if isinstance(parked, str):
                return self._decided_response(Status.FAILED, parked), resource_entry
            if parked is None and allowance is not None:
                self.limit = allowance.limit
                if problem := problem_of_claim(self.invocation, allowance):
                    return self._decided_response(Status.FAILED, problem), resource_entry
            claim, resource_entry = self._open_claim(desired, resource_entry)
            if parked is not None:
                claim = self._take(claim, *parked)
        else:
            claim = self._resume_claim(found, desired)
        self._close_unanswered({claim.id})
        return self._entry(claims=(claim.id,)), resource_entry

    def _allowance(self, desired: DesiredNumber) -> Allowance | None:
        """Return the allowance on which a new claim depends, or ``None`` if an adoption depends on none."""
        if desired.specification.origin is Origin.ADOPTED:
            return None
        return allowance_for_claim(self.invocation, desired.settings.target_arn)

    def _parked(
        self, desired: DesiredNumber, allowance: Allowance | None
    ) -> tuple[Claim, NumberReservation] | str | None:
        has_any = allowance is not None and allowance.budget.parked > 0
        return find_parked(self.invocation, self.request.resource, desired, has_any=has_any)

    def _take(self, claim: Claim, parked: Claim, number: NumberReservation) -> Claim:
        """Let a new claim take a parked number, in the write of this decision."""
        given = parked.give(claim.own_key, self.now)
        if parked.id in self._claims():
            self._change(given)
        else:
            self.moved.append(given)
        self.moved += self._reservations(parked, number, claim.own_key)
        return self._change(claim.take(parked))

    def _reservations(self, claim: Claim, number: NumberReservation, heir: ClaimKey) -> list[Entry]:
        """Return the reservations of a claim's number, with its heir as the owner."""
        owned: list[Entry] = [number.owned_by(heir)]
        if claim.candidate not in ("", claim.phone_number):
            # The number was imported, and the source is reserved, too.
            source = self.invocation.ledger.number(claim.candidate)
            owned += [source.owned_by(heir)] if source is not None and source.owner == claim.own_key else []
        return owned

    def _open_claim(self, desired: DesiredNumber, resource_entry: ResourceEntry) -> tuple[Claim, ResourceEntry]:
        resource_entry = replace(resource_entry, generation=resource_entry.generation + 1)
        claim = Claim.open(
            self._new_key(resource_entry),
            desired.specification,
            desired.settings,
            request_key=self.request.key,
            sent_at=self.request.sent_at,
            now=self.now,
            next_check_at=self._deadline() + GRACE_AFTER_DEADLINE_SECONDS,
        )
        return self._change(claim), resource_entry

    def _resume_claim(self, claim: Claim, desired: DesiredNumber) -> Claim:
        return self._change(
            claim.resume(
                desired.specification,
                desired.settings,
                request_key=self.request.key,
                sent_at=self.request.sent_at,
                next_check_at=self._deadline() + GRACE_AFTER_DEADLINE_SECONDS,
            )
        )

    def _new_key(self, resource_entry: ResourceEntry) -> ClaimKey:
        key = self.request.resource
        claim_id = tokens.claim_id(key.stack_id, key.logical_resource_id, resource_entry.generation)
        return ClaimKey(key.stack_id, key.logical_resource_id, claim_id)

    def _close_unanswered(self, kept: set[str]) -> None:
        for claim in self._open():
            if claim.id not in kept and claim.state is ClaimState.OPENING and not self._is_older_than(claim):
                self._close(claim, "CloudFormation has sent a later request")

    # --- Delete ---

    def _delete(self, resource_entry: ResourceEntry) -> tuple[RequestEntry, ResourceEntry]:
        physical_id = self.request.physical_resource_id
        if rules.parse_phone_number_arn(physical_id) is not None:
            return self._delete_number(resource_entry)
        if is_failed_creation_id(physical_id):
            canceled = [claim for claim in self._unnamed() if physical_id == failed_creation_id(claim.request_key)]
        else:
            canceled = [claim for claim in self._unnamed() if not self._is_older_than(claim)]
        for claim in canceled:
            is_disowned = self._is_disowned(claim)
            if is_disowned is None:
                return self._decided_response(Status.FAILED, _not_told(claim)), resource_entry
            if claim.is_open and is_disowned:
                self._close(claim, "its creation was canceled")
        if self.request.sent_at is None and resource_entry.latest_type != RequestType.CREATE:
            resource_entry = replace(resource_entry, refuse_creations_until=self.now + LATE_CREATION_SECONDS)
        closing_ids = [claim.id for claim in canceled if self._claims()[claim.id].state is ClaimState.CLOSING]
        return self._entry(claims=tuple(closing_ids)), resource_entry

    def _unnamed(self) -> list[Claim]:
        return [
            claim
            for claim in self._claims().values()
            if claim.state is not ClaimState.CLOSED and not claim.acknowledged
        ]

    def _is_older_than(self, claim: Claim) -> bool:
        sent_at = self.request.sent_at
        return sent_at is not None and claim.sent_at is not None and sent_at < claim.sent_at

    def _delete_number(self, resource_entry: ResourceEntry) -> tuple[RequestEntry, ResourceEntry]:
        named, resource_entry = self._named_or_moved(resource_entry)
        if isinstance(named, str):
            return self._decided_response(Status.FAILED, named), resource_entry
        if named is None or named.state is ClaimState.CLOSED:
            # The number never belonged to this resource, was released already, or was handed over. In each case it must
            # not be touched.
            if named is not None and named.outcome is Outcome.TRANSFERRED:
                # If the number is handed back, no other request will ask for its release.
                self._change(replace(named, is_deleted=True))
            return self._entry(claims=()), resource_entry
        if self._is_older_than(named):
            return self._decided_response(
                Status.FAILED,
                f"CloudFormation has taken {named.phone_number} into use again since, so it is kept.",
            ), resource_entry
        if named.is_open:
            is_undone = self._is_adoption_undone(named)
            if is_undone is None:
                return self._decided_response(Status.FAILED, _not_told(named)), resource_entry
            if named.protected and not is_undone and not self._is_rolling_back():
                return self._decided_response(Status.FAILED, _protection_refusal(named)), resource_entry
            named = self._with_its_own_time(self._with_longest_delay(named))
            named = replace(named, acknowledged=True, is_undone=is_undone)
            allowance = None if is_undone else allowance_for_release(self.invocation)
            self._close(named, "CloudFormation deleted the resource", allowance)
        self._close_unanswered({named.id})
        return self._entry(claims=(named.id,)), resource_entry

    def _is_adoption_undone(self, claim: Claim) -> bool | None:
        """Return whether this Delete undoes an adoption, or ``None`` if CloudFormation does not tell.

        Restoring a number can be corrected later, but releasing it cannot. The number is therefore released only if the
        deployment that adopted it was seen to be complete, or is among the stack's events, and no other resource has
        the number.
        """
        if not claim.is_adopted:
            return False
        # A resource that has adopted its own earlier number has no previous owner to hand it back to.
        if claim.previous_owner is not None and claim.previous_owner != claim.resource:
            is_held = still_has(self.invocation.stacks, claim.previous_owner, claim.arn)
            if is_held is not False:
                return is_held
        if claim.established:
            return False
        has_completed = self.invocation.stacks.has_completed(claim.resource, claim.arn, claim.opened_at)
        return None if has_completed is None else not has_completed

    def _with_longest_delay(self, claim: Claim) -> Claim:
        """Return the claim with the delay of this Delete, if that is longer than that of a failed Update."""
        value = str(self.request.properties.get("ReleaseDelay", ""))
        if rules.check_release_delay(value) or int(value) <= claim.desired.release_delay:
            return claim
        return replace(claim, desired=replace(claim.desired, release_delay=int(value)))

    def _with_its_own_time(self, claim: Claim) -> Claim:
        """Return the claim without the time until which its number was parked before, if the number is its own by now.

        Otherwise this Delete may undo the deployment that took the number.
        """
        if claim.taken_until <= self.now:
            return claim
        stacks = self.invocation.stacks.unsettled
        has_completed = stacks.has_completed(claim.resource, claim.arn, claim.opened_at)
        return replace(claim, taken_until=0) if has_completed else claim

    def _is_rolling_back(self) -> bool:
        state = self.invocation.stacks.state(self.request.stack_id)
        return state is not None and state.is_undoing

    # --- Parts ---

    def _is_disowned(self, claim: Claim) -> bool | None:
        """Return whether CloudFormation cannot know the claim's number, or ``None`` if it does not tell.

        If CloudFormation does know the number, that is recorded.
        """
        if claim.acknowledged:
            return False
        if claim.state is not ClaimState.LIVE:
            return True
        named = was_named(self.invocation.stacks, claim)
        if named:
            self._change(replace(claim, acknowledged=True))
        return None if named is None else not named

    def _is_stale(self) -> bool:
        resource_entry, sent_at = self.resource.resource_entry, self.request.sent_at
        is_creation = self.request.type is RequestType.CREATE
        if sent_at is None:
            return is_creation and self.now < resource_entry.refuse_creations_until
        if resource_entry.watermark is None or sent_at > resource_entry.watermark:
            return False
        if sent_at < resource_entry.watermark:
            return True
        # The request was signed in the same second as a known request. A Create cannot follow a Delete that fast,
        # because CloudFormation waits for the Delete's response and the stack's next deployment.
        return is_creation and resource_entry.latest_type == RequestType.DELETE

    def _claims(self) -> Mapping[str, Claim]:
        return {**self.resource.claims, **self.changed}

    def _open(self) -> list[Claim]:
        return [claim for claim in self._claims().values() if claim.is_open]

    def _named(self) -> Claim | None:
        arn = self.request.physical_resource_id
        claims = [claim for claim in self._claims().values() if claim.arn == arn]
        # A number that was handed over and has come back has two claims here.
        return max(claims, key=lambda claim: (claim.state is not ClaimState.CLOSED, claim.opened_at), default=None)

    def _named_or_moved(self, resource_entry: ResourceEntry) -> tuple[Claim | str | None, ResourceEntry]:
        """Return the claim that the request names.

        If CloudFormation has moved the claim's number here from another resource, the move is recorded first.
        """
        named = self._named()
        if named is not None and named.state is not ClaimState.CLOSED:
            return named, resource_entry
        moved = find_moved(self.invocation, self.request)
        if isinstance(moved, str):
            return moved, resource_entry
        if moved is None:
            return named, resource_entry
        if moved.claim.is_undone and named is not None:
            # The number is being handed back to this resource, and this request does not wait for that.
            heir = named.take_back_unrestored(moved.claim)
        else:
            resource_entry = replace(resource_entry, generation=resource_entry.generation + 1)
            heir = moved.claim.for_other_resource(self._new_key(resource_entry))
        ended = moved.claim.hand_over(f"handed over to {heir.logical_resource_id} of {heir.stack_id}", self.now)
        self.moved = [ended, *self._reservations(moved.claim, moved.number, heir.own_key)]
        return self._change(heir), resource_entry

    def _change(self, claim: Claim) -> Claim:
        self.changed[claim.id] = claim
        return claim

    def _close(self, claim: Claim, reason: str, allowance: Allowance | None = None) -> None:
        sent_at = self.request.sent_at if self.request.type is RequestType.DELETE else None
        closing = claim.close(reason, self.now, sent_at=sent_at, not_before=postponed_to(allowance))
        if allowance is not None and not closing.parked_until:
            self.limit = allowance.release_limit
            closing = replace(closing, counts_release=True)
        self._change(closing)

    def _deadline(self) -> int:
        return deadline_of(self.request, self.now)

    def _entry(self, claims: tuple[str, ...], response: Response | None = None) -> RequestEntry:
        return new_entry(self.request, self.now, claims, response)

    def _decided_response(self, status: Status, reason: str) -> RequestEntry:
        return self._entry((), Response(status, self.request.failure_id, reason))

    def _unknown_number(self, named: Claim | None) -> str:
        arn = self.request.physical_resource_id
        if named is None:
            return (
                f"{arn} is not a number that this provider has for this resource, so nothing was changed. If it was "
                "released, claim a new one with another logical id. If the account still holds it, remove this "
                "resource from the template with DeletionPolicy Retain and adopt the number under another logical id "
                "(Adopt and PhoneNumber)."
            )
        return (
            f"{named.phone_number} ({arn}) is no longer this resource's ({named.close_reason or named.outcome}). "
            "Add a resource with another logical id to claim a new number."
        )


def _may_matter(claim: Claim) -> bool:
    # A number that was handed over to another resource may be handed back.
    return claim.state is not ClaimState.CLOSED or claim.outcome is Outcome.TRANSFERRED


def _not_told(claim: Claim) -> str:
    return (
        f"CloudFormation did not tell what has become of {claim.phone_number}, so nothing is done to it now. Check "
        "that the provider's role may call cloudformation:DescribeStacks, DescribeStackEvents and "
        "DescribeStackResource, then try again."
    )


def _replacement_refusal(named: Claim, desired: DesiredNumber, request: Request) -> str:
    changed = (
        f"{named.phone_number} is not what the changed properties ask for, so this update would release it and claim "
        f"another number: {_changes(request)}."
    )
    if named.protected:
        return (
            f"{changed} Its ReleaseProtection is on (release_protection in the CDK). To keep the number, take the "
            "change back. To replace it, first switch the protection off in a deployment of its own."
        )
    if not desired.allow_replacement:
        return (
            f"{changed} A released number cannot be claimed again for up to 180 days. To keep the number, take the "
            "change back. To replace it, set AllowReplacement to true (allow_replacement=True in the CDK)."
        )
    return ""


def _changes(request: Request) -> str:
    """Return which properties an Update changes that say which number is wanted, and how."""
    changes = [
        f"{name} changes from {_shown(request.old_properties.get(name))} to {_shown(request.properties.get(name))}"
        for name in SPECIFICATION_PROPERTIES
        if request.old_properties.get(name) != request.properties.get(name)
    ]
    return ", ".join(changes) or "an earlier deployment has failed, and asked for another one"


def _shown(value: object) -> str:
    return "nothing" if value in (None, "") else repr(value)


def _protection_refusal(named: Claim) -> str:
    return (
        f"{named.phone_number} is not released: its ReleaseProtection is on (release_protection in the CDK). To "
        "release it, switch that off in a deployment of its own, then delete. A stack that is DELETE_FAILED by now can "
        "only be deleted without it, which keeps the number in the account: aws cloudformation delete-stack "
        f"--stack-name {named.stack_id} --retain-resources {named.logical_resource_id}"
    )
