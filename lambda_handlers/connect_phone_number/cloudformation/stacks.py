"""What only CloudFormation itself can say: what a stack holds, in which state it is, and what it has ever named.

A request does not tell whether CloudFormation has heard an earlier response, nor whether a deployment is being undone.
So this is asked, and never inferred. ``None`` always means: it cannot be found out now.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from ..timing import Timing
from .resource_key import ResourceKey

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

_R = TypeVar("_R")

_TRIES: Final = 9
"""More than a minute of them: that long a throttled API takes to recover."""
CONFIRMATION_SECONDS: Final = 30
"""After this time CloudFormation's API is asked again where it matters: what it says may be behind what it does."""
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
"""What the first event of a stack says of the stack itself."""
_LET_GO: Final = ("DELETE_COMPLETE", "DELETE_SKIPPED")
_CLOCK_DIFFERENCE_SECONDS: Final = 120
"""How much the clocks of this function and of CloudFormation may differ."""


@dataclass(frozen=True)
class HeldResource:
    """A resource as its stack has it.

    Parameters
    ----------
    physical_id
        The physical id that CloudFormation has, also of a resource that was deleted; empty where it has none.
    status
        The resource's status, for example ``UPDATE_COMPLETE``; empty where the stack, or the stack's resource, is
        unknown.
    """

    physical_id: str = ""
    status: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether the stack no longer has the resource, be it that it was deleted or retained."""
        return not self.status or self.status in _LET_GO

    def has(self, physical_id: str) -> bool:
        """Return whether the stack has the resource with this physical id, and is not letting it go."""
        return self.physical_id == physical_id and bool(self.status) and not self.status.startswith("DELETE_")

    @property
    def is_in_progress(self) -> bool:
        """Whether CloudFormation is about to change it."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def is_complete(self) -> bool:
        """Whether CloudFormation has it and has finished with it."""
        return self.status.endswith("_COMPLETE") and not self.is_gone


@dataclass(frozen=True)
class StackState:
    """The status of a stack and of the root stack that it is nested in.

    Parameters
    ----------
    status
        The stack's own status; empty where CloudFormation has forgotten the stack.
    root_status
        The status of the root stack; that of the stack itself where it is not nested.
    """

    status: str
    root_status: str

    @property
    def is_rolling_back(self) -> bool:
        """Whether CloudFormation is undoing a deployment of the stack, or of the stack that it is nested in.

        A nested stack that its root's roll-back deletes is itself only DELETE_IN_PROGRESS.
        """
        statuses = (self.status, self.root_status)
        return any("ROLLBACK" in status and not status.endswith("ROLLBACK_COMPLETE") for status in statuses)

    @property
    def is_undoing(self) -> bool:
        """Whether a roll-back is going on right now: one that has failed may be left by deleting the stack."""
        statuses = (self.status, self.root_status)
        return any("ROLLBACK" in status and status.endswith("_IN_PROGRESS") for status in statuses)

    @property
    def is_being_deleted(self) -> bool:
        """Whether the stack, or its root, is on its way out: what it leaves behind is not known yet."""
        return "DELETE_IN_PROGRESS" in (self.status, self.root_status)

    @property
    def is_left_by_its_root(self) -> bool:
        """Whether the root was deleted and has retained this nested stack."""
        return self.root_status == "DELETE_COMPLETE" and self.status not in ("", "DELETE_COMPLETE")

    @property
    def is_in_progress(self) -> bool:
        """Whether an operation is going on."""
        return any(status.endswith("_IN_PROGRESS") for status in (self.status, self.root_status))

    @property
    def may_be_retried(self) -> bool:
        """Whether a deployment has failed and was not rolled back, so that it may go on.

        A stack whose deletion has failed, or the roll-back of its creation, can only be deleted.
        """
        return any(status in _MAY_GO_ON for status in (self.status, self.root_status))

    @property
    def is_complete(self) -> bool:
        """Whether the last deployment of the whole tree of stacks is over, and has not ended the stack."""
        ended = ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
        return all(status.endswith("_COMPLETE") and status not in ended for status in (self.status, self.root_status))


class Stacks(Protocol):
    """Questions about stacks."""

    def state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack."""
        ...

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as its stack has it, also that of a deleted stack."""
        ...

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        """Return the resources that have this physical id now, whatever their type; a logical id may be empty."""
        ...

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether CloudFormation has recorded this physical id for a resource.

        Parameters
        ----------
        since
            Seconds since the epoch: what was recorded earlier does not count.
        by_any_name
            Whether it counts as well where it was recorded for another resource of the same stack: a resource may have
            been renamed.
        """
        ...

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the stack's root has succeeded since the resource got this physical id.

        ``since`` is a time in seconds since the epoch before which that cannot have been.
        """
        ...


def still_has(stacks: Stacks, resource: ResourceKey, physical_id: str) -> bool | None:
    """Return whether a stack has a resource with this physical id and is not letting it go.

    Of a stack that was deleted, CloudFormation goes on to describe the resources. That none is held any more is said by
    the stack's own status.
    """
    held = stacks.resource(resource)
    if held is None or not held.has(physical_id):
        return None if held is None else False
    state = stacks.state(resource.stack_id)
    return None if state is None else state.status not in ("", "DELETE_COMPLETE")


class PatientStacks:
    """Asks again where a response could not be found out: only what stays unknown is unknown.

    Parameters
    ----------
    stacks
        What is asked.
    timing
        How long it may take.
    """

    def __init__(self, stacks: Stacks, timing: Timing) -> None:
        self.at_once = stacks
        """Answers without asking again, for those who come again anyway."""
        self._stacks = stacks
        self._timing = timing

    def state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack."""
        return self._with_retries(lambda: self._stacks.state(stack_id))

    def confirmed_state(self, stack_id: str) -> StackState | None:
        """Return the status of a stack, asked twice where the first response may be behind.

        Right after a roll-back has begun, CloudFormation may still tell of the deployment before.
        """
        state = self.state(stack_id)
        if state is not None and state.is_in_progress and not state.is_rolling_back:
            self._timing.sleep(CONFIRMATION_SECONDS, "asking CloudFormation again whether it rolls back")
            state = self.state(stack_id)
        return state

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as its stack has it, also that of a deleted stack."""
        return self._with_retries(lambda: self._stacks.resource(resource))

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        """Return the resources that have this physical id now, whatever their type."""
        return self._with_retries(lambda: self._stacks.holders(physical_id))

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether CloudFormation has recorded this physical id for a resource."""
        return self._with_retries(lambda: self._stacks.has_named(resource, physical_id, since, by_any_name=by_any_name))

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the stack's root has succeeded since the resource got this physical id."""
        return self._with_retries(lambda: self._stacks.has_completed(resource, physical_id, since))

    def _with_retries(self, ask: Callable[[], _R | None]) -> _R | None:
        for retry in range(_TRIES):
            response = ask()
            if response is not None:
                return response
            self._timing.backoff(retry, "CloudFormation does not tell the state of the stack")
        return None


class CloudFormationStacks:
    """Answers from the CloudFormation API."""

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
            root = self._client.describe_stacks(StackName=root_id)["Stacks"][0]
            return StackState(stack["StackStatus"], root["StackStatus"])
        except (ClientError, BotoCoreError) as error:
            return StackState("", "") if _is_unknown(error) else None

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        """Return a resource as its stack has it, also that of a deleted stack.

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
        """Return the resources that have this physical id now, whatever their type.

        CloudFormation names the stack by its first hundred resources. Where the one in question is none of these, its
        logical id is left empty.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
        """
        try:
            found = self._client.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
        except (ClientError, BotoCoreError) as error:
            return () if _is_unknown(error) else None
        named = [resource for resource in found if resource.get("PhysicalResourceId") == physical_id]
        if found and not named:
            return (ResourceKey(found[0].get("StackId", ""), ""),)
        return tuple(
            ResourceKey(resource.get("StackId", ""), resource["LogicalResourceId"])
            for resource in named
            if resource["ResourceStatus"] not in _LET_GO
        )

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        """Return whether CloudFormation has recorded this physical id for a resource.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
        """
        try:
            for event in self._events(resource.stack_id, since - _CLOCK_DIFFERENCE_SECONDS):
                is_meant = by_any_name or event.get("LogicalResourceId") == resource.logical_resource_id
                if is_meant and event.get("PhysicalResourceId") == physical_id:
                    return True
        except (ClientError, BotoCoreError, _Forgotten):
            # Also where CloudFormation has forgotten the stack: then nobody can tell any more.
            return None
        return False

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        """Return whether a deployment of the stack's root has succeeded since the resource got this physical id.

        Only times of CloudFormation's own are compared.
        """
        earliest = since - _CLOCK_DIFFERENCE_SECONDS
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
        """Return when the resource got the physical id, in its present life: its logical id may have had another."""
        named: list[datetime] = []
        for event in self._events(resource.stack_id, earliest):
            if event.get("LogicalResourceId") != resource.logical_resource_id:
                continue
            if event.get("ResourceStatus") in _LET_GO:
                break
            if event.get("PhysicalResourceId") == physical_id and event.get("ResourceStatus") in _SUCCEEDED:
                named.append(event["Timestamp"])
        return named

    def _events(self, stack_id: str, since: int) -> Iterator["StackEventTypeDef"]:
        """Return the events of a stack since a time, newest first.

        Raises
        ------
        _Forgotten
            At the end, where the events do not go back that far.
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


def _is_unknown(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return False
    return "does not exist" in error.response.get("Error", {}).get("Message", "")
