"""The planner: from templates and what is deployed to the requests that CloudFormation would send, and their effects.

CloudFormation creates and updates the resources of all stacks of a tree first. Then it deletes what was replaced or
removed. A pool is deployed before the numbers that name it and deleted after them, and a provider is deleted last.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from .. import contract
from ..claim import Claim
from ..cloudformation.resource_key import ResourceKey
from ..configuration import Configuration
from .comparison import Comparison, Stack, StackDeployment
from .deployed import Account, DeployedProvider, NotReadable
from .plan import BudgetChange, Effect, NumberChange, Plan, PlanBuilder, Renaming
from .protections import weakenings
from .rehearsal import Outcome, Rehearsal, shown
from .snapshot import SnapshotStore
from .template import Declared
from .unknowns import LIMITS, SPECIFICATION, known_properties, properties_differ
from .values import Unknown

__all__ = ["Planner", "StackDeployment", "plan"]

_ORDER: Final = (contract.POOL_RESOURCE_TYPE, contract.RESOURCE_TYPE)
"""The order in which a plan deploys resources. It deletes them the other way round."""
_OTHER_TYPE: Final = (
    "its type changes. CloudFormation does not update a resource to another type. Give the new resource another "
    "logical id, and retain the number here if it is to be adopted there."
)


def plan(
    account: Account, deployments: Iterable[StackDeployment], provider: str = "", *, has_begun: bool = False
) -> Plan:
    """Return what these deployments, one after another, do to phone numbers.

    Parameters
    ----------
    account
        What is deployed.
    provider
        The service token of the provider whose token cannot be told from the template.
    has_begun
        Whether CloudFormation has begun the operation, and has changed no resource yet.

    Raises
    ------
    NotReadable
        Something that the plan needs cannot be read.
    """
    planner = Planner(account, provider, has_begun)
    for deployment in deployments:
        planner.play(deployment)
    return planner.finished()


@dataclass
class Planner:
    """Makes one plan.

    Parameters
    ----------
    account
        What is deployed.
    provider
        The service token of the provider whose token cannot be told from the template.
    has_begun
        Whether CloudFormation has begun the operation, and has changed no resource yet. Then a stack may be in
        progress, and the parameters that CloudFormation tells may be those before or after.
    """

    account: Account
    provider: str = ""
    has_begun: bool = False
    plan: PlanBuilder = field(default_factory=PlanBuilder)
    rehearsals: dict[str, Rehearsal] = field(default_factory=dict[str, Rehearsal])
    """By service token."""
    missing: set[str] = field(default_factory=set[str])
    """The service tokens without a provider."""
    replaced: set[tuple[ResourceKey, str]] = field(default_factory=set[tuple[ResourceKey, str]])
    """The resources that have got other numbers, with the physical ids that they had."""

    def play(self, deployment: StackDeployment) -> None:
        """Add the effects of a deployment to the plan."""
        for stack in Comparison(self.account, self.plan, self.has_begun).stacks(deployment):
            self._deploy(stack)
            self._clean_up(stack)

    def finished(self) -> Plan:
        """Return the plan."""
        rehearsals = list({id(each): each for each in self.rehearsals.values()}.values())
        for rehearsal in rehearsals:
            for claim, outcome in rehearsal.limit_pools():
                self._add_parked(rehearsal, claim, outcome)
        return self.plan.built(_budget_change(rehearsal) for rehearsal in rehearsals)

    # --- Creates and updates ---

    def _deploy(self, stack: Stack) -> None:
        for child in stack.nested.values():
            self._deploy(child)
        for type_ in _ORDER:
            for logical_id, declared in stack.after.items():
                before = stack.before.get(logical_id)
                if before is not None and before.type != declared.type and type_ in (before.type, declared.type):
                    self._add(stack, declared, None, [Outcome(Effect.REFUSE, detail=_OTHER_TYPE)])
                elif declared.type == type_:
                    self._deploy_resource(stack, declared, before)
        self.plan.weakenings += weakenings(stack.name, stack.before, stack.after)
        self.plan.renamings += self._renamings(stack)

    def _deploy_resource(self, stack: Stack, declared: Declared, before: Declared | None) -> None:
        physical_id = stack.physical_ids.get(declared.logical_id, "") if before is not None else ""
        if before is not None and declared.condition not in (None, before.condition):
            self._add(stack, declared, None, [_unknown_condition(declared)])
            return
        is_same = before is not None and not stack.is_half_done and not properties_differ(before, declared)
        if is_same and not self.has_begun:
            return
        if before is not None and stack.changes_provider(before, declared):
            detail = (
                "its provider changes (ServiceToken). CloudFormation refuses that for a custom resource. Keep the "
                "provider, or retain the number here and adopt it under another logical id."
            )
            self._add(stack, declared, None, [Outcome(Effect.REFUSE, detail=detail)])
            return
        rehearsal = self._rehearsal(stack, declared, before)
        # If all seems to be the same, the parameters may have changed: what a number is, the ledger knows.
        if rehearsal is not None and not (is_same and rehearsal.claim_of(physical_id) is None):
            self._play(stack, declared, before, rehearsal, declared if is_same else before)

    def _play(
        self,
        stack: Stack,
        declared: Declared,
        before: Declared | None,
        rehearsal: Rehearsal,
        known_from: Declared | None,
    ) -> None:
        """Add the effects of a Create or an Update. ``known_from`` is what the present values belong to."""
        physical_id = stack.physical_ids.get(declared.logical_id, "") if before is not None else ""
        claim = rehearsal.claim_of(physical_id)
        properties, unknown = known_properties(declared, known_from, physical_id, rehearsal)
        key = stack.key(declared.logical_id)
        number = claim.phone_number if claim is not None else ""
        later = f"{_named(unknown)} is only known at the deployment"
        decisive = unknown.intersection(SPECIFICATION if declared.type == contract.RESOURCE_TYPE else LIMITS)
        if before is not None and decisive:
            outcomes = [Outcome(Effect.UNKNOWN, number, later)]
            unknown = frozenset[str]()
        elif declared.type == contract.POOL_RESOURCE_TYPE:
            outcomes = rehearsal.deploy_pool(key, physical_id, properties)
        else:
            old = None if before is None else known_properties(before, before, physical_id, rehearsal)[0]
            outcomes = _deployed_number(rehearsal, key, physical_id, properties, old)
        if unknown:
            first, *others = outcomes or [Outcome(Effect.CHANGE, number)]
            outcomes = [replace(first, detail="; ".join(filter(None, (first.detail, later)))), *others]
        if before is None and declared.condition is not None:
            outcomes = [_under_condition(outcome) for outcome in outcomes]
        if any(outcome.effect is Effect.REPLACE for outcome in outcomes):
            self.replaced.add((key, physical_id))
        self._add(stack, declared, rehearsal, outcomes)

    def _renamings(self, stack: Stack) -> Iterator[Renaming]:
        """Return the numbers that go although a resource comes that looks the same."""
        going = [each for each in _numbers(stack.before) if each.logical_id not in stack.after]
        coming = [each for each in _numbers(stack.after) if each.logical_id not in stack.before]
        for new in coming:
            found = next((old for old in going if _looks_like(old, new)), None)
            if found is None:
                continue
            going.remove(found)
            rehearsal = self._rehearsal(stack, found)
            claim = rehearsal.claim_of(stack.physical_ids[found.logical_id]) if rehearsal is not None else None
            number = shown(claim.phone_number) if claim is not None else ""
            yield Renaming(stack.name, found.logical_id, new.logical_id, number)

    # --- Deletions ---

    def _clean_up(self, stack: Stack) -> None:
        for child in stack.nested.values():
            self._clean_up(child)
        for type_ in (*reversed(_ORDER), contract.PROVIDER_RESOURCE_TYPE):
            for logical_id, declared in stack.before.items():
                if declared.type == type_:
                    self._clean_up_resource(stack, declared, stack.after.get(logical_id))

    def _clean_up_resource(self, stack: Stack, declared: Declared, after: Declared | None) -> None:
        key, physical_id = stack.key(declared.logical_id), stack.physical_ids[declared.logical_id]
        if after is not None and (key, physical_id) not in self.replaced:
            return
        rehearsal = self._rehearsal(stack, declared)
        if rehearsal is None:
            return
        if after is None:
            is_retained = declared.retains_on_deletion
        else:
            # Which of the two templates counts is not documented, so both must say it.
            is_retained = declared.retains_on_replacement and after.retains_on_replacement
        properties, _ = known_properties(declared, declared, physical_id, rehearsal)
        if is_retained:
            outcomes = rehearsal.retain(key, physical_id)
        elif declared.type == contract.RESOURCE_TYPE:
            outcomes = rehearsal.delete(key, physical_id, properties)
        elif declared.type == contract.POOL_RESOURCE_TYPE:
            outcomes = rehearsal.delete_pool(key, physical_id, properties)
        else:
            outcomes = rehearsal.delete_provider()
        if not stack.is_deleted:
            outcomes = [_dropped(outcome) for outcome in outcomes]
        self._add(stack, declared, rehearsal, outcomes)

    # --- Providers ---

    def _rehearsal(self, stack: Stack, declared: Declared, before: Declared | None = None) -> Rehearsal | None:
        """Return the rehearsal of a resource's provider, or ``None`` if it cannot be told which provider that is."""
        tokens = [each.properties.get("ServiceToken") for each in (declared, before) if each is not None]
        known = [token for token in tokens if isinstance(token, str)]
        if known or self.provider:
            return self._rehearsal_of(known[0] if known else self.provider, exists=True)
        token = tokens[0]
        if isinstance(token, Unknown) and stack.is_new(token):
            return self._rehearsal_of(f"{stack.place.stack_id} {token.expression}", exists=False)
        self.plan.problems.append(
            f"The provider of {declared.logical_id} of {stack.name} cannot be told from the template. Name its "
            "function (--provider)."
        )
        return None

    def _rehearsal_of(self, token: str, *, exists: bool) -> Rehearsal | None:
        if token in self.rehearsals or token in self.missing:
            return self.rehearsals.get(token)
        found = self.account.provider(token) if exists else None
        if exists and found is None:
            self.missing.add(token)
            self.plan.problems.append(f"There is no provider {token}, or it cannot be read.")
            return None
        self.rehearsals[token] = self._begun(found)
        return self.rehearsals[token]

    def _begun(self, found: DeployedProvider | None) -> Rehearsal:
        """Return the rehearsal of a provider, or of a new one."""
        for rehearsal in self.rehearsals.values():
            # Another token of the same function, for example that of an alias.
            if found is not None and rehearsal.configuration == found.configuration:
                return rehearsal
        begun = Rehearsal(
            configuration=found.configuration if found is not None else Configuration("", "new"),
            store=found.store if found is not None else SnapshotStore(),
            stacks=self.account.stacks,
            connect=self.account.connect,
            partition=self.account.partition,
            region=self.account.region,
            account=self.account.account,
            clock=self.account.clock,
            quotas=self.account.quotas,
        )
        if items := begun.unreadable():
            raise NotReadable(
                f"The ledger of {begun.configuration.provider_id} has an item that cannot be read ({items[0].key}: "
                f"{items[0].problem}), so what happens to its number cannot be told. Correct the item, then plan again."
            )
        return begun

    # --- Effects ---

    def _add(self, stack: Stack, declared: Declared, rehearsal: Rehearsal | None, outcomes: Iterable[Outcome]) -> None:
        provider = rehearsal.configuration.provider_id if rehearsal is not None else ""
        self.plan.changes += [
            _change(stack.name, declared.logical_id, declared.path, outcome, provider) for outcome in outcomes
        ]

    def _add_parked(self, rehearsal: Rehearsal, claim: Claim, outcome: Outcome) -> None:
        detail = f"{claim.desired.pool} has too many parked numbers; {outcome.detail}"
        provider = rehearsal.configuration.provider_id
        self.plan.changes.append(
            _change(claim.resource.stack_name, claim.logical_resource_id, "", replace(outcome, detail=detail), provider)
        )


def _change(stack: str, logical_id: str, path: str, outcome: Outcome, provider: str) -> NumberChange:
    return NumberChange(
        stack, logical_id, path, outcome.effect, shown(outcome.phone_number), outcome.detail, outcome.until, provider
    )


def _deployed_number(
    rehearsal: Rehearsal,
    key: ResourceKey,
    physical_id: str,
    properties: Mapping[str, object],
    old_properties: Mapping[str, object] | None,
) -> list[Outcome]:
    """Return what the Create of a number does, or its Update if it has properties."""
    if old_properties is None:
        return rehearsal.create(key, properties)
    return rehearsal.update(key, physical_id, properties, old_properties)


def _budget_change(rehearsal: Rehearsal) -> BudgetChange:
    allowance = rehearsal.allowance()
    used = rehearsal.used_before
    taken = rehearsal.claims + rehearsal.releases
    return BudgetChange(
        provider=rehearsal.configuration.provider_id,
        claims=rehearsal.claims,
        releases=rehearsal.releases,
        used=used,
        allowed=allowance.allowed,
        is_estimate=allowance.is_estimate,
        is_exceeded=rehearsal.is_refused_for_budget
        or (taken > 0 and not allowance.is_estimate and used + taken > allowance.allowed),
    )


def _unknown_condition(declared: Declared) -> Outcome:
    condition = declared.condition.expression if declared.condition is not None else ""
    return Outcome(
        Effect.UNKNOWN,
        detail=f"whether its condition holds is only known at the deployment ({condition}). If it does not, the "
        "resource is removed",
    )


def _under_condition(outcome: Outcome) -> Outcome:
    return replace(outcome, detail="; ".join(filter(None, (outcome.detail, "if its condition holds"))))


def _dropped(outcome: Outcome) -> Outcome:
    """Return what a refused deletion means in an update: CloudFormation goes on without the resource."""
    if outcome.effect is not Effect.REFUSE:
        return outcome
    ending = "The update goes on all the same, and the resource is out of its stack then."
    return replace(outcome, detail=f"{outcome.detail} {ending}")


def _numbers(declared: Mapping[str, Declared]) -> list[Declared]:
    return [each for each in declared.values() if each.type == contract.RESOURCE_TYPE]


def _looks_like(old: Declared, new: Declared) -> bool:
    names = ("TargetArn", *SPECIFICATION)
    return all(old.properties.get(name) == new.properties.get(name) for name in names)


def _named(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
