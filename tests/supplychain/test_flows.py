"""Signing, verifying, attesting, publishing and fetching, on both clients against the store."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from astore_sdk import (
    Client,
    Config,
    ConflictError,
    ForbiddenError,
    InternalServerError,
    InvalidInputError,
    NotFoundError,
    Policy,
    PolicyViolationError,
    Publication,
    PublicKey,
    RetryPolicy,
    TransferConfig,
    generate_key,
)
from astore_sdk.server import BackgroundServer, Fault
from astore_sdk.supplychain import read_bundle

from ..conftest import TOKEN, ClientFactory, Driven
from ..unit.supplychain.test_verifying import ED, ONE, RSA, TWO

SBOM = '{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app"}'
XML_SBOM = '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5"  version="1"/>\n'
KEYS = [ONE.public_key(), TWO.public_key(), RSA.public_key()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.mark.parametrize("key", [ONE, RSA], ids=["ecdsa", "rsa"])
def test_the_mission_calls(client: Client, bucket: str, key: object) -> None:
    client.upload(bucket, "app.tar.gz", b"artifact data")
    signature = client.sign_artifact(bucket, "app.tar.gz", key.to_pem())
    assert signature.algorithm == key.public_key().algorithm
    result = client.verify_signatures(bucket, "app.tar.gz", [key.public_key().pem])
    assert (result.valid, "the trusted key signed" in result.message) == (True, True)
    assert [(found.id, found.signed_by) for found in client.get_signatures(bucket, "app.tar.gz")] == [
        (signature.id, key.public_key().fingerprint)
    ]


def test_signing_again_adds_nothing(client: Client, bucket: str) -> None:
    client.upload(bucket, "app", b"data")
    assert client.sign_artifact(bucket, "app", ONE) == client.sign_artifact(bucket, "app", ONE)
    assert client.sign_artifact(bucket, "app", ONE, signed_by="release@example.com").signed_by == "release@example.com"
    assert len(client.get_signatures(bucket, "app")) == 2
    assert not client.verify_signatures(bucket, "app", [ONE.public_key(), TWO.public_key()]).valid


def test_keys_from_files_with_a_passphrase(client: Client, bucket: str, folder: Path) -> None:
    (folder / "key.pem").write_text(ONE.to_pem("correct-horse"))
    (folder / "key.pub").write_text(ONE.public_key().pem)
    client.upload(bucket, "app", b"data")
    client.sign_artifact(bucket, "app", folder / "key.pem", passphrase="correct-horse")
    assert client.verify_signatures(bucket, "app", [folder / "key.pub"]).valid


def test_a_known_digest_is_signed_without_receiving(client: Client, bucket: str, store: BackgroundServer) -> None:
    stored = client.upload(bucket, "app", b"data")
    store.faults.add(Fault(operation="getObject", status=500, times=99))
    client.sign_artifact(bucket, "app", ONE, digest=stored.digest)
    client.add_attestation(bucket, "app", "test", {}, sign_with=ONE, digest=stored.digest)
    store.faults.clear()
    assert client.verify_signatures(bucket, "app", [ONE.public_key()]).valid
    with pytest.raises(ConflictError) as caught:
        client.sign_artifact(bucket, "app", ONE, digest="sha256:" + "0" * 64)
    assert caught.value.code == "DigestMismatch"


def test_an_older_version_keeps_its_signature_and_the_new_one_has_none(client: Client, bucket: str) -> None:
    client.upload(bucket, "app", b"one")
    client.sign_artifact(bucket, "app", ONE)
    client.upload(bucket, "app", b"two")
    result = client.verify_signatures(bucket, "app", [ONE.public_key()])
    assert not result.valid
    assert "about other bytes" in (result.signatures[0].reason or "")


def test_bundles_go_out_and_come_back(client: Client, bucket: str, folder: Path) -> None:
    client.upload(bucket, "one", b"data")
    client.upload(bucket, "other", b"data")
    client.sign_artifact(bucket, "one", ONE)
    (signature,) = client.get_signatures(bucket, "one")
    _, pub, bundle = signature.to_files(folder)
    read = read_bundle(bundle, pub)
    client.add_signature(
        bucket,
        "other",
        algorithm=read.algorithm,
        signature=read.signature,
        public_key=read.public_key,
        artifact_digest=read.artifact_digest,
        bundle=signature.to_bundle(),
    )
    assert client.verify_signatures(bucket, "other", [ONE.public_key()]).valid


class Kms:
    """A key that is elsewhere; remembers on which threads it was asked."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def public_key(self) -> PublicKey:
        self.threads.add(threading.get_ident())
        return TWO.public_key()

    def sign_digest(self, digest: bytes, /) -> bytes:
        self.threads.add(threading.get_ident())
        return TWO.sign_digest(digest)


class AsyncKms:
    async def public_key(self) -> str:
        return TWO.public_key().pem

    async def sign_digest(self, digest: bytes, /) -> bytes:
        return TWO.sign_digest(digest)


class Raw(Kms):
    """Returns what some KMS return: not DER."""

    def sign_digest(self, digest: bytes, /) -> bytes:
        return bytes(64)


class Wrong(Kms):
    def public_key(self) -> PublicKey:
        return ED.public_key()


def test_a_signer_elsewhere(client: Client, bucket: str) -> None:
    client.upload(bucket, "app", b"data")
    signer = Kms()
    client.sign_artifact(bucket, "app", signer)
    client.add_attestation(bucket, "app", "build", {"ok": True}, sign_with=signer)
    assert client.verify_signatures(bucket, "app", [TWO.public_key()]).valid
    assert client.verify_attestations(bucket, "app", [TWO.public_key()], type="build").valid
    if isinstance(client, Driven):
        loop = client._portal.call(threading.get_ident)
        assert loop not in signer.threads


def test_an_async_signer_is_for_the_async_client(client: Client, bucket: str) -> None:
    client.upload(bucket, "app", b"data")
    if not isinstance(client, Driven):
        with pytest.raises(TypeError, match="use AsyncClient"):
            client.sign_artifact(bucket, "app", AsyncKms())
        return
    client.publish(bucket, "app", b"data", sign_with=AsyncKms())
    assert client.verify_signatures(bucket, "app", [TWO.public_key()]).valid


@pytest.mark.parametrize(
    ("signer", "passphrase", "said"),
    [
        (Raw(), None, "own public key does not verify"),
        (Kms(), "x", "takes no passphrase"),
        (Wrong(), None, "Ed25519"),
        (ED, None, "Ed25519"),
    ],
)
def test_a_signer_that_cannot_sign_artifacts(client: Client, bucket: str, signer: object, passphrase: str, said: str) -> None:
    client.upload(bucket, "app", b"data")
    with pytest.raises(InvalidInputError, match=said):
        client.sign_artifact(bucket, "app", signer, passphrase=passphrase)
    assert client.get_signatures(bucket, "app") == []


def test_nothing_is_sent_when_a_key_is_not_right(client: Client, store: BackgroundServer) -> None:
    with pytest.raises(InvalidInputError, match="is a public key"):
        client.sign_artifact("no-such-bucket", "app", ONE.public_key().pem)
    with pytest.raises(InvalidInputError, match="is a public key"):
        client.publish("no-such-bucket", "app", b"", sign_with=ONE.public_key().pem)
    with pytest.raises(InvalidInputError, match="public_keys is empty"):
        client.verify_signatures("no-such-bucket", "app", [])
    with pytest.raises(NotFoundError):
        client.sign_artifact("no-such-bucket", "app", ONE)


@pytest.mark.parametrize("key", [ONE, RSA, ED], ids=["ecdsa", "rsa", "ed25519"])
def test_signed_attestations(client: Client, bucket: str, key: object) -> None:
    client.upload(bucket, "app", b"data")
    plain = client.add_attestation(bucket, "app", "build", {"status": "success"})
    assert (plain.envelope, plain.predicate_type) == (None, None)
    assert not client.verify_attestations(bucket, "app", [key.public_key()]).valid
    signed = client.add_attestation(bucket, "app", "build", {"status": "success"}, sign_with=key)
    assert (signed.type, signed.predicate_type, signed.data) == ("build", "urn:astore-sdk:attestation:build", {"status": "success"})
    result = client.verify_attestations(bucket, "app", [key.public_key()], type="build")
    (check,) = [check for check in result.signatures if check.counts]
    assert (result.valid, check.subjects, check.predicate) == (True, (f"{bucket}/app",), {"status": "success"})
    assert client.verify_attestations(bucket, "app", [key.public_key()], type="urn:astore-sdk:attestation:build").valid
    assert not client.verify_attestations(bucket, "app", [key.public_key()], type="test").valid
    assert client.add_attestation(bucket, "app", "build", {"status": "success"}, sign_with=key) == signed


def test_a_predicate_type_of_ones_own(client: Client, bucket: str) -> None:
    client.upload(bucket, "app", b"data")
    uri = "https://example.com/review/v1"
    client.add_attestation(bucket, "app", "review", {}, predicate_type=uri, sign_with=ONE)
    assert client.verify_attestations(bucket, "app", [ONE.public_key()], type=uri).valid
    assert not client.verify_attestations(bucket, "app", [ONE.public_key()], type="review").valid


@pytest.mark.parametrize("data", [{"x": float("nan")}, {"x": object()}, {"x": "\ud800"}, [1]])
def test_what_is_no_json_is_not_signed(client: Client, bucket: str, data: object) -> None:
    with pytest.raises((InvalidInputError, TypeError)):
        client.add_attestation(bucket, "app", "build", data, sign_with=ONE)
    with pytest.raises((InvalidInputError, TypeError)):
        client.publish(bucket, "app", b"", sign_with=ONE, attest={"build": data})
    assert not client.object_exists(bucket, "app")


# publish


def records(client: Client, bucket: str, key: str) -> tuple[object, ...]:
    return (
        client.get_object_metadata(bucket, key),
        client.get_signatures(bucket, key),
        client.list_sboms(bucket, key),
        client.get_attestations(bucket, key),
    )


def in_pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + 1000] for start in range(0, len(data), 1000))


async def in_async_pieces(data: bytes) -> AsyncIterator[bytes]:
    for piece in in_pieces(data):
        yield piece


def test_publish_makes_all_that_a_policy_asks_for(client: Client, bucket: str, folder: Path) -> None:
    told: list[int] = []
    published = client.publish(
        bucket,
        "app",
        b"artifact",
        sign_with=ONE.to_pem("pass"),
        passphrase="pass",
        sbom=SBOM,
        attest={"build": {"status": "success"}},
        content_type="text/plain",
        metadata={"Commit": "9f2c1ab"},
        progress_callback=told.append,
    )
    assert (published.object.content_type, published.object.metadata, told) == ("text/plain", {"commit": "9f2c1ab"}, [8])
    assert published.sbom is not None
    assert published.sbom.content == SBOM
    assert [found.type for found in published.attestations] == ["sbom", "build"]
    policy = Policy([ONE.public_key()], sbom=True, attestations=["build", "sbom"], digest=published.object.digest)
    assert client.fetch(bucket, "app", folder / "app", policy=policy).metadata == {"commit": "9f2c1ab"}
    assert (folder / "app").read_bytes() == b"artifact"


@pytest.mark.parametrize("source", ["bytes", "file", "path", "pieces", "large"])
def test_publishing_again_changes_nothing(
    client: Client, bucket: str, folder: Path, source: str, store: BackgroundServer, config: Config
) -> None:
    content = os.urandom(17 * 1024 * 1024 if source == "large" else 5000)
    (folder / "app").write_bytes(content)
    pieces = in_async_pieces if isinstance(client, Driven) else in_pieces
    make: dict[str, Callable[[], object]] = {
        "bytes": lambda: content,
        "file": lambda: io.BytesIO(content),
        "path": lambda: folder / "app",
        "pieces": lambda: pieces(content),
        "large": lambda: folder / "app",
    }
    for key in (ONE, RSA):
        client.publish(bucket, "app", make[source](), sign_with=key, sbom=XML_SBOM, attest={"test": {"passed": 3}, "build": {}})
    before = records(client, bucket, "app")
    assert [len(part) for part in before[1:]] == [2, 1, 6]
    again = client.publish(bucket, "app", make[source](), sign_with=ONE, sbom=XML_SBOM, attest={"test": {"passed": 3}, "build": {}})
    assert records(client, bucket, "app") == before
    assert again.object.etag == before[0].etag
    assert client.read(bucket, "app") == content
    policy = Policy([ONE.public_key(), RSA.public_key()], sbom=True, attestations=["test", "build"])
    client.fetch(bucket, "app", folder / "copy", policy=policy)
    assert (folder / "copy").read_bytes() == content


def test_publishing_again_sends_nothing(client: Client, bucket: str, store: BackgroundServer) -> None:
    """Each of what would be sent again is refused."""

    def publish(**changed: object) -> Publication:
        described = {"content_type": "text/plain", "metadata": {"Commit": "9f2c1ab", "None": None}, **changed}
        return client.publish(bucket, "app", b"data", sign_with=ONE, sbom=SBOM, attest={"build": {"n": 1}}, **described)

    first = publish()
    for operation in ("putObject", "addSignature", "attachSbom", "addAttestation"):
        store.faults.add(Fault(operation=operation, status=403, times=100))
    for again in (publish(), publish(content_type=None, metadata=None)):
        assert (again.object.etag, again.signature, again.sbom, again.attestations) == (
            first.object.etag,
            first.signature,
            first.sbom,
            first.attestations,
        )
    for changed in ({"content_type": "text/html"}, {"metadata": {"Commit": "other"}}, {"metadata": {}}):
        with pytest.raises(ForbiddenError) as caught:
            publish(**changed)
        assert caught.value.operation == "putObject"


def test_the_sbom_of_other_bytes_is_attached_to_these_too(client: Client, bucket: str, folder: Path) -> None:
    for data in (b"version 1", b"version 2"):
        published = client.publish(bucket, "app", data, sign_with=ONE, sbom=SBOM)
        assert published.sbom is not None
        assert published.sbom.artifact_digest == published.object.digest
    client.fetch(bucket, "app", folder / "app", policy=Policy([ONE.public_key()], sbom=True))


def test_publishing_without_attest_still_names_the_object(client: Client, bucket: str, folder: Path) -> None:
    published = client.publish(bucket, "app", b"data", sign_with=ONE)
    assert [(found.type, found.data) for found in published.attestations] == [("publish", {"bucket": bucket, "key": "app"})]
    client.fetch(bucket, "app", folder / "app", policy=Policy([ONE.public_key()], attestations=["publish"]))


def test_other_metadata_are_stored_and_the_records_stay(client: Client, bucket: str) -> None:
    first = client.publish(bucket, "app", b"data", sign_with=ONE, metadata={"v": "1"})
    second = client.publish(bucket, "app", b"data", sign_with=ONE, metadata={"v": "2"})
    assert second.object.metadata == {"v": "2"}
    assert second.signature == first.signature
    assert client.publish(bucket, "app", b"data", sign_with=ONE).object.metadata == {"v": "2"}


@pytest.mark.parametrize(
    ("operation", "there"),
    [
        ("putObject", "nothing of this"),
        ("addSignature", "the object (sha256:"),
        ("attachSbom", "its signature"),
        ("addAttestation", "its SBOM"),
    ],
)
def test_a_failure_half_way_says_what_is_there_and_can_be_repeated(
    client: Client, bucket: str, folder: Path, store: BackgroundServer, operation: str, there: str
) -> None:
    def publish() -> object:
        return client.publish(bucket, "app", b"data", sign_with=ONE, sbom=SBOM, attest={"build": {"n": 1}})

    store.faults.add(Fault(operation=operation, status=500, times=4))
    with pytest.raises(InternalServerError) as caught:
        publish()
    assert there in str(caught.value)
    assert "Publish again" in str(caught.value)
    publish()
    assert [len(part) for part in records(client, bucket, "app")[1:]] == [1, 1, 2]
    client.fetch(bucket, "app", folder / "app", policy=Policy([ONE.public_key()], sbom=True, attestations=["build"]))


def test_nothing_is_signed_that_was_not_stored(client: Client, bucket: str, store: BackgroundServer) -> None:
    store.faults.add(Fault(operation="putObject", status=400))
    with pytest.raises(Exception, match="nothing of this"):
        client.publish(bucket, "app", b"data", sign_with=ONE)
    client.upload(bucket, "app", b"data")
    assert client.get_signatures(bucket, "app") == []


def test_a_bad_sbom_is_refused_before_anything_is_sent(client: Client, bucket: str, folder: Path) -> None:
    (folder / "sbom").write_bytes(b"\xff\xfe")
    for sbom, said in (("{}", "neither SPDX nor CycloneDX"), (folder / "sbom", "is not UTF-8"), (b"{", "neither JSON nor XML")):
        with pytest.raises(InvalidInputError, match=said):
            client.publish(bucket, "app", b"data", sign_with=ONE, sbom=sbom)
    assert not client.object_exists(bucket, "app")


def test_cancelled_by_the_callback_nothing_is_signed(client: Client, bucket: str) -> None:
    def stop(_done: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough") as caught:
        client.publish(bucket, "app", bytes(8_000_000), sign_with=ONE, progress_callback=stop)
    assert "nothing of this" in caught.value.__notes__[0]


# fetch


def test_two_of_three(client: Client, bucket: str, folder: Path) -> None:
    policy = Policy(KEYS, 2, attestations=["publish"])
    client.publish(bucket, "app", b"data", sign_with=ONE)
    with pytest.raises(PolicyViolationError) as caught:
        client.fetch(bucket, "app", folder / "app", policy=policy)
    assert len(caught.value.violations) == 1
    assert "1 of 3 trusted keys signed" in caught.value.violations[0]
    assert (caught.value.operation, caught.value.bucket, caught.value.key) == ("fetch", bucket, "app")
    assert list(folder.iterdir()) == []
    client.sign_artifact(bucket, "app", RSA)
    told: list[int] = []
    client.fetch(bucket, "app", folder / "app", policy=policy, progress_callback=told.append)
    assert ((folder / "app").read_bytes(), told) == (b"data", [4])


def test_a_refused_fetch_leaves_what_was_there(client: Client, bucket: str, folder: Path) -> None:
    (folder / "app").write_bytes(b"what was there")
    client.upload(bucket, "app", b"unsigned")
    writer = io.BytesIO()
    for target in (folder / "app", writer):
        with pytest.raises(PolicyViolationError):
            client.fetch(bucket, "app", target, policy=Policy([ONE.public_key()]))
    assert [path.name for path in folder.iterdir()] == ["app"]
    assert ((folder / "app").read_bytes(), writer.getvalue()) == (b"what was there", b"")


class AsyncFile:
    def __init__(self) -> None:
        self.content = b""

    async def write(self, data: bytes, /) -> int:
        self.content += data
        return len(data)


def test_a_writer_gets_the_bytes_when_all_has_held(
    client: Client, bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    content = os.urandom(3_000_000)
    client.publish(bucket, "app", content, sign_with=ONE)
    writer = io.BytesIO()
    client.fetch(bucket, "app", writer, policy=Policy([ONE.public_key()]))
    assert (writer.getvalue(), writer.closed) == (content, False)
    if isinstance(client, Driven):
        async_file = AsyncFile()
        client.fetch(bucket, "app", async_file, policy=Policy([ONE.public_key()]))
        assert async_file.content == content
    assert list(folder.iterdir()) == []


def test_a_fifo_gets_nothing_of_what_is_refused(client: Client, bucket: str, folder: Path) -> None:
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    client.upload(bucket, "app", b"unsigned")
    with pytest.raises(PolicyViolationError):  # without a reader: it was never opened
        client.fetch(bucket, "app", fifo, policy=Policy([ONE.public_key()]))
    client.publish(bucket, "app", b"signed", sign_with=ONE)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(fifo.read_bytes()))
    reader.start()
    client.fetch(bucket, "app", fifo, policy=Policy([ONE.public_key()]))
    reader.join()
    assert received == [b"signed"]


def test_integrity_cannot_be_switched_off_for_it(make_client: ClientFactory, store: BackgroundServer, tmp_path: Path) -> None:
    careless = Config(store.url, TOKEN, transfer=TransferConfig(integrity=False), retry=RetryPolicy(max_attempts=1))
    with make_client(careless) as client:
        name = f"careless-{'a' if isinstance(client, Driven) else 's'}"
        client.create_bucket(name)
        client.publish(name, "app", b"data", sign_with=ONE)
        client.fetch(name, "app", tmp_path / "app", policy=Policy([ONE.public_key()]))
        store.faults.add(Fault(operation="getObject", corrupt=True, times=3))
        for call in (
            lambda: client.fetch(name, "app", tmp_path / "app", policy=Policy([ONE.public_key()])),
            lambda: client.verify_signatures(name, "app", [ONE.public_key()]),
            lambda: client.sign_artifact(name, "app", TWO),
        ):
            with pytest.raises(Exception, match="the bytes received have"):
                call()
        assert len(client.get_signatures(name, "app")) == 1


def test_a_policy_is_a_policy(client: Client, bucket: str, folder: Path) -> None:
    with pytest.raises(TypeError, match="policy is a Policy"):
        client.fetch(bucket, "app", folder / "app", policy=None)
    with pytest.raises(NotFoundError):
        client.fetch(bucket, "app", folder / "app", policy=Policy([ONE.public_key()]))
    assert list(folder.iterdir()) == []


def test_a_stranger_publishes_in_vain(client: Client, bucket: str, folder: Path) -> None:
    client.publish(bucket, "app", b"data", sign_with=ONE)
    client.publish(bucket, "app", b"other", sign_with=generate_key())
    with pytest.raises(PolicyViolationError) as caught:
        client.fetch(bucket, "app", folder / "app", policy=Policy([ONE.public_key()]))
    assert [violation.partition(":")[0] for violation in caught.value.violations] == ["public_keys", "match_name"]
    assert evolve(Policy(KEYS), threshold=1).threshold == 1


def test_the_bytes_come_once(client: Client, bucket: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    client.publish(bucket, "app", b"data", sign_with=ONE, attest={"build": {}})
    caplog.set_level(logging.DEBUG, "astore_sdk")
    for call in (
        lambda: client.sign_artifact(bucket, "app", TWO),
        lambda: client.add_attestation(bucket, "app", "test", {}, sign_with=TWO),
        lambda: client.verify_signatures(bucket, "app", [ONE.public_key(), TWO.public_key()]),
        lambda: client.verify_attestations(bucket, "app", [ONE.public_key()], type="build"),
        lambda: client.fetch(bucket, "app", folder / "app", policy=Policy([ONE.public_key()], attestations=["build"])),
    ):
        caplog.clear()
        call()
        asked = [record for record in caplog.records if record.name == "astore_sdk" and record.getMessage().startswith("GET /s3/")]
        assert len(asked) == 1
