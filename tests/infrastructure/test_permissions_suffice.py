"""Every scenario of the lifecycle, with IAM between the function and Connect."""

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
LET_GO_MEANWHILE = "S37 adopting the list canceled"
"""Here an invocation goes on after its number was let go. What it does then is denied, as it should be."""


@pytest.fixture(scope="module")
def statements(synthesized: Synthesized) -> list[Statement]:
    """Return the provider's policy, as if it were the policy of the simulator's provider."""
    function = synthesized.resource(STACK, "AWS::Lambda::Function")
    template = synthesized.templates[STACK]
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
