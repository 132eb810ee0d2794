"""``make package`` builds what ``docs/without-python.md`` says, where it says."""

import re

import provider_template.__main__ as provider_template
from docs.tools.pages import ROOT
from typescript import build as typescript


def test_the_target_builds_all_that_the_page_lists() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\npackage: ")[1].split("\n.PHONY")[0]
    page = (ROOT / "docs" / "without-python.md").read_text()

    assert re.findall(r"python -m (provider_template|typescript\.build)", recipe) == [
        "provider_template",
        "typescript.build",
    ]
    assert "--outdir dist" in recipe
    # Both are built with tools that the target sets up first.
    assert {"$(PYTHON_STAMP)", "$(TYPESCRIPT_STAMP)"} <= set(recipe.splitlines()[0].split())
    for folder in (provider_template.BUILD, typescript.PACKAGES):
        assert f"| `{folder.relative_to(ROOT).as_posix()}/" in page
