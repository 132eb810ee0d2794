"""What is deployed, as AWS's own APIs describe it."""

import json
from datetime import UTC, datetime
from typing import Any, Final, cast

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.stacks import HeldResource, StackState
from lambda_handlers.connect_phone_number.configuration import Configuration
from lambda_handlers.connect_phone_number.planning.deployed import AwsAccount, NotReadable, parsed_template

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-west-1"
STACK_ID: Final = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/support/0a1b"
TOKEN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:provider"
BODY: Final = {"Resources": {"Number": {"Type": "Custom::ConnectPhoneNumber"}}}
TEXT: Final = json.dumps(BODY)
"""As the API returns it. boto3 makes an object of JSON, and leaves YAML as it is."""
ENVIRONMENT: Final = {contract.LEDGER_TABLE_NAME: "ledger", contract.PROVIDER_ID: "shared"}


class Aws:
    """AWS, with a response to each call that is expected, in this order."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubbers: dict[str, Stubber] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            client: Any = cast(Any, boto3).client(
                service, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
            )
            self._clients[service] = client
            self._stubbers[service] = Stubber(client)
            self._stubbers[service].activate()
        return self._clients[service]

    def responds(self, service: str, operation: str, response: dict[str, Any], **expected: Any) -> None:
        self.client(service)
        self._stubbers[service].add_response(operation, response, expected or None)

    def refuses(self, service: str, operation: str, code: str, message: str = "no") -> None:
        self.client(service)
        self._stubbers[service].add_client_error(operation, code, message)

    def ensure_all_were_made(self) -> None:
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def account(aws: Aws) -> AwsAccount:
    return AwsAccount(aws.client, "aws", REGION, ACCOUNT, lambda: 0.0)


def stack(status: str = "UPDATE_COMPLETE", **more: Any) -> dict[str, Any]:
    described = {"StackId": STACK_ID, "StackName": "support", "StackStatus": status}
    return {"Stacks": [{**described, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC), **more}]}


def resource(logical_id: str, physical_id: str = "", status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    found = {
        "LogicalResourceId": logical_id,
        "ResourceType": "Custom::ConnectPhoneNumber",
        "ResourceStatus": status,
        "LastUpdatedTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return {**found, "PhysicalResourceId": physical_id} if physical_id else found


def deploy(aws: Aws, body: str = TEXT, resources: tuple[dict[str, Any], ...] = (), **more: Any) -> None:
    """Let AWS have a stack."""
    aws.responds("cloudformation", "describe_stacks", stack(**more), StackName="support")
    template = {"TemplateBody": body}
    aws.responds("cloudformation", "get_template", template, StackName=STACK_ID, TemplateStage="Processed")
    aws.responds("cloudformation", "list_stack_resources", {"StackResourceSummaries": [*resources]}, StackName=STACK_ID)


def test_a_stack_has_what_cloudformation_says(aws: Aws, account: AwsAccount) -> None:
    given = [
        {"ParameterKey": "Country", "ParameterValue": "GB"},
        {"ParameterKey": "Type", "ParameterValue": "/type", "ResolvedValue": "DID"},
    ]
    deploy(aws, resources=(resource("Number", "arn"),), Parameters=given, EnableTerminationProtection=True)

    found = account.stack("support")

    assert found is not None
    assert (found.stack_id, found.name, found.status) == (STACK_ID, "support", "UPDATE_COMPLETE")
    assert found.body == BODY
    assert found.parameters == {"Country": "GB", "Type": "/type"}
    assert found.stored == {"/type": "DID"}
    assert found.physical_ids == {"Number": "arn"}
    assert found.is_protected
    aws.ensure_all_were_made()


def test_a_stack_without_more_has_nothing_more(aws: Aws, account: AwsAccount) -> None:
    deploy(aws)

    found = account.stack("support")

    assert found is not None
    assert (found.parameters, found.stored, found.physical_ids, found.is_protected) == ({}, {}, {}, False)


def test_a_stack_is_read_once(aws: Aws, account: AwsAccount) -> None:
    deploy(aws)

    assert account.stack("support") is account.stack("support")


def test_that_there_is_no_stack_is_found_out_once(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("cloudformation", "describe_stacks", "ValidationError", "Stack with id support does not exist")

    assert account.stack("support") is None
    assert account.stack("support") is None


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_was_deleted_or_only_has_a_change_set_is_none(aws: Aws, account: AwsAccount, status: str) -> None:
    aws.responds("cloudformation", "describe_stacks", stack(status))

    assert account.stack("support") is None


def test_a_stack_that_goes_while_it_is_read_is_none(aws: Aws, account: AwsAccount) -> None:
    aws.responds("cloudformation", "describe_stacks", stack())
    aws.refuses("cloudformation", "get_template", "ValidationError", "Stack with id support does not exist")

    assert account.stack("support") is None


def test_resources_that_the_stack_no_longer_has_do_not_count(aws: Aws, account: AwsAccount) -> None:
    listed = (
        resource("Number", "a", "UPDATE_FAILED"),
        resource("Deleted", "b", "DELETE_COMPLETE"),
        resource("Retained", "c", "DELETE_SKIPPED"),
        resource("Kept", "d", "DELETE_FAILED"),
        resource("Begun"),
    )
    deploy(aws, resources=listed)

    found = account.stack("support")

    assert found is not None
    assert found.physical_ids == {"Number": "a", "Kept": "d"}


def test_resources_are_read_page_by_page(aws: Aws, account: AwsAccount) -> None:
    aws.responds("cloudformation", "describe_stacks", stack())
    aws.responds("cloudformation", "get_template", {"TemplateBody": TEXT})
    first = {"StackResourceSummaries": [resource("Number", "a")], "NextToken": "more"}
    aws.responds("cloudformation", "list_stack_resources", first)
    second = {"StackResourceSummaries": [resource("Other", "b")]}
    aws.responds("cloudformation", "list_stack_resources", second, StackName=STACK_ID, NextToken="more")

    found = account.stack("support")

    assert found is not None
    assert found.physical_ids == {"Number": "a", "Other": "b"}


@pytest.mark.parametrize("body", [BODY, TEXT], ids=["object", "text"])
def test_a_template_is_an_object_or_a_text(body: object) -> None:
    assert parsed_template(body) == BODY


def test_a_template_is_read_by_the_parser_that_is_given(aws: Aws) -> None:
    account = AwsAccount(aws.client, "aws", REGION, ACCOUNT, lambda: 0.0, parse=lambda text: {"Resources": {text: {}}})
    deploy(aws, "Number: x")

    found = account.stack("support")

    assert found is not None
    assert found.body == {"Resources": {"Number: x": {}}}


@pytest.mark.parametrize("body", ["Resources:", "[]", "5", None])
def test_what_is_no_template_is_not_readable(body: object) -> None:
    with pytest.raises(NotReadable, match="must be an object in JSON"):
        parsed_template(body)


DENIED: Final = [
    ("describe_stacks", "cloudformation:DescribeStacks"),
    ("get_template", "cloudformation:GetTemplate"),
    ("list_stack_resources", "cloudformation:ListStackResources"),
]


@pytest.mark.parametrize(("operation", "action"), DENIED)
def test_what_may_not_be_read_of_a_stack_is_named(aws: Aws, account: AwsAccount, operation: str, action: str) -> None:
    responses = {"describe_stacks": stack(), "get_template": {"TemplateBody": TEXT}}
    for read, response in responses.items():
        if read == operation:
            break
        aws.responds("cloudformation", read, response)
    aws.refuses("cloudformation", operation, "AccessDenied", "You are not authorized")

    with pytest.raises(NotReadable, match=rf"not authorized \(AccessDenied\)\. Allow {action}\.$"):
        account.stack("support")


def test_a_name_that_no_stack_can_have_is_not_taken_for_a_new_stack(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("cloudformation", "describe_stacks", "ValidationError", "1 validation error detected")

    with pytest.raises(NotReadable, match="Cannot read the stack a b: 1 validation error"):
        account.stack("a b")


def test_an_error_that_is_not_about_access_does_not_ask_for_any(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("cloudformation", "describe_stacks", "Throttling", "Rate exceeded")

    with pytest.raises(NotReadable, match=r"Rate exceeded \(Throttling\)\.$"):
        account.stack("support")


def test_without_a_connection_a_stack_is_not_readable(
    aws: Aws, account: AwsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://cloudformation")

    monkeypatch.setattr(aws.client("cloudformation"), "describe_stacks", fail)

    with pytest.raises(NotReadable, match="Could not connect"):
        account.stack("support")


# --- Providers ---


def function(environment: dict[str, Any] | None) -> dict[str, Any]:
    return {"FunctionName": "provider"} | ({"Environment": environment} if environment is not None else {})


def test_a_provider_has_its_configuration_and_a_copy_of_its_ledger(aws: Aws, account: AwsAccount) -> None:
    aws.responds("lambda", "get_function_configuration", function({"Variables": ENVIRONMENT}), FunctionName=TOKEN)
    items = [{"pk": {"S": "a"}, "sk": {"S": "b"}, "version": {"N": str(version)}} for version in (1, 2)]
    second = {**items[1], "sk": {"S": "c"}}
    aws.responds("dynamodb", "scan", {"Items": [items[0]], "LastEvaluatedKey": {"pk": {"S": "a"}, "sk": {"S": "b"}}})
    aws.responds("dynamodb", "scan", {"Items": [second]})

    found = account.provider(TOKEN)

    assert found is not None
    assert found.configuration == Configuration("ledger", "shared")
    assert found.store.scan().items == [
        {"pk": "a", "sk": "b", "version": 1},
        {"pk": "a", "sk": "c", "version": 2},
    ]
    assert account.provider(TOKEN) is found
    aws.ensure_all_were_made()


def test_that_there_is_no_provider_is_found_out_once(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("lambda", "get_function_configuration", "ResourceNotFoundException")

    assert account.provider(TOKEN) is None
    assert account.provider(TOKEN) is None


NOT_READABLE: Final = {
    "no environment": None,
    "another function": {"Variables": {"LOG_LEVEL": "INFO"}},
    "an encrypted environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "kms"}},
}


@pytest.mark.parametrize("name", NOT_READABLE)
def test_what_is_no_provider_or_hides_its_environment_is_not_readable(aws: Aws, account: AwsAccount, name: str) -> None:
    aws.responds("lambda", "get_function_configuration", function(NOT_READABLE[name]))

    with pytest.raises(NotReadable, match=r"it has no 'LEDGER_TABLE_NAME'.*allow .*kms:Decrypt"):
        account.provider(TOKEN)


def test_a_function_that_may_not_be_read_is_named(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("lambda", "get_function_configuration", "AccessDeniedException")

    with pytest.raises(NotReadable, match=rf"{TOKEN}.*Allow lambda:GetFunctionConfiguration\."):
        account.provider(TOKEN)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_ledger_that_cannot_be_read_is_named(aws: Aws, account: AwsAccount, code: str) -> None:
    aws.responds("lambda", "get_function_configuration", function({"Variables": ENVIRONMENT}))
    aws.refuses("dynamodb", "scan", code)

    with pytest.raises(NotReadable, match=rf"The ledger ledger cannot be read .*{code}.*Allow dynamodb:Scan"):
        account.provider(TOKEN)


# --- What templates get from outside ---


def export(name: str, value: str) -> dict[str, str]:
    return {"ExportingStackId": STACK_ID, "Name": name, "Value": value}


def test_exports_are_read_page_by_page_and_once(aws: Aws, account: AwsAccount) -> None:
    aws.responds("cloudformation", "list_exports", {"Exports": [export("A", "a")], "NextToken": "more"})
    aws.responds("cloudformation", "list_exports", {"Exports": [export("B", "b")]}, NextToken="more")

    found = [account.world.imported(name) for name in ("A", "B", "C", "A")]

    assert found == ["a", "b", None, "a"]
    aws.ensure_all_were_made()


def test_exports_that_may_not_be_read_are_named(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("cloudformation", "list_exports", "AccessDenied")

    with pytest.raises(NotReadable, match=r"Allow cloudformation:ListExports\."):
        account.world.imported("A")


def test_a_stored_parameter_is_read_once(aws: Aws, account: AwsAccount) -> None:
    aws.responds("ssm", "get_parameter", {"Parameter": {"Type": "String", "Value": "GB"}}, Name="/country")
    aws.refuses("ssm", "get_parameter", "ParameterNotFound")

    found = [account.world.stored(name) for name in ("/country", "/gone", "/country", "/gone")]

    assert found == ["GB", None, "GB", None]
    aws.ensure_all_were_made()


def test_a_version_that_there_is_not_has_no_value(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("ssm", "get_parameter", "ParameterVersionNotFound")

    assert account.world.stored("/country:9") is None


def test_a_secure_string_has_no_value_for_a_template(aws: Aws, account: AwsAccount) -> None:
    aws.responds("ssm", "get_parameter", {"Parameter": {"Type": "SecureString", "Value": "ciphertext"}})

    assert account.world.stored("/secret") is None


def test_a_stored_parameter_that_may_not_be_read_is_named(aws: Aws, account: AwsAccount) -> None:
    aws.refuses("ssm", "get_parameter", "AccessDeniedException")

    with pytest.raises(NotReadable, match=r"/country of Parameter Store.*Allow ssm:GetParameter\."):
        account.world.stored("/country")


# --- Queries to CloudFormation ---

NUMBER: Final = ResourceKey(STACK_ID, "Number")


def test_each_query_to_cloudformation_is_made_once(aws: Aws, account: AwsAccount) -> None:
    detail = {**resource("Number", "arn"), "StackId": STACK_ID}
    held = {**resource("Number", "arn"), "StackId": STACK_ID, "Timestamp": datetime(2026, 1, 1, tzinfo=UTC)}
    aws.responds("cloudformation", "describe_stacks", stack())
    aws.responds("cloudformation", "describe_stack_resource", {"StackResourceDetail": detail})
    held.pop("LastUpdatedTimestamp")
    aws.responds("cloudformation", "describe_stack_resources", {"StackResources": [held]})
    for _ in range(2):
        aws.responds("cloudformation", "describe_stack_events", {"StackEvents": []})

    for _ in range(2):
        assert account.stacks.state(STACK_ID) == StackState("UPDATE_COMPLETE", "UPDATE_COMPLETE")
        assert account.stacks.resource(NUMBER) == HeldResource("arn", "CREATE_COMPLETE")
        assert account.stacks.holders("arn") == (NUMBER,)
        # Events that do not go back far enough tell nothing, and the function's rules know what that means.
        assert account.stacks.has_named(NUMBER, "arn", 0, by_any_name=False) is None
        assert account.stacks.has_completed(NUMBER, "arn", 0) is None
    aws.ensure_all_were_made()


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("describe_stacks", "DescribeStacks"),
        ("describe_stack_resource", "DescribeStackResource"),
        ("describe_stack_resources", "DescribeStackResources"),
    ],
)
def test_a_query_that_may_not_be_made_is_named(aws: Aws, account: AwsAccount, operation: str, action: str) -> None:
    aws.refuses("cloudformation", operation, "AccessDenied")
    queries: dict[str, Any] = {
        "describe_stacks": lambda: account.stacks.state(STACK_ID),
        "describe_stack_resource": lambda: account.stacks.resource(NUMBER),
        "describe_stack_resources": lambda: account.stacks.holders("arn"),
    }

    with pytest.raises(NotReadable, match=rf"Allow cloudformation:{action}, or try again later"):
        queries[operation]()
