"""Answers that would swell: refused before they are decoded, and above the limit of their operation."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from astore_sdk import ArtifactStoreError, Client, Config, ForbiddenError, NotFoundError, ResponseDecodeError, RetryPolicy
from astore_sdk._core.operation import MAX_ANSWER, MAX_PAGE

from ..conftest import ClientFactory
from ..transfer.scripted import Reply, ScriptedServer

MIB = 1024 * 1024
BOMB = gzip.compress(b"[" * (60 * MIB), compresslevel=9)
"""59 KiB that are 60 MiB."""
PAGE = b'{"buckets": [{"name": "builds"}]}'
ONCE = RetryPolicy(max_attempts=1)

CALLS: dict[str, Callable[[Client], object]] = {
    "list_buckets": lambda client: client.list_buckets(),
    "create_bucket": lambda client: client.create_bucket("builds"),
    "list_objects": lambda client: client.list_objects("builds"),
    "upload": lambda client: client.upload("builds", "app", b"data"),
    "get_sbom": lambda client: client.get_sbom("builds", "app"),
    "verify_signatures": lambda client: client.get_signatures("builds", "app"),
    "health": lambda client: client.get_health(),
    "delete_objects": lambda client: client.delete_objects("builds", ["app"]),
}


@pytest.fixture(params=["lane", "httpx"])
def over(request: pytest.FixtureRequest, make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientFactory]:
    """Makes clients of either kind, by the lane and by httpx."""
    monkeypatch.setenv("ASTORE_FAST_LANE", "1" if request.param == "lane" else "0")
    return make_client


def raised(call: Callable[[Client], object], over: ClientFactory, *replies: Reply) -> tuple[ArtifactStoreError, ScriptedServer]:
    with ScriptedServer(replies) as server, over(Config(server.url, timeout=5, retry=ONCE)) as client:
        with pytest.raises(ArtifactStoreError) as caught:
            call(client)
        return caught.value, server


@pytest.mark.parametrize(
    "encoding",
    [
        "gzip",
        "GZip",
        "x-gzip",
        "deflate",
        "br",
        "zstd",
        "compress",
        "nonsense",
        "gzip, gzip",
        "identity, gzip",
        "gzip\x1b[31m",
        ",gzip",
    ],
)
def test_an_encoded_success_is_refused(encoding: str, over: ClientFactory) -> None:
    body = zlib.compress(PAGE) if encoding == "deflate" else gzip.compress(PAGE)
    for framing in ("length", "chunks", "close"):
        error, _ = raised(
            CALLS["list_buckets"], over, Reply(200, body, {"Content-Encoding": encoding, "x-request-id": "r"}, framing=framing)
        )
        assert isinstance(error, ResponseDecodeError)
        assert "Accept-Encoding: identity" in error.message
        assert (error.status_code, error.request_id, error.operation, error.attempts) == (200, "r", "listBuckets", 1)
        assert error.hint
        assert str(error).isprintable()


@pytest.mark.parametrize("name", CALLS)
def test_no_operation_decodes(name: str, over: ClientFactory) -> None:
    reply = Reply(200, BOMB, {"Content-Encoding": "gzip", "ETag": '"e"'})
    error, _ = raised(CALLS[name], over, reply)
    assert isinstance(error, ResponseDecodeError)
    assert "encoded (gzip)" in error.message


@pytest.mark.parametrize("encoding", ["", " ", "identity", "Identity", "identity, identity", ","])
def test_what_is_called_encoded_and_is_not(encoding: str, over: ClientFactory) -> None:
    reply = Reply(200, PAGE, {"Content-Encoding": encoding})
    with ScriptedServer([reply]) as server, over(Config(server.url)) as client:
        assert [bucket.name for bucket in client.list_buckets().buckets] == ["builds"]


def test_no_body_is_not_encoded(over: ClientFactory) -> None:
    replies = [
        Reply(200, b"", {"Content-Encoding": "gzip", "Content-Length": str(10**15), "ETag": '"e"'}),
        Reply(204, b"", {"Content-Encoding": "gzip"}),
        Reply(200, b"", {"Content-Encoding": "gzip"}),
    ]
    with ScriptedServer(replies) as server, over(Config(server.url)) as client:
        assert client.get_object_metadata("builds", "app").size == 10**15
        client.delete_object("builds", "app")
        client.delete_object("builds", "app")


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, gzip", "x-gzip"])
def test_an_encoded_failure_stays_that_failure(encoding: str, over: ClientFactory) -> None:
    for status, kind in ((403, ForbiddenError), (404, NotFoundError)):
        error, _ = raised(
            CALLS["list_buckets"], over, Reply(status, BOMB, {"Content-Encoding": encoding, "Content-Type": "text/html"})
        )
        assert type(error) is kind
        assert f"encoded: {encoding}" in error.message


def test_transfer_codings_are_not_decoded(over: ClientFactory) -> None:
    packed = gzip.compress(PAGE)
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    error, _ = raised(CALLS["list_buckets"], over, Reply(raw=(raw,)))
    assert "Transfer-Encoding" in error.message


@pytest.mark.parametrize(("name", "most"), [("health", MAX_ANSWER), ("create_bucket", MAX_ANSWER), ("list_objects", MAX_PAGE)])
def test_more_than_an_operation_can_have_is_refused(name: str, most: int, over: ClientFactory) -> None:
    """What announces too much is not read at all; what does not say is read to the limit, and costs its connection."""
    endless = Reply(200, b'{"a": "', {"Content-Length": str(most + 1)}, cut=None)
    error, _ = raised(CALLS[name], over, endless)
    assert isinstance(error, ResponseDecodeError)
    assert f"announces {most + 1} bytes" in error.message
    whole = b'{"status": "ok", "name": "builds"' + b" " * most + b"}"
    with ScriptedServer([Reply(200, whole, framing="chunks"), Reply(200, PAGE)]) as server, over(Config(server.url)) as client:
        with pytest.raises(ResponseDecodeError, match="has more bytes"):
            CALLS[name](client)
        client.list_buckets()
        assert [heard.connection for heard in server.heard] == [1, 2]
    just = b'{"status": "ok", "name": "builds", "x": "'.ljust(most - 2) + b'"}'
    with ScriptedServer([Reply(200, just, framing="chunks")]) as server, over(Config(server.url)) as client:
        CALLS[name](client)


@pytest.mark.parametrize("length", ["1" * 18, "1" * 5000, str(2**63)])
def test_a_length_beyond_all_reason(length: str, over: ClientFactory) -> None:
    error, _ = raised(CALLS["health"], over, Reply(200, b"{}", {"Content-Length": length}))
    assert error.attempts == 1
    assert len(str(error)) < 500


def test_a_large_page_and_a_large_sbom_are_read(over: ClientFactory) -> None:
    """Keys and metadata as long as they may be, written in ASCII; and an SBOM that JSON makes longer."""
    text = "\u00e9" * 512
    objects = [{"key": f"{number:04}{text}"[:512], "size": 1, "metadata": {"m": "\u00e9" * 2000}} for number in range(1000)]
    content = "\u0001" * (6 * MIB)
    replies = [
        Reply(200, json.dumps({"objects": objects}).encode()),
        Reply(200, json.dumps({"id": "1", "content": content}).encode()),
    ]
    with ScriptedServer(replies) as server, over(Config(server.url, timeout=30)) as client:
        assert len(client.list_objects("builds").objects) == 1000
        assert client.get_sbom("builds", "app").content == content


@pytest.mark.parametrize(
    "body",
    [
        PAGE.decode().encode("utf-16"),
        PAGE.decode().encode("utf-16-le"),
        PAGE.decode().encode("utf-32"),
        b'{"buckets": [], "x": "\xff"}',
        b'{"buckets": [], "x": "\xed\xa0\x80"}',
        b'{"buckets": ' + b"[" * 500_000,
        b'{"buckets": ' + b'{"a":' * 500_000,
        b'{"buckets": [], "x": ' + b"9" * 100_000 + b"}",
        b"[]",
        b"null",
        b'"buckets"',
        b'{"buckets": []} {}',
    ],
    ids=[
        "utf-16",
        "utf-16-le",
        "utf-32",
        "latin-1",
        "surrogate",
        "deep list",
        "deep object",
        "huge int",
        "list",
        "null",
        "text",
        "two",
    ],
)
def test_what_is_no_json_object_in_utf_8(body: bytes, over: ClientFactory) -> None:
    error, _ = raised(CALLS["list_buckets"], over, Reply(200, body))
    assert isinstance(error, ResponseDecodeError)
    assert "no JSON object" in error.message
    failure, _ = raised(CALLS["list_buckets"], over, Reply(404, body, {"Content-Type": "application/problem+json"}))
    assert isinstance(failure, NotFoundError)
    assert failure.code is None


def test_a_byte_order_mark_is_passed_over(over: ClientFactory) -> None:
    with ScriptedServer([Reply(200, b"\xef\xbb\xbf" + PAGE)]) as server, over(Config(server.url)) as client:
        assert [bucket.name for bucket in client.list_buckets().buckets] == ["builds"]


PEAK = """
import asyncio, sys
from astore_sdk import ArtifactStoreError, AsyncClient, Client, Config, RetryPolicy

def peak():
    return int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))

config = Config(sys.argv[1], retry=RetryPolicy(max_attempts=1))
calls = ["list_buckets", "get_health", "list_buckets", "get_health"]
if sys.argv[2] == "sync":
    with Client(config) as client:
        for number, name in enumerate(calls):
            try:
                getattr(client, name)()
            except ArtifactStoreError as error:
                print(error, file=sys.stderr)
            else:
                raise SystemExit("no error")
            before = peak() if number == 0 else before
else:
    async def main():
        async with AsyncClient(config) as client:
            for number, name in enumerate(calls):
                try:
                    await getattr(client, name)()
                except ArtifactStoreError as error:
                    print(error, file=sys.stderr)
                else:
                    raise SystemExit("no error")
                before = peak() if number == 0 else before
        return before
    before = asyncio.run(main())
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
@pytest.mark.parametrize("lane", ["1", "0"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_bomb_costs_nothing(kind: str, lane: str) -> None:
    """The first answer is small, and everything is loaded then; the three behind it would be 60 MiB each."""
    encoded = {"Content-Encoding": "gzip"}
    replies = [
        Reply(500, b"{}"),
        Reply(200, BOMB, encoded),
        Reply(502, BOMB, encoded | {"Content-Type": "text/plain"}),
        Reply(200, b"[" * (40 * MIB), framing="chunks"),
    ]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    with ScriptedServer(replies) as server:
        command = [sys.executable, "-c", PEAK, server.url, kind]
        done = subprocess.run(command, capture_output=True, text=True, env=alone | {"ASTORE_FAST_LANE": lane}, check=True)
    assert int(done.stdout) < 12 * 1024, (done.stdout, done.stderr)
