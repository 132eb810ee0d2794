"""The world around the function: virtual time, an emulated Connect, a ledger in memory, CloudFormation."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import gmtime, strftime
from typing import TYPE_CHECKING, Any, Final, cast

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import Policy
from lambda_handlers.connect_phone_number.claim import Claim
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource, RetryingStacks, StackState
from lambda_handlers.connect_phone_number.connect.gateway import Connect
from lambda_handlers.connect_phone_number.connect.quotas import Quotas
from lambda_handlers.connect_phone_number.handler import Dependencies, Function
from lambda_handlers.connect_phone_number.hints.hint import Hints
from lambda_handlers.connect_phone_number.hints.pacing import Pacing
from lambda_handlers.connect_phone_number.hints.stock import Stock
from lambda_handlers.connect_phone_number.ledger.items import CLAIM_PREFIX, decode, resource_partition
from lambda_handlers.connect_phone_number.ledger.ledger import Ledger
from lambda_handlers.connect_phone_number.lifecycle.context import Invocation, Scope
from lambda_handlers.connect_phone_number.logs import Log
from lambda_handlers.connect_phone_number.timing import Timing
from local_aws.connect_emulator import ConnectEmulator, EmulatedConnectClient, Settings
from local_aws.connect_emulator.audit import AuditEntry
from local_aws.connect_emulator.state import ClaimedNumber
from verification.simulator.memory_store import MemoryStore

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

NOW: Final = 1_767_323_045.0
REGION: Final = "eu-west-1"
ACCOUNT: Final = "123456789012"
PROVIDER: Final = "shared"
STACK: Final = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/support/0a1b2c3d"
OTHER_STACK: Final = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/sales/4e5f6a7b"
SECRET: Final = "5ec4e75ec4e7"
"""Part of each response URL."""
LAMBDA_SECONDS: Final = 900.0

Event = dict[str, Any]


class Died(BaseException):
    """The function's process has ended. Not an ``Exception``: none of its code gets to see it."""


def die(*_: object) -> None:
    """End the function's process here."""
    raise Died


class HookedClient:
    """A client for Amazon Connect that lets something else happen before or after its calls.

    Attributes
    ----------
    before, after
        By the name of a method: what happens before its next call, or after that had its effect. It gets the
        parameters, happens once, and may raise what the caller gets instead of the response.
    """

    def __init__(self, client: EmulatedConnectClient) -> None:
        self._client = client
        self.before: dict[str, Callable[[Mapping[str, Any]], object]] = {}
        self.after: dict[str, Callable[[Mapping[str, Any]], object]] = {}

    def __getattr__(self, method: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.before.pop(method, _nothing)(parameters)
            response = getattr(self._client, method)(**parameters)
            self.after.pop(method, _nothing)(parameters)
            return response

        return call


def _nothing(_: Mapping[str, Any]) -> None:
    pass


class VirtualClock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class FakeStacks:
    """CloudFormation's own word on its stacks.

    Attributes
    ----------
    status, root_status
        Of every stack, and of the stack that it is nested in, where that is another one.
    resources
        What stacks have: kept up to date by ``World.send``, and to be changed by tests.
    named
        The physical ids that CloudFormation has recorded for resources.
    completed
        Whether a deployment of each root stack has succeeded since it was asked about.
    is_silent
        Whether nothing can be found out.
    asked
        Each question, with what it was about.
    """

    status: str = "UPDATE_COMPLETE"
    root_status: str = ""
    resources: dict[ResourceKey, HeldResource] = field(default_factory=dict[ResourceKey, HeldResource])
    named: set[tuple[ResourceKey, str]] = field(default_factory=set[tuple[ResourceKey, str]])
    completed: bool = False
    is_silent: bool = False
    asked: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])

    def state(self, stack_id: str) -> StackState | None:
        self.asked.append(("state", stack_id))
        return None if self.is_silent else StackState(self.status, self.root_status or self.status)

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        self.asked.append(("resource", resource))
        return None if self.is_silent else self.resources.get(resource, HeldResource())

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        self.asked.append(("holders", physical_id))
        if self.is_silent:
            return None
        return tuple(
            key for key, held in self.resources.items() if held.physical_id == physical_id and not held.is_gone
        )

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        self.asked.append(("has_named", resource, physical_id, since, by_any_name))
        if self.is_silent:
            return None
        return any(
            physical_id == named and (resource == key or (by_any_name and resource.stack_id == key.stack_id))
            for key, named in self.named
        )

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        self.asked.append(("has_completed", resource, physical_id, since))
        return None if self.is_silent else self.completed

    def hold(self, resource: ResourceKey, physical_id: str, status: str = "CREATE_COMPLETE") -> None:
        """Let a stack have a resource."""
        self.resources[resource] = HeldResource(physical_id, status)
        self.named.add((resource, physical_id))


@dataclass
class LambdaContext:
    """Lambda's context object."""

    clock: Callable[[], float]
    ends_at: float
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:provider"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends_at - self.clock()) * 1000)


@dataclass(frozen=True)
class Answered:
    """A response as CloudFormation got it."""

    url: str
    status: str
    reason: str
    physical_id: str
    data: Mapping[str, str]
    fields: Mapping[str, Any]

    @property
    def succeeded(self) -> bool:
        return self.status == "SUCCESS"


class World:
    """One account with one instance, and CloudFormation that sends requests to the function there.

    Parameters
    ----------
    budget
        What the provider was told about the budget of claims and releases. Default: nothing.
    quotas
        Service Quotas. Default: it is not asked.
    region
        Default: ``REGION``.
    """

    def __init__(self, budget: Policy | None = None, quotas: Quotas | None = None, region: str = REGION) -> None:
        self.region = region
        self.budget = budget or Policy()
        self.quotas = quotas
        self.clock = VirtualClock()
        self.emulator = ConnectEmulator(
            self.clock, Settings(account_id=ACCOUNT, throttling=False), sleep=self.clock.pause
        )
        self.instance = self.emulator.add_instance(region)
        self.client = HookedClient(EmulatedConnectClient(self.emulator, region))
        self.store = MemoryStore(self.clock)
        self.stacks = FakeStacks()
        self.responses: list[Answered] = []
        self.lines: list[str] = []
        self.put_status: list[int | Exception] = []
        """What the next PUTs of responses come to; after these each one is taken."""
        self.provider_id = PROVIDER
        self._requests = 0
        self._workers = 0

    # --- The function ---

    def function(self) -> Function:
        """Return the function in a new process."""
        return Function(
            Dependencies(
                connect=cast("ConnectClient", self.client),
                store=self.store,
                stacks=self.stacks,
                put=self._put,
                clock=self.clock,
                pause=self.clock.pause,
                write_line=self.lines.append,
                provider_id=self.provider_id,
                new_worker=self._new_worker,
                jitter=lambda: 0.5,
                budget=self.budget,
                quotas=self.quotas,
            )
        )

    def context(self, seconds: float = LAMBDA_SECONDS) -> LambdaContext:
        function_arn = f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:provider"
        return LambdaContext(self.clock, self.clock.now + seconds, function_arn)

    def handle(self, event: Any, seconds: float = LAMBDA_SECONDS) -> None:
        """Deliver an event to the function."""
        self.function().handle(event, self.context(seconds))

    def send(self, event: Event, seconds: float = LAMBDA_SECONDS) -> Answered:
        """Deliver a request and return the response to it."""
        before = len(self.responses)
        self.handle(event, seconds)
        assert len(self.responses) == before + 1, "a request gets one response"
        response = self.responses[-1]
        assert response.url == event["ResponseURL"]
        for name in ("StackId", "RequestId", "LogicalResourceId"):
            assert response.fields[name] == event[name]
        self._take_note(event, response)
        return response

    def _take_note(self, event: Event, response: Answered) -> None:
        """Let CloudFormation hear a response."""
        resource = ResourceKey(event["StackId"], event["LogicalResourceId"])
        if response.succeeded and event["RequestType"] != "Delete":
            self.stacks.hold(resource, response.physical_id)
        elif (
            response.succeeded
            and self.stacks.resources.get(resource, HeldResource()).physical_id == response.physical_id
        ):
            self.stacks.resources[resource] = HeldResource(response.physical_id, "DELETE_COMPLETE")

    def sweep(self, seconds: float = LAMBDA_SECONDS) -> None:
        self.handle({"action": "sweep"}, seconds)

    def invocation(self, seconds: float = LAMBDA_SECONDS, request_deadline: float | None = None) -> Invocation:
        """Return what the steps of the lifecycle get."""
        timing = Timing(self.clock, self.clock.pause, self.clock.now + seconds, lambda: 0.5, request_deadline)
        log = Log(self.lines.append, self.clock)
        hints = Hints(self.store, timing, lambda error: log.warning("goes on without hints", error=error))
        return Invocation(
            connect=Connect(cast("ConnectClient", self.client), timing, Pacing(hints)),
            ledger=Ledger(self.store, timing),
            stacks=RetryingStacks(self.stacks, timing),
            timing=timing,
            scope=Scope(self.region, ACCOUNT, self.provider_id),
            log=log,
            worker=self._new_worker(),
            stock=Stock(hints),
            budget=self.budget,
            quotas=self.quotas,
        )

    def _new_worker(self) -> str:
        self._workers += 1
        return f"worker-{self._workers}"

    def _put(self, url: str, body: bytes) -> int:
        outcome = self.put_status.pop(0) if self.put_status else 200
        if isinstance(outcome, Exception):
            raise outcome
        if outcome == 200:
            fields = json.loads(body)
            self.responses.append(
                Answered(
                    url,
                    fields["Status"],
                    fields["Reason"],
                    fields["PhysicalResourceId"],
                    fields["Data"],
                    fields,
                )
            )
        return outcome

    def hooks(self, moment: str) -> dict[str, Callable[[Mapping[str, Any]], object]]:
        """Return what happens ``before`` or ``after`` the client's calls."""
        return {"before": self.client.before, "after": self.client.after}[moment]

    # --- CloudFormation ---

    def properties(self, **changes: Any) -> dict[str, object]:
        """Return properties that are fine, with changes; ``None`` leaves one out."""
        properties: dict[str, object] = {
            "ServiceToken": f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:provider",
            "TargetArn": self.instance,
            "CountryCode": "US",
            "Type": "DID",
        }
        return {name: value for name, value in {**properties, **changes}.items() if value is not None}

    def event(
        self,
        request_type: str,
        physical_id: str = "",
        *,
        stack: str = STACK,
        resource: str = "Number",
        resource_type: str = "Custom::ConnectPhoneNumber",
        old_properties: Mapping[str, object] | None = None,
        **properties: Any,
    ) -> Event:
        """Return a new request, sent a second after the one before."""
        self._requests += 1
        self.clock.pause(1.0)
        date = strftime("%Y%m%dT%H%M%SZ", gmtime(self.clock.now))
        event: Event = {
            "RequestType": request_type,
            "ServiceToken": f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:provider",
            "ResponseURL": (
                f"https://answers.s3.amazonaws.com/{self._requests}?X-Amz-Date={date}&X-Amz-Expires=7200"
                f"&X-Amz-Signature={SECRET}{self._requests}"
            ),
            "StackId": stack,
            "RequestId": f"request-{self._requests}",
            "LogicalResourceId": resource,
            "ResourceType": resource_type,
            "ResourceProperties": self.properties(**properties),
        }
        if request_type != "Create":
            event["PhysicalResourceId"] = physical_id
        if request_type == "Update":
            event["OldResourceProperties"] = dict(old_properties or self.properties())
        return event

    def create(self, *, stack: str = STACK, resource: str = "Number", **properties: Any) -> Answered:
        return self.send(self.event("Create", stack=stack, resource=resource, **properties))

    def created(self, *, stack: str = STACK, resource: str = "Number", **properties: Any) -> str:
        """Create a resource and return its number's ARN."""
        response = self.create(stack=stack, resource=resource, **properties)
        assert response.succeeded, response.reason
        return response.physical_id

    def update(self, physical_id: str, *, stack: str = STACK, resource: str = "Number", **properties: Any) -> Answered:
        return self.send(self.event("Update", physical_id, stack=stack, resource=resource, **properties))

    def delete(self, physical_id: str, *, stack: str = STACK, resource: str = "Number", **properties: Any) -> Answered:
        return self.send(self.event("Delete", physical_id, stack=stack, resource=resource, **properties))

    # --- What has become of it ---

    def claimed_by_hand(self, phone_number: str, tags: Mapping[str, str] | None = None) -> str:
        """Claim a number as a person does in the console, and return its ARN."""
        parameters: dict[str, Any] = {
            "TargetArn": self.instance,
            "PhoneNumber": phone_number,
            "PhoneNumberDescription": "By hand",
        }
        response = self.client.claim_phone_number(**parameters, **({"Tags": tags} if tags else {}))
        self.clock.pause(200.0)
        return str(response["PhoneNumberArn"])

    def released_by_hand(self, arn: str) -> None:
        self.client.release_phone_number(PhoneNumberId=arn)
        self.clock.pause(200.0)

    def number(self, arn: str) -> ClaimedNumber:
        """Return a number that was claimed once, as it is now in Connect."""
        (number,) = (number for number in self.emulator.numbers() if number.arn == arn)
        return number

    def held(self) -> list[str]:
        """Return the numbers that the account holds."""
        return [number.phone_number for number in self.emulator.numbers() if number.is_held]

    def calls(self, operation: str) -> list[AuditEntry]:
        return [entry for entry in self.emulator.audit if entry.operation == operation]

    def effects(self, operation: str) -> int:
        """Return how often an operation has changed anything."""
        return sum(entry.took_effect for entry in self.calls(operation))

    def claims(self, stack: str = STACK, resource: str = "Number") -> list[Claim]:
        """Return the ledger's claims of a resource, oldest first."""
        partition = resource_partition(ResourceKey(stack, resource))
        items = [item for item in self.store.dump() if item["pk"] == partition]
        claims = [decode(Claim, item) for item in items if str(item["sk"]).startswith(CLAIM_PREFIX)]
        return sorted(claims, key=lambda claim: claim.opened_at)

    def claim(self, stack: str = STACK, resource: str = "Number") -> Claim:
        """Return the latest claim of a resource."""
        return self.claims(stack, resource)[-1]

    def messages(self) -> list[Any]:
        """Return the log's lines."""
        return [json.loads(line) for line in self.lines]


def user_tags(number: ClaimedNumber) -> dict[str, str]:
    """Return a number's tags without those that say who owns it."""
    return {key: value for key, value in number.tags.items() if key not in contract.OWNERSHIP_TAGS}


def tag_list(**tags: str) -> list[dict[str, str]]:
    """Return tags as CloudFormation writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
