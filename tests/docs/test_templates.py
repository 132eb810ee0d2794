"""The example templates are sound, complete, and use the resource type as its reference describes it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import cloudformation_include as include
from aws_cdk.assertions import Template

from docs.tools.pages import PAGES, ROOT, Block, blocks
from lambda_handlers.connect_phone_number.properties import InvalidProperty, parse_properties

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yaml"))
REFERENCE = ROOT / "docs" / "cloudformation.md"
REGION = "us-east-1"
TARGET = f"arn:aws:connect:{REGION}:000000000000:instance/11111111-2222-3333-4444-555555555555"


def numbers(path: Path) -> list[dict[str, Any]]:
    """Return a template's phone numbers, with intrinsic functions in their long form."""
    stack = cdk.Stack(cdk.App(), "Stack")
    include.CfnInclude(stack, "Template", template_file=str(path))
    return [dict(found) for found in Template.from_stack(stack).find_resources("Custom::ConnectPhoneNumber").values()]


def documented(heading: str) -> list[str]:
    section = REFERENCE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_cfn_lint_finds_nothing() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--regions", REGION, "--", *EXAMPLES],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_function_takes_the_properties(path: Path) -> None:
    for number in numbers(path):
        # What only CloudFormation knows is as good as not given; the two that are needed are given.
        known = {name: value for name, value in number["Properties"].items() if not isinstance(value, dict)}
        desired = parse_properties({"CountryCode": "US", **known, "TargetArn": TARGET}, REGION)
        assert desired.settings.target_arn == TARGET


def test_the_stack_set_keeps_its_numbers() -> None:
    (number,) = numbers(ROOT / "docs" / "examples" / "stack-set.yaml")

    assert (number["DeletionPolicy"], number["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize("page", [*EXAMPLES, *PAGES], ids=lambda page: page.name)
def test_nothing_speaks_of_a_removal_policy_that_the_resource_does_not_have(page: Path) -> None:
    # aws_cdk.RemovalPolicy, an argument of the constructs, is another thing.
    assert not re.search(r"`RemovalPolicy`|^\s*RemovalPolicy:", page.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_example_is_described(path: Path) -> None:
    assert f"(examples/{path.name})" in REFERENCE.read_text()


# A workflow is no template. tests/docs/test_pipelines.py reads it.
@pytest.mark.parametrize("block", [block for block in blocks("yaml") if "\njobs:\n" not in block.text], ids=str)
def test_yaml_in_the_text_is_taken_from_an_example(block: Block) -> None:
    lines = {line.strip() for line in block.text.splitlines()}

    assert any(lines <= {line.strip() for line in path.read_text().splitlines()} for path in EXAMPLES)


def test_the_reference_has_every_property_and_no_other() -> None:
    with pytest.raises(InvalidProperty, match="the properties are") as refused:
        parse_properties({"Nonsense": ""}, REGION)
    known = str(refused.value).split("the properties are ")[1].rstrip(".").split(", ")

    assert sorted(documented("Properties")) == sorted(known)


def test_the_reference_has_every_attribute_and_no_other() -> None:
    source = (ROOT / "lambda_handlers" / "connect_phone_number" / "lifecycle" / "requests.py").read_text()
    (data,) = re.findall(r"data=\{(.*?)\}", source, re.DOTALL)

    assert sorted(documented("Return values")) == sorted(re.findall(r'"(\w+)":', data))
