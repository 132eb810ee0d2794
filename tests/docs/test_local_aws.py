"""Each difference that ``docs/local-aws.md`` names has a test, and each patch for MiniStack a row."""

import re
from typing import Final

import pytest

from docs.tools.pages import ROOT

PAGE: Final = (ROOT / "docs" / "local-aws.md").read_text()
ROWS: Final = [
    row.strip("| ").split(" | ")
    for row in PAGE.splitlines()
    if row.startswith("| ") and not row.startswith(("| |", "|---"))
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_names_a_test_that_exists(row: list[str]) -> None:
    assert len(row) == 4
    named = re.fullmatch(r"`(\w+\.py)::(test_\w+)`", row[3])
    assert named is not None, row[3]
    file, test = named.groups()
    assert f"\ndef {test}(" in (ROOT / "tests" / "end_to_end" / file).read_text()


def test_each_patch_has_a_row() -> None:
    patches = [path.name[:4] for path in sorted((ROOT / "local_aws" / "upstream").glob("*.patch"))]

    assert [f"`upstream/{number}`" for number in patches] == [row[2] for row in ROWS if row[2].startswith("`upstream/")]
    assert len(ROWS) >= 14
