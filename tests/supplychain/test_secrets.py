"""The private key and its passphrase never leave the process, and show nowhere."""

from __future__ import annotations

import base64
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from astore_sdk import ArtifactStoreError, Client, Config, InvalidInputError, NotFoundError, PrivateKey
from astore_sdk.server import BackgroundServer, Fault

from ..conftest import QUICK, TOKEN, ClientFactory

PASSPHRASE = "correct-horse-battery-staple"
SBOM = '{"spdxVersion": "SPDX-2.3", "name": "app"}'
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)


class Tap:
    """Stands between a client and a store, and keeps every byte that the client sends."""

    def __init__(self, url: str) -> None:
        self._store = (urlsplit(url).hostname, urlsplit(url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard = bytearray()
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._open:
            with suppress(OSError):  # it is down already
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join()

    def _spawn(self, target: object, *args: object) -> None:
        self._threads.append(threading.Thread(target=target, args=args))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            store = socket.create_connection(self._store)
            self._open += [client, store]
            self._spawn(self._pass, client, store, self.heard)
            self._spawn(self._pass, store, client, bytearray())

    def _pass(self, source: socket.socket, target: socket.socket, kept: bytearray) -> None:
        try:
            while chunk := source.recv(65536):
                kept += chunk
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side has gone


def windows(raw: bytes) -> set[bytes]:
    """Pieces of a secret as they could stand in a text: raw, in hexadecimal, and in base64 wherever it begins."""
    pieces = {raw[start : start + 12] for start in range(0, len(raw) - 12, 4)}
    pieces |= {raw.hex()[:32].encode(), raw.hex()[:32].upper().encode()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            pieces.add(encode(bytes(shift) + raw)[8:-4])
            pieces.add(encode(raw[shift : shift + 12]))
    return pieces


def secrets_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> set[bytes]:
    """Every form in which the secret part of a key, or the key whole, or its passphrase could leave."""
    numbers = key.private_numbers()
    parts = [numbers.private_value] if isinstance(key, ec.EllipticCurvePrivateKey) else [numbers.d, numbers.p, numbers.q]
    found: set[bytes] = set()
    for part in parts:
        found |= windows(part.to_bytes((part.bit_length() + 7) // 8, "big"))
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        found.add(key.private_bytes(Encoding.DER, form, NoEncryption()))
        found |= set(key.private_bytes(Encoding.PEM, form, NoEncryption()).splitlines()[:1])
    found |= set(PrivateKey(key).to_pem().encode().splitlines()[1:2])
    found |= windows(PASSPHRASE.encode()) | {PASSPHRASE.encode(), quote(PASSPHRASE).encode(), b"PRIVATE KEY"}
    return found


def leaks(text: bytes, secrets: set[bytes]) -> list[bytes]:
    return [secret for secret in secrets if secret in text]


@pytest.fixture
def tap(store: BackgroundServer) -> Iterator[Tap]:
    with Tap(store.url) as tap:
        yield tap


@pytest.fixture
def tapped(tap: Tap, make_client: ClientFactory) -> Iterator[Client]:
    with make_client(Config(tap.url, TOKEN, timeout=10, retry=QUICK)) as client:
        yield client


def test_the_search_would_find_a_leak() -> None:
    for key in (EC, RSA):
        secrets = secrets_of(key)
        ours = PrivateKey(key)
        for text in (
            ours.to_pem().encode(),
            base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
            key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            base64.b64encode(b"x" + PASSPHRASE.encode()),
            ours.to_pem(PASSPHRASE).encode(),
        ):
            assert leaks(b"..." + text + b"...", secrets)
        assert not leaks(ours.public_key().pem.encode(), secrets)


@pytest.mark.parametrize("key", [EC, RSA], ids=["ecdsa", "rsa"])
def test_of_all_bytes_that_leave_none_is_secret(
    tapped: Client, tap: Tap, key: object, request: pytest.FixtureRequest, store: BackgroundServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bucket = f"s{abs(hash(request.node.nodeid)):x}"
    private = PrivateKey(key)
    encrypted, plain = private.to_pem(PASSPHRASE), private.to_pem()
    tapped.create_bucket(bucket)
    tapped.upload(bucket, "app", b"artifact")
    store.faults.add(Fault(operation="addSignature", status=500, times=2))  # repeats are recorded too
    tapped.sign_artifact(bucket, "app", encrypted, passphrase=PASSPHRASE)
    tapped.sign_artifact(bucket, "app", plain, signed_by="me")
    tapped.add_attestation(bucket, "app", "build", {"n": 1}, sign_with=encrypted, passphrase=PASSPHRASE)
    tapped.publish(bucket, "published", b"data", sign_with=encrypted, passphrase=PASSPHRASE, sbom=SBOM, attest={"build": {}})
    for wrong in (lambda: tapped.sign_artifact(bucket, "app", encrypted, passphrase="x"), lambda: misplaced(tapped, bucket, plain)):
        with pytest.raises(InvalidInputError):
            wrong()
    assert private.public_key().pem.split("\n")[1].encode() in tap.heard
    assert not leaks(bytes(tap.heard), secrets_of(key))
    assert not leaks(caplog.text.encode() + repr(caplog.records).encode(), secrets_of(key))
    shown = repr([tapped, tapped.get_signatures(bucket, "app"), tapped.get_attestations(bucket, "published")])
    assert not leaks(shown.encode(), secrets_of(key))


def misplaced(client: Client, bucket: str, pem: str) -> None:
    """Put the private key where the public one is due."""
    client.add_signature(
        bucket, "app", algorithm="ECDSA-P256-SHA256", signature=b"x", public_key=pem, artifact_digest="sha256:" + "0" * 64
    )


def everything(error: BaseException) -> str:
    """All that an error shows, with the locals of every frame of ours that it came through."""
    texts = [str(error), repr(error), repr(vars(error))]
    seen: BaseException | None = error
    while seen is not None:
        trace: TracebackType | None = seen.__traceback__
        while trace is not None:
            if "/astore_sdk/" in trace.tb_frame.f_code.co_filename:
                texts += [repr(value) for value in trace.tb_frame.f_locals.values()]
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
    return "\n".join(texts)


@pytest.mark.parametrize("key", [EC, RSA], ids=["ecdsa", "rsa"])
def test_no_error_and_no_local_of_a_traceback_shows_it(client: Client, bucket: str, store: BackgroundServer, key: object) -> None:
    encrypted, plain = PrivateKey(key).to_pem(PASSPHRASE), PrivateKey(key).to_pem()
    secrets = secrets_of(key) | {line.encode() for line in encrypted.splitlines()[1:-1]}
    client.upload(bucket, "app", b"data")

    def failing(operation: str) -> None:
        store.faults.add(Fault(operation=operation, status=400))

    calls = [
        (NotFoundError, lambda: client.sign_artifact(bucket, "none", encrypted, passphrase=PASSPHRASE)),
        (NotFoundError, lambda: client.add_attestation(bucket, "none", "build", {}, sign_with=encrypted, passphrase=PASSPHRASE)),
        (NotFoundError, lambda: client.publish("no-such-bucket", "a", b"", sign_with=encrypted, passphrase=PASSPHRASE)),
        (InvalidInputError, lambda: client.sign_artifact(bucket, "app", encrypted, passphrase=PASSPHRASE + "x")),
        (InvalidInputError, lambda: client.sign_artifact(bucket, "app", encrypted)),
        (InvalidInputError, lambda: client.sign_artifact(bucket, "app", plain, passphrase=PASSPHRASE)),
        (InvalidInputError, lambda: client.sign_artifact(bucket, "app", plain[:-30])),
        (InvalidInputError, lambda: client.publish(bucket, "a", b"", sign_with=plain.encode(), passphrase=PASSPHRASE.encode())),
        (ArtifactStoreError, lambda: (failing("addSignature"), client.sign_artifact(bucket, "app", plain))),
        (ArtifactStoreError, lambda: (failing("addAttestation"), client.publish(bucket, "app", b"data", sign_with=plain))),
    ]
    for expected, call in calls:
        with pytest.raises(expected) as caught:
            call()
        assert not leaks(everything(caught.value).encode(), secrets), str(caught.value)
