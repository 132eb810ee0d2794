from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_handlers.connect_phone_number import tokens
from lambda_handlers.connect_phone_number.ledger.items import ClaimState, Outcome
from lambda_handlers.connect_phone_number.lifecycle.sweeping import Sweep, sweep
from tests.unit.lambda_handlers.connect_phone_number.world import (
    Died,
    HookedClient,
    World,
    die,
)

INVENTED = "support-Number-1ABCDEFGH"


def _refuse_releases(world: World, code: str = "AccessDeniedException") -> None:
    world.emulator.faults.add("ReleasePhoneNumber", "error", code=code, calls=None)


def _metrics(world: World) -> dict[str, Any]:
    (line,) = (line for line in world.messages()[-1:] if "_aws" in line)
    return {name: value for name, value in line.items() if name != "_aws"}


def test_there_is_nothing_to_do(world: World) -> None:
    world.created()
    calls = len(world.emulator.audit)
    assert sweep(world.attempt()) == Sweep()
    assert len(world.emulator.audit) == calls
    assert _metrics(world) == {
        "Provider": "shared",
        "SweepRuns": 1,
        "DueWork": 0,
        "OldestDueSeconds": 0,
        "ReleaseFailures": 0,
        "ClaimsStuck": 0,
    }


def test_a_release_that_cloudformation_has_abandoned_is_made(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    assert not world.delete(arn).succeeded
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED
    assert {call.client_token for call in world.calls("ReleasePhoneNumber")} == {tokens.release_token(arn)}


def test_a_release_that_is_not_due_yet_waits(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    world.emulator.faults.clear()
    world.clock.now = world.claim().check_at - 1
    world.sweep()
    assert world.held() != []
    world.clock.now += 1
    world.sweep()
    assert world.held() == []


def test_a_release_that_keeps_failing_is_published(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    for failures in (2, 3):
        world.clock.now = world.claim().check_at + 40
        result = sweep(world.attempt())
        assert result == Sweep(due=1, oldest_due_seconds=40, failing=1, stuck=int(failures >= 3))
        assert world.claim().failures == failures
    assert _metrics(world) == {
        "Provider": "shared",
        "SweepRuns": 1,
        "DueWork": 1,
        "OldestDueSeconds": 40,
        "ReleaseFailures": 1,
        "ClaimsStuck": 1,
    }
    warnings = [line for line in world.messages() if line.get("message") == "release is still due"]
    assert len(warnings) == 2
    assert "connect:ReleasePhoneNumber" in warnings[0]["problem"]


def test_what_fails_is_published_also_while_its_next_attempt_is_hours_away(world: World) -> None:
    arn = world.created()
    _refuse_releases(world)
    world.delete(arn)
    result = sweep(world.attempt())
    assert (result.due, result.failing) == (0, 1)


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


def test_a_claim_that_ended_failed_is_looked_at_when_connect_has_taken_it_back(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="No.")
    assert not world.create().succeeded
    world.clock.pause(600)
    world.sweep()
    assert world.claim().state is ClaimState.CLOSING
    world.clock.pause(27 * 3600)
    world.sweep()
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.LAPSED)
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
    arns = [world.created(resource=f"Number{index}") for index in range(3)]
    _refuse_releases(world)
    for index, arn in enumerate(arns):
        world.delete(arn, resource=f"Number{index}")
    world.clock.pause(3600)
    sweep(world.attempt(seconds=70))
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.held() == []


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
    assert claim.check_at > world.clock()


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
