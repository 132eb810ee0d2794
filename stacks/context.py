"""The app's settings out of the CDK context, with an error to act on where one is missing."""

from constructs import Node

from .support_numbers_stack import SupportNumbersSettings


class ContextError(Exception):
    """A context value is missing or is no text."""


def support_numbers_settings(node: Node) -> SupportNumbersSettings:
    """Read the settings of the support numbers.

    Raises
    ------
    ContextError
        Where a value that is needed is missing, or any is not a text.
    """
    return SupportNumbersSettings(
        target_arn=_required(node, "target_arn"),
        country_code=_required(node, "country_code"),
        type=_required(node, "type"),
        description=_required(node, "description"),
        prefix=_optional(node, "prefix"),
    )


def account_quota(node: Node) -> int | None:
    """Read how many phone numbers the account may hold, or ``None`` if the provider is to ask Service Quotas.

    Raises
    ------
    ContextError
        Where it is no number.
    """
    value = _optional(node, "quota")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise ContextError(f"The context value 'quota' must be a whole number, but is {value!r}. Use for example '10'.")
    return int(value)


def _required(node: Node, key: str) -> str:
    value = _optional(node, key)
    if value is None:
        raise ContextError(
            f"The context value {key!r} is missing. Set it under 'context' in cdk.json, "
            f"or pass it: cdk deploy -c {key}=…"
        )
    return value


def _optional(node: Node, key: str) -> str | None:
    value: object = node.try_get_context(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ContextError(
            f"The context value {key!r} must be a string, but is {value!r}. Put it in quotes in cdk.json."
        )
    return value
