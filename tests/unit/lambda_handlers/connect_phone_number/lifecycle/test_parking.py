from dataclasses import replace
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.claim import ClaimState, Outcome
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.ledger.ledger import Ledger
from lambda_handlers.connect_phone_number.lifecycle.closing import close
from lambda_handlers.connect_phone_number.timing import date_of

from ..world import OTHER_STACK, REGION, STACK, World, tag_list

DAY: Final = 86_400
WEEK: Final = 7 * DAY
AGAIN: Final = STACK.rpartition("/")[0] + "/9f9f9f9f"
"""The stack, destroyed and created again."""


def _deleted(world: World, **properties: Any) -> str:
    """Create a number with a delay, delete it, and return its ARN."""
    arn = world.created(ReleaseDelay=str(WEEK), **properties)
    response = world.delete(arn, ReleaseDelay=str(WEEK), **properties)
    assert response.succeeded, response.reason
    return arn


def test_a_date() -> None:
    assert date_of(1_767_323_045.9) == "2026-01-02T03:04:05Z"


def test_a_deletion_parks_the_number(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = _deleted(world, ContactFlowArn=flow, Description="Support", Tags=tag_list(team="support"))
    claim, number = world.claim(), world.number(arn)
    assert (claim.state, claim.parked_until) == (ClaimState.PARKED, claim.closing_at + WEEK)
    assert number.is_held
    assert not number.contact_flows, "nobody's flow gets its calls"
    assert number.tags[contract.PARKED_TAG] == date_of(claim.parked_until)
    assert number.tags["team"] == "support"
    assert number.description == "Support", "people recognize it"


def test_the_sweeper_releases_it_when_the_time_is_up(world: World) -> None:
    arn = _deleted(world)
    until = world.claim().parked_until
    world.clock.now = until - 1
    world.sweep()
    assert world.number(arn).is_held
    world.clock.now = until
    world.sweep()
    assert not world.number(arn).is_held
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.RELEASED)


@pytest.mark.parametrize(
    ("stack", "properties"),
    [
        (AGAIN, {}),
        (STACK, {}),
        (AGAIN, {"Prefix": "+1"}),
        (OTHER_STACK, {"PhoneNumber": True}),
        (OTHER_STACK, {"PhoneNumber": True, "Adopt": "true", "CountryCode": None, "Type": None}),
    ],
)
def test_who_gets_it_back(world: World, stack: str, properties: dict[str, Any]) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = _deleted(world, ContactFlowArn=flow, Tags=tag_list(team="support", old="yes"))
    phone_number = world.number(arn).phone_number
    if "PhoneNumber" in properties:
        properties = {**properties, "PhoneNumber": phone_number}
    response = world.create(stack=stack, Description="Again", Tags=tag_list(team="sales"), **properties)
    assert (response.succeeded, response.physical_id) == (True, arn), response.reason
    number = world.number(arn)
    assert world.effects("ClaimPhoneNumber") == 1
    assert (number.description, number.tags["team"]) == ("Again", "sales")
    assert not {"old", contract.PARKED_TAG} & set(number.tags)
    assert number.tags[contract.STACK_TAG] == stack
    assert not number.contact_flows
    earlier = min(world.claims(STACK), key=lambda claim: claim.opened_at)
    assert (earlier.state, earlier.outcome) == (ClaimState.CLOSED, Outcome.TAKEN)
    assert earlier.close_reason == f"taken by Number of {stack}"


@pytest.mark.parametrize(
    ("stack", "resource", "properties"),
    [
        (OTHER_STACK, "Number", {}),
        (AGAIN, "Other", {}),
        (AGAIN, "Number", {"CountryCode": "GB"}),
        (AGAIN, "Number", {"Prefix": "+1999"}),
    ],
)
def test_who_does_not_get_it(world: World, stack: str, resource: str, properties: dict[str, Any]) -> None:
    arn = _deleted(world)
    response = world.create(stack=stack, resource=resource, **properties)
    assert response.physical_id != arn
    assert world.number(arn).is_held


def test_of_several_the_one_that_was_deleted_last(world: World) -> None:
    first = _deleted(world)
    second = world.created(stack=AGAIN, CountryCode="GB", ReleaseDelay=str(WEEK))
    world.delete(second, stack=AGAIN)
    third = world.created(stack=AGAIN, CountryCode="US", Prefix="+1", ReleaseDelay=str(WEEK))
    assert third == first, "the other one does not satisfy it"
    world.delete(third, stack=AGAIN)
    other = world.created(stack=AGAIN, PhoneNumber="+12065550109", ReleaseDelay=str(WEEK))
    world.delete(other, stack=AGAIN)
    assert world.created(stack=AGAIN) == other


def test_it_costs_no_claim_of_the_budget(world: World) -> None:
    _deleted(world)
    before = world.store.get(("BUDGET", "BUDGET"))
    world.created(stack=AGAIN)
    after = world.store.get(("BUDGET", "BUDGET"))
    assert before is not None
    assert after is not None
    assert (before["used"], before["committed"], before["parked"]) == (1, 2, 1)
    assert (after["used"], after["committed"], after["parked"]) == (1, 2, 0)


def test_a_failed_creation_puts_it_back_until_the_same_time(world: World) -> None:
    arn = _deleted(world)
    until = world.claim().parked_until
    world.emulator.faults.add("UpdatePhoneNumberMetadata", "error", code="InvalidParameterException", calls=1)
    response = world.create(stack=AGAIN, Description="Again")
    assert not response.succeeded
    world.delete(response.physical_id, stack=AGAIN)
    claim = world.claim(AGAIN)
    assert (claim.state, claim.parked_until, claim.arn) == (ClaimState.PARKED, until, arn)
    assert world.created(stack=AGAIN) == arn


def test_a_number_that_was_parked_is_not_released_before_that_time(world: World) -> None:
    _deleted(world)
    until = world.claim().parked_until
    arn = world.created(stack=AGAIN)
    assert world.delete(arn, stack=AGAIN).succeeded
    assert (world.claim(AGAIN).state, world.claim(AGAIN).parked_until) == (ClaimState.PARKED, until)


def test_a_deployment_that_succeeded_shows_that_it_is_the_resources_own_again(world: World) -> None:
    _deleted(world)
    arn = world.created(stack=AGAIN)
    world.stacks.completed = True
    world.delete(arn, stack=AGAIN)
    assert not world.number(arn).is_held


def test_if_cloudformation_does_not_tell_it_stays_until_then(world: World) -> None:
    _deleted(world)
    until = world.claim().parked_until
    arn = world.created(stack=AGAIN)
    world.update(arn, stack=AGAIN, Description="Mine")
    world.stacks.is_silent = True
    world.delete(arn, stack=AGAIN)
    assert (world.claim(AGAIN).state, world.claim(AGAIN).parked_until) == (ClaimState.PARKED, until)


def test_a_parked_number_that_was_adopted_is_never_left_to_nobody(world: World) -> None:
    arn = _deleted(world)
    until = world.claim().parked_until
    properties: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": world.number(arn).phone_number}
    assert world.create(stack=OTHER_STACK, Adopt="true", **properties).physical_id == arn
    assert world.update(arn, stack=OTHER_STACK, Adopt="true", Description="Mine", **properties).succeeded
    # No deployment of that stack has succeeded, as far as CloudFormation tells.
    world.delete(arn, stack=OTHER_STACK, Adopt="true", **properties)
    claim = world.claim(OTHER_STACK)
    assert (claim.state, claim.parked_until) == (ClaimState.PARKED, until)
    world.clock.now = until
    world.sweep()
    assert not world.number(arn).is_held


def test_a_parked_number_that_was_released_by_hand(world: World) -> None:
    arn = _deleted(world)
    phone_number = world.claim().phone_number
    world.clock.pause(3600)
    world.released_by_hand(arn)
    response = world.create(stack=AGAIN)
    assert response.reason == (
        f"Amazon Connect knows no number {phone_number} ({arn}) any more: it was released outside CloudFormation while "
        "it was parked. Deploy again, and another number is claimed."
    )
    world.delete(response.physical_id, stack=AGAIN)
    assert world.created(stack=AGAIN) != arn


def test_a_number_of_another_region_is_not_taken_for_gone(world: World) -> None:
    arn = world.created(ReleaseDelay=str(WEEK))
    invocation = world.invocation()
    elsewhere = arn.replace(f":{REGION}:", ":us-west-2:")
    claim = invocation.ledger.save(replace(world.claim(), arn=elsewhere).close("deleted", int(world.clock.now)))
    closed = close(invocation, claim, lambda _: None)
    assert closed.problem.endswith("Release it with the provider of that place.")
    assert closed.claim.state is ClaimState.CLOSING


def test_a_number_that_connect_has_not_provided_is_not_parked(world: World) -> None:
    world.emulator.faults.add("ClaimPhoneNumber", "workflow_delay", seconds=5000, calls=None)
    response = world.create(ReleaseDelay=str(WEEK), ServiceTimeout="120")
    assert not response.succeeded
    world.delete(response.physical_id, ReleaseDelay=str(WEEK))
    assert world.claim().state is not ClaimState.PARKED


def test_a_creation_that_failed_late_gets_the_same_number_next_time(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    world.emulator.faults.add("AssociatePhoneNumberContactFlow", "error", code="InvalidParameterException", calls=1)
    response = world.create(ReleaseDelay=str(WEEK), ContactFlowArn=flow)
    assert not response.succeeded
    world.delete(response.physical_id, ReleaseDelay=str(WEEK))
    assert world.claim().state is ClaimState.PARKED
    world.created(stack=AGAIN)
    assert world.effects("ClaimPhoneNumber") == 1


def test_a_number_without_room_for_the_tag_is_parked_all_the_same(world: World) -> None:
    tags = tag_list(**{f"tag{index}": "x" for index in range(46)})
    arn = _deleted(world, Tags=tags)
    assert world.claim().state is ClaimState.PARKED
    assert contract.PARKED_TAG not in world.number(arn).tags


def test_a_number_that_was_released_by_hand_meanwhile(world: World) -> None:
    arn = world.created(ReleaseDelay=str(WEEK))
    world.clock.pause(3600)
    world.released_by_hand(arn)
    assert world.delete(arn).succeeded
    assert (world.claim().state, world.claim().outcome) == (ClaimState.CLOSED, Outcome.ALREADY_GONE)


def test_a_number_that_connect_does_not_show_yet_is_not_parked(world: World) -> None:
    arn = world.created(ReleaseDelay=str(WEEK))
    world.emulator.faults.add("DescribePhoneNumber", "error", code="ResourceNotFoundException", calls=None)
    world.emulator.faults.add("TagResource", "error", code="ResourceNotFoundException", calls=None)
    response = world.delete(arn)
    phone_number = world.claim().phone_number
    assert response.reason == f"Amazon Connect does not show {phone_number} yet, so it cannot be parked now."
    assert world.claim().state is ClaimState.CLOSING


def test_a_number_that_somebody_else_has_tagged_is_left_alone(world: World) -> None:
    arn = world.created(ReleaseDelay=str(WEEK))
    world.client.tag_resource(
        resourceArn=arn, tags={contract.PROVIDER_TAG: "another", contract.CLAIM_TAG: "another-claim"}
    )
    world.delete(arn)
    assert world.claim().outcome is Outcome.NOT_OURS


def test_a_deletion_that_is_overtaken_changes_nothing_more(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ReleaseDelay=str(WEEK), ContactFlowArn=flow)

    def overtake(_: object) -> None:
        # Another delivery parks the number and has not responded yet, and the number is taken.
        close(world.invocation(), world.claim(), lambda _: None)
        world.created(stack=AGAIN, ContactFlowArn=flow)

    world.client.before["tag_resource"] = overtake
    world.handle(world.event("Delete", arn, ReleaseDelay=str(WEEK)))
    assert list(world.number(arn).contact_flows.values()) == [flow.rsplit("/", 1)[-1]]


def test_what_a_late_call_has_changed_is_mended(world: World) -> None:
    flow, late = world.emulator.add_contact_flow(world.instance), world.emulator.add_contact_flow(world.instance)
    _deleted(world, ContactFlowArn=late)
    arn = world.created(stack=AGAIN, ContactFlowArn=flow, Tags=tag_list(team="sales"))
    world.client.tag_resource(resourceArn=arn, tags={contract.PARKED_TAG: "late", "team": "late"})
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn,
        InstanceId=world.instance.rpartition("/")[2],
        ContactFlowId=late.rpartition("/")[2],
    )
    for _ in range(3):
        world.clock.pause(600)
        world.sweep()
    number = world.number(arn)
    assert list(number.contact_flows.values()) == [flow.rsplit("/", 1)[-1]]
    assert (number.tags["team"], contract.PARKED_TAG in number.tags) == ("sales", False)
    assert world.claim(AGAIN).settles_at == 0


def test_what_people_have_changed_meanwhile_stays(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = _deleted(world)
    world.created(stack=AGAIN)
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn, InstanceId=world.instance.rpartition("/")[2], ContactFlowId=flow.rpartition("/")[2]
    )
    for _ in range(3):
        world.clock.pause(600)
        world.sweep()
    assert list(world.number(arn).contact_flows.values()) == [flow.rsplit("/", 1)[-1]]
    assert world.claim(AGAIN).settles_at == 0


def test_what_a_late_call_has_changed_on_a_parked_number_is_mended(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = _deleted(world, ContactFlowArn=flow)
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn,
        InstanceId=world.instance.rpartition("/")[2],
        ContactFlowId=flow.rpartition("/")[2],
    )
    world.clock.pause(1300)
    world.sweep()
    assert not world.number(arn).contact_flows
    assert (world.claim().state, world.claim().settles_at) == (ClaimState.PARKED, 0)


def test_the_index_may_lag_behind(world: World) -> None:
    arn = _deleted(world)
    parked = Ledger.parked_keys
    looks: list[int] = []

    def late(ledger: Ledger) -> list[Any]:
        looks.append(1)
        return parked(ledger) if len(looks) > 2 else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "parked_keys", late)
        assert world.created(stack=AGAIN) == arn
    assert len(looks) == 3


def test_without_parked_numbers_nothing_is_looked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_: Ledger) -> list[Any]:
        raise AssertionError("the index is read")

    monkeypatch.setattr(Ledger, "parked_keys", look)
    world.created()


def test_an_adopted_number_is_parked_when_it_would_be_released(world: World) -> None:
    arn = world.claimed_by_hand("+12065550107")
    properties: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550107", "Adopt": "true"}
    assert world.create(**properties, ReleaseDelay=str(WEEK)).physical_id == arn
    world.stacks.completed = True
    world.delete(arn, **properties, ReleaseDelay=str(WEEK))
    assert world.claim().state is ClaimState.PARKED


def test_an_adoption_that_is_undone_parks_nothing(world: World) -> None:
    arn = world.claimed_by_hand("+12065550107")
    properties: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": "+12065550107", "Adopt": "true"}
    assert world.create(**properties, ReleaseDelay=str(WEEK)).physical_id == arn
    world.delete(arn, **properties, ReleaseDelay=str(WEEK))
    assert world.claim().outcome is Outcome.ADOPTION_ROLLED_BACK


def test_a_number_that_its_stack_retains_after_its_deletion_failed_is_kept(world: World) -> None:
    arn = world.created(ReleaseDelay=str(WEEK))
    world.emulator.faults.add("TagResource", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn).succeeded
    world.emulator.faults.clear()
    claim = world.claim()
    world.stacks.resources[claim.resource] = HeldResource(arn, "DELETE_SKIPPED")
    world.clock.pause(3600)
    world.sweep()
    assert (world.claim().state, world.claim().parked_until) == (ClaimState.LIVE, 0)


def test_a_number_that_its_stack_keeps_no_longer_says_when_it_is_released(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ReleaseDelay=str(WEEK), ContactFlowArn=flow)
    world.emulator.faults.add("DisassociatePhoneNumberContactFlow", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn).succeeded
    assert contract.PARKED_TAG in world.number(arn).tags
    world.emulator.faults.clear()
    world.stacks.resources[world.claim().resource] = HeldResource(arn, "DELETE_SKIPPED")
    world.clock.pause(3600)
    world.sweep()
    assert (world.claim().state, contract.PARKED_TAG in world.number(arn).tags) == (ClaimState.LIVE, False)


def test_the_end_of_its_root_stack_does_not_keep_a_number_whose_resource_was_deleted(world: World) -> None:
    arn = _deleted(world)
    world.stacks.root_status = "DELETE_COMPLETE"
    world.clock.now = world.claim().parked_until
    world.sweep()
    assert not world.number(arn).is_held


def test_a_creation_that_is_canceled_changes_its_number_no_more(world: World) -> None:
    arn = _deleted(world)
    event = world.event("Create", stack=AGAIN, Description="Again")
    cancel = world.event("Delete", "stack-Number-ABCDEF", stack=AGAIN)
    world.client.after["tag_resource"] = lambda _: world.send(cancel)
    world.handle(event)
    assert world.claim(AGAIN).state is ClaimState.PARKED
    assert world.number(arn).description == ""
