"""What became of a response: asked of CloudFormation, and believed only where it is clear."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from lambda_handlers.connect_phone_number.claim import Claim, ClaimState
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource, StackState
from lambda_handlers.connect_phone_number.ledger.items import DUE, LIVE, index_of
from lambda_handlers.connect_phone_number.ledger.store import Conflict
from lambda_handlers.connect_phone_number.lifecycle.acknowledging import ask_what_became_of, was_retained_since
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, FakeStacks, World

from .adoptions import (
    NUMBER,
    SALES,
    adopt,
    adopt_unheard,
)
from .decisions import RESOURCE, unheard

RENAMED = ResourceKey(STACK, "Renamed")
SOONEST = 300
LATEST = 6 * 3600


@dataclass
class _PartlySilent(FakeStacks):
    """Does not tell some things."""

    silent_about: set[str] = field(default_factory=set[str])

    def state(self, stack_id: str) -> StackState | None:
        response = super().state(stack_id)
        return None if "state" in self.silent_about else response

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        response = super().resource(resource)
        return None if "resource" in self.silent_about else response

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        response = super().has_named(resource, physical_id, since, by_any_name=by_any_name)
        return None if "has_named" in self.silent_about else response


@pytest.fixture
def world() -> World:
    world = World()
    world.stacks = _PartlySilent()
    return world


def _silence(world: World, *about: str) -> None:
    assert isinstance(world.stacks, _PartlySilent)
    world.stacks.silent_about = set(about)


def _asked(world: World, key: ResourceKey = RESOURCE) -> Claim:
    """Ask what became of the latest claim of a resource, and return the claim as the ledger has it then."""
    calls = len(world.emulator.audit)
    returned = ask_what_became_of(world.invocation(), world.claim(key.stack_id, key.logical_resource_id))
    assert len(world.emulator.audit) == calls, "Connect is asked nothing"
    assert returned == world.claim(key.stack_id, key.logical_resource_id)
    return returned


def _stays(claim: Claim) -> bool:
    """Return whether a claim stays as it was, to be asked about again."""
    return claim.state is ClaimState.LIVE and claim.follow_up and not claim.acknowledged and not claim.disowned_at


def _again(world: World) -> None:
    """Let the time pass after which CloudFormation is asked again."""
    world.clock.pause(SOONEST)


# --- What CloudFormation has taken note of ---


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "CREATE_IN_PROGRESS", "DELETE_FAILED"])
def test_a_number_that_its_resource_has_is_acknowledged(world: World, status: str) -> None:
    arn = world.created()
    world.stacks.hold(RESOURCE, arn, status)
    before = world.claim()
    assert index_of(before)["due"] == DUE
    claim = _asked(world)
    assert claim == replace(before, acknowledged=True, follow_up=False, version=before.version + 1)
    assert index_of(claim)["due"] == LIVE
    assert world.stacks.asked == [("resource", RESOURCE)]


def test_a_number_that_a_request_has_named_is_not_asked_about_further(world: World) -> None:
    world.created()
    claim = world.invocation().ledger.save(replace(world.claim(), acknowledged=True))
    world.stacks.resources[RESOURCE] = HeldResource("other", "UPDATE_COMPLETE")
    world.stacks.named.clear()
    asked = _asked(world)
    assert (asked.state, asked.acknowledged, asked.follow_up) == (ClaimState.LIVE, True, False)
    assert asked.version == claim.version + 1


@pytest.mark.parametrize(
    "held",
    [HeldResource("other", "UPDATE_COMPLETE"), HeldResource("other", "DELETE_COMPLETE"), HeldResource()],
)
@pytest.mark.parametrize("key", [RESOURCE, RENAMED])
def test_a_number_that_was_named_once_is_acknowledged_though_its_resource_does_not_have_it(
    world: World, held: HeldResource, key: ResourceKey
) -> None:
    arn = unheard(world)
    world.stacks.resources[RESOURCE] = held
    world.stacks.named.add((key, arn))
    claim = _asked(world)
    assert (claim.state, claim.acknowledged, claim.follow_up) == (ClaimState.LIVE, True, False)


def test_it_is_asked_what_was_named_since_the_claim_was_opened(world: World) -> None:
    arn = unheard(world)
    _asked(world)
    assert ("has_named", RESOURCE, arn, world.claim().opened_at - 120, True) in world.stacks.asked


# --- What CloudFormation never took note of ---


@pytest.mark.parametrize(
    ("held", "status"),
    [
        (HeldResource(), "UPDATE_COMPLETE"),
        (HeldResource(), ""),
        (HeldResource("other", "DELETE_COMPLETE"), "DELETE_COMPLETE"),
        # What a deployment of another resource does is of no matter for one that is gone.
        (HeldResource("other", "DELETE_COMPLETE"), "UPDATE_IN_PROGRESS"),
        (HeldResource("other", "DELETE_SKIPPED"), "UPDATE_FAILED"),
        (HeldResource("other", "UPDATE_COMPLETE"), "UPDATE_ROLLBACK_COMPLETE"),
        (HeldResource("other", "UPDATE_COMPLETE"), "UPDATE_COMPLETE"),
        (HeldResource("", "CREATE_FAILED"), "ROLLBACK_COMPLETE"),
        (HeldResource("", "CREATE_FAILED"), "ROLLBACK_FAILED"),
        (HeldResource("other", "DELETE_FAILED"), "DELETE_FAILED"),
    ],
)
def test_a_number_that_was_never_named_is_given_up_once_cloudformation_has_said_so_twice(
    world: World, held: HeldResource, status: str
) -> None:
    unheard(world)
    world.stacks.resources[RESOURCE] = held
    world.stacks.status = status
    world.clock.pause(1000)
    first = _asked(world)
    now = world.clock()
    assert (first.state, first.acknowledged, first.disowned_at) == (ClaimState.LIVE, False, int(now))
    assert index_of(first) == {"due": DUE, "due_at": int(now) + SOONEST}
    _again(world)
    second = _asked(world)
    assert second.state is ClaimState.CLOSING
    assert second.close_reason == "CloudFormation never took note of its response"
    assert not second.is_undone, "it was claimed, so it is released"
    assert index_of(second) == {"due": DUE, "due_at": int(world.clock())}
    assert second.due_since == second.closing_at == int(world.clock())


def test_what_it_says_again_too_soon_counts_once(world: World) -> None:
    # For example where the provider is to be deleted, and nobody waits for the time of the next question.
    unheard(world)
    first = _asked(world)
    for _ in range(3):
        world.clock.pause((SOONEST - 1) / 3)
        again = _asked(world)
        assert (again.state, again.disowned_at, again.next_check_at) == (
            ClaimState.LIVE,
            first.disowned_at,
            first.disowned_at + SOONEST,
        )
    world.clock.pause(1)
    assert _asked(world).state is ClaimState.CLOSING


def test_what_cloudformation_takes_note_of_late_is_kept(world: World) -> None:
    arn = unheard(world)
    assert _asked(world).disowned_at
    _again(world)
    world.stacks.hold(RESOURCE, arn)
    claim = _asked(world)
    assert (claim.state, claim.acknowledged, claim.follow_up, claim.disowned_at) == (ClaimState.LIVE, True, False, 0)


@pytest.mark.parametrize("about", ["resource", "has_named"])
def test_it_has_to_say_so_twice_in_a_row(world: World, about: str) -> None:
    unheard(world)
    assert _asked(world).disowned_at
    _again(world)
    _silence(world, about)
    assert _stays(_asked(world))
    _again(world)
    _silence(world)
    claim = _asked(world)
    assert (claim.state, claim.disowned_at) == (ClaimState.LIVE, int(world.clock()))


def test_a_deployment_that_begins_meanwhile_has_to_end_first(world: World) -> None:
    unheard(world)
    assert _asked(world).disowned_at
    _again(world)
    world.stacks.resources[RESOURCE] = HeldResource("other", "UPDATE_IN_PROGRESS")
    assert _stays(_asked(world))


# --- What is not clear yet ---


@pytest.mark.parametrize(
    "status", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"]
)
def test_while_the_resource_is_in_progress_it_is_waited_for(world: World, status: str) -> None:
    unheard(world)
    world.stacks.resources[RESOURCE] = HeldResource("other", status)
    for _ in range(5):
        assert _stays(_asked(world))
        world.clock.pause(86_400)


@pytest.mark.parametrize(
    ("status", "root_status"),
    [
        ("CREATE_IN_PROGRESS", ""),
        ("UPDATE_IN_PROGRESS", ""),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("UPDATE_ROLLBACK_IN_PROGRESS", ""),
        # Not rolled back: the next deployment goes on with this resource.
        ("CREATE_FAILED", ""),
        ("UPDATE_FAILED", ""),
        ("UPDATE_ROLLBACK_FAILED", ""),
        # The stack is nested, and the deployment is its root's.
        ("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"),
        ("UPDATE_COMPLETE", "UPDATE_FAILED"),
        ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
    ],
)
@pytest.mark.parametrize("held", [HeldResource("", "CREATE_FAILED"), HeldResource("other", "UPDATE_FAILED")])
def test_while_the_deployment_goes_on_or_may_yet_go_on_it_is_waited_for(
    world: World, status: str, root_status: str, held: HeldResource
) -> None:
    unheard(world)
    world.stacks.resources[RESOURCE] = held
    world.stacks.status, world.stacks.root_status = status, root_status
    for _ in range(5):
        assert _stays(_asked(world))
        world.clock.pause(86_400)


@pytest.mark.parametrize("about", [{"resource"}, {"has_named"}, {"state"}, {"resource", "has_named", "state"}])
def test_what_cannot_be_found_out_changes_nothing_however_long(world: World, about: set[str]) -> None:
    unheard(world)
    world.stacks.resources[RESOURCE] = HeldResource("other", "UPDATE_FAILED")
    _silence(world, *about)
    for _ in range(10):
        assert _stays(_asked(world))
        world.clock.pause(86_400)


def _forget(world: World) -> None:
    """Let CloudFormation no longer know the stack, as 90 days after its deletion."""
    world.clock.pause(90 * 86_400)
    world.stacks.status = world.stacks.root_status = ""
    world.stacks.resources.clear()
    _silence(world, "has_named")


def test_the_number_of_a_forgotten_stack_is_kept_once_cloudformation_has_said_so_twice(world: World) -> None:
    arn = unheard(world)
    _forget(world)
    assert _asked(world).disowned_at
    _again(world)
    claim = _asked(world)
    assert (claim.state, claim.follow_up, claim.acknowledged) == (ClaimState.LIVE, False, False)
    line, metrics = world.messages()[-2:]
    assert (line["message"], line["number"], line["arn"]) == (
        "number is kept and billed: CloudFormation has forgotten its stack",
        claim.phone_number,
        arn,
    )
    assert metrics["NumbersKept"] == 1


def test_a_stack_that_is_not_shown_yet_was_not_forgotten(world: World) -> None:
    unheard(world)
    _forget(world)
    world.clock.pause(-90 * 86_400)
    for _ in range(3):
        assert _stays(_asked(world))
        _again(world)


def test_a_stack_that_is_there_again_was_not_forgotten(world: World) -> None:
    unheard(world)
    _forget(world)
    _asked(world)
    world.stacks.status = world.stacks.root_status = "UPDATE_FAILED"
    _again(world)
    assert _stays(_asked(world))


def test_it_does_not_wait_for_a_response(world: World) -> None:
    # Whoever asks comes again anyway.
    unheard(world)
    world.stacks.is_silent = True
    began = world.clock()
    _asked(world)
    assert world.clock() == began
    assert world.stacks.asked == [("resource", RESOURCE)]


def test_it_is_asked_ever_less_often_and_every_six_hours_at_last(world: World) -> None:
    unheard(world)
    world.stacks.is_silent = True
    due_since = world.claim().due_since
    pauses: list[int] = []
    for _ in range(12):
        world.clock.now = float(world.claim().next_check_at)
        claim = _asked(world)
        assert claim.due_since == due_since, "how long it has been due is not forgotten"
        pauses.append(claim.next_check_at - int(world.clock()))
    assert pauses[:5] == [SOONEST, SOONEST, 2 * SOONEST, 4 * SOONEST, 8 * SOONEST]
    assert pauses[-4:] == [LATEST] * 4


# --- Beside requests ---


def test_a_request_that_comes_in_between_knows_more(world: World) -> None:
    arn = unheard(world)
    before = world.claim()
    world.stacks.named.add((RESOURCE, arn))
    world.stacks.hold(RESOURCE, arn)
    assert world.delete(arn).succeeded
    returned = ask_what_became_of(world.invocation(), before)
    assert returned == world.claim()
    assert returned.state is ClaimState.CLOSED


def test_a_number_that_a_request_takes_up_meanwhile_is_not_given_up(world: World) -> None:
    arn = unheard(world)
    assert _asked(world).disowned_at
    _again(world)
    before = world.claim()
    again = world.create()
    assert (again.succeeded, again.physical_id) == (True, arn)
    claim = ask_what_became_of(world.invocation(), before)
    assert claim == world.claim()
    assert (claim.state, claim.disowned_at) == (ClaimState.LIVE, 0)
    world.stacks.resources.clear()
    world.stacks.named.clear()
    assert _asked(world).state is ClaimState.LIVE, "CloudFormation has to say so twice from then on"


# --- Adopted numbers ---


def _adopted(world: World) -> str:
    world.claimed_by_hand(NUMBER)
    response = adopt(world)
    assert response.succeeded, response.reason
    world.stacks.asked.clear()
    return response.physical_id


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
@pytest.mark.parametrize("root_status", ["", "CREATE_COMPLETE", "UPDATE_COMPLETE"])
def test_an_adoption_is_established_when_its_stack_and_root_are_complete(
    world: World, status: str, root_status: str
) -> None:
    _adopted(world)
    world.stacks.status, world.stacks.root_status = status, root_status
    claim = _asked(world, SALES)
    assert (claim.acknowledged, claim.established, claim.follow_up) == (True, True, False)
    assert index_of(claim)["due"] == LIVE


@pytest.mark.parametrize(
    ("status", "root_status"),
    [
        ("CREATE_IN_PROGRESS", ""),
        ("UPDATE_IN_PROGRESS", ""),
        # Succeeded; and yet it is seen to be complete when it is all over.
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("ROLLBACK_IN_PROGRESS", ""),
        ("ROLLBACK_COMPLETE", ""),
        ("UPDATE_FAILED", ""),
        ("DELETE_IN_PROGRESS", ""),
        ("CREATE_COMPLETE", "CREATE_IN_PROGRESS"),
        ("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"),
        ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("UPDATE_COMPLETE", "UPDATE_FAILED"),
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
    ],
)
def test_before_that_it_is_acknowledged_and_asked_about_again(world: World, status: str, root_status: str) -> None:
    _adopted(world)
    world.stacks.status, world.stacks.root_status = status, root_status
    claim = _asked(world, SALES)
    assert (claim.state, claim.acknowledged, claim.established, claim.follow_up) == (ClaimState.LIVE, True, False, True)
    world.stacks.status, world.stacks.root_status = "UPDATE_COMPLETE", ""
    assert _asked(world, SALES).established


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_FAILED", "DELETE_FAILED"])
def test_an_adoption_is_not_established_before_its_resource_is_complete(world: World, status: str) -> None:
    arn = _adopted(world)
    world.stacks.hold(SALES, arn, status)
    claim = _asked(world, SALES)
    assert (claim.acknowledged, claim.established, claim.follow_up) == (True, False, True)


def test_an_adopted_number_that_its_resource_no_longer_has_is_not_established_by_what_it_has_instead(
    world: World,
) -> None:
    _adopted(world)
    world.stacks.resources[SALES] = HeldResource("other", "UPDATE_COMPLETE")
    claim = _asked(world, SALES)
    assert (claim.acknowledged, claim.established, claim.follow_up) == (True, False, True)


@pytest.mark.parametrize("held", [None, HeldResource()])
def test_an_adopted_number_that_its_stack_has_let_go_of_is_not_asked_about_any_more(
    world: World, held: HeldResource | None
) -> None:
    arn = _adopted(world)
    world.stacks.resources[SALES] = held or HeldResource(arn, "DELETE_SKIPPED")
    claim = _asked(world, SALES)
    assert (claim.state, claim.acknowledged, claim.established, claim.follow_up) == (
        ClaimState.LIVE,
        True,
        False,
        False,
    )


def test_an_adoption_whose_stack_does_not_tell_is_asked_about_again(world: World) -> None:
    _adopted(world)
    _silence(world, "state")
    claim = _asked(world, SALES)
    assert (claim.acknowledged, claim.established, claim.follow_up) == (True, False, True)


def test_an_adoption_that_is_established_is_not_asked_about_further(world: World) -> None:
    _adopted(world)
    established = replace(world.claim(*_place(SALES)), established=True, acknowledged=True)
    world.invocation().ledger.save(established)
    world.stacks.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    claim = _asked(world, SALES)
    assert (claim.established, claim.follow_up) == (True, False)
    assert world.stacks.asked == [("resource", SALES)]


def test_an_adoption_of_which_cloudformation_never_took_note_is_undone_and_the_number_is_not_released(
    world: World,
) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopt_unheard(world)
    _asked(world, SALES)
    _again(world)
    claim = _asked(world, SALES)
    assert (claim.state, claim.is_undone) == (ClaimState.CLOSING, True)
    world.sweep()
    assert world.number(arn).is_held


def test_an_adopted_number_may_have_had_another_name_before_which_does_not_count(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    adopt_unheard(world)
    world.stacks.named.add((ResourceKey(SALES.stack_id, "Before"), arn))
    assert _asked(world, SALES).disowned_at
    opened_at = world.claim(*_place(SALES)).opened_at
    assert ("has_named", SALES, arn, opened_at - 120, False) in world.stacks.asked


def _place(key: ResourceKey) -> tuple[str, str]:
    return key.stack_id, key.logical_resource_id


# --- Numbers of stacks that were deleted with resources to retain ---


def _release_failed(world: World) -> str:
    """Return a number whose Delete has failed."""
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn).succeeded
    world.emulator.faults.clear()
    world.stacks.hold(RESOURCE, arn, "DELETE_FAILED")
    return arn


def test_a_number_that_its_stack_was_deleted_without_is_kept(world: World) -> None:
    arn = _release_failed(world)
    world.stacks.hold(RESOURCE, arn, "DELETE_SKIPPED")
    assert was_retained_since(world.invocation(), world.claim())
    claim = world.claim()
    assert (claim.state, claim.follow_up, claim.failures, claim.last_error, claim.close_reason) == (
        ClaimState.LIVE,
        False,
        0,
        "",
        "",
    )
    assert index_of(claim)["due"] == LIVE
    assert world.number(arn).is_held
    line, metrics = world.messages()[-2:]
    assert (line["level"], line["message"], line["number"], line["arn"]) == (
        "WARNING",
        "number is kept and billed: its stack was deleted without it after its release had failed",
        claim.phone_number,
        arn,
    )
    assert metrics["NumbersKept"] == 1


def test_a_number_stays_that_a_forgotten_stack_may_have_retained(world: World) -> None:
    arn = _release_failed(world)
    _forget(world)
    assert was_retained_since(world.invocation(), world.claim())
    assert world.claim().state is ClaimState.LIVE
    assert world.number(arn).is_held


def _other_resource(world: World) -> None:
    world.stacks.resources[RESOURCE] = HeldResource("other", "DELETE_SKIPPED")


def _unknown_resource(world: World) -> None:
    world.stacks.resources.clear()


def _no_response(world: World) -> None:
    world.stacks.is_silent = True


def _change(**changes: object) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.invocation().ledger.save(replace(world.claim(), **changes))  # type: ignore[arg-type]

    return change


@pytest.mark.parametrize(
    "but",
    [
        _other_resource,
        _unknown_resource,
        _no_response,
        _change(acknowledged=False),
        _change(state=ClaimState.CLOSED),
        _change(state=ClaimState.LIVE),
    ],
)
def test_nothing_else_takes_a_release_back(world: World, but: Callable[[World], None]) -> None:
    arn = _release_failed(world)
    world.stacks.hold(RESOURCE, arn, "DELETE_SKIPPED")
    but(world)
    before = world.claim()
    assert not was_retained_since(world.invocation(), before)
    assert world.claim() == before


def test_while_cloudformation_does_not_tell_nothing_is_released(world: World) -> None:
    _release_failed(world)
    world.stacks.is_silent = True
    assert was_retained_since(world.invocation(), world.claim()) is None


def test_a_number_that_could_not_be_rolled_back_stays_with_a_stack_that_retains_it(world: World) -> None:
    arn = _release_failed(world)
    _change(is_undone=True)(world)
    world.stacks.hold(RESOURCE, arn, "DELETE_SKIPPED")
    assert was_retained_since(world.invocation(), world.claim()) is True
    assert world.claim().state is ClaimState.LIVE


@pytest.mark.parametrize(
    ("status", "root_status"), [("DELETE_IN_PROGRESS", ""), ("DELETE_FAILED", "DELETE_IN_PROGRESS")]
)
def test_while_a_stack_is_being_deleted_it_is_not_known_what_it_retains(
    world: World, status: str, root_status: str
) -> None:
    arn = _release_failed(world)
    world.stacks.hold(RESOURCE, arn, "DELETE_FAILED")
    world.stacks.status, world.stacks.root_status = status, root_status
    before = world.claim()
    assert was_retained_since(world.invocation(), before) is None
    assert world.claim() == before


def test_a_number_stays_with_a_nested_stack_that_its_root_was_deleted_without(world: World) -> None:
    arn = _release_failed(world)
    world.stacks.hold(RESOURCE, arn, "DELETE_FAILED")
    world.stacks.status, world.stacks.root_status = "DELETE_FAILED", "DELETE_COMPLETE"
    assert was_retained_since(world.invocation(), world.claim()) is True
    assert world.claim().state is ClaimState.LIVE


@pytest.mark.parametrize("status", ["DELETE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "UPDATE_COMPLETE"])
def test_a_release_is_taken_back_only_where_the_resource_was_skipped(world: World, status: str) -> None:
    arn = _release_failed(world)
    world.stacks.hold(RESOURCE, arn, status)
    before = world.claim()
    assert not was_retained_since(world.invocation(), before)
    assert world.claim() == before


def test_a_release_that_is_made_meanwhile_is_not_taken_back(world: World) -> None:
    arn = _release_failed(world)
    before = world.claim()
    assert world.delete(arn).succeeded
    world.stacks.hold(RESOURCE, arn, "DELETE_SKIPPED")
    with pytest.raises(Conflict):
        was_retained_since(world.invocation(), before)
    assert world.claim().state is ClaimState.CLOSED
