"""Scenarios about numbers of traffic distribution groups: S27."""

from collections.abc import Iterator
from typing import Any, Final

from verification.simulator.faults import DEATH_AFTER
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.wire import Call
from verification.simulator.world import REGION, World

_ONE: Final = Needed(1, 1)
_OTHER_REGION: Final = "us-west-2"
_BEING_CREATED_SECONDS: Final = 240.0
_ASKED_SECONDS: Final = 1500


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S27 create in a group, delete", _create_and_delete, _ONE)
    yield Scenario("S27 create in a group with a flow, delete", _create_with_flow, _ONE)
    yield Scenario(
        "S27 create in a group dies at every claim",
        _create_and_delete,
        _ONE,
        scripted=hitting(_is_claim, DEATH_AFTER, 3),
    )
    yield Scenario("S27 create in a group canceled, the claim unheard", _canceled_unheard, _ONE)
    yield Scenario("S27 create in a group that is not active yet", _not_active_yet, _ONE)
    yield Scenario("S27 moved into a group that is not active yet", _moved_into_new_group, _ONE)
    yield Scenario("S27 a group that is not there", _no_group, Needed(0, 0))
    yield Scenario("S27 adopted in a group, deleted", _adopted, Needed(0, 1))


def _group(world: World, **settings: Any) -> str:
    return world.emulator.add_traffic_distribution_group(REGION, _OTHER_REGION, **settings)


def _create_and_delete(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number(TargetArn=_group(world))):
        stack.destroy()


def _create_with_flow(world: World) -> None:
    stack = world.stack()
    flow_arn = world.emulator.add_contact_flow(world.instance_arn)
    if stack.create("Number", world.number(TargetArn=_group(world), ContactFlowArn=flow_arn)):
        stack.destroy()


def _canceled_unheard(world: World) -> None:
    # The call succeeds, but its response is lost, and the invocation ends there.
    world.emulator.faults.add("ClaimPhoneNumber", "no_response")
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(TargetArn=_group(world)))
    world.run_until(
        lambda: creation.is_settled or any(_is_claim(call) and call.outcome != "…" for call in world.wire.calls)
    )
    if creation.is_settled:
        stack.finish_create(creation)
        return
    for invocation in creation.lambda_event.invocations:
        world.timeline.kill(invocation)
    stack.cancel_create(creation)


def _not_active_yet(world: World) -> None:
    stack = world.stack()
    target = _group(world, creation_seconds=_BEING_CREATED_SECONDS)
    created = stack.create("Number", world.number(TargetArn=target))
    world.expect_unless_hit(created, "a group that is being created is waited for")
    if created:
        stack.destroy()


def _moved_into_new_group(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        target = _group(world, creation_seconds=_BEING_CREATED_SECONDS)
        moved = stack.update("Number", world.number(TargetArn=target))
        world.expect_unless_hit(moved, "the number moves into a new group")
        stack.destroy()


def _no_group(world: World) -> None:
    target = f"{_group(world)[:-12]}000000000000"
    began = world.timeline.now
    stack = world.stack()
    world.expect(not stack.create("Number", world.number(TargetArn=target)), "there is no such group")
    world.expect_unless_hit(world.timeline.now - began < 120, "that is said at once")


def _adopted(world: World) -> None:
    target = _group(world)
    found = world.client.search_available_phone_numbers(
        TargetArn=target, PhoneNumberCountryCode="US", PhoneNumberType="DID"
    )
    phone_number = found["AvailableNumbersList"][0]["PhoneNumber"]
    claimed = world.client.claim_phone_number(TargetArn=target, PhoneNumber=phone_number)
    world.by_hand.add(claimed["PhoneNumberArn"])
    world.sleep_until_provided()
    stack = world.stack()
    adoption = {"TargetArn": target, "PhoneNumber": phone_number, "Adopt": True, "ServiceTimeout": 3600}
    if stack.create("Number", adoption):
        world.sleep(_ASKED_SECONDS)
        stack.destroy()


def _is_claim(call: Call) -> bool:
    return call.operation == "ClaimPhoneNumber"
