"""The example app as a user deploys it."""

from pathlib import Path
from uuid import UUID, uuid5

from local_aws.cdk_cli import CdkCli
from local_aws.launcher import LocalAws

NUMBERS = "ConnectSupportNumbers"
# The documented rule, written out again: it is what is tested.
TOKEN_NAMESPACE = UUID("6d0f7f6e-5b43-5f0c-9a55-3d3f7f1c2a90")


def test_deploy_change_description_destroy(local_aws: LocalAws, example_assembly: Path) -> None:
    cloudformation = local_aws.session().client("cloudformation", endpoint_url=local_aws.endpoint_url)
    example = CdkCli(local_aws.environment, example_assembly, app=str(example_assembly))

    deployed = example.deploy(NUMBERS)
    assert deployed.exit_code == 0, deployed.output
    outputs = cloudformation.describe_stacks(StackName=NUMBERS)["Stacks"][0].get("Outputs", [])
    values = {output.get("OutputKey"): output.get("OutputValue") for output in outputs}
    arn = values["PhoneNumberArn"]
    assert arn is not None

    changed = CdkCli(local_aws.environment, example_assembly).deploy(NUMBERS, context={"description": "Second line"})
    assert changed.exit_code == 0, changed.output
    number = _number(local_aws, arn)
    assert number["status"] == "CLAIMED"
    assert number["phone_number"] == values["PhoneNumber"]
    assert number["description"] == "Second line"

    destroyed = example.destroy(NUMBERS)
    assert destroyed.exit_code == 0, destroyed.output
    assert _number(local_aws, arn)["status"] == "RELEASED"
    (release,) = [entry for entry in local_aws.connect.audit("ReleasePhoneNumber") if entry["phone_number_arn"] == arn]
    assert release["client_token"] == str(uuid5(TOKEN_NAMESPACE, f"release:{arn}"))


def _number(local_aws: LocalAws, arn: str) -> dict[str, object]:
    return dict(next(n for n in local_aws.connect.numbers() if n["arn"] == arn))
