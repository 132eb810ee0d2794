"""One local AWS for all end-to-end tests, with the example app's provider deployed."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from local_aws.cdk_cli import CdkCli
from local_aws.launcher import ACCOUNT, REGION, LocalAws

from .number_stack import INSTANCE_ARN, NumberStack, flow_arn

HERE = Path(__file__).parent
_SECOND_GROUP = frozenset(
    {
        "test_acceptance",
        "test_gates",
        "test_operating",
        "test_operators",
        "test_own_app",
        "test_plan_gates",
        "test_planning",
        "test_pooling",
        "test_readme",
        "test_typescript",
    }
)


# First: pytest-xdist reads the marks in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    # Those that share a local AWS must be run by one worker, or each worker would start its own. There are two groups,
    # so that two workers, which mostly wait, have about the same to do.
    for item in items:
        if item.path.is_relative_to(HERE) and "local_aws" in item.fixturenames:
            group = "end_to_end_2" if item.path.stem in _SECOND_GROUP else "end_to_end_1"
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws() as started:
        started.connect.call("POST", "settings", claim_seconds=0.2)
        for last_digit in (1, 2):
            flow_id = flow_arn(INSTANCE_ARN, last_digit).rpartition("/")[2]
            started.connect.call("POST", "contact-flows", instance_arn=INSTANCE_ARN, flow_id=flow_id)
        cli = CdkCli(started.environment, tmp_path_factory.mktemp("bootstrap"))
        result = cli.bootstrap(ACCOUNT, REGION)
        assert result.exit_code == 0, result.output
        yield started


@pytest.fixture(scope="session")
def example_assembly(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example app's cloud assembly, of which the provider's stack is deployed."""
    assembly = tmp_path_factory.mktemp("example")
    result = CdkCli(local_aws.environment, assembly).deploy("ConnectPhoneNumberProvider")
    assert result.exit_code == 0, result.output
    return assembly


@pytest.fixture
def number_stack(
    local_aws: LocalAws, example_assembly: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[NumberStack]:
    """Give a stack with one number, named after the test."""
    del example_assembly
    name = cast(pytest.Item, request.node).name.removeprefix("test_").replace("_", "-")
    stack = NumberStack(local_aws, tmp_path, name)
    yield stack
    local_aws.connect.call("DELETE", "faults")
    stack.remove()
