"""The one number of a run, and the parameters of its claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_handlers.connect_phone_number import contract, rules, tokens


@dataclass(frozen=True)
class Number:
    """A number that the function has claimed.

    Attributes
    ----------
    arn, phone_number, target_arn, description : str
        As Connect described it right after the claim.
    tags : Mapping[str, str]
        Likewise. These are all tags of the ClaimPhoneNumber call.
    claimed_at : float or None
        When the response to ClaimPhoneNumber came, in seconds since the epoch; ``None`` if that is not known.
    """

    arn: str
    phone_number: str
    target_arn: str
    description: str
    tags: Mapping[str, str]
    claimed_at: float | None = None

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def instance_id(self) -> str | None:
        """The instance that the number is claimed to; ``None`` if it is claimed to a traffic distribution group."""
        return rules.instance_id_of(self.target_arn)

    @property
    def claim_parameters(self) -> dict[str, Any]:
        """The parameters with which the function called ClaimPhoneNumber, including the token."""
        return {
            "TargetArn": self.target_arn,
            "PhoneNumber": self.phone_number,
            "PhoneNumberDescription": self.description,
            "Tags": dict(self.tags),
            "ClientToken": self.claim_token,
        }

    @property
    def claim_token(self) -> str:
        """The token with which the function claimed the number."""
        return tokens.claim_token(self.tags.get(contract.CLAIM_TAG, ""), self.phone_number)

    @property
    def release_token(self) -> str:
        """The token with which the function releases the number."""
        return tokens.release_token(self.arn)
