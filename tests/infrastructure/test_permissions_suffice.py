"""Every scenario of the lifecycle, with IAM between the function and Connect."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from verification.scenarios.catalog import all_scenarios, group
from verification.simulator.runner import Scenario, judge, prepare
from verification.simulator.world import PROVIDER_ID

from .conftest import Synthesized
from .guarded_connect import guard
from .iam_policy import Statement, resolve, statements_of

STACK = "ConnectPhoneNumberProvider"
WITHOUT_ADOPTION = "Narrow"
NEEDS_ADOPTION = re.compile(r"adopt|\bof the list\b|\ba list with\b|tags were taken off")
"""The scenarios that adopt a number, or put the ownership tags on a number that lost them, which is the same to IAM."""
SHARE = 3
"""Every how many-th scenario of a group is played without adoption. The other statements are the same as with it."""
LET_GO_MEANWHILE = "S37 adopting the list canceled"
"""Here an invocation goes on after its number was let go. What it does then is denied, as it should be."""


@pytest.fixture(scope="module")
def statements(synthesized: Synthesized) -> list[Statement]:
    return statements_for_simulator(synthesized, STACK)


@pytest.fixture(scope="module")
def without_adoption(synthesized: Synthesized) -> list[Statement]:
    return statements_for_simulator(synthesized, WITHOUT_ADOPTION)


def statements_for_simulator(synthesized: Synthesized, stack: str) -> list[Statement]:
    """Return the policy of a stack's provider, as if it were the policy of the simulator's provider."""
    function = synthesized.resource(stack, "AWS::Lambda::Function")
    template = synthesized.templates[stack]
    own = resolve(function["Properties"]["Environment"]["Variables"]["PROVIDER_ID"], template)

    def renamed(values: Sequence[str]) -> list[str]:
        return [PROVIDER_ID if value == own else value for value in values]

    return [
        replace(
            statement,
            conditions={
                operator: {key: renamed(values) for key, values in keys.items()}
                for operator, keys in statement.conditions.items()
            },
        )
        for statement in statements_of(template)
    ]


def scenarios() -> Iterator[Scenario]:
    return (scenario for scenario in all_scenarios() if scenario.is_short)


def names() -> list[str]:
    # In the order of the scenarios.
    return list(dict.fromkeys(group(scenario) for scenario in scenarios()))


@pytest.mark.parametrize("name", names())
def test_the_policy_allows_all_that_the_lifecycle_needs(statements: list[Statement], name: str) -> None:
    for scenario in scenarios():
        if group(scenario) == name:
            world = prepare(scenario)
            denied = guard(world, statements)
            result = judge(scenario, world)
            if not scenario.name.startswith(LET_GO_MEANWHILE):
                assert denied == [], f"{scenario.name}\n{result.trace()}"
            assert not result.violations, result.trace()


@pytest.mark.parametrize("name", names())
def test_without_adoption_the_policy_allows_all_else_that_the_lifecycle_needs(
    without_adoption: list[Statement], name: str
) -> None:
    for scenario in [each for each in scenarios() if group(each) == name][::SHARE]:
        world = prepare(scenario)
        denied = guard(world, without_adoption)
        result = judge(scenario, world)
        if not NEEDS_ADOPTION.search(scenario.name) and not scenario.name.startswith(LET_GO_MEANWHILE):
            assert denied == [], f"{scenario.name}\n{result.trace()}"
            assert not result.violations, result.trace()


def test_without_adoption_iam_keeps_the_function_from_adopting_even_if_it_tries(
    without_adoption: list[Statement],
) -> None:
    (scenario,) = (each for each in scenarios() if each.name == "S19 claimed by hand, adopted")
    world = prepare(scenario)

    denied = guard(world, without_adoption)
    judge(scenario, world)

    assert denied
    assert all(call.startswith("TagResource on ") for call in denied)
    (number,) = world.emulator.numbers()
    assert not number.tags
