"""What a report is made of: the inventory, the budgets, what is due, and what has drifted, each read once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .commands.budget import ProviderBudget
from .drift import Compared, compare
from .function_code import claim
from .inventory import IN_PROGRESS, Inventory, NumberRecord, take_inventory
from .ledgers import LedgerContents
from .places import Place
from .problems import Finding
from .run import Run


class DueKind(StrEnum):
    """What is due."""

    PARKED = "parked"
    """A parked number, which is released one day."""
    POSTPONED = "postponed"
    """A parked number whose release the budget has postponed."""
    UNFINISHED = "unfinished"
    """A claim that is being opened or closed, or a call that may still have an effect."""


@dataclass(frozen=True)
class DueWork:
    """Something that a provider will do, or has not finished.

    Parameters
    ----------
    at
        When a parked number's time is up, or since when unfinished work is due, in seconds since the epoch.
    what
        What happens, for a person.
    pool
        The pool that has the number, as stack name and logical id if the ledger knows them. Empty without one.
    """

    place: Place
    claim: claim.Claim
    kind: DueKind
    at: int
    what: str
    pool: str = ""

    def overdue_seconds(self, now: float) -> int:
        """Return for how long unfinished work has been due. 0 for a parked number."""
        return max(int(now) - self.at, 0) if self.kind is DueKind.UNFINISHED else 0


@dataclass(frozen=True)
class Report:
    """Everything that the page shows.

    Parameters
    ----------
    generated_at
        When everything was read, in seconds since the epoch.
    due
        What is due, the earliest first.
    compared
        Each number of a ledger, compared with Connect. ``None`` if that was not asked for.
    """

    generated_at: float
    places: tuple[Place, ...]
    inventories: tuple[Inventory, ...]
    budgets: tuple[ProviderBudget, ...]
    due: tuple[DueWork, ...]
    compared: tuple[tuple[Place, Compared], ...] | None
    findings: tuple[Finding, ...]

    @property
    def numbers(self) -> list[NumberRecord]:
        """The numbers of all places."""
        return [record for inventory in self.inventories for record in inventory.numbers]


def take_report(this: Run, *, with_drift: bool) -> Report:
    """Read everything that a report shows. No call is made twice.

    Parameters
    ----------
    with_drift
        Whether each number of a ledger is compared with Connect, which takes one call for each.

    Raises
    ------
    Problem
        No call can succeed, or a provider that is named is nowhere.
    """
    inventories: list[Inventory] = []
    compared: list[tuple[Place, Compared]] = []
    for place in this.places:
        inventory = take_inventory(place, this.providers, this.findings, this.watch)
        inventories.append(inventory)
        if with_drift:
            numbers = compare(place, inventory.ledgers, this.findings, this.watch, inventory)
            compared += [(place, one) for one in numbers]
    this.check_providers(inventory.providers for inventory in inventories)
    now = this.now()
    ledgers = [(inventory.place, contents) for inventory in inventories for contents in inventory.ledgers]
    due = [work for place, contents in ledgers for work in due_work(place, contents)]
    return Report(
        generated_at=now,
        places=tuple(this.places),
        inventories=tuple(inventories),
        budgets=tuple(ProviderBudget(place, contents, contents.allowance(now)) for place, contents in ledgers),
        due=tuple(sorted(due, key=lambda work: (work.at, work.claim.phone_number))),
        compared=tuple(compared) if with_drift else None,
        findings=tuple(this.findings),
    )


def due_work(place: Place, contents: LedgerContents) -> Iterator[DueWork]:
    """Return what a provider will do one day, or has not finished, according to its ledger."""
    for one in contents.claims:
        # A number of a pool's list is never released.
        if one.state is claim.ClaimState.PARKED and not one.listed_in:
            pool = contents.pool_name(one.desired.pool)
            kind = DueKind.POSTPONED if one.is_postponed else DueKind.PARKED
            yield DueWork(place, one, kind, one.parked_until, _WHAT[kind], pool)
    for one in contents.unfinished():
        what = IN_PROGRESS.get(one.state, "a call may still have an effect")
        yield DueWork(place, one, DueKind.UNFINISHED, one.due_since, what)


def oldest(due: Sequence[DueWork], now: float) -> DueWork | None:
    """Return the unfinished work that has been due for longest, or ``None`` if no work is due."""
    overdue = [work for work in due if work.overdue_seconds(now) > 0]
    return min(overdue, key=lambda work: work.at, default=None)


_WHAT = {
    DueKind.PARKED: "parked; released when its time is up",
    DueKind.POSTPONED: "its release is postponed, until the budget has enough left",
}
