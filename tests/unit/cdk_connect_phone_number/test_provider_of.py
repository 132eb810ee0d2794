"""The default providers of apps, stacks and nested stacks."""

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from constructs import Construct
from jsii._runtime import kernel

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber, PhoneNumberProvider

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
ENVIRONMENT = cdk.Environment(account="000000000000", region="us-east-1")
FUNCTION = "AWS::Lambda::Function"


def number(scope: Construct, id: str = "Number", **given: Any) -> PhoneNumber:
    return PhoneNumber(scope, id, target_arn=INSTANCE, country_code="US", **given)


def stack_in(scope: Construct, id: str) -> cdk.Stack:
    return cdk.Stack(scope, id, env=ENVIRONMENT)


def functions(stack: cdk.Stack) -> int:
    return len(Template.from_stack(stack).find_resources(FUNCTION))


@pytest.fixture
def app() -> cdk.App:
    return cdk.App()


@pytest.fixture
def platform(app: cdk.App) -> cdk.Stack:
    return stack_in(app, "Platform")


@pytest.fixture
def shared(platform: cdk.Stack) -> PhoneNumberProvider:
    return PhoneNumberProvider(platform, "Provider")


# --- Without a default ---


@pytest.mark.parametrize("is_own", [True, False])
def test_a_stacks_own_provider_leaves_nothing_and_one_that_is_created_leaves_its_records(
    app: cdk.App, is_own: bool
) -> None:
    stack = stack_in(app, "Stack")
    number(stack, provider=None if is_own else PhoneNumberProvider(stack, "Provider"))

    resources = Template.from_stack(stack).to_json()["Resources"].values()
    kept = {each["Type"] for each in resources if each.get("DeletionPolicy", "Delete") != "Delete"}
    assert kept == (set() if is_own else {"AWS::DynamoDB::Table", "AWS::Logs::LogGroup"})


def test_a_parent_and_its_nested_stacks_have_one_provider_and_another_stack_has_its_own(app: cdk.App) -> None:
    parent, other = stack_in(app, "Parent"), stack_in(app, "Other")
    nested = cdk.NestedStack(parent, "Nested")
    deep = cdk.NestedStack(nested, "Deep")
    for stack in (deep, nested, parent, other):
        number(stack)

    assert [functions(stack) for stack in (parent, nested, deep, other)] == [1, 0, 0, 1]
    # The nested stack is deleted before the provider.
    resources = Template.from_stack(parent).to_json()["Resources"]
    (nested_stack,) = [each for each in resources.values() if each["Type"] == "AWS::CloudFormation::Stack"]
    (guard,) = [id for id, each in resources.items() if each["Type"] == "Custom::ConnectPhoneNumberProvider"]
    assert guard in nested_stack["DependsOn"]


def test_stages_have_a_provider_each(app: cdk.App) -> None:
    stacks = [stack_in(cdk.Stage(app, name), "Stack") for name in ("Test", "Production")]
    for stack in stacks:
        number(cdk.NestedStack(stack, "Nested"))

    assert [functions(stack) for stack in stacks] == [1, 1]


def test_the_logical_ids_of_a_stacks_own_provider_are_what_they_were(stack: cdk.Stack) -> None:
    # If one of them changed, CloudFormation would replace the resource: another table is an empty ledger.
    number(stack)

    assert set(Template.from_stack(stack).to_json()["Resources"]) == {
        "Number8932521F",
        "PhoneNumberProviderFailures02BC6D54",
        "PhoneNumberProviderFailuresPolicy606A60BF",
        "PhoneNumberProviderFunction7546DF45",
        "PhoneNumberProviderFunctionEventInvokeConfig13BD0916",
        "PhoneNumberProviderFunctionSqsEventSourceStackPhoneNumberProviderFailures86E2D5B88F136EA5",
        "PhoneNumberProviderFunctionSweep92FF8095",
        "PhoneNumberProviderFunctionSweepAllowEventRuleStackPhoneNumberProviderFunction57C0FC25F49BD356",
        "PhoneNumberProviderGuard8C4539BD",
        "PhoneNumberProviderLedgerA143F98F",
        "PhoneNumberProviderLogsF667A516",
        "PhoneNumberProviderRole48410D2A",
    }


# --- set_default ---


def test_a_whole_app_shares_one_provider(app: cdk.App, platform: cdk.Stack, shared: PhoneNumberProvider) -> None:
    PhoneNumberProvider.set_default(app, shared)
    one, two = stack_in(app, "One"), stack_in(app, "Two")
    number(one)
    number(Construct(two, "Deep"))

    assert PhoneNumberProvider.of(app) is shared
    assert [functions(stack) for stack in (platform, one, two)] == [1, 0, 0]
    tokens = [
        resource["Properties"]["ServiceToken"]
        for stack in (one, two)
        for resource in Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumber").values()
    ]
    assert len(tokens) == 2
    assert tokens[0] == tokens[1]
    assert set(tokens[0]) <= {"Fn::ImportValue", "Fn::GetStackOutput"}


def test_two_stacks_share_one_provider_and_a_third_has_its_own(app: cdk.App, shared: PhoneNumberProvider) -> None:
    one, two, third = stack_in(app, "One"), stack_in(app, "Two"), stack_in(app, "Third")
    for stack in (one, two):
        PhoneNumberProvider.set_default(stack, shared)
    for stack in (one, two, third):
        number(stack)

    assert [functions(stack) for stack in (one, two, third)] == [0, 0, 1]


def test_the_nearest_default_counts(app: cdk.App, shared: PhoneNumberProvider) -> None:
    PhoneNumberProvider.set_default(app, shared)
    stack = stack_in(app, "Stack")
    inner = Construct(stack, "Inner")
    other = PhoneNumberProvider(stack, "Other")
    PhoneNumberProvider.set_default(inner, other)

    assert PhoneNumberProvider.of(Construct(inner, "Deep")) is other
    assert PhoneNumberProvider.of(stack) is shared


def test_a_provider_that_is_named_counts_more_than_a_default(
    stack: cdk.Stack, provider: IPhoneNumberProvider, shared: PhoneNumberProvider
) -> None:
    PhoneNumberProvider.set_default(stack, shared)
    number(stack, provider=provider)

    (resource,) = Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumber").values()
    assert resource["Properties"]["ServiceToken"] == provider.service_token


def test_a_default_holds_for_its_own_app_only(app: cdk.App, shared: PhoneNumberProvider) -> None:
    PhoneNumberProvider.set_default(app, shared)
    stranger = stack_in(cdk.App(), "Stack")

    assert PhoneNumberProvider.of(stranger).node.path == "Stack/PhoneNumberProvider"
    assert PhoneNumberProvider.of(stranger) is not shared


def test_a_default_is_found_after_python_has_dropped_its_scope(app: cdk.App, shared: PhoneNumberProvider) -> None:
    def a_stack_that_nobody_keeps() -> None:
        PhoneNumberProvider.set_default(stack_in(app, "Kept"), shared)

    a_stack_that_nobody_keeps()

    assert PhoneNumberProvider.of(Construct(app.node.find_child("Kept"), "Deep")) is shared  # type: ignore[arg-type]


def test_an_imported_provider_can_be_a_default(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    PhoneNumberProvider.set_default(stack, provider)
    number(stack)

    assert functions(stack) == 0


def test_the_same_default_can_be_set_again(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    PhoneNumberProvider.set_default(stack, provider)
    PhoneNumberProvider.set_default(stack, provider)

    assert PhoneNumberProvider.of(stack) is provider


def test_another_default_for_the_same_scope_is_refused(
    stack: cdk.Stack, provider: IPhoneNumberProvider, shared: PhoneNumberProvider
) -> None:
    PhoneNumberProvider.set_default(stack, provider)

    with pytest.raises(ValueError, match=r"^Stack: ") as refused:
        PhoneNumberProvider.set_default(stack, shared)

    assert str(refused.value) == (
        "Stack: the default provider is Stack/ImportedProvider already, so it cannot be Platform/Provider. "
        "Set it once, or give the numbers a provider."
    )
    assert PhoneNumberProvider.of(stack) is provider


@pytest.mark.parametrize("inside", ["", "Nested", "Deep"])
@pytest.mark.parametrize("scope", ["", "Stack"])
def test_a_default_is_refused_where_a_number_has_another_one_already(
    app: cdk.App, provider: IPhoneNumberProvider, scope: str, inside: str
) -> None:
    stack = stack_in(app, "Stack")
    within = {"": stack, "Nested": cdk.NestedStack(stack, "Nested"), "Deep": Construct(stack, "Deep")}[inside]
    number(within)

    with pytest.raises(ValueError, match="already") as refused:
        PhoneNumberProvider.set_default(stack if scope else app, provider)

    assert str(refused.value) == (
        f"{scope or 'the app'}: numbers in {'/'.join(filter(None, ('Stack', inside)))} have the default provider "
        "Stack/PhoneNumberProvider already, so it cannot be Stack/ImportedProvider. Set the default before the first "
        "number is created, or give the numbers a provider."
    )


def test_a_default_of_the_whole_app_leaves_a_stack_alone_that_has_its_own(
    app: cdk.App, stack: cdk.Stack, shared: PhoneNumberProvider, provider: IPhoneNumberProvider
) -> None:
    PhoneNumberProvider.set_default(stack, provider)
    number(stack)

    PhoneNumberProvider.set_default(app, shared)
    PhoneNumberProvider.set_default(stack.node.root, shared)  # type: ignore[arg-type]

    assert PhoneNumberProvider.of(Construct(stack, "Deep")) is provider
    assert PhoneNumberProvider.of(stack_in(app, "New")) is shared


@pytest.mark.parametrize("wrong", [None, "provider", PhoneNumberProvider])
def test_what_is_no_provider_cannot_be_a_default(stack: cdk.Stack, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"^Stack: provider has a value of the wrong kind: "):
        PhoneNumberProvider.set_default(stack, wrong)

    assert PhoneNumberProvider.of(stack).node.path == "Stack/PhoneNumberProvider"


def test_the_stacks_own_provider_can_be_its_default(stack: cdk.Stack) -> None:
    own = PhoneNumberProvider.of(stack)

    PhoneNumberProvider.set_default(stack, own)

    assert PhoneNumberProvider.of(stack) is own


def test_a_provider_with_the_default_id_is_used_if_it_is_created_first(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "PhoneNumberProvider")
    number(stack)

    assert PhoneNumberProvider.of(stack) is provider
    assert functions(stack) == 1


def test_a_provider_with_the_default_id_is_refused_after_the_first_number(stack: cdk.Stack) -> None:
    number(stack)

    with pytest.raises(ValueError, match=r"^Stack/PhoneNumberProvider: ") as refused:
        PhoneNumberProvider(stack, "PhoneNumberProvider")

    assert str(refused.value) == (
        "Stack/PhoneNumberProvider: this provider exists already. A number that names no provider creates it, or "
        "PhoneNumberProvider.of. Create your own before that, or give it another id and set it as the default: "
        "PhoneNumberProvider.set_default."
    )


def test_a_default_of_another_region_is_refused_where_a_number_would_use_it(
    app: cdk.App, shared: PhoneNumberProvider
) -> None:
    PhoneNumberProvider.set_default(app, shared)
    elsewhere = cdk.Stack(app, "Elsewhere", env=cdk.Environment(account="000000000000", region="eu-west-1"))

    with pytest.raises(ValueError, match=r"^Elsewhere/Number: .*Region us-east-1.*Region eu-west-1"):
        PhoneNumber(elsewhere, "Number", target_arn=INSTANCE.replace("us-east-1", "eu-west-1"), country_code="US")


# --- of ---


def test_of_a_nested_stack_is_the_provider_of_the_outermost_stack(app: cdk.App) -> None:
    parent = stack_in(app, "Parent")
    nested = cdk.NestedStack(cdk.NestedStack(parent, "Nested"), "Deep")

    assert PhoneNumberProvider.of(Construct(nested, "Part")).node.path == "Parent/PhoneNumberProvider"
    assert PhoneNumberProvider.of(nested) is PhoneNumberProvider.of(parent)
    assert functions(parent) == 1


def test_of_an_app_without_a_default_is_refused(app: cdk.App) -> None:
    with pytest.raises(ValueError, match="no default provider was set") as refused:
        PhoneNumberProvider.of(app)

    assert str(refused.value) == (
        "the app: no default provider was set, and outside of a stack none can be created. Create a provider in a "
        "stack, and call PhoneNumberProvider.set_default."
    )


# --- What it costs ---


def calls_of_a_number(stack: cdk.Stack, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the calls to jsii that a number makes when its stack has one already."""
    number(stack, "First")
    process: Any = kernel.provider
    calls: list[str] = []
    send = process._process.send

    def counting(request: object, *args: Any) -> Any:
        calls.append(str(request))
        return send(request, *args)

    with monkeypatch.context() as patch:
        patch.setattr(process._process, "send", counting)
        number(stack, "Second")
    return calls


@pytest.mark.parametrize("has_default", [False, True])
def test_a_number_costs_few_calls_to_jsii(
    app: cdk.App, shared: PhoneNumberProvider, has_default: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = stack_in(app, "Stack")
    if has_default:
        PhoneNumberProvider.set_default(stack, shared)

    calls = calls_of_a_number(stack, monkeypatch)

    expected = ["aws-cdk-lib.Resource", "aws-cdk-lib.TagManager", "aws-cdk-lib.CfnResource", "addResourceDependency"]
    assert len(calls) == len(expected)
    for call, name in zip(calls, expected, strict=True):
        assert name in call
