"""Plans from two templates, without an account."""

from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number.planning.offline import plan_offline
from lambda_handlers.connect_phone_number.planning.plan import Effect, Plan

from ..world import NOW, REGION, World
from .cloudformation import number, pool, template

OWN: Final = {"Fn::GetAtt": ["Function", "Arn"]}
FUNCTION: Final[dict[str, Any]] = {"Type": "AWS::Lambda::Function", "Properties": {}}
ADOPTION: Final[dict[str, Any]] = {"Adopt": "true", "PhoneNumber": "+12065550107", "CountryCode": None, "Type": None}


@pytest.fixture
def world() -> World:
    return World()


def made(before: dict[str, Any], after: dict[str, Any] | None) -> Plan:
    return plan_offline("support", before, after, REGION, lambda: NOW)


def effects(plan: Plan) -> list[tuple[str, Effect]]:
    return [(change.logical_id, change.effect) for change in plan.changes]


def test_what_is_the_same_in_both_templates_stays(world: World) -> None:
    both = template(Function=FUNCTION, Number=number(world, ServiceToken=OWN), Pool=pool(ServiceToken=OWN))

    assert made(both, both).changes == ()


@pytest.mark.parametrize("token", [{}, {"ServiceToken": OWN}, {"ServiceToken": {"Fn::ImportValue": "token"}}])
def test_a_number_that_is_removed_is_released_and_a_new_one_claimed(world: World, token: dict[str, Any]) -> None:
    before = template(Function=FUNCTION, Number=number(world, **token))
    after = template(Function=FUNCTION, Line=number(world, Type="TOLL_FREE", **token))

    plan = made(before, after)

    assert effects(plan) == [("Line", Effect.CLAIM), ("Number", Effect.RELEASE)]
    assert [change.phone_number for change in plan.changes] == ["", ""]


def test_the_deletion_of_the_stack_releases_its_numbers(world: World) -> None:
    assert effects(made(template(Number=number(world)), None)) == [("Number", Effect.RELEASE)]


def test_a_replacement_needs_permission(world: World) -> None:
    plan = made(template(Number=number(world)), template(Number=number(world, Type="TOLL_FREE")))

    assert effects(plan) == [("Number", Effect.REFUSE)]


def test_a_number_of_a_pool_is_parked(world: World) -> None:
    line = number(world, Pool={"Ref": "Pool"}, ReleaseDelay="604800")

    plan = made(template(Pool=pool(), Number=line), template(Pool=pool()))

    assert effects(plan) == [("Number", Effect.PARK)]


def test_an_adopted_number_is_released_with_its_resource(world: World) -> None:
    plan = made(template(Number=number(world, **ADOPTION)), template())

    assert [(change.effect, change.phone_number) for change in plan.changes] == [(Effect.RELEASE, "+12065550107")]


def test_the_budget_and_the_numbers_are_not_known(world: World) -> None:
    plan = made(template(Number=number(world)), template(Line=number(world, Description="Sales")))

    assert plan.budgets == ()
    assert [change.phone_number for change in plan.changes] == ["", ""]
    assert [renaming.phone_number for renaming in plan.renamings] == [""]
