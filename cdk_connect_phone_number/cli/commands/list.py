"""``list``: every number of the account and Region, and who owns it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

import click
from rich.table import Table

from ..function_code import rules, timing
from ..inventory import NumberRecord, OwnerKind, take_inventory
from ..options import OutputFormat, output_option, reading_options
from ..output import amount, console, counted, day, new_table, plain, short_arn, write_csv, write_json
from ..prices import PRICE_PAGE, PRICES_AS_OF, usd_per_day
from ..run import finish, run

FIELDS: Final = (
    "account",
    "region",
    "phone_number",
    "arn",
    "country_code",
    "type",
    "target_arn",
    "flow_arn",
    "description",
    "tags",
    "owner",
    "stack_id",
    "stack_name",
    "logical_id",
    "pool",
    "parked_until",
    "provider_id",
    "is_protected",
    "claim_state",
    "usd_per_day_estimate",
    "usd_per_month_estimate",
    "note",
)
"""The fields of a number in JSON and CSV. Their names are stable."""

_STYLES: Final = {OwnerKind.ORPHAN: "bold red", OwnerKind.UNKNOWN: "yellow", OwnerKind.SOMEBODY_ELSE: "dim"}
_OWNERS: Final = [kind.value for kind in OwnerKind]


@dataclass(frozen=True)
class Filter:
    """Which numbers are listed. Each condition that is given must hold."""

    owners: Sequence[str] = ()
    countries: Sequence[str] = ()
    types: Sequence[str] = ()
    targets: Sequence[str] = ()
    stacks: Sequence[str] = ()
    text: str = ""

    def admits(self, record: NumberRecord) -> bool:
        """Return whether a number is listed."""
        return (
            (not self.owners or record.owner in self.owners)
            and (not self.countries or record.country_code in {country.upper() for country in self.countries})
            and (not self.types or record.type in {type.upper() for type in self.types})
            and (not self.targets or any(target in record.target_arn for target in self.targets))
            and (not self.stacks or record.stack_name in self.stacks or record.stack_id in self.stacks)
            and self.text.lower() in _all_text(record).lower()
        )


def _known_countries(_: click.Context, __: click.Parameter, values: Sequence[str]) -> Sequence[str]:
    for value in values:
        if problem := rules.check_country_code(value.upper()):
            raise click.BadParameter(problem)
    return values


@click.command("list")
@reading_options
@click.option("--owner", "owners", multiple=True, type=click.Choice(_OWNERS), help="Only of this kind. Repeatable.")
@click.option(
    "--country",
    "countries",
    multiple=True,
    metavar="CODE",
    callback=_known_countries,
    help="Only of this country. Repeatable.",
)
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only of this type, as DID. Repeatable.")
@click.option("--target", "targets", multiple=True, metavar="ARN_OR_ID", help="Only of this target. Repeatable.")
@click.option("--stack", "stacks", multiple=True, metavar="NAME", help="Only of this stack. Repeatable.")
@click.option("--text", default="", help="Only if the number, description, stack, pool or a tag has this text.")
@click.option(
    "--fail-on", "fail_on", multiple=True, type=click.Choice(_OWNERS), help="Exit with 2 if one is listed. Repeatable."
)
@output_option
@click.pass_context
def list_command(
    context: click.Context,
    /,
    owners: Sequence[str],
    countries: Sequence[str],
    types: Sequence[str],
    targets: Sequence[str],
    stacks: Sequence[str],
    text: str,
    fail_on: Sequence[str],
    output: OutputFormat,
    **options: Any,
) -> None:
    """List every phone number: whose it is, where it is, and what it costs.

    Owners: stack (a resource has it), adopted (so, and the account held it before), parked (kept for a time), listed
    (on a pool's list), retained (removed from its stack on purpose), orphan (claimed by a provider, in no ledger),
    somebody-else (no provider has claimed it), unknown (something could not be read).
    """
    with run(context, options) as this:
        inventories = [take_inventory(place, this.providers, this.findings, this.watch) for place in this.places]
        this.check_providers(one.providers for one in inventories)
    wanted = Filter(owners, countries, types, targets, stacks, text)
    numbers = [record for one in inventories for record in one.numbers if wanted.admits(record)]
    match output:
        case OutputFormat.JSON:
            document = {"numbers": [as_fields(record) for record in numbers], "totals": totals(numbers)}
            write_json(document, this.now(), this.findings)
        case OutputFormat.CSV:
            write_csv(FIELDS, map(as_fields, numbers))
        case OutputFormat.TABLE:
            if numbers:
                console().print(table(numbers, with_place=len(this.places) > 1))
            console().print(totals_line(numbers))
    finish(this.findings, has_found=any(record.owner in fail_on for record in numbers))


def as_fields(record: NumberRecord) -> dict[str, Any]:
    """Return a number as JSON and CSV have it."""
    fields = asdict(record)
    fields["owner"] = record.owner.value
    fields["parked_until"] = timing.date_of(record.parked_until) if record.parked_until else ""
    fields["usd_per_day_estimate"] = amount(usd_per_day(record.region, record.country_code, record.type))
    fields["usd_per_month_estimate"] = amount(record.usd_per_month)
    return {name: fields[name] for name in FIELDS}


def totals(numbers: Sequence[NumberRecord]) -> dict[str, Any]:
    """Return the sums over numbers, as JSON has them."""
    known = [price for record in numbers if (price := record.usd_per_month) is not None]
    owners = Counter(record.owner for record in numbers)
    return {
        "numbers": len(numbers),
        "by_owner": {kind.value: owners[kind] for kind in OwnerKind},
        "usd_per_month_estimate": amount(sum(known, Decimal(0))),
        "without_price": len(numbers) - len(known),
        "prices_as_of": PRICES_AS_OF,
        "price_page": PRICE_PAGE,
    }


def totals_line(numbers: Sequence[NumberRecord]) -> str:
    """Return the sums over numbers, as a line for a person."""
    sums = totals(numbers)
    orphans = sums["by_owner"][OwnerKind.ORPHAN.value]
    without = f" ({sums['without_price']} without a known price)" if sums["without_price"] else ""
    return (
        f"[bold]{counted(len(numbers), 'number')}[/], estimate {sums['usd_per_month_estimate']} USD a month{without}, "
        f"[{'bold red' if orphans else 'bold'}]{counted(orphans, 'orphan')}[/]"
    )


def table(numbers: Iterable[NumberRecord], *, with_place: bool) -> Table:
    """Return numbers as a table. ``with_place`` adds the account and Region."""
    shown = new_table()
    if with_place:
        shown.add_column("Account, Region", overflow="fold")
    shown.add_column("Number", no_wrap=True)
    shown.add_column("Kind", no_wrap=True)
    shown.add_column("Target, flow", no_wrap=True)
    shown.add_column("Owner, description", overflow="fold")
    shown.add_column("USD a\nmonth", justify="right", no_wrap=True)
    for record in numbers:
        place = [f"{record.account} {record.region}"] if with_place else []
        target = short_arn(record.target_arn)
        flow = f"\nflow {short_arn(record.flow_arn).rpartition(' ')[2]}" if record.flow_arn else ""
        description = f"\n[dim]{plain(record.description)}[/]" if record.description else ""
        price = amount(record.usd_per_month)
        shown.add_row(
            *place,
            record.phone_number,
            f"{record.country_code} {record.type}",
            plain(target + flow),
            f"[{_STYLES.get(record.owner, 'default')}]{plain(owner_text(record))}[/]{description}",
            "?" if price is None else price,
        )
    return shown


def owner_text(record: NumberRecord) -> str:
    """Return whose a number is, as a table says it."""
    resource = f"{record.stack_name}/{record.logical_id}" if record.logical_id else ""
    match record.owner:
        case OwnerKind.STACK:
            text = resource
        case OwnerKind.ADOPTED:
            text = f"{resource}, adopted"
        case OwnerKind.PARKED:
            text = f"parked until {day(record.parked_until)}" + (f", pool {record.pool}" if record.pool else "")
            text += "" if record.pool or not resource else f", of {resource}"
        case OwnerKind.LISTED:
            text = f"on the list of pool {record.pool}"
        case OwnerKind.RETAINED:
            text = f"retained, once {resource}"
        case OwnerKind.ORPHAN:
            text = f"orphan, once {resource}" if resource else "orphan"
        case OwnerKind.SOMEBODY_ELSE:
            text = "somebody else"
        case OwnerKind.UNKNOWN:
            text = f"unknown, perhaps {resource}" if resource else "unknown"
    notes = [text, "protected" if record.is_protected else "", record.note]
    return "; ".join(note for note in notes if note)


def _all_text(record: NumberRecord) -> str:
    tags = [text for pair in (record.tags or {}).items() for text in pair]
    words = (record.phone_number, record.description, record.stack_name, record.logical_id, record.pool, record.note)
    return "\n".join((*words, *tags))
