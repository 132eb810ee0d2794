"""What there is in a plan to stop for, in sentences: what would happen to which resource, and what to do instead."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from ..timing import date_of
from .plan import EFFECTS, BudgetChange, Concern, Effect, NumberChange, Plan, Renaming, Weakening

_REMEDIES: Final = {
    Concern.RELEASE: "To keep the number, take back the change, or first deploy DeletionPolicy and UpdateReplacePolicy "
    "Retain on its resource (removal_policy).",
    Concern.REPLACE: "To keep the number, take back the change of its resource's properties.",
    Concern.RETAIN: "A retained number is billed. Adopt it in another resource (Adopt and PhoneNumber), or release it.",
    Concern.BUDGET: "Deploy fewer numbers, wait until claims and releases of the past 180 days no longer count, or "
    "ask AWS for a higher quota.",
    Concern.REFUSE: "Do what the reason says, then deploy again.",
    Concern.PROTECTION: "To keep the protection, take back the change.",
    Concern.RENAME: (
        "Keep the logical id (number.node.default_child.override_logical_id), or adopt the number under the new one."
    ),
    Concern.UNKNOWN: "Plan from a change set, or see that everything can be read that the sentence names.",
}


@dataclass(frozen=True)
class Finding:
    """One thing to stop for.

    Parameters
    ----------
    stack
        The name of the stack. Empty if it concerns more than one.
    logical_id
        The logical id of the resource. Empty if it concerns no single one.
    path
        The path of its construct. Empty if it is not known.
    text
        What would happen.
    remedy
        What to do.
    """

    concern: Concern
    stack: str
    logical_id: str
    path: str
    text: str
    remedy: str


def findings(made: Plan, fail_on: Collection[Concern]) -> list[Finding]:
    """Return what a plan has of these concerns, in the order of ``Concern``. What is of two is there once."""
    found = [each for concern in Concern if concern in fail_on for each in _of_concern(made, concern)]
    first = {(each.stack, each.logical_id, each.text): each for each in reversed(found)}
    return [each for each in found if first[each.stack, each.logical_id, each.text] is each]


def of_budget(budget: BudgetChange) -> str:
    """Return what a deployment takes of a budget."""
    taken = budget.claims + budget.releases
    of_which = f" now (claims: {budget.claims}, releases: {budget.releases})" if taken else ""
    estimate = ", by an estimate of the quota" if budget.is_estimate else ""
    exceeded = " This exceeds the budget." if budget.is_exceeded else ""
    return (
        f"Budget of provider {budget.provider}: {budget.used} of {budget.allowed} claims and releases are used in 180 "
        f"days{estimate}; this deployment takes {taken or 'none'}{of_which}; {budget.left} are left after it.{exceeded}"
    )


def of_weakening(weakening: Weakening) -> str:
    """Return which protection is switched off."""
    return (
        f"{weakening.stack}/{weakening.logical_id}: {weakening.protection} goes from {weakening.before} to "
        f"{weakening.after}, so the number is less protected from now on."
    )


def of_renaming(renaming: Renaming) -> str:
    """Return which resource seems to be renamed, and what to do."""
    number = renaming.phone_number or "its number"
    return (
        f"{renaming.stack}/{renaming.old_logical_id} goes and {renaming.new_logical_id} comes, with the same "
        f"properties. If you have renamed the construct, {number} is lost. To keep it, keep the logical id "
        f"(number.node.default_child.override_logical_id({renaming.old_logical_id!r})), or adopt the number under the "
        "new one."
    )


def _of_concern(made: Plan, concern: Concern) -> Iterator[Finding]:
    for stack, logical_id, path, text in _found(made, concern):
        yield Finding(concern, stack, logical_id, path, text, _REMEDIES[concern])


def _found(made: Plan, concern: Concern) -> Iterator[tuple[str, str, str, str]]:
    effects = (Effect.UNKNOWN,) if concern is Concern.UNKNOWN else EFFECTS.get(concern, ())
    yield from ((each.stack, each.logical_id, each.path, _of_change(each)) for each in made.with_effect(*effects))
    match concern:
        case Concern.BUDGET:
            yield from (("", "", "", of_budget(each)) for each in made.budgets if each.is_exceeded)
        case Concern.PROTECTION:
            yield from ((each.stack, each.logical_id, each.path, of_weakening(each)) for each in made.weakenings)
        case Concern.RENAME:
            yield from ((each.stack, each.new_logical_id, "", of_renaming(each)) for each in made.renamings)
        case Concern.UNKNOWN:
            yield from (("", "", "", problem) for problem in made.problems)
        case _:
            pass


def _of_change(change: NumberChange) -> str:
    resource = "/".join(filter(None, (change.stack, change.logical_id)))
    number = change.phone_number or "its number"
    until = f" until {date_of(change.until)}" if change.until else ""
    detail = f" ({change.detail})" if change.detail else ""
    match change.effect:
        case Effect.RELEASE:
            what = f"{number} would be released{detail}."
        case Effect.PARK | Effect.POSTPONE:
            ending = ", and released then unless a resource takes it before" if change.until else ""
            what = f"{number} would be parked{until}{detail}{ending}."
        case Effect.REPLACE:
            what = f"{number} would be replaced by another number{detail}."
        case Effect.RETAIN:
            what = f"{number} would stay in the account without a resource{detail}."
        case Effect.REFUSE:
            what = f"this would be refused: {change.detail}"
        case _:
            what = f"{number} may be replaced{detail}."
    return f"{resource}: {what}"
