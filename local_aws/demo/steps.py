"""The demo's steps, in order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from local_aws.cdk_cli import CdkCli
from local_aws.custom_resource_record import Response
from local_aws.launcher import ACCOUNT, REGION

from .closing import Journey
from .narration import DemoFailedError
from .parking_steps import (
    destroy_and_deploy_again,
    list_the_numbers,
    refuse_to_overspend,
    share_a_pool,
    show_the_budget,
)
from .scene import NUMBERS_STACK, PROVIDER_STACK, Scene, expected_release_token, short

_COOLDOWN_DAYS: Final = 180
_TAG_PREFIX: Final = "cdk-connect-phone-number:"
_SLOW_CLAIM_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Step:
    """One step: its title and its function, which raises ``DemoFailedError`` if the step fails."""

    title: str
    run: Callable[[Scene], None]


def _start(scene: Scene) -> None:
    with scene.narrator.awaiting("MiniStack and the emulator of Connect"):
        scene.local_aws.start()
    scene.narrator.say(f"MiniStack         {scene.local_aws.endpoint_url}")
    scene.narrator.say(f"Connect emulator  {scene.local_aws.connect.url}")


def _bootstrap(scene: Scene) -> None:
    scene.cdk("bootstrap", lambda cdk: cdk.bootstrap(ACCOUNT, REGION), "bootstrapped")


def _deploy(scene: Scene) -> None:
    scene.cdk("deploy", CdkCli.deploy, "both stacks are deployed")


def _look_at_the_number(scene: Scene) -> None:
    outputs = scene.outputs(NUMBERS_STACK)
    scene.phone_number = outputs["PhoneNumber"]
    scene.phone_number_arn = outputs["PhoneNumberArn"]
    scene.narrator.say(f"the stack's outputs: {scene.phone_number}, {short(scene.phone_number_arn)}")
    client = scene.local_aws.session().client("connect", endpoint_url=scene.local_aws.connect.url)
    summary = client.describe_phone_number(PhoneNumberId=scene.phone_number_arn)["ClaimedPhoneNumberSummary"]
    number, status = summary.get("PhoneNumber"), summary.get("PhoneNumberStatus", {}).get("Status")
    scene.narrator.check(
        number == scene.phone_number and status == "CLAIMED",
        f"Connect: {number} is {status} for {short(str(summary.get('TargetArn')))}",
        f"Connect says {summary}",
    )
    tags = summary.get("Tags", {})
    scene.narrator.check(
        bool(tags) and all(key.startswith(_TAG_PREFIX) for key in tags),
        f"its tags begin with {_TAG_PREFIX} and say whose it is:",
        f"its tags are {tags}",
    )
    for key, value in sorted(tags.items()):
        scene.narrator.say(f"{key.removeprefix(_TAG_PREFIX):<9} {short(value)}")
    _check_one_number(scene)


def _deliver_create_again(scene: Scene) -> None:
    before = scene.only_request("Create")
    scene.narrator.say(f"request {before.event['RequestId']}, delivered once more by Lambda")
    scene.deliver(before.event)
    after = scene.only_request("Create")
    first, last = after.responses[0].body, after.responses[-1].body
    scene.narrator.check(
        len(after.responses) > len(before.responses) and first == last,
        f"the same response: {last['Status']}, {short(last['PhysicalResourceId'])}",
        f"the first response was {first}, the last of {len(after.responses)} is {last}",
    )
    _check_one_number(scene)


def _cancel_a_creation(scene: Scene) -> None:
    # MiniStack creates one resource after the other, so no resource can fail while another is being created. The
    # demo makes up the two events that CloudFormation would send in that case.
    create = {
        **scene.only_request("Create").event,
        "LogicalResourceId": "CanceledLine",
        "RequestId": str(uuid4()),
        "ResponseURL": scene.new_response_url(),
    }
    # Connect takes so long that the Delete comes in time on a busy machine, too.
    usual = scene.local_aws.connect.call("GET", "settings")["claim_seconds"]
    scene.local_aws.connect.call("POST", "settings", claim_seconds=_SLOW_CLAIM_SECONDS)
    scene.deliver(create, wait=False)
    scene.wait_until(lambda: len(scene.effective_calls("ClaimPhoneNumber")) == 2, "the claim of a second number")
    canceled = scene.effective_calls("ClaimPhoneNumber")[-1]["phone_number_arn"]
    scene.narrator.say(f"a second Create is claiming {short(canceled)}")
    delete = {
        **create,
        "RequestType": "Delete",
        "RequestId": str(uuid4()),
        "ResponseURL": scene.new_response_url(),
        "PhysicalResourceId": f"{NUMBERS_STACK}-CanceledLine-1TX8QO5Z2K3W7",
    }
    scene.narrator.say(f"meanwhile comes a Delete for {delete['PhysicalResourceId']}")
    scene.deliver(delete)
    scene.local_aws.connect.call("POST", "settings", claim_seconds=usual)
    _check_response(scene, delete, "SUCCESS")
    _check_response(scene, create, "FAILED")
    _check_released_once(scene, canceled)
    held = [number["arn"] for number in scene.held_numbers()]
    scene.narrator.check(
        held == [scene.phone_number_arn],
        "Connect: the canceled number is released, the stack's is still there",
        f"Connect has {held}",
    )


def _destroy_numbers(scene: Scene) -> None:
    scene.cdk("destroy", lambda cdk: cdk.destroy(NUMBERS_STACK), "the stack of numbers is destroyed", run_app=False)
    held = scene.held_numbers()
    scene.narrator.check(not held, "no number is left", f"still there: {[number['arn'] for number in held]}")


def _look_at_the_release(scene: Scene) -> None:
    release = _check_released_once(scene, scene.phone_number_arn)
    token = release["client_token"]
    scene.narrator.say(f"audit log: ReleasePhoneNumber {short(release['phone_number_arn'])}")
    scene.narrator.say(f"its client token:          {token}")
    expected = expected_release_token(scene.phone_number_arn)
    scene.narrator.say(f"computed from the ARN:     {expected}")
    scene.narrator.check(token == expected, "they are equal", "they differ")


def _deliver_delete_again(scene: Scene) -> None:
    before = scene.only_request("Delete")
    scene.deliver(before.event)
    after = scene.only_request("Delete")
    scene.narrator.check(
        len(after.responses) > len(before.responses) and after.responses[-1].body["Status"] == "SUCCESS",
        "answered SUCCESS again",
        f"the responses were {[response.body for response in after.responses]}",
    )
    _check_released_once(scene, scene.phone_number_arn)
    scene.narrator.confirm("still one release")


def _look_at_the_cooldown(scene: Scene) -> None:
    number = next(number for number in scene.local_aws.connect.numbers() if number["arn"] == scene.phone_number_arn)
    released, until = number["released_at"], number["cooldown_until"]
    days = round((until - released) / 86_400)
    scene.narrator.check(
        number["status"] == "RELEASED" and days == _COOLDOWN_DAYS,
        f"{scene.phone_number} can be neither found nor claimed until "
        f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d} ({days} days)",
        f"the number is {number['status']}, and cools down for {days} days",
    )


def _destroy_provider(scene: Scene) -> None:
    scene.cdk("destroy", lambda cdk: cdk.destroy(PROVIDER_STACK), "the provider's stack is destroyed", run_app=False)


def _look_back(scene: Scene) -> None:
    claims = Counter(entry["phone_number_arn"] for entry in scene.effective_calls("ClaimPhoneNumber"))
    tokens: defaultdict[str, list[str]] = defaultdict(list)
    for entry in scene.effective_calls("ReleasePhoneNumber"):
        tokens[entry["phone_number_arn"]].append(str(entry["client_token"]))
    numbers = [number for number in scene.local_aws.connect.numbers() if claims[number["arn"]]]
    once = all(claims[number["arn"]] == len(tokens[number["arn"]]) == 1 for number in numbers)
    scene.narrator.check(
        once and set(tokens) <= set(claims) and not scene.held_numbers(),
        f"{len(numbers)} numbers: each was claimed once and released once, and none is left",
        f"claims by number: {dict(claims)}, tokens of releases: {dict(tokens)}, left: {scene.held_numbers()}",
    )
    other = [arn for arn, (token, *_) in tokens.items() if token != expected_release_token(arn)]
    scene.narrator.check(
        not other,
        "each release has the client token that is computed from the number's ARN",
        f"another client token released {other}",
    )
    scene.journeys = [
        Journey(
            phone_number=number["phone_number"],
            claims=claims[number["arn"]],
            release_tokens=tuple(tokens[number["arn"]]),
            released_at=number["released_at"],
            cooldown_until=number["cooldown_until"],
        )
        for number in numbers
    ]


def _stop(scene: Scene) -> None:
    with scene.narrator.awaiting("the end of all that was started"):
        scene.local_aws.stop()
    scene.narrator.confirm("everything has ended that was started")


def _check_response(scene: Scene, event: Mapping[str, Any], status: str) -> None:
    def responses() -> tuple[Response, ...]:
        return scene.local_aws.record.responses(event["ResponseURL"])

    kind = event["RequestType"]
    scene.wait_until(lambda: len(responses()) > 0, f"the answer to the {kind}")
    response = responses()[0].body
    scene.narrator.check(
        response["Status"] == status, f"the {kind} is answered {status}", f"the {kind} was answered {response}"
    )


def _check_one_number(scene: Scene) -> None:
    held = scene.held_numbers()
    claims = scene.effective_calls("ClaimPhoneNumber")
    scene.narrator.check(
        len(held) == 1 and held[0]["arn"] == scene.phone_number_arn and len(claims) == 1,
        "Connect: one claim, one number",
        f"Connect has {[number['phone_number'] for number in held]} after {len(claims)} claims",
    )


def _check_released_once(scene: Scene, phone_number_arn: str) -> Mapping[str, Any]:
    releases = [
        entry for entry in scene.effective_calls("ReleasePhoneNumber") if entry["phone_number_arn"] == phone_number_arn
    ]
    if len(releases) != 1:
        raise DemoFailedError(f"{phone_number_arn} was released {len(releases)} times")
    return releases[0]


STEPS: Final = (
    Step("A local AWS starts", _start),
    Step("cdk bootstrap", _bootstrap),
    Step("cdk deploy: the provider's stack and a stack of numbers", _deploy),
    Step("The number, as the stack and as Connect see it", _look_at_the_number),
    Step("The recorded Create event is delivered a second time", _deliver_create_again),
    Step("A creation is canceled while it claims a number", _cancel_a_creation),
    Step("cdk destroy: the stack of numbers", _destroy_numbers),
    Step("The release and its client token", _look_at_the_release),
    Step("The recorded Delete event is delivered a second time", _deliver_delete_again),
    Step("The cool-down", _look_at_the_cooldown),
    Step("A stack with a release delay is destroyed and deployed again", destroy_and_deploy_again),
    Step("Environments come and go, and share a pool", share_a_pool),
    Step("connect-phone-numbers list: the numbers, and whose they are", list_the_numbers),
    Step("Without a pool, the budget refuses before Connect does", refuse_to_overspend),
    Step("connect-phone-numbers budget: what is left, what comes back", show_the_budget),
    Step("cdk destroy: the provider's stack", _destroy_provider),
    Step("What Connect has seen in all", _look_back),
    Step("The local AWS ends", _stop),
)
