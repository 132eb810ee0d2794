"""The provider's stack: every property on which the lifecycle contract or an operator relies."""

from collections import Counter
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import custom_resources
from aws_cdk.assertions import Template

from .conftest import Synthesized

STACK = "ConnectPhoneNumberProvider"


def properties(synthesized: Synthesized, type: str) -> dict[str, Any]:
    return cast(dict[str, Any], synthesized.resource(STACK, type)["Properties"])


def test_has_eleven_resources_and_the_published_service_token(synthesized: Synthesized) -> None:
    types = Counter(resource["Type"] for resource in synthesized.templates[STACK]["Resources"].values())

    assert types == {
        "AWS::DynamoDB::Table": 1,
        "AWS::Events::Rule": 1,
        "AWS::IAM::Role": 1,
        "AWS::Lambda::EventInvokeConfig": 1,
        "AWS::Lambda::EventSourceMapping": 1,
        "AWS::Lambda::Function": 1,
        "AWS::Lambda::Permission": 1,
        "AWS::Logs::LogGroup": 1,
        "AWS::SQS::Queue": 1,
        "AWS::SQS::QueuePolicy": 1,
        "Custom::ConnectPhoneNumberProvider": 1,
        "AWS::SSM::Parameter": 1,
    }


def test_the_cdks_provider_framework_would_make_sixteen() -> None:
    stack = cdk.Stack(cdk.App(), "Framework")

    def function(id: str) -> lambda_.IFunction:
        made = lambda_.Function(
            stack,
            id,
            code=lambda_.Code.from_inline("pass"),
            handler="index.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
        )
        return cast(lambda_.IFunction, made)

    custom_resources.Provider(
        stack, "Provider", on_event_handler=function("OnEvent"), is_complete_handler=function("IsComplete")
    )
    assert len(Template.from_stack(stack).to_json()["Resources"]) == 16


def test_the_ledger_has_the_keys_and_the_index_of_the_function(synthesized: Synthesized) -> None:
    table = properties(synthesized, "AWS::DynamoDB::Table")

    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "due",
            "KeySchema": [
                {"AttributeName": "due", "KeyType": "HASH"},
                {"AttributeName": "due_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ]
    assert {(entry["AttributeName"], entry["AttributeType"]) for entry in table["AttributeDefinitions"]} == {
        ("pk", "S"),
        ("sk", "S"),
        ("due", "S"),
        ("due_at", "N"),
    }
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_ledger_is_on_demand_encrypted_recoverable_and_kept(synthesized: Synthesized) -> None:
    table = properties(synthesized, "AWS::DynamoDB::Table")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert synthesized.resource(STACK, "AWS::DynamoDB::Table")["DeletionPolicy"] == "Retain"


def test_the_function_runs_the_handler_on_a_current_runtime(synthesized: Synthesized) -> None:
    function = properties(synthesized, "AWS::Lambda::Function")

    assert function["Handler"] == "connect_phone_number.handler.on_event"
    assert function["Runtime"] == "python3.14"
    assert function["Architectures"] == ["arm64"]
    assert function["Timeout"] == 780
    assert "ReservedConcurrentExecutions" not in function


def test_the_functions_code_is_the_handler_and_nothing_else(synthesized: Synthesized) -> None:
    # One is the hook's, which makes plans.
    assets = synthesized.folder.glob("asset.*")
    folders = {(asset / "connect_phone_number" / "planning").is_dir(): asset for asset in assets}

    assert sorted(folders) == [False, True]
    for folder in folders.values():
        assert (folder / "connect_phone_number" / "handler.py").is_file()
        assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {".py", ".typed"}


def test_the_function_knows_its_ledger_and_its_id(synthesized: Synthesized) -> None:
    (ledger,) = synthesized.resources(STACK, "AWS::DynamoDB::Table")
    stack_id = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}

    assert properties(synthesized, "AWS::Lambda::Function")["Environment"]["Variables"] == {
        "LEDGER_TABLE_NAME": {"Ref": ledger},
        "PROVIDER_ID": {"Fn::Join": ["-", [stack_id, ledger]]},
    }


def test_l5_an_event_that_all_invocations_failed_goes_to_the_queue(synthesized: Synthesized) -> None:
    (queue,) = synthesized.resources(STACK, "AWS::SQS::Queue")
    invoke = properties(synthesized, "AWS::Lambda::EventInvokeConfig")

    assert invoke["MaximumRetryAttempts"] == 2
    assert invoke["MaximumEventAgeInSeconds"] == 3600
    assert invoke["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": [queue, "Arn"]}


def test_l5_the_function_drains_the_queue_one_message_at_a_time(synthesized: Synthesized) -> None:
    (queue,) = synthesized.resources(STACK, "AWS::SQS::Queue")
    mapping = properties(synthesized, "AWS::Lambda::EventSourceMapping")

    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert mapping["BatchSize"] == 1
    # Lambda refuses a queue whose messages come back while the function is still at work.
    assert properties(synthesized, "AWS::SQS::Queue")["VisibilityTimeout"] == 780


def test_the_queue_is_encrypted_and_takes_no_plain_text_connection(synthesized: Synthesized) -> None:
    assert properties(synthesized, "AWS::SQS::Queue")["SqsManagedSseEnabled"] is True
    (statement,) = properties(synthesized, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_l7_the_function_sweeps_every_five_minutes(synthesized: Synthesized) -> None:
    (function,) = synthesized.resources(STACK, "AWS::Lambda::Function")
    rule = properties(synthesized, "AWS::Events::Rule")

    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    assert target["Input"] == '{"action":"sweep"}'


def test_logs_are_kept_as_long_as_a_number_cools_down(synthesized: Synthesized) -> None:
    (log_group,) = synthesized.resources(STACK, "AWS::Logs::LogGroup")

    assert properties(synthesized, "AWS::Logs::LogGroup")["RetentionInDays"] == 180
    assert properties(synthesized, "AWS::Lambda::Function")["LoggingConfig"] == {"LogGroup": {"Ref": log_group}}


def test_s21_the_guard_is_deleted_before_all_else_of_the_provider(synthesized: Synthesized) -> None:
    (guard_id,) = synthesized.resources(STACK, "Custom::ConnectPhoneNumberProvider")
    guard = synthesized.resource(STACK, "Custom::ConnectPhoneNumberProvider")

    everything_else = set(synthesized.templates[STACK]["Resources"]) - {guard_id}
    assert set(guard["DependsOn"]) == everything_else


def test_the_guard_names_the_provider(synthesized: Synthesized) -> None:
    (function,) = synthesized.resources(STACK, "AWS::Lambda::Function")
    environment = properties(synthesized, "AWS::Lambda::Function")["Environment"]["Variables"]

    assert properties(synthesized, "Custom::ConnectPhoneNumberProvider") == {
        "ServiceToken": {"Fn::GetAtt": [function, "Arn"]},
        "ProviderId": environment["PROVIDER_ID"],
    }


@pytest.mark.parametrize("stack", ["ConnectPhoneNumberProvider", "Everything"])
def test_the_service_token_is_published_where_a_name_is_given(synthesized: Synthesized, stack: str) -> None:
    parameters = synthesized.resources(stack, "AWS::SSM::Parameter")

    assert len(parameters) == (1 if stack == STACK else 0)
    for parameter in parameters.values():
        assert parameter["Properties"]["Name"] == "/connect-phone-number/service-token"
        assert parameter["Properties"]["Value"]["Fn::GetAtt"][1] == "Arn"
