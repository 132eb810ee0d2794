"""A CloudFormation that deploys templates for real: it sends the function its requests, in the documented order.

A plan and a deployment are made from the same templates, so each can be held against the other.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import Stacks
from lambda_handlers.connect_phone_number.configuration import Configuration
from lambda_handlers.connect_phone_number.connect.quotas import Quotas
from lambda_handlers.connect_phone_number.planning.deployed import DeployedProvider, DeployedStack
from lambda_handlers.connect_phone_number.planning.plan import Plan
from lambda_handlers.connect_phone_number.planning.planner import StackDeployment, plan
from lambda_handlers.connect_phone_number.planning.snapshot import SnapshotStore
from lambda_handlers.connect_phone_number.planning.template import Declared
from lambda_handlers.connect_phone_number.planning.template import World as Outside

from ..world import ACCOUNT, REGION, Answered, World

STACK_NAME: Final = "support"
TOKEN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:provider"
ALIAS: Final = f"{TOKEN}:live"
_LATER: Final = (contract.RESOURCE_TYPE, contract.POOL_RESOURCE_TYPE)


def number(world: World, policies: Mapping[str, str] | None = None, /, **properties: object) -> dict[str, Any]:
    """Return a number's resource, as a template has it; ``None`` leaves a property out."""
    return {
        "Type": contract.RESOURCE_TYPE,
        "Properties": world.properties(**properties),
        **(policies or {}),
    }


def pool(policies: Mapping[str, str] | None = None, /, **properties: object) -> dict[str, Any]:
    """Return a pool's resource, as a template has it."""
    given = {"ServiceToken": TOKEN, "MaxParked": "5", "ReleaseAfter": "604800", **properties}
    return {"Type": contract.POOL_RESOURCE_TYPE, "Properties": given, **(policies or {})}


def template(**resources: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template with these resources."""
    return {"Resources": dict(resources)}


@dataclass
class CloudFormation:
    """One account's stacks, and an account as a plan sees it."""

    function_world: World
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    physical_ids: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    responses: list[Answered] = field(default_factory=list[Answered])
    protected: set[str] = field(default_factory=set[str])
    exports: dict[str, str] = field(default_factory=dict[str, str])
    stored: dict[str, str] = field(default_factory=dict[str, str])
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    """The values that the parameters of the deployed stacks have."""
    resolved: dict[str, str] = field(default_factory=dict[str, str])
    """What Parameter Store had when the stacks were deployed."""
    asked: list[str] = field(default_factory=list[str])
    """The service tokens whose provider was asked for."""
    target_arns: tuple[str, ...] = ()
    """What the provider serves."""
    status: str = "UPDATE_COMPLETE"
    partition: str = "aws"
    region: str = REGION
    account: str = ACCOUNT
    quotas: Quotas | None = None

    # --- As a plan sees it ---

    @property
    def stacks(self) -> Stacks:
        return self.function_world.stacks

    @property
    def connect(self) -> object:
        return self.function_world.client

    @property
    def clock(self) -> Callable[[], float]:
        return self.function_world.clock

    @property
    def world(self) -> Outside:
        return Outside(self.exports.get, self.stored.get)

    def stack(self, name: str) -> DeployedStack | None:
        short = name.split("/")[1] if "/" in name else name
        if short not in self.bodies:
            return None
        return DeployedStack(
            stack_id=stack_id(short),
            name=short,
            status=self.status,
            body=self.bodies[short],
            parameters=self.parameters,
            stored=self.resolved,
            physical_ids=self.physical_ids[short],
            is_protected=short in self.protected,
        )

    def provider(self, service_token: str) -> DeployedProvider | None:
        self.asked.append(service_token)
        if service_token not in (TOKEN, ALIAS):
            return None
        configuration = Configuration(
            "ledger", self.function_world.provider_id, self.target_arns, budget=self.function_world.budget
        )
        return DeployedProvider(configuration, SnapshotStore.of(self.function_world.store))

    def planned(
        self,
        body: Mapping[str, Any] | None,
        stack: str = STACK_NAME,
        *,
        parameters: Mapping[str, object] | None = None,
        nested: Callable[[Declared], Mapping[str, Any] | None] = lambda _: None,
    ) -> Plan:
        """Return the plan of a deployment, or of the stack's deletion, and ensure that it changes nothing."""
        before = self._fingerprint()
        made = plan(self, [StackDeployment(stack, body, parameters or {}, nested)])
        assert self._fingerprint() == before
        return made

    def _fingerprint(self) -> tuple[int, int]:
        changes = [entry for entry in self.function_world.emulator.audit if entry.took_effect]
        return self.function_world.store.fingerprint(), len(changes)

    # --- As it deploys ---

    def deploy(self, body: Mapping[str, Any] | None, stack: str = STACK_NAME) -> bool:
        """Deploy a template, or delete the stack, and return whether everything has succeeded."""
        old = self.bodies.get(stack, {"Resources": {}})["Resources"]
        new: Mapping[str, Any] = (body or {"Resources": {}})["Resources"]
        ids = self.physical_ids.setdefault(stack, {})
        replaced: dict[str, str] = {}
        for type_ in reversed(_LATER):
            for logical_id, resource in new.items():
                if resource["Type"] == type_ and not self._deploy(stack, logical_id, resource, old, ids, replaced):
                    return False
        going = [(type_, logical_id) for type_ in _LATER for logical_id in old if old[logical_id]["Type"] == type_]
        cleaned = [self._clean_up(stack, logical_id, old, new, replaced) for _, logical_id in going]
        self.bodies[stack] = deepcopy(dict(body or {"Resources": {}}))
        return all(cleaned)

    def _clean_up(
        self,
        stack: str,
        logical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        replaced: Mapping[str, str],
    ) -> bool:
        """Delete or retain what was replaced or removed, and return whether that has succeeded."""
        if logical_id in replaced:
            policies = [each[logical_id].get("UpdateReplacePolicy") for each in (old, new)]
            is_retained = policies == ["Retain", "Retain"]
            return is_retained or self._delete(stack, logical_id, old[logical_id], replaced[logical_id])
        if logical_id in new:
            return True
        physical_id = self.physical_ids[stack].pop(logical_id)
        if old[logical_id].get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"):
            self.function_world.stacks.resources.pop(ResourceKey(stack_id(stack), logical_id), None)
            return True
        return self._delete(stack, logical_id, old[logical_id], physical_id)

    def _deploy(
        self,
        stack: str,
        logical_id: str,
        resource: Mapping[str, Any],
        old: Mapping[str, Any],
        ids: dict[str, str],
        replaced: dict[str, str],
    ) -> bool:
        known = {"stack": stack_id(stack), "resource": logical_id, "resource_type": resource["Type"]}
        properties = resource["Properties"]
        if logical_id not in old:
            response = self._sent("Create", "", properties, known)
            ids[logical_id] = response.physical_id
            return response.succeeded
        if properties == old[logical_id]["Properties"]:
            return True
        response = self._sent("Update", ids[logical_id], properties, known, old[logical_id]["Properties"])
        if response.succeeded and response.physical_id != ids[logical_id]:
            replaced[logical_id] = ids[logical_id]
            ids[logical_id] = response.physical_id
        return response.succeeded

    def _delete(self, stack: str, logical_id: str, resource: Mapping[str, Any], physical_id: str) -> bool:
        known = {"stack": stack_id(stack), "resource": logical_id, "resource_type": resource["Type"]}
        return self._sent("Delete", physical_id, resource["Properties"], known).succeeded

    def _sent(
        self,
        kind: str,
        physical_id: str,
        properties: Mapping[str, Any],
        known: Mapping[str, Any],
        old_properties: Mapping[str, Any] | None = None,
    ) -> Answered:
        event = self.function_world.event(kind, physical_id, **known)
        event["ResourceProperties"] = {name: self._resolved(value, known) for name, value in properties.items()}
        if old_properties is not None:
            resolved = {name: self._resolved(value, known) for name, value in old_properties.items()}
            event["OldResourceProperties"] = resolved
        self.responses.append(self.function_world.send(event))
        return self.responses[-1]

    def _resolved(self, value: Any, known: Mapping[str, str]) -> Any:
        """Return a property's value as CloudFormation sends it. Only ``Ref`` to a resource is known here."""
        if isinstance(value, dict):
            return self.physical_ids[known["stack"].split("/")[1]][value["Ref"]]
        return value


def stack_id(name: str) -> str:
    """Return the ARN of a stack."""
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/0a1b2c3d"
