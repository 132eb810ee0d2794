"""A stand-in for ``boto3.client("connect")`` that calls an emulator in the same process, without HTTP.

It is for tests in virtual time that make very many calls. It does what boto3 does before it sends a request: it checks
names and fills in a missing client token. It does not retry.
"""

from collections.abc import Callable
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    ParamValidationError,
    ReadTimeoutError,
)

from .errors import LostRequestError, NoResponseError, ServiceError
from .model import Operation, connect_model
from .service import OPERATIONS, ConnectEmulator

_OPERATION_BY_METHOD: Final = {xform_name(operation): operation for operation in OPERATIONS}


class EmulatedConnectClient:
    """A client of one account and Region, with a method for each operation of the emulator.

    Parameters
    ----------
    emulator : ConnectEmulator
        The emulator that responds.
    region : str
        The client's Region.
    account : str or None
        The client's account. Default ``Settings.account_id``.
    """

    def __init__(self, emulator: ConnectEmulator, region: str, account: str | None = None) -> None:
        self._emulator = emulator
        self._region = region
        self._account = account
        self._endpoint = f"https://connect.{region}.amazonaws.com"

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        if method not in _OPERATION_BY_METHOD:
            raise AttributeError(f"the emulator has no operation for {method!r}")
        operation = connect_model().operation(_OPERATION_BY_METHOD[method])

        def call(**parameters: Any) -> dict[str, Any]:
            return self._call(operation, parameters)

        # The next access finds the method without calling __getattr__.
        self.__dict__[method] = call
        return call

    def _call(self, operation: Operation, parameters: dict[str, Any]) -> dict[str, Any]:
        _check_names(operation, parameters)
        if operation.token_member is not None and operation.token_member not in parameters:
            parameters[operation.token_member] = self._emulator.new_client_token()
        try:
            response = self._emulator.call(self._region, operation.name, parameters, account=self._account)
        except ServiceError as error:
            raise ClientError(
                {
                    "Error": {"Code": error.code, "Message": error.message},
                    "ResponseMetadata": {"HTTPStatusCode": error.status},  # type: ignore[typeddict-item]
                },
                operation.name,
            ) from error
        except NoResponseError as error:
            raise ReadTimeoutError(endpoint_url=self._endpoint) from error
        except LostRequestError as error:
            raise ConnectTimeoutError(endpoint_url=self._endpoint) from error
        response["ResponseMetadata"] = {"HTTPStatusCode": 200, "RetryAttempts": 0}
        return response


def _check_names(operation: Operation, parameters: dict[str, Any]) -> None:
    problems = [
        f'Missing required parameter in input: "{name}"' for name in operation.required if name not in parameters
    ]
    problems += [
        f'Unknown parameter in input: "{name}", must be one of: {", ".join(operation.members)}'
        for name in parameters
        if name not in operation.members
    ]
    if problems:
        raise ParamValidationError(report="\n".join(problems))
