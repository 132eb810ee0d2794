"""Plans: each is made before a deployment, and held against what the deployment then does."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import Policy
from lambda_handlers.connect_phone_number.claim import Claim
from lambda_handlers.connect_phone_number.cloudformation.request import failed_creation_id
from lambda_handlers.connect_phone_number.cloudformation.response import ResponseNotDelivered
from lambda_handlers.connect_phone_number.ledger.store import ScanPage
from lambda_handlers.connect_phone_number.planning.deployed import NotReadable
from lambda_handlers.connect_phone_number.planning.plan import Concern, Effect, NumberChange, Plan, concerns
from lambda_handlers.connect_phone_number.planning.planner import StackDeployment, plan
from lambda_handlers.connect_phone_number.planning.rehearsal import ReadingConnect
from lambda_handlers.connect_phone_number.planning.snapshot import SnapshotStore

from ..world import World
from .cloudformation import ALIAS, TOKEN, CloudFormation, number, pool, stack_id, template

WEEK: Final = "604800"
POOL: Final = {"Ref": "Pool"}
KEPT: Final = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}

Body = dict[str, Any] | None
Case = tuple[Callable[[World], Body], Callable[[World], Body], list[Effect]]


def parked_in(world: World) -> set[str]:
    return {claim.phone_number for claim in world.invocation().ledger.parked() if isinstance(claim, Claim)}


def happened(formation: CloudFormation, held: set[str], responses: int) -> dict[str, object]:
    """Return what a deployment has done to the account's numbers."""
    world = formation.function_world
    return {
        "released": held - set(world.held()),
        "claimed": len(set(world.held()) - held),
        "parked": len(parked_in(world)),
        "refused": any(not response.succeeded for response in formation.responses[responses:]),
    }


def foretold(plan: Plan, parked: set[str]) -> dict[str, object]:
    """Return what a plan says of the same."""
    claimed = plan.with_effect(Effect.CLAIM, Effect.IMPORT)
    taken = plan.with_effect(Effect.TAKE)
    ended = {change.phone_number for change in plan.with_effect(Effect.RELEASE, Effect.RETAIN)}
    filled = [change for change in claimed if change.detail.startswith("for the pool")]
    newly = {change.phone_number for change in plan.with_effect(Effect.PARK, Effect.POSTPONE)} - ended
    return {
        "released": {change.phone_number for change in plan.with_effect(Effect.RELEASE)},
        "claimed": len(claimed),
        "parked": len(parked - ended) - len(taken) + len(newly) + len(filled),
        "refused": bool(plan.with_effect(Effect.REFUSE)),
    }


def nothing(_: World) -> Body:
    return None


def filled(world: World, count: int = 2, **properties: object) -> dict[str, Any]:
    return pool(MinParked=str(count), CountryCode="US", ParkingTargetArn=world.instance, **properties)


def member(world: World, **properties: object) -> dict[str, Any]:
    return number(world, Pool=POOL, ReleaseDelay=WEEK, **properties)


CASES: Final[dict[str, Case]] = {
    "a new number": (
        nothing,
        lambda w: template(Number=number(w)),
        [Effect.CLAIM],
    ),
    "nothing changes": (
        lambda w: template(Number=number(w)),
        lambda w: template(Number=number(w)),
        [],
    ),
    "a description changes": (
        lambda w: template(Number=number(w)),
        lambda w: template(Number=number(w, Description="Sales")),
        [Effect.CHANGE],
    ),
    "a resource is removed": (
        lambda w: template(Number=number(w), Other=number(w)),
        lambda w: template(Other=number(w)),
        [Effect.RELEASE],
    ),
    "a resource is removed and retained": (
        lambda w: template(Number=number(w, KEPT), Other=number(w)),
        lambda w: template(Other=number(w)),
        [Effect.RETAIN],
    ),
    "a stack is deleted": (
        lambda w: template(Number=number(w), Other=number(w)),
        nothing,
        [Effect.RELEASE, Effect.RELEASE],
    ),
    "a stack with a protected number is deleted": (
        lambda w: template(Number=number(w, ReleaseProtection="true"), Other=number(w)),
        nothing,
        [Effect.REFUSE, Effect.RELEASE],
    ),
    "a replacement that is not allowed": (
        lambda w: template(Number=number(w)),
        lambda w: template(Number=number(w, CountryCode="GB")),
        [Effect.REFUSE],
    ),
    "a replacement": (
        lambda w: template(Number=number(w)),
        lambda w: template(Number=number(w, CountryCode="GB", AllowReplacement="true")),
        [Effect.REPLACE, Effect.CLAIM, Effect.RELEASE],
    ),
    "a replacement whose old number is retained": (
        lambda w: template(Number=number(w, KEPT)),
        lambda w: template(Number=number(w, KEPT, CountryCode="GB", AllowReplacement="true")),
        [Effect.REPLACE, Effect.CLAIM, Effect.RETAIN],
    ),
    "a replacement of a protected number": (
        lambda w: template(Number=number(w, ReleaseProtection="true")),
        lambda w: template(Number=number(w, CountryCode="GB", AllowReplacement="true", ReleaseProtection="true")),
        [Effect.REFUSE],
    ),
    "protection is switched off": (
        lambda w: template(Number=number(w, ReleaseProtection="true")),
        lambda w: template(Number=number(w)),
        [Effect.CHANGE],
    ),
    "a release is delayed": (
        lambda w: template(Number=number(w, ReleaseDelay=WEEK), Other=number(w)),
        lambda w: template(Other=number(w)),
        [Effect.PARK],
    ),
    "a replacement with a delay": (
        lambda w: template(Number=number(w, ReleaseDelay=WEEK)),
        lambda w: template(Number=number(w, ReleaseDelay=WEEK, CountryCode="GB", AllowReplacement="true")),
        [Effect.REPLACE, Effect.CLAIM, Effect.PARK],
    ),
    "a pool is filled": (
        nothing,
        lambda w: template(Pool=filled(w)),
        [Effect.CLAIM, Effect.CLAIM],
    ),
    "a pool is filled, and a number is taken from it": (
        nothing,
        lambda w: template(Number=member(w), Pool=filled(w)),
        [Effect.CLAIM, Effect.CLAIM, Effect.TAKE],
    ),
    "a number is taken from a pool": (
        lambda w: template(Pool=filled(w)),
        lambda w: template(Pool=filled(w), Number=member(w)),
        [Effect.TAKE],
    ),
    "a number of a pool is removed": (
        lambda w: template(Pool=filled(w), Number=member(w)),
        lambda w: template(Pool=filled(w)),
        [Effect.PARK],
    ),
    "a pool is deleted": (
        lambda w: template(Pool=filled(w)),
        nothing,
        [Effect.RELEASE, Effect.RELEASE],
    ),
    "a pool that keeps its numbers is deleted": (
        lambda w: template(Pool=filled(w, RetainParked="true")),
        nothing,
        [Effect.RETAIN, Effect.RETAIN],
    ),
    "a pool that a number uses is deleted with its number": (
        lambda w: template(Pool=filled(w, 1), Number=member(w)),
        nothing,
        [Effect.PARK, Effect.RELEASE],
    ),
    "a pool takes fewer numbers": (
        lambda w: template(Pool=filled(w, 3)),
        lambda _: template(Pool=pool(MaxParked="1")),
        [Effect.RELEASE, Effect.RELEASE],
    ),
    "the budget refuses": (
        lambda w: template(Number=number(w)),
        lambda w: template(**{name: number(w) for name in ("Number", *[f"More{index}" for index in range(26)])}),
        [*[Effect.CLAIM] * 24, Effect.REFUSE, Effect.REFUSE],
    ),
    "an adoption": (
        nothing,
        lambda w: template(Number=number(w, Adopt="true", PhoneNumber="+12065550150", CountryCode=None, Type=None)),
        [Effect.ADOPT],
    ),
    "an adoption of a number that the account does not hold": (
        nothing,
        lambda w: template(Number=number(w, Adopt="true", PhoneNumber="+12065550151", CountryCode=None, Type=None)),
        [Effect.REFUSE],
    ),
    "an adopted number is removed": (
        lambda w: template(Number=number(w, Adopt="true", PhoneNumber="+12065550150", CountryCode=None, Type=None)),
        nothing,
        [Effect.RELEASE],
    ),
    "a number moves to a resource with another logical id": (
        lambda w: template(Number=number(w, PhoneNumber="+12065550107")),
        lambda w: template(Other=number(w, Adopt="true", PhoneNumber="+12065550107", CountryCode=None, Type=None)),
        [Effect.ADOPT],
    ),
    "a number moves to another instance": (
        lambda w: template(Number=number(w)),
        lambda w: template(Number=number(w, TargetArn=w.emulator.add_instance("eu-west-1"))),
        [Effect.MOVE],
    ),
    "a protected number is removed, and its stack stays": (
        lambda w: template(Number=number(w, ReleaseProtection="true"), Other=number(w)),
        lambda w: template(Other=number(w)),
        [Effect.REFUSE],
    ),
    "the protection is switched off and the number removed at once": (
        lambda w: template(Number=number(w, ReleaseProtection="true"), Other=number(w)),
        lambda w: template(Other=number(w, Description="Sales")),
        [Effect.CHANGE, Effect.REFUSE],
    ),
    "a number is retained and adopted under another logical id": (
        lambda w: template(Number=number(w, KEPT, PhoneNumber="+12065550107")),
        lambda w: template(Other=number(w, Adopt="true", PhoneNumber="+12065550107", CountryCode=None, Type=None)),
        [Effect.ADOPT],
    ),
    "a renamed resource with a delay takes another number": (
        lambda w: template(Number=number(w, ReleaseDelay=WEEK)),
        lambda w: template(Renamed=number(w, ReleaseDelay=WEEK)),
        [Effect.CLAIM, Effect.PARK],
    ),
    "one number is replaced and another removed": (
        lambda w: template(Number=number(w), Other=number(w)),
        lambda w: template(Number=number(w, CountryCode="GB", AllowReplacement="true")),
        [Effect.REPLACE, Effect.CLAIM, Effect.RELEASE, Effect.RELEASE],
    ),
    "a replacement of which only one template says that the old number is retained": (
        lambda w: template(Number=number(w, KEPT)),
        lambda w: template(Number=number(w, CountryCode="GB", AllowReplacement="true")),
        [Effect.REPLACE, Effect.CLAIM, Effect.RELEASE],
    ),
    "a retained number whose policy is of the old template only": (
        lambda w: template(Number=number(w, {"DeletionPolicy": "RetainExceptOnCreate"})),
        lambda _: template(Pool=pool()),
        [Effect.RETAIN],
    ),
    "a pool loses a number and its limit falls": (
        lambda w: template(Pool=filled(w, 2), Number=member(w)),
        lambda _: template(Pool=pool(MaxParked="1")),
        [Effect.PARK, Effect.RELEASE],
    ),
    "a property that there is not": (
        lambda w: template(Number=number(w)),
        lambda w: template(Number=number(w, Descripton="Sales")),
        [Effect.REFUSE],
    ),
    "a renamed resource": (
        lambda w: template(Number=number(w)),
        lambda w: template(Renamed=number(w)),
        [Effect.CLAIM, Effect.RELEASE],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_plan_says_is_what_the_deployment_does(name: str) -> None:
    before_of, after_of, effects = CASES[name]
    world = World(Policy(quota=25))
    world.claimed_by_hand("+12065550150")
    world.stacks.completed = True
    formation = CloudFormation(world)
    before = before_of(world)
    if before is not None:
        assert formation.deploy(before)
    held, parked, responses = set(world.held()), parked_in(world), len(formation.responses)
    after = after_of(world)

    made = formation.planned(after)

    assert [change.effect for change in made.changes] == effects
    assert made.problems == ()
    formation.deploy(after)
    world.sweep()
    assert foretold(made, parked) == happened(formation, held, responses)


@pytest.fixture
def world() -> World:
    return World(Policy(quota=50))


@pytest.fixture
def formation(world: World) -> CloudFormation:
    return CloudFormation(world)


def only(plan: Plan) -> NumberChange:
    (change,) = plan.changes
    return change


def test_a_change_names_the_number_the_resource_and_its_construct(world: World, formation: CloudFormation) -> None:
    resource = {**number(world), "Metadata": {"aws:cdk:path": "support/Line/Resource/Resource"}}
    formation.deploy(template(Number=resource, Other=number(world)))

    change = only(formation.planned(template(Other=number(world))))

    phone_number = world.claim().phone_number
    assert (change.stack, change.logical_id, change.path) == ("support", "Number", "support/Line/Resource")
    assert (change.effect, change.phone_number, change.provider) == (Effect.RELEASE, phone_number, "shared")


def test_the_refusal_is_the_functions_own(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    after = template(Number=number(world, Type="TOLL_FREE"))

    change = only(formation.planned(after))
    formation.deploy(after)

    assert change.detail == formation.responses[-1].reason


def test_a_change_lists_the_properties_that_change(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))

    change = only(formation.planned(template(Number=number(world, Description="Sales", ReleaseProtection="true"))))

    assert change.detail == "Description, ReleaseProtection"


def test_a_parked_number_has_the_time_of_its_release(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world, ReleaseDelay=WEEK)))

    change = only(formation.planned(None))

    assert change.until == pytest.approx(world.clock.now + int(WEEK), abs=5)


def test_a_budget_change_has_what_the_deployment_takes(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world), Other=number(world)))

    made = formation.planned(template(Other=number(world), Third=number(world), Fourth=number(world)))

    (budget,) = made.budgets
    assert (budget.provider, budget.used, budget.claims, budget.releases) == ("shared", 2, 2, 1)
    assert (budget.allowed, budget.left, budget.is_exceeded) == (100, 95, False)


def test_a_refusal_for_the_budget_is_an_exceeded_budget(formation: CloudFormation) -> None:
    formation.function_world.budget = Policy(quota=1)
    body = template(**{f"Number{index}": number(formation.function_world) for index in range(2)})

    made = formation.planned(body)

    assert Concern.BUDGET in concerns(made)
    assert "200 % of the quota" in made.with_effect(Effect.REFUSE)[0].detail


def test_a_deployment_without_refusals_does_not_exceed_the_budget(world: World, formation: CloudFormation) -> None:
    assert concerns(formation.planned(template(Number=number(world)))) == frozenset()


def test_another_provider_is_refused(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    other = TOKEN.replace(":provider", ":another")

    change = only(formation.planned(template(Number=number(world, ServiceToken=other))))

    assert (change.effect, "ServiceToken" in change.detail) == (Effect.REFUSE, True)


def provider_resource() -> dict[str, Any]:
    return {"Type": contract.PROVIDER_RESOURCE_TYPE, "Properties": {"ServiceToken": TOKEN}}


def with_provider(formation: CloudFormation, **resources: Mapping[str, Any]) -> None:
    """Deploy a stack with the provider's own resource."""
    formation.deploy(template(**resources))
    formation.bodies["support"] = template(Provider=provider_resource(), **resources)
    formation.physical_ids["support"]["Provider"] = "provider-shared"


def test_a_provider_that_numbers_of_other_stacks_need_is_not_deleted(world: World, formation: CloudFormation) -> None:
    with_provider(formation)
    formation.deploy(template(Number=number(world)), "sales")

    change = only(formation.planned(None))

    assert (change.logical_id, change.effect) == ("Provider", Effect.REFUSE)
    assert "Phone numbers that still need it: 1" in change.detail


def test_a_provider_is_deleted_after_the_numbers_of_its_stack(world: World, formation: CloudFormation) -> None:
    with_provider(formation, Number=number(world), Kept=number(world, KEPT))

    made = formation.planned(None)

    assert [change.effect for change in made.changes] == [Effect.RELEASE, Effect.RETAIN]


def test_a_provider_that_parks_a_number_is_not_deleted(world: World, formation: CloudFormation) -> None:
    with_provider(formation, Number=number(world, ReleaseDelay=WEEK))

    made = formation.planned(None)

    assert [change.effect for change in made.changes] == [Effect.PARK, Effect.REFUSE]


def test_the_provider_of_a_first_deployment_is_new(world: World, formation: CloudFormation) -> None:
    token = {"Fn::GetAtt": ["Function", "Arn"]}
    body = template(
        Function={"Type": "AWS::Lambda::Function", "Properties": {}},
        Number=number(world, ServiceToken=token),
    )

    made = formation.planned(body)

    assert (only(made).effect, made.problems) == (Effect.CLAIM, ())


def test_a_provider_that_cannot_be_told_is_a_problem_unless_it_is_named(
    world: World, formation: CloudFormation
) -> None:
    body = template(Number=number(world, ServiceToken={"Fn::ImportValue": "unknown"}))

    (problem,) = formation.planned(body).problems
    named = plan(formation, [StackDeployment("support", body)], TOKEN)

    assert "Name its function (--provider)" in problem
    assert (only(named).effect, named.problems) == (Effect.CLAIM, ())


def test_a_provider_that_is_not_there_is_a_problem(world: World, formation: CloudFormation) -> None:
    gone = TOKEN.replace(":provider", ":gone")

    made = formation.planned(template(Number=number(world, ServiceToken=gone)))

    assert made.problems == (f"There is no provider {gone}, or it cannot be read.",)
    assert concerns(made) == {Concern.UNKNOWN}


UNKNOWN: Final = {"Fn::GetAtt": ["Instance", "Arn"]}


def test_an_unknown_value_that_has_not_changed_changes_nothing(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    formation.bodies["support"] = template(Number=number(world, TargetArn=UNKNOWN))

    change = only(formation.planned(template(Number=number(world, TargetArn=UNKNOWN, Description="Sales"))))

    assert (change.effect, change.detail) == (Effect.CHANGE, "Description")


def test_an_unknown_setting_that_changes_is_named(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))

    change = only(formation.planned(template(Number=number(world, TargetArn=UNKNOWN, Description="Sales"))))

    assert change.detail == "Description; TargetArn is only known at the deployment"


def test_an_unknown_specification_may_replace_the_number(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))

    made = formation.planned(template(Number=number(world, CountryCode=UNKNOWN)))

    assert only(made).effect is Effect.UNKNOWN
    assert concerns(made) == {Concern.RELEASE, Concern.REPLACE, Concern.UNKNOWN}


def test_a_new_number_with_unknown_values_is_claimed(world: World, formation: CloudFormation) -> None:
    change = only(formation.planned(template(Number=number(world, TargetArn=UNKNOWN, CountryCode=UNKNOWN))))

    assert change.effect is Effect.CLAIM
    assert change.detail.endswith("CountryCode, TargetArn is only known at the deployment")


@pytest.mark.parametrize(
    ("before", "after", "protection"),
    [
        ({"ReleaseProtection": "true"}, {}, "ReleaseProtection"),
        ({}, {"AllowReplacement": "true"}, "AllowReplacement"),
        ({"ReleaseDelay": WEEK}, {"ReleaseDelay": "60"}, "ReleaseDelay"),
        ({"ReleaseDelay": WEEK}, {}, "ReleaseDelay"),
    ],
)
def test_a_protection_that_is_switched_off_is_named(
    world: World, formation: CloudFormation, before: dict[str, str], after: dict[str, str], protection: str
) -> None:
    formation.deploy(template(Number=number(world, **before)))

    made = formation.planned(template(Number=number(world, **after)))
    back = formation.planned(template(Number=number(world, **before)))

    assert [weakening.protection for weakening in made.weakenings] == [protection]
    assert Concern.PROTECTION in concerns(made)
    assert back.weakenings == ()


@pytest.mark.parametrize(
    ("policy", "value"),
    [("DeletionPolicy", "Retain"), ("DeletionPolicy", "RetainExceptOnCreate"), ("UpdateReplacePolicy", "Retain")],
)
def test_a_policy_that_is_taken_away_is_a_protection_that_is_switched_off(
    world: World, formation: CloudFormation, policy: str, value: str
) -> None:
    formation.deploy(template(Number=number(world, {policy: value})))

    made = formation.planned(template(Number=number(world)))

    (weakening,) = made.weakenings
    assert (weakening.protection, weakening.before, weakening.after) == (policy, "Retain", "Delete")


def test_a_pool_that_loses_its_protection_is_named(formation: CloudFormation) -> None:
    formation.deploy(template(Pool=pool(RetainParked="true")))

    made = formation.planned(template(Pool=pool(MaxParked="1")))

    assert [weakening.protection for weakening in made.weakenings] == ["RetainParked", "MaxParked"]


def test_a_renamed_resource_is_recognized(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world), Other=number(world, Type="TOLL_FREE")))

    made = formation.planned(template(Line=number(world, Description="Sales")))

    (renaming,) = made.renamings
    assert (renaming.old_logical_id, renaming.new_logical_id) == ("Number", "Line")
    assert renaming.phone_number == world.claim().phone_number
    assert Concern.RENAME in concerns(made)


def test_a_stack_with_termination_protection_is_not_deleted(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    formation.protected.add("support")

    change = only(formation.planned(None))

    assert (change.effect, "termination protection" in change.detail) == (Effect.REFUSE, True)


def test_a_stack_that_is_being_deployed_cannot_be_planned(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    formation.status = "UPDATE_IN_PROGRESS"

    with pytest.raises(NotReadable, match="support is UPDATE_IN_PROGRESS"):
        formation.planned(None)


def test_a_stack_that_is_not_there_is_not_deleted(formation: CloudFormation) -> None:
    assert formation.planned(None).problems == ("There is no stack support.",)


def nested(parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": parameters or {}}}


def test_a_new_nested_stack_is_planned_with_its_parameters(world: World, formation: CloudFormation) -> None:
    child = {
        "Parameters": {"Country": {"Type": "String"}},
        "Resources": {"Number": number(world, CountryCode={"Ref": "Country"})},
    }

    made = formation.planned(template(Child=nested({"Country": "GB"})), nested=lambda _: child)

    assert (only(made).stack, only(made).detail) == ("support-Child", "a DID number of GB")


def test_the_numbers_of_a_nested_stack_that_is_removed_are_released(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)), "support-Child")
    formation.bodies["support"] = template(Child=nested())
    formation.physical_ids["support"] = {"Child": stack_id("support-Child")}

    made = formation.planned(template())

    assert (only(made).stack, only(made).effect) == ("support-Child", Effect.RELEASE)


def test_a_nested_stack_without_its_template_is_a_problem(formation: CloudFormation) -> None:
    (problem,) = formation.planned(template(Child=nested())).problems

    assert "The template of the nested stack Child of support is not at hand" in problem


def test_a_plan_never_calls_anything_that_changes_connect() -> None:
    reading = ReadingConnect(object())

    with pytest.raises(AssertionError, match="a plan must not call release_phone_number"):
        reading.release_phone_number()


# --- Where a number can be lost without a word ---


def moved(world: World) -> dict[str, Any]:
    return number(world, Adopt="true", PhoneNumber="+12065550107", CountryCode=None, Type=None)


@pytest.mark.parametrize("policies", [None, KEPT], ids=["deleted", "retained"])
@pytest.mark.parametrize("order", ["support sales", "sales support"])
def test_a_number_that_moves_between_two_stacks_of_one_deployment(
    world: World, formation: CloudFormation, policies: Mapping[str, str] | None, order: str
) -> None:
    world.stacks.completed = True
    formation.deploy(template(Number=number(world, policies, PhoneNumber="+12065550107"), Other=number(world)))
    bodies = {"support": template(Other=number(world)), "sales": template(Number=moved(world))}
    held, responses = set(world.held()), len(formation.responses)

    made = plan(formation, [StackDeployment(name, bodies[name]) for name in order.split()])
    for name in order.split():
        formation.deploy(bodies[name], name)
        world.sweep()

    # Only a number that is retained first can be adopted. Else it is released, or its stack still has it.
    can_move = policies is not None and order.startswith("support")
    lost = Effect.RELEASE if policies is None else Effect.RETAIN
    assert {change.effect for change in made.changes} == {lost, Effect.ADOPT if can_move else Effect.REFUSE}
    done = happened(formation, held, responses)
    told = foretold(made, set())
    assert (told["released"], told["refused"]) == (done["released"], done["refused"])


@pytest.mark.parametrize("is_number_before", [True, False])
def test_a_resource_that_changes_its_type_is_refused(
    world: World, formation: CloudFormation, is_number_before: bool
) -> None:
    key: dict[str, Any] = {"Type": "AWS::KMS::Key", "Properties": {}}
    formation.deploy(template(Number=number(world)))
    if not is_number_before:
        formation.bodies["support"] = template(Number=key)
        formation.physical_ids["support"]["Number"] = "0a1b2c3d"

    change = only(formation.planned(template(Number=key if is_number_before else number(world))))

    assert (change.logical_id, change.effect) == ("Number", Effect.REFUSE)
    assert "its type changes" in change.detail


def test_a_number_of_a_custom_type_of_another_name_is_seen(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world), Other=number(world)))
    bodies = formation.bodies["support"]["Resources"]
    bodies["Number"]["Type"] = "AWS::CloudFormation::CustomResource"

    change = only(formation.planned(template(Other=number(world))))

    assert (change.logical_id, change.effect) == ("Number", Effect.RELEASE)


def test_a_number_that_the_deployed_template_does_not_show_is_a_problem(
    world: World, formation: CloudFormation
) -> None:
    formation.deploy(template(Number=number(world)))
    formation.bodies["support"] = template()

    made = formation.planned(None)

    (problem,) = made.problems
    assert f"Number of support has a phone number ({world.claim().arn})" in problem
    assert Concern.UNKNOWN in concerns(made)


# Stacks that are not as their template says


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_a_stack_that_cannot_be_updated_is_refused(world: World, formation: CloudFormation, status: str) -> None:
    formation.deploy(template(Number=number(world)))
    formation.status = status

    change = only(formation.planned(template()))

    assert (change.effect, status in change.detail) == (Effect.REFUSE, True)


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "ROLLBACK_FAILED", "UPDATE_FAILED"])
def test_a_stack_that_has_failed_can_be_deleted(world: World, formation: CloudFormation, status: str) -> None:
    formation.deploy(template(Number=number(world)))
    formation.status = status

    made = formation.planned(None)

    assert (only(made).effect, made.problems) == (Effect.RELEASE, ())


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_stack_that_was_not_created_is_deleted_first(world: World, formation: CloudFormation, status: str) -> None:
    formation.deploy(template(Number=number(world)))
    formation.status = status

    made = formation.planned(template(Number=number(world)))

    assert [change.effect for change in made.changes] == [Effect.RELEASE, Effect.CLAIM]


def test_a_stack_with_termination_protection_is_not_created_again(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    formation.status = "ROLLBACK_COMPLETE"
    formation.protected.add("support")

    assert only(formation.planned(template(Number=number(world)))).effect is Effect.REFUSE


@pytest.mark.parametrize("status", ["CREATE_FAILED", "UPDATE_FAILED"])
def test_a_deployment_that_was_not_rolled_back_is_a_problem(
    world: World, formation: CloudFormation, status: str
) -> None:
    # Its template is already the new one, but the number is still the old one.
    changed = template(Number=number(world, CountryCode="GB", AllowReplacement="true"))
    formation.deploy(template(Number=number(world)))
    formation.bodies["support"] = changed
    formation.status = status

    made = formation.planned(changed)

    assert [change.effect for change in made.changes] == [Effect.REPLACE, Effect.CLAIM, Effect.RELEASE]
    assert "was not rolled back" in made.problems[0]


# Conditions and policies

STAGE: Final = {"Stage": {"Type": "String", "Default": "prod"}}
IS_PROD: Final = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}


def conditional(resources: Mapping[str, Any], stage: Mapping[str, object] = STAGE["Stage"]) -> dict[str, Any]:
    return {"Parameters": {"Stage": stage}, "Conditions": IS_PROD, "Resources": dict(resources)}


def under_condition(world: World, **properties: object) -> dict[str, Any]:
    return {"Number": {**number(world, **properties), "Condition": "IsProd"}}


def deployed_under_condition(world: World, formation: CloudFormation) -> dict[str, Any]:
    formation.deploy(template(Number=number(world)))
    formation.bodies["support"] = conditional(under_condition(world))
    return formation.bodies["support"]


def test_a_condition_that_no_longer_holds_removes_the_number(world: World, formation: CloudFormation) -> None:
    body = deployed_under_condition(world, formation)

    assert only(formation.planned(body, parameters={"Stage": "test"})).effect is Effect.RELEASE
    assert formation.planned(body).changes == ()


SECRET_STAGE: Final = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/stage"}


def test_a_condition_that_flips_with_a_stored_parameter_alone(world: World, formation: CloudFormation) -> None:
    deployed_under_condition(world, formation)
    body = formation.bodies["support"] = conditional(under_condition(world), SECRET_STAGE)
    formation.parameters = {"Stage": "/stage"}
    formation.resolved = {"/stage": "prod"}

    formation.stored = {"/stage": "prod"}
    assert formation.planned(body).changes == ()
    formation.stored = {"/stage": "test"}
    assert only(formation.planned(body)).effect is Effect.RELEASE


def test_a_condition_that_may_no_longer_hold_is_told(world: World, formation: CloudFormation) -> None:
    deployed_under_condition(world, formation)

    made = formation.planned(conditional(under_condition(world), SECRET_STAGE))

    assert only(made).effect is Effect.UNKNOWN
    assert "whether its condition holds is only known at the deployment" in only(made).detail
    assert {Concern.RELEASE, Concern.UNKNOWN} <= concerns(made)


def test_an_unknown_condition_that_does_not_change_changes_nothing(world: World, formation: CloudFormation) -> None:
    deployed_under_condition(world, formation)
    hidden = {"Type": "String", "NoEcho": True}
    body = formation.bodies["support"] = conditional(under_condition(world), hidden)
    formation.parameters = {"Stage": "****"}

    assert formation.planned(body).changes == ()


def test_a_new_number_may_depend_on_a_condition_that_is_not_known(world: World, formation: CloudFormation) -> None:
    change = only(formation.planned(conditional(under_condition(world), SECRET_STAGE)))

    assert (change.effect, change.detail) == (Effect.CLAIM, "a DID number of US; if its condition holds")


@pytest.mark.parametrize(("stage", "effect"), [("prod", Effect.RETAIN), ("test", Effect.RELEASE)])
def test_a_deletion_policy_may_depend_on_a_condition(
    world: World, formation: CloudFormation, stage: str, effect: Effect
) -> None:
    formation.deploy(template(Number=number(world)))
    policy = {"Fn::If": ["IsProd", "Retain", "Delete"]}
    formation.bodies["support"] = conditional({"Number": {**number(world), "DeletionPolicy": policy}})
    formation.parameters = {"Stage": stage}

    # The policy that counts is the one of the deployed template, with the parameters of then.
    assert only(formation.planned(conditional({}), parameters={"Stage": "x"})).effect is effect


# Values


def test_a_country_that_changes_in_parameter_store_alone(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    body = template(Number=number(world, CountryCode="{{resolve:ssm:/country}}", AllowReplacement="true"))
    formation.bodies["support"] = body

    formation.stored = {"/country": "US"}
    assert formation.planned(body).changes == ()
    formation.stored = {"/country": "GB"}
    assert formation.planned(body).with_effect(Effect.REPLACE)


def test_a_secret_country_may_change_with_any_update(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    secret = "{{resolve:secretsmanager:country}}"
    formation.bodies["support"] = template(Number=number(world, CountryCode=secret))

    made = formation.planned(template(Number=number(world, CountryCode=secret, Description="Sales")))

    assert only(made).effect is Effect.UNKNOWN


def test_an_unknown_country_may_change_with_a_parameter_in_it(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    country = {"Fn::Select": [{"Ref": "Index"}, {"Fn::Split": [",", UNKNOWN]}]}
    parameters = {"Index": {"Type": "Number", "Default": 0}}
    resources = template(Number=number(world, CountryCode=country))
    body = formation.bodies["support"] = {"Parameters": parameters, **resources}

    assert formation.planned(body).changes == ()
    assert only(formation.planned(body, parameters={"Index": "1"})).effect is Effect.UNKNOWN


def with_settings(world: World, value: str, **properties: object) -> dict[str, Any]:
    settings = {"Type": "Custom::Settings", "Properties": {"Value": value}}
    return template(Instance=settings, Number=number(world, **properties))


def test_an_unknown_country_may_change_with_the_resource_that_it_is_of(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    formation.bodies["support"] = with_settings(world, "1", CountryCode=UNKNOWN)

    assert formation.planned(with_settings(world, "1", CountryCode=UNKNOWN)).changes == ()
    assert only(formation.planned(with_settings(world, "2", CountryCode=UNKNOWN))).effect is Effect.UNKNOWN


def test_an_unknown_flow_is_not_told_to_change_with_its_content(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    formation.bodies["support"] = with_settings(world, "1", ContactFlowArn=UNKNOWN)

    assert formation.planned(with_settings(world, "2", ContactFlowArn=UNKNOWN)).changes == ()


def test_an_unknown_setting_is_told_although_nothing_else_changes(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))

    change = only(formation.planned(template(Number=number(world, TargetArn=UNKNOWN))))

    assert (change.effect, change.detail) == (Effect.CHANGE, "TargetArn is only known at the deployment")
    assert change.phone_number == world.claim().phone_number


def test_a_replacement_that_is_perhaps_allowed_is_told_as_one(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))

    made = formation.planned(template(Number=number(world, CountryCode="GB", AllowReplacement=UNKNOWN)))

    assert [change.effect for change in made.changes] == [Effect.REPLACE, Effect.CLAIM, Effect.RELEASE]
    assert "AllowReplacement is only known at the deployment" in made.changes[0].detail


def test_a_pool_whose_limit_is_not_known_may_release_numbers(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Pool=filled(world, 3)))

    made = formation.planned(template(Pool=filled(world, 3, MaxParked=UNKNOWN)))

    assert only(made).effect is Effect.UNKNOWN


def test_a_pool_whose_unknown_limit_stays_keeps_its_limit(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Pool=filled(world, 3)))
    formation.bodies["support"] = template(Pool=filled(world, 3, MaxParked=UNKNOWN))

    made = formation.planned(template(Pool=filled(world, 2, MaxParked=UNKNOWN)))

    assert (made.changes, made.problems) == ((), ())


@pytest.mark.parametrize("name", ["ReleaseDelay", "ReleaseProtection"])
def test_a_protection_that_is_perhaps_switched_off_is_named(world: World, formation: CloudFormation, name: str) -> None:
    value = {"ReleaseDelay": WEEK, "ReleaseProtection": "true"}[name]
    formation.deploy(template(Number=number(world, **{name: value})))

    made = formation.planned(template(Number=number(world, **{name: UNKNOWN})))

    assert [weakening.protection for weakening in made.weakenings] == [name]


def test_a_new_number_with_an_unknown_target_is_served(world: World, formation: CloudFormation) -> None:
    formation.target_arns = (world.instance,)

    assert only(formation.planned(template(Number=number(world, TargetArn=UNKNOWN)))).effect is Effect.CLAIM


# Providers


def test_an_alias_has_the_ledger_of_its_function(world: World, formation: CloudFormation) -> None:
    made = formation.planned(template(Pool=filled(world, 1), Number=member(world, ServiceToken=ALIAS)))

    assert [change.effect for change in made.changes] == [Effect.CLAIM, Effect.TAKE]
    assert len(made.budgets) == 1


def test_an_alias_of_the_stack_is_known(world: World, formation: CloudFormation) -> None:
    alias = {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionVersion": {"Ref": "Version2"}}}
    formation.deploy(template(Number=number(world), Other=number(world)))
    old = {**alias, "Properties": {"FunctionVersion": {"Ref": "Version1"}}}
    token = {"Ref": "Alias"}
    formation.bodies["support"] = template(
        Alias=old, Number=number(world, ServiceToken=token), Other=number(world, ServiceToken=token)
    )
    formation.physical_ids["support"]["Alias"] = ALIAS

    made = formation.planned(template(Alias=alias, Other=number(world, ServiceToken=token)))

    assert (only(made).logical_id, only(made).effect, made.problems) == ("Number", Effect.RELEASE, ())


def test_a_function_that_is_made_now_is_another_provider(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    token = {"Fn::GetAtt": ["Function", "Arn"]}
    function: dict[str, Any] = {"Type": "AWS::Lambda::Function", "Properties": {}}

    made = formation.planned(template(Function=function, Number=number(world, ServiceToken=token)))

    assert (only(made).effect, "ServiceToken" in only(made).detail) == (Effect.REFUSE, True)


def test_a_provider_of_a_nested_stack_that_exists_is_not_taken_for_a_new_one(
    world: World, formation: CloudFormation
) -> None:
    token = {"Fn::GetAtt": ["Providers", "Outputs.Token"]}
    formation.deploy(template(Number=number(world)))
    formation.bodies["support"] = template(Number=number(world, ServiceToken=token))
    formation.physical_ids["support"]["Providers"] = stack_id("support-Providers")

    unnamed = formation.planned(template())
    named = plan(formation, [StackDeployment("support", template())], TOKEN)

    assert "The provider of Number of support cannot be told" in unnamed.problems[0]
    assert only(named).effect is Effect.RELEASE


def test_a_token_that_is_only_known_later_is_taken_to_stay(world: World, formation: CloudFormation) -> None:
    # If it changed, CloudFormation would refuse that.
    formation.deploy(template(Number=number(world)))
    formation.physical_ids["support"]["Providers"] = stack_id("support-Providers")
    token = {"Fn::GetAtt": ["Providers", "Outputs.Token"]}

    made = formation.planned(template(Number=number(world, ServiceToken=token, Description="Sales")))

    assert (only(made).effect, made.problems) == (Effect.CHANGE, ())


def test_a_provider_is_asked_for_once(world: World, formation: CloudFormation) -> None:
    gone = TOKEN.replace(":provider", ":gone")
    numbers = {f"Number{index}": number(world, ServiceToken=gone) for index in range(2)}

    formation.planned(template(**numbers, Other=number(world), Another=number(world)))

    assert sorted(formation.asked) == sorted([gone, TOKEN])


def test_a_provider_is_deleted_with_its_pool(world: World, formation: CloudFormation) -> None:
    with_provider(formation, Pool=filled(world, 2))

    made = formation.planned(None)

    assert [change.effect for change in made.changes] == [Effect.RELEASE, Effect.RELEASE]


def test_a_parked_number_of_a_pool_that_is_deleted_is_not_taken(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Pool=filled(world, 1)))
    after = template(Number=number(world, Pool=world.claims(resource="Pool")[0].desired.pool, ReleaseDelay=WEEK))

    made = plan(formation, [StackDeployment("support", None), StackDeployment("sales", after)])

    assert made.changes[0].effect is Effect.RELEASE
    assert not made.with_effect(Effect.TAKE)


@pytest.mark.parametrize("policies", [None, KEPT], ids=["deleted", "retained"])
def test_a_number_that_the_provider_does_not_know_stays_in_the_account(
    world: World, formation: CloudFormation, policies: Mapping[str, str] | None
) -> None:
    formation.deploy(template(Number=number(world, policies)))
    unknown_arn = world.claim().arn[:-12] + "000000000000"
    formation.physical_ids["support"]["Number"] = unknown_arn

    change = only(formation.planned(None))

    assert (change.effect, unknown_arn in change.detail) == (Effect.RETAIN, True)


def test_a_refused_deletion_in_an_update_leaves_the_stack_without_the_resource(
    world: World, formation: CloudFormation
) -> None:
    formation.deploy(template(Number=number(world, ReleaseProtection="true")))

    ending = "the resource is out of its stack then."
    assert only(formation.planned(template())).detail.endswith(ending)
    assert not only(formation.planned(None)).detail.endswith(ending)


# Templates that only CloudFormation can process, and stacks elsewhere

UNPROCESSED: Final[list[tuple[dict[str, Any], str]]] = [
    ({"Transform": "AWS::LanguageExtensions", "Resources": {}}, "AWS::LanguageExtensions"),
    ({"Resources": {"Fn::ForEach::Numbers": ["Name", ["A"], {"${Name}": {}}]}}, "Fn::ForEach::Numbers"),
    ({"Resources": {"Line": {"Type": "Acme::Support::Line::MODULE"}}}, "Acme::Support::Line::MODULE"),
]


@pytest.mark.parametrize(("body", "name"), UNPROCESSED)
def test_what_only_cloudformation_can_process_is_a_problem(
    formation: CloudFormation, body: dict[str, Any], name: str
) -> None:
    (problem,) = formation.planned(body).problems

    assert f"The template of support has {name}, which only CloudFormation can process" in problem


def stack_set(value: str) -> dict[str, Any]:
    return {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateURL": value}}


def test_a_stack_set_that_changes_is_a_problem(formation: CloudFormation) -> None:
    formation.bodies["support"] = template(Everywhere=stack_set("a"))
    formation.physical_ids["support"] = {"Everywhere": "everywhere:0a1b"}

    assert formation.planned(template(Everywhere=stack_set("a"))).problems == ()
    for after in (template(Everywhere=stack_set("b")), template(), None):
        (problem,) = formation.planned(after).problems
        assert "The stack set Everywhere of support changes" in problem
    (problem,) = formation.planned(template(Everywhere=stack_set("a"), New=stack_set("a"))).problems
    assert "The stack set New of support changes" in problem


# Nested stacks


def with_child(world: World, formation: CloudFormation, policies: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Deploy a nested stack with a number, and return its template."""
    child = template(Number=number(world))
    formation.deploy(child, "support-Child")
    formation.bodies["support"] = template(Child={**nested({"Country": UNKNOWN}), **(policies or {})})
    formation.physical_ids["support"] = {"Child": stack_id("support-Child")}
    resources = template(Number=number(world, CountryCode={"Ref": "Country"}))
    return {"Parameters": {"Country": {"Type": "String"}}, **resources}


def test_a_nested_stack_that_is_retained_keeps_its_numbers(world: World, formation: CloudFormation) -> None:
    with_child(world, formation, {"DeletionPolicy": "Retain"})

    assert formation.planned(template()).changes == formation.planned(None).changes == ()


def test_a_nested_stack_under_another_logical_id_is_another_stack(world: World, formation: CloudFormation) -> None:
    child = with_child(world, formation)

    made = formation.planned(template(Renamed=nested({"Country": "US"})), nested=lambda _: child)

    assert [(change.stack, change.effect) for change in made.changes] == [
        ("support-Renamed", Effect.CLAIM),
        ("support-Child", Effect.RELEASE),
    ]


def test_an_unknown_parameter_of_a_nested_stack_that_stays_keeps_its_value(
    world: World, formation: CloudFormation
) -> None:
    child = formation.bodies["support-Child"] = with_child(world, formation)
    formation.parameters = {"Country": "US"}
    other = {"Fn::GetAtt": ["Other", "Country"]}

    same = formation.planned(template(Child=nested({"Country": UNKNOWN})), nested=lambda _: child)
    changed = formation.planned(template(Child=nested({"Country": other})), nested=lambda _: child)

    assert same.changes == ()
    assert only(changed).effect is Effect.UNKNOWN


def test_a_nested_stack_under_a_condition_that_is_not_known_may_be_removed(
    world: World, formation: CloudFormation
) -> None:
    child = with_child(world, formation)
    resources = {"Child": {**nested({"Country": "US"}), "Condition": "IsProd"}}

    made = formation.planned(conditional(resources, SECRET_STAGE), nested=lambda _: child)

    assert "Child of support" in made.problems[0]
    assert Concern.UNKNOWN in concerns(made)


@pytest.mark.parametrize(
    "token", [{"Fn::GetAtt": {}}, {"Fn::GetAtt": "Function"}, {"Ref": 5}, ["a"], {}, None], ids=str
)
def test_a_service_token_of_the_wrong_shape_is_a_problem(
    world: World, formation: CloudFormation, token: object
) -> None:
    resource = number(world)
    resource["Properties"]["ServiceToken"] = token

    (problem,) = formation.planned(template(Number=resource)).problems

    assert "The provider of Number of support cannot be told" in problem


def test_a_ledger_with_an_item_that_cannot_be_read_is_not_planned_with(world: World, formation: CloudFormation) -> None:
    formation.deploy(template(Number=number(world)))
    (item,) = (each for each in world.store.dump() if str(each["sk"]).startswith("CLAIM#"))
    world.store.replace({**item, "state": "nonsense"})

    with pytest.raises(NotReadable, match=r"The ledger of shared has an item that cannot be read .*nonsense"):
        formation.planned(None)


def test_a_number_of_a_creation_that_was_never_answered_is_released(world: World, formation: CloudFormation) -> None:
    world.put_status = [500] * 20
    with pytest.raises(ResponseNotDelivered):
        world.handle(world.event("Create", stack=stack_id("support")))
    world.put_status.clear()
    world.stacks.resources.clear()
    claim = world.claims(stack_id("support"))[0]
    formation.bodies["support"] = template(Number=number(world))
    formation.physical_ids["support"] = {"Number": failed_creation_id(claim.request_key)}
    formation.status = "CREATE_FAILED"

    change = only(formation.planned(None))

    assert (change.effect, change.phone_number) == (Effect.RELEASE, claim.phone_number)


def test_the_whole_ledger_is_read_equally_often_however_many_numbers_there_are(
    world: World, formation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans: list[object] = []
    scan = SnapshotStore.scan

    def counted(store: SnapshotStore, after: object = None) -> ScanPage:
        scans.append(after)
        return scan(store, after)

    monkeypatch.setattr(SnapshotStore, "scan", counted)
    counts: list[int] = []
    for numbers in (1, 5):
        body = template(**{f"Number{index}": number(world) for index in range(numbers)})
        assert formation.deploy(body)
        scans.clear()
        formation.planned(None)
        counts.append(len(scans))

    assert counts[0] == counts[1]
