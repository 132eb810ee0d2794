"""The report's page: complete without a script, and text stays text. A browser looks at it in tests/browser."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from lambda_handlers.connect_phone_number import contract
from tests.unit.lambda_handlers.connect_phone_number.world import PROVIDER, World

from .aws import Aws
from .crowd import HOSTILE, ORPHANS, TAG, Crowd, crowd

_ALLOWED_SCRIPTS: Final = 1


@dataclass
class Page(HTMLParser):
    """A page, as a browser takes it apart.

    Attributes
    ----------
    tags
        The names of all elements.
    texts
        Their texts, without style and script, joined where an element begins or ends.
    """

    source: str
    tags: list[str] = field(default_factory=list[str])
    attributes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    texts: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] not in ("style", "script"):
            self.texts.append(data)

    def element(self, name: str) -> str:
        """Return the source of an element that there is once."""
        (found,) = re.findall(rf"<{name}>(.*?)</{name}>", self.source, re.DOTALL)
        return str(found)


def written(aws: Aws, folder: Path, *arguments: str) -> Page:
    file = folder / "report.html"
    result = aws.run("report", "--html", str(file), *arguments)
    assert result.exit_code in (0, 3), result.output
    return Page(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def many() -> Crowd:
    return crowd()


@pytest.fixture(scope="module")
def page(many: Crowd, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return written(many.aws, tmp_path_factory.mktemp("report"))


def section(page: Page, name: str) -> str:
    """Return the texts of a section, separated by spaces."""
    source = page.source.split(f'<section aria-labelledby="{name}">')[1].split("</section>")[0]
    return " ".join(" ".join(Page(f"<section>{source}").texts).split())


def test_the_command_says_what_it_has_written(many: Crowd, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    result = many.aws.run("report", "--html", str(file))
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{file}: 12 numbers, 0 findings\n", "")


def test_every_number_with_its_owner_state_and_price(many: Crowd, page: Page) -> None:
    numbers = section(page, "numbers")
    for number in many.aws.document("list")["numbers"]:
        assert f"{number['phone_number']} {number['description']}".strip() in numbers
        assert number["usd_per_month_estimate"] or "?" in numbers
    assert "12 phone numbers, 10.93 USD a month by estimate. 1 have no known price." in numbers
    for text in ("support/Line0", "pilot/Line", "being released, restored or parked", "protected", "somebody else"):
        assert text in numbers


def test_the_budget_and_when_how_much_comes_back(many: Crowd, page: Page) -> None:
    (budget,) = many.aws.document("budget")["budgets"]
    text = section(page, "budget")
    assert f"Quota {budget['quota']}, so {budget['allowed']} claims and releases" in text
    assert f"{budget['claims_possible']} more numbers can be claimed now" in text
    left = budget["allowed"] - budget["used"]
    for one in budget["returns"]:
        left += one["count"]
        assert f"{one['date']} {one['count']} {left}" in text
        assert f"{one['count']} more on {one['date']}." in text


def test_what_is_due_and_the_oldest_of_it(many: Crowd, page: Page) -> None:
    due = section(page, "due")
    assert f"The oldest due work has waited for 2 hours: {many.number(many.unfinished)} of sales/Local." in due
    assert "failed attempts: 1" in due
    assert "ResourceInUseException" in due
    assert f"{many.number(many.parked)} preview-17/Line parked" in due


def test_drift(many: Crowd, page: Page) -> None:
    drift = section(page, "drift")
    assert "9 numbers compared: 7 in sync, 1 drifted, 1 in progress." in drift
    assert f"{many.number(many.drifted)} support/Line1 drifted description Support, line 1 {HOSTILE}" in drift


def test_drift_can_be_skipped(many: Crowd, tmp_path: Path) -> None:
    page = written(many.aws, tmp_path, "--no-drift")
    assert section(page, "drift") == "Drift Not compared, because of --no-drift."
    assert "Drifted" not in page.texts


def test_what_people_have_written_stays_text(page: Page) -> None:
    assert page.texts.count(HOSTILE) == 2
    assert page.tags.count("script") == _ALLOWED_SCRIPTS
    assert "img" not in page.tags
    assert not any(name.startswith("on") or name in ("src", "style") for name, _ in page.attributes)


@pytest.mark.parametrize("hostile", ["<b>x", '" onclick="x', "</bdi></td>", "&lt;", "]]>", "<!--", "{page}"])
def test_tags_names_and_errors_are_text_too(world: World, aws: Aws, tmp_path: Path, hostile: str) -> None:
    before = written(aws, tmp_path)
    world.claimed_by_hand(ORPHANS[0], {contract.PROVIDER_TAG: PROVIDER, "team": hostile, contract.STACK_TAG: hostile})
    aws.add_provider(hostile, hostile, "no-such-table", None)
    page = written(aws, tmp_path)
    searched = [value for name, value in page.attributes if name == "data-text"]
    assert f"team={hostile}" in searched[0].split("\n")
    assert any(f"The ledger of {hostile} cannot be read" in text for text in page.texts)
    harmless = {"b", "table", "tr", "th", "td", "form", "caption", "select", "option", "ul", "li"}
    assert not {"b", "td"} & set(before.tags) - harmless
    assert "b" not in page.tags
    assert not any(name.startswith("on") for name, _ in page.attributes)


def test_only_the_pages_own_style_and_script_may_run(page: Page) -> None:
    (policy,) = [value for name, value in page.attributes if name == "content" and "-src" in value]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    for directive, element in (("style-src", "style"), ("script-src", "script")):
        digest = hashlib.sha256(page.element(element).encode()).digest()
        assert directives.pop(directive) == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert set(directives.values()) == {"'none'"}
    assert "default-src" in directives


def test_it_loads_nothing(page: Page) -> None:
    links = [value for name, value in page.attributes if name in ("href", "src", "action", "srcset", "data")]
    assert [link for link in links if not link.startswith("#")] == ["https://aws.amazon.com/connect/pricing/"]
    assert "link" not in page.tags
    assert not re.search(r"url\(|@import", page.element("style"))


def test_a_number_is_found_by_its_tags_and_arns(page: Page) -> None:
    searched = [value for name, value in page.attributes if name == "data-text"]
    assert sum("=".join(TAG) in text.split("\n") for text in searched) == len(ORPHANS)
    assert all(text.startswith("arn:aws:connect:") for text in searched)


def test_several_regions_have_a_column_of_their_own(many: Crowd, tmp_path: Path) -> None:
    page = written(many.aws, tmp_path, "--region", "us-east-1", "--region", "eu-west-1")
    assert "Phone numbers of 123456789012 us-east-1, 123456789012 eu-west-1" in page.texts
    for name in ("numbers", "due", "drift"):
        assert "Account, Region" in section(page, name)


def test_what_could_not_be_read_comes_first_in_the_findings(aws: Aws, world: World, tmp_path: Path) -> None:
    arn = world.created()
    world.released_by_hand(arn)
    world.created(resource="Other")
    aws.denied.add("connect:BatchGetFlowAssociation")
    file = tmp_path / "report.html"
    result = aws.run("report", "--html", str(file))
    assert result.exit_code == 3
    findings = section(Page(file.read_text()), "findings")
    assert findings.index("not read") < findings.index("to know")
    assert "BatchGetFlowAssociation is denied" in findings
    assert "is in the ledger, but Connect does not list it" in findings


def test_without_a_number_and_without_a_provider(aws: Aws, tmp_path: Path) -> None:
    aws.functions.clear()
    page = written(aws, tmp_path)
    assert "There are no phone numbers." in page.texts
    assert "No provider has a ledger that can be read here." in page.texts
    assert "Nothing is parked, and nothing is unfinished." in page.texts
    assert "Everything could be read, and there is nothing to add." in page.texts


def test_provider_that_has_used_nothing(aws: Aws, tmp_path: Path) -> None:
    assert "Nothing is used, so nothing comes back." in section(written(aws, tmp_path), "budget")


def test_file_that_cannot_be_written(aws: Aws, tmp_path: Path) -> None:
    file = tmp_path / "missing" / "report.html"
    result = aws.run("report", "--html", str(file))
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {file} cannot be written: No such file or directory. Name another file with --html.\n"
    )
