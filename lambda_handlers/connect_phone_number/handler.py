"""The function's entry point: it identifies an event and passes it to its handler.

Three kinds of events arrive here: requests from CloudFormation, scheduled sweeps, and requests that Lambda gave up on
after the last invocation. The latter arrive through the on-failure queue and still need a response.
"""

import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from uuid import uuid4

import boto3
from botocore.config import Config

from . import contract, rules
from .budget import Policy
from .cloudformation.request import MalformedRequest, Request, parse_request
from .cloudformation.response import Put, Response, ResponseNotDelivered, Status, deliver, encode, http_put
from .cloudformation.stacks import SETTLING_SECONDS, CloudFormationStacks, RetryingStacks, Stacks
from .configuration import Configuration
from .connect.gateway import Connect
from .connect.quotas import Quotas, ServiceQuotas
from .hints.hint import Hints
from .hints.pacing import Pacing
from .hints.stock import Stock
from .json_types import as_list, as_mapping
from .ledger.dynamodb import DynamoDBStore
from .ledger.ledger import Ledger, LedgerUnavailable
from .ledger.store import Store
from .lifecycle.context import Invocation, Scope
from .lifecycle.decision import deadline_of, decide
from .lifecycle.pooling import decide_pool, fail_pool, handle_pool
from .lifecycle.provider_resource import guard
from .lifecycle.requests import fail, handle_request
from .lifecycle.sweeping import sweep
from .logs import Log, write_line
from .timing import NotFinished, TimedOut, Timing

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient


def _client_config(tries: int) -> Config:
    return Config(retries={"mode": "standard", "total_max_attempts": tries}, connect_timeout=5, read_timeout=20)


# ``connect.gateway`` and ``ledger.ledger`` do their own retries and pauses, which are tested there. Their clients
# therefore make one try only.
_ONE_TRY: Final = _client_config(1)
_SOME_TRIES: Final = _client_config(5)
_FAILED_EVENT_PATIENCE_SECONDS: Final = 60


class Context(Protocol):
    """The parts of Lambda's context object that are used."""

    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Return how long this invocation may still run, in milliseconds."""
        ...


@dataclass(frozen=True)
class Dependencies:
    """The function's dependencies on the world outside.

    Parameters
    ----------
    connect
        A client for Amazon Connect.
    store
        The ledger's table.
    stacks
        The queries to CloudFormation.
    put
        Sends a response.
    clock
        Returns the time in seconds since the epoch.
    pause
        Waits for a number of seconds.
    write_line
        Writes a line to the log.
    provider_id
        The name of this provider in the tags of its numbers.
    target_arns
        The instances and traffic distribution groups that it serves. Default: all.
    allow_adoption
        Whether it adopts numbers that the account holds. Default: yes.
    stack_name_prefix
        What the names of the stacks begin with that it serves. Default: all.
    new_worker
        Returns a name that no other invocation has.
    jitter
        Returns a number from 0 to 1.
    budget
        What is known of the account's budget of claims and releases. Default: nothing.
    quotas
        Service Quotas. Default: it is not asked.
    settling_seconds
        How long after its begin an invocation for a request first asks CloudFormation. Default 30.
    """

    connect: "ConnectClient"
    store: Store
    stacks: Stacks
    put: Put
    clock: Callable[[], float]
    pause: Callable[[float], None]
    write_line: Callable[[str], object]
    provider_id: str
    new_worker: Callable[[], str]
    jitter: Callable[[], float]
    target_arns: tuple[str, ...] = ()
    allow_adoption: bool = True
    stack_name_prefix: str = ""
    budget: Policy = field(default_factory=Policy)
    quotas: Quotas | None = None
    settling_seconds: float = SETTLING_SECONDS


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Handle one event from Lambda. After an exception, Lambda delivers the event again."""
    Function(_dependencies()).handle(event, context)


class Function:
    """The function, separate from its dependencies."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._world = dependencies

    def handle(self, event: object, context: Context) -> None:
        """Handle one event.

        Raises
        ------
        NotFinished
            There is more work than one invocation has time for.
        ResponseNotDelivered
            The response could not be delivered to CloudFormation.
        """
        log = Log(self._world.write_line, self._world.clock)
        fields = as_mapping(event)
        if fields is None:
            log.error("malformed event: not an object")
        elif fields.get(contract.ACTION) == contract.SWEEP:
            sweep(self._invocation(context, log, None))
        elif (records := as_list(fields.get("Records"))) is not None:
            for record in records:
                self._respond_to_failed_event(_destination_record(record), context, log)
        else:
            self._respond(fields, context, log)

    def _respond(self, event: Mapping[str, Any], context: Context, log: Log) -> None:
        try:
            request = parse_request(event)
        except MalformedRequest as problem:
            self._refuse(event, str(problem), log)
            return
        log = _with_request(log, request)
        invocation = self._invocation(context, log, None, self._world.settling_seconds)
        if request.resource_type == contract.PROVIDER_RESOURCE_TYPE:
            response = guard(invocation, request)
        else:
            now = invocation.timing.now()
            if (deadline := deadline_of(request, now)) > now:
                invocation.timing.request_deadline = deadline
            is_pool = request.resource_type == contract.POOL_RESOURCE_TYPE
            try:
                entry = decide_pool(invocation, request) if is_pool else decide(invocation, request)
            except TimedOut as limit:
                # Nothing is decided yet, so the next invocation begins anew, or the queue has the request answered.
                raise NotFinished(str(limit)) from limit
            invocation.timing.request_deadline = entry.deadline
            response = (handle_pool if is_pool else handle_request)(invocation, request, entry)
        self._deliver(event, response, log, request.sent_at)

    def _respond_to_failed_event(self, record: Mapping[str, Any], context: Context, log: Log) -> None:
        """Respond to a request for which all invocations have failed."""
        event = as_mapping(record.get("requestPayload"))
        if event is None:
            log.error("malformed record: no request in it")
            return
        reason = (
            f"The phone number provider gave up after all its invocations ({_last_error(record)}). What was begun is "
            "finished in the background. Look at the log of the provider's function for this request, then try again."
        )
        try:
            request = parse_request(event)
        except MalformedRequest:
            self._refuse(event, reason, log)
            return
        log = _with_request(log, request)
        log.metrics(self._world.provider_id, FailedDeliveries=1)
        response = Response(Status.FAILED, request.failure_id, reason)
        problem: Exception | None = None
        if request.resource_type != contract.PROVIDER_RESOURCE_TYPE:
            invocation = self._invocation(context, log, self._world.clock() + _FAILED_EVENT_PATIENCE_SECONDS)
            try:
                if request.resource_type == contract.POOL_RESOURCE_TYPE:
                    response = fail_pool(invocation, request, reason)
                else:
                    decide(invocation, request)
                    response = fail(invocation, request, reason)
            except LedgerUnavailable as error:
                # Another invocation may still respond, or may have responded already, and its response is not known
                # now. Two different responses would be worse than none, so the next delivery of the record continues
                # from here.
                raise NotFinished(str(error)) from error
            except Exception as error:
                # The cause that made every invocation fail may be at work here too. The stack must not hang because of
                # it.
                problem = error
        self._deliver(event, response, log, request.sent_at)
        if problem is not None:
            # The queue delivers the record again until the ledger has recorded what must be undone.
            log.error("answered without the ledger", error=type(problem).__name__)
            raise NotFinished("the ledger does not know of this request yet") from problem

    def _refuse(self, event: Mapping[str, Any], reason: str, log: Log) -> None:
        log.error("malformed request", reason=reason, fields=sorted(map(str, event)))
        url = event.get("ResponseURL")
        if isinstance(url, str) and url:
            physical_id = str(event.get("PhysicalResourceId") or "") or "malformed-request"
            self._deliver(event, Response(Status.FAILED, physical_id, reason), log)

    def _deliver(self, event: Mapping[str, Any], response: Response, log: Log, sent_at: int | None = None) -> None:
        body = encode(response, event)
        details = {
            "status": response.status.value,
            "physical_id": response.physical_resource_id,
            "reason": response.reason,
        }
        try:
            deliver(str(event["ResponseURL"]), body, self._world.put, self._world.pause)
        except ResponseNotDelivered as problem:
            # A refusal that looks like an expired URL is believed only after CloudFormation has stopped waiting.
            is_awaited = sent_at is not None and self._world.clock() <= sent_at + rules.MAX_TIMEOUT_SECONDS
            if is_awaited or not problem.is_void:
                raise
            log.error("CloudFormation does not take a response", **details)
            log.metrics(self._world.provider_id, ResponsesNotDelivered=1)
        else:
            log.info("answered", **details)

    def _invocation(
        self, context: Context, log: Log, request_deadline: float | None, settling_seconds: float = 0.0
    ) -> Invocation:
        world = self._world
        timing = Timing(
            clock=world.clock,
            pause=world.pause,
            invocation_deadline=world.clock() + context.get_remaining_time_in_millis() / 1000,
            request_deadline=request_deadline,
            jitter=world.jitter,
        )
        hints = Hints(world.store, timing, lambda error: log.warning("goes on without hints", error=error))
        _, _, _, region, account, *_ = context.invoked_function_arn.split(":")
        return Invocation(
            connect=Connect(world.connect, timing, Pacing(hints)),
            ledger=Ledger(world.store, timing),
            stacks=RetryingStacks(world.stacks, timing, world.clock() + settling_seconds),
            timing=timing,
            scope=Scope(
                region,
                account,
                world.provider_id,
                world.target_arns,
                allow_adoption=world.allow_adoption,
                stack_name_prefix=world.stack_name_prefix,
            ),
            log=log,
            worker=world.new_worker(),
            stock=Stock(hints),
            budget=world.budget,
            quotas=world.quotas,
        )


def _destination_record(record: object) -> Mapping[str, Any]:
    """Return the record that Lambda put into the on-failure queue. Empty if a message is not from Lambda."""
    message = as_mapping(record) or {}
    try:
        return as_mapping(json.loads(str(message.get("body")))) or {}
    except ValueError:
        return {}


def _last_error(record: Mapping[str, Any]) -> str:
    for part, name in (("responsePayload", "errorType"), ("requestContext", "condition")):
        problem = (as_mapping(record.get(part)) or {}).get(name)
        if problem:
            return str(problem)
    return "unknown error"


def _with_request(log: Log, request: Request) -> Log:
    return log.bind(
        stack=request.stack_id,
        resource=request.logical_resource_id,
        request=request.request_id,
        type=request.type.value,
    )


class _LazyClient:
    """A client that is made at its first call: to make one costs more than most events do with it."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._made: object = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)


@cache
def _dependencies() -> Dependencies:
    # Made on the first event and kept: a warm function reuses its connections.
    connect: Any = _LazyClient(lambda: boto3.client("connect", config=_ONE_TRY))
    dynamodb: Any = _LazyClient(lambda: boto3.client("dynamodb", config=_ONE_TRY))
    cloudformation: Any = _LazyClient(lambda: boto3.client("cloudformation", config=_SOME_TRIES))
    client = cast(Any, boto3.client)
    quotas: Any = _LazyClient(lambda: client("service-quotas", config=_SOME_TRIES))
    configuration = Configuration.of(os.environ)
    return Dependencies(
        connect=connect,
        store=DynamoDBStore(dynamodb, configuration.ledger_table_name),
        stacks=CloudFormationStacks(cloudformation),
        put=http_put,
        clock=time.time,
        pause=time.sleep,
        write_line=write_line,
        provider_id=configuration.provider_id,
        new_worker=lambda: uuid4().hex,
        jitter=random.random,
        target_arns=configuration.target_arns,
        allow_adoption=configuration.allow_adoption,
        stack_name_prefix=configuration.stack_name_prefix,
        budget=configuration.budget,
        quotas=ServiceQuotas(quotas),
        settling_seconds=configuration.settling_seconds,
    )
