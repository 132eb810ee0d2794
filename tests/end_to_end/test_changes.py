"""Changes of a deployed number."""

from aws_cdk import RemovalPolicy

from local_aws.launcher import REGION, LocalAws

from .number_stack import INSTANCE_ARN, NumberStack, flow_arn


def test_update_in_place_and_move(local_aws: LocalAws, number_stack: NumberStack) -> None:
    other_instance = local_aws.connect.call("POST", "instances", region=REGION)
    deployed = number_stack.submit(
        description="First",
        contact_flow_arn=flow_arn(INSTANCE_ARN, 1),
        tags={"team": "support", "old": "yes"},
    )
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    (before,) = number_stack.numbers()
    assert before["description"] == "First"
    assert before["tags"]["team"] == "support"
    assert [arn[-1] for arn in before["contact_flows"].values()] == ["1"]

    changed = number_stack.submit(
        target_arn=other_instance,
        contact_flow_arn=local_aws.connect.call("POST", "contact-flows", instance_arn=other_instance),
        description="Second",
        tags={"team": "sales"},
    )
    assert changed.status == "UPDATE_COMPLETE", changed.reasons
    (after,) = number_stack.numbers()
    assert after["arn"] == before["arn"]
    assert after["target_arn"] == other_instance
    assert after["description"] == "Second"
    assert after["tags"]["team"] == "sales"
    assert "old" not in after["tags"]
    assert list(after["contact_flows"]) == [other_instance.rpartition("/")[2]]


def test_replacement_is_refused_until_it_is_allowed(number_stack: NumberStack) -> None:
    deployed = number_stack.submit()
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    (before,) = number_stack.numbers()

    refused = number_stack.submit(country_code="GB")
    assert refused.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "AllowReplacement" in refused.reasons
    assert [number["arn"] for number in number_stack.numbers()] == [before["arn"]]

    allowed = number_stack.submit(country_code="GB", allow_replacement=True)
    assert allowed.status == "UPDATE_COMPLETE", allowed.reasons
    (after,) = number_stack.numbers()
    assert after["arn"] != before["arn"]
    assert after["country_code"] == "GB"
    assert number_stack.output("PhoneNumber") == after["phone_number"]


def test_protected_number_is_not_released(number_stack: NumberStack) -> None:
    deployed = number_stack.submit(release_protection=True)
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons

    refused = number_stack.remove()
    assert refused.status == "DELETE_FAILED"
    assert "ReleaseProtection" in refused.reasons
    assert len(number_stack.numbers()) == 1

    # CloudFormation updates no stack that is DELETE_FAILED: the way on is to retain the number and to adopt it.
    (number,) = number_stack.numbers()
    abandoned = number_stack.remove(retain_resources=True)
    assert abandoned.status == "DELETE_COMPLETE", abandoned.reasons
    adopted = number_stack.submit(phone_number=number["phone_number"], adopt=True, removal_policy=RemovalPolicy.DESTROY)
    assert adopted.status == "CREATE_COMPLETE", adopted.reasons
    assert [held["arn"] for held in number_stack.numbers()] == [number["arn"]]
    destroyed = number_stack.remove()
    assert destroyed.status == "DELETE_COMPLETE", destroyed.reasons
    assert number_stack.numbers() == []


def test_retained_number_is_adopted(local_aws: LocalAws, number_stack: NumberStack) -> None:
    deployed = number_stack.submit(removal_policy=RemovalPolicy.RETAIN)
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    phone_number = number_stack.output("PhoneNumber")
    arn = number_stack.output("PhoneNumberArn")

    destroyed = number_stack.remove()
    assert destroyed.status == "DELETE_COMPLETE", destroyed.reasons
    assert number_stack.releases(arn) == []

    adopted = number_stack.submit(phone_number=phone_number, adopt=True)
    assert adopted.status == "CREATE_COMPLETE", adopted.reasons
    assert number_stack.output("PhoneNumberArn") == arn
    claims = [e for e in local_aws.connect.audit("ClaimPhoneNumber") if e["took_effect"]]
    assert sum(entry["phone_number_arn"] == arn for entry in claims) == 1
