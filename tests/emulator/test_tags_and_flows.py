"""Descriptions, tags and flows."""

from typing import TYPE_CHECKING

from local_aws.connect_emulator import ConnectEmulator

from .conftest import REGION, claim, describe, error_of, instance_id

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

UNKNOWN_ARN = f"arn:aws:connect:{REGION}:000000000000:phone-number/00000000-0000-4000-8000-000000000000"


def test_description(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    arn = claim(connect, target_arn, PhoneNumberDescription="old")
    code = error_of(lambda: connect.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="new"))[0]
    assert code == "ResourceInUseException"
    emulator.advance(2)
    connect.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="new")
    assert describe(connect, arn)["PhoneNumberDescription"] == "new"
    connect.update_phone_number_metadata(PhoneNumberId=arn)
    assert describe(connect, arn)["PhoneNumberDescription"] == "new"
    connect.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="")
    assert describe(connect, arn)["PhoneNumberDescription"] == ""


def test_tags(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    arn = claim(connect, target_arn, Tags={"a": "1", "b": "2"})
    connect.tag_resource(resourceArn=arn, tags={"b": "3", "c": ""})
    assert emulator.audit[-1].took_effect
    connect.untag_resource(resourceArn=arn, tagKeys=["a", "z"])
    assert emulator.audit[-1].took_effect
    assert connect.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "3", "c": ""}
    connect.tag_resource(resourceArn=arn, tags={"b": "3"})
    assert not emulator.audit[-1].took_effect
    assert not emulator.audit[-2].took_effect


def test_changes_are_shown_late(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    arn = claim(connect, target_arn, PhoneNumberDescription="old", Tags={"a": "1"})
    emulator.advance(10)
    emulator.configure(change_lag_seconds=5)
    other = emulator.add_instance(REGION)

    def shown() -> tuple[str, dict[str, str], str]:
        found = describe(connect, arn)
        assert connect.list_tags_for_resource(resourceArn=arn)["tags"] == found["Tags"]
        listed = connect.list_phone_numbers_v2(TargetArn=found["TargetArn"])["ListPhoneNumbersSummaryList"]
        assert [number.get("PhoneNumberArn") for number in listed] == [arn]
        return found["PhoneNumberDescription"], found["Tags"], found["TargetArn"]

    connect.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="new")
    emulator.advance(1)
    connect.untag_resource(resourceArn=arn, tagKeys=["a"])
    emulator.advance(1)
    connect.update_phone_number(PhoneNumberId=arn, TargetArn=other)
    emulator.advance(2.5)
    assert shown() == ("old", {"a": "1"}, target_arn)
    emulator.advance(0.5)
    assert shown() == ("new", {"a": "1"}, target_arn)
    emulator.advance(1)
    assert shown() == ("new", {}, target_arn)
    # The move ends two seconds after its call.
    emulator.advance(3)
    assert shown() == ("new", {}, other)
    # Nothing but what is shown is late.
    connect.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="newer")
    assert emulator.numbers()[0].description == "newer"


def test_a_description_can_take_a_while(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    arn = claim(connect, target_arn)
    emulator.advance(10)
    emulator.configure(description_seconds=5)
    connect.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription="new")
    assert describe(connect, arn)["PhoneNumberStatus"]["Status"] == "IN_PROGRESS"
    assert error_of(lambda: connect.release_phone_number(PhoneNumberId=arn))[0] == "ResourceInUseException"
    emulator.advance(5)
    assert describe(connect, arn)["PhoneNumberStatus"]["Status"] == "CLAIMED"
    assert describe(connect, arn)["TargetArn"] == target_arn


def test_fifty_tags_at_the_most(connect: "ConnectClient", target_arn: str) -> None:
    arn = claim(connect, target_arn, Tags={f"key{number}": "" for number in range(50)})
    connect.tag_resource(resourceArn=arn, tags={"key0": "new"})
    code, message, _ = error_of(lambda: connect.tag_resource(resourceArn=arn, tags={"one": "too many"}))
    assert (code, message) == ("InvalidParameterException", "A resource can have at most 50 tags.")


def test_tags_of_a_number_that_does_not_exist(connect: "ConnectClient") -> None:
    for call in (
        lambda: connect.tag_resource(resourceArn=UNKNOWN_ARN, tags={"a": "b"}),
        lambda: connect.untag_resource(resourceArn=UNKNOWN_ARN, tagKeys=["a"]),
        lambda: connect.list_tags_for_resource(resourceArn=UNKNOWN_ARN),
    ):
        assert error_of(call)[::2] == ("ResourceNotFoundException", 404)


def test_flow(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    instance = instance_id(target_arn)
    arn = claim(connect, target_arn)

    def associate(instance: str = instance) -> None:
        connect.associate_phone_number_contact_flow(PhoneNumberId=arn, InstanceId=instance, ContactFlowId="flow")

    assert error_of(associate)[0] == "InvalidParameterException"
    emulator.advance(2)
    associate()
    assert emulator.numbers()[0].contact_flows == {instance: "flow"}
    assert error_of(lambda: associate("unknown"))[0] == "ResourceNotFoundException"
    other_instance = instance_id(emulator.add_instance(REGION))
    assert error_of(lambda: associate(other_instance))[0] == "InvalidParameterException"
    for took_effect in (True, False):
        connect.disassociate_phone_number_contact_flow(PhoneNumberId=arn, InstanceId=instance)
        assert emulator.audit[-1].took_effect is took_effect
    assert emulator.numbers()[0].contact_flows == {}


def test_number_with_a_flow_can_be_released(
    connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str
) -> None:
    arn = claim(connect, target_arn)
    emulator.advance(2)
    connect.associate_phone_number_contact_flow(
        PhoneNumberId=arn, InstanceId=instance_id(target_arn), ContactFlowId="flow"
    )
    connect.release_phone_number(PhoneNumberId=arn)
    assert emulator.numbers()[0].released_at == emulator.now()


def test_flows_may_have_to_exist(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(accept_unknown_flows=False)
    flow_arn = emulator.add_contact_flow(target_arn)
    assert flow_arn.startswith(f"{target_arn}/contact-flow/")
    arn = claim(connect, target_arn)
    emulator.advance(2)

    def associate(flow_id: str) -> None:
        connect.associate_phone_number_contact_flow(
            PhoneNumberId=arn, InstanceId=instance_id(target_arn), ContactFlowId=flow_id
        )

    assert error_of(lambda: associate("unknown"))[0] == "ResourceNotFoundException"
    associate(instance_id(flow_arn))


def test_flow_is_created_and_deleted(connect: "ConnectClient", emulator: ConnectEmulator, target_arn: str) -> None:
    emulator.configure(accept_unknown_flows=False)
    instance = instance_id(target_arn)
    flow = connect.create_contact_flow(InstanceId=instance, Name="Flow", Type="CONTACT_FLOW", Content="{}")
    flow_id = flow.get("ContactFlowId", "")
    assert flow.get("ContactFlowArn") == f"{target_arn}/contact-flow/{flow_id}"
    number = claim(connect, target_arn)
    emulator.advance(2)
    connect.associate_phone_number_contact_flow(PhoneNumberId=number, InstanceId=instance, ContactFlowId=flow_id)

    connect.delete_contact_flow(InstanceId=instance, ContactFlowId=flow_id)

    assert emulator.audit[-1].took_effect
    assert emulator.numbers()[0].contact_flows == {instance: flow_id}
    for call in (
        lambda: connect.delete_contact_flow(InstanceId=instance, ContactFlowId=flow_id),
        lambda: connect.create_contact_flow(InstanceId="unknown", Name="Flow", Type="CONTACT_FLOW", Content="{}"),
        lambda: connect.associate_phone_number_contact_flow(
            PhoneNumberId=number, InstanceId=instance, ContactFlowId=flow_id
        ),
    ):
        assert error_of(call)[0] == "ResourceNotFoundException"
