"""The state that the demo's steps share: the local AWS, the CLI, and the findings of earlier steps."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from local_aws.cdk_cli import CdkCli, CdkResult
from local_aws.custom_resource_record import CustomResourceRequest
from local_aws.launcher import LocalAws
from local_aws.process_guard import REPOSITORY, GuardedProcess

from .closing import Journey
from .narration import DemoFailedError, Narrator

PROVIDER_STACK: Final = "ConnectPhoneNumberProvider"
NUMBERS_STACK: Final = "ConnectSupportNumbers"

# Written out here instead of imported from the function's code, because the demo checks this rule.
_TOKEN_NAMESPACE: Final = UUID("6d0f7f6e-5b43-5f0c-9a55-3d3f7f1c2a90")
_POLL_SECONDS: Final = 0.1


def short(phone_number_arn: str) -> str:
    """Return an ARN without account and Region, which are always the same here, so that it fits a line."""
    return phone_number_arn.rpartition(":")[2]


def expected_release_token(phone_number_arn: str) -> str:
    """Return the client token that every release of a number must carry."""
    return str(uuid5(_TOKEN_NAMESPACE, f"release:{phone_number_arn}"))


@dataclass
class Scene:
    """The state of the demo.

    Attributes
    ----------
    narrator : Narrator
        Reports what happens.
    local_aws : LocalAws
        The local AWS that the demo deploys to.
    assembly : Path
        The folder for the cloud assembly.
    phone_number, phone_number_arn : str
        The number of the deployed stack, once the stack is deployed.
    journeys : list of Journey
        What became of each number, once that is known.
    """

    narrator: Narrator
    local_aws: LocalAws
    assembly: Path
    phone_number: str = ""
    phone_number_arn: str = ""
    journeys: list[Journey] = field(default_factory=list[Journey])

    def cdk(self, command: str, run: Callable[[CdkCli], CdkResult], finding: str, *, run_app: bool = True) -> None:
        """Run the CLI for the example app, show what it writes, and check that it succeeds.

        Parameters
        ----------
        command : str
            The CLI's command, to name it.
        run : Callable[[CdkCli], CdkResult]
            Runs the command.
        finding : str
            The message to write if it succeeds.
        run_app : bool
            Whether the CLI runs the app instead of using the cloud assembly that it wrote before.
            Default ``True``.

        Raises
        ------
        DemoFailedError
            If it ends with an exit code other than 0.
        """
        app = None if run_app else str(self.assembly)
        narrator = self.narrator
        with narrator.awaiting(f"cdk {command}"):
            result = run(CdkCli(self.local_aws.environment, self.assembly, app=app, on_line=narrator.program_line))
        succeeded = result.exit_code == 0
        narrator.end_program(f"cdk {command}", succeeded=succeeded)
        narrator.check(succeeded, finding, f"cdk {command} ended with exit code {result.exit_code}")

    def operators_command(self, *arguments: str) -> str:
        """Run ``connect-phone-numbers`` with these arguments, and show and return its output.

        Raises
        ------
        DemoFailedError
            If it ends with an exit code other than 0.
        """
        command = [sys.executable, "-m", "cdk_connect_phone_number", *arguments]
        program = GuardedProcess(command, self.local_aws.environment, output=subprocess.PIPE, folder=REPOSITORY)
        try:
            with self.narrator.awaiting(f"connect-phone-numbers {' '.join(arguments)}"):
                output = program.output.read()
                exit_code = program.wait()
        finally:
            program.stop()
        if exit_code != 0:
            raise DemoFailedError(f"connect-phone-numbers {' '.join(arguments)} ended with exit code {exit_code}")
        self.narrator.say(f"$ connect-phone-numbers {' '.join(arguments)}")
        self.narrator.show(output)
        return output

    def outputs(self, stack: str) -> dict[str, str]:
        """Return a stack's outputs."""
        client = self.local_aws.session().client("cloudformation", endpoint_url=self.local_aws.endpoint_url)
        outputs = client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
        return {output.get("OutputKey", ""): output.get("OutputValue", "") for output in outputs}

    def held_numbers(self) -> list[Mapping[str, Any]]:
        """Return the numbers that the account holds according to the emulated Connect."""
        return [
            number for number in self.local_aws.connect.numbers() if number["status"] not in ("RELEASED", "RETURNED")
        ]

    def effective_calls(self, operation: str) -> list[Mapping[str, Any]]:
        """Return the calls to an operation that changed something, the oldest first."""
        return [entry for entry in self.local_aws.connect.audit(operation) if entry["took_effect"]]

    def deliver(self, event: Mapping[str, Any], *, wait: bool = True) -> None:
        """Invoke the function with a request, as CloudFormation does.

        Parameters
        ----------
        event : Mapping[str, Any]
            The request.
        wait : bool
            Whether to wait until the function is done. Default ``True``.

        Raises
        ------
        DemoFailedError
            If the function has failed.
        """
        client = self.local_aws.session().client("lambda", endpoint_url=self.local_aws.endpoint_url)
        with self.narrator.awaiting(f"the function, which handles the {event['RequestType']}"):
            reply = client.invoke(
                FunctionName=event["ResourceProperties"]["ServiceToken"],
                InvocationType="RequestResponse" if wait else "Event",
                Payload=json.dumps(event).encode(),
            )
        if "FunctionError" in reply:
            raise DemoFailedError(f"the function failed: {reply['Payload'].read().decode()}")

    def new_response_url(self) -> str:
        """Return a response URL for a request that CloudFormation itself would not send here."""
        signed = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        path = f"/_ministack/cfn-response/{uuid4()}?X-Amz-Date={signed}&X-Amz-Expires=7200"
        return self.local_aws.endpoint_url + path

    def only_request(self, request_type: str) -> CustomResourceRequest:
        """Return the only request of a type that CloudFormation has sent, with its response.

        Raises
        ------
        DemoFailedError
            If there is not exactly one such request, or if it has no response.
        """
        requests = self.local_aws.phone_number_requests(request_type)
        if len(requests) != 1:
            raise DemoFailedError(f"{len(requests)} {request_type} requests were sent, not 1")
        if not requests[0].responses:
            raise DemoFailedError(f"the {request_type} request has no response")
        return requests[0]

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 150.0) -> None:
        """Return as soon as a condition holds.

        Parameters
        ----------
        holds : Callable[[], bool]
            Whether it holds.
        what : str
            What is awaited, a noun.
        seconds : float
            How long to wait. Default 150.

        Raises
        ------
        DemoFailedError
            If it does not hold within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        with self.narrator.awaiting(what):
            while not holds():
                if time.monotonic() > deadline:
                    raise DemoFailedError(f"waited {seconds:.0f} s in vain for {what}")
                time.sleep(_POLL_SECONDS)
