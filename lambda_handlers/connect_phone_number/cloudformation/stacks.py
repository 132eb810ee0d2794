"""What only CloudFormation knows: a stack's resources, its status, and the physical ids that it has recorded.

A request does not show whether CloudFormation has received an earlier response, or whether a deployment is being rolled
back. The code therefore asks CloudFormation and never infers this. ``None`` always means that it cannot be found out
now.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from ..timing import TimedOut, Timing
from .resource_key import ResourceKey

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

_R = TypeVar("_R")

_TRIES: Final = 9
"""The tries take more than a minute, which is how long a throttled API takes to recover."""
SETTLING_SECONDS: Final = 30
"""How long after its begin an invocation for a request first asks CloudFormation: its API may lag behind."""
SHOWN_AFTER_SECONDS: Final = 300
"""The longest time that CloudFormation's API may take to show a change.

Conclusions that cannot be corrected later wait for it.
"""
_MAY_GO_ON: Final = (
    "CREATE_FAILED",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_FAILED",
)
_SUCCEEDED: Final = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_COMPLETE",
)
_BEGUN: Final = ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS")
"""The status of the stack itself in the first of its events."""
_LET_GO: Final = ("DELETE_COMPLETE", "DELETE_SKIPPED")
_MOST_DESCRIBED: Final = 100
"""DescribeStackResources returns only the first resources of a stack that has more."""
CLOCK_DIFFERENCE_SECONDS: Final = 120
"""How much the clocks of this function and of CloudFormation may differ."""


@dataclass(frozen=True)
class HeldResource:
    """A resource as CloudFormation describes it.

    Parameters
    ----------
    physical_id
        The physical id that CloudFormation has, even for a deleted resource. Empty if there is none.
    status
        The resource's status, for example ``UPDATE_COMPLETE``. Empty if the stack or the resource in the stack is
        unknown.
    """

    physical_id: str = ""
    status: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether the stack no longer has the resource, because it was deleted or retained."""
        return not self.status or self.status in _LET_GO

    def has(self, physical_id: str) -> bool:
        """Return whether the stack has the resource with this physical id and is not removing it."""
        return self.physical_id == physical_id and bool(self.status) and not self.status.startswith("DELETE_")

    @property
    def is_in_progress(self) -> bool:
        """Whether an operation on the resource is in progress."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def is_complete(self) -> bool:
        """Whether the stack has the resource and CloudFormation has finished its operation on it."""
        return self.status.endswith("_COMPLETE") and not self.is_gone


@dataclass(frozen=True)
class StackState:
    """The status of a stack and of the root stack that it is nested in.

    Parameters
    ----------
    status
        The stack's own status. Empty if CloudFormation has forgotten the stack.
    root_status
        The status of the root stack, or of the stack itself if it is not nested.
    """

    status: str
    root_status: str

    @property
    def is_rolling_back(self) -> bool:
        """Whether CloudFormation is rolling back a deployment of the stack or of its root stack.

        If the rollback of the root deletes a nested stack, the nested stack itself is only DELETE_IN_PROGRESS.
        """
        statuses = (self.status, self.root_status)
        return any("ROLLBACK" in status and not status.endswith("ROLLBACK_COMPLETE") for status in statuses)

    @property
    def is_undoing(self) -> bool:
        """Whether a rollback is running right now.

        A rollback that has failed does not count: the stack may be deleted to leave that state.
        """
        statuses = (self.status, self.root_status)
        return any("ROLLBACK" in status and status.endswith("_IN_PROGRESS") for status in statuses)

    @property
    def is_being_deleted(self) -> bool:
        """Whether the stack or its root is being deleted, so that what it leaves behind is not known yet."""
        return "DELETE_IN_PROGRESS" in (self.status, self.root_status)

    @property
    def is_left_by_its_root(self) -> bool:
        """Whether the root was deleted and this nested stack was retained."""
        return self.root_status == "DELETE_COMPLETE" and self.status not in ("", "DELETE_COMPLETE")

    @property
    def is_in_progress(self) -> bool:
        """Whether an operation is in progress."""
        return any(status.endswith("_IN_PROGRESS") for status in (self.status, self.root_status))

    @property
    def may_be_retried(self) -> bool:
        """Whether a deployment has failed and was not rolled back, so that it may continue.

        A stack can only be deleted if its deletion failed or if the rollback of its creation failed.
        """
        return any(status in _MAY_GO_ON for status in (self.status, self.root_status))

    @property
    def is_complete(self) -> bool:
        """Whether the last deployment of the whole tree of stacks is over and did not end the stack."""
        ended = ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
        return all(status.endswith("_COMPLETE") and status not in ended for status in (self.status, self.root_status))


class Stacks(Protocol):
    """Queries about stacks."""

    def state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack."""
        ...

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as CloudFormation describes it, even if its stack was deleted."""
        ...

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        """Return the resources of any type that have this physical id now."""
        ...

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether CloudFormation has recorded this physical id for a resource.

        Parameters
        ----------
        since
            Seconds since the epoch, by CloudFormation's clock. Earlier records do not count.
        by_any_name
            Whether a record for another resource of the same stack counts too, because a resource may have been
            renamed.
        """
        ...

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the stack's root has succeeded since the resource got this physical id.

        ``since`` is a time in seconds since the epoch before which this cannot have happened.
        """
        ...


def still_has(stacks: Stacks, resource: ResourceKey, physical_id: str) -> bool | None:
    """Return whether a stack has a resource with this physical id and is not removing it.

    CloudFormation continues to describe the resources of a deleted stack. Only the status of the stack itself shows
    that the stack no longer holds any.
    """
    held = stacks.resource(resource)
    if held is None or not held.has(physical_id):
        return None if held is None else False
    state = stacks.state(resource.stack_id)
    return None if state is None else state.status not in ("", "DELETE_COMPLETE")


class RetryingStacks:
    """Retries queries that have no result. Returns ``None`` only if no try has a result in time.

    Parameters
    ----------
    stacks
        The queries.
    timing
        Limits the time for retries.
    settled_at
        When CloudFormation's API shows all that was done before the request at hand was sent, in seconds since the
        epoch. The first query waits until then. Default 0: at once.
    """

    def __init__(self, stacks: Stacks, timing: Timing, settled_at: float = 0.0) -> None:
        self.at_once = stacks
        """The queries without a wait and without retries, for callers that come again later anyway."""
        self._stacks = stacks
        self._timing = timing
        self._settled_at = settled_at

    @property
    def unsettled(self) -> "RetryingStacks":
        """The queries without a wait, for questions that an outdated response answers well enough."""
        return RetryingStacks(self._stacks, self._timing)

    def settle(self) -> None:
        """Wait until CloudFormation's API shows all that was done before the request at hand was sent.

        Raises
        ------
        NotFinished, TimedOut
            There is not enough time.
        """
        if (wait := self._settled_at - self._timing.clock()) > 0:
            self._timing.sleep(wait, "waiting until CloudFormation shows what was done before")

    def state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack."""
        return self._with_retries(lambda: self._stacks.state(stack_id))

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as CloudFormation describes it, even if its stack was deleted."""
        return self._with_retries(lambda: self._stacks.resource(resource))

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        """Return the resources of any type that have this physical id now."""
        return self._with_retries(lambda: self._stacks.holders(physical_id))

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether CloudFormation has recorded this physical id for a resource."""
        return self._with_retries(lambda: self._stacks.has_named(resource, physical_id, since, by_any_name=by_any_name))

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the stack's root has succeeded since the resource got this physical id."""
        return self._with_retries(lambda: self._stacks.has_completed(resource, physical_id, since))

    def _with_retries(self, ask: Callable[[], _R | None]) -> _R | None:
        # Where time is up, the caller says to CloudFormation what could not be found out.
        with suppress(TimedOut):
            self.settle()
            for retry in range(_TRIES):
                response = ask()
                if response is not None:
                    return response
                self._timing.backoff(retry, "CloudFormation does not tell the state of the stack")
        return None


class CloudFormationStacks:
    """Queries that the CloudFormation API answers."""

    def __init__(self, client: "CloudFormationClient") -> None:
        self._client = client

    def state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        """
        try:
            stack = self._client.describe_stacks(StackName=stack_id)["Stacks"][0]
            root_id = stack.get("RootId", "")
            if not root_id or root_id == stack_id:
                return StackState(stack["StackStatus"], stack["StackStatus"])
        except (ClientError, BotoCoreError) as error:
            return StackState("", "") if _is_unknown(error) else None
        try:
            root = self._client.describe_stacks(StackName=root_id)["Stacks"][0]
            return StackState(stack["StackStatus"], root["StackStatus"])
        except (ClientError, BotoCoreError) as error:
            # A root that CloudFormation has forgotten was deleted, and has left this stack behind.
            return StackState(stack["StackStatus"], "DELETE_COMPLETE") if _is_unknown(error) else None

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as CloudFormation describes it, even if its stack was deleted.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html
        """
        try:
            detail = self._client.describe_stack_resource(
                StackName=resource.stack_id, LogicalResourceId=resource.logical_resource_id
            )["StackResourceDetail"]
        except (ClientError, BotoCoreError) as error:
            return HeldResource() if _is_unknown(error) else None
        return HeldResource(detail.get("PhysicalResourceId", ""), detail["ResourceStatus"])

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        """Return the resources of any type that have this physical id now.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
        """
        try:
            found = self._client.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
            stack_id = found[0].get("StackId", "") if found else ""
            is_cut_off = len(found) >= _MOST_DESCRIBED
            listed = self._listed(stack_id) if is_cut_off else map(_described, found)
            return tuple(
                ResourceKey(stack_id, logical_id)
                for logical_id, resource in listed
                if resource.physical_id == physical_id and not resource.is_gone
            )
        except (ClientError, BotoCoreError) as error:
            return () if _is_unknown(error) else None

    def _listed(self, stack_id: str) -> Iterator[tuple[str, HeldResource]]:
        """Return all resources of a stack, each with its logical id.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
        """
        for page in self._client.get_paginator("list_stack_resources").paginate(StackName=stack_id):
            yield from map(_described, page["StackResourceSummaries"])

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether CloudFormation has recorded this physical id for a resource.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
        """
        try:
            for event in self._events(resource.stack_id, since):
                is_meant = by_any_name or event.get("LogicalResourceId") == resource.logical_resource_id
                if not is_meant or event.get("PhysicalResourceId") != physical_id:
                    continue
                status = event.get("ResourceStatus", "")
                if status == "DELETE_COMPLETE":
                    # What is older is of an earlier life of the number, before it was parked.
                    return False
                if not status.startswith("DELETE_"):
                    return True
        except (ClientError, BotoCoreError, _Forgotten):
            # This includes a stack that CloudFormation has forgotten. Then it can no longer be found out.
            return None
        return False

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the stack's root has succeeded since the resource got this physical id.

        Only CloudFormation's own timestamps are compared.
        """
        earliest = since - CLOCK_DIFFERENCE_SECONDS
        try:
            named = self._named_since_last_removal(resource, physical_id, earliest)
            if not named:
                return False
            stack = self._client.describe_stacks(StackName=resource.stack_id)["Stacks"][0]
            root_id = stack.get("RootId", "") or resource.stack_id
            return any(
                event.get("PhysicalResourceId") == root_id
                and event.get("ResourceStatus") in _SUCCEEDED
                and event["Timestamp"] >= min(named)
                for event in self._events(root_id, earliest)
            )
        except (ClientError, BotoCoreError, _Forgotten):
            return None

    def _named_since_last_removal(self, resource: ResourceKey, physical_id: str, earliest: int) -> list[datetime]:
        """Return when the resource got the physical id since its last removal.

        A removed resource with the same logical id may have had this physical id before.
        """
        named: list[datetime] = []
        for event in self._events(resource.stack_id, earliest):
            if event.get("LogicalResourceId") != resource.logical_resource_id:
                continue
            if event.get("PhysicalResourceId") != physical_id:
                # For example the removal of what this physical id has replaced.
                continue
            if event.get("ResourceStatus") in _LET_GO:
                break
            if event.get("ResourceStatus") in _SUCCEEDED:
                named.append(event["Timestamp"])
        return named

    def _events(self, stack_id: str, since: int) -> Iterator["StackEventTypeDef"]:
        """Return the events of a stack since a time, newest first.

        Raises
        ------
        _Forgotten
            After the last event, if the events do not go back that far.
        """
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            for event in page["StackEvents"]:
                if event["Timestamp"].timestamp() < since:
                    return
                yield event
                if event.get("PhysicalResourceId") == stack_id and event.get("ResourceStatus") in _BEGUN:
                    return
        raise _Forgotten


class _Forgotten(Exception):
    """CloudFormation has kept no events from the time in question."""


def _described(resource: Mapping[str, object]) -> tuple[str, HeldResource]:
    """Return a resource with its logical id, as a list of resources has it."""
    held = HeldResource(str(resource.get("PhysicalResourceId", "")), str(resource["ResourceStatus"]))
    return str(resource["LogicalResourceId"]), held


def _is_unknown(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return False
    return "does not exist" in error.response.get("Error", {}).get("Message", "")
