"""The ways in which teams compose a number with the rest of the CDK, one row for each.

Each table has the ways that work, that are refused, or that synth warns of; a row's name says the way.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_connect as connect
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Annotations, Match, Template
from constructs import Construct

from cdk_connect_phone_number import (
    IPhoneNumber,
    IPhoneNumberProvider,
    PhoneNumber,
    PhoneNumberPool,
    PhoneNumberProvider,
)
from docs.tools.pages import ROOT

from .conftest import SERVICE_TOKEN

ACCOUNT = "000000000000"
UUID = "11111111-2222-3333-4444-555555555555"
INSTANCE = f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/{UUID}"
FLOW = f"{INSTANCE}/contact-flow/{UUID}"
NUMBER_ARN = f"arn:aws:connect:us-east-1:{ACCOUNT}:phone-number/{UUID}"
NUMBER = "+12065550100"
RESOURCE_TYPE = "Custom::ConnectPhoneNumber"
POOL_TYPE = "Custom::ConnectPhoneNumberPool"
LOOKUP = "dummy-value-for-/line"
REFERENCE = "{{resolve:ssm:/line}}"
KEPT = ("RetainExceptOnCreate", "Retain")
RELEASED = ("Delete", "Delete")

Given = Mapping[str, Any]


def new_stack(app: cdk.App | None = None, name: str = "Stack", region: str = "us-east-1", **given: Any) -> cdk.Stack:
    return cdk.Stack(app or cdk.App(), name, env=cdk.Environment(account=ACCOUNT, region=region), **given)


def imported(scope: Construct, token: str = SERVICE_TOKEN, name: str = "Imported") -> IPhoneNumberProvider:
    return PhoneNumberProvider.from_service_token(scope, name, token)


def number(stack: cdk.Stack, name: str = "Number", **given: Any) -> PhoneNumber:
    """Create a number; a property that is ``...`` is left out."""
    given = {"target_arn": INSTANCE, "country_code": "US", **given}
    if "provider" not in given and "pool" not in given:
        given["provider"] = stack.node.try_find_child("Imported") or imported(stack)
    return PhoneNumber(stack, name, **{key: value for key, value in given.items() if value is not ...})


def resource_of(stack: cdk.Stack, resource_type: str = RESOURCE_TYPE) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources(resource_type).values()
    return dict(resource)


def properties_of(stack: cdk.Stack, resource_type: str = RESOURCE_TYPE) -> dict[str, Any]:
    return dict(resource_of(stack, resource_type)["Properties"])


def policies_of(stack: cdk.Stack) -> tuple[str, str]:
    resource = resource_of(stack)
    return resource.get("DeletionPolicy", "Delete"), resource.get("UpdateReplacePolicy", "Delete")


def l1(made: Construct) -> cdk.CfnResource:
    resource = made.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    return resource


# --- Values that synth does not know: for every property, and for the token ---


def from_lookup(stack: cdk.Stack) -> Any:
    return ssm.StringParameter.value_from_lookup(stack, "/line")


def from_reference(_stack: cdk.Stack) -> Any:
    return REFERENCE


def from_parameter(stack: cdk.Stack) -> Any:
    return cdk.CfnParameter(stack, "Line").value_as_string


@jsii.implements(cdk.IStableStringProducer)
class Later:
    def produce(self) -> str:
        return "later"


def from_lazy(_stack: cdk.Stack) -> Any:
    return cdk.Lazy.string(Later())


def from_token_that_is_no_text(_stack: cdk.Stack) -> Any:
    return cdk.Fn.get_att("Other", "Arn")


SOURCES: Mapping[Callable[[cdk.Stack], Any], Any] = {
    from_lookup: LOOKUP,
    from_reference: REFERENCE,
    from_parameter: {"Ref": "Line"},
    from_lazy: "later",
    from_token_that_is_no_text: {"Fn::GetAtt": ["Other", "Arn"]},
}
PROPERTIES: Mapping[str, Given] = {
    "target_arn": {},
    "country_code": {"prefix": "+1206"},
    "type": {},
    "prefix": {},
    "phone_number": {},
    "source_phone_number_arn": {"country_code": ...},
    "contact_flow_arn": {},
    "description": {},
}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
@pytest.mark.parametrize("name", PROPERTIES)
def test_a_property_may_be_known_only_later(name: str, source: Callable[[cdk.Stack], Any]) -> None:
    stack = new_stack()

    number(stack, **{**PROPERTIES[name], name: source(stack)})

    cloudformation_name = "".join(word.capitalize() for word in name.split("_"))
    assert properties_of(stack)[cloudformation_name] == SOURCES[source]


@pytest.mark.parametrize("source", [from_lookup, from_reference, from_parameter, from_lazy])
def test_the_service_token_may_be_known_only_later(source: Callable[[cdk.Stack], Any]) -> None:
    stack = new_stack()

    number(stack, provider=imported(stack, source(stack)))

    assert properties_of(stack)["ServiceToken"] == SOURCES[source]


POOL_PROPERTIES = ("parking_target_arn", "country_code", "type", "prefix")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
@pytest.mark.parametrize("name", POOL_PROPERTIES)
def test_a_property_of_a_pool_may_be_known_only_later(name: str, source: Callable[[cdk.Stack], Any]) -> None:
    stack = new_stack()
    given: dict[str, Any] = {"parking_target_arn": INSTANCE, "country_code": "US", name: source(stack)}

    PhoneNumberPool(stack, "Pool", provider=imported(stack), min_parked=1, phone_numbers=[LOOKUP, REFERENCE], **given)

    cloudformation_name = "".join(word.capitalize() for word in name.split("_"))
    assert properties_of(stack, POOL_TYPE)[cloudformation_name] == SOURCES[source]


@pytest.mark.parametrize("flag", ["release_protection", "allow_replacement"])
def test_a_flag_may_be_known_only_later(flag: str) -> None:
    stack = new_stack()
    cdk.CfnCondition(stack, "Production", expression=cdk.Fn.condition_equals(cdk.Aws.REGION, "us-east-1"))

    given: dict[str, Any] = {flag: cdk.Fn.condition_if("Production", True, False)}
    number(stack, **given)

    cloudformation_name = "".join(word.capitalize() for word in flag.split("_"))
    assert properties_of(stack)[cloudformation_name] == {"Fn::If": ["Production", True, False]}


@pytest.mark.parametrize("source", [from_lookup, from_parameter], ids=lambda source: source.__name__)
def test_the_arn_of_an_imported_number_may_be_known_only_later(source: Callable[[cdk.Stack], Any]) -> None:
    stack = new_stack()
    found = PhoneNumber.from_phone_number_arn(stack, "Found", source(stack))

    assert stack.resolve(found.phone_number_arn) == SOURCES[source]
    assert stack.resolve(found.phone_number_id)


def test_cloudformation_resolves_the_arn_of_an_imported_number_only_as_a_whole() -> None:
    found = PhoneNumber.from_phone_number_arn(new_stack(), "Found", REFERENCE)

    assert found.phone_number_arn == REFERENCE
    with pytest.raises(ValueError, match=r"^Stack/Found: phone_number_id is not known, as CloudFormation resolves"):
        _ = found.phone_number_id


# --- The removal policy: one source of truth ---


def keep_by_aspect(stack: cdk.Stack) -> None:
    @jsii.implements(cdk.IAspect)
    class Keep:
        def visit(self, node: Any) -> None:
            if isinstance(node, cdk.CfnResource):
                node.apply_removal_policy(cdk.RemovalPolicy.RETAIN)

    cdk.Aspects.of(stack).add(Keep())


WAYS_TO_KEEP: Mapping[str, tuple[Given, Callable[[PhoneNumber], Any], tuple[str, str]]] = {
    "by removal_policy": ({"removal_policy": cdk.RemovalPolicy.RETAIN}, lambda made: made, KEPT),
    "by apply_removal_policy": ({}, lambda made: made.apply_removal_policy(cdk.RemovalPolicy.RETAIN), KEPT),
    "by RemovalPolicies": ({}, lambda made: cdk.RemovalPolicies.of(made.stack).retain(), KEPT),
    "by MissingRemovalPolicies": ({}, lambda made: cdk.MissingRemovalPolicies.of(made.stack).retain(), KEPT),
    "by an Aspect": ({}, lambda made: keep_by_aspect(made.stack), KEPT),
    "by an override": (
        {},
        lambda made: l1(made).add_override("DeletionPolicy", "Retain"),
        ("Retain", "Delete"),
    ),
    "on replacement by cfn_options": (
        {},
        lambda made: setattr(l1(made).cfn_options, "update_replace_policy", cdk.CfnDeletionPolicy.RETAIN),
        ("Delete", "Retain"),
    ),
    "not where it is to be destroyed, by MissingRemovalPolicies": (
        {"removal_policy": cdk.RemovalPolicy.DESTROY},
        lambda made: cdk.MissingRemovalPolicies.of(made.stack).retain(),
        RELEASED,
    ),
    "also where MissingRemovalPolicies would destroy, as it is adopted": (
        {"phone_number": NUMBER, "adopt": True},
        lambda made: cdk.MissingRemovalPolicies.of(made.stack).destroy(),
        KEPT,
    ),
}


@pytest.mark.parametrize("way", WAYS_TO_KEEP)
def test_a_number_is_kept(way: str) -> None:
    given, keep, expected = WAYS_TO_KEEP[way]
    stack, as_it_was = new_stack(), new_stack()
    number(as_it_was, **{name: value for name, value in given.items() if name != "removal_policy"})

    keep(number(stack, **given))

    assert policies_of(stack) == expected
    # Nothing that the function is told comes from the policy, so nothing can disagree with the resource's options.
    assert properties_of(stack) == properties_of(as_it_was)


POOLS: Mapping[str, tuple[Given, Callable[[PhoneNumberPool], Any], bool]] = {
    "by default": ({}, lambda pool: pool, False),
    "by removal_policy": ({"removal_policy": cdk.RemovalPolicy.RETAIN}, lambda pool: pool, True),
    "by RemovalPolicies": ({}, lambda pool: cdk.RemovalPolicies.of(pool).retain(), True),
    "by MissingRemovalPolicies": ({}, lambda pool: cdk.MissingRemovalPolicies.of(pool).retain(), True),
    "by the resource": ({}, lambda pool: l1(pool).apply_removal_policy(cdk.RemovalPolicy.RETAIN), True),
    "not where it is to be destroyed": (
        {"removal_policy": cdk.RemovalPolicy.DESTROY},
        lambda pool: cdk.MissingRemovalPolicies.of(pool).retain(),
        False,
    ),
    "not where RemovalPolicies destroys": (
        {"removal_policy": cdk.RemovalPolicy.RETAIN},
        lambda pool: cdk.RemovalPolicies.of(pool).destroy(),
        False,
    ),
    "not where an override destroys": ({}, lambda pool: l1(pool).add_override("DeletionPolicy", "Delete"), False),
}


@pytest.mark.parametrize("way", POOLS)
def test_what_is_parked_in_a_pool_is_kept(way: str) -> None:
    given, keep, expected = POOLS[way]
    stack = new_stack()

    keep(PhoneNumberPool(stack, "Pool", provider=imported(stack), **given))

    resource = resource_of(stack, POOL_TYPE)
    assert resource["Properties"].get("RetainParked", False) is expected
    assert resource.get("DeletionPolicy", "Delete") == resource.get("UpdateReplacePolicy", "Delete") == "Delete"


DISAGREEMENTS: Mapping[str, Callable[[cdk.CfnResource], Any]] = {
    "DeletionPolicy by cfn_options": lambda resource: setattr(
        resource.cfn_options, "deletion_policy", cdk.CfnDeletionPolicy.RETAIN
    ),
    "UpdateReplacePolicy by cfn_options": lambda resource: setattr(
        resource.cfn_options, "update_replace_policy", cdk.CfnDeletionPolicy.RETAIN
    ),
    "DeletionPolicy by an override": lambda resource: resource.add_override("DeletionPolicy", "Retain"),
    "UpdateReplacePolicy by an override": lambda resource: resource.add_override("UpdateReplacePolicy", "Retain"),
}


@pytest.mark.parametrize("way", DISAGREEMENTS)
def test_options_of_a_pools_resource_that_disagree_stop_synth(way: str) -> None:
    stack = new_stack()
    pool = PhoneNumberPool(stack, "Pool", provider=imported(stack))

    with pytest.raises((ValueError, RuntimeError)) as refused:  # noqa: PT012 - either of the two says it
        DISAGREEMENTS[way](l1(pool))
        Template.from_stack(stack)

    message = f"Stack/Pool: {way.split()[0]} of the pool's resource is retain, but CloudFormation would not tell the"
    assert message.lower() in str(refused.value).lower()


# --- Tags ---


@pytest.mark.parametrize("explicit", [True, False])
def test_tags_of_the_stack_reach_the_number(explicit: bool) -> None:
    app = cdk.App(context={"@aws-cdk/core:explicitStackTags": explicit})
    stack = new_stack(app, tags={"team": "support", "stage": "test"})
    cdk.Tags.of(number(stack)).add("stage", "production")

    assert properties_of(stack)["Tags"] == [
        {"Key": "stage", "Value": "production"},
        {"Key": "team", "Value": "support"},
    ]


def test_tags_of_the_stack_reach_a_number_in_a_nested_stack_and_nothing_else() -> None:
    stack = new_stack(tags={"team": "support"})
    nested = cdk.NestedStack(stack, "Nested")
    number(nested)
    dynamodb.CfnTable(
        nested,
        "Table",
        key_schema=[dynamodb.CfnTable.KeySchemaProperty(attribute_name="pk", key_type="HASH")],
    )

    assert properties_of(nested)["Tags"] == [{"Key": "team", "Value": "support"}]
    assert "Tags" not in properties_of(nested, "AWS::DynamoDB::Table")


# --- What else must work ---


def with_property_injectors() -> None:
    asked: list[str] = []

    @jsii.implements(cdk.IPropertyInjector)
    class Injector:
        @property
        def construct_unique_id(self) -> str:
            return str(dynamodb.Table.PROPERTY_INJECTION_ID)

        def inject(self, original_props: Any, *, scope: Construct, id: str) -> Any:
            asked.append(f"{scope.node.path}/{id}")
            return original_props

    stack = new_stack(cdk.App(property_injectors=[Injector()]))
    dynamodb.Table(stack, "Table", partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING))
    number(stack, provider=PhoneNumberProvider(stack, "Provider"))
    assert properties_of(stack)["CountryCode"] == "US"
    assert "Stack/Table" in asked


def with_hasattr_on_an_imported_number() -> None:
    found = PhoneNumber.from_phone_number_arn(new_stack(), "Found", NUMBER_ARN)
    assert not hasattr(found, "phone_number")
    assert getattr(found, "phone_number", None) is None
    assert hasattr(found, "phone_number_id")


def with_isinstance_on_an_imported_number() -> None:
    found = PhoneNumber.from_phone_number_arn(new_stack(), "Found", NUMBER_ARN)
    assert isinstance(found, IPhoneNumber)
    assert not isinstance(found, PhoneNumber)


def with_isinstance_on_a_provider_of_ones_own_kind() -> None:
    class Own(Construct):
        service_token = SERVICE_TOKEN
        target_arns = None

    stack = new_stack()
    number(stack, provider=Own(stack, "Own"), phone_number=NUMBER, adopt=True)
    assert properties_of(stack)["ServiceToken"] == SERVICE_TOKEN


def with_a_provider_that_has_the_default_id_and_is_made_first() -> None:
    stack = new_stack()
    provider = PhoneNumberProvider(stack, "PhoneNumberProvider")
    number(stack, provider=...)
    assert properties_of(stack)["ServiceToken"] == stack.resolve(provider.service_token)


def with_the_same_number_in_two_apps() -> None:
    for _ in range(2):
        number(new_stack(), phone_number=NUMBER)


def with_the_same_lookup_twice() -> None:
    stack = new_stack()
    for name in ("One", "Two"):
        number(stack, name, phone_number=from_lookup(stack))


def with_a_number_of_a_pools_list() -> None:
    stack = new_stack()
    pool = PhoneNumberPool(stack, "Pool", provider=imported(stack), phone_numbers=[NUMBER], parking_target_arn=INSTANCE)
    number(stack, pool=pool, phone_number=NUMBER)


def all_flags_of_the_cdk(value: bool) -> dict[str, Any]:
    """Return the feature flags that ``cdk init`` recommends, and those that change what a function and a role get."""
    recommended = json.loads((ROOT / "cdk.json").read_text())["context"]
    more = ("@aws-cdk/aws-lambda:createNewPoliciesWithAddToRolePolicy", "@aws-cdk/aws-iam:minimizePolicies")
    flags = [name for name, given in recommended.items() if name.startswith("@aws-cdk") and isinstance(given, bool)]
    return dict.fromkeys([*flags, *more], value)


def app_with_everything(flags: Given) -> dict[str, list[str]]:
    """Return the types of the resources of each stack, with a provider that has every policy."""
    app = cdk.App(context=dict(flags), analytics_reporting=False)
    platform, stack = new_stack(app, "Platform"), new_stack(app, tags={"team": "support"})
    key = kms.Key(platform, "Key")
    provider = PhoneNumberProvider(
        platform,
        "Provider",
        tracing=True,
        encryption_key=key,
        environment_encryption=key,
        vpc=ec2.Vpc.from_vpc_attributes(
            platform,
            "Vpc",
            vpc_id="vpc-0a1b2c3d",
            availability_zones=["us-east-1a"],
            private_subnet_ids=["subnet-0a1b2c3d"],
        ),
        alarm_topic=sns.Topic(platform, "Topic"),
        service_token_parameter_name="/token",
    )
    number(stack, provider=provider)
    number(cdk.NestedStack(stack, "Nested"), pool=PhoneNumberPool(stack, "Pool", provider=provider))
    found = app.synth().stacks
    return {each.stack_name: sorted(one["Type"] for one in each.template["Resources"].values()) for each in found}


def with_all_feature_flags_on_and_off() -> None:
    on, off = (app_with_everything(all_flags_of_the_cdk(value)) for value in (True, False))
    assert on == off == app_with_everything({})
    # All permissions are in the role itself.
    assert "AWS::IAM::Policy" not in on["Platform"]


def with_every_way_to_synthesize_a_stack() -> None:
    for synthesizer in (
        cdk.DefaultStackSynthesizer(),
        cdk.DefaultStackSynthesizer(qualifier="other", generate_bootstrap_version_rule=False),
        cdk.LegacyStackSynthesizer(),
        cdk.CliCredentialsStackSynthesizer(),
    ):
        stack = new_stack(synthesizer=synthesizer)
        stack.template_options.description = "Numbers"
        stack.template_options.transforms = ["AWS::LanguageExtensions"]
        number(stack, provider=...)
        template = Template.from_stack(stack).to_json()
        assert template["Description"] == "Numbers"
        assert properties_of(stack)["ServiceToken"] == {"Fn::GetAtt": ["PhoneNumberProviderFunction7546DF45", "Arn"]}


def without_a_bootstrapped_account() -> None:
    stack = new_stack(synthesizer=cdk.BootstraplessSynthesizer())
    number(stack)
    assert properties_of(stack)["ServiceToken"] == SERVICE_TOKEN


def with_account_and_region_of_everything() -> None:
    stack = new_stack()
    provider = PhoneNumberProvider(stack, "Provider")
    elsewhere = new_stack(stack.node.scope, "Elsewhere", region="eu-west-1")  # type: ignore[arg-type]
    token = SERVICE_TOKEN.replace("us-east-1", "eu-west-1")
    there = imported(stack, token, "There")
    for made, region in (
        (provider, "us-east-1"),
        (number(stack, provider=provider), "us-east-1"),
        (PhoneNumberPool(stack, "Pool", provider=provider), "us-east-1"),
        (there, "eu-west-1"),
        (PhoneNumber.from_phone_number_arn(stack, "Found", NUMBER_ARN.replace("us-east-1", "eu-west-1")), "eu-west-1"),
        (
            PhoneNumberPool.from_pool_attributes(
                elsewhere, "Found", pool_id=cdk.Fn.import_value("pool"), provider=imported(elsewhere, token)
            ),
            "eu-west-1",
        ),
    ):
        assert (made.env.account, made.env.region) == (ACCOUNT, region)
        assert cdk.Resource.is_resource(made)  # type: ignore[arg-type]


def with_targets_of_the_provider_from_a_lookup() -> None:
    stack = new_stack()
    provider = PhoneNumberProvider(stack, "Provider", target_arns=[from_lookup(stack), REFERENCE])
    number(stack, provider=provider)
    assert provider.target_arns == (LOOKUP, REFERENCE)


def with_one_policy_for_the_numbers_of_an_app() -> None:
    app = cdk.App()
    cdk.MissingRemovalPolicies.of(app).retain(apply_to_resource_types=[RESOURCE_TYPE])
    one, two = new_stack(app, "One"), new_stack(app, "Two")
    number(one)
    dynamodb.CfnTable(
        one, "Table", key_schema=[dynamodb.CfnTable.KeySchemaProperty(attribute_name="pk", key_type="HASH")]
    )
    number(two, removal_policy=cdk.RemovalPolicy.DESTROY)
    assert policies_of(one) == KEPT
    assert policies_of(two) == RELEASED
    assert "DeletionPolicy" not in resource_of(one, "AWS::DynamoDB::Table")


WORKS = (
    with_all_feature_flags_on_and_off,
    with_every_way_to_synthesize_a_stack,
    without_a_bootstrapped_account,
    with_account_and_region_of_everything,
    with_targets_of_the_provider_from_a_lookup,
    with_one_policy_for_the_numbers_of_an_app,
    with_property_injectors,
    with_hasattr_on_an_imported_number,
    with_isinstance_on_an_imported_number,
    with_isinstance_on_a_provider_of_ones_own_kind,
    with_a_provider_that_has_the_default_id_and_is_made_first,
    with_the_same_number_in_two_apps,
    with_the_same_lookup_twice,
    with_a_number_of_a_pools_list,
)


@pytest.mark.parametrize("way", WORKS, ids=lambda way: way.__name__)
def test_works(way: Callable[[], None]) -> None:
    way()


def test_works_where_deprecated_apis_of_the_cdk_fail(tmp_path: Path) -> None:
    program = f"""
import aws_cdk as cdk
from cdk_connect_phone_number import PhoneNumber, PhoneNumberPool, PhoneNumberProvider
app = cdk.App(outdir={str(tmp_path)!r})
stack = cdk.Stack(app, "Stack")
provider = PhoneNumberProvider(stack, "Provider")
pool = PhoneNumberPool(stack, "Pool", provider=provider, removal_policy=cdk.RemovalPolicy.RETAIN)
PhoneNumber(stack, "Number", target_arn={INSTANCE!r}, country_code="US", pool=pool, allow_replacement=True)
app.synth()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "JSII_DEPRECATED": "fail"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr


# --- What is refused ---

KINDS: Mapping[str, tuple[Any, str]] = {
    "removal_policy": ("destroy", "'destroy' (str). Use for example RemovalPolicy.RETAIN."),
    "timeout": (60, "60 (int). Use a Duration, for example Duration.minutes(30)."),
    "release_delay": (60, "60 (int). Use a Duration, for example Duration.minutes(30)."),
    "provider": (
        SERVICE_TOKEN,
        f"{SERVICE_TOKEN!r} (str). Use a PhoneNumberProvider, or PhoneNumberProvider.from_service_token.",
    ),
    "target": (
        INSTANCE,
        f"{INSTANCE!r}"[:80]
        + " (str). Use a CfnInstance or CfnTrafficDistributionGroup, or give an ARN as target_arn.",
    ),
    "contact_flow": (FLOW, f"{FLOW!r}"[:80] + " (str). Use a CfnContactFlow, or give an ARN as contact_flow_arn."),
    "pool": ("pool", "'pool' (str). Use a PhoneNumberPool, or PhoneNumberPool.from_pool_attributes."),
}
POOL_KINDS = ("removal_policy", "provider", "release_after")


@pytest.mark.parametrize("name", KINDS)
def test_a_value_of_the_wrong_kind_is_refused(name: str) -> None:
    value, problem = KINDS[name]

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        number(new_stack(), **{name: value})

    assert str(refused.value) == f"Stack/Number: {name} has a value of the wrong kind: {problem}"


@pytest.mark.parametrize("name", POOL_KINDS)
def test_a_value_of_the_wrong_kind_is_refused_of_a_pool(name: str) -> None:
    stack = new_stack()
    value, problem = KINDS["timeout" if name == "release_after" else name]
    given: dict[str, Any] = {"provider": imported(stack), name: value}

    with pytest.raises(ValueError, match=r"^Stack/Pool: ") as refused:
        PhoneNumberPool(stack, "Pool", **given)

    assert str(refused.value) == f"Stack/Pool: {name} has a value of the wrong kind: {problem}"


def test_a_policy_of_the_wrong_kind_is_refused_later_too() -> None:
    wrong: Any = "destroy"

    with pytest.raises(ValueError, match=r"^Stack/Number: removal_policy has a value of the wrong kind: 'destroy'"):
        number(new_stack()).apply_removal_policy(wrong)


def test_a_policy_of_the_wrong_kind_is_refused_of_a_pool_later_too() -> None:
    stack = new_stack()
    wrong: Any = "destroy"

    with pytest.raises(ValueError, match=r"^Stack/Pool: removal_policy has a value of the wrong kind: 'destroy'"):
        l1(PhoneNumberPool(stack, "Pool", provider=imported(stack))).apply_removal_policy(wrong)


def test_a_missing_policy_does_not_destroy_an_adopted_number_later() -> None:
    missing: Any = None
    stack = new_stack()
    adopted = number(stack, phone_number=NUMBER, adopt=True)

    with pytest.raises(ValueError, match=r"^Stack/Number: removal_policy has a value of the wrong kind: None"):
        adopted.apply_removal_policy(missing)

    assert policies_of(stack) == KEPT


@pytest.mark.parametrize("name", ["timeout", "release_delay"])
def test_a_duration_that_is_a_token_is_in_seconds(name: str) -> None:
    stack = new_stack()
    given: dict[str, Any] = {
        unit: {name: getattr(cdk.Duration, unit)(cdk.Token.as_number({"Ref": "Parameter"}))}
        for unit in ("seconds", "minutes")
    }
    number(stack, "Seconds", **given["seconds"])

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        number(stack, **given["minutes"])

    assert str(refused.value) == (
        f"Stack/Number: {name} is a token in minutes, which synth cannot convert. Use Duration.seconds with a token of "
        "seconds."
    )


REFERENCES: Mapping[str, tuple[Callable[[cdk.Stack, Any], Any], str]] = {
    "the ARN of a number": (
        lambda stack, value: PhoneNumber.from_phone_number_arn(stack, "There", value),
        "phone_number_arn",
    ),
    "a service token": (
        lambda stack, value: PhoneNumberProvider.from_service_token(stack, "There", value),
        "service_token",
    ),
    "the ID of a pool": (
        lambda stack, value: PhoneNumberPool.from_pool_attributes(
            stack, "There", pool_id=value, provider=imported(stack)
        ),
        "pool_id",
    ),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_what_is_no_text_is_no_reference(case: str) -> None:
    refer, name = REFERENCES[case]

    with pytest.raises(ValueError, match=rf"^Stack/There: {name} must be a string, but is 5 \(int\)\."):
        refer(new_stack(), 5)
    with pytest.raises(ValueError, match=rf"^Stack/There: {name} is missing\. Give it\."):
        refer(new_stack(), None)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("phone_number", 12065550100, "must be a string, but is 12065550100 (int). Give one value, in quotes."),
        ("country_code", ["US"], "must be a string, but is ['US'] (list). Give one value, in quotes."),
        ("target_arn", {"Ref": "X"}, "must be a string, but is {'Ref': 'X'} (dict). Give one value, in quotes."),
        *(
            (
                flag,
                "false",
                "must be True or False, but is 'false' (str). Convert a text first, for example: value == 'true'.",
            )
            for flag in ("adopt", "release_protection", "allow_replacement")
        ),
    ],
)
def test_a_text_and_a_flag_are_what_they_say(name: str, value: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        number(new_stack(), **{name: value})

    assert str(refused.value) == f"Stack/Number: {name} {problem}"


def test_synth_must_know_whether_a_number_is_adopted() -> None:
    with pytest.raises(ValueError, match=r"^Stack/Number: adopt must be True or False, but is "):
        number(new_stack(), phone_number=NUMBER, adopt=cdk.Fn.condition_if("Production", True, False))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "phone_numbers has a value of the wrong kind: None (NoneType). Use a list of numbers, or leave it out."),
        ([NUMBER, 5], "phone_numbers[1] must be a string, but is 5 (int). Give one value, in quotes."),
    ],
)
def test_a_list_of_numbers_has_texts_only(value: Any, problem: str) -> None:
    stack = new_stack()

    with pytest.raises(ValueError, match=r"^Stack/Pool: ") as refused:
        PhoneNumberPool(stack, "Pool", provider=imported(stack), phone_numbers=value, parking_target_arn=INSTANCE)

    assert str(refused.value) == f"Stack/Pool: {problem}"


def prefixed(stack: cdk.Stack) -> IPhoneNumberProvider:
    return PhoneNumberProvider.from_provider_attributes(
        stack, "Prefixed", service_token=SERVICE_TOKEN, stack_name_prefix="support-"
    )


@pytest.mark.parametrize("is_own", [True, False], ids=["of a provider here", "of an imported provider"])
@pytest.mark.parametrize("is_nested", [True, False], ids=["in a nested stack", "in a stack"])
def test_a_stack_that_the_provider_does_not_serve_is_refused(is_nested: bool, is_own: bool) -> None:
    stack = new_stack()
    provider = PhoneNumberProvider(stack, "Prefixed", stack_name_prefix="support-") if is_own else prefixed(stack)
    own: cdk.Stack = cdk.NestedStack(stack, "Nested") if is_nested else stack
    expected = (
        "the stack's name is 'Stack', but the provider Stack/Prefixed serves only stacks whose names begin with "
        "'support-'. Rename the stack, or use a provider that serves it."
    )

    with pytest.raises(ValueError, match=r"/Number: ") as refused:
        number(own, provider=provider)
    assert str(refused.value) == f"{own.node.path}/Number: {expected}"
    with pytest.raises(ValueError, match=r"/Pool: ") as refused:
        PhoneNumberPool(own, "Pool", provider=provider)
    assert str(refused.value) == f"{own.node.path}/Pool: {expected}"


def test_a_stack_that_the_provider_serves_has_numbers_also_in_nested_stacks() -> None:
    stack = new_stack(name="support-line")

    number(cdk.NestedStack(stack, "Nested"), provider=prefixed(stack))
    number(stack, provider=prefixed(cdk.Stack(stack, "Inner")))


def test_a_single_text_is_no_list_of_numbers() -> None:
    stack = new_stack()
    wrong: Any = NUMBER

    with pytest.raises(ValueError, match=r"^Stack/Pool: ") as refused:
        PhoneNumberPool(stack, "Pool", provider=imported(stack), phone_numbers=wrong, parking_target_arn=INSTANCE)

    assert str(refused.value) == f"Stack/Pool: phone_numbers must be a list, but is {NUMBER!r}. Put it in brackets."


ELSEWHERE = {"Region": ("us-east-1", "eu-west-2"), "account": (ACCOUNT, "999999999999"), "partition": ("aws", "aws-cn")}
AGNOSTIC = "a stack without an environment"


def moved(arn: str, kind: str) -> str:
    here, there = ELSEWHERE[kind]
    return arn.replace(f":{here}:", f":{there}:", 1)


def other_stack(stack: cdk.Stack, kind: str) -> cdk.Stack:
    account, region = (ELSEWHERE[name][name == kind] for name in ("account", "Region"))
    app = stack.node.scope
    assert isinstance(app, cdk.App)
    return cdk.Stack(app, "Other", env=cdk.Environment(account=account, region=region))


def token_of(stack: cdk.Stack, kind: str) -> tuple[Given, str]:
    token = moved(SERVICE_TOKEN, kind)
    return {"provider": imported(stack, token, "There")}, f"the provider's service_token {token!r}"


def provider_of(stack: cdk.Stack, kind: str) -> tuple[Given, str]:
    return {"provider": PhoneNumberProvider(other_stack(stack, kind), "Provider")}, "the provider Other/Provider"


def target_arn_of(_stack: cdk.Stack, kind: str) -> tuple[Given, str]:
    return {"target_arn": moved(INSTANCE, kind)}, f"target_arn {moved(INSTANCE, kind)!r}"


def target_of(stack: cdk.Stack, kind: str) -> tuple[Given, str]:
    group = connect.CfnTrafficDistributionGroup(
        other_stack(stack, kind), "Group", instance_arn=moved(INSTANCE, kind), name="group"
    )
    return {"target": group, "target_arn": ...}, "target Other/Group"


def flow_arn_of(_stack: cdk.Stack, kind: str) -> tuple[Given, str]:
    return {"contact_flow_arn": moved(FLOW, kind)}, f"contact_flow_arn {moved(FLOW, kind)!r}"


def flow_of(stack: cdk.Stack, kind: str) -> tuple[Given, str]:
    flow = connect.CfnContactFlow(
        other_stack(stack, kind), "Flow", content="{}", instance_arn=INSTANCE, name="flow", type="CONTACT_FLOW"
    )
    return {"contact_flow": flow}, "contact_flow Other/Flow"


def source_arn_of(_stack: cdk.Stack, kind: str) -> tuple[Given, str]:
    source = moved(f"arn:aws:sms-voice:us-east-1:{ACCOUNT}:phone-number/phone-1", kind)
    return {"source_phone_number_arn": source, "country_code": ...}, f"source_phone_number_arn {source!r}"


PLACES = [
    (of, kind)
    for of in (token_of, provider_of, target_arn_of, target_of, flow_arn_of, flow_of, source_arn_of)
    for kind in ELSEWHERE
    # A stack has no partition of its own, and the function's own check is the first to see another Region in an ARN.
    if not (kind == "partition" and of in (provider_of, target_of, flow_of))
    and not (kind == "Region" and of in (target_arn_of, flow_arn_of, source_arn_of))
]


@pytest.mark.parametrize(("of", "kind"), PLACES)
def test_what_is_elsewhere_is_refused(of: Callable[[cdk.Stack, str], tuple[Given, str]], kind: str) -> None:
    stack = new_stack()
    given, shown = of(stack, kind)
    here, there = ELSEWHERE[kind]

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        number(stack, **given)

    assert str(refused.value) == (
        f"Stack/Number: {shown} is in {kind} {there}, but the stack is in {kind} {here}. A provider works in one "
        "account and Region, for stacks and targets there. Use a provider and a target of the account and Region to "
        "which the stack is deployed."
    )


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_without_an_environment_of_the_stack_the_others_are_compared(kind: str) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    target = moved(INSTANCE, kind)

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        number(stack, target_arn=target)

    here, there = ELSEWHERE[kind]
    assert f"target_arn {target!r} is in {kind} {there}, but the provider's service_token" in str(refused.value)
    assert f"{SERVICE_TOKEN!r} is in {kind} {here}." in str(refused.value)


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_a_target_elsewhere_is_refused_of_a_pool(kind: str) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    target = moved(INSTANCE, kind)

    with pytest.raises(ValueError, match=rf"^Stack/Pool: parking_target_arn '{target}' is in {kind} "):
        PhoneNumberPool(stack, "Pool", provider=imported(stack), parking_target_arn=target)


@pytest.mark.parametrize(
    ("provider_in", "number_in", "expected"),
    [
        ("A", "B", "the provider A/Platform/Provider is in the stage A, but this is in the stage B. "),
        ("", "B", "the provider Platform/Provider is in no stage, but this is in the stage B. "),
        (
            "A",
            "",
            "the provider A/Platform/Provider is in the stage A, but this is in no stage. ",
        ),
        ("A", "A/Inner", "the provider A/Platform/Provider is in the stage A, but this is in the stage A/Inner. "),
        ("A", "A", ""),
        ("", "", ""),
    ],
)
def test_a_provider_of_another_stage_is_refused(provider_in: str, number_in: str, expected: str) -> None:
    app = cdk.App()

    def scope_of(path: str) -> Construct:
        found: Construct = app
        for name in filter(None, path.split("/")):
            found = found.node.try_find_child(name) or cdk.Stage(found, name)  # type: ignore[assignment]
        return found

    provider = PhoneNumberProvider(cdk.Stack(scope_of(provider_in), "Platform"), "Provider")
    stack = cdk.Stack(scope_of(number_in), "Stack")

    if not expected:
        number(stack, provider=provider)
        return
    for create in (lambda: number(stack, provider=provider), lambda: PhoneNumberPool(stack, "Pool", provider=provider)):
        with pytest.raises(ValueError, match=r"Stages are deployed independently\.") as refused:
            create()
        assert str(refused.value).partition(": ")[2] == (
            f"{expected}Stages are deployed independently. Create a provider in each stage, or publish its "
            "service_token and use PhoneNumberProvider.from_ssm_parameter."
        )


TWICE: Mapping[str, tuple[str, Given]] = {
    "phone_number": (NUMBER, {"phone_number": NUMBER}),
    "source_phone_number_arn": (
        f"arn:aws:sms-voice:us-east-1:{ACCOUNT}:phone-number/phone-1",
        {"country_code": ..., "source_phone_number_arn": f"arn:aws:sms-voice:us-east-1:{ACCOUNT}:phone-number/phone-1"},
    ),
}


@pytest.mark.parametrize("name", TWICE)
def test_the_same_number_twice_in_one_app_is_refused(name: str) -> None:
    value, given = TWICE[name]
    app = cdk.App()
    number(new_stack(app, "One"), **given)

    with pytest.raises(ValueError, match=r"^Two/Number: ") as refused:
        number(new_stack(app, "Two"), **given)

    assert str(refused.value) == (
        f"Two/Number: {name} is {value!r}, which One/Number also has, but a number belongs to one resource only. "
        "Remove one of the two, or refer to the other one's number with PhoneNumber.from_phone_number_arn."
    )


def test_the_same_number_in_two_pools_is_refused() -> None:
    stack = new_stack()
    given: dict[str, Any] = {"provider": imported(stack), "phone_numbers": [NUMBER], "parking_target_arn": INSTANCE}
    PhoneNumberPool(stack, "One", **given)

    with pytest.raises(ValueError, match=r"^Stack/Two: phone_numbers is '\+12065550100', which Stack/One also has"):
        PhoneNumberPool(stack, "Two", **given)


def test_a_provider_with_the_default_id_must_be_made_before_the_first_number() -> None:
    stack = new_stack()
    number(stack, provider=...)

    with pytest.raises(ValueError, match=r"^Stack/PhoneNumberProvider: this provider exists already\. A number that "):
        PhoneNumberProvider(stack, "PhoneNumberProvider")


# --- What synth warns of ---


def warnings_of(stack: cdk.Stack, path: str = "/Stack/Number/Resource") -> list[str]:
    found = Annotations.from_stack(stack).find_warning(path, Match.any_value())
    return [str(each.entry.data) for each in found if "cdk-connect-phone-number:" in str(each.entry.data)]


def import_from_another_stack(made: PhoneNumber) -> None:
    app = made.node.root
    assert isinstance(app, cdk.App)
    other = new_stack(app, "Other")
    cdk.CfnOutput(other, "Number", value=made.phone_number)


def export_by_name(made: PhoneNumber) -> None:
    cdk.CfnOutput(made.stack, "Line", value=f"tel:{made.phone_number}", export_name="line")


def publish(made: PhoneNumber) -> None:
    cdk.CfnOutput(made.stack, "Line", value=made.phone_number)
    cdk.CfnOutput(made.stack, "Other", value="+12065550101", export_name="other")
    ssm.StringParameter(made.stack, "Published", string_value=made.phone_number)


def import_in_another_region(made: PhoneNumber) -> None:
    app = made.node.root
    assert isinstance(app, cdk.App)
    other = new_stack(app, "Other", region="eu-west-1", cross_region_references=True)
    cdk.CfnOutput(other, "Number", value=made.phone_number)


def export_from_a_nested_stack(made: PhoneNumber) -> None:
    nested = cdk.NestedStack(made.stack, "Exporting")
    cdk.CfnOutput(nested, "Line", value=made.phone_number, export_name="line")


def export_from_the_parent(made: PhoneNumber) -> None:
    parent = made.stack.nested_stack_parent
    cdk.CfnOutput(parent or made.stack, "Line", value=made.phone_number, export_name="line")


def export_from_a_sibling(made: PhoneNumber) -> None:
    parent = made.stack.nested_stack_parent
    deep = cdk.NestedStack(cdk.NestedStack(parent or made.stack, "Sibling"), "Deep")
    cdk.CfnOutput(deep, "Line", value=f"tel:{made.phone_number}", export_name="line")


def publish_from_a_nested_stack(made: PhoneNumber) -> None:
    nested = cdk.NestedStack(made.stack, "Publishing")
    ssm.StringParameter(nested, "Published", string_value=made.phone_number)
    cdk.CfnOutput(nested, "Region", value=cdk.Aws.REGION, export_name="region")
    cdk.CfnOutput(nested, "Line", value=made.phone_number)


EXPORTS: Mapping[str, tuple[Callable[[PhoneNumber], None], bool, str]] = {
    "another stack imports it": (import_from_another_stack, True, "Stack:ExportsOutputFnGetAtt"),
    "a stack in another Region imports it": (import_in_another_region, True, "/cdk/exports/Other/Stack"),
    "it is exported by name": (export_by_name, True, "line"),
    "a nested stack exports it": (export_from_a_nested_stack, True, "line"),
    "its parent exports it": (export_from_the_parent, True, "line"),
    "another stack beside its own exports it": (export_from_a_sibling, True, "line"),
    "it is published": (publish, True, ""),
    "a nested stack publishes it": (publish_from_a_nested_stack, True, ""),
    "it is never replaced": (import_from_another_stack, False, ""),
}


@pytest.mark.parametrize("is_nested", [False, True], ids=["in a stack", "in a nested stack"])
@pytest.mark.parametrize("case", EXPORTS)
def test_warns_of_the_export_of_a_number_that_may_be_replaced(case: str, is_nested: bool) -> None:
    pass_on, replaceable, export = EXPORTS[case]
    app = cdk.App(context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})
    stack = new_stack(app, cross_region_references=True)

    own = cdk.NestedStack(stack, "Nested") if is_nested else stack
    made = number(own, allow_replacement=replaceable)
    pass_on(made)

    app.synth()
    found = [str(each.data) for each in l1(made).node.metadata if each.type == "aws:cdk:warning"]
    assert len(found) == bool(export)
    for warning in found:
        assert "other stacks may import the number from the export " + export in warning


def deployed(folder: Path, name: str = "Line", **given: Any) -> Path:
    """Write the template of a stack with a number of another name, as ``cdk synth`` wrote it before."""
    app = cdk.App(outdir=str(folder))
    number(new_stack(app), name, **given)
    app.synth()
    return folder


def renamed(folder: Path, **given: Any) -> list[str]:
    stack = new_stack(cdk.App(context={"cdk-connect-phone-number:deployed": str(folder)}))
    number(stack, **given)
    return warnings_of(stack)


RELEASE = "its number is released for good"
RENAMED: Mapping[str, tuple[Given, Given, str]] = {
    "the number is released": ({}, {}, RELEASE),
    "the specification is the same, and all else is not": (
        {},
        {
            "description": "Support",
            "release_protection": True,
            "target_arn": INSTANCE.replace("11111111-", "22222222-"),
        },
        RELEASE,
    ),
    "the number is parked": ({"release_delay": cdk.Duration.days(7)}, {}, "its number is parked"),
    "the number stays": (
        {"removal_policy": cdk.RemovalPolicy.RETAIN},
        {},
        "its number stays in the account without a resource",
    ),
    "the new one adopts": ({}, {"phone_number": NUMBER, "adopt": True, "country_code": ...}, ""),
    "another country": ({}, {"country_code": "GB"}, ""),
    "another type": ({}, {"type": "TOLL_FREE"}, ""),
    "another prefix": ({"prefix": "+1206"}, {"prefix": "+1312"}, ""),
    "another number": ({"phone_number": NUMBER}, {"phone_number": "+12065550101"}, ""),
    "the same name": ({"name": "Number"}, {}, ""),
}


@pytest.mark.parametrize("case", RENAMED)
def test_warns_of_a_renamed_number(case: str, tmp_path: Path) -> None:
    before, after, end = RENAMED[case]

    found = renamed(deployed(tmp_path, **before), **after)

    assert len(found) == bool(end)
    for warning in found:
        assert (
            f"the same specification as Line6A92B2B2, which this app no longer has: {end}, and another number"
            in warning
        )
        assert "call number.node.default_child.override_logical_id('Line6A92B2B2'), or adopt it" in warning


def test_the_way_that_the_warning_offers_keeps_the_number(tmp_path: Path) -> None:
    stack = new_stack(cdk.App(context={"cdk-connect-phone-number:deployed": str(deployed(tmp_path))}))
    l1(number(stack)).override_logical_id("Line6A92B2B2")

    assert warnings_of(stack) == []
    assert list(Template.from_stack(stack).find_resources(RESOURCE_TYPE)) == ["Line6A92B2B2"]


def test_a_number_beside_the_deployed_one_is_not_renamed(tmp_path: Path) -> None:
    stack = new_stack(cdk.App(context={"cdk-connect-phone-number:deployed": str(deployed(tmp_path))}))
    number(stack, "Line")
    number(stack)

    assert warnings_of(stack) == []


def test_a_stack_that_is_not_deployed_has_no_renamed_numbers(tmp_path: Path) -> None:
    Path(tmp_path, "Another.template.json").write_text(json.dumps({"Resources": {}}))

    assert renamed(tmp_path) == []


def test_templates_of_a_stage_are_found(tmp_path: Path) -> None:
    def in_a_stage(app: cdk.App, name: str) -> cdk.Stack:
        stack = cdk.Stack(cdk.Stage(app, "Production"), "Stack")
        number(stack, name)
        return stack

    before = cdk.App(outdir=str(tmp_path))
    in_a_stage(before, "Line")
    before.synth()
    after = in_a_stage(cdk.App(context={"cdk-connect-phone-number:deployed": str(tmp_path)}), "Number")

    assert len(warnings_of(after, "/Production/Stack/Number/Resource")) == 1


def test_a_folder_that_does_not_exist_stops_synth(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as refused:
        renamed(tmp_path / "nowhere")

    assert (
        "Stack: the context value 'cdk-connect-phone-number:deployed' must be the folder of the deployed templates, "
        f"but is '{tmp_path / 'nowhere'}'. Give a folder with Stack.template.json, or leave it out."
    ) in str(refused.value)


def test_a_deployed_template_that_cannot_be_read_stops_synth(tmp_path: Path) -> None:
    file = Path(tmp_path, "Stack.template.json")
    file.write_text("Resources: {}")

    with pytest.raises(RuntimeError) as refused:
        renamed(tmp_path)

    assert f"Stack: {file} is not a template in JSON: Expecting value" in str(refused.value)


# --- A provider that is moved ---


def stateful_ids(stack: cdk.Stack) -> list[str]:
    kinds = ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SQS::Queue")
    template = Template.from_stack(stack)
    return sorted(logical_id for kind in kinds for logical_id in template.find_resources(kind))


def test_what_holds_state_has_another_logical_id_where_the_provider_is_moved() -> None:
    # One stack may have several providers, so their ids must come from the path. That is why none survives a move.
    before, after = new_stack(), new_stack()
    PhoneNumberProvider(before, "Provider")
    PhoneNumberProvider(Construct(after, "Platform"), "Provider")

    assert len(stateful_ids(before)) == len(stateful_ids(after)) == 3
    assert not set(stateful_ids(before)) & set(stateful_ids(after))


def test_a_moved_provider_can_keep_all_its_logical_ids_and_so_its_ledger_and_its_name() -> None:
    before, after = new_stack(), new_stack()
    old = PhoneNumberProvider(before, "Provider")
    new = PhoneNumberProvider(Construct(after, "Platform"), "Support")

    # As in docs/composing.md.
    for was, now in zip(old.node.find_all(), new.node.find_all(), strict=True):
        if isinstance(was, cdk.CfnElement) and isinstance(now, cdk.CfnElement):
            now.override_logical_id(before.get_logical_id(was))

    assert stateful_ids(after) == stateful_ids(before)
    assert set(Template.from_stack(after).to_json()["Resources"]) == set(
        Template.from_stack(before).to_json()["Resources"]
    )
    assert after.resolve(new.provider_id) == before.resolve(old.provider_id)
