"""The operations that create and delete flows, as far as phone numbers need flows: that they exist.

A flow's name and content are not checked. Connect's documentation does not say what happens to a number whose flow is
deleted; here, the number keeps it.
"""

from typing import Any

from .call import Call
from .model import service_error


def create_contact_flow(call: Call) -> dict[str, Any]:
    """Add a flow to an instance."""
    instance = call.find_instance(call.parameters["InstanceId"])
    flow_id = call.registry.new_id()
    instance.flows.add(flow_id)
    call.changed = True
    return {"ContactFlowId": flow_id, "ContactFlowArn": f"{instance.arn}/contact-flow/{flow_id}"}


def delete_contact_flow(call: Call) -> dict[str, Any]:
    """Remove a flow from an instance."""
    instance = call.find_instance(call.parameters["InstanceId"])
    flow_id = call.parameters["ContactFlowId"]
    if flow_id not in instance.flows:
        raise service_error("ResourceNotFoundException", f"Flow not found: {flow_id}")
    instance.flows.remove(flow_id)
    call.changed = True
    return {}
