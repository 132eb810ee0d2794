"""Scenarios about updates: S10 to S13."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario
from verification.simulator.stack import Stack
from verification.simulator.world import Options, World

from .helpers import american, british, refuse_releases

STEPS_OF_A_REPLACEMENT: Final = 25
"""How many calls an undisturbed replacement makes. ``test_catalog`` checks this."""

_ONE: Final = Needed(1, 1)
_TWO: Final = Needed(2, 2)
_SLOW: Final = Options(emulator=EmulatorSettings(throttling=False, description_seconds=30.0))


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S10 description", _changed(Description="New"), _ONE)
    yield Scenario("S10 description removed", _changed_back(Description="New"), _ONE)
    yield Scenario("S10 tags", _changed(Tags=[{"Key": "team", "Value": "sales"}]), _ONE)
    yield Scenario("S10 tags removed", _changed_back(Tags=[{"Key": "team", "Value": "sales"}]), _ONE)
    yield Scenario("S10 flow", _flow, _ONE)
    yield Scenario("S10 target", _target, _ONE)
    yield Scenario("S10 target, flow, tags and description at once", _everything, _ONE)
    yield Scenario("S10 description and tags, and changed back at once", _there_and_back_at_once, _ONE)
    yield Scenario("S10 prefix that the number has already", _changed(Prefix="+1206"), _ONE)
    yield Scenario("S10 description that takes a while, and a flow", _described_slowly, _ONE, _SLOW)
    yield Scenario("S10 update delivered again after the next one", _old_update_again, _ONE)
    yield Scenario("S10 replacement refused", _refused, _ONE)
    yield Scenario("S10 update fails, is rolled back", _failing_update, _ONE)
    yield Scenario("S11 replacement", _replacement, _TWO)
    yield Scenario("S11 replacement and back", _there_and_back, Needed(3, 3))
    yield Scenario("S11 replacement, the old one retained", _replacement_retained, Needed(2, 1))
    yield Scenario("S12 rolled back after it has succeeded", _rolled_back_after_success, _TWO)
    yield Scenario("S12 rolled back after it has failed", _rolled_back_after_failure, _ONE)
    yield Scenario("S12 rolled back, then replaced after all", _rolled_back_then_again, Needed(3, 3))
    for step in range(STEPS_OF_A_REPLACEMENT):
        for name, how in _CANCELLATIONS.items():
            yield Scenario(f"S12 canceled at step {step}, {name}", _canceled(step, how), _TWO)
    yield Scenario("S13 cleanup denied for an hour, abandoned", _abandoned("AccessDeniedException", 3600), _TWO)
    yield Scenario(
        "S13 cleanup fails for a day, abandoned", _abandoned("InternalServiceException", 86_400), _TWO, is_short=False
    )
    yield Scenario("S13 cleanup fails for an hour, abandoned", _abandoned("InternalServiceException", 4000), _TWO)
    yield Scenario("S13 removed from the template, Delete abandoned", _removed, _ONE)


def _described_slowly(world: World) -> None:
    stack = _created(world)
    if stack is not None:
        flow_arn = world.emulator.add_contact_flow(world.instance_arn)
        stack.update("Number", world.number(Description="New", ContactFlowArn=flow_arn))
        stack.destroy()


def _created(world: World, **properties: Any) -> Stack | None:
    stack = world.stack()
    return stack if stack.create("Number", world.number(**properties)) else None


def _changed(**changes: Any) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is not None:
            stack.update("Number", world.number(**changes))
            stack.destroy()

    return play


def _changed_back(**properties: Any) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world, **properties)
        if stack is not None:
            stack.update("Number", world.number())
            stack.destroy()

    return play


def _flow(world: World) -> None:
    first = world.emulator.add_contact_flow(world.instance_arn)
    second = world.emulator.add_contact_flow(world.instance_arn)
    stack = _created(world, ContactFlowArn=first)
    if stack is not None:
        stack.update("Number", world.number(ContactFlowArn=second))
        stack.update("Number", world.number())
        stack.destroy()


def _target(world: World) -> None:
    other = world.emulator.add_instance("us-east-1")
    stack = _created(world)
    if stack is not None:
        stack.update("Number", world.number(TargetArn=other))
        stack.destroy()


def _everything(world: World) -> None:
    other = world.emulator.add_instance("us-east-1")
    first = world.emulator.add_contact_flow(world.instance_arn)
    second = world.emulator.add_contact_flow(other)
    tags = [{"Key": "team", "Value": "support"}, {"Key": "stage", "Value": "test"}]
    stack = _created(world, ContactFlowArn=first, Tags=tags, Description="Old")
    if stack is not None:
        changed = world.number(
            TargetArn=other, ContactFlowArn=second, Tags=[{"Key": "team", "Value": "sales"}], Description="New"
        )
        stack.update("Number", changed)
        stack.destroy()


def _there_and_back_at_once(world: World) -> None:
    old = world.number(Description="Old", Tags=[{"Key": "team", "Value": "support"}, {"Key": "stage", "Value": "test"}])
    stack = world.stack()
    if stack.create("Number", old):
        stack.update("Number", world.number(Description="New", Tags=[{"Key": "team", "Value": "sales"}]))
        stack.update("Number", old)
        stack.destroy()


def _old_update_again(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    first = stack.begin_update("Number", world.number(Description="First"))
    world.wait(first)
    if not stack.finish_update(first):
        stack.roll_back(first)
    second = stack.begin_update("Number", world.number(Description="Second"))
    world.cloudformation.redeliver(first)
    world.wait(second)
    if not stack.finish_update(second):
        stack.roll_back(second)
    world.cloudformation.redeliver(first)
    world.sleep(60)
    stack.destroy()


def _refused(world: World) -> None:
    stack = _created(world)
    if stack is not None:
        stack.update("Number", world.number(CountryCode="GB"))
        stack.destroy()


def _failing_update(world: World) -> None:
    full = world.emulator.add_instance("us-east-1", limit=0)
    stack = _created(world)
    if stack is not None:
        stack.update("Number", world.number(TargetArn=full))
        stack.destroy()


def _replacement(world: World) -> None:
    stack = _created(world)
    if stack is not None:
        stack.update("Number", british(world))
        stack.destroy()


def _there_and_back(world: World) -> None:
    stack = _created(world)
    if stack is not None:
        stack.update("Number", british(world))
        stack.update("Number", american(world))
        stack.destroy()


def _replacement_retained(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    request = stack.begin_update("Number", british(world))
    world.wait(request)
    if not stack.finish_update(request):
        stack.roll_back(request)
        stack.let_go("Number")
        return
    stack.clean_up("Number", retains=True)
    if stack.update("Number", british(world)):
        stack.destroy()
    else:
        stack.let_go("Number")


def _rolled_back_after_success(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    request = stack.begin_update("Number", british(world))
    world.wait(request)
    stack.finish_update(request)
    stack.roll_back(request)
    stack.destroy()


def _rolled_back_after_failure(world: World) -> None:
    stack = _created(world)
    if stack is not None:
        stack.update("Number", world.number(CountryCode="AD", AllowReplacement=True))
        stack.destroy()


def _rolled_back_then_again(world: World) -> None:
    stack = _created(world)
    if stack is None:
        return
    request = stack.begin_update("Number", british(world))
    world.wait(request)
    stack.finish_update(request)
    stack.roll_back(request)
    stack.update("Number", british(world))
    stack.destroy()


# The seconds between the rollback's Update and the moment when the canceled Update continues.
_CANCELLATIONS: Final = {"rollback first": 60.0, "both at once": 1.0, "update goes on much later": 400.0}


def _canceled(step: int, seconds: float) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        request = stack.begin_update("Number", british(world), hold_at=step)
        world.wait_until_held(request)
        if request.is_settled:
            stack.finish_update(request)
        back = stack.begin_roll_back(request)
        world.sleep(seconds)
        world.let_go(request)
        world.wait(back)
        if not stack.finish_roll_back(back):
            stack.roll_back(request)
        stack.destroy()

    return play


def _abandoned(code: str, seconds: float) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = _created(world)
        if stack is None:
            return
        refuse_releases(world, seconds, code)
        stack.update("Number", british(world))
        world.sleep(seconds + 10_000)
        stack.destroy()

    return play


def _removed(world: World) -> None:
    stack = _created(world)
    if stack is not None:
        refuse_releases(world, 3600)
        stack.remove("Number")
