"""The provider: the function behind every ``PhoneNumber``, and everything that the function needs.

jsii names some parameters differently in a class and in its interface, to which strict type checkers object. In these
cases, a parameter accepts the class as well as the interface, and its value is cast.
"""

import re
from collections.abc import Sequence
from typing import Final, Protocol, cast, runtime_checkable

from aws_cdk import Aws, CfnResource, Fn, RemovalPolicy, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct, Dependable, IConstruct, Node

from .function_code import contract
from .properties import known, refuse, stack_of
from .provider.budget import PhoneNumberBudget
from .provider.function import SWEEP_INTERVAL, FailureQueue, ProviderFunction, ProviderLogs
from .provider.ledger_table import LedgerTable
from .provider.monitoring import ProviderAlarms, ProviderMetrics
from .provider.permissions import ProviderResources, ProviderRole
from .provider.targets import check_target_arns

DEFAULT_ID: Final = "PhoneNumberProvider"
DEFAULT_MEMORY_SIZE: Final = 256
"""Four times the 60 MiB that ``make bench`` measures. The function spends most of its time waiting for Connect, and the
cost of that time depends on the memory. A smaller size would slow down the start, which takes 0.3 seconds of CPU time.
"""

_FUNCTION_ARN: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?")


@runtime_checkable
class IPhoneNumberProvider(Protocol):
    """The function that claims and releases phone numbers on behalf of CloudFormation."""

    @property
    def node(self) -> Node:
        """The node in the construct tree."""
        ...

    @property
    def service_token(self) -> str:
        """The function's ARN, the ``ServiceToken`` of ``Custom::ConnectPhoneNumber`` resources."""
        ...

    @property
    def target_arns(self) -> Sequence[str] | None:
        """The targets that the provider serves; ``None`` if it serves all targets, or if that is not known."""
        ...


class PhoneNumberProvider(Construct, ProviderMetrics):
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
    budget : PhoneNumberBudget, optional
        What is known of the account's budget of claims and releases. By default, the provider asks Service
        Quotas for the quota, and refuses a claim that would not leave enough to release what it holds.
    ledger_removal_policy : aws_cdk.RemovalPolicy, default ``RemovalPolicy.RETAIN``
        What happens to the DynamoDB table when the provider is destroyed.
    ledger_deletion_protection : bool, default False
        Make DynamoDB refuse every deletion of the table.
    log_retention : aws_cdk.aws_logs.RetentionDays, default ``RetentionDays.SIX_MONTHS``
        How long logs are kept: by default, as long as AWS Support can recover a released number.
    log_removal_policy : aws_cdk.RemovalPolicy, default ``RemovalPolicy.RETAIN``
        What happens to the log group when the provider is destroyed.
    encryption_key : aws_cdk.aws_kms.IKey, optional
        Encrypts the table, the queue, and the logs. By default, each service uses its own key. The
        policy of an imported key must allow CloudWatch Logs to use it.
    permissions_boundary : aws_cdk.aws_iam.IManagedPolicy, optional
        Permissions boundary of the function's role.
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
        If ``target_arns`` is empty or contains anything but such ARNs. The message contains the construct's
        path, the property, its value, and what to do.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        target_arns: Sequence[str] | None = None,
        budget: PhoneNumberBudget | None = None,
        ledger_removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        ledger_deletion_protection: bool = False,
        log_retention: logs.RetentionDays = logs.RetentionDays.SIX_MONTHS,
        log_removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        encryption_key: kms.IKey | kms.Key | None = None,
        permissions_boundary: iam.IManagedPolicy | None = None,
        tracing: bool = False,
        memory_size: int = DEFAULT_MEMORY_SIZE,
        alarm_topic: sns.ITopic | sns.Topic | None = None,
        service_token_parameter_name: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        if target_arns is not None:
            check_target_arns(self, target_arns)
        self._target_arns = None if target_arns is None else tuple(target_arns)
        key = cast(kms.IKey | None, encryption_key)
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
                **({} if budget is None else {contract.BUDGET: budget.to_environment(self)}),
            },
            memory_size=memory_size,
            tracing=tracing,
        )
        self.sweep_rule_name = function.sweep_every("Sweep", SWEEP_INTERVAL).rule_name
        self._service_token = function.function_arn
        if alarm_topic is not None:
            # jsii's class and interface do not match for a strict type checker, which sees both here.
            topic = cast(sns.ITopic, alarm_topic)
            ProviderAlarms(self, "Alarms", metrics=self, failures=failures, topic=topic)
        if service_token_parameter_name is not None:
            ssm.StringParameter(
                self,
                "ServiceToken",
                description="Service token of the phone number provider",
                parameter_name=service_token_parameter_name,
                string_value=self._service_token,
            )
        # Deleted first: as long as the guard's deletion fails, CloudFormation deletes nothing else of the provider.
        rest = self.node.children
        guard = CfnResource(
            self,
            "Guard",
            type=contract.PROVIDER_RESOURCE_TYPE,
            properties={"ServiceToken": function.function_arn, "ProviderId": self.provider_id},
        )
        guard.node.add_dependency(*rest)
        # Constructs that depend on the provider depend on the guard, which is created last and deleted first.
        Dependable.implement(self, _Roots(guard))

    @staticmethod
    def get_or_create(scope: Construct) -> "PhoneNumberProvider":
        """Return the provider of the stack that contains ``scope``. Create it if the stack has none yet.

        Raises
        ------
        ValueError
            If the stack has another kind of construct with the id ``PhoneNumberProvider``.
        """
        stack = stack_of(scope)
        found = stack.node.try_find_child(DEFAULT_ID)
        if found is None:
            return PhoneNumberProvider(stack, DEFAULT_ID)
        if not isinstance(found, PhoneNumberProvider):
            refuse(
                scope,
                f"the stack's provider needs the id {DEFAULT_ID!r}, but {found.node.path} has it. "
                "Rename that construct, or give the number a provider.",
            )
        return found

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

        CloudFormation reads the parameter at each deployment.

        Parameters
        ----------
        scope : constructs.Construct
            The construct that the reference belongs to.
        id : str
            The construct's id, unique in its scope.
        parameter_name : str
            The provider's ``service_token_parameter_name``.
        """
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


def known_targets(provider: IPhoneNumberProvider) -> Sequence[str] | None:
    """Return the targets that a provider serves; ``None`` if it serves all targets, or if synth does not know them."""
    served = provider.target_arns
    return None if served is None or any(Token.is_unresolved(arn) for arn in served) else served


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


class _ImportedProvider(Construct):
    """A provider known by its service token; see ``PhoneNumberProvider.from_service_token``."""

    def __init__(self, scope: Construct, id: str, *, service_token: str) -> None:
        super().__init__(scope, id)
        literal = known(service_token)
        if literal is not None and not _FUNCTION_ARN.fullmatch(literal):
            refuse(
                self,
                f"service_token must be the ARN of a provider's function, but is {literal!r}. "
                "Use the provider's service_token, or from_ssm_parameter with the name under which "
                "it is published.",
            )
        self._service_token = service_token

    @property
    def service_token(self) -> str:
        """The function's ARN as specified."""
        return self._service_token

    @property
    def target_arns(self) -> Sequence[str] | None:
        """``None``: the targets are known only where the provider is created."""
        return None


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
    stack_id = Fn.select(2, Fn.split("/", Aws.STACK_ID))
    table = cast(CfnResource, ledger.node.default_child)
    return Fn.join("-", [stack_id, table.logical_id])
