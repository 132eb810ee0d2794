import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lambda_handlers.connect_phone_number.cloudformation.response import (
    MAX_BODY_BYTES,
    Response,
    ResponseNotDelivered,
    Status,
    deliver,
    encode,
    http_get,
    http_put,
)

EVENT = {
    "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1",
    "RequestId": "r-1",
    "LogicalResourceId": "Number",
}
URL = "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=5ec4e7"


def _encoded(reason: str, event: dict[str, str] | None = None) -> tuple[bytes, Any]:
    body = encode(Response(Status.FAILED, "p-1", reason), event if event is not None else EVENT)
    return body, json.loads(body)


class TestEncode:
    def test_a_success(self) -> None:
        response = Response(Status.SUCCESS, "p-1", data={"PhoneNumber": "+12065550100"})
        assert json.loads(encode(response, EVENT)) == {
            "Status": "SUCCESS",
            "Reason": "",
            "PhysicalResourceId": "p-1",
            **EVENT,
            "Data": {"PhoneNumber": "+12065550100"},
        }

    def test_a_failure(self) -> None:
        _, fields = _encoded("Because.")
        assert (fields["Status"], fields["Reason"], fields["Data"]) == ("FAILED", "Because.", {})

    def test_what_a_malformed_event_does_not_have_is_empty(self) -> None:
        _, fields = _encoded("Because.", {})
        assert (fields["StackId"], fields["RequestId"], fields["LogicalResourceId"]) == ("", "", "")

    def test_a_body_of_just_the_limit_is_left_alone(self) -> None:
        reason = "x" * (MAX_BODY_BYTES - len(_encoded("x")[0]) + 1)
        body, fields = _encoded(reason)
        assert (len(body), fields["Reason"]) == (MAX_BODY_BYTES, reason)

    @pytest.mark.parametrize("character", ["x", '"', "é", "😀", "\x00", " x"])
    @pytest.mark.parametrize("count", [700, 4000, 30_000])
    def test_a_long_reason_is_cut_and_most_of_the_room_is_used(self, character: str, count: int) -> None:
        reason = character * count
        body, fields = _encoded(reason)
        if fields["Reason"] == reason:
            return
        assert len(body) <= MAX_BODY_BYTES
        assert fields["Reason"].endswith("…")
        assert reason.startswith(fields["Reason"][:-1])
        assert len(body) > MAX_BODY_BYTES * 2 // 3

    def test_the_ids_of_a_malformed_event_may_be_of_any_length(self) -> None:
        body, fields = _encoded("Because.", {**EVENT, "LogicalResourceId": "x" * 5000})
        assert len(body) <= MAX_BODY_BYTES
        assert fields["Status"] == "FAILED"


class _Put:
    """Gives out the outcomes in turn, and the last one for ever."""

    def __init__(self, *outcomes: int | Exception) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[tuple[str, bytes]] = []

    def __call__(self, url: str, body: bytes) -> int:
        self.calls.append((url, body))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


PAUSES = [2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


class TestDeliver:
    @pytest.mark.parametrize("status", [200, 204])
    def test_taken_at_once(self, status: int) -> None:
        put, pauses = _Put(status), list[float]()
        deliver(URL, b"{}", put, pauses.append)
        assert (put.calls, pauses) == ([(URL, b"{}")], [])

    @pytest.mark.parametrize(
        "problem", [500, 503, 400, 403, 404, 408, 410, 429, 302, TimeoutError(), ConnectionResetError()]
    )
    def test_what_passes_is_tried_again_ever_later(self, problem: int | Exception) -> None:
        put, pauses = _Put(problem, problem, 200), list[float]()
        deliver(URL, b"{}", put, pauses.append)
        assert len(put.calls) == 3
        assert pauses == [2.0, 4.0]

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_a_url_that_stays_void_is_told_from_one_that_cannot_be_reached(self, status: int) -> None:
        put, pauses = _Put(status), list[float]()
        with pytest.raises(ResponseNotDelivered, match=f"HTTP status {status}") as raised:
            deliver(URL, b"{}", put, pauses.append)
        assert raised.value.is_void
        assert (len(put.calls), pauses) == (7, PAUSES)

    @pytest.mark.parametrize(
        ("outcomes", "is_void"),
        [([403] * 6 + [500], False), ([500] * 6 + [403], True), ([*[403] * 6, TimeoutError()], False)],
    )
    def test_only_the_last_try_says_that_the_url_is_void(self, outcomes: list[int | Exception], is_void: bool) -> None:
        with pytest.raises(ResponseNotDelivered) as raised:
            deliver(URL, b"{}", _Put(*outcomes), list[float]().append)
        assert raised.value.is_void == is_void

    @pytest.mark.parametrize(
        ("problem", "said"),
        [
            (500, "HTTP status 500"),
            (400, "HTTP status 400"),
            (408, "HTTP status 408"),
            (302, "HTTP status 302"),
            (TimeoutError(URL), "TimeoutError"),
            (http.client.InvalidURL(URL), "InvalidURL"),
            (http.client.RemoteDisconnected(URL), "RemoteDisconnected"),
        ],
    )
    def test_after_seven_tries_it_is_left_to_another_delivery(self, problem: int | Exception, said: str) -> None:
        put, pauses = _Put(problem), list[float]()
        with pytest.raises(ResponseNotDelivered) as raised:
            deliver(URL, b"{}", put, pauses.append)
        assert str(raised.value) == f"CloudFormation could not be answered in 7 tries: {said}"
        assert not raised.value.is_void
        assert len(put.calls) == 7
        assert pauses == PAUSES
        # Lambda prints the chain of causes into the log.
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None


@dataclass
class _Bucket:
    """Takes answers as S3 does behind a presigned URL."""

    url: str = ""
    status: int = 200
    is_silent: bool = False
    promised: int = 0
    may_respond: threading.Event = field(default_factory=threading.Event)
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list[tuple[str, dict[str, str], bytes]])


@pytest.fixture
def bucket() -> Iterator[_Bucket]:
    bucket = _Bucket()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bucket.received.append((self.path, dict(self.headers.items()), body))
            if bucket.is_silent:
                bucket.may_respond.wait(5)
                return
            self.send_response(bucket.status)
            # The connection may end before as much of the body has come.
            self.send_header("Content-Length", str(bucket.promised))
            self.end_headers()

        def do_GET(self) -> None:
            bucket.received.append((self.path, dict(self.headers.items()), b""))
            self.send_response(bucket.status)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"templates")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    bucket.url = f"http://127.0.0.1:{server.server_port}/the/key%3A1?X-Amz-Signature=5ec4e7&x=%2F"
    yield bucket
    bucket.may_respond.set()
    server.shutdown()
    thread.join()
    server.server_close()


class TestHttpPut:
    def test_it_puts_with_an_empty_content_type_to_the_very_url(self, bucket: _Bucket) -> None:
        assert http_put(bucket.url, b'{"Status": "SUCCESS"}') == 200
        ((path, headers, body),) = bucket.received
        assert path == "/the/key%3A1?X-Amz-Signature=5ec4e7&x=%2F"
        assert headers["Content-Type"] == ""
        assert headers["Content-Length"] == "21"
        assert body == b'{"Status": "SUCCESS"}'

    @pytest.mark.parametrize("status", [403, 500, 503])
    def test_it_returns_the_status(self, bucket: _Bucket, status: int) -> None:
        bucket.status = status
        assert http_put(bucket.url, b"{}") == status

    def test_a_body_that_breaks_off_does_not_matter(self, bucket: _Bucket) -> None:
        bucket.promised = 100
        assert http_put(bucket.url, b"{}") == 200

    def test_it_does_not_wait_for_ever(self, bucket: _Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lambda_handlers.connect_phone_number.cloudformation.response._TIMEOUT_SECONDS", 0.05)
        bucket.is_silent = True
        with pytest.raises(TimeoutError):
            http_put(bucket.url, b"{}")

    def test_nobody_listens(self) -> None:
        with pytest.raises(OSError, match=r"."):
            http_put("http://127.0.0.1:1/", b"{}")

    def test_delivered_through_it(self, bucket: _Bucket) -> None:
        bucket.status = 503
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            bucket.status = 200

        deliver(bucket.url, encode(Response(Status.SUCCESS, "p-1"), EVENT), http_put, pause)
        assert pauses == [2.0]
        assert [json.loads(body)["Status"] for _, _, body in bucket.received] == ["SUCCESS", "SUCCESS"]


class TestHttpGet:
    @pytest.mark.parametrize("status", [200, 403])
    def test_it_gets_the_very_url(self, bucket: _Bucket, status: int) -> None:
        bucket.status = status
        assert http_get(bucket.url) == (status, b"templates")
        ((path, _, _),) = bucket.received
        assert path == "/the/key%3A1?X-Amz-Signature=5ec4e7&x=%2F"
