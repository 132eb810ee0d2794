"""Providers beside each other, and what keeps one from being destroyed too early."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import aws_cdk as cdk
import pytest
from botocore.exceptions import ClientError

from cdk_connect_phone_number import PhoneNumberBudget, PhoneNumberProvider
from local_aws.cdk_cli import CdkCli, CdkResult
from local_aws.launcher import LocalAws

from .number_stack import NumberStack
from .template_stack import StackOutcome, TemplateStack

_PARAMETER_NAME: Final = "/second-provider/service-token"


class SecondProvider:
    """A provider of another team, beside the example app's."""

    def __init__(self, local_aws: LocalAws, folder: Path) -> None:
        self._stack = TemplateStack(local_aws, "SecondProvider")
        self._cli = CdkCli(local_aws.environment, folder, app=str(folder))
        app = cdk.App(outdir=str(folder))
        PhoneNumberProvider(
            cdk.Stack(app, self._stack.name),
            "Provider",
            budget=PhoneNumberBudget(quota=1),
            service_token_parameter_name=_PARAMETER_NAME,
        )
        app.synth()
        self._template = (folder / f"{self._stack.name}.template.json").read_text()
        deployed = self.deploy()
        assert deployed.status == "CREATE_COMPLETE", deployed.reasons

    def deploy(self) -> StackOutcome:
        # The function's code is in the bucket already: it is the same as the first provider's.
        return self._stack.deploy(self._template)

    def destroy(self) -> CdkResult:
        return self._cli.destroy(self._stack.name)

    def resources(self) -> frozenset[str]:
        return frozenset(self._stack.resources())

    def remove(self) -> StackOutcome:
        return self._stack.delete()


@pytest.fixture
def second_provider(local_aws: LocalAws, example_assembly: Path, tmp_path: Path) -> Iterator[SecondProvider]:
    del example_assembly
    provider = SecondProvider(local_aws, tmp_path / "provider")
    yield provider
    provider.remove()


@pytest.fixture
def number_of_second(local_aws: LocalAws, second_provider: SecondProvider, tmp_path: Path) -> Iterator[NumberStack]:
    del second_provider
    stack = NumberStack(local_aws, tmp_path / "number", "number-of-second", provider_parameter=_PARAMETER_NAME)
    yield stack
    stack.remove()


def test_providers_beside_each_other_leave_each_others_numbers_alone(
    number_stack: NumberStack, number_of_second: NumberStack, second_provider: SecondProvider
) -> None:
    assert number_of_second.submit().status == "CREATE_COMPLETE"
    (number,) = number_of_second.numbers()

    refused = number_stack.submit(phone_number=number["phone_number"], adopt=True)
    assert refused.status == "ROLLBACK_COMPLETE"
    assert "it belongs to another provider of phone numbers" in refused.reasons
    assert number_of_second.numbers() == [number]

    assert number_of_second.remove().status == "DELETE_COMPLETE"
    assert [release["outcome"] for release in number_of_second.releases(number["arn"])] == ["ok"]
    removed = second_provider.remove()
    assert removed.status == "DELETE_COMPLETE", removed.reasons


def test_claim_above_the_budget_is_refused_before_connect_is_called(
    local_aws: LocalAws, number_of_second: NumberStack
) -> None:
    assert number_of_second.submit().status == "CREATE_COMPLETE"
    assert number_of_second.remove().status == "DELETE_COMPLETE"
    claims = len(local_aws.connect.audit("ClaimPhoneNumber"))

    refused = number_of_second.submit()

    assert refused.status == "ROLLBACK_COMPLETE"
    assert "No number is claimed, so that the account is not blocked from claiming numbers in" in refused.reasons
    assert "2 are used (2 by stack number-of-second)" in refused.reasons
    assert len(local_aws.connect.audit("ClaimPhoneNumber")) == claims


def test_provider_with_numbers_is_not_destroyed(number_of_second: NumberStack, second_provider: SecondProvider) -> None:
    assert number_of_second.submit().status == "CREATE_COMPLETE"
    (number,) = number_of_second.numbers()
    resources = second_provider.resources()

    in_use = second_provider.destroy()

    assert in_use.exit_code != 0
    assert f"Phone numbers that still need it: 1, for example {number['phone_number']} (Line" in in_use.output
    assert number_of_second.numbers() == [number]
    assert second_provider.resources() == resources

    # Nothing but a deletion can follow, and it succeeds when the numbers are gone.
    with pytest.raises(ClientError, match="is in DELETE_FAILED state and can not be updated"):
        second_provider.deploy()
    removed = number_of_second.remove()
    assert removed.status == "DELETE_COMPLETE", removed.reasons
    assert [release["outcome"] for release in number_of_second.releases(number["arn"])] == ["ok"]
    destroyed = second_provider.remove()
    assert destroyed.status == "DELETE_COMPLETE", destroyed.reasons
