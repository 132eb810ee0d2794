"""The policies in the documents are valid, and name only what IAM knows."""

import inspect
import json
import re
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from cdk_connect_phone_number import PhoneNumberProvider
from docs.tools.pages import ROOT, Block, blocks

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


# Of all options, these change nothing that another permission of the deploying role would allow.
WITHOUT_PERMISSIONS = {
    "target_arns",
    "allow_adoption",
    "stack_name_prefix",
    "budget",
    "ledger_removal_policy",
    "ledger_deletion_protection",
    "log_retention",
    "log_removal_policy",
    "vpc_subnets",
    "security_groups",
    "runtime",
    "architecture",
    "tracing",
    "memory_size",
    "service_token_parameter_name",
}


def test_every_option_of_the_provider_is_said_to_need_permissions_or_none() -> None:
    page = (ROOT / "docs" / "pipeline-permissions.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    options = set(inspect.signature(PhoneNumberProvider.__init__).parameters) - {"self", "scope", "id"}
    named = {sid for statements in rows.values() for sid in re.findall(r"`([A-Z]\w+)`", statements)}
    sids = {each["Sid"] for block in POLICIES for each in json.loads(block.text)["Statement"]}

    assert set(rows) | WITHOUT_PERMISSIONS == options
    assert not set(rows) & WITHOUT_PERMISSIONS
    assert named <= sids
