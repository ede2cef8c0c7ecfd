"""Makes the vectors in this folder anew, with new keys: python -m tests.vectors.make. Then run `make test-interop test`."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from astore_sdk import PrivateKey, generate_key
from astore_sdk.models import Signature
from astore_sdk.supplychain.dsse import make_envelope, pae
from astore_sdk.supplychain.statements import PAYLOAD_TYPE, SLSA_PROVENANCE, make_statement

HERE = Path(__file__).parent
ARTIFACT = b"The artifact that all vectors are about.\n"
DIGEST = f"sha256:{hashlib.sha256(ARTIFACT).hexdigest()}"


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=HERE, check=True, capture_output=True)


def write_json(name: str, value: object) -> None:
    (HERE / name).write_text(json.dumps(value, indent=2) + "\n")


def ours() -> None:
    keys = {
        "ecdsa": generate_key(),
        "rsa": PrivateKey(rsa.generate_private_key(65537, 3072)),
        "ed25519": PrivateKey(ed25519.Ed25519PrivateKey.generate()),
    }
    for kind, key in keys.items():
        public = key.public_key()
        if kind != "ed25519":
            signature = key.sign_digest(bytes.fromhex(DIGEST[7:]))
            record = Signature("vector", signature, public.algorithm, artifact_digest=DIGEST, public_key=public.pem)
            record.to_files(HERE, f"ours-{kind}")
        (HERE / f"ours-{kind}.pub").write_text(public.pem)
        predicate = {"buildDefinition": {"buildType": "https://example.com/make"}, "runDetails": {"builder": {"id": "urn:x"}}}
        payload = make_statement("releases/artifact", DIGEST, SLSA_PROVENANCE, predicate)
        write_json(f"ours-{kind}.dsse.json", make_envelope(PAYLOAD_TYPE, payload, key.sign_message(pae(PAYLOAD_TYPE, payload))))


def of_openssl() -> None:
    make = {
        "ecdsa": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "rsa": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    }
    for kind, command in make.items():
        openssl(*command, "-out", "key.pem")
        openssl("pkey", "-in", "key.pem", "-pubout", "-out", f"openssl-{kind}.pub")
        openssl("dgst", "-sha256", "-sign", "key.pem", "-out", f"openssl-{kind}.der", "artifact")
        (HERE / "key.pem").unlink()


def of_securesystemslib() -> None:
    make = {
        "ecdsa": CryptoSigner.generate_ecdsa(),
        "rsa": CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256"),
        "ed25519": CryptoSigner.generate_ed25519(),
    }
    for kind, signer in make.items():
        payload = make_statement("releases/artifact", DIGEST, "https://example.com/review/v1", {"approved": True})
        envelope = Envelope(payload, PAYLOAD_TYPE, {})
        envelope.sign(signer)
        write_json(f"securesystemslib-{kind}.dsse.json", envelope.to_dict())
        public = PrivateKey(signer._private_key).public_key()
        (HERE / f"securesystemslib-{kind}.pub").write_text(public.pem)


def main() -> None:
    (HERE / "artifact").write_bytes(ARTIFACT)
    ours()
    of_openssl()
    of_securesystemslib()


if __name__ == "__main__":
    main()
