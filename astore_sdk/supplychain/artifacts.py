"""Artifacts and attestations are kept apart.

Both are signed as SHA-256 of bytes, often with the same key. An artifact whose bytes are the pre-authentication encoding of a
DSSE envelope would therefore be an attestation about anything, and the signature of an attestation one of an artifact. So bytes
that begin like such an encoding are never signed, published, verified or fetched as an artifact.
"""

from __future__ import annotations

from ..exceptions import InvalidInputError

PAE_BEGINNING = b"DSSEv1 "
"""What every pre-authentication encoding begins with (github.com/secure-systems-lab/dsse, protocol.md, v1.0.2)."""
ENCODED_ATTESTATION = (
    "the bytes begin with 'DSSEv1 ', as what is signed of an attestation does: a signature over them would be an attestation"
)
"""Why such bytes are refused."""


def is_encoded_attestation(beginning: bytes) -> bool:
    """Tell by its first bytes whether an artifact could be what is signed of an attestation."""
    return beginning.startswith(PAE_BEGINNING)


def check_artifact(beginning: bytes, *, operation: str | None = None, bucket: str | None = None, key: str | None = None) -> None:
    """Refuse an artifact that could be what is signed of an attestation.

    Raises:
        InvalidInputError: It begins like one.
    """
    if is_encoded_attestation(beginning):
        raise InvalidInputError(
            f"this cannot be signed as an artifact: {ENCODED_ATTESTATION}",
            operation=operation,
            bucket=bucket,
            key=key,
            hint="Put the file into an archive, and sign that.",
        )
