"""AWS CloudFormation's manners with custom resources.

The invariants judge by the books that CloudFormation keeps here: which resource each number belongs to.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from time import gmtime, strftime
from typing import Any, Final

from .lambda_service import FUNCTION_ARN, LambdaEvent, LambdaService
from .requests import Properties, ReceivedResponse, RequestState, SentRequest
from .stack import Stack
from .timeline import Timeline

RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumber"
POOL_RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumberPool"
PROVIDER_RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumberProvider"
URL_LIFETIME_SECONDS: Final = 7200.0


class CloudFormation:
    """All stacks, and all requests that were ever sent to the function.

    Parameters
    ----------
    signs_time
        Whether the presigned URLs show when they were signed.
    enters_replacements_late
        Whether a stack's events show the physical id of a replacement only when the update is over. Default ``False``.
    run_until
        Advances the world until a condition holds.
    """

    def __init__(
        self,
        timeline: Timeline,
        lambda_service: LambdaService,
        run_until: Callable[[Callable[[], bool]], None],
        signs_time: bool = True,
        enters_replacements_late: bool = False,
    ) -> None:
        self.stacks: dict[str, Stack] = {}
        self.requests: dict[str, SentRequest] = {}
        self.retained: set[str] = set()
        """Physical ids that a stack let go of without deleting them."""
        self.established: set[str] = set()
        """Physical ids that belong to a resource since a complete deployment."""
        self.timeline = timeline
        self.lambda_service = lambda_service
        self.run_until = run_until
        self.enters_replacements_late = enters_replacements_late
        self._signs_time = signs_time
        self._last_signed = 0.0
        self._events = 0

    def stack(self, name: str, parent: Stack | None = None) -> Stack:
        """Return a new stack, nested in ``parent`` if that is given."""
        earlier = sum(stack.name == name for stack in self.stacks.values())
        digest = sha256((name + " again" * earlier).encode()).hexdigest()
        stack_id = (
            f"arn:aws:cloudformation:us-east-1:000000000000:stack/{name}/"
            f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
        )
        stack = self.stacks[stack_id] = Stack(self, name, stack_id, parent)
        return stack

    def next_order(self) -> int:
        """Return the position of the next event among the events of all stacks."""
        self._events += 1
        return self._events

    def establish(self, root: Stack) -> None:
        """Record that the deployment of a root stack, and so of all stacks in it, is complete."""
        for stack in self.stacks.values():
            if stack.root is root:
                for resource in stack.resources.values():
                    self.established.add(resource.physical_id)
                    if resource.established_at is None:
                        resource.established_at = self.timeline.now

    def send(
        self,
        stack: Stack,
        type: str,
        logical_id: str,
        properties: Properties,
        *,
        physical_id: str = "",
        old_properties: Properties | None = None,
        request_id: str = "",
        hold_at: int | None = None,
    ) -> SentRequest:
        """Send a request to the function; CloudFormation waits for its response until the timeout."""
        timeline = self.timeline
        # CloudFormation needs some time between two requests: it never signs two of them in the same second.
        if timeline.now < self._last_signed + 1:
            target = self._last_signed + 1
            timeline.at(target, lambda: None)
            self.run_until(lambda: timeline.now >= target)
        self._last_signed = float(int(timeline.now))
        count = len(self.requests)
        url = self._url(stack, count)
        request_id = request_id or f"request-{count:04}"
        event: dict[str, Any] = {
            "RequestType": type,
            "ServiceToken": FUNCTION_ARN,
            "ResponseURL": url,
            "StackId": stack.id,
            "RequestId": request_id,
            "LogicalResourceId": logical_id,
            "ResourceType": _resource_type(properties),
            "ResourceProperties": _as_sent(properties),
        }
        if physical_id:
            event["PhysicalResourceId"] = physical_id
        if old_properties is not None:
            event["OldResourceProperties"] = _as_sent(old_properties)
        name = f"{type} {stack.name}.{logical_id} {count}"
        lambda_event = self.lambda_service.invoke(name, event, hold_at)
        request = SentRequest(
            type,
            stack,
            logical_id,
            physical_id,
            properties,
            old_properties or {},
            request_id,
            url,
            timeline.now,
            event,
            lambda_event,
            was_rolling_back=any("ROLLBACK" in one.status for one in (stack, stack.root)),
            undeliverable=lambda_event.is_lost or self.lambda_service.is_gone,
        )
        resource = stack.resources.get(logical_id)
        if resource is not None:
            request.established_at = resource.established_at
        request.was_held_elsewhere = any(
            held.physical_id == physical_id
            for other in self.stacks.values()
            for other_id, held in other.resources.items()
            if (other, other_id) != (stack, logical_id)
        )
        self.requests[url] = request
        timeline.after(float(properties.get("ServiceTimeout", 3600)), lambda: self._time_out(request))
        return request

    def redeliver(self, request: SentRequest, hold_at: int | None = None) -> LambdaEvent:
        """Let Lambda deliver a request once more, as it may at any time."""
        return self.lambda_service.invoke(f"again {request.lambda_event.name}", request.event, hold_at)

    def wait(self, *requests: SentRequest) -> None:
        """Advance the world until the requests are answered or have timed out."""
        self.run_until(lambda: all(request.is_settled for request in requests))

    def put(self, url: str, body: Mapping[str, Any]) -> int:
        """Take a response at a presigned URL and return the HTTP status."""
        request = self.requests[url]
        if self.timeline.now > request.sent_at + URL_LIFETIME_SECONDS:
            return 403
        response = ReceivedResponse(
            self.timeline.now,
            body["Status"],
            body["PhysicalResourceId"],
            body["Reason"],
            body["Data"],
            counts=request.state is RequestState.WAITING,
            by="" if self.timeline.current is None else self.timeline.current.name,
        )
        request.responses.append(response)
        if response.counts:
            request.state = RequestState.ANSWERED
        return 200

    def known_ids(self) -> dict[str, tuple[Stack, str]]:
        """Return the physical ids that stacks hold, each with its stack and logical id."""
        return {
            physical_id: (stack, logical_id)
            for stack in self.stacks.values()
            for logical_id, resource in stack.resources.items()
            for physical_id in (resource.physical_id, *(old for old, _ in resource.replaced))
        }

    def _time_out(self, request: SentRequest) -> None:
        if request.state is RequestState.WAITING:
            request.state = RequestState.TIMED_OUT

    def _url(self, stack: Stack, count: int) -> str:
        now = self.timeline.now
        signature = sha256(f"{stack.id} {count}".encode()).hexdigest()
        when = f"&X-Amz-Date={strftime('%Y%m%dT%H%M%SZ', gmtime(now))}" if self._signs_time else ""
        return (
            "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/"
            f"{stack.name}%7C{count}?X-Amz-Algorithm=AWS4-HMAC-SHA256{when}&X-Amz-Expires=7200"
            f"&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
        )


def _resource_type(properties: Properties) -> str:
    if "ProviderId" in properties:
        return PROVIDER_RESOURCE_TYPE
    return POOL_RESOURCE_TYPE if "MaxParked" in properties else RESOURCE_TYPE


def _as_sent(value: Any) -> Any:
    """Return properties as CloudFormation sends them: every scalar is a string."""
    if isinstance(value, Mapping):
        return {str(key): _as_sent(member) for key, member in value.items()}  # pyright: ignore
    if isinstance(value, list):
        return [_as_sent(member) for member in value]  # pyright: ignore
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
