"""The emulator over HTTP, for real AWS SDKs in other processes."""

import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self, cast

from .control import PREFIX, control
from .errors import ServiceError
from .faults import UNANSWERED
from .model import connect_model, service_error
from .service import OPERATIONS, ConnectEmulator, Reply

_CREDENTIAL: Final = re.compile(r"Credential=(?P<key>[^/,]+)/[0-9]{8}/(?P<region>[^/,]+)/")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


class EmulatorServer:
    """An HTTP server for one emulator, in its own threads.

    Use it as a context manager, or call ``start`` and ``stop``.

    Parameters
    ----------
    emulator : ConnectEmulator
        The emulator that responds. While the server runs, use it only under ``lock``.
    host : str
        The address to listen on. Default ``127.0.0.1``.
    port : int
        The port to listen on. Default 0: any free port.
    sleep : Callable[[float], object]
        Waits, if a ``delay`` fault requires it. Default ``time.sleep``.

    Attributes
    ----------
    lock : threading.Lock
        Held by each thread that uses the emulator.
    url : str
        The ``endpoint_url`` for an SDK.
    """

    def __init__(
        self,
        emulator: ConnectEmulator,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.lock = threading.Lock()
        self._server = _HttpServer((host, port), emulator, self.lock, sleep)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            # The longest time that ``stop`` may have to wait.
            kwargs={"poll_interval": 0.05},
            daemon=True,
        )
        self.url = f"http://{host}:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Begin to respond, and return the server."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop responding, and close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        emulator: ConnectEmulator,
        lock: threading.Lock,
        sleep: Callable[[float], object],
    ) -> None:
        super().__init__(address, _Handler)
        self.emulator = emulator
        self.lock = lock
        self.sleep = sleep

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that is gone is not an error of the server."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes. With Nagle's algorithm, the second one waits for 40 ms.
    disable_nagle_algorithm = True

    @property
    def _owner(self) -> _HttpServer:
        return cast(_HttpServer, self.server)

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        if path.startswith(PREFIX):
            with self._owner.lock:
                control_reply = control(self._owner.emulator, self.command, path, body)
            self._send(control_reply.status, control_reply.body)
            return
        try:
            reply = self._perform(path, query, body)
        except ServiceError as error:
            self._send_error_shape(error)
            return
        if reply.delay_seconds:
            self._owner.sleep(reply.delay_seconds)
        if reply.fault in UNANSWERED:
            self.close_connection = True
        elif reply.error is not None:
            self._send_error_shape(reply.error)
        else:
            self._send(200, reply.response)

    def _perform(self, path: str, query: str, body: bytes) -> Reply:
        model = connect_model()
        route = model.match(self.command, path)
        if route is None:
            raise ServiceError("UnknownOperationException", f"{self.command} {path}", 404)
        name, segments = route
        if name not in OPERATIONS:
            raise ServiceError("NotImplemented", f"The emulator has no {name}. It has {', '.join(OPERATIONS)}.", 501)
        account, region = _caller(self.headers.get("Authorization", ""))
        parameters = model.operation(name).parse(segments, query, body)
        with self._owner.lock:
            return self._owner.emulator.perform(region, name, parameters, account)

    def _send_error_shape(self, error: ServiceError) -> None:
        self._send(error.status, {"Message": error.message}, error.code)

    def _send(self, status: int, body: Any, error_code: str | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if error_code is not None:
            self.send_header("x-amzn-ErrorType", error_code)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the audit log records all calls."""

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - http.server prescribes these names


def _caller(authorization: str) -> tuple[str | None, str]:
    credential = _CREDENTIAL.search(authorization)
    if credential is None:
        raise service_error("MissingAuthenticationTokenException", "Missing Authentication Token")
    key = credential["key"]
    # As in LocalStack, an access key that is an account's number selects that account.
    return key if _ACCOUNT.fullmatch(key) else None, credential["region"]
