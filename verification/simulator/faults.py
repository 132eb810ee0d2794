"""Every fault of the lifecycle contract that can hit a call, by the call's operation.

For Amazon Connect, the error codes are those that botocore's service model lists for the operation.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from lambda_handlers.connect_phone_number.ledger.store import Conflict, StoreUnavailable
from local_aws.connect_emulator.model import connect_model

from .clients import HttpStatus, Unknown
from .wire import Call, Fault, FaultKind, Surface
from .world import World

_LAG_SECONDS: Final = 45.0
"""The fault of late visibility: for how long Connect does not show a number that it has provided."""
_MINUTES_LATER_SECONDS: Final = 200.0
"""How much later a claim takes effect whose invocation is long over: less than the function looks for it."""

_CHANGES: Final = frozenset(
    {
        "ClaimPhoneNumber",
        "ImportPhoneNumber",
        "ReleasePhoneNumber",
        "UpdatePhoneNumber",
        "UpdatePhoneNumberMetadata",
        "AssociatePhoneNumberContactFlow",
        "DisassociatePhoneNumberContactFlow",
        "TagResource",
        "UntagResource",
    }
)
_TAKING: Final = frozenset({"ClaimPhoneNumber", "ImportPhoneNumber"})
_WITH_TOKEN: Final = _TAKING | {"ReleasePhoneNumber", "UpdatePhoneNumber", "UpdatePhoneNumberMetadata"}

DEATH: Final = Fault("death before", FaultKind.DEATH)
DEATH_AFTER: Final = Fault("death after", FaultKind.DEATH_AFTER)
LATE: Final = Fault("late", FaultKind.LATE)
DONE_LATER: Final = Fault("no response, but done later", FaultKind.ERROR_BEFORE, lambda name: _no_response(name))
"""For a change in Amazon Connect."""


def faults_of(call: Call) -> tuple[Fault, ...]:
    """Return all faults that can hit a call."""
    return _faults(call.surface, call.operation)


def grave_faults_of(call: Call) -> tuple[Fault, ...]:
    """Return the faults with different consequences, for pairs of faults: one fault of each similar kind."""
    return tuple(fault for fault in faults_of(call) if fault.name in _GRAVE)


def is_same_death(call: Call, previous: Call) -> bool:
    """Return whether a process that dies before a call leaves the same behind as in a run that is played anyway.

    That holds right after the call before it: if that call has changed something, a death after it is one of its
    faults, and if it only reads, a death before it leaves the same.

    Parameters
    ----------
    previous
        The call that is hit before ``call``.
    """
    is_right_after = (previous.task, previous.index, previous.time) == (call.task, call.index - 1, call.time)
    is_death_after = DEATH_AFTER in faults_of(previous) and previous.outcome == "ok"
    return is_right_after and (is_death_after or _only_reads(previous))


def _only_reads(call: Call) -> bool:
    match call.surface:
        case Surface.CONNECT:
            return call.operation not in _CHANGES
        case Surface.LEDGER:
            return call.operation not in ("write", "update")
        case Surface.STACKS | Surface.QUOTAS:
            return True
        case Surface.RESPONSE:
            return False


_GRAVE: Final = frozenset(
    {
        "AccessDeniedException",
        "ResourceNotFoundException",
        "no response, not done",
        "no response, but done",
        "no response, but done later",
        "no response, but done; token forgotten",
        "no response, but done; not shown for a while",
        "death before",
        "death after",
        "death after; token forgotten",
        "throttled for a minute",
        "failed condition",
        "unknown for a minute",
        "HTTP 500 for a minute",
        "HTTP 403",
        "timeout, but done",
    }
)


@cache
def _faults(surface: Surface, operation: str) -> tuple[Fault, ...]:
    match surface:
        case Surface.CONNECT:
            return _of_connect(operation)
        case Surface.LEDGER:
            return _of_ledger(operation)
        case Surface.STACKS:
            return _OF_STACKS
        case Surface.QUOTAS:
            return _OF_QUOTAS
        case Surface.RESPONSE:
            return _OF_RESPONSE


def _of_connect(operation: str) -> tuple[Fault, ...]:
    model = connect_model()
    found = [
        Fault(code, FaultKind.ERROR, _client_error(code, model.error_status(code)), _TRUTHS.get((operation, code)))
        for code in sorted(model.operation(operation).errors)
    ]
    found += [
        Fault("no response, not done", FaultKind.ERROR, _not_sent),
        Fault("throttled for a minute", FaultKind.LASTING, _client_error("ThrottlingException", 429)),
        DEATH,
        LATE,
    ]
    if operation in _CHANGES:
        found += [
            Fault("no response, but done", FaultKind.ERROR_AFTER, _no_response),
            DONE_LATER,
            Fault(
                "InternalServiceException, but done",
                FaultKind.ERROR_AFTER,
                _client_error("InternalServiceException", 500),
            ),
            DEATH_AFTER,
        ]
    if operation in _WITH_TOKEN:
        found += [
            Fault("token forgotten", FaultKind.NONE, besides=_forget_tokens),
            Fault("no response, but done; token forgotten", FaultKind.ERROR_AFTER, _no_response, None, _forget_tokens),
            Fault("death after; token forgotten", FaultKind.DEATH_AFTER, afterwards=_forget_tokens),
        ]
    if operation in _TAKING:
        found += [
            replace(DONE_LATER, name="no response, but done minutes later", later_seconds=_MINUTES_LATER_SECONDS),
            Fault("not shown for a while", FaultKind.NONE, besides=_show_late, afterwards=_show_at_once),
            Fault(
                "no response, but done; not shown for a while",
                FaultKind.ERROR_AFTER,
                _no_response,
                _show_late,
                _show_at_once,
            ),
            Fault(
                "death after; not shown for a while",
                FaultKind.DEATH_AFTER,
                besides=_show_late,
                afterwards=_show_at_once,
            ),
        ]
    return tuple(found)


def _of_ledger(operation: str) -> tuple[Fault, ...]:
    found = [
        Fault("throttled", FaultKind.ERROR, lambda _: StoreUnavailable("ProvisionedThroughputExceededException")),
        Fault("throttled for a minute", FaultKind.LASTING, lambda _: StoreUnavailable("ThrottlingException")),
        DEATH,
        LATE,
    ]
    if operation == "write":
        found += [
            Fault("failed condition", FaultKind.ERROR, lambda _: Conflict()),
            Fault("no response, but done", FaultKind.ERROR_AFTER, lambda _: StoreUnavailable("ReadTimeoutError")),
            Fault(
                "no response, but done later", FaultKind.ERROR_BEFORE, lambda _: StoreUnavailable("ReadTimeoutError")
            ),
            DEATH_AFTER,
        ]
    return tuple(found)


_OF_STACKS: Final = (
    Fault("unknown", FaultKind.ERROR, lambda _: Unknown()),
    Fault("unknown for a minute", FaultKind.LASTING, lambda _: Unknown()),
    DEATH,
    LATE,
)
_OF_QUOTAS: Final = (Fault("not told", FaultKind.ERROR, lambda _: Unknown()), DEATH, DEATH_AFTER, LATE)
_OF_RESPONSE: Final = (
    Fault("HTTP 500", FaultKind.ERROR, lambda _: HttpStatus(500)),
    Fault("HTTP 500 for a minute", FaultKind.LASTING, lambda _: HttpStatus(500)),
    Fault("HTTP 500, but done", FaultKind.ERROR_AFTER, lambda _: HttpStatus(500)),
    Fault("HTTP 400", FaultKind.ERROR, lambda _: HttpStatus(400)),
    Fault("HTTP 400, but done", FaultKind.ERROR_AFTER, lambda _: HttpStatus(400)),
    Fault("HTTP 403", FaultKind.ERROR, lambda _: HttpStatus(403)),
    Fault("HTTP 409", FaultKind.ERROR, lambda _: HttpStatus(409)),
    Fault("timeout, not done", FaultKind.ERROR, lambda _: TimeoutError()),
    Fault("timeout, but done", FaultKind.ERROR_AFTER, lambda _: TimeoutError()),
    DEATH,
    DEATH_AFTER,
    LATE,
)


def _client_error(code: str, status: int) -> Callable[[str], Exception]:
    def make(operation: str) -> Exception:
        return ClientError(
            {
                "Error": {"Code": code, "Message": "Fault set by the simulator."},
                "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
            },
            operation,
        )

    return make


def _not_sent(_: str) -> Exception:
    return ConnectTimeoutError(endpoint_url="https://connect.us-east-1.amazonaws.com")


def _no_response(_: str) -> Exception:
    return ReadTimeoutError(endpoint_url="https://connect.us-east-1.amazonaws.com")


def _forget_tokens(world: World, _: Call) -> None:
    world.emulator.forget_client_tokens()


def _lose_flow(world: World, call: Call) -> None:
    identifier = call.parameters["PhoneNumberId"]
    for number in world.emulator.numbers():
        if number.id == identifier:
            number.contact_flows.clear()


# The API of Connect cannot show which flow a number has, so this response must match the number's actual state.
_TRUTHS: Final = {("DisassociatePhoneNumberContactFlow", "ResourceNotFoundException"): _lose_flow}


def _show_late(world: World, _: Call) -> None:
    world.emulator.configure(describe_lag_seconds=_LAG_SECONDS)


def _show_at_once(world: World, _: Call) -> None:
    world.emulator.configure(describe_lag_seconds=0.0)
