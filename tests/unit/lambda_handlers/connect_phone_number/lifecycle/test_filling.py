"""Filling: numbers that a pool claims in advance, and numbers of the account that it has by its list."""

from dataclasses import replace
from itertools import count
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.budget import Policy
from lambda_handlers.connect_phone_number.claim import Claim, ClaimState, Outcome
from lambda_handlers.connect_phone_number.ledger.items import CLAIM_PREFIX, decode
from lambda_handlers.connect_phone_number.ledger.store import ScanPage
from lambda_handlers.connect_phone_number.timing import date_of

from ..world import STACK, Answered, Died, World, die, user_tags

DAY: Final = 86_400
PLATFORM: Final = STACK.replace("support/0a1b2c3d", "platform/7a8b9c0d")
POOL: Final = tokens.pool_id(PLATFORM, "Pool")
LISTED: Final = "+12065550177"
MEMBER: Final[dict[str, Any]] = {"Pool": POOL, "ReleaseDelay": str(DAY)}


def _event(world: World, request_type: str, resource: str = "Pool", **properties: Any) -> dict[str, Any]:
    event = world.event(
        request_type,
        tokens.pool_id(PLATFORM, resource),
        stack=PLATFORM,
        resource=resource,
        resource_type=contract.POOL_RESOURCE_TYPE,
    )
    usual = {"MaxParked": "5", "ReleaseAfter": str(DAY), "ParkingTargetArn": world.instance}
    given = {"ServiceToken": event["ServiceToken"], **usual, **properties}
    event["ResourceProperties"] = {name: value for name, value in given.items() if value is not None}
    return event


def _ask(world: World, request_type: str, resource: str = "Pool", **properties: Any) -> Answered:
    return world.send(_event(world, request_type, resource, **properties))


def _filled(world: World, count: int = 2, **properties: Any) -> Answered:
    return _ask(world, "Create", MinParked=str(count), CountryCode="US", **properties)


def _all_claims(world: World) -> list[Claim]:
    return [decode(Claim, item) for item in world.store.dump() if str(item["sk"]).startswith(CLAIM_PREFIX)]


def _states(world: World) -> list[ClaimState]:
    return sorted(claim.state for claim in _all_claims(world))


def _claim_of(world: World, arn: str) -> Claim:
    """Return the claim that has a number now."""
    reservation = world.invocation().ledger.number(world.number(arn).phone_number)
    assert reservation is not None
    return world.invocation().ledger.claim(reservation.owner)


# --- In advance ---


def test_a_pool_is_there_when_its_numbers_are_parked(world: World) -> None:
    assert _filled(world).succeeded
    assert (len(world.held()), _states(world)) == (2, [ClaimState.PARKED] * 2)
    assert world.effects("ClaimPhoneNumber") == 2
    assert not any(claim.is_taken or claim.listed_in for claim in _all_claims(world))


def test_a_resource_takes_what_was_claimed_in_advance(world: World) -> None:
    _filled(world, 1)
    (held,) = world.held()
    arn = world.created(**MEMBER)
    assert world.number(arn).phone_number == held
    assert world.effects("ClaimPhoneNumber") == 1


def test_the_numbers_are_of_the_kind_that_was_asked_for(world: World) -> None:
    assert _filled(world, 1, Type="TOLL_FREE", Prefix="+1833").succeeded
    (number,) = (number for number in world.emulator.numbers() if number.is_held)
    assert (number.country_code, number.type, number.phone_number[:5]) == ("US", "TOLL_FREE", "+1833")
    assert (number.description, number.contact_flows) == ("", {})
    assert list(user_tags(number)) == [contract.PARKED_TAG]


def test_the_same_request_fills_the_pool_once(world: World) -> None:
    event = _event(world, "Create", MinParked="2", CountryCode="US")
    assert world.send(event) == world.send(event)
    assert world.effects("ClaimPhoneNumber") == 2


def test_an_invocation_that_dies_leaves_the_rest_to_the_next_one(world: World) -> None:
    event = _event(world, "Create", MinParked="2", CountryCode="US")
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.send(event)
    world.client.after.clear()
    assert world.send(event).succeeded
    assert (len(world.held()), world.effects("ClaimPhoneNumber")) == (2, 2)


def test_only_what_is_missing_is_claimed(world: World) -> None:
    _filled(world, 1)
    assert _ask(world, "Update", MinParked="3", CountryCode="US").succeeded
    assert world.effects("ClaimPhoneNumber") == 3
    assert _ask(world, "Update", MinParked="3", CountryCode="US", ReleaseAfter="60").succeeded
    assert world.effects("ClaimPhoneNumber") == 3


def test_what_was_taken_is_claimed_anew_by_a_deployment_only(world: World) -> None:
    _filled(world, 1)
    world.created(**MEMBER)
    world.clock.pause(3600)
    world.sweep()
    assert world.effects("ClaimPhoneNumber") == 1
    assert _ask(world, "Update", MinParked="1", CountryCode="US", ReleaseAfter="60").succeeded
    assert world.effects("ClaimPhoneNumber") == 2


def test_the_minimum_stays_however_old_it_is(world: World) -> None:
    _filled(world, 1)
    arns = [world.created(resource=name, **MEMBER) for name in ("One", "Two")]
    for name, arn in zip(("One", "Two"), arns, strict=True):
        assert world.delete(arn, resource=name, **MEMBER).succeeded
        world.clock.pause(60)
    world.clock.pause(2 * DAY)
    world.sweep()
    world.sweep()
    assert [world.number(arn).is_held for arn in arns] == [False, True], "the oldest goes first"
    world.clock.pause(100 * DAY)
    world.sweep()
    assert len(world.held()) == 1


def test_what_only_waits_for_its_pool_is_not_counted_as_due(world: World) -> None:
    _filled(world, 1)
    world.clock.pause(2 * DAY)
    world.sweep()
    world.lines.clear()
    world.sweep()
    (ended,) = (line for line in world.messages() if line["message"] == "sweep ended")
    assert ended["due"] == 0


def test_nothing_is_claimed_if_the_budget_is_too_small_for_all(world: World) -> None:
    world.budget = Policy(quota=2)
    failed = _filled(world, 3)
    assert failed.status == "FAILED"
    assert "3 more, and 3 releases, of these numbers and of those that are held, would exceed that." in failed.reason
    assert world.emulator.audit == []
    assert _filled(world, 2).succeeded


def test_what_a_failed_deployment_has_claimed_goes_with_its_rollback(world: World) -> None:
    world.emulator.configure(inventory_limit=1)
    failed = _filled(world, 2)
    assert (failed.status, len(world.held())) == ("FAILED", 1)
    deletion = {**_event(world, "Delete", MinParked="2", CountryCode="US"), "PhysicalResourceId": failed.physical_id}
    assert world.send(deletion).succeeded
    assert world.held() == []


def test_a_failed_update_keeps_what_it_has_claimed(world: World) -> None:
    _filled(world, 1)
    world.emulator.configure(inventory_limit=2)
    assert _ask(world, "Update", MinParked="4", CountryCode="US").status == "FAILED"
    held = world.held()
    assert len(held) > 1
    assert _ask(world, "Update", MinParked="1", CountryCode="US").succeeded
    assert world.held() == held


def test_what_is_parked_goes_with_the_pool(world: World) -> None:
    _filled(world)
    assert _ask(world, "Delete", MinParked="2", CountryCode="US").succeeded
    assert (world.held(), _states(world)) == ([], [ClaimState.CLOSED] * 2)


def test_a_creation_that_nobody_finishes_is_parked_by_the_sweeper(world: World) -> None:
    world.client.after["claim_phone_number"] = die
    with pytest.raises(Died):
        world.send(_event(world, "Create", MinParked="1", CountryCode="US"))
    world.client.after.clear()
    world.clock.pause(3 * 3600)
    world.sweep()
    assert len(world.held()) <= 1
    assert ClaimState.OPENING not in _states(world)


def test_a_rollback_gets_no_numbers_and_does_not_fail_for_them(world: World) -> None:
    world.budget = Policy(quota=1)
    _filled(world, 1)
    world.created(**MEMBER)
    world.stacks.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert _ask(world, "Update", MinParked="1", CountryCode="US").succeeded
    assert world.effects("ClaimPhoneNumber") == 1


def test_only_numbers_of_the_desired_kind_count(world: World) -> None:
    _filled(world, 1)
    assert _ask(world, "Update", MinParked="1", CountryCode="GB").succeeded
    assert world.effects("ClaimPhoneNumber") == 2


def test_what_is_about_to_be_parked_counts(world: World) -> None:
    world.emulator.faults.add("TagResource", "error", code="AccessDeniedException", calls=None)
    assert _filled(world, 1).status == "FAILED"
    assert _ask(world, "Update", MinParked="1", CountryCode="US").succeeded
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_deletion_that_stood_still_does_nothing_to_the_pool_that_came_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _filled(world, 1)
    deletion = _event(world, "Delete", MinParked="1", CountryCode="US")
    scan = world.store.scan
    scans = count(1)

    def delete_and_create(after: object = None) -> ScanPage:
        if next(scans) == 1:
            # This one decides.
            return scan(after)
        monkeypatch.undo()
        world.clock.pause(5)
        world.handle(deletion)
        world.clock.pause(5)
        world.handle(_event(world, "Create", MinParked="1", CountryCode="US"))
        return scan(after)

    monkeypatch.setattr(world.store, "scan", delete_and_create)
    world.handle(deletion)
    assert {response.status for response in world.responses} == {"SUCCESS"}
    assert len(world.held()) == 1


def test_a_failed_creation_of_a_pool_that_retains_leaves_nothing(world: World) -> None:
    world.emulator.configure(inventory_limit=1)
    properties = {"MinParked": "2", "CountryCode": "US", "RetainParked": "true"}
    failed = _ask(world, "Create", **properties)
    assert world.send({**_event(world, "Delete", **properties), "PhysicalResourceId": failed.physical_id}).succeeded
    assert world.held() == []


def test_the_cleanup_of_a_failed_creation_leaves_the_pool_that_was_created_after_it(world: World) -> None:
    world.emulator.configure(inventory_limit=1)
    failed = _filled(world, 2)
    assert _filled(world, 1).succeeded
    deletion = {**_event(world, "Delete", MinParked="2", CountryCode="US"), "PhysicalResourceId": failed.physical_id}
    assert world.send(deletion).succeeded
    pool = world.invocation().ledger.pool(POOL)
    assert pool is not None
    assert (pool.is_deleted, len(world.held())) == (False, 1)


def test_a_request_that_comes_too_late_claims_nothing(world: World) -> None:
    event = _event(world, "Create", MinParked="1", CountryCode="US", ServiceTimeout="60")
    world.clock.pause(300)
    assert world.send(event).status == "FAILED"
    assert world.effects("ClaimPhoneNumber") == 0


# --- By list ---


def test_a_number_of_the_list_is_parked_bare(world: World) -> None:
    arn = world.claimed_by_hand(LISTED, {"owner": "sales"})
    assert _ask(world, "Create", PhoneNumbers=[LISTED]).succeeded
    claim = _claim_of(world, arn)
    assert (claim.state, claim.listed_in, claim.in_flight_calls) == (ClaimState.PARKED, POOL, ())
    number = world.number(arn)
    assert (number.description, user_tags(number)) == ("", {"owner": "sales"})


def test_a_resource_takes_it_and_gives_it_back(world: World) -> None:
    arn = world.claimed_by_hand(LISTED)
    _ask(world, "Create", PhoneNumbers=[LISTED])
    assert world.created(**MEMBER) == arn
    assert world.delete(arn, **MEMBER).succeeded
    world.clock.pause(400 * DAY)
    world.sweep()
    assert (world.number(arn).is_held, _claim_of(world, arn).state) == (True, ClaimState.PARKED)


def test_it_goes_back_to_the_pool_even_if_its_resource_has_left_that(world: World) -> None:
    arn = world.claimed_by_hand(LISTED)
    _ask(world, "Create", PhoneNumbers=[LISTED])
    world.created(**MEMBER)
    assert world.update(arn).succeeded
    assert world.delete(arn).succeeded
    claim = _claim_of(world, arn)
    assert (claim.state, claim.desired.pool, world.number(arn).is_held) == (ClaimState.PARKED, POOL, True)


def _assert_let_go(world: World, arn: str) -> None:
    number = world.number(arn)
    assert (number.is_held, number.tags) == (True, {"owner": "sales"})
    assert world.invocation().ledger.number(LISTED) is None
    assert {claim.outcome for claim in _all_claims(world)} <= {Outcome.LET_GO, Outcome.TAKEN}


@pytest.mark.parametrize("retains", ["true", "false"])
@pytest.mark.parametrize("is_used", [True, False])
def test_it_stays_in_the_account_when_its_pool_is_deleted(world: World, retains: str, *, is_used: bool) -> None:
    arn = world.claimed_by_hand(LISTED, {"owner": "sales"})
    _ask(world, "Create", PhoneNumbers=[LISTED], RetainParked=retains)
    if is_used:
        world.created(**MEMBER)
        world.delete(arn, **MEMBER)
    assert _ask(world, "Delete", PhoneNumbers=[LISTED], RetainParked=retains).succeeded
    _assert_let_go(world, arn)


def test_what_is_in_use_when_its_pool_has_gone_stays_in_the_account(world: World) -> None:
    arn = world.claimed_by_hand(LISTED, {"owner": "sales"})
    _ask(world, "Create", PhoneNumbers=[LISTED])
    world.created(**MEMBER)
    world.update(arn)
    assert _ask(world, "Delete", PhoneNumbers=[LISTED]).succeeded
    assert world.delete(arn).succeeded
    _assert_let_go(world, arn)


def test_a_number_that_is_no_longer_listed_leaves_the_pool(world: World) -> None:
    arn = world.claimed_by_hand(LISTED, {"owner": "sales"})
    _ask(world, "Create", PhoneNumbers=[LISTED])
    assert _ask(world, "Update").succeeded
    world.sweep()
    _assert_let_go(world, arn)
    assert _ask(world, "Update", PhoneNumbers=[LISTED]).succeeded, "it can be listed again"
    assert _claim_of(world, arn).state is ClaimState.PARKED


def test_a_number_that_was_left_behind_in_a_deleted_pool_is_let_go_within_a_day(world: World) -> None:
    arn = world.claimed_by_hand(LISTED, {"owner": "sales"})
    _ask(world, "Create", PhoneNumbers=[LISTED])
    pool = world.invocation().ledger.pool(POOL)
    assert pool is not None
    world.invocation().ledger.save(replace(pool, is_deleted=True))
    world.clock.pause(DAY)
    world.sweep()
    _assert_let_go(world, arn)


def test_a_resource_that_adopts_it_gives_it_back(world: World) -> None:
    arn = world.claimed_by_hand(LISTED)
    _ask(world, "Create", PhoneNumbers=[LISTED])
    world.created(resource="Old", **MEMBER)
    adoption: dict[str, Any] = {"PhoneNumber": LISTED, "Adopt": "true"}
    assert world.created(resource="New", **adoption) == arn
    world.delete(arn, resource="Old", **MEMBER)
    world.stacks.completed = True
    assert world.delete(arn, resource="New", **adoption).succeeded
    assert (world.number(arn).is_held, _claim_of(world, arn).listed_in) == (True, POOL)


def test_a_number_that_has_a_flow_is_refused_and_keeps_it(world: World) -> None:
    arn = world.claimed_by_hand(LISTED)
    flow = world.emulator.add_contact_flow(world.instance)
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn, InstanceId=world.instance.rsplit("/", 1)[-1], ContactFlowId=flow.rsplit("/", 1)[-1]
    )
    failed = _ask(world, "Create", PhoneNumbers=[LISTED])
    assert failed.reason == (
        f"PhoneNumbers: {LISTED} has the flow {flow}, so it is in use. Remove the flow from the number first, or "
        "remove the number from the list."
    )
    number = world.number(arn)
    assert (number.tags, number.description, len(number.contact_flows)) == ({}, "By hand", 1)


@pytest.mark.parametrize("stack", [STACK, PLATFORM])
def test_a_number_that_a_resource_has_is_refused(world: World, stack: str) -> None:
    arn = world.created(stack=stack)
    failed = _ask(world, "Create", PhoneNumbers=[world.number(arn).phone_number])
    assert f"cannot be adopted: it belongs to resource Number of stack {stack}." in failed.reason
    assert world.delete(arn, stack=stack).succeeded
    assert world.held() == []


def test_numbers_of_the_list_do_not_count_for_the_limits(world: World) -> None:
    listed = ["+12065550171", "+12065550172"]
    for number in listed:
        world.claimed_by_hand(number)
    assert _filled(world, 1, MaxParked="1", PhoneNumbers=listed).succeeded
    world.clock.pause(2 * DAY)
    world.sweep()
    world.sweep()
    assert len(world.held()) == 3


def test_a_number_that_is_parked_already_is_an_error(world: World) -> None:
    _filled(world, 1)
    (held,) = world.held()
    failed = _ask(world, "Update", PhoneNumbers=[held])
    (claim,) = _all_claims(world)
    assert failed.reason == (
        f"PhoneNumbers: {held} is parked, and is released at {date_of(claim.parked_until)} or taken before (it was "
        f"Pool's of {PLATFORM}). To keep it, create a resource that asks for it, and remove that with DeletionPolicy "
        "Retain. Then it can be on the list."
    )


def test_a_number_is_of_one_list_only(world: World) -> None:
    world.claimed_by_hand(LISTED)
    _ask(world, "Create", PhoneNumbers=[LISTED])
    failed = _ask(world, "Create", "Other", PhoneNumbers=[LISTED])
    assert f"{LISTED} cannot be adopted: it belongs to resource Pool of stack {PLATFORM}." in failed.reason
    assert _ask(world, "Update", PhoneNumbers=[LISTED], MaxParked="6").succeeded


def test_a_number_that_the_account_does_not_hold_is_an_error(world: World) -> None:
    failed = _ask(world, "Create", PhoneNumbers=[LISTED])
    assert failed.reason.startswith(f"{LISTED} cannot be adopted: this account holds no such number")


# --- What cannot be combined ---


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"MinParked": "6"}, "MinParked must not be above MaxParked, which is 5, but is '6'."),
        ({"MinParked": "41", "MaxParked": "50"}, "MinParked must be a whole number from 0 to 40, but is '41'."),
        ({"MinParked": "1"}, "CountryCode is missing. MinParked needs it"),
        ({"MinParked": "1", "CountryCode": "US", "ParkingTargetArn": None}, "ParkingTargetArn is missing. A pool with"),
        ({"PhoneNumbers": [LISTED], "ParkingTargetArn": None}, "ParkingTargetArn is missing. A pool with"),
        ({"CountryCode": "US"}, "CountryCode, Type and Prefix say which numbers are claimed for MinParked."),
        ({"MinParked": "0", "Type": "DID"}, "CountryCode, Type and Prefix say which numbers are claimed for MinParked"),
        ({"PhoneNumbers": LISTED}, f'PhoneNumbers must be a list of numbers, but is "{LISTED}".'),
        ({"PhoneNumbers": [LISTED, LISTED]}, f"PhoneNumbers have {LISTED} twice."),
        ({"PhoneNumbers": ["5"]}, "PhoneNumbers must each be a number. One must be a number in E.164 form"),
        (
            {"PhoneNumbers": [f"+1206555{1000 + n}" for n in range(40)], "MinParked": "1", "CountryCode": "US"},
            "MinParked and PhoneNumbers may be 40 numbers at most, but are 41.",
        ),
        ({"ParkingTargetArn": "instance"}, "ParkingTargetArn must be the ARN of an Amazon Connect instance"),
    ],
)
def test_what_cannot_work_is_refused(world: World, properties: dict[str, Any], reason: str) -> None:
    failed = _ask(world, "Create", **properties)
    assert failed.status == "FAILED"
    assert failed.reason.startswith(reason)
    assert world.emulator.audit == []
