"""Signatures over artifacts: other tools verify ours, and we verify theirs."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from astore_sdk import Client, PrivateKey, generate_key
from astore_sdk.supplychain import load_private_key, load_public_key, read_signature

Openssl = Callable[..., subprocess.CompletedProcess[bytes]]
Signed = Callable[[PrivateKey], Path]
KEYS = {"ecdsa": generate_key(), "rsa": PrivateKey(rsa.generate_private_key(65537, 3072))}
each_key = pytest.mark.parametrize("kind", KEYS)


@each_key
def test_openssl_verifies_ours(openssl: Openssl, signed: Signed, kind: str) -> None:
    folder = signed(KEYS[kind])
    (folder / "a.der").write_bytes(base64.b64decode((folder / "a.sig").read_text()))
    command = ("dgst", "-sha256", "-verify", "a.pub", "-signature", "a.der", "a")
    assert openssl(*command, cwd=folder).stdout == b"Verified OK\n"
    (folder / "a").write_bytes(b"another artifact")
    assert openssl(*command, cwd=folder, check=False).returncode != 0


def test_the_line_in_the_docs_works(openssl: Openssl, signed: Signed) -> None:
    folder = signed(KEYS["ecdsa"])
    line = "base64 -d a.sig > a.der && openssl dgst -sha256 -verify a.pub -signature a.der a"
    assert line in (Path(__file__).parents[2] / "docs" / "trust.md").read_text()
    assert subprocess.run(line, shell=True, cwd=folder, check=True, capture_output=True).stdout == b"Verified OK\n"


MAKE = {
    "ec": ["ecparam -name prime256v1 -genkey -out k.pem"],
    "ec pkcs8": ["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k.pem"],
    "ec encrypted": ["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass pass:secret -out k.pem"],
    "ec encrypted, old": [
        "ecparam -name prime256v1 -genkey -noout -out plain.pem",
        "ec -in plain.pem -aes256 -passout pass:secret -out k.pem",
    ],
    "rsa": ["genrsa -traditional -out k.pem 2048"],
    "rsa pkcs8": ["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out k.pem"],
    "rsa encrypted": ["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes256 -pass pass:secret -out k.pem"],
}


@pytest.mark.parametrize("kind", MAKE)
def test_we_sign_with_the_keys_of_openssl_and_verify_its_signatures(
    openssl: Openssl, client: Client, tmp_path: Path, kind: str
) -> None:
    for command in MAKE[kind]:
        openssl(*command.split(), cwd=tmp_path)
    passphrase = "secret" if "encrypted" in kind else None
    (tmp_path / "a").write_bytes(b"artifact")
    openssl("pkey", "-in", "k.pem", "-pubout", "-out", "k.pub", "-passin", "pass:secret", cwd=tmp_path)
    openssl("dgst", "-sha256", "-sign", "k.pem", "-passin", "pass:secret", "-out", "a.sig", "a", cwd=tmp_path)
    assert load_private_key(tmp_path / "k.pem", passphrase).public_key() == load_public_key(tmp_path / "k.pub")
    read = read_signature(tmp_path / "a.sig", tmp_path / "a", tmp_path / "k.pub")
    key = kind.replace(" ", "-").replace(",", "")
    client.upload("releases", key, tmp_path / "a")
    client.add_signature(
        "releases",
        key,
        algorithm=read.algorithm,
        signature=read.signature,
        public_key=read.public_key,
        artifact_digest=read.artifact_digest,
    )
    client.sign_artifact("releases", key, tmp_path / "k.pem", passphrase=passphrase)
    result = client.verify_signatures("releases", key, [tmp_path / "k.pub"])
    assert result.valid
    assert all(check.verified_by == load_public_key(tmp_path / "k.pub").fingerprint for check in result.signatures)


@each_key
def test_sigstore_takes_our_bundles(
    sigstore_verify: Callable[..., subprocess.CompletedProcess[str]], signed: Signed, kind: str
) -> None:
    folder = signed(KEYS[kind])
    files = (folder / "a.sigstore.json", folder / "a.pub", folder / "a")
    verified = sigstore_verify(*files)
    assert verified.returncode == 0, verified.stderr
    (folder / "a").write_bytes(b"another artifact")
    refused = sigstore_verify(*files)
    assert refused.returncode == 1
    assert "signature verification failed" in refused.stderr
