"""The Connect emulator's control API, used from another process."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

# The emulator runs on this machine, so no proxy of the environment applies.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ConnectControl:
    """Configures the emulated Amazon Connect and reports what has happened in it.

    Parameters
    ----------
    url : str
        The emulator's URL, which is also the endpoint for SDKs.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, route: str, **arguments: Any) -> Any:
        """Call a route of ``local_aws.connect_emulator.control.ROUTES`` and return its result.

        Raises
        ------
        ValueError
            If the emulator refuses the arguments. The message says what is wrong.
        """
        request = urllib.request.Request(  # noqa: S310 - the URL is the emulator's
            f"{self.url}/_control/{route}",
            data=json.dumps(arguments).encode() if arguments else None,
            method=method,
        )
        try:
            with _OPENER.open(request, timeout=10) as reply:
                return json.load(reply)["result"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from error

    def numbers(self) -> list[Mapping[str, Any]]:
        """Return all numbers that were ever claimed, including those that are cooling down."""
        return list(self.call("GET", "numbers"))

    def audit(self, operation: str | None = None) -> list[Mapping[str, Any]]:
        """Return the log of all calls, or of the calls to one operation, the oldest first."""
        entries: list[Mapping[str, Any]] = self.call("GET", "audit")
        return [entry for entry in entries if operation in (None, entry["operation"])]
