"""The two stacks of an acceptance run, and the CDK CLI for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import boto3
from aws_cdk import aws_logs as logs
from botocore.exceptions import ClientError

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider
from local_aws.cdk_cli import CdkCli, CdkResult


class AcceptanceStacks:
    """A stack with a provider and one with a number, each deployment with other properties of the number.

    Parameters
    ----------
    session : boto3.Session
        Credentials and Region.
    environment : Mapping[str, str]
        Of the CDK CLI.
    folder : Path
        Room for cloud assemblies.
    run_id : str
        Part of the stacks' names, so that no stack that was there before is touched.
    """

    def __init__(self, session: boto3.Session, environment: Mapping[str, str], folder: Path, run_id: str) -> None:
        self.provider = f"PhoneNumberAcceptance-{run_id}-Provider"
        self.number = f"PhoneNumberAcceptance-{run_id}-Number"
        self._environment = environment
        self._folder = folder
        self._deployments = 0
        self._cloudformation = session.client("cloudformation")

    def deploy(self, tags: Mapping[str, str], **properties: Any) -> CdkResult:
        """Deploy both stacks, the number with these tags and properties."""
        self._deployments += 1
        app = cdk.App(outdir=str(self._assembly()))
        provider = PhoneNumberProvider(
            cdk.Stack(app, self.provider),
            "Provider",
            # Nothing is to be left of an acceptance run.
            ledger_removal_policy=cdk.RemovalPolicy.DESTROY,
            log_removal_policy=cdk.RemovalPolicy.DESTROY,
            log_retention=logs.RetentionDays.ONE_WEEK,
        )
        stack = cdk.Stack(app, self.number)
        number = PhoneNumber(stack, "Line", provider=provider, **properties)
        for key, value in tags.items():
            cdk.Tags.of(number).add(key, value)
        cdk.CfnOutput(stack, "PhoneNumber", value=number.phone_number)
        cdk.CfnOutput(stack, "PhoneNumberArn", value=number.phone_number_arn)
        app.synth()
        return self._cli().deploy()

    def destroy(self, stack: str) -> CdkResult:
        """Destroy one of the stacks."""
        return self._cli().destroy(stack)

    def exists(self, stack: str) -> bool:
        """Return whether a stack is there, in whatever state."""
        try:
            self._cloudformation.describe_stacks(StackName=stack)
        except ClientError:
            return False
        return True

    def output(self, name: str) -> str:
        """Return the value of an output of the number's stack."""
        stack = self._cloudformation.describe_stacks(StackName=self.number)["Stacks"][0]
        outputs = {output.get("OutputKey"): output.get("OutputValue", "") for output in stack.get("Outputs", [])}
        return outputs[name]

    def _cli(self) -> CdkCli:
        return CdkCli(self._environment, self._assembly(), app=str(self._assembly()))

    def _assembly(self) -> Path:
        return self._folder / f"assembly-{self._deployments}"
