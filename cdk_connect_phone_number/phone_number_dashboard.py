"""A CloudWatch dashboard of providers: their numbers, their budget, their work, and what needs a person.

jsii names some parameters differently in a class and in its interface, to which strict type checkers object. In these
cases, a value is cast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from .function_code import contract
from .phone_number_provider import IPhoneNumberProvider, PhoneNumberProvider
from .properties import check_provider, refuse
from .provider.monitoring import OLDEST_DUE_LIMIT, ProviderMetrics

_WIDTH: Final = 24
"""CloudWatch's grid has so many columns.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""
_HOUR: Final = Duration.hours(1)
_SHOWN: Final = Duration.days(14)
_BLUE: Final = "#2e7fc9"
_ORANGE: Final = "#c96a00"
_GREEN: Final = "#1f8f63"
_PURPLE: Final = "#9b6bc9"
_RED: Final = "#d64545"
_GRAY: Final = "#808790"
"""These colors stand out from a white and from a dark background alike, and a legend names each line."""
COLORS: Final = (_BLUE, _ORANGE, _GREEN, _PURPLE, _RED, _GRAY)

_SEARCHED: Final = (
    "This provider was deployed elsewhere, so its ID is not known here. The numbers, the budget and the failures are "
    "therefore those of **every provider in this account and its Region**, a line each. Alarms, sweeps and queues are "
    "left out."
)


@dataclass(frozen=True)
class Failure:
    """A failure that the dashboard shows, and what a person does about it.

    Parameters
    ----------
    shown
        The lines of the graphs that show it.
    remedy
        What to do.
    heading
        The heading of ``docs/troubleshooting.md`` to read.
    """

    shown: str
    remedy: str
    heading: str


FAILURES: Final = (
    Failure(
        "Failed deliveries, errors, events in the queue",
        "The function's log says why. Remove the cause: the function takes the events from the queue again.",
        "No message at all",
    ),
    Failure(
        "Responses not delivered",
        "CloudFormation waits until its timeout. Then deploy or delete the stack again.",
        "No message at all",
    ),
    Failure("Throttles", "Raise the account's concurrency, or the function's reserved concurrency.", "Time"),
    Failure(
        "Claims refused",
        "Somebody else was faster, or Connect allows no more. The stack's events say which.",
        "What Connect refused",
    ),
    Failure(
        "Releases failing, oldest due work above 1 hour",
        "The log says which number and why. Remove the cause: the next sweeps release the number.",
        "Releasing",
    ),
    Failure(
        "Sweeps started below 12 in an hour",
        "See whether the schedule's rule is disabled, or may not invoke the function. What is due waits meanwhile.",
        "No message at all",
    ),
    Failure(
        "Claims stuck",
        "The log says which number. See whether its stack still needs it, and delete or deploy that stack.",
        "Releasing",
    ),
    Failure(
        "Numbers kept",
        "No stack knows these numbers, and they are billed. The log says which: adopt or release them.",
        "Releasing",
    ),
    Failure(
        "Sweep errors",
        "The log says which item cannot be read. Repair it from the table's backup, or report it.",
        "Deleting the provider",
    ),
    Failure(
        "Budget left is low, releases postponed",
        "Create and destroy fewer numbers until more are free, or ask for a higher quota.",
        "Claiming",
    ),
)


@dataclass(frozen=True)
class _Line:
    """A metric as a graph shows it."""

    metric: cloudwatch.Metric
    label: str
    color: str
    is_sparse: bool = True
    """Whether no value means 0. Otherwise it means that the value is not known."""


class _AnyProvidersMetrics(ProviderMetrics):
    """The metrics of a provider whose ID is not known: what is searched for by its name and statistic."""

    provider_id = "*"


_Shown: TypeAlias = Callable[[_Line], cloudwatch.IMetric]
"""Makes of a line what CloudWatch draws for one provider."""


class PhoneNumberDashboard(Construct):
    """A CloudWatch dashboard that shows what providers hold, what is left of the budget, and what needs a person.

    It shows the last 14 days. For each provider there are the numbers held, parked, and postponed, the budget that is
    used and left, claims and releases, the oldest due work, and the failures. Below are the alarms of all providers,
    and a table that says what to do about each failure.

    CloudWatch bills a dashboard of its own, unless it is among those that are free:
    https://aws.amazon.com/cloudwatch/pricing/. It needs no permissions of the function.

    Parameters
    ----------
    scope : constructs.Construct
        The construct, usually the stack, that the dashboard belongs to. A provider of another stack of the app works,
        as with other references between stacks.
    id : str
        The construct's id, unique in its scope.
    providers : Sequence[IPhoneNumberProvider]
        The providers to show, at least one. The ID of an imported provider is not known. In its
        place, the dashboard shows all providers of this account in that provider's Region, without their alarms and
        queues.
    dashboard_name : str, optional
        Name of the dashboard, as a literal or a token. By default, CloudFormation makes one up.
    troubleshooting_url : str, optional
        Where your team reads ``docs/troubleshooting.md``, as a literal or a token. The table of failures then links
        to the headings of that page. By default, it only names them.

    Raises
    ------
    ValueError
        If ``providers`` is empty, contains a provider twice, or contains anything but providers. The message contains
        the construct's path, the property, its value, and what to do.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        providers: Sequence[IPhoneNumberProvider],
        dashboard_name: str | None = None,
        troubleshooting_url: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        if not providers:
            refuse(self, "providers is empty, so there is nothing to show. Name a provider.")
        paths: set[str] = set()
        for provider in providers:
            check_provider(self, provider)
            if provider.node.path in paths:
                refuse(self, f"providers contain {provider.node.path} twice. Remove one of the two.")
            paths.add(provider.node.path)
        self._dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=dashboard_name, default_interval=_SHOWN
        )
        for provider in providers:
            for row in _rows(provider):
                self._dashboard.add_widgets(*row)
        own = [provider for provider in providers if isinstance(provider, PhoneNumberProvider)]
        alarms = [cast(cloudwatch.IAlarm, alarm) for provider in own for alarm in provider.alarms]
        if alarms:
            self._dashboard.add_widgets(
                cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=_WIDTH, height=3)
            )
        self._dashboard.add_widgets(
            cloudwatch.TextWidget(markdown=_what_to_do(troubleshooting_url), width=_WIDTH, height=12)
        )

    @property
    def dashboard(self) -> cloudwatch.Dashboard:
        """The dashboard, to which an app can add widgets of its own."""
        return self._dashboard


def _rows(provider: IPhoneNumberProvider) -> list[list[cloudwatch.IWidget]]:
    """Return the widgets of one provider, row by row."""
    if isinstance(provider, PhoneNumberProvider):
        metrics: ProviderMetrics = provider
        note, shown = "", partial(_of_provider, provider)
        sweeps = [_Line(provider.metric_sweep_runs(period=_HOUR), "Sweeps started (right)", _GREEN, is_sparse=False)]
        queue = provider.failure_queue.metric_approximate_number_of_messages_visible(period=_HOUR)
        in_queue = [_Line(queue, "Events in the queue", _GREEN, is_sparse=False)]
    else:
        metrics = _AnyProvidersMetrics()
        note, shown = f"\n\n{_SEARCHED}", partial(_of_all_providers, provider)
        sweeps, in_queue = [], []
    function = provider.function
    parked = _Line(metrics.metric_parked_numbers(), "Parked", _ORANGE)
    held = _Line(metrics.metric_numbers_held(), "Held", _BLUE)
    postponed = _Line(metrics.metric_releases_postponed(), "Releases postponed", _RED)
    used = _Line(metrics.metric_budget_used(), "Budget used", _ORANGE)
    left = _Line(metrics.metric_budget_left(), "Budget left", _BLUE, is_sparse=False)
    days = _Line(metrics.metric_budget_days_until_more(), "Days until more", _GRAY)
    return [
        [
            cloudwatch.TextWidget(
                markdown=f"# Phone numbers of {provider.node.path}{note}", width=_WIDTH, height=3 if note else 1
            )
        ],
        [_values("Today, in UTC", shown, held, parked, postponed, used, left, days)],
        [
            _graph(
                "Claims and releases in an hour",
                shown,
                _Line(metrics.metric_claims(period=_HOUR), "Claimed", _BLUE),
                _Line(metrics.metric_releases(period=_HOUR), "Released", _ORANGE),
            ),
            _graph("Numbers", shown, held, parked, postponed),
            _graph("Claims and releases of 180 days", shown, used, left),
        ],
        [
            _graph(
                "Oldest due work",
                shown,
                _Line(metrics.metric_oldest_due_seconds(period=_HOUR), "Seconds", _BLUE),
                right=sweeps,
                above=cloudwatch.HorizontalAnnotation(
                    value=OLDEST_DUE_LIMIT.to_seconds(), label="Needs a person", color=_RED
                ),
            ),
            _graph(
                "Events and responses that failed",
                shown,
                _Line(metrics.metric_failed_deliveries(period=_HOUR), "Failed deliveries", _BLUE),
                _Line(metrics.metric_responses_not_delivered(period=_HOUR), "Responses not delivered", _ORANGE),
                *in_queue,
                _Line(function.metric_errors(period=_HOUR), "Errors", _RED, is_sparse=False),
                _Line(function.metric_throttles(period=_HOUR), "Throttles", _PURPLE, is_sparse=False),
            ),
            _graph(
                "Numbers and claims that failed",
                shown,
                _Line(metrics.metric_claims_refused(period=_HOUR), "Claims refused", _BLUE),
                _Line(metrics.metric_releases_failing(period=_HOUR), "Releases failing", _ORANGE),
                _Line(metrics.metric_claims_stuck(period=_HOUR), "Claims stuck", _GREEN),
                _Line(metrics.metric_numbers_kept(period=_HOUR), "Numbers kept", _PURPLE),
                _Line(metrics.metric_sweep_errors(period=_HOUR), "Sweep errors", _RED),
            ),
        ],
    ]


def _values(title: str, shown: _Shown, *lines: _Line) -> cloudwatch.IWidget:
    return cloudwatch.SingleValueWidget(
        title=title, metrics=[shown(line) for line in lines], width=_WIDTH, height=3, full_precision=True
    )


def _graph(
    title: str,
    shown: _Shown,
    *lines: _Line,
    right: Sequence[_Line] = (),
    above: cloudwatch.HorizontalAnnotation | None = None,
) -> cloudwatch.IWidget:
    axis = cloudwatch.YAxisProps(min=0, show_units=False)
    return cloudwatch.GraphWidget(
        title=title,
        left=[shown(line) for line in lines],
        right=[shown(line) for line in right],
        left_y_axis=axis,
        right_y_axis=axis,
        left_annotations=[] if above is None else [above],
        width=_WIDTH // 3,
        height=6,
    )


def _of_provider(provider: PhoneNumberProvider, line: _Line) -> cloudwatch.IMetric:
    """Return a line of the metrics of one provider."""
    # So that CloudWatch reads it in the provider's Region if the dashboard is in another one.
    metric = line.metric.attach_to(provider)
    if not line.is_sparse:
        return cast(cloudwatch.IMetric, metric.with_(label=line.label, color=line.color))
    name = f"{line.metric.metric_name[0].lower()}{line.metric.metric_name[1:]}"
    return cast(
        cloudwatch.IMetric,
        cloudwatch.MathExpression(
            expression=f"FILL({name}, 0)",
            using_metrics={name: cast(cloudwatch.IMetric, metric)},
            label=line.label,
            color=line.color,
            period=metric.period,
        ),
    )


def _of_all_providers(provider: IPhoneNumberProvider, line: _Line) -> cloudwatch.IMetric:
    """Return the lines of the metrics of all providers in the Region of one whose ID is not known."""
    metric = line.metric
    region = provider.env.region
    if metric.namespace != contract.METRIC_NAMESPACE:
        return cast(cloudwatch.IMetric, metric.with_(label=line.label, color=line.color, region=region))
    schema = f"{{{contract.METRIC_NAMESPACE},{contract.PROVIDER_DIMENSION}}}"
    period = metric.period.to_seconds()
    search = f"SEARCH('{schema} MetricName=\"{metric.metric_name}\"', '{metric.statistic}', {period})"
    return cast(
        cloudwatch.IMetric,
        cloudwatch.MathExpression(
            expression=f"FILL({search}, 0)" if line.is_sparse else search,
            label=line.label,
            color=line.color,
            period=metric.period,
            search_region=region,
        ),
    )


def _what_to_do(troubleshooting_url: str | None) -> str:
    """Return the table of failures in CloudWatch's Markdown."""

    def read(heading: str) -> str:
        anchor = heading.lower().replace(" ", "-")
        return heading if troubleshooting_url is None else f"[{heading}]({troubleshooting_url}#{anchor})"

    where = "`docs/troubleshooting.md`" if troubleshooting_url is None else f"[Troubleshooting]({troubleshooting_url})"
    rows = [f"| {failure.shown} | {failure.remedy} | {read(failure.heading)} |" for failure in FAILURES]
    beginning = (
        "## What to do\n\n"
        "Nothing is to be done where a failure is at 0, as long as the schedule starts 12 sweeps in an hour. "
        f"{where} says more.\n"
    )
    return "\n".join([beginning, "| Line | What to do | Read |", "|---|---|---|", *rows])
