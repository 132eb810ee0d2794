"""Each alarm of the provider rings in time when something is wrong, and none does in a healthy week."""

from collections.abc import Callable
from typing import Final

import pytest

from lambda_handlers.connect_phone_number.budget import Policy
from lambda_handlers.connect_phone_number.ledger.store import Write
from verification.scenarios.helpers import at_step
from verification.simulator.faults import DEATH
from verification.simulator.runner import hitting
from verification.simulator.timeline import START
from verification.simulator.wire import Injector
from verification.simulator.world import Options, World

from .alarm_states import Alarm, alarms_of, metrics_of
from .conftest import Synthesized

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR


@pytest.fixture(scope="module")
def alarms(synthesized: Synthesized) -> dict[str, Alarm]:
    return alarms_of(synthesized.resources("Everything", "AWS::CloudWatch::Alarm"))


def _world(scripted: Callable[[], Injector] | None = None, quota: int = 100) -> World:
    options = Options(sweeps_always=True, budget=Policy(quota=quota))
    return World(options, scripted() if scripted is not None else None)


def _release_denied() -> World:
    world = _world()
    stack = world.stack()
    assert stack.create("Number", world.number())
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None, for_seconds=_DAY)
    stack.remove("Number")
    world.sleep(8 * _HOUR)
    return world


def _never_acknowledged() -> World:
    world = _world()
    stack = world.stack()
    assert stack.create("Number", world.number(AllowReplacement=True))
    update = stack.begin_update("Number", world.number(CountryCode="GB", AllowReplacement=True), hold_at=8)
    world.wait_until_held(update)
    # Rollback is disabled, and nobody goes on with the deployment.
    stack.stop_without_roll_back(update)
    world.let_go(update)
    world.sleep(3 * _DAY)
    return world


def _sweeper_behind() -> World:
    world = _world()
    stack = world.stack()
    assert stack.create("Number", world.number())
    world.emulator.faults.add(
        "ReleasePhoneNumber", "error", code="InternalServiceException", calls=None, for_seconds=_DAY
    )
    stack.remove("Number")
    world.sleep(8 * _HOUR)
    return world


def _schedule_stopped() -> World:
    world = _world()
    world.sleep(_HOUR)
    world.is_schedule_stopped = True
    world.sleep(2 * _HOUR)
    return world


def _unreadable() -> World:
    world = _world()
    item = {"pk": "RESOURCE#a#b", "sk": "CLAIM#c", "version": 1, "due": "DUE", "due_at": 0, "state": "A_LATER_STATE"}
    world.store.write([Write(("RESOURCE#a#b", "CLAIM#c"), item, 0)])
    world.sleep(_HOUR)
    return world


def _dies_at_every_invocation() -> World:
    world = _world(hitting(at_step("Create", 3, first_only=False), DEATH))
    world.stack().create("Number", world.number())
    world.sleep(_HOUR)
    return world


def _nearly_used() -> World:
    world = _world(quota=2)
    for name in ("first", "second"):
        stack = world.stack(name)
        assert stack.create("Number", world.number())
        assert stack.destroy()
    world.sleep(3 * _DAY)
    return world


_TROUBLES: Final[dict[str, tuple[Callable[[], World], float]]] = {
    "ReleaseKeepsFailing": (_release_denied, 1.5 * _HOUR),
    "ClaimStuck": (_never_acknowledged, 31 * _HOUR),
    "SweeperBehind": (_sweeper_behind, 2 * _HOUR),
    "SweeperStopped": (_schedule_stopped, 1.5 * _HOUR),
    "BudgetNearlyUsed": (_nearly_used, 2 * _DAY),
    "SweepError": (_unreadable, 0.5 * _HOUR),
    "OnFailurePathUsed": (_dies_at_every_invocation, 0.5 * _HOUR),
}
"""What each alarm is for, and within which time from the start it rings then."""


@pytest.mark.parametrize("name", _TROUBLES)
def test_an_alarm_rings_in_time(alarms: dict[str, Alarm], name: str) -> None:
    play, within = _TROUBLES[name]
    world = play()
    rings_at = alarms[name].first_rings_at(metrics_of(world), world.timeline.now)
    assert rings_at is not None, f"{name} does not ring"
    assert rings_at <= within


def test_every_alarm_is_tried(alarms: dict[str, Alarm]) -> None:
    assert set(_TROUBLES) == set(alarms)


def test_a_postponed_release_goes_on_counting() -> None:
    world = _release_denied()
    ages = [point.value for point in metrics_of(world)["OldestDueSeconds"]]
    assert ages[-1] > 7 * _HOUR, "a postponement does not make work younger"


def test_in_a_healthy_week_no_alarm_rings(alarms: dict[str, Alarm]) -> None:
    world = _world()
    for day in range(7):
        world.sleep(START + day * _DAY + 8 * _HOUR - world.timeline.now)
        stack = world.stack(f"day{day}")
        assert stack.create("Number", world.number(AllowReplacement=True))
        world.sleep(_HOUR)
        assert stack.update("Number", world.number(Description="Changed", AllowReplacement=True))
        world.sleep(_HOUR)
        assert stack.update("Number", world.number(CountryCode="GB", AllowReplacement=True))
        creation = world.stack(f"canceled{day}").begin_create("Number", world.number(), hold_at=9)
        world.wait_until_held(creation)
        deletion = creation.stack.begin_cancel_create(creation)
        world.sleep(2)
        world.let_go(creation)
        world.wait(deletion)
        creation.stack.finish_cancel_create(deletion)
        world.sleep(_HOUR)
        assert stack.destroy()
    world.sleep(START + 7 * _DAY - world.timeline.now)
    points = metrics_of(world)
    assert len(points["Invocations"]) > 7 * 24 * 11
    ringing = [name for name, alarm in alarms.items() if alarm.first_rings_at(points, world.timeline.now) is not None]
    assert ringing == []
