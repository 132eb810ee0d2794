"""``doctor``: whether an installation is sound. It only reads."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import click
from rich.table import Table

from ..account_checks import AccountChecks
from ..checks import Check, Status
from ..exit_codes import ExitCode
from ..ledgers import LedgerContents
from ..options import OutputFormat, output_option, reading_options
from ..output import console, new_table, plain, write_csv, write_json
from ..places import Place
from ..provider_checks import ProviderChecks
from ..providers import discover
from ..run import Run, finish, run

FIELDS: Final = ("account", "region", "provider", "check", "status", "text")
"""The fields of a check in JSON and CSV. Their names are stable."""

_STYLES: Final = {
    Status.OK: "green",
    Status.WARNING: "yellow",
    Status.PROBLEM: "bold red",
    Status.NOT_CHECKED: "dim",
}


@click.command("doctor")
@reading_options
@output_option
@click.pass_context
def doctor_command(context: click.Context, /, output: OutputFormat, **options: Any) -> None:
    """Check an installation: its function, queue, schedule, alarms, logs, ledger, role, budget and account.

    Exits with 2 if there is a problem, else with 3 if something could not be checked.
    """
    with run(context, options) as this:
        checks = [check for place in this.places for check in _checks(this, place)]
    counts = Counter(check.status for check in checks)
    match output:
        case OutputFormat.JSON:
            totals = {status.value: counts[status] for status in Status}
            write_json({"checks": [as_fields(check) for check in checks], "totals": totals}, this.now(), this.findings)
        case OutputFormat.CSV:
            write_csv(FIELDS, map(as_fields, checks))
        case OutputFormat.TABLE:
            console().print(_table(checks, with_place=len(this.places) > 1))
            console().print(", ".join(f"[{_STYLES[status]}]{counts[status]} {_label(status)}[/]" for status in Status))
    if counts[Status.NOT_CHECKED] and not counts[Status.PROBLEM]:
        sys.exit(ExitCode.INCOMPLETE)
    finish(this.findings, has_found=counts[Status.PROBLEM] > 0)


def as_fields(check: Check) -> dict[str, Any]:
    """Return a check as JSON and CSV have it."""
    return {
        "account": check.place.account,
        "region": check.place.region,
        "provider": check.subject,
        "check": check.name,
        "status": check.status.value,
        "text": check.text,
    }


def _checks(this: Run, place: Place) -> list[Check]:
    providers = discover(place, this.providers, this.findings)
    this.check_providers([providers])
    checks: list[Check] = []
    ledgers: list[LedgerContents] = []
    for provider in providers.selected:
        of_provider = ProviderChecks(place, provider)
        with this.watch.reading(f"{place}: {provider.name}"):
            checks += of_provider
        if of_provider.contents is not None:
            ledgers.append(of_provider.contents)
    with this.watch.reading(f"{place}: account"):
        checks += AccountChecks(place, providers, ledgers)
    return checks


def _label(status: Status) -> str:
    return status.value.replace("-", " ")


def _table(checks: Sequence[Check], *, with_place: bool) -> Table:
    shown = new_table()
    shown.add_column("", no_wrap=True)
    shown.add_column("Of", overflow="fold")
    shown.add_column("Check", no_wrap=True)
    shown.add_column("Found", overflow="fold")
    above = ""
    for check in checks:
        place = f"{check.place}: " if with_place else ""
        subject = f"{place}{check.subject or 'account'}"
        status = f"[{_STYLES[check.status]}]{_label(check.status)}[/]"
        # A name is long and the same for many checks, so it is shown once.
        shown.add_row(status, plain(subject) if subject != above else "", check.name, plain(check.text))
        above = subject
    return shown
