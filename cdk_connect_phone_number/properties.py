"""The properties of a phone number as the construct takes them, and their checks at synth.

The checks are the function's own (``lambda_handlers/connect_phone_number/properties.py``), so synth
accepts exactly what a deployment accepts. Only the function can check tokens, whose values only
CloudFormation will know.
"""

import re
from dataclasses import dataclass, fields
from typing import Any, Final, NoReturn
from weakref import WeakKeyDictionary

from aws_cdk import Duration, RemovalPolicy, Stack, Token
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

_POLICY_REMEDY: Final = "Use for example RemovalPolicy.RETAIN."
_LATER: Final = (_MARKER, "dummy-value-for-", "{{resolve:")
"""Texts with one of these stand for a value that synth does not know: a token, what ``value_from_lookup`` returns until
the CLI has looked the value up, and a reference that CloudFormation resolves.

https://docs.aws.amazon.com/cdk/v2/guide/get-context-var.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

_TAKEN: Final[WeakKeyDictionary[IConstruct, dict[tuple[str, str], str]]] = WeakKeyDictionary()
"""The paths of the constructs of an app that have a number, by property and number. The key is the app."""


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


def root_of(stack: Stack) -> Stack:
    """Return the outermost stack that contains a stack. It is destroyed with all stacks that are nested in it."""
    while stack.nested_stack_parent is not None:
        stack = stack.nested_stack_parent
    return stack


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
        return _token_in_seconds(scope, "timeout", timeout)
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
        return Token.as_string(_token_in_seconds(scope, name, delay))
    seconds = delay.to_seconds(integral=False)
    if seconds != int(seconds):
        refuse(scope, f"{name} must be a whole number of seconds, but is {seconds} seconds. Round it.")
    return str(int(seconds))


def _token_in_seconds(scope: IConstruct, name: str, duration: Duration) -> int | float:
    if duration.unit_label() != "seconds":
        refuse(
            scope,
            f"{name} is a token in {duration.unit_label()}, which synth cannot convert. Use Duration.seconds with a "
            "token of seconds.",
        )
    return duration.to_seconds()


def known(value: str | None) -> str | None:
    """Return ``value`` if it is known at synth, or ``None`` if it is absent or only known later."""
    return None if value is None or any(part in value for part in _LATER) else value


def literal(value: object) -> str | None:
    """Return ``value`` if it is a text that is known at synth. It may be of a wrong kind, which ``text`` refuses."""
    return known(value) if isinstance(value, str) else None


def text(scope: IConstruct, name: str, value: object) -> str | None:
    """Return the property ``name`` as a text, also if it is a token that is no text.

    Raises
    ------
    ValueError
        If it is neither a text nor a token.
    """
    if value is None or isinstance(value, str):
        return value
    if not Token.is_unresolved(value):
        refuse(scope, f"{name} must be a string, but is {_shown(value)}. Give one value, in quotes.")
    return Token.as_string(value)


def required_text(scope: IConstruct, name: str, value: object) -> str:
    """Return the property ``name`` as a text, as ``text`` does, but refuse ``None``.

    Raises
    ------
    ValueError
        If it is neither a text nor a token.
    """
    found = text(scope, name, value)
    if found is None:
        refuse(scope, f"{name} is missing. Give it.")
    return found


def check_flag(scope: IConstruct, name: str, value: object, *, takes_token: bool = True) -> None:
    """Refuse a value of the property ``name`` that is neither true nor false.

    Raises
    ------
    ValueError
        If it is another value, for example a text, which Python takes for true whatever it says.
    """
    if isinstance(value, bool) or (takes_token and Token.is_unresolved(value)):
        return
    refuse(
        scope,
        f"{name} must be True or False, but is {_shown(value)}. Convert a text first, for example: value == 'true'.",
    )


def check_kind(
    scope: IConstruct, name: str, value: object, kind: type[Any] | tuple[type[Any], ...], remedy: str
) -> None:
    """Refuse a value of the property ``name`` that is not of its kind. ``None`` is of every kind.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and ``remedy``.
    """
    if value is not None and not isinstance(value, kind):
        refuse_kind(scope, name, value, remedy)


def refuse_kind(scope: IConstruct, name: str, value: object, remedy: str) -> NoReturn:
    """Stop because the property ``name`` has a value of another kind, with ``remedy``."""
    refuse(scope, f"{name} has a value of the wrong kind: {_shown(value)}. {remedy}")


def check_removal_policy(scope: IConstruct, removal_policy: object) -> None:
    """Refuse anything but a policy, so that a text is not taken for another policy than it names.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    check_kind(scope, "removal_policy", removal_policy, RemovalPolicy, _POLICY_REMEDY)


def check_given_policy(scope: IConstruct, removal_policy: object) -> None:
    """Refuse a policy that is ``None``, where no default would be what the user means.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if removal_policy is None:
        refuse_kind(scope, "removal_policy", removal_policy, _POLICY_REMEDY)


def chosen_removal_policy(
    scope: IConstruct, policy: RemovalPolicy | None, default: RemovalPolicy | None, subject: str
) -> RemovalPolicy:
    """Return the policy to apply to a resource: ``policy``, or else ``default``, or else ``DESTROY``.

    Raises
    ------
    ValueError
        If it is not a policy, or ``SNAPSHOT``, which ``subject`` does not have.
    """
    check_removal_policy(scope, policy)
    chosen = policy or default or RemovalPolicy.DESTROY
    check_removal_policy(scope, chosen)
    if chosen is RemovalPolicy.SNAPSHOT:
        refuse(
            scope,
            f"removal_policy must be 'destroy' or 'retain', but is 'snapshot'. {subject} has no snapshot.",
        )
    return chosen


def check_duration(scope: IConstruct, name: str, duration: object) -> None:
    """Refuse anything but a ``Duration`` as the property ``name``.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    if not isinstance(duration, Duration):
        refuse_kind(scope, name, duration, "Use a Duration, for example Duration.minutes(30).")


def check_provider(scope: IConstruct, provider: object) -> None:
    """Refuse anything but a provider.

    Raises
    ------
    ValueError
        With the construct's path, the property, its value, and what to do.
    """
    # Not isinstance with the protocol: that reads every attribute, and some of them are calls to another process.
    if isinstance(provider, type) or not (hasattr(provider, "service_token") and hasattr(provider, "target_arns")):
        refuse_kind(
            scope, "provider", provider, "Use a PhoneNumberProvider, or PhoneNumberProvider.from_service_token."
        )


def take_once(scope: IConstruct, name: str, value: str | None) -> None:
    """Refuse a number that another construct of the same app has in the same property, as far as synth knows it.

    A number may also be on the list of a pool, from which its construct takes it.

    Raises
    ------
    ValueError
        With the paths of both constructs, the property, its value, and what to do.
    """
    number = known(value)
    if number is None:
        return
    node = scope.node
    taken = _TAKEN.setdefault(node.root, {})
    other = taken.setdefault((name, number), node.path)
    if other != node.path:
        refuse(
            scope,
            f"{name} is {number!r}, which {other} also has, but a number belongs to one resource only. Remove one of "
            "the two, or refer to the other one's number with PhoneNumber.from_phone_number_arn.",
        )


def _shown(value: object) -> str:
    """Return a value as a message shows it: on one line, and not too long."""
    return f"{' '.join(repr(value).split())[:80]} ({type(value).__name__})"


def refuse(scope: IConstruct, message: str) -> NoReturn:
    """Stop with ``message`` and the path of the construct that it concerns."""
    raise ValueError(f"{scope.node.path or 'the app'}: {message}")


def cloudformation_name(name: str) -> str:
    """Return a property's name in CloudFormation."""
    return "".join(word.capitalize() for word in name.split("_"))


def in_python_names(sentence: str) -> str:
    """Return a sentence with the properties' names in Python instead of those in CloudFormation."""
    names = (*(field.name for field in fields(NumberProperties)), *POOL_NAMES)
    python_names = {cloudformation_name(name): name for name in names}
    return re.sub(r"\w+", lambda word: python_names.get(word[0], word[0]), sentence)
