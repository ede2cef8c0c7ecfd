"""The files in which other tools take and give a signature: a Sigstore bundle, or base64 beside a PEM public key.

A bundle names its key by a hint and the artifact by a digest. Both only identify: neither is ever used to verify.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import cast

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"

_SPKI = re.compile(r"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", re.DOTALL)


def spki_der(pem: str) -> bytes:
    """Return the DER form of a public key in PEM (SubjectPublicKeyInfo).

    Raises:
        ValueError: It is none.
    """
    found = _SPKI.search(pem)
    if found is None:
        raise ValueError("there is no PEM public key")
    return decoded("".join(found[1].split()))


def decoded(text: str) -> bytes:
    """Return what is written in base64 (RFC 4648, section 4).

    Raises:
        ValueError: It is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("there is no base64") from None


def encoded(raw: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(raw).decode()


def make_bundle(signature: bytes, digest: str, public_key: str) -> dict[str, object]:
    """Return a signature as a Sigstore bundle v0.3."""
    hint = encoded(hashlib.sha256(spki_der(public_key)).digest())
    return {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": encoded(bytes.fromhex(digest.removeprefix("sha256:")))},
            "signature": encoded(signature),
        },
    }


def take_bundle(bundle: Mapping[str, object]) -> tuple[bytes, str]:
    """Return the signature in a bundle, and the `sha256:HEX` digest of what it says was signed.

    Raises:
        ValueError: It is no bundle with the signature of an artifact.
    """
    kind = bundle.get("mediaType")
    if not isinstance(kind, str) or not kind.startswith("application/vnd.dev.sigstore.bundle"):
        raise ValueError("its mediaType is not that of a Sigstore bundle")
    message = bundle.get("messageSignature")
    if not isinstance(message, Mapping):
        raise ValueError("it has no messageSignature: it is not about an artifact's bytes")
    fields = cast("Mapping[str, object]", message)
    signature, named = fields.get("signature"), fields.get("messageDigest")
    if not isinstance(signature, str) or not isinstance(named, Mapping):
        raise ValueError("its messageSignature lacks the signature or the messageDigest")
    digest = cast("Mapping[str, object]", named)
    raw = digest.get("digest")
    if digest.get("algorithm") != "SHA2_256" or not isinstance(raw, str) or len(decoded(raw)) != hashlib.sha256().digest_size:
        raise ValueError("its messageDigest is not a SHA2_256")
    return decoded(signature), f"sha256:{decoded(raw).hex()}"
