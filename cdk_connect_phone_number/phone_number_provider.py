"""The provider: the function behind every ``PhoneNumber``, and everything that the function needs.

jsii names some parameters differently in a class and in its interface, to which strict type checkers object. In these
cases, a parameter accepts the class as well as the interface, and its value is cast.
"""

import re
from collections.abc import Sequence
from typing import Final, Protocol, cast, runtime_checkable

from aws_cdk import CfnResource, Fn, RemovalPolicy, Resource, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from aws_cdk.interfaces import ResourceEnvironment
from constructs import Construct, Dependable, IConstruct, Node

from .function_code import contract
from .properties import check_flag, known, literal, refuse, required_text, root_of, text
from .provider import defaults, publishing
from .provider.acknowledgments import REDUNDANT_DEPENDENCY, acknowledge
from .provider.budget import PhoneNumberBudget
from .provider.function import (
    DEFAULT_ARCHITECTURE,
    DEFAULT_RUNTIME,
    SWEEP_INTERVAL,
    FailureQueue,
    ProviderFunction,
    ProviderLogs,
    check_reserved_concurrency,
    check_runtime,
)
from .provider.kinds import check_kinds
from .provider.ledger_table import LedgerTable
from .provider.monitoring import ProviderAlarms, ProviderMetrics
from .provider.network import ProviderNetwork, check_network
from .provider.permissions import ProviderResources, ProviderRole
from .provider.targets import check_stack_name_prefix, check_target_arns

DEFAULT_ID: Final = "PhoneNumberProvider"
DEFAULT_MEMORY_SIZE: Final = 256
"""Four times the 60 MiB that ``make bench`` measures. The function spends most of its time waiting for Connect, and the
cost of that time depends on the memory. A smaller size would slow down the start, which takes 0.3 seconds of CPU time.
"""

_FUNCTION_ARN: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?")
_ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")


@runtime_checkable
class IPhoneNumberProvider(Protocol):
    """The function that claims and releases phone numbers on behalf of CloudFormation."""

    @property
    def node(self) -> Node:
        """The node in the construct tree."""
        ...

    @property
    def stack(self) -> Stack:
        """The stack in which the provider is defined."""
        ...

    @property
    def env(self) -> ResourceEnvironment:
        """The account and Region of the provider."""
        ...

    @property
    def service_token(self) -> str:
        """The function's ARN, the ``ServiceToken`` of ``Custom::ConnectPhoneNumber`` resources."""
        ...

    @property
    def function(self) -> lambda_.IFunction | lambda_.Function:
        """The provider's function."""
        ...

    @property
    def role(self) -> iam.IRole | iam.Role | None:
        """The function's role; ``None`` if it is not known."""
        ...

    @property
    def target_arns(self) -> Sequence[str] | None:
        """The targets that the provider serves; ``None`` if it serves all targets, or if that is not known."""
        ...

    @property
    def allow_adoption(self) -> bool | None:
        """Whether the provider adopts numbers that the account holds; ``None`` if that is not known."""
        ...

    @property
    def stack_name_prefix(self) -> str | None:
        """What the names of the stacks begin with that the provider serves; ``None`` if all, or if not known."""
        ...

    def grant_invoke(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to invoke the function, and so to deploy numbers."""
        ...


class PhoneNumberProvider(Resource, ProviderMetrics):
    """The function that claims and releases phone numbers on behalf of CloudFormation.

    One provider serves all stacks and apps of an account and Region. Several providers can exist side by
    side, and none of them changes the numbers of another. A provider cannot be destroyed while it still
    holds numbers.

    Parameters
    ----------
    scope : constructs.Construct
        The construct, usually the stack, that the provider belongs to.
    id : str
        The construct's id, unique in its scope.
    target_arns : Sequence[str], optional
        ARNs, as literals or tokens, of the instances and traffic distribution groups that the
        provider serves. Its role can then claim for, import into, and move to only these targets, and
        can associate numbers only with flows of the instances among them. By default, the provider
        serves all targets of the account and Region.
    allow_adoption : bool, default True
        Adopt numbers that the account already holds, for ``PhoneNumber(adopt=True)`` and for the
        ``phone_numbers`` of a pool. With ``False``, the function refuses that, its role can put this provider's
        tag only on numbers that carry it already, and the role cannot remove ownership tags. Then it can neither
        mend the ownership tags of a number from which they were removed by hand. Switch it off only while no
        adoption is being deployed or rolled back and no pool lists ``phone_numbers``. ``docs/security.md`` says
        how certain IAM's part is.
    stack_name_prefix : str, optional
        What the names of the stacks begin with that the provider serves. Its role can then ask CloudFormation for
        the status, events and resources of only these stacks, and the function refuses new numbers in others.
        Nested stacks count by the name of the outermost stack, with which their names begin. By default, the
        provider serves all stacks of the account and Region.
    budget : PhoneNumberBudget, optional
        What is known of the account's budget of claims and releases. By default, the provider asks Service
        Quotas for the quota, and refuses a claim that would not leave enough to release what it holds.
    ledger_removal_policy : aws_cdk.RemovalPolicy, default ``RemovalPolicy.RETAIN``
        What happens to the DynamoDB table when the provider is destroyed. A retained table is a record, which no
        other provider reads: ``docs/living-with-it.md`` has the command that removes it. The provider that a stack
        gets by itself deletes its table and its logs.
    ledger_deletion_protection : bool, default False
        Make DynamoDB refuse every deletion of the table.
    log_retention : aws_cdk.aws_logs.RetentionDays, default ``RetentionDays.SIX_MONTHS``
        How long logs are kept: by default, as long as AWS Support can recover a released number.
    log_removal_policy : aws_cdk.RemovalPolicy, default ``RemovalPolicy.RETAIN``
        What happens to the log group when the provider is destroyed. A retained one is empty after ``log_retention``,
        but stays.
    encryption_key : aws_cdk.aws_kms.IKey, optional
        Encrypts the table, the queue, and the logs. By default, each service uses its own key. The
        policy of an imported key must allow CloudWatch Logs to use it.
    environment_encryption : aws_cdk.aws_kms.IKey, optional
        Encrypts the function's environment variables, which contain no secrets. It can be the same key as
        ``encryption_key``. By default, Lambda uses a key of its own. The role that deploys the provider
        needs ``kms:CreateGrant``, ``kms:Encrypt`` and ``kms:Decrypt`` on it:
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    permissions_boundary : aws_cdk.aws_iam.IManagedPolicy, optional
        Permissions boundary of the function's role.
    vpc : aws_cdk.aws_ec2.IVpc, optional
        The VPC in which the function works. By default, it works in none. From its subnets, the function must
        reach the HTTPS endpoints of Amazon Connect, CloudFormation, DynamoDB and Service Quotas, and of Amazon S3
        for its responses: through a NAT gateway, or through VPC endpoints where these services have them in the
        Region. Without S3, CloudFormation waits until its timeout. An endpoint policy for S3 must allow
        CloudFormation's buckets:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
    vpc_subnets : aws_cdk.aws_ec2.SubnetSelection, optional
        The subnets of the VPC in which the function works. By default, the VPC's private subnets that reach the
        outside.
    security_groups : Sequence[aws_cdk.aws_ec2.ISecurityGroup], optional
        The security groups of the function in the VPC. By default, the provider creates one that allows only
        HTTPS to the outside.
    reserved_concurrent_executions : int, optional
        How many invocations may run at once, at least 7: three sweeps, each of which runs for at most 13 minutes
        and begins 5 minutes after the one before; two failed events; a Create, and the Delete that cancels it.
        Above that, each number that is deployed at the same time needs one more. Requests that must wait longer
        than CloudFormation's timeout fail. By default, the account's concurrency is the limit:
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    runtime : aws_cdk.aws_lambda.Runtime, default ``Runtime.PYTHON_3_14``
        The function's runtime: Python 3.11 or newer.
    architecture : aws_cdk.aws_lambda.Architecture, default ``Architecture.ARM_64``
        The function's instruction set.
    tracing : bool, default False
        Trace the function with AWS X-Ray.
    memory_size : int, default 256
        The function's memory in MiB.
    alarm_topic : aws_cdk.aws_sns.ITopic, optional
        Receives a notification when releases keep failing, a claim is stuck, the sweeper is behind,
        has stopped, or has met an error, an event could not be handled, or 80 % of the budget is used.
        Without it, there are no alarms.
    service_token_parameter_name : str, optional
        Name of an SSM parameter that publishes the service token for ``from_ssm_parameter``.

    Attributes
    ----------
    provider_id : str
        Distinguishes this provider from all others in tags, permissions, and metrics: a token until
        it is deployed.
    sweep_rule_name : str
        Name of the EventBridge rule that starts the sweeps: a token until it is deployed.

    Raises
    ------
    ValueError
        If a value or a combination of values cannot work. The message contains the construct's path, the
        property, its value, and what to do.

    Notes
    -----
    What an app adds to ``role``, or grants to ``function``, is added to what the function needs, in a policy of its
    own. Such additions can undo the walls that ``docs/security.md`` describes.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        target_arns: Sequence[str] | None = None,
        allow_adoption: bool = True,
        stack_name_prefix: str | None = None,
        budget: PhoneNumberBudget | None = None,
        ledger_removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        ledger_deletion_protection: bool = False,
        log_retention: logs.RetentionDays = logs.RetentionDays.SIX_MONTHS,
        log_removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        encryption_key: kms.IKey | kms.Key | None = None,
        environment_encryption: kms.IKey | kms.Key | None = None,
        permissions_boundary: iam.IManagedPolicy | None = None,
        vpc: ec2.IVpc | ec2.Vpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup | ec2.SecurityGroup] | None = None,
        reserved_concurrent_executions: int | None = None,
        runtime: lambda_.Runtime = DEFAULT_RUNTIME,
        architecture: lambda_.Architecture = DEFAULT_ARCHITECTURE,
        tracing: bool = False,
        memory_size: int = DEFAULT_MEMORY_SIZE,
        alarm_topic: sns.ITopic | sns.Topic | None = None,
        service_token_parameter_name: str | None = None,
    ) -> None:
        _check_default_id(scope, id)
        super().__init__(scope, id)
        check_kinds(
            self,
            {
                "target_arns": target_arns,
                "allow_adoption": allow_adoption,
                "stack_name_prefix": stack_name_prefix,
                "budget": budget,
                "ledger_removal_policy": ledger_removal_policy,
                "ledger_deletion_protection": ledger_deletion_protection,
                "log_retention": log_retention,
                "log_removal_policy": log_removal_policy,
                "encryption_key": encryption_key,
                "environment_encryption": environment_encryption,
                "permissions_boundary": permissions_boundary,
                "vpc": vpc,
                "vpc_subnets": vpc_subnets,
                "security_groups": security_groups,
                "runtime": runtime,
                "architecture": architecture,
                "tracing": tracing,
                "memory_size": memory_size,
                "alarm_topic": alarm_topic,
                "service_token_parameter_name": service_token_parameter_name,
            },
        )
        if target_arns is not None:
            check_target_arns(self, target_arns)
        if stack_name_prefix is not None:
            check_stack_name_prefix(self, stack_name_prefix)
        check_network(self, vpc=vpc, vpc_subnets=vpc_subnets, security_groups=security_groups)
        check_reserved_concurrency(self, reserved_concurrent_executions)
        check_runtime(self, runtime)
        self._allow_adoption = allow_adoption
        self._stack_name_prefix = stack_name_prefix
        self._target_arns = None if target_arns is None else tuple(target_arns)
        key = cast(kms.IKey | None, encryption_key)
        environment_key = cast(kms.IKey | None, environment_encryption)
        network = (
            None
            if vpc is None
            else ProviderNetwork(
                self,
                "Network",
                vpc=vpc,
                vpc_subnets=vpc_subnets,
                security_groups=security_groups,
            )
        )
        ledger = LedgerTable(
            self,
            "Ledger",
            encryption_key=key,
            removal_policy=ledger_removal_policy,
            deletion_protection=ledger_deletion_protection,
        )
        self.provider_id = _provider_id(ledger)
        failures = FailureQueue(self, "Failures", encryption_key=key)
        log_group = ProviderLogs(
            self,
            "Logs",
            retention=log_retention,
            removal_policy=log_removal_policy,
            encryption_key=key,
        )
        role = ProviderRole(
            self,
            "Role",
            resources=ProviderResources(
                provider_id=self.provider_id,
                target_arns=self._target_arns,
                ledger=ledger,
                log_group=log_group,
                failures=failures,
                encryption_key=key,
                tracing=tracing,
                asks_for_quota=budget is None or budget.quota is None,
                allow_adoption=allow_adoption,
                stack_name_prefix=stack_name_prefix or "",
                environment_encryption=environment_key,
                network=network,
            ),
            permissions_boundary=permissions_boundary,
        )
        function = ProviderFunction(
            self,
            "Function",
            role=role,
            log_group=log_group,
            failures=failures,
            environment={
                contract.LEDGER_TABLE_NAME: ledger.table_name,
                contract.PROVIDER_ID: self.provider_id,
                **({} if self._target_arns is None else {contract.TARGET_ARNS: " ".join(self._target_arns)}),
                **({} if allow_adoption else {contract.ALLOW_ADOPTION: "false"}),
                **({} if stack_name_prefix is None else {contract.STACK_NAME_PREFIX: stack_name_prefix}),
                **({} if budget is None else {contract.BUDGET: budget.to_environment(self)}),
            },
            memory_size=memory_size,
            tracing=tracing,
            runtime=runtime,
            architecture=architecture,
            environment_encryption=environment_key,
            reserved_concurrent_executions=reserved_concurrent_executions,
            network=network,
        )
        self._ledger, self._role, self._log_group, self._function = ledger, role, log_group, function
        self._failure_queue = failures
        self._alarms: tuple[cloudwatch.Alarm, ...] = ()
        self.sweep_rule_name = function.sweep_every("Sweep", SWEEP_INTERVAL).rule_name
        self._service_token = function.function_arn
        if alarm_topic is not None:
            # jsii's class and interface do not match for a strict type checker, which sees both here.
            topic = cast(sns.ITopic, alarm_topic)
            alarms = ProviderAlarms(self, "Alarms", metrics=self, failures=failures, topic=topic)
            self._alarms = tuple(alarms.alarms)
        if service_token_parameter_name is not None:
            ssm.StringParameter(
                self,
                "ServiceToken",
                description="Service token of the phone number provider",
                parameter_name=service_token_parameter_name,
                string_value=self._service_token,
            )
            publishing.publish(self, service_token_parameter_name)
        # Deleted first: as long as the guard's deletion fails, CloudFormation deletes nothing else of the provider.
        rest = self.node.children
        guard = CfnResource(
            self,
            "Guard",
            type=contract.PROVIDER_RESOURCE_TYPE,
            properties={"ServiceToken": function.function_arn, "ProviderId": self.provider_id},
        )
        guard.node.add_dependency(*rest)
        acknowledge(guard, cfn_lint=[REDUNDANT_DEPENDENCY])
        # Constructs that depend on the provider depend on the guard, which is created last and deleted first.
        Dependable.implement(self, _Roots(guard))

    @staticmethod
    def set_default(scope: Construct, provider: IPhoneNumberProvider) -> None:
        """Make a provider the default of a scope: of an app, a stage, a stack, or any other construct.

        From then on, every ``PhoneNumber`` in the scope that names no provider uses it, nested stacks included,
        unless a nearer scope has a default of its own. Call this before the scope's first number is created, and
        not for stacks that are deployed with another provider: their numbers would need that one still.

        Parameters
        ----------
        scope : constructs.Construct
            The construct to which the default applies, with all that is inside.
        provider : IPhoneNumberProvider
            The provider, of the same account and Region as the numbers.

        Raises
        ------
        ValueError
            If ``provider`` is no provider, if the scope has another default already, or if a number in the scope
            has used another default already.
        """
        defaults.set_default(scope, provider)

    @staticmethod
    def of(scope: Construct) -> IPhoneNumberProvider:
        """Return the default provider of a scope, which a ``PhoneNumber`` there uses if it names no provider.

        It is the provider that was set with ``set_default`` for the scope or for its nearest ancestor. If there
        is none, it is the own provider of the stack that contains the scope, or of the outermost stack if that
        stack is nested. So a stack and all stacks that are nested in it share one provider. It has the id
        ``PhoneNumberProvider``, and is created if the stack has none yet. Its ledger and its logs are deleted with
        it, which happens only when it holds no numbers any more.

        Parameters
        ----------
        scope : constructs.Construct
            A stack, or any construct in a stack. It can be an app or a stage if a default was set for it.

        Raises
        ------
        ValueError
            If the scope is in no stack, and no default was set for it, or if the stack has another kind of construct
            with the id ``PhoneNumberProvider``.
        """
        found = defaults.find_default(scope)
        if found is not None:
            return found
        stack = defaults.outermost_stack(scope)
        if stack is None:
            refuse(
                scope,
                "no default provider was set, and outside of a stack none can be created. Create a provider in a "
                "stack, and call PhoneNumberProvider.set_default.",
            )
        own = stack.node.try_find_child(DEFAULT_ID) or _own_provider(stack)
        if not isinstance(own, PhoneNumberProvider):
            refuse(
                scope,
                f"the stack's provider needs the id {DEFAULT_ID!r}, but {own.node.path} has it. "
                "Rename that construct, or give the stack's numbers a provider.",
            )
        defaults.remember(scope, own)
        return own

    @staticmethod
    def from_provider_attributes(
        scope: Construct,
        id: str,
        *,
        service_token: str,
        role_arn: str | None = None,
        target_arns: Sequence[str] | None = None,
        allow_adoption: bool | None = None,
        stack_name_prefix: str | None = None,
    ) -> IPhoneNumberProvider:
        """Refer to a provider deployed elsewhere in the same account and Region, and say what is known of it.

        Synth then refuses what the provider would refuse at deployment.

        Parameters
        ----------
        scope : constructs.Construct
            The construct that the reference belongs to.
        id : str
            The construct's id, unique in its scope.
        service_token : str
            ARN of the provider's function, as a literal or a token.
        role_arn : str, optional
            ARN of the role of the provider's function. Without it, ``role`` is ``None``.
        target_arns : Sequence[str], optional
            The provider's ``target_arns``. By default, synth does not know which targets it serves.
        allow_adoption : bool, optional
            The provider's ``allow_adoption``. By default, synth does not know it.
        stack_name_prefix : str, optional
            The provider's ``stack_name_prefix``. By default, synth does not know which stacks it serves.

        Raises
        ------
        ValueError
            If ``service_token`` is not the ARN of a function, if ``role_arn`` is not that of a role, if
            ``target_arns`` is empty or contains anything but ARNs of instances and traffic distribution groups, or if
            no stack's name can begin with ``stack_name_prefix``.
        """
        return _ImportedProvider(
            scope,
            id,
            service_token=service_token,
            role_arn=role_arn,
            target_arns=target_arns,
            allow_adoption=allow_adoption,
            stack_name_prefix=stack_name_prefix,
        )

    @staticmethod
    def from_service_token(scope: Construct, id: str, service_token: str) -> IPhoneNumberProvider:
        """Refer to a provider deployed elsewhere in the same account and Region.

        Parameters
        ----------
        scope : constructs.Construct
            The construct that the reference belongs to.
        id : str
            The construct's id, unique in its scope.
        service_token : str
            ARN of the provider's function, as a literal or a token.

        Raises
        ------
        ValueError
            If ``service_token`` is not the ARN of a function.
        """
        return _ImportedProvider(scope, id, service_token=service_token)

    @staticmethod
    def from_ssm_parameter(scope: Construct, id: str, parameter_name: str) -> IPhoneNumberProvider:
        """Refer to a provider by the SSM parameter that publishes its service token.

        CloudFormation reads the parameter at each deployment. If the provider is defined in the same app, account,
        Region and stage, its stack is deployed first: this makes the stack of ``scope`` depend on it. If it is defined
        in the same stack, synth warns, because the first deployment would fail: use the provider itself there.

        Parameters
        ----------
        scope : constructs.Construct
            The construct that the reference belongs to.
        id : str
            The construct's id, unique in its scope.
        parameter_name : str
            The provider's ``service_token_parameter_name``.
        """
        publishing.read(scope, parameter_name)
        service_token = ssm.StringParameter.value_for_string_parameter(scope, parameter_name)
        return _ImportedProvider(scope, id, service_token=service_token)

    @property
    def service_token(self) -> str:
        """The function's ARN, the ``ServiceToken`` of ``Custom::ConnectPhoneNumber`` resources."""
        return self._service_token

    @property
    def target_arns(self) -> Sequence[str] | None:
        """The targets that the provider serves; ``None`` if it serves all targets of its account and Region."""
        return self._target_arns

    @property
    def allow_adoption(self) -> bool:
        """Whether the provider adopts numbers that the account holds."""
        return self._allow_adoption

    @property
    def stack_name_prefix(self) -> str | None:
        """What the names of the stacks begin with that the provider serves; ``None`` if it serves all stacks."""
        return self._stack_name_prefix

    @property
    def function(self) -> lambda_.Function:
        """The Lambda function that claims and releases the numbers."""
        return self._function

    @property
    def role(self) -> iam.Role:
        """The function's role. What is added to it, directly or by a grant to the function, takes effect."""
        return self._role

    @property
    def ledger(self) -> dynamodb.Table:
        """The DynamoDB table that records who owns each number. Only the function may write to it."""
        return self._ledger

    @property
    def log_group(self) -> logs.LogGroup:
        """The log group of the function."""
        return self._log_group

    @property
    def failure_queue(self) -> sqs.Queue:
        """The queue with the events that every invocation failed to handle. The function takes them from it again."""
        return self._failure_queue

    @property
    def alarms(self) -> Sequence[cloudwatch.Alarm]:
        """The provider's alarms; empty without ``alarm_topic``."""
        return self._alarms

    def grant_invoke(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to invoke the function, as the roles must that deploy stacks with numbers.

        This is like the permission to release each of the provider's numbers: ``docs/security.md`` says why.

        Parameters
        ----------
        grantee : aws_cdk.aws_iam.IGrantable
            A role, a user, or any other construct that has a principal.

        Returns
        -------
        aws_cdk.aws_iam.Grant
            The grant, on which other constructs can depend.

        Notes
        -----
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html
        """
        return self._function.grant_invoke(grantee)


def _check_default_id(scope: IConstruct, id: str) -> None:
    """Refuse a second provider with the id of the one that numbers use by default.

    Raises
    ------
    ValueError
        With the construct's path, and what to do.
    """
    found = scope.node.try_find_child(id) if id == DEFAULT_ID else None
    if isinstance(found, PhoneNumberProvider):
        raise ValueError(
            f"{found.node.path}: this provider exists already. A number that names no provider creates it, or "
            "PhoneNumberProvider.of. Create your own before that, or give it another id and set it as the default: "
            "PhoneNumberProvider.set_default."
        )


def check_adoption(scope: IConstruct, provider: IPhoneNumberProvider, name: str, instead: str) -> None:
    """Refuse an adoption if the provider adopts no numbers, as far as synth knows.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if getattr(provider, "allow_adoption", None) is False:
        refuse(
            scope,
            f"{name}, but the provider {provider.node.path} has allow_adoption=False. Use a provider that "
            f"allows adoption, or {instead}.",
        )


def check_stack_is_served(scope: IConstruct, provider: IPhoneNumberProvider) -> None:
    """Refuse a number or pool in a stack that the provider does not serve, as far as synth knows the names.

    Raises
    ------
    ValueError
        With the construct's path, the stack's name, and what to do.
    """
    # A team's own kind of provider may have no such attribute.
    prefix: str | None = getattr(provider, "stack_name_prefix", None)
    if prefix is None:
        return
    name = known(root_of(Stack.of(scope)).stack_name)
    if name is not None and not name.startswith(prefix):
        refuse(
            scope,
            f"the stack's name is {name!r}, but the provider {provider.node.path} serves only stacks whose names begin "
            f"with {prefix!r}. Rename the stack, or use a provider that serves it.",
        )


def known_targets(provider: IPhoneNumberProvider) -> Sequence[str] | None:
    """Return the targets that a provider serves; ``None`` if it serves all targets, or if synth does not know them."""
    served = provider.target_arns
    return None if served is None or any(known(arn) is None for arn in served) else served


def check_served(scope: IConstruct, name: str, target: str | None, provider: IPhoneNumberProvider) -> None:
    """Refuse the target that the property ``name`` has if the provider does not serve it, as far as synth knows both.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    served = known_targets(provider)
    if served is not None and target is not None and target not in served:
        refuse(
            scope,
            f"{name} is {target!r}, which the provider {provider.node.path} does not serve. "
            f"Its target_arns are {', '.join(served)}: use one of these, or add the target to them.",
        )


def _own_provider(stack: Stack) -> PhoneNumberProvider:
    # A stack that is deployed anew gets a provider of another id, for which a ledger from before is of no use. The
    # guard lets the provider go only when nothing in the ledger is needed any more.
    return PhoneNumberProvider(
        stack,
        DEFAULT_ID,
        ledger_removal_policy=RemovalPolicy.DESTROY,
        log_removal_policy=RemovalPolicy.DESTROY,
    )


class _ImportedProvider(Resource):
    """A provider known by its service token; see ``PhoneNumberProvider.from_provider_attributes``."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        service_token: str,
        role_arn: str | None = None,
        target_arns: Sequence[str] | None = None,
        allow_adoption: bool | None = None,
        stack_name_prefix: str | None = None,
    ) -> None:
        # The first pass of a lookup and a reference to a parameter store are texts of which the CDK makes no ARN.
        is_token = Token.is_unresolved(service_token)
        is_arn = is_token or bool(_FUNCTION_ARN.fullmatch(literal(service_token) or ""))
        super().__init__(scope, id, environment_from_arn=Token.as_string(service_token) if is_arn else None)
        service_token = required_text(self, "service_token", service_token)
        if not is_arn and known(service_token) is not None:
            refuse(
                self,
                f"service_token must be the ARN of a provider's function, but is {service_token!r}. "
                "Use the provider's service_token, or from_ssm_parameter with the name under which "
                "it is published.",
            )
        check_kinds(self, {"target_arns": target_arns, "stack_name_prefix": stack_name_prefix})
        if stack_name_prefix is not None:
            check_stack_name_prefix(self, stack_name_prefix)
        if target_arns is not None:
            check_target_arns(self, target_arns)
        if allow_adoption is not None:
            check_flag(self, "allow_adoption", allow_adoption, takes_token=False)
        role_arn = text(self, "role_arn", role_arn)
        if (given := known(role_arn)) is not None and not _ROLE_ARN.fullmatch(given):
            refuse(self, f"role_arn must be the ARN of a role, but is {given!r}. Use the ARN of provider.role.")
        self._service_token = service_token
        self._target_arns = None if target_arns is None else tuple(target_arns)
        self._allow_adoption = allow_adoption
        self._stack_name_prefix = stack_name_prefix
        self._role = None if role_arn is None else iam.Role.from_role_arn(self, "Role", role_arn)
        function_arn = service_token if is_arn else Fn.join("", [service_token])
        self._function = lambda_.Function.from_function_attributes(
            self, "Function", function_arn=function_arn, role=self._role
        )

    @property
    def service_token(self) -> str:
        """The function's ARN as specified."""
        return self._service_token

    @property
    def function(self) -> lambda_.IFunction:
        """The provider's function, as a reference."""
        return self._function

    @property
    def role(self) -> iam.IRole | None:
        """The function's role, as a reference, if its ARN was specified."""
        return self._role

    @property
    def target_arns(self) -> Sequence[str] | None:
        """The targets that the provider serves, as specified."""
        return self._target_arns

    @property
    def allow_adoption(self) -> bool | None:
        """Whether the provider adopts numbers, as specified."""
        return self._allow_adoption

    @property
    def stack_name_prefix(self) -> str | None:
        """What the names of the stacks begin with that the provider serves, as specified."""
        return self._stack_name_prefix

    def grant_invoke(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to invoke the function.

        Raises
        ------
        ValueError
            If ``grantee`` takes no permissions here, for example because it is an account or a service.
        """
        # Not grant_invoke of the function: it also asks whether both are in one account, which synth may not know.
        grant = iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["lambda:InvokeFunction"],
            resource_arns=self._function.resource_arns_for_grant_invoke,
            scope=self,
        )
        if not grant.success:
            refuse(
                self,
                "grant_invoke can add permissions only to a role, a user or a group of this app, but not to the "
                "function, which was deployed elsewhere. Call grant_invoke of the provider itself there.",
            )
        return grant


class _Roots(Dependable):
    """Represents a construct whose dependents must depend on only one part of it."""

    def __init__(self, root: IConstruct) -> None:
        super().__init__()
        self._root = root

    @property
    def dependency_roots(self) -> list[IConstruct]:
        """The part on which the dependents depend."""
        return [self._root]


def _provider_id(ledger: LedgerTable) -> str:
    # The ledger's identity depends on the stack's id and the table's logical id. A provider therefore keeps
    # its id exactly as long as it keeps its ledger, even if construct paths and stages change.
    # The id of the ledger's own stack, also where the metrics are used in another stack.
    stack_id = Fn.select(2, Fn.split("/", Stack.of(ledger).stack_id))
    table = cast(CfnResource, ledger.node.default_child)
    return Fn.join("-", [stack_id, table.logical_id])
