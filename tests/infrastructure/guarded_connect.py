"""Connect as IAM lets the function reach it: every call of the function is judged by the provider's policy first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from verification.simulator.clients import OPERATION_OF_METHOD
from verification.simulator.world import World

from .iam_policy import Call, Statement

_NUMBERS = "arn:aws:connect:us-east-1:000000000000:phone-number/"
_INSTANCES = "arn:aws:connect:us-east-1:000000000000:instance/"
_GROUPS = "arn:aws:connect:us-east-1:000000000000:traffic-distribution-group/"
_NEW_NUMBER = f"{_NUMBERS}*"
"""The resource of a call that names no number: the number has no id yet, or the call is about all numbers."""


class GuardedConnect:
    """A client that refuses what the policy does not allow to the function, and nothing to people.

    Parameters
    ----------
    world
        Where the function works; its client is replaced.
    statements
        The policy of the function's role.
    """

    def __init__(self, world: World, statements: Sequence[Statement]) -> None:
        self.denied: list[str] = []
        self._world = world
        self._client = world.client
        self._statements = statements

    def __getattr__(self, method: str) -> Callable[..., Any]:
        perform = getattr(self._client, method)

        def call(**parameters: Any) -> Any:
            # No invocation of the function is going on where a scenario does something by hand.
            if self._world.timeline.current is not None:
                self._judge(OPERATION_OF_METHOD[method], parameters)
            return perform(**parameters)

        return call

    def _judge(self, operation: str, parameters: Mapping[str, Any]) -> None:
        request_tags: Mapping[str, str] = parameters.get("Tags", parameters.get("tags", {}))
        for resource in _resources(operation, parameters):
            call = Call(
                f"connect:{operation}", resource, request_tags, self._tags(resource), parameters.get("tagKeys", ())
            )
            if not any(statement.allows(call) for statement in self._statements):
                self.denied.append(f"{operation} on {resource} with {dict(call.resource_tags)}")
                raise ClientError(
                    {"Error": {"Code": "AccessDeniedException", "Message": f"not authorized: {operation}"}}, operation
                )

    def _tags(self, resource: str) -> Mapping[str, str]:
        tags = {number.arn: number.tags for number in self._world.emulator.numbers()}
        return tags.get(resource, {})


def guard(world: World, statements: Sequence[Statement]) -> list[str]:
    """Let a world's function reach Connect through the policy only; return the list of what it refuses from now on."""
    guarded: Any = GuardedConnect(world, statements)
    world.client = guarded
    denied: list[str] = guarded.denied
    return denied


def _resources(operation: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Return the resources that IAM wants to see allowed for a call: all that the call names."""
    if "resourceArn" in parameters:
        yield parameters["resourceArn"]
    elif "TrafficDistributionGroupId" in parameters:
        # Connect takes the group's id or its ARN.
        yield _GROUPS + parameters["TrafficDistributionGroupId"].rpartition("/")[2]
    elif "PhoneNumberId" in parameters:
        yield f"{_NUMBERS}{parameters['PhoneNumberId']}"
    else:
        yield _NEW_NUMBER
    if operation in ("ClaimPhoneNumber", "UpdatePhoneNumber"):
        yield parameters["TargetArn"]
    if operation == "ImportPhoneNumber":
        yield f"{_INSTANCES}{parameters['InstanceId']}"
    if operation == "AssociatePhoneNumberContactFlow":
        yield f"{_INSTANCES}{parameters['InstanceId']}/contact-flow/{parameters['ContactFlowId']}"
