"""What stops a deployment that would lose a number: the hook's function, and the validation at synth.

CloudFormation itself is not part of it: the local one has no hooks, so the test calls the function as CloudFormation
would, with a real stack, a real change set, and templates behind a presigned URL.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import pytest
from botocore.config import Config

from cdk_connect_phone_number import PhoneNumber
from local_aws.launcher import ACCOUNT, REGION, LocalAws
from local_aws.process_guard import REPOSITORY
from stacks.phone_number_provider_stack import PARAMETER_NAME

from .number_stack import INSTANCE_ARN, NumberStack

BUCKET: Final = "hook-payloads"
CALL: Final = """
import json, sys, types
from lambda_handlers.connect_phone_number.planning.hook import on_event
context = types.SimpleNamespace(invoked_function_arn=sys.argv[1])
print(json.dumps(on_event(json.load(sys.stdin), context)))
"""
APP: Final = f"""
import sys
import aws_cdk as cdk
from cdk_connect_phone_number import PhoneNumber, PhoneNumberPlanValidation, PhoneNumberProvider
app = cdk.App()
stack = cdk.Stack(app, sys.argv[1])
provider = PhoneNumberProvider.from_ssm_parameter(stack, "Provider", {PARAMETER_NAME!r})
if sys.argv[2] == "with":
    PhoneNumber(stack, "Line", provider=provider, target_arn={INSTANCE_ARN!r}, country_code="US")
cdk.CfnWaitConditionHandle(stack, "Something")
cdk.Validations.of(app).add_plugins(PhoneNumberPlanValidation())
app.synth()
"""


def add_something(stack: cdk.Stack, _: PhoneNumber) -> None:
    cdk.CfnWaitConditionHandle(stack, "Something")


class Caller:
    """CloudFormation as the caller of the hook."""

    def __init__(self, local_aws: LocalAws) -> None:
        self._environment = {**local_aws.environment, "PYTHONPATH": str(REPOSITORY), "FAIL_ON": "release,refuse"}
        session, endpoint = local_aws.session(), local_aws.endpoint_url
        self.cloudformation = session.client("cloudformation", endpoint_url=endpoint)
        self._s3 = session.client("s3", endpoint_url=endpoint, config=_path_style())
        self._s3.create_bucket(Bucket=BUCKET)

    def answer(self, target: str, payload: dict[str, object] | None = None, **event: Any) -> dict[str, Any]:
        """Return what the hook's function answers, in a process of its own."""
        data: dict[str, object] = {"targetName": target, "targetType": target}
        if payload is not None:
            self._s3.put_object(Bucket=BUCKET, Key="payload", Body=json.dumps(payload).encode())
            where = {"Bucket": BUCKET, "Key": "payload"}
            data["payload"] = self._s3.generate_presigned_url("get_object", Params=where)
        done = subprocess.run(
            [sys.executable, "-c", CALL, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hook"],
            input=json.dumps({"clientRequestToken": "token", "requestData": data, **event}),
            env=self._environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "X-Amz-Signature" not in done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


def _path_style() -> Config:
    return Config(s3={"addressing_style": "path"})


@pytest.fixture
def caller(local_aws: LocalAws) -> Caller:
    return Caller(local_aws)


def test_the_hook_refuses_what_would_release_the_number(number_stack: NumberStack, caller: Caller) -> None:
    assert number_stack.submit(beside=add_something).status == "CREATE_COMPLETE"
    number = number_stack.output("PhoneNumber")
    stack_id = caller.cloudformation.describe_stacks(StackName=number_stack.name)["Stacks"][0].get("StackId")
    body: Any = caller.cloudformation.get_template(StackName=number_stack.name)["TemplateBody"]
    body = json.loads(body) if isinstance(body, str) else dict(body)
    without = {"Resources": {"Something": body["Resources"]["Something"]}}
    change_set = caller.cloudformation.create_change_set(
        StackName=number_stack.name, ChangeSetName="without-number", TemplateBody=json.dumps(without)
    )["Id"]

    deletion = caller.answer("STACK", stackId=stack_id, actionInvocationPoint="DELETE_PRE_PROVISION")
    same = {"template": json.dumps(body), "previousTemplate": json.dumps(body)}
    removal = {"template": json.dumps(without), "previousTemplate": json.dumps(body)}
    update = {"stackId": stack_id, "actionInvocationPoint": "UPDATE_PRE_PROVISION"}
    unchanged = caller.answer("STACK", dict(same), **update)
    removed = caller.answer("STACK", dict(removal), **update)
    changed = [{"action": "DELETE", "resourceType": "Custom::ConnectPhoneNumber"}]
    planned = caller.answer(
        "CHANGE_SET",
        {"template": json.dumps(without), "changedResources": changed},
        stackId=stack_id,
        changeSetId=change_set,
    )

    for answer in (deletion, removed, planned):
        assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "NonCompliant"), answer
        assert f"{number} would be released" in answer["message"]
    assert unchanged["hookStatus"] == "SUCCESS", unchanged
    assert len(number_stack.numbers()) == 1


def test_synth_stops_where_the_number_would_be_released(
    number_stack: NumberStack, local_aws: LocalAws, tmp_path: Path
) -> None:
    assert number_stack.submit(beside=add_something).status == "CREATE_COMPLETE"
    number = number_stack.output("PhoneNumber")
    (tmp_path / "app.py").write_text(APP)

    def synthesized(what: str) -> tuple[int, str]:
        environment = {**local_aws.environment, "PYTHONPATH": str(REPOSITORY), "CDK_OUTDIR": str(tmp_path / what)}
        command = [sys.executable, "app.py", number_stack.name, what]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    exit_code, output = synthesized("with")
    assert (exit_code, "PhoneNumberPlan" in output) == (0, False), output
    exit_code, output = synthesized("without")
    assert exit_code != 0
    assert f"{number} would be released" in output
    reports = json.loads((tmp_path / "without" / "validation-report.json").read_text())["pluginReports"]
    ((violation,),) = (each["violations"] for each in reports if each["pluginName"] == "PhoneNumberPlan")
    (construct,) = violation["violatingConstructs"]
    assert (violation["ruleName"], violation["severity"]) == ("release", "error")
    assert "take back the change" in violation["suggestedFix"]
    assert construct["cloudFormationResource"]["templatePath"] == f"{number_stack.name}.template.json"
    assert construct["cloudFormationResource"]["logicalId"].startswith("Line")
