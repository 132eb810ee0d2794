"""Every behavior of AWS that the simulator plays, and those that were considered but are not played.

``python -m verification.manners.catalog --write`` writes ``docs/manners.md`` from the tables.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from docs.tools.pages import ROOT

from .cloudformation import CLOUDFORMATION, CLOUDFORMATION_NOT_PLAYED
from .connect import CONNECT, CONNECT_NOT_PLAYED
from .manner import ASSUMED, Kind, Manner, NotPlayed, Service, Source, Switch
from .services import (
    DYNAMODB,
    DYNAMODB_NOT_PLAYED,
    IAM,
    IAM_NOT_PLAYED,
    LAMBDA,
    LAMBDA_NOT_PLAYED,
    QUOTAS,
    QUOTAS_NOT_PLAYED,
    S3,
    S3_NOT_PLAYED,
)

MANNERS: Final[tuple[Manner, ...]] = (*CLOUDFORMATION, *LAMBDA, *DYNAMODB, *S3, *IAM, *QUOTAS, *CONNECT)
NOT_PLAYED: Final[tuple[NotPlayed, ...]] = (
    *CLOUDFORMATION_NOT_PLAYED,
    *LAMBDA_NOT_PLAYED,
    *DYNAMODB_NOT_PLAYED,
    *S3_NOT_PLAYED,
    *IAM_NOT_PLAYED,
    *QUOTAS_NOT_PLAYED,
    *CONNECT_NOT_PLAYED,
)
PAGE: Final = ROOT / "docs" / "manners.md"

_INTRODUCTION: Final = """\
# How AWS behaves, as the simulator plays it

These tables list the behavior of AWS that `verification` plays around the function, with the source of each entry
and with what turns it on. An entry with the source "not documented: assumed" is an assumption: no document and no issue
was found that says so. The last table lists the behavior that was considered and is not played, with the reason.

## How an entry is played

| | |
|---|---|
| Scenario | A scenario in `verification/scenarios`. An asterisk stands for any text in its name. |
| Fault | What hits one call. `make verify` plays each short scenario with each fault at each call (variants share). |
| World | Another world, in which all short scenarios are played again. |
| Setting | A setting of the emulator of Amazon Connect. |
| Option | An option of the simulated world. |
| Interleaving | Invocations that run at the same time, explored in many orders of their calls. |

`python -m verification.manners.catalog --write` writes this page, and a test fails where a fault, a world or an
option has no entry.
"""
_SURFACES: Final = {
    "*": "every call",
    "connect": "calls to Amazon Connect",
    "ledger": "calls to the ledger",
    "stacks": "questions to CloudFormation",
    "quotas": "at each question to Service Quotas",
    "response": "uploads of the response",
}


def page() -> str:
    """Return the document."""
    sections = [_INTRODUCTION]
    for service in Service:
        rows = [
            (manner.statement, _linked(manner.source), _played(manner.switch))
            for manner in MANNERS
            if manner.service is service
        ]
        sections.append(f"## {service.value}\n\n{_table(('Behavior', 'Source', 'How it is played'), rows)}")
    rest = [
        (entry.service.value, entry.statement, _linked(entry.source), f"{entry.why.value.capitalize()}. {entry.reason}")
        for entry in NOT_PLAYED
    ]
    sections.append(f"## What is not played\n\n{_table(('Service', 'Behavior', 'Source', 'Why'), rest)}")
    return "\n".join(sections)


def main() -> int:
    """Print the document, or write it to its file."""
    parser = argparse.ArgumentParser(prog="python -m verification.manners.catalog", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help=f"write it to {PAGE.relative_to(ROOT)}")
    if parser.parse_args().write:
        PAGE.write_text(page())
    else:
        sys.stdout.write(page())
    return 0


def _linked(source: Source) -> str:
    return ASSUMED if source == ASSUMED else source.link()


def _played(switch: Switch) -> str:
    names = ", ".join(f"`{pattern}`" for pattern in switch.patterns)
    is_one = len(switch.patterns) == 1 and "*" not in switch.patterns[0]
    kind = switch.kind.value.capitalize() + ("" if is_one else "s")
    where = f", {_SURFACES[switch.surface]}" if switch.kind is Kind.FAULT else ""
    return f"{kind} {names}{where}"


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"{line}\n" for line in _lines(headings, rows))


def _lines(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    sys.exit(main())
