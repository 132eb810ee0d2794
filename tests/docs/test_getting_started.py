"""What the guide says about the table of permissions is what the templates have."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider
from docs.tools.pages import ROOT

TARGET = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
PAGE = (ROOT / "docs" / "getting-started.md").read_text()
TAG = "cdk-connect-phone-number:provider"


def rows(stack: cdk.Stack) -> Iterator[Mapping[str, Any]]:
    """Yield the statements of a stack, for each of which the CDK CLI shows a row."""
    for resource in Template.from_stack(stack).to_json()["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission":
            yield {"Action": properties["Action"]}
        documents = [properties.get("AssumeRolePolicyDocument"), properties.get("PolicyDocument")]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        for document in documents:
            yield from document["Statement"] if document else ()


def stack_with_number(provider: PhoneNumberProvider | None = None, app: cdk.App | None = None) -> cdk.Stack:
    stack = cdk.Stack(app, "Numbers")
    PhoneNumber(stack, "Line", target_arn=TARGET, country_code="US", provider=provider)
    return stack


def test_the_table_has_as_many_rows_as_the_guide_says() -> None:
    said = re.search(r"row for each of (\d+) statements", PAGE)

    assert said is not None
    assert len(list(rows(stack_with_number()))) == int(said[1])


def test_a_stack_of_numbers_adds_no_row() -> None:
    app = cdk.App()
    provider = PhoneNumberProvider(cdk.Stack(app, "Provider"), "Provider")

    assert list(rows(stack_with_number(provider, app))) == []


def test_the_rows_that_matter_are_there() -> None:
    section = PAGE.partition("### The table before")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+:\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows(stack_with_number()):
        for action in [row["Action"]] if isinstance(row["Action"], str) else row["Action"]:
            found.setdefault(action, []).append(row)

    assert len(named) == 7
    assert named <= set(found)
    for action in ("connect:ClaimPhoneNumber", "connect:ReleasePhoneNumber", "connect:TagResource"):
        assert all(TAG in str(row["Condition"]) for row in found[action])
