import re
from itertools import combinations
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from lambda_handlers.connect_phone_number import tokens

ARN = "arn:aws:connect:eu-west-1:123456789012:phone-number/11111111-2222-3333-4444-555555555555"
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/support/11111111-2222-3333-4444-555555555555"
LOWER_CASE_UUID = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}")


def test_tokens_never_change() -> None:
    # Another value would, after an update of the provider, repeat what is under way with another token.
    claim = tokens.claim_id(STACK, "Number", 1)
    assert UUID("6d0f7f6e-5b43-5f0c-9a55-3d3f7f1c2a90") == tokens.NAMESPACE
    assert tokens.release_token(ARN) == "3ac7fd86-a512-5102-a283-b89b117ae553"
    assert claim == "c315604a-d103-5786-be6a-9276d7705fba"
    assert tokens.claim_token(claim, "+12065550100") == "11173054-5a60-5b8e-bf23-ada9296fcf5b"


def test_the_release_token_depends_on_the_arn_alone() -> None:
    assert tokens.release_token(ARN) == str(uuid5(tokens.NAMESPACE, "release:" + ARN))
    assert tokens.release_token(ARN) != tokens.release_token(ARN.replace("111", "222"))


def test_each_claim_of_a_resource_has_an_id_of_its_own() -> None:
    ids = {
        tokens.claim_id(stack, resource, generation)
        for stack in (STACK, STACK + "x")
        for resource in ("Number", "Number2")
        for generation in (1, 2, 12)
    }
    assert len(ids) == 12


def test_tokens_of_different_purposes_differ() -> None:
    made = [
        tokens.claim_id(STACK, ARN, 1),
        tokens.claim_token(STACK, ARN),
        tokens.release_token(ARN),
        tokens.change_token(ARN, "worker", 1, ARN),
        tokens.change_token(ARN, "worker", 2, ARN),
        tokens.change_token(ARN, "worker-2", 1, ARN),
        tokens.change_token(ARN, "worker", 1, STACK),
        tokens.change_token(STACK, "worker", 1, ARN),
    ]
    assert all(one != other for one, other in combinations(made, 2))


@given(st.text(), st.text())
def test_every_token_is_a_lower_case_uuid(one: str, other: str) -> None:
    for token in (
        tokens.claim_id(one, other, 1),
        tokens.claim_token(one, other),
        tokens.release_token(one),
        tokens.change_token(one, other, 1, one),
    ):
        assert LOWER_CASE_UUID.fullmatch(token)
