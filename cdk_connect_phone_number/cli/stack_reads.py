"""What CloudFormation has: whether a stack still has a number that the ledger counts as its own."""

from enum import Enum, auto
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .function_code import resource_key, stacks
from .places import Place
from .problems import Finding, Problem, explain, is_about_credentials


class Holding(Enum):
    """What CloudFormation says of a resource and its number."""

    HELD = auto()
    """The stack has the resource with this number."""
    NOT_HELD = auto()
    """The stack or the resource is gone, or has another number."""
    CHANGING = auto()
    """The stack is being changed."""
    UNKNOWN = auto()
    """CloudFormation does not tell."""


class StackReads:
    """Asks CloudFormation about each stack once.

    DescribeStackResources returns a stack's first hundred resources only, so ListStackResources is called, page by
    page.
    """

    def __init__(self, place: Place, findings: list[Finding]) -> None:
        self._place = place
        self._findings = findings
        self._known: dict[str, dict[str, str] | Holding] = {}

    def holding(self, resource: resource_key.ResourceKey, physical_id: str) -> Holding:
        """Return whether a stack has a resource with this physical id."""
        if resource.stack_id not in self._known:
            self._known[resource.stack_id] = self._physical_ids(resource.stack_id)
        known = self._known[resource.stack_id]
        if isinstance(known, Holding):
            return known
        return Holding.HELD if known.get(resource.logical_resource_id) == physical_id else Holding.NOT_HELD

    def _physical_ids(self, stack_id: str) -> dict[str, str] | Holding:
        client = self._place.client("cloudformation")
        try:
            # CloudFormation describes the resources of a deleted stack, too. Only the stack's status tells.
            (stack,) = client.describe_stacks(StackName=stack_id)["Stacks"]
            if stack["StackStatus"] == "DELETE_COMPLETE":
                return Holding.NOT_HELD
            if stack["StackStatus"].endswith("_IN_PROGRESS"):
                return Holding.CHANGING
            pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
            summaries: list[dict[str, Any]] = [summary for page in pages for summary in page["StackResourceSummaries"]]
        except (ClientError, BotoCoreError) as error:
            if is_about_credentials(error):
                raise Problem(explain("cloudformation", error)) from error
            if isinstance(error, ClientError) and "does not exist" in str(error):
                return Holding.NOT_HELD
            name = resource_key.ResourceKey(stack_id, "").stack_name
            text = f"Whether stack {name} still has its numbers is not known: {explain('cloudformation', error)}"
            self._findings.append(Finding(self._place.account, self._place.region, text))
            return Holding.UNKNOWN
        return {
            summary["LogicalResourceId"]: summary.get("PhysicalResourceId", "")
            for summary in summaries
            if not stacks.HeldResource(status=summary["ResourceStatus"]).is_gone
        }
