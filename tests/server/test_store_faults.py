from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import Fault
from astore_sdk.server.faults import Faults, fault_from_header

from .wire import assert_problem, connect

if TYPE_CHECKING:
    from astore_sdk.server import BackgroundServer

DATA = bytes(range(256)) * 8192  # 2 MiB


@pytest.fixture
def path(http: httpx.Client, bucket: str) -> str:
    http.put(f"/s3/{bucket}/key", content=DATA)
    return f"/s3/{bucket}/key"


def test_statuses_are_counted_and_skipped(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(operation="getObject", status=503, retry_after="7", skip=1, times=2))
    got = [http.get(path) for _ in range(4)]
    assert [answer.status_code for answer in got] == [200, 503, 503, 200]
    assert got[1].headers["retry-after"] == "7"
    assert_problem(got[1], 503, "SlowDown")


def test_a_proxy_may_answer_in_html(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(key="key", status=502, body="<h1>Bad Gateway</h1>"))
    got = http.get(path)
    assert (got.status_code, got.text, got.headers["content-type"]) == (502, "<h1>Bad Gateway</h1>", "text/html")


def test_matching() -> None:
    faults = Faults()
    faults.add(Fault(method="PUT", bucket="b", key="k", status=500))
    assert faults.take("getObject", "GET", "b", "k") is None
    assert faults.take("putObject", "PUT", "b", "other") is None
    assert faults.take("putObject", "PUT", "other", "k") is None
    assert faults.take("putObject", "PUT", "b", "k") is not None
    assert faults.take("putObject", "PUT", "b", "k") is None


@pytest.mark.parametrize("reset", [False, True])
def test_dropped_before_anything_is_done(server: BackgroundServer, http: httpx.Client, path: str, reset: bool) -> None:
    server.faults.add(Fault(operation="putObject", drop_before=True, reset=reset))
    with pytest.raises(httpx.TransportError):
        http.put(path, content=b"new")
    assert http.get(path).content == DATA


@pytest.mark.parametrize("reset", [False, True])
def test_done_but_the_answer_is_lost(server: BackgroundServer, http: httpx.Client, path: str, reset: bool) -> None:
    server.faults.add(Fault(operation="putObject", lose_answer=True, reset=reset))
    with pytest.raises(httpx.TransportError):
        http.put(path, content=b"new")
    assert http.get(path).content == b"new"


def test_an_upload_cut_on_the_way(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(operation="putObject", drop_upload_after=100_000))
    with pytest.raises(httpx.TransportError):
        http.put(path, content=DATA * 2)
    assert http.get(path).content == DATA


@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 20, len(DATA) - 1])
def test_a_download_cut_at_a_byte(server: BackgroundServer, http: httpx.Client, path: str, size: int) -> None:
    server.faults.add(Fault(operation="getObject", drop_after=size))
    received = b""
    with http.stream("GET", path) as response:
        assert response.headers["content-length"] == str(len(DATA))
        pieces = response.iter_raw()
        with pytest.raises(httpx.RemoteProtocolError):
            for piece in pieces:
                received += piece
    assert received == DATA[:size]


def test_a_download_reset(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(operation="getObject", drop_after=1000, reset=True))
    with pytest.raises(httpx.TransportError):
        http.get(path)


@pytest.mark.parametrize("size", [0, 1000, 1 << 20])
def test_a_download_that_stalls(server: BackgroundServer, path: str, size: int) -> None:
    server.faults.add(Fault(operation="getObject", stall_after=size))
    with connect(server) as opened:
        opened.settimeout(0.3)
        opened.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        received = b""
        with pytest.raises(TimeoutError):
            while True:
                received += opened.recv(1 << 20)
    assert received.partition(b"\r\n\r\n")[2] == DATA[:size]


def test_no_answer_at_all(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(operation="headObject", stall_before=True))
    with pytest.raises(httpx.ReadTimeout):
        http.head(path, timeout=0.2)


def test_wrong_bytes(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(operation="getObject", corrupt=True))
    got = http.get(path)
    assert got.status_code == 200
    assert len(got.content) == len(DATA)
    assert [place for place in range(len(DATA)) if got.content[place] != DATA[place]] == [len(DATA) // 2]


def test_a_delay(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(operation="headObject", delay=0.2))
    began = time.monotonic()
    assert http.head(path).status_code == 200
    assert time.monotonic() - began >= 0.2


def test_faults_on_answers_without_a_body(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    server.faults.add(Fault(operation="headObject", drop_after=5, corrupt=True))
    assert http.head(path).status_code == 200
    server.faults.add(Fault(operation="deleteObject", corrupt=True))
    assert http.delete(path).status_code == 204


def test_faults_over_http(http: httpx.Client, path: str) -> None:
    queued = http.post("/faults", json={"operation": "headObject", "status": 500, "times": 2})
    assert queued.json() == {"faults": [{"operation": "headObject", "status": 500, "times": 2}]}
    assert http.head(path).status_code == 500
    assert http.get("/faults").json() == {"faults": [{"operation": "headObject", "status": 500}]}
    assert http.delete("/faults").json() == {"faults": []}
    assert http.head(path).status_code == 200
    assert_problem(http.put("/faults"), 405, "MethodNotAllowed")


def test_a_fault_in_a_header(http: httpx.Client, path: str) -> None:
    assert http.get(path, headers={"x-astore-fault": "status=503; retry-after=1"}).headers["retry-after"] == "1"
    assert http.get(path, headers={"x-astore-fault": "delay=0.01;corrupt"}).content != DATA
    assert http.get(path).content == DATA


@pytest.mark.parametrize("text", ["nonsense", "status=x", "status=99", "delay=-1", "times=0", "drop-before=maybe", "status"])
def test_a_fault_that_cannot_be(http: httpx.Client, path: str, text: str) -> None:
    assert_problem(http.get(path, headers={"x-astore-fault": text}), 400, "InvalidArgument")


@pytest.mark.parametrize("body", [{"status": "x"}, {"nope": 1}, {"drop-after": 1.5}, {"corrupt": 1}, {"times": True}])
def test_a_queued_fault_that_cannot_be(http: httpx.Client, body: dict[str, object]) -> None:
    assert_problem(http.post("/faults", json=body), 400, "InvalidArgument")
    assert_problem(http.post("/faults", json=[]), 400, "InvalidRequest")


def test_names_have_hyphens() -> None:
    read = fault_from_header("drop-after=5; reset; operation=getObject")
    assert read == Fault(drop_after=5, reset=True, operation="getObject")
