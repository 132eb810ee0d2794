"""The tables of manners fit the simulator, and the document fits the tables."""

import ast
import re
from dataclasses import fields
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

import pytest

from docs.tools.pages import ROOT
from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.exploration.interleavings import interleavings
from verification.manners.catalog import MANNERS, NOT_PLAYED, PAGE, page
from verification.manners.manner import ASSUMED, Document, Issue, Kind, Manner, NotPlayed, Service, Switch
from verification.scenarios.catalog import all_scenarios, by_name, in_other_worlds
from verification.simulator.clients import OPERATION_OF_METHOD
from verification.simulator.faults import faults_of
from verification.simulator.wire import Call, Surface
from verification.simulator.world import Options

_THREAD: Final = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+#[1-9][0-9]*")
_OF_OTHERS: Final = ("CreateContactFlow", "DeleteContactFlow", "ListTrafficDistributionGroups")
"""What the emulator does for the local AWS and the operators' command. The function does not call it."""
_OPERATIONS: Final = {
    Surface.CONNECT: tuple(operation for operation in OPERATION_OF_METHOD.values() if operation not in _OF_OTHERS),
    Surface.LEDGER: ("get", "get_all", "index", "scan", "write"),
    Surface.STACKS: ("state", "resource", "has_named"),
    Surface.QUOTAS: ("phone_numbers",),
    Surface.RESPONSE: ("put",),
}
_ENTRIES: Final[tuple[Manner | NotPlayed, ...]] = (*MANNERS, *NOT_PLAYED)
_PLAYED_IN_EACH_WORLD: Final = "S1 create, delete"


def _faults() -> set[tuple[str, str]]:
    """Return surface and name of every fault."""
    return {
        (surface.value, fault.name)
        for surface, operations in _OPERATIONS.items()
        for operation in operations
        for fault in faults_of(Call(0, 0.0, "", 0, surface, operation, None))
    }


@cache
def _worlds() -> dict[str, Options]:
    """Return the other worlds by their names."""
    prefix = f"{_PLAYED_IN_EACH_WORLD} ("
    return {
        scenario.name.removeprefix(prefix).removesuffix(")"): scenario.options
        for scenario in in_other_worlds()
        if scenario.name.startswith(prefix)
    }


def _names(kind: Kind) -> set[str]:
    """Return the names that a switch of this kind can have."""
    match kind:
        case Kind.SCENARIO:
            return {scenario.name for scenario in all_scenarios()}
        case Kind.FAULT:
            return {name for _, name in _faults()}
        case Kind.WORLD:
            return set(_worlds())
        case Kind.SETTING:
            return {field.name for field in fields(EmulatorSettings)}
        case Kind.OPTION:
            return {field.name for field in fields(Options)}
        case Kind.INTERLEAVING:
            return {scenario.name for scenario in interleavings()}


def _is_switched(kind: Kind, name: str, surface: str = "") -> bool:
    """Return whether the switch of a manner turns this on."""
    return any(
        fnmatchcase(name, pattern)
        for manner in MANNERS
        if manner.switch.kind is kind and fnmatchcase(surface, manner.switch.surface)
        for pattern in manner.switch.patterns
    )


def _changed_by_worlds() -> tuple[set[str], set[str]]:
    """Return the options and the settings of the emulator that the other worlds change."""
    usual = by_name(_PLAYED_IN_EACH_WORLD).options
    options, settings = set[str](), set[str]()
    for world in _worlds().values():
        options |= {field.name for field in fields(Options) if getattr(world, field.name) != getattr(usual, field.name)}
        settings |= {
            field.name
            for field in fields(EmulatorSettings)
            if getattr(world.emulator, field.name) != getattr(usual.emulator, field.name)
        }
    return options, settings


def _settings_of_scenarios() -> set[str]:
    """Return the settings of the emulator that the code of the simulator names."""
    found = set[str]()
    for path in sorted((ROOT / "verification").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                "EmulatorSettings",
                "configure",
            ):
                found |= {keyword.arg for keyword in node.keywords if keyword.arg is not None}
    assert found
    return found


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.statement)
def test_what_turns_it_on_exists(manner: Manner) -> None:
    switch: Switch = manner.switch
    names = _names(switch.kind)
    if switch.kind is Kind.FAULT:
        names = {name for surface, name in _faults() if fnmatchcase(surface, switch.surface)}
    assert switch.patterns
    assert [pattern for pattern in switch.patterns if not any(fnmatchcase(name, pattern) for name in names)] == []


def test_every_fault_has_a_manner() -> None:
    missing = {(surface, name) for surface, name in _faults() if not _is_switched(Kind.FAULT, name, surface)}
    assert missing == set()


def test_every_other_world_has_a_manner() -> None:
    assert {name for name in _worlds() if not _is_switched(Kind.WORLD, name)} == set()


def test_every_option_has_a_manner() -> None:
    by_worlds, _ = _changed_by_worlds()
    # The emulator's settings have manners of their own, and what the function is told is no behavior of AWS.
    options = {field.name for field in fields(Options)} - {"emulator", "budget", "settling_seconds"}
    assert {name for name in options - by_worlds if not _is_switched(Kind.OPTION, name)} == set()


def test_every_setting_that_is_used_has_a_manner() -> None:
    _, by_worlds = _changed_by_worlds()
    used = _settings_of_scenarios()
    assert {"throttling", "quota", "not_available_message"} <= used
    assert {name for name in used - by_worlds if not _is_switched(Kind.SETTING, name)} == set()


@pytest.mark.parametrize("entry", _ENTRIES, ids=[entry.statement for entry in _ENTRIES])
def test_the_source_can_be_looked_up(entry: Manner | NotPlayed) -> None:
    match entry.source:
        case Document(title, url):
            assert title
            assert re.fullmatch(r"https://[^\s()]+", url)
        case Issue(thread):
            assert _THREAD.fullmatch(thread)
        case text:
            assert text == ASSUMED


def test_a_behavior_is_listed_once() -> None:
    statements = [entry.statement for entry in _ENTRIES]
    assert len(set(statements)) == len(statements)


def test_every_service_has_entries_of_both_kinds() -> None:
    assert {manner.service for manner in MANNERS} == set(Service)
    assert {entry.service for entry in NOT_PLAYED} == set(Service)


def test_the_document_is_what_the_tables_say() -> None:
    assert PAGE.read_text() == page(), "run: python -m verification.manners.catalog --write"
