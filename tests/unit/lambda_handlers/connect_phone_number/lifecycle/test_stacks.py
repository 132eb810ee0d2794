from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambda_handlers.connect_phone_number.ledger.items import ResourceKey
from lambda_handlers.connect_phone_number.lifecycle.stacks import CloudFormationStacks, PatientStacks, Stacks
from lambda_handlers.connect_phone_number.timing import Timing
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, VirtualClock

KEY = ResourceKey(STACK, "Number")
ARN = "arn:aws:connect:eu-west-1:123456789012:phone-number/11111111-2222-3333-4444-555555555555"


class _Client:
    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.parameters: dict[str, str] = {}

    def describe_stacks(self, **parameters: str) -> Any:
        return self._call(parameters)

    def describe_stack_resource(self, **parameters: str) -> Any:
        return self._call(parameters)

    def _call(self, parameters: dict[str, str]) -> Any:
        self.parameters = parameters
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def _stacks(answer: Any) -> tuple[CloudFormationStacks, _Client]:
    client: Any = _Client(answer)
    return CloudFormationStacks(client), client


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


UNHEARD = ReadTimeoutError(endpoint_url="https://cloudformation.eu-west-1.amazonaws.com")


@pytest.mark.parametrize(
    ("status", "is_rolling_back"),
    [
        ("ROLLBACK_IN_PROGRESS", True),
        ("UPDATE_ROLLBACK_IN_PROGRESS", True),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", True),
        ("CREATE_IN_PROGRESS", False),
        ("UPDATE_IN_PROGRESS", False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False),
        ("DELETE_IN_PROGRESS", False),
    ],
)
def test_is_rolling_back(status: str, is_rolling_back: bool) -> None:
    stacks, client = _stacks({"Stacks": [{"StackStatus": status}]})
    assert stacks.is_rolling_back(STACK) is is_rolling_back
    assert client.parameters == {"StackName": STACK}


@pytest.mark.parametrize("error", [_error("AccessDenied", "no"), _error("Throttling", "Rate exceeded"), UNHEARD])
def test_what_cannot_be_found_out(error: Exception) -> None:
    assert _stacks(error)[0].is_rolling_back(STACK) is None
    assert _stacks(error)[0].holds(KEY, ARN) is None


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ("CREATE_COMPLETE", True),
        ("UPDATE_COMPLETE", True),
        ("DELETE_IN_PROGRESS", True),
        ("DELETE_FAILED", True),
        ("DELETE_COMPLETE", False),
        # Removed from its template, or its stack deleted, with a retaining DeletionPolicy.
        ("DELETE_SKIPPED", False),
    ],
)
def test_holds(status: str, holds: bool) -> None:
    stacks, client = _stacks({"StackResourceDetail": {"PhysicalResourceId": ARN, "ResourceStatus": status}})
    assert stacks.holds(KEY, ARN) is holds
    assert client.parameters == {"StackName": STACK, "LogicalResourceId": "Number"}


@pytest.mark.parametrize("detail", [{"PhysicalResourceId": "other"}, {}])
def test_a_resource_that_stands_for_something_else_now(detail: dict[str, str]) -> None:
    stacks, _ = _stacks({"StackResourceDetail": {**detail, "ResourceStatus": "CREATE_COMPLETE"}})
    assert stacks.holds(KEY, ARN) is False


@pytest.mark.parametrize(
    "message",
    [
        "Resource Number does not exist for stack support",
        f"Stack '{STACK}' does not exist",
    ],
)
def test_what_is_gone_is_not_held(message: str) -> None:
    assert _stacks(_error("ValidationError", message))[0].holds(KEY, ARN) is False


def test_another_validation_error_says_nothing() -> None:
    assert _stacks(_error("ValidationError", "1 validation error detected"))[0].holds(KEY, ARN) is None


class _Forgetful:
    """Knows the answer only when it is asked for the ``knows_at``-th time."""

    def __init__(self, knows_at: int) -> None:
        self._knows_at = knows_at
        self.asked = 0

    def is_rolling_back(self, stack_id: str) -> bool | None:
        assert stack_id == STACK
        return self._answer()

    def holds(self, resource: ResourceKey, physical_resource_id: str) -> bool | None:
        assert (resource.stack_id, physical_resource_id) == (STACK, ARN)
        return self._answer()

    def _answer(self) -> bool | None:
        self.asked += 1
        return True if self.asked >= self._knows_at else None


@pytest.mark.parametrize(("knows_at", "answer", "asked"), [(1, True, 1), (4, True, 4), (99, None, 6)])
def test_cloudformation_is_asked_again_before_anything_counts_as_unknown(
    knows_at: int, answer: bool | None, asked: int
) -> None:
    clock = VirtualClock()
    timing = Timing(clock, clock.pause, attempt_deadline=clock() + 780, jitter=lambda: 0.5)
    questions: tuple[Callable[[Stacks], bool | None], ...] = (
        lambda stacks: stacks.is_rolling_back(STACK),
        lambda stacks: stacks.holds(KEY, ARN),
    )
    for ask in questions:
        forgetful = _Forgetful(knows_at)
        assert ask(PatientStacks(forgetful, timing)) is answer
        assert forgetful.asked == asked
