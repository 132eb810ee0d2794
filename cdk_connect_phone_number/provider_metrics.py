"""The provider's metrics as methods, so that nobody has to know namespace and dimension."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from .lambda_handlers.connect_phone_number import contract

_SUM: Final = "Sum"
_MAXIMUM: Final = "Maximum"
_DEFAULT_PERIOD: Final = Duration.minutes(5)


class ProviderMetrics:
    """The metrics of one provider, in CloudWatch's namespace ``ConnectPhoneNumber``.

    A sweep, every 5 minutes, publishes what it found as gauges, whose maximum counts; all else is
    counted when it happens, and its sum counts. Every method takes another statistic, and the period
    (5 minutes by default), as in
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """

    provider_id: str
    """What tells this provider from all others; the value of the metrics' dimension."""

    def metric(self, metric_name: str, *, statistic: str, period: Duration | None = None) -> cloudwatch.Metric:
        """Return any metric of the provider by its name."""
        return cloudwatch.Metric(
            namespace=contract.METRIC_NAMESPACE,
            metric_name=metric_name,
            dimensions_map={contract.PROVIDER_DIMENSION: self.provider_id},
            statistic=statistic,
            period=period or _DEFAULT_PERIOD,
        )

    def metric_claims(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the numbers claimed."""
        return self.metric("Claims", statistic=statistic, period=period)

    def metric_releases(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the numbers released."""
        return self.metric("Releases", statistic=statistic, period=period)

    def metric_releases_failing(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return the numbers whose release Connect has refused and that are still to be released.

        Each sweep publishes how many there are, so the value goes back to 0 when they are released.
        """
        return self.metric("ReleasesFailing", statistic=statistic, period=period)

    def metric_claims_stuck(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the claims of which nobody knows how they end, as each sweep finds them.

        These are claims that are neither finished nor given up although their time is over, and
        numbers that CloudFormation has neither taken note of nor given up after a day.
        """
        return self.metric("ClaimsStuck", statistic=statistic, period=period)

    def metric_due_work(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how much due work each sweep finds."""
        return self.metric("DueWork", statistic=statistic, period=period)

    def metric_oldest_due_seconds(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return the age in seconds of the oldest unfinished work that each sweep finds.

        It counts from when the work first became due. A sweep that postpones work does not make it
        any younger.
        """
        return self.metric("OldestDueSeconds", statistic=statistic, period=period)

    def metric_sweep_runs(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the sweeps."""
        return self.metric("SweepRuns", statistic=statistic, period=period)

    def metric_sweep_errors(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the claims that sweeps could not handle because of an error that was not expected.

        An item of the ledger that cannot be read is such an error. The sweep goes on with the other
        claims.
        """
        return self.metric("SweepErrors", statistic=statistic, period=period)

    def metric_failed_deliveries(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the events that all attempts of the function failed to handle."""
        return self.metric("FailedDeliveries", statistic=statistic, period=period)

    def metric_responses_not_delivered(
        self, *, statistic: str = _SUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return the answers that the answer URL refused for good, so that CloudFormation waits in vain."""
        return self.metric("ResponsesNotDelivered", statistic=statistic, period=period)

    def metric_numbers_kept(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the numbers whose release had failed and whose stack was then deleted without them.

        Nothing in CloudFormation knows such a number any more, and it is billed. The log says which one it is.
        """
        return self.metric("NumbersKept", statistic=statistic, period=period)
