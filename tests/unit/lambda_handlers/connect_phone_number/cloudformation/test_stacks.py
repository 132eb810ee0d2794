from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import (
    SETTLING_SECONDS,
    CloudFormationStacks,
    HeldResource,
    RetryingStacks,
    Stacks,
    StackState,
)
from lambda_handlers.connect_phone_number.timing import NotFinished, Timing
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, VirtualClock

KEY = ResourceKey(STACK, "Number")
ARN = "arn:aws:connect:eu-west-1:123456789012:phone-number/11111111-2222-3333-4444-555555555555"
ROOT = STACK.replace("support", "root")
SINCE = 1_767_323_045


# --- What the words mean ---


@pytest.mark.parametrize(
    ("status", "is_gone", "has", "is_in_progress", "is_complete"),
    [
        ("CREATE_IN_PROGRESS", False, True, True, False),
        ("CREATE_FAILED", False, True, False, False),
        ("CREATE_COMPLETE", False, True, False, True),
        ("UPDATE_IN_PROGRESS", False, True, True, False),
        ("UPDATE_FAILED", False, True, False, False),
        ("UPDATE_COMPLETE", False, True, False, True),
        ("UPDATE_ROLLBACK_COMPLETE", False, True, False, True),
        ("IMPORT_COMPLETE", False, True, False, True),
        ("DELETE_IN_PROGRESS", False, False, True, False),
        ("DELETE_FAILED", False, False, False, False),
        ("DELETE_COMPLETE", True, False, False, False),
        # Removed from its template, or its stack deleted, with a retaining DeletionPolicy.
        ("DELETE_SKIPPED", True, False, False, False),
        # The stack, or the stack's resource, is unknown.
        ("", True, False, False, False),
    ],
)
def test_what_a_resources_status_means(
    status: str, is_gone: bool, has: bool, is_in_progress: bool, is_complete: bool
) -> None:
    held = HeldResource(ARN, status)
    assert (held.is_gone, held.has(ARN), held.is_in_progress, held.is_complete) == (
        is_gone,
        has,
        is_in_progress,
        is_complete,
    )


def test_a_resource_that_stands_for_something_else_now() -> None:
    assert not HeldResource("other", "UPDATE_COMPLETE").has(ARN)
    assert not HeldResource("", "CREATE_IN_PROGRESS").has(ARN)


# Each status that DescribeStacks knows, and what it means of a stack that is not nested.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
STATUSES: list[tuple[str, set[str]]] = [
    ("CREATE_IN_PROGRESS", {"is_in_progress"}),
    ("CREATE_FAILED", {"may_be_retried"}),
    ("CREATE_COMPLETE", {"is_complete"}),
    ("ROLLBACK_IN_PROGRESS", {"is_rolling_back", "is_in_progress"}),
    # Can only be deleted, like a stack whose deletion has failed.
    ("ROLLBACK_FAILED", {"is_rolling_back"}),
    ("ROLLBACK_COMPLETE", set()),
    ("DELETE_IN_PROGRESS", {"is_in_progress", "is_being_deleted"}),
    ("DELETE_FAILED", set()),
    ("DELETE_COMPLETE", set()),
    ("UPDATE_IN_PROGRESS", {"is_in_progress"}),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", {"is_in_progress"}),
    ("UPDATE_COMPLETE", {"is_complete"}),
    ("UPDATE_FAILED", {"may_be_retried"}),
    ("UPDATE_ROLLBACK_IN_PROGRESS", {"is_rolling_back", "is_in_progress"}),
    ("UPDATE_ROLLBACK_FAILED", {"is_rolling_back", "may_be_retried"}),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", {"is_rolling_back", "is_in_progress"}),
    ("UPDATE_ROLLBACK_COMPLETE", {"is_complete"}),
    ("REVIEW_IN_PROGRESS", {"is_in_progress"}),
    ("IMPORT_IN_PROGRESS", {"is_in_progress"}),
    ("IMPORT_COMPLETE", {"is_complete"}),
    ("IMPORT_ROLLBACK_IN_PROGRESS", {"is_rolling_back", "is_in_progress"}),
    ("IMPORT_ROLLBACK_FAILED", {"is_rolling_back", "may_be_retried"}),
    ("IMPORT_ROLLBACK_COMPLETE", {"is_complete"}),
    # Forgotten by CloudFormation.
    ("", set()),
]
_PROPERTIES = (
    "is_rolling_back",
    "is_in_progress",
    "may_be_retried",
    "is_complete",
    "is_being_deleted",
    "is_left_by_its_root",
)


def _true_of(state: StackState) -> set[str]:
    return {name for name in _PROPERTIES if getattr(state, name)}


@pytest.mark.parametrize(("status", "true"), STATUSES)
def test_what_a_stacks_status_means(status: str, true: set[str]) -> None:
    assert _true_of(StackState(status, status)) == true


@pytest.mark.parametrize(
    ("status", "root_status", "true"),
    [
        # The root deletes a nested stack in its rollback.
        ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", {"is_rolling_back", "is_in_progress", "is_being_deleted"}),
        ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_IN_PROGRESS", {"is_rolling_back", "is_in_progress"}),
        # The nested stack is done, the deployment as a whole may still be rolled back.
        ("CREATE_COMPLETE", "CREATE_IN_PROGRESS", {"is_in_progress"}),
        ("UPDATE_COMPLETE", "UPDATE_FAILED", {"may_be_retried"}),
        ("UPDATE_FAILED", "UPDATE_IN_PROGRESS", {"is_in_progress", "may_be_retried"}),
        # A nested stack cleans up when its root does.
        ("DELETE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", {"is_in_progress", "is_being_deleted"}),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_IN_PROGRESS", {"is_in_progress"}),
        ("CREATE_COMPLETE", "UPDATE_COMPLETE", {"is_complete"}),
        ("DELETE_COMPLETE", "UPDATE_COMPLETE", set[str]()),
        ("CREATE_COMPLETE", "ROLLBACK_COMPLETE", set[str]()),
        # The root was deleted and has retained the nested stack.
        ("DELETE_FAILED", "DELETE_COMPLETE", {"is_left_by_its_root"}),
        ("UPDATE_COMPLETE", "DELETE_COMPLETE", {"is_left_by_its_root"}),
        ("DELETE_FAILED", "DELETE_IN_PROGRESS", {"is_in_progress", "is_being_deleted"}),
    ],
)
def test_what_the_status_of_a_nested_stack_means(status: str, root_status: str, true: set[str]) -> None:
    assert _true_of(StackState(status, root_status)) == true


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS"])
@pytest.mark.parametrize("root_status", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"])
def test_a_nested_stack_that_is_changed_by_itself_is_not_rolled_back_since_its_root_once_was(
    status: str, root_status: str
) -> None:
    # Else a protected number is released with it.
    assert not StackState(status, root_status).is_rolling_back


# --- What CloudFormation's API is asked, and how it answers ---


class _Client:
    """Gives out the responses in turn, the last one for ever, whatever is asked."""

    def __init__(self, *responses: Any) -> None:
        self._responses = list(responses)
        self.parameters: list[dict[str, str]] = []
        self.pages_read = 0

    def describe_stacks(self, **parameters: str) -> Any:
        return self._call(parameters)

    def describe_stack_resource(self, **parameters: str) -> Any:
        return self._call(parameters)

    def describe_stack_resources(self, **parameters: str) -> Any:
        return self._call(parameters)

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_stack_events"
        return self

    def paginate(self, **parameters: str) -> Iterator[Any]:
        self.parameters.append(parameters)
        for response in self._responses:
            self.pages_read += 1
            if isinstance(response, Exception):
                raise response
            yield response

    def _call(self, parameters: dict[str, str]) -> Any:
        self.parameters.append(parameters)
        response = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
        if isinstance(response, Exception):
            raise response
        return response


class _Lists(_Client):
    """Describes some of a stack's resources, and lists all of them, each on a page of its own."""

    def __init__(self, described: Any, listed: Any) -> None:
        super().__init__(described)
        self._listed = listed

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_stack_resources"
        return self

    def paginate(self, **parameters: str) -> Iterator[Any]:
        assert parameters == {"StackName": STACK}
        if isinstance(self._listed, Exception):
            raise self._listed
        for resource in self._listed:
            yield {"StackResourceSummaries": [resource]}


def _stacks(*responses: Any) -> tuple[CloudFormationStacks, _Client]:
    client: Any = _Client(*responses)
    return CloudFormationStacks(client), client


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


UNHEARD = ReadTimeoutError(endpoint_url="https://cloudformation.eu-west-1.amazonaws.com")
UNKNOWN_STACK = _error("ValidationError", f"Stack with id {STACK} does not exist")


def _stack(status: str, **attributes: str) -> dict[str, Any]:
    return {"Stacks": [{"StackStatus": status, **attributes}]}


def test_the_state_of_a_stack() -> None:
    stacks, client = _stacks(_stack("UPDATE_IN_PROGRESS"))
    assert stacks.state(STACK) == StackState("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    assert client.parameters == [{"StackName": STACK}]


def test_the_state_of_a_nested_stack_and_of_its_root() -> None:
    stacks, client = _stacks(
        _stack("DELETE_IN_PROGRESS", ParentId=f"{STACK}-parent", RootId=ROOT), _stack("ROLLBACK_IN_PROGRESS")
    )
    assert stacks.state(STACK) == StackState("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")
    assert client.parameters == [{"StackName": STACK}, {"StackName": ROOT}]


@pytest.mark.parametrize("root_id", ["", STACK])
def test_a_stack_that_is_its_own_root_is_asked_about_once(root_id: str) -> None:
    stacks, client = _stacks(_stack("CREATE_COMPLETE", RootId=root_id))
    assert stacks.state(STACK) == StackState("CREATE_COMPLETE", "CREATE_COMPLETE")
    assert len(client.parameters) == 1


def test_a_stack_that_cloudformation_has_forgotten() -> None:
    assert _stacks(UNKNOWN_STACK)[0].state(STACK) == StackState("", "")


def test_a_stack_whose_root_is_forgotten_was_left_behind() -> None:
    state = _stacks(_stack("DELETE_FAILED", RootId=ROOT), UNKNOWN_STACK)[0].state(STACK)
    assert state is not None
    assert (state.status, state.is_left_by_its_root) == ("DELETE_FAILED", True)


@pytest.mark.parametrize("error", [_error("AccessDenied", "no"), UNHEARD])
def test_a_root_that_cannot_be_asked_about_leaves_the_state_unknown(error: Exception) -> None:
    assert _stacks(_stack("DELETE_IN_PROGRESS", RootId=ROOT), error)[0].state(STACK) is None


@pytest.mark.parametrize(
    "error",
    [
        _error("AccessDenied", "no"),
        _error("Throttling", "Rate exceeded"),
        _error("ValidationError", "1 validation error detected"),
        ClientError({}, "Operation"),
        UNHEARD,
    ],
)
def test_what_cannot_be_found_out(error: Exception) -> None:
    assert _stacks(error)[0].state(STACK) is None
    assert _stacks(error)[0].resource(KEY) is None
    assert _stacks(error)[0].holders(ARN) is None
    assert _stacks(error)[0].has_named(KEY, ARN, SINCE, by_any_name=True) is None


def test_a_resource() -> None:
    stacks, client = _stacks({"StackResourceDetail": {"PhysicalResourceId": ARN, "ResourceStatus": "DELETE_SKIPPED"}})
    assert stacks.resource(KEY) == HeldResource(ARN, "DELETE_SKIPPED")
    assert client.parameters == [{"StackName": STACK, "LogicalResourceId": "Number"}]


def _described_resource(logical_id: str, physical_id: str, status: str) -> dict[str, str]:
    return {
        "StackId": STACK,
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceStatus": status,
    }


@pytest.mark.parametrize(
    ("resources", "holders"),
    [
        ([], ()),
        ([("Other", "other", "CREATE_COMPLETE"), ("Number", ARN, "UPDATE_COMPLETE")], (KEY,)),
        (
            [("Number", ARN, "UPDATE_COMPLETE"), ("Renamed", ARN, "CREATE_COMPLETE")],
            (KEY, ResourceKey(STACK, "Renamed")),
        ),
        ([("Number", ARN, "DELETE_IN_PROGRESS")], (KEY,)),
        ([("Number", ARN, "DELETE_FAILED")], (KEY,)),
        ([("Number", ARN, "DELETE_SKIPPED")], ()),
        ([("Number", ARN, "DELETE_COMPLETE")], ()),
        ([("Other", "other", "CREATE_COMPLETE")], ()),
    ],
)
def test_who_has_a_physical_id(resources: list[tuple[str, str, str]], holders: tuple[ResourceKey, ...]) -> None:
    stacks, client = _stacks({"StackResources": [_described_resource(*resource) for resource in resources]})
    assert stacks.holders(ARN) == holders
    assert client.parameters == [{"PhysicalResourceId": ARN}]


@pytest.mark.parametrize(("others", "is_listed"), [(98, False), (99, True), (100, True)])
def test_of_a_stack_with_more_resources_than_are_described_all_are_listed(others: int, is_listed: bool) -> None:
    described = [_described_resource(f"Other{index}", f"other-{index}", "CREATE_COMPLETE") for index in range(others)]
    found = [*described, _described_resource("Number", ARN, "CREATE_COMPLETE")][:100]
    listed = [
        _described_resource("Renamed", ARN, "UPDATE_COMPLETE"),
        _described_resource("Old", ARN, "DELETE_COMPLETE"),
    ]
    client: Any = _Lists({"StackResources": found}, listed)
    renamed = ResourceKey(STACK, "Renamed")
    assert CloudFormationStacks(client).holders(ARN) == ((renamed,) if is_listed else (KEY,))


def test_resources_that_cannot_be_listed_leave_it_unknown_who_has_a_physical_id() -> None:
    described = [_described_resource(f"Other{index}", f"other-{index}", "CREATE_COMPLETE") for index in range(100)]
    client: Any = _Lists({"StackResources": described}, _error("AccessDenied", "no"))
    assert CloudFormationStacks(client).holders(ARN) is None


def test_a_physical_id_that_nobody_has() -> None:
    unknown = _error("ValidationError", f"Stack for {ARN} does not exist")
    assert _stacks(unknown)[0].holders(ARN) == ()


def test_a_resource_that_has_no_physical_id_yet() -> None:
    stacks, _ = _stacks({"StackResourceDetail": {"ResourceStatus": "CREATE_IN_PROGRESS"}})
    assert stacks.resource(KEY) == HeldResource("", "CREATE_IN_PROGRESS")


@pytest.mark.parametrize(
    "message",
    [
        "Resource Number does not exist for stack support",
        f"Stack '{STACK}' does not exist",
    ],
)
def test_a_resource_that_there_is_not(message: str) -> None:
    assert _stacks(_error("ValidationError", message))[0].resource(KEY) == HeldResource()


# --- What CloudFormation has ever named ---


def _event(at: float, physical_id: str = ARN, logical_id: str | None = "Number") -> dict[str, Any]:
    event: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(at, UTC), "PhysicalResourceId": physical_id}
    return {**event, **({"LogicalResourceId": logical_id} if logical_id is not None else {})}


def _page(*events: dict[str, Any]) -> dict[str, Any]:
    return {"StackEvents": list(events)}


def _whole(*events: dict[str, Any]) -> dict[str, Any]:
    """Return a page that ends with what was before the time in question."""
    return _page(*events, _event(SINCE - 121, "other", "other"))


def test_a_number_that_cloudformation_has_named() -> None:
    stacks, client = _stacks(_page(_event(SINCE + 9, STACK, "support"), _event(SINCE + 5)))
    assert stacks.has_named(KEY, ARN, SINCE, by_any_name=False) is True
    assert client.parameters == [{"StackName": STACK}]


@pytest.mark.parametrize(
    "events",
    [
        [],
        [_event(SINCE + 5, "not-claimed-1")],
        [_event(SINCE + 5, "")],
        [{"Timestamp": datetime.fromtimestamp(SINCE, UTC), "LogicalResourceId": "Number"}],
    ],
)
def test_a_number_that_cloudformation_has_never_named(events: list[dict[str, Any]]) -> None:
    assert _stacks(_whole(*events))[0].has_named(KEY, ARN, SINCE, by_any_name=True) is False


@pytest.mark.parametrize("begun", ["CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"])
def test_the_first_event_of_a_stack_is_all_that_there_is(begun: str) -> None:
    first = {**_event(SINCE + 1, STACK, "support"), "ResourceStatus": begun}
    stacks, _ = _stacks(_page(_event(SINCE + 5, "other"), first), UNHEARD)
    assert stacks.has_named(KEY, ARN, SINCE, by_any_name=True) is False


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS"])
def test_where_events_are_missing_nobody_knows_what_was_named(status: str) -> None:
    # CloudFormation may have dropped them.
    last = {**_event(SINCE + 1, STACK, "support"), "ResourceStatus": status}
    assert _stacks(_page(_event(SINCE + 5, "other"), last))[0].has_named(KEY, ARN, SINCE, by_any_name=True) is None
    of_a_resource = {**_event(SINCE + 1, "other"), "ResourceStatus": "CREATE_IN_PROGRESS"}
    assert _stacks(_page(of_a_resource))[0].has_named(KEY, ARN, SINCE, by_any_name=True) is None


@pytest.mark.parametrize("by_any_name", [True, False])
def test_a_number_that_was_named_for_another_resource(by_any_name: bool) -> None:
    stacks, _ = _stacks(_whole(_event(SINCE + 5, logical_id="Renamed")))
    assert stacks.has_named(KEY, ARN, SINCE, by_any_name=by_any_name) is by_any_name


def test_an_event_of_no_resource_names_nothing_for_this_one() -> None:
    stacks, _ = _stacks(_whole(_event(SINCE + 5, logical_id=None)))
    assert stacks.has_named(KEY, ARN, SINCE, by_any_name=False) is False


@pytest.mark.parametrize(
    ("at", "has_named"), [(SINCE, True), (SINCE + 9, True), (SINCE - 0.5, False), (SINCE - 3600, False)]
)
def test_what_was_named_before_does_not_count(at: float, has_named: bool) -> None:
    assert _stacks(_page(_event(at)))[0].has_named(KEY, ARN, SINCE, by_any_name=True) is has_named


def test_the_events_are_read_page_by_page() -> None:
    others = _page(_event(SINCE + 9, "other"))
    stacks, client = _stacks(others, others, _page(_event(SINCE + 1)), others)
    assert stacks.has_named(KEY, ARN, SINCE, by_any_name=True) is True
    assert client.pages_read == 3


def test_the_events_are_read_back_to_the_time_that_matters_and_no_further() -> None:
    stacks, client = _stacks(
        _page(_event(SINCE + 9, "other")), _page(_event(SINCE - 121, "other"), _event(SINCE - 122)), UNHEARD
    )
    assert stacks.has_named(KEY, ARN, SINCE, by_any_name=True) is False
    assert client.pages_read == 2


@pytest.mark.parametrize("error", [_error("Throttling", "Rate exceeded"), UNHEARD])
def test_events_of_which_some_cannot_be_read_prove_nothing(error: Exception) -> None:
    stacks, _ = _stacks(_page(_event(SINCE + 9, "other")), error)
    assert stacks.has_named(KEY, ARN, SINCE, by_any_name=True) is None


# --- Whether a deployment has succeeded ---

_ROOT: Final = "arn:aws:cloudformation:us-east-1:111122223333:stack/root/9e8d"
_NAMED: Final = {**_event(SINCE + 5), "ResourceStatus": "CREATE_COMPLETE"}


def _stack_event(at: float, status: str, stack: str = STACK) -> dict[str, Any]:
    return {**_event(at, stack, "support"), "ResourceStatus": status}


def _described(**stack: str) -> dict[str, Any]:
    return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", **stack}]}


class _Events(_Client):
    """Describes a stack, and gives out the events of each stack."""

    def __init__(self, description: Any, **pages: Any) -> None:
        super().__init__()
        self._description = description
        self._pages = pages

    def describe_stacks(self, **parameters: str) -> Any:
        assert parameters == {"StackName": STACK}
        if isinstance(self._description, Exception):
            raise self._description
        return self._description

    def paginate(self, **parameters: str) -> Iterator[Any]:
        page = self._pages["root" if parameters["StackName"] == _ROOT else "own"]
        if isinstance(page, Exception):
            raise page
        yield page


def _completed(description: Any, **pages: Any) -> bool | None:
    client: Any = _Events(description, **pages)
    return CloudFormationStacks(client).has_completed(KEY, ARN, SINCE)


@pytest.mark.parametrize(
    ("status", "has_completed"),
    [
        ("CREATE_COMPLETE", True),
        ("UPDATE_COMPLETE", True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True),
        ("IMPORT_COMPLETE", True),
        ("UPDATE_IN_PROGRESS", False),
        ("ROLLBACK_COMPLETE", False),
        ("UPDATE_ROLLBACK_COMPLETE", False),
        ("DELETE_COMPLETE", False),
        ("UPDATE_FAILED", False),
    ],
)
def test_a_deployment_has_succeeded_where_the_stack_says_so(status: str, has_completed: bool) -> None:
    assert _completed(_described(), own=_whole(_stack_event(SINCE + 6, status), _NAMED)) is has_completed


def test_a_nested_stack_is_complete_when_its_root_is() -> None:
    own = _whole(_stack_event(SINCE + 6, "UPDATE_COMPLETE"), _NAMED)
    nested = _described(RootId=_ROOT)
    assert _completed(nested, own=own, root=_whole(_stack_event(SINCE + 7, "UPDATE_COMPLETE", _ROOT))) is True
    assert _completed(nested, own=own, root=_whole(_stack_event(SINCE + 7, "UPDATE_IN_PROGRESS", _ROOT))) is False


@pytest.mark.parametrize(("at", "has_completed"), [(SINCE + 5, True), (SINCE + 4.9, False), (SINCE - 60, False)])
def test_the_deployment_before_does_not_count(at: float, has_completed: bool) -> None:
    root = _whole(_stack_event(at, "UPDATE_COMPLETE", _ROOT))
    assert _completed(_described(RootId=_ROOT), own=_whole(_NAMED), root=root) is has_completed


@pytest.mark.parametrize(
    "named",
    [
        {**_NAMED, "ResourceStatus": "CREATE_IN_PROGRESS"},
        {**_NAMED, "PhysicalResourceId": "other"},
        {**_NAMED, "LogicalResourceId": "Other"},
    ],
)
def test_a_deployment_that_did_not_give_the_resource_this_id_does_not_count(named: dict[str, Any]) -> None:
    assert _completed(_described(), own=_whole(_stack_event(SINCE + 6, "UPDATE_COMPLETE"), named)) is False


@pytest.mark.parametrize(("removed", "has_completed"), [("replaced", True), (ARN, False)])
def test_the_removal_of_what_was_replaced_does_not_count(removed: str, has_completed: bool) -> None:
    removal = {**_event(SINCE + 7, removed), "ResourceStatus": "DELETE_COMPLETE"}
    own = _whole(_stack_event(SINCE + 8, "UPDATE_COMPLETE"), removal, _NAMED)
    assert _completed(_described(), own=own) is has_completed


def test_whether_a_deployment_has_succeeded_may_not_be_known() -> None:
    assert _completed(UNHEARD, own=_page(_NAMED)) is None
    assert _completed(_described(), own=UNHEARD) is None
    assert _completed(_described(RootId=_ROOT), own=_page(_NAMED), root=UNHEARD) is None


def test_where_events_are_missing_nobody_knows_what_has_succeeded() -> None:
    assert _completed(_described(), own=_page(_stack_event(SINCE + 6, "UPDATE_COMPLETE"))) is None
    root = _page(_stack_event(SINCE + 7, "UPDATE_IN_PROGRESS", _ROOT))
    assert _completed(_described(RootId=_ROOT), own=_whole(_NAMED), root=root) is None


def test_of_a_stack_that_cloudformation_has_forgotten_nobody_knows_what_it_had_named() -> None:
    assert _stacks(UNKNOWN_STACK)[0].has_named(KEY, ARN, SINCE, by_any_name=True) is None


# --- Patience ---


class _Forgetful:
    """Knows the response only when it is asked for the ``knows_at``-th time."""

    def __init__(self, knows_at: int) -> None:
        self._knows_at = knows_at
        self.asked = 0

    def state(self, stack_id: str) -> StackState | None:
        assert stack_id == STACK
        return StackState("A", "B") if self._knows() else None

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        assert resource == KEY
        return HeldResource() if self._knows() else None

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        assert physical_id == ARN
        return () if self._knows() else None

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        assert (resource, physical_id, since, by_any_name) == (KEY, ARN, SINCE, True)
        # "No" is a response.
        return False if self._knows() else None

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        assert (resource, physical_id, since) == (KEY, ARN, SINCE)
        return False if self._knows() else None

    def _knows(self) -> bool:
        self.asked += 1
        return self.asked >= self._knows_at


_QUESTIONS: dict[str, tuple[Callable[[Stacks], object], object]] = {
    "state": (lambda stacks: stacks.state(STACK), StackState("A", "B")),
    "resource": (lambda stacks: stacks.resource(KEY), HeldResource()),
    "holders": (lambda stacks: stacks.holders(ARN), ()),
    "has_named": (lambda stacks: stacks.has_named(KEY, ARN, SINCE, by_any_name=True), False),
    "has_completed": (lambda stacks: stacks.has_completed(KEY, ARN, SINCE), False),
}


def _timing(clock: VirtualClock, seconds: float = 780.0) -> Timing:
    return Timing(clock, clock.pause, invocation_deadline=clock() + seconds, jitter=lambda: 1.0)


@pytest.mark.parametrize("question", _QUESTIONS)
@pytest.mark.parametrize(("knows_at", "asked"), [(1, 1), (4, 4), (9, 9), (10, 9), (99, 9)])
def test_cloudformation_is_asked_again_before_anything_counts_as_unknown(
    question: str, knows_at: int, asked: int
) -> None:
    ask, response = _QUESTIONS[question]
    forgetful = _Forgetful(knows_at)
    assert ask(RetryingStacks(forgetful, _timing(VirtualClock()))) == (response if knows_at <= asked else None)
    assert forgetful.asked == asked


def test_it_is_asked_for_more_than_a_minute_ever_less_often() -> None:
    clock = VirtualClock()
    began = clock()
    RetryingStacks(_Forgetful(99), _timing(clock)).state(STACK)
    assert 1 + 2 + 4 + 8 + 16 + 3 * 20 <= clock() - began <= 120


def test_an_invocation_that_ends_meanwhile_is_gone_on_with_by_another() -> None:
    clock = VirtualClock()
    with pytest.raises(NotFinished, match="CloudFormation does not tell the state of the stack"):
        RetryingStacks(_Forgetful(99), _timing(clock, seconds=60)).state(STACK)


@pytest.mark.parametrize("question", _QUESTIONS)
def test_the_first_question_waits_until_cloudformation_shows_what_was_done_before(question: str) -> None:
    ask, response = _QUESTIONS[question]
    clock = VirtualClock()
    began = clock()
    stacks = RetryingStacks(_Forgetful(1), _timing(clock), began + SETTLING_SECONDS)
    for _ in range(2):
        assert ask(stacks) == response
        assert clock() - began == SETTLING_SECONDS


def test_an_outdated_response_can_be_asked_for() -> None:
    clock = VirtualClock()
    began = clock()
    stacks = RetryingStacks(_Forgetful(1), _timing(clock), began + SETTLING_SECONDS).unsettled
    assert stacks.state(STACK) == StackState("A", "B")
    assert clock() == began


@pytest.mark.parametrize("settled_after", [0, SETTLING_SECONDS])
def test_what_cannot_be_found_out_in_time_is_unknown(settled_after: int) -> None:
    clock = VirtualClock()
    timing = _timing(clock)
    timing.request_deadline = clock() + 20
    assert RetryingStacks(_Forgetful(99), timing, clock() + settled_after).state(STACK) is None
    assert clock() < timing.request_deadline


def test_who_comes_again_anyway_is_answered_at_once() -> None:
    clock = VirtualClock()
    began = clock()
    for ask, _ in _QUESTIONS.values():
        forgetful = _Forgetful(2)
        assert ask(RetryingStacks(forgetful, _timing(clock)).at_once) is None
        assert forgetful.asked == 1
    assert clock() == began
