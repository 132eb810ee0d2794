"""The page about the operators' command says what the command does: fields, owners, exit codes, permissions."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import botocore.session
import pytest
from botocore import xform_name
from policy_sentry.querying.actions import get_action_data

from cdk_connect_phone_number.cli.commands import budget, doctor, drift
from cdk_connect_phone_number.cli.commands import list as listing
from cdk_connect_phone_number.cli.exit_codes import ExitCode
from cdk_connect_phone_number.cli.inventory import OwnerKind
from cdk_connect_phone_number.cli.orphans import RELEASE_POLICY
from cdk_connect_phone_number.cli.prices import PRICE_PAGE, PRICES_AS_OF
from cdk_connect_phone_number.cli.problems import POLICY
from cdk_connect_phone_number.cli.read_only import is_read
from docs.tools.pages import ROOT
from lambda_handlers.connect_phone_number import contract
from tests.infrastructure.iam_policy import covers
from tests.unit.cdk_connect_phone_number.cli.installation import InstalledAws
from tests.unit.lambda_handlers.connect_phone_number.world import PROVIDER, REGION, World

TEXT: Final = (ROOT / "docs" / "operators.md").read_text()
STATEMENTS: Final[list[dict[str, Any]]] = json.loads((ROOT / POLICY).read_text())["Statement"]
CODE: Final = ROOT / "lambda_handlers" / "connect_phone_number"
BY_HAND: Final = "+12065550150"
WITHOUT_PERMISSION: Final = {"sts:GetCallerIdentity"}
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""


def first_column(heading: str, title: str) -> list[str]:
    """Return the first column of the section's table whose first column has this title."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = section.split(f"| {title} |")[1].split("\n\n")[0]
    return [cell.strip("` ") for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)]


def actions(statement: dict[str, Any]) -> list[str]:
    found = statement["Action"]
    return [found] if isinstance(found, str) else found


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        ("Which numbers there are", listing.FIELDS),
        ("What is left of the budget", budget.FIELDS),
        ("What has drifted", drift.FIELDS),
        ("Check an installation", doctor.FIELDS),
    ],
)
def test_fields(heading: str, fields: Sequence[str]) -> None:
    assert first_column(heading, "Field") == list(fields)


def test_owners() -> None:
    assert first_column("Which numbers there are", "Owner") == [kind.value for kind in OwnerKind]


def test_exit_codes() -> None:
    assert first_column("Exit codes", "Code") == [str(code.value) for code in ExitCode]


def test_prices() -> None:
    assert f"as reported on {PRICES_AS_OF}" in TEXT
    assert f"({PRICE_PAGE})" in TEXT


def actions_of_plan() -> set[str]:
    """Return what ``plan`` calls, as its sources have it: its end-to-end tests cannot make every call."""
    sources = [
        *(CODE / "planning" / name for name in ("deployed.py", "rehearsal.py")),
        CODE / "cloudformation" / "stacks.py",
        ROOT / "cdk_connect_phone_number" / "cli" / "plan_sources.py",
    ]
    methods = {
        name
        for source in sources
        for name in re.findall(r"\b((?:describe|get|list|batch_get)_\w+)", source.read_text())
    }
    session = botocore.session.get_session()
    return {
        f"{service}:{operation}"
        for service in ("cloudformation", "connect", "lambda", "ssm")
        for operation in session.get_service_model(service).operation_names
        if xform_name(operation) in methods
    }


def test_the_policy_allows_exactly_the_calls_of_the_command() -> None:
    world = World()
    aws = InstalledAws(world)
    flow = f"{world.instance}/contact-flow/99999999-8888-7777-6666-555555555555"
    arn = world.created(ContactFlowArn=flow)
    world.emulator.add_traffic_distribution_group(REGION, "us-east-1")
    world.clock.pause(400.0)
    world.sweep()
    world.client.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="By hand")
    world.claimed_by_hand(BY_HAND)
    for command in (["list"], ["budget"], ["drift"], ["adopt", "--all"], ["doctor"]):
        assert aws.run(*command).exit_code in (ExitCode.OK, ExitCode.FOUND)

    allowed = [action for statement in STATEMENTS for action in actions(statement)]
    called = {action.replace("service-quotas:", "servicequotas:") for action in aws.actions()}
    assert sorted(allowed) == sorted((called | actions_of_plan()) - WITHOUT_PERMISSION)


def test_only_release_orphan_needs_more_and_only_that() -> None:
    world = World()
    aws = InstalledAws(world)
    world.claimed_by_hand(BY_HAND, {contract.PROVIDER_TAG: PROVIDER, contract.CLAIM_TAG: "lost"})
    assert aws.run("release-orphan", BY_HAND, "--confirm", BY_HAND).exit_code == ExitCode.OK

    (statement,) = json.loads((ROOT / RELEASE_POLICY).read_text())["Statement"]
    allowed = {action for statement in STATEMENTS for action in actions(statement)}
    assert set(aws.actions()) - WITHOUT_PERMISSION - allowed == {statement["Action"]}
    assert statement["Condition"] == {"Null": {f"aws:ResourceTag/{contract.PROVIDER_TAG}": "false"}}
    known = get_action_data("connect", "ReleasePhoneNumber")["connect"][0]["resource_arn_format"]
    assert covers(statement["Resource"], known)


def test_checks_of_the_doctor() -> None:
    found = InstalledAws(World()).document("doctor")["checks"]

    assert first_column("Check an installation", "Check") == [check["check"] for check in found]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement["Sid"])
def test_statement_is_one_that_iam_can_grant(statement: dict[str, Any]) -> None:
    assert actions(statement) == sorted(actions(statement))
    for action in actions(statement):
        service, name = action.split(":")
        data = get_action_data(service, name)
        assert data, action
        formats = [entry["resource_arn_format"] for entry in data[service]]
        resource = statement["Resource"]
        # "*" only where the action takes no resource.
        assert formats == ["*"] if resource == "*" else any(covers(resource, known) for known in formats), action


def test_nothing_is_allowed_that_changes_anything() -> None:
    names = [action.split(":")[1] for statement in STATEMENTS for action in actions(statement)]
    assert all(map(is_read, names))
