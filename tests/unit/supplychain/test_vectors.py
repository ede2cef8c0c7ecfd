"""Committed vectors: what other tools accepted of ours (`make test-interop` lets them look again), and what they made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from astore_sdk import PrivateKey
from astore_sdk.models import Attestation, Signature
from astore_sdk.supplychain import load_public_key, read_bundle, read_signature
from astore_sdk.supplychain.dsse import pae
from astore_sdk.supplychain.trust import Trust
from astore_sdk.supplychain.verifying import check_attestations, check_signatures

VECTORS = Path(__file__).parents[2] / "vectors"
ARTIFACT = VECTORS / "artifact"


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_our_signatures(kind: str) -> None:
    public = VECTORS / f"ours-{kind}.pub"
    from_sig = read_signature(VECTORS / f"ours-{kind}.sig", ARTIFACT, public)
    from_bundle = read_bundle(VECTORS / f"ours-{kind}.sigstore.json", public)
    assert from_sig == from_bundle
    record = Signature(
        "id", from_sig.signature, from_sig.algorithm, artifact_digest=from_sig.artifact_digest, public_key=from_sig.public_key
    )
    assert record.to_bundle() == json.loads((VECTORS / f"ours-{kind}.sigstore.json").read_text())
    assert check_signatures([record], from_sig.artifact_digest, Trust.take([public], None, artifacts=True)).valid


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_signatures_of_openssl(kind: str) -> None:
    public = load_public_key(VECTORS / f"openssl-{kind}.pub")
    read = read_signature(VECTORS / f"openssl-{kind}.der", ARTIFACT, public)
    assert read.algorithm == public.algorithm


@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "ed25519"])
@pytest.mark.parametrize(
    ("maker", "predicate_type"),
    [("ours", "https://slsa.dev/provenance/v1"), ("securesystemslib", "https://example.com/review/v1")],
)
def test_envelopes(maker: str, predicate_type: str, kind: str) -> None:
    digest = read_bundle(VECTORS / "ours-ecdsa.sigstore.json", VECTORS / "ours-ecdsa.pub").artifact_digest
    record = Attestation("id", envelope=json.loads((VECTORS / f"{maker}-{kind}.dsse.json").read_text()))
    (check,) = check_attestations([record], digest, [load_public_key(VECTORS / f"{maker}-{kind}.pub")])
    assert (check.reason, check.predicate_type, check.subjects) == (None, predicate_type, ("releases/artifact",))


def test_the_nonce_is_that_of_rfc_6979() -> None:
    """RFC 6979, appendix A.2.5: P-256, SHA-256, message "sample"."""
    key = PrivateKey(ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1()))
    assert decode_dss_signature(key.sign_message(b"sample")) == (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    )
    assert pae("", b"") == b"DSSEv1 0  0 "
