"""``report``: one page with the inventory, the budget, what is due, and what has drifted."""

from pathlib import Path
from typing import Any

import click

from ..options import reading_options
from ..output import counted
from ..problems import Problem
from ..report import take_report
from ..report_page import page
from ..run import finish, run


@click.command("report")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Write the page into this file.",
)
@click.option("--no-drift", is_flag=True, help="Do not compare the numbers with Connect, which takes a call for each.")
@reading_options
@click.pass_context
def report_command(context: click.Context, /, html: Path, no_drift: bool, **options: Any) -> None:
    """Write one HTML page: the numbers, the budget, what is due, and what has drifted.

    The page loads nothing from the network, and is complete without scripts. Anyone who has the file can read what it
    says about the account.
    """
    with run(context, options) as this:
        report = take_report(this, with_drift=not no_drift)
        try:
            html.write_text(page(report), encoding="utf-8")
        except OSError as error:
            raise Problem(f"{html} cannot be written: {error.strerror}. Name another file with --html.") from error
    click.echo(f"{html}: {counted(len(report.numbers), 'number')}, {counted(len(report.findings), 'finding')}")
    finish(report.findings)
