"""A number for the tests of the probes, and clients that respond as they are told to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import ClientError

from acceptance.asking import Asker
from acceptance.number import Number
from acceptance.probes import Context
from acceptance.sightings import Sightings
from lambda_handlers.connect_phone_number import contract

ACCOUNT: Final = "123456789012"
TARGET: Final = f"arn:aws:connect:eu-west-2:{ACCOUNT}:instance/11111111-2222-4333-8444-555555555555"
ARN: Final = f"arn:aws:connect:eu-west-2:{ACCOUNT}:phone-number/99999999-2222-4333-8444-555555555555"
NOW: Final = 1_700_000_000.0
NUMBER: Final = Number(
    ARN,
    "+442079460123",
    TARGET,
    "Acceptance, first",
    {contract.CLAIM_TAG: "77777777-2222-4333-8444-555555555555", contract.PROVIDER_TAG: "66666666-2222-Ledger"},
    NOW,
)

Response = dict[str, Any] | Exception


def error(code: str, message: str = "", status: int = 400) -> ClientError:
    """Return an error of AWS."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "Operation",
    )


class FakeClient:
    """Answers each method from its own list, the last response again and again."""

    def __init__(self, **responses: list[Response]) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._responses = responses

    def __getattr__(self, method: str) -> Callable[..., Any]:
        responses = self._responses.get(method, [error("AccessDeniedException", "no", 403)])

        def call(**parameters: Any) -> Any:
            self.calls.append((method, parameters))
            response = responses.pop(0) if len(responses) > 1 else responses[0]
            if isinstance(response, Exception):
                raise response
            return response

        return call


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


def asker_of(clock: Clock, **clients: FakeClient) -> Asker:
    """Return an asker with these clients."""
    return Asker(lambda service: clients[service], clock.now, clock.sleep)


def context_of(asker: Asker, number: Number = NUMBER, **changes: Any) -> Context:
    """Return what a probe has to do with, without sightings."""
    sightings = Sightings(asker_of(Clock(), connect=FakeClient()), frozenset(), number.target_arn)
    return replace(Context(number, asker, sightings), **changes)
