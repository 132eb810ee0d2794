"""An installation without a fault, as the services that ``doctor`` asks describe it. Tests change one thing each."""

import base64
import io
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from zipfile import ZipFile

from cdk_connect_phone_number.cli.deployed_code import installed_files
from cdk_connect_phone_number.cli.provider_checks import METRICS
from cdk_connect_phone_number.cli.providers import Provider
from cdk_connect_phone_number.cli.role_checks import cases
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource
from lambda_handlers.connect_phone_number.configuration import Configuration
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, PROVIDER, REGION

from .aws import FUNCTION, Aws, Call, Refused

ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/provider"
QUEUE: Final = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures"
LOGS: Final = "provider-logs"
RULE: Final = "provider-sweep"


@cache
def packed_code() -> str:
    """Return a URL of an archive with the function's code."""
    return packed()


def packed(changes: Mapping[str, bytes] | None = None) -> str:
    """Return a URL of an archive with the function's code, and with some of the files changed."""
    files = installed_files()
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in {**files, **(changes or {})}.items():
            archive.writestr(name, content)
    return "data:application/zip;base64," + base64.b64encode(buffer.getvalue()).decode()


def alarm(metric: str, namespace: str, dimension: str, value: str) -> dict[str, Any]:
    return {
        "AlarmName": f"{metric}-alarm",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": dimension, "Value": value}],
        "ActionsEnabled": True,
        "AlarmActions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"],
        "StateValue": "OK",
    }


ALARMS: Final = [
    *(alarm(name, contract.METRIC_NAMESPACE, contract.PROVIDER_DIMENSION, PROVIDER) for name in METRICS),
    alarm("Invocations", "AWS/Events", "RuleName", RULE),
    alarm("NumberOfMessagesSent", "AWS/SQS", "QueueName", "failures"),
]
RESPONSES: Final[Mapping[str, Any]] = {
    "lambda:GetFunctionConfiguration": {
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Runtime": "python3.14",
        "Role": ROLE,
        "LoggingConfig": {"LogGroup": LOGS},
    },
    "lambda:GetFunctionEventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
    "lambda:ListEventSourceMappings": {"EventSourceMappings": [{"State": "Enabled"}]},
    "sqs:GetQueueUrl": {"QueueUrl": "https://queue"},
    "sqs:GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
    "events:ListRuleNamesByTarget": {"RuleNames": [RULE]},
    "events:DescribeRule": {"Name": RULE, "State": "ENABLED", "ScheduleExpression": "rate(5 minutes)"},
    "cloudwatch:DescribeAlarms": {"MetricAlarms": ALARMS},
    "logs:DescribeLogGroups": {"logGroups": [{"logGroupName": LOGS, "retentionInDays": 180}]},
    "dynamodb:DescribeTable": {
        "Table": {
            "TableStatus": "ACTIVE",
            "DeletionProtectionEnabled": True,
            "GlobalSecondaryIndexes": [{"IndexName": contract.DUE_INDEX, "IndexStatus": "ACTIVE"}],
        }
    },
    "dynamodb:DescribeContinuousBackups": {
        "ContinuousBackupsDescription": {
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"},
        }
    },
    "service-quotas:GetServiceQuota": {"Quota": {"Value": 20.0}},
}


def _as_it_must(action: str, resource: str, context: dict[str, list[str]]) -> None:
    del action, resource, context


@dataclass
class InstalledAws(Aws):
    """AWS with the whole installation of the world's provider.

    Attributes
    ----------
    responses
        The responses of the services that only ``doctor`` asks, by action. An exception is raised.
    decide
        Returns whether IAM's simulator allows an action on a resource, with the values of condition keys. By default,
        it decides as it must.
    simulates_conditions
        Whether the simulator minds conditions.
    """

    responses: dict[str, Any] = field(default_factory=lambda: deepcopy(dict(RESPONSES)))
    decide: Callable[[str, str, dict[str, list[str]]], bool | None] = _as_it_must
    simulates_conditions: bool = True

    def _perform(self, call: Call) -> dict[str, Any]:
        action = call.action
        if action == "lambda:GetFunction":
            return {"Code": {"Location": self.responses.get(action, "") or packed_code()}}
        if action in self.responses:
            response = self.responses[action]
            if isinstance(response, Exception):
                raise response
            return dict(response)
        if call.service == "iam":
            return self._simulate(call)
        if action == "cloudformation:DescribeStackResources":
            return self._holders(call.parameters["PhysicalResourceId"])
        return super()._perform(call)

    def _holders(self, physical_id: str) -> dict[str, Any]:
        found = [
            {
                "StackId": key.stack_id,
                "LogicalResourceId": key.logical_resource_id,
                "PhysicalResourceId": held.physical_id,
                "ResourceStatus": held.status,
                "ResourceType": contract.RESOURCE_TYPE,
                "Timestamp": 0,
            }
            for key, held in self.world.stacks.resources.items()
            if held.physical_id == physical_id
        ]
        if not found:
            raise Refused("ValidationError", f"Stack for {physical_id} does not exist")
        return {"StackResources": found}

    def _simulate(self, call: Call) -> dict[str, Any]:
        parameters = call.parameters
        (resource,) = parameters["ResourceArns"]
        context = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in parameters["ContextEntries"]}
        if call.operation == "SimulateCustomPolicy":
            allowed = dict.fromkeys(
                parameters["ActionNames"], not self.simulates_conditions or context.popitem()[1] == [PROVIDER]
            )
        else:
            assert parameters["PolicySourceArn"] == ROLE
            allowed = {action: self._decision(action, resource, context) for action in parameters["ActionNames"]}
        results = [
            {"EvalActionName": action, "EvalDecision": "allowed" if decision else "implicitDeny"}
            for action, decision in allowed.items()
        ]
        return {"EvaluationResults": results}

    def _decision(self, action: str, resource: str, context: dict[str, list[str]]) -> bool:
        decided = self.decide(action, resource, context)
        if decided is not None:
            return decided
        variables = next(each for each in self.functions if each["FunctionArn"] == FUNCTION)["Environment"]["Variables"]
        provider = Provider("provider", FUNCTION, Configuration.of(variables))
        return next(
            case.is_allowed
            for case in cases(provider, ROLE, QUEUE, LOGS)
            if action in case.actions and case.resource == resource and dict(case.context) == context
        )


def hold(aws: Aws, stack_id: str, logical_id: str, arn: str) -> None:
    """Let a stack have a number that no ledger knows."""
    aws.world.stacks.resources[ResourceKey(stack_id, logical_id)] = HeldResource(arn, "CREATE_COMPLETE")
