"""The policies in the documents are valid, and name only what IAM knows."""

import json
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from docs.tools.pages import Block, blocks

POLICIES = blocks("json")


def actions(policy: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for statement in policy["Statement"]:
        action = statement["Action"]
        found += [action] if isinstance(action, str) else action
    return found


@pytest.mark.parametrize("block", POLICIES, ids=str)
def test_every_action_exists(block: Block) -> None:
    for action in actions(json.loads(block.text)):
        service, name = action.split(":")
        assert get_action_data(service, name), action


@pytest.mark.parametrize("block", POLICIES, ids=str)
def test_a_pipeline_needs_nothing_of_connect(block: Block) -> None:
    assert not any(action.startswith("connect:") for action in actions(json.loads(block.text)))


@pytest.mark.parametrize("block", POLICIES, ids=str)
def test_statements_have_names_and_their_actions_are_sorted(block: Block) -> None:
    statements = json.loads(block.text)["Statement"]
    lists = [statement["Action"] for statement in statements if isinstance(statement["Action"], list)]

    assert len({statement["Sid"] for statement in statements}) == len(statements)
    assert all(listed == sorted(listed) for listed in lists)
