"""The phone number as a construct. It describes the number to claim; the provider's function claims it."""

from abc import ABCMeta
from enum import StrEnum
from typing import cast

from aws_cdk import Duration, Fn, RemovalPolicy, Token
from aws_cdk import aws_connect as connect
from constructs import Construct, IConstruct

from .environments import check_environments, environment_of
from .function_code import rules
from .numbers_of_stack import check_with_its_stack
from .phone_number_base import IPhoneNumber, PhoneNumberBase, UnknownAttribute
from .phone_number_pool import IPhoneNumberPool
from .phone_number_provider import (
    IPhoneNumberProvider,
    PhoneNumberProvider,
    check_adoption,
    check_served,
    check_stack_is_served,
    known_targets,
)
from .phone_number_resource import PhoneNumberResource
from .properties import (
    DEFAULT_TIMEOUT,
    NumberProperties,
    check_duration,
    check_flag,
    check_given_policy,
    check_kind,
    check_properties,
    check_provider,
    check_removal_policy,
    delay_seconds,
    known,
    literal,
    refuse,
    refuse_kind,
    required_text,
    root_of,
    stack_of,
    take_once,
    text,
    timeout_seconds,
)


class PhoneNumberType(StrEnum):
    """A type of phone number in Amazon Connect.

    Availability of the types by country:
    https://docs.aws.amazon.com/connect/latest/adminguide/connect-tfn-overview.html
    """

    DID = "DID"
    """Direct inward dialing: a number of a location, also called a local number."""

    TOLL_FREE = "TOLL_FREE"
    """A number that is free of charge for callers."""

    UIFN = "UIFN"
    """Universal international freephone: one toll-free number for several countries."""

    SHARED = "SHARED"
    """A number whose cost the caller and the owner share."""

    SHORT_CODE = "SHORT_CODE"
    """A short number for messages."""

    THIRD_PARTY_DID = "THIRD_PARTY_DID"
    """A local number of another carrier."""

    THIRD_PARTY_TF = "THIRD_PARTY_TF"
    """A toll-free number of another carrier."""


class PhoneNumber(PhoneNumberBase):
    """A phone number that Amazon Connect holds as long as the stack has this construct.

    Choose the number in one of four ways:

    * ``country_code``, optionally with ``type`` and ``prefix``: any free number of that kind;
    * ``country_code`` and ``phone_number``: this specific free number;
    * ``phone_number`` and ``adopt=True``: this number, which the account already holds;
    * ``source_phone_number_arn``: this number, imported from AWS End User Messaging.

    ``Tags.of(number).add(key, value)`` adds tags to the number, as for a native resource.

    Parameters
    ----------
    scope : constructs.Construct
        The construct, usually the stack, that the number belongs to.
    id : str
        The construct's id, unique in its scope.
    target_arn : str, optional
        ARN of the instance or traffic distribution group that the number is for. Either this or
        ``target`` is required. A change moves the number in place.
    target : aws_cdk.aws_connect.CfnInstance or CfnTrafficDistributionGroup, optional
        The same target as an L1 construct.
    country_code : str, optional
        ISO 3166-1 alpha-2 code, for example ``"US"``. A change replaces the number.
    type : PhoneNumberType or str, default ``PhoneNumberType.DID``
        The type of number to search for. A change replaces the number.
    prefix : str, optional
        The beginning of the number: ``+``, the country's calling code, and optionally more digits.
        A change replaces the number unless the current number begins with the new prefix.
    phone_number : str, optional
        The specific number to claim or adopt, in E.164 form. A change replaces the number.
    adopt : bool, default False
        Adopt ``phone_number``, which the account already holds. Refused when another resource owns
        it.
    source_phone_number_arn : str, optional
        ARN of an AWS End User Messaging number to import. A change replaces the number.
    contact_flow_arn : str, optional
        ARN of the flow that handles the number's calls. Changed in place. Without it, the number is
        not associated with a flow.
    contact_flow : aws_cdk.aws_connect.CfnContactFlow, optional
        The same flow as an L1 construct.
    description : str, optional
        At most 500 characters. Changed in place.
    removal_policy : aws_cdk.RemovalPolicy, optional
        ``DESTROY`` releases the number with the resource, for good: the number cools down for up to
        180 days. ``RETAIN`` and ``RETAIN_ON_UPDATE_OR_DELETE`` leave it to the account, except when
        its own creation is rolled back. ``SNAPSHOT`` is refused. The default is ``DESTROY``, or
        ``RETAIN`` with ``adopt=True``, because an adopted number existed before the stack. An Aspect,
        ``RemovalPolicies.of``, or ``cfn_options`` of the resource can change the policy, and
        ``MissingRemovalPolicies.of`` if neither ``removal_policy`` nor ``adopt`` is given.
    release_protection : bool, default False
        Refuse every release of the number until a separate deployment has switched this off.
    release_delay : aws_cdk.Duration, default ``Duration.days(0)``
        How long the number is parked when the resource is deleted, in whole seconds, at most 365 days.
        The deletion succeeds at once. Until the time is up, the number has no flow and is billed, and the
        resource gets it back if it is created again under the same logical id in a stack of the same name.
        So does any resource that asks for it by ``phone_number``. Then the provider releases it. This needs
        a provider of another stack, which exists until then. A nested stack that is created again has another
        name. Changed in place.
    pool : IPhoneNumberPool, optional
        The pool from which the number is taken if one is parked there that satisfies the resource, and in
        which it is parked when the resource is deleted. Its provider is the number's. Changed in place.
    allow_replacement : bool, default False
        Allow changes that require another number. Without it, they are refused, because the current
        number would be lost.
    timeout : aws_cdk.Duration, default one hour
        How long CloudFormation waits for the number: from one minute to one hour.
    provider : IPhoneNumberProvider, optional
        The function that does the work. By default, the provider that ``PhoneNumberProvider.set_default`` has
        set for the nearest scope, or else the stack's own provider, created when the first number needs it. A
        nested stack uses the provider of its outermost stack.

    Raises
    ------
    ValueError
        If a value or a combination of values cannot work. The message contains the construct's path,
        the property, its value, and what to do.

    Notes
    -----
    https://docs.aws.amazon.com/connect/latest/APIReference/API_ClaimPhoneNumber.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        target_arn: str | None = None,
        target: connect.CfnInstance | connect.CfnTrafficDistributionGroup | None = None,
        country_code: str | None = None,
        type: PhoneNumberType | str | None = None,
        prefix: str | None = None,
        phone_number: str | None = None,
        adopt: bool = False,
        source_phone_number_arn: str | None = None,
        contact_flow_arn: str | None = None,
        contact_flow: connect.CfnContactFlow | None = None,
        description: str | None = None,
        removal_policy: RemovalPolicy | None = None,
        release_protection: bool = False,
        release_delay: Duration | None = None,
        pool: IPhoneNumberPool | None = None,
        allow_replacement: bool = False,
        timeout: Duration = DEFAULT_TIMEOUT,
        provider: IPhoneNumberProvider | None = None,
    ) -> None:
        super().__init__(scope, id)
        stack = stack_of(scope)
        check_removal_policy(self, removal_policy)
        check_duration(self, "timeout", timeout)
        # Whether a number is adopted decides what happens to it in the end, so synth must know it.
        check_flag(self, "adopt", adopt, takes_token=False)
        check_flag(self, "release_protection", release_protection)
        check_flag(self, "allow_replacement", allow_replacement)
        _check_constructs(self, target, contact_flow)
        if pool is not None:
            _check_pool(self, pool)
        properties = NumberProperties(
            target_arn=self._one_of("target", target_arn, _target_arn(target)),
            country_code=text(self, "country_code", country_code),
            type=text(self, "type", type),
            prefix=text(self, "prefix", prefix),
            phone_number=text(self, "phone_number", phone_number),
            adopt=adopt,
            source_phone_number_arn=text(self, "source_phone_number_arn", source_phone_number_arn),
            description=text(self, "description", description),
            contact_flow_arn=self._one_of(
                "contact_flow",
                contact_flow_arn,
                None if contact_flow is None else contact_flow.attr_contact_flow_arn,
            ),
            release_protection=release_protection,
            release_delay=self._delay(release_delay, pool),
            pool=None if pool is None else pool.pool_id,
            parking_target_arn=None if pool is None else pool.parking_target_arn,
            allow_replacement=allow_replacement,
        )
        check_properties(self, properties, environment_of(stack).region)
        provider = self._provider(scope, provider, pool)
        check_environments(
            self,
            stack,
            provider,
            {
                "target_arn": properties.target_arn,
                "contact_flow_arn": properties.contact_flow_arn,
                "source_phone_number_arn": properties.source_phone_number_arn,
                "parking_target_arn": properties.parking_target_arn,
            },
            {"target": target, "contact_flow": contact_flow},
        )
        _check_served(self, properties, provider)
        check_stack_is_served(self, provider)
        if adopt:
            check_adoption(self, provider, "adopt is True", "claim a number: leave adopt out")
        if pool is None:
            _check_outlives(self, properties, provider)
        take_once(self, "phone_number", properties.phone_number)
        take_once(self, "source_phone_number_arn", properties.source_phone_number_arn)
        self._resource = PhoneNumberResource(
            self,
            "Resource",
            {
                "ServiceToken": provider.service_token,
                "ServiceTimeout": timeout_seconds(self, timeout),
                **properties.to_cloudformation(),
            },
        )
        # Without a word on it, CloudFormation deletes the number too, but MissingRemovalPolicies has a say.
        if removal_policy is not None or adopt:
            self._resource.apply_removal_policy(removal_policy, default=RemovalPolicy.RETAIN)
        check_with_its_stack(stack, self._resource, properties)
        # The number needs the whole provider until the number itself is deleted.
        self._resource.depend_on(provider)

    @staticmethod
    def from_phone_number_arn(
        scope: Construct, id: str, phone_number_arn: str, *, phone_number: str | None = None
    ) -> IPhoneNumber:
        """Refer to a number that was created elsewhere, without changing it.

        Parameters
        ----------
        scope : constructs.Construct
            The construct that the reference belongs to.
        id : str
            The construct's id, unique in its scope.
        phone_number_arn : str
            The number's ARN, as a literal or a token.
        phone_number : str, optional
            The number in E.164 form, which the ARN does not contain. Without it, reading
            ``phone_number`` raises an error.

        Raises
        ------
        ValueError
            If ``phone_number_arn`` is not the ARN of a phone number.
        """
        return _ImportedPhoneNumber(scope, id, phone_number_arn=phone_number_arn, phone_number=phone_number)

    @property
    def phone_number(self) -> str:
        """The number in E.164 form, for example ``+12065550100``: a token until it is deployed."""
        return self._resource.get_att("PhoneNumber").to_string()

    @property
    def phone_number_id(self) -> str:
        """The number's id, a UUID: a token until it is deployed."""
        return self._resource.get_att("PhoneNumberId").to_string()

    @property
    def phone_number_arn(self) -> str:
        """The number's ARN, which is also the ``Ref`` of the resource: a token until it is deployed."""
        return self._resource.ref

    @property
    def country_code(self) -> str:
        """The number's country, including that of an adopted number: a token until it is deployed."""
        return self._resource.get_att("CountryCode").to_string()

    @property
    def type(self) -> str:
        """The number's type, including that of an adopted number: a token until it is deployed."""
        return self._resource.get_att("Type").to_string()

    @property
    def target_arn(self) -> str:
        """The ARN of the number's instance or group: a token until it is deployed."""
        return self._resource.get_att("TargetArn").to_string()

    def apply_removal_policy(self, policy: RemovalPolicy) -> None:
        """Set what happens to the number when CloudFormation deletes or replaces the resource.

        Parameters
        ----------
        policy : aws_cdk.RemovalPolicy
            See the parameter ``removal_policy``.

        Raises
        ------
        ValueError
            If it is not a policy, or ``SNAPSHOT``.
        """
        check_given_policy(self, policy)
        self._resource.apply_removal_policy(policy)

    def _delay(self, release_delay: Duration | None, pool: IPhoneNumberPool | None) -> str | None:
        if release_delay is not None:
            check_duration(self, "release_delay", release_delay)
        if release_delay is not None and pool is not None:
            refuse(self, "release_delay and pool are both given, but the pool's release_after says when. Remove one.")
        delay = release_delay if pool is None else pool.release_after
        return None if delay is None else delay_seconds(self, "release_delay", delay)

    def _provider(
        self, scope: Construct, provider: IPhoneNumberProvider | None, pool: IPhoneNumberPool | None
    ) -> IPhoneNumberProvider:
        if provider is not None:
            check_provider(self, provider)
        if pool is None:
            return provider or PhoneNumberProvider.of(scope)
        if provider is not None and provider.service_token != pool.provider.service_token:
            refuse(
                self,
                f"provider is {provider.node.path}, but the pool {pool.node.path} has the provider "
                f"{pool.provider.node.path}. Leave provider out.",
            )
        return pool.provider

    def _one_of(self, name: str, given: str | None, arn_of_construct: str | None) -> str | None:
        arn = text(self, f"{name}_arn", given)
        if arn is not None and arn_of_construct is not None:
            refuse(
                self,
                f"{name}_arn and {name} are both given, but say the same thing. Remove one.",
            )
        return arn if arn is not None else arn_of_construct


class _ImportedPhoneNumber(PhoneNumberBase):
    """A phone number known by its ARN; see ``PhoneNumber.from_phone_number_arn``."""

    def __init__(self, scope: Construct, id: str, *, phone_number_arn: str, phone_number: str | None = None) -> None:
        given = literal(phone_number_arn)
        problem = None if given is None else rules.check_phone_number_arn(given)
        is_arn = problem is None and (given is not None or Token.is_unresolved(phone_number_arn))
        super().__init__(scope, id, environment_from_arn=Token.as_string(phone_number_arn) if is_arn else None)
        self._arn = required_text(self, "phone_number_arn", phone_number_arn)
        if problem:
            refuse(self, f"phone_number_arn {problem}")
        self._number = text(self, "phone_number", phone_number)

    @property
    def phone_number(self) -> str:
        """The number in E.164 form, if it was specified."""
        if self._number is None:
            raise UnknownAttribute(
                f"{self.node.path}: phone_number is not known, as an ARN does not contain it. Give phone_number to "
                "from_phone_number_arn."
            )
        return self._number

    @property
    def phone_number_id(self) -> str:
        """The last part of the ARN."""
        if Token.is_unresolved(self._arn):
            return Fn.select(1, Fn.split("/", self._arn))
        if "{{resolve:" in self._arn:
            raise UnknownAttribute(
                f"{self.node.path}: phone_number_id is not known, as CloudFormation resolves {self._arn!r} only where "
                "the whole ARN is used. Give the ARN as the value of an SSM parameter: value_for_string_parameter."
            )
        return self._arn.rpartition("/")[2]

    @property
    def phone_number_arn(self) -> str:
        """The ARN as specified."""
        return self._arn


# Without this, isinstance would read every attribute, also those that an imported number does not have.
for _kind in (PhoneNumber, _ImportedPhoneNumber):
    cast(ABCMeta, IPhoneNumber).register(_kind)


def _target_arn(
    target: connect.CfnInstance | connect.CfnTrafficDistributionGroup | None,
) -> str | None:
    if target is None:
        return None
    if isinstance(target, connect.CfnInstance):
        return target.attr_arn
    return target.attr_traffic_distribution_group_arn


def _check_constructs(scope: Construct, target: object, contact_flow: object) -> None:
    """Refuse anything but the L1 constructs whose ARNs are attributes.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    check_kind(
        scope,
        "target",
        target,
        (connect.CfnInstance, connect.CfnTrafficDistributionGroup),
        "Use a CfnInstance or CfnTrafficDistributionGroup, or give an ARN as target_arn.",
    )
    check_kind(
        scope,
        "contact_flow",
        contact_flow,
        connect.CfnContactFlow,
        "Use a CfnContactFlow, or give an ARN as contact_flow_arn.",
    )


def _check_pool(scope: Construct, pool: object) -> None:
    """Refuse anything but a pool.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if not (hasattr(pool, "release_after") and hasattr(pool, "provider")):
        refuse_kind(scope, "pool", pool, "Use a PhoneNumberPool, or PhoneNumberPool.from_pool_attributes.")


def _check_outlives(scope: Construct, number: NumberProperties, provider: IPhoneNumberProvider) -> None:
    """Refuse a number that is to be released later than its own stack's provider exists.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if known(number.release_delay) in (None, "0") or not isinstance(provider, PhoneNumberProvider):
        return
    if root_of(stack_of(provider)) is root_of(stack_of(scope)):
        refuse(
            scope,
            f"release_delay is {number.release_delay} seconds, but the number's own stack has its provider "
            f"{provider.node.path}, which could not be destroyed before that time is up. Give the number a provider "
            "of another stack, or leave release_delay out.",
        )


def _check_served(scope: IConstruct, number: NumberProperties, provider: IPhoneNumberProvider) -> None:
    """Refuse a number if the provider has no permission for its target or flow, as far as synth knows them.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    check_served(scope, "target_arn", known(number.target_arn), provider)
    served, flow = known_targets(provider), known(number.contact_flow_arn)
    if served is not None and flow is not None and flow.partition("/contact-flow/")[0] not in served:
        refuse(
            scope,
            f"contact_flow_arn is {flow!r}, of an instance that the provider {provider.node.path} does not serve. "
            f"Its target_arns are {', '.join(served)}: use a flow of one of these, or add the flow's instance to them.",
        )
