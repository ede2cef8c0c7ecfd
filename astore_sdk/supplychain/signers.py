"""Who signs: a private key of this process, or a key elsewhere (a KMS, an HSM) behind a small protocol."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .keys import LocalKeySource, PublicKeySource


class Signer(Protocol):
    """Signs with a key that is elsewhere: ECDSA P-256 (ASN.1 DER) or RSA PKCS#1 v1.5, both over a SHA-256."""

    def public_key(self) -> PublicKeySource:
        """Return the public half."""
        ...

    def sign_digest(self, digest: bytes, /) -> bytes:
        """Sign the 32 bytes of a SHA-256."""
        ...


class AsyncSigner(Protocol):
    """A `Signer` whose methods are awaited, for `AsyncClient`."""

    def public_key(self) -> Awaitable[PublicKeySource]:
        """Return the public half."""
        ...

    def sign_digest(self, digest: bytes, /) -> Awaitable[bytes]:
        """Sign the 32 bytes of a SHA-256."""
        ...


PrivateKeySource = LocalKeySource | Signer
"""What `Client` signs with."""
AsyncPrivateKeySource = PrivateKeySource | AsyncSigner
"""What `AsyncClient` signs with."""
