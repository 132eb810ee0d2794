from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambda_handlers.connect_phone_number.claim import Settings, Specification
from lambda_handlers.connect_phone_number.connect.errors import ConnectError, ErrorKind
from lambda_handlers.connect_phone_number.connect.gateway import Connect, Page, PhoneNumberState
from lambda_handlers.connect_phone_number.hints.hint import Hints
from lambda_handlers.connect_phone_number.hints.pacing import Pacing
from lambda_handlers.connect_phone_number.ledger.store import Conflict
from lambda_handlers.connect_phone_number.timing import NotFinished, TimedOut, Timing
from tests.unit.lambda_handlers.connect_phone_number.world import VirtualClock
from verification.simulator.memory_store import MemoryStore

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

ID = "11111111-2222-3333-4444-555555555555"
FLOW_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
ARN = f"arn:aws:connect:eu-west-1:123456789012:phone-number/{ID}"
INSTANCE = f"arn:aws:connect:eu-west-1:123456789012:instance/{ID}"
GROUP = f"arn:aws:connect:eu-west-1:123456789012:traffic-distribution-group/{ID}"
FLOW = f"{INSTANCE}/contact-flow/{FLOW_ID}"
SOURCE = "arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1"
TOKEN = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
SETTINGS = Settings(INSTANCE, "Support", {"team": "support"})
UNHEARD = ReadTimeoutError(endpoint_url="https://connect.eu-west-1.amazonaws.com")

Outcome = Mapping[str, Any] | Exception


def error(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Operation")


class _Client:
    """Gives out the outcomes in turn, the last one for ever, whatever is called."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.calls.append((method, parameters))
            outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return call


def _permitted() -> None:
    """Forbid nothing."""


class _Bench:
    def __init__(self, *outcomes: Outcome, invocation: float = 900.0, request: float | None = None) -> None:
        self.client = _Client(*outcomes)
        self.clock = VirtualClock()
        self.began = self.clock.now
        deadline = None if request is None else self.began + request
        timing = Timing(self.clock, self.clock.pause, self.began + invocation, lambda: 1.0, deadline)
        hints = Hints(MemoryStore(self.clock), timing, lambda _: None)
        hints.is_available = False
        self.connect = Connect(cast("ConnectClient", self.client), timing, Pacing(hints))

    @property
    def waited(self) -> float:
        return self.clock.now - self.began

    def only_call(self) -> tuple[str, dict[str, Any]]:
        (call,) = self.client.calls
        return call


# --- What is sent and what is understood ---


def test_search() -> None:
    bench = _Bench({"AvailableNumbersList": [{"PhoneNumber": "+1"}, {"PhoneNumber": "+2"}], "NextToken": "t"})
    page = bench.connect.search(Specification("US", "DID", prefix="+1206"), INSTANCE, "s")
    assert page == Page(("+1", "+2"), "t")
    assert bench.only_call() == (
        "search_available_phone_numbers",
        {
            "TargetArn": INSTANCE,
            "PhoneNumberCountryCode": "US",
            "PhoneNumberType": "DID",
            "MaxResults": 10,
            "PhoneNumberPrefix": "+1206",
            "NextToken": "s",
        },
    )


def test_search_that_finds_nothing() -> None:
    bench = _Bench({})
    assert bench.connect.search(Specification("US", "DID"), INSTANCE, "") == Page((), "")
    assert set(bench.only_call()[1]) == {"TargetArn", "PhoneNumberCountryCode", "PhoneNumberType", "MaxResults"}


def test_claim() -> None:
    bench = _Bench({"PhoneNumberArn": ARN})
    assert bench.connect.claim("+12065550100", SETTINGS, {"a": "b"}, TOKEN, lambda: True) == ARN
    assert bench.only_call() == (
        "claim_phone_number",
        {
            "TargetArn": INSTANCE,
            "PhoneNumber": "+12065550100",
            "PhoneNumberDescription": "Support",
            "Tags": {"a": "b"},
            "ClientToken": TOKEN,
        },
    )


def test_import_number() -> None:
    bench = _Bench({"PhoneNumberArn": ARN})
    assert bench.connect.import_number(SOURCE, SETTINGS, {"a": "b"}, TOKEN, lambda: True) == ARN
    assert bench.only_call() == (
        "import_phone_number",
        {
            "InstanceId": ID,
            "SourcePhoneNumberArn": SOURCE,
            "PhoneNumberDescription": "Support",
            "Tags": {"a": "b"},
            "ClientToken": TOKEN,
        },
    )


def test_describe() -> None:
    summary = {
        "PhoneNumber": "+12065550100",
        "PhoneNumberArn": ARN,
        "PhoneNumberStatus": {"Status": "FAILED", "Message": "full"},
        "PhoneNumberCountryCode": "US",
        "PhoneNumberType": "DID",
        "TargetArn": INSTANCE,
        "PhoneNumberDescription": "Support",
        "Tags": {"a": "b"},
    }
    bench = _Bench({"ClaimedPhoneNumberSummary": summary})
    assert bench.connect.describe(ARN) == PhoneNumberState(
        "+12065550100", ARN, "FAILED", "full", "US", "DID", INSTANCE, "Support", {"a": "b"}
    )
    # In the other Region of a traffic distribution group Connect does not know the number by its id.
    assert bench.only_call() == ("describe_phone_number", {"PhoneNumberId": ARN})


def test_describe_of_a_summary_with_gaps() -> None:
    bench = _Bench({"ClaimedPhoneNumberSummary": {}})
    assert bench.connect.describe(ARN) == PhoneNumberState("", ARN, "", "", "", "", "", "", {})


def test_describe_of_a_number_that_is_not_there() -> None:
    assert _Bench(error("ResourceNotFoundException", 404)).connect.describe(ARN) is None


def test_describe_raises_other_errors() -> None:
    with pytest.raises(ConnectError, match="InvalidParameterException"):
        _Bench(error("InvalidParameterException")).connect.describe(ARN)


def test_find_goes_through_all_pages_and_takes_only_the_very_number() -> None:
    bench = _Bench(
        {"ListPhoneNumbersSummaryList": [{"PhoneNumber": "+4912345678901", "PhoneNumberArn": "x"}], "NextToken": "t"},
        {"ListPhoneNumbersSummaryList": [{"PhoneNumber": "+49123456789012", "PhoneNumberArn": ARN}]},
    )
    assert bench.connect.find("+49123456789012", INSTANCE) == ARN
    assert bench.client.calls == [
        # 11 digits are the longest prefix that the API takes.
        ("list_phone_numbers_v2", {"PhoneNumberPrefix": "+49123456789"}),
        ("list_phone_numbers_v2", {"PhoneNumberPrefix": "+49123456789", "NextToken": "t"}),
    ]


@pytest.mark.parametrize("target_arn", [INSTANCE, GROUP])
def test_find_nothing(target_arn: str) -> None:
    assert _Bench({}).connect.find("+12065550100", target_arn) is None


def _listing(*phone_numbers: str) -> Outcome:
    return {"ListPhoneNumbersSummaryList": [{"PhoneNumber": each, "PhoneNumberArn": ARN} for each in phone_numbers]}


def test_a_number_of_a_group_is_looked_for_in_the_group() -> None:
    bench = _Bench(_listing("+12065550100"))
    assert bench.connect.find("+12065550100", GROUP) == ARN
    assert bench.only_call() == (
        "list_phone_numbers_v2",
        {"PhoneNumberPrefix": "+12065550100", "TargetArn": GROUP},
    )


@pytest.mark.parametrize(
    "of_the_group",
    [
        [_listing("+12065550101")],
        [{}],
        # Where there is no such group, it is asked first whether it is still being created.
        [error("ResourceNotFoundException", 404), {"TrafficDistributionGroup": {"Status": "ACTIVE"}}],
    ],
)
def test_a_number_that_the_group_does_not_have_may_be_elsewhere_in_the_account(of_the_group: list[Outcome]) -> None:
    bench = _Bench(*of_the_group, _listing("+12065550100"))
    assert bench.connect.find("+12065550100", GROUP) == ARN
    assert bench.client.calls[-1] == ("list_phone_numbers_v2", {"PhoneNumberPrefix": "+12065550100"})


def test_another_trouble_with_the_group_is_raised() -> None:
    bench = _Bench(error("InvalidParameterException"))
    with pytest.raises(ConnectError, match="InvalidParameterException"):
        bench.connect.find("+12065550100", GROUP)
    assert len(bench.client.calls) == 1


def test_find_imported() -> None:
    bench = _Bench(
        {
            "ListPhoneNumbersSummaryList": [
                {"PhoneNumberArn": "x"},
                {"PhoneNumberArn": ARN, "SourcePhoneNumberArn": SOURCE},
            ]
        }
    )
    assert bench.connect.find_imported(SOURCE) == ARN
    assert bench.only_call() == ("list_phone_numbers_v2", {})


def test_release() -> None:
    bench = _Bench({})
    bench.connect.release(ARN, TOKEN, _permitted)
    assert bench.only_call() == ("release_phone_number", {"PhoneNumberId": ID, "ClientToken": TOKEN})


def test_move() -> None:
    bench = _Bench({})
    bench.connect.move(ARN, INSTANCE, TOKEN)
    assert bench.only_call() == (
        "update_phone_number",
        {"PhoneNumberId": ID, "TargetArn": INSTANCE, "ClientToken": TOKEN},
    )


def test_describe_as() -> None:
    bench = _Bench({})
    bench.connect.describe_as(ARN, "Support", TOKEN)
    assert bench.only_call() == (
        "update_phone_number_metadata",
        {"PhoneNumberId": ID, "PhoneNumberDescription": "Support", "ClientToken": TOKEN},
    )


def test_tags() -> None:
    bench = _Bench({})
    bench.connect.tag(ARN, {"a": "b"})
    bench.connect.untag(ARN, ["a"])
    assert bench.client.calls == [
        ("tag_resource", {"resourceArn": ARN, "tags": {"a": "b"}}),
        ("untag_resource", {"resourceArn": ARN, "tagKeys": ["a"]}),
    ]


def test_flow() -> None:
    bench = _Bench({})
    bench.connect.associate(ARN, FLOW)
    bench.connect.disassociate(ARN, FLOW)
    assert bench.client.calls == [
        (
            "associate_phone_number_contact_flow",
            {"PhoneNumberId": ID, "InstanceId": ID, "ContactFlowId": FLOW_ID},
        ),
        ("disassociate_phone_number_contact_flow", {"PhoneNumberId": ID, "InstanceId": ID}),
    ]


@pytest.mark.parametrize("resource_id", [ARN, ID])
@pytest.mark.parametrize("flow_id", [FLOW, FLOW_ID])
def test_flow_of(resource_id: str, flow_id: str) -> None:
    bench = _Bench({"FlowAssociationSummaryList": [{"ResourceId": resource_id, "FlowId": flow_id}]})
    assert bench.connect.flow_of(ARN, INSTANCE) == FLOW
    assert bench.only_call() == (
        "batch_get_flow_association",
        {"InstanceId": ID, "ResourceIds": [ARN], "ResourceType": "VOICE_PHONE_NUMBER"},
    )


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"FlowAssociationSummaryList": []},
        {"FlowAssociationSummaryList": [{"ResourceId": ARN}]},
        {"FlowAssociationSummaryList": [{"ResourceId": ARN, "FlowId": ""}]},
        {"FlowAssociationSummaryList": [{"ResourceId": FLOW_ID, "FlowId": FLOW_ID}]},
        {"FlowAssociationSummaryList": [{"FlowId": FLOW_ID}]},
    ],
)
def test_flow_of_a_number_without_one(response: Outcome) -> None:
    assert _Bench(response).connect.flow_of(ARN, INSTANCE) == ""


# --- Patience ---


@pytest.mark.parametrize(
    "problem", [error("ThrottlingException", 429), error("InternalServiceException", 500), error("X", 503), UNHEARD]
)
def test_what_passes_by_itself_is_waited_out(problem: Exception) -> None:
    bench = _Bench(*[problem] * 12, {})
    bench.connect.release(ARN, TOKEN, _permitted)
    assert len(bench.client.calls) == 13
    assert bench.waited == 1 + 2 + 4 + 8 + 16 + 7 * 20
    assert {call[1]["ClientToken"] for call in bench.client.calls} == {TOKEN}


def test_it_is_waited_out_until_the_invocations_time_is_up() -> None:
    bench = _Bench(error("ThrottlingException", 429), invocation=100.0)
    with pytest.raises(NotFinished, match="ReleasePhoneNumber: ThrottlingException: said"):
        bench.connect.release(ARN, TOKEN, _permitted)
    assert bench.waited <= 80


def test_it_is_waited_out_until_cloudformation_stops_listening() -> None:
    bench = _Bench(error("InternalServiceException", 500), request=100.0)
    with pytest.raises(TimedOut, match="ReleasePhoneNumber: InternalServiceException: said"):
        bench.connect.release(ARN, TOKEN, _permitted)
    assert bench.waited <= 100


@pytest.mark.parametrize(
    ("code", "problem", "patience"),
    [
        ("AccessDeniedException", ErrorKind.DENIED, 20),
        ("ResourceInUseException", ErrorKind.IN_USE, 60),
    ],
)
def test_what_may_pass_is_waited_for_a_while(code: str, problem: ErrorKind, patience: int) -> None:
    bench = _Bench(error(code))
    with pytest.raises(ConnectError) as raised:
        bench.connect.release(ARN, TOKEN, _permitted)
    assert raised.value.kind is problem
    assert patience <= bench.waited < patience + 21


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceInUseException"])
def test_what_may_pass_does_pass(code: str) -> None:
    bench = _Bench(error(code), error(code), {})
    bench.connect.release(ARN, TOKEN, _permitted)
    assert bench.waited == 1 + 2


@pytest.mark.parametrize(
    "code", ["InvalidParameterException", "ResourceNotFoundException", "IdempotencyException", "Unheard"]
)
def test_what_does_not_pass_is_raised_at_once(code: str) -> None:
    bench = _Bench(error(code))
    with pytest.raises(ConnectError) as raised:
        bench.connect.release(ARN, TOKEN, _permitted)
    assert (raised.value.code, bench.waited, len(bench.client.calls)) == (code, 0, 1)


def test_a_release_is_permitted_anew_before_each_try() -> None:
    bench = _Bench(error("ThrottlingException", 429), {})
    asked: list[int] = []

    def permit() -> None:
        asked.append(len(bench.client.calls))
        if len(asked) == 2:
            raise Conflict

    with pytest.raises(Conflict):
        bench.connect.release(ARN, TOKEN, permit)
    assert asked == [0, 1]
    assert len(bench.client.calls) == 1


@pytest.mark.parametrize(
    ("before", "was_uncertain"),
    [
        ([], False),
        ([error("ThrottlingException", 429)], False),
        ([error("InternalServiceException", 500)], True),
        ([UNHEARD, error("ThrottlingException", 429)], True),
    ],
)
def test_a_refusal_says_whether_an_earlier_invocation_may_have_worked(
    before: list[Exception], was_uncertain: bool
) -> None:
    bench = _Bench(*before, error("InvalidParameterException"))
    with pytest.raises(ConnectError) as raised:
        bench.connect.release(ARN, TOKEN, _permitted)
    assert raised.value.was_uncertain is was_uncertain


@pytest.mark.parametrize("operation", ["claim", "import_number"])
@pytest.mark.parametrize(
    ("outcomes", "was_uncertain"),
    [((), False), ((error("ThrottlingException"),), False), ((UNHEARD, error("ThrottlingException")), True)],
)
def test_a_number_that_is_no_longer_wanted_is_not_asked_for_again(
    operation: str, outcomes: tuple[Exception, ...], was_uncertain: bool
) -> None:
    bench = _Bench(*outcomes, {"PhoneNumberArn": ARN})
    wishes = iter([*(True for _ in outcomes), False])
    subject = "+12065550100" if operation == "claim" else SOURCE
    with pytest.raises(ConnectError) as raised:
        getattr(bench.connect, operation)(subject, SETTINGS, {}, TOKEN, lambda: next(wishes))
    assert raised.value.kind is ErrorKind.CALLED_OFF
    assert raised.value.was_uncertain is was_uncertain
    assert len(bench.client.calls) == len(outcomes)


# --- A traffic distribution group that is being created ---


def _search(bench: _Bench, target_arn: str = GROUP) -> Page:
    return bench.connect.search(Specification("US", "DID"), target_arn, "")


def _group(status: str) -> Outcome:
    return {"TrafficDistributionGroup": {"Id": ID, "Status": status}}


NOT_FOUND = error("ResourceNotFoundException", 404)


def test_a_group_that_is_being_created_is_waited_for() -> None:
    creating = _group("CREATION_IN_PROGRESS")
    bench = _Bench(*[NOT_FOUND, creating] * 6, {"AvailableNumbersList": [{"PhoneNumber": "+1"}]})
    assert _search(bench) == Page(("+1",), "")
    assert bench.waited == 1 + 2 + 4 + 8 + 16 + 20
    assert bench.client.calls[1] == (
        "describe_traffic_distribution_group",
        {"TrafficDistributionGroupId": GROUP},
    )


@pytest.mark.parametrize(
    "outcome",
    [
        _group("ACTIVE"),
        _group("CREATION_FAILED"),
        _group("DELETION_IN_PROGRESS"),
        {},
        NOT_FOUND,
        error("InvalidParameterException"),
    ],
)
def test_a_group_that_is_not_being_created_is_not_waited_for(outcome: Outcome) -> None:
    bench = _Bench(NOT_FOUND, outcome)
    with pytest.raises(ConnectError) as raised:
        _search(bench)
    assert raised.value.kind is ErrorKind.NOT_FOUND
    assert bench.waited == 0
    assert len(bench.client.calls) == 2


def test_a_group_that_comes_to_nothing_ends_the_wait() -> None:
    bench = _Bench(NOT_FOUND, _group("CREATION_IN_PROGRESS"), NOT_FOUND, _group("CREATION_FAILED"))
    with pytest.raises(ConnectError) as raised:
        _search(bench)
    assert raised.value.kind is ErrorKind.NOT_FOUND
    assert bench.waited == 1


def test_a_group_that_is_being_created_for_long_is_waited_for_until_cloudformation_stops_listening() -> None:
    bench = _Bench(*[NOT_FOUND, _group("CREATION_IN_PROGRESS")] * 100, request=100.0)
    with pytest.raises(TimedOut, match="SearchAvailablePhoneNumbers: ResourceNotFoundException: said"):
        _search(bench)


def test_a_group_whose_state_may_not_be_read_is_no_reason_to_wait_for_long() -> None:
    bench = _Bench(NOT_FOUND, error("AccessDeniedException"))
    with pytest.raises(ConnectError) as raised:
        _search(bench)
    assert raised.value.kind is ErrorKind.NOT_FOUND
    assert bench.waited <= 41


def test_an_instance_is_never_waited_for() -> None:
    bench = _Bench(NOT_FOUND, _group("CREATION_IN_PROGRESS"))
    with pytest.raises(ConnectError) as raised:
        _search(bench, INSTANCE)
    assert raised.value.kind is ErrorKind.NOT_FOUND
    assert len(bench.client.calls) == 1


def test_a_refusal_for_a_group_that_exists_by_then_says_whether_an_earlier_invocation_may_have_worked() -> None:
    bench = _Bench(UNHEARD, NOT_FOUND, _group("CREATION_IN_PROGRESS"), error("InvalidParameterException"))
    with pytest.raises(ConnectError) as raised:
        bench.connect.claim("+12065550100", replace(SETTINGS, target_arn=GROUP), {}, TOKEN, lambda: True)
    assert (raised.value.kind, raised.value.was_uncertain) == (ErrorKind.INVALID, True)


def test_what_is_no_error_of_connect_goes_up_as_it_is() -> None:
    with pytest.raises(KeyError):
        _Bench(KeyError("x")).connect.release(ARN, TOKEN, _permitted)


def test_settings_without_a_description_send_an_empty_one() -> None:
    bench = _Bench({"PhoneNumberArn": ARN})
    bench.connect.claim("+12065550100", replace(SETTINGS, description=""), {}, TOKEN, lambda: True)
    assert bench.only_call()[1]["PhoneNumberDescription"] == ""
