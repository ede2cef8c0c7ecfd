from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from .wire import assert_problem, digest_field, sha256

if TYPE_CHECKING:
    from astore_sdk.server import BackgroundServer

LEAST = 64 * 1024
UPLOAD_FIELDS = {"uploadId", "bucket", "key", "initiated", "minPartSize", "maxPartSize", "maxParts"}


def _begin(http: httpx.Client, bucket: str, key: str = "big", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    upload: str = http.post(f"/s3/{bucket}/{key}?uploads", headers=named).json()["uploadId"]
    return upload


def _part(http: httpx.Client, bucket: str, upload: str, number: int, data: bytes, key: str = "big") -> str:
    answer = http.put(f"/s3/{bucket}/{key}?uploadId={upload}&partNumber={number}", content=data)
    assert answer.status_code == 200, answer.text
    assert answer.content == b""
    return answer.headers["etag"].strip('"')


def _complete(
    http: httpx.Client, bucket: str, upload: str, parts: dict[int, str], key: str = "big", **more: object
) -> httpx.Response:
    headers = more.pop("headers", None)
    body = {"parts": [{"partNumber": number, "etag": etag} for number, etag in parts.items()], **more}
    return http.post(f"/s3/{bucket}/{key}?uploadId={upload}", json=body, headers=headers)


def _blob_count(server: BackgroundServer, size: int) -> int:
    return len([path for path in server.data.glob("blobs/*/*") if path.stat().st_size == size])


def _wait_for_blobs(server: BackgroundServer, size: int, count: int) -> None:
    """Blobs are removed after the answer, in another thread: give it the time of a few requests."""
    for _ in range(500):
        if _blob_count(server, size) == count:
            return
        httpx.get(f"{server.url}/health/ready")
    assert _blob_count(server, size) == count


def test_parts_in_any_order_become_the_object(http: httpx.Client, bucket: str) -> None:
    begun = http.post(f"/s3/{bucket}/big?uploads", headers={"Content-Type": "application/x-thing", "x-amz-meta-k": "v"}).json()
    assert set(begun) == UPLOAD_FIELDS
    assert (begun["bucket"], begun["key"], begun["minPartSize"], begun["maxParts"]) == (bucket, "big", LEAST, 10_000)
    upload = begun["uploadId"]
    data = {number: os.urandom(LEAST + number) for number in (1, 5, 9)} | {10_000: b"tail"}
    etags = {number: _part(http, bucket, upload, number, data[number]) for number in (10_000, 5, 1, 9)}
    assert http.head(f"/s3/{bucket}/big").status_code == 404
    whole = b"".join(data.values())
    done = _complete(http, bucket, upload, {n: etags[n] for n in data}, digest=sha256(whole), size=len(whole))
    assert done.status_code == 200
    shape = done.json()
    assert (shape["digest"], shape["size"], shape["contentType"]) == (sha256(whole), len(whole), "application/x-thing")
    assert shape["metadata"] == {"k": "v"}
    assert done.headers["etag"] == f'"{shape["etag"]}"'
    got = http.get(f"/s3/{bucket}/big")
    assert got.content == whole
    assert got.headers["repr-digest"] == digest_field(whole)
    for first, last in ((0, 0), (LEAST, LEAST + 3), (10, 3 * LEAST), (len(whole) - 5, len(whole) - 1)):
        ranged = http.get(f"/s3/{bucket}/big", headers={"Range": f"bytes={first}-{last}"})
        assert ranged.content == whole[first : last + 1]
    assert http.get(f"/s3/{bucket}?uploads").json()["uploads"] == []
    assert_problem(http.get(f"/s3/{bucket}/big?uploadId={upload}"), 404, "NoSuchUpload")


def test_every_object_has_a_digest(http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket)
    parts = {number: os.urandom(LEAST) for number in (1, 2)}
    etags = {number: _part(http, bucket, upload, number, data) for number, data in parts.items()}
    assert _complete(http, bucket, upload, etags).json()["digest"] == sha256(parts[1] + parts[2])


def test_one_small_or_empty_part_is_enough(http: httpx.Client, bucket: str) -> None:
    for data in (b"", b"x"):
        upload = _begin(http, bucket)
        etag = _part(http, bucket, upload, 1, data)
        assert _complete(http, bucket, upload, {1: etag}, digest=sha256(data)).status_code == 200
        assert http.get(f"/s3/{bucket}/big").content == data


def test_a_mismatch_commits_nothing(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/big", content=b"old")
    upload = _begin(http, bucket)
    parts = {1: os.urandom(LEAST), 2: b"b"}
    etags = {number: _part(http, bucket, upload, number, data) for number, data in parts.items()}
    whole = parts[1] + parts[2]
    assert_problem(_complete(http, bucket, upload, etags, digest=sha256(b"other")), 400, "BadDigest")
    assert_problem(_complete(http, bucket, upload, etags, size=len(whole) + 1), 400, "BadDigest")
    assert http.get(f"/s3/{bucket}/big").content == b"old"
    assert len(http.get(f"/s3/{bucket}/big?uploadId={upload}").json()["parts"]) == 2
    assert _complete(http, bucket, upload, etags, digest=sha256(whole), size=len(whole)).status_code == 200
    assert http.get(f"/s3/{bucket}/big").content == whole


def test_a_complete_that_is_repeated_gives_the_same(http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket)
    etags = {1: _part(http, bucket, upload, 1, b"data")}
    first = _complete(http, bucket, upload, etags, headers={"If-None-Match": "*"})
    again = _complete(http, bucket, upload, etags, headers={"If-None-Match": "*"})
    assert (again.status_code, again.json()) == (200, first.json())
    for name in ("etag", "last-modified", "repr-digest"):
        assert again.headers[name] == first.headers[name]
    # An abort that comes late touches nothing, and the answer is still known.
    assert http.delete(f"/s3/{bucket}/big?uploadId={upload}").status_code == 204
    assert http.get(f"/s3/{bucket}/big").content == b"data"
    http.put(f"/s3/{bucket}/big", content=b"newer")
    assert _complete(http, bucket, upload, etags).json() == first.json()
    assert http.get(f"/s3/{bucket}/big").content == b"newer"
    # Another request is not a repeat.
    assert_problem(_complete(http, bucket, upload, {1: "other"}), 404, "NoSuchUpload")
    assert_problem(_complete(http, bucket, upload, etags, digest=sha256(b"x")), 400, "BadDigest")
    assert_problem(_complete(http, bucket, upload, etags, key="elsewhere"), 404, "NoSuchUpload")


def test_completes_at_the_same_time_agree(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket)
    etags = {number: _part(http, bucket, upload, number, os.urandom(1 << 20)) for number in range(1, 6)}

    def complete(_: int) -> tuple[int, object]:
        with httpx.Client(base_url=server.url, timeout=30) as mine:
            done = _complete(mine, bucket, upload, etags)
            return done.status_code, done.json()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(complete, range(4)))
    assert answers[0][0] == 200
    assert all(answer == answers[0] for answer in answers)


def test_parts_that_are_wrong(http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket)
    etags = {1: _part(http, bucket, upload, 1, bytes(LEAST - 1)), 2: _part(http, bucket, upload, 2, b"2")}
    assert_problem(_complete(http, bucket, upload, etags), 400, "EntityTooSmall")
    assert_problem(_complete(http, bucket, upload, {2: etags[2], 1: etags[1]}), 400, "InvalidPartOrder")
    assert_problem(_complete(http, bucket, upload, {1: etags[1], 3: etags[2]}), 400, "InvalidPart")
    assert_problem(_complete(http, bucket, upload, {1: etags[2]}), 400, "InvalidPart")
    assert_problem(_complete(http, bucket, upload, {}), 400, "InvalidPart")
    path = f"/s3/{bucket}/big?uploadId={upload}"
    twice = [{"partNumber": 1, "etag": etags[1]}, {"partNumber": 1, "etag": etags[1]}]
    assert_problem(http.post(path, json={"parts": twice}), 400, "InvalidPartOrder")
    for body in ({}, [], {"parts": 1}, {"parts": [1]}, {"parts": [{"partNumber": True, "etag": "x"}]}):
        assert_problem(http.post(path, json=body), 400, "InvalidRequest")
    good = [{"partNumber": 1, "etag": etags[1]}]
    for more in ({"digest": "sha256:xx"}, {"digest": 1}, {"size": -1}, {"size": "1"}, {"size": True}):
        assert_problem(http.post(path, json={"parts": good, **more}), 400, "InvalidRequest")
    # Tags may come quoted, and what is not needed may be null.
    quoted = [{"partNumber": 1, "etag": f'"{etags[1]}"'}]
    assert http.post(path, json={"parts": quoted, "digest": None, "size": None}).status_code == 200


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", "", "1.5"])
def test_part_numbers_have_bounds(http: httpx.Client, bucket: str, number: str) -> None:
    upload = _begin(http, bucket)
    answer = http.put(f"/s3/{bucket}/big?uploadId={upload}&partNumber={number}", content=b"x")
    assert_problem(answer, 400, "InvalidArgument")


def test_a_part_with_a_wrong_digest_is_not_stored(http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket)
    path = f"/s3/{bucket}/big?uploadId={upload}&partNumber=1"
    wrong = http.put(path, content=b"x", headers={"Content-Digest": digest_field(b"y")})
    assert_problem(wrong, 400, "BadDigest")
    assert http.get(f"/s3/{bucket}/big?uploadId={upload}").json()["parts"] == []
    assert http.put(path, content=b"x", headers={"Content-Digest": digest_field(b"x")}).status_code == 200


def test_a_part_can_be_sent_anew(http: httpx.Client, bucket: str, server: BackgroundServer) -> None:
    upload = _begin(http, bucket)
    old = _part(http, bucket, upload, 1, bytes(LEAST + 77))
    assert _part(http, bucket, upload, 1, bytes(LEAST + 77)) == old
    new = _part(http, bucket, upload, 1, b"new")
    assert new != old
    listed = http.get(f"/s3/{bucket}/big?uploadId={upload}").json()["parts"]
    assert listed == [{"partNumber": 1, "etag": new, "size": 3, "digest": sha256(b"new")}]
    _wait_for_blobs(server, LEAST + 77, 0)
    assert_problem(_complete(http, bucket, upload, {1: old}), 400, "InvalidPart")
    assert _complete(http, bucket, upload, {1: new}).status_code == 200


def test_parts_left_out_are_dropped(http: httpx.Client, bucket: str, server: BackgroundServer) -> None:
    upload = _begin(http, bucket)
    kept, dropped = os.urandom(LEAST + 501), os.urandom(LEAST + 502)
    etags = {1: _part(http, bucket, upload, 1, kept), 2: _part(http, bucket, upload, 2, dropped)}
    assert _complete(http, bucket, upload, {1: etags[1]}).status_code == 200
    _wait_for_blobs(server, len(dropped), 0)
    assert http.get(f"/s3/{bucket}/big").content == kept
    http.put(f"/s3/{bucket}/copy", headers={"x-amz-copy-source": f"/{bucket}/big"})
    http.delete(f"/s3/{bucket}/big")
    assert http.get(f"/s3/{bucket}/copy").content == kept
    http.delete(f"/s3/{bucket}/copy")
    _wait_for_blobs(server, len(kept), 0)


def test_an_abort_is_repeatable_and_touches_no_object(http: httpx.Client, bucket: str, server: BackgroundServer) -> None:
    http.put(f"/s3/{bucket}/big", content=b"precious")
    upload = _begin(http, bucket)
    _part(http, bucket, upload, 1, bytes(LEAST + 909))
    for _ in range(2):
        assert http.delete(f"/s3/{bucket}/big?uploadId={upload}").status_code == 204
    assert http.delete(f"/s3/{bucket}/big?uploadId=unknown").status_code == 204
    assert http.get(f"/s3/{bucket}/big").content == b"precious"
    _wait_for_blobs(server, LEAST + 909, 0)
    part = http.put(f"/s3/{bucket}/big?uploadId={upload}&partNumber=1", content=b"x")
    assert_problem(part, 404, "NoSuchUpload")
    assert_problem(_complete(http, bucket, upload, {1: "x"}), 404, "NoSuchUpload")


def test_an_upload_belongs_to_its_key(http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket, "one")
    assert http.delete(f"/s3/{bucket}/two?uploadId={upload}").status_code == 204
    answer = http.put(f"/s3/{bucket}/two?uploadId={upload}&partNumber=1", content=b"x")
    assert_problem(answer, 404, "NoSuchUpload")
    assert http.get(f"/s3/{bucket}/one?uploadId={upload}").status_code == 200


def test_conditions_on_a_complete(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/big", content=b"old")
    upload = _begin(http, bucket)
    etags = {1: _part(http, bucket, upload, 1, b"new")}
    for headers in ({"If-None-Match": "*"}, {"If-Match": '"other"'}):
        answer = _complete(http, bucket, upload, etags, headers=headers)
        assert_problem(answer, 412, "PreconditionFailed")
    etag = http.head(f"/s3/{bucket}/big").headers["etag"]
    assert _complete(http, bucket, upload, etags, headers={"If-Match": etag}).status_code == 200


def test_parts_are_listed_in_pages(http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket)
    for number in (2, 4, 6, 8):
        _part(http, bucket, upload, number, bytes(number))

    def page(query: str) -> tuple[list[int], bool, int | None]:
        shape = http.get(f"/s3/{bucket}/big?uploadId={upload}{query}").json()
        assert set(shape) == {"bucket", "key", "parts", "isTruncated", "nextPartNumberMarker"}
        return [part["partNumber"] for part in shape["parts"]], shape["isTruncated"], shape["nextPartNumberMarker"]

    assert page("") == ([2, 4, 6, 8], False, None)
    assert page("&max-parts=4") == ([2, 4, 6, 8], False, None)
    assert page("&max-parts=3") == ([2, 4, 6], True, 6)
    assert page("&max-parts=3&part-number-marker=6") == ([8], False, None)
    assert page("&part-number-marker=3") == ([4, 6, 8], False, None)
    for query in ("&max-parts=0", "&max-parts=1001", "&part-number-marker=x"):
        assert_problem(http.get(f"/s3/{bucket}/big?uploadId={upload}{query}"), 400, "InvalidArgument")


def test_uploads_are_listed_in_pages(http: httpx.Client, bucket: str) -> None:
    begun = [(key, _begin(http, bucket, key)) for key in ("b", "a", "b", "b", "c/x")]
    begun.sort()

    def page(**query: str | int) -> tuple[list[tuple[str, str]], str | None, str | None]:
        named = {name.replace("_", "-"): value for name, value in query.items()}
        shape = http.get(f"/s3/{bucket}", params={"uploads": "", **named}).json()
        assert set(shape) == {"bucket", "uploads", "isTruncated", "nextKeyMarker", "nextUploadIdMarker"}
        assert shape["isTruncated"] == (shape["nextKeyMarker"] is not None) == (shape["nextUploadIdMarker"] is not None)
        assert all(set(upload) == UPLOAD_FIELDS for upload in shape["uploads"])
        listed = [(upload["key"], upload["uploadId"]) for upload in shape["uploads"]]
        return listed, shape["nextKeyMarker"], shape["nextUploadIdMarker"]

    assert page() == (begun, None, None)
    assert page(prefix="c/") == (begun[4:], None, None)
    seen: list[tuple[str, str]] = []
    listed, key, upload = page(max_uploads=2)
    seen += listed
    while key is not None and upload is not None:
        listed, key, upload = page(max_uploads=2, key_marker=key, upload_id_marker=upload)
        seen += listed
    assert seen == begun
    assert page(key_marker="b") == (begun[4:], None, None)


def test_a_part_that_is_too_large_is_refused(http: httpx.Client, bucket: str) -> None:
    upload = _begin(http, bucket)
    path = f"/s3/{bucket}/big?uploadId={upload}&partNumber=1"
    assert_problem(http.put(path, content=bytes(8 * 1024 * 1024 + 1)), 413, "EntityTooLarge")
