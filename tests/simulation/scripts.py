"""The scripts S1 to S21 of the lifecycle contract, each with its variants."""

from collections.abc import Iterator
from functools import cache

from . import scripts_creation, scripts_deletion, scripts_update, scripts_world
from .runner import Script


@cache
def all_scripts() -> tuple[Script, ...]:
    """Return every script in every variant, in the order of their names."""
    return tuple(_all())


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
        *scripts_deletion.scripts(),
        *scripts_update.scripts(),
        *scripts_world.scripts(),
    ]
    yield from sorted(scripts, key=lambda script: int(group(script)[1:]))
