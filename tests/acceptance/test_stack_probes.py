"""What the probes of stacks conclude, and that what they need is deployed and not missed where it is not."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

from acceptance.catalog import all_probes
from acceptance.probe_stack import add_probe_stack
from acceptance.probes import Context, Finding, Stage
from acceptance.response_probes import ResponseProbes
from acceptance.stack_probes import StackProbes
from acceptance.stacks import AcceptanceStacks
from lambda_handlers.connect_phone_number import contract
from local_aws.cdk_cli import CdkResult

from .numbers import ARN, NOW, NUMBER, Clock, FakeClient, Response, asker_of, context_of, error

NUMBER_TYPE: Final = "Custom::ConnectPhoneNumber"
STACK_TYPE: Final = "AWS::CloudFormation::Stack"
GONE: Final = error("ValidationError", "Stack does not exist")


class FakeStacks:
    """The stacks of a run, of which that of the probes can be deployed or not."""

    number = "NumberStack"
    probes = "ProbeStack"
    number_stack_id = "arn:aws:cloudformation:eu-west-2:123456789012:stack/NumberStack/1"

    def __init__(self, *, can_be_deployed: bool = True, role: FakeClient | None = None) -> None:
        self.deployed: list[tuple[str, bool]] = []
        self._can_be_deployed = can_be_deployed
        self._role = role

    def deploy_probes(self, provider_id: str, *, has_resources: bool) -> CdkResult:
        if self._can_be_deployed:
            self.deployed.append((provider_id, has_resources))
        return CdkResult(0 if self._can_be_deployed else 1, "")

    def exists(self, stack: str) -> bool:
        return stack == self.probes and bool(self.deployed)

    def probe_output(self, name: str) -> str:
        return f"the {name}"

    def connect_of_role(self, role_arn: str) -> Any:
        assert role_arn == "the TaggerArn"
        return self._role


def finding_of(name: str, stacks: FakeStacks, **clients: FakeClient) -> tuple[Finding, Context]:
    probes = {probe.name: probe for probe in all_probes(cast(AcceptanceStacks, stacks))}
    context = context_of(asker_of(Clock(), **clients))
    return probes[name].ask(context), context


def event(logical_id: str, status: str, type: str = NUMBER_TYPE, physical_id: str = "") -> dict[str, Any]:
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": type,
        "ResourceStatus": status,
        "ResourceStatusReason": "private",
        "Timestamp": datetime.fromtimestamp(NOW + 7, UTC),
    }


def events(*newest_first: dict[str, Any]) -> dict[str, Any]:
    return {"StackEvents": list(newest_first)}


def detail(status: str, physical_id: str = "") -> dict[str, Any]:
    return {"StackResourceDetail": {"ResourceStatus": status, "PhysicalResourceId": physical_id, "Metadata": "private"}}


# --- CloudFormation ---


def test_physical_id_of_number() -> None:
    cloudformation = FakeClient(
        describe_stack_events=[events(event("Line1", "CREATE_COMPLETE", physical_id=ARN))],
        describe_stack_resource=[detail("CREATE_COMPLETE", ARN)],
    )
    finding, context = finding_of("physical-id-of-number", FakeStacks(), cloudformation=cloudformation)
    assert finding == Finding(True, "DescribeStackResource names the number's ARN. DescribeStackEvents names it.")
    assert context.asker.replies[0].response == {
        "StackEvents": [
            {
                "LogicalResourceId": "Line1",
                "PhysicalResourceId": ARN,
                "ResourceType": NUMBER_TYPE,
                "ResourceStatus": "CREATE_COMPLETE",
                "seconds_after_claim": 7.0,
            }
        ]
    }
    assert context.asker.replies[1].response == {
        "StackResourceDetail": {"PhysicalResourceId": ARN, "ResourceStatus": "CREATE_COMPLETE"}
    }


@pytest.mark.parametrize("name", ["holder-of-number", "holder-of-retained-number"])
def test_holder_of_number(name: str) -> None:
    resource = {"LogicalResourceId": "Line1", "PhysicalResourceId": ARN, "ResourceStatus": "CREATE_COMPLETE"}
    others = {"LogicalResourceId": "Other", "PhysicalResourceId": "private", "ResourceStatus": "CREATE_COMPLETE"}
    cloudformation = FakeClient(describe_stack_resources=[{"StackResources": [others, resource]}])
    finding, context = finding_of(name, FakeStacks(), cloudformation=cloudformation)
    assert finding == Finding(True, "The number is that of a resource that is CREATE_COMPLETE.")
    assert context.asker.replies[0].response == {"StackResources": [resource]}


def test_holder_that_is_not_found() -> None:
    finding, _ = finding_of(
        "holder-of-number", FakeStacks(), cloudformation=FakeClient(describe_stack_resources=[GONE])
    )
    assert finding == Finding(True, "The number is NOBODY's.")


def test_physical_id_that_is_not_shown() -> None:
    cloudformation = FakeClient(
        describe_stack_events=[events(event("Line1", "CREATE_COMPLETE"))], describe_stack_resource=[GONE]
    )
    finding, _ = finding_of("physical-id-of-number", FakeStacks(), cloudformation=cloudformation)
    assert finding.says.count("DOES NOT NAME") == 2


def test_resource_without_events_settles_nothing() -> None:
    for name in ("physical-id-of-number", "deleted-stack-of-retained-number", "deleted-stack-of-released-number"):
        finding, _ = finding_of(name, FakeStacks(), cloudformation=FakeClient())
        assert not finding.is_settled


@pytest.mark.parametrize(
    ("newest_first", "says"),
    [
        ((STACK_TYPE, NUMBER_TYPE), "The stack's success is an event, after that of the number."),
        ((NUMBER_TYPE, STACK_TYPE), "The stack's success is NOT an event, after that of the number."),
        ((NUMBER_TYPE,), "The stack's success is NOT an event, after that of the number."),
    ],
)
def test_events_of_adoption(newest_first: tuple[str, ...], says: str) -> None:
    response = events(*(event("x", "CREATE_COMPLETE", type) for type in newest_first))
    cloudformation = FakeClient(describe_stack_events=[response])
    finding, _ = finding_of("events-of-adoption", FakeStacks(), cloudformation=cloudformation)
    assert finding == Finding(True, says)


def test_deleted_stack_of_retained_number() -> None:
    cloudformation = FakeClient(
        describe_stacks=[{"Stacks": [{"StackStatus": "DELETE_COMPLETE", "Parameters": "private"}]}, GONE],
        describe_stack_events=[
            events(
                event("Line1", "DELETE_SKIPPED"),
                event("Line1", "CREATE_COMPLETE"),
                event("Role", "DELETE_COMPLETE", "AWS::IAM::Role"),
            )
        ],
        describe_stack_resource=[detail("DELETE_SKIPPED", ARN), GONE],
    )
    finding, context = finding_of("deleted-stack-of-retained-number", FakeStacks(), cloudformation=cloudformation)
    assert finding == Finding(
        True,
        "Events: Line1: CREATE_COMPLETE, DELETE_SKIPPED. "
        "Afterwards the resource is DELETE_SKIPPED, with a physical id.",
    )
    assert context.asker.replies[0].response == {"Stacks": [{"StackStatus": "DELETE_COMPLETE"}]}
    asked = [parameters["StackName"] for _, parameters in cloudformation.calls]
    assert asked == [FakeStacks.number_stack_id, "NumberStack", *[FakeStacks.number_stack_id] * 2, "NumberStack"]


def test_removed_resources_are_looked_at_when_they_are_gone() -> None:
    stacks = FakeStacks()
    stacks.deploy_probes("", has_resources=True)
    type = "Custom::AcceptanceProbe"
    before = events(event("Kept", "DELETE_SKIPPED", type), event("Removed", "CREATE_COMPLETE", type))
    after = events(event("Removed", "DELETE_COMPLETE", type), *before["StackEvents"])
    cloudformation = FakeClient(
        describe_stack_events=[before, after], describe_stack_resource=[detail("DELETE_SKIPPED"), GONE]
    )
    finding, _ = finding_of("removed-resources", stacks, cloudformation=cloudformation)
    assert finding.says == (
        "Events: Removed: CREATE_COMPLETE, DELETE_COMPLETE; Kept: DELETE_SKIPPED. Afterwards the retained one is "
        "DELETE_SKIPPED, without a physical id, the deleted one ValidationError: Stack does not exist."
    )
    assert stacks.deployed[-1] == (NUMBER.tags[contract.PROVIDER_TAG], False)


def test_removed_resources_are_not_waited_for_for_ever() -> None:
    stacks = FakeStacks()
    stacks.deploy_probes("", has_resources=True)
    finding, context = finding_of("removed-resources", stacks, cloudformation=FakeClient())
    assert finding.is_settled
    assert context.asker.clock() == NOW + 15


# --- What needs a stack of its own ---


def logged(resource: str, url: str, request: str, signed_at: int | None) -> dict[str, Any]:
    seen = {
        "resource": resource,
        "type": "Create",
        "url": url,
        "request": request,
        "parameters": ["X-Amz-Date", "X-Amz-Expires"],
        "X-Amz-Expires": "7200",
        "signed_at": signed_at,
    }
    return {"message": "2026-01-01 " + json.dumps({"response_url": seen}) + "\n", "timestamp": signed_at or 0}


NOW_INT: Final = int(NOW)
LOG: Final[Response] = {
    "events": [
        {"message": "START RequestId: 1"},
        {"message": '{"response_url"'},
        logged("Removed", "b", "2", NOW_INT + 2),
        logged("Kept", "a", "1", NOW_INT),
        logged("Kept", "a", "1", NOW_INT),
    ]
}


def test_response_url() -> None:
    stacks = FakeStacks()
    finding, context = finding_of("response-url", stacks, logs=FakeClient(filter_log_events=[{"events": []}, LOG]))
    assert finding == Finding(
        True,
        "With a signing time, with a lifetime of 7200 seconds, with the parameters X-Amz-Date, X-Amz-Expires.",
    )
    assert stacks.deployed == [(NUMBER.tags[contract.PROVIDER_TAG], True)]
    response = context.asker.replies[-1].response
    assert response is not None
    assert [(one["resource"], one["url"], one["request"], one["signed_at"]) for one in response["deliveries"]] == [
        ("Kept", 1, 1, 0),
        ("Kept", 1, 1, 0),
        ("Removed", 2, 2, 2),
    ]


def test_response_url_without_a_date() -> None:
    undated: Response = {"events": [logged("Kept", "a", "1", None)] * 3}
    finding, _ = finding_of("response-url", FakeStacks(), logs=FakeClient(filter_log_events=[undated]))
    assert finding.says.startswith("WITHOUT a signing time")


@pytest.mark.parametrize("stacks", [FakeStacks(can_be_deployed=False), FakeStacks()])
def test_response_url_that_cannot_be_seen(stacks: FakeStacks) -> None:
    finding, _ = finding_of("response-url", stacks, logs=FakeClient())
    assert not finding.is_settled


@pytest.mark.parametrize(
    ("urls", "says"),
    [
        ("aab", "A request that is delivered again has the same URL; another request has another one."),
        ("acb", "A request that is delivered again has ANOTHER URL; another request has another one."),
        ("aaa", "A request that is delivered again has the same URL; another request has THE SAME ONE."),
        ("a b", "No request was delivered twice."),
    ],
)
def test_redelivery(urls: str, says: str) -> None:
    stacks = FakeStacks()
    stacks.deploy_probes("", has_resources=True)
    lines = [
        logged(resource, url, "1", NOW_INT)
        for resource, url in zip(("Kept", "Kept", "Removed"), urls, strict=True)
        if url != " "
    ]
    logs = FakeClient(filter_log_events=[{"events": lines}])
    finding, _ = finding_of("response-url-redelivered", stacks, logs=logs)
    assert finding == Finding(" " not in urls, says)


def test_clock_of_events() -> None:
    stacks = FakeStacks()
    stacks.deploy_probes("", has_resources=True)
    response = events(event("Kept", "CREATE_COMPLETE"), event("Removed", "x"), event("Removed", "CREATE_IN_PROGRESS"))
    finding, context = finding_of(
        "clock-of-events",
        stacks,
        logs=FakeClient(filter_log_events=[LOG]),
        cloudformation=FakeClient(describe_stack_events=[response]),
    )
    assert finding == Finding(True, "Signed -5.0 seconds after the first event of the resource.")
    assert context.asker.replies[-1].response == {
        "StackEvents": [{"ResourceStatus": "x"}, {"ResourceStatus": "CREATE_IN_PROGRESS"}]
    }
    unknown, _ = finding_of(
        "clock-of-events", stacks, logs=FakeClient(filter_log_events=[LOG]), cloudformation=FakeClient()
    )
    assert not unknown.is_settled


DENIED: Final = error("AccessDeniedException", "no", 403)


@pytest.mark.parametrize(
    ("tag", "is_settled", "outcome"),
    [
        ({}, True, "answered"),
        (DENIED, True, "AccessDeniedException"),
        (error("ThrottlingException", "", 429), False, "ThrottlingException"),
    ],
)
def test_tags_seen_by_iam(tag: Response, is_settled: bool, outcome: str) -> None:
    role = FakeClient(describe_phone_number=[DENIED, DENIED, {"private": 1}], tag_resource=[tag], untag_resource=[{}])
    stacks, own = FakeStacks(role=role), FakeClient(untag_resource=[{}])
    stacks.deploy_probes("", has_resources=True)
    finding, context = finding_of("tags-seen-by-iam", stacks, connect=own)
    assert finding.is_settled == is_settled
    assert finding.says.startswith(f"TagResource: {outcome}. UntagResource: answered.")
    # Nothing stays on the number, and nothing of it is kept here.
    assert own.calls == [("untag_resource", {"resourceArn": ARN, "tagKeys": ["acceptance-probe"]})]
    assert [reply.response for reply in context.asker.replies if reply.operation == "DescribePhoneNumber"][-1] == {}


def test_role_that_never_works_settles_nothing() -> None:
    role = FakeClient()
    stacks = FakeStacks(role=role)
    stacks.deploy_probes("", has_resources=True)
    finding, context = finding_of("tags-seen-by-iam", stacks, connect=FakeClient(untag_resource=[{}]))
    assert not finding.is_settled
    assert {method for method, _ in role.calls} == {"describe_phone_number"}
    assert context.asker.clock() == NOW + 90


def test_where_the_stack_is_not_there_nothing_more_is_asked() -> None:
    stacks = FakeStacks()
    names = [probe.name for probe in ResponseProbes(cast(AcceptanceStacks, stacks)).probes()]
    assert names[0] == "response-url"
    for name in [*names[1:], "removed-resources"]:
        finding, context = finding_of(name, stacks)
        assert finding == Finding(False, "The stack of the probes is not there.")
        assert context.asker.replies == []


def test_what_the_stack_of_the_probes_is_for_is_asked_before_its_resources_are_removed() -> None:
    names = [probe.name for probe in all_probes(cast(AcceptanceStacks, None)) if probe.stage is Stage.ADOPTED]
    assert (names[0], names[-1]) == ("response-url", "removed-resources")
    assert StackProbes(cast(AcceptanceStacks, None)).probes()


# --- The stack itself ---


def template(*, has_resources: bool) -> assertions.Template:
    app = cdk.App()
    add_probe_stack(app, "Probes", "the provider", fails_for_seconds=45, has_resources=has_resources)
    return assertions.Template.from_stack(cast(cdk.Stack, app.node.find_child("Probes")))


def test_stack_has_a_resource_that_is_retained_and_one_that_is_not() -> None:
    found: Mapping[str, Any] = template(has_resources=True).find_resources("Custom::AcceptanceProbe")
    assert {name: resource["DeletionPolicy"] for name, resource in found.items()} == {
        "Kept": "Retain",
        "Removed": "Delete",
    }
    assert {name: resource["Properties"]["FailsForSeconds"] for name, resource in found.items()} == {
        "Kept": 45,
        "Removed": 0,
    }
    # A probe must not make a stack hang.
    assert {resource["Properties"]["ServiceTimeout"] for resource in found.values()} == {300}
    assert template(has_resources=False).find_resources("Custom::AcceptanceProbe") == {}


def test_role_may_only_read_and_tag_the_numbers_of_the_provider() -> None:
    roles: Mapping[str, Any] = template(has_resources=False).find_resources("AWS::IAM::Role")
    (policy,) = [role["Properties"]["Policies"][0] for role in roles.values() if "Policies" in role["Properties"]]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["connect:DescribePhoneNumber", "connect:TagResource", "connect:UntagResource"]
    assert statement["Condition"] == {"StringEquals": {f"aws:ResourceTag/{contract.PROVIDER_TAG}": "the provider"}}
