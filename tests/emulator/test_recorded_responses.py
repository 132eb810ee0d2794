"""The emulator answers as AWS did, as far as that was recorded in an acceptance run (docs/acceptance.md).

Records are those in ``records``, and the one that the environment variable ACCEPTANCE_RECORD names. So far there is
none: nobody has run the probes on real AWS. What can be tested without one is that the probes work with the emulator,
and that the comparison sees when it answers otherwise.
"""

import json
import os
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from acceptance.asking import Asker
from acceptance.catalog import CONNECT_PROBES
from acceptance.comparison import differences, probes_with_responses
from acceptance.number import Number
from acceptance.probes import Probing, Stage
from acceptance.record import Record, header_of
from acceptance.sightings import Sightings
from lambda_handlers.connect_phone_number import contract
from local_aws.connect_emulator import ConnectEmulator
from local_aws.connect_emulator.client import EmulatedConnectClient
from local_aws.connect_emulator.inventory import numbers
from local_aws.connect_emulator.settings import Settings

from .conftest import START

RECORDS: Final = [
    *sorted((Path(__file__).parent / "records").glob("*.json")),
    *(Path(name) for name in [os.environ.get("ACCEPTANCE_RECORD")] if name),
]
REGION: Final = "us-east-1"
OTHER_REGION: Final = "us-west-2"
GROUP: Final = "traffic-distribution-group"
ENDPOINT: Final = "http://127.0.0.1:1"
_LOOKS: Final = 300


class Play:
    """The probes of one number, asked of an emulator in virtual time.

    Parameters
    ----------
    path : Path
        For the record.
    settings : Settings
        Of the emulator.
    target : str
        ``instance`` or ``traffic-distribution-group``.
    kind : tuple[str, str]
        Country and type of the number.
    timetable : Mapping[str, float]
        How many seconds after the claim a probe has its turn, where that matters.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        target: str = "instance",
        kind: tuple[str, str] = ("US", "DID"),
        timetable: Mapping[str, float] | None = None,
    ) -> None:
        self._emulator = ConnectEmulator(clock=lambda: START, settings=settings)
        self._connect = EmulatedConnectClient(self._emulator, REGION)
        instance = self._emulator.add_instance(REGION)
        self._flow_arn = self._emulator.add_contact_flow(instance)
        group = self._emulator.add_traffic_distribution_group(REGION, OTHER_REGION)
        self._target_arn = group if target == GROUP else instance
        # The inventory has not every kind of number that there is.
        self._kind = kind if numbers(*kind) else ("US", "DID")
        self._timetable = timetable or {}
        country_code, type = self._kind
        header = header_of(
            endpoint_url=ENDPOINT,
            target_arn=self._target_arn,
            country_code=country_code,
            type=type,
            day="2026-01-01",
            versions={},
        )
        self._record = Record(path, header)

    def record(self) -> dict[str, Any]:
        """Play everything, and return the record as it is read from its file."""
        sightings = Sightings(self._asker(), frozenset(), self._target_arn)
        number = self._claim()
        for _ in range(_LOOKS):
            sightings.look()
            if sightings.described(number.arn) is not None:
                break
            self._emulator.advance(1)
        self._emulator.advance(self._emulator.settings.claim_seconds)
        for stage in Stage:
            if stage is Stage.RELEASED:
                self._connect.release_phone_number(PhoneNumberId=number.id, ClientToken=number.release_token)
            for probe in CONNECT_PROBES:
                if probe.stage is stage:
                    self._wait_for_turn(number, probe.name)
                    self._probing(sightings, probe.name).at(stage, number)
        return dict(json.loads(self._record.path.read_text()))

    def _probing(self, sightings: Sightings, name: str) -> Probing:
        return Probing(
            [probe for probe in CONNECT_PROBES if probe.name == name],
            self._record,
            client_of=lambda _: self._connect,
            clock=self._emulator.now,
            sleep=self._emulator.advance,
            say=lambda _: None,
            sightings=sightings,
            contact_flow_arn=self._flow_arn,
        )

    def _asker(self) -> Asker:
        return Asker(lambda _: self._connect, self._emulator.now, self._emulator.advance)

    def _claim(self) -> Number:
        """Claim a number as the function does it."""
        tags = {
            "step": "claim",
            contract.PROVIDER_TAG: "66666666-2222-3333-4444-555555555555-Ledger",
            contract.CLAIM_TAG: "77777777-2222-5333-8444-555555555555",
            contract.STACK_TAG: f"arn:aws:cloudformation:{REGION}:000000000000:stack/Line/1",
            contract.RESOURCE_TAG: "Line",
        }
        number = Number("", numbers(*self._kind)[0], self._target_arn, "Acceptance, first", tags, self._emulator.now())
        arn = self._connect.claim_phone_number(**number.claim_parameters)["PhoneNumberArn"]
        return Number(arn, number.phone_number, number.target_arn, number.description, tags, number.claimed_at)

    def _wait_for_turn(self, number: Number, name: str) -> None:
        since = self._emulator.now() - (number.claimed_at or START)
        self._emulator.advance(max(self._timetable.get(name, 0.0) - since, 0.0))


@pytest.fixture
def settings() -> Settings:
    # The clock stands still between two calls, so that a throttled one would never be admitted.
    return Settings(throttling=False)


@pytest.fixture
def emulated(tmp_path: Path, settings: Settings) -> dict[str, Any]:
    """Return what the emulator answers as it is."""
    return Play(tmp_path / "emulated.json", settings).record()


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_emulator_answers_as_recorded(path: Path, tmp_path: Path, settings: Settings) -> None:
    recorded = json.loads(path.read_text(encoding="utf-8"))
    play = Play(
        tmp_path / "emulated.json",
        settings,
        recorded["target"],
        (recorded["country_code"], recorded["type"]),
        probes_with_responses(recorded),
    )
    assert differences(recorded, play.record()) == []


def test_every_probe_of_connect_has_something_to_ask_the_emulator(
    emulated: dict[str, Any], tmp_path: Path, settings: Settings
) -> None:
    of_group = Play(tmp_path / "group.json", settings, GROUP).record()
    asked = probes_with_responses(emulated).keys() | probes_with_responses(of_group).keys()
    assert asked == {probe.name for probe in CONNECT_PROBES}
    settled = {probe["probe"] for record in (emulated, of_group) for probe in record["probes"] if probe["settled"]}
    assert settled == asked
    assert not emulated["is_of_aws"]


@pytest.mark.parametrize("target", ["instance", GROUP])
def test_emulator_is_like_itself(tmp_path: Path, settings: Settings, target: str) -> None:
    first = Play(tmp_path / "first.json", settings, target).record()
    other = Settings(throttling=False, claim_seconds=20, describe_lag_seconds=45)
    second = Play(tmp_path / "second.json", other, target, ("GB", "TOLL_FREE"), probes_with_responses(first)).record()
    assert first != second
    assert differences(first, second) == []


_OTHER_BEHAVIOR: Final[list[tuple[str, dict[str, Any], str]]] = [
    (
        "instance",
        {"flow_association_flow_id": "id"},
        "FlowAssociationSummaryList[].FlowId is arn:aws:connect:<region>:",
    ),
    (
        "instance",
        {"flow_association_resource_id": "id"},
        "flow-association, a flow, by id: FlowAssociationSummaryList[].",
    ),
    ("instance", {"token_memory_seconds": 0}, "the outcome is a response in the record, InvalidParameterException"),
    (
        "instance",
        {"token_memory_seconds": 60},
        "claim-repeated-late, the same call, much later: the outcome is a response",
    ),
    (GROUP, {"list_group_numbers_without_target": True}, "group-number-without-target, without a target"),
]


@pytest.mark.parametrize(("target", "changes", "expected"), _OTHER_BEHAVIOR)
def test_emulator_that_behaves_otherwise_is_told_apart(
    tmp_path: Path, settings: Settings, target: str, changes: dict[str, Any], expected: str
) -> None:
    timetable = {"claim-repeated-late": 1200.0}
    recorded = Play(tmp_path / "recorded.json", settings, target, timetable=timetable).record()
    other = Play(tmp_path / "other.json", Settings(throttling=False, **changes), target, timetable=timetable).record()
    found = differences(recorded, other)
    assert any(expected in difference for difference in found), found


def test_timetable_of_the_record_is_kept(tmp_path: Path, settings: Settings) -> None:
    timetable = {"claim-repeated-late": 1200.0}
    recorded = Play(tmp_path / "recorded.json", settings, timetable=timetable).record()
    assert probes_with_responses(recorded)["claim-repeated-late"] == 1200


def _remove_member(probes: dict[str, Any]) -> None:
    del probes["described-by-id-and-arn"]["responses"][0]["response"]["ClaimedPhoneNumberSummary"]["InstanceId"]


def _add_member(probes: dict[str, Any]) -> None:
    probes["described-by-id-and-arn"]["responses"][1]["response"]["ClaimedPhoneNumberSummary"]["New"] = 1


def _change_error(probes: dict[str, Any]) -> None:
    probes["claim-of-number-that-is-taken"]["responses"][0]["error"]["code"] = "ResourceInUseException"


def _change_status(probes: dict[str, Any]) -> None:
    probes["release-repeated"]["responses"][-1]["error"]["http_status"] = 409


def _succeed(probes: dict[str, Any]) -> None:
    probes["claim-with-other-description"]["responses"][0] = {
        **probes["claim-repeated-at-once"]["responses"][0],
        "label": "the same token, another description",
    }


def _name_by_id(probes: dict[str, Any]) -> None:
    probes["claim-repeated-at-once"]["responses"][0]["response"]["PhoneNumberArn"] = "<number-id>"


def _ask_more(probes: dict[str, Any]) -> None:
    responses = probes["release-repeated"]["responses"]
    responses.append({**responses[-1], "label": "once more"})


def _ask_less(probes: dict[str, Any]) -> None:
    del probes["release-repeated"]["responses"][-1]


_EXPECTED: Final[list[tuple[Callable[[dict[str, Any]], None], tuple[str, ...]]]] = [
    (_remove_member, ("by ARN: ClaimedPhoneNumberSummary.InstanceId is missing in the record", "<instance-id>")),
    (_add_member, ("by id: ClaimedPhoneNumberSummary.New is int in the record", "missing")),
    (
        _change_error,
        (
            "with another token: the outcome is ResourceInUseException (HTTP 400) in the record",
            "InvalidParameterException (HTTP 400)",
        ),
    ),
    (
        _change_status,
        (
            "another token: the outcome is ResourceNotFoundException (HTTP 409) in the record",
            "ResourceNotFoundException (HTTP 404)",
        ),
    ),
    (
        _name_by_id,
        (
            "right after it: PhoneNumberArn is <number-id> in the record",
            "arn:aws:connect:<region>:<account>:phone-number/<number-id>",
        ),
    ),
    (_ask_more, ("release-repeated, once more: the emulator's responses did not lead to this call",)),
    (_ask_less, ("release-repeated, another token: only the emulator's responses led to this call",)),
]


@pytest.mark.parametrize(("change", "expected"), _EXPECTED)
def test_each_difference_is_named(
    emulated: dict[str, Any], change: Callable[[dict[str, Any]], None], expected: tuple[str, ...]
) -> None:
    recorded = deepcopy(emulated)
    change({probe["probe"]: probe for probe in recorded["probes"]})
    (difference,) = differences(recorded, emulated)
    where, *ours = expected
    assert where in difference
    assert difference.endswith("".join(f", {found} in the emulator" for found in ours))


def test_response_instead_of_an_error_is_a_difference(emulated: dict[str, Any]) -> None:
    recorded = deepcopy(emulated)
    _succeed({probe["probe"]: probe for probe in recorded["probes"]})
    found = differences(recorded, emulated)
    assert found[-1].endswith(
        "the outcome is a response in the record, IdempotencyException (HTTP 409) in the emulator"
    )


def test_values_of_another_account_make_no_difference(emulated: dict[str, Any]) -> None:
    text = json.dumps(emulated).replace("us-east-1", "cn-north-1").replace("arn:aws:", "arn:aws-cn:")
    assert differences(json.loads(text.replace("Acceptance, first", "Anything")), emulated) == []


def test_what_the_emulator_cannot_be_asked_is_left_out(emulated: dict[str, Any]) -> None:
    recorded = deepcopy(emulated)
    flows: dict[str, Any] = {
        "label": "flows of the instance",
        "operation": "ListContactFlows",
        "response": {},
        "seconds_after_claim": 1,
    }
    for probe in recorded["probes"]:
        probe["responses"].append(flows)
    recorded["probes"].append({"probe": "removed-resources", "responses": [{**flows, "operation": "DescribeStacks"}]})
    recorded["probes"].append({"probe": "response-url", "responses": []})
    assert differences(recorded, emulated) == []


def test_another_format_is_refused(emulated: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a record of format 1 is needed, but this one has 2"):
        differences({**emulated, "format": 2}, emulated)
