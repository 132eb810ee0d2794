"""One run of a subcommand: the places that it reads, what it has found out besides, and how it ends."""

import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import click

from .exit_codes import ExitCode
from .output import write_findings
from .places import Place, Selection, Surroundings, open_places
from .problems import Finding, Problem
from .progress import Watch, watch
from .providers import Providers


@dataclass
class Run:
    """What a subcommand works with.

    Parameters
    ----------
    places
        The places to read.
    providers
        The providers that are meant. Empty means all.
    findings
        What could not be read, or what a person must know. The subcommand's reads add to it.
    watch
        Shows progress.
    """

    surroundings: Surroundings
    places: Sequence[Place]
    providers: Sequence[str]
    watch: Watch
    findings: list[Finding] = field(default_factory=list[Finding])

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.surroundings.clock()

    def check_providers(self, found: Iterable[Providers]) -> None:
        """Refuse a provider that is named and is in none of the places.

        Raises
        ------
        Problem
            There is such a provider. A place whose providers could not be listed may have it.
        """
        places = list(found)
        for name in self.providers:
            is_known = any(one.is_meant_by(name) for providers in places for one in providers.selected)
            if not is_known and all(providers.is_complete for providers in places):
                where = ", ".join(map(str, self.places))
                raise Problem(
                    f"There is no provider {name} in {where}. Name its function or its provider id, or leave "
                    "--provider out to see all."
                )


@contextmanager
def run(context: click.Context, options: dict[str, Any]) -> Generator[Run]:
    """Return a run over the places that the options of ``reading_options`` select.

    A ``Problem`` ends the program with its message. So does a provider that is named and is nowhere.
    """
    surroundings = context.ensure_object(Surroundings)
    selection = Selection(**{name: options[name] for name in ("profile", "regions", "role_arns", "providers")})
    try:
        with watch() as shown:
            yield Run(surroundings, open_places(selection, surroundings), selection.providers, shown)
    except Problem as problem:
        sys.stderr.write(f"Error: {problem}\n")
        sys.exit(ExitCode.PROBLEM)


def finish(findings: Sequence[Finding], *, has_found: bool = False) -> NoReturn:
    """Write the findings to standard error and end the program.

    Parameters
    ----------
    has_found
        Whether the command has found what it was to fail on.
    """
    write_findings(findings)
    if has_found:
        sys.exit(ExitCode.FOUND)
    sys.exit(ExitCode.INCOMPLETE if any(one.is_unread for one in findings) else ExitCode.OK)
