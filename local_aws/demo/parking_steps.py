"""The steps about scarcity: a stack that comes back, environments that share a pool, and a budget that is used up.

Their stacks go to CloudFormation itself, as the CLI would add a minute and nothing to see.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from local_aws.launcher import ACCOUNT, INSTANCE_ID, REGION

from .narration import DemoFailedError
from .scene import PROVIDER_STACK, Scene, short

_TARGET_ARN: Final = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{INSTANCE_ID}"
_WEEK: Final = 7 * 86_400
_ENVIRONMENTS: Final = 6
_AFFORDABLE: Final = 2
"""How many environments the budget allows without a pool."""


def destroy_and_deploy_again(scene: Scene) -> None:
    """Show that a stack that is destroyed by mistake gets its number back."""
    first = _deploy(scene, "Production", {"Line": _number(scene, ReleaseDelay=_WEEK)})["Line"]
    scene.narrator.say(f"the stack has {short(first)}, with a release delay of seven days")
    _destroy(scene, "Production")
    held = [number["arn"] for number in scene.held_numbers()]
    scene.narrator.check(held == [first], "destroyed: the number is parked, not released", f"Connect has {held}")
    again = _deploy(scene, "Production", {"Line": _number(scene, ReleaseDelay=0)})["Line"]
    scene.narrator.check(again == first, "deployed again: the very number is back", f"the stack has {again}")
    _destroy(scene, "Production")
    held = [number["arn"] for number in scene.held_numbers()]
    scene.narrator.check(not held, "destroyed without a delay: released", f"Connect has {held}")


def share_a_pool(scene: Scene) -> None:
    """Show that environments that come and go cost one claim."""
    before = len(scene.effective_calls("ClaimPhoneNumber"))
    token = _service_token(scene)
    pool = {"ServiceToken": token, "MaxParked": 2, "ReleaseAfter": _WEEK}
    pool_id = _deploy(scene, "Pool", {"Pool": ("Custom::ConnectPhoneNumberPool", pool)})["Pool"]
    for index in range(_ENVIRONMENTS):
        name = f"Environment{index}"
        arn = _deploy(scene, name, {"Line": _number(scene, Pool=pool_id, ReleaseDelay=_WEEK)})["Line"]
        _destroy(scene, name)
        scene.narrator.say(f"{name} had {short(arn)}")
    claims = len(scene.effective_calls("ClaimPhoneNumber")) - before
    scene.narrator.check(
        claims == 1, f"{_ENVIRONMENTS} environments, one claim", f"{_ENVIRONMENTS} environments made {claims} claims"
    )


def list_the_numbers(scene: Scene) -> None:
    """Show what the operators' command says of the numbers of a stack and of the pool."""
    lines = {
        "Local": _number(scene, Description="Support, local"),
        "TollFree": _number(scene, Type="TOLL_FREE", Description="Support, free of charge"),
    }
    _deploy(scene, "Support", lines)
    shown = scene.operators_command("list")
    missing = [number["phone_number"] for number in scene.held_numbers() if number["phone_number"] not in shown]
    scene.narrator.check(
        not missing and len(scene.held_numbers()) == len(lines) + 1,
        "these are the numbers that Connect has: two of a stack, and one parked in the pool",
        f"not listed: {missing}; Connect has {[number['phone_number'] for number in scene.held_numbers()]}",
    )
    _destroy(scene, "Support")
    _destroy(scene, "Pool")
    held = [number["arn"] for number in scene.held_numbers()]
    scene.narrator.check(not held, "both stacks are deleted, and the numbers are released", f"Connect has {held}")


def refuse_to_overspend(scene: Scene) -> None:
    """Show that environments without a pool use up the budget, and that it is the provider that says so."""
    used = len(scene.effective_calls("ClaimPhoneNumber")) + len(scene.effective_calls("ReleasePhoneNumber"))
    # 200 % of it are as many claims and releases as these environments need, or one more.
    quota = (used + 2 * _AFFORDABLE + 1) // 2
    scene.narrator.say(f"{used} claims and releases so far; now the account has a quota of {quota}")
    scene.local_aws.connect.call("POST", "quota", region=REGION, quota=quota)
    scene.cdk(
        "deploy", lambda cdk: cdk.deploy(PROVIDER_STACK, context={"quota": str(quota)}), "the provider is told so"
    )
    for index in range(_AFFORDABLE):
        name = f"Plain{index}"
        scene.narrator.say(f"{name} had {short(_deploy(scene, name, {'Line': _number(scene)})['Line'])}")
        _destroy(scene, name)
    calls = len(scene.local_aws.connect.audit("ClaimPhoneNumber"))
    refused = f"Plain{_AFFORDABLE}"
    reason = _refusal(scene, refused, {"Line": _number(scene)})
    scene.narrator.check(
        "No number is claimed, so that the account is not blocked" in reason, f"refused: {reason}", f"failed: {reason}"
    )
    scene.narrator.check(
        len(scene.local_aws.connect.audit("ClaimPhoneNumber")) == calls,
        "Connect was not even asked",
        "Connect was asked to claim a number",
    )
    _destroy(scene, refused)


def show_the_budget(scene: Scene) -> None:
    """Show what the operators' command says of the budget after all this."""
    shown = scene.operators_command("budget")
    # Below the first rule: quota, allowed, used, held, left, reserve, claims possible.
    sums = shown.partition("─ \n")[2].split()[:7]
    calls = len(scene.effective_calls("ClaimPhoneNumber")) + len(scene.effective_calls("ReleasePhoneNumber"))
    scene.narrator.check(
        sums[2:5] == [str(calls), "0", "0"],
        f"these are the {calls} claims and releases of this demo, and none is left",
        f"the command says {sums}, and Connect has counted {calls}",
    )


def _number(scene: Scene, **properties: object) -> tuple[str, dict[str, object]]:
    usual = {"ServiceToken": _service_token(scene), "TargetArn": _TARGET_ARN, "CountryCode": "US", "Type": "DID"}
    return "Custom::ConnectPhoneNumber", {**usual, **properties}


def _service_token(scene: Scene) -> str:
    return scene.outputs(PROVIDER_STACK)["ServiceToken"]


def _deploy(scene: Scene, name: str, resources: Mapping[str, tuple[str, Mapping[str, object]]]) -> dict[str, str]:
    """Create a stack, and return the physical id of each resource."""
    if (status := _create(scene, name, resources)) != "CREATE_COMPLETE":
        raise DemoFailedError(f"{name} is {status}")
    return scene.outputs(name)


def _refusal(scene: Scene, name: str, resources: Mapping[str, tuple[str, Mapping[str, object]]]) -> str:
    """Create a stack that cannot be created, and return the reason."""
    if (status := _create(scene, name, resources)) == "CREATE_COMPLETE":
        raise DemoFailedError(f"{name} is {status}")
    events = _cloudformation(scene).describe_stack_events(StackName=name)["StackEvents"]
    reasons = [
        str(event.get("ResourceStatusReason", "")) for event in events if event["LogicalResourceId"] in resources
    ]
    return next((reason for reason in reasons if reason), "")


def _create(scene: Scene, name: str, resources: Mapping[str, tuple[str, Mapping[str, object]]]) -> str:
    """Create a stack, and return its status."""
    template = {
        "Resources": {id: {"Type": type, "Properties": properties} for id, (type, properties) in resources.items()},
        "Outputs": {id: {"Value": {"Ref": id}} for id in resources},
    }

    def is_done() -> bool:
        return _status(scene, name) not in ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")

    # The call itself takes its time on a busy machine.
    with scene.narrator.awaiting(what := f"the creation of the stack {name}"):
        _cloudformation(scene).create_stack(StackName=name, TemplateBody=json.dumps(template))
        scene.wait_until(is_done, what)
    return _status(scene, name)


def _destroy(scene: Scene, name: str) -> None:
    with scene.narrator.awaiting(what := f"the deletion of the stack {name}"):
        _cloudformation(scene).delete_stack(StackName=name)
        scene.wait_until(lambda: _status(scene, name) in ("", "DELETE_COMPLETE"), what)


def _status(scene: Scene, name: str) -> str:
    found = _cloudformation(scene).list_stacks()["StackSummaries"]
    present = [stack["StackStatus"] for stack in found if stack["StackName"] == name]
    return next((status for status in present if status != "DELETE_COMPLETE"), "")


def _cloudformation(scene: Scene) -> Any:
    return scene.local_aws.session().client("cloudformation", endpoint_url=scene.local_aws.endpoint_url)
