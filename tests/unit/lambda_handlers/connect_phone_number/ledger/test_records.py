"""What each published version has written can be read by this one, with nothing lost."""

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number.claim import Claim, ClaimState, Origin, Outcome
from lambda_handlers.connect_phone_number.ledger.items import (
    Entry,
    NumberReservation,
    RequestEntry,
    ResourceEntry,
    decode,
    encode,
)
from lambda_handlers.connect_phone_number.ledger.store import Write
from lambda_handlers.connect_phone_number.lifecycle.sweeping import sweep
from tests.unit.lambda_handlers.connect_phone_number.world import World
from verification.recorded_ledger import RECORDS, current_version, kind_of, path_of

_TYPES: Final[dict[str, type[Any]]] = {
    "CLAIM": Claim,
    "NUMBER": NumberReservation,
    "REQUEST": RequestEntry,
    "RESOURCE": ResourceEntry,
}


def _items(path: Path) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(path.read_text())
    return items


def _entry(item: dict[str, Any]) -> Entry:
    entry: Entry = decode(_TYPES[kind_of(item)], item)
    return entry


@pytest.fixture(params=sorted(RECORDS.glob("*.json")), ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return _items(request.param)


def test_every_item_is_read_and_would_be_written_the_same(recorded: list[dict[str, Any]]) -> None:
    for item in recorded:
        written = encode(_entry(item))
        # An attribute that is new since then has its default.
        assert {name: written.get(name) for name in item} == {**item, "version": item["version"] + 1}


def test_a_claim_is_still_known_to_satisfy_what_it_was_opened_for(recorded: list[dict[str, Any]]) -> None:
    claims = [entry for entry in map(_entry, recorded) if isinstance(entry, Claim) and entry.satisfied]
    assert claims
    assert [claim.id for claim in claims if not claim.satisfies(claim.specification)] == []


def test_the_sweeper_can_handle_every_claim(recorded: list[dict[str, Any]], world: World) -> None:
    latest = {(item["pk"], item["sk"]): item for item in recorded}
    for item in latest.values():
        world.store.write([Write((item["pk"], item["sk"]), {**item, "version": 1}, 0)])
    world.stacks.status = "DELETE_COMPLETE"
    world.clock.pause(30 * 86_400)

    found = sweep(world.invocation())

    assert found.errors == 0


def test_this_versions_record_has_everything_that_can_be_in_a_ledger() -> None:
    entries = [_entry(item) for item in _items(path_of(current_version()))]
    missing = [
        f"{entry_type.__name__}.{field.name}"
        for entry_type in _TYPES.values()
        for field in fields(entry_type)
        if not any(
            getattr(entry, field.name) != (None if field.default is MISSING else field.default)
            for entry in entries
            if isinstance(entry, entry_type)
        )
    ]
    claims = [entry for entry in entries if isinstance(entry, Claim)]
    assert missing == []
    assert {claim.state for claim in claims} == {*ClaimState}
    assert {claim.outcome for claim in claims} - {None} == {*Outcome}
    assert {claim.specification.origin for claim in claims} == {*Origin}
