"""The provider's function, its logs, and the sources of its events: calls, the failure queue, and the schedule.

The casts are necessary because jsii names some parameters differently in a class and in its
interface, to which strict type checkers object.
"""

import re
from collections.abc import Mapping
from typing import Final, cast

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..function_code import ASSET, contract
from ..properties import refuse
from .acknowledgments import REDUNDANT_DEPENDENCY, acknowledge
from .kinds import check_whole_number
from .network import ProviderNetwork
from .permissions import ProviderRole

FUNCTION_TIMEOUT: Final = Duration.minutes(13)
"""Three invocations with Lambda's pauses, and then two for the failed event, end within CloudFormation's hour."""
SWEEP_INTERVAL: Final = Duration.minutes(5)
DEFAULT_RUNTIME: Final = lambda_.Runtime.PYTHON_3_14
DEFAULT_ARCHITECTURE: Final = lambda_.Architecture.ARM_64

PLANNING: Final = "planning"
"""The folder of the function's code that the function itself does not need."""
_SWEEPS_AT_ONCE: Final = 3
"""A sweep runs for at most the function's timeout of 13 minutes, and one begins every 5 minutes."""
_FAILED_EVENTS_AT_ONCE: Final = 2
"""The fewest that Lambda can be told to take out of a queue at once.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""
_REQUESTS_AT_ONCE: Final = 2
"""A Create, and the Delete that CloudFormation sends when it cancels the Create while that is still running."""
MIN_RESERVED_CONCURRENCY: Final = _SWEEPS_AT_ONCE + _FAILED_EVENTS_AT_ONCE + _REQUESTS_AT_ONCE
_OLDEST_MINOR_VERSION: Final = 11
_PYTHON: Final = re.compile(r"python3\.(\d+)")


def function_code(*, plans: bool = False) -> lambda_.Code:
    """Return the code of the provider's function, with that for plans if ``plans``, which only the hook makes."""
    exclude = ["**/__pycache__", "**/.*_cache", "**/*.pyc", *([] if plans else [f"**/{PLANNING}"])]
    return lambda_.Code.from_asset(str(ASSET), exclude=exclude)


class ProviderFunction(lambda_.Function):
    """The Lambda function that CloudFormation, the schedule, and the failure queue call."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        role: ProviderRole,
        log_group: logs.ILogGroup,
        failures: sqs.IQueue,
        environment: Mapping[str, str],
        memory_size: int,
        tracing: bool,
        runtime: lambda_.Runtime,
        architecture: lambda_.Architecture,
        environment_encryption: kms.IKey | None,
        reserved_concurrent_executions: int | None,
        network: ProviderNetwork | None,
    ) -> None:
        # The policy for the function's own work is written by hand. The CDK would widen it.
        with role.closed_to_additions():
            super().__init__(
                scope,
                id,
                description="Claims and releases Amazon Connect phone numbers for CloudFormation",
                code=function_code(),
                handler="connect_phone_number.handler.on_event",
                runtime=runtime,
                architecture=architecture,
                memory_size=memory_size,
                timeout=FUNCTION_TIMEOUT,
                role=cast(iam.IRole, role),
                log_group=log_group,
                environment=environment,
                environment_encryption=environment_encryption,
                reserved_concurrent_executions=reserved_concurrent_executions,
                vpc=None if network is None else network.vpc,
                vpc_subnets=None if network is None else network.vpc_subnets,
                security_groups=None if network is None else network.security_groups,
                retry_attempts=2,
                max_event_age=Duration.hours(1),
                on_failure=cast(lambda_.IDestination, destinations.SqsDestination(failures)),
            )
            self.add_event_source(
                event_sources.SqsEventSource(
                    failures,
                    # One message at a time, so that an event that fails does not cause the redelivery of others.
                    batch_size=1,
                    # Where concurrency is scarce, failed events leave enough of it to sweeps and requests.
                    max_concurrency=None if reserved_concurrent_executions is None else _FAILED_EVENTS_AT_ONCE,
                )
            )
        if tracing:
            # As an argument, it could make the CDK add another policy to the role, outside of the one written by hand.
            function = cast(lambda_.CfnFunction, self.node.default_child)
            function.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode="Active")
        acknowledge(
            self,
            checkov={
                "CKV_AWS_116": "Failed events go to an OnFailure destination, which tells more than a dead-letter "
                "queue."
            },
            cfn_lint=[REDUNDANT_DEPENDENCY],
        )

    def sweep_every(self, id: str, interval: Duration) -> events.Rule:
        """Make the function look for due work at every ``interval``."""
        return events.Rule(
            self,
            id,
            description="Finishes releases and claims that CloudFormation has abandoned",
            schedule=events.Schedule.rate(interval),
            targets=[
                cast(
                    events.IRuleTarget,
                    targets.LambdaFunction(
                        cast(lambda_.IFunction, self),
                        event=events.RuleTargetInput.from_object({contract.ACTION: contract.SWEEP}),
                    ),
                )
            ],
        )


def check_runtime(scope: Construct, runtime: lambda_.Runtime) -> None:
    """Refuse a runtime in which the function's code does not run.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    found = _PYTHON.fullmatch(runtime.name)
    if found is None or int(found[1]) < _OLDEST_MINOR_VERSION:
        refuse(
            scope,
            f"runtime must be python3.{_OLDEST_MINOR_VERSION} or newer, but is {runtime.name}. "
            "Use for example Runtime.PYTHON_3_14, or leave it out.",
        )


def check_reserved_concurrency(scope: Construct, executions: int | None) -> None:
    """Refuse a reserved concurrency with which a sweep or a Delete might not get its turn.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if executions is None:
        return
    check_whole_number(scope, "reserved_concurrent_executions", executions)
    if not Token.is_unresolved(executions) and executions < MIN_RESERVED_CONCURRENCY:
        refuse(
            scope,
            f"reserved_concurrent_executions must be at least {MIN_RESERVED_CONCURRENCY}, but is {executions}: "
            f"{_SWEEPS_AT_ONCE} for sweeps that overlap, {_FAILED_EVENTS_AT_ONCE} for failed events, and "
            f"{_REQUESTS_AT_ONCE} for a Create and the Delete that cancels it.",
        )


class FailureQueue(sqs.Queue):
    """The queue to which Lambda sends events that it gives up. The function itself takes them out."""

    def __init__(self, scope: Construct, id: str, *, encryption_key: kms.IKey | None) -> None:
        super().__init__(
            scope,
            id,
            encryption=(sqs.QueueEncryption.SQS_MANAGED if encryption_key is None else sqs.QueueEncryption.KMS),
            encryption_master_key=encryption_key,
            enforce_ssl=True,
            visibility_timeout=FUNCTION_TIMEOUT,
            # CloudFormation waits at most an hour, but the ledger must learn of a Delete even after a long outage.
            retention_period=Duration.days(14),
        )
        acknowledge(
            self,
            cdk_nag={
                "AwsSolutions-SQS3": "This queue is itself where failed events go. What it loses after 14 days, "
                "the sweeper finishes from the ledger."
            },
            checkov={"CKV_AWS_27": "The queue is encrypted: with encryption_key, or else with a key of Amazon SQS."},
        )


class ProviderLogs(logs.LogGroup):
    """The only log group that the function may write to."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
        encryption_key: kms.IKey | None,
    ) -> None:
        super().__init__(
            scope,
            id,
            retention=retention,
            removal_policy=removal_policy,
            encryption_key=encryption_key,
        )
        if encryption_key is not None:
            encryption_key.add_to_resource_policy(_allow_logs(Stack.of(self)))


def _allow_logs(stack: Stack) -> iam.PolicyStatement:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    log_groups = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return iam.PolicyStatement(
        principals=[cast(iam.IPrincipal, iam.ServicePrincipal("logs.amazonaws.com"))],
        actions=[
            "kms:Decrypt*",
            "kms:Describe*",
            "kms:Encrypt*",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        resources=["*"],
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
    )
