"""The documents as a site: what Sphinx needs beyond the Markdown that people read on GitHub.

``docs/conf.py`` is its configuration. ``docs/index.md`` is the one table of contents: its sections and links become the
navigation. The pages stay plain Markdown. What only the site can show is put in when Sphinx reads them:

* the classes' docstrings into ``docs/reference.md``, in place of the links to the code;
* a link to the reference where a page mentions a public name;
* a construct's parameters, instead of those of jsii's metaclass;
* a table in place of the diagram of states, which GitHub draws with a program that the site does not carry.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final, TypedDict

from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

import cdk_connect_phone_number as library

from .pages import PAGES, ROOT

HOME: Final = "docs/index"
DOCUMENTS: Final = tuple(page.relative_to(ROOT).with_suffix("").as_posix() for page in PAGES)
_REFERENCE: Final = "docs/reference"
_LEADS_TO_REFERENCE: Final = ("Start", "Guides", "When something fails")
"""The sections of the index whose pages end with a link to the reference."""

_FENCED: Final = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_SECTION: Final = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_PAGE_LINK: Final = re.compile(r"\[([^]]+)\]\(([^)#]+)\.md\)")
_REMOTE_PICTURE: Final = re.compile(r"^!\[[^]]*\]\(https://[^)]+\)\n", re.MULTILINE)
_CODE_LINK: Final = re.compile(r"\[([^]]+)\]\(((?:\.\./)*\w[^):#]*)\)")
_CODE: Final = re.compile(r"^Code: .*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
_NAME: Final = re.compile(r"(?<![`\[])`([A-Z]\w+(?:\.[a-z_]+)?)(?:\(\))?`(?!`|\])")
_STATES: Final = re.compile(r"```mermaid\nstateDiagram-v2\n(.*?)```", re.DOTALL)
_TRANSITION: Final = re.compile(r"^ +(\S+) --> (\S+): (\w+) \((.+)\)$", re.MULTILINE)
_BEFORE_NAPOLEON: Final = 400
_LITERALS: Final = (type(None), bool, int, str, tuple)


class _Metadata(TypedDict):
    parallel_read_safe: bool
    parallel_write_safe: bool


def setup(app: Sphinx) -> _Metadata:
    """Register what changes a page when Sphinx reads it, and the page at the site's root."""
    app.connect("source-read", _read)
    app.connect("html-collect-pages", _root_page)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-process-docstring", _docstring, priority=_BEFORE_NAPOLEON)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def sections() -> dict[str, dict[str, str]]:
    """Return the sections of the index, each with the names of its documents and their titles."""
    return {
        heading: {_resolved(HOME, target): title for title, target in _PAGE_LINK.findall(text)}
        for heading, text in _SECTION.findall((ROOT / f"{HOME}.md").read_text())
    }


def for_the_site(document: str, text: str) -> str:
    """Return a page's Markdown as Sphinx is to read it."""
    text = _STATES.sub(lambda match: _table_of_states(match[1]), _REMOTE_PICTURE.sub("", text))
    if document == _REFERENCE:
        return _with_docstrings(text)
    text = "".join(part if is_code else _with_links(part, document) for is_code, part in _parts(text))
    if document == HOME:
        return _SECTION.sub(lambda match: f"{match[0].rstrip()}\n\n{_navigation(match[1])}\n\n", text)
    if any(document in sections()[heading] for heading in _LEADS_TO_REFERENCE):
        return f"{text.rstrip()}\n\n---\n\n[The reference](/{_REFERENCE}.md) has every class, parameter and method.\n"
    return text


def _read(_: Sphinx, document: str, source: list[str]) -> None:
    source[0] = for_the_site(document, source[0])


def _root_page(_: Sphinx) -> Iterator[tuple[str, dict[str, str], str]]:
    """Lead from the site's root to the index, which is where the sources have it."""
    yield "index", {"home": f"{HOME}.html"}, "root.html"


def _signature(
    _: Sphinx, kind: str, _name: str, documented: Any, _options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Return a class's parameters, which jsii's metaclass hides, and none for an interface or an enumeration."""
    if kind != "class":
        return signature, returned
    if "__init__" not in vars(documented) or getattr(documented, "_is_protocol", False):
        return "", None
    # Without the types: the docstring has them, and Sphinx cannot read all of them here.
    own = inspect.signature(documented.__init__)
    _self, *parameters = own.parameters.values()
    without_self = own.replace(parameters=[_with_readable_default(parameter) for parameter in parameters])
    text = stringify_signature(without_self, show_annotation=False, show_return_annotation=False)
    return text.replace("=Ellipsis", "=..."), None


def _docstring(_: Sphinx, kind: str, _name: str, _documented: Any, _options: object, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon in the first line for the type of a property."""
    if kind in ("attribute", "property"):
        lines[:0] = ["..", ""]  # An empty comment.


def _with_readable_default(parameter: inspect.Parameter) -> inspect.Parameter:
    """Replace a default that is an object, of which Python shows only the class. The docstring says which one it is."""
    is_literal = parameter.default is parameter.empty or isinstance(parameter.default, _LITERALS)
    return parameter if is_literal else parameter.replace(default=...)


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Split a page into what is fenced code and what is not."""
    end = 0
    for match in _FENCED.finditer(text):
        yield False, text[end : match.start()]
        yield True, match[0]
        end = match.end()
    yield False, text[end:]


def _with_links(text: str, document: str) -> str:
    def code_link(match: re.Match[str]) -> str:
        """Keep the text only, if the link leads to code: the site has none."""
        target = (ROOT / document).parent / match[2]
        return match[1] if target.is_dir() or target.suffix == ".py" else match[0]

    lines = _CODE_LINK.sub(code_link, text).split("\n")
    return "\n".join(line if line.startswith("#") else _NAME.sub(_reference_link, line) for line in lines)


def _reference_link(match: re.Match[str]) -> str:
    class_name, _, member = match[1].partition(".")
    documented = getattr(library, class_name, None) if class_name in library.__all__ else None
    if documented is None or (member and not hasattr(documented, member)):
        return match[0]
    return f"{{py:obj}}`{match[1]} <{library.__name__}.{match[1]}>`"


def _with_docstrings(text: str) -> str:
    """Put what the docstrings say in place of the links to the code, each in the section with the class's name."""

    def section(match: re.Match[str]) -> str:
        classes = _classes_of(match[1])
        return _CODE.sub(lambda _: "\n\n".join(map(_autoclass, classes)), match[0]) if classes else match[0]

    introduction, heading, rest = text.partition("\n## ")
    return _CODE.sub("", introduction) + _SECTION.sub(section, heading + rest)


def _classes_of(heading: str) -> list[str]:
    if heading == "Interfaces":
        return [name for name in library.__all__ if name.startswith("IPhone")]
    return [heading] if heading in library.__all__ else []


def _autoclass(name: str) -> str:
    # The library's own bases belong to a class; those of the CDK have their own reference.
    return "\n".join(
        [
            "```{eval-rst}",
            f".. autoclass:: {library.__name__}.{name}",
            "   :members:",
            *(["   :inherited-members: Resource, Construct"] if name == "PhoneNumber" else []),
            "```",
        ]
    )


def _navigation(heading: str) -> str:
    entries = [f"{title} </{document}>" for document, title in sections()[heading].items()]
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", "", *entries, "```"])


def _resolved(document: str, target: str) -> str:
    return ((ROOT / document).parent / target).resolve().relative_to(ROOT).as_posix()


def _table_of_states(diagram: str) -> str:
    rows = [
        f"| {'(new)' if source == '[*]' else f'`{source}`'} | `{name}` | `{target}` | {why} |"
        for source, target, name, why in _TRANSITION.findall(diagram)
    ]
    return "\n".join(["| From | Change | To | Why |", "|---|---|---|---|", *rows])
