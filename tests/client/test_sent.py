"""What is sent, and what a bare answer becomes (respx: nothing here is about streaming)."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx
import pytest
import respx

from astore_sdk import (
    Bucket,
    Client,
    Config,
    DeleteError,
    IntegrityError,
    InvalidInputError,
    NetworkError,
    Object,
    ObjectChangedError,
    ObjectList,
    ResponseDecodeError,
    RetryPolicy,
    SourceChangedError,
    TransferConfig,
    generate_key,
)
from astore_sdk._flows import manual_uploads
from astore_sdk.models import CompletedPart, Part

from ..conftest import QUICK, ClientFactory
from ..unit.supplychain.test_verifying import ED

BASE = "http://store/prefix"


@pytest.fixture
def route() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def mocked(make_client: ClientFactory, route: respx.MockRouter) -> Iterator[Client]:
    with make_client(Config(BASE, "token", retry=QUICK)) as client:
        yield client


def sent(route: respx.MockRouter) -> list[httpx.Request]:
    return [call.request for call in route.calls]


def test_a_small_upload_is_one_put(mocked: Client, route: respx.MockRouter) -> None:
    route.put(f"{BASE}/s3/releases/app.tar.gz").respond(200)
    stored = mocked.upload("releases", "app.tar.gz", io.BytesIO(b"artifact data"), 13, metadata={"V": "1", "none": None})
    (request,) = sent(route)
    digest = hashlib.sha256(b"artifact data").digest()
    assert request.headers["Content-Length"] == "13"
    assert request.headers["Content-Digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert request.headers["x-amz-meta-v"] == "1"
    assert request.headers["Authorization"] == "Bearer token"
    assert request.headers["User-Agent"].startswith("astore_sdk/")
    assert "Transfer-Encoding" not in request.headers
    assert "x-amz-meta-none" not in request.headers
    assert request.content == b"artifact data"
    expected = Object(
        "app.tar.gz", 13, content_type="application/octet-stream", digest=f"sha256:{digest.hex()}", metadata={"v": "1"}
    )
    assert stored == expected


def test_without_integrity_nothing_is_hashed(mocked: Client, route: respx.MockRouter) -> None:
    route.put().respond(200)
    stored = mocked.upload("releases", "k", b"x", transfer=TransferConfig(integrity=False))
    assert "Content-Digest" not in sent(route)[0].headers
    assert stored.digest is None


def test_a_small_download_is_one_get(mocked: Client, route: respx.MockRouter) -> None:
    route.get(f"{BASE}/s3/releases/k").respond(200, content=b"content")
    received = io.BytesIO()
    found = mocked.download("releases", "k", received)
    (request,) = sent(route)
    assert request.headers["Accept-Encoding"] == "identity"
    assert received.getvalue() == b"content"
    assert (found.size, found.etag) == (7, None)


def test_a_bare_answer_is_enough(mocked: Client, route: respx.MockRouter) -> None:
    route.head().respond(200, headers={"Content-Length": "5"})
    route.delete().respond(200)
    route.put(f"{BASE}/s3/releases").respond(200)
    route.get().respond(200, json={})
    route.post(params={"uploads": ""}).respond(200, json={"uploadId": "u"})
    route.put(params__contains={"partNumber": "1"}).respond(200, headers={"ETag": "e"})
    route.post(params={"uploadId": "u"}).respond(200)
    assert mocked.create_bucket("releases").name == "releases"
    assert mocked.list_objects("releases") == ObjectList()
    assert mocked.list_buckets().buckets == []
    assert mocked.get_signatures("releases", "k") == mocked.get_attestations("releases", "k") == []
    assert mocked.get_object_metadata("releases", "k") == Object("k", 5)
    assert mocked.get_health().features == []
    upload = mocked.initiate_multipart_upload("releases", "k")
    assert (upload.bucket, upload.key, upload.upload_id) == ("releases", "k", "u")
    etag = mocked.upload_part("releases", "k", "u", 1, b"data", 4)
    assert mocked.complete_multipart_upload("releases", "k", "u", [Part(1, etag, 4)]) == Object("k", 4)
    assert mocked.complete_multipart_upload("releases", "k", "u", [CompletedPart(1, etag)], size=4).size == 4
    mocked.delete_object("releases", "k")
    mocked.abort_multipart_upload("releases", "k", "u")


def test_a_new_bucket_is_what_the_store_says(mocked: Client, route: respx.MockRouter) -> None:
    made = datetime(2026, 3, 2, 10, 1, tzinfo=UTC)
    route.put().respond(201, json={"name": "releases", "creationDate": made.isoformat(), "objectCount": 0, "totalSize": 0})
    assert mocked.create_bucket("releases") == Bucket("releases", made, 0, 0)


def test_a_part_is_sent_with_its_digest(make_client: ClientFactory, route: respx.MockRouter, tmp_path: Path) -> None:
    route.put().respond(200, headers={"ETag": '"e"'})
    (tmp_path / "part").write_bytes(b"data")
    digest = base64.b64encode(hashlib.sha256(b"data").digest()).decode()
    for integrity, field in ((True, f"sha-256=:{digest}:"), (False, None)):
        with make_client(Config(BASE, transfer=TransferConfig(integrity=integrity))) as client:
            assert client.upload_part("releases", "k", "u", 3, tmp_path / "part") == "e"
        assert sent(route)[-1].headers.get("Content-Digest") == field
        assert dict(sent(route)[-1].url.params) == {"uploadId": "u", "partNumber": "3"}


def test_a_part_without_an_etag_is_no_part(mocked: Client, route: respx.MockRouter) -> None:
    route.put().respond(200)
    with pytest.raises(ResponseDecodeError, match="ETag"):
        mocked.upload_part("releases", "k", "u", 1, b"data")


def test_what_completes_an_upload(mocked: Client, route: respx.MockRouter) -> None:
    route.post().respond(200)
    parts = [Part(2, "b", 1), Part(10_000, "c", 2), Part(1, "a", 4)]
    digest = f"sha256:{hashlib.sha256(b'whole').hexdigest()}"
    stored = mocked.complete_multipart_upload("releases", "k", "u", parts, digest=digest, size=7, if_match="e")
    assert (stored.size, stored.digest) == (7, digest)
    assert mocked.complete_multipart_upload("releases", "k", "u", parts, if_none_match="*").size == 7
    first, second = sent(route)
    listed = [{"partNumber": number, "etag": etag} for number, etag in ((1, "a"), (2, "b"), (10_000, "c"))]
    assert json.loads(first.content) == {"parts": listed, "digest": digest, "size": 7}
    assert json.loads(second.content) == {"parts": listed}
    conditions = [(request.headers.get("If-Match"), request.headers.get("If-None-Match")) for request in (first, second)]
    assert conditions == [('"e"', None), (None, "*")]


@pytest.mark.parametrize("parts", [[CompletedPart(1, "a")], [Part(1, "a", 4), CompletedPart(2, "b")], [Part(1, "a")]])
def test_a_size_that_nobody_knows_is_not_made_up(
    mocked: Client, route: respx.MockRouter, parts: list[Part | CompletedPart]
) -> None:
    route.post().respond(200)
    with pytest.raises(ResponseDecodeError, match="no body"):
        mocked.complete_multipart_upload("releases", "k", "u", parts)


def test_what_could_not_be_deleted_is_said(mocked: Client, route: respx.MockRouter) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        keys = json.loads(request.content)["keys"]
        failed = {"key": keys[-1], "code": "AccessDenied", "message": "not yours"}
        return httpx.Response(200, json={"deleted": keys[:-1], "errors": [failed]})

    route.post().mock(side_effect=answer)
    result = mocked.delete_objects("releases", [str(number) for number in range(1500)])
    assert len(result.deleted) == 1498
    assert result.errors == [DeleteError(key, "AccessDenied", "not yours") for key in ("999", "1499")]


def test_only_uploads_whose_age_is_known_are_stale(mocked: Client, route: respx.MockRouter) -> None:
    uploads = [{"key": "k", "uploadId": "u"}, {"key": "k", "uploadId": "v", "initiated": "2020-01-01T00:00:00Z"}]
    route.get().respond(200, json={"uploads": uploads})
    route.delete().respond(204)
    assert [upload.upload_id for upload in mocked.abort_stale_uploads("releases", timedelta(days=1))] == ["v"]
    assert [request.url.params["uploadId"] for request in sent(route)[1:]] == ["v"]


def test_range_of_a_server_that_knows_none(mocked: Client, route: respx.MockRouter) -> None:
    route.get().respond(200, content=b"0123456789")
    assert mocked.read("releases", "k", byte_range="bytes=2-4") == b"234"
    assert mocked.read("releases", "k", byte_range="bytes=-3") == b"789"
    assert sent(route)[0].headers["Range"] == "bytes=2-4"


def test_etags_are_bare_here_and_quoted_there(mocked: Client, route: respx.MockRouter) -> None:
    route.put().respond(200, headers={"ETag": '"abc"'})
    assert mocked.upload("releases", "k", b"").etag == "abc"
    mocked.upload("releases", "k", b"", if_match="abc")
    mocked.upload("releases", "k", b"", if_match='"abc"')
    mocked.upload("releases", "k", b"", if_none_match="*")
    assert [request.headers.get("If-Match") for request in sent(route)] == [None, '"abc"', '"abc"', None]
    assert sent(route)[-1].headers["If-None-Match"] == "*"


@pytest.mark.parametrize("key", [".", "..", "a/../b", "./a", "a//b", "/a/", "a b+c%2F?#&=", "%2e", "日本", "\u00e9", "e\u0301"])
def test_the_path_that_leaves_is_the_one_that_was_built(mocked: Client, route: respx.MockRouter, key: str) -> None:
    route.put().respond(200)
    mocked.upload("releases", key, b"")
    raw = sent(route)[0].url.raw_path.decode()
    assert raw.startswith("/prefix/s3/releases/")
    assert "/./" not in f"{raw}/"
    assert "/../" not in f"{raw}/"
    decoded = unquote_to_bytes(raw)
    assert decoded == b"/prefix/s3/releases/" + key.encode()


def test_options_share_the_token_and_override_what_is_named(mocked: Client, route: respx.MockRouter) -> None:
    route.get().respond(200, json={})
    child = mocked.with_options(timeout=1, headers={"X-Tenant": "a"})
    child.set_token("another")
    child.list_buckets()
    child.close()
    mocked.list_buckets()
    first, second = sent(route)
    assert first.headers["Authorization"] == second.headers["Authorization"] == "Bearer another"
    assert (first.headers.get("X-Tenant"), second.headers.get("X-Tenant")) == ("a", None)
    assert first.extensions["timeout"]["read"] == 1
    assert second.extensions["timeout"] == {"connect": 10.0, "read": 60.0, "write": 60.0, "pool": 60.0}


def test_complete_is_given_time(mocked: Client, route: respx.MockRouter) -> None:
    route.post().respond(200)
    mocked.complete_multipart_upload("releases", "k", "u", [CompletedPart(1, "e")], size=1)
    assert sent(route)[0].extensions["timeout"]["read"] == 300


def test_health_sends_no_token(mocked: Client, route: respx.MockRouter) -> None:
    route.get().respond(200, json={"status": "ok"})
    assert [call().status for call in (mocked.get_health, mocked.get_readiness, mocked.get_liveness)] == ["ok"] * 3
    assert [request.url.path for request in sent(route)] == ["/prefix/health", "/prefix/health/ready", "/prefix/health/live"]
    assert not any("Authorization" in request.headers for request in sent(route))


@pytest.mark.parametrize(
    "page",
    [
        {"isTruncated": True},
        {"isTruncated": True, "nextMarker": None},
        {"isTruncated": True, "nextMarker": ""},
        {"isTruncated": "yes"},
        {"objects": [{"key": "k"}]},
        {"objects": [{"size": 1}]},
        {"objects": [{"key": "k", "size": "1"}]},
        {"objects": {"key": "k"}},
        {"objects": [{"key": "k", "size": 1, "lastModified": "yesterday"}]},
        {"objects": [{"key": "k", "size": 1, "digest": "md5:1"}]},
        {"objects": [{"key": "k", "size": 1, "metadata": ["a"]}]},
        {"commonPrefixes": [1]},
        [],
        "text",
    ],
)
def test_lists_that_cannot_be_believed(mocked: Client, route: respx.MockRouter, page: object) -> None:
    route.get().respond(200, json=page)
    with pytest.raises(ResponseDecodeError) as caught:
        mocked.list_objects("releases")
    assert (caught.value.operation, caught.value.bucket, caught.value.status_code) in [
        ("listObjects", "releases", 200),
        ("listObjects", "releases", None),
    ]


@pytest.mark.parametrize(
    ("ask", "page"),
    [
        (lambda client: client.list_objects("releases"), {"objects": [{"key": "k", "size": 1}], "nextMarker": "k"}),
        (lambda client: client.list_multipart_uploads("releases"), {"nextKeyMarker": "k", "nextUploadIdMarker": "u"}),
        (lambda client: client.list_parts("releases", "k", "u"), {"nextPartNumberMarker": 1}),
    ],
    ids=["objects", "uploads", "parts"],
)
def test_a_marker_that_does_not_advance(
    mocked: Client, route: respx.MockRouter, ask: Callable[[Client], object], page: dict[str, object]
) -> None:
    """The list would have no end."""
    route.get().respond(200, json={**page, "isTruncated": True})
    with pytest.raises(ResponseDecodeError, match="does not advance"):
        ask(mocked)
    assert len(sent(route)) == 2


def test_at_most_max_keys_although_the_store_sends_more(mocked: Client, route: respx.MockRouter) -> None:
    objects = [{"key": key, "size": 1} for key in "abc"]
    route.get().respond(200, json={"objects": objects, "commonPrefixes": ["aa/"], "isTruncated": False})
    found = mocked.list_objects("releases", delimiter="/", max_keys=2)
    assert ([item.key for item in found.objects], found.common_prefixes) == (["a"], ["aa/"])
    assert (found.is_truncated, found.next_marker) == (True, "aa/")


def test_pages_are_followed(mocked: Client, route: respx.MockRouter) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("marker", "k-1")[1:]) + 1
        count = int(request.url.params.get("max-keys", "1000"))
        keys = [f"k{number}" for number in range(start, min(start + count, 9))]
        more = start + count < 9
        return httpx.Response(
            200,
            json={
                "objects": [{"key": key, "size": 1} for key in keys],
                "isTruncated": more,
                "nextMarker": keys[-1] if more else None,
            },
        )

    route.get().mock(side_effect=page)
    assert len(mocked.list_objects("releases").objects) == 9
    found = mocked.list_objects("releases", max_keys=4)
    assert (len(found.objects), found.is_truncated, found.next_marker) == (4, True, "k3")


def test_what_is_asked_for_of_a_store_with_small_pages(mocked: Client, route: respx.MockRouter) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params["marker"][1:]) + 1
        key, folder = f"k{start}", f"k{start + 1}/"
        listed = {"objects": [{"key": key, "size": 1}], "commonPrefixes": [folder], "isTruncated": True, "nextMarker": folder[:-1]}
        return httpx.Response(200, json=listed)

    route.get().mock(side_effect=page)
    found = mocked.list_objects("releases", delimiter="/", marker="k1", max_keys=5)
    assert [item.key for item in found.objects] == ["k2", "k4", "k6"]
    assert (found.common_prefixes, found.next_marker) == (["k3/", "k5/"], "k6")
    asked = [(request.url.params["marker"], request.url.params["max-keys"]) for request in sent(route)]
    assert asked == [("k1", "5"), ("k3", "3"), ("k5", "1")]


def test_a_folder_asks_for_no_more_pages_than_it_needs(mocked: Client, route: respx.MockRouter, tmp_path: Path) -> None:
    """What is stored behind the last of its names is none of its files."""

    def page(request: httpx.Request) -> httpx.Response:
        key = "ab"[len(markers)] if len(markers) < 2 else f"c{len(markers)}"
        markers.append(request.url.params.get("marker"))
        digest = f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
        listed = {"objects": [{"key": key, "size": 1, "digest": digest}], "isTruncated": True, "nextMarker": key}
        return httpx.Response(200, json=listed)

    markers: list[str | None] = []
    route.get(f"{BASE}/s3/releases").mock(side_effect=page)
    for name in "ab":
        (tmp_path / name).write_text(name)
    results = mocked.upload_dir(tmp_path, "releases")
    assert [(result.status, result.object and result.object.key) for result in results] == [("skipped", "a"), ("skipped", "b")]
    assert markers == [None, "a"]


def test_iterators_and_folders_follow_pages(mocked: Client, route: respx.MockRouter, tmp_path: Path) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("marker", "k0")[1:]) + 1
        listed = {"objects": [{"key": f"k{number}", "size": 1}], "isTruncated": number < 3, "nextMarker": f"k{number}"}
        return httpx.Response(200, json=listed)

    route.get(f"{BASE}/s3/releases").mock(side_effect=page)
    route.get(url__startswith=f"{BASE}/s3/releases/k").respond(200, content=b"x")
    assert [item.key for item in mocked.iter_objects("releases")] == ["k1", "k2", "k3"]
    results = mocked.download_dir("releases", "", tmp_path)
    assert [(result.key, result.status) for result in results] == [(f"k{number}", "done") for number in (1, 2, 3)]


def test_lists_of_uploads_and_parts_follow_pages(mocked: Client, route: respx.MockRouter) -> None:
    def uploads(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("upload-id-marker", "0")) + 1
        upload = {"bucket": "releases", "key": "k", "uploadId": str(number)}
        markers = {"nextKeyMarker": "k", "nextUploadIdMarker": str(number)}
        return httpx.Response(200, json={"uploads": [upload], "isTruncated": number < 3, **markers})

    def parts(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("part-number-marker", "0")) + 1
        part = {"partNumber": number, "etag": "e", "size": 1}
        return httpx.Response(200, json={"parts": [part], "isTruncated": number < 3, "nextPartNumberMarker": number})

    route.get(f"{BASE}/s3/releases").mock(side_effect=uploads)
    route.get(f"{BASE}/s3/releases/k").mock(side_effect=parts)
    assert [upload.upload_id for upload in mocked.list_multipart_uploads("releases", prefix="k")] == ["1", "2", "3"]
    first = {"uploads": "", "prefix": "k"}
    following = [{**first, "key-marker": "k", "upload-id-marker": marker} for marker in ("1", "2")]
    assert [dict(request.url.params) for request in sent(route)] == [first, *following]
    assert [part.part_number for part in mocked.list_parts("releases", "k", "u")] == [1, 2, 3]


def test_a_copy_keeps_what_is_not_given(mocked: Client, route: respx.MockRouter) -> None:
    described = {"Content-Type": "text/x", "x-amz-meta-a": "b", "ETag": '"v"', "Content-Length": "1"}
    route.head().respond(200, headers=described)
    route.put().respond(200, json={"key": "copy", "size": 1})
    mocked.copy_object("releases", "k", "releases", "copy", metadata={"c": "d"})
    mocked.copy_object("releases", "k", "releases", "copy", content_type="text/y")
    mocked.copy_object("releases", "k", "releases", "copy", content_type="text/y", metadata={"c": "d"})
    found = [
        {name: request.headers.get(name) for name in ("content-type", "x-amz-meta-a", "x-amz-meta-c")}
        for request in sent(route)
        if request.method == "PUT"
    ]
    assert [tuple(each.values()) for each in found] == [("text/x", None, "d"), ("text/y", "b", None), ("text/y", None, "d")]
    assert [request.method for request in sent(route)] == ["HEAD", "PUT", "HEAD", "PUT", "PUT"]
    versions = [request.headers.get("x-amz-copy-source-if-match") for request in sent(route) if request.method == "PUT"]
    assert versions == ['"v"', '"v"', None]


def test_a_source_that_keeps_changing_is_not_copied(mocked: Client, route: respx.MockRouter) -> None:
    route.head().respond(200, headers={"ETag": '"v"', "Content-Length": "1"})
    route.put().respond(412)
    with pytest.raises(ObjectChangedError, match="twice"):
        mocked.copy_object("releases", "k", "releases", "copy", metadata={"c": "d"})


def test_a_source_that_changed_once_is_looked_up_again(mocked: Client, route: respx.MockRouter) -> None:
    route.head().mock(side_effect=[httpx.Response(200, headers={"ETag": tag, "Content-Length": "1"}) for tag in ('"v"', '"w"')])
    route.put().mock(side_effect=[httpx.Response(412), httpx.Response(200, json={"key": "copy", "size": 1})])
    assert mocked.copy_object("releases", "k", "releases", "copy", metadata={"c": "d"}).size == 1
    assert sent(route)[-1].headers["x-amz-copy-source-if-match"] == '"w"'


def test_what_is_published_says_of_which_bytes_it_is(mocked: Client, route: respx.MockRouter) -> None:
    """Should the object be replaced meanwhile, the store can tell."""
    route.head().respond(404)
    route.put().respond(200)
    route.get().respond(200, json={})
    route.post().respond(201, json={"id": "1"})
    sbom = '{"spdxVersion": "SPDX-2.3", "name": "app"}'
    key = generate_key()
    published = mocked.publish("releases", "app", b"data", sign_with=key, sbom=sbom, attest={"build": {"n": 1}})
    bodies = [json.loads(request.content) for request in sent(route) if request.method == "POST"]
    digest = f"sha256:{hashlib.sha256(b'data').hexdigest()}"
    assert [body["artifactDigest"] for body in bodies] == [digest] * 4
    known, public = published.signature, key.public_key()
    assert (known.id, known.algorithm, known.public_key) == ("1", public.algorithm, public.pem)
    assert (known.artifact_digest, known.signed_by) == (digest, public.fingerprint)
    assert known.signature == base64.b64decode(bodies[0]["signature"])
    assert [body.get("data") for body in bodies] == [None, None, {"format": "spdx", "version": "2.3"}, {"n": 1}]


@pytest.mark.parametrize(
    "arguments", [{"content_type": "text"}, {"metadata": {"a b": "c"}}, {"progress_callback": 3}, {"sign_with": ED}]
)
def test_what_cannot_be_published_is_found_out_first(mocked: Client, route: respx.MockRouter, arguments: dict[str, object]) -> None:
    with pytest.raises((InvalidInputError, TypeError)):
        mocked.publish("releases", "app", b"data", **{"sign_with": generate_key(), **arguments})
    assert sent(route) == []


def test_a_store_that_has_something_else(mocked: Client, route: respx.MockRouter) -> None:
    route.put().respond(200, headers={"Repr-Digest": "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"})
    with pytest.raises(IntegrityError, match="the store says"):
        mocked.upload("releases", "k", b"data")


def test_records_that_lack_something(mocked: Client, route: respx.MockRouter) -> None:
    route.get().respond(200, json={"objects": [{"size": 1}]})
    with pytest.raises(ResponseDecodeError, match="has no key"):
        mocked.list_objects("releases")


def test_a_part_has_a_limit(mocked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual_uploads, "MAX_PUT_SIZE", 2)
    for data in (b"abc", iter([b"ab", b"c"])):
        with pytest.raises(InvalidInputError, match="at most 2 bytes, not 3"):
            mocked.upload_part("releases", "k", "u", 1, data)


def test_data_that_cannot_be_read_are_not_sent(mocked: Client, route: respx.MockRouter) -> None:
    def broken() -> Iterator[bytes]:
        yield b"some"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        mocked.upload_part("releases", "k", "u", 1, broken())
    with pytest.raises(OSError, match="gone"):
        mocked.publish("releases", "k", broken(), sign_with=generate_key())
    assert sent(route) == []


def test_data_that_change_before_they_are_sent_are_not_signed(mocked: Client, route: respx.MockRouter, tmp_path: Path) -> None:
    """Between being hashed and being sent: nobody sees that but who compares the digests."""

    def changed(_: httpx.Request) -> httpx.Response:
        (tmp_path / "file").write_bytes(b"after!")
        memory[:] = b"after!"
        return httpx.Response(404)

    memory = bytearray()
    route.head().mock(side_effect=changed)
    route.put().respond(200)
    for data in (tmp_path / "file", memory):
        (tmp_path / "file").write_bytes(b"before")
        memory[:] = b"before"
        with pytest.raises(SourceChangedError):
            mocked.publish("releases", "k", data, sign_with=generate_key())
    assert not any(request.method == "POST" for request in sent(route))


def test_log_lines_say_what_and_nothing_more(mocked: Client, route: respx.MockRouter, caplog: pytest.LogCaptureFixture) -> None:
    route.put().mock(side_effect=[httpx.ConnectError("refused"), httpx.Response(503), httpx.Response(200)])
    with caplog.at_level(logging.DEBUG, "astore_sdk"):
        mocked.upload("releases", "k", b"body-text", metadata={"a": "header-text"})
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "astore_sdk"]
    assert [level for level, _ in lines] == ["DEBUG", "WARNING", "DEBUG", "WARNING", "DEBUG"]
    assert lines[-1][1].startswith("PUT /s3/releases/k 200 ")
    assert "attempt 3" in lines[-1][1]
    assert not any(secret in text for _, text in lines for secret in ("token", "body-text", "header-text"))


def test_a_transport_of_the_users_is_used_and_left_open(config: Config) -> None:
    class Mine(httpx.MockTransport):
        closed = False

        def close(self) -> None:
            self.closed = True

    mine = Mine(lambda request: httpx.Response(200, json={"buckets": [{"name": "from-mine"}]}))
    with Client(config, transport=mine) as client:
        assert [found.name for found in client.list_buckets().buckets] == ["from-mine"]
    assert not mine.closed


def test_a_cut_body_of_a_users_transport_is_noticed(config: Config) -> None:
    class Short(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"short"

    mine = httpx.MockTransport(lambda request: httpx.Response(200, headers={"Content-Length": "10"}, stream=Short()))
    policy = RetryPolicy(max_attempts=1)
    options = Config(config.base_url, retry=policy)
    with Client(options, transport=mine) as client, pytest.raises(NetworkError, match="5 bytes early"):
        client.read("releases", "k")
