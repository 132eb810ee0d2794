"""What AWS says is kept, be it a response or an error."""

from botocore.exceptions import EndpointConnectionError

from .numbers import NOW, Clock, FakeClient, asker_of, error

DATE = {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"date": "Tue, 14 Nov 2023 22:13:30 GMT"}}}


def test_response_is_kept_with_the_time_of_aws_and_without_the_request_id() -> None:
    asker = asker_of(Clock(), connect=FakeClient(describe_phone_number=[{"A": 1, **DATE}]))
    reply = asker.ask("by id", "DescribePhoneNumber", PhoneNumberId="x")
    assert (reply.response, reply.http_status, reply.at) == ({"A": 1}, 200, NOW + 10)
    assert (reply.label, reply.operation, reply.parameters) == ("by id", "DescribePhoneNumber", {"PhoneNumberId": "x"})
    assert reply.outcome == "answered"
    assert asker.replies == [reply]


def test_only_a_part_of_a_response_may_be_kept() -> None:
    asker = asker_of(Clock(), connect=FakeClient(list_contact_flows=[{"A": 1, "B": 2}]))
    assert asker.ask("x", "ListContactFlows", keep=lambda response: {"B": response["B"]}).response == {"B": 2}


def test_error_is_kept_and_not_raised() -> None:
    asker = asker_of(Clock(), connect=FakeClient(release_phone_number=[error("ResourceInUseException", "busy", 409)]))
    reply = asker.ask("x", "ReleasePhoneNumber")
    assert (reply.response, reply.error_code, reply.error_message) == (None, "ResourceInUseException", "busy")
    assert (reply.http_status, reply.at, reply.outcome) == (409, NOW, "ResourceInUseException")


def test_missing_response_is_kept_by_the_name_of_the_error() -> None:
    problem = EndpointConnectionError(endpoint_url="https://secret.example")
    asker = asker_of(Clock(), connect=FakeClient(release_phone_number=[problem]))
    reply = asker.ask("x", "ReleasePhoneNumber")
    assert (reply.error_code, reply.error_message, reply.http_status) == ("EndpointConnectionError", "", 0)


def test_another_service_and_another_client_can_be_asked() -> None:
    logs, other = FakeClient(filter_log_events=[{"events": []}]), FakeClient(tag_resource=[{}])
    asker = asker_of(Clock(), logs=logs)
    asker.ask("x", "FilterLogEvents", service="logs")
    asker.ask("y", "TagResource", client=other)
    assert [call for call, _ in logs.calls + other.calls] == ["filter_log_events", "tag_resource"]
