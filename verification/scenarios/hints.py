"""Scenarios about hints that are lost, wrong or stale: S33. They may make the function slow, and nothing else."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

from lambda_handlers.connect_phone_number.ledger.store import StoreUnavailable
from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario, hitting
from verification.simulator.wire import Call, Fault, FaultKind, Injector, Surface
from verification.simulator.world import Options, World

from .helpers import create_and_delete, phone_number_of

_ONE: Final = Needed(1, 1)
_CREATIONS: Final = 8
_MINUTE_MS: Final = 60_000
_DENIED: Final = Fault("AccessDeniedException", FaultKind.ERROR, lambda _: StoreUnavailable("AccessDeniedException"))
_THROTTLED: Final = Options(emulator=EmulatorSettings(throttling=True))


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    for first in range(4):
        yield Scenario(f"S33 no hints from update {first} on", create_and_delete, _ONE, scripted=_denied_from(first))
    yield Scenario("S33 no hints, a short timeout", _in_a_minute, _ONE, scripted=_denied_from(0), is_short=False)
    yield Scenario(
        "S33 a long providing time, a short timeout",
        _with_hints(_long_providing, _in_a_minute),
        _ONE,
        is_short=False,
    )
    yield Scenario("S33 a turn that comes too late, canceled before it", _canceled_in_line, _ONE, is_short=False)
    yield Scenario("S33 turns an hour ahead", _with_hints(_turns_ahead), _ONE)
    yield Scenario("S33 turns of a clock that is a minute fast", _with_hints(_turns_fast), _ONE)
    yield Scenario("S33 an interval of nothing", _with_hints(_no_interval), _ONE, _THROTTLED)
    yield Scenario("S33 an item that is no schedule", _with_hints(_no_schedule), _ONE)
    yield Scenario("S33 a wrong providing time", _with_hints(_long_providing), _ONE)
    yield Scenario(
        "S33 shared candidates that are taken", _taken_candidates, Needed(_CREATIONS, _CREATIONS), is_short=False
    )
    yield Scenario("S33 shared candidates that nobody fetches", _abandoned_pages, Needed(2, 2))
    yield Scenario(
        "S33 eight creations at once, throttled", _at_once, Needed(_CREATIONS, _CREATIONS), _THROTTLED, is_short=False
    )


def _denied_from(first: int) -> Callable[[], Injector]:
    def make() -> Injector:
        passed = count()

        def hits(call: Call) -> bool:
            return call.surface is Surface.LEDGER and call.operation == "update" and next(passed) >= first

        return hitting(hits, _DENIED)()

    return make


def _with_hints(
    spoil: Callable[[World], None], play: Callable[[World], None] = create_and_delete
) -> Callable[[World], None]:
    def played(world: World) -> None:
        spoil(world)
        play(world)

    return played


def _in_a_minute(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(ServiceTimeout=60))
    world.wait(creation)
    reason = creation.response.reason if creation.response is not None else ""
    world.expect(creation.succeeded, f"a minute is enough: {reason}")
    if stack.finish_create(creation):
        stack.destroy()


def _canceled_in_line(world: World) -> None:
    now = int(world.timeline.now * 1000)
    _schedule(world, tickets=400, busy_until=now + 200_000)
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(ServiceTimeout=120))
    world.sleep(60)
    deletion = stack.begin_cancel_create(creation)
    world.wait(deletion)
    stack.finish_cancel_create(deletion)
    world.run_until(lambda: creation.lambda_event.is_over)
    claims = sum(call.operation == "ClaimPhoneNumber" for call in world.wire.calls)
    world.expect(claims == 0, f"nothing is claimed after the cancellation, but {claims} claims were made")


def _schedule(world: World, **attributes: object) -> None:
    now = int(world.timeline.now * 1000)
    for operation in ("ClaimPhoneNumber", "ReleasePhoneNumber"):
        usual = {"tickets": 40, "base_ticket": 0, "base_at": now, "credit": 0, "interval_ms": 500, "busy_until": now}
        world.store.replace({"pk": f"PACE#{operation}", "sk": "PACE", "version": 0, **usual, **attributes})


def _turns_ahead(world: World) -> None:
    ahead = int(world.timeline.now * 1000) + 60 * _MINUTE_MS
    _schedule(world, base_at=ahead, busy_until=ahead)


def _turns_fast(world: World) -> None:
    ahead = int(world.timeline.now * 1000) + _MINUTE_MS
    _schedule(world, base_at=ahead, busy_until=ahead)


def _no_interval(world: World) -> None:
    _schedule(world, interval_ms=0, busy_until=int(world.timeline.now * 1000) + _MINUTE_MS)


def _no_schedule(world: World) -> None:
    _schedule(world, interval_ms="soon", busy_until=int(world.timeline.now * 1000) + _MINUTE_MS)


def _long_providing(world: World) -> None:
    _schedule(world, providing_ms=40 * _MINUTE_MS)


def _pages(world: World) -> list[dict[str, object]]:
    return [item for item in world.store.dump() if str(item["sk"]).startswith("PAGE#")]


def _taken_candidates(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number0", world.number()):
        return
    own = phone_number_of(world, stack.resources["Number0"].physical_id)
    _, taken = world.claim_by_hand()
    for page in _pages(world):
        world.store.replace({**page, "candidates": [taken, own, *[taken] * 8]})
    for index in range(1, _CREATIONS):
        stack.create(f"Number{index}", world.number())
    refused = Counter(
        call.task
        for call in world.wire.calls
        if call.operation == "ClaimPhoneNumber" and call.parameters["PhoneNumber"] == taken
    )
    world.expect(max(refused.values(), default=0) == 1, "no creation asks twice for a number that was refused")
    stack.destroy()


def _abandoned_pages(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    stack.remove("Number")
    for page in _pages(world):
        world.store.remove((str(page["pk"]), str(page["sk"])))
    if stack.create("Number", world.number()):
        stack.destroy()


def _at_once(world: World) -> None:
    stack = world.stack()
    requests = [stack.begin_create(f"Number{index}", world.number(), hold_at=0) for index in range(_CREATIONS)]
    for request in requests:
        world.let_go(request)
    world.wait(*requests)
    created = [stack.finish_create(request) for request in requests]
    if all(created):
        stack.destroy()
