"""HTTP itself: tokens, health, bodies that stop, heads that do not end."""

from __future__ import annotations

import json
import logging
import os
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer, StoreError
from astore_sdk.server.running import is_loopback, listen

from .wire import PROBLEM_FIELDS, answer, assert_problem, connect, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

HEALTH_FIELDS = {"status", "version", "apiVersion", "features"}


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/live"])
def test_health(http: httpx.Client, path: str) -> None:
    got = http.get(path)
    assert got.status_code == 200
    assert set(got.json()) == HEALTH_FIELDS
    assert got.json()["status"] == "ok"
    assert got.headers["x-request-id"]


def test_every_answer_has_its_own_request_id(http: httpx.Client) -> None:
    answers = [http.get("/s3"), http.get("/nothing"), http.head("/s3/absent-bucket"), http.delete("/s3/absent-bucket/k")]
    assert len({got.headers["x-request-id"] for got in answers}) == 4


def test_a_head_that_fails_has_no_body(server: BackgroundServer) -> None:
    request = b"HEAD /s3/absent-bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(server) as opened:
        for _ in range(2):
            opened.sendall(request)
            response, body = answer(opened, method="HEAD")
            assert (response.status, body) == (404, b"")
            assert int(response.headers["content-length"]) > 0


@pytest.fixture(scope="module")
def guarded() -> Iterator[BackgroundServer]:
    with BackgroundServer(token="s3cr3t-token") as server:
        yield server


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer wrong", "Basic s3cr3t-token", "s3cr3t-token", "Bearer s3cr3t-tokenx", "Bearer \u00fc"],
)
def test_without_the_token_nothing_is_said(guarded: BackgroundServer, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given.encode("latin-1")}
    for method, path in (("GET", "/s3"), ("PUT", "/s3/new-one"), ("GET", "/s3/BAD"), ("GET", "/nothing"), ("POST", "/faults")):
        got = httpx.request(method, f"{guarded.url}{path}", headers=headers)
        problem = assert_problem(got, 401, "Unauthorized")
        assert got.headers["www-authenticate"].startswith("Bearer")
        assert "s3cr3t" not in json.dumps(problem)
    for path in ("/health", "/health/ready", "/health/live"):
        assert httpx.get(f"{guarded.url}{path}", headers=headers).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_token_all_is_there(guarded: BackgroundServer, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} s3cr3t-token"}
    assert httpx.get(f"{guarded.url}/s3", headers=headers).status_code == 200
    assert_problem(httpx.get(f"{guarded.url}/s3/BAD", headers=headers), 400, "InvalidBucketName")


def test_a_refused_upload_leaves_the_connection_usable(guarded: BackgroundServer) -> None:
    with httpx.Client(base_url=guarded.url) as client:
        for _ in range(3):
            assert client.put("/s3/some-bucket/key", content=bytes(3_000_000)).status_code == 401
            assert client.get("/health").status_code == 200


def test_only_loopback_without_a_token() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    with pytest.raises(StoreError, match="without a token"):
        listen("0.0.0.0", 0, token=None)
    listen("0.0.0.0", 0, token="t").close()


def _blobs(server: BackgroundServer) -> set[str]:
    return {path.name for path in server.data.glob("blobs/*/*")}


def _wait_until_idle(server: BackgroundServer, blobs: set[str]) -> None:
    for _ in range(500):
        if _blobs(server) <= blobs:
            return
        httpx.get(f"{server.url}/health/ready")
    assert _blobs(server) <= blobs


@pytest.mark.parametrize("sent", [0, 10, 70_000, 3_000_000])
def test_an_upload_that_stops_leaves_nothing(server: BackgroundServer, http: httpx.Client, bucket: str, sent: int) -> None:
    before = _blobs(server)
    with connect(server) as opened:
        opened.sendall(f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n".encode())
        opened.sendall(bytes(sent))
        if sent > 2_000_000:
            # Let the store come to write before the connection goes.
            while _blobs(server) == before:
                http.get("/health")
    _wait_until_idle(server, before)
    assert http.head(f"/s3/{bucket}/key").status_code == 404


def test_a_chunked_upload_that_stops_leaves_nothing(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    before = _blobs(server)
    with connect(server) as opened:
        opened.sendall(f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        opened.sendall(b"5\r\nhello\r\n")
        opened.shutdown(socket.SHUT_WR)
        assert opened.recv(100) in {b"", opened.recv(0)}
    _wait_until_idle(server, before)
    assert http.head(f"/s3/{bucket}/key").status_code == 404


def test_expect_continue(server: BackgroundServer, bucket: str) -> None:
    with connect(server) as opened:
        head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        opened.sendall(head.encode())
        assert opened.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"[:25]
        opened.sendall(b"abc")
        response, _ = answer(opened)
        assert response.status == 200


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("absent-bucket/key", "", 404),
        ("{bucket}/key", "Content-Length: 99999999999\r\n", 413),
        ("{bucket}/there", "If-None-Match: *\r\n", 412),
    ],
)
def test_what_cannot_succeed_is_refused_before_the_body_is_sent(
    server: BackgroundServer, http: httpx.Client, bucket: str, path: str, more: str, status: int
) -> None:
    http.put(f"/s3/{bucket}/there", content=b"x")
    length = "" if "Content-Length" in more else "Content-Length: 3\r\n"
    head = f"PUT /s3/{path.format(bucket=bucket)} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n{length}{more}\r\n"
    response, body = exchange(server, head.encode(), method="PUT")
    assert response.status == status
    assert set(json.loads(body)) == PROBLEM_FIELDS
    assert response.headers["connection"] == "close"


def test_a_length_over_the_limit_is_refused_at_once(server: BackgroundServer, bucket: str) -> None:
    head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
    response, _ = exchange(server, head.encode(), method="PUT")
    assert response.status == 413


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET /s3 HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
        b"GET /s3 HTTP/1.1\r\nHost: localhost\r\nlong: " + b"x" * 300_000,
        b"GET /" + b"x" * 300_000,
    ],
)
def test_what_is_not_http_is_refused(server: BackgroundServer, request_bytes: bytes) -> None:
    with connect(server) as opened:
        try:
            opened.sendall(request_bytes)
        except ConnectionError:
            return  # The answer came while we were still talking.
        try:
            start = opened.recv(12)
        except ConnectionError:
            return
        assert start == b"HTTP/1.1 400"


def test_pipelined_requests_are_answered_in_order(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/a", content=b"one")
    http.put(f"/s3/{bucket}/b", content=b"two")
    with connect(server) as opened:
        opened.sendall(
            f"GET /s3/{bucket}/a HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            + f"GET /s3/{bucket}/b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        received = b""
        while more := opened.recv(65_536):
            received += more
    assert received.index(b"one") < received.index(b"two")


def test_the_bytes_of_a_reader_stay_until_it_has_gone(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    data = os.urandom(7_000_000)
    http.put(f"/s3/{bucket}/key", content=data)
    blobs = [path for path in server.data.glob("blobs/*/*") if path.stat().st_size == len(data)]
    with connect(server) as opened:
        opened.sendall(f"GET /s3/{bucket}/key HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        opened.recv(1000)
        http.delete(f"/s3/{bucket}/key")
        # It is still being read, so its bytes are still there.
        assert all(path.exists() for path in blobs)
    for _ in range(500):
        if not any(path.exists() for path in blobs):
            break
        http.get("/health/ready")
    assert not any(path.exists() for path in blobs)


def test_a_failure_of_our_own_is_told_to_the_log(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("something secret")

    monkeypatch.setitem(__import__("astore_sdk.server.app", fromlist=["_OPERATIONS"])._OPERATIONS, "listBuckets", fail)
    with caplog.at_level(logging.ERROR, "astore_sdk.server"):
        problem = assert_problem(http.get("/s3"), 500, "InternalError")
    assert "secret" not in str(problem)
    assert "something secret" in caplog.text
    assert problem["retryable"] is True
