"""All settings of the emulated account that a test may need to change."""

import re
from dataclasses import dataclass
from inspect import formatannotation
from typing import Final, get_type_hints

DAY: Final = 86_400.0
"""Seconds of a day."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the emulated Amazon Connect behaves.

    All durations are in seconds of the emulator's clock.

    Attributes
    ----------
    account_id : str
        The account of a caller whose access key is not a 12-digit account number.
        Default ``000000000000``.
    quota : int
        Phone numbers per account and Region. A claim that exceeds the quota ends FAILED. When claims and releases
        within ``rolling_seconds`` exceed twice the quota, further claims are blocked. Default 100; many real accounts
        have 5.
    target_limit : int
        Phone numbers per instance or traffic distribution group that has no limit of its own. A claim or a move that
        exceeds it ends FAILED. Default 100.
    claim_seconds : float
        How long a claim, an import, or a move stays IN_PROGRESS. Default 2.
    description_seconds : float
        How long UpdatePhoneNumberMetadata leaves a number IN_PROGRESS. Default 0.
    describe_lag_seconds : float
        For how long after a claim DescribePhoneNumber and ListPhoneNumbersV2 do not yet show the number.
        Default 0.
    change_lag_seconds : float
        For how long after a change a number's description, tags, target and flow are still shown as they were before.
        Default 0.
    release_lag_seconds : float
        For how long after its release DescribePhoneNumber and ListPhoneNumbersV2 still show a number as it was. All
        other operations do not find it. Default 0.
    failed_hold_seconds : float
        How long a number whose claim ended FAILED is kept for another claim. Default one day.
    cooldown_seconds : float
        How long a released number can be neither found nor claimed. Default 180 days.
    rolling_seconds : float
        The period in which claims and releases may not exceed 200 % of ``quota``. Default 180 days.
    token_memory_seconds : float
        How long a client token is remembered. Default 24 hours. Connect's documentation does not say.
    refuse_release_in_progress : bool
        Whether ReleasePhoneNumber responds with ResourceInUseException while a claim or a move is IN_PROGRESS.
        Default ``True``. Connect's documentation does not say.
    throttling : bool
        Whether each operation is throttled per account and Region. Default ``True``.
    throttle_rate : float
        Requests per second that an operation accepts in the long run. Default 2.
    throttle_burst : int
        Requests that an operation accepts at once. Default 5.
    inventory_limit : int or None
        Offer only this many numbers of each country and type. Default ``None``: the whole inventory.
    accept_unknown_targets : bool
        Whether an instance or a traffic distribution group that was not added is assumed to exist, instead of
        causing ResourceNotFoundException. Default ``False``.
    accept_unknown_flows : bool
        Whether a flow that was not added is assumed to exist in an existing instance. Default ``True``.
    list_group_numbers_without_target : bool
        Whether ListPhoneNumbersV2 without TargetArn and InstanceId lists the numbers of traffic distribution groups
        in addition to those of instances. Default ``False``: a group's numbers are listed only if the group is named.
        Connect's documentation promises the numbers of "all the instances" and does not mention groups.
    flow_association_resource_id : str
        How BatchGetFlowAssociation and ListFlowAssociations name a number: ``arn`` or ``id``. Default ``arn``.
        Connect's documentation does not say; Terraform's ``aws_connect_phone_number_contact_flow_association`` looks
        for ARNs.
    flow_association_flow_id : str
        How the same operations name a flow: ``arn`` or ``id``. Default ``arn``, for the same reason.
    not_available_message : str
        Text of the InvalidParameterException for a number that another account has or that is not in the inventory,
        with ``{number}`` in place of the number. Default ``Phone number not available: {number}``.
    refused_claims_count : bool
        Whether a claim or an import that passes the checks of the service model and is then refused with
        InvalidParameterException counts toward the 200 % as an accepted one does. This includes a claim that is
        refused because the 200 % are exceeded, and one that a fault refuses with this code. Default ``False``.
        Connect's documentation does not say.
    """

    account_id: str = "000000000000"
    quota: int = 100
    target_limit: int = 100
    claim_seconds: float = 2.0
    description_seconds: float = 0.0
    describe_lag_seconds: float = 0.0
    change_lag_seconds: float = 0.0
    release_lag_seconds: float = 0.0
    failed_hold_seconds: float = DAY
    cooldown_seconds: float = 180 * DAY
    rolling_seconds: float = 180 * DAY
    token_memory_seconds: float = DAY
    refuse_release_in_progress: bool = True
    throttling: bool = True
    throttle_rate: float = 2.0
    throttle_burst: int = 5
    inventory_limit: int | None = None
    accept_unknown_targets: bool = False
    accept_unknown_flows: bool = True
    list_group_numbers_without_target: bool = False
    flow_association_resource_id: str = "arn"
    flow_association_flow_id: str = "arn"
    not_available_message: str = "Phone number not available: {number}"
    refused_claims_count: bool = False

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            value = getattr(self, name)
            allowed = int | float if hint is float else hint
            if not isinstance(value, allowed) or (hint is not bool and isinstance(value, bool)):
                raise ValueError(f"{name} must be {formatannotation(hint)}, but is {value!r}")
            if not isinstance(value, bool) and isinstance(value, int | float) and value < 0:
                raise ValueError(f"{name} must not be negative, but is {value}")
        if not re.fullmatch(r"[0-9]{12}", self.account_id):
            raise ValueError(f"account_id must be 12 digits, but is {self.account_id!r}")
        for name in ("flow_association_resource_id", "flow_association_flow_id"):
            if getattr(self, name) not in ("arn", "id"):
                raise ValueError(f"{name} must be 'arn' or 'id', but is {getattr(self, name)!r}")
        if not _names_the_number(self.not_available_message):
            raise ValueError(
                "not_available_message must be a format with {number} and no other field, but is "
                f"{self.not_available_message!r}"
            )


def _names_the_number(message: str) -> bool:
    number = "+12065550100"
    try:
        return number in message.format(number=number)
    except (AttributeError, LookupError, TypeError, ValueError):
        return False
