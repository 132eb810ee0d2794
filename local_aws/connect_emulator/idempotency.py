"""Client tokens: a repeated request gets the response of the first one and is not carried out again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .state import Scope


@dataclass(frozen=True, slots=True)
class Remembered:
    """The request and the response that belong to a client token.

    Attributes
    ----------
    parameters : Mapping[str, Any]
        The parameters of the request, without the token itself.
    response : Mapping[str, Any]
        The response.
    phone_number_arn : str or None
        The number that the request concerned.
    until : float
        When the token is forgotten, by the emulator's clock.
    """

    parameters: Mapping[str, Any]
    response: Mapping[str, Any]
    phone_number_arn: str | None
    until: float


class ClientTokens:
    """The responses to the tokens of each operation in each account and Region.

    Only successes are remembered. A request that failed is carried out again when it is repeated.
    """

    def __init__(self) -> None:
        self._remembered: dict[tuple[Scope, str, str], Remembered] = {}

    def recall(self, scope: Scope, operation: str, token: str, now: float) -> Remembered | None:
        """Return what belongs to a token, or ``None`` if the token is unknown or forgotten."""
        remembered = self._remembered.get((scope, operation, token))
        return remembered if remembered is not None and now < remembered.until else None

    def remember(self, scope: Scope, operation: str, token: str, remembered: Remembered) -> None:
        """Remember the response to a token."""
        self._remembered[scope, operation, token] = remembered

    def forget(self) -> None:
        """Forget all tokens, as if ``Settings.token_memory_seconds`` had passed."""
        self._remembered.clear()
