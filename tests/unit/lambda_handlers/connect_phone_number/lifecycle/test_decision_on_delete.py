"""What a Delete means for the claims of its resource."""

from typing import Any

import pytest

from lambda_handlers.connect_phone_number.claim import Claim, ClaimState
from lambda_handlers.connect_phone_number.cloudformation.request import parse_request
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from tests.unit.lambda_handlers.connect_phone_number.world import OTHER_STACK, STACK, World

from .adoptions import (
    NUMBER,
    SALES,
    adopt,
    adopt_for_good,
    adopt_within_the_stack,
    retained,
)
from .decisions import (
    INVENTED,
    RESOURCE,
    ROLLING_BACK,
    claim_of,
    decided,
    let_go,
    only_claim,
    reason,
    replaced,
    unheard,
)


def _states(world: World) -> list[ClaimState]:
    return [claim.state for claim in world.claims()]


# --- A Delete that names a number ---


def test_a_delete_closes_the_claim_that_it_names(world: World) -> None:
    arn = world.created()
    assert only_claim(decided(world, world.event("Delete", arn))) == world.claim().id
    claim = world.claim()
    assert (claim.state, claim.close_reason) == (ClaimState.CLOSING, "CloudFormation deleted the resource")
    assert (claim.acknowledged, claim.is_undone) == (True, False)
    assert claim.next_check_at == claim.due_since == claim.closing_at == int(world.clock())


def test_a_delete_of_a_closed_claim_has_nothing_to_do(world: World) -> None:
    arn = world.created()
    world.delete(arn)
    entry = decided(world, world.event("Delete", arn))
    assert (entry.claims, entry.response) == ((), None)


def test_a_second_delete_goes_on_with_a_claim_that_is_closing(world: World) -> None:
    arn = world.created()
    decided(world, world.event("Delete", arn))
    assert only_claim(decided(world, world.event("Delete", arn))) == world.claim().id


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", ROLLING_BACK, "DELETE_IN_PROGRESS"])
def test_a_delete_of_the_new_number_alone_leaves_the_old_one_alone(world: World, status: str) -> None:
    old, new = replaced(world)
    world.stacks.status = status
    assert only_claim(decided(world, world.event("Delete", new, CountryCode="GB"))) == claim_of(world, new).id
    assert _states(world) == [ClaimState.LIVE, ClaimState.CLOSING]
    assert claim_of(world, old).state is ClaimState.LIVE


def test_a_delete_closes_the_replacement_that_was_never_answered(world: World) -> None:
    arn = world.created()
    decided(world, world.event("Update", arn, CountryCode="GB", AllowReplacement="true"))
    assert only_claim(decided(world, world.event("Delete", arn))) == claim_of(world, arn).id
    assert _states(world) == [ClaimState.CLOSING, ClaimState.CLOSING]
    assert world.claim().close_reason == "CloudFormation has sent a later request"


def test_a_late_delete_spares_the_replacement_that_a_later_update_has_begun(world: World) -> None:
    arn = world.created()
    late = world.event("Delete", arn)
    decided(world, world.event("Update", arn, CountryCode="GB", AllowReplacement="true"))
    assert only_claim(decided(world, late)) == claim_of(world, arn).id
    assert _states(world) == [ClaimState.CLOSING, ClaimState.OPENING]


def test_a_delete_spares_the_live_number_that_it_does_not_name(world: World) -> None:
    # Not even where CloudFormation never took note of it: that is found out by asking.
    other = unheard(world)
    named = world.created(CountryCode="GB")
    world.stacks.asked.clear()
    assert only_claim(decided(world, world.event("Delete", named, CountryCode="GB")))
    assert claim_of(world, other).state is ClaimState.LIVE
    assert world.stacks.asked == []


def test_a_late_delete_spares_a_number_that_was_taken_up_again_since(world: World) -> None:
    arn = world.created()
    late = world.event("Delete", arn)
    number = world.claim().phone_number
    world.update(arn, Description="x")
    assert reason(decided(world, late)) == (f"CloudFormation has taken {number} into use again since, so it is kept.")
    assert world.claim().state is ClaimState.LIVE


def test_cloudformation_is_asked_only_where_its_word_counts(world: World) -> None:
    arn = world.created()
    decided(world, world.event("Delete", arn))
    assert world.stacks.asked == []


# --- A Delete that names none ---


def test_a_delete_with_an_invented_id_closes_the_claim_that_is_being_made(world: World) -> None:
    create = world.event("Create")
    claim = only_claim(decided(world, create))
    assert only_claim(decided(world, world.event("Delete", INVENTED))) == claim
    assert (world.claim().state, world.claim().close_reason) == (ClaimState.CLOSING, "its creation was canceled")


def test_a_delete_with_an_invented_id_closes_a_claim_whose_response_never_arrived(world: World) -> None:
    arn = unheard(world)
    opened_at = world.claim().opened_at
    assert only_claim(decided(world, world.event("Delete", INVENTED))) == claim_of(world, arn).id
    assert (world.claim().state, world.claim().close_reason) == (ClaimState.CLOSING, "its creation was canceled")
    assert world.stacks.asked == [("has_named", RESOURCE, arn, opened_at - 120, True)]


def test_a_delete_with_an_invented_id_spares_what_a_request_has_named(world: World) -> None:
    arn = world.created()
    world.update(arn, Description="x")
    assert decided(world, world.event("Delete", INVENTED)).claims == ()
    assert world.claim().state is ClaimState.LIVE
    assert world.stacks.asked == []


@pytest.mark.parametrize("resource", ["Number", "Renamed"])
def test_a_delete_with_an_invented_id_spares_what_cloudformation_says_that_it_has_named(
    world: World, resource: str
) -> None:
    arn = unheard(world)
    world.stacks.hold(ResourceKey(STACK, resource), arn)
    assert decided(world, world.event("Delete", INVENTED)).claims == ()
    assert (world.claim().state, world.claim().acknowledged) == (ClaimState.LIVE, True)


def test_a_second_such_delete_goes_on_with_what_the_first_has_begun(world: World) -> None:
    decided(world, world.event("Create"))
    decided(world, world.event("Delete", INVENTED))
    before = world.claim()
    assert only_claim(decided(world, world.event("Delete", INVENTED))) == before.id
    assert world.claim() == before


def test_such_a_delete_does_not_wait_for_the_end_of_a_number_that_another_one_has_named(world: World) -> None:
    arn = world.created()
    decided(world, world.event("Delete", arn))
    assert decided(world, world.event("Delete", INVENTED)).claims == ()


def test_a_canceled_creation_spares_the_number_that_was_retained_before(world: World) -> None:
    arn = world.created()
    let_go(world, arn)
    second = only_claim(decided(world, world.event("Create")))
    assert only_claim(decided(world, world.event("Delete", INVENTED))) == second
    assert _states(world) == [ClaimState.LIVE, ClaimState.CLOSING]


def test_a_delete_fails_where_cloudformation_does_not_tell_whether_it_has_named_the_number(world: World) -> None:
    unheard(world)
    before = world.claim()
    world.stacks.is_silent = True
    assert reason(decided(world, world.event("Delete", INVENTED))) == (
        f"CloudFormation did not tell what has become of {before.phone_number}, so nothing is done to it now. Check "
        "that the provider's role may call cloudformation:DescribeStacks, DescribeStackEvents and "
        "DescribeStackResource, then try again."
    )
    assert world.claims() == [before]
    world.stacks.is_silent = False
    assert only_claim(decided(world, world.event("Delete", INVENTED))) == before.id


def test_what_cannot_be_found_out_is_asked_again_for_more_than_a_minute(world: World) -> None:
    unheard(world)
    world.stacks.is_silent = True
    delete = world.event("Delete", INVENTED)
    began = world.clock()
    decided(world, delete)
    assert world.clock() - began > 60
    assert len(world.stacks.asked) > 1


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
    failed_id = f"not-claimed-{parse_request(first).key}"
    assert decided(world, world.event("Delete", failed_id)).claims == ()
    assert world.claim().state is ClaimState.OPENING


# --- ReleaseProtection ---


def test_a_protected_number_is_not_released(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    number = world.claim().phone_number
    assert reason(decided(world, world.event("Delete", arn))) == (
        f"{number} is not released: its ReleaseProtection is on (release_protection in the CDK). To release it, switch "
        "that off in a deployment of its own, then delete. A stack that is DELETE_FAILED by now can only be deleted "
        "without it, which keeps the number in the account: aws cloudformation delete-stack --stack-name "
        f"{STACK} --retain-resources Number"
    )
    assert world.claim().state is ClaimState.LIVE


def test_protection_that_the_delete_itself_switches_off_still_counts(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    assert reason(decided(world, world.event("Delete", arn, ReleaseProtection="false")))


@pytest.mark.parametrize("statuses", [(ROLLING_BACK, ROLLING_BACK), ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")])
def test_protection_does_not_stop_a_rollback(world: World, statuses: tuple[str, str]) -> None:
    arn = world.created(ReleaseProtection="true")
    world.stacks.status, world.stacks.root_status = statuses
    assert only_claim(decided(world, world.event("Delete", arn)))
    assert world.claim().state is ClaimState.CLOSING
    assert world.stacks.asked == [("state", STACK)]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS"])
def test_protection_counts_once_the_rollback_is_over_or_has_failed(world: World, status: str) -> None:
    # Then it is a person who deletes the stack.
    arn = world.created(ReleaseProtection="true")
    world.stacks.status = status
    assert reason(decided(world, world.event("Delete", arn)))
    assert world.claim().state is ClaimState.LIVE


def test_protection_counts_where_it_cannot_be_found_out_whether_it_is_a_rollback(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    world.stacks.is_silent = True
    assert reason(decided(world, world.event("Delete", arn)))
    assert world.claim().state is ClaimState.LIVE


def test_protection_does_not_keep_the_new_number_of_a_replacement_that_is_rolled_back(world: World) -> None:
    old, new = replaced(world, ReleaseProtection="true")
    world.stacks.status = ROLLING_BACK
    assert world.update(new).physical_id == old
    assert only_claim(decided(world, world.event("Delete", new))) == claim_of(world, new).id
    assert claim_of(world, new).state is ClaimState.CLOSING


# --- Adopted numbers ---


def _deleted(world: World, arn: str) -> Claim:
    """Decide a Delete of the number that the other stack has adopted, and return its claim."""
    event = world.event("Delete", arn, stack=OTHER_STACK, resource="Sales")
    claim_id = only_claim(decided(world, event))
    claim = world.claim(OTHER_STACK, "Sales")
    assert (claim.id, claim.state, claim.acknowledged) == (claim_id, ClaimState.CLOSING, True)
    return claim


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "UPDATE_IN_PROGRESS"])
def test_an_adopted_number_is_released_where_its_adoption_was_seen_to_be_complete(world: World, status: str) -> None:
    world.claimed_by_hand(NUMBER)
    arn = adopt_for_good(world)
    world.stacks.status = status
    world.stacks.asked.clear()
    assert not _deleted(world, arn).is_undone
    assert world.stacks.asked == []


@pytest.mark.parametrize("completed", [True, False])
def test_another_adopted_number_is_released_only_where_its_root_stack_was_complete_since(
    world: World, completed: bool
) -> None:
    world.claimed_by_hand(NUMBER)
    arn = adopt(world).physical_id
    claim = world.claim(OTHER_STACK, "Sales")
    world.stacks.completed = completed
    world.stacks.asked.clear()
    assert _deleted(world, arn).is_undone is not completed
    assert world.stacks.asked == [("has_completed", claim.resource, arn, claim.opened_at)]


def test_a_delete_of_an_adopted_number_fails_where_cloudformation_does_not_tell(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    arn = adopt(world).physical_id
    before = world.claim(OTHER_STACK, "Sales")
    world.stacks.is_silent = True
    assert reason(decided(world, world.event("Delete", arn, stack=OTHER_STACK, resource="Sales"))) == (
        f"CloudFormation did not tell what has become of {NUMBER}, so nothing is done to it now. Check that the "
        "provider's role may call cloudformation:DescribeStacks, DescribeStackEvents and DescribeStackResource, then "
        "try again."
    )
    assert world.claim(OTHER_STACK, "Sales") == before


@pytest.mark.parametrize(
    ("status", "is_undone"),
    [
        ("CREATE_COMPLETE", True),
        ("UPDATE_FAILED", True),
        ("DELETE_IN_PROGRESS", False),
        ("DELETE_FAILED", False),
        ("DELETE_SKIPPED", False),
        ("DELETE_COMPLETE", False),
    ],
)
def test_an_adopted_number_is_rolled_back_as_long_as_its_previous_owner_has_it(
    world: World, status: str, is_undone: bool
) -> None:
    arn = retained(world)
    adopt_for_good(world)
    world.stacks.hold(RESOURCE, arn, status)
    world.stacks.asked.clear()
    assert _deleted(world, arn).is_undone is is_undone
    assert world.stacks.asked == [("resource", RESOURCE), *([("state", STACK)] if is_undone else [])]


def test_the_previous_owner_has_nothing_any_more_once_its_stack_was_deleted(world: World) -> None:
    arn = retained(world)
    adopt_for_good(world)
    world.stacks.hold(RESOURCE, arn)
    world.stacks.status = "DELETE_COMPLETE"
    assert not _deleted(world, arn).is_undone


@pytest.mark.parametrize("held", [HeldResource(), HeldResource("another", "UPDATE_COMPLETE")])
def test_an_adopted_number_is_released_where_its_previous_owner_has_another_or_is_gone(
    world: World, held: HeldResource
) -> None:
    arn = retained(world)
    adopt_for_good(world)
    world.stacks.resources[RESOURCE] = held
    assert not _deleted(world, arn).is_undone


def test_a_delete_fails_where_it_is_not_known_whether_the_previous_owner_has_the_number(world: World) -> None:
    arn = retained(world)
    adopt_for_good(world)
    before = world.claim(OTHER_STACK, "Sales")
    world.stacks.is_silent = True
    assert reason(decided(world, world.event("Delete", arn, stack=OTHER_STACK, resource="Sales")))
    assert world.claim(OTHER_STACK, "Sales") == before


def test_an_adoption_within_one_stack_is_undone_where_the_old_resource_stays(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).succeeded
    # Even after a deployment that succeeded: what CloudFormation has as the old resource's is not to be released.
    world.stacks.completed = True
    assert only_claim(decided(world, world.event("Delete", arn, resource="Renamed")))
    assert world.claim(resource="Renamed").is_undone


def test_a_resource_that_has_adopted_its_own_earlier_number_has_nobody_to_give_it_back_to(world: World) -> None:
    arn = retained(world)
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": NUMBER, "Adopt": "true"}
    assert world.created(**desired) == arn
    assert world.claim().previous_owner == RESOURCE
    world.stacks.completed = True
    assert only_claim(decided(world, world.event("Delete", arn, **desired))) == world.claim().id
    assert not world.claim().is_undone


def test_protection_does_not_keep_an_adoption_from_being_undone(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    arn = adopt(world, ReleaseProtection="true").physical_id
    world.stacks.status = "DELETE_IN_PROGRESS"
    assert _deleted(world, arn).is_undone


def test_protection_keeps_an_adopted_number_that_would_be_released(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    arn = adopt_for_good(world, ReleaseProtection="true")
    assert reason(decided(world, world.event("Delete", arn, stack=OTHER_STACK, resource="Sales"))).startswith(
        f"{NUMBER} is not released: its ReleaseProtection is on ("
    )
    assert world.claim(OTHER_STACK, "Sales").state is ClaimState.LIVE


def test_a_number_that_was_claimed_is_never_rolled_back(world: World) -> None:
    arn = world.created()
    world.stacks.status = "ROLLBACK_IN_PROGRESS"
    decided(world, world.event("Delete", arn))
    assert not world.claim().is_undone


def test_an_adoption_that_never_got_to_answer_is_undone_whatever_the_stack_does(world: World) -> None:
    world.claimed_by_hand(NUMBER)
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": NUMBER, "Adopt": "true"}
    decided(world, world.event("Create", **desired))
    world.stacks.completed = True
    decided(world, world.event("Delete", INVENTED, **desired))
    assert (world.claim().state, world.claim().is_undone) == (ClaimState.CLOSING, True)


def test_the_name_of_the_previous_owner_does_not_count_for_an_adoption_whose_response_never_arrived(
    world: World,
) -> None:
    # The ARN was recorded for the old resource of the same stack, and never for the new one.
    arn = world.created(PhoneNumber=NUMBER)
    desired: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": NUMBER, "Adopt": "true"}
    world.handle(world.event("Create", resource="Renamed", **desired))
    opened_at = world.claim(resource="Renamed").opened_at
    decided(world, world.event("Delete", INVENTED, resource="Renamed", **desired))
    claim = world.claim(resource="Renamed")
    assert (claim.state, claim.is_undone) == (ClaimState.CLOSING, True)
    assert world.stacks.asked[-1] == ("has_named", ResourceKey(STACK, "Renamed"), arn, opened_at - 120, False)


def test_the_name_of_the_new_owner_counts(world: World) -> None:
    arn = retained(world)
    assert adopt(world).succeeded
    event = world.event("Delete", "sales-Sales-1ABCDEFGH", stack=OTHER_STACK, resource="Sales")
    assert decided(world, event).claims == ()
    assert (SALES, arn) in world.stacks.named
    assert world.claim(OTHER_STACK, "Sales").acknowledged
