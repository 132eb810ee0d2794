"""What the probes of the number conclude where Connect answers otherwise than the emulator does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from acceptance import number_probes
from acceptance.flow_probes import flow_association
from acceptance.probes import Context, Finding, Stage
from acceptance.sightings import Sightings

from .numbers import ARN, NOW, NUMBER, TARGET, Clock, FakeClient, Response, asker_of, context_of, error

GONE: Final = error("ResourceNotFoundException", "gone", 404)
SAME: Final[Response] = {"PhoneNumberArn": ARN, "PhoneNumberId": NUMBER.id}
OTHER: Final[Response] = {"PhoneNumberArn": f"{ARN}0"}
NOT_AVAILABLE: Final = error("InvalidParameterException", f"Phone number not available: {NUMBER.phone_number}")
CHANGED: Final = error("IdempotencyException", "changed", 409)


def found(probe: Callable[[Context], Finding], **responses: list[Response]) -> tuple[Finding, FakeClient]:
    client = FakeClient(**responses)
    return probe(context_of(asker_of(Clock(), connect=client))), client


@pytest.mark.parametrize(
    ("response", "is_settled", "says"),
    [
        (SAME, True, "Answered with the same ARN."),
        (OTHER, False, "Answered with ANOTHER ARN."),
        (NOT_AVAILABLE, False, f"InvalidParameterException: Phone number not available: {NUMBER.phone_number}"),
        (CHANGED, False, "IdempotencyException: changed"),
    ],
)
@pytest.mark.parametrize("probe", [number_probes.claim_repeated_at_once, number_probes.claim_repeated_late])
def test_claim_repeated(probe: Callable[[Context], Finding], response: Response, is_settled: bool, says: str) -> None:
    finding, client = found(probe, claim_phone_number=[response])
    assert (finding.is_settled, finding.says) == (is_settled, says)
    assert client.calls == [("claim_phone_number", NUMBER.claim_parameters)]


@pytest.mark.parametrize(("response", "is_settled"), [(CHANGED, True), (SAME, True), (NOT_AVAILABLE, False)])
def test_claim_with_other_description(response: Response, is_settled: bool) -> None:
    finding, client = found(number_probes.claim_with_other_description, claim_phone_number=[response])
    assert finding.is_settled == is_settled
    ((_, parameters),) = client.calls
    changed = {name for name, value in NUMBER.claim_parameters.items() if parameters[name] != value}
    assert changed == {"PhoneNumberDescription"}


@pytest.mark.parametrize(
    ("response", "is_settled", "end"),
    [
        (NOT_AVAILABLE, True, "The message names the number."),
        (error("InvalidParameterException", "no"), True, "The message DOES NOT NAME the number."),
        (error("ThrottlingException", "no", 429), False, "The message DOES NOT NAME the number."),
        (SAME, False, "Answered with the same ARN."),
    ],
)
def test_claim_of_number_that_is_taken(response: Response, is_settled: bool, end: str) -> None:
    finding, client = found(number_probes.claim_of_number_that_is_taken, claim_phone_number=[response])
    assert finding.is_settled == is_settled
    assert finding.says.endswith(end)
    ((_, parameters),) = client.calls
    # Whatever came of it would carry the tags by which the cleanup finds it.
    assert {**parameters, "ClientToken": NUMBER.claim_token} == NUMBER.claim_parameters
    assert parameters["ClientToken"] != NUMBER.claim_token


def test_without_room_no_claim_is_repeated() -> None:
    for probe in number_probes.PROBES:
        if "connect:ClaimPhoneNumber" in probe.calls:
            client = FakeClient()
            context = context_of(asker_of(Clock(), connect=client), may_repeat_claims=False)
            finding = probe.ask(context)
            assert not finding.is_settled
            assert "no room" in finding.says
            assert client.calls == []


def test_no_more_claims_are_repeated_than_there_is_room_for() -> None:
    claims = [probe for probe in number_probes.PROBES if "connect:ClaimPhoneNumber" in probe.calls]
    assert len(claims) == number_probes.REPEATED_CLAIMS
    # After the release the number might be free.
    assert Stage.RELEASED not in {probe.stage for probe in claims}


def test_release_is_repeated_only_once_the_number_is_gone() -> None:
    described: Response = {"ClaimedPhoneNumberSummary": {}}
    finding, client = found(
        number_probes.release_repeated,
        describe_phone_number=[described, described, GONE],
        release_phone_number=[{}, GONE],
    )
    assert finding.says == "The same token came again: answered. Another one: ResourceNotFoundException."
    (first, second) = [parameters for method, parameters in client.calls if method == "release_phone_number"]
    assert first == {"PhoneNumberId": NUMBER.id, "ClientToken": NUMBER.release_token}
    assert second["PhoneNumberId"] == NUMBER.id
    assert second["ClientToken"] != NUMBER.release_token


def test_release_is_not_repeated_where_the_number_stays() -> None:
    finding, client = found(number_probes.release_repeated, describe_phone_number=[{"ClaimedPhoneNumberSummary": {}}])
    assert not finding.is_settled
    assert {method for method, _ in client.calls} == {"describe_phone_number"}


def test_what_others_have_in_the_account_is_not_kept() -> None:
    group = TARGET.replace(":instance/", ":traffic-distribution-group/")
    mine = {"PhoneNumberArn": ARN, "PhoneNumberDescription": "mine"}
    others = {"PhoneNumberArn": "another", "PhoneNumberDescription": "theirs"}
    client = FakeClient(list_phone_numbers_v2=[{"ListPhoneNumbersSummaryList": [others, mine]}])
    context = context_of(asker_of(Clock(), connect=client), replace(NUMBER, target_arn=group))
    assert number_probes.group_number_without_target(context).says == "Listed without its target: yes."
    assert [reply.response for reply in context.asker.replies] == [{"ListPhoneNumbersSummaryList": [mine]}] * 2


def test_group_number_that_is_listed_nowhere_settles_nothing() -> None:
    group = TARGET.replace(":instance/", ":traffic-distribution-group/")
    client = FakeClient(list_phone_numbers_v2=[{"ListPhoneNumbersSummaryList": []}])
    context = context_of(asker_of(Clock(), connect=client), replace(NUMBER, target_arn=group))
    assert not number_probes.group_number_without_target(context).is_settled


def seen_by(*responses: Response, claimed_at: float | None = NOW) -> Finding:
    clock = Clock()
    client = FakeClient(list_phone_numbers_v2=list(responses), describe_phone_number=[GONE, {"A": 1}])
    sightings = Sightings(asker_of(clock, connect=client), frozenset({"known"}), TARGET)
    for _ in range(4):
        clock.sleep(3)
        sightings.look()
    context = context_of(asker_of(clock, connect=client), replace(NUMBER, claimed_at=claimed_at), sightings=sightings)
    return number_probes.shown_after_claim(context)


def test_first_sight_of_the_number() -> None:
    nothing: Response = {"ListPhoneNumbersSummaryList": [{"PhoneNumberArn": "known"}]}
    listed: Response = {"ListPhoneNumbersSummaryList": [{"PhoneNumberArn": "known"}, {"PhoneNumberArn": ARN}]}
    finding = seen_by(nothing, listed)
    assert finding.is_settled
    assert finding.says.startswith("Listed 6 seconds after the claim, described 9 seconds after it")


def test_first_sight_needs_the_moment_of_the_claim() -> None:
    listed: Response = {"ListPhoneNumbersSummaryList": [{"PhoneNumberArn": ARN}]}
    assert seen_by(listed, claimed_at=None) == Finding(
        False, "The moment of the claim is not known: the ledger could not be read."
    )


def test_number_that_was_never_seen() -> None:
    assert not seen_by(error("ThrottlingException", "", 429)).is_settled


def by_name(number: str, flow: str) -> dict[str, Any]:
    return {"FlowAssociationSummaryList": [{"ResourceId": number, "FlowId": flow}]}


NO_FLOW: Final[Response] = {"FlowAssociationSummaryList": []}
FLOWS: Final[Response] = {"ContactFlowSummaryList": [{"Id": "flow", "Name": "private"}]}


def test_flow_that_is_named_by_ids() -> None:
    with_flow = by_name(NUMBER.id, "flow")
    finding, client = found(
        flow_association,
        batch_get_flow_association=[NO_FLOW, NO_FLOW, NO_FLOW, NO_FLOW, with_flow, with_flow, error("X")],
        list_contact_flows=[FLOWS],
        associate_phone_number_contact_flow=[{}],
        list_flow_associations=[by_name("other", "x")],
        disassociate_phone_number_contact_flow=[{}],
    )
    assert finding.is_settled
    assert finding.says == (
        "By ARN: ResourceId is an id, FlowId is an id. By id: X. "
        "Without a flow, by ARN: an empty list; by id: an empty list."
    )
    assert client.calls[-1][0] == "disassociate_phone_number_contact_flow"


def test_association_is_taken_back_whatever_happens() -> None:
    finding, client = found(
        flow_association,
        batch_get_flow_association=[NO_FLOW],
        list_contact_flows=[FLOWS],
        associate_phone_number_contact_flow=[{}],
        disassociate_phone_number_contact_flow=[{}],
    )
    assert not finding.is_settled
    assert finding.says.startswith("By ARN: an empty list. By id: an empty list.")
    assert client.calls[-1][0] == "disassociate_phone_number_contact_flow"


def test_association_is_taken_back_when_somebody_stops_the_run() -> None:
    class Stopping(FakeClient):
        def batch_get_flow_association(self, **parameters: Any) -> Response:
            self.calls.append(("batch", parameters))
            if len(self.calls) > 4:
                raise KeyboardInterrupt
            return {"FlowAssociationSummaryList": []}

    client = Stopping(list_contact_flows=[FLOWS], associate_phone_number_contact_flow=[{}])
    with pytest.raises(KeyboardInterrupt):
        flow_association(context_of(asker_of(Clock(), connect=client)))
    assert client.calls[-1][0] == "disassociate_phone_number_contact_flow"


def test_names_of_flows_are_not_kept() -> None:
    client = FakeClient(batch_get_flow_association=[NO_FLOW], list_contact_flows=[FLOWS])
    context = context_of(asker_of(Clock(), connect=client))
    flow_association(context)
    (reply,) = [reply for reply in context.asker.replies if reply.operation == "ListContactFlows"]
    assert reply.response == {}


@pytest.mark.parametrize(
    ("responses", "says"),
    [
        ({"batch_get_flow_association": [by_name(ARN, "x")]}, "The number has a flow already, which is left alone."),
        ({"batch_get_flow_association": [NO_FLOW]}, "No flow could be found to associate."),
        ({"list_contact_flows": [FLOWS]}, "A flow could not be associated: AccessDeniedException."),
    ],
)
def test_flow_that_cannot_be_associated(responses: dict[str, list[Response]], says: str) -> None:
    finding, client = found(flow_association, **responses)
    assert not finding.is_settled
    assert finding.says.startswith(says)
    assert "disassociate_phone_number_contact_flow" not in dict(client.calls)
