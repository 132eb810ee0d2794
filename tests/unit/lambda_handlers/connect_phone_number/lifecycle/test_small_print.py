"""What is called with what, and what is written down, where the outcome alone does not show it."""

import re

from lambda_handlers.connect_phone_number.ledger.items import ClaimState, Outcome, ResourceKey
from lambda_handlers.connect_phone_number.lifecycle.guarding import RESOURCE_TYPE
from lambda_handlers.connect_phone_number.lifecycle.sweeping import sweep
from tests.unit.lambda_handlers.connect_phone_number.lifecycle.adoptions import adopt, delete, retained
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    REGION,
    STACK,
    Answered,
    World,
    tag_list,
)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHANGES = ("UpdatePhoneNumber", "UpdatePhoneNumberMetadata")
_FLOW_CALLS = ("AssociatePhoneNumberContactFlow", "DisassociatePhoneNumberContactFlow")


def _tokens(world: World) -> list[str | None]:
    return [entry.client_token for operation in _CHANGES for entry in world.calls(operation)]


def _delete_provider(world: World) -> Answered:
    return world.send(world.event("Delete", "provider-shared", resource="Provider", resource_type=RESOURCE_TYPE))


# --- CloudFormation is asked about the very resource ---


def test_an_adoption_asks_whether_the_owner_still_has_the_number(world: World) -> None:
    arn = world.created()
    assert not adopt(world, world.claim().phone_number).succeeded
    assert world.stacks.asked == [(ResourceKey(STACK, "Number"), arn)]


def test_the_provider_asks_whether_a_stack_still_has_its_number(world: World) -> None:
    arn = world.created()
    assert not _delete_provider(world).succeeded
    assert set(world.stacks.asked) == {(ResourceKey(STACK, "Number"), arn)}


# --- Tokens of changes ---


def test_every_change_has_a_token_of_its_own(world: World) -> None:
    arn = world.created(Description="one")
    other = world.emulator.add_instance(REGION)
    world.update(arn, Description="two", TargetArn=other)
    world.update(arn, Description="one", TargetArn=world.instance)
    tokens = _tokens(world)
    assert len(tokens) == len(set(tokens)) == 4
    assert all(token is not None and _UUID.fullmatch(token) for token in tokens)


def test_a_value_that_is_wanted_again_within_one_attempt_is_set_again(world: World) -> None:
    arn = world.created(Description="one")

    def change(description: str) -> None:
        # Later requests, decided while the first one's attempt is at work.
        world.handle(world.event("Update", arn, Description=description), seconds=21.0)

    def then_back(_: object) -> None:
        world.client.after["update_phone_number_metadata"] = lambda _: change("two")
        change("three")

    world.client.after["update_phone_number_metadata"] = then_back
    world.handle(world.event("Update", arn, Description="two"))
    assert world.number(arn).description == world.claim().desired.description == "two"
    assert len(set(_tokens(world))) == len(_tokens(world))


# --- Tags and flow ---


def test_tags_that_are_as_wanted_are_not_set_again(world: World) -> None:
    arn = world.created(Description="one", Tags=tag_list(team="support"))
    assert world.update(arn, Description="two", Tags=tag_list(team="support")).succeeded
    assert world.calls("TagResource") == world.calls("UntagResource") == []


def test_a_number_may_have_as_many_tags_as_connect_takes(world: World) -> None:
    arn = world.created()
    by_hand = {f"by-hand-{index}": "x" for index in range(6)}
    world.client.tag_resource(resourceArn=arn, tags=by_hand)
    tags = tag_list(**{f"tag{index}": "x" for index in range(40)})
    assert world.update(arn, Tags=tags).succeeded
    assert len(world.number(arn).tags) == 50


def test_a_tag_that_left_the_template_and_was_put_on_by_hand_stays(world: World) -> None:
    arn = world.created(Tags=tag_list(team="support"))
    assert world.update(arn).succeeded
    assert world.claim().applied_tags == ()
    world.client.tag_resource(resourceArn=arn, tags={"team": "by hand"})
    assert world.update(arn, Description="x").succeeded
    assert world.number(arn).tags["team"] == "by hand"


def test_a_flow_is_written_down_before_the_call_and_settled_after_it(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created()
    seen: list[tuple[str, bool]] = []

    def look(_: object) -> None:
        seen.append((world.claim().applied_flow_arn, world.claim().flow_may_differ))

    world.client.before["associate_phone_number_contact_flow"] = look
    assert world.update(arn, ContactFlowArn=flow).succeeded
    assert seen == [(flow, True)]
    assert (world.claim().applied_flow_arn, world.claim().flow_may_differ) == (flow, False)
    calls = [len(world.calls(operation)) for operation in _FLOW_CALLS]
    assert world.update(arn, ContactFlowArn=flow, Description="x").succeeded
    assert [len(world.calls(operation)) for operation in _FLOW_CALLS] == calls == [1, 0]


def test_a_flow_that_was_taken_away_is_forgotten(world: World) -> None:
    flow = world.emulator.add_contact_flow(world.instance)
    arn = world.created(ContactFlowArn=flow)
    assert world.update(arn).succeeded
    assert (world.claim().applied_flow_arn, world.claim().flow_may_differ) == ("", False)


# --- Giving back, sweeping, guarding ---


def test_a_number_that_is_given_back_is_live_as_if_nothing_had_been(world: World) -> None:
    arn = retained(world)
    before = world.claim()
    adopt(world)
    assert world.claim().outcome is Outcome.TRANSFERRED
    assert world.claim().closed_at == int(world.clock.now)
    world.stacks.rolling_back = True
    world.clock.pause(100.0)
    assert delete(world, arn).succeeded
    owner = world.claim()
    assert (owner.state, owner.outcome, owner.closed_at, owner.close_reason) == (ClaimState.LIVE, None, 0, "")
    assert owner.id == before.id
    given_back = world.claim(OTHER_STACK, "Sales")
    assert (given_back.doubts, given_back.closed_at) == ({}, int(world.clock.now))


def test_a_sweep_without_time_says_what_it_has_left(world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    world.delete(arn)
    world.clock.pause(3600.0)
    swept = sweep(world.attempt(seconds=60.0))
    assert (swept.due, swept.failing) == (1, 1)
    assert world.messages()[-1]["DueWork"] == 1


def test_the_provider_is_let_go_after_two_looks(world: World) -> None:
    world.delete(world.created())
    began = world.clock.now
    assert _delete_provider(world).succeeded
    # The request itself is sent a second after the one before.
    assert world.clock.now - began == 1.0 + 5.0
    assert sum("SweepRuns" in message for message in world.messages()) == 2


def test_a_provider_with_releases_that_are_refused_says_which_and_why(world: World) -> None:
    arn = world.created()
    number = world.number(arn).phone_number
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    error = world.delete(arn).reason
    refused = _delete_provider(world)
    assert refused.reason == (
        f"The provider is not deleted: 1 phone numbers are still to be released. {number}: {error} Delete again "
        "later: the provider goes on trying meanwhile."
    )
