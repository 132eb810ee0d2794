"""Deployments that go wrong leave no number behind, and say why."""

from local_aws.launcher import LocalAws

from .number_stack import NumberStack, add_failing_resource


def test_rollback_releases_the_number(local_aws: LocalAws, number_stack: NumberStack) -> None:
    assert number_stack.submit(beside=add_failing_resource).status == "ROLLBACK_COMPLETE"

    assert number_stack.numbers() == []
    claimed = local_aws.connect.audit("ClaimPhoneNumber")[-1]["phone_number_arn"]
    (release,) = number_stack.releases(claimed)
    assert release["outcome"] == "ok"


def test_release_that_a_rollback_was_refused_is_done_by_a_deletion(
    local_aws: LocalAws, number_stack: NumberStack
) -> None:
    _refuse_releases(local_aws)

    rolled_back = number_stack.submit(beside=add_failing_resource)
    assert rolled_back.status == "ROLLBACK_FAILED"
    assert "This number is being ported out." in rolled_back.reasons
    (number,) = number_stack.numbers()

    local_aws.connect.call("DELETE", "faults")
    assert number_stack.remove().status == "DELETE_COMPLETE"
    assert number_stack.releases(number["arn"])[-1]["outcome"] == "ok"


def test_refused_release_is_reported_and_done_by_the_second_deletion(
    local_aws: LocalAws, number_stack: NumberStack
) -> None:
    assert number_stack.submit().status == "CREATE_COMPLETE"
    arn = number_stack.output("PhoneNumberArn")
    _refuse_releases(local_aws)

    refused = number_stack.destroy()
    assert refused.exit_code != 0
    assert "ReleasePhoneNumber" in refused.output
    assert "This number is being ported out." in refused.output
    assert number_stack.status() == "DELETE_FAILED"
    assert len(number_stack.numbers()) == 1

    local_aws.connect.call("DELETE", "faults")
    repeated = number_stack.remove()
    assert repeated.status == "DELETE_COMPLETE", repeated.reasons
    assert number_stack.numbers() == []
    releases = number_stack.releases(arn)
    assert [entry["outcome"] for entry in releases][-1] == "ok"
    assert len(releases) >= 2
    assert len({entry["client_token"] for entry in releases}) == 1


def test_no_number_of_the_wanted_kind(number_stack: NumberStack) -> None:
    # The emulated inventory has no numbers of Iceland.
    result = number_stack.deploy(country_code="IS")

    assert result.exit_code != 0
    assert "IS" in result.output
    assert number_stack.numbers() == []


def _refuse_releases(local_aws: LocalAws) -> None:
    local_aws.connect.call(
        "POST",
        "faults",
        operation="ReleasePhoneNumber",
        kind="error",
        calls=None,
        code="InvalidParameterException",
        message="This number is being ported out.",
    )
