"""The state that the demo's steps share: the local AWS, the CLI, and the findings of earlier steps."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from local_aws.cdk_cli import CdkCli
from local_aws.custom_resource_record import CustomResourceRequest
from local_aws.launcher import LocalAws

from .narration import DemoFailedError, Narrator

PROVIDER_STACK: Final = "ConnectPhoneNumberProvider"
NUMBERS_STACK: Final = "ConnectSupportNumbers"

# Written out here instead of imported from the function's code, because the demo checks this rule.
_TOKEN_NAMESPACE: Final = UUID("6d0f7f6e-5b43-5f0c-9a55-3d3f7f1c2a90")
_POLL_SECONDS: Final = 0.1


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
    """

    narrator: Narrator
    local_aws: LocalAws
    assembly: Path
    phone_number: str = ""
    phone_number_arn: str = ""

    def cdk(self, *, run_app: bool = True) -> CdkCli:
        """Return the CLI for the example app, with its output on the terminal.

        Parameters
        ----------
        run_app : bool
            Whether the CLI runs the app instead of using the cloud assembly that it wrote before.
            Default ``True``.
        """
        app = None if run_app else str(self.assembly)
        return CdkCli(self.local_aws.environment, self.assembly, app=app, show=True)

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

        Raises
        ------
        DemoFailedError
            If it does not hold within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise DemoFailedError(f"waited {seconds:.0f} s in vain: {what}")
            time.sleep(_POLL_SECONDS)
