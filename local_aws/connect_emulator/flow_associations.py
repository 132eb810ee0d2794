"""The operations that return the flow that an instance associates with a number.

Connect's documentation does not say how the responses name the number and the flow, or what happens for a resource that
does not exist. A setting controls the first. For the second, such a resource is left out, like a number without a flow.
"""

from typing import Any, Final

from .call import Call
from .paging import next_token, start_of_page
from .state import ClaimedNumber, Target

_VOICE: Final = "VOICE_PHONE_NUMBER"
_LIST_PAGE: Final = 1000


def batch_get_flow_association(call: Call) -> dict[str, Any]:
    """Return the flows of numbers named by id or ARN, in the order of the request."""
    instance = call.find_instance(call.parameters["InstanceId"])
    associations: list[dict[str, Any]] = []
    if _is_about_numbers(call):
        for identifier in call.parameters["ResourceIds"]:
            number = call.registry.find(call.scope, identifier, call.now)
            if number is not None and instance.instance_id in call.shown(number).contact_flows:
                associations.append(_association(call, instance, number))
    return {"FlowAssociationSummaryList": associations}


def list_flow_associations(call: Call) -> dict[str, Any]:
    """Return the flows of all numbers with which the instance associates one, the oldest claim first."""
    instance = call.find_instance(call.parameters["InstanceId"])
    start = start_of_page(call.parameters)
    size = call.parameters.get("MaxResults", _LIST_PAGE)
    numbers: list[ClaimedNumber] = []
    if _is_about_numbers(call):
        # Not only the numbers of the caller's Region: a group's number has a flow in the other Region, too.
        numbers = [
            number
            for number in call.registry.history
            if number.sequence > start
            and call.registry.find(call.scope, number.arn, call.now) is not None
            and instance.instance_id in call.shown(number).contact_flows
        ]
    page = numbers[:size]
    response: dict[str, Any] = {"FlowAssociationSummaryList": [_association(call, instance, number) for number in page]}
    if len(numbers) > size:
        response["NextToken"] = next_token(call.parameters, page[-1].sequence)
    return response


def _is_about_numbers(call: Call) -> bool:
    return call.parameters.get("ResourceType") in (None, _VOICE)


def _association(call: Call, instance: Target, number: ClaimedNumber) -> dict[str, Any]:
    flow_id = call.shown(number).contact_flows[instance.instance_id or ""]
    flow_arn = f"{instance.arn}/contact-flow/{flow_id}"
    return {
        "ResourceId": number.arn if call.settings.flow_association_resource_id == "arn" else number.id,
        "FlowId": flow_arn if call.settings.flow_association_flow_id == "arn" else flow_id,
        "ResourceType": _VOICE,
    }
