"""A plan from two templates, without an account.

The first template is deployed in the rehearsal, with numbers that stand for those that it would claim. The plan names
these numbers by their resources only. What is deployed besides, and the budget, is not known.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .. import contract, tokens
from ..cloudformation.resource_key import ResourceKey
from ..cloudformation.stacks import HeldResource, StackState
from ..configuration import Configuration
from ..json_types import as_mapping
from .comparison import new_stack_id
from .deployed import DeployedProvider, DeployedStack
from .plan import Plan, PlanBuilder
from .planner import Planner, StackDeployment
from .snapshot import SnapshotStore
from .template import World

_COMPLETE = "UPDATE_COMPLETE"


def plan_offline(
    name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any] | None,
    region: str,
    clock: Callable[[], float],
) -> Plan:
    """Return what a deployment does to the numbers of a stack that was deployed with another template.

    Parameters
    ----------
    name
        The name of the stack.
    before, after
        The templates. ``None`` deletes the stack.
    region
        The stack's Region.
    clock
        Returns the time in seconds since the epoch.
    """
    account = _OfflineAccount(region, clock)
    # Which provider has a number makes no difference here, so all have one.
    planner = Planner(account, provider="offline")
    planner.play(StackDeployment(name, before))
    account.deployed = DeployedStack(
        stack_id=new_stack_id(account, name),
        name=name,
        status=_COMPLETE,
        body=before,
        physical_ids=_physical_ids(planner, new_stack_id(account, name), before),
    )
    planner.plan = PlanBuilder()
    for rehearsal in planner.rehearsals.values():
        rehearsal.start_over()
    planner.play(StackDeployment(name, after))
    return replace(planner.finished(), budgets=())


def _physical_ids(planner: Planner, stack_id: str, body: Mapping[str, Any]) -> dict[str, str]:
    held = {
        key.logical_resource_id: resource.physical_id
        for rehearsal in planner.rehearsals.values()
        for key, resource in rehearsal.held.items()
    }
    types = {logical_id: each.get("Type") for logical_id, each in (as_mapping(body.get("Resources")) or {}).items()}
    pools = {
        logical_id: tokens.pool_id(stack_id, logical_id)
        for logical_id, type_ in types.items()
        if type_ == contract.POOL_RESOURCE_TYPE
    }
    others = {logical_id: logical_id for logical_id, type_ in types.items() if type_ == contract.PROVIDER_RESOURCE_TYPE}
    return {**held, **pools, **others}


class _OfflineAccount:
    """An account that has one stack, once that is deployed in the rehearsal."""

    partition = "aws"
    account = "000000000000"
    connect: Any = None
    quotas = None
    world = World()

    def __init__(self, region: str, clock: Callable[[], float]) -> None:
        self.region = region
        self.clock = clock
        self.stacks = _OfflineStacks()
        self.deployed: DeployedStack | None = None

    def stack(self, name: str) -> DeployedStack | None:
        return self.deployed if self.deployed is not None and self.deployed.name == name else None

    def provider(self, service_token: str) -> DeployedProvider:
        del service_token
        return DeployedProvider(Configuration("", "offline"), SnapshotStore())


class _OfflineStacks:
    """The stacks of an account in which each deployment has succeeded."""

    def state(self, stack_id: str) -> StackState:
        del stack_id
        return StackState(_COMPLETE, _COMPLETE)

    def resource(self, resource: ResourceKey) -> HeldResource:
        del resource
        return HeldResource()

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...]:
        del physical_id
        return ()

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool:
        del resource, physical_id, since, by_any_name
        return True

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool:
        del resource, physical_id, since
        return True
