"""Plays the same scenarios under the same faults with the handler and both peers, and prints what each one broke."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from docs.tools.sections import VERIFICATION, write_section
from verification.exploration.fault_matrix import worth_hitting
from verification.scenarios.catalog import all_scenarios, group
from verification.simulator.faults import faults_of
from verification.simulator.invariants import check, watch
from verification.simulator.runner import Scenario, run
from verification.simulator.wire import Fault
from verification.simulator.world import World

from .framework_style import FrameworkStylePeer
from .helper_style import HelperStylePeer
from .peer import Peer, Tools
from .plain import PlainPeer
from .world import PeerWorld

_OURS: Final = "this handler"
PEERS: Final[Mapping[str, Callable[[Tools], Peer]]] = {
    "plain boto3": PlainPeer,
    "crhelper style": HelperStylePeer,
    "CDK provider framework style": FrameworkStylePeer,
}
_NOT_FORPEERS: Final = frozenset({"S19", "S21", "S34"})
"""The usual handlers cannot adopt or retain numbers, and have no provider with a ledger or a budget."""
_OTHER_PROPERTIES: Final = (
    "S1 an imported number",
    "S6 two deletes of two destroys",
    "S10 prefix that the number has already",
    "S10 replacement refused",
    "S11 replacement, the old one retained",
    "S14 retried while the first still runs, same RequestId",
)
"""These scenarios use properties that only this handler has, or a timeout shorter than a peer's polling."""

LEAKS: Final = "leaked numbers"
DOUBLE: Final = "double claims"
WRONG: Final = "wrong or repeated releases"
TOKENS: Final = "changed tokens"
RESPONSES: Final = "no or changed response"
HONESTY: Final = "untrue SUCCESS"
KINDS: Final = (LEAKS, DOUBLE, WRONG, TOKENS, RESPONSES, HONESTY)


@dataclass
class Score:
    """The violations of a handler.

    Parameters
    ----------
    cases
        How many runs there were.
    broken
        How many runs had any violation.
    kinds
        For each kind of violation, how many runs had one.
    """

    cases: int = 0
    broken: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])

    def count(self, kinds: set[str]) -> None:
        """Count one run."""
        self.cases += 1
        self.broken += bool(kinds)
        self.kinds.update(kinds)


def scenarios(*, whole: bool) -> Iterator[Scenario]:
    """Return the scenarios of the comparison: all variants, or the first of each group."""
    seen = set[str]()
    for scenario in all_scenarios():
        name = group(scenario)
        if name in _NOT_FORPEERS or scenario.name in _OTHER_PROPERTIES or not scenario.is_short:
            continue
        if whole or name not in seen:
            yield scenario
        seen.add(name)


def play(handler: str, scenario: Scenario, faults: Mapping[int, Fault]) -> tuple[World, list[str]]:
    """Play a scenario with one of the handlers. Return the world and all violations."""
    if handler == _OURS:
        result = run(scenario, faults)
        return result.world, result.violations
    injector = scenario.scripted() if scenario.scripted is not None else None
    world = PeerWorld(PEERS[handler], scenario.options, injector)
    world.wire.faults = faults
    watch(world)
    scenario.play(world)
    world.run_until_quiet()
    return world, check(world, scenario.needed)


def kinds_of(world: World, violations: list[str]) -> set[str]:
    """Return the kinds of violations that a run had.

    How a handler derives its tokens is not judged here. Only a change of a token counts.
    """
    found = {kind for violation in violations for kind in _kind(violation)}
    tokens: dict[str | None, set[str | None]] = {}
    for entry in world.emulator.audit:
        if entry.operation == "ReleasePhoneNumber" and entry.parameters.get("PhoneNumberId"):
            tokens.setdefault(entry.parameters["PhoneNumberId"], set()).add(entry.client_token)
    by_hand = {arn.rpartition("/")[2] for arn in world.released_by_hand}
    if any(len(used) > 1 for number, used in tokens.items() if number not in by_hand | world.released_by_hand):
        found.add(TOKENS)
    return found


def _kind(violation: str) -> Iterator[str]:
    invariant = violation[:2]
    if invariant in ("L1", "L7"):
        yield LEAKS
    elif invariant == "L2" or (invariant == "L6" and "claims instead" in violation):
        yield DOUBLE
    elif invariant == "L3" or "releases instead" in violation or violation.endswith(" times"):
        yield WRONG
    elif invariant == "L5":
        yield RESPONSES
    elif invariant == "L8":
        yield HONESTY
    elif invariant != "L4":
        raise ValueError(violation)


def compare(handler: str, *, whole: bool, with_faults: bool = True) -> Score:
    """Play every scenario without faults, and with every fault at every call that this handler makes in it.

    A run that is exactly like another run of its group is not counted again. A handler that makes few calls behaves the
    same at many steps at which other handlers differ.
    """
    score, seen = Score(), set[object]()

    def count(scenario: Scenario, faults: Mapping[int, Fault]) -> World:
        world, violations = play(handler, scenario, faults)
        run_as_it_was = (
            group(scenario),
            tuple((call.time, call.task, call.name, call.outcome, call.fault) for call in world.wire.calls),
        )
        if run_as_it_was not in seen:
            seen.add(run_as_it_was)
            score.count(kinds_of(world, violations))
        return world

    for scenario in scenarios(whole=whole):
        for call in worth_hitting(count(scenario, {}).wire.calls):
            for fault in faults_of(call) if with_faults else ():
                count(scenario, {call.index: fault})
    return score


def table(scores: Mapping[str, Score]) -> str:
    """Return a Markdown table of how many runs had which violations."""
    lines = [
        f"| runs with | {' | '.join(scores)} |",
        f"| --- | {' | '.join('---:' for _ in scores)} |",
        f"| (different runs in all) | {' | '.join(str(score.cases) for score in scores.values())} |",
        *(f"| {kind} | {' | '.join(str(score.kinds[kind]) for score in scores.values())} |" for kind in KINDS),
        f"| any violation | {' | '.join(_share(score) for score in scores.values())} |",
    ]
    return "\n".join(lines)


def _share(score: Score) -> str:
    return f"{score.broken} ({score.broken / score.cases:.1%})"


def report(*, whole: bool, writes: bool) -> bool:
    """Print the violations of each handler. Return whether this project's handler has none.

    Parameters
    ----------
    whole
        Whether to play all variants of all scenarios under faults, instead of one of each group.
    writes
        Whether to also write the tables to the documents.
    """
    began = time.monotonic()
    handlers = (*PEERS, _OURS)
    alone = {handler: compare(handler, whole=True, with_faults=False) for handler in handlers}
    faulty = {handler: compare(handler, whole=whole) for handler in handlers}
    count = len(tuple(scenarios(whole=whole)))
    text = (
        f"All {len(tuple(scenarios(whole=True)))} scenarios, with no faults but their own:\n\n{table(alone)}\n\n"
        f"{count} of them, alone and with each fault at each call that the handler makes:\n\n{table(faulty)}\n"
    )
    sys.stdout.write(f"{text}\n{time.monotonic() - began:.0f} s\n")
    if writes:
        write_section(VERIFICATION, "Handlers written the usual way", f"`make bench`.\n\n{text}")
    return not alone[_OURS].broken and not faulty[_OURS].broken
