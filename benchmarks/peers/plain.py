"""A plain handler: boto3, the first search result, two minutes of waiting, and one response at the end."""

import json
from typing import Any, Final

from verification.simulator.lambda_service import Context

from .peer import Event, Numbers, Tools, is_number, is_replacement

_POLL_SECONDS: Final = 5.0
_POLLS: Final = 24


class PlainPeer:
    """The handler."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._numbers = Numbers(tools.connect)

    def handle(self, event: Event, context: Context) -> None:  # noqa: ARG002 - it does not check the remaining time
        """Handle one request of CloudFormation."""
        if "RequestType" not in event:
            return
        physical_id: str = event.get("PhysicalResourceId") or event["LogicalResourceId"]
        data: dict[str, str] = {}
        try:
            physical_id, data = self._done(event, physical_id)
        except Exception as error:
            self._respond(event, "FAILED", physical_id, str(error), {})
        else:
            self._respond(event, "SUCCESS", physical_id, "", data)

    def _done(self, event: Event, physical_id: str) -> tuple[str, dict[str, str]]:
        numbers, properties = self._numbers, event["ResourceProperties"]
        if event["RequestType"] == "Delete":
            if is_number(physical_id):
                numbers.release(physical_id)
            return physical_id, {}
        if event["RequestType"] == "Update" and not is_replacement(event):
            numbers.change(physical_id, properties, event["OldResourceProperties"])
            self._wait(physical_id)
            return physical_id, numbers.data(physical_id)
        arn = numbers.claim(properties)
        self._wait(arn)
        numbers.associate(arn, properties)
        return arn, numbers.data(arn)

    def _wait(self, arn: str) -> None:
        for _ in range(_POLLS):
            if self._numbers.status(arn) == "CLAIMED":
                return
            self._tools.pause(_POLL_SECONDS)
        raise RuntimeError("the number is not ready after two minutes")

    def _respond(self, event: Event, status: str, physical_id: str, reason: str, data: dict[str, Any]) -> None:
        body = {
            "Status": status,
            "PhysicalResourceId": physical_id,
            "Reason": reason,
            "Data": data,
            **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        }
        self._tools.put(event["ResponseURL"], json.dumps(body).encode())
