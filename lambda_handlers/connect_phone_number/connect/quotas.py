"""Service Quotas: how many phone numbers an instance may have."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from ..budget import DEFAULT_QUOTA
from ..contract import PHONE_NUMBERS_QUOTA, QUOTA_SERVICE

_NOT_RAISED: Final = "NoSuchResourceException"
"""Service Quotas has no value that was applied to this instance, or to the account."""


class Quotas(Protocol):
    """What Service Quotas tells."""

    def phone_numbers(self, instance_arn: str) -> int | None:
        """Return how many numbers the instance may have, or ``None`` if that cannot be found out."""
        ...


class Client(Protocol):
    """The part of boto3's client that is used."""

    def get_service_quota(self, **parameters: str) -> Mapping[str, Any]:
        """Return a quota that is applied to an instance, or to the account."""
        ...


class ServiceQuotas:
    """The quotas of this account and Region.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def phone_numbers(self, instance_arn: str) -> int | None:
        """Return the quota of the instance: as it was raised, else the account's, else the documented default.

        ``None`` if Service Quotas does not tell.
        """
        try:
            return self._applied(ContextId=instance_arn) or self._applied() or DEFAULT_QUOTA
        except (ClientError, BotoCoreError):
            return None

    def _applied(self, **context: str) -> int:
        try:
            found = self._client.get_service_quota(ServiceCode=QUOTA_SERVICE, QuotaCode=PHONE_NUMBERS_QUOTA, **context)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _NOT_RAISED:
                return 0
            raise
        return int(found["Quota"].get("Value", 0))
