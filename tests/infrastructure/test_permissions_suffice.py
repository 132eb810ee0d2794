"""Every script of the lifecycle, with IAM between the function and Connect."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from tests.simulation.runner import Script, judge, prepare
from tests.simulation.scripts import all_scripts, group
from tests.simulation.world import PROVIDER_ID

from .conftest import Synthesized
from .guarded_connect import guard
from .iam_policy import Statement, resolve, statements_of

STACK = "ConnectPhoneNumberProvider"


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


def scripts() -> Iterator[Script]:
    return (script for script in all_scripts() if script.is_short)


def names() -> list[str]:
    # In the order of the scripts.
    return list(dict.fromkeys(group(script) for script in scripts()))


@pytest.mark.parametrize("name", names())
def test_the_policy_allows_all_that_the_lifecycle_needs(statements: list[Statement], name: str) -> None:
    for script in scripts():
        if group(script) == name:
            world = prepare(script)
            denied = guard(world, statements)
            result = judge(script, world)
            assert denied == [], f"{script.name}\n{result.trace()}"
            assert not result.violations, result.trace()
