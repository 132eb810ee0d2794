"""The provider's function, and how events reach it: calls, the queue of failures, the schedule.

The casts are there because jsii names some parameters of classes otherwise than those of their
interfaces, which strict type checkers mind.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

FUNCTION_TIMEOUT: Final = Duration.minutes(13)
"""Three attempts with Lambda's pauses, and then two for the failed event, end within CloudFormation's hour."""
SWEEP_INTERVAL: Final = Duration.minutes(5)

_HANDLERS: Final = Path(__file__).resolve().parent / "lambda_handlers"


class ProviderFunction(lambda_.Function):
    """The Lambda function that CloudFormation, the schedule and the queue of failures call."""

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
            code=lambda_.Code.from_asset(
                str(_HANDLERS.resolve()), exclude=["**/__pycache__", "**/.*_cache", "**/*.pyc"]
            ),
            handler="connect_phone_number.handler.on_event",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=memory_size,
            timeout=FUNCTION_TIMEOUT,
            # The role's policy is written by hand; CDK would widen it.
            role=role.without_policy_updates(),
            log_group=log_group,
            environment=environment,
            tracing=lambda_.Tracing.ACTIVE if tracing else lambda_.Tracing.DISABLED,
            retry_attempts=2,
            max_event_age=Duration.hours(1),
            on_failure=cast(lambda_.IDestination, destinations.SqsDestination(failures)),
        )
        # One message at a time, so that an event that fails does not bring others back with it.
        self.add_event_source(event_sources.SqsEventSource(failures, batch_size=1))

    def sweep_every(self, id: str, interval: Duration) -> events.Rule:
        """Let the function look for due work at every ``interval``."""
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
                        event=events.RuleTargetInput.from_object({"action": "sweep"}),
                    ),
                )
            ],
        )
