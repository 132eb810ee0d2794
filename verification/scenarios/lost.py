"""Scenarios about what is lost, stopped, forgotten, or refused for good.

S3, S4, S8, S9, S13, S14, S20, S21, S23, S28.
"""

from collections.abc import Callable, Iterator
from typing import Final

from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.clients import LedgerRefused
from verification.simulator.faults import DEATH
from verification.simulator.invariants import Needed
from verification.simulator.requests import RequestState, SentRequest
from verification.simulator.runner import Scenario, hitting
from verification.simulator.stack import Stack
from verification.simulator.timeline import START
from verification.simulator.wire import Call, Fault, FaultKind, Surface
from verification.simulator.world import PROVIDER_ID, Options, World

from .helpers import (
    SILENCE,
    adoption,
    american,
    at_step,
    british,
    create_by_hand,
    number_of,
    replaced,
    with_american_number,
)

_NONE: Final = Needed(0, 0)
_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_THREE: Final = Needed(3, 3)
"""For a replacement that is sent twice: the second request may begin when the first one has succeeded."""
_AN_HOUR: Final = 3600.0
_A_DAY: Final = 86_400
_FORGOTTEN_AFTER: Final = 91 * _A_DAY
_ASKED_BY: Final = 60.0
"""By then, a creation has asked CloudFormation."""
_STOPPED_SECONDS: Final = 3 * _AN_HOUR
_REFUSED: Final = Fault("refused", FaultKind.ERROR, lambda _: LedgerRefused())
_STEPS: Final = (0, 4, 8, 12, 16)


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S4 create lost", _create_lost, _NONE)
    yield Scenario("S8 delete lost, sent again", _delete_lost, _ONE)
    yield Scenario("S13 every Delete of a cleanup lost", _cleanup_lost, _TWO)
    for step in _STEPS:
        yield Scenario(
            f"S3 create dies at every invocation before step {step}, its message lost",
            _create_given_up,
            _ONE,
            scripted=hitting(_dies("Create", step), DEATH),
        )
        yield Scenario(
            f"S7 delete dies at every invocation before step {step}, its message lost",
            _delete_given_up,
            _ONE,
            scripted=hitting(_dies("Delete", step), DEATH, 3),
        )
    yield Scenario("S4 no concurrency for hours, created and canceled", _created_without_concurrency, _ONE)
    yield Scenario("S8 no concurrency for hours, deleted", _deleted_without_concurrency, _ONE)
    yield Scenario("S13 no concurrency for hours, cleaned up", _cleaned_up_without_concurrency, _TWO)
    for counts in ("first", "second"):
        yield Scenario(f"S14 one Create as two requests, the {counts} counts", _create_sent_twice(counts), _TWO)
        yield Scenario(
            f"S14 one Update as two requests, the {counts} counts", _update_sent_twice(counts, _described), _ONE
        )
        yield Scenario(
            f"S14 one replacement as two requests, the {counts} counts", _update_sent_twice(counts, british), _THREE
        )
    yield Scenario(
        "S14 one Update as two requests, the first counts, its description slow",
        _update_sent_twice("first", _described),
        _ONE,
        Options(emulator=EmulatorSettings(throttling=False, description_seconds=30.0)),
    )
    yield Scenario("S21 provider removed by an update, deployed again", _provider_removed, _ONE)
    yield Scenario(
        "S23 adopted, deleted; never allowed to read CloudFormation, the stack forgotten",
        _adopted_and_forgotten,
        _NONE,
        scripted=hitting(lambda call: call.surface is Surface.STACKS and call.time > START + _ASKED_BY, SILENCE),
        is_short=False,
    )
    for days in (30, 95):
        yield Scenario(
            f"S22 replacement not heard, nothing is sent, CloudFormation not readable for {days} days",
            _unheard_and_forgotten(days * _A_DAY),
            _TWO,
            scripted=hitting(_asks_within(days * _A_DAY), SILENCE),
            is_short=False,
        )
    yield Scenario(
        "S8 delete denied, the stack deleted without the number and forgotten, CloudFormation silent",
        _retained_and_forgotten(0),
        _ONE,
        scripted=hitting(_asks_within(95 * _A_DAY), SILENCE),
        is_short=False,
    )
    for name, delay in (("", 0), (" and a delay", 30 * _A_DAY)):
        yield Scenario(
            f"S8 delete denied, the stack deleted without the number and forgotten, the schedule off{name}",
            _retained_and_forgotten(delay),
            _ONE,
            is_short=False,
        )
    for name, is_nested in (("the stack", False), ("the root", True)):
        yield Scenario(
            f"S8 delete denied, parked by the sweeper, {name} deleted without the number and forgotten",
            _retained_while_parked(is_nested=is_nested),
            _ONE,
            is_short=False,
        )
    yield Scenario("S35 parked for months, the stack forgotten", _parked_and_forgotten, _ONE, is_short=False)
    for days in (100, 210):
        yield Scenario(
            f"S19 rename rolled back after {days} days", _rename_rolled_back(days * _A_DAY), _ONE, is_short=False
        )
    yield Scenario("S20 somebody's response replaces that of the function", _response_replaced, _ONE)
    for name, operations in (("every write", ("write", "update")), ("everything", ())):
        for kind, play in (("Create", _refused_create), ("Delete", _refused_delete)):
            yield Scenario(
                f"S28 ledger refuses {name} of a {kind} for hours",
                play,
                _ONE,
                scripted=hitting(_of_ledger(operations, kind), _REFUSED),
            )
    yield Scenario("S28 ledger restored to before a creation, then deleted", _restored_and_deleted, _ONE)
    yield Scenario("S28 ledger restored to before a creation, then updated", _restored_and_updated, _TWO)
    yield Scenario("S28 ledger restored to before a creation, then another created", _restored_and_created, _TWO)
    yield Scenario("S9 instance deleted with its number", _instance_deleted(_gone_too), _ONE)
    yield Scenario("S9 instance deleted under a number", _instance_deleted(_stays), _ONE)
    yield Scenario("S9 instance deleted under a number with a flow and a delay", _instance_deleted_parks, _ONE)
    yield Scenario("S9 instance deleted under a number, updated", _instance_deleted_updated, _TWO)


def _lost(world: World, send: Callable[[], SentRequest]) -> SentRequest:
    """Return a request whose event Lambda loses."""
    world.lambda_service.loses_events = True
    request = send()
    world.lambda_service.loses_events = False
    return request


def _dies(kind: str, step: int) -> Callable[[Call], bool]:
    """Return a condition: whether a call of a kind of request is at a step, or is its response."""
    at_its_step = at_step(kind, step, first_only=False)
    return lambda call: at_its_step(call) or (call.task.startswith(kind) and call.surface is Surface.RESPONSE)


def _asks_within(seconds: float) -> Callable[[Call], bool]:
    return lambda call: call.surface is Surface.STACKS and call.time < START + seconds


def _holds_nothing(world: World) -> bool:
    return not any(number.is_held for number in world.emulator.numbers())


# --- Events that are lost ---


def _create_lost(world: World) -> None:
    stack = world.stack()
    creation = _lost(world, lambda: stack.begin_create("Number", world.number()))
    world.wait(creation)
    stack.finish_create(creation)
    world.expect(not world.emulator.numbers(), "nothing is claimed")


@with_american_number
def _delete_lost(world: World, stack: Stack, arn: str) -> None:
    deletion = _lost(world, lambda: stack.begin_delete("Number"))
    world.wait(deletion)
    stack.finish_delete(deletion)
    world.expect(number_of(world, arn).is_held, "a number whose Delete was lost stays until the next one")
    stack.destroy_until_gone()


@with_american_number
def _cleanup_lost(world: World, stack: Stack, arn: str) -> None:
    if not replaced(world, stack):
        return
    world.lambda_service.loses_events = True
    stack.clean_up("Number")
    world.lambda_service.loses_events = False
    world.sleep(_A_DAY)
    # Nobody has told the function about it. A person finds it with the operators' command.
    world.expect(number_of(world, arn).is_held, "a number that the function was never asked to delete stays")
    world.cloudformation.retained.add(arn)
    stack.destroy_until_gone()


def _create_given_up(world: World) -> None:
    stack = world.stack()
    world.lambda_service.loses_given_up = True
    creation = stack.begin_create("Number", world.number())
    world.wait(creation)
    world.expect(not creation.responses, "nobody answers")
    creation.undeliverable = True
    world.lambda_service.loses_given_up = False
    if stack.finish_create(creation):
        stack.destroy_until_gone()


@with_american_number
def _delete_given_up(world: World, stack: Stack, _: str) -> None:
    world.lambda_service.loses_given_up = True
    deletion = stack.begin_delete("Number")
    world.wait(deletion)
    world.expect(not deletion.responses, "nobody answers")
    deletion.undeliverable = True
    world.lambda_service.loses_given_up = False
    if not stack.finish_delete(deletion):
        stack.destroy_until_gone()


# --- A function that may not run ---


def _stop(world: World) -> None:
    world.lambda_service.stopped_until = world.timeline.now + _STOPPED_SECONDS


def _created_without_concurrency(world: World) -> None:
    stack = world.stack()
    _stop(world)
    creation = stack.begin_create("Number", world.number())
    creation.undeliverable = True
    world.wait(creation)
    deletion = stack.begin_cancel_create(creation)
    deletion.undeliverable = True
    world.wait(deletion)
    stack.finish_cancel_create(deletion)
    world.sleep(_STOPPED_SECONDS)
    world.expect_at_the_end(lambda: _holds_nothing(world), "nothing is left of a canceled creation")


@with_american_number
def _deleted_without_concurrency(world: World, stack: Stack, arn: str) -> None:
    _stop(world)
    deletion = stack.begin_delete("Number")
    deletion.undeliverable = True
    world.wait(deletion)
    stack.finish_delete(deletion)
    world.sleep(_STOPPED_SECONDS)
    world.expect_at_the_end(lambda: not number_of(world, arn).is_held, "the number is released")
    stack.destroy_until_gone()


@with_american_number
def _cleaned_up_without_concurrency(world: World, stack: Stack, arn: str) -> None:
    if not replaced(world, stack):
        return
    _stop(world)
    before = len(world.cloudformation.requests)
    stack.clean_up("Number")
    for deletion in list(world.cloudformation.requests.values())[before:]:
        deletion.undeliverable = True
    world.sleep(_STOPPED_SECONDS)
    world.expect_at_the_end(lambda: not number_of(world, arn).is_held, "the replaced number is released")
    stack.destroy_until_gone()


# --- One request as two ---


def _listen_to(counts: str, first: SentRequest, second: SentRequest) -> SentRequest:
    """Return the request that CloudFormation listens to. It no longer waits for the other one."""
    counted, other = (first, second) if counts == "first" else (second, first)
    other.state = RequestState.CANCELED
    return counted


def _create_sent_twice(counts: str) -> Callable[[World], None]:
    """Return a scenario in which a Create is sent as two requests, and CloudFormation listens to one of them."""

    def play(world: World) -> None:
        stack = world.stack()
        first = stack.begin_create("Number", world.number())
        second = world.cloudformation.send(stack, "Create", "Number", first.properties)
        counted = _listen_to(counts, first, second)
        world.wait(counted)
        is_created = stack.finish_create(counted)
        world.sleep(3 * _AN_HOUR)
        if is_created:
            stack.destroy_until_gone()

    return play


def _described(world: World) -> dict[str, object]:
    return american(world, Description="Support")


def _update_sent_twice(counts: str, properties: Callable[[World], dict[str, object]]) -> Callable[[World], None]:
    """Return a scenario in which an Update is sent as two requests, and CloudFormation listens to one of them."""

    def play(world: World, stack: Stack, arn: str) -> None:
        first = stack.begin_update("Number", properties(world))
        second = world.cloudformation.send(
            stack,
            "Update",
            "Number",
            first.properties,
            physical_id=arn,
            old_properties=first.old_properties,
        )
        counted = _listen_to(counts, first, second)
        world.wait(counted)
        world.expect_unless_hit(counted.succeeded or counts == "first", "the later request succeeds")
        if stack.finish_update(counted):
            stack.clean_up("Number")
        else:
            stack.roll_back(counted)
        world.sleep(3 * _AN_HOUR)
        stack.destroy_until_gone()

    return with_american_number(play)


# --- A provider that is gone ---


def _provider_removed(world: World) -> None:
    provider = world.stack("provider")
    if not provider.create("Provider", {"ProviderId": PROVIDER_ID, "ServiceTimeout": 3600}):
        return
    stack = world.stack()
    if stack.create("Number", world.number()):
        arn = stack.resources["Number"].physical_id
        world.expect(not provider.remove("Provider"), "the provider refuses its deletion")
        world.destroy_provider()
        world.expect(not stack.destroy(), "a number is not deleted without its provider")
        world.expect(number_of(world, arn).is_held, "a number stays whose provider is gone")
        world.deploy_provider_again()
        if provider.create("Provider", {"ProviderId": PROVIDER_ID, "ServiceTimeout": 3600}):
            world.expect_unless_hit(stack.destroy_until_gone(), "the number is deleted with its provider there again")
    provider.destroy_until_gone()


# --- CloudFormation that does not tell, and forgets ---


def _adopted_and_forgotten(world: World) -> None:
    arn, phone_number = world.claim_by_hand()
    stack = world.stack()
    world.expect(stack.create("Number", adoption(world, phone_number)), "the number is adopted")
    world.sleep(2 * _AN_HOUR)
    world.expect(not stack.destroy(), "a Delete fails whose answer only CloudFormation knows")
    stack.let_go("Number", ends=True)
    world.sleep(_FORGOTTEN_AFTER)
    stack.is_forgotten = True
    world.sleep(_A_DAY)
    world.expect(number_of(world, arn).is_held, "a number that was claimed by hand stays")


def _unheard_and_forgotten(silent_seconds: float) -> Callable[[World], None]:
    """Return a scenario in which only CloudFormation knows whether it has taken note of a number."""

    def play(world: World, stack: Stack, arn: str) -> None:
        update = stack.begin_update("Number", british(world), hold_at=8)
        world.wait_until_held(update)
        stack.roll_back_without_update(update)
        world.let_go(update)
        world.sleep(_A_DAY)
        (new,) = {number.arn for number in world.emulator.numbers()} - {arn}
        world.expect(number_of(world, new).is_held, "a number stays of which it is not known whether it is in use")
        stack.destroy_until_gone()
        world.sleep(_FORGOTTEN_AFTER)
        stack.is_forgotten = True
        world.sleep(10 * _A_DAY)
        if silent_seconds < _FORGOTTEN_AFTER:
            world.expect(not number_of(world, new).is_held, "the number is released when CloudFormation tells")
        else:
            # A metric tells people of it.
            world.expect(number_of(world, new).is_held, "a number stays of which it is no longer known")
            world.expect(any("NumbersKept" in line for line in world.log), "the function says that it keeps the number")
            world.cloudformation.retained.add(new)

    return with_american_number(play)


def _retained_and_forgotten(delay: int) -> Callable[[World], None]:
    """Return a scenario in which the function cannot ask about a retained number before its stack is forgotten."""

    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Number", world.number(ReleaseDelay=delay)):
            return
        arn = stack.resources["Number"].physical_id
        code = "AccessDeniedException"
        for operation in ("ReleasePhoneNumber", "TagResource"):
            world.emulator.faults.add(operation, "error", code=code, calls=None, for_seconds=_A_DAY)
        world.expect(not stack.destroy(), "a deletion fails that Connect denies")
        world.is_schedule_stopped = True
        stack.let_go("Number", ends=True)
        world.sleep(_FORGOTTEN_AFTER)
        stack.is_forgotten = True
        world.is_schedule_stopped = False
        world.sleep(10 * _A_DAY)
        world.expect(number_of(world, arn).is_held, "a number stays that its stack may have retained")

    return play


def _retained_while_parked(*, is_nested: bool) -> Callable[[World], None]:
    """Return a scenario in which a number is retained that the sweeper has parked after its Delete had failed."""

    def play(world: World) -> None:
        root = world.stack("root") if is_nested else None
        stack = world.stack("app", root)
        delay = 100 * _A_DAY
        if not stack.create("Number", world.number(ReleaseDelay=delay)):
            return
        arn = stack.resources["Number"].physical_id
        world.emulator.faults.add(
            "TagResource", "error", code="AccessDeniedException", calls=None, for_seconds=_AN_HOUR
        )
        if root is not None:
            root.status = "DELETE_IN_PROGRESS"
        world.expect(not stack.destroy(), "a deletion fails that Connect denies")
        world.sleep(_A_DAY)
        if root is None:
            stack.let_go("Number", ends=True)
        else:
            root.status = "DELETE_FAILED"
            world.sleep(_A_DAY)
            root.status = "DELETE_COMPLETE"
            world.cloudformation.retained.add(arn)
        world.sleep(_FORGOTTEN_AFTER)
        (root or stack).is_forgotten = True
        world.sleep(delay)
        world.expect(number_of(world, arn).is_held, "a number stays that its stack may have retained")

    return play


def _rename_rolled_back(seconds: int) -> Callable[[World], None]:
    """Return a scenario in which a rename stands half done for long, and is then rolled back."""

    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Old", world.number()):
            return
        arn = stack.resources["Old"].physical_id
        phone_number = number_of(world, arn).phone_number
        if not stack.create("New", adoption(world, phone_number), completes=False):
            stack.destroy_until_gone()
            return
        stack.status = "UPDATE_FAILED"
        world.sleep(seconds)
        if stack.undo_create("New", "UPDATE_ROLLBACK_IN_PROGRESS"):
            stack.status = "UPDATE_ROLLBACK_COMPLETE"
            world.sleep(_A_DAY)
            world.expect_unless_hit(stack.update("Old", world.number(Description="Sales")), "Old can be updated")
        stack.destroy_until_gone()

    return play


def _parked_and_forgotten(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(ReleaseDelay=120 * _A_DAY)):
        return
    arn = stack.resources["Number"].physical_id
    world.expect(stack.destroy(), "the number is parked")
    world.sleep(_FORGOTTEN_AFTER)
    stack.is_forgotten = True
    world.expect(number_of(world, arn).is_held, "a parked number is kept for its time")
    world.sleep(30 * _A_DAY)
    world.expect(not number_of(world, arn).is_held, "a parked number is released when its time is up")


def _response_replaced(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number())
    world.wait(creation)
    if not creation.succeeded:
        stack.finish_create(creation)
        return
    creation.responses.clear()
    creation.state = RequestState.WAITING
    create_by_hand(world, stack, creation)
    world.sleep(3 * _AN_HOUR)
    stack.destroy_until_gone()


# --- A ledger that refuses, or has forgotten ---


def _of_ledger(operations: tuple[str, ...], kind: str) -> Callable[[Call], bool]:
    """Return a condition: whether a call of a request of some kind reaches the ledger in the first three hours."""

    def hits(call: Call) -> bool:
        is_meant = call.surface is Surface.LEDGER and (not operations or call.operation in operations)
        return is_meant and kind in call.task and call.time < START + 3 * _AN_HOUR

    return hits


def _refused_create(world: World) -> None:
    stack = world.stack()
    world.expect(not stack.create("Number", world.number()), "a creation fails without the ledger")
    world.expect(not world.emulator.numbers(), "nothing is claimed without the ledger")
    world.sleep(4 * _AN_HOUR)


@with_american_number
def _refused_delete(world: World, stack: Stack, arn: str) -> None:
    world.expect(not stack.destroy(), "a deletion fails without the ledger")
    world.sleep(4 * _AN_HOUR)
    world.expect(stack.destroy_until_gone(), "the deletion can be tried again")
    world.expect_at_the_end(lambda: not number_of(world, arn).is_held, "the number is released")


def _restored(world: World) -> tuple[Stack, str] | None:
    """Return a stack with a number that the ledger does not know, because it is that of before."""
    earlier = world.store.dump()
    stack = world.stack()
    if not stack.create("Number", american(world)):
        return None
    world.sleep(_A_DAY)
    world.is_ledger_damaged = True
    world.store.restore(earlier)
    return stack, stack.resources["Number"].physical_id


def _restored_and_deleted(world: World) -> None:
    if made := _restored(world):
        stack, arn = made
        world.expect(not stack.destroy(), "a number that the ledger does not know is not released")
        stack.let_go("Number", ends=True)
        world.sleep(_A_DAY)
        world.expect(number_of(world, arn).is_held, "a number that the ledger does not know stays")


def _restored_and_updated(world: World) -> None:
    if made := _restored(world):
        stack, arn = made
        update = stack.begin_update("Number", american(world, Description="Support"))
        world.wait(update)
        if not stack.finish_update(update):
            stack.roll_back(update)
        world.expect(number_of(world, arn).is_held, "a number that the ledger does not know stays")
        stack.destroy()
        if "Number" in stack.resources:
            stack.let_go("Number", ends=True)


def _restored_and_created(world: World) -> None:
    if made := _restored(world):
        stack, arn = made
        if stack.create("Other", american(world)):
            stack.remove("Other")
        world.expect(number_of(world, arn).is_held, "the number of before stays")
        stack.let_go("Number", ends=True)


# --- An instance that is gone ---


def _gone_too(world: World, arn: str) -> None:
    world.release_by_hand(arn)


def _stays(_world: World, _arn: str) -> None:
    pass


def _instance_deleted(of_number: Callable[[World, str], None]) -> Callable[[World], None]:
    @with_american_number
    def play(world: World, stack: Stack, arn: str) -> None:
        of_number(world, arn)
        world.emulator.remove_instance(world.instance_arn)
        world.expect_unless_hit(stack.destroy_until_gone(), "the deletion succeeds without the instance")
        world.expect_at_the_end(lambda: not number_of(world, arn).is_held, "the number is released")

    return play


def _instance_deleted_parks(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance_arn)
    stack = world.stack()
    if not stack.create("Number", world.number(ContactFlowArn=flow, ReleaseDelay=_A_DAY)):
        return
    arn = stack.resources["Number"].physical_id
    world.emulator.remove_instance(world.instance_arn)
    stack.destroy_until_gone()
    world.sleep(2 * _A_DAY)
    world.expect_at_the_end(lambda: not number_of(world, arn).is_held, "the number is released when its time is up")


@with_american_number
def _instance_deleted_updated(world: World, stack: Stack, arn: str) -> None:
    world.emulator.remove_instance(world.instance_arn)
    other = world.emulator.add_instance("us-east-1")
    if not stack.update("Number", american(world, TargetArn=other)):
        world.expect(world.was_hit, "a number can be moved away from an instance that is gone")
    stack.destroy_until_gone()
    world.expect_at_the_end(lambda: not number_of(world, arn).is_held, "the number is released")
