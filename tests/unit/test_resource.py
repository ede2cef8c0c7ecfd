"""What a request says that it means, and whether an answer is about it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from astore_sdk import ResponseDecodeError, WrongObjectError
from astore_sdk._wire.messages import Answer
from astore_sdk._wire.names import raw_path
from astore_sdk._wire.resource import check_location, check_members, resource_field

from ..conftest import path_of

PLAIN = ["a", "app/1.2.0/app.tar.gz", ".hidden", "a/.b", "...", "a..b", "~", "a-b_c.d~e", "s3/s3"]
ODD = [
    "a//b", "/a", "a/", "//", ".", "..", "a/./b", "in/../../tenant-b/report.pdf", "a\\b", "..\\x", "a%2Fb", "%2e%2e/x", "%5c", "ü",
    "u\u0308", "a+b", "a b", "x;p=1", "?", "a?b", "#", "&", "=", ":", "a,b", "日本",
]  # fmt: skip


@pytest.mark.parametrize("key", PLAIN)
def test_a_plain_path_goes_without_the_field(key: str) -> None:
    assert resource_field(path_of("bucket", key), "bucket", key) is None
    assert resource_field(path_of("bucket", key) + "?uploadId=a%2Fb//", "bucket", key) is None


@pytest.mark.parametrize("key", ODD)
def test_a_path_that_a_proxy_may_change_says_what_it_means(key: str) -> None:
    field = resource_field(path_of("bucket", key), "bucket", key)
    assert field is not None
    assert field.isascii()
    assert field.count("/") == 1
    assert unquote(field) == f"bucket/{key}"
    assert resource_field(path_of("bucket", key) + "?uploads=", "bucket", key) == field


def check(location: str, key: str = "a/ü", root: str = "/s3") -> None:
    check_location(Answer(200, {"content-location": location}), "GET", f"{path_of('bucket', key, root)}?uploadId=1")


@pytest.mark.parametrize(
    "location",
    [
        "/s3/bucket/a/%C3%BC", "/s3/bucket/a/%c3%bc", "/s3/bucket/a%2F%C3%BC", "/s3/bucket/a/ü", "/store/s3/bucket/a/%C3%BC",
        "/my-s3/s3store/s3/bucket/a/%C3%BC", "http://inner:80/s3/bucket/a/%C3%BC", "https://outer/x/y/s3/bucket/a/%C3%BC#f",
        "//outer/s3/bucket/a/%C3%BC?uploadId=1", "%C3%BC", "",
    ],
)  # fmt: skip
def test_the_same_object_in_other_words(location: str) -> None:
    check(location)


@pytest.mark.parametrize(
    "location",
    [
        "/s3/bucket/a", "/s3/bucket/a/%C3%BC/", "/s3/bucket/a//%C3%BC", "/s3/other-bucket/a/%C3%BC", "/s3/bucket/%C3%BC", "/", "x",
        "bucket/a/%C3%BC", "/s3/bucket/a/%25C3%25BC", "/s3/bucket/a/u%CC%88", "/S3/bucket/a/%C3%BC", "/bucket/a/%C3%BC",
        "/xs3/bucket/a/%C3%BC",
        # Below another bucket, or among the records of one: the address has a prefix too many.
        "/s3/tenant-a/s3/bucket/a/%C3%BC", "/s3/s3/bucket/a/%C3%BC", "/%73%33/other/s3/bucket/a/%C3%BC",
        "/p/s3/other/x/s3/bucket/a/%C3%BC", "http://host/s3/tenant-a/s3/bucket/a/%C3%BC",
        "/supplychain/sbom/other/s3/bucket/a/%C3%BC", "http://host", "/s3/bucket/a/%C3%BC, /s3/x",
    ],
)  # fmt: skip
def test_another_object(location: str) -> None:
    with pytest.raises(WrongObjectError, match=r"proxies\.md"):
        check(location)


def test_dots_and_slashes_are_compared_as_they_are() -> None:
    for key in ("..", "a/../b", "/", "a//b", "%2e"):
        check(path_of("bucket", key), key)
        with pytest.raises(WrongObjectError):
            check("/s3/bucket/b", key)


def test_records_have_their_own_place() -> None:
    check("/supplychain/signatures/bucket/k", "k", "/supplychain/signatures")
    for location in ("/s3/bucket/k", "/supplychain/sboms/bucket/k", "/supplychain/signatures/x/supplychain/signatures/bucket/k"):
        with pytest.raises(WrongObjectError):
            check(location, "k", "/supplychain/signatures")


def test_a_write_says_what_it_may_have_done() -> None:
    answer = Answer(200, {"content-location": "/s3/tenant-b/report.pdf"})
    for method, may in (("PUT", True), ("POST", True), ("DELETE", True), ("GET", False), ("HEAD", False)):
        with pytest.raises(WrongObjectError, match=r"/s3/tenant-b/report\.pdf") as caught:
            check_location(answer, method, "/s3/tenant-a/x")
        assert ("may have been changed" in str(caught.value)) is may


def members(body: bytes, key: str | None = "k") -> None:
    answer = Answer(200, body=body)
    answer.json()
    check_members(answer, "GET", "bucket", key)


@pytest.mark.parametrize("body", [b"{}", b'{"bucket":"bucket","key":"k"}', b'{"key":"k"}', b'{"bucket":null,"key":null}'])
def test_members_that_fit(body: bytes) -> None:
    members(body)
    check_members(Answer(200, body=b'{"key":"unread"}'), "GET", "bucket", "k")


@pytest.mark.parametrize("body", [b'{"key":"l"}', b'{"bucket":"other","key":"k"}', b'{"bucket":""}', b'{"key":""}', b'{"key":"K"}'])
def test_members_of_another_object(body: bytes) -> None:
    with pytest.raises(WrongObjectError):
        members(body)


def test_members_that_are_no_text() -> None:
    for body in (b'{"bucket":5}', b'{"bucket":["bucket"]}', b'{"key":{}}', b'{"bucket":"bucket","key":false}'):
        with pytest.raises(ResponseDecodeError, match="contract"):
            members(body)
    members(b'{"bucket":"bucket","key":"one of the bucket\'s own"}', None)


def test_the_message_is_bounded_printable_and_without_the_token() -> None:
    token = "to'ken%41"

    def hide(text: str, *, cut: bool) -> str:
        return text.replace(token, "***")

    for location in ("/s3/b/\x1b[31m" + "x" * 5000, f"/s3/bucket/{token}", "/s3/bucket/to%27ken%2541", "/s3/%FF%0A"):
        answer = Answer(200, {"content-location": location}, redact=hide)
        with pytest.raises(WrongObjectError) as caught:
            check_location(answer, "GET", "/s3/bucket/k")
        text = str(caught.value)
        assert text.isprintable()
        assert len(text) < 600
        assert "ken" not in text


def test_the_path_is_the_builders() -> None:
    assert path_of("bucket", "a/../b") == raw_path("/s3/bucket/a%2F..%2Fb#part") == "/s3/bucket/a/%2E%2E/b"
