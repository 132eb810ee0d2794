from dataclasses import replace

import pytest

from lambda_handlers.connect_phone_number.claim import ClaimState
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import SETTLING_SECONDS, HeldResource
from lambda_handlers.connect_phone_number.contract import PROVIDER_RESOURCE_TYPE
from lambda_handlers.connect_phone_number.ledger.items import CLAIM_PREFIX, key_of, resource_partition
from lambda_handlers.connect_phone_number.timing import NotFinished
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, Answered, Died, Event, World, die
from verification.simulator.memory_store import MemoryStore

from .decisions import RESOURCE, let_go, unheard

PHYSICAL_ID = "provider-shared"


def _event(world: World, request_type: str) -> Event:
    return world.event(request_type, PHYSICAL_ID, resource="Provider", resource_type=PROVIDER_RESOURCE_TYPE)


def _delete(world: World) -> Answered:
    return world.send(_event(world, "Delete"))


def _delete_in_the_end(world: World) -> Answered:
    """Return the response to a deletion for which Lambda makes its three invocations."""
    event = _event(world, "Delete")
    for _ in range(2):
        try:
            return world.send(event)
        except NotFinished:
            world.clock.pause(60)
    return world.send(event)


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_it_is_made_and_changed_without_more(world: World, request_type: str) -> None:
    world.created()
    calls = len(world.emulator.audit)
    response = world.send(_event(world, request_type))
    assert (response.status, response.physical_id) == ("SUCCESS", PHYSICAL_ID)
    assert len(world.emulator.audit) == calls


@pytest.mark.parametrize("request_type", ["Update", "Delete"])
def test_it_keeps_the_id_that_it_has(world: World, request_type: str) -> None:
    event = world.event(request_type, "provider-before", resource="Provider", resource_type=PROVIDER_RESOURCE_TYPE)
    assert world.send(event).physical_id == "provider-before"


def test_it_is_deleted_where_no_number_was_ever_claimed(world: World) -> None:
    assert _delete(world).succeeded


def test_it_is_deleted_when_all_numbers_are_released(world: World) -> None:
    world.delete(world.created())
    assert _delete(world).succeeded


# --- Numbers that are in use ---


@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_it_is_not_deleted_while_a_number_is_live(world: World, is_acknowledged: bool) -> None:
    world.created()
    if is_acknowledged:
        world.clock.pause(400)
        world.sweep()
    assert world.claim().acknowledged is is_acknowledged
    number = world.claim().phone_number
    refused = _delete(world)
    assert (refused.status, refused.physical_id) == ("FAILED", PHYSICAL_ID)
    assert refused.reason == (
        f"The provider is not deleted. Phone numbers that still need it: 1, for example {number} (Number of {STACK}). "
        "Delete their resources first, or retain them."
    )


def test_a_creation_that_has_not_chosen_a_number_yet_is_named_by_its_claim(world: World) -> None:
    world.client.before["search_available_phone_numbers"] = die
    with pytest.raises(Died):
        world.handle(world.event("Create"))
    with pytest.raises(NotFinished, match=rf" {world.claim().id}: its creation is not over yet\. "):
        world.handle(_event(world, "Delete"), seconds=60)


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_FAILED"])
def test_it_is_not_deleted_while_a_stack_has_a_number_whatever_becomes_of_it(world: World, status: str) -> None:
    world.stacks.hold(RESOURCE, world.created(), status)
    assert "Phone numbers that still need it: 1" in _delete(world).reason


def test_of_many_numbers_five_are_named_and_no_more_are_asked_about(world: World) -> None:
    for index in range(7):
        world.created(resource=f"Number{index}")
    world.stacks.asked.clear()
    reason = _delete(world).reason
    assert "Phone numbers that still need it: at least 5" in reason
    assert reason.count(STACK) == 5
    assert len(world.stacks.asked) == 5


def test_four_numbers_are_counted(world: World) -> None:
    for index in range(4):
        world.created(resource=f"Number{index}")
    reason = _delete(world).reason
    assert "Phone numbers that still need it: 4" in reason
    assert reason.count(STACK) == 4


def test_it_is_not_deleted_where_cloudformation_does_not_tell_whether_a_number_is_used(world: World) -> None:
    let_go(world, world.created())
    world.stacks.is_silent = True
    assert "Phone numbers that still need it: 1" in _delete(world).reason


def test_a_number_that_the_index_does_not_show_yet_keeps_the_provider(world: World) -> None:
    # CloudFormation waits for both, so a number can be as young as this only in another stack.
    world.store = MemoryStore(world.clock, index_lag_seconds=6)
    world.created()
    began = world.clock()
    assert "Phone numbers that still need it: 1" in _delete(world).reason
    assert world.clock() - began <= SETTLING_SECONDS + 1, "there is nothing else to wait for"


def test_a_number_that_the_index_does_not_show_yet_is_told_before_a_release_that_fails(world: World) -> None:
    world.store = MemoryStore(world.clock, index_lag_seconds=1000)
    arn = world.created()
    world.created(resource="Used")
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    world.delete(arn)
    assert "Phone numbers that still need it: 1" in _delete(world).reason


# --- Numbers that their stacks no longer have ---


@pytest.mark.parametrize(
    "held",
    [None, HeldResource(), HeldResource("other", "UPDATE_COMPLETE"), HeldResource("other", "CREATE_IN_PROGRESS")],
)
def test_a_number_that_its_stack_has_let_go_of_is_kept_and_does_not_keep_the_provider(
    world: World, held: HeldResource | None
) -> None:
    arn = world.created()
    world.clock.pause(400)
    world.sweep()
    let_go(world, arn)
    if held is not None:
        world.stacks.resources[RESOURCE] = held
    assert _delete(world).succeeded
    assert world.number(arn).is_held
    assert world.claim().state is ClaimState.LIVE


def test_a_number_of_which_it_is_known_what_became_is_asked_about_no_further(world: World) -> None:
    arn = world.created()
    world.clock.pause(400)
    world.sweep()
    let_go(world, arn)
    world.stacks.asked.clear()
    version = world.claim().version
    assert _delete(world).succeeded
    # Once for the index and once for the table itself.
    assert world.stacks.asked == [("resource", RESOURCE), ("holders", arn)] * 2
    assert world.claim().version == version


@pytest.mark.parametrize("is_known", [True, False])
def test_a_number_whose_resource_was_renamed_without_an_event_needs_the_provider(
    world: World, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    arn = world.created()
    let_go(world, arn)

    def holders(_: str) -> tuple[ResourceKey, ...] | None:
        return (ResourceKey(STACK, "Renamed"),) if is_known else None

    monkeypatch.setattr(world.stacks, "holders", holders)
    refused = _delete(world)
    assert refused.status == "FAILED"
    assert "Phone numbers that still need it: 1" in refused.reason
    assert len(world.held()) == 1


def test_a_number_is_kept_also_where_nobody_has_asked_yet_what_became_of_it(world: World) -> None:
    arn = world.created()
    let_go(world, arn)
    assert world.claim().follow_up
    began = world.clock()
    assert _delete(world).succeeded
    assert world.clock() - began <= SETTLING_SECONDS + 1, "the time of the next question is not waited for"
    assert world.number(arn).is_held
    assert (world.claim().state, world.claim().acknowledged) == (ClaimState.LIVE, True)


def test_a_number_of_which_cloudformation_never_took_note_is_released_first(world: World) -> None:
    unheard(world)
    assert _delete_in_the_end(world).succeeded
    assert world.held() == []


def test_a_number_of_which_cloudformation_knows_nothing_yet_is_not_given_up_within_seconds(world: World) -> None:
    # What CloudFormation's API says may be behind what CloudFormation does.
    arn = unheard(world)
    with pytest.raises(NotFinished):
        world.handle(_event(world, "Delete"), seconds=200)
    assert world.claim().state is ClaimState.LIVE
    world.stacks.hold(RESOURCE, arn)
    assert "Phone numbers that still need it: 1" in _delete(world).reason


def test_a_number_whose_creation_is_still_to_be_taken_note_of_is_waited_for(world: World) -> None:
    arn = unheard(world)
    world.stacks.resources[RESOURCE] = HeldResource("", "CREATE_IN_PROGRESS")
    with pytest.raises(NotFinished) as problem:
        world.handle(_event(world, "Delete"))
    assert str(problem.value) == (
        f"The provider is not deleted. Phone numbers that are still to be released: 1. {world.claim().phone_number}: "
        "CloudFormation has not told yet whether it knows the number. Delete again later."
    )
    world.stacks.hold(RESOURCE, arn)
    assert "Phone numbers that still need it: 1" in _delete(world).reason


# --- Releases that are due (S21) ---


def test_s21_it_releases_what_is_due_before_it_goes(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="InvalidParameterException")
    assert not world.delete(arn).succeeded
    world.clock.pause(3600)
    assert _delete(world).succeeded
    assert world.held() == []


def test_s21_it_is_not_deleted_while_a_release_is_refused(world: World) -> None:
    arn = world.created()
    number = world.claim().phone_number
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    world.delete(arn)
    refused = _delete(world)
    assert (refused.status, refused.physical_id) == ("FAILED", PHYSICAL_ID)
    assert refused.reason.startswith(
        f"The provider is not deleted. Phone numbers that are still to be released: 1. {number}: Amazon Connect "
        "refused "
    )
    assert "connect:ReleasePhoneNumber" in refused.reason
    assert refused.reason.endswith("Delete again later: the provider goes on trying meanwhile.")
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert _delete(world).succeeded
    assert world.held() == []


def test_s21_a_number_in_use_is_told_first(world: World) -> None:
    arn = world.created()
    world.created(resource="Used")
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    world.delete(arn)
    assert "Phone numbers that still need it: 1" in _delete(world).reason


def test_s21_it_waits_for_what_only_time_settles(world: World) -> None:
    create = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(create)
    world.delete("support-Number-1ABCDEFGH")
    response = _delete_in_the_end(world)
    assert response.succeeded, response.reason
    assert list(world.invocation().ledger.unfinished_or_live()) == []


def test_s21_it_says_what_it_waits_for(world: World) -> None:
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(world.event("Create"))
    claim = world.claim()
    assert claim.candidate
    with pytest.raises(NotFinished) as problem:
        world.handle(_event(world, "Delete"), seconds=60)
    assert str(problem.value) == (
        f"The provider is not deleted. Phone numbers that are still to be released: 1. {claim.candidate}: its creation "
        "is not over yet. Delete again later."
    )
    world.delete("support-Number-1ABCDEFGH")
    with pytest.raises(NotFinished, match=r"it is not certain yet that nothing was claimed\. Delete again later\.$"):
        world.handle(_event(world, "Delete"), seconds=60)


def test_a_number_that_connect_takes_back_by_itself_does_not_keep_it(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="No.")
    failed = world.create()
    world.delete(failed.physical_id)
    assert _delete(world).succeeded


def test_a_number_that_connect_takes_back_by_itself_does_not_keep_it_whatever_had_failed_before(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="No.")
    failed = world.create()
    world.emulator.faults.add("DescribePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(failed.physical_id).succeeded
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.claim().is_returning_to_inventory
    assert _delete(world).succeeded


# --- What nobody can read ---


@pytest.mark.parametrize("state", [ClaimState.LIVE, ClaimState.CLOSING])
def test_an_item_that_cannot_be_read_keeps_the_provider(world: World, state: ClaimState) -> None:
    let_go(world, world.created())
    claim = world.invocation().ledger.save(replace(world.claim(), state=state))
    item = world.store.get(key_of(claim))
    assert item is not None
    world.store.replace({**item, "specification": "US"})
    refused = _delete(world)
    assert (refused.status, refused.physical_id) == ("FAILED", PHYSICAL_ID)
    assert refused.reason == (
        f"The provider is not deleted: its ledger has an item that cannot be read ({key_of(claim)})."
    )


def test_an_item_that_cannot_be_read_and_that_the_index_does_not_show_keeps_the_provider_too(world: World) -> None:
    world.store = MemoryStore(world.clock, index_lag_seconds=10_000)
    let_go(world, world.created())
    item = world.store.get(key_of(world.claim()))
    assert item is not None
    world.store.replace({**item, "specification": "US"})
    assert "its ledger has an item that cannot be read" in _delete(world).reason


def test_what_a_closed_claim_has_become_does_not_matter(world: World) -> None:
    world.delete(world.created())
    key = ResourceKey(STACK, "Number")
    item = world.store.get((resource_partition(key), CLAIM_PREFIX + world.claim().id))
    assert item is not None
    world.store.replace({**item, "specification": "US"})
    assert _delete(world).succeeded
