"""DSSE envelopes: a payload, its type, and signatures over both (github.com/secure-systems-lab/dsse, protocol.md, v1.0.2).

Envelopes have no keyid: it is a hint that verifiers disagree about, and trust comes from the verifier's own keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import cast

from .._sigstore import encoded
from .keys import DIGEST_ALGORITHMS, PublicKey

MAX_SIGNATURES = 100
"""Signatures of an envelope that are looked at: its writer decides how many there are, its reader pays for each."""


class EnvelopeError(ValueError):
    """This is no DSSE envelope, or has no statement in it; says why."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return what is signed: type and payload, each behind its length (Pre-Authentication Encoding)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def make_envelope(payload_type: str, payload: bytes, signature: bytes) -> dict[str, object]:
    """Return the envelope of a payload that was signed."""
    return {"payloadType": payload_type, "payload": encoded(payload), "signatures": [{"sig": encoded(signature)}]}


def open_envelope(envelope: Mapping[str, object], payload_type: str) -> tuple[bytes, list[bytes]]:
    """Return payload and signatures of an envelope, nothing of it verified.

    Signatures that are malformed are left out, and so is what comes after the first `MAX_SIGNATURES`.

    Raises:
        EnvelopeError: It is malformed, or has another payload type.
    """
    payload, listed = envelope.get("payload"), envelope.get("signatures")
    if envelope.get("payloadType") != payload_type:
        raise EnvelopeError(f"its payloadType is not {payload_type}")
    if not isinstance(payload, str) or not isinstance(listed, list):
        raise EnvelopeError("its envelope is malformed")
    try:
        body = _decoded(payload)
    except ValueError:
        raise EnvelopeError("the payload of its envelope is no base64") from None
    signatures: list[bytes] = []
    for item in cast("list[object]", listed)[:MAX_SIGNATURES]:
        sig = cast("dict[str, object]", item).get("sig") if isinstance(item, dict) else None
        try:
            signatures.append(_decoded(sig if isinstance(sig, str) else "-"))
        except ValueError:
            continue
    return body, signatures


def signers_of(payload_type: str, payload: bytes, signatures: Iterable[bytes], keys: Iterable[PublicKey]) -> list[PublicKey]:
    """Return those of the keys that signed the payload, each once."""
    message = pae(payload_type, payload)
    digest = hashlib.sha256(message).digest()  # once, however many signatures there are
    tried = list(signatures)

    def signed(key: PublicKey, signature: bytes) -> bool:
        if key.algorithm in DIGEST_ALGORITHMS:
            return key.verify_digest(digest, signature)
        return key.verify_message(message, signature)

    return [key for key in keys if any(signed(key, signature) for signature in tried)]


def _decoded(text: str) -> bytes:
    """Return what is written in base64, of the ordinary or the URL-safe alphabet: DSSE takes both."""
    try:
        return base64.b64decode(text.translate({45: 43, 95: 47}), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("there is no base64") from None
