from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from .wire import JSON, assert_problem, digest_field, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astore_sdk.server import BackgroundServer

OBJECT_FIELDS = {"bucket", "key", "size", "lastModified", "etag", "contentType", "digest", "metadata"}


@pytest.mark.parametrize("size", [0, 1, 65_536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_bytes_come_back_exactly(http: httpx.Client, bucket: str, size: int) -> None:
    data = os.urandom(size)
    put = http.put(f"/s3/{bucket}/key", content=data, headers={"Content-Digest": digest_field(data)})
    assert put.status_code == 200
    shape = put.json()
    assert set(shape) == OBJECT_FIELDS
    assert (shape["bucket"], shape["key"], shape["size"], shape["digest"], shape["metadata"]) == (
        bucket,
        "key",
        size,
        sha256(data),
        {},
    )
    got = http.get(f"/s3/{bucket}/key")
    assert got.content == data
    assert got.headers["content-length"] == str(size)
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["repr-digest"] == digest_field(data)
    assert got.headers["etag"] == put.headers["etag"] == f'"{shape["etag"]}"'
    assert "x-request-id" in got.headers


def test_a_body_without_length_is_taken(http: httpx.Client, bucket: str) -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(300):
            yield bytes([number % 256]) * 9_000

    assert http.put(f"/s3/{bucket}/key", content=pieces()).json()["size"] == 2_700_000
    assert http.get(f"/s3/{bucket}/key").content == b"".join(pieces())


def test_head_says_what_get_says(http: httpx.Client, bucket: str) -> None:
    http.put(
        f"/s3/{bucket}/key",
        content=b"some bytes",
        headers={"Content-Type": "text/plain; charset=utf-8", "x-amz-meta-Version": "1.0", "x-amz-meta-q": "=?utf-8?q?=C3=BC?="},
    )
    head, got = http.head(f"/s3/{bucket}/key"), http.get(f"/s3/{bucket}/key")
    ignored = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {k: v for k, v in got.headers.items() if k not in ignored}
    assert head.content == b""
    assert head.headers["content-length"] == "10"
    assert head.headers["content-type"] == "text/plain; charset=utf-8"
    # Verbatim: the encoded word is the SDK's business.
    assert head.headers["x-amz-meta-version"] == "1.0"
    assert head.headers["x-amz-meta-q"] == "=?utf-8?q?=C3=BC?="
    assert http.get(f"/s3/{bucket}").json()["objects"][0]["metadata"] == {"version": "1.0", "q": "=?utf-8?q?=C3=BC?="}


def test_last_modified_is_now_in_both_forms(http: httpx.Client, bucket: str) -> None:
    before = datetime.now(UTC)
    put = http.put(f"/s3/{bucket}/key", content=b"x")
    exact = datetime.fromisoformat(put.json()["lastModified"])
    assert before - timedelta(seconds=1) < exact < datetime.now(UTC) + timedelta(seconds=1)
    assert parsedate_to_datetime(put.headers["last-modified"]) == exact.replace(microsecond=0)


def test_without_content_type_it_is_bytes(http: httpx.Client, bucket: str) -> None:
    assert http.put(f"/s3/{bucket}/key", content=b"x").json()["contentType"] == "application/octet-stream"


def test_a_wrong_digest_stores_nothing(http: httpx.Client, bucket: str, server: BackgroundServer) -> None:
    http.put(f"/s3/{bucket}/key", content=b"old")
    for body in (b"new", os.urandom(2_000_000)):
        answer = http.put(f"/s3/{bucket}/key", content=body, headers={"Content-Digest": digest_field(b"another")})
        assert_problem(answer, 400, "BadDigest")
        assert http.get(f"/s3/{bucket}/key").content == b"old"
    assert len([path for path in server.data.glob("blobs/*/*") if path.stat().st_size in {3, 2_000_000}]) >= 1
    assert not [path for path in server.data.glob("blobs/*/*") if path.stat().st_size == 2_000_000]


@pytest.mark.parametrize("field", ["sha-256=:AAAA:", "sha-256=oops", "sha-256=::", 'sha-256="x"', "sha-256=:\xff\xe9:"])
def test_a_digest_that_cannot_be_read_is_refused(http: httpx.Client, bucket: str, field: str) -> None:
    answer = http.put(f"/s3/{bucket}/key", content=b"x", headers={"Content-Digest": field.encode("latin-1")})
    assert_problem(answer, 400, "InvalidArgument")


def test_other_digest_algorithms_are_ignored(http: httpx.Client, bucket: str) -> None:
    both = f"md5=:AAAA:, {digest_field(b'x')}, unknown=:AA=:"
    assert http.put(f"/s3/{bucket}/key", content=b"x", headers={"Content-Digest": both}).status_code == 200
    assert http.put(f"/s3/{bucket}/key", content=b"x", headers={"Content-Digest": "sha-512=:AAAA:"}).status_code == 200


def test_metadata_has_bounds(http: httpx.Client, bucket: str) -> None:
    most = {"x-amz-meta-k": "v" * (8 * 1024 - 1)}
    assert http.put(f"/s3/{bucket}/key", content=b"x", headers=most).status_code == 200
    assert http.head(f"/s3/{bucket}/key").headers["x-amz-meta-k"] == most["x-amz-meta-k"]
    too_much = {"x-amz-meta-k": "v" * (8 * 1024)}
    assert_problem(http.put(f"/s3/{bucket}/key", content=b"x", headers=too_much), 400, "InvalidMetadata")
    assert_problem(http.put(f"/s3/{bucket}/key", content=b"x", headers={"x-amz-meta-": "v"}), 400, "InvalidMetadata")


def test_a_body_that_is_too_large_is_refused(http: httpx.Client, bucket: str) -> None:
    limit = 8 * 1024 * 1024

    def endless() -> Iterator[bytes]:
        for _ in range(limit // 65_536 + 1):
            yield bytes(65_536)

    assert_problem(http.put(f"/s3/{bucket}/key", content=bytes(limit + 1)), 413, "EntityTooLarge")
    assert_problem(http.put(f"/s3/{bucket}/key", content=endless()), 413, "EntityTooLarge")
    assert http.head(f"/s3/{bucket}/key").status_code == 404
    assert http.put(f"/s3/{bucket}/key", content=bytes(limit)).status_code == 200


def test_deleting_is_repeatable(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/key", content=b"x")
    assert http.delete(f"/s3/{bucket}/key").status_code == 204
    assert http.delete(f"/s3/{bucket}/key").status_code == 204
    assert_problem(http.get(f"/s3/{bucket}/key"), 404, "NoSuchKey")


def test_many_are_deleted_each_with_its_result(http: httpx.Client, bucket: str) -> None:
    for key in ("a", "b", "ü/x"):
        http.put(f"/s3/{bucket}/{key}", content=b"x")
    body = {"keys": ["a", "ü/x", "absent", "bad\u0001key", "é" * 600]}
    result = http.post(f"/s3/{bucket}?delete", json=body).json()
    assert result["deleted"] == ["a", "ü/x", "absent"]
    assert [(error["key"], error["code"]) for error in result["errors"]] == [
        ("bad\u0001key", "InvalidKey"),
        ("é" * 600, "InvalidKey"),
    ]
    assert all(set(error) == {"key", "code", "message"} for error in result["errors"])
    assert [listed["key"] for listed in http.get(f"/s3/{bucket}").json()["objects"]] == ["b"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"keys": []}', b'{"keys": [1]}', b'{"keys": "a"}', b"\xff", b'{"keys": ["\\ud800"]}', b"[" * 100_000],
)
def test_a_bad_list_of_keys_is_refused(http: httpx.Client, bucket: str, body: bytes) -> None:
    assert_problem(http.post(f"/s3/{bucket}?delete", content=body, headers=JSON), 400, "InvalidRequest")


def test_too_many_keys_and_too_large_json_are_refused(http: httpx.Client, bucket: str) -> None:
    keys = [str(number) for number in range(1001)]
    assert_problem(http.post(f"/s3/{bucket}?delete", json={"keys": keys}), 400, "InvalidRequest")
    assert http.post(f"/s3/{bucket}?delete", json={"keys": keys[1:]}).json()["deleted"] == keys[1:]
    assert_problem(http.post(f"/s3/{bucket}?delete", content=b" " * (1 << 20) + b"{}", headers=JSON), 413, "EntityTooLarge")


def test_json_bodies_are_checked_against_their_digest(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/a", content=b"x")
    body = b'{"keys": ["a"]}'
    wrong = http.post(f"/s3/{bucket}?delete", content=body, headers={**JSON, "Content-Digest": digest_field(b"other")})
    assert_problem(wrong, 400, "BadDigest")
    assert http.head(f"/s3/{bucket}/a").status_code == 200
    right = http.post(f"/s3/{bucket}?delete", content=body, headers={**JSON, "Content-Digest": digest_field(body)})
    assert right.json()["deleted"] == ["a"]


def _copy(http: httpx.Client, bucket: str, key: str, source: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.put(f"/s3/{bucket}/{key}", headers={"x-amz-copy-source": source, **named})


def test_a_copy_has_the_same_bytes_and_description(http: httpx.Client, bucket: str, server: BackgroundServer) -> None:
    data = os.urandom(100_001)
    http.put(f"/s3/{bucket}/a b", content=data, headers={"Content-Type": "text/x", "x-amz-meta-k": "v"})
    copied = _copy(http, bucket, "copy", f"/{bucket}/a%20b")
    assert copied.status_code == 200
    shape = copied.json()
    assert (shape["key"], shape["digest"], shape["contentType"], shape["metadata"]) == (
        "copy",
        sha256(data),
        "text/x",
        {"k": "v"},
    )
    assert len([path for path in server.data.glob("blobs/*/*") if path.stat().st_size == 100_001]) == 1
    http.delete(f"/s3/{bucket}/a%20b")
    assert http.get(f"/s3/{bucket}/copy").content == data


def test_a_copy_can_replace_the_description(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/a", content=b"x", headers={"Content-Type": "text/x", "x-amz-meta-k": "v"})
    headers = {"x_amz_metadata_directive": "REPLACE", "Content_Type": "text/y", "x_amz_meta_n": "w"}
    shape = _copy(http, bucket, "b", f"{bucket}/a", **headers).json()
    assert (shape["contentType"], shape["metadata"]) == ("text/y", {"n": "w"})
    # The same onto itself: the bytes stay, the version is another.
    before = http.head(f"/s3/{bucket}/a").headers["etag"]
    assert _copy(http, bucket, "a", f"/{bucket}/a", **headers).status_code == 200
    assert http.get(f"/s3/{bucket}/a").content == b"x"
    assert http.head(f"/s3/{bucket}/a").headers["etag"] != before


def test_a_copy_fails_where_it_must(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/a", content=b"x")
    assert_problem(_copy(http, bucket, "b", f"/{bucket}/absent"), 404, "NoSuchKey")
    assert_problem(_copy(http, bucket, "b", "/absent-bucket/a"), 404, "NoSuchBucket")
    assert_problem(_copy(http, "absent-bucket", "b", f"/{bucket}/a"), 404, "NoSuchBucket")
    assert_problem(_copy(http, bucket, "b", f"/{bucket}"), 400, "InvalidArgument")
    assert_problem(_copy(http, bucket, "b", f"/{bucket}/%zz"), 400, "InvalidArgument")
    assert_problem(_copy(http, bucket, "b", f"/{bucket}/"), 400, "InvalidKey")
    assert_problem(_copy(http, bucket, "b", f"/{bucket}/a", x_amz_metadata_directive="MOVE"), 400, "InvalidArgument")
    wrong = _copy(http, bucket, "b", f"/{bucket}/a", x_amz_copy_source_if_match='"other"')
    assert_problem(wrong, 412, "PreconditionFailed")
    etag = http.head(f"/s3/{bucket}/a").headers["etag"]
    assert _copy(http, bucket, "b", f"/{bucket}/a", x_amz_copy_source_if_match=etag).status_code == 200
    assert_problem(_copy(http, bucket, "b", f"/{bucket}/a", If_None_Match="*"), 412, "PreconditionFailed")


def test_an_etag_is_that_of_a_version(http: httpx.Client, bucket: str) -> None:
    def put(content: bytes, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return http.put(f"/s3/{bucket}/key", content=content, headers=named).headers["etag"]

    first = put(b"one")
    assert put(b"two") != first
    assert put(b"one", x_amz_meta_k="v") != first
    assert put(b"one", Content_Type="text/plain") != first
    assert put(b"one") == first


def test_no_update_is_lost(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/count", content=b"0")

    def add_ten(_: int) -> None:
        with httpx.Client(base_url=server.url, timeout=30) as mine:
            done = 0
            while done < 10:
                now = mine.get(f"/s3/{bucket}/count")
                more = str(int(now.content) + 1).encode()
                put = mine.put(f"/s3/{bucket}/count", content=more, headers={"If-Match": now.headers["etag"]})
                assert put.status_code in {200, 412}
                done += put.status_code == 200

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(add_ten, range(5)))
    assert http.get(f"/s3/{bucket}/count").content == b"50"


def test_one_creator_wins(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    def create(number: int) -> int:
        body = bytes([number]) * 1000
        return httpx.put(f"{server.url}/s3/{bucket}/key", content=body, headers={"If-None-Match": "*"}).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(create, range(8)))
    assert statuses == [200] + [412] * 7
    assert len(set(http.get(f"/s3/{bucket}/key").content)) == 1


def test_a_reader_keeps_the_version_it_began_with(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    old, new = os.urandom(6_000_000), os.urandom(6_000_000)
    http.put(f"/s3/{bucket}/key", content=old)
    with http.stream("GET", f"/s3/{bucket}/key") as response:
        pieces = response.iter_raw(65_536)
        received = next(pieces)
        assert httpx.put(f"{server.url}/s3/{bucket}/key", content=new).status_code == 200
        assert httpx.delete(f"{server.url}/s3/{bucket}/key").status_code == 204
        received += b"".join(pieces)
    assert received == old
