"""``release-orphan``: the only subcommand that changes anything. It releases one number that nobody has."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.table import Table

from ..function_code import budget, rules, timing
from ..options import place_options
from ..orphans import COOL_DOWN_DAYS, Orphan, find_orphan, release
from ..output import amount, console, day, new_table, plain
from ..places import Place
from ..problems import Problem
from ..run import Run, finish, run


@click.command("release-orphan")
@click.argument("number")
@click.option(
    "--confirm", metavar="NUMBER", help="For scripts: the same number again, instead of typing it at the prompt."
)
@place_options
@click.pass_context
def release_orphan_command(context: click.Context, /, number: str, confirm: str | None, **options: Any) -> None:
    """Release a number that nobody has: an orphan, as list calls it.

    A number that is released cannot be claimed again for up to 180 days, and perhaps never: only AWS Support can try
    to bring it back. The number is refused if a stack, a pool or a ledger has it, or if one of these cannot be read.
    """
    with run(context, {**options, "providers": ()}) as this:
        if problem := rules.check_phone_number(number):
            raise Problem(f"The number {problem}")
        place = _only(this)
        orphan = find_orphan(place, number, this.watch)
        console().print(_shown(place, orphan, this.now()))
    # Not while progress is shown, which would overwrite the prompt.
    with run(context, {**options, "providers": ()}) as this:
        _check_typed(number, confirm)
        release(_only(this), orphan, this.surroundings.sleep, this.watch)
    today = day(this.now())
    console().print(
        f"[bold]{number} is released.[/] No provider counts this. Tell each of them, in the baseline of its budget: "
        f'{{"{today}": 1}}, or one more if that day has some already.',
        soft_wrap=True,
    )
    finish(this.findings)


def _only(this: Run) -> Place:
    if len(this.places) != 1:
        named = ", ".join(map(str, this.places))
        raise Problem(f"One number is released in one place, but these are meant: {named}. Name one Region and role.")
    return this.places[0]


def _check_typed(number: str, confirm: str | None) -> None:
    try:
        typed = confirm if confirm is not None else click.prompt("Type the number to release it", err=True)
    except click.Abort as abort:
        raise Problem(
            f"{number} is not released: it was not typed. In a script, give it again with --confirm."
        ) from abort
    if typed.strip() != number:
        raise Problem(f"{number} is not released: {typed!r} is not the same number.")


def _shown(place: Place, orphan: Orphan, now: float) -> Table:
    record = orphan.record
    shown = new_table(f"To be released for good: {record.phone_number}")
    shown.show_header = False
    shown.add_column("", no_wrap=True)
    shown.add_column("", overflow="fold")
    resource = f"{record.stack_name}/{record.logical_id}" if record.logical_id else "not known"
    since = timing.date_of(orphan.closed_at) if orphan.closed_at else "not known: no ledger has its claim"
    price = amount(record.usd_per_month)
    rows = [
        ("Where", str(place)),
        ("ARN", record.arn),
        ("Kind", f"{record.country_code} {record.type}"),
        ("Description", record.description or "none"),
        ("Flow", record.flow_arn or "none"),
        ("Once of", f"{resource}, provider {record.provider_id}"),
        ("Orphan since", since),
        ("Costs", "not known here" if price is None else f"{price} USD a month, as an estimate"),
        (
            "Cool-down",
            f"up to {COOL_DOWN_DAYS} days, until {_later(now, COOL_DOWN_DAYS)}, in which nobody can claim it",
        ),
        *_budget_rows(orphan, now),
    ]
    for name, text in rows:
        shown.add_row(name, plain(text))
    return shown


def _budget_rows(orphan: Orphan, now: float) -> list[tuple[str, str]]:
    rows = []
    for contents, before, after in orphan.allowances(now):
        estimate = ", with an estimate of the quota" if before.is_estimate else ""
        text = f"{before.left} of {before.allowed} left, {after.left} after the release{estimate}"
        if before.used + 1 > before.allowed:
            text += ". More than Amazon Connect allows: then nothing can be claimed until some comes back"
        # The name is in the wide column: it would leave no room for the ARN on 80 columns.
        rows.append(("Budget", f"{text} (provider {contents.provider.name})"))
    if not rows:
        return [("Budget", "not known: there is no provider here")]
    return [*rows, ("Comes back", _later(now, budget.WINDOW_DAYS))]


def _later(now: float, days: int) -> str:
    return (datetime.fromtimestamp(now, UTC) + timedelta(days=days)).date().isoformat()
