"""The example templates of ``docs/examples``, deployed without the CDK.

MiniStack has no StackSets (CreateStackSet is an unknown action there), so of that example the template is deployed as
the stack that a stack set makes in each account and Region; the stack set itself is not tested. SAM's transform is
AWS's own, ``aws-sam-translator``.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from docs.tools.pages import ROOT
from local_aws.launcher import LocalAws

from .number_stack import INSTANCE_ARN
from .template_stack import TemplateStack

_EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def stack(local_aws: LocalAws, example_assembly: Path) -> Iterator[TemplateStack]:
    del example_assembly
    stack = TemplateStack(local_aws, "example-template")
    yield stack
    stack.delete()


def test_plain(local_aws: LocalAws, stack: TemplateStack) -> None:
    number = _deployed(local_aws, stack, "plain.yaml", {"TargetArn": INSTANCE_ARN})

    assert stack.output("PhoneNumberArn") == number["arn"]
    assert number["description"] == "Support line"
    assert number["tags"]["team"] == "support"
    assert stack.delete().status == "DELETE_COMPLETE"
    assert _status(local_aws, number["arn"]) == "RELEASED"


def test_sam(local_aws: LocalAws, stack: TemplateStack) -> None:
    number = _deployed(local_aws, stack, "sam.yaml", {"TargetArn": INSTANCE_ARN})

    client = local_aws.session().client("lambda", endpoint_url=local_aws.endpoint_url)
    reply = client.invoke(FunctionName=stack.output("FunctionName"))
    assert json.load(reply["Payload"]) == {"support_line": number["phone_number"]}
    assert stack.delete().status == "DELETE_COMPLETE"
    assert _status(local_aws, number["arn"]) == "RELEASED"


def test_stack_set(local_aws: LocalAws, stack: TemplateStack) -> None:
    ssm = local_aws.session().client("ssm", endpoint_url=local_aws.endpoint_url)
    ssm.put_parameter(Name="/connect-phone-number/target-arn", Value=INSTANCE_ARN, Type="String")

    number = _deployed(local_aws, stack, "stack-set.yaml", {"CountryCode": "GB"})

    assert number["country_code"] == "GB"
    assert stack.delete().status == "DELETE_COMPLETE"
    # The example keeps the number of an account that leaves the stack set.
    assert _status(local_aws, number["arn"]) == "CLAIMED"


def test_nested(local_aws: LocalAws, stack: TemplateStack) -> None:
    session: Any = local_aws.session()
    s3 = session.client("s3", endpoint_url=local_aws.endpoint_url)
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="nested-child.yaml", Body=(_EXAMPLES / "nested-child.yaml").read_bytes())
    child = f"{local_aws.endpoint_url}/templates/nested-child.yaml"

    number = _deployed(local_aws, stack, "nested-parent.yaml", {"TargetArn": INSTANCE_ARN, "ChildTemplateUrl": child})

    assert number["phone_number"].startswith("+1206")
    assert stack.delete().status == "DELETE_COMPLETE"
    assert _status(local_aws, number["arn"]) == "RELEASED"


def _deployed(
    local_aws: LocalAws, stack: TemplateStack, example: str, parameters: Mapping[str, str]
) -> Mapping[str, Any]:
    """Deploy an example and return the number that its output names."""
    outcome = stack.deploy((_EXAMPLES / example).read_text(), parameters)
    assert outcome.status == "CREATE_COMPLETE", outcome.reasons
    phone_number = stack.output("PhoneNumber")
    (number,) = [held for held in local_aws.connect.numbers() if held["phone_number"] == phone_number]
    assert number["status"] == "CLAIMED"
    return number


def _status(local_aws: LocalAws, arn: object) -> str:
    (status,) = [number["status"] for number in local_aws.connect.numbers() if number["arn"] == arn]
    return str(status)
