"""The operations that change a number's attributes: its description, tags, and flow."""

from typing import Any, Final

from .call import Call
from .claims import refuse_in_progress
from .model import service_error
from .state import ClaimedNumber, Status, Workflow

_MAX_TAGS: Final = 50


def update_phone_number_metadata(call: Call) -> dict[str, Any]:
    """Set the description."""
    number = call.find_number(call.parameters["PhoneNumberId"])
    refuse_in_progress(number)
    if "PhoneNumberDescription" in call.parameters:
        number.description = call.parameters["PhoneNumberDescription"]
        call.changed = True
        if call.settings.description_seconds and number.held_until is None:
            number.status = Status.IN_PROGRESS
            ends_at = call.now + call.settings.description_seconds
            number.workflow = Workflow(ends_at, number.target_arn, failure=None, hold_seconds=None)
    return {}


def tag_resource(call: Call) -> dict[str, Any]:
    """Add tags, and overwrite the values of existing tags."""
    number = call.find_number(call.parameters["resourceArn"])
    tags = number.tags | call.parameters["tags"]
    if len(tags) > _MAX_TAGS:
        raise service_error("InvalidParameterException", f"A resource can have at most {_MAX_TAGS} tags.")
    call.changed = tags != number.tags
    number.tags = tags
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    """Remove tags. A tag that does not exist is not an error."""
    number = call.find_number(call.parameters["resourceArn"])
    for key in call.parameters["tagKeys"]:
        call.changed |= number.tags.pop(key, None) is not None
    return {}


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    """Return the tags."""
    return {"tags": call.shown(call.find_number(call.parameters["resourceArn"])).tags}


def associate_phone_number_contact_flow(call: Call) -> dict[str, Any]:
    """Let an instance's flow handle the number's calls."""
    number, instance_id = _number_and_instance(call)
    flow_id = call.parameters["ContactFlowId"]
    instance = call.find_instance(instance_id)
    if flow_id not in instance.flows and not call.settings.accept_unknown_flows:
        raise service_error("ResourceNotFoundException", f"Flow not found: {flow_id}")
    call.changed = number.contact_flows.get(instance_id) != flow_id
    number.contact_flows[instance_id] = flow_id
    return {}


def disassociate_phone_number_contact_flow(call: Call) -> dict[str, Any]:
    """Remove the flow of an instance from the number. It is not an error if there is none."""
    number, instance_id = _number_and_instance(call)
    call.changed = number.contact_flows.pop(instance_id, None) is not None
    return {}


def _number_and_instance(call: Call) -> tuple[ClaimedNumber, str]:
    number = call.find_number(call.parameters["PhoneNumberId"])
    instance_id = str(call.parameters["InstanceId"])
    call.find_instance(instance_id)
    if number.workflow is not None or number.held_until is not None:
        raise service_error("InvalidParameterException", f"Phone number is not claimed yet: {number.arn}")
    target = call.registry.targets[number.target_arn]
    if target.instance_id not in (None, instance_id):
        raise service_error(
            "InvalidParameterException",
            f"Phone number {number.arn} is not claimed to instance {instance_id}",
        )
    return number, instance_id
