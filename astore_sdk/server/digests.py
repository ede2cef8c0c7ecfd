"""SHA-256 digests in their three forms: `sha256:HEX`, and the digest fields of RFC 9530."""

from __future__ import annotations

import base64
import re

from astore_sdk.server.problems import Problem

_HEX = re.compile(r"sha256:[0-9a-f]{64}")
# RFC 9530 §2: a dictionary of byte sequences (RFC 8941 §3.3.5), of which only sha-256 concerns us.
_MEMBER = re.compile(r"(?:^|,)[ \t]*sha-256[ \t]*=[ \t]*([^,;]*)")


def is_digest(text: str) -> bool:
    """Whether this is a digest as JSON carries it."""
    return _HEX.fullmatch(text) is not None


def repr_digest(digest: str) -> str:
    """Write `sha256:HEX` as the value of `Repr-Digest`."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest.removeprefix('sha256:'))).decode()}:"


def require_content_digest(value: str | None) -> bytes | None:
    """Read the SHA-256 of a `Content-Digest`; None without one. Other algorithms are ignored (RFC 9530 §2)."""
    found = _MEMBER.search(value) if value is not None else None
    if found is None:
        return None
    text = found[1].strip()
    try:
        digest = base64.b64decode(text.strip(":"), validate=True)
    except ValueError:  # also what is no ASCII
        digest = b""
    if len(digest) != 32 or not (text.startswith(":") and text.endswith(":")):
        raise Problem("InvalidArgument", "Content-Digest is 'sha-256=:BASE64:' with the 32 bytes of a SHA-256.")
    return digest
