"""Every command in the documents is a make target or the operators' command, or says where it runs."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

from cdk_connect_phone_number.cli.application import application
from docs.tools.pages import PAGES, ROOT, Block, blocks, make_targets, prose

NEEDS_AWS = "# needs an AWS account\n"
EMPTY_FOLDER = "# in an empty folder; CLONE is the path of the clone\n"
"""tests/end_to_end/test_own_app.py runs it."""
COMMAND = "connect-phone-numbers"
AWS_COMMANDS = [
    line
    for block in blocks("sh")
    for line in block.text.replace("\\\n", "").splitlines()
    # The others are of the AWS CLI itself, and not in a service's model.
    if line.startswith("aws ") and "|" not in line and not {"s3", "deploy", "wait"} & set(line.split()[1:3])
]


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_is_a_make_target_or_says_where_it_runs(block: Block) -> None:
    commands = [line for line in block.text.splitlines() if line and not line.startswith("#")]

    assert commands
    for command in commands:
        program, _, rest = command.partition(" ")
        if program == "make":
            assert rest.split()[0] in make_targets()
        elif program == COMMAND:
            name, *arguments = shlex.split(rest)
            # Refuses an option that does not exist. tests/end_to_end/test_operators.py runs the commands.
            application.commands[name].make_context(name, arguments)
        else:
            assert block.text.startswith((NEEDS_AWS, EMPTY_FOLDER))


@pytest.mark.parametrize("command", AWS_COMMANDS)
def test_aws_has_the_operation_and_its_options(command: str) -> None:
    service, operation, *arguments = shlex.split(command)[1:]
    model = Session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    options = {argument.removeprefix("--") for argument in arguments if argument.startswith("--")}
    shape = model.operation_model(operations[operation]).input_shape

    assert shape is not None
    assert options <= {xform_name(name, "-") for name in shape.members} | {"region", "profile", "query", "output"}


def test_aws_commands_are_found() -> None:
    assert len(AWS_COMMANDS) >= 7


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
