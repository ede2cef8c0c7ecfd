"""Signatures that were made elsewhere, by openssl or cosign: read from their files, to be attached with `add_signature`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from attrs import field, frozen

from .._sigstore import decoded, take_bundle
from ..exceptions import InvalidInputError
from .artifacts import PAE_BEGINNING, check_artifact
from .keys import PublicKeySource, check_signs_digests
from .pem import load_public_key
from .strict_json import read_json


@frozen
class DetachedSignature:
    """A signature over an artifact, with what `add_signature` wants to know of it. It was verified with its key."""

    algorithm: str
    signature: bytes = field(repr=False)
    public_key: str = field(repr=False)
    """PEM."""
    artifact_digest: str


def read_bundle(bundle: Path | str | Mapping[str, object], public_key: PublicKeySource) -> DetachedSignature:
    """Read a Sigstore bundle with the signature of an artifact.

    Args:
        bundle: A file, its text, or the JSON object in it.
        public_key: The key that made it; a bundle has a hint at it only.

    Raises:
        InvalidInputError: It is no such bundle, or the key did not make it.
    """
    try:
        if isinstance(bundle, Mapping):
            found: object = bundle
        else:
            found = read_json(bundle.read_bytes() if isinstance(bundle, Path) else bundle)
        if not isinstance(found, Mapping):
            raise ValueError("it is no JSON object")
        signature, digest = take_bundle(cast("Mapping[str, object]", found))
    except ValueError as error:
        raise InvalidInputError(f"bundle is not what it should be: {error}") from None
    return _verified(signature, digest, public_key)


def read_signature(signature: Path | str | bytes, artifact: Path | str, public_key: PublicKeySource) -> DetachedSignature:
    """Read the signature that `openssl dgst -sha256 -sign` or `cosign sign-blob` wrote.

    Args:
        signature: A file with the raw signature or with base64, or base64 as str, or raw bytes.
        artifact: The file that was signed, or its `sha256:HEX` digest.
        public_key: The key that made it.

    Raises:
        InvalidInputError: The key did not make it, or the artifact begins like what is signed of an attestation.
        OSError: A file cannot be read.
    """
    raw = signature.read_bytes() if isinstance(signature, Path) else signature
    try:
        text = raw.decode("ascii") if isinstance(raw, bytes) else raw
        raw = decoded("".join(text.split()))
    except ValueError:  # no base64: it is the signature itself
        if isinstance(raw, str):
            raise InvalidInputError("signature is a str, but no base64") from None
    if isinstance(artifact, Path):
        with artifact.open("rb") as file:
            check_artifact(file.read(len(PAE_BEGINNING)))
            file.seek(0)
            artifact = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    return _verified(raw, artifact, public_key)


def _verified(signature: bytes, digest: str, public_key: PublicKeySource) -> DetachedSignature:
    key = check_signs_digests(load_public_key(public_key), "public_key")
    if not key.verify_digest(bytes.fromhex(digest.removeprefix("sha256:")), signature):
        raise InvalidInputError("signature was not made with public_key over this artifact")
    return DetachedSignature(key.algorithm, signature, key.pem, digest)
