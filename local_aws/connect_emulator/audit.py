"""The log of all calls. Tests judge by it, because it does not depend on what the caller believes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

OK: Final = "ok"
"""Outcome of a call that ended without an error."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One call.

    Attributes
    ----------
    time : float
        When the call arrived, by the emulator's clock.
    account, region : str
        The caller's account and Region.
    operation : str
        For example ``ClaimPhoneNumber``.
    parameters : Mapping[str, Any]
        The parameters as they arrived, including the client token.
    client_token : str or None
        The client token; ``None`` if the call had none.
    outcome : str
        What the caller got: ``ok``, an error code, ``no_response``, or ``lost_request``.
    message : str or None
        The text of the error. After ``no_response``: the error that the caller did not receive, if there was one.
    phone_number_arn : str or None
        The number that the call found or made.
    took_effect : bool
        Whether the call changed anything. Never true for a call that only reads, fails, or is a repetition.
    refused : bool
        Whether the call is a refused claim, as ``Settings.refused_claims_count`` defines it, even if the caller did
        not receive the refusal.
    replayed : bool
        Whether the response is that of an earlier call with the same client token.
    fault : str or None
        Kind of the fault that hit the call; ``None`` if no fault did.
    """

    time: float
    account: str
    region: str
    operation: str
    parameters: Mapping[str, Any]
    client_token: str | None
    outcome: str
    message: str | None
    phone_number_arn: str | None
    took_effect: bool
    refused: bool
    replayed: bool
    fault: str | None
