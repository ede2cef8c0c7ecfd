"""Keys as they travel, over a plain `http.client` that sends the path it is given."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .wire import connect, exchange

if TYPE_CHECKING:
    import httpx

    from astore_sdk.server import BackgroundServer

NASTY = [
    ".", "..", "a/./b", "a/../b", "../../etc/passwd", "//", "a//b", "/", "/a", "a/", "a//", " ", " a ", "a+b", "a%2Fb", "%", "%25",
    "a#b", "a?b=c", "?uploads", "a&b", "a;b", "a:b", "@", "[x]", "{y}", "\\", "^`|", "~", "'\"", "<>", "日本語/キー", "emoji-🎉🏳️‍🌈",
    "caf\u00e9", "cafe\u0301", "zero\u200bwidth", "\ufeffbom", "\u202ertl", "x" * 1024, "é" * 512, "😀" * 256, "CON", "nul.txt",
]  # fmt: skip


def _send(server: BackgroundServer, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    try:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _path(bucket: str, key: str, *, safe: str = "/") -> str:
    return f"/s3/{bucket}/{quote(key, safe=safe)}"


def test_every_nasty_key_is_its_own_object(server: BackgroundServer, bucket: str) -> None:
    for number, key in enumerate(NASTY):
        status, body = _send(server, "PUT", _path(bucket, key), str(number).encode())
        assert (status, json.loads(body).get("key")) == (200, key)
    for number, key in enumerate(NASTY):
        assert _send(server, "GET", _path(bucket, key)) == (200, str(number).encode())
        # %2F and / are read alike, and so is everything else that is encoded without need.
        assert _send(server, "GET", _path(bucket, key, safe="")) == (200, str(number).encode())
        everything = "".join(f"%{byte:02x}" for byte in key.encode())
        assert _send(server, "GET", f"/s3/{bucket}%2f{everything}") == (200, str(number).encode())
    status, body = _send(server, "GET", f"/s3/{bucket}")
    assert [listed["key"] for listed in json.loads(body)["objects"]] == sorted(NASTY, key=str.encode)
    for key in NASTY:
        assert _send(server, "DELETE", _path(bucket, key))[0] == 204
    assert json.loads(_send(server, "GET", f"/s3/{bucket}")[1])["objects"] == []


def test_dots_travel_as_they_are_too(server: BackgroundServer, bucket: str) -> None:
    assert _send(server, "PUT", f"/s3/{bucket}/a/../b/.", b"dots")[0] == 200
    assert _send(server, "GET", f"/s3/{bucket}/a/%2E%2E/b/%2E") == (200, b"dots")
    assert _send(server, "GET", f"/s3/{bucket}/b")[0] == 404


@pytest.mark.parametrize(
    "escaped",
    ["", "%00", "a%0Ab", "%7F", "%C2%80", "%C2%9F", "%FF", "%C0%AF", "%ED%A0%80", "a%", "a%2", "a%GG", "x" * 1025, "%C3%A9" * 513],
)
def test_what_is_no_key_is_refused(server: BackgroundServer, bucket: str, escaped: str) -> None:
    for method in ("PUT", "GET", "DELETE", "HEAD", "POST"):
        query = "?uploads" if method == "POST" else ""
        status, body = _send(server, method, f"/s3/{bucket}/{escaped}{query}", b"x" if method == "PUT" else None)
        assert status == 400
        if method != "HEAD":
            assert json.loads(body)["code"] == "InvalidKey"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=300))
def test_any_key_comes_back(server: BackgroundServer, key: str) -> None:
    _send(server, "PUT", "/s3/any-keys")
    if len(key.encode()) > 1024:
        assert _send(server, "PUT", _path("any-keys", key), b"")[0] == 400
        return
    assert _send(server, "PUT", _path("any-keys", key), key.encode())[0] == 200
    assert _send(server, "GET", _path("any-keys", key)) == (200, key.encode())
    listed = json.loads(_send(server, "GET", f"/s3/any-keys?prefix={quote(key, safe='')}")[1])["objects"]
    assert key in [entry["key"] for entry in listed]


def test_a_raw_fragment_is_refused_not_cut_off(server: BackgroundServer, bucket: str) -> None:
    with connect(server) as opened:
        opened.sendall(f"PUT /s3/{bucket}/a#b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx".encode())
        assert opened.recv(12) == b"HTTP/1.1 400"
    assert _send(server, "GET", f"/s3/{bucket}/a")[0] == 404


def test_a_whole_url_as_target_is_understood(server: BackgroundServer, bucket: str) -> None:
    _send(server, "PUT", f"/s3/{bucket}/a", b"x")
    response, body = exchange(server, f"GET {server.url}/s3/{bucket}/a HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert (response.status, body) == (200, b"x")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/other", 404),
        ("GET", "/s3x", 404),
        ("GET", "/health/", 404),
        ("GET", "/supplychain/other/abc/key", 404),
        ("GET", "/faults/", 404),
        ("GET", "/s3/", 400),
        ("POST", "/s3", 405),
        ("PUT", "/health", 405),
        ("PATCH", "/s3/abc", 405),
        ("PATCH", "/s3/abc/key", 405),
        ("OPTIONS", "/s3/abc/key", 405),
        ("PUT", "/supplychain/signatures/abc/key", 405),
        ("DELETE", "/supplychain/sboms/abc/key", 405),
        ("GET", "/supplychain/sboms/abc", 400),
    ],
)
def test_what_there_is_not(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("PUT", "?uploadId=x"),
        ("PUT", "?partNumber=1"),
        ("PUT", "?uploadId=&partNumber=1"),
        ("PUT", "?tagging"),
        ("PUT", "?acl="),
        ("PUT", "?uploadId=x&partNumber=1&uploadId=y"),
        ("PUT", "?uploadId=%FF&partNumber=1"),
        ("DELETE", "?uploadId="),
        ("DELETE", "?uploadId"),
        ("DELETE", "?partNumber=1"),
        ("DELETE", "?tagging"),
        ("DELETE", "?versionId=1"),
        ("POST", ""),
        ("POST", "?uploadId="),
        ("POST", "?restore"),
    ],
)
def test_a_query_that_is_misunderstood_touches_nothing(http: httpx.Client, bucket: str, method: str, query: str) -> None:
    http.put(f"/s3/{bucket}/key", content=b"precious")
    answer = http.request(method, f"/s3/{bucket}/key{query}", content=b"<Tagging/>")
    assert answer.status_code == 400
    assert answer.json()["code"] == "InvalidArgument"
    assert http.get(f"/s3/{bucket}/key").content == b"precious"


def test_buckets_are_not_touched_by_queries_either(http: httpx.Client, bucket: str) -> None:
    assert http.delete(f"/s3/{bucket}?policy").status_code == 400
    assert http.put(f"/s3/{bucket}?acl").status_code == 400
    assert http.post(f"/s3/{bucket}").status_code == 400
    assert http.head(f"/s3/{bucket}").status_code == 200
