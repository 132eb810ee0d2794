"""The resource's properties as CloudFormation sends them, checked and typed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .. import rules
from ..claim import Settings, Specification
from ..json_types import as_list, as_mapping

_KNOWN: Final = frozenset(
    {
        "ServiceToken",
        "ServiceTimeout",
        "TargetArn",
        "CountryCode",
        "Type",
        "Prefix",
        "PhoneNumber",
        "Adopt",
        "SourcePhoneNumberArn",
        "Description",
        "ContactFlowArn",
        "Tags",
        "ReleaseProtection",
        "AllowReplacement",
    }
)


class InvalidProperty(Exception):
    """A property cannot be used; the message names it and says what to do."""


@dataclass(frozen=True)
class DesiredNumber:
    """What the template wants."""

    specification: Specification
    settings: Settings
    release_protection: bool
    allow_replacement: bool


def parse_properties(properties: Mapping[str, object], region: str, target_arns: Sequence[str] = ()) -> DesiredNumber:
    """Return what the template wants.

    Parameters
    ----------
    target_arns
        The instances and traffic distribution groups that the provider serves. Default: all.

    Raises
    ------
    InvalidProperty
        At the first property that cannot be used.
    """
    unknown = sorted(set(properties) - _KNOWN)
    if unknown:
        raise InvalidProperty(
            f"{unknown[0]} is no property of Custom::ConnectPhoneNumber. Remove it; the properties are "
            f"{', '.join(sorted(_KNOWN))}."
        )
    text = {name: _text(properties, name) for name in sorted(_KNOWN - {"Tags", "ServiceToken", "ServiceTimeout"})}
    adopt = _flag(text, "Adopt")
    if not adopt and not text["SourcePhoneNumberArn"]:
        # A search needs a type. An adopted or imported number has its own.
        text["Type"] = text["Type"] or rules.DEFAULT_TYPE
    if not text["TargetArn"]:
        raise InvalidProperty(
            "TargetArn is missing. Give the ARN of the instance or traffic distribution group that the number is for."
        )
    _check_each(text, region)
    if target_arns and text["TargetArn"] not in target_arns:
        raise InvalidProperty(
            f"TargetArn {text['TargetArn']} is not among the targets that this provider serves: "
            f"{', '.join(target_arns)}. Use one of these, or add the target to the provider's target_arns."
        )
    _check_combination(text, adopt)
    tags = _tags(properties.get("Tags"))
    _check("Tags", rules.check_tags(tags))
    return DesiredNumber(
        specification=Specification(
            country_code=text["CountryCode"],
            type=text["Type"],
            prefix=text["Prefix"],
            phone_number=text["PhoneNumber"],
            source_phone_number_arn=text["SourcePhoneNumberArn"],
            adopt=adopt,
        ),
        settings=Settings(
            target_arn=text["TargetArn"],
            description=text["Description"],
            tags=tags,
            contact_flow_arn=text["ContactFlowArn"],
        ),
        release_protection=_flag(text, "ReleaseProtection"),
        allow_replacement=_flag(text, "AllowReplacement"),
    )


def _check_each(text: Mapping[str, str], region: str) -> None:
    country = text["CountryCode"] or None
    checks: dict[str, Callable[[str], str | None]] = {
        "TargetArn": lambda value: rules.check_target_arn(value, region),
        "CountryCode": rules.check_country_code,
        "Type": rules.check_type,
        "Prefix": lambda value: rules.check_prefix(value, country),
        "PhoneNumber": lambda value: rules.check_phone_number(value, country),
        "SourcePhoneNumberArn": lambda value: rules.check_source_phone_number_arn(value, region),
        "Description": rules.check_description,
        "ContactFlowArn": lambda value: rules.check_contact_flow_arn(value, region, text["TargetArn"]),
    }
    for name, check in checks.items():
        if text[name]:
            _check(name, check(text[name]))


def _check_combination(text: Mapping[str, str], adopt: bool) -> None:
    problem = rules.check_combination(
        country_code=bool(text["CountryCode"]),
        type=bool(text["Type"]),
        prefix=bool(text["Prefix"]),
        phone_number=bool(text["PhoneNumber"]),
        adopt=adopt,
        source_phone_number_arn=bool(text["SourcePhoneNumberArn"]),
    )
    if problem:
        raise InvalidProperty(problem)
    if text["SourcePhoneNumberArn"]:
        _check("TargetArn", rules.check_import_target(text["TargetArn"]))


def timeout_seconds(properties: Mapping[str, object]) -> int:
    """Return how long CloudFormation waits for an answer; its own default where the template does not say."""
    value = str(properties.get("ServiceTimeout", ""))
    return (
        min(int(value), rules.MAX_TIMEOUT_SECONDS) if value.isascii() and value.isdigit() else rules.MAX_TIMEOUT_SECONDS
    )


def _check(name: str, problem: str | None) -> None:
    if problem:
        raise InvalidProperty(f"{name} {problem}")


def _text(properties: Mapping[str, object], name: str) -> str:
    value = properties.get(name, "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise InvalidProperty(f"{name} must be a string, but is {json.dumps(value, default=str)[:80]}. Give one value.")
    return value


def _flag(text: Mapping[str, str], name: str) -> bool:
    value = text[name]
    if value in ("", "true", "false"):
        return value == "true"
    raise InvalidProperty(f"{name} must be true or false, but is {value!r}.")


def _tags(value: object) -> dict[str, str]:
    if value in (None, ""):
        return {}
    shape = InvalidProperty(
        f"Tags must be a list of Key and Value, but is {json.dumps(value, default=str)[:80]}. "
        'Write [{"Key": "team", "Value": "support"}].'
    )
    listed = as_list(value)
    if listed is None:
        raise shape
    tags: dict[str, str] = {}
    for each in listed:
        tag = as_mapping(each) or {}
        if set(tag) != {"Key", "Value"} or not all(isinstance(text, str) for text in tag.values()):
            raise shape
        if tag["Key"] in tags:
            raise InvalidProperty(f"Tags have the key {tag['Key']!r} twice. Remove one of them.")
        tags[tag["Key"]] = tag["Value"]
    return tags
