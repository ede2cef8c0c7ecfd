"""What the store's log says, and that it never gets in the way."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from astore_sdk.server import BackgroundServer, Fault
from astore_sdk.server.access import AccessEntry, shown_path
from astore_sdk.server.failures import FailureLog
from astore_sdk.server.log_lines import LineFormatter
from astore_sdk.server.logs import LineWriter
from astore_sdk.server.problems import Problem

from .processes import ServeProcess, command
from .wire import connect, exchange

if TYPE_CHECKING:
    from collections.abc import Callable


ACCESS = "astore_sdk.server.access"
FIELDS = ["request_id", "client", "method", "path", "operation", "status", "code", "bytes_in", "bytes_out", "ms", "outcome"]


def _objects(log: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.splitlines()]


def _requests(log: str) -> list[dict[str, object]]:
    return [entry for entry in _objects(log) if entry["event"] == "request"]


def _place(url: str) -> tuple[str, int]:
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    return address.hostname, address.port


def _wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def _entries(caplog: pytest.LogCaptureFixture, count: int) -> list[AccessEntry]:
    """Give the entries of the access log once there are `count`: an answer arrives before its entry is made."""

    def found() -> list[AccessEntry]:
        return [record.msg for record in list(caplog.records) if isinstance(record.msg, AccessEntry)]

    _wait_for(lambda: len(found()) >= count)
    assert len(found()) == count
    return found()


def test_each_request_is_a_line(tmp_path: Path) -> None:
    with ServeProcess(tmp_path / "data", "--log-format", "json") as running, httpx.Client(base_url=running.url) as http:
        http.put("/s3/some-bucket")
        put = http.put("/s3/some-bucket/a%20key", content=b"12345")
        http.get("/s3/some-bucket/a%20key", params={"whatever": "unseen-value"})
        http.head("/s3/some-bucket/absent")
        http.get("/s3/some-bucket/absent")
        http.get("/nowhere")
        with socket.create_connection(_place(running.url)) as opened:
            opened.sendall(b"NOT HTTP\r\n\r\n")
            assert opened.recv(1000).startswith(b"HTTP/1.1 400")
        assert running.terminate() == 0
    entries = _requests(running.errors)
    assert [(entry["operation"], entry["status"], entry["code"]) for entry in entries] == [
        ("createBucket", 201, None),
        ("putObject", 200, None),
        ("getObject", 200, None),
        ("headObject", 404, "NoSuchKey"),
        ("getObject", 404, "NoSuchKey"),
        (None, 404, "NoSuchResource"),
        (None, 400, "InvalidRequest"),
    ]
    assert all(list(entry) == ["time", *FIELDS, "level", "event"] for entry in entries)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(entry["time"])) for entry in entries)
    stored = entries[1]
    assert (stored["method"], stored["path"]) == ("PUT", "/s3/some-bucket/a%20key")
    assert (stored["bytes_in"], stored["bytes_out"]) == (5, len(put.content))
    assert stored["request_id"] == put.headers["x-request-id"]
    assert re.fullmatch(r"127\.0\.0\.1:\d+", str(stored["client"]))
    assert isinstance(stored["ms"], float)
    assert entries[2]["bytes_out"] == 5
    assert entries[3]["bytes_out"] == 0
    assert {entry["outcome"] for entry in entries} == {"complete"}
    assert "unseen-value" not in running.errors


def test_the_text_has_the_same(tmp_path: Path) -> None:
    with ServeProcess(tmp_path / "data") as running:
        made = httpx.put(f"{running.url}/s3/some-bucket")
        assert running.terminate() == 0
    start, request, *end = running.errors.splitlines()
    assert running.url in start
    assert str(tmp_path / "data") in start
    assert "asks for no token" in start
    assert re.fullmatch(
        rf"\S+Z INFO request_id={made.headers['x-request-id']} client=127\.0\.0\.1:\d+ method=PUT path=/s3/some-bucket "
        rf'operation=createBucket status=201 code=- bytes_in=0 bytes_out={len(made.content)} ms=[0-9.]+ outcome="complete"',
        request,
    )
    assert re.search(r"INFO stopping after SIGTERM; open requests: 0, connections: \d$", end[0])
    assert end[1].endswith("INFO stopped")
    assert len(end) == 2


@pytest.mark.parametrize(
    ("arguments", "levels"),
    [
        (("--access-log", "off"), {"INFO", "ERROR"}),
        (("--log-level", "warning"), {"ERROR"}),
        (("--log-level", "error"), {"ERROR"}),
        (("--log-level", "debug"), {"DEBUG", "INFO", "ERROR"}),
    ],
)
def test_what_is_logged_is_chosen(tmp_path: Path, arguments: tuple[str, ...], levels: set[str]) -> None:
    with ServeProcess(tmp_path / "data", *arguments) as running:
        httpx.put(f"{running.url}/s3/some-bucket")
        (tmp_path / "data" / "blobs").rename(tmp_path / "data" / "gone")
        assert httpx.put(f"{running.url}/s3/some-bucket/key", content=b"1").status_code >= 500
        assert running.terminate() == 0
    assert {line.split()[1] for line in running.errors.splitlines()} == levels
    assert ("operation=createBucket" in running.errors) == ("DEBUG" in levels)


@pytest.mark.parametrize("arguments", [("--access-log", "maybe"), ("--log-level", "loud"), ("--log-format", "xml")])
def test_what_cannot_be_chosen(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(command("serve", *arguments), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "invalid choice" in done.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_that_is_sent_ends_a_line_or_begins_one(form: str, tmp_path: Path) -> None:
    parts = [b'"', b"\\", b"\x00", b"\x1b[2J", b"\x7f", b"\xff", b"\xe2\x80\xa8", b"\xc2\x85", b"%0d%0aFAKE", b"%0A", b"'", b"\t"]
    with ServeProcess(tmp_path / "data", "--log-format", form) as running:
        for part in parts:
            with socket.create_connection(_place(running.url)) as opened:
                opened.sendall(b"GET /s3/some-bucket/" + part + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                assert opened.recv(100).startswith(b"HTTP/1.1 4")
        assert running.terminate() == 0
    assert running.errors.isascii()
    assert all(char.isprintable() for char in running.errors.replace("\n", ""))
    lines = running.errors.splitlines()
    assert len(lines) == len(parts) + 3
    assert len(running.errors.split("\n")) == len(lines) + 1
    if form == "json":
        assert len(_requests(running.errors)) == len(parts)
    else:
        assert all(len(re.findall(r' (\w+)=("[^"]*"|[^ "]+)', line)) == len(FIELDS) for line in lines[1:-2])


def test_every_path_is_shown_in_visible_characters(
    server: BackgroundServer, http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    targets = (
        b"/s3/x/\xff\xfe",
        b'/s3/x/"q',
        b"/s3/x/a;b",
        b"http://us:pw@h/s3/x/y?token=q",
        b"/s3/x/" + b"k" * 9000,
        b"/s3?a=secret#b",
    )
    with caplog.at_level(logging.INFO, ACCESS):
        for target in targets:
            exchange(server, b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        entries = _entries(caplog, len(targets))
    assert all(re.fullmatch(r"[!#-\[\]-~]{1,4099}", entry.path) for entry in entries if entry.path is not None)
    assert not any(word in str(entries) for word in ("pw", "token", "secret"))
    assert all(400 <= (entry.status or 0) < 500 for entry in entries)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"/s3/b/a b", "/s3/b/a%20b"),
        (b"/s3/b/%2F%2f", "/s3/b/%2F%2f"),
        (b"/s3/b/\r\nX", "/s3/b/%0D%0AX"),
        (b"/s3/b/caf\xc3\xa9", "/s3/b/caf%C3%A9"),
        (b"/s3/b/sekret", "/s3/b/***"),
        (b"/s3/b/%73ekret%2Fsekret!", "/s3/b/***%2F***!"),
        (b"/s3/b/x?sekret", "/s3/b/x"),
        (b"/s3/b/x#sekret", "/s3/b/x"),
        (b"http://user:word@host/s3/b", "/s3/b"),
        (b"http://user:word@host", "/"),
        (b"user:word@host:80", "-"),
        (b"*", "*"),
    ],
)
def test_how_a_path_is_shown(raw: bytes, shown: str) -> None:
    expected = shown.replace("%2F***", "/***") if b"%73" in raw else shown
    assert shown_path(raw, b"sekret") == expected


def test_no_line_has_the_token(tmp_path: Path) -> None:
    right, wrong = "right-T0ken/+=", "wrong-T0ken"
    quoted = "".join(f"%{ord(char):02x}" for char in right)
    for form, level in itertools.product(("text", "json"), ("info", "debug")):
        arguments = ("--log-format", form, "--log-level", level, "--faults")
        with ServeProcess(tmp_path / "data", *arguments, token=right) as running, httpx.Client(base_url=running.url) as http:
            for token, scheme in itertools.product((right, wrong), ("Bearer", "bEaReR", "Basic", "")):
                http.get("/s3", headers={"aUthoriZation": f"{scheme} {token}".strip()})
                http.get("/s3", params={"token": token, token: "1"}, headers={"X-Token": token})
            allowed = {"Authorization": f"Bearer {right}"}
            for path in (f"/s3/some-bucket/{right}", f"/s3/some-bucket/{quoted}", f"/{right}", f"/supplychain/{quoted}"):
                http.get(path)
                http.get(path, headers=allowed)
                http.get(path, headers={**allowed, "x-astore-fault": right})
            with socket.create_connection(_place(running.url)) as opened:
                opened.sendall(f"GET /s3 HTTP/1.1\r\nAuthorization: Bearer {right}\r\nNo-Colon {right}\r\n\r\n".encode())
                assert opened.recv(1000).startswith(b"HTTP/1.1 400")
            assert running.terminate() == 0
        said = running.line + running.errors
        assert len(said.splitlines()) > 30
        assert right not in said
        assert json.dumps(right)[1:-1] not in said
        assert quoted not in said
        assert wrong not in said


def test_how_a_request_ended(server: BackgroundServer, http: httpx.Client, bucket: str, caplog: pytest.LogCaptureFixture) -> None:
    size = 30_000_000
    path = f"/s3/{bucket}/key"
    for part in range(5):
        http.put(f"{path}{part}", content=bytes(6_000_000))
    upload = http.post(f"{path}?uploads").json()["uploadId"]
    parts = [
        {"partNumber": n, "etag": http.put(f"{path}?uploadId={upload}&partNumber={n}", content=bytes(6_000_000)).headers["etag"]}
        for n in range(1, 6)
    ]
    assert http.post(f"{path}?uploadId={upload}", json={"parts": parts}).status_code == 200
    head = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    with caplog.at_level(logging.INFO, ACCESS):
        with connect(server) as download:
            download.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            download.sendall(b"GET " + path.encode() + head + b"\r\n")
            assert download.recv(100)
        gone = _entries(caplog, 1)[0]
        assert (gone.status, gone.operation, gone.outcome) == (200, "getObject", "client gone")
        assert gone.bytes_out < size
        with connect(server) as uploading:
            uploading.sendall(b"PUT " + path.encode() + head + b"Content-Length: 1000\r\n\r\n" + bytes(600))
        cut = _entries(caplog, 2)[1]
        assert (cut.status, cut.operation, cut.outcome, cut.bytes_in) == (None, "putObject", "client gone", 600)
        server.faults.add(Fault(operation="getObject", drop_after=1000))
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(path)
        broken = _entries(caplog, 3)[2]
        assert (broken.status, broken.outcome, broken.bytes_out) == (200, "broken off", 1000)


def test_what_the_end_of_the_store_cuts_off_is_logged(tmp_path: Path) -> None:
    with ServeProcess(tmp_path / "data", "--log-format", "json") as running:
        httpx.put(f"{running.url}/s3/some-bucket")
        with socket.create_connection(_place(running.url)) as uploading:
            uploading.sendall(
                b"PUT /s3/some-bucket/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
            )
            assert uploading.recv(100).startswith(b"HTTP/1.1 100")
            running.process.send_signal(signal.SIGTERM)
            assert running.process.stderr is not None
            while "stopping after SIGTERM" not in running.process.stderr.readline():
                pass
            began = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            assert running.wait() == 0
            assert time.monotonic() - began < 1.5
    cut = _requests(running.errors)[-1]
    assert (cut["operation"], cut["status"], cut["outcome"]) == ("putObject", None, "store stopped")
    said = [str(entry["message"]) for entry in _objects(running.errors) if entry["event"] != "request"]
    assert said == ["requests cut off at a second signal: 1", "stopped"]


def test_a_full_disk_has_its_cause_in_the_log_and_not_a_thousand_times(tmp_path: Path) -> None:
    def limit_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))

    with (
        ServeProcess(tmp_path / "data", "--log-format", "json", preexec=limit_files) as running,
        httpx.Client(base_url=running.url) as http,
    ):
        http.put("/s3/some-bucket")
        refused = [http.put("/s3/some-bucket/large", content=bytes(4_100_000)) for _ in range(12)]
        assert {answer.status_code for answer in refused} == {507}
        assert running.terminate() == 0
    failures = [entry for entry in _objects(running.errors) if entry["event"] == "failure"]
    assert failures
    first = failures[0]
    assert first["level"] == "error"
    assert (first["status"], first["code"], first["error"], first["operation"]) == (
        507,
        "InsufficientStorage",
        "OSError",
        "putObject",
    )
    assert "File too large" in str(first["detail"])
    assert first["request_id"] == refused[0].headers["x-request-id"]
    assert "traceback" not in first
    repeated = [entry for entry in _objects(running.errors) if entry["event"] == "failures"]
    assert len(failures) < 6
    assert len(failures) + sum(int(str(entry["count"])) for entry in repeated) == 12
    assert len(_requests(running.errors)) == 13


def test_each_failure_has_its_cause(
    server: BackgroundServer, http: httpx.Client, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    http.put(f"/s3/{bucket}/key", content=bytes(1234))
    blob = next(path for path in server.data.glob("blobs/*/*") if path.stat().st_size == 1234)
    blob.write_bytes(b"\x01" * 1234)
    with caplog.at_level(logging.ERROR, "astore_sdk.server"):
        damaged = http.get(f"/s3/{bucket}/key")
        assert damaged.status_code == 500
        probe = server.data / "probe"
        probe.mkdir()
        try:
            assert http.get("/health/ready").status_code == 503
        finally:
            probe.rmdir()
    http.delete(f"/s3/{bucket}/key")
    assert damaged.headers["x-request-id"] in caplog.text
    assert re.search(r"getObject\) failed with 500 DataCorrupted: DamagedBlobError: ", caplog.text)
    assert re.search(r"getReadiness\) failed with 503 NotReady: IsADirectoryError: ", caplog.text)


def test_repeated_failures_are_counted_and_the_count_is_said(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    failures = FailureLog(period=0.05, clock=lambda: now)
    problem = Problem("InsufficientStorage", "No space.")

    async def fail() -> None:
        nonlocal now
        for number in range(1000):
            failures.note(problem, OSError(28, "No space", f"/blobs/{number}"), request_id=f"r{number}", operation="putObject")
        failures.note(problem, OSError(30, "Read-only", "/blobs/1"), request_id="other", operation="putObject")
        assert len(caplog.records) == 2
        while len(caplog.records) < 3:  # noqa: ASYNC110 - the timer of the event loop tells nobody
            await asyncio.sleep(0.005)
        failures.note(problem, OSError(28, "No space", "/blobs/1"), request_id="again", operation="putObject")
        now = 1.0
        failures.note(problem, OSError(28, "No space", "/blobs/2"), request_id="later", operation="putObject")

    with caplog.at_level(logging.ERROR, "astore_sdk.server"):
        asyncio.run(fail())
        failures.close()
    said = [record.getMessage() for record in caplog.records]
    assert "request r0 " in said[0]
    assert "request other " in said[1]
    assert said[2].startswith("failed for the same cause since then: 999;")
    assert "request again " in said[3]
    assert "request later " in said[4]
    assert len(said) == 5


def test_causes_without_end_are_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    failures = FailureLog()

    async def fail() -> None:
        for number in range(1000):
            failures.note(Problem("InternalError", "x"), ValueError(str(number)), request_id="r", operation=None)

    with caplog.at_level(logging.ERROR, "astore_sdk.server"):
        asyncio.run(fail())
    assert len(caplog.records) == 1000
    assert len(failures._known) <= 64


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_told_from_lines(form: str) -> None:
    formatter = LineFormatter("json" if form == "json" else "text", secret="sekret")
    try:
        raise ValueError("first sekret\n2026-01-01T00:00:00.000Z INFO forged\x1b[2J\u2028\udcff")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    text = formatter.format(logging.LogRecord("astore_sdk.server", logging.ERROR, __file__, 1, "it failed: %s", (info[1],), info))
    assert "sekret" not in text
    assert "\x1b" not in text
    if form == "json":
        assert text.isascii()
        assert "\n" not in text
        said = json.loads(text)
        assert "ValueError: first ***" in said["traceback"]
        assert json.dumps(said, ensure_ascii=False).encode()
    else:
        first, *others = text.split("\n")
        assert "it failed: first ***\\n2026" in first
        assert len(others) > 3
        assert all(line.startswith("    | ") for line in others)


@pytest.mark.parametrize("descriptor", ["closed", "broken", "full"])
def test_a_standard_error_that_takes_nothing_stops_nothing(tmp_path: Path, descriptor: str) -> None:
    preexec = None
    if descriptor == "closed":
        stderr = subprocess.PIPE
        preexec = lambda: os.close(2)  # noqa: E731 - called in the child
    elif descriptor == "broken":
        reading, stderr = os.pipe()
        os.close(reading)
    else:
        stderr = os.open("/dev/full", os.O_WRONLY)
    data = tmp_path / "data"
    with ServeProcess(data, preexec=preexec, stderr=stderr) as running, httpx.Client(base_url=running.url) as http:
        http.put("/s3/some-bucket")
        for number in range(50):
            assert http.put(f"/s3/some-bucket/{number}", content=b"kept").status_code == 200
        (data / "blobs").rename(data / "aside")
        assert http.put("/s3/some-bucket/lost", content=b"1").status_code >= 500
        (data / "aside").rename(data / "blobs")
        assert http.get("/s3/some-bucket/7").content == b"kept"
        assert str(Path(f"/proc/{running.process.pid}/fd/2").readlink()).startswith("/dev/" if descriptor != "broken" else "pipe:")
        assert running.terminate() == 0
        assert running.errors == ""
    with BackgroundServer(data) as server:
        assert httpx.get(f"{server.url}/s3/some-bucket/49").content == b"kept"


def test_a_standard_error_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with (
        ServeProcess(tmp_path / "data", "--log-level", "debug", stderr=writing) as running,
        httpx.Client(base_url=running.url) as http,
    ):
        os.close(writing)
        path = "/s3/some-bucket/" + "k" * 1000
        for _ in range(200):  # some 500 KiB of lines
            assert http.get(path).status_code == 404
        assert select.select([reading], [], [], 0)[0]
        began = time.monotonic()
        assert running.terminate() == 0
        assert time.monotonic() - began < 5
    os.close(reading)


@pytest.mark.parametrize("target", ["/dev/full", "closed"])
def test_a_standard_output_that_takes_nothing_stops_nothing(tmp_path: Path, target: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = command("serve", "--port", str(port), "--data", str(tmp_path / "data"))
    stdout = os.open("/dev/full", os.O_WRONLY)
    preexec = (lambda: os.close(1)) if target == "closed" else None
    process = subprocess.Popen(arguments, stdout=stdout, stderr=subprocess.PIPE, text=True, preexec_fn=preexec)
    os.close(stdout)

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
        except httpx.TransportError:
            assert process.poll() is None
            return False

    _wait_for(answers)
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert ("WARNING cannot write to standard output: No space left on device" in said) == (target == "/dev/full")
    assert "Traceback" not in said


def test_lines_that_are_lost_are_counted() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing, lambda lost: b"lost %d\n" % lost, lambda _: b"", most_waiting=300_000)
    line = b"x" * 999 + b"\n"
    for _ in range(1000):
        writer.write(line)
    received = b""
    while b"lost" not in received:
        received += os.read(reading, 1 << 16)
    writer.write(b"last\n")
    writer.close()
    os.close(writing)
    while piece := os.read(reading, 1 << 16):
        received += piece
    os.close(reading)
    lost = sum(int(number) for number in re.findall(rb"lost (\d+)", received))
    assert lost > 0
    # The last one may come so soon that it is lost as well.
    assert received.count(line) + received.count(b"last\n") + lost == 1001


def test_a_line_that_was_cut_is_ended_before_the_next(tmp_path: Path) -> None:
    """A disk that was full and is not any more: what follows begins a line of its own."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    writer = LineWriter(writing, lambda lost: b"lost %d\n" % lost, lambda _: b"")
    for number in range(3000):
        writer.write(b"%06d %s\n" % (number, b"x" * 92))
    received = b""
    while received.count(b"\n") < 3000:
        received += os.read(reading, 1000)
    writer.close()
    os.close(writing)
    os.close(reading)
    assert [int(line[:6]) for line in received.splitlines()] == list(range(3000))


def test_a_store_in_a_thread_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with BackgroundServer() as server:
        httpx.put(f"{server.url}/s3/some-bucket")
        httpx.get(f"{server.url}/s3/some-bucket/absent")
    assert capfd.readouterr() == ("", "")
