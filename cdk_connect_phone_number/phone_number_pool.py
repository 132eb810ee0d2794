"""The pool: numbers of deleted resources that later resources take instead of claiming new ones."""

from typing import Final, Protocol, runtime_checkable

from aws_cdk import CfnResource, Duration, RemovalPolicy, Token
from constructs import Construct, Node

from .function_code import contract, rules
from .phone_number_provider import IPhoneNumberProvider, check_served
from .properties import delay_seconds, known, refuse, region_of

DEFAULT_RELEASE_AFTER: Final = Duration.days(30)


@runtime_checkable
class IPhoneNumberPool(Protocol):
    """A pool in which numbers are parked."""

    @property
    def node(self) -> Node:
        """The node in the construct tree."""
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


class PhoneNumberPool(Construct):
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
        instance of an environment can be deleted. By default, a number stays where it is.
    removal_policy : aws_cdk.RemovalPolicy, default ``RemovalPolicy.DESTROY``
        ``DESTROY`` releases what is parked when the pool is destroyed. ``RETAIN`` leaves it in the account.

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
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id)
        if not Token.is_unresolved(max_parked) and (problem := rules.check_max_parked(str(max_parked))):
            refuse(self, f"max_parked {problem}")
        seconds = _checked(self, provider, release_after, parking_target_arn)
        if removal_policy is RemovalPolicy.SNAPSHOT:
            refuse(self, "removal_policy must be 'destroy' or 'retain', but is 'snapshot'. A pool has no snapshot.")
        self._provider = provider
        self._release_after = release_after
        self._parking_target_arn = parking_target_arn
        retains = removal_policy is not RemovalPolicy.DESTROY
        # CloudFormation itself always deletes the resource: only a Delete tells the function what to do.
        self._resource = CfnResource(
            self,
            "Resource",
            type=contract.POOL_RESOURCE_TYPE,
            properties={
                "ServiceToken": provider.service_token,
                "MaxParked": max_parked,
                "ReleaseAfter": seconds,
                **({"RetainParked": True} if retains else {}),
            },
        )
        self._resource.node.add_dependency(provider)

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


class _ImportedPool(Construct):
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


def _checked(
    scope: Construct, provider: IPhoneNumberProvider, release_after: Duration, parking_target_arn: str | None
) -> str:
    """Return how long a number is parked, in seconds, as CloudFormation sends it.

    Raises
    ------
    ValueError
        If one of the values cannot work.
    """
    seconds = delay_seconds(scope, "release_after", release_after)
    if known(seconds) is not None and (problem := rules.check_release_after(seconds)):
        refuse(scope, f"release_after {problem}")
    target = known(parking_target_arn)
    if target is not None and (problem := rules.check_target_arn(target, region_of(scope))):
        refuse(scope, f"parking_target_arn {problem}")
    check_served(scope, "parking_target_arn", target, provider)
    return seconds
