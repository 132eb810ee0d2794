from io import StringIO

from rich.console import Console, Group, RenderableType

from docs.tools.pages import ROOT, make_targets
from local_aws.demo.closing import Journey, summary, what_next

DAY = 86_400
TOKEN = "46f62494-d87a-52ae-aeb1-72758b3a1357"
JOURNEYS = [
    Journey("+12065550109", 1, (TOKEN,), 0.0, 180 * DAY),
    Journey("+18005550103", 1, ("b1d1a1e1-0000-5000-8000-000000000000",), 10.0 * DAY, 190 * DAY),
]


def text(shown: RenderableType) -> str:
    console = Console(file=StringIO(), width=80)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def test_each_number_has_a_row_of_80_columns() -> None:
    rows = text(summary(JOURNEYS)).splitlines()

    assert [row.split() for row in rows if row.startswith(" +")] == [
        ["+12065550109", "1", "1", TOKEN, "1970-06-30"],
        ["+18005550103", "1", "1", JOURNEYS[1].release_tokens[0], "1970-07-10"],
    ]
    assert max(len(row) for row in rows) <= 80


def test_the_whole_fits_a_terminal_of_24_rows() -> None:
    # Eight numbers, as in docs/demo.svg; how it ended, three empty rows around, and the prompt.
    assert len(text(Group(summary(JOURNEYS * 4), "", what_next())).splitlines()) + 5 <= 24


def test_the_sums_are_those_of_the_rows() -> None:
    assert "2 claims, 2 releases" in text(summary(JOURNEYS))
    assert "1 claim, 1 release," in text(summary(JOURNEYS[:1]))
    assert "180 days" in text(summary(JOURNEYS))


def test_what_comes_next_exists() -> None:
    first = [row.split("  ")[0] for row in text(what_next()).splitlines() if not row.startswith(" ")]
    commands = [one.removeprefix("make ") for one in first if one.startswith("make ")]

    assert commands
    assert set(commands) <= make_targets()
    assert all((ROOT / page).exists() for page in first if page.startswith("docs/"))
    assert all(row.startswith(("make ", "docs/")) for row in first)
