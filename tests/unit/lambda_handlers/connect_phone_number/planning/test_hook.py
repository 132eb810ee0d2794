"""The hook: what it lets through, what it refuses, and what it says.

The shapes of events and payloads are those of
https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lambda_handlers.connect_phone_number.budget import Policy
from lambda_handlers.connect_phone_number.planning.deployed import Account, DeployedStack, NotReadable, parsed_template
from lambda_handlers.connect_phone_number.planning.hook import (
    MAX_MESSAGE_CHARACTERS,
    Dependencies,
    Hook,
    Parameters,
    change_set_parameters,
)
from lambda_handlers.connect_phone_number.planning.plan import Concern

from ..world import ACCOUNT, REGION, World
from .cloudformation import STACK_NAME, TOKEN, CloudFormation, number, pool, stack_id, template

URL: Final = "https://bucket.s3.amazonaws.com/templates?X-Amz-Signature=5ec4e7"
CHANGE_SET: Final = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/change/0a1b2c3d"
REFUSED: Final = (Concern.RELEASE, Concern.REPLACE, Concern.BUDGET, Concern.REFUSE)
YAML: Final = "Resources:\n  Number:\n    Type: Custom::ConnectPhoneNumber\n"
OTHER: Final = template(Topic={"Type": "AWS::SNS::Topic", "Properties": {}})


@dataclass
class Deployed(CloudFormation):
    """A CloudFormation whose templates may be texts, as AWS returns those that are not in JSON."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    parse: Callable[[str], object] = json.loads
    asked: list[str] = field(default_factory=list[str])

    def stack(self, name: str) -> DeployedStack | None:
        self.asked.append(name)
        found = super().stack(name)
        if found is None or found.name not in self.texts:
            return found
        return replace(found, body=parsed_template(self.texts[found.name], self.parse))


class LambdaContext:
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hook"


@dataclass
class Caller:
    """CloudFormation as the caller of the hook."""

    formation: Deployed
    parameters: Parameters | None = None
    status: int | Exception = 200
    fail_on: tuple[Concern, ...] = REFUSED
    lines: list[str] = field(default_factory=list[str])
    fetched: list[str] = field(default_factory=list[str])
    payload: bytes = b""

    def stack(self, action: str, template: object = "", previous: object = "", **event: Any) -> dict[str, Any]:
        """Return the answer to a stack operation."""
        payload = {"template": _text(template), "previousTemplate": _text(previous)}
        data = {"targetName": "STACK", "targetType": "STACK", "targetLogicalId": STACK_NAME}
        return self._call(payload, data, actionInvocationPoint=f"{action}_PRE_PROVISION", **event)

    def change_set(self, template: object, *changed: Mapping[str, str], **event: Any) -> dict[str, Any]:
        """Return the answer to the creation of a change set."""
        payload = {"template": _text(template), "changedResources": list(changed)}
        data = {"targetName": "CHANGE_SET", "targetType": "CHANGE_SET", "targetLogicalId": CHANGE_SET}
        return self._call(payload, data, changeSetId=CHANGE_SET, **event)

    def _call(self, payload: Mapping[str, Any], data: Mapping[str, Any], **event: Any) -> dict[str, Any]:
        self.payload = self.payload or json.dumps(payload).encode()
        sent = {
            "clientRequestToken": "token",
            "awsAccountId": ACCOUNT,
            "stackId": stack_id(STACK_NAME),
            "changeSetId": None,
            "hookTypeName": "Private::ConnectPhoneNumbers::Plan",
            "requestData": {**data, "payload": URL},
            "requestContext": {"invocation": 1, "callbackContext": None},
            **event,
        }
        answer = Hook(self._dependencies()).handle(sent, LambdaContext())
        assert "X-Amz-Signature" not in json.dumps(answer) + "".join(self.lines)
        assert len(answer["message"]) <= MAX_MESSAGE_CHARACTERS
        return answer

    def _dependencies(self) -> Dependencies:
        return Dependencies(
            account=self._account,
            parameters=lambda _: self.parameters,
            fetch=self._fetch,
            fail_on=self.fail_on,
            provider=TOKEN,
            clock=self.formation.clock,
            write_line=self.lines.append,
        )

    def _account(self, function_arn: str, parse: Callable[[str], object]) -> Account:
        assert function_arn.endswith(":function:hook")
        self.formation.parse = parse
        return self.formation

    def _fetch(self, url: str) -> tuple[int, bytes]:
        self.fetched.append(url)
        if isinstance(self.status, Exception):
            raise self.status
        return self.status, self.payload


def _text(template: object) -> str:
    return template if isinstance(template, str) else json.dumps(template)


@pytest.fixture
def world() -> World:
    return World(Policy(quota=50))


@pytest.fixture
def formation(world: World) -> Deployed:
    return Deployed(world)


@pytest.fixture
def caller(formation: Deployed) -> Caller:
    return Caller(formation)


def refused(answer: Mapping[str, Any], *parts: str) -> bool:
    """Return whether the operation is refused with these words."""
    assert answer["clientRequestToken"] == "token"
    is_refused = (answer["hookStatus"], answer.get("errorCode")) == ("FAILED", "NonCompliant")
    return is_refused and all(part in answer["message"] for part in parts)


def unknown(answer: Mapping[str, Any], *parts: str) -> bool:
    """Return whether the hook says that it could not find out."""
    is_unknown = (answer["hookStatus"], answer.get("errorCode")) == ("FAILED", "InternalFailure")
    return is_unknown and all(part in answer["message"] for part in parts)


def passed(answer: Mapping[str, Any]) -> bool:
    assert answer["clientRequestToken"] == "token"
    return answer["hookStatus"] == "SUCCESS" and "errorCode" not in answer


# --- What has nothing to do with numbers ---


@pytest.mark.parametrize("body", [OTHER, "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"])
def test_a_template_without_numbers_is_let_through_without_a_call(
    caller: Caller, formation: Deployed, body: object
) -> None:
    assert passed(caller.stack("CREATE", body))
    assert passed(caller.stack("UPDATE", body, body))
    assert passed(caller.change_set(body, {"action": "UPDATE", "resourceType": "AWS::SNS::Topic"}))
    assert formation.asked == []


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "DELETE_IN_PROGRESS"])
def test_a_stack_without_numbers_is_deleted(caller: Caller, formation: Deployed, status: str) -> None:
    formation.deploy(OTHER)
    formation.status = status

    assert passed(caller.stack("DELETE"))


def test_a_stack_without_numbers_in_yaml_is_deleted(caller: Caller, formation: Deployed) -> None:
    formation.deploy(OTHER)
    formation.texts[STACK_NAME] = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"

    assert passed(caller.stack("DELETE"))


# --- Stack operations ---


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "DELETE_IN_PROGRESS"])
def test_the_deletion_of_a_stack_is_refused_although_cloudformation_sends_no_template(
    world: World, caller: Caller, formation: Deployed, status: str
) -> None:
    formation.deploy(template(Number=number(world)))
    (held,) = world.held()
    formation.status = world.stacks.status = status

    answer = caller.stack("DELETE")

    assert refused(answer, "[release]", f"support/Number: {held} would be released", "excluded_stack_names")
    assert caller.fetched == []


def test_the_deletion_of_a_stack_that_retains_its_numbers_is_let_through(
    world: World, caller: Caller, formation: Deployed
) -> None:
    formation.deploy(template(Number=number(world, {"DeletionPolicy": "Retain"})))

    assert passed(caller.stack("DELETE"))


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_an_update_that_removes_a_number_is_refused(
    world: World, caller: Caller, formation: Deployed, status: str
) -> None:
    body = template(Number=number(world))
    formation.deploy(body)
    # While it updates, CloudFormation may already tell the new template.
    formation.bodies[STACK_NAME] = OTHER
    formation.status = world.stacks.status = status

    assert refused(caller.stack("UPDATE", OTHER, body), "would be released")


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS"])
def test_a_creation_is_planned(world: World, caller: Caller, formation: Deployed, status: str) -> None:
    formation.status = status
    formation.bodies[STACK_NAME], formation.physical_ids[STACK_NAME] = template(Number=number(world)), {}

    assert passed(caller.stack("CREATE", template(Number=number(world))))
    caller.payload = b""
    assert refused(caller.stack("CREATE", template(Number=number(world, CountryCode="XX"))), "[refuse]")


def test_an_update_is_refused_for_the_budget(world: World, caller: Caller, formation: Deployed) -> None:
    world.budget = Policy(quota=1)
    body = template(Number=number(world))
    formation.deploy(body)

    assert refused(caller.stack("UPDATE", template(**body["Resources"], Second=number(world)), body), "[budget]")


def test_what_is_not_to_fail_is_let_through(world: World, caller: Caller, formation: Deployed) -> None:
    formation.deploy(template(Number=number(world)))
    caller.fail_on = (Concern.BUDGET,)

    assert passed(caller.stack("DELETE"))


def test_a_rollback_is_let_through(world: World, caller: Caller, formation: Deployed) -> None:
    body = template(Number=number(world))
    formation.deploy(body)
    formation.status = "UPDATE_ROLLBACK_IN_PROGRESS"

    assert passed(caller.stack("UPDATE", OTHER, body))


def test_a_change_of_a_parameter_alone_is_refused_although_both_templates_are_the_same(
    world: World, caller: Caller, formation: Deployed
) -> None:
    formation.deploy(template(Number=number(world)))
    body: dict[str, Any] = template(Number=number(world, CountryCode={"Ref": "Country"}, AllowReplacement="true"))
    body["Parameters"] = {"Country": {"Type": "String", "Default": "GB"}}
    formation.bodies[STACK_NAME] = body
    formation.status = "UPDATE_IN_PROGRESS"

    assert refused(caller.stack("UPDATE", body, body), "[replace]")


def unchanged(caller: Caller, formation: Deployed, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to an update that has begun and changes nothing of the numbers."""
    formation.bodies[STACK_NAME] = dict(body)
    formation.status = formation.function_world.stacks.status = "UPDATE_IN_PROGRESS"
    return caller.stack("UPDATE", {**body, "Description": "New"}, body)


def test_an_update_that_leaves_a_number_alone_is_let_through(world: World, caller: Caller, formation: Deployed) -> None:
    formation.deploy(template(Number=number(world, Prefix="+1206")))

    assert passed(unchanged(caller, formation, template(Number=number(world, Prefix="+1206"))))
    # CloudFormation reads a parameter again only for a resource that changes.
    caller.payload = b""
    assert passed(unchanged(caller, formation, template(Number=number(world, Prefix="{{resolve:ssm:/prefix}}"))))


def test_a_pool_that_is_left_alone_claims_nothing_in_place_of_what_was_taken(
    world: World, caller: Caller, formation: Deployed
) -> None:
    filled = pool(MinParked="1", CountryCode="US", ParkingTargetArn=world.instance)
    member = number(world, Pool={"Ref": "Pool"}, ReleaseDelay="604800")
    body = template(Pool=filled, Number=member)
    assert formation.deploy(template(Pool=filled))
    assert formation.deploy(body)
    assert len(world.held()) == 1
    world.budget = Policy(quota=1)

    assert passed(unchanged(caller, formation, body))


def test_a_number_that_the_ledger_does_not_know_is_left_alone(
    world: World, caller: Caller, formation: Deployed
) -> None:
    body = template(Number=number(world))
    formation.deploy(body)
    arn = formation.physical_ids[STACK_NAME]["Number"]
    formation.physical_ids[STACK_NAME]["Number"] = f"{arn[:-12]}{'0' * 12}"

    assert passed(unchanged(caller, formation, body))


def test_a_nested_stack_that_goes_takes_its_numbers_along(world: World, caller: Caller, formation: Deployed) -> None:
    child: dict[str, Any] = {"Type": "AWS::CloudFormation::Stack", "Properties": {}}
    root = template(Child=child)
    formation.deploy(template(Number=number(world)), "support-Child")
    formation.bodies[STACK_NAME] = root
    formation.physical_ids[STACK_NAME] = {"Child": stack_id("support-Child")}

    assert refused(caller.stack("UPDATE", OTHER, root), "support-Child/Number")
    caller.payload = b""
    removed = {"action": "DELETE", "resourceType": "AWS::CloudFormation::Stack"}
    assert refused(caller.change_set(OTHER, removed), "support-Child/Number")
    caller.payload = b""
    assert passed(caller.stack("UPDATE", {**root, "Description": "New"}, root))


# --- Change sets ---


def test_a_change_set_that_removes_a_number_is_refused(world: World, caller: Caller, formation: Deployed) -> None:
    formation.deploy(template(Number=number(world)))

    answer = caller.change_set(OTHER, {"action": "DELETE", "resourceType": "Custom::ConnectPhoneNumber"})

    assert refused(answer, "would be released")


def test_a_change_set_of_a_stack_that_is_in_progress_cannot_be_planned(
    world: World, caller: Caller, formation: Deployed
) -> None:
    formation.deploy(template(Number=number(world)))
    formation.status = "UPDATE_IN_PROGRESS"

    assert unknown(caller.change_set(template(Number=number(world))), "support is UPDATE_IN_PROGRESS")


def test_a_change_set_has_its_own_parameters(world: World, caller: Caller, formation: Deployed) -> None:
    body: dict[str, Any] = template(Number=number(world, CountryCode={"Ref": "Country"}, AllowReplacement="true"))
    body["Parameters"] = {"Country": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/us"}}
    formation.deploy(template(Number=number(world, AllowReplacement="true")))

    caller.parameters = Parameters({"Country": "/us"}, {"/us": "US"})
    assert passed(caller.change_set(body))
    caller.parameters = Parameters({"Country": "/gb"}, {"/gb": "GB"})
    assert refused(caller.change_set(body), "[replace]")


def test_the_parameters_of_a_change_set() -> None:
    class Client:
        def describe_change_set(self, **asked: str) -> dict[str, Any]:
            assert asked == {"ChangeSetName": CHANGE_SET}
            return {
                "Parameters": [
                    {"ParameterKey": "Country", "ParameterValue": "/us", "ResolvedValue": "US"},
                    {"ParameterKey": "Kept", "UsePreviousValue": True},
                    {"ParameterKey": "Prefix", "ParameterValue": "+1206"},
                ]
            }

    assert change_set_parameters(Client(), CHANGE_SET) == Parameters(
        {"Country": "/us", "Prefix": "+1206"}, {"/us": "US"}
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ClientError({"Error": {"Code": "ChangeSetNotFound"}}, "DescribeChangeSet"), None),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeChangeSet"), "Allow cloudformation:DescribeCh"),
        (EndpointConnectionError(endpoint_url="https://aws"), "The change set cannot be read"),
    ],
)
def test_a_change_set_that_cannot_be_read(error: Exception, message: str | None) -> None:
    def fail(**_: str) -> None:
        raise error

    client = SimpleNamespace(describe_change_set=fail)
    if message is None:
        assert change_set_parameters(client, CHANGE_SET) is None
        return
    with pytest.raises(NotReadable, match=message):
        change_set_parameters(client, CHANGE_SET)


# --- YAML ---


def test_a_new_template_in_yaml_is_refused(caller: Caller) -> None:
    assert refused(caller.stack("CREATE", YAML), "is in YAML", "Deploy it in JSON")


def test_the_deletion_of_a_stack_in_yaml_is_refused(world: World, caller: Caller, formation: Deployed) -> None:
    formation.deploy(template(Number=number(world)))
    formation.texts[STACK_NAME] = YAML

    assert refused(caller.stack("DELETE"), "Deploy the same template in JSON first")


@pytest.mark.parametrize("is_change_set", [True, False])
def test_a_template_may_turn_from_yaml_into_json(
    world: World, caller: Caller, formation: Deployed, is_change_set: bool
) -> None:
    body = template(Number=number(world, AllowReplacement="true"))
    formation.deploy(body)
    formation.texts[STACK_NAME] = YAML

    def answer(new: object) -> dict[str, Any]:
        caller.payload = b""
        return caller.change_set(new) if is_change_set else caller.stack("UPDATE", new, YAML)

    assert passed(answer(body))
    assert passed(answer(template(**body["Resources"], Second=number(world))))
    changed = template(Number=number(world, AllowReplacement="true", CountryCode="GB"))
    assert refused(answer(changed), "[replace]")
    other = template(Other=number(world))
    assert refused(answer(other), "no longer has Number", "Deploy the same resources in JSON first")


def test_a_template_in_yaml_without_numbers_removes_all(world: World, caller: Caller, formation: Deployed) -> None:
    body = template(Number=number(world))
    formation.deploy(body)

    assert refused(caller.stack("UPDATE", "Resources: {}", body), "would be released")


# --- What cannot be found out ---


def test_templates_that_cannot_be_fetched(caller: Caller) -> None:
    caller.status = 403
    assert unknown(caller.stack("CREATE", YAML), "did not come from Amazon S3 (HTTP status 403)")
    caller.status = OSError(f"cannot open {URL}")
    assert unknown(caller.stack("CREATE", YAML), "did not come from Amazon S3 (OSError)")


def test_templates_that_are_none(caller: Caller) -> None:
    caller.payload = b"[]"
    assert unknown(caller.stack("CREATE"), "is not an object")


def test_what_nobody_has_thought_of(caller: Caller) -> None:
    caller.payload = b"<html>"
    assert unknown(caller.stack("CREATE"), "has failed (JSONDecodeError)")


def test_another_target_is_not_evaluated(caller: Caller) -> None:
    data = {"targetName": "AWS::S3::Bucket", "targetType": "AWS::S3::Bucket"}
    assert unknown(caller.stack("CREATE", requestData=data), "was called for AWS::S3::Bucket")


def test_a_stack_that_cannot_be_read(caller: Caller, formation: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> DeployedStack:
        raise NotReadable("Allow cloudformation:DescribeStacks.")

    monkeypatch.setattr(formation, "stack", fail)

    assert unknown(caller.stack("DELETE"), "Allow cloudformation:DescribeStacks.", "PhoneNumberHook")


# --- What it says ---


def test_many_findings_are_counted(world: World, caller: Caller, formation: Deployed) -> None:
    numbers = {f"Number{index}": number(world) for index in range(30)}
    assert formation.deploy(template(**numbers))

    answer = caller.stack("DELETE")

    message: str = answer["message"]
    listed = message.count("would be released")
    assert 5 < listed < 30
    assert f"And {30 - listed} more. If this is meant" in message


def test_the_other_spelling_of_the_documentation(world: World, caller: Caller, formation: Deployed) -> None:
    formation.deploy(template(Number=number(world)))
    other = {
        "clientRequestToken": None,
        "stackId": None,
        "stackID": stack_id(STACK_NAME),
        "clientRequesttoken": "token",
    }

    assert refused(caller.stack("DELETE", **other))


def test_the_log_says_what_was_refused_and_what_was_let_through(caller: Caller) -> None:
    caller.stack("CREATE", YAML)
    caller.payload = b""
    caller.stack("CREATE", OTHER)

    lines = [json.loads(line) for line in caller.lines]
    assert [(line["level"], line["message"], line["stack"]) for line in lines] == [
        ("ERROR", "refused", stack_id(STACK_NAME)),
        ("INFO", "let through", stack_id(STACK_NAME)),
    ]
