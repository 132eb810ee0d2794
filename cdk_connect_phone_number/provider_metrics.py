"""The provider's metrics as methods, so that nobody has to know namespace and dimension."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

NAMESPACE: Final = "ConnectPhoneNumber"
DIMENSION: Final = "Provider"

_SUM: Final = "Sum"
_MAXIMUM: Final = "Maximum"
_DEFAULT_PERIOD: Final = Duration.minutes(5)


class ProviderMetrics:
    """The metrics of one provider, in CloudWatch's namespace ``ConnectPhoneNumber``.

    Every method takes the statistic and the period (5 minutes by default) as in
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """

    provider_id: str
    """What tells this provider from all others; the value of the metrics' dimension."""

    def metric(self, metric_name: str, *, statistic: str, period: Duration | None = None) -> cloudwatch.Metric:
        """Return any metric of the provider by its name."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric_name,
            dimensions_map={DIMENSION: self.provider_id},
            statistic=statistic,
            period=period or _DEFAULT_PERIOD,
        )

    def metric_claims(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the numbers claimed."""
        return self.metric("Claims", statistic=statistic, period=period)

    def metric_releases(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the numbers released."""
        return self.metric("Releases", statistic=statistic, period=period)

    def metric_release_failures(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the attempts to release a number that Connect refused."""
        return self.metric("ReleaseFailures", statistic=statistic, period=period)

    def metric_claims_stuck(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the claims that are neither done nor given up, as each sweep finds them."""
        return self.metric("ClaimsStuck", statistic=statistic, period=period)

    def metric_due_work(self, *, statistic: str = _MAXIMUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return how much due work each sweep finds."""
        return self.metric("DueWork", statistic=statistic, period=period)

    def metric_oldest_due_seconds(
        self, *, statistic: str = _MAXIMUM, period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Return for how many seconds the oldest work that each sweep finds has been due."""
        return self.metric("OldestDueSeconds", statistic=statistic, period=period)

    def metric_sweep_runs(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the sweeps."""
        return self.metric("SweepRuns", statistic=statistic, period=period)

    def metric_failed_deliveries(self, *, statistic: str = _SUM, period: Duration | None = None) -> cloudwatch.Metric:
        """Return the events that all attempts of the function failed to handle."""
        return self.metric("FailedDeliveries", statistic=statistic, period=period)
