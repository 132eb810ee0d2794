"""Applies breakages, runs the tests against them, and reports what noticed each one."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .breakage import Breakage, Hunt
from .budget_breakages import BUDGET
from .claiming_breakages import CLAIMING
from .closing_breakages import CLOSING
from .copies import broken_copy
from .filling_breakages import FILLING
from .forks import python
from .hints_breakages import HINTS
from .knowing_breakages import KNOWING
from .parking_breakages import PARKING
from .worker import as_argument

BREAKAGES = (*CLAIMING, *CLOSING, *KNOWING, *HINTS, *BUDGET, *PARKING, *FILLING)


@dataclass(frozen=True)
class Finding:
    """The violations by which the tests noticed a breakage.

    Parameters
    ----------
    played
        How many runs of scenarios, or calls of pytest, there were.
    violations
        The violations, by the scenario or the tests that found them.
    """

    played: int
    violations: dict[str, list[str]]

    @property
    def is_caught(self) -> bool:
        """Whether a scenario or a test noticed the breakage."""
        return bool(self.violations)

    def invariants(self) -> str:
        """Return the names of the violated invariants, the most frequent first."""
        found = Counter(_invariant(text) for texts in self.violations.values() for text in set(texts))
        return ", ".join(name for name, _ in found.most_common())

    def scenarios(self, at_most: int = 3) -> str:
        """Return the names of the scenarios or tests that noticed the breakage."""
        names = list(self.violations)
        more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
        return "; ".join(names[:at_most]) + more


def hunt(breakage: Breakage | None, hunts: Iterable[Hunt]) -> Finding:
    """Play scenarios against a broken handler, each hunt until its first violation.

    Parameters
    ----------
    breakage
        The breakage to apply; ``None`` for an unbroken copy.
    """
    with broken_copy(breakage) as root:
        played, violations = _played(tuple(hunts), root)
        if breakage is not None and breakage.unit_tests:
            violations |= _failing_unit_tests(breakage.unit_tests, root)
        return Finding(played, violations)


def table(findings: Iterable[tuple[Breakage, Finding]]) -> str:
    """Return the findings as a Markdown table."""
    lines = ["| Breakage | Caught by | Where |", "| --- | --- | --- |"]
    for breakage, finding in findings:
        caught = finding.invariants() if finding.is_caught else "**not caught**"
        lines.append(f"| {breakage.name} | {caught} | {finding.scenarios() or '-'} |")
    return "\n".join(lines)


def _played(hunts: tuple[Hunt, ...], root: Path) -> tuple[int, dict[str, list[str]]]:
    """Play the hunts against a copy. Return how many runs there were, and the violations."""
    if not hunts:
        return 0, {}
    done = python(root, "verification.breakages.worker", *map(as_argument, hunts))
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)
    return found["played"], {entry["scenario"]: entry["violations"] for entry in found["caught"]}


def _failing_unit_tests(tests: tuple[str, ...], root: Path) -> dict[str, list[str]]:
    done = python(root, "pytest", "-q", "-x", "-p", "no:cacheprovider", "-o", f"pythonpath={root} .", *tests)
    if done.returncode not in (0, 1):
        # pytest found no tests, or could not run them, and that is no proof of anything.
        raise RuntimeError(f"{' '.join(tests)}\n{done.stdout}{done.stderr}")
    failed = [line.removeprefix("FAILED ") for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    return {line.partition(" - ")[0].rpartition("/")[2]: ["unit test"] for line in failed}


def _invariant(violation: str) -> str:
    return violation.partition(":")[0].partition(" of ")[0].removesuffix(" leak")
