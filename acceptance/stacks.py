"""The stacks of an acceptance run, the CDK CLI for them, and queries of the provider's ledger."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import boto3
from aws_cdk import aws_logs as logs
from botocore.exceptions import BotoCoreError, ClientError

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider
from local_aws.cdk_cli import CdkCli, CdkResult

from .probe_stack import add_probe_stack

_SESSION_NAME: Final = "acceptance-probe"
_TABLE_TYPE: Final = "AWS::DynamoDB::Table"


class AcceptanceStacks:
    """A stack with a provider and one with a number. Each deployment gives the number other properties.

    In addition, there is a stack for probes that need no number.

    Parameters
    ----------
    session : boto3.Session
        Credentials and Region.
    environment : Mapping[str, str]
        Environment of the CDK CLI.
    folder : Path
        The folder for cloud assemblies.
    run_id : str
        Part of the stacks' names, so that no existing stack is changed.
    fails_for_seconds : int
        For how many seconds a request of the stack for probes fails, so that Lambda retries its invocation.
        Default 45: Lambda waits for a minute before the retry.
    """

    def __init__(
        self,
        session: boto3.Session,
        environment: Mapping[str, str],
        folder: Path,
        run_id: str,
        *,
        fails_for_seconds: int = 45,
    ) -> None:
        self.provider = f"PhoneNumberAcceptance-{run_id}-Provider"
        self.number = f"PhoneNumberAcceptance-{run_id}-Number"
        self.probes = f"PhoneNumberAcceptance-{run_id}-Probes"
        self.number_stack_id = ""
        """The id of the number's stack that was deployed last, even after the stack is deleted."""
        self._environment = environment
        self._folder = folder
        self._fails_for_seconds = fails_for_seconds
        self._assemblies = 0
        self._assembly_of: dict[str, Path] = {}
        # Some of these services have no type stubs here.
        self._session: Any = session
        self._cloudformation: Any = self._session.client("cloudformation")

    def deploy(self, tags: Mapping[str, str], **properties: Any) -> CdkResult:
        """Deploy the provider, and the number with these tags and properties."""
        app = self._new_app(self.provider, self.number)
        provider = PhoneNumberProvider(
            cdk.Stack(app, self.provider),
            "Provider",
            # An acceptance run must leave nothing behind.
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
        result = self._cli(self.number).deploy()
        self.number_stack_id = self._describe(self.number).get("StackId", self.number_stack_id)
        return result

    def deploy_probes(self, provider_id: str, *, has_resources: bool) -> CdkResult:
        """Deploy the stack for probes, with or without its custom resources."""
        app = self._new_app(self.probes)
        add_probe_stack(
            app, self.probes, provider_id, fails_for_seconds=self._fails_for_seconds, has_resources=has_resources
        )
        app.synth()
        return self._cli(self.probes).deploy()

    def destroy(self, stack: str) -> CdkResult:
        """Destroy one of the stacks."""
        return self._cli(stack).destroy(stack)

    def exists(self, stack: str) -> bool:
        """Return whether a stack exists, in any state."""
        return bool(self._describe(stack))

    def output(self, name: str) -> str:
        """Return the value of an output of the number's stack."""
        return self._output(self.number, name)

    def probe_output(self, name: str) -> str:
        """Return the value of an output of the stack for probes."""
        return self._output(self.probes, name)

    def connect_of_role(self, role_arn: str) -> Any:
        """Return a client of Amazon Connect with only the permissions of a role."""
        response = self._session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=_SESSION_NAME)
        credentials = response["Credentials"]
        return self._session.client(
            "connect",
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    def claimed_at(self, phone_number_arn: str) -> float | None:
        """Return when the function got the response to a number's claim, or ``None`` if the ledger does not show it."""
        times = [float(claim["claimed_at"]["N"]) for claim in self._claims(phone_number_arn) or ()]
        return min(times, default=None)

    def is_established(self, phone_number_arn: str) -> bool | None:
        """Return whether the provider has seen that an adopted number's stack is complete.

        Return ``None`` if the ledger cannot be read.
        """
        claims = self._claims(phone_number_arn)
        return None if claims is None else any(claim.get("established", {}).get("BOOL") for claim in claims)

    def _claims(self, phone_number_arn: str) -> list[Any] | None:
        """Return the ledger's claims of a number."""
        try:
            resources = self._cloudformation.describe_stack_resources(StackName=self.provider)["StackResources"]
            table = next(one["PhysicalResourceId"] for one in resources if one["ResourceType"] == _TABLE_TYPE)
            pages = self._session.client("dynamodb").get_paginator("scan")
            return [
                item
                for page in pages.paginate(
                    TableName=table,
                    ConsistentRead=True,
                    FilterExpression="begins_with(sk, :claim) AND arn = :arn",
                    ExpressionAttributeValues={":claim": {"S": "CLAIM#"}, ":arn": {"S": phone_number_arn}},
                )
                for item in page["Items"]
            ]
        except (BotoCoreError, ClientError, StopIteration):
            return None

    def _describe(self, stack: str) -> Mapping[str, Any]:
        try:
            return dict(self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
        except ClientError:
            return {}

    def _output(self, stack: str, name: str) -> str:
        outputs = self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
        return str({output["OutputKey"]: output["OutputValue"] for output in outputs}[name])

    def _new_app(self, *stacks: str) -> cdk.App:
        self._assemblies += 1
        assembly = self._folder / f"assembly-{self._assemblies}"
        self._assembly_of |= dict.fromkeys(stacks, assembly)
        return cdk.App(outdir=str(assembly))

    def _cli(self, stack: str) -> CdkCli:
        assembly = self._assembly_of[stack]
        return CdkCli(self._environment, assembly, app=str(assembly))
