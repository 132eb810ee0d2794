import pytest

from lambda_handlers.connect_phone_number.lifecycle.guarding import RESOURCE_TYPE
from lambda_handlers.connect_phone_number.timing import NotFinished
from tests.simulation.memory_store import MemoryStore
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, Answered, Died, Event, World, die

PHYSICAL_ID = "provider-shared"


def _event(world: World, request_type: str) -> Event:
    return world.event(request_type, PHYSICAL_ID, resource="Provider", resource_type=RESOURCE_TYPE)


def _delete(world: World) -> Answered:
    return world.send(_event(world, "Delete"))


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_it_is_made_and_changed_without_more(world: World, request_type: str) -> None:
    answer = world.send(_event(world, request_type))
    assert (answer.status, answer.physical_id) == ("SUCCESS", PHYSICAL_ID)
    assert world.emulator.audit == []


def test_it_is_deleted_where_no_number_was_ever_claimed(world: World) -> None:
    assert _delete(world).succeeded


def test_it_is_deleted_when_all_numbers_are_released(world: World) -> None:
    world.delete(world.created())
    assert _delete(world).succeeded


def test_it_is_not_deleted_while_a_number_is_live(world: World) -> None:
    world.created()
    number = world.claim().phone_number
    refused = _delete(world)
    assert refused.status == "FAILED"
    assert refused.physical_id == PHYSICAL_ID
    assert f"{number} (Number of {STACK})" in refused.reason
    assert refused.reason.startswith("The provider is not deleted: ")
    assert refused.reason.endswith("Delete their resources first, or retain them.")


def test_of_many_numbers_five_are_named(world: World) -> None:
    for index in range(7):
        world.created(resource=f"Number{index}")
    reason = _delete(world).reason
    assert "7 phone numbers still need it" in reason
    assert reason.count(STACK) == 5


def test_numbers_that_are_kept_do_not_keep_it(world: World) -> None:
    world.delete(world.created(RemovalPolicy="retain"), RemovalPolicy="retain")
    assert _delete(world).succeeded
    assert len(world.held()) == 1


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
    assert refused.status == "FAILED"
    assert number in refused.reason
    assert "connect:ReleasePhoneNumber" in refused.reason
    world.emulator.faults.clear()
    world.clock.pause(3600)
    assert _delete(world).succeeded
    assert world.held() == []


def test_s21_it_waits_for_what_only_time_settles(world: World) -> None:
    create = world.event("Create")
    world.client.before["claim_phone_number"] = die
    with pytest.raises(Died):
        world.handle(create)
    world.delete("support-Number-1ABCDEFGH")
    event = _event(world, "Delete")
    attempts = 0
    while attempts < 5:
        attempts += 1
        try:
            answer = world.send(event)
        except NotFinished:
            world.clock.pause(60)
            continue
        assert answer.succeeded, answer.reason
        break
    assert attempts <= 3, "Lambda makes three attempts"
    assert world.attempt().ledger.due(None) == []


def test_a_number_that_connect_takes_back_by_itself_does_not_keep_it(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="No.")
    failed = world.create()
    world.delete(failed.physical_id)
    assert _delete(world).succeeded


def test_a_number_that_its_stack_has_let_go_of_does_not_keep_the_provider(world: World) -> None:
    arn = world.created()
    world.stacks.held = False
    assert _delete(world).succeeded
    assert world.number(arn).status == "CLAIMED"


def test_a_number_that_the_index_does_not_show_yet_keeps_the_provider(world: World) -> None:
    # CloudFormation waits for both, so a number can be as young as this only in another stack.
    world.store = MemoryStore(world.clock, index_lag_seconds=6)
    world.created()
    assert not _delete(world).succeeded
