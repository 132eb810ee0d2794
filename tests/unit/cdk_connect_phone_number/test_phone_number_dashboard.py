import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumberDashboard, PhoneNumberProvider
from cdk_connect_phone_number.phone_number_dashboard import COLORS, FAILURES
from docs.tools.dashboard_drawing import STYLE
from docs.tools.pages import ROOT

COLUMNS: Final = 24
FREE_METRICS: Final = 50


def parts(stack: cdk.Stack) -> list[Any]:
    """Return the body of the only dashboard, as CloudFormation joins it."""
    (found,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    body = found["Properties"]["DashboardBody"]
    return [body] if isinstance(body, str) else list(body["Fn::Join"][1])


def widgets(stack: cdk.Stack) -> list[dict[str, Any]]:
    """Return the widgets, with the JSON of each token in its place."""
    body = "".join(part if isinstance(part, str) else json.dumps(json.dumps(part))[1:-1] for part in parts(stack))
    return list(json.loads(body)["widgets"])


def entries(found: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    """Yield the metrics and expressions of all widgets."""
    for widget in found:
        yield from widget["properties"].get("metrics", [])


def metrics(found: Sequence[Mapping[str, Any]]) -> set[tuple[str, ...]]:
    """Return the metrics that the widgets refer to: namespace, name and dimension."""
    return {tuple(entry[:-1]) for entry in entries(found) if len(entry) > 1}


def text(found: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(widget["properties"]["markdown"] for widget in found if widget["type"] == "text")


@pytest.fixture(scope="module")
def whole() -> list[dict[str, Any]]:
    """Return the widgets of a dashboard of one provider with alarms."""
    stack = cdk.Stack(cdk.App(), "Stack")
    provider = PhoneNumberProvider(stack, "Provider", alarm_topic=sns.Topic(stack, "Topic"))
    PhoneNumberDashboard(stack, "Dashboard", providers=[provider], troubleshooting_url="https://example.com/page")
    return widgets(stack)


def test_shows_what_a_person_who_answers_for_the_numbers_asks_for(whole: list[dict[str, Any]]) -> None:
    assert {name for _, name, *_ in metrics(whole)} == {
        "NumbersHeld",
        "ParkedNumbers",
        "ReleasesPostponed",
        "BudgetUsed",
        "BudgetLeft",
        "BudgetDaysUntilMore",
        "Claims",
        "Releases",
        "OldestDueSeconds",
        "Invocations",
        "FailedDeliveries",
        "ResponsesNotDelivered",
        "ApproximateNumberOfMessagesVisible",
        "Errors",
        "Throttles",
        "ClaimsRefused",
        "ReleasesFailing",
        "ClaimsStuck",
        "NumbersKept",
        "SweepErrors",
    }
    (alarms,) = (widget["properties"]["alarms"] for widget in whole if widget["type"] == "alarm")
    assert len(alarms) == 7


def test_dashboards_of_two_providers_are_within_what_is_free(whole: list[dict[str, Any]]) -> None:
    assert 2 * len(metrics(whole)) <= FREE_METRICS


def test_what_the_provider_does_not_publish_counts_as_0_except_where_it_means_unknown(
    whole: list[dict[str, Any]],
) -> None:
    filled = {
        name for entry in entries(whole) for name in re.findall(r"FILL\((\w+), 0\)", entry[-1].get("expression", ""))
    }
    own = {name for namespace, name, *_ in metrics(whole) if namespace == "ConnectPhoneNumber"}

    assert {name[0].upper() + name[1:] for name in filled} == own - {"BudgetLeft"}


def test_no_widget_covers_another_or_leaves_the_grid(whole: list[dict[str, Any]]) -> None:
    cells = [
        (column, row)
        for widget in whole
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < COLUMNS


def test_each_line_of_a_failure_is_in_the_table(whole: list[dict[str, Any]]) -> None:
    shown = " ".join(failure.shown for failure in FAILURES).lower()
    graphs = [widget for widget in whole if "failed" in widget["properties"].get("title", "")]
    labels = [entry[-1]["label"].lower() for entry in entries(graphs) if "label" in entry[-1]]

    assert len(graphs) == 2
    assert len(labels) == 10
    assert [label for label in labels if label not in shown] == []


def test_each_failure_links_to_a_heading_of_the_troubleshooting(whole: list[dict[str, Any]]) -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)

    assert {failure.heading for failure in FAILURES} <= set(headings)
    assert "| [No message at all](https://example.com/page#no-message-at-all) |" in text(whole)
    assert text(whole).count("](https://example.com/page#") == len(FAILURES)


def test_without_a_url_the_table_names_the_page_and_the_headings() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    PhoneNumberDashboard(stack, "Dashboard", providers=[PhoneNumberProvider(stack, "Provider")])
    found = widgets(stack)

    assert "`docs/troubleshooting.md`" in text(found)
    assert "| No message at all |" in text(found)
    assert "](" not in text(found)
    assert [widget for widget in found if widget["type"] == "alarm"] == [], "there are no alarms to show"


def test_several_providers_are_shown_one_below_the_other_with_all_alarms_and_one_table() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    topic = sns.Topic(stack, "Topic")
    providers = [PhoneNumberProvider(stack, name, alarm_topic=topic) for name in ("First", "Second")]
    PhoneNumberDashboard(stack, "Dashboard", providers=providers)
    found = widgets(stack)

    assert re.findall(r"^# (.+)$", text(found), re.MULTILINE) == [
        "Phone numbers of Stack/First",
        "Phone numbers of Stack/Second",
    ]
    (alarms,) = (widget["properties"]["alarms"] for widget in found if widget["type"] == "alarm")
    assert len(set(alarms)) == 14
    assert text(found).count("## What to do") == 1
    assert {name for name in metrics(found) if name[1] == "Claims"} == {
        ("ConnectPhoneNumber", "Claims", "Provider", json.dumps(stack.resolve(provider.provider_id)))
        for provider in providers
    }


def test_a_provider_of_another_region_is_read_there() -> None:
    app = cdk.App()
    stacks = [
        cdk.Stack(app, region, env=cdk.Environment(region=region), cross_region_references=True)
        for region in ("us-east-1", "eu-west-1")
    ]
    PhoneNumberDashboard(stacks[1], "Dashboard", providers=[PhoneNumberProvider(stacks[0], "Provider")])
    found = [entry for entry in entries(widgets(stacks[1])) if len(entry) > 1]

    assert {entry[-1]["region"] for entry in found} == {"us-east-1"}


def test_an_imported_provider_is_found_by_search_in_its_region(
    stack: cdk.Stack, provider: IPhoneNumberProvider
) -> None:
    elsewhere = cdk.Stack(stack.node.scope, "Elsewhere", env=cdk.Environment(region="eu-west-1"))  # type: ignore[arg-type]
    PhoneNumberDashboard(
        elsewhere,
        "Dashboard",
        providers=[PhoneNumberProvider.from_service_token(elsewhere, "Imported", provider.service_token)],
    )
    found = list(entries(widgets(elsewhere)))
    expressions = {entry[-1]["expression"] for entry in found if "expression" in entry[-1]}

    assert "FILL(SEARCH('{ConnectPhoneNumber,Provider} MetricName=\"Claims\"', 'Sum', 3600), 0)" in expressions
    assert "SEARCH('{ConnectPhoneNumber,Provider} MetricName=\"BudgetLeft\"', 'Minimum', 86400)" in expressions
    assert metrics(widgets(elsewhere)) == {
        ("AWS/Lambda", name, "FunctionName", "provider") for name in ("Errors", "Throttles")
    }
    assert {entry[-1]["region"] for entry in found} == {"us-east-1"}
    assert "every provider in this account" in text(widgets(elsewhere))


def test_a_provider_whose_token_a_parameter_store_has_is_shown(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider.from_ssm_parameter(stack, "Provider", "/provider")
    PhoneNumberDashboard(stack, "Dashboard", providers=[provider])
    functions = {dimension for _, name, _, dimension in metrics(widgets(stack)) if name == "Errors"}

    assert ["Fn::Select" in function for function in functions] == [True]


def test_the_name_and_the_address_may_be_tokens(stack: cdk.Stack) -> None:
    name = cdk.CfnParameter(stack, "Name")
    PhoneNumberDashboard(
        stack,
        "Dashboard",
        providers=[PhoneNumberProvider(stack, "Provider")],
        dashboard_name=name.value_as_string,
        troubleshooting_url=cdk.Fn.import_value("Page"),
    )

    (found,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    assert found["Properties"]["DashboardName"] == {"Ref": "Name"}
    assert {"Fn::ImportValue": "Page"} in parts(stack)


def test_an_app_can_add_widgets(stack: cdk.Stack) -> None:
    dashboard = PhoneNumberDashboard(stack, "Dashboard", providers=[PhoneNumberProvider(stack, "Provider")])
    own: Any = cloudwatch.TextWidget(markdown="ours")
    dashboard.dashboard.add_widgets(own)

    assert widgets(stack)[-1]["properties"]["markdown"] == "ours"


def test_no_providers_are_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Dashboard: providers is empty, .* Name a provider"):
        PhoneNumberDashboard(stack, "Dashboard", providers=[])


def test_a_provider_twice_is_refused(stack: cdk.Stack, provider: IPhoneNumberProvider) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Dashboard: providers contain Stack/ImportedProvider twice. Remove"):
        PhoneNumberDashboard(stack, "Dashboard", providers=[provider, provider])


def test_what_is_no_provider_is_refused(stack: cdk.Stack) -> None:
    wrong: Any = ["arn:aws:lambda:us-east-1:000000000000:function:provider"]
    with pytest.raises(ValueError, match=r"^Stack/Dashboard: provider has a value of the wrong kind"):
        PhoneNumberDashboard(stack, "Dashboard", providers=wrong)


def luminance(color: str) -> float:
    """Return the relative luminance of a color: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    shares = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("color", COLORS)
def test_each_line_stands_out_in_the_light_and_in_the_dark(color: str) -> None:
    backgrounds = re.findall(r"\.widget \{ fill: (#\w{6})", STYLE)
    assert len(backgrounds) == 2
    for background in backgrounds:
        lighter, darker = sorted((luminance(color), luminance(background)), reverse=True)
        # https://www.w3.org/TR/WCAG21/#non-text-contrast
        assert (lighter + 0.05) / (darker + 0.05) >= 3
