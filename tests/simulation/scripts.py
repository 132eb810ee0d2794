"""The scripts S1 to S21 of the lifecycle contract, each with its variants."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from . import (
    scripts_adoption,
    scripts_cancellation,
    scripts_creation,
    scripts_deletion,
    scripts_groups,
    scripts_late,
    scripts_ledger,
    scripts_retention,
    scripts_rivalry,
    scripts_rollback,
    scripts_update,
    scripts_world,
)
from .runner import Script

_INDEX_LAG_SECONDS: Final = 3.0
_CLOCK_DIFFERENCE_SECONDS: Final = 60.0
_OTHER_WORLDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "the index late": {},
    "refused claims count": {"refused_claims_count": True},
    "group numbers listed without their group": {"list_group_numbers_without_target": True},
    "flows named by their ids": {"flow_association_resource_id": "id", "flow_association_flow_id": "id"},
    "calls throttled": {"throttling": True},
    "numbers shown late": {"describe_lag_seconds": 45.0},
    "numbers shown minutes late": {"describe_lag_seconds": 240.0},
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
}


@cache
def all_scripts() -> tuple[Script, ...]:
    """Return every script in every variant, in the order of their names."""
    return tuple(_all())


def in_other_worlds() -> Iterator[Script]:
    """Return every short script in worlds where Connect is slow or forgetful, and the ledger's index is late."""
    for name, changes in _OTHER_WORLDS.items():
        for script in all_scripts():
            if script.is_short:
                emulator = replace(script.options.emulator, **changes)
                options = replace(script.options, emulator=emulator, index_lag_seconds=_INDEX_LAG_SECONDS)
                yield replace(script, name=f"{script.name} ({name})", options=options)
    for name, options_changes in _OTHER_MANNERS.items():
        for script in all_scripts():
            if script.is_short:
                options = replace(script.options, **options_changes)
                yield replace(script, name=f"{script.name} ({name})", options=options)


def by_name(name: str) -> Script:
    """Return the script with a name.

    Raises
    ------
    KeyError
        There is none.
    """
    return {script.name: script for script in all_scripts()}[name]


def group(script: Script) -> str:
    """Return the contract's name of a script: ``S4`` for all variants of S4."""
    return script.name.split(" ")[0]


def _all() -> Iterator[Script]:
    scripts = [
        *scripts_creation.scripts(),
        *scripts_cancellation.scripts(),
        *scripts_rivalry.scripts(),
        *scripts_deletion.scripts(),
        *scripts_update.scripts(),
        *scripts_world.scripts(),
        *scripts_rollback.scripts(),
        *scripts_retention.scripts(),
        *scripts_adoption.scripts(),
        *scripts_groups.scripts(),
        *scripts_late.scripts(),
        *scripts_ledger.scripts(),
    ]
    yield from sorted(scripts, key=lambda script: int(group(script)[1:]))
