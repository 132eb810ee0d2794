from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lambda_handlers.connect_phone_number.ledger.items import Claim, ClaimState, ResourceKey
from lambda_handlers.connect_phone_number.ledger.ledger import Ledger
from lambda_handlers.connect_phone_number.ledger.store import Write
from lambda_handlers.connect_phone_number.lifecycle.decision import Place, decide
from lambda_handlers.connect_phone_number.protocol.request import parse_request
from tests.simulation.memory_store import MemoryStore
from tests.unit.lambda_handlers.connect_phone_number.lifecycle.decisions import (
    INVENTED,
    PREFIX,
    STALE,
    decided,
    only_claim,
    reason,
    without_time,
)
from tests.unit.lambda_handlers.connect_phone_number.world import (
    ACCOUNT,
    NOW,
    PROVIDER,
    REGION,
    STACK,
    Event,
    VirtualClock,
    World,
)


def _states(world: World) -> list[ClaimState]:
    return [claim.state for claim in world.claims()]


def _named(world: World, arn: str) -> Claim:
    (claim,) = (claim for claim in world.claims() if claim.arn == arn)
    return claim


# --- Stale requests ---


def test_a_create_that_comes_after_its_delete_is_stale(world: World) -> None:
    create = world.event("Create")
    decided(world, world.event("Delete", INVENTED))
    assert reason(decided(world, create)) == STALE
    assert world.claims() == []


def test_an_update_that_comes_after_a_later_one_is_stale(world: World) -> None:
    arn = world.created()
    late = world.event("Update", arn, Description="one")
    world.update(arn, Description="two")
    assert reason(decided(world, late)) == STALE
    assert world.claim().desired.description == "two"


def test_a_delete_is_never_stale(world: World) -> None:
    arn = world.created()
    delete = world.event("Delete", arn)
    world.handle(world.event("Update", arn, Description="x", CountryCode="XX"))
    entry = decided(world, delete)
    assert entry.answer is None
    assert entry.claims


def test_a_create_of_the_same_second_as_a_delete_is_stale(world: World) -> None:
    create, delete = world.event("Create"), world.event("Delete", INVENTED)
    delete["ResponseURL"] = create["ResponseURL"] + "delete"
    decided(world, delete)
    assert reason(decided(world, create)) == STALE


def test_an_update_of_the_same_second_as_a_create_is_not_stale(world: World) -> None:
    create = world.event("Create")
    arn = world.send(create).physical_id
    update = world.event("Update", arn)
    update["ResponseURL"] = create["ResponseURL"] + "update"
    assert decided(world, update).answer is None


def test_without_times_a_create_is_refused_after_a_delete_that_came_before_it(world: World) -> None:
    create = without_time(world.event("Create"))
    decided(world, without_time(world.event("Delete", INVENTED)))
    world.clock.pause(7000)
    assert reason(decided(world, create)) == STALE


def test_without_times_a_create_that_is_too_late_to_be_a_redelivery_is_a_new_one(world: World) -> None:
    decided(world, without_time(world.event("Delete", INVENTED)))
    world.clock.pause(7201)
    assert only_claim(decided(world, without_time(world.event("Create"))))


def test_without_times_a_delete_that_follows_its_create_refuses_nothing(world: World) -> None:
    decided(world, without_time(world.event("Create")))
    decided(world, without_time(world.event("Delete", INVENTED)))
    assert only_claim(decided(world, without_time(world.event("Create"))))


# --- One open claim for each resource and specification ---


def test_a_create_opens_a_claim(world: World) -> None:
    event = world.event("Create", Description="Support", RemovalPolicy="retain", ServiceTimeout="600")
    claim_id = only_claim(decided(world, event))
    claim = world.claim()
    assert (claim.id, claim.state, claim.opening.description) == (claim_id, ClaimState.OPENING, "Support")
    assert (claim.attempt, claim.retain, claim.confirmed) == (parse_request(event).attempt, True, False)
    # The sweeper looks when the request is over, and no attempt can still be at work.
    assert claim.check_at == int(NOW) + 1 + 600 - 20 + 20 * 60


def test_a_redelivery_is_decided_as_before(world: World) -> None:
    event = world.event("Create")
    assert decided(world, event) == decided(world, event)
    assert len(world.claims()) == 1


def test_a_retried_create_resumes_the_claim(world: World) -> None:
    first = only_claim(decided(world, world.event("Create", Description="one")))
    again = world.event("Create", Description="two", ServiceTimeout="900")
    assert only_claim(decided(world, again)) == first
    claim = world.claim()
    assert claim.attempt == parse_request(again).attempt
    assert (claim.opening.description, claim.desired.description) == ("one", "two")


def test_a_create_that_wants_another_number_closes_the_claim_before(world: World) -> None:
    first = only_claim(decided(world, world.event("Create")))
    second = only_claim(decided(world, world.event("Create", CountryCode="GB")))
    assert first != second
    assert _states(world) == [ClaimState.CLOSING, ClaimState.OPENING]


def test_each_claim_of_a_resource_has_an_id_of_its_own(world: World) -> None:
    ids = set[str]()
    for _ in range(3):
        ids.add(only_claim(decided(world, world.event("Create"))))
        decided(world, world.event("Delete", INVENTED))
    assert len(ids) == 3


def test_a_create_for_a_number_that_was_kept_takes_it_up_again(world: World) -> None:
    arn = world.created(RemovalPolicy="retain")
    assert world.delete(arn, RemovalPolicy="retain").succeeded
    assert only_claim(decided(world, world.event("Create", RemovalPolicy="retain"))) == _named(world, arn).id


def test_a_create_for_another_number_leaves_alone_what_was_kept(world: World) -> None:
    arn = world.created(RemovalPolicy="retain")
    assert world.delete(arn, RemovalPolicy="retain").succeeded
    decided(world, world.event("Create", CountryCode="GB"))
    assert _states(world) == [ClaimState.LIVE, ClaimState.OPENING]


def test_an_update_in_place_keeps_the_claim(world: World) -> None:
    arn = world.created()
    assert only_claim(decided(world, world.event("Update", arn, Description="x"))) == world.claim().id
    assert world.claim().confirmed


@pytest.mark.parametrize(
    "wanted",
    [
        {"Prefix": "+1"},
        {"Prefix": PREFIX},
        {"PhoneNumber": "+12065550100"},
        {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550100", "Adopt": "true"},
    ],
)
def test_an_update_that_the_present_number_satisfies_keeps_it(world: World, wanted: dict[str, Any]) -> None:
    arn = world.created(PhoneNumber="+12065550100")
    assert only_claim(decided(world, world.event("Update", arn, **wanted))) == world.claim().id
    assert _states(world) == [ClaimState.LIVE]


@pytest.mark.parametrize(
    "wanted", [{"CountryCode": "GB"}, {"Type": "TOLL_FREE"}, {"Prefix": "+1312"}, {"PhoneNumber": "+13125550100"}]
)
def test_a_replacement_is_refused_unless_it_is_allowed(world: World, wanted: dict[str, Any]) -> None:
    arn = world.created(Prefix=PREFIX)
    number = world.claim().phone_number
    refusal = reason(decided(world, world.event("Update", arn, **wanted)))
    assert refusal.startswith(f"{number} is not what the changed properties ask for, so this update would release it ")
    assert refusal.endswith(
        "A released number cannot be had again for up to 180 days. Set AllowReplacement to true if that is what you "
        "want, or take back the change of CountryCode, Type, Prefix or PhoneNumber."
    )
    assert _states(world) == [ClaimState.LIVE]


def test_a_replacement_that_is_allowed_opens_a_claim_and_keeps_the_old_one(world: World) -> None:
    arn = world.created()
    old = world.claim().id
    new = only_claim(decided(world, world.event("Update", arn, CountryCode="GB", AllowReplacement="true")))
    assert new != old
    assert _states(world) == [ClaimState.LIVE, ClaimState.OPENING]


def test_a_protected_number_is_not_replaced_even_if_that_is_allowed(world: World) -> None:
    arn = world.created(ReleaseProtection="true")
    number = world.claim().phone_number
    # Also not by an update that switches the protection off in the same go.
    update = world.event("Update", arn, CountryCode="GB", AllowReplacement="true", ReleaseProtection="false")
    assert reason(decided(world, update)) == (
        f"{number} is not what the changed properties ask for, so this update would release it and claim another "
        "number. Its ReleaseProtection is on: switch that off in a deployment of its own first, or take back the "
        "change of CountryCode, Type, Prefix or PhoneNumber."
    )


def test_the_rollback_of_a_replacement_goes_back_to_the_old_number(world: World) -> None:
    old = world.created()
    replaced = world.update(old, CountryCode="GB", AllowReplacement="true")
    assert replaced.physical_id != old
    back = world.event("Update", replaced.physical_id)
    assert only_claim(decided(world, back)) == _named(world, old).id
    assert _states(world) == [ClaimState.LIVE, ClaimState.LIVE]


def test_it_goes_back_also_where_the_new_number_would_do(world: World) -> None:
    old = world.created()
    new = world.update(old, Prefix="+1312", AllowReplacement="true").physical_id
    assert new != old
    assert only_claim(decided(world, world.event("Update", new))) == _named(world, old).id


def test_an_update_of_a_number_that_the_ledger_does_not_know(world: World) -> None:
    arn = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/11111111-2222-3333-4444-555555555555"
    assert reason(decided(world, world.event("Update", arn))) == (
        f"The ledger of this provider knows nothing of {arn}, so it is not changed. If the number is yours, remove "
        "the resource from the template with a retaining removal policy and add it again under another name, with "
        "Adopt and PhoneNumber."
    )


def test_an_update_of_a_number_that_is_released(world: World) -> None:
    arn = world.created()
    number = world.claim().phone_number
    world.delete(arn)
    assert reason(decided(world, world.event("Update", arn))) == (
        f"{number} ({arn}) is no longer this resource's (CloudFormation deleted the resource). Add a resource with "
        "another logical id to claim a new number."
    )


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_bad_input_opens_nothing_and_changes_nothing(world: World, request_type: str) -> None:
    arn = world.created()
    before = world.claim()
    event = world.event(request_type, arn, CountryCode="XX")
    assert reason(decided(world, event)).startswith("CountryCode must be a two-letter country code")
    assert [replace(claim, confirmed=False, version=0) for claim in world.claims()] == [replace(before, version=0)]


# --- Numbers that CloudFormation does not know of ---


def test_an_abandoned_clean_up_is_made_good_by_the_next_update(world: World) -> None:
    old = world.created()
    new = world.update(old, CountryCode="GB", AllowReplacement="true").physical_id
    decided(world, world.event("Update", new, CountryCode="GB", Description="x"))
    assert _named(world, old).state is ClaimState.CLOSING
    assert _named(world, new).state is ClaimState.LIVE


def test_an_abandoned_clean_up_is_made_good_by_the_delete(world: World) -> None:
    old = world.created()
    new = world.update(old, CountryCode="GB", AllowReplacement="true").physical_id
    decided(world, world.event("Delete", new, CountryCode="GB"))
    assert _states(world) == [ClaimState.CLOSING, ClaimState.CLOSING]


def test_the_clean_up_of_an_old_number_leaves_the_new_one_alone(world: World) -> None:
    old = world.created()
    new = world.update(old, CountryCode="GB", AllowReplacement="true").physical_id
    decided(world, world.event("Delete", old))
    assert _named(world, old).state is ClaimState.CLOSING
    assert _named(world, new).state is ClaimState.LIVE


# --- Time and writing ---


def test_the_deadline_counts_from_when_cloudformation_sent_the_request(world: World) -> None:
    event = world.event("Create", ServiceTimeout="600")
    sent = int(world.clock())
    world.clock.pause(100)
    assert decided(world, event).deadline == sent + 600 - 20


@pytest.mark.parametrize("drift", [-100, 5000])
def test_the_deadline_counts_from_now_where_the_urls_time_cannot_be_right(world: World, drift: int) -> None:
    event = world.event("Create", ServiceTimeout="600")
    world.clock.pause(drift)
    assert decided(world, event).deadline == int(world.clock()) + 600 - 20


class _Interrupted(MemoryStore):
    """Another event is decided just before the first write."""

    def __init__(self, world: World, other: Event) -> None:
        super().__init__(world.clock)
        self._world = world
        self._other: Event | None = other

    def write(self, writes: Sequence[Write]) -> None:
        if self._other is not None:
            other, self._other = self._other, None
            decided(self._world, other)
        super().write(writes)


def test_a_decision_that_was_forestalled_is_made_again(world: World) -> None:
    create, delete = world.event("Create"), world.event("Delete", INVENTED)
    world.store = _Interrupted(world, delete)
    assert reason(decided(world, create)) == STALE


def test_the_same_request_decided_twice_at_once_opens_one_claim(world: World) -> None:
    create = world.event("Create")
    world.store = _Interrupted(world, create)
    assert only_claim(decided(world, create)) == world.claim().id
    assert len(world.claims()) == 1


def test_everything_is_written_at_once() -> None:
    # A decision of which only a part is written could be made twice.
    world = World()
    counts: list[int] = []

    class Counting(MemoryStore):
        def write(self, writes: Sequence[Write]) -> None:
            counts.append(len(writes))
            super().write(writes)

    clock = VirtualClock()
    world.store = Counting(clock)
    attempt = world.attempt()
    decide(
        parse_request(world.event("Create")),
        Ledger(world.store, attempt.timing),
        world.stacks,
        Place(REGION, ACCOUNT, PROVIDER),
        attempt.timing.now,
    )
    assert counts == [3]
    resource = attempt.ledger.resource(ResourceKey(STACK, "Number"))
    assert (resource.head.version, len(resource.requests), len(resource.claims)) == (1, 1, 1)
