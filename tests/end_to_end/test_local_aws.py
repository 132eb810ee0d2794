"""What differs between the local AWS and a real one, row by row of the table in ``docs/local-aws.md``."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

import aws_cdk as cdk
import pytest
from aws_cdk import aws_connect as connect
from botocore.exceptions import ClientError

from cdk_connect_phone_number import PhoneNumber
from local_aws.launcher import REGION, LocalAws

from .number_stack import INSTANCE_ARN, NumberStack, flow_arn
from .template_stack import TemplateStack

_FAILS_AT_FIRST: Final = """
import json, pathlib, tempfile, urllib.request

def handler(event, context):
    attempts = pathlib.Path(tempfile.gettempdir(), event["RequestId"])
    with attempts.open("a") as file:
        file.write("x")
    count = attempts.stat().st_size
    if event["RequestType"] == "Create" and count == 1:
        raise RuntimeError("the first attempt fails")
    response = {key: event[key] for key in ("RequestId", "StackId", "LogicalResourceId")}
    response |= {"Status": "SUCCESS", "PhysicalResourceId": "repeated", "Data": {"Attempts": str(count)}}
    body = json.dumps(response).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT"))
"""
_FAILS_ONCE: Final[Mapping[str, Any]] = {
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": _FAILS_AT_FIRST},
            },
        },
        "Repeated": {
            "Type": "Custom::Repeated",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "ServiceTimeout": 30},
        },
    },
    "Outputs": {"Attempts": {"Value": {"Fn::GetAtt": ["Repeated", "Attempts"]}}},
}


def _client(local_aws: LocalAws, service: str, **arguments: Any) -> Any:
    session: Any = local_aws.session()
    return session.client(service, endpoint_url=local_aws.endpoint_url, **arguments)


def test_resources_are_created_one_after_another(local_aws: LocalAws, number_stack: NumberStack) -> None:
    def add_another(stack: cdk.Stack, _: PhoneNumber) -> None:
        # In a stack of a real CloudFormation, these two would be created at the same time.
        for id in ("One", "Other"):
            cdk.CfnWaitConditionHandle(stack, id)

    created = number_stack.submit(beside=add_another)
    assert created.status == "CREATE_COMPLETE", created.reasons

    events = _client(local_aws, "cloudformation").describe_stack_events(StackName=number_stack.name)["StackEvents"]
    of_resources = [event for event in reversed(events) if event["LogicalResourceId"] != number_stack.name]
    assert [event["ResourceStatus"] for event in of_resources] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"] * 3
    assert [event["LogicalResourceId"] for event in of_resources[::2]] == [
        event["LogicalResourceId"] for event in of_resources[1::2]
    ]


def test_failed_creation_is_deleted_and_its_reason_stands_alone(local_aws: LocalAws, number_stack: NumberStack) -> None:
    used_before, _ = local_aws.connect.call("POST", "allowance", region=REGION)

    failed = number_stack.submit(contact_flow_arn=flow_arn(INSTANCE_ARN, 9))

    assert failed.status == "ROLLBACK_COMPLETE"
    create, delete = local_aws.phone_number_requests()[-2:]
    assert (create.event["RequestType"], delete.event["RequestType"]) == ("Create", "Delete")
    answer = create.responses[-1].body
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", delete.event["PhysicalResourceId"])
    assert "Flow not found" in answer["Reason"]
    assert answer["Reason"] in failed.reasons.splitlines()
    assert number_stack.numbers() == []
    used_after, _ = local_aws.connect.call("POST", "allowance", region=REGION)
    assert used_after - used_before == 2


def test_flow_is_created_and_its_content_is_not_checked(number_stack: NumberStack) -> None:
    def use_new_flow(stack: cdk.Stack, number: PhoneNumber) -> None:
        flow = connect.CfnContactFlow(
            stack, "Flow", instance_arn=INSTANCE_ARN, name="Flow", type="CONTACT_FLOW", content="no flow language"
        )
        resource = cast(cdk.CfnResource, number.node.default_child)
        resource.add_property_override("ContactFlowArn", flow.attr_contact_flow_arn)

    created = number_stack.submit(beside=use_new_flow)
    assert created.status == "CREATE_COMPLETE", created.reasons
    (number,) = number_stack.numbers()
    assert len(number["contact_flows"]) == 1
    assert number_stack.remove().status == "DELETE_COMPLETE"


@pytest.fixture
def repeated(local_aws: LocalAws) -> Iterator[TemplateStack]:
    stack = TemplateStack(local_aws, "repeated")
    yield stack
    stack.delete()


def test_failed_invocation_is_repeated(repeated: TemplateStack) -> None:
    # Without a second invocation, nobody responds, and the creation fails after ServiceTimeout.
    created = repeated.deploy(json.dumps(_FAILS_ONCE))

    assert created.status == "CREATE_COMPLETE", created.reasons
    assert repeated.output("Attempts") == "2"


@pytest.mark.usefixtures("example_assembly")
def test_response_urls_show_when_they_were_signed(local_aws: LocalAws) -> None:
    (of_provider, *_) = local_aws.record.requests()
    query = parse_qs(urlsplit(str(of_provider.event["ResponseURL"])).query)

    signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert timedelta(0) <= datetime.now(UTC) - signed < timedelta(hours=2)


def test_permissions_are_not_enforced(local_aws: LocalAws) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    role = _client(local_aws, "iam").create_role(RoleName="no-policy", AssumeRolePolicyDocument=json.dumps(trust))
    assumed = _client(local_aws, "sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="session")
    tables = _client(
        local_aws,
        "dynamodb",
        aws_access_key_id=assumed["Credentials"]["AccessKeyId"],
        aws_secret_access_key=assumed["Credentials"]["SecretAccessKey"],
        aws_session_token=assumed["Credentials"]["SessionToken"],
    ).list_tables()

    assert tables["TableNames"] is not None
    _client(local_aws, "iam").delete_role(RoleName="no-policy")


def test_quota_is_100_and_service_quotas_does_not_tell(local_aws: LocalAws) -> None:
    _, allowed = local_aws.connect.call("POST", "allowance", region=REGION)
    assert allowed == 2 * 100
    with pytest.raises(ClientError):
        _client(local_aws, "service-quotas").get_service_quota(ServiceCode="connect", QuotaCode="L-8F812903")


def test_there_are_no_stack_sets(local_aws: LocalAws) -> None:
    with pytest.raises(ClientError) as refused:
        _client(local_aws, "cloudformation").create_stack_set(StackSetName="set", TemplateBody="{}")

    assert "CreateStackSet" in str(refused.value)
