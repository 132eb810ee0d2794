"""What is deployed: stacks, providers and their ledgers, read with the caller's own permissions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from ..cloudformation.resource_key import ResourceKey
from ..cloudformation.stacks import CloudFormationStacks, HeldResource, Stacks, StackState
from ..configuration import Configuration
from ..connect.quotas import Quotas, ServiceQuotas
from ..json_types import as_mapping
from ..ledger.dynamodb import DynamoDBStore
from ..ledger.store import StoreUnavailable
from .snapshot import SnapshotStore
from .template import World

_R = TypeVar("_R")

_NOT_THERE: Final = ("ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound")
_NO_STACK: Final = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")
"""The status of a stack that was deleted, and of one that has only got its first change set."""


class NotReadable(Exception):
    """Something that a plan needs cannot be read. The message says what, and what to do."""


@dataclass(frozen=True)
class DeployedStack:
    """A stack that exists.

    Parameters
    ----------
    body
        Its template.
    parameters
        The values that its parameters were given.
    stored
        The values that CloudFormation got from Parameter Store for them, by the name of the parameter there.
    physical_ids
        The physical ids of its resources, by logical id.
    is_protected
        Whether its termination protection is on.
    """

    stack_id: str
    name: str
    status: str
    body: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    stored: Mapping[str, str] = field(default_factory=dict[str, str])
    physical_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    is_protected: bool = False


@dataclass(frozen=True)
class DeployedProvider:
    """A provider that exists: its configuration, and a copy of its ledger."""

    configuration: Configuration
    store: SnapshotStore


class Account(Protocol):
    """One account and Region, as far as a plan needs it."""

    @property
    def partition(self) -> str:
        """The partition, for example ``aws``."""
        ...

    @property
    def region(self) -> str:
        """The Region."""
        ...

    @property
    def account(self) -> str:
        """The id of the account."""
        ...

    @property
    def stacks(self) -> Stacks:
        """The queries to CloudFormation."""
        ...

    @property
    def connect(self) -> Any:
        """A client for Amazon Connect."""
        ...

    @property
    def quotas(self) -> Quotas | None:
        """The queries to Service Quotas, or ``None`` if it is not asked."""
        ...

    @property
    def world(self) -> World:
        """What templates get from outside."""
        ...

    @property
    def clock(self) -> Callable[[], float]:
        """Returns the time in seconds since the epoch."""
        ...

    def stack(self, name: str) -> DeployedStack | None:
        """Return a stack by name or ARN, or ``None`` if there is none.

        Raises
        ------
        NotReadable
            It cannot be read.
        """
        ...

    def provider(self, service_token: str) -> DeployedProvider | None:
        """Return the provider with a service token, or ``None`` if there is none.

        Raises
        ------
        NotReadable
            It cannot be read.
        """
        ...


class AwsAccount:
    """An account and Region in AWS.

    Parameters
    ----------
    client
        Returns a boto3 client for a service.
    clock
        Returns the time in seconds since the epoch.
    parse
        Returns the object that a template's text describes, or raises ``ValueError``. Default: JSON only.

    Each stack, provider, export and stored parameter is read once. So one plan takes one ``AwsAccount``.
    """

    def __init__(
        self,
        client: Callable[[str], Any],
        partition: str,
        region: str,
        account: str,
        clock: Callable[[], float],
        parse: Callable[[str], object] = json.loads,
    ) -> None:
        self._parse = parse
        self.partition = partition
        self.region = region
        self.account = account
        self.clock = clock
        self._client = client
        self._cloudformation = client("cloudformation")
        self.stacks: Stacks = _AskedOnce(CloudFormationStacks(self._cloudformation))
        self.connect: Any = client("connect")
        self.quotas: Quotas | None = ServiceQuotas(client("service-quotas"))
        self.world = World(self._imported, self._stored)
        self._stacks: dict[str, DeployedStack | None] = {}
        self._providers: dict[str, DeployedProvider | None] = {}
        self._exports: dict[str, str] | None = None
        self._values: dict[str, str | None] = {}

    def stack(self, name: str) -> DeployedStack | None:
        """Return a stack by name or ARN, or ``None`` if there is none."""
        if name not in self._stacks:
            self._stacks[name] = self._read_stack(name)
        return self._stacks[name]

    def provider(self, service_token: str) -> DeployedProvider | None:
        """Return the provider with a service token, or ``None`` if there is none."""
        if service_token not in self._providers:
            self._providers[service_token] = self._read_provider(service_token)
        return self._providers[service_token]

    def _read_stack(self, name: str) -> DeployedStack | None:
        described = self._read(
            f"the stack {name}",
            "cloudformation:DescribeStacks",
            lambda: self._cloudformation.describe_stacks(StackName=name)["Stacks"][0],
        )
        if described is None or described["StackStatus"] in _NO_STACK:
            return None
        stack_id = described["StackId"]
        template = self._read(
            f"the template of {name}",
            "cloudformation:GetTemplate",
            lambda: self._cloudformation.get_template(StackName=stack_id, TemplateStage="Processed")["TemplateBody"],
        )
        if template is None:
            # It was deleted since.
            return None
        parameters = described.get("Parameters", [])
        return DeployedStack(
            stack_id=stack_id,
            name=described["StackName"],
            status=described["StackStatus"],
            body=parsed_template(template, self._parse),
            parameters={each["ParameterKey"]: each["ParameterValue"] for each in parameters},
            stored={each["ParameterValue"]: each["ResolvedValue"] for each in parameters if "ResolvedValue" in each},
            physical_ids=self._physical_ids(stack_id),
            is_protected=bool(described.get("EnableTerminationProtection")),
        )

    def _read_provider(self, service_token: str) -> DeployedProvider | None:
        function = self._read(
            f"the provider's function {service_token}",
            "lambda:GetFunctionConfiguration",
            lambda: self._client("lambda").get_function_configuration(FunctionName=service_token),
        )
        if function is None:
            return None
        try:
            configuration = Configuration.of(function.get("Environment", {}).get("Variables", {}))
        except KeyError as missing:
            raise NotReadable(
                f"{service_token} is no provider of phone numbers, or its environment cannot be read: it has no "
                f"{missing}. Name the provider's function, and allow lambda:GetFunctionConfiguration, and kms:Decrypt "
                "if its environment is encrypted."
            ) from missing
        store = DynamoDBStore(self._client("dynamodb"), configuration.ledger_table_name)
        try:
            return DeployedProvider(configuration, SnapshotStore.of(store))
        except (ClientError, BotoCoreError, StoreUnavailable) as error:
            raise NotReadable(
                f"The ledger {configuration.ledger_table_name} cannot be read ({error}). Allow dynamodb:Scan on it."
            ) from error

    def _physical_ids(self, stack_id: str) -> dict[str, str]:
        listed = self._pages(
            "list_stack_resources", "StackResourceSummaries", "cloudformation:ListStackResources", StackName=stack_id
        )
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in listed
            if each.get("PhysicalResourceId")
            and not HeldResource(each["PhysicalResourceId"], each["ResourceStatus"]).is_gone
        }

    def _imported(self, name: str) -> str | None:
        if self._exports is None:
            listed = self._pages("list_exports", "Exports", "cloudformation:ListExports")
            self._exports = {each["Name"]: each["Value"] for each in listed}
        return self._exports.get(name)

    def _stored(self, name: str) -> str | None:
        if name not in self._values:
            found: Mapping[str, Any] = (
                self._read(
                    f"the parameter {name} of Parameter Store",
                    "ssm:GetParameter",
                    lambda: self._client("ssm").get_parameter(Name=name)["Parameter"],
                )
                or {}
            )
            # Of a SecureString, a template never gets the value.
            self._values[name] = None if found.get("Type") == "SecureString" else found.get("Value")
        return self._values[name]

    def _pages(self, operation: str, member: str, action: str, **parameters: str) -> list[Mapping[str, Any]]:
        pages = self._cloudformation.get_paginator(operation).paginate(**parameters)
        listed: list[Mapping[str, Any]] | None = self._read(
            f"what CloudFormation has ({operation})", action, lambda: [each for page in pages for each in page[member]]
        )
        return listed or []

    def _read(self, what: str, action: str, call: Callable[[], Any]) -> Any:
        """Return the response to a call, or ``None`` if there is not what it asks for."""
        try:
            return call()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            message = error.response.get("Error", {}).get("Message", "")
            if code in _NOT_THERE or (code == "ValidationError" and "does not exist" in message):
                return None
            remedy = f" Allow {action}." if code.startswith("AccessDenied") else ""
            raise NotReadable(f"Cannot read {what}: {message} ({code}).{remedy}") from error
        except BotoCoreError as error:
            raise NotReadable(f"Cannot read {what}: {error}.") from error


class _AskedOnce:
    """The queries to CloudFormation, each made once. What it does not tell makes the plan impossible."""

    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks
        self._told: dict[tuple[object, ...], Any] = {}

    def state(self, stack_id: str) -> StackState | None:
        return self._ask(("DescribeStacks", stack_id), lambda: self._stacks.state(stack_id))

    def resource(self, resource: ResourceKey) -> HeldResource | None:
        return self._ask(("DescribeStackResource", resource), lambda: self._stacks.resource(resource))

    def holders(self, physical_id: str) -> tuple[ResourceKey, ...] | None:
        return self._ask(("DescribeStackResources", physical_id), lambda: self._stacks.holders(physical_id))

    def has_named(self, resource: ResourceKey, physical_id: str, since: int, *, by_any_name: bool) -> bool | None:
        return self._ask(
            ("DescribeStackEvents", resource, physical_id, since, by_any_name),
            lambda: self._stacks.has_named(resource, physical_id, since, by_any_name=by_any_name),
        )

    def has_completed(self, resource: ResourceKey, physical_id: str, since: int) -> bool | None:
        return self._ask(
            ("DescribeStackEvents", resource, physical_id, since),
            lambda: self._stacks.has_completed(resource, physical_id, since),
        )

    def _ask(self, question: tuple[object, ...], ask: Callable[[], _R]) -> _R:
        if question not in self._told:
            self._told[question] = ask()
        told: _R = self._told[question]
        action, *_ = question
        # What a stack's events do not tell is for the function's rules to judge.
        if told is None and action != "DescribeStackEvents":
            raise NotReadable(
                f"CloudFormation did not tell what the plan needs. Allow cloudformation:{action}, or try again later."
            )
        return told


def parsed_template(body: object, parse: Callable[[str], object] = json.loads) -> Mapping[str, Any]:
    """Return the object of a template, which boto3 returns as it is, or as a text.

    Raises
    ------
    NotReadable
        It is no template, or in a format that ``parse`` does not know.
    """
    if (members := as_mapping(body)) is not None:
        return members
    try:
        parsed = as_mapping(parse(str(body)))
    except ValueError:
        parsed = None
    if parsed is None:
        raise NotReadable("The template cannot be read. It must be an object in JSON, as the CDK writes it.")
    return parsed
