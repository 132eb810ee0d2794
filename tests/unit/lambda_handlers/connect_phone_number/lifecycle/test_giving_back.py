"""An adoption that comes to nothing."""

import pytest

from lambda_handlers.connect_phone_number import rules
from lambda_handlers.connect_phone_number.ledger.items import ClaimState, Outcome
from tests.unit.lambda_handlers.connect_phone_number.lifecycle.adoptions import (
    INVENTED,
    NUMBER,
    adopt,
    adoption,
    delete,
    retained,
)
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    REGION,
    Died,
    World,
    die,
    tag_list,
    user_tags,
)


def test_s19_the_adoption_from_a_stack_that_is_rolled_back_is_given_back_to_the_first(world: World) -> None:
    arn = retained(world)
    adopt(world)
    world.stacks.rolling_back = True
    assert delete(world, arn).succeeded
    assert world.held() == [NUMBER]
    owner = world.claim()
    assert (owner.state, owner.retain) == (ClaimState.LIVE, True)
    assert world.number(arn).tags[rules.CLAIM_TAG] == owner.id
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.GIVEN_BACK
    world.stacks.rolling_back = False
    assert adopt(world).succeeded, "it can be adopted again"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["list_phone_numbers_v2", "describe_phone_number", "tag_resource"])
def test_a_cancelled_adoption_is_given_back_and_not_released(world: World, moment: str, method: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    create = adoption(world)
    delete = world.event("Delete", INVENTED, stack=OTHER_STACK, resource="Sales")
    world.hooks(moment)[method] = lambda _: world.handle(delete)
    world.handle(create)
    for _ in range(3):
        world.clock.pause(3600)
        world.sweep()
    by_url = {answer.url: answer for answer in world.answers}
    assert by_url[delete["ResponseURL"]].succeeded
    assert not by_url[create["ResponseURL"]].succeeded
    assert world.held() == [NUMBER]
    assert world.calls("ReleasePhoneNumber") == []
    assert world.number(arn).tags == {}
    assert world.attempt().ledger.number(NUMBER) is None


def test_an_adoption_cancelled_after_it_has_finished_is_given_back(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER, {"by-hand": "yes"})
    assert adopt(world, Tags=tag_list(team="sales")).succeeded
    assert delete(world, INVENTED).succeeded
    assert world.held() == [NUMBER]
    assert set(world.number(arn).tags) & set(rules.OWNERSHIP_TAGS) == set()
    assert user_tags(world.number(arn))["by-hand"] == "yes"


def test_an_adoption_that_is_given_back_is_as_it_was_found(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER, {"by-hand": "yes", "team": "support"})
    other = world.emulator.add_instance(REGION)
    assert adopt(world, TargetArn=other, Description="Sales", Tags=tag_list(team="sales", cost="42")).succeeded
    assert delete(world, INVENTED).succeeded
    number = world.number(arn)
    assert (number.description, number.target_arn) == ("By hand", world.instance)
    assert number.tags == {"by-hand": "yes", "team": "support"}
    assert world.attempt().ledger.number(NUMBER) is None


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    "method", ["update_phone_number", "update_phone_number_metadata", "tag_resource", "untag_resource"]
)
def test_a_give_back_whose_function_dies_is_finished_by_its_redelivery(world: World, moment: str, method: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    other = world.emulator.add_instance(REGION)
    assert adopt(world, TargetArn=other, Description="Sales", Tags=tag_list(team="sales")).succeeded
    delete = world.event("Delete", INVENTED, stack=OTHER_STACK, resource="Sales")
    world.hooks(moment)[method] = die
    try:
        world.handle(delete)
    except Died:
        world.clock.pause(60)
        world.handle(delete)
    world.hooks(moment).clear()
    number = world.number(arn)
    assert (number.description, number.tags, number.target_arn) == ("By hand", {}, world.instance)
    assert world.calls("ReleasePhoneNumber") == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterException"])
def test_a_give_back_that_is_refused_fails_and_is_finished_by_the_sweeper(world: World, code: str) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world).succeeded
    world.emulator.faults.add("UntagResource", "error", code=code, calls=None)
    failed = delete(world, INVENTED)
    assert failed.status == "FAILED"
    assert "UntagResource" in failed.reason
    world.emulator.faults.clear()
    world.clock.pause(3600)
    world.sweep()
    assert world.number(arn).tags == {}
    assert world.held() == [NUMBER]
    assert world.claim(OTHER_STACK, "Sales").outcome is Outcome.GIVEN_BACK


def test_an_adoption_of_a_number_that_was_released_by_hand_meanwhile_is_over(world: World) -> None:
    arn = world.claimed_by_hand(NUMBER)
    assert adopt(world).succeeded
    world.released_by_hand(arn)
    assert delete(world, INVENTED).succeeded
    assert world.claim(OTHER_STACK, "Sales").state is ClaimState.CLOSED
