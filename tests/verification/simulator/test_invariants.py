"""Each invariant can be broken: a world in which something is wrong is judged to be wrong."""

from collections.abc import Callable
from typing import Final

import pytest

from lambda_handlers.connect_phone_number import contract
from verification.simulator import wire
from verification.simulator.invariants import Needed, check, watch
from verification.simulator.requests import ReceivedResponse, SentRequest
from verification.simulator.stack import Stack
from verification.simulator.wire import Call, Surface
from verification.simulator.world import World

_TOKEN: Final = "6d0f7f6e-5b43-4f0c-8a55-3d3f7f1c2a90"
_ENOUGH: Final = Needed(9, 9)


def _with_number() -> tuple[World, Stack, str]:
    world = World()
    watch(world)
    stack = world.stack()
    assert stack.create("Number", world.number())
    return world, stack, stack.resources["Number"].physical_id


def _claim(world: World, **tags: str) -> str:
    """Claim a number as if the handler had done so."""
    arn, _ = world.claim_by_hand()
    world.by_hand.discard(arn)
    world.client.tag_resource(resourceArn=arn, tags=tags)
    return arn


def _release(world: World, arn: str) -> None:
    """Release a number as if the handler had done so, by itself."""
    world.client.release_phone_number(PhoneNumberId=arn)
    world.on_effect("ReleasePhoneNumber", {"PhoneNumberId": arn})


def _respond(world: World, request: SentRequest, status: str, physical_id: str) -> None:
    request.responses.append(
        ReceivedResponse(world.timeline.now, status, physical_id, "", {}, counts=not request.responses, by="")
    )
    world.on_response(request)


def _leak(world: World, _: Stack, __: str) -> None:
    _claim(world, other="1")


def _two_numbers(world: World, stack: Stack, _: str) -> None:
    _claim(world, **{contract.STACK_TAG: stack.id, contract.RESOURCE_TAG: "Number"})


def _two_numbers_for_a_claim(world: World, _: Stack, arn: str) -> None:
    number = next(number for number in world.emulator.numbers() if number.arn == arn)
    _claim(world, **{contract.CLAIM_TAG: number.tags[contract.CLAIM_TAG]})


def _released_without_delete(world: World, _: Stack, arn: str) -> None:
    _release(world, arn)


def _lost(world: World, _: Stack, arn: str) -> None:
    world.client.release_phone_number(PhoneNumberId=arn)


def _retained_but_released(world: World, stack: Stack, arn: str) -> None:
    stack.let_go("Number")
    _release(world, arn)


def _foreign_number_changed(world: World, _: Stack, __: str) -> None:
    arn, _number = world.claim_by_hand()
    world.on_effect("UpdatePhoneNumberMetadata", {"PhoneNumberId": arn})


def _number_of_others_changed(world: World, _: Stack, arn: str) -> None:
    world.taken_over.add(arn)
    world.on_effect("UpdatePhoneNumberMetadata", {"PhoneNumberId": arn})


def _another_token(world: World, stack: Stack, arn: str) -> None:
    stack.destroy()
    parameters = {"PhoneNumberId": arn, "ClientToken": _TOKEN}
    world.wire.calls.append(Call(99, 0.0, "sweep/1", 0, Surface.CONNECT, "ReleasePhoneNumber", parameters))


def _no_response(world: World, _: Stack, __: str) -> None:
    next(iter(world.cloudformation.requests.values())).responses.clear()


def _two_responses(world: World, _: Stack, __: str) -> None:
    _respond(world, next(iter(world.cloudformation.requests.values())), "FAILED", "other")


def _delete_forgotten(world: World, stack: Stack, _: str) -> None:
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None, for_seconds=600)
    stack.remove("Number")
    world.lambda_service.is_gone = world.is_provider_gone = True


def _dishonest_create(world: World, stack: Stack, _: str) -> None:
    request = stack.begin_create("Other", world.number(), hold_at=0)
    _respond(world, request, "SUCCESS", "arn:aws:connect:us-east-1:000000000000:phone-number/nothing")


def _dishonest_delete(world: World, stack: Stack, arn: str) -> None:
    _respond(world, stack.begin_delete("Number", hold_at=0), "SUCCESS", arn)


@pytest.mark.parametrize(
    ("wrong", "violation"),
    [
        (_leak, "L1"),
        (_two_numbers, "L2"),
        (_two_numbers_for_a_claim, "L2"),
        (_released_without_delete, "L3"),
        (_lost, "L3"),
        (_retained_but_released, "L3"),
        (_foreign_number_changed, "L3"),
        (_number_of_others_changed, "L3"),
        (_another_token, "L4"),
        (_no_response, "L5"),
        (_two_responses, "L5"),
        (_delete_forgotten, "L7"),
        (_dishonest_create, "L8"),
        (_dishonest_delete, "L8"),
    ],
)
def test_what_is_wrong_is_found(wrong: Callable[[World, Stack, str], None], violation: str) -> None:
    world, stack, arn = _with_number()
    wrong(world, stack, arn)
    world.run_until_quiet()
    assert any(found.startswith(violation) for found in check(world, _ENOUGH))


def test_more_than_is_needed_is_found() -> None:
    world, stack, _ = _with_number()
    stack.destroy()
    world.run_until_quiet()
    assert check(world, Needed(1, 1)) == []
    assert [found[:2] for found in check(world, Needed(0, 0))] == ["L6", "L6"]


def test_an_invocation_that_never_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_MOST_CALLS", 5)
    world = World()
    assert not world.stack().create("Number", world.number())
    assert "has made 5 calls" in world.violations[0]
