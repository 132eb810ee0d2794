"""The scenarios S1 to S37 of the lifecycle contract, each with its variants."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from verification.simulator.runner import Scenario

from . import (
    adoption,
    budget,
    cancellation,
    creation,
    deletion,
    filling,
    groups,
    hints,
    lasting,
    late,
    ledger,
    lost,
    outlasting,
    parking,
    pooling,
    retention,
    rivalry,
    rollback,
    showing,
    update,
    world,
)

_INDEX_LAG_SECONDS: Final = 3.0
_CLOCK_DIFFERENCE_SECONDS: Final = 60.0
_MODULES: Final = (
    creation,
    cancellation,
    rivalry,
    deletion,
    update,
    world,
    rollback,
    retention,
    adoption,
    groups,
    late,
    ledger,
    hints,
    lasting,
    lost,
    outlasting,
    budget,
    parking,
    pooling,
    filling,
    showing,
)
_OTHER_WORLDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "the index late": {},
    "refused claims count": {"refused_claims_count": True},
    "group numbers listed without their group": {"list_group_numbers_without_target": True},
    "flows named by their ids": {"flow_association_resource_id": "id", "flow_association_flow_id": "id"},
    "calls throttled": {"throttling": True},
    "numbers shown late": {"describe_lag_seconds": 45.0},
    "numbers shown minutes late": {"describe_lag_seconds": 240.0},
    "changes shown late": {"change_lag_seconds": 45.0},
    "changes shown minutes late": {"change_lag_seconds": 240.0},
    "descriptions slow": {"description_seconds": 30.0},
    "released numbers shown minutes late": {"release_lag_seconds": 240.0},
    "tokens forgotten": {"token_memory_seconds": 0.0},
    "numbers shown late, tokens forgotten": {"describe_lag_seconds": 45.0, "token_memory_seconds": 0.0},
    "claims slow": {"claim_seconds": 100.0},
    "claims slow, numbers shown late": {"claim_seconds": 100.0, "describe_lag_seconds": 45.0},
    "releases never in use": {"refuse_release_in_progress": False},
}
_OTHER_MANNERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "clocks a minute apart": {"clock_difference_seconds": _CLOCK_DIFFERENCE_SECONDS},
    "items expire late": {"expires": "late"},
    "removed resources remembered": {"forgets_removed_resources": False},
    "stacks shown late": {"stacks_lag_seconds": 20.0},
    "replacements entered late": {"enters_replacements_late": True},
    "the index an hour or two late": {"index_lag_seconds": 3600.0},
}
_LEFT_OUT: Final[Mapping[str, tuple[str, ...]]] = {
    "the index an hour or two late": ("S35", "S36", "S37"),
    "stacks shown late": ("S35 delay removed in the end", "S35 parked number imported by another resource, asked for"),
}
"""By world: groups and scenarios that expect something in time for which the index, or CloudFormation, is needed."""
_SHOWN_LATE: Final = (
    "S10 description and tags, and changed back at once",
    "S19 changed, then renamed at once with the settings of before",
    "S23 adoption rollback denied, abandoned",
    "S36 environments come and go",
    "S36 two stacks and one parked number",
)
"""Scenarios with changes at short intervals. They are also played, under faults too, where changes are shown late."""
_STACKS_SHOWN_LATE: Final = (
    "S19 protected, its creation rolled back",
    "S19 protected, deleted right after a rollback of something else",
    "S19 renamed, stopped with rollback off, deleted: Old and New in turn",
    "S22 replaced, the Update, then the Delete",
    "S23 adopted by a replacement, rolled back",
    "S24 retained, logical id used again at once",
    "S36 pool deleted while a number is in use",
    "S37 a number of the list, removed from it while in use",
)
"""Scenarios in which requests ask CloudFormation. They are also played, under faults too, where it tells late."""

_SHARED: Final[Mapping[str, int]] = {
    "S3 create dies": 3,
    "S4 canceled at step": 2,
    "S7 delete dies": 2,
    "S8 AccessDeniedException": 2,
    "S8 InternalServiceException": 2,
    "S8 ResourceInUseException": 2,
    "S8 ThrottlingException": 2,
    "S12 canceled at step": 3,
    "S12 rolled back while": 2,
    "S13 cleanup": 3,
    "S19 renamed, stopped with rollback off": 3,
    "S22 replaced, Delete of the new number": 2,
    "S23 adoption rollback denied": 2,
    "S24 replaced and retained": 2,
    "S24 retained, logical id used": 2,
    "S25 update stopped at step": 3,
    "S28 a": 2,
    "S28 ledger refuses": 4,
    "S30 provider upgraded at step": 3,
    "S35 added again": 2,
    "S35 asked for beside it": 2,
    "S35 changed back": 2,
    "S35 deletion redelivered at step": 3,
    "S35 deployed again, canceled at step": 4,
    "S35 destroyed": 2,
    "S36 creation from the pool canceled at step": 4,
    "S36 environments come and go": 3,
    "S36 two stacks and one parked number": 2,
    "S37 a number of the list, removed from it": 2,
    "S37 adopting the list canceled at step": 2,
    "S37 filled": 2,
    "S37 filling canceled at step": 2,
}
"""By the beginning of the names of a scenario's variants: each is played under every n-th fault, in every n-th world.

The next variant begins with the next fault and the next world, so that the variants together have all of them.
"""


@cache
def all_scenarios() -> tuple[Scenario, ...]:
    """Return every scenario in every variant, in the order of their names."""
    return tuple(_all())


def in_other_worlds() -> Iterator[Scenario]:
    """Return every short scenario with a slow or forgetful Connect and a late index, and with other manners of AWS."""
    for number, (name, changes) in enumerate(_OTHER_WORLDS.items()):
        for scenario in all_scenarios():
            if scenario.is_short and _is_in_world(scenario, number):
                emulator = replace(scenario.options.emulator, **changes)
                options = replace(scenario.options, emulator=emulator, index_lag_seconds=_INDEX_LAG_SECONDS)
                yield replace(scenario, name=f"{scenario.name} ({name})", options=options)
    for number, (name, options_changes) in enumerate(_OTHER_MANNERS.items()):
        left_out = _LEFT_OUT.get(name, ())
        for scenario in all_scenarios():
            is_left_out = scenario.name in left_out or group(scenario) in left_out
            if scenario.is_short and not is_left_out and _is_in_world(scenario, number):
                options = replace(scenario.options, **options_changes)
                yield replace(scenario, name=f"{scenario.name} ({name})", options=options)


def share_of(scenario: Scenario) -> tuple[int, int]:
    """Return under which faults a scenario is played: every how many-th one, and the position of the first one."""
    return _shares().get(scenario.name, (1, 0))


@cache
def _shares() -> dict[str, tuple[int, int]]:
    shares: dict[str, tuple[int, int]] = {}
    for beginning, share in _SHARED.items():
        variants = [scenario for scenario in all_scenarios() if scenario.name.startswith(beginning)]
        shares |= {scenario.name: (share, position % share) for position, scenario in enumerate(variants)}
    return shares


def _is_in_world(scenario: Scenario, number: int) -> bool:
    share, first = share_of(scenario)
    return number % share == first


def _shown_late(scenario: Scenario) -> Scenario:
    emulator = replace(scenario.options.emulator, **_OTHER_WORLDS["changes shown late"])
    options = replace(scenario.options, emulator=emulator)
    return replace(scenario, name=f"{scenario.name}, shown late", options=options)


def _stacks_shown_late(scenario: Scenario) -> Scenario:
    options = replace(scenario.options, **_OTHER_MANNERS["stacks shown late"])
    return replace(scenario, name=f"{scenario.name}, stacks shown late", options=options)


def by_name(name: str) -> Scenario:
    """Return the scenario with this name.

    Raises
    ------
    KeyError
        There is no such scenario.
    """
    return {scenario.name: scenario for scenario in all_scenarios()}[name]


def group(scenario: Scenario) -> str:
    """Return the contract's name for a scenario: ``S4`` for all variants of S4."""
    return scenario.name.split(" ")[0]


def _all() -> Iterator[Scenario]:
    scenarios = [scenario for module in _MODULES for scenario in module.scenarios()]
    late = [_shown_late(scenario) for scenario in scenarios if scenario.name in _SHOWN_LATE]
    late += [_stacks_shown_late(scenario) for scenario in scenarios if scenario.name in _STACKS_SHOWN_LATE]
    scenarios += late
    yield from sorted(scenarios, key=lambda scenario: int(group(scenario)[1:]))
