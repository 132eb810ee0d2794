"""Scenarios about the budget of claims and releases: S34."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lambda_handlers.connect_phone_number.budget import Policy, day_of
from lambda_handlers.connect_phone_number.ledger.items import BUDGET_KEY
from local_aws.connect_emulator import Settings as EmulatorSettings
from verification.simulator.invariants import Needed
from verification.simulator.runner import Scenario
from verification.simulator.world import Options, World

from .helpers import canceled_at

_ONE: Final = Needed(1, 1)
_DAY: Final = 86_400
_CANCEL_STEPS: Final = 14
_DECIDES: Final = 2
"""The step of a creation that writes its decision, after the look at the budget."""
_ANNOUNCES: Final = 7
"""The step of a creation that announces its call."""


def _with_quota(quota: int, policy: Policy) -> Options:
    return Options(emulator=EmulatorSettings(throttling=False, quota=quota), budget=policy)


_ENOUGH_FOR_ONE: Final = _with_quota(1, Policy(quota=1))

_ENOUGH_FOR_TWO: Final = _with_quota(2, Policy(quota=2))


def scenarios() -> Iterator[Scenario]:
    """Return the scenarios."""
    yield Scenario("S34 enough for one, three creations at once", _three_at_once, _ONE, _ENOUGH_FOR_ONE)
    yield Scenario("S34 enough for two, three creations at once", _three_at_once, Needed(2, 2), _ENOUGH_FOR_TWO)
    yield Scenario("S34 enough for one, delivered twice at once", _delivered_twice, _ONE, _ENOUGH_FOR_ONE)
    yield Scenario("S34 enough for one, a chosen number", _chosen_number, _ONE, _ENOUGH_FOR_ONE)
    for step in range(_CANCEL_STEPS):
        yield Scenario(
            f"S34 enough for one, canceled at step {step}, then created", _canceled(step), Needed(1, 1), _ENOUGH_FOR_ONE
        )
    yield Scenario("S34 used up, and free again after 180 days", _free_again, Needed(2, 2), _ENOUGH_FOR_ONE)
    yield Scenario("S34 not enough to replace", _not_enough_to_replace, _ONE, _ENOUGH_FOR_ONE)
    yield Scenario(
        "S34 used up by others",
        _refused,
        Needed(0, 0),
        _with_quota(1, Policy(quota=1, baseline={"2026-01-01": 1})),
    )
    yield Scenario("S34 a reserve of ten", _refused, Needed(0, 0), _with_quota(5, Policy(quota=5, reserve=10)))
    yield Scenario("S34 used up, only warned", _warned, Needed(2, 2), _with_quota(1, Policy(quota=1, refuses=False)))
    yield Scenario("S34 the quota is asked for", _asked, _ONE, replace(_with_quota(1, Policy()), tells_quota=True))
    for below, deletes in ((1, 2), (2, 1)):
        yield Scenario(
            f"S34 {deletes} releases at once, postponed below {below}",
            _postponed,
            Needed(2, 2),
            _with_quota(2, Policy(quota=2, postpone_releases_below=below)),
        )
    yield Scenario(
        "S34 a release postponed, and its resource created again",
        _postponed_and_created_again,
        Needed(2, 2),
        _with_quota(2, Policy(quota=2, postpone_releases_below=2)),
    )
    yield Scenario(
        "S34 a release that cannot be postponed",
        _never_free,
        _ONE,
        _with_quota(1, Policy(quota=1, postpone_releases_below=3)),
    )
    yield Scenario("S34 a ledger that did not count", _not_counted(is_swept=True), _ONE, _ENOUGH_FOR_ONE)
    yield Scenario(
        "S34 a ledger that did not count, before any sweep", _not_counted(is_swept=False), _ONE, _ENOUGH_FOR_ONE
    )
    yield Scenario("S34 an old version writes in between", _dropped_by_old_version, _ONE, _ENOUGH_FOR_TWO)
    yield Scenario("S34 the sums are lost", _lost, Needed(2, 2), _ENOUGH_FOR_TWO)
    yield Scenario("S34 the sums are spoiled, then a deletion", _spoiled(creates=False), _ONE, _ENOUGH_FOR_TWO)
    yield Scenario("S34 the sums are spoiled, then a creation", _spoiled(creates=True), Needed(2, 2), _ENOUGH_FOR_TWO)


def _three_at_once(world: World) -> None:
    stack = world.stack()
    # From now on, every creation has the same steps.
    _sweep(world)
    creations = [stack.begin_create(f"Number{index}", world.number(), hold_at=_DECIDES) for index in range(3)]
    for creation in creations:
        world.wait_until_held(creation)
    for creation in creations:
        world.let_go(creation)
    world.wait(*creations)
    made = sum([stack.finish_create(creation) for creation in creations])
    world.expect_unless_hit(made == world.options.emulator.quota, f"as many are claimed as may be, and not {made}")
    reasons = [creation.response.reason for creation in creations if creation.response and not creation.succeeded]
    world.expect_unless_hit(
        all(reason.startswith("No number is claimed, so that") for reason in reasons), f"the reason is said: {reasons}"
    )
    stack.destroy()


def _delivered_twice(world: World) -> None:
    stack = world.stack()
    creation = stack.begin_create("Number", world.number(), hold_at=_ANNOUNCES)
    world.wait_until_held(creation)
    world.cloudformation.redeliver(creation)
    # The second delivery has announced the call when the first goes on, and waits for Connect.
    world.sleep(1)
    world.let_go(creation)
    world.wait(creation)
    world.expect_unless_hit(creation.succeeded, "the second delivery is no second claim")
    if stack.finish_create(creation):
        stack.destroy()


def _chosen_number(world: World) -> None:
    stack = world.stack()
    creations = [
        stack.begin_create(f"Number{index}", world.number(PhoneNumber=f"+1312555012{index}")) for index in range(2)
    ]
    world.wait(*creations)
    for creation in creations:
        stack.finish_create(creation)
    stack.destroy()


def _canceled(step: int) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not canceled_at(world, stack, world.number(), step):
            stack.destroy()
            return
        world.sleep(2 * 3600)
        claims = sum(entry.operation == "ClaimPhoneNumber" and entry.took_effect for entry in world.emulator.audit)
        other = world.stack("other")
        is_made = other.create("Number", world.number())
        world.expect(not (is_made and claims), "after a claim and a release nothing is left")
        world.expect_unless_hit(is_made or bool(claims), "what was not claimed is given back")
        if is_made:
            other.destroy()

    return play


def _free_again(world: World) -> None:
    if not _use_up(world):
        return
    world.expect(not world.stack("soon").create("Number", world.number()), "nothing is left of the budget")
    world.sleep(170 * _DAY)
    _sweep(world)
    world.expect(not world.stack("sooner").create("Number", world.number()), "what was 170 days ago still counts")
    world.sleep(13 * _DAY)
    later = world.stack("later")
    is_made = later.create("Number", world.number())
    world.expect_unless_hit(is_made, "after 180 days there is a budget again")
    if is_made:
        later.destroy()


def _postponed(world: World) -> None:
    _postpone(world)
    # What is postponed then is released when claims are free.
    world.sleep(370 * _DAY)


def _postpone(world: World) -> None:
    names = ("One", "Two")
    stack = world.stack()
    made = [stack.create(name, world.number()) for name in names]
    if not all(made):
        stack.destroy_until_gone()
        return
    below = world.options.budget.postpone_releases_below or 0
    deletions = [stack.begin_delete(name) for name in names[: 3 - below]]
    world.wait(*deletions)
    for deletion in deletions:
        stack.finish_delete(deletion)
    world.expect_unless_hit(all(deletion.succeeded for deletion in deletions), "the deletions succeed at once")
    released = [entry for entry in world.emulator.audit if entry.operation == "ReleasePhoneNumber"]
    world.expect_unless_hit(len(released) == 2 - below, "a claim that the provider keeps is not spent on a release")
    world.sleep(185 * _DAY)
    held = [number for number in world.emulator.numbers() if number.is_held]
    world.expect_unless_hit(len(held) == len(stack.resources), "what was postponed is released when claims are free")
    stack.destroy_until_gone()


def _postponed_and_created_again(world: World) -> None:
    stack, other = world.stack("app"), world.stack("other")
    if stack.create("Number", world.number()) and other.create("Number", world.number()):
        arn = stack.resources["Number"].physical_id
        if stack.destroy_until_gone():
            again = world.stack("app")
            if again.create("Number", world.number()):
                got = again.resources["Number"].physical_id
                world.expect_unless_hit(got == arn, "the resource gets its number back")
                again.destroy_until_gone()
    else:
        stack.destroy_until_gone()
    other.destroy_until_gone()
    world.sleep(370 * _DAY)


def _never_free(world: World) -> None:
    stack = world.stack()
    if stack.create("Number", world.number()):
        world.expect_unless_hit(stack.destroy(), "the deletion succeeds")


def _not_enough_to_replace(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number(AllowReplacement=True)):
        return
    number = stack.resources["Number"].physical_id
    stack.update("Number", world.number(CountryCode="GB", AllowReplacement=True))
    world.expect(stack.resources["Number"].physical_id == number, "the number stays")
    stack.destroy()


def _refused(world: World) -> None:
    world.expect(not world.stack().create("Number", world.number()), "nothing is claimed")


def _warned(world: World) -> None:
    for name in ("first", "second"):
        stack = world.stack(name)
        if stack.create("Number", world.number()):
            stack.destroy()
    world.expect_unless_hit(any("claim exceeds the budget" in line for line in world.log), "the log warns")


def _use_up(world: World) -> bool:
    """Create a number and destroy it. Return whether it was created."""
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return False
    stack.destroy()
    return True


def _asked(world: World) -> None:
    if not _use_up(world):
        return
    _sweep_next_day(world)
    world.expect(not world.stack("other").create("Number", world.number()), "Service Quotas tells a quota of one")


def _forget_counts(world: World) -> None:
    """Leave out of every claim what another version of the function does not know."""
    for item in world.store.dump():
        world.store.replace({name: value for name, value in item.items() if name != "counted"})


def _sweep_next_day(world: World) -> None:
    world.sleep(_DAY)
    _sweep(world)


def _sweep(world: World) -> None:
    sweep = world.sweep()
    world.run_until(lambda: sweep.is_over)


def _not_counted(*, is_swept: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        if not _use_up(world):
            return
        _forget_counts(world)
        world.store.remove(BUDGET_KEY)
        if is_swept:
            _sweep_next_day(world)
        world.expect_unless_hit(
            not world.stack("other").create("Number", world.number()), "what was claimed before is counted"
        )

    return play


def _dropped_by_old_version(world: World) -> None:
    stack = world.stack()
    if not stack.create("Number", world.number()):
        return
    _forget_counts(world)
    stack.update("Number", world.number(Description="New"))
    _sweep_next_day(world)
    stack.destroy()


def _lost(world: World) -> None:
    stack = world.stack()
    for name in ("First", "Second"):
        stack.create(name, world.number())
    world.store.remove(BUDGET_KEY)
    _sweep_next_day(world)
    world.expect_unless_hit(not world.stack("other").create("Number", world.number()), "the sums are right again")
    stack.destroy()


def _spoiled(*, creates: bool) -> Callable[[World], None]:
    def play(world: World) -> None:
        stack = world.stack()
        if not stack.create("First", world.number()):
            return
        spoiled = {"committed": "three", "used": "one", "day": day_of(world.timeline.now)}
        world.store.replace({"pk": BUDGET_KEY[0], "sk": BUDGET_KEY[1], "version": 1, **spoiled})
        if creates:
            world.expect_unless_hit(stack.create("Second", world.number()), "there is enough for two")
        world.expect_unless_hit(stack.destroy(), "a deletion does not depend on the sums")
        _sweep_next_day(world)

    return play
