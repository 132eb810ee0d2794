"""The provider's function, its logs, and the sources of its events: calls, the failure queue, and the schedule.

The casts are necessary because jsii names some parameters differently in a class and in its
interface, to which strict type checkers object.
"""

from collections.abc import Mapping
from typing import Final, cast

from aws_cdk import Acknowledgment, ArnFormat, Duration, RemovalPolicy, Stack, Validations
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

FUNCTION_TIMEOUT: Final = Duration.minutes(13)
"""Three invocations with Lambda's pauses, and then two for the failed event, end within CloudFormation's hour."""
SWEEP_INTERVAL: Final = Duration.minutes(5)


class ProviderFunction(lambda_.Function):
    """The Lambda function that CloudFormation, the schedule, and the failure queue call."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        role: iam.Role,
        log_group: logs.ILogGroup,
        failures: sqs.IQueue,
        environment: Mapping[str, str],
        memory_size: int,
        tracing: bool,
    ) -> None:
        super().__init__(
            scope,
            id,
            description="Claims and releases Amazon Connect phone numbers for CloudFormation",
            code=lambda_.Code.from_asset(str(ASSET), exclude=["**/__pycache__", "**/.*_cache", "**/*.pyc"]),
            handler="connect_phone_number.handler.on_event",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=memory_size,
            timeout=FUNCTION_TIMEOUT,
            # The role's policy is written by hand. The CDK would widen it.
            role=role.without_policy_updates(),
            log_group=log_group,
            environment=environment,
            tracing=lambda_.Tracing.ACTIVE if tracing else lambda_.Tracing.DISABLED,
            retry_attempts=2,
            max_event_age=Duration.hours(1),
            on_failure=cast(lambda_.IDestination, destinations.SqsDestination(failures)),
        )
        # One message at a time, so that an event that fails does not cause the redelivery of others.
        self.add_event_source(event_sources.SqsEventSource(failures, batch_size=1))

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
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-SQS3",
                reason="This queue is itself where failed events go. What it loses after 14 days, "
                "the sweeper finishes from the ledger.",
            )
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
