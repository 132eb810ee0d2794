"""The sections of the documents that a command writes: what was verified, and what it came to."""

import re
from pathlib import Path
from typing import Final

from .pages import ROOT

VERIFICATION: Final = ROOT / "docs" / "verification.md"
LIFECYCLE: Final = ROOT / "docs" / "lifecycle.md"


def write_section(page: Path, heading: str, text: str) -> None:
    """Put ``text`` under a heading that the page has, in place of what stands there.

    Raises
    ------
    ValueError
        The page has no such heading, or more than one.
    """
    # Up to the next heading, of whatever level.
    section = re.compile(rf"^(#+ {re.escape(heading)}\n).*?(?=^#+ |\Z)", re.MULTILINE | re.DOTALL)
    changed, count = section.subn(lambda match: f"{match[1]}\n{text.strip()}\n\n", page.read_text())
    if count != 1:
        raise ValueError(f"{page} has {count} headings '{heading}', and should have one")
    page.write_text(changed.rstrip() + "\n")
