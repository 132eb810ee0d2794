"""The README and the documents, split into the parts that their tests check."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
)

_FENCED: Final = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its position, language, and text."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> list[Block]:
    """Return all blocks of one language, in the order of the pages."""
    return [block for page in PAGES for block in _blocks(page) if block.language == language]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCED.sub("", page.read_text())


def make_targets() -> set[str]:
    """Return the targets that the Makefile lists."""
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)) | {"set-up"}


def write_or_compare(files: Mapping[Path, str], *, write: bool) -> int:
    """Write the files that are out of date, or print their names. Return the exit code.

    Parameters
    ----------
    files
        The texts that the files are to have.
    """
    outdated = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if write:
        for path in outdated:
            path.write_text(files[path])
        return 0
    sys.stdout.write("".join(f"out of date: {path.relative_to(ROOT)}\n" for path in outdated))
    return int(bool(outdated))


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in _FENCED.finditer(text):
        indent, language, body = match.groups()
        lines = (line.removeprefix(indent) for line in body.splitlines())
        yield Block(page, text.count("\n", 0, match.start()) + 1, language, "\n".join(lines) + "\n")
