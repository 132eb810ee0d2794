"""What a creation that has failed leaves to be undone, also where CloudFormation sends no Delete after it."""

from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from tests.unit.lambda_handlers.connect_phone_number.world import World


def test_a_create_that_fails_cancels_its_claim_in_the_same_write(world: World) -> None:
    full = world.emulator.add_instance(world.instance.split(":")[3], limit=0)
    assert world.create(TargetArn=full).status == "FAILED"
    claim = world.claim()
    assert (claim.state, claim.close_reason) == (ClaimState.CLOSING, "its creation failed")
    assert claim.next_check_at <= world.clock.now


def test_a_claim_that_was_never_made_ends_with_the_next_sweep_after_a_failed_create(world: World) -> None:
    assert world.create(CountryCode="AD").status == "FAILED"
    world.sweep()
    claim = world.claim()
    assert (claim.state, claim.outcome) == (ClaimState.CLOSED, Outcome.NEVER_CLAIMED)


def test_a_number_of_a_failed_create_is_released_though_no_delete_comes(world: World) -> None:
    world.emulator.faults.add("TagResource", "error", code="InvalidParameterException", calls=None)
    world.emulator.faults.add("UpdatePhoneNumberMetadata", "error", code="InvalidParameterException", calls=None)
    world.emulator.faults.add("AssociatePhoneNumberContactFlow", "error", code="InvalidParameterException", calls=None)
    flow = world.emulator.add_contact_flow(world.instance)
    failed = world.create(ContactFlowArn=flow)
    assert failed.status == "FAILED"
    assert world.held() != []
    world.clock.pause(300.0)
    world.sweep()
    world.clock.pause(1800.0)
    world.sweep()
    assert world.held() == []
    assert world.claim().outcome is Outcome.RELEASED
