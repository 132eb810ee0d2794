"""The properties of a phone number as the construct takes them, and their checks at synth.

The checks are the function's own (``lambda_handlers/connect_phone_number/properties.py``), so synth
accepts exactly what a deployment accepts. Only the function can check tokens, whose values only
CloudFormation will know.
"""

import re
from dataclasses import dataclass, fields
from typing import Final, NoReturn
from weakref import WeakKeyDictionary

from aws_cdk import Duration, Stack, Token
from constructs import IConstruct

from .function_code import properties as function_properties
from .function_code import rules

DEFAULT_TIMEOUT: Final = Duration.hours(1)
"""Three invocations of the function fit in, so users see the function's own reason and not a timeout."""
POOL_NAMES: Final = ("max_parked", "release_after", "min_parked", "phone_numbers")
"""The properties of a pool that a number does not have."""
_MARKER: Final = "${Token["
"""Begins the part of a text that stands for a value that only CloudFormation knows.

https://docs.aws.amazon.com/cdk/v2/guide/tokens.html
"""

_REGIONS: Final[WeakKeyDictionary[Stack, str | None]] = WeakKeyDictionary()
"""What was asked about a stack once, since each question is a call to another process."""


@dataclass(frozen=True, kw_only=True)
class NumberProperties:
    """The properties that the user specified; ``None`` for each property that was not specified."""

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
    release_delay: str | None
    pool: str | None
    parking_target_arn: str | None
    allow_replacement: bool

    def to_cloudformation(self) -> dict[str, object]:
        """Return the specified properties under CloudFormation's names."""
        properties = {cloudformation_name(field.name): getattr(self, field.name) for field in fields(self)}
        properties["Type"] = self.type or function_properties.default_type(self.given(None)) or None
        return {name: value for name, value in properties.items() if value is not None}

    def given(self, region: str | None) -> function_properties.Given:
        """Return the properties in the form that the checks take."""
        texts = {
            cloudformation_name(field.name): value
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), str)
        }
        return function_properties.Given(
            known={name: value for name, value in texts.items() if known(value) is not None},
            names=frozenset(texts),
            region=region,
            adopt=self.adopt,
        )


def check_properties(scope: IConstruct, properties: NumberProperties, region: str | None) -> None:
    """Refuse properties that the function would refuse, as far as synth knows their values.

    Parameters
    ----------
    region
        The Region of the construct's stack, if synth knows it.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if properties.target_arn is None:
        refuse(
            scope,
            "target_arn is missing. Give the ARN of the Amazon Connect instance or traffic "
            "distribution group that the number is for, or the instance or group itself as target.",
        )
    given = properties.given(region)
    if sentence := function_properties.combination_problem(given):
        refuse(scope, in_python_names(sentence))
    if found := function_properties.value_problem(given):
        name, problem = found
        refuse(scope, f"{in_python_names(name)} {problem}")


def stack_of(scope: IConstruct) -> Stack:
    """Return the stack that contains ``scope``, or that is ``scope``."""
    return scope if isinstance(scope, Stack) else Stack.of(scope)


def region_of(scope: IConstruct) -> str | None:
    """Return the Region of a construct's stack, or ``None`` if synth does not know it."""
    stack = stack_of(scope)
    if stack not in _REGIONS:
        _REGIONS[stack] = known(stack.region)
    return _REGIONS[stack]


def timeout_seconds(scope: IConstruct, timeout: Duration) -> int | float:
    """Return ``timeout`` in seconds; a token if it is a token.

    Raises
    ------
    ValueError
        If CloudFormation would not accept it, or if the function could not work in so short a time.
    """
    if timeout is DEFAULT_TIMEOUT:
        return rules.MAX_TIMEOUT_SECONDS
    if timeout.is_unresolved():
        return timeout.to_seconds()
    seconds = timeout.to_seconds(integral=False)
    problem = rules.check_timeout_seconds(int(seconds))
    if problem:
        refuse(scope, f"timeout {problem}")
    return int(seconds)


def delay_seconds(scope: IConstruct, name: str, delay: Duration) -> str:
    """Return the property ``name`` in seconds, as CloudFormation sends it; a token if it is a token.

    Raises
    ------
    ValueError
        If it is not a whole number of seconds.
    """
    if delay.is_unresolved():
        return Token.as_string(delay.to_seconds())
    seconds = delay.to_seconds(integral=False)
    if seconds != int(seconds):
        refuse(scope, f"{name} must be a whole number of seconds, but is {seconds} seconds. Round it.")
    return str(int(seconds))


def known(value: str | None) -> str | None:
    """Return ``value`` if it is known at synth, or ``None`` if it is absent or a token."""
    # Only a text with the marker is asked about, as each question is a call to another process.
    is_token = value is not None and _MARKER in value and Token.is_unresolved(value)
    return None if is_token else value


def refuse(scope: IConstruct, message: str) -> NoReturn:
    """Stop with ``message`` and the path of the construct that it concerns."""
    raise ValueError(f"{scope.node.path}: {message}")


def cloudformation_name(name: str) -> str:
    """Return a property's name in CloudFormation."""
    return "".join(word.capitalize() for word in name.split("_"))


def in_python_names(sentence: str) -> str:
    """Return a sentence with the properties' names in Python instead of those in CloudFormation."""
    names = (*(field.name for field in fields(NumberProperties)), *POOL_NAMES)
    python_names = {cloudformation_name(name): name for name in names}
    return re.sub(r"\w+", lambda word: python_names.get(word[0], word[0]), sentence)
