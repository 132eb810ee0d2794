"""What a Delete means for the claims of its resource."""

import pytest

from lambda_handlers.connect_phone_number.ledger.items import Claim, ClaimState
from lambda_handlers.connect_phone_number.protocol.answer import Status
from lambda_handlers.connect_phone_number.protocol.request import parse_request
from tests.unit.lambda_handlers.connect_phone_number.lifecycle.decisions import (
    INVENTED,
    decided,
    only_claim,
    reason,
)
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, World


def _named(world: World, arn: str) -> Claim:
    (claim,) = (claim for claim in world.claims() if claim.arn == arn)
    return claim


def test_a_delete_closes_the_claim_that_it_names(world: World) -> None:
    arn = world.created()
    assert only_claim(decided(world, world.event("Delete", arn))) == world.claim().id
    claim = world.claim()
    assert (claim.state, claim.close_reason) == (ClaimState.CLOSING, "CloudFormation deleted the resource")
    assert claim.check_at == int(world.clock())


def test_a_delete_of_a_closed_claim_has_nothing_to_do(world: World) -> None:
    arn = world.created()
    world.delete(arn)
    entry = decided(world, world.event("Delete", arn))
    assert (entry.claims, entry.answer) == ((), None)


def test_a_second_delete_goes_on_with_a_claim_that_is_closing(world: World) -> None:
    arn = world.created()
    decided(world, world.event("Delete", arn))
    assert only_claim(decided(world, world.event("Delete", arn))) == world.claim().id


def test_a_delete_with_an_invented_id_closes_the_claim_that_is_being_made(world: World) -> None:
    create = world.event("Create")
    claim = only_claim(decided(world, create))
    assert only_claim(decided(world, world.event("Delete", INVENTED))) == claim
    assert (world.claim().state, world.claim().close_reason) == (ClaimState.CLOSING, "its creation was cancelled")


def test_a_delete_with_an_invented_id_closes_a_claim_whose_answer_never_arrived(world: World) -> None:
    arn = world.created()
    assert only_claim(decided(world, world.event("Delete", INVENTED))) == _named(world, arn).id
    assert world.claim().state is ClaimState.CLOSING


def test_a_delete_with_an_invented_id_spares_what_cloudformation_has_named(world: World) -> None:
    arn = world.created()
    world.update(arn, Description="x")
    assert decided(world, world.event("Delete", INVENTED)).claims == ()
    assert world.claim().state is ClaimState.LIVE


def test_a_delete_with_an_invented_id_spares_what_was_asked_for_later(world: World) -> None:
    delete = world.event("Delete", INVENTED)
    decided(world, world.event("Create"))
    assert decided(world, delete).claims == ()
    assert world.claim().state is ClaimState.OPENING


def test_a_delete_after_a_failed_create_closes_that_creates_claim(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "error", code="AccessDeniedException", calls=None)
    failed = world.create()
    assert not failed.succeeded
    assert failed.physical_id.startswith("not-claimed-")
    assert only_claim(decided(world, world.event("Delete", failed.physical_id))) == world.claim().id


def test_a_delete_after_a_failed_create_spares_the_claim_that_a_later_create_has_resumed(world: World) -> None:
    first = world.event("Create")
    decided(world, first)
    decided(world, world.event("Create"))
    failed_id = f"not-claimed-{parse_request(first).attempt}"
    assert decided(world, world.event("Delete", failed_id)).claims == ()
    assert world.claim().state is ClaimState.OPENING


def test_a_late_delete_spares_a_number_that_was_taken_up_again_since(world: World) -> None:
    arn = world.created(RemovalPolicy="retain")
    late = world.event("Delete", arn)
    number = world.claim().phone_number
    world.update(arn, Description="x")
    assert reason(decided(world, late)) == (f"CloudFormation has taken {number} into use again since, so it is kept.")
    assert world.claim().state is ClaimState.LIVE


def test_a_protected_number_is_not_released(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    number = world.claim().phone_number
    assert reason(decided(world, world.event("Delete", arn))) == (
        f"{number} is not released: its ReleaseProtection is on. That must be switched off in a deployment of its own, "
        "before the number is deleted. A stack that is DELETE_FAILED by now can only be deleted: do that with 'aws "
        f"cloudformation delete-stack --stack-name {STACK} --retain-resources Number', which keeps the number in the "
        "account. A number that is out of its stack can be taken into a stack again with Adopt and PhoneNumber."
    )
    assert world.claim().state is ClaimState.LIVE


def test_protection_that_the_delete_itself_switches_off_still_counts(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    assert reason(decided(world, world.event("Delete", arn, ReleaseProtection="false")))


def test_protection_does_not_stop_a_rollback(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    world.stacks.rolling_back = True
    assert only_claim(decided(world, world.event("Delete", arn)))
    assert world.claim().state is ClaimState.CLOSING


def test_protection_counts_where_it_cannot_be_found_out_whether_it_is_a_rollback(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    world.stacks.rolling_back = None
    assert reason(decided(world, world.event("Delete", arn)))


def test_protection_does_not_keep_the_new_number_of_a_replacement_that_was_rolled_back(world: World) -> None:
    old = world.created()
    new = world.update(old, CountryCode="GB", AllowReplacement="true", ReleaseProtection="true").physical_id
    assert world.update(new).physical_id == old
    assert only_claim(decided(world, world.event("Delete", new))) == _named(world, new).id
    assert _named(world, new).state is ClaimState.CLOSING


def test_a_number_that_is_to_be_kept_is_kept(world: World) -> None:
    arn = world.created(RemovalPolicy="retain")
    entry = decided(world, world.event("Delete", arn, RemovalPolicy="retain"))
    assert entry.answer is not None
    assert (entry.answer.status, entry.answer.reason) == (Status.SUCCESS, "Kept: the removal policy is 'retain'.")
    assert world.claim().state is ClaimState.LIVE
    assert world.claim().confirmed


def test_a_creation_that_is_rolled_back_is_not_kept(world: World) -> None:
    arn = world.created(RemovalPolicy="retain")
    world.stacks.rolling_back = True
    assert only_claim(decided(world, world.event("Delete", arn, RemovalPolicy="retain")))
    assert world.claim().state is ClaimState.CLOSING


def test_cloudformation_is_asked_only_where_its_word_counts(world: World) -> None:
    arn = world.created()
    decided(world, world.event("Delete", arn))
    assert world.stacks.asked == []


@pytest.mark.parametrize(("rolling_back", "confirmed"), [(True, False), (None, False), (False, True)])
def test_an_adopted_number_is_released_only_where_its_creation_is_certainly_not_undone(
    world: World, rolling_back: bool | None, confirmed: bool
) -> None:
    world.claimed_by_hand("+12065550100")
    arn = world.created(CountryCode=None, Type=None, PhoneNumber="+12065550100", Adopt="true")
    world.stacks.rolling_back = rolling_back
    decided(world, world.event("Delete", arn))
    assert (world.claim().state, world.claim().confirmed) == (ClaimState.CLOSING, confirmed)
