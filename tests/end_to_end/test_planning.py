"""``connect-phone-numbers plan``, held against the deployment that follows."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from local_aws.launcher import LocalAws

from .number_stack import NumberStack, remove_number

ROOT: Final = Path(__file__).parents[2]


def planned(local_aws: LocalAws, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command as a person does, and return its exit code and its document."""
    result = subprocess.run(
        [sys.executable, "-m", "cdk_connect_phone_number", "plan", "--output", "json", *arguments],
        cwd=ROOT,
        env={**local_aws.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


def effects(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change["effect"], change["phone_number"]) for change in document["changes"]]


def change_set(local_aws: LocalAws, stack_name: str, template: Path) -> str:
    """Make a change set and return its ARN."""
    client: Any = local_aws.session().client("cloudformation", endpoint_url=local_aws.endpoint_url)
    made = client.create_change_set(
        StackName=stack_name,
        ChangeSetName="next",
        ChangeSetType="UPDATE",
        TemplateBody=template.read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    client.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig={"Delay": 1})
    return str(made["Id"])


def test_a_plan_says_what_the_next_deployment_does(local_aws: LocalAws, number_stack: NumberStack) -> None:
    name = number_stack.name
    first = number_stack.synthesize(release_protection=True)
    assert effects(planned(local_aws, name, "--app", str(first))[1]) == [("claim", "")]
    assert number_stack.submit(release_protection=True).status == "CREATE_COMPLETE"
    (number,) = number_stack.numbers()

    _, destroyed = planned(local_aws, name, "--app", str(first), "--destroy")
    unprotected = number_stack.synthesize()
    exit_code, weaker = planned(local_aws, name, "--app", str(unprotected), "--fail-on", "protection")

    assert effects(destroyed) == [("refuse", number["phone_number"])]
    assert (exit_code, effects(weaker)) == (2, [("change", number["phone_number"])])
    assert [each["protection"] for each in weaker["weakenings"]] == ["ReleaseProtection"]

    assert number_stack.submit().status == "UPDATE_COMPLETE"
    without = number_stack.synthesize(beside=remove_number)
    template = without / f"{name}.template.json"
    made = change_set(local_aws, name, template)
    exit_code, by_change_set = planned(local_aws, "--change-set", made, "--fail-on", "release")
    _, by_template = planned(local_aws, "--template", str(template), "--stack-name", name)

    assert exit_code == 2
    assert effects(by_change_set) == effects(by_template) == [("release", number["phone_number"])]
    assert number_stack.numbers() == [number]

    assert number_stack.submit(beside=remove_number).status == "UPDATE_COMPLETE"
    assert number_stack.numbers() == []


def test_a_plan_of_a_provider_that_is_not_readable_is_no_empty_plan(
    local_aws: LocalAws, number_stack: NumberStack
) -> None:
    assembly = number_stack.synthesize()
    template = assembly / f"{number_stack.name}.template.json"
    body = json.loads(template.read_text())
    (line,) = (each for each in body["Resources"].values() if each["Type"] == "Custom::ConnectPhoneNumber")
    line["Properties"]["ServiceToken"] = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    template.write_text(json.dumps(body))

    exit_code, document = planned(local_aws, number_stack.name, "--app", str(assembly))

    assert exit_code == 3
    assert "There is no provider" in document["problems"][0]
