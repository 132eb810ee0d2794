"""Scenarios about deletions: S6 to S9."""

from collections.abc import Callable, Iterator
from typing import Final

from verification.simulator.faults import DEATH, DEATH_AFTER
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.world import World

from .helpers import at_step, create_and_delete, number_of, refuse_releases, silent_cloudformation

STEPS_OF_A_DELETE: Final = 12
"""How many calls an undisturbed Delete makes. ``test_catalog`` checks this."""

_ONE: Final = Needed(1, 1)
_DAY: Final = 86_400.0


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S6 delete twice, one after the other", _delete_twice_in_turn, _ONE)
    yield Scenario("S6 delete twice, at the same time", _delete_twice_at_once, _ONE)
    yield Scenario("S6 two deletes of two destroys", _two_destroys, _ONE)
    for step in range(STEPS_OF_A_DELETE):
        for fault in (DEATH, DEATH_AFTER):
            yield Scenario(
                f"S7 delete dies, {fault.name.removeprefix('death ')} step {step}",
                create_and_delete,
                _ONE,
                scripted=hitting(at_step("Delete", step, first_only=True), fault),
            )
        yield Scenario(
            f"S7 delete dies at every invocation before step {step}",
            create_and_delete,
            _ONE,
            scripted=hitting(at_step("Delete", step, first_only=False), DEATH),
        )
    for code, seconds in (
        ("AccessDeniedException", 3600.0),
        ("ResourceInUseException", 3600.0),
        ("InternalServiceException", 4000.0),
        ("InternalServiceException", _DAY),
        ("ThrottlingException", 2000.0),
        ("InvalidParameterException", 600.0),
    ):
        for name, again in (("destroyed again", True), ("abandoned", False)):
            yield Scenario(
                f"S8 {code} for {seconds:.0f} s, {name}",
                _refused(code, seconds, again=again),
                _ONE,
                is_short=seconds < _DAY,
            )
    yield Scenario("S8 delete denied, then the stack deleted without the number", _denied_then_retained, _ONE)
    yield Scenario("S8 delete timed out, then the stack deleted without the number", _timed_out_then_retained, _ONE)
    yield Scenario(
        "S8 delete given up while it is delivered again, then the stack deleted without the number",
        _given_up_then_retained,
        _ONE,
    )
    yield Scenario(
        "S8 delete denied, then the stack deleted without the number; CloudFormation silent",
        _denied_then_retained,
        _ONE,
        scripted=silent_cloudformation(),
    )
    yield Scenario("S9 number released by hand", _released_by_hand, _ONE)
    yield Scenario("S9 number moved by hand", _moved_by_hand, _ONE)
    yield Scenario("S9 number claimed by somebody else since", _claimed_by_others, _ONE)
    yield Scenario("S9 number tagged for somebody else", _retagged, _ONE)
    yield Scenario("S9 number whose tags were taken off", _untagged, _ONE)
    yield Scenario("S9 delete of a number that never was ours", _foreign_number, Needed(0, 0))
    yield Scenario("S9 delete of a number of another Region", _other_region, Needed(0, 0))


def _delete_twice_in_turn(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        deletion = stack.begin_delete("Number")
        world.wait(deletion)
        stack.finish_delete(deletion)
        for seconds in (1, 400, 3000):
            world.sleep(seconds)
            world.cloudformation.redeliver(deletion)


def _delete_twice_at_once(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        deletion = stack.begin_delete("Number")
        world.cloudformation.redeliver(deletion)
        world.wait(deletion)
        stack.finish_delete(deletion)


def _two_destroys(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(ServiceTimeout=120)):
        return
    first = stack.begin_delete("Number", hold_at=5)
    world.wait(first)
    # The process is held for longer than CloudFormation waits.
    first.undeliverable = True
    if stack.finish_delete(first):
        return
    second = stack.begin_delete("Number")
    world.let_go(first)
    world.wait(second)
    stack.finish_delete(second)


def _refused(code: str, seconds: float, *, again: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Number", world.number()):
            return
        refuse_releases(world, seconds, code)
        if not stack.destroy() and again:
            world.sleep(seconds + 7200)
            stack.destroy()

    return play


def _denied_then_retained(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    refuse_releases(world, 3600)
    if not stack.destroy():
        world.sleep(600)
        stack.let_go("Number", ends=True)


def _timed_out_then_retained(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(ServiceTimeout=300)):
        return
    refuse_releases(world, 900, "ThrottlingException")
    if not stack.destroy():
        stack.let_go("Number", ends=True)


def _given_up_then_retained(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    deletion = stack.begin_delete("Number")
    world.emulator.faults.add(
        "DescribePhoneNumber", "error", code="InternalServiceException", calls=None, for_seconds=5000
    )
    world.sleep(13)
    # The Delete's last invocation is still running when the queue delivers the request and the function responds.
    world.cloudformation.redeliver(deletion)
    world.wait(deletion)
    if not stack.finish_delete(deletion):
        stack.let_go("Number", ends=True)
        world.emulator.faults.clear()


def _released_by_hand(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        world.sleep(600)
        world.release_by_hand(stack.resources["Number"].physical_id)
        world.sleep(600)
        stack.destroy()


def _moved_by_hand(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        other = world.emulator.add_instance("us-east-1")
        world.client.update_phone_number(PhoneNumberId=stack.resources["Number"].physical_id, TargetArn=other)
        stack.destroy()


def _claimed_by_others(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    arn = stack.resources["Number"].physical_id
    number = number_of(world, arn)
    world.release_by_hand(arn)
    world.sleep(181 * _DAY)
    claimed = world.client.claim_phone_number(TargetArn=world.instance_arn, PhoneNumber=number.phone_number)
    world.by_hand.add(claimed["PhoneNumberArn"])
    stack.destroy()


def _retagged(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        arn = stack.resources["Number"].physical_id
        tags = {
            "cdk-connect-phone-number:claim": "another",
            "cdk-connect-phone-number:resource": "Another",
            "cdk-connect-phone-number:provider": "another",
        }
        world.client.tag_resource(resourceArn=arn, tags=tags)
        world.sleep_until_shown()
        # From now on, the number belongs to another owner.
        world.taken_over.add(arn)
        stack.destroy()


def _untagged(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        arn = stack.resources["Number"].physical_id
        keys = [f"cdk-connect-phone-number:{name}" for name in ("provider", "claim", "stack", "resource")]
        world.client.untag_resource(resourceArn=arn, tagKeys=keys)
        stack.destroy()


def _foreign_number(world: World) -> None:
    arn, _ = world.claim_by_hand()
    stack = world.stack()
    stack.hold("Number", arn, world.number())
    stack.destroy()


def _other_region(world: World) -> None:
    stack = world.stack()
    arn = "arn:aws:connect:eu-west-2:000000000000:phone-number/11111111-2222-4333-8444-555555555555"
    stack.hold("Number", arn, world.number())
    stack.destroy()
