"""JSON bodies of strangers: whatever their size and form, they neither stop the store nor fill its memory."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from astore_sdk.server import Limits
from astore_sdk.server.json_texts import parse_json
from astore_sdk.server.problems import Problem

from .processes import ServeProcess
from .wire import JSON, assert_problem, digest_field

if TYPE_CHECKING:
    from collections.abc import Iterator

KIB = 1024
MIB = 1024 * KIB
PATIENCE = 1.5
"""Seconds that a probe may wait, on a machine that does other things, too. Parsing such bodies took ten."""

DELETE = "/s3/some-bucket?delete"
COMPLETE = "/s3/some-bucket/key?uploadId=none"
SBOM = "/supplychain/sbom/some-bucket/key"
SIGNATURE = "/supplychain/signatures/some-bucket/key"
ATTESTATION = "/supplychain/attestations/some-bucket/key"
FAULT = "/faults"
LIMITS = {
    DELETE: 6 * MIB,
    COMPLETE: 4 * MIB,
    SBOM: 32 * MIB,
    SIGNATURE: MIB,
    ATTESTATION: MIB,
    FAULT: 64 * KIB,
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    with ServeProcess(tmp_path_factory.mktemp("store"), "--faults") as running:
        httpx.put(f"{running.url}/s3/some-bucket")
        httpx.put(f"{running.url}/s3/some-bucket/key", content=b"bytes")
        yield running
        assert running.terminate() == 0


def filled(unit: str, size: int, start: str = "[", end: str = "0]") -> bytes:
    """Return a JSON text of about `size` bytes."""
    body = unit.encode()
    return start.encode() + body * ((size - len(start) - len(end)) // len(body)) + end.encode()


SAID_BY_NO_JSON = {
    "infinite": b'{"keys": [1e999]}',
    "minus infinite": b'{"keys": [-1e999]}',
    "not a number": b'{"keys": [NaN]}',
    "infinity": b'{"keys": [-Infinity]}',
    "an endless integer": b'{"keys": [' + b"9" * 5000 + b"]}",
    "a lone high surrogate": b'{"keys": ["\\ud800"]}',
    "a lone low surrogate": b'{"keys": ["\\uDC00"]}',
    "surrogates the wrong way round": b'{"keys": ["\\ude00\\ud83d"]}',
    "a lone surrogate as a name": b'{"keys": ["a"], "b": [{"\\udfff": 1}]}',
    "an encoded surrogate": b'{"keys": ["\xed\xa0\x80"]}',
    "deep arrays": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "only the beginning of deep arrays": b"[" * 60_000,
    "a byte order mark": b'\xef\xbb\xbf{"keys": ["a"]}',
    "UTF-16": '{"keys": ["a"]}'.encode("utf-16"),
    "two texts": b'{"keys": ["a"]}{}',
    "nothing": b"",
    "a comma too many": b'{"keys": ["a",]}',
    "no object": b"[1]",
}


@pytest.mark.parametrize("url", list(LIMITS))
@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in SAID_BY_NO_JSON.items()])
def test_what_json_cannot_say_is_refused(store: ServeProcess, url: str, body: bytes) -> None:
    assert_problem(httpx.post(store.url + url, content=body, headers=JSON), 400, "InvalidRequest")


def test_what_json_can_say_is_read() -> None:
    assert parse_json('{"é": ["\\ud83d\\ude00", 1e300, -0, 1E5, "\\\\ud800"]}'.encode()) == {
        "é": ["\N{GRINNING FACE}", 1e300, 0, 100_000.0, "\\ud800"]
    }
    digits = "9" * 4000
    assert parse_json(digits.encode()) == int(digits)


def test_a_body_that_was_changed_on_the_way_is_refused(store: ServeProcess) -> None:
    # Both ways to receive one: in memory, and on disk.
    for size in (100, 900 * KIB):
        body = json.dumps({"type": "t", "data": {"text": "x" * size}}).encode()
        headers = {**JSON, "Content-Digest": digest_field(body)}
        assert_problem(httpx.post(store.url + ATTESTATION, content=body[:-1] + b" ", headers=headers), 400, "BadDigest")
        assert httpx.post(store.url + ATTESTATION, content=body, headers=headers).status_code == 201


def ask(store: ServeProcess, url: str, framing: bytes, body: bytes = b"") -> HTTPResponse:
    """Send a head, and a body that need not be all of it; gives the answer's head."""
    address = urlsplit(store.url)
    head = f"POST {url} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n".encode()
    with socket.create_connection((address.hostname, address.port), timeout=20) as opened:
        opened.sendall(head + framing + b"\r\n\r\n" + body)
        response = HTTPResponse(opened, method="POST")
        response.begin()
        problem = json.loads(response.read())
        assert problem["code"] == "EntityTooLarge"
        assert str(LIMITS[url]) in problem["detail"]
        return response


@pytest.mark.parametrize(("url", "limit"), LIMITS.items())
def test_a_body_over_the_limit_of_its_operation_is_refused(store: ServeProcess, url: str, limit: int) -> None:
    # What is announced is not waited for.
    for announced in (limit + 1, 10**12):
        assert ask(store, url, b"Content-Length: %d" % announced).status == 413
    # What is not announced is read that far. It ends there: there would be a reset if more was on its way.
    body = b"[" + b" " * limit
    assert ask(store, url, b"Transfer-Encoding: chunked", b"%x\r\n%b" % (len(body), body)).status == 413


def test_the_largest_lists_have_room(store: ServeProcess) -> None:
    # 1,000 keys of 1,024 bytes, written in the longest way there is.
    keys = [f"{number:04}" + "é" * 510 for number in range(1000)]
    escaped = '", "'.join("".join(f"\\u{ord(letter):04x}" for letter in key) for key in keys)
    answer = httpx.post(store.url + DELETE, content=f'{{"keys": ["{escaped}"]}}', headers=JSON)
    assert answer.json()["deleted"] == keys
    # 10,000 parts, indented, each tag with its quotes.
    parts = [{"partNumber": number, "etag": f'"{number:064x}"'} for number in range(1, 10_001)]
    body = json.dumps({"parts": parts, "digest": f"sha256:{0:064x}", "size": 5 << 40}, indent=8)
    assert len(body) > MIB
    assert_problem(httpx.post(store.url + COMPLETE, content=body, headers=JSON), 404, "NoSuchUpload")


SBOM_START, SBOM_END = '{"format": "spdx", "content": "', '"}'
ATTESTATION_START, ATTESTATION_END = '{"type": "t", "data": {"a": [', "0]}}"
HEAVY = {
    "empty arrays": (SBOM, filled("[],", 32 * MIB), 400),
    "numbers": (SBOM, filled("1,", 32 * MIB), 400),
    "texts": (SBOM, filled('"",', 32 * MIB), 400),
    "members": (SBOM, filled('"a":[],', 32 * MIB, "{", '"b":0}'), 400),
    "white space": (SBOM, filled(" ", 32 * MIB), 400),
    "depth": (SBOM, b"[" * (16 * MIB) + b"]" * (16 * MIB), 400),
    "escaped quotation marks": (SBOM, filled('\\"', 32 * MIB, SBOM_START, SBOM_END), 201),
    "escapes": (SBOM, filled("\\u00e9", 32 * MIB, SBOM_START, SBOM_END), 201),
    "a document": (SBOM, filled("\\n{}[],:", 32 * MIB, SBOM_START, SBOM_END), 201),
    "an array for a list of keys": (DELETE, filled("[],", 6 * MIB, '{"keys": [', "0]}"), 400),
    "an array for a list of parts": (COMPLETE, filled("[],", 4 * MIB, '{"parts": [', "0]}"), 400),
    "arrays in an attestation": (ATTESTATION, filled("[],", MIB, ATTESTATION_START, ATTESTATION_END), 201),
    "numbers in an attestation": (ATTESTATION, filled("1e9,", MIB, ATTESTATION_START, ATTESTATION_END), 201),
}


def memory(store: ServeProcess) -> int:
    """Return the most memory that the store ever had, in bytes."""
    status = Path(f"/proc/{store.process.pid}/status").read_text()
    return next(int(line.split()[1]) * KIB for line in status.splitlines() if line.startswith("VmHWM:"))


@pytest.mark.parametrize(("url", "body", "status"), [pytest.param(*heavy, id=name) for name, heavy in HEAVY.items()])
def test_the_store_is_alive_while_it_reads(store: ServeProcess, url: str, body: bytes, status: int) -> None:
    def send(_: int) -> int:
        return httpx.post(store.url + url, content=body, headers=JSON, timeout=60).status_code

    waited = 0.0
    with ThreadPoolExecutor(2) as threads, httpx.Client(base_url=store.url, timeout=60) as http:
        sending = [threads.submit(send, number) for number in range(2)]
        while not all(one.done() for one in sending):
            began = time.monotonic()
            assert http.get("/health/live").status_code == 200
            waited = max(waited, time.monotonic() - began)
        # The second one repeats the first.
        assert {one.result() for one in sending} <= {status, 200 if status == 201 else status}
    assert waited < PATIENCE


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="looks at memory in /proc, which only Linux has")
def test_many_large_bodies_take_the_memory_of_one(tmp_path: Path) -> None:
    with ServeProcess(tmp_path) as store:
        httpx.put(f"{store.url}/s3/some-bucket")
        httpx.put(f"{store.url}/s3/some-bucket/key", content=b"bytes")
        before = memory(store)

        def send(number: int) -> int:
            body = filled("0123456789", 31 * MIB, f"{SBOM_START}{number}", SBOM_END)
            return httpx.post(store.url + SBOM, content=body, headers=JSON, timeout=120).status_code

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(send, range(8))) == [201] * 8
        assert memory(store) - before < 400 * MIB


def test_a_body_that_does_not_arrive_holds_up_nobody(store: ServeProcess) -> None:
    address = urlsplit(store.url)
    head = f"POST {SBOM} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\nContent-Length: 30000000\r\n\r\n"
    opened = [socket.create_connection((address.hostname, address.port), timeout=20) for _ in range(4)]
    try:
        for connection in opened:
            connection.sendall(head.encode() + SBOM_START.encode() + b"x" * MIB)
        body = filled("y", 2 * MIB, SBOM_START, SBOM_END)
        assert httpx.post(store.url + SBOM, content=body, headers=JSON, timeout=20).status_code == 201
    finally:
        for connection in opened:
            connection.close()


@pytest.mark.parametrize(
    "content",
    ['{"specVersion": "\\ud800"}', json.dumps({"specVersion": "9" * 1000}), "http://cyclonedx.org/schema/bom/" + "1." * 1000,
     json.dumps({"specVersion": "\x1b[31m"})],
)  # fmt: skip
def test_what_is_no_version_is_shown_as_none(store: ServeProcess, content: str) -> None:
    answer = httpx.post(store.url + SBOM, json={"format": "spdx", "content": content})
    assert answer.status_code == 201
    assert answer.json()["version"] is None


def test_much_outside_of_texts_is_refused_in_large_bodies_only() -> None:
    assert parse_json(filled("[],", MIB - 100))
    for many in (filled("[],", MIB + 100), filled('"",', 2 * MIB), filled('"\\"\\\\",', 2 * MIB)):
        with pytest.raises(Problem, match="outside of them"):
            parse_json(many)
    # In a text they are nothing to mind.
    text = '[{"a": "b\\\\"}]' * 200_000
    assert parse_json(json.dumps({"content": text}).encode()) == {"content": text}


def test_limits_are_what_the_contract_says() -> None:
    limits = Limits()
    named = [limits.max_delete_size, limits.max_complete_size, limits.max_sbom_size, limits.max_record_size]
    assert named == [LIMITS[url] for url in (DELETE, COMPLETE, SBOM, SIGNATURE)]
