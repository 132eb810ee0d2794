"""``budget``: how many claims and releases are left, and when how much comes back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Group, RenderableType
from rich.text import Text

from ..function_code import budget
from ..inventory import read_ledgers
from ..ledgers import LedgerContents
from ..options import OutputFormat, output_option, reading_options
from ..output import console, drawn, new_table, plain, write_csv, write_json
from ..places import Place
from ..problems import Problem
from ..providers import Providers
from ..run import finish, run

FIELDS: Final = (
    "account",
    "region",
    "provider",
    "provider_id",
    "quota",
    "is_quota_estimate",
    "allowed",
    "used",
    "held",
    "left",
    "reserve",
    "claims_possible",
    "refuses",
    "parked",
    "postponed",
    "returns",
)
"""The fields of a provider's budget in JSON and CSV. Their names are stable."""

_BAR: Final = 48
_RETURN_BAR: Final = 20


@dataclass(frozen=True)
class ProviderBudget:
    """The budget of one provider, as the provider calculates it."""

    place: Place
    ledger: LedgerContents
    allowance: budget.Allowance

    @property
    def claims_possible(self) -> int:
        """How many numbers could be claimed now, one after another."""
        possible = 0
        while replace(self.allowance, claims=possible + 1).permits_claim:
            possible += 1
        return possible

    def returns(self) -> list[tuple[date, int]]:
        """Return on which dates how many claims and releases are free again, the earliest first."""
        return self.allowance.returns()


@click.command("budget")
@reading_options
@click.option(
    "--svg", "svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also draw it into this file."
)
@click.option("--fail-below", type=click.IntRange(min=0), metavar="N", help="Exit with 2 if fewer claims are possible.")
@output_option
@click.pass_context
def budget_command(
    context: click.Context, /, svg: Path | None, fail_below: int | None, output: OutputFormat, **options: Any
) -> None:
    """Show how many claims and releases are left of the 180 days, and when how much comes back.

    Amazon Connect allows 200 % of the quota of phone numbers. Each provider counts its own claims and releases, and
    what it was told of others.
    """
    with run(context, options) as this:
        budgets: list[ProviderBudget] = []
        known: list[Providers] = []
        for place in this.places:
            providers, ledgers = read_ledgers(place, this.providers, this.findings, this.watch)
            known.append(providers)
            budgets += [ProviderBudget(place, contents, contents.allowance(this.now())) for contents in ledgers]
        this.check_providers(known)
        if svg is not None:
            _draw(svg, budgets)
    match output:
        case OutputFormat.JSON:
            write_json({"budgets": [as_fields(one) for one in budgets]}, this.now(), this.findings)
        case OutputFormat.CSV:
            write_csv(FIELDS, ({**row, "returns": _returns_cell(row["returns"])} for row in map(as_fields, budgets)))
        case OutputFormat.TABLE:
            console().print(picture(budgets))
    has_found = fail_below is not None and any(one.claims_possible < fail_below for one in budgets)
    finish(this.findings, has_found=has_found)


def as_fields(one: ProviderBudget) -> dict[str, Any]:
    """Return a provider's budget as JSON has it."""
    allowance = one.allowance
    return {
        "account": one.place.account,
        "region": one.place.region,
        "provider": one.ledger.provider.name,
        "provider_id": one.ledger.provider.id,
        "quota": allowance.quota,
        "is_quota_estimate": allowance.is_estimate,
        "allowed": allowance.allowed,
        "used": allowance.used,
        "held": allowance.budget.held,
        "left": allowance.left,
        "reserve": allowance.reserve,
        "claims_possible": one.claims_possible,
        "refuses": allowance.limit is not None,
        "parked": allowance.budget.parked,
        "postponed": allowance.budget.postponed,
        "returns": [{"date": day.isoformat(), "count": count} for day, count in one.returns()],
    }


def picture(budgets: Sequence[ProviderBudget]) -> RenderableType:
    """Return budgets with bars, for a terminal of any width from 80 columns on."""
    if not budgets:
        return Text("No provider has a ledger that can be read here.")
    parts: list[RenderableType] = []
    for one in budgets:
        parts += [_sums(one), _bar(one), Text(), _returns(one), Text()]
    parts += [Text.from_markup(line) for line in notes(budgets)]
    return Group(*parts)


def _sums(one: ProviderBudget) -> RenderableType:
    allowance = one.allowance
    grid = new_table(f"{one.place}: {plain(one.ledger.provider.name)}")
    for name in ("Quota", "Allowed", "Used", "Held", "Left", "Reserve", "Claims possible"):
        grid.add_column(name, justify="right")
    quota = f"{allowance.quota}?" if allowance.is_estimate else str(allowance.quota)
    sums = (allowance.allowed, allowance.used, allowance.budget.held, allowance.left, allowance.reserve)
    grid.add_row(quota, *map(str, sums), str(one.claims_possible))
    return grid


def _bar(one: ProviderBudget) -> Text:
    """Return all claims and releases that are allowed as a bar: used, kept for releases, and free."""
    allowance = one.allowance
    whole = max(allowance.allowed, allowance.used, 1)
    used = round(_BAR * allowance.used / whole)
    kept = min(round(_BAR * allowance.budget.held / whole), _BAR - used)
    bar = Text()
    bar.append("█" * used, style="red").append("▒" * kept, style="yellow").append("░" * (_BAR - used - kept), "green")
    return bar.append("\n█ used  ▒ kept, to release what is held  ░ free\n")


def _returns(one: ProviderBudget) -> RenderableType:
    returns = one.returns()
    if not returns:
        return Text("Nothing is used, so nothing comes back.")
    most, left = max(count for _, count in returns), one.allowance.allowed - one.allowance.used
    grid = new_table()
    grid.add_column("Comes back on")
    grid.add_column("How much", justify="right")
    grid.add_column("Left then", justify="right")
    grid.add_column("")
    for day, count in returns:
        left += count
        bar = Text("█" * max(round(_RETURN_BAR * count / most), 1), style="cyan")
        grid.add_row(day.isoformat(), str(count), str(max(left, 0)), bar)
    return grid


def notes(budgets: Sequence[ProviderBudget]) -> list[str]:
    """Return what a person must know of these budgets, in rich's markup."""
    found: list[str] = []
    if any(one.allowance.is_estimate for one in budgets):
        found.append("A quota with ? is an estimate: Service Quotas has not told it. Such a provider only warns.")
    for place in dict.fromkeys(str(one.place) for one in budgets):
        here = [one for one in budgets if str(one.place) == place]
        if len(here) > 1:
            used = sum(one.allowance.used for one in here)
            held = sum(one.allowance.budget.held for one in here)
            found.append(
                f"[bold]{place}: {len(here)} providers share what Amazon Connect allows.[/] Each knows its own part "
                f"only. Together they have used {used} and hold {held}."
            )
    found.append("Claims and releases by hand count as well. Only those are known here that a provider was told.")
    return found


def _draw(file: Path, budgets: Sequence[ProviderBudget]) -> None:
    try:
        file.write_text(drawn(picture(budgets), "connect-phone-numbers budget"), encoding="utf-8")
    except OSError as error:
        raise Problem(f"{file} cannot be written: {error.strerror}. Name another file with --svg.") from error


def _returns_cell(returns: Sequence[dict[str, Any]]) -> str:
    return " ".join(f"{one['date']}:{one['count']}" for one in returns)
