from collections.abc import Mapping
from typing import Any, Final

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.session import get_session
from botocore.stub import Stubber

from lambda_handlers.connect_phone_number.budget import DEFAULT_QUOTA
from lambda_handlers.connect_phone_number.connect.quotas import ServiceQuotas

INSTANCE: Final = "arn:aws:connect:eu-west-1:123456789012:instance/11111111-2222-3333-4444-555555555555"
OF_ACCOUNT: Final = {"ServiceCode": "connect", "QuotaCode": "L-8F812903"}
OF_INSTANCE: Final = {**OF_ACCOUNT, "ContextId": INSTANCE}


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said"}}, "GetServiceQuota")


NOT_RAISED: Final = _error("NoSuchResourceException")


class _Client:
    """Gives the responses one after another, and notes what it was asked for."""

    def __init__(self, *responses: float | Exception | None) -> None:
        self._responses = list(responses)
        self.asked: list[Mapping[str, str]] = []

    def get_service_quota(self, **parameters: str) -> Mapping[str, Any]:
        self.asked.append(parameters)
        response = self._responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return {"Quota": {} if response is None else {"Value": response}}


def test_the_quota_of_an_instance_is_the_one_to_which_it_was_raised() -> None:
    client = _Client(25.0)
    quota = ServiceQuotas(client).phone_numbers(INSTANCE)
    assert quota == 25
    assert type(quota) is int
    assert client.asked == [OF_INSTANCE]


@pytest.mark.parametrize("of_instance", [NOT_RAISED, None, 0.0])
def test_where_it_was_not_raised_for_the_instance_it_is_the_one_of_the_account(
    of_instance: float | Exception | None,
) -> None:
    client = _Client(of_instance, 10.0)
    assert ServiceQuotas(client).phone_numbers(INSTANCE) == 10
    assert client.asked == [OF_INSTANCE, OF_ACCOUNT]


@pytest.mark.parametrize("of_account", [NOT_RAISED, None, 0.0])
def test_where_it_was_never_raised_it_is_the_documented_default(of_account: float | Exception | None) -> None:
    client = _Client(NOT_RAISED, of_account)
    assert ServiceQuotas(client).phone_numbers(INSTANCE) == DEFAULT_QUOTA == 5
    assert client.asked == [OF_INSTANCE, OF_ACCOUNT]


_ERRORS: Final[tuple[ClientError | BotoCoreError, ...]] = (
    _error("AccessDeniedException"),
    _error("TooManyRequestsException"),
    _error("ServiceException"),
    EndpointConnectionError(endpoint_url="https://servicequotas.eu-west-1.amazonaws.com"),
    ReadTimeoutError(endpoint_url="https://servicequotas.eu-west-1.amazonaws.com"),
)


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
def test_what_service_quotas_does_not_tell_is_not_known(error: Exception) -> None:
    client = _Client(error)
    assert ServiceQuotas(client).phone_numbers(INSTANCE) is None
    assert client.asked == [OF_INSTANCE], "that would be no better for the account"


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
def test_where_only_the_accounts_quota_is_not_told_the_default_is_not_taken_for_it(error: Exception) -> None:
    assert ServiceQuotas(_Client(NOT_RAISED, error)).phone_numbers(INSTANCE) is None


def test_an_error_of_the_function_itself_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        ServiceQuotas(_Client(ZeroDivisionError())).phone_numbers(INSTANCE)


def test_the_client_of_the_sdk_takes_these_parameters_and_gives_such_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client: Any = get_session().create_client("service-quotas", region_name="eu-west-1")
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "get_service_quota", "NoSuchResourceException", http_status_code=404, expected_params=OF_INSTANCE
        )
        stubber.add_response("get_service_quota", {"Quota": {"Value": 7.0}}, OF_ACCOUNT)
        assert ServiceQuotas(client).phone_numbers(INSTANCE) == 7
        stubber.assert_no_pending_responses()
