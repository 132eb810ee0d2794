"""The facts about an account that the run needs before it claims a number: its owner and its headroom."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from lambda_handlers.connect_phone_number import contract

CHANGES: Final = 2
"""How much of the 200 % allowance the lifecycle uses: one claim and one release."""

CLOUDTRAIL_DAYS: Final = 90
"""How far back CloudTrail's event history goes: half of the 180 days that count."""

_CHANGING_OPERATIONS: Final = ("ClaimPhoneNumber", "ImportPhoneNumber", "ReleasePhoneNumber")
_BOOTSTRAP_STACK: Final = "CDKToolkit"


@dataclass(frozen=True)
class Headroom:
    """How much of the quota and of the 200 % allowance is in use.

    Attributes
    ----------
    quota : int
        Phone numbers that the account may have in the Region.
    held : int
        Phone numbers that the account holds.
    changes : int
        Known claims, imports, and releases of the last 180 days.
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
        # Each held number was claimed once, whether or not CloudTrail still shows the claim.
        return max(self.changes, self.held)

    def problem(self) -> str | None:
        """Return why the lifecycle must not be run, or ``None`` if there is room for it."""
        if self.held >= self.quota:
            return f"The account holds {self.held} numbers of {self.quota}: there is no room for one more."
        if self.used + CHANGES > self.allowance:
            return (
                f"At least {self.used} of the {self.allowance} claims and releases of 180 days are used: {CHANGES} "
                "more could block the account from claiming for half a year."
            )
        return None

    def has_room_for(self, refusals: int) -> bool:
        """Return whether, in addition to the lifecycle's changes, this many refused claims may count."""
        return self.used + CHANGES + refusals <= self.allowance


class Account:
    """An account and Region. The class only reads it, except for ``release``.

    Parameters
    ----------
    session : boto3.Session
        Credentials and Region.
    """

    def __init__(self, session: boto3.Session) -> None:
        # Some of these services have no type stubs here, and Connect's stubs accept country codes only as literals.
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
        """Return whether Connect offers a number of this kind, which also shows that the target exists."""
        found = self._connect.search_available_phone_numbers(
            TargetArn=target_arn, PhoneNumberCountryCode=country_code, PhoneNumberType=type, MaxResults=1
        )
        return bool(found.get("AvailableNumbersList"))

    def held(self, target_arn: str) -> frozenset[str]:
        """Return the ARNs of the account's numbers in the Region, including those of the group if the target is one."""
        paginator = self._connect.get_paginator("list_phone_numbers_v2")
        return frozenset(
            summary.get("PhoneNumberArn", "")
            for parameters in ({}, {"TargetArn": target_arn})
            for page in paginator.paginate(**parameters)
            for summary in page["ListPhoneNumbersSummaryList"]
        )

    def recent_changes(self) -> int:
        """Return how many claims, imports, and releases of numbers CloudTrail recorded in its 90 days."""
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
        """Return Connect's description of a number, or ``None`` if Connect does not know the number."""
        try:
            return dict(
                self._connect.describe_phone_number(PhoneNumberId=phone_number_arn)["ClaimedPhoneNumberSummary"]
            )
        except self._connect.exceptions.ResourceNotFoundException:
            return None

    def release(self, phone_number_arn: str, client_token: str) -> None:
        """Release a number without the function."""
        self._connect.release_phone_number(PhoneNumberId=phone_number_arn, ClientToken=client_token)

    def numbers_of(self, stack: str, target_arn: str, known_before: frozenset[str]) -> list[str]:
        """Return the ARNs of the new numbers that carry a stack's ownership tag."""
        return [
            arn
            for arn in sorted(self.held(target_arn) - known_before)
            if f":stack/{stack}/" in (self.describe(arn) or {}).get("Tags", {}).get(contract.STACK_TAG, "")
        ]
