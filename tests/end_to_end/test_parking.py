"""A number that is kept for some time after its stack has been destroyed."""

import json
import time
from datetime import UTC, datetime
from typing import Any, Final

from aws_cdk import Duration

from local_aws.launcher import REGION, LocalAws
from stacks.phone_number_provider_stack import PARAMETER_NAME

from .number_stack import INSTANCE_ARN, NumberStack, flow_arn

_PARKED_TAG: Final = "cdk-connect-phone-number:parked-until"
_DAY: Final = 86_400
_SECONDS: Final = 60.0


def test_destroyed_stack_gets_its_number_back_until_the_time_is_up(
    local_aws: LocalAws, number_stack: NumberStack
) -> None:
    flow = flow_arn(INSTANCE_ARN, 1)
    assert number_stack.submit(release_delay=Duration.days(3), contact_flow_arn=flow).status == "CREATE_COMPLETE"
    (first,) = number_stack.numbers()
    assert len(first["contact_flows"]) == 1

    before = time.time()
    assert number_stack.remove().status == "DELETE_COMPLETE"
    _sweep(local_aws)
    (parked,) = number_stack.numbers()
    assert (parked["arn"], parked["contact_flows"]) == (first["arn"], {})
    until = datetime.strptime(parked["tags"][_PARKED_TAG], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    # The tag has no fractions of a second.
    assert before - 1 <= until.timestamp() - 3 * _DAY <= time.time()

    assert number_stack.submit(release_delay=Duration.days(3), contact_flow_arn=flow).status == "CREATE_COMPLETE"
    assert number_stack.output("PhoneNumber") == first["phone_number"]
    (taken,) = number_stack.numbers()
    assert (taken["arn"], taken["contact_flows"]) == (first["arn"], first["contact_flows"])
    assert _PARKED_TAG not in taken["tags"]
    claims = local_aws.connect.audit("ClaimPhoneNumber")
    assert sum(claim["phone_number_arn"] == first["arn"] for claim in claims) == 1

    # The clock is the real one, so the time must be short. It counts because it comes with a later deployment: the one
    # that took the number could still be rolled back, which would park the number until the earlier time.
    assert number_stack.submit(release_delay=Duration.seconds(1), contact_flow_arn=flow).status == "UPDATE_COMPLETE"
    assert number_stack.remove().status == "DELETE_COMPLETE"
    deadline = time.monotonic() + _SECONDS
    while number_stack.numbers():
        assert time.monotonic() < deadline, "the number is not released"
        _sweep(local_aws)
    (released,) = [number for number in local_aws.connect.numbers() if number["arn"] == first["arn"]]
    assert released["status"] == "RELEASED"
    # Nothing but the tag shows for certain that it was parked first, as MiniStack runs the schedule, too.
    assert _PARKED_TAG in released["tags"]


def test_number_of_a_failed_creation_is_taken_by_the_corrected_deployment(
    local_aws: LocalAws, number_stack: NumberStack
) -> None:
    used_before, _ = local_aws.connect.call("POST", "allowance", region=REGION)
    delay = Duration.days(3)
    unknown_flow = flow_arn(INSTANCE_ARN, 9)
    assert number_stack.submit(release_delay=delay, contact_flow_arn=unknown_flow).status == "ROLLBACK_COMPLETE"
    (parked,) = number_stack.numbers()
    assert _PARKED_TAG in parked["tags"]
    assert number_stack.remove().status == "DELETE_COMPLETE"

    assert number_stack.submit(release_delay=delay).status == "CREATE_COMPLETE"

    assert number_stack.output("PhoneNumberArn") == parked["arn"]
    used_after, _ = local_aws.connect.call("POST", "allowance", region=REGION)
    assert used_after - used_before == 1
    # Nothing is to stay behind for other tests.
    assert number_stack.submit(release_delay=Duration.days(0)).status == "UPDATE_COMPLETE"
    assert number_stack.remove().status == "DELETE_COMPLETE"
    assert [release["outcome"] for release in number_stack.releases(parked["arn"])] == ["ok"]


def _sweep(local_aws: LocalAws) -> None:
    """Do what the schedule does every five minutes."""
    session: Any = local_aws.session()
    ssm = session.client("ssm", endpoint_url=local_aws.endpoint_url)
    function = ssm.get_parameter(Name=PARAMETER_NAME)["Parameter"]["Value"]
    client = session.client("lambda", endpoint_url=local_aws.endpoint_url)
    reply = client.invoke(FunctionName=function, Payload=json.dumps({"action": "sweep"}).encode())
    assert "FunctionError" not in reply, reply["Payload"].read().decode()
