"""The flow that takes a number's calls, through all that can happen to it."""

from collections.abc import Mapping
from typing import Any

from local_aws.launcher import REGION, LocalAws

from .number_stack import INSTANCE_ARN, NumberStack, flow_arn


def test_flow_is_put_back_after_a_move_then_changed_then_removed(
    local_aws: LocalAws, number_stack: NumberStack
) -> None:
    group = local_aws.connect.call("POST", "traffic-distribution-groups", region=REGION, other_region="us-west-2")
    first, second = flow_arn(INSTANCE_ARN, 1), flow_arn(INSTANCE_ARN, 2)
    assert number_stack.submit(contact_flow_arn=first).status == "CREATE_COMPLETE"
    (before,) = number_stack.numbers()

    # Connect drops the association when a number moves, also where the flow may stay the same.
    assert number_stack.submit(target_arn=group, contact_flow_arn=first).status == "UPDATE_COMPLETE"
    (moved,) = number_stack.numbers()
    assert (moved["arn"], moved["target_arn"]) == (before["arn"], group)
    assert _flow_ids(moved) == [first[-1]]

    assert number_stack.submit(target_arn=group, contact_flow_arn=second).status == "UPDATE_COMPLETE"
    (changed,) = number_stack.numbers()
    assert _flow_ids(changed) == [second[-1]]

    assert number_stack.submit(target_arn=group).status == "UPDATE_COMPLETE"
    (without,) = number_stack.numbers()
    assert without["arn"] == before["arn"]
    assert _flow_ids(without) == []


def _flow_ids(number: Mapping[str, Any]) -> list[str]:
    return [flow[-1] for flow in number["contact_flows"].values()]
