"""The properties of a ``Custom::ConnectPhoneNumber`` resource, and their checks at synth.

The rules are the function's own (``rules``), so that what synth lets pass is what a deployment
accepts. Values that only CloudFormation will know, tokens, are left to the function.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import NoReturn

from aws_cdk import Duration, Stack, Token
from constructs import IConstruct

from .lambda_handlers.connect_phone_number import rules


@dataclass(frozen=True, kw_only=True)
class NumberProperties:
    """What the user asked for; ``None`` where nothing was said."""

    target_arn: str | None
    country_code: str | None
    type: str | None
    prefix: str | None
    phone_number: str | None
    adopt: bool
    source_phone_number_arn: str | None
    description: str | None
    contact_flow_arn: str | None
    release_protection: bool
    allow_replacement: bool

    def to_cloudformation(self) -> dict[str, object]:
        """Return the properties under CloudFormation's names, without those that were not given."""
        given = {_cloudformation_name(field.name): getattr(self, field.name) for field in fields(self)}
        if self.type is None and not self.adopt and self.source_phone_number_arn is None:
            given["Type"] = rules.DEFAULT_TYPE
        return {name: value for name, value in given.items() if value is not None}


def check_properties(scope: IConstruct, properties: NumberProperties) -> None:
    """Refuse properties that the function would refuse, as far as their values are known at synth.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value and what to do.
    """
    if properties.target_arn is None:
        refuse(
            scope,
            "target_arn is missing. Give the ARN of the Amazon Connect instance or traffic "
            "distribution group that the number is for, or the instance or group itself as target.",
        )
    _check_combination(scope, properties)
    for name, check in _checks(properties, known(Stack.of(scope).region)).items():
        value = known(getattr(properties, name))
        problem = check(value) if value is not None else None
        if problem:
            refuse(scope, f"{name} {problem}")


def timeout_seconds(scope: IConstruct, timeout: Duration) -> int | float:
    """Return ``timeout`` in seconds, a token where it is one.

    Raises
    ------
    ValueError
        Where CloudFormation would not take it, or the function could not work in so short a time.
    """
    if timeout.is_unresolved():
        return timeout.to_seconds()
    seconds = timeout.to_seconds(integral=False)
    problem = rules.check_timeout_seconds(int(seconds))
    if problem:
        refuse(scope, f"timeout {problem}")
    return int(seconds)


def known(value: str | None) -> str | None:
    """Return ``value`` where it is known at synth, ``None`` where it is absent or a token."""
    return None if value is None or Token.is_unresolved(value) else value


def refuse(scope: IConstruct, message: str) -> NoReturn:
    """Stop with ``message`` and the path of the construct that it is about."""
    raise ValueError(f"{scope.node.path}: {message}")


def _checks(p: NumberProperties, region: str | None) -> Mapping[str, Callable[[str], str | None]]:
    country, target = known(p.country_code), known(p.target_arn)
    is_import = p.source_phone_number_arn is not None
    return {
        "target_arn": lambda value: (
            rules.check_target_arn(value, region) or (rules.check_import_target(value) if is_import else None)
        ),
        "country_code": rules.check_country_code,
        "type": rules.check_type,
        "prefix": lambda value: rules.check_prefix(value, country),
        "phone_number": lambda value: rules.check_phone_number(value, country),
        "source_phone_number_arn": lambda value: rules.check_source_phone_number_arn(value, region),
        "description": rules.check_description,
        "contact_flow_arn": lambda value: rules.check_contact_flow_arn(value, region, target),
    }


def _check_combination(scope: IConstruct, p: NumberProperties) -> None:
    problem = rules.check_combination(
        country_code=p.country_code is not None,
        type=p.type is not None,
        prefix=p.prefix is not None,
        phone_number=p.phone_number is not None,
        adopt=p.adopt,
        source_phone_number_arn=p.source_phone_number_arn is not None,
    )
    if problem:
        refuse(scope, _in_python_names(problem))


def _cloudformation_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _in_python_names(sentence: str) -> str:
    python_names = {_cloudformation_name(field.name): field.name for field in fields(NumberProperties)}
    return re.sub(r"\w+", lambda word: python_names.get(word[0], word[0]), sentence)
