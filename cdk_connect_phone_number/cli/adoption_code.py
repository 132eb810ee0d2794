"""The code that adopts numbers: a CDK app in Python or TypeScript, or templates.

JSON's texts are texts of both languages, so they are written with ``json.dumps``.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, Final

import yaml

from .adoption import AdoptableNumber, Batch
from .function_code import contract

WHY_RETAINED: Final = (
    "These numbers were there before their stacks, and people call them. So they stay when a resource or a stack is "
    "removed: a released number is gone for up to 180 days, perhaps for good."
)
"""Stands in the code that is written."""
_WIDTH: Final = 100
_TITLE: Final = "Phone numbers that the account held before, adopted with the settings that they have."
_PYTHON_HEAD: Final = '''"""{title}

{why}
"""

import aws_cdk as cdk

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider

app = cdk.App()
'''
_TYPESCRIPT_HEAD: Final = """// {title}
//
{why}

import * as cdk from 'aws-cdk-lib';
import { PhoneNumber } from 'cdk-connect-phone-number';

const app = new cdk.App();
"""
_TEMPLATE_HEAD: Final = """# {title}
#
{why}
"""


class CodeFormat(StrEnum):
    """What is written."""

    PYTHON = "python"
    TYPESCRIPT = "typescript"
    TEMPLATE = "template"


def files(batches: Sequence[Batch], format: CodeFormat) -> dict[str, str]:
    """Return the files with the code, by their names: one app, or a template for each batch."""
    match format:
        case CodeFormat.PYTHON:
            return {"adopted_numbers.py": _python(batches)}
        case CodeFormat.TYPESCRIPT:
            return {"adopted-numbers.ts": _typescript(batches)}
        case CodeFormat.TEMPLATE:
            return {f"{batch.stack_name}.yaml": _template(batch) for batch in batches}


# --- Python ---


def _python(batches: Sequence[Batch]) -> str:
    parts = [_head(_PYTHON_HEAD)]
    for batch in batches:
        parts.append("\n")
        parts.append(
            "stack = cdk.Stack(\n"
            "    app,\n"
            f"    {_text(batch.stack_name)},\n"
            f"    env=cdk.Environment(account={_text(batch.place.account)}, region={_text(batch.place.region)}),\n"
            ")\n"
            "provider = PhoneNumberProvider.from_service_token(\n"
            "    stack,\n"
            '    "Provider",\n'
            f"    {_text(batch.provider.arn)},\n"
            ")\n"
        )
        parts += [_python_number(one) for one in batch.numbers]
    parts.append("\napp.synth()\n")
    return "".join(parts)


def _python_number(one: AdoptableNumber) -> str:
    arguments = "".join(f"    {name}={_text(value)},\n" for name, value in _settings(one, "_"))
    tags = "".join(f"cdk.Tags.of(number).add({_text(key)}, {_text(value)})\n" for key, value in one.tags.items())
    begin = "number = PhoneNumber(\n" if one.tags else "PhoneNumber(\n"
    return (
        f"{begin}    stack,\n    {_text(one.construct_id)},\n{arguments}    adopt=True,\n"
        f"    removal_policy=cdk.RemovalPolicy.RETAIN,\n    provider=provider,\n)\n{tags}"
    )


# --- TypeScript ---


def _typescript(batches: Sequence[Batch]) -> str:
    parts = [_head(_TYPESCRIPT_HEAD, "// ")]
    for batch in batches:
        name = re.sub(r"\W", "", batch.stack_name)
        stack = name[0].lower() + name[1:]
        parts.append(
            f"\nconst {stack} = new cdk.Stack(app, {_text(batch.stack_name)}, {{\n"
            f"  env: {{ account: {_text(batch.place.account)}, region: {_text(batch.place.region)} }},\n"
            "});\n"
        )
        parts += [_typescript_number(stack, batch, one) for one in batch.numbers]
    return "".join(parts)


def _typescript_number(stack: str, batch: Batch, one: AdoptableNumber) -> str:
    settings = "".join(f"  {name}: {_text(value)},\n" for name, value in _settings(one, ""))
    tags = "".join(f"    {{ key: {_text(key)}, value: {_text(value)} }},\n" for key, value in one.tags.items())
    listed = f"  tags: [\n{tags}  ],\n" if tags else ""
    return (
        f"new PhoneNumber({stack}, {_text(one.construct_id)}, {{\n  serviceToken: {_text(batch.provider.arn)},\n"
        f"{settings}  adopt: true,\n{listed}  removalPolicy: cdk.RemovalPolicy.RETAIN,\n}});\n"
    )


# --- Template ---


def _template(batch: Batch) -> str:
    resources = {one.construct_id: _resource(batch, one) for one in batch.numbers}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    body = yaml.safe_dump(template, sort_keys=False, allow_unicode=True, width=10_000)
    return _head(_TEMPLATE_HEAD, "# ") + body


def _resource(batch: Batch, one: AdoptableNumber) -> dict[str, Any]:
    record = one.record
    properties: dict[str, Any] = {
        "ServiceToken": batch.provider.arn,
        "TargetArn": record.target_arn,
        "PhoneNumber": record.phone_number,
        "Adopt": "true",
    }
    if record.flow_arn:
        properties["ContactFlowArn"] = record.flow_arn
    if record.description:
        properties["Description"] = record.description
    if one.tags:
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in one.tags.items()]
    return {
        "Type": contract.RESOURCE_TYPE,
        # As the construct writes RETAIN: an adoption that is rolled back is undone, and never retained.
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }


# --- All ---


def _settings(one: AdoptableNumber, separator: str) -> Iterator[tuple[str, str]]:
    """Return the arguments that are texts, in snake case or in camel case."""
    record = one.record
    for words, value in (
        (("target", "arn"), record.target_arn),
        (("phone", "number"), record.phone_number),
        (("contact", "flow", "arn"), record.flow_arn),
        (("description",), record.description),
    ):
        if value:
            first, *rest = words
            yield separator.join([first, *(word if separator else word.capitalize() for word in rest)]), value


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _head(head: str, begin: str = "") -> str:
    why = textwrap.fill(WHY_RETAINED, _WIDTH, initial_indent=begin, subsequent_indent=begin)
    return head.replace("{title}", _TITLE).replace("{why}", why)
