"""Numbers whose resource CloudFormation has renamed or moved to another stack, for which it sends no request."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.claim import Claim, ClaimKey, ClaimState, Outcome
from lambda_handlers.connect_phone_number.cloudformation.request import parse_request
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.ledger.items import NumberReservation, key_of, number_key
from lambda_handlers.connect_phone_number.ledger.store import Conflict
from lambda_handlers.connect_phone_number.lifecycle.moving import Moved, find_moved, find_owner
from tests.unit.lambda_handlers.connect_phone_number.world import (
    ACCOUNT,
    OTHER_STACK,
    REGION,
    STACK,
    World,
    user_tags,
)

from .adoptions import (
    NUMBER,
    adopt_within_the_stack,
)
from .decisions import RESOURCE, resource_entry

RENAMED = ResourceKey(STACK, "Renamed")
ELSEWHERE = ResourceKey(OTHER_STACK, "Number")
NEW_PLACES = pytest.mark.parametrize("to", [RENAMED, ELSEWHERE], ids=["renamed", "in another stack"])


def _place(key: ResourceKey) -> tuple[str, str]:
    return key.stack_id, key.logical_resource_id


def _claim(world: World, key: ResourceKey) -> Claim:
    return world.claim(*_place(key))


def _refactored(world: World, to: ResourceKey = RENAMED) -> str:
    """Create a resource and let CloudFormation move it; return its number's ARN."""
    arn = world.created()
    world.clock.pause(600)
    del world.stacks.resources[RESOURCE]
    world.stacks.hold(to, arn)
    return arn


def _found(world: World, arn: str, to: ResourceKey = RENAMED) -> Moved | str | None:
    """Return what is found for an Update of a resource that names a number."""
    event = world.event("Update", arn, stack=to.stack_id, resource=to.logical_resource_id)
    return find_moved(world.invocation(), parse_request(event))


def _owner(world: World, arn: str) -> Claim | None:
    invocation = world.invocation()
    state = invocation.connect.describe(arn)
    assert state is not None
    return find_owner(invocation, state)


def _key(resource: ResourceKey) -> ClaimKey:
    return ClaimKey(resource.stack_id, resource.logical_resource_id, "claim-0")


def _change(world: World, claim: Claim, **changes: object) -> Claim:
    return world.invocation().ledger.save(replace(claim, **changes))  # type: ignore[arg-type]


# --- Whether a number has moved ---


@NEW_PLACES
def test_a_number_that_another_resource_has_now_has_moved(world: World, to: ResourceKey) -> None:
    arn = _refactored(world, to)
    claim = world.claim()
    assert _found(world, arn, to) == Moved(
        claim, NumberReservation(claim.phone_number, *_place(RESOURCE), claim.id, version=1)
    )


@pytest.mark.parametrize(
    "there",
    [
        HeldResource(),
        HeldResource("other", "UPDATE_COMPLETE"),
        "DELETE_SKIPPED",
        "DELETE_COMPLETE",
    ],
)
def test_it_has_moved_where_the_other_resource_does_not_have_it_any_more(
    world: World, there: HeldResource | str
) -> None:
    arn = _refactored(world)
    world.stacks.resources[RESOURCE] = HeldResource(arn, there) if isinstance(there, str) else there
    assert isinstance(_found(world, arn), Moved)


def test_it_is_unknown_whether_a_number_has_moved_that_its_resource_has_just_got(world: World) -> None:
    arn = world.created()
    del world.stacks.resources[RESOURCE]
    world.stacks.hold(RENAMED, arn)
    assert "CloudFormation did not tell which resource has it now" in str(_found(world, arn))


@pytest.mark.parametrize("there", [HeldResource("", "CREATE_IN_PROGRESS"), HeldResource("other", "UPDATE_IN_PROGRESS")])
def test_a_response_of_the_other_resource_that_is_on_its_way_is_waited_for(world: World, there: HeldResource) -> None:
    arn = _refactored(world)
    world.stacks.resources[RESOURCE] = there
    assert "which is being deployed, so it is not certain which resource has it" in str(_found(world, arn))


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_FAILED"])
def test_it_has_not_moved_while_the_other_resource_has_it(world: World, status: str) -> None:
    arn = _refactored(world)
    world.stacks.hold(RESOURCE, arn, status)
    assert _found(world, arn) is None


@pytest.mark.parametrize(
    "here", [HeldResource(), HeldResource("other", "CREATE_COMPLETE"), HeldResource("", "UPDATE_FAILED")]
)
def test_it_has_not_moved_to_a_resource_that_does_not_have_it(world: World, here: HeldResource) -> None:
    arn = _refactored(world)
    world.stacks.resources[RENAMED] = here
    assert _found(world, arn) is None


@pytest.mark.parametrize("silent", [RESOURCE, RENAMED])
def test_where_cloudformation_does_not_tell_it_is_said_what_to_do(world: World, silent: ResourceKey) -> None:
    arn = _refactored(world)
    tell = world.stacks.resource
    world.stacks.resource = lambda resource: None if resource == silent else tell(resource)  # type: ignore[method-assign]
    assert _found(world, arn) == (
        f"{world.claim().phone_number} is recorded for Number of {STACK}, and CloudFormation did not tell which "
        "resource has it now. Nothing was changed. Check that the provider's role may call "
        "cloudformation:DescribeStackResource, then try again."
    )


def test_cloudformation_is_asked_patiently(world: World) -> None:
    arn = _refactored(world)
    world.stacks.is_silent = True
    began = world.clock()
    assert isinstance(_found(world, arn), str)
    assert world.clock() - began > 60


@pytest.mark.parametrize(
    "arn",
    [
        "support-Number-1ABCDEFGH",
        f"arn:aws:connect:us-east-1:{ACCOUNT}:phone-number/11111111-2222-3333-4444-555555555555",
        f"arn:aws:connect:{REGION}:999999999999:phone-number/11111111-2222-3333-4444-555555555555",
    ],
)
def test_what_is_no_number_of_this_place_is_not_asked_about(world: World, arn: str) -> None:
    assert _found(world, arn) is None
    assert world.emulator.audit == []
    assert world.stacks.asked == []


def test_a_number_that_connect_does_not_know_has_not_moved(world: World) -> None:
    arn = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/11111111-2222-3333-4444-555555555555"
    assert _found(world, arn) is None
    assert len(world.calls("DescribePhoneNumber")) == 2, "one 'not found' proves nothing"


def test_one_not_found_does_not_hide_that_it_has_moved(world: World) -> None:
    arn = _refactored(world)
    world.emulator.faults.add("DescribePhoneNumber", "error", code="ResourceNotFoundException")
    assert isinstance(_found(world, arn), Moved)


def test_where_connect_refuses_to_tell_it_is_said_why(world: World) -> None:
    arn = _refactored(world)
    world.emulator.faults.add("DescribePhoneNumber", "error", code="AccessDeniedException", calls=None)
    problem = _found(world, arn)
    assert isinstance(problem, str)
    assert f"DescribePhoneNumber for {arn}" in problem
    assert "connect:DescribePhoneNumber" in problem


def test_a_number_that_nobody_has_reserved_has_not_moved(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    world.stacks.hold(RENAMED, arn)
    assert _found(world, arn) is None
    assert world.stacks.asked == []


def test_a_number_of_which_the_ledger_has_lost_the_claim_has_not_moved(world: World) -> None:
    arn = _refactored(world)
    world.store.remove(key_of(world.claim()))
    assert _found(world, arn) is None


def test_a_reservation_of_another_number_says_nothing(world: World) -> None:
    arn = _refactored(world)
    _change(world, world.claim(), arn=arn[:-1] + ("0" if arn[-1] != "0" else "1"))
    assert _found(world, arn) is None


@pytest.mark.parametrize("state", [ClaimState.OPENING, ClaimState.CLOSING, ClaimState.CLOSED])
@pytest.mark.parametrize("previous", [None, _key(ELSEWHERE)])
def test_only_a_live_number_moves(world: World, state: ClaimState, previous: ClaimKey | None) -> None:
    arn = _refactored(world)
    _change(world, world.claim(), state=state, is_undone=bool(previous), previous_claim_key=previous)
    assert _found(world, arn) is None
    assert world.stacks.asked == []


def test_a_number_that_is_on_its_way_back_has_moved_to_its_previous_owner_whatever_cloudformation_says(
    world: World,
) -> None:
    arn = _refactored(world)
    world.stacks.is_silent = True
    previous = _key(RENAMED)
    claim = _change(world, world.claim(), state=ClaimState.CLOSING, is_undone=True, previous_claim_key=previous)
    found = _found(world, arn)
    assert isinstance(found, Moved)
    assert found.claim == claim
    assert _found(world, arn, ELSEWHERE) is None


def test_a_number_that_was_rolled_back_is_not_on_its_way_back_any_more(world: World) -> None:
    arn = _refactored(world)
    previous = _key(RENAMED)
    _change(world, world.claim(), state=ClaimState.CLOSED, is_undone=True, previous_claim_key=previous)
    assert _found(world, arn) is None


def test_a_number_that_is_to_be_released_has_not_moved_to_its_previous_owner(world: World) -> None:
    arn = _refactored(world)
    _change(world, world.claim(), state=ClaimState.CLOSING, previous_claim_key=_key(RENAMED))
    assert _found(world, arn) is None


# --- Who has a number ---


def test_the_owner_is_who_has_reserved_the_number(world: World) -> None:
    arn = world.created()
    world.client.untag_resource(resourceArn=arn, tagKeys=list(contract.OWNERSHIP_TAGS))
    assert _owner(world, arn) == world.claim()


def test_the_owner_is_who_the_tags_name_where_nobody_has_reserved_the_number(world: World) -> None:
    arn = world.created()
    world.store.remove(number_key(world.claim().phone_number))
    assert _owner(world, arn) == world.claim()


def test_the_owner_of_a_further_number_is_who_the_tags_name(world: World) -> None:
    world.created()
    claim = world.claim()
    tags = world.invocation().ownership_tags(claim)
    further = world.claimed_by_hand(NUMBER, tags)
    assert _owner(world, further) is None
    claim = _change(world, claim, duplicate_arns=(further,))
    assert _owner(world, further) == claim


def _lose_the_claim(world: World) -> None:
    world.store.remove(key_of(world.claim()))


def _lose_the_number(world: World) -> None:
    world.store.remove(number_key(world.claim().phone_number))


def _give_the_claim_another_number(world: World) -> None:
    _change(world, world.claim(), arn="other")


@pytest.mark.parametrize(
    "losses",
    [
        [_lose_the_claim],
        [_lose_the_number, _lose_the_claim],
        [_give_the_claim_another_number],
        [_lose_the_number, _give_the_claim_another_number],
    ],
)
def test_nobody_owns_a_number_of_which_the_ledger_knows_nothing(
    world: World, losses: list[Callable[[World], None]]
) -> None:
    arn = world.created()
    for lose in losses:
        lose(world)
    assert _owner(world, arn) is None


def test_nobody_owns_a_number_without_reservation_and_tags(world: World) -> None:
    assert _owner(world, world.claimed_by_hand(NUMBER)) is None


# --- What becomes of a number that has moved ---


@NEW_PLACES
def test_the_first_update_that_names_it_takes_it_over(world: World, to: ResourceKey) -> None:
    arn = _refactored(world, to)
    updated = world.update(arn, stack=to.stack_id, resource=to.logical_resource_id, Description="Moved")
    assert (updated.status, updated.physical_id) == ("SUCCESS", arn)
    new, old = _claim(world, to), world.claim()
    assert (new.state, new.arn, new.acknowledged, new.previous_claim_key) == (ClaimState.LIVE, arn, True, None)
    assert new.id != old.id
    assert (old.state, old.outcome, old.close_reason) == (
        ClaimState.CLOSED,
        Outcome.TRANSFERRED,
        f"handed over to {to.logical_resource_id} of {to.stack_id}",
    )
    invocation = world.invocation()
    owner = invocation.ledger.number(new.phone_number)
    assert owner is not None
    assert (owner.stack_id, owner.logical_resource_id, owner.claim_id) == (*_place(to), new.id)
    assert invocation.ledger.resource(to, "none").claims == {new.id: new}
    number = world.number(arn)
    assert (number.description, user_tags(number)) == ("Moved", {})
    assert {key: number.tags[key] for key in contract.OWNERSHIP_TAGS} == invocation.ownership_tags(new)
    assert len(world.held()) == 1


@NEW_PLACES
def test_the_first_delete_that_names_it_releases_it(world: World, to: ResourceKey) -> None:
    arn = _refactored(world, to)
    assert world.delete(arn, stack=to.stack_id, resource=to.logical_resource_id).succeeded
    assert world.held() == []
    assert (_claim(world, to).outcome, world.claim().outcome) == (Outcome.RELEASED, Outcome.TRANSFERRED)
    assert world.invocation().ledger.number(world.claim().phone_number) is None


def test_it_may_be_replaced_where_it_has_moved_to(world: World) -> None:
    arn = _refactored(world)
    changed = world.update(arn, resource="Renamed", CountryCode="GB", AllowReplacement="true")
    assert changed.succeeded, changed.reason
    assert changed.physical_id != arn
    assert world.delete(arn, resource="Renamed").succeeded
    assert world.held() == [changed.data["PhoneNumber"]]


def test_its_protection_moves_with_it(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    world.clock.pause(600)
    del world.stacks.resources[RESOURCE]
    world.stacks.hold(RENAMED, arn)
    refused = world.delete(arn, resource="Renamed")
    assert (refused.status, len(world.held())) == ("FAILED", 1)
    assert "ReleaseProtection is on" in refused.reason


def test_it_may_move_on_and_back(world: World) -> None:
    arn = _refactored(world)
    assert world.update(arn, resource="Renamed", Description="1").succeeded
    del world.stacks.resources[RENAMED]
    world.stacks.hold(RESOURCE, arn)
    back = world.update(arn, Description="2")
    assert (back.status, back.physical_id) == ("SUCCESS", arn)
    assert _claim(world, RENAMED).outcome is Outcome.TRANSFERRED
    live = [claim for claim in world.claims() if claim.state is ClaimState.LIVE]
    assert [claim.arn for claim in live] == [arn]
    assert world.delete(arn).succeeded
    assert world.held() == []


@pytest.mark.parametrize("request_type", ["Update", "Delete"])
def test_a_request_fails_and_changes_nothing_where_cloudformation_does_not_tell(
    world: World, request_type: str
) -> None:
    arn = _refactored(world)
    before = world.claims()
    world.stacks.is_silent = True
    failed = world.send(world.event(request_type, arn, resource="Renamed"))
    assert (failed.status, failed.physical_id) == ("FAILED", arn)
    assert "CloudFormation did not tell which resource has it now" in failed.reason
    assert world.claims() == before
    assert world.claims(resource="Renamed") == []
    assert world.number(arn).is_held


@pytest.mark.parametrize("request_type", ["Update", "Delete"])
def test_a_request_of_a_resource_that_never_had_the_number_leaves_it_alone(world: World, request_type: str) -> None:
    arn = world.created()
    before = world.claims()
    response = world.send(world.event(request_type, arn, resource="Renamed"))
    assert response.status == ("FAILED" if request_type == "Update" else "SUCCESS")
    assert world.claims() == before
    assert world.number(arn).is_held


def test_a_number_that_another_resource_takes_over_meanwhile_is_decided_on_again(world: World) -> None:
    arn = _refactored(world)
    tell = world.stacks.resource

    def moved_on(resource: ResourceKey) -> HeldResource | None:
        response = tell(resource)
        if resource == RENAMED:
            # It is moved on, and a request of the next resource is faster.
            world.stacks.resource = tell  # type: ignore[method-assign]
            del world.stacks.resources[RENAMED]
            world.stacks.hold(ELSEWHERE, arn)
            world.handle(world.event("Update", arn, stack=OTHER_STACK, Description="Mine"))
        return response

    world.stacks.resource = moved_on  # type: ignore[method-assign]
    world.handle(world.event("Update", arn, resource="Renamed", Description="No, mine"))
    assert [response.status for response in world.responses[-2:]] == ["SUCCESS", "FAILED"]
    assert world.claims(resource="Renamed") == []
    assert (_claim(world, ELSEWHERE).state, _claim(world, ELSEWHERE).arn) == (ClaimState.LIVE, arn)
    assert world.number(arn).description == "Mine"


def test_a_claim_that_changes_while_it_is_handed_over_is_decided_on_again(world: World) -> None:
    arn = _refactored(world)
    save = world.store.write
    conflicts: list[Conflict] = []

    def forestalled(writes: object) -> None:
        world.store.write = save  # type: ignore[method-assign]
        _change(world, world.claim(), failures=7)
        try:
            save(writes)  # type: ignore[arg-type]
        except Conflict as conflict:
            conflicts.append(conflict)
            raise

    world.store.write = forestalled  # type: ignore[method-assign]
    assert world.update(arn, resource="Renamed").succeeded
    assert len(conflicts) == 1
    assert (world.claim().failures, world.claim().outcome) == (7, Outcome.TRANSFERRED)


def test_a_number_that_is_on_its_way_back_is_taken_up_at_once_by_its_previous_owner(world: World) -> None:
    arn = world.created(PhoneNumber=NUMBER)
    assert adopt_within_the_stack(world).physical_id == arn
    # The rollback deletes the new resource. It does not wait until the number is restored.
    world.emulator.faults.add("TagResource", "error", code="InvalidParameterException", calls=None)
    assert not world.delete(arn, resource="Renamed").succeeded
    assert _claim(world, RENAMED).state is ClaimState.CLOSING
    world.emulator.faults.clear()
    back = world.update(arn, PhoneNumber=NUMBER)
    assert (back.status, back.physical_id) == ("SUCCESS", arn)
    claim = world.claim()
    assert (claim.state, claim.outcome, claim.closed_at) == (ClaimState.LIVE, None, 0)
    assert len(world.claims()) == 1, "it is the claim that the number had before"
    assert resource_entry(world).claims == (claim.id,)
    assert _claim(world, RENAMED).outcome is Outcome.TRANSFERRED
    assert world.number(arn).tags[contract.CLAIM_TAG] == claim.id
    world.clock.pause(86_400)
    world.sweep()
    assert world.held() == [NUMBER]
