"""Scenarios about creations: S1 to S3, S5, S20."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from verification.simulator.clients import HttpStatus
from verification.simulator.faults import DEATH, DEATH_AFTER
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.wire import Call, Fault, FaultKind, Surface
from verification.simulator.world import Options, World

from .helpers import at_step, create_and_delete, create_by_hand, create_chosen

STEPS_OF_A_CREATE: Final = 24
"""The most calls that an undisturbed Create makes. ``test_catalog`` checks this."""

_ONE: Final = Needed(1, 1)
_WITHOUT_TIME: Final = Options(signs_time=False)


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S1 create, delete", create_and_delete, _ONE)
    yield Scenario("S1 create, delete; URLs without time", create_and_delete, _ONE, _WITHOUT_TIME)
    yield Scenario("S1 an old number", _create_and_delete_later, _ONE)
    yield Scenario("S1 create with everything, delete", _create_with_everything, _ONE)
    yield Scenario("S1 a chosen number", create_chosen, _ONE)
    yield Scenario("S1 an imported number", _create_imported, _ONE)
    yield Scenario("S2 create twice, one after the other", _create_twice_in_turn, _ONE)
    yield Scenario("S2 create twice, at the same time", _create_twice_at_once(World.number), _ONE)
    yield Scenario("S2 import twice, at the same time", _create_twice_at_once(_imported), _ONE)
    for step in range(STEPS_OF_A_CREATE):
        for fault in (DEATH, DEATH_AFTER):
            yield Scenario(
                f"S3 create dies, {fault.name.removeprefix('death ')} step {step}",
                create_and_delete,
                _ONE,
                scripted=hitting(at_step("Create", step, first_only=True), fault),
            )
        yield Scenario(
            f"S3 create dies at every invocation before step {step}",
            create_and_delete,
            _ONE,
            scripted=hitting(at_step("Create", step, first_only=False), DEATH),
        )
    for fault in (DEATH, DEATH_AFTER):
        yield Scenario(
            f"S3 an import dies, {fault.name.removeprefix('death ')} the call",
            _create_imported,
            _ONE,
            scripted=hitting(lambda call: call.operation == "ImportPhoneNumber", fault),
        )
    yield Scenario("S20 somebody else answers a create", _answered_by_somebody_else, _ONE)
    yield Scenario("S5 no numbers", _failing(CountryCode="AD"), Needed(0, 0))
    yield Scenario("S5 target full", _failing_on_full_target, Needed(1, 0))
    yield Scenario("S5 bad input", _failing(Type="MOBILE"), Needed(0, 0))
    yield Scenario("S5 target missing", _failing(TargetArn=_NO_INSTANCE), Needed(0, 0))
    for name, error, count in (
        ("500 once", lambda: HttpStatus(500), 1),
        ("500 for a whole invocation", lambda: HttpStatus(500), 5),
        ("timeout once", TimeoutError, 1),
        ("timeout for a whole invocation", TimeoutError, 5),
        ("400 once", lambda: HttpStatus(400), 1),
        ("400 for a whole invocation", lambda: HttpStatus(400), 7),
        ("409 once", lambda: HttpStatus(409), 1),
        ("403 once", lambda: HttpStatus(403), 1),
        ("403 for a whole invocation", lambda: HttpStatus(403), 7),
        ("403 for good", lambda: HttpStatus(403, is_final=True), None),
    ):
        fault = Fault(f"response {name}", FaultKind.ERROR, _always(error))
        yield Scenario(
            f"S20 response {name}", _create_and_delete_slowly, _ONE, scripted=hitting(_is_response, fault, count)
        )


def _answered_by_somebody_else(world: World) -> None:
    # A person responds with the URL from a log, as AWS's support pages advise for a stack that hangs.
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(), hold_at=10)
    world.wait_until_held(creation)
    if creation.is_settled:
        stack.finish_create(creation)
        stack.destroy()
        return
    create_by_hand(world, stack, creation)
    world.let_go(creation)
    world.sleep(3 * 3600)
    held = [number for number in world.emulator.numbers() if number.is_held]
    world.expect(not held, "a number that CloudFormation never heard of does not stay")
    stack.destroy_until_gone()


_NO_INSTANCE: Final = "arn:aws:connect:us-east-1:000000000000:instance/00000000-0000-0000-0000-000000000000"


def _create_and_delete_later(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        world.sleep(3600)
        stack.destroy()


def _create_and_delete_slowly(world: World) -> None:
    # The resource has its own timeout, because CloudFormation waits in vain for a response that is lost for good.
    stack = world.stack()
    if stack.create("Number", world.number(ServiceTimeout=600)):
        stack.destroy()


def _create_with_everything(world: World) -> None:
    stack = world.stack()
    flow_arn = world.emulator.add_contact_flow(world.instance_arn)
    tags = [{"Key": "team", "Value": "support"}, {"Key": "stage", "Value": "test"}]
    properties = world.number(Prefix="+1312", Description="Support", Tags=tags, ContactFlowArn=flow_arn)
    if stack.create("Number", properties):
        stack.destroy()


def _create_imported(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", _imported(world)):
        stack.destroy()


def _imported(world: World) -> dict[str, Any]:
    source_arn = world.emulator.add_source_number("us-east-1", "+12065559999", "US", "DID")
    return {"TargetArn": world.instance_arn, "SourcePhoneNumberArn": source_arn, "ServiceTimeout": 3600}


def _create_twice_in_turn(world: World) -> None:
    stack = world.stack()
    request = stack.begin_create("Number", world.number())
    world.wait(request)
    if not stack.finish_create(request):
        return
    world.cloudformation.redeliver(request)
    world.sleep(30)
    stack.destroy()


def _create_twice_at_once(properties: Callable[[World], dict[str, Any]]) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        request = stack.begin_create("Number", properties(world))
        world.cloudformation.redeliver(request)
        world.wait(request)
        if stack.finish_create(request):
            stack.destroy()

    return play


def _failing(**properties: Any) -> Callable[[World], None]:
    def play(world: World) -> None:
        world.stack().create("Number", world.number(**properties))

    return play


def _failing_on_full_target(world: World) -> None:
    full = world.emulator.add_instance("us-east-1", limit=0)
    world.stack().create("Number", world.number(TargetArn=full))


def _is_response(call: Call) -> bool:
    return call.surface is Surface.RESPONSE


def _always(error: Callable[[], Exception]) -> Callable[[str], Exception]:
    return lambda _: error()
