"""Prints what noticed each breakage: ``python -m verification.breakages [--write]``."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from docs.tools.sections import VERIFICATION, write_section

from .breakage import Breakage
from .report import BREAKAGES, Finding, hunt, table


def main() -> int:
    """Hunt every breakage, two at a time. Return 1 if a breakage is not noticed."""
    parser = argparse.ArgumentParser(prog="python -m verification.breakages", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table to the documents")
    arguments = parser.parse_args()
    began = monotonic()

    def find(breakage: Breakage) -> Finding:
        return hunt(breakage, breakage.hunts)

    # Each hunt waits for its own process, so threads are enough.
    with ThreadPoolExecutor(2) as two:
        findings = list(zip(BREAKAGES, two.map(find, BREAKAGES), strict=True))
    caught = sum(finding.is_caught for _, finding in findings)
    played = sum(finding.played for _, finding in findings)
    total = f"{caught} of {len(findings)} breakages are caught, in {played:,} runs and {monotonic() - began:.0f} s."
    sys.stdout.write(f"{table(findings)}\n\n{total}\n")
    if arguments.write:
        write_section(VERIFICATION, "Deliberate breakages", f"`make verify`. {total}\n\n{table(findings)}")
    return 0 if caught == len(findings) else 1


if __name__ == "__main__":
    sys.exit(main())
