"""The object that was meant: what says so in a request, and what happens when an answer is about another one (respx)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
import respx

from astore_sdk import ArtifactStoreError, BadRequestError, Client, Config, InvalidInputError, WrongObjectError
from astore_sdk.models import CompletedPart

from ..conftest import QUICK, ClientFactory, path_of
from ..unit.test_resource import ODD, PLAIN

BASE = "http://store/prefix"
FIELD = "x-astore-resource"
OTHER = "/s3/tenant-b/report.pdf"


@pytest.fixture
def route() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def mocked(make_client: ClientFactory, route: respx.MockRouter) -> Iterator[Client]:
    with make_client(Config(BASE, "token", retry=QUICK)) as client:
        yield client


Call = Callable[[Client, str], object]
STREAMED: dict[str, Call] = {
    "read": lambda client, key: client.read("tenant-a", key),
    "range": lambda client, key: client.read("tenant-a", key, byte_range="bytes=0-1"),
    "download": lambda client, key: client.download("tenant-a", key, io.BytesIO()),
}
ABOUT_OBJECTS: dict[str, Call] = {
    **STREAMED,
    "upload": lambda client, key: client.upload("tenant-a", key, b"data"),
    "head": lambda client, key: client.get_object_metadata("tenant-a", key),
    "exists": lambda client, key: client.object_exists("tenant-a", key),
    "delete": lambda client, key: client.delete_object("tenant-a", key),
    "copy": lambda client, key: client.copy_object("tenant-a", "source", "tenant-a", key),
    "initiate": lambda client, key: client.initiate_multipart_upload("tenant-a", key),
    "part": lambda client, key: client.upload_part("tenant-a", key, "u", 1, b"data"),
    "parts": lambda client, key: client.list_parts("tenant-a", key, "u"),
    "complete": lambda client, key: client.complete_multipart_upload("tenant-a", key, "u", [CompletedPart(1, "e")], size=4),
    "abort": lambda client, key: client.abort_multipart_upload("tenant-a", key, "u"),
    "signatures": lambda client, key: client.get_signatures("tenant-a", key),
    "sbom": lambda client, key: client.get_sbom("tenant-a", key),
    "sboms": lambda client, key: client.list_sboms("tenant-a", key),
    "attestations": lambda client, key: client.get_attestations("tenant-a", key),
    "attach": lambda client, key: client.attach_sbom("tenant-a", key, "spdx", '{"spdxVersion":"SPDX-2.3"}'),
    "attest": lambda client, key: client.add_attestation("tenant-a", key, "build", {}),
}
ABOUT_BUCKETS: dict[str, Callable[[Client], object]] = {
    "list": lambda client: client.list_objects("tenant-a"),
    "uploads": lambda client: client.list_multipart_uploads("tenant-a"),
    "delete many": lambda client: client.delete_objects("tenant-a", ["a//b"]),
    "create": lambda client: client.create_bucket("tenant-a"),
    "delete": lambda client: client.delete_bucket("tenant-a"),
    "exists": lambda client: client.bucket_exists("tenant-a"),
}


@pytest.mark.parametrize("name", ABOUT_OBJECTS)
def test_odd_keys_are_named_in_every_request(mocked: Client, route: respx.MockRouter, name: str) -> None:
    route.route().respond(418)
    for key in ODD:
        with pytest.raises(ArtifactStoreError):
            ABOUT_OBJECTS[name](mocked, key)
        request = route.calls.last.request
        assert unquote(request.headers[FIELD]) == f"tenant-a/{key}"
        assert request.headers[FIELD].count("/") == 1
    for key in PLAIN:
        with pytest.raises(ArtifactStoreError):
            ABOUT_OBJECTS[name](mocked, key)
        assert FIELD not in route.calls.last.request.headers


@pytest.mark.parametrize("name", ABOUT_BUCKETS)
def test_buckets_need_no_name_beside_the_path(mocked: Client, route: respx.MockRouter, name: str) -> None:
    route.route().respond(418)
    with pytest.raises(ArtifactStoreError):
        ABOUT_BUCKETS[name](mocked)
    assert FIELD not in route.calls.last.request.headers


def test_the_field_is_the_clients_own() -> None:
    with pytest.raises(InvalidInputError, match="client itself"):
        Config(BASE, headers={"X-Astore-Resource": "a/b"})


GOOD = {"key": "k", "size": 4, "uploadId": "u", "id": "i"}


@pytest.mark.parametrize("location", [OTHER, "http://store/prefix/s3/tenant-a/report.pdf", "/s3/other/s3/tenant-a/k"])
@pytest.mark.parametrize("name", ABOUT_OBJECTS)
def test_an_answer_about_another_object(mocked: Client, route: respx.MockRouter, name: str, location: str) -> None:
    headers = {"Content-Location": location, "ETag": '"e"', "Content-Length": "4", "x-request-id": "r"}
    route.head().respond(200, headers=headers)
    route.route().respond(200, headers=headers, content=b"data")
    with pytest.raises(WrongObjectError, match=r"proxies\.md") as caught:
        ABOUT_OBJECTS[name](mocked, "k")
    error = caught.value
    assert (error.status_code, error.request_id, error.bucket, error.key, error.attempts) == (200, "r", "tenant-a", "k", 1)
    assert len(route.calls) == 1  # no repeat cures it
    assert ("may have been changed" in error.message) is (route.calls.last.request.method not in ("GET", "HEAD"))


@pytest.mark.parametrize("names", [{"key": "report.pdf"}, {"bucket": "tenant-b"}, {"bucket": "tenant-b", "key": "k"}])
@pytest.mark.parametrize(
    "name", ["upload", "copy", "complete", "initiate", "parts", "sbom", "signatures", "sboms", "attestations", "attach", "attest"]
)
def test_json_about_another_object(mocked: Client, route: respx.MockRouter, name: str, names: dict[str, str]) -> None:
    route.route().respond(200, json=GOOD | names)
    with pytest.raises(WrongObjectError, match=next(iter(names.values()))) as caught:
        ABOUT_OBJECTS[name](mocked, "k")
    assert (caught.value.bucket, caught.value.key, len(route.calls)) == ("tenant-a", "k", 1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("list", {"bucket": "tenant-b"}),
        ("list", {"objects": [{"bucket": "tenant-b", "key": "k", "size": 1}]}),
        ("uploads", {"bucket": "tenant-b"}),
        ("uploads", {"uploads": [{"bucket": "tenant-b", "key": "k", "uploadId": "u"}]}),
        ("delete many", {"bucket": "tenant-b"}),
        ("create", {"name": "tenant-b"}),
    ],
)
def test_json_about_another_bucket(mocked: Client, route: respx.MockRouter, name: str, answer: dict[str, object]) -> None:
    route.route().respond(200, json=answer)
    with pytest.raises(WrongObjectError) as caught:
        ABOUT_BUCKETS[name](mocked)
    assert (caught.value.bucket, caught.value.operation is None) == ("tenant-a", False)


def test_nothing_is_delivered_of_another_object(mocked: Client, route: respx.MockRouter, tmp_path: Path) -> None:
    route.get().respond(200, headers={"Content-Location": OTHER}, content=b"other")
    target, writer = tmp_path / "target", io.BytesIO()
    target.write_bytes(b"old")
    with pytest.raises(WrongObjectError):
        mocked.download("tenant-a", "k", target)
    with pytest.raises(WrongObjectError):
        mocked.download("tenant-a", "k", writer)
    with pytest.raises(WrongObjectError), mocked.stream("tenant-a", "k") as chunks:
        writer.writelines(chunks)
    assert ([path.name for path in tmp_path.iterdir()], target.read_bytes(), writer.getvalue()) == (["target"], b"old", b"")


def test_a_download_that_goes_on_is_compared_too(mocked: Client, route: respx.MockRouter) -> None:
    def cut() -> Iterator[bytes]:
        yield b"01"
        raise httpx.ReadError("cut")

    whole = {"ETag": '"e"', "Content-Length": "4", "Content-Location": "/s3/tenant-a/k"}
    rest = {"ETag": '"e"', "Content-Range": "bytes 2-3/4", "Content-Location": OTHER}
    route.get().mock(
        side_effect=[
            httpx.Response(200, headers=whole, stream=Pieces(cut)),
            httpx.Response(206, headers=rest, content=b"23"),
        ]
    )
    writer = io.BytesIO()
    with pytest.raises(WrongObjectError):
        mocked.download("tenant-a", "k", writer)
    assert writer.getvalue() == b"01"


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that may fail on the way, for both clients."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces()

    async def __aiter__(self):  # noqa: ANN204 - an async generator of bytes
        for piece in self._pieces():
            yield piece


def test_a_lost_answer_is_settled_by_the_right_object_only(mocked: Client, route: respx.MockRouter) -> None:
    route.put().mock(side_effect=[httpx.ReadError("cut"), httpx.Response(412)])
    route.head().respond(200, headers={"Content-Location": OTHER, "Content-Length": "4"})
    with pytest.raises(WrongObjectError):
        mocked.upload("tenant-a", "k", b"data", if_none_match="*")


def test_not_modified_is_about_something_too(mocked: Client, route: respx.MockRouter) -> None:
    route.head().respond(304, headers={"Content-Location": OTHER})
    with pytest.raises(WrongObjectError):
        mocked.get_object_metadata("tenant-a", "k")


@pytest.mark.parametrize("prefix", ["", "/prefix", "http://inner:8080", "https://outer/other/prefix"])
@pytest.mark.parametrize("key", ["k", "a//b", "in/../../tenant-b/report.pdf", "ü"])
def test_the_right_object_in_any_wrapping(mocked: Client, route: respx.MockRouter, key: str, prefix: str) -> None:
    headers = {"Content-Location": prefix + path_of("tenant-a", key), "Content-Length": "4"}
    route.head().respond(200, headers=headers)
    route.get().respond(200, headers=headers, content=b"data")
    route.put().respond(200, headers=headers)
    assert mocked.read("tenant-a", key) == b"data"
    assert mocked.get_object_metadata("tenant-a", key).key == key
    assert mocked.upload("tenant-a", key, b"data").key == key


def test_no_token_is_shown(make_client: ClientFactory, route: respx.MockRouter) -> None:
    route.get().respond(200, headers={"Content-Location": "/s3/bucket/se'cret"}, content=b"data")
    route.put().respond(200, json=GOOD | {"key": "se'cret"})
    with make_client(Config(BASE, "se'cret", retry=QUICK)) as client:
        for call in (STREAMED["read"], ABOUT_OBJECTS["upload"]):
            with pytest.raises(WrongObjectError) as caught:
                call(client, "k")
            assert "***" in str(caught.value)
            assert "cret" not in str(caught.value) + repr(caught.value)


def test_a_proxy_that_refuses_a_path_is_named(mocked: Client, route: respx.MockRouter) -> None:
    route.get().respond(400, json={"code": "KeyMismatch", "detail": "The path names another."})
    route.head().respond(400, headers={"x-astore-error-code": "KeyMismatch"})
    route.put().respond(400, html="<html>Bad Request</html>")
    for name in ("read", "head", "upload"):
        with pytest.raises(BadRequestError, match=r"proxies\.md") as caught:
            ABOUT_OBJECTS[name](mocked, "..")
        assert caught.value.code == (None if name == "upload" else "KeyMismatch")
