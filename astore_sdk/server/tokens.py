"""What can be a token."""

from __future__ import annotations

from astore_sdk.server.store import StoreError


def require_token(token: str | None) -> None:
    """Refuse what cannot travel as a bearer token (RFC 6750 §2.1), the empty one above all.

    Raises `StoreError` with a line that does not repeat the token.
    """
    if token is None:
        return
    if not token:
        raise StoreError("the token is empty; give one, or none at all to run without a token")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise StoreError("a token is one or more printable ASCII characters without spaces")
