"""What release protection stops, and what it does not; that it stops a destroy is in ``test_changes``."""

from aws_cdk import RemovalPolicy

from local_aws.launcher import LocalAws

from .number_stack import NumberStack, add_failing_resource, remove_number


def test_protection_does_not_stop_the_rollback_of_a_creation(local_aws: LocalAws, number_stack: NumberStack) -> None:
    rolled_back = number_stack.submit(release_protection=True, beside=add_failing_resource)

    assert rolled_back.status == "ROLLBACK_COMPLETE", rolled_back.reasons
    assert number_stack.numbers() == []
    claimed = local_aws.connect.audit("ClaimPhoneNumber")[-1]["phone_number_arn"]
    assert [release["outcome"] for release in number_stack.releases(claimed)] == ["ok"]


def test_number_whose_protection_was_switched_off_is_released(number_stack: NumberStack) -> None:
    assert number_stack.submit(release_protection=True).status == "CREATE_COMPLETE"
    (number,) = number_stack.numbers()
    assert number_stack.submit(release_protection=False).status == "UPDATE_COMPLETE"

    assert number_stack.remove().status == "DELETE_COMPLETE"

    assert [release["outcome"] for release in number_stack.releases(number["arn"])] == ["ok"]


def test_protection_is_switched_off_only_by_a_deployment_of_its_own(number_stack: NumberStack) -> None:
    assert number_stack.submit(release_protection=True).status == "CREATE_COMPLETE"
    (protected,) = number_stack.numbers()

    for release_protection in (True, False):
        replaced = number_stack.submit(country_code="GB", allow_replacement=True, release_protection=release_protection)
        assert replaced.status == "UPDATE_ROLLBACK_COMPLETE"
        assert "first switch the protection off in a deployment of its own" in replaced.reasons
        assert [number["arn"] for number in number_stack.numbers()] == [protected["arn"]]

    deleted = number_stack.remove()
    assert deleted.status == "DELETE_FAILED"
    assert f"{protected['phone_number']} is not released: its ReleaseProtection is on" in deleted.reasons
    assert number_stack.releases(protected["arn"]) == []


def test_protected_number_that_is_removed_from_the_template_stays_and_can_be_taken_back(
    number_stack: NumberStack,
) -> None:
    assert number_stack.submit(release_protection=True).status == "CREATE_COMPLETE"
    (protected,) = number_stack.numbers()

    removed = number_stack.submit(release_protection=True, beside=remove_number)
    assert f"{protected['phone_number']} is not released: its ReleaseProtection is on" in removed.reasons
    assert [number["arn"] for number in number_stack.numbers()] == [protected["arn"]]
    assert number_stack.releases(protected["arn"]) == []
    # CloudFormation would have forgotten it. MiniStack repeats the Delete with the next update: see docs/local-aws.md.
    assert [name for name, status in number_stack.resources().items() if status == "DELETE_FAILED"] != []

    taken_back = number_stack.submit(
        phone_number=protected["phone_number"], adopt=True, removal_policy=RemovalPolicy.DESTROY
    )
    assert taken_back.status == "UPDATE_COMPLETE", taken_back.reasons
    assert number_stack.output("PhoneNumberArn") == protected["arn"]
    assert number_stack.remove().status == "DELETE_COMPLETE"
    assert [release["outcome"] for release in number_stack.releases(protected["arn"])] == ["ok"]


def test_number_that_is_removed_from_the_template_is_released(number_stack: NumberStack) -> None:
    assert number_stack.submit().status == "CREATE_COMPLETE"
    (number,) = number_stack.numbers()

    assert number_stack.submit(beside=remove_number).status == "UPDATE_COMPLETE"

    assert [release["outcome"] for release in number_stack.releases(number["arn"])] == ["ok"]
