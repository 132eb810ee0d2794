"""The handler's clients for the outside world. Each of their calls goes through the wire."""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore import xform_name
from botocore.exceptions import ClientError

from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource, StackState
from lambda_handlers.connect_phone_number.ledger.items import CLAIM_PREFIX
from lambda_handlers.connect_phone_number.ledger.store import Change, IndexPage, Item, Key, ScanPage, Write
from lambda_handlers.connect_phone_number.ledger.update import Update
from local_aws.connect_emulator.service import OPERATIONS

from .reached import current
from .wire import Surface

if TYPE_CHECKING:
    from .cloudformation import CloudFormation
    from .stack import Stack
    from .world import World

_R = TypeVar("_R")

_SUCCEEDED: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
_LET_GO: Final = ("DELETE_COMPLETE", "DELETE_SKIPPED")
_CLOCK_DIFFERENCE_SECONDS: Final = 120
"""The difference between two clocks that the function's own client allows for."""

OPERATION_OF_METHOD: Final = {xform_name(operation): operation for operation in OPERATIONS}
_READS: Final = frozenset(
    {
        "BatchGetFlowAssociation",
        "DescribePhoneNumber",
        "DescribeTrafficDistributionGroup",
        "ListFlowAssociations",
        "ListPhoneNumbersV2",
        "ListTagsForResource",
        "SearchAvailablePhoneNumbers",
    }
)


class HttpStatus(Exception):
    """Stands for the HTTP status that refuses a response.

    Parameters
    ----------
    is_final
        Whether the URL is closed for good. Default ``False``.
    """

    def __init__(self, status: int, *, is_final: bool = False) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.is_final = is_final


class Unknown(Exception):
    """CloudFormation's API does not respond."""


class LedgerRefused(ClientError):
    """DynamoDB refuses a call for good, for example because a right is missing."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "AccessDeniedException", "Message": "Set by the simulator."}}, "a call")


class SimulatedConnect:
    """The handler's client for Connect."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        if method not in OPERATION_OF_METHOD:
            raise AttributeError(method)
        operation = OPERATION_OF_METHOD[method]
        world, perform = self._world, getattr(self._world.client, method)
        is_change = operation not in _READS

        def done(**parameters: Any) -> dict[str, Any]:
            response: dict[str, Any] = perform(**parameters)
            if is_change and world.emulator.audit[-1].took_effect:
                world.on_effect(operation, parameters)
            return response

        def call(**parameters: Any) -> dict[str, Any]:
            return world.wire.call(Surface.CONNECT, operation, parameters, lambda: done(**parameters))

        self.__dict__[method] = call
        return call


class SimulatedStore:
    """The store behind the handler's ledger."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        return self._world.wire.call(Surface.LEDGER, "get", key, lambda: self._world.store.get(key))

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return several items as they were at one moment."""
        return self._world.wire.call(Surface.LEDGER, "get_all", keys, lambda: self._world.store.get_all(keys))

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        """Return a page of the keys of due items."""
        parameters = (due, until, after)
        return self._world.wire.call(Surface.LEDGER, "index", parameters, lambda: self._world.store.index(*parameters))

    def scan(self, after: object = None) -> ScanPage:
        """Return a page of all items."""
        return self._world.wire.call(Surface.LEDGER, "scan", after, lambda: self._world.store.scan(after))

    def write(self, writes: Sequence[Write | Change]) -> None:
        """Perform all writes or none."""
        store = self._world.store

        def perform() -> None:
            reached = current()
            if reached is None:
                store.write(writes)
                return
            claims = [write for write in writes if isinstance(write, Write) and write.key[1].startswith(CLAIM_PREFIX)]
            before = [store.state_of(write.key) for write in claims]
            store.write(writes)
            for state, write in zip(before, claims, strict=True):
                reached.saw_claim(state, write.item)

        self._world.wire.call(Surface.LEDGER, "write", _WritesSummary(writes), perform)

    def update(self, key: Key, update: Update) -> Item | None:
        """Change an item in place."""
        return self._world.wire.call(Surface.LEDGER, "update", key, lambda: self._world.store.update(key, update))


class _WritesSummary:
    """A summary of writes for a trace."""

    def __init__(self, writes: Sequence[Write | Change]) -> None:
        self._writes = writes

    def __str__(self) -> str:
        return "; ".join(map(_write_summary, self._writes))


def _write_summary(write: Write | Change) -> str:
    if isinstance(write, Change):
        return f"{write.key[1]} changed"
    return f"{write.key[1][:18]}@{write.expected_version}={_item_summary(write.item)}"


def _item_summary(item: Item | None) -> str:
    if item is None:
        return "removed"
    shown = (
        "type",
        "state",
        "outcome",
        "candidate",
        "arn",
        "claims",
        "claim_id",
        "in_flight_calls",
        "duplicate_arns",
        "watermark",
    )
    text = {name: item[name] for name in shown if item.get(name)}
    if "response" in item:
        text["response"] = item["response"]["status"]
    return str(text)


class StackBooks:
    """What CloudFormation's API reports about stacks, taken from the simulated CloudFormation's own books.

    Parameters
    ----------
    forgets_removed_resources
        Whether the API no longer knows a resource that was removed from its stack.
    lag_seconds
        How long the API does not show a change, in seconds. Default 0.
    """

    def __init__(
        self, cloudformation: "CloudFormation", *, forgets_removed_resources: bool, lag_seconds: float = 0.0
    ) -> None:
        self._cloudformation = cloudformation
        self._forgets_removed_resources = forgets_removed_resources
        self._lag_seconds = lag_seconds

    @property
    def _shown_until(self) -> float:
        """The time up to which the API shows what has happened."""
        return self._cloudformation.timeline.now - self._lag_seconds

    def state(self, stack_id: str) -> StackState:
        """Return the status of a stack and of its root stack."""
        stack = self._known(stack_id)
        if stack is None:
            return StackState("", "")
        root_status = "DELETE_COMPLETE" if stack.root.is_forgotten else stack.root.status_at(self._shown_until)
        return StackState(stack.status_at(self._shown_until), root_status)

    def resource(self, resource: ResourceKey) -> HeldResource:
        """Return a resource as its stack holds it."""
        stack = self._known(resource.stack_id)
        until = self._shown_until
        event = stack.state_of(resource.logical_resource_id, until) if stack is not None else None
        if stack is None or event is None:
            return HeldResource()
        is_over = event.status in _LET_GO
        if is_over and stack.status_at(until) != "DELETE_COMPLETE" and self._forgets_removed_resources:
            return HeldResource()
        return HeldResource(event.physical_id, event.status)

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...]:
        """Return the resources of one stack that have the physical id."""
        for stack in self._cloudformation.stacks.values():
            if stack.is_forgotten:
                continue
            found = [name for name in stack.logical_ids() if self._is_held(stack, name, physical_id)]
            if found:
                return tuple(ResourceKey(stack.id, name) for name in found)
        return ()

    def _known(self, stack_id: str) -> "Stack | None":
        stack = self._cloudformation.stacks.get(stack_id)
        return None if stack is None or stack.is_forgotten else stack

    def _is_held(self, stack: "Stack", logical_id: str, physical_id: str) -> bool:
        event = stack.state_of(logical_id, self._shown_until)
        if event is None or event.physical_id != physical_id or event.status in _LET_GO:
            return False
        is_abandoned = event.status == "DELETE_FAILED" and logical_id not in stack.resources
        return not is_abandoned

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool:
        """Return whether a stack's events name the physical id."""
        stack = self._known(resource.stack_id)
        if stack is None:
            raise Unknown
        statuses = (
            event.status
            for event in reversed(stack.events)
            if event.physical_id == physical_id
            and since <= event.time <= self._shown_until
            and (by_any_name or event.logical_id == resource.logical_resource_id)
        )
        since_deletion = takewhile(lambda status: status != "DELETE_COMPLETE", statuses)
        return any(not status.startswith("DELETE_") for status in since_deletion)

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool:
        """Return whether a deployment of the root stack has succeeded since the resource got the physical id."""
        stack = self._known(resource.stack_id)
        if stack is None:
            raise Unknown
        named: list[int] = []
        until = self._shown_until
        for event in reversed(stack.events):
            is_meant = event.logical_id == resource.logical_resource_id and event.physical_id == physical_id
            if not is_meant or not since - _CLOCK_DIFFERENCE_SECONDS <= event.time <= until:
                continue
            if event.status in _LET_GO:
                break
            if event.status in _SUCCEEDED:
                named.append(event.order)
        first = min(named, default=None)
        return first is not None and any(
            event.order > first and event.status in _SUCCEEDED and event.time <= until
            for event in stack.root.own_events
        )


class SimulatedStacks:
    """The function's client for CloudFormation's API."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack and of its root stack."""
        return self._asked("state", stack_id, lambda: self._world.stack_books.state(stack_id))

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as its stack holds it."""
        return self._asked("resource", resource, lambda: self._world.stack_books.resource(resource))

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        """Return the resources that have the physical id."""
        return self._asked("holders", physical_id, lambda: self._world.stack_books.holders(physical_id))

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether a stack's events name the physical id."""
        books = self._world.stack_books
        return self._asked(
            "has_named",
            (resource, physical_id),
            lambda: books.has_named(resource, physical_id, since, by_any_name=by_any_name),
        )

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the root stack has succeeded since the resource got the physical id."""
        books = self._world.stack_books
        return self._asked(
            "has_completed", (resource, physical_id), lambda: books.has_completed(resource, physical_id, since)
        )

    def _asked(self, operation: str, parameters: Any, look: Callable[[], _R]) -> _R | None:
        try:
            return self._world.wire.call(Surface.STACKS, operation, parameters, look)
        except Unknown:
            return None


class SimulatedQuotas:
    """The function's client for Service Quotas."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def phone_numbers(self, instance_arn: str) -> int | None:
        """Return how many numbers the account may hold."""
        quota = self._world.options.emulator.quota
        try:
            return self._world.wire.call(Surface.QUOTAS, "phone_numbers", instance_arn, lambda: quota)
        except Unknown:
            return None
