from __future__ import annotations

import os
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from .wire import assert_problem, digest_field

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

DATA = bytes(range(256)) * 20


@pytest.fixture
def key(http: httpx.Client, bucket: str) -> str:
    path = f"/s3/{bucket}/key"
    http.put(path, content=DATA, headers={"x-amz-meta-k": "v"})
    return path


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-1023", 0, 1023),
        ("bytes=5-", 5, 5119),
        ("bytes=-500", 4620, 5119),
        ("bytes=-9999999", 0, 5119),
        ("bytes=5119-", 5119, 5119),
        ("bytes=5000-99999999999999999999999999999999", 5000, 5119),
        ("BYTES=1-2", 1, 2),
        ("bytes= 1-2", 1, 2),
    ],
)
def test_a_range(http: httpx.Client, key: str, asked: str, first: int, last: int) -> None:
    got = http.get(key, headers={"Range": asked})
    assert got.status_code == 206
    assert got.content == DATA[first : last + 1]
    assert got.headers["content-range"] == f"bytes {first}-{last}/5120"
    assert got.headers["content-length"] == str(last - first + 1)
    assert got.headers["repr-digest"] == digest_field(DATA)
    assert got.headers["x-amz-meta-k"] == "v"
    head = http.head(key, headers={"Range": asked})
    assert head.status_code == 206
    assert head.headers["content-range"] == got.headers["content-range"]


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,3-4", "bytes=5-2", "bytes=x-y", "bytes=-", "items=0-1", "bytes", "bytes=1 -2", "bytes=+1-2", "0-1"]
)
def test_a_range_that_may_be_ignored_is(http: httpx.Client, key: str, asked: str) -> None:
    got = http.get(key, headers={"Range": asked})
    assert (got.status_code, got.content) == (200, DATA)
    assert "content-range" not in got.headers


@pytest.mark.parametrize("asked", ["bytes=5120-", "bytes=9999-10000", "bytes=-0"])
def test_a_range_outside_is_416(http: httpx.Client, key: str, asked: str) -> None:
    answer = http.get(key, headers={"Range": asked})
    assert_problem(answer, 416, "InvalidRange")
    assert answer.headers["content-range"] == "bytes */5120"


def test_ranges_of_nothing(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/empty", content=b"")
    assert http.get(f"/s3/{bucket}/empty", headers={"Range": "bytes=0-"}).status_code == 416
    assert http.get(f"/s3/{bucket}/empty", headers={"Range": "bytes=-5"}).status_code == 200


def test_ranges_of_a_large_object(http: httpx.Client, bucket: str) -> None:
    data = os.urandom(3_500_000)
    http.put(f"/s3/{bucket}/large", content=data)
    for first, last in ((0, 3_499_999), (1, 3_499_999), (1_048_575, 1_048_576), (1_000_000, 3_200_000)):
        got = http.get(f"/s3/{bucket}/large", headers={"Range": f"bytes={first}-{last}"})
        assert got.content == data[first : last + 1]


def test_conditions_on_a_read(http: httpx.Client, key: str) -> None:
    etag = http.head(key).headers["etag"]

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        got, head = http.get(key, headers=named), http.head(key, headers=named)
        assert got.status_code == head.status_code
        if got.status_code == 304:
            assert got.content == b""
            assert got.headers["etag"] == etag
        return got.status_code

    assert status(If_Match=etag) == 200
    assert status(If_Match=etag.strip('"')) == 200
    assert status(If_Match="*") == 200
    assert status(If_Match=f'"a", {etag}') == 200
    assert status(If_Match='"other"') == 412
    assert status(If_Match=f"W/{etag}") == 412
    assert status(If_None_Match=etag) == 304
    assert status(If_None_Match=f"W/{etag}") == 304
    assert status(If_None_Match="*") == 304
    assert status(If_None_Match=f'"a,b" ,{etag}') == 304
    assert status(If_None_Match='"other"') == 200
    assert status(If_Match=etag, If_None_Match=etag) == 304
    assert status(If_Match='"other"', If_None_Match=etag) == 412


def test_dates_on_a_read(http: httpx.Client, key: str) -> None:
    changed = http.head(key).headers["last-modified"]
    moment = parsedate_to_datetime(changed)
    before = format_datetime(moment - timedelta(seconds=1), usegmt=True)

    def status(**headers: str) -> int:
        return http.get(key, headers={name.replace("_", "-"): value for name, value in headers.items()}).status_code

    assert status(If_Modified_Since=changed) == 304
    assert status(If_Modified_Since=before) == 200
    for unreadable in ("not a date", "Mon, 01 Jan 0001 00:00:00 +2359", "Mon, 01 Jan 2024 00:00:00 +99999999999999"):
        assert status(If_Modified_Since=unreadable) == 200
    assert status(If_Unmodified_Since=changed) == 200
    assert status(If_Unmodified_Since=before) == 412
    # A tag says more than a date: with one, the date is not looked at.
    etag = http.head(key).headers["etag"]
    assert status(If_Match=etag, If_Unmodified_Since=before) == 200
    assert status(If_None_Match='"other"', If_Modified_Since=changed) == 200


def test_if_range(http: httpx.Client, key: str) -> None:
    head = http.head(key).headers
    changed = parsedate_to_datetime(head["last-modified"])

    def status(value: str) -> int:
        return http.get(key, headers={"Range": "bytes=0-1", "If-Range": value}).status_code

    assert status(head["etag"]) == 206
    assert status(head["last-modified"]) == 206
    assert status('"other"') == 200
    assert status(f"W/{head['etag']}") == 200
    assert status(format_datetime(changed + timedelta(days=1), usegmt=True)) == 200


def test_conditions_on_a_write(http: httpx.Client, key: str) -> None:
    etag = http.head(key).headers["etag"]
    assert_problem(http.put(key, content=b"n", headers={"If-None-Match": "*"}), 412, "PreconditionFailed")
    assert_problem(http.put(key, content=b"n", headers={"If-Match": '"other"'}), 412, "PreconditionFailed")
    assert_problem(http.delete(key, headers={"If-Match": '"other"'}), 412, "PreconditionFailed")
    assert http.get(key).content == DATA
    changed = http.put(key, content=b"new", headers={"If-Match": etag})
    assert changed.status_code == 200
    assert http.delete(key, headers={"If-Match": changed.headers["etag"]}).status_code == 204


def test_if_match_of_an_absent_key_is_412(http: httpx.Client, bucket: str) -> None:
    path = f"/s3/{bucket}/absent"
    for method in ("PUT", "DELETE", "GET"):
        for value in ('"x"', "*"):
            assert_problem(http.request(method, path, headers={"If-Match": value}), 412, "PreconditionFailed")
    assert http.put(path, content=b"x", headers={"If-None-Match": "*"}).status_code == 200


def test_a_large_write_that_cannot_succeed_is_refused_early(http: httpx.Client, key: str) -> None:
    answer = http.put(key, content=bytes(2_000_000), headers={"If-None-Match": "*"})
    assert_problem(answer, 412, "PreconditionFailed")
    assert http.get(key).content == DATA


UNREADABLE_TAGS = [
    b"",
    b",",
    b",\t, ,",
    b'"unterminated',
    b'unterminated"',
    b'"a" "b"',
    b'"a"b',
    b'"x", "unterminated',
    b"'single'",
    b'w/"weak"',
    b"W/bare",
    b'W/ "space"',
    b"W/*",
    b"**",
    b"a b",
    b'"a b"',
    b"\xe9",
    b"[x]",
    b'"x"; q=1',
]
EVERYTHING = [b"*", b"*, *", b"*,", b",*", b'"x", *', b'*, "x"', b'"x" , , *', b",\t*\t,"]


def _writes(http: httpx.Client, bucket: str, key: str) -> dict[str, Callable[[list[tuple[bytes, bytes]]], httpx.Response]]:
    """Every way to change what is under a key, by name, as a function of more headers."""
    http.put(f"/s3/{bucket}/source", content=b"from the source")
    upload = http.post(f"{key}?uploads").json()["uploadId"]
    part = http.put(f"{key}?uploadId={upload}&partNumber=1", content=b"from a part").headers["etag"]
    parts = {"parts": [{"partNumber": 1, "etag": part}]}
    copied = (b"x-amz-copy-source", f"/{bucket}/source".encode())
    return {
        "put": lambda headers: http.put(key, content=b"new", headers=headers),
        "large put": lambda headers: http.put(key, content=bytes(300_000), headers=headers),
        "delete": lambda headers: http.delete(key, headers=headers),
        "copy": lambda headers: http.put(key, headers=[copied, *headers]),
        "complete": lambda headers: http.post(f"{key}?uploadId={upload}", json=parts, headers=headers),
    }


@pytest.mark.parametrize("value", UNREADABLE_TAGS)
@pytest.mark.parametrize("name", [b"If-None-Match", b"If-Match"])
def test_a_write_with_a_condition_that_cannot_be_read_is_refused(
    http: httpx.Client, bucket: str, key: str, name: bytes, value: bytes
) -> None:
    for write in _writes(http, bucket, key).values():
        assert_problem(write([(name, value)]), 400, "InvalidArgument")
    source = [(b"x-amz-copy-source", f"/{bucket}/source".encode()), (b"x-amz-copy-source-" + name, value)]
    assert_problem(http.put(key, headers=source), 400, "InvalidArgument")
    assert http.get(key).content == DATA


@pytest.mark.parametrize("value", EVERYTHING)
def test_an_asterisk_anywhere_in_a_list_is_any(http: httpx.Client, bucket: str, key: str, value: bytes) -> None:
    for write in _writes(http, bucket, key).values():
        assert_problem(write([(b"If-None-Match", value)]), 412, "PreconditionFailed")
    assert http.get(key).content == DATA
    assert http.get(key, headers=[(b"If-None-Match", value)]).status_code == 304
    assert http.put(key, content=b"new", headers=[(b"If-Match", value)]).status_code == 200
    assert http.put(f"/s3/{bucket}/absent", content=b"x", headers=[(b"If-None-Match", value)]).status_code == 200


def test_empty_elements_of_a_list_are_skipped(http: httpx.Client, bucket: str, key: str) -> None:
    etag = http.head(key).headers["etag"].encode()
    bare = etag.strip(b'"')
    lists = [
        b"," + etag,
        etag + b",",
        b'"x" , ,' + etag,
        b',\t,"x",\t' + etag + b"\t,",
        b"W/" + etag,
        b"x, " + bare,
        b'"\xe9",' + etag,
    ]
    for value in lists:
        for write in _writes(http, bucket, key).values():
            assert_problem(write([(b"If-None-Match", value)]), 412, "PreconditionFailed")
        assert http.get(key, headers=[(b"If-None-Match", value)]).status_code == 304
    # A list may be spread over several lines (RFC 9110 §5.3), and one of them may be empty.
    for lines in ([b'"x"', etag], [etag, b""], [b"", b"*"]):
        written = http.put(key, content=b"new", headers=[(b"If-None-Match", line) for line in lines])
        assert_problem(written, 412, "PreconditionFailed")
    assert_problem(http.put(key, headers=[(b"If-None-Match", b'"x"'), (b"If-None-Match", b'"y')]), 400, "InvalidArgument")
    assert http.get(key).content == DATA
    assert http.delete(key, headers=[(b"If-Match", b'"x",,' + etag)]).status_code == 204


@pytest.mark.parametrize("value", UNREADABLE_TAGS)
def test_on_a_read_tags_that_cannot_be_read_match_nothing(http: httpx.Client, key: str, value: bytes) -> None:
    assert http.get(key, headers=[(b"If-None-Match", value)]).content == DATA
    # The date beside it is not looked at either, as with tags that can be read.
    changed = http.head(key).headers["last-modified"].encode()
    assert http.get(key, headers=[(b"If-None-Match", value), (b"If-Modified-Since", changed)]).content == DATA
    assert http.get(key, headers=[(b"If-Match", value)]).status_code == 412
    assert http.get(key, headers=[(b"Range", b"bytes=0-1"), (b"If-Range", value)]).content == DATA


@pytest.mark.parametrize("value", ["", "yesterday", "Mon, 99 Jan 2024 00:00:00 GMT", "0", "2026-03-02T10:15:30Z"])
def test_a_write_with_a_date_that_cannot_be_read_is_refused(http: httpx.Client, bucket: str, key: str, value: str) -> None:
    for write in _writes(http, bucket, key).values():
        assert_problem(write([(b"If-Unmodified-Since", value.encode())]), 400, "InvalidArgument")
    source = {"x-amz-copy-source": f"/{bucket}/source"}
    for name in ("x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since"):
        assert_problem(http.put(key, headers={**source, name: value}), 400, "InvalidArgument")
    assert http.get(key).content == DATA


def test_conditions_on_the_source_of_a_copy(http: httpx.Client, bucket: str, key: str) -> None:
    head = http.head(key).headers
    etag, changed = head["etag"], head["last-modified"]
    before = format_datetime(parsedate_to_datetime(changed) - timedelta(seconds=1), usegmt=True)

    def status(**conditions: str) -> int:
        named = {f"x-amz-copy-source-{name.replace('_', '-')}": value for name, value in conditions.items()}
        copied = http.put(f"/s3/{bucket}/copy", headers={"x-amz-copy-source": f"/{bucket}/key", **named})
        if copied.status_code != 200:
            assert_problem(copied, 412, "PreconditionFailed")
        return copied.status_code

    assert status(if_match=etag) == status(if_match=f",{etag}") == 200
    assert status(if_match='"other"') == 412
    assert status(if_none_match='"other"') == 200
    assert status(if_none_match=etag) == status(if_none_match=f'"x",,W/{etag}') == status(if_none_match="*") == 412
    assert status(if_modified_since=before) == 200
    assert status(if_modified_since=changed) == 412
    assert status(if_unmodified_since=changed) == 200
    assert status(if_unmodified_since=before) == 412
