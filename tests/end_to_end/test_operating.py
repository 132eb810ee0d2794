"""``adopt``, ``doctor`` and ``release-orphan``, each in a process of its own, against the local AWS."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from docs.tools.pages import ROOT
from lambda_handlers.connect_phone_number import contract, tokens
from local_aws.launcher import LocalAws

from .number_stack import INSTANCE_ARN, flow_arn
from .template_stack import TemplateStack

pytestmark = pytest.mark.usefixtures("example_assembly")
_SECONDS: Final = 60.0


def run(local_aws: LocalAws, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program with the environment of the local AWS."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**local_aws.environment, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def operate(local_aws: LocalAws, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``connect-phone-numbers``."""
    return run(local_aws, "-m", "cdk_connect_phone_number", *arguments)


def claimed_by_hand(local_aws: LocalAws, **details: Any) -> tuple[str, str]:
    """Claim a toll-free number, and return it and its ARN."""
    connect: Any = local_aws.session().client("connect", endpoint_url=local_aws.connect.url)
    (found,) = connect.search_available_phone_numbers(
        TargetArn=INSTANCE_ARN, PhoneNumberCountryCode="GB", PhoneNumberType="TOLL_FREE", MaxResults=1
    )["AvailableNumbersList"]
    number = found["PhoneNumber"]
    arn = connect.claim_phone_number(TargetArn=INSTANCE_ARN, PhoneNumber=number, **details)["PhoneNumberArn"]
    deadline = time.monotonic() + _SECONDS
    while settings_of(local_aws, arn)["status"] != "CLAIMED":
        assert time.monotonic() < deadline, "the number is not claimed"
    return number, arn


def settings_of(local_aws: LocalAws, arn: str) -> Mapping[str, Any]:
    """Return what a stack may set of a number, without the tags that say who owns it."""
    (number,) = [number for number in local_aws.connect.numbers() if number["arn"] == arn]
    tags = {key: value for key, value in number["tags"].items() if key not in contract.OWNERSHIP_TAGS}
    return {**{name: number[name] for name in ("target_arn", "description", "contact_flows", "status")}, "tags": tags}


def test_adopted_number_is_left_as_it_was(local_aws: LocalAws, tmp_path: Path) -> None:
    number, arn = claimed_by_hand(local_aws, PhoneNumberDescription='The "old" line', Tags={"team": "support"})
    connect: Any = local_aws.session().client("connect", endpoint_url=local_aws.connect.url)
    instance_id, flow_id = INSTANCE_ARN.rpartition("/")[2], flow_arn(INSTANCE_ARN, 1).rpartition("/")[2]
    connect.associate_phone_number_contact_flow(PhoneNumberId=arn, InstanceId=instance_id, ContactFlowId=flow_id)
    before = settings_of(local_aws, arn)
    written = operate(local_aws, "adopt", "--number", number, "--stack-name", "operating-", "--out", str(tmp_path))
    assert written.returncode == 0, written.stderr

    app = str(tmp_path / "adopted_numbers.py")
    synthesized = run(local_aws, app, CDK_OUTDIR=str(tmp_path / "out"), PYTHONPATH=str(ROOT))
    assert synthesized.returncode == 0, synthesized.stderr
    name = f"operating-{number.removeprefix('+')}"
    stack = TemplateStack(local_aws, name)
    outcome = stack.deploy((tmp_path / "out" / f"{name}.template.json").read_text())

    assert outcome.status == "CREATE_COMPLETE", outcome.reasons
    listed = json.loads(operate(local_aws, "list", "--text", number, "--output", "json").stdout)["numbers"]
    assert [(one["owner"], one["stack_name"]) for one in listed] == [("adopted", name)]
    assert settings_of(local_aws, arn) == before
    again = operate(local_aws, "adopt", "--number", number)
    assert (again.returncode, again.stdout) == (2, "")
    assert f"{number} is not adopted: {name}/Number" in again.stderr
    stack.delete()
    assert settings_of(local_aws, arn) == before


def test_installation_is_as_the_local_aws_can_make_it(local_aws: LocalAws) -> None:
    claimed_by_hand(local_aws)
    result = operate(local_aws, "doctor", "--output", "json")

    assert result.stdout, result.stderr
    checks = {one["check"]: one["status"] for one in json.loads(result.stdout)["checks"]}
    assert result.returncode == 2
    assert {name: status for name, status in checks.items() if status != "ok"} == {
        # MiniStack's CloudFormation sets neither an on-failure destination nor point-in-time recovery.
        "failure queue": "problem",
        "ledger's recovery": "problem",
        "alarms": "warning",
        "ledger's table": "warning",
        # Service Quotas does not tell.
        "budget": "warning",
        "Service Quotas": "not-checked",
        "role": "not-checked",
        "other numbers": "warning",
    }


def test_orphan_is_released(local_aws: LocalAws) -> None:
    providers = json.loads(operate(local_aws, "budget", "--output", "json").stdout)["budgets"]
    tags = {contract.PROVIDER_TAG: providers[0]["provider_id"], contract.CLAIM_TAG: "lost"}
    number, arn = claimed_by_hand(local_aws, Tags=tags)

    mistyped = operate(local_aws, "release-orphan", number, "--confirm", "+12065550100")
    assert (mistyped.returncode, settings_of(local_aws, arn)["status"]) == (1, "CLAIMED")
    released = operate(local_aws, "release-orphan", number, "--confirm", number)

    assert released.returncode == 0, released.stderr
    assert settings_of(local_aws, arn)["status"] == "RELEASED"
    (call,) = [one for one in local_aws.connect.audit("ReleasePhoneNumber") if one["phone_number_arn"] == arn]
    assert call["client_token"] == tokens.release_token(arn)
