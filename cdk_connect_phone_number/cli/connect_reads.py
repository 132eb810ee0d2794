"""The calls to Amazon Connect, all of which only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .function_code import errors, gateway
from .pacing import Pacer
from .problems import Problem, explain, is_about_credentials

MAX_FLOW_IDS: Final = 100
"""How many numbers one BatchGetFlowAssociation takes.

https://docs.aws.amazon.com/connect/latest/APIReference/API_BatchGetFlowAssociation.html
"""
_LIST_PAGE: Final = 1000
"""https://docs.aws.amazon.com/connect/latest/APIReference/API_ListPhoneNumbersV2.html"""
_GROUP_PAGE: Final = 10
"""https://docs.aws.amazon.com/connect/latest/APIReference/API_ListTrafficDistributionGroups.html"""
_TRIES: Final = 9
_METHODS: Final = {
    "BatchGetFlowAssociation": "batch_get_flow_association",
    "DescribePhoneNumber": "describe_phone_number",
    "ListPhoneNumbersV2": "list_phone_numbers_v2",
    "ListTrafficDistributionGroups": "list_traffic_distribution_groups",
}


class NotRead(Exception):
    """Connect does not tell. The message says why, and what to do."""


@dataclass(frozen=True)
class ListedNumber:
    """A number as ListPhoneNumbersV2 returns it."""

    arn: str
    phone_number: str
    country_code: str
    type: str
    target_arn: str
    description: str


@dataclass(frozen=True)
class Group:
    """A traffic distribution group."""

    arn: str
    instance_arn: str


class ConnectReads:
    """Reads from Amazon Connect at the pace of its throttle.

    Each method repeats a call that Connect throttles, or that fails inside Connect, for about a minute. It raises
    ``NotRead`` if Connect does not answer, and ``Problem`` if no call can succeed.
    """

    def __init__(self, client: Any, pacer: Pacer) -> None:
        self._client = client
        self._pacer = pacer

    def numbers(self, target_arn: str = "") -> list[ListedNumber]:
        """Return the numbers of a target, or those of all instances of the account and Region.

        Numbers of a traffic distribution group are promised only if the group is named. A group that does not exist,
        or not yet, has none.
        """
        target = {"TargetArn": target_arn} if target_arn else {}
        found: list[ListedNumber] = []
        token: dict[str, str] = {}
        while True:
            response = self._call("ListPhoneNumbersV2", {**target, **token, "MaxResults": _LIST_PAGE})
            if response is None:
                return found
            found += [
                ListedNumber(
                    arn=entry["PhoneNumberArn"],
                    phone_number=entry.get("PhoneNumber", ""),
                    country_code=entry.get("PhoneNumberCountryCode", ""),
                    type=entry.get("PhoneNumberType", ""),
                    target_arn=entry.get("TargetArn", ""),
                    description=entry.get("PhoneNumberDescription", ""),
                )
                for entry in response.get("ListPhoneNumbersSummaryList", [])
            ]
            if not response.get("NextToken"):
                return found
            token = {"NextToken": response["NextToken"]}

    def groups(self) -> list[Group]:
        """Return the traffic distribution groups of the account and Region."""
        found: list[Group] = []
        token: dict[str, str] = {}
        while True:
            response = self._call("ListTrafficDistributionGroups", {**token, "MaxResults": _GROUP_PAGE}) or {}
            found += [
                Group(entry["Arn"], entry.get("InstanceArn", ""))
                for entry in response.get("TrafficDistributionGroupSummaryList", [])
            ]
            if not response.get("NextToken"):
                return found
            token = {"NextToken": response["NextToken"]}

    def has_target(self, target_arn: str) -> bool:
        """Return whether an instance or traffic distribution group exists in this account and Region."""
        return self._call("ListPhoneNumbersV2", {"TargetArn": target_arn, "MaxResults": 1}) is not None

    def flows(self, instance_arn: str, arns: Sequence[str]) -> dict[str, str]:
        """Return the ARN of the flow with which an instance answers each of at most ``MAX_FLOW_IDS`` numbers."""
        instance_id = instance_arn.rpartition("/")[2]
        parameters = {"InstanceId": instance_id, "ResourceIds": list(arns), "ResourceType": "VOICE_PHONE_NUMBER"}
        response = self._call("BatchGetFlowAssociation", parameters) or {}
        flows = gateway.flows_by_number_id(response, instance_arn)
        return {arn: flows[arn.rpartition("/")[2]] for arn in arns if arn.rpartition("/")[2] in flows}

    def describe(self, arn: str) -> gateway.PhoneNumberState | None:
        """Return a number's state, or ``None`` if Connect does not know the number."""
        response = self._call("DescribePhoneNumber", {"PhoneNumberId": arn})
        return None if response is None else gateway.PhoneNumberState.of(response["ClaimedPhoneNumberSummary"], arn)

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Call an operation. ``None`` means that Connect does not know what the call names."""
        method = getattr(self._client, _METHODS[operation])
        for retry in range(_TRIES):
            self._pacer.wait(operation)
            try:
                response: Mapping[str, Any] = method(**parameters)
                return response
            except (ClientError, BotoCoreError) as error:
                kind = errors.classify_error(operation, error).kind
                if kind is errors.ErrorKind.NOT_FOUND:
                    return None
                if is_about_credentials(error):
                    raise Problem(explain("connect", error)) from error
                is_passing = kind in (errors.ErrorKind.THROTTLED, errors.ErrorKind.UNCERTAIN)
                if not is_passing or retry == _TRIES - 1:
                    raise NotRead(explain("connect", error)) from error
            self._pacer.back_off(operation, retry)
        raise AssertionError("unreachable")
