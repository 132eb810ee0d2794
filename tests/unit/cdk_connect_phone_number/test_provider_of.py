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
# The logical ids in templates that were deployed before a provider could be a default. If one of them changed,
# CloudFormation would replace the resource.
DEPLOYED_IDS = {
    "Number8932521F",
    "PhoneNumberProviderFailures02BC6D54",
    "PhoneNumberProviderFailuresPolicy606A60BF",
    "PhoneNumberProviderFunction7546DF45",
    "PhoneNumberProviderFunctionEventInvokeConfig13BD0916",
    "PhoneNumberProviderFunctionSweep92FF8095",
    "PhoneNumberProviderGuard8C4539BD",
    "PhoneNumberProviderLedgerA143F98F",
    "PhoneNumberProviderLogsF667A516",
    "PhoneNumberProviderRole48410D2A",
}
DEPLOYED_IDS_OF_PARENT = {
    "PhoneNumberProviderFunctionSqsEventSourceParentPhoneNumberProviderFailuresAF56FAFD7E00E2B2",
    "PhoneNumberProviderFunctionSweepAllowEventRuleParentPhoneNumberProviderFunction92BE95E033EEE14A",
}
DEPLOYED_IDS_OF_NESTED = {
    "PhoneNumberProviderFunctionSqsEventSourceParentNestedPhoneNumberProviderFailures0BFDE8CAC5D0F69B",
    "PhoneNumberProviderFunctionSweepAllowEventRuleParentNestedPhoneNumberProviderFunctionB72DF815FA37EEF2",
}


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


# --- Without a default, all is as it was before there were defaults ---


def test_without_a_default_each_stack_has_its_own_provider_under_the_same_logical_ids(app: cdk.App) -> None:
    parent = stack_in(app, "Parent")
    nested = cdk.NestedStack(parent, "Nested")
    number(parent)
    number(nested)

    for stack in (parent, nested):
        resources = Template.from_stack(stack).to_json()["Resources"]
        assert resources.keys() - {"NestedNestedStackNestedNestedStackResourceDEFDAA4D"} == {
            *DEPLOYED_IDS,
            *(DEPLOYED_IDS_OF_PARENT if stack is parent else DEPLOYED_IDS_OF_NESTED),
        }


def test_get_or_create_makes_the_provider_that_numbers_use_by_default(stack: cdk.Stack) -> None:
    number(stack)

    assert PhoneNumberProvider.get_or_create(stack).node.path == "Stack/PhoneNumberProvider"
    assert functions(stack) == 1


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


def test_a_default_for_a_stack_whose_numbers_have_its_own_provider_is_refused(
    stack: cdk.Stack, provider: IPhoneNumberProvider
) -> None:
    number(stack)

    with pytest.raises(ValueError, match=r"^Stack: ") as refused:
        PhoneNumberProvider.set_default(stack, provider)

    assert str(refused.value) == (
        "Stack: the stack has its own provider Stack/PhoneNumberProvider already, so Stack/ImportedProvider cannot be "
        "its default. Set the default before the stack's first number is created."
    )


def test_the_stacks_own_provider_can_be_its_default(stack: cdk.Stack) -> None:
    own = PhoneNumberProvider.get_or_create(stack)

    PhoneNumberProvider.set_default(stack, own)

    assert PhoneNumberProvider.of(stack) is own


def test_a_default_of_another_region_is_refused_where_a_number_would_use_it(
    app: cdk.App, shared: PhoneNumberProvider
) -> None:
    PhoneNumberProvider.set_default(app, shared)
    elsewhere = cdk.Stack(app, "Elsewhere", env=cdk.Environment(account="000000000000", region="eu-west-1"))

    with pytest.raises(ValueError, match=r"^Elsewhere/Number: .*Region us-east-1.*Region eu-west-1"):
        PhoneNumber(elsewhere, "Number", target_arn=INSTANCE.replace("us-east-1", "eu-west-1"), country_code="US")


# --- of ---


def test_a_parent_and_its_nested_stacks_share_one_provider(app: cdk.App) -> None:
    parent = stack_in(app, "Parent")
    provider = PhoneNumberProvider.of(parent)
    nested = cdk.NestedStack(parent, "Nested")
    deep = cdk.NestedStack(nested, "Deep")
    for stack in (parent, nested, deep):
        number(stack)

    assert [functions(stack) for stack in (parent, nested, deep)] == [1, 0, 0]
    assert PhoneNumberProvider.of(deep) is provider
    assert provider.node.path == "Parent/PhoneNumberProvider"
    # The nested stack is deleted before the provider.
    resources = Template.from_stack(parent).to_json()["Resources"]
    (nested_stack,) = [each for each in resources.values() if each["Type"] == "AWS::CloudFormation::Stack"]
    (guard,) = [id for id, each in resources.items() if each["Type"] == "Custom::ConnectPhoneNumberProvider"]
    assert guard in nested_stack["DependsOn"]


def test_of_a_nested_stack_is_the_provider_of_the_outermost_stack(app: cdk.App) -> None:
    parent = stack_in(app, "Parent")
    nested = cdk.NestedStack(cdk.NestedStack(parent, "Nested"), "Deep")

    assert PhoneNumberProvider.of(Construct(nested, "Part")).node.path == "Parent/PhoneNumberProvider"
    assert PhoneNumberProvider.of(parent) is PhoneNumberProvider.get_or_create(parent)


def test_of_an_app_without_a_default_is_refused(app: cdk.App) -> None:
    with pytest.raises(ValueError, match="no default provider was set") as refused:
        PhoneNumberProvider.of(app)

    assert str(refused.value) == (
        ": no default provider was set, and outside of a stack none can be created. Create a provider in a stack, and "
        "call PhoneNumberProvider.set_default."
    )


# --- What it costs ---


def test_a_default_costs_a_number_no_more_calls_to_jsii_than_the_stacks_own_provider(
    app: cdk.App, shared: PhoneNumberProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    process: Any = kernel.provider
    calls: list[object] = []
    send = process._process.send

    def counting(request: object, *args: Any) -> Any:
        calls.append(request)
        return send(request, *args)

    monkeypatch.setattr(process._process, "send", counting)

    def cost_of_a_number(stack: cdk.Stack) -> int:
        number(stack, "First")
        before = len(calls)
        number(stack, "Second")
        return len(calls) - before

    own, with_default = stack_in(app, "Own"), stack_in(app, "WithDefault")
    cost_of_own = cost_of_a_number(own)
    PhoneNumberProvider.set_default(with_default, shared)

    assert cost_of_own > 0
    assert cost_of_a_number(with_default) <= cost_of_own
