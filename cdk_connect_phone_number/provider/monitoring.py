"""The provider's alarms, and its metrics as methods that hide the namespace and the dimension."""

from typing import Final, cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..function_code import contract

_SUM: Final = "Sum"
_MAXIMUM: Final = "Maximum"
_MINIMUM: Final = "Minimum"
_DEFAULT_PERIOD: Final = Duration.minutes(5)
_DAY: Final = Duration.days(1)
_NEARLY_USED_PERCENT: Final = 80
OLDEST_DUE_LIMIT: Final = Duration.hours(1)
"""Work that has been due for longer needs a person."""
_MISSING = cloudwatch.TreatMissingData


class ProviderMetrics:
    """The metrics of one provider, in CloudWatch's namespace ``ConnectPhoneNumber``.

    Each sweep, every 5 minutes, publishes its findings as gauges; use their maximum. All other metrics count
    events when they happen; use their sum. A value of 0 is not published, so a provider that holds no numbers costs
    nothing here, and an empty graph means that there is nothing to report. Every method accepts another statistic
    and the period (5 minutes by default), as described in
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """

    provider_id: str
    """Distinguishes this provider from all others. This is the value of the metrics' dimension."""

    sweep_rule_name: str
    """Name of the EventBridge rule that starts the sweeps."""

    def metric(self, metric_name: str, *, statistic: str, period: Duration | None = None) -> cloudwatch.Metric:
        """Return any metric of the provider by name."""
        return cloudwatch.Metric(
            namespace=contract.METRIC_NAMESPACE,
            metric_name=metric_name,
            dimensions_map={contract.PROVIDER_DIMENSION: self.provider_id},
            statistic=statistic,
            period=period or _DEFAULT_PERIOD,
        )

    def metric_claims(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the number of claimed phone numbers."""
        return self.metric("Claims", statistic=statistic, period=period)

    def metric_claims_refused(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the number of claims that Connect has refused. The budget does not contain them."""
        return self.metric("ClaimsRefused", statistic=statistic, period=period)

    def metric_releases(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the number of released phone numbers."""
        return self.metric("Releases", statistic=statistic, period=period)

    def metric_releases_failing(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return how many phone numbers are still to be released after Connect has refused their release.

        Each sweep publishes how many there are, until there are none.
        """
        return self.metric("ReleasesFailing", statistic=statistic, period=period)

    def metric_claims_stuck(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many claims have an unknown result, as each sweep finds them.

        These are claims that are neither finished nor given up although their time is over, and
        numbers that CloudFormation has neither acknowledged nor given up after a day.
        """
        return self.metric("ClaimsStuck", statistic=statistic, period=period)

    def metric_due_work(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the amount of due work that each sweep finds."""
        return self.metric("DueWork", statistic=statistic, period=period)

    def metric_oldest_due_seconds(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return the age in seconds of the oldest unfinished work that each sweep finds.

        The age counts from the time when the work first became due. A sweep that postpones work does
        not reset it.
        """
        return self.metric("OldestDueSeconds", statistic=statistic, period=period)

    def metric_sweep_runs(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many sweeps the schedule has started.

        Amazon EventBridge counts them, in the namespace ``AWS/Events``:
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
        """
        return cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="Invocations",
            dimensions_map={"RuleName": self.sweep_rule_name},
            statistic=statistic,
            period=period or _DEFAULT_PERIOD,
        )

    def metric_sweep_errors(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many claims sweeps could not handle because of an unexpected error.

        An item of the ledger that cannot be read is such an error. The sweep continues with the other
        claims.
        """
        return self.metric("SweepErrors", statistic=statistic, period=period)

    def metric_budget_used(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many claims and releases of the last 180 days count toward the 200 % of the quota.

        Published once a day, as are the other metrics of the budget. Their default period is therefore a day.
        """
        return self.metric("BudgetUsed", statistic=statistic, period=period or _DAY)

    def metric_numbers_held(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many numbers the provider holds, parked ones included. Published once a day."""
        return self.metric("NumbersHeld", statistic=statistic, period=period or _DAY)

    def metric_parked_numbers(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many numbers are parked: billed, and nobody's. Published once a day."""
        return self.metric("ParkedNumbers", statistic=statistic, period=period or _DAY)

    def metric_releases_postponed(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return how many parked numbers are there whose release the budget has postponed. Published once a day."""
        return self.metric("ReleasesPostponed", statistic=statistic, period=period or _DAY)

    def metric_budget_left(self, *, statistic: str = _MINIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many more claims and releases Amazon Connect allows.

        Not published as long as the quota is not known.
        """
        return self.metric("BudgetLeft", statistic=statistic, period=period or _DAY)

    def metric_budget_used_percent(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return which part of the claims and releases that Amazon Connect allows is used, in percent.

        Not published as long as the quota is not known.
        """
        return self.metric("BudgetUsedPercent", statistic=statistic, period=period or _DAY)

    def metric_budget_days_until_more(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return in how many days the first of the used claims and releases are free again."""
        return self.metric("BudgetDaysUntilMore", statistic=statistic, period=period or _DAY)

    def metric_failed_deliveries(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many events all invocations of the function failed to handle."""
        return self.metric("FailedDeliveries", statistic=statistic, period=period)

    def metric_responses_not_delivered(
        self, *, statistic: str = _SUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return how many responses the response URL refused for good, so that CloudFormation waits in vain."""
        return self.metric("ResponsesNotDelivered", statistic=statistic, period=period)

    def metric_numbers_kept(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how many phone numbers the function keeps because it cannot know that nobody needs them.

        Their release had failed, and their stack was then deleted without them, or another resource got them. Or
        CloudFormation has forgotten their stack before it told whether it had them. Such a number is billed. The log
        shows which one it is.
        """
        return self.metric("NumbersKept", statistic=statistic, period=period)


class ProviderAlarms(Construct):
    """Seven alarms that notify a topic when they go off and when they are over."""

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
        self.alarms: list[cloudwatch.Alarm] = []
        self._action = cast(cloudwatch.IAlarmAction, actions.SnsAction(topic))
        quarter = Duration.minutes(15)
        self._alarm(
            "ReleaseKeepsFailing",
            "Amazon Connect has refused to release a number for an hour, and the number is still billed. "
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
            "Work has been due for more than an hour: releases or canceled claims are waiting. "
            "The function's log says what stops them: remove the cause, and the next sweeps finish the work.",
            metrics.metric_oldest_due_seconds(period=quarter),
            threshold=OLDEST_DUE_LIMIT.to_seconds(),
        )
        self._alarm(
            "SweeperStopped",
            "The schedule, which starts a sweep every five minutes, has not started one. "
            "Look at the rule: it may be disabled, or not allowed to invoke the function.",
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
            "BudgetNearlyUsed",
            "80 % of the claims and releases that Amazon Connect allows in 180 days are used. Above 100 %, the account "
            "cannot claim numbers for up to 180 days. The metrics of the budget say how many are left, and when more "
            "are: create and destroy fewer numbers until then, or ask for a higher quota.",
            metrics.metric_budget_used_percent(),
            threshold=_NEARLY_USED_PERCENT,
        )
        self._alarm(
            "OnFailurePathUsed",
            "The function failed at every invocation to handle an event, which is now in the queue. "
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
        self.alarms.append(alarm)
