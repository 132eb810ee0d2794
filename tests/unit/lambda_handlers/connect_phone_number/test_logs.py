import json
from typing import Any

from lambda_handlers.connect_phone_number.contract import METRIC_NAMESPACE, PROVIDER_DIMENSION
from lambda_handlers.connect_phone_number.logs import Log


def _log() -> tuple[Log, list[str]]:
    lines: list[str] = []
    return Log(lines.append, lambda: 1234.5678), lines


def _only(lines: list[str]) -> Any:
    assert len(lines) == 1
    assert "\n" not in lines[0]
    return json.loads(lines[0])


def test_a_line_is_one_json_object() -> None:
    log, lines = _log()
    log.info("number is live\n", number="+12065550100", tries=2)
    assert _only(lines) == {"level": "INFO", "message": "number is live\n", "number": "+12065550100", "tries": 2}


def test_levels() -> None:
    log, lines = _log()
    log.warning("w")
    log.error("e")
    assert [json.loads(line)["level"] for line in lines] == ["WARNING", "ERROR"]


def test_a_log_that_has_fields_writes_them_in_each_line_and_leaves_the_first_as_it_was() -> None:
    log, lines = _log()
    log.bind(stack="s").bind(resource="r").info("m")
    assert _only(lines) == {"level": "INFO", "message": "m", "stack": "s", "resource": "r"}
    lines.clear()
    log.info("m")
    assert _only(lines) == {"level": "INFO", "message": "m"}


def test_what_json_does_not_know_is_written_as_text() -> None:
    log, lines = _log()
    log.info("m", error=ValueError("why"))
    assert _only(lines)["error"] == "why"


def test_metrics_are_in_the_embedded_metric_format() -> None:
    log, lines = _log()
    log.metrics("shared", DueWork=3, OldestDueSeconds=61)
    assert _only(lines) == {
        "_aws": {
            "Timestamp": 1234567,
            "CloudWatchMetrics": [
                {
                    "Namespace": METRIC_NAMESPACE,
                    "Dimensions": [[PROVIDER_DIMENSION]],
                    "Metrics": [
                        {"Name": "DueWork", "Unit": "Count"},
                        {"Name": "OldestDueSeconds", "Unit": "Seconds"},
                    ],
                }
            ],
        },
        PROVIDER_DIMENSION: "shared",
        "DueWork": 3,
        "OldestDueSeconds": 61,
    }


def test_findings_that_are_none_are_not_published() -> None:
    log, lines = _log()
    log.findings("provider", DueWork=0, SweepErrors=0)
    assert lines == []
    log.findings("provider", DueWork=2, SweepErrors=0)
    line = _only(lines)
    assert (line["DueWork"], "SweepErrors" in line) == (2, False)
