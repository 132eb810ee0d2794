"""An emulator behind HTTP, real boto3 clients for it, and a clock that only the test moves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws.connect_emulator import ConnectEmulator, EmulatorServer

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

REGION = "us-east-1"
OTHER_REGION = "us-west-2"
START = 1_700_000_000.0
DAY = 86_400.0


@dataclass
class Service:
    """The emulator of one test, which forgets everything before the next one."""

    emulator: ConnectEmulator
    url: str
    slept: list[float] = field(default_factory=list[float])

    def client(self, region: str = REGION, account: str = "test", *, retries: bool = False) -> "ConnectClient":
        """Return a boto3 client that sends what it is given unchecked."""
        return client_of(self.url, region, account, retries=retries)


@cache
def client_of(url: str, region: str, account: str, *, retries: bool = False) -> "ConnectClient":
    """Return a boto3 client of an emulator."""
    return boto3.client(
        "connect",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(
            parameter_validation=False,
            retries={"total_max_attempts": 3 if retries else 1},
            proxies={},
        ),
    )


@pytest.fixture(scope="session")
def shared_service() -> Iterator[Service]:
    slept: list[float] = []
    emulator = ConnectEmulator(clock=lambda: START)
    with EmulatorServer(emulator, sleep=slept.append) as server:
        yield Service(emulator, server.url, slept)


@pytest.fixture
def service(shared_service: Service) -> Service:
    """Throttling is off: the clock stands still, so that nothing would ever be admitted again."""
    shared_service.emulator.reset()
    shared_service.emulator.configure(throttling=False)
    shared_service.slept.clear()
    return shared_service


@pytest.fixture
def emulator(service: Service) -> ConnectEmulator:
    return service.emulator


@pytest.fixture
def connect(service: Service) -> "ConnectClient":
    return service.client()


@pytest.fixture
def target_arn(emulator: ConnectEmulator) -> str:
    return emulator.add_instance(REGION)


def instance_id(target_arn: str) -> str:
    """Return the id in an instance's ARN."""
    return target_arn.rpartition("/")[2]


def numbers_of(page: Any) -> list[str]:
    """Return the ARNs of one page of ListPhoneNumbersV2."""
    return [number["PhoneNumberArn"] for number in page["ListPhoneNumbersSummaryList"]]


def search(connect: "ConnectClient", target_arn: str, **parameters: Any) -> list[str]:
    """Return the numbers of one page."""
    query: dict[str, Any] = {"TargetArn": target_arn, "PhoneNumberCountryCode": "US", "PhoneNumberType": "DID"}
    page: Any = connect.search_available_phone_numbers(**{**query, **parameters})
    return [number["PhoneNumber"] for number in page["AvailableNumbersList"]]


def claim(connect: "ConnectClient", target_arn: str, **parameters: Any) -> str:
    """Claim the first number that there is, and return its ARN."""
    if "PhoneNumber" not in parameters:
        parameters["PhoneNumber"] = search(connect, target_arn)[0]
    return connect.claim_phone_number(TargetArn=target_arn, **parameters)["PhoneNumberArn"]


def describe(connect: "ConnectClient", number: str) -> Any:
    """Return the description of a number."""
    return connect.describe_phone_number(PhoneNumberId=number)["ClaimedPhoneNumberSummary"]


def describe_group(connect: "ConnectClient", group: str) -> Any:
    """Return the description of a traffic distribution group."""
    return connect.describe_traffic_distribution_group(TrafficDistributionGroupId=group)["TrafficDistributionGroup"]


def status(connect: "ConnectClient", number: str) -> str:
    """Return the status of a number."""
    return str(describe(connect, number)["PhoneNumberStatus"]["Status"])


def error_of(call: Callable[[], object]) -> tuple[str, str, int]:
    """Return code, message and HTTP status of the error that a call is answered with."""
    with pytest.raises(ClientError) as caught:
        call()
    response: Any = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]
