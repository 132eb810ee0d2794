"""The servers that the handler's processes call: DynamoDB, CloudFormation, and the receiver of responses."""

import json
import threading
from collections.abc import Callable
from dataclasses import astuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.contract import DUE_INDEX
from lambda_handlers.connect_phone_number.json_types import is_tuple
from verification.simulator.clients import StackBooks

from .invocation import REGION, TABLE_NAME

_DYNAMODB_JSON = "application/x-amz-json-1.0"


class JsonServer:
    """An HTTP server in its own thread that handles one request after the other.

    Parameters
    ----------
    respond
        Called with the request's path, headers, and JSON body. Returns status, headers, and body.
    """

    def __init__(self, respond: "Callable[[str, Any, Any], tuple[int, dict[str, str], bytes]]") -> None:
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with lock:
                    status, headers, content = respond(self.path, self.headers, json.loads(body or b"null"))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

            do_POST = do_PUT = _handle  # noqa: N815 - http.server prescribes these names

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report nothing: the tests kill clients in the middle of requests on purpose."""


class LedgerServer(JsonServer):
    """moto's DynamoDB over HTTP. It handles one request at a time, so its transactions are all or nothing."""

    def __init__(self) -> None:
        self._mock = mock_aws()
        super().__init__(self._respond)

    def __enter__(self) -> Self:
        self._mock.start()
        self._client = _moto_client()
        self._client.create_table(
            TableName=TABLE_NAME,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in (("pk", "S"), ("sk", "S"), ("due", "S"), ("due_at", "N"))
            ],
            KeySchema=_keys("pk", "sk"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": DUE_INDEX,
                    "KeySchema": _keys("due", "due_at"),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._mock.stop()

    def _respond(self, _: str, headers: Any, body: Any) -> tuple[int, dict[str, str], bytes]:
        operation = headers["X-Amz-Target"].partition(".")[2]
        status, response = 200, dict[str, Any]()
        try:
            # The request's body holds exactly the parameters that boto3's client takes.
            response = self._client._make_api_call(operation, body)
            response.pop("ResponseMetadata")
        except ClientError as error:
            raised: Any = error.response
            status = raised["ResponseMetadata"]["HTTPStatusCode"]
            details = raised["Error"]
            response = {"__type": f"com.amazonaws.dynamodb.v20120810#{details['Code']}", "message": details["Message"]}
            if "CancellationReasons" in raised:
                response["CancellationReasons"] = raised["CancellationReasons"]
        return status, {"Content-Type": _DYNAMODB_JSON}, json.dumps(response).encode()


def _moto_client() -> Any:
    # Not typed as boto3's client: requests are passed on unchanged.
    return boto3.client("dynamodb", region_name=REGION)


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


class ResponseBox(JsonServer):
    """Receives the handler's responses and passes each to a function that returns the HTTP status.

    Parameters
    ----------
    take
        Called in the server's thread with the URL's path and the response. Returns the HTTP status.
    """

    def __init__(self, take: Callable[[str, Any], int]) -> None:
        self._take = take
        super().__init__(self._respond)

    def _respond(self, path: str, _: Any, body: Any) -> tuple[int, dict[str, str], bytes]:
        return self._take(self.url + path, body), {}, b""


class StacksServer(JsonServer):
    """CloudFormation's API for the handler's processes.

    Parameters
    ----------
    books
        Returns what CloudFormation's API currently knows.
    """

    def __init__(self, books: Callable[[], StackBooks]) -> None:
        self._books = books
        super().__init__(self._respond)

    def _respond(self, _: str, __: Any, body: Any) -> tuple[int, dict[str, str], bytes]:
        question = getattr(self._books(), body.pop("question"))
        if "resource" in body:
            body["resource"] = ResourceKey(*body["resource"])
        found: Any = question(**body)
        if is_tuple(found):
            found = [astuple(key) for key in found]
        elif not isinstance(found, bool):
            found = astuple(found)
        return 200, {}, json.dumps(found).encode()
