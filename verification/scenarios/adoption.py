"""Scenarios about adoptions that are undone, and adoptions that stay: S23."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.faults import DONE_LATER
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.world import Options, World

from .helpers import adoption, number_of, phone_number_of, silent_cloudformation

_NONE: Final = Needed(0, 0)
_RELEASED: Final = Needed(0, 1)
_ASKED_SECONDS: Final = 1500
_DENIED_SECONDS: Final = 3600.0


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    for name, changes in _CHANGES.items():
        yield Scenario(f"S23 adopted {name}, rolled back", _undone("ROLLBACK_IN_PROGRESS", changes), _NONE)
    yield Scenario(
        "S23 adopted with everything, rolled back, its description slow",
        _undone("ROLLBACK_IN_PROGRESS", lambda world: {**_with_everything(world), "ServiceTimeout": 120}),
        _NONE,
        Options(emulator=EmulatorSettings(throttling=False, description_seconds=130.0)),
    )
    yield Scenario("S23 adopted, deleted on failure", _undone("DELETE_IN_PROGRESS", _as_it_is), _NONE)
    yield Scenario("S23 adopted in a nested stack, deleted by its root's rollback", _nested(rolls_back=True), _NONE)
    yield Scenario("S23 adopted in a nested stack, removed later", _nested(rolls_back=False), _RELEASED)
    yield Scenario("S23 adopted, root's deployment goes on for hours, then rolled back", _nested_for_long, _NONE)
    yield Scenario(
        "S23 adopted, deleted at once; CloudFormation silent",
        _undone("ROLLBACK_IN_PROGRESS", _as_it_is, is_silent=True),
        _NONE,
        scripted=silent_cloudformation("Delete"),
    )
    yield Scenario(
        "S23 adopted; CloudFormation silent",
        _undone("ROLLBACK_IN_PROGRESS", _as_it_is),
        _NONE,
        scripted=silent_cloudformation("Create"),
    )
    yield Scenario("S23 adopted, let go, adopted again under the same id, rolled back", _adopted_again, _NONE)
    yield Scenario("S23 number whose claim has failed", _failed_claim, _NONE)
    yield Scenario(
        "S23 adopted beside, its response on the way, the old one changed", _response_on_its_way, Needed(1, 1)
    )
    yield Scenario("S23 adoption rollback denied, then the stack deleted", _adoption_rollback_denied(again=True), _NONE)
    yield Scenario("S23 adoption rollback denied, abandoned", _adoption_rollback_denied(again=False), _NONE)
    yield Scenario("S23 adopted by a replacement, rolled back", _replaced_by_adoption(undo=True), Needed(1, 1))
    yield Scenario("S23 adopted by a replacement, then deleted", _replaced_by_adoption(undo=False), Needed(1, 2))
    yield Scenario(
        "S23 adopted by a replacement, deleted at once",
        _replaced_by_adoption(undo=False, pause=30),
        Needed(1, 2),
    )
    yield Scenario(
        "S23 adopted with everything, rolled back, a tag put on late",
        _undone_with_late_tag,
        _NONE,
        scripted=hitting(
            lambda call: call.task.startswith("Delete") and call.operation == "TagResource", DONE_LATER, 1
        ),
    )
    yield Scenario("S23 adopted, changed with rollback off, rolled back then", _changed_before_undone, _NONE)


def _undone_with_late_tag(world: World) -> None:
    _undone("ROLLBACK_IN_PROGRESS", _CHANGES["with everything"])(world)
    # The sweeper takes the tag off again.
    world.sleep(_ASKED_SECONDS)


def found_by_hand(world: World, *, has_flow: bool = True) -> tuple[str, str]:
    """Claim a number by hand and give it a description, a tag, and a flow. Return its ARN and the number."""
    arn, phone_number = world.claim_by_hand()
    client = world.client
    client.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="Reception")
    world.sleep_until_shown()
    client.tag_resource(resourceArn=arn, tags={"team": "reception"})
    if has_flow:
        flow_arn = world.emulator.add_contact_flow(world.instance_arn)
        client.associate_phone_number_contact_flow(
            PhoneNumberId=arn,
            InstanceId=world.instance_arn.rpartition("/")[2],
            ContactFlowId=flow_arn.rpartition("/")[2],
        )
    world.sleep_until_shown()
    number = number_of(world, arn)
    before = settings_of(world, arn)
    world.expect_at_the_end(
        lambda: not number.is_held or arn in world.established or settings_of(world, arn) == before,
        f"{phone_number} is as it was found: {before}",
    )
    return arn, phone_number


def settings_of(world: World, arn: str) -> tuple[object, ...]:
    """Return what can be changed of a number, and whether the account holds it."""
    number = number_of(world, arn)
    flows = dict(number.contact_flows)
    return number.target_arn, number.description, dict(number.tags), flows, number.is_held


def _as_it_is(_: World) -> dict[str, Any]:
    return {}


def _with_flow(world: World) -> dict[str, Any]:
    return {"ContactFlowArn": world.emulator.add_contact_flow(world.instance_arn)}


def _with_everything(world: World) -> dict[str, Any]:
    return {
        "ContactFlowArn": world.emulator.add_contact_flow(world.instance_arn),
        "Description": "Support",
        "Tags": [{"Key": "team", "Value": "support"}, {"Key": "stage", "Value": "test"}],
    }


def _to_another_instance(world: World) -> dict[str, Any]:
    other = world.emulator.add_instance("us-east-1")
    return {"TargetArn": other, "ContactFlowArn": world.emulator.add_contact_flow(other), "Description": "Support"}


_CHANGES: Final = {
    "as it is": _as_it_is,
    "with a flow": _with_flow,
    "with everything": _with_everything,
    "to another instance": _to_another_instance,
}


def _undone(
    status: str, changes: Callable[[World], dict[str, Any]], *, is_silent: bool = False
) -> Callable[[World], None]:
    def play(world: World) -> None:
        _, phone_number = found_by_hand(world)
        stack = world.stack()
        if stack.create("Number", adoption(world, phone_number, **changes(world)), completes=False):
            # Before or after the sweep that asks CloudFormation.
            world.sleep(60 if is_silent else 400)
            if not stack.undo_create("Number", status):
                stack.destroy_until_gone()

    return play


def _nested(*, rolls_back: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        _, phone_number = found_by_hand(world)
        root = world.stack("root")
        nested = world.stack("nested", root)
        if not nested.create("Number", adoption(world, phone_number)):
            return
        world.sleep(_ASKED_SECONDS)
        if rolls_back:
            # Another resource of the root stack fails. The nested stack was complete, and is deleted as a whole.
            root.status = "ROLLBACK_IN_PROGRESS"
            nested.undo_create("Number", "DELETE_IN_PROGRESS")
            root.status = "ROLLBACK_COMPLETE"
            return
        root.status = "CREATE_COMPLETE"
        world.sleep(_ASKED_SECONDS)
        root.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        nested.destroy_until_gone()
        root.status = "UPDATE_COMPLETE"

    return play


def _nested_for_long(world: World) -> None:
    _, phone_number = found_by_hand(world)
    root = world.stack("root")
    root.status = "UPDATE_IN_PROGRESS"
    nested = world.stack("nested", root)
    if not nested.create("Number", adoption(world, phone_number)):
        return
    world.sleep(5 * 3600)
    root.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    nested.undo_create("Number", "DELETE_IN_PROGRESS")
    root.status = "UPDATE_ROLLBACK_COMPLETE"


def _adoption_rollback_denied(*, again: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        _, phone_number = found_by_hand(world)
        stack = world.stack()
        if not stack.create("Number", adoption(world, phone_number), completes=False):
            return
        world.emulator.faults.add(
            "UntagResource", "error", code="AccessDeniedException", calls=None, for_seconds=_DENIED_SECONDS
        )
        stack.undo_create("Number")
        if again:
            world.sleep(_DENIED_SECONDS / 2)
            stack.destroy_until_gone()
            world.sleep(_DENIED_SECONDS)
            stack.destroy_until_gone()

    return play


def _replaced_by_adoption(*, undo: bool, pause: float = _ASKED_SECONDS) -> Callable[[World], None]:
    def play(world: World) -> None:
        _, phone_number = found_by_hand(world)
        stack = world.stack()
        if not stack.create("Number", world.number(AllowReplacement=True)):
            return
        update = stack.begin_update("Number", adoption(world, phone_number, AllowReplacement=True))
        world.wait(update)
        if stack.finish_update(update) and not undo:
            stack.clean_up("Number")
            world.sleep(pause)
        else:
            stack.roll_back(update)
        stack.destroy_until_gone()

    return play


def _changed_before_undone(world: World) -> None:
    _, phone_number = found_by_hand(world)
    stack = world.stack()
    if not stack.create("Number", adoption(world, phone_number), completes=False):
        return
    # Another resource failed with rollback disabled. The deployment is run again with changes and fails again. Then
    # the stack is rolled back to its last stable state, which undoes the adoption.
    stack.status = "CREATE_FAILED"
    world.sleep(_ASKED_SECONDS)
    update = stack.begin_update("Number", adoption(world, phone_number, **_to_another_instance(world)))
    world.wait(update)
    stack.finish_update(update)
    stack.status = "UPDATE_FAILED"
    world.sleep(_ASKED_SECONDS)
    stack.undo_create("Number")


def _adopted_again(world: World) -> None:
    _, phone_number = found_by_hand(world)
    stack = world.stack()
    if not stack.create("Number", adoption(world, phone_number)):
        return
    stack.let_go("Number")
    world.forget_retained()
    if stack.create("Number", adoption(world, phone_number), completes=False):
        stack.undo_create("Number", "UPDATE_ROLLBACK_IN_PROGRESS")


def _failed_claim(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_failure", message="The instance has reached its limit.")
    _, phone_number = world.claim_by_hand()
    stack = world.stack()
    created = stack.create("Number", adoption(world, phone_number))
    world.expect(not created, "a number whose claim has failed is not adopted")


def _response_on_its_way(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    arn = stack.resources["Number"].physical_id
    phone_number = phone_number_of(world, arn)
    # When the old resource is updated, the adoption is recorded but CloudFormation has not yet received its response.
    creation = stack.begin_create("Second", adoption(world, phone_number), hold_at=17)
    world.wait_until_held(creation)
    update = stack.begin_update("Number", world.number(Description="Changed"))
    world.wait(update)
    world.let_go(creation)
    world.wait(creation)
    if not stack.finish_update(update):
        stack.stop_without_roll_back(update)
    if stack.finish_create(creation):
        world.sleep(_ASKED_SECONDS)
        stack.remove("Number")
        world.expect_at_the_end(
            lambda: any(number.is_held for number in world.emulator.numbers()) or "Second" not in stack.resources,
            "the number stays with the resource that has it",
        )
        world.sleep(_ASKED_SECONDS)
    stack.destroy_until_gone()
