"""A stack with one number, synthesized in this process and deployed by the CDK CLI or by CloudFormation alone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider
from local_aws.cdk_cli import CdkCli, CdkResult
from local_aws.launcher import ACCOUNT, INSTANCE_ID, REGION, LocalAws
from stacks.phone_number_provider_stack import PARAMETER_NAME

from .template_stack import StackOutcome, TemplateStack

INSTANCE_ARN = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{INSTANCE_ID}"
_STACK_TAG = "cdk-connect-phone-number:stack"


def flow_arn(instance_arn: str, last_digit: int) -> str:
    """Return the ARN of a flow. Those with the digits 1 and 2 exist in ``INSTANCE_ARN`` from the start."""
    return f"{instance_arn}/contact-flow/99999999-8888-7777-6666-55555555555{last_digit}"


def add_failing_resource(stack: cdk.Stack, number: PhoneNumber) -> None:
    """Add a resource that fails to be created, after the number."""
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:no-such-function"
    cdk.CustomResource(stack, "Second", service_token=missing).node.add_dependency(number)


def remove_number(stack: cdk.Stack, _: PhoneNumber) -> None:
    """Leave the number and its outputs out of the template, as if they had been removed from the code."""
    for id in ("Line", "PhoneNumber", "PhoneNumberArn"):
        stack.node.try_remove_child(id)
    cdk.CfnWaitConditionHandle(stack, "Something")


class NumberStack:
    """A stack with one number, ``Line``, whose properties each deployment sets.

    It is synthesized in this process, which spares a start of jsii for each deployment; all else is the
    CLI's work, or CloudFormation's where a method says so.

    Parameters
    ----------
    local_aws : LocalAws
        Where to.
    folder : Path
        Room for cloud assemblies.
    name : str
        The stack's name.
    provider_parameter : str
        Name of the SSM parameter that publishes the provider. Default: that of the example app.
    """

    def __init__(self, local_aws: LocalAws, folder: Path, name: str, provider_parameter: str = PARAMETER_NAME) -> None:
        self.name = name
        self._local_aws = local_aws
        self._folder = folder
        self._provider_parameter = provider_parameter
        self._deployments = 0
        self._stack = TemplateStack(local_aws, name)

    def deploy(
        self,
        *,
        tags: Mapping[str, str] | None = None,
        beside: Callable[[cdk.Stack, PhoneNumber], object] | None = None,
        **properties: Any,
    ) -> CdkResult:
        """Deploy the stack.

        Parameters
        ----------
        tags : Mapping[str, str] or None
            Tags of the number.
        beside : Callable or None
            Adds what else the stack is to have.
        **properties
            Of the number, besides a target and, where there is no number to adopt, the United States.
        """
        self._synthesize(tags, beside, properties)
        return self._cli().deploy(self.name)

    def submit(
        self,
        *,
        tags: Mapping[str, str] | None = None,
        beside: Callable[[cdk.Stack, PhoneNumber], object] | None = None,
        **properties: Any,
    ) -> StackOutcome:
        """Deploy the stack by CloudFormation alone; takes the same as ``deploy``."""
        self._synthesize(tags, beside, properties)
        return self._stack.deploy((self._assembly() / f"{self.name}.template.json").read_text())

    def synthesize(self, **properties: Any) -> Path:
        """Synthesize the stack without a deployment, and return its cloud assembly; takes the same as ``deploy``."""
        self._synthesize(None, properties.pop("beside", None), properties)
        return self._assembly()

    def destroy(self) -> CdkResult:
        """Destroy the stack."""
        return self._cli().destroy(self.name)

    def remove(self, *, retain_resources: bool = False) -> StackOutcome:
        """Delete the stack, if it is there, by CloudFormation alone.

        Parameters
        ----------
        retain_resources : bool
            Leave behind what a deletion before this one failed to delete. Default ``False``.
        """
        return self._stack.delete(retain_resources=retain_resources)

    def status(self) -> str | None:
        """Return the stack's status, ``None`` where there is no stack."""
        return self._stack.status()

    def resources(self) -> dict[str, str]:
        """Return the status of each resource that CloudFormation knows, by logical ID."""
        return self._stack.resources()

    def output(self, name: str) -> str:
        """Return the value of an output."""
        return self._stack.output(name)

    def numbers(self) -> list[Mapping[str, Any]]:
        """Return what Connect holds for this stack."""
        return [
            number
            for number in self._local_aws.connect.numbers()
            if number["status"] not in ("RELEASED", "RETURNED")
            and f":stack/{self.name}/" in number["tags"].get(_STACK_TAG, "")
        ]

    def releases(self, phone_number_arn: str) -> list[Mapping[str, Any]]:
        """Return the calls that tried to release a number, oldest first."""
        return [
            entry
            for entry in self._local_aws.connect.audit("ReleasePhoneNumber")
            if phone_number_arn.endswith(entry["parameters"]["PhoneNumberId"].rpartition("/")[2])
        ]

    def _synthesize(
        self,
        tags: Mapping[str, str] | None,
        beside: Callable[[cdk.Stack, PhoneNumber], object] | None,
        properties: Mapping[str, Any],
    ) -> None:
        self._deployments += 1
        app = cdk.App(outdir=str(self._assembly()))
        stack = cdk.Stack(app, self.name)
        provider = PhoneNumberProvider.from_ssm_parameter(stack, "Provider", self._provider_parameter)
        arguments: dict[str, Any] = {"target_arn": INSTANCE_ARN, **properties}
        if not {"adopt", "source_phone_number_arn"} & properties.keys():
            arguments.setdefault("country_code", "US")
        number = PhoneNumber(stack, "Line", provider=provider, **arguments)
        for key, value in (tags or {}).items():
            cdk.Tags.of(number).add(key, value)
        cdk.CfnOutput(stack, "PhoneNumber", value=number.phone_number)
        cdk.CfnOutput(stack, "PhoneNumberArn", value=number.phone_number_arn)
        if beside is not None:
            beside(stack, number)
        app.synth()

    def _cli(self) -> CdkCli:
        assembly = self._assembly()
        return CdkCli(self._local_aws.environment, assembly, app=str(assembly))

    def _assembly(self) -> Path:
        return self._folder / f"assembly-{self._deployments}"
