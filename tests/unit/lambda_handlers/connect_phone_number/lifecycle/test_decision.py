from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lambda_handlers.connect_phone_number.claim import ClaimState
from lambda_handlers.connect_phone_number.cloudformation.request import parse_request
from lambda_handlers.connect_phone_number.ledger.store import Change, Write
from tests.unit.lambda_handlers.connect_phone_number.world import (
    ACCOUNT,
    NOW,
    REGION,
    Event,
    World,
)
from verification.simulator.memory_store import MemoryStore

from .decisions import (
    INVENTED,
    PREFIX,
    RESOURCE,
    ROLLING_BACK,
    STALE,
    claim_of,
    decided,
    let_go,
    only_claim,
    reason,
    replaced,
    resource_entry,
    unheard,
    without_time,
)


def _states(world: World) -> list[ClaimState]:
    return [claim.state for claim in world.claims()]


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
    assert entry.response is None
    assert entry.claims


def test_a_create_of_the_same_second_as_a_delete_is_stale(world: World) -> None:
    create, delete = world.event("Create"), world.event("Delete", INVENTED)
    delete["ResponseURL"] = create["ResponseURL"] + "delete"
    decided(world, delete)
    assert reason(decided(world, create)) == STALE


def test_a_create_of_the_same_second_as_another_is_not_stale(world: World) -> None:
    first, second = world.event("Create"), world.event("Create")
    second["ResponseURL"] = first["ResponseURL"] + "again"
    claim = only_claim(decided(world, first))
    assert only_claim(decided(world, second)) == claim


def test_an_update_of_the_same_second_as_a_create_is_not_stale(world: World) -> None:
    create = world.event("Create")
    arn = world.send(create).physical_id
    update = world.event("Update", arn)
    update["ResponseURL"] = create["ResponseURL"] + "update"
    assert decided(world, update).response is None


def test_an_update_of_the_same_second_as_a_delete_is_not_stale(world: World) -> None:
    # A rollback sends both.
    old, new = replaced(world)
    world.stacks.status = ROLLING_BACK
    delete, update = world.event("Delete", new, CountryCode="GB"), world.event("Update", new)
    update["ResponseURL"] = delete["ResponseURL"] + "update"
    decided(world, delete)
    assert only_claim(decided(world, update)) == claim_of(world, old).id


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
    event = world.event("Create", Description="Support", ServiceTimeout="600")
    claim_id = only_claim(decided(world, event))
    claim = world.claim()
    assert (claim.id, claim.state, claim.opening.description) == (claim_id, ClaimState.OPENING, "Support")
    assert (claim.request_key, claim.acknowledged, claim.protected) == (parse_request(event).key, False, False)
    # The sweeper looks when the request is over, and no invocation can still be at work.
    assert claim.next_check_at == claim.due_since == int(NOW) + 1 + 600 - 20 + 20 * 60


def test_a_redelivery_is_decided_as_before(world: World) -> None:
    event = world.event("Create")
    assert decided(world, event) == decided(world, event)
    assert len(world.claims()) == 1


def test_a_retried_create_resumes_the_claim(world: World) -> None:
    first = only_claim(decided(world, world.event("Create", Description="one", ServiceTimeout="600")))
    again = world.event("Create", Description="two", ServiceTimeout="900")
    assert only_claim(decided(world, again)) == first
    claim = world.claim()
    assert claim.request_key == parse_request(again).key
    assert (claim.opening.description, claim.desired.description) == ("one", "two")
    assert claim.next_check_at == claim.due_since == int(world.clock()) + 900 - 20 + 20 * 60


def test_a_create_that_wants_another_number_closes_the_claim_before(world: World) -> None:
    first = only_claim(decided(world, world.event("Create")))
    second = only_claim(decided(world, world.event("Create", CountryCode="GB")))
    assert first != second
    assert _states(world) == [ClaimState.CLOSING, ClaimState.OPENING]
    assert world.claims()[0].close_reason == "CloudFormation has sent a later request"


def test_each_claim_of_a_resource_has_an_id_of_its_own(world: World) -> None:
    ids = set[str]()
    for _ in range(3):
        ids.add(only_claim(decided(world, world.event("Create"))))
        decided(world, world.event("Delete", INVENTED))
    assert len(ids) == 3


def test_a_create_resumes_a_live_claim_of_which_cloudformation_says_that_it_never_named_its_number(
    world: World,
) -> None:
    arn = unheard(world)
    opened_at, next_check_at = world.claim().opened_at, world.claim().next_check_at
    again = world.event("Create", Description="two")
    assert only_claim(decided(world, again)) == world.claim().id
    claim = world.claim()
    assert (claim.state, claim.arn, claim.request_key) == (ClaimState.LIVE, arn, parse_request(again).key)
    assert (claim.desired.description, claim.next_check_at, claim.due_since) == ("two", next_check_at, next_check_at)
    # A number that was claimed is the resource's under whatever name CloudFormation may have recorded it.
    assert world.stacks.asked == [("has_named", RESOURCE, arn, opened_at - 120, True)]


def test_what_cloudformation_has_said_before_is_void_when_a_request_takes_the_number_up(world: World) -> None:
    unheard(world)
    world.clock.pause(400.0)
    world.sweep()
    assert world.claim().disowned_at
    assert only_claim(decided(world, world.event("Create"))) == world.claim().id
    assert not world.claim().disowned_at


def test_a_create_leaves_alone_the_retained_number_that_cloudformation_has_named(world: World) -> None:
    arn = world.created()
    let_go(world, arn)
    assert only_claim(decided(world, world.event("Create"))) != claim_of(world, arn).id
    assert _states(world) == [ClaimState.LIVE, ClaimState.OPENING]
    assert claim_of(world, arn).acknowledged


def test_a_create_does_not_ask_about_a_number_that_a_request_has_named(world: World) -> None:
    arn = world.created()
    assert world.update(arn, Description="x").succeeded
    let_go(world, arn)
    assert only_claim(decided(world, world.event("Create"))) != claim_of(world, arn).id
    assert world.stacks.asked == []


def test_a_create_fails_where_cloudformation_does_not_tell_whether_it_has_named_the_number(world: World) -> None:
    unheard(world)
    before = world.claim()
    world.stacks.is_silent = True
    assert reason(decided(world, world.event("Create"))) == (
        f"CloudFormation did not tell what has become of {before.phone_number}, so nothing is done to it now. Check "
        "that the provider's role may call cloudformation:DescribeStacks, DescribeStackEvents and "
        "DescribeStackResource, then try again."
    )
    assert world.claims() == [before]


def test_a_create_for_another_number_leaves_alone_what_is_live(world: World) -> None:
    # Whether CloudFormation knows it is a question for the sweeper.
    arn = unheard(world)
    before = claim_of(world, arn)
    assert only_claim(decided(world, world.event("Create", CountryCode="GB")))
    assert _states(world) == [ClaimState.LIVE, ClaimState.OPENING]
    assert claim_of(world, arn) == before
    assert world.stacks.asked == []


def test_an_update_in_place_keeps_the_claim(world: World) -> None:
    arn = world.created()
    assert only_claim(decided(world, world.event("Update", arn, Description="x"))) == world.claim().id
    assert world.claim().acknowledged
    assert world.stacks.asked == []


@pytest.mark.parametrize(
    "desired",
    [
        {"Prefix": "+1"},
        {"Prefix": PREFIX},
        {"PhoneNumber": "+12065550100"},
        {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550100", "Adopt": "true"},
    ],
)
def test_an_update_that_the_present_number_satisfies_keeps_it(world: World, desired: dict[str, Any]) -> None:
    arn = world.created(PhoneNumber="+12065550100")
    assert only_claim(decided(world, world.event("Update", arn, **desired))) == world.claim().id
    assert _states(world) == [ClaimState.LIVE]


@pytest.mark.parametrize(
    "desired", [{"CountryCode": "GB"}, {"Type": "TOLL_FREE"}, {"Prefix": "+1312"}, {"PhoneNumber": "+13125550100"}]
)
def test_a_replacement_is_refused_unless_it_is_allowed(world: World, desired: dict[str, Any]) -> None:
    arn = world.created(Prefix=PREFIX)
    number = world.claim().phone_number
    before = world.properties(Prefix=PREFIX)
    refusal = reason(decided(world, world.event("Update", arn, old_properties=before, **desired)))
    ((name, value),) = desired.items()
    old = repr(before[name]) if name in before else "nothing"
    assert refusal.startswith(
        f"{number} is not what the changed properties ask for, so this update would release it and claim another "
        "number: "
    )
    assert f"{name} changes from {old} to {value!r}" in refusal
    assert ("Prefix changes from '+1206' to nothing" in refusal) is (name != "Prefix")
    assert refusal.endswith(
        "A released number cannot be claimed again for up to 180 days. To keep the number, take the change back. To "
        "replace it, set AllowReplacement to true (allow_replacement=True in the CDK)."
    )
    assert _states(world) == [ClaimState.LIVE]
    assert world.claim().acknowledged, "the update has named it all the same"


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
        "number: CountryCode changes from 'US' to 'GB'. Its ReleaseProtection is on (release_protection in the CDK). "
        "To keep the number, take the change back. To replace it, first switch the protection off in a deployment of "
        "its own."
    )


def test_an_update_resumes_the_replacement_that_an_earlier_one_has_begun(world: World) -> None:
    arn = world.created()
    desired: dict[str, Any] = {"CountryCode": "GB", "AllowReplacement": "true"}
    begun = only_claim(decided(world, world.event("Update", arn, **desired)))
    assert only_claim(decided(world, world.event("Update", arn, **desired))) == begun
    assert len(world.claims()) == 2
    assert world.stacks.asked == []


def test_an_update_resumes_the_replacement_that_cloudformation_never_heard_of(world: World) -> None:
    arn = world.created()
    desired: dict[str, Any] = {"CountryCode": "GB", "AllowReplacement": "true"}
    world.handle(world.event("Update", arn, **desired))
    answered = world.responses[-1].physical_id
    assert answered != arn
    again = only_claim(decided(world, world.event("Update", arn, **desired)))
    claim = claim_of(world, answered)
    assert again == claim.id
    assert _states(world) == [ClaimState.LIVE, ClaimState.LIVE]
    assert world.stacks.asked == [("has_named", RESOURCE, answered, claim.opened_at - 120, True)]


def test_an_update_fails_where_cloudformation_does_not_tell_whether_it_has_named_the_number(world: World) -> None:
    arn = world.created()
    desired: dict[str, Any] = {"CountryCode": "GB", "AllowReplacement": "true"}
    world.handle(world.event("Update", arn, **desired))
    before = world.claims()
    world.stacks.is_silent = True
    refusal = reason(decided(world, world.event("Update", arn, **desired)))
    assert refusal.startswith(f"CloudFormation did not tell what has become of {before[1].phone_number}, ")
    assert [replace(claim, version=0) for claim in world.claims()] == [replace(claim, version=0) for claim in before]


def test_an_update_of_a_number_that_the_ledger_does_not_know(world: World) -> None:
    arn = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/11111111-2222-3333-4444-555555555555"
    assert reason(decided(world, world.event("Update", arn))) == (
        f"{arn} is not a number that this provider has for this resource, so nothing was changed. If it was released, "
        "claim a new one with another logical id. If the account still holds it, remove this resource from the "
        "template with DeletionPolicy Retain and adopt the number under another logical id (Adopt and PhoneNumber)."
    )
    assert world.claims() == []


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
    # What the update has named it has named.
    expected = replace(before, acknowledged=request_type == "Update", version=0)
    assert [replace(claim, version=0) for claim in world.claims()] == [expected]


# --- Numbers that a request does not mention ---


def test_an_update_leaves_alone_the_old_number_whose_clean_up_was_abandoned(world: World) -> None:
    old, new = replaced(world)
    assert only_claim(decided(world, world.event("Update", new, CountryCode="GB", Description="x")))
    assert _states(world) == [ClaimState.LIVE, ClaimState.LIVE]
    assert claim_of(world, old).acknowledged


def test_the_clean_up_of_an_old_number_leaves_the_new_one_alone(world: World) -> None:
    old, new = replaced(world)
    decided(world, world.event("Delete", old))
    assert claim_of(world, old).state is ClaimState.CLOSING
    assert claim_of(world, new).state is ClaimState.LIVE


def test_an_update_closes_the_replacement_that_was_never_answered(world: World) -> None:
    arn = world.created()
    decided(world, world.event("Update", arn, CountryCode="GB", AllowReplacement="true"))
    assert only_claim(decided(world, world.event("Update", arn))) == claim_of(world, arn).id
    assert _states(world) == [ClaimState.LIVE, ClaimState.CLOSING]


# --- Time and writing ---


def test_the_head_names_the_claims_that_are_not_closed_and_the_latest_request(world: World) -> None:
    old, new = replaced(world)
    assert resource_entry(world).claims == tuple(claim.id for claim in world.claims())
    assert resource_entry(world).latest_type == "Update"
    assert world.delete(old).succeeded
    decided(world, world.event("Update", new, CountryCode="GB"))
    assert resource_entry(world).claims == (claim_of(world, new).id,)
    decided(world, world.event("Delete", new))
    assert (resource_entry(world).claims, resource_entry(world).latest_type) == ((claim_of(world, new).id,), "Delete")


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

    def write(self, writes: Sequence[Write | Change]) -> None:
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


def test_everything_is_written_at_once(world: World) -> None:
    # A decision of which only a part is written could be made twice.
    counts: list[int] = []

    class Counting(MemoryStore):
        def write(self, writes: Sequence[Write | Change]) -> None:
            counts.append(len(writes))
            super().write(writes)

    world.store = Counting(world.clock)
    event = world.event("Create")
    decided(world, event)
    # The request, the resource, the claim, and the budget.
    assert counts == [4]
    resource = world.invocation().ledger.resource(RESOURCE, parse_request(event).key)
    assert resource.request is not None
    assert (resource.resource_entry.version, resource.request.version, world.claim().version) == (1, 1, 1)
