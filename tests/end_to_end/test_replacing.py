"""When the old number goes and when it stays, where a change needs another one."""

from typing import Any, Final

from local_aws.launcher import LocalAws

from .number_stack import NumberStack, add_failing_resource

GB: Final[dict[str, Any]] = {"country_code": "GB", "allow_replacement": True}


def test_change_that_the_number_satisfies_replaces_nothing(local_aws: LocalAws, number_stack: NumberStack) -> None:
    assert number_stack.submit(prefix="+1206").status == "CREATE_COMPLETE"
    (before,) = number_stack.numbers()
    claims = len(local_aws.connect.audit("ClaimPhoneNumber"))

    assert number_stack.submit(phone_number=before["phone_number"]).status == "UPDATE_COMPLETE"

    assert [number["arn"] for number in number_stack.numbers()] == [before["arn"]]
    assert len(local_aws.connect.audit("ClaimPhoneNumber")) == claims


def test_rolled_back_replacement_keeps_the_old_number(local_aws: LocalAws, number_stack: NumberStack) -> None:
    assert number_stack.submit().status == "CREATE_COMPLETE"
    (before,) = number_stack.numbers()

    rolled_back = number_stack.submit(**GB, beside=add_failing_resource)

    assert rolled_back.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [number["arn"] for number in number_stack.numbers()] == [before["arn"]]
    assert number_stack.releases(before["arn"]) == []
    claimed = local_aws.connect.audit("ClaimPhoneNumber")[-1]["phone_number_arn"]
    assert claimed != before["arn"]
    assert [release["outcome"] for release in number_stack.releases(claimed)] == ["ok"]


def test_old_number_is_released_after_the_update_has_succeeded(local_aws: LocalAws, number_stack: NumberStack) -> None:
    assert number_stack.submit().status == "CREATE_COMPLETE"
    (before,) = number_stack.numbers()

    assert number_stack.submit(**GB).status == "UPDATE_COMPLETE"

    (after,) = number_stack.numbers()
    assert after["country_code"] == "GB"
    *_, update, delete = local_aws.phone_number_requests()
    assert (update.event["RequestType"], delete.event["RequestType"]) == ("Update", "Delete")
    assert update.responses[0].body["PhysicalResourceId"] == after["arn"]
    assert delete.event["PhysicalResourceId"] == before["arn"]
    assert [release["outcome"] for release in number_stack.releases(before["arn"])] == ["ok"]
    calls = [(entry["operation"], entry["phone_number_arn"]) for entry in local_aws.connect.audit()]
    assert calls.index(("ClaimPhoneNumber", after["arn"])) < calls.index(("ReleasePhoneNumber", before["arn"]))
