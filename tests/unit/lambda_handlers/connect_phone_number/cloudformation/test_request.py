from typing import Any

import pytest

from lambda_handlers.connect_phone_number.cloudformation.request import (
    MalformedRequest,
    Request,
    RequestType,
    failed_creation_id,
    is_failed_creation_id,
    parse_request,
)
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey

URL = "https://bucket.s3.amazonaws.com/key?X-Amz-Date=20260102T030405Z&X-Amz-Expires=7199&X-Amz-Signature=5ec4e7"


def _event(**changes: object) -> dict[str, Any]:
    event: dict[str, Any] = {
        "RequestType": "Update",
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:provider",
        "ResponseURL": URL,
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1",
        "RequestId": "r-1",
        "LogicalResourceId": "Number",
        "PhysicalResourceId": "p-1",
        "ResourceType": "Custom::ConnectPhoneNumber",
        "ResourceProperties": {"CountryCode": "US"},
        "OldResourceProperties": {"CountryCode": "GB"},
    }
    return {name: value for name, value in {**event, **changes}.items() if value is not None}


def _at(query: str) -> Request:
    return parse_request(_event(ResponseURL=f"https://bucket.s3.amazonaws.com/key?{query}"))


def test_an_update() -> None:
    assert parse_request(_event()) == Request(
        type=RequestType.UPDATE,
        stack_id="arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1",
        logical_resource_id="Number",
        request_id="r-1",
        resource_type="Custom::ConnectPhoneNumber",
        response_url=URL,
        physical_resource_id="p-1",
        properties={"CountryCode": "US"},
        old_properties={"CountryCode": "GB"},
    )


def test_a_create_has_no_physical_id() -> None:
    request = parse_request(_event(RequestType="Create", PhysicalResourceId=None, OldResourceProperties=None))
    assert (request.type, request.physical_resource_id, request.old_properties) == (RequestType.CREATE, "", {})


def test_a_delete_has_no_old_properties() -> None:
    request = parse_request(_event(RequestType="Delete", OldResourceProperties=None))
    assert (request.type, request.physical_resource_id, request.old_properties) == (RequestType.DELETE, "p-1", {})


@pytest.mark.parametrize(
    "name",
    [
        "RequestType",
        "ResponseURL",
        "StackId",
        "RequestId",
        "LogicalResourceId",
        "PhysicalResourceId",
        "ResourceType",
        "ResourceProperties",
        "OldResourceProperties",
    ],
)
@pytest.mark.parametrize("value", [None, "", 7, ["x"]])
def test_a_missing_or_wrong_field_is_named(name: str, value: object) -> None:
    with pytest.raises(MalformedRequest, match=f"^The event has no {name}\\.$"):
        parse_request(_event(**{name: value}))


@pytest.mark.parametrize("value", ["create", "Read", "x" * 1000])
def test_an_unknown_request_type(value: str) -> None:
    with pytest.raises(MalformedRequest) as problem:
        parse_request(_event(RequestType=value))
    assert str(problem.value) == f"RequestType must be Create, Update or Delete, but is {value[:40]!r}."


def test_a_redelivery_is_the_same_invocation() -> None:
    assert parse_request(_event()).key == parse_request(_event()).key


def test_a_retried_deployment_is_another_invocation_although_its_request_id_is_the_same() -> None:
    assert parse_request(_event()).key != parse_request(_event(ResponseURL=URL + "0")).key


def test_the_invocations_name_does_not_tell_the_url() -> None:
    invocation = parse_request(_event()).key
    assert len(invocation) == 32
    assert set(invocation) <= set("0123456789abcdef")


def test_the_url_is_not_in_the_requests_text() -> None:
    assert "5ec4e7" not in repr(parse_request(_event()))
    assert "5ec4e7" not in str(parse_request(_event()))


def test_the_time_is_that_of_the_signature() -> None:
    assert parse_request(_event()).sent_at == 1767323045


def test_the_time_of_a_url_of_signature_version_2() -> None:
    assert _at("AWSAccessKeyId=a&Expires=1767330245&Signature=s").sent_at == 1767323045


@pytest.mark.parametrize("query", ["", "X-Amz-Date=now", "X-Amz-Date=20261332T030405Z", "Expires=soon", "Expires="])
def test_a_url_that_does_not_tell_the_time(query: str) -> None:
    assert _at(query).sent_at is None


def test_a_url_that_is_none_does_not_tell_the_time() -> None:
    assert parse_request(_event(ResponseURL="http://[")).sent_at is None


def test_the_resource_that_it_is_about() -> None:
    request = parse_request(_event())
    assert request.resource == ResourceKey(request.stack_id, request.logical_resource_id)


def test_a_failed_creation_is_told_from_others_by_its_id() -> None:
    creation = parse_request(_event(RequestType="Create", PhysicalResourceId=None, OldResourceProperties=None))
    assert creation.failure_id == failed_creation_id(creation.key) == f"not-claimed-{creation.key}"
    assert is_failed_creation_id(creation.failure_id)
    update = parse_request(_event())
    assert update.failure_id == update.physical_resource_id
    assert not is_failed_creation_id(update.failure_id)
    assert not is_failed_creation_id("malformed-request")
