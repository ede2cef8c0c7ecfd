"""Heads by the letter of RFC 9112, on raw sockets, one after another in a pipeline."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

import pytest

from .letters import HIDDEN, answers, chunked, last, refused
from .wire import connect

if TYPE_CHECKING:
    import httpx

    from astore_sdk.server import BackgroundServer

PUT = "PUT /s3/{bucket}/key HTTP/1.1\r\n"
BAD_HEADS = {
    # RFC 9112 §6: where the body ends.
    "gzip, chunked": (501, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: gzip, chunked\r\n"),
    "gzip then chunked": (501, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
    "chunked, gzip": (501, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: chunked, gzip\r\n"),
    "gzip": (501, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n"),
    "identity": (501, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: identity\r\n"),
    "x-chunked": (501, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: xchunked\r\n"),
    "quoted": (501, PUT + 'Host: 127.0.0.1\r\nTransfer-Encoding: "chunked"\r\n'),
    "deflate with GET": (501, "GET /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: deflate, chunked\r\n"),
    "chunked, chunked": (400, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: chunked, chunked\r\n"),
    "chunked twice": (400, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    "chunked with a parameter": (400, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: chunked;a=b\r\n"),
    "no coding": (400, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: \r\n"),
    "coding and length": (400, PUT + "Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
    "length and coding": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    "coding with HTTP/1.0": (400, "PUT /s3/{bucket}/key HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"),
    "two lengths": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n"),
    "two lengths in a list": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: 5, 6\r\n"),
    "negative length": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: -5\r\n"),
    "signed length": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: +5\r\n"),
    "prefixed length": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: 0x5\r\n"),
    "length with space": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: 5 5\r\n"),
    "empty length": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: \r\n"),
    "endless length": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: " + "9" * 5000 + "\r\n"),
    "length with a comma": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: 5,\r\n"),
    # RFC 9112 §3.2: Host.
    "two hosts": (400, PUT + "Host: 127.0.0.1\r\nContent-Length: 5\r\nHost: y\r\n"),
    "the same host twice": (400, PUT + "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "two hosts with HTTP/1.0": (400, "PUT /s3/{bucket}/key HTTP/1.0\r\nHost: 127.0.0.1\r\nHost: y\r\nContent-Length: 5\r\n"),
    "no host": (400, PUT + "Content-Length: 5\r\n"),
    "empty host": (400, PUT + "Host: \r\nContent-Length: 5\r\n"),
    "host with a user": (400, PUT + "Host: u@x\r\nContent-Length: 5\r\n"),
    "host with a path": (400, PUT + "Host: x/y\r\nContent-Length: 5\r\n"),
    "host with a space": (400, PUT + "Host: x, y\r\nContent-Length: 5\r\n"),
    "host with a bad port": (400, PUT + "Host: x:y\r\nContent-Length: 5\r\n"),
    "host with a high port": (400, PUT + "Host: x:65536\r\nContent-Length: 5\r\n"),
    "host with two ports": (400, PUT + "Host: x:1:2\r\nContent-Length: 5\r\n"),
    "host with an open bracket": (400, PUT + "Host: [::1\r\nContent-Length: 5\r\n"),
    "host with nothing in brackets": (400, PUT + "Host: [...]\r\nContent-Length: 5\r\n"),
    "host that is not ASCII": (400, PUT + "Host: \u00fcber\r\nContent-Length: 5\r\n"),
    "an authority that is none": (400, "PUT http://u@x/s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    # RFC 9112 §2 to §5: lines.
    "folded": (400, PUT + "Host: 127.0.0.1\r\nx-amz-meta-a: b\r\n c\r\nContent-Length: 5\r\n"),
    "folded at once": (400, PUT + " Host: 127.0.0.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "space before the colon": (400, PUT + "Host: 127.0.0.1\r\nContent-Length : 5\r\n"),
    "too many fields": (400, PUT + "Host: 127.0.0.1\r\n" + "a: b\r\n" * 1000 + "Content-Length: 5\r\n"),
    "no colon": (400, PUT + "Host: 127.0.0.1\r\nContent-Length 5\r\n"),
    "no name": (400, PUT + "Host: 127.0.0.1\r\n: 5\r\nContent-Length: 5\r\n"),
    "a name with a bracket": (400, PUT + "Host: 127.0.0.1\r\na(b): c\r\nContent-Length: 5\r\n"),
    "a name that is not ASCII": (400, PUT + "Host: 127.0.0.1\r\n\u00fc: c\r\nContent-Length: 5\r\n"),
    "NUL in a value": (400, PUT + "Host: 127.0.0.1\r\nx-amz-meta-a: b\0c\r\nContent-Length: 5\r\n"),
    "CR in a value": (400, PUT + "Host: 127.0.0.1\r\nx-amz-meta-a: b\rc\r\nContent-Length: 5\r\n"),
    "ESC in a value": (400, PUT + "Host: 127.0.0.1\r\nx-amz-meta-a: \x1b[1m\r\nContent-Length: 5\r\n"),
    "LF after a field": (400, PUT + "Host: x\nContent-Length: 5\r\n"),
    "LF after the request": (400, "PUT /s3/{bucket}/key HTTP/1.1\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "two spaces": (400, "PUT  /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "a tab": (400, "PUT\t/s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "a space in the target": (400, "PUT /s3/{bucket}/key two HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "no version": (400, "PUT /s3/{bucket}/key\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "a version in small letters": (400, "PUT /s3/{bucket}/key http/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "half a version": (400, "PUT /s3/{bucket}/key HTTP/1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "no path": (400, "PUT s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "a fragment": (400, "PUT /s3/{bucket}/key#x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "a target that is not ASCII": (400, "PUT /s3/{bucket}/k\u00fc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "HTTP/0.9": (505, "PUT /s3/{bucket}/key HTTP/0.9\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    "HTTP/3": (505, "PUT /s3/{bucket}/key HTTP/3.0\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"),
    # RFC 9110 §10.1.1.
    "another expectation": (417, PUT + "Host: 127.0.0.1\r\nExpect: 200-ok\r\nContent-Length: 5\r\n"),
    "one expectation too many": (417, PUT + "Host: 127.0.0.1\r\nExpect: 100-continue, more\r\nContent-Length: 5\r\n"),
}


@pytest.mark.parametrize("bad", BAD_HEADS)
@pytest.mark.parametrize("split", ["one read", "byte by byte"])
def test_heads_that_are_refused(server: BackgroundServer, http: httpx.Client, bucket: str, bad: str, split: str) -> None:
    """With one answer, also where other requests come before and after it: those before are answered, those after not done."""
    http.put(f"/s3/{bucket}/key", content=b"before")
    status, text = BAD_HEADS[bad]
    head = text.format(bucket=bucket).encode("latin-1") + b"\r\n"
    whole = head + b"5\r\nafter\r\n0\r\n\r\n" + HIDDEN.format(bucket=bucket).encode()
    refused(server, *((whole,) if split == "one read" else (whole[i : i + 1] for i in range(len(whole)))), status=status)
    first = f"GET /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    got = answers(server, first * 3 + whole)
    assert [each[0] for each in got] == [200, 200, 200, status]
    assert http.get(f"/s3/{bucket}/key").content == b"before"
    assert http.head(f"/s3/{bucket}/smuggled").status_code == 404


GOOD_HEADS = {
    "the same length twice": PUT + "Host: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
    "the same length in a list": PUT + "Host: 127.0.0.1\r\nContent-Length: 5, 5\r\n",
    "no space after the colon": PUT + "Host:127.0.0.1\r\nContent-Length:5\r\n",
    "tabs around values": PUT + "Host:\t127.0.0.1\t\r\nContent-Length:\t5 \t\r\n",
    "small letters": PUT + "host: localhost\r\ncontent-length: 5\r\n",
    "an empty line before": "\r\n" + PUT + "Host: 127.0.0.1\r\nContent-Length: 5\r\n",
    "a host with a port": PUT + "Host: localhost:80\r\nContent-Length: 5\r\n",
    "an IPv6 host": PUT + "Host: [::1]:80\r\nContent-Length: 5\r\n",
    "an absolute target": "PUT http://127.0.0.1:1/s3/{bucket}/key HTTP/1.1\r\nHost: y\r\nContent-Length: 5\r\n",
    "HTTP/1.0 without a host": "PUT /s3/{bucket}/key HTTP/1.0\r\nContent-Length: 5\r\n",
    "a later minor version": "PUT /s3/{bucket}/key HTTP/1.9\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n",
    "100-continue with the body": PUT + "Host: 127.0.0.1\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n",
    "an empty expectation": PUT + "Host: 127.0.0.1\r\nExpect: \r\nContent-Length: 5\r\n",
    "a value that is not ASCII": PUT + "Host: 127.0.0.1\r\nx-other: \u00fc\r\nContent-Length: 5\r\n",
}


@pytest.mark.parametrize("good", GOOD_HEADS)
def test_heads_that_are_taken(server: BackgroundServer, http: httpx.Client, bucket: str, good: str) -> None:
    head = GOOD_HEADS[good].format(bucket=bucket).encode("latin-1") + b"\r\n"
    got = [each for each in answers(server, head + b"after" + last()) if each[0] != 100]
    assert got[0][0] == 200
    assert [each[0] for each in got[1:]] == ([] if got[0][1].get("connection") == "close" else [200])
    assert http.get(f"/s3/{bucket}/key").content == b"after"


def test_chunked_in_other_letters(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    head = f"PUT /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: , CHUNKED\r\n\r\n".encode()
    assert [each[0] for each in answers(server, head + b"5\r\nafter\r\n0\r\n\r\n" + last())] == [200, 200]
    assert http.get(f"/s3/{bucket}/key").content == b"after"


@pytest.mark.parametrize(
    "first", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00\x00", b" GET / HTTP/1.1", b"\r\n\r\n\r\n\r\n"]
)
def test_what_does_not_begin_like_a_request_is_refused_at_once(server: BackgroundServer, first: bytes) -> None:
    refused(server, first, status=400)


def test_a_head_has_its_limit_to_the_byte(server: BackgroundServer) -> None:
    begin = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nlong: "
    fits = begin + b"x" * (64 * 1024 - len(begin) - 4) + b"\r\n\r\n"
    assert answers(server, fits)[0][0] == 200
    refused(server, fits.replace(b"xx\r\n", b"xxx\r\n"), status=400)


# Pipelines.


@pytest.mark.parametrize("cut", [0, 1, 20, 70])
@pytest.mark.parametrize("size", [70_000, 300_000, 3_000_000])
def test_a_head_may_begin_in_the_read_in_which_a_body_ends(
    server: BackgroundServer, http: httpx.Client, bucket: str, size: int, cut: int
) -> None:
    data = os.urandom(size)
    first = f"PUT /s3/{bucket}/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n".encode() + data
    second = f"PUT /s3/{bucket}/b HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    whole = first + second + chunked(data, size=50_000) + last(f"/s3/{bucket}/b")
    got = answers(server, whole[: size + cut], whole[size + cut :])
    assert [each[0] for each in got] == [200, 200, 200]
    assert got[2][2] == data
    assert http.get(f"/s3/{bucket}/a").content == data


def test_many_requests_at_once_are_answered_in_order(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    bodies = [os.urandom(1 + number * 997) for number in range(40)]
    sent = b"".join(
        f"PUT /s3/{bucket}/{number} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
        + f"GET /s3/{bucket}/{number} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        + f"HEAD /s3/{bucket}/none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        for number, body in enumerate(bodies)
    )
    got = answers(server, sent + last(), methods=("PUT", "GET", "HEAD") * len(bodies))
    assert [each[0] for each in got] == [200, 200, 404] * len(bodies) + [200]
    assert [each[2] for each in got[1:-1:3]] == bodies


def test_nothing_after_the_last_request_is_executed(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    got = answers(server, last(f"/s3/{bucket}/key") + HIDDEN.format(bucket=bucket).encode())
    assert [each[0] for each in got] == [404]
    assert http.head(f"/s3/{bucket}/smuggled").status_code == 404


def test_a_refusal_does_not_overtake_a_large_answer(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    data = os.urandom(6_000_000)
    http.put(f"/s3/{bucket}/key", content=data)
    with connect(server) as opened:
        opened.sendall(f"GET /s3/{bucket}/key HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nnonsense\r\n\r\n".encode())
        received = b""
        while more := opened.recv(1 << 20):
            received += more
    head, _, rest = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert hashlib.sha256(rest[: len(data)]).digest() == hashlib.sha256(data).digest()
    assert re.match(rb"HTTP/1\.1 400 Bad Request\r\n", rest[len(data) :])
