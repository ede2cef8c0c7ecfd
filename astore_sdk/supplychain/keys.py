"""Keys: private ones that sign and never leave, public ones that are trusted.

`cryptography` is imported when a key is first needed. What goes wrong with a private key or a passphrase is returned from where
they are and raised where they are not: neither is in an error, nor among the locals of its traceback.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from attrs import Factory, field, frozen

from .._sigstore import spki_der
from ..exceptions import InvalidInputError

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

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----.*?-----END \1-----", re.DOTALL)
_PRIVATE = (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY")
_PUBLIC = (b"PUBLIC KEY", b"RSA PUBLIC KEY")


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
        self._public = _public_value(key.public_key(), "private_key")

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


def load_public_key(source: PublicKeySource, *, name: str = "public_key") -> PublicKey:
    """Take a public key: ECDSA P-256, RSA of 2048 bits or more, or Ed25519.

    Args:
        source: PEM, a `Path` to a file with PEM, or a key.
        name: What errors call it.

    Raises:
        InvalidInputError: It is no such key. A private key is refused and never shown.
        OSError: The file cannot be read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if isinstance(source, PublicKey):
        return source
    if isinstance(source, str | bytes | Path):
        text = source.read_bytes() if isinstance(source, Path) else source.encode() if isinstance(source, str) else source
        found = [(block[1], block[0]) for block in _BLOCK.finditer(text)]
        private, is_path = any(b"PRIVATE KEY" in label for label, _ in found), b"-----BEGIN" not in text
        del source, text  # what is refused may be the wrong half of the pair: no traceback has it
        if private:
            del found
            raise InvalidInputError(f"{name} is a private key", hint="Pass the public half.")
        if is_path:
            raise InvalidInputError(f"{name} has no PEM text", hint="For a file's path use pathlib.Path.")
        if [label for label, _ in found if label in _PUBLIC] != [label for label, _ in found] or len(found) != 1:
            labels = ", ".join(label.decode() for label, _ in found)
            raise InvalidInputError(f"{name} is one PEM block 'PUBLIC KEY', not {labels or 'a broken one'}")
        try:
            loaded: object = load_pem_public_key(found[0][1])
        except (ValueError, UnsupportedAlgorithm):
            raise InvalidInputError(f"{name} is not a key that can be read") from None
    else:
        loaded = source
    return _public_value(loaded, name)


def load_public_keys(sources: Iterable[PublicKeySource], *, name: str = "public_keys") -> tuple[PublicKey, ...]:
    """Take public keys, each key once.

    Raises:
        InvalidInputError: There is none, or one that is no key.
    """
    if isinstance(cast("object", sources), str | bytes | Path | PublicKey):
        raise TypeError(f"{name} is a list of keys, not one key")
    keys = [load_public_key(source, name=f"{name}[{index}]") for index, source in enumerate(sources)]
    if not keys:
        raise InvalidInputError(f"{name} is empty: without a key that you trust nothing can be verified")
    return tuple({key.fingerprint: key for key in keys}.values())


def load_private_key(source: LocalKeySource, passphrase: str | bytes | None = None, *, name: str = "private_key") -> PrivateKey:
    """Take a private key: ECDSA P-256, RSA of 2048 bits or more, or Ed25519 (which signs attestations only).

    Args:
        source: PEM (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `EC PRIVATE KEY`, `RSA PRIVATE KEY`), a `Path` to it, or a key.
        passphrase: What an encrypted key is encrypted with.
        name: What errors call it.

    Raises:
        InvalidInputError: It is no such key, or the passphrase is not right.
        OSError: The file cannot be read.
    """
    outcome = _take_private(source, passphrase, name)
    del source, passphrase
    if isinstance(outcome, PrivateKey):
        return outcome
    raise outcome


def _take_private(source: object, passphrase: str | bytes | None, name: str) -> PrivateKey | Exception:
    """Return the key, or the error to raise once nothing secret is at hand."""
    if isinstance(source, PrivateKey):
        return source
    if not isinstance(cast("object", passphrase), str | bytes | None):
        return TypeError(f"passphrase is str or bytes, not {type(passphrase).__name__}")
    if isinstance(source, Path):
        try:
            source = source.read_bytes()
        except OSError as error:
            return error.with_traceback(None)
    if isinstance(source, str | bytes):
        loaded = _read_private(source.encode() if isinstance(source, str) else source, passphrase, name)
    else:
        loaded = source
    if isinstance(loaded, InvalidInputError):
        return loaded
    try:
        return PrivateKey(cast("EllipticCurvePrivateKey", loaded))
    except AttributeError:
        return TypeError(f"{name} is PEM as str or bytes, a pathlib.Path, a key or a signer, not {type(source).__name__}")
    except (InvalidInputError, TypeError) as error:
        error.__context__ = None
        return error.with_traceback(None)


def _read_private(text: bytes, passphrase: str | bytes | None, name: str) -> object:
    """Return cryptography's key, or an InvalidInputError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = [(block[1], block[0]) for block in _BLOCK.finditer(text)]
    keys = [block for label, block in found if label in _PRIVATE]
    if len(keys) != 1:
        return _no_private(name, [label for label, _ in found], is_pem=b"-----BEGIN" in text, count=len(keys))
    secret = passphrase.encode() if isinstance(passphrase, str) else passphrase
    try:
        return load_pem_private_key(keys[0], secret or None)
    except TypeError:
        if secret:
            return InvalidInputError(f"{name} is not encrypted, but a passphrase was given")
        return InvalidInputError(f"{name} is encrypted", hint="Pass its passphrase.")
    except (ValueError, UnsupportedAlgorithm):
        if secret:
            return InvalidInputError(f"{name} cannot be decrypted: the passphrase is wrong, or the key is broken")
        return InvalidInputError(f"{name} is not a key that can be read")


def _no_private(name: str, labels: list[bytes], *, is_pem: bool, count: int) -> InvalidInputError:
    """Say why there is no private key in it."""
    if count > 1:
        return InvalidInputError(f"{name} has {count} private keys in it; it must be one")
    if any(label in _PUBLIC for label in labels):
        return InvalidInputError(f"{name} is a public key", hint="Sign with the private half; it stays in this process.")
    if b"CERTIFICATE" in labels:
        return InvalidInputError(f"{name} is a certificate", hint="Sign with its private key; it stays in this process.")
    if b"OPENSSH PRIVATE KEY" in labels:
        return InvalidInputError(f"{name} is in the form of OpenSSH", hint="Convert it: ssh-keygen -p -m PKCS8 -f <key>.")
    if any(b"ENCRYPTED" in label for label in labels):
        return InvalidInputError(
            f"{name} is encrypted in cosign's own way",
            hint="Make the key with openssl or generate_key(), and give it to cosign with 'cosign import-key-pair'.",
        )
    if labels or is_pem:
        return InvalidInputError(f"{name} has no whole PEM block with a private key")
    return InvalidInputError(f"{name} has no PEM text", hint="For a file's path use pathlib.Path.")


def _public_value(key: object, name: str) -> PublicKey:
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
