"""``release-orphan``: releases an orphan after it was typed, with the function's token, and nothing else ever."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import boto3
import pytest
from click.testing import CliRunner, Result

from cdk_connect_phone_number.cli.application import application
from cdk_connect_phone_number.cli.orphans import COOL_DOWN_DAYS
from cdk_connect_phone_number.cli.places import Surroundings
from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.budget import WINDOW_DAYS
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.ledger.items import encode
from local_aws.connect_emulator.state import Status
from tests.unit.lambda_handlers.connect_phone_number.world import (
    ACCOUNT,
    OTHER_STACK,
    PROVIDER,
    REGION,
    STACK,
    World,
)

from ..installation import InstalledAws, hold

NUMBER: Final = "+12065550150"
DAY: Final = 86_400


@pytest.fixture
def aws(world: World) -> InstalledAws:
    return InstalledAws(world)


def orphan(world: World, provider: str = PROVIDER, claim: str = "lost") -> str:
    tags = {contract.PROVIDER_TAG: provider, contract.CLAIM_TAG: claim}
    tags |= {contract.STACK_TAG: STACK, contract.RESOURCE_TAG: "Number"}
    return world.claimed_by_hand(NUMBER, tags)


def released(aws: InstalledAws, *arguments: str, number: str = NUMBER) -> Result:
    return aws.run("release-orphan", number, "--confirm", number, *arguments)


def confirmed(surroundings: Surroundings) -> Result:
    command = ["release-orphan", NUMBER, "--region", REGION, "--confirm", NUMBER]
    return CliRunner().invoke(application, command, obj=surroundings, catch_exceptions=False)


def typed(aws: InstalledAws, text: str) -> Result:
    command = ["release-orphan", NUMBER, "--region", REGION]
    return CliRunner().invoke(application, command, obj=aws.surroundings(), input=text)


def test_orphan_is_released_by_its_arn_with_the_functions_token(aws: InstalledAws, world: World) -> None:
    other = world.created()
    arn = orphan(world)
    ledger = world.store.dump()

    result = released(aws)

    assert result.exit_code == 0, result.output
    assert f"{NUMBER} is released." in result.stdout
    (call,) = world.calls("ReleasePhoneNumber")
    assert (call.phone_number_arn, call.client_token, call.took_effect) == (arn, tokens.release_token(arn), True)
    assert world.number(other).is_held
    assert world.store.dump() == ledger


def test_same_call_as_the_functions(aws: InstalledAws, world: World) -> None:
    """Connect recognizes a repetition only if all parameters are the same."""
    arn = orphan(world)
    released(aws)
    (by_command,) = world.calls("ReleasePhoneNumber")
    world.invocation().connect.release(arn, tokens.release_token(arn), lambda: None)
    by_function = world.calls("ReleasePhoneNumber")[-1]

    assert by_function.parameters == by_command.parameters
    assert by_function.replayed


def test_what_it_costs_is_shown_before(aws: InstalledAws, world: World) -> None:
    (function,) = [each for each in aws.functions if each["FunctionName"] == "provider"]
    function["Environment"]["Variables"]["BUDGET"] = '{"quota": 5}'
    world.created()
    arn = orphan(world)
    shown = typed(aws, "\n")

    text = " ".join(shown.stdout.split())
    assert shown.exit_code == 1
    assert arn in text.replace(" ", "") or arn[-12:] in text
    assert "US DID" in text
    assert "Orphan since not known: no ledger has its claim" in text
    assert "9 of 10 left, 8 after the release" in text
    assert f"up to {COOL_DOWN_DAYS} days, until 2026-07-01" in text
    assert f"Comes back 2026-07-{1 + WINDOW_DAYS - COOL_DOWN_DAYS:02}" in text
    assert world.number(arn).is_held


def test_since_when_it_is_an_orphan(aws: InstalledAws, world: World) -> None:
    arn = world.created()
    assert world.delete(arn).succeeded
    closed = world.claim()
    orphan(world, claim=closed.id)
    assert "Orphan since 2026-01-02T0" in " ".join(typed(aws, "\n").stdout.split())


def test_budget_that_the_release_would_exceed(aws: InstalledAws, world: World) -> None:
    (function,) = [each for each in aws.functions if each["FunctionName"] == "provider"]
    function["Environment"]["Variables"]["BUDGET"] = '{"quota": 1, "baseline": {"2026-01-01": 2}}'
    orphan(world)
    text = " ".join(typed(aws, "\n").stdout.split())
    assert "0 of 2 left, 0 after the release. More than Amazon Connect allows" in text


def test_typed_number(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    for text, said in (("", "it was not typed"), ("y\n", "'y' is not the same number"), ("+12065550151\n", "not the")):
        refused = typed(aws, text)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    assert world.number(arn).is_held

    assert typed(aws, f"{NUMBER}\n").exit_code == 0
    assert not world.number(arn).is_held


def test_confirmation_must_be_the_number(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    result = aws.run("release-orphan", NUMBER, "--confirm", "yes")
    assert (result.exit_code, world.number(arn).is_held) == (1, True)


def test_there_is_no_yes(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    assert aws.run("release-orphan", NUMBER, "--yes").exit_code == 1
    assert world.number(arn).is_held


Change = Callable[[InstalledAws], object]


def _adopted(aws: InstalledAws) -> None:
    aws.world.created(PhoneNumber=NUMBER, Adopt="true", CountryCode=None, Type=None)


def _unreadable(aws: InstalledAws) -> None:
    aws.world.created()
    spoiled = {**encode(aws.world.claim()), "state": "OF A LATER VERSION"}
    aws.world.store.replace({**spoiled, "sk": spoiled["sk"] + "-other"})


def _held_by_another_type(aws: InstalledAws) -> None:
    (number,) = [number for number in aws.world.emulator.numbers() if number.phone_number == NUMBER]
    hold(aws, OTHER_STACK, "Native", number.arn)


def _silent_cloudformation(aws: InstalledAws) -> None:
    aws.denied.add("cloudformation:DescribeStackResources")


def _second_ledger_is_gone(aws: InstalledAws) -> None:
    aws.add_provider("second", "second", "second", None)


REASONS: Final[list[tuple[Change, str]]] = [
    (_adopted, "support/Number has adopted it"),
    (_unreadable, "it is not certain that it is an orphan"),
    (_held_by_another_type, "CloudFormation has it as sales/Native"),
    (_silent_cloudformation, "Allow cloudformation:DescribeStackResources"),
    (_second_ledger_is_gone, "The ledger of second cannot be read"),
    (lambda aws: aws.denied.add("dynamodb:Scan"), "The ledger of provider cannot be read"),
    (lambda aws: aws.denied.add("lambda:ListFunctions"), "The providers are not known"),
    (lambda aws: aws.denied.add("connect:DescribePhoneNumber"), "The tags of +12065550150 cannot be read"),
    (lambda aws: aws.denied.add("connect:ListTrafficDistributionGroups"), "groups cannot be listed"),
]


@pytest.mark.parametrize(("change", "reason"), REASONS)
def test_what_is_no_certain_orphan_is_not_released(
    aws: InstalledAws, world: World, change: Change, reason: str
) -> None:
    arn = orphan(world)
    change(aws)
    result = released(aws)

    assert result.exit_code == 1
    assert f"Error: {NUMBER} is not released: " in result.stderr
    assert reason in result.stderr
    assert world.number(arn).is_held
    assert world.calls("ReleasePhoneNumber") == []


@pytest.mark.parametrize(("change", "reason"), REASONS)
def test_it_is_looked_at_again_right_before_the_release(
    aws: InstalledAws, world: World, change: Change, reason: str
) -> None:
    """What happens while the person types the number counts."""
    arn = orphan(world)
    given = aws.surroundings()
    opened: list[str | None] = []

    def session(profile: str | None) -> boto3.Session:
        opened.append(profile)
        if len(opened) == 2:
            # The number was shown, and now it is typed.
            change(aws)
        return given.session(profile)

    result = confirmed(replace(given, session=session))

    assert "To be released for good" in result.stdout
    assert (result.exit_code, reason in result.stderr) == (1, True), result.output
    assert world.number(arn).is_held


def test_retry_looks_again(aws: InstalledAws, world: World) -> None:
    """Between two tries of a call that Connect throttles, somebody may adopt the number."""
    arn = orphan(world)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="ThrottlingException", calls=1)
    given = aws.surroundings()

    def sleep(seconds: float) -> None:
        given.sleep(seconds)
        if world.calls("ReleasePhoneNumber") and not world.claims():
            _adopted(aws)

    result = confirmed(replace(given, sleep=sleep))

    assert (result.exit_code, "has adopted it" in result.stderr) == (1, True), result.output
    assert world.number(arn).is_held


def test_throttled_release_is_tried_again(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    world.emulator.faults.add("ReleasePhoneNumber", "error", code="ThrottlingException", calls=2)
    assert released(aws).exit_code == 0
    assert not world.number(arn).is_held
    assert len({call.client_token for call in world.calls("ReleasePhoneNumber")}) == 1


def test_lost_response_is_no_failure(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    world.emulator.faults.add("ReleasePhoneNumber", "no_response", calls=1)
    result = released(aws)
    assert not world.number(arn).is_held
    assert world.effects("ReleasePhoneNumber") == 1
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        ("stack", "support/Number has it. Remove it from that stack"),
        ("parked", "a provider keeps it until 2026-01-0"),
        ("retained", "on purpose"),
        ("somebody-else", "it has no tags of a provider"),
    ],
)
def test_numbers_of_others(aws: InstalledAws, world: World, owner: str, reason: str) -> None:
    arn = world.claimed_by_hand(NUMBER) if owner == "somebody-else" else world.created(ReleaseDelay=str(DAY))
    number = world.number(arn).phone_number
    if owner in ("parked", "retained"):
        world.clock.pause(400.0)
        world.sweep()
    if owner == "parked":
        assert world.delete(arn, ReleaseDelay=str(DAY)).succeeded
    if owner == "retained":
        del world.stacks.resources[ResourceKey(STACK, "Number")]
        world.stacks.hold(ResourceKey(STACK, "Other"), "other")
    result = released(aws, number=number)

    assert (result.exit_code, reason in result.stderr) == (1, True), result.output
    assert world.number(arn).is_held


def test_denied(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    aws.denied.add("connect:ReleasePhoneNumber")
    result = released(aws)
    assert result.exit_code == 1
    assert "connect:ReleasePhoneNumber is denied" in result.stderr
    assert "docs/operators-release-policy.json" in result.stderr
    assert world.number(arn).is_held


def test_number_that_connect_could_not_provide(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    world.number(arn).status = Status.FAILED
    result = released(aws)
    assert (result.exit_code, "Amazon Connect says FAILED" in result.stderr) == (1, True), result.output


def test_orphan_of_a_provider_that_is_gone(aws: InstalledAws, world: World) -> None:
    arn = orphan(world, provider="gone")
    aws.functions.clear()
    result = released(aws)
    assert result.exit_code == 0, result.output
    assert "not known: there is no provider here" in " ".join(result.stdout.split())
    assert not world.number(arn).is_held


def test_number_that_is_not_there(aws: InstalledAws) -> None:
    result = released(aws)
    assert (result.exit_code, f"{ACCOUNT} {REGION} has no such number" in result.stderr) == (1, True)


def test_what_is_no_number(aws: InstalledAws) -> None:
    result = released(aws, number="12065550150")
    assert (result.exit_code, "must be a number in E.164 form" in result.stderr) == (1, True)


def test_one_place_only(aws: InstalledAws, world: World) -> None:
    arn = orphan(world)
    result = released(aws, "--region", REGION, "--region", "us-east-1")
    assert (result.exit_code, "Name one Region and role" in result.stderr) == (1, True)
    assert world.number(arn).is_held


def test_other_regions_numbers(aws: InstalledAws, world: World) -> None:
    orphan(world)
    assert "has no such number" in released(aws, "--region", "us-east-1").stderr
