"""What must be known of an account before anything is claimed in it: whose it is, and how much room it has."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from lambda_handlers.connect_phone_number import contract

CHANGES: Final = 2
"""What the lifecycle takes from the 200 % allowance: one claim and one release."""

CLOUDTRAIL_DAYS: Final = 90
"""How far back CloudTrail's event history goes: half of the 180 days that count."""

_CHANGING_OPERATIONS: Final = ("ClaimPhoneNumber", "ImportPhoneNumber", "ReleasePhoneNumber")
_BOOTSTRAP_STACK: Final = "CDKToolkit"


@dataclass(frozen=True)
class Headroom:
    """How much of the quota and of the 200 % allowance is used.

    Attributes
    ----------
    quota : int
        Phone numbers that the account may have in the Region.
    held : int
        Phone numbers that it has.
    changes : int
        Claims, imports and releases of the last 180 days, as far as they are known.
    """

    quota: int
    held: int
    changes: int

    @property
    def allowance(self) -> int:
        """Claims and releases that the 200 % rule allows in 180 days."""
        return 2 * self.quota

    @property
    def used(self) -> int:
        """Claims and releases that are certainly used."""
        # Each number that is held was claimed once, whether CloudTrail still knows of it or not.
        return max(self.changes, self.held)

    def problem(self) -> str | None:
        """Return why the lifecycle must not be run, ``None`` where there is room for it."""
        if self.held >= self.quota:
            return f"The account holds {self.held} numbers of {self.quota}: there is no room for one more."
        if self.used + CHANGES > self.allowance:
            return (
                f"At least {self.used} of the {self.allowance} claims and releases of 180 days are used: {CHANGES} "
                "more could block the account from claiming for half a year."
            )
        return None

    def has_room_for(self, refusals: int) -> bool:
        """Return whether so many refused claims may count, too, beside what the lifecycle takes."""
        return self.used + CHANGES + refusals <= self.allowance


class Account:
    """An account and Region, looked at and not changed.

    Parameters
    ----------
    session : boto3.Session
        Credentials and Region.
    """

    def __init__(self, session: boto3.Session) -> None:
        # Some of these services have no type stubs here, and Connect's take country codes only as literals.
        self._session: Any = session
        self._connect: Any = self._session.client("connect")

    def account_id(self) -> str:
        """Return the account that the credentials belong to."""
        return str(self._session.client("sts").get_caller_identity()["Account"])

    def is_bootstrapped(self) -> bool:
        """Return whether the CDK can deploy here."""
        try:
            self._session.client("cloudformation").describe_stacks(StackName=_BOOTSTRAP_STACK)
        except ClientError:
            return False
        return True

    def has_free_number(self, target_arn: str, country_code: str, type: str) -> bool:
        """Return whether Connect offers a number of this kind; that also shows that the target exists."""
        found = self._connect.search_available_phone_numbers(
            TargetArn=target_arn, PhoneNumberCountryCode=country_code, PhoneNumberType=type, MaxResults=1
        )
        return bool(found.get("AvailableNumbersList"))

    def held(self, target_arn: str) -> frozenset[str]:
        """Return the ARNs of the numbers that the account has in the Region, those of a group among them if named."""
        paginator = self._connect.get_paginator("list_phone_numbers_v2")
        return frozenset(
            summary.get("PhoneNumberArn", "")
            for parameters in ({}, {"TargetArn": target_arn})
            for page in paginator.paginate(**parameters)
            for summary in page["ListPhoneNumbersSummaryList"]
        )

    def recent_changes(self) -> int:
        """Return how many numbers CloudTrail saw being claimed, imported and released in its 90 days."""
        since = datetime.now(UTC) - timedelta(days=CLOUDTRAIL_DAYS)
        paginator = self._session.client("cloudtrail").get_paginator("lookup_events")
        pages = (
            page
            for name in _CHANGING_OPERATIONS
            for page in paginator.paginate(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}], StartTime=since
            )
        )
        return sum(len(page["Events"]) for page in pages)

    def describe(self, phone_number_arn: str) -> dict[str, Any] | None:
        """Return what Connect says of a number, ``None`` where it knows none."""
        try:
            return dict(
                self._connect.describe_phone_number(PhoneNumberId=phone_number_arn)["ClaimedPhoneNumberSummary"]
            )
        except self._connect.exceptions.ResourceNotFoundException:
            return None

    def release(self, phone_number_arn: str, client_token: str) -> None:
        """Release a number, without the function."""
        self._connect.release_phone_number(PhoneNumberId=phone_number_arn, ClientToken=client_token)

    def numbers_of(self, stack: str, target_arn: str, known_before: frozenset[str]) -> list[str]:
        """Return the ARNs of the numbers that were not there before and carry a stack's ownership tag."""
        return [
            arn
            for arn in sorted(self.held(target_arn) - known_before)
            if f":stack/{stack}/" in (self.describe(arn) or {}).get("Tags", {}).get(contract.STACK_TAG, "")
        ]
