from collections.abc import Callable

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match

from cdk_connect_phone_number import PhoneNumberProvider

NAME = "/phone-numbers/service-token"
HOME = cdk.Environment(account="000000000000", region="us-east-1")


def publish(stack: cdk.Stack, name: str = NAME) -> None:
    PhoneNumberProvider(stack, "Provider", service_token_parameter_name=name)


def read(stack: cdk.Stack, name: str = NAME) -> None:
    PhoneNumberProvider.from_ssm_parameter(stack, "Reference", name)


def dependencies(stack: cdk.Stack) -> list[str]:
    return [each.node.path for each in stack.dependencies]


@pytest.mark.parametrize("env", [None, HOME])
@pytest.mark.parametrize("provider_first", [True, False])
def test_the_provider_of_the_same_app_is_deployed_first(env: cdk.Environment | None, provider_first: bool) -> None:
    app = cdk.App()
    provider, numbers = cdk.Stack(app, "Platform", env=env), cdk.Stack(app, "Numbers", env=env)
    steps: list[Callable[[], None]] = [lambda: publish(provider), lambda: read(numbers)]
    for step in steps if provider_first else reversed(steps):
        step()

    assert dependencies(numbers) == ["Platform"]
    assert dependencies(provider) == []
    assembly = app.synth()
    assert "Platform" in {each.id for each in assembly.get_stack_artifact(numbers.artifact_id).dependencies}


def test_a_nested_stack_waits_with_its_parent() -> None:
    app = cdk.App()
    provider, parent = cdk.Stack(app, "Platform"), cdk.Stack(app, "Parent")
    read(cdk.NestedStack(parent, "Nested"))
    publish(provider)

    assert dependencies(parent) == ["Platform"]


@pytest.mark.parametrize(
    ("name", "environment"),
    [("/other", HOME), (NAME, cdk.Environment(account="000000000000", region="eu-west-2")), (NAME, None)],
)
def test_another_provider_is_not_waited_for(name: str, environment: cdk.Environment | None) -> None:
    app = cdk.App()
    provider, numbers = cdk.Stack(app, "Platform", env=environment), cdk.Stack(app, "Numbers", env=HOME)
    publish(provider, name)
    read(numbers)

    assert dependencies(numbers) == []


def test_another_app_and_another_stage_are_not_waited_for() -> None:
    app = cdk.App()
    numbers = cdk.Stack(cdk.Stage(app, "Second"), "Numbers")
    publish(cdk.Stack(cdk.Stage(app, "First"), "Platform"))
    publish(cdk.Stack(cdk.App(), "Platform"))
    read(numbers)

    assert dependencies(numbers) == []


def test_a_parameter_of_the_same_stack_is_warned_of() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    read(stack)
    publish(stack)

    Annotations.from_stack(stack).has_warning(
        "/Stack",
        Match.string_like_regexp(
            f"the provider Stack/Provider of this same stack publishes the parameter {NAME}. .* first deployment fails."
        ),
    )
