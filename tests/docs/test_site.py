"""The site is built without a warning, works without a network, and leads from the guides to the reference and back."""

import re
import shlex
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest
from sphinx.cmd.build import main as build

import cdk_connect_phone_number as library
from docs.tools.pages import PAGES, ROOT
from docs.tools.site import DOCUMENTS, for_the_site, sections
from lambda_handlers.connect_phone_number.claim import TRANSITIONS

from .test_reference import PUBLIC, own_members

# The site is built once, so one worker has to run all tests.
pytestmark = [
    pytest.mark.xdist_group("site"),
    # Of what MyST and napoleon still use of Sphinx.
    pytest.mark.filterwarnings("ignore::sphinx.deprecation.RemovedInSphinx11Warning"),
]

_LOADING: Final = {"script": "src", "img": "src", "link": "href", "source": "src", "iframe": "src"}


@dataclass
class _Page(HTMLParser):
    """What the tests ask of a page."""

    path: Path
    links: list[str] = field(default_factory=list[str])
    links_of_text: list[str] = field(default_factory=list[str])
    loaded: list[str] = field(default_factory=list[str])
    ids: set[str] = field(default_factory=set[str])
    headings: list[int] = field(default_factory=list[int])
    pictures_without_text: list[str] = field(default_factory=list[str])
    is_text: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.is_text |= tag == "article"
        self.ids.add(given.get("id", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
            if self.is_text:
                self.links_of_text.append(given["href"])
        if tag in _LOADING and given.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(given.get(_LOADING[tag], ""))
        if re.fullmatch(r"h[1-6]", tag) and self.is_text:
            self.headings.append(int(tag[1]))
        if tag == "img" and not given.get("alt"):
            self.pictures_without_text.append(given.get("src", ""))

    def handle_endtag(self, tag: str) -> None:
        self.is_text &= tag != "article"


@dataclass(frozen=True)
class _Site:
    folder: Path
    exit_code: int
    pages: dict[str, _Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> _Site:
    """Build the site as ``make docs`` does, in another folder."""
    folder = tmp_path_factory.mktemp("site")
    (command,) = re.findall(r"-m sphinx (.*)", (ROOT / "Makefile").read_text())
    command = command.replace("build/docs", str(folder / "docs")).replace("build/doctrees", str(folder / "doctrees"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        exit_code = build(shlex.split(command))
    pages = {str(path.relative_to(folder / "docs")): _Page(path) for path in (folder / "docs").rglob("*.html")}
    return _Site(folder / "docs", exit_code, pages)


def test_it_is_built_without_a_warning(site: _Site) -> None:
    assert site.exit_code == 0


def test_it_has_every_document(site: _Site) -> None:
    assert {f"{name}.html" for name in DOCUMENTS} <= site.pages.keys()
    assert site.pages["index.html"].links == ["docs/index.html"]


def test_the_reference_has_every_public_name(site: _Site) -> None:
    names = {*PUBLIC, *(name for name, _ in own_members())}

    # What a class inherits from another public class is documented there.
    inherited = {
        name for name in names if name.startswith("PhoneNumberProvider.") and f"ProviderMetrics.{name[20:]}" in names
    }
    expected = {f"{library.__name__}.{name}" for name in names - inherited}
    assert expected - site.pages["docs/reference.html"].ids == set()


def test_the_reference_begins_with_the_number_and_an_example(site: _Site) -> None:
    text = re.sub(r"<[^>]+>", "", site.pages["docs/reference.html"].path.read_text().split("<article")[1])

    assert text.index("number = PhoneNumber(") < text.index("class PhoneNumber(")
    assert text.index("class PhoneNumber(") < text.index("class PhoneNumberPool(")
    # Not taken for a type, which the annotation says.
    assert "The number in E.164 form, for example +12065550100: a token until it is deployed." in text
    assert "Type:\nThe number" not in text
    # The parameters of the construct, not of the metaclass.
    assert "target_arn=None" in text
    assert "*args" not in text
    assert "&lt;factory" not in text


@pytest.mark.parametrize("heading", ["Start", "Guides", "When something fails"])
def test_each_guide_leads_to_the_reference(site: _Site, heading: str) -> None:
    for document in sections()[heading]:
        links = site.pages[f"{document}.html"].links_of_text
        assert any(urlsplit(link).path.endswith("reference.html") for link in links), document


def test_the_reference_leads_to_the_guides(site: _Site) -> None:
    paths = {urlsplit(link).path for link in site.pages["docs/reference.html"].links_of_text}

    assert {"getting-started.html", "recipes.html", "keeping.html", "scarcity.html", "security.html"} <= paths


def test_every_link_within_it_leads_somewhere(site: _Site) -> None:
    for page in site.pages.values():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            assert target.is_file(), f"{page.path.name}: {link}"
            if parts.fragment:
                ids = site.pages[str(target.relative_to(site.folder.resolve()))].ids
                assert unquote(parts.fragment) in ids, f"{page.path.name}: {link}"


def test_nothing_is_loaded_from_elsewhere(site: _Site) -> None:
    assert [loaded for page in site.pages.values() for loaded in page.loaded if urlsplit(loaded).netloc] == []
    styles = "".join(path.read_text() for path in site.folder.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", styles) == []


def test_the_search_finds_the_pages(site: _Site) -> None:
    index = (site.folder / "searchindex.js").read_text()

    assert [name for name in DOCUMENTS if f'"{name}"' not in index] == []


def test_the_headings_are_in_order_and_the_pictures_have_texts(site: _Site) -> None:
    for name in DOCUMENTS:
        page = site.pages[f"{name}.html"]
        assert page.headings[0] == 1, name
        assert page.headings.count(1) == 1, name
        steps = [after - before for before, after in zip(page.headings, page.headings[1:], strict=False)]
        assert max(steps, default=0) <= 1, name
        assert page.pictures_without_text == [], name


def test_the_index_has_each_document_once() -> None:
    listed = [document for documents in sections().values() for document in documents]

    assert sorted([*listed, "docs/index"]) == sorted(DOCUMENTS)
    assert len(DOCUMENTS) == len(PAGES)


def test_public_names_are_linked_outside_of_code_and_headings() -> None:
    page = (
        "## The `PhoneNumber`\n\n`PhoneNumber`, [`PhoneNumber`](recipes.md), `PhoneNumber.grant`, "
        "`PhoneNumber.nothing`, `Stack`\n\n```python\nx = `PhoneNumber`\n```\n"
    )

    assert for_the_site("docs/lifecycle", page) == (
        "## The `PhoneNumber`\n\n{py:obj}`PhoneNumber <cdk_connect_phone_number.PhoneNumber>`, "
        "[`PhoneNumber`](recipes.md), {py:obj}`PhoneNumber.grant <cdk_connect_phone_number.PhoneNumber.grant>`, "
        "`PhoneNumber.nothing`, `Stack`\n\n```python\nx = `PhoneNumber`\n```\n"
    )


def test_what_only_the_repository_has_is_not_linked() -> None:
    page = "[code](../lambda_handlers/connect_phone_number) and [a template](examples/pool.yaml)"

    assert for_the_site("docs/lifecycle", page) == "code and [a template](examples/pool.yaml)"


def test_the_states_are_a_table() -> None:
    page = for_the_site("docs/lifecycle", (ROOT / "docs" / "lifecycle.md").read_text())

    assert "mermaid" not in page
    rows = re.findall(r"^\| \S+ \| `(\w+)` \| `\w+` \| .+ \|$", page, re.MULTILINE)
    assert set(rows) == TRANSITIONS.keys()
