import json
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambda_handlers.connect_phone_number import contract, handler, rules
from lambda_handlers.connect_phone_number.claim import ClaimState
from lambda_handlers.connect_phone_number.cloudformation.response import ResponseNotDelivered
from lambda_handlers.connect_phone_number.ledger.store import Item, Key, StoreUnavailable
from lambda_handlers.connect_phone_number.timing import NotFinished
from verification.simulator.memory_store import MemoryStore

from .world import (
    OTHER_STACK,
    REGION,
    SECRET,
    Answered,
    Died,
    Event,
    World,
    die,
    tag_list,
)

INVENTED = "support-Number-1ABCDEFGH"
GAVE_UP = (
    "The phone number provider gave up after all its invocations ({}). What was begun is finished in the background. "
    "Look at the log of the provider's function for this request, then try again."
)


def _given_up(event: Any, **changes: Any) -> Event:
    """Return the queue's record of an event on which Lambda has given up."""
    record: dict[str, Any] = {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorType": "NotFinished", "errorMessage": "out of time", "stackTrace": []},
        **changes,
    }
    return {"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": json.dumps(record)}]}


# --- Malformed events never end in silence ---

MALFORMED: list[tuple[str, dict[str, Any], str]] = [
    ("no type", {"RequestType": None}, "The event has no RequestType."),
    (
        "unknown type",
        {"RequestType": "Read"},
        "RequestType must be Create, Update or Delete, but is 'Read'.",
    ),
    ("type is a number", {"RequestType": 1}, "The event has no RequestType."),
    ("no stack", {"StackId": None}, "The event has no StackId."),
    ("no resource", {"LogicalResourceId": None}, "The event has no LogicalResourceId."),
    ("no request id", {"RequestId": None}, "The event has no RequestId."),
    ("no resource type", {"ResourceType": None}, "The event has no ResourceType."),
    ("no properties", {"ResourceProperties": None}, "The event has no ResourceProperties."),
    ("properties as text", {"ResourceProperties": "x"}, "The event has no ResourceProperties."),
    ("delete of nothing", {"RequestType": "Delete"}, "The event has no PhysicalResourceId."),
    (
        "update without old properties",
        {"RequestType": "Update", "PhysicalResourceId": "p"},
        "The event has no OldResourceProperties.",
    ),
]


@pytest.mark.parametrize(("changes", "reason"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_a_malformed_request_is_answered(world: World, changes: dict[str, Any], reason: str) -> None:
    event = {name: value for name, value in {**world.event("Create"), **changes}.items() if value is not None}
    world.handle(event)
    (response,) = world.responses
    assert (response.status, response.reason, response.url) == ("FAILED", reason, event["ResponseURL"])
    assert response.physical_id == event.get("PhysicalResourceId", "malformed-request")
    assert response.fields["StackId"] == str(event.get("StackId", ""))
    assert world.emulator.audit == []


@pytest.mark.parametrize("url", [None, "", 7])
def test_a_request_that_cannot_be_answered_is_logged(world: World, url: object) -> None:
    world.handle({**world.event("Create"), "ResponseURL": url})
    (line,) = world.messages()
    assert (line["level"], line["message"], line["reason"]) == (
        "ERROR",
        "malformed request",
        "The event has no ResponseURL.",
    )
    assert "ResourceProperties" in line["fields"]


@pytest.mark.parametrize("event", [{}, {"a": 1}, {"action": "other"}, {"action": None}])
def test_an_event_of_nobody_is_logged(world: World, event: Event) -> None:
    world.handle(event)
    (line,) = world.messages()
    assert (line["level"], line["message"]) == ("ERROR", "malformed request")


@pytest.mark.parametrize("event", ["text", 7, None, [], [1]])
def test_an_event_that_is_no_object_is_logged(world: World, event: object) -> None:
    world.handle(event)
    (line,) = world.messages()
    assert line["level"] == "ERROR"


# --- Who handles what ---


def test_bad_input_of_every_request_is_answered_before_anything_is_called(world: World) -> None:
    failed = world.create(Prefix="1206")
    assert failed.status == "FAILED"
    assert failed.reason.startswith("Prefix must be '+' and 1 to 11 digits")
    assert world.emulator.audit == []


def test_a_target_that_is_not_served_is_refused_before_anything_is_called(world: World) -> None:
    other = world.emulator.add_instance(REGION)
    outside = replace(world.function()._world, target_arns=(other,))
    handler.Function(outside).handle(world.event("Create"), world.context())
    (response,) = world.responses
    assert response.status == "FAILED"
    assert response.reason.startswith(f"TargetArn {world.instance} is not among the targets")
    assert world.emulator.audit == []


def _send(world: World, event: Event, **narrowed: Any) -> Answered:
    """Send an event to a provider that allows less than the world's."""
    function = handler.Function(replace(world.function()._world, **narrowed))
    function.handle(event, world.context())
    (response,) = (each for each in world.responses if each.url == event["ResponseURL"])
    return response


def _pool_event(world: World, **properties: Any) -> Event:
    event = world.event("Create", resource="Pool", resource_type=contract.POOL_RESOURCE_TYPE)
    event["ResourceProperties"] = {
        "ServiceToken": event["ServiceToken"],
        "MaxParked": "5",
        "ReleaseAfter": "86400",
        **properties,
    }
    return event


def test_an_adoption_is_refused_where_the_provider_allows_none(world: World) -> None:
    arn = world.claimed_by_hand("+442079460000")
    event = world.event("Create", CountryCode=None, Type=None, PhoneNumber="+442079460000", Adopt="true")
    before = len(world.emulator.audit)

    refused = _send(world, event, allow_adoption=False)

    assert refused.status == "FAILED"
    assert refused.reason == (
        "+442079460000 is not adopted: this provider has allow_adoption=False, so neither Adopt nor the PhoneNumbers "
        "of a pool work with it. Use a provider that allows adoption, or claim a number instead."
    )
    assert world.emulator.audit[before:] == []
    assert world.number(arn).tags == {}


def test_the_list_of_a_pool_is_refused_where_the_provider_allows_no_adoption(world: World) -> None:
    arn = world.claimed_by_hand("+442079460000")
    event = _pool_event(
        world,
        PhoneNumbers=["+442079460000"],
        MinParked="1",
        CountryCode="GB",
        ParkingTargetArn=world.instance,
    )
    before = len(world.emulator.audit)

    refused = _send(world, event, allow_adoption=False)

    assert refused.status == "FAILED"
    assert "allow_adoption=False" in refused.reason
    # No number was claimed for the pool's minimum either.
    assert not any(entry.operation == "ClaimPhoneNumber" for entry in world.emulator.audit[before:])
    assert world.number(arn).tags == {}


def test_a_number_that_was_adopted_before_can_still_be_changed_and_released(world: World) -> None:
    arn = world.claimed_by_hand("+442079460000")
    adoption: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": "+442079460000", "Adopt": "true"}
    world.send(world.event("Create", **adoption))
    changed = world.event("Update", arn, Description="Support", **adoption)

    assert _send(world, changed, allow_adoption=False).status == "SUCCESS"
    assert world.number(arn).description == "Support"
    assert _send(world, world.event("Delete", arn, **adoption), allow_adoption=False).status == ("SUCCESS")


def test_a_number_is_claimed_where_the_provider_allows_no_adoption(world: World) -> None:
    assert _send(world, world.event("Create"), allow_adoption=False).status == "SUCCESS"


_NOT_SERVED = (
    "The provider serves only stacks whose names begin with 'sales', which 'support' does not. Rename the stack, use "
    "another provider, or change the provider's stack_name_prefix."
)


def test_a_stack_that_is_not_served_gets_no_number(world: World) -> None:
    refused = _send(world, world.event("Create"), stack_name_prefix="sales")

    assert (refused.status, refused.reason) == ("FAILED", _NOT_SERVED)
    assert world.emulator.audit == []
    assert _send(world, world.event("Create"), stack_name_prefix="sup").status == "SUCCESS"


def test_a_stack_that_is_not_served_gets_no_pool(world: World) -> None:
    refused = _send(world, _pool_event(world), stack_name_prefix="sales")

    assert (refused.status, refused.reason) == ("FAILED", _NOT_SERVED)


def test_a_stack_that_is_no_longer_served_keeps_its_number_and_can_change_and_delete_it(world: World) -> None:
    arn = world.created()
    changed = world.event("Update", arn, Description="Support")

    assert _send(world, changed, stack_name_prefix="sales").status == "SUCCESS"
    assert world.number(arn).description == "Support"
    replaced = world.event("Update", arn, Prefix="+4420", AllowReplacement="true", Type="TOLL_FREE")
    assert _send(world, replaced, stack_name_prefix="sales").status == "FAILED"
    assert _send(world, world.event("Delete", arn), stack_name_prefix="sales").status == "SUCCESS"
    assert world.held() == []


def test_the_schedules_event_sweeps(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="InvalidParameterException")
    world.delete(arn)
    world.clock.pause(3600)
    world.handle({"action": "sweep"})
    assert world.held() == []
    assert any(line.get("DueWork") == 1 for line in world.messages())


def test_each_line_of_the_log_names_the_request(world: World) -> None:
    event = world.event("Create")
    world.send(event)
    lines = [line for line in world.messages() if "_aws" not in line]
    assert lines
    for line in lines:
        assert (line["stack"], line["resource"], line["request"], line["type"]) == (
            event["StackId"],
            "Number",
            event["RequestId"],
            "Create",
        )


# --- Answers (S20) ---


@pytest.mark.parametrize("problem", [500, 503, TimeoutError(), ConnectionResetError()])
def test_s20_a_response_that_does_not_arrive_is_sent_again(world: World, problem: int | Exception) -> None:
    world.put_status = [problem, problem]
    assert world.create().succeeded


def test_s20_a_response_that_never_arrives_is_left_to_a_redelivery_which_answers_alike(world: World) -> None:
    event = world.event("Create")
    world.put_status = [500] * 7
    with pytest.raises(ResponseNotDelivered):
        world.handle(event)
    assert world.responses == []
    created = world.send(event)
    assert created.succeeded
    assert world.effects("ClaimPhoneNumber") == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_s20_a_response_that_nobody_takes_does_not_come_again_and_is_published(world: World, status: int) -> None:
    event = world.event("Create")
    world.put_status = [status] * 14
    # As long as CloudFormation listens, it may be the refusal that is wrong.
    with pytest.raises(ResponseNotDelivered):
        world.handle(event)
    world.clock.pause(rules.MAX_TIMEOUT_SECONDS)
    world.handle(event)
    assert world.responses == []
    line, metrics = world.messages()[-2:]
    assert (line["level"], line["message"]) == ("ERROR", "CloudFormation does not take a response")
    assert (line["status"], line["physical_id"]) == ("SUCCESS", world.claim().arn)
    assert (metrics["ResponsesNotDelivered"], metrics["Provider"]) == (1, "shared")


def test_s20_a_response_that_is_taken_is_not_published_as_lost(world: World) -> None:
    world.put_status = [403, 400]
    assert world.create().succeeded
    assert not any("ResponsesNotDelivered" in line for line in world.messages())
    assert [line["message"] for line in world.messages() if line.get("physical_id")] == ["answered"]


def test_s20_a_number_whose_response_nobody_took_is_asked_about_later(world: World) -> None:
    world.put_status = [403] * 7
    with pytest.raises(ResponseNotDelivered):
        world.handle(world.event("Create"))
    claim = world.claim()
    assert (claim.state, claim.follow_up, claim.acknowledged) == (ClaimState.LIVE, True, False)
    # CloudFormation has never heard of the number, and its resource is gone.
    for _ in range(2):
        world.clock.pause(600)
        world.sweep()
    assert world.held() == []


# --- When all invocations are spent (L5) ---


def test_a_request_that_lambda_gave_up_on_is_answered(world: World) -> None:
    event = world.event("Create")
    world.handle(_given_up(event))
    (response,) = world.responses
    assert (response.status, response.url, response.reason) == (
        "FAILED",
        event["ResponseURL"],
        GAVE_UP.format("NotFinished"),
    )
    assert response.physical_id.startswith("not-claimed-")
    assert any(line.get("FailedDeliveries") == 1 for line in world.messages())


@pytest.mark.parametrize("request_type", ["Update", "Delete"])
def test_it_names_the_number_that_the_resource_has(world: World, request_type: str) -> None:
    arn = world.created()
    world.handle(_given_up(world.event(request_type, arn, Description="x")))
    response = world.responses[-1]
    assert (response.status, response.physical_id) == ("FAILED", arn)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"responsePayload": {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: x"}}, "Sandbox.Timedout"),
        ({"responsePayload": {"errorMessage": "2026 Task timed out"}}, "RetriesExhausted"),
        ({"responsePayload": None, "requestContext": {"condition": "EventAgeExceeded"}}, "EventAgeExceeded"),
        ({"responsePayload": None, "requestContext": {}}, "unknown error"),
        ({"responsePayload": "text"}, "RetriesExhausted"),
    ],
)
def test_it_says_why(world: World, changes: dict[str, Any], problem: str) -> None:
    world.handle(_given_up(world.event("Create"), **changes))
    assert world.responses[-1].reason == GAVE_UP.format(problem)


def test_what_the_failed_creation_had_begun_is_released(world: World) -> None:
    event = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.handle(_given_up(event))
    failed = world.responses[-1]
    assert failed.status == "FAILED"
    for _ in range(3):
        world.clock.pause(3600)
        world.sweep()
    assert world.held() == []
    assert world.delete(failed.physical_id).succeeded


def test_a_release_that_was_asked_for_still_happens(world: World) -> None:
    arn = world.created()
    event = world.event("Delete", arn)
    world.client.before["release_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.handle(_given_up(event))
    assert world.responses[-1].status == "FAILED"
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == []


def test_a_request_that_an_invocation_has_answered_is_answered_alike(world: World) -> None:
    event = world.event("Create")
    created = world.send(event)
    world.handle(_given_up(event))
    assert world.responses[-1].fields == created.fields


def test_it_is_answered_alike_however_often_the_record_comes(world: World) -> None:
    event = world.event("Create")
    for _ in range(2):
        world.handle(_given_up(event))
    assert world.responses[0].fields == world.responses[1].fields


class Broken(MemoryStore):
    """A ledger that cannot be reached."""

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        raise StoreUnavailable(f"{keys} are gone")


class Lost(MemoryStore):
    """A ledger whose table is gone."""

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": f"{keys}"}}, "TransactGetItems")


def test_it_is_not_answered_while_the_ledger_is_unavailable_for_a_while(world: World) -> None:
    world.store = Broken(world.clock)
    began = world.clock()
    # Another invocation may have answered it, or may yet do so. The queue delivers the record again.
    with pytest.raises(NotFinished):
        world.handle(_given_up(world.event("Create")))
    assert world.responses == []
    assert world.clock() - began < 120, "the queue's message is not to come again meanwhile"


def test_it_is_answered_where_the_ledger_does_not_come_back_by_itself(world: World) -> None:
    world.store = Lost(world.clock)
    # The queue delivers it again, until the ledger knows what is to be undone.
    with pytest.raises(NotFinished):
        world.handle(_given_up(world.event("Create")))
    (response,) = world.responses
    assert (response.status, response.reason) == ("FAILED", GAVE_UP.format("NotFinished"))


@pytest.mark.parametrize("store_type", [Broken, Lost])
def test_a_delete_that_the_ledger_could_not_be_told_of_happens_when_the_record_comes_again(
    world: World, store_type: type[MemoryStore]
) -> None:
    arn = world.created()
    record = _given_up(world.event("Delete", arn))
    store, world.store = world.store, store_type(world.clock)
    with pytest.raises(NotFinished):
        world.handle(record)
    world.store = store
    world.handle(record)
    assert {response.status for response in world.responses[1:]} == {"FAILED"}
    world.sweep()
    assert world.held() == []


def test_a_malformed_request_that_lambda_gave_up_on_is_answered(world: World) -> None:
    event = world.event("Create")
    del event["StackId"]
    world.handle(_given_up(event))
    assert (world.responses[-1].status, world.responses[-1].reason) == ("FAILED", GAVE_UP.format("NotFinished"))


@pytest.mark.parametrize("payload", [{}, "text", None, 7, {"action": "sweep"}])
def test_what_cannot_be_answered_is_logged_and_does_not_come_again(world: World, payload: object) -> None:
    world.handle(_given_up(payload))
    assert world.responses == []
    assert any(line.get("level") == "ERROR" for line in world.messages())


@pytest.mark.parametrize("body", ["", "no JSON", "7", "[]", "null"])
def test_a_message_of_nobody_is_logged_and_does_not_come_again(world: World, body: str) -> None:
    world.handle({"Records": [{"messageId": "m", "body": body}]})
    assert any(line.get("level") == "ERROR" for line in world.messages())


def test_all_records_of_a_batch_are_answered(world: World) -> None:
    one, other = world.event("Create"), world.event("Create", stack=OTHER_STACK)
    records = [*_given_up(one)["Records"], *_given_up(other)["Records"]]
    world.handle({"Records": records})
    assert [response.url for response in world.responses] == [one["ResponseURL"], other["ResponseURL"]]


def test_the_providers_own_resource_is_answered_too(world: World) -> None:
    event = world.event("Delete", "provider-shared", resource_type="Custom::ConnectPhoneNumberProvider")
    world.handle(_given_up(event))
    assert (world.responses[-1].status, world.responses[-1].physical_id) == ("FAILED", "provider-shared")


# --- The response URL is a secret ---


def _everything(world: World) -> str:
    store = world.store
    assert isinstance(store, MemoryStore)
    return "\n".join(
        [
            *world.lines,
            json.dumps(store.dump()),
            *(json.dumps(response.fields) for response in world.responses),
            *(str(entry) for entry in world.emulator.audit),
        ]
    )


def _text_of(raised: BaseException) -> str:
    # As Lambda prints it: with the whole chain of causes, and the local values that are in the messages.
    return "".join(traceback.format_exception(raised)) + repr(raised.args)


def test_the_response_url_appears_nowhere(world: World) -> None:
    texts: list[str] = []

    def tried(event: Any, seconds: float = 900.0) -> None:
        try:
            world.handle(event, seconds)
        except BaseException as raised:
            texts.append(_text_of(raised))

    arn = world.created(Description="Support", Tags=tag_list(team="support"))
    world.update(arn, Description="x")
    world.update(arn, CountryCode="GB")
    world.create(Type="MOBILE")
    world.create(resource="Gone", Prefix="+1999")
    event = world.event("Create", stack=OTHER_STACK)
    world.client.after["claim_phone_number"] = die
    tried(event)
    tried(event)
    tried(world.event("Create", resource="Slow"), seconds=21)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    tried(world.event("Delete", arn))
    tried(world.event("Delete", INVENTED, stack=OTHER_STACK))
    world.sweep()
    broken = world.event("Create", resource="Broken")
    del broken["StackId"]
    tried(broken)
    tried({**world.event("Create"), "RequestType": "Read"})
    for outcome in (500, 403, TimeoutError(SECRET), ConnectionResetError(SECRET)):
        world.put_status = [outcome] * 7
        tried(world.event("Update", arn, Description="y"))
        world.put_status = []
    given_up = world.event("Create", resource="GivenUp")
    tried(_given_up(given_up, responsePayload={"errorType": "E", "errorMessage": given_up["ResponseURL"]}))
    tried(_given_up(broken))
    tried(_given_up(given_up["ResponseURL"]))
    tried({"Records": [{"body": given_up["ResponseURL"]}]})
    tried({"Records": [{"body": json.dumps(given_up["ResponseURL"])}]})
    assert texts
    assert len(world.responses) > 10
    assert SECRET not in _everything(world)
    assert SECRET not in "\n".join(texts)
    assert "answers.s3.amazonaws.com" not in _everything(world) + "\n".join(texts)


# --- The real world outside ---


@contextmanager
def _no_dependencies_yet() -> Generator[None]:
    """Let the function make its clients anew, as in a new process."""
    handler._dependencies.cache_clear()
    try:
        yield
    finally:
        handler._dependencies.cache_clear()


class _Client:
    """A client of boto3 whose every call returns its arguments."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(**arguments: str) -> object:
            return name, arguments

        return call


def test_a_client_is_made_once_and_only_where_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, Mapping[str, Any]]] = []

    def client(service: str, **options: Any) -> object:
        made.append((service, options))
        return _Client()

    monkeypatch.setattr(boto3, "client", client)
    monkeypatch.setenv("LEDGER_TABLE_NAME", "ledger")
    monkeypatch.setenv("PROVIDER_ID", "shared")
    with _no_dependencies_yet():
        handler.on_event({"no": "request"}, World().context())
        assert made == []

        connect: Any = handler._dependencies().connect
        for _ in range(2):
            assert connect.describe_phone_number(PhoneNumberId="id") == (
                "describe_phone_number",
                {"PhoneNumberId": "id"},
            )
    assert [service for service, _ in made] == ["connect"]


@pytest.mark.parametrize(("service", "least"), [("connect", 1), ("dynamodb", 1), ("cloudformation", 5)])
def test_each_client_makes_as_many_tries_as_nothing_else_counts(
    monkeypatch: pytest.MonkeyPatch, service: str, least: int
) -> None:
    # Tries are counted in connect.gateway and in the ledger. Nothing counts them for CloudFormation.
    made: dict[str, Any] = {}

    def client(name: str, **options: Any) -> object:
        made[name] = options["config"].retries["total_max_attempts"]
        return _Client()

    monkeypatch.setattr(boto3, "client", client)
    monkeypatch.setenv("LEDGER_TABLE_NAME", "ledger")
    monkeypatch.setenv("PROVIDER_ID", "shared")
    with _no_dependencies_yet():
        dependencies: Any = handler._dependencies()
        dependencies.connect.list_phone_numbers_v2()
        dependencies.store._client.get_item()
        dependencies.stacks._client.describe_stacks()
    assert made[service] == least


@pytest.mark.parametrize(
    ("variable", "target_arns"),
    [(None, ()), ("", ()), ("arn:one", ("arn:one",)), ("arn:one arn:two", ("arn:one", "arn:two"))],
)
def test_the_targets_that_are_served_are_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, target_arns: tuple[str, ...]
) -> None:
    def client(service: str, **_: Any) -> object:
        return service

    monkeypatch.setattr(boto3, "client", client)
    monkeypatch.setenv("LEDGER_TABLE_NAME", "ledger")
    monkeypatch.setenv("PROVIDER_ID", "shared")
    monkeypatch.delenv("TARGET_ARNS", raising=False)
    if variable is not None:
        monkeypatch.setenv("TARGET_ARNS", variable)
    with _no_dependencies_yet():
        assert handler._dependencies().target_arns == target_arns


@pytest.mark.parametrize(
    ("environment", "allow_adoption", "stack_name_prefix"),
    [({}, True, ""), ({"ALLOW_ADOPTION": "false", "STACK_NAME_PREFIX": "support-"}, False, "support-")],
)
def test_what_the_provider_allows_is_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], allow_adoption: bool, stack_name_prefix: str
) -> None:
    monkeypatch.setenv("LEDGER_TABLE_NAME", "ledger")
    monkeypatch.setenv("PROVIDER_ID", "shared")
    for name in ("ALLOW_ADOPTION", "STACK_NAME_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with _no_dependencies_yet():
        dependencies = handler._dependencies()
    assert (dependencies.allow_adoption, dependencies.stack_name_prefix) == (allow_adoption, stack_name_prefix)


def test_on_event_writes_lines_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDGER_TABLE_NAME", "ledger")
    monkeypatch.setenv("PROVIDER_ID", "shared")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with _no_dependencies_yet():
        handler.on_event({"no": "request"}, World().context())
    assert json.loads(capsys.readouterr().out)["message"] == "malformed request"
