"""``adopt``: the code that adopts numbers which the account holds and no stack has. It writes files, and no number."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from ..adoption import AVAILABLE, MAX_BATCH, Adoption, Batch, batches, wait_for
from ..adoption_code import CodeFormat, files
from ..connect_reads import ListedNumber
from ..function_code import rules
from ..inventory import Inventory, NumberRecord, take_inventory
from ..options import reading_options
from ..problems import Finding, Problem
from ..run import Run, finish, run

_DEFAULT_BATCH: Final = 50
_DEFAULT_STACK_NAME: Final = "AdoptedNumbers"
_STACK_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,111}")
"""The beginning of a stack's name, which leaves room for a number."""


@dataclass(frozen=True)
class Selected:
    """Which numbers are to be adopted: those that are named, or all that no stack has and that are of a kind.

    Parameters
    ----------
    named
        Numbers in E.164 form. Empty: all that no stack has.
    countries, targets
        Only of these countries and targets. Empty: of all.
    """

    named: frozenset[str]
    countries: frozenset[str]
    targets: tuple[str, ...]

    def admits(self, listed: ListedNumber) -> bool:
        """Return whether a number is meant, as far as Connect's list tells."""
        if self.named:
            return listed.phone_number in self.named
        is_of_country = not self.countries or listed.country_code in self.countries
        return is_of_country and (not self.targets or any(target in listed.target_arn for target in self.targets))

    def of(self, inventory: Inventory) -> list[NumberRecord]:
        """Return the numbers that are meant. Numbers that somebody has are meant only if they are named."""
        return [record for record in inventory.numbers if self.named or record.owner in AVAILABLE]


@click.command("adopt")
@click.option("--number", "numbers", multiple=True, metavar="NUMBER", help="Adopt this number. Repeatable.")
@click.option(
    "--numbers-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Adopt the numbers in this file: one a line, # begins a comment.",
)
@click.option("--country", "countries", multiple=True, metavar="CODE", help="Adopt all of this country. Repeatable.")
@click.option("--target", "targets", multiple=True, metavar="ARN_OR_ID", help="Adopt all of this target. Repeatable.")
@click.option("--all", "all_numbers", is_flag=True, help="Adopt all numbers that no stack has.")
@click.option(
    "--wait",
    "wait_minutes",
    type=click.IntRange(min=0),
    default=0,
    metavar="MINUTES",
    help="Wait so long for the numbers that are named until they are there, for example after a porting.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1, MAX_BATCH),
    default=_DEFAULT_BATCH,
    show_default=True,
    help="How many numbers a stack has at most.",
)
@click.option("--stack-name", default=_DEFAULT_STACK_NAME, show_default=True, help="What the stacks' names begin with.")
@click.option(
    "--format",
    "code_format",
    type=click.Choice([one.value for one in CodeFormat]),
    default=CodeFormat.PYTHON.value,
    show_default=True,
    help="What is written: an app of the CDK, or a template for each stack.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write files into this folder. By default, the code is written to standard output.",
)
@reading_options
@click.pass_context
def adopt_command(context: click.Context, /, **options: Any) -> None:
    """Write the code that adopts numbers which the account holds and no stack has.

    The code gives each number the target, flow, description and tags that it has now, so a deployment changes only the
    tags that say who owns it. A number is retained when its resource is removed. This command deploys nothing.

    Exits with 2 if a number is refused. The code for the others is written all the same.
    """
    with run(context, options) as this:
        selected = _selected(options)
        if not _STACK_NAME.fullmatch(options["stack_name"]):
            raise Problem("--stack-name must be a letter, and then letters, digits and hyphens, 112 at most.")
        if options["wait_minutes"]:
            if not selected.named:
                raise Problem("--wait needs the numbers to wait for. Name them with --number or --numbers-file.")
            with this.watch.reading("waiting for numbers"):
                wait_for(this.places, selected.named, options["wait_minutes"] * 60, this.surroundings.sleep)
        found, refused = _batches(this, selected, options)
        if found:
            _write(files(found, CodeFormat(options["code_format"])), options["folder"])
        else:
            click.echo("No number is adopted:" if refused else "There is no number to adopt.", err=True)
    finish(this.findings, has_found=refused > 0)


def _selected(options: dict[str, Any]) -> Selected:
    named = [*options["numbers"], *_numbers_of_file(options["numbers_file"])]
    countries, targets = options["countries"], options["targets"]
    is_kind = bool(countries or targets or options["all_numbers"])
    if bool(named) == is_kind:
        raise Problem(
            "Say which numbers are to be adopted: either by --number or --numbers-file, or by --country, --target or "
            "--all."
        )
    for number in named:
        if problem := rules.check_phone_number(number):
            raise Problem(f"A number {problem}")
    return Selected(frozenset(named), frozenset(country.upper() for country in countries), tuple(targets))


def _numbers_of_file(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise Problem(f"{file} cannot be read: {error}. Name another file with --numbers-file.") from error
    numbers = [number for line in lines if (number := line.partition("#")[0].strip())]
    if not numbers:
        raise Problem(f"{file} has no numbers. Write one a line.")
    return numbers


def _batches(this: Run, selected: Selected, options: dict[str, Any]) -> tuple[list[Batch], int]:
    # Of all providers: that a number belongs to another one than is meant must be known.
    inventories = [take_inventory(place, (), this.findings, this.watch, selected.admits) for place in this.places]
    this.check_providers(one.providers for one in inventories)
    found: list[Batch] = []
    refused = 0
    for inventory in inventories:
        adoption = Adoption(inventory, this.providers, this.findings)
        numbers = adoption.sort(selected.of(inventory), this.watch)
        found += batches(inventory.place, numbers, options["batch_size"], options["stack_name"])
        refused += adoption.refused
    missing = selected.named - {record.phone_number for one in inventories for record in one.numbers}
    for number in sorted(missing):
        text = f"{number} is not adopted: the account does not hold it here. Check the number, or wait with --wait."
        place = this.places[0]
        this.findings.append(Finding(place.account, place.region, text, is_unread=False))
    return found, refused + len(missing)


def _write(written: dict[str, str], folder: Path | None) -> None:
    if folder is None:
        if len(written) > 1:
            raise Problem(f"There are {len(written)} templates. Name a folder for them with --out.")
        sys.stdout.write(next(iter(written.values())))
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            # Not over a file that exists, in which somebody may have changed something.
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
            click.echo(f"{folder / name} is written.", err=True)
    except FileExistsError as error:
        raise Problem(f"{error.filename} exists already. Name another folder with --out.") from error
    except OSError as error:
        raise Problem(f"{folder} cannot be written: {error.strerror}. Name another folder with --out.") from error
