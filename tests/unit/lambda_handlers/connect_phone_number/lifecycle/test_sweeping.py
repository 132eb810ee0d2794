from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_handlers.connect_phone_number import tokens
from lambda_handlers.connect_phone_number.claim import ClaimState, InFlightCall, Outcome
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.ledger.items import key_of
from lambda_handlers.connect_phone_number.lifecycle.sweeping import Sweep, sweep
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    STACK,
    Died,
    HookedClient,
    World,
    die,
)

from .adoptions import NUMBER, adopt
from .decisions import RESOURCE, unheard

SALES = (OTHER_STACK, "Sales")


def _refuse_releases(world: World, code: str = "AccessDeniedException") -> None:
    world.emulator.faults.add("ReleasePhoneNumber", "error", code=code, calls=None)


def _metrics(world: World) -> dict[str, Any]:
    # The first sweep of a day also publishes what is used of the budget.
    line = [line for line in world.messages() if "_aws" in line and "BudgetUsed" not in line][-1]
    return {name: value for name, value in line.items() if name != "_aws"}


def test_there_is_nothing_to_do(world: World) -> None:
    world.created()
    calls = len(world.emulator.audit)
    assert sweep(world.invocation()) == Sweep()
    assert len(world.emulator.audit) == calls
    assert not any("DueWork" in line for line in world.messages()), "a metric costs money for each hour with a value"
    assert any(line.get("message") == "sweep ended" for line in world.messages())


def test_a_release_that_cloudformation_has_abandoned_is_made(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    assert not world.delete(arn).succeeded
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == []
    assert not any(line.get("message") == "release is still due" for line in world.messages())
    assert world.claim().outcome is Outcome.RELEASED
    assert {call.client_token for call in world.calls("ReleasePhoneNumber")} == {tokens.release_token(arn)}


def test_a_release_that_is_not_due_yet_waits(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    world.emulator.faults.clear()
    world.clock.now = world.claim().next_check_at - 1
    world.sweep()
    assert world.held() != []
    world.clock.now += 1
    world.sweep()
    assert world.held() == []


def test_a_release_that_keeps_failing_is_published(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    due_since = world.claim().due_since
    assert due_since == world.claim().closing_at
    for failures in (2, 3):
        world.clock.now = world.claim().next_check_at + 40
        waited = int(world.clock()) - due_since
        # However often it was postponed: it has been due since it was to be released.
        assert sweep(world.invocation()) == Sweep(due=1, oldest_due_seconds=waited, releases_failing=1)
        assert world.claim().failures == failures
    assert _metrics(world) == {
        "Provider": "shared",
        "DueWork": 1,
        "OldestDueSeconds": waited,
        "ReleasesFailing": 1,
    }
    warnings = [line for line in world.messages() if line.get("message") == "release is still due"]
    assert len(warnings) == 2
    assert "connect:ReleasePhoneNumber" in warnings[0]["problem"]


def test_what_fails_is_published_also_while_its_next_invocation_is_hours_away(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    world.clock.pause(100)
    result = sweep(world.invocation())
    assert (result.due, result.releases_failing) == (0, 1)
    assert result.oldest_due_seconds == int(world.clock()) - world.claim().due_since >= 100


def test_a_release_that_fails_for_days_is_no_stuck_claim(world: World) -> None:
    # It is counted as failing already, and everybody knows what for.
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    world.clock.pause(3 * 86_400)
    result = sweep(world.invocation())
    assert (result.releases_failing, result.stuck) == (1, 0)


@pytest.mark.parametrize(("failures", "stuck"), [(0, 1), (1, 0)])
def test_a_number_that_cloudformation_does_not_know_is_stuck_unless_its_release_is_what_fails(
    world: World, failures: int, stuck: int
) -> None:
    unheard(world)
    now = int(world.clock())
    closing = replace(
        world.claim(),
        state=ClaimState.CLOSING,
        failures=failures,
        next_check_at=now + 1_000_000,
        due_since=now - 100_000,
    )
    world.invocation().ledger.save(closing)
    assert sweep(world.invocation()) == Sweep(oldest_due_seconds=100_000, releases_failing=failures, stuck=stuck)


def test_a_live_number_of_which_something_else_has_failed_may_be_stuck(world: World) -> None:
    unheard(world)
    world.stacks.is_silent = True
    world.clock.pause(2 * 86_400)
    world.invocation().ledger.save(replace(world.claim(), failures=1))
    assert sweep(world.invocation()) == Sweep(due=1, stuck=1)


def test_what_is_due_later_has_not_been_waiting(world: World) -> None:
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(world.event("Create"))
    assert sweep(world.invocation()) == Sweep()


@pytest.mark.parametrize(("waited", "stuck"), [(86_400, 0), (86_401, 1)])
def test_a_claim_that_nobody_finishes_or_gives_up_is_stuck_after_a_day(world: World, waited: int, stuck: int) -> None:
    unheard(world)
    world.stacks.is_silent = True
    world.clock.now = float(world.claim().due_since + waited)
    result = sweep(world.invocation())
    assert result == Sweep(due=1, stuck=stuck)
    lines = [line for line in world.messages() if line.get("message") == "claim is stuck"]
    assert len(lines) == stuck
    for line in lines:
        claim = world.claim()
        assert (line["level"], line["claim"], line["number"], line["state"]) == (
            "WARNING",
            claim.id,
            claim.phone_number,
            "LIVE",
        )
        assert (line["claim_of_stack"], line["claim_of_resource"]) == (STACK, "Number")
    # Also in between two questions.
    world.clock.now = float(world.claim().next_check_at - 1)
    assert sweep(world.invocation()) == Sweep(due=0, stuck=1)


def test_an_adoption_that_is_acknowledged_and_still_to_be_seen_complete_is_not_stuck(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    assert adopt(world).succeeded
    world.stacks.status = "UPDATE_FAILED"
    for _ in range(2):
        world.clock.pause(3 * 86_400)
        result = sweep(world.invocation())
        assert (result.due, result.stuck) == (1, 0)
    assert world.claim(*SALES).acknowledged


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["search_available_phone_numbers", "claim_phone_number", "describe_phone_number"])
def test_a_creation_that_died_for_good_and_that_nobody_cancels_leaves_nothing(
    world: World, moment: str, method: str
) -> None:
    world.hooks(moment)[method] = die
    with pytest.raises(Died):
        world.handle(world.event("Create"))
    world.sweep()
    assert world.claim().state is ClaimState.OPENING, "its request may still be delivered again"
    for _ in range(3):
        world.clock.pause(6000)
        world.sweep()
    assert world.held() == []
    assert (world.claim().state, world.claim().close_reason) == (
        ClaimState.CLOSED,
        "its creation was never finished",
    )


def test_a_creation_that_is_at_work_is_left_alone(world: World) -> None:
    world.client.after["claim_phone_number"] = lambda _: world.sweep()
    assert world.create().succeeded


def test_a_creation_that_still_runs_elsewhere_is_not_waited_for(world: World) -> None:
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(world.event("Create"))
    claim = world.claim()
    until = int(world.clock()) + 600
    calls = (InFlightCall(claim.candidate, "elsewhere", until),)
    world.invocation().ledger.save(replace(claim, state=ClaimState.CLOSING, in_flight_calls=calls, next_check_at=0))
    began = world.clock()
    world.sweep()
    assert world.clock() == began
    assert world.claim().state is ClaimState.CLOSING


def test_a_claim_that_ended_failed_is_looked_at_when_connect_has_taken_it_back(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="No.")
    assert not world.create().succeeded
    world.clock.pause(600)
    world.sweep()
    assert world.claim().state is ClaimState.CLOSING
    world.clock.pause(27 * 3600)
    world.sweep()
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.RETURNED_TO_INVENTORY)
    assert world.effects("ReleasePhoneNumber") == 0


def test_a_number_of_a_failed_claim_that_came_to_be_claimed_after_all_is_released(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="No.")
    assert not world.create().succeeded
    world.clock.pause(600)
    world.sweep()
    (number,) = (number for number in world.emulator.numbers() if number.is_held)
    # A person tried again in the console, and Connect did provide it.
    number.status = type(number.status).CLAIMED
    number.held_until = None
    world.clock.pause(27 * 3600)
    world.sweep()
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED


def test_two_sweeps_at_the_same_time_release_once(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.client.before["release_phone_number"] = lambda _: world.sweep()
    world.sweep()
    assert world.effects("ReleasePhoneNumber") == 1
    assert world.claim().state is ClaimState.CLOSED


def test_a_sweep_beside_a_delete_releases_once(world: World) -> None:
    arn = world.created()
    world.client.before["release_phone_number"] = lambda _: world.sweep()
    assert world.delete(arn).succeeded
    assert world.effects("ReleasePhoneNumber") == 1


def test_a_sweep_that_finds_more_than_it_has_time_for_goes_on_next_time(world: World) -> None:
    _due_releases(world, 3)
    calls = len(world.emulator.audit)
    result = sweep(world.invocation(seconds=139))
    assert (result.due, len(world.emulator.audit)) == (3, calls)
    # Time for the first, and not for the next, as the first takes some.
    world.client.before["release_phone_number"] = lambda _: world.clock.pause(50)
    sweep(world.invocation(seconds=180))
    assert len(world.held()) == 2
    world.sweep()
    assert world.held() == []


# --- What became of responses ---


def test_what_became_of_a_response_is_asked_when_cloudformation_has_had_time_to_take_note(world: World) -> None:
    world.created()
    world.clock.now = float(world.claim().next_check_at - 1)
    assert sweep(world.invocation()) == Sweep()
    assert world.stacks.asked == []
    world.clock.now += 1
    assert sweep(world.invocation()) == Sweep(due=1)
    assert world.claim().acknowledged
    asked = len(world.stacks.asked)
    world.clock.pause(86_400)
    assert sweep(world.invocation()) == Sweep()
    assert len(world.stacks.asked) == asked, "it is asked once"


def test_a_number_of_which_cloudformation_never_took_note_is_released(world: World) -> None:
    unheard(world)
    world.clock.pause(400)
    world.sweep()
    assert world.held() != []
    world.clock.pause(400)
    world.sweep()
    assert world.held() == []
    assert (world.claim().outcome, world.claim().close_reason) == (
        Outcome.RELEASED,
        "CloudFormation never took note of its response",
    )


def test_a_number_of_which_cloudformation_never_took_note_is_released_also_when_that_fails_at_first(
    world: World,
) -> None:
    unheard(world)
    _refuse_releases(world)
    for _ in range(2):
        world.clock.pause(400)
        world.sweep()
    assert (world.claim().state, world.claim().failures) == (ClaimState.CLOSING, 1)
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == []


@pytest.mark.parametrize("days", [1, 30])
def test_where_cloudformation_does_not_tell_the_number_stays(world: World, days: int) -> None:
    arn = unheard(world)
    world.stacks.is_silent = True
    for _ in range(8):
        world.clock.pause(days * 86_400 / 8)
        world.sweep()
    assert world.number(arn).is_held
    world.stacks.is_silent = False
    world.stacks.hold(RESOURCE, arn)
    world.clock.pause(86_400)
    world.sweep()
    assert (world.claim().state, world.claim().acknowledged) == (ClaimState.LIVE, True)


def test_releases_come_before_questions(world: World) -> None:
    unheard(world, resource="Asked")
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    world.emulator.faults.clear()
    assert world.claim(resource="Asked").next_check_at < world.claim().next_check_at, (
        "the question has been due for longer"
    )
    world.clock.pause(3600)
    asked: list[int] = []
    world.client.before["release_phone_number"] = lambda _: asked.append(len(world.stacks.asked))
    before = len(world.stacks.asked)
    world.sweep()
    # Before a release that has failed it is asked whether the stack has let go of the number since, or another has it.
    assert asked == [before + 3]
    assert len(world.stacks.asked) > before + 3


def test_a_live_number_with_calls_in_flight_is_work_and_no_question(world: World) -> None:
    world.created()
    calls = (InFlightCall("+12065550199", "gone", 1),)
    claim = replace(world.claim(), follow_up=False, in_flight_calls=calls, next_check_at=1, due_since=1)
    world.invocation().ledger.save(claim)
    world.stacks.asked.clear()
    result = sweep(world.invocation())
    assert result.due == 1
    assert (world.claim().state, world.claim().in_flight_calls) == (ClaimState.LIVE, ())
    assert world.stacks.asked == []


# --- Stacks that were deleted without a number ---


def test_a_number_whose_stack_was_deleted_without_it_is_kept(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    world.emulator.faults.clear()
    world.stacks.hold(RESOURCE, arn, "DELETE_SKIPPED")
    world.clock.pause(3600)
    result = sweep(world.invocation())
    assert result == Sweep(due=1)
    assert world.number(arn).is_held
    assert world.claim().state is ClaimState.LIVE
    assert sweep(world.invocation()) == Sweep()


def test_a_release_that_was_never_tried_is_not_made_where_the_stack_was_deleted_without_the_number(
    world: World,
) -> None:
    arn = world.created()
    world.client.before["release_phone_number"] = die
    with pytest.raises(Died):
        world.handle(world.event("Delete", arn))
    world.stacks.hold(RESOURCE, arn, "DELETE_SKIPPED")
    world.clock.pause(3600)
    world.sweep()
    assert len(world.held()) == 1
    assert world.claim().state is ClaimState.LIVE


def test_a_release_waits_until_cloudformation_tells_whether_the_number_was_retained(world: World) -> None:
    arn = world.created()
    world.client.before["release_phone_number"] = die
    with pytest.raises(Died):
        world.handle(world.event("Delete", arn))
    world.stacks.is_silent = True
    world.sweep()
    assert len(world.held()) == 1
    world.stacks.is_silent = False
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == []


# --- What nobody foresaw ---


def _due_releases(world: World, count: int) -> list[str]:
    """Return numbers whose release has failed once, and is due again."""
    arns = [world.created(resource=f"Number{index}") for index in range(count)]
    _refuse_releases(world)
    for index, arn in enumerate(arns):
        world.delete(arn, resource=f"Number{index}")
    world.emulator.faults.clear()
    world.clock.pause(3600)
    return arns


def _fail(_: object) -> None:
    raise KeyError("unforeseen")


def test_an_error_that_nobody_foresaw_concerns_one_claim_alone(world: World) -> None:
    _due_releases(world, 3)
    world.client.before["release_phone_number"] = _fail
    result = sweep(world.invocation())
    assert (result.due, result.errors, result.releases_failing) == (3, 1, 1)
    assert len(world.held()) == 1
    (line,) = (line for line in world.messages() if line.get("message") == "claim cannot be handled")
    (left,) = (name for name, state in _claims_of(world, 3).items() if state is ClaimState.CLOSING)
    claim = world.claim(resource=left)
    assert (line["level"], line["claim"], line["error"], line["problem"]) == (
        "ERROR",
        claim.id,
        "KeyError",
        "'unforeseen'",
    )
    assert _metrics(world)["SweepErrors"] == 1
    # It stays due, and the next sweep comes to it again.
    assert sweep(world.invocation()).errors == 0
    assert world.held() == []


def test_an_error_in_a_question_does_not_keep_the_others_from_theirs(world: World) -> None:
    for index in range(3):
        world.created(resource=f"Number{index}")
    world.clock.pause(400)
    tell = world.stacks.resource

    def fail_once(resource: ResourceKey) -> HeldResource | None:
        world.stacks.resource = tell  # type: ignore[method-assign]
        raise KeyError(resource)

    world.stacks.resource = fail_once  # type: ignore[method-assign]
    result = sweep(world.invocation())
    assert (result.due, result.errors) == (3, 1)
    assert [world.claim(resource=f"Number{index}").acknowledged for index in range(3)].count(True) == 2


def test_the_end_of_the_function_is_no_error_of_a_claim(world: World) -> None:
    _due_releases(world, 1)
    world.client.before["release_phone_number"] = die
    with pytest.raises(Died):
        world.sweep()


def test_an_item_that_cannot_be_read_does_not_keep_the_others_from_their_release(world: World) -> None:
    _due_releases(world, 2)
    key = key_of(world.claim(resource="Number0"))
    item = world.store.get(key)
    assert item is not None
    world.store.replace({**item, "specification": "US"})
    result = sweep(world.invocation())
    assert (result.due, result.errors) == (2, 1)
    assert len(world.held()) == 1
    (line,) = (line for line in world.messages() if line.get("message") == "item cannot be read")
    assert (line["level"], line["key"]) == ("ERROR", list(key))
    assert line["problem"].startswith("AttributeError: ")
    assert _metrics(world)["SweepErrors"] == 1


class _OneNumberFails(HookedClient):
    """Connect cannot release one number; all others it can."""

    def __init__(self, world: World, arn: str) -> None:
        super().__init__(world.client)  # type: ignore[arg-type]
        self._id = arn.rsplit("/", 1)[1]

    def __getattr__(self, method: str) -> Any:
        call = super().__getattr__(method)

        def guarded(**parameters: Any) -> Any:
            if method == "release_phone_number" and parameters["PhoneNumberId"] == self._id:
                raise _internal_failure()
            return call(**parameters)

        return guarded


def _internal_failure() -> ClientError:
    response: Any = {
        "Error": {"Code": "InternalServiceException", "Message": "Oops."},
        "ResponseMetadata": {"HTTPStatusCode": 500},
    }
    return ClientError(response, "ReleasePhoneNumber")


def test_a_number_that_takes_up_all_the_time_does_not_keep_the_others_from_their_release(world: World) -> None:
    arns = [world.created(resource=f"Number{index}") for index in range(3)]
    _refuse_releases(world)
    for index, arn in enumerate(arns):
        world.delete(arn, resource=f"Number{index}")
    world.emulator.faults.clear()
    world.client = _OneNumberFails(world, arns[0])
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == [world.number(arns[0]).phone_number]
    claim = world.claim(resource="Number0")
    assert claim.failures == 2
    assert "InternalServiceException" in claim.last_error
    assert claim.next_check_at > world.clock()


def _claims_of(world: World, count: int) -> Mapping[str, ClaimState]:
    return {f"Number{index}": world.claim(resource=f"Number{index}").state for index in range(count)}


def test_thirty_releases_in_one_sweep(world: World) -> None:
    arns = [world.created(resource=f"Number{index}") for index in range(30)]
    _refuse_releases(world, "InvalidParameterException")
    for index, arn in enumerate(arns):
        world.delete(arn, resource=f"Number{index}")
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert set(_claims_of(world, 30).values()) == {ClaimState.CLOSED}
    assert world.held() == []
