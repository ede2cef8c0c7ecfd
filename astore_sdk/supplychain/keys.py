"""Keys: private ones that sign and never leave, public ones that are trusted.

`cryptography` is imported when a key is first needed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from attrs import Factory, field, frozen

from .._sigstore import spki_der
from ..exceptions import InvalidInputError
from .rsa_numbers import fault_of_rsa

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        KeySerializationEncryption,
        PrivateFormat,
        PublicFormat,
    )

ECDSA = "ECDSA-P256-SHA256"
RSA = "RSA-PKCS1v15-SHA256"
ED25519 = "Ed25519"
DIGEST_ALGORITHMS = (ECDSA, RSA)
"""Those that sign a SHA-256, and so an artifact of any size; Ed25519 signs the message itself."""
MIN_RSA_BITS = 2048


def _fingerprint(pem: str) -> str:
    return f"sha256:{hashlib.sha256(spki_der(pem)).hexdigest()}"


class PublicKeyObject(Protocol):
    """A public key of the package `cryptography`."""

    def public_bytes(self, encoding: Encoding, format: PublicFormat) -> bytes:  # noqa: A002 - cryptography's name
        """Write it."""
        ...


class PrivateKeyObject(Protocol):
    """A private key of the package `cryptography`."""

    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,  # noqa: A002 - cryptography's name
        encryption_algorithm: KeySerializationEncryption,
    ) -> bytes:
        """Write it."""
        ...


@frozen
class PublicKey:
    """A public key, a plain value. `load_public_key` makes one of PEM."""

    pem: str = field(repr=False)
    """PEM (SubjectPublicKeyInfo), the same text for the same key."""
    algorithm: str
    """`ECDSA-P256-SHA256`, `RSA-PKCS1v15-SHA256` or `Ed25519`."""
    fingerprint: str = field(init=False, default=Factory(lambda key: _fingerprint(key.pem), takes_self=True))
    """What names the key: `sha256:` and the SHA-256 of its DER form."""

    def verify_digest(self, digest: bytes, signature: bytes) -> bool:
        """Tell whether this key signed what has this SHA-256. An Ed25519 key signs no digests."""
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
        from cryptography.hazmat.primitives.hashes import SHA256

        return self.algorithm in DIGEST_ALGORITHMS and self._verify(digest, signature, Prehashed(SHA256()))

    def verify_message(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key signed this message."""
        from cryptography.hazmat.primitives.hashes import SHA256

        return self._verify(message, signature, SHA256())

    def _verify(self, data: bytes, signature: bytes, hashing: Prehashed | SHA256) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec, padding
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        key = load_pem_public_key(self.pem.encode())
        try:
            if self.algorithm == ECDSA:
                cast("EllipticCurvePublicKey", key).verify(signature, data, ec.ECDSA(hashing))
            elif self.algorithm == RSA:
                cast("RSAPublicKey", key).verify(signature, data, padding.PKCS1v15(), hashing)
            else:
                cast("Ed25519PublicKey", key).verify(signature, data)
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """A private key in this process. It shows itself by its public half only, and cannot be pickled or copied.

    `load_private_key` makes one of PEM, `generate_key` a new one.
    """

    __slots__ = ("_key", "_public")

    def __init__(self, key: EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey) -> None:
        """Take a key of the package `cryptography`.

        Raises:
            InvalidInputError: Nothing is signed with keys of this kind.
        """
        self._key = key
        self._public = public_value(key.public_key(), "private_key")

    def __repr__(self) -> str:
        return f"PrivateKey({self._public.algorithm!r}, {self._public.fingerprint!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not pickled or copied")

    def public_key(self) -> PublicKey:
        """Return the public half."""
        return self._public

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a SHA-256. ECDSA signatures are deterministic (RFC 6979): the same digest gives the same one.

        Raises:
            InvalidInputError: It is an Ed25519 key, which signs no digests.
        """
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
        from cryptography.hazmat.primitives.hashes import SHA256

        check_signs_digests(self._public, "private_key")
        return self._sign(digest, Prehashed(SHA256()))

    def sign_message(self, message: bytes) -> bytes:
        """Sign a message."""
        from cryptography.hazmat.primitives.hashes import SHA256

        return self._sign(message, SHA256())

    def _sign(self, data: bytes, hashing: Prehashed | SHA256) -> bytes:
        from cryptography.hazmat.primitives.asymmetric import ec, padding

        if self._public.algorithm == ECDSA:
            return cast("EllipticCurvePrivateKey", self._key).sign(data, ec.ECDSA(hashing, deterministic_signing=True))
        if self._public.algorithm == RSA:
            return cast("RSAPrivateKey", self._key).sign(data, padding.PKCS1v15(), hashing)
        return cast("Ed25519PrivateKey", self._key).sign(data)

    def to_pem(self, passphrase: str | bytes | None = None) -> str:
        """Return the key as PEM (PKCS#8), encrypted with the passphrase if there is one: what to keep in a file or a vault."""
        from cryptography.hazmat.primitives.serialization import (
            BestAvailableEncryption,
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        secret = passphrase.encode() if isinstance(passphrase, str) else passphrase
        protection = BestAvailableEncryption(secret) if secret else NoEncryption()
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


PublicKeySource = str | bytes | Path | PublicKey | PublicKeyObject
"""What a public key is taken from: PEM, a file with PEM, or a key."""
LocalKeySource = str | bytes | Path | PrivateKey | PrivateKeyObject
"""What a private key is taken from: PEM, a file with PEM, or a key."""


def generate_key() -> PrivateKey:
    """Make a new ECDSA P-256 key."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return PrivateKey(ec.generate_private_key(ec.SECP256R1()))


def public_value(key: object, name: str) -> PublicKey:
    """Return cryptography's public key as ours, if it is of a kind that is used."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1):
            raise InvalidInputError(f"{name} is on the curve {key.curve.name}; P-256 is supported")
        algorithm = ECDSA
    elif isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise InvalidInputError(f"{name} is RSA with {key.key_size} bits; fewer than {MIN_RSA_BITS} are not safe")
        numbers = key.public_numbers()
        if fault := fault_of_rsa(numbers.n, numbers.e):
            raise InvalidInputError(f"{name} is no RSA key: {fault}", hint="Make one with openssl or generate_key().")
        algorithm = RSA
    elif isinstance(key, ed25519.Ed25519PublicKey):
        algorithm = ED25519
    elif hasattr(key, "public_bytes"):
        raise InvalidInputError(f"{name} is {type(key).__name__}; ECDSA P-256, RSA and Ed25519 are supported")
    else:
        raise TypeError(f"{name} is PEM as str or bytes, a pathlib.Path or a key, not {type(key).__name__}")
    return PublicKey(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), algorithm)


def check_signs_digests(key: PublicKey, name: str) -> PublicKey:
    """Return the key if artifacts can be signed with keys of its kind.

    Raises:
        InvalidInputError: They cannot.
    """
    if key.algorithm not in DIGEST_ALGORITHMS:
        raise InvalidInputError(
            f"{name} is an {key.algorithm} key, which signs the bytes themselves and not their digest: "
            "the whole artifact would have to be in memory",
            hint="Use ECDSA P-256 or RSA for artifacts; Ed25519 can sign attestations.",
        )
    return key
