"""The providers of a place: the Lambda functions that have a ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .function_code import configuration, contract
from .places import Place
from .problems import Finding, Problem, explain, is_about_credentials

_HANDLER: Final = "connect_phone_number.handler.on_event"


@dataclass(frozen=True)
class Provider:
    """A provider of phone numbers.

    Parameters
    ----------
    name
        The name of its function.
    arn
        The ARN of its function, which is the service token of its resources.
    configuration
        What it was told when it was deployed.
    """

    name: str
    arn: str
    configuration: configuration.Configuration

    @property
    def id(self) -> str:
        """The provider's name in the tags of its numbers."""
        return self.configuration.provider_id

    def is_meant_by(self, name: str) -> bool:
        """Return whether a person means this provider: by its function's name or ARN, or by its id."""
        return name in (self.name, self.arn, self.id)


@dataclass(frozen=True)
class Providers:
    """The providers of one place.

    Parameters
    ----------
    selected
        Those that are to be read.
    others
        The ids of those that are not.
    is_complete
        Whether there can be no further provider in the place.
    """

    selected: tuple[Provider, ...] = ()
    others: frozenset[str] = frozenset()
    is_complete: bool = True


def discover(place: Place, names: Sequence[str], findings: list[Finding]) -> Providers:
    """Return the providers of a place.

    Parameters
    ----------
    names
        Names, ARNs or ids of those that are to be read. Empty means all.
    findings
        What could not be read is added here.

    Raises
    ------
    Problem
        No call can succeed.
    """
    found: list[Provider] = []
    is_complete = True
    try:
        functions = [
            function
            for page in place.client("lambda").get_paginator("list_functions").paginate()
            for function in page["Functions"]
        ]
    except (ClientError, BotoCoreError) as error:
        if is_about_credentials(error):
            raise Problem(explain("lambda", error)) from error
        text = f"The providers are not known, and so neither are the owners of the numbers: {explain('lambda', error)}"
        findings.append(Finding(place.account, place.region, text))
        return Providers(is_complete=False)
    for function in functions:
        try:
            provider = _provider(function)
        except (TypeError, ValueError) as problem:
            text = (
                f"{function['FunctionName']} has environment variables that cannot be read ({problem}), so its numbers "
                "have no known owner. Deploy the provider again."
            )
            findings.append(Finding(place.account, place.region, text))
            is_complete = False
            continue
        if provider is not None:
            found.append(provider)
    selected = [one for one in found if not names or any(one.is_meant_by(name) for name in names)]
    others = frozenset(one.id for one in found if one not in selected)
    return Providers(tuple(selected), others, is_complete)


def _provider(function: dict[str, Any]) -> Provider | None:
    environment = function.get("Environment", {})
    if "Error" in environment and function.get("Handler") == _HANDLER:
        message = str(environment["Error"].get("Message", "")).rstrip(". ")
        raise ValueError(f"{message}; allow kms:Decrypt with its key to the caller")
    variables = environment.get("Variables", {})
    if not {contract.LEDGER_TABLE_NAME, contract.PROVIDER_ID} <= variables.keys():
        return None
    told = configuration.Configuration.of(variables)
    return Provider(function["FunctionName"], function["FunctionArn"], told)
