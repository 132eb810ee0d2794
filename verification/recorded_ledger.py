"""A ledger that this version has written, kept to show that every later version can read it.

``python -m verification.recorded_ledger`` plays the scenarios. It then writes the fewest items in which every attribute
of every kind of entry has a value, and every state, origin, and outcome of a claim occurs. This is done once for each
published version. A file that already exists in ``RECORDS`` is never written again.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

from docs.tools.pages import ROOT
from lambda_handlers.connect_phone_number.ledger.store import Change, Item, Write

from .exploration.fault_matrix import single_faults
from .scenarios.catalog import all_scenarios, by_name
from .simulator.clients import SimulatedStore
from .simulator.runner import Scenario, run

RECORDS: Final = ROOT / "tests" / "unit" / "lambda_handlers" / "connect_phone_number" / "ledger" / "records"
"""The folder with one file for each version, named after the version."""
_KINDS: Final = frozenset({"CLAIM", "NUMBER", "REQUEST", "RESOURCE"})
"""Hints are not kept: they matter for a minute."""
_TOLD_APART: Final = ("state", "outcome", "type", "due")
"""Attributes of which every value must occur. For other attributes, any one value is enough."""


def record() -> list[Item]:
    """Return items that together contain everything that the function writes in the scenarios."""
    seen, chosen = set[object](), list[Item]()
    write = SimulatedStore.write

    def keep(store: SimulatedStore, writes: Sequence[Write | Change]) -> None:
        write(store, writes)
        for each in writes:
            if isinstance(each, Write) and each.item is not None and kind_of(each.item) in _KINDS:
                features = set(_features(each.item))
                if not features <= seen:
                    seen.update(features)
                    chosen.append(each.item)

    with patch.object(SimulatedStore, "write", keep):
        for scenario in all_scenarios():
            run(scenario)
        # A claim has two numbers only if Connect behaves worse than assumed and a call also fails.
        for case in single_faults([_in_a_forgetful_world(by_name("S1 create, delete"))]):
            case.run()
    return sorted(_needed(chosen), key=lambda item: (str(item["pk"]), str(item["sk"]), int(item["version"])))


def kind_of(item: Item) -> str:
    """Return which kind of entry an item is: ``CLAIM``, ``NUMBER``, ``REQUEST``, ``RESOURCE``, or a hint."""
    return str(item["sk"]).partition("#")[0]


def path_of(version: str) -> Path:
    """Return the path of a version's ledger."""
    return RECORDS / f"{version}.json"


def current_version() -> str:
    """Return the project's current version."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def main() -> int:
    """Write the record of this version. Refuse if it already exists."""
    parser = argparse.ArgumentParser(prog="python -m verification.recorded_ledger", description=__doc__)
    parser.add_argument("--replace", action="store_true", help="for a version that nobody has: write it anew")
    arguments = parser.parse_args()
    path = path_of(current_version())
    if path.exists() and not arguments.replace:
        parser.error(f"{path.relative_to(ROOT)} is there already, and people may have ledgers of this version")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record(), indent=1, sort_keys=True) + "\n")
    return 0


def _in_a_forgetful_world(scenario: Scenario) -> Scenario:
    emulator = replace(scenario.options.emulator, describe_lag_seconds=600.0, token_memory_seconds=0.0)
    return replace(scenario, options=replace(scenario.options, emulator=emulator))


def _features(item: Item) -> Iterator[object]:
    kind = kind_of(item)
    for name, value in item.items():
        if value:
            yield kind, name
            if name in _TOLD_APART:
                yield kind, name, value
            if name == "specification":
                yield from ((kind, name, key) for key, part in value.items() if part)


def _needed(items: list[Item]) -> list[Item]:
    """Leave out the items whose features all occur in other items."""
    kept = list(items)
    for item in items:
        others = {feature for other in kept if other is not item for feature in _features(other)}
        if set(_features(item)) <= others:
            kept.remove(item)
    return kept


if __name__ == "__main__":
    sys.exit(main())
