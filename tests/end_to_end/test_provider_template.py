"""The provider's template, deployed with the calls of ``aws cloudformation deploy``, and then numbers with it.

Those are a change set of the file as it is, and its execution. The CLI itself is not installed here.
https://github.com/aws/aws-cli/blob/develop/awscli/customizations/cloudformation/deployer.py
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from docs.tools.pages import ROOT, blocks
from local_aws.launcher import LocalAws
from provider_template.__main__ import write

from .number_stack import INSTANCE_ARN
from .template_stack import TemplateStack

_PROVIDER: Final = "provider-from-template"
_TOKEN_NAME: Final = "/from-template/service-token"
_CHANGES: Final = "deploy"
_BUCKET: Final = "provider-code"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "built"
    write(folder)
    return folder


@pytest.fixture
def stack(local_aws: LocalAws) -> Iterator[TemplateStack]:
    stack = TemplateStack(local_aws, "number-of-template")
    yield stack
    stack.delete()
    TemplateStack(local_aws, _PROVIDER).delete()


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {
            "TargetArns": INSTANCE_ARN,
            "StackNamePrefix": "number-of",
            "BudgetQuota": "100",
            "BudgetBaseline": '{"2026-11-01": 2}',
            "Tracing": "true",
            "AlarmTopicArn": "arn:aws:sns:us-east-1:000000000000:alarms",
        },
    ],
    ids=["defaults", "options"],
)
def test_a_provider_from_the_template_serves_a_number(
    parameters: Mapping[str, str], local_aws: LocalAws, built: Path, stack: TemplateStack
) -> None:
    (archive,) = built.glob("*.zip")
    s3: Any = local_aws.session().client("s3", endpoint_url=local_aws.endpoint_url)
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_object(Bucket=_BUCKET, Key=f"releases/{archive.name}", Body=archive.read_bytes())

    _deploy(
        local_aws,
        (built / "provider.yaml").read_text(),
        {
            "CodeBucket": _BUCKET,
            "CodePrefix": "releases/",
            "ServiceTokenParameterName": _TOKEN_NAME,
            **parameters,
        },
    )

    number = stack.deploy(
        (ROOT / "docs" / "examples" / "plain.yaml").read_text(),
        {"ServiceToken": _TOKEN_NAME, "TargetArn": INSTANCE_ARN},
    )
    assert number.status == "CREATE_COMPLETE", number.reasons
    arn = stack.output("PhoneNumberArn")
    assert _status(local_aws, arn) == "CLAIMED"
    gone = stack.delete()
    assert gone.status == "DELETE_COMPLETE", gone.reasons
    assert _status(local_aws, arn) == "RELEASED"
    outcome = TemplateStack(local_aws, _PROVIDER).delete()
    assert outcome.status == "DELETE_COMPLETE", outcome.reasons


def test_the_documented_command_gives_what_is_tested_here(built: Path) -> None:
    (command,) = [block.text for block in blocks("sh") if "build/template/provider.yaml" in block.text]
    text = (built / "provider.yaml").read_text()

    given = set(re.findall(r"(\w+)=\"\$BUCKET\"", command))
    required = set(re.findall(r"^  (\w+):\n    Type: String\n    Description: .*\n(?!    Default)", text, re.MULTILINE))
    assert given == required == {"CodeBucket"}
    # The role has no name of its own.
    assert re.findall(r"CAPABILITY_\w+", command) == ["CAPABILITY_IAM"]
    assert "RoleName" not in text


def _deploy(local_aws: LocalAws, template: str, parameters: Mapping[str, str]) -> None:
    client = local_aws.session().client("cloudformation", endpoint_url=local_aws.endpoint_url)
    client.create_change_set(
        StackName=_PROVIDER,
        ChangeSetName=_CHANGES,
        ChangeSetType="CREATE",
        TemplateBody=template,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    client.get_waiter("change_set_create_complete").wait(
        StackName=_PROVIDER, ChangeSetName=_CHANGES, WaiterConfig={"Delay": 1}
    )
    client.execute_change_set(StackName=_PROVIDER, ChangeSetName=_CHANGES)
    client.get_waiter("stack_create_complete").wait(StackName=_PROVIDER, WaiterConfig={"Delay": 1})


def _status(local_aws: LocalAws, arn: str) -> str:
    (status,) = [number["status"] for number in local_aws.connect.numbers() if number["arn"] == arn]
    return str(status)
