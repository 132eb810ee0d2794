"""Plays scenarios against a broken copy of the handlers, in a process that has the copy first on its path.

Each argument is the pattern of a hunt, as JSON. The worker prints its findings as JSON.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from fnmatch import fnmatchcase

from lambda_handlers import connect_phone_number
from verification.scenarios.catalog import all_scenarios
from verification.simulator.faults import faults_of
from verification.simulator.runner import Result, Scenario, run
from verification.simulator.wire import Fault

from .breakage import REPOSITORY, Hunt


def main() -> None:
    """Play each hunt until it finds a violation."""
    if str(REPOSITORY) in (connect_phone_number.__file__ or ""):
        raise SystemExit("these are the handlers themselves, not a copy")
    played, caught = 0, list[dict[str, object]]()
    for text in sys.argv[1:]:
        hunt = Hunt(**json.loads(text))
        for name, violations in _results(hunt):
            played += 1
            if violations:
                caught.append({"scenario": name, "violations": violations})
                break
    sys.stdout.write(json.dumps({"played": played, "caught": caught}))


def as_argument(hunt: Hunt) -> str:
    """Return a hunt as an argument for the worker."""
    return json.dumps(asdict(hunt))


def _results(hunt: Hunt) -> Iterator[tuple[str, list[str]]]:
    for scenario in all_scenarios():
        if not fnmatchcase(scenario.name, hunt.scenarios):
            continue
        if not hunt.call:
            yield scenario.name, _violations(scenario, {}, hunt)
            continue
        for index, fault in _faults(scenario, hunt):
            yield f"{scenario.name} [#{index} {fault.name}]", _violations(scenario, {index: fault}, hunt)


def _violations(scenario: Scenario, faults: Mapping[int, Fault], hunt: Hunt) -> list[str]:
    try:
        result = run(scenario, faults)
    except (AssertionError, LookupError) as problem:
        # The broken handler prevents the scenario from reaching its end.
        return [f"Broken off: {problem}"]
    return [*result.violations, *(_failures(result) if hunt.must_succeed else ())]


def _faults(scenario: Scenario, hunt: Hunt) -> Iterator[tuple[int, Fault]]:
    for call in run(scenario).calls:
        if fnmatchcase(call.name, hunt.call):
            for fault in faults_of(call):
                if fnmatchcase(fault.name, hunt.fault):
                    yield call.index, fault


def _failures(result: Result) -> Iterator[str]:
    for request in result.world.cloudformation.requests.values():
        if request.type != "Delete" and not request.succeeded:
            yield f"No success: {request.name()} ({request.response.reason if request.response else request.state})"


if __name__ == "__main__":
    main()
