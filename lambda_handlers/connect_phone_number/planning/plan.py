"""What a plan consists of."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Effect(StrEnum):
    """What a deployment does to one number."""

    CLAIM = "claim"
    """A number is claimed. Which one is only known then."""
    IMPORT = "import"
    """A number of AWS End User Messaging is imported."""
    ADOPT = "adopt"
    """A number that the account holds is adopted."""
    TAKE = "take"
    """A parked number is taken. Nothing is claimed."""
    CHANGE = "change"
    """The settings of a number change in place."""
    MOVE = "move"
    """A number moves to another instance or traffic distribution group."""
    REPLACE = "replace"
    """A resource gets another number. What becomes of its number is an effect of its own."""
    RELEASE = "release"
    """A number is released. It cannot be claimed again for up to 180 days."""
    PARK = "park"
    """A number is parked, and released at the time given unless a resource takes it before."""
    POSTPONE = "postpone"
    """A number is parked because its release would cost the last claims of the account."""
    RETAIN = "retain"
    """A number stays in the account, and is billed. No resource has it any longer."""
    RESTORE = "restore"
    """An adoption is undone, and the number is as it was before."""
    REFUSE = "refuse"
    """The provider, or CloudFormation, refuses this, so the deployment fails."""
    UNKNOWN = "unknown"
    """It cannot be told before the deployment. The worst is that a number is released."""


@dataclass(frozen=True)
class NumberChange:
    """One effect of a deployment on one number.

    Parameters
    ----------
    stack
        The name of the stack.
    logical_id
        The logical id of the resource.
    path
        The path of its construct. Empty if no CDK app made the template.
    effect
        What happens.
    phone_number
        The number in E.164 form. Empty if it is not known yet.
    detail
        More about it, for people: what is claimed, what changes, why it is refused.
    until
        Until when a number is parked, in seconds since the epoch. 0 if it is not.
    provider
        The provider's id.
    """

    stack: str
    logical_id: str
    path: str
    effect: Effect
    phone_number: str = ""
    detail: str = ""
    until: int = 0
    provider: str = ""


@dataclass(frozen=True)
class Weakening:
    """A protection that a deployment switches off.

    Parameters
    ----------
    protection
        The name of the property or policy in the template.
    before, after
        Its values.
    """

    stack: str
    logical_id: str
    path: str
    protection: str
    before: str
    after: str


@dataclass(frozen=True)
class Renaming:
    """A resource that goes and one that comes, with the same properties: perhaps one that was renamed.

    To CloudFormation these are two resources, so the number of the first is lost and the second gets another one.
    """

    stack: str
    old_logical_id: str
    new_logical_id: str
    phone_number: str


@dataclass(frozen=True)
class BudgetChange:
    """What a deployment takes of the budget of one provider.

    Parameters
    ----------
    claims
        How many numbers are claimed or imported.
    releases
        How many are released at once.
    used
        How many claims and releases are used before.
    allowed
        How many Amazon Connect allows within 180 days.
    is_estimate
        Whether the quota was not told.
    is_exceeded
        Whether a claim is refused for the budget, or the deployment uses more than is left.
    """

    provider: str
    claims: int
    releases: int
    used: int
    allowed: int
    is_estimate: bool
    is_exceeded: bool

    @property
    def left(self) -> int:
        """How many claims and releases are left afterwards."""
        return max(self.allowed - self.used - self.claims - self.releases, 0)


@dataclass(frozen=True)
class Plan:
    """What a deployment does to phone numbers.

    Parameters
    ----------
    problems
        What could not be found out, and what to do about it.
    """

    changes: tuple[NumberChange, ...] = ()
    weakenings: tuple[Weakening, ...] = ()
    renamings: tuple[Renaming, ...] = ()
    budgets: tuple[BudgetChange, ...] = ()
    problems: tuple[str, ...] = ()

    def with_effect(self, *effects: Effect) -> tuple[NumberChange, ...]:
        """Return the changes with one of these effects."""
        return tuple(change for change in self.changes if change.effect in effects)


class Concern(StrEnum):
    """What a pipeline may stop for."""

    RELEASE = "release"
    """A number is released, at once or after the time that it is parked, or it cannot be told whether it is."""
    REPLACE = "replace"
    """A resource gets another number, or it cannot be told whether it does."""
    RETAIN = "retain"
    """A number stays in the account without a resource."""
    BUDGET = "budget"
    """A claim is refused for the budget, or the deployment uses more than is left."""
    REFUSE = "refuse"
    """The deployment fails, because something is refused."""
    PROTECTION = "protection"
    """A protection is switched off."""
    RENAME = "rename"
    """A resource that goes and one that comes look the same."""
    UNKNOWN = "unknown"
    """Something could not be found out."""


EFFECTS: Final = {
    Concern.RELEASE: (Effect.RELEASE, Effect.PARK, Effect.POSTPONE, Effect.UNKNOWN),
    Concern.REPLACE: (Effect.REPLACE, Effect.UNKNOWN),
    Concern.RETAIN: (Effect.RETAIN,),
    Concern.REFUSE: (Effect.REFUSE,),
}
"""The effects on single numbers that are a concern."""


def concerns(plan: Plan) -> frozenset[Concern]:
    """Return what there is in a plan to stop for."""
    found: set[Concern] = {concern for concern, effects in EFFECTS.items() if plan.with_effect(*effects)}
    found |= {Concern.BUDGET} if any(budget.is_exceeded for budget in plan.budgets) else set()
    found |= {Concern.PROTECTION} if plan.weakenings else set()
    found |= {Concern.RENAME} if plan.renamings else set()
    found |= {Concern.UNKNOWN} if plan.problems or plan.with_effect(Effect.UNKNOWN) else set()
    return frozenset(found)


@dataclass
class PlanBuilder:
    """Collects a plan."""

    changes: list[NumberChange] = field(default_factory=list[NumberChange])
    weakenings: list[Weakening] = field(default_factory=list[Weakening])
    renamings: list[Renaming] = field(default_factory=list[Renaming])
    problems: list[str] = field(default_factory=list[str])

    def built(self, budgets: Iterable[BudgetChange]) -> Plan:
        """Return the plan. A problem that came up several times is in it once."""
        problems = tuple(dict.fromkeys(self.problems))
        return Plan(tuple(self.changes), tuple(self.weakenings), tuple(self.renamings), tuple(budgets), problems)
