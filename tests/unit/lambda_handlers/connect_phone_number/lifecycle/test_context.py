import pytest

from lambda_handlers.connect_phone_number import contract
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, REGION, STACK, World

ARN = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (ARN, True),
        (ARN.replace(REGION, "us-east-1"), False),
        (ARN.replace(ACCOUNT, "999999999999"), False),
        ("support-Number-1ABCDEFGH", False),
        ("", False),
    ],
)
def test_is_own_place(world: World, arn: str, expected: bool) -> None:
    assert world.invocation().is_in_scope(arn) is expected


def test_ownership_tags(world: World) -> None:
    world.created()
    claim = world.claim()
    tags = world.invocation().ownership_tags(claim)
    assert tags == {
        contract.PROVIDER_TAG: "shared",
        contract.CLAIM_TAG: claim.id,
        contract.STACK_TAG: STACK,
        contract.RESOURCE_TAG: "Number",
    }
    assert set(tags) == set(contract.OWNERSHIP_TAGS)


def test_tags_are_put_on_together_with_the_providers_own(world: World) -> None:
    # The role may tag a number only in a request that has the provider's tag.
    arn = world.claimed_by_hand("+12065550100")
    world.invocation().tag(arn, {"team": "support"})
    (call,) = world.calls("TagResource")
    assert call.parameters["tags"] == {"team": "support", contract.PROVIDER_TAG: "shared"}
    assert world.number(arn).tags == {"team": "support", contract.PROVIDER_TAG: "shared"}


def test_nobody_elses_tag_stands_for_the_providers_own(world: World) -> None:
    arn = world.claimed_by_hand("+12065550100")
    world.invocation().tag(arn, {contract.PROVIDER_TAG: "other"})
    assert world.number(arn).tags == {contract.PROVIDER_TAG: "shared"}


def test_reread(world: World) -> None:
    arn = world.created()
    before = world.claim()
    world.delete(arn)
    assert world.invocation().reread(before) == world.claim()
