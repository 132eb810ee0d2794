"""A picture of the dashboard, drawn from its own definition with the data of a local run.

``python -m docs.tools.dashboard --write`` writes it to ``docs/dashboard.svg``. CloudWatch cannot be reached without an
account. So the picture shows what ``PhoneNumberDashboard`` defines (positions, titles, metrics, periods, colors), as
this module draws it.
"""

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumberDashboard, PhoneNumberProvider

from .dashboard_drawing import STYLE, WIDTH, Box, Series, frame, graph, markdown, text, tiles, title, values
from .dashboard_run import END, Point, run
from .pages import ROOT

PICTURE: Final = ROOT / "docs" / "dashboard.svg"
CAPTION: Final = (
    "Drawn from the widgets' definition, with the data of a local run in virtual time; CloudWatch draws its own.",
    "* no data in this run. AWS itself counts sweeps, errors, throttles and events in the queue, and knows the alarms.",
)
_SECONDS_A_DAY: Final = 86_400
_FILLED: Final = re.compile(r"FILL\((\w+), 0\)")
_STATISTICS: Final[Mapping[str, Callable[[list[float]], float]]] = {"Sum": sum, "Maximum": max, "Minimum": min}


def definition() -> Mapping[str, Any]:
    """Return the dashboard's body, with the names of the alarms in place of their ARNs."""
    stack = cdk.Stack(cdk.App(), "Telephony")
    provider = PhoneNumberProvider(stack, "Provider", alarm_topic=sns.Topic(stack, "Topic"))
    PhoneNumberDashboard(stack, "Dashboard", providers=[provider])
    names = {json.dumps(stack.resolve(alarm.alarm_arn)): alarm.node.id for alarm in provider.alarms}
    (found,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    parts = found["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = "".join(part if isinstance(part, str) else names.get(json.dumps(part), "token") for part in parts)
    return dict(json.loads(body))


def series(metrics: Sequence[Sequence[Any]], points: Sequence[Point], begin: float, end: float) -> Iterator[Series]:
    """Return the lines of a widget with their values between two times, as CloudWatch computes them.

    Raises
    ------
    ValueError
        If an expression is another than ``FILL`` of a metric with 0, or if a line of the right axis has values.
    """
    named = {entry[-1]["id"]: entry for entry in metrics if "id" in entry[-1]}
    for entry in metrics:
        options = entry[-1]
        if options.get("visible") is False:
            continue
        source = entry
        if "expression" in options:
            found = _FILLED.fullmatch(options["expression"])
            if found is None:
                raise ValueError(f"This picture cannot show {options['expression']!r}.")
            source = named[found[1]]
        period = source[-1]["period"]
        by_period: dict[float, list[float]] = defaultdict(list)
        for point in points:
            if point.metric == source[1] and begin <= point.time < end:
                by_period[point.time // period * period].append(point.value)
        statistic = _STATISTICS[source[-1]["stat"]]
        found_values = {time: float(statistic(some)) for time, some in by_period.items()}
        if found_values and source is not entry:
            periods = range(int(begin // period * period), int(end), period)
            found_values = {float(time): found_values.get(time, 0.0) for time in periods}
        if found_values and options.get("yAxis") == "right":
            raise ValueError(f"This picture has no right axis for {options['label']!r}.")
        yield Series(
            options["label"], options["color"], {max(time, begin): value for time, value in found_values.items()}
        )


def drawing() -> str:
    """Return the picture as SVG."""
    body, points = definition(), run()
    days = int(body["start"].removeprefix("-P").removesuffix("D"))
    begin = END - days * _SECONDS_A_DAY
    drawn = [element for widget in body["widgets"] for element in _widget(widget, points, begin)]
    bottom = max(Box.of_grid(widget).bottom for widget in body["widgets"])
    drawn += [text(12, bottom + 20 + 16 * index, line, kind="soft") for index, line in enumerate(CAPTION)]
    height = round(bottom + 48)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
            "<title>The dashboard of a provider of phone numbers, with the data of a local run of two weeks</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{height}"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _widget(widget: Mapping[str, Any], points: Sequence[Point], begin: float) -> Iterator[str]:
    box, properties = Box.of_grid(widget), widget["properties"]
    yield frame(box)
    if widget["type"] == "text":
        yield from markdown(box, properties["markdown"])
        return
    yield title(box, properties["title"])
    if widget["type"] == "alarm":
        yield from tiles(box, properties["alarms"])
        return
    lines = list(series(properties["metrics"], points, begin, END))
    if properties["view"] == "singleValue":
        yield from values(box, lines)
        return
    annotations = properties.get("annotations", {}).get("horizontal", [])
    limits = [(limit["value"], limit["label"], limit["color"]) for limit in annotations]
    yield from graph(box, lines, begin, END, limits)


def main() -> int:
    """Write the picture to its file, or print it."""
    parser = argparse.ArgumentParser(prog="python -m docs.tools.dashboard", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it to docs/dashboard.svg")
    if parser.parse_args().write:
        PICTURE.write_text(drawing())
    else:
        sys.stdout.write(drawing())
    return 0


if __name__ == "__main__":
    sys.exit(main())
