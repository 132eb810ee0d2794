"""What ``docs/living-with-it.md`` says of the cost is the sum of what ``docs/performance.md`` lists."""

import re

from docs.tools.pages import ROOT


def test_the_cost_of_a_provider_is_the_sum_of_its_parts() -> None:
    section = (ROOT / "docs" / "performance.md").read_text().split("**A provider without work,")[1].split("\n## ")[0]
    cells = [line.split("|")[-2].strip() for line in section.splitlines() if re.match(r"\| .*\d \|$", line)]
    *idle, alarms = [[float(part) for part in cell.split(" to ")] for cell in cells]
    least, most = sum(amounts[0] for amounts in idle), sum(amounts[-1] for amounts in idle)

    page = " ".join((ROOT / "docs" / "living-with-it.md").read_text().split())
    assert f"costs from USD {least:.2f} to {most:.2f} a month, and USD {alarms[0]:.2f} more with `alarm_topic`" in page
