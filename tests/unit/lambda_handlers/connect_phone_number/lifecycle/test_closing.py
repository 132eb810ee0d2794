"""All seven errors of ReleasePhoneNumber, and what Connect says of a number that is to go."""

from dataclasses import replace

import pytest

from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.claim import Claim, ClaimState, Outcome
from lambda_handlers.connect_phone_number.ledger.items import index_of
from lambda_handlers.connect_phone_number.lifecycle.closing import close
from tests.unit.lambda_handlers.connect_phone_number.world import REGION, STACK, Died, World, die


def _fault(world: World, code: str, *, calls: int | None = None) -> None:
    world.emulator.faults.add("ReleasePhoneNumber", "error", code=code, message="Said so.", calls=calls)


def _old(world: World) -> str:
    """Return a number that has been there for a while."""
    arn = world.created()
    world.clock.pause(3600)
    return arn


def _refused(world: World, arn: str, code: str, advice: str) -> None:
    """Show that a Delete fails with a reason, and that a second destroy succeeds with the same token."""
    number = world.number(arn).phone_number
    failed = world.delete(arn)
    assert (failed.status, failed.physical_id) == ("FAILED", arn)
    assert failed.reason == (
        f"Amazon Connect refused ReleasePhoneNumber for {number} ({arn}): {code}: Said so. {advice}"
    )
    claim = world.claim()
    assert (claim.state, claim.failures, claim.last_error) == (ClaimState.CLOSING, 1, failed.reason)
    assert index_of(claim)["due"] == "DUE"
    world.emulator.faults.clear()
    assert world.delete(arn).succeeded
    assert world.held() == []
    assert {call.client_token for call in world.calls("ReleasePhoneNumber")} == {tokens.release_token(arn)}
    assert world.claim().last_error == ""


def test_invalid_parameter_fails_with_connects_own_words(world: World) -> None:
    arn = _old(world)
    _fault(world, "InvalidParameterException")
    _refused(world, arn, "InvalidParameterException", "Correct what the message names, then try again.")
    assert len(world.calls("ReleasePhoneNumber")) == 2, "trying again at once would not have helped"


def test_access_denied_waits_for_a_new_role_and_then_names_the_missing_permission(world: World) -> None:
    arn = _old(world)
    _fault(world, "AccessDeniedException")
    began = world.clock()
    _refused(
        world,
        arn,
        "AccessDeniedException",
        "Allow the provider's role connect:ReleasePhoneNumber on this resource, look for a service control policy or "
        "a permissions boundary that denies it, then deploy or destroy again.",
    )
    assert 20 <= world.clock() - began < 60


def test_access_denied_for_some_seconds_is_no_failure(world: World) -> None:
    arn = _old(world)
    _fault(world, "AccessDeniedException", calls=3)
    assert world.delete(arn).succeeded


def test_resource_in_use_is_waited_for_and_then_says_what_to_do(world: World) -> None:
    arn = _old(world)
    _fault(world, "ResourceInUseException")
    began = world.clock()
    _refused(
        world,
        arn,
        "ResourceInUseException",
        "Something in Connect still uses it: end that (for example calls in progress), then try again.",
    )
    assert 60 <= world.clock() - began < 120


def test_resource_in_use_that_passes_is_no_failure(world: World) -> None:
    arn = _old(world)
    _fault(world, "ResourceInUseException", calls=3)
    assert world.delete(arn).succeeded
    assert world.held() == []


def test_idempotency_of_a_number_that_is_still_there_fails(world: World) -> None:
    arn = _old(world)
    _fault(world, "IdempotencyException")
    _refused(
        world,
        arn,
        "IdempotencyException",
        "The client token is known to Connect with other parameters. Wait a day, until it is forgotten, then try "
        "again.",
    )


def test_idempotency_of_a_number_that_is_gone_is_done(world: World) -> None:
    arn = _old(world)
    world.released_by_hand(arn)
    _fault(world, "IdempotencyException")
    assert world.delete(arn).succeeded
    assert world.claim().outcome is Outcome.ALREADY_GONE


def test_not_found_of_a_number_that_is_gone_is_done(world: World) -> None:
    arn = _old(world)

    def lose(_: object) -> None:
        # Between the look and the release.
        world.client.release_phone_number(PhoneNumberId=arn)

    world.client.before["release_phone_number"] = lose
    assert world.delete(arn).succeeded
    assert world.claim().outcome is Outcome.ALREADY_GONE
    assert {call.outcome for call in world.calls("ReleasePhoneNumber")[1:]} == {"ResourceNotFoundException"}
    assert world.effects("ReleasePhoneNumber") == 1


def test_not_found_of_a_number_that_is_there_is_not_believed(world: World) -> None:
    arn = _old(world)
    _fault(world, "ResourceNotFoundException", calls=3)
    assert world.delete(arn).succeeded
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED


def test_not_found_of_a_number_that_connect_may_not_show_yet_is_not_believed(world: World) -> None:
    world.emulator.configure(describe_lag_seconds=100.0)
    create = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(create)
    world.delete("support-Number-1ABCDEFGH")
    for _ in range(3):
        world.clock.pause(1200)
        world.sweep()
    assert world.held() == []
    assert world.effects("ReleasePhoneNumber") == 1


def test_not_found_by_both_calls_is_not_believed_so_soon_after_the_claim(world: World) -> None:
    world.emulator.configure(describe_lag_seconds=80.0)
    create = world.event("Create")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(create)
    # The ledger knows the number, as the Create went on for a moment; Connect does not show it anywhere yet.
    invocation = world.invocation()
    (number,) = world.emulator.numbers()
    found = replace(world.claim(), arn=number.arn, phone_number=number.phone_number, claimed_at=int(number.claimed_at))
    invocation.ledger.save(found)
    world.emulator.faults.add(
        "ReleasePhoneNumber", "error", code="ResourceNotFoundException", calls=None, for_seconds=80.0
    )
    assert world.delete("support-Number-1ABCDEFGH").succeeded
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServiceException"])
def test_what_passes_by_itself_is_waited_out(world: World, code: str) -> None:
    arn = _old(world)
    _fault(world, code, calls=10)
    assert world.delete(arn).succeeded
    assert world.held() == []
    calls = world.calls("ReleasePhoneNumber")
    assert len(calls) == 11
    assert {call.client_token for call in calls} == {tokens.release_token(arn)}


def test_internal_service_after_the_effect_is_one_release(world: World) -> None:
    arn = _old(world)
    world.emulator.faults.add("ReleasePhoneNumber", "error", after_effect=True)
    assert world.delete(arn).succeeded
    assert world.effects("ReleasePhoneNumber") == 1


@pytest.mark.parametrize("kind", ["no_response", "lost_request"])
def test_no_response_is_one_release(world: World, kind: str) -> None:
    arn = _old(world)
    world.emulator.faults.add("ReleasePhoneNumber", kind)
    assert world.delete(arn).succeeded
    assert world.effects("ReleasePhoneNumber") == 1


def test_a_token_that_connect_has_forgotten_is_no_second_release(world: World) -> None:
    arn = _old(world)
    event = world.event("Delete", arn)
    world.client.after["release_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    world.emulator.forget_client_tokens()
    assert world.send(event).succeeded
    assert world.effects("ReleasePhoneNumber") == 1


def test_a_number_that_is_being_provided_is_released_when_that_is_over(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_delay", seconds=40)
    create, delete = world.event("Create"), world.event("Delete", "support-Number-1ABCDEFGH")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(create)
    assert world.send(delete).succeeded
    assert world.held() == []
    assert world.effects("ReleasePhoneNumber") == 1


def test_describe_denied_names_the_permission(world: World) -> None:
    arn = _old(world)
    world.emulator.faults.add("DescribePhoneNumber", "error", code="AccessDeniedException", calls=None)
    failed = world.delete(arn)
    assert failed.status == "FAILED"
    assert "Allow the provider's role connect:DescribePhoneNumber " in failed.reason
    assert world.claim().state is ClaimState.CLOSING


def test_the_reservation_of_a_released_number_is_taken_back(world: World) -> None:
    arn = _old(world)
    number = world.number(arn).phone_number
    assert world.invocation().ledger.number(number) is not None
    world.delete(arn)
    assert world.invocation().ledger.number(number) is None


def _permitted(_claim: Claim) -> None:
    """Forbid nothing."""


def test_a_number_of_another_region_is_not_taken_for_gone(world: World) -> None:
    arn = _old(world)
    elsewhere = arn.replace(REGION, "us-east-1")
    invocation = world.invocation()
    claim = world.claim()
    moved = replace(claim, arn=elsewhere).close("test", invocation.timing.now())
    closed = close(invocation, invocation.ledger.save(moved), _permitted)
    assert closed.claim.state is ClaimState.CLOSING
    assert closed.problem == (
        f"{elsewhere} is not of account 123456789012 and Region eu-west-1, where this provider works. Release it with "
        "the provider of that place."
    )


def test_close_of_a_claim_that_is_not_to_be_closed_does_nothing(world: World) -> None:
    _old(world)
    before = world.claim()
    calls = len(world.emulator.audit)
    closed = close(world.invocation(), before, _permitted)
    assert (closed.claim, closed.problem) == (before, "")
    assert len(world.emulator.audit) == calls


def test_failures_are_tried_again_ever_later(world: World) -> None:
    arn = _old(world)
    _fault(world, "InvalidParameterException")
    world.delete(arn)
    pauses: list[int] = []
    for _ in range(9):
        pauses.append(world.claim().next_check_at - int(world.clock()))
        world.clock.now = world.claim().next_check_at
        world.sweep()
    assert pauses == [300, 600, 1200, 2400, 4800, 9600, 19_200, 21_600, 21_600]


def test_a_second_number_that_a_forgotten_token_brought_is_released_too(world: World) -> None:
    arn = _old(world)
    claim = world.claim()
    duplicate_arns = world.claimed_by_hand(
        "+13125550150", {contract.CLAIM_TAG: claim.id, contract.PROVIDER_TAG: "shared"}
    )
    invocation = world.invocation()
    invocation.ledger.save(replace(claim, duplicate_arns=(duplicate_arns,)))
    world.sweep()
    assert world.held() == [world.number(arn).phone_number]
    assert world.claim().state is ClaimState.LIVE
    assert world.claim().duplicate_arns == ()
    assert world.calls("ReleasePhoneNumber")[0].client_token == tokens.release_token(duplicate_arns)
    assert world.claim().stack_id == STACK
