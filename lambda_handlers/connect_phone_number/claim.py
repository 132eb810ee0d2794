"""Claims: how one number is obtained for one resource, and every change of a claim's state.

The table ``TRANSITIONS`` lists every change of state under the name of the ``Claim`` method that makes it. A method
refuses a change that the table does not allow. The diagram in ``docs/lifecycle.md`` is generated from the table.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, Self

from . import contract
from .cloudformation.resource_key import ResourceKey


class ClaimState(StrEnum):
    """The state of a claim."""

    OPENING = "OPENING"
    """Recorded as intended. A number may be claimed at any moment."""
    LIVE = "LIVE"
    """CloudFormation was told about the number."""
    CLOSING = "CLOSING"
    """Canceled or deleted. Whatever was claimed must be released, restored or parked."""
    PARKED = "PARKED"
    """The resource was deleted. The provider keeps the number for a set time and gives it to a resource that asks."""
    CLOSED = "CLOSED"
    """Nothing is left to do."""


class Origin(StrEnum):
    """How the claim obtains its number."""

    CLAIMED = "CLAIMED"
    IMPORTED = "IMPORTED"
    ADOPTED = "ADOPTED"


class Outcome(StrEnum):
    """How a closed claim ended."""

    NEVER_CLAIMED = "NEVER_CLAIMED"
    RELEASED = "RELEASED"
    ALREADY_GONE = "ALREADY_GONE"
    RETURNED_TO_INVENTORY = "RETURNED_TO_INVENTORY"
    """Connect could not provide the number and took it back."""
    NOT_OURS = "NOT_OURS"
    """The number belongs to another owner now."""
    TRANSFERRED = "TRANSFERRED"
    """Another resource of this provider has adopted the number."""
    ADOPTION_ROLLED_BACK = "ADOPTION_ROLLED_BACK"
    """The adoption was undone. The number was left as it was found."""
    TAKEN = "TAKEN"
    """Another claim has taken the parked number."""
    LET_GO = "LET_GO"
    """The number was on a pool's list, and is the account's own again."""


@dataclass(frozen=True)
class ClaimKey:
    """Identifies one claim of one resource."""

    stack_id: str
    logical_resource_id: str
    claim_id: str

    @property
    def resource(self) -> ResourceKey:
        """The resource that the claim belongs to."""
        return ResourceKey(self.stack_id, self.logical_resource_id)


@dataclass(frozen=True)
class Specification:
    """Which number is desired. A change of it is a replacement, unless the current number satisfies the new one."""

    country_code: str = ""
    type: str = ""
    prefix: str = ""
    phone_number: str = ""
    source_phone_number_arn: str = ""
    adopt: bool = False

    @property
    def digest(self) -> str:
        """A name for this specification that is the same in every version of this code.

        It is derived from an explicit text and not from the class. A property that a later version adds does not change
        it, as long as that property has its default value.
        """
        given = {name: value for name, value in self._canonical().items() if value}
        return sha256(json.dumps(given, sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:32]

    def _canonical(self) -> dict[str, str]:
        """Return the names and values that represent this specification in the ledger. Never rename them."""
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
class InFlightCall:
    """A call that obtains a number. It is recorded before it is made.

    Parameters
    ----------
    phone_number
        The number, or the source ARN if the number is imported.
    worker
        The invocation that makes the call.
    until
        The time until which the call may still turn out to have succeeded, in seconds since the epoch.
    """

    phone_number: str
    worker: str
    until: int


@dataclass(frozen=True)
class Settings:
    """The settings of a number that can be changed in place."""

    target_arn: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    contact_flow_arn: str = ""
    release_delay: int = 0
    """How many seconds the number is parked before it is released."""
    pool: str = ""
    """The pool in which it is parked. Without one, it is parked for its own resource."""
    parking_target_arn: str = ""
    """The target to which it is moved for that. Without one, it stays where it is."""

    def leaves_description(self, specification: Specification) -> bool:
        """Return whether a number keeps the description that it has: an adopted one does if none is given."""
        return specification.adopt and not self.description


@dataclass(frozen=True)
class Transition:
    """A change of a claim's state, or a step that leaves the state as it is.

    Parameters
    ----------
    sources
        The states in which the transition is allowed. Empty for the first transition.
    target
        The state after the transition, or ``None`` if the state stays the same.
    why
        What causes the transition. The diagram shows it.
    """

    sources: tuple[ClaimState, ...]
    target: ClaimState | None
    why: str


SETTLED_AFTER_SECONDS: Final = 1200
"""By then, no invocation goes on that was there before, and Connect has done what it was told.

Lambda ends each invocation after 900 seconds at the latest.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
"""

_MOST_ASKED: Final = 5
"""How many settings a claim keeps that were asked for, one after the other, without being applied."""

LISTED_SECONDS: Final = 86_400
"""The interval at which the sweeper checks whether a parked number is still on its pool's list."""

PUT_BACK_SECONDS: Final = 3600
"""How long a number that is put back into its pool is parked at least. A pool may keep a number beyond its time."""

_OPEN: Final = (ClaimState.OPENING, ClaimState.LIVE)

TRANSITIONS: Final[Mapping[str, Transition]] = {
    "open": Transition((), ClaimState.OPENING, "a request wants a number that the resource does not have"),
    "resume": Transition(_OPEN, None, "a later request wants the same number"),
    "succeed": Transition(_OPEN, ClaimState.LIVE, "Connect says CLAIMED, settings applied, response written"),
    "close": Transition(
        _OPEN,
        ClaimState.CLOSING,
        "its own Delete; canceled, failed or never finished; CloudFormation never took note; or claimed for a pool",
    ),
    "keep": Transition(
        (ClaimState.CLOSING,),
        ClaimState.LIVE,
        "its number was retained, may have been retained, or has another resource",
    ),
    "park": Transition(
        (ClaimState.CLOSING,), ClaimState.PARKED, "its release is delayed, and its flow and settings are removed"
    ),
    "take": Transition((ClaimState.OPENING,), None, "it takes a parked number instead of claiming one"),
    "give": Transition((ClaimState.PARKED,), ClaimState.CLOSED, "another claim takes its number"),
    "postpone": Transition(
        (ClaimState.PARKED,), None, "its time is up, but its release would cost the last claims, or its pool lists it"
    ),
    "expire": Transition((ClaimState.PARKED,), ClaimState.CLOSING, "its time is up"),
    "retain": Transition((ClaimState.PARKED,), ClaimState.LIVE, "its pool was deleted, and keeps its numbers"),
    "end": Transition((ClaimState.CLOSING,), ClaimState.CLOSED, "nothing is left in Connect, or nothing of ours"),
    "hand_over": Transition(
        (ClaimState.LIVE, ClaimState.CLOSING),
        ClaimState.CLOSED,
        "adopted by another resource, or moved to it by CloudFormation",
    ),
    "take_back": Transition((ClaimState.CLOSED,), ClaimState.LIVE, "that adoption was undone"),
    "reopen": Transition(
        (ClaimState.CLOSED,), ClaimState.CLOSING, "a call turns out to have claimed a number after all"
    ),
}
"""Keyed by the name of the ``Claim`` method."""


class IllegalTransition(Exception):
    """The claim's state does not allow this transition. The calling code is wrong."""


@dataclass(frozen=True)
class Claim:
    """One number that is obtained for one resource. A claim is immutable: each transition returns a new one."""

    stack_id: str
    logical_resource_id: str
    id: str
    state: ClaimState
    specification: Specification
    opening: Settings
    """The settings for ClaimPhoneNumber. They never change, because a token stands for one set of parameters."""
    desired: Settings
    """The settings that the latest request asks for."""
    request_key: str
    """The request that opened or last resumed this claim."""
    opened_at: int
    sent_at: int | None = None
    """When that request was sent, if its URL contains the time."""
    asked_before: tuple[Settings, ...] = ()
    """The settings that the number was to have before ``desired``: the last that it got, and those asked for since.

    Connect may for some time show a number as it was before a change, and so it may show ``desired`` from an earlier
    time. What differs from one of these settings is therefore set again, whatever Connect shows.
    """
    is_applied: bool = False
    """Whether the number has got all that ``desired`` asks for."""
    targets: tuple[str, ...] = ()
    """The targets that the number may have: that of its last move, and those of moves that were begun since.

    Connect may still show another one.
    """
    moved_at: int = 0
    """When Connect answered to the move to the last of these targets. 0 if it is not known to have answered."""
    satisfied: tuple[str, ...] = ()
    """Digests of the specifications that the number was found to satisfy."""
    acknowledged: bool = False
    """CloudFormation has confirmed, in a request or when asked, that it knows this number as the resource's."""
    established: bool = False
    """Adopted number: the deployment that adopted it, and that of its root stack, were seen complete."""
    follow_up: bool = False
    """Live claim: CloudFormation must still be asked what became of the response."""
    disowned_at: int = 0
    """Live claim: when CloudFormation first said that it never recorded the number."""
    is_deleted: bool = False
    """Claim handed over to another resource: CloudFormation has since deleted this claim's own resource."""
    is_undone: bool = False
    """Closing claim: the adoption is rolled back, so the number is restored and never released."""
    protected: bool = False
    candidate: str = ""
    """The number that ClaimPhoneNumber is called for, or was called for."""
    in_flight_calls: tuple[InFlightCall, ...] = ()
    """In-flight calls of all invocations: calls that may still turn out to have succeeded."""
    rejected_candidates: tuple[str, ...] = ()
    """Candidates that Connect refused to claim, for example because another party got them."""
    unexplained_refusals: int = 0
    """How often Connect refused to claim a candidate without saying that another party has it."""
    phone_number: str = ""
    arn: str = ""
    country_code: str = ""
    type: str = ""
    provisioned: bool = False
    """Connect has reported CLAIMED at least once."""
    duplicate_arns: tuple[str, ...] = ()
    """ARNs of duplicates: further numbers that were claimed because Connect forgot a token. They must be released."""
    duplicates_released_at: tuple[int, ...] = ()
    """When the duplicates that are gone were released."""
    is_inherited: bool = False
    """The number was claimed for another claim, which counts that."""
    parked_until: int = 0
    """Closing or parked: until when the number is parked instead of released. 0 means that it is not parked."""
    was_let_go: bool = False
    """Parked, or closing after that: CloudFormation has said since that the resource no longer has the number."""
    is_taken: bool = False
    """The number was parked for or by an earlier claim, which this claim took it from."""
    taken_until: int = 0
    """Until when the number that was taken was parked. It is not released earlier, unless a deployment succeeded."""
    earlier_life_until: int = 0
    """When the Delete was sent after which the number that was taken was parked, by CloudFormation's clock."""
    earlier_flow_arn: str = ""
    """The flow of the claim that the number was taken from. A late call may associate it again."""
    is_postponed: bool = False
    """Parked number: the budget has postponed its release."""
    counts_release: bool = False
    """Closing claim: the budget counts its release already, so that releases at the same time do not exceed it."""
    listed_in: str = ""
    """The pool that has, or had, the number by its list. Such a number is never released."""
    settles_at: int = 0
    """Number that is or was parked: when no late call for its earlier claim can change it any longer. 0 if checked."""
    asks_at: int = 0
    """Parked: when CloudFormation is to be asked again whether a stack still has the number."""
    counted: Mapping[str, int] = field(default_factory=dict[str, int])
    """What the budget's sums contain of this claim. Only the ledger sets this."""
    applied_flow_arn: str = ""
    applied_tags: tuple[str, ...] = ()
    flow_may_differ: bool = False
    """The flow must be associated again: an association was begun and not confirmed, or the number was moved."""
    settings_before_adoption: Settings | None = None
    """Adopted number: its settings before the adoption. The flow is read before the first change that affects it."""
    is_flow_before_known: bool = False
    """Whether ``settings_before_adoption`` contains the flow that the number had."""
    previous_claim_key: ClaimKey | None = None
    """Number adopted from another resource, or parked: the claim that owned the number."""
    claimed_at: int = 0
    closing_at: int = 0
    deletion_sent_at: int = 0
    """When the Delete of a closing claim was sent, if there was one and its URL contains the time."""
    closed_at: int = 0
    close_reason: str = ""
    outcome: Outcome | None = None
    is_returning_to_inventory: bool = False
    """Connect could not provide the number and will take it back on its own."""
    failures: int = 0
    last_error: str = ""
    next_check_at: int = 0
    """When the sweeper must look at the claim, if something is left to do."""
    due_since: int = 0
    """Since when that has been due. An invocation that fails does not move this time."""
    version: int = field(default=0, kw_only=True)
    """How often the claim was stored. 0 means never."""

    @property
    def resource(self) -> ResourceKey:
        """The resource that the number is for."""
        return ResourceKey(self.stack_id, self.logical_resource_id)

    @property
    def asked_so_far(self) -> tuple[Settings, ...]:
        """The settings that the number may have: those that it got last, and those that were asked for since."""
        before = () if self.is_applied else self.asked_before
        return before if self.desired in before else (*before, self.desired)[-_MOST_ASKED:]

    @property
    def held_arns(self) -> frozenset[str]:
        """ARNs of the numbers that the claim has in Connect, as far as is known."""
        arns = () if self.state is ClaimState.CLOSED else (self.arn, *self.duplicate_arns)
        return frozenset(arns) - {""}

    @property
    def own_key(self) -> ClaimKey:
        """The key of this claim."""
        return ClaimKey(self.stack_id, self.logical_resource_id, self.id)

    @property
    def previous_owner(self) -> ResourceKey | None:
        """The resource that the number was adopted from, or ``None``."""
        return None if self.previous_claim_key is None else self.previous_claim_key.resource

    @property
    def is_open(self) -> bool:
        """Whether the claim can be resumed."""
        return self.state in _OPEN

    @property
    def is_adopted(self) -> bool:
        """Whether the claim is for a number that the account already held, other than a parked one."""
        return self.specification.origin is Origin.ADOPTED and not self.is_taken

    @property
    def has_calls_in_flight(self) -> bool:
        """Whether there may be numbers besides ``arn``, because of in-flight calls or duplicates."""
        return bool(self.in_flight_calls or self.duplicate_arns)

    def calls_with(self, call: InFlightCall) -> tuple[InFlightCall, ...]:
        """Return the in-flight calls with ``call``, which replaces the same worker's call for the same number."""
        return (*self.calls_without(call.phone_number, call.worker), call)

    def calls_without(self, phone_number: str, worker: str) -> tuple[InFlightCall, ...]:
        """Return the in-flight calls without the worker's call for the number."""
        return tuple(
            call for call in self.in_flight_calls if (call.phone_number, call.worker) != (phone_number, worker)
        )

    def satisfies(self, desired: Specification) -> bool:
        """Return whether the number is one that ``desired`` could have led to.

        A claim that has no number yet satisfies only the specification that it was opened for.
        """
        if desired.digest in self.satisfied:
            return True
        if not self.arn:
            return False
        if desired.source_phone_number_arn:
            return self.specification.source_phone_number_arn == desired.source_phone_number_arn
        if desired.phone_number:
            return self.phone_number == desired.phone_number
        return (
            self.country_code == desired.country_code
            and self.type == desired.type
            and self.phone_number.startswith(desired.prefix)
        )

    # --- Transitions, named as in the table ---

    @classmethod
    def open(
        cls,
        key: ClaimKey,
        specification: Specification,
        settings: Settings,
        *,
        request_key: str,
        sent_at: int | None,
        now: int,
        next_check_at: int,
    ) -> Self:
        """Return a new claim. From now on a number may be claimed for it at any moment."""
        return cls(
            stack_id=key.stack_id,
            logical_resource_id=key.logical_resource_id,
            id=key.claim_id,
            state=ClaimState.OPENING,
            specification=specification,
            satisfied=(specification.digest,),
            opening=settings,
            desired=settings,
            request_key=request_key,
            sent_at=sent_at,
            opened_at=now,
            next_check_at=next_check_at,
            due_since=next_check_at,
        )

    def resume(
        self,
        specification: Specification,
        settings: Settings,
        *,
        request_key: str,
        sent_at: int | None,
        next_check_at: int,
    ) -> Self:
        """Return the claim after a later request has resumed it.

        Parameters
        ----------
        next_check_at
            The time until which an invocation may still work on the request. It matters only while the claim is not
            live.
        """
        next_check_at = (
            max(self.next_check_at, next_check_at) if self.state is ClaimState.OPENING else self.next_check_at
        )
        return self._after(
            "resume",
            satisfied=tuple(dict.fromkeys((*self.satisfied, specification.digest))),
            desired=settings,
            asked_before=self.asked_so_far,
            is_applied=False,
            request_key=request_key,
            sent_at=sent_at,
            disowned_at=0,
            next_check_at=next_check_at,
            due_since=next_check_at,
        )

    def succeed(self, *, in_flight_calls: tuple[InFlightCall, ...], protected: bool, next_check_at: int) -> Self:
        """Return the claim as live: CloudFormation is told about its number.

        Parameters
        ----------
        next_check_at
            When to ask CloudFormation what became of the response, unless it has confirmed that it knows the number.
        """
        return self._after(
            "succeed",
            follow_up=not self.acknowledged or (self.is_adopted and not self.established),
            in_flight_calls=in_flight_calls,
            is_applied=True,
            targets=self.targets[-1:],
            protected=protected,
            failures=0,
            last_error="",
            next_check_at=next_check_at,
            due_since=next_check_at,
        )

    def close(self, reason: str, now: int, *, sent_at: int | None = None, not_before: int = 0) -> Self:
        """Return the claim as closing. The intent to release is recorded before the release.

        Parameters
        ----------
        not_before
            Until when the budget postpones the release.
        sent_at
            When the Delete was sent that closes the claim, if that is known.
        """
        delay = self.desired.release_delay
        if self.is_taken and self.state is ClaimState.OPENING:
            # A creation that has taken a parked number puts it back as it was, however often this is tried. A pool may
            # keep a number beyond its time, and decides that anew.
            delay = min(delay, PUT_BACK_SECONDS) if self.desired.pool else 0
        until = max(self.taken_until, now + delay if delay else 0)
        is_postponed = not_before > until
        desired, until = self.desired, max(until, not_before)
        if self.listed_in:
            is_postponed, desired, until = False, replace(desired, pool=self.listed_in), now + LISTED_SECONDS
        return self._after(
            "close",
            is_postponed=is_postponed,
            desired=desired,
            # An adoption that CloudFormation has not acknowledged is rolled back, whatever comes later.
            is_undone=self.is_undone or (self.is_adopted and not self.acknowledged and not self.listed_in),
            parked_until=until if until > now else 0,
            was_let_go=False,
            asks_at=0,
            close_reason=reason,
            closing_at=now,
            deletion_sent_at=sent_at or 0,
            next_check_at=now,
            due_since=now,
        )

    def keep(self) -> Self:
        """Return the claim as live again: its number is not to be released after all."""
        return self._after("keep", follow_up=False, failures=0, last_error="", close_reason="", parked_until=0)

    def park(self, now: int) -> Self:
        """Return the claim as parked. Its flow may still be there, because a call may have come late."""
        return self._after(
            "park",
            settles_at=now + SETTLED_AFTER_SECONDS,
            flow_may_differ=bool(self.applied_flow_arn),
            failures=0,
            last_error="",
        )

    def take(self, parked: "Claim") -> Self:
        """Return the claim with the number of a parked claim. What is on the number is still to be changed."""
        return self._after(
            "take",
            arn=parked.arn,
            phone_number=parked.phone_number,
            candidate=parked.candidate,
            country_code=parked.country_code,
            type=parked.type,
            provisioned=True,
            is_inherited=True,
            is_taken=True,
            previous_claim_key=parked.own_key,
            taken_until=parked.parked_until,
            asked_before=(Settings(parked.desired.target_arn),) if parked.desired.pool else parked.asked_so_far,
            targets=parked.targets,
            moved_at=parked.moved_at,
            # Between two requests, CloudFormation needs at least a second.
            earlier_life_until=(parked.deletion_sent_at or parked.closing_at) + 1,
            earlier_flow_arn=parked.applied_flow_arn,
            listed_in=parked.listed_in,
            claimed_at=parked.claimed_at,
            applied_flow_arn=parked.applied_flow_arn,
            applied_tags=(*parked.applied_tags, contract.PARKED_TAG),
            flow_may_differ=parked.flow_may_differ,
            settles_at=parked.settles_at,
        )

    def give(self, taker: ClaimKey, now: int) -> Self:
        """Return the claim as closed, because another claim has taken its number."""
        reason = f"taken by {taker.logical_resource_id} of {taker.stack_id}"
        return self._after("give", outcome=Outcome.TAKEN, closed_at=now, close_reason=reason)

    def retain(self) -> Self:
        """Return the claim as live: its number stays in the account, and belongs to no resource."""
        return self._after("retain", acknowledged=True, follow_up=False, parked_until=0, settles_at=0, asks_at=0)

    def expire(self, now: int) -> Self:
        """Return the claim as closing: nobody has asked for the number in time."""
        return self._after("expire", parked_until=0, asks_at=0, is_postponed=False, next_check_at=now, due_since=now)

    def postpone(self, until: int) -> Self:
        """Return the parked claim with a later time.

        Either the budget postpones its release, or the number is still on its pool's list.
        """
        return self._after("postpone", parked_until=until, is_postponed=not self.listed_in)

    def end(self, outcome: Outcome, now: int) -> Self:
        """Return the claim as closed."""
        return self._after("end", outcome=outcome, closed_at=now, last_error="")

    def hand_over(self, reason: str, now: int) -> Self:
        """Return the claim as closed, because another resource has its number now."""
        return self._after("hand_over", outcome=Outcome.TRANSFERRED, closed_at=now, close_reason=reason)

    def take_back(self) -> Self:
        """Return the claim as live again, because it has its number back."""
        return self._after("take_back", outcome=None, closed_at=0, close_reason="")

    def take_back_unrestored(self, adopter: "Claim") -> Self:
        """Return the claim as live again, with what the claim that had adopted its number may have left on it.

        What people have put on the number is not left by the adopter, even if the rollback has put it on again.
        """
        asked = (adopter.desired, *adopter.asked_before)
        before = adopter.settings_before_adoption
        by_hand = set(before.tags if before is not None else ()) - set(self.applied_tags)
        left = [key for settings in asked for key in settings.tags if key not in by_hand]
        is_flow_left = adopter.applied_flow_arn in {settings.contact_flow_arn for settings in asked}
        return replace(
            self.take_back(),
            is_applied=False,
            asked_before=adopter.asked_so_far,
            targets=adopter.targets or self.targets,
            moved_at=adopter.moved_at if adopter.targets else self.moved_at,
            applied_tags=tuple(dict.fromkeys((*self.applied_tags, *left))),
            applied_flow_arn=(adopter.applied_flow_arn if is_flow_left else "") or self.applied_flow_arn,
            flow_may_differ=True,
        )

    def reopen(self, now: int) -> Self:
        """Return the claim as closing again."""
        return self._after("reopen", next_check_at=now, due_since=now)

    def for_other_resource(self, key: ClaimKey) -> Self:
        """Return a copy of this claim for the resource that has its number now."""
        return replace(
            self,
            version=0,
            id=key.claim_id,
            stack_id=key.stack_id,
            logical_resource_id=key.logical_resource_id,
            acknowledged=True,
            previous_claim_key=None,
            is_inherited=True,
            duplicate_arns=(),
            duplicates_released_at=(),
            counted={},
        )

    def _after(self, name: str, **changes: Any) -> Self:
        transition = TRANSITIONS[name]
        if self.state not in transition.sources:
            raise IllegalTransition(f"claim {self.id} is {self.state}, which does not allow {name!r}")
        return replace(self, state=transition.target or self.state, **changes)
