"""The client in the same process behaves as boto3's does over HTTP."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ParamValidationError, ReadTimeoutError

from local_aws.connect_emulator import ConnectEmulator, EmulatedConnectClient, ServiceError, Settings

from .conftest import REGION, Service


class Waiting:
    """An emulator whose delays are only written down."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.emulator = ConnectEmulator(clock=lambda: 0.0, settings=Settings(throttling=False), sleep=self.slept.append)
        self.target_arn = self.emulator.add_instance(REGION)
        self.client = EmulatedConnectClient(self.emulator, REGION)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_same_calls_get_the_same_responses_as_over_http(service: Service) -> None:
    responses: list[list[dict[str, Any]]] = []
    for over_http in (True, False):
        service.emulator.reset()
        target_arn = service.emulator.add_instance(REGION)
        client: Any = service.client() if over_http else EmulatedConnectClient(service.emulator, REGION)
        responses.append(
            [
                client.search_available_phone_numbers(
                    TargetArn=target_arn, PhoneNumberCountryCode="DE", PhoneNumberType="DID"
                ),
                client.claim_phone_number(
                    TargetArn=target_arn,
                    PhoneNumber="+493023125000",
                    ClientToken="00000000-0000-4000-8000-000000000000",
                ),
                client.list_phone_numbers_v2(),
            ]
        )
    for http_response, direct_response in zip(*responses, strict=True):
        assert direct_response.pop("ResponseMetadata")["HTTPStatusCode"] == 200
        del http_response["ResponseMetadata"]
        assert direct_response == http_response


def test_error(waiting: Waiting) -> None:
    with pytest.raises(ClientError) as caught:
        waiting.client.describe_phone_number(PhoneNumberId="x")
    assert caught.value.operation_name == "DescribePhoneNumber"
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "InvalidParameterException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_broken_connections(waiting: Waiting) -> None:
    waiting.emulator.faults.add("ListPhoneNumbersV2", "no_response")
    waiting.emulator.faults.add("ListPhoneNumbersV2", "lost_request")
    with pytest.raises(ReadTimeoutError):
        waiting.client.list_phone_numbers_v2()
    with pytest.raises(ConnectTimeoutError):
        waiting.client.list_phone_numbers_v2()


def test_delay(waiting: Waiting) -> None:
    waiting.emulator.faults.add("ListPhoneNumbersV2", "delay", seconds=3)
    waiting.client.list_phone_numbers_v2()
    assert waiting.slept == [3]


@pytest.mark.parametrize("parameters", [{}, {"PhoneNumberId": "x", "Color": "red"}])
def test_names_are_checked_before_anything_is_sent(waiting: Waiting, parameters: dict[str, str]) -> None:
    with pytest.raises(ParamValidationError, match=r"PhoneNumberId|Color"):
        waiting.client.describe_phone_number(**parameters)
    assert waiting.emulator.audit == []


def test_missing_client_token_is_filled_in(waiting: Waiting) -> None:
    for phone_number in ("+12065550100", "+12065550101"):
        waiting.client.claim_phone_number(TargetArn=waiting.target_arn, PhoneNumber=phone_number)
    first, second = (entry.client_token for entry in waiting.emulator.audit)
    assert first != second
    assert first is not None


def test_operation_that_there_is_not(waiting: Waiting) -> None:
    with pytest.raises(AttributeError, match="list_instances"):
        waiting.client.list_instances()
    with pytest.raises(ValueError, match="ListInstances"):
        waiting.emulator.call(REGION, "ListInstances", {})


def test_error_without_the_client(waiting: Waiting) -> None:
    with pytest.raises(ServiceError, match="ResourceNotFoundException: Source phone number not found: x") as caught:
        waiting.emulator.call(
            REGION,
            "ImportPhoneNumber",
            {"InstanceId": waiting.target_arn.rpartition("/")[2], "SourcePhoneNumberArn": "x", "Tags": None},
        )
    assert caught.value.status == 404


def test_responses_and_parameters_are_copies(waiting: Waiting) -> None:
    tags = {"a": "b"}
    response = waiting.client.claim_phone_number(TargetArn=waiting.target_arn, PhoneNumber="+12065550100", Tags=tags)
    tags["a"] = "c"
    listed = waiting.client.list_tags_for_resource(resourceArn=response["PhoneNumberArn"])["tags"]
    assert listed == {"a": "b"}
    listed["a"] = "c"
    assert waiting.emulator.numbers()[0].tags == {"a": "b"}
    assert waiting.emulator.audit[0].parameters["Tags"] == {"a": "b"}


def test_ids_depend_on_the_seed_alone() -> None:
    arns = {ConnectEmulator(seed=seed).add_instance(REGION) for seed in (1, 1, 2)}
    assert len(arns) == 2
