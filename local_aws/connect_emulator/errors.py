"""The ways in which a call can end without a normal response."""

from dataclasses import dataclass


@dataclass(eq=False)
class ServiceError(Exception):
    """An error with which Amazon Connect responds.

    Attributes
    ----------
    code : str
        Name of the error's shape in the service model, for example ``ResourceNotFoundException``.
    message : str
        The text under ``Message`` in the response.
    status : int
        HTTP status code of the response.
    """

    code: str
    message: str
    status: int

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class LostRequestError(Exception):
    """The connection broke before the request took effect."""


class NoResponseError(Exception):
    """The request took effect, but the connection broke before the response."""
