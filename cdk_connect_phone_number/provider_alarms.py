"""The provider's alarms, as a number that nobody releases costs money every day."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .provider_metrics import ProviderMetrics

_MISSING = cloudwatch.TreatMissingData


class ProviderAlarms(Construct):
    """Six alarms that notify a topic when they go off and when they are over."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        metrics: ProviderMetrics,
        failures: sqs.IQueue,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self._action = cast(cloudwatch.IAlarmAction, actions.SnsAction(topic))
        quarter = Duration.minutes(15)
        self._alarm(
            "ReleaseKeepsFailing",
            "For an hour, Amazon Connect has refused to release a number, which goes on costing. "
            "The function's log says which number and why: remove the cause, and the number is released.",
            metrics.metric_releases_failing(period=quarter),
            threshold=1,
            periods=4,
        )
        self._alarm(
            "ClaimStuck",
            "A claim is neither finished nor given up although its time is over, or CloudFormation has neither "
            "taken note of a number nor given it up for a day. The function's log says which number and in which "
            "state it is: see whether its stack still needs it.",
            metrics.metric_claims_stuck(period=quarter),
            threshold=1,
        )
        self._alarm(
            "SweeperBehind",
            "Work has been due for more than an hour: releases or cancelled claims are waiting. "
            "The function's log says what stops them: remove the cause, and the next sweeps finish the work.",
            metrics.metric_oldest_due_seconds(period=quarter),
            threshold=Duration.hours(1).to_seconds(),
        )
        self._alarm(
            "SweeperStopped",
            "The sweeper, which runs every five minutes, has not finished a run. "
            "Look at the schedule's rule and the function's errors.",
            metrics.metric_sweep_runs(period=quarter),
            threshold=1,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing_data=_MISSING.BREACHING,
        )
        self._alarm(
            "SweepError",
            "A sweep met an error that it did not expect and left out a claim, for example because an item of the "
            "ledger cannot be read. The function's log says which claim and what the error was: repair the item, or "
            "report the error.",
            metrics.metric_sweep_errors(period=quarter),
            threshold=1,
        )
        self._alarm(
            "OnFailurePathUsed",
            "The function failed at every attempt to handle an event, which is now in the queue. "
            "The function's log says why.",
            failures.metric_number_of_messages_sent(period=Duration.minutes(5), statistic="Sum"),
            threshold=1,
        )

    def _alarm(
        self,
        id: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        periods: int = 1,
        comparison: cloudwatch.ComparisonOperator = (cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
        missing_data: cloudwatch.TreatMissingData = _MISSING.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=comparison,
            treat_missing_data=missing_data,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
