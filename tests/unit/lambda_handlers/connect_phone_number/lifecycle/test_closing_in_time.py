"""How long the end of a claim waits, for what, and when it is looked at again."""

import pytest

from lambda_handlers.connect_phone_number.ledger.items import ClaimState, Outcome
from tests.unit.lambda_handlers.connect_phone_number.world import REGION, Died, World, die

_DAY = 86_400.0


def _cancelled_while_in_doubt(world: World) -> None:
    event = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)


def test_a_delete_waits_a_minute_for_a_creation_that_may_still_run(world: World) -> None:
    _cancelled_while_in_doubt(world)
    began = world.clock.now
    assert world.delete("support-Number-1A2B3C").succeeded
    assert 60 <= world.clock.now - began <= 70
    assert world.claim().state is ClaimState.CLOSING


def test_a_sweep_does_not_wait_for_it(world: World) -> None:
    _cancelled_while_in_doubt(world)
    world.delete("support-Number-1A2B3C")
    began = world.clock.now
    world.clock.pause(300.0)
    world.sweep()
    assert world.clock.now - began == 300.0
    assert world.claim().state is ClaimState.CLOSING


def test_a_claim_of_which_nothing_came_ends_when_that_is_certain(world: World) -> None:
    _cancelled_while_in_doubt(world)
    world.delete("support-Number-1A2B3C")
    # The attempt's fifteen minutes, and what Connect may need to show a number.
    until = max(world.claim().doubts.values())
    world.clock.now = until + 119.0
    world.sweep()
    assert world.claim().state is ClaimState.CLOSING
    world.clock.now = until + 121.0
    world.sweep()
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.NEVER_CLAIMED)
    assert world.claim().closed_at == int(world.clock.now)


def test_a_number_whose_claim_tag_was_changed_is_released_where_the_ledger_says_that_it_is_ours(world: World) -> None:
    arn = world.created()
    world.clock.pause(200.0)
    world.client.tag_resource(resourceArn=arn, tags={"cdk-connect-phone-number:claim": "another"})
    assert world.delete(arn).succeeded
    assert world.claim().outcome is Outcome.RELEASED
    assert world.held() == []


def test_a_failed_claim_that_connect_does_not_take_back_is_released_after_a_day(world: World) -> None:
    world.emulator.configure(failed_hold_seconds=30 * _DAY)
    full = world.emulator.add_instance(REGION, limit=0)
    failed = world.create(TargetArn=full)
    world.delete(failed.physical_id, TargetArn=full)
    claim = world.claim()
    assert claim.lapsing
    assert _DAY < claim.check_at - world.clock.now <= 26 * 3600
    world.clock.now = claim.check_at - 1.0
    world.sweep()
    assert world.calls("ReleasePhoneNumber") == []
    world.clock.now = float(claim.check_at)
    world.sweep()
    assert world.effects("ReleasePhoneNumber") == 1
    assert world.held() == []
