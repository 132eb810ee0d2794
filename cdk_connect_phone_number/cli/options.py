"""The options that several subcommands have."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


class OutputFormat(StrEnum):
    """The format of a result on standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def reading_options(command: _F) -> _F:
    """Add the options that say what is read: profile, Regions, roles and providers."""
    provider = click.option(
        "--provider",
        "providers",
        multiple=True,
        metavar="NAME_OR_ARN",
        help="Only this provider: its function's name or ARN, or its provider id. Repeatable.",
    )
    return place_options(provider(command))


def place_options(command: _F) -> _F:
    """Add the options that say which account and Region are read: profile, Regions and roles."""
    for option in (
        click.option(
            "--role-arn",
            "role_arns",
            multiple=True,
            metavar="ARN",
            help="Assume this role, and read its account instead of the caller's. Repeatable.",
        ),
        click.option("--region", "regions", multiple=True, metavar="REGION", help="Read this Region. Repeatable."),
        click.option("--profile", metavar="NAME", help="A profile of the AWS configuration."),
    ):
        command = option(command)
    return command


def _as_format(context: click.Context, parameter: click.Parameter, value: str) -> OutputFormat:
    del context, parameter
    return OutputFormat(value)


def output_option(command: _F) -> _F:
    """Add the option for the format of the result."""
    return click.option(
        "--output",
        "output",
        type=click.Choice([one.value for one in OutputFormat]),
        default=OutputFormat.TABLE.value,
        show_default=True,
        callback=_as_format,
        help="The format of the result.",
    )(command)
