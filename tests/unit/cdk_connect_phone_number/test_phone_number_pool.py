from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from cdk_connect_phone_number import (
    IPhoneNumberPool,
    IPhoneNumberProvider,
    PhoneNumber,
    PhoneNumberPool,
    PhoneNumberProvider,
)

from .conftest import SERVICE_TOKEN

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
PARKING = INSTANCE.replace("11111111", "99999999")
POOL_TYPE = "Custom::ConnectPhoneNumberPool"
NUMBER_TYPE = "Custom::ConnectPhoneNumber"
POOL_ID = "pool-11111111-2222-3333-4444-555555555555"
DAYS_30 = "2592000"


def the_resource(stack: cdk.Stack, resource_type: str = POOL_TYPE) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources(resource_type).values()
    return dict(resource)


def number(stack: cdk.Stack, pool: IPhoneNumberPool, **given: Any) -> PhoneNumber:
    return PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", pool=pool, **given)


def properties_of_number(stack: cdk.Stack) -> dict[str, Any]:
    return dict(the_resource(stack, NUMBER_TYPE)["Properties"])


def ref_of(stack: cdk.Stack) -> dict[str, str]:
    """Return the reference to the stack's pool as it is in the template."""
    (logical_id,) = Template.from_stack(stack).find_resources(POOL_TYPE)
    return {"Ref": logical_id}


# --- The pool in the template ---


def test_says_no_more_than_it_was_told(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    PhoneNumberPool(stack, "Pool", provider=provider)

    assert the_resource(stack) == {
        "Type": POOL_TYPE,
        "Properties": {"ServiceToken": SERVICE_TOKEN, "MaxParked": 5, "ReleaseAfter": DAYS_30},
    }


def test_says_all_that_it_was_told(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    pool = PhoneNumberPool(
        stack,
        "Pool",
        provider=provider,
        max_parked=100,
        release_after=cdk.Duration.days(365),
        parking_target_arn=PARKING,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )

    # CloudFormation deletes it in any case: the function hears only from a Delete what is to become of the numbers.
    assert the_resource(stack) == {
        "Type": POOL_TYPE,
        "Properties": {
            "ServiceToken": SERVICE_TOKEN,
            "MaxParked": 100,
            "ReleaseAfter": "31536000",
            "RetainParked": True,
        },
        "DeletionPolicy": "Delete",
    }
    assert isinstance(pool, IPhoneNumberPool)
    assert pool.provider is provider
    assert (pool.release_after.to_days(), pool.parking_target_arn) == (365, PARKING)
    assert stack.resolve(pool.pool_id) == ref_of(stack)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (cdk.RemovalPolicy.DESTROY, None),
        (cdk.RemovalPolicy.RETAIN, True),
        (cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, True),
    ],
)
def test_cloudformation_deletes_the_pool_whatever_becomes_of_its_numbers(
    stack: cdk.Stack, provider: IPhoneNumberProvider, policy: cdk.RemovalPolicy, said: bool | None
) -> None:
    PhoneNumberPool(stack, "Pool", provider=provider, removal_policy=policy)

    resource = the_resource(stack)
    assert resource["Properties"].get("RetainParked") is said
    assert resource.get("DeletionPolicy", "Delete") == "Delete"


def test_the_whole_provider_is_there_before_the_pool_and_after_it(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider")
    PhoneNumberPool(stack, "Pool", provider=provider)

    (guard,) = Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumberProvider")
    resource = the_resource(stack)
    assert resource["DependsOn"] == [guard]
    assert resource["Properties"]["ServiceToken"] == stack.resolve(provider.service_token)


def test_the_least_is_accepted(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    PhoneNumberPool(stack, "Pool", provider=provider, max_parked=1, release_after=cdk.Duration.seconds(1))

    properties = the_resource(stack)["Properties"]
    assert (properties["MaxParked"], properties["ReleaseAfter"]) == (1, "1")


def test_takes_tokens(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    count, seconds = (cdk.CfnParameter(stack, name, type="Number").value_as_number for name in ("Count", "Seconds"))
    # For Python, the CDK's token of a number is a float.
    given: dict[str, Any] = {"max_parked": count, "release_after": cdk.Duration.seconds(seconds)}
    target = cdk.CfnParameter(stack, "Target").value_as_string
    number(stack, PhoneNumberPool(stack, "Pool", provider=provider, parking_target_arn=target, **given))

    properties = the_resource(stack)["Properties"]
    assert (properties["MaxParked"], properties["ReleaseAfter"]) == ({"Ref": "Count"}, {"Ref": "Seconds"})
    properties = properties_of_number(stack)
    assert (properties["ReleaseDelay"], properties["ParkingTargetArn"]) == ({"Ref": "Seconds"}, {"Ref": "Target"})


def test_another_region_is_left_to_the_function_where_the_stack_has_none() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    token = cdk.CfnParameter(stack, "Token").value_as_string
    provider = PhoneNumberProvider.from_service_token(stack, "Provider", token)

    PhoneNumberPool(stack, "Pool", provider=provider, parking_target_arn=elsewhere(PARKING))


def test_says_which_numbers_it_is_to_get(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    PhoneNumberPool(
        stack,
        "Pool",
        provider=provider,
        parking_target_arn=PARKING,
        min_parked=2,
        country_code="US",
        prefix="+1206",
        phone_numbers=["+12065550100"],
    )

    assert the_resource(stack)["Properties"] == {
        "ServiceToken": SERVICE_TOKEN,
        "MaxParked": 5,
        "ReleaseAfter": DAYS_30,
        "MinParked": 2,
        "CountryCode": "US",
        "Type": "DID",
        "Prefix": "+1206",
        "PhoneNumbers": ["+12065550100"],
        "ParkingTargetArn": PARKING,
    }


def test_takes_tokens_for_what_it_is_to_get(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    listed = cdk.CfnParameter(stack, "Listed", type="CommaDelimitedList").value_as_list
    count: Any = cdk.CfnParameter(stack, "Count", type="Number").value_as_number
    country = cdk.CfnParameter(stack, "Country").value_as_string
    given: dict[str, Any] = {"min_parked": count, "country_code": country, "phone_numbers": listed}
    PhoneNumberPool(stack, "Pool", provider=provider, parking_target_arn=PARKING, **given)

    properties = the_resource(stack)["Properties"]
    assert [properties[name] for name in ("MinParked", "CountryCode", "PhoneNumbers")] == [
        {"Ref": "Count"},
        {"Ref": "Country"},
        {"Ref": "Listed"},
    ]


# --- What is refused ---


def elsewhere(arn: str) -> str:
    return arn.replace("us-east-1", "eu-west-2")


def bad_count(value: int) -> tuple[dict[str, Any], str]:
    return {"max_parked": value}, f"max_parked must be a whole number from 1 to 100, but is '{value}'."


def bad_time(time: cdk.Duration, shown: str) -> tuple[dict[str, Any], str]:
    return (
        {"release_after": time},
        (
            f"release_after must be a whole number of seconds from 1 to 31536000 (365 days), but is {shown!r}. Use for "
            "example 2592000 for 30 days."
        ),
    )


def broken_time(milliseconds: int, shown: str) -> tuple[dict[str, Any], str]:
    return (
        {"release_after": cdk.Duration.millis(milliseconds)},
        f"release_after must be a whole number of seconds, but is {shown} seconds. Round it.",
    )


def bad_target(value: str) -> tuple[dict[str, Any], str]:
    return (
        {"parking_target_arn": value},
        (
            "parking_target_arn must be the ARN of an Amazon Connect instance or traffic distribution group, but is "
            f"{value!r}. Use arn:aws:connect:<region>:<account>:instance/<id> or "
            "arn:aws:connect:<region>:<account>:traffic-distribution-group/<id>."
        ),
    )


CASES: list[tuple[dict[str, Any], str]] = [
    bad_count(0),
    bad_count(-1),
    bad_count(101),
    bad_time(cdk.Duration.seconds(0), "0"),
    bad_time(cdk.Duration.seconds(31536001), "31536001"),
    bad_time(cdk.Duration.days(366), "31622400"),
    broken_time(500, "0.5"),
    broken_time(1500, "1.5"),
    bad_target(""),
    bad_target("my-instance"),
    bad_target(f"{INSTANCE}/contact-flow/11111111-2222-3333-4444-555555555555"),
    (
        {"parking_target_arn": elsewhere(PARKING)},
        (
            f"parking_target_arn is in Region eu-west-2, but this stack is in us-east-1 ({elsewhere(PARKING)!r}). A "
            "phone number is claimed and released only in the Region of its target: deploy the stack to eu-west-2, or "
            "use a target in us-east-1."
        ),
    ),
    (
        {"min_parked": 6, "country_code": "US", "parking_target_arn": PARKING},
        "min_parked must not be above max_parked, which is 5, but is '6'.",
    ),
    (
        {"min_parked": 1, "country_code": "US"},
        ("parking_target_arn is missing. A pool with min_parked or phone_numbers needs the target for its numbers."),
    ),
    (
        {"min_parked": 1, "parking_target_arn": PARKING},
        "country_code is missing. min_parked needs it: say which numbers are to be claimed, for example 'US'.",
    ),
    (
        {"prefix": "+1206"},
        "country_code, type and prefix say which numbers are claimed for min_parked. Set that, or remove them.",
    ),
    (
        {"phone_numbers": ["+12065550100", "5"], "parking_target_arn": PARKING},
        (
            "phone_numbers must each be a number. One must be a number in E.164 form, but is '5'. Write '+', the "
            "calling code and the number, digits only, for example '+12065550100'."
        ),
    ),
    (
        {"removal_policy": cdk.RemovalPolicy.SNAPSHOT},
        "removal_policy must be 'destroy' or 'retain', but is 'snapshot'. A pool has no snapshot.",
    ),
]


@pytest.mark.parametrize(("given", "problem"), CASES)
def test_what_cannot_work_is_refused(
    stack: cdk.Stack, provider: IPhoneNumberProvider, given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Pool: ") as refused:
        PhoneNumberPool(stack, "Pool", provider=provider, **given)

    assert str(refused.value) == f"Stack/Pool: {problem}"


# --- A number of the pool ---


def test_a_number_says_what_the_pool_says(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    pool = PhoneNumberPool(stack, "Pool", provider=provider, parking_target_arn=PARKING)
    number(stack, pool)

    assert properties_of_number(stack) == {
        "ServiceToken": SERVICE_TOKEN,
        "ServiceTimeout": 3600,
        "TargetArn": INSTANCE,
        "CountryCode": "US",
        "Type": "DID",
        "Adopt": False,
        "ReleaseProtection": False,
        "ReleaseDelay": DAYS_30,
        "Pool": ref_of(stack),
        "ParkingTargetArn": PARKING,
        "AllowReplacement": False,
    }


def test_a_number_does_not_say_where_it_is_parked_if_it_stays(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    number(stack, PhoneNumberPool(stack, "Pool", provider=provider, release_after=cdk.Duration.hours(1)))

    properties = properties_of_number(stack)
    assert (properties["ReleaseDelay"], "ParkingTargetArn" in properties) == ("3600", False)


def test_a_number_has_the_pools_provider_and_makes_none(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider")
    number(stack, PhoneNumberPool(stack, "Pool", provider=provider))

    template = Template.from_stack(stack)
    template.resource_count_is("Custom::ConnectPhoneNumberProvider", 1)
    (guard,) = template.find_resources("Custom::ConnectPhoneNumberProvider")
    # The time for which it is parked may be longer than the stack exists: the pool's end is that of its numbers.
    assert the_resource(stack, NUMBER_TYPE)["DependsOn"] == [guard]
    assert properties_of_number(stack)["ServiceToken"] == stack.resolve(provider.service_token)


def test_the_pools_provider_may_be_given_once_more(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    pool = PhoneNumberPool(stack, "Pool", provider=provider)
    number(stack, pool, provider=PhoneNumberProvider.from_service_token(stack, "Same", SERVICE_TOKEN))

    assert properties_of_number(stack)["ServiceToken"] == SERVICE_TOKEN


def test_a_number_of_another_stack_needs_the_pool() -> None:
    app = cdk.App()
    pools, environment = cdk.Stack(app, "Pools"), cdk.Stack(app, "Environment")
    provider = PhoneNumberProvider(pools, "Provider")
    number(environment, PhoneNumberPool(pools, "Pool", provider=provider))

    assert isinstance(properties_of_number(environment)["Pool"], dict)
    assert pools in environment.dependencies


def test_a_delay_beside_the_pools_is_refused(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    pool = PhoneNumberPool(stack, "Pool", provider=provider)

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        number(stack, pool, release_delay=cdk.Duration.days(0))

    assert str(refused.value) == (
        "Stack/Number: release_delay and pool are both given, but the pool's release_after says when. Remove one."
    )


def test_another_provider_than_the_pools_is_refused(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    pool = PhoneNumberPool(stack, "Pool", provider=provider)
    other = PhoneNumberProvider.from_service_token(stack, "Other", f"{SERVICE_TOKEN}-2")

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        number(stack, pool, provider=other)

    assert str(refused.value) == (
        "Stack/Number: provider is Stack/Other, but the pool Stack/Pool has the provider Stack/ImportedProvider. Leave "
        "provider out."
    )


# --- A pool that is deployed elsewhere ---


def test_a_pool_that_is_deployed_elsewhere_makes_nothing(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    pool = PhoneNumberPool.from_pool_attributes(stack, "Pool", pool_id=POOL_ID, provider=provider)

    assert isinstance(pool, IPhoneNumberPool)
    assert (pool.pool_id, pool.provider, pool.parking_target_arn) == (POOL_ID, provider, None)
    assert pool.release_after.to_days() == 30
    assert Template.from_stack(stack).find_resources("*") == {}


def test_a_number_says_what_was_told_of_a_pool_that_is_deployed_elsewhere(
    stack: cdk.Stack, provider: IPhoneNumberProvider
) -> None:
    pool = PhoneNumberPool.from_pool_attributes(
        stack,
        "Pool",
        pool_id=POOL_ID,
        provider=provider,
        release_after=cdk.Duration.days(1),
        parking_target_arn=PARKING,
    )
    number(stack, pool)

    properties = properties_of_number(stack)
    assert [properties[name] for name in ("Pool", "ReleaseDelay", "ParkingTargetArn", "ServiceToken")] == [
        POOL_ID,
        "86400",
        PARKING,
        SERVICE_TOKEN,
    ]


def test_a_pool_that_is_deployed_elsewhere_may_have_a_token_as_its_name(
    stack: cdk.Stack, provider: IPhoneNumberProvider
) -> None:
    pool_id = cdk.CfnParameter(stack, "PoolId").value_as_string
    number(stack, PhoneNumberPool.from_pool_attributes(stack, "Pool", pool_id=pool_id, provider=provider))

    assert properties_of_number(stack)["Pool"] == {"Ref": "PoolId"}


@pytest.mark.parametrize("pool_id", ["", "Pool", "pool-1", POOL_ID.upper(), f"{POOL_ID} ", f"{POOL_ID}\n"])
def test_what_is_no_name_of_a_pool_is_refused(stack: cdk.Stack, provider: IPhoneNumberProvider, pool_id: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Pool: ") as refused:
        PhoneNumberPool.from_pool_attributes(stack, "Pool", pool_id=pool_id, provider=provider)

    assert str(refused.value) == (
        f"Stack/Pool: pool_id must be the Ref of a Custom::ConnectPhoneNumberPool, but is {pool_id!r}."
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        bad_time(cdk.Duration.seconds(0), "0"),
        bad_time(cdk.Duration.days(366), "31622400"),
        broken_time(1500, "1.5"),
        bad_target("my-instance"),
    ],
)
def test_what_cannot_work_is_refused_of_a_pool_that_is_deployed_elsewhere(
    stack: cdk.Stack, provider: IPhoneNumberProvider, given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Pool: ") as refused:
        PhoneNumberPool.from_pool_attributes(stack, "Pool", pool_id=POOL_ID, provider=provider, **given)

    assert str(refused.value) == f"Stack/Pool: {problem}"


def test_a_target_for_parked_numbers_that_the_provider_does_not_serve_is_refused(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider", target_arns=[INSTANCE])

    with pytest.raises(ValueError, match=r": parking_target_arn is .*, which the provider Stack/Provider does not "):
        number(stack, PhoneNumberPool(stack, "Pool", provider=provider, parking_target_arn=PARKING))


def test_a_list_is_refused_where_the_provider_adopts_no_numbers(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider(stack, "Provider", allow_adoption=False)

    with pytest.raises(
        ValueError, match=r"^Stack/Pool: phone_numbers are given, but the provider Stack/Provider has a"
    ):
        PhoneNumberPool(stack, "Pool", provider=provider, parking_target_arn=PARKING, phone_numbers=["+12065550100"])
