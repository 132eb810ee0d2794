"""A handler that begins the work and is then called again and again until the number is ready."""

import json
from abc import ABC, abstractmethod
from typing import Any, Final

from verification.simulator.lambda_service import Context

from .peer import Event, Numbers, Tools, is_number, is_replacement

_PAUSE_SECONDS: Final = 5.0
_MARGIN_SECONDS: Final = 10.0
_POLL: Final = "PollOf"


class PollingPeer(ABC):
    """The handler. A subclass imitates a library: how often it polls, and which physical ids it makes up."""

    poll_seconds: float

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._numbers = Numbers(tools.connect)

    @abstractmethod
    def new_id(self, event: Event) -> str:
        """Return the physical id of a resource that has none yet."""

    def handle(self, event: Event, context: Context) -> None:
        """Handle one request of CloudFormation, or one poll."""
        if "RequestType" not in event:
            return
        polling: str = event.get(_POLL, "")
        physical_id: str = polling or event.get("PhysicalResourceId") or self.new_id(event)
        try:
            physical_id = physical_id if polling else self._begun(event, physical_id)
            if event["RequestType"] != "Delete" and self._numbers.status(physical_id) != "CLAIMED":
                if not polling:
                    self._tools.poll_later(event["ResponseURL"], {**event, _POLL: physical_id}, self.poll_seconds)
                return
            data: dict[str, str] = {}
            if event["RequestType"] != "Delete":
                self._finish(event, physical_id)
                data = self._numbers.data(physical_id)
        except Exception as error:
            self._respond(event, context, "FAILED", physical_id, str(error), {})
        else:
            self._respond(event, context, "SUCCESS", physical_id, "", data)
        if polling:
            self._tools.stop_polling(event["ResponseURL"])

    def _begun(self, event: Event, physical_id: str) -> str:
        """Do what the decorated functions for create, update, and delete do. Return the physical id."""
        if event["RequestType"] == "Delete":
            if is_number(physical_id):
                self._numbers.release(physical_id)
            return physical_id
        if event["RequestType"] == "Update" and not is_replacement(event):
            self._numbers.change(physical_id, event["ResourceProperties"], event["OldResourceProperties"])
            return physical_id
        return self._numbers.claim(event["ResourceProperties"])

    def _finish(self, event: Event, arn: str) -> None:
        if event["RequestType"] == "Create" or is_replacement(event):
            self._numbers.associate(arn, event["ResourceProperties"])

    def _respond(
        self, event: Event, context: Context, status: str, physical_id: str, reason: str, data: dict[str, Any]
    ) -> None:
        body = {
            "Status": status,
            "PhysicalResourceId": physical_id,
            "Reason": reason,
            "Data": data,
            **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        }
        while context.get_remaining_time_in_millis() > 1000 * _MARGIN_SECONDS:
            try:
                self._tools.put(event["ResponseURL"], json.dumps(body).encode())
            except OSError:
                self._tools.pause(_PAUSE_SECONDS)
            else:
                return
