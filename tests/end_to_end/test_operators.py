"""The operators' command against the local AWS, run as a person runs it: what is there, nobody's, left, and drifted."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import aws_cdk as cdk
import pytest

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber
from docs.tools.pages import ROOT, Block, blocks
from lambda_handlers.connect_phone_number import contract
from local_aws.launcher import REGION, LocalAws
from stacks.phone_number_provider_stack import PARAMETER_NAME

from .number_stack import INSTANCE_ARN, NumberStack, flow_arn

_COMMAND: Final = "connect-phone-numbers"
_BLOCKS: Final = [
    block
    for block in blocks("sh")
    if any(block.text.startswith(f"{_COMMAND} {name}") for name in ("list", "budget", "drift"))
]
"""The commands of the documents that need no files of their own. tests/docs/test_shell.py checks all commands."""
_NUMBERS: Final = 3
_ORPHAN: Final = "+12065550177"
_BY_HAND: Final = "+12065550178"


@dataclass(frozen=True)
class Crowd:
    """An account with numbers of all kinds.

    Attributes
    ----------
    numbers
        The numbers of the stack, the first one protected.
    drifted
        One of them, whose description and flow somebody has changed.
    """

    stack: NumberStack
    numbers: Sequence[str]
    drifted: str


def add_lines(stack: cdk.Stack, _: PhoneNumber) -> None:
    """Add further numbers to the stack."""
    provider = cast(IPhoneNumberProvider, stack.node.find_child("Provider"))
    for index in range(1, _NUMBERS):
        PhoneNumber(stack, f"Line{index}", provider=provider, target_arn=INSTANCE_ARN, country_code="US")


@pytest.fixture(scope="module")
def crowd(local_aws: LocalAws, example_assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """Deploy a stack with numbers, then make an orphan, a number by hand, and a drift directly in Connect."""
    del example_assembly
    stack = NumberStack(local_aws, tmp_path_factory.mktemp("crowd"), "operators-crowd")
    deployed = stack.submit(
        contact_flow_arn=flow_arn(INSTANCE_ARN, 1), description="Support", release_protection=True, beside=add_lines
    )
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    connect = connect_of(local_aws)
    provider = stack.numbers()[0]["tags"][contract.PROVIDER_TAG]
    orphan = connect.claim_phone_number(
        TargetArn=INSTANCE_ARN, PhoneNumber=_ORPHAN, Tags={contract.PROVIDER_TAG: provider}
    )
    by_hand = connect.claim_phone_number(TargetArn=INSTANCE_ARN, PhoneNumber=_BY_HAND)
    drifted = stack.output("PhoneNumberArn")
    connect.update_phone_number_metadata(PhoneNumberId=drifted, PhoneNumberDescription="By hand")
    instance_id, flow_id = (part.rpartition("/")[2] for part in flow_arn(INSTANCE_ARN, 2).split("/contact-flow/"))
    connect.associate_phone_number_contact_flow(PhoneNumberId=drifted, InstanceId=instance_id, ContactFlowId=flow_id)
    yield Crowd(stack, [number["phone_number"] for number in stack.numbers()], stack.output("PhoneNumber"))
    for claimed in (orphan, by_hand):
        connect.release_phone_number(PhoneNumberId=claimed["PhoneNumberId"])
    stack.submit(contact_flow_arn=flow_arn(INSTANCE_ARN, 1), release_protection=False)
    assert stack.remove().status == "DELETE_COMPLETE"


def connect_of(local_aws: LocalAws) -> Any:
    session: Any = local_aws.session()
    return session.client("connect", endpoint_url=local_aws.connect.url)


def run(local_aws: LocalAws, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with nothing but the variables that ``make local-aws`` prints."""
    environment = {**local_aws.environment, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "cdk_connect_phone_number", *arguments],
        cwd=folder or ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def document(local_aws: LocalAws, *arguments: str) -> dict[str, Any]:
    done = run(local_aws, *arguments, "--output", "json")
    assert done.returncode in (0, 2), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_there_is_and_what_is_nobodys(local_aws: LocalAws, crowd: Crowd) -> None:
    listed = {number["phone_number"]: number for number in document(local_aws, "list")["numbers"]}
    of_stack = {phone: number for phone, number in listed.items() if number["stack_name"] == crowd.stack.name}
    assert {phone for phone, number in of_stack.items() if number["owner"] == "stack"} == set(crowd.numbers)
    protected = [number for number in of_stack.values() if number["is_protected"]]
    assert [(number["phone_number"], number["logical_id"][:4]) for number in protected] == [(crowd.drifted, "Line")]
    assert protected[0]["flow_arn"] == flow_arn(INSTANCE_ARN, 2)
    assert (listed[_ORPHAN]["owner"], listed[_BY_HAND]["owner"]) == ("orphan", "somebody-else")
    assert listed[_ORPHAN]["usd_per_month_estimate"] == "0.91"


def test_a_pipeline_can_fail_on_orphans(local_aws: LocalAws, crowd: Crowd) -> None:
    assert crowd.numbers
    done = run(local_aws, "list", "--fail-on", "orphan")
    assert done.returncode == 2, done.stderr
    assert _ORPHAN in done.stdout


def test_what_is_left(local_aws: LocalAws, crowd: Crowd) -> None:
    (budget,) = document(local_aws, "budget", "--provider", provider_name(local_aws))["budgets"]
    # Other tests have claimed and released, too.
    assert budget["held"] >= len(crowd.numbers)
    assert sum(day["count"] for day in budget["returns"]) == budget["used"] >= len(crowd.numbers)
    assert budget["left"] == max(budget["allowed"] - budget["used"], 0)


def test_what_has_drifted(local_aws: LocalAws, crowd: Crowd) -> None:
    done = run(local_aws, "drift", "--output", "json")
    assert done.returncode == 2, done.stderr
    rows = json.loads(done.stdout)["differences"]
    found = [(row["aspect"], row["wanted"], row["found"]) for row in rows if row["phone_number"] == crowd.drifted]
    assert found == [
        ("flow", flow_arn(INSTANCE_ARN, 1), flow_arn(INSTANCE_ARN, 2)),
        ("description", "Support", "By hand"),
    ]
    assert {row["phone_number"] for row in rows if row["status"] == "drifted"} & set(crowd.numbers) == {crowd.drifted}


def test_nothing_is_changed(local_aws: LocalAws, crowd: Crowd) -> None:
    assert crowd.numbers
    before = len(local_aws.connect.audit())
    for command in ("list", "budget", "drift"):
        run(local_aws, command)
    made = local_aws.connect.audit()[before:]
    assert made
    assert not any(entry["took_effect"] for entry in made)
    # Other tests use the same account, and Connect throttles the account as a whole.
    assert {entry["outcome"] for entry in made} <= {"ok", "ThrottlingException"}


@pytest.mark.parametrize("block", _BLOCKS, ids=str)
def test_commands_of_the_documents(block: Block, local_aws: LocalAws, crowd: Crowd, tmp_path: Path) -> None:
    assert crowd.numbers
    commands = [shlex.split(line) for line in block.text.splitlines() if line.startswith(_COMMAND)]
    for _, *arguments in commands:
        done = run(local_aws, *arguments, folder=tmp_path)
        assert done.returncode in (0, 2), done.stderr
        assert done.stdout


def test_error_is_one_sentence_and_no_trace(local_aws: LocalAws) -> None:
    done = run(local_aws, "list", "--profile", "nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: The config profile (nobody) could not be found.")
    assert "Traceback" not in done.stderr


def provider_name(local_aws: LocalAws) -> str:
    session: Any = local_aws.session()
    ssm = session.client("ssm", endpoint_url=local_aws.endpoint_url, region_name=REGION)
    return str(ssm.get_parameter(Name=PARAMETER_NAME)["Parameter"]["Value"])
