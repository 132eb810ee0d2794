"""What stacks have before a deployment and after it, and what of that cannot be told."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .. import contract, rules
from ..cloudformation.resource_key import ResourceKey
from ..json_types import as_list, as_mapping
from .deployed import Account, DeployedStack, NotReadable
from .plan import Effect, NumberChange, PlanBuilder
from .template import NESTED_STACK, STACK_SET, Declared, Place, World, declared_resources, unprocessed
from .unknowns import properties_differ
from .values import Unknown, is_unknown, without_dependencies

_MAY_BE_UPDATED: Final = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_HALF_DONE: Final = ("CREATE_FAILED", "UPDATE_FAILED")
"""The status of a stack whose deployment has failed and was not rolled back. It may be updated."""
_NOT_CREATED: Final = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
"""The status of a stack that can only be deleted. The CDK CLI does that before it creates the stack again."""


@dataclass(frozen=True)
class StackDeployment:
    """A stack that is deployed or deleted.

    Parameters
    ----------
    name
        The name of the stack, or its ARN.
    body
        The new template, or ``None`` if the stack is deleted.
    parameters
        The values that its parameters are given. Those that are missing keep their values.
    nested
        Returns the new template of a nested stack, or ``None`` if it is not at hand.
    """

    name: str
    body: Mapping[str, Any] | None
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    nested: Callable[[Declared], Mapping[str, Any] | None] = lambda _: None


@dataclass(frozen=True)
class Stack:
    """One stack before and after.

    Parameters
    ----------
    physical_ids
        The physical ids of its resources that exist, by logical id.
    before, after
        Its resources, by logical id.
    nested
        The stacks that are nested in it and change, by logical id.
    exists
        The logical ids that this stack and those around it have now.
    is_deleted
        Whether the whole stack goes.
    is_half_done
        Whether its last deployment has failed and was not rolled back.
    """

    name: str
    place: Place
    physical_ids: Mapping[str, str]
    before: Mapping[str, Declared]
    after: Mapping[str, Declared]
    nested: "Mapping[str, Stack]"
    exists: frozenset[str]
    is_deleted: bool
    is_half_done: bool

    def key(self, logical_id: str) -> ResourceKey:
        """Return the key of a resource of the stack."""
        return ResourceKey(self.place.stack_id, logical_id)

    def is_new(self, token: object) -> bool:
        """Return whether a service token is that of a function that this deployment makes."""
        try:
            expression = json.loads(token.expression) if isinstance(token, Unknown) else None
        except ValueError:
            return False
        parts = as_list((as_mapping(expression) or {}).get("Fn::GetAtt"))
        return parts is not None and len(parts) > 1 and parts[0] not in self.exists

    def changes_provider(self, before: Declared, after: Declared) -> bool:
        """Return whether a resource gets another service token, as far as that is known."""
        old, new = (each.properties.get("ServiceToken") for each in (before, after))
        if isinstance(new, Unknown):
            return self.is_new(new) and without_dependencies(old) != without_dependencies(new)
        return old != new and not isinstance(old, Unknown)


@dataclass(frozen=True)
class Comparison:
    """Compares templates with what is deployed.

    Parameters
    ----------
    account
        What is deployed.
    plan
        Gets what is refused at once, and what cannot be told.
    has_begun
        Whether CloudFormation has begun the operation, so that a stack may be in progress.
    """

    account: Account
    plan: PlanBuilder
    has_begun: bool

    def stacks(self, deployment: StackDeployment) -> Iterator[Stack]:
        """Return what becomes of a stack, which may be deleted before it is created again."""
        deployed = self.account.stack(deployment.name)
        body = deployment.body
        if deployed is None:
            if body is None:
                self.plan.problems.append(f"There is no stack {deployment.name}.")
            else:
                yield self._compared(None, deployment)
            return
        status = deployed.status
        is_running = status.endswith("_IN_PROGRESS")
        if is_running and not self.has_begun:
            raise NotReadable(
                f"{deployed.name} is {status}, so it is not certain what it has. Plan again when that is over."
            )
        if deployed.is_protected and (body is None or status in _NOT_CREATED):
            self._refuse(
                deployed.name, "the stack's termination protection is on, so CloudFormation does not delete it"
            )
        elif body is None:
            yield self._compared(deployed, deployment)
        elif status in _NOT_CREATED:
            yield self._compared(deployed, replace(deployment, body=None))
            yield self._compared(None, replace(deployment, name=deployed.name))
        elif is_running or status in (*_MAY_BE_UPDATED, *_HALF_DONE):
            yield self._compared(deployed, deployment)
        else:
            self._refuse(
                deployed.name,
                f"the stack is {status}, so CloudFormation does not update it. {_way_out(status)} Then plan again.",
            )

    def _compared(
        self, deployed: DeployedStack | None, deployment: StackDeployment, around: frozenset[str] = frozenset()
    ) -> Stack:
        account = self.account
        name = deployed.name if deployed is not None else deployment.name
        stack_id = deployed.stack_id if deployed is not None else new_stack_id(account, name)
        place = Place(account.partition, account.region, account.account, name, stack_id)
        before: Mapping[str, Declared] = {}
        physical_ids: Mapping[str, str] = {}
        if deployed is not None:
            physical_ids = deployed.physical_ids
            # CloudFormation has the values of Parameter Store as they were at the last deployment.
            stored = deployed.stored
            given = World(
                account.world.imported, lambda name: stored.get(name) or account.world.stored(name), is_current=False
            )
            before = declared_resources(deployed.body, place, deployed.parameters, physical_ids, given)
            before = {logical_id: each for logical_id, each in before.items() if logical_id in physical_ids}
            self._add_undeclared(name, before, physical_ids)
        after: Mapping[str, Declared] = {}
        if deployment.body is not None:
            self._add_unprocessed(name, deployment.body)
            parameters = {**(deployed.parameters if deployed is not None else {}), **deployment.parameters}
            after = declared_resources(deployment.body, place, parameters, physical_ids, account.world)
        self._add_stack_sets(name, before, after)
        self._add_unknown_conditions(name, before, after)
        exists = around.union(physical_ids)
        nested = {
            logical_id: child
            for logical_id in dict.fromkeys((*before, *after))
            if (child := self._nested(deployment, before.get(logical_id), after.get(logical_id), physical_ids, exists))
        }
        is_half_done = deployed is not None and deployed.status in _HALF_DONE and deployment.body is not None
        if is_half_done:
            self.plan.problems.append(
                f"The last deployment of {name} has failed and was not rolled back, so it cannot be told what its "
                "resources have. Roll it back (cdk rollback), then plan again."
            )
        return Stack(name, place, physical_ids, before, after, nested, exists, deployment.body is None, is_half_done)

    def _nested(
        self,
        deployment: StackDeployment,
        before: Declared | None,
        after: Declared | None,
        physical_ids: Mapping[str, str],
        exists: frozenset[str],
    ) -> Stack | None:
        before, declared = _of_type(before, NESTED_STACK), _of_type(after, NESTED_STACK)
        known = declared or before
        if known is None:
            return None
        logical_id = known.logical_id
        deployed = self.account.stack(physical_ids[logical_id]) if logical_id in physical_ids else None
        body = None if declared is None else deployment.nested(declared)
        if declared is not None and body is None:
            self.plan.problems.append(
                f"The template of the nested stack {logical_id} of {deployment.name} is not at hand, so what happens "
                "in it cannot be told. Plan from a cloud assembly (cdk.out) or from a change set with nested stacks."
            )
            return None
        if declared is None and (deployed is None or (before is not None and before.retains_on_deletion)):
            # A stack that is retained goes on as it is, with its numbers.
            return None
        name = deployed.stack_id if deployed is not None else f"{deployment.name}-{logical_id}"
        parameters = _new_parameters(before, declared)
        return self._compared(deployed, StackDeployment(name, body, parameters, deployment.nested), exists)

    # --- What cannot be told ---

    def _refuse(self, stack: str, detail: str) -> None:
        self.plan.changes.append(NumberChange(stack, "", "", Effect.REFUSE, detail=detail))

    def _add_undeclared(self, stack: str, before: Mapping[str, Declared], physical_ids: Mapping[str, str]) -> None:
        for logical_id, physical_id in physical_ids.items():
            is_declared = _of_type(before.get(logical_id), contract.RESOURCE_TYPE) is not None
            if rules.parse_phone_number_arn(physical_id) is not None and not is_declared:
                self.plan.problems.append(
                    f"{logical_id} of {stack} has a phone number ({physical_id}), but the template that is deployed "
                    "does not say so. What happens to it cannot be told."
                )

    def _add_unprocessed(self, stack: str, body: Mapping[str, Any]) -> None:
        if names := unprocessed(body):
            self.plan.problems.append(
                f"The template of {stack} has {', '.join(names)}, which only CloudFormation can process, so the plan "
                "may lack resources or show too many. Create a change set and plan from that (--change-set)."
            )

    def _add_unknown_conditions(
        self, stack: str, before: Mapping[str, Declared], after: Mapping[str, Declared]
    ) -> None:
        for logical_id, declared in after.items():
            old = before.get(logical_id)
            is_open = old is not None and declared.condition not in (None, old.condition)
            if is_open and declared.type in (NESTED_STACK, contract.PROVIDER_RESOURCE_TYPE):
                self.plan.problems.append(
                    f"Whether the condition of {logical_id} of {stack} holds is only known at the deployment. If it "
                    "does not, it is removed with its numbers."
                )

    def _add_stack_sets(self, stack: str, before: Mapping[str, Declared], after: Mapping[str, Declared]) -> None:
        for logical_id in dict.fromkeys((*before, *after)):
            old, new = (_of_type(each.get(logical_id), STACK_SET) for each in (before, after))
            if (old or new) and (old is None or new is None or properties_differ(old, new)):
                self.plan.problems.append(
                    f"The stack set {logical_id} of {stack} changes. What happens in its stacks cannot be told."
                )


def new_stack_id(account: Account, name: str) -> str:
    """Return the ARN that a stack gets in a plan until it exists."""
    return f"arn:{account.partition}:cloudformation:{account.region}:{account.account}:stack/{name}/planned"


def _new_parameters(before: Declared | None, after: Declared | None) -> Mapping[str, object]:
    """Return the parameters of a nested stack, without those that are not known but do not change."""
    old, new = (as_mapping(each.properties.get("Parameters")) or {} if each else {} for each in (before, after))
    return {name: value for name, value in new.items() if not is_unknown(value) or old.get(name) != value}


def _of_type(declared: Declared | None, type_: str) -> Declared | None:
    return declared if declared is not None and declared.type == type_ else None


def _way_out(status: str) -> str:
    """Return how a stack leaves a status in which CloudFormation does not update it."""
    if status == "UPDATE_ROLLBACK_FAILED":
        return "Let the rollback go on: aws cloudformation continue-update-rollback."
    return (
        "It can only be deleted: aws cloudformation delete-stack, with --retain-resources for each resource whose "
        "deletion is refused. What is retained stays in the account."
    )
