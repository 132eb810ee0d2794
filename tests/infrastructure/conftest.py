"""Stacks that are synthesized once: the example app's, and three with providers.

One of the providers has everything switched on, one serves two targets only, and one has as few permissions as it can.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from cdk_connect_phone_number import PhoneNumberDashboard, PhoneNumberHook, PhoneNumberProvider
from stacks.phone_number_provider_stack import PhoneNumberProviderStack
from stacks.support_numbers_stack import SupportNumbersSettings, SupportNumbersStack

TARGET_ARN = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
GROUP_ARN = "arn:aws:connect:us-east-1:000000000000:traffic-distribution-group/66666666-7777-8888-9999-000000000000"

SUBNET = "subnet-0a1b2c3d"
SECURITY_GROUP = "sg-0a1b2c3d"


@dataclass(frozen=True)
class Synthesized:
    """An app's stacks as CloudFormation would see them."""

    folder: Path
    templates: Mapping[str, Mapping[str, Any]]

    def resources(self, stack: str, type: str) -> dict[str, dict[str, Any]]:
        found = self.templates[stack]["Resources"].items()
        return {logical_id: resource for logical_id, resource in found if resource["Type"] == type}

    def resource(self, stack: str, type: str) -> dict[str, Any]:
        (found,) = self.resources(stack, type).values()
        return found


def example_app(outdir: str) -> cdk.App:
    app = cdk.App(outdir=outdir, context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})
    platform = PhoneNumberProviderStack(app, "ConnectPhoneNumberProvider")
    settings = SupportNumbersSettings(target_arn=TARGET_ARN, country_code="US", type="DID", description="Support line")
    SupportNumbersStack(app, "ConnectSupportNumbers", provider=platform.provider, settings=settings)
    everything = cdk.Stack(app, "Everything")
    provider = PhoneNumberProvider(
        everything,
        "Provider",
        tracing=True,
        encryption_key=kms.Key(everything, "Key", enable_key_rotation=True),
        alarm_topic=sns.Topic(everything, "Topic", enforce_ssl=True),
    )
    PhoneNumberDashboard(everything, "Dashboard", providers=[provider])
    PhoneNumberHook(cdk.Stack(app, "Hooked"), "Hook", providers=[platform.provider, provider])
    PhoneNumberProvider(cdk.Stack(app, "TwoTargets"), "Provider", target_arns=[TARGET_ARN, GROUP_ARN])
    narrow_provider(cdk.Stack(app, "Narrow"))
    return app


def narrow_provider(stack: cdk.Stack) -> PhoneNumberProvider:
    """Create a provider in a VPC that adopts nothing and serves only some stacks."""
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id="vpc-0a1b2c3d", availability_zones=["us-east-1a"], private_subnet_ids=[SUBNET]
    )
    return PhoneNumberProvider(
        stack,
        "Provider",
        allow_adoption=False,
        stack_name_prefix="support-",
        vpc=vpc,
        security_groups=[ec2.SecurityGroup.from_security_group_id(stack, "Group", SECURITY_GROUP)],
        reserved_concurrent_executions=10,
    )


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    folder = tmp_path_factory.mktemp("cdk.out")
    assembly = example_app(str(folder)).synth()
    return Synthesized(folder, {stack.stack_name: stack.template for stack in assembly.stacks})
