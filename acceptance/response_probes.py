"""Probes that need their own stack: what response URLs look like, and whether IAM sees a number's tags."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.json_types import as_mapping

from .asking import Asker, Members
from .assumptions import in_words
from .probe_stack import KEPT, LOG_GROUP_OUTPUT, REMOVED, ROLE_OUTPUT
from .probes import Context, Finding, Probe, Stage
from .stacks import AcceptanceStacks

_URL_ANEW: Final = in_words("A presigned URL is signed anew for each request")
_SIGNING_TIME: Final = in_words("The URL carries its signing time")
_CLOCK: Final = in_words("CloudFormation's events of a root stack say when a deployment has succeeded")
_SEEN_TAGS: Final = "Connect lets IAM see the tags of a number (`aws:ResourceTag`) in TagResource and UntagResource."

_LOG: Final = ("logs:FilterLogEvents",)
_PROBE_TAG: Final = "acceptance-probe"
_PATIENCE_SECONDS: Final = 90
_PAUSE_SECONDS: Final = 5.0
_DELIVERIES: Final = 3
"""The deliveries of two creations, one of which is delivered twice."""
_NOT_THERE: Final = Finding(False, "The stack of the probes is not there.")

_Delivery = Mapping[str, Any]


class ResponseProbes:
    """The probes that deploy their own stack and examine what its function and its role have seen.

    Parameters
    ----------
    stacks : AcceptanceStacks
        The stacks of the run.
    """

    def __init__(self, stacks: AcceptanceStacks) -> None:
        self._stacks = stacks

    def probes(self) -> tuple[Probe, ...]:
        """Return all of these probes. The first one deploys the stack."""
        return (
            Probe("response-url", _SIGNING_TIME, Stage.ADOPTED, _LOG, self.response_url),
            Probe("response-url-redelivered", _URL_ANEW, Stage.ADOPTED, _LOG, self.redelivery),
            Probe(
                "clock-of-events",
                _CLOCK,
                Stage.ADOPTED,
                (*_LOG, "cloudformation:DescribeStackEvents"),
                self.clock_of_events,
            ),
            Probe(
                "tags-seen-by-iam",
                _SEEN_TAGS,
                Stage.ADOPTED,
                ("sts:AssumeRole", "connect:DescribePhoneNumber", "connect:TagResource", "connect:UntagResource"),
                self.tags_seen_by_iam,
            ),
        )

    def response_url(self, context: Context) -> Finding:
        """Deploy the stack, and read what its function has seen of the response URLs."""
        provider_id = context.number.tags.get(contract.PROVIDER_TAG, "")
        if self._stacks.deploy_probes(provider_id, has_resources=True).exit_code != 0:
            return Finding(False, "The stack of the probes could not be deployed.")
        seen = self._deliveries(context.asker)
        if not seen:
            return Finding(False, "The log of the function that looks at the URLs could not be read, or had nothing.")
        is_dated = all(one["signed_at"] is not None for one in seen)
        return Finding(
            True,
            f"{'With' if is_dated else 'WITHOUT'} a signing time, with a lifetime of "
            f"{seen[0]['X-Amz-Expires'] or 'unknown'} seconds, with the parameters {', '.join(seen[0]['parameters'])}.",
        )

    def redelivery(self, context: Context) -> Finding:
        """Check whether a request that was delivered twice had the same URL, and two requests had different URLs."""
        if not self._stacks.exists(self._stacks.probes):
            return _NOT_THERE
        seen = self._deliveries(context.asker)
        kept = [one["url"] for one in seen if one["resource"] == KEPT]
        removed = [one["url"] for one in seen if one["resource"] == REMOVED]
        if len(kept) < 2 or not removed:
            return Finding(False, "No request was delivered twice.")
        alike = "the same URL" if len(set(kept)) == 1 else "ANOTHER URL"
        apart = "another one" if set(kept).isdisjoint(removed) else "THE SAME ONE"
        return Finding(True, f"A request that is delivered again has {alike}; another request has {apart}.")

    def clock_of_events(self, context: Context) -> Finding:
        """Compare the time when a request was signed with the event that shows when the request began."""
        if not self._stacks.exists(self._stacks.probes):
            return _NOT_THERE
        signed = [one["signed_at"] for one in self._deliveries(context.asker) if one["resource"] == REMOVED]
        began: list[float] = []

        def keep(response: Members) -> Members:
            meant = [event for event in response.get("StackEvents", []) if event.get("LogicalResourceId") == REMOVED]
            # The oldest event comes last.
            began.extend(event["Timestamp"].timestamp() for event in meant[-1:] if _has_time(event))
            return {"StackEvents": [{"ResourceStatus": event.get("ResourceStatus")} for event in meant]}

        context.asker.ask(
            "events", "DescribeStackEvents", service="cloudformation", keep=keep, StackName=self._stacks.probes
        )
        if not began or not signed or signed[0] is None:
            return Finding(False, "The time of the event or of the signature is not known.")
        return Finding(True, f"Signed {signed[0] - began[0]:.1f} seconds after the first event of the resource.")

    def tags_seen_by_iam(self, context: Context) -> Finding:
        """Tag and untag the number with a role that may do so only if IAM sees the number's tags."""
        if not self._stacks.exists(self._stacks.probes):
            return _NOT_THERE
        arn, asker = context.number.arn, context.asker
        client = self._stacks.connect_of_role(self._stacks.probe_output(ROLE_OUTPUT))
        try:
            if not _is_allowed_in_time(asker, client, arn):
                return Finding(
                    False, "The role may not even describe the number, which AWS documents as depending on tags."
                )
            calls: tuple[tuple[str, dict[str, Any]], ...] = (
                ("TagResource", {"resourceArn": arn, "tags": {_PROBE_TAG: "1"}}),
                ("UntagResource", {"resourceArn": arn, "tagKeys": [_PROBE_TAG]}),
            )
            outcomes = [
                asker.ask(f"{operation}, where the tags must be seen", operation, client=client, **parameters)
                for operation, parameters in calls
            ]
        finally:
            asker.ask("cleaned up", "UntagResource", resourceArn=arn, tagKeys=[_PROBE_TAG])
        is_settled = all(one.response is not None or one.error_code.startswith("AccessDenied") for one in outcomes)
        words = " ".join(f"{one.operation}: {one.outcome}." for one in outcomes)
        return Finding(is_settled, f"{words} Where it is answered, IAM sees the tags.")

    def _deliveries(self, asker: Asker) -> list[_Delivery]:
        """Return what the function has logged for each delivery, the oldest first."""
        log_group = self._stacks.probe_output(LOG_GROUP_OUTPUT)
        waited = 0.0
        while True:
            seen: list[_Delivery] = []

            def keep(response: Members, seen: list[_Delivery] = seen) -> Members:
                events = sorted(response.get("events", []), key=lambda event: event.get("timestamp", 0))
                seen.extend(one for event in events for one in _seen(str(event.get("message", ""))))
                return {"deliveries": _without_digests(seen)}

            asker.ask("log of the function", "FilterLogEvents", service="logs", keep=keep, logGroupName=log_group)
            if len(seen) >= _DELIVERIES or waited >= _PATIENCE_SECONDS:
                return seen
            asker.sleep(_PAUSE_SECONDS)
            waited += _PAUSE_SECONDS


def _seen(line: str) -> Iterator[_Delivery]:
    """Yield the delivery that the log line describes, if there is one."""
    _, opening, rest = line.partition('{"response_url"')
    try:
        whole = as_mapping(json.loads(opening + rest)) if opening else None
    except ValueError:
        return
    if whole is not None:
        yield whole["response_url"]


def _without_digests(seen: list[_Delivery]) -> list[_Delivery]:
    """Return the deliveries with ordinal numbers instead of digests, and with times relative to the first signature."""
    ordinals: dict[str, dict[str, int]] = {"url": {}, "request": {}}
    first = min((one["signed_at"] for one in seen if one["signed_at"] is not None), default=0)
    found: list[_Delivery] = []
    for one in seen:
        numbers = {name: digests.setdefault(one[name], len(digests) + 1) for name, digests in ordinals.items()}
        time = None if one["signed_at"] is None else one["signed_at"] - first
        found.append({**one, **numbers, "signed_at": time})
    return found


def _is_allowed_in_time(asker: Asker, client: Any, arn: str) -> bool:
    """Wait until the new role works everywhere. A call that is documented to work with it shows this."""
    waited = 0.0
    while True:
        reply = asker.ask(
            "DescribePhoneNumber, where the tags must be seen",
            "DescribePhoneNumber",
            client=client,
            keep=_nothing,
            PhoneNumberId=arn,
        )
        if reply.response is not None or waited >= _PATIENCE_SECONDS:
            return reply.response is not None
        asker.sleep(_PAUSE_SECONDS)
        waited += _PAUSE_SECONDS


def _nothing(response: Members) -> Members:
    del response
    return {}


def _has_time(event: Members) -> bool:
    return isinstance(event.get("Timestamp"), datetime)
