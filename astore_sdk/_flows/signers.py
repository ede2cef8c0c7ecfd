"""A key or signer of the caller's, made ready: what may block is a step, and what is secret shows nowhere."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from functools import partial
from typing import cast

from attrs import field, frozen

from .._core.flow import Steps, tell, work
from ..exceptions import InvalidInputError
from ..supplychain.keys import DIGEST_ALGORITHMS, LocalKeySource, PrivateKey, PublicKey, PublicKeySource, check_signs_digests
from ..supplychain.pem import load_private_key, load_public_key
from ..supplychain.signers import AsyncPrivateKeySource, Signer


@frozen
class KeyHolder:
    """What the caller signs with, as it was given. It keeps key and passphrase out of every repr."""

    source: AsyncPrivateKeySource = field(repr=False)
    passphrase: str | bytes | None = field(repr=False)
    name: str
    """What errors call it."""

    def open(self, *, awaits: bool) -> Steps[OpenSigner]:
        """Read the key, or ask the signer for its public half. `awaits` tells whether an async signer can be asked.

        Raises:
            InvalidInputError: Nothing can be signed with this.
            OSError: The file cannot be read.
            TypeError: It is neither a key nor a signer.
        """
        signs = cast("Callable[[bytes], object] | None", getattr(self.source, "sign_digest", None))
        if isinstance(self.source, PrivateKey) or not callable(signs):
            key = yield from work(self._load)
            return OpenSigner(key.public_key(), key.sign_digest, key.sign_message, awaited=False)
        if self.passphrase is not None:
            raise InvalidInputError(f"{self.name} is a signer, which takes no passphrase")
        awaited = inspect.iscoroutinefunction(signs)
        if awaited and not awaits:
            raise TypeError(f"{self.name} is an async signer: use AsyncClient for it")

        def ask() -> object:
            return cast("Signer", self.source).public_key()

        given = (yield from tell(ask)) if awaited else (yield from work(ask))
        public = load_public_key(cast("PublicKeySource", given), name=f"the public key of {self.name}")
        return OpenSigner(check_signs_digests(public, self.name), signs, None, awaited=awaited)

    def _load(self) -> PrivateKey:
        return load_private_key(cast("LocalKeySource", self.source), self.passphrase, name=self.name)


@frozen
class OpenSigner:
    """A signer whose public half is known. What it signs is verified before anyone else sees it."""

    public_key: PublicKey
    _digest: Callable[[bytes], object] = field(repr=False)
    _message: Callable[[bytes], bytes] | None = field(repr=False)
    awaited: bool

    def sign_digest(self, digest: str) -> Steps[bytes]:
        """Sign a `sha256:HEX` digest."""
        check_signs_digests(self.public_key, "private_key")
        return (yield from self._sign_digest(bytes.fromhex(digest.removeprefix("sha256:"))))

    def sign_message(self, message: bytes) -> Steps[bytes]:
        """Sign a message."""
        if self._message is not None and self.public_key.algorithm not in DIGEST_ALGORITHMS:
            return (yield from work(partial(self._message, message)))
        return (yield from self._sign_digest(hashlib.sha256(message).digest()))

    def _sign_digest(self, digest: bytes) -> Steps[bytes]:
        signature = yield from (tell if self.awaited else work)(partial(self._digest, digest))
        if not isinstance(signature, bytes):
            raise TypeError(f"the signer's signature is bytes, not {type(signature).__name__}")
        if not (yield from work(partial(self.public_key.verify_digest, digest, signature))):
            raise InvalidInputError(
                "the signer returned a signature that its own public key does not verify",
                hint="ECDSA signatures are ASN.1 DER, RSA signatures PKCS#1 v1.5, both over the SHA-256 that the signer is given.",
            )
        return signature
