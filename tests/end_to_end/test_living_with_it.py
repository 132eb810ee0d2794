"""What ``docs/living-with-it.md`` says: what remains, what Ctrl-C does, and what protection means for the others."""

import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from botocore import xform_name
from botocore.session import Session

from docs.tools.pages import Block, blocks
from local_aws.cdk_cli import CdkCli
from local_aws.launcher import INSTANCE_ARN, LocalAws
from local_aws.process_guard import REPOSITORY

from .template_stack import TemplateStack

_APP: Final = """
import aws_cdk as cdk
from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider

app = cdk.App()
stack = cdk.Stack(app, "{name}"{given})
{body}
app.synth()
"""
_NUMBER: Final = 'PhoneNumber(stack, "{id}", target_arn="{target}", country_code="US"{given})'
_SECONDS: Final = 60.0


class App:
    """An app with one stack."""

    def __init__(self, local_aws: LocalAws, folder: Path, name: str) -> None:
        self.aws, self.name, self.stack = local_aws, name, TemplateStack(local_aws, name)
        self._program = folder / "app.py"
        self.cli = CdkCli(local_aws.environment, folder / "cdk.out", app=f"python3 {self._program}")

    def write(self, *body: str, given: str = "") -> None:
        self._program.write_text(_APP.format(name=self.name, body="\n".join(body), given=given))

    def number(self, id: str, given: str = "") -> str:
        return _NUMBER.format(id=id, target=INSTANCE_ARN, given=f", {given}" if given else "")

    def client(self, service: str) -> Any:
        session: Any = self.aws.session()
        return session.client(service, endpoint_url=self.aws.endpoint_url)

    def remains(self) -> tuple[list[str], list[str]]:
        """Return the tables and the log groups of this app's stack."""
        tables = self.client("dynamodb").list_tables()["TableNames"]
        groups = [group["logGroupName"] for group in self.client("logs").describe_log_groups()["logGroups"]]
        return [name for name in tables if self.name in name], [name for name in groups if self.name in name]

    def wait_for(self, status: str | None) -> None:
        """Return when the stack has a status. None: when there is no stack."""
        deadline = time.monotonic() + _SECONDS
        while self.stack.status() != status and time.monotonic() < deadline:
            time.sleep(0.1)
        assert self.stack.status() == status

    def command(self) -> list[str]:
        return [str(REPOSITORY / "node_modules/.bin/cdk"), "deploy", "--require-approval", "never"]


def block_of(section: str, language: str) -> Block:
    found = [
        block
        for block in blocks(language)
        if block.page.name == "living-with-it.md"
        and block.line > block.page.read_text().split(f"## {section}\n")[0].count("\n")
    ]
    return found[0]


def test_a_stack_with_a_provider_of_its_own_leaves_nothing(local_aws: LocalAws, tmp_path: Path) -> None:
    app = App(local_aws, tmp_path, "leaves-nothing")
    app.write(app.number("Line"), app.number("Kept", "removal_policy=cdk.RemovalPolicy.RETAIN"))
    assert app.cli.deploy().exit_code == 0
    assert [len(names) for names in app.remains()] == [1, 1]

    # docs/pipelines.md: what the CDK calls a number that stays.
    app.write(app.number("Line"))
    shown = app.cli.diff(fail_on="destructive")
    assert re.search(r"\[-\] Custom::ConnectPhoneNumber Kept \S+ orphan", shown.output), shown.output

    destroyed = app.cli.destroy()
    assert destroyed.exit_code == 0, destroyed.output
    (skipped,) = re.findall(r"DELETE_SKIPPED .*", destroyed.output)
    assert "Custom::ConnectPhoneNumber" in skipped
    assert re.search(r"DELETE_COMPLETE .* AWS::Logs::LogGroup ", destroyed.output)
    tables, groups = app.remains()
    assert tables == []
    # docs/local-aws.md: MiniStack creates it again, for the last lines of the function.
    assert groups == ["/aws/cloudformation/leaves-nothing/PhoneNumberProviderLogsF667A516"]


def test_a_provider_that_was_created_is_protected_and_leaves_what_the_commands_of_the_page_remove(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    app = App(local_aws, tmp_path, "leaves-records")
    app.write('PhoneNumberProvider(stack, "Provider")', given=", termination_protection=True")
    assert app.cli.deploy().exit_code == 0
    refused = app.cli.destroy()
    assert refused.exit_code == 1
    assert "cannot be deleted while TerminationProtection is enabled" in refused.output
    assert app.stack.status() == "CREATE_COMPLETE"
    app.client("cloudformation").update_termination_protection(StackName=app.name, EnableTerminationProtection=False)

    destroyed = app.cli.destroy()
    assert destroyed.exit_code == 0, destroyed.output
    assert len(re.findall(r"DELETE_SKIPPED .*(?:Ledger|Logs)", destroyed.output)) == 2
    (table,), (group,) = app.remains()
    assert ("Ledger" in table, "Logs" in group) == (True, True)

    values = {"$TABLE_NAME": table, "$LOG_GROUP_NAME": group}
    for line in block_of("After destroy", "sh").text.splitlines():
        if line.startswith("aws "):
            service, operation, *arguments = shlex.split(line)[1:]
            shape = Session().get_service_model(service).operation_model(_pascal(service, operation)).input_shape
            assert shape is not None
            names = {f"--{xform_name(name, '-')}": name for name in shape.members}
            given = dict(zip(arguments[::2], arguments[1::2], strict=True))
            method = getattr(app.client(service), operation.replace("-", "_"))
            method(**{names[option]: values[value] for option, value in given.items()})
    assert app.remains() == ([], [])


def test_ctrl_c_ends_the_cli_and_not_the_deployment(local_aws: LocalAws, tmp_path: Path) -> None:
    app = App(local_aws, tmp_path, "interrupted")
    app.write(*(app.number(f"Line{index}") for index in range(4)))
    local_aws.connect.call("POST", "settings", claim_seconds=3)
    try:
        environment = {
            **local_aws.environment,
            "PATH": f"{Path(sys.executable).parent}:{local_aws.environment['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
        }
        arguments = [
            "--app",
            f"python3 {tmp_path / 'app.py'}",
            "--output",
            str(tmp_path / "first"),
            "--progress",
            "events",
        ]
        program = subprocess.Popen(
            [*app.command(), *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert program.stdout is not None
        with program.stdout as output:
            assert any("CREATE_IN_PROGRESS" in line and "Custom::ConnectPhoneNumber " in line for line in output)
            program.send_signal(signal.SIGINT)
            output.read()
        assert program.wait(_SECONDS) != 0
        assert app.stack.status() == "CREATE_IN_PROGRESS"

        again = app.cli.deploy()
        assert again.exit_code == 0, again.output
        assert "(no changes)" in again.output
        app.wait_for("CREATE_COMPLETE")
        owned = [each for each in local_aws.connect.numbers() if f"stack/{app.name}/" in str(each["tags"])]
        assert [each["status"] for each in owned] == ["CLAIMED"] * 4
    finally:
        local_aws.connect.call("POST", "settings", claim_seconds=0.2)
        app.cli.destroy()


def test_a_protected_number_protects_only_itself(local_aws: LocalAws, tmp_path: Path) -> None:
    app = App(local_aws, tmp_path, "one-is-protected")
    numbers = [app.number("First"), app.number("Kept", "release_protection=True"), app.number("Third")]
    app.write(*numbers)
    assert app.cli.deploy().exit_code == 0

    destroyed = app.cli.destroy()
    assert destroyed.exit_code == 1
    assert app.stack.status() == "DELETE_FAILED"
    owned = [each for each in local_aws.connect.numbers() if f"stack/{app.name}/" in str(each["tags"])]
    assert sorted(each["status"] for each in owned) == ["CLAIMED", "RELEASED", "RELEASED"]
    assert [len(names) for names in app.remains()] == [1, 1]

    # The command of the message deletes the rest.
    command = re.search(
        r"aws cloudformation delete-stack --stack-name (\S+) --retain-resources (\S+)", destroyed.output
    )
    assert command is not None
    app.client("cloudformation").delete_stack(StackName=command[1], RetainResources=[command[2]])
    app.wait_for(None)
    assert app.remains()[0] == []
    owned = [each for each in local_aws.connect.numbers() if f"stack/{app.name}/" in str(each["tags"])]
    assert sorted(each["status"] for each in owned) == ["CLAIMED", "RELEASED", "RELEASED"]


def _pascal(service: str, operation: str) -> str:
    operations = Session().get_service_model(service).operation_names
    return next(name for name in operations if xform_name(name, "-") == operation)
