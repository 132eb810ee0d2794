"""What only CloudFormation itself can say: is a stack rolling back, does it still hold a resource."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from ..ledger.items import ResourceKey
from ..timing import Timing

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


_TRIES: Final = 6
_LET_GO: Final = ("DELETE_COMPLETE", "DELETE_SKIPPED")


class Stacks(Protocol):
    """Questions about stacks."""

    def is_rolling_back(self, stack_id: str) -> bool | None:
        """Return whether the stack is undoing a deployment, or ``None`` where that cannot be found out."""
        ...

    def holds(self, resource: ResourceKey, physical_resource_id: str) -> bool | None:
        """Return whether the stack holds the resource, or ``None`` where that cannot be found out."""
        ...


class PatientStacks:
    """Asks again where an answer could not be found out: only what stays unknown is unknown.

    Parameters
    ----------
    stacks
        What is asked.
    timing
        How long it may take.
    """

    def __init__(self, stacks: Stacks, timing: Timing) -> None:
        self._stacks = stacks
        self._timing = timing

    def is_rolling_back(self, stack_id: str) -> bool | None:
        """Return whether the stack is undoing a deployment, or ``None`` where that cannot be found out."""
        return self._patiently(lambda: self._stacks.is_rolling_back(stack_id))

    def holds(self, resource: ResourceKey, physical_resource_id: str) -> bool | None:
        """Return whether the stack holds the resource, or ``None`` where that cannot be found out."""
        return self._patiently(lambda: self._stacks.holds(resource, physical_resource_id))

    def _patiently(self, ask: Callable[[], bool | None]) -> bool | None:
        for attempt in range(_TRIES):
            answer = ask()
            if answer is not None:
                return answer
            self._timing.backoff(attempt, "CloudFormation does not tell the state of the stack")
        return None


class CloudFormationStacks:
    """Answers from the CloudFormation API."""

    def __init__(self, client: "CloudFormationClient") -> None:
        self._client = client

    def is_rolling_back(self, stack_id: str) -> bool | None:
        """Return whether the stack is undoing a deployment, or ``None`` where that cannot be found out.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        """
        try:
            stacks = self._client.describe_stacks(StackName=stack_id)["Stacks"]
        except (ClientError, BotoCoreError):
            return None
        return any("ROLLBACK" in stack["StackStatus"] for stack in stacks)

    def holds(self, resource: ResourceKey, physical_resource_id: str) -> bool | None:
        """Return whether the stack holds the resource, or ``None`` where that cannot be found out.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html
        """
        try:
            detail = self._client.describe_stack_resource(
                StackName=resource.stack_id, LogicalResourceId=resource.logical_resource_id
            )["StackResourceDetail"]
        except ClientError as error:
            message = error.response.get("Error", {}).get("Message", "")
            return False if "does not exist" in message else None
        except BotoCoreError:
            return None
        is_let_go = detail["ResourceStatus"] in _LET_GO
        return detail.get("PhysicalResourceId") == physical_resource_id and not is_let_go
