"""Artifacts and attestations are kept apart: what is signed of an attestation is no artifact, and an artifact no attestation."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from astore_sdk import Client, Config, InvalidInputError, Policy, PolicyViolationError, TransferConfig, generate_key
from astore_sdk.server import BackgroundServer, Fault
from astore_sdk.supplychain import read_signature
from astore_sdk.supplychain.dsse import pae
from astore_sdk.supplychain.statements import PAYLOAD_TYPE, make_statement

from ..conftest import QUICK, TOKEN, ClientFactory

KEY = generate_key()
MIB = 1024 * 1024
STATEMENT = make_statement(
    "releases/app", "sha256:" + hashlib.sha256(b"evil").hexdigest(), "https://example.com/build", {"ok": True}
)
ENCODED = pae(PAYLOAD_TYPE, STATEMENT)
LIKE_ONE = {
    "an encoded statement": ENCODED,
    "another payload type": pae("text/plain", b"x"),
    "the beginning alone": b"DSSEv1 ",
    "a large one": b"DSSEv1 " + bytes(12 * MIB),
}
UNLIKE = [b"", b"D", b"DSSEv1", b"DSSEv1\n", b"DSSEv2 ", b"dssev1 ", b" DSSEv1 ", b"x" * 16 + ENCODED]

Shape = Callable[[bytes, Path], object]


def in_a_file(data: bytes, folder: Path) -> Path:
    path = folder / "artifact"
    path.write_bytes(data)
    return path


def byte_by_byte(data: bytes, _: Path) -> Iterator[bytes]:
    return (data[place : place + 1] for place in range(len(data)))


class OneWay(io.BytesIO):
    """A file that can be read once, two bytes at a time at first."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation("seek")

    def read(self, size: int | None = -1) -> bytes:
        return super().read(2 if self.tell() < 10 else size)


SHAPES: dict[str, Shape] = {
    "bytes": lambda data, _: data,
    "a file": in_a_file,
    "a memoryview": lambda data, _: memoryview(data),
    "a pipe": lambda data, _: OneWay(data),
    "an iterable": byte_by_byte,
}


@pytest.fixture(params=["whole", "in parts", "in ranges, one at a time"])
def moving(request: pytest.FixtureRequest, make_client: ClientFactory, store: BackgroundServer) -> Iterator[Client]:
    """A client for each way in which bytes travel."""
    transfer = {
        "whole": TransferConfig(),
        "in parts": TransferConfig(threshold=5 * MIB, part_size=5 * MIB),
        "in ranges, one at a time": TransferConfig(threshold=5 * MIB, part_size=5 * MIB, concurrency=1, integrity=False),
    }[request.param]
    with make_client(Config(store.url, TOKEN, timeout=10, retry=QUICK, transfer=transfer)) as client:
        yield client


@pytest.fixture
def place(moving: Client, request: pytest.FixtureRequest) -> str:
    name = f"b{abs(hash(request.node.nodeid)):x}"
    moving.create_bucket(name)
    return name


@pytest.mark.parametrize("like", LIKE_ONE)
def test_it_is_neither_signed_nor_verified_nor_fetched(moving: Client, place: str, like: str, tmp_path: Path) -> None:
    data = LIKE_ONE[like]
    stored = moving.upload(place, "app", data)
    with pytest.raises(InvalidInputError, match="DSSEv1"):
        moving.sign_artifact(place, "app", KEY)
    # A signature that another tool made, or `digest=`, under which the bytes are not seen, counts for nothing.
    moving.sign_artifact(place, "app", KEY, digest=stored.digest)
    result = moving.verify_signatures(place, "app", [KEY.public_key()])
    assert (result.valid, "DSSEv1" in result.message, result.digest) == (False, True, stored.digest)
    target = tmp_path / "target"
    target.write_bytes(b"before")
    with pytest.raises(PolicyViolationError, match="DSSEv1") as caught:
        moving.fetch(place, "app", target, policy=Policy([KEY.public_key()], match_name=False))
    assert caught.value.violations[0].startswith("public_keys: ")
    assert target.read_bytes() == b"before"
    written = io.BytesIO()
    with pytest.raises(PolicyViolationError):
        moving.fetch(place, "app", written, policy=Policy([KEY.public_key()], match_name=False))
    assert written.getvalue() == b""


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_not_published(client: Client, bucket: str, shape: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="DSSEv1"):
        client.publish(bucket, "app", SHAPES[shape](ENCODED, tmp_path), sign_with=KEY)
    assert not client.object_exists(bucket, "app")


@pytest.mark.parametrize("data", UNLIKE)
def test_what_only_resembles_it_is_an_artifact(client: Client, bucket: str, data: bytes, tmp_path: Path) -> None:
    client.publish(bucket, "app", data, sign_with=KEY)
    client.sign_artifact(bucket, "app", KEY)
    assert client.verify_signatures(bucket, "app", [KEY.public_key()]).valid
    client.fetch(bucket, "app", tmp_path / "target", policy=Policy([KEY.public_key()]))
    assert (tmp_path / "target").read_bytes() == data


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
def test_a_beginning_that_comes_in_two_answers_is_seen(client: Client, bucket: str, store: BackgroundServer, cut: int) -> None:
    client.upload(bucket, "app", b"DSSEv1 " + bytes(3000))
    store.faults.add(Fault(operation="getObject", drop_after=cut))
    with pytest.raises(InvalidInputError, match="DSSEv1"):
        client.sign_artifact(bucket, "app", KEY)


def test_the_signature_of_an_attestation_is_none_of_an_artifact(client: Client, bucket: str) -> None:
    client.upload(bucket, "app", b"data")
    attestation = client.add_attestation(bucket, "app", "build", {"ok": True}, sign_with=KEY)
    assert attestation.envelope is not None

    payload = base64.b64decode(str(attestation.envelope["payload"]))
    signed = base64.b64decode(attestation.envelope["signatures"][0]["sig"])
    stored = client.upload(bucket, "evil", pae(PAYLOAD_TYPE, payload))
    public = KEY.public_key()
    client.add_signature(
        bucket, "evil", algorithm=public.algorithm, signature=signed, public_key=public.pem, artifact_digest=stored.digest or ""
    )
    assert not client.verify_signatures(bucket, "evil", [public]).valid


def test_attestations_about_such_bytes_are_still_attestations(client: Client, bucket: str) -> None:
    client.upload(bucket, "app", ENCODED)
    client.add_attestation(bucket, "app", "build", {"ok": True}, sign_with=KEY)
    assert client.verify_attestations(bucket, "app", [KEY.public_key()]).valid


def test_a_file_that_was_signed_elsewhere(tmp_path: Path) -> None:
    path = in_a_file(ENCODED, tmp_path)
    with pytest.raises(InvalidInputError, match="DSSEv1"):
        read_signature(KEY.sign_message(ENCODED), path, KEY.public_key())
