"""Problems as a person reads them: what is wrong, and what to do now."""

from dataclasses import dataclass
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

POLICY: Final = "docs/operators-policy.json"
"""The policy that allows all calls of the command."""

_SIGN_IN: Final = "Sign in again, for example with aws sso login, or name another profile with --profile."
_DENIED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
_NOT_SIGNED_IN: Final = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
)


class Problem(Exception):
    """Nothing can be done. The message is for the person at the terminal."""


@dataclass(frozen=True)
class Finding:
    """Something that a person must know besides the result.

    Parameters
    ----------
    account, region
        Where it was found.
    text
        What is wrong, and what to do.
    is_unread
        Whether something could not be read, so that the result is incomplete. Default ``True``.
    """

    account: str
    region: str
    text: str
    is_unread: bool = True


def is_about_credentials(error: Exception) -> bool:
    """Return whether no call can succeed with these credentials or settings."""
    if isinstance(error, ClientError):
        return code_of(error) in _NOT_SIGNED_IN
    return isinstance(
        error,
        NoCredentialsError
        | PartialCredentialsError
        | NoRegionError
        | ProfileNotFound
        | SSOError
        | TokenRetrievalError
        | UnauthorizedSSOTokenError,
    )


def code_of(error: ClientError) -> str:
    """Return the code of an error of AWS."""
    return error.response.get("Error", {}).get("Code", "")


def explain(service: str, error: ClientError | BotoCoreError) -> str:
    """Return an error of boto3 as text: what went wrong, and what to do.

    Parameters
    ----------
    service
        The prefix of the service's actions in IAM, for example ``connect``.
    """
    if isinstance(error, ClientError):
        return _of_service(service, error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return (
            "There are no AWS credentials. Sign in, for example with aws sso login, or name a profile with --profile. "
            "For the local AWS, paste the export lines that connect-phone-numbers local-aws prints."
        )
    if isinstance(error, NoRegionError):
        return "There is no Region. Name one with --region, for example --region us-east-1."
    if isinstance(error, ProfileNotFound):
        return f"{_sentence(error)} Name another profile with --profile, or leave it out."
    if is_about_credentials(error):
        return f"{_sentence(error)} {_SIGN_IN}"
    if isinstance(error, EndpointConnectionError):
        return f"{_sentence(error)} Check the Region, the network, and AWS_ENDPOINT_URL if it is set."
    return f"{_sentence(error)} Check the network, then try again."


def _of_service(service: str, error: ClientError) -> str:
    code, action = code_of(error), f"{service}:{error.operation_name}"
    message = error.response.get("Error", {}).get("Message", "").rstrip(". ")
    if code in _DENIED:
        return f"{action} is denied ({message}). Allow {action} to the caller, as {POLICY} does."
    if code in _NOT_SIGNED_IN:
        return f"AWS does not accept the credentials: {code}: {message}. {_SIGN_IN}"
    return f"{action} failed: {code}: {message}. Try again."


def _sentence(error: Exception) -> str:
    return str(error).rstrip(". ") + "."
