"""Connections that stand still are closed, each phase in its time; slow ones are not. And how many there may be."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from astore_sdk.server import BackgroundServer, Fault, Limits, Timeouts
from astore_sdk.server.crowd import connection_limit

from .letters import answers
from .processes import ServeProcess
from .wire import answer, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHORT = Timeouts(head=0.6, body=0.6, unread=0.6, keep_alive=0.9, linger=0.3)
# How late an end may come on a machine that is busy.
LATE = 5


@pytest.fixture(scope="module")
def hasty() -> Iterator[BackgroundServer]:
    with BackgroundServer(limits=Limits(timeouts=SHORT)) as server:
        httpx.put(f"{server.url}/s3/bucket")
        yield server


def end_of(opened: socket.socket) -> tuple[bytes, float]:
    """Read until the server closes; gives what came, and the seconds that it took."""
    began, received = time.monotonic(), b""
    with contextlib.suppress(ConnectionResetError):
        while more := opened.recv(1 << 20):
            received += more
    return received, time.monotonic() - began


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LATE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def blobs(server: BackgroundServer) -> list[Path]:
    return list(server.data.glob("blobs/*/*"))


def open_blobs(server: BackgroundServer) -> int:
    """Count the descriptors of this process that are blobs of the server."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += str(link.readlink()).startswith(str(server.data / "blobs"))
    return found


def test_a_connection_that_says_nothing_is_closed(hasty: BackgroundServer) -> None:
    with connect(hasty) as opened:
        received, seconds = end_of(opened)
    assert received == b""
    assert 0.5 < seconds < LATE


@pytest.mark.parametrize(
    "begin", [b"G", b"GET /s3 HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"GET /s3 HTTP/1.1\r\nHost: 127.0.0.1\r\na: " + b"x" * 5000]
)
def test_half_a_head_is_given_up(hasty: BackgroundServer, begin: bytes) -> None:
    with connect(hasty) as opened:
        opened.sendall(begin)
        received, seconds = end_of(opened)
    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nconnection: close\r\n" in received
    assert json.loads(received.partition(b"\r\n\r\n")[2])["status"] == 408
    assert 0.5 < seconds < LATE


@pytest.mark.parametrize("kept", [False, True])
def test_a_head_that_trickles_has_a_time_in_all(hasty: BackgroundServer, kept: bool) -> None:
    with connect(hasty) as opened:
        if kept:
            opened.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert answer(opened)[0].status == 200
        began, received = time.monotonic(), b""
        opened.settimeout(0.05)
        opened.sendall(b"GET /s3 HTTP/1.1\r\nHost: 127.0.0.1\r\na: ")
        while not received and time.monotonic() - began < LATE:
            opened.sendall(b"b")
            with contextlib.suppress(TimeoutError):
                received = opened.recv(65_536)
    assert received.startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_is_kept_has_its_own_time(hasty: BackgroundServer) -> None:
    with connect(hasty) as opened:
        opened.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answer(opened)[0].status == 200
        received, seconds = end_of(opened)
    assert received == b""
    assert 0.8 < seconds < LATE


HALF_BODIES = {
    "nothing": b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000000\r\n\r\n",
    "some": b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000000\r\n\r\n" + bytes(3_000_000),
    "chunks": b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "half a chunk": b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    "no last trailer": b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: b\r\n",
    "json": b"POST /s3/bucket?delete HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
    "pipelined": b"GET /s3 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx",
}


@pytest.mark.parametrize("half", HALF_BODIES)
def test_half_a_body_is_given_up(hasty: BackgroundServer, half: str) -> None:
    before = blobs(hasty)
    got = answers(hasty, HALF_BODIES[half])
    assert [each[0] for each in got] == ([200, 408] if half == "pipelined" else [408])
    assert got[-1][1]["connection"] == "close"
    assert httpx.head(f"{hasty.url}/s3/bucket/half").status_code == 404
    wait_until(lambda: blobs(hasty) == before)
    wait_until(lambda: open_blobs(hasty) == 0)


def test_framing_that_trickles_is_no_body(hasty: BackgroundServer) -> None:
    with connect(hasty) as opened:
        opened.sendall(b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        began, received = time.monotonic(), b""
        opened.settimeout(0.05)
        while not received and time.monotonic() - began < LATE:
            opened.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                received = opened.recv(65_536)
    assert received.startswith(b"HTTP/1.1 408 ")


def test_who_asked_to_continue_and_does_not_is_given_up(hasty: BackgroundServer) -> None:
    got = answers(hasty, b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert [each[0] for each in got] == [100, 408]


def test_a_slow_upload_is_not_cut(hasty: BackgroundServer) -> None:
    """It takes several times the limit, of which it keeps in every piece."""
    with connect(hasty) as opened:
        opened.sendall(b"PUT /s3/bucket/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 12\r\n\r\n")
        for _ in range(12):
            time.sleep(0.2)
            opened.sendall(b"x")
        assert answer(opened)[0].status == 200
    assert httpx.get(f"{hasty.url}/s3/bucket/slow").content == b"x" * 12


def test_time_that_the_store_takes_is_not_counted(hasty: BackgroundServer) -> None:
    for request in (
        b"GET /s3 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"PUT /s3/bucket/late HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\nx",
    ):
        hasty.faults.add(Fault(delay=2))
        with connect(hasty) as opened:
            opened.sendall(request)
            assert answer(opened)[0].status == 200


@pytest.fixture(scope="module")
def large(hasty: BackgroundServer) -> bytes:
    data = os.urandom(20_000_000)
    httpx.put(f"{hasty.url}/s3/bucket/large", content=data)
    return data


def _ask_for(server: BackgroundServer, key: str, fields: str = "") -> socket.socket:
    address = urlsplit(server.url)
    opened = socket.socket()
    # Small, so that little of the answer is taken without being read.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    opened.settimeout(20)
    opened.connect((address.hostname, address.port))
    opened.sendall(f"GET /s3/bucket/{key} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode())
    return opened


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_a_download_that_nobody_reads_is_given_up(hasty: BackgroundServer, large: bytes) -> None:
    httpx.put(f"{hasty.url}/s3/bucket/unread", content=large)
    before = len(blobs(hasty))
    with _ask_for(hasty, "unread") as opened:
        assert opened.recv(100)
        wait_until(lambda: open_blobs(hasty) == 1)
        # Its bytes wait for the reader, until that is given up.
        httpx.delete(f"{hasty.url}/s3/bucket/unread")
        assert len(blobs(hasty)) == before
        wait_until(lambda: open_blobs(hasty) == 0)
        wait_until(lambda: len(blobs(hasty)) == before - 1)
        received, _ = end_of(opened)
    assert len(received) < len(large)


def test_a_body_that_comes_while_an_answer_goes_is_not_read_for_ever(hasty: BackgroundServer, large: bytes) -> None:
    with _ask_for(hasty, "large", "Content-Length: 999999999\r\n") as opened:
        assert opened.recv(100).startswith(b"HTTP/1.1 200")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 100_000_000:
                sent += opened.send(bytes(100_000))
        # The buffers of both systems are in it.
        assert sent < 20_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say how much they still hold")
def test_a_slow_download_is_not_cut(hasty: BackgroundServer, large: bytes) -> None:
    """It takes several times the limit; the buffers of the system alone would hide for longer that it is read."""
    with _ask_for(hasty, "large") as opened:
        received, began = b"", time.monotonic()
        while time.monotonic() - began < 4:
            received += opened.recv(20_000)
            time.sleep(0.1)
        assert len(received) < len(large) / 2
        body = received.partition(b"\r\n\r\n")[2]
        while len(body) < len(large):
            more = opened.recv(1 << 20)
            assert more
            body += more
    assert hashlib.sha256(body).digest() == hashlib.sha256(large).digest()


# How many.


def test_the_longest_waiting_make_room() -> None:
    with BackgroundServer(limits=Limits(max_connections=5)) as server, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(server)) for _ in range(40)]
        for number, begin in enumerate((b"", b"GET /s3 HTTP/1.1\r\n", b"GET /s3 HTTP/1.1\r\n")):
            silent[-number - 1].sendall(begin)
        began = time.monotonic()
        for path in ("/health", "/health/ready", "/s3"):
            assert httpx.get(f"{server.url}{path}").status_code == 200
        assert time.monotonic() - began < LATE
        assert silent[0].recv(1) == b""


def test_where_all_are_busy_new_ones_are_told_and_health_answers() -> None:
    head = b"PUT /s3/bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n"
    with BackgroundServer(limits=Limits(max_connections=5)) as server, contextlib.ExitStack() as stack:
        httpx.put(f"{server.url}/s3/bucket")
        busy = [stack.enter_context(connect(server)) for _ in range(5)]
        for each in busy:
            each.sendall(head + b"he")
        wait_until(lambda: _busy(server) == 5)
        for _ in range(30):
            assert httpx.get(f"{server.url}/health/ready").status_code == 200
            got = httpx.get(f"{server.url}/s3")
            assert got.status_code == 503
            assert got.json()["code"] == "SlowDown"
            assert got.headers["retry-after"] == "1"
            assert got.headers["connection"] == "close"
        # Those that wait among the excess make room for each other.
        for _ in range(40):
            stack.enter_context(connect(server))
        assert httpx.get(f"{server.url}/health").status_code == 200
        for each in busy:
            each.sendall(b"llo")
            assert answer(each)[0].status == 200
        assert httpx.get(f"{server.url}/s3/bucket/key").content == b"hello"


def _busy(server: BackgroundServer) -> int:
    assert server._server is not None
    return sum(not each.is_waiting for each in list(server._server.server_state.connections))


@pytest.mark.parametrize(
    ("descriptors", "connections"), [(None, 4096), (64, 16), (256, 48), (1024, 432), (20_000, 4096), (1_000_000, 4096)]
)
def test_connections_leave_descriptors_for_files(descriptors: int | None, connections: int) -> None:
    assert connection_limit(descriptors) == connections


def _serve(folder: Path, descriptors: int) -> ServeProcess:
    """Start a store that may have few descriptors, and whose log has all warnings, asyncio's included."""
    return ServeProcess(
        folder / "data",
        *("--log-level", "warning"),
        preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors)),
    )


FLOODS = {
    "silent": b"",
    "half heads": b"GET /s3 HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    "half uploads": b"PUT /s3/bucket/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000000\r\n\r\n" + bytes(10_000),
    "unread downloads": b"GET /s3/bucket/large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("descriptors", [100, 256])
def test_a_flood_leaves_health_and_the_log_alone(tmp_path: Path, flood: str, descriptors: int) -> None:
    with _serve(tmp_path, descriptors) as running, contextlib.ExitStack() as stack:
        address = urlsplit(running.url)
        httpx.put(f"{running.url}/s3/bucket")
        httpx.put(f"{running.url}/s3/bucket/large", content=bytes(20_000_000))
        for _ in range(300):
            opened = stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=20))
            with contextlib.suppress(ConnectionError):
                opened.sendall(FLOODS[flood])
        began = time.monotonic()
        assert httpx.get(f"{running.url}/health/live", timeout=20).status_code == 200
        if descriptors == 256:
            assert httpx.get(f"{running.url}/health/ready", timeout=20).status_code == 200
        assert time.monotonic() - began < LATE
        stack.close()
        # With the flood gone, all is as before.
        wait_until(lambda: httpx.get(f"{running.url}/s3").status_code == 200)
        assert httpx.put(f"{running.url}/s3/bucket/key", content=b"x").status_code == 200
        assert running.terminate() == 0
        assert "Traceback" not in running.errors
        assert len(running.errors.splitlines()) <= 3, running.errors


def test_descriptors_that_are_gone_are_one_line_in_the_log(tmp_path: Path) -> None:
    """Fewer than the store would need for itself: accepting fails, and goes on when some are free again."""
    with _serve(tmp_path, 40) as running, contextlib.ExitStack() as stack:
        address = urlsplit(running.url)
        for _ in range(200):
            stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=20))
        # What cannot be accepted now is tried again ten times a second.
        time.sleep(1)
        stack.close()
        wait_until(lambda: httpx.get(f"{running.url}/health/live").status_code == 200)
        assert running.terminate() == 0
        assert "Traceback" not in running.errors
        assert 1 <= len(running.errors.splitlines()) <= 3, running.errors
