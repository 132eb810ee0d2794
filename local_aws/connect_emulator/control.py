"""The control API, through which a test in another process controls and inspects the emulator.

Every route is one method of ``ConnectEmulator`` (or of its ``faults``), with the same argument names and with JSON
values. The docstrings of those methods therefore describe both. ``ROUTES`` lists the routes. A ``POST`` takes a JSON
object of arguments. A ``GET`` and a ``DELETE`` take none.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, get_type_hints

from .json_body import json_object
from .service import ConnectEmulator
from .settings import Settings
from .state import ClaimedNumber

PREFIX: Final = "/_control/"

_Method = Callable[..., Any]


@dataclass(frozen=True)
class ControlReply:
    """HTTP status code and JSON body of a response."""

    status: int
    body: Any


ROUTES: Final[Mapping[tuple[str, str], Callable[[ConnectEmulator], _Method]]] = {
    ("GET", "clock"): lambda emulator: emulator.now,
    ("POST", "clock"): lambda emulator: emulator.advance,
    ("GET", "settings"): lambda emulator: lambda: emulator.settings,
    ("POST", "settings"): lambda emulator: emulator.configure,
    ("GET", "faults"): lambda emulator: lambda: [asdict(fault) for fault in emulator.faults.pending()],
    ("POST", "faults"): lambda emulator: emulator.faults.add,
    ("DELETE", "faults"): lambda emulator: emulator.faults.clear,
    ("POST", "instances"): lambda emulator: emulator.add_instance,
    ("POST", "traffic-distribution-groups"): (lambda emulator: emulator.add_traffic_distribution_group),
    ("POST", "contact-flows"): lambda emulator: emulator.add_contact_flow,
    ("POST", "source-numbers"): lambda emulator: emulator.add_source_number,
    ("POST", "quota"): lambda emulator: emulator.set_quota,
    ("POST", "allowance"): lambda emulator: emulator.allowance,
    ("POST", "take"): lambda emulator: emulator.take,
    ("POST", "forget-client-tokens"): lambda emulator: emulator.forget_client_tokens,
    ("GET", "numbers"): lambda emulator: lambda: [_number_report(number) for number in emulator.numbers()],
    ("GET", "audit"): lambda emulator: lambda: [asdict(entry) for entry in emulator.audit],
    ("POST", "reset"): lambda emulator: emulator.reset,
}
"""The method to call, by HTTP method and the path after ``/_control/``."""


def control(emulator: ConnectEmulator, method: str, path: str, body: bytes) -> ControlReply:
    """Respond to a request to the control API.

    Parameters
    ----------
    emulator : ConnectEmulator
        The emulator to control.
    method, path : str
        Method and path of the HTTP request.
    body : bytes
        A JSON object of arguments, or nothing.

    Returns
    -------
    ControlReply
        200 and ``{"result": …}``, or 400 or 404 and ``{"error": …}`` with a description of the error.
    """
    route = ROUTES.get((method, path.removeprefix(PREFIX)))
    if route is None:
        known = ", ".join(f"{verb} {PREFIX}{name}" for verb, name in ROUTES)
        return ControlReply(404, {"error": f"no route {method} {path}; there are {known}"})
    called = route(emulator)
    try:
        result = called(**_arguments(called, body))
    except (TypeError, ValueError) as error:
        return ControlReply(400, {"error": str(error)})
    return ControlReply(200, {"result": asdict(result) if isinstance(result, Settings) else result})


def _arguments(called: _Method, body: bytes) -> dict[str, Any]:
    arguments = json_object(body)
    bound = inspect.signature(called).bind(**arguments)
    hints = get_type_hints(called)
    for name in bound.arguments.keys() & hints.keys():
        hint = hints[name]
        if hint is Any:
            continue
        allowed = hint | int if isinstance(1.0, hint) else hint
        if not isinstance(bound.arguments[name], allowed):
            raise TypeError(f"{name} must be {inspect.formatannotation(hint)}, but is {bound.arguments[name]!r}")
    return arguments


def _number_report(number: ClaimedNumber) -> dict[str, Any]:
    report: dict[str, Any] = asdict(number)
    scope: dict[str, Any] = report.pop("scope")
    return {**report, **scope}
