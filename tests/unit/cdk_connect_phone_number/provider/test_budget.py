from dataclasses import replace
from datetime import date
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from cdk_connect_phone_number import PhoneNumberBudget, PhoneNumberProvider
from lambda_handlers.connect_phone_number.budget import Policy

_GIVEN = PhoneNumberBudget(quota=12, baseline={date(2026, 11, 2): 3, date(2026, 10, 1): 1}, reserve=4, refuses=False)


def _template(budget: PhoneNumberBudget | None) -> Template:
    stack = cdk.Stack(cdk.App(), "Stack")
    PhoneNumberProvider(stack, "Provider", budget=budget)
    return Template.from_stack(stack)


def _variables(template: Template) -> dict[str, Any]:
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    return dict(function["Properties"]["Environment"]["Variables"])


def _statements(template: Template) -> dict[str, Any]:
    (role,) = template.find_resources("AWS::IAM::Role").values()
    (policy,) = role["Properties"]["Policies"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


def test_the_function_gets_what_was_given() -> None:
    assert Policy.parse(_variables(_template(_GIVEN))["BUDGET"]) == Policy(
        quota=12, baseline={"2026-10-01": 1, "2026-11-02": 3}, reserve=4, refuses=False
    )


def test_without_a_budget_the_function_asks_for_the_quota_only() -> None:
    template = _template(None)

    assert "BUDGET" not in _variables(template)
    statement = _statements(template)["ReadQuota"]
    assert statement["Action"] == "servicequotas:GetServiceQuota"
    assert "servicequotas" in str(statement["Resource"])
    assert "connect/L-8F812903" in str(statement["Resource"])


def test_a_quota_that_is_given_is_not_asked_for() -> None:
    assert "ReadQuota" not in _statements(_template(_GIVEN))
    assert "ReadQuota" in _statements(_template(replace(_GIVEN, quota=None)))


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (PhoneNumberBudget(quota=0), "quota must be at least 1, but is 0. Leave it out to ask Service Quotas."),
        (PhoneNumberBudget(reserve=-1), "reserve must not be negative, but is -1."),
        (
            PhoneNumberBudget(postpone_releases_below=0),
            "postpone_releases_below must be at least 1, but is 0. Or leave it out.",
        ),
        (
            PhoneNumberBudget(quota=3, postpone_releases_below=6),
            "postpone_releases_below must be less than 6, which is all that a quota of 3 allows, but is 6.",
        ),
        (
            PhoneNumberBudget(baseline={date(2026, 10, 1): -2}),
            "baseline must not be negative, but is -2 for 2026-10-01.",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(budget: PhoneNumberBudget, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        _template(budget)

    assert str(refused.value) == f"Stack/Provider: budget: {message}"


def test_the_function_is_told_which_releases_to_postpone() -> None:
    template = _template(PhoneNumberBudget(quota=3, postpone_releases_below=5))

    assert Policy.parse(_variables(template)["BUDGET"]) == Policy(quota=3, postpone_releases_below=5)
