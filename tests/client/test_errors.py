"""What goes wrong in everyday use: each its own error, with a message that says what to do."""

from __future__ import annotations

import copy
import io
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import respx

import astore_sdk
from astore_sdk import (
    ArtifactStoreError,
    BadRequestError,
    Client,
    Config,
    ConflictError,
    IntegrityError,
    InvalidInputError,
    NetworkError,
    NetworkTimeoutError,
    NotFoundError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    ResponseDecodeError,
    RetryPolicy,
    ServerError,
    UnauthorizedError,
    generate_key,
)
from astore_sdk.models import CompletedPart

from ..conftest import TOKEN, ClientFactory
from ..unit.supplychain.test_verifying import ED

ONCE = RetryPolicy(max_attempts=1)
KEY = generate_key()
PUBLIC = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
SIGNED = {"algorithm": "ECDSA-P256-SHA256", "signature": b"x", "artifact_digest": "sha256:" + "0" * 64}


def test_wrong_token(make_client: ClientFactory, config: Config) -> None:
    with make_client(Config(config.base_url, "wrong", retry=ONCE)) as client:
        with pytest.raises(UnauthorizedError, match=r"set_token") as caught:
            client.list_buckets()
        assert (caught.value.status_code, caught.value.code, caught.value.operation) == (401, "Unauthorized", "listBuckets")
        assert caught.value.request_id
        client.set_token(TOKEN)
        client.list_buckets()


def test_missing_bucket(client: Client) -> None:
    for call in (lambda: client.upload("no-such-bucket", "k", b""), lambda: client.list_objects("no-such-bucket")):
        with pytest.raises(NotFoundError, match="create_bucket") as caught:
            call()
        assert (caught.value.code, caught.value.bucket) == ("NoSuchBucket", "no-such-bucket")


def test_missing_key(client: Client, bucket: str) -> None:
    with pytest.raises(NotFoundError, match="Check the key") as caught:
        client.read(bucket, "no/such key")
    assert (caught.value.code, caught.value.key, caught.value.attempts) == ("NoSuchKey", "no/such key", 1)
    with pytest.raises(NotFoundError, match="no object 'no/such key'"):
        client.get_object_metadata(bucket, "no/such key")


def test_bucket_that_is_not_empty(client: Client, bucket: str) -> None:
    client.upload(bucket, "k", b"")
    with pytest.raises(ConflictError, match="delete_objects") as caught:
        client.delete_bucket(bucket)
    assert caught.value.code == "BucketNotEmpty"


def test_bucket_that_is_there(client: Client, bucket: str) -> None:
    with pytest.raises(ConflictError, match="exist_ok"):
        client.create_bucket(bucket)
    assert client.create_bucket(bucket, exist_ok=True).name == bucket


def test_bad_digest(client: Client, bucket: str) -> None:
    begun = client.initiate_multipart_upload(bucket, "k")
    etag = client.upload_part(bucket, "k", begun.upload_id, 1, b"data")
    part = CompletedPart(1, etag)
    with pytest.raises(IntegrityError) as caught:
        client.complete_multipart_upload(bucket, "k", begun.upload_id, [part], digest="sha256:" + "0" * 64)
    assert (caught.value.status_code, caught.value.code) == (400, "BadDigest")
    assert not client.object_exists(bucket, "k")


def test_bad_ranges(client: Client, bucket: str) -> None:
    client.upload(bucket, "k", b"0123456789")
    with pytest.raises(RangeNotSatisfiableError, match="within the object"):
        client.read(bucket, "k", byte_range="bytes=10-")
    for text in ("bytes=5-2", "bytes=-", "bytes=-0", "bytes=0-1,3-4", "0-5", "items=0-1", "bytes=a-b", ""):
        with pytest.raises(InvalidInputError, match="bytes=-500"):
            client.read(bucket, "k", byte_range=text)


@pytest.mark.parametrize("name", ["", "ab", "Ab1", "a_b", "a..b", "-ab", "ab-", "1.2.3.4", "a" * 64, "ab/c", "büro"])
def test_bad_bucket_names(client: Client, name: str) -> None:
    with pytest.raises(InvalidInputError, match="3 to 63"):
        client.create_bucket(name)


@pytest.mark.parametrize("key", ["", "a\0b", "a\nb", "a\x7fb", "a\x85b", "\ud800", "x" * 1025, "ä" * 513])
def test_bad_keys(client: Client, key: str, tmp_path: Path) -> None:
    for call in (
        lambda: client.upload("bucket", key, b""),
        lambda: client.download("bucket", key, tmp_path / "target"),
        lambda: client.delete_objects("bucket", ["good", key]),
        lambda: client.copy_object("bucket", key, "bucket", "good"),
    ):
        with pytest.raises(InvalidInputError, match="key"):
            call()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "metadata", [{"a b": "x"}, {"": "x"}, {"a": "x\ny"}, {"a": "x\0"}, {"a": "x", "A": "y"}, {"a": "x" * 8192}, {"ä": "x"}]
)
def test_bad_metadata(client: Client, metadata: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError, match="metadata"):
        client.upload("bucket", "k", b"", metadata=metadata)


def test_wrong_types(client: Client, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("x")
    with text.open() as file:
        calls: list[tuple[Callable[[], object], str]] = [
            (lambda: client.upload("bucket", "k", "path"), "pathlib.Path"),
            (lambda: client.upload("bucket", "k", file), "binary mode"),
            (lambda: client.upload("bucket", "k", 5), "int is none of these"),
            (lambda: client.upload("bucket", "k", iter(["text"])), "gives str"),
            (lambda: client.upload("bucket", "k", b"", "1"), "size is a number"),
            (lambda: client.upload("bucket", "k", b"", metadata={"a": 1}), "str"),
            (lambda: client.upload("bucket", "k", b"", progress_callback=3), "cannot be called"),
            (lambda: client.upload("bucket", "k", b"", content_type=3), "content_type"),
            (lambda: client.download("bucket", "k", "path"), "pathlib.Path"),
            (lambda: client.download("bucket", "k", io.StringIO()), "binary mode"),
            (lambda: client.delete_objects("bucket", "key"), "iterable of keys"),
            (lambda: client.list_objects("bucket", max_keys="3"), "max_keys"),
            (lambda: client.list_objects("bucket", max_keys=True), "max_keys"),
            (lambda: client.add_attestation("bucket", "k", "build", [1]), "mapping"),
            (lambda: client.add_attestation("bucket", "k", "build", {1: 2}), "not a str: 1"),
            (lambda: client.create_bucket(b"bucket"), "bucket is a str"),
            (lambda: client.read("bucket", b"k"), "key is a str"),
            (lambda: client.read("bucket", "k", byte_range=5), "byte_range is a str"),
            (lambda: client.delete_object("bucket", "k", if_match=5), "if_match is an etag"),
            (lambda: client.upload("bucket", "k", b"", metadata=[("a", "b")]), "mapping"),
            (lambda: client.upload("bucket", "k", b"", metadata={1: "b"}), "names are str"),
            (lambda: client.upload_part("bucket", "k", "id", "1", b""), "whole number"),
            (lambda: client.upload_part("bucket", "k", "id", True, b""), "whole number"),
            (lambda: client.complete_multipart_upload("bucket", "k", "id", [1]), "CompletedPart or Part"),
            (lambda: client.complete_multipart_upload("bucket", "k", "id", [CompletedPart(1, "a")], digest=1), "digest is a str"),
            (lambda: client.add_signature("bucket", "k", public_key=5, **SIGNED), "PEM as str or bytes"),
            (
                lambda: client.add_signature("bucket", "k", public_key=PUBLIC, **SIGNED | {"signature": "x"}),
                "raw signature as bytes",
            ),
            (lambda: client.add_attestation("bucket", "k", "build", {"x": object()}), "not JSON serializable"),
        ]
        for call, message in calls:
            with pytest.raises(TypeError, match=message):
                call()


def test_bad_input(client: Client) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: client.upload("bucket", "k", b"abc", 2), "data has 3 bytes"),
        (lambda: client.upload("bucket", "k", iter([b"abc"]), 4), "data has 3 bytes"),
        (lambda: client.upload("bucket", "k", b"", -1), "negative"),
        (lambda: client.upload("bucket", "k", b"", content_type="text"), "media type"),
        (lambda: client.upload("bucket", "k", b"", content_type="text/plain\r\nx: y"), "media type"),
        (lambda: client.upload("bucket", "k", b"", if_none_match="abc"), "create only"),
        (lambda: client.upload("bucket", "k", b"", if_none_match="*", if_match="abc"), "contradict"),
        (lambda: client.upload("bucket", "k", b"", if_match='a"b'), "etag"),
        (lambda: client.list_objects("bucket", max_keys=0), "at least 1"),
        (lambda: client.upload_part("bucket", "k", "id", 0, b""), "between 1 and 10000"),
        (lambda: client.upload_part("bucket", "k", "", 1, b""), "upload_id is empty"),
        (lambda: client.complete_multipart_upload("bucket", "k", "id", []), "at least one"),
        (lambda: client.complete_multipart_upload("bucket", "k", "id", [CompletedPart(1, "a")] * 2), "twice"),
        (lambda: client.complete_multipart_upload("bucket", "k", "id", [CompletedPart(1, "a")], digest="x"), "sha256:"),
        (lambda: client.verify_signatures("bucket", "k", [KEY.public_key(), ED.public_key()]), r"public_keys\[1\].*Ed25519"),
        (lambda: client.sign_artifact("bucket", "k", KEY, digest="x"), "sha256:"),
        (lambda: client.sign_artifact("bucket", "k", KEY, digest="sha256:" + 64 * "z"), "sha256:"),
        (lambda: client.add_attestation("bucket", "k", "build", {}, sign_with=KEY, digest="x"), "sha256:"),
        (lambda: client.add_signature("bucket", "k", public_key=pem, **SIGNED), "private key; it was not sent"),
        (lambda: client.add_signature("bucket", "k", public_key=PUBLIC, **SIGNED | {"signature": b""}), "signature is empty"),
        (lambda: client.add_signature("bucket", "k", public_key=PUBLIC, **SIGNED | {"algorithm": "MD5"}), "algorithm is one of"),
        (lambda: client.complete_multipart_upload("bucket", "k", "id", [CompletedPart(10_001, "a")]), "outside 1 to 10000"),
        (lambda: client.complete_multipart_upload("bucket", "k", "id", [CompletedPart(0, "a")]), "outside 1 to 10000"),
        (lambda: client.upload_part("bucket", "k", "id", 1, iter([b"abc"]), 4), "data has 3 bytes"),
        (lambda: client.add_signature("bucket", "k", public_key="ssh-rsa x", **SIGNED), "PEM public key"),
        (lambda: client.attach_sbom("bucket", "k", "spdx", "{}"), "neither SPDX nor CycloneDX"),
        (lambda: client.attach_sbom("bucket", "k", "spdx", '{"bomFormat":"CycloneDX","specVersion":"1.6"}'), "cyclonedx 1.6"),
        (lambda: client.attach_sbom("bucket", "k", "swid", "{}"), "one of spdx, cyclonedx"),
        (lambda: client.add_attestation("bucket", "k", "", {}), "type is empty"),
        (lambda: client.add_attestation("bucket", "k", "build", {"x": float("nan")}), "JSON"),
    ]
    for call, message in calls:
        with pytest.raises(InvalidInputError, match=message) as caught:
            call()
        assert caught.value.status_code is None
        assert "PRIVATE" not in str(caught.value)


def test_store_says_what_rule_was_broken(client: Client, bucket: str) -> None:
    begun = client.initiate_multipart_upload(bucket, "k")
    with pytest.raises(BadRequestError) as caught:
        client.complete_multipart_upload(bucket, "k", begun.upload_id, [CompletedPart(7, "nothing")])
    assert caught.value.code == "InvalidPart"


def test_conditions(client: Client, bucket: str) -> None:
    first = client.upload(bucket, "k", b"1", if_none_match="*")
    with pytest.raises(PreconditionFailedError, match="present etag"):
        client.upload(bucket, "k", b"2", if_none_match="*")
    second = client.upload(bucket, "k", b"2", if_match=first.etag)
    with pytest.raises(PreconditionFailedError):
        client.download(bucket, "k", io.BytesIO(), if_match=first.etag)
    with pytest.raises(PreconditionFailedError):
        client.delete_object(bucket, "k", if_match=first.etag)
    client.delete_object(bucket, "k", if_match=f'"{second.etag}"')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_dead_server(make_client: ClientFactory) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    policy = RetryPolicy(max_attempts=2, backoff_base=0.001)
    with make_client(Config(url, TOKEN, retry=policy)) as client, pytest.raises(NetworkError, match="store up") as caught:
        client.list_buckets()
    assert url in str(caught.value)
    assert (caught.value.status_code, caught.value.attempts) == (None, 2)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server of another kind, which gives every request the same answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            thread.join()


PAGE = b"<html><body>Welcome</body></html>"


def http(status: str, body: bytes, kind: str = "text/html") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", NetworkError, "broke the protocol"),
        (http("200 OK", PAGE), ResponseDecodeError, "base_url really the address"),
        (http("404 Not Found", PAGE), NotFoundError, "not the store"),
        (http("502 Bad Gateway", PAGE), ServerError, "not the store"),
        (http("302 Found\r\nLocation: https://elsewhere/", b""), ArtifactStoreError, "redirected to https://elsewhere/"),
        (http("418 Teapot", b"short and stout", "text/plain"), ArtifactStoreError, "short and stout"),
    ],
)
def test_wrong_server(make_client: ClientFactory, answer: bytes, error: type[Exception], message: str) -> None:
    with answering(answer) as url, make_client(Config(url, retry=ONCE)) as client:
        with pytest.raises(error, match=message) as caught:
            client.list_buckets()
        assert type(caught.value) is error


def test_silent_server(make_client: ClientFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with make_client(Config(url, timeout=0.05, retry=ONCE)) as client:
            with pytest.raises(NetworkTimeoutError, match="longer than the timeout") as caught:
                client.list_buckets()
            assert isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("name", [name for name in astore_sdk.__all__ if name.endswith("Error")])
def test_errors_survive_pickling_and_copying(name: str) -> None:
    kind = getattr(astore_sdk, name)
    if not issubclass(kind, ArtifactStoreError):
        return
    error = kind("it broke", status_code=404, code="C", request_id="r", operation="o", bucket="b", key="k", attempts=3, hint="h")
    error.add_note("a note")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is kind
        assert vars(other) == vars(error)
        assert str(other) == "it broke [o b/k, 404 C, 3 attempts, request r] h"


@respx.mock
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 416, 429, 451, 500, 501, 503, 507])
def test_each_status_has_its_error(status: int) -> None:
    expected = {
        400: "BadRequestError",
        401: "UnauthorizedError",
        403: "ForbiddenError",
        404: "NotFoundError",
        409: "ConflictError",
        412: "PreconditionFailedError",
        416: "RangeNotSatisfiableError",
        429: "TooManyRequestsError",
        500: "InternalServerError",
        503: "ServiceUnavailableError",
        501: "ServerError",
        507: "ServerError",
    }
    problem = {"title": "T", "detail": "in words", "code": "Code", "requestId": "r1", "status": 999}
    respx.get("http://store/s3").respond(status, json=problem, content_type="application/problem+json")
    with Client(Config("http://store", retry=ONCE)) as client, pytest.raises(ArtifactStoreError) as caught:
        client.list_buckets()
    error = caught.value
    assert type(error).__name__ == expected.get(status, "ArtifactStoreError")
    assert (error.message, error.status_code, error.code, error.request_id) == ("in words", status, "Code", "r1")


def test_a_closed_client_says_so(make_client: ClientFactory, config: Config) -> None:
    with make_client(config) as client:
        client.list_buckets()
        client.close()
        client.close()
        with pytest.raises(InvalidInputError, match="closed"):
            client.list_buckets()


def test_no_error_of_httpx_leaks(make_client: ClientFactory) -> None:
    with answering(b"") as url, make_client(Config(url, retry=ONCE)) as client:
        with pytest.raises(NetworkError) as caught:
            client.list_buckets()
        seen: BaseException | None = caught.value
        while seen is not None:
            assert not isinstance(seen, httpx.HTTPError)
            seen = seen.__cause__ or seen.__context__
