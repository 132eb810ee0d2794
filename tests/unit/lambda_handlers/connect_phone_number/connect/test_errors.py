from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from lambda_handlers.connect_phone_number.connect.errors import ConnectError, ErrorKind, classify_error

RELEASE = "ReleasePhoneNumber"
OPERATIONS = (
    "BatchGetFlowAssociation",
    "DescribeTrafficDistributionGroup",
    "SearchAvailablePhoneNumbers",
    "ClaimPhoneNumber",
    "ImportPhoneNumber",
    "DescribePhoneNumber",
    "ListPhoneNumbersV2",
    "ReleasePhoneNumber",
    "UpdatePhoneNumber",
    "UpdatePhoneNumberMetadata",
    "TagResource",
    "UntagResource",
    "AssociatePhoneNumberContactFlow",
    "DisassociatePhoneNumberContactFlow",
)
URL = "https://connect.eu-west-1.amazonaws.com"


def client_error(code: str, message: str = "said", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, RELEASE)


def meaning(code: str, message: str = "said", status: int = 400) -> ErrorKind:
    return classify_error(RELEASE, client_error(code, message, status)).kind


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("InvalidParameterException", ErrorKind.INVALID),
        ("InvalidRequestException", ErrorKind.INVALID),
        ("ResourceNotFoundException", ErrorKind.NOT_FOUND),
        ("ThrottlingException", ErrorKind.THROTTLED),
        ("TooManyRequestsException", ErrorKind.THROTTLED),
        ("InternalServiceException", ErrorKind.UNCERTAIN),
        ("ServiceUnavailableException", ErrorKind.UNCERTAIN),
        ("RequestTimeoutException", ErrorKind.UNCERTAIN),
        ("ResourceInUseException", ErrorKind.IN_USE),
        ("ResourceConflictException", ErrorKind.IN_USE),
        ("IdempotencyException", ErrorKind.CHANGED_PARAMETERS),
        ("AccessDeniedException", ErrorKind.DENIED),
        ("SomethingNewException", ErrorKind.INVALID),
    ],
)
def test_what_a_code_means(code: str, problem: ErrorKind) -> None:
    assert meaning(code) is problem


def test_every_error_of_the_model_is_in_the_table_above() -> None:
    client: Any = boto3.client("connect", region_name="eu-west-1")
    errors = {
        shape.name for name in OPERATIONS for shape in client.meta.service_model.operation_model(name).error_shapes
    }
    assert errors <= {
        "AccessDeniedException",
        "IdempotencyException",
        "InternalServiceException",
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "ThrottlingException",
    }


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unknown_failure_inside_the_service_may_have_worked(status: int) -> None:
    assert meaning("Whatever", status=status) is ErrorKind.UNCERTAIN


@pytest.mark.parametrize("code", ["Throttling", "RequestLimitExceeded", "Unknown"])
def test_too_many_requests_pass_by_themselves_whatever_their_code(code: str) -> None:
    assert meaning(code, status=429) is ErrorKind.THROTTLED


@pytest.mark.parametrize(
    ("message", "is_about_it"),
    [
        ("Phone number not available: +12065550100", True),
        ("La telefonnumero 1 (206) 555-0100 ne plu estas havebla.", True),
        ("+1.206.555.0100 is taken", True),
        ("Phone number not available: +12065550101", False),
        ("Phone numbers of this type are not available for this instance", False),
        ("The number is no longer available.", False),
        ("Phone number is already claimed", False),
        ("PhoneNumber must match +1", False),
        ("You have 206 numbers, and the quota is 5", False),
        ("", False),
    ],
)
def test_a_lost_race_is_told_from_bad_input_by_the_number_and_not_by_the_words(message: str, is_about_it: bool) -> None:
    error = classify_error("ClaimPhoneNumber", client_error("InvalidParameterException", message))
    assert error.kind is ErrorKind.INVALID
    assert error.is_about_availability_of("+12065550100") is is_about_it


def test_another_error_keeps_its_meaning_whatever_it_says() -> None:
    assert meaning("ResourceNotFoundException", "not available") is ErrorKind.NOT_FOUND
    assert meaning("AccessDeniedException", "not available") is ErrorKind.DENIED


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
    ],
)
def test_no_response_is_uncertain(error: BotoCoreError) -> None:
    meant = classify_error(RELEASE, error)
    assert meant.kind is ErrorKind.UNCERTAIN
    assert str(meant) == f"{RELEASE}: {type(error).__name__}: no response"


def test_a_call_that_boto3_itself_refuses_is_not_sent_and_waiting_does_not_help() -> None:
    meant = classify_error(RELEASE, ParamValidationError(report="Unknown parameter"))
    assert meant.kind is ErrorKind.INVALID
    assert "Unknown parameter" in str(meant)


def test_an_error_without_details() -> None:
    meant = classify_error(RELEASE, ClientError({}, RELEASE))
    assert (meant.kind, meant.code, meant.service_message) == (ErrorKind.INVALID, "Unknown", "")


@pytest.mark.parametrize(
    ("problem", "advice"),
    [
        (
            ErrorKind.DENIED,
            (
                "Allow the provider's role connect:ReleasePhoneNumber on this resource, look for a service control "
                "policy or a permissions boundary that denies it, then deploy or destroy again."
            ),
        ),
        (ErrorKind.NOT_FOUND, "Check that it exists in this account and Region."),
        (
            ErrorKind.IN_USE,
            "Something in Connect still uses it: end that (for example calls in progress), then try again.",
        ),
        (
            ErrorKind.CHANGED_PARAMETERS,
            (
                "The client token is known to Connect with other parameters. Wait a day, until it is forgotten, then "
                "try again."
            ),
        ),
        (ErrorKind.INVALID, "Correct what the message names, then try again."),
    ],
)
def test_advice(problem: ErrorKind, advice: str) -> None:
    error = ConnectError(RELEASE, problem, "SomeException", "Said so. ")
    assert error.remediation("+12065550100") == (
        f"Amazon Connect refused ReleasePhoneNumber for +12065550100: SomeException: Said so. {advice}"
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_access_denied_names_the_missing_permission(operation: str) -> None:
    error = classify_error(operation, client_error("AccessDeniedException", "User is not authorized"))
    assert f"connect:{operation} " in error.remediation("it")
