"""AWS as the command sees it: real boto3 clients whose calls never leave the process, in virtual time.

Connect is the emulator, the ledger is what the function itself has written, and CloudFormation is that of its
own tests. boto3 checks all parameters, and each call is recorded.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.session import get_session
from click.testing import CliRunner, Result

from cdk_connect_phone_number.cli.application import application
from cdk_connect_phone_number.cli.places import Place, Selection, Surroundings, open_places
from lambda_handlers.connect_phone_number import contract
from local_aws.connect_emulator import EmulatedConnectClient
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, PROVIDER, REGION, World

TABLE: Final = "ledger"
FUNCTION: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:provider"
_FUNCTIONS_OF_A_PAGE: Final = 2
_LOADER: Final = Loader()
"""Shared by all sessions, as the service models take long to load."""


@dataclass(frozen=True)
class Call:
    """A call that the command has made."""

    account: str
    region: str
    service: str
    operation: str
    parameters: Mapping[str, Any]

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation}"


class Refused(Exception):
    """An error of AWS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Aws:
    """One account and Region with a world, and any number of accounts and Regions without a number.

    Attributes
    ----------
    functions
        The Lambda functions of the world's account and Region: at first, one that is no provider, and the provider.
    tables
        The ledgers, by table name.
    stack_statuses
        The status of stacks that do not have the world's.
    profiles
        The account and Region of each profile. ``None`` stands for the default credentials.
    denied
        Actions that are denied, for example ``connect:ListPhoneNumbersV2``.
    calls
        All calls, the first one first.
    """

    world: World
    functions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tables: dict[str, Any] = field(default_factory=dict[str, Any])
    stack_statuses: dict[str, str] = field(default_factory=dict[str, str])
    profiles: dict[str | None, tuple[str, str | None]] = field(default_factory=lambda: {None: (ACCOUNT, None)})
    denied: set[str] = field(default_factory=set[str])
    calls: list[Call] = field(default_factory=list[Call])

    def __post_init__(self) -> None:
        self.functions.append({"FunctionName": "other", "FunctionArn": FUNCTION.replace("provider", "other")})
        self.add_provider("provider", PROVIDER, TABLE, self.world.store)

    def add_provider(self, name: str, provider_id: str, table: str, store: Any, **variables: str) -> None:
        """Add a provider's function, and its ledger unless ``store`` is ``None``."""
        environment = {contract.LEDGER_TABLE_NAME: table, contract.PROVIDER_ID: provider_id, **variables}
        self.functions.append(
            {
                "FunctionName": name,
                "FunctionArn": f"arn:aws:lambda:{self.world.region}:{ACCOUNT}:function:{name}",
                "Handler": "connect_phone_number.handler.on_event",
                "Environment": {"Variables": environment},
            }
        )
        if store is not None:
            self.tables[table] = store

    # --- The command ---

    def run(self, *arguments: str) -> Result:
        """Run ``connect-phone-numbers`` in the world's Region."""
        where = [] if "--region" in arguments or "--profile" in arguments else ["--region", self.world.region]
        command = [arguments[0], *where, *arguments[1:]]
        return CliRunner().invoke(application, command, obj=self.surroundings(), catch_exceptions=False)

    def document(self, *arguments: str) -> dict[str, Any]:
        """Run ``connect-phone-numbers`` and return the JSON that it writes."""
        result = self.run(*arguments, "--output", "json")
        assert result.stdout, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def place(self) -> Place:
        """Return the world's account and Region as a place."""
        (place,) = open_places(Selection(regions=(self.world.region,)), self.surroundings())
        return place

    def surroundings(self) -> Surroundings:
        return Surroundings(
            session=self._profile,
            role_session=self._role_session,
            clock=self.world.clock,
            sleep=self.world.clock.pause,
        )

    def actions(self) -> list[str]:
        """Return the actions of all calls."""
        return [call.action for call in self.calls]

    # --- Behind boto3 ---

    def _role_session(self, **credentials: str) -> boto3.Session:
        return self._session(credentials["aws_access_key_id"], None)

    def _profile(self, profile: str | None) -> boto3.Session:
        account, region = self.profiles[profile]
        return self._session(account, region)

    def _session(self, account: str, region: str | None) -> boto3.Session:
        core = get_session()
        core.register_component("data_loader", _LOADER)
        session = boto3.Session(
            botocore_session=core, aws_access_key_id=account, aws_secret_access_key="secret", region_name=region
        )
        session.events.register("before-parameter-build", _keep_parameters)
        session.events.register("before-call", self._answer(account))
        return session

    def _answer(self, account: str) -> Callable[..., Any]:
        def answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
            service = model.service_model.service_name
            call = Call(account, context["client_region"], service, model.name, context["parameters"])
            self.calls.append(call)
            try:
                if call.action in self.denied:
                    raise Refused("AccessDeniedException", f"User is not authorized to perform: {call.action}")
                return SimpleNamespace(status_code=200), {**self._perform(call), "ResponseMetadata": {}}
            except Refused as refused:
                error = {"Code": refused.code, "Message": str(refused)}
                return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
            except ClientError as error:
                return SimpleNamespace(status_code=400), dict(error.response)

        return answer

    def _perform(self, call: Call) -> dict[str, Any]:
        is_here = (call.account, call.region) == (ACCOUNT, self.world.region)
        match call.service:
            case "sts" if call.operation == "GetCallerIdentity":
                return {"Account": call.account}
            case "sts":
                account = call.parameters["RoleArn"].split(":")[4]
                return {"Credentials": {"AccessKeyId": account, "SecretAccessKey": "s", "SessionToken": "t"}}
            case "connect":
                client: Any = self.world.client
                if not is_here:
                    client = EmulatedConnectClient(self.world.emulator, call.region, call.account)
                response: dict[str, Any] = getattr(client, xform_name(call.operation))(**call.parameters)
                return response
            case "lambda":
                return self._list_functions(call.parameters) if is_here else {"Functions": []}
            case "dynamodb":
                return self._scan(call.parameters)
            case "cloudformation":
                return self._cloudformation(call)
            case _:
                raise NotImplementedError(call.action)

    def _list_functions(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        start = int(parameters.get("Marker", 0))
        end = start + _FUNCTIONS_OF_A_PAGE
        following = {"NextMarker": str(end)} if end < len(self.functions) else {}
        return {"Functions": self.functions[start:end], **following}

    def _scan(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        table = self.tables.get(parameters["TableName"])
        if table is None:
            raise Refused("ResourceNotFoundException", "Requested resource not found")
        start = parameters.get("ExclusiveStartKey")
        page = table.scan(None if start is None else int(start["at"]["N"]))
        serialize = TypeSerializer().serialize
        items = [{name: serialize(value) for name, value in item.items()} for item in page.items]
        following = {} if page.next_position is None else {"LastEvaluatedKey": {"at": {"N": str(page.next_position)}}}
        return {"Items": items, **following}

    def _cloudformation(self, call: Call) -> dict[str, Any]:
        stack_id = call.parameters["StackName"]
        held = {key: value for key, value in self.world.stacks.resources.items() if key.stack_id == stack_id}
        status = self.stack_statuses.get(stack_id, self.world.stacks.status)
        if not held or not status:
            raise Refused("ValidationError", f"Stack with id {stack_id} does not exist")
        if call.operation == "DescribeStacks":
            return {"Stacks": [{"StackId": stack_id, "StackStatus": status}]}
        summaries = [
            {
                "LogicalResourceId": key.logical_resource_id,
                "PhysicalResourceId": value.physical_id,
                "ResourceStatus": value.status,
            }
            for key, value in held.items()
        ]
        return {"StackResourceSummaries": summaries}


def _keep_parameters(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["parameters"] = dict(params)


def numbers_of(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the numbers of the JSON of ``list``, by phone number."""
    listed: Sequence[dict[str, Any]] = document["numbers"]
    return {number["phone_number"]: number for number in listed}
