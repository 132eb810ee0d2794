"""``drift``: what the stacks want and what Amazon Connect has. A custom resource has no drift detection; this is it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import click
from rich.table import Table

from ..drift import Aspect, Compared, Difference, Status, compare
from ..inventory import read_ledgers
from ..options import OutputFormat, output_option, reading_options
from ..output import console, new_table, plain, short_arn, write_csv, write_json
from ..places import Place
from ..providers import Providers
from ..run import finish, run

FIELDS: Final = (
    "account",
    "region",
    "phone_number",
    "arn",
    "stack_id",
    "stack_name",
    "logical_id",
    "provider_id",
    "claim_state",
    "status",
    "aspect",
    "wanted",
    "found",
)
"""The fields of a difference in JSON and CSV. Their names are stable."""

_STYLES: Final = {Status.DRIFTED: "bold red", Status.IN_PROGRESS: "cyan", Status.UNKNOWN: "yellow"}


@click.command("drift")
@reading_options
@output_option
@click.pass_context
def drift_command(context: click.Context, /, output: OutputFormat, **options: Any) -> None:
    """Show where a number is not as its stack wants it: gone, or with another target, flow, description or tags.

    Exits with 2 if a number has drifted. To correct it, change a property of the resource and deploy, or undo the
    change in Amazon Connect: CloudFormation calls the provider only if the template has changed.
    """
    with run(context, options) as this:
        compared: list[tuple[Place, Compared]] = []
        known: list[Providers] = []
        for place in this.places:
            providers, ledgers = read_ledgers(place, this.providers, this.findings, this.watch)
            known.append(providers)
            compared += [(place, one) for one in compare(place, ledgers, this.findings, this.watch)]
        this.check_providers(known)
    counts = Counter(one.status for _, one in compared)
    rows = [row for place, one in compared if one.status is not Status.IN_SYNC for row in as_rows(place, one)]
    match output:
        case OutputFormat.JSON:
            totals = {status.value: counts[status] for status in Status}
            write_json({"differences": rows, "totals": totals}, this.now(), this.findings)
        case OutputFormat.CSV:
            write_csv(FIELDS, rows)
        case OutputFormat.TABLE:
            shown = [one for _, one in compared if one.status is not Status.IN_SYNC]
            if shown:
                console().print(_table(shown))
            console().print(_summary(counts))
    finish(this.findings, has_found=counts[Status.DRIFTED] > 0)


def as_rows(place: Place, one: Compared) -> list[dict[str, Any]]:
    """Return what differs of a number as JSON and CSV have it: a row for each difference, or one without aspect."""
    number = {
        "account": place.account,
        "region": place.region,
        "phone_number": one.claim.phone_number,
        "arn": one.claim.arn,
        "stack_id": one.claim.stack_id,
        "stack_name": one.claim.resource.stack_name,
        "logical_id": one.claim.logical_resource_id,
        "provider_id": one.ledger.provider.id,
        "claim_state": one.claim.state.value,
        "status": one.status.value,
    }
    if not one.differences:
        return [{**number, "aspect": "", "wanted": "", "found": ""}]
    return [
        {**number, "aspect": difference.aspect.value, "wanted": difference.wanted, "found": difference.found}
        for difference in one.differences
    ]


def _table(numbers: Iterable[Compared]) -> Table:
    shown = new_table()
    shown.add_column("Number", no_wrap=True)
    shown.add_column("Resource", overflow="fold")
    shown.add_column("What", overflow="fold")
    shown.add_column("Wanted", overflow="fold")
    shown.add_column("Found", overflow="fold")
    for one in numbers:
        resource = plain(f"{one.claim.resource.stack_name}/{one.claim.logical_resource_id}")
        number = one.claim.phone_number or one.claim.candidate or "?"
        style = _STYLES.get(one.status, "default")
        if not one.differences:
            shown.add_row(number, resource, f"[{style}]{one.status.value.replace('-', ' ')}[/]", "", "")
        for difference in one.differences:
            aspect = difference.aspect.value
            label = aspect if one.status is Status.DRIFTED else f"{aspect} ({one.status.value.replace('-', ' ')})"
            wanted, found = (_shown(difference, text) for text in (difference.wanted, difference.found))
            shown.add_row(number, resource, f"[{style}]{label}[/]", wanted, found)
    return shown


def _shown(difference: Difference, text: str) -> str:
    if difference.aspect in (Aspect.TARGET, Aspect.FLOW):
        return plain(short_arn(text)) if text else "none"
    return plain(text) or "none"


def _summary(counts: Counter[Status]) -> str:
    drifted = counts[Status.DRIFTED]
    others = [
        f"{counts[status]} {status.value.replace('-', ' ')}"
        for status in (Status.IN_PROGRESS, Status.RETAINED, Status.UNKNOWN)
        if counts[status]
    ]
    style = "bold red" if drifted else "bold green"
    rest = f", {', '.join(others)}" if others else ""
    return f"{sum(counts.values())} compared: [{style}]{drifted} drifted[/], {counts[Status.IN_SYNC]} in sync{rest}"
