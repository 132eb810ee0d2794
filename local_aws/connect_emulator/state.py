"""The state of the emulated Amazon Connect: targets, numbers, and the accounts that hold them."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ID_PATTERN: Final = re.compile(_UUID)
_ARN_PATTERN: Final = re.compile(
    rf"arn:aws[a-z-]*:connect:(?P<region>[a-z0-9-]+):(?P<account>\d{{12}}):phone-number/(?P<id>{_UUID})"
)


class Status(StrEnum):
    """The status of a number. The first three values are the service model's."""

    IN_PROGRESS = "IN_PROGRESS"
    CLAIMED = "CLAIMED"
    FAILED = "FAILED"
    RELEASED = "RELEASED"
    RETURNED = "RETURNED"
    """The claim ended FAILED and was not retried in time, and the number went back to the inventory."""


@dataclass(frozen=True)
class Scope:
    """The account and Region of a request."""

    account: str
    region: str

    def arn(self, resource: str) -> str:
        """Return the ARN of an Amazon Connect resource in this account and Region."""
        return f"arn:aws:connect:{self.region}:{self.account}:{resource}"


@dataclass
class Target:
    """An instance or a traffic distribution group.

    Attributes
    ----------
    regions : tuple[str, ...]
        The Region where it was created and, for a traffic distribution group, its other Region.
    limit : int or None
        How many numbers the target can have; ``None`` for ``Settings.target_limit``.
    instance_id : str or None
        ``None`` for a traffic distribution group.
    active_at : float
        When a traffic distribution group becomes ACTIVE, in seconds of the emulator's clock. Default 0: it has always
        been ACTIVE.
    is_removed : bool
        Whether it was removed. Numbers may still be at it.
    flows : set[str]
        Ids of the instance's flows.
    """

    arn: str
    scope: Scope
    regions: tuple[str, ...]
    limit: int | None
    instance_id: str | None
    active_at: float = 0.0
    is_removed: bool = False
    flows: set[str] = field(default_factory=set[str])

    def is_active(self, now: float) -> bool:
        """Return whether numbers can already be searched for, claimed, moved, and listed for the target."""
        return now >= self.active_at


@dataclass
class Workflow:
    """The operation in progress on a number after ClaimPhoneNumber, ImportPhoneNumber, or UpdatePhoneNumber.

    Attributes
    ----------
    ends_at : float
        When it ends, by the emulator's clock.
    target_arn : str
        The target that the number belongs to after a success.
    failure : str or None
        Why the operation will end FAILED; ``None`` if it will succeed.
    hold_seconds : float or None
        How long the number is kept for another claim after a failure; ``None`` for a move, because a
        failed move keeps the number anyway.
    """

    ends_at: float
    target_arn: str
    failure: str | None
    hold_seconds: float | None


class Attributes(NamedTuple):
    """What can be changed of a number, as it was at one time."""

    description: str | None
    tags: dict[str, str]
    target_arn: str
    contact_flows: dict[str, str]


@dataclass
class ClaimedNumber:
    """A number whose claim was accepted. The record is kept after the number has gone back."""

    id: str
    arn: str
    scope: Scope
    sequence: int
    phone_number: str
    country_code: str
    type: str
    target_arn: str
    description: str | None
    tags: dict[str, str]
    source_arn: str | None
    claimed_at: float
    visible_at: float
    status: Status = Status.IN_PROGRESS
    message: str | None = None
    workflow: Workflow | None = None
    contact_flows: dict[str, str] = field(default_factory=dict[str, str])
    """The flow that each instance associates with the number, by the instance's id."""
    held_until: float | None = None
    released_at: float | None = None
    released_as: Status | None = None
    """The status right before the release."""
    cooldown_until: float | None = None
    versions: list[tuple[float, Attributes]] = field(default_factory=list[tuple[float, Attributes]])
    """The attributes after the claim and after each change, with the time from which they hold."""

    def record_version(self, now: float) -> None:
        """Record the attributes as they are now."""
        attributes = Attributes(self.description, dict(self.tags), self.target_arn, dict(self.contact_flows))
        self.versions.append((now, attributes))

    def as_of(self, time: float) -> Attributes:
        """Return the attributes as they were at a time, or right after the claim if that came later."""
        return next((old for since, old in reversed(self.versions) if since <= time), self.versions[0][1])

    def is_still_shown(self, now: float, lag_seconds: float) -> bool:
        """Return whether Connect still shows the number although it was released."""
        return self.released_at is not None and now < self.released_at + lag_seconds

    @property
    def is_held(self) -> bool:
        """Whether the account still holds the number, even if only for another claim."""
        return self.status not in (Status.RELEASED, Status.RETURNED)

    @property
    def is_active(self) -> bool:
        """Whether the number counts toward the limits. It does not if its claim has failed or will fail."""
        is_doomed = (
            self.workflow is not None and self.workflow.failure is not None and self.workflow.hold_seconds is not None
        )
        return self.is_held and self.held_until is None and not is_doomed


@dataclass
class SourceNumber:
    """A number of AWS End User Messaging that can be imported."""

    arn: str
    phone_number: str
    country_code: str
    type: str
    scope: Scope


class Registry:
    """All numbers, targets and sources of all accounts and Regions.

    Parameters
    ----------
    seed : int
        Seed of the ids: the same seed produces the same ids in the same order.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - ids that a test can predict
        self.targets: dict[str, Target] = {}
        self.sources: dict[str, SourceNumber] = {}
        self.history: list[ClaimedNumber] = []
        self._by_arn: dict[str, ClaimedNumber] = {}
        self._holder: dict[str, ClaimedNumber] = {}
        self._cooling: dict[str, float] = {}
        self._taken: set[str] = set()

    def new_id(self) -> str:
        """Return a new random UUID."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def add(self, number: ClaimedNumber) -> None:
        """Register a number whose claim was accepted."""
        self.history.append(number)
        self._by_arn[number.arn] = number
        self._holder[number.phone_number] = number

    def take(self, phone_number: str) -> None:
        """Let an unrelated account hold a number permanently."""
        self._taken.add(phone_number)

    def release(self, number: ClaimedNumber, now: float, cooldown_until: float | None) -> None:
        """Release a number. Without ``cooldown_until``, it can be claimed again at once."""
        number.released_as = number.status
        self._drop(number, Status.RELEASED)
        number.workflow = None
        number.released_at = now
        number.cooldown_until = cooldown_until
        if cooldown_until is not None:
            self._cooling[number.phone_number] = cooldown_until

    def is_free(self, phone_number: str, now: float) -> bool:
        """Return whether a number is not held and not cooling down."""
        return (
            phone_number not in self._taken
            and self._cooling.get(phone_number, now) <= now
            and self.holder(phone_number, now) is None
        )

    def holder(self, phone_number: str, now: float) -> ClaimedNumber | None:
        """Return the record of the emulated account that holds a number."""
        number = self._holder.get(phone_number)
        return self.settled(number, now) if number is not None else None

    def held(self, now: float, scope: Scope) -> Iterator[ClaimedNumber]:
        """Yield the numbers that an account holds in a Region, in no particular order."""
        for number in list(self._holder.values()):
            if number.scope == scope and self.settled(number, now) is not None:
                yield number

    def still_shown(self, now: float, scope: Scope, lag_seconds: float) -> Iterator[ClaimedNumber]:
        """Yield the released numbers of an account in a Region that Connect still shows."""
        if lag_seconds:
            for number in self.history:
                if number.scope == scope and number.is_still_shown(now, lag_seconds):
                    yield number

    def settled(self, number: ClaimedNumber, now: float) -> ClaimedNumber | None:
        """Bring a number up to date. Return ``None`` if it has meanwhile gone back to the inventory."""
        workflow = number.workflow
        if workflow is not None and now >= workflow.ends_at:
            number.workflow = None
            if workflow.failure is None:
                number.status = Status.CLAIMED
                if workflow.target_arn != number.target_arn:
                    number.target_arn = workflow.target_arn
                    number.contact_flows.clear()
                    number.record_version(workflow.ends_at)
            else:
                number.status = Status.FAILED
                number.message = workflow.failure
                if workflow.hold_seconds is not None:
                    number.held_until = workflow.ends_at + workflow.hold_seconds
        if number.held_until is not None and number.is_held and now >= number.held_until:
            self._drop(number, Status.RETURNED)
        return number if number.is_held else None

    def give_up(self, number: ClaimedNumber) -> None:
        """Put a number whose claim ended FAILED back into the inventory early."""
        self._drop(number, Status.RETURNED)

    def find(
        self, scope: Scope, identifier: str, now: float, *, release_lag_seconds: float = 0.0
    ) -> ClaimedNumber | None:
        """Return the number that an id or an ARN identifies for a caller in ``scope``.

        In the other Region of a traffic distribution group, the group's numbers are known only by their ARNs.

        Parameters
        ----------
        release_lag_seconds : float
            For how long a number is still found after its release. Default 0.
        """
        arn = _ARN_PATTERN.fullmatch(identifier)
        number = self._by_arn.get(identifier if arn else scope.arn(f"phone-number/{identifier}"))
        if number is None:
            return None
        if self.settled(number, now) is None and not number.is_still_shown(now, release_lag_seconds):
            return None
        if number.scope == scope:
            return number
        target = self.targets.get(number.target_arn)
        is_shared = target is not None and number.scope.account == scope.account and scope.region in target.regions
        return number if is_shared else None

    def _drop(self, number: ClaimedNumber, status: Status) -> None:
        number.status = status
        if self._holder.get(number.phone_number) is number:
            del self._holder[number.phone_number]


def is_phone_number_id(identifier: str) -> bool:
    """Return whether a text has the form of a phone number's id or ARN."""
    return bool(_ID_PATTERN.fullmatch(identifier) or _ARN_PATTERN.fullmatch(identifier))
