"""The TypeScript example of ``docs/without-python.md``, as its reader deploys it: with the CDK CLI, and no Python."""

from pathlib import Path

from local_aws.cdk_cli import CdkCli
from local_aws.launcher import LocalAws
from typescript.build import EXAMPLE, compiled

from .template_stack import TemplateStack


def test_the_example_makes_a_number_and_takes_it_away(
    local_aws: LocalAws, example_assembly: Path, tmp_path: Path
) -> None:
    # The provider whose service token is published.
    del example_assembly
    compiled()
    cli = CdkCli(local_aws.environment, tmp_path / "cdk.out", app=f"node {EXAMPLE}")

    deployed = cli.deploy()
    assert deployed.exit_code == 0, deployed.output
    phone_number = TemplateStack(local_aws, "TypeScriptNumber").output("PhoneNumber")
    assert phone_number.startswith("+1206")
    assert _status(local_aws, phone_number) == "CLAIMED"

    destroyed = cli.destroy()
    assert destroyed.exit_code == 0, destroyed.output
    assert _status(local_aws, phone_number) == "RELEASED"


def _status(local_aws: LocalAws, phone_number: str) -> str:
    (status,) = [n["status"] for n in local_aws.connect.numbers() if n["phone_number"] == phone_number]
    return str(status)
