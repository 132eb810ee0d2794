"""The sections of the documents that commands write: what was verified, and the results."""

import re
from pathlib import Path
from typing import Final

from .pages import ROOT

VERIFICATION: Final = ROOT / "docs" / "verification.md"
LIFECYCLE: Final = ROOT / "docs" / "lifecycle.md"


def write_section(page: Path, heading: str, text: str) -> None:
    """Put ``text`` under an existing heading of the page, in place of the current text.

    Raises
    ------
    ValueError
        If the page has no such heading, or more than one.
    """
    # Up to the next heading of any level.
    section = re.compile(rf"^(#+ {re.escape(heading)}\n).*?(?=^#+ |\Z)", re.MULTILINE | re.DOTALL)
    changed, count = section.subn(lambda match: f"{match[1]}\n{text.strip()}\n\n", page.read_text())
    if count != 1:
        raise ValueError(f"{page} has {count} headings '{heading}', and should have one")
    page.write_text(changed.rstrip() + "\n")
