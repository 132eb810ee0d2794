"""Numbers that the account holds already."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import RemovalPolicy

from local_aws.launcher import REGION, LocalAws

from .number_stack import INSTANCE_ARN, NumberStack, flow_arn


@pytest.fixture
def other_stack(local_aws: LocalAws, number_stack: NumberStack, tmp_path: Path) -> Iterator[NumberStack]:
    stack = NumberStack(local_aws, tmp_path / "other", f"{number_stack.name}-other")
    yield stack
    stack.remove()


def test_number_claimed_by_hand(local_aws: LocalAws, number_stack: NumberStack, other_stack: NumberStack) -> None:
    connect = local_aws.session().client("connect", endpoint_url=local_aws.connect.url)
    (found,) = connect.search_available_phone_numbers(
        TargetArn=INSTANCE_ARN, PhoneNumberCountryCode="GB", PhoneNumberType="TOLL_FREE", MaxResults=1
    )["AvailableNumbersList"]
    by_hand = found.get("PhoneNumber", "")
    arn = connect.claim_phone_number(TargetArn=INSTANCE_ARN, PhoneNumber=by_hand, Tags={"by": "hand"}).get(
        "PhoneNumberArn", ""
    )
    # Until its claim has ended, it cannot be adopted.
    local_aws.connect.call("POST", "clock", seconds=1)

    adopted = number_stack.submit(
        phone_number=by_hand,
        adopt=True,
        removal_policy=RemovalPolicy.DESTROY,
        description="Adopted",
        contact_flow_arn=flow_arn(INSTANCE_ARN, 1),
    )
    assert adopted.status == "CREATE_COMPLETE", adopted.reasons
    assert number_stack.output("PhoneNumberArn") == arn
    (number,) = number_stack.numbers()
    assert (number["phone_number"], number["description"]) == (by_hand, "Adopted")
    assert number["tags"]["by"] == "hand"
    assert len(number["contact_flows"]) == 1

    # As long as a resource has the number, no other can take it, and the invocation does nothing to it.
    refused = other_stack.submit(phone_number=by_hand, adopt=True)
    assert refused.status == "ROLLBACK_COMPLETE"
    assert f"{by_hand} cannot be adopted: it belongs to resource Line" in refused.reasons
    assert [held["arn"] for held in number_stack.numbers()] == [arn]

    assert number_stack.remove().status == "DELETE_COMPLETE"
    assert [release["outcome"] for release in number_stack.releases(arn)] == ["ok"]


def test_number_retained_by_another_stack(number_stack: NumberStack, other_stack: NumberStack) -> None:
    assert number_stack.submit(removal_policy=RemovalPolicy.RETAIN).status == "CREATE_COMPLETE"
    phone_number, arn = number_stack.output("PhoneNumber"), number_stack.output("PhoneNumberArn")
    too_early = other_stack.submit(phone_number=phone_number, adopt=True)
    assert too_early.status == "ROLLBACK_COMPLETE"
    assert "Remove it there with DeletionPolicy Retain first" in too_early.reasons
    other_stack.remove()
    number_stack.remove()
    assert number_stack.releases(arn) == []

    adopted = other_stack.submit(phone_number=phone_number, adopt=True)
    assert adopted.status == "CREATE_COMPLETE", adopted.reasons
    assert [number["arn"] for number in other_stack.numbers()] == [arn]
    # Adopt may go once it has been deployed. What becomes of the number is then as for any other: it is released.
    assert other_stack.submit(phone_number=phone_number).status == "UPDATE_COMPLETE"
    assert [number["arn"] for number in other_stack.numbers()] == [arn]

    assert other_stack.remove().status == "DELETE_COMPLETE"
    assert [release["outcome"] for release in other_stack.releases(arn)] == ["ok"]


def test_number_of_end_user_messaging_is_imported(local_aws: LocalAws, number_stack: NumberStack) -> None:
    source = local_aws.connect.call(
        "POST",
        "source-numbers",
        region=REGION,
        phone_number="+442079460000",
        country_code="GB",
        type="DID",
    )

    imported = number_stack.submit(source_phone_number_arn=source)

    assert imported.status == "CREATE_COMPLETE", imported.reasons
    assert number_stack.output("PhoneNumber") == "+442079460000"
    assert len(number_stack.numbers()) == 1
