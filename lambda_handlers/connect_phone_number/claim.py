"""A claim: one taking of one number for one resource, and everything that changes its state.

The table ``TRANSITIONS`` has every change of a state, by the method of ``Claim`` that makes it. A method refuses
what the table does not allow. The diagram in ``docs/lifecycle.md`` is generated from the table.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, Self

from .cloudformation.resource_key import ResourceKey


class ClaimState(StrEnum):
    """Where a claim stands."""

    OPENING = "OPENING"
    """Intended; a number may be claimed any moment."""
    LIVE = "LIVE"
    """CloudFormation was told of the number."""
    CLOSING = "CLOSING"
    """Canceled or deleted: whatever was claimed must go."""
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
    RETURNED_TO_INVENTORY = "RETURNED_TO_INVENTORY"
    """Connect could not provide the number and took it back."""
    NOT_OURS = "NOT_OURS"
    """Somebody else has taken the number over."""
    TRANSFERRED = "TRANSFERRED"
    """Another resource of this provider has adopted the number."""
    ADOPTION_ROLLED_BACK = "ADOPTION_ROLLED_BACK"
    """Adopted by a creation that was canceled: left as it was found."""


@dataclass(frozen=True)
class ClaimKey:
    """Which claim of which resource."""

    stack_id: str
    logical_resource_id: str
    claim_id: str

    @property
    def resource(self) -> ResourceKey:
        """The resource."""
        return ResourceKey(self.stack_id, self.logical_resource_id)


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
class InFlightCall:
    """A call that takes a number, announced before it is made.

    Parameters
    ----------
    phone_number
        The number, or the ARN of what is imported.
    worker
        The invocation that makes the call.
    until
        Until when it may turn out to have worked, in seconds since the epoch.
    """

    phone_number: str
    worker: str
    until: int


@dataclass(frozen=True)
class Settings:
    """What can be changed on a number in place."""

    target_arn: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    contact_flow_arn: str = ""


@dataclass(frozen=True)
class Transition:
    """A change of a claim's state, or what a claim goes through in one.

    Parameters
    ----------
    sources
        The states in which it is allowed; none for the first.
    target
        The state after it, or ``None`` where the state stays.
    why
        What brings it about, for the diagram.
    """

    sources: tuple[ClaimState, ...]
    target: ClaimState | None
    why: str


_OPEN: Final = (ClaimState.OPENING, ClaimState.LIVE)

TRANSITIONS: Final[Mapping[str, Transition]] = {
    "open": Transition((), ClaimState.OPENING, "a request wants a number that the resource does not have"),
    "resume": Transition(_OPEN, None, "a later request wants the same number"),
    "succeed": Transition(_OPEN, ClaimState.LIVE, "Connect says CLAIMED, settings applied, answer written"),
    "close": Transition(
        _OPEN,
        ClaimState.CLOSING,
        "its own Delete; canceled, failed or never finished; or CloudFormation never took note",
    ),
    "keep": Transition(
        (ClaimState.CLOSING,), ClaimState.LIVE, "the stack was deleted without the number after its Delete had failed"
    ),
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
"""By the name of the method of ``Claim``."""


class IllegalTransition(Exception):
    """A claim is not in a state in which this is allowed: the code that asks for it is wrong."""


@dataclass(frozen=True)
class Claim:
    """One taking of one number for one resource. It is never changed: each method returns another one."""

    stack_id: str
    logical_resource_id: str
    id: str
    state: ClaimState
    specification: Specification
    opening: Settings
    """What ClaimPhoneNumber is called with. Never changed, since a token stands for one set of parameters."""
    desired: Settings
    """What the latest request wants."""
    request_key: str
    """The request that opened or last resumed this claim."""
    opened_at: int
    sent_at: int | None = None
    """When that request was sent, if its URL tells."""
    satisfied: tuple[str, ...] = ()
    """Digests of the specifications that the number was found to satisfy."""
    acknowledged: bool = False
    """CloudFormation has shown that it knows this number as the resource's: in a request, or when it was asked."""
    established: bool = False
    """Adopted: the deployment that adopted the number, and that of its root stack, were seen complete."""
    follow_up: bool = False
    """Live: CloudFormation is still to be asked what it has made of the response."""
    disowned_at: int = 0
    """Live: when CloudFormation first said that it never took note of the number."""
    is_deleted: bool = False
    """Handed over to another resource: CloudFormation has deleted this claim's own resource since."""
    is_undone: bool = False
    """Closing: the adoption was rolled back, so the number is restored and never released."""
    protected: bool = False
    candidate: str = ""
    """The number for which ClaimPhoneNumber is called, or was."""
    in_flight_calls: tuple[InFlightCall, ...] = ()
    """Calls that may turn out to have worked, of every invocation that has made one."""
    rejected_candidates: tuple[str, ...] = ()
    """Candidates that somebody else got."""
    unexplained_refusals: int = 0
    """How often Connect refused to claim a candidate without saying that somebody else has it."""
    phone_number: str = ""
    arn: str = ""
    country_code: str = ""
    type: str = ""
    provisioned: bool = False
    """Connect has said CLAIMED once."""
    duplicate_arns: tuple[str, ...] = ()
    """ARNs of further numbers that a forgotten token made us claim; to be released."""
    applied_flow_arn: str = ""
    applied_tags: tuple[str, ...] = ()
    flow_may_differ: bool = False
    """An association was begun and not confirmed, or the number was moved, so it must be made again."""
    settings_before_adoption: Settings | None = None
    """Adopted: how the number was before. The flow is read before the first change that concerns it."""
    is_flow_before_known: bool = False
    """Whether ``settings_before_adoption`` has the flow that the number had."""
    previous_claim_key: ClaimKey | None = None
    """Adopted from another resource: the claim that owned the number."""
    claimed_at: int = 0
    closing_at: int = 0
    closed_at: int = 0
    close_reason: str = ""
    outcome: Outcome | None = None
    is_returning_to_inventory: bool = False
    """Connect failed to provide the number and will take it back by itself."""
    failures: int = 0
    last_error: str = ""
    next_check_at: int = 0
    """When the sweeper is to look, where something is left to do."""
    due_since: int = 0
    """Since when that has been due: not moved by an invocation that fails."""
    version: int = field(default=0, kw_only=True)
    """How often it was stored. 0: not yet."""

    @property
    def resource(self) -> ResourceKey:
        """The resource that the number is for."""
        return ResourceKey(self.stack_id, self.logical_resource_id)

    @property
    def own_key(self) -> ClaimKey:
        """Which claim this is."""
        return ClaimKey(self.stack_id, self.logical_resource_id, self.id)

    @property
    def previous_owner(self) -> ResourceKey | None:
        """Adopted from another resource: that resource."""
        return None if self.previous_claim_key is None else self.previous_claim_key.resource

    @property
    def is_open(self) -> bool:
        """Whether the claim can be resumed."""
        return self.state in _OPEN

    @property
    def is_adopted(self) -> bool:
        """Whether the number was the account's before."""
        return self.specification.origin is Origin.ADOPTED

    @property
    def has_calls_in_flight(self) -> bool:
        """Whether there may be numbers that the claim does not name."""
        return bool(self.in_flight_calls or self.duplicate_arns)

    def calls_with(self, call: InFlightCall) -> tuple[InFlightCall, ...]:
        """Return the calls in flight with one more, in place of what the same worker has announced for the number."""
        return (*self.calls_without(call.phone_number, call.worker), call)

    def calls_without(self, phone_number: str, worker: str) -> tuple[InFlightCall, ...]:
        """Return the calls in flight without a worker's for a number."""
        return tuple(
            call for call in self.in_flight_calls if (call.phone_number, call.worker) != (phone_number, worker)
        )

    def satisfies(self, desired: Specification) -> bool:
        """Return whether the number is one that ``wanted`` could have brought.

        A claim that has no number yet satisfies only the specification it was opened for.
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

    # --- Transitions: each is named as in the table ---

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
        """Return a new claim: from now on a number may be claimed for it at any moment."""
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
        """Return the claim as one that a later request goes on with.

        Parameters
        ----------
        next_check_at
            Until when the request may still be worked on. It matters while the claim is not live yet.
        """
        next_check_at = (
            max(self.next_check_at, next_check_at) if self.state is ClaimState.OPENING else self.next_check_at
        )
        return self._after(
            "resume",
            satisfied=tuple(dict.fromkeys((*self.satisfied, specification.digest))),
            desired=settings,
            request_key=request_key,
            sent_at=sent_at,
            disowned_at=0,
            next_check_at=next_check_at,
            due_since=next_check_at,
        )

    def succeed(self, *, in_flight_calls: tuple[InFlightCall, ...], protected: bool, next_check_at: int) -> Self:
        """Return the claim as one of whose number CloudFormation is told.

        Parameters
        ----------
        next_check_at
            When CloudFormation is asked what it has made of the response, unless it has shown that it knows the number.
        """
        return self._after(
            "succeed",
            follow_up=not self.acknowledged or (self.is_adopted and not self.established),
            in_flight_calls=in_flight_calls,
            protected=protected,
            failures=0,
            last_error="",
            next_check_at=next_check_at,
            due_since=next_check_at,
        )

    def close(self, reason: str, now: int) -> Self:
        """Return the claim as one that is to be closed: the intent to release, written before the release."""
        return self._after(
            "close",
            # An adoption that never got to answer is undone, whatever comes later.
            is_undone=self.is_undone or (self.is_adopted and not self.acknowledged),
            close_reason=reason,
            closing_at=now,
            next_check_at=now,
            due_since=now,
        )

    def keep(self) -> Self:
        """Return the claim as one whose number its stack was deleted without."""
        return self._after("keep", follow_up=False, failures=0, last_error="", close_reason="")

    def end(self, outcome: Outcome, now: int) -> Self:
        """Return the claim as one that is over."""
        return self._after("end", outcome=outcome, closed_at=now, last_error="")

    def hand_over(self, reason: str, now: int) -> Self:
        """Return the claim as one whose number another resource has now."""
        return self._after("hand_over", outcome=Outcome.TRANSFERRED, closed_at=now, close_reason=reason)

    def take_back(self) -> Self:
        """Return the claim as one that has its number again."""
        return self._after("take_back", outcome=None, closed_at=0, close_reason="")

    def reopen(self, now: int) -> Self:
        """Return the claim as one that has to be closed once more."""
        return self._after("reopen", next_check_at=now, due_since=now)

    def for_other_resource(self, key: ClaimKey) -> Self:
        """Return a claim like this one for the resource that has its number now."""
        return replace(
            self,
            version=0,
            id=key.claim_id,
            stack_id=key.stack_id,
            logical_resource_id=key.logical_resource_id,
            acknowledged=True,
            previous_claim_key=None,
        )

    def _after(self, name: str, **changes: Any) -> Self:
        transition = TRANSITIONS[name]
        if self.state not in transition.sources:
            raise IllegalTransition(f"claim {self.id} is {self.state}, which does not allow {name!r}")
        return replace(self, state=transition.target or self.state, **changes)
