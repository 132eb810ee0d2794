"""Scenarios about conditions that last for weeks or months, and about responses of somebody else.

S8, S13, S14, S20, S22, S23, S25, S28, S31.
"""

from collections.abc import Callable, Iterator
from typing import Final

from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.requests import SentRequest
from verification.simulator.runner import Scenario, hitting
from verification.simulator.stack import Stack
from verification.simulator.timeline import START
from verification.simulator.wire import Call, Surface
from verification.simulator.world import Options, World

from .helpers import (
    SILENCE,
    adoption,
    answer_by_hand,
    british,
    number_of,
    refuse_releases,
    replaced,
    with_american_number,
)

_NONE: Final = Needed(0, 0)
_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_AN_HOUR: Final = 3600.0
_A_DAY: Final = 86_400.0
_NO_CLAIMS_LEFT: Final = Options(emulator=EmulatorSettings(throttling=False, quota=1))
_NEVER_SHOWN: Final = Options(emulator=EmulatorSettings(throttling=False, describe_lag_seconds=400 * _A_DAY))


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S8 releases refused for months", _releases_refused, _ONE, is_short=False)
    yield Scenario("S13 cleanup denied, its Deletes with one RequestId", _cleaned_up(_sent_alike), _TWO)
    yield Scenario("S13 cleanup denied, its Deletes with one ResponseURL", _cleaned_up(_sent_again), _TWO)
    # Not played under faults: what is never shown cannot be looked at after one.
    yield Scenario("S20 number that Connect never shows", _never_shown, _ONE, _NEVER_SHOWN, is_short=False)
    yield Scenario("S20 somebody else answers a delete that fails", _delete_answered, _ONE)
    yield Scenario("S20 somebody else answers with the number of another resource", _answered_with_another, _TWO)
    yield Scenario("S22 replaced, rolled back, the new number retained by a policy", _new_one_retained, _TWO)
    yield Scenario("S22 replaced, the rollback skips the number, then updated", _skipped_then_updated, _TWO)
    yield Scenario(
        "S23 adopted, deleted at once; CloudFormation silent for hours",
        _adopted_and_deleted,
        _NONE,
        scripted=hitting(_asks_within(3 * _AN_HOUR), SILENCE),
    )
    yield Scenario("S13 removed, its Delete abandoned, imported elsewhere", _abandoned_and_imported, _ONE)
    yield Scenario("S8 creation failed, its release denied, imported elsewhere", _failed_and_imported, _ONE)
    yield Scenario("S35 release refused when its time is up, imported meanwhile", _expired_and_imported, _ONE)
    yield Scenario("S29 moved without an event, protected, a timeout of a minute", _moved_protected, _ONE)
    yield Scenario("S25 update stopped, the stack deleted weeks later", _stopped_for_weeks, _TWO, is_short=False)
    yield Scenario("S31 claims refused for months, then created", _claims_refused, _TWO, _NO_CLAIMS_LEFT)


def _asks_within(seconds: float) -> Callable[[Call], bool]:
    """Return a condition: whether a call is not a Create's, and asks CloudFormation's API in a run's first seconds."""
    return lambda call: (
        call.surface is Surface.STACKS and call.time < START + seconds and not call.task.startswith("Create")
    )


# --- Refusals that last ---


@with_american_number
def _releases_refused(world: World, stack: Stack, arn: str) -> None:
    refuse_releases(world, 120 * _A_DAY, "InvalidParameterException")
    world.expect_unless_hit(not stack.destroy_until_gone(), "the deletion fails while Connect refuses every release")
    world.sleep(130 * _A_DAY)
    world.expect_unless_hit(not number_of(world, arn).is_held, "the number is released when Connect permits it")
    stack.destroy_until_gone()


def _claims_refused(world: World) -> None:
    arn, _ = world.claim_by_hand()
    world.release_by_hand(arn)
    stack = world.stack()
    # The claim and the release of before are the whole allowance, and this claim exceeds it.
    first = stack.create("First", world.number())
    second = stack.create("Second", world.number())
    world.expect_unless_hit(first and not second, "a claim above the allowance fails")
    world.sleep(181 * _A_DAY)
    if first:
        stack.remove("First")
    if stack.create("Second", world.number()):
        stack.destroy_until_gone()


def _never_shown(world: World) -> None:
    stack = world.stack()
    world.expect(not stack.create("Number", world.number()), "a creation fails whose number is never shown")
    stack.destroy_until_gone()


# --- Requests that are repeated ---


def _sent_alike(world: World, stack: Stack, arn: str, first: SentRequest) -> None:
    for _ in range(2):
        deletion = world.cloudformation.send(
            stack, "Delete", "Number", first.properties, physical_id=arn, request_id=first.request_id
        )
        world.wait(deletion)


def _sent_again(world: World, _stack: Stack, _arn: str, first: SentRequest) -> None:
    for _ in range(2):
        world.cloudformation.redeliver(first)
        world.sleep(60)


def _cleaned_up(repeat: Callable[[World, Stack, str, SentRequest], None]) -> Callable[[World], None]:
    """Return a scenario in which the cleanup of a replacement fails, and CloudFormation repeats its Delete."""

    def play(world: World, stack: Stack, arn: str) -> None:
        refuse_releases(world, 2 * _AN_HOUR)
        if not replaced(world, stack):
            return
        (old_arn, properties), stack.resources["Number"].replaced = stack.resources["Number"].replaced[0], []
        stack.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        first = world.cloudformation.send(stack, "Delete", "Number", properties, physical_id=old_arn)
        world.wait(first)
        if not first.succeeded:
            repeat(world, stack, old_arn, first)
        stack.status = "UPDATE_COMPLETE"
        world.sleep(8 * _AN_HOUR)
        world.expect(not number_of(world, arn).is_held, "the old number is released in the end")
        stack.destroy_until_gone()

    return with_american_number(play)


# --- Responses of somebody else ---


@with_american_number
def _delete_answered(world: World, stack: Stack, arn: str) -> None:
    refuse_releases(world, 300, "ThrottlingException")
    deletion = stack.begin_delete("Number")
    world.sleep(60)
    if not deletion.is_settled:
        answer_by_hand(world, deletion, arn)
    stack.finish_delete(deletion)
    stack.status = "DELETE_COMPLETE"
    world.sleep(12 * _AN_HOUR)
    world.expect(not number_of(world, arn).is_held, "the number is released all the same")


@with_american_number
def _answered_with_another(world: World, stack: Stack, arn: str) -> None:
    other = world.stack("other")
    creation = other.begin_create("Number", world.number(), hold_at=10)
    world.wait_until_held(creation)
    if creation.is_settled:
        other.finish_create(creation)
    else:
        answer_by_hand(world, creation, arn)
        other.finish_create(creation)
        world.let_go(creation)
    world.sleep(3 * _AN_HOUR)
    other.destroy_until_gone()
    world.expect(number_of(world, arn).is_held, "the number of the first resource stays")
    stack.destroy_until_gone()


# --- Rollbacks ---


@with_american_number
def _new_one_retained(world: World, stack: Stack, arn: str) -> None:
    update = stack.begin_update("Number", british(world))
    world.wait(update)
    if stack.finish_update(update):
        new = stack.resources["Number"].physical_id
        stack.resources["Number"].replaced.clear()
        stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        for _ in range(3):
            # If it fails, a person continues the rollback.
            back = world.cloudformation.send(
                stack, "Update", "Number", update.old_properties, physical_id=new, old_properties=update.properties
            )
            world.wait(back)
            if back.succeeded:
                break
            world.sleep(600)
        stack.hold("Number", arn, update.old_properties)
        world.cloudformation.retained.add(new)
        stack.status = "UPDATE_ROLLBACK_COMPLETE"
    else:
        stack.roll_back(update)
    world.sleep(3 * _AN_HOUR)
    stack.destroy_until_gone()


@with_american_number
def _skipped_then_updated(world: World, stack: Stack, _: str) -> None:
    if not replaced(world, stack):
        return
    # The resource keeps its new number, and the next deployment, which is not a rollback, says which one is wanted.
    stack.record("Number", stack.resources["Number"].physical_id, "UPDATE_COMPLETE")
    stack.status = "UPDATE_ROLLBACK_COMPLETE"
    world.sleep(_AN_HOUR)
    stack.update("Number", british(world))
    stack.destroy_until_gone()


# --- CloudFormation does not tell ---


def _adopted_and_deleted(world: World) -> None:
    arn, phone_number = world.claim_by_hand()
    stack = world.stack()
    if stack.create("Number", adoption(world, phone_number), completes=False):
        stack.undo_create("Number")
    world.sleep(5 * _AN_HOUR)
    stack.destroy_until_gone()
    world.expect(number_of(world, arn).is_held, "a number that was claimed by hand stays")


# --- Other owners ---


def _imported_elsewhere(world: World, arn: str) -> None:
    """Let another stack import a number, as a person does who needs it."""
    world.stack("other").hold("Imported", arn, {})
    world.taken_over.add(arn)
    world.expect_at_the_end(lambda: number_of(world, arn).is_held, "a number that another stack has imported stays")


@with_american_number
def _abandoned_and_imported(world: World, stack: Stack, arn: str) -> None:
    refuse_releases(world, 3 * _AN_HOUR)
    if not stack.remove("Number"):
        world.sleep(1800)
        if number_of(world, arn).is_held:
            _imported_elsewhere(world, arn)


def _failed_and_imported(world: World) -> None:
    refuse_releases(world, 3 * _AN_HOUR)
    add_fault = world.emulator.faults.add
    add_fault(
        "AssociatePhoneNumberContactFlow", "error", code="InvalidParameterException", calls=None, for_seconds=_AN_HOUR
    )
    flow = world.emulator.add_contact_flow(world.instance_arn)
    world.expect(not world.stack().create("Number", world.number(ContactFlowArn=flow)), "the creation fails")
    world.sleep(1800)
    for number in world.emulator.numbers():
        if number.is_held:
            _imported_elsewhere(world, number.arn)


def _expired_and_imported(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(ReleaseDelay=86_400)):
        return
    arn = stack.resources["Number"].physical_id
    if not stack.destroy_until_gone():
        return
    world.sleep(_A_DAY - 7200)
    refuse_releases(world, 6 * _AN_HOUR)
    world.sleep(3 * _AN_HOUR)
    _imported_elsewhere(world, arn)


def _moved_protected(world: World) -> None:
    first, second = world.stack("first"), world.stack("second")
    if not first.create("Number", world.number(ReleaseProtection=True, ServiceTimeout=60)):
        first.destroy_until_gone()
        return
    world.sleep(_AN_HOUR)
    second.status = "CREATE_COMPLETE"
    first.hand_over("Number", second, "Moved")
    world.sleep(_AN_HOUR)
    world.expect_unless_hit(not second.destroy(), "a protected number is not released")
    world.expect_at_the_end(
        lambda: world.was_hit or all(number.is_held for number in world.emulator.numbers()),
        "a protected number stays",
    )


# --- Weeks ---


@with_american_number
def _stopped_for_weeks(world: World, stack: Stack, _: str) -> None:
    update = stack.begin_update("Number", british(world), hold_at=8)
    world.wait_until_held(update)
    if update.is_settled and stack.finish_update(update):
        stack.clean_up("Number")
    else:
        stack.stop_without_roll_back(update)
        world.let_go(update)
    world.sleep(40 * _A_DAY)
    stack.destroy_until_gone()
