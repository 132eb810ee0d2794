"""The template itself: the construct, synthesized with and without each option, in one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, Stack

from cdk_connect_phone_number import PhoneNumberProvider
from lambda_handlers.connect_phone_number import contract

from .merging import Json, is_list, is_object, with_option
from .options import MARKS, PARAMETERS, Arguments

_DESCRIPTION: Final = "Claims and releases Amazon Connect phone numbers for other stacks"
_FUNCTION: Final = "AWS::Lambda::Function"
_CODE_PARAMETERS: Final = {
    "CodeBucket": {"Type": "String", "Description": "The bucket, in this Region, that has the zip with the code."},
    "CodePrefix": {
        "Type": "String",
        "Description": "What is before the zip's own name in its key, for example: releases/",
        "Default": "",
    },
}
_NULLABLE: Final = ("BudgetQuota", "BudgetReserve", "BudgetPostponeReleasesBelow")
_LISTS: Final = frozenset(each.name for each in PARAMETERS if each.is_list)
_ANY: Final = {"AWS::Partition": "*", "AWS::Region": "*"}
"""A delimiter has no references. IAM's wildcard is as narrow here: the ids after it belong to one Region."""
_MARK: Final = re.compile("|".join(map(re.escape, MARKS.values())))


@dataclass(frozen=True)
class Synthesized:
    """The construct's resources and outputs, and the folder with the function's code."""

    resources: Mapping[str, Json]
    outputs: Mapping[str, Json]
    code: Path


def synthesize(folder: Path, arguments: Arguments = lambda _: {}) -> Synthesized:
    """Synthesize a provider with some arguments into a new folder."""
    app = App(outdir=str(folder), analytics_reporting=False)
    # Without a rule that asks for a bootstrapped account.
    stack = Stack(app, "Provider", synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False))
    provider = PhoneNumberProvider(stack, "Provider", **arguments(stack))
    CfnOutput(stack, "ServiceToken", value=provider.service_token, description="ServiceToken of the resources")
    CfnOutput(stack, "ProviderId", value=provider.provider_id, description="The provider in tags and metrics")
    template = app.synth().get_stack_by_name("Provider").template
    (code,) = [path for path in folder.glob("asset.*") if path.is_dir()]
    return Synthesized(template["Resources"], template["Outputs"], code)


def provider_template(base: Synthesized, folder: Path, code_key: str) -> dict[str, Json]:
    """Return the template.

    Parameters
    ----------
    base
        The provider without any option.
    folder
        Where to synthesize the others.
    code_key
        The zip's name. It is not a parameter: of those, an update keeps the old values, and with them the old code.
    """
    resources: Json = base.resources
    for each in PARAMETERS:
        if each.arguments is not None:
            option = synthesize(folder / each.name, each.arguments)
            resources = with_option(resources, base.resources, option.resources, each.condition)
    resources = _with_parameters(resources)
    for each in PARAMETERS:
        if each.place is not None:
            resource_type, name = each.place
            value = {"Ref": each.name}
            _only(resources, resource_type)[name] = [value] if name == "Architectures" else value
    function = _only(resources, _FUNCTION)
    function["Environment"]["Variables"][contract.BUDGET] = _budget()
    function["Code"] = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Fn::Sub": f"${{CodePrefix}}{code_key}"}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": _DESCRIPTION,
        "Parameters": {**_CODE_PARAMETERS, **{each.name: each.declaration() for each in PARAMETERS}},
        "Conditions": {
            each.condition: each.condition_expression()
            for each in PARAMETERS
            if each.arguments is not None or each.name in _NULLABLE
        },
        "Resources": resources,
        "Outputs": base.outputs,
    }


def serverless_application(template: Mapping[str, Json], code_key: str, version: str) -> dict[str, Json]:
    """Return the template for the Serverless Application Repository, whose tools upload the zip themselves."""
    application = dict(template)
    application["Parameters"] = {
        name: parameter for name, parameter in template["Parameters"].items() if name not in _CODE_PARAMETERS
    }
    application["Metadata"] = {
        "AWS::ServerlessRepo::Application": {
            "Name": "connect-phone-number-provider",
            "Description": _DESCRIPTION,
            "Author": "cdk-connect-phone-number",
            "SpdxLicenseId": "Apache-2.0",
            "LicenseUrl": "LICENSE",
            "ReadmeUrl": "README.md",
            "Labels": ["connect", "phone-number", "cloudformation", "custom-resource"],
            "SemanticVersion": version,
        }
    }
    application["Resources"] = {
        name: {**resource, "Properties": {**resource["Properties"], "Code": code_key}}
        if resource["Type"] == _FUNCTION
        else resource
        for name, resource in template["Resources"].items()
    }
    return application


def _budget() -> Json:
    """Return the budget as JSON, which the function reads, with ``null`` for what is not given."""
    quota, reserve, below = ({"Fn::If": [f"Has{name}", {"Ref": name}, "null"]} for name in _NULLABLE)
    return {
        "Fn::Join": [
            "",
            [
                '{"baseline": ',
                {"Ref": "BudgetBaseline"},
                ', "quota": ',
                quota,
                ', "refuses": ',
                {"Ref": "BudgetRefuses"},
                ', "reserve": ',
                reserve,
                ', "postpone_releases_below": ',
                below,
                "}",
            ],
        ]
    }


def _with_parameters(value: Json) -> Json:
    """Replace what stands for a parameter: marks in texts, and references to lists where one value is expected."""
    match value:
        case str():
            return _substituted(value)
        case {"Variables": variables} if is_object(variables):
            return {"Variables": {name: _joined(each) for name, each in variables.items()}}
        case _ if is_object(value):
            return {name: _of_list(each) for name, each in value.items()}
        case _ if is_list(value):
            return [_with_parameters(each) for each in value]
        case _:
            return value


def _substituted(text: str) -> Json:
    names = {mark: name for name, mark in MARKS.items()}
    if text in names:
        return {"Ref": names[text]}
    replaced = _MARK.sub(lambda mark: f"${{{names[mark[0]]}}}", text)
    return text if replaced == text else {"Fn::Sub": replaced}


def _joined(value: Json) -> Json:
    """Return an environment variable, with a list as a text."""
    match value:
        case {"Fn::If": [condition, {"Ref": name}, otherwise]} if name in _LISTS:
            return {"Fn::If": [condition, {"Fn::Join": [" ", {"Ref": name}]}, otherwise]}
        case _:
            return _with_parameters(value)


def _of_list(value: Json) -> Json:
    """Return a value, with a text for each of a list's values where the template has one for the list."""
    match value:
        case {"Fn::If": [condition, on, off]}:
            return {"Fn::If": [condition, _of_list(on), _of_list(off)]}
        case [{"Ref": name}] if name in _LISTS:
            return {"Ref": name}
        case _ if is_list(value) and any(_names_list(each) for each in value):
            return {"Fn::Split": [",", {"Fn::Join": [",", [_text_of_list(each) for each in value]]}]}
        case {"Fn::Join": _} if _names_list(value):
            return {"Fn::Split": [",", _text_of_list(value)]}
        case _:
            return _with_parameters(value)


def _names_list(value: Json) -> bool:
    match value:
        case {"Ref": name}:
            return name in _LISTS
        case {"Fn::Join": ["", parts]} if is_list(parts):
            return any(_names_list(part) for part in parts)
        case _:
            return False


def _text_of_list(value: Json) -> Json:
    """Return a text with commas: the value once for each of the list's values."""
    match value:
        case {"Ref": name} if name in _LISTS:
            return {"Fn::Join": [",", value]}
        case {"Fn::Join": ["", parts]} if is_list(parts) and _names_list(value):
            (place,) = [index for index, part in enumerate(parts) if _names_list(part)]
            before, after = "".join(map(_pattern, parts[:place])), "".join(map(_pattern, parts[place + 1 :]))
            return {"Fn::Join": ["", [before, {"Fn::Join": [f"{after},{before}", parts[place]]}, after]]}
        case _:
            return value


def _pattern(part: Json) -> str:
    return part if isinstance(part, str) else _ANY[part["Ref"]]


def _only(resources: Mapping[str, Any], resource_type: str) -> dict[str, Json]:
    (resource,) = [each for each in resources.values() if each["Type"] == resource_type]
    properties: dict[str, Json] = resource["Properties"]
    return properties
