"""What ``docs/living-with-it.md`` says: what remains, what Ctrl-C does, and what protection means for the others."""

import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import pytest
from botocore import xform_name
from botocore.session import Session

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider
from docs.tools.pages import Block, blocks
from local_aws.cdk_cli import CdkCli
from local_aws.launcher import INSTANCE_ARN, LocalAws
from local_aws.process_guard import REPOSITORY

from .template_stack import TemplateStack

# It puts the function's code into the bucket, which is the same for all providers.
pytestmark = pytest.mark.usefixtures("example_assembly")
_SECONDS: Final = 60.0


class App:
    """An app with one stack, synthesized in this process."""

    def __init__(self, local_aws: LocalAws, folder: Path, name: str) -> None:
        self.aws, self.name, self.stack = local_aws, name, TemplateStack(local_aws, name)
        self._folder = folder

    def synthesize(self, *constructs: Callable[[cdk.Stack], object], termination_protection: bool = False) -> CdkCli:
        """Write the app's cloud assembly, and return a CLI for it."""
        assembly = str(self._folder / f"{len(constructs)}-constructs")
        # The CLI's own setting when it runs an app: with it, the CLI shows the paths of constructs.
        app = cdk.App(outdir=assembly, context={"aws:cdk:enable-path-metadata": True})
        stack = cdk.Stack(app, self.name, termination_protection=termination_protection)
        for add in constructs:
            add(stack)
        app.synth()
        return CdkCli(self.aws.environment, Path(assembly), app=assembly)

    def create(self, *constructs: Callable[[cdk.Stack], object]) -> CdkCli:
        """Create the stack by CloudFormation alone, and return a CLI for what comes after."""
        cli = self.synthesize(*constructs)
        created = self.stack.deploy((cli.assembly / f"{self.name}.template.json").read_text())
        assert created.status == "CREATE_COMPLETE", created.reasons
        return cli

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


def number(id: str, **properties: Any) -> Callable[[cdk.Stack], object]:
    """Return what adds a number to a stack."""
    return lambda stack: PhoneNumber(stack, id, target_arn=INSTANCE_ARN, country_code="US", **properties)


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
    cli = app.create(number("Line"), number("Kept", removal_policy=cdk.RemovalPolicy.RETAIN))
    assert [len(names) for names in app.remains()] == [1, 1]

    # docs/pipelines.md: what the CDK calls a number that stays.
    shown = app.synthesize(number("Line")).diff(fail_on="destructive")
    assert re.search(r"\[-\] Custom::ConnectPhoneNumber Kept \S+ orphan", shown.output), shown.output

    destroyed = cli.destroy()
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
    cli = app.synthesize(lambda stack: PhoneNumberProvider(stack, "Provider"), termination_protection=True)
    deployed = cli.deploy()
    assert deployed.exit_code == 0, deployed.output
    refused = cli.destroy()
    assert refused.exit_code == 1
    assert "cannot be deleted while TerminationProtection is enabled" in refused.output
    assert app.stack.status() == "CREATE_COMPLETE"
    app.client("cloudformation").update_termination_protection(StackName=app.name, EnableTerminationProtection=False)

    destroyed = cli.destroy()
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
    cli = app.synthesize(*(number(f"Line{index}") for index in range(4)))
    local_aws.connect.call("POST", "settings", claim_seconds=3)
    try:
        command = ("deploy", "--require-approval", "never", "--app", str(cli.assembly), "--progress", "events")
        program = subprocess.Popen(
            [str(REPOSITORY / "node_modules/.bin/cdk"), *command],
            cwd=REPOSITORY,
            env={**local_aws.environment, "PATH": f"{Path(sys.executable).parent}:{local_aws.environment['PATH']}"},
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

        again = cli.deploy()
        assert again.exit_code == 0, again.output
        assert "(no changes)" in again.output
        app.wait_for("CREATE_COMPLETE")
        owned = [each for each in local_aws.connect.numbers() if f"stack/{app.name}/" in str(each["tags"])]
        assert [each["status"] for each in owned] == ["CLAIMED"] * 4
    finally:
        local_aws.connect.call("POST", "settings", claim_seconds=0.2)
        app.stack.delete()


def test_a_protected_number_protects_only_itself(local_aws: LocalAws, tmp_path: Path) -> None:
    app = App(local_aws, tmp_path, "one-is-protected")
    cli = app.create(number("First"), number("Kept", release_protection=True), number("Third"))

    destroyed = cli.destroy()
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
