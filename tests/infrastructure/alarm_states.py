"""When CloudWatch's alarms ring, as far as the provider uses them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarm-evaluation
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from verification.simulator.timeline import START
from verification.simulator.world import World

_QUEUE_METRIC: Final = "NumberOfMessagesSent"
_RULE_METRIC: Final = "Invocations"


@dataclass(frozen=True)
class DataPoint:
    """One value of a metric."""

    time: float
    value: float


@dataclass(frozen=True)
class Alarm:
    """An alarm of a synthesized template."""

    name: str
    properties: Mapping[str, Any]

    def first_rings_at(self, points: Mapping[str, Sequence[DataPoint]], until: float) -> float | None:
        """Return when the alarm first rings, in seconds since the start, or ``None`` where it never does."""
        period = float(self.properties["Period"])
        metric = points.get(self.properties["MetricName"], ())
        in_a_row = 0
        time = START + period
        while time <= until:
            values = [point.value for point in metric if time - period <= point.time < time]
            in_a_row = in_a_row + 1 if self._is_breaching(values) else 0
            if in_a_row >= self.properties["EvaluationPeriods"]:
                return time - START
            time += period
        return None

    def _is_breaching(self, values: list[float]) -> bool:
        if not values:
            return bool(self.properties["TreatMissingData"] == "breaching")
        value = sum(values) if self.properties["Statistic"] == "Sum" else max(values)
        threshold = float(self.properties["Threshold"])
        match self.properties["ComparisonOperator"]:
            case "GreaterThanOrEqualToThreshold":
                return value >= threshold
            case "LessThanThreshold":
                return value < threshold
            case other:
                raise AssertionError(f"nobody has written down what {other} means")


def alarms_of(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, Alarm]:
    """Return the alarms among a template's resources, by the names of their constructs."""
    alarms: dict[str, Alarm] = {}
    for logical_id, resource in resources.items():
        # The logical id is the construct's path and a hash.
        name = logical_id.partition("Alarms")[2][:-8]
        alarms[name] = Alarm(name, resource["Properties"])
    return alarms


def metrics_of(world: World) -> dict[str, list[DataPoint]]:
    """Return what the function has published in a world, and what the queue of failures and the schedule's rule say."""
    points: dict[str, list[DataPoint]] = {}
    for line in world.log:
        fields = json.loads(line)
        metadata = fields.get("_aws")
        for definition in metadata["CloudWatchMetrics"][0]["Metrics"] if metadata else ():
            name = definition["Name"]
            points.setdefault(name, []).append(DataPoint(metadata["Timestamp"] / 1000, float(fields[name])))
    points[_QUEUE_METRIC] = [
        DataPoint(lambda_event.sent_at, 1.0)
        for lambda_event in world.lambda_service.invocations
        if lambda_event.name.startswith("given up")
    ]
    points[_RULE_METRIC] = [
        DataPoint(lambda_event.sent_at, 1.0)
        for lambda_event in world.lambda_service.invocations
        if lambda_event.name.startswith("sweep")
    ]
    return points
