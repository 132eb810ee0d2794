"""The pool: numbers of deleted resources that later resources take instead of claiming new ones."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, cast, runtime_checkable

import jsii
from aws_cdk import CfnDeletionPolicy, CfnResource, Duration, RemovalPolicy, Resource, Stack, Token
from aws_cdk.interfaces import ResourceEnvironment
from constructs import Construct, IValidation, Node

from .environments import check_environments, environment_of
from .function_code import contract, rules
from .function_code import properties as function_properties
from .numbers_of_stack import count_with_its_stack
from .phone_number_provider import IPhoneNumberProvider, check_adoption, check_served, check_stack_is_served
from .properties import (
    check_duration,
    check_provider,
    check_removal_policy,
    chosen_removal_policy,
    cloudformation_name,
    delay_seconds,
    in_python_names,
    known,
    refuse,
    refuse_kind,
    required_text,
    stack_of,
    take_once,
    text,
)

DEFAULT_RELEASE_AFTER: Final = Duration.days(30)


@runtime_checkable
class IPhoneNumberPool(Protocol):
    """A pool in which numbers are parked."""

    @property
    def node(self) -> Node:
        """The node in the construct tree."""
        ...

    @property
    def stack(self) -> Stack:
        """The stack in which the pool is defined."""
        ...

    @property
    def env(self) -> ResourceEnvironment:
        """The account and Region of the pool."""
        ...

    @property
    def pool_id(self) -> str:
        """The pool's name, which its numbers have as ``Pool``."""
        ...

    @property
    def release_after(self) -> Duration:
        """How long a number is parked before it is released."""
        ...

    @property
    def parking_target_arn(self) -> str | None:
        """The target to which parked numbers are moved, if they are moved."""
        ...

    @property
    def provider(self) -> IPhoneNumberProvider:
        """The provider that serves the pool and its numbers."""
        ...


class PhoneNumberPool(Resource):
    """A pool in which the numbers of deleted resources are parked, for resources that are created later.

    A ``PhoneNumber`` with ``pool`` takes a parked number that satisfies it, and claims one only if there is none. When
    it is deleted, its number is parked: without its flow, description and tags. So an environment that is created and
    destroyed a hundred times costs one claim. Numbers of all countries, types and prefixes can be in one pool. Parked
    numbers are billed.

    A pool cannot be destroyed while resources have numbers of it. What is parked ends with it.

    Parameters
    ----------
    scope : constructs.Construct
        The construct, usually the stack, that the pool belongs to. It should outlive the environments that use it.
    id : str
        The construct's id, unique in its scope.
    provider : IPhoneNumberProvider
        The provider of the pool and of its numbers.
    max_parked : int, default 5
        How many numbers may be parked, from 1 to 100. Above that, the provider releases the oldest within
        minutes, as far as the account's budget allows.
    release_after : aws_cdk.Duration, default 30 days
        How long a number is parked, from one second to 365 days, before the provider releases it, as far as
        the account's budget allows. A change applies to the numbers of resources that are deployed with it.
    parking_target_arn : str, optional
        ARN of the instance or traffic distribution group to which parked numbers are moved, for example so that the
        instance of an environment can be deleted. By default, a number stays where it is. ``min_parked`` and
        ``phone_numbers`` need it.
    min_parked : int, default 0
        How many numbers are parked from the deployment on, from 0 to 40 and not above ``max_parked``: a deployment of
        the pool claims as many as are missing, for ``parking_target_arn``. As many stay parked, however old they are.
        What resources take is not claimed anew until the pool is deployed with a change.
    country_code : str, optional
        Two-letter code (ISO 3166-1) of the country of the numbers that are claimed for ``min_parked``.
    type : PhoneNumberType or str, default ``PhoneNumberType.DID``
        Their type.
    prefix : str, optional
        What they begin with, for example ``"+1206"``.
    phone_numbers : Sequence[str], optional
        Numbers in E.164 form that the account holds and that the pool is to have, for example after porting. With
        ``min_parked``, 40 at most. They must have no flow, and no stack may have them. The deployment parks them,
        which removes their descriptions and moves them to ``parking_target_arn``. They do not count for
        ``max_parked`` and ``min_parked``, and the provider never releases them: one that is no longer listed, or whose
        pool is destroyed, stays in the account.
    removal_policy : aws_cdk.RemovalPolicy, optional
        ``DESTROY`` releases what is parked when the pool is destroyed, except ``phone_numbers``. ``RETAIN`` leaves all
        of it in the account. The default is ``DESTROY``. An Aspect or ``RemovalPolicies.of`` can change the policy.

    Raises
    ------
    ValueError
        If a value cannot work. The message contains the construct's path, the property, its value, and what to do.

    Notes
    -----
    https://docs.aws.amazon.com/connect/latest/APIReference/API_ReleasePhoneNumber.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: IPhoneNumberProvider,
        max_parked: int = 5,
        release_after: Duration = DEFAULT_RELEASE_AFTER,
        parking_target_arn: str | None = None,
        min_parked: int = 0,
        country_code: str | None = None,
        type: str | None = None,
        prefix: str | None = None,
        phone_numbers: Sequence[str] = (),
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, id)
        check_removal_policy(self, removal_policy)
        _check_list(self, phone_numbers)
        parking_target_arn = text(self, "parking_target_arn", parking_target_arn)
        seconds = _checked(self, provider, release_after, parking_target_arn)
        given: dict[str, object] = {
            "max_parked": max_parked,
            "release_after": seconds,
            "min_parked": min_parked or None,
            "country_code": text(self, "country_code", country_code),
            "type": text(self, "type", type) or (rules.DEFAULT_TYPE if min_parked else None),
            "prefix": text(self, "prefix", prefix),
            "phone_numbers": list(phone_numbers) or None,
            "parking_target_arn": parking_target_arn if min_parked or phone_numbers else None,
        }
        properties = {cloudformation_name(name): value for name, value in given.items() if value is not None}
        _check(self, properties, phone_numbers)
        if "PhoneNumbers" in properties:
            check_adoption(self, provider, "phone_numbers are given", "leave phone_numbers out")
        self._provider = provider
        self._release_after = release_after
        self._parking_target_arn = parking_target_arn
        self._resource = _PoolResource(self, "Resource", {"ServiceToken": provider.service_token, **properties})
        if removal_policy is not None:
            self._resource.apply_removal_policy(removal_policy)
        self._resource.node.add_dependency(provider)
        if min_parked:
            count_with_its_stack(stack_of(self), min_parked)

    @staticmethod
    def from_pool_attributes(
        scope: Construct,
        id: str,
        *,
        pool_id: str,
        provider: IPhoneNumberProvider,
        release_after: Duration = DEFAULT_RELEASE_AFTER,
        parking_target_arn: str | None = None,
    ) -> IPhoneNumberPool:
        """Refer to a pool that is deployed elsewhere in the same account and Region.

        Parameters
        ----------
        scope : constructs.Construct
            The construct that the reference belongs to.
        id : str
            The construct's id, unique in its scope.
        pool_id : str
            The pool's ``pool_id``, as a literal or a token.
        provider : IPhoneNumberProvider
            The pool's provider.
        release_after : aws_cdk.Duration, default 30 days
            How long a number of this app is parked.
        parking_target_arn : str, optional
            The target to which this app's numbers are moved when they are parked.

        Raises
        ------
        ValueError
            If ``pool_id`` is not the name of a pool.
        """
        return _ImportedPool(
            scope,
            id,
            pool_id=pool_id,
            provider=provider,
            release_after=release_after,
            parking_target_arn=parking_target_arn,
        )

    @property
    def pool_id(self) -> str:
        """The pool's name: a token until it is deployed."""
        return self._resource.ref

    @property
    def release_after(self) -> Duration:
        """How long a number is parked before it is released."""
        return self._release_after

    @property
    def parking_target_arn(self) -> str | None:
        """The target to which parked numbers are moved, if they are moved."""
        return self._parking_target_arn

    @property
    def provider(self) -> IPhoneNumberProvider:
        """The provider that serves the pool and its numbers."""
        return self._provider


@jsii.implements(IValidation)
class _PoolResource(CfnResource):
    """A ``Custom::ConnectPhoneNumberPool``. CloudFormation always deletes it, whatever becomes of the parked numbers.

    Only a Delete tells the function that the pool has ended. So the policy is a property, and the resource's own
    options may not say otherwise.
    """

    def __init__(self, scope: Construct, id: str, properties: Mapping[str, object]) -> None:
        super().__init__(scope, id, type=contract.POOL_RESOURCE_TYPE, properties=properties)
        self._owner = scope
        self.node.add_validation(self)

    def apply_removal_policy(
        self,
        policy: RemovalPolicy | None = None,
        *,
        apply_to_update_replace_policy: bool | None = None,  # noqa: ARG002 - a pool is never replaced
        default: RemovalPolicy | None = None,
    ) -> None:
        """Set what happens to the parked numbers when the pool is destroyed.

        Parameters
        ----------
        policy : aws_cdk.RemovalPolicy, optional
            ``DESTROY`` releases them. ``RETAIN`` and ``RETAIN_ON_UPDATE_OR_DELETE`` leave them to the account.
        apply_to_update_replace_policy : bool, optional
            Has no effect, because a pool is never replaced.
        default : aws_cdk.RemovalPolicy, default ``RemovalPolicy.DESTROY``
            The policy to apply if ``policy`` is not specified.

        Raises
        ------
        ValueError
            If it is not a policy, or ``SNAPSHOT``.
        """
        policy = chosen_removal_policy(self._owner, policy, default, "A pool")
        # Said and not left open, so that MissingRemovalPolicies leaves it alone.
        self.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
        if policy is RemovalPolicy.DESTROY:
            self.add_property_deletion_override("RetainParked")
        else:
            self.add_property_override("RetainParked", True)

    def add_override(self, path: str, value: Any) -> None:
        """Override a part of the resource, but not its policies.

        Raises
        ------
        ValueError
            If it is a policy that would keep CloudFormation from deleting the resource.
        """
        if path in ("DeletionPolicy", "UpdateReplacePolicy") and (problem := _policy_problem(path, value)):
            refuse(self._owner, problem)
        super().add_override(path, value)

    def validate(self) -> list[str]:
        """Check the policies after all Aspects have changed theirs."""
        options = self.cfn_options
        policies = {"DeletionPolicy": options.deletion_policy, "UpdateReplacePolicy": options.update_replace_policy}
        problems = [_policy_problem(name, policy.value) for name, policy in policies.items() if policy is not None]
        return [f"{self._owner.node.path}: {problem}" for problem in problems if problem is not None]


class _ImportedPool(Resource):
    """A pool known by its name; see ``PhoneNumberPool.from_pool_attributes``."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        pool_id: str,
        provider: IPhoneNumberProvider,
        release_after: Duration,
        parking_target_arn: str | None,
    ) -> None:
        super().__init__(scope, id)
        pool_id = required_text(self, "pool_id", pool_id)
        literal = known(pool_id)
        if literal is not None and (problem := rules.check_pool(literal, None)):
            refuse(self, f"pool_id {problem}")
        _checked(self, provider, release_after, parking_target_arn)
        self._pool_id = pool_id
        self._provider = provider
        self._release_after = release_after
        self._parking_target_arn = parking_target_arn

    @property
    def pool_id(self) -> str:
        """The pool's name as specified."""
        return self._pool_id

    @property
    def release_after(self) -> Duration:
        """How long a number of this app is parked."""
        return self._release_after

    @property
    def parking_target_arn(self) -> str | None:
        """The target to which this app's numbers are moved when they are parked."""
        return self._parking_target_arn

    @property
    def provider(self) -> IPhoneNumberProvider:
        """The pool's provider."""
        return self._provider


def _check(scope: Construct, properties: Mapping[str, object], phone_numbers: Sequence[str]) -> None:
    """Refuse properties that the function would refuse, as far as synth knows their values.

    Raises
    ------
    ValueError
        If one of them cannot work.
    """
    texts = {
        name: str(value)
        for name, value in properties.items()
        if not Token.is_unresolved(value) and known(str(value)) is not None
    }
    region = environment_of(stack_of(scope)).region
    given = function_properties.Given(known=texts, names=frozenset(properties), region=region, adopt=False)
    if found := function_properties.value_problem(given, function_properties.POOL_PROPERTIES):
        refuse(scope, in_python_names(" ".join(found)))
    is_list_known = not Token.is_unresolved(list(phone_numbers))
    literal = [number for number in phone_numbers if known(number) is not None] if is_list_known else []
    if problem := rules.check_listed_numbers(literal):
        refuse(scope, f"phone_numbers {problem}")
    for number in literal:
        take_once(scope, "phone_numbers", number)
    least = texts.get("MinParked", "")
    if sentence := function_properties.pool_combination_problem(given) or rules.check_filled(least, literal):
        refuse(scope, in_python_names(sentence))


def _checked(
    scope: Construct, provider: IPhoneNumberProvider, release_after: Duration, parking_target_arn: str | None
) -> str:
    """Return how long a number is parked, in seconds, as CloudFormation sends it.

    Raises
    ------
    ValueError
        If one of the values cannot work.
    """
    check_provider(scope, provider)
    check_duration(scope, "release_after", release_after)
    seconds = delay_seconds(scope, "release_after", release_after)
    if known(seconds) is not None and (problem := rules.check_release_after(seconds)):
        refuse(scope, f"release_after {problem}")
    target = known(parking_target_arn)
    stack = stack_of(scope)
    if target is not None and (problem := rules.check_target_arn(target, environment_of(stack).region)):
        refuse(scope, f"parking_target_arn {problem}")
    check_environments(scope, stack, provider, {"parking_target_arn": parking_target_arn}, {})
    check_served(scope, "parking_target_arn", target, provider)
    check_stack_is_served(scope, provider)
    return seconds


def _policy_problem(name: str, value: object) -> str | None:
    """Return what is wrong with a policy of a pool's resource, or ``None``."""
    if str(value).lower() == "delete":
        return None
    return (
        f"{name} of the pool's resource is {value}, but CloudFormation would not tell the provider then that the pool "
        "has ended: it would need the provider for ever, and what is parked would be released. Use "
        "removal_policy=RemovalPolicy.RETAIN, which leaves the numbers in the account."
    )


def _check_list(scope: Construct, phone_numbers: object) -> None:
    """Refuse anything but a list of texts. Python takes a single number for a list of characters.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if isinstance(phone_numbers, str):
        refuse(scope, f"phone_numbers must be a list, but is {phone_numbers!r}. Put it in brackets.")
    if not isinstance(phone_numbers, Sequence):
        refuse_kind(scope, "phone_numbers", phone_numbers, remedy="Use a list of numbers, or leave it out.")
    for index, number in enumerate(cast(Sequence[object], phone_numbers)):
        required_text(scope, f"phone_numbers[{index}]", number)
