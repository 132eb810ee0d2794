"""Environments that come and go, with a pool of numbers that outlives them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import pytest

from cdk_connect_phone_number import PhoneNumber, PhoneNumberPool, PhoneNumberProvider
from local_aws.launcher import LocalAws

from .number_stack import INSTANCE_ARN, flow_arn
from .template_stack import TemplateStack

# It puts the function's code into the bucket, which is the same for all providers.
pytestmark = pytest.mark.usefixtures("example_assembly")
_PLATFORM: Final = "pool-platform"
_ENVIRONMENT: Final = "pool-environment"
_FILLED: Final = "pool-filled"
_PARKED_TAG: Final = "cdk-connect-phone-number:parked-until"


@pytest.fixture
def assembly(local_aws: LocalAws, tmp_path: Path) -> Iterator[Path]:
    """Return the cloud assembly of a platform with a pool, and of an environment with a number of it."""
    app = cdk.App(outdir=str(tmp_path))
    platform, environment = cdk.Stack(app, _PLATFORM), cdk.Stack(app, _ENVIRONMENT)
    pool = PhoneNumberPool(platform, "Pool", provider=PhoneNumberProvider(platform, "Provider"))
    number = PhoneNumber(
        environment,
        "Line",
        target_arn=INSTANCE_ARN,
        country_code="US",
        contact_flow_arn=flow_arn(INSTANCE_ARN, 1),
        description="Support",
        pool=pool,
    )
    cdk.CfnOutput(environment, "PhoneNumberArn", value=number.phone_number_arn)
    app.synth()
    yield tmp_path
    for name in (_ENVIRONMENT, _PLATFORM):
        TemplateStack(local_aws, name).delete()


def test_environments_that_come_and_go_cost_one_claim(local_aws: LocalAws, assembly: Path) -> None:
    platform, environment = TemplateStack(local_aws, _PLATFORM), TemplateStack(local_aws, _ENVIRONMENT)
    template = (assembly / f"{_ENVIRONMENT}.template.json").read_text()
    claims = len(local_aws.connect.audit("ClaimPhoneNumber"))
    deployed = platform.deploy((assembly / f"{_PLATFORM}.template.json").read_text())
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons

    arns = set[str]()
    for _ in range(3):
        deployed = environment.deploy(template)
        assert deployed.status == "CREATE_COMPLETE", deployed.reasons
        arns.add(environment.output("PhoneNumberArn"))
        _assert_in_use(local_aws, environment.output("PhoneNumberArn"))
        gone = environment.delete()
        assert gone.status == "DELETE_COMPLETE", gone.reasons
        for arn in arns:
            _assert_parked(local_aws, arn)
    (arn,) = arns
    assert len(local_aws.connect.audit("ClaimPhoneNumber")) == claims + 1

    destroyed = platform.delete()
    assert destroyed.status == "DELETE_COMPLETE", destroyed.reasons
    assert _number(local_aws, arn)["status"] == "RELEASED"


def _assert_in_use(local_aws: LocalAws, arn: str) -> None:
    number = _number(local_aws, arn)
    assert (number["status"], len(number["contact_flows"]), number["description"]) == ("CLAIMED", 1, "Support")
    assert _PARKED_TAG not in number["tags"]


def _assert_parked(local_aws: LocalAws, arn: str) -> None:
    number = _number(local_aws, arn)
    assert (number["status"], number["contact_flows"], number["description"] or "") == ("CLAIMED", {}, "")
    assert _PARKED_TAG in number["tags"]


def _number(local_aws: LocalAws, arn: str) -> Mapping[str, Any]:
    """Return a number as Connect has it."""
    (number,) = [number for number in local_aws.connect.numbers() if number["arn"] == arn]
    return number


def test_a_pool_gets_its_numbers_in_advance_and_from_a_list(local_aws: LocalAws, tmp_path: Path) -> None:
    client = local_aws.session().client("connect", endpoint_url=local_aws.connect.url)
    listed = "+13125550142"
    arn = client.claim_phone_number(TargetArn=INSTANCE_ARN, PhoneNumber=listed)["PhoneNumberArn"]
    before = {number["arn"] for number in local_aws.connect.numbers()}
    app = cdk.App(outdir=str(tmp_path))
    platform = cdk.Stack(app, _FILLED)
    PhoneNumberPool(
        platform,
        "Pool",
        provider=PhoneNumberProvider(platform, "Provider"),
        parking_target_arn=INSTANCE_ARN,
        min_parked=1,
        country_code="US",
        phone_numbers=[listed],
    )
    app.synth()
    stack = TemplateStack(local_aws, _FILLED)
    try:
        deployed = stack.deploy((tmp_path / f"{_FILLED}.template.json").read_text())
        assert deployed.status == "CREATE_COMPLETE", deployed.reasons
        (claimed,) = {number["arn"] for number in local_aws.connect.numbers()} - before
        _assert_parked(local_aws, claimed)
        assert "cdk-connect-phone-number:claim" in _number(local_aws, arn)["tags"]
        destroyed = stack.delete()
        assert destroyed.status == "DELETE_COMPLETE", destroyed.reasons
        assert _number(local_aws, claimed)["status"] == "RELEASED"
        kept = _number(local_aws, arn)
        assert (kept["status"], kept["tags"]) == ("CLAIMED", {}), "a number of a list is never released"
    finally:
        stack.delete()
        client.release_phone_number(PhoneNumberId=arn)
