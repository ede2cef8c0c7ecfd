"""SHA-256 digests in their two forms: `sha256:HEX` for people and JSON, a structured field in headers (RFC 9530)."""

from __future__ import annotations

import base64
import re
from typing import cast

from ..exceptions import InvalidInputError

_FIELD = re.compile(r"(?:^|[,\s])sha-256=:([A-Za-z0-9+/]{43}=):")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_field(digest: str) -> str:
    """Return the value of `Content-Digest` for a `sha256:HEX` digest."""
    raw = bytes.fromhex(digest.removeprefix("sha256:"))
    return f"sha-256=:{base64.b64encode(raw).decode()}:"


def digest_of_field(value: str | None) -> str | None:
    """Return the `sha256:HEX` digest in a `Repr-Digest`, None if it names no SHA-256."""
    found = _FIELD.search(value or "")
    return f"sha256:{base64.b64decode(found[1]).hex()}" if found else None


def check_digest(name: str, digest: str) -> str:
    """Return a digest that a caller gave, if it is one."""
    if not isinstance(cast("object", digest), str):
        raise TypeError(f"{name} is a str, not {type(digest).__name__}")
    if not is_digest(digest):
        raise InvalidInputError(f"{name} is 'sha256:' and 64 lower-case hexadecimal digits, not {digest!r}")
    return digest


def is_digest(text: str) -> bool:
    """Tell whether the text is a digest as JSON and the SDK write it."""
    return _DIGEST.fullmatch(text) is not None
