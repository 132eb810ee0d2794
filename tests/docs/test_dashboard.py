"""The picture of the dashboard is drawn from its definition, and its data is what the run has logged."""

import json
import re
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from docs.tools.dashboard import CAPTION, PICTURE, definition, drawing, series
from docs.tools.dashboard_drawing import Box, markdown
from docs.tools.dashboard_run import END, Point, points, run

BEGIN: Final = 1_000_000 * 3600.0
HOUR: Final = 3600.0


def texts() -> list[str]:
    """Return the texts of the picture."""
    root = ElementTree.parse(PICTURE).getroot()  # noqa: S314 - our own file
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def metric(name: str, statistic: str, **options: Any) -> list[Any]:
    return [
        "Namespace",
        name,
        "Provider",
        "p",
        {"label": name, "color": "#000000", "period": 3600, "stat": statistic, **options},
    ]


def filled(name: str) -> list[list[Any]]:
    expression = {"label": name, "color": "#000000", "expression": f"FILL({name.lower()}, 0)", "period": 3600}
    return [[expression], metric(name, "Sum", id=name.lower(), visible=False)]


def test_the_picture_is_that_of_the_definition() -> None:
    assert drawing() == PICTURE.read_text(), "run: python -m docs.tools.dashboard --write"


def test_the_picture_shows_each_title_and_each_line_and_says_what_it_is() -> None:
    shown = texts()
    for widget in definition()["widgets"]:
        properties = widget["properties"]
        assert properties.get("title") in (None, *shown)
        for entry in properties.get("metrics", []):
            label = entry[-1].get("label")
            assert label is None or label in shown or f"{label} *" in shown
    assert shown[-len(CAPTION) :] == list(CAPTION)


def test_the_picture_has_the_data_of_the_run() -> None:
    last = {point.metric: point.value for point in run()}
    shown = texts()

    assert {"NumbersHeld", "ReleasesPostponed", "BudgetLeft", "ReleasesFailing", "ClaimsRefused"} <= last.keys()
    for name, label in (
        ("NumbersHeld", "Held"),
        ("BudgetLeft", "Budget left"),
        ("BudgetDaysUntilMore", "Days until more"),
    ):
        assert shown[shown.index(label) - 1] == f"{last[name]:g}"


def test_values_are_put_together_by_period() -> None:
    some = [Point("Claims", BEGIN + 1, 1), Point("Claims", BEGIN + 2, 2), Point("Claims", BEGIN + HOUR, 5)]
    other = [Point("Releases", BEGIN, 9), Point("Claims", BEGIN - 1, 9), Point("Claims", BEGIN + 2 * HOUR, 9)]

    for statistic, first in (("Sum", 3), ("Maximum", 2), ("Minimum", 1)):
        (line,) = series([metric("Claims", statistic)], some + other, BEGIN, BEGIN + 2 * HOUR)
        assert line.values == {BEGIN: first, BEGIN + HOUR: 5}


def test_gaps_are_filled_with_0_but_a_metric_without_data_stays_without() -> None:
    some = [Point("Claims", BEGIN + HOUR, 5)]

    (line,) = series(filled("Claims"), some, BEGIN, BEGIN + 3 * HOUR)
    (empty,) = series(filled("Releases"), some, BEGIN, BEGIN + 3 * HOUR)

    assert line.values == {BEGIN: 0, BEGIN + HOUR: 5, BEGIN + 2 * HOUR: 0}
    assert (empty.values, empty.shown_label) == ({}, "Releases *")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ([[{"label": "x", "color": "#000000", "expression": "RATE(m)"}]], r"cannot show 'RATE\(m\)'"),
        ([metric("Claims", "Sum", yAxis="right")], "no right axis for 'Claims'"),
    ],
)
def test_what_the_picture_cannot_show_is_an_error(wrong: list[list[Any]], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        list(series(wrong, [Point("Claims", BEGIN, 1)], BEGIN, BEGIN + HOUR))


def test_a_text_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="make the widget higher"):
        list(markdown(Box(0, 0, 200, 40), "# Title\n\n" + "word " * 50))


def test_only_metrics_of_the_provider_are_taken_from_a_log() -> None:
    def line(namespace: str) -> str:
        found = {"Namespace": namespace, "Metrics": [{"Name": "Claims"}]}
        return json.dumps({"_aws": {"Timestamp": 2500, "CloudWatchMetrics": [found]}, "Claims": 3})

    assert points([line("ConnectPhoneNumber"), line("Other"), '{"level": "INFO"}']) == [Point("Claims", 2.5, 3)]


def test_the_run_ends_when_the_picture_does() -> None:
    times = [point.time for point in run()]

    assert max(times) < END
    assert re.fullmatch(r"-P14D", definition()["start"])
    assert min(times) >= END - 14 * 24 * HOUR
