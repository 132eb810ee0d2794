"""A CloudFormation Hook that refuses the stack operations and change sets that a plan has something against.

https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html

The answer depends on what is deployed, so the function reads the account; it changes nothing. Most operations of an
account have nothing to do with phone numbers. These are let through without a call, except deletions: CloudFormation
sends no template with a deletion, so that of the stack is read.
"""

import http.client
import json
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Final, Protocol, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .. import contract
from ..cloudformation.response import http_get
from ..json_types import as_list, as_mapping
from ..logs import Log, write_line
from .deployed import Account, AwsAccount, DeployedProvider, DeployedStack, NotReadable
from .findings import Finding, findings
from .plan import Concern
from .planner import StackDeployment, plan
from .template import NESTED_STACK, World

MAX_MESSAGE_CHARACTERS: Final = 4096
"""CloudFormation cuts a longer message off."""
_TARGETS: Final = ("STACK", "CHANGE_SET")
_DELETE: Final = "DELETE_PRE_PROVISION"
_MARK: Final = contract.RESOURCE_TYPE
"""The types of pools and providers begin with it, too."""
_GONE: Final = "ChangeSetNotFound"
_CLIENT: Final = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=3, read_timeout=8)
_WAY_OUT: Final = (
    "If this is meant, exclude the stack from the hook (excluded_stack_names of PhoneNumberHook), or disable the hook "
    "for the time of this operation."
)


class ErrorCode(StrEnum):
    """Why a hook has failed."""

    NON_COMPLIANT = "NonCompliant"
    """The operation is refused."""
    INTERNAL_FAILURE = "InternalFailure"
    """It could not be found out what the operation does."""


class _Refused(Exception):
    """The operation is refused. The message says why."""


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    invoked_function_arn: str


@dataclass(frozen=True)
class Parameters:
    """The parameters of a change set.

    Parameters
    ----------
    values
        Those that the change set gives a value.
    stored
        The values that CloudFormation got from Parameter Store for them, by the name of the parameter there.
    """

    values: Mapping[str, str]
    stored: Mapping[str, str]


@dataclass(frozen=True)
class Dependencies:
    """What the hook needs from outside.

    Parameters
    ----------
    account
        Returns the account and Region of a function's ARN. The second argument returns the object that a template's
        text describes.
    parameters
        Returns the parameters of a change set, or ``None`` if it is gone.
    fetch
        GETs a URL, and returns the HTTP status and the body.
    fail_on
        What is refused.
    provider
        The service token of the provider whose token cannot be told from a template. Empty if there are several.
    """

    account: Callable[[str, Callable[[str], object]], Account]
    parameters: Callable[[str], Parameters | None]
    fetch: Callable[[str], tuple[int, bytes]]
    fail_on: Collection[Concern]
    provider: str
    clock: Callable[[], float]
    write_line: Callable[[str], object]


def on_event(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answer one invocation by CloudFormation."""
    return Hook(_dependencies()).handle(event, context)


class Hook:
    """The hook, separate from its dependencies."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._world = dependencies

    def handle(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Return the answer to one invocation. The presigned URL of the event is in no answer and in no line."""
        operation = _Operation.of(event)
        log = Log(self._world.write_line, self._world.clock).bind(
            stack=operation.stack_id, target=operation.target, action=operation.action
        )
        try:
            message = self._evaluate(operation, context)
        except _Refused as refusal:
            return _failed(operation, log, ErrorCode.NON_COMPLIANT, f"{refusal} {_WAY_OUT}")
        except NotReadable as problem:
            return _failed(
                operation,
                log,
                ErrorCode.INTERNAL_FAILURE,
                f"It could not be found out what this does to phone numbers: {problem} If the provider of a number is "
                "not among the providers of PhoneNumberHook, add it there. Then try again.",
            )
        except Exception as error:
            # An exception's text may contain the URL, and CloudFormation would show it.
            return _failed(
                operation,
                log,
                ErrorCode.INTERNAL_FAILURE,
                f"The phone number hook has failed ({type(error).__name__}). Try again. If it fails again, disable "
                "the hook, plan with connect-phone-numbers plan, and report this.",
            )
        log.info("let through", reason=message)
        return {"hookStatus": "SUCCESS", "message": message, "clientRequestToken": operation.token}

    def _evaluate(self, operation: "_Operation", context: Context) -> str:
        """Return why the operation is let through.

        Raises
        ------
        _Refused
            The operation is refused.
        NotReadable
            Something that the plan needs cannot be read.
        """
        if operation.target not in _TARGETS:
            raise NotReadable(f"The hook evaluates {' and '.join(_TARGETS)}, but was called for {operation.target}.")
        payload: Mapping[str, Any] = {} if operation.is_deletion else self._payload(operation)
        if not operation.is_deletion and not _concerns_numbers(payload):
            return "It has nothing to do with phone numbers."
        body = None if operation.is_deletion else _new_body(payload)
        templates = _Templates(body)
        account = self._world.account(context.invoked_function_arn, templates.parse)
        deployed = account.stack(operation.stack_name)
        templates.are_others = True
        if deployed is not None and "ROLLBACK" in deployed.status and deployed.status.endswith("_IN_PROGRESS"):
            return "CloudFormation rolls the stack back."
        previous = templates.parse_previous(str(payload.get("previousTemplate") or ""))
        if deployed is not None and templates.has_replaced_yaml:
            _check_nothing_goes(deployed, body)
        given = Parameters({}, {})
        if operation.change_set_id:
            given = self._world.parameters(operation.change_set_id) or given
        made = plan(
            _AccountInOperation(account, operation.stack_name, deployed, previous, given.stored),
            [StackDeployment(operation.stack_name, body, given.values)],
            self._world.provider,
            # What the numbers were according to a template in YAML, only the ledger tells.
            has_begun=operation.target == "STACK" or templates.has_replaced_yaml,
        )
        found = findings(made, self._world.fail_on)
        if found:
            raise _Refused(_listed(found))
        return "Nothing that is refused happens to a phone number."

    def _payload(self, operation: "_Operation") -> Mapping[str, Any]:
        try:
            status, body = self._world.fetch(operation.payload_url)
        except (OSError, http.client.HTTPException) as error:
            raise NotReadable(f"The templates did not come from Amazon S3 ({type(error).__name__}).") from None
        if status != http.client.OK:
            raise NotReadable(f"The templates did not come from Amazon S3 (HTTP status {status}).")
        payload = as_mapping(json.loads(body))
        if payload is None:
            raise NotReadable("What came from Amazon S3 instead of the templates is not an object.")
        return payload


@dataclass(frozen=True)
class _Operation:
    """What CloudFormation is about to do."""

    token: str
    target: str
    action: str
    stack_id: str
    change_set_id: str
    payload_url: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "_Operation":
        data = as_mapping(event.get("requestData")) or {}
        target, named = str(data.get("targetName", "")), str(data.get("targetLogicalId") or "")
        # Syntax and example of the documentation spell these two differently.
        token = event.get("clientRequestToken") or event.get("clientRequesttoken") or ""
        stack_id = event.get("stackId") or event.get("stackID") or ("" if target == "CHANGE_SET" else named)
        return cls(
            token=str(token),
            target=target,
            action=str(event.get("actionInvocationPoint") or ""),
            stack_id=str(stack_id),
            change_set_id=str(event.get("changeSetId") or (named if target == "CHANGE_SET" else "")),
            payload_url=str(data.get("payload") or ""),
        )

    @property
    def stack_name(self) -> str:
        return self.stack_id.split("/")[1] if "/" in self.stack_id else self.stack_id

    @property
    def is_deletion(self) -> bool:
        return self.target == "STACK" and self.action == _DELETE


class _Templates:
    """Reads the templates of an operation. Lambda has no parser for YAML."""

    def __init__(self, new: Mapping[str, Any] | None) -> None:
        self._new = new
        self.are_others = False
        """Whether the templates that come now are of other stacks than that of the operation."""
        self.has_replaced_yaml = False
        """Whether the stack's own template so far is in YAML, so that the new one stands for it."""

    def parse(self, text: str) -> object:
        """Return what a deployed template's text describes."""
        try:
            return json.loads(text)
        except ValueError:
            if _MARK not in text:
                return {}
            return self._in_place_of_yaml()

    def parse_previous(self, text: str) -> Mapping[str, Any] | None:
        """Return the stack's template so far, or ``None`` if CloudFormation has sent none."""
        self.are_others = False
        parsed = as_mapping(self.parse(text)) if text else None
        self.are_others = True
        return parsed

    def _in_place_of_yaml(self) -> Mapping[str, Any]:
        if self._new is None or self.are_others:
            raise _Refused(
                "The template of the stack or of a stack nested in it has phone numbers and is in YAML, which the hook "
                "cannot read. Deploy the same template in JSON first, as the CDK writes it."
            )
        self.has_replaced_yaml = True
        return self._new


class _AccountInOperation:
    """The account, with what CloudFormation has sent about the operation in place of what it tells."""

    def __init__(
        self,
        account: Account,
        name: str,
        deployed: DeployedStack | None,
        previous: Mapping[str, Any] | None,
        stored: Mapping[str, str],
    ) -> None:
        self.partition = account.partition
        self.region = account.region
        self.account = account.account
        self.stacks = account.stacks
        self.connect = account.connect
        self.quotas = account.quotas
        self.clock = account.clock
        self._account = account
        self._name = name
        self._deployed = deployed
        if deployed is not None and previous is not None:
            self._deployed = replace(deployed, body=previous)
        # The values that CloudFormation has got itself. The hook may not read the Parameter Store.
        self.world = World(account.world.imported, {**(deployed.stored if deployed is not None else {}), **stored}.get)

    def stack(self, name: str) -> DeployedStack | None:
        return self._deployed if name == self._name else self._account.stack(name)

    def provider(self, service_token: str) -> DeployedProvider | None:
        return self._account.provider(service_token)


def _concerns_numbers(payload: Mapping[str, Any]) -> bool:
    """Return whether an operation has to do with phone numbers, or removes a nested stack, which may have some."""
    changed = as_list(payload.get("changedResources")) or []
    if any(_MARK in str(payload.get(name)) for name in ("template", "previousTemplate", "changedResources")):
        return True
    removed = [each for each in map(as_mapping, changed) if each is not None and each.get("action") == "DELETE"]
    if any(each.get("resourceType") == NESTED_STACK for each in removed):
        return True
    before, after = (_nested_stacks(str(payload.get(name))) for name in ("previousTemplate", "template"))
    return not before <= after


def _nested_stacks(text: str) -> set[str]:
    """Return the logical ids of the nested stacks of a template, if it is in JSON."""
    if NESTED_STACK not in text:
        return set()
    try:
        resources = as_mapping((as_mapping(json.loads(text)) or {}).get("Resources")) or {}
    except ValueError:
        return set()
    return {name for name, each in resources.items() if (as_mapping(each) or {}).get("Type") == NESTED_STACK}


def _new_body(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    text = str(payload.get("template") or payload.get("previousTemplate") or "")
    try:
        parsed = as_mapping(json.loads(text))
    except ValueError:
        parsed = None
    if parsed is not None:
        return parsed
    if _MARK in text:
        raise _Refused(
            "The template has phone numbers and is in YAML, which the hook cannot read. Deploy it in JSON, as the CDK "
            "writes it."
        )
    # It has no numbers, whatever else it has.
    return {"Resources": {}}


def _check_nothing_goes(deployed: DeployedStack, body: Mapping[str, Any] | None) -> None:
    """Refuse that a resource goes in the same operation in which a template turns from YAML into JSON.

    Raises
    ------
    _Refused
        There is such a resource. What the template said of it cannot be read.
    """
    going = sorted(set(deployed.physical_ids) - set(as_mapping((body or {}).get("Resources")) or {}))
    if going:
        raise _Refused(
            f"The deployed template is in YAML, which the hook cannot read, and the new one no longer has {going[0]}. "
            "Deploy the same resources in JSON first, and remove some in a deployment of its own."
        )


def _listed(found: list[Finding]) -> str:
    """Return the findings as one text, as far as there is room for them."""
    text = "Refused to protect phone numbers."
    room = MAX_MESSAGE_CHARACTERS - len(_WAY_OUT) - len(" And 1000000 more.") - 1
    for index, each in enumerate(found):
        sentence = f" [{each.concern.value}] {each.text} {each.remedy}"
        if len(text) + len(sentence) > room:
            return f"{text} And {len(found) - index} more."
        text += sentence
    return text


def _failed(operation: _Operation, log: Log, code: ErrorCode, message: str) -> dict[str, Any]:
    log.error("refused" if code is ErrorCode.NON_COMPLIANT else "not evaluated", reason=message)
    return {
        "hookStatus": "FAILED",
        "errorCode": code.value,
        "message": message[:MAX_MESSAGE_CHARACTERS],
        "clientRequestToken": operation.token,
    }


def change_set_parameters(client: Any, name: str) -> Parameters | None:
    """Return the parameters of a change set, or ``None`` if it is gone.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html

    Raises
    ------
    NotReadable
        It cannot be read.
    """
    try:
        parameters = client.describe_change_set(ChangeSetName=name).get("Parameters", [])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == _GONE:
            return None
        raise NotReadable(f"The change set cannot be read ({code}). Allow cloudformation:DescribeChangeSet.") from error
    except BotoCoreError as error:
        raise NotReadable(f"The change set cannot be read ({error}).") from error
    given = [each for each in parameters if "ParameterValue" in each and not each.get("UsePreviousValue")]
    return Parameters(
        values={each["ParameterKey"]: each["ParameterValue"] for each in given},
        stored={each["ParameterValue"]: each["ResolvedValue"] for each in given if "ResolvedValue" in each},
    )


@cache
def _client(service: str) -> Any:
    return cast(Any, boto3).client(service, config=_CLIENT)


def _account(function_arn: str, parse: Callable[[str], object]) -> Account:
    _, partition, _, region, account, *_ = function_arn.split(":")
    return AwsAccount(_client, partition, region, account, time.time, parse)


def _dependencies() -> Dependencies:
    return Dependencies(
        account=_account,
        parameters=lambda name: change_set_parameters(_client("cloudformation"), name),
        fetch=http_get,
        fail_on=tuple(Concern(name) for name in os.environ[contract.FAIL_ON].split(",")),
        provider=os.environ.get(contract.KNOWN_PROVIDER, ""),
        clock=time.time,
        write_line=write_line,
    )
