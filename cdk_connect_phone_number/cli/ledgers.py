"""The ledgers of providers: each is read once and as a whole, and never written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from .function_code import budget, claim, dynamodb, items, ledger, resource_key, snapshot, store, timing, update
from .places import Place
from .problems import Finding, Problem, code_of, explain, is_about_credentials
from .providers import Provider

Allowance = budget.Allowance
day_of = budget.day_of

_DAY_SECONDS: Final = 86_400


class ReadOnlyStore:
    """A store of which nothing can be written."""

    def __init__(self, whole: store.Store) -> None:
        self._whole = whole

    def get(self, key: store.Key) -> store.Item | None:
        """Return an item."""
        return self._whole.get(key)

    def get_all(self, keys: Sequence[store.Key]) -> list[store.Item | None]:
        """Return several items."""
        return self._whole.get_all(keys)

    def index(self, due: str, until: int | None, after: object = None) -> store.IndexPage:
        """Return keys of due items."""
        return self._whole.index(due, until, after)

    def scan(self, after: object = None) -> store.ScanPage:
        """Return a page of all items."""
        return self._whole.scan(after)

    def write(self, writes: Sequence[store.Write | store.Change]) -> NoReturn:
        """Refuse to write."""
        raise AssertionError(f"a ledger that is only read must not be written: {len(writes)} writes")

    def update(self, key: store.Key, update: update.Update) -> NoReturn:
        """Refuse to change an item."""
        raise AssertionError(f"a ledger that is only read must not be changed: {key} {update}")


@dataclass(frozen=True)
class LedgerContents:
    """What the ledger of a provider has.

    Parameters
    ----------
    claims
        All claims, those that are closed included.
    budget
        The budget's sums.
    pools
        The pools, by their ids.
    unreadable
        Claims that this version of the code cannot read.
    items
        A copy of the ledger in memory, on which a plan can be rehearsed.
    """

    provider: Provider
    claims: tuple[claim.Claim, ...]
    budget: budget.Budget
    pools: dict[str, items.PoolEntry]
    unreadable: tuple[ledger.UnreadableItem, ...]
    items: snapshot.SnapshotStore

    def allowance(self, now: float) -> Allowance:
        """Return what the ledger's sums leave at a time, as the function calculates it."""
        today = day_of(now)
        sums = self.budget
        if sums.is_spoiled or sums.day == 0:
            # The function counts anew, too, before it relies on such sums.
            sums = sums.recounted(self.claims, int(now))
        return Allowance(sums.without_past(today), self.provider.configuration.budget, today)

    def pool_name(self, pool_id: str) -> str:
        """Return a pool as stack name and logical id, or its id if the ledger does not know it."""
        pool = self.pools.get(pool_id)
        if pool is None:
            return pool_id
        named = resource_key.ResourceKey(pool.stack_id, pool.logical_resource_id)
        return f"{named.stack_name}/{named.logical_resource_id}"

    def unfinished(self) -> list[claim.Claim]:
        """Return the claims with work that is not done, the longest due first, as the metric OldestDueSeconds counts.

        A claim that was put off is among them, because that solves nothing. Questions to CloudFormation are not.
        """
        found = [one for one in self.claims if _is_unfinished(one)]
        return sorted(found, key=lambda one: one.due_since)


def read_ledger(place: Place, provider: Provider, findings: list[Finding]) -> LedgerContents | None:
    """Read the ledger of a provider. ``None`` means that it cannot be read; the findings then say why.

    Raises
    ------
    Problem
        No call can succeed.
    """
    table = provider.configuration.ledger_table_name
    try:
        copy = snapshot.SnapshotStore.of(ReadOnlyStore(dynamodb.DynamoDBStore(place.client("dynamodb"), table)))
    except (ClientError, BotoCoreError, store.StoreUnavailable) as error:
        text = _reason(error, table)
        findings.append(Finding(place.account, place.region, f"The ledger of {provider.name} cannot be read: {text}"))
        return None
    return contents_of(provider, copy, place.clock())


def contents_of(provider: Provider, copy: snapshot.SnapshotStore, now: float) -> LedgerContents:
    """Return the contents of a copy of a ledger."""
    clock = timing.Timing(lambda: now, lambda _: None, now + _DAY_SECONDS, lambda: 0.0)
    entries = ledger.Ledger(copy, clock)
    claims = tuple(entries.all_claims())
    unreadable = tuple(one for one in entries.unfinished_or_live() if isinstance(one, ledger.UnreadableItem))
    named = {pool for one in claims for pool in (one.desired.pool, one.listed_in) if pool}
    pools = {name: pool for name in sorted(named) if (pool := entries.pool(name)) is not None}
    return LedgerContents(provider, claims, entries.budget(), pools, unreadable, copy)


def _is_unfinished(one: claim.Claim) -> bool:
    is_changing = one.state in (claim.ClaimState.OPENING, claim.ClaimState.CLOSING)
    # A parked number is checked for late calls when it is looked at anyway.
    return is_changing or (one.has_calls_in_flight and one.state is not claim.ClaimState.PARKED)


def _reason(error: ClientError | BotoCoreError | store.StoreUnavailable, table: str) -> str:
    if isinstance(error, store.StoreUnavailable):
        return f"DynamoDB does not return the items of {table} ({error}). Try again."
    if is_about_credentials(error):
        raise Problem(explain("dynamodb", error)) from error
    if isinstance(error, ClientError) and code_of(error) == "ResourceNotFoundException":
        return f"there is no table {table}. Restore it from a backup, or deploy the provider again."
    return explain("dynamodb", error)
