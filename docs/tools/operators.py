"""The pictures of the operators' command: what ``list``, ``budget`` and ``plan`` show in a terminal.

``python -m docs.tools.operators --write`` writes them to ``docs``. The command's own code reads an account with numbers
of every kind, in virtual time: the function's code has claimed them from the emulated Connect of ``make local-aws``. So
the pictures are the same in every run.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Group, RenderableType

from cdk_connect_phone_number.cli.commands.budget import picture
from cdk_connect_phone_number.cli.commands.list import table, totals_line
from cdk_connect_phone_number.cli.output import drawn
from cdk_connect_phone_number.cli.plan_output import parts
from cdk_connect_phone_number.cli.progress import Watch
from cdk_connect_phone_number.cli.report import Report, take_report
from cdk_connect_phone_number.cli.run import Run
from lambda_handlers.connect_phone_number.budget import Policy
from tests.unit.cdk_connect_phone_number.cli.crowd import crowd
from tests.unit.lambda_handlers.connect_phone_number.planning.cloudformation import CloudFormation, number, template
from tests.unit.lambda_handlers.connect_phone_number.world import World

from .pages import ROOT, write_or_compare

COLUMNS: Final = 80
_WEEK: Final = str(7 * 86_400)


def _report() -> Report:
    aws = crowd(description="Changed by hand").aws
    return take_report(Run(aws.surroundings(), [aws.place()], (), Watch()), with_drift=False)


def _numbers() -> RenderableType:
    numbers = _report().numbers
    return Group(table(numbers, with_place=False), totals_line(numbers))


def _budget() -> RenderableType:
    return picture(_report().budgets)


def _plan() -> RenderableType:
    """Return the plan of a deployment that removes, renames, replaces, adds and weakens."""
    world = World(budget=Policy(quota=10))
    formation = CloudFormation(world)

    def line(**properties: Any) -> Mapping[str, Any]:
        return number(world, **properties)

    kept = line(Description="Support", ReleaseProtection="true")
    before = template(
        Support=kept, Sales=line(Description="Sales"), Old=line(), Archive=line(ReleaseDelay=_WEEK), Fax=line()
    )
    if not formation.deploy(before):
        raise RuntimeError("The stack is not deployed.")
    after = template(
        Support=line(Description="Support"),
        SalesLine=line(Description="Sales"),
        Fax=line(Type="TOLL_FREE", AllowReplacement="true"),
    )
    return Group(*parts(formation.planned(after)))


PICTURES: Final[Mapping[str, tuple[str, Callable[[], RenderableType]]]] = {
    "operators-list.svg": ("connect-phone-numbers list", _numbers),
    "operators-budget.svg": ("connect-phone-numbers budget", _budget),
    "operators-plan.svg": ("connect-phone-numbers plan", _plan),
}
"""By the name of the file: the command, and what it shows."""


def draw(name: str) -> str:
    """Return a picture as an SVG of a terminal with 80 columns."""
    title, shown = PICTURES[name]
    return drawn(shown(), title, COLUMNS)


def main() -> int:
    """Write the pictures, or print the names of those that are out of date."""
    parser = argparse.ArgumentParser(prog="python -m docs.tools.operators", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write them to docs")
    files = {ROOT / "docs" / name: draw(name) for name in PICTURES}
    return write_or_compare(files, write=parser.parse_args().write)


if __name__ == "__main__":
    sys.exit(main())
