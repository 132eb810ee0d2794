"""The recipes for pipelines are whole. The end-to-end tests run the plan's step."""

import re
import shlex
from typing import Any, Final

import pytest
import yaml

from cdk_connect_phone_number.cli.commands.plan import plan_command
from docs.tools.gates import PAGE, with_shown
from docs.tools.pages import blocks

WORKFLOW: Final[dict[str, Any]] = yaml.safe_load(
    next(block.text for block in blocks("yaml") if block.page == PAGE and "jobs:" in block.text)
)
TEXT: Final = PAGE.read_text()
BEGIN: Final = "<!-- what the gates show: python -m docs.tools.gates --write -->\n"
END: Final = "<!-- end of what the gates show -->\n"


def commands() -> list[str]:
    """Return the commands of the recipes that plan, in the workflow and in the pipeline."""
    run = [step["run"] for step in WORKFLOW["jobs"]["plan"]["steps"] if step.get("id") == "plan"]
    in_workflow = re.findall(r"^\s*connect-phone-numbers plan (.*?) > plan\.md", run[0], re.MULTILINE)
    (pipeline,) = (block.text for block in blocks("python") if block.page == PAGE and "CodeBuildStep" in block.text)
    in_pipeline = "".join(re.findall(r'^ {16}f?"(.*)"$', pipeline, re.MULTILINE))
    return [*in_workflow, in_pipeline.removeprefix("connect-phone-numbers plan ")]


def test_there_is_a_command_in_each_recipe() -> None:
    assert len(commands()) == 2
    assert all("--fail-on" in command for command in commands())


@pytest.mark.parametrize("command", commands())
def test_the_command_has_these_options(command: str) -> None:
    plan_command.make_context("plan", shlex.split(command))


def test_only_a_lost_number_asks_for_an_approval() -> None:
    deploy = WORKFLOW["jobs"]["deploy"]

    assert deploy["needs"] == "plan"
    assert deploy["environment"].count("needs.plan.outputs.status == '0' && 'production' ||") == 1
    assert WORKFLOW["jobs"]["plan"]["outputs"] == {"status": "${{ steps.plan.outputs.status }}"}
    steps = deploy["steps"]
    assert steps[-1]["run"].split("deploy ")[1] == "--all --app cdk.out --require-approval never"


def test_the_plan_is_made_and_commented_on_before_the_assembly_is_kept() -> None:
    steps = WORKFLOW["jobs"]["plan"]["steps"]
    names = [step.get("name") or step.get("uses", step.get("run", "")).split("@")[0] for step in steps]

    assert names.index("Plan") < names.index("Comment on the pull request") < names.index("actions/upload-artifact")
    assert WORKFLOW["jobs"]["plan"]["permissions"]["pull-requests"] == "write"


def test_what_the_gates_show_is_replaced_and_the_rest_stays() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"

    assert with_shown(page, "new\n") == f"before\n{BEGIN}\nnew\n\n{END}after\n"


@pytest.mark.parametrize("page", ["", BEGIN, BEGIN + BEGIN + END])
def test_a_page_without_the_marks_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match="must have each of these lines once"):
        with_shown(page, "new")


def test_the_page_has_what_the_gates_show() -> None:
    shown = TEXT.split(BEGIN)[1].split(END)[0]

    assert re.findall(r"^`(\S+ \S+).*` ends with exit code (\d):$", shown, re.MULTILINE) == [
        (command, code)
        for codes in (("1", "1", "0"), ("1", "1", "2"), ("1", "1", "2"))
        for command, code in zip(("cdk diff", "cdk deploy", "connect-phone-numbers plan"), codes, strict=True)
    ]
    assert "may cause replacement" in shown


def test_each_line_that_is_explained_is_in_what_was_shown() -> None:
    table, shown = TEXT.split("What each line means:\n")[1].split(BEGIN)
    lines = re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)

    assert len(lines) >= 7
    missing = [line for line in lines if not re.search(re.escape(line).replace("…", ".*"), shown)]
    # What is shown has no number that is retained: tests/end_to_end/test_living_with_it.py sees this line.
    assert missing == ["[-] Custom::ConnectPhoneNumber … orphan"]
