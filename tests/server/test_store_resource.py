"""The object that a request means: a path that says otherwise is refused, and answers say what they are about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import assume, given, settings

from ..conftest import path_of
from ..property.strategies import KEYS
from .wire import assert_problem, connect, digest_field, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from astore_sdk.server import BackgroundServer

ODD = [
    "a//b", "/x", "dir/", "in/../../tenant-b/report.pdf", "..", ".", "%2e%2e", "a%2Fb",
    "back\\slash", "ü", "a+b", ";p=1", "q?x", "h#y", "//",
]  # fmt: skip
EVERY = [
    ("PUT", "/s3", ""), ("GET", "/s3", ""), ("HEAD", "/s3", ""), ("DELETE", "/s3", ""), ("POST", "/s3", "?uploads"),
    ("PUT", "/s3", "?uploadId=u&partNumber=1"), ("GET", "/s3", "?uploadId=u"), ("POST", "/s3", "?uploadId=u"),
    ("DELETE", "/s3", "?uploadId=u"),
    ("POST", "/supplychain/signatures", ""), ("GET", "/supplychain/signatures", ""), ("POST", "/supplychain/sbom", ""),
    ("GET", "/supplychain/sbom", ""), ("GET", "/supplychain/sboms", ""), ("POST", "/supplychain/attestations", ""),
    ("GET", "/supplychain/attestations", ""),
]  # fmt: skip


def field(bucket: str, key: str) -> str:
    return f"{bucket}/{quote(key, safe='')}"


def say(
    server: BackgroundServer, method: str, target: str, meant: str, *, body: bytes = b"", more: str = ""
) -> tuple[int, str, bytes]:
    """Send one request as it is; gives the status, the code, and the body."""
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-astore-resource: {meant}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    )
    response, content = exchange(server, head.encode("latin-1") + body, method=method)
    code = response.headers.get("x-astore-error-code") or (json.loads(content).get("code") if response.status >= 400 else "")
    return response.status, code, content


@pytest.fixture
def there(http: httpx.Client, bucket: str) -> Iterator[str]:
    """A bucket with an object, which must not change."""
    put = http.put(f"/s3/{bucket}/a/b", content=b"kept")
    yield bucket
    listed = http.get(f"/s3/{bucket}").json()["objects"]
    assert listed == [put.json()]
    assert http.get(f"/s3/{bucket}/a/b").content == b"kept"
    assert http.get(f"/s3/{bucket}", params={"uploads": ""}).json()["uploads"] == []
    assert http.get(f"/supplychain/sboms/{bucket}/a/b").json()["sboms"] == []
    assert http.get(f"/supplychain/attestations/{bucket}/a/b").json()["attestations"] == []


@pytest.mark.parametrize(("method", "root", "query"), EVERY)
def test_every_operation_refuses_another_key(server: BackgroundServer, there: str, method: str, root: str, query: str) -> None:
    body = (
        json.dumps({"format": "spdx", "content": "{}", "type": "build", "data": {}}).encode() if method in ("PUT", "POST") else b""
    )
    for meant in (
        field(there, "a//b"),
        field("tenant-b", "a/b"),
        there,
        f"{there}/",
        "",
        "x",
        "/",
        f"{there}/a%2fB",
        f"{there}%20/a%2Fb",
    ):
        assert say(server, method, f"{root}/{there}/a/b{query}", meant, body=body)[:2] == (400, "KeyMismatch")
    copying = f"x-amz-copy-source: /{there}/a/b\r\n"
    if (method, query) == ("PUT", ""):
        assert say(server, "PUT", f"/s3/{there}/a/b", field(there, "a//b"), more=copying)[:2] == (400, "KeyMismatch")


@pytest.mark.parametrize(
    ("method", "query"), [("PUT", ""), ("GET", ""), ("HEAD", ""), ("DELETE", ""), ("POST", "?delete"), ("GET", "?uploads")]
)
def test_operations_on_buckets_compare_it_too(server: BackgroundServer, there: str, method: str, query: str) -> None:
    body = b'{"keys":["a/b"]}' if method == "POST" else b""
    for meant in ("tenant-b", field(there, "a"), "", f"{there}/"):
        assert say(server, method, f"/s3/{there}{query}", meant, body=body)[:2] == (400, "KeyMismatch")
    if method in ("GET", "HEAD"):
        assert say(server, method, f"/s3/{there}{query}", there)[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"])
@pytest.mark.parametrize(
    "path", ["/", "/s3", "/s3/", "/health", "/health/live", "/supplychain", "/supplychain/signatures", "/tenant-b", "//"]
)
def test_a_path_that_leads_out_of_the_buckets(server: BackgroundServer, method: str, path: str) -> None:
    assert say(server, method, path, "tenant-a/..%2F..")[:2] == (400, "KeyMismatch")


@pytest.mark.parametrize("meant", ["%", "%zz", "tenant-a/%2", "tenant-a/%FF", "\xff/\xfe", "tenant-a/a%2Fb, tenant-a/a%2Fb", "%00"])
def test_what_cannot_be_read_names_nothing(server: BackgroundServer, there: str, meant: str) -> None:
    assert say(server, "GET", f"/s3/{there}/a/b", meant)[:2] == (400, "KeyMismatch")


def test_it_may_not_come_twice(server: BackgroundServer, there: str) -> None:
    meant = field(there, "a/b")
    assert say(server, "DELETE", f"/s3/{there}/a/b", meant, more=f"X-Astore-Resource: {meant}\r\n")[:2] == (400, "KeyMismatch")


def test_no_body_is_asked_for(server: BackgroundServer, there: str) -> None:
    head = f"PUT /s3/{there}/a/b HTTP/1.1\r\nHost: 127.0.0.1\r\nx-astore-resource: {there}/a%2F%2Fb\r\nContent-Length: 5000000\r\n"
    with connect(server) as opened:
        opened.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert opened.recv(65536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("key", ODD)
def test_what_is_meant_is_done(server: BackgroundServer, bucket: str, key: str) -> None:
    path, meant = path_of(bucket, key), field(bucket, key)
    assert say(server, "PUT", path, meant, body=b"data")[0] == 200
    for form in (meant, meant.lower(), f"{bucket}/{quote(key)}", f"{bucket}/" + "".join(f"%{byte:02x}" for byte in key.encode())):
        if unquote_to_bytes(form) == f"{bucket}/{key}".encode():
            assert say(server, "GET", path, form) == (200, "", b"data")
    assert say(server, "GET", f"/supplychain/signatures/{path.removeprefix('/s3/')}", meant)[0] == 200
    assert say(server, "DELETE", path, meant)[0] == 204


@settings(max_examples=100, deadline=None)
@given(meant=KEYS, arrived=KEYS)
def test_two_names_never_pass_for_one(server: BackgroundServer, meant: str, arrived: str) -> None:
    assume(meant != arrived)
    assert say(server, "GET", path_of("no-such-bucket", arrived), field("no-such-bucket", meant))[:2] == (400, "KeyMismatch")
    assert say(server, "GET", path_of("no-such-bucket", meant), field("no-such-bucket", meant))[:2] == (404, "NoSuchBucket")


@pytest.mark.parametrize("key", ["a", "app/1.2/app.tar.gz", *ODD])
def test_answers_say_what_they_are_about(http: httpx.Client, server: BackgroundServer, bucket: str, key: str) -> None:
    path = path_of(bucket, key)

    def location(method: str, target: str = path, *, body: bytes = b"", more: str = "") -> tuple[int, str | None, bytes]:
        head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        response, content = exchange(server, head.encode() + body, method=method)
        return response.status, response.headers.get("content-location"), content

    assert location("GET")[:2] == (404, None)
    status, named, content = location("PUT", body=b"data")
    stored = json.loads(content)
    assert (status, named, stored["bucket"], stored["key"]) == (200, path, bucket, key)
    assert location("GET") == (200, path, b"data")
    assert location("HEAD")[:2] == (200, path)
    assert location("GET", more="Range: bytes=1-2\r\n") == (206, path, b"at")
    assert location("GET", more=f'If-None-Match: "{stored["etag"]}"\r\n')[:2] == (304, path)
    assert location("GET", more="If-Match: x\r\n")[:2] == (412, None)
    # However it was encoded, it is named in one way.
    everything = "".join(f"%{byte:02x}" for byte in key.encode())
    assert location("GET", f"/s3%2F{bucket}%2f{everything}")[:2] == (200, path)
    status, named, content = location("PUT", more=f"x-amz-copy-source: {path.removeprefix('/s3')}\r\n")
    assert (status, named, json.loads(content)["bucket"], json.loads(content)["key"]) == (200, path, bucket, key)
    begun = json.loads(location("POST", f"{path}?uploads")[2])
    assert (begun["bucket"], begun["key"]) == (bucket, key)
    upload = f"{path}?uploadId={begun['uploadId']}"
    part = exchange(
        server, f"PUT {upload}&partNumber=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\ndata".encode(), method="PUT"
    )[0]
    assert part.headers["content-location"] == path
    parts = json.loads(location("GET", upload)[2])
    assert (parts["bucket"], parts["key"]) == (bucket, key)
    completing = json.dumps({"parts": [{"partNumber": 1, "etag": part.headers["etag"]}]}).encode()
    for _ in ("done", "repeated"):
        status, named, content = location("POST", upload, body=completing, more="Content-Type: application/json\r\n")
        assert (status, named, json.loads(content)["bucket"], json.loads(content)["key"]) == (200, path, bucket, key)
    records = path.removeprefix("/s3/")
    for kind in ("signatures", "sboms", "attestations"):
        assert location("GET", f"/supplychain/{kind}/{records}")[:2] == (200, f"/supplychain/{kind}/{records}")
    assert location("DELETE", upload)[:2] == (204, path)
    assert location("DELETE")[:2] == (204, path)
    page = http.get(f"/s3/{bucket}").json()
    assert page["bucket"] == bucket
    assert http.post(f"/s3/{bucket}?delete", json={"keys": [key]}).json() == {"bucket": bucket, "deleted": [key], "errors": []}


def test_a_head_says_its_code(http: httpx.Client, bucket: str) -> None:
    for path, status, code in (
        (f"/s3/{bucket}/k", 404, "NoSuchKey"),
        ("/s3/no-such-bucket", 404, "NoSuchBucket"),
        ("/s3/X", 400, "InvalidBucketName"),
    ):
        head = http.head(path)
        assert (head.status_code, head.headers["x-astore-error-code"]) == (status, code)
        assert "x-astore-error-code" not in http.get(path).headers
    assert_problem(http.get(f"/s3/{bucket}/k"), 404, "NoSuchKey")


def test_a_good_digest_does_not_help(server: BackgroundServer, there: str) -> None:
    more = f"Content-Digest: {digest_field(b'data')}\r\n"
    assert say(server, "PUT", f"/s3/{there}/a/b", field(there, "a/./b"), body=b"data", more=more)[:2] == (400, "KeyMismatch")
