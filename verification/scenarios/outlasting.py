"""Scenarios in which a change outlasts the request that has asked for it: S12, S23."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from local_aws.connect_emulator import Settings as EmulatorSettings
from local_aws.connect_emulator.state import ClaimedNumber
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.wire import Call, Fault, FaultKind
from verification.simulator.world import REGION, Options, World

from .helpers import adoption, american, number_of

_NONE: Final = Needed(0, 0)
_ONE: Final = Needed(1, 1)
_TIMES: Final = 6
"""How often a call is throttled: until the request after it has had its response."""
_SLOW_MOVES: Final = Options(emulator=EmulatorSettings(throttling=False, claim_seconds=150.0))
_THROTTLED: Final = Fault(
    "throttled",
    FaultKind.ERROR,
    lambda operation: ClientError({"Error": {"Code": "ThrottlingException", "Message": "Slow down."}}, operation),
)
_Properties = Callable[[World], Mapping[str, Any]]


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    changes: tuple[tuple[str, str, _Properties, _Properties], ...] = (
        ("a flow", "AssociatePhoneNumberContactFlow", _nothing, _flow),
        ("the removal of a flow", "DisassociatePhoneNumberContactFlow", _flow, _nothing),
        ("a tag", "TagResource", _tag("old"), _tag("new")),
        ("the removal of a tag", "UntagResource", _tag("old"), _nothing),
        ("a description", "UpdatePhoneNumberMetadata", _description("old"), _description("new")),
        ("a move", "UpdatePhoneNumber", _nothing, _elsewhere),
    )
    for name, operation, old, new in changes:
        yield Scenario(
            f"S12 rolled back while {name} is throttled",
            _rolled_back(old, new),
            _ONE,
            scripted=hitting(_of_first_update(operation), _THROTTLED, _TIMES),
        )
    yield Scenario("S23 adopted by a move of minutes, rolled back", _adopted_slowly, _NONE, _SLOW_MOVES)


def _of_first_update(operation: str) -> Callable[[Call], bool]:
    """Return a condition: whether a call of an operation is made for the second request of a run."""
    return lambda call: call.operation == operation and call.task.startswith("Update app.Number 1/")


def _nothing(_world: World) -> Mapping[str, Any]:
    return {}


def _flow(world: World) -> Mapping[str, Any]:
    return {"ContactFlowArn": world.emulator.add_contact_flow(world.instance_arn)}


def _tag(value: str) -> _Properties:
    return lambda _: {"Tags": [{"Key": "team", "Value": value}]}


def _description(text: str) -> _Properties:
    return lambda _: {"Description": text}


def _elsewhere(world: World) -> Mapping[str, Any]:
    return {"TargetArn": world.emulator.add_instance(REGION)}


def _rolled_back(old: _Properties, new: _Properties) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("Number", american(world, **old(world))):
            return
        arn = stack.resources["Number"].physical_id
        before = _settings(number_of(world, arn))
        update = stack.begin_update("Number", american(world, **new(world)))
        world.sleep(3)
        if stack.roll_back(update):
            world.sleep(3600)
            world.expect(_settings(number_of(world, arn)) == before, "the number is as it was before the update")
        stack.destroy_until_gone()

    return play


def _settings(number: ClaimedNumber) -> tuple[object, ...]:
    return number.target_arn, number.description or "", dict(number.tags), dict(number.contact_flows)


def _adopted_slowly(world: World) -> None:
    arn, phone_number = world.claim_by_hand()
    elsewhere = world.emulator.add_instance(REGION)
    stack = world.stack()
    creation = stack.begin_create("Number", adoption(world, phone_number, TargetArn=elsewhere, ServiceTimeout=300))
    world.sleep(45)
    stack.cancel_create(creation)
    world.expect_at_the_end(
        lambda: number_of(world, arn).target_arn == world.instance_arn, "the number is where it was before"
    )
