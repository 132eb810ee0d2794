"""What ``doctor`` expects of the role is what the construct grants: each case, compared with synthesized policies."""

from typing import Any, Final

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumberBudget, PhoneNumberProvider
from cdk_connect_phone_number.cli.providers import Provider
from cdk_connect_phone_number.cli.role_checks import REQUEST_TAG, RESOURCE_TAG, TAG_KEYS, Case, cases
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.configuration import Configuration
from tests.infrastructure.iam_policy import Call, Statement, resolve, statements_of

_HERE: Final = "us-east-1:000000000000"
_INSTANCE: Final = f"arn:aws:connect:{_HERE}:instance/11111111-2222-3333-4444-555555555555"
_GROUP: Final = f"arn:aws:connect:{_HERE}:traffic-distribution-group/66666666-2222-3333-4444-555555555555"
_PROVIDERS: Final[dict[str, dict[str, Any]]] = {
    "plain": {},
    "narrow": {"target_arns": [_INSTANCE], "allow_adoption": False, "stack_name_prefix": "team-"},
    "group": {"target_arns": [_GROUP], "budget": PhoneNumberBudget(quota=20)},
}


class Installed:
    """A provider as it was deployed, with the statements of its role."""

    def __init__(self, **properties: Any) -> None:
        stack = cdk.Stack(cdk.App(), "Stack")
        PhoneNumberProvider(stack, "Provider", **properties)
        template = Template.from_stack(stack).to_json()
        (function,) = [
            resource["Properties"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Lambda::Function"
        ]
        variables = {name: resolve(value, template) for name, value in function["Environment"]["Variables"].items()}
        self.statements: list[Statement] = statements_of(template)
        arn = f"arn:aws:lambda:{_HERE}:function:provider"
        self.provider = Provider("provider", arn, Configuration.of(variables))
        log_group = resolve(function["LoggingConfig"]["LogGroup"], template)
        (queue,) = [name for name, each in template["Resources"].items() if each["Type"] == "AWS::SQS::Queue"]
        role = "arn:aws:iam::000000000000:role/provider"
        self.cases = list(cases(self.provider, role, f"arn:aws:sqs:{_HERE}:{queue}", log_group))

    def allows(self, case: Case, action: str) -> bool:
        requested, present = (
            {contract.PROVIDER_TAG: case.context[key][0]} if key in case.context else {}
            for key in (REQUEST_TAG, RESOURCE_TAG)
        )
        call = Call(action, case.resource, requested, present, tuple(case.context.get(TAG_KEYS, ())))
        return any(statement.allows(call) for statement in self.statements)


@pytest.fixture(scope="module", params=_PROVIDERS)
def installed(request: pytest.FixtureRequest) -> Installed:
    return Installed(**_PROVIDERS[request.param])


def test_each_case_is_decided_as_expected(installed: Installed) -> None:
    wrong = [
        (case.what, action, case.is_allowed)
        for case in installed.cases
        for action in case.actions
        if installed.allows(case, action) != case.is_allowed
    ]
    assert wrong == []


def test_every_action_on_numbers_is_tried_both_ways(installed: Installed) -> None:
    """All that the role may do with a number, and each of its changes without the tag."""
    granted = {action for each in installed.statements for action in each.actions if action.startswith("connect:")}
    reads = {
        "connect:BatchGetFlowAssociation",
        "connect:DescribePhoneNumber",
        "connect:DescribeTrafficDistributionGroup",
        "connect:ListPhoneNumbersV2",
        "connect:SearchAvailablePhoneNumbers",
    }
    allowed = {action for case in installed.cases if case.is_allowed for action in case.actions}
    forbidden = {action for case in installed.cases if not case.is_allowed for action in case.actions}

    assert granted - allowed <= {"connect:DescribeTrafficDistributionGroup"}
    assert granted - reads <= forbidden
