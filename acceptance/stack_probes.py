"""Probes of CloudFormation: what it reports about a number, removed resources, and resources of a deleted stack."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from lambda_handlers.connect_phone_number import contract

from .asking import Members, Reply
from .assumptions import in_words
from .probe_stack import KEPT, REMOVED, RESOURCE_TYPE
from .probes import Context, Finding, Probe, Stage
from .stacks import AcceptanceStacks

_PHYSICAL_ID: Final = in_words("CloudFormation shows within five minutes which physical id a resource has")
_HOLDER: Final = in_words("DescribeStackResources finds a custom resource by its physical id")
_SUCCEEDED: Final = in_words("CloudFormation's events of a root stack say when a deployment has succeeded")
_SKIPPED: Final = (
    "A stack that is deleted, and a stack that a resource was removed from, still say what became of the resource: "
    "DELETE_SKIPPED where it was retained."
)

_ONE_RESOURCE: Final = "DescribeStackResource"
_NUMBER_TYPE: Final = "Custom::ConnectPhoneNumber"
_STACK_TYPE: Final = "AWS::CloudFormation::Stack"
_MEMBERS: Final = ("LogicalResourceId", "PhysicalResourceId", "ResourceType", "ResourceStatus")
_SUCCESS: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_PATIENCE_SECONDS: Final = 15
_PAUSE_SECONDS: Final = 5.0

_Event = Mapping[str, Any]


class StackProbes:
    """The probes that ask CloudFormation.

    Parameters
    ----------
    stacks : AcceptanceStacks
        The stacks of the run.
    """

    def __init__(self, stacks: AcceptanceStacks) -> None:
        self._stacks = stacks

    def probes(self) -> tuple[Probe, ...]:
        """Return all of these probes. ``removed-resources`` comes after all other probes of the probes' own stack."""
        events = "cloudformation:DescribeStackEvents"
        resource = f"cloudformation:{_ONE_RESOURCE}"
        reads = ("cloudformation:DescribeStacks", events, resource)
        holders = ("cloudformation:DescribeStackResources",)
        return (
            Probe("physical-id-of-number", _PHYSICAL_ID, Stage.CLAIMED, (events, resource), self.physical_id),
            Probe("holder-of-number", _HOLDER, Stage.CLAIMED, holders, self.holder),
            Probe("holder-of-retained-number", _HOLDER, Stage.RETAINED, holders, self.holder),
            Probe("deleted-stack-of-retained-number", _SKIPPED, Stage.RETAINED, reads, self.deleted_stack),
            Probe("events-of-adoption", _SUCCEEDED, Stage.ADOPTED, (events,), self.events_of_adoption),
            Probe("removed-resources", _SKIPPED, Stage.ADOPTED, (events, resource), self.removed_resources),
            Probe("deleted-stack-of-released-number", _SKIPPED, Stage.RELEASED, reads, self.deleted_stack),
        )

    def physical_id(self, context: Context) -> Finding:
        """Ask for the physical id of the number's resource after its stack is deployed."""
        arn, stack_id = context.number.arn, self._stacks.number_stack_id
        events = _events(context, "events", stack_id, _NUMBER_TYPE)
        named = [event for event in events if event.get("PhysicalResourceId") == arn]
        if not events:
            return Finding(False, "The events of the stack do not show the number.")
        resource = _resource(context, "the number", stack_id, str(events[0].get("LogicalResourceId", "")))
        has_id = (
            resource.response is not None and resource.response["StackResourceDetail"].get("PhysicalResourceId") == arn
        )
        return Finding(
            True,
            f"DescribeStackResource {'names' if has_id else 'DOES NOT NAME'} the number's ARN. "
            f"DescribeStackEvents {'names' if named else 'DOES NOT NAME'} it.",
        )

    def holder(self, context: Context) -> Finding:
        """Ask which resource has the number's ARN as its physical id."""
        arn = context.number.arn

        def keep(response: Members) -> Members:
            held = [one for one in response.get("StackResources", []) if one.get("PhysicalResourceId") == arn]
            return {"StackResources": [_only(one, _MEMBERS) for one in held]}

        reply = context.asker.ask(
            "who has the number", "DescribeStackResources", service="cloudformation", keep=keep, PhysicalResourceId=arn
        )
        held = (reply.response or {}).get("StackResources", [])
        statuses = ", ".join(str(one.get("ResourceStatus", "")) for one in held)
        owner = f"that of a resource that is {statuses}" if held else "NOBODY's"
        return Finding(True, f"The number is {owner}.")

    def events_of_adoption(self, context: Context) -> Finding:
        """Check whether the stack's success comes after that of the number in it."""
        events = _events(context, "events", self._stacks.number_stack_id, _NUMBER_TYPE, _STACK_TYPE)
        # The newest event comes first.
        succeeded = [event["ResourceType"] for event in events if event.get("ResourceStatus") in _SUCCESS]
        is_last = succeeded == [_STACK_TYPE, _NUMBER_TYPE]
        return Finding(
            bool(succeeded), f"The stack's success is {'' if is_last else 'NOT '}an event, after that of the number."
        )

    def deleted_stack(self, context: Context) -> Finding:
        """Ask for the number's deleted stack by its id and by its name."""
        stack_id = self._stacks.number_stack_id
        _ask_for_stack(context, "the deleted stack, by id", stack_id)
        _ask_for_stack(context, "the deleted stack, by name", self._stacks.number)
        events = _events(context, "events, by id", stack_id, _NUMBER_TYPE)
        if not events:
            return Finding(False, "The events of the deleted stack do not show the number.")
        logical_id = str(events[0].get("LogicalResourceId", ""))
        resource = _resource(context, "the number, by the stack's id", stack_id, logical_id)
        _resource(context, "the number, by the stack's name", self._stacks.number, logical_id)
        return Finding(True, f"{_statuses(events)} Afterwards the resource is {_state(resource)}.")

    def removed_resources(self, context: Context) -> Finding:
        """Remove one resource that is retained and one that is not, and ask what happened to them."""
        if not self._stacks.exists(self._stacks.probes):
            return Finding(False, "The stack of the probes is not there.")
        name = self._stacks.probes
        provider_id = context.number.tags.get(contract.PROVIDER_TAG, "")
        if self._stacks.deploy_probes(provider_id, has_resources=False).exit_code != 0:
            return Finding(False, "The stack of the probes could not be updated.")
        waited = 0.0
        while True:
            events = _events(context, "events after the removal", name, RESOURCE_TYPE)
            if _are_gone(events) or waited >= _PATIENCE_SECONDS:
                break
            context.asker.sleep(_PAUSE_SECONDS)
            waited += _PAUSE_SECONDS
        kept = _resource(context, "the retained resource", name, KEPT)
        removed = _resource(context, "the deleted resource", name, REMOVED)
        return Finding(
            True,
            f"{_statuses(events)} Afterwards the retained one is {_state(kept)}, the deleted one {_state(removed)}.",
        )


def _ask_for_stack(context: Context, label: str, stack: str) -> Reply:
    def keep(response: Members) -> Members:
        return {"Stacks": [{"StackStatus": one.get("StackStatus")} for one in response.get("Stacks", [])]}

    return context.asker.ask(label, "DescribeStacks", service="cloudformation", keep=keep, StackName=stack)


def _events(context: Context, label: str, stack: str, *resource_types: str) -> list[_Event]:
    """Return the events of some types of resources, the newest first, as CloudFormation returns them."""
    keep = _events_of(resource_types, context.number.claimed_at)
    reply = context.asker.ask(label, "DescribeStackEvents", service="cloudformation", keep=keep, StackName=stack)
    return list((reply.response or {}).get("StackEvents", []))


def _events_of(resource_types: tuple[str, ...], claimed_at: float | None) -> Callable[[Members], Members]:
    def keep(response: Members) -> Members:
        meant = [event for event in response.get("StackEvents", []) if event.get("ResourceType") in resource_types]
        return {"StackEvents": [{**_only(event, _MEMBERS), **_time(event, claimed_at)} for event in meant]}

    return keep


def _time(event: _Event, claimed_at: float | None) -> dict[str, float]:
    at = event.get("Timestamp")
    if not isinstance(at, datetime) or claimed_at is None:
        return {}
    return {"seconds_after_claim": at.timestamp() - claimed_at}


def _resource(context: Context, label: str, stack: str, logical_id: str) -> Reply:
    def keep(response: Members) -> Members:
        return {"StackResourceDetail": _only(response.get("StackResourceDetail", {}), _MEMBERS)}

    return context.asker.ask(
        label, _ONE_RESOURCE, service="cloudformation", keep=keep, StackName=stack, LogicalResourceId=logical_id
    )


def _only(members: Members, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: members[name] for name in names if name in members}


def _are_gone(events: list[_Event]) -> bool:
    ended = {event.get("LogicalResourceId") for event in events if _is_end(str(event.get("ResourceStatus")))}
    return {KEPT, REMOVED} <= ended


def _is_end(status: str) -> bool:
    return status in ("DELETE_COMPLETE", "DELETE_FAILED", "DELETE_SKIPPED")


def _state(reply: Reply) -> str:
    if reply.response is None:
        return f"{reply.error_code}: {reply.error_message}"
    detail = reply.response["StackResourceDetail"]
    return f"{detail.get('ResourceStatus')}, {'with' if detail.get('PhysicalResourceId') else 'without'} a physical id"


def _statuses(events: list[_Event]) -> str:
    """Return the statuses of each resource's events, the oldest first."""
    statuses: dict[str, list[str]] = {}
    for event in reversed(events):
        statuses.setdefault(str(event.get("LogicalResourceId")), []).append(str(event.get("ResourceStatus")))
    return "Events: " + "; ".join(f"{name}: {', '.join(found)}" for name, found in statuses.items()) + "."
