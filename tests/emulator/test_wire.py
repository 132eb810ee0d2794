"""Every operation over HTTP against botocore's service model: valid calls, invalid ones, and all error codes."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from local_aws.connect_emulator.service import OPERATIONS

from .conftest import OTHER_REGION, REGION, Service, claim, error_of, instance_id

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

MODEL: dict[str, Any] = Loader().load_service_model("connect", "service-2")
SHAPES: dict[str, Any] = MODEL["shapes"]
TOKEN = "00000000-0000-4000-8000-000000000000"

# What breaks each pattern of the model that anything breaks.
AGAINST_PATTERN = {
    "ACGRInstanceIdOrArn": ["a b", "arn:aws:connect:us-east-1:000000000000:queue/a"],
    "PhoneNumber": ["12065550100", "+02065550100", "+1206555010012345", "\\+12065550100", "+1206x", ""],
    "PhoneNumberPrefix": ["+", "+123456789012", "1206-", "\\+1206", ""],
    "TagKey": ["aws:name", "a*b", "a\tb"],
}
# "[\W\S_]*" is any text at all.
UNBREAKABLE = {"PhoneNumberDescription"}


def valid_calls(service: Service) -> dict[str, dict[str, Any]]:
    """Return valid parameters for each operation, and make what they speak of."""
    emulator = service.emulator
    first, second = emulator.add_instance(REGION), emulator.add_instance(REGION)
    source = emulator.add_source_number(REGION, "+12065550999", "US", "DID")
    number = claim(service.client(), first)
    emulator.advance(2)
    return {
        "AssociatePhoneNumberContactFlow": {
            "PhoneNumberId": number,
            "InstanceId": instance_id(first),
            "ContactFlowId": "flow",
        },
        "BatchGetFlowAssociation": {
            "InstanceId": instance_id(first),
            "ResourceIds": [number],
            "ResourceType": "VOICE_PHONE_NUMBER",
        },
        "ClaimPhoneNumber": {
            "TargetArn": first,
            "PhoneNumber": "+12065550150",
            "PhoneNumberDescription": "Späti ☎",
            "Tags": {"Käufer: ré-sumé/@": ""},
            "ClientToken": TOKEN,
        },
        "CreateContactFlow": {
            "InstanceId": instance_id(first),
            "Name": "Support",
            "Type": "CONTACT_FLOW",
            "Content": "{}",
            "Status": "SAVED",
            "Tags": {"a": "b"},
        },
        "DeleteContactFlow": {
            "InstanceId": instance_id(first),
            "ContactFlowId": emulator.add_contact_flow(first).rpartition("/")[2],
        },
        "DescribePhoneNumber": {"PhoneNumberId": number},
        "DescribeTrafficDistributionGroup": {
            "TrafficDistributionGroupId": emulator.add_traffic_distribution_group(REGION, OTHER_REGION)
        },
        "DisassociatePhoneNumberContactFlow": {"PhoneNumberId": number, "InstanceId": instance_id(first)},
        "ImportPhoneNumber": {
            "InstanceId": instance_id(first),
            "SourcePhoneNumberArn": source,
            "PhoneNumberDescription": "",
            "Tags": {"a": "b"},
            "ClientToken": TOKEN,
        },
        "ListFlowAssociations": {
            "InstanceId": instance_id(first),
            "ResourceType": "VOICE_PHONE_NUMBER",
            "MaxResults": 1000,
        },
        "ListPhoneNumbersV2": {
            "TargetArn": first,
            "MaxResults": 1000,
            "PhoneNumberCountryCodes": ["US", "CA"],
            "PhoneNumberTypes": ["DID"],
            "PhoneNumberPrefix": "+1",
        },
        "ListTagsForResource": {"resourceArn": number},
        "ListTrafficDistributionGroups": {"InstanceId": instance_id(first), "MaxResults": 10},
        "ReleasePhoneNumber": {"PhoneNumberId": number, "ClientToken": TOKEN},
        "SearchAvailablePhoneNumbers": {
            "TargetArn": first,
            "PhoneNumberCountryCode": "US",
            "PhoneNumberType": "DID",
            "PhoneNumberPrefix": "+1206",
            "MaxResults": 10,
        },
        "TagResource": {"resourceArn": number, "tags": {"a": "b"}},
        "UntagResource": {"resourceArn": number, "tagKeys": ["a", "b"]},
        "UpdatePhoneNumber": {"PhoneNumberId": number, "TargetArn": second, "ClientToken": TOKEN},
        "UpdatePhoneNumberMetadata": {
            "PhoneNumberId": number,
            "PhoneNumberDescription": "new",
            "ClientToken": TOKEN,
        },
    }


def call(connect: "ConnectClient", operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = getattr(connect, xform_name(operation))(**parameters)
    return response


def input_members(operation: str) -> dict[str, Any]:
    members: dict[str, Any] = SHAPES[MODEL["operations"][operation]["input"]["shape"]]["members"]
    return members


def bad_strings(shape_name: str) -> Iterator[tuple[str, Any]]:
    shape = SHAPES[shape_name]
    if shape.get("min", 0) > 0:
        yield "too short", ""
    if "max" in shape:
        yield "too long", "x" * (shape["max"] + 1)
    if "enum" in shape:
        yield "no value of the enum", "NO_SUCH_VALUE"
    if "pattern" in shape and shape_name not in UNBREAKABLE:
        for text in AGAINST_PATTERN[shape_name]:
            yield f"against the pattern: {text!r}", text


def bad_values(shape_name: str) -> Iterator[tuple[str, Any]]:
    """Go through what breaks the constraints of a shape, one at a time."""
    shape = SHAPES[shape_name]
    if shape["type"] == "string":
        yield from bad_strings(shape_name)
    elif shape["type"] == "integer":
        yield "too small", shape["min"] - 1
        yield "too large", shape["max"] + 1
    elif shape["type"] == "list":
        member = shape["member"]["shape"]
        good = SHAPES[member].get("enum", ["x"])[0]
        yield "too many", [good] * (shape["max"] + 1)
        if shape.get("min", 0) > 0:
            yield "too few", []
        for why, text in bad_strings(member):
            yield f"member {why}", [good, text]
    elif shape["type"] == "map":
        yield "too many", {f"key{number}": "" for number in range(shape["max"] + 1)}
        yield "too few", {}
        for why, text in bad_strings(shape["key"]["shape"]):
            yield f"key {why}", {text: "x"}
        for why, text in bad_strings(shape["value"]["shape"]):
            yield f"value {why}", {"key": text}


def invalid_calls() -> Iterator[Any]:
    for operation in OPERATIONS:
        for name, reference in input_members(operation).items():
            if reference.get("location") == "uri":
                continue
            for why, value in bad_values(reference["shape"]):
                # boto3 puts no empty list into a query string: the member is missing then.
                sent = None if value == [] and "location" in reference else value
                yield pytest.param(operation, name, sent, id=f"{operation}-{name}-{why[:60]}")
        for name in SHAPES[MODEL["operations"][operation]["input"]["shape"]].get("required", ()):
            if input_members(operation)[name].get("location") != "uri":
                yield pytest.param(operation, name, None, id=f"{operation}-{name}-missing")


INVALID_CALLS = list(invalid_calls())


def test_table_of_invalid_calls_is_not_empty() -> None:
    assert len(INVALID_CALLS) > 90


@pytest.mark.parametrize("operation", OPERATIONS)
def test_valid_call(service: Service, operation: str) -> None:
    parameters = valid_calls(service)[operation]
    response = call(service.client(), operation, parameters)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    output = MODEL["operations"][operation].get("output")
    members = SHAPES[output["shape"]]["members"].keys() if output else set[str]()
    assert response.keys() - {"ResponseMetadata"} <= members
    logged = service.emulator.audit[-1]
    assert (logged.operation, logged.outcome) == (operation, "ok")
    assert logged.parameters == parameters
    assert logged.client_token == parameters.get("ClientToken")


@pytest.mark.parametrize(("operation", "name", "value"), INVALID_CALLS)
def test_invalid_call(service: Service, operation: str, name: str, value: Any) -> None:
    parameters = valid_calls(service)[operation]
    del service.emulator.audit[:]
    if value is None:
        del parameters[name]
    else:
        parameters[name] = value
    code, message, http_status = error_of(lambda: call(service.client(), operation, parameters))
    errors = {error["shape"] for error in MODEL["operations"][operation]["errors"]}
    expected = "InvalidParameterException" if "InvalidParameterException" in errors else "InvalidRequestException"
    assert (code, http_status) == (expected, 400)
    assert f"at '{name[0].lower()}{name[1:]}" in message
    assert not service.emulator.audit[-1].took_effect


@pytest.mark.parametrize("operation", OPERATIONS)
def test_member_of_another_type(service: Service, operation: str) -> None:
    parameters = valid_calls(service)[operation]
    for name, reference in input_members(operation).items():
        if "location" in reference:
            continue
        for value in (True, 1.5, "text", ["x"], {"x": "y"}):
            kind = SHAPES[reference["shape"]]["type"]
            if isinstance(value, {"string": str, "list": list, "map": dict}.get(kind, type(None))):
                continue
            with pytest.raises(RawError) as caught:
                raw_call(service, operation, {**parameters, name: value})
            assert caught.value.code == "InvalidParameterException", (name, value)


def error_codes() -> Iterator[Any]:
    for operation in OPERATIONS:
        for error in MODEL["operations"][operation]["errors"]:
            yield operation, error["shape"]


@pytest.mark.parametrize(("operation", "code"), list(error_codes()))
def test_error_code(service: Service, operation: str, code: str) -> None:
    parameters = valid_calls(service)[operation]
    service.emulator.faults.add(operation, "error", code=code, message="on purpose")
    response = error_of(lambda: call(service.client(), operation, parameters))
    assert response == (code, "on purpose", SHAPES[code]["error"]["httpStatusCode"])


def test_integer_in_a_query_string_that_is_none(service: Service) -> None:
    parameters = valid_calls(service)["ListFlowAssociations"]
    with pytest.raises(RawError) as caught:
        raw_call(service, "ListFlowAssociations", {**parameters, "MaxResults": "many"})
    assert (caught.value.code, caught.value.status) == ("InvalidParameterException", 400)


def test_members_that_the_model_does_not_have_are_ignored(service: Service) -> None:
    parameters = valid_calls(service)["ListPhoneNumbersV2"]
    raw_call(service, "ListPhoneNumbersV2", {**parameters, "Color": "red"})
    assert "Color" not in service.emulator.audit[-1].parameters


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_body_that_is_no_json_object(service: Service, body: bytes) -> None:
    with pytest.raises(RawError) as caught:
        raw_request(service, "POST", "/phone-number/list", body)
    assert (caught.value.code, caught.value.status) == ("SerializationException", 400)


def test_request_without_credentials(service: Service) -> None:
    with pytest.raises(RawError) as caught:
        raw_request(service, "POST", "/phone-number/list", b"{}", authorization="")
    assert caught.value.code == "MissingAuthenticationTokenException"


def test_operation_that_is_not_emulated(service: Service) -> None:
    code, message, http_status = error_of(lambda: service.client().list_instances())
    assert (code, http_status) == ("NotImplemented", 501)
    assert "no ListInstances" in message
    assert "ClaimPhoneNumber" in message


def test_path_that_no_operation_has(service: Service) -> None:
    with pytest.raises(RawError) as caught:
        raw_request(service, "GET", "/a/b/c/d/e/f/g", b"")
    assert caught.value.status == 404


def test_access_key_of_twelve_digits_is_the_account(service: Service, target_arn: str) -> None:
    other = service.client(account="123456789012")
    assert error_of(lambda: claim(other, target_arn, PhoneNumber="+12065550100"))[0] == "ResourceNotFoundException"
    own = service.emulator.add_instance(REGION, account="123456789012")
    assert claim(other, own).startswith(f"arn:aws:connect:{REGION}:123456789012:phone-number/")
    assert service.client(account="AKIATEST").list_phone_numbers_v2()["ListPhoneNumbersSummaryList"] == []


def test_region_is_that_of_the_signature(service: Service) -> None:
    service.client(OTHER_REGION).list_phone_numbers_v2()
    assert service.emulator.audit[-1].region == OTHER_REGION


class RawError(Exception):
    """An error answered to a request that was made without boto3."""

    def __init__(self, error: urllib.error.HTTPError) -> None:
        super().__init__(error)
        self.code = error.headers["x-amzn-ErrorType"]
        self.status = error.code


def raw_call(service: Service, operation: str, parameters: dict[str, Any]) -> None:
    """Call an operation with a body that boto3 would refuse to make."""
    http = MODEL["operations"][operation]["http"]
    path: str = http["requestUri"]
    query: dict[str, Any] = {}
    body: dict[str, Any] = {}
    members = input_members(operation)
    for name, value in parameters.items():
        location = members.get(name, {}).get("location")
        if location == "uri":
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        elif location == "querystring":
            query[members[name]["locationName"]] = value
        else:
            body[name] = value
    raw_request(service, http["method"], f"{path}?{urlencode(query, doseq=True)}", json.dumps(body).encode())


def raw_request(
    service: Service,
    method: str,
    path: str,
    body: bytes,
    authorization: str = f"AWS4-HMAC-SHA256 Credential=test/20250101/{REGION}/connect/aws4_request",
) -> None:
    request = urllib.request.Request(  # noqa: S310 - the emulator's own URL
        service.url + path, data=body, method=method, headers={"Authorization": authorization}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        raise RawError(error) from error
