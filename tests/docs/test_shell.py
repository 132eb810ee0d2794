"""Every command that the documents show is a make target, or says that it needs an AWS account."""

import re
import tomllib
from pathlib import Path

import pytest

from docs.tools.pages import PAGES, ROOT, Block, blocks, make_targets, prose

NEEDS_AWS = "# needs an AWS account\n"


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_is_a_make_target_or_says_that_it_needs_an_account(block: Block) -> None:
    commands = [line for line in block.text.splitlines() if line and not line.startswith("#")]

    assert commands
    for command in commands:
        program, _, rest = command.partition(" ")
        if program == "make":
            assert rest.split()[0] in make_targets()
        else:
            assert block.text.startswith(NEEDS_AWS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_commands_in_the_text_exist(page: Path) -> None:
    assert set(re.findall(r"`make ([a-z-]+)", prose(page))) <= make_targets()


def test_the_map_for_contributors_has_every_target() -> None:
    listed = set(re.findall(r"`make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text()))

    assert make_targets() - {"set-up", "help"} <= listed


def test_the_two_commands_are_on_the_first_screen() -> None:
    first_screen = (ROOT / "README.md").read_text().splitlines()[:30]

    assert [line.split()[1] for line in first_screen if line.startswith("make ")] == ["demo", "test"]


def test_the_badges_say_what_the_metadata_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cdk = next(name for name in project["dependencies"] if name.startswith("aws-cdk-lib"))
    readme = (ROOT / "README.md").read_text()

    assert dict(
        re.findall(r"^!\[[^]]*\]\(https://img\.shields\.io/badge/(\w+(?:--\w+)*)-(.*)-blue\)$", readme, re.MULTILINE)
    ) == {
        "python": f"%E2%89%A5%20{project['requires-python'].removeprefix('>=')}",
        "aws--cdk--lib": f"%E2%89%A5%20{cdk.removeprefix('aws-cdk-lib>=').partition('.0,')[0]}",
        "license": project["license"].replace("-", "--"),
    }
