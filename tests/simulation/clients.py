"""The handler's clients for the world outside, each call of which goes through the wire."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from lambda_handlers.connect_phone_number.ledger.items import ResourceKey
from lambda_handlers.connect_phone_number.ledger.store import Item, Key, Write
from local_aws.connect_emulator.service import OPERATIONS

from .wire import Surface

if TYPE_CHECKING:
    from .world import World

OPERATION_OF_METHOD: Final = {xform_name(operation): operation for operation in OPERATIONS}
_READS: Final = frozenset(
    {"DescribePhoneNumber", "ListPhoneNumbersV2", "ListTagsForResource", "SearchAvailablePhoneNumbers"}
)


class HttpStatus(Exception):
    """Stands for an HTTP status with which an answer is refused."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class Unknown(Exception):
    """CloudFormation's API does not answer."""


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
            answer: dict[str, Any] = perform(**parameters)
            if is_change and world.emulator.audit[-1].took_effect:
                world.on_effect(operation, parameters)
            return answer

        def call(**parameters: Any) -> dict[str, Any]:
            return world.wire.call(Surface.CONNECT, operation, parameters, lambda: done(**parameters))

        self.__dict__[method] = call
        return call


class SimulatedStore:
    """The handler's ledger."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        return self._world.wire.call(Surface.LEDGER, "get", key, lambda: self._world.store.get(key))

    def query(self, partition: str) -> list[Item]:
        """Return the items of a partition."""
        return self._world.wire.call(Surface.LEDGER, "query", partition, lambda: self._world.store.query(partition))

    def index(self, due: str, until: int | None) -> list[Key]:
        """Return the keys of what is due."""
        return self._world.wire.call(Surface.LEDGER, "index", (due, until), lambda: self._world.store.index(due, until))

    def write(self, writes: Sequence[Write]) -> None:
        """Write all or nothing."""
        self._world.wire.call(Surface.LEDGER, "write", _WritesSummary(writes), lambda: self._world.store.write(writes))


class _WritesSummary:
    """Says what is written, where a trace is printed."""

    def __init__(self, writes: Sequence[Write]) -> None:
        self._writes = writes

    def __str__(self) -> str:
        return "; ".join(
            f"{write.key[1][:18]}@{write.expected_version}={_item_summary(write.item)}" for write in self._writes
        )


def _item_summary(item: Item | None) -> str:
    if item is None:
        return "removed"
    shown = ("type", "state", "outcome", "candidate", "arn", "claims", "claim_id", "doubts", "surplus", "watermark")
    text = {name: item[name] for name in shown if item.get(name)}
    if "answer" in item:
        text["answer"] = item["answer"]["status"]
    return str(text)


class SimulatedStacks:
    """What CloudFormation's API says of stacks."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def is_rolling_back(self, stack_id: str) -> bool | None:
        """Return whether a stack is rolling back."""
        world = self._world
        try:
            return world.wire.call(
                Surface.STACKS,
                "is_rolling_back",
                stack_id,
                lambda: "ROLLBACK" in world.cloudformation.stacks[stack_id].status,
            )
        except Unknown:
            return None

    def holds(self, resource: ResourceKey, physical_resource_id: str) -> bool | None:
        """Return whether a stack holds a resource."""
        world = self._world

        def look() -> bool:
            held = world.cloudformation.stacks[resource.stack_id].resources.get(resource.logical_resource_id)
            return held is not None and held.physical_id == physical_resource_id

        try:
            return world.wire.call(Surface.STACKS, "holds", (resource, physical_resource_id), look)
        except Unknown:
            return None
