"""Pools: their resource, their limit and their end, and the numbers that are parked in them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.budget import WINDOW_DAYS, Policy
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.ledger.items import (
    CLAIM_PREFIX,
    REQUEST_PREFIX,
    PoolEntry,
    claim_key,
    pool_key,
)
from lambda_handlers.connect_phone_number.ledger.ledger import Ledger
from lambda_handlers.connect_phone_number.ledger.store import Change, Item, Key, StoreUnavailable, Write
from lambda_handlers.connect_phone_number.lifecycle.pooling import limit_pools
from lambda_handlers.connect_phone_number.timing import NotFinished, date_of
from verification.simulator.memory_store import MemoryStore

from ..world import OTHER_STACK, REGION, STACK, Answered, Died, Event, World, die, tag_list, user_tags
from .decisions import RESOURCE, let_go

DAY: Final = 86_400
WEEK: Final = 7 * DAY
AGAIN: Final = f"{STACK.rpartition('/')[0]}/9f9f9f9f"
"""The stack, destroyed and created again."""
PLATFORM: Final = STACK.replace("support/0a1b2c3d", "platform/7a8b9c0d")
"""The stack of the pools."""
POOL: Final = tokens.pool_id(PLATFORM, "Pool")
OTHER_POOL: Final = tokens.pool_id(PLATFORM, "Other")
MEMBER: Final[dict[str, Any]] = {"Pool": POOL, "ReleaseDelay": str(WEEK)}
"""The properties of a number of the pool."""
VOID: Final = "CloudFormation has sent a later request for this resource, so this one is void. Nothing was done."


def _member(**changes: Any) -> dict[str, Any]:
    """Return the properties of a number of the pool, with changes; ``None`` leaves one out."""
    return {**MEMBER, **changes}


class _Store(MemoryStore):
    """A ledger in which something else happens right before the next write of a kind of item.

    Parameters
    ----------
    kind
        How the sort key of the item begins.
    then
        What happens, once.
    """

    def __init__(self, world: World, kind: str, then: Callable[[], object]) -> None:
        super().__init__(world.clock)
        for item in world.store.dump():
            self.write([Write((item["pk"], item["sk"]), item, 0)])
        self._kind = kind
        self._then: Callable[[], object] | None = then
        world.store = self

    def write(self, writes: Sequence[Write | Change]) -> None:
        # Not while it is filled.
        then: Callable[[], object] | None = getattr(self, "_then", None)
        if then is not None and any(write.key[1].startswith(self._kind) for write in writes):
            self._then = None
            then()
        super().write(writes)


class _Unavailable(MemoryStore):
    """A ledger that cannot be reached."""

    def get(self, key: Key) -> Item | None:
        raise StoreUnavailable(f"{key} is gone")


def _event(world: World, request_type: str, resource: str = "Pool", **properties: Any) -> Event:
    """Return a new request for a pool; ``None`` leaves a property out."""
    event = world.event(
        request_type,
        tokens.pool_id(PLATFORM, resource),
        stack=PLATFORM,
        resource=resource,
        resource_type=contract.POOL_RESOURCE_TYPE,
    )
    given = {"ServiceToken": event["ServiceToken"], "MaxParked": "5", "ReleaseAfter": str(WEEK), **properties}
    event["ResourceProperties"] = {name: value for name, value in given.items() if value is not None}
    return event


def _ask(world: World, request_type: str, resource: str = "Pool", **properties: Any) -> Answered:
    return world.send(_event(world, request_type, resource, **properties))


def _pool(world: World) -> PoolEntry | None:
    return world.invocation().ledger.pool(POOL)


def _pools(world: World) -> list[str]:
    return [pool.pool_id for pool in world.invocation().ledger.pools()]


def _parked(world: World, resource: str = "Number", **properties: Any) -> str:
    """Create a number of the pool, delete it, and return its ARN."""
    given = _member(**properties)
    arn = world.created(resource=resource, **given)
    response = world.delete(arn, resource=resource, **given)
    assert response.succeeded, response.reason
    assert world.claim(resource=resource).state is ClaimState.PARKED
    return arn


def _all_parked(world: World, *resources: str, **properties: Any) -> list[str]:
    """Create numbers of the pool, delete them in this order, and return their ARNs."""
    given = _member(**properties)
    # All are created first, because a creation takes what is parked.
    arns = [world.created(resource=resource, **given) for resource in resources]
    for resource, arn in zip(resources, arns, strict=True):
        assert world.delete(arn, resource=resource, **given).succeeded
    return arns


def _held(world: World, *arns: str) -> list[bool]:
    return [world.number(arn).is_held for arn in arns]


def _associate(world: World, arn: str, flow: str) -> None:
    """Set a number's flow by hand."""
    instance, _, flow_id = flow.partition("/contact-flow/")
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn, InstanceId=instance.rpartition("/")[2], ContactFlowId=flow_id
    )


def _delete_provider(world: World) -> Answered:
    event = world.event("Delete", "provider-shared", resource="Provider", resource_type=contract.PROVIDER_RESOURCE_TYPE)
    return world.send(event)


def _warnings(world: World) -> list[str]:
    return [line["message"] for line in world.messages() if line.get("level") == "WARNING"]


# --- The pool's resource ---


def test_it_is_created_and_changed_without_calls_to_connect(world: World) -> None:
    created = _ask(world, "Create")
    assert (created.status, created.physical_id, created.data) == ("SUCCESS", POOL, {"ReleaseAfter": str(WEEK)})
    updated = _ask(world, "Update", MaxParked="100", ReleaseAfter="31536000", RetainParked="true")
    assert (updated.status, updated.physical_id, updated.data) == ("SUCCESS", POOL, {"ReleaseAfter": "31536000"})
    pool = _pool(world)
    assert pool is not None
    assert (pool.max_parked, pool.retains_parked, pool.is_deleted) == (100, True, False)
    assert world.emulator.audit == []


def _bad_count(value: str) -> str:
    return f"MaxParked must be a whole number from 1 to 100, but is {value!r}."


def _bad_time(value: str) -> str:
    return (
        f"ReleaseAfter must be a whole number of seconds from 1 to 31536000 (365 days), but is {value!r}. Use for "
        "example 2592000 for 30 days."
    )


def _unknown(name: str) -> str:
    return (
        f"{name} is not a property of Custom::ConnectPhoneNumberPool. Remove it; the properties are CountryCode, "
        "MaxParked, MinParked, ParkingTargetArn, PhoneNumbers, Prefix, ReleaseAfter, RetainParked, ServiceTimeout, "
        "ServiceToken, Type."
    )


BAD: list[tuple[dict[str, Any], str]] = [
    ({"MaxParked": None}, _bad_count("")),
    ({"MaxParked": "0"}, _bad_count("0")),
    ({"MaxParked": "101"}, _bad_count("101")),
    ({"MaxParked": "-1"}, _bad_count("-1")),
    ({"MaxParked": "1.5"}, _bad_count("1.5")),
    ({"MaxParked": "five"}, _bad_count("five")),
    ({"MaxParked": "²"}, _bad_count("²")),
    ({"MaxParked": ["5"]}, 'MaxParked must be a string, but is ["5"]. Give one value.'),
    ({"ReleaseAfter": None}, _bad_time("")),
    ({"ReleaseAfter": "0"}, _bad_time("0")),
    ({"ReleaseAfter": "31536001"}, _bad_time("31536001")),
    ({"ReleaseAfter": "30 days"}, _bad_time("30 days")),
    ({"ReleaseAfter": 60}, "ReleaseAfter must be a string, but is 60. Give one value."),
    ({"RetainParked": "yes"}, "RetainParked must be true or false, but is 'yes'."),
    ({"RetainParked": ["true"]}, 'RetainParked must be a string, but is ["true"]. Give one value.'),
    ({"ReleaseDelay": "60"}, _unknown("ReleaseDelay")),
    ({"Tags": tag_list(team="support"), "Zone": "a"}, _unknown("Tags")),
]


@pytest.mark.parametrize(("properties", "reason"), BAD)
def test_bad_properties_make_no_pool(world: World, properties: dict[str, Any], reason: str) -> None:
    failed = _ask(world, "Create", **properties)
    assert (failed.status, failed.reason) == ("FAILED", reason)
    assert failed.physical_id.startswith("not-claimed-")
    assert _pool(world) is None
    rolled_back = world.send({**_event(world, "Delete", **properties), "PhysicalResourceId": failed.physical_id})
    assert (rolled_back.status, rolled_back.physical_id) == ("SUCCESS", failed.physical_id)
    assert _pools(world) == []


def test_bad_properties_leave_the_pool_as_it_is(world: World) -> None:
    _ask(world, "Create")
    before = _pool(world)
    failed = _ask(world, "Update", MaxParked="0")
    assert (failed.status, failed.physical_id, failed.reason) == ("FAILED", POOL, _bad_count("0"))
    assert _pool(world) == before


@pytest.mark.parametrize("properties", [{"MaxParked": "1", "ReleaseAfter": "1"}, {"ServiceTimeout": "60"}])
def test_the_least_is_enough(world: World, properties: dict[str, Any]) -> None:
    assert _ask(world, "Create", RetainParked="false", **properties).succeeded


def test_a_request_that_comes_after_a_later_one_is_void(world: World) -> None:
    _ask(world, "Create")
    early = _event(world, "Update", MaxParked="1")
    _ask(world, "Update", MaxParked="2")
    response = world.send(early)
    assert (response.status, response.physical_id, response.reason) == ("FAILED", POOL, VOID)
    pool = _pool(world)
    assert pool is not None
    assert pool.max_parked == 2


def test_a_request_that_comes_again_gets_the_same_response(world: World) -> None:
    event = _event(world, "Create")
    created = world.send(event)
    _ask(world, "Update", MaxParked="2", ReleaseAfter="60")
    assert world.send(event).fields == created.fields
    pool = _pool(world)
    assert pool is not None
    assert pool.max_parked == 2


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_creation_that_comes_after_its_cancellation_is_void(world: World, seconds: int) -> None:
    create = _event(world, "Create")
    world.clock.pause(seconds - 1)
    canceled = world.send({**_event(world, "Delete"), "PhysicalResourceId": "platform-Pool-1ABCDEF"})
    assert (canceled.status, canceled.physical_id) == ("SUCCESS", "platform-Pool-1ABCDEF")
    late = world.send(create)
    assert (late.status, late.reason) == ("FAILED", VOID)
    assert _pools(world) == []


@pytest.mark.parametrize("kind", ["POOL", REQUEST_PREFIX])
def test_two_deliveries_of_a_creation_give_one_response(world: World, kind: str) -> None:
    event = _event(world, "Create")
    _Store(world, kind, lambda: world.send(event))
    world.handle(event)
    assert [response.fields for response in world.responses] == [world.responses[0].fields] * 2
    assert world.responses[0].succeeded


def test_a_creation_that_a_cancellation_precedes_reads_the_pool_again(world: World) -> None:
    create, cancel = _event(world, "Create"), _event(world, "Delete")
    _Store(world, "POOL", lambda: world.send(cancel))
    world.handle(create)
    assert [(response.status, response.reason) for response in world.responses] == [("SUCCESS", ""), ("FAILED", VOID)]
    assert _pools(world) == []


def test_the_ledger_lists_the_pools_that_there_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for resource in ("Pool", "Other", "Third"):
        _ask(world, "Create", resource)
    _ask(world, "Delete", "Third")
    assert sorted(_pools(world)) == sorted([POOL, OTHER_POOL])

    def gone(*_: object) -> None:
        pass

    # The index may lag behind.
    monkeypatch.setattr(Ledger, "pool", gone)
    assert _pools(world) == []


def test_a_pool_that_cloudformation_has_renamed_is_still_the_same(world: World) -> None:
    _ask(world, "Create")
    arn = _parked(world)
    renamed = {"PhysicalResourceId": POOL}
    assert world.send({**_event(world, "Update", "Renamed"), **renamed}).physical_id == POOL
    assert _pools(world) == [POOL]
    assert world.send({**_event(world, "Delete", "Renamed"), **renamed}).succeeded
    assert (_pools(world), _held(world, arn)) == ([], [False])


# --- Its deletion is refused while its numbers are in use ---


def _refused(numbers: int, examples: str) -> str:
    return (
        f"The pool is not deleted. Phone numbers that use it: {numbers}, for example {examples}. Delete their "
        "resources first, or deploy them without this Pool."
    )


def test_a_pool_with_a_live_number_is_not_deleted(world: World) -> None:
    _ask(world, "Create")
    arn = world.created(**MEMBER)
    before = _pool(world)
    response = _ask(world, "Delete")
    reason = _refused(1, f"{world.claim().phone_number} (Number of {STACK})")
    assert (response.status, response.physical_id, response.reason) == ("FAILED", POOL, reason)
    after = _pool(world)
    assert before is not None
    assert after is not None
    assert after == replace(before, end_refused_at=after.end_refused_at, version=before.version + 1)
    assert world.delete(arn, **MEMBER).succeeded
    assert _ask(world, "Delete").succeeded


def test_a_pool_with_a_number_that_is_being_created_is_not_deleted(world: World) -> None:
    _ask(world, "Create")
    world.client.before["search_available_phone_numbers"] = die
    with pytest.raises(Died):
        world.handle(world.event("Create", **MEMBER))
    assert _ask(world, "Delete").reason == _refused(1, f"a number (Number of {STACK})")


def test_of_many_numbers_five_are_named(world: World) -> None:
    _ask(world, "Create")
    for index in range(6):
        world.created(resource=f"Number{index}", **MEMBER)
    reason = _ask(world, "Delete").reason
    assert reason.startswith("The pool is not deleted. Phone numbers that use it: 6, for example ")
    assert reason.count(f" of {STACK})") == 5


def test_where_cloudformation_does_not_tell_a_number_counts(world: World) -> None:
    _ask(world, "Create")
    let_go(world, world.created(**MEMBER))
    world.stacks.is_silent = True
    assert _ask(world, "Delete").reason == _refused(1, f"{world.claim().phone_number} (Number of {STACK})")


def test_a_number_that_its_stack_has_retained_does_not_count(world: World) -> None:
    _ask(world, "Create")
    arn = world.created(**MEMBER)
    let_go(world, arn)
    assert _ask(world, "Delete").succeeded
    assert _held(world, arn) == [True]


@pytest.mark.parametrize("pool", [OTHER_POOL, None])
def test_other_numbers_do_not_count(world: World, pool: str | None) -> None:
    _ask(world, "Create")
    arn = world.created(**_member(Pool=pool))
    assert _ask(world, "Delete").succeeded
    assert _held(world, arn) == [True]


# --- Its end ---


def test_what_is_parked_ends_with_it(world: World) -> None:
    _ask(world, "Create")
    arns = _all_parked(world, "One", "Two")
    other = _parked(world, "Three", Pool=OTHER_POOL)
    assert _ask(world, "Delete").succeeded
    assert _held(world, *arns, other) == [False, False, True]
    assert {world.claim(resource=name).outcome for name in ("One", "Two")} == {Outcome.RELEASED}
    assert _pools(world) == []


def test_what_is_parked_stays_if_the_pool_retains_it(world: World) -> None:
    _ask(world, "Create", RetainParked="true")
    arn = _parked(world)
    response = _ask(world, "Delete", RetainParked="true")
    assert (response.status, response.physical_id) == ("SUCCESS", POOL)
    claim, number = world.claim(), world.number(arn)
    assert (claim.state, claim.parked_until, claim.acknowledged) == (ClaimState.LIVE, 0, True)
    assert number.is_held
    assert contract.PARKED_TAG not in number.tags
    ledger = world.invocation().ledger
    assert [*ledger.due(None), *ledger.parked()] == []
    adopted = world.create(
        stack=OTHER_STACK, CountryCode=None, Type=None, PhoneNumber=number.phone_number, Adopt="true"
    )
    assert adopted.physical_id == arn


def test_a_tag_that_cannot_be_removed_is_no_reason_to_fail(world: World) -> None:
    _ask(world, "Create", RetainParked="true")
    arn = _parked(world)
    world.emulator.faults.add("UntagResource", "error", code="AccessDeniedException", calls=None)
    assert _ask(world, "Delete", RetainParked="true").succeeded
    assert _warnings(world) == ["tag cannot be removed"]
    assert (world.claim().state, contract.PARKED_TAG in world.number(arn).tags) == (ClaimState.LIVE, True)


def test_a_release_that_fails_is_said_and_tried_again(world: World) -> None:
    _ask(world, "Create")
    arn = _parked(world)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    response = _ask(world, "Delete")
    assert (response.status, response.physical_id) == ("FAILED", POOL)
    assert response.reason == (
        f"Amazon Connect refused ReleasePhoneNumber for {world.claim().phone_number} ({arn}): AccessDeniedException: "
        "Fault set by the test. Allow the provider's role connect:ReleasePhoneNumber on this resource, look for a "
        "service control policy or a permissions boundary that denies it, then deploy or destroy again. Delete the "
        "pool again."
    )
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert _held(world, arn) == [False]
    assert _ask(world, "Delete").succeeded


def test_nothing_is_released_as_long_as_cloudformation_does_not_tell_that_it_may_be(world: World) -> None:
    _ask(world, "Create")
    arn = _parked(world)
    world.stacks.is_silent = True
    response = _ask(world, "Delete")
    assert response.status == "FAILED"
    assert response.reason == (
        f"CloudFormation did not tell whether a resource has {world.claim().phone_number}, so it is not released. "
        "Delete the pool again."
    )
    world.stacks.is_silent = False
    assert _held(world, arn) == [True]
    assert _ask(world, "Delete").succeeded
    assert _held(world, arn) == [False]


def test_a_resource_that_has_just_parked_its_number_and_is_still_shown_is_no_owner(world: World) -> None:
    _ask(world, "Create", MaxParked="1")
    arns = _all_parked(world, "One", "Two")
    for name, arn in zip(("One", "Two"), arns, strict=True):
        world.stacks.hold(ResourceKey(STACK, name), arn)
    world.sweep()
    assert _held(world, *arns) == [True, True]
    assert [world.claim(resource=name).state for name in ("One", "Two")] == [ClaimState.PARKED] * 2
    for name in ("One", "Two"):
        del world.stacks.resources[ResourceKey(STACK, name)]
    world.clock.pause(600)
    world.sweep()
    world.sweep()
    assert sorted(_held(world, *arns)) == [False, True]


def test_a_number_that_somebody_has_given_to_a_resource_is_not_released(world: World) -> None:
    _ask(world, "Create")
    arn = _parked(world)
    world.stacks.hold(ResourceKey(OTHER_STACK, "Imported"), arn)
    assert _ask(world, "Delete").succeeded
    assert (world.claim().outcome, world.number(arn).is_held) == (Outcome.NOT_OURS, True)


def test_a_deletion_that_comes_too_late_does_nothing(world: World) -> None:
    _ask(world, "Create")
    arn = _parked(world)
    event = _event(world, "Delete", ServiceTimeout="600")
    world.clock.pause(600)
    response = world.send(event)
    assert (response.status, response.reason) == (
        "FAILED",
        "The request came after CloudFormation had stopped waiting for it. Nothing was done. Delete again.",
    )
    assert (_held(world, arn), _pools(world)) == ([True], [POOL])


@pytest.mark.parametrize("retains", [True, False])
def test_a_pool_that_the_ledger_has_lost_is_deleted_as_its_properties_say(world: World, retains: bool) -> None:
    _ask(world, "Create", RetainParked=str(retains).lower())
    arn = _parked(world)
    world.store.remove(pool_key(POOL))
    assert _ask(world, "Delete", RetainParked=str(retains).lower()).succeeded
    assert _held(world, arn) == [retains]


def test_the_end_of_a_creation_that_has_failed_leaves_what_is_parked(world: World) -> None:
    arn = _parked(world)
    failed = _ask(world, "Create", MaxParked="0")
    assert world.send({**_event(world, "Delete"), "PhysicalResourceId": failed.physical_id}).succeeded
    assert _held(world, arn) == [True]


@pytest.mark.parametrize("retains", ["true", "false"])
def test_a_number_that_is_taken_meanwhile_is_left_to_its_resource(world: World, retains: str) -> None:
    _ask(world, "Create", RetainParked=retains)
    arn = _parked(world)
    create = world.event("Create", stack=OTHER_STACK, **MEMBER)
    delete = _event(world, "Delete", RetainParked=retains)
    _Store(world, CLAIM_PREFIX, lambda: world.send(create))
    world.handle(delete)
    assert [response.succeeded for response in world.responses[-2:]] == [True, True]
    assert (world.claim(OTHER_STACK).arn, world.claim(OTHER_STACK).state) == (arn, ClaimState.LIVE)
    assert (world.number(arn).is_held, world.number(arn).tags[contract.STACK_TAG]) == (True, OTHER_STACK)


def test_a_deletion_that_is_interrupted_goes_on(world: World) -> None:
    _ask(world, "Create")
    arns = _all_parked(world, "One", "Two")
    event = _event(world, "Delete")
    world.client.after["release_phone_number"] = die
    with pytest.raises(Died):
        world.handle(event)
    assert world.send(event).succeeded
    assert _held(world, *arns) == [False, False]
    assert world.effects("ReleasePhoneNumber") == 2


def test_a_pool_that_there_never_was_is_deleted(world: World) -> None:
    assert _ask(world, "Delete").succeeded
    assert _pools(world) == []


@pytest.mark.parametrize("retains", [True, False])
def test_what_is_on_its_way_into_the_pool_ends_with_it(world: World, retains: bool) -> None:
    _ask(world, "Create", RetainParked=str(retains).lower())
    arn = world.created(**MEMBER)
    world.emulator.faults.add("TagResource", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn, **MEMBER).succeeded
    world.emulator.faults.clear()
    assert _ask(world, "Delete", RetainParked=str(retains).lower()).succeeded
    world.stacks.resources[RESOURCE] = HeldResource(arn, "DELETE_COMPLETE")
    world.clock.pause(3600)
    world.sweep()
    assert _held(world, arn) == [retains]
    assert world.claim().state is (ClaimState.LIVE if retains else ClaimState.CLOSED)


@pytest.mark.parametrize("retains", [True, False])
def test_a_number_that_is_deleted_after_its_pool_does_not_stay(world: World, retains: bool) -> None:
    _ask(world, "Create", RetainParked=str(retains).lower())
    _ask(world, "Delete", RetainParked=str(retains).lower())
    world.clock.pause(200)
    arn = world.created(**MEMBER)
    assert world.delete(arn, **MEMBER).succeeded
    world.clock.pause(int(MEMBER["ReleaseDelay"]) + 3600)
    world.sweep()
    assert _held(world, arn) == [False]


def test_a_second_deletion_is_refused_while_a_number_is_in_use(world: World) -> None:
    _ask(world, "Create")
    _parked(world)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not _ask(world, "Delete").succeeded
    world.emulator.faults.clear()
    world.created(stack=OTHER_STACK, **MEMBER)
    phone_number = world.claim(OTHER_STACK).phone_number
    assert _ask(world, "Delete").reason == _refused(1, f"{phone_number} (Number of {OTHER_STACK})")


def test_a_provider_with_a_pool_of_another_stack_is_not_deleted(world: World) -> None:
    _ask(world, "Create")
    assert _delete_provider(world).reason == (
        f"The provider is not deleted. Pools that still need it: 1, for example Pool of {PLATFORM}. Delete them first."
    )
    _ask(world, "Delete")
    assert _delete_provider(world).succeeded


def test_a_provider_with_a_pool_that_cloudformation_has_renamed_is_not_deleted(world: World) -> None:
    _ask(world, "Create")
    world.send({**_event(world, "Update", "Renamed"), "PhysicalResourceId": POOL})
    del world.stacks.resources[ResourceKey(PLATFORM, "Pool")]
    assert not _delete_provider(world).succeeded


def test_a_number_that_stays_because_its_pool_was_deleted_does_not_say_when_it_is_released(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    _ask(world, "Create", RetainParked="true")
    arn = world.created(**MEMBER, ContactFlowArn=flow)
    world.emulator.faults.add("DisassociatePhoneNumberContactFlow", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn, **MEMBER, ContactFlowArn=flow).succeeded
    world.emulator.faults.clear()
    _ask(world, "Delete", RetainParked="true")
    world.stacks.resources[RESOURCE] = HeldResource(arn, "DELETE_COMPLETE")
    world.clock.pause(3600)
    world.sweep()
    assert (world.claim().state, contract.PARKED_TAG in world.number(arn).tags) == (ClaimState.LIVE, False)


# --- When all invocations are spent ---


def _given_up(event: Event) -> Event:
    """Return the queue's record of a request on which Lambda has given up."""
    return {"Records": [{"body": json.dumps({"requestPayload": event})}]}


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_request_that_lambda_gave_up_on_is_answered(world: World, request_type: str) -> None:
    if request_type != "Create":
        _ask(world, "Create")
    event, before = _event(world, request_type), _pool(world)
    for _ in range(2):
        world.handle(_given_up(event))
    response = world.responses[-1]
    assert response.fields == world.responses[-2].fields
    assert (response.status, response.url) == ("FAILED", event["ResponseURL"])
    assert response.reason == (
        "The phone number provider gave up after all its invocations (unknown error). What was begun is finished in "
        "the background. Look at the log of the provider's function for this request, then try again."
    )
    assert (response.physical_id == POOL) is (request_type != "Create")
    assert world.send(event).fields == response.fields
    assert _pool(world) == before
    assert any(line.get("FailedDeliveries") == 1 for line in world.messages())


def test_a_request_that_an_invocation_has_answered_is_answered_alike(world: World) -> None:
    event = _event(world, "Create")
    created = world.send(event)
    world.handle(_given_up(event))
    assert world.responses[-1].fields == created.fields


def test_an_invocation_that_is_not_over_yet_may_be_faster(world: World) -> None:
    event = _event(world, "Create")
    _Store(world, REQUEST_PREFIX, lambda: world.send(event))
    world.handle(_given_up(event))
    assert world.responses[0].succeeded
    assert world.responses[1].fields == world.responses[0].fields


def test_it_is_not_answered_while_the_ledger_is_unavailable(world: World) -> None:
    world.store = _Unavailable(world.clock)
    with pytest.raises(NotFinished):
        world.handle(_given_up(_event(world, "Create")))
    assert world.responses == []


# --- How many may be parked ---


def test_above_the_limit_those_that_were_parked_first_are_released(world: World) -> None:
    _ask(world, "Create", MaxParked="2")
    # Neither the one that was claimed first nor the one whose time is up first.
    delays = {"One": "1000", "Two": str(WEEK), "Three": str(DAY)}
    arns = {name: world.created(resource=name, Pool=POOL, ReleaseDelay=delay) for name, delay in delays.items()}
    for name in ("Two", "Three", "One"):
        world.delete(arns[name], resource=name, Pool=POOL, ReleaseDelay=delays[name])
    world.sweep()
    assert _held(world, *arns.values()) == [True, False, True]


def test_each_pool_has_a_limit_of_its_own(world: World) -> None:
    for resource in ("Pool", "Other"):
        _ask(world, "Create", resource, MaxParked="1")
    arns = [_parked(world, "One"), _parked(world, "Two", Pool=OTHER_POOL), _parked(world, "Three", Pool=None)]
    world.sweep()
    assert _held(world, *arns) == [True, True, True]


def test_without_the_pools_resource_there_is_no_limit(world: World) -> None:
    arns = _all_parked(world, "One", "Two")
    world.sweep()
    assert _held(world, *arns) == [True, True]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", ""])
def test_a_limit_that_cloudformation_may_take_back_does_not_count_yet(world: World, status: str) -> None:
    _ask(world, "Create", MaxParked="1")
    arns = _all_parked(world, "One", "Two")
    world.stacks.status, world.stacks.is_silent = status, not status
    world.sweep()
    assert _held(world, *arns) == [True, True]
    world.stacks.status, world.stacks.is_silent = "UPDATE_COMPLETE", False
    world.sweep()
    assert _held(world, *arns) == [False, True]


def test_the_limit_waits_for_the_budget() -> None:
    world = World(budget=Policy(quota=1, refuses=False))
    _ask(world, "Create", MaxParked="1")
    arns = _all_parked(world, "One", "Two")
    world.sweep()
    assert _held(world, *arns) == [True, True]
    world.budget = Policy(quota=2)
    world.sweep()
    assert _held(world, *arns) == [False, True]


def test_the_limit_releases_no_more_than_the_budget_has_left() -> None:
    world = World(budget=Policy(quota=2, refuses=False))
    _ask(world, "Create", MaxParked="1")
    arns = _all_parked(world, "One", "Two", "Three")
    world.sweep()
    assert _held(world, *arns) == [False, True, True]


def test_a_number_that_is_taken_before_the_limit_counts_stays(world: World) -> None:
    _ask(world, "Create", MaxParked="1")
    taken, _ = _all_parked(world, "One", "Two")
    create = world.event(
        "Create", stack=OTHER_STACK, resource="One", PhoneNumber=world.number(taken).phone_number, **MEMBER
    )
    _Store(world, CLAIM_PREFIX, lambda: world.send(create))
    world.sweep()
    assert (world.claim(OTHER_STACK, "One").arn, world.number(taken).is_held) == (taken, True)
    assert not [line for line in world.messages() if line.get("level") == "ERROR"]


def test_an_item_that_cannot_be_read_does_not_count(world: World) -> None:
    _ask(world, "Create", MaxParked="1")
    arns = _all_parked(world, "One", "Two")
    item = world.store.get(claim_key(world.claim(resource="One").own_key))
    assert item is not None
    world.store.replace({**item, "specification": "US"})
    limit_pools(world.invocation())
    world.sweep()
    assert _held(world, *arns) == [True, True]


def test_without_pools_nothing_is_looked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> list[Any]:
        raise AssertionError("the index is read")

    monkeypatch.setattr(Ledger, "parked", look)
    limit_pools(world.invocation())


def test_a_problem_with_the_pools_does_not_stop_the_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _ask(world, "Create")
    arn = _parked(world, Pool=None)
    world.clock.now = world.claim().parked_until

    def fail(_: Ledger) -> list[PoolEntry]:
        raise ValueError("an entry of a later version")

    monkeypatch.setattr(Ledger, "pools", fail)
    world.sweep()
    assert _held(world, arn) == [False]
    (line,) = [line for line in world.messages() if line.get("level") == "ERROR"]
    assert (line["message"], line["part"]) == ("part of the sweep failed", "limit_pools")
    assert (line["error"], line["problem"]) == ("ValueError", "an entry of a later version")


def test_what_the_limit_waits_for_does_not_keep_the_sweep_from_what_is_due(world: World) -> None:
    _ask(world, "Create", MaxParked="1")
    _all_parked(world, *(f"Number{index}" for index in range(12)))
    due = world.created(stack=OTHER_STACK, CountryCode="GB")
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="ThrottlingException", calls=None)
    assert not world.delete(due, stack=OTHER_STACK, ServiceTimeout="120").succeeded
    world.clock.pause(3600)
    world.sweep()
    assert world.claim(OTHER_STACK).failures > 0


# --- What a number of a pool is like while it is parked ---


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_parked_number_has_nothing_of_its_last_resource(world: World, by_hand: bool) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    properties: dict[str, Any] = {"Description": "Support", "Tags": tag_list(team="a")}
    if not by_hand:
        properties["ContactFlowArn"] = flow
    arn = world.created(**MEMBER, **properties)
    world.client.tag_resource(resourceArn=arn, tags={"cost-center": "7"})
    if by_hand:
        _associate(world, arn, flow)
    assert world.delete(arn, **MEMBER, **properties).succeeded
    claim, number = world.claim(), world.number(arn)
    assert (claim.state, claim.parked_until) == (ClaimState.PARKED, claim.closing_at + WEEK)
    assert (number.is_held, number.contact_flows, number.description) == (True, {}, "")
    # What people have put on it is theirs.
    assert user_tags(number) == {"cost-center": "7", contract.PARKED_TAG: date_of(claim.parked_until)}


@pytest.mark.parametrize("flow_is_set", ["never", "by hand", "by the template"])
def test_a_parked_number_is_moved_to_its_target(world: World, flow_is_set: str) -> None:
    flow, parking = world.emulator.add_contact_flow(world.instance), world.emulator.add_instance(REGION)
    properties: dict[str, Any] = {"ParkingTargetArn": parking}
    if flow_is_set == "by the template":
        properties["ContactFlowArn"] = flow
    arn = world.created(**MEMBER, **properties)
    if flow_is_set == "by hand":
        _associate(world, arn, flow)
    response = world.delete(arn, **MEMBER, **properties)
    assert response.succeeded, response.reason
    number = world.number(arn)
    assert (world.claim().state, number.target_arn, number.contact_flows) == (ClaimState.PARKED, parking, {})
    assert world.created(stack=OTHER_STACK, **MEMBER, ContactFlowArn=flow) == arn
    number = world.number(arn)
    assert (number.target_arn, list(number.contact_flows.values())) == (world.instance, [flow.rpartition("/")[2]])


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("workflow_failure", {"message": "The limit is reached"}),
        ("error", {"code": "AccessDeniedException"}),
        ("error", {"code": "ServiceQuotaExceededException"}),
        ("error", {"code": "ResourceNotFoundException"}),
    ],
)
def test_a_target_that_does_not_take_the_number_does_not_fail_the_deletion(
    world: World, kind: str, fault: dict[str, Any]
) -> None:
    parking = world.emulator.add_instance(REGION)
    properties: dict[str, Any] = {"ParkingTargetArn": parking, "Description": "Support", "Tags": tag_list(team="a")}
    arn = world.created(**MEMBER, **properties)
    world.emulator.faults.add("UpdatePhoneNumber", kind, calls=None, **fault)
    response = world.delete(arn, **MEMBER, **properties)
    assert response.succeeded, response.reason
    number = world.number(arn)
    assert (world.claim().state, number.target_arn, number.description) == (ClaimState.PARKED, world.instance, "")
    assert set(user_tags(number)) == {contract.PARKED_TAG}
    assert "number is not parked at its parking target" in _warnings(world)
    # The sweeper looks once more.
    world.emulator.faults.clear()
    world.clock.pause(1300)
    world.sweep()
    assert (world.claim().settles_at, world.number(arn).target_arn) == (0, parking)


def test_what_cannot_be_removed_from_the_number_fails_the_deletion(world: World) -> None:
    arn = world.created(**MEMBER, Description="Support")
    world.emulator.faults.add("UpdatePhoneNumberMetadata", "error", code="InvalidParameterException", calls=1)
    response = world.delete(arn, **MEMBER)
    assert response.reason.startswith(
        f"Amazon Connect refused UpdatePhoneNumberMetadata for the Description of {world.claim().phone_number}: "
    )
    assert world.claim().state is ClaimState.CLOSING
    world.clock.pause(3600)
    world.stacks.resources[RESOURCE] = HeldResource(arn, "DELETE_COMPLETE")
    world.sweep()
    assert (world.claim().state, world.number(arn).description) == (ClaimState.PARKED, "")


def test_what_connect_did_not_show_is_removed_later(world: World) -> None:
    arn = world.created(**MEMBER, Description="Support")
    world.emulator.faults.add("DescribePhoneNumber", "error", code="ResourceNotFoundException", calls=2)
    assert world.delete(arn, **MEMBER).succeeded
    assert (world.claim().state, world.number(arn).description) == (ClaimState.PARKED, "Support")
    world.clock.pause(1300)
    world.sweep()
    assert (world.claim().state, world.number(arn).description) == (ClaimState.PARKED, "")


def test_a_number_of_a_traffic_distribution_group_is_parked_without_its_flow(world: World) -> None:
    group = world.emulator.add_traffic_distribution_group(REGION, "eu-central-1")
    flow = world.emulator.add_contact_flow(world.instance)
    arn = _parked(world, TargetArn=group, ContactFlowArn=flow, Description="Support")
    number = world.number(arn)
    assert (number.target_arn, number.contact_flows, number.description) == (group, {}, "")


def test_a_number_that_is_taken_while_it_is_put_aside_is_left_alone(world: World) -> None:
    arn = world.created(**MEMBER, Description="Support")
    delete = world.event("Delete", arn, **MEMBER)
    create = world.event("Create", stack=OTHER_STACK, Description="Sales", Tags=tag_list(team="sales"), **MEMBER)

    def overtake(_: object) -> None:
        # Another delivery of the deletion is faster, and the number is taken.
        world.send(delete)
        world.send(create)

    world.client.before["tag_resource"] = overtake
    world.handle(delete)
    assert world.responses[-1].succeeded
    number = world.number(arn)
    assert (number.description, number.tags["team"]) == ("Sales", "sales")
    assert (world.claim(OTHER_STACK).arn, world.claim(OTHER_STACK).state) == (arn, ClaimState.LIVE)


# --- Who gets it ---


def test_a_resource_of_another_stack_takes_it_instead_of_claiming_one(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = _parked(world, Prefix="+1", Description="Support", Tags=tag_list(team="support"))
    given = _member(ContactFlowArn=flow, Description="Sales", Tags=tag_list(team="sales"))
    response = world.create(stack=OTHER_STACK, resource="Line", **given)
    assert (response.succeeded, response.physical_id) == (True, arn), response.reason
    assert world.effects("ClaimPhoneNumber") == 1
    number = world.number(arn)
    assert (number.description, user_tags(number)) == ("Sales", {"team": "sales"})
    assert list(number.contact_flows.values()) == [flow.rpartition("/")[2]]
    assert (number.tags[contract.STACK_TAG], number.tags[contract.RESOURCE_TAG]) == (OTHER_STACK, "Line")
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.TAKEN)
    # Nobody but the pool gets it next.
    assert world.delete(arn, stack=OTHER_STACK, resource="Line", **given).succeeded
    assert world.claim(OTHER_STACK, "Line").state is ClaimState.PARKED


@pytest.mark.parametrize("stack", [OTHER_STACK, AGAIN])
@pytest.mark.parametrize(
    "properties",
    [
        {"CountryCode": "GB"},
        {"Type": "TOLL_FREE"},
        {"Prefix": "+1999"},
        {"PhoneNumber": "+12065550109"},
        {"Pool": OTHER_POOL},
        {"Pool": None},
        {"Pool": None, "ReleaseDelay": None},
    ],
)
def test_who_does_not_get_it(world: World, properties: dict[str, Any], stack: str) -> None:
    arn = _parked(world)
    response = world.create(stack=stack, **_member(**properties))
    assert response.physical_id != arn
    assert (world.claim().state, world.number(arn).is_held) == (ClaimState.PARKED, True)


def test_a_number_that_is_parked_without_a_pool_is_not_for_the_pool(world: World) -> None:
    arn = _parked(world, Pool=None)
    assert world.created(stack=OTHER_STACK, **MEMBER) != arn
    assert world.created(stack=AGAIN, **MEMBER) == arn, "its own resource gets it"


@pytest.mark.parametrize("pool", [None, OTHER_POOL])
@pytest.mark.parametrize("adopt", [False, True])
def test_who_asks_for_the_very_number_needs_the_pool(world: World, pool: str | None, adopt: bool) -> None:
    arn = _parked(world)
    asked: dict[str, Any] = {"PhoneNumber": world.claim().phone_number}
    if adopt:
        asked |= {"CountryCode": None, "Type": None, "Adopt": "true"}
    refused = world.create(stack=OTHER_STACK, **_member(**asked, Pool=pool))
    assert refused.status == "FAILED"
    assert refused.reason == (
        f"{world.claim().phone_number} is parked in {POOL}, so only a resource with this Pool can have it. Set that, "
        "or ask for another number."
    )
    assert world.claim().state is ClaimState.PARKED
    assert world.created(stack=OTHER_STACK, **MEMBER, **asked) == arn


@pytest.mark.parametrize("resource", ["One", "Two", "Three", "Four"])
def test_its_own_resource_comes_first(world: World, resource: str) -> None:
    names = ("One", "Two", "Three", "Four")
    arns = _all_parked(world, *names)
    assert world.created(stack=AGAIN, resource=resource, **MEMBER) == arns[names.index(resource)]


def test_of_two_creations_at_once_one_gets_it(world: World) -> None:
    arn = _parked(world)
    one, other = world.event("Create", stack=AGAIN, **MEMBER), world.event("Create", stack=OTHER_STACK, **MEMBER)
    _Store(world, CLAIM_PREFIX, lambda: world.send(other))
    world.handle(one)
    assert [response.succeeded for response in world.responses[-2:]] == [True, True]
    assert world.claim(OTHER_STACK).arn == arn
    assert world.claim(AGAIN).arn not in (arn, "")


def test_a_creation_that_failed_puts_it_back(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = _parked(world)
    given = _member(Description="Sales", ContactFlowArn=flow)
    world.emulator.faults.add("AssociatePhoneNumberContactFlow", "error", code="InvalidParameterException", calls=1)
    failed = world.create(stack=OTHER_STACK, **given)
    assert failed.status == "FAILED"
    assert world.delete(failed.physical_id, stack=OTHER_STACK, **given).succeeded
    assert world.claim(OTHER_STACK).state is ClaimState.PARKED
    assert (world.number(arn).description, world.number(arn).contact_flows) == ("", {})
    assert world.created(resource="Third", **MEMBER) == arn


# --- Into a pool and out of it ---


def test_a_number_that_an_update_takes_out_of_the_pool_is_released_with_its_resource(world: World) -> None:
    _ask(world, "Create")
    arn = world.created(**MEMBER)
    assert world.update(arn, old_properties=world.properties(**MEMBER)).succeeded
    assert _ask(world, "Delete").succeeded
    world.delete(arn)
    assert _held(world, arn) == [False]


def test_a_taken_number_that_an_update_takes_out_of_the_pool_is_released_with_its_resource(world: World) -> None:
    arn = _parked(world)
    assert world.created(stack=OTHER_STACK, **MEMBER) == arn
    assert world.update(arn, stack=OTHER_STACK, old_properties=world.properties(**MEMBER)).succeeded
    world.stacks.completed = True
    world.delete(arn, stack=OTHER_STACK)
    assert _held(world, arn) == [False]


def test_a_shorter_time_applies_to_a_number_that_is_deployed_with_it(world: World) -> None:
    arn = _parked(world)
    shorter = _member(ReleaseDelay=str(DAY))
    assert world.created(stack=OTHER_STACK, **shorter) == arn
    world.stacks.completed = True
    assert world.delete(arn, stack=OTHER_STACK, **shorter).succeeded
    claim = world.claim(OTHER_STACK)
    assert claim.parked_until == claim.closing_at + DAY


def test_a_number_that_an_update_puts_into_the_pool_is_parked_there(world: World) -> None:
    arn = world.created()
    assert world.update(arn, **MEMBER).succeeded
    world.delete(arn, **MEMBER)
    assert world.created(stack=OTHER_STACK, **MEMBER) == arn


# --- When its time is up ---


def test_the_sweeper_releases_it_when_the_time_is_up(world: World) -> None:
    arn = _parked(world)
    world.clock.now = world.claim().parked_until - 1
    world.sweep()
    assert _held(world, arn) == [True]
    world.clock.pause(1)
    world.sweep()
    assert _held(world, arn) == [False]


@pytest.mark.parametrize("pool", [POOL, None])
def test_its_release_waits_for_the_budget(pool: str | None) -> None:
    world = World(budget=Policy(quota=1, refuses=False))
    # Two claims are all that Connect allows in 180 days.
    arns = _all_parked(world, "One", "Two", Pool=pool)
    world.clock.now = world.claim(resource="Two").parked_until
    world.sweep()
    assert _held(world, *arns) == [pool is not None] * 2
    world.clock.pause(WINDOW_DAYS * DAY)
    # The first sweep of a day counts anew.
    world.sweep()
    world.sweep()
    assert _held(world, *arns) == [False, False]


def test_the_budget_counts_each_release(world: World) -> None:
    world.budget = Policy(quota=2, refuses=False)
    arns = _all_parked(world, "One", "Two", "Three")
    world.clock.now = world.claim(resource="Three").parked_until
    world.sweep()
    assert _held(world, *arns).count(True) == 2
