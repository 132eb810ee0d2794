"""The hook as a construct. ``planning/test_hook.py`` has what its function answers."""

import re
from collections.abc import Callable
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumberHook, PhoneNumberProvider
from cdk_connect_phone_number.function_code import ASSET
from lambda_handlers.connect_phone_number.planning.rehearsal import READING
from tests.unit.cdk_connect_phone_number.conftest import SERVICE_TOKEN

LEDGER = "arn:aws:dynamodb:us-east-1:000000000000:table/ledger"
FUNCTION = "AWS::Lambda::Function"
HOOK = "AWS::CloudFormation::LambdaHook"


def only(stack: cdk.Stack, type: str) -> dict[str, Any]:
    (found,) = Template.from_stack(stack).find_resources(type).values()
    return dict(found["Properties"])


def policies(stack: cdk.Stack) -> dict[str, Any]:
    """Return the statements of the function's role, by Sid."""
    roles = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    (policy,) = (
        each["PolicyDocument"]
        for role in roles
        for each in role["Properties"]["Policies"]
        if each["PolicyName"] == "ReadPhoneNumbers"
    )
    return {statement["Sid"]: statement for statement in policy["Statement"]}


@pytest.fixture
def hooked(stack: cdk.Stack, provider: IPhoneNumberProvider) -> cdk.Stack:
    PhoneNumberHook(stack, "Hook", providers=[provider], ledger_arns=[LEDGER])
    return stack


def test_it_evaluates_stacks_and_change_sets_but_not_its_own_stack(hooked: cdk.Stack) -> None:
    hook = only(hooked, HOOK)

    assert hook["TargetOperations"] == ["STACK", "CHANGE_SET"]
    assert (hook["Alias"], hook["FailureMode"], hook["HookStatus"]) == (
        "Private::ConnectPhoneNumbers::Plan",
        "FAIL",
        "ENABLED",
    )
    assert hook["StackFilters"] == {"FilteringCriteria": "ALL", "StackNames": {"Exclude": ["Stack"]}}


def test_the_function_is_the_handler_of_the_asset(hooked: cdk.Stack) -> None:
    function = only(hooked, FUNCTION)

    package, _, name = function["Handler"].rpartition(".")
    assert f"def {name}(" in (ASSET / f"{package.replace('.', '/')}.py").read_text()
    assert function["Timeout"] == 30
    assert function["Environment"]["Variables"] == {
        "FAIL_ON": "release,replace,budget,refuse",
        "KNOWN_PROVIDER": SERVICE_TOKEN,
    }


def test_cloudformation_may_invoke_the_function_for_this_account_only(hooked: cdk.Stack) -> None:
    roles = Template.from_stack(hooked).find_resources("AWS::IAM::Role").values()
    (role,) = (each["Properties"] for each in roles if each["Properties"]["Policies"][0]["PolicyName"] == "AskHook")

    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "hooks.cloudformation.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "000000000000"}}
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (statement["Action"], set(statement["Resource"])) == ("lambda:InvokeFunction", {"Fn::GetAtt"})


def test_the_function_reads_the_given_providers_only_and_changes_nothing(hooked: cdk.Stack) -> None:
    statements = policies(hooked)

    assert statements["ReadProviders"]["Resource"] == SERVICE_TOKEN
    assert statements["ReadLedgers"]["Resource"] == LEDGER
    actions = [
        action for sid, statement in statements.items() if sid != "WriteLogs" for action in as_list(statement["Action"])
    ]
    assert all(re.fullmatch(r"[a-z]+:(BatchGet|Describe|Get|List|Scan)\w*", action) for action in actions)
    assert [sid for sid, statement in statements.items() if statement["Resource"] == "*"] == ["ReadExports"]


def test_the_function_may_make_the_calls_that_its_code_makes(hooked: cdk.Stack) -> None:
    planning = ASSET / "connect_phone_number" / "planning"
    source = (planning / "deployed.py").read_text() + (planning / "hook.py").read_text()
    called = {
        f"{service}:{name}" for service, name in re.findall(r"\b(cloudformation|dynamodb|lambda):([A-Z]\w+)", source)
    }
    called |= {f"cloudformation:{name}" for name in re.findall(r'\("(Describe\w+)", ', source)}
    called |= {f"connect:{_of_method(method)}" for method in READING}

    allowed = {
        action
        for sid in ("ReadStacks", "ReadExports", "ReadProviders", "ReadLedgers", "ReadNumbers", "ReadGroups")
        for action in as_list(policies(hooked)[sid]["Action"])
    }
    assert allowed == called


def _of_method(method: str) -> str:
    return "".join(word.capitalize() for word in method.split("_"))


def as_list(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def test_the_ledger_of_a_provider_of_the_app_is_known_with_its_key(stack: cdk.Stack) -> None:
    key = kms.Key(stack, "Key")
    one = PhoneNumberProvider(stack, "One", encryption_key=key)
    two = PhoneNumberProvider(stack, "Two")
    PhoneNumberHook(stack, "Hook", providers=[one, two], encryption_keys=[key])

    statements = policies(stack)

    assert len(statements["ReadLedgers"]["Resource"]) == 2
    assert statements["UseKeys"]["Resource"] == stack.resolve(key.key_arn)
    services = [
        {"Fn::Join": ["", [f"{name}.us-east-1.", {"Ref": "AWS::URLSuffix"}]]} for name in ("dynamodb", "lambda")
    ]
    assert statements["UseKeys"]["Condition"] == {"StringEquals": {"kms:ViaService": services}}
    hooks = [
        each["Properties"]
        for each in Template.from_stack(stack).find_resources(FUNCTION).values()
        if each["Properties"]["Handler"].endswith("hook.on_event")
    ]
    # Which of two providers a number has whose token cannot be told, is not known.
    assert "KNOWN_PROVIDER" not in hooks[0]["Environment"]["Variables"]


def test_what_can_be_chosen(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    boundary = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "boundary")
    PhoneNumberHook(
        stack,
        "Hook",
        providers=[provider],
        ledger_arns=[LEDGER],
        fail_on=["release"],
        failure_mode="WARN",
        alias="Our::Phone::Numbers",
        stack_names=["support", "sales"],
        excluded_stack_names=["Stack", "sandbox"],
        permissions_boundary=boundary,
    )

    hook = only(stack, HOOK)
    assert (hook["Alias"], hook["FailureMode"]) == ("Our::Phone::Numbers", "WARN")
    assert hook["StackFilters"]["StackNames"] == {"Include": ["support", "sales"], "Exclude": ["Stack", "sandbox"]}
    assert only(stack, FUNCTION)["Environment"]["Variables"]["FAIL_ON"] == "release"
    roles = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    assert all("PermissionsBoundary" in role["Properties"] for role in roles)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"providers": []}, "providers is empty"),
        ({"providers": ["provider"]}, "provider has a value of the wrong kind: 'provider'"),
        ({"ledger_arns": []}, "1 of the providers are imported, but ledger_arns has 0. Give the ARN"),
        ({"fail_on": ["releases"]}, "fail_on has 'releases', which is not one of release"),
        ({"failure_mode": "STOP"}, "failure_mode must be one of FAIL, WARN, but is 'STOP'"),
        ({"alias": "AWS::Phone::Numbers"}, "alias must be three parts of 2 to 64 letters"),
        ({"alias": "Numbers"}, "alias must be three parts of 2 to 64 letters"),
        ({"stack_names": "support"}, "stack_names must be a list, but is 'support'"),
        ({"excluded_stack_names": [7]}, r"excluded_stack_names\[0\] must be a string, but is 7"),
        ({"log_retention": 7}, "log_retention has a value of the wrong kind"),
    ],
)
def test_what_cannot_work_is_refused(
    stack: cdk.Stack, provider: IPhoneNumberProvider, given: dict[str, Any], message: str
) -> None:
    make = cast(Callable[..., object], PhoneNumberHook)
    with_defaults: dict[str, Any] = {"providers": [provider], "ledger_arns": [LEDGER], **given}

    with pytest.raises(ValueError, match=f"^Stack/Hook: {message}"):
        make(stack, "Hook", **with_defaults)
