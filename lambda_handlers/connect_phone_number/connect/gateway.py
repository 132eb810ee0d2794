"""The calls to Amazon Connect, with retries for transient errors.

https://docs.aws.amazon.com/connect/latest/APIReference/API_Operations_Amazon_Connect_Service.html
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from .. import rules
from ..claim import Settings, Specification
from ..hints.pacing import Pacing
from ..timing import Timing
from .errors import ConnectError, ErrorKind, classify_error

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

_DENIED_PATIENCE_SECONDS: Final = 20
"""How long a new role may take to be known everywhere."""
_IN_USE_PATIENCE_SECONDS: Final = 60
_SEARCH_PREFIX_LENGTH: Final = 12
"""``+`` and 11 digits: the longest prefix that the API accepts. It is shorter than the longest phone number."""


@dataclass(frozen=True)
class PhoneNumberState:
    """What DescribePhoneNumber returns for a number."""

    phone_number: str
    arn: str
    status: str
    """``CLAIMED``, ``IN_PROGRESS`` or ``FAILED``."""
    message: str
    country_code: str
    type: str
    target_arn: str
    description: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, summary: Mapping[str, Any], arn: str) -> Self:
        """Return the state that a response's ``ClaimedPhoneNumberSummary`` describes."""
        status = summary.get("PhoneNumberStatus", {})
        return cls(
            phone_number=summary.get("PhoneNumber", ""),
            arn=summary.get("PhoneNumberArn", arn),
            status=status.get("Status", ""),
            message=status.get("Message", ""),
            country_code=summary.get("PhoneNumberCountryCode", ""),
            type=summary.get("PhoneNumberType", ""),
            target_arn=summary.get("TargetArn", ""),
            description=summary.get("PhoneNumberDescription", ""),
            tags=summary.get("Tags", {}),
        )


def flows_by_number_id(response: Mapping[str, Any], instance_arn: str) -> dict[str, str]:
    """Return the ARNs of the flows in a response of BatchGetFlowAssociation, by the ids of their numbers."""
    flows: dict[str, str] = {}
    for summary in response.get("FlowAssociationSummaryList", []):
        # The documentation does not say whether Connect returns the flow's id or its ARN.
        flow_id = str(summary.get("FlowId", "")).rpartition("/")[2]
        if flow_id:
            flows.setdefault(
                str(summary.get("ResourceId", "")).rpartition("/")[2], f"{instance_arn}/contact-flow/{flow_id}"
            )
    return flows


@dataclass(frozen=True)
class Page:
    """One page of a search."""

    phone_numbers: tuple[str, ...]
    next_token: str


class Connect:
    """Amazon Connect in one Region.

    A call is retried for as long as ``timing`` allows if Connect throttles it, if the service fails, or while the
    target is still being created. It is retried for a short while if it is denied or if the number is in use. Every
    other error is raised as ``ConnectError`` at once.
    """

    def __init__(self, client: "ConnectClient", timing: Timing, pacing: Pacing) -> None:
        self._client = client
        self._timing = timing
        self.pacing = pacing
        self.claimed_at: float | None = None
        """When Connect accepted the claim of this invocation, by the clock."""
        self.was_uncertain = False
        """Whether a call has ended without a clear response, so that it may still take effect."""
        self._check = _nothing

    def search(self, specification: Specification, target_arn: str, next_token: str) -> Page:
        """Return a page of numbers that can be claimed."""
        parameters: dict[str, Any] = {
            "TargetArn": target_arn,
            "PhoneNumberCountryCode": specification.country_code,
            "PhoneNumberType": specification.type,
            "MaxResults": 10,
        }
        if specification.prefix:
            parameters["PhoneNumberPrefix"] = specification.prefix
        if next_token:
            parameters["NextToken"] = next_token
        response = self._call("SearchAvailablePhoneNumbers", parameters)
        found = response.get("AvailableNumbersList", [])
        return Page(tuple(entry["PhoneNumber"] for entry in found), response.get("NextToken", ""))

    def claim(
        self,
        phone_number: str,
        settings: Settings,
        tags: Mapping[str, str],
        token: str,
        is_needed: Callable[[], bool],
    ) -> str:
        """Claim a number and return its ARN. Connect has accepted the claim but not finished it.

        ``is_needed`` is called before each try, because throttling may outlast the need for the number.
        """
        parameters = {
            "TargetArn": settings.target_arn,
            "PhoneNumber": phone_number,
            "PhoneNumberDescription": settings.description,
            "Tags": dict(tags),
            "ClientToken": token,
        }
        arn = str(self._call("ClaimPhoneNumber", parameters, is_needed)["PhoneNumberArn"])
        self.claimed_at = self._timing.clock()
        return arn

    def import_number(
        self,
        source_arn: str,
        settings: Settings,
        tags: Mapping[str, str],
        token: str,
        is_needed: Callable[[], bool],
    ) -> str:
        """Import a number from AWS End User Messaging and return its ARN. ``is_needed`` is as for ``claim``."""
        parameters = {
            "InstanceId": rules.instance_id_of(settings.target_arn),
            "SourcePhoneNumberArn": source_arn,
            "PhoneNumberDescription": settings.description,
            "Tags": dict(tags),
            "ClientToken": token,
        }
        return str(self._call("ImportPhoneNumber", parameters, is_needed)["PhoneNumberArn"])

    def describe(self, arn: str) -> PhoneNumberState | None:
        """Return a number's state, or ``None`` if Connect does not know it (yet, or any longer, or in this Region)."""
        try:
            # The ARN is used because the other Region of a traffic distribution group does not know the id.
            response = self._call("DescribePhoneNumber", {"PhoneNumberId": arn})
        except ConnectError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return PhoneNumberState.of(response["ClaimedPhoneNumberSummary"], arn)

    def find(self, phone_number: str, target_arn: str) -> str | None:
        """Return the ARN of a number that this account holds in this Region, or ``None``.

        Connect promises to list the numbers of a traffic distribution group only if the call names the group.
        https://docs.aws.amazon.com/connect/latest/APIReference/API_ListPhoneNumbersV2.html
        """
        prefix = {"PhoneNumberPrefix": phone_number[:_SEARCH_PREFIX_LENGTH]}
        if rules.instance_id_of(target_arn) is None:
            try:
                arn = self._find({**prefix, "TargetArn": target_arn}, "PhoneNumber", phone_number)
            except ConnectError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                arn = None
            if arn is not None:
                return arn
        return self._find(prefix, "PhoneNumber", phone_number)

    def find_imported(self, source_arn: str) -> str | None:
        """Return the ARN of the number that was imported from ``source_arn``, or ``None``."""
        return self._find({}, "SourcePhoneNumberArn", source_arn)

    def _find(self, parameters: dict[str, Any], member: str, value: str) -> str | None:
        while True:
            response = self._call("ListPhoneNumbersV2", parameters)
            for entry in response.get("ListPhoneNumbersSummaryList", []):
                if entry.get(member) == value:
                    return str(entry["PhoneNumberArn"])
            if not response.get("NextToken"):
                return None
            parameters = {**parameters, "NextToken": response["NextToken"]}

    def flow_of(self, arn: str, instance_arn: str) -> str:
        """Return the ARN of the flow with which an instance answers a number. Empty if there is none.

        https://docs.aws.amazon.com/connect/latest/APIReference/API_BatchGetFlowAssociation.html
        """
        response = self._call(
            "BatchGetFlowAssociation",
            {
                "InstanceId": rules.instance_id_of(instance_arn),
                "ResourceIds": [arn],
                "ResourceType": "VOICE_PHONE_NUMBER",
            },
        )
        return flows_by_number_id(response, instance_arn).get(_id(arn), "")

    def release(self, arn: str, token: str, permit: Callable[[], None]) -> None:
        """Release a number. It cannot be claimed again for up to 180 days.

        Parameters
        ----------
        permit
            Called before each try. Raises an exception if the release is not permitted.
        """

        def is_needed() -> bool:
            permit()
            return True

        self._call("ReleasePhoneNumber", {"PhoneNumberId": _id(arn), "ClientToken": token}, is_needed)

    def move(self, arn: str, target_arn: str, token: str) -> None:
        """Move a number to another instance or traffic distribution group. The move is asynchronous."""
        self._call(
            "UpdatePhoneNumber",
            {"PhoneNumberId": _id(arn), "TargetArn": target_arn, "ClientToken": token},
        )

    def describe_as(self, arn: str, description: str, token: str) -> None:
        """Change a number's description."""
        self._call(
            "UpdatePhoneNumberMetadata",
            {
                "PhoneNumberId": _id(arn),
                "PhoneNumberDescription": description,
                "ClientToken": token,
            },
        )

    def tag(self, arn: str, tags: Mapping[str, str], is_needed: Callable[[], bool] = lambda: True) -> None:
        """Add or change tags. ``is_needed`` is as for ``claim``."""
        self._call("TagResource", {"resourceArn": arn, "tags": dict(tags)}, is_needed)

    def untag(self, arn: str, keys: list[str]) -> None:
        """Remove tags."""
        for start in range(0, len(keys), rules.MAX_TAGS):
            self._call("UntagResource", {"resourceArn": arn, "tagKeys": keys[start : start + rules.MAX_TAGS]})

    def associate(self, arn: str, contact_flow_arn: str) -> None:
        """Let a flow answer calls to the number."""
        instance, flow = rules.contact_flow_ids(contact_flow_arn)
        self._call(
            "AssociatePhoneNumberContactFlow",
            {"PhoneNumberId": _id(arn), "InstanceId": instance, "ContactFlowId": flow},
        )

    def disassociate(self, arn: str, contact_flow_arn: str, is_needed: Callable[[], bool] = lambda: True) -> None:
        """Remove the flow from a number. ``is_needed`` is as for ``claim``."""
        instance, _ = rules.contact_flow_ids(contact_flow_arn)
        self._call(
            "DisassociatePhoneNumberContactFlow",
            {"PhoneNumberId": _id(arn), "InstanceId": instance},
            is_needed,
        )

    @contextmanager
    def checked(self, check: Callable[[], None]) -> Iterator[None]:
        """Within this context, call ``check`` before each retry. It raises an exception to abandon the call.

        A call that may take effect later is not abandoned, except that of a flow, which ``converging`` then sets again.
        """
        self._check = check
        try:
            yield
        finally:
            self._check = _nothing

    def _call(self, operation: str, parameters: Mapping[str, Any], is_needed: Callable[[], bool] = lambda: True) -> Any:
        method = getattr(self._client, _METHODS[operation])
        self.pacing.wait_for_turn(operation)
        first = self._timing.now()
        retry, was_uncertain = 0, False
        while True:
            if retry and not (was_uncertain and operation not in _FLOW_CHANGES):
                self._check()
            if not is_needed():
                raise ConnectError(operation, ErrorKind.CALLED_OFF, "", "no longer wanted", was_uncertain)
            try:
                response = method(**parameters)
                self.pacing.used(operation)
                return response
            except (ClientError, BotoCoreError) as cause:
                error = classify_error(operation, cause)
            has_next_turn = self.pacing.after_error(operation, is_throttled=error.kind is ErrorKind.THROTTLED)
            if error.kind is ErrorKind.NOT_FOUND and self._is_being_created(str(parameters.get("TargetArn", ""))):
                error = ConnectError(operation, ErrorKind.NOT_READY, error.code, error.service_message)
            waited = self._timing.now() - first
            patience = {
                ErrorKind.UNCERTAIN: waited + 1,
                ErrorKind.THROTTLED: waited + 1,
                ErrorKind.NOT_READY: waited + 1,
                ErrorKind.DENIED: _DENIED_PATIENCE_SECONDS,
                ErrorKind.IN_USE: _IN_USE_PATIENCE_SECONDS,
            }.get(error.kind, 0)
            if waited >= patience:
                error.was_uncertain = was_uncertain
                raise error
            was_uncertain = was_uncertain or error.kind is ErrorKind.UNCERTAIN
            self.was_uncertain = self.was_uncertain or was_uncertain
            if not has_next_turn:
                self._timing.backoff(retry, str(error))
            self.pacing.wait_for_turn(operation)
            retry += 1

    def _is_being_created(self, target_arn: str) -> bool:
        """Return whether the target is a traffic distribution group that is still being created.

        https://docs.aws.amazon.com/connect/latest/adminguide/claim-phone-numbers-traffic-distribution-groups.html
        """
        if not target_arn or rules.instance_id_of(target_arn) is not None:
            return False
        try:
            response = self._call("DescribeTrafficDistributionGroup", {"TrafficDistributionGroupId": target_arn})
        except ConnectError:
            return False
        group: Mapping[str, Any] = response.get("TrafficDistributionGroup", {})
        return bool(group.get("Status") == "CREATION_IN_PROGRESS")


_FLOW_CHANGES: Final = ("AssociatePhoneNumberContactFlow", "DisassociatePhoneNumberContactFlow")

_METHODS: Final = {
    "BatchGetFlowAssociation": "batch_get_flow_association",
    "DescribeTrafficDistributionGroup": "describe_traffic_distribution_group",
    "SearchAvailablePhoneNumbers": "search_available_phone_numbers",
    "ClaimPhoneNumber": "claim_phone_number",
    "ImportPhoneNumber": "import_phone_number",
    "DescribePhoneNumber": "describe_phone_number",
    "ListPhoneNumbersV2": "list_phone_numbers_v2",
    "ReleasePhoneNumber": "release_phone_number",
    "UpdatePhoneNumber": "update_phone_number",
    "UpdatePhoneNumberMetadata": "update_phone_number_metadata",
    "TagResource": "tag_resource",
    "UntagResource": "untag_resource",
    "AssociatePhoneNumberContactFlow": "associate_phone_number_contact_flow",
    "DisassociatePhoneNumberContactFlow": "disassociate_phone_number_contact_flow",
}


def _nothing() -> None:
    pass


def _id(arn: str) -> str:
    parsed = rules.parse_phone_number_arn(arn)
    return parsed.id if parsed else arn
