"""Client tokens: a repeated request is answered as the first one was, and is not carried out again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .state import Scope


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a client token stands for.

    Attributes
    ----------
    parameters : Mapping[str, Any]
        What it came with, without the token itself.
    answer : Mapping[str, Any]
        What was answered.
    phone_number_arn : str or None
        The number that the request was about.
    until : float
        When it is forgotten, by the emulator's clock.
    """

    parameters: Mapping[str, Any]
    response: Mapping[str, Any]
    phone_number_arn: str | None
    until: float


class ClientTokens:
    """What was answered to the tokens of each operation in each account and Region.

    Only successes are remembered: a request that failed is carried out again when it is repeated.
    """

    def __init__(self) -> None:
        self._remembered: dict[tuple[Scope, str, str], Remembered] = {}

    def recall(self, scope: Scope, operation: str, token: str, now: float) -> Remembered | None:
        """Return what a token stands for, ``None`` where it is not known or forgotten."""
        remembered = self._remembered.get((scope, operation, token))
        return remembered if remembered is not None and now < remembered.until else None

    def remember(self, scope: Scope, operation: str, token: str, remembered: Remembered) -> None:
        """Keep what was answered to a token."""
        self._remembered[scope, operation, token] = remembered

    def forget(self) -> None:
        """Forget all tokens, as if ``Settings.token_memory_seconds`` had passed."""
        self._remembered.clear()
