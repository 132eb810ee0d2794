"""Assumptions in the words of docs/lifecycle.md, so that a record and that page use the same text."""

from itertools import takewhile
from typing import Final

from local_aws.process_guard import REPOSITORY

_PAGE: Final = REPOSITORY / "docs" / "lifecycle.md"
_HEAD: Final = "| Assumption | If it is wrong |\n|---|---|\n"


def taken_for_granted() -> list[str]:
    """Return the assumptions in the table of docs/lifecycle.md, in the table's order."""
    rows = _PAGE.read_text().partition(_HEAD)[2].splitlines()
    return [row.split("|")[1].strip() for row in takewhile(lambda row: row.startswith("|"), rows)]


def in_words(phrase: str) -> str:
    """Return the assumption of the table that contains ``phrase``, or the phrase itself if there is none."""
    return next((row for row in taken_for_granted() if phrase in row), phrase)
