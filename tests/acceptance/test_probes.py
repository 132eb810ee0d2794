"""A probe that fails breaks neither the run nor the record."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from acceptance.assumptions import in_words, taken_for_granted
from acceptance.catalog import all_probes
from acceptance.probes import Context, Finding, Probe, Probing, Stage
from acceptance.record import Record
from acceptance.sightings import Sightings
from acceptance.stacks import AcceptanceStacks
from docs.tools.pages import ROOT

from .numbers import NOW, NUMBER, Clock, FakeClient, asker_of

PROBES = all_probes(cast(AcceptanceStacks, None))


def asks(context: Context) -> Finding:
    context.asker.ask("x", "DescribePhoneNumber", PhoneNumberId=context.number.id)
    return Finding(True, "It holds.")


def fails(context: Context) -> Finding:
    context.asker.ask("x", "DescribePhoneNumber")
    raise RuntimeError("/home/john has no room")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / "record.json", {})


def probing_of(record: Record, said: list[str], *probes: Probe) -> Probing:
    clock = Clock()
    connect = FakeClient(describe_phone_number=[{"Arn": NUMBER.arn}])
    return Probing(
        probes,
        record,
        client_of=lambda _: connect,
        clock=clock.now,
        sleep=clock.sleep,
        say=said.append,
        sightings=Sightings(asker_of(clock), frozenset(), NUMBER.target_arn),
    )


def probe(name: str, ask: Any, stage: Stage = Stage.CLAIMED) -> Probe:
    return Probe(name, f"What {name} assumes.", stage, ("connect:DescribePhoneNumber",), ask)


def test_probes_of_the_stage_are_carried_out_and_recorded(record: Record, said: list[str]) -> None:
    probing = probing_of(record, said, probe("one", asks), probe("two", asks, Stage.RELEASED), probe("three", asks))
    probing.at(Stage.CLAIMED, NUMBER)

    written = json.loads(record.path.read_text())["probes"]
    assert [(one["probe"], one["settled"], one["says"]) for one in written] == [
        ("one", True, "It holds."),
        ("three", True, "It holds."),
    ]
    assert written[0]["responses"][0]["response"] == {
        "Arn": "arn:aws:connect:eu-west-2:<account>:phone-number/<number-id>"
    }
    assert said == ["  probe one: settled. It holds.", "  probe three: settled. It holds."]


def test_probe_that_fails_keeps_its_responses_and_not_the_run(record: Record, said: list[str]) -> None:
    probing = probing_of(record, said, probe("one", fails), probe("two", asks))
    probing.at(Stage.CLAIMED, NUMBER)

    one, two = json.loads(record.path.read_text())["probes"]
    assert (one["settled"], one["says"], len(one["responses"])) == (False, "The probe failed: RuntimeError.", 1)
    assert two["settled"]
    assert "/home/john has no room" in said[0]


def test_somebody_who_stops_the_run_stops_it(record: Record, said: list[str]) -> None:
    def stop(_: Context) -> Finding:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probing_of(record, said, probe("one", stop)).at(Stage.CLAIMED, NUMBER)


def test_record_that_cannot_be_written_does_not_break_the_run(tmp_path: Path, said: list[str]) -> None:
    record = Record(tmp_path / "nowhere" / "record.json", {})
    probing = probing_of(record, said, probe("one", asks))
    probing.at(Stage.CLAIMED, NUMBER)
    probing.finish("All was as expected.")
    assert len([text for text in said if "the record could not be written: FileNotFoundError" in text]) == 2


def test_probes_that_had_no_turn_are_in_the_record(record: Record, said: list[str]) -> None:
    probing = probing_of(record, said, probe("one", asks), probe("two", asks, Stage.RELEASED))
    probing.at(Stage.CLAIMED, NUMBER)
    probing.finish("SurpriseError at: somewhere")

    content = json.loads(record.path.read_text())
    assert content["outcome"] == "SurpriseError at: somewhere"
    one, two = content["probes"]
    assert one["settled"]
    assert (two["settled"], two["says"], two["responses"]) == (False, "The run did not get so far.", [])


def test_record_of_a_run_that_is_broken_off_says_so(record: Record, said: list[str]) -> None:
    probing_of(record, said, probe("one", asks)).at(Stage.CLAIMED, NUMBER)
    assert json.loads(record.path.read_text())["outcome"] == "The run was broken off."


def test_time_is_counted_from_the_claim_or_from_the_first_response(record: Record, said: list[str]) -> None:
    probing = probing_of(record, said, probe("one", asks))
    probing.at(Stage.CLAIMED, NUMBER)
    assert record.entries["one"].claimed_at == NOW


def test_every_probe_has_a_name_of_its_own_and_is_documented() -> None:
    names = [probe.name for probe in PROBES]
    assert len(set(names)) == len(names)
    page = (ROOT / "docs" / "acceptance.md").read_text()
    assert [name for name in names if f"`{name}`" not in page] == []
    for one in PROBES:
        assert all(":" in call for call in one.calls)


def test_assumptions_are_those_of_the_documents_word_for_word() -> None:
    page = (ROOT / "docs" / "acceptance.md").read_text()
    rows = taken_for_granted()
    assert rows
    assert [probe.assumption for probe in PROBES if probe.assumption not in rows and probe.assumption not in page] == []


def test_assumption_that_the_document_does_not_have_stays_as_it_is() -> None:
    assert in_words("no such assumption") == "no such assumption"
