"""``doctor``: an installation without a fault is ok, and each fault is found, with what to do."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any, Final

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumberProvider
from cdk_connect_phone_number.cli.commands.doctor import FIELDS
from cdk_connect_phone_number.cli.provider_checks import METRICS, OLDEST_DUE_SECONDS, RECOVERABLE_DAYS
from cdk_connect_phone_number.provider.monitoring import OLDEST_DUE_LIMIT
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.ledger.items import encode
from tests.unit.lambda_handlers.connect_phone_number.world import World
from verification.simulator.memory_store import MemoryStore

from ..aws import FUNCTION, Refused
from ..installation import ALARMS, QUEUE, InstalledAws, alarm, packed

Break = Callable[[InstalledAws], object]

DENIED: Final = Refused("AccessDeniedException", "not authorized")
_OTHER_CODE: Final = {"connect_phone_number/a.py": b"", "connect_phone_number/b.py": b""}
_NO_TABLE: Final = Refused("ResourceNotFoundException", "no such table")
HOUR: Final = 3600


@pytest.fixture
def aws(world: World) -> InstalledAws:
    return InstalledAws(world)


def checks(aws: InstalledAws) -> dict[str, tuple[str, str]]:
    """Return the status and text of each check, by name."""
    return {one["check"]: (one["status"], one["text"]) for one in aws.document("doctor")["checks"]}


def told(aws: InstalledAws, **variables: str) -> None:
    """Deploy the provider with other environment variables."""
    (function,) = [each for each in aws.functions if each["FunctionArn"] == FUNCTION]
    function["Environment"]["Variables"].update(variables)


def decided(action: str, *, allowed: bool) -> Callable[[str, str, dict[str, list[str]]], bool | None]:
    """Return a simulator that decides so about an action, and about others as it must."""

    def decide(asked: str, resource: str, context: dict[str, list[str]]) -> bool | None:
        del resource, context
        return allowed if asked == action else None

    return decide


def answer(action: str, **response: Any) -> Break:
    return lambda aws: aws.responses.update({action: response})


def test_nothing_is_wrong(aws: InstalledAws, world: World) -> None:
    told(aws, BUDGET='{"quota": 20}')
    world.created()
    result = aws.run("doctor", "--output", "json")

    assert {name: status for name, (status, _) in checks(aws).items() if status != "ok"} == {}
    assert result.exit_code == 0, result.output
    assert len(checks(aws)) == 17


def test_it_changes_nothing(aws: InstalledAws, world: World) -> None:
    world.created()
    before = len(world.emulator.audit)
    aws.run("doctor")
    assert not any(entry.took_effect for entry in world.emulator.audit[before:])


def _leave(_: InstalledAws) -> None:
    """Change nothing."""


PROBLEMS: Final[list[tuple[str, str, Break, str]]] = [
    (
        "function",
        "problem",
        answer("lambda:GetFunctionConfiguration", State="Failed", StateReason="no key", Role="r"),
        "The function is Failed (no key).",
    ),
    (
        "function",
        "problem",
        answer("lambda:GetFunctionConfiguration", State="Active", LastUpdateStatus="Failed", Role="r"),
        "The last update of the function has failed (no reason given).",
    ),
    (
        "code",
        "warning",
        lambda aws: aws.responses.update({"lambda:GetFunction": packed(_OTHER_CODE)}),
        "(connect_phone_number/a.py, connect_phone_number/b.py)",
    ),
    ("failure queue", "problem", answer("lambda:GetFunctionEventInvokeConfig"), "go nowhere"),
    (
        "failure queue",
        "problem",
        answer("lambda:ListEventSourceMappings", EventSourceMappings=[{"State": "Disabled"}]),
        "does not take events",
    ),
    (
        "failure queue",
        "problem",
        lambda aws: aws.responses.update({"sqs:GetQueueUrl": Refused("QueueDoesNotExist", "none")}),
        f"The queue {QUEUE} does not exist",
    ),
    (
        "failure queue",
        "warning",
        answer(
            "sqs:GetQueueAttributes",
            Attributes={"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "1"},
        ),
        "3 failed events in the queue",
    ),
    ("schedule", "problem", answer("events:ListRuleNamesByTarget", RuleNames=[]), "No schedule starts the sweeps"),
    (
        "schedule",
        "problem",
        answer("events:DescribeRule", Name="sweep", State="DISABLED", ScheduleExpression="rate(5 minutes)"),
        "aws events enable-rule --name sweep",
    ),
    ("alarms", "warning", answer("cloudwatch:DescribeAlarms", MetricAlarms=[]), "Set the alarm_topic"),
    (
        "alarms",
        "warning",
        answer("cloudwatch:DescribeAlarms", MetricAlarms=ALARMS[1:]),
        "There is no alarm for BudgetUsedPercent.",
    ),
    (
        "alarms",
        "problem",
        answer("cloudwatch:DescribeAlarms", MetricAlarms=[{**ALARMS[0], "AlarmActions": []}, *ALARMS[1:]]),
        "no actions: BudgetUsedPercent-alarm.",
    ),
    (
        "alarms",
        "problem",
        answer("cloudwatch:DescribeAlarms", MetricAlarms=[*ALARMS[:-1], {**ALARMS[-1], "ActionsEnabled": False}]),
        "no actions: NumberOfMessagesSent-alarm.",
    ),
    (
        "alarms",
        "problem",
        answer("cloudwatch:DescribeAlarms", MetricAlarms=[{**ALARMS[0], "StateValue": "ALARM"}, *ALARMS[1:]]),
        "Alarms have gone off: BudgetUsedPercent-alarm",
    ),
    (
        "alarms",
        "warning",
        answer(
            "cloudwatch:DescribeAlarms",
            MetricAlarms=[alarm("ClaimsStuck", contract.METRIC_NAMESPACE, contract.PROVIDER_DIMENSION, "another")],
        ),
        "There are no alarms",
    ),
    ("logs", "problem", answer("logs:DescribeLogGroups", logGroups=[]), "does not exist"),
    (
        "logs",
        "warning",
        answer("logs:DescribeLogGroups", logGroups=[{"logGroupName": "provider-logs", "retentionInDays": 30}]),
        "kept for 30 days",
    ),
    ("ledger's table", "problem", lambda aws: aws.responses.update({"dynamodb:DescribeTable": _NO_TABLE}), "no table"),
    ("ledger's table", "problem", answer("dynamodb:DescribeTable", Table={"TableStatus": "CREATING"}), "is CREATING"),
    (
        "ledger's table",
        "problem",
        answer("dynamodb:DescribeTable", Table={"TableStatus": "ACTIVE", "DeletionProtectionEnabled": True}),
        "The index due of ledger is missing",
    ),
    (
        "ledger's table",
        "warning",
        answer(
            "dynamodb:DescribeTable",
            Table={
                "TableStatus": "ACTIVE",
                "GlobalSecondaryIndexes": [{"IndexName": "due", "IndexStatus": "ACTIVE"}],
            },
        ),
        "Set ledger_deletion_protection",
    ),
    (
        "ledger's recovery",
        "problem",
        answer("dynamodb:DescribeContinuousBackups", ContinuousBackupsDescription={}),
        "Point-in-time recovery of ledger is off",
    ),
    ("role", "not-checked", lambda aws: setattr(aws, "simulates_conditions", False), "does not mind conditions"),
    (
        "role",
        "problem",
        lambda aws: setattr(aws, "decide", decided("connect:ReleasePhoneNumber", allowed=True)),
        "allowed connect:ReleasePhoneNumber on a number without the provider's tag",
    ),
    (
        "role",
        "problem",
        lambda aws: setattr(aws, "decide", decided("dynamodb:PutItem", allowed=False)),
        "not allowed dynamodb:PutItem on the ledger",
    ),
    (
        "targets",
        "problem",
        lambda aws: told(aws, TARGET_ARNS=f"{aws.world.instance} {aws.world.instance[:-1]}0"),
        "Correct the provider's target_arns",
    ),
    ("budget", "warning", _leave, "The quota is not known"),
    (
        "budget",
        "problem",
        lambda aws: told(aws, BUDGET='{"quota": 5, "reserve": 10}'),
        "reserve of 10 is all of the 10",
    ),
    ("budget", "problem", lambda aws: told(aws, BUDGET='{"baseline": {"1.11.2026": 3}}'), "a date that is none"),
    ("budget", "warning", lambda aws: told(aws, BUDGET='{"baseline": {"2099-01-01": 3}}'), "in the future: 2099-01-01"),
    ("budget", "warning", lambda aws: told(aws, BUDGET='{"quota": 5, "refuses": false}'), "only warns"),
    (
        "budget",
        "warning",
        lambda aws: told(aws, BUDGET='{"quota": 5, "baseline": {"2026-01-01": 9}}'),
        "No number can be claimed: 9 of 10",
    ),
    (
        "Service Quotas",
        "not-checked",
        lambda aws: (aws.world.created(), aws.responses.update({"service-quotas:GetServiceQuota": DENIED})),
        "Allow servicequotas:GetServiceQuota",
    ),
    ("Service Quotas", "not-checked", _leave, "No instance is known here"),
    (
        "other numbers",
        "warning",
        lambda aws: (aws.world.created(), aws.world.claimed_by_hand("+12065550150")),
        "Of 2 numbers, 1 are not the providers'",
    ),
    ("Amazon Connect", "not-checked", lambda aws: aws.denied.add("connect:ListPhoneNumbersV2"), "is denied"),
    ("ledger's items", "not-checked", lambda aws: aws.denied.add("dynamodb:Scan"), "Allow dynamodb:Scan"),
    ("providers", "problem", lambda aws: aws.functions.clear(), "There is no provider in this account and Region"),
    (
        "providers",
        "warning",
        lambda aws: aws.add_provider("second", "second", "second", MemoryStore(aws.world.clock)),
        "2 providers share",
    ),
]


def _id(value: object) -> str:
    # The address of a function is another one in each of the processes that run the tests.
    return "fault" if callable(value) else str(value)[:40]


@pytest.mark.parametrize(("name", "status", "break_it", "text"), PROBLEMS, ids=_id)
def test_fault(aws: InstalledAws, name: str, status: str, break_it: Break, text: str) -> None:
    break_it(aws)

    found = checks(aws)[name]
    assert found[0] == status
    assert text in found[1]


def test_what_is_denied_is_not_checked(aws: InstalledAws) -> None:
    told(aws, BUDGET='{"quota": 20}')
    aws.world.created()
    aws.denied.add("sqs:GetQueueAttributes")
    result = aws.run("doctor")

    assert checks(aws)["failure queue"][0] == "not-checked"
    assert "Allow sqs:GetQueueAttributes to the caller" in checks(aws)["failure queue"][1]
    assert result.exit_code == 3


def test_a_problem_decides_the_exit_code(aws: InstalledAws) -> None:
    aws.denied.add("sqs:GetQueueAttributes")
    aws.responses["events:ListRuleNamesByTarget"] = {"RuleNames": []}
    assert aws.run("doctor").exit_code == 2


def test_item_that_cannot_be_read(aws: InstalledAws, world: World) -> None:
    world.created()
    world.store.replace({**encode(world.claim()), "state": "OF A LATER VERSION"})
    status, text = checks(aws)["ledger's items"]
    assert status == "problem"
    assert text.startswith("1 unreadable item, the first is ")


def test_work_that_is_due(aws: InstalledAws, world: World) -> None:
    arn = world.created()
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="AccessDeniedException", calls=None)
    assert not world.delete(arn).succeeded
    number = world.number(arn).phone_number

    status, text = checks(aws)["due work"]
    assert (status, text.startswith(f"1 claim to finish, the oldest is {number}, due since 20")) == ("ok", True)
    assert "Amazon Connect refused ReleasePhoneNumber" in text
    world.clock.pause(HOUR)
    status, text = checks(aws)["due work"]
    assert (status, text.endswith("remove the cause.")) == ("problem", True)


def test_question_to_cloudformation_is_no_due_work(aws: InstalledAws, world: World) -> None:
    world.created()
    world.clock.pause(2 * HOUR)
    assert checks(aws)["due work"] == ("ok", "No work is due.")


def test_code_that_cannot_be_downloaded_does_not_show_its_url(aws: InstalledAws) -> None:
    aws.responses["lambda:GetFunction"] = "data:text/plain,secret"
    status, text = checks(aws)["code"]
    assert status == "not-checked"
    assert "secret" not in text


def test_only_one_provider(aws: InstalledAws, world: World) -> None:
    aws.add_provider("second", "second", "second", MemoryStore(world.clock))
    found = aws.document("doctor", "--provider", "provider")["checks"]
    assert {one["provider"] for one in found} == {"provider", ""}
    unknown = aws.run("doctor", "--provider", "third")
    assert (unknown.exit_code, "There is no provider third" in unknown.stderr) == (1, True)


def test_csv_and_table(aws: InstalledAws) -> None:
    rows = list(csv.DictReader(io.StringIO(aws.run("doctor", "--output", "csv").stdout)))
    table = aws.run("doctor").stdout

    assert list(rows[0]) == list(FIELDS)
    assert len(rows) == 17
    assert "not checked" in table
    assert "failure queue" in table
    assert [row["provider"] for row in rows].count("provider") > 1
    names = re.findall(r"^ *(?:ok|warning|problem|not checked) +(\S+) ", table, re.MULTILINE)
    assert names.count("provider") == 1, "the name is repeated"


def test_constants_are_those_of_the_construct() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    PhoneNumberProvider(stack, "Provider", alarm_topic=sns.Topic(stack, "Topic"))
    alarms = Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm").values()
    own = {
        alarm["Properties"]["MetricName"]
        for alarm in alarms
        if alarm["Properties"]["Namespace"] == contract.METRIC_NAMESPACE
    }

    assert own == set(METRICS)
    assert len(alarms) == len(METRICS) + 2
    assert OLDEST_DUE_LIMIT.to_seconds() == OLDEST_DUE_SECONDS
    (group,) = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup").values()
    assert group["Properties"]["RetentionInDays"] == RECOVERABLE_DAYS
