"""The README's ten lines, as a newcomer copies them: one stack that has its provider with it."""

from pathlib import Path

from docs.tools.pages import blocks
from local_aws.cdk_cli import CdkCli
from local_aws.launcher import LocalAws

from .template_stack import TemplateStack


def test_ten_lines_make_a_number_and_take_it_away_with_its_provider(local_aws: LocalAws, tmp_path: Path) -> None:
    example = next(block for block in blocks("python") if block.page.name == "README.md")
    program = tmp_path / "my_number.py"
    program.write_text(example.text)
    cli = CdkCli(local_aws.environment, tmp_path / "cdk.out", app=f"python3 {program}")

    deployed = cli.deploy()
    assert deployed.exit_code == 0, deployed.output
    phone_number = TemplateStack(local_aws, "MyNumber").output("PhoneNumber")
    assert phone_number.startswith("+1206")
    assert phone_number in deployed.output
    assert _status(local_aws, phone_number) == "CLAIMED"

    destroyed = cli.destroy()
    assert destroyed.exit_code == 0, destroyed.output
    assert _status(local_aws, phone_number) == "RELEASED"


def _status(local_aws: LocalAws, phone_number: str) -> str:
    (status,) = [n["status"] for n in local_aws.connect.numbers() if n["phone_number"] == phone_number]
    return str(status)
