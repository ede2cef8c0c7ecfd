"""The committed vectors of ours are what other tools accept."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.signer import SSlibKey

from .test_attestations import SCHEMES, read_by_them

VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_openssl_accepts_them(openssl: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.der").write_bytes(base64.b64decode((VECTORS / f"ours-{kind}.sig").read_text()))
    public, artifact = str(VECTORS / f"ours-{kind}.pub"), str(VECTORS / "artifact")
    openssl("dgst", "-sha256", "-verify", public, "-signature", "a.der", artifact, cwd=tmp_path)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_sigstore_accepts_them(sigstore_verify: Callable[..., subprocess.CompletedProcess[str]], kind: str) -> None:
    verified = sigstore_verify(VECTORS / f"ours-{kind}.sigstore.json", VECTORS / f"ours-{kind}.pub", VECTORS / "artifact")
    assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "ed25519"])
def test_securesystemslib_accepts_them(kind: str) -> None:
    public = load_pem_public_key((VECTORS / f"ours-{kind}.pub").read_bytes())
    key = SSlibKey.from_crypto(public, keyid="theirs", scheme=SCHEMES[kind])
    assert read_by_them(json.loads((VECTORS / f"ours-{kind}.dsse.json").read_text())).verify([key], 1)
