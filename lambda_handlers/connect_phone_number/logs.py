"""Structured logs and metrics: one JSON object per line, without the response URL.

Metrics are written in CloudWatch's embedded metric format, so the function needs no permission to publish them:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .contract import METRIC_NAMESPACE, PROVIDER_DIMENSION

_SECONDS: Final = frozenset({"OldestDueSeconds"})


@dataclass(frozen=True)
class Log:
    """Writes lines that carry the same fields.

    Parameters
    ----------
    write
        Writes one line.
    clock
        Returns the time in seconds since the epoch.
    fields
        The fields of every line, for example the stack and the logical id.
    """

    write: Callable[[str], object]
    clock: Callable[[], float]
    fields: Mapping[str, str] = field(default_factory=dict[str, str])

    def bind(self, **fields: str) -> "Log":
        """Return a log whose lines have additional fields."""
        return Log(self.write, self.clock, {**self.fields, **fields})

    def info(self, message: str, **details: object) -> None:
        """Log what was done."""
        self._line("INFO", message, details)

    def warning(self, message: str, **details: object) -> None:
        """Log what went wrong and is handled."""
        self._line("WARNING", message, details)

    def error(self, message: str, **details: object) -> None:
        """Log what a person should look at."""
        self._line("ERROR", message, details)

    def metrics(self, provider_id: str, **values: float) -> None:
        """Publish metrics of the provider."""
        definition = {
            "Namespace": METRIC_NAMESPACE,
            "Dimensions": [[PROVIDER_DIMENSION]],
            "Metrics": [{"Name": name, "Unit": "Seconds" if name in _SECONDS else "Count"} for name in values],
        }
        metadata = {"Timestamp": int(self.clock() * 1000), "CloudWatchMetrics": [definition]}
        self.write(json.dumps({"_aws": metadata, PROVIDER_DIMENSION: provider_id, **values}))

    def findings(self, provider_id: str, **values: float) -> None:
        """Publish those metrics of the provider that are not 0.

        CloudWatch bills a custom metric for each hour in which it has a value, so a provider that holds no numbers
        publishes none.
        https://aws.amazon.com/cloudwatch/pricing/
        """
        values = {name: value for name, value in values.items() if value}
        if values:
            self.metrics(provider_id, **values)

    def _line(self, level: str, message: str, details: Mapping[str, object]) -> None:
        self.write(json.dumps({"level": level, "message": message, **self.fields, **details}, default=str))


def write_line(line: str) -> None:
    """Write a line to where Lambda takes the log from, at once: a process may be frozen after its response."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
