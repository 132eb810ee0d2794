"""The control API over HTTP."""

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import DAY, OTHER_REGION, REGION, START, Service, claim, describe_group, error_of, search, status

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient


def control(service: Service, method: str, route: str, body: Any = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the emulator's own URL
        f"{service.url}/_control/{route}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as reply:
        return json.load(reply)["result"]


def refusal(service: Service, method: str, route: str, body: Any = None) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(service, method, route, body)
    with caught.value as error:
        return error.code, json.load(error)["error"]


def test_clock(service: Service, connect: "ConnectClient", target_arn: str) -> None:
    assert control(service, "GET", "clock") == START
    arn = claim(connect, target_arn)
    assert control(service, "POST", "clock", {"seconds": 2}) == START + 2
    assert status(connect, arn) == "CLAIMED"
    assert refusal(service, "POST", "clock", {"seconds": -1})[0] == 400


def test_settings(service: Service) -> None:
    control(service, "POST", "settings", {"quota": 5, "cooldown_seconds": 60})
    settings = control(service, "GET", "settings")
    assert (settings["quota"], settings["cooldown_seconds"], settings["throttle_burst"]) == (5, 60, 5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"color": "red"}, "color"),
        ({"quota": "5"}, "quota must be int, but is '5'"),
        ({"quota": -5}, "quota must not be negative, but is -5"),
        ({"quota": True}, "quota must be int, but is True"),
        ({"throttling": 1}, "throttling must be bool, but is 1"),
        (
            {"flow_association_resource_id": "name"},
            "flow_association_resource_id must be 'arn' or 'id', but is 'name'",
        ),
        (
            {"not_available_message": "Taken: {phone_number}"},
            "not_available_message must be a format with {number} and no other field, but is 'Taken: {phone_number}'",
        ),
        ({"not_available_message": "Taken: {}"}, "with {number} and no other field, but is 'Taken: {}'"),
        ({"not_available_message": "{number"}, "with {number} and no other field, but is '{number'"),
        ({"not_available_message": "{number:d}"}, "with {number} and no other field, but is '{number:d}'"),
        ({"not_available_message": "{number.x}"}, "with {number} and no other field, but is '{number.x}'"),
        ({"not_available_message": "Taken"}, "with {number} and no other field, but is 'Taken'"),
        ({"flow_association_flow_id": "ARN"}, "flow_association_flow_id must be 'arn' or 'id', but is 'ARN'"),
        ({"account_id": "1"}, "account_id must be 12 digits, but is '1'"),
        ([], "not a JSON object"),
    ],
)
def test_settings_that_make_no_sense(service: Service, body: Any, message: str) -> None:
    code, error = refusal(service, "POST", "settings", body)
    assert code == 400
    assert message in error


def test_targets(service: Service, connect: "ConnectClient") -> None:
    instance = control(service, "POST", "instances", {"region": REGION, "limit": 3})
    group = control(service, "POST", "traffic-distribution-groups", {"region": REGION, "other_region": OTHER_REGION})
    flow = control(service, "POST", "contact-flows", {"instance_arn": instance, "flow_id": "flow"})
    assert flow == f"{instance}/contact-flow/flow"
    assert describe_group(connect, group)["Status"] == "ACTIVE"
    for target_arn in (instance, group):
        assert claim(connect, target_arn)
    assert "no instance" in refusal(service, "POST", "contact-flows", {"instance_arn": group})[1]
    source = {"region": REGION, "phone_number": "+4930999999", "country_code": "DE", "type": "DID"}
    assert control(service, "POST", "source-numbers", source).startswith(f"arn:aws:sms-voice:{REGION}:")


def test_group_that_is_still_made(service: Service, connect: "ConnectClient") -> None:
    body = {"region": REGION, "other_region": OTHER_REGION, "creation_seconds": 30}
    group = control(service, "POST", "traffic-distribution-groups", body)
    assert describe_group(connect, group)["Status"] == "CREATION_IN_PROGRESS"
    refused = refusal(service, "POST", "traffic-distribution-groups", {**body, "creation_seconds": -1})
    assert refused == (400, "creation_seconds must not be negative, but is -1")


def test_take(service: Service, connect: "ConnectClient", target_arn: str) -> None:
    wanted = search(connect, target_arn)[0]
    control(service, "POST", "take", {"phone_number": wanted})
    assert wanted not in search(connect, target_arn)
    assert refusal(service, "POST", "take", {"phone_number": wanted}) == (400, f"{wanted} is not free")


def test_faults(service: Service, connect: "ConnectClient") -> None:
    control(service, "POST", "faults", {"operation": "ListPhoneNumbersV2", "kind": "error", "calls": None})
    assert control(service, "GET", "faults")[0]["kind"] == "error"
    assert error_of(connect.list_phone_numbers_v2)[0] == "InternalServiceException"
    control(service, "DELETE", "faults")
    connect.list_phone_numbers_v2()


def test_quota(service: Service, connect: "ConnectClient", target_arn: str) -> None:
    control(service, "POST", "quota", {"region": REGION, "quota": 5})
    claim(connect, target_arn)
    assert control(service, "POST", "allowance", {"region": REGION}) == [1, 10]


def test_numbers(service: Service, connect: "ConnectClient", target_arn: str) -> None:
    arn = claim(connect, target_arn, Tags={"a": "b"}, PhoneNumberDescription="Sales")
    service.emulator.advance(2)
    connect.release_phone_number(PhoneNumberId=arn)
    again = claim(connect, target_arn)
    released, held = control(service, "GET", "numbers")
    assert {
        "arn": arn,
        "account": "000000000000",
        "region": REGION,
        "phone_number": "+12065550100",
        "status": "RELEASED",
        "tags": {"a": "b"},
        "contact_flows": {},
        "description": "Sales",
        "target_arn": target_arn,
        "claimed_at": START,
        "released_at": START + 2,
        "cooldown_until": START + 2 + 180 * DAY,
    }.items() <= released.items()
    assert (held["arn"], held["status"], held["cooldown_until"]) == (again, "IN_PROGRESS", None)


def test_audit(service: Service, connect: "ConnectClient", target_arn: str) -> None:
    token = "00000000-0000-4000-8000-000000000000"
    arn = claim(connect, target_arn, PhoneNumber="+12065550100", ClientToken=token)
    claim(connect, target_arn, PhoneNumber="+12065550100", ClientToken=token)
    first, second = control(service, "GET", "audit")
    assert first == {
        "time": START,
        "account": "000000000000",
        "region": REGION,
        "operation": "ClaimPhoneNumber",
        "parameters": {"TargetArn": target_arn, "PhoneNumber": "+12065550100", "ClientToken": token},
        "client_token": token,
        "outcome": "ok",
        "message": None,
        "phone_number_arn": arn,
        "took_effect": True,
        "refused": False,
        "replayed": False,
        "fault": None,
    }
    assert (second["took_effect"], second["replayed"]) == (False, True)


def test_forget_client_tokens(service: Service, connect: "ConnectClient", target_arn: str) -> None:
    token = "00000000-0000-4000-8000-000000000000"
    claim(connect, target_arn, PhoneNumber="+12065550100", ClientToken=token)
    control(service, "POST", "forget-client-tokens")
    assert claim(connect, target_arn, PhoneNumber="+12065550101", ClientToken=token)


def test_reset(service: Service, connect: "ConnectClient", target_arn: str) -> None:
    claim(connect, target_arn)
    control(service, "POST", "clock", {"seconds": 5})
    control(service, "POST", "reset")
    assert control(service, "GET", "numbers") == []
    assert control(service, "GET", "audit") == []
    assert control(service, "GET", "clock") == START
    assert control(service, "GET", "settings")["throttling"] is True


@pytest.mark.parametrize(
    ("route", "body", "message"),
    [
        ("instances", {}, "missing a required argument: 'region'"),
        ("instances", {"region": 5}, "region must be str, but is 5"),
        ("instances", {"region": REGION, "limit": "3"}, "limit must be int | None, but is '3'"),
        ("instances", {"region": REGION, "size": 3}, "unexpected keyword argument 'size'"),
        ("faults", {"operation": "*", "kind": "error", "for_seconds": "60"}, "for_seconds must be float | None"),
        ("faults", {"operation": "*", "kind": "explosion"}, "explosion"),
    ],
)
def test_arguments_that_make_no_sense(service: Service, route: str, body: Any, message: str) -> None:
    code, error = refusal(service, "POST", route, body)
    assert code == 400
    assert message in error


def test_route_that_there_is_not(service: Service) -> None:
    code, error = refusal(service, "PUT", "clock")
    assert code == 404
    assert "GET /_control/clock" in error
