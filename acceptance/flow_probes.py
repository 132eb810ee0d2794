"""Probes how BatchGetFlowAssociation works for a phone number, with which a flow is briefly associated."""

from collections.abc import Callable
from typing import Any, Final

from .asking import Members, Reply
from .assumptions import in_words
from .probes import Context, Finding, Probe, Stage

_NAMES: Final = in_words("BatchGetFlowAssociation takes a phone number's ARN")
_LIST: Final = "FlowAssociationSummaryList"
_PATIENCE_SECONDS: Final = 60
_PAUSE_SECONDS: Final = 5.0


def flow_association(context: Context) -> Finding:
    """Ask for the number's flow by the number's id and ARN: before it has a flow, while it has one, and afterwards."""
    number, asker = context.number, context.asker
    instance_id = number.instance_id
    if instance_id is None:
        return Finding(False, "The number belongs to a traffic distribution group: no instance was named.")

    def ask(label: str, name: str) -> Reply:
        return asker.ask(
            label,
            "BatchGetFlowAssociation",
            InstanceId=instance_id,
            ResourceIds=[name],
            ResourceType="VOICE_PHONE_NUMBER",
        )

    before = ask("no flow, by ARN", number.arn), ask("no flow, by id", number.id)
    if any(_summaries(reply) for reply in before):
        return Finding(False, "The number has a flow already, which is left alone.")
    flow_id = context.contact_flow_arn.rpartition("/")[2] or _some_flow(context, instance_id)
    if not flow_id:
        return Finding(False, f"No flow could be found to associate. {_without_flow(before)}")
    associated = asker.ask(
        "associated",
        "AssociatePhoneNumberContactFlow",
        PhoneNumberId=number.id,
        InstanceId=instance_id,
        ContactFlowId=flow_id,
    )
    if associated.response is None:
        return Finding(False, f"A flow could not be associated: {associated.outcome}. {_without_flow(before)}")
    try:
        waited = 0.0
        while not _summaries(ask("a flow, by ARN", number.arn)) and not _summaries(ask("a flow, by id", number.id)):
            if waited >= _PATIENCE_SECONDS:
                break
            asker.sleep(_PAUSE_SECONDS)
            waited += _PAUSE_SECONDS
        # Ask again, now that the association is visible: the last response of each label counts.
        found = ask("a flow, by ARN", number.arn), ask("a flow, by id", number.id)
        asker.ask(
            "all flows",
            "ListFlowAssociations",
            keep=_alone(number.id),
            InstanceId=instance_id,
            ResourceType="VOICE_PHONE_NUMBER",
        )
    finally:
        asker.ask("dissociated", "DisassociatePhoneNumberContactFlow", PhoneNumberId=number.id, InstanceId=instance_id)
    is_settled = any(_summaries(reply) for reply in found)
    return Finding(
        is_settled, f"By ARN: {_with_flow(found[0])}. By id: {_with_flow(found[1])}. {_without_flow(before)}"
    )


def _some_flow(context: Context, instance_id: str) -> str:
    """Return the id of one of the instance's flows. The flows' names are not kept."""
    ids: list[str] = []

    def keep(response: Members) -> Members:
        ids.extend(str(flow["Id"]) for flow in response.get("ContactFlowSummaryList", []))
        return {}

    context.asker.ask(
        "flows of the instance",
        "ListContactFlows",
        keep=keep,
        InstanceId=instance_id,
        ContactFlowTypes=["CONTACT_FLOW"],
    )
    return ids[0] if ids else ""


def _summaries(reply: Reply) -> list[Any]:
    return list((reply.response or {}).get(_LIST, []))


def _without_flow(replies: tuple[Reply, Reply]) -> str:
    texts = [reply.outcome if reply.response is None else "an empty list" for reply in replies]
    return f"Without a flow, by ARN: {texts[0]}; by id: {texts[1]}."


def _with_flow(reply: Reply) -> str:
    if reply.response is None:
        return reply.outcome
    found = _summaries(reply)
    if not found:
        return "an empty list"
    names = [_kind(str(found[0].get(member, ""))) for member in ("ResourceId", "FlowId")]
    return f"ResourceId is {names[0]}, FlowId is {names[1]}"


def _kind(name: str) -> str:
    return "an ARN" if name.startswith("arn:") else "an id" if name else "missing"


def _alone(number_id: str) -> Callable[[Members], Members]:
    def keep(response: Members) -> Members:
        found = response.get(_LIST, [])
        return {_LIST: [one for one in found if str(one.get("ResourceId", "")).endswith(number_id)]}

    return keep


PROBES: Final = (
    Probe(
        "flow-association",
        _NAMES,
        Stage.CLAIMED,
        (
            "connect:BatchGetFlowAssociation",
            "connect:ListContactFlows",
            "connect:AssociatePhoneNumberContactFlow",
            "connect:ListFlowAssociations",
            "connect:DisassociatePhoneNumberContactFlow",
        ),
        flow_association,
    ),
)
