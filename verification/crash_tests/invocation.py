"""One invocation of the Lambda function in its own process, which the tests kill.

The process from which all invocations are forked imports this module once, so that each invocation starts quickly.
"""

import json
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.request import urlopen
from uuid import uuid4

import boto3
from botocore.config import Config

from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.response import ResponseNotDelivered, http_put
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource, StackState
from lambda_handlers.connect_phone_number.handler import Dependencies, Function
from lambda_handlers.connect_phone_number.ledger.dynamodb import DynamoDBStore
from lambda_handlers.connect_phone_number.timing import NotFinished, TimedOut
from verification.simulator.lambda_service import TIMEOUT_SECONDS, Context

from .clock import FastClock

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient
    from mypy_boto3_dynamodb import DynamoDBClient

REGION: Final = "us-east-1"
PROVIDER_ID: Final = "provider"
TABLE_NAME: Final = "ledger"
NOT_FINISHED: Final = 3
"""Exit code of an invocation that needs a retry."""
_CONFIG: Final = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=20)


@dataclass(frozen=True)
class Surroundings:
    """What an invocation has to know about the world.

    Parameters
    ----------
    connect_url, ledger_url, stacks_url
        The URLs of the servers that play Amazon Connect, DynamoDB, and CloudFormation.
    """

    clock: FastClock
    connect_url: str
    ledger_url: str
    stacks_url: str


class RemoteStacks:
    """CloudFormation's API, over HTTP to the process that plays CloudFormation."""

    def __init__(self, url: str) -> None:
        self._url = url

    def state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack and of its root stack."""
        return StackState(*self._asked("state", stack_id=stack_id))

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as its stack holds it."""
        return HeldResource(*self._asked("resource", resource=(resource.stack_id, resource.logical_resource_id)))

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        """Return the resources that have the physical id."""
        return tuple(ResourceKey(*key) for key in self._asked("holders", physical_id=physical_id))

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether a stack's events name the physical id."""
        return bool(
            self._asked(
                "has_named",
                resource=(resource.stack_id, resource.logical_resource_id),
                physical_id=physical_id,
                since=since,
                by_any_name=by_any_name,
            )
        )

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the root stack has succeeded since the resource got the physical id."""
        key = (resource.stack_id, resource.logical_resource_id)
        return bool(self._asked("has_completed", resource=key, physical_id=physical_id, since=since))

    def _asked(self, question: str, **parameters: Any) -> Any:
        body = json.dumps({"question": question, **parameters}).encode()
        with urlopen(self._url, body, timeout=20) as response:  # noqa: S310 - a server of this machine
            return json.loads(response.read())


def invoke_function(payload: str, surroundings: Surroundings) -> None:
    """Handle an event as the Lambda function does, and end the process with the matching exit code."""
    clock = surroundings.clock
    function = Function(
        Dependencies(
            connect=connect_client(surroundings.connect_url),
            store=DynamoDBStore(ledger_client(surroundings.ledger_url), TABLE_NAME),
            stacks=RemoteStacks(surroundings.stacks_url),
            put=http_put,
            clock=clock.now,
            pause=clock.pause,
            write_line=_nowhere,
            provider_id=PROVIDER_ID,
            new_worker=lambda: uuid4().hex,
            jitter=random.random,
        )
    )
    event: Mapping[str, Any] = json.loads(payload)
    try:
        function.handle(event, Context(clock.now, clock.now() + TIMEOUT_SECONDS))
    except (NotFinished, TimedOut, ResponseNotDelivered):
        sys.exit(NOT_FINISHED)


def connect_client(url: str) -> "ConnectClient":
    """Return boto3's client for the emulator."""
    return boto3.client(
        "connect",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="000000000000",
        aws_secret_access_key="testing",
        config=_CONFIG,
    )


def ledger_client(url: str) -> "DynamoDBClient":
    """Return boto3's client for the ledger's database."""
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=_CONFIG,
    )


def _nowhere(_: str) -> None:
    pass


# boto3 caches the services' descriptions. Every process that is forked from this one inherits the cache.
connect_client("http://127.0.0.1:9")
ledger_client("http://127.0.0.1:9")
