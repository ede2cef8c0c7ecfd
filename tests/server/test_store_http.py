"""HTTP by the letter, on raw sockets: offers of an upgrade, trailers, pipelines, framing, Host."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer

from .letters import HIDDEN, answers, chunked, last, refused
from .wire import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UPGRADES = {
    "h2c": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n",
    "websocket": "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\n",
    "anything": "Upgrade: anything/1\r\nconnection: upgrade\r\n",
    "not connected": "Upgrade: h2c\r\n",
    "connected to nothing": "Connection: Upgrade\r\n",
}
# An offer of an upgrade is not taken (RFC 9110 §7.8), and changes nothing.


@pytest.mark.parametrize("offer", UPGRADES)
@pytest.mark.parametrize("framing", ["length", "chunked", "none"])
@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "DELETE", "POST"])
def test_an_offer_of_an_upgrade_changes_nothing(
    server: BackgroundServer, http: httpx.Client, bucket: str, offer: str, framing: str, method: str
) -> None:
    http.put(f"/s3/{bucket}/key", content=b"before")
    body = b"" if framing == "none" else HIDDEN.format(bucket=bucket).encode()
    fields = {"length": f"Content-Length: {len(body)}\r\n", "chunked": "Transfer-Encoding: chunked\r\n", "none": ""}[framing]
    head = f"{method} /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\n{UPGRADES[offer]}{fields}\r\n".encode()
    got = answers(server, head, chunked(body) if framing == "chunked" else body, last(), methods=(method,))
    expected = {"PUT": 200, "GET": 200, "HEAD": 200, "DELETE": 204, "POST": 400}[method]
    assert got[0][0] == expected
    # What follows is executed if the connection was kept, which an unwanted chunked body can prevent.
    assert [each[0] for each in got[1:]] == ([] if got[0][1].get("connection") == "close" else [200])
    assert http.head(f"/s3/{bucket}/smuggled").status_code == 404
    stored = http.get(f"/s3/{bucket}/key")
    if method == "PUT":
        assert stored.content == body
    elif method == "DELETE":
        assert stored.status_code == 404
    else:
        assert stored.content == b"before"


@pytest.mark.parametrize("split", ["one read", "head first", "byte by byte"])
def test_an_offer_of_an_upgrade_however_it_arrives(server: BackgroundServer, http: httpx.Client, bucket: str, split: str) -> None:
    data = os.urandom(100)
    head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\n{UPGRADES['h2c']}Transfer-Encoding: chunked\r\n\r\n".encode()
    whole = head + chunked(data) + last(f"/s3/{bucket}/key")
    sent = {
        "one read": (whole,),
        "head first": (head, whole[len(head) :]),
        "byte by byte": tuple(whole[place : place + 1] for place in range(len(whole))),
    }[split]
    got = answers(server, *sent)
    assert [each[0] for each in got] == [200, 200]
    assert got[1][2] == data


def test_upgrade_with_expect(server: BackgroundServer, bucket: str) -> None:
    head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\n{UPGRADES['h2c']}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with connect(server) as opened:
        opened.sendall(head.encode())
        assert opened.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        opened.sendall(b"abc" + last(f"/s3/{bucket}/key"))
        received = b""
        while more := opened.recv(65_536):
            received += more
    assert received.endswith(b"\r\n\r\nabc")


def test_connect_opens_no_tunnel(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    hidden = HIDDEN.format(bucket=bucket).encode()
    for target in ("x:80", f"/s3/{bucket}/key", "*"):
        refused(server, f"CONNECT {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() + hidden, status=405)
    assert http.head(f"/s3/{bucket}/smuggled").status_code == 404


def test_the_preface_of_http_2_is_refused(server: BackgroundServer) -> None:
    refused(server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), status=505)
    refused(server, b"GET /s3 HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n", status=505)


_JAVA = """
import java.io.*;
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.*;

public class Put {
    public static void main(String[] args) throws Exception {
        byte[] data = new byte[300_000];
        new java.util.Random(1).nextBytes(data);
        HttpClient client = HttpClient.newHttpClient();
        BodyPublisher[] bodies = {
            BodyPublishers.ofByteArray(data), BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(data))
        };
        for (int i = 0; i < bodies.length; i++) {
            URI uri = URI.create(args[0] + "/key" + i);
            HttpResponse<String> put =
                client.send(HttpRequest.newBuilder(uri).PUT(bodies[i]).build(), HttpResponse.BodyHandlers.ofString());
            HttpResponse<byte[]> got =
                HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofByteArray());
            System.out.println(put.statusCode() + " " + got.statusCode() + " " + java.util.Arrays.equals(data, got.body()));
        }
    }
}
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java on this machine")
def test_java_stores_what_it_sends(server: BackgroundServer, http: httpx.Client, bucket: str, tmp_path: Path) -> None:
    """Java's default client offers h2c with every request."""
    (tmp_path / "Put.java").write_text(_JAVA)
    command = ["java", str(tmp_path / "Put.java"), f"{server.url}/s3/{bucket}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if "no compiler" in done.stderr or "jdk.compiler" in done.stderr:
        pytest.skip("the java of this machine cannot run a source file")
    assert done.stdout == "200 200 true\n200 200 true\n", done.stderr
    assert len(http.get(f"/s3/{bucket}/key0").content) == 300_000


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
@pytest.mark.parametrize("source", ["-", "file"])
def test_curl_stores_what_it_sends(server: BackgroundServer, http: httpx.Client, bucket: str, tmp_path: Path, source: str) -> None:
    data = os.urandom(300_000)
    file = tmp_path / "file"
    file.write_bytes(data)
    command = [
        "curl",
        "-sS",
        "--noproxy",
        "*",
        "--http2",
        "-T",
        "-" if source == "-" else str(file),
        f"{server.url}/s3/{bucket}/key",
    ]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    if b"does not support" in done.stderr:
        pytest.skip("the curl of this machine does not speak HTTP/2")
    assert json.loads(done.stdout)["size"] == len(data)
    assert http.get(f"/s3/{bucket}/key").content == data


# Trailers are never fields of the request (RFC 9110 §6.5.1), and have an end.


@pytest.fixture(scope="module")
def guarded() -> Iterator[BackgroundServer]:
    with BackgroundServer(token="s3cr3t-token") as server:
        yield server


@pytest.mark.parametrize("split", ["one read", "apart"])
def test_a_token_in_a_trailer_is_none(guarded: BackgroundServer, split: str) -> None:
    head = b"PUT /s3/new-bucket HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = chunked(b"{}", trailers="Authorization: Bearer s3cr3t-token\r\n")
    sent = (head + body,) if split == "one read" else (head, body)
    got = answers(guarded, *sent, last())
    assert got[0][0] == 401
    with_token = {"Authorization": "Bearer s3cr3t-token"}
    assert httpx.get(f"{guarded.url}/s3", headers=with_token).json()["buckets"] == []


@pytest.mark.parametrize(
    "trailer",
    [
        "x-amz-copy-source: /{bucket}/secret",
        "x-amz-meta-colour: red",
        "Content-Type: text/html",
        "If-None-Match: *",
        "Content-Digest: sha-256=:AAAA:",
        "Expect: 100-continue",
        "Host: y",
        "Content-Length: 1",
        "Transfer-Encoding: gzip",
        "Connection: close",
        "Upgrade: h2c",
    ],
)
def test_no_field_comes_from_a_trailer(server: BackgroundServer, http: httpx.Client, bucket: str, trailer: str) -> None:
    http.put(f"/s3/{bucket}/secret", content=b"secret")
    http.put(f"/s3/{bucket}/key", content=b"before")
    head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    body = chunked(b"after", trailers=trailer.format(bucket=bucket) + "\r\n")
    got = answers(server, head + body + last(f"/s3/{bucket}/key"))
    assert [each[0] for each in got] == [200, 200]
    assert got[1][2] == b"after"
    assert got[1][1]["content-type"] == "application/octet-stream"
    assert not [name for name in got[1][1] if name.startswith("x-amz-meta")]


ENDLESS = {
    "trailers": b"0\r\n" + b"name: value\r\n" * 50_000,
    "one trailer": b"0\r\nname: " + b"v" * 600_000,
    "an extension": b"5;" + b"x" * 600_000,
    "extensions": b"".join(b"1;%b\r\nx\r\n" % (b"x" * 1000) for _ in range(600)),
    "zeros": b"0" * 600_000,
}


@pytest.mark.parametrize("endless", ENDLESS)
@pytest.mark.parametrize("token", [True, False])
def test_framing_without_end_is_refused(guarded: BackgroundServer, endless: str, token: bool) -> None:
    """Before the token is looked at and after, with an application that reads and one that does not."""
    with_token = {"Authorization": "Bearer s3cr3t-token"}
    httpx.put(f"{guarded.url}/s3/some-bucket", headers=with_token)
    field = "Authorization: Bearer s3cr3t-token\r\n" if token else ""
    head = f"PUT /s3/some-bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\n{field}Transfer-Encoding: chunked\r\n\r\n".encode()
    got = answers(guarded, head, ENDLESS[endless])
    # Without the token, that may be said before the body has come.
    assert [each[0] for each in got] in ([[400]] if token else [[400], [401]])
    assert got[0][1]["connection"] == "close"
    assert httpx.head(f"{guarded.url}/s3/some-bucket/key", headers=with_token).status_code == 404


def test_trailers_of_a_usual_size_are_taken(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    for body in (
        chunked(b"abc", trailers="a: b\r\n" * 1000),
        b'3;name=value;other="quoted"\r\nabc\r\n0;last\r\n\r\n',
        b"0003\r\nabc\r\n000\r\n\r\n",
        chunked(b"abc" * 100_000, size=1),
    ):
        assert [each[0] for each in answers(server, head, body, last())] == [200, 200]
        assert http.get(f"/s3/{bucket}/key").content.startswith(b"abc")


# Chunks that cannot be read (RFC 9112 §7.1): nothing is stored, the answer is 400, nothing after it is executed.

BAD_CHUNKS = {
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "not a number": b"xyz\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "signed": b"+3\r\nabc\r\n0\r\n\r\n",
    "prefixed": b"0x3\r\nabc\r\n0\r\n\r\n",
    "underscore": b"0_3\r\nabc\r\n0\r\n\r\n",
    "space before": b" 3\r\nabc\r\n0\r\n\r\n",
    "space after": b"3 \r\nabc\r\n0\r\n\r\n",
    "overflow of 64 bits": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "all bits": b"FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
    "overflow of 32 bits by far": b"1000000000000003\r\nabc\r\n0\r\n\r\n",
    "bare LF after the size": b"3\nabc\r\n0\r\n\r\n",
    "bare CR after the size": b"3\rabc\r\n0\r\n\r\n",
    "bare LF after the data": b"3\r\nabc\n0\r\n\r\n",
    "bare LF at the end": b"3\r\nabc\r\n0\r\n\n",
    "more than the size": b"3\r\nabcd\r\n0\r\n\r\n",
    "less than the size": b"4\r\nabc\r\n0\r\n\r\n",
    "NUL in an extension": b"3;\x00\r\nabc\r\n0\r\n\r\n",
    "CR in an extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "a trailer that is no field": b"3\r\nabc\r\n0\r\nnonsense\r\n\r\n",
    "a trailer with space before the colon": b"3\r\nabc\r\n0\r\na : b\r\n\r\n",
    "a folded trailer": b"3\r\nabc\r\n0\r\na: b\r\n c\r\n\r\n",
}


@pytest.mark.parametrize("bad", BAD_CHUNKS)
@pytest.mark.parametrize("split", ["one read", "head first", "byte by byte"])
def test_chunks_that_cannot_be_read(server: BackgroundServer, http: httpx.Client, bucket: str, bad: str, split: str) -> None:
    head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    whole = head + BAD_CHUNKS[bad] + HIDDEN.format(bucket=bucket).encode()
    sent = {
        "one read": (whole,),
        "head first": (head, whole[len(head) :]),
        "byte by byte": tuple(whole[place : place + 1] for place in range(len(whole))),
    }[split]
    refused(server, *sent, status=400)
    assert http.head(f"/s3/{bucket}/key").status_code == 404
    assert http.head(f"/s3/{bucket}/smuggled").status_code == 404


@pytest.mark.parametrize("bad", ["not a number", "bare LF after the size", "more than the size"])
def test_what_does_not_need_its_body_is_not_done_either(
    server: BackgroundServer, http: httpx.Client, bucket: str, bad: str
) -> None:
    http.put(f"/s3/{bucket}/key", content=b"before")
    for line in (f"DELETE /s3/{bucket}/key", f"GET /s3/{bucket}/key"):
        refused(
            server,
            f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + BAD_CHUNKS[bad],
            status=400,
        )
    assert http.get(f"/s3/{bucket}/key").content == b"before"


# After a refusal the body is not read for ever.


def _send_until_closed(opened: socket.socket) -> int:
    """Send without listening; gives how many bytes were taken."""
    sent, piece = 0, bytes(1 << 20)
    try:
        while sent < 1 << 30:
            sent += opened.send(piece)
    except ConnectionError:
        return sent
    raise AssertionError("a gigabyte was taken")


REFUSED = {
    "no token": "PUT /s3/some-bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n",
    "no token, chunked": "PUT /s3/some-bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n",
    "too large": "PUT /s3/bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer s3cr3t-token\r\n"
    "Content-Length: 99999999999\r\n",
    "not a request": "PUT /s3/some-bucket/key HTTP/1.1\r\n",
    "unread": "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999\r\n",
}


@pytest.mark.parametrize("request_head", REFUSED)
def test_the_body_of_a_refused_request_is_not_read_for_ever(guarded: BackgroundServer, request_head: str) -> None:
    with connect(guarded) as opened:
        opened.sendall(f"{REFUSED[request_head]}\r\n".encode())
        if "chunked" in request_head:
            opened.sendall(b"fffffff\r\n")
        began = time.monotonic()
        _send_until_closed(opened)
        assert time.monotonic() - began < 10
        # The answer was sent before, and can still be read where the system keeps it.
        try:
            received = opened.recv(65_536)
        except ConnectionResetError:
            return
        assert received.startswith(b"HTTP/1.1 ")
        assert b"connection: close" in received


@pytest.mark.parametrize("size", [1000, 900_000])
def test_a_little_body_that_nobody_wanted_does_not_cost_the_connection(guarded: BackgroundServer, size: int) -> None:
    head = f"PUT /s3/some-bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n".encode()
    with connect(guarded) as opened:
        for _ in range(3):
            opened.sendall(head)
            assert b" 401 " in opened.recv(20)
            opened.sendall(bytes(size) + b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            received = b""
            while b'"apiVersion"' not in received:
                received += opened.recv(65_536)
            assert received.count(b"HTTP/1.1 200") == 1
